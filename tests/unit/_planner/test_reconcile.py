# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the decision table, and every transition between rows."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Comparison, Failure, Outcome, compare
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.explicit import Related, decide_related, decide_requested
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Policy, decide, decide_missing, had_not_ended
from tests.unit.building import FAIL, SETTLE, SINCE, WORKSPACE, at, attempt, instance, intent, key, policy

OLD, NEW = (-3600, -3000), (20, 30)  # start and end in seconds of a run before since and of one after it
NEVER = (None, None)
UNTIL = "2026-11-23T03:01:05Z"  # sent at 5 s, settled 60 s later

# status, last run, action, what the reason says; nothing sent, statuses: fail
UNSENT = [
    (Status.FAIL, OLD, "retry", "fail, last started 2026-11-23T02:00:00Z, before 2026-11-23T03:00:00Z"),
    (Status.FAIL, NEVER, "retry", "fail, no start recorded"),
    (Status.FAIL, NEW, "failed_again", "fail, last started 2026-11-23T03:00:20Z, after 1 of 1 attempts"),
    (Status.WAITING, OLD, "wait", "in progress: waiting"),
    (Status.WAITING, NEVER, "wait", "in progress: waiting, no start recorded"),
    (Status.WAITING, NEW, "wait", "in progress"),
    (Status.RUNNING, OLD, "wait", "in progress: running, last started 2026-11-23T02:00:00Z"),
    (Status.RUNNING, NEW, "wait", "in progress: running, last started 2026-11-23T03:00:20Z"),
    (Status.PAUSE, OLD, "blocked", "status pause: needs someone to continue it"),
    (Status.PAUSE, NEW, "blocked", "status pause"),
    (Status.WAITING_CONFIRM, OLD, "blocked", "status waiting-confirm: needs someone to confirm it (Execute) in the console"),
    (Status.WAITING_CONFIRM, NEW, "blocked", "waiting-confirm"),
    (Status.RUNNING_EXCEPTION, OLD, "not_rerunnable", "handled by Manual retry or Continue"),
    (Status.RUNNING_EXCEPTION, NEW, "not_rerunnable", "handled by Manual retry or Continue"),
    (Status.SUCCESS, OLD, "done", "nothing to do: success, last started 2026-11-23T02:00:00Z, before 2026-11-23T03:00:00Z"),
    (Status.SUCCESS, NEVER, "done", "nothing to do: success, no start recorded"),
    (Status.SUCCESS, NEW, "done", "succeeded after 2026-11-23T03:00:00Z: success, last started 2026-11-23T03:00:20Z"),
    (Status.FORCE_SUCCESS, OLD, "done", "nothing to do: forceSuccess"),
    (Status.FORCE_SUCCESS, NEW, "done", "succeeded after"),
    (Status.IGNORE_SUCCESS, OLD, "done", "nothing to do: ignoreSuccess"),
    (Status.IGNORE_SUCCESS, NEW, "done", "succeeded after"),
    (Status.MANUAL_STOP, OLD, "skipped", "status manual-stop is not in statuses"),
    (Status.MANUAL_STOP, NEW, "skipped", "status manual-stop is not in statuses"),
    (Status.SKIP_BY_DEPEND, OLD, "skipped", "status skip-by-depend is not in statuses"),
    (Status.SKIP_BY_DEPEND, NEW, "skipped", "status skip-by-depend is not in statuses"),
    (Status.FREEZE, OLD, "skipped", "status freeze is not in statuses"),
    (Status.FREEZE, NEW, "skipped", "status freeze is not in statuses"),
    (Status.UNKNOWN, OLD, "skipped", "status 'unknown' is not in statuses"),
    (Status.UNKNOWN, NEW, "skipped", "status 'unknown' is not in statuses"),
]


@pytest.mark.parametrize(("status", "run", "action", "reason"), UNSENT)
def test_an_instance_for_which_nothing_was_sent(status: t.Any, run: t.Any, action: t.Any, reason: t.Any) -> None:
    decision = decide(instance(status, *run), policy(), at(40), None)
    assert decision.action is Action(action)
    assert reason in decision.reason
    assert decision.attempts == (1 if action in ("retry", "failed_again") else 0)
    assert decision.already_done is (status is Status.SUCCESS and run is OLD)
    assert not decision.rerun
    assert (decision.due_ms, decision.request_id, decision.attempt, decision.alone) == (None, None, None, False)


def test_the_table_above_has_every_status_before_and_after_since() -> None:
    assert {(status, run is NEW) for status, run, action, reason in UNSENT} == {(status, new) for status in Status for new in (False, True)}


@pytest.mark.parametrize(("start", "action"), [(-0.001, "retry"), (0, "failed_again"), (0.001, "failed_again")])
def test_a_start_at_since_is_one_after_it(start: t.Any, action: t.Any) -> None:
    assert decide(instance(Status.FAIL, start, 10), policy(), at(40), None).action is Action(action)


# statuses of the policy, status now, last run, action
ASKED_FOR = [
    ({Status.MANUAL_STOP}, Status.MANUAL_STOP, OLD, "retry"),
    ({Status.MANUAL_STOP}, Status.MANUAL_STOP, NEW, "failed_again"),
    ({Status.MANUAL_STOP}, Status.FAIL, OLD, "skipped"),
    ({Status.MANUAL_STOP}, Status.FAIL, NEW, "skipped"),
    ({Status.SUCCESS}, Status.SUCCESS, OLD, "retry"),
    ({Status.SUCCESS}, Status.SUCCESS, NEW, "done"),
    ({Status.FORCE_SUCCESS}, Status.FORCE_SUCCESS, OLD, "retry"),
    ({Status.FORCE_SUCCESS}, Status.SUCCESS, OLD, "done"),
    ({Status.FREEZE}, Status.FREEZE, OLD, "retry"),
    ({Status.SKIP_BY_DEPEND}, Status.SKIP_BY_DEPEND, NEVER, "retry"),
    (set(Status), Status.RUNNING, OLD, "wait"),
    (set(Status), Status.WAITING, OLD, "wait"),
    (set(Status), Status.PAUSE, OLD, "blocked"),
    (set(Status), Status.WAITING_CONFIRM, OLD, "blocked"),
    (set(Status), Status.RUNNING_EXCEPTION, OLD, "not_rerunnable"),
    (set(), Status.FAIL, OLD, "skipped"),
]


@pytest.mark.parametrize(("statuses", "status", "run", "action"), ASKED_FOR)
def test_the_statuses_asked_for(statuses: t.Any, status: t.Any, run: t.Any, action: t.Any) -> None:
    assert decide(instance(status, *run), policy(statuses=frozenset(statuses)), at(40), None).action is Action(action)


@pytest.mark.parametrize(
    ("status", "run", "action"),
    [(Status.FAIL, OLD, "not_rerunnable"), (Status.RUNNING, OLD, "wait"), (Status.SUCCESS, NEW, "done"), (Status.FREEZE, OLD, "skipped")],
)
def test_a_manually_scheduled_instance_is_not_rerunnable_where_it_would_be_retried(status: t.Any, run: t.Any, action: t.Any) -> None:
    decision = decide(instance(status, *run, instance_type=InstanceType.MANUAL), policy(), at(40), None)
    assert decision.action is Action(action)
    assert ("manually scheduled jobs cannot be rerun" in decision.reason) is (action == "not_rerunnable")


