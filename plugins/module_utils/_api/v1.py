# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""v1 of the Factory API (host dayu-dlf), one method per endpoint."""

from __future__ import annotations

import typing as t

from .._common.errors import ApiError, Kind
from .._common.times import DAY_MS, Window
from .._http.request import Answer, Request
from .._models.instance import InstanceType, JobInstance, JobNodes, Status
from .._models.reason import InstanceDetail, NodeRun
from .._models.rerun_request import RetryOptions, body_v1
from .base import ASKED_V1, FactoryApi, asked_status
from .list_budget import ListBudget
from .pagination import ListLimits, Page, read_windowed
from .parsing import Fields, bad_answer

#: Longest window of one request [H-94].
V1_WINDOW_MS = 7 * DAY_MS
#: Most nodes of an instance that are accepted; in the console, a job has at most 200.
MAX_NODES = 1000
#: Most characters of a log's path and of a node's type.
_MAX_PATH, _MAX_TYPE = 1000, 100


class V1Api(FactoryApi):
    """v1 of the API in one workspace. Every method raises ApiError."""

    def list_instances(
        self,
        job_name: str | None,
        window: Window,
        *,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        deadline: float | None = None,
        budget: ListBudget | None = None,
    ) -> list[JobInstance]:
        """GET …/jobs/instances/detail [H-94]: all instances of the job called *job_name*, or of every job of the workspace (None).

        preciseQuery requests the exact name. It is compared again here, because editions without that parameter match parts of names [OTC].
        """
        status = asked_status(statuses, ASKED_V1)

        def fetch(span: Window, limit: int, offset: int) -> Page[JobInstance]:
            request = self.instances_request(job_name, span, limit, offset, status, instance_type)
            return self._client.read_instances(request, deadline)

        what = "instances of the workspace" if job_name is None else f"instances of job {job_name}"
        limits = ListLimits(slice_ms=V1_WINDOW_MS)
        instances = read_windowed(fetch, window, key=lambda listed: listed.full_key, what=what, limits=limits, budget=budget)
        return [instance for instance in instances if job_name in (None, instance.job_name)]

    def job_detail(self, job_name: str) -> dict[str, t.Any]:
        """GET …/jobs/{name} [SDK][OTC]: the definition of the newest submitted version as the service returns it (nodes, schedule, params, …)."""
        return self._client.read(self.job_request(job_name), lambda body: _definition(body, f"the definition of job {job_name}"))

    def job_nodes(self, job_name: str) -> JobNodes:
        """The nodes in the definition that :meth:`job_detail` returns."""
        fields = Fields(self.job_detail(job_name), f"the definition of job {job_name}")
        nodes = enumerate(fields.entries("nodes"), 1)
        names = tuple(Fields(node, f"node {number} of job {job_name}").name("name") for number, node in nodes)
        version = fields.identifier("version") or ""
        return JobNodes(names, int(version) if version.isascii() and version.isdecimal() else None)

    def instance_detail(self, job_name: str, instance_id: str, deadline: float | None = None) -> InstanceDetail:
        """GET …/jobs/{job_name}/instances/{instance_id} [OTC-95][SDK]: an instance with its nodes."""
        request = self.instance_request(job_name, instance_id)
        return self._client.read(request, lambda body: instance_detail(body, f"the detail of instance {instance_id}"), deadline)

    def restart(self, job_name: str, instance_id: str | None, options: RetryOptions) -> Answer:
        """POST …/jobs/{job_name}/instances/{instance_id}/restart [H-67]: rerun one instance. 204 or 200, without a body."""
        if not instance_id:
            raise ApiError(
                Kind.INVALID,
                f"the service listed the instance of job {job_name} without the instance id that v1 needs",
                hint="Set api_version to v2, which identifies instances by job id and times.",
            )
        return self._client.write(self.restart_request(job_name, instance_id, options))

    def stop(self, job_name: str, instance_id: str | None) -> Answer:
        """POST …/jobs/{job_name}/instances/{instance_id}/stop [OTC-66]: stop one waiting, running or hung instance. 204 or 200, without a body."""
        if not instance_id:
            raise ApiError(Kind.INVALID, f"the service listed the instance of job {job_name} without the instance id that v1 needs")
        return self._client.write(self._client.v1("POST", "stop", "jobs", job_name, "instances", instance_id, "stop"))

    def start_job(self, job_name: str) -> Answer:
        """POST …/jobs/{job_name}/start [OTC-92]: start the job's schedule. 204 or 200, without a body."""
        return self._client.write(self._client.v1("POST", "start_job", "jobs", job_name, "start"))

    def stop_job(self, job_name: str) -> Answer:
        """POST …/jobs/{job_name}/stop [OTC-64]: stop the job's schedule. 204 or 200, without a body."""
        return self._client.write(self._client.v1("POST", "stop_job", "jobs", job_name, "stop"))

    def run_job(self, job_name: str, params: t.Mapping[str, str]) -> Answer:
        """POST …/jobs/{job_name}/run-immediate [OTC-91]: run the job once, now. 200 with the ``instanceId``.

        :param params: the job's parameters by name. Their types are not sent, because editions have different names for that field.
        """
        body = {"jobParams": [{"name": name, "value": value} for name, value in params.items()]} if params else None
        return self._client.write(self._client.v1("POST", "run", "jobs", job_name, "run-immediate", body=body))

    # The requests for these endpoints, which ``questions.py`` sends too

    def instances_request(
        self,
        job_name: str | None,
        span: Window | None,
        limit: int,
        offset: int,
        status: str | None = None,
        instance_type: InstanceType | None = None,
    ) -> Request:
        """The request for one page of :meth:`list_instances`; without *span*, the service lists today's instances."""
        query = {
            "jobName": job_name,
            "preciseQuery": None if job_name is None else True,
            "minPlanTime": span.begin if span else None,
            "maxPlanTime": span.end if span else None,
            "limit": limit,
            "offset": offset,
            "status": status,
            "instanceType": instance_type.number if instance_type else None,
        }
        return self._client.v1("GET", "list", "jobs", "instances", "detail", query=query)

    def jobs_request(self, job_type: str, limit: int, offset: int, name: str | None = None) -> Request:
        """The request GET …/jobs [SDK] for one page of :meth:`list_jobs`."""
        query = {"limit": limit, "offset": offset, "jobType": job_type, "jobName": name}
        return self._client.v1("GET", "jobs", "jobs", query=query)

    def job_request(self, job_name: str) -> Request:
        """The request of :meth:`job_detail`."""
        return self._client.v1("GET", "job", "jobs", job_name, query={"getJobSubmitVersion": True})

    def instance_request(self, job_name: str, instance_id: str) -> Request:
        """The request of :meth:`instance_detail`."""
        return self._client.v1("GET", "instance", "jobs", job_name, "instances", instance_id)

    def restart_request(self, job_name: str, instance_id: str, options: RetryOptions) -> Request:
        """The request of :meth:`restart`."""
        return self._client.v1("POST", "restart", "jobs", job_name, "instances", instance_id, "restart", body=body_v1(options))


