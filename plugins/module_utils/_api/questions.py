# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single requests whose raw answers account_doctor examines: one page of a list, one entry, a request for something that does not exist.

Elsewhere lists are complete or an error; here one page is enough, because the form of the answer matters. The requests are those of
:mod:`.v1` and :mod:`.v2`.
"""

from __future__ import annotations

import typing as t

from .._common.times import Window
from .._http.request import Answer, Request
from .._models.instance import InstanceKey
from .._models.rerun_request import RetryOptions
from .base import ScopedClient
from .v1 import V1Api
from .v2 import V2Api

if t.TYPE_CHECKING:
    from .._http.session import Session

#: A job name that cannot exist: names consist of letters, digits, hyphens, underscores and periods.
NO_SUCH_JOB = "no such job: account_doctor asks whether this is open"
#: A workspace and a resource that cannot exist.
NO_SUCH_WORKSPACE = "0" * 32
NO_SUCH_CALL = "no-such-call"
#: An instance that cannot exist, planned on 2001-09-09, long before the service.
_NO_SUCH_TIME = 1_000_000_000_000


class Questions:
    """Single requests in one workspace. Every method raises ApiError.

    :param deadline: ``time.monotonic()`` seconds after which nothing is sent.
    """

    def __init__(self, session: Session, workspace_id: str, deadline: float | None = None) -> None:
        self._session = session
        self._client = ScopedClient(session, workspace_id)
        self._v1, self._v2 = V1Api(self._client), V2Api(self._client)
        self._deadline = deadline
        self.workspace_id = workspace_id

    def send(self, request: Request) -> Answer:
        """Send *request* and return its answer."""
        return self._session.client.send(request, deadline=self._deadline)

    def jobs(self, version: str, limit: int, offset: int = 0) -> Answer:
        """One page of the list of jobs."""
        return self.send((self._v2 if version == "v2" else self._v1).jobs_request("BATCH", limit, offset))

    def instances(self, version: str, job_name: str | None, window: Window | None, limit: int) -> Answer:
        """First page of the instances of *job_name*, planned in *window* (None: today).

        Without *job_name*, v1 lists the whole workspace, and v2 a job that does not exist.
        """
        if version == "v2":
            return self.send(self._v2.instances_request(job_name or NO_SUCH_JOB, window, limit, 0))
        return self.send(self._v1.instances_request(job_name, window, limit, 0))

    def job(self, job_name: str) -> Answer:
        """The definition of a job."""
        return self.send(self._v1.job_request(job_name))

    def instance(self, job_name: str, instance_id: str) -> Answer:
        """An instance with its nodes."""
        return self.send(self._v1.instance_request(job_name, instance_id))

    def dependencies(self, job_name: str) -> Answer:
        """The jobs that a job depends on and that depend on it."""
        return self.send(self._v2.depend_jobs_request(job_name, "both"))

    def statistics(self) -> Answer:
        """Number of instances of the last days by status."""
        return self.send(self._v2.statistics_request())

    def without_workspace(self) -> Answer:
        """v2's list of jobs without the ``workspace`` header."""
        return self.send(V2Api(ScopedClient(self._session)).jobs_request("BATCH", 1, 0))

    def no_such_call(self) -> Answer:
        """A request that no edition of the API has, so that the gateway refuses it."""
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
        """A rerun of an instance that cannot exist, of a job that cannot exist. The service must refuse it, and nothing runs."""
        if version == "v2":
            key = InstanceKey(self.workspace_id, "1", _NO_SUCH_TIME, _NO_SUCH_TIME)
            return self.send(self._v2.retry_request(NO_SUCH_JOB, [key], RetryOptions()))
        return self.send(self._v1.restart_request(NO_SUCH_JOB, "1", RetryOptions()))
