# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData of a job that may have been started but was not listed."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window, to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, AttemptKind, Failure, Outcome, Slot
from ansible_collections.dataarts.factory.plugins.module_utils._planner.patch_data import ACCEPTED_MS, ListedRuns, made_before, unseen

NOW, SETTLE = 1_795_985_999_000, 60_000
OURS = Slot("w", "patch_data:ours", 0)


def attempt(name: str = "theirs", age: int = 1000, **changes: t.Any) -> Attempt:
    failure = Failure("w", f"patch_data:{name}", 0, NOW, None, "", None, None)
    own = {"kind": AttemptKind.PATCH_DATA, "outcome": Outcome.ACCEPTED, "flight_ms": 5000, "job_name": "sales", **changes}
    return Attempt(failure, run_id="r", since=0, number=1, batch=1, sent_ms=NOW - age, last_ms=NOW - age, journal_ms=0, **own)


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (attempt(), "theirs"),
        (attempt(age=-1000), "theirs"),  # after the list
        (attempt(outcome=Outcome.INTENDED), "theirs"),
        (attempt(outcome=Outcome.UNKNOWN), "theirs"),
        (attempt(age=ACCEPTED_MS), ""),  # accepted long ago, and still not listed
        (replace(attempt(age=ACCEPTED_MS), last_ms=NOW - 1000), "theirs"),  # a moment ago by the slower of two clocks
        (attempt(outcome=Outcome.UNKNOWN, age=SETTLE), ""),
        (attempt(outcome=Outcome.REJECTED), ""),
        (attempt(outcome=Outcome.NOT_EXECUTED), ""),
        (attempt("listed"), ""),
        (attempt("ours"), ""),
        (attempt(job_name="stock"), ""),
        (attempt(kind=AttemptKind.STOP), ""),
    ],
)
def test_another_of_the_job_that_was_not_listed_is_in_the_way(made: Attempt, name: str) -> None:
    seen = ListedRuns({OURS.workspace_id: frozenset({"listed"})}, NOW)
    assert unseen((OURS.workspace_id, "sales"), OURS, [(made, None)], seen, SETTLE) == name


@pytest.mark.parametrize(("workspace_id", "name"), [(OURS.workspace_id, "theirs"), ("other", "")])
def test_another_may_include_the_job(workspace_id: str, name: str) -> None:
    content = {"depend_jobs": [{"job_name": "sales", "workspace_id": workspace_id}]}
    seen = ListedRuns({OURS.workspace_id: frozenset()}, NOW)
    assert unseen((OURS.workspace_id, "sales"), OURS, [(attempt(job_name="stock"), content)], seen, SETTLE) == name


DATES = json.dumps({"start_date": to_iso(NOW - 5000), "end_date": to_iso(NOW - 3000)})


@pytest.mark.parametrize(
    ("made", "content", "known"),
    [
        (attempt("repair_1"), DATES, True),
        (attempt("repair_1", outcome=Outcome.UNKNOWN), DATES, True),
        (attempt("repair_1", outcome=Outcome.REJECTED), DATES, False),
        (attempt("repair_1", outcome=Outcome.NOT_EXECUTED), DATES, False),
        (attempt("repair_1", kind=AttemptKind.PATCH_DATA_STOP), DATES, False),
        (attempt("by_hand"), DATES, False),
        (attempt("repair_1"), "", False),
        (attempt("repair_1"), "[]", False),
        (attempt("repair_1"), '{"start_date": "soon", "end_date": "later"}', False),
        (attempt("repair_1"), json.dumps({"start_date": to_iso(NOW - 90_000), "end_date": to_iso(NOW - 80_000)}), False),
    ],
)
def test_what_an_earlier_repair_began_to_make(made: Attempt, content: str, known: bool) -> None:
    gap = made_before(made, content, "repair_", Window(NOW - 4000, NOW))
    assert (gap is not None) is known
    if gap is not None:
        assert (gap["name"], gap["job_name"], gap["start_date"], gap["end_date"]) == ("repair_1", "sales", str(NOW - 5000), str(NOW - 3000))
