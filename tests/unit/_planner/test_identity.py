# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listed instance an attempt was made for, even after a rerun changed it."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import effective_attempts, newest_attempts, with_twins
from tests.unit.building import attempt, instance, key

OLD, BETWEEN, NEW, LATER = (-3600, -3000), (-2000, -1900), (20, 30), (60, 70)


def seen(name: str, status: Status = Status.FAIL, run: t.Any = OLD, *, submit: float = -5, number: int = 1) -> JobInstance:
    """An instance with instance_id *name*; "" for none."""
    return instance(status, *run, number=number, submit=submit, instance_id=name or None)


def made(name: str, before: JobInstance, when: float = 5, outcome: str = "accepted") -> Attempt:
    """An attempt, identified by its request id."""
    return attempt(outcome, when, before=before, request_id=name)


def matches(instances: t.Iterable[JobInstance], attempts: t.Iterable[Attempt]) -> tuple[list[str], list[str]]:
    """The request id of the attempt for each of *instances*, "" for none; and those of attempts whose instance is not listed."""
    listed = with_twins(list(instances))
    matched, missing = newest_attempts(listed, attempts)
    assert set(matched) <= {instance.key for instance in listed}
    names = [str(matched[instance.key].request_id) if instance.key in matched else "" for instance in listed]
    return names, sorted(str(attempt.request_id) for attempt in missing)


A, B = seen("1"), seen("2")  # twins
SIBLING = seen("2", submit=-4)  # the same job and plan time, another submit_time
NO_TIMES = (None, None)

