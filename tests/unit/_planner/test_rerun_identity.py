# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rerun identity: what proves that an instance was rerun, and what the rerun kept."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.evidence import Entry
from ansible_collections.dataarts.factory.plugins.module_utils._planner.rerun_identity import after_rerun

DAY = 86_400_000
FIRST = 1_795_402_800_000
SUBMITTED = FIRST - 200 * DAY


def instance(day: float, number: int, **changes: t.Any) -> Entry:
    """The instance planned on *day*, started on time."""
    plan = int(FIRST + day * DAY)
    values: dict[str, t.Any] = {
        "job_name": "daily_sales",
        "job_id": "7",
        "instance_id": str(number),
        "status": "success",
        "plan_time": plan,
        "submit_time": SUBMITTED,
        "start_time": plan + 1000,
        "instance_type": 0,
    }
    return Entry(**{**values, **changes})


def rerun(number: int, **changes: t.Any) -> Entry:
    """The instance of day 2, rerun and submitted again on day 4."""
    moment = int(FIRST + 4.5 * DAY)
    return instance(2, number, **{"submit_time": moment, "start_time": moment + 1000, **changes})


SIBLINGS = [instance(day, 100 + day) for day in (0, 1, 3, 4)]
LATER = instance(5, 106)
CASES: dict[str, tuple[list[Entry], str | None, str | None]] = {
    "a rerun that kept its id": ([*SIBLINGS, LATER, rerun(102)], "new", "same"),
    "a rerun with another id": ([*SIBLINGS, LATER, rerun(105)], "new", "new"),
    "an id that stands nowhere": ([*SIBLINGS, LATER, rerun(99)], "new", None),
    "an id behind one that was made after the rerun": ([*SIBLINGS, LATER, rerun(107)], "new", None),
    "ids in no order": ([*SIBLINGS[:3], instance(4, 90), LATER, rerun(102)], "new", None),
    "nothing planned after it: the job may have been submitted anew": ([*SIBLINGS, rerun(102)], None, None),
    "nothing of its own": ([*SIBLINGS, LATER, instance(2, 102, start_time=FIRST + 5 * DAY)], None, None),
    "a late start proves nothing": ([*SIBLINGS, LATER, instance(2, 107, start_time=FIRST + 5 * DAY)], None, None),
    "a submit time before its plan time": ([*SIBLINGS, LATER, rerun(102, submit_time=FIRST)], None, None),
    "not started since": ([*SIBLINGS, LATER, rerun(102, start_time=FIRST + 2 * DAY)], None, None),
    "not started": ([*SIBLINGS, LATER, rerun(102, start_time=None)], None, None),
    "PatchData": ([*SIBLINGS, LATER, rerun(102, instance_type=5)], None, None),
    "a type that is not listed": ([*SIBLINGS, LATER, rerun(102, instance_type=None)], None, None),
    "two that are alone: another submission": ([*SIBLINGS, LATER, rerun(102), instance(4.4, 105, submit_time=FIRST + 4 * DAY)], None, None),
    "too few siblings": ([SIBLINGS[0], LATER, rerun(102)], None, None),
    "siblings of less than a day": ([instance(4.3, 1), instance(4.4, 2), instance(4.6, 3), rerun(0, plan_time=int(FIRST + 4.2 * DAY))], None, None),
    "another job of the same name": ([*SIBLINGS, LATER, rerun(102, job_id="8")], None, None),
    "ids that are not numbers": ([*SIBLINGS, LATER, rerun(102, instance_id="x")], None, None),
    "nothing": ([], None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_siblings_prove(name: str) -> None:
    entries, submit_time, instance_id = CASES[name]
    read = [after_rerun(attribute, [entries]) for attribute in ("submit_time", "instance_id")]
    assert [None if setting is None else setting[0] for setting in read] == [submit_time, instance_id]
    assert all("daily_sales" in setting[1] for setting in read if setting is not None)


def test_lists_that_disagree_prove_nothing() -> None:
    lists = [[*SIBLINGS, LATER, rerun(102)], [*SIBLINGS, LATER, rerun(105)]]
    assert after_rerun("instance_id", lists) is None
    assert (after_rerun("submit_time", lists) or ("",))[0] == "new"
