# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sender: claim, send and record requests that rerun or stop instances."""

from __future__ import annotations

import contextlib
import getpass
import socket
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, JournalError, Kind
from .._common.sightings import Sightings
from .._common.text import printable
from .._http.client import Client
from .._http.server_clock import ServiceClock
from .._journal.journal import Journal
from .._models.attempt import Attempt, AttemptKind, Failure, Intent, Outcome
from .._models.decision import Decision
from .._models.instance import JobInstance
from .._models.rerun_request import RetryOptions
from .._models.slotted import replace
from .._planner.hung import after_stop
from .._planner.outcomes import after_error, claimed_elsewhere, outcome_of, outcome_of_one
from .._planner.plan import Batch
from .._planner.quiet_hours import QuietSpan
from .ansible_module import ModuleRun
from .snapshot import Snapshot
from .write import Basis, Ending, Write, Writer, flight_ms

#: Sends the request for the given instances; returns the service's request id, or None.
Post = t.Callable[[t.Sequence[JobInstance]], t.Optional[str]]


@dataclass(frozen=True)
class RunIdentity:
    """Who sends; part of every attempt.

    :param run_id: id of the run, which is one task of a play.
    :param purpose: incident name or ticket that people set.
    :param plan_id: the approved plan, or "".
    """

    run_id: str
    controller: str
    user: str
    purpose: str = ""
    plan_id: str = ""

    @classmethod
    def here(cls, run_id: str, options: t.Mapping[str, t.Any]) -> RunIdentity:
        """The identity of this process."""
        user = ""
        with contextlib.suppress(Exception):  # the user of a container may have no name
            user = getpass.getuser()
        purpose, plan_id = options.get("purpose") or "", options.get("plan_id") or ""
        return cls(run_id, printable(socket.gethostname(), 100), printable(user, 100), printable(purpose, 200), printable(plan_id, 100))

    def attempt(self, failure: Failure, job_name: str, now: int, client: Client, **rest: t.Any) -> Attempt:
        """An attempt of this run for *failure*, not claimed yet.

        :param now: the service's time, epoch ms.
        :param client: will send it.
        :param rest: the other fields of the attempt.
        """
        flight, times = flight_ms(client), {"sent_ms": now, "last_ms": now, "journal_ms": 0}
        return Attempt(failure=failure, job_name=job_name, flight_ms=flight, **{**vars(self), **times, **rest})


@contextlib.contextmanager
def open_journal(run: ModuleRun, sightings: Sightings | None = None) -> Iterator[Journal]:
    """Context manager for the journal in the options, read-only in check mode. Its warnings become warnings of the run.

    :param sightings: of the run, if it has several passes.
    """
    options, project_id, only = run.options, run.session.project_id, run.check_mode
    with Journal(
        options["journal"], password=options["journal_password"], project_id=project_id, read_only=only, sightings=sightings
    ) as journal:
        try:
            yield journal
        finally:
            run.warn(*journal.warnings)


class RerunExchange(t.NamedTuple):
    """One request and how it ended.

    :param before: the decisions that it was to carry out.
    :param after: the same decisions with their outcomes, in the same order.
    :param error: the error that it ended in, or None.
    """

    before: t.Sequence[Decision]
    after: t.Sequence[Decision]
    error: ApiError | None = None


