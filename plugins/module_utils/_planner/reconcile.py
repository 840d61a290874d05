# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision table of a goal: what is to be done about one job instance, and why.

Pure. Input: an instance as listed, the attempts for it, the policy and the time. Output: a decision.
The goal is: *the instance has succeeded in a run that started at or after* ``since``.

| the instance now | and | decision |
|---|---|---|
| waiting, running | | ``wait``: it is in progress, whoever started it |
| pause, waiting-confirm | | ``blocked``: needs a person |
| running-exception | | ``not_rerunnable`` |
| status in ``statuses`` | last start before ``since``, no attempt | ``retry`` |
| the same | manually scheduled | ``not_rerunnable`` |
| success, forced or ignored | | ``done``; the reason tells whether before or after ``since`` |
| any other | last start before ``since``, no attempt | ``skipped`` |
| status in ``statuses`` | last start at or after ``since`` | ``failed_again``, or ``retry`` while ``attempts`` are left |
| the same | rerun ``attempts`` times since ``since`` | ``failed_again``, whoever sent these reruns, even if a later request failed |
| any end but success | after a rerun of this run | ``failed_again``; a status that is not documented: ``wait`` |
| to be rerun by another row | the newest attempt has not settled, and has no outcome or no later start | ``settling``, then as that row says |
| unchanged since the attempt | accepted | ``settling``, then ``wait``; never sent again by this ``since`` |
| unchanged since the attempt | outcome unknown | ``settling``, then ``retry`` if it is provably unchanged, else ``unknown`` |
| unchanged since the attempt | rejected | ``rejected`` |
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import to_iso
from .._models.attempt import NO_EFFECT, Attempt, Comparison, Failure, Outcome, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceType, JobInstance, Status
from .._models.slotted import replace

#: How far ahead of the service's clock ``since`` may be, ms: a schedule may fire a moment early.
SINCE_AHEAD_MS = 60_000
#: How long an accepted rerun that does not show prevents other runs from rerunning the same failure, ms. After that it counts as lost, and the next
#: run sends another one. ``settle_time`` can only make it longer.
HIDDEN_MS = 900_000


@dataclass(frozen=True)
class Policy:
    """Settings of a run for the decision table. Times epoch ms on the service's clock, durations ms.

    :param since: a start at or after it belongs to this run.
    :param statuses: statuses to retry.
    :param settle_ms: how long after an attempt the service may still show the instance as it was.
    :param attempts: attempts per instance in this run, at least 1.
    :param attempt_delay_ms: pause between an instance's failure and its next attempt in the same run.
    :param hold_off_until: nothing is sent before it, or None. See ``hold_off.py``.
    :param clock_slack_ms: a start up to this long before ``since`` counts as after it. More than 0 only if the journal does not know what was sent
        since then, so that only the clocks of two machines can decide.
    :param joined: ids of attempts that belong to this run, see :class:`~.._models.run_scope.Since`.
    """

    since: int
    statuses: frozenset[Status]
    settle_ms: int
    attempts: int = 1
    attempt_delay_ms: int = 0
    hold_off_until: int | None = None
    clock_slack_ms: int = 0
    joined: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise OptionError(f"attempts is {self.attempts}, but an instance needs at least one. Set it to 1 or more.")
        if self.settle_ms < 0 or self.attempt_delay_ms < 0:
            raise OptionError("settle_time and attempt_delay are durations. Set them to a number of seconds, 0 or more.")

    def started_since(self, start_time: int | None) -> bool:
        """Whether a run that started at *start_time* (epoch ms) belongs to this run."""
        return start_time is not None and start_time >= self.since - self.clock_slack_ms


def of_this_run(instance: JobInstance, policy: Policy, attempt: Attempt | None) -> Attempt | None:
    """*attempt* if it belongs to the run that *policy* describes, else None.

    * Made at or after ``since``: it does.
    * Not settled when this run began: it does, because two plays that begin in the same second each have their own ``since``. Not if its rerun had
      visibly ended before, as this run is a new try then. What the run saw when it first listed decides (:func:`had_not_ended`), whatever another
      clock says about the end; but if a person set ``since``, that clock decides.
    * Accepted: it does for :data:`HIDDEN_MS`, as long as the service shows the very failure that it answered.
    """
    if attempt is None or attempt.sent_ms >= policy.since or (attempt.attempt_id in policy.joined and attempt.outcome not in NO_EFFECT):
        return attempt
    hidden = (
        attempt.outcome is Outcome.ACCEPTED and instance.status in policy.statuses and compare(instance, attempt) is not Comparison.CHANGED
    )
    unsettled_ms = max(policy.settle_ms, HIDDEN_MS) if hidden else policy.settle_ms
    if attempt.outcome in NO_EFFECT or attempt.settle_window_end(unsettled_ms) <= policy.since:
        return None
    ended = not instance.status.in_progress and instance.end_time is not None and instance.end_time < policy.since
    return None if ended and compare(instance, attempt) is Comparison.CHANGED else attempt


