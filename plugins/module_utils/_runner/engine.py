# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine: list, decide, send, report, until nothing is left that another pass could change.

A strategy says what to list, how to decide, and what a result says: a goal (``rerun.py``), named instances, or a job with its related jobs
(``instance_retry.py``). Everything that is common stands here once, and only here anything is sent:

1. The strategy lists. ``snapshot.py`` reads the journal after that, and fixes the run scope with the first answer.
2. The strategy decides, with the pipeline of ``_planner``. What the plan says is told at once, and the report is made whatever happens next.
3. Each request, a stop too, is claimed in the journal, sent, and recorded by ``sender.py``. What another run claimed first, or since the journal was
   read, is dropped. No lock is held: that is what the journal's unique indexes guard.

A pass that only watches, and a run that finds nothing to do, write nothing, but for what reruns have shown of the service: ``showing.py``.
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
    """What a module means by a rerun. One object lives as long as the call of its module.

    :ivar api: the workspace of the options.
    :ivar sightings: of records that lie ahead of the journal's clock.
    :ivar outdated: whether it took so long to plan that the list is old, and a further one would not take so long.
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
        """The quiet hours in which nothing may be sent now (``not_between``), by the service's clock; None if something may."""
        return self.hours.at(self.clock.earliest_ms(), self.clock.latest_ms())

    def by_id(self, decisions: t.Iterable[Decision]) -> bool:
        """Whether one instance can be rerun by its instance_id; asked only where twins are to be told apart."""
        return twins_to_rerun(decisions) and self.api.can_restart_by_id()

    def workspaces(self) -> t.Collection[str]:
        """Ids of the workspaces whose instances may be rerun."""
        return [self.api.workspace_id]

    @abc.abstractmethod
    def since(self, asked_ms: int) -> Since:
        """The ``since`` of the run, which first listed at *asked_ms*."""

    @abc.abstractmethod
    def list_instances(self) -> Listed:
        """The instances that are meant, as the service lists them now."""

    def further(self, listed: Listed, snapshot: Snapshot) -> Listed | None:
        """*listed* with what else has to be decided about, as far as that follows from the first snapshot; None if there is nothing else."""
        del listed, snapshot
        return None

    @abc.abstractmethod
    def plan(self, snapshot: Snapshot) -> Plan:
        """What is to be done about them, by the pipeline."""

    @abc.abstractmethod
    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """Send one batch, in as many requests as the API generation needs."""

    def foresee(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """What else has to be read for the lines of *plan*, which is not refused."""

    def before_send(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """What is to be done before the requests of *plan* leave. What it raises keeps them from leaving."""

    def after_pass(self, plan: Plan, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """What is to be done at the end of a pass that may send."""

    def recall(self, snapshot: Snapshot, journal: Journal) -> None:  # noqa: B027 - few strategies need it
        """Put into the result what the journal knows beyond reruns."""

    @abc.abstractmethod
    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Take in what became of one request; False if nothing more is to be sent in this pass.

        :raises ApiError: nothing more can be sent at all.
        """

    def foretell(self, snapshot: Snapshot, plan: Plan) -> None:
        """Put what the plan says into the result, before anything of it is sent."""
        del snapshot, plan

    def shown(self) -> None:  # noqa: B027 - only a goal is planned in a pass of its own
        """Show what is to be sent; from here on the pass is the one that sends it."""

    @abc.abstractmethod
    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Put what is known by now into the result."""

    @abc.abstractmethod
    def anything_left(self, plan: Plan) -> bool:
        """Whether the run is to go on after this pass."""

    @abc.abstractmethod
    def seconds_left(self, plan: Plan) -> float | None:
        """Seconds until the next pass of this call has something new to list; None if there is none."""

    @abc.abstractmethod
    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """The verdict, after the last pass."""


class Engine:
    """Runs one call of a module that reruns.

    :raises JournalError: by :meth:`run`; the journal cannot be used, and nothing is sent without it.
    :raises ApiError: the instances cannot be listed, or nothing can be sent.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._run = strategy.run
        self._identity = RunIdentity.here(strategy.run_id, strategy.run.options)
        self._journal: Journal  # open while it runs
        self._notes: dict[str, str] = {}

    def run(self) -> None:
        """Passes until nothing is left that this call can bring to an end; then the verdict."""
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
            with contextlib.suppress(JournalError):  # nothing but what people may read
                self._strategy.recall(snapshot, self._journal)
        self._strategy.conclude(snapshot, plan)

    def _learn(self, snapshot: Snapshot, plan: Plan) -> None:
        """What the reruns so far show of the points that only a rerun decides."""
        state = self._strategy.state
        showing = Showing.of(state.showing).after(plan.decisions, snapshot.asked_ms)
        self._strategy.state = replace(state, showing=showing.to_result())
        points = learned(plan.decisions, snapshot.instances, showing)
        self._notes = notes_of(points, showing, self._identity.run_id, to_iso(snapshot.asked_ms)[:10])
        if points:
            self._run.result["learned"] = [point.to_result() for point in points]

    def _keep(self, plan: Plan) -> None:
        """Keep that in the journal once nothing is left to do. A failure of that fails nothing: the next rerun shows it too."""
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
        """Show the plan to people who have not seen it, if that can be done now; whether it may be sent. A pass that only plans becomes the one that
        sends then."""
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
        """From here on the journal knows what is sent in these workspaces."""
        if snapshot.uncovered:
            since = snapshot.scope.since
            since_ms = complete_since(None, snapshot.asked_ms, since.ms, since_given=since.given)
            self._journal.cover(self._strategy.workspaces(), since_ms)

    def _stop(self, plan: Plan, sender: Sender) -> None:
        """First of all what hangs: it frees places for what is rerun. Nothing that goes wrong with it keeps anything from being rerun."""
        for number, decision in enumerate(plan.stops):
            self._run.doing = f"stopping {number} of {len(plan.stops)}"
            api = self._run.api(decision.instance.key.workspace_id)
            if not self._strategy.note_exchange(sender.stop(decision, api)):
                break

    def _send(self, snapshot: Snapshot, plan: Plan) -> None:
        """A rejected request does not stop the next one; an error that all would meet does."""
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
