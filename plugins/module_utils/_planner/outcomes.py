# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes: what the end of a request means for attempts and decisions, where an instance stands, and what is left to do.

Pure.
"""

from __future__ import annotations

import collections
import math
import typing as t

from .._common.errors import FATAL_KINDS, ApiError, Kind
from .._common.text import printable
from .._models.attempt import Attempt, Outcome
from .._models.decision import Action, Decision
from .._models.instance import Status

#: Kinds of errors with which the service rejects the instances or the request itself; nothing was changed.
REJECTING_KINDS = frozenset({Kind.NOT_FOUND, Kind.NOTHING_TO_RERUN, Kind.NOT_RERUNNABLE, Kind.ALREADY_RUNNING, Kind.INVALID})
#: Kinds that every other rerun would meet too; the request provably had no effect.
SHARED_KINDS = FATAL_KINDS | {Kind.NOT_PUBLISHED}
#: Kinds with which a request provably had no effect, for a reason outside its instances. SERVER here is IAM's answer to the token request
#: that came first; a write itself never ends in it.
NOT_EXECUTED_KINDS = SHARED_KINDS | {Kind.THROTTLED, Kind.BAD_ANSWER, Kind.SERVER, Kind.STALE, Kind.MOVED_ON}

#: Actions that mean a missed goal, and the words for people.
MISSED_WORDS = {
    Action.FAILED_AGAIN: "failed again",
    Action.REJECTED: "rejected by the service",
    Action.NOT_RERUNNABLE: "not rerunnable",
    Action.BLOCKED: "waiting for a person",
    Action.STOPPED: "stopped",
    Action.SKIPPED: "skipped downstream of one that did not succeed",
    Action.UNKNOWN: "of unknown outcome",
}
#: Those that mean it only for an instance that was to be rerun.
_IF_WANTED = (Action.NOT_RERUNNABLE, Action.SKIPPED)


def outcome_of(kind: Kind, batch: int) -> tuple[Outcome, bool]:
    """The outcome of each attempt in a request of *batch* instances that ended in an error of *kind*, and whether it was a conflict.

    "Already running" is more than a rejection: somebody else's rerun may not show yet, so the instance must be listed again. A rejected request
    of several instances is UNKNOWN: whether a rejection is all or nothing is not documented.
    """
    if kind in REJECTING_KINDS:
        conflict = kind is Kind.ALREADY_RUNNING
        if batch > 1:
            return Outcome.UNKNOWN, conflict
        return (Outcome.CONFLICTED if conflict else Outcome.REJECTED), False
    return (Outcome.NOT_EXECUTED if kind in NOT_EXECUTED_KINDS else Outcome.UNKNOWN), False


def outcome_of_one(kind: Kind) -> Outcome:
    """The outcome of a request to stop an instance or to run a job that ended in an error of *kind*.

    Missing permission counts as rejected: another try would meet it too.
    """
    if kind is Kind.MOVED_ON:
        return Outcome.MOVED_ON
    if kind in REJECTING_KINDS or kind in (Kind.NO_PERMISSION, Kind.NOT_PUBLISHED):
        return Outcome.REJECTED
    return Outcome.NOT_EXECUTED if kind in NOT_EXECUTED_KINDS else Outcome.UNKNOWN


def after_error(decision: Decision, attempt: Attempt, error: ApiError) -> Decision:
    """Decision about an instance whose request ended in *error*.

    :param attempt: as recorded.
    """
    attempts, text = decision.attempts, printable(error)
    if attempt.outcome is Outcome.REJECTED:
        action, reason = Action.REJECTED, f"the service rejected it: {text}"
    elif attempt.outcome is Outcome.NOT_EXECUTED:
        action, reason, attempts = Action.WAIT, f"not sent: {text}", decision.attempts - 1
    elif attempt.outcome is Outcome.CONFLICTED:
        action, reason = Action.SETTLING, f"the service says that it is already running ({text}); it is listed again"
    elif error.kind in REJECTING_KINDS:
        reason = f"the service rejected a request of {attempt.batch} instances ({text}); each is sent alone once it is provably unchanged"
        action = Action.SETTLING
    else:
        action, reason = Action.SETTLING, f"whether the rerun took effect is unknown ({text}); it is listed again"
    return decision.turned(action, reason, attempts=attempts, request_id=error.request_id, attempt=attempt)


def claimed_elsewhere(decision: Decision) -> Decision:
    """Decision about an instance whose failure another run claimed first: send nothing and follow that run's rerun."""
    reason = "another run is rerunning or stopping it at this moment; it is watched, and nothing is sent twice"
    return decision.turned(Action.SETTLING, reason)


