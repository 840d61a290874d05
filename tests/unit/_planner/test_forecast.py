# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a plan will probably take."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import durations, forecast
from tests.unit.building import instance

KNOWN = {"a": 60.0, "b": 10.0}

#: stages (a letter is an instance of that job), max_parallel, expected seconds, instances of unknown duration
CASES: dict[str, tuple[list[str], int | None, float | None, int]] = {
    "nothing": ([], None, None, 0),
    "an empty stage": ([""], None, None, 0),
    "one": (["a"], None, 60.0, 0),
    "as many as run at once": (["aaaaa"], None, 60.0, 0),
    "one more": (["aaaaaa"], None, 120.0, 0),
    "eleven": (["a" * 11], None, 180.0, 0),
    "two jobs next to each other": (["aab"], None, 60.0, 0),
    "the shorter job has more": (["a" + "b" * 40], None, 80.0, 0),
    "one at a time": (["aab"], 1, 130.0, 0),
    "two at a time": (["aab"], 2, 70.0, 0),
    "more room than the service has": (["a" * 6], 100, 120.0, 0),
    "the short one waits behind the long ones": (["aaab"], 3, 70.0, 0),
    "stages one after the other": (["a", "b", "b"], None, 80.0, 0),
    "an empty stage before another": (["", "b"], None, 10.0, 0),
    "stages with room for two": (["aaa", "bb"], 2, 130.0, 0),
    "an unknown job": (["x"], None, None, 1),
    "an unknown job next to a known one": (["axx"], None, 60.0, 2),
    "an unknown job takes no room": (["xxa"], 1, 60.0, 2),
    "an unknown stage in between": (["a", "x", "b"], None, 70.0, 1),
}


@pytest.mark.parametrize("case", CASES)
def test_how_long_it_takes(case: str) -> None:
    stages, most, seconds, unknown = CASES[case]
    made = forecast(stages, KNOWN, most)
    assert (made.seconds, made.unknown) == (seconds, unknown)
    assert made.by_job == {name: KNOWN[name] for name in KNOWN if any(name in stage for stage in stages)}


def test_ten_thousand_instances_of_one_job() -> None:
    assert forecast(["a" * 10_000], KNOWN, 100).seconds == 2000 * 60


def ran(status: Status = Status.SUCCESS, start: float | None = -100, end: float | None = -40, **changes: t.Any) -> JobInstance:
    return dataclasses.replace(instance(status, start, end, job_name="a"), **changes)


RUNS: list[tuple[list[JobInstance], dict[str, float]]] = [
    ([], {}),
    ([ran()], {"a": 60.0}),
    ([ran(execute_time=59_000)], {"a": 59.0}),
    ([ran(execute_time=0)], {"a": 60.0}),
    ([ran(start=None, execute_time=59_000)], {"a": 59.0}),
    ([ran(), ran(execute_time=10_000), ran(execute_time=600_000)], {"a": 60.0}),
    ([ran(), dataclasses.replace(ran(execute_time=5000), job_name="b")], {"a": 60.0, "b": 5.0}),
    # What says nothing about a whole run.
    ([ran(Status.FAIL)], {}),
    ([ran(Status.MANUAL_STOP)], {}),
    ([ran(Status.RUNNING, end=None)], {}),
    ([ran(force_success=True)], {}),
    ([ran(ignore_success=True)], {}),
    ([ran(end=None)], {}),
    ([ran(start=-40, end=-40)], {}),
    ([ran(start=-40, end=-100)], {}),
]


@pytest.mark.parametrize(("instances", "expected"), RUNS)
def test_what_a_run_takes(instances: list[JobInstance], expected: dict[str, float]) -> None:
    assert durations(instances) == expected
