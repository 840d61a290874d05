# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: what is generated from them, which are refused, and those that the emulator includes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

import emulator
from emulator.world.clock import Clock
from emulator.world.scenario import load, read
from emulator.world.times import moment_of, seconds_of
from emulator.world.world import World
from tests.support.scenarios import small_night

NOW = 1_795_476_951_804
HOUR = 3_600_000
SCENARIOS = sorted((Path(emulator.__file__).parent / "scenarios").glob("*.yml"))


def world(**changes: t.Any) -> World:
    """The world of the small night with *changes*, loaded at a fixed time."""
    return load(small_night(**changes), NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [(3, 3), (0.5, 0.5), ("90s", 90), ("5m", 300), ("-3h", -10_800), ("1d", 86_400), ("250ms", 0.25)]
)
def test_durations(text: str | float, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "3 hours", "h", "-"])
def test_what_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (1732601580000, 1732601580000),
        ("1732601580000", 1732601580000),
        ("-1h", (NOW - HOUR) // 1000 * 1000),
        ("2026-11-23T03:00:00+08:00", 1795374000000),
        ("2026-11-22T19:00:00Z", 1795374000000),
    ],
)
def test_moments(text: str | int, moment: int) -> None:
    assert moment_of(text, NOW) == moment


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        moment_of("2026-11-23T03:00:00", NOW)


def test_what_is_left_out_is_the_same_in_every_run() -> None:
    data = {"accounts": [{"domain": "a", "users": [{"name": "u"}], "workspaces": [{"name": "w", "jobs": [{"name": "j", "failed": 2}]}]}]}
    first, second = load(data, NOW), load(data, NOW)
    assert len(next(first.workspaces()).workspace_id) == len(first.accounts[0].projects[0].project_id) == 32
    assert next(first.workspaces()).workspace_id == next(second.workspaces()).workspace_id
    assert first.accounts[0].projects[0].project_id == second.accounts[0].projects[0].project_id
    assert [instance.instance_id for instance in first.instances()] == [instance.instance_id for instance in second.instances()]


def test_generated_instances() -> None:
    made = list(world(jobs=[{"name": "j", "failed": 2, "succeeded": 1, "every": "2h", "first": "-3h", "runs": ["fail"]}]).instances())
    assert [instance.status for instance in made] == ["fail", "fail", "success"]
    newest = (NOW - 3 * HOUR) // 60_000 * 60_000
    assert [instance.plan_time for instance in made] == [newest, newest - 2 * HOUR, newest - 4 * HOUR]
    assert {instance.fates[0].status for instance in made} == {"fail"}


@pytest.mark.parametrize(
    "changes",
    [
        {"jobs": [{"name": "j", "colour": "red"}]},
        {"jobs": [{"name": "j", "instances": [{"plan_time": "-1h", "colour": "red"}]}]},
        {"jobs": [{"name": "j", "failed": 1, "runs": [{"colour": "red"}]}]},
        {"users": [{"name": "u", "colour": "red"}]},
        {"workspaces": [{"name": "w", "colour": "red"}]},
        {"colour": "red"},
    ],
)
def test_what_nobody_knows_is_refused_by_name(changes: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match="unknown colour"):
        world(**changes)


def test_a_scenario_is_a_mapping_with_accounts(tmp_path: Path) -> None:
    path = tmp_path / "list.yml"
    path.write_text("- one\n", encoding="utf-8")
    with pytest.raises(ValueError, match="mapping with accounts"):
        read(path)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_the_scenarios_that_come_with_it_load(path: Path) -> None:
    assert list(load(read(path), NOW).instances())


def test_the_night_of_the_demo() -> None:
    night = load(read(Path(emulator.__file__).parent / "scenarios" / "night.yml"), NOW)
    failed = [instance for instance in night.instances() if instance.status == "fail"]
    assert len(list(night.workspaces())) == 3
    assert len(night.accounts) == 2
    assert sum(len(workspace.jobs) for workspace in night.workspaces()) == 11
    assert len(failed) == 40
    assert [instance.job.name for instance in failed if instance.fates[0].status == "fail"] == ["settlement_report"]
    assert all(NOW - 24 * HOUR < instance.plan_time < NOW for instance in failed)


def test_the_clock_keeps_real_time_and_what_it_was_advanced_by() -> None:
    clock = Clock(speed=60)
    before = clock.now_ms()
    clock.advance(100)
    assert clock.now_ms() - before >= 100_000
    assert clock.now_ms() - clock.wall_ms() == pytest.approx(100_000, abs=5)
    assert clock.span_ms(3) == 50
    clock.skew = lambda: 1200.0
    assert clock.now_ms() - before >= 1_300_000
