# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the v2 Factory API (host dayu), one method per endpoint."""

from __future__ import annotations

import typing as t

from .._common.times import Window
from .._http.request import Answer
from .._models.instance import (
    InstanceKey,
    InstanceType,
    Job,
    JobInstance,
    RelatedInstance,
    RelatedJob,
    Status,
)
from .._models.rerun_request import RelatedJobs, RetryOptions, body_v2, body_v2_related
from .base import (
    ASKED_V2,
    JOBS_PAGE,
    ScopedClient,
    asked_status,
    instance,
    instance_page,
    job_page,
)
from .pagination import ListLimits, Page, read_paged, read_whole, read_windowed
from .parsing import Fields, bad_answer

#: Longest window of one list call: "at most one month" [H-208], of which 30 days are always less.
MAX_WINDOW_MS = 30 * 86_400_000
#: Layers of dependencies that one call follows at most [H-DEP].
MAX_DEPTH = 50
#: Status -> the field of the statistics that counts it [SDK].
_COUNTS = {
    Status.FAIL: "fail_count",
    Status.RUNNING_EXCEPTION: "running_exception_count",
    Status.MANUAL_STOP: "manual_stop_count",
}


class V2Api:
    """The v2 API in one workspace. Every method takes ``deadline`` (time.monotonic() seconds, or None) and raises ApiError."""

    def __init__(self, client: ScopedClient) -> None:
        self._client = client

    def list_instances(
        self,
        job_name: str,
        window: Window,
        *,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        deadline: float | None = None,
    ) -> list[JobInstance]:
        """GET …/factory/jobs/{job_name}/instances/detail [H-208]: instances of the job of exactly that name, complete.

        A status is asked for where only one is wanted and every edition spells it alike; other filters are the caller's.
        ``min_plan_time`` and ``max_plan_time`` are taken for plan times, as they are named; the page's text says start time.
        """
        status = asked_status(statuses, ASKED_V2)

        def fetch(span: Window, limit: int, offset: int) -> Page[JobInstance]:
            query = {
                "min_plan_time": span.begin,
                "max_plan_time": span.end,
                "limit": limit,
                "offset": offset,
                "status": status,
                "instance_type": instance_type.number if instance_type else None,
            }
            call = self._client.v2("GET", "list", "jobs", job_name, "instances", "detail", query=query)
            return self._client.read(call, lambda payload: instance_page(payload, self._client.workspace_id), deadline)

        return read_windowed(
            fetch,
            window,
            key=lambda listed: listed.full_key,
            what=f"instances of job {job_name}",
            limits=ListLimits(slice_ms=MAX_WINDOW_MS),
        )

    def list_jobs(self, name: str | None, job_type: str, deadline: float | None = None) -> list[Job]:
        """GET …/factory/jobs [SDK]: jobs of that type whose name contains *name* (None: all)."""

        def fetch(limit: int, offset: int) -> Page[Job]:
            query = {"limit": limit, "offset": offset, "job_type": job_type, "job_name": name}
            return self._client.read(self._client.v2("GET", "jobs", "jobs", query=query), job_page, deadline)

        return read_paged(fetch, key=lambda job: job.name, what="jobs", page=JOBS_PAGE)

    def statistics(self, deadline: float | None = None) -> dict[Status, int]:
        """GET …/factory/monitor/task-statistics-overview [SDK]: how many instances of the last seven days are in a status that needs somebody.

        One request a second is allowed [H-OV2].
        """
        path = ("v2", "factory", "monitor", "task-statistics-overview")
        query = {"is_own": False, "query_days": "all"}
        call = self._client.call("GET", self._client.connection.hosts.v2, "statistics", *path, query=query)
        return self._client.read(call, _statistics, deadline)

    def retry(self, job_name: str, keys: t.Iterable[InstanceKey], options: RetryOptions, deadline: float | None = None) -> Answer:
        """POST …/factory/jobs/{job_name}/instances/retry, first mode [H-RET]: selected instances. 200 or 204, without a body."""
        call = self._client.v2("POST", "retry", "jobs", job_name, "instances", "retry", body=body_v2(options, keys))
        return self._client.write(call, deadline)

    def retry_related(self, job_name: str, related: RelatedJobs, options: RetryOptions, deadline: float | None = None) -> Answer:
        """The same POST, second mode [H-RET]: the job with upstream and downstream jobs."""
        call = self._client.v2("POST", "retry", "jobs", job_name, "instances", "retry", body=body_v2_related(options, related))
        return self._client.write(call, deadline)

    def depend_instances(
        self, instance_id: str, relation: str = "both", depth: int = 1, latest_only: bool = True, deadline: float | None = None
    ) -> list[RelatedInstance]:
        """GET …/factory/instances/{instance_id}/depend-instances [H-DEP]: what the instance depends on and what depends on it.

        :param relation: ``parent``, ``child`` or ``both``.
        :param depth: layers to follow, 1 to 50.
        :param latest_only: only the newest instance of each related job.
        """
        query = {"relation": relation, "depth": depth, "latest": latest_only}
        call = self._client.v2("GET", "depend", "instances", instance_id, "depend-instances", query=query)
        return read_whole(
            lambda: self._client.read(call, lambda payload: _related_page(payload, self._client.workspace_id), deadline),
            key=lambda related: related.instance.full_key,
            what=f"instances related to instance {instance_id}",
        )

    def depend_jobs(self, job_name: str, relation: str = "both", deadline: float | None = None) -> list[RelatedJob]:
        """GET …/factory/jobs/{job_name}/depend [SDK]: a bare list of the jobs it depends on and that depend on it."""
        call = self._client.v2("GET", "depend", "jobs", job_name, "depend", query={"relation": relation})
        return self._client.read(call, _related_jobs, deadline)


def _statistics(payload: t.Any) -> dict[Status, int]:
    fields = Fields(payload, "the statistics of the workspace")
    return {status: fields.count(name) for status, name in _COUNTS.items()}


def _related_page(payload: t.Any, workspace_id: str) -> Page[RelatedInstance]:
    fields = Fields(payload, "the list of related instances")
    entries = [
        _related(one, workspace_id, f"related instance {number}") for number, one in enumerate(fields.entries("depend_instances_info"), 1)
    ]
    # total is in the SDK's class; a list that comes whole is not refused for the lack of it
    return Page(len(entries) if fields.raw("total") is None else fields.count("total"), entries)


def _related(value: t.Any, workspace_id: str, what: str) -> RelatedInstance:
    fields = Fields(value, what)
    own = fields.identifier("workspace_id") or workspace_id
    # here, and here only, the id of the instance is called id
    mapped = {**t.cast("dict[str, t.Any]", value), "instance_id": fields.identifier("id") or fields.identifier("instance_id")}
    parents = fields.entries("parent_instance_ids")
    if not all(isinstance(one, (int, str)) and not isinstance(one, bool) for one in parents):
        raise bad_answer(f"parent_instance_ids of {what} holds something that is no id")
    return RelatedInstance(instance(mapped, own, what), fields.text("workspace_name"), tuple(str(one)[:100] for one in parents))


def _related_jobs(payload: t.Any) -> list[RelatedJob]:
    if not isinstance(payload, list):
        raise bad_answer("the list of related jobs is no list")
    found = []
    for number, value in enumerate(payload, 1):
        fields = Fields(value, f"related job {number}")
        found.append(
            RelatedJob(
                job_name=fields.name("job_name"),
                relation=fields.word("depend_layer"),
                workspace_name=fields.text("workspace_name"),
                path=fields.text("job_path"),
                owner=fields.text("owner"),
            )
        )
    return found
