# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clock of the service, learned from the ``Date`` of its answers."""

from __future__ import annotations

import threading
import time
import typing as t
from datetime import timezone
from email.utils import parsedate_to_datetime

from .._common.stopwatch import stopwatch

if t.TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds by which the time of a signature may differ from the gateway's clock; what differs more is refused [SIGN-FAQ].
CLOCK_LIMIT = 15 * 60.0
#: How much two clocks may drift apart in a second; bounds widen by it as they age.
_DRIFT = 1e-4
_FIRST_MS, _LAST_MS = 1_577_836_800_000, 4_102_444_800_000  # 2020 and 2100: a Date outside is not one of this service


class ServiceClock:
    """The service's clock as seen from here. Thread-safe.

    A ``Date`` header names a whole second in which the service wrote its answer, and that was between sending and receiving.
    Each answer therefore bounds the service's time from both sides, and several narrow the bounds. Time between answers is
    measured by a stopwatch, so that setting this machine's clock in the middle of a run changes nothing.

    A proxy can rewrite ``Date``. What is believed:

    * Of a signed request: a ``Date`` within 15 minutes of the signing time, because the gateway has just compared that with its own clock.
    * Of a request with a token from IAM: one within 15 minutes of the time at which IAM issued the token, plus what has passed since.
    * Of a request with a token from an option: every one. Nothing says whether this machine's clock or the ``Date`` is wrong.

    What is not believed teaches nothing; without any other answer the time is this machine's.

    Two answers that contradict each other mean that a clock was set in between, or that two hosts answer. :meth:`now_ms` follows the newer
    one. :meth:`earliest_ms` and :meth:`latest_ms` allow for both during the next 15 minutes, which is as long as anything takes to settle: a
    step does not make it count as settled earlier.

    :param wall: epoch seconds of this machine.
    :param elapsed: seconds of a stopwatch.
    """

    def __init__(self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = stopwatch) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._low = self._high = 0.0  # the service's epoch seconds minus the stopwatch's, as it was at _at
        self._lowest, self._highest = float("inf"), float("-inf")  # the same, of readings that newer ones contradicted
        self._at = self._contradicted_at = 0.0
        self._learned = False

    def learn(self, date_ms: int, began: float, received: float, accepted: float | None = None) -> bool:
        """Take in one answer.

        :param date_ms: its ``Date``, epoch ms, a whole second; see :func:`date_ms`.
        :param began: stopwatch seconds just before the request left.
        :param received: stopwatch seconds just after its answer's headers came.
        :param accepted: epoch seconds that the service took for right when the request left, at most :data:`CLOCK_LIMIT` off; None if unknown.
        :returns: whether the ``Date`` was believed.
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
        """Keep the present reading next to the new one, which contradicts it."""
        slack = (now - self._at + CLOCK_LIMIT) * _DRIFT
        recent = now - self._contradicted_at < CLOCK_LIMIT
        self._lowest = min(self._low - slack, self._lowest if recent else float("inf"))
        self._highest = max(self._high + slack, self._highest if recent else float("-inf"))
        self._contradicted_at = now

    @property
    def learned(self) -> bool:
        """Whether any ``Date`` was believed; until then this machine's own time is used."""
        return self._learned

    def seconds(self) -> float:
        """The service's time now, epoch seconds; a best guess."""
        low, high = self._bounds()
        return (low + high) / 2

    def now_ms(self) -> int:
        """The service's time now, epoch ms; a best guess."""
        return int(self.seconds() * 1000)

    def earliest_ms(self) -> int:
        """Epoch ms that the service's clock has certainly reached, by every answer that was believed."""
        return int(self._bounds(recent=True)[0] * 1000)

    def latest_ms(self) -> int:
        """Epoch ms that the service's clock has certainly not passed, by every answer that was believed."""
        return int(self._bounds(recent=True)[1] * 1000) + 1

    @property
    def skew_seconds(self) -> float:
        """By how many seconds, at least, this machine's clock is ahead of the service's; negative where it is behind, 0.0 where it may be right."""
        low, high = self._bounds()
        now = self._wall()
        if now > high:
            return now - high
        return now - low if now < low else 0.0

    def _bounds(self, *, recent: bool = False) -> tuple[float, float]:
        """The service's time now, at least and at most; by the newest reading, or by all *recent* ones."""
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
    """By how many seconds, at least, *ours* is ahead of the clock that wrote a ``Date``; negative where it is behind, 0.0 where it may be right.

    :param ours: epoch seconds when the request was made, the fraction cut off or not.
    :param date_ms: the answer's ``Date``, epoch ms, a whole second.
    :param seconds: from then until the answer came.
    """
    latest, earliest = date_ms / 1000 + 1, date_ms / 1000 - 1 - seconds
    if ours > latest:
        return ours - latest
    return ours - earliest if ours < earliest else 0.0


def date_ms(header: str | None) -> int | None:
    """A ``Date`` header in epoch ms, or None where it is missing or no date of this century."""
    if not header or len(header) > 64:
        return None
    try:
        moment = parsedate_to_datetime(header)
        ms = int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()) * 1000
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return ms if _FIRST_MS <= ms <= _LAST_MS else None
