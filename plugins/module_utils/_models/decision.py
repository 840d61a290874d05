# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions: what is to be done about an instance, or has become of it. Made and changed in ``_planner`` only.

The tables of ``_planner`` make them (``reconcile.py``, ``explicit.py``, ``stopping.py``); every later step that wants something else done turns them,
with :meth:`Decision.turned`.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .attempt import Attempt, Comparison, Outcome, compare
from .downstream import Effect
from .instance import InstanceKey, JobInstance
from .slotted import replace, slotted

#: How much earlier than its request a run may have started and still be an effect of it, ms: two clocks stamp them, in whole seconds.
CLOCK_TOLERANCE_MS = 10_000


class Action(enum.Enum):
    """What is to be done about an instance, or has become of it."""

    RETRY = "retry"
    STOP = "stop"  # it hangs, and is stopped first
    WAIT = "wait"  # in progress, or queued
    SETTLING = "settling"  # an attempt was made, and what the service shows may be outdated: list again, send nothing
    DONE = "done"
    STOPPED = "stopped"  # by this run, and not to be rerun
    BLOCKED = "blocked"  # needs a person
    FAILED_AGAIN = "failed_again"
    NOT_RERUNNABLE = "not_rerunnable"
    REJECTED = "rejected"  # the service rejected the rerun in this run
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # never counted as success

    @property
    def open(self) -> bool:
        """Whether another pass can change it: retry, stop, wait and settling."""
        return self in (Action.RETRY, Action.STOP, Action.WAIT, Action.SETTLING)


class Upstream(t.NamedTuple):
    """The job for which an instance waits.

    :param workspace_name: "" where the service did not tell it.
    """

    job_name: str
    workspace_id: str
    workspace_name: str = ""


class LeftOut(t.NamedTuple):
    """By what a policy leaves a failure out, see ``_planner/reason_policy.py``.

    :param option: name of the option.
    :param pattern: the one that matched; None where none did.
    :param read: whether the reason was known.
    """

    option: str
    pattern: str | None
    read: bool


