# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_rerun killed with SIGKILL at random moments and started again with the same ``since``: no instance is rerun twice, lost or misreported."""

from __future__ import annotations

import dataclasses
import os
import random
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.drawing import READ_TIMEOUT, Case, Json, draw
from tests.chaos.plays import play_case
from tests.chaos.processes import (
    KilledError,
    descendants,
    draw_moment,
    killed_at,
    module_result,
    play_result,
    start_module,
    start_play,
    wait_until,
    wait_until_gone,
)
from tests.support.scenarios import small_night
from tests.support.workspace import options as options_for

CHOSEN = os.environ.get("CHAOS_KILL")
#: Kills per seed. Variants of the seed are played until all have happened.
KILLS_EACH = 3
CASES = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get("KILLS") or 60) // KILLS_EACH)))


def killed_case(seed: int) -> Case:
    """A case for real processes, which really wait: smaller, with fewer faults, and with option ``since``, so that it survives kills."""
    case = draw(1_000_000 + seed, size=(15, 35))
    faults = tuple({**fault, "rate": fault["rate"] / 2} for fault in case.faults if "rate" in fault)
    options = {**case.options, "max_retries": 1, "read_timeout": READ_TIMEOUT, "settle_time": max(1, case.options["settle_time"])}
    return dataclasses.replace(case, faults=faults, options=options, given_since=True, hand=False)


class Killer:
    """Runs passes or plays, and kills them at random moments while *left* is above 0."""

    def __init__(self, service: Running, seed: int, directory: Path, left: int, *, plays: bool) -> None:
        self._service, self._directory, self._plays = service, directory, plays
        self._rng = random.Random(f"kill {seed}")
        self.left = left

    def __call__(self, options: Json) -> Json:
        """The result.

        :raises KilledError: it was killed.
        """
        process = (start_play if self._plays else start_module)(options, self._directory)
        if self.left and killed_at(process, self._service, self._rng, draw_moment(self._rng)):
            self.left -= 1
            raise KilledError
        outcome = process.wait()
        return play_result(outcome) if self._plays else module_result(outcome)


def play_killed(service: Running, seed: int, directory: Path, figures: t.Callable[..., None], kills: int, *, plays: bool) -> None:
    left = kills
    for variant in range(20):
        case = killed_case(seed + 1000 * variant)
        if plays:
            case = dataclasses.replace(case, options={**case.options, "wait_timeout": 90, "max_parallel": None}, haste=0.0)
        killer = Killer(service, seed + 1000 * variant, directory, left, plays=plays)
        findings, counts = play_case(service, case, directory / f"state-{variant}", killer)
        figures(**{**counts, "seeds": 0}, twice=len(findings.twice), lost=len(findings.lost), wrong=len(findings.wrong))
        if not findings.clean:
            pytest.fail(f"variant {variant}: {findings}\nplay it again: make chaos CHAOS_KILL={seed}", pytrace=False)
        left = killer.left
        if not left:
            return
    raise AssertionError(f"only {kills - left} of {kills} kills found their moment")


@pytest.mark.long
def test_the_plays_that_are_killed_need_no_process_for_a_pass(service: Running, tmp_path: Path) -> None:
    service.reset(small_night())
    options = {**options_for(service), "journal": str(tmp_path / "state"), "poll_interval": 1, "order": "upstream_first"}
    outcome = start_play(options, tmp_path, {"ANSIBLE_VERBOSITY": "3"}).wait()
    assert play_result(outcome)["passes"] > 1
    assert "Using module file" not in outcome.output


def test_a_play_that_is_killed_leaves_nobody_behind_who_goes_on_sending(service: Running, tmp_path: Path) -> None:
    service.reset(small_night())
    options = {**options_for(service), "journal": str(tmp_path / "state"), "poll_interval": 1, "max_parallel": 1}
    process = start_play(options, tmp_path)
    wait_until(lambda: bool(service.journal()))
    family = [process.process.pid, *descendants(process.process.pid)]
    process.process.kill()
    before = len(service.journal())
    process.process.wait()
    wait_until_gone(family)
    assert len(service.journal()) <= before + 1 < 6, "the pass under way is the last one"


@pytest.mark.long
def test_a_play_that_is_killed_leaves_no_process_with_a_result_that_nobody_takes(service: Running, tmp_path: Path) -> None:
    """The result of many instances does not fit into the pipe to the play."""
    scenario = small_night()
    scenario["accounts"][0]["workspaces"][0]["jobs"] = [{"name": "daily_sales", "failed": 400, "every": "1m"}]
    service.reset(scenario)
    options = {**options_for(service), "journal": str(tmp_path / "state"), "wait": False}
    service.inject({"route": "retry", "kind": "latency", "seconds": 5, "when": "after_effect"})
    process = start_play(options, tmp_path)
    wait_until(lambda: bool(service.journal()))
    family = [process.process.pid, *descendants(process.process.pid)]
    assert len(family) > 1
    process.process.kill()
    process.process.wait()
    wait_until_gone(family)


@pytest.mark.long
def test_a_killed_module(service: Running, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play_killed(service, 1, tmp_path, figures, 2, plays=False)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CASES)
def test_every_kill(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play_killed(service, seed, tmp_path, figures, KILLS_EACH, plays=seed % 3 == 0)
