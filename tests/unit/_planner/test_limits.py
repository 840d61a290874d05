# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions become requests within the limits."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import at, attempt, instance, limited, policy


def made_for(record: t.Any, seen: t.Any) -> t.Any:
    """*record*, changed into an attempt for *seen*."""
    key = seen.key
    failure = record.failure._replace(job_id=key.job_id, plan_time=key.plan_time, submit_time=key.submit_time)
    return dataclasses.replace(record, failure=failure)


def retry(number: t.Any, job_name: t.Any = "a", *, record: t.Any = None, job_id: t.Any = None) -> t.Any:
    """A decision to retry the instance planned *number* seconds after the others."""
    listed = instance(number=number, job_name=job_name, job_id=job_id or job_name)
    if record is not None:
        record = made_for(record, listed)
    decision = decide(listed, policy(), at(100), record)
    assert decision.action is Action.RETRY
    return decision


def other(status: t.Any, number: t.Any, *, record: t.Any = None, now: t.Any = 100, run: t.Any = (-3600, -3000)) -> t.Any:
    listed = instance(status, *run, number=number, job_id="x")
    return decide(listed, policy(), at(now), None if record is None else made_for(record, listed))


def shape(result: t.Any) -> t.Any:
    return [
        (batch.job_name, [(decision.instance.key.plan_time - at(-7200)) // 1000 for decision in batch.decisions])
        for batch in result.batches
    ]


def queued(result: t.Any) -> t.Any:
    return [decision for decision in result.decisions if decision.queued == 1]


@pytest.mark.parametrize(
    ("most", "in_progress", "expected"),
    [
        ({"max_parallel": 1}, 0, [[2, 2]]),
        ({"max_parallel_per_job": 1}, 0, [[2, 2]]),
        ({"max_parallel": 1}, 1, []),
        ({"max_parallel": 2}, 1, [[3]]),
        ({"max_parallel": 3}, 1, [[2, 2]]),
        ({"max_parallel": 3}, 0, [[2, 2, 3]]),
        ({"max_parallel_per_job": 2}, 0, [[2, 2]]),
    ],
)
def test_twins_that_one_request_means_together_are_sent_together_also_where_they_are_more_than_the_limit(
    most: dict[str, int], in_progress: int, expected: list[list[int]]
) -> None:
    twins = [retry(2).instance, dataclasses.replace(retry(2).instance, instance_id="8")]
    decisions = [decide(twin, policy(), at(100), None) for twin in with_twins(twins)]
    running = [other(Status.RUNNING, number) for number in range(in_progress)]
    assert [numbers for _name, numbers in shape(limited([*decisions, retry(3), *running], Limits(**most)))] == expected


# (number, job) of the instances to retry, batch size, batches
GROUPS = [
    ([], 10, []),
    ([(1, "a")], 10, [("a", [1])]),
    ([(3, "a"), (1, "a"), (2, "a")], 10, [("a", [1, 2, 3])]),
    ([(3, "a"), (1, "a"), (2, "a")], 2, [("a", [1, 2]), ("a", [3])]),
    ([(3, "a"), (1, "a"), (2, "a")], 1, [("a", [1]), ("a", [2]), ("a", [3])]),
    ([(2, "a"), (1, "b"), (3, "b"), (4, "a")], 10, [("b", [1, 3]), ("a", [2, 4])]),
    ([(1, "b"), (1, "a")], 10, [("a", [1]), ("b", [1])]),
]


@pytest.mark.parametrize(("due", "size", "batches"), GROUPS)
def test_one_request_per_job_and_batch_the_oldest_first(due: t.Any, size: t.Any, batches: t.Any) -> None:
    result = limited([retry(number, name) for number, name in due], Limits(batch_size=size))
    assert shape(result) == batches
    assert (result.refused, queued(result)) == (None, [])


def test_two_jobs_that_had_the_same_name_in_turn_are_not_mixed() -> None:
    assert shape(limited([retry(1, "a", job_id="1"), retry(2, "a", job_id="2"), retry(3, "a", job_id="1")], Limits())) == [
        ("a", [1, 3]),
        ("a", [2]),
    ]


@pytest.mark.parametrize("outcome", ["unknown", "rejected"])
def test_what_was_sent_together_and_rejected_or_lost_is_sent_alone(outcome: t.Any) -> None:
    lost = attempt(outcome, batch=3)
    result = limited(
        [retry(1, record=lost), retry(2), retry(3, record=lost), retry(4), retry(5, record=attempt("unknown", batch=1))], Limits()
    )
    assert shape(result) == [("a", [2, 4, 5]), ("a", [1]), ("a", [3])]


def test_only_retries_are_sent_and_everything_is_kept_in_order() -> None:
    given = [other(Status.RUNNING, 1), retry(5), other(Status.SUCCESS, 2), other(Status.FREEZE, 3), retry(4)]
    result = limited(given, Limits())
    assert shape(result) == [("a", [4, 5])]
    assert list(result.decisions) == given


class TestMaxInstances:
    def test_refuses_the_whole_plan_with_counts_by_job_and_the_next_step(self) -> None:
        given = [retry(number, "b") for number in range(3)] + [retry(9, "a"), other(Status.RUNNING, 1)]
        result = limited(given, Limits(max_instances=3))
        assert result.batches == ()
        assert list(result.decisions) == given
        assert result.refused == (
            "Refused to rerun 4 instances: max_instances is 3; nothing is sent. By job: 'b' 3, 'a' 1. "
            "Raise max_instances, or select less with jobs, planned_after or planned_before."
        )

    @pytest.mark.parametrize(("most", "refused"), [(None, False), (4, False), (3, True), (0, True)])
    def test_the_limit_itself_is_allowed(self, most: t.Any, refused: t.Any) -> None:
        assert (limited([retry(number) for number in range(4)], Limits(max_instances=most)).refused is not None) is refused

    def test_nothing_to_rerun_is_never_too_much(self) -> None:
        assert limited([other(Status.RUNNING, 1)], Limits(max_instances=0)).refused is None

    @pytest.mark.parametrize(
        ("outcome", "counts"), [("accepted", True), ("unknown", True), ("intended", True), ("rejected", False), ("not_executed", False)]
    )
    def test_what_this_run_sent_before_counts(self, outcome: t.Any, counts: t.Any) -> None:
        before = [other(Status.RUNNING, number, record=attempt(outcome)) for number in range(2)]
        result = limited([*before, retry(1), retry(2)], Limits(max_instances=3))
        assert (result.refused is not None) is counts
        if result.refused:
            assert result.refused.startswith("Refused to rerun 2 instances: max_instances is 3, with 2 sent before; nothing is sent.")

    def test_an_instance_sent_once_more_counts_once(self) -> None:
        again = [retry(number, record=attempt("unknown")) for number in range(3)]
        assert limited(again, Limits(max_instances=3)).refused is None

    def test_a_refusal_of_very_many_jobs_stays_readable(self) -> None:
        refused = limited([retry(number, f"job{number:04}") for number in range(500)], Limits(max_instances=1)).refused
        assert refused is not None
        assert "'job0019' 1 and 480 more jobs." in refused
        assert len(refused) < 600


class TestMaxParallel:
    def test_sends_what_has_room_and_holds_the_rest_oldest_first(self) -> None:
        given = [retry(3, "a"), retry(1, "b"), retry(2, "a"), other(Status.RUNNING, 1), other(Status.WAITING, 2)]
        result = limited(given, Limits(max_parallel=4))
        assert shape(result) == [("b", [1]), ("a", [2])]
        (last,) = queued(result)
        assert last.action is Action.WAIT
        assert last.instance == given[0].instance
        assert last.attempts == 0
        assert last.reason.startswith("queued: max_parallel is 4 and 2 were in progress (fail, last started")
        assert list(result.decisions) == [last, *given[1:]]

    @pytest.mark.parametrize(
        ("decision", "busy"),
        [
            (other(Status.RUNNING, 9), True),
            (other(Status.WAITING, 9, run=(None, None)), True),
            (other(Status.FAIL, 9, record=attempt("accepted", 99)), True),  # settling
            (other(Status.FAIL, 9, record=attempt("unknown", 99)), True),
            (other(Status.FAIL, 9, record=attempt("accepted", 5)), True),  # accepted and not visible yet
            (other(Status.SUCCESS, 9), False),
            (other(Status.PAUSE, 9), False),
            (other(Status.FREEZE, 9), False),
            (other(Status.FAIL, 9, record=attempt("rejected", 99)), False),
            (other(Status.FAIL, 9, run=(20, 30)), False),
            (
                decide(instance(Status.FAIL, 20, 30), policy(attempts=2, attempt_delay_ms=600_000), at(100), attempt()),
                False,
            ),  # its next attempt is not due
            (decide(instance(), policy(hold_off_until=at(200)), at(100), None), False),
        ],
    )
    def test_what_takes_a_place(self, decision: t.Any, busy: t.Any) -> None:
        assert len(queued(limited([decision, retry(1), retry(2)], Limits(max_parallel=2)))) == (1 if busy else 0)

    def test_no_room_holds_everything(self) -> None:
        result = limited([other(Status.RUNNING, 1), other(Status.RUNNING, 2), retry(1)], Limits(max_parallel=1))
        assert (result.batches, len(queued(result))) == ((), 1)

    def test_what_is_held_counts_for_max_instances(self) -> None:
        assert limited([retry(1), retry(2)], Limits(max_parallel=1, max_instances=1)).refused is not None


class TestMaxParallelPerJob:
    #: jobs of instances in progress, jobs of due instances (by age), limits, indexes of those sent
    CASES: t.ClassVar[list[tuple[str, str, dict[str, int], list[int]]]] = [
        ("", "aab", {"max_parallel_per_job": 1}, [1, 3]),
        ("", "aaab", {"max_parallel_per_job": 2}, [1, 2, 4]),
        ("a", "aab", {"max_parallel_per_job": 1}, [3]),
        ("a", "aab", {"max_parallel_per_job": 2}, [1, 3]),
        ("ab", "ab", {"max_parallel_per_job": 1}, []),
        ("", "aabb", {"max_parallel_per_job": 1, "max_parallel": 1}, [1]),
        ("c", "aabb", {"max_parallel_per_job": 1, "max_parallel": 3}, [1, 3]),
        ("", "aaab", {"max_parallel_per_job": 2, "max_parallel": 3}, [1, 2, 4]),
        ("", "aab", {"max_parallel_per_job": 5}, [1, 2, 3]),
    ]

    @pytest.mark.parametrize(("busy", "due", "limits", "numbers"), CASES)
    def test_room_of_each_job(self, busy: str, due: str, limits: dict[str, int], numbers: list[int]) -> None:
        running = [decide(instance(Status.RUNNING, number=-9, job_name=name, job_id=name), policy(), at(100), None) for name in busy]
        result = limited([*running, *(retry(number, name) for number, name in enumerate(due, start=1))], Limits(**limits))
        assert sorted(number for _name, of_job in shape(result) for number in of_job) == numbers

    def test_the_reason_names_it(self) -> None:
        (last,) = queued(limited([retry(1), retry(2)], Limits(max_parallel_per_job=1)))
        assert last.reason.startswith("queued: max_parallel_per_job is 1 and 0 of its job were in progress (fail")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"max_parallel_per_job": 0}, "max_parallel_per_job"),
        ({"max_instances": -1}, "max_instances"),
        ({"max_parallel": 0}, "max_parallel"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_limits_that_make_no_sense_are_refused_by_name(options: t.Any, name: t.Any) -> None:
    with pytest.raises(OptionError, match=f"^{name} is -?[0-9]+. Set it to "):
        Limits(**options)


def test_ten_thousand_instances_of_two_hundred_jobs() -> None:
    given = [retry(number, f"job{number % 200:03}") for number in range(10_000)]
    result = limited(given, Limits(batch_size=100))
    assert len(result.batches) == 200
    assert sum(len(batch.decisions) for batch in result.batches) == 10_000
