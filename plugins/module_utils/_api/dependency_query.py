# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what instances depend on, read from the service as seldom as is right.

First once per job, whether it depends on anything: v1's definition of the job tells it, its previous cycle included [SDK][OTC]; where v1
is not open, v2's list of jobs next to it [SDK], which does not name the previous cycle. That suffices for jobs that depend on nothing.

Which *instances* an instance depends on only the service knows: cycles of a day and of an hour do not match one to one, and the policy
("same period", "previous period") is the service's. So for jobs that depend on something the instances are asked for, by v2
[H-DEP]. One answer names everything above an instance with its parents, 50 levels up and across workspaces; so the instances furthest
downstream are asked first, and those that their answers show are not asked any more.

Neither changes while a run lasts. So what was read is handed from pass to pass (option ``carry``); only the status of an instance that
is not selected, and that something waits for, is read again, one call for all that are above one instance.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.concurrency import in_threads
from .._common.errors import ApiError, Kind
from .._models.instance import InstanceKey, InstanceType, JobInstance, RelatedInstance, Status
from .v2 import MAX_DEPTH
from .workspace import WorkspaceApi

#: Kinds of errors by which one job or instance has no answer, which says nothing about the others.
_ONE_ONLY = frozenset({Kind.NOT_FOUND, Kind.INVALID})


@dataclass
class Dependencies:
    """What was read so far.

    :ivar jobs: job name -> names of the jobs of its workspace that it depends on; None where it depends on something, which is all that is
        known; an empty tuple for nothing.
    :ivar chained: jobs that depend on their own previous cycle.
    :ivar parents: instance -> the instances next above it.
    :ivar others: every instance above those, as it was when it was read last.
    :ivar closed: whether the service turned out not to tell dependencies.
    """

    jobs: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    chained: set[str] = field(default_factory=set)
    parents: dict[InstanceKey, frozenset[InstanceKey]] = field(default_factory=dict)
    others: dict[InstanceKey, JobInstance] = field(default_factory=dict)
    closed: bool = False

    def to_pass_state(self) -> dict[str, t.Any]:
        """As JSON, each key once."""
        keys = sorted({*self.parents, *self.others, *(key for above in self.parents.values() for key in above)})
        number = {key: index for index, key in enumerate(keys)}
        return {
            "keys": [[key.workspace_id, key.job_id, key.plan_time, key.submit_time] for key in keys],
            "parents": [[number[key], sorted(number[one] for one in above)] for key, above in self.parents.items()],
            "others": [
                [number[key], one.job_name, one.status.value, one.start_time, one.end_time, one.force_success or one.ignore_success]
                for key, one in self.others.items()
            ],
            "jobs": [[name, None if above is None else list(above)] for name, above in self.jobs.items()],
            "chained": sorted(self.chained),
            "closed": self.closed,
        }

    @classmethod
    def from_pass_state(cls, carried: t.Any) -> Dependencies:
        """What :meth:`to_pass_state` gave; nothing known, if it is anything else."""
        try:
            keys = [InstanceKey(str(one[0]), str(one[1]), int(one[2]), int(one[3])) for one in carried["keys"]]
            return cls(
                jobs={str(name): None if above is None else tuple(map(str, above)) for name, above in carried["jobs"]},
                chained=set(map(str, carried["chained"])),
                parents={keys[index]: frozenset(keys[one] for one in above) for index, above in carried["parents"]},
                others={
                    keys[index]: JobInstance(
                        keys[index], str(name), Status(word), word, start_time=start, end_time=end, force_success=bool(forced)
                    )
                    for index, name, word, start, end, forced in carried["others"]
                },
                closed=bool(carried["closed"]),
            )
        except (KeyError, IndexError, TypeError, ValueError):
            return cls()

    def depends(self, instances: t.Iterable[JobInstance]) -> dict[InstanceKey, frozenset[InstanceKey]]:
        """What depends on what: as read, and between the cycles among *instances* of each job that depends on its previous one."""
        found = dict(self.parents)
        cycles: dict[tuple[str, InstanceType | None], list[InstanceKey]] = {}
        for one in instances:
            if one.job_name in self.chained:
                cycles.setdefault((one.key.job_id, one.instance_type), []).append(one.key)
        for mine in cycles.values():
            mine.sort(key=lambda key: (key.plan_time, key.submit_time))
            for before, after in zip(mine, mine[1:]):
                found[after] = found.get(after, frozenset()) | {before}
        return found


