# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies that a pass of job_rerun reads, and what the planner needs to know about instances that are not selected.

They are read before anything is sent if ``order`` is ``upstream_first`` or ``deadline`` or dependants may join the plan; if that read fails,
nothing is sent. They are also read once a rerun has waited in the service for long, because it may wait for something that never comes; if
that read fails, the pass goes on waiting.
"""

from __future__ import annotations

import collections
import typing as t

from .._api.dependency_query import Dependencies, DependencyReader
from .._common.errors import ApiError
from .._common.grouping import grouped_by
from .._common.text import printable
from .._models.decision import Decision
from .._models.downstream import Graph
from .._models.instance import InstanceKey, JobInstance
from .._models.selection import Selection
from .._planner.dependency_order import Beyond, waits_in_service
from .._planner.downstream import joins
from .._planner.identity import listed_key
from .._planner.pipeline import Order
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun

#: After waiting this long, in the service's queue or here, a rerun may be waiting for something that never comes; ms.
LONG_WAIT_MS = 180_000
#: How long to wait for another workspace's next attempt, after its instance failed and attempt_delay passed; ms. Only the process of that
#: workspace knows how many attempts are left.
NEXT_ATTEMPT_MS = 60_000


class OrderReader:
    """Reads the dependencies that one pass needs.

    :param run: uses its options ``order``, ``downstream`` and ``other_workspaces``.
    :param carried: what earlier passes have read, see :meth:`carried`.
    :ivar known: what has been read in the run's own workspace.
    """

    def __init__(self, run: ModuleRun, carried: t.Mapping[str, t.Any]) -> None:
        self._run = run
        self._here: str = run.options["workspace_id"]
        self._order = str(run.options["order"])
        self._strict = self._order != "parallel"
        # Dependants that join the plan must run after what they depend on, whatever the order.
        self._joins = joins(run.options["downstream"])
        self._first = self._strict or self._joins
        self._others = frozenset(run.options["other_workspaces"] or ())
        self._awaited: dict[tuple[str, str], None] = {}  # (job name, workspace id) that another workspace of the play is to rerun
        #: Workspace id -> what was read there: first the run's own, then those in which something joins the plan.
        self._known = {where: Dependencies.from_pass_state(carried.get(where)) for where in dict.fromkeys((self._here, *carried))}
        self.known = self._known[self._here]

    def carried(self) -> dict[str, t.Any]:
        """What the next pass need not read again, as JSON; empty if nothing was read."""
        read = any(known.jobs or known.closed for known in self._known.values())
        return {where: known.to_pass_state() for where, known in self._known.items()} if read else {}

    def overdue(self, age_ms: int) -> list[str]:
        """A sentence for each job that this run waits for and another workspace of the play should have started by now.

        :param age_ms: how long ago the run began.
        """
        return [_overdue(*pair) for pair in self._awaited] if age_ms >= LONG_WAIT_MS else []

    def read(
        self,
        decisions: t.Sequence[Decision],
        policy: Policy,
        selection: Selection,
        asked_ms: int,
        unlisted: t.Container[str] = (),
        below: Graph | None = None,
    ) -> Order | None:
        """Read what *decisions* depend on, for :func:`order_upstream`; None if no dependency matters now.

        :param selection: of this workspace; the other workspaces of the play are assumed to have the same.
        :param asked_ms: when the instances were listed, the service's time, epoch ms.
        :param unlisted: names of jobs that could not be listed this time, so that nothing is decided about their instances.
        :param below: the known graph downstream of the decisions.
        :raises ApiError: the dependencies are needed before sending, and cannot be read.
        """
        self._awaited.clear()
        due = [decision for decision in decisions if self._first and decision.asks_rerun]
        stuck = [
            decision for decision in decisions if waits_in_service(decision) and asked_ms - _waiting_since(decision, policy) >= LONG_WAIT_MS
        ]
        if not due and not stuck:
            return None
        below = below or Graph()
        for where in sorted({decision.instance.key.workspace_id for decision in (*due, *stuck)}):
            self._known.setdefault(where, Dependencies())
        beyond = self._beyond(policy, selection, asked_ms, unlisted, below)
        any_attempt = any(decision.attempt is not None for decision in decisions)
        selected = {decision.instance.key for decision in decisions}
        self._read(due, stuck, selected, beyond, "Nothing more was sent." if any_attempt else "Nothing was sent.")
        self._awaited.clear()  # filled by Beyond.open() with states that have been read again since
        return Order(self._depends([decision.instance for decision in decisions], below), beyond, self._first, self._strict)

    def _depends(self, instances: t.Sequence[JobInstance], below: Graph) -> dict[InstanceKey, frozenset[InstanceKey]]:
        """Instance -> the instances it depends on, from all that was read."""
        depends: dict[InstanceKey, frozenset[InstanceKey]] = {}
        read = [
            known.depends(instance for instance in instances if instance.key.workspace_id == where) for where, known in self._known.items()
        ]
        for more in (*read, below.parents):
            for key, above in more.items():
                depends[key] = depends.get(key, frozenset()) | above
        return depends

    def _beyond(self, policy: Policy, selection: Selection, asked_ms: int, unlisted: t.Container[str], below: Graph) -> Beyond:
        here = self._here

        def meant(other: JobInstance) -> bool:
            of_another = other.key.workspace_id in self._others - {here}
            return of_another and other.status in policy.statuses and selection.covers(other.job_name, other.key.plan_time)

        def expected(other: JobInstance) -> bool:
            awaited = meant(other)
            if awaited:
                self._awaited[other.job_name, other.key.workspace_id] = None
            return awaited

        def unseen(other: JobInstance) -> bool:
            own = other.key.workspace_id == here and other.job_name in unlisted
            return own and selection.covers(other.job_name, other.key.plan_time)

        def again(other: JobInstance) -> bool:
            soon = (other.end_time or 0) + policy.attempt_delay_ms + NEXT_ATTEMPT_MS
            return policy.attempts > 1 and meant(other) and asked_ms < soon

        known = self._known.values()
        others = collections.ChainMap(dict(below.instances), *(part.others for part in known))
        names = collections.ChainMap(*(part.workspaces for part in known), dict(below.names))
        first_starts = collections.ChainMap(*(part.first_starts for part in known))
        return Beyond(
            others, policy.since, expected, unseen, again, here, names, first_starts, self._order if self._strict else "upstream_first"
        )

    def _read(self, due: list[Decision], stuck: list[Decision], selected: t.AbstractSet[t.Any], beyond: Beyond, so_far: str) -> None:
        name = listed_key(selected)
        before = {
            where: frozenset(key for key in known.others if name(key) not in selected and beyond.open(key))
            for where, known in self._known.items()
        }
        if due:
            what, self._run.what = self._run.what, f"Failed to read what the instances {self._run.where} depend on ({self._asked_by()})"
            try:
                self._read_each(due, before)
            except ApiError as error:
                error.hint = f"{error.hint} {so_far} {self._fall_back()}".strip()
                raise
            self._run.what = what
        if stuck and not self.known.closed:
            try:
                self._read_each(stuck, before)
            except ApiError:
                self.known.closed = True

    def _asked_by(self) -> str:
        """The options that need dependencies, with their values, for a message."""
        needed = (("order", self._order, self._strict), ("downstream", self._run.options["downstream"], self._joins))
        return ", ".join(f"{name}: {value}" for name, value, needs in needed if needs)

    def _fall_back(self) -> str:
        """How to rerun without dependencies, for a message: change every option that needs them."""
        changes = (("order to parallel", self._strict), ("downstream to ignore", self._joins))
        return f"Set {' and '.join(change for change, needs in changes if needs)} to rerun without regard to dependencies."

    def _read_each(self, decisions: t.Sequence[Decision], before: t.Mapping[str, frozenset[InstanceKey]]) -> None:
        """Read what is upstream of *decisions*, in each of their workspaces, and read the instances in *before* once more.

        :param before: workspace id -> instances that were open when they were last read.
        """
        for where, instances in grouped_by(
            (decision.instance for decision in decisions), lambda instance: instance.key.workspace_id
        ).items():
            reader = DependencyReader(self._run.api(where), self._known[where])
            reader.read(instances)
            reader.refresh(instances, before[where])


def _overdue(job_name: str, workspace_id: str) -> str:
    return (
        f"Instances wait for job {printable(job_name, 100)} in workspace {printable(workspace_id, 100)}, which is to be rerun there but has not "
        "been yet. Check the output of that workspace: if it could not send anything, this one waits in vain."
    )


def _waiting_since(decision: Decision, policy: Policy) -> int:
    """Since when the decision's instance has been waiting at the latest, epoch ms: since it was sent, or since the run's ``since``."""
    return policy.since if decision.attempt is None else decision.attempt.sent_ms
