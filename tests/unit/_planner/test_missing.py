# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan times of random schedules compared with the emulator's brute force; gaps; and unreadable schedules."""

from __future__ import annotations

import random
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.missing import (
    GRACE_MS,
    Schedule,
    UnknownScheduleError,
    gaps,
    missing_times,
    schedule_change,
)
from emulator.world.cron import plan_times, zone_of
from tests.support.table import failing

DRAWN = 300
DAY = 86_400_000
ZONES = ("GMT+8", "GMT-3:30", "UTC", "+08:00", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def instance(plan_time: int) -> JobInstance:
    return JobInstance(InstanceKey("w", "1", plan_time, 1), "daily", Status.FAIL, "fail")


def drawn(dice: random.Random) -> tuple[str, str, str, str | None, int, int]:
    """Random expression, zone, start and end of a schedule, and a window, mostly around clock changes and ends of months."""
    minutes = dice.choice(("0", "30", "0/15", "5-20/5", "1,59", "*/20", "50-10/10"))
    hours = dice.choice(("*", "2", "1-3", "0/6", "23,0", "8-18/2", "22-2", "*/5"))
    if dice.random() < 0.7:
        day = dice.choice(("*", "1", "31", "29-31", "L", "L-1", "15W", "1W", "31W", "LW", "1/10", "1,15,L"))
        weekday = "?" if day != "*" else dice.choice(("?", "*"))
    else:
        day, weekday = "?", dice.choice(("2", "MON-FRI", "1,7", "6L", "SAT", "MON#1", "4#5", "FRI-MON", "L", "2/2"))
    month = dice.choice(("*", "*", "*", "1/3", "3,10,11", "FEB", "OCT-MAR"))
    begin = ms(
        dice.choice(("2026-03-27", "2026-10-23", "2026-10-30", "2026-02-26", "2028-02-27", "2026-12-30", "2026-04-03")) + "T00:00:00+00:00"
    )
    begin += dice.randint(0, 2 * DAY // 1000) * 1000
    end = begin + dice.randint(1, 5 * DAY)
    moment = datetime.fromtimestamp(begin / 1000, timezone.utc) + timedelta(hours=dice.randint(-50, 60))
    start = f"{moment:%Y-%m-%dT%H:%M:%S}+00"
    stop = f"{moment + timedelta(hours=dice.randint(1, 150)):%Y-%m-%dT%H:%M:%S}+00" if dice.random() < 0.4 else None
    return f"0 {minutes} {hours} {day} {month} {weekday}", dice.choice(ZONES), start, stop, begin, end


def detail(expression: str, zone: str | None, start: str | None, end: str | None = None, **more: t.Any) -> dict[str, t.Any]:
    cron = {"expression": expression, "expressionTimeZone": zone, "startTime": start, "endTime": end}
    return {"schedule": {"type": "CRON", "cron": {name: value for name, value in cron.items() if value is not None}}, **more}


def test_complete_and_without_false_ones() -> None:
    assert failing(range(DRAWN), check_drawn) == {}


def check_drawn(seed: int) -> None:
    dice = random.Random(f"schedule {seed}")
    expression, zone, start, stop, begin, end = drawn(dice)
    schedule = Schedule.of(detail(expression, zone, start, stop))
    assert schedule is not None
    first, last = max(begin, ms(start + ":00")), min(end, ms(stop + ":00") if stop else end)
    expected = plan_times(expression, zone, first, last + 1) if first <= last else []
    assert schedule.plan_times(Window(begin, end)) == expected, (expression, zone, start, stop)
    there = [moment for moment in expected if dice.random() < 0.6]
    absent = missing_times(schedule, Window(begin, end), map(instance, there), end + GRACE_MS)
    assert absent == [moment for moment in expected if moment not in there]
    made = gaps("w", "daily", schedule, absent)
    assert [moment for gap in made for moment in gap.times] == absent
    for gap in made:
        result = gap.to_result()
        inside = [moment for moment in expected if int(result["start_date"]) <= moment <= int(result["end_date"])]
        assert inside == list(gap.times), "a gap holds no plan time that has an instance"
        assert schedule_change(detail(expression, zone, start, stop), gap) == "", "nobody has changed it"


def test_enough_of_them_have_plan_times_and_cross_a_change_of_the_clock() -> None:
    """The random cases are useful: most windows have plan times, and many cross a clock change."""
    full = changing = 0
    for seed in range(DRAWN):
        expression, zone, _start, _stop, begin, end = drawn(random.Random(f"schedule {seed}"))
        full += bool(plan_times(expression, zone, begin, min(end, begin + DAY)))
        where = zone_of(zone)
        offsets = {datetime.fromtimestamp(moment / 1000, where).utcoffset() for moment in (begin, end)}
        changing += len(offsets) > 1
    assert min(full - 60, changing - 15) >= 0, (full, changing)


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (detail("0 0 * * *", "UTC", None), "5 fields"),
        (detail("0 0 25 * * ?", "UTC", None), "'25' is not a number from 0 to 23"),
        (detail("0 0 0 1 * 2", "UTC", None), "restricts both"),
        (detail("0 0/0 0 * * ?", "UTC", None), "no step"),
        (detail("0 0 0 X * ?", "UTC", None), "'X' is not a number"),
        (detail("0 0 0 0W * ?", "UTC", None), "'0' is not a number from 1 to 31"),
        (detail("0 0 0 32W * ?", "UTC", None), "'32' is not a number from 1 to 31"),
        (detail(f"0 0/{'1' * 5000} 0 * * ?", "UTC", None), "no step"),
        (detail("0 0 0 * * ?", "Mars/Olympus", None), "not known here"),
        (detail("0 0 0 * * ?", "GMT+20", None), "14 hours"),
        (detail("0 0 0 * * ?", None, None), "names no time zone"),
        (detail("0 0 0 * * ?", "UTC", "yesterday"), "is not a time"),
        (detail("0 0 0 * * ?", "UTC", "2026-02-30T00:00:00+08"), "of the calendar"),
        ({"schedule": {"type": "CRON", "cron": {}}}, "no expression"),
    ],
)
def test_what_cannot_be_read(given: dict[str, t.Any], cause: str) -> None:
    with pytest.raises(UnknownScheduleError, match=cause):
        Schedule.of(given)