def _definition(body: t.Any, what: str) -> dict[str, t.Any]:
    Fields(body, what).name("name")
    return t.cast("dict[str, t.Any]", body)


def instance_detail(body: t.Any, what: str) -> InstanceDetail:
    """Parse an instance's detail.

    :param what: the detail, for messages: "the detail of instance 34765".
    :raises ApiError: BAD_ANSWER, naming the node and the field.
    """
    fields = Fields(body, what)
    entries, job_name = fields.entries("nodes"), fields.raw("job_name")
    if len(entries) > MAX_NODES:
        raise bad_answer(f"{what} has {len(entries)} nodes, more than {MAX_NODES}")
    return InstanceDetail(
        status=Status.parse(fields.word("status")),
        start_time=fields.time("start_time"),
        nodes=tuple(_node(entry, f"node {number} of {what}") for number, entry in enumerate(entries, 1)),
        message=fields.message("error_message"),
        plan_time=fields.time("plan_time"),
        end_time=fields.time("end_time"),
        job_name=job_name if isinstance(job_name, str) else None,
    )


def _node(value: t.Any, what: str) -> NodeRun:
    fields = Fields(value, what)
    return NodeRun(
        name=fields.name("node_name"),
        status=Status.parse(fields.word("status")),
        node_type=fields.text("type", _MAX_TYPE),
        retries=fields.optional_number("retry_times"),
        start_time=fields.time("start_time"),
        end_time=fields.time("end_time"),
        message=fields.message("error_message"),
        log_path=fields.text("log_path", _MAX_PATH),
    )
