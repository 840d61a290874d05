# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that a v2 request cannot tell apart."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.twins import tell_twins_apart
from tests.unit.building import attempt, instance

#: One letter per instance: its decision.
LETTERS = {
    "r": (Action.RETRY, Status.FAIL),
    "w": (Action.WAIT, Status.RUNNING),
    "t": (Action.SETTLING, Status.FAIL),
    "d": (Action.DONE, Status.SUCCESS),
    "f": (Action.FAILED_AGAIN, Status.FAIL),
    "s": (Action.SKIPPED, Status.FREEZE),
    "b": (Action.BLOCKED, Status.PAUSE),
}


def decisions(letters: str, numbers: str) -> list[Decision]:
    """Decisions about instances; equal numbers are twins."""
    listed = with_twins(
        [
            instance(LETTERS[letter][1], number=int(number), instance_id=str(index))
            for index, (letter, number) in enumerate(zip(letters, numbers))
        ]
    )
    return [
        Decision(seen, LETTERS[letter][0], "own reason", attempts=1, superseded=attempt("unknown") if letter == "r" else None)
        for seen, letter in zip(listed, letters)
    ]


#: Decisions, numbers of the instances, results if one can be rerun by its instance_id, and if not; A: retry, alone.
CASES = [
    ("", "", "", ""),
    ("r", "1", "r", "r"),
    ("rr", "12", "rr", "rr"),  # no twins
    ("rr", "11", "AA", "rr"),
    ("rrr", "111", "AAA", "rrr"),
    ("rd", "11", "Ad", "bd"),
    ("dr", "11", "dA", "db"),
    ("rw", "11", "Aw", "bw"),
    ("rt", "11", "At", "bt"),
    ("rf", "11", "Af", "bf"),
    ("rs", "11", "As", "bs"),
    ("rb", "11", "Ab", "bb"),
    ("rrd", "111", "AAd", "bbd"),
    ("dd", "11", "dd", "dd"),
    ("wf", "11", "wf", "wf"),
    ("rrdr", "1221", "AAdA", "rbdr"),  # two pairs
    ("rrr", "121", "ArA", "rrr"),
]


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize(("letters", "numbers", "with_id", "without"), CASES)
def test_twins_are_rerun_where_a_request_means_them(letters: str, numbers: str, with_id: str, without: str, by_id: bool) -> None:
    before = decisions(letters, numbers)
    after = list(tell_twins_apart(before, by_id=by_id))
    assert [decision.instance for decision in after] == [decision.instance for decision in before]
    words = {action: letter for letter, (action, dummy) in LETTERS.items()}
    assert "".join("A" if decision.alone else words[decision.action] for decision in after) == (with_id if by_id else without)
    for old, new in zip(before, after):
        if new.action is old.action and not new.alone:
            assert new is old
        elif new.action is Action.BLOCKED:
            assert (new.attempts, new.superseded) == (0, None)
        else:
            assert (new.attempts, new.superseded, new.reason) == (old.attempts, old.superseded, old.reason)


def test_a_twin_that_is_left_alone_says_why_and_what_to_do() -> None:
    (blocked, _other) = tell_twins_apart(decisions("rd", "11"), by_id=False)
    assert blocked.reason == (
        "own reason; another instance of the job has the same plan_time and submit_time (success), and a v2 request cannot tell them apart; "
        "set api_version to v1 or rerun it in the console"
    )


def test_a_twin_whose_other_is_not_selected_is_not_sent_by_a_key_that_means_both() -> None:
    (selected, _other) = decisions("rr", "11")
    assert [decision.by_id for decision in tell_twins_apart([selected], by_id=True)] == [True]
    (left,) = tell_twins_apart([selected], by_id=False)
    assert (left.action, left.attempts) == (Action.BLOCKED, 0)
    assert "(not selected)" in left.reason


def test_a_twin_s_others_are_named_by_their_statuses_each_once() -> None:
    reason = next(iter(tell_twins_apart(decisions("rwdw", "1111"), by_id=False))).reason
    assert "(running, success)" in reason


@pytest.mark.parametrize("by_id", [True, False])
def test_twins_without_a_retry_are_none_of_its_business(by_id: t.Any) -> None:
    before = decisions("wdft", "1111")
    assert all(new is old for old, new in zip(before, tell_twins_apart(before, by_id=by_id)))