#: Listed instances; attempts, oldest first; the attempt of each instance; the attempts left over.
CASES: dict[str, tuple[list[JobInstance], list[Attempt], list[str], list[str]]] = {
    "nothing": ([], [], [], []),
    "no attempt": ([A], [], [""], []),
    "unchanged": ([A], [made("a", A)], ["a"], []),
    "rerun under the same key": ([seen("1", Status.RUNNING, NEW)], [made("a", A)], ["a"], []),
    "another job or plan time": ([seen("1", number=2)], [made("a", A)], [""], ["a"]),
    "submit_time changed": ([seen("1", Status.RUNNING, NEW, submit=9)], [made("a", A)], ["a"], []),
    "submit_time changed, waiting": ([seen("1", Status.WAITING, NO_TIMES, submit=9)], [made("a", A)], ["a"], []),
    "submit_time changed, failed again": ([seen("1", Status.FAIL, NEW, submit=9)], [made("a", A)], ["a"], []),
    "instance_id changed": ([seen("7", Status.RUNNING, NEW)], [made("a", A)], ["a"], []),
    "instance_id is not listed any more": ([seen("", Status.RUNNING, NEW)], [made("a", A)], ["a"], []),
    "instance_id was not listed": ([seen("7", Status.RUNNING, NEW)], [made("a", seen(""))], ["a"], []),
    "both changed": ([seen("7", Status.RUNNING, NEW, submit=9)], [made("a", A)], ["a"], []),
    "both changed, waiting without times": ([seen("7", Status.WAITING, NO_TIMES, submit=9)], [made("a", A)], ["a"], []),
    "both changed, waiting for a person": ([seen("7", Status.WAITING_CONFIRM, NO_TIMES, submit=9)], [made("a", A)], ["a"], []),
    "both changed, starting with an undocumented word": ([seen("7", Status.UNKNOWN, NO_TIMES, submit=9)], [made("a", A)], ["a"], []),
    "both changed, failed again": ([seen("7", Status.FAIL, NEW, submit=9)], [made("a", A)], ["a"], []),
    "both changed, without a start before": ([seen("7", Status.SUCCESS, NEW, submit=9)], [made("a", seen("1", run=NO_TIMES))], ["a"], []),
    "vanished": ([], [made("a", A)], [], ["a"]),
    "vanished, with a sibling that did not start later": ([SIBLING], [made("a", A)], [""], ["a"]),
    "a sibling next to it": ([A, SIBLING], [made("a", A)], ["a", ""], []),
    "two siblings with an attempt each": ([A, SIBLING], [made("b", SIBLING), made("a", A)], ["a", "b"], []),
    "a sibling next to it whose submit_time changed": (
        [SIBLING, seen("1", Status.RUNNING, NEW, submit=9)],
        [made("a", A)],
        ["", "a"],
        [],
    ),
    "a sibling next to it of which both changed": ([SIBLING, seen("7", Status.RUNNING, NEW, submit=9)], [made("a", A)], ["", "a"], []),
    "two siblings of which both changed": (
        [seen("7", Status.FAIL, NEW, submit=8), seen("8", Status.FAIL, LATER, submit=9)],
        [made("a", A), made("b", SIBLING, 6)],
        ["a", "b"],  # the later request has probably caused the later start
        [],
    ),
    "a sibling that failed after it, next to it of which both changed": (
        [seen("2", run=BETWEEN, submit=-4), seen("7", Status.SUCCESS, NEW, submit=9)],
        [made("a", A)],
        ["", "a"],
        [],
    ),
    "a sibling that failed a moment before the request, next to it of which both changed": (
        [seen("2", run=(-60, -50), submit=-4), seen("7", Status.SUCCESS, NEW, submit=9)],
        [made("a", A)],
        ["", "a"],
        [],
    ),
    "vanished, with a sibling that failed after it and long before the request": (
        [seen("2", run=BETWEEN, submit=-4)],
        [made("a", A)],
        [""],
        ["a"],
    ),
    "another attempt after a change of submit_time": (
        [seen("1", Status.FAIL, NEW, submit=9)],
        [made("a", A), made("b", seen("1", Status.FAIL, NEW, submit=9), 40)],
        ["b"],
        [],
    ),
    "another attempt, whose rerun changed it again": (
        [seen("1", Status.RUNNING, LATER, submit=10)],
        [made("a", A), made("b", seen("1", Status.FAIL, NEW, submit=9), 40)],
        ["b"],
        [],
    ),
    "another attempt, whose rerun changed both again": (
        [seen("9", Status.RUNNING, LATER, submit=10)],
        [made("a", A), made("b", seen("8", Status.FAIL, NEW, submit=9), 40)],
        ["b"],
        [],
    ),
    "twins, one with an attempt": ([A, B], [made("b", B)], ["", "b"], []),
    "twins, both with an attempt": ([A, B], [made("a", A), made("b", B)], ["a", "b"], []),
    "twins, one rerun": ([seen("1", Status.RUNNING, NEW), B], [made("a", A)], ["a", ""], []),
    "twins, both rerun by one request": (
        [seen("1", Status.RUNNING, NEW), seen("2", Status.FAIL, NEW)],
        [made("a", A), made("b", B)],
        ["a", "b"],
        [],
    ),
    "twins, one rerun under another instance_id": ([B, seen("7", Status.RUNNING, NEW)], [made("a", A)], ["", "a"], []),
    "twins, one rerun under another instance_id, the other had failed after it": (
        [seen("2", run=BETWEEN), seen("7", Status.SUCCESS, NEW)],
        [made("a", A)],
        ["", "a"],
        [],
    ),
    "twins, one rerun under another instance_id that is not listed yet, the other had failed after it": (
        [seen("2", run=BETWEEN)],
        [made("a", A)],
        [""],
        ["a"],
    ),
    "twins, one rerun under another instance_id, the other had succeeded": (
        [seen("2", Status.SUCCESS), seen("7", Status.RUNNING, NEW)],
        [made("a", A)],
        ["", "a"],
        [],
    ),
    "twins, both rerun, one under another instance_id": (
        [seen("2", Status.RUNNING, NEW), seen("7", Status.RUNNING, NEW)],
        [made("a", A), made("b", B)],
        ["b", "a"],
        [],
    ),
    "twins, one rerun under another submit_time": ([seen("1", Status.RUNNING, NEW, submit=9), B], [made("a", A)], ["a", ""], []),
    "twins, both rerun under another submit_time": (
        [seen("1", Status.RUNNING, NEW, submit=9), seen("2", Status.RUNNING, NEW, submit=9)],
        [made("a", A), made("b", B)],
        ["a", "b"],
        [],
    ),
    "twins, one vanished": ([B], [made("a", A), made("b", B)], ["b"], []),
    "a twin appeared after the attempt": ([A, B], [made("a", A)], ["a", ""], []),
}


