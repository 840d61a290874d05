# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of one workspace, by whichever API version needs fewer requests.

v1 lists a whole workspace in one walk, v2 lists one job. Sub-jobs of real-time jobs are included, see :mod:`.job_query`.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from .._common.concurrency import in_threads
from .._common.errors import FATAL_KINDS, ApiError, Kind, OptionError
from .._common.times import DAY_MS, Window
from .._models.instance import InstanceType, Job, JobInstance, JobNodes, Status
from .base import ScopedClient, wanted_status, wanted_type
from .fallback import ApiVersions
from .job_query import JobNames, WantedJobs, listed_names
from .list_budget import ListBudget
from .v1 import V1_WINDOW_MS, V1Api
from .v2 import V2_WINDOW_MS, V2Api

if t.TYPE_CHECKING:
    from .._http.session import Session

#: Earlier plan times are not requested: the service keeps instances for six months [OTC-UMN-C].
RETENTION_MS = 190 * DAY_MS
#: Later plan times are not requested: the service creates instances when they are due.
PLANNED_AHEAD_MS = 31 * DAY_MS
#: Up to this many jobs are listed one by one: a walk over the workspace would list all other jobs too.
FEW_NAMES = 5
#: Seconds after which an unreachable v1 host is tried again, so that a run of several days can list by one walk again.
UNREACHABLE_SECONDS = 900.0
#: Kinds of errors that every other job or instance would meet too; errors of any other kind concern one only.
ENDS_ALL = FATAL_KINDS | {Kind.NOT_PUBLISHED, Kind.THROTTLED}