class DependencyReader:
    """Reads what instances of one workspace depend on.

    :param known: what earlier passes have read; added to.
    :raises ApiError: by its methods; the service does not tell.
    """

    def __init__(self, factory: WorkspaceApi, known: Dependencies) -> None:
        self._factory = factory
        self.known = known

    def read(self, instances: t.Sequence[JobInstance]) -> None:
        """Everything above *instances*, as far as it is not known."""
        names = sorted({one.job_name for one in instances} - self.known.jobs.keys())
        for name, (above, chained) in zip(names, in_threads(self._job, names)):
            self.known.jobs[name] = above
            if chained:
                self.known.chained.add(name)
        for name in _downstream_first({one.job_name for one in instances}, self.known.jobs):
            if self.known.jobs[name] == ():
                continue
            left = [one for one in instances if one.job_name == name and one.key not in self.known.parents]
            for one, found in zip(left, in_threads(self._above, left)):
                self._learn(one, found)

    def refresh(self, instances: t.Iterable[JobInstance], stale: t.AbstractSet[InstanceKey]) -> None:
        """Read the status of *stale*, not selected instances above some of *instances*, again: one call for all above one of these."""
        left = set(stale)
        for one in instances:
            above = self._everything_above(one.key) & left if left else ()
            if above:
                self._learn(one, self._above(one))
                left -= above

    def _job(self, name: str) -> tuple[tuple[str, ...] | None, bool]:
        """What job *name* depends on, as in :attr:`Dependencies.jobs`, and whether on its own previous cycle."""
        if self._factory.api_version != "v2" and self._factory.session.hosts.knows_v1:
            try:
                return _defined(self._factory.job_detail(name))
            except ApiError as error:
                if error.kind in _ONE_ONLY:
                    return None, False  # a sub-job of a real-time job, say: its instances are asked for
                if self._factory.api_version == "v1" or error.kind not in (Kind.NOT_PUBLISHED, Kind.UNREACHABLE):
                    raise
        try:
            found = [one.job_name for one in self._factory.depend_jobs(name, "parent") if one.relation != "child"]
        except ApiError as error:
            if error.kind in _ONE_ONLY:
                return None, False
            raise
        return tuple(one for one in found if one != name), name in found

    def _above(self, instance: JobInstance) -> list[RelatedInstance]:
        if not instance.instance_id:
            raise ApiError(
                Kind.INVALID, f"the service listed an instance of job {instance.job_name} without the id by which it tells dependencies"
            )
        return self._factory.depend_instances(instance.instance_id, "parent", MAX_DEPTH, latest_only=False)

    def _learn(self, instance: JobInstance, found: t.Sequence[RelatedInstance]) -> None:
        by_id = {one.instance.instance_id: one.instance.key for one in found}
        inner: set[InstanceKey] = set()
        for one in found:
            key, parents = one.instance.key, one.parent_instance_ids
            self.known.others[key] = one.instance
            # Beyond the last level that an answer holds nothing is known; such an instance is asked for itself if it is to be rerun.
            if parents and all(parent in by_id for parent in parents):
                self.known.parents[key] = frozenset(by_id[parent] for parent in parents) - {key}
                inner |= self.known.parents[key]
        # What is above something above is above by that already, unless its job is next above too: what lies between may have succeeded.
        direct = self.known.jobs.get(instance.job_name)
        every = {one.instance.key for one in found} - {instance.key}
        named = {one.instance.key for one in found if direct is None or one.instance.job_name in direct}
        self.known.parents[instance.key] = frozenset((every - inner | every & named) or every)

    def _everything_above(self, key: InstanceKey) -> set[InstanceKey]:
        found: set[InstanceKey] = set()
        left = [key]
        while left:
            new = self.known.parents.get(left.pop(), frozenset()) - found
            found |= new
            left += new
        return found


def _defined(detail: t.Mapping[str, t.Any]) -> tuple[tuple[str, ...] | None, bool]:
    """What v1's definition of a job says about its dependencies; None where it says it in a way that nobody documented."""
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
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return None, chained
    elsewhere = depends.get("otherWorkSpaceJobs") or depends.get("sameWorkSpaceJobs")
    own = str(detail.get("name"))
    above = tuple(one for one in names if one != own)
    return (above or (None if elsewhere else ())), chained or own in names


def _downstream_first(names: t.AbstractSet[str], jobs: t.Mapping[str, tuple[str, ...] | None]) -> list[str]:
    """*names*, each before the jobs that it depends on; where they depend on each other in a circle, in some order."""
    upstream_first: list[str] = []
    seen: set[str] = set()
    for start in sorted(names):
        path = [(start, iter(jobs.get(start) or ()))] if start not in seen else []
        seen.add(start)
        while path:
            above = next((one for one in path[-1][1] if one in names and one not in seen), None)
            if above is None:
                upstream_first.append(path.pop()[0])
            else:
                seen.add(above)
                path.append((above, iter(jobs.get(above) or ())))
    return upstream_first[::-1]
