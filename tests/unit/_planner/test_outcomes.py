# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end of a request means, where an instance stands, what missed the goal, and whether anything is left to do."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import (
    MISSED_WORDS,
    after_error,
    claimed_elsewhere,
    due_in,
    is_broken,
    left_to_do,
    missed,
    outcome_of,
    standing,
    unsent,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import FAIL, at, attempt, instance, policy


def decision(action: Action, status: Status = Status.FAIL, **changes: t.Any) -> Decision:
    return Decision(instance(status, instance_type=InstanceType.NORMAL), action, "because", **changes)


#: Kind of error, outcome for a request of one instance, of several, and whether the latter is a conflict.
OUTCOMES = [
    (Kind.NOT_FOUND, "rejected", "unknown", False),
    (Kind.NOTHING_TO_RERUN, "rejected", "unknown", False),
    (Kind.NOT_RERUNNABLE, "rejected", "unknown", False),
    (Kind.INVALID, "rejected", "unknown", False),
    (Kind.ALREADY_RUNNING, "conflicted", "unknown", True),
    (Kind.AMBIGUOUS, "unknown", "unknown", False),
    (Kind.NO_PERMISSION, "not_executed", "not_executed", False),
    (Kind.CREDENTIALS, "not_executed", "not_executed", False),
    (Kind.CLOCK, "not_executed", "not_executed", False),
    (Kind.THROTTLED, "not_executed", "not_executed", False),
    (Kind.NOT_PUBLISHED, "not_executed", "not_executed", False),
    (Kind.UNREACHABLE, "not_executed", "not_executed", False),
    (Kind.TLS, "not_executed", "not_executed", False),
    (Kind.REDIRECT, "not_executed", "not_executed", False),
    (Kind.STALE, "not_executed", "not_executed", False),
    (Kind.MOVED_ON, "not_executed", "not_executed", False),
    (Kind.BAD_ANSWER, "not_executed", "not_executed", False),
    (Kind.SERVER, "not_executed", "not_executed", False),
]


@pytest.mark.parametrize(("kind", "alone", "together", "conflict"), OUTCOMES)
def test_the_outcome_of_a_request_that_ended_in_an_error(kind: Kind, alone: str, together: str, conflict: bool) -> None:
    assert outcome_of(kind, 1) == (Outcome(alone), False)
    assert outcome_of(kind, 2) == outcome_of(kind, 100) == (Outcome(together), conflict)


def test_the_table_above_has_every_kind_of_error() -> None:
    assert [kind for kind, *_row in OUTCOMES] != []
    assert {kind for kind, *_row in OUTCOMES} == set(Kind)


#: Outcome, instances of the request, kind of error; action, attempts, what the reason says.
AFTER = [
    ("rejected", 1, Kind.INVALID, "rejected", 2, "the service rejected it: DLF.0111 not allowed (request id r-9)"),
    ("not_executed", 3, Kind.THROTTLED, "wait", 1, "not sent: DLF.0111 not allowed"),
    ("conflicted", 1, Kind.ALREADY_RUNNING, "settling", 2, "the service says that it is already running (DLF.0111 not allowed"),
    ("unknown", 3, Kind.ALREADY_RUNNING, "settling", 2, "the service rejected a request of 3 instances (DLF.0111 not allowed"),
    ("unknown", 3, Kind.INVALID, "settling", 2, "each is sent alone once it is provably unchanged"),
    ("unknown", 1, Kind.AMBIGUOUS, "settling", 2, "whether the rerun took effect is unknown (DLF.0111 not allowed"),
]


@pytest.mark.parametrize(("outcome", "batch", "kind", "action", "attempts", "reason"), AFTER)
def test_what_has_become_of_an_instance_whose_request_failed(
    outcome: str, batch: int, kind: Kind, action: str, attempts: int, reason: str
) -> None:
    record = attempt(outcome, number=2, batch=batch)
    error = ApiError(kind, "not allowed", code="DLF.0111", request_id="r-9")
    before = decision(Action.RETRY, attempts=2, due_ms=at(7), superseded=attempt("unknown"))
    after = after_error(before, record, error)
    assert (after.action, after.attempts, after.request_id) == (Action(action), attempts, "r-9")
    assert reason in after.reason
    assert (after.attempt, after.superseded, after.due_ms) == (record, None, None)


def test_what_another_run_claimed_first_is_followed_and_does_not_count_as_an_attempt() -> None:
    after = claimed_elsewhere(decision(Action.RETRY, attempts=1, due_ms=at(7), superseded=attempt("unknown")))
    assert (after.action, after.attempts, after.superseded, after.due_ms) == (Action.SETTLING, 0, None, None)
    assert left_to_do(after, wait=True)
    assert left_to_do(after, wait=False)


