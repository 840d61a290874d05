# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One workspace of the Factory, by whichever API version answers.

v2 lists one job and reruns many instances in one POST, but is a beta by invitation on some sites and missing on others [H-RET][OTC]. v1
lists a whole workspace in one walk and reruns one instance per request. :class:`.fallback.ApiVersions` chooses between them.
"""

from __future__ import annotations

import time
import typing as t

from .._common.errors import ApiError, Kind
from .._common.times import Window, to_iso
from .._http.request import Answer
from .._models.instance import InstanceKey, JobInstance, RelatedInstance, RelatedJob, Status
from .._models.reason import InstanceDetail
from .._models.rerun_request import RelatedJobs, RetryOptions
from .parsing import Fields
from .workspace_lists import UNREACHABLE_SECONDS, WorkspaceLists


class StartedRun(t.NamedTuple):
    """A run that the service has accepted: the id of the request, and the id of the instance [OTC-91]."""

    request_id: str | None
    instance_id: str


class WorkspaceApi(WorkspaceLists):
    """One workspace: its lists, statistics, dependencies and writes. See :class:`.workspace_lists.WorkspaceLists` for the parameters.

    Writes return the service's id of the request, or None without one. Their effect shows only in the lists [H-RET].
    """

    def depend_instances(self, instance_id: str, relation: str = "both", depth: int = 1, latest_only: bool = True) -> list[RelatedInstance]:
        """The instances that an instance depends on or that depend on it (v2 only), see :meth:`V2Api.depend_instances`."""
        return self._versions.only("v2", "depend", lambda: self._v2.depend_instances(instance_id, relation, depth, latest_only))

    def statistics(self) -> dict[Status, int]:
        """How many instances of the last seven days failed, are in running-exception or were cancelled, by status (v2 only)."""
        return self._versions.only("v2", "statistics", self._v2.statistics)

    def instance_detail(self, instance: JobInstance, deadline: float | None = None) -> InstanceDetail:
        """The nodes of an instance, whichever version listed it (v1 only): its instance_id is the same in both lists.

        :raises ApiError: NOT_FOUND, also if the list had no instance_id.
        """
        instance_id = instance.instance_id
        if not instance_id:
            raise ApiError(Kind.NOT_FOUND, f"the service listed the instance of job {instance.job_name} without its id")
        return self.detail_of(instance.job_name, instance_id, deadline)

    def detail_of(self, job_name: str, instance_id: str, deadline: float | None = None) -> InstanceDetail:
        """As :meth:`instance_detail`, for an instance that was not listed (v1 only)."""
        return self._versions.only("v1", "instance", lambda: self._v1.instance_detail(job_name, instance_id, deadline))

    def messages(self, instances: t.Sequence[JobInstance], deadline: float | None = None) -> dict[tuple[InstanceKey, str], str]:
        """The error messages of failed instances of one job, by full key (v1 only), which v2's list does not have."""
        # Windows may be compared with plan times or with start times.
        times = [time for instance in instances for time in (instance.key.plan_time, instance.start_time) if time is not None]
        span = self._retained(Window(min(times), max(times)))
        if span is None:
            return {}
        listed = self._versions.only(
            "v1", "list_messages", lambda: self._v1.list_instances(instances[0].job_name, span, statuses={Status.FAIL}, deadline=deadline)
        )
        return {instance.full_key: instance.error_message for instance in listed if instance.error_message}

    @property
    def shows_details(self) -> bool:
        """Whether :meth:`instance_detail` may be tried: v1 is allowed and has a host, and is not known to be closed or unreachable."""
        return self._may_use_v1() and self._versions.known.get("list_workspace") != "v2"

    def depend_jobs(self, job_name: str, relation: str = "both") -> list[RelatedJob]:
        """The jobs that a job depends on or that depend on it (v2 only)."""
        return self._versions.only("v2", "depend", lambda: self._v2.depend_jobs(job_name, relation))

    @property
    def one_by_one(self) -> bool:
        """Whether each instance needs its own request, because v1 is used. With auto, this is known after the first rerun."""
        return self._versions.preferred("retry") == "v1"

    def batch_limit(self, wanted: int) -> int:
        """Most instances in the next :meth:`retry`, at most *wanted*."""
        return 1 if self.one_by_one else max(1, wanted)

    def retry(self, job_name: str, instances: t.Sequence[JobInstance], options: RetryOptions) -> str | None:
        """Rerun instances of one job.

        :raises ApiError: AMBIGUOUS if the outcome is unknown; any other kind means that nothing was rerun. NOT_PUBLISHED for several instances
            means that v2 is not open: :attr:`one_by_one` is true from then on, and they must be sent one by one.
        """
        self._check_own(instances)

        def by_v1() -> Answer:
            if len(instances) > 1:
                raise ApiError(
                    Kind.NOT_PUBLISHED,
                    f"v2 is not used here, and v1 reruns one instance per request, not {len(instances)}",
                    hint="Send them one by one.",
                )
            return self._v1.restart(job_name, instances[0].instance_id, options)

        keys = [instance.key for instance in instances]
        return self._versions.v2_or_v1("retry", lambda: self._v2.retry(job_name, keys, options), by_v1).request_id

    def can_restart_by_id(self) -> bool:
        """Whether :meth:`restart` can be used: v1 is allowed, has a host and is open to the account.

        It is open if it has answered before, for example with a list of the workspace; otherwise a single job is listed to find out.
        """
        if not self._may_use_v1():
            return False
        if "v1" not in self._versions.answered:
            self._probe_v1()
        return "v1" in self._versions.answered

    def restart(self, job_name: str, instance: JobInstance, options: RetryOptions) -> str | None:
        """Rerun one instance by its instance_id, always by v1, because v2's key cannot tell twins apart.

        :raises ApiError: as :meth:`retry`; NOT_PUBLISHED if v1 must not be used or is not open.
        """
        self._check_own([instance])
        return self._versions.only("v1", "restart", lambda: self._v1.restart(job_name, instance.instance_id, options)).request_id

    def stop(self, instance: JobInstance) -> str | None:
        """Stop one waiting, running or hung instance (v1 only).

        :raises ApiError: AMBIGUOUS if the outcome is unknown; any other kind means that nothing was stopped.
        """
        self._check_own([instance])
        return self._versions.only("v1", "stop", lambda: self._v1.stop(instance.job_name, instance.instance_id)).request_id

    def start_schedule(self, job_name: str) -> str | None:
        """Start a job's schedule (v1 only).

        :raises ApiError: AMBIGUOUS if the outcome is unknown; any other kind means that nothing was changed.
        """
        return self._versions.only("v1", "schedule", lambda: self._v1.start_job(job_name)).request_id

    def stop_schedule(self, job_name: str) -> str | None:
        """Stop a job's schedule (v1 only). :raises ApiError: as :meth:`start_schedule`."""
        return self._versions.only("v1", "schedule", lambda: self._v1.stop_job(job_name)).request_id

    def run_job(self, job_name: str, params: t.Mapping[str, str]) -> StartedRun:
        """Run a job once, now (v1 only).

        :raises ApiError: AMBIGUOUS if the outcome is unknown or the answer names no instance; any other kind means that nothing was started.
        """
        answer = self._versions.only("v1", "run", lambda: self._v1.run_job(job_name, params))
        try:
            instance_id = Fields(answer.body, "the answer").identifier("instance_id")
        except ApiError:
            instance_id = None
        if instance_id is None:
            raise ApiError(
                Kind.AMBIGUOUS, "the service accepted it and did not name the instance", status=answer.status, request_id=answer.request_id
            )
        return StartedRun(answer.request_id, instance_id)

    def check_unmoved(self, instance: JobInstance) -> None:
        """Read the detail of *instance* (v1 only), and compare it with the listed state.

        :raises ApiError: MOVED_ON if its status or start has changed or it no longer exists; another kind if it cannot be read.
        """
        try:
            now = self.instance_detail(instance)
        except ApiError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            raise ApiError(Kind.MOVED_ON, "it is not there any more") from None
        if now.status is not instance.status or now.start_time != instance.start_time:
            listed, shown = (_status_text(seen.status, seen.start_time) for seen in (instance, now))
            raise ApiError(
                Kind.MOVED_ON, f"its state had changed by itself: it was listed as {listed}, and just before the stop it was {shown}"
            )

    def retry_related(self, job_name: str, related: RelatedJobs, options: RetryOptions) -> str | None:
        """Rerun a job with upstream and downstream jobs (v2 only).

        :raises ApiError: as :meth:`retry`; NOT_PUBLISHED if v2 must not be used or is not open.
        """
        return self._versions.only("v2", "retry_related", lambda: self._v2.retry_related(job_name, related, options)).request_id

    def _check_own(self, instances: t.Sequence[JobInstance]) -> None:
        if not instances or any(instance.key.workspace_id != self.workspace_id for instance in instances):
            raise ValueError("a write needs instances of its own workspace")

    def _probe_v1(self) -> None:
        """Find out by one cheap read whether v1 is open. Errors are not raised: they answer the question too."""
        try:
            with self._versions.asking("v1", "probe"):
                self._v1.probe()
        except ApiError as error:
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS


def _status_text(status: Status, start_time: int | None) -> str:
    return f"{status.value}, {'not started' if start_time is None else f'started {to_iso(start_time)}'}"
