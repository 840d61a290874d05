# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns with ``pause_schedules``, killed with SIGKILL at random moments and started again.

Exactly the jobs that were scheduled before are scheduled after, and every failure is rerun once. The same for downstream jobs in another
workspace, and for repairs, whose pause lasts from the first PatchData to the last rerun.
"""

from __future__ import annotations

import collections
import os
import random
import time
import typing as t
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.children import Json, repair, rerun, result_of, started
from tests.support.scenarios import BOTH, FREE, WORKSPACE_ID, small_night
from tests.support.workspace import options as options_for

CHOSEN = os.environ.get("CHAOS_SCHEDULE")
#: Kills per seed. Variants of the seed are played until all have happened.
KILLS_EACH = 5
CASES = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get("SCHEDULE_KILLS") or 20) // KILLS_EACH)))
FINANCE = "7c1d0be22f5b4e0c9d3a5c8f6e4b2a10"
#: Longest time in seconds of a play that is not killed.
PATIENCE = 240.0


def scenario(rng: random.Random) -> Json:
    """Jobs in every status, most of them with failures, and downstream jobs in another workspace."""
    statuses = rng.choices(("SCHEDULING", "STOPPED", "PAUSED"), (4, 1, 1), k=6)
    jobs = [{"name": f"job_{number}", "status": status, "failed": rng.choice((0, 1, 2, 3))} for number, status in enumerate(statuses)]
    jobs.append({"name": "job_sure", "status": "SCHEDULING", "failed": 2})
    above = [{"workspace": WORKSPACE_ID, "job": name} for name in ("job_sure", "job_0")]
    done = [{"plan_time": f"-{hour}h", "status": "success"} for hour in (1, 2)]
    below = [
        {
            "name": name,
            "status": rng.choice(("SCHEDULING", "SCHEDULING", "STOPPED")),
            "depends_on": rng.choice((above, above[:1], [])),
            "instances": done,
        }
        for name in ("job_sure", "job_1", "mart")
    ]
    late = {"schedule_twice": rng.choice(("refuse", "accept")), "rerun_visible_after": rng.choice((0, 0, 20))}
    made = small_night(speed=20, run_seconds=rng.choice((2, 20)), switches={**FREE, **BOTH, "depend_open": True, **late}, jobs=jobs)
    made["accounts"][0]["workspaces"].append({"id": FINANCE, "name": "finance", "jobs": below})
    return made


def faults(rng: random.Random, seed: int) -> list[Json]:
    """Lost answers to starts and stops of jobs."""
    routes = [(route, when) for route in ("v1_start_job", "v1_stop_job") for when in ("before_effect", "after_effect")]
    kinds = ("drop", "gateway_timeout")
    return [
        {"route": route, "kind": rng.choice(kinds), "when": when, "rate": 0.08, "seed": seed + number}
        for number, (route, when) in enumerate(routes)
    ]


def killed(process: BaseProcess, service: Running, rng: random.Random, answer: Path) -> bool:
    """Kill the process at a random moment: shortly after a number of accepted writes or of requests, or after some time. False if it ended before."""
    writes, requests, began = len(service.journal()), len(service.requests()), time.monotonic()
    kind, number, after = (
        rng.choice(("write", "write", "request", "time")),
        rng.choice((1, 1, 2, 3, 5, 8)),
        rng.choice((0, 0, 0.003, 0.02, 0.2)),
    )
    span = rng.uniform(0, 4)
    while process.is_alive() and not answer.exists():
        come = {
            "write": len(service.journal()) >= writes + number,
            "request": len(service.requests()) >= requests + 4 * number,
            "time": time.monotonic() - began >= span,
        }[kind]
        if come:
            time.sleep(after)
            if answer.exists() or not process.is_alive():
                break
            process.kill()
            process.join()
            return True
        time.sleep(0.002)
    process.join()
    return False


def judged(service: Running, before: Json, concerned: t.Collection[tuple[str, str]], failures: int) -> dict[str, t.Any]:
    """What is wrong.

    :param concerned: (workspace, name) of jobs with failures, and of jobs that depend on others.
    """
    reran = collections.Counter(
        (instance["workspace_id"], instance["job_name"], instance["plan_time"])
        for entry in service.journal()
        for instance in entry["instances"]
    )
    changed = {(entry["workspace_id"], entry["job_name"]) for entry in service.journal() if entry["kind"].endswith("_schedule")}
    after = service.state()["schedules"]
    return {
        "schedules": {
            (where, name): (status, after[where][name])
            for where, jobs in before.items()
            for name, status in jobs.items()
            if after[where][name] != status
        },
        "touched": sorted(job for job in changed if before[job[0]][job[1]] != "SCHEDULING" or job not in concerned),
        "twice": [name for name, number in reran.items() if number > 1],
        "lost": failures - sum(where == WORKSPACE_ID for where, _name, _time in reran),
    }


def damaged(rng: random.Random) -> tuple[Json, Json, dict[tuple[t.Any, ...], int]]:
    """A night with every kind of damage, options for its window, and the expected writes: (kind, job, plan time) to number.

    ``orders`` failed, and ``loads`` has gaps. ``digest``, which depends on ``orders``, has a gap that must be filled after the reruns.
    """
    hour = 3_600_000
    last = int(time.time() * 1000) // hour * hour - hour
    times = [last - ago * hour for ago in range(6)]
    failed, gaps, late = (sorted(rng.sample(times, number)) for number in (rng.choice((1, 2)), rng.choice((1, 2, 3)), 1))

    def job(name: str, *, missing: t.Collection[int] = (), bad: t.Collection[int] = (), **more: t.Any) -> Json:
        cycles = [{"plan_time": at, "status": "fail" if at in bad else "success"} for at in times if at not in missing]
        return {"name": name, "instances": cycles, **more}

    jobs = [
        job("loads", missing=gaps),
        job("orders", bad=failed),
        job("digest", missing=late, depends_on=["orders"]),
        job("whole"),
        job("stopped", bad=failed, status="STOPPED"),
    ]
    late_answers = {"schedule_twice": rng.choice(("refuse", "accept")), "rerun_visible_after": rng.choice((0, 0, 20))}
    made = small_night(speed=60, run_seconds=rng.choice((10, 60)), switches={**FREE, **BOTH, **late_answers}, jobs=jobs)
    wanted: dict[tuple[t.Any, ...], int] = {("retry", name, at): 1 for name in ("orders", "stopped") for at in failed}
    wanted |= {("patch_data", "loads", at): 1 for at in gaps} | {("patch_data", "digest", at): 1 for at in late}
    window = {
        "planned_after": str(times[-1]),
        "planned_before": str(times[0]),
        "jobs": ["*"],
        "downstream": "ignore",
        "order": "upstream_first",
    }
    return made, window, wanted


def repaired_night(service: Running, seed: int, directory: Path, kills: int) -> tuple[int, dict[str, t.Any]]:
    """Repair a random night, with up to *kills* kills. Returns the number of kills, and what is wrong."""
    rng = random.Random(f"repair {seed}")
    made, window, wanted = damaged(rng)
    service.reset(made)
    for fault in faults(rng, seed):
        service.inject(fault)
    before = service.state()["schedules"]
    own = {"journal": str(directory / f"repair-{seed}.db"), "settle_time": 1, "poll_interval": 1, "max_retries": 1, "read_timeout": 1.0}
    options = {**options_for(service), **own, **window, "pause_schedules": True, "wait_timeout": 60, "reasons": "none"}
    answer, done = directory / f"repair-{seed}.json", 0
    for dummy in range(kills * 3):
        if done == kills:
            break
        done += killed(started(repair, options, answer), service, rng, answer)
    service.clear_faults()
    result: Json | None = None
    for dummy in range(3):  # the service refuses PatchData of a job while another, started by a killed process, is running
        process = started(repair, {**options, "wait_timeout": 120, "read_timeout": 5.0}, answer)
        process.join(PATIENCE)
        result = result_of(answer)
        if result is not None and result["finished"]:
            break
    entries = service.journal()
    asked: collections.Counter[tuple[t.Any, ...]] = collections.Counter(
        (entry["kind"], entry["job_name"], instance["plan_time"])
        for entry in entries
        for instance in entry["instances"]
        if not entry["kind"].endswith("_schedule")
    )
    touched = {entry["job_name"] for entry in entries if entry["kind"].endswith("_schedule")}
    wrong = {
        "schedules": [] if service.state()["schedules"] == before else service.state()["schedules"],
        "touched": sorted(touched & {"whole", "stopped"}),
        "asked": {str(key): (asked[key], wanted.get(key, 0)) for key in {*asked, *wanted} if asked[key] != wanted.get(key, 0)},
        "end": [] if result is not None and result["finished"] and not result["open_pauses"] else [result],
    }
    return done, {name: value for name, value in wrong.items() if value}


def play(service: Running, seed: int, directory: Path, kills: int) -> tuple[int, dict[str, t.Any]]:
    """Rerun a random night, with up to *kills* kills. Returns the number of kills, and what is wrong."""
    rng = random.Random(f"schedules {seed}")
    made = scenario(rng)
    service.reset(made)
    for fault in faults(rng, seed):
        service.inject(fault)
    before = service.state()["schedules"]
    here, there = (workspace["jobs"] for workspace in made["accounts"][0]["workspaces"])
    concerned = {(WORKSPACE_ID, job["name"]) for job in here if job["failed"]} | {
        (FINANCE, job["name"]) for job in there if job["depends_on"]
    }
    base = {"journal": str(directory / f"journal-{seed}.db"), "settle_time": 1, "poll_interval": 1, "max_retries": 1, "read_timeout": 1.0}
    options = {
        **options_for(service),
        **base,
        "since": str(service.now_ms()),
        "pause_schedules": True,
        "downstream": rng.choice(("stale", "stale", "report")),
        "wait_timeout": 60,
        "reasons": "none",
    }
    answer, done = directory / f"answer-{seed}.json", 0
    for dummy in range(kills * 3):
        if done == kills:
            break
        # later plays find the reruns done, and only have to end the pauses, where most kills should happen
        done += killed(started(rerun, options, answer), service, rng, answer)
    service.clear_faults()
    process = started(rerun, {**options, "wait_timeout": 120, "read_timeout": 5.0}, answer)
    process.join(PATIENCE)
    result = result_of(answer)
    wrong = judged(service, before, concerned, sum(job["failed"] for job in here))
    wrong["end"] = [] if result is not None and result["finished"] else [result]
    return done, {name: value for name, value in wrong.items() if value}


def test_one_night(service: Running, tmp_path: Path) -> None:
    dummy, wrong = play(service, 1, tmp_path, 2)
    assert not wrong


@pytest.mark.long
def test_one_repair(service: Running, tmp_path: Path) -> None:
    dummy, wrong = repaired_night(service, 1, tmp_path, 2)
    assert not wrong


def every_kill(seed: int, played: t.Callable[[int, int], tuple[int, dict[str, t.Any]]], figures: t.Callable[[int, int], None]) -> None:
    """Play variants of a seed until all kills have happened.

    :param played: plays a variant with up to a number of kills. Returns the number of kills, and what is wrong.
    """
    left = KILLS_EACH
    for variant in range(10):
        done, wrong = played(seed + 1000 * variant, left)
        figures(done, len(wrong))
        if wrong:
            pytest.fail(f"variant {variant}: {wrong}\nplay it again: make chaos CHAOS_SCHEDULE={seed}", pytrace=False)
        left -= done
        if left <= 0:
            return
    raise AssertionError(f"{left} of {KILLS_EACH} kills found no moment")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CASES)
def test_every_repair(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    every_kill(
        seed,
        lambda variant, left: repaired_night(service, variant, tmp_path, left),
        lambda done, wrong: figures(repair_kills=done, repairs_wrong=wrong),
    )


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CASES)
def test_every_schedule(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    every_kill(
        seed,
        lambda variant, left: play(service, variant, tmp_path, left),
        lambda done, wrong: figures(schedule_kills=done, schedules_wrong=wrong),
    )
