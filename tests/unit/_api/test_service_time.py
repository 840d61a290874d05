# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's time of a request, and windows that depend on that time."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api import service_time
from ansible_collections.dataarts.factory.plugins.module_utils._api.service_time import timed, timed_window
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._http.server_clock import ServiceClock
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import window_of

NOW = 1_795_402_800_000
HOUR = 3_600_000


class Hands:
    """This machine's two clocks, advanced by the test; seconds."""

    def __init__(self, wall: float = NOW / 1000) -> None:
        self.wall = wall
        self.mono = 100.0

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def clock(self) -> ServiceClock:
        return ServiceClock(lambda: self.wall, lambda: self.mono)


@pytest.mark.parametrize("offset", [-500.0, 0.0, 500.0])
def test_what_counts_is_the_services_time_when_it_was_asked(monkeypatch: pytest.MonkeyPatch, offset: float) -> None:
    """However long the answer takes and however far this machine's clock is off, the service had reached the time when the request began."""
    hands = Hands()
    clock = hands.clock()
    monkeypatch.setattr(service_time, "stopwatch", lambda: hands.mono)
    service_at_start = hands.wall + offset

    def read() -> str:
        begun = hands.mono
        hands.pass_time(7)
        clock.learn(int(hands.wall + offset) * 1000, begun, hands.mono)
        return "listed"

    answer, asked = timed(clock, read)
    assert answer == "listed"
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

    options = {"planned_after": "-24h", "planned_before": None}
    answer, window, _asked = timed_window(clock, lambda now: window_of(options, now), read)
    assert (answer, len(windows), windows[-1]) == (reads, reads, window)
    assert abs(window.end - (hands.wall + offset) * 1000) <= 6000


@pytest.mark.parametrize("step", [-90.0, -10.0, 10.0, 90.0, 600.0])
def test_a_window_follows_a_service_whose_clock_is_set_and_is_read_twice_once(step: float) -> None:
    """After a step of the clock the window must still end now, or instances that started meanwhile would be missing."""
    hands = Hands()
    clock = hands.clock()
    windows: list[Window] = []
    offset = 0.0

    def read(window: Window) -> None:
        windows.append(window)
        clock.learn(int(hands.wall + offset) * 1000, hands.mono, hands.mono)

    options = {"planned_after": "-24h", "planned_before": None}
    counts = []
    for offset in (0.0, step, step, step):
        before = len(windows)
        _answer, window, asked = timed_window(clock, lambda now: window_of(options, now), read)
        counts.append(len(windows) - before)
        assert windows[-1] == window
        assert abs(window.end - (hands.wall + offset) * 1000) <= 2000
        assert asked <= (hands.wall + min(0.0, offset)) * 1000, "never more than it has certainly reached"
        hands.pass_time(20.0)
    assert counts == [1, 2, 1, 1]


def test_a_window_of_fixed_times_is_never_read_again() -> None:
    hands = Hands()
    clock = hands.clock()
    windows: list[Window] = []

    def read(window: Window) -> None:
        windows.append(window)
        clock.learn(int(hands.wall + 600) * 1000, hands.mono, hands.mono)

    options = {"planned_after": str(NOW - HOUR), "planned_before": str(NOW)}
    timed_window(clock, lambda now: window_of(options, now), read)
    assert windows == [Window(NOW - HOUR, NOW)]