@pytest.mark.parametrize("instance_type", [None, *(kind for kind in InstanceType if kind is not InstanceType.MANUAL)])
def test_every_other_type_is_rerunnable(instance_type: t.Any) -> None:
    assert decide(instance(instance_type=instance_type), policy(), at(40), None).action is Action.RETRY


# outcome, instances of its POST, seconds now, action, what the reason says; the instance is unchanged since the POST at 5 s
UNCHANGED = [
    ("accepted", 1, 5, "settling", f"the rerun sent at 2026-11-23T03:00:05Z was accepted; the service may show it until {UNTIL}"),
    ("accepted", 1, 64.999, "settling", UNTIL),
    ("accepted", 1, 65, "wait", "was accepted, but the service does not show it yet; it is not sent again"),
    ("accepted", 1, 86_400, "wait", "it is not sent again"),
    ("accepted", 9, 65, "wait", "it is not sent again"),
    ("intended", 1, 64.999, "settling", f"was interrupted; the service may show it until {UNTIL}"),
    ("intended", 1, 65, "retry", "was interrupted; the instance is provably unchanged, so it is sent again"),
    ("intended", 9, 65, "retry", "provably unchanged"),
    ("unknown", 1, 64.999, "settling", "the rerun sent at 2026-11-23T03:00:05Z has no known outcome"),
    ("unknown", 1, 65, "retry", "has no known outcome; the instance is provably unchanged"),
    ("unknown", 9, 64.999, "settling", "has no known outcome"),
    ("unknown", 9, 65, "retry", "provably unchanged"),
    ("rejected", 1, 6, "rejected", "the service rejected it at 2026-11-23T03:00:05Z: DLF.0111 not allowed"),
    ("rejected", 1, 86_400, "rejected", "the service rejected it"),
    ("rejected", 9, 64.999, "settling", "was rejected together with others"),
    ("rejected", 9, 65, "retry", "was rejected together with others; the instance is provably unchanged"),
    ("not_executed", 1, 6, "retry", "fail, last started"),
    ("not_executed", 9, 6, "retry", "fail, last started"),
]


@pytest.mark.parametrize(("outcome", "batch", "now", "action", "reason"), UNCHANGED)
def test_an_instance_that_looks_as_it_did_before_it_was_sent(
    outcome: t.Any, batch: t.Any, now: t.Any, action: t.Any, reason: t.Any
) -> None:
    record = attempt(outcome, batch=batch, message="DLF.0111 not allowed")
    decision = decide(instance(), policy(), at(now), record)
    assert decision.action is Action(action)
    assert reason in decision.reason
    assert decision.due_ms == (at(65) if action == "settling" else None)
    assert decision.request_id == "r-1"
    assert decision.attempt == record
    assert decision.attempts == 1
    assert decision.rerun is (outcome == "accepted")
    assert decision.alone is (action == "retry" and batch > 1 and outcome in ("rejected", "unknown"))


@pytest.mark.parametrize("outcome", ["unknown", "intended"])
def test_settling_counts_from_when_the_call_was_given_up(outcome: t.Any) -> None:
    record = attempt(outcome, last=50)
    assert decide(instance(), policy(), at(109.999), record).action is Action.SETTLING
    assert decide(instance(), policy(), at(109.999), record).due_ms == at(110)
    assert decide(instance(), policy(), at(110), record).action is Action.RETRY


# before: status and run; now: status and run; comparison
COMPARISONS = [
    (Status.FAIL, (-3600, -3000), Status.FAIL, (-3600, -3000), "unchanged"),
    (Status.FAIL, (-3600, None), Status.FAIL, (-3600, None), "unchanged"),
    (Status.FAIL, (None, -3000), Status.FAIL, (None, -3000), "unchanged"),
    (Status.FAIL, (None, None), Status.FAIL, (None, None), "unclear"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (None, None), "unclear"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (-3600, None), "unclear"),
    (Status.FAIL, (-3600, None), Status.FAIL, (-3600, -3000), "unclear"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (-3601, -3000), "unclear"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (-3600, -3001), "unclear"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (20, 30), "changed"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (20, None), "changed"),
    (Status.FAIL, (-3600, -3000), Status.FAIL, (-3600, 30), "changed"),
    (Status.FAIL, (None, None), Status.FAIL, (20, 30), "changed"),
    (Status.FAIL, (-3600, -3000), Status.WAITING, (-3600, -3000), "changed"),
    (Status.FAIL, (-3600, -3000), Status.RUNNING, (None, None), "changed"),
    (Status.FAIL, (-3600, -3000), Status.SUCCESS, (-3600, -3000), "changed"),
    (Status.SUCCESS, (-3600, -3000), Status.SUCCESS, (-3600, -3000), "unchanged"),
    (Status.SUCCESS, (-3600, -3000), Status.SUCCESS, (20, 30), "changed"),
]


@pytest.mark.parametrize(("old", "old_run", "new", "new_run", "comparison"), COMPARISONS)
def test_what_proves_that_an_instance_changed_or_not(old: t.Any, old_run: t.Any, new: t.Any, new_run: t.Any, comparison: t.Any) -> None:
    assert compare(instance(new, *new_run), attempt(before=instance(old, *old_run))) is Comparison(comparison)


@pytest.mark.parametrize(
    ("outcome", "now", "action"),
    [
        ("accepted", 6, "settling"),
        ("accepted", 65, "wait"),
        ("intended", 6, "settling"),
        ("intended", 65, "unknown"),
        ("unknown", 6, "settling"),
        ("unknown", 65, "unknown"),
        ("rejected", 6, "rejected"),
    ],
)
@pytest.mark.parametrize(("old_run", "new_run"), [(NEVER, NEVER), (OLD, NEVER), (OLD, (-3601, -3000))])
def test_an_instance_of_which_nothing_can_be_proved_is_never_sent_again(
    outcome: t.Any, now: t.Any, action: t.Any, old_run: t.Any, new_run: t.Any
) -> None:
    decision = decide(
        instance(Status.FAIL, *new_run), policy(attempts=9), at(now), attempt(outcome, before=instance(Status.FAIL, *old_run))
    )
    assert decision.action is Action(action)
    if action == "unknown":
        assert "does not show whether it took effect" in decision.reason


