# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second mode of the retry endpoint [H-RET]: a job with its upstream and downstream jobs, over a span of time."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._api.instance_query import list_job
from .._common.errors import OptionError
from .._common.times import Window
from .._models.decision import Decision
from .._models.instance import JobInstance
from .._models.rerun_request import RelatedJobs
from .._planner.explicit import decide_related
from .._planner.plan import Batch, Plan
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun
from .named_request import NamedRequest, distinct
from .sender import RerunExchange, Sender
from .snapshot import Snapshot


class RelatedRerun(NamedRequest):
    """The second mode: the job with its upstream and downstream jobs, over a span of time. Never sent twice in one call."""

    sends = 1
    less = "shorten the span of time, or name fewer jobs"

    def __init__(self, run: ModuleRun, related: RelatedJobs) -> None:
        super().__init__(run)
        if run.options["api_version"] == "v1":
            raise OptionError(
                "api_version is v1, which cannot rerun a job with its upstream and downstream jobs. Set it to auto or v2, or use task_retrys."
            )
        self._related = related

    def workspaces(self) -> t.Collection[str]:
        """The job's own, and those of the related jobs."""
        return list(dict.fromkeys([self.workspace_id, *(workspace_id for _name, workspace_id in self._related.jobs)]))

    def window(self) -> Window:
        """The span of time."""
        return Window(self._related.begin_time, self._related.end_time)

    def read(self) -> list[JobInstance]:
        """The instances of each job in the span, across workspaces; also those that a service which compares start times shows elsewhere by now."""
        window, since = self.window(), self._since_option.ms if self._since is None else self._since.ms
        instances: list[JobInstance] = []
        for name, workspace_id in dict.fromkeys([(self.job_name, self.workspace_id), *self._related.jobs]):
            instances += list_job(self.run.api(workspace_id), name, window, since=since)
        return distinct(instances)

    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], tuple[str, ...]]:
        """See :func:`decide_related`: one verdict for all."""
        return decide_related(snapshot.instances, policy, snapshot.asked_ms, snapshot.history.attempts, snapshot.effective), ()

    def plan(self, snapshot: Snapshot) -> Plan:
        """All of them in one request."""
        plan = super().plan(snapshot)
        due = tuple(decision for batch in plan.batches for decision in batch.decisions)
        return replace(plan, batches=(Batch(self.job_name, due),) if due else ())

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """All instances are claimed, because nobody can tell which of them the service reruns."""
        related, options = self._related, self.retry_options
        yield sender.send(batch.decisions, lambda _instances: self.api.retry_related(self.job_name, related, options), whole=True)
