# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan ids, and what is said when a plan is no longer the approved one."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import FIRST_MS, LAST_MS, to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan_id import (
    RECORDED,
    approved_since,
    plan_changes,
    plan_digest,
    plan_members,
    plan_record,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import SINCE, at, attempt, instance, policy

OPTIONS = {"retry_location": "errorNode", "attempts": 1, "since": None}
THREE = [instance(number=number) for number in range(3)]


def test_an_id_is_short_and_the_same_wherever_it_is_made() -> None:
    assert plan_digest(THREE, OPTIONS, SINCE) == "3-4cb799156f80-e25ebad4-mwsogyo0"
    assert plan_digest([], {}, SINCE) == "0-4f53cda18c2b-44136fa3-mwsogyo0"


def test_order_and_what_the_instances_look_like_do_not_matter() -> None:
    again = [dataclasses.replace(member, status=Status.RUNNING, start_time=at(5), instance_id="7") for member in reversed(THREE)]
    assert plan_digest(again, dict(reversed(OPTIONS.items())), SINCE) == plan_digest(THREE, OPTIONS, SINCE)


MORE = instance(number=9)


@pytest.mark.parametrize(
    ("instances", "followed", "recorded", "holds"),
    [
        ([*THREE, MORE], [MORE], True, True),
        ([*THREE, MORE], [MORE, *THREE], True, True),
        ([*THREE, MORE], [*THREE], True, False),  # it would be sent
        ([*THREE[:2], MORE], [MORE], True, False),  # another one instead of an approved one
        ([*THREE, MORE], [MORE], False, False),  # without the record it is unknown which one differs
    ],
)
def test_reruns_of_another_run_do_not_change_the_approved_plan(instances: t.Any, followed: t.Any, recorded: bool, holds: bool) -> None:
    record = plan_record(THREE, OPTIONS) if recorded else None
    keys = {member.key for member in followed}
    said = plan_changes(plan_digest(THREE, OPTIONS, SINCE), instances, OPTIONS, SINCE, record=record, followed=keys)
    assert (said is None) is holds


@pytest.mark.parametrize(
    ("instances", "options", "since", "same"),
    [
        (THREE[:2], OPTIONS, SINCE, (False, False, True, True)),
        ([*THREE[:2], instance(number=9)], OPTIONS, SINCE, (True, False, True, True)),
        ([*THREE[:2], instance(number=2, job_id="1")], OPTIONS, SINCE, (True, False, True, True)),
        (
            [*THREE[:2], THREE[2].as_twin(), dataclasses.replace(THREE[2], instance_id="7").as_twin()],
            OPTIONS,
            SINCE,
            (False, False, True, True),
        ),
        (THREE, {**OPTIONS, "attempts": 2}, SINCE, (True, True, False, True)),
        (THREE, OPTIONS, SINCE + 1, (True, True, True, False)),
    ],
)
def test_each_part_tells_its_own(instances: t.Any, options: t.Any, since: int, same: t.Any) -> None:
    old, new = plan_digest(THREE, OPTIONS, SINCE).split("-"), plan_digest(instances, options, since).split("-")
    assert tuple(left == right for left, right in zip(old, new)) == same


@pytest.mark.parametrize("since", [SINCE, SINCE + 1, FIRST_MS, LAST_MS])
def test_the_since_that_an_id_binds_is_read_from_it(since: int) -> None:
    assert approved_since(f" {plan_digest(THREE, OPTIONS, since)}\n") == since


def test_a_plan_that_was_approved_for_another_since_is_another_plan() -> None:
    """An instance that failed after the approval failed after the plan's since; with a later since the id would mean other failures."""
    said = plan_changes(plan_digest(THREE, OPTIONS, SINCE), THREE, OPTIONS, at(3600))
    assert said is not None
    assert "it was approved for since 2026-11-23T03:00:00Z, and since is 2026-11-23T04:00:00Z. Nothing was sent." in said


