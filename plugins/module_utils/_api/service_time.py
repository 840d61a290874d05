# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's time at which something was listed, and windows that only that time can fix."""

from __future__ import annotations

import math
import typing as t

from .._common.stopwatch import stopwatch
from .._common.times import Window
from .._http.server_clock import CLOCK_LIMIT, ServiceClock

_T = t.TypeVar("_T")

#: How far a window read by this machine's clock may be off before it is listed again by the service's, ms. Dates come in whole seconds.
TOLERANCE_MS = 5_000
#: How far this machine's clock may be off before the service refuses its signatures, ms [SIGN-FAQ].
CLOCK_LIMIT_MS = int(CLOCK_LIMIT * 1000)


def last_start_ms(clock: ServiceClock) -> int:
    """Until when something may have started by now, epoch ms: start times are of the scheduler's clock, which may be ahead of the service's."""
    return clock.latest_ms() + CLOCK_LIMIT_MS


def timed(clock: ServiceClock, read: t.Callable[[], _T]) -> tuple[_T, int]:
    """What *read* returns, and the service's time when it was asked, epoch ms: one that the service's clock had certainly reached by then.

    The clock may be learned from the very answers that *read* gets.
    """
    begun = stopwatch()
    answer = read()
    return answer, clock.earliest_ms() - _ms_since(begun)


def timed_window(clock: ServiceClock, window_at: t.Callable[[int], Window], read: t.Callable[[Window], _T]) -> tuple[_T, Window, int]:
    """What *read* returns for a window, that window, and the service's time when it was asked, epoch ms.

    Before the first answer only this machine's clock can tell what relative times mean, and either clock may be set at any time. If the time
    turns out to be off, it is read once more. A window follows the newest answer: by what the clock has *certainly* reached it would end too
    early for a quarter of an hour after a step, and what began meanwhile would be missing.

    :param window_at: the window as it is at a time of the service, epoch ms.
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
