# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsing of times in options, and formatting of times for people."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import (
    FIRST_MS,
    LAST_MS,
    Window,
    duration_text,
    parse_point,
    parse_time,
    to_iso,
    window,
)

NOW = 1_795_402_800_000  # 2026-11-23T03:00:00Z

POINTS = [
    ("2026-11-23T03:00:00Z", NOW),
    ("2026-11-23t03:00:00z", NOW),
    ("2026-11-23T03:00Z", NOW),
    ("2026-11-23 03:00:00Z", NOW),
    ("2026-11-23 03:00:00+00:00", NOW),  # what YAML makes of an unquoted time with a zone
    ("2026-11-23T11:00:00+08:00", NOW),
    ("2026-11-23T11:00:00+0800", NOW),
    ("2026-11-23T11:00:00 +08", NOW),
    ("2026-11-22T21:30:00-05:30", NOW),
    ("2026-11-23T03:00:00.5Z", NOW + 500),
    ("2026-11-23T03:00:00,123Z", NOW + 123),
    ("2026-11-23T03:00:00.123999999Z", NOW + 123),
    ("  2026-11-23T03:00:00Z\n", NOW),
    ("2024-02-29T00:00:00Z", 1_709_164_800_000),
    ("1795402800000", NOW),
    (" 1795402800000 ", NOW),
    (NOW, NOW),
    (FIRST_MS, FIRST_MS),
    (LAST_MS, LAST_MS),
    ("2001-09-09T01:46:40Z", FIRST_MS),
    ("2286-11-20T17:46:39.999Z", LAST_MS),
]


@pytest.mark.parametrize(("value", "expected"), POINTS)
def test_a_point_in_time_is_read_alike_with_and_without_relative_forms(value: t.Any, expected: t.Any) -> None:
    assert parse_point(value, option="planned_after") == expected
    assert parse_time(value, now_ms=NOW - 12_345, option="planned_after") == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("-90s", 90), ("-30m", 1800), ("-24h", 86_400), ("-7d", 604_800), ("-1w", 604_800), ("-0s", 0), (" -1h ", 3600), ("-007d", 604_800)],
)
def test_a_relative_time_counts_back_from_the_service_s_now(value: t.Any, seconds: t.Any) -> None:
    assert parse_time(value, now_ms=NOW, option="since") == NOW - seconds * 1000


REFUSED = [
    ("2026-11-23T03:00:00", "has no time zone and none is guessed"),
    ("2026-11-23 03:00", "has no time zone and none is guessed"),
    ("2026-11-23", "is not a time"),
    ("2026-13-23T03:00:00Z", "is not a date, time and zone of the calendar"),
    ("2025-02-29T03:00:00Z", "is not a date, time and zone of the calendar"),
    ("2026-11-23T24:00:00Z", "is not a date, time and zone of the calendar"),
    ("2026-11-23T03:00:60Z", "is not a date, time and zone of the calendar"),
    ("2026-11-23T03:00:00+15:00", "is not a date, time and zone of the calendar"),
    ("2026-11-23T03:00:00+08:60", "is not a date, time and zone of the calendar"),
    ("0000-01-01T00:00:00Z", "is not a date, time and zone of the calendar"),
    ("0001-01-01T00:00:00+14:00", "is outside"),
    ("9999-12-31T23:59:59-14:00", "is outside"),
    ("1999-12-31T00:00:00Z", "is outside"),
    ("1795402800", "has 10 digits, epoch milliseconds have 13"),
    ("17954028000000", "has 14 digits, epoch milliseconds have 13"),
    ("0000000000000", "is outside"),
    (1_795_402_800, "is outside"),
    (0, "is outside"),
    (-NOW, "is outside"),
    (10**13, "is outside"),
    (10**1000, "a number of more than 20 digits is outside"),
    ("", "is not a time"),
    ("yesterday", "is not a time"),
    ("now", "is not a time"),
    ("+24h", "is not a time"),
    ("24h", "is not a time"),
    ("-24", "is not a time"),
    ("-1.5h", "is not a time"),
    ("-24H", "is not a time"),
    ("--24h", "is not a time"),
    ("1795402800000.0", "is not a time"),
    ("１７９５４０２８０００００", "is not a time"),  # digits of another script
    ("{{ now() }}", "is not a time"),
    (True, "is not a time"),
    (None, "is not a time"),
    (1.5, "is not a time"),
    ([], "list is not a time"),
    ("2026-11-23T03:00:00Z; rm", "is not a time"),
    ("9" * 5000, "has 5000 digits"),
]


