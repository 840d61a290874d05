# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daily limit: the counting, the decision, and the count in the journal."""

from __future__ import annotations

import dataclasses
import random
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import DAY_MS, Window
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal, Known
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Intent, Outcome, Slot
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.daily_limit import within_daily_limit
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import WORKSPACE, at, attempt, instance, intent, key, policy

DAY = DAY_MS / 1000
#: The failure before the listed one: its rerun is what counts.
BEFORE = instance(Status.FAIL, -7000, -6000)


@dataclasses.dataclass(frozen=True)
class Past:
    """The newest attempt for the instance, and when it was rerun in the last day, in seconds after T."""

    newest: Attempt | None
    reruns: tuple[float, ...]

    def judge(self, decision: Decision, most: int | None, **more: t.Any) -> Decision:
        return within_daily_limit(decision, self.newest, [at(when) for when in self.reruns], most, **more)


def past(outcome: str = "accepted", when: float = -2000.0, reruns: tuple[float, ...] | None = None) -> Past:
    """An attempt before since for the instance, in its state after its first failure."""
    return Past(attempt(outcome, when, before=BEFORE), (when,) if reruns is None else reruns)


def known(journal: Journal, now: float) -> Known:
    return journal.read([WORKSPACE], Window(key().plan_time, key().plan_time), at(now))


#: Attempts for one planned run: outcome, when, whether another attempt took it over. Then what counts at T.
COUNTED: list[tuple[list[tuple[str, float, bool]], tuple[float, ...]]] = [
    ([], ()),
    ([("accepted", -2000, False)], (-2000,)),
    ([("accepted", -2000, True)], (-2000,)),
    ([("intended", -2000, False)], (-2000,)),
    ([("unknown", -2000, False)], (-2000,)),
    ([("unknown", -2000, True)], ()),
    ([("intended", -2000, True)], ()),
    ([("rejected", -2000, False)], ()),
    ([("not_executed", -2000, False)], ()),
    ([("conflicted", -2000, False)], ()),
    ([("accepted", -9000, False), ("accepted", -4000, False), ("accepted", -2000, False)], (-9000, -4000, -2000)),
    ([("accepted", -9000, False), ("rejected", -2000, False)], (-9000,)),
    (
        [("accepted", -DAY - 1, False), ("accepted", -DAY, False), ("accepted", -DAY + 1, False), ("accepted", -2000, False)],
        (-DAY + 1, -2000),
    ),
]


@pytest.mark.parametrize(("attempts", "expected"), COUNTED)
def test_what_counts_as_a_rerun_of_the_last_day(tmp_path: t.Any, attempts: t.Any, expected: tuple[float, ...]) -> None:
    with Journal(str(tmp_path / "journal.db"), password=None, project_id="0f3c9e") as journal:
        for number, (outcome, when, taken_over) in enumerate(attempts):
            seen = instance(Status.FAIL, when - 100, when - 50, submit=number)  # a rerun may change submit_time without resetting the count
            (claimed,) = journal.claim([Intent(intent(seen, when))])
            assert claimed is not None
            if outcome != "intended":
                (claimed,) = journal.record([claimed], Outcome(outcome), now_ms=at(when))
            if taken_over:
                (newer,) = journal.claim([Intent(intent(seen, when), claimed)])
                assert newer is not None
                journal.record([newer], Outcome.NOT_EXECUTED, now_ms=at(when))
        expected_times = {Slot.of(instance()): tuple(at(when) for when in expected)} if expected else {}
        assert known(journal, 0).reruns == expected_times


@pytest.mark.parametrize(
    ("history", "most", "action", "reason"),
    [
        (Past(None, ()), 1, "retry", "before 2026-11-23T03:00:00Z"),
        (past(), None, "retry", "before 2026-11-23T03:00:00Z"),
        (past(), 2, "retry", "before 2026-11-23T03:00:00Z"),
        (past(), 1, "failed_again", "rerun once since 2026-11-23T02:26:40Z, which is all that max_reruns_per_day allows"),
        (past(reruns=(-9000, -2000)), 2, "failed_again", "rerun 2 times since 2026-11-23T00:30:00Z"),
        (past(when=-DAY - 1, reruns=()), 1, "retry", "before"),
        (past("rejected", reruns=()), 1, "retry", "before"),
        (past("intended"), 1, "failed_again", "rerun once"),
    ],
)
def test_a_rerun_within_the_limit_goes_and_one_beyond_it_does_not(history: Past, most: t.Any, action: str, reason: str) -> None:
    decision = history.judge(decide(instance(), policy(), at(40), history.newest), most)
    assert decision.action.value == action
    assert reason in decision.reason
    assert decision.attempts == (1 if action == "retry" else 0)
    assert not decision.rerun
    assert (decision.superseded is None) or action == "retry"


