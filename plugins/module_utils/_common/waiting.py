# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something that changes by itself, and is read again and again: short pauses first, and an end."""

from __future__ import annotations

import math
import time
import typing as t

from .stopwatch import stopwatch

_Seen = t.TypeVar("_Seen")

#: First and longest pause where nothing else is asked for, seconds, and the shortest one of all.
FIRST_PAUSE, LONGEST_PAUSE, _LEAST_PAUSE = 0.5, 5.0, 0.05


class Waiting:
    """Pauses between two readings, each half as long again as the one before.

    :param first: the first pause, seconds.
    :param longest: no pause is longer, seconds.
    :param timeout: how long is waited in all, seconds, by the stopwatch, from now on; None: as long as it takes.
    """

    def __init__(
        self,
        first: float = FIRST_PAUSE,
        longest: float = LONGEST_PAUSE,
        *,
        timeout: float | None = None,
        clock: t.Callable[[], float] = stopwatch,
        sleep: t.Callable[[float], object] = time.sleep,
    ) -> None:
        self._next, self._longest = min(first, longest), longest
        self._clock, self._sleep = clock, sleep
        self._until = math.inf if timeout is None else clock() + timeout

    def pause(self, due: float | None = None) -> bool:
        """Wait for a moment; False, at once, if the time is over.

        :param due: seconds until there is something new to see, if that is known: it is not slept longer.
        """
        left = self._until - self._clock()
        if left <= 0:
            return False
        self._sleep(max(_LEAST_PAUSE, min(self._next, left, math.inf if due is None else due)))
        self._next = min(self._longest, self._next * 1.5)
        return True

    def until(self, read: t.Callable[[], _Seen], done: t.Callable[[_Seen], bool]) -> _Seen:
        """What *read* returned when that was *done* for the first time; else what it returned when the time was over."""
        while True:
            seen = read()
            if done(seen) or not self.pause():
                return seen