@pytest.mark.parametrize(("value", "cause"), REFUSED, ids=lambda value: repr(value)[:40] if not isinstance(value, int) else "number")
def test_what_is_not_a_time_is_refused_with_the_option_the_cause_and_the_remedy(value: t.Any, cause: t.Any) -> None:
    reads: list[t.Callable[[], int]] = [
        lambda: parse_point(value, option="since"),
        lambda: parse_time(value, now_ms=NOW, option="since"),
    ]
    for read in reads:
        with pytest.raises(OptionError) as caught:
            read()
        message = str(caught.value)
        assert message.startswith("Failed to read since: ")
        assert cause in message
        assert "Use ISO 8601 with a zone (2026-11-23T03:00:00+08:00" in message
        assert len(message) < 400
        assert message.isprintable()


@pytest.mark.parametrize("value", ["-24h", "-7d"])
def test_a_relative_time_is_not_a_point(value: t.Any) -> None:
    with pytest.raises(OptionError) as caught:
        parse_point(value, option="begin_time")
    assert "a time before now" not in str(caught.value)


@pytest.mark.parametrize("value", ["-999999999w", "-99999999h"])
def test_a_relative_time_far_in_the_past_is_refused(value: t.Any) -> None:
    with pytest.raises(OptionError, match="is outside"):
        parse_time(value, now_ms=NOW, option="since")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (NOW, "2026-11-23T03:00:00Z"),
        (NOW + 7, "2026-11-23T03:00:00.007Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (LAST_MS, "2286-11-20T17:46:39.999Z"),
        (10**17, "1.000e+17 ms"),
        (10**1000, "an endless time"),
    ],
)
def test_times_for_people(ms: t.Any, text: t.Any) -> None:
    assert to_iso(ms) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (0, "0s"),
        (0.9, "0s"),
        (4, "4s"),
        (60, "1m 00s"),
        (185, "3m 05s"),
        (3599.9, "59m 59s"),
        (7207, "2h 00m 07s"),
        (90_060, "1d 01h 01m"),
    ],
)
def test_durations_for_people(seconds: t.Any, text: t.Any) -> None:
    assert duration_text(seconds) == text


class TestWindow:
    def test_both_ends_are_included(self) -> None:
        window = Window(NOW, NOW + 9)
        assert [ms in window for ms in (NOW - 1, NOW, NOW + 9, NOW + 10)] == [False, True, True, False]
        assert window.length == 10
        assert "x" not in window
        assert str(window) == "2026-11-23T03:00:00Z to 2026-11-23T03:00:00.009Z"

    @pytest.mark.parametrize(("length", "most", "count"), [(1, 1, 1), (10, 10, 1), (10, 3, 4), (11, 10, 2), (10, 1, 10)])
    def test_slices_hold_every_millisecond_once(self, length: t.Any, most: t.Any, count: t.Any) -> None:
        slices = Window(NOW, NOW + length - 1).slices(most)
        assert len(slices) == count
        assert max(window.length for window in slices) <= most
        assert [ms for window in slices for ms in range(window.begin, window.end + 1)] == list(range(NOW, NOW + length))

    def test_a_slice_needs_a_length(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Window(NOW, NOW).slices(0)

    def test_options_that_are_the_wrong_way_round_are_refused_by_name(self) -> None:
        assert window(NOW, NOW, options=("planned_after", "planned_before")) == Window(NOW, NOW)
        with pytest.raises(OptionError) as caught:
            window(NOW + 1, NOW, options=("planned_after", "planned_before"))
        assert str(caught.value).startswith("planned_after (2026-11-23T03:00:00.001Z) is after planned_before (2026-11-23T03:00:00Z).")


def test_a_number_too_long_to_be_written_out_is_refused_like_any_other() -> None:
    endless = pow(10, 5000)  # not a literal: pylint would compute and format it
    assert to_iso(endless) == "an endless time"
    with pytest.raises(OptionError, match="a number of more than 20 digits is outside"):
        parse_point(endless, option="since")
