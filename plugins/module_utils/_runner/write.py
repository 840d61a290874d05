# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes: the one way in which a request that changes something in the service leaves this machine.

1. It is claimed in the journal, durably. What another run has claimed is not sent.
2. Just before its first byte leaves, at each attempt, repeats after 429 included, it is asked once more whether it still may: what it rests on was
   read a moment ago, no quiet hours have begun, and the claim still stands.
3. How it ended is recorded. Unknown stays unknown.

What the claim of each kind of request is, is said where it is made: of reruns and stops in ``sender.py``, of PatchData in ``supplement_data.py``, of
runs by hand in ``job_run.py``, of schedules in ``schedules.py``.
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

#: How long a list may be acted on, seconds that also pass while the machine sleeps. An instance that somebody else reran meanwhile must not
#: be rerun again.
FRESH_SECONDS = 60.0
_TOO_OLD_HINT = "Run it again; if that does not help, name fewer jobs or a shorter time."
#: How long after its claim began a request may leave before the journal is told, and asked whether the claim still stands, seconds. By the
#: stopwatch: the service's clock may step back meanwhile. A journal that takes longer than this for one transaction is of no use.
STAMP_SECONDS = 5.0
#: How often in a row it may take as long as that before the task is given up, or the request where the last check does: asking once more
#: would go on for ever.
_SLOW_STAMPS = 3

_TOO_SLOW = f"the journal took {STAMP_SECONDS:.0f} seconds or more, {_SLOW_STAMPS} times, to confirm the claim"
_LATE_CHECK = f"the service took {STAMP_SECONDS:.0f} seconds or more, {_SLOW_STAMPS} times, to show the state just before the request"
_TOO_SLOW_HINT = "The request was not sent. Check the file system or the server of the journal, then run it again."


def flight_ms(client: Client) -> int:
    """How long after it was claimed, or stamped, a request of *client* may still be in flight while no outcome is recorded, ms."""
    return int((STAMP_SECONDS + client.read_timeout) * 1000)


class Basis(t.NamedTuple):
    """What a write was decided by.

    :param read_at: when that was read, by the stopwatch; None if it rests on its claim alone, or on what it reads last.
    :param quiet_hours: what the quiet hours are now, if any: they may begin while requests are sent.
    """

    read_at: float | None = None
    quiet_hours: t.Callable[[], QuietSpan | None] | None = None

    @property
    def until(self) -> float:
        """Until when a write may leave because of it, by the stopwatch."""
        return math.inf if self.read_at is None else self.read_at + FRESH_SECONDS

    def obstacle(self) -> ApiError | None:
        """Why nothing may be sent by it any more; None if something may."""
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
    """One request that changes something. As it stands here it needs no claim, because to send it twice is harmless.

    :param post: sends it, and returns the service's id of the request.
    """

    def __init__(self, post: t.Callable[[], str | None]) -> None:
        self.post = post

    def claim(self) -> bool:
        """Claim it, durably when this returns; False where another run has, so that nothing may be sent.

        :raises JournalError: it cannot be claimed.
        """
        return True

    def stamp(self) -> None:
        """Tell the journal that the request leaves only now. Durable when this returns.

        :raises ClaimLostError: another run took it over in the meantime.
        """

    def last_check(self) -> None:
        """Read once more what it rests on; what this raises keeps the request from being sent."""

    def outcome_of(self, kind: Kind) -> Outcome:
        """What it came to if it ended in an error of *kind*."""
        return outcome_of(kind, 1)[0]

    def record(self, ending: Ending) -> None:
        """Record how it ended.

        :raises JournalError: it cannot be recorded.
        """


class Writer:
    """Sends the writes of one task, one after the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._useless: JournalError | None = None

    def send(self, write: Write, basis: Basis) -> Ending | None:
        """How *write* ended; None where another run has claimed it, or taken the claim over, so that nothing was sent. The latter is recorded.

        An outcome that cannot be recorded must not hide what is known of the request: that is raised by the next :meth:`check`.

        :raises JournalError: as :meth:`check`, or it cannot be claimed; nothing was sent.
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
        except ClaimLostError as error:  # it never left, whatever the journal says by now
            ending, lost = Ending(Outcome.NOT_EXECUTED, error=ApiError(Kind.STALE, str(error))), True
        try:
            write.record(ending)
        except JournalError as error:
            self.fail(error)
        return None if lost else ending

    def check(self) -> None:
        """Stop once the journal is of no use: before each write, and after the last one, when what became of it is in the result.

        :raises JournalError: the outcome of a write could not be recorded, or it took too long to say that a claim stands.
        """
        if self._useless is not None:
            raise self._useless

    def fail(self, error: JournalError) -> None:
        """The outcome of a write could not be recorded."""
        self._useless = JournalError(f"{error} What was sent is in the result; the next run settles it.")

    def _too_slow(self, *, journal: bool) -> ApiError:
        """Why a request is given up. A journal that is too slow is of no use for the next one either; a service that is may be."""
        if not journal:
            return ApiError(Kind.STALE, _LATE_CHECK, hint=_TOO_OLD_HINT)
        self._useless = JournalError(f"{_TOO_SLOW}. {_TOO_SLOW_HINT}")
        return ApiError(Kind.STALE, _TOO_SLOW, hint=_TOO_SLOW_HINT)

    def _exchange(self, write: Write, basis: Basis, claimed_at: float) -> Ending:
        stamped_at = claimed_at  # when the journal was last told of the request; not when it had answered
        slow = 0

        def guard() -> float:
            """Whatever may take long is done by then, or is asked for again: name, connection, TLS, proxy, and the journal's own answer.

            :raises ApiError: STALE, the journal takes too long each time, and the next :meth:`check` says so too; or the last check does.
            """
            nonlocal stamped_at, slow
            obstacle = basis.obstacle()
            if obstacle is not None:
                raise obstacle
            asked_at = stopwatch()  # what the last check shows may change by itself at once: it counts from when it was asked for
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
        except OptionError as error:  # a name that cannot be part of a URL: it never left this machine
            return _ended(write, ApiError(Kind.INVALID, str(error)))


def _ended(write: Write, error: ApiError) -> Ending:
    return Ending(write.outcome_of(error.kind), error.request_id, error)