@dataclass
class Listing:
    """Instances of several jobs.

    :ivar problems: job name -> error, for jobs that could not be listed.
    :ivar notes: sentences about sub-jobs that cannot be listed, see :meth:`WorkspaceLists.list_workspace`.
    """

    instances: list[JobInstance] = field(default_factory=list)
    problems: dict[str, ApiError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def whole(self) -> list[JobInstance]:
        """The instances of all jobs. :raises ApiError: one of them could not be listed."""
        for error in self.problems.values():
            raise error
        return self.instances


class WorkspaceLists:
    """The instances and jobs of one workspace.

    :param api_version: ``auto``, ``v2`` or ``v1``.
    :ivar api_versions: route -> version used last. Routes are list (one job), list_workspace, jobs, retry, …
    :raises OptionError: an argument cannot be used.
    """

    def __init__(self, session: Session, workspace_id: str, api_version: str = "auto") -> None:
        client = ScopedClient(session, workspace_id)
        self.session = session
        self.workspace_id = workspace_id
        self.api_version = api_version
        self._versions = ApiVersions(session.hosts, api_version)
        self.api_versions = self._versions.used
        self._v1 = V1Api(client)
        self._v2 = V2Api(client)
        #: Until when the v1 host counts as unreachable, ``time.monotonic()`` seconds.
        self._unreachable_until = 0.0
        self._asked_time = False

    def list_instances(
        self,
        window: Window,
        *,
        job_name: str,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        budget: ListBudget | None = None,
    ) -> list[JobInstance]:
        """All instances of a job in *window*, in any order. Two may share a key, see :attr:`.JobInstance.full_key`.

        :param window: plan times, both ends included. Times more than :data:`RETENTION_MS` ago or :data:`PLANNED_AHEAD_MS` ahead, by the
            service's clock, are not requested, because there are no such instances.
        :param job_name: the exact name.
        :param statuses: None or empty for all.
        :param budget: budget of the listing to which this list belongs; None for a budget of its own.
        :raises ApiError: a part of the list cannot be read, or the list exceeds *budget*.
        """
        span = self._retained(window)
        if span is None:
            return []
        filters: dict[str, t.Any] = {"statuses": statuses, "instance_type": instance_type, "budget": budget}
        instances = self._versions.v2_or_v1(
            "list",
            lambda: self._v2.list_instances(job_name, span, **filters),
            lambda: self._v1.list_instances(job_name, span, **filters),
        )
        return [instance for instance in instances if wanted_status(instance, statuses) and wanted_type(instance, instance_type)]

    def list_workspace(
        self,
        window: Window,
        *,
        wanted: WantedJobs | None = None,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
    ) -> Listing:
        """List the instances of every wanted job by the route with the fewest requests.

        A few named jobs are listed one by one; otherwise v1 lists all in one walk, or v2 lists each batch job and sub-job if v1 cannot be used.

        Instances of sub-jobs are listed as ``<real-time job>_<node>`` [H-208]. No list contains sub-jobs, and only v1's definition of a real-time
        job has its nodes. If v1 cannot be used, ``notes`` of the listing names the real-time job.

        :param wanted: None for all jobs.
        :param statuses: the wanted statuses. Others may be listed too if a request cannot filter by them, and so with *instance_type*.
        """
        wanted = wanted or WantedJobs()
        filters: dict[str, t.Any] = {"statuses": statuses, "instance_type": instance_type}
        if wanted.only_exact and _named_is_cheaper(self, len(wanted.exact), window):
            return self.list_named(wanted.exact, window, **filters)
        span = self._retained(window)
        if span is None:
            return Listing()
        if self.walks_workspace:
            try:
                with self._versions.asking("v1", "list_workspace"):
                    walked = self._v1.list_instances(None, span, **filters)
                return Listing([instance for instance in walked if wanted.name(instance.job_name)])
            except ApiError as error:
                self._stop_walking(error)
        jobs = self._job_names(wanted, instance_type)
        listing = self.list_named(jobs.names, window, **filters)
        # A job that was just listed and no longer exists was deleted together with its instances.
        listing.problems = {name: error for name, error in listing.problems.items() if error.kind is not Kind.NOT_FOUND}
        listing.problems.update(jobs.problems)
        listing.notes += jobs.notes
        return listing

    def list_named(
        self,
        names: t.Sequence[str],
        window: Window,
        *,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
    ) -> Listing:
        """List the instances of each of the jobs. A job that cannot be listed does not stop the others.

        :raises ApiError: an error that every other job would meet too, or the jobs together exceed a listing's budget.
        """
        filters: dict[str, t.Any] = {"statuses": statuses, "instance_type": instance_type}
        budget = ListBudget("instances of the jobs")

        def list_one(name: str) -> list[JobInstance] | ApiError:
            try:
                return self.list_instances(window, job_name=name, budget=budget, **filters)
            except ApiError as error:
                if error.kind in ENDS_ALL or budget.exceeded:
                    raise
                return error
            except OptionError as error:
                if self._versions.preferred("list") == "v1":
                    raise
                return ApiError(Kind.INVALID, str(error))  # a name that cannot be part of a URL, such as ".."

        listing = Listing()
        for name, result in zip(names, in_threads(list_one, names)):
            if isinstance(result, ApiError):
                listing.problems[name] = result
            else:
                listing.instances.extend(result)
        return listing

    @property
    def walks_workspace(self) -> bool:
        """Whether v1 can list the whole workspace in one walk, as far as is known."""
        return self.api_version == "v1" or (self._may_use_v1() and self._versions.known.get("list_workspace") != "v2")

    def list_jobs(self, name: str | None = None, *, job_type: str = "BATCH") -> list[Job]:
        """The jobs of the workspace, or only the one called *name* (an empty list if there is none).

        :param job_type: BATCH or REAL_TIME.
        """
        jobs = self._versions.v2_or_v1("jobs", lambda: self._v2.list_jobs(name, job_type), lambda: self._v1.list_jobs(name, job_type))
        return [job for job in jobs if name in (None, job.name)]

    def has_job(self, name: str) -> bool:
        """Whether there is a job called *name*, batch or real-time. A sub-job ``<real-time job>_<node>`` exists if its real-time job does [H-208]."""
        if self.list_jobs(name):
            return True
        return any(job.name == name or name.startswith(f"{job.name}_") for job in self.list_jobs(job_type="REAL_TIME"))

    def job_detail(self, job_name: str) -> dict[str, t.Any]:
        """The definition of a job as the service returns it, with nodes and schedule (v1 only)."""
        return self._versions.only("v1", "job", lambda: self._v1.job_detail(job_name))

    def job_nodes(self, job_name: str) -> JobNodes | ApiError | None:
        """The nodes of a job, or the error by which they cannot be read; None if v1, the only version with nodes, is not open or unreachable."""
        if not self._may_use_v1() or self._versions.known.get("job") == "closed":
            return None
        try:
            return self._versions.only("v1", "job", lambda: self._v1.job_nodes(job_name))
        except ApiError as error:
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS
            elif error.kind is Kind.NOT_PUBLISHED:
                self._versions.known["job"] = "closed"
            else:
                return error
            return None
        except OptionError as error:
            return ApiError(Kind.INVALID, str(error))  # a name that cannot be part of a URL, such as ".."

    def ask_time(self) -> None:
        """Send one request, only once, to learn the service's time unless it is known. :raises ApiError: it failed without telling the time."""
        clock = self.session.client.clock
        if not (clock.learned or self._asked_time):
            try:
                self._versions.v2_or_v1("jobs", self._v2.probe, self._v1.probe)
            except ApiError:
                if not clock.learned:
                    raise
            self._asked_time = True

    def _stop_walking(self, error: ApiError) -> None:
        """Let auto list by v2 from now on, because v1 is closed or unreachable. :raises ApiError: *error*, if it has another kind."""
        if self.api_version == "v1" or error.kind not in (Kind.NOT_PUBLISHED, Kind.UNREACHABLE):
            raise error
        if error.kind is Kind.UNREACHABLE:
            self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS
        else:
            self._versions.known["list_workspace"] = "v2"
        self.api_versions["list_workspace"] = "v2"

    def _job_names(self, wanted: WantedJobs, instance_type: InstanceType | None) -> JobNames:
        """The names of all wanted batch jobs and sub-jobs, by v2."""
        try:
            batch = self.list_jobs()
            sub_jobs = instance_type in (None, InstanceType.SUB_JOB)
            real_time = self.list_jobs(job_type="REAL_TIME") if sub_jobs else []
        except ApiError as error:
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = 0.0  # v2 is unreachable too, so the v1 host may not be the problem
            raise
        self._warn_of_unreachable_v1()
        return listed_names(wanted, batch, real_time, self._node_names)

    def _node_names(self, job_name: str) -> list[str] | ApiError | None:
        """Names of the nodes of a real-time job, for :func:`listed_names`."""
        nodes = self.job_nodes(job_name)
        if isinstance(nodes, ApiError):
            return [] if nodes.kind is Kind.NOT_FOUND else nodes  # deleted since the jobs were listed
        return None if nodes is None else list(nodes.names)

    def _warn_of_unreachable_v1(self) -> None:
        """Warn that the v1 host is unreachable. Called after v2 has answered, so only that host is."""
        if time.monotonic() < self._unreachable_until:
            self.session.client.warn(
                f"The host of the v1 API ({self.session.hosts.v1}) cannot be reached, so each job is listed by itself. "
                "Set api_version to v2 to save the attempt."
            )

    def _may_use_v1(self) -> bool:
        """Whether v1 may be tried: api_version does not exclude it, its host is known, and with auto it was not unreachable recently."""
        if self.api_version == "v2" or not self.session.hosts.knows_v1:
            return False
        return self.api_version == "v1" or time.monotonic() >= self._unreachable_until

    def _retained(self, window: Window) -> Window | None:
        """The part of *window* in which there can be instances, or None, by the service's clock: this machine's may be off by years."""
        clock = self.session.client.clock
        if _existing(window, clock.now_ms()) != window:
            self.ask_time()
        return _existing(window, clock.now_ms())


def _existing(window: Window, now_ms: int) -> Window | None:
    begin, end = max(window.begin, now_ms - RETENTION_MS), min(window.end, now_ms + PLANNED_AHEAD_MS)
    return Window(begin, end) if begin <= end else None


def _named_is_cheaper(api: WorkspaceLists, names: int, span: Window) -> bool:
    """Whether to list *names* jobs one by one: they are few, or need no more requests than one walk over the workspace, or it cannot be walked."""
    if names <= FEW_NAMES or not api.walks_workspace:
        return True
    return names * len(span.slices(V2_WINDOW_MS)) <= len(span.slices(V1_WINDOW_MS))