@pytest.mark.parametrize("given", [{}, {"schedule": {"type": "EXECUTE_ONCE"}}, {"schedule": {"type": "EVENT"}}, {"schedule": None}])
def test_what_is_not_planned_by_a_schedule(given: dict[str, t.Any]) -> None:
    assert Schedule.of(given) is None


def test_a_year_and_the_zone_of_the_start() -> None:
    schedule = Schedule.of(detail("0 0 12 * * ? 2027", None, "2026-01-01T00:00:00+08"))
    assert schedule is not None
    assert schedule.plan_times(Window(ms("2026-12-31T00:00:00Z"), ms("2027-01-01T23:59:59Z"))) == [ms("2027-01-01T12:00:00+08:00")]


def test_nothing_is_expected_before_the_job_was_there() -> None:
    schedule = Schedule.of(detail("0 0 * * * ?", "UTC", "2020-01-01T00:00:00+00", createTime=ms("2026-11-01T10:30:00Z")))
    assert schedule is not None
    assert schedule.plan_times(Window(ms("2026-11-01T00:00:00Z"), ms("2026-11-01T12:00:00Z"))) == [
        ms("2026-11-01T11:00:00Z"),
        ms("2026-11-01T12:00:00Z"),
    ]


def test_what_was_planned_a_moment_ago_may_still_be_made() -> None:
    schedule = Schedule.read("0 0 * * * ?", ZoneInfo("UTC"))
    window = Window(ms("2026-11-01T00:30:00Z"), ms("2026-11-01T03:00:00Z"))
    assert missing_times(schedule, window, [], ms("2026-11-01T03:00:00Z")) == [ms("2026-11-01T01:00:00Z"), ms("2026-11-01T02:00:00Z")]
    assert missing_times(schedule, window, [], ms("2026-11-01T00:00:00Z")) == []


