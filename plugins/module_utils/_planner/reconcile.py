# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what is to be done about one job instance, and why.

Pure: an instance as it was read, what was sent for it before, the options and the time go in, a decision comes out.
The stated end is: *the instance has succeeded in a run that started at or after* ``since``.

| the instance now | and | decision |
|---|---|---|
| waiting, running | | wait: it is on its way, whoever started it |
| pause, waiting-confirm | | blocked: needs a person |
| running-exception | | not rerunnable |
| status in ``statuses`` | last start before ``since``, nothing sent | retry |
| the same | manually scheduled | not rerunnable |
| success, forced or ignored | | done; the reason tells whether before or after ``since`` |
| any other | last start before ``since``, nothing sent | skipped |
| status in ``statuses`` | last start at or after ``since`` | failed again, or retry while attempts are left |
| any end but success | after a rerun of this run | failed again |
| unchanged since it was sent | accepted | settling, then wait; never sent again by this ``since`` |
| unchanged since it was sent | outcome unknown | settling, then retry if it provably stayed, else unknown |
| unchanged since it was sent | refused | refused |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import to_iso
from .._models.attempt import (
    ACCEPTED,
    ACTIVE,
    INTENDED,
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    Movement,
    Sent,
    compare,
)
from .._models.decision import Action, Decision
from .._models.instance import InstanceType, JobInstance, Status

#: How far ahead of the service's clock ``since`` may be, ms: the time of a schedule that fired a moment early.
AHEAD_MS = 60_000
#: How long an accepted rerun keeps every other run from rerunning the same failure, ms, should the service not show it for so long. After
#: that it counts as lost, and whoever runs again gets another one. ``settle_time`` makes it longer, never shorter.
HIDDEN_MS = 900_000


@dataclass(frozen=True)
class Policy:
    """What a run wants. Times epoch ms on the service's clock, durations ms.

    :param since: a start at or after it belongs to this run.
    :param statuses: statuses to retry.
    :param settle_ms: how long after a POST the service may still show the instance as it was.
    :param attempts: sends per instance in this run, at least 1.
    :param attempt_delay_ms: pause between an instance's failure and its next send in the same run.
    :param quiet_until: nothing is sent before it, because another machine may have sent what this one's ledger does not know, or because it
        is ``since``; None: no such time.
    """

    since: int
    statuses: frozenset[Status]
    settle_ms: int
    attempts: int = 1
    attempt_delay_ms: int = 0
    quiet_until: int | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise OptionError(f"attempts is {self.attempts}; an instance is sent at least once. Give 1 or more.")
        if self.settle_ms < 0 or self.attempt_delay_ms < 0:
            raise OptionError("settle_time and attempt_delay are durations. Give seconds, 0 or more.")


def of_this_run(instance: JobInstance, policy: Policy, sent: Sent | None) -> Sent | None:
    """*sent*, if it belongs to the run that *policy* describes, else None.

    It does if it was sent at or after ``since``. A POST that was not settled when this run began belongs to it too, because two plays
    that begin in the same second have each their own ``since``; unless its rerun had visibly ended before: then this run is a new try.
    And one that was accepted does for :data:`HIDDEN_MS`, as long as the service shows the very failure that it was sent for.
    """
    if sent is None or sent.sent_ms >= policy.since:
        return sent
    hidden = sent.outcome == ACCEPTED and instance.status in policy.statuses and compare(instance, sent) is not Movement.MOVED
    unsettled_ms = max(policy.settle_ms, HIDDEN_MS) if hidden else policy.settle_ms
    if sent.outcome in (REFUSED, NOT_SENT) or sent.settled_at(unsettled_ms) <= policy.since:
        return None
    ended = not instance.status.in_progress and instance.end_time is not None and instance.end_time < policy.since
    return None if ended and compare(instance, sent) is Movement.MOVED else sent


