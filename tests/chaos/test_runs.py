# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_run with lost answers, refusals, several tasks with one key at once, and tasks killed with SIGKILL.

No key runs its job twice, and no run is reported as missing or as that of another key.

The emulator's journal is the evidence: each run has its key as a parameter.
"""

from __future__ import annotations

import os
import random
import time
import typing as t
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.children import Json, run_job, started
from tests.support.logic import call
from tests.support.scenarios import FREE, small_night
from tests.support.workspace import options as options_for

CHOSEN = os.environ.get("CHAOS_RUN")
#: Runs per case.
RUNS_EACH = 50
CASES = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get("RUNS") or 100) // RUNS_EACH)))
JOBS = [f"by_hand_{number}" for number in range(10)]


class DrawnRun:
    """A random run: its key, the number of tasks at once, the number of kills before them, and options."""

    def __init__(self, seed: int, number: int) -> None:
        rng = random.Random(f"run {seed} {number}")
        self.key = f"key {seed} {number}"
        self.tasks = rng.choice((1, 1, 2, 3))
        self.kills = rng.choice((0, 0, 0, 0, 1, 2))
        self.rng = rng
        self.options: Json = {
            "job_name": rng.choice(JOBS),
            "run_key": self.key,
            "job_params": {"key": self.key},
            "settle_time": rng.choice((0, 1)),
            "wait_timeout": rng.choice((0, 20)),
            "read_timeout": 1.0,
            "max_retries": rng.choice((0, 1)),
        }

    def play(self, base: Json, directory: Path) -> list[Json]:
        """Run the tasks that are killed, then the others at once. Returns the results of the latter."""
        options = {**base, **self.options}
        for number in range(self.kills):
            answer = directory / f"{self.key.replace(' ', '-')}-{number}.json"
            process = started(run_job, options, answer)
            time.sleep(self.rng.uniform(0, 0.4))
            process.kill()
            process.join()
        with ThreadPoolExecutor(self.tasks) as pool:
            return list(pool.map(lambda dummy: call("job_run", options), range(self.tasks)))


def play(service: Running, seed: int, directory: Path, number: int) -> dict[str, t.Any]:
    """Play *number* runs with faults, and then one task for each without. Returns counts, and what is wrong."""
    rng = random.Random(f"runs {seed}")
    switches = {"run_instance_type": rng.choice(("manual", "manual", "once", "normal")), "run_visible_after": rng.choice((0, 0, 0.2))}
    jobs = [{"name": name, "schedule": "MANUAL", "run_seconds": 1} for name in JOBS]
    service.reset(small_night(speed=20, switches={**FREE, **switches}, jobs=jobs))
    for index, (kind, when, rate) in enumerate(
        (("drop", "after_effect", 0.15), ("gateway_timeout", "after_effect", 0.1), ("drop", "before_effect", 0.1), ("throttle", "", 0.1))
    ):
        service.inject({"route": "v1_run", "kind": kind, "rate": rate, "seed": seed * 10 + index, **({"when": when} if when else {})})
    base = {name: value for name, value in options_for(service).items() if name != "planned_after"}
    base["journal"] = str(directory / f"journal-{seed}.db")
    drawn = [DrawnRun(seed, index) for index in range(number)]
    with ThreadPoolExecutor(8) as pool:
        results = dict(zip((run.key for run in drawn), pool.map(lambda run: run.play(base, directory), drawn), strict=True))
    between = Counter(_key(entry) for entry in service.journal())
    service.clear_faults()
    last = {run.key: call("job_run", {**base, **run.options, "wait_timeout": 20, "read_timeout": 5.0}) for run in drawn}
    return _judged(service, results, last, between)


def _key(entry: Json) -> str:
    return str(entry["body"]["jobParams"][0]["value"])


def _judged(service: Running, results: dict[str, list[Json]], last: dict[str, Json], between: Counter[str]) -> dict[str, t.Any]:
    made = Counter(_key(entry) for entry in service.journal())
    ids = {_key(entry): str(entry["instance_id"]) for entry in service.journal()}
    wrong: list[str] = []
    for key, answer in last.items():
        for result in (*results[key], answer):
            instance = result.get("instance") or {}
            if instance.get("instance_id") and instance["instance_id"] != ids.get(key):
                wrong.append(f"{key}: instance {instance['instance_id']} is not its run {ids.get(key)}")
            if not result["failed"] and not instance.get("instance_id"):
                wrong.append(f"{key}: succeeded without a run")
        if answer["action"] not in ("run", "adopt", "unknown"):
            wrong.append(f"{key}: the last task ended as {answer['action']}: {answer.get('msg')}")
    # a job that no task had started may be started by the last one, once
    lost = [key for key, answer in last.items() if not made[key] and answer["action"] != "unknown"]
    again = [key for key in made if made[key] > max(1, between[key])]
    return {
        "runs": len(last),
        "runs_unknown": sum(answer["action"] == "unknown" for answer in last.values()),
        "runs_read_back": sum(bool(answer.get("read_back")) for answer in last.values()),
        "twice": [key for key, count in made.items() if count > 1] + again,
        "lost": lost,
        "wrong": wrong,
    }


def test_a_few_runs(service: Running, tmp_path: Path) -> None:
    outcome = play(service, 1, tmp_path, 8)
    assert (outcome["twice"], outcome["lost"], outcome["wrong"]) == ([], [], [])


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CASES)
def test_every_run(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    outcome = play(service, seed, tmp_path, RUNS_EACH)
    findings = {name: outcome.pop(name) for name in ("twice", "lost", "wrong")}
    figures(**outcome, runs_wrong=sum(map(len, findings.values())))
    if any(findings.values()):
        pytest.fail(f"{findings}\nplay it again: make chaos CHAOS_RUN={seed}", pytrace=False)
