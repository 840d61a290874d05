# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daily limit: how often an instance is rerun in a day by all runs together, so that no automation can rerun it forever.

Pure. It counts the attempts in the journal, of any run, that may have taken effect.
"""

from __future__ import annotations

import typing as t

from .._common.times import DAY_MS, to_iso
from .._models.attempt import LOST, Attempt, Comparison, Outcome, compare
from .._models.decision import Action, Decision
from .hung import not_stopped


def within_daily_limit(
    decision: Decision, attempt: Attempt | None, reruns: t.Sequence[int], most: int | None, *, set_aside_ms: int | None = None
) -> Decision:
    """*decision*, unless it reruns an instance more than *most* times in a day, or the same failure a second time.

    :param attempt: the newest for the instance, of any run.
    :param reruns: when it was rerun in the last 24 hours, epoch ms, oldest first.
    :param most: None for no limit; then a later run may also rerun the same failure again.
    :param set_aside_ms: when, in the last 24 hours, an unreadable journal was set aside, epoch ms. It held the earlier reruns, so the
        instance's last start before that counts as one.
    """
    stops = decision.action is Action.STOP and decision.then_rerun
    if most is None or not (stops or decision.action is Action.RETRY):
        return decision
    comparison = Comparison.CHANGED if attempt is None else compare(decision.instance, attempt)
    if (
        not stops
        and attempt is not None
        and decision.attempt is None
        and attempt.outcome is Outcome.ACCEPTED
        and comparison is not Comparison.CHANGED
    ):
        when = to_iso(attempt.sent_ms)
        reason = f"the rerun sent at {when} was accepted, and the service does not show it; the same failure is not rerun twice"
        return decision.turned(Action.BLOCKED, reason, attempts=0, request_id=attempt.request_id)
    times = [*reruns]
    if attempt is not None and attempt.outcome in LOST and comparison is Comparison.UNCHANGED and attempt.sent_ms in times:
        times.remove(attempt.sent_ms)  # it had no effect
    start = decision.instance.start_time
    lost = set_aside_ms is not None and start is not None and set_aside_ms - DAY_MS < start < set_aside_ms
    if len(times) + lost < most:
        return decision
    count = "once" if len(times) == 1 else f"{len(times)} times"
    history = f"rerun {count} since {to_iso(times[0])}" if times else ""
    if lost:
        unread = f"what was sent before {to_iso(set_aside_ms or 0)} cannot be read, and its last run counts as a rerun"
        history = f"{history}; {unread}" if history else unread
    why = f"{history}, which is all that max_reruns_per_day allows"
    return not_stopped(decision, why) if stops else decision.turned(Action.FAILED_AGAIN, f"{decision.reason}; {why}")
