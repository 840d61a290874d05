# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose midnight begins the window of a list without one: a zone is named only if no other fits."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.evidence import Entry
from ansible_collections.dataarts.factory.plugins.module_utils._planner.zone_of_today import zone_of_today

HOUR = 3_600_000
#: 2026-11-23T00:00:00Z.
MIDNIGHT = 1_795_392_000_000


def at(hour: float, start: float | None = None) -> Entry:
    """The instance planned that many hours after midnight UTC."""
    plan = int(MIDNIGHT + hour * HOUR)
    return Entry("hourly", "7", str(plan), "success", plan, start_time=None if start is None else int(MIDNIGHT + start * HOUR))


def hours(first: float, last: float, step: float = 1.0) -> list[Entry]:
    return [at(first + number * step) for number in range(int((last - first) / step) + 1)]


NOW = 12.5
#: What is listed without a window; what is listed for the last day; the present; the zone.
CASES: dict[str, tuple[list[Entry], list[Entry], float, float | None]] = {
    "UTC": (hours(0, 12), hours(-11, 12), NOW, 0),
    "ahead: the day began at 16:00": (hours(-8, 12), hours(-11, 12), NOW, 8),
    "behind: at 05:00": (hours(5, 12), hours(-11, 12), NOW, -5),
    "an hour apart, +5 or +5:30": (hours(-5, 12), hours(-11, 12), NOW, None),
    "half an hour apart, +5:30 or +5:45": (hours(-5.5, 12, 0.5), hours(-11, 12, 0.5), NOW, None),
    "a quarter apart, +5:45": (hours(-5.75, 12, 0.25), hours(-11, 12, 0.25), NOW, 5.75),
    "a quarter apart, +5:30": (hours(-5.5, 12, 0.25), hours(-11, 12, 0.25), NOW, 5.5),
    "a gap of two hours": (hours(0, 12, 2), hours(-10, 12, 2), NOW, None),
    "nothing was left out": (hours(-11, 12), hours(-11, 12), NOW, None),
    "nothing of today": ([], hours(-11, 12), NOW, None),
    "nothing at all": ([], [], NOW, None),
    "no midnight at all": (hours(0.4, 12), hours(-11.6, 12), NOW, 0),
    "planned before, started after": ([at(-1, 0.2), *hours(1, 12)], [*hours(-11, -2), at(-1, 0.2), *hours(1, 12)], NOW, None),
    "an order that no midnight explains": ([at(-3), *hours(2, 12)], hours(-11, 12), NOW, None),
    "a day that has just begun": ([at(0.01)], hours(-23.99, 0.01), 0.02, 0),
    "a minute before it begins": (hours(-24, -1), hours(-25, -1), -0.01, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_whose_today_it_is(name: str) -> None:
    today, last_day, now, zone = CASES[name]
    read = zone_of_today(today, last_day, int(MIDNIGHT + now * HOUR))
    assert (None if read is None else read[0]) == zone
    assert read is None or "a list without a window has what was planned at 2026-11-2" in read[1]
