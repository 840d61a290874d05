# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polling with growing pauses and a timeout."""

from __future__ import annotations

import math
import time
import typing as t

from .stopwatch import stopwatch

_Seen = t.TypeVar("_Seen")

#: Defaults of the first and the longest pause, and the shortest pause ever made; seconds.
FIRST_PAUSE, LONGEST_PAUSE, _LEAST_PAUSE = 0.5, 5.0, 0.05


class Waiting:
    """Pauses between polls, each 1.5 times as long as the previous one.

    :param first: first pause, seconds.
    :param longest: longest pause, seconds.
    :param timeout: seconds by the stopwatch, from now on, after which waiting ends; None for no limit.
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
        """Sleep until the next poll. Return False, without sleeping, once the timeout has passed.

        :param due: seconds until something new is expected, if known; the pause is not longer than that.
        """
        left = self._until - self._clock()
        if left <= 0:
            return False
        self._sleep(max(_LEAST_PAUSE, min(self._next, left, math.inf if due is None else due)))
        self._next = min(self._longest, self._next * 1.5)
        return True

    def until(self, read: t.Callable[[], _Seen], done: t.Callable[[_Seen], bool]) -> _Seen:
        """Poll *read* until *done* accepts its value or the timeout has passed; return the last value."""
        while True:
            seen = read()
            if done(seen) or not self.pause():
                return seen
