# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair makes and which dependants are predicted; an approval covers the predicted ones and nothing else."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.downstream import Effect, Renewal
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner import approval
from ansible_collections.dataarts.factory.plugins.module_utils._planner.made import Made, foreseen
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan_id import possible_number
from tests.unit.building import SINCE, WORKSPACE, T, instance

HOUR = 3_600_000
Json = dict[str, t.Any]


def gap(state: str = "missing", hour: int = 4, number: int = 2) -> Json:
    begin = T + hour * HOUR
    times = {"start_date": str(begin - 1000), "end_date": str(begin + (number - 1) * HOUR + 1000), "until": begin + number * HOUR}
    return {"workspace_id": WORKSPACE, "job_name": "loads", "name": "repair_1", "state": state, **times}


def state(*gaps: Json, all_since: bool = False) -> Json:
    return {"gaps": list(gaps), "below": {"loads": [[WORKSPACE, "board"]]}, "all_since": all_since, "names": {WORKSPACE: "sales"}}


def planned(*hours: float, **changes: t.Any) -> list[JobInstance]:
    """Instances planned the given numbers of hours after T."""
    first = instance(Status.SUCCESS)
    return [
        dataclasses.replace(first, key=first.key._replace(plan_time=int(T + hour * HOUR)), job_name="loads", **changes) for hour in hours
    ]


@pytest.mark.parametrize(
    ("there", "hours"),
    [
        ([2, 3, 4, 5, 6], [4, 5]),  # same period
        ([4, 4.5, 5, 5.5, 6], [4, 4.5, 5, 5.5]),  # shorter period
        ([0, 24], [0, 24]),  # longer period: either may read them
        ([-40, -24, 24, 48], [24]),
        ([], []),
    ],
)
def test_what_may_depend_on_what_is_missing(there: list[float], hours: list[float]) -> None:
    (coming,) = Made.of(state(gap())).coming()
    assert foreseen(coming, planned(*there)) == planned(*hours)
    assert Made.of(state(gap("made"), gap("left_alone"))).coming() == []


@pytest.mark.parametrize(
    ("listed", "renewal"),
    [
        (planned(4, instance_type=InstanceType.PATCH_DATA), Renewal.RENEWED),
        (planned(5, instance_type=InstanceType.PATCH_DATA, status=Status.RUNNING), Renewal.COMING),
        (planned(5, instance_type=InstanceType.PATCH_DATA, status=Status.FAIL), Renewal.MISSED),
        (planned(6, instance_type=InstanceType.PATCH_DATA), None),  # not of a gap
        (planned(4, instance_type=InstanceType.NORMAL), None),
    ],
)
def test_what_was_made_is_new_data(listed: list[JobInstance], renewal: Renewal | None) -> None:
    roots = Made.of(state(gap("made"))).made(listed, WORKSPACE, SINCE)
    assert [root.renewal for root in roots.values()] == ([] if renewal is None else [renewal])


@pytest.mark.parametrize(("all_since", "start", "number"), [(True, SINCE, 1), (True, SINCE - 1, 0), (False, SINCE, 0)])
def test_without_an_approval_what_an_earlier_start_made_counts_by_since(all_since: bool, start: int, number: int) -> None:
    listed = planned(1, instance_type=InstanceType.PATCH_DATA, start_time=start)
    assert len(Made.of(state(all_since=all_since)).made(listed, WORKSPACE, SINCE)) == number
    assert not Made.of(state(all_since=all_since)).made(listed, "another", SINCE)


@pytest.mark.parametrize("value", [None, {}, {"gaps": [{}], "below": {}, "all_since": False}, {"gaps": [], "below": [], "all_since": True}])
def test_anything_else_is_nothing(value: t.Any) -> None:
    assert Made.of(value) == Made()


FAILED, STALE, OTHER = (instance(status, number=number) for number, status in enumerate((Status.FAIL, Status.SUCCESS, Status.SUCCESS)))
OPTIONS = {**dict.fromkeys(approval._APPROVED), "plan_id": None, "plan_record": None}


def plan(*decisions: Decision) -> Plan:
    return Plan(decisions)


def due(member: JobInstance, effect: Effect | None = None, action: Action = Action.RETRY) -> Decision:
    return Decision(member, action, "", downstream=effect)


@pytest.mark.parametrize("action", [Action.RETRY, Action.WAIT])
@pytest.mark.parametrize(
    ("later", "holds"),
    [
        ([due(FAILED), due(STALE, Effect.STALE)], True),
        ([due(FAILED)], True),  # in the end it was not a dependant
        ([due(FAILED), due(STALE, Effect.STALE), due(OTHER, Effect.STALE)], False),  # never more than was shown
        ([due(STALE, Effect.STALE)], False),
    ],
)
def test_an_approval_covers_what_was_foreseen(action: Action, later: list[Decision], holds: bool) -> None:
    """Dependants of what a repair makes, and instances running on old data, show only later; neither needs a second plan."""
    possible = {STALE.key} if action is Action.RETRY else set()
    shown = approval.approve(plan(due(FAILED), due(STALE, Effect.STALE, action)), OPTIONS, SINCE, possible)
    assert possible_number(shown.plan_record) == 1
    for record in (shown.plan_record, {name: shown.plan_record[name] for name in ("instances", "possible")}):
        approved = {**OPTIONS, "plan_id": shown.plan_id, "plan_record": record}
        assert (approval.approve(plan(*later), approved, SINCE).refused is None) is holds
    widened = {**shown.plan_record, "possible": shown.plan_record["possible"] + "0" * 8}
    assert approval.approve(plan(*later), {**OPTIONS, "plan_id": shown.plan_id, "plan_record": widened}, SINCE).refused is not None
    assert approval.approve(plan(*later), {**OPTIONS, "plan_id": shown.plan_id}, SINCE).refused is not None, "its id binds them"
