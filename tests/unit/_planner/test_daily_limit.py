# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a day an instance is rerun: the counting, the decision, and that the record of the reruns keeps the count."""

from __future__ import annotations

import dataclasses
import random
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.ledger import Ledger
from ansible_collections.dataarts.factory.plugins.module_utils._journal.state_files import Identity
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import DAY_MS, Sent, following, reruns
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.daily_limit import within_budget
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import WORKSPACE, at, instance, key, policy, sent

DAY = DAY_MS / 1000


def record(outcome: t.Any = "accepted", when: t.Any = -2000.0, earlier: t.Any = ()) -> t.Any:
    """A rerun sent before since, for the instance as it was after its first failure; *earlier* in seconds."""
    before = instance(Status.FAIL, -7000, -6000)
    return dataclasses.replace(sent(outcome, when, before=before), earlier=tuple(at(one) for one in earlier))


@pytest.mark.parametrize(
    ("book", "stayed", "expected"),
    [
        (None, False, ()),
        (record(), False, (-2000,)),
        (record(), True, (-2000,)),
        (record("intended"), False, (-2000,)),
        (record("unknown"), False, (-2000,)),
        (record("unknown"), True, ()),
        (record("intended"), True, ()),
        (record("refused"), False, ()),
        (record("not_sent"), False, ()),
        (record("active"), False, ()),
        (record(earlier=[-9000, -4000]), False, (-9000, -4000, -2000)),
        (record("refused", earlier=[-9000]), False, (-9000,)),
        (record(earlier=[-DAY - 1, -DAY, -DAY + 1]), False, (-DAY + 1, -2000)),
    ],
)
def test_what_counts_as_a_rerun_of_the_last_day(book: t.Any, stayed: t.Any, expected: t.Any) -> None:
    assert reruns(book, at(0), stayed=stayed) == tuple(at(one) for one in expected)


@pytest.mark.parametrize(
    ("book", "most", "action", "reason"),
    [
        (None, 1, "retry", "before 2026-11-23T03:00:00Z"),
        (record(), None, "retry", "before 2026-11-23T03:00:00Z"),
        (record(), 2, "retry", "before 2026-11-23T03:00:00Z"),
        (record(), 1, "failed_again", "rerun once since 2026-11-23T02:26:40Z, which is all that max_reruns_per_day allows"),
        (record(earlier=[-9000]), 2, "failed_again", "rerun 2 times since 2026-11-23T00:30:00Z"),
        (record(when=-DAY - 1), 1, "retry", "before"),
        (record("refused"), 1, "retry", "before"),
        (record("intended"), 1, "failed_again", "rerun once"),
    ],
)
def test_a_rerun_within_the_budget_goes_and_one_beyond_it_does_not(book: t.Any, most: t.Any, action: t.Any, reason: t.Any) -> None:
    decision = within_budget(decide(instance(), policy(), at(40), book), book, most, at(40))
    assert decision.action.value == action
    assert reason in decision.reason
    assert decision.attempt == (1 if action == "retry" else 0)
    assert not decision.rerun


@pytest.mark.parametrize(("most", "action"), [(None, "retry"), (5, "blocked")])
def test_a_failure_whose_rerun_was_accepted_and_never_showed_is_not_rerun_twice(most: t.Any, action: t.Any) -> None:
    book = sent("accepted", -2000, before=instance())
    decision = within_budget(decide(instance(), policy(), at(40), book), book, most, at(40))
    assert decision.action.value == action


@pytest.mark.parametrize("outcome", ["unknown", "intended"])
def test_a_rerun_that_provably_took_no_effect_costs_nothing(outcome: t.Any) -> None:
    book = sent(outcome, 5, before=instance())
    assert within_budget(decide(instance(), policy(), at(90), book), book, 1, at(90)).action.value == "retry"
    again = following(Sent.of(instance(), at(90), attempt=1, batch=1), book)
    assert again.earlier == ()


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAIL])
def test_nothing_else_is_touched(status: t.Any) -> None:
    book = record(earlier=[-9000, -8000])
    decision = decide(instance(status), policy(), at(40), book)
    assert within_budget(decision, book, 1, at(40)) is decision


def test_the_record_keeps_the_count_over_restarts_and_rewriting(tmp_path: t.Any) -> None:
    """An instance that always fails, looked at a thousand times in ten days by a process that is started anew each time."""
    who = Identity("https://dayu.example.com", "0f3c9e", WORKSPACE)
    rng = random.Random(7)
    start, times = 0.0, []
    now = 10.0
    for dummy in range(1000):
        now += rng.uniform(1, 2 * 10 * DAY / 1000)
        seen = instance(Status.FAIL, start, start + 5)
        with Ledger(str(tmp_path), who, now_ms=at(now)) as ledger:
            book = ledger.all_sent().get(key())
            due = within_budget(decide(seen, policy(since=at(now)), at(now), book), book, 3, at(now))
            if due.action.value == "retry":
                ledger.record_intent([Sent.of(seen, at(now), attempt=1, batch=1)])
                if rng.random() < 0.7:
                    ledger.record_outcome([key()], "accepted", "r", now_ms=at(now))
                times.append(now)
                start = now + 1
                now += 10
    assert len(times) > 20
    for one in times:
        assert sum(1 for other in times if one <= other < one + DAY) <= 3