@pytest.mark.parametrize(("most", "action"), [(None, "retry"), (5, "blocked")])
def test_a_failure_whose_rerun_was_accepted_and_never_showed_is_not_rerun_twice(most: t.Any, action: str) -> None:
    newest = attempt("accepted", -2000, before=instance())
    decision = Past(newest, (-2000,)).judge(decide(instance(), policy(), at(40), newest), most)
    assert decision.action.value == action
    assert decision.superseded == (newest if action == "retry" else None)


@pytest.mark.parametrize("outcome", ["unknown", "intended"])
def test_a_rerun_that_provably_took_no_effect_costs_nothing(outcome: str) -> None:
    newest = attempt(outcome, 5, before=instance())
    history = Past(newest, (5,))
    assert history.judge(decide(instance(), policy(), at(90), newest), 1).action.value == "retry"
    assert Past(newest, (-9000, 5)).judge(decide(instance(), policy(), at(90), newest), 1).action.value == "failed_again"


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAIL])
def test_nothing_else_is_touched(status: Status) -> None:
    history = past(reruns=(-9000, -8000, -2000))
    decision = decide(instance(status), policy(), at(40), history.newest)
    assert history.judge(decision, 1, set_aside_ms=at(-100)) is decision


#: Last start, when the journal was set aside, reruns since, most per day; action and what the reason says.
SET_ASIDE = [
    (
        -3600,
        -100,
        (),
        1,
        "failed_again",
        "; what was sent before 2026-11-23T02:58:20Z cannot be read, and its last run counts as a rerun, which",
    ),
    (-3600, -100, (), 2, "retry", "before"),
    (-3600, -100, (-50,), 2, "failed_again", "rerun once since 2026-11-23T02:59:10Z; what was sent before"),
    (-3600, -3600, (), 1, "retry", "before"),  # it started after the new journal had begun, which knows of no rerun
    (-3600, -3599.999, (), 1, "failed_again", "cannot be read"),
    (-DAY - 100, -100, (), 1, "retry", "before"),
    (-DAY - 99.999, -100, (), 1, "failed_again", "cannot be read"),
    (None, -100, (), 1, "retry", "no start recorded"),
    (-3600, None, (), 1, "retry", "before"),
]


@pytest.mark.parametrize(("start", "set_aside", "reruns", "most", "action", "reason"), SET_ASIDE)
def test_what_a_journal_that_cannot_be_read_may_have_known_counts_once(
    start: t.Any, set_aside: t.Any, reruns: t.Any, most: int, action: str, reason: str
) -> None:
    decision = decide(instance(Status.FAIL, start, None), policy(), at(40), None)
    judged = Past(None, reruns).judge(decision, most, set_aside_ms=None if set_aside is None else at(set_aside))
    assert judged.action.value == action
    assert reason in judged.reason


def test_the_journal_keeps_the_count_over_restarts_and_changes_of_submit_time(tmp_path: t.Any) -> None:
    """An instance that always fails, listed a thousand times in ten days, each time by a new process."""
    rng = random.Random(7)
    start = 0.0
    times: list[t.Any] = []
    now = 10.0
    for number in range(1000):
        now += rng.uniform(1, 2 * 10 * DAY / 1000)
        seen: JobInstance = instance(Status.FAIL, start, start + 5, submit=-86_400 + len(times) % 3)
        with Journal(str(tmp_path / "journal.db"), password=None, project_id="0f3c9e", read_only=number % 7 == 6) as journal:
            read = known(journal, now)
            newest = read.attempts[-1] if read.attempts else None
            decision = decide(seen, policy(since=at(now)), at(now), newest)
            due = within_daily_limit(decision, newest, read.reruns.get(Slot.of(seen), ()), 3)
            if due.action.value == "retry" and number % 7 != 6:
                (claimed,) = journal.claim([Intent(intent(seen, now), due.superseded)])
                assert claimed is not None
                if rng.random() < 0.7:
                    journal.record([claimed], Outcome.ACCEPTED, now_ms=at(now), request_id="r")
                times.append(now)
                start = now + 1
                now += 10
    assert len(times) > 20
    for when in times:
        assert sum(1 for other in times if when <= other < when + DAY) <= 3
