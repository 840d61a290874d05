# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what can be decided about an instance.

Made in ``_planner/reconcile.py``; an order, limits and what comes of sending turn decisions into others.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .attempt import (
    ACCEPTED,
    ACTIVE,
    NOT_SENT,
    REFUSED,
    Movement,
    Sent,
    began_before,
    compare,
)
from .instance import JobInstance
from .slotted import slotted


class Action(enum.Enum):
    """What is to be done about an instance, or has become of it."""

    RETRY = "retry"
    WAIT = "wait"  # on its way, or waiting for its turn
    SETTLING = "settling"  # sent, and what the service shows cannot be trusted yet: read again, send nothing
    DONE = "done"
    BLOCKED = "blocked"  # needs a person
    FAILED_AGAIN = "failed_again"
    NOT_RERUNNABLE = "not_rerunnable"
    REFUSED = "refused"  # the service refused the rerun in this run
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # cannot be told, and never counted as success

    @property
    def open(self) -> bool:
        """Whether another pass can change it: retry, wait and settling."""
        return self in (Action.RETRY, Action.WAIT, Action.SETTLING)


@slotted
@dataclass(frozen=True)
class Decision:
    """What is to be done about one instance.

    :param reason: why, in plain words; times in ISO 8601 UTC.
    :param due_ms: epoch ms before which another look at this instance is of no use, or None.
    :param attempt: with RETRY the number of the send it asks for (what :meth:`Sent.of` takes); otherwise the sends of this run so far.
    :param request_id: the service's id of the newest POST of this run that carried it, or None.
    :param sent: the record of that POST, or None.
    :param alone: with RETRY, whether it must be the only instance of its POST.
    :param idle: with DONE, that its success had ended before ``since``, so that nothing was to be done from the beginning, in no pass of the
        run; reports count it and leave it out. Not where a person set it to success, which may have been a moment ago.
    :param stage: with WAIT, that it is to be rerun and waits for its turn: 1 for room (``max_parallel``), from 2 on for the reruns of that
        many stages less one before it (``order: upstream_first``). 0: it does not wait for its turn.
    :param parked: with WAIT, that it waits in the service for an instance that this run has yet to send. It takes no place of
        ``max_parallel`` then, or the two would wait for each other.
    """

    instance: JobInstance
    action: Action
    reason: str
    due_ms: int | None = None
    attempt: int = 0
    request_id: str | None = None
    sent: Sent | None = field(default=None, repr=False)
    alone: bool = False
    idle: bool = False
    stage: int = 0
    parked: bool = False

    @property
    def delayed(self) -> bool:
        """Whether it failed again in this run, and its next attempt is due later."""
        return self.action is Action.WAIT and self.due_ms is not None and not self.stage

    @property
    def unshown(self) -> bool:
        """Whether the service accepted its rerun and should show it by now, and does not."""
        waits = self.action is Action.WAIT and not self.stage and self.due_ms is None and not self.instance.status.in_progress
        return waits and self.sent is not None and self.sent.outcome == ACCEPTED

    @property
    def rerun(self) -> bool | None:
        """Whether a rerun that this run sent stands behind what the instance shows, or will show; None where that cannot be told.

        It cannot for an instance that moved after the service had refused its POST because one of the instances in it ran already: it
        is that one, rerun by somebody else, or, should such a refusal not keep the others from running, it is one of the others. Nor for
        one that a person set to success where the outcome of its POST is not known: it keeps the times of the failure.
        """
        sent = self.sent
        if sent is None:
            return False
        if sent.again or sent.outcome == ACCEPTED:
            return True  # with again, whatever became of the newest attempt, the run that the one before it caused is behind it
        stayed = sent.outcome in (REFUSED, NOT_SENT, ACTIVE) or compare(self.instance, sent) is not Movement.MOVED
        if stayed or began_before(self.instance, sent):
            return sent.again
        by_hand = (self.instance.force_success or self.instance.ignore_success) and self.instance.start_time == sent.start_time
        return None if sent.overtaken or by_hand else True