# status, last run, action, what the reason says; the instance changed after a POST at 5 s of any outcome
CHANGED = [
    (Status.WAITING, OLD, "wait", "in progress: waiting"),
    (Status.RUNNING, NEW, "wait", "in progress: running, last started 2026-11-23T03:00:20Z"),
    (Status.SUCCESS, NEW, "done", "succeeded after 2026-11-23T03:00:00Z: success, last started 2026-11-23T03:00:20Z"),
    (Status.SUCCESS, OLD, "done", "succeeded after"),  # forced by a person meanwhile, or started earlier by the service's clock
    (Status.IGNORE_SUCCESS, NEW, "done", "succeeded after"),
    (Status.FAIL, NEW, "failed_again", "after 1 of 1 attempts"),
    (Status.FAIL, (-1, 30), "failed_again", "after 1 of 1 attempts"),  # the clocks differ by a second
    (Status.MANUAL_STOP, NEW, "failed_again", "manual-stop, last started"),
    (Status.MANUAL_STOP, OLD, "failed_again", "manual-stop, last started"),
    (Status.FREEZE, OLD, "failed_again", "freeze"),
    (Status.SKIP_BY_DEPEND, OLD, "failed_again", "skip-by-depend"),
    (Status.PAUSE, NEW, "blocked", "status pause"),
    (Status.WAITING_CONFIRM, OLD, "blocked", "waiting-confirm"),
    (Status.RUNNING_EXCEPTION, NEW, "not_rerunnable", "Manual retry or Continue"),
    (Status.UNKNOWN, NEW, "wait", "the rerun changed it to status 'queueing', which is not documented; it counts as in progress until"),
    (Status.UNKNOWN, OLD, "wait", "the rerun changed it to status 'queueing'"),
]


@pytest.mark.parametrize("now", [31, 65, 86_400])
@pytest.mark.parametrize("outcome", ["accepted", "intended", "unknown", "rejected"])
@pytest.mark.parametrize(("status", "run", "action", "reason"), CHANGED)
def test_an_instance_that_changed_since_the_attempt(
    status: t.Any, run: t.Any, action: t.Any, reason: t.Any, outcome: t.Any, now: t.Any
) -> None:
    text = "queueing" if status is Status.UNKNOWN else status.value
    decision = decide(instance(status, *run, status_text=text), policy(), at(now), attempt(outcome))
    assert decision.action is Action(action)
    assert reason in decision.reason
    assert decision.request_id == "r-1"
    assert decision.attempts == 1
    assert decision.rerun is (outcome != "rejected")
    assert not decision.already_done


#: Result of a POST of several instances at 60 s, status now, start and end -> whether it was this run's rerun. None: unknown.
WHOSE = [
    ({"outcome": "accepted"}, Status.SUCCESS, (20, 30), True),
    ({"outcome": "unknown"}, Status.SUCCESS, (61, 70), True),
    ({"outcome": "unknown"}, Status.WAITING, OLD, True),
    ({"outcome": "unknown"}, Status.WAITING, NEVER, True),
    ({"outcome": "unknown"}, Status.SUCCESS, (20, 30), None),  # it began before the POST: somebody else's, unless the clocks differ
    ({"outcome": "unknown"}, Status.RUNNING, (20, None), None),
    ({"outcome": "unknown"}, Status.SUCCESS, (50, 70), True),
    ({"outcome": "unknown"}, Status.SUCCESS, (49.999, 70), None),
    ({"outcome": "unknown", "again": True}, Status.SUCCESS, (20, 30), True),
    ({"outcome": "unknown"}, Status.SUCCESS, (55, 70), True),  # the clocks are not that exact
    ({"outcome": "intended"}, Status.FAIL, (20, 30), None),
    ({"outcome": "unknown", "conflict_in_batch": True}, Status.SUCCESS, (20, 30), None),
    ({"outcome": "unknown", "conflict_in_batch": True}, Status.SUCCESS, (61, 70), None),
    ({"outcome": "unknown", "conflict_in_batch": True}, Status.RUNNING, (61, None), None),
    ({"outcome": "unknown", "conflict_in_batch": True}, Status.WAITING, OLD, None),
    ({"outcome": "unknown", "conflict_in_batch": True}, Status.FAIL, OLD, False),  # it is unchanged
    ({"outcome": "unknown", "conflict_in_batch": True, "again": True}, Status.SUCCESS, (61, 70), True),
    ({"outcome": "conflicted", "batch": 1}, Status.SUCCESS, (61, 70), False),
]


@pytest.mark.parametrize(("record", "status", "run", "rerun"), WHOSE)
def test_whose_rerun_it_was_is_known_or_said_to_be_unknown(record: t.Any, status: t.Any, run: t.Any, rerun: t.Any) -> None:
    own = dataclasses.replace(attempt(when=60, batch=3), **{**record, "outcome": Outcome(record["outcome"])})
    decision = decide(instance(status, *run), policy(), at(90), own)
    assert decision.rerun is rerun
    assert ("it is unknown whose rerun that is" in decision.reason) is (rerun is None)


@pytest.mark.parametrize(
    ("end", "changes", "already_done"),
    [
        (-3000, {}, True),
        (-61, {}, True),
        (-60, {}, False),  # since may lie a minute ahead of the first pass, which saw it running
        (0, {}, False),  # it was running when this run began, as an earlier pass may have said
        (30, {}, False),
        (None, {}, False),
        (-3000, {"force_success": True}, False),  # a person may have set it while this run watched it fail
        (-3000, {"ignore_success": True}, False),
    ],
)
def test_only_a_success_that_no_pass_can_have_seen_otherwise_is_already_done(end: t.Any, changes: t.Any, already_done: t.Any) -> None:
    succeeded = dataclasses.replace(instance(Status.SUCCESS, -3600, end), **changes)
    decision = decide(succeeded, policy(), at(40), None)
    assert (decision.action, decision.already_done) == (Action.DONE, already_done)


def test_what_was_sent_with_its_job_as_a_whole_and_stayed_is_judged_by_its_own_status() -> None:
    for status, action in ((Status.SUCCESS, Action.DONE), (Status.FREEZE, Action.SKIPPED), (Status.PAUSE, Action.BLOCKED)):
        listed = instance(status)
        for outcome in ("unknown", "intended"):
            assert decide(listed, policy(), at(64), attempt(outcome, before=listed)).action is Action.SETTLING
            assert decide(listed, policy(), at(65), attempt(outcome, before=listed)).action is action


# attempts, number of the attempt, outcome, status now, last run, action, attempts; the attempt was made before that run
ATTEMPTS = [
    (1, 1, "accepted", Status.FAIL, NEW, "failed_again", 1),
    (2, 1, "accepted", Status.FAIL, NEW, "retry", 2),
    (2, 1, "unknown", Status.FAIL, NEW, "retry", 2),
    (2, 1, "intended", Status.FAIL, NEW, "settling", 1),  # it may be in flight, and that start may be somebody else's
    (2, 2, "accepted", Status.FAIL, NEW, "failed_again", 2),
    (3, 2, "accepted", Status.FAIL, NEW, "retry", 3),
    (3, 2, "not_executed", Status.FAIL, NEW, "retry", 2),
    (2, 2, "not_executed", Status.FAIL, NEW, "retry", 2),
    (2, 1, "not_executed", Status.FAIL, NEW, "retry", 2),  # someone else's start after since is an attempt too
    (1, 1, "not_executed", Status.FAIL, NEW, "failed_again", 1),
    (1, 1, "not_executed", Status.FAIL, OLD, "retry", 1),
    (9, 1, "accepted", Status.MANUAL_STOP, NEW, "failed_again", 1),  # not in statuses
    (9, 1, "accepted", Status.SUCCESS, NEW, "done", 1),
]


