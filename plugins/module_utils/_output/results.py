# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results: instances and decisions as modules return them, counts, and differences.

Pure. Texts from the service are made safe to show.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.text import printable, safe
from .._common.times import with_iso
from .._models.attempt import Attempt, Slot
from .._models.decision import Action, Decision
from .._models.instance import JobInstance, Status
from .._planner.outcomes import is_broken, standing
from .._planner.quiet_hours import QuietSpan

Result = t.Dict[str, t.Any]
#: Keys of an instance result with texts from the service.
_OF_THE_SERVICE = ("workspace_id", "job_name", "job_id", "instance_id", "instance_name", "status", "error_message")
_HISTORY = 10  # reruns by others in an instance's history; rerun_history_info has all


def decided(
    decision: Decision,
    wanted: t.Container[Status],
    run_id: str,
    *,
    effective: t.Mapping[Slot, t.Sequence[Attempt]] | None = None,
    check_mode: bool = False,
) -> Result:
    """One instance with its decision.

    Keys: those of :meth:`JobInstance.to_result`, and action, standing, broken, reason, status_before, start_time_before, end_time_before, sent_time,
    attempts, request_id, rerun, adopted, history.

    :param wanted: the statuses to rerun.
    :param run_id: of this run. A rerun that another run sent is *adopted*; reruns of others are *history*.
    :param effective: the attempts that may have taken effect, oldest first.
    """
    attempt = decision.attempt if decision.attempts else None
    failure = None if attempt is None else attempt.failure
    before = decision.instance.status.value if failure is None else failure.status
    rerun = decision.rerun
    return {
        **instance_result(decision.instance),
        "action": decision.action.value,
        "standing": standing(decision, wanted, check_mode=check_mode),
        "broken": is_broken(decision, wanted),
        "reason": printable(decision.reason),
        "status_before": before if before != Status.UNKNOWN.value else printable(decision.instance.status_text, 100),
        "start_time_before": (failure or decision.instance).start_time,
        "end_time_before": (failure or decision.instance).end_time,
        "sent_time": None if attempt is None else attempt.sent_ms,
        "attempts": decision.attempts,
        "request_id": None if decision.request_id is None else printable(decision.request_id, 100),
        "rerun": rerun,
        "adopted": bool(rerun) and decision.attempt is not None and decision.attempt.run_id != run_id,
        "history": _history((effective or {}).get(Slot.of(decision.instance), ()), run_id),
    }


def _history(effective: t.Sequence[Attempt], run_id: str) -> list[Result]:
    """The reruns that other runs sent, newest first."""
    others = [attempt for attempt in effective if attempt.run_id != run_id]
    return [
        {
            **with_iso(sent_time=attempt.sent_ms),
            "outcome": attempt.outcome.value,
            "run_id": printable(attempt.run_id, 100),
            "user": printable(attempt.user, 100),
            "controller": printable(attempt.controller, 100),
            "purpose": printable(attempt.purpose, 200),
        }
        for attempt in reversed(others[-_HISTORY:])
    ]


def instance_result(instance: JobInstance) -> Result:
    """One instance as modules return it, safe to show."""
    result = instance.to_result()
    for name in _OF_THE_SERVICE:
        value = result[name]
        if value is not None and not value.isprintable():
            result[name] = safe(value)
    return result


def with_key(instance: JobInstance) -> Result:
    """The same with ``key``: an entry for task_retrys of job_instance_retry."""
    key = {"job_id": instance.key.job_id, "plan_time": instance.key.plan_time, "submit_time": instance.key.submit_time}
    return {**instance_result(instance), "key": safe(key)}


def instance_line(result: Result) -> str:
    """One line for people: job, plan time, status, and where and why it failed.

    :param result: from :func:`instance_result`, with ``failure``.
    """
    failure = result.get("failure") or {}
    node, cause = failure.get("node"), failure.get("message") or result.get("error_message")
    ended = f", ended {result['end_time_iso']}" if result.get("end_time_iso") else ""
    where = f", node {printable(node, 100)}" if node else ""
    why = f": {printable(cause, 300)}" if cause else ""
    return f"{planned_name(result)}: {printable(result['status'], 100)}{ended}{where}{why}"


def quiet_result(quiet_hours: QuietSpan | None, decisions: t.Iterable[Decision]) -> Result | None:
    """The result ``quiet_hours``: what they held back, and until when; None if nothing."""
    held_back = sum(decision.quiet_hours for decision in decisions)
    if quiet_hours is None or not held_back:
        return None
    return {"window": quiet_hours.window, **with_iso(until=quiet_hours.until), "instances": held_back}


def summary(instances: t.Sequence[t.Mapping[str, t.Any]], already_done: int = 0) -> Result:
    """``total``, ``already_done``, ``rerun``, and counts of ``actions`` and ``statuses``.

    :param instances: from :func:`decided`.
    :param already_done: further instances that had succeeded before; counted as done and success.
    """
    actions = collections.Counter(str(instance["action"]) for instance in instances)
    words = collections.Counter(str(instance["status"]) for instance in instances)
    if already_done:
        actions[Action.DONE.value] += already_done
        words[Status.SUCCESS.value] += already_done
    return {
        "total": len(instances) + already_done,
        "already_done": already_done,
        "rerun": sum(1 for instance in instances if instance["rerun"]),
        "actions": dict(actions),
        "statuses": dict(words.most_common()),
    }


def statuses(instances: t.Iterable[JobInstance]) -> dict[str, int]:
    """Number of instances by status, most frequent first."""
    return {safe(word): number for word, number in collections.Counter(instance.status_text for instance in instances).most_common()}


def diff(results: t.Iterable[Result], *, check_mode: bool) -> dict[str, str]:
    """Status before and after of each instance that was, or would be, rerun, as a difference for Ansible."""
    rows = []
    for result in results:
        asked = result["action"] == Action.RETRY.value
        if asked or (result["rerun"] and result["status"] != result["status_before"]):
            now = "to be rerun" if check_mode else "rerun requested"
            rows.append((planned_name(result), result["status_before"], now if asked else result["status"]))
    return difference("status", rows)


def planned_name(result: Result) -> str:
    """An instance by job and plan time, for people."""
    return f"{printable(result['job_name'], 200)} planned {result['plan_time_iso']}"


def difference(what: str, rows: t.Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """A difference for Ansible, from rows of name, value before and value after.

    :param what: name of the value.
    """
    before, after = ("".join(f"{row[0]}: {row[index]}\n" for row in rows) for index in (1, 2))
    return {"before_header": f"{what} before", "after_header": f"{what} after", "before": before, "after": after}
