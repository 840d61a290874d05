# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play a case: passes of job_rerun until it ends, started again after failures, all checked by the judge."""

from __future__ import annotations

import itertools
import random
import typing as t
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.module_utils._http import client as _client
from ansible_collections.dataarts.factory.plugins.module_utils._http import rate_limiter
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import passes
from emulator.running import Running
from tests.chaos.drawing import STRANGER_KEY, STRANGER_SECRET, Case, is_write
from tests.chaos.judging import Judge, Judgement, unlisted
from tests.chaos.processes import KilledError
from tests.support.logic import call
from tests.support.playbook import run_module
from tests.support.workspace import options as options_for

Json = dict[str, t.Any]
#: Makes one pass of job_rerun with the given options. Its result always has ``failed``.
OnePass = Callable[[Json], Json]

#: Plays of one case with faults. One more, without faults, must reach the end.
PLAYS = 6
#: Most passes of one play. Queued instances need one pass per step.
PASSES = 400


def in_process(options: Json) -> Json:
    """One pass in this process, over real HTTP."""
    return call("job_rerun", options)


def in_a_process(options: Json) -> Json:
    """One pass in the process that Ansible would start."""
    return {"failed": False, **run_module("job_rerun", options)}


@contextmanager
def hurried(case: Case) -> Iterator[None]:
    """Shorten the pauses before retries and, if the service does not count requests, those of the rate limiter."""
    pause, rates, other = _client.FIRST_PAUSE, dict(rate_limiter.RATES), rate_limiter.OTHER_RATE
    try:
        hurry(counted=bool(case.switches.get("flow_control")))
        yield
    finally:
        _client.FIRST_PAUSE, rate_limiter.OTHER_RATE = pause, other
        rate_limiter.RATES.update(rates)


def hurry(*, counted: bool = False) -> None:
    """As :func:`hurried`, for the rest of this process.

    :param counted: whether the service counts requests.
    """
    _client.FIRST_PAUSE = 0.01
    if not counted:
        rate_limiter.RATES.update(dict.fromkeys(rate_limiter.RATES, 500.0))
        rate_limiter.OTHER_RATE = 500.0


class Figures(dict[str, int]):
    """Sums of counts over cases."""

    def add(self, **counts: int) -> None:
        """Add each of *counts*."""
        for name, count in counts.items():
            self[name] = self.get(name, 0) + count


def play_case(
    service: Running, case: Case, state: Path, one_pass: OnePass, judge_of: Callable[[Running, Case], Judge] = Judge
) -> tuple[Judgement, Figures]:
    """Play *case* to its end on *service*.

    :param state: path of a new journal.
    :param judge_of: creates the judge after the service was reset.
    :returns: what was wrong, and counts.
    """
    service.reset(case.scenario)
    judge = judge_of(service, case)
    rng = random.Random(f"play {case.seed}")
    options = {**options_for(service), **case.options, "journal": str(state)}
    figures = Figures(seeds=1)
    since = str(service.now_ms())
    if case.hand:
        _by_hand(service, judge, rng)
    if case.given_since:
        # before or after the reruns by hand
        options["since"] = since if rng.random() < 0.5 else str(service.now_ms())
        service.advance(0.002)
    for fault in case.faults:
        service.inject(fault)
    passes = _Passes(service, case, judge, one_pass, rng, figures)
    for number in itertools.count(1):
        if number > PLAYS:
            service.clear_faults()
            options = {**options, "read_timeout": 60.0, "max_retries": 6}
        try:
            run = passes.play(options)
        except KilledError:
            figures.add(kills=1)
            service.advance(rng.uniform(0, 2))
            continue
        # a play that is started again continues the same run
        options = {**options, **{name: str(run.base[name]) for name in ("since", "planned_after", "planned_before") if run.base.get(name)}}
        if number > PLAYS or (run.ended and run.error is None and not unlisted(run.base)):
            break
        service.advance(rng.uniform(0, 2))
    judge.twice()
    judge.order()
    if run.error is not None or not run.ended:
        judge.judgement.lost.append(f"without any fault the last play did not come to its end: {run.error or 'passes ran out'}")
    _count(service, judge, run, figures)
    return judge.judgement, figures


class _Passes:
    def __init__(self, service: Running, case: Case, judge: Judge, one_pass: OnePass, rng: random.Random, figures: Figures) -> None:
        self._service, self._case, self._judge = service, case, judge
        self._one_pass, self._rng, self._figures = one_pass, rng, figures

    def play(self, options: Json) -> passes.Passes:
        """One play: passes as the action plugin makes them, but the service's time is advanced instead of waiting."""
        run = passes.Passes()
        timing = passes.Timing(wait=self._case.options["wait"], poll_interval=1.0)
        for dummy in range(PASSES):
            journal = len(self._service.journal())
            given = passes.next_args(options, run)
            result = self._one_pass({name: str(value) if name.startswith(("since", "planned")) else value for name, value in given.items()})
            self._judge.reported(result, journal_before=journal)
            run = run.after(result)
            self._figures.add(passes=1)
            seconds = passes.seconds_to_next_pass(run, timing, 0.0, 0.0)
            if seconds is None:
                break
            self._service.advance(seconds * self._case.haste * self._rng.uniform(0.5, 1.1))
        return run


def _by_hand(service: Running, judge: Judge, rng: random.Random) -> None:
    """Rerun a few instances as another user. The service may show it late."""
    failed = sorted(key for key, instance in judge.meant.items() if instance["status"] == "fail")
    hidden = {key: judge.meant[key] for key in rng.sample(failed, min(len(failed), 3))}
    account = options_for(service, access_key=STRANGER_KEY, secret_key=STRANGER_SECRET)
    for (name, plan), instance in hidden.items():
        entry = {"job_id": instance["job_id"], "plan_time": str(plan), "submit_time": str(instance["submit_time"])}
        call("job_instance_retry", {**account, "job_name": name, "task_retrys": [entry], "settle_time": 0})


def _count(service: Running, judge: Judge, run: passes.Passes, figures: Figures) -> None:
    requests = [request for request in service.requests() if request["route"]]
    actions = Counter(str(entry["action"]) for entry in run.instances.values())
    figures.add(
        reruns=sum(map(len, judge.reruns().values())),
        calls=len(requests),
        faulty=sum(1 for request in requests if request["fault"]),
        writes=sum(1 for request in requests if is_write(request["route"])),
        faulty_writes=sum(1 for request in requests if is_write(request["route"]) and request["fault"]),
        reported=len(run.instances),
        **{f"ended_{name}": actions[name] for name in ("done", "failed_again", "rejected", "unknown")},
    )
