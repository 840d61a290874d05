# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one workspace of the Factory, whichever API generation answers for it.

v2 lists one job and reruns many instances in one POST, but is an invited beta on some sites and absent on others [H-RET][OTC]; v1 lists
a whole workspace in one walk and reruns one instance at a time. With ``api_version`` auto, each route takes v2 and falls back to v1 when
the gateway says that the API is not published; an explicit version never falls back.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from .._common.concurrency import in_threads
from .._common.errors import FATAL_KINDS, ApiError, Kind, OptionError
from .._common.times import Window
from .._http.request import Answer
from .._models.instance import (
    InstanceType,
    Job,
    JobInstance,
    RelatedInstance,
    RelatedJob,
    Status,
)
from .._models.rerun_request import RelatedJobs, RetryOptions
from .base import ScopedClient, wanted_status, wanted_type
from .fallback import ApiVersions
from .pagination import MAX_ENTRIES, too_many
from .v1 import V1Api
from .v2 import V2Api

if t.TYPE_CHECKING:
    from .._http.session import Connection

#: Instances are kept for six months [OTC-UMN-C]; what was planned before is not asked for.
RETENTION_MS = 190 * 86_400_000
#: Instances come into being when they are due; what is planned later than this is not asked for.
PLANNED_AHEAD_MS = 31 * 86_400_000
#: How long a v1 host that could not be reached is done without, seconds: whoever looks for days wants its one walk back.
UNREACHABLE_SECONDS = 900.0
#: Errors of one job that say nothing about the next one are those not in here.
_ENDS_EVERY_LIST = FATAL_KINDS | {Kind.NOT_PUBLISHED, Kind.THROTTLED}


@dataclass(frozen=True)
class Accepted:
    """A rerun that the service took on. It answers without a body; what becomes of it is seen in the lists [H-RET]."""

    request_id: str | None
    api_version: str


@dataclass
class Listing:
    """Instances of several jobs, and the jobs whose list could not be had: job name -> error."""

    instances: list[JobInstance] = field(default_factory=list)
    problems: dict[str, ApiError] = field(default_factory=dict)


