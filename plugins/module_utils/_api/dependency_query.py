# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the upstream dependencies of instances with few requests.

First, once per job: does it depend on anything? v1's definition of the job says so, and whether the job depends on its own previous
cycle [SDK][OTC]. Only if the service says that v1 is not open, v2's list of related jobs is used [SDK], which does not contain the previous
cycle. It is not used if v1's host is unreachable, because v1 may be open all the same, and answers are kept for the whole run. Jobs that
depend on nothing need no further request.

Only the service knows which *instances* an instance depends on: daily and hourly cycles do not match one to one, and policies such as "same
period" and "previous period" are the service's. So for jobs with dependencies, the instances are read by v2 [H-DEP]. One answer contains
everything above an instance, up to 50 levels and across workspaces. So instances furthest downstream are read first, and instances in their
answers are not read again.

None of this changes during a run, so it is handed from pass to pass. Only the status of instances that are not selected but that others wait
for is read again.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.concurrency import in_threads
from .._common.errors import REMEDIES, ApiError, Kind
from .._common.grouping import grouped_by
from .._common.times import DAY_MS, Window
from .._http.error_codes import is_services_own
from .._models.instance import InstanceKey, JobInstance, RelatedInstance, Status
from .._planner.graph import reachable, topological_order
from .instance_query import list_job
from .list_budget import MAX_ENTRIES
from .v2 import MAX_DEPTH
from .workspace import WorkspaceApi

#: How far back the previous cycle of a job is looked for, ms: long enough for a monthly job.
PREVIOUS_CYCLE_MS = 31 * DAY_MS
#: Kinds of errors that concern only one job or instance.
ONE_ONLY = frozenset({Kind.NOT_FOUND, Kind.INVALID})
_NO_HOST = (
    "Only v1 of the API says which jobs depend on their own previous cycle. If its host can never be reached from here, set api_version to v2: "
    "then no instance waits for its previous cycle."
)


@dataclass
class Dependencies:
    """The dependencies read so far.

    :ivar jobs: job name -> names of the jobs that it depends on: () if it depends on nothing, None if the names are unknown.
    :ivar chained: names of jobs that depend on their own previous cycle.
    :ivar parents: instance -> the instances directly above it.
    :ivar others: instances above those that were asked for, each as it was read last.
    :ivar first_starts: start of each of *others* when it was first read.
    :ivar workspaces: workspace id -> name.
    :ivar averages: job name -> average duration in ms, for jobs of the workspace in answers.
    :ivar closed: whether the service does not publish dependencies here.
    """

    jobs: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    chained: set[str] = field(default_factory=set)
    parents: dict[InstanceKey, frozenset[InstanceKey]] = field(default_factory=dict)
    others: dict[InstanceKey, JobInstance] = field(default_factory=dict)
    first_starts: dict[InstanceKey, int | None] = field(default_factory=dict)
    workspaces: dict[str, str] = field(default_factory=dict)
    averages: dict[str, int] = field(default_factory=dict)
    closed: bool = False

    def keep(self, other: JobInstance) -> None:
        """Store *other*, which was just read, as an instance above some other one."""
        self.others[other.key] = other
        self.first_starts.setdefault(other.key, other.start_time)

    def to_pass_state(self) -> dict[str, t.Any]:
        """Convert to JSON, with each key only once."""
        keys = sorted({*self.parents, *self.others, *(key for above in self.parents.values() for key in above)})
        number = {key: index for index, key in enumerate(keys)}
        return {
            "keys": [[key.workspace_id, key.job_id, key.plan_time, key.submit_time] for key in keys],
            "parents": [[number[key], sorted(number[parent] for parent in above)] for key, above in self.parents.items()],
            "others": [
                [
                    number[key],
                    other.job_name,
                    other.status.value,
                    other.start_time,
                    other.end_time,
                    other.by_hand,
                    self.first_starts.get(key),
                ]
                for key, other in self.others.items()
            ],
            "jobs": [[name, None if above is None else list(above)] for name, above in self.jobs.items()],
            "chained": sorted(self.chained),
            "workspaces": dict(self.workspaces),
            "averages": dict(self.averages),
            "closed": self.closed,
        }

    @classmethod
    def from_pass_state(cls, state: t.Any) -> Dependencies:
        """Restore the result of :meth:`to_pass_state`; empty if *state* is anything else."""
        try:
            keys = [InstanceKey(str(key[0]), str(key[1]), int(key[2]), int(key[3])) for key in state["keys"]]
            return cls(
                jobs={str(name): None if above is None else tuple(map(str, above)) for name, above in state["jobs"]},
                chained=set(map(str, state["chained"])),
                parents={keys[index]: frozenset(keys[parent] for parent in above) for index, above in state["parents"]},
                others={
                    keys[index]: JobInstance(
                        keys[index], str(name), Status(word), word, start_time=start, end_time=end, force_success=bool(forced)
                    )
                    for index, name, word, start, end, forced, dummy in state["others"]
                },
                first_starts={keys[entry[0]]: entry[6] for entry in state["others"]},
                workspaces={str(key): str(name) for key, name in state["workspaces"].items()},
                averages={str(name): int(average) for name, average in (state.get("averages") or {}).items()},
                closed=bool(state["closed"]),
            )
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            return cls()

    def depends(self, instances: t.Iterable[JobInstance]) -> dict[InstanceKey, frozenset[InstanceKey]]:
        """Instance -> the instances that it depends on: those that were read, and for chained jobs the previous cycle among *instances*."""
        parents = dict(self.parents)
        for before, after in cycles_of(instance for instance in instances if instance.job_name in self.chained):
            parents[after] = parents.get(after, frozenset()) | {before}
        return parents


