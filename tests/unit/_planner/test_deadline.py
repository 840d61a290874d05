# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which jobs are late, and which chains are sent first."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, Status
from ansible_collections.dataarts.factory.plugins.module_utils._output.expectation import expectation, late_lines
from ansible_collections.dataarts.factory.plugins.module_utils._planner.deadline import (
    Deadlines,
    JobEnd,
    Urgency,
    by_urgency,
    deadline_of,
    job_ends,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import Forecast
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import schedule
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from tests.unit.building import FAIL, WORKSPACE, at, instance


def decision(name: str, action: Action = Action.RETRY, status: Status = Status.FAIL, end: float | None = -3000, **more: t.Any) -> Decision:
    return Decision(instance(status, -3600, end, job_name=name, job_id=name), action, "because", attempts=1, **more)


def key(name: str) -> InstanceKey:
    return decision(name).instance.key


#: jobs by age, dependencies (b<a: b depends on a), run seconds, deadlines of jobs in seconds, order in which they are sent
ORDERS: dict[str, tuple[str, str, dict[str, float], dict[str, float], str]] = {
    "no deadline: the longest first": ("abc", "", {"a": 10, "b": 30, "c": 20}, {}, "bca"),
    "no deadline: the longest chain first": ("abcd", "d<a", {"a": 10, "b": 30, "c": 20, "d": 25}, {}, "abdc"),
    "nothing known: the oldest first": ("cab", "", {}, {}, "abc"),
    "the earlier deadline first": ("abc", "", {"a": 10, "b": 10, "c": 10}, {"a": 300, "b": 100, "c": 200}, "bca"),
    "less time left first": ("ab", "", {"a": 10, "b": 150}, {"a": 100, "b": 200}, "ba"),
    "those with a deadline first": ("abc", "", {"a": 500, "b": 10, "c": 500}, {"b": 10_000}, "bac"),
    "what an urgent one waits for is urgent": ("abcz", "z<c", {"a": 10, "b": 10, "c": 10, "z": 80}, {"a": 60, "b": 70, "z": 100}, "czab"),
    "over two steps": ("abyz", "y<b z<y", {"a": 10, "b": 10, "y": 10, "z": 10}, {"a": 31, "z": 55}, "abyz"),
    "over two steps, more urgent": ("abyz", "y<b z<y", {"a": 10, "b": 10, "y": 10, "z": 10}, {"a": 31, "z": 40}, "byaz"),
    "the most urgent of two below": ("abyz", "y<b z<b", {"a": 10, "b": 10, "y": 10, "z": 10}, {"a": 60, "y": 500, "z": 40}, "bzay"),
    "two above one": ("abz", "z<a z<b", {"a": 10, "b": 40, "z": 10}, {"z": 100}, "baz"),
    "its own deadline is earlier than what is below": ("abz", "z<b", {"a": 10, "b": 10, "z": 10}, {"a": 50, "b": 40, "z": 900}, "baz"),
    "missed already: still by time left": ("ab", "", {"a": 10, "b": 10}, {"a": -10, "b": -200}, "ba"),
    "an unknown duration takes none": ("ab", "", {"a": 10}, {"a": 100, "b": 95}, "ab"),
    "one deadline for all": ("abc", "c<a", {"a": 10, "b": 30, "c": 40}, {"a": 100, "b": 100, "c": 100}, "acb"),
    "a circle is not its matter": ("abc", "a<b b<a", {"a": 10, "b": 10, "c": 10}, {"c": 100}, "cab"),
    "equal: by age": ("ab", "", {"a": 10, "b": 10}, {"a": 100, "b": 100}, "ab"),
}


def ordered(case: str) -> tuple[Plan, Urgency]:
    jobs, edges, runs, deadlines, _expected = ORDERS[case]
    depends: dict[InstanceKey, frozenset[InstanceKey]] = {}
    for edge in edges.split():
        depends[key(edge[0])] = depends.get(key(edge[0]), frozenset()) | {key(edge[2])}
    times = {(WORKSPACE, name): (seconds,) for name, seconds in runs.items()}
    return Plan(tuple(map(decision, jobs))), Urgency(
        Deadlines(None, {name: at(seconds) for name, seconds in deadlines.items()}, WORKSPACE), times, depends
    )


@pytest.mark.parametrize("case", ORDERS)
def test_the_most_urgent_chain_first(case: str) -> None:
    plan, urgency = ordered(case)
    ranked = sorted(by_urgency(plan, urgency).decisions, key=lambda made: made.rank)
    assert "".join(made.instance.job_name for made in ranked) == ORDERS[case][4]


@pytest.mark.parametrize("case", ORDERS)
def test_the_order_of_the_list_does_not_matter(case: str) -> None:
    plan, urgency = ordered(case)
    for decisions in itertools.islice(itertools.permutations(plan.decisions), 24):
        ranked = sorted(by_urgency(Plan(decisions), urgency).decisions, key=lambda made: made.rank)
        assert "".join(made.instance.job_name for made in ranked) == ORDERS[case][4]


def test_what_there_is_room_for_is_the_most_urgent() -> None:
    plan, urgency = ordered("the earlier deadline first")
    made = schedule(plan, None, Limits(max_parallel=2), None, urgency)
    assert [batch.job_name for batch in made.batches] == ["b", "c"]
    assert [decided.queued for decided in made.decisions] == [1, 0, 0]
    assert [batch.job_name for batch in schedule(plan, None, Limits(max_parallel=2)).batches] == ["a", "b"]


def job(
    name: str,
    left: int,
    end: float | None,
    unknown: int = 0,
    deadline: float | None = 100,
    *,
    late: bool = False,
    person: int = 0,
    workspace_id: str = WORKSPACE,
) -> JobEnd:
    times = (None if end is None else at(end), None if deadline is None else at(deadline))
    return JobEnd(workspace_id, name, left, times[0], unknown, times[1], late, person)


#: decisions, expected ends in seconds, deadline, now, jobs
ENDS: dict[str, tuple[list[Decision], dict[str, float | None], float | None, float, list[JobEnd]]] = {
    "in time": ([decision("a")], {"a": 60}, 100, 0, [job("a", 1, 60)]),
    "at the last moment": ([decision("a")], {"a": 100}, 100, 0, [job("a", 1, 100)]),
    "late": ([decision("a")], {"a": 101}, 100, 0, [job("a", 1, 101, late=True)]),
    "late, counted from now": ([decision("a")], {"a": 60}, 100, 50, [job("a", 1, 110, late=True)]),
    "without a deadline": ([decision("a")], {"a": 60}, None, 0, [job("a", 1, 60, deadline=None)]),
    "nothing known": ([decision("a")], {"a": None}, 100, 0, [job("a", 1, None, 1)]),
    "nothing known, and over": ([decision("a")], {"a": None}, 100, 101, [job("a", 1, None, 1, late=True)]),
    "failed again": ([decision("a", Action.FAILED_AGAIN)], {}, 100, 0, [job("a", 0, None, late=True)]),
    "skipped, and wanted": ([decision("a", Action.SKIPPED)], {}, 100, 0, [job("a", 0, None, late=True)]),
    "left to a person: somebody may act": ([decision("a", Action.BLOCKED)], {}, 100, 0, [job("a", 0, None, person=1)]),
    "left to a person at the last moment": ([decision("a", Action.BLOCKED)], {}, 100, 100, [job("a", 0, None, person=1)]),
    "left to a person, and over": ([decision("a", Action.BLOCKED)], {}, 100, 101, [job("a", 0, None, late=True, person=1)]),
    "left to a person without a deadline": ([decision("a", Action.BLOCKED)], {}, None, 0, [job("a", 0, None, deadline=None, person=1)]),
    "left to a person, whatever its status": ([decision("a", Action.BLOCKED, Status.PAUSE)], {}, 100, 0, [job("a", 0, None, person=1)]),
    "left to a person and in time": (
        [decision("a", Action.BLOCKED), decision("a")],
        {"a": 60},
        100,
        0,
        [job("a", 1, 60, person=1)],
    ),
    "left to a person and late": (
        [decision("a", Action.BLOCKED), decision("a")],
        {"a": 160},
        100,
        0,
        [job("a", 1, 160, late=True, person=1)],
    ),
    "left to a person and succeeded in time": (
        [decision("a", Action.BLOCKED), decision("a", Action.DONE, Status.SUCCESS, 110)],
        {},
        120,
        115,
        [job("a", 0, None, deadline=120, person=1)],
    ),
    "left to a person and failed again": (
        [decision("a", Action.BLOCKED), decision("a", Action.FAILED_AGAIN)],
        {},
        100,
        0,
        [job("a", 0, None, late=True, person=1)],
    ),
    "rejected": ([decision("a", Action.REJECTED)], {}, 100, 0, [job("a", 0, None, late=True)]),
    "not wanted": ([decision("a", Action.SKIPPED, Status.MANUAL_STOP)], {}, 100, 0, []),
    "succeeded in time": ([decision("a", Action.DONE, Status.SUCCESS, 90)], {}, 100, 95, [job("a", 0, None)]),
    "succeeded in time, seen later": ([decision("a", Action.DONE, Status.SUCCESS, 90)], {}, 100, 500, [job("a", 0, None)]),
    "succeeded late": ([decision("a", Action.DONE, Status.SUCCESS, 110)], {}, 100, 120, [job("a", 0, None, late=True)]),
    "done before": ([decision("a", Action.DONE, Status.SUCCESS, already_done=True)], {}, 100, 0, []),
    "late ones first, then the last": (
        [decision("a"), decision("b"), decision("c"), decision("d")],
        {"a": 10, "b": 120, "c": 90, "d": 110},
        100,
        0,
        [job("b", 1, 120, late=True), job("d", 1, 110, late=True), job("c", 1, 90), job("a", 1, 10)],
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_when_jobs_end(case: str) -> None:
    decisions, ends, deadline, now, jobs = ENDS[case]
    forecast = Forecast(ends={key(name): end for name, end in ends.items()})
    deadlines = Deadlines(None if deadline is None else at(deadline))
    assert job_ends(decisions, forecast, deadlines, FAIL, at(now)) == jobs


def test_the_earlier_deadline_counts() -> None:
    deadlines = Deadlines(at(100), {"a": at(50), "b": at(150)}, WORKSPACE)
    assert [deadlines.of(decision(name).instance) for name in "abc"] == [at(50), at(100), at(100)]


def test_a_baseline_is_of_the_job_of_its_workspace_alone() -> None:
    deadlines = Deadlines(None, {"a": at(50)}, "another workspace")
    assert deadlines.of(decision("a").instance) is None


def test_the_line_about_those_that_are_late() -> None:
    jobs = [
        *(job(name, 1, 6000 + number, late=True) for number, name in enumerate(("a", "b"))),
        job("c", 2, 6000, 1, late=True),
        job("d", 0, None, late=True),
        job("e", 1, 60),
        job("f", 1, 9000, deadline=200, late=True),
    ]
    expected = expectation(jobs, at(100), {})
    assert (expected["end"], expected["late"], expected["unknown"]) == (at(9000), 5, 1)
    assert late_lines(expected["jobs"]) == [
        (
            "4 jobs late for the deadline 2026-11-23T03:01:40Z: a (about 2026-11-23T04:40:00Z), b (about 2026-11-23T04:40:00Z), "
            "c (not before 2026-11-23T04:40:00Z) and 1 more"
        ),
        "1 job late for the deadline 2026-11-23T03:03:20Z: f (about 2026-11-23T05:30:00Z)",
    ]
    assert late_lines(expectation([job("e", 1, 60)], at(100), {})["jobs"]) == []


def test_of_jobs_with_the_same_name_the_workspaces_are_named() -> None:
    jobs = [
        job("a", 1, 6000, late=True),
        job("a", 1, 6000, late=True, workspace_id="ws2"),
        job("b", 0, None, person=1, workspace_id="ws2"),
        job("b", 0, None, person=1, workspace_id="ws3"),
        job("c", 0, None, late=True, workspace_id="ws3"),
    ]
    entries = expectation(jobs, at(100), {"ws2": "supply"})["jobs"]
    assert late_lines([*entries, entries[1]]) == [
        (
            f"3 jobs late for the deadline 2026-11-23T03:01:40Z: a (workspace {WORKSPACE}) (about 2026-11-23T04:40:00Z), "
            "a (workspace supply) (about 2026-11-23T04:40:00Z) and c"
        ),
        "2 jobs late for the deadline 2026-11-23T03:01:40Z unless a person acts: b (workspace supply) and b (workspace ws3)",
    ]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_of_two_hosts_that_know_one_job_the_one_that_is_worse_off_says_it(order: tuple[int, ...]) -> None:
    known = [job("a", 1, 60), job("a", 0, None, person=1), job("a", 1, 6000, late=True)]
    entries = expectation([known[number] for number in order], at(100), {})["jobs"]
    assert late_lines(entries) == ["1 job late for the deadline 2026-11-23T03:01:40Z: a (about 2026-11-23T04:40:00Z)"]
    of_persons = late_lines(entry for entry in entries if not entry["late"])
    assert of_persons == ["1 job late for the deadline 2026-11-23T03:01:40Z unless a person acts: a"]


def test_what_is_left_to_a_person_is_said_in_those_words() -> None:
    jobs = [job(name, 0, None, person=1) for name in "abcde"] + [
        job("f", 0, None, deadline=None, person=1),
        job("g", 0, None, late=True, person=1),
    ]
    expected = expectation(jobs, at(100), {})
    assert (expected["late"], expected["left_to_person"]) == (1, 5)
    assert [entry["left_to_person"] for entry in expected["jobs"]] == [1] * 7
    assert late_lines(expected["jobs"]) == [
        "1 job late for the deadline 2026-11-23T03:01:40Z: g",
        "5 jobs late for the deadline 2026-11-23T03:01:40Z unless a person acts: a, b, c and 2 more",
    ]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("2026-11-23T04:00:00Z", 3600),
        ("2026-11-23T12:00+08:00", 3600),
        (at(60), 60),
        ("+4h", 14_400),
        ("+90m", 5400),
        ("-1h", -3600),
    ],
)
def test_forms(value: t.Any, seconds: float | None) -> None:
    assert deadline_of({"deadline": value}, at(0)) == (None if seconds is None else at(seconds))


@pytest.mark.parametrize("value", ["06:00", "tomorrow", "4h", "+4", "+ 4h", "2026-11-23T04:00:00", "2026-11-23"])
def test_what_is_not_a_time_is_refused(value: str) -> None:
    with pytest.raises(OptionError, match=r"Failed to read deadline: .*a time after now such as \+4h"):
        deadline_of({"deadline": value}, at(0))


def test_ten_thousand_instances_in_a_chain() -> None:
    decisions = [dataclasses.replace(decision("a"), instance=instance(number=number, job_name="a", job_id="a")) for number in range(10_000)]
    depends = {lower.instance.key: frozenset({upper.instance.key}) for upper, lower in zip(decisions, decisions[1:])}
    made = by_urgency(Plan(tuple(decisions)), Urgency(Deadlines(at(100)), {(WORKSPACE, "a"): (10.0,)}, depends))
    assert [ranked.rank for ranked in made.decisions] == list(range(10_000))
