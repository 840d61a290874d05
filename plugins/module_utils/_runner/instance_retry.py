# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_instance_retry: one strategy for each mode of the retry endpoint [H-RET]."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._api.instance_query import list_job
from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import Window
from .._models.attempt import Slot
from .._models.decision import Decision
from .._models.instance import JobInstance
from .._models.rerun_request import RelatedJobs, selected_keys
from .._planner.explicit import decide_related, decide_requested
from .._planner.plan import Batch, Plan
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun
from .engine import Engine
from .named_request import NamedRequest, distinct, listed_at
from .sender import RerunExchange, Sender, requests_of
from .snapshot import Snapshot


def retry(run: ModuleRun) -> None:
    """The logic of module job_instance_retry; see :class:`ModuleRun` and the module's documentation."""
    run.what = f"Failed to retry instances of job {printable(run.options['job_name'], 100)} {run.where}"
    related = RelatedJobs.from_options(run.options)
    Engine(NamedInstances(run) if related is None else RelatedRerun(run, related)).run()


class NamedInstances(NamedRequest):
    """First mode: rerun the instances that ``task_retrys`` names."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run)
        self._keys = selected_keys(run.options, self.workspace_id)

    def window(self) -> Window:
        """The window of their plan times."""
        times = [key.plan_time for key in self._keys]
        return Window(min(times), max(times))

    def read(self) -> list[JobInstance]:
        wanted = {Slot(key.workspace_id, key.job_id, key.plan_time): key.plan_time for key in self._keys}
        return listed_at(self.api, self.job_name, self.clock, wanted, Slot.of)

    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], list[str]]:
        attempts, now = snapshot.history.attempts, snapshot.asked_ms
        return decide_requested(self._keys, snapshot.instances, policy, now, attempts, snapshot.effective)

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """One request for all with v2; with v1 one for each, and a rejected one does not keep the next from being sent."""
        return requests_of(batch, sender, self.api, self.retry_options)


class RelatedRerun(NamedRequest):
    """Second mode: rerun the job with its upstream and downstream jobs, over a span of time. Sent at most once per invocation."""

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
        """The workspaces of the job and of the related jobs."""
        return list(dict.fromkeys([self.workspace_id, *(workspace_id for _name, workspace_id in self._related.jobs)]))

    def window(self) -> Window:
        return Window(self._related.begin_time, self._related.end_time)

    def read(self) -> list[JobInstance]:
        """The instances of each job in the span, across workspaces; also those that a service which compares start times lists later by now."""
        window, since = self.window(), self._since_option.ms if self._since is None else self._since.ms
        instances: list[JobInstance] = []
        for name, workspace_id in dict.fromkeys([(self.job_name, self.workspace_id), *self._related.jobs]):
            instances += list_job(self.run.api(workspace_id), name, window, since=since)
        return distinct(instances)

    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], list[str]]:
        """One verdict for all, see :func:`decide_related`."""
        return decide_related(snapshot.instances, policy, snapshot.asked_ms, snapshot.history.attempts, snapshot.effective), []

    def plan(self, snapshot: Snapshot) -> Plan:
        plan = super().plan(snapshot)
        due = tuple(decision for batch in plan.batches for decision in batch.decisions)
        return replace(plan, batches=(Batch(self.job_name, due),) if due else ())

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """Send one request that claims all instances, because it is not known which of them the service reruns."""
        related, options = self._related, self.retry_options
        yield sender.send(batch.decisions, lambda _instances: self.api.retry_related(self.job_name, related, options), whole=True)
