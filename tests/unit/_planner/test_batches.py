# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances go into one request."""

from __future__ import annotations

import dataclasses
import random
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import batched
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from tests.unit.building import at, instance


def due(text: str) -> list[Decision]:
    """``a1 b2! c3-``: job, plan time in seconds; ``!`` must be alone, ``-`` is not due."""
    decisions = []
    for word in text.split():
        action = Action.WAIT if word.endswith("-") else Action.RETRY
        seen = instance(Status.FAIL, number=int(word[1:].rstrip("!-")), job_name=word[0], job_id=word[0])
        decisions.append(Decision(seen, action, "because", attempts=1, alone=word.endswith("!")))
    return decisions


def shape(plan: Plan) -> str:
    """The requests with their plan times: ``a1,2 b3``."""
    return " ".join(
        batch.job_name + ",".join(str((due.instance.key.plan_time - at(-7200)) // 1000) for due in batch.decisions)
        for batch in plan.batches
    )


@pytest.mark.parametrize(
    ("given", "size", "requests"),
    [
        ("", 10, ""),
        ("a1-", 10, ""),
        ("a1", 10, "a1"),
        ("a3 a1 a2", 10, "a1,2,3"),
        ("a3 a1 a2", 2, "a1,2 a3"),
        ("a3 a1 a2", 1, "a1 a2 a3"),
        ("a2 b1 b3 a4", 10, "b1,3 a2,4"),
        ("a1 a2- a3", 10, "a1,3"),
        ("a1 a2! a3", 10, "a1,3 a2"),
        ("a1! a2! a3", 10, "a3 a1 a2"),
        ("a1! b2", 10, "a1 b2"),
        ("a1 a2! a3 a4", 2, "a1,3 a4 a2"),
        ("b1 a1", 10, "a1 b1"),  # by name if the plan times are equal
    ],
)
def test_one_request_per_job_and_size_the_oldest_first(given: str, size: int, requests: str) -> None:
    decisions = due(given)
    plan = batched(Plan(tuple(decisions)), size)
    assert shape(plan) == requests
    assert plan.decisions == tuple(decisions)
    assert all(decision.action is Action.RETRY for batch in plan.batches for decision in batch.decisions)


def test_a_refused_plan_has_no_requests_and_keeps_what_it_is() -> None:
    plan = batched(Plan(tuple(due("a1 a2")), refused="too many", plan_id="2-ab-cd-ef", plan_record={"options": {}}), 10)
    assert (plan.batches, plan.refused, plan.plan_id, plan.plan_record) == ((), "too many", "2-ab-cd-ef", {"options": {}})
    again = batched(dataclasses.replace(batched(Plan(tuple(due("a1"))), 1), refused="too many"), 1)
    assert again.batches == ()


def test_every_retry_is_in_exactly_one_request_whatever_the_size() -> None:
    rng = random.Random(5)
    for dummy in range(50):
        words = [f"{rng.choice('abc')}{number}{rng.choice(['', '', '!', '-'])}" for number in rng.sample(range(9999), 40)]
        decisions = due(" ".join(words))
        size = rng.randint(1, 12)
        plan = batched(Plan(tuple(decisions)), size)
        carried: list[t.Any] = [decision.instance.key for batch in plan.batches for decision in batch.decisions]
        assert sorted(carried) == sorted(decision.instance.key for decision in decisions if decision.action is Action.RETRY)
        for batch in plan.batches:
            assert 1 <= len(batch.decisions) <= size
            assert len({due.instance.key.job_id for due in batch.decisions}) == 1
            assert not any(decision.alone for decision in batch.decisions) or len(batch.decisions) == 1