def cycles_of(instances: t.Iterable[JobInstance]) -> t.Iterator[tuple[InstanceKey, InstanceKey]]:
    """Pairs of successive cycles of the same job and type among *instances*."""
    cycles = grouped_by(instances, lambda instance: (instance.key.workspace_id, instance.key.job_id, instance.instance_type))
    for of_job in cycles.values():
        keys = sorted((instance.key for instance in of_job), key=lambda key: (key.plan_time, key.submit_time))
        yield from zip(keys, keys[1:])


class DependencyReader:
    """Reads what instances of one workspace depend on. Its methods raise ApiError.

    :param known: the dependencies from earlier passes; new ones are added to it.
    """

    def __init__(self, api: WorkspaceApi, known: Dependencies) -> None:
        self._api = api
        self.known = known

    def read(self, instances: t.Sequence[JobInstance]) -> None:
        """Read the instances above *instances*, as far as they are not known yet."""
        names = sorted({instance.job_name for instance in instances} - self.known.jobs.keys())
        for name, (above, chained) in zip(names, in_threads(lambda name: job_dependencies(self._api, name), names)):
            self.known.jobs[name] = above
            if chained:
                self.known.chained.add(name)
        for name in _downstream_first({instance.job_name for instance in instances}, self.known.jobs):
            left = [instance for instance in instances if instance.job_name == name and instance.key not in self.known.parents]
            for instance, related in zip(left, in_threads(self._above, left if self.known.jobs[name] != () else ())):
                self._learn(instance, related)
            if name in self.known.chained and left:
                self._learn_previous(min(left, key=lambda instance: instance.key))

    def refresh(self, instances: t.Iterable[JobInstance], stale: t.AbstractSet[InstanceKey]) -> None:
        """Read the status of the instances *stale* again, which are above some of *instances*: one request for everything above one instance."""
        left = set(stale)
        for instance in instances:
            above = reachable(self.known.parents, [instance.key]) & left if left else set()
            previous = {key for key in above if key.job_id == instance.key.job_id}
            if above - previous:
                self._learn(instance, self._above(instance))
            if previous:
                self._learn_previous(instance)
            left -= above

    def _learn_previous(self, first: JobInstance) -> None:
        """List the cycle before *first*, on which *first* depends; it may not be selected, and no answer about dependencies contains it."""
        window = Window(max(0, first.key.plan_time - PREVIOUS_CYCLE_MS), first.key.plan_time - 1)
        cycles = [instance for instance in list_job(self._api, first.job_name, window) if instance.instance_type is first.instance_type]
        if cycles:
            previous = max(cycles, key=lambda instance: instance.key)
            self.known.keep(previous)
            self.known.parents[first.key] = self.known.parents.get(first.key, frozenset()) | {previous.key}

    def _above(self, instance: JobInstance) -> list[RelatedInstance]:
        if not instance.instance_id:
            raise ApiError(
                Kind.INVALID,
                f"the service listed an instance of job {instance.job_name} without the id with which its dependencies are read",
            )
        return self._api.depend_instances(instance.instance_id, "parent", MAX_DEPTH, latest_only=False)

    def _learn(self, instance: JobInstance, related: t.Sequence[RelatedInstance]) -> None:
        by_id = {above.instance.instance_id: above.instance.key for above in related}
        inner: set[InstanceKey] = set()
        for above in related:
            key, parents = above.instance.key, above.parent_instance_ids
            self.known.keep(above.instance)
            if above.average_ms and key.workspace_id == self._api.workspace_id:
                self.known.averages[above.instance.job_name] = above.average_ms
            if above.workspace_name:
                self.known.workspaces[key.workspace_id] = above.workspace_name
            # Parents beyond the last level of the answer are missing; such an instance is read itself if it is to be rerun.
            if parents and all(parent in by_id for parent in parents):
                self.known.parents[key] = frozenset(by_id[parent] for parent in parents) - {key}
                inner |= self.known.parents[key]
        if len(self.known.others) > MAX_ENTRIES:
            raise ApiError(
                Kind.INVALID, f"the instances depend on more than {MAX_ENTRIES} others", hint="Narrow the time window or name fewer jobs."
            )
        # An instance above another parent is already above *instance* indirectly. It is kept as a parent only if its job is directly above too,
        # because the instance between them may have succeeded.
        jobs_above = self.known.jobs.get(instance.job_name)
        keys = {above.instance.key for above in related} - {instance.key}
        named = {above.instance.key for above in related if jobs_above is None or above.instance.job_name in jobs_above}
        self.known.parents[instance.key] = frozenset((keys - inner | keys & named) or keys)


