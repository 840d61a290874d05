# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData with lost answers, several controllers at once, and kills at random moments: each run is created once, and none is lost.

The emulator's journal is the evidence. In half of the cases the service accepts a name twice, so that only our journal and reading back
prevent duplicates. A case ends when a call without faults reports that the run exists.
"""

from __future__ import annotations

import collections
import os
import random
import threading
import time
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.controllers import Controllers
from tests.chaos.plays import hurry
from tests.chaos.processes import KilledError
from tests.support.logic import call
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options as options_for

Json = dict[str, t.Any]
CHOSEN = os.environ.get("CHAOS_PATCH")
PATCHES = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + int(os.environ.get("PATCHES") or 100)))
#: Emulated seconds per real second.
SPEED = 600
#: Days of a run, and the longest wait in seconds.
DAYS, PATIENCE = 3, 240.0
JOBS: list[Json] = [
    {"name": "daily_sales", "cron": "0 0 3 * * ?", "instances": []},
    {"name": "report", "cron": "0 0 4 * * ?", "depends_on": ["daily_sales"], "instances": []},
]
FAULTS: tuple[Json, ...] = (
    {"kind": "drop"},
    {"kind": "gateway_timeout"},
    {"kind": "malformed"},
    {"kind": "truncated"},
    {"kind": "status", "status": 503},
    {"kind": "throttle"},
    {"kind": "page", "status": 502},
    {"kind": "latency", "seconds": 0.3},
    {"kind": "hang", "seconds": 3},
)


class PatchCase:
    """A random case.

    :ivar kind: ``lost`` (one call with faults), ``pair`` (two or three calls at once) or ``kill``.
    """

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(f"patch {seed}")
        self.kind = rng.choices(("lost", "pair", "kill"), (5, 3, 2))[0]
        visible = rng.choice((0, 0, rng.uniform(0, 0.6) * SPEED))
        self.switches: Json = {
            **FREE,
            **V1,
            **V2,
            "patch_name_taken": rng.choice(("refuse", "accept")),
            "patch_visible_after": visible,
            "patch_row_dates": rng.choice(("as_named", "swapped")),
            "patch_end": rng.choice(("excluded", "included")),
        }
        self.faults: list[Json] = []
        for _fault in range(rng.choice((1, 1, 2)) if self.kind == "lost" else rng.choice((0, 1, 1))):
            fault = {**rng.choice(FAULTS), "route": rng.choice(("supplement", "supplement", "supplement", "supplements"))}
            if fault["kind"] != "throttle":
                fault["when"] = rng.choice(("before_effect", "after_effect"))
            self.faults.append({**fault, "skip": rng.choice((0, 0, 0, 1))})
        self.options: Json = {
            "name": f"patch_{seed}",
            "job_name": "daily_sales",
            "start_date": "2026-11-01 +08:00",
            "end_date": f"2026-11-0{DAYS} +08:00",
            "parallel": rng.randint(1, 5),
            "newest_first": rng.random() < 0.5,
            "settle_time": 1,
            "poll_interval": 1,
            "read_timeout": 1.0,
            "max_retries": rng.choice((0, 2)),
            "wait": rng.random() < 0.5,
        }

    def moment(self) -> t.Callable[[Running], bool]:
        """A random moment to kill, as a condition: a number of requests, the write has arrived, or it was accepted."""
        kind, number = self.rng.choice(("request", "write", "accepted", "accepted")), self.rng.choice((1, 1, 2, 3))
        reads = {
            "request": lambda service: len(service.requests()) >= number,
            "write": lambda service: bool(service.requests("supplement")),
            "accepted": lambda service: bool(service.journal()),
        }
        return reads[kind]


def made(service: Running) -> dict[str, int]:
    """Number of times that each run was created, by name."""
    return dict(collections.Counter(entry["name"] for entry in service.journal() if entry["kind"] == "patch_data"))


def in_threads(options: Json, number: int) -> list[Json]:
    """Make *number* calls at once. Returns their results."""
    results: list[Json] = []
    threads = [threading.Thread(target=lambda: results.append(call("supplement_data", options))) for dummy in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def killed(service: Running, case: PatchCase, options: Json, controllers: Controllers) -> int:
    """Let a controller play and kill it. Returns 1 if it was killed before it ended, else 0."""
    (controller,) = controllers.take(1)
    controller.ready()
    moment, over = case.moment(), threading.Event()
    outcome: list[int] = []

    def play() -> None:
        try:
            controller.play({**options, "_module": "supplement_data"})
            controllers.give_back(controller)
        except KilledError:
            outcome.append(1)
        finally:
            over.set()

    thread = threading.Thread(target=play)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not over.is_set() and not moment(service) and time.monotonic() < deadline:
        time.sleep(0.002)
    if not over.is_set():
        time.sleep(case.rng.choice((0, 0.001, 0.005, 0.02)))
        controller.kill()
    thread.join(PATIENCE)
    return len(outcome)


def wrongly_told(case: PatchCase, results: t.Sequence[Json]) -> int:
    """Number of errors in *results*: more than one call that says it created the run, calls that found differences, or a missing result."""
    well = [result for result in results if not result["failed"]]
    started = sum(bool(result["changed"]) for result in well)
    return max(0, started - 1) + sum(bool(result["differences"]) for result in well) + (case.kind == "lost" and len(results) != 1)


def last_call(options: Json) -> tuple[Json, int]:
    """Call without faults until one succeeds. Returns its result and the number of calls."""
    deadline, calls = time.monotonic() + PATIENCE, 0
    while True:
        calls += 1
        result = call("supplement_data", {**options, "wait": True, "max_retries": 4, "read_timeout": 30.0})
        if not result["failed"] or time.monotonic() > deadline:
            return result, calls
        time.sleep(0.2)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", PATCHES)
def test_every_patch(service: Running, controllers: Controllers, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    hurry()
    case = PatchCase(seed)
    service.reset(small_night(jobs=JOBS, switches=case.switches, speed=SPEED))
    for fault in case.faults:
        service.inject(fault)
    options = options_for(service, journal=str(tmp_path / "state"), **case.options)
    results: list[Json] = []
    kills = 0
    if case.kind == "kill":
        kills = killed(service, case, options, controllers)
    else:
        results = in_threads(options, 1 if case.kind == "lost" else case.rng.choice((2, 2, 3)))
    service.clear_faults()
    result, calls = last_call(options)
    times = made(service).get(case.options["name"], 0)
    dates = [(date["total"], date["succeeded"]) for date in result["dates"]]
    wrong = wrongly_told(case, results) + (result["failed"] or dates != [(1, 1)] * DAYS)
    calls += len(results)
    figures(patches=1, patch_kills=kills, patch_pairs=case.kind == "pair", calls=len(service.requests()), twice=max(0, times - 1), lost=times == 0, wrong=wrong,
            faulty=sum(1 for request in service.requests() if request["fault"]))  # fmt: skip
    if times != 1 or wrong:
        answers = [(entry["failed"], entry["changed"], entry.get("msg")) for entry in [*results, result]]
        again = f"play it again: make chaos CHAOS_PATCH={seed}"
        pytest.fail(f"{case.kind}: made {times} times; {answers}; {dates}; {case.switches}; {case.faults}\n{again}", pytrace=False)