def had_not_ended(instance: JobInstance, attempt: Attempt, since: int, settle_ms: int) -> bool:
    """Whether another run's *attempt* had neither settled nor ended when a run first listed *instance*, at *since* (epoch ms)."""
    if attempt.outcome in NO_EFFECT or attempt.settle_window_end(settle_ms) <= since:
        return False
    ended = not instance.status.in_progress and instance.status is not Status.UNKNOWN and instance.end_time is not None
    return not ended or attempt.last_ms >= since or compare(instance, attempt) is not Comparison.CHANGED


def rerun_since(instance: JobInstance, policy: Policy, effective: t.Iterable[Attempt]) -> list[Attempt]:
    """The attempts in *effective* that reran *instance* since ``since``, by any run: accepted, or followed by a change."""
    return [
        attempt
        for attempt in effective
        if attempt.sent_ms >= policy.since and (attempt.outcome is Outcome.ACCEPTED or compare(instance, attempt) is Comparison.CHANGED)
    ]


def _spent(policy: Policy, reran: t.Sequence[Attempt]) -> int:
    """How many attempts of a run with this ``since`` were used by *reran*. Its own numbers include what people started in between."""
    return max(len(reran), *(attempt.number for attempt in reran if attempt.since == policy.since), 0)


def judged_by(instance: JobInstance, policy: Policy, now: int, attempt: Attempt | None, reran: t.Sequence[Attempt]) -> Attempt | None:
    """The attempt of this run that decides about *instance*: the newest, or the last of *reran* if the newest had no effect.

    A newer attempt never hides that ``attempts`` are used up, or that an accepted rerun does not show yet.
    """
    own = of_this_run(instance, policy, attempt)
    if not reran or own is None or own.outcome is Outcome.NOT_EXECUTED:
        return reran[-1] if reran else own
    if own.outcome is Outcome.ACCEPTED or compare(instance, own) is Comparison.CHANGED:
        return own
    if own.outcome is not Outcome.REJECTED and now < own.settle_window_end(policy.settle_ms):
        return own
    over = _spent(policy, reran) >= policy.attempts or compare(instance, reran[-1]) is not Comparison.CHANGED
    return reran[-1] if over else own


def unsettled_until(instance: JobInstance, policy: Policy, now: int, attempt: Attempt) -> int | None:
    """Until when *attempt*, by any run, prevents sending, epoch ms; None if it has settled or shows.

    Only a later start shows a rerun: another status or end may only be a difference between two lists of the same failure. While no outcome is
    recorded, nothing shows it: the request may be in flight, or be tried again.
    """
    due = attempt.settle_window_end(policy.settle_ms)
    if now >= due or attempt.outcome in NO_EFFECT:
        return None
    start, before = instance.start_time, attempt.failure.start_time
    shows = start is not None and (before is None or start > before)
    return None if shows and attempt.outcome is not Outcome.INTENDED else due


def decide(instance: JobInstance, policy: Policy, now: int, attempt: Attempt | None, effective: t.Sequence[Attempt] = ()) -> Decision:
    """Decide about *instance* by the table at the top of this file.

    :param now: the service's time when the list showing *instance* was requested, epoch ms; not later, or a late answer would be taken for a
        settled one. *attempt* must have been read from the journal after that list.
    :param attempt: the newest attempt for it by any run, or None.
    :param effective: the attempts for it by any run that may have taken effect, oldest first.
    """
    own, spent = None, 0
    if attempt is not None or effective:  # most failures were never rerun
        reran = rerun_since(instance, policy, effective)
        own, spent = judged_by(instance, policy, now, attempt, reran), _spent(policy, reran)
    comparison = Comparison.CHANGED if own is None else compare(instance, own)
    unanswered = own is not None and own.outcome is not Outcome.NOT_EXECUTED and not instance.status.in_progress
    if own is not None and unanswered and comparison is not Comparison.CHANGED:
        decision = _unchanged(instance, policy, now, own, comparison)
    else:
        decision = _by_status(instance, policy, now, own, spent)
    least = spent + (decision.action is Action.RETRY)
    decision = decision if decision.attempts >= least else replace(decision, attempts=least)
    if decision.action is Action.RETRY and attempt is not None:
        due = unsettled_until(instance, policy, now, attempt)
        if due is not None:
            reason = f"{_request(attempt)}, and its outcome is not known before {to_iso(due)}"
            decision = _decision(instance, Action.SETTLING, reason, attempt, due)
        elif attempt.failure == Failure.of(instance):
            decision = replace(decision, superseded=attempt)
    return decision if decision.rerun is not None else replace(decision, reason=f"{decision.reason}; it is unknown whose rerun that is")