def test_what_did_not_change_says_nothing() -> None:
    assert plan_changes(f" {plan_digest(THREE, OPTIONS, SINCE)}\n", THREE, OPTIONS, SINCE) is None


NOW = [instance(number=1), instance(number=5, job_name="weekly"), instance(number=6, job_name="weekly")]
RECORD = plan_record(THREE, OPTIONS)
#: Other listed instances: of the plan's three, the first has succeeded meanwhile.
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
                "1 instance gone, now success (daily_sales planned TIME0); 1 instance gone, and no longer selected"
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
    approved = plan_digest(THREE, OPTIONS, SINCE)
    said = plan_changes(approved, instances, options, SINCE, record=record, others=LISTED)
    for number in range(8):
        text = text.replace(f"TIME{number}", to_iso(instance(number=number).key.plan_time))
    assert said == (
        f"Refused to rerun anything: the plan is no longer {approved} but {plan_digest(instances, options, SINCE)}: {text}. "
        "Nothing was sent. Run check mode again and approve the plan_id it returns; in AWX launch the workflow again."
    )


def test_forty_instances_stay_legible() -> None:
    forty = [instance(number=number, job_name=f"job{number % 2}") for number in range(40)]
    more = [instance(number=number, job_name=f"new{number % 12}") for number in range(100, 140)]
    said = plan_changes(plan_digest(forty, OPTIONS, SINCE), more, OPTIONS, SINCE, record=plan_record(forty, OPTIONS), others=forty)
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
    for number in range(100):  # some digests of one instance have only digits
        record = plan_record([instance(number=number)], OPTIONS)
        assert yaml.safe_load(f"instances: {record['instances']}") == {"instances": record["instances"]}
    assert plan_record([instance(number=number) for number in range(RECORDED + 1)], OPTIONS) == {"options": OPTIONS, "instances": ""}


@pytest.mark.parametrize(
    "given",
    [
        *("", "x", "3-ab", "3-ab-cd", "x-ab-cd-mwsogyo0", "3-ab-cd-mwsogyo0-x", "٣-ab-cd-mwsogyo0", "\x1b[31m-a-b-mwsogyo0", "9" * 9000),
        *(
            "3-ab-cd-ef",
            "3-ab-cd-",
            "3-ab-cd-0",
            "3-ab-cd-zzzzzzzzz",
            "3-ab-cd-mwsogyo0zz",
            "3-ab-cd-mwsogyo١",
            "3-ab-cd-m_sogyo0",
            "3-ab-cd-+wsogyo0",
        ),
    ],
)
def test_what_is_not_an_id_is_refused(given: str) -> None:
    with pytest.raises(OptionError, match=re.escape("Use the plan_id that check mode returned.")) as caught:
        plan_changes(given, THREE, OPTIONS, SINCE)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_count_of_any_length_is_only_another_plan() -> None:
    assert plan_changes(f"{'9' * 9000}-ab-cd-mwsogyo0", THREE, OPTIONS, SINCE, record=RECORD) is not None


def test_the_members_of_a_plan_stay_the_same_while_it_is_carried_out() -> None:
    wanted = policy()
    fresh = [instance(number=1), instance(number=2), instance(Status.SUCCESS, number=3), instance(Status.RUNNING, number=4)]
    first = plan_members(decide(member, wanted, at(1), None) for member in fresh)
    assert first == fresh[:2]
    record = {member.key: attempt("accepted", before=member) for member in first}
    settling = plan_members(decide(member, wanted, at(6), record.get(member.key)) for member in fresh)
    held_off = plan_members(decide(member, policy(hold_off_until=at(9)), at(1), None) for member in fresh)
    later = [instance(Status.SUCCESS, 20, 30, number=1), instance(Status.FAIL, 20, 30, number=2), *fresh[2:]]
    last = plan_members(decide(member, wanted, at(99), record.get(member.key)) for member in later)
    assert {plan_digest(members, OPTIONS, SINCE) for members in (first, settling, held_off, last)} == {plan_digest(first, OPTIONS, SINCE)}