@pytest.mark.parametrize(
    ("zone", "between"),
    [
        (
            "Europe/Berlin",
            "2026-10-25T01:00:00Z",
        ),  # the second 02:00 of that night: not expected, but the service may plan it
        ("UTC", "2026-10-25T01:00:00Z"),
        ("UTC", "2026-10-25T00:17:00Z"),  # a run by hand, or of an earlier schedule
    ],
)
def test_patch_data_covers_no_plan_time_that_has_an_instance(zone: str, between: str) -> None:
    schedule = Schedule.read("0 0 * * * ?", ZoneInfo(zone))
    window, there = Window(ms("2026-10-24T22:30:00Z"), ms("2026-10-25T03:30:00Z")), [instance(ms(between))]
    made = gaps("w", "daily", schedule, missing_times(schedule, window, there, window.end + GRACE_MS), there)
    assert len(made) == 2
    assert not [gap for gap in made if gap.times[0] <= ms(between) <= gap.times[-1]]


@pytest.mark.parametrize(
    ("versions", "earlier"),
    [
        ({0: None, 3: None, 5: None}, [False, False]),
        ({0: 4, 3: 4, 5: 4}, [False, False]),
        ({0: 3, 3: 4, 5: 4}, [True, False]),  # changed at any time before 3
        ({0: 3, 3: 3, 5: 4}, [True, True]),
        ({0: 4, 3: 3, 5: 4}, [True, True]),  # the first one was rerun with the newest version
        ({0: 4, 3: 3}, [True, True]),  # and the newest version has planned nothing yet
    ],
)
def test_what_an_earlier_version_of_the_job_may_not_have_planned(versions: dict[int, int | None], earlier: list[bool]) -> None:
    begin = ms("2026-11-01T00:00:00Z")
    schedule, window = Schedule.read("0 0 * * * ?", ZoneInfo("UTC")), Window(begin, begin + 5 * 3_600_000)
    there = [replace(instance(begin + hour * 3_600_000), version=version) for hour, version in versions.items()]
    made = gaps("w", "daily", schedule, missing_times(schedule, window, there, window.end + GRACE_MS), there)
    assert [gap.earlier_version for gap in made] == earlier


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 * * * ?", ""),
        ("0 0 1-2 * * ?", ""),  # elsewhere it has changed
        ("0 0,30 * * * ?", "3 plan times in this gap now"),
        ("0 0 1 * * ?", "1 plan time in this gap now"),
        ("0 30 * * * ?", "1 plan time in this gap now"),
        ("0 0 5 * * ?", "no plan time in this gap now"),
        ("0 0 * * *", "cannot be read now, '0 0 * * *' has 5 fields"),
    ],
)
def test_a_schedule_that_was_changed_since_a_gap_was_found(expression: str, words: str) -> None:
    schedule = Schedule.read("0 0 * * * ?", ZoneInfo("UTC"))
    (gap,) = gaps("w", "daily", schedule, [ms("2026-11-01T01:00:00Z"), ms("2026-11-01T02:00:00Z")])
    change = schedule_change(detail(expression, "UTC", None), gap)
    assert words in change
    assert bool(change) == bool(words)
    assert schedule_change({}, gap) == ""
    without_number = replace(gap, instances=0)  # as of an approved run that an earlier start has begun
    assert schedule_change(detail("0 0 5 * * ?", "UTC", None), without_number).startswith(
        "the schedule of the job was changed: it has no plan time"
    )


def test_the_name_of_a_gap_is_always_the_same_and_no_other_ones() -> None:
    schedule = Schedule.read("0 0 * * * ?", ZoneInfo("UTC"))
    times = schedule.plan_times(Window(ms("2026-11-01T00:00:00Z"), ms("2026-11-01T05:00:00Z")))
    (whole,) = gaps("w", "daily", schedule, times)
    parted = gaps("w", "daily", schedule, [*times[:2], *times[3:]])
    assert [len(gap.times) for gap in parted] == [2, 3]
    assert whole.name == gaps("w", "daily", schedule, times)[0].name
    assert len({whole.name, *(gap.name for gap in parted), gaps("v", "daily", schedule, times)[0].name}) == 4
