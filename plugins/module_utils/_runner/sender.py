# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one rerun request from its record on disk to its outcome."""

from __future__ import annotations

import collections
import functools
import typing as t
from dataclasses import replace

from .._common.errors import FATAL_KINDS, ApiError, Kind, LedgerError, OptionError
from .._common.text import printable
from .._http.server_clock import ServiceClock
from .._journal.ledger import Ledger
from .._journal.ledgers import Ledgers
from .._models.attempt import ACCEPTED, ACTIVE, NOT_SENT, REFUSED, UNKNOWN, Sent, remembered
from .._models.decision import Action, Decision

if t.TYPE_CHECKING:
    from .._api.workspace import Accepted, WorkspaceApi
    from .._http.client import Client
    from .._models.instance import InstanceKey
    from .._models.rerun_request import RetryOptions

#: Kinds of errors by which the service refuses the instances or the request itself; nothing was changed by it.
REFUSING = frozenset({Kind.NOT_FOUND, Kind.NOTHING_TO_RERUN, Kind.NOT_RERUNNABLE, Kind.ALREADY_RUNNING, Kind.INVALID})
#: Kinds by which it provably took no effect, for a reason that lies elsewhere; those that every other rerun would meet too.
HOPELESS = FATAL_KINDS | {Kind.NOT_PUBLISHED}
#: SERVER is IAM's answer, which was asked for a token before the request could leave; no request that may write ends so.
ELSEWHERE = HOPELESS | {Kind.THROTTLED, Kind.BAD_ANSWER, Kind.SERVER, Kind.STALE}


def outcome_of(kind: Kind) -> str:
    """What a rerun that ended in an error of *kind* is remembered as: refused, active, not_sent, or unknown for what may have taken effect.

    What runs already is no plain refusal: somebody else's rerun of it may be on its way without showing yet, so it has to be read back.
    """
    if kind is Kind.ALREADY_RUNNING:
        return ACTIVE
    if kind in REFUSING:
        return REFUSED
    return NOT_SENT if kind in ELSEWHERE else UNKNOWN


class Sender:
    """Sends reruns one after the other, each written down before and after.

    :param ledger: open for writing, which holds its lock.
    :param client: the one through which *post* of :meth:`send` sends.
    :param not_before: when the list was asked for, or the run's ``since`` if that is later, epoch ms: whatever the clock learns meanwhile,
        nothing is recorded as sent before it, and so as no part of this run.
    """

    def __init__(self, ledger: Ledger | Ledgers, client: Client, not_before: int = 0) -> None:
        self._ledger = ledger
        self._client = client
        self._not_before = not_before
        self._unwritten: LedgerError | None = None

    @property
    def clock(self) -> ServiceClock:
        """The service's."""
        return self._client.clock

    def send(self, decisions: t.Sequence[Decision], post: t.Callable[[], Accepted]) -> tuple[list[Decision], ApiError | None]:
        """Call *post*, which reruns the instances of *decisions* in one request.

        :returns: the decisions as they stand now, and the error it ended in, or None.
        :raises LedgerError: it cannot be written down, or the outcome of the one before could not; nothing is sent then.
        """
        self.check()
        now = max(self._not_before, self.clock.now_ms())
        batch = [Sent.of(one.instance, now, attempt=one.attempt, batch=len(decisions), again=one.rerun) for one in decisions]
        keys = [one.key for one in batch]
        self._ledger.record_intent(batch)
        self._client.before_each_write = lambda: self._ledger.stamp(keys, self.clock.now_ms())
        try:
            accepted = post()
        except ApiError as error:
            return self._ended(decisions, batch, error), error
        except OptionError as error:  # a name that cannot be part of a URL: it never left this machine
            refusal = ApiError(Kind.INVALID, str(error))
            return self._ended(decisions, batch, refusal), refusal
        finally:
            self._client.before_each_write = None
        self._record(keys, ACCEPTED, accepted.request_id, self.clock.now_ms())
        sent = [replace(one, outcome=ACCEPTED, request_id=accepted.request_id) for one in batch]
        return [replace(one, request_id=accepted.request_id, sent=record) for one, record in zip(decisions, sent)], None

    def check(self) -> None:
        """Call it after the last request, when what became of it is in the result.

        :raises LedgerError: the outcome of a request could not be written down.
        """
        if self._unwritten is not None:
            raise self._unwritten

    def _record(self, keys: t.Sequence[InstanceKey], outcome: str, request_id: str | None, now_ms: int, message: str = "") -> None:
        """Write an outcome down. That it cannot be must not hide what is known of the request, so it is raised later."""
        try:
            self._ledger.record_outcome(keys, outcome, request_id, now_ms=now_ms, message=message)
        except LedgerError as error:
            self._unwritten = LedgerError(f"{error} What was sent is in the result.")

    def _ended(self, decisions: t.Sequence[Decision], batch: t.Sequence[Sent], error: ApiError) -> list[Decision]:
        now = self.clock.latest_ms()
        outcome = outcome_of(error.kind)
        self._record([one.key for one in batch], outcome, error.request_id, now, printable(error, 400))
        outcome, overtaken = remembered(outcome, len(batch))
        sent = [
            replace(one, outcome=outcome, request_id=error.request_id, last_ms=max(one.last_ms, now), overtaken=overtaken) for one in batch
        ]
        return [_after(one, record, error) for one, record in zip(decisions, sent)]


def send_all(
    sender: Sender, factory: WorkspaceApi, job_name: str, decisions: t.Iterable[Decision], how: RetryOptions
) -> t.Iterator[tuple[list[Decision], list[Decision], ApiError | None]]:
    """Send *decisions*, of one job, in as many requests as the API generation needs: one, or where only v1 is open one for each.

    :returns: per request what it carried, what became of it, and the error it ended in, or None.
    """
    left = collections.deque(decisions)
    while left:
        due = [left.popleft() for dummy in range(factory.batch_limit(len(left)))]
        instances = [one.instance for one in due]
        after, error = sender.send(due, functools.partial(factory.retry, job_name, instances, how))
        if error is not None and error.kind is Kind.NOT_PUBLISHED and len(due) > 1 and factory.one_by_one:
            left.extendleft(reversed(due))  # v2 is not open here, which is known only now
            continue
        yield due, after, error


def _after(decision: Decision, sent: Sent, error: ApiError) -> Decision:
    """What has become of an instance whose request ended in *error*."""
    attempt, text = decision.attempt, printable(error)
    if sent.outcome == REFUSED:
        action, reason = Action.REFUSED, f"the service refused it: {text}"
    elif sent.outcome == NOT_SENT:
        action, reason, attempt = Action.WAIT, f"not sent: {text}", decision.attempt - 1
    elif sent.outcome == ACTIVE:
        action, reason = Action.SETTLING, f"by the service's answer it runs already ({text}); it is read back"
    elif error.kind in REFUSING:
        action, reason = (
            Action.SETTLING,
            f"the service refused a request of {sent.batch} instances ({text}); each is sent alone once it has provably stayed as it was",
        )
    else:
        action, reason = Action.SETTLING, f"whether the rerun took effect is not known ({text}); it is read back"
    return replace(decision, action=action, reason=reason, attempt=attempt, request_id=error.request_id, sent=sent, due_ms=None)
