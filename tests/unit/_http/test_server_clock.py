# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's time, learned from Date headers."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._http.server_clock import CLOCK_LIMIT, ServiceClock, date_ms, skew_between

NOW = 1_790_000_000.0


class World:
    """Two clocks: this machine's, *ahead* of the service's by so many seconds, and a monotonic one."""

    def __init__(self, ahead: float) -> None:
        self.elapsed = 5000.0
        self.ahead = ahead
        self.clock = ServiceClock(lambda: self.service + self.ahead, lambda: self.elapsed)

    @property
    def service(self) -> float:
        return NOW + self.elapsed

    def answer(self, going: float = 0.05, coming: float = 0.05) -> None:
        """One round trip."""
        began = self.elapsed
        self.elapsed += going
        date = int(self.service) * 1000
        self.elapsed += coming
        self.clock.learn(date, began, self.elapsed)


def test_unlearned_it_is_this_machines_clock() -> None:
    world = World(ahead=100)
    clock = world.clock
    assert not clock.learned
    assert clock.now_ms() == int((world.service + 100) * 1000)
    assert clock.skew_seconds == 0
    assert clock.earliest_ms() <= clock.now_ms() <= clock.latest_ms()


@pytest.mark.parametrize(
    ("ahead", "least", "most"), [(1200, 1198, 1200), (-1200, -1200, -1198), (0, 0, 0), (75, 73, 75), (-61.5, -61.5, -60)]
)
def test_skew_is_never_exaggerated(ahead: float, least: float, most: float) -> None:
    world = World(ahead)
    world.answer()
    assert world.clock.learned
    assert least <= world.clock.skew_seconds <= most


@given(
    st.floats(min_value=-5000, max_value=5000),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0, 100)), min_size=1, max_size=20),
)
def test_bounds_always_hold_the_service_time(ahead: float, trips: list[tuple[float, float, float]]) -> None:
    world = World(ahead)
    for going, coming, pause in trips:
        world.answer(going, coming)
        world.elapsed += pause
        clock = world.clock
        assert clock.earliest_ms() <= int(world.service * 1000) + 1
        assert clock.latest_ms() >= int(world.service * 1000)
        assert clock.earliest_ms() <= clock.now_ms() <= clock.latest_ms()
        assert abs(clock.skew_seconds) <= abs(ahead) + 0.001


def test_answers_narrow_the_bounds() -> None:
    world = World(0)
    world.answer(2, 2)
    wide = world.clock.latest_ms() - world.clock.earliest_ms()
    for _trip in range(20):
        world.answer(0.01, 0.06)
    narrow = world.clock.latest_ms() - world.clock.earliest_ms()
    assert wide >= 4900
    assert narrow < 300
    assert abs(world.clock.seconds() - world.service) < 0.3


@pytest.mark.parametrize("step", [90, -90, 3600, -3600])
def test_after_a_step_the_newer_reading_counts_and_the_bounds_hold_both(step: int) -> None:
    world = World(0)
    world.answer()
    world.clock.learn(int(world.service + step) * 1000, world.elapsed, world.elapsed)
    for _minute in range(15):
        assert abs(world.clock.seconds() - world.service - step) < 2
        assert abs(world.clock.earliest_ms() / 1000 - world.service - min(step, 0)) < 2
        assert abs(world.clock.latest_ms() / 1000 - world.service - max(step, 0)) < 2
        world.elapsed += 60
    assert abs(world.clock.earliest_ms() / 1000 - world.service - step) < 2
    assert abs(world.clock.latest_ms() / 1000 - world.service - step) < 2
    world.clock.learn(int(world.service) * 1000, world.elapsed, world.elapsed)
    assert abs(world.clock.earliest_ms() / 1000 - world.service - min(step, 0)) < 2
    assert abs(world.clock.latest_ms() / 1000 - world.service - max(step, 0)) < 2


