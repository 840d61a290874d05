# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: when a pass of job_rerun asks for dependencies, and what it makes of them.

With ``order: upstream_first`` before anything is sent; without an answer nothing is. With any order once a rerun has waited in the service
for long: it may wait for something that will not come. Then no answer is no error, the instance is waited for as before.
"""

from __future__ import annotations

import typing as t

from .._api.dependency_query import Dependencies, DependencyReader
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError
from .._common.text import printable
from .._models.decision import Action, Decision
from .._models.instance import JobInstance
from .._models.selection import Selection
from .._planner.dependency_order import Beyond, order_upstream, waits_in_service
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun

#: After how long something is suspected not to come that a rerun waits for, in the service's queue or here, ms.
LONG_WAIT_MS = 180_000
#: How long after a failure in another workspace of the play, and attempt_delay, its next attempt is waited for, ms: how many it has had
#: already only that workspace's process knows.
NEXT_ATTEMPT_MS = 60_000
_FALL_BACK = "Set order to parallel to rerun without regard to dependencies."


class Ordering:
    """What one pass knows of dependencies.

    :param run: its options ``order``, ``carry`` and ``other_workspaces`` are used.
    :ivar overdue: of the newest :meth:`apply`, what is waited for that another workspace of the play should have begun by now, a sentence each.
    """

    def __init__(self, run: ModuleRun, factory: WorkspaceApi) -> None:
        self._run = run
        self._factory = factory
        self._first = run.options["order"] == "upstream_first"
        self._others = frozenset(run.options["other_workspaces"] or ())
        self.overdue: list[str] = []
        self.known = Dependencies.from_pass_state((run.options["carry"] or {}).get("dependencies"))

    def carried(self) -> dict[str, t.Any]:
        """What the next pass needs not to read again, as JSON; empty if nothing was read."""
        return {"dependencies": self.known.to_pass_state()} if self.known.jobs or self.known.closed else {}

    def apply(
        self, decisions: list[Decision], policy: Policy, selection: Selection, asked_ms: int, unlisted: t.Container[str] = ()
    ) -> list[Decision]:
        """*decisions* as dependencies change them, see :func:`order_upstream`.

        :param selection: what is meant, here and, as far as can be told, in the other workspaces of the play.
        :param unlisted: names of jobs that could not be listed this time, so that nothing is decided about their instances.
        :raises ApiError: the order was asked for, and the service does not tell dependencies.
        :raises OptionError: instances depend on each other in a circle.
        """
        self.overdue = []
        due = [one for one in decisions if self._first and one.action is Action.RETRY]
        stuck = [one for one in decisions if waits_in_service(one) and asked_ms - _waiting_since(one, policy) >= LONG_WAIT_MS]
        if not due and not stuck:
            return decisions

        awaited: dict[tuple[str, str], None] = {}

        def expected(other: JobInstance) -> bool:
            found = meant(other)
            if found:
                awaited[other.job_name, other.key.workspace_id] = None
            return found

        def meant(other: JobInstance) -> bool:
            elsewhere = other.key.workspace_id in self._others - {self._factory.workspace_id}
            return elsewhere and other.status in policy.statuses and selection.covers(other.job_name, other.key.plan_time)

        def unseen(other: JobInstance) -> bool:
            here = other.key.workspace_id == self._factory.workspace_id and other.job_name in unlisted
            return here and selection.covers(other.job_name, other.key.plan_time)

        def again(other: JobInstance) -> bool:
            soon = (other.end_time or 0) + policy.attempt_delay_ms + NEXT_ATTEMPT_MS
            return policy.attempts > 1 and meant(other) and asked_ms < soon

        beyond = Beyond(self.known.others, policy.since, expected, unseen, again, self._factory.workspace_id)
        sent = any(one.sent is not None for one in decisions)
        self._read(due, stuck, {one.instance.key for one in decisions}, beyond, "Nothing more was sent." if sent else "Nothing was sent.")
        depends = self.known.depends(one.instance for one in decisions)
        awaited.clear()  # of what was known before it was read again
        ordered = order_upstream(decisions, depends, beyond, hold=self._first)
        self.overdue = [_overdue(*one) for one in awaited] if asked_ms - policy.since >= LONG_WAIT_MS else []
        return ordered

    def _read(self, due: list[Decision], stuck: list[Decision], selected: t.AbstractSet[t.Any], beyond: Beyond, so_far: str) -> None:
        upstream = DependencyReader(self._factory, self.known)
        before = frozenset(key for key in self.known.others.keys() - selected if beyond.open(key))
        if due:
            what, self._run.what = self._run.what, f"Failed to read what the instances {self._run.where} depend on (order: upstream_first)"
            try:
                upstream.read(instances := [one.instance for one in due])
                upstream.refresh(instances, before)
            except ApiError as error:
                error.hint = f"{error.hint} {so_far} {_FALL_BACK}".strip()
                raise
            self._run.what = what
        if stuck and not self.known.closed:
            try:
                upstream.read(instances := [one.instance for one in stuck])
                upstream.refresh(instances, before)
            except ApiError:
                self.known.closed = True


def _overdue(job_name: str, workspace_id: str) -> str:
    return (
        f"Instances wait for job {printable(job_name, 100)} in workspace {printable(workspace_id, 100)}, which is to be rerun there and is not "
        "yet. Look at what that workspace said: if it could not send anything, this one waits in vain."
    )


def _waiting_since(decision: Decision, policy: Policy) -> int:
    """Since when it may be waiting: at the latest since it was sent, or since the run began."""
    return policy.since if decision.sent is None else decision.sent.sent_ms
