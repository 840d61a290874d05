# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan times of Quartz cron expressions by brute force: compares every minute of a span with the expression, in the schedule's zone.

It is deliberately simple: tests compare the collection's faster implementation with it. Fields: second (a single number), minute, hour, day, month,
day of the week (1 is Sunday).
"""

from __future__ import annotations

import functools
import re
import typing as t
from calendar import monthrange
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?")


def zone_of(text: str) -> tzinfo:
    """The time zone of a schedule: ``GMT+8``, ``+08:00``, ``UTC`` or ``Europe/Berlin``."""
    if text in ("", "GMT", "UTC", "Z"):
        return timezone.utc
    match = _OFFSET.fullmatch(text)
    if match is None:
        return ZoneInfo(text)
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-span if match[1] == "-" else span)


def plan_times(expression: str, zone: str, begin_ms: int, end_ms: int) -> list[int]:
    """Plan times in [*begin_ms*, *end_ms*), epoch ms.

    A local time that occurs twice is planned at its first occurrence. One that is skipped is not planned.
    """
    second, *fields = expression.upper().split()[:6]
    where = zone_of(zone)
    planned = []
    moment = begin_ms // 60_000 * 60_000
    while moment < end_ms:
        local = datetime.fromtimestamp(moment / 1000, where)
        at = moment + int(second) * 1000
        if begin_ms <= at < end_ms and not local.fold and _fits(local, fields):
            planned.append(at)
        moment += 60_000
    return planned


def _fits(local: datetime, fields: t.Sequence[str]) -> bool:
    minute, hour, day, month, week = fields
    return (
        _among(local.minute, minute, 0, 59)
        and _among(local.hour, hour, 0, 23)
        and _among(local.month, month, 1, 12, _MONTHS)
        and _day(local, day)
        and _week(local, week)
    )


def _day(local: datetime, field: str) -> bool:
    last = monthrange(local.year, local.month)[1]
    if field == "LW":
        return local.day == _nearest_weekday(local, last)
    for part in field.split(","):
        if re.fullmatch(r"L(?:-\d+)?", part):
            if local.day == last - int(part[2:] or 0):
                return True
        elif re.fullmatch(r"\d+W", part):
            if int(part[:-1]) <= last and local.day == _nearest_weekday(local, int(part[:-1])):
                return True
        elif _among(local.day, part, 1, 31):
            return True
    return False


def _nearest_weekday(local: datetime, day: int) -> int:
    """The weekday nearest to *day* in the same month."""
    last = monthrange(local.year, local.month)[1]
    for step in (0, -1, 1, -2, 2):
        if 1 <= day + step <= last and local.replace(day=day + step).weekday() < 5:
            return day + step
    raise AssertionError("every five days hold a weekday")


def _week(local: datetime, field: str) -> bool:
    own = (local.weekday() + 1) % 7 + 1
    last = monthrange(local.year, local.month)[1]
    for part in field.split(","):
        number = re.fullmatch(r"([1-7]|[A-Z]{3})(L|#\d)", part)
        if part == "L":
            if own == 7:
                return True
        elif number:
            day = _DAYS.index(number[1]) + 1 if number[1] in _DAYS else int(number[1])
            if own == day and (local.day > last - 7 if number[2] == "L" else (local.day - 1) // 7 + 1 == int(number[2][1:])):
                return True
        elif _among(own, part, 1, 7, _DAYS):
            return True
    return False


@functools.lru_cache(maxsize=100_000)
def _among(value: int, field: str, low: int, high: int, names: tuple[str, ...] = ()) -> bool:
    def number(text: str) -> int:
        return names.index(text) + 1 if text in names else int(text)

    for part in field.split(","):
        base, _slash, step = part.partition("/")
        if base in ("*", "?"):
            first, last = low, high
        elif "-" in base:
            first, last = (number(end) for end in base.split("-"))
        else:
            first = number(base)
            last = high if step else first
        values = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        if value in list(values)[:: int(step or 1)]:
            return True
    return False
