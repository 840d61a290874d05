# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopwatch that keeps running while the machine sleeps or the process is stopped.

``time.monotonic()`` stops on Linux and macOS while the machine is suspended: a list read before the lid was closed would still count as
fresh after it was opened.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
import typing as t


class LongerOf:
    """Stopwatch for systems without a clock that counts sleep: of two clocks, the longer reading of each interval counts.

    The monotonic clock stops during sleep and the wall clock can be set back, so the longer reading is too short only if both happen at
    once. A wall clock that is set forward makes things look older than they are, which is safe.

    :param monotonic: monotonic seconds.
    :param wall: seconds of this machine's clock.
    """

    def __init__(self, monotonic: t.Callable[[], float] = time.monotonic, wall: t.Callable[[], float] = time.time) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._lock = threading.Lock()
        self._last = monotonic(), wall()
        self._seconds = self._last[0]

    def __call__(self) -> float:
        """Seconds so far; never decreases."""
        with self._lock:
            now = self._monotonic(), self._wall()
            self._seconds += max(now[0] - self._last[0], now[1] - self._last[1], 0.0)
            self._last = now
            return self._seconds


def choose(platform: str, clocks: t.Any = time) -> t.Callable[[], float]:
    """The clock to measure with: CLOCK_BOOTTIME on Linux, CLOCK_MONOTONIC (which counts sleep there) on macOS, else :class:`LongerOf`.

    :param platform: ``sys.platform``.
    :param clocks: module ``time``.
    """
    name = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}.get(platform, "")
    clock = getattr(clocks, name, None)
    try:
        clocks.clock_gettime(clock)
    except (AttributeError, OSError, TypeError):
        return LongerOf()
    return functools.partial(clocks.clock_gettime, clock)


_clock = choose(sys.platform)


def stopwatch() -> float:
    """Seconds since an arbitrary start; only differences of two readings are meaningful."""
    return _clock()
