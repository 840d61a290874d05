# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the service's time, learned from its answers."""

from __future__ import annotations

import threading
import time
import typing as t
from datetime import timezone
from email.utils import parsedate_to_datetime

if t.TYPE_CHECKING:
    from collections.abc import Callable

#: How much two clocks may drift apart in a second; bounds widen by it as they age.
_DRIFT = 1e-4
_FIRST_MS, _LAST_MS = 1_577_836_800_000, 4_102_444_800_000  # 2020 and 2100: a Date outside is no date


class ServiceClock:
    """The service's clock as seen from here. Thread-safe.

    A ``Date`` header names a whole second in which the service wrote its answer, and that was between sending and receiving.
    Each answer therefore bounds the service's time from both sides, and several narrow the bounds. Time between answers is
    measured monotonically, so that setting this machine's clock in the middle of a run changes nothing.

    :param wall: epoch seconds of this machine.
    :param monotonic: seconds that never step.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._low = self._high = 0.0  # the service's epoch seconds minus our monotonic ones, as it was at _at
        self._at = 0.0
        self._learned = False

    def learn(self, date_ms: int, sent: float, received: float) -> None:
        """Take in one answer.

        :param date_ms: its ``Date``, epoch ms, a whole second; see :func:`date_ms`.
        :param sent: monotonic seconds just before the request left.
        :param received: monotonic seconds just after its answer's headers came.
        """
        low, high = date_ms / 1000 - received, date_ms / 1000 + 1 - sent
        with self._lock:
            if self._learned:
                slack = (received - self._at) * _DRIFT if received > self._at else 0.0
                both = max(low, self._low - slack), min(high, self._high + slack)
                # Two answers that contradict each other: a clock was set meanwhile; the newer one counts.
                low, high = both if both[0] <= both[1] else (low, high)
            self._low, self._high, self._at, self._learned = low, high, max(received, self._at), True

    @property
    def learned(self) -> bool:
        """Whether any answer told the service's time; until then this machine's own is used."""
        return self._learned

    def seconds(self) -> float:
        """The service's time now, epoch seconds; a best guess."""
        low, high = self._bounds()
        return (low + high) / 2

    def now_ms(self) -> int:
        """The service's time now, epoch ms; a best guess."""
        return int(self.seconds() * 1000)

    def earliest_ms(self) -> int:
        """Epoch ms that the service's clock has certainly reached."""
        return int(self._bounds()[0] * 1000)

    def latest_ms(self) -> int:
        """Epoch ms that the service's clock has certainly not passed."""
        return int(self._bounds()[1] * 1000) + 1

    @property
    def skew_seconds(self) -> float:
        """By how many seconds, at least, this machine's clock is ahead of the service's; negative where it is behind, 0.0 where it may be right."""
        low, high = self._bounds()
        now = self._wall()
        if now > high:
            return now - high
        return now - low if now < low else 0.0

    def _bounds(self) -> tuple[float, float]:
        with self._lock:
            if not self._learned:
                now = self._wall()
                return now, now
            now = self._monotonic()
            slack = max(0.0, now - self._at) * _DRIFT
            return now + self._low - slack, now + self._high + slack


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