class WorkspaceApi:
    """One workspace.

    :param api_version: ``auto``, ``v2`` or ``v1``.
    :ivar api_versions: route -> version used last: list (one job), list_workspace, jobs, retry, …
    :raises OptionError: an argument cannot be used.
    """

    def __init__(self, connection: Connection, workspace_id: str, api_version: str = "auto") -> None:
        client = ScopedClient(connection, workspace_id)
        self.connection = connection
        self.workspace_id = workspace_id
        self.api_version = api_version
        self._versions = ApiVersions(connection.hosts, api_version)
        self.api_versions = self._versions.used
        self._v1 = V1Api(client)
        self._v2 = V2Api(client)
        #: Until when the v1 host counts as out of reach, ``time.monotonic()`` seconds.
        self._unreachable_until = 0.0

    # Lists

    def list_instances(
        self,
        window: Window,
        *,
        job_name: str | None = None,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        deadline: float | None = None,
    ) -> list[JobInstance]:
        """The instances planned within *window*, complete, in no order; two may share a key (see :func:`.instance.twins`).

        :param window: both ends included. What lies before :data:`RETENTION_MS` ago or beyond :data:`PLANNED_AHEAD_MS` ahead, by the service's
            clock, is left out: the service keeps instances for six months, and makes them when they are due.
        :param job_name: the exact name; None for the whole workspace.
        :param statuses: None or empty for all.
        :raises ApiError: a part of the list could not be had.
        """
        if job_name is None:
            listing = self.list_workspace(window, statuses=statuses, instance_type=instance_type, deadline=deadline)
            for error in listing.problems.values():
                raise error
            return listing.instances
        span = self._kept(window)
        if span is None:
            return []
        found = self._versions.either(
            "list",
            lambda: self._v2.list_instances(job_name, span, statuses=statuses, instance_type=instance_type, deadline=deadline),
            lambda: self._v1.list_instances(job_name, span, statuses=statuses, instance_type=instance_type, deadline=deadline),
        )
        return _filtered(found, statuses, instance_type)

    def list_workspace(
        self,
        window: Window,
        *,
        wanted: t.Callable[[str], bool] | None = None,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        deadline: float | None = None,
    ) -> Listing:
        """The instances of every job, by v1 in one walk; where there is only v2, every batch job is listed by itself (no sub-jobs of
        real-time jobs then: no list names them).

        :param wanted: which jobs are meant, by name; None for all.
        """
        span = self._kept(window)
        if span is None:
            return Listing()
        found = self._walk(span, statuses, instance_type, deadline)
        if found is not None:
            meant = [one for one in found if wanted is None or wanted(one.job_name)]
            return Listing(_filtered(meant, statuses, instance_type))
        try:
            names = [job.name for job in self.list_jobs(deadline=deadline) if wanted is None or wanted(job.name)]
        except ApiError as error:
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = 0.0  # nothing can be reached, which says nothing of the v1 host
            raise
        listing = self.list_named(names, window, statuses=statuses, instance_type=instance_type, deadline=deadline)
        # A job that was there a moment ago and is not any more has been deleted, and its instances with it.
        listing.problems = {name: error for name, error in listing.problems.items() if error.kind is not Kind.NOT_FOUND}
        return listing

    def list_named(
        self,
        names: t.Sequence[str],
        window: Window,
        *,
        statuses: t.Collection[Status] | None = None,
        instance_type: InstanceType | None = None,
        deadline: float | None = None,
    ) -> Listing:
        """The instances of each of the jobs; one that cannot be listed does not stop the others.

        :raises ApiError: of a kind that every other job would end in too, or the jobs have more than MAX_ENTRIES instances in all.
        """

        def one(name: str) -> list[JobInstance] | ApiError:
            try:
                return self.list_instances(window, job_name=name, statuses=statuses, instance_type=instance_type, deadline=deadline)
            except ApiError as error:
                if error.kind in _ENDS_EVERY_LIST:
                    raise
                return error
            except OptionError as error:
                if self._versions.of("list") == "v1":
                    raise
                return ApiError(Kind.INVALID, str(error))  # a name that cannot be part of a URL, such as ".."

        listing = Listing()
        for name, found in zip(names, in_threads(one, names)):
            if isinstance(found, ApiError):
                listing.problems[name] = found
            else:
                listing.instances.extend(found)
                if len(listing.instances) > MAX_ENTRIES:
                    raise too_many("instances of the jobs", len(listing.instances), MAX_ENTRIES)
        return listing

    @property
    def walks_workspace(self) -> bool:
        """Whether the whole workspace can be had in one walk, as far as is known: by v1, which must have a host."""
        return self.api_version == "v1" or (self._may_use_v1() and self._versions.known.get("list_workspace") != "v2")

    def list_jobs(self, name: str | None = None, *, job_type: str = "BATCH", deadline: float | None = None) -> list[Job]:
        """The jobs of the workspace, or the one of exactly that name (an empty list if there is none).

        :param job_type: BATCH or REAL_TIME.
        """
        found = self._versions.either(
            "jobs", lambda: self._v2.list_jobs(name, job_type, deadline), lambda: self._v1.list_jobs(name, job_type, deadline)
        )
        return [job for job in found if name in (None, job.name)]

    def has_job(self, name: str) -> bool:
        """Whether there is a batch or real-time job of exactly that name; a sub-job ``<real-time job>_<node>`` counts by its begin [H-208]."""
        if self.list_jobs(name):
            return True
        return any(job.name == name or name.startswith(f"{job.name}_") for job in self.list_jobs(job_type="REAL_TIME"))

    def job_detail(self, job_name: str, deadline: float | None = None) -> dict[str, t.Any]:
        """The definition of the job (v1 only): what the service says, nodes and schedule among it."""
        return self._versions.only("v1", "job", lambda: self._v1.job_detail(job_name, deadline))

    def depend_instances(
        self, instance_id: str, relation: str = "both", depth: int = 1, latest_only: bool = True, deadline: float | None = None
    ) -> list[RelatedInstance]:
        """The instances that one depends on or that depend on it (v2 only), see :meth:`V2Api.depend_instances`."""
        return self._versions.only("v2", "depend", lambda: self._v2.depend_instances(instance_id, relation, depth, latest_only, deadline))

    def statistics(self, deadline: float | None = None) -> dict[Status, int]:
        """How many instances of the last seven days failed, are in running-exception or were cancelled (v2 only)."""
        return self._versions.only("v2", "statistics", lambda: self._v2.statistics(deadline))

    def depend_jobs(self, job_name: str, relation: str = "both", deadline: float | None = None) -> list[RelatedJob]:
        """The jobs that one depends on or that depend on it (v2 only)."""
        return self._versions.only("v2", "depend", lambda: self._v2.depend_jobs(job_name, relation, deadline))

    # Writes

    @property
    def one_by_one(self) -> bool:
        """Whether reruns are known to go out one instance per call, by v1. With auto that is learned by the first rerun."""
        return self._versions.of("retry") == "v1"

    def batch_limit(self, wanted: int) -> int:
        """How many instances the next :meth:`retry` may carry, if *wanted* are asked for."""
        return 1 if self.one_by_one else max(1, wanted)

    def retry(self, job_name: str, instances: t.Sequence[JobInstance], options: RetryOptions, deadline: float | None = None) -> Accepted:
        """Rerun instances of one job.

        :raises ApiError: AMBIGUOUS if the outcome is not known; every other kind means that nothing was rerun. NOT_PUBLISHED for several
            instances, after which :attr:`one_by_one` is true: v2 is not open here, send them again one by one.
        """
        if not instances or any(one.key.workspace_id != self.workspace_id for one in instances):
            raise ValueError("retry needs instances of its own workspace")

        def by_v1() -> Answer:
            if len(instances) > 1:
                raise ApiError(
                    Kind.NOT_PUBLISHED,
                    f"v2 is not used here and v1 reruns one instance per call, not {len(instances)}",
                    hint="Send them one by one.",
                )
            return self._v1.restart(job_name, instances[0].instance_id, options, deadline)

        answer = self._versions.either("retry", lambda: self._v2.retry(job_name, [one.key for one in instances], options, deadline), by_v1)
        return Accepted(answer.request_id, self.api_versions["retry"])

    def can_restart_by_id(self, deadline: float | None = None) -> bool:
        """Whether :meth:`restart` can be used: v1 is allowed, has a host and is open to the account.

        Known where v1 answered before, for example with the list of the workspace; otherwise asked by one read of a single job.
        Nothing is written.
        """
        if not self._may_use_v1():
            return False
        if "v1" not in self._versions.answered:
            self._probe_v1(deadline)
        return "v1" in self._versions.answered

    def restart(self, job_name: str, instance: JobInstance, options: RetryOptions, deadline: float | None = None) -> Accepted:
        """Rerun one instance by its instance_id, by v1 also where v2 reruns the others: v2's key cannot tell twins apart.

        :raises ApiError: as :meth:`retry`; NOT_PUBLISHED where v1 must not be used or is not open.
        """
        if instance.key.workspace_id != self.workspace_id:
            raise ValueError("restart needs an instance of its own workspace")
        answer = self._versions.only("v1", "restart", lambda: self._v1.restart(job_name, instance.instance_id, options, deadline))
        return Accepted(answer.request_id, "v1")

    def retry_related(self, job_name: str, related: RelatedJobs, options: RetryOptions, deadline: float | None = None) -> Accepted:
        """Rerun a job with upstream and downstream jobs (v2 only).

        :raises ApiError: as :meth:`retry`; NOT_PUBLISHED where v2 is not to be used.
        """
        answer = self._versions.only("v2", "retry_related", lambda: self._v2.retry_related(job_name, related, options, deadline))
        return Accepted(answer.request_id, "v2")

    def _walk(
        self, span: Window, statuses: t.Collection[Status] | None, instance_type: InstanceType | None, deadline: float | None
    ) -> list[JobInstance] | None:
        """The whole workspace by v1; None where v1 is not to be used, or auto found it closed or out of reach."""
        if not self.walks_workspace:
            return None
        try:
            return self._versions.by(
                "v1",
                "list_workspace",
                lambda: self._v1.list_instances(None, span, statuses=statuses, instance_type=instance_type, deadline=deadline),
            )
        except ApiError as error:
            if self.api_version == "v1" or error.kind not in (Kind.NOT_PUBLISHED, Kind.UNREACHABLE):
                raise
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS
                self.connection.client.warn(
                    f"The host of the v1 API ({self.connection.hosts.v1}) cannot be reached, so every job is listed by itself. "
                    "Set api_version to v2 to save the attempt."
                )
            else:
                self._versions.known["list_workspace"] = "v2"
            self.api_versions["list_workspace"] = "v2"
            return None

    def _may_use_v1(self) -> bool:
        """Whether v1 may be tried: not excluded by api_version, its host known and not unreachable a moment ago."""
        if self.api_version == "v2" or not self.connection.hosts.knows_v1:
            return False
        return self.api_version == "v1" or time.monotonic() >= self._unreachable_until

    def _probe_v1(self, deadline: float | None) -> None:
        """Find out by one cheap read whether v1 is open here; an error is an answer too."""
        try:
            self._versions.by("v1", "probe", lambda: self._v1.probe(deadline))
        except ApiError as error:
            if error.kind is Kind.UNREACHABLE:
                self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS

    def _kept(self, window: Window) -> Window | None:
        """The part of *window* in which there can be instances, or None."""
        now = self.connection.client.clock.now_ms()
        begin, end = max(window.begin, now - RETENTION_MS), min(window.end, now + PLANNED_AHEAD_MS)
        return Window(begin, end) if begin <= end else None


def _filtered(
    instances: t.Iterable[JobInstance], statuses: t.Collection[Status] | None, instance_type: InstanceType | None
) -> list[JobInstance]:
    return [one for one in instances if wanted_status(one, statuses) and wanted_type(one, instance_type)]
