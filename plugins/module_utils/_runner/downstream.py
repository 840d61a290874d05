# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependants that a pass of job_rerun reads: the instances downstream of the reruns, for the planner.

With option ``downstream`` set to ``report``, they are read in the first pass that reruns anything, for the plan, and again in the last pass;
a failed read becomes a note. With ``cancelled`` and ``stale``, every pass reads them, because dependants may join the plan; if a read fails,
nothing is sent. A pass that reruns nothing reads nothing.
"""

from __future__ import annotations

import collections
import typing as t

from .._api.downstream_query import Downstream, DownstreamReader
from .._api.instance_query import list_job
from .._api.v2 import MAX_DEPTH
from .._common.errors import ApiError, Kind, OptionError
from .._common.text import printable
from .._common.times import DAY_MS, Window
from .._models.downstream import IGNORE, Dependant, Graph, Renewal, Root
from .._models.gap import Gap
from .._models.instance import InstanceKey, JobInstance, JobName
from .._planner.downstream import dependants_of, joins
from .._planner.graph import reachable, reversed_edges
from .._planner.made import Made, foreseen, virtual
from .ansible_module import ModuleRun

_WITHOUT_V1 = (
    "Later cycles of jobs that depend on their own previous cycle are not looked for: only v1 of the API says which jobs these are, and it is not used or not "
    "open here."
)
_FALL_BACK = "Set downstream to ignore to rerun without regard to what depends on it."


class Below:
    """The instances downstream of the reruns, as one pass knows them.

    :param run: uses its options ``downstream`` and ``downstream_depth``.
    :param carried: what earlier passes have read, see :meth:`carried`.
    :param made: the instances that a repair makes; they are new data like reruns.
    :ivar graph: the dependency graph below the reruns; empty if nothing was read.
    :ivar dependants: each dependant, and what the reruns mean for it.
    :ivar notes: sentences about what could not be read.
    :ivar hints: sentences about what cannot be known here at all.
    :raises OptionError: ``downstream_depth`` is out of range.
    """

    def __init__(self, run: ModuleRun, carried: t.Mapping[str, t.Any], made: Made) -> None:
        self._run = run
        self._made = made
        self._foreseen: dict[InstanceKey, list[JobInstance]] = {}  # virtual instance of a gap -> instances that may depend on the gap
        self._jobs: dict[str, dict[JobName, None]] = {}  # job with a gap -> its dependent jobs, as far as the service has told
        self._new: set[InstanceKey] = set()  # instances that a repair has made, and virtual ones for those that it is still to make
        self.mode: str = run.options["downstream"]
        self._depth: int = run.options["downstream_depth"]
        if not 1 <= self._depth <= MAX_DEPTH:
            raise OptionError(f"downstream_depth is {self._depth}. Set it to the levels to follow, 1 to {MAX_DEPTH}.")
        self._known = Downstream.from_pass_state(carried)
        past = carried.get("unknown_past")
        self._unknown_past = past if isinstance(past, bool) else None
        self._roots: dict[InstanceKey, Root] = {}
        self._states: dict[InstanceKey, JobInstance] = {}  # by the key under which the dependency query named each
        self._missing: frozenset[InstanceKey] = frozenset()  # keys of self._states that no list shows now
        self._unlisted: dict[JobName, ApiError] = {}
        self.graph = Graph(depth=self._depth)
        self.dependants: list[Dependant] = []
        self.notes: list[str] = []
        self.hints: list[str] = []

    @property
    def wanted(self) -> bool:
        """Whether dependants matter: ``downstream`` is not ``ignore``."""
        return self.mode != IGNORE

    @property
    def joins(self) -> bool:
        """Whether dependants may join the plan."""
        return joins(self.mode)

    def carried(self) -> dict[str, t.Any]:
        """What the next pass need not read again, as JSON; empty if nothing was read."""
        state = self._known.to_pass_state()
        return {**state, "unknown_past": bool(self._unknown_past)} if state else {}

    def unknown_past(self, *, first: bool) -> bool:
        """Whether the journal does not know what was sent in the run's own workspace since ``since``: the *first* value that a pass passed.

        Later passes also read the workspaces of dependants, which may be new to the journal.
        """
        if self._unknown_past is None:
            self._unknown_past = first
        return self._unknown_past

    def workspaces(self) -> set[str]:
        """Ids of the workspaces in which known dependants may be rerun."""
        foreseen = {instance.key.workspace_id for instances in self._foreseen.values() for instance in instances}
        return {key.workspace_id for key in self._known.instances} | foreseen if self.joins else set()

    def possible(self) -> set[InstanceKey]:
        """Instances downstream of what a repair makes; whether they need a rerun shows only once that is made."""
        return reachable(reversed_edges(self.graph.parents), self._new)

    def too_early(self) -> set[InstanceKey]:
        """Instances that may depend on gaps which are not made yet, so that they must not be rerun before."""
        return reachable(reversed_edges(self.graph.parents), self._foreseen)

    def read(
        self, roots: t.Mapping[InstanceKey, Root], listed: t.Sequence[JobInstance], now_ms: int, *, since: int, last: bool, so_far: str
    ) -> list[JobInstance]:
        """Read what is downstream of *roots*, with the current state of dependants that are not in *listed*; return the instances to add to it.

        :param now_ms: the service's time, epoch ms.
        :param since: of the run, epoch ms.
        :param last: whether nothing is left to do, so that this pass is the last one.
        :param so_far: sentence about what was sent, for an error.
        :raises ApiError: dependants may join the plan, and they cannot be read.
        """
        self.notes.clear()
        self._states, self._foreseen = {}, {}
        made = self._made.made(listed, self._run.options["workspace_id"], since) if self.wanted else {}
        self._roots = {**made, **roots}
        if not self.wanted or not (self._roots or self._made.coming()):
            return []
        known = DownstreamReader(self._run.api, self._known, self._depth)
        what, self._run.what = self._run.what, f"Failed to read what depends on the instances {self._run.where} (downstream: {self.mode})"
        try:
            if self._known.read and not (self.joins or last):
                self._states = dict(self._known.instances)
            else:
                known.read([*(root.instance for root in self._roots.values()), *self._foresee(listed)], listed, now_ms)
                self._states = known.states(listed, now_ms)
        except ApiError as error:
            if self.joins:
                error.hint = f"{error.hint} {so_far} {_FALL_BACK}".strip()
                raise
            self._note("What depends on the rerun instances is not known", error)
        self._run.what = what
        self._unlisted, self._missing = known.unlisted, frozenset(known.missing)
        self._note_gaps(known)
        coming = [virtual(gap) for gap in self._made.coming()]
        self._roots |= {instance.key: Root(instance, Renewal.COMING) for instance in coming}
        self._new = {*made, *(instance.key for instance in coming)}
        ours = {id(instance) for instance in listed}
        foreseen_here = (instance for instances in self._foreseen.values() for instance in instances)
        states = {id(state): state for state in (*self._states.values(), *foreseen_here)}
        return [state for number, state in states.items() if number not in ours] if self.joins else []

    def _foresee(self, listed: t.Sequence[JobInstance]) -> list[JobInstance]:
        """The instances that may depend on gaps which are still to be made."""
        for gap in self._made.coming():
            dependent: list[JobInstance] = []
            for workspace_id, job_name in self._jobs_below(gap):
                of_job = [instance for instance in listed if instance.job == (workspace_id, job_name)]
                dependent += foreseen(gap, of_job or self._list(workspace_id, job_name, gap))
            self._foreseen[virtual(gap).key] = dependent
        return [instance for instances in self._foreseen.values() for instance in instances]

    def _jobs_below(self, gap: Gap) -> dict[JobName, None]:
        """The jobs that depend on the job of *gap*, from the definitions that were read and from the service, which also knows unselected jobs."""
        try:
            for related in self._run.api(gap.workspace_id).depend_jobs(gap.job_name, "child"):
                named = [where for where, name in self._made.names.items() if name == related.workspace_name]
                self._jobs.setdefault(gap.job_name, {}).update(
                    dict.fromkeys((where, related.job_name) for where in named or [gap.workspace_id])
                )
        except ApiError as error:
            self._note(f"What depends on {_named((gap.workspace_id, gap.job_name))} is not known", error)
        return {**dict.fromkeys(self._made.below.get(gap.job_name, ())), **self._jobs.get(gap.job_name, {})}

    def _list(self, workspace_id: str, job_name: str, gap: Gap) -> list[JobInstance]:
        """The instances of a job around *gap*; empty if the job does not exist."""
        try:
            window = Window(gap.begin - DAY_MS, gap.until + DAY_MS)
            return list_job(self._run.api(workspace_id), job_name, window)
        except ApiError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return []

    def judge(self, listed: t.Iterable[JobInstance]) -> None:
        """Fill :attr:`graph` and :attr:`dependants`.

        :param listed: all listed instances, with twins told apart.
        """
        by_id = {(instance.key.shared, instance.instance_id): instance for instance in listed}
        names: dict[InstanceKey, InstanceKey] = {}
        instances: dict[InstanceKey, JobInstance] = {key: root.instance for key, root in self._roots.items()}
        for key, state in self._states.items():
            current = by_id.get((state.key.shared, state.instance_id), state)
            names[key] = current.key
            instances.setdefault(current.key, current)
        parents: dict[InstanceKey, frozenset[InstanceKey]] = collections.defaultdict(frozenset)
        roots = {root.instance.key.shared: key for key, root in self._roots.items() if not key.twin}
        slots = {(key.workspace_id, key.job_id, key.plan_time, key.twin): key for key in self._roots}

        def name(key: InstanceKey) -> InstanceKey:
            place = (key.workspace_id, key.job_id, key.plan_time, key.twin)
            return names.get(key) or roots.get(key) or slots.get(place, key)

        for key, above in self._known.parents.items():
            if key in self._states:
                parents[name(key)] |= frozenset(map(name, above))
        for above_all, dependent in self._foreseen.items():
            for instance in dependent:
                current = by_id.get((instance.key.shared, instance.instance_id), instance)
                parents[current.key] |= {above_all}
                instances.setdefault(current.key, current)
        unlisted = {}
        for key in self._missing:
            error = self._unlisted.get((key.workspace_id, self._states[key].job_name))
            unlisted[names[key]] = "the service does not list it" if error is None else printable(error, 200)
        self.graph = Graph(parents, instances, self._depth, {**self._made.names, **self._known.names}, unlisted)
        self.dependants = dependants_of(self._roots, self.graph) if self._states or self._foreseen else []

    def _note_gaps(self, known: DownstreamReader) -> None:
        self.hints = [_WITHOUT_V1] if None in self._known.chained.values() else []
        for job, error in known.unread.items():
            self._note(f"What depends on {_named(job)} is not known", error)
        for job, error in known.unlisted.items():
            self._note(f"The instances of {_named(job)}, which depends on what is rerun, could not be listed", error)
        for job in known.unchained.keys() - known.unlisted.keys():
            self._note(
                f"Whether {_named(job)} depends on its own previous cycle, and so needs a rerun too, is not known", known.unchained[job]
            )

    def _note(self, text: str, error: ApiError) -> None:
        self.notes.append(f"{text}: {printable(error, 300)}")


def _named(job: JobName) -> str:
    return f"job {printable(job[1], 100)} in workspace {printable(job[0], 100)}"
