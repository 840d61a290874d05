# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: instances and what was decided about them as modules return it: results, counts, a difference.

Pure. Text that came from the service is made safe to show on its way into a result.
"""

from __future__ import annotations

import collections
import math
import typing as t

from .._common.text import printable, safe
from .._models.decision import Action, Decision
from .._models.instance import JobInstance, Status

Result = t.Dict[str, t.Any]


def decided(decision: Decision) -> Result:
    """One instance with what was decided about it: the keys of :meth:`JobInstance.to_result`, and action, reason, status_before,
    start_time_before, end_time_before, sent_time, attempts, request_id, rerun."""
    sent = decision.sent if decision.attempt else None
    before = sent.status if sent is not None else decision.instance.status.value
    seen = sent or decision.instance
    return {
        **instance_result(decision.instance),
        "action": decision.action.value,
        "reason": printable(decision.reason),
        "status_before": before if before != Status.UNKNOWN.value else printable(decision.instance.status_text, 100),
        "start_time_before": seen.start_time,
        "end_time_before": seen.end_time,
        "sent_time": None if sent is None else sent.sent_ms,
        "attempts": decision.attempt,
        "request_id": None if decision.request_id is None else printable(decision.request_id, 100),
        "rerun": decision.rerun,
    }


def instance_result(instance: JobInstance) -> Result:
    """One instance as modules return it, safe to show."""
    result = instance.to_result()
    for name, value in result.items():
        if isinstance(value, str) and not value.isprintable():
            result[name] = safe(value)
    return result


def with_key(instance: JobInstance) -> Result:
    """The same with ``key``: what job_instance_retry takes in task_retrys."""
    key = {"job_id": instance.key.job_id, "plan_time": instance.key.plan_time, "submit_time": instance.key.submit_time}
    return {**instance_result(instance), "key": safe(key)}


def summary(instances: t.Sequence[Result], idle: int = 0) -> Result:
    """``total``, ``idle``, ``rerun``, and counts of ``actions`` and ``statuses``.

    :param instances: what :func:`decided` returned.
    :param idle: instances beside them that had succeeded before; they are counted as done and success.
    """
    actions = collections.Counter(str(one["action"]) for one in instances)
    words = collections.Counter(str(one["status"]) for one in instances)
    if idle:
        actions[Action.DONE.value] += idle
        words[Status.SUCCESS.value] += idle
    return {
        "total": len(instances) + idle,
        "idle": idle,
        "rerun": sum(1 for one in instances if one["rerun"]),
        "actions": dict(actions),
        "statuses": dict(words.most_common()),
    }


def statuses(instances: t.Iterable[JobInstance]) -> dict[str, int]:
    """How many instances there are by status, the most frequent first."""
    return {safe(word): number for word, number in collections.Counter(one.status_text for one in instances).most_common()}


def diff(results: t.Iterable[Result], *, check_mode: bool) -> dict[str, str]:
    """Status before and after of each instance that was, or would be, rerun, as text that Ansible shows as a difference."""
    before, after = [], []
    for one in results:
        asked = one["action"] == Action.RETRY.value
        if not asked and (not one["rerun"] or one["status"] == one["status_before"]):
            continue
        name = f"{printable(one['job_name'], 200)} planned {one['plan_time_iso']}"
        before.append(f"{name}: {one['status_before']}\n")
        after.append(f"{name}: {'to be rerun' if check_mode else 'rerun requested'}\n" if asked else f"{name}: {one['status']}\n")
    return {"before_header": "status before", "after_header": "status after", "before": "".join(before), "after": "".join(after)}


def due_in(decisions: t.Iterable[Decision], now_ms: int, poll_interval: float) -> float | None:
    """Seconds until another pass makes sense, or None if nothing is left to do.

    What is on its way is worth a look every *poll_interval* seconds; what must not be sent before a certain time, not before that.
    """
    waits = [_wait(one, now_ms, poll_interval) for one in decisions if one.action.open]
    return math.ceil(max(0.0, min(waits)) * 10) / 10 if waits else None


def _wait(decision: Decision, now_ms: int, poll_interval: float) -> float:
    if decision.due_ms is None:
        return poll_interval
    left = (decision.due_ms - now_ms) / 1000
    sent = decision.sent is not None and decision.action is Action.SETTLING
    return min(left, poll_interval) if sent else left
