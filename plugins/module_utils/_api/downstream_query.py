# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the downstream instances that depend on others, across workspaces, with few requests.

One answer contains everything below an instance and the parents of each, down to the requested level [H-DEP]. So one instance of each job is
read first, which shows the order of the jobs; then the rest, upstream jobs first, except those whose dependants an answer has shown
completely. No answer contains the later cycles of a job that depends on its own previous cycle. v1's definition tells which jobs do; their
cycles are listed.

The dependencies do not change during a run and are handed from pass to pass. The status of the dependants does change. It is read by listing
their jobs: one list has all cycles of a job, with everything that a decision needs.
"""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass, field, replace

from .._common.concurrency import in_threads
from .._common.errors import ApiError, Kind
from .._common.grouping import grouped_by
from .._common.times import Window
from .._models.attempt import Slot
from .._models.instance import InstanceKey, JobInstance, JobName, RelatedInstance, Status
from .._planner.graph import distances
from .dependency_query import ONE_ONLY, cycles_of, job_dependencies
from .instance_query import list_job
from .list_budget import MAX_ENTRIES
from .workspace import WorkspaceApi

#: Kinds of errors that mean that the instances or the definition of one job cannot be read, in later passes either.
_REFUSED = ONE_ONLY | {Kind.NO_PERMISSION, Kind.NOT_PUBLISHED}


@dataclass
class Downstream:
    """The dependants read so far.

    :ivar parents: instance -> the instances directly above it, as far as they are known.
    :ivar instances: every instance below another one, as it was read last.
    :ivar names: workspace id -> name.
    :ivar read: the instances below which everything is known, by :func:`_identity`.
    :ivar chained: job -> whether it depends on its own previous cycle; None if only v1 could tell.
    :ivar loose: instance -> ids of instances directly above it that no answer has contained.
    """

    parents: dict[InstanceKey, frozenset[InstanceKey]] = field(default_factory=dict)
    instances: dict[InstanceKey, JobInstance] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    read: set[tuple[t.Any, ...]] = field(default_factory=set)
    chained: dict[JobName, bool | None] = field(default_factory=dict)
    loose: dict[InstanceKey, frozenset[str]] = field(default_factory=dict)

    def to_pass_state(self) -> dict[str, t.Any]:
        """Convert to JSON, with each key only once; {} if nothing was read."""
        if not self.read:
            return {}
        keys = sorted({*self.parents, *self.instances, *(key for above in self.parents.values() for key in above)})
        number = {key: index for index, key in enumerate(keys)}
        return {
            "keys": [[key.workspace_id, key.job_id, key.plan_time, key.submit_time, key.twin] for key in keys],
            "parents": [[number[key], sorted(number[parent] for parent in above)] for key, above in self.parents.items()],
            "instances": [
                [number[key], below.job_name, below.instance_id, below.status.value, below.start_time, below.end_time]
                for key, below in self.instances.items()
            ],
            "names": dict(self.names),
            "read": sorted(map(list, self.read)),
            "chained": [[*job, chained] for job, chained in self.chained.items()],
            "loose": [[number[key], sorted(ids)] for key, ids in self.loose.items()],
        }

    @classmethod
    def from_pass_state(cls, state: t.Any) -> Downstream:
        """Restore the result of :meth:`to_pass_state`; empty if *state* is anything else."""
        try:
            keys = [InstanceKey(str(key[0]), str(key[1]), int(key[2]), int(key[3]), str(key[4])) for key in state["keys"]]
            return cls(
                parents={keys[index]: frozenset(keys[parent] for parent in above) for index, above in state["parents"]},
                instances={
                    keys[index]: JobInstance(
                        keys[index], str(name), Status(word), word, instance_id=instance_id, start_time=start, end_time=end
                    )
                    for index, name, instance_id, word, start, end in state["instances"]
                },
                names={str(key): str(name) for key, name in state["names"].items()},
                read={(str(place[0]), str(place[1]), int(place[2]), str(place[3])) for place in state["read"]},
                chained={(str(where), str(name)): None if chained is None else bool(chained) for where, name, chained in state["chained"]},
                loose={keys[index]: frozenset(map(str, ids)) for index, ids in state["loose"]},
            )
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            return cls()


class DownstreamReader:
    """Reads the instances below others. Whatever could not be read is read again in the next pass.

    :param api_of: returns the API of a workspace by its id.
    :param known: the dependants from earlier passes; new ones are added to it.
    :param depth: number of levels to read.
    :ivar unlisted: job -> why its instances could not be listed.
    :ivar missing: instances that no list shows.
    :ivar unread: job -> why the dependants of some of its instances could not be read, for instances that the service does not know.
    :ivar unchained: job -> why it could not be read whether it depends on its own previous cycle.
    """

    def __init__(self, api_of: t.Callable[[str], WorkspaceApi], known: Downstream, depth: int) -> None:
        self._api_of = api_of
        self._depth = depth
        self._listed: dict[JobName, tuple[int, list[JobInstance]]] = {}  # start of the window, instances
        self.known = known
        self.unlisted: dict[JobName, ApiError] = {}
        self.missing: set[InstanceKey] = set()
        self.unread: dict[JobName, ApiError] = {}
        self.unchained: dict[JobName, ApiError] = {}
        self._unreadable: set[tuple[t.Any, ...]] = set()  # instances whose dependants could not be read, by :func:`_identity`

    def read(self, roots: t.Sequence[JobInstance], listed: t.Sequence[JobInstance], now_ms: int) -> None:
        """Read everything below *roots* that is not known yet.

        :param listed: instances that were just listed.
        :param now_ms: the service's time, epoch ms, up to which cycles are listed.
        :raises ApiError: the dependencies cannot be read.
        """
        left = self._unread(roots)
        new = bool(left)
        while left or self._unasked(roots):
            first = [instances[0] for instances in grouped_by(left, lambda instance: instance.job).values()]
            for instance, related in zip(first, in_threads(self._below, first)):
                self._learn(instance, related)
            for instances in sorted(grouped_by(left, lambda instance: instance.job).values(), key=self._rank):
                rest = self._unread(instances)
                for instance, related in zip(rest, in_threads(self._below, rest)):
                    self._learn(instance, related)
            left = self._later_cycles(roots, listed, now_ms)
        if new:
            self._resolve_loose([*roots, *self.known.instances.values()])

    def states(self, listed: t.Sequence[JobInstance], now_ms: int) -> dict[InstanceKey, JobInstance]:
        """The current state of every instance in ``known.instances``: from *listed*, else from a list of its job, else as it was read last.

        The keys are those by which the instances were read, even if a rerun has changed them.
        """
        by_place: dict[tuple[t.Any, ...], list[JobInstance]] = collections.defaultdict(list)
        for instance in listed:
            by_place[_slot(instance.key)].append(instance)
        missing = [below for key, below in self.known.instances.items() if _match(key, below, by_place.get(_slot(key), ())) is None]
        begins = {
            name: min(instance.key.plan_time for instance in instances)
            for name, instances in grouped_by(missing, lambda instance: instance.job).items()
        }
        for instances in in_threads(lambda name: self._list(name, begins[name], now_ms), list(begins)):
            for instance in instances:
                by_place[_slot(instance.key)].append(instance)
        states = {}
        for key, below in self.known.instances.items():
            state = _match(key, below, by_place.get(_slot(key), ()))
            states[key] = below if state is None else state
            if state is None:
                self.missing.add(key)
        self.known.instances.update({key: replace(state, key=key) for key, state in states.items()})
        return states

    def _unread(self, instances: t.Iterable[JobInstance]) -> list[JobInstance]:
        """The *instances* whose dependants are not known yet and can still be read."""
        return [instance for instance in instances if _identity(instance.key) not in self.known.read | self._unreadable]

    def _below(self, instance: JobInstance) -> list[RelatedInstance] | None:
        """Read the instances below *instance*; None if they cannot be read."""
        try:
            if not instance.instance_id:
                raise ApiError(Kind.INVALID, "the service listed an instance of it without its id")
            return self._api_of(instance.key.workspace_id).depend_instances(instance.instance_id, "child", self._depth, latest_only=False)
        except ApiError as error:
            if error.kind not in ONE_ONLY:
                raise
            self.unread[instance.job] = error
            return None

    def _learn(self, instance: JobInstance, related: t.Sequence[RelatedInstance] | None) -> None:
        if related is None:
            self._unreadable.add(_identity(instance.key))
            return
        by_id = {below.instance.instance_id: below.instance.key for below in related}
        by_id[instance.instance_id] = instance.key
        children: dict[InstanceKey, list[InstanceKey]] = collections.defaultdict(list)
        for below in related:
            key = below.instance.key
            if key == instance.key.shared and below.instance.instance_id == instance.instance_id:
                continue
            above = {by_id[parent] for parent in below.parent_instance_ids if parent in by_id} - {key}
            self.known.parents[key] = self.known.parents.get(key, frozenset()) | above
            self.known.loose[key] = (
                frozenset(below.parent_instance_ids) - by_id.keys() | self.known.loose.get(key, frozenset()) - by_id.keys()
            )
            self.known.instances[key] = below.instance
            if below.workspace_name:
                self.known.names[key.workspace_id] = below.workspace_name
            for parent in above:
                children[parent].append(key)
        if len(self.known.instances) > MAX_ENTRIES:
            raise ApiError(
                Kind.INVALID,
                f"more than {MAX_ENTRIES} instances depend on what is rerun",
                hint="Lower downstream_depth, narrow the time window or name fewer jobs.",
            )
        self.known.read.add(_identity(instance.key))
        if max(distances(children, [instance.key]).values()) < self._depth:
            self.known.read.update(map(_identity, by_id.values()))  # the answer also contains everything below these

    def _resolve_loose(self, instances: t.Iterable[JobInstance]) -> None:
        """Resolve loose parents: an id that one answer did not explain may belong to one of *instances*."""
        by_id = {instance.instance_id: instance.key for instance in instances if instance.instance_id is not None}
        for key, ids in self.known.loose.items():
            above = {by_id[parent] for parent in ids if parent in by_id} - {key}
            self.known.parents[key] |= above
        self.known.loose = {key: ids - by_id.keys() for key, ids in self.known.loose.items() if ids - by_id.keys()}

    def _rank(self, instances: t.Sequence[JobInstance]) -> int:
        """Number of known instances directly above instances of the same job. Sorting by it puts upstream jobs first."""
        job = instances[0].job
        return len({parent for key, below in self.known.instances.items() if below.job == job for parent in self.known.parents[key]})

    def _later_cycles(self, roots: t.Sequence[JobInstance], listed: t.Sequence[JobInstance], now_ms: int) -> list[JobInstance]:
        """List later cycles of jobs that depend on their own previous one, and return those whose dependants are not known yet."""
        names, concerned = self._unasked(roots), grouped_by([*roots, *self.known.instances.values()], lambda instance: instance.job)
        for _done in in_threads(self._learn_whether_chained, names):
            pass
        left: dict[InstanceKey, JobInstance] = {}
        for name in (name for name in concerned if self.known.chained.get(name)):
            first = min(instance.key.plan_time for instance in concerned[name])
            cycles = [instance for instance in listed if instance.job == name and instance.key.plan_time >= first]
            by_key = {instance.key: instance for instance in [*self._list(name, first, now_ms), *cycles]}
            for before, after in cycles_of(by_key.values()):
                self.known.parents[after] = self.known.parents.get(after, frozenset()) | {before}
                self.known.instances.setdefault(after, by_key[after])
                left[after] = by_key[after]
        return self._unread(left.values())

    def _unasked(self, roots: t.Iterable[JobInstance]) -> list[JobName]:
        """The jobs among *roots* and their dependants for which it is not known whether they depend on their own previous cycle."""
        names = dict.fromkeys(instance.job for instance in (*roots, *self.known.instances.values()))
        return [name for name in names if name not in self.known.chained and name not in self.unchained]

    def _learn_whether_chained(self, name: JobName) -> None:
        try:
            self.known.chained[name] = job_dependencies(self._api_of(name[0]), name[1])[1]
        except ApiError as error:
            if error.kind not in _REFUSED:
                raise
            self.unchained[name] = error

    def _list(self, name: JobName, begin: int, now_ms: int) -> list[JobInstance]:
        """List the instances of a job planned between *begin* and now, once per pass."""
        since, instances = self._listed.get(name, (None, []))
        if since is None or begin < since:
            try:
                instances = list_job(self._api_of(name[0]), name[1], Window(begin, max(begin, now_ms)))
            except ApiError as error:
                if error.kind not in _REFUSED:
                    raise
                self.unlisted[name] = error
            self._listed[name] = (begin, instances)
        return instances


def _match(key: InstanceKey, below: JobInstance, listed: t.Iterable[JobInstance]) -> JobInstance | None:
    """The instance *below* among *listed*, which have the same job and plan time; None if it is not there.

    A rerun may have changed its submit_time and its id; both only if no other instance shares its job and plan time.
    """
    alike = list(listed)
    by_id = [instance for instance in alike if instance.instance_id is not None and instance.instance_id == below.instance_id]
    return next(iter(by_id or [instance for instance in alike if instance.key == key] or (alike if len(alike) == 1 else [])), None)


def _slot(key: InstanceKey) -> Slot:
    return Slot(key.workspace_id, key.job_id, key.plan_time)


def _identity(key: InstanceKey) -> tuple[t.Any, ...]:
    """Identity of an instance that a rerun does not change."""
    return (*_slot(key), key.twin)
