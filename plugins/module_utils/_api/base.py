# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests in one workspace, and the parsing of instances and jobs, which both API versions share."""

from __future__ import annotations

import abc
import re
import sys
import typing as t

from .._common.errors import REMEDIES, ApiError, Kind, OptionError
from .._common.text import printable
from .._http.error_codes import is_services_own
from .._http.request import CONTENT_TYPE, Answer, Request, encoded_path
from .._models.instance import InstanceKey, InstanceType, Job, JobInstance, Status
from .pagination import Page, Unparsed, read_paged
from .parsing import Fields, bad_answer

if t.TYPE_CHECKING:
    from .._http.session import Session

_T = t.TypeVar("_T")
_WORKSPACE = re.compile(r"[!-~]{1,128}")

#: Statuses that a request may filter by, because every edition of that API version spells them alike; the caller applies other filters.
#: manual-stop and skip-by-depend are missing, because an older SDK spells them differently [KES]. v1's success is missing, because v1 has
#: another status for instances that were set to success by hand.
ASKED_V1 = frozenset({Status.WAITING, Status.RUNNING, Status.FAIL, Status.RUNNING_EXCEPTION, Status.PAUSE, Status.FREEZE})
ASKED_V2 = ASKED_V1 | {Status.SUCCESS}
#: Page size of lists of jobs: the only limit that every edition allows [OTC][TF].
JOBS_PAGE = 100


class ScopedClient:
    """Builds and sends requests in one workspace, or in the project without a workspace.

    :param workspace_id: sent in the ``workspace`` header of every request. Without the header, v1 uses the default workspace and v2
        answers with an error (OBS [KES]).
    :raises OptionError: *workspace_id* cannot be the id of a workspace.
    """

    def __init__(self, session: Session, workspace_id: str | None = None) -> None:
        if workspace_id is not None and not _WORKSPACE.fullmatch(workspace_id):
            raise OptionError(
                f"workspace_id '{printable(workspace_id, 80)}' is not the id of a workspace. Use an id that dataarts.factory.workspace_info returns."
            )
        self.session = session
        self.workspace_id = workspace_id or ""

    def v1(self, method: str, route: str, *segments: str, **rest: t.Any) -> Request:
        """A request to the v1 Factory API (host dayu-dlf): ``/v1/{project_id}/<segments>``."""
        return self.request(method, self.session.hosts.v1, f"v1.{route}", "v1", *segments, **rest)

    def v2(self, method: str, route: str, *segments: str, **rest: t.Any) -> Request:
        """A request to the v2 Factory API (host dayu): ``/v2/{project_id}/factory/<segments>``."""
        return self.request(method, self.session.hosts.v2, f"v2.{route}", "v2", "factory", *segments, **rest)

    def management(self, route: str, *segments: str, **rest: t.Any) -> Request:
        """A GET request to the management API (host dayu): ``/v1/{project_id}/<segments>``."""
        return self.request("GET", self.session.hosts.v2, f"management.{route}", "v1", *segments, **rest)

    def request(
        self,
        method: str,
        base: str,
        route: str,
        version: str,
        *segments: str,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Mapping[str, t.Any] | None = None,
    ) -> Request:
        """A request whose first two path segments are the version and the project. Every POST counts as a write.

        :param query: decoded. Entries that are None are left out; booleans become ``true`` and ``false``.
        :raises OptionError: a segment cannot be part of a URL.
        :raises ApiError: looking up the project failed.
        """
        project_id = self.session.project_id
        headers = [("X-Project-Id", project_id)]
        if self.workspace_id:
            headers.append(("workspace", self.workspace_id))
        if method == "POST":
            headers.append(("Content-Type", CONTENT_TYPE))
        pairs = tuple((name, _word(value)) for name, value in (query or {}).items() if value is not None)
        path = encoded_path(version, project_id, *segments)
        return Request(method, base, path, route, query=pairs, body=body, headers=tuple(headers), writes=method == "POST")

    def read(self, request: Request, parse: t.Callable[[t.Any], _T], deadline: float | None = None) -> _T:
        """Send a read and parse its JSON with *parse*.

        :raises ApiError: the request failed, or *parse* refused the answer; the error names the request.
        """
        return _named(request, self._answer(request, deadline), parse)

    def read_instances(self, request: Request, deadline: float | None = None) -> Page[JobInstance]:
        """Send a read of either list of instances. :raises ApiError: as :meth:`read`, but for a bad instance only when the entries are accessed."""
        answer = self._answer(request, deadline)
        number = _named(request, answer, lambda body: len(_listed(body).entries("instances")))
        total = _named(request, answer, lambda body: _listed(body).count("total"))
        return Page(total, Unparsed(number, lambda: _named(request, answer, lambda body: instance_page(body, self.workspace_id)).entries))

    def _answer(self, request: Request, deadline: float | None) -> Answer:
        """Send a read. :raises ApiError: NOT_FOUND only with the service's own code; a 404 of a proxy, which proves nothing, becomes BAD_ANSWER."""
        try:
            return self.session.client.send(request, deadline=deadline)
        except ApiError as error:
            if error.kind is Kind.NOT_FOUND and not is_services_own(error.code):
                error.kind, error.hint = Kind.BAD_ANSWER, REMEDIES[Kind.BAD_ANSWER]
            raise

    def write(self, request: Request) -> Answer:
        """Send a write. Both 200 and 204 mean that it was accepted, whichever of them is documented.

        :raises ApiError: AMBIGUOUS if its outcome is unknown; any other kind if it had no effect.
        """
        answer = self.session.client.send(request)
        if answer.status not in (200, 204):
            raise ApiError(
                Kind.AMBIGUOUS,
                f"HTTP {answer.status}, which is not documented for this request",
                status=answer.status,
                request_id=answer.request_id,
                method=request.method,
                path=request.shown_path,
                hint="Check whether it took effect before you send it again.",
            )
        return answer


