# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes with a shared journal that start the same reruns at the same time: each instance is rerun once."""

from __future__ import annotations

import copy
import dataclasses
import os
import random
import threading
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.drawing import Case, Json, draw
from tests.chaos.judging import Judge
from tests.chaos.processes import PATIENCE, module_result, play_result, start_module, start_play
from tests.support.workspace import options as options_for

CHOSEN = os.environ.get("CHAOS_PAIR")
PAIRS = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + int(os.environ.get("PAIRS") or 24)))
#: Every third pair are two ansible-playbooks; the others are two loops of module processes.
PLAYBOOKS = 3


def pair_case(seed: int) -> Case:
    """A case for two processes: one attempt, and few faults, so that both reach the end.

    Without option ``since``, each has its own since, and an instance that failed again before the second one started would be a new failure
    for it. So every rerun succeeds then.
    """
    case = draw(2_000_000 + seed, size=(12, 30))
    scenario = copy.deepcopy(case.scenario)
    if not case.given_since:
        for job in scenario["accounts"][0]["workspaces"][0]["jobs"]:
            for instance in job["instances"]:
                if "runs" in instance:
                    instance["runs"] = ["success"]
    options = {**case.options, "attempts": 1, "wait": True, "wait_timeout": 100, "max_retries": 4}
    options.pop("max_parallel", None)
    faults = tuple({**fault, "rate": fault["rate"] / 3} for fault in case.faults if "rate" in fault)
    return dataclasses.replace(case, scenario=scenario, options=options, faults=faults, hand=False)


def modules(options: Json, directory: Path) -> Json:
    """Make passes in module processes. Returns the last result."""
    deadline = time.monotonic() + PATIENCE
    given = dict(options)
    while True:
        result = module_result(start_module(given, directory).wait())
        whole = not result["failed"] or result["error"]["kind"] == "incomplete"
        if result.get("finished") or time.monotonic() > deadline:
            return result
        if whole:
            given["pass_state"] = result["pass_state"]  # as the action plugin does; option since stays unset
        time.sleep(min(1.0, result.get("due_in") or 0.2))


def playbook(options: Json, directory: Path) -> Json:
    """Run an ansible-playbook with one task. Returns its result."""
    return play_result(start_play(options, directory).wait())


def play_pair(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None], play_one: Callable[[Json, Path], Json]) -> None:
    case = pair_case(seed)
    service.reset(case.scenario)
    judge = Judge(service, case)
    options = {**options_for(service), **case.options, "journal": str(tmp_path / "state")}
    if case.given_since:
        options["since"] = str(service.now_ms() - random.Random(seed).choice((0, 5_000)))
    for fault in case.faults:
        service.inject(fault)
    results: list[Json] = []
    directories = [tmp_path / name for name in ("first", "second")]
    for directory in directories:
        directory.mkdir()
    threads = [
        threading.Thread(target=lambda directory=directory: results.append(play_one(options, directory))) for directory in directories
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
    judge.twice()
    judge.order()
    for result in results:
        judge.reported(result, journal_before=len(service.journal()), others=not case.given_since)
    findings = judge.judgement
    calls = [request for request in service.requests() if request["route"]]
    figures(
        pairs=1,
        reruns=sum(map(len, judge.reruns().values())),
        calls=len(calls),
        faulty=sum(1 for request in calls if request["fault"]),
        twice=len(findings.twice),
        lost=len(findings.lost),
        wrong=len(findings.wrong),
    )
    again = f"play it again: make chaos CHAOS_PAIR={seed}"
    if len(results) != 2 or not findings.clean:
        pytest.fail(f"{len(results)} of 2 ended; {findings}\n{again}", pytrace=False)
    for result in results:
        if not result.get("finished"):
            pytest.fail(f"one did not come to its end: {result.get('msg')} {result.get('problems')}\n{again}", pytrace=False)


@pytest.mark.long
def test_a_pair(service: Running, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play_pair(service, 1, tmp_path, figures, modules)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", PAIRS)
def test_every_pair(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play_pair(service, seed, tmp_path, figures, modules if seed % PLAYBOOKS else playbook)
