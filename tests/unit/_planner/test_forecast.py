# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a plan will probably end."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, JobName, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import (
    Item,
    Room,
    ends,
    foresee,
    running_at_once,
    runs_of,
)
from tests.unit.building import SINCE, WORKSPACE, at, attempt, instance


def job(name: str) -> JobName:
    return WORKSPACE, name


KNOWN = {job("a"): (60.0,), job("b"): (10.0,)}

#: jobs (one letter for each instance), room, expected seconds until the last end, number of unknown ends
CASES: dict[str, tuple[str, Room, float | None, int]] = {
    "nothing": ("", Room(), None, 0),
    "one": ("a", Room(), 60.0, 0),
    "as many as run at once": ("aaaaa", Room(), 60.0, 0),
    "one more": ("aaaaaa", Room(), 120.0, 0),
    "eleven": ("a" * 11, Room(), 180.0, 0),
    "a service that runs eleven at once": ("a" * 11, Room(at_once=11), 60.0, 0),
    "two jobs next to each other": ("aab", Room(), 60.0, 0),
    "the shorter job has more": ("a" + "b" * 40, Room(), 80.0, 0),
    "one at a time": ("aab", Room(max_parallel=1), 130.0, 0),
    "two at a time": ("aab", Room(max_parallel=2), 70.0, 0),
    "two of each job at a time": ("aaabb", Room(max_parallel_per_job=2), 120.0, 0),
    "one of each job, and two in all": ("aabb", Room(max_parallel=2, max_parallel_per_job=1), 120.0, 0),
    "more room than the service has": ("a" * 6, Room(max_parallel=100), 120.0, 0),
    "what the service queues takes room here": ("a" * 6 + "b", Room(max_parallel=6), 120.0, 0),
    "the short one waits behind the long ones": ("aaab", Room(max_parallel=3), 70.0, 0),
    "an unknown job": ("x", Room(), None, 1),
    "an unknown job next to a known one": ("axx", Room(), 60.0, 2),
    "an unknown job takes no room": ("xxa", Room(max_parallel=1), 60.0, 2),
    "quiet hours come before the second": ("aa", Room(max_parallel=1, opens=lambda time: 500 if 50 <= time < 500 else time), 560.0, 0),
    "quiet hours end before the second": ("aa", Room(max_parallel=1, opens=lambda time: 50 if time < 50 else time), 170.0, 0),
    "what was sent runs on in quiet hours": ("aaaaaa", Room(opens=lambda time: 500 if 10 <= time < 500 else time), 120.0, 0),
    "it takes a moment to notice": ("aa", Room(max_parallel=1, lag=5), 125.0, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_how_long_it_takes(case: str) -> None:
    jobs, room, seconds, unknown = CASES[case]
    item_ends = ends([Item(job(name)) for name in jobs], KNOWN, room)
    assert (max((end for end in item_ends if end is not None), default=None), item_ends.count(None)) == (seconds, unknown)


#: items -> their ends
CHAINS: dict[str, tuple[list[Item], list[float | None]]] = {
    "one behind the other": ([Item(job("a")), Item(job("b"), after=(0,))], [60.0, 70.0]),
    "both above": ([Item(job("a")), Item(job("b")), Item(job("b"), after=(0, 1))], [60.0, 10.0, 70.0]),
    "behind what is unknown": ([Item(job("x")), Item(job("b"), after=(0,)), Item(job("b"))], [None, None, 10.0]),
    "behind what is behind what is unknown": ([Item(job("x")), Item(job("a"), after=(0,)), Item(job("b"), after=(1,))], [None, None, None]),
    "an unknown one in between": ([Item(job("a")), Item(job("x"), after=(0,)), Item(job("b"), after=(1,))], [60.0, None, None]),
    "waits for something outside": ([Item(job("a"), blind=True), Item(job("b"))], [None, 10.0]),
    "not before": ([Item(job("a"), begin=100)], [160.0]),
    "not before, and behind": ([Item(job("a")), Item(job("b"), after=(0,), begin=100)], [60.0, 110.0]),
    "begins when it may, behind": ([Item(job("a")), Item(job("b"), after=(0,), begin=30)], [60.0, 70.0]),
    "running": ([Item(job("a"), in_service=True, elapsed=20)], [40.0]),
    "running for longer than before": ([Item(job("a"), in_service=True, elapsed=600)], [60.0]),
    "waits in the service": ([Item(job("a"), in_service=True), *[Item(job("a"), in_service=True, elapsed=30)] * 5], [90.0, *[30.0] * 5]),
    "behind what is running": ([Item(job("a"), in_service=True, elapsed=20), Item(job("b"), after=(0,))], [40.0, 50.0]),
    "a circle never begins": ([Item(job("a"), after=(1,)), Item(job("a"), after=(0,)), Item(job("b"))], [None, None, 10.0]),
}


@pytest.mark.parametrize("case", CHAINS)
def test_when_each_ends(case: str) -> None:
    items, expected = CHAINS[case]
    assert ends(items, KNOWN, Room()) == expected


def test_many_instances_of_a_job_take_between_its_shortest_and_its_longest_run() -> None:
    runs = {job("a"): (10.0, 20.0, 30.0, 40.0)}
    assert ends([Item(job("a"))], runs, Room()) == [25.0]
    item_ends = sorted(t.cast("list[float]", ends([Item(job("a"))] * 4, runs, Room(at_once=4))))
    assert item_ends == [10.0, 20.0, 30.0, 40.0]


def test_ten_thousand_instances_of_one_job() -> None:
    assert max(t.cast("list[float]", ends([Item(job("a"))] * 10_000, KNOWN, Room(max_parallel=100)))) == 2000 * 60


def ran(status: Status = Status.SUCCESS, start: float | None = -100, end: float | None = -40, **changes: t.Any) -> JobInstance:
    return dataclasses.replace(instance(status, start, end, job_name="a"), **changes)


RUNS: list[tuple[list[JobInstance], dict[JobName, tuple[float, ...]]]] = [
    ([], {}),
    ([ran()], {job("a"): (60.0,)}),
    ([ran(execute_time=59_000)], {job("a"): (59.0,)}),
    ([ran(execute_time=0)], {job("a"): (60.0,)}),
    ([ran(start=None, execute_time=59_000)], {job("a"): (59.0,)}),
    ([ran(), ran(execute_time=10_000), ran(execute_time=600_000)], {job("a"): (10.0, 60.0, 600.0)}),
    ([ran(), dataclasses.replace(ran(execute_time=5000), job_name="b")], {job("a"): (60.0,), job("b"): (5.0,)}),
    # Once there are enough reruns of this run, only they count.
    ([ran(), ran(start=10, end=20), ran(start=10, end=30)], {job("a"): (10.0, 20.0, 60.0)}),
    ([ran(), ran(start=10, end=20), ran(start=10, end=30), ran(start=0, end=5)], {job("a"): (5.0, 10.0, 20.0)}),
    # Instances that say nothing about a whole run.
    ([ran(Status.FAIL)], {}),
    ([ran(Status.MANUAL_STOP)], {}),
    ([ran(Status.RUNNING, end=None)], {}),
    ([ran(force_success=True)], {}),
    ([ran(ignore_success=True)], {}),
    ([ran(end=None)], {}),
    ([ran(start=-40, end=-40)], {}),
    ([ran(start=-40, end=-100)], {}),
]


@pytest.mark.parametrize(("instances", "expected"), RUNS)
def test_what_a_run_takes(instances: list[JobInstance], expected: dict[JobName, tuple[float, ...]]) -> None:
    assert runs_of(instances, SINCE) == expected


def test_averages_of_the_service_count_where_the_list_has_no_run() -> None:
    assert runs_of([ran()], SINCE, {job("a"): 7.0, job("b"): 9.0, job("c"): 0.0}) == {job("a"): (60.0,), job("b"): (9.0,)}


def test_jobs_of_one_name_in_two_workspaces_are_two() -> None:
    other = dataclasses.replace(ran(execute_time=5000), key=ran().key._replace(workspace_id="other"))
    runs = runs_of([ran(), other], SINCE)
    assert runs == {job("a"): (60.0,), ("other", "a"): (5.0,)}
    assert ends([Item(job("a")), Item(("other", "a"))], runs, Room(max_parallel_per_job=1)) == [60.0, 5.0]
    made = [decision(Action.RETRY), Decision(dataclasses.replace(other, status=Status.FAIL), Action.RETRY, "because")]
    assert foresee(made, {}, runs, Room(), at(0)).by_job == {job("a"): 60.0, ("other", "a"): 5.0}


def test_more_than_five_that_run_at_once_are_believed() -> None:
    running = [instance(Status.RUNNING, number=number) for number in range(7)]
    assert (running_at_once(running), running_at_once(running[:3]), running_at_once([])) == (7, 5, 5)


def decision(action: Action, status: Status = Status.FAIL, number: int = 1, start: float | None = -3600, **more: t.Any) -> Decision:
    return Decision(instance(status, start, number=number, job_name="a"), action, "because", **more)


#: decision -> its end
STATES: dict[str, tuple[Decision, float | None]] = {
    "to be sent": (decision(Action.RETRY), 60.0),
    "queued": (decision(Action.WAIT, queued=1), 60.0),
    "queued behind something elsewhere": (decision(Action.WAIT, queued=2), None),
    "held back in quiet hours": (decision(Action.WAIT, quiet_hours=True, due_ms=at(100)), 160.0),
    "held off": (decision(Action.SETTLING, due_ms=at(30)), 90.0),
    "its next attempt is due later": (decision(Action.WAIT, due_ms=at(40), attempt=attempt(), attempts=1), 100.0),
    "running": (decision(Action.WAIT, Status.RUNNING, start=-20), 40.0),
    "waiting in the service": (decision(Action.WAIT, Status.WAITING), 60.0),
    "sent and not shown": (decision(Action.SETTLING, attempt=attempt(), attempts=1), 60.0),
    "just sent": (decision(Action.RETRY, attempt=attempt(), attempts=1), 60.0),
}


@pytest.mark.parametrize("case", STATES)
def test_what_a_decision_means(case: str) -> None:
    made, end = STATES[case]
    forecast = foresee([made], {}, KNOWN, Room(), at(0))
    assert (forecast.ends, forecast.seconds, forecast.unknown) == ({made.instance.key: end}, end, int(end is None))


@pytest.mark.parametrize("action", [action for action in Action if not action.open])
def test_what_has_come_to_its_end_is_not_in_it(action: Action) -> None:
    assert foresee([decision(action)], {}, KNOWN, Room(), at(0)).ends == {}


def test_the_order_of_what_depends_on_something_also_over_instances_in_between() -> None:
    first, between, last = (decision(Action.RETRY, number=number) for number in (1, 2, 3))
    depends = {
        last.instance.key: frozenset({between.instance.key}),
        between.instance.key: frozenset({first.instance.key, last.instance.key}),
    }
    assert foresee([first, last], depends, KNOWN, Room(), at(0)).ends == {first.instance.key: 60.0, last.instance.key: 120.0}
