# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: how often an instance is rerun in a day, whoever asks, so that no automation can rerun it for ever.

Pure. What is counted are the reruns that this machine sent and that may have taken effect, as its ledger remembers them.
"""

from __future__ import annotations

from dataclasses import replace

from .._common.times import to_iso
from .._models.attempt import ACCEPTED, Movement, Sent, compare, reruns
from .._models.decision import Action, Decision


def within_budget(decision: Decision, sent: Sent | None, most: int | None, now: int) -> Decision:
    """*decision*, unless it reruns an instance more than *most* times in a day, or the same failure a second time.

    :param sent: the newest record of the instance, of whatever run.
    :param most: None for no limit; then a failure may also be rerun again by a later run.
    :param now: the service's time, epoch ms.
    """
    if decision.action is not Action.RETRY or sent is None or most is None:
        return decision
    movement = compare(decision.instance, sent)
    if decision.sent is None and sent.outcome == ACCEPTED and movement is not Movement.MOVED:
        reason = (
            f"the rerun sent at {to_iso(sent.sent_ms)} was accepted, and the service does not show it; the same failure is not rerun twice"
        )
        return replace(decision, action=Action.BLOCKED, reason=reason, attempt=0, request_id=sent.request_id)
    times = reruns(sent, now, stayed=movement is Movement.STAYED)
    if len(times) < most:
        return decision
    count = "once" if len(times) == 1 else f"{len(times)} times"
    reason = f"{decision.reason}; rerun {count} since {to_iso(times[0])}, which is all that max_reruns_per_day allows"
    return replace(decision, action=Action.FAILED_AGAIN, reason=reason, attempt=max(0, decision.attempt - 1))
