# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's clock, learned from the ``Date`` of its answers."""

from __future__ import annotations

import threading
import time
import typing as t
from datetime import timezone
from email.utils import parsedate_to_datetime

from .._common.stopwatch import stopwatch

if t.TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds by which the time of a signature may differ from the gateway's clock; it refuses requests beyond that [SIGN-FAQ].
CLOCK_LIMIT = 15 * 60.0
#: Seconds by which two clocks may drift apart per second; the bounds widen by this as they age.
_DRIFT = 1e-4
_FIRST_MS, _LAST_MS = 1_577_836_800_000, 4_102_444_800_000  # 2020 and 2100: any other Date is not the service's


class ServiceClock:
    """An estimate of the service's clock. Thread-safe.

    ``Date`` names the whole second in which the service wrote its answer, between sending and receiving. So each answer bounds the service's
    time from both sides, and several answers narrow the bounds. A stopwatch measures the time between answers, so setting this machine's
    clock during a run changes nothing.

    A proxy may rewrite ``Date``. It is believed in the answer to

    * a signed request, if it is within 15 minutes of the signing time, because the gateway has just compared that with its own clock;
    * a request with a token from IAM, if it is within 15 minutes of the token's time of issue plus the time since then;
    * a request with a token from an option, always: nothing shows whether this machine's clock or the ``Date`` is wrong.

    Any other ``Date`` is ignored. Until one is believed, the time is this machine's.

    If two answers contradict each other, a clock was set in between, or two hosts answer. Then :meth:`now_ms` follows the newer answer, while
    :meth:`earliest_ms` and :meth:`latest_ms` allow for both during the next 15 minutes. Nothing takes longer to settle, so a step of the clock
    never makes anything count as settled too early.

    :param wall: epoch seconds of this machine.
    :param elapsed: seconds of a stopwatch.
    """

    def __init__(self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = stopwatch) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._low = self._high = 0.0  # bounds of the service's epoch seconds minus the stopwatch's, valid at _at
        self._lowest, self._highest = float("inf"), float("-inf")  # the same for bounds that newer answers contradicted
        self._at = self._contradicted_at = 0.0
        self._learned = False

    def learn(self, date_ms: int, began: float, received: float, accepted: float | None = None) -> bool:
        """Learn from one answer.

        :param date_ms: its ``Date``, epoch ms, a whole second; see :func:`date_ms`.
        :param began: stopwatch seconds just before the request left.
        :param received: stopwatch seconds just after the headers of the answer came.
        :param accepted: epoch seconds when the request left, by a clock that the service accepts as at most :data:`CLOCK_LIMIT` off, or None.
        :returns: whether the ``Date`` is believed.
        """
        if accepted is not None and abs(skew_between(accepted, date_ms, received - began)) > CLOCK_LIMIT:
            return False
        low, high = date_ms / 1000 - received, date_ms / 1000 + 1 - began
        with self._lock:
            if self._learned:
                slack = max(0.0, received - self._at) * _DRIFT
                both = max(low, self._low - slack), min(high, self._high + slack)
                if both[0] <= both[1]:
                    low, high = both
                else:
                    self._contradict(received)
            self._low, self._high, self._at, self._learned = low, high, max(received, self._at), True
        return True

    def _contradict(self, now: float) -> None:
        """Keep the present bounds in addition to the new ones that contradict them."""
        slack = (now - self._at + CLOCK_LIMIT) * _DRIFT
        recent = now - self._contradicted_at < CLOCK_LIMIT
        self._lowest = min(self._low - slack, self._lowest if recent else float("inf"))
        self._highest = max(self._high + slack, self._highest if recent else float("-inf"))
        self._contradicted_at = now

    @property
    def learned(self) -> bool:
        """Whether any ``Date`` was believed; until then the time is this machine's."""
        return self._learned

    def seconds(self) -> float:
        """Best estimate of the service's time now, epoch seconds."""
        low, high = self._bounds()
        return (low + high) / 2

    def now_ms(self) -> int:
        """Best estimate of the service's time now, epoch ms."""
        return int(self.seconds() * 1000)

    def earliest_ms(self) -> int:
        """Lower bound of the service's time now, epoch ms, by every recent answer that was believed."""
        return int(self._bounds(recent=True)[0] * 1000)

    def latest_ms(self) -> int:
        """Upper bound of the service's time now, epoch ms, by every recent answer that was believed."""
        return int(self._bounds(recent=True)[1] * 1000) + 1

    @property
    def skew_seconds(self) -> float:
        """Seconds, at least, by which this machine's clock is ahead of the service's; negative if it is behind, 0.0 if it may be right."""
        low, high = self._bounds()
        now = self._wall()
        if now > high:
            return now - high
        return now - low if now < low else 0.0

    def _bounds(self, *, recent: bool = False) -> tuple[float, float]:
        """Lower and upper bound of the service's time now, epoch seconds, by the newest bounds, or by all *recent* ones."""
        with self._lock:
            if not self._learned:
                now = self._wall()
                return now, now
            now = self._elapsed()
            slack = max(0.0, now - self._at) * _DRIFT
            low, high = self._low, self._high
            if recent and now - self._contradicted_at < CLOCK_LIMIT:
                low, high = min(low, self._lowest), max(high, self._highest)
            return now + low - slack, now + high + slack


def skew_between(ours: float, date_ms: int, seconds: float) -> float:
    """Seconds, at least, by which *ours* is ahead of the clock that wrote a ``Date``; negative if it is behind, 0.0 if it may be right.

    :param ours: epoch seconds when the request was made, with or without the fraction.
    :param date_ms: the answer's ``Date``, epoch ms, a whole second.
    :param seconds: seconds between the request and its answer.
    """
    latest, earliest = date_ms / 1000 + 1, date_ms / 1000 - 1 - seconds
    if ours > latest:
        return ours - latest
    return ours - earliest if ours < earliest else 0.0


def date_ms(header: str | None) -> int | None:
    """A ``Date`` header in epoch ms; None if it is missing, unreadable, or not between 2020 and 2100."""
    if not header or len(header) > 64:
        return None
    try:
        moment = parsedate_to_datetime(header)
        ms = int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()) * 1000
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return ms if _FIRST_MS <= ms <= _LAST_MS else None
