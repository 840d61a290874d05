# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outlook of a pass of job_rerun: when the reruns will end, which deadlines they miss, and which of them are urgent."""

from __future__ import annotations

import typing as t

from .._api.baseline_query import baseline_deadlines
from .._common.errors import ApiError
from .._common.text import printable
from .._models.decision import Decision
from .._models.instance import JobInstance, Status
from .._models.run_scope import PassState
from .._output.expectation import expectation
from .._planner.deadline import DEADLINE, Deadlines, Urgency, deadline_of, job_ends
from .._planner.dependency_order import Depends
from .._planner.forecast import Forecast, Room, Runs, foresee, running_at_once, runs_of
from .._planner.limits import Limits
from .._planner.plan import Plan
from .._planner.quiet_hours import QuietHours
from .ansible_module import ModuleRun


class Outlook:
    """Expected ends and deadlines. Times are epoch ms.

    :param hours: quiet hours, in which nothing is sent.
    :param poll_seconds: option ``poll_interval``.
    :ivar deadline: deadline of the whole run, or None.
    :ivar baselines: deadlines of single jobs; None until they are read.
    """

    def __init__(self, run: ModuleRun, state: PassState, limits: Limits, hours: QuietHours, poll_seconds: float) -> None:
        self._run, self._limits, self._hours, self._poll_seconds = run, limits, hours, poll_seconds
        self._clock = run.session.client.clock
        self.deadline = state.deadline or deadline_of(run.options, self._clock.now_ms())
        self.baselines = state.baselines
        self._by_urgency = run.options["order"] == DEADLINE
        self._runs: Runs = {}  # how long runs of each job take
        self._depends: Depends = {}
        self._instances: t.Sequence[JobInstance] = ()
        self._foreseen: tuple[t.Sequence[Decision], int, Forecast] | None = None
        self._expected: tuple[t.Sequence[Decision], dict[str, t.Any]] | None = None

    def read_baselines(self) -> t.Iterator[str]:
        """Read the deadlines of single jobs, once per run, if ``order`` is ``deadline``; yield sentences about what is unknown."""
        if not self._by_urgency or self.baselines is not None:
            return
        try:
            self.baselines = baseline_deadlines(self._run.session, self._run.options["workspace_id"], self._clock.now_ms())
        except ApiError as error:
            self.baselines = {}
            yield f"No baselines could be read: {printable(error, 300).rstrip('.')}. Only deadline says what is urgent."
        if self.deadline is None and not self.baselines:
            yield "No deadline is known: deadline is not set, and no baseline names a job. The longest chains are sent first."

    def learn(self, instances: t.Sequence[JobInstance], since: int, averages: t.Mapping[str, float], depends: Depends) -> None:
        """Learn durations from listed instances.

        :param since: of the run, epoch ms.
        :param averages: job name -> average duration by the service, ms.
        :param depends: instance -> the instances that it waits for in this run.
        """
        known = {(self._run.options["workspace_id"], name): average / 1000 for name, average in averages.items()}
        self._instances, self._depends = instances, depends
        self._runs = runs_of(instances, since, known)

    def urgency(self) -> Urgency | None:
        """What the order by deadline goes by; None with another ``order``."""
        return Urgency(self._deadlines(), self._runs, self._depends) if self._by_urgency else None

    def forecast(self, plan: Plan, decisions: t.Sequence[Decision]) -> tuple[Forecast, int]:
        """The forecast of ends, and the service's time that it counts from, epoch ms.

        :param decisions: the current decisions of *plan*; the forecast is cached for this object.
        """
        if self._foreseen is None or self._foreseen[0] is not decisions:
            now_ms = self._clock.now_ms()
            self._foreseen = (decisions, now_ms, Forecast() if plan.refused is not None else self._foresee(decisions, now_ms))
        return self._foreseen[2], self._foreseen[1]

    def expected(
        self, plan: Plan, decisions: t.Sequence[Decision], wanted: t.Collection[Status], names: t.Mapping[str, str]
    ) -> dict[str, t.Any]:
        """``expected`` of the result: when everything will probably have ended, and which jobs are late.

        :param decisions: as for :meth:`forecast`.
        :param names: workspace id -> name, if known.
        """
        if self._expected is None or self._expected[0] is not decisions:
            forecast, now_ms = self.forecast(plan, decisions)
            ends = job_ends(decisions, forecast, self._deadlines(), wanted, now_ms)
            self._expected = (decisions, expectation(ends, self.deadline, names))
        return self._expected[1]

    def _foresee(self, decisions: t.Sequence[Decision], now_ms: int) -> Forecast:
        limits, at_once = self._limits, running_at_once(self._instances)
        opens = self._hours.openings(now_ms) if self._hours.windows else None
        room = Room(limits.max_parallel, limits.max_parallel_per_job, at_once, self._poll_seconds / 2, opens)
        return foresee(decisions, self._depends, self._runs, room, now_ms)

    def _deadlines(self) -> Deadlines:
        return Deadlines(self.deadline, self.baselines or {}, self._run.options["workspace_id"])