@pytest.mark.parametrize(("attempts", "number", "outcome", "status", "run", "action", "expected"), ATTEMPTS)
def test_attempts_count_the_sends_of_this_run(
    attempts: int, number: int, outcome: str, status: Status, run: t.Any, action: str, expected: int
) -> None:
    decision = decide(instance(status, *run), policy(attempts=attempts), at(40), attempt(outcome, number=number))
    assert (decision.action, decision.attempts) == (Action(action), expected)


def test_without_a_record_a_start_after_since_counts_as_one_attempt() -> None:
    failed = instance(Status.FAIL, *NEW)
    assert decide(failed, policy(attempts=1), at(40), None).action is Action.FAILED_AGAIN
    decision = decide(failed, policy(attempts=2), at(40), None)
    assert (decision.action, decision.attempts) == (Action.RETRY, 2)


#: A run with this since has rerun it once or twice, and it failed (20 to 30 s); then another run, with its own since, tried at 40 s.
TRIED_SINCE = [
    (1, 1, "not_executed", Status.FAIL, NEW, "failed_again", 1),
    (1, 1, "not_executed", Status.FAIL, (-10, -1), "failed_again", 1),  # by a clock that is behind, it started before since
    (1, 1, "not_executed", Status.SUCCESS, (-10, -1), "done", 1),
    (1, 1, "not_executed", Status.MANUAL_STOP, (-10, -1), "failed_again", 1),
    (1, 1, "unknown", Status.FAIL, NEW, "failed_again", 1),
    (1, 1, "conflicted", Status.FAIL, NEW, "failed_again", 1),
    (1, 1, "rejected", Status.FAIL, NEW, "failed_again", 1),
    (1, 1, "accepted", Status.FAIL, (50, 60), "failed_again", 2),
    (1, 1, "unknown", Status.FAIL, (50, 60), "failed_again", 2),
    (2, 2, "not_executed", Status.FAIL, NEW, "failed_again", 2),
    (2, 2, "unknown", Status.FAIL, NEW, "failed_again", 2),
    (2, 2, "accepted", Status.FAIL, (50, 60), "failed_again", 3),
    (2, 1, "accepted", Status.FAIL, (50, 60), "failed_again", 2),
    (3, 2, "not_executed", Status.FAIL, NEW, "retry", 3),
    (3, 2, "unknown", Status.FAIL, NEW, "retry", 3),
    (3, 2, "accepted", Status.FAIL, NEW, "wait", 3),  # not shown yet
    (4, 2, "accepted", Status.FAIL, (50, 60), "retry", 4),
    (2, 1, "rejected", Status.FAIL, NEW, "rejected", 1),
]


@pytest.mark.parametrize(("attempts", "times", "outcome", "status", "run", "action", "used"), TRIED_SINCE)
def test_what_another_run_tried_since_hides_no_rerun(
    attempts: int, times: int, outcome: str, status: Status, run: t.Any, action: str, used: int
) -> None:
    made = [attempt("accepted", 5 + number, number=1 + number) for number in range(times)]
    newest = attempt(outcome, 40, before=instance(Status.FAIL, *(NEW if run[0] >= 0 else run)), run_id="run-2")
    effective = [*made, newest] if outcome in ("accepted", "unknown") else made
    decision = decide(instance(status, *run), policy(attempts=attempts), at(200), newest, effective)
    assert (decision.action, decision.attempts, decision.already_done) == (Action(action), used, False)
    assert decision.superseded == (newest if action == "retry" and run == NEW else None)


def test_what_may_be_in_flight_is_waited_for_though_attempts_are_used() -> None:
    failed = instance(Status.FAIL, *NEW)
    newest = attempt("unknown", 40, before=failed, run_id="run-2")
    actions = [decide(failed, policy(), at(now), newest, [attempt(), newest]).action for now in (99.999, 100)]
    assert actions == [Action.SETTLING, Action.FAILED_AGAIN]


@pytest.mark.parametrize("outcome", ["not_executed", "unknown", "conflicted", "rejected"])
def test_an_accepted_rerun_that_does_not_show_is_not_sent_again_by_this_since_whoever_tried_later(outcome: str) -> None:
    newest = attempt(outcome, 1000, run_id="run-2")
    decision = decide(instance(), policy(attempts=9), at(2000), newest, [attempt()])
    assert (decision.action, decision.attempts) == (Action.WAIT, 1)


def test_a_start_by_a_person_that_was_an_attempt_stays_one_whoever_tries_later() -> None:
    failed = instance(Status.FAIL, *NEW)
    newest = attempt("unknown", 40, before=failed, run_id="run-2")
    assert decide(failed, policy(attempts=2), at(200), newest, [attempt(number=2)]).action is Action.FAILED_AGAIN


def test_reruns_before_since_are_none_of_this_run() -> None:
    newest = attempt("not_executed", 40, run_id="run-2")
    decision = decide(instance(), policy(), at(200), newest, [attempt(when=-2000)])
    assert (decision.action, decision.attempts) == (Action.RETRY, 1)


def test_a_rerun_since_then_counts_though_the_newest_was_sent_by_a_clock_that_is_behind() -> None:
    failed = instance(Status.FAIL, *NEW)
    newest = attempt("not_executed", -40, before=failed, run_id="run-2")
    assert decide(failed, policy(since=at(3)), at(200), newest, [attempt()]).action is Action.FAILED_AGAIN


@pytest.mark.parametrize(
    ("run", "now", "action", "due"),
    [
        (NEW, 129.999, "wait", 130),
        (NEW, 130, "retry", None),
        ((20, None), 119.999, "wait", 120),  # without an end the delay counts from the start
        ((20, None), 120, "retry", None),
    ],
)
def test_the_next_attempt_waits_for_the_delay_after_the_failure(run: t.Any, now: t.Any, action: t.Any, due: t.Any) -> None:
    decision = decide(instance(Status.FAIL, *run), policy(attempts=2, attempt_delay_ms=100_000), at(now), attempt())
    assert decision.action is Action(action)
    assert decision.due_ms == (None if due is None else at(due))
    assert ("the next is due at 2026-11-23T03:02:" in decision.reason) is (action == "wait")


def test_a_delay_without_any_recorded_time_counts_from_now_and_never_ends_early() -> None:
    stopped = instance(Status.MANUAL_STOP, None, None)
    decision = decide(stopped, policy(attempts=2, attempt_delay_ms=1000, statuses=frozenset({Status.MANUAL_STOP})), at(40), attempt())
    assert (decision.action, decision.due_ms) == (Action.WAIT, at(41))


