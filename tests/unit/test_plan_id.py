# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan's id, and what it says when the plan is no longer the one that was approved."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._model import Status
from ansible_collections.dataarts.factory.plugins.module_utils._plan_id import plan_changes, plan_digest, plan_members
from ansible_collections.dataarts.factory.plugins.module_utils._reconcile import decide
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


@pytest.mark.parametrize(
    ("instances", "options", "text"),
    [
        (THREE[:2], OPTIONS, "the approved plan had 3 instances, now there are 2. Nothing"),
        (NOW, OPTIONS, "the approved plan had 3 instances, now there are 3, not all the same. Nothing"),
        (THREE, {"attempts": 9}, ": the options are not those of the approved plan. Nothing"),
        (THREE[:2], {"attempts": 9}, "now there are 2; the options are not those"),
    ],
)
def test_what_changed_is_said(instances: t.Any, options: t.Any, text: str) -> None:
    approved = plan_digest(THREE, OPTIONS)
    said = plan_changes(approved, instances, options)
    assert said is not None
    assert text in said
    assert said.startswith(f"Refused to rerun anything: the plan is no longer {approved} but {plan_digest(instances, options)}: ")
    assert said.endswith("Nothing was sent. Run check mode again and approve the plan_id it returns.")


@pytest.mark.parametrize("given", ["", "x", "3-ab", "x-ab-cd", "3-ab-cd-ef", "٣-ab-cd", "\x1b[31m-a-b", "9" * 9000])
def test_what_is_no_id_is_refused(given: str) -> None:
    with pytest.raises(OptionError, match=re.escape("Give the plan_id that check mode returned.")) as caught:
        plan_changes(given, THREE, OPTIONS)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


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
