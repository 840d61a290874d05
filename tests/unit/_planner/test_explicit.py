# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named instances: which attempt a new one takes over, and twins. The table itself is tested in test_reconcile."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.explicit import decide_related, decide_requested
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from ansible_collections.dataarts.factory.plugins.module_utils._planner.twins import tell_twins_apart
from tests.unit.building import at, attempt, instance, key, policy

EARLIER = instance(Status.FAIL, -7200, -7000)  # the failure before the listed one
NOW = policy(since=at(40))  # without since, each task is a run of its own that begins now

#: Outcome, when, size of the request, the failure it answered, policy, now; action, whether the attempt is taken over.
OVERTAKING: list[tuple[str, float, int, JobInstance, t.Any, float, str, bool]] = [
    ("rejected", 39, 1, instance(), NOW, 40, "retry", True),  # a rejection in an earlier task never prevents another try
    ("rejected", 39, 1, instance(), policy(), 40, "retry", True),  # nor one of the same since
    ("rejected", 39, 1, EARLIER, policy(), 40, "retry", False),  # it answered another failure and does not matter
    ("rejected", -86_400, 1, instance(), NOW, 40, "retry", True),
    ("rejected", -61, 5, instance(), NOW, 40, "retry", True),
    ("rejected", 5, 5, instance(), policy(), 64, "skipped", False),
    ("rejected", 5, 5, instance(), policy(), 65, "retry", True),
    ("not_executed", 39, 1, instance(), NOW, 40, "retry", True),
    ("not_executed", 39, 1, instance(), policy(), 40, "retry", True),
    ("unknown", 39, 1, instance(), NOW, 98, "skipped", False),
    ("unknown", 39, 1, instance(), NOW, 99, "retry", True),
    ("intended", 39, 1, instance(), NOW, 99, "retry", True),
    ("conflicted", 39, 1, instance(), NOW, 99, "retry", True),
    ("unknown", -100, 1, instance(), NOW, 40, "retry", True),  # settled long before this task
    ("accepted", 39, 1, instance(), NOW, 40, "skipped", False),
    ("accepted", 39, 1, instance(), NOW, 99, "skipped", False),  # accepted, not shown
    ("accepted", -860, 1, instance(), NOW, 40, "retry", True),  # so long ago that it counts as lost
    ("accepted", -2000, 1, EARLIER, NOW, 40, "retry", False),
]


@pytest.mark.parametrize(("outcome", "when", "batch", "failure", "wanted", "now", "action", "taken_over"), OVERTAKING)
def test_a_rerun_takes_over_the_open_attempt_for_the_same_failure(
    outcome: str, when: float, batch: int, failure: JobInstance, wanted: t.Any, now: float, action: str, taken_over: bool
) -> None:
    """Otherwise the journal's unique index would refuse its claim."""
    record = attempt(outcome, when, before=failure, batch=batch)
    (decision,), _problems = decide_requested([key()], [instance()], wanted, at(now), {key(): record})
    assert decision.action is Action(action)
    assert decision.superseded == (record if taken_over else None)
    assert not decision.alone


#: The same for a goal, where a rejection in the same run stands.
GOALS = [
    ("rejected", 39, 1, "rejected", False),
    ("rejected", -1, 1, "retry", True),
    ("not_executed", 39, 1, "retry", True),
    ("not_executed", -1, 1, "retry", True),
    ("unknown", 5, 1, "retry", True),
    ("unknown", -61, 1, "retry", True),
    ("accepted", 5, 1, "wait", False),
    ("accepted", -900, 1, "retry", True),
]


@pytest.mark.parametrize(("outcome", "when", "batch", "action", "taken_over"), GOALS)
def test_so_does_a_rerun_towards_a_goal(outcome: str, when: float, batch: int, action: str, taken_over: bool) -> None:
    record = attempt(outcome, when, batch=batch)
    decision = decide(instance(), policy(), at(100), record)
    assert (decision.action, decision.superseded) == (Action(action), record if taken_over else None)


def test_another_attempt_after_a_failure_answers_a_new_failure_and_takes_over_nothing() -> None:
    decision = decide(instance(Status.FAIL, 20, 30), policy(attempts=2), at(100), attempt("accepted", 5))
    assert (decision.action, decision.attempts, decision.superseded) == (Action.RETRY, 2, None)