#: Decision, whether anything is left to do with waiting, and without.
LEFT = [
    *((decision(action), False, False) for action in Action if not action.open),
    (decision(Action.RETRY), True, True),
    (decision(Action.WAIT, Status.RUNNING), True, False),
    (decision(Action.WAIT, Status.WAITING, attempt=attempt()), True, False),
    (decision(Action.WAIT), True, True),  # not sent yet
    (decision(Action.WAIT, attempt=attempt()), True, False),  # accepted and not shown
    (decision(Action.WAIT, attempt=attempt(), queued=1), True, True),  # another attempt, queued
    (decision(Action.SETTLING, attempt=attempt()), True, False),
    (decision(Action.SETTLING, attempt=attempt("unknown")), True, True),
    (decision(Action.SETTLING), True, True),  # held off
]


@pytest.mark.parametrize(("made", "waiting", "not_waiting"), LEFT)
def test_whether_a_further_pass_has_anything_to_do(made: Decision, waiting: bool, not_waiting: bool) -> None:
    assert (left_to_do(made, wait=True), left_to_do(made, wait=False)) == (waiting, not_waiting)


#: Decision, check mode, whether the pass only plans; action, attempts, start of the reason.
UNSENT = [
    (decision(Action.RETRY, attempts=1), False, False, "wait", 0, "not sent yet: because"),
    (decision(Action.RETRY, attempts=3), False, False, "wait", 2, "not sent yet: because"),
    (decision(Action.RETRY, attempts=1), False, True, "retry", 0, "because"),
    (decision(Action.RETRY, attempts=2), True, False, "retry", 1, "because"),
    (decision(Action.WAIT, queued=1), False, False, "wait", 0, "because"),
    (decision(Action.WAIT, queued=1), False, True, "wait", 0, "because"),
    (decision(Action.WAIT, queued=1), True, False, "retry", 0, "because"),
    (decision(Action.WAIT, queued=2), True, False, "retry", 0, "because"),
    (decision(Action.WAIT, due_ms=at(9), attempts=1), True, False, "retry", 1, "because"),  # delayed
    (decision(Action.WAIT, due_ms=at(9), attempts=1), False, False, "wait", 1, "because"),
    (decision(Action.WAIT, Status.RUNNING), True, False, "wait", 0, "because"),
    (decision(Action.DONE, Status.SUCCESS), True, False, "done", 0, "because"),
]


@pytest.mark.parametrize(("made", "check_mode", "plan_only", "action", "attempts", "reason"), UNSENT)
def test_a_decision_of_which_nothing_was_sent(
    made: Decision, check_mode: bool, plan_only: bool, action: str, attempts: int, reason: str
) -> None:
    after = unsent(made, check_mode=check_mode, plan_only=plan_only)
    assert (after.action, after.attempts) == (Action(action), attempts)
    assert after.reason == reason


#: Decision, standing, standing in check mode.
STANDINGS = [
    (decision(Action.RETRY, attempts=1), "to_rerun", "to_rerun"),
    (
        decision(Action.RETRY, attempt=attempt(), attempts=1),
        "waiting",
        "to_rerun",
    ),  # it was just sent; in check mode another attempt is due
    (decision(Action.RETRY, attempt=attempt("unknown"), attempts=1), "to_rerun", "to_rerun"),
    (decision(Action.WAIT), "to_rerun", "to_rerun"),  # not sent yet
    (decision(Action.WAIT, queued=1), "to_rerun", "to_rerun"),
    (decision(Action.WAIT, queued=2), "to_rerun", "to_rerun"),
    (decision(Action.WAIT, Status.RUNNING), "running", "running"),
    (decision(Action.WAIT, Status.RUNNING, attempt=attempt()), "running", "running"),
    (decision(Action.WAIT, Status.WAITING), "waiting", "waiting"),
    (decision(Action.WAIT, attempt=attempt(), attempts=1), "waiting", "waiting"),  # accepted and not shown
    (decision(Action.WAIT, Status.UNKNOWN, attempt=attempt(), attempts=1), "waiting", "waiting"),  # an undocumented status after a rerun
    (
        decision(Action.WAIT, attempt=attempt(), attempts=1, due_ms=at(9)),
        "waiting",
        "waiting",
    ),  # failed again, the next attempt is due later
    (decision(Action.SETTLING, due_ms=at(25)), "to_rerun", "to_rerun"),  # held off: without an attempt nothing is in progress
    (decision(Action.SETTLING), "waiting", "waiting"),  # claimed by another run
    (decision(Action.SETTLING, attempt=attempt("unknown"), attempts=1), "waiting", "waiting"),
    (decision(Action.SETTLING, attempt=attempt(), attempts=1), "waiting", "waiting"),
    (decision(Action.DONE, Status.SUCCESS), "already_done", "already_done"),
    (decision(Action.DONE, Status.SUCCESS, attempt=attempt("not_executed"), attempts=0), "already_done", "already_done"),
    (decide(instance(Status.SUCCESS), policy(), at(40), None), "already_done", "already_done"),
    (decide(instance(Status.SUCCESS, 10, 20), policy(), at(40), None), "already_done", "already_done"),
    (decide(instance(Status.SUCCESS, 10, 20), policy(), at(40), attempt()), "succeeded", "succeeded"),
    (decide(instance(Status.SUCCESS, 10, 20), policy(), at(40), attempt("unknown")), "succeeded", "succeeded"),
    (
        decide(instance(Status.SUCCESS, -60, 20), policy(), at(40), attempt("unknown")),
        "succeeded",
        "succeeded",
    ),  # it is unknown whose it is
    (decide(instance(Status.SUCCESS, 10, 20), policy(), at(40), attempt("rejected")), "succeeded", "succeeded"),  # it had failed
    (decide(instance(Status.SUCCESS, 10, 20), policy(), at(40), attempt("conflicted")), "succeeded", "succeeded"),
    (decision(Action.SKIPPED, Status.FREEZE), "other", "other"),
    (decision(Action.SKIPPED), "skipped", "skipped"),  # behind one that failed again
    (decision(Action.BLOCKED, Status.PAUSE), "blocked", "blocked"),
    (decision(Action.FAILED_AGAIN), "failed_again", "failed_again"),
    (decision(Action.STOP, Status.RUNNING), "running", "running"),
    (decision(Action.STOP, Status.RUNNING, then_rerun=True), "running", "to_rerun"),
    (decision(Action.STOP, Status.RUNNING_EXCEPTION, then_rerun=True), "to_rerun", "to_rerun"),
    (decision(Action.STOPPED, Status.MANUAL_STOP), "stopped", "stopped"),
    (decision(Action.NOT_RERUNNABLE, Status.RUNNING_EXCEPTION), "not_rerunnable", "not_rerunnable"),
    (decision(Action.REJECTED), "rejected", "rejected"),
    (decision(Action.UNKNOWN), "unknown", "unknown"),
]


