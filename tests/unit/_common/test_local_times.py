# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times for people are in the terminal's zone; times in commands mean the same in every zone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import parse_point
from ansible_collections.dataarts.factory.plugins.plugin_utils._common import local_times

#: 2026-11-23T14:18:05.250Z
NIGHT = 1_795_443_485_250
#: 2026-07-01T00:00:00Z
SUMMER = 1_782_864_000_000


@pytest.fixture(autouse=True, params=["Asia/Shanghai"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Asia/Shanghai", ("2026-11-23 22:18 +08:00", "2026-11-23T22:18:05.250+08:00", "+08:00")),
        ("UTC", ("2026-11-23 14:18 +00:00", "2026-11-23T14:18:05.250+00:00", "+00:00")),
        ("America/New_York", ("2026-11-23 09:18 -05:00", "2026-11-23T09:18:05.250-05:00", "-05:00")),
        ("Asia/Kathmandu", ("2026-11-23 20:03 +05:45", "2026-11-23T20:03:05.250+05:45", "+05:45")),
    ],
    indirect=["zone"],
)
def test_the_zone_is_the_terminals(zone: str, expected: tuple[str, str, str]) -> None:
    assert (local_times.local_time(NIGHT), local_times.option_time(NIGHT), local_times.offset(NIGHT)) == expected
    assert parse_point(local_times.option_time(NIGHT), option="since") == NIGHT


def test_an_offset_that_is_named_elsewhere_is_not_repeated() -> None:
    assert local_times.local_time(NIGHT, zone="+08:00") == "2026-11-23 22:18"
    assert local_times.local_time(NIGHT, zone="+08:00", seconds=True) == "2026-11-23 22:18:05"


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_around_the_change_to_summer_time_each_has_its_own(zone: str) -> None:
    named = local_times.zone_of([NIGHT, SUMMER])
    assert named == "+01:00"
    assert local_times.local_time(SUMMER, zone=named) == "2026-07-01 02:00 +02:00"
    assert local_times.zone_of([]) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("held back until 2026-11-23T14:18:05.250Z, then rerun", "held back until 2026-11-23 22:18:05 +08:00, then rerun"),
        ("2026-11-23T00:00:00Z to 2026-11-23T14:18:05Z", "2026-11-23 08:00 to 22:18:05 +08:00"),
        ("2026-11-22T00:00:00Z to 2026-11-23T14:18:05Z", "2026-11-22 08:00 to 2026-11-23 22:18:05 +08:00"),
        ("since (2026-11-23T00:00:00Z).", "since (2026-11-23 08:00 +08:00)."),
        ("run again with dataarts_since=2026-11-23T00:00:00Z", "run again with dataarts_since=2026-11-23T00:00:00Z"),
        ('\'{"planned_after": "2026-11-23T00:00:00Z"}\'', '\'{"planned_after": "2026-11-23T00:00:00Z"}\''),
        ("/srv/reports/2026-11-23T00:00:00Z/report.html", "/srv/reports/2026-11-23T00:00:00Z/report.html"),
        ("at 9999-99-99T00:00:00Z", "at 9999-99-99T00:00:00Z"),
        ("no time", "no time"),
    ],
)
def test_only_times_that_are_read_are_converted(text: str, expected: str) -> None:
    assert local_times.localized(text) == expected


@pytest.mark.parametrize("ms", [10**30, -(10**30)])
def test_a_number_outside_the_calendar_is_shown_as_one(ms: int) -> None:
    assert local_times.local_time(ms).endswith(" ms")
    assert local_times.offset(ms) == "+00:00"
