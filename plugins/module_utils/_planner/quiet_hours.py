# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quiet hours, option ``not_between``: daily windows, in a named time zone, in which nothing is sent.

Pure, except for the machine's time zone database. Instances in progress are still watched. When clocks change within a window:

* a time of day that does not exist stands for the moment of the change;
* of a time that occurs twice, the first begins a window and the second ends it, so nothing is sent in between.

Windows that touch or overlap, in any zones, are one.
"""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo

from .._common.errors import OptionError
from .._common.text import did_you_mean, printable
from .._common.times import EPOCH, to_iso
from .._models.decision import Action, Decision
from .plan import Plan

NOT_BETWEEN = "not_between"
#: How long before a window sending stops, ms: a request takes time, and clocks agree to a second.
LEAD_MS = 2000
_DAY = 86_400
#: Quiet hours longer than this never end, ms.
_FOR_EVER_MS = 8 * _DAY * 1000
_SECOND = timedelta(seconds=1)
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
_ENTRY = re.compile(rf"{_CLOCK} ?(?:-|\u2013|to) ?{_CLOCK} ([^ ]+)")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_FORM = "Use 22:00-06:00 Europe/Berlin: when it begins, when it ends, and the name of the time zone, or its offset such as +08:00"


class QuietSpan(t.NamedTuple):
    """Quiet hours, joined with those that they touch.

    :param until: when they end, epoch ms.
    :param window: the entry of the option with which they begin, for people.
    """

    until: int
    window: str


class _Window(t.NamedTuple):
    """One entry, in seconds of the local day. *end* is after *begin*, and beyond 86400 if it is on the next day."""

    begin: int
    end: int
    zone: tzinfo
    text: str

    def end_at(self, ms: int) -> int | None:
        """When the quiet hours around *ms* end, epoch ms; None if there are none."""
        today = (EPOCH + timedelta(milliseconds=ms)).astimezone(self.zone).date()
        for days in (-2, -1, 0, 1):  # a day may be missing where a country crosses the date line
            day = today + timedelta(days=days)
            begin, end = _instant(day, self.begin, self.zone, first=True), _instant(day, self.end, self.zone, first=False)
            if begin <= ms < end:
                return end
        return None


class QuietHours(t.NamedTuple):
    """The option ``not_between``. Without windows, sending is always allowed."""

    windows: tuple[_Window, ...] = ()

    @classmethod
    def of(cls, entries: t.Sequence[str] | None, now_ms: int) -> QuietHours:
        """Read the option's entries, such as ``22:00-06:00 Europe/Berlin``.

        :param now_ms: the time now, epoch ms.
        :raises OptionError: an entry or its zone is invalid, or together they leave no time to send anything.
        """
        hours = cls(tuple(_window(entry) for entry in entries or ()))
        hours.at(now_ms, now_ms)
        return hours

    def at(self, earliest_ms: int, latest_ms: int) -> QuietSpan | None:
        """The quiet hours now, or None if sending is allowed.

        :param earliest_ms: lower bound of the service's clock; *latest_ms*: upper bound.
        :raises OptionError: they never end.
        """
        by_end: dict[int, QuietSpan] = {}
        for ms in (earliest_ms, latest_ms, latest_ms + LEAD_MS):
            quiet_hours = self._span_at(ms)
            if quiet_hours is not None:
                by_end[quiet_hours.until] = quiet_hours
        return by_end[max(by_end)] if by_end else None

    def openings(self, now_ms: int) -> t.Callable[[float], float]:
        """Return a function from a time to the next time at which sending is allowed; both in seconds from *now_ms*.

        It looks quiet hours up once for each minute, because a forecast calls it thousands of times.
        """

        @functools.cache
        def end(minute: int) -> float:
            quiet_hours = self.at(now_ms + minute * 60_000, now_ms + minute * 60_000)
            return 0.0 if quiet_hours is None else (quiet_hours.until - now_ms) / 1000

        return lambda seconds: max(seconds, end(int(seconds // 60)))

    def _span_at(self, ms: int) -> QuietSpan | None:
        first, until = "", ms
        while True:
            ending = [(end, window.text) for window in self.windows if (end := window.end_at(until)) is not None]
            if not ending:
                return QuietSpan(until, first) if first else None
            last, text = max(ending)
            first, until = first or text, last
            if until - ms > _FOR_EVER_MS:
                raise OptionError(
                    f"{NOT_BETWEEN} leaves no time in which anything could be sent: its windows fill the whole day. Shorten them."
                )


def hold_back(plan: Plan, quiet_hours: QuietSpan | None) -> Plan:
    """*plan*, in which due and queued reruns wait for the end of *quiet_hours*."""
    if quiet_hours is None or plan.refused is not None:
        return plan
    return replace(plan, decisions=tuple(_held_back(decision, quiet_hours) for decision in plan.decisions))


def not_sent(quiet_hours: QuietSpan) -> str:
    """Why nothing is sent, in words."""
    return f"quiet hours {quiet_hours.window} ({NOT_BETWEEN}) until {to_iso(quiet_hours.until)}"


def _held_back(decision: Decision, quiet_hours: QuietSpan) -> Decision:
    if decision.reruns:
        reason = f"not sent: {not_sent(quiet_hours)} ({decision.reason})"
        return decision.turned(Action.WAIT, reason, due_ms=quiet_hours.until, quiet_hours=True, then_rerun=decision.then_rerun)
    return replace(decision, due_ms=quiet_hours.until, quiet_hours=True) if decision.queued else decision


def _window(entry: str) -> _Window:
    shown = printable(entry, 80)
    match = _ENTRY.fullmatch(" ".join(str(entry).split()))
    if match is None:
        raise OptionError(f"Failed to read {NOT_BETWEEN}: '{shown}' is not a window of the day with its time zone. {_FORM}.")
    begin, end = _seconds(match.groups()[:3], shown), _seconds(match.groups()[3:6], shown)
    if begin == end or end - begin == _DAY:
        raise OptionError(f"Failed to read {NOT_BETWEEN}: '{shown}' begins and ends at the same time of day. Use two times.")
    if begin == _DAY:
        begin = 0
    return _Window(begin, end if end > begin else end + _DAY, _zone(match.group(7), shown), shown)


def _seconds(clock: t.Sequence[str | None], shown: str) -> int:
    hours, minutes, seconds = (int(part or 0) for part in clock)
    if minutes > 59 or seconds > 59 or hours * 3600 + minutes * 60 + seconds > _DAY:
        raise OptionError(f"Failed to read {NOT_BETWEEN}: '{shown}' has a time of day that does not exist. Use 00:00 to 24:00.")
    return hours * 3600 + minutes * 60 + seconds


def _zone(name: str, shown: str) -> tzinfo:
    match = _OFFSET.fullmatch(name)
    if name in ("Z", "UTC") or match is not None:
        sign, hours, minutes = match.groups() if match is not None else ("+", "0", "0")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset <= timedelta(hours=14) and int(minutes) < 60:
            return timezone(-offset if sign == "-" else offset)
        raise OptionError(f"Failed to read {NOT_BETWEEN}: '{shown}' has an offset that no time zone has. {_FORM}.")
    import zoneinfo  # imported late because few runs name a zone

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
    if not known:
        raise OptionError(
            f"Failed to read {NOT_BETWEEN}: the machine that runs the module has no database of time zones, so '{shown}' cannot be read. Install tzdata "
            "there, the package of the system or that of Python (pip install tzdata), or use UTC or an offset such as +08:00."
        )
    # Abbreviations such as CST are ambiguous, and so is the sign of UTC+8: suggest regions only.
    regions = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known) if "/" in zone and not zone.startswith("Etc/")}
    region = regions.get(name.lower().rpartition("/")[2])
    hint = f"Did you mean {region}?" if region else did_you_mean(name, regions.values()) if "/" in name else ""
    raise OptionError(f"Failed to read {NOT_BETWEEN}: '{shown}' names a time zone that does not exist. {hint or _FORM + '.'}")


def _instant(day: date, seconds: int, zone: tzinfo, *, first: bool) -> int:
    """Epoch ms of a time of the local day.

    :param seconds: since 00:00 by the wall clock; 86400 and more is the next day.
    :param first: which one to take of a time that occurs twice.
    """
    later, rest = divmod(seconds, _DAY)
    wall = datetime.combine(day + timedelta(days=later), datetime.min.time(), zone) + timedelta(seconds=rest)
    before, after = ((wall.replace(fold=fold) - EPOCH) // _SECOND for fold in (0, 1))
    if before <= after:
        return (before if first else after) * 1000
    early, late = after, before  # the time does not exist: clocks were put forward in between
    offset = _offset_at(early, zone)
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (middle, late) if _offset_at(middle, zone) == offset else (early, middle)
    return late * 1000


def _offset_at(seconds: int, zone: tzinfo) -> timedelta | None:
    return (EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