def decide(instance: JobInstance, policy: Policy, now: int, sent: Sent | None) -> Decision:
    """What is to be done about *instance*, by the table at the top of this file.

    :param now: the service's time, epoch ms, at which the list that shows *instance* was asked for; not later, or a late answer
        would be taken for a settled one. *sent* must have been read before that, under the lock that keeps others from sending.
    :param sent: the newest record for it, or None.
    """
    mine = of_this_run(instance, policy, sent)
    if mine is not None and mine.outcome != NOT_SENT and not instance.status.in_progress:
        movement = compare(instance, mine)
        if movement is not Movement.MOVED:
            return _unmoved(instance, policy, now, mine, movement)
    found = _by_status(instance, policy, now, mine)
    return found if found.rerun is not None else replace(found, reason=f"{found.reason}; whose rerun that is cannot be told")


def decide_missing(sent: Sent, policy: Policy, now: int) -> Decision:
    """What has become of an instance that was sent in this run and that the list no longer shows: settling, refused or unknown."""
    instance = JobInstance(key=sent.key, job_name=sent.job_name, status=Status.UNKNOWN, status_text="unknown", start_time=sent.start_time)
    due = sent.settled_at(policy.settle_ms)
    if sent.outcome == REFUSED and sent.batch == 1:
        return _told(instance, Action.REFUSED, _refusal(sent), sent)
    if now < due:
        return _told(instance, Action.SETTLING, f"{_post(sent)}; the service does not list it at the moment", sent, due)
    return _told(instance, Action.UNKNOWN, f"{_post(sent)}, and the service no longer lists it, so what became of it cannot be told", sent)


def _unmoved(instance: JobInstance, policy: Policy, now: int, sent: Sent, movement: Movement) -> Decision:
    due = sent.settled_at(policy.settle_ms)
    if sent.outcome == REFUSED and sent.batch == 1:
        return _told(instance, Action.REFUSED, _refusal(sent), sent)
    if now < due:
        return _told(instance, Action.SETTLING, f"{_post(sent)}; the service may show it until {to_iso(due)}", sent, due)
    if sent.outcome == ACCEPTED:
        until = to_iso(sent.settled_at(max(policy.settle_ms, HIDDEN_MS)))
        reason = f"{_post(sent)}, but the service does not show it yet; it is not sent again, nor by a run that begins before {until}"
        return _told(instance, Action.WAIT, reason, sent)
    if movement is Movement.STAYED and instance.status not in policy.statuses:  # sent with its job as a whole, or by another policy
        return _by_status(instance, policy, now, replace(sent, outcome=NOT_SENT))
    if movement is Movement.STAYED:
        reason = f"{_post(sent)}; the instance provably stayed as it was, so it is sent again"
        return _retry(instance, policy, now, reason, sent, max(1, sent.attempt))
    return _told(instance, Action.UNKNOWN, f"{_post(sent)}, and from {_last(instance)} it cannot be told whether it took effect", sent)


def _by_status(instance: JobInstance, policy: Policy, now: int, mine: Sent | None) -> Decision:
    status = instance.status
    if status.in_progress:
        return _told(instance, Action.WAIT, f"on its way: {_last(instance)}", mine)
    if status in (Status.PAUSE, Status.WAITING_CONFIRM):
        wants = "someone to continue it" if status is Status.PAUSE else "someone to confirm it (Execute)"
        return _told(instance, Action.BLOCKED, f"status {status.value}: needs {wants} in the console", mine)
    if status is Status.RUNNING_EXCEPTION:
        return _told(
            instance,
            Action.NOT_RERUNNABLE,
            "status running-exception is handled by Manual retry or Continue in the console, not by a rerun",
            mine,
        )
    moved = mine is not None and mine.outcome != NOT_SENT
    if moved or (instance.start_time is not None and instance.start_time >= policy.since):
        return _ended(instance, policy, now, mine, moved)
    if status in policy.statuses:
        return _retry(instance, policy, now, f"{_last(instance)}, before {to_iso(policy.since)}", mine, max(1, mine.attempt if mine else 1))
    if status.succeeded:
        reason = f"nothing to do: {_last(instance)}, before {to_iso(policy.since)}"
        return Decision(instance, Action.DONE, reason, sent=mine, idle=mine is None and _over(instance, policy))
    return _told(instance, Action.SKIPPED, f"status {_word(instance)} is not in statuses", mine)


