# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The apparent age of a record while the clock is set back and forth: never too old, and not too young for long."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.sightings import Sightings

MADE, HOUR = 1_732_608_000_000, 3_600_000

#: For each reading: the record's true age in ms, the journal's clock relative to MADE, and the apparent age.
READINGS = [
    ("a clock that runs", [(5000, 5000, 5000), (9000, 9000, 9000)]),
    ("set back before the first reading", [(5000, 5000 - HOUR, 0), (9000, 9000 - HOUR, 4000), (HOUR + 9000, 9000, HOUR + 4000)]),
    ("set back by less than has passed", [(5000, 2000, 2000), (9000, 6000, 6000)]),
    ("set back between two readings", [(5000, 5000, 5000), (6000, 6000 - HOUR, 0), (9000, 9000 - HOUR, 3000)]),
    ("set back twice", [(5000, 5000 - HOUR, 0), (6000, 6000 - 3 * HOUR, 1000), (9000, 9000 - 3 * HOUR, 4000)]),
    ("set back, and right again", [(5000, 5000 - HOUR, 0), (9000, 9000, 9000)]),
    ("set back, and half of that forward", [(5000, 5000 - HOUR, 0), (9000, 9000 - HOUR // 2, 4000)]),
    ("of a machine that is ahead by 3 s", [(1000, -2000, 0), (2500, -500, 1500), (3500, 500, 2500), (9000, 6000, 8000)]),
]


@pytest.mark.parametrize(("dummy", "readings"), READINGS, ids=[name for name, dummy in READINGS])
def test_a_record_is_as_old_as_the_clock_says_or_as_long_as_it_was_seen(dummy: str, readings: list[tuple[int, int, int]]) -> None:
    now = [0]
    sightings = Sightings(clock=lambda: 77 + now[0] / 1000)
    for passed, clock, age in readings:
        now[0] = passed
        assert MADE + clock - sightings.recorded_ms("run", MADE, MADE + clock) == pytest.approx(age, abs=1)


@given(st.lists(st.tuples(st.integers(0, HOUR), st.integers(-2 * HOUR, 0)), min_size=1), st.integers(-HOUR, HOUR))
def test_it_never_seems_older_than_it_is_and_is_old_enough_once_it_was_seen_so_long(steps: list[tuple[int, int]], asleep: int) -> None:
    """However the clock is set back, also in later passes, and if the monotonic clock stops for a while during sleep."""
    passed, first = 0, 0
    sightings = Sightings()
    for number, (later, back) in enumerate(steps):
        passed += later
        seconds = (passed if number else max(0, passed - max(0, asleep))) / 1000
        sightings = Sightings(sightings.first, functools.partial(float, seconds))
        clock = MADE + passed + back
        age = clock - sightings.recorded_ms("run", MADE, clock)
        first = passed if number == 0 else first
        assert age <= passed
        assert age >= min(passed - first, passed + back)


def test_a_clock_that_began_anew_counts_from_there() -> None:
    sightings = Sightings({f"run {MADE}": 5000.0}, lambda: 12.0)  # the machine was rebooted
    assert sightings.recorded_ms("run", MADE, MADE - HOUR) == MADE - HOUR
    assert sightings.first == {f"run {MADE}": 12.0}
