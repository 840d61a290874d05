# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""v2 of the Factory API (host dayu), one method per endpoint."""

from __future__ import annotations

import typing as t

from .._common.times import DAY_MS, Window
from .._http.request import Answer, Request
from .._models.instance import (
    InstanceKey,
    InstanceType,
    JobInstance,
    RelatedInstance,
    RelatedJob,
    Status,
)
from .._models.rerun_request import RelatedJobs, RetryOptions, body_v2, body_v2_related
from .base import (
    ASKED_V2,
    FactoryApi,
    asked_status,
    instance,
)
from .list_budget import ListBudget
from .pagination import ListLimits, Page, read_whole, read_windowed
from .parsing import Fields, bad_answer

#: Longest window of one request: "at most one month" [H-208], hence 30 days.
V2_WINDOW_MS = 30 * DAY_MS
#: Most layers of dependencies that one request follows [H-DEP].
MAX_DEPTH = 50
#: Status -> the field of the statistics that counts it [SDK].
_COUNTS = {
    Status.FAIL: "fail_count",
    Status.RUNNING_EXCEPTION: "running_exception_count",
    Status.MANUAL_STOP: "manual_stop_count",
}


class V2Api(FactoryApi):
    """v2 of the API in one workspace. Every method raises ApiError."""

    def list_instances(
        self,
        job_name: str,
        window: Window,
        *,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        budget: ListBudget | None = None,
    ) -> list[JobInstance]:
        """GET …/factory/jobs/{job_name}/instances/detail [H-208]: all instances of the job called *job_name*.

        The request filters by status only if exactly one is wanted and every edition spells it alike; the caller applies other filters.
        The names ``min_plan_time`` and ``max_plan_time`` say plan time, the documentation's text says start time; see ``instance_query.py``.
        """
        status = asked_status(statuses, ASKED_V2)

        def fetch(span: Window, limit: int, offset: int) -> Page[JobInstance]:
            request = self.instances_request(job_name, span, limit, offset, status, instance_type)
            return self._client.read_instances(request)

        what, limits = f"instances of job {job_name}", ListLimits(slice_ms=V2_WINDOW_MS)
        return read_windowed(fetch, window, key=lambda listed: listed.full_key, what=what, limits=limits, budget=budget)

    def statistics(self) -> dict[Status, int]:
        """GET …/factory/monitor/task-statistics-overview [SDK]: number of instances of the last seven days for each status that needs attention.

        One request per second is allowed [H-OV2].
        """
        return self._client.read(self.statistics_request(), _statistics)

    def retry(self, job_name: str, keys: t.Iterable[InstanceKey], options: RetryOptions) -> Answer:
        """POST …/factory/jobs/{job_name}/instances/retry, first mode [H-RET]: rerun selected instances. 200 or 204, without a body."""
        return self._client.write(self.retry_request(job_name, keys, options))

    def retry_related(self, job_name: str, related: RelatedJobs, options: RetryOptions) -> Answer:
        """The same POST, second mode [H-RET]: rerun the job with upstream and downstream jobs."""
        request = self._client.v2("POST", "retry", "jobs", job_name, "instances", "retry", body=body_v2_related(options, related))
        return self._client.write(request)

    def depend_instances(self, instance_id: str, relation: str = "both", depth: int = 1, latest_only: bool = True) -> list[RelatedInstance]:
        """GET …/factory/instances/{instance_id}/depend-instances [H-DEP]: the instances that it depends on and that depend on it.

        :param relation: ``parent``, ``child`` or ``both``.
        :param depth: layers to follow, 1 to 50.
        :param latest_only: only the newest instance of each related job.
        """
        query = {"relation": relation, "depth": depth, "latest": latest_only}
        request = self._client.v2("GET", "depend", "instances", instance_id, "depend-instances", query=query)
        return read_whole(
            lambda: self._client.read(request, lambda body: _related_page(body, self._client.workspace_id)),
            key=lambda related: related.instance.full_key,
            what=f"instances related to instance {instance_id}",
        )

    def depend_jobs(self, job_name: str, relation: str = "both") -> list[RelatedJob]:
        """GET …/factory/jobs/{job_name}/depend [SDK]: the jobs that it depends on and that depend on it."""
        return self._client.read(self.depend_jobs_request(job_name, relation), _related_jobs)

    # The requests for these endpoints, which ``questions.py`` sends too

    def instances_request(
        self,
        job_name: str,
        span: Window | None,
        limit: int,
        offset: int,
        status: str | None = None,
        instance_type: InstanceType | None = None,
    ) -> Request:
        """The request for one page of :meth:`list_instances`; without *span*, the service lists today's instances."""
        query = {
            "min_plan_time": span.begin if span else None,
            "max_plan_time": span.end if span else None,
            "limit": limit,
            "offset": offset,
            "status": status,
            "instance_type": instance_type.number if instance_type else None,
        }
        return self._client.v2("GET", "list", "jobs", job_name, "instances", "detail", query=query)

    def jobs_request(self, job_type: str, limit: int, offset: int, name: str | None = None) -> Request:
        """The request GET …/factory/jobs [SDK] for one page of :meth:`list_jobs`."""
        query = {"limit": limit, "offset": offset, "job_type": job_type, "job_name": name}
        return self._client.v2("GET", "jobs", "jobs", query=query)

    def statistics_request(self) -> Request:
        """The request of :meth:`statistics`."""
        path = ("v2", "factory", "monitor", "task-statistics-overview")
        query = {"is_own": False, "query_days": "all"}
        return self._client.request("GET", self._client.session.hosts.v2, "statistics", *path, query=query)

    def retry_request(self, job_name: str, keys: t.Iterable[InstanceKey], options: RetryOptions) -> Request:
        """The request of :meth:`retry`."""
        return self._client.v2("POST", "retry", "jobs", job_name, "instances", "retry", body=body_v2(options, keys))

    def depend_jobs_request(self, job_name: str, relation: str) -> Request:
        """The request of :meth:`depend_jobs`."""
        return self._client.v2("GET", "depend", "jobs", job_name, "depend", query={"relation": relation})