class FactoryApi(abc.ABC):
    """The part of the Factory API that both versions share, in one workspace. Every method raises ApiError."""

    def __init__(self, client: ScopedClient) -> None:
        self._client = client

    def list_jobs(self, name: str | None, job_type: str) -> list[Job]:
        """The jobs of type *job_type* whose name contains *name* (None: all)."""

        def fetch(limit: int, offset: int) -> Page[Job]:
            return self._client.read(self.jobs_request(job_type, limit, offset, name), job_page)

        return read_paged(fetch, key=lambda job: job.name, what="jobs", page=JOBS_PAGE)

    def probe(self) -> None:
        """List a single job, to learn whether this version is open to the account, and the service's time."""
        self._client.read(self.jobs_request("BATCH", 1, 0), job_page)

    @abc.abstractmethod
    def jobs_request(self, job_type: str, limit: int, offset: int, name: str | None = None) -> Request:
        """The request for one page of :meth:`list_jobs`."""


def _named(request: Request, answer: Answer, parse: t.Callable[[t.Any], _T]) -> _T:
    """Parse *answer* with *parse*. :raises ApiError: *parse* refused it; the error names the request."""
    try:
        return parse(answer.body)
    except ApiError as error:
        error.method, error.path = request.method, request.shown_path
        error.status, error.request_id = answer.status, answer.request_id
        raise


def _listed(body: t.Any) -> Fields:
    return Fields(body, "the list of instances")


def instance_page(body: t.Any, workspace_id: str) -> Page[JobInstance]:
    """Parse one page of either list of instances. :raises ApiError: BAD_ANSWER, naming the instance and the field."""
    fields = _listed(body)
    entries = enumerate(fields.entries("instances"), 1)
    return Page(fields.count("total"), [instance(entry, workspace_id, f"instance {number} of the list") for number, entry in entries])


