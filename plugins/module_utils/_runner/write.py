# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes: requests that change something in the service. Every one of them is sent by :class:`Writer`.

1. The request is claimed in the journal, durably. If another run has claimed it, it is not sent.
2. Just before its first byte leaves, at each transmission including repeats after 429, a guard checks that the list it is based on is fresh, no
   quiet hours have begun, and the claim still stands.
3. The outcome is recorded. Unknown stays unknown.

Each kind of request has its own claim: see ``sender.py`` for reruns and stops, ``supplement_data.py`` for PatchData, ``job_run.py`` for runs by
hand, ``schedules.py`` for schedules.
"""

from __future__ import annotations

import math
import typing as t

from .._common.errors import ApiError, ClaimLostError, JournalError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._http.client import Client
from .._models.attempt import Outcome
from .._planner.outcomes import outcome_of
from .._planner.quiet_hours import QuietSpan, not_sent

#: How long a list may be acted on, in seconds that also pass while the machine sleeps: somebody else may rerun an instance meanwhile.
FRESH_SECONDS = 60.0
_TOO_OLD_HINT = "Run it again; if that does not help, name fewer jobs or a shorter time."
#: Age of a claim, in seconds by the stopwatch, after which it is stamped again before the request leaves: the stamp tells the journal the new
#: time and checks that the claim still stands. The stopwatch, because the service's clock may step back.
STAMP_SECONDS = 5.0
#: How many guards in a row may take that long. Then a slow journal ends the task, and a slow last check gives up the request.
_SLOW_STAMPS = 3

_TOO_SLOW = f"the journal took {STAMP_SECONDS:.0f} seconds or more, {_SLOW_STAMPS} times, to confirm the claim"
_LATE_CHECK = f"the service took {STAMP_SECONDS:.0f} seconds or more, {_SLOW_STAMPS} times, to show the state just before the request"
_TOO_SLOW_HINT = "The request was not sent. Check the file system or the server of the journal, then run it again."


def flight_ms(client: Client) -> int:
    """How long after its claim or stamp a request of *client* without a recorded outcome may still be in flight, ms."""
    return int((STAMP_SECONDS + client.read_timeout) * 1000)


class Basis(t.NamedTuple):
    """What the decision to write is based on.

    :param read_at: when the list was read, by the stopwatch; None if the write depends only on its claim or its last check.
    :param quiet_hours: returns the current quiet hours, which may begin while requests are sent.
    """

    read_at: float | None = None
    quiet_hours: t.Callable[[], QuietSpan | None] | None = None

    @property
    def until(self) -> float:
        """Until when a write may be sent on this basis, by the stopwatch."""
        return math.inf if self.read_at is None else self.read_at + FRESH_SECONDS

    def obstacle(self) -> ApiError | None:
        """Why nothing may be sent on this basis any more; None if sending is allowed."""
        if stopwatch() >= self.until:
            return ApiError(Kind.STALE, f"its list is older than {FRESH_SECONDS:.0f} seconds; it is listed again first", hint=_TOO_OLD_HINT)
        quiet_hours = None if self.quiet_hours is None else self.quiet_hours()
        return None if quiet_hours is None else ApiError(Kind.STALE, not_sent(quiet_hours))


class Ending(t.NamedTuple):
    """How a write ended; ``error`` is None if it was accepted."""

    outcome: Outcome
    request_id: str | None = None
    error: ApiError | None = None


class Write:
    """One request that changes something. This base class claims nothing: for requests that are harmless if sent twice.

    :param post: sends the request and returns the service's request id.
    """

    def __init__(self, post: t.Callable[[], str | None]) -> None:
        self.post = post

    def claim(self) -> bool:
        """Claim the request durably; False if another run has claimed it, so that it must not be sent.

        :raises JournalError: it cannot be claimed.
        """
        return True

    def stamp(self) -> None:
        """Tell the journal durably that the request leaves only now.

        :raises ClaimLostError: another run took the claim over in the meantime.
        """

    def last_check(self) -> None:
        """Check the request's preconditions once more; if this raises, it is not sent."""

    def outcome_of(self, kind: Kind) -> Outcome:
        """The outcome if the request ended in an error of *kind*."""
        return outcome_of(kind, 1)[0]

    def record(self, ending: Ending) -> None:
        """Record the outcome.

        :raises JournalError: it cannot be recorded.
        """


