# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accuracy of the expected end, measured on random nights that the emulator's scheduler plays without knowing the forecast.

Jobs take from half a minute to an hour; the standard deviation of a job's durations is up to 25 %. ``python -m pytest -s`` shows the figures.
"""

from __future__ import annotations

import random
import statistics
import typing as t

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import Room, foresee, runs_of
from emulator.switches import Switches
from emulator.world.clock import Clock
from emulator.world.model import Instance
from emulator.world.scenario import load
from emulator.world.scheduler import Scheduler
from emulator.world.world import World
from tests.support.scenarios import WORKSPACE_ID, small_night

NIGHTS = 200
POLL = 10.0
SINCE = 1_795_402_800_000


class StandingClock(Clock):
    """A clock that moves only when it is advanced."""

    def wall_ms(self) -> int:
        """The start of the night, epoch ms."""
        return SINCE


class Night:
    """A random night: jobs with a history, failures, dependencies and limits, and a run that sends reruns every ten seconds."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = random.Random(seed)
        self.spread = draw.choice([0.0, 0.1, 0.25])
        names = [f"job_{number}" for number in range(draw.randint(2, 8))]
        self.lengths: dict[str, float] = {name: 30 * 120 ** draw.random() for name in names}
        jobs = [self.job(name, names[:number]) for number, name in enumerate(names)]
        self.limits = {"max_parallel": draw.choice([None, None, 4, 10]), "max_parallel_per_job": draw.choice([None, None, 2])}
        self.clock = StandingClock()
        self.world: World = load(small_night(jobs=jobs, speed=1), SINCE)
        self.scheduler = Scheduler(self.world, self.clock, Switches({"running_per_job": 5}))
        self.failed = [instance for instance in self.world.instances() if instance.status == "fail"]
        self.parents = {id(instance): self.world.parents(instance) for instance in self.failed}

    def job(self, name: str, above: list[str]) -> dict[str, t.Any]:
        """Draw a job of the scenario. Its newest instances failed, and the first rerun of each succeeds.

        :param above: names of the jobs on which it may depend.
        """
        failed, history = self.draw.randint(1, 14), self.draw.randint(3, 12)
        instances: list[dict[str, t.Any]] = []
        for number in range(failed + history):
            plan_ms = SINCE - (number + 1) * 3_600_000
            made: dict[str, t.Any] = {"plan_time": plan_ms, "status": "fail" if number < failed else "success"}
            made["start_time"], made["end_time"] = plan_ms, plan_ms + round(self.length(name) * 1000)
            made["runs"] = [{"status": "success", "seconds": self.length(name)}]
            instances.append(made)
        return {"name": name, "instances": instances, "depends_on": [other for other in above if self.draw.random() < 0.3]}

    def length(self, name: str) -> float:
        """Draw the duration of one run of a job, seconds."""
        return float(self.lengths[name] * self.draw.lognormvariate(0, self.spread))

    def play(self, until: float | None = None) -> float:
        """Send what is due every ten seconds, for *until* seconds or to the end, and return the seconds from start to the last end."""
        while any(instance.status != "success" for instance in self.failed):
            if until is not None and self.elapsed >= until:
                break
            self.send()
            due = self.scheduler._events[0][0]
            step = max(POLL, -(-(due - SINCE - self.elapsed * 1000) // (POLL * 1000)) * POLL)
            self.clock.advance(step)
            self.scheduler.settle()
        return max((instance.end_time or 0) - SINCE for instance in self.failed) / 1000

    @property
    def elapsed(self) -> float:
        """Seconds of the night so far."""
        return (self.clock.now_ms() - SINCE) / 1000

    def send(self) -> None:
        """Rerun the failed instances whose parents have all succeeded, oldest first, within the limits."""
        busy = [instance for instance in self.failed if instance.current is not None]
        for instance in sorted(self.failed, key=lambda instance: (instance.plan_time, instance.job.name)):
            waits = instance.status != "fail" or instance.current is not None
            if waits or any(not parent.succeeded for parent in self.parents[id(instance)]):
                continue
            of_job = sum(other.job is instance.job for other in busy)
            most, per_job = self.limits["max_parallel"], self.limits["max_parallel_per_job"]
            if (most is None or len(busy) < most) and (per_job is None or of_job < per_job):
                self.scheduler.request(instance, 0, "r")
                busy.append(instance)
        self.scheduler.settle()

    def expected(self) -> float | None:
        """The expected end by a list of now, in seconds after the start of the night; None if the forecast has none."""
        shown = {id(instance): as_listed(instance) for instance in self.world.instances()}
        decisions = [decision_of(instance, shown[id(instance)]) for instance in self.failed]
        depends = {shown[id(i)].key: frozenset(shown[id(parent)].key for parent in self.parents[id(i)]) for i in self.failed}
        room = Room(self.limits["max_parallel"], self.limits["max_parallel_per_job"], lag=POLL / 2)
        forecast = foresee(decisions, depends, runs_of(shown.values(), SINCE), room, self.clock.now_ms())
        assert forecast.unknown == 0
        return None if forecast.seconds is None else self.elapsed + forecast.seconds


def as_listed(instance: Instance) -> JobInstance:
    key = InstanceKey(WORKSPACE_ID, str(instance.job.job_id), instance.plan_time, instance.job.submit_time)
    status, started, ended = Status.parse(instance.status), instance.start_time, instance.end_time
    return JobInstance(key, instance.job.name, status, instance.status, start_time=started, end_time=ended)


def decision_of(instance: Instance, listed: JobInstance) -> Decision:
    if listed.status.succeeded:
        return Decision(listed, Action.DONE, "succeeded")
    return Decision(listed, Action.RETRY if instance.current is None else Action.WAIT, "failed")


def test_the_expected_end_is_near_the_end_and_nearer_while_it_runs() -> None:
    at_first, half_way = [], []
    for seed in range(NIGHTS):
        first = Night(seed).expected()
        took = Night(seed).play()
        later = Night(seed)
        later.play(took / 2)
        then = later.expected()
        assert first is not None
        at_first.append(abs(first - took) / took)
        if then is not None:
            half_way.append(abs(then - took) / took)
    figures = {
        name: (statistics.median(errors), statistics.quantiles(errors, n=10)[-1])
        for name, errors in (("first", at_first), ("half", half_way))
    }
    print(
        f"expected end, {NIGHTS} nights: median error {figures['first'][0]:.1%}, 9 of 10 within {figures['first'][1]:.1%}; "
        f"half way {figures['half'][0]:.1%} and {figures['half'][1]:.1%}"
    )
    assert figures["first"][0] <= 0.15
    assert figures["half"][0] <= figures["first"][0]