def test_a_step_settles_nothing_earlier_than_the_time_that_passed() -> None:
    """Not at once, not after the clock steps back and forth, and not after answers have narrowed the newer bounds."""
    world = World(0)
    world.answer()
    lost = world.clock.latest_ms()
    for step in (90, 0, 90, 45, 600):
        world.elapsed += 5
        began = world.elapsed
        world.elapsed += 0.1
        world.clock.learn(int(world.service + step) * 1000, began, world.elapsed)
    assert world.clock.earliest_ms() - lost < 26_000
    world.elapsed += 60
    assert world.clock.earliest_ms() - lost > 80_000


@pytest.mark.parametrize(
    ("off", "seconds", "believed"),
    [
        (0, 0, True),
        (899, 0, True),
        (-899, 0, True),
        (905, 0, False),
        (-905, 0, False),
        (2 * 86_400, 0, False),
        (-2 * 86_400, 50, False),
        (940, 50, True),  # the gateway may have compared them 50 seconds after the signing
        (960, 50, False),
        (-905, 50, False),
    ],
)
def test_a_date_is_believed_within_the_limit_of_the_accepted_time(off: int, seconds: float, believed: bool) -> None:
    world = World(ahead=0)
    signed, began = int(world.service), world.elapsed
    world.elapsed += seconds
    assert world.clock.learn((signed + off) * 1000, began, world.elapsed, signed) is believed
    assert world.clock.learned is believed
    if not believed:
        assert world.clock.now_ms() == int(world.service * 1000)
        assert world.clock.skew_seconds == 0


def test_what_is_not_believed_leaves_what_was_learned() -> None:
    world = World(ahead=600)
    world.answer()
    known = world.clock.seconds()
    assert not world.clock.learn(int(world.service - 86_400) * 1000, world.elapsed, world.elapsed, world.service + 600)
    assert world.clock.seconds() == known
    assert 598 <= world.clock.skew_seconds <= 601


def test_where_nothing_is_known_every_date_is_believed() -> None:
    world = World(ahead=10 * CLOCK_LIMIT)
    assert world.clock.learn(int(world.service) * 1000, world.elapsed, world.elapsed)
    assert abs(world.clock.seconds() - world.service) < 2


@given(st.floats(-5000, 5000), st.floats(0, 60), st.floats(0, 1))
def test_a_skew_between_is_never_exaggerated(ahead: float, seconds: float, part: float) -> None:
    """For a signature without its fraction of a second, and an answer written at any moment before it arrived."""
    date = int(NOW + seconds * part)
    skew = skew_between(int(NOW + ahead), date * 1000, seconds)
    assert abs(skew) <= abs(ahead) + 0.001
    assert abs(skew - ahead) <= 3 + seconds


def test_setting_this_machines_clock_changes_nothing_but_the_skew() -> None:
    world = World(0)
    world.answer()
    before = world.clock.now_ms()
    world.ahead = 600
    assert world.clock.now_ms() == before
    assert 598 <= world.clock.skew_seconds <= 601


@pytest.mark.parametrize(
    ("header", "ms"),
    [
        ("Mon, 23 Nov 2026 03:00:00 GMT", 1_795_402_800_000),
        ("Mon, 23 Nov 2026 03:00:00 -0000", 1_795_402_800_000),
        ("Mon, 23 Nov 2026 11:00:00 +0800", 1_795_402_800_000),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 23 Nov 9999 03:00:00 GMT", None),
        ("Mon, 99 Nov 2026 03:00:00 GMT", None),
        ("Mon, 23 Nov 2026 03:00:00 +999999999999", None),
        ("x" * 1_000_000, None),
    ],
)
def test_date_header(header: str | None, ms: int | None) -> None:
    assert date_ms(header) == ms


@given(st.text(max_size=64))
def test_date_header_never_raises(header: str) -> None:
    date_ms(header)


@given(st.integers(min_value=1_577_836_800, max_value=4_102_444_800))
def test_date_header_is_read_back(seconds: int) -> None:
    assert date_ms(formatdate(seconds, usegmt=True)) == seconds * 1000