@slotted
@dataclass(frozen=True)
class Decision:
    """What is to be done about one instance.

    :param reason: why, in plain words; times in ISO 8601 UTC.
    :param due_ms: epoch ms before which listing this instance again is of no use, or None.
    :param attempts: with RETRY the number of the attempt it asks for; otherwise the attempts of this run so far.
    :param request_id: the service's id of the newest request of this run that carried it, or None.
    :param attempt: that attempt, or None.
    :param superseded: with RETRY, the open attempt for the same failure, of whatever run, that the new one takes over; None if there is none.
    :param alone: with RETRY, whether it must be the only instance of its request.
    :param by_id: with RETRY, whether it is one of twins, and rerun by its instance_id.
    :param already_done: with DONE, that its success had ended before ``since``, so that nothing was to be done from the beginning, in no pass
        of the run; reports count it and leave it out. Not where a person set it to success, which may have been a moment ago.
    :param queued: with WAIT, that it is to be rerun and is queued: 1 for ``max_parallel``, from 2 on for the reruns of that many stages less
        one before it (``order: upstream_first``). 0: it is not queued.
    :param waits_for: with *queued* from 2 on, the job whose success it waits for last, as far as is known.
    :param behind_unsent: with WAIT, that it waits in the service for an instance that this run has yet to send. It does not count for
        ``max_parallel`` then, or the two would wait for each other.
    :param quiet_hours: with WAIT, that it is to be rerun and not sent before *due_ms*, when quiet hours end (``not_between``).
    :param rank: its place among those that are to be sent, the smallest first (``order: deadline``).
    :param stop: the newest request to stop it that concerns this run, or None.
    :param then_rerun: with STOP, whether it is rerun after that; with *quiet_hours*, whether it is stopped first.
    :param left_out: with BLOCKED, by what a policy about reasons left it out; None if it is another reason.
    :param downstream: why it joined the plan although it was not selected: it depends on what is rerun. None of those selected.
    :param upstream_outdated: with RETRY and *downstream*, the instance above it, for people, that has yet to come up to date; "" if all have.
    """

    instance: JobInstance
    action: Action
    reason: str
    due_ms: int | None = None
    attempts: int = 0
    request_id: str | None = None
    attempt: Attempt | None = field(default=None, repr=False)
    superseded: Attempt | None = field(default=None, repr=False)
    alone: bool = False
    by_id: bool = False
    already_done: bool = False
    queued: int = 0
    waits_for: Upstream | None = None
    behind_unsent: bool = False
    left_out: LeftOut | None = None
    downstream: Effect | None = None
    upstream_outdated: str = ""
    quiet_hours: bool = False
    rank: int = 0
    stop: Attempt | None = field(default=None, repr=False)
    then_rerun: bool = False

    def turned(self, action: Action, reason: str, *, due_ms: int | None = None, attempts: int | None = None, **facts: t.Any) -> Decision:
        """The same instance with another action, for *reason*: the one place where an action is changed.

        What only describes the request that is not to be sent any more goes with it: which attempt it takes over, and how it is sent.

        :param due_ms: see the class.
        :param attempts: of this run so far; by default without the one that RETRY asked for, which is not made.
        :param facts: other attributes that change.
        """
        made = self.attempts - (self.action is Action.RETRY) if attempts is None else attempts
        request: dict[str, t.Any] = {"superseded": None, "alone": False, "by_id": False, "then_rerun": False}
        return replace(self, action=action, reason=reason, due_ms=due_ms, attempts=made, **{**request, **facts})

    @property
    def unit(self) -> InstanceKey:
        """What a request can only mean as a whole: the instance with its twins, unless it is rerun by its instance_id."""
        return self.instance.key if self.by_id else self.instance.key.shared

    @property
    def asks_rerun(self) -> bool:
        """Whether a request to rerun it is to be sent."""
        return self.action is Action.RETRY

    @property
    def reruns(self) -> bool:
        """Whether it is to be rerun, at once or after it was stopped."""
        return self.asks_rerun or (self.asks_stop and self.then_rerun)

    @property
    def asks_stop(self) -> bool:
        """Whether a request to stop it is to be sent."""
        return self.action is Action.STOP

    @property
    def failed_again(self) -> bool:
        """Whether its rerun failed, and no further one follows."""
        return self.action is Action.FAILED_AGAIN

    @property
    def delayed(self) -> bool:
        """Whether it failed again in this run, and its next attempt is due later."""
        return self.action is Action.WAIT and self.due_ms is not None and not self.queued and not self.quiet_hours

    @property
    def unshown(self) -> bool:
        """Whether the service accepted its rerun and should show it by now, and does not."""
        waits = self.action is Action.WAIT and not self.queued and self.due_ms is None and not self.instance.status.in_progress
        return waits and self.stop is None and self.attempt is not None and self.attempt.outcome is Outcome.ACCEPTED

    @property
    def in_progress(self) -> bool:
        """Whether the service works on it, as far as is known: an open instance that is not still to be sent."""
        asked = self.action is Action.SETTLING and (self.attempts > 0 or self.due_ms is None)
        return self.action.open and not self.quiet_hours and (bool(self.rerun) or self.instance.status.in_progress or asked)

    @property
    def rerun(self) -> bool | None:
        """Whether a rerun that a run of this ``since`` sent stands behind what the instance shows, or will show; None where that is unknown.

        Where the outcome of the request is known, so is this. Otherwise an instance that changed since its failure was rerun, by this request
        or by somebody else. It is somebody else's, or another instance of the same request did run, where the service rejected the request
        because one of its instances ran already; and a run that started long before the request may be somebody else's. Nor is it known for
        one that a person set to success: it keeps the times of the failure.
        """
        attempt = self.attempt
        if attempt is None:
            return False
        if attempt.again or attempt.outcome is Outcome.ACCEPTED:
            return True  # with again, whatever became of the newest attempt, the run that the one before it caused is behind it
        answered = attempt.outcome in (Outcome.REJECTED, Outcome.NOT_EXECUTED, Outcome.CONFLICTED)
        if answered or compare(self.instance, attempt) is not Comparison.CHANGED:
            return attempt.again
        start, before = self.instance.start_time, attempt.failure.start_time
        by_hand = self.instance.by_hand and start == before
        earlier = start is not None and start != before and start < attempt.sent_ms - CLOCK_TOLERANCE_MS
        return None if attempt.conflict_in_batch or by_hand or earlier else True
