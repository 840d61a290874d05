# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the documented request budget of each route, spent evenly."""

from __future__ import annotations

import time
import typing as t

from .turns import ALL, FURTHEST, Turns, start_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Requests a second that one user may make on each route [H-OV1][H-OV2].
RATES = {
    "v2.list": 10.0,
    "v2.retry": 10.0,
    "v1.list": 30.0,
    "v1.instance": 30.0,
    "v1.restart": 30.0,
    "v1.stop": 30.0,
    "v1.job": 10.0,
    "statistics": 1.0,
}
#: For every route that is not in the table: the lowest of the documented limits but the statistics'.
OTHER_RATE = 10.0
#: Requests leave a little slower than allowed, so that any second holds no more than the budget even at its edges.
_MARGIN = 1.05
#: Where several processes wait, the one that took the last turn is first for so many turns, because the others look so many seconds later:
#: one workspace after the other comes to its end, instead of all at the end.
STREAK, _COURTESY = 100, 0.004


class Pacer:
    """Makes threads, and processes, wait so that each route's requests leave evenly spaced, never more than its rate in any second.

    :param rates: requests a second by route; routes it does not name get :data:`OTHER_RATE`; None stands for :data:`RATES`.
    :param clock: monotonic seconds.
    :param sleep: sleeps that many seconds.
    :param turns: the times that are waited for; those of this object alone if None.
    """

    def __init__(
        self,
        rates: Mapping[str, float] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        turns: Turns | None = None,
    ) -> None:
        self._rates = dict(RATES if rates is None else rates)
        self._clock = clock
        self._sleep = sleep
        self._turns = turns or Turns()
        self._mine: dict[str, tuple[float, int]] = {}  # route -> what the newest turn of this object left there, and its turns in a row

    def wait(self, route: str, deadline: float | None = None) -> bool:
        """Wait until a request on *route* may leave.

        :param deadline: in the clock's seconds, or None.
        :returns: True once it may leave; False at once if that would be after *deadline*; then nothing of the budget is spent.
        """
        interval = _MARGIN / self._rates.get(route, OTHER_RATE)
        while True:
            with self._turns.open() as times:
                now = self._clock()
                start = start_of(times, route, now)
                if deadline is not None and start >= deadline:
                    return False
                left, streak = self._mine.get(route, (times.get(route), 0))
                last = times.get(route) == left and streak < STREAK
                if start <= now:
                    times[route] = now + interval
                    self._mine[route] = times[route], streak + 1 if last else 1
                    return True
            # Nothing is reserved while sleeping: another thread may back everybody off meanwhile, and who is killed takes no turn along.
            self._sleep(start - now if last else start - now + _COURTESY)

    def back_off(self, seconds: float) -> None:
        """Hold all routes back for *seconds* from now, at most a minute; never shortens a longer one under way."""
        with self._turns.open() as times:
            times[ALL] = max(start_of(times, ALL, self._clock()), self._clock() + min(seconds, FURTHEST - 1))
