# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which windows must be listed in addition to a selection's own."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.instance_query import late_starts, windows_to_list
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from tests.unit.building import at, instance

#: From an hour before to an hour after the plan time of the instances here, which is two hours before T.
WINDOW = Window(at(-10_800), at(-3600))
REST = Window(at(-3600) + 1, at(0))


@pytest.mark.parametrize(
    ("instances", "until", "expected"),
    [
        ([], 0, REST),
        ([instance(start=-7000)], 0, REST),
        ([instance(Status.WAITING, None, None)], 0, REST),
        ([instance(start=-3600)], 0, REST),
        ([instance(start=-7000)], -3600, None),
        ([instance(start=-7000)], -5000, None),
        # planned but not started in the window: if windows were compared with start times, it would not be in the list
        ([instance(start=-7000), instance(start=-3599, number=2)], 0, None),
        ([instance(start=-10_801)], 0, None),
    ],
)
def test_late_starts(instances: list[JobInstance], until: float, expected: Window | None) -> None:
    assert late_starts(WINDOW, instances, at(until)) == expected


def test_what_was_planned_elsewhere_proves_nothing() -> None:
    """It may be in the list because windows are compared with start times; it is dropped later."""
    elsewhere = instance(start=-3599, number=7200)
    assert elsewhere.key.plan_time not in WINDOW
    assert late_starts(WINDOW, [elsewhere], at(0)) == REST


MINUTE = 60_000
#: The service's time, and the latest possible start.
NOW, LAST = at(0), at(0) + 15 * MINUTE


@pytest.mark.parametrize(
    ("end", "since", "expected"),
    [
        # the window ends now or a moment ago: one list up to the latest start, whatever the run's since is
        (NOW, None, [(0, LAST)]),
        (NOW, NOW - 5000, [(0, LAST)]),
        (NOW - 10 * MINUTE, None, [(0, LAST)]),
        (NOW - 10 * MINUTE, NOW - 11 * MINUTE, [(0, LAST)]),
        # it ended long ago: without a since, the first list decides whether another one is needed
        (NOW - 60 * MINUTE, None, [(0, NOW - 60 * MINUTE)]),
        (NOW - 60 * MINUTE, NOW, [(0, NOW - 60 * MINUTE), (NOW, LAST)]),
        (NOW - 60 * MINUTE, NOW - 60 * MINUTE + 1, [(0, LAST)]),
        # it ends after the latest start
        (LAST + MINUTE, None, [(0, LAST + MINUTE)]),
        (LAST + MINUTE, NOW, [(0, LAST + MINUTE)]),
        # since comes from a clock that is ahead, or is before the window
        (NOW, NOW + 5 * MINUTE, [(0, NOW), (NOW + 5 * MINUTE, NOW + 20 * MINUTE)]),
        (NOW, -5, [(-5, LAST)]),
    ],
)
def test_windows_to_list(end: int, since: int | None, expected: list[tuple[int, int]]) -> None:
    assert windows_to_list(Window(0, end), since, LAST) == [Window(*span) for span in expected]