def left_to_do(decision: Decision, *, wait: bool) -> bool:
    """Whether a further pass has anything to do for it: until it ends, or with *wait* false until its sending is certain."""
    if not decision.action.open:
        return False
    accepted = (
        decision.attempt is not None and decision.attempt.outcome is Outcome.ACCEPTED and not decision.queued and not decision.quiet_hours
    )
    return wait or not (accepted or decision.instance.status.in_progress)


def unsent(decision: Decision, *, check_mode: bool, plan_only: bool) -> Decision:
    """Decision about an instance that was not sent in this pass; in check mode, what would be sent. An attempt counts only once it is made."""
    if check_mode and (decision.queued or decision.delayed or decision.quiet_hours):
        # It would be sent, but not in the first pass.
        return decision.turned(Action.STOP if decision.then_rerun else Action.RETRY, decision.reason, then_rerun=decision.then_rerun)
    if decision.action is not Action.RETRY:
        return decision
    if check_mode or plan_only:
        return decision.turned(Action.RETRY, decision.reason)
    return decision.turned(Action.WAIT, f"not sent yet: {decision.reason}")


def standing(decision: Decision, wanted: t.Container[Status], *, check_mode: bool = False) -> str:
    """Where an instance stands: the word that all counts use.

    ``to_rerun`` (would be sent, or is still to be sent), ``running``, ``waiting`` (also: sent and not visible yet), ``succeeded``,
    ``already_done`` (succeeded, and no attempt of this run), ``other`` (has none of the statuses *wanted*), or the value of one of :data:`MISSED_WORDS`.
    """
    action = decision.action
    if action is Action.RETRY and (check_mode or not decision.rerun):
        return "to_rerun"
    if action is Action.STOP and check_mode and decision.then_rerun:
        return "to_rerun"
    if action.open:
        if decision.instance.status is Status.RUNNING:
            return "running"
        return "waiting" if decision.in_progress else "to_rerun"
    if action is Action.SKIPPED and not _was_wanted(decision, wanted):
        return "other"
    if action is Action.DONE:
        return "already_done" if decision.rerun is False and not decision.attempts else "succeeded"
    return str(action.value)


def is_broken(decision: Decision, wanted: t.Container[Status]) -> bool:
    """Whether it missed the goal. Not rerunnable or skipped instances count only if they were to be rerun."""
    return decision.action in MISSED_WORDS and (decision.action not in _IF_WANTED or _was_wanted(decision, wanted))


def _was_wanted(decision: Decision, wanted: t.Container[Status]) -> bool:
    """Whether it was to be rerun, by its status or as a dependant that joined the plan."""
    return decision.downstream is not None or decision.instance.status in wanted


def missed(decisions: t.Iterable[Decision], wanted: t.Container[Status]) -> str:
    """How many instances missed the goal, in words: ``2 failed again, 1 of unknown outcome``; "" if none did."""
    counts = collections.Counter(decision.action for decision in decisions if is_broken(decision, wanted))
    return ", ".join(f"{counts[action]} {words}" for action, words in MISSED_WORDS.items() if counts[action])


def of_unknown_outcome(decisions: t.Iterable[Decision]) -> list[Decision]:
    """The decisions with an unknown outcome."""
    return [decision for decision in decisions if decision.action is Action.UNKNOWN]


def due_in(decisions: t.Iterable[Decision], now_ms: int, poll_interval: float) -> float | None:
    """Seconds until the next useful pass, or None if nothing is left to do.

    Instances in progress are listed every *poll_interval* seconds; what must not be sent before a certain time, not before that.
    """
    waits = [_wait(decision, now_ms, poll_interval) for decision in decisions if decision.action.open]
    return math.ceil(max(0.0, min(waits)) * 10) / 10 if waits else None


def _wait(decision: Decision, now_ms: int, poll_interval: float) -> float:
    if decision.due_ms is None:
        return poll_interval
    left = (decision.due_ms - now_ms) / 1000
    attempted = decision.attempt is not None and decision.action is Action.SETTLING
    return min(left, poll_interval) if attempted else left