#: What the first list shows after a POST 30 s before, when that was last tried, whether it had not ended then.
JOINS = [
    (instance(), -30, True),  # it does not show yet
    (instance(Status.WAITING), -30, True),
    (instance(Status.RUNNING, -29, None), -30, True),
    (instance(Status.UNKNOWN, -29, -10, status_text="queueing"), -30, True),
    (instance(Status.FAIL, -29, None), -30, True),
    (instance(Status.FAIL, -29, -10), -0.001, False),
    (instance(Status.FAIL, -29, -10), 0, True),  # the lists may differ without a rerun
    (instance(Status.FAIL, -29, 10), -30, False),  # by a clock that is ahead
    (instance(Status.SUCCESS, -29, -10), -30, False),
]

#: Outcome of a POST 30 s before since, listed status and run, whether nothing is sent before it has settled.
LISTS_DIFFER = [
    ("accepted", Status.FAIL, (-3600, -31), True),
    ("accepted", Status.MANUAL_STOP, OLD, True),
    ("accepted", Status.MANUAL_STOP, (-3600, -31), True),
    ("accepted", Status.FAIL, (-29, -10), False),
    ("unknown", Status.FAIL, (-3600, -31), True),
    ("unknown", Status.FAIL, (-29, -10), False),
    ("conflicted", Status.FAIL, (-3600, -31), True),
    ("conflicted", Status.FAIL, (-29, -10), False),
    ("intended", Status.FAIL, (-3600, -31), True),
    ("intended", Status.FAIL, (-29, -10), True),
    ("rejected", Status.FAIL, (-3600, -31), False),
    ("not_executed", Status.FAIL, (-3600, -31), False),
]


class TestEarlierRun:
    """Requests before since, and where they still matter."""

    @pytest.mark.parametrize(
        ("outcome", "when"), [("accepted", -900), ("intended", -60), ("unknown", -60), ("rejected", -60), ("not_executed", -60)]
    )
    def test_one_that_had_settled_does_not_matter(self, outcome: t.Any, when: t.Any) -> None:
        decision = decide(instance(), policy(), at(1), attempt(outcome, when=when))
        assert (decision.action, decision.attempts, decision.attempt) == (Action.RETRY, 1, None)

    @pytest.mark.parametrize("when", [-60, -899.999])
    def test_an_accepted_one_that_does_not_show_is_sent_by_no_other_run_for_long(self, when: t.Any) -> None:
        """Stopping a play and starting it again without since must not rerun the same failure twice."""
        decision = decide(instance(), policy(), at(1), attempt(when=when))
        assert (decision.action, decision.rerun) == (Action.WAIT, True)
        assert "not even by a run that begins before" in decision.reason

    def test_an_accepted_one_says_nothing_of_what_is_not_to_be_rerun(self) -> None:
        """It was sent with its job as a whole, and the service need not have rerun a success."""
        fine = instance(Status.SUCCESS)
        assert decide(fine, policy(), at(1), attempt(when=-60, before=fine)).action is Action.DONE

    def test_a_longer_settle_time_holds_for_what_was_accepted_too(self) -> None:
        assert decide(instance(), policy(settle_ms=2_000_000), at(1001), attempt(when=-1000)).action is Action.WAIT

    @pytest.mark.parametrize(("outcome", "after"), [("accepted", "wait"), ("intended", "retry"), ("unknown", "retry")])
    def test_one_that_had_not_settled_when_this_run_began_belongs_to_it(self, outcome: t.Any, after: t.Any) -> None:
        record = attempt(outcome, when=-59.999)
        assert decide(instance(), policy(), at(0), record).action is Action.SETTLING
        assert decide(instance(), policy(), at(0.001), record).action is Action(after)

    @pytest.mark.parametrize("outcome", ["rejected", "not_executed"])
    def test_a_refusal_of_an_earlier_run_is_none_of_this(self, outcome: t.Any) -> None:
        assert decide(instance(), policy(), at(1), attempt(outcome, when=-1)).action is Action.RETRY

    def test_one_sent_at_since_is_none_of_an_earlier_run(self) -> None:
        assert decide(instance(), policy(), at(1), attempt("rejected", when=0)).action is Action.REJECTED

    def test_its_rerun_that_ended_in_failure_before_since_is_tried_anew(self) -> None:
        decision = decide(instance(Status.FAIL, -29, -10), policy(), at(1), attempt(when=-30))
        assert (decision.action, decision.attempts, decision.attempt) == (Action.RETRY, 1, None)

    @pytest.mark.parametrize(("first", "last", "belongs"), JOINS)
    @pytest.mark.parametrize("settled", [-100, -30])
    def test_what_had_not_ended_when_it_first_listed_belongs_to_it_whatever_another_clock_says(
        self, first: JobInstance, last: int, belongs: bool, settled: int
    ) -> None:
        """The clock that stamps ends is behind the service's; by that clock it may have settled before this run began."""
        record = dataclasses.replace(attempt("intended", when=-30, last=last), attempt_id=7)
        assert had_not_ended(first, record, SINCE, SETTLE) is belongs
        made = dataclasses.replace(record, outcome=Outcome.ACCEPTED, sent_ms=at(settled), last_ms=at(settled))
        began = policy(joined=frozenset({7} if belongs else ()))
        assert decide(instance(Status.FAIL, -29, -10), began, at(31), made).action is (Action.FAILED_AGAIN if belongs else Action.RETRY)
        assert decide(instance(Status.SUCCESS, -29, -10), began, at(31), made).rerun is belongs

    @pytest.mark.parametrize("outcome", ["rejected", "not_executed"])
    def test_unless_it_had_no_effect(self, outcome: str) -> None:
        record = dataclasses.replace(attempt(outcome, when=-30), attempt_id=7)
        assert not had_not_ended(instance(), record, SINCE, SETTLE)
        assert decide(instance(), policy(joined=frozenset({7})), at(31), record).action is Action.RETRY

    @pytest.mark.parametrize("when", [-60, -59.999])
    def test_or_had_settled(self, when: float) -> None:
        assert had_not_ended(instance(), attempt("unknown", when=when), SINCE, SETTLE) is (when > -60)

    @pytest.mark.parametrize("run", [(-29, 0), (-29, 10), (-29, None)])
    def test_its_rerun_that_ended_in_failure_later_is_this_run_s_failure(self, run: t.Any) -> None:
        """Two plays begin in the same second: the later one must not rerun what the first has just rerun."""
        decision = decide(instance(Status.FAIL, *run), policy(), at(11), attempt(when=-30))
        assert (decision.action, decision.rerun) == (Action.FAILED_AGAIN, True)

    @pytest.mark.parametrize(("outcome", "status", "run", "waits"), LISTS_DIFFER)
    def test_what_does_not_prove_a_rerun_is_not_sent_before_it_has_settled(
        self, outcome: t.Any, status: t.Any, run: t.Any, waits: bool
    ) -> None:
        """The other run's list may have shown the same failure differently."""
        wanted, record = policy(statuses=frozenset({Status.FAIL, Status.MANUAL_STOP})), attempt(outcome, when=-30)
        decision = decide(instance(status, *run), wanted, at(29.999), record)
        assert (decision.action, decision.due_ms) == ((Action.SETTLING, at(30)) if waits else (Action.RETRY, None))
        assert decide(instance(status, *run), wanted, at(30), record).action is Action.RETRY
        (related,) = decide_related([instance(status, *run)], wanted, at(29.999), {key(): record})
        assert (related.action, related.due_ms) == ((Action.SKIPPED, at(30)) if waits else (Action.RETRY, None))
        (named,), _problems = decide_requested([key()], [instance(status, *run)], wanted, at(29.999), {key(): record})
        assert (named.action, named.due_ms) == ((Action.SKIPPED, at(30)) if waits else (Action.RETRY, None))

    @pytest.mark.parametrize("settle", [0, 60])
    def test_a_request_without_outcome_is_not_taken_over_while_it_may_be_in_flight(self, settle: int) -> None:
        record = attempt("intended", when=-30, flight_ms=61_000)
        for run in (OLD, (-29, -10)):
            seen = instance(Status.FAIL, *run)
            decision = decide(seen, policy(settle_ms=settle * 1000), at(30.999), record)
            assert (decision.action, decision.due_ms) == (Action.SETTLING, at(31))
            decision = decide(seen, policy(settle_ms=settle * 1000), at(31), record)
            assert (decision.action, decision.superseded) == (Action.RETRY, record if run == OLD else None)

    def test_its_rerun_in_progress_is_waited_for(self) -> None:
        assert decide(instance(Status.RUNNING, -29, None), policy(), at(1), attempt(when=-30)).action is Action.WAIT