class Sender:
    """Sends the requests of one pass one after the other; each is claimed before and recorded after.

    :param client: the client that sends the requests.
    :param snapshot: the snapshot that the decisions are based on.
    :param quiet_hours: returns the current quiet hours, which may begin while requests are sent.
    """

    def __init__(
        self,
        journal: Journal,
        client: Client,
        snapshot: Snapshot,
        identity: RunIdentity,
        quiet_hours: t.Callable[[], QuietSpan | None] | None = None,
    ) -> None:
        self._journal = journal
        self._client = client
        self._snapshot = snapshot
        self._identity = identity
        self._basis = Basis(snapshot.asked_at, quiet_hours)
        self._writer = Writer(client)

    def obstacle(self) -> ApiError | None:
        """Why nothing more may be sent on the basis of this snapshot; None if sending is allowed."""
        return self._basis.obstacle()

    def stop(self, decision: Decision, api: WorkspaceApi) -> RerunExchange:
        """Stop the instance of *decision* with v1, the only version that can.

        It is not sent if another run has claimed its slot, or if the instance is no longer as it was listed: that is read again just before
        each transmission.

        :raises JournalError: as :meth:`send`.
        """
        instance = decision.instance
        return self.send([decision], lambda dummy: api.stop(instance), last_check=lambda: api.check_unmoved(instance))

    def send(
        self, decisions: t.Sequence[Decision], post: Post, *, whole: bool = False, last_check: t.Callable[[], None] | None = None
    ) -> RerunExchange:
        """Send one request for the instances of *decisions* that no other run has claimed; for twins all or none.

        :param post: sends the request.
        :param whole: whether to send it only for all instances.
        :param last_check: called just before the request is sent; if it raises, the request is not sent.
        :raises JournalError: the request cannot be claimed, or the previous outcome could not be recorded; nothing was sent.
        """
        intents = self._intents(decisions)
        write = _InstanceWrite(self._journal, self._client.clock, decisions, intents, post, whole, last_check)
        try:
            ending = self._writer.send(write, self._basis)
        except JournalError:
            self.flush()
            self.check()
            raise
        return RerunExchange(decisions, write.after(ending), None if ending is None else ending.error)

    def check(self) -> None:
        """See :meth:`.write.Writer.check`.

        :raises JournalError: the outcome of a request could not be recorded.
        """
        self._writer.check()

    def flush(self) -> None:
        """Record outcomes that are still to be recorded; call it before the last :meth:`check`."""
        try:
            self._journal.flush()
        except JournalError as error:
            self._writer.fail(error)

    def _intents(self, decisions: t.Sequence[Decision]) -> list[Intent]:
        """The claims for one request, one for each of *decisions*."""
        # Even if the clock is corrected meanwhile, an attempt must not be dated before its list or before since: it would not count as this run's.
        now = max(self._snapshot.asked_ms, self._snapshot.scope.since.ms, self._client.clock.now_ms())
        first, since, batch = decisions[0].instance, self._snapshot.scope.since.ms, len(decisions)
        model = self._identity.attempt(Failure.of(first), first.job_name, now, self._client, since=since, number=1, batch=batch)
        return [Intent(_attempt(model, decision), decision.superseded) for decision in decisions]