def _statistics(body: t.Any) -> dict[Status, int]:
    fields = Fields(body, "the statistics of the workspace")
    return {status: fields.count(name) for status, name in _COUNTS.items()}


def _related_page(body: t.Any, workspace_id: str) -> Page[RelatedInstance]:
    fields = Fields(body, "the list of related instances")
    listed = enumerate(fields.entries("depend_instances_info"), 1)
    entries = [_related(entry, workspace_id, f"related instance {number}") for number, entry in listed]
    # The SDK's class has a total. An answer without it is accepted, because the list comes in one piece; but an answer with neither total nor
    # list must not be taken for an instance without dependencies.
    listed_without_total = fields.raw("total") is None and fields.raw("depend_instances_info") is not None
    return Page(len(entries) if listed_without_total else fields.count("total"), entries)


def _related(value: t.Any, workspace_id: str, what: str) -> RelatedInstance:
    fields = Fields(value, what)
    own = fields.identifier("workspace_id") or workspace_id
    # Only in this answer, the instance's id is called id.
    mapped = {**t.cast("dict[str, t.Any]", value), "instance_id": fields.identifier("id") or fields.identifier("instance_id")}
    parents = fields.entries("parent_instance_ids")
    if not all(isinstance(parent, (int, str)) and not isinstance(parent, bool) for parent in parents):
        raise bad_answer(f"parent_instance_ids of {what} holds something that is not an id")
    ids = tuple(str(parent)[:100] for parent in parents)
    average = fields.optional_number("avg_execute_time_ms")
    return RelatedInstance(instance(mapped, own, what), fields.text("workspace_name"), ids, average)


def _related_jobs(body: t.Any) -> list[RelatedJob]:
    if not isinstance(body, list):
        raise bad_answer("the list of related jobs is not a list")
    related_jobs = []
    for number, value in enumerate(body, 1):
        fields = Fields(value, f"related job {number}")
        related_jobs.append(
            RelatedJob(
                job_name=fields.name("job_name"),
                relation=fields.word("depend_layer"),
                workspace_name=fields.text("workspace_name"),
                path=fields.text("job_path"),
                owner=fields.text("owner"),
            )
        )
    return related_jobs