def _ended(instance: JobInstance, policy: Policy, now: int, mine: Sent | None, moved: bool) -> Decision:
    """The last run of *instance* belongs to this run and has ended, or nothing is known of how."""
    if instance.status.succeeded:
        return _told(instance, Action.DONE, f"succeeded after {to_iso(policy.since)}: {_last(instance)}", mine)
    if not moved and instance.status not in policy.statuses:
        return _told(instance, Action.SKIPPED, f"status {_word(instance)} is not in statuses", mine)
    if instance.status is Status.UNKNOWN:
        return _told(instance, Action.UNKNOWN, f"the rerun moved it to status {_word(instance)}, which is not documented", mine)
    used = _attempts_used(mine)
    text = f"{_last(instance)}, after {used} of {policy.attempts} attempts"
    if mine is None:
        text += f" (not sent by this run, but a start after {to_iso(policy.since)} counts as one)"
    if used >= policy.attempts or instance.status not in policy.statuses:
        return _told(instance, Action.FAILED_AGAIN, text, mine, attempt=used)
    due = (instance.end_time or instance.start_time or now) + policy.attempt_delay_ms
    if policy.attempt_delay_ms and now < due:
        return _told(instance, Action.WAIT, f"{text}; the next is due at {to_iso(due)}", mine, due, attempt=used)
    return _retry(instance, policy, now, text, mine, used + 1)


def _over(instance: JobInstance, policy: Policy) -> bool:
    """Whether the success of *instance* was there before the run began. A run that began before may have ended after, and what a person
    sets to success keeps the times of the failure: both may have been on their way, or failed, in an earlier pass. So may what ended shortly
    before ``since``, which may lie a moment ahead of the first pass, and what the service shows late."""
    by_hand = instance.force_success or instance.ignore_success or instance.status is not Status.SUCCESS
    early = policy.since - max(AHEAD_MS, policy.settle_ms)
    return not by_hand and instance.end_time is not None and instance.end_time < early


def _attempts_used(mine: Sent | None) -> int:
    """A start after ``since`` is an attempt of this run, whoever sent it: this machine's ledger need not know."""
    if mine is None:
        return 1
    return max(1, mine.attempt - 1 if mine.outcome == NOT_SENT else mine.attempt)


def _retry(instance: JobInstance, policy: Policy, now: int, reason: str, mine: Sent | None, attempt: int) -> Decision:
    if instance.instance_type is InstanceType.MANUAL:
        return _told(instance, Action.NOT_RERUNNABLE, "manually scheduled jobs cannot be rerun", mine)
    quiet = policy.quiet_until
    if quiet is not None and now < quiet:
        early = quiet <= policy.since
        why = "which is since" if early else f"because another machine may have sent it since {to_iso(policy.since)}"
        return _told(instance, Action.SETTLING, f"{reason}; nothing is sent before {to_iso(quiet)}, {why}", mine, quiet)
    alone = mine is not None and mine.batch > 1 and mine.outcome in (REFUSED, UNKNOWN)
    request_id = mine.request_id if mine else None
    return Decision(instance, Action.RETRY, reason, attempt=attempt, request_id=request_id, sent=mine, alone=alone)


def _told(
    instance: JobInstance, action: Action, reason: str, mine: Sent | None, due: int | None = None, *, attempt: int | None = None
) -> Decision:
    if attempt is None:
        attempt = 0 if mine is None else mine.attempt - (mine.outcome == NOT_SENT)
    return Decision(instance, action, reason, due, attempt, mine.request_id if mine else None, mine)


def _word(instance: JobInstance) -> str:
    return instance.status.value if instance.status is not Status.UNKNOWN else f"'{printable(instance.status_text, 40)}'"


def _last(instance: JobInstance) -> str:
    started = f"last started {to_iso(instance.start_time)}" if instance.start_time is not None else "no start recorded"
    return f"{_word(instance)}, {started}"


def _refusal(sent: Sent) -> str:
    return f"the service refused it at {to_iso(sent.sent_ms)}: {printable(sent.message) or 'no reason recorded'}"


def _post(sent: Sent) -> str:
    what = {
        ACCEPTED: "was accepted",
        REFUSED: "was refused together with others",
        INTENDED: "was interrupted",
        ACTIVE: "was refused because it runs already",
    }
    return f"the rerun sent at {to_iso(sent.sent_ms)} {what.get(sent.outcome, 'has no known outcome')}"
