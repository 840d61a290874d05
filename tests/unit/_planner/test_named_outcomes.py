# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of named_outcomes.py: what is reported about a named instance, and whether it is sent or waited for."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner import named_outcomes
from ansible_collections.dataarts.factory.plugins.module_utils._planner.named_outcomes import Asked
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import REJECTING_KINDS, after_error, outcome_of
from ansible_collections.dataarts.factory.plugins.module_utils._planner.quiet_hours import QuietSpan
from tests.unit.building import SETTLE, at, attempt, instance

QUIET = QuietSpan(at(3600), "04:00-05:00 UTC")
LISTED = instance()
RERUN = instance(Status.RUNNING, start=20, end=None)  # LISTED after a rerun
#: Kinds of errors for a request of one instance.
KINDS = [None, *Kind]


def listed(action: Action = Action.RETRY, seen: JobInstance = LISTED, made: Attempt | None = None, due_ms: int | None = None) -> Decision:
    return Decision(seen, action, "by the list", due_ms=due_ms, attempts=1, attempt=made)


def asked_after(kind: Kind | None, before: Asked | None = None) -> Asked:
    """What the task knows about LISTED after a request that ended so."""
    outcome = Outcome.ACCEPTED if kind is None else outcome_of(kind, 1)[0]
    made = attempt(outcome.value, before=LISTED)
    if kind is None:
        return (before or Asked()).after(dataclasses.replace(listed(), attempt=made), None)
    error = ApiError(kind, "no")
    return (before or Asked()).after(after_error(listed(), made, error), error)


def ending(kind: Kind | None) -> str:
    """How a request ended, in the table's words."""
    if kind is None:
        return "accepted"
    if kind is Kind.NOTHING_TO_RERUN:
        return "nothing to rerun"
    if kind in REJECTING_KINDS:
        return "rejected"
    return "lost" if outcome_of(kind, 1)[0] is Outcome.UNKNOWN else "not executed"


#: How a request ended -> what is reported while the list shows the instance unchanged, and once it shows a change.
REPORTED = {
    "accepted": (Action.RETRY, Action.RETRY),
    "nothing to rerun": (Action.SKIPPED, Action.SKIPPED),
    "rejected": (Action.REJECTED, Action.REJECTED),
    "not executed": (Action.SKIPPED, Action.SKIPPED),
    "lost": (Action.UNKNOWN, Action.RETRY),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "accepted" if kind is None else kind.value)
def test_what_is_reported_of_what_was_sent(kind: Kind | None) -> None:
    asked = asked_after(kind)
    seen = [named_outcomes.final(listed(seen=seen), asked, due_now=False, quiet_hours=None, check_mode=False) for seen in (LISTED, RERUN)]
    assert tuple(decision.action for decision in seen) == REPORTED[ending(kind)]
    assert [decision.instance for decision in seen] == [LISTED, RERUN], "as it is listed now"
    assert asked.sends == 1


@pytest.mark.parametrize("outcome", Outcome)
def test_what_another_run_has_taken_over_since_is_reported_as_its_rerun_unless_that_had_no_effect(outcome: Outcome) -> None:
    asked, other = asked_after(Kind.AMBIGUOUS), dataclasses.replace(TAKEN, run_id="run-2", outcome=outcome)
    reported = named_outcomes.final(listed(Action.SKIPPED, RERUN, other), asked, due_now=False, quiet_hours=None, check_mode=False)
    theirs = outcome in (Outcome.ACCEPTED, Outcome.INTENDED, Outcome.UNKNOWN)
    assert asked.own is not None
    assert (reported.action, reported.rerun, reported.attempt) == (Action.RETRY, True, other if theirs else asked.own.attempt)
    assert ("another run has sent it again" in reported.reason) is theirs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "accepted" if kind is None else kind.value)
def test_what_had_no_clear_answer_is_sent_again_as_often_as_it_may_be(kind: Kind | None) -> None:
    once, again = asked_after(kind), ending(kind) in ("not executed", "lost")
    assert [named_outcomes.due(listed(), known, 3) for known in (Asked(), once)] == [True, again]
    assert not named_outcomes.due(listed(), asked_after(kind, asked_after(kind, once)), 3)
    assert not named_outcomes.due(listed(Action.SKIPPED), Asked(), 3)


def test_the_answer_of_the_last_request_counts() -> None:
    twice = asked_after(None, asked_after(Kind.AMBIGUOUS))
    assert (twice.sends, twice.settled, twice.just_lost) == (2, True, False)


LOST, TAKEN = attempt("unknown", before=LISTED), attempt("accepted", before=LISTED)


