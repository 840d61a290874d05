# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's time of a request, and windows that depend on that time."""

from __future__ import annotations

import math
import typing as t

from .._common.stopwatch import stopwatch
from .._common.times import Window
from .._http.server_clock import CLOCK_LIMIT, ServiceClock

_T = t.TypeVar("_T")

#: How far a window may be off before it is listed again by the service's time, ms. A ``Date`` has whole seconds.
TOLERANCE_MS = 5_000
#: How far this machine's clock may be off before the service refuses its signatures, ms [SIGN-FAQ].
CLOCK_LIMIT_MS = int(CLOCK_LIMIT * 1000)


def last_start_ms(clock: ServiceClock) -> int:
    """The latest possible start time by now, epoch ms. Start times come from the scheduler's clock, which may be ahead of the service's."""
    return clock.latest_ms() + CLOCK_LIMIT_MS


def timed(clock: ServiceClock, read: t.Callable[[], _T]) -> tuple[_T, int]:
    """The result of *read*, and a lower bound of the service's time when it began, epoch ms.

    The clock may learn the time from the answers to *read* itself.
    """
    begun = stopwatch()
    answer = read()
    return answer, clock.earliest_ms() - _ms_since(begun)


def timed_window(clock: ServiceClock, window_at: t.Callable[[int], Window], read: t.Callable[[Window], _T]) -> tuple[_T, Window, int]:
    """The result of *read* for a window, that window, and a lower bound of the service's time when *read* began, epoch ms.

    Before the first answer, relative times depend on this machine's clock, and either clock may be set at any time. If the window turns out to
    be off, it is read once more. The window follows the best estimate of the service's time. By the lower bound, it would end too early for 15
    minutes after a step of the clock, and instances that started meanwhile would be missing.

    :param window_at: returns the window for a time of the service, epoch ms.
    """
    begun = stopwatch()
    window = window_at(clock.now_ms())
    answer = read(window)
    exact = window_at(clock.now_ms() - _ms_since(begun))
    if max(abs(exact.begin - window.begin), abs(exact.end - window.end)) > TOLERANCE_MS:
        begun, window = stopwatch(), exact
        answer = read(window)
    return answer, window, clock.earliest_ms() - _ms_since(begun)


def _ms_since(begun: float) -> int:
    return math.ceil((stopwatch() - begun) * 1000)
