# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name times, and the service's time at which something was read."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._http.server_clock import ServiceClock
from ansible_collections.dataarts.factory.plugins.module_utils._runner.reading import (
    check_past,
    quiet_until,
    read_window,
    seconds_of,
    since_of,
    timed,
    window_of,
)

NOW = 1_795_402_800_000
HOUR = 3_600_000


class Hands:
    """This machine's two clocks, moved by the test; seconds."""

    def __init__(self, wall: float = NOW / 1000) -> None:
        self.wall = wall
        self.mono = 100.0

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def clock(self) -> ServiceClock:
        return ServiceClock(wall=lambda: self.wall, elapsed=lambda: self.mono)


def test_a_window_counts_from_the_services_now() -> None:
    assert window_of({"planned_after": "-24h", "planned_before": None}, NOW) == Window(NOW - 24 * HOUR, NOW)
    assert window_of({"planned_after": str(NOW - 5), "planned_before": "-1s"}, NOW + 1000) == Window(NOW - 5, NOW)


@pytest.mark.parametrize("options", [{"planned_after": "x", "planned_before": None}, {"planned_after": "-1h", "planned_before": "-2h"}])
def test_a_window_that_is_none_is_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(OptionError, match="planned_after"):
        window_of(options, NOW)


def test_since_may_be_left_out() -> None:
    assert since_of({}, NOW) is None
    assert since_of({"since": "-2h"}, NOW) == NOW - 2 * HOUR


@pytest.mark.parametrize(
    ("since", "born", "until"),
    [
        (NOW, NOW - HOUR, None),
        (NOW - HOUR, NOW - HOUR, None),
        (NOW - HOUR, NOW - HOUR + 1, NOW - HOUR + 60_001),
        (NOW - HOUR, NOW, NOW + 60_000),
        (NOW + 1, NOW, NOW + 1),
        (NOW + 30_000, NOW - HOUR, NOW + 30_000),
    ],
)
def test_nothing_is_sent_before_since_nor_while_a_younger_record_may_miss_something(since: int, born: int, until: int | None) -> None:
    assert quiet_until(since, NOW, born, 60_000) == until


def test_durations_are_checked() -> None:
    assert seconds_of({"poll_interval": 3}, "poll_interval", 1) == 3.0
    with pytest.raises(OptionError, match="poll_interval is 0"):
        seconds_of({"poll_interval": 0}, "poll_interval", 1)


@pytest.mark.parametrize("offset", [-500.0, 0.0, 500.0])
def test_what_counts_is_the_services_time_when_it_was_asked(monkeypatch: pytest.MonkeyPatch, offset: float) -> None:
    """However long the answer takes and however far this machine's clock is off, the time is one the service had reached by then."""
    hands = Hands()
    clock = hands.clock()
    monkeypatch.setattr("time.monotonic", lambda: hands.mono)
    service_at_start = hands.wall + offset

    def read() -> str:
        sent = hands.mono
        hands.pass_time(7)
        clock.learn(int(hands.wall + offset) * 1000, sent, hands.mono)
        return "found"

    found, asked = timed(clock, read)
    assert found == "found"
    assert asked <= service_at_start * 1000
    assert asked >= (service_at_start - 9) * 1000


@pytest.mark.parametrize(("offset", "reads"), [(0.0, 1), (3.0, 1), (90.0, 2), (-90.0, 2)])
def test_a_window_is_read_again_if_this_machines_clock_was_off(offset: float, reads: int) -> None:
    hands = Hands()
    clock = hands.clock()
    windows: list[Window] = []

    def read(window: Window) -> int:
        windows.append(window)
        clock.learn(int(hands.wall + offset) * 1000, hands.mono, hands.mono)
        return len(windows)

    found, window, _asked = read_window(clock, {"planned_after": "-24h", "planned_before": None}, read)
    assert (found, len(windows), windows[-1]) == (reads, reads, window)
    assert abs(window.end - (hands.wall + offset) * 1000) <= 6000


def test_a_window_of_fixed_times_is_never_read_again() -> None:
    hands = Hands()
    clock = hands.clock()
    windows: list[Window] = []

    def read(window: Window) -> None:
        windows.append(window)
        clock.learn(int(hands.wall + 600) * 1000, hands.mono, hands.mono)

    read_window(clock, {"planned_after": str(NOW - HOUR), "planned_before": str(NOW)}, read)
    assert windows == [Window(NOW - HOUR, NOW)]


@pytest.mark.parametrize(("ahead", "refused"), [(-HOUR, False), (0, False), (30_000, False), (120_000, True)])
def test_a_since_that_lies_ahead_is_refused(ahead: int, refused: bool) -> None:
    clock = Hands().clock()
    if not refused:
        check_past(NOW + ahead, clock)
        return
    with pytest.raises(OptionError, match="in the future"):
        check_past(NOW + ahead, clock)
