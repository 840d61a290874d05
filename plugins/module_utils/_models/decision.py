# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions: what is to be done about an instance, or what became of it.

Only ``_planner`` makes and changes them. Its tables make them (``reconcile.py``, ``explicit.py``, ``stopping.py``); later steps change them with
:meth:`Decision.turned`.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .attempt import Attempt, Comparison, Outcome, compare
from .downstream import Effect
from .instance import InstanceKey, JobInstance
from .slotted import replace, slotted

#: How far a run's start may precede the request that caused it, ms: two clocks stamp them, in whole seconds.
CLOCK_TOLERANCE_MS = 10_000


class Action(enum.Enum):
    """Action for an instance: what to do about it, or what became of it."""

    RETRY = "retry"
    STOP = "stop"  # it hangs and has to be stopped first
    WAIT = "wait"  # in progress, or queued
    SETTLING = "settling"  # an attempt was made and the list may be outdated: list again, send nothing
    DONE = "done"
    STOPPED = "stopped"  # by this run; it is not rerun
    BLOCKED = "blocked"  # needs a person
    FAILED_AGAIN = "failed_again"
    NOT_RERUNNABLE = "not_rerunnable"
    REJECTED = "rejected"  # the service rejected the rerun in this run
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # never counted as success

    @property
    def open(self) -> bool:
        """Whether another pass can change it."""
        return self in (Action.RETRY, Action.STOP, Action.WAIT, Action.SETTLING)


class Upstream(t.NamedTuple):
    """The job that an instance waits for.

    :param workspace_name: "" if the service did not name it.
    """

    job_name: str
    workspace_id: str
    workspace_name: str = ""


class LeftOut(t.NamedTuple):
    """Which policy option left a failure out, see ``_planner/reason_policy.py``.

    :param option: name of the option.
    :param pattern: the pattern that matched, or None.
    :param read: whether the reason of the failure was known.
    """

    option: str
    pattern: str | None
    read: bool


@slotted
@dataclass(frozen=True)
class Decision:
    """Decision about one instance.

    :param reason: why, in plain words; times in ISO 8601 UTC.
    :param due_ms: listing the instance again before this time is useless, epoch ms, or None.
    :param attempts: with RETRY, the number of the attempt it asks for; otherwise the number of attempts of this run so far.
    :param request_id: the service's id of the newest request of this run that carried it, or None.
    :param attempt: that attempt, or None.
    :param superseded: with RETRY, the open attempt of any run for the same failure, which the new one takes over, or None.
    :param alone: with RETRY, whether it must be the only instance of its request.
    :param by_id: with RETRY, whether it is one of twins, and rerun by its instance_id.
    :param already_done: with DONE, whether its success ended before ``since``: no pass of the run had anything to do. Reports count it without
        listing it. False if a person set it to success, which may have been a moment ago.
    :param queued: with WAIT, what a rerun is queued for. 1: ``max_parallel``. 2 or more: the reruns of *queued* - 1 earlier stages
        (``order: upstream_first``). 0: not queued.
    :param waits_for: with *queued* of 2 or more, the job whose success it waits for last, if known.
    :param behind_unsent: with WAIT, whether it waits in the service for an instance that this run has yet to send. It does not count for
        ``max_parallel`` then, or the two would wait for each other.
    :param quiet_hours: with WAIT, whether its rerun waits for the end of quiet hours (``not_between``) at *due_ms*.
    :param rank: its place among those to be sent, smallest first (``order: deadline``).
    :param stop: the newest request to stop it that concerns this run, or None.
    :param then_rerun: with STOP, whether it is rerun after that; with *quiet_hours*, whether it is stopped first.
    :param left_out: with BLOCKED, the policy about reasons that left it out; None if it is blocked for another reason.
    :param downstream: for an instance that joined the plan because it depends on one that is rerun: why it joined. None for selected instances.
    :param upstream_outdated: with RETRY and *downstream*, a text naming the upstream instance that is not up to date yet, or "".
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
        """Return the decision with another action, for *reason*: the one place where an action is changed.

        Details of the request that is no longer to be sent are dropped: which attempt it takes over, and how it is sent.

        :param due_ms: see the class.
        :param attempts: attempts of this run so far; by default without the one that RETRY asked for, which is not made.
        :param facts: other attributes that change.
        """
        made = self.attempts - (self.action is Action.RETRY) if attempts is None else attempts
        request: dict[str, t.Any] = {"superseded": None, "alone": False, "by_id": False, "then_rerun": False}
        return replace(self, action=action, reason=reason, due_ms=due_ms, attempts=made, **{**request, **facts})

    @property
    def unit(self) -> InstanceKey:
        """Smallest unit that a request can address: the instance with its twins, unless it is rerun by its instance_id."""
        return self.instance.key if self.by_id else self.instance.key.shared

    @property
    def asks_rerun(self) -> bool:
        """Whether a request to rerun it is to be sent."""
        return self.action is Action.RETRY

    @property
    def reruns(self) -> bool:
        """Whether it is to be rerun, at once or after a stop."""
        return self.asks_rerun or (self.asks_stop and self.then_rerun)

    @property
    def asks_stop(self) -> bool:
        """Whether a request to stop it is to be sent."""
        return self.action is Action.STOP

    @property
    def failed_again(self) -> bool:
        """Whether its rerun failed and no further one follows."""
        return self.action is Action.FAILED_AGAIN

    @property
    def delayed(self) -> bool:
        """Whether it failed again in this run, and its next attempt is due later."""
        return self.action is Action.WAIT and self.due_ms is not None and not self.queued and not self.quiet_hours

    @property
    def unshown(self) -> bool:
        """Whether the service accepted its rerun, should show it by now, and does not."""
        waits = self.action is Action.WAIT and not self.queued and self.due_ms is None and not self.instance.status.in_progress
        return waits and self.stop is None and self.attempt is not None and self.attempt.outcome is Outcome.ACCEPTED

    @property
    def in_progress(self) -> bool:
        """Whether the service is working on it, as far as is known: an open instance for which nothing is left to send."""
        asked = self.action is Action.SETTLING and (self.attempts > 0 or self.due_ms is None)
        return self.action.open and not self.quiet_hours and (bool(self.rerun) or self.instance.status.in_progress or asked)

    @property
    def rerun(self) -> bool | None:
        """Whether a rerun sent by a run with this ``since`` caused the state of the instance, or will cause it; None if unknown.

        A known outcome of the request decides. Otherwise, an instance that changed since its failure was rerun, and it is unknown by whom where
        the service rejected the request because one of its instances ran already, where the run started long before the request, and where a
        person set the instance to success, which keeps the times of the failure.
        """
        attempt = self.attempt
        if attempt is None:
            return False
        if attempt.again or attempt.outcome is Outcome.ACCEPTED:
            return True  # with again, the run that an earlier attempt caused counts, whatever became of the newest one
        answered = attempt.outcome in (Outcome.REJECTED, Outcome.NOT_EXECUTED, Outcome.CONFLICTED)
        if answered or compare(self.instance, attempt) is not Comparison.CHANGED:
            return attempt.again
        start, before = self.instance.start_time, attempt.failure.start_time
        by_hand = self.instance.by_hand and start == before
        earlier = start is not None and start != before and start < attempt.sent_ms - CLOCK_TOLERANCE_MS
        return None if attempt.conflict_in_batch or by_hand or earlier else True