def test_an_attempt_for_another_instance_id_is_not_taken_over() -> None:
    """The unique index includes the instance_id, so it allows the claim."""
    record = attempt("not_executed", 5, before=instance(instance_id="7"))
    assert decide(instance(instance_id="8"), policy(), at(100), record).superseded is None
    assert decide(instance(instance_id="7"), policy(), at(100), record).superseded == record


def test_a_name_means_every_twin_of_it_and_each_is_judged_by_itself() -> None:
    twins = with_twins([instance(instance_id="1"), instance(Status.SUCCESS, instance_id="2"), instance(number=2)])
    decisions, problems = decide_requested([key()], twins, NOW, at(40), {})
    assert [(decision.instance.key.twin, decision.action.value) for decision in decisions] == [("1", "retry"), ("2", "skipped")]
    assert problems == []


def test_the_attempt_of_a_twin_is_none_of_the_other() -> None:
    twins = with_twins([instance(instance_id="1"), instance(instance_id="2")])
    record = attempt("accepted", 39, before=twins[0])
    decisions, _problems = decide_requested([key()], twins, NOW, at(40), {twins[0].key: record})
    assert [decision.action.value for decision in decisions] == ["skipped", "retry"]
    (first, second) = tell_twins_apart(decisions, by_id=False)
    assert (first.action, second.action) == (Action.SKIPPED, Action.BLOCKED)
    assert [decision.action.value for decision in tell_twins_apart(decisions, by_id=True)] == ["skipped", "retry"]


class TestRelated:
    """A job with its related jobs: every listed instance is claimed, because nobody knows which of them the service reruns."""

    def test_takes_over_every_open_attempt_for_what_is_listed(self) -> None:
        listed = [instance(number=1), instance(Status.SUCCESS, number=2), instance(number=3)]
        attempts = {
            listed[0].key: attempt("rejected", -100, before=listed[0]),
            listed[1].key: attempt("unknown", -100, before=listed[1]),
            listed[2].key: attempt("rejected", -100, before=dataclasses.replace(listed[2], start_time=at(-9000))),
        }
        decisions = decide_related(listed, NOW, at(40), attempts)
        assert {decision.action for decision in decisions} == {Action.RETRY}
        assert [decision.superseded for decision in decisions] == [attempts[listed[0].key], attempts[listed[1].key], None]
        assert [decision.attempts for decision in decisions] == [1, 1, 1]

    def test_takes_over_nothing_where_nothing_is_sent(self) -> None:
        listed = [instance(number=1), instance(Status.RUNNING, number=2)]
        decisions = decide_related(listed, NOW, at(40), {listed[0].key: attempt("rejected", -100, before=listed[0])})
        assert [(decision.action, decision.superseded, decision.attempts) for decision in decisions] == [(Action.SKIPPED, None, 0)] * 2
        assert decisions[0].attempt is not None

    @pytest.mark.parametrize("outcome", ["not_executed", "rejected", "unknown"])
    def test_what_another_run_tried_since_hides_no_rerun(self, outcome: str) -> None:
        """By a clock that is behind, the rerun had started before since."""
        failed = instance(Status.FAIL, -10, -1)
        newest = {failed.key: attempt(outcome, 40, before=failed, run_id="run-2")}
        effective = {failed.key: [attempt()]}
        for decisions in (
            decide_related([failed], policy(), at(200), newest, effective),
            decide_requested([failed.key], [failed], policy(), at(200), newest, effective)[0],
        ):
            assert [decision.action for decision in decisions] == [Action.SKIPPED]
        assert decide_related([failed], policy(since=at(20)), at(200), newest, effective)[0].action is Action.RETRY

    def test_says_what_else_the_service_may_rerun(self) -> None:
        listed = [
            instance(number=1),
            instance(Status.SUCCESS, number=2),
            instance(Status.SUCCESS, number=3),
            instance(Status.FREEZE, number=4),
        ]
        (reason,) = {decision.reason for decision in decide_related(listed, NOW, at(40), {})}
        assert reason.endswith("; the service chooses among all of them, and may rerun the others too: 2 success, 1 freeze")
        (alone,) = decide_related(listed[:1], NOW, at(40), {})
        assert "the service chooses" not in alone.reason

    def test_twins_are_all_of_it(self) -> None:
        twins = with_twins([instance(instance_id="1"), instance(instance_id="2")])
        record = attempt("accepted", 39, before=twins[0])
        decisions = decide_related(twins, NOW, at(40), {twins[0].key: record})
        assert [(decision.action, decision.due_ms) for decision in decisions] == [(Action.SKIPPED, at(99))] * 2
