# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which reruns can start at the node in node_name."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobNodes
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.start_node import due_jobs, start_at
from tests.unit.building import instance

HAS = JobNodes(("prepare", "transform", "publish"), 3)
LACKS = JobNodes(("prepare", "load_orders"), 3)
NODE = "transform"


def due(job: str, number: int = 1, version: int | None = 3, action: Action = Action.RETRY, attempts: int = 1) -> Decision:
    seen = dataclasses.replace(instance(number=number, job_name=job), version=version)
    return Decision(seen, action, "fail", attempts=attempts)


#: decisions, nodes of the jobs, original version, letters of the resulting actions ("!" for a refused plan), number of notes
CASES: dict[str, tuple[list[Decision], dict[str, JobNodes | None], bool, str, int]] = {
    "nothing is due": ([due("a", action=Action.WAIT), due("a", action=Action.DONE)], {}, True, "wd", 0),
    "every job has it": ([due("a"), due("b", 2)], {"a": HAS, "b": HAS}, True, "rr", 0),
    "no job has it": ([due("a"), due("b", 2)], {"a": LACKS, "b": LACKS}, True, "rr!", 0),
    "a job without nodes": ([due("a")], {"a": JobNodes(())}, True, "r!", 0),
    "one of two has it": ([due("a"), due("b", 2), due("b", 3)], {"a": HAS, "b": LACKS}, True, "rnn", 0),
    "what is not due stays as it is": ([due("a"), due("a", 2, action=Action.DONE, attempts=0)], {"a": LACKS}, True, "rd!", 0),
    "another node is in progress by an attempt of this run": ([due("a"), due("b", 2, action=Action.WAIT)], {"a": LACKS}, True, "nw", 0),
    "in progress by nobody's attempt": ([due("a"), due("b", 2, action=Action.WAIT, attempts=0)], {"a": LACKS}, True, "rw!", 0),
    "nodes of one are unknown": ([due("a"), due("b", 2)], {"a": None, "b": LACKS}, True, "rn", 0),
    "nodes of all are unknown": ([due("a"), due("b", 2)], {"a": None, "b": None}, True, "rr", 0),
    "case matters to the service": ([due("a")], {"a": JobNodes(("Transform",), 3)}, True, "r!", 0),
    "an earlier version may have it": ([due("a", version=2)], {"a": LACKS}, True, "r", 1),
    "an earlier version, rerun with the newest": ([due("a", version=2)], {"a": LACKS}, False, "r!", 0),
    "an earlier version, and the newest has it": ([due("a", version=2)], {"a": HAS}, True, "r", 0),
    "an earlier version next to the newest": ([due("a", version=2), due("a", 2)], {"a": LACKS}, True, "rn", 1),
    "a list without versions": ([due("a", version=None)], {"a": LACKS}, True, "r!", 0),
    "a definition without version": ([due("a", version=2)], {"a": JobNodes(("prepare",), None)}, True, "r!", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_sent(case: str) -> None:
    decisions, nodes, original, expected, notes = CASES[case]
    check = start_at(NODE, Plan(tuple(decisions)), nodes, original=original)
    letters = "".join(decision.action.value[0] for decision in check.plan.decisions) + ("!" if check.plan.refused else "")
    assert letters == expected
    assert len(check.notes) == notes
    assert bool(check.lacking) == ("n" in expected)
    assert [decision.instance for decision in check.plan.decisions] == [decision.instance for decision in decisions]
    counted = {decision.attempts for decision in check.plan.decisions if decision.action is Action.NOT_RERUNNABLE}
    assert counted <= {0}, "an attempt that is not made is not counted"


def texts(node: str, jobs: t.Mapping[str, JobNodes | None]) -> tuple[str | None, str]:
    check = start_at(node, Plan(tuple(due(job, number) for number, job in enumerate(jobs))), jobs, original=True)
    return check.plan.refused, check.lacking


TEXTS = [
    (
        "load_ordrs",
        {"a": LACKS},
        (
            "node_name is 'load_ordrs', and job a has no node of that name; it has prepare and load_orders. Did you mean load_orders (of job a)? "
            "Nothing is sent."
        ),
        "",
    ),
    (
        "nosuchnode",
        {"a": HAS, "b": LACKS},
        (
            "node_name is 'nosuchnode', and none of the 2 jobs to be rerun has a node of that name. Set node_name to a node of the jobs, or select "
            "other jobs. Nothing is sent."
        ),
        "",
    ),
    (
        "LOAD_ORDERS",
        {"a": HAS, "b": LACKS},
        "node_name is 'LOAD_ORDERS', and none of the 2 jobs to be rerun has a node of that name. Did you mean load_orders (of job b)? Nothing is sent.",
        "",
    ),
    (
        "transform",
        {"a": HAS, "b": LACKS},
        None,
        "Job b has no node 'transform', so 1 instance is not rerun. Rerun it with another node_name.",
    ),
    (
        "transform",
        {"a": HAS, **{f"b{number}": JobNodes(("transforms",)) for number in range(12)}},
        None,
        (
            "Jobs b0, b1, b2, b3, b4, b5, b6, b7, b8, b9 and 2 more have no node 'transform', so 12 instances are not rerun. Did you mean transforms "
            "(of job b0)? Rerun them with another node_name."
        ),
    ),
]


@pytest.mark.parametrize(("node", "jobs", "refused", "lacking"), TEXTS)
def test_what_people_read(node: str, jobs: dict[str, JobNodes | None], refused: str | None, lacking: str) -> None:
    assert texts(node, jobs) == (refused, lacking)


def test_names_from_elsewhere_cannot_steer_a_terminal() -> None:
    refused, _lacking = texts("a\x1b[2J", {"j\x1b[2J": JobNodes(("n\x1b[2J",))})
    assert refused is not None
    assert "\x1b" not in refused


def test_each_due_job_once() -> None:
    plan = Plan((due("a"), due("b", 2), due("a", 3), due("c", 4, action=Action.WAIT)))
    assert due_jobs(plan) == ["a", "b"]