def decide_missing(attempt: Attempt, policy: Policy, now: int) -> Decision:
    """Decision about an instance of this run that the list no longer shows: settling, rejected or unknown.

    :param attempt: the newest one for it.
    """
    failure = attempt.failure
    instance = JobInstance(
        key=failure.key,
        job_name=attempt.job_name,
        status=Status.UNKNOWN,
        status_text="unknown",
        instance_id=failure.instance_id,
        start_time=failure.start_time,
    )
    due = attempt.settle_window_end(policy.settle_ms)
    if _rejected_alone(attempt):
        return _decision(instance, Action.REJECTED, _rejection(attempt), attempt)
    if now < due:
        return _decision(instance, Action.SETTLING, f"{_request(attempt)}; the service does not list it at the moment", attempt, due)
    reason = f"{_request(attempt)}, and the service no longer lists it, so its outcome is unknown"
    return _decision(instance, Action.UNKNOWN, reason, attempt)


def _unchanged(instance: JobInstance, policy: Policy, now: int, attempt: Attempt, comparison: Comparison) -> Decision:
    due = attempt.settle_window_end(policy.settle_ms)
    if _rejected_alone(attempt):
        return _decision(instance, Action.REJECTED, _rejection(attempt), attempt)
    if now < due:
        return _decision(instance, Action.SETTLING, f"{_request(attempt)}; the service may show it until {to_iso(due)}", attempt, due)
    if attempt.outcome is Outcome.ACCEPTED:
        until = to_iso(attempt.settle_window_end(max(policy.settle_ms, HIDDEN_MS)))
        reason = (
            f"{_request(attempt)}, but the service does not show it yet; it is not sent again, not even by a run that begins before {until}"
        )
        return _decision(instance, Action.WAIT, reason, attempt)
    # It was sent with its job as a whole, or under another policy.
    if comparison is Comparison.UNCHANGED and instance.status not in policy.statuses:
        return _by_status(instance, policy, now, replace(attempt, outcome=Outcome.NOT_EXECUTED))
    if comparison is Comparison.UNCHANGED:
        reason = f"{_request(attempt)}; the instance is provably unchanged, so it is sent again"
        return _retry(instance, policy, now, reason, attempt, max(1, attempt.number))
    reason = f"{_request(attempt)}, and the state ({_last(instance)}) does not show whether it took effect"
    return _decision(instance, Action.UNKNOWN, reason, attempt)


def _by_status(instance: JobInstance, policy: Policy, now: int, own: Attempt | None, spent: int = 0) -> Decision:
    status = instance.status
    if status.in_progress:
        return _decision(instance, Action.WAIT, f"in progress: {_last(instance)}", own)
    if status in (Status.PAUSE, Status.WAITING_CONFIRM):
        wants = "someone to continue it" if status is Status.PAUSE else "someone to confirm it (Execute)"
        return _decision(instance, Action.BLOCKED, f"status {status.value}: needs {wants} in the console", own)
    if status is Status.RUNNING_EXCEPTION:
        reason = "status running-exception is handled by Manual retry or Continue in the console, not by a rerun"
        return _decision(instance, Action.NOT_RERUNNABLE, reason, own)
    changed = own is not None and own.outcome is not Outcome.NOT_EXECUTED
    if changed or policy.started_since(instance.start_time):
        return _ended(instance, policy, now, own, changed, spent)
    if status in policy.statuses:
        return _retry(instance, policy, now, f"{_last(instance)}, before {to_iso(policy.since)}", own, max(1, own.number if own else 1))
    if status.succeeded:
        reason = f"nothing to do: {_last(instance)}, before {to_iso(policy.since)}"
        return Decision(instance, Action.DONE, reason, attempt=own, already_done=own is None and _already_done(instance, policy))
    return _decision(instance, Action.SKIPPED, f"status {_word(instance)} is not in statuses", own)


