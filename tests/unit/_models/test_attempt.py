# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts, the failures they answer, and who caused a rerun. Comparison with a failure is tested in test_reconcile."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Comparison, Failure, Outcome, Slot, compare
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import CLOCK_TOLERANCE_MS, Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from tests.unit.building import at, attempt, instance, key


def test_a_failure_is_the_instance_as_it_was_listed() -> None:
    seen = instance(instance_id="7", number=3, submit=-5)
    failure = Failure.of(seen)
    assert failure == Failure(seen.key.workspace_id, "868641", seen.key.plan_time, at(-5), "7", "fail", at(-3600), at(-3000))
    assert failure.key == seen.key
    assert Failure.of(seen.as_twin()) == failure, "the instance_id tells twins apart"
    assert failure.slot == Slot.of(seen) == Slot(seen.key.workspace_id, "868641", seen.key.plan_time)


@pytest.mark.parametrize(
    ("change", "same_failure"),
    [
        ({}, True),
        ({"job_name": "renamed", "status_text": "FAIL", "error_message": "x", "version": 2}, True),
        ({"status": Status.RUNNING}, False),
        ({"start_time": at(5)}, False),
        ({"end_time": None}, False),
        ({"instance_id": "8"}, False),
        ({"key": key()._replace(submit_time=at(5))}, False),
        ({"key": key()._replace(plan_time=at(5))}, False),
    ],
)
def test_whatever_a_rerun_changes_makes_it_another_failure(change: dict[str, t.Any], same_failure: bool) -> None:
    seen = instance()
    assert (Failure.of(dataclasses.replace(seen, **change)) == Failure.of(seen)) is same_failure


@pytest.mark.parametrize("change", [{"status": Status.RUNNING}, {"key": key()._replace(submit_time=at(5))}, {"instance_id": "8"}])
def test_a_rerun_never_changes_the_slot(change: dict[str, t.Any]) -> None:
    assert Slot.of(dataclasses.replace(instance(), **change)) == Slot.of(instance())


@pytest.mark.parametrize(("claimed", "last", "settled"), [(5, 5, 65), (5, 50, 110), (50, 5, 110)])
def test_settling_counts_from_the_latest_time_at_which_the_request_may_have_been_in_flight(
    claimed: float, last: float, settled: float
) -> None:
    assert attempt("unknown", claimed, last=last).settle_window_end(60_000) == at(settled)


def test_the_words_of_outcomes_are_what_the_journal_and_results_hold() -> None:
    assert [outcome.value for outcome in Outcome] == [
        *("intended", "accepted", "rejected", "unknown", "not_executed", "conflicted", "moved_on")
    ]
    assert all(Outcome(outcome.value) is outcome for outcome in Outcome)


def test_a_changed_submit_time_or_instance_id_alone_proves_nothing() -> None:
    """Only status and times are compared."""
    followed: JobInstance = instance(submit=9, instance_id="8")
    assert compare(followed, attempt(before=instance(instance_id="7"))) is Comparison.UNCHANGED


#: Outcome, again, status now, start and end; whether a run with this since caused the rerun. The attempt was at 60 s.
RERUNS = [
    ("accepted", False, Status.FAIL, (-3600, -3000), True),
    ("accepted", False, Status.SUCCESS, (20, 30), True),
    ("unknown", False, Status.FAIL, (-3600, -3000), False),
    ("unknown", False, Status.RUNNING, (61, None), True),
    ("unknown", False, Status.RUNNING, (60 - CLOCK_TOLERANCE_MS / 1000, None), True),
    ("unknown", False, Status.RUNNING, (60 - CLOCK_TOLERANCE_MS / 1000 - 0.001, None), None),
    ("unknown", True, Status.RUNNING, (20, None), True),
    ("unknown", None, Status.FAIL, (-3600, -3000), None),  # who caused the run before is unknown
    ("unknown", None, Status.RUNNING, (61, None), True),
    ("intended", False, Status.RUNNING, (61, None), True),
    ("intended", False, Status.WAITING, (None, None), True),
    ("rejected", False, Status.RUNNING, (61, None), False),
    ("rejected", None, Status.RUNNING, (61, None), None),
    ("rejected", True, Status.FAIL, (-3600, -3000), True),
    ("not_executed", False, Status.RUNNING, (61, None), False),
    ("conflicted", False, Status.SUCCESS, (61, 70), False),
]


@pytest.mark.parametrize(("outcome", "again", "status", "run", "rerun"), RERUNS)
def test_whether_a_rerun_of_this_since_stands_behind_an_instance(
    outcome: str, again: t.Any, status: Status, run: t.Any, rerun: t.Any
) -> None:
    decision = Decision(instance(status, *run), Action.WAIT, "because", attempt=attempt(outcome, 60, again=again))
    assert decision.rerun is rerun


def test_without_an_attempt_there_is_no_rerun() -> None:
    assert Decision(instance(Status.SUCCESS, 20, 30), Action.DONE, "because").rerun is False


#: Changes to a decision to wait; delayed, unshown, in progress.
WAITS = [
    ({}, (False, False, False)),
    ({"due_ms": at(9)}, (True, False, False)),
    ({"due_ms": at(9), "queued": 1}, (False, False, False)),
    ({"attempt": attempt()}, (False, True, True)),
    ({"attempt": attempt(), "queued": 1}, (False, False, True)),
    ({"attempt": attempt(), "due_ms": at(9)}, (True, False, True)),
    ({"attempt": attempt("unknown")}, (False, False, False)),
    ({"attempt": attempt(), "instance": instance(Status.RUNNING)}, (False, False, True)),
    ({"instance": instance(Status.WAITING)}, (False, False, True)),
    ({"action": Action.SETTLING, "attempts": 1}, (False, False, True)),
    ({"action": Action.SETTLING}, (False, False, True)),  # claimed by another run
    ({"action": Action.SETTLING, "due_ms": at(9)}, (False, False, False)),  # held back
    ({"action": Action.RETRY, "attempt": attempt()}, (False, False, True)),
    ({"action": Action.RETRY}, (False, False, False)),
    ({"action": Action.DONE, "attempt": attempt()}, (False, False, False)),
]


@pytest.mark.parametrize(("changes", "expected"), WAITS)
def test_how_an_instance_waits(changes: dict[str, t.Any], expected: t.Any) -> None:
    decision = dataclasses.replace(Decision(instance(), Action.WAIT, "because"), **changes)
    assert (decision.delayed, decision.unshown, decision.in_progress) == expected