@pytest.mark.parametrize("case", CASES)
def test_which_instance_an_attempt_belongs_to(case: str) -> None:
    listed, attempts, expected, left = CASES[case]
    assert matches(listed, attempts) == (expected, left)


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_the_list_does_not_matter(case: str) -> None:
    listed, attempts, expected, left = CASES[case]
    for order in itertools.permutations(range(len(listed))):
        names, missing = matches([listed[index] for index in order], attempts)
        assert (names, missing) == ([expected[index] for index in order], left)


def test_instances_that_share_their_key_are_told_apart_and_no_others() -> None:
    listed = [A, seen("9", number=2), B, SIBLING]
    apart = with_twins(listed)
    assert [instance.key.twin for instance in apart] == ["1", "", "2", ""]
    assert [instance.key.shared for instance in apart] == [instance.key for instance in listed]
    assert [dataclasses.replace(instance, key=instance.key.shared) for instance in apart] == listed
    assert len({instance.key for instance in apart}) == len(listed)


def test_no_attempt_is_given_to_two_instances_and_no_instance_has_two() -> None:
    """For every set of two attempts and every set of three instances of one planned run."""
    shown = [
        seen(name, status, run, submit=submit)
        for name in ("1", "2", "7")
        for status, run in ((Status.FAIL, OLD), (Status.RUNNING, NEW))
        for submit in (-5, -4, 9)
    ]
    attempts = [made("a", A), made("b", B, 6), made("c", SIBLING, 7)]
    for listed in itertools.combinations(shown, 3):
        if len({(instance.key, instance.instance_id) for instance in listed}) < 3:
            continue
        for pair in itertools.combinations(attempts, 2):
            names, missing = matches(listed, pair)
            used = [name for name in names if name]
            assert len(used) == len(set(used))
            assert not set(used) & set(missing)


def test_many_planned_runs_are_matched_each_by_itself() -> None:
    listed = [seen("", Status.RUNNING, NEW, submit=9, number=number) for number in range(3000)]
    attempts = [made(f"r{number}", seen("", number=number)) for number in range(3000)]
    matched, missing = newest_attempts(listed, attempts)
    assert {instance.plan_time: record.request_id for instance, record in matched.items()} == {
        key(number).plan_time: f"r{number}" for number in range(3000)
    }
    assert missing == []
    assert all(isinstance(name, InstanceKey) for name in matched)


#: One slot: listed instances; attempts that may have taken effect, oldest first; the attempts for each instance.
EFFECTIVE: dict[str, tuple[list[JobInstance], list[Attempt], list[list[str]]]] = {
    "under its name": ([seen("1", run=NEW)], [made("a", A), made("b", seen("1", run=BETWEEN), 6)], [["a", "b"]]),
    "under three names": (
        [seen("9", run=LATER, submit=9)],
        [made("a", A), made("b", seen("7", run=NEW, submit=8), 40)],
        [["a", "b"]],
    ),
    "twins": ([A, B], [made("a", A), made("b", B), made("c", A, 6)], [["a", "c"], ["b"]]),
    "two siblings of which both changed": (
        [seen("7", Status.FAIL, NEW, submit=8), seen("8", Status.FAIL, LATER, submit=9)],
        [made("a", A), made("b", SIBLING, 6)],
        [["a"], ["b"]],
    ),
    "of one that vanished": ([seen("2", run=BETWEEN, submit=-4)], [made("a", A)], [[]]),
    "of nothing that is listed": ([], [made("a", A)], []),
}


@pytest.mark.parametrize("case", EFFECTIVE)
def test_every_attempt_that_may_have_taken_effect_belongs_to_its_instance(case: str) -> None:
    instances, attempts, expected = EFFECTIVE[case]
    listed = with_twins(instances)
    names = {(attempt.failure.key, attempt.failure.instance_id): attempt for attempt in attempts}
    newest, _missing = newest_attempts(listed, names.values())
    by_instance = effective_attempts(listed, newest, {attempts[0].failure.slot: attempts})
    assert [[attempt.request_id for attempt in by_instance.get(instance.key, [])] for instance in listed] == expected