def _ended(instance: JobInstance, policy: Policy, now: int, own: Attempt | None, changed: bool, spent: int) -> Decision:
    """Decision if the last run of *instance* belongs to this run and has ended, or has an undocumented status."""
    if instance.status.succeeded:
        return _decision(instance, Action.DONE, f"succeeded after {to_iso(policy.since)}: {_last(instance)}", own)
    if not changed and instance.status not in policy.statuses:
        return _decision(instance, Action.SKIPPED, f"status {_word(instance)} is not in statuses", own)
    if instance.status is Status.UNKNOWN:
        reason = f"the rerun changed it to status {_word(instance)}, which is not documented; it counts as in progress until that changes"
        return _decision(instance, Action.WAIT, reason, own)
    used = max(_attempts_used(own), spent)
    share = f"{used} of {policy.attempts} attempts" if used <= policy.attempts else f"{used} attempts (attempts is {policy.attempts})"
    text = f"{_last(instance)}, after {share}"
    if own is None:
        text += f" (not sent by this run, but a start after {to_iso(policy.since - policy.clock_slack_ms)} counts as one)"
    if used >= policy.attempts or instance.status not in policy.statuses:
        return _decision(instance, Action.FAILED_AGAIN, text, own, attempts=used)
    due = (instance.end_time or instance.start_time or now) + policy.attempt_delay_ms
    if policy.attempt_delay_ms and now < due:
        return _decision(instance, Action.WAIT, f"{text}; the next is due at {to_iso(due)}", own, due, attempts=used)
    return _retry(instance, policy, now, text, own, used + 1)


def _already_done(instance: JobInstance, policy: Policy) -> bool:
    """Whether *instance* succeeded before the run began.

    Not certain, and so False: a run that began before may have ended after; a person who sets an instance to success keeps the times of the
    failure; and shortly before ``since``, which may lie a moment ahead of the first pass, the service may show an end late.
    """
    early = policy.since - max(SINCE_AHEAD_MS, policy.settle_ms)
    return instance.succeeded_by_itself and instance.end_time is not None and instance.end_time < early


def _attempts_used(own: Attempt | None) -> int:
    """Attempts used. A start after ``since`` counts as one even if the journal does not know it."""
    if own is None:
        return 1
    return max(1, own.number - 1 if own.outcome is Outcome.NOT_EXECUTED else own.number)


def _retry(instance: JobInstance, policy: Policy, now: int, reason: str, own: Attempt | None, attempts: int) -> Decision:
    if instance.instance_type is InstanceType.MANUAL:
        return _decision(instance, Action.NOT_RERUNNABLE, "manually scheduled jobs cannot be rerun", own)
    until = policy.hold_off_until
    if until is not None and now < until:
        early = until <= policy.since
        why = "the value of since" if early else f"because another machine may have sent it since {to_iso(policy.since)}"
        return _decision(instance, Action.SETTLING, f"{reason}; nothing is sent before {to_iso(until)}, {why}", own, until)
    alone = own is not None and own.batch > 1 and own.outcome in (Outcome.REJECTED, Outcome.UNKNOWN)
    request_id = own.request_id if own else None
    return Decision(instance, Action.RETRY, reason, attempts=attempts, request_id=request_id, attempt=own, alone=alone)


def _decision(
    instance: JobInstance, action: Action, reason: str, own: Attempt | None, due: int | None = None, *, attempts: int | None = None
) -> Decision:
    if attempts is None:
        attempts = 0 if own is None else own.number - (own.outcome is Outcome.NOT_EXECUTED)
    return Decision(instance, action, reason, due, attempts, own.request_id if own else None, own)


def _rejected_alone(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.REJECTED and attempt.batch == 1


def _word(instance: JobInstance) -> str:
    return instance.status.value if instance.status is not Status.UNKNOWN else f"'{printable(instance.status_text, 40)}'"


def _last(instance: JobInstance) -> str:
    started = f"last started {to_iso(instance.start_time)}" if instance.start_time is not None else "no start recorded"
    return f"{_word(instance)}, {started}"


def _rejection(attempt: Attempt) -> str:
    return f"the service rejected it at {to_iso(attempt.sent_ms)}: {printable(attempt.message) or 'no reason recorded'}"


def _request(attempt: Attempt) -> str:
    what = {
        Outcome.ACCEPTED: "was accepted",
        Outcome.REJECTED: "was rejected together with others",
        Outcome.INTENDED: "was interrupted",
        Outcome.CONFLICTED: "was rejected because it is already running",
    }
    return f"the rerun sent at {to_iso(attempt.sent_ms)} {what.get(attempt.outcome, 'has no known outcome')}"
