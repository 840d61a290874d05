# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: options that name times, and the service's time at which something was read."""

from __future__ import annotations

import math
import time
import typing as t

from .._common.errors import OptionError
from .._common.times import Window, parse_time, to_iso, window
from .._http.server_clock import ServiceClock
from .._planner.reconcile import AHEAD_MS

_T = t.TypeVar("_T")
Options = t.Mapping[str, t.Any]

#: How far a window read by this machine's clock may be off before it is read again by the service's, ms. Dates come in whole seconds.
TOLERANCE_MS = 5_000
#: How far this machine's clock may be off before the service refuses its signatures, ms.
CLOCK_LIMIT_MS = 900_000


def timed(clock: ServiceClock, read: t.Callable[[], _T]) -> tuple[_T, int]:
    """What *read* returns, and the service's time when it was asked, epoch ms: one that the service's clock had certainly reached by then.

    The clock may be learned from the very answers that *read* gets.
    """
    begun = time.monotonic()
    found = read()
    return found, clock.earliest_ms() - math.ceil((time.monotonic() - begun) * 1000)


def window_of(options: Options, now_ms: int) -> Window:
    """The window of plan times between ``planned_after`` and ``planned_before`` (now, if that is not set).

    :param now_ms: the service's time, epoch ms, from which relative times count.
    :raises OptionError: a time cannot be read, or the window begins after its end.
    """
    begin = parse_time(options["planned_after"], now_ms=now_ms, option="planned_after")
    end = options.get("planned_before")
    last = now_ms if end is None else parse_time(end, now_ms=now_ms, option="planned_before")
    return window(begin, last, options=("planned_after", "planned_before"))


def read_window(clock: ServiceClock, options: Options, read: t.Callable[[Window], _T]) -> tuple[_T, Window, int]:
    """What *read* returns for the window of *options*, that window, and the service's time when it was asked, epoch ms.

    Before the first answer only this machine's clock can tell what relative times mean. If it turns out to be off, it is read once more.
    """
    guess = window_of(options, clock.now_ms())
    found, asked = timed(clock, lambda: read(guess))
    exact = window_of(options, asked)
    if max(abs(exact.begin - guess.begin), abs(exact.end - guess.end)) <= TOLERANCE_MS:
        return found, guess, asked
    found, asked = timed(clock, lambda: read(exact))
    return found, exact, asked


def since_of(options: Options, now_ms: int) -> int | None:
    """The option ``since``, epoch ms, or None if it is not set.

    :param now_ms: the service's time, epoch ms.
    :raises OptionError: it cannot be read.
    """
    value = options.get("since")
    return None if value is None else parse_time(value, now_ms=now_ms, option="since")


def check_past(since: int, clock: ServiceClock) -> None:
    """Refuse a *since* that lies ahead: no rerun could ever count as started after it, so each pass would send it again.

    :raises OptionError: naming both times.
    """
    if since > clock.latest_ms() + AHEAD_MS:
        raise OptionError(
            f"since ({to_iso(since)}) is in the future: by the service's clock it is {to_iso(clock.now_ms())}. Give a time that has passed, or leave it out."
        )


def quiet_until(since: int, now_ms: int, born_ms: int, settle_ms: int) -> int | None:
    """Until when a run sends nothing, epoch ms, or None.

    Not before *since* itself, should it lie a moment ahead: a rerun sent before it would not count as one of this run, and be sent again.
    And where this machine's record began after *since*, not until what others sent before has had *settle_ms* to show.

    :param now_ms: the service's time.
    :param born_ms: when the record began, see :func:`_remembering.birth`.
    """
    if since > now_ms:
        return since
    return born_ms + settle_ms if since < born_ms else None


def seconds_of(options: Options, name: str, least: int) -> float:
    """The option *name*, a duration in seconds.

    :raises OptionError: it is below *least*.
    """
    value = options[name]
    if value < least:
        raise OptionError(f"{name} is {value}. Give seconds, {least} or more.")
    return float(value)
