# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sender: one request about an instance, to rerun or to stop it, from its claim in the journal to its recorded outcome. Nothing else in the collection
sends one. Requests about jobs are sent by ``schedules.py`` and ``job_run.py``."""

from __future__ import annotations

import contextlib
import getpass
import socket
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from .._api.workspace import Accepted, WorkspaceApi
from .._common.errors import ApiError, ClaimLostError, JournalError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import printable
from .._http.client import Client
from .._journal.journal import Journal
from .._models.attempt import Attempt, AttemptKind, Failure, Intent, Outcome
from .._models.decision import Action, Decision
from .._models.instance import JobInstance
from .._models.rerun_request import RetryOptions
from .._models.slotted import replace
from .._planner.hung import after_stop, stop_outcome
from .._planner.outcomes import after_error, claimed_elsewhere, outcome_of
from .._planner.plan import Batch
from .._planner.quiet_hours import QuietSpan, not_sent
from .snapshot import Snapshot

#: How long a list may be acted on, seconds that also pass while the machine sleeps. An instance that somebody else reran meanwhile must not
#: be rerun again.
FRESH_SECONDS = 60.0
#: How long after its claim began a request may leave before the journal is told, and asked whether the claim still stands, seconds. By the
#: stopwatch: the service's clock may step back meanwhile. A journal that takes longer than this for one transaction is of no use.
STAMP_SECONDS = 5.0

Post = t.Callable[[t.Sequence[JobInstance]], Accepted]


@dataclass(frozen=True)
class RunIdentity:
    """Who sends, as every attempt carries it.

    :param run_id: id of the run: one task of a play.
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
        """This process's."""
        user = ""
        with contextlib.suppress(Exception):  # a container's user need not have a name
            user = getpass.getuser()
        purpose, plan_id = options.get("purpose") or "", options.get("plan_id") or ""
        return cls(run_id, printable(socket.gethostname(), 100), printable(user, 100), printable(purpose, 200), printable(plan_id, 100))


@dataclass(frozen=True)
class RerunExchange:
    """One request and its end.

    :param before: the decisions it was to carry.
    :param after: what became of each, in the same order.
    :param error: the error it ended in, or None.
    """

    before: t.Sequence[Decision]
    after: t.Sequence[Decision]
    error: ApiError | None = None


