# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine: passes of list, decide, send and report, until another pass could change nothing.

A strategy says what to list, how to decide, and what to report. There is one for a goal (``rerun.py``), for named instances and for a job with
its related jobs (``instance_retry.py``), and for stops (``instance_stop.py``). The engine does what they have in common:

1. The strategy lists. Then ``snapshot.py`` reads the journal, and the first answer fixes the run scope.
2. The strategy decides with the pipeline of ``_planner``. The plan is in the result before anything is sent; the report is made even if sending
   fails.
3. ``sender.py`` claims each rerun or stop in the journal, sends it, and records its outcome. A decision is dropped if another run has claimed the
   instance since the journal was read. The journal's unique indexes guard this, without locks.

A pass that only watches, or finds nothing to do, writes nothing to the journal except what reruns showed about the service (``showing.py``).
"""

from __future__ import annotations

import abc
import contextlib
import typing as t
import uuid
from dataclasses import replace

from .._common.errors import JournalError
from .._common.sightings import Sightings
from .._common.times import to_iso
from .._common.waiting import Waiting
from .._journal.journal import Journal
from .._models.decision import Decision
from .._models.run_scope import PassState, Since, is_relative
from .._planner.hold_off import complete_since
from .._planner.plan import Batch, Plan
from .._planner.quiet_hours import NOT_BETWEEN, QuietHours, QuietSpan
from .._planner.showing import NOTES, Showing, learned, notes_of
from .._planner.twins import twins_to_rerun
from .ansible_module import ModuleRun
from .sender import RerunExchange, RunIdentity, Sender, open_journal
from .snapshot import Listed, Snapshot, take


class Strategy(abc.ABC):
    """What one kind of module lists, decides and reports. One object lives for one invocation of its module.

    :ivar api: API of the workspace in the options.
    :ivar sightings: when the run first saw journal records that lie ahead of the journal's clock.
    :ivar outdated: whether planning took so long that the list is too old; planning a second list takes less time.
    """

    def __init__(self, run: ModuleRun, state: PassState) -> None:
        self.run = run
        self.state = state
        self.run_id = state.run_id or uuid.uuid4().hex
        self.api = run.api()
        self.clock = run.session.client.clock
        self.hours = QuietHours.of(run.options.get(NOT_BETWEEN), self.clock.now_ms())
        self.sightings = Sightings(state.seen)
        self.outdated = False

    def quiet_hours(self) -> QuietSpan | None:
        """The quiet hours (``not_between``) that forbid sending now, by the service's clock; None if sending is allowed."""
        return self.hours.at(self.clock.earliest_ms(), self.clock.latest_ms())

    def by_id(self, decisions: t.Iterable[Decision]) -> bool:
        """Whether twins among *decisions* are to be rerun and the API can rerun an instance by its instance_id; asks only if there are twins."""
        return twins_to_rerun(decisions) and self.api.can_restart_by_id()

    def workspaces(self) -> t.Collection[str]:
        """Ids of the workspaces whose instances may be rerun."""
        return [self.api.workspace_id]

    @abc.abstractmethod
    def since(self, asked_ms: int) -> Since:
        """The ``since`` of the run; *asked_ms* is the service's time of its first list, epoch ms."""

    @abc.abstractmethod
    def list_instances(self) -> Listed:
        """The requested instances, as the service lists them now."""

    def further(self, listed: Listed, snapshot: Snapshot) -> Listed | None:
        """*listed* with the instances that join because of the first snapshot; None if there are none."""
        del listed, snapshot
        return None

    @abc.abstractmethod
    def plan(self, snapshot: Snapshot) -> Plan:
        """Plan for the instances in *snapshot*, made by the pipeline."""

    @abc.abstractmethod
    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """Send one batch, in as many requests as the API version needs."""

    def foresee(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """Read what else the plan's lines need; called if *plan* is not refused."""

    def before_send(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """Do what must come before the requests of *plan*. If it raises, they are not sent."""

    def after_pass(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """Finish a pass; not called in check mode."""

    def recall(self, snapshot: Snapshot, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """Put what the journal knows other than reruns into the result, after the last pass."""

    @abc.abstractmethod
    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Keep the outcome of one request; False if this pass is to send nothing more.

        :raises ApiError: no further request can succeed.
        """

    def foretell(self, snapshot: Snapshot, plan: Plan) -> None:
        """Put the plan into the result, before anything is sent."""
        del snapshot, plan

    def shown(self) -> None:  # noqa: B027 - only a goal is planned in a pass of its own
        """Show the plan to people, then turn the planning pass into one that sends."""

    @abc.abstractmethod
    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Put what is known so far into the result."""

    @abc.abstractmethod
    def anything_left(self, plan: Plan) -> bool:
        """Whether *plan* leaves something to send, or something to wait for."""

    @abc.abstractmethod
    def seconds_left(self, plan: Plan) -> float | None:
        """Seconds until the next pass of this invocation; None if this pass is its last."""

    @abc.abstractmethod
    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Put the verdict into the result, after the last pass."""


class Engine:
    """Runs the passes of one module invocation."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._run = strategy.run
        self._identity = RunIdentity.here(strategy.run_id, strategy.run.options)
        self._journal: Journal  # open during run()
        self._notes: dict[str, str] = {}

    def run(self) -> None:
        """Make passes until the strategy wants no more, then conclude.

        :raises JournalError: the journal cannot be used; without it nothing is sent.
        :raises ApiError: the instances cannot be listed, or nothing can be sent.
        """
        waiting = Waiting()
        with open_journal(self._run, self._strategy.sightings) as self._journal:
            self._journal.own = self._strategy.state.own
            while True:
                snapshot, plan = self._pass()
                left = self._strategy.seconds_left(plan)
                if left is None:
                    break
                waiting.pause(left)
            self._keep(plan)
            with contextlib.suppress(JournalError):  # only adds information for people
                self._strategy.recall(snapshot, self._journal)
        self._strategy.conclude(snapshot, plan)

    def _learn(self, snapshot: Snapshot, plan: Plan) -> None:
        """Derive from the reruns so far what the documentation leaves open, for the result and for :meth:`_keep`."""
        state = self._strategy.state
        showing = Showing.of(state.showing).after(plan.decisions, snapshot.asked_ms)
        self._strategy.state = replace(state, showing=showing.to_result())
        points = learned(plan.decisions, snapshot.instances, showing)
        self._notes = notes_of(points, showing, self._identity.run_id, to_iso(snapshot.asked_ms)[:10])
        if points:
            self._run.result["learned"] = [point.to_result() for point in points]

    def _keep(self, plan: Plan) -> None:
        """Write what :meth:`_learn` found to the journal once nothing is left to do. Errors are ignored: the next rerun shows the same."""
        if not self._notes or self._run.check_mode or self._strategy.anything_left(plan):
            return
        with contextlib.suppress(JournalError):
            known = self._journal.notes(NOTES)
            for key in set(self._notes) - set(known):
                self._journal.note(NOTES, key, self._notes[key])

    def _pass(self) -> tuple[Snapshot, Plan]:
        strategy = self._strategy
        snapshot, plan = self._take()
        if strategy.outdated:
            snapshot, plan = self._take()
        self._learn(snapshot, plan)
        try:
            if plan.refused is None:
                strategy.foresee(plan, self._journal)
            if plan.refused is None and not self._run.check_mode and strategy.anything_left(plan):
                strategy.foretell(snapshot, plan)
                self._cover(snapshot)
                if (plan.batches or plan.stops) and self._show(snapshot, plan):
                    strategy.before_send(plan, self._journal)
                    self._send(snapshot, plan)
        finally:
            strategy.state = replace(strategy.state, own=self._journal.own)
            strategy.report(snapshot, plan)
        if not self._run.check_mode:
            strategy.after_pass(plan, self._journal)
        return snapshot, plan

    def _show(self, snapshot: Snapshot, plan: Plan) -> bool:
        """Whether the plan may be sent. A pass that only plans shows its plan first, if it can, and then becomes the pass that sends."""
        strategy = self._strategy
        if not strategy.state.plan_only:
            return True
        if self._run.show is None:
            return False
        strategy.report(snapshot, plan)
        strategy.conclude(snapshot, plan)
        if self._run.result.get("failed"):
            return False
        strategy.shown()
        return True

    def _take(self) -> tuple[Snapshot, Plan]:
        strategy = self._strategy
        self._run.doing = "listing"
        listed = strategy.list_instances()
        snapshot = self._snapshot(listed)
        further = strategy.further(listed, snapshot)
        if further is not None:
            snapshot = self._snapshot(further)
        return snapshot, strategy.plan(snapshot)

    def _snapshot(self, listed: Listed) -> Snapshot:
        strategy = self._strategy
        return take(
            listed,
            strategy.since(listed.asked_ms),
            self._journal,
            strategy.clock,
            strategy.workspaces(),
            settle_ms=self._run.settle_ms,
            clock_slack_ms=int(self._run.options.get("clock_slack") or 0) * 1000,
            check_mode=self._run.check_mode,
            relative=is_relative(self._run.options.get("since")),
            run_id=strategy.run_id,
        )

    def _cover(self, snapshot: Snapshot) -> None:
        """Record that the journal is complete for these workspaces from now on, if it did not know them before."""
        if snapshot.uncovered:
            since = snapshot.scope.since
            since_ms = complete_since(None, snapshot.asked_ms, since.ms, since_given=since.given)
            self._journal.cover(self._strategy.workspaces(), since_ms)

    def _stop(self, plan: Plan, sender: Sender) -> None:
        """Send the stops, before the reruns: stopping hung instances frees places for the reruns."""
        for number, decision in enumerate(plan.stops):
            self._run.doing = f"stopping {number} of {len(plan.stops)}"
            api = self._run.api(decision.instance.key.workspace_id)
            if not self._strategy.note_exchange(sender.stop(decision, api)):
                break

    def _send(self, snapshot: Snapshot, plan: Plan) -> None:
        """Send stops and batches. After a rejected request, the next one is still sent; after an error that every request would meet, none is."""
        sender = Sender(self._journal, self._run.session.client, snapshot, self._identity, self._strategy.quiet_hours)
        done, total = 0, sum(len(batch.decisions) for batch in plan.batches)
        try:
            self._stop(plan, sender)
            for batch in plan.batches:
                self._run.doing = f"sending {done} of {total}"
                done += len(batch.decisions)
                if (
                    not all(self._strategy.note_exchange(exchange) for exchange in self._strategy.send(batch, sender))
                    or sender.obstacle() is not None
                ):
                    break
        finally:
            sender.flush()
        sender.check()
