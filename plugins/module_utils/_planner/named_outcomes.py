# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of instances requested by name, in both modes of the retry endpoint [H-RET], and which of them are sent again.

Pure. ``explicit.py`` decides by the newest list; this file combines its decision with what this task has sent so far.

| this task has | and | the instance is |
|---|---|---|
| not sent it | it is due | ``retry`` in check mode, else ``skipped``: not sent |
| not sent it | an earlier attempt is lost, and no change since then is proved | ``unknown`` |
| not sent it | anything else | as ``explicit.py`` decided |
| sent it | accepted | ``retry`` |
| sent it | rejected because there was nothing to rerun | ``skipped`` |
| sent it | rejected by the service | ``rejected`` |
| sent it | provably not executed | ``skipped``; the task fails if it is still to be sent |
| sent it | the answer was lost, and the instance has changed since | ``retry``: it was accepted |
| sent it | the same, and another run has taken over | ``retry``, by that run |
| sent it | the answer was lost, and the instance has not changed | ``unknown`` |
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._common.errors import ApiError, Kind
from .._common.grouping import grouped_by
from .._common.text import printable
from .._models.attempt import EFFECTIVE, LOST, Comparison, Outcome, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey
from .._models.slotted import replace
from .outcomes import REJECTING_KINDS
from .quiet_hours import QuietSpan, not_sent


@dataclass(frozen=True)
class Asked:
    """State of one task's requests for an instance.

    :param own: what became of its last request; None if it was not sent.
    :param sends: how often it was sent.
    :param just_lost: whether the answer was lost in this pass.
    """

    own: Decision | None = None
    sends: int = 0
    just_lost: bool = False

    def after(self, decision: Decision, error: ApiError | None) -> Asked:
        """The value after one more request, which ended in *error*.

        :param decision: what became of the instance by it.
        """
        rejected = error is not None and error.kind in REJECTING_KINDS
        lost = error is not None and not rejected and _outcome(decision) is Outcome.UNKNOWN
        return Asked(_rejected(decision, error) if rejected and error is not None else decision, self.sends + 1, just_lost=lost)

    @property
    def settled(self) -> bool:
        """Whether this task has received a clear answer."""
        own = self.own
        return own is not None and (_outcome(own) is Outcome.ACCEPTED or own.action in (Action.REJECTED, Action.SKIPPED))


def asked_of(decision: Decision, asked: t.Mapping[InstanceKey, Asked]) -> InstanceKey:
    """The key under which this task sent it, even if its rerun has changed the key."""
    key, attempt = decision.instance.key, decision.attempt
    return key if key in asked or attempt is None or attempt.failure.key not in asked else attempt.failure.key


def due(decision: Decision, asked: Asked, sends: int) -> bool:
    """Whether to send it now, if it may be sent *sends* times."""
    return decision.action is Action.RETRY and asked.sends < sends and not asked.settled


def due_again(decision: Decision, asked: Asked, now_ms: int, settle_ms: int) -> int | None:
    """When to list it again, epoch ms, or None if that would show nothing new.

    Time helps if nothing may be sent yet, or if the answer was lost and the instance has not changed; not after an accepted request.
    """
    if asked.just_lost:
        return now_ms + settle_ms
    waits = decision.action is Action.SKIPPED and _outcome(decision) is not Outcome.ACCEPTED
    return decision.due_ms if waits and not asked.settled and not _taken(decision, asked) else None


def final(decision: Decision, asked: Asked, *, due_now: bool, quiet_hours: QuietSpan | None, check_mode: bool) -> Decision:
    """The decision to report, by the table at the top of this file.

    :param due_now: whether it is to be sent, see :func:`due`.
    :param quiet_hours: the quiet hours that prevent sending, or None.
    """
    own = asked.own
    if own is None:
        return _untouched(decision, quiet_hours if due_now else None, check_mode=check_mode)
    if own.action is not Action.SETTLING:
        ended = replace(own, instance=decision.instance)
        return ended.turned(Action.SKIPPED, own.reason) if own.action is Action.WAIT else ended
    if _taken(decision, asked):
        text, newest = "the answer was lost, but the instance has changed since, so the rerun was taken", own.attempt
        other = decision.attempt
        if other is not None and newest is not None and other.run_id != newest.run_id and other.outcome in EFFECTIVE:
            text, newest = "the answer was lost, and another run has sent it again since", other
        return own.turned(Action.RETRY, f"{text} ({decision.reason})", instance=decision.instance, attempt=newest)
    return own.turned(Action.UNKNOWN, own.reason, instance=decision.instance)


def failing(finals: t.Iterable[Decision]) -> tuple[list[Decision], list[Decision], list[Decision]]:
    """The decisions in *finals* that make the task fail: rejected, of unknown outcome, left to a person."""
    actions = grouped_by(finals, lambda decision: decision.action)
    blocked = [*actions.get(Action.BLOCKED, ()), *actions.get(Action.NOT_RERUNNABLE, ())]
    return actions.get(Action.REJECTED, []), actions.get(Action.UNKNOWN, []), blocked


def left_unsent(decision: Decision, asked: Asked) -> bool:
    """Whether it is still to be sent and no request has left; the obstacle may last."""
    return decision.action is Action.RETRY and (asked.own is None or asked.own.action is Action.WAIT)


def reran(finals: t.Iterable[Decision], asked: t.Iterable[Asked]) -> bool:
    """Whether anything was, or may have been, rerun; in check mode, whether anything would be."""
    may_have = (known.own is not None and known.own.action is Action.SETTLING for known in asked)
    return any(decision.action is Action.RETRY for decision in finals) or any(may_have)


def standing_of(decision: Decision) -> str | None:
    """The standing of an instance if it differs from that of a goal: it was named, but there was no reason to rerun it."""
    if decision.quiet_hours:
        return "to_rerun"
    return "other" if decision.action is Action.SKIPPED else None


def _taken(decision: Decision, asked: Asked) -> bool:
    """Whether the instance has visibly changed since it was last sent."""
    own = asked.own
    return own is not None and own.attempt is not None and compare(decision.instance, own.attempt) is Comparison.CHANGED


def _untouched(decision: Decision, quiet_hours: QuietSpan | None, *, check_mode: bool) -> Decision:
    """Decision about an instance that this task has not sent. A skip because of an earlier attempt of unknown outcome is reported as unknown."""
    attempt, why = decision.attempt, "" if quiet_hours is None else not_sent(quiet_hours)
    if decision.action is Action.RETRY and check_mode:
        return replace(decision, attempts=0, reason=f"{decision.reason}; {why}" if why else decision.reason, quiet_hours=bool(why))
    if decision.action is Action.RETRY:
        reason = f"not sent: {why}" if why else "not sent"
        return decision.turned(Action.SKIPPED, reason, attempts=0, quiet_hours=bool(why))
    if attempt is not None and attempt.outcome in LOST and compare(decision.instance, attempt) is not Comparison.CHANGED:
        return decision.turned(Action.UNKNOWN, decision.reason)
    return replace(decision, attempt=None, request_id=None, attempts=0)


def _rejected(decision: Decision, error: ApiError) -> Decision:
    """Decision after a rejection, which is final for this task, whatever the journal records for later ones."""
    if error.kind is Kind.NOTHING_TO_RERUN:
        return decision.turned(Action.SKIPPED, f"the service has nothing to rerun: {printable(error)}")
    return decision.turned(Action.REJECTED, f"the service rejected it: {printable(error)}")


def _outcome(decision: Decision) -> Outcome | None:
    return None if decision.attempt is None else decision.attempt.outcome
