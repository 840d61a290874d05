# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outlook: when what a pass of module job_rerun reruns will have ended, and what is urgent because of that."""

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
    """What is known of ends and deadlines. Times epoch ms.

    :param hours: in which nothing is sent.
    :param poll_seconds: ``poll_interval``.
    :ivar deadline: of the whole run, or None.
    :ivar baselines: deadlines of single jobs; None until they are read.
    """

    def __init__(self, run: ModuleRun, state: PassState, limits: Limits, hours: QuietHours, poll_seconds: float) -> None:
        self._run, self._limits, self._hours, self._poll_seconds = run, limits, hours, poll_seconds
        self._clock = run.session.client.clock
        self.deadline = state.deadline or deadline_of(run.options, self._clock.now_ms())
        self.baselines = state.baselines
        self._by_urgency = run.options["order"] == DEADLINE
        self._runs: Runs = {}  # how long runs of each job took
        self._depends: Depends = {}  # what waits for what in this run
        self._instances: t.Sequence[JobInstance] = ()
        self._foreseen: tuple[t.Sequence[Decision], int, Forecast] | None = None

    def read_baselines(self) -> t.Iterator[str]:
        """Read the deadlines of single jobs, once in a run, where the order goes by them; what people should know of that."""
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
        """Take in a list.

        :param averages: by the service, ms by job name.
        :param depends: what waits for what in this run.
        """
        known = {(self._run.options["workspace_id"], name): average / 1000 for name, average in averages.items()}
        self._instances, self._depends = instances, depends
        self._runs = runs_of(instances, since, known)

    def urgency(self) -> Urgency | None:
        """What the order goes by; None where it does not go by deadlines."""
        return Urgency(self._deadlines(), self._runs, self._depends) if self._by_urgency else None

    def forecast(self, plan: Plan, decisions: t.Sequence[Decision]) -> tuple[Forecast, int]:
        """When the instances will end, as far as what is listed tells it, and the service's time from which that counts.

        :param decisions: those of *plan* as they stand; made once for them.
        """
        if self._foreseen is None or self._foreseen[0] is not decisions:
            now_ms = self._clock.now_ms()
            self._foreseen = (decisions, now_ms, Forecast() if plan.refused is not None else self._foresee(decisions, now_ms))
        return self._foreseen[2], self._foreseen[1]

    def expected(
        self, plan: Plan, decisions: t.Sequence[Decision], wanted: t.Collection[Status], names: t.Mapping[str, str]
    ) -> dict[str, t.Any]:
        """When everything will probably have ended, and which jobs are late, as the result has it.

        :param decisions: as of :meth:`forecast`.
        :param names: of workspaces, by id, as far as they are known.
        """
        forecast, now_ms = self.forecast(plan, decisions)
        return expectation(job_ends(decisions, forecast, self._deadlines(), wanted, now_ms), self.deadline, names)

    def _foresee(self, decisions: t.Sequence[Decision], now_ms: int) -> Forecast:
        limits, at_once = self._limits, running_at_once(self._instances)
        opens = self._hours.openings(now_ms) if self._hours.windows else None
        room = Room(limits.max_parallel, limits.max_parallel_per_job, at_once, self._poll_seconds / 2, opens)
        return foresee(decisions, self._depends, self._runs, room, now_ms)

    def _deadlines(self) -> Deadlines:
        return Deadlines(self.deadline, self.baselines or {}, self._run.options["workspace_id"])