class _InstanceWrite(Write):
    """A write about instances. It claims an attempt for each of them.

    :param intents: the claims for *decisions*, in the same order.
    """

    def __init__(
        self,
        journal: Journal,
        clock: ServiceClock,
        decisions: t.Sequence[Decision],
        intents: t.Sequence[Intent],
        post: Post,
        whole: bool,
        last_check: t.Callable[[], None] | None,
    ) -> None:
        super().__init__(lambda: post([decision.instance for decision, _attempt in self._claimed or ()]))
        self._journal, self._clock, self._last_check = journal, clock, last_check
        self._decisions, self._intents, self._whole = decisions, intents, whole
        self._claimed: list[tuple[Decision, Attempt]] | None = None
        self._recorded: list[Attempt] = []

    def claim(self) -> bool:
        """Claim the instances that no other run has. Release claims of a unit (twins, or all if ``whole``) that was not claimed completely."""
        claims = self._journal.claim(self._intents)
        lost = {self._unit(decision) for decision, attempt in zip(self._decisions, claims) if attempt is None}
        pairs = [(decision, attempt) for decision, attempt in zip(self._decisions, claims) if attempt is not None]
        released = [attempt for decision, attempt in pairs if self._unit(decision) in lost]
        self._claimed = [(decision, attempt) for decision, attempt in pairs if self._unit(decision) not in lost]
        if released:
            self._journal.record(released, Outcome.NOT_EXECUTED, now_ms=self._clock.latest_ms())
        return bool(self._claimed)

    def stamp(self) -> None:
        self._journal.stamp(self._attempts, self._clock.now_ms())

    def last_check(self) -> None:
        """Check that the instance is still as it was listed, if the caller passed such a check."""
        if self._last_check is not None:
            self._last_check()

    def outcome_of(self, kind: Kind) -> Outcome:
        return self._ended(kind)[0]

    def record(self, ending: Ending) -> None:
        """Record the outcome; acceptance only with the next claim, which saves one of two transactions per request."""
        conflict = ending.error is not None and self._ended(ending.error.kind)[1]
        message, now = "" if ending.error is None else printable(ending.error, 400), self._clock.latest_ms()
        end: dict[str, t.Any] = {"request_id": ending.request_id, "message": message, "conflict_in_batch": conflict}
        try:
            self._recorded = self._journal.record(self._attempts, ending.outcome, now_ms=now, later=ending.error is None, **end)
        except JournalError:
            self._recorded = [replace(attempt, outcome=ending.outcome, last_ms=now, **end) for attempt in self._attempts]
            raise

    def after(self, ending: Ending | None) -> list[Decision]:
        """The decisions with their outcomes, in their order."""
        if ending is not None and self._claimed is None and ending.error is not None:
            attempts = [replace(intent.attempt, outcome=ending.outcome) for intent in self._intents]
            return [_after(decision, attempt, ending) for decision, attempt in zip(self._decisions, attempts)]
        pairs = zip(self._claimed or (), self._recorded)
        after = {} if ending is None else {id(decision): _after(decision, attempt, ending) for (decision, _claim), attempt in pairs}
        return [after.get(id(decision)) or claimed_elsewhere(decision) for decision in self._decisions]

    @property
    def _attempts(self) -> list[Attempt]:
        return [attempt for _decision, attempt in self._claimed or ()]

    def _unit(self, decision: Decision) -> t.Hashable:
        """The unit of *decision*: decisions of one unit are sent together or not at all."""
        return self._whole or decision.unit

    def _ended(self, kind: Kind) -> tuple[Outcome, bool]:
        stops = self._attempts[0].kind is not AttemptKind.RERUN
        return (outcome_of_one(kind), False) if stops else outcome_of(kind, len(self._attempts))


def _attempt(model: Attempt, decision: Decision) -> Attempt:
    """*model*, an attempt of the same request, as it is for the instance of *decision*."""
    return replace(
        model,
        failure=Failure.of(decision.instance),
        job_name=decision.instance.job_name,
        number=decision.attempts,
        again=decision.rerun,
        kind=_kind(decision),
    )


def _kind(decision: Decision) -> AttemptKind:
    if not decision.asks_stop:
        return AttemptKind.RERUN
    return AttemptKind.STOP_AND_RERUN if decision.then_rerun else AttemptKind.STOP


def _after(decision: Decision, attempt: Attempt, ending: Ending) -> Decision:
    if decision.asks_stop:
        return after_stop(decision, attempt, ending.error)
    if ending.error is None:
        return replace(decision, request_id=ending.request_id, attempt=attempt, superseded=None)
    return after_error(decision, attempt, ending.error)


def requests_of(batch: Batch, sender: Sender, api: WorkspaceApi, options: RetryOptions) -> t.Iterator[RerunExchange]:
    """Send *batch* in one request, or if only v1 is open, in one request for each instance."""

    def post(instances: t.Sequence[JobInstance]) -> str | None:
        if batch.decisions[0].by_id:
            return api.restart(batch.job_name, instances[0], options)
        return api.retry(batch.job_name, instances, options)

    due = list(batch.decisions)
    while due:
        size = api.batch_limit(len(due))
        carried, due = due[:size], due[size:]
        exchange = sender.send(carried, post)
        if exchange.error is not None and exchange.error.kind is Kind.NOT_PUBLISHED and len(carried) > 1 and api.one_by_one:
            due = [*map(_again, exchange.before, exchange.after), *due]  # v2 is not open here, as this answer shows
        else:
            yield exchange


def _again(before: Decision, after: Decision) -> Decision:
    """*before*, to be sent again after a request that provably had no effect; the next attempt takes over its attempt."""
    failed = after.attempt
    return before if failed is None or failed.outcome is not Outcome.NOT_EXECUTED else replace(before, superseded=failed)