@pytest.mark.parametrize(
    ("now", "record", "action"),
    [
        (9.999, None, "settling"),
        (10, None, "retry"),
        (9, attempt("not_executed", 1), "settling"),
        (9, attempt("unknown", 1), "settling"),
    ],
)
def test_nothing_is_sent_while_another_machine_may_have_sent_it(now: t.Any, record: t.Any, action: t.Any) -> None:
    decision = decide(instance(), policy(hold_off_until=at(10)), at(now), record)
    assert decision.action is Action(action)
    if record is None and action == "settling":
        assert decision.due_ms == at(10)
        assert (
            "nothing is sent before 2026-11-23T03:00:10Z, because another machine may have sent it since 2026-11-23T03:00:00Z"
            in decision.reason
        )


@pytest.mark.parametrize(("status", "action"), [(Status.RUNNING, "wait"), (Status.SUCCESS, "done"), (Status.PAUSE, "blocked")])
def test_a_hold_off_changes_nothing_but_retries(status: t.Any, action: t.Any) -> None:
    assert decide(instance(status), policy(hold_off_until=at(10)), at(1), None).action is Action(action)


@pytest.mark.parametrize(
    ("outcome", "batch", "now", "action", "reason"),
    [
        ("accepted", 1, 64.999, "settling", "does not list it at the moment"),
        ("accepted", 1, 65, "unknown", "the service no longer lists it, so its outcome is unknown"),
        ("unknown", 1, 65, "unknown", "has no known outcome, and the service no longer lists it"),
        ("intended", 1, 65, "unknown", "was interrupted, and the service no longer lists it"),
        ("rejected", 1, 6, "rejected", "DLF.0111"),
        ("rejected", 2, 65, "unknown", "no longer lists it"),
    ],
)
def test_an_instance_that_vanished_from_the_list(outcome: t.Any, batch: t.Any, now: t.Any, action: t.Any, reason: t.Any) -> None:
    decision = decide_missing(attempt(outcome, batch=batch, message="DLF.0111 not allowed"), policy(), at(now))
    assert decision.action is Action(action)
    assert reason in decision.reason
    assert (decision.instance.key, decision.instance.job_name, decision.instance.status) == (key(), "daily_sales", Status.UNKNOWN)
    assert decision.request_id == "r-1"
    assert decision.due_ms == (at(65) if action == "settling" else None)


@pytest.mark.parametrize(("action", "is_open"), [(member, member.value in ("retry", "stop", "wait", "settling")) for member in Action])
def test_which_decisions_another_pass_can_change(action: t.Any, is_open: t.Any) -> None:
    assert action.open is is_open


@pytest.mark.parametrize("changes", [{"attempts": 0}, {"settle_ms": -1}, {"attempt_delay_ms": -1}])
def test_a_policy_that_makes_no_sense_is_refused(changes: t.Any) -> None:
    with pytest.raises(OptionError, match=r"Set (it|them) to"):
        policy(**changes)


def test_an_attempt_holds_the_failure_that_it_answers() -> None:
    listed = instance(Status.FAIL, *OLD)
    record = intent(listed, 5, number=2, batch=3)
    failure = record.failure
    assert failure == Failure(WORKSPACE, "868641", listed.key.plan_time, listed.key.submit_time, None, "fail", at(-3600), at(-3000))
    assert (failure.key, failure.slot.job_id, failure.slot.plan_time) == (listed.key, "868641", listed.key.plan_time)
    assert (record.outcome, record.number, record.batch, record.job_name, record.request_id) == (
        Outcome.INTENDED,
        2,
        3,
        "daily_sales",
        None,
    )
    assert compare(listed, record) is Comparison.UNCHANGED
    assert record.settle_window_end(SETTLE) == at(65)


@pytest.mark.parametrize("outcome", ["rejected", "not_executed", "unknown"])
@pytest.mark.parametrize("again", [False, True])
def test_a_second_attempt_without_effect_counts_as_a_rerun_only_if_the_first_was_ours(outcome: str, again: bool) -> None:
    listed = instance(Status.FAIL, 10, 20)  # started after since: by this run, or by somebody else
    record = dataclasses.replace(intent(listed, 30, number=2, again=again), outcome=Outcome(outcome))
    assert decide(listed, policy(attempts=2), at(200), record).rerun is again


