# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quiet hours: when nothing is sent, and until when."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.raw_values import fitted, problem
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.hung import StopPolicy, decide_with_stops, stop_word
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import unsent
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import schedule
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.quiet_hours import LEAD_MS, QuietHours, QuietSpan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import T, at, instance, policy

OPTION = {"not_between": {"type": "list", "elements": "str"}}
NIGHT = "22:00-06:00 Europe/Berlin"


def ms(text: str) -> int:
    """Epoch ms of a time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


#: windows, time (UTC), end of the quiet hours (UTC) or None
CASES: dict[str, tuple[str | list[str], str, str | None]] = {
    "no windows": ([], "2026-11-23T03:00", None),
    "before it": ("09:00-17:00 UTC", "2026-11-23T08:59:57", None),
    "at its beginning": ("09:00-17:00 UTC", "2026-11-23T09:00", "2026-11-23T17:00"),
    "in it": ("09:00-17:00 UTC", "2026-11-23T12:00", "2026-11-23T17:00"),
    "its last second": ("09:00-17:00 UTC", "2026-11-23T16:59:59", "2026-11-23T17:00"),
    "at its end": ("09:00-17:00 UTC", "2026-11-23T17:00", None),
    "with seconds": ("09:00:30-09:00:45 UTC", "2026-11-23T09:00:31", "2026-11-23T09:00:45"),
    "one digit": ("9:00-17:00 UTC", "2026-11-23T09:00", "2026-11-23T17:00"),
    "blanks, a dash": (" 09:00 \u2013  17:00   UTC ", "2026-11-23T09:00", "2026-11-23T17:00"),
    "words": ("09:00 to 17:00 UTC", "2026-11-23T09:00", "2026-11-23T17:00"),
    # Over midnight
    "over midnight, before it": ("22:00-06:00 UTC", "2026-11-23T23:30", "2026-11-24T06:00"),
    "over midnight, after it": ("22:00-06:00 UTC", "2026-11-24T00:30", "2026-11-24T06:00"),
    "over midnight, at midnight": ("22:00-06:00 UTC", "2026-11-24T00:00", "2026-11-24T06:00"),
    "over midnight, in the day": ("22:00-06:00 UTC", "2026-11-24T06:00", None),
    "over the end of the year": ("22:00-06:00 UTC", "2026-12-31T23:59", "2027-01-01T06:00"),
    "over the 29th of February": ("22:00-06:00 UTC", "2028-02-29T23:59", "2028-03-01T06:00"),
    "until midnight": ("22:00-24:00 UTC", "2026-11-23T23:59", "2026-11-24T00:00"),
    "until midnight, after it": ("22:00-24:00 UTC", "2026-11-24T00:00", None),
    "until 00:00": ("22:00-00:00 UTC", "2026-11-23T23:59", "2026-11-24T00:00"),
    "from midnight": ("00:00-06:00 UTC", "2026-11-24T00:00", "2026-11-24T06:00"),
    "from 24:00": ("24:00-06:00 UTC", "2026-11-24T00:00", "2026-11-24T06:00"),
    "nearly a whole day": ("06:00-05:59 UTC", "2026-11-23T05:58", "2026-11-23T05:59"),
    "its free minute": ("06:00-05:59 UTC", "2026-11-23T05:59", None),
    # Zones
    "Berlin in winter": (NIGHT, "2026-11-23T21:00", "2026-11-24T05:00"),
    "Berlin in winter, before": (NIGHT, "2026-11-23T20:59:57", None),
    "Berlin in summer": (NIGHT, "2026-07-23T20:00", "2026-07-24T04:00"),
    "Berlin in summer, after": (NIGHT, "2026-07-24T04:00", None),
    "Shanghai, yesterday there is today here": ("22:00-06:00 Asia/Shanghai", "2026-11-23T14:00", "2026-11-23T22:00"),
    "Los Angeles": ("22:00-06:00 America/Los_Angeles", "2026-11-23T13:59", "2026-11-23T14:00"),
    "a zone of half an hour": ("22:00-06:00 Asia/Kolkata", "2026-11-23T16:30", "2026-11-24T00:30"),
    "a zone of three quarters": ("22:00-06:00 Asia/Kathmandu", "2026-11-23T16:15", "2026-11-24T00:15"),
    "far east": ("00:00-01:00 Pacific/Kiritimati", "2026-11-23T10:00", "2026-11-23T11:00"),
    "far west": ("23:00-24:00 Pacific/Pago_Pago", "2026-11-24T10:30", "2026-11-24T11:00"),
    "an offset": ("22:00-06:00 +08:00", "2026-11-23T14:00", "2026-11-23T22:00"),
    "an offset without a colon": ("22:00-06:00 -0330", "2026-11-24T01:30", "2026-11-24T09:30"),
    "Z": ("22:00-06:00 Z", "2026-11-23T22:00", "2026-11-24T06:00"),
    # Clocks in Berlin go forward on 2027-03-28: 02:00 becomes 03:00 at 01:00 UTC
    "shorter by an hour": (NIGHT, "2027-03-27T21:00", "2027-03-28T04:00"),
    "after the change": (NIGHT, "2027-03-28T03:59", "2027-03-28T04:00"),
    "begins at an hour that is not": ("02:30-05:00 Europe/Berlin", "2027-03-28T01:00", "2027-03-28T03:00"),
    "begins at an hour that is not, before": ("02:30-05:00 Europe/Berlin", "2027-03-28T00:59:57", None),
    "ends at an hour that is not": ("01:00-02:30 Europe/Berlin", "2027-03-28T00:30", "2027-03-28T01:00"),
    "ends at an hour that is not, after": ("01:00-02:30 Europe/Berlin", "2027-03-28T01:00", None),
    "an hour that is not": ("02:10-02:50 Europe/Berlin", "2027-03-28T01:00", None),
    "the same hour the day before": ("02:10-02:50 Europe/Berlin", "2027-03-27T01:15", "2027-03-27T01:50"),
    "the same hour the day after": ("02:10-02:50 Europe/Berlin", "2027-03-29T00:15", "2027-03-29T00:50"),
    "half an hour forward": ("01:45-02:45 Australia/Lord_Howe", "2027-10-02T15:29", "2027-10-02T15:45"),
    # and back on 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC
    "longer by an hour": (NIGHT, "2026-10-24T20:00", "2026-10-25T05:00"),
    "begins at the first of two": ("02:30-06:00 Europe/Berlin", "2026-10-25T00:30", "2026-10-25T05:00"),
    "before the first of two": ("02:30-06:00 Europe/Berlin", "2026-10-25T00:29:57", None),
    "does not open between the two": ("02:30-06:00 Europe/Berlin", "2026-10-25T01:15", "2026-10-25T05:00"),
    "ends at the second of two": ("01:00-02:30 Europe/Berlin", "2026-10-25T00:45", "2026-10-25T01:30"),
    "after the second of two": ("01:00-02:30 Europe/Berlin", "2026-10-25T01:30", None),
    "both in the hour that is twice": ("02:15-02:45 Europe/Berlin", "2026-10-25T00:50", "2026-10-25T01:45"),
    "New York goes back": ("01:30-03:00 America/New_York", "2026-11-01T05:30", "2026-11-01T08:00"),
    "a day that was skipped": ("00:00-12:00 Pacific/Apia", "2011-12-30T09:59", None),
    "the day after it": ("00:00-12:00 Pacific/Apia", "2011-12-30T10:00", "2011-12-30T22:00"),
    "over the day that was skipped": ("22:00-06:00 Pacific/Apia", "2011-12-30T09:00", "2011-12-30T16:00"),
    # Several
    "the first of two": (["08:00-09:00 UTC", "12:00-13:00 UTC"], "2026-11-23T08:30", "2026-11-23T09:00"),
    "between two": (["08:00-09:00 UTC", "12:00-13:00 UTC"], "2026-11-23T10:00", None),
    "touching": (["08:00-09:00 UTC", "09:00-10:00 UTC"], "2026-11-23T08:30", "2026-11-23T10:00"),
    "touching at midnight": (["22:00-24:00 UTC", "00:00-06:00 UTC"], "2026-11-23T23:00", "2026-11-24T06:00"),
    "touching, the other way round": (["09:00-10:00 UTC", "08:00-09:00 UTC"], "2026-11-23T08:30", "2026-11-23T10:00"),
    "overlapping": (["08:00-09:30 UTC", "09:00-10:00 UTC"], "2026-11-23T08:30", "2026-11-23T10:00"),
    "one in the other": (["08:00-12:00 UTC", "09:00-10:00 UTC"], "2026-11-23T09:30", "2026-11-23T12:00"),
    "a second apart": (["08:00-09:00 UTC", "09:00:05-10:00 UTC"], "2026-11-23T08:59", "2026-11-23T09:00"),
    "touching in two zones": (["22:00-06:00 Europe/Berlin", "05:00-07:00 UTC"], "2026-11-24T01:00", "2026-11-24T07:00"),
    "overlapping over two nights": (["22:00-06:00 UTC", "05:00-21:00 UTC"], "2026-11-23T23:00", "2026-11-24T21:00"),
}


@pytest.mark.parametrize("case", CASES)
def test_until_when_nothing_is_sent(case: str) -> None:
    windows, time, until = CASES[case]
    quiet_hours = QuietHours.of([windows] if isinstance(windows, str) else windows, T).at(ms(time), ms(time))
    assert (None if quiet_hours is None else quiet_hours.until) == (None if until is None else ms(until))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Shanghai"])
@pytest.mark.parametrize(("begin", "end"), [("22:00", "06:00"), ("01:30", "02:30"), ("02:00", "03:00"), ("02:30", "01:30")])
def test_two_years_agree_with_the_clock_on_the_wall(zone: str, begin: str, end: str) -> None:
    """Away from clock changes, quiet hours equal those of the wall clock; around them, they are never shorter."""
    hours, place = QuietHours.of([f"{begin}-{end} {zone}"], T), zoneinfo.ZoneInfo(zone)
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for _step in range(2 * 365 * 3):
        moment += timedelta(hours=7, minutes=59, seconds=7)
        local = moment.astimezone(place)
        clock = local.strftime("%H:%M")
        expected = begin <= clock < end if begin < end else clock >= begin or clock < end
        epoch = round(moment.timestamp() * 1000)
        got = hours._span_at(epoch) is not None
        near = local.utcoffset() != (moment - timedelta(hours=4)).astimezone(place).utcoffset()
        near |= local.utcoffset() != (moment + timedelta(hours=4)).astimezone(place).utcoffset()
        assert got == expected or (near and got and not expected), (moment, local)


def test_nothing_is_sent_shortly_before_they_begin() -> None:
    hours, begin = QuietHours.of(["09:00-17:00 UTC"], T), ms("2026-11-23T09:00")
    assert hours.at(begin - LEAD_MS - 1, begin - LEAD_MS - 1) is None
    assert hours.at(begin - LEAD_MS, begin - LEAD_MS) is not None


def test_a_clock_that_is_only_known_to_a_second_shortens_nothing() -> None:
    hours, begin, end = QuietHours.of(["09:00-17:00 UTC"], T), ms("2026-11-23T09:00"), ms("2026-11-23T17:00")
    assert hours.at(begin - 60_000, begin) == QuietSpan(end, "09:00-17:00 UTC")
    assert hours.at(end - 1, end + 60_000) == QuietSpan(end, "09:00-17:00 UTC")
    assert hours.at(end, end + 60_000) is None


def test_from_when_on_something_may_be_sent() -> None:
    opens = QuietHours.of(["09:00-17:00 UTC", "17:00-17:30 UTC"], T).openings(ms("2026-11-23T08:00"))
    assert [opens(seconds) for seconds in (0, 3500, 3600, 3601.5, 9 * 3600, 9.5 * 3600, 9.6 * 3600)] == [
        0,
        3500,
        *[9.5 * 3600] * 4,
        9.6 * 3600,
    ]
    assert opens(opens(3600)) == opens(3600)


#: entries, what the message names
REFUSED: list[tuple[Sequence[str], str]] = [
    (["22:00-06:00"], "'22:00-06:00' is not a window of the day with its time zone"),
    (["22-06 UTC"], "'22-06 UTC' is not a window"),
    (["22:00 UTC"], "is not a window"),
    (["22:00-06:00 Europe/Berlin daily"], "is not a window"),
    (["22:00-25:00 UTC"], "has a time of day that does not exist"),
    (["22:60-23:00 UTC"], "has a time of day that does not exist"),
    (["24:01-06:00 UTC"], "has a time of day that does not exist"),
    (["22:00-22:00 UTC"], "begins and ends at the same time of day"),
    (["00:00-24:00 UTC"], "begins and ends at the same time of day"),
    (["22:00-06:00 Europe/Berln"], "Did you mean Europe/Berlin?"),
    (["22:00-06:00 CEST"], "names a time zone that does not exist"),
    (["22:00-06:00 CST"], "does not exist. Use 22:00-06:00 Europe/Berlin"),  # not UCT, which is UTC
    (["22:00-06:00 UTC+8"], "does not exist. Use 22:00-06:00 Europe/Berlin"),  # not UTC either
    (["22:00-06:00 Shanghai"], "Did you mean Asia/Shanghai?"),
    (["22:00-06:00 asia/shanghai"], "Did you mean Asia/Shanghai?"),
    (["22:00-06:00 Europe"], "names a time zone that does not exist"),
    (["22:00-06:00 ../etc/passwd"], "names a time zone that does not exist"),
    (["22:00-06:00 /etc/localtime"], "names a time zone that does not exist"),
    (["22:00-06:00 +15:00"], "has an offset that no time zone has"),
    (["22:00-06:00 +08:61"], "has an offset that no time zone has"),
    (["00:00-12:00 UTC", "12:00-24:00 UTC"], "leaves no time in which anything could be sent"),
    (["00:00-13:00 UTC", "12:00-24:00 UTC", "10:00-11:00 Asia/Shanghai"], "leaves no time"),
]


@pytest.mark.parametrize(("entries", "text"), REFUSED)
def test_what_cannot_be_read_is_refused(entries: Sequence[str], text: str) -> None:
    with pytest.raises(OptionError) as refusal:
        QuietHours.of(entries, T)
    assert "not_between" in str(refusal.value)
    assert text in str(refusal.value)


def test_a_machine_without_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(key: str) -> zoneinfo.ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", unknown)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    with pytest.raises(
        OptionError, match=r"has no database of time zones, so .22:00-06:00 Europe/Berlin. cannot be read\. Install tzdata there"
    ):
        QuietHours.of([NIGHT], T)
    assert QuietHours.of(["22:00-06:00 +01:00", "12:00-13:00 UTC"], T).windows


MAPPING = {"begin": "22:00", "end": "06:00", "zone": "Europe/Berlin"}
FORMS = [
    NIGHT,
    [NIGHT],
    MAPPING,
    [MAPPING],
    '{"begin": "22:00", "end": "06:00", "zone": "Europe/Berlin"}',
    '["22:00-06:00 Europe/Berlin"]',
    '[{"begin": "22:00", "end": "06:00", "zone": "Europe/Berlin"}]',
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_forms(form: object) -> None:
    assert fitted(OPTION, {"not_between": form}) == ({"not_between": [NIGHT]}, None)


def test_several_in_one_form() -> None:
    two = {"not_between": [NIGHT, "12:00-13:00 UTC"]}
    assert fitted(OPTION, {"not_between": f"{NIGHT}, 12:00-13:00 UTC"}) == (two, None)
    assert fitted(OPTION, {"not_between": [MAPPING, "12:00-13:00 UTC"]}) == (two, None)


@pytest.mark.parametrize(
    "entry",
    [
        {**MAPPING, "begin": 1320},  # what YAML makes of 22:00 without quotes
        {**MAPPING, "days": "mon"},
        {"begin": "22:00", "end": "06:00"},
        {**MAPPING, "zone": None},
        {**MAPPING, "zone": " "},
        {},
    ],
)
def test_mappings_that_are_refused(entry: object) -> None:
    for value in (entry, [entry]):
        text = problem("not_between", value, OPTION["not_between"])
        assert text
        assert text.startswith("not_between must have begin, end")
        assert "in quotes" in text


def made(quiet_hours: QuietSpan | None, **limits: int) -> Plan:
    jobs = ("a", "a", "b")
    decisions = [
        decide(instance(number=number, job_name=name, job_id=name), policy(), at(100), None) for number, name in enumerate(jobs, start=1)
    ]
    return schedule(Plan(tuple(decisions)), None, Limits(**limits), quiet_hours)


def test_what_is_due_waits_for_the_end() -> None:
    plan = made(QuietSpan(at(500), NIGHT), max_parallel=2)
    assert plan.batches == ()
    assert [(decision.action, decision.due_ms, decision.quiet_hours, decision.queued) for decision in plan.decisions] == [
        (Action.WAIT, at(500), True, queued) for queued in (0, 0, 1)
    ]
    assert plan.decisions[0].reason.startswith(f"not sent: quiet hours {NIGHT} (not_between) until 2026-11-23T")
    assert [decision.attempts for decision in plan.decisions] == [0, 0, 0]
    assert not any(decision.delayed or decision.in_progress for decision in plan.decisions)
    assert len(made(None, max_parallel=2).batches) == 1


def test_what_is_stopped_to_be_rerun_waits_too_and_check_mode_says_that_it_is_stopped_first() -> None:
    hung = instance(Status.RUNNING_EXCEPTION, instance_id="7")
    decision = decide_with_stops(hung, policy(), StopPolicy(running_exception="stop_and_rerun"), at(100), None)
    (waiting,) = schedule(Plan((decision,)), None, Limits(), QuietSpan(at(500), NIGHT)).decisions
    assert (decision.action, waiting.action, waiting.due_ms, waiting.quiet_hours) == (Action.STOP, Action.WAIT, at(500), True)
    shown = unsent(waiting, check_mode=True, plan_only=False)
    assert (shown.action, shown.then_rerun, stop_word(shown)) == (Action.STOP, True, "to_stop")


def test_a_plan_that_is_refused_stays_refused() -> None:
    plan = made(QuietSpan(at(500), NIGHT), max_instances=2)
    assert plan.refused is not None
    assert plan.batches == ()
