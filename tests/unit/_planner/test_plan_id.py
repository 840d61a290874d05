# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan's id, and what it says when the plan is no longer the one that was approved."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan_id import (
    RECORDED,
    plan_changes,
    plan_digest,
    plan_members,
    plan_record,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import at, instance, policy, sent

OPTIONS = {"retry_location": "errorNode", "attempts": 1, "since": None}
THREE = [instance(number=number) for number in range(3)]


def test_an_id_is_short_and_the_same_wherever_it_is_made() -> None:
    assert plan_digest(THREE, OPTIONS) == "3-242aad99544e-e25ebad4"
    assert plan_digest([], {}) == "0-4f53cda18c2b-44136fa3"


def test_order_and_what_the_instances_look_like_do_not_matter() -> None:
    again = [dataclasses.replace(one, status=Status.RUNNING, start_time=at(5), instance_id="7") for one in reversed(THREE)]
    assert plan_digest([*again, again[0]], dict(reversed(OPTIONS.items()))) == plan_digest(THREE, OPTIONS)


@pytest.mark.parametrize(
    ("instances", "options", "same"),
    [
        (THREE[:2], OPTIONS, (False, False, True)),
        ([*THREE[:2], instance(number=9)], OPTIONS, (True, False, True)),
        ([*THREE[:2], instance(number=2, job_id="1")], OPTIONS, (True, False, True)),
        (THREE, {**OPTIONS, "attempts": 2}, (True, True, False)),
    ],
)
def test_each_part_tells_its_half(instances: t.Any, options: t.Any, same: t.Any) -> None:
    old, new = plan_digest(THREE, OPTIONS).split("-"), plan_digest(instances, options).split("-")
    assert tuple(left == right for left, right in zip(old, new)) == same


def test_what_did_not_change_says_nothing() -> None:
    assert plan_changes(f" {plan_digest(THREE, OPTIONS)}\n", THREE, OPTIONS) is None


NOW = [instance(number=1), instance(number=5, job_name="weekly"), instance(number=6, job_name="weekly")]
RECORD = plan_record(THREE, OPTIONS)
#: What else is listed: of the three instances of the plan the first has succeeded meanwhile.
LISTED = [instance(Status.SUCCESS, number=0), instance(Status.RUNNING, number=7)]
NO_RECORDS: list[t.Any] = ["", [], {}, {"options": 1, "instances": RECORD}]
HAD = "the approved plan had 3 instances, now there are"
OTHER_OPTIONS = "the options are not those of the approved plan"


@pytest.mark.parametrize(
    ("instances", "options", "record", "text"),
    [
        (THREE[:2], OPTIONS, None, f"{HAD} 2"),
        (NOW, OPTIONS, None, f"{HAD} 3, not all the same"),
        (THREE, {"attempts": 9}, None, OTHER_OPTIONS),
        (
            NOW,
            OPTIONS,
            RECORD,
            (
                f"{HAD} 3, not all the same; 2 instances added (weekly planned TIME5 and TIME6); "
                "1 instance gone, now success (daily_sales planned TIME0); 1 instance gone that is not among those selected now"
            ),
        ),
        (
            THREE[1:],
            {**OPTIONS, "attempts": 9},
            RECORD,
            f"{HAD} 2; 1 instance gone, now success (daily_sales planned TIME0); attempts was 1 and is 9",
        ),
        (THREE, {**OPTIONS, "since": "x"}, RECORD, "since was not set and is x"),
        (THREE, {**OPTIONS, "since": "x"}, {**RECORD, "options": {**OPTIONS, "since": "x"}}, OTHER_OPTIONS),
        *((THREE[:2], {"attempts": 9}, nothing, f"{HAD} 2; {OTHER_OPTIONS}") for nothing in NO_RECORDS),
        (THREE[:2], OPTIONS, plan_record(THREE[:1], OPTIONS), f"{HAD} 2"),
    ],
)
def test_what_changed_is_said(instances: t.Any, options: t.Any, record: t.Any, text: str) -> None:
    approved = plan_digest(THREE, OPTIONS)
    said = plan_changes(approved, instances, options, record=record, others=LISTED)
    for number in range(8):
        text = text.replace(f"TIME{number}", to_iso(instance(number=number).key.plan_time))
    assert said == (
        f"Refused to rerun anything: the plan is no longer {approved} but {plan_digest(instances, options)}: {text}. "
        "Nothing was sent. Run check mode again and approve the plan_id it returns."
    )


def test_forty_instances_stay_legible() -> None:
    forty = [instance(number=number, job_name=f"job{number % 2}") for number in range(40)]
    more = [instance(number=number, job_name=f"new{number % 12}") for number in range(100, 140)]
    said = plan_changes(plan_digest(forty, OPTIONS), more, OPTIONS, record=plan_record(forty, OPTIONS), others=forty)
    assert said is not None
    first, last = (to_iso(instance(number=number).key.plan_time) for number in (0, 38))
    assert f"40 instances gone, now fail (job0: 20 planned {first} to {last}, job1: 20 planned " in said
    assert "40 instances added (new10 planned " not in said, "those with the most first"
    assert "and 2 more jobs)" in said
    assert len(said) < 2500


def test_a_record_is_short_and_says_nothing_of_the_service() -> None:
    assert plan_record(reversed(THREE), OPTIONS) == RECORD
    assert set(RECORD) == {"options", "instances"}
    assert re.fullmatch("i[0-9a-f]{24}", RECORD["instances"])
    for number in range(100):  # of one instance, some are digits only
        record = plan_record([instance(number=number)], OPTIONS)
        assert yaml.safe_load(f"instances: {record['instances']}") == {"instances": record["instances"]}
    assert plan_record([instance(number=number) for number in range(RECORDED + 1)], OPTIONS) == {"options": OPTIONS, "instances": ""}


@pytest.mark.parametrize("given", ["", "x", "3-ab", "x-ab-cd", "3-ab-cd-ef", "٣-ab-cd", "\x1b[31m-a-b", "9" * 9000])
def test_what_is_no_id_is_refused(given: str) -> None:
    with pytest.raises(OptionError, match=re.escape("Give the plan_id that check mode returned.")) as caught:
        plan_changes(given, THREE, OPTIONS)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_count_of_any_length_is_only_another_plan() -> None:
    assert plan_changes(f"{'9' * 9000}-ab-cd", THREE, OPTIONS, record=RECORD) is not None


def test_the_members_of_a_plan_stay_the_same_while_it_is_carried_out() -> None:
    wanted = policy()
    fresh = [instance(number=1), instance(number=2), instance(Status.SUCCESS, number=3), instance(Status.RUNNING, number=4)]
    first = plan_members(decide(one, wanted, at(1), None) for one in fresh)
    assert first == fresh[:2]
    record = {one.key: sent("accepted", before=one) for one in first}
    settling = plan_members(decide(one, wanted, at(6), record.get(one.key)) for one in fresh)
    quiet = plan_members(decide(one, policy(quiet_until=at(9)), at(1), None) for one in fresh)
    later = [instance(Status.SUCCESS, 20, 30, number=1), instance(Status.FAIL, 20, 30, number=2), *fresh[2:]]
    last = plan_members(decide(one, wanted, at(99), record.get(one.key)) for one in later)
    assert {plan_digest(members, OPTIONS) for members in (first, settling, quiet, last)} == {plan_digest(first, OPTIONS)}
