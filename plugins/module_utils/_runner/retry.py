# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the logic of module job_instance_retry: both modes of the retry endpoint [H-RET]."""

from __future__ import annotations

import typing as t

from .._api.instance_query import distinct, late_starts
from .._api.workspace import WorkspaceApi
from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import Window
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .._models.rerun_request import RelatedJobs, selected_keys
from .._planner.explicit import decide_related, decide_requested
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun
from .remembering import SentByKey
from .rounds import Request
from .sender import Sender, send_all

#: Plan times that are this close to each other are read in one window, ms.
NEAR_MS = 86_400_000


def retry(run: ModuleRun) -> None:
    """The logic of module job_instance_retry; see :class:`ModuleRun` and the module's documentation."""
    run.what = f"Failed to retry instances of job {printable(run.options['job_name'], 100)} {run.where}"
    related = RelatedJobs.from_options(run.options)
    request = SelectedRequest(run) if related is None else RelatedRequest(run, related)
    request.go()


class SelectedRequest(Request):
    """The first mode: the instances that ``task_retrys`` names."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run)
        self.keys = selected_keys(run.options, self.workspace_id)

    def window(self) -> Window:
        """Plan times of what is meant."""
        times = [key.plan_time for key in self.keys]
        return Window(min(times), max(times))

    def read(self) -> list[JobInstance]:
        """Windows around the plan times asked for, so that a rerun of two instances a month apart does not read the month.

        What is missing there is looked for up to now: should the service compare windows with start times, it is found there [H-208].
        """
        wanted = set(self.keys)
        found = self._listed(_clusters({key.plan_time for key in wanted}), wanted)
        missing = wanted - {one.key for one in found}
        if missing:
            begin = min(key.plan_time for key in missing)
            found += self._listed([Window(begin, max(begin, self.clock.latest_ms()))], missing)
        return distinct(found)[0]

    def _listed(self, spans: t.Iterable[Window], wanted: t.Collection[InstanceKey]) -> list[JobInstance]:
        return [one for span in spans for one in self.factory.list_instances(span, job_name=self.job_name) if one.key in wanted]

    def judge(self, instances: list[JobInstance], policy: Policy, asked: int, sent: SentByKey) -> list[Decision]:
        """See :func:`decide_requested`."""
        judged = decide_requested(self.keys, {one.key: one for one in instances}, policy, asked, sent)
        self.problems = judged.problems
        return list(judged.decisions)

    def post(self, due: list[Decision], sender: Sender) -> None:
        """All of them in one request where the API generation can; otherwise a refused one does not stop the next."""
        for _due, after, error in send_all(sender, self.factory, self.job_name, due, self.how):
            self.note(after, error)


class RelatedRequest(Request):
    """The second mode: the job with its upstream and downstream jobs, over a span of time. Never sent twice in one call."""

    sends = 1
    less = "shorten the span of time, or name less in jobs"
    whole = True

    def __init__(self, run: ModuleRun, related: RelatedJobs) -> None:
        super().__init__(run)
        if run.options["api_version"] == "v1":
            raise OptionError(
                "api_version is v1, which cannot rerun a job with its upstream and downstream jobs. Give auto or v2, or use task_retrys."
            )
        self.related = related

    def workspaces(self) -> t.Collection[str]:
        """The job's own, and those of the related jobs."""
        return dict.fromkeys([self.workspace_id, *(workspace_id for _name, workspace_id in self.related.jobs)])

    def window(self) -> Window:
        """The span of time."""
        return Window(self.related.begin_time, self.related.end_time)

    def read(self) -> list[JobInstance]:
        """The instances of every job in the span, across workspaces; also those that a service which compares start times shows elsewhere by now."""
        window, since, found = self.window(), self.run.result.get("since"), []
        for name, workspace_id in dict.fromkeys([(self.job_name, self.workspace_id), *self.related.jobs]):
            own = workspace_id == self.workspace_id
            factory = self.factory if own else WorkspaceApi(self.run.session, workspace_id, self.run.options["api_version"])
            listed = factory.list_instances(window, job_name=name)
            now = self.clock.latest_ms()
            later = late_starts(window, listed, now) or (Window(since, now) if since is not None and window.end < since <= now else None)
            listed += factory.list_instances(later, job_name=name) if later is not None else []
            found += [one for one in listed if one.key.plan_time in window]
        return distinct(found)[0]

    def judge(self, instances: list[JobInstance], policy: Policy, asked: int, sent: SentByKey) -> list[Decision]:
        """See :func:`decide_related`: one verdict for all."""
        verdict = decide_related(instances, policy, asked, sent)
        attempt = 1 if verdict.action is Action.RETRY else 0
        return [Decision(one, verdict.action, verdict.reason, verdict.due_ms, attempt, sent=sent.get(one.key)) for one in instances]

    def post(self, due: list[Decision], sender: Sender) -> None:
        """Every instance is recorded, because nobody can tell which of them the service reruns."""
        after, error = sender.send(due, lambda: self.factory.retry_related(self.job_name, self.related, self.how))
        self.note(after, error)


def _clusters(times: t.Collection[int]) -> list[Window]:
    """Windows that hold *times* (epoch ms), one for all that are close to each other."""
    windows: list[Window] = []
    for one in sorted(times):
        if windows and one - windows[-1].end <= NEAR_MS:
            windows[-1] = Window(windows[-1].begin, one)
        else:
            windows.append(Window(one, one))
    return windows
