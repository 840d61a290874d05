# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downstream instances in random nights: exactly the stale and the cancelled ones are found, compared with the emulator's own state."""

from __future__ import annotations

import os
import random
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.downstream_nights import RUN_SECONDS, DrawnNight, Name, Truth, draw_night
from tests.support.logic import Result, call
from tests.support.long import whole_plays
from tests.support.scenarios import WORKSPACE_ID
from tests.support.workspace import options, token

#: Nights of `make test` (the first) and `make long`.
FEW = (1, 2, 3, 5, 8, 13)
CHOSEN = os.environ.get("GRAPH")
SEEDS = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + int(os.environ.get("GRAPHS") or 200)))
#: Passes without a change after which the play stops: the service has the rest waiting behind a failure.
STILL_PASSES = 3
#: More passes than any night needs. Each pass advances one layer of one cycle.
MOST_PASSES = 60


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def effects_in(result: Result) -> dict[Name, str]:
    """(workspace, job, plan time) of each downstream instance to its effect in the result."""
    effects = {(entry["workspace_id"], entry["job_name"], entry["plan_time"]): entry["effect"] for entry in result["downstream"]}
    assert len(effects) == len(result["downstream"]), "each once"
    return effects


def accepted_reruns(service: Running) -> list[tuple[Name, str]]:
    """All accepted reruns, with the status before."""
    return [
        ((instance["workspace_id"], instance["job_name"], instance["plan_time"]), instance["status_before"])
        for entry in service.journal()
        for instance in entry["instances"]
    ]


def play_passes(service: Running, given: dict[str, t.Any], most: int = MOST_PASSES) -> Result:
    """Make passes as the task does, one run's duration apart, until they are finished, nothing changes any more, or *most* were made."""
    standing, unchanged = "", 0
    for number in range(most):
        result = call("job_rerun", {**given, "auth_token": token(service)})
        assert result.get("pass_state"), result["msg"]
        given = {**given, "pass_state": result["pass_state"]}
        service.advance(RUN_SECONDS + 330)
        now = str(service.state()["workspaces"])
        standing, unchanged = now, unchanged + 1 if now == standing else 0
        if result["finished"] or unchanged == STILL_PASSES or number + 1 == most < MOST_PASSES:
            return result
    raise AssertionError(f"after {MOST_PASSES} passes something still moves: {accepted_reruns(service)[-MOST_PASSES:]}")


def quiet(service: Running) -> None:
    """Advance the clock until all runs have ended that can."""
    for _number in range(10):
        service.advance(RUN_SECONDS + 330)


def options_of(service: Running, night: DrawnNight, home: Path) -> dict[str, t.Any]:
    """Reset the emulator to *night*. Returns the options of a run."""
    service.reset(night.scenario)
    return options(
        service,
        access_key=None,
        secret_key=None,
        auth_token=token(service),
        journal=str(home / "journal.db"),
        settle_time=1,
        poll_interval=1,
        downstream_depth=night.depth,
    )


def play_interrupted(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    """A run that stops in the middle, then one with another ``since``: together they cure what one run would have cured, and no instance is rerun on
    data that it has already read."""
    night, rng = draw_night(seed), random.Random(f"interrupted {seed}")
    given = {**options_of(service, night, home), "downstream": "stale"}
    play_passes(service, given, most=rng.randint(1, 6))
    if rng.random() < 0.5:
        quiet(service)
    last = play_passes(service, given)
    quiet(service)
    reruns = accepted_reruns(service)
    figures(graphs=1, joined=sum(status != "fail" for _name, status in reruns))
    now = Truth(service.state(), {name for name, status in reruns if status == "fail" and name[0] == WORKSPACE_ID}, (), night.depth)
    left = {name for name in now.curable() if not now.behind_a_failure(name)}
    reasons = {(entry["job_name"], entry["plan_time"]): entry["reason"] for entry in last["instances"]}
    assert not left, "not rerun: " + "; ".join(f"{name}: {reasons.get(name[1:])}" for name in left)
    assert not now.needless({name for name, _status in reruns}), "on the same data"


def play(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    """Compare the reported effects with the truth before and after a rerun, then cure. Repeat with ``make chaos GRAPH=seed``."""
    night = draw_night(seed)
    given = options_of(service, night, home)
    failed = {
        (WORKSPACE_ID, job, instance["plan_time"])
        for job, instances in service.state()["workspaces"][WORKSPACE_ID].items()
        for instance in instances
        if instance["status"] == "fail" and not instance["forced"]
    }
    planned = call("job_rerun", {**given, "downstream": "report"}, check=True)
    truth = Truth(service.state(), (), failed, night.depth)
    assert effects_in(planned) == truth.effects(), "before"

    first = play_passes(service, {**given, "downstream": "report"})
    quiet(service)
    again = {**given, **{name: str(first[name]) for name in ("since", "planned_after", "planned_before")}}
    rerun = {name for name, _status in accepted_reruns(service)}
    after = call("job_rerun", {**again, "auth_token": token(service), "downstream": "report"}, check=True)
    truth = Truth(service.state(), rerun, failed - rerun, night.depth)
    assert effects_in(after) == truth.effects(), "after"
    cure(service, night, again, truth, figures)


def cure(service: Running, night: DrawnNight, given: dict[str, t.Any], truth: Truth, figures: t.Callable[..., None]) -> None:
    """Rerun stale and cancelled instances: exactly those that can be cured are rerun, once, after their upstream instances."""
    effects, before = truth.effects(), accepted_reruns(service)
    last = play_passes(service, {**given, "downstream": "stale"})
    quiet(service)
    joined = [name for name, _status in accepted_reruns(service)[len(before) :]]
    figures(graphs=1, dependants=len(effects), stale=list(effects.values()).count("stale"), joined=len(joined))
    assert len(joined) == len(set(joined)), "each once"
    others = {name: effects.get(name) for name in joined if effects.get(name) not in ("stale", "cancelled")}
    assert not others, f"no other: {others}"
    now = Truth(service.state(), {name for name, _status in before}, (), night.depth)
    left = {name for name in now.curable() if name not in joined and not now.behind_a_failure(name)}
    reasons = {(entry["job_name"], entry["plan_time"]): entry["reason"] for entry in last["instances"]}
    assert not left, "not rerun: " + "; ".join(f"{name}: {reasons.get(name[1:])}" for name in left)
    for name in joined:
        if now.succeeded(name):
            assert name not in now.outdated or any(above in now.outdated for above in now.above[name]), f"rerun too early: {name}"
    play_passes(service, {**given, "downstream": "stale"})
    assert len(accepted_reruns(service)) == len(before) + len(joined), "nothing again by the same since"


@pytest.mark.parametrize("seed", whole_plays(FEW))
def test_a_few_nights(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    play(service, seed, home, figures)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_night(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    play(service, seed, home, figures)


@pytest.mark.parametrize("seed", whole_plays(FEW))
def test_a_few_interrupted_nights(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    play_interrupted(service, seed, home, figures)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_night_interrupted(service: Running, seed: int, home: Path, figures: t.Callable[..., None]) -> None:
    play_interrupted(service, seed, home, figures)