class Writer:
    """Sends the writes of one task, one after the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._useless: JournalError | None = None

    def send(self, write: Write, basis: Basis) -> Ending | None:
        """Send *write*; None if another run has claimed it or taken its claim over, so that nothing was sent.

        If the outcome cannot be recorded, the next :meth:`check` raises, so that the error does not hide what is known of the request.

        :raises JournalError: as :meth:`check`, or the request cannot be claimed; nothing was sent.
        """
        self.check()
        obstacle = basis.obstacle()
        if obstacle is not None:
            return Ending(Outcome.NOT_EXECUTED, error=obstacle)
        claimed_at = stopwatch()
        if not write.claim():
            return None
        lost = False
        try:
            ending = self._exchange(write, basis, claimed_at)
        except ClaimLostError as error:  # the request never left
            ending, lost = Ending(Outcome.NOT_EXECUTED, error=ApiError(Kind.STALE, str(error))), True
        try:
            write.record(ending)
        except JournalError as error:
            self.fail(error)
        return None if lost else ending

    def check(self) -> None:
        """Raise if the journal can no longer be used. :meth:`send` calls it first; call it after the last write, once that is in the result.

        :raises JournalError: the outcome of a write could not be recorded, or the journal was too slow to confirm a claim.
        """
        if self._useless is not None:
            raise self._useless

    def fail(self, error: JournalError) -> None:
        """Have :meth:`check` raise, because *error* kept the outcome of a write from being recorded."""
        self._useless = JournalError(f"{error} What was sent is in the result; the next run settles it.")

    def _too_slow(self, *, journal: bool) -> ApiError:
        """The error of a request that is given up. A slow journal also ends the task; a slow service may be faster next time."""
        if not journal:
            return ApiError(Kind.STALE, _LATE_CHECK, hint=_TOO_OLD_HINT)
        self._useless = JournalError(f"{_TOO_SLOW}. {_TOO_SLOW_HINT}")
        return ApiError(Kind.STALE, _TOO_SLOW, hint=_TOO_SLOW_HINT)

    def _exchange(self, write: Write, basis: Basis, claimed_at: float) -> Ending:
        stamped_at = claimed_at  # when the last claim or stamp began, not when the journal answered
        slow = 0

        def guard() -> float:
            """Check that the request may leave; called when the connection is open, and again if the deadline that it returns passes first.

            :return: until when the request may leave, by the stopwatch.
            :raises ApiError: STALE, the basis is too old, quiet hours have begun, or the journal or the last check was too slow.
            """
            nonlocal stamped_at, slow
            obstacle = basis.obstacle()
            if obstacle is not None:
                raise obstacle
            asked_at = stopwatch()  # the age of the last check counts from its start: the state may change right after it was read
            write.last_check()
            now = stopwatch()
            if now - stamped_at >= STAMP_SECONDS:
                write.stamp()
                stamped_at = now
            over = stopwatch()
            slow = slow + 1 if over - asked_at >= STAMP_SECONDS else 0
            if slow == _SLOW_STAMPS:
                raise self._too_slow(journal=over - now >= STAMP_SECONDS)
            return min(basis.until, stamped_at + STAMP_SECONDS, asked_at + STAMP_SECONDS)

        try:
            with self._client.guarded(guard):
                return Ending(Outcome.ACCEPTED, write.post())
        except ApiError as error:
            return _ended(write, error)
        except OptionError as error:  # a name that cannot be part of a URL: the request never left
            return _ended(write, ApiError(Kind.INVALID, str(error)))


def _ended(write: Write, error: ApiError) -> Ending:
    return Ending(write.outcome_of(error.kind), error.request_id, error)