# An instance pass by pass: seconds, status, start, end -> action; a retry is recorded with the outcome after it.
LIVES: dict[str, list[t.Any]] = {
    "rerun and well": [
        (1, "fail", *OLD, "retry", "accepted"), (6, "fail", *OLD, "settling"), (16, "waiting", *OLD, "wait"),
        (21, "running", 20, None, "wait"), (31, "success", *NEW, "done"), (999, "success", *NEW, "done"),
    ],
    "fails again": [
        (1, "fail", *OLD, "retry", "accepted"), (21, "running", 20, None, "wait"), (31, "fail", *NEW, "failed_again"),
        (999, "fail", *NEW, "failed_again"),
    ],
    "the answer was lost, the rerun was not": [
        (1, "fail", *OLD, "retry", "unknown"), (6, "fail", *OLD, "settling"), (21, "running", 20, None, "wait"),
        (31, "fail", *NEW, "failed_again"),
    ],
    "the rerun was lost": [
        (1, "fail", *OLD, "retry", "unknown"), (60, "fail", *OLD, "settling"), (61, "fail", *OLD, "retry", "accepted"),
        (62, "fail", *OLD, "settling"), (99, "success", 70, 80, "done"),
    ],
    "killed before the POST": [
        (1, "fail", *OLD, "retry", "intended"), (60, "fail", *OLD, "settling"), (61, "fail", *OLD, "retry", "accepted"),
        (99, "running", 70, None, "wait"),
    ],
    "killed after the POST": [
        (1, "fail", *OLD, "retry", "intended"), (31, "fail", *NEW, "failed_again"),
    ],
    "never shown": [
        (1, "fail", *OLD, "retry", "accepted"), (61, "fail", *OLD, "wait"), (3600, "fail", *OLD, "wait"),
        (3700, "running", 3650, None, "wait"), (3800, "success", 3650, 3750, "done"),
    ],
    "rejected": [
        (1, "fail", *OLD, "retry", "rejected"), (2, "fail", *OLD, "rejected"), (99, "fail", *OLD, "rejected"),
        (100, "running", 99, None, "wait"), (120, "success", 99, 110, "done"),
    ],
    "throttled": [
        (1, "fail", *OLD, "retry", "not_executed"), (2, "fail", *OLD, "retry", "accepted"), (31, "success", *NEW, "done"),
    ],
    "needs a person": [
        (1, "fail", *OLD, "retry", "accepted"), (21, "waiting-confirm", *OLD, "blocked"), (40, "running", 39, None, "wait"),
        (50, "success", 39, 49, "done"),
    ],
    "abnormal, then continued": [
        (1, "fail", *OLD, "retry", "accepted"), (21, "running-exception", 20, None, "not_rerunnable"),
        (40, "running", 20, None, "wait"), (50, "success", 20, 49, "done"),
    ],
    "stopped by a person": [
        (1, "fail", *OLD, "retry", "accepted"), (21, "running", 20, None, "wait"), (30, "manual-stop", *NEW, "failed_again"),
    ],
    "in progress already": [
        (1, "running", -10, None, "wait"), (9, "fail", -10, 8, "retry", "accepted"), (40, "success", *NEW, "done"),
    ],
    "started by someone else": [
        (1, "fail", *OLD, "retry", "not_executed"), (21, "running", 20, None, "wait"), (31, "fail", *NEW, "failed_again"),
    ],
    "frozen, then thawed": [
        (1, "freeze", *OLD, "skipped"), (9, "fail", *OLD, "retry", "accepted"), (40, "success", *NEW, "done"),
    ],
    "paused, then failed": [
        (1, "pause", *OLD, "blocked"), (9, "fail", -3600, 5, "retry", "accepted"), (40, "success", *NEW, "done"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_lives(life: t.Any) -> None:
    record, number = None, 0
    for step in LIVES[life]:
        now, status, start, end, action, *outcome = step
        listed = instance(Status(status), start, end)
        decision = decide(listed, policy(), at(now), record)
        assert (now, decision.action) == (now, Action(action)), decision.reason
        if decision.action is Action.RETRY:
            number += 1
            record = dataclasses.replace(
                intent(listed, now, number=decision.attempts), outcome=Outcome(outcome[0]), request_id=f"r-{number}"
            )


def test_a_life_with_three_attempts() -> None:
    wanted, record, sends = policy(attempts=3, attempt_delay_ms=5000), None, []
    shown = [
        (1, (Status.FAIL, *OLD)),
        (31, (Status.FAIL, 20, 30)),
        (35, (Status.FAIL, 20, 30)),
        (36, (Status.FAIL, 20, 30)),
        (61, (Status.FAIL, 50, 60)),
        (66, (Status.FAIL, 70, 80)),
        (99, (Status.FAIL, 70, 80)),
    ]
    actions = []
    for now, (status, start, end) in shown:
        listed = instance(status, start, end)
        decision = decide(listed, wanted, at(now), record)
        actions.append(decision.action.value)
        if decision.action is Action.RETRY:
            sends.append(decision.attempts)
            record = dataclasses.replace(intent(listed, now, number=decision.attempts), outcome=Outcome.ACCEPTED)
    assert actions == ["retry", "wait", "retry", "settling", "wait", "wait", "retry"]
    assert sends == [1, 2, 3]
    assert decide(instance(Status.FAIL, 110, 120), wanted, at(200), record).action is Action.FAILED_AGAIN


class TestRequested:
    """Mode A of job_instance_retry: instances named by their three values."""

    OPEN = Policy(since=at(40), statuses=FAIL, settle_ms=SETTLE)  # without since each call is a run of its own, begun now

    @pytest.mark.parametrize(
        ("since", "listed", "record", "action", "reason", "due"),
        [
            (40, instance(), None, "retry", "fail, last started", None),
            (40, instance(Status.FAIL, *NEW), None, "retry", "fail, last started 2026-11-23T03:00:20Z", None),
            (0, instance(Status.FAIL, *NEW), None, "skipped", "after 1 of 1 attempts", None),
            (40, instance(Status.SUCCESS), None, "skipped", "nothing to do: success", None),
            (40, instance(Status.RUNNING), None, "skipped", "in progress", None),
            (40, instance(Status.FREEZE), None, "skipped", "status freeze is not in statuses", None),
            (40, instance(instance_type=InstanceType.MANUAL), None, "skipped", "manually scheduled", None),
            (40, instance(), attempt("unknown", 39), "skipped", "has no known outcome", at(99)),
            (40, instance(), attempt("intended", 39), "skipped", "was interrupted", at(99)),
            (40, instance(), attempt("accepted", 39), "skipped", "was accepted", at(99)),
            (40, instance(), attempt("accepted", -21), "skipped", "not even by a run that begins before 2026-11-23T03:14:39Z", None),
            (40, instance(), attempt("accepted", -860), "retry", "fail, last started", None),
            (0, instance(), attempt("accepted", -21), "skipped", "it is not sent again", None),
            (40, instance(), attempt("rejected", 39), "retry", "fail, last started", None),
            (0, instance(), attempt("rejected", 39), "retry", "fail, last started", None),
            (0, instance(), attempt("rejected", 39, batch=2), "skipped", "was rejected together with others", at(99)),
            (0, instance(), attempt("accepted", 39), "skipped", "was accepted", at(99)),
        ],
    )
    def test_is_retried_or_skipped_with_a_reason(
        self, since: t.Any, listed: t.Any, record: t.Any, action: t.Any, reason: t.Any, due: t.Any
    ) -> None:
        wanted = dataclasses.replace(self.OPEN, since=at(since))
        attempts = {} if record is None else {record.failure.key: record}
        (decision,), problems = decide_requested([listed.key], [listed], wanted, at(40), attempts)
        assert (decision.action, decision.due_ms) == (Action(action), due)
        assert reason in decision.reason
        assert problems == []

    def test_each_is_judged_once_and_what_is_not_listed_is_a_problem_that_stops_no_other(self) -> None:
        first, two = instance(number=1), instance(number=2)
        asked = [two.key, key(3), first.key, two.key]
        decisions, (problem,) = decide_requested(asked, [first, two], self.OPEN, at(40), {})
        assert [decision.instance.key for decision in decisions] == [two.key, first.key]
        assert f"job_id 868641, plan_time {key(3).plan_time} (2026-11-23T01:00:03Z)" in problem
        assert WORKSPACE in problem
        assert "Take the three values of one instance from dataarts.factory.job_instance_info" in problem


class TestRelated:
    """Mode B of job_instance_retry: a job with its related jobs, as a whole."""

    def judge(self, instances: t.Any, *records: t.Any, since: t.Any = 40, now: t.Any = 40) -> t.Any:
        wanted = Policy(since=at(since), statuses=FAIL, settle_ms=SETTLE)
        decisions = decide_related(instances, wanted, at(now), {record.failure.key: record for record in records})
        assert [decision.instance for decision in decisions] == instances
        (verdict,) = {(decision.action, decision.reason, decision.due_ms) for decision in decisions}
        return Related(*verdict)

    def test_nothing_is_decided_where_nothing_is_listed(self) -> None:
        assert decide_related([], policy(), at(40), {}) == []

    def test_is_due_as_soon_as_one_instance_qualifies(self) -> None:
        bad, good = instance(number=1), instance(Status.SUCCESS, number=2, job_name="next")
        result = self.judge([good, bad])
        assert (result.action, result.due_ms) == (Action.RETRY, None)
        assert "1 of 2 instances in the window qualify (the first: job daily_sales, planned 2026-11-23T01:00:01Z, fail)" in result.reason

    @pytest.mark.parametrize(
        ("instances", "reason"),
        [
            ([instance(Status.SUCCESS)], "none of 1 instances in the window qualifies (nothing to do: success"),
            ([instance(Status.FREEZE), instance(Status.PAUSE, number=2)], "none of 2 instances"),
            ([instance(), instance(Status.RUNNING, number=2)], "1 of 2 instances are in progress"),
            ([instance(instance_type=InstanceType.MANUAL)], "manually scheduled"),
        ],
    )
    def test_is_skipped_as_a_whole_otherwise(self, instances: t.Any, reason: t.Any) -> None:
        result = self.judge(instances)
        assert result.action is Action.SKIPPED
        assert reason in result.reason

    @pytest.mark.parametrize(
        ("record", "since", "now", "action", "reason", "due"),
        [
            (attempt("accepted", 39), 40, 40, "skipped", "its outcome is not known before 2026-11-23T03:01:39Z", at(99)),
            (attempt("unknown", 39), 40, 98.999, "skipped", "its outcome is not known before", at(99)),
            (attempt("intended", 39), 40, 99, "retry", "1 of 2 instances", None),
            (attempt("unknown", 39), 40, 99, "retry", "1 of 2 instances", None),
            (attempt("accepted", 39), 0, 99, "skipped", "was sent at 2026-11-23T03:00:39Z; it is not sent again", None),
            (attempt("accepted", -60), 0, 99, "skipped", "it is not sent again", None),
            (attempt("accepted", -900), 0, 99, "retry", "1 of 2 instances", None),
            (attempt("rejected", 39), 0, 40, "retry", "1 of 2 instances", None),
            (attempt("not_executed", 39), 0, 40, "retry", "1 of 2 instances", None),
            (
                attempt("unknown", 39, before=instance(Status.FAIL, -4000, -3900)),
                0,
                99,
                "skipped",
                "was sent at 2026-11-23T03:00:39Z; it is not sent again",
                None,
            ),
            (attempt("unknown", 39, before=instance(Status.FAIL, None, None)), 0, 99, "skipped", "it is not sent again", None),
            (
                attempt("unknown", 39, before=instance(Status.FAIL, -3600, None)),
                0,
                99,
                "skipped",
                "whether it took effect is unknown",
                None,
            ),
        ],
    )
    def test_a_post_of_the_same_run_holds_back_the_whole(
        self, record: t.Any, since: t.Any, now: t.Any, action: t.Any, reason: t.Any, due: t.Any
    ) -> None:
        result = self.judge([instance(Status.SUCCESS, number=2), instance()], record, since=since, now=now)
        assert (result.action, result.due_ms) == (Action(action), due)
        assert reason in result.reason

    @pytest.mark.parametrize(
        ("others", "records", "action", "reason"),
        [
            (
                [instance(number=2)],
                [],
                "blocked",
                "but that request did not include 1 instance due for a rerun; rerun them with task_retrys",
            ),
            (
                [instance(number=2), instance(number=3), instance(Status.SUCCESS, number=4)],
                [],
                "blocked",
                "did not include 2 instances due for a rerun",
            ),
            ([instance(number=2)], [attempt("accepted", 39, before=instance(number=2), batch=2)], "skipped", "it is not sent again"),
            (
                [instance(number=2)],
                [attempt("not_executed", 39, before=instance(number=2))],
                "blocked",
                "did not include 1 instance due for a rerun",
            ),
            (
                [instance(number=2)],
                [attempt("accepted", -900, before=instance(number=2))],
                "blocked",
                "did not include 1 instance due for a rerun",
            ),
            ([instance(Status.SUCCESS, number=2), instance(Status.RUNNING, number=3)], [], "skipped", "it is not sent again"),
        ],
    )
    def test_a_rerun_of_one_instance_by_another_request_is_not_the_rerun_of_all(
        self, others: t.Any, records: t.Any, action: str, reason: str
    ) -> None:
        result = self.judge([instance(), *others], attempt("accepted", 39), *records, since=0, now=99)
        assert (result.action, result.due_ms) == (Action(action), None)
        assert reason in result.reason

    def test_a_hold_off_holds_back_the_whole(self) -> None:
        wanted = Policy(since=SINCE, statuses=FAIL, settle_ms=SETTLE, hold_off_until=at(50))
        (decision,) = decide_related([instance()], wanted, at(40), {})
        assert (decision.action, decision.due_ms) == (Action.SKIPPED, at(50))
        assert decide_related([instance()], wanted, at(50), {})[0].action is Action.RETRY


def test_a_key_tells_instances_of_one_plan_time_apart() -> None:
    instance_key = InstanceKey(WORKSPACE, "1", at(0), at(-5))
    other = instance_key._replace(submit_time=at(-4))
    listed = [dataclasses.replace(instance(), key=instance_key), dataclasses.replace(instance(Status.SUCCESS), key=other)]
    decisions, _problems = decide_requested([instance_key, other], listed, policy(), at(1), {})
    assert [decision.action for decision in decisions] == [Action.RETRY, Action.SKIPPED]


@pytest.mark.parametrize(
    ("outcome", "start", "rerun"), [("unknown", -3600, None), ("intended", -3600, None), ("unknown", 61, True), ("accepted", -3600, True)]
)
@pytest.mark.parametrize("flag", ["force_success", "ignore_success"])
def test_what_a_person_set_to_success_need_not_have_been_rerun(outcome: t.Any, start: t.Any, rerun: t.Any, flag: str) -> None:
    attempted = dataclasses.replace(
        instance(Status.SUCCESS, start), force_success=flag == "force_success", ignore_success=flag == "ignore_success"
    )
    decision = decide(attempted, policy(), at(100), attempt(outcome))
    assert (decision.action, decision.rerun) == (Action.DONE, rerun)
    assert ("it is unknown whose rerun that is" in decision.reason) is (rerun is None)
