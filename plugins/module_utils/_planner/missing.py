# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Missing instances: plan times of a job's schedule for which no instance exists. Pure, except for the time zone database.

Expressions have Quartz's form: second, minute, hour, day, month, day of the week (1 is Sunday), and optionally a year [SDK]. A local time that occurs
twice is expected at its first occurrence, one that clocks skip is not expected: nothing is called missing that the service may not have planned.
"""

from __future__ import annotations

import calendar
import hashlib
import re
import sys
import typing as t
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo

from .._common.text import counted, printable
from .._common.times import DAY_MS, EPOCH, Window
from .._models.gap import Gap
from .._models.instance import InstanceType, JobInstance

#: How long after its plan time an instance may still be created, ms.
GRACE_MS = 600_000
#: Prefix of the names of PatchData runs that fill gaps.
GAP_NAME = "repair_"
_SECOND = timedelta(seconds=1)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)? ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ANY = ("*", "?")
_LAST_DAY = re.compile(r"L(?:-([0-9]{1,2}))?")
_NEAR_DAY = re.compile(r"([0-9]{1,2}|L)W")
_NTH_WEEKDAY = re.compile(r"([1-7]|[A-Z]{3})(?:(L)|#([1-5]))")


class UnknownScheduleError(Exception):
    """A schedule in an unknown form; the text is the cause, for people."""


@dataclass(frozen=True)
class Schedule:
    """When a job is planned. Made by :meth:`of`.

    :param seconds: matching seconds of the minute; *minutes*, *hours* and *months* alike.
    :param day: entries for the day of the month; *weekday* for that of the week. At most one of the two restricts anything.
    :param years: None: every year.
    :param begin: first moment, epoch ms, or None; *end* the last one.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day: tuple[str, ...]
    months: frozenset[int]
    weekday: tuple[str, ...]
    years: frozenset[int] | None
    zone: tzinfo
    begin: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, detail: t.Mapping[str, t.Any]) -> Schedule | None:
        """The schedule in a job's definition; None if it has none with an expression.

        :param detail: v1's definition [SDK][OTC].
        :raises UnknownScheduleError: it has an undocumented form.
        """
        schedule = detail.get("schedule")
        if not isinstance(schedule, t.Mapping) or schedule.get("type") != "CRON":
            return None
        cron = schedule.get("cron")
        if not isinstance(cron, t.Mapping) or not isinstance(cron.get("expression"), str):
            raise UnknownScheduleError("it has no expression")
        begin, offset = _moment(cron.get("startTime"), "startTime")
        end, _offset = _moment(cron.get("endTime"), "endTime")
        created = detail.get("createTime")
        if isinstance(created, int) and not isinstance(created, bool) and created > 0:
            begin = max(begin or 0, created)
        return cls.read(cron["expression"], _zone(cron.get("expressionTimeZone"), offset), begin, end)

    @classmethod
    def read(cls, expression: str, zone: tzinfo, begin: int | None = None, end: int | None = None) -> Schedule:
        """Parse *expression* in *zone*. :raises UnknownScheduleError: as :meth:`of`."""
        fields = expression.upper().split()
        if len(fields) not in (6, 7):
            raise UnknownScheduleError(f"'{printable(expression, 80)}' has {len(fields)} fields instead of 6 or 7")
        second, minute, hour, day, month, weekday = fields[:6]
        days, weekdays = tuple(day.split(",")), tuple(weekday.split(","))
        if not any(field in _ANY for field in (day, weekday)):
            raise UnknownScheduleError(f"'{printable(expression, 80)}' restricts both the day of the month and the day of the week")
        made = cls(
            tuple(sorted(_numbers(second, 0, 59))),
            tuple(sorted(_numbers(minute, 0, 59))),
            tuple(sorted(_numbers(hour, 0, 23))),
            days,
            frozenset(_numbers(month, 1, 12, _MONTHS)),
            weekdays,
            None if len(fields) == 6 or fields[6] in _ANY else frozenset(_numbers(fields[6], 1970, 2199)),
            zone,
            begin,
            end,
        )
        for entry in days:
            made.fits_day(date(2026, 1, 1), entry)  # refuse unreadable entries now
        for entry in weekdays:
            made.fits_weekday(date(2026, 1, 1), entry)
        return made

    def fits(self, day: date) -> bool:
        """Whether the date *day* matches."""
        return (
            day.month in self.months
            and (self.years is None or day.year in self.years)
            and any(self.fits_day(day, entry) for entry in self.day)
            and any(self.fits_weekday(day, entry) for entry in self.weekday)
        )

    @staticmethod
    def fits_day(day: date, entry: str) -> bool:
        """Whether *day* matches the day-of-month entry *entry*."""
        last = calendar.monthrange(day.year, day.month)[1]
        match = _LAST_DAY.fullmatch(entry)
        if match is not None:
            return day.day == last - int(match[1] or 0)
        match = _NEAR_DAY.fullmatch(entry)
        if match is None:
            return day.day in _numbers(entry, 1, 31)
        wanted = last if match[1] == "L" else _number(match[1], 1, 31, ())
        return wanted <= last and day == _near(date(day.year, day.month, wanted), last)

    @staticmethod
    def fits_weekday(day: date, entry: str) -> bool:
        """Whether *day* matches the day-of-week entry *entry*."""
        own = day.isoweekday() % 7 + 1  # 1 is Sunday
        if entry == "L":
            return own == 7
        match = _NTH_WEEKDAY.fullmatch(entry)
        if match is None:
            return own in _numbers(entry, 1, 7, _WEEKDAYS)
        if own not in _numbers(match[1], 1, 7, _WEEKDAYS):
            return False
        if match[2]:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return -(-day.day // 7) == int(match[3])

    def plan_times(self, window: Window) -> list[int]:
        """The plan times in *window*, epoch ms, oldest first."""
        begin = window.begin if self.begin is None else max(window.begin, self.begin)
        end = window.end if self.end is None else min(window.end, self.end)
        if begin > end:
            return []
        day = _local(begin, self.zone).date() - timedelta(days=1)
        times: set[int] = set()
        last = _local(end, self.zone).date() + timedelta(days=1)
        while day <= last:
            if self.fits(day):
                times.update(moment for moment in self._of_day(day) if begin <= moment <= end)
            day += timedelta(days=1)
        return sorted(times)

    def _of_day(self, day: date) -> t.Iterator[int]:
        for hour in self.hours:
            for minute in self.minutes:
                for second in self.seconds:
                    naive = datetime(day.year, day.month, day.day, hour, minute, second)
                    moment = naive.replace(tzinfo=self.zone).astimezone(timezone.utc)
                    if moment.astimezone(self.zone).replace(tzinfo=None, fold=0) == naive:  # not a time that clocks skip
                        yield (moment - EPOCH) // _SECOND * 1000


def missing_times(schedule: Schedule, window: Window, instances: t.Iterable[JobInstance], now_ms: int) -> list[int]:
    """The plan times in *window* without an instance, epoch ms, oldest first.

    :param instances: all of the job in the window, of any type and status: one of PatchData fills a gap too.
    :param now_ms: the service's time; instances planned in the last ten minutes may still be created.
    """
    there = {instance.key.plan_time // 1000 for instance in instances}
    until = min(window.end, now_ms - GRACE_MS)
    if until < window.begin:
        return []
    return [moment for moment in schedule.plan_times(Window(window.begin, until)) if moment // 1000 not in there]


def gaps(
    workspace_id: str,
    job_name: str,
    schedule: Schedule,
    missing: t.Sequence[int],
    instances: t.Iterable[JobInstance] = (),
    job_status: str | None = None,
) -> list[Gap]:
    """Group *missing* into gaps of consecutive plan times.

    :param instances: of the job. Any of them ends a gap: the service may plan more than expected here, such as the second of two equal local
        times, and PatchData across it would create it once more.
    """
    instances = list(instances)
    rows, since = list[list[int]](), _in_force_since(instances)
    if missing:
        wanted = set(missing)
        row: list[int] = []
        there = {instance.key.plan_time for instance in instances if missing[0] < instance.key.plan_time < missing[-1]}
        for moment in sorted(there.union(schedule.plan_times(Window(missing[0], missing[-1])))):
            if moment in wanted:
                row.append(moment)
            elif row:
                rows.append(row)
                row = []
        rows.append(row)
    return [
        Gap(
            workspace_id,
            job_name,
            _name(workspace_id, job_name, times),
            len(times),
            times[0] - 1000,
            times[-1] + 1000,
            _next(schedule, times[-1]),
            job_status,
            times[0] < since,
            times=tuple(times),
        )
        for times in rows
        if times
    ]


def schedule_change(detail: t.Mapping[str, t.Any], gap: Gap) -> str:
    """Why PatchData of *gap* would not make what was found missing, because the schedule was changed since; "" if it was not.

    :param detail: v1's definition of the job now; without a schedule with an expression, PatchData itself is refused.
    """
    try:
        schedule = Schedule.of(detail)
    except UnknownScheduleError as error:
        return f"the schedule of the job was changed and cannot be read now, {error}"
    if schedule is None:
        return ""
    times = list(schedule.plan_times(Window(gap.begin, gap.end)))
    if times and len(times) == gap.instances and (times[0], times[-1]) == (gap.begin + 1000, gap.end - 1000):
        return ""
    now = f"{counted(len(times), 'plan time')} in this gap now, not those that were missing" if times else "no plan time in this gap now"
    return f"the schedule of the job was changed: it has {now}. Run the repair again"


def _in_force_since(instances: t.Iterable[JobInstance]) -> int:
    """First plan time known to come from the newest version of a job, epoch ms, judged by scheduled instances.

    0 if only one version is seen; far in the future if the newest has planned nothing yet. A rerun of an old instance may take the newest version.
    """
    made = sorted(
        (instance.key.plan_time, instance.version)
        for instance in instances
        if instance.version is not None and instance.instance_type in (None, InstanceType.NORMAL)
    )
    newest = max((version for _moment, version in made), default=0)
    last = max((moment for moment, version in made if version != newest), default=0)
    return min((moment for moment, version in made if moment > last), default=sys.maxsize) if last else 0


def _next(schedule: Schedule, moment: int) -> int:
    """The plan time after *moment*, epoch ms; a day after it if there is none within two months."""
    for days in (1 / 24, 1, 8, 62):
        times = schedule.plan_times(Window(moment + 1000, moment + int(days * DAY_MS)))
        if times:
            return times[0]
    return moment + DAY_MS


def _name(workspace_id: str, job_name: str, times: t.Sequence[int]) -> str:
    text = "\n".join((workspace_id, job_name, str(times[0]), str(times[-1])))
    return f"{GAP_NAME}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def _near(wanted: date, last: int) -> date:
    """The working day nearest to *wanted* in the same month."""
    if wanted.isoweekday() == 6:
        return wanted - timedelta(days=1) if wanted.day > 1 else wanted + timedelta(days=2)
    if wanted.isoweekday() == 7:
        return wanted + timedelta(days=1) if wanted.day < last else wanted - timedelta(days=2)
    return wanted


def _numbers(field: str, low: int, high: int, names: t.Sequence[str] = ()) -> set[int]:
    """The numbers that *field* matches. :raises UnknownScheduleError: it has another form."""
    numbers: set[int] = set()
    for part in field.split(","):
        base, slash, step = part.partition("/")
        first, dash, last = base.partition("-")
        if slash and (not step.isdecimal() or len(step) > 4 or int(step) < 1):
            raise UnknownScheduleError(f"'{printable(part, 40)}' has no step that can be read")
        if base in _ANY or (not base and slash):
            begin, end = low, high
        else:
            begin = _number(first, low, high, names)
            end = _number(last, low, high, names) if dash else (high if slash else begin)
        span = (end - begin) % (high - low + 1)
        numbers.update(low + (begin - low + offset) % (high - low + 1) for offset in range(0, span + 1, int(step or 1)))
    return numbers


def _number(text: str, low: int, high: int, names: t.Sequence[str]) -> int:
    if text in names:
        return low + names.index(text)
    if not text.isdecimal() or len(text) > 4 or not low <= int(text) <= high:
        raise UnknownScheduleError(f"'{printable(text, 40)}' is not a number from {low} to {high}")
    return int(text)


def _zone(text: t.Any, offset: timezone | None) -> tzinfo:
    """The zone of an expression, by default *offset*, that of the start time."""
    if text in (None, ""):
        if offset is None:
            raise UnknownScheduleError("it names no time zone")
        return offset
    word = str(text).strip()
    if word in ("GMT", "UTC", "Z"):
        return timezone.utc
    match = _OFFSET.fullmatch(word)
    if match is not None:
        return _offset_of(match[1], match[2], match[3])
    try:
        return zoneinfo.ZoneInfo(word)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownScheduleError(f"its time zone '{printable(word, 60)}' is not known here") from None


def _offset_of(sign: str, hours: str, minutes: str | None) -> timezone:
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if span > timedelta(hours=14):
        raise UnknownScheduleError("its time zone is more than 14 hours from UTC")
    return timezone(-span if sign == "-" else span)


def _moment(value: t.Any, name: str) -> tuple[int | None, timezone | None]:
    """A time of the definition, epoch ms, and its zone; None if there is none."""
    if value in (None, "") or (isinstance(value, str) and not value.strip()):
        return None, None
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise UnknownScheduleError(f"its {name} '{printable(value, 60)}' is not a time")
    zone = timezone.utc
    if match[3] not in (None, "Z"):
        zone = _offset_of(match[3][0], match[3][1:3], match[3][3:].lstrip(":") or None)
    try:
        moment = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        raise UnknownScheduleError(f"its {name} '{printable(value, 60)}' is not a time of the calendar") from None
    return (moment - EPOCH) // _SECOND * 1000, (zone if match[3] is not None else None)


def _local(ms: int, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)
