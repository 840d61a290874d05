# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single questions to the service, whose answers are looked at as they came: one page of a list, one entry, one call that need not exist.

The lists of the collection are complete or an error; here a part is enough, and how the service answers is what is asked for.
"""

from __future__ import annotations

import typing as t

from .._common.times import Window
from .._http.request import Answer, Request
from .._models.instance import InstanceKey
from .._models.rerun_request import RetryOptions, body_v1, body_v2
from .base import ScopedClient

if t.TYPE_CHECKING:
    from .._http.session import Session

#: A job name that cannot exist: names consist of letters, digits, hyphens, underscores and periods.
NO_SUCH_JOB = "no such job: account_doctor asks whether this is open"
#: A workspace, and a call, that cannot exist.
NO_SUCH_WORKSPACE = "0" * 32
NO_SUCH_CALL = "no-such-call"
#: An instance that cannot exist, planned on 2001-09-09, long before the service.
_NO_SUCH_TIME = 1_000_000_000_000


class Questions:
    """The questions about one workspace. Every method raises ApiError.

    :param deadline: ``time.monotonic()`` seconds after which nothing is sent.
    """

    def __init__(self, session: Session, workspace_id: str, deadline: float | None = None) -> None:
        self._session = session
        self._client = ScopedClient(session, workspace_id)
        self._no_workspace = ScopedClient(session)
        self._deadline = deadline
        self.workspace_id = workspace_id

    def send(self, request: Request) -> Answer:
        """The answer to *request*."""
        return self._session.client.send(request, deadline=self._deadline)

    def jobs(self, version: str, limit: int, offset: int = 0, job_type: str = "BATCH") -> Answer:
        """One page of the list of jobs [SDK]."""
        if version == "v2":
            query = {"limit": limit, "offset": offset, "job_type": job_type}
            return self.send(self._client.v2("GET", "jobs", "jobs", query=query))
        return self.send(self._client.v1("GET", "jobs", "jobs", query={"limit": limit, "offset": offset, "jobType": job_type}))

    def instances(self, version: str, job_name: str | None, window: Window, limit: int) -> Answer:
        """The first page of the instances of a job, or with v1 of the whole workspace if there is no *job_name* [H-208][H-94]."""
        if version == "v2":
            times = {"min_plan_time": window.begin, "max_plan_time": window.end, "limit": limit, "offset": 0}
            return self.send(self._client.v2("GET", "list", "jobs", job_name or NO_SUCH_JOB, "instances", "detail", query=times))
        precise = None if job_name is None else True
        query = {
            "jobName": job_name,
            "preciseQuery": precise,
            "minPlanTime": window.begin,
            "maxPlanTime": window.end,
            "limit": limit,
            "offset": 0,
        }
        return self.send(self._client.v1("GET", "list", "jobs", "instances", "detail", query=query))

    def job(self, job_name: str) -> Answer:
        """The definition of a job [SDK]."""
        return self.send(self._client.v1("GET", "job", "jobs", job_name))

    def instance(self, job_name: str, instance_id: str) -> Answer:
        """An instance with its nodes [OTC-95]."""
        return self.send(self._client.v1("GET", "instance", "jobs", job_name, "instances", instance_id))

    def dependencies(self, job_name: str) -> Answer:
        """The jobs that a job depends on, and that depend on it [SDK]."""
        return self.send(self._client.v2("GET", "depend", "jobs", job_name, "depend"))

    def statistics(self) -> Answer:
        """Counts of the instances of the last days by status [SDK]."""
        path = ("v2", "factory", "monitor", "task-statistics-overview")
        request = self._client.request("GET", self._session.hosts.v2, "statistics", *path, query={"is_own": False, "query_days": "all"})
        return self.send(request)

    def without_workspace(self) -> Answer:
        """v2's list of jobs without the ``workspace`` header."""
        return self.send(self._no_workspace.v2("GET", "jobs", "jobs", query={"limit": 1, "offset": 0}))

    def no_such_call(self) -> Answer:
        """A call that no edition has, which the gateway refuses in its own words."""
        return self.send(self._client.management("instances", NO_SUCH_CALL))

    def no_such_job(self, version: str) -> Answer:
        """The definition (v1), or the instances (v2), of a job that cannot exist."""
        if version == "v2":
            return self.instances("v2", NO_SUCH_JOB, Window(_NO_SUCH_TIME, _NO_SUCH_TIME + 1), 1)
        return self.job(NO_SUCH_JOB)

    def no_such_workspace(self, version: str) -> Answer:
        """The list of jobs of a workspace that cannot exist."""
        return Questions(self._session, NO_SUCH_WORKSPACE, self._deadline).jobs(version, 1)

    def rerun_of_nothing(self, version: str) -> Answer:
        """A rerun of an instance that cannot exist, of a job that cannot exist: whatever else it is, it is refused, and nothing runs."""
        if version == "v2":
            body = body_v2(RetryOptions(), [InstanceKey(self.workspace_id, "1", _NO_SUCH_TIME, _NO_SUCH_TIME)])
            return self.send(self._client.v2("POST", "retry", "jobs", NO_SUCH_JOB, "instances", "retry", body=body))
        return self.send(self._client.v1("POST", "restart", "jobs", NO_SUCH_JOB, "instances", "1", "restart", body=body_v1(RetryOptions())))
