# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the time zone whose midnight begins the service's "today": the window of a list request without one."""

from __future__ import annotations

import typing as t

from .._common.times import DAY_MS, to_iso
from .._models.evidence import Entry

_HOUR_MS = 3_600_000
#: UTC offsets in the time zone database, hours; beyond +12 or -12, midnight is that of another zone a day later.
_ZONES = (*range(-11, 13), -9.5, -3.5, 3.5, 4.5, 5.5, 5.75, 6.5, 9.5, 10.5)
#: So close to a midnight it is uncertain which day the service takes for today, ms.
_NEAR = 300_000


def zone_of_today(today: t.Sequence[Entry], last_day: t.Sequence[Entry], now_ms: int) -> tuple[int | float, str] | None:
    """UTC offset (hours) of the only zone whose midnight separates what *today* lists from what it lacks of *last_day*, with the evidence.

    None if several zones fit. An instance that started at another time than planned counts with both times, because it is also open which of
    them a window means.

    :param today: all that was listed without a window; *last_day*: all that was listed for the last 25 hours.
    """
    shown = {(entry.job_name, entry.plan_time, entry.instance_id) for entry in today}
    lacking = [min(_times(entry)) for entry in last_day if (entry.job_name, entry.plan_time, entry.instance_id) not in shown]
    listed = [max(_times(entry)) for entry in today]
    if not lacking or not listed or max(lacking) >= min(listed):
        return None
    after, until = max(lacking), min(listed)
    zones = [zone for zone in _ZONES if _may_begin(zone, after, until, now_ms)]
    if len(zones) != 1:
        return None
    between = f"what was planned at {to_iso(until // 1000 * 1000)}, not at {to_iso(after // 1000 * 1000)}"
    return zones[0], f"a list without a window has {between}"


def _times(entry: Entry) -> tuple[int, int]:
    return entry.plan_time, entry.plan_time if entry.start_time is None else entry.start_time


def _may_begin(zone: float, after: int, until: int, now_ms: int) -> bool:
    """Whether the last midnight of *zone* is later than *after* and at most *until*."""
    ahead = int(zone * _HOUR_MS)
    last = (now_ms + ahead) // DAY_MS * DAY_MS - ahead
    midnights = [last]
    if now_ms - last < _NEAR:
        midnights.append(last - DAY_MS)
    if last + DAY_MS - now_ms < _NEAR:
        midnights.append(last + DAY_MS)
    return any(after < midnight <= until for midnight in midnights)