@pytest.mark.parametrize(
    ("decision", "due_now", "hours", "check_mode", "expected"),
    [
        pytest.param(listed(), True, None, False, (Action.SKIPPED, "not sent", False, "other"), id="not sent"),
        pytest.param(listed(), True, None, True, (Action.RETRY, "by the list", False, None), id="check mode"),
        pytest.param(listed(), True, QUIET, False, (Action.SKIPPED, "not sent: quiet hours", True, "to_rerun"), id="quiet hours"),
        pytest.param(
            listed(), True, QUIET, True, (Action.RETRY, "by the list; quiet hours", True, "to_rerun"), id="quiet hours, check mode"
        ),
        pytest.param(listed(), False, QUIET, False, (Action.SKIPPED, "not sent", False, "other"), id="quiet hours are not the reason"),
        pytest.param(listed(Action.SKIPPED), False, None, False, (Action.SKIPPED, "by the list", False, "other"), id="skipped"),
        pytest.param(listed(Action.SKIPPED, made=LOST), False, None, False, (Action.UNKNOWN, "by the list", False, None), id="lost before"),
        pytest.param(
            listed(Action.SKIPPED, RERUN, LOST), False, None, False, (Action.SKIPPED, "by the list", False, "other"), id="lost, and changed"
        ),
        pytest.param(
            listed(Action.SKIPPED, made=TAKEN), False, None, False, (Action.SKIPPED, "by the list", False, "other"), id="accepted before"
        ),
        pytest.param(listed(Action.BLOCKED), False, None, False, (Action.BLOCKED, "by the list", False, None), id="blocked"),
        pytest.param(
            listed(Action.NOT_RERUNNABLE), False, None, False, (Action.NOT_RERUNNABLE, "by the list", False, None), id="not rerunnable"
        ),
    ],
)
def test_what_is_reported_of_what_was_not_sent(
    decision: Decision, due_now: bool, hours: QuietSpan | None, check_mode: bool, expected: tuple[t.Any, ...]
) -> None:
    reported = named_outcomes.final(decision, Asked(), due_now=due_now, quiet_hours=hours, check_mode=check_mode)
    action, reason, held_back, standing = expected
    assert (reported.action, reported.quiet_hours) == (action, held_back)
    assert reported.reason.startswith(reason)
    assert named_outcomes.standing_of(reported) == standing
    assert not named_outcomes.reran([reported], [Asked()]) or action is Action.RETRY


@pytest.mark.parametrize(
    ("decision", "asked", "expected"),
    [
        pytest.param(listed(), Asked(), None, id="what is due is sent, not waited for"),
        pytest.param(listed(Action.SKIPPED, due_ms=at(60)), Asked(), at(60), id="nothing may be sent yet"),
        pytest.param(listed(Action.SKIPPED), Asked(), None, id="skipped for good"),
        pytest.param(listed(Action.SKIPPED, made=LOST, due_ms=at(60)), Asked(), at(60), id="an earlier one was lost"),
        pytest.param(listed(Action.SKIPPED, made=TAKEN, due_ms=at(60)), Asked(), None, id="an earlier one was accepted"),
        *(
            pytest.param(listed(Action.SKIPPED, made=attempt(word), due_ms=at(60)), Asked(), at(60), id=f"an earlier one was {word}")
            for word in ("intended", "not_executed", "rejected", "conflicted")
        ),
        pytest.param(listed(Action.BLOCKED, due_ms=at(60)), Asked(), None, id="blocked"),
        pytest.param(listed(), asked_after(Kind.AMBIGUOUS), at(10) + SETTLE, id="just lost"),
        pytest.param(
            listed(Action.SKIPPED, made=LOST, due_ms=at(60)),
            dataclasses.replace(asked_after(Kind.AMBIGUOUS), just_lost=False),
            at(60),
            id="lost in an earlier pass",
        ),
        pytest.param(
            listed(Action.SKIPPED, RERUN, LOST, due_ms=at(60)),
            dataclasses.replace(asked_after(Kind.AMBIGUOUS), just_lost=False),
            None,
            id="lost, and taken",
        ),
        pytest.param(listed(Action.SKIPPED, made=LOST, due_ms=at(60)), asked_after(None), None, id="accepted"),
        pytest.param(listed(Action.SKIPPED, made=LOST, due_ms=at(60)), asked_after(Kind.INVALID), None, id="rejected"),
    ],
)
def test_when_it_is_listed_again(decision: Decision, asked: Asked, expected: int | None) -> None:
    assert named_outcomes.due_again(decision, asked, at(10), SETTLE) == expected


def test_a_rerun_that_changed_the_key_is_known_by_the_key_that_was_sent() -> None:
    elsewhere = instance(submit=-5)
    own = {LISTED.key: asked_after(None)}
    assert named_outcomes.asked_of(listed(seen=elsewhere, made=TAKEN), own) == LISTED.key
    assert named_outcomes.asked_of(listed(seen=elsewhere), own) == elsewhere.key
    assert named_outcomes.asked_of(listed(seen=elsewhere, made=TAKEN), {}) == elsewhere.key


def test_what_a_call_fails_for() -> None:
    decisions = [listed(action) for action in Action]
    finals = named_outcomes.failing(decisions)
    assert [[decision.action for decision in group] for group in finals] == [
        [Action.REJECTED],
        [Action.UNKNOWN],
        [Action.BLOCKED, Action.NOT_RERUNNABLE],
    ]


@pytest.mark.parametrize(("kind", "expected"), [(None, True), (Kind.AMBIGUOUS, True), (Kind.INVALID, False), (Kind.THROTTLED, False)])
def test_what_counts_as_a_change(kind: Kind | None, expected: bool) -> None:
    asked = asked_after(kind)
    reported = named_outcomes.final(listed(), asked, due_now=False, quiet_hours=None, check_mode=False)
    assert named_outcomes.reran([reported], [asked]) is expected