def job_dependencies(api: WorkspaceApi, name: str) -> tuple[tuple[str, ...] | None, bool | None]:
    """Read the jobs that job *name* depends on, as in :attr:`Dependencies.jobs`, and whether it depends on its own previous cycle.

    The latter is None if only v2 answered, which does not tell.

    :raises ApiError: the dependencies cannot be read, except for errors that concern only this job.
    """
    if api.api_version != "v2" and api.session.hosts.knows_v1:
        try:
            return _parsed_definition(api.job_detail(name))
        except ApiError as error:
            if _refuses_one_job(error):
                return None, False  # for example a sub-job of a real-time job; its instances will be read
            if api.api_version == "v1" or error.kind is not Kind.NOT_PUBLISHED:
                error.hint = f"{error.hint} {_NO_HOST}" if error.kind is Kind.UNREACHABLE else error.hint
                raise
    try:
        above = [job.job_name for job in api.depend_jobs(name, "parent") if job.relation != "child"]
    except ApiError as error:
        if _refuses_one_job(error):
            return None, False
        raise
    # v2 names no workspaces, so its own name may also be that of a job in another workspace.
    return tuple(above), name in above or None


def _refuses_one_job(error: ApiError) -> bool:
    """Whether the service itself refused one job with *error*.

    If a proxy or another server in between refused it, *error* is changed to BAD_ANSWER: it does not mean "depends on nothing".
    """
    if error.kind in ONE_ONLY and not is_services_own(error.code):
        error.kind, error.hint = Kind.BAD_ANSWER, REMEDIES[Kind.BAD_ANSWER]
    return error.kind in ONE_ONLY


def _parsed_definition(detail: t.Mapping[str, t.Any]) -> tuple[tuple[str, ...] | None, bool]:
    """The dependencies in v1's definition of a job, as :func:`job_dependencies`. The names are None if their form is not documented."""
    schedule = detail.get("schedule") or {}
    cron = schedule.get("cron") if isinstance(schedule, t.Mapping) else None
    if cron is None:
        return ((), False) if isinstance(schedule, t.Mapping) else (None, False)
    if not isinstance(cron, t.Mapping):
        return None, False
    chained = str(cron.get("dependPrePeriod", "")).lower() == "true"
    depends = cron.get("dependJobs")
    if not depends:
        return (), chained
    names = depends.get("jobs") if isinstance(depends, t.Mapping) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None, chained
    in_workspaces = depends.get("otherWorkSpaceJobs") or depends.get("sameWorkSpaceJobs")
    own = str(detail.get("name"))
    # Its own name means its previous cycle, unless a job of another workspace has the same name.
    namesake = own in _names_in(depends.get("otherWorkSpaceJobs"))
    above = tuple(name for name in names if namesake or name != own)
    again = own in _names_in(depends.get("sameWorkSpaceJobs")) or (own in names and not namesake)
    return (above or (None if in_workspaces else ())), chained or again


def _names_in(entries: t.Any) -> set[str]:
    return {str(entry.get("jobName")) for entry in _mappings(entries)}


def _mappings(entries: t.Any) -> list[t.Mapping[str, t.Any]]:
    return [entry for entry in entries if isinstance(entry, t.Mapping)] if isinstance(entries, list) else []


def upstream_jobs(detail: t.Mapping[str, t.Any], workspace_id: str) -> list[tuple[str, str]]:
    """The jobs (workspace id, name) on which a job of *workspace_id* depends by its v1 definition *detail* [SDK], except itself."""
    schedule = detail.get("schedule")
    cron = schedule.get("cron") if isinstance(schedule, t.Mapping) else None
    depends = cron.get("dependJobs") if isinstance(cron, t.Mapping) else None
    if not isinstance(depends, t.Mapping):
        return []
    named = [
        (str((entry.get("workSpaceId") or "") if key == "otherWorkSpaceJobs" else workspace_id), str(entry.get("jobName") or ""))
        for key in ("otherWorkSpaceJobs", "sameWorkSpaceJobs")
        for entry in _mappings(depends.get(key))
    ]
    known = {name for _where, name in named}
    names = depends.get("jobs")
    own = [(workspace_id, name) for name in names if isinstance(name, str) and name not in known] if isinstance(names, list) else []
    return [job for job in (*named, *own) if all(job) and job != (workspace_id, str(detail.get("name")))]


def _downstream_first(names: t.AbstractSet[str], jobs: t.Mapping[str, tuple[str, ...] | None]) -> list[str]:
    """*names*, each before the jobs that it depends on; jobs in a circle of dependencies come last."""
    order, circles = topological_order(
        {name: [above for above in jobs.get(name) or () if above in names - {name}] for name in sorted(names, reverse=True)}
    )
    return [*order, *circles]