@pytest.mark.parametrize(("made", "word", "in_check_mode"), STANDINGS)
def test_where_an_instance_stands(made: Decision, word: str, in_check_mode: str) -> None:
    assert standing(made, FAIL) == word
    assert standing(made, FAIL, check_mode=True) == in_check_mode


def test_the_table_above_has_every_action_and_every_word() -> None:
    assert {made.action for made, *_row in STANDINGS} == set(Action)
    words = {"to_rerun", "running", "waiting", "succeeded", "already_done", "other", *(action.value for action in MISSED_WORDS)}
    assert {word for _made, word, _check in STANDINGS} == words


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", [Status.FAIL, Status.FREEZE])
def test_what_missed_the_goal_counts_where_it_was_wanted(action: Action, status: Status) -> None:
    if_wanted = action in (Action.NOT_RERUNNABLE, Action.SKIPPED)
    assert is_broken(decision(action, status), FAIL) is (action in MISSED_WORDS and (status is Status.FAIL or not if_wanted))


def test_what_missed_the_goal_is_counted_in_words() -> None:
    decisions = [
        decision(Action.FAILED_AGAIN),
        decision(Action.FAILED_AGAIN),
        decision(Action.UNKNOWN),
        decision(Action.REJECTED),
        decision(Action.BLOCKED, Status.PAUSE),
        decision(Action.NOT_RERUNNABLE, Status.RUNNING_EXCEPTION),
        decision(Action.NOT_RERUNNABLE, Status.FAIL),
        decision(Action.DONE, Status.SUCCESS),
        decision(Action.SKIPPED, Status.FREEZE),
    ]
    text = missed(decisions, {Status.FAIL})
    assert text == "2 failed again, 1 rejected by the service, 1 not rerunnable, 1 waiting for a person, 1 of unknown outcome"
    assert missed(decisions[-2:], {Status.FAIL}) == ""
    assert missed([decision(Action.SKIPPED)], FAIL) == "1 skipped downstream of one that did not succeed"


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], None),
        ([decision(Action.DONE)], None),
        ([decision(Action.WAIT, Status.RUNNING)], 10.0),
        ([decision(Action.SETTLING, due_ms=at(25))], 25.0),
        ([decision(Action.SETTLING, due_ms=at(-5))], 0.0),
        ([decision(Action.SETTLING, due_ms=at(25)), decision(Action.WAIT, Status.RUNNING)], 10.0),
        ([decision(Action.WAIT, due_ms=at(25), attempt=attempt())], 25.0),  # the next attempt is due then
        ([decision(Action.SETTLING, due_ms=at(25), attempt=attempt("unknown"))], 10.0),
        ([decision(Action.SETTLING, due_ms=at(2.04), attempt=attempt("unknown"))], 2.1),
    ],
)
def test_when_another_pass_makes_sense(decisions: list[Decision], expected: float | None) -> None:
    assert due_in(decisions, at(0), 10.0) == expected


def test_a_decision_is_never_changed_in_place() -> None:
    made = decision(Action.RETRY, attempts=1)
    copy = dataclasses.replace(made)
    unsent(made, check_mode=False, plan_only=False)
    claimed_elsewhere(made)
    assert made == copy
