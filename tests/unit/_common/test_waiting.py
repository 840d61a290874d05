# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses between polls, and the end of waiting. The clock is a number that sleeping increases."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.waiting import Waiting


class Clock:
    """A stopwatch that records each sleep, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 4))
        self.now += seconds

    def waiting(self, first: float, longest: float, timeout: float | None) -> Waiting:
        return Waiting(first, longest, timeout=timeout, clock=lambda: self.now, sleep=self.sleep)


@dataclasses.dataclass(frozen=True)
class Case:
    """*due*: the argument of each pause; *expected*: the seconds slept; *over*: whether the last pause returns False."""

    first: float
    longest: float
    timeout: float | None
    due: tuple[float | None, ...]
    expected: tuple[float, ...]
    over: bool = False


CASES = {
    "each pause is half as long again, up to the longest": Case(0.5, 1.5, None, (None,) * 5, (0.5, 0.75, 1.125, 1.5, 1.5)),
    "always the same": Case(2.0, 2.0, None, (None,) * 3, (2.0, 2.0, 2.0)),
    "the longest holds for the first too": Case(9.0, 2.0, None, (None,), (2.0,)),
    "not longer than until something is due": Case(0.5, 5.0, None, (0.2, 9.0, 0.3), (0.2, 0.75, 0.3)),
    "what is due already, or was, is not asked for in a tight loop": Case(0.5, 5.0, None, (0.0, -3.0), (0.05, 0.05)),
    "not longer than what is left": Case(1.0, 5.0, 2.0, (None,) * 3, (1.0, 1.0), over=True),
    "nothing without time": Case(0.5, 5.0, 0.0, (None,), (), over=True),
    "nothing after the time, whatever is due": Case(0.5, 5.0, -1.0, (0.0,), (), over=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_slept(case: Case) -> None:
    clock = Clock()
    waiting = clock.waiting(case.first, case.longest, case.timeout)
    answers = [waiting.pause(due) for due in case.due]
    assert (tuple(clock.slept), answers) == (case.expected, [*[True] * len(case.expected), *[False] * case.over])


@pytest.mark.parametrize(
    ("done_at", "timeout", "seen", "slept"),
    [
        pytest.param(0, None, 0, [], id="done at once"),
        pytest.param(2, None, 2, [1.0, 1.0], id="done at the third reading"),
        pytest.param(2, 5.0, 2, [1.0, 1.0], id="done before the time is over"),
        pytest.param(9, 2.5, 3, [1.0, 1.0, 0.5], id="the time is over: the last reading is after it"),
        pytest.param(9, 0.0, 0, [], id="no time: one reading"),
    ],
)
def test_reads_until_it_is_done_or_the_time_is_over(done_at: int, timeout: float | None, seen: int, slept: list[float]) -> None:
    clock, numbers = Clock(), itertools.count()
    waiting = clock.waiting(1.0, 1.0, timeout)
    assert waiting.until(lambda: next(numbers), lambda number: number >= done_at) == seen
    assert clock.slept == slept


def test_time_that_passes_between_readings_counts() -> None:
    clock = Clock()
    waiting = clock.waiting(1.0, 1.0, 3.0)

    def slow() -> str:
        clock.now += 2.5
        return "seen"

    assert waiting.until(slow, lambda _seen: False) == "seen"
    assert clock.slept == [0.5]