class Sender:
    """Sends the requests of one pass, one after the other, each claimed before and recorded after.

    :param client: the one through which the posts go.
    :param snapshot: what the decisions were made by.
    :param quiet_hours: what the quiet hours are now, if any: they may begin while requests are sent.
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
        self._quiet_hours = quiet_hours
        self._unrecorded: JournalError | None = None
        self._stamped_at = 0.0  # when the journal was last told of the request, by the stopwatch; not when it had answered

    @property
    def fresh(self) -> bool:
        """Whether the list may still be acted on."""
        return stopwatch() - self._snapshot.asked_at < FRESH_SECONDS

    def obstacle(self) -> ApiError | None:
        """Why nothing may be sent any more by this list; None if something may."""
        if not self.fresh:
            return _stale()
        quiet_hours = None if self._quiet_hours is None else self._quiet_hours()
        return None if quiet_hours is None else ApiError(Kind.STALE, not_sent(quiet_hours))

    def stop(self, decision: Decision, api: WorkspaceApi) -> RerunExchange:
        """Stop the instance of *decision*, if no other run has claimed anything of its slot, and if it is still as it was listed: that is read
        once more just before each attempt at the request.

        :raises JournalError: as :meth:`send`.
        """
        instance = decision.instance
        return self.send([decision], lambda dummy: api.stop(instance), last_check=lambda: api.check_unmoved(instance))

    def send(
        self, decisions: t.Sequence[Decision], post: Post, *, whole: bool = False, last_check: t.Callable[[], None] | None = None
    ) -> RerunExchange:
        """Rerun the instances of *decisions* in one request, those of them that no other run has claimed; of twins all or none.

        :param post: sends the request for the instances it is called with.
        :param whole: whether it may only be sent for all of them.
        :param last_check: called when a byte of the request is about to leave; what it raises keeps it from being sent.
        :raises JournalError: it cannot be claimed, or the outcome of the one before could not be recorded; nothing is sent then.
        """
        self.check()
        obstacle = self.obstacle()
        if obstacle is not None:
            return RerunExchange(decisions, [_after(decision, self._refused(decision), obstacle) for decision in decisions], obstacle)
        pairs = self._claimed(decisions, whole)
        after, error = self._post(pairs, post, last_check) if pairs else ([], None)
        outcomes = {id(decision): outcome for (decision, _attempt), outcome in zip(pairs, after)}
        return RerunExchange(decisions, [outcomes.get(id(decision)) or claimed_elsewhere(decision) for decision in decisions], error)

    def check(self) -> None:
        """Stop once an outcome could not be recorded: before each request, and after the last one, when what became of it is in the result.

        :raises JournalError: the outcome of a request could not be recorded.
        """
        if self._unrecorded is not None:
            raise self._unrecorded

    def flush(self) -> None:
        """Record what is yet to be recorded, before :meth:`check` is asked for the last time."""
        try:
            self._journal.flush()
        except JournalError as error:
            self._unrecorded = _unrecorded(error)

    def _claimed(self, decisions: t.Sequence[Decision], whole: bool) -> list[tuple[Decision, Attempt]]:
        """The claimed ones among *decisions*. What was claimed and cannot be sent without another one that was not is released."""
        self._stamped_at = stopwatch()
        try:
            claims = self._journal.claim([self._intent(decision, len(decisions)) for decision in decisions])
        except JournalError:
            self.flush()
            self.check()
            raise
        pairs = [(decision, attempt) for decision, attempt in zip(decisions, claims) if attempt is not None]
        lost = {whole or decision.unit for decision, attempt in zip(decisions, claims) if attempt is None}
        released = [attempt for decision, attempt in pairs if (whole or decision.unit) in lost]
        if released:
            self._record(released, Outcome.NOT_EXECUTED)
        return [(decision, attempt) for decision, attempt in pairs if (whole or decision.unit) not in lost]

    def _post(
        self, pairs: t.Sequence[tuple[Decision, Attempt]], post: Post, last_check: t.Callable[[], None] | None
    ) -> tuple[list[Decision], ApiError | None]:
        attempts = [attempt for _decision, attempt in pairs]
        error: ApiError | None = None
        request_id: str | None = None
        with self._watched(attempts, last_check):
            try:
                request_id = post([decision.instance for decision, _attempt in pairs]).request_id
            except ApiError as failure:
                error = failure
            except ClaimLostError:
                return [claimed_elsewhere(decision) for decision, _attempt in pairs], None
            except OptionError as refusal:  # a name that cannot be part of a URL: it never left this machine
                error = ApiError(Kind.INVALID, str(refusal))
        if error is None:
            # With the next claim: one transaction for each request instead of two.
            recorded = self._record(attempts, Outcome.ACCEPTED, request_id, later=True)
            return [_accepted(decision, attempt, request_id) for (decision, _claim), attempt in zip(pairs, recorded)], None
        stops = pairs[0][1].kind is not AttemptKind.RERUN
        outcome, conflict = (stop_outcome(error.kind), False) if stops else outcome_of(error.kind, len(pairs))
        recorded = self._record(attempts, outcome, error.request_id, printable(error, 400), conflict=conflict)
        return [_after(decision, attempt, error) for (decision, _claim), attempt in zip(pairs, recorded)], error

    @contextlib.contextmanager
    def _watched(self, attempts: t.Sequence[Attempt], last_check: t.Callable[[], None] | None) -> Iterator[None]:
        """Every attempt at the POST, repeats after 429 included, needs a fresh list and no quiet hours, and moves the time from which it
        settles.

        Whatever may take long is done by then, or is asked for again: name, connection, TLS, proxy, and the journal's own answer.
        """

        def before_write() -> float:
            obstacle = self.obstacle()
            if obstacle is not None:
                raise obstacle
            if last_check is not None:
                last_check()
            now = stopwatch()
            if now - self._stamped_at >= STAMP_SECONDS:
                self._journal.stamp(attempts, self._client.clock.now_ms())
                self._stamped_at = now
            return min(self._snapshot.asked_at + FRESH_SECONDS, self._stamped_at + STAMP_SECONDS)

        with self._client.guarded(before_write):
            yield

    def _intent(self, decision: Decision, batch: int) -> Intent:
        # Whatever the clock learns meanwhile, nothing counts as sent before its list or before since, and so as no part of this run.
        now = max(self._snapshot.asked_ms, self._snapshot.scope.since, self._client.clock.now_ms())
        who = self._identity
        attempt = Attempt(
            failure=Failure.of(decision.instance),
            job_name=decision.instance.job_name,
            run_id=who.run_id,
            since=self._snapshot.scope.since,
            number=decision.attempts,
            batch=batch,
            sent_ms=now,
            last_ms=now,
            journal_ms=0,
            again=decision.rerun,
            controller=who.controller,
            user=who.user,
            purpose=who.purpose,
            plan_id=who.plan_id,
            flight_ms=int((STAMP_SECONDS + self._client.read_timeout) * 1000),
            kind=_kind(decision),
        )
        return Intent(attempt, decision.superseded)

    def _refused(self, decision: Decision) -> Attempt:
        return replace(self._intent(decision, 1).attempt, outcome=Outcome.NOT_EXECUTED)

    def _record(
        self,
        attempts: t.Sequence[Attempt],
        outcome: Outcome,
        request_id: str | None = None,
        message: str = "",
        *,
        conflict: bool = False,
        later: bool = False,
    ) -> list[Attempt]:
        """Record an outcome. That it cannot be recorded must not hide what is known of the request, so it is raised later."""
        now = self._client.clock.latest_ms()
        try:
            return self._journal.record(
                attempts, outcome, request_id=request_id, now_ms=now, message=message, conflict_in_batch=conflict, later=later
            )
        except JournalError as error:
            self._unrecorded = _unrecorded(error)
            return [
                replace(attempt, outcome=outcome, request_id=request_id, message=message, conflict_in_batch=conflict, last_ms=now)
                for attempt in attempts
            ]


def _kind(decision: Decision) -> AttemptKind:
    if decision.action is not Action.STOP:
        return AttemptKind.RERUN
    return AttemptKind.STOP_AND_RERUN if decision.then_rerun else AttemptKind.STOP


def _accepted(decision: Decision, attempt: Attempt, request_id: str | None) -> Decision:
    if decision.action is Action.STOP:
        return after_stop(decision, attempt, None)
    return replace(decision, request_id=request_id, attempt=attempt, superseded=None)


def _after(decision: Decision, attempt: Attempt, error: ApiError) -> Decision:
    return (after_stop if decision.action is Action.STOP else after_error)(decision, attempt, error)


def _unrecorded(error: JournalError) -> JournalError:
    return JournalError(f"{error} What was sent is in the result; the next run settles it.")


def _stale() -> ApiError:
    return ApiError(Kind.STALE, f"the list it was decided by is older than {FRESH_SECONDS:.0f} seconds; it is listed again first")


def requests_of(batch: Batch, sender: Sender, api: WorkspaceApi, options: RetryOptions) -> t.Iterator[RerunExchange]:
    """Send *batch* in as many requests as the API generation needs: one, or where only v1 is open one for each instance."""

    def post(instances: t.Sequence[JobInstance]) -> Accepted:
        if batch.decisions[0].by_id:
            return api.restart(batch.job_name, instances[0], options)
        return api.retry(batch.job_name, instances, options)

    due = list(batch.decisions)
    while due:
        size = api.batch_limit(len(due))
        carried, due = due[:size], due[size:]
        exchange = sender.send(carried, post)
        if exchange.error is not None and exchange.error.kind is Kind.NOT_PUBLISHED and len(carried) > 1 and api.one_by_one:
            due = [*map(_again, exchange.before, exchange.after), *due]  # v2 is not open here, which is known only now
        else:
            yield exchange


def _again(before: Decision, after: Decision) -> Decision:
    """*before*, to be sent once more after a request that provably had no effect, whose attempt the next one takes over."""
    failed = after.attempt
    return before if failed is None or failed.outcome is not Outcome.NOT_EXECUTED else replace(before, superseded=failed)