def instance(value: t.Any, workspace_id: str, what: str) -> JobInstance:
    """Parse an instance of either list. v1's forceSuccess and ignoreSuccess become success with a flag, as in v2 [KES].

    :raises ApiError: BAD_ANSWER, naming *what* and the field.
    """
    fields = Fields(value, what)
    plan_time, submit_time = fields.time("plan_time"), fields.time("submit_time")
    if plan_time is None or submit_time is None:
        raise bad_answer(
            f"{what} has no {'plan_time' if plan_time is None else 'submit_time'}, without which it cannot be distinguished from others"
        )
    text = fields.word("status")
    status = Status.parse(text)
    forced, ignored = fields.flag("force_success"), fields.flag("ignore_success")
    if status in (Status.FORCE_SUCCESS, Status.IGNORE_SUCCESS):
        forced, ignored = forced or status is Status.FORCE_SUCCESS, ignored or status is Status.IGNORE_SUCCESS
        status = Status.SUCCESS
    return JobInstance(
        # Interned: a hundred thousand instances of a few jobs share their names.
        key=InstanceKey(workspace_id, sys.intern(fields.job_id()), plan_time, submit_time),
        job_name=sys.intern(fields.name("job_name")),
        status=status,
        status_text=text if status is Status.UNKNOWN else status.value,
        instance_id=fields.identifier("instance_id"),
        instance_type=InstanceType.parse(fields.optional_number("instance_type")),
        start_time=fields.time("start_time"),
        end_time=fields.time("end_time"),
        execute_time=fields.optional_number("execute_time"),
        version=fields.optional_number("version"),
        force_success=forced,
        ignore_success=ignored,
        error_message=_interned(fields.message("error_message")),
        instance_name=fields.text("job_instance_name"),
    )


def job_page(body: t.Any) -> Page[Job]:
    """Parse one page of either list of jobs. :raises ApiError: BAD_ANSWER, naming the job and the field."""
    fields = Fields(body, "the list of jobs")
    entries = enumerate(fields.entries("jobs"), 1)
    return Page(fields.count("total"), [_job(entry, f"job {number} of the list") for number, entry in entries])


def _job(value: t.Any, what: str) -> Job:
    fields = Fields(value, what)
    next_plan = fields.text("next_plan_time")  # a "str" in the SDK; used only if it is epoch ms
    return Job(
        name=fields.name("name"),
        job_id=fields.identifier("job_id") or fields.identifier("id"),
        job_type=fields.text("job_type"),
        status=fields.text("status"),
        owner=fields.text("owner"),
        path=fields.text("path"),
        last_instance_status=fields.text("last_instance_status"),
        last_instance_end_time=fields.time("last_instance_end_time"),
        start_time=fields.time("start_time"),
        end_time=fields.time("end_time"),
        create_time=fields.time("create_time"),
        last_update_time=fields.time("last_update_time"),
        next_plan_time=fields.time("next_plan_time") if next_plan and next_plan.isascii() and next_plan.isdigit() else None,
        priority=fields.optional_number("priority"),
    )


def wanted_status(instance: JobInstance, statuses: t.Collection[Status] | None) -> bool:
    """Whether *instance* has one of *statuses* (None or empty: any). forceSuccess and ignoreSuccess match by its flags."""
    if not statuses or instance.status in statuses:
        return True
    return (instance.force_success and Status.FORCE_SUCCESS in statuses) or (instance.ignore_success and Status.IGNORE_SUCCESS in statuses)


def wanted_type(instance: JobInstance, instance_type: InstanceType | None) -> bool:
    """Whether *instance* may be of *instance_type*. One of unknown type may be, because the request asked for that type."""
    return instance_type is None or instance.instance_type in (None, instance_type)


def asked_status(statuses: t.Collection[Status] | None, known: t.Collection[Status]) -> str | None:
    """The status for the request's filter, if exactly one is wanted and it is in *known*; otherwise None, and the caller filters."""
    words = {status.value for status in statuses or () if status in known}
    return words.pop() if len(words) == 1 and len(set(statuses or ())) == 1 else None


def _interned(text: str | None) -> str | None:
    return None if text is None else sys.intern(text)


def _word(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
