# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision table of named instances: whether an explicitly requested rerun is due, in both modes of the retry endpoint [H-RET].

Pure. Input: instances as listed, and the attempts for them. Output: decisions RETRY or SKIPPED with a reason; BLOCKED if a rerun was requested as
a whole and another request has rerun a part of it. A goal (``reconcile.py``) insists on its ``since``. Here the user names what to rerun, so without
``since`` each task is a run of its own (its policy has the service's current time as ``since``), and a rejection in an earlier task never prevents
another try.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from dataclasses import dataclass

from .._common.text import counted, printable
from .._common.times import to_iso
from .._models.attempt import NO_EFFECT, Attempt, Comparison, Failure, Outcome, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .reconcile import Policy, decide, judged_by, of_this_run, rerun_since, unsettled_until


@dataclass(frozen=True)
class Related:
    """Verdict on the rerun of a job with its related jobs, as a whole.

    :param action: RETRY, SKIPPED, or BLOCKED if another request has rerun a part of it.
    :param reason: why, in plain words.
    :param due_ms: asking again before this time is useless, epoch ms, or None.
    """

    action: Action
    reason: str
    due_ms: int | None = None


def decide_requested(
    requested: t.Iterable[InstanceKey],
    instances: t.Iterable[JobInstance],
    policy: Policy,
    now: int,
    attempts: t.Mapping[InstanceKey, Attempt],
    effective: t.Mapping[InstanceKey, t.Sequence[Attempt]] | None = None,
) -> tuple[list[Decision], list[str]]:
    """Decide about instances requested by key.

    A key shared by twins names all of them; a key that a rerun has changed names the same instance under its new key.

    :param instances: all that the service lists for the job.
    :param policy: ``statuses`` is the option only_statuses.
    :param now: as for :func:`decide`.
    :param attempts: the newest for each instance that has one.
    :param effective: attempts that may have taken effect, oldest first, for each instance that has any.
    :returns: a decision for each listed instance in the requested order, RETRY or SKIPPED (temporary if it has ``due_ms``); and a text for each key
        that is not listed, for which the module fails after handling the others.
    """
    listed: dict[InstanceKey, list[JobInstance]] = {}
    followed: dict[InstanceKey, list[JobInstance]] = {}
    for instance in instances:
        listed.setdefault(instance.key.shared, []).append(instance)
        if instance.key in attempts:
            followed.setdefault(attempts[instance.key].failure.key, []).append(instance)
    decisions, problems = [], []
    for key in dict.fromkeys(requested):
        meant = listed.get(key) or followed.get(key, [])
        if not meant:
            problems.append(_missing(key))
        for instance in meant:
            decision = _despite_rejection(instance, policy, now, attempts.get(instance.key), (effective or {}).get(instance.key, ()))
            if decision.action is Action.RETRY:
                decisions.append(dataclasses.replace(decision, alone=False))
            else:
                decisions.append(decision.turned(Action.SKIPPED, decision.reason, due_ms=decision.due_ms))
    return decisions, problems


def decide_related(
    instances: t.Iterable[JobInstance],
    policy: Policy,
    now: int,
    attempts: t.Mapping[InstanceKey, Attempt],
    effective: t.Mapping[InstanceKey, t.Sequence[Attempt]] | None = None,
) -> list[Decision]:
    """Decide about a job with its related jobs as a whole: one decision for each instance, all with the same verdict.

    It is due if at least one instance of the window qualifies, but never while an earlier attempt is unsettled, or after one was accepted since
    ``since``. If that was another request that left qualifying instances out, the verdict is BLOCKED: what was requested does not happen.

    :param instances: all instances of the jobs in the window, as listed now.
    :param attempts: the newest for each instance that has one; a request of this mode is an attempt for all listed instances.
    :param effective: attempts that may have taken effect, oldest first, for each instance that has any.
    """
    listed = tuple(instances)
    verdict = _verdict(listed, policy, now, {**attempts, **_judging(listed, policy, now, attempts, effective or {})})
    number = 1 if verdict.action is Action.RETRY else 0
    decisions = []
    for instance in listed:
        attempt = attempts.get(instance.key)
        takes_over = verdict.action is Action.RETRY and attempt is not None and attempt.failure == Failure.of(instance)
        superseded = attempt if takes_over else None
        decisions.append(Decision(instance, verdict.action, verdict.reason, verdict.due_ms, number, attempt=attempt, superseded=superseded))
    return decisions


def _judging(
    listed: t.Iterable[JobInstance],
    policy: Policy,
    now: int,
    attempts: t.Mapping[InstanceKey, Attempt],
    effective: t.Mapping[InstanceKey, t.Sequence[Attempt]],
) -> dict[InstanceKey, Attempt]:
    """The attempts by which the instances rerun since ``since`` are judged."""
    reran = ((instance, rerun_since(instance, policy, effective.get(instance.key, ()))) for instance in listed)
    judging = {instance.key: judged_by(instance, policy, now, attempts.get(instance.key), made) for instance, made in reran if made}
    return {key: attempt for key, attempt in judging.items() if attempt is not None}


def _verdict(listed: t.Sequence[JobInstance], policy: Policy, now: int, attempts: t.Mapping[InstanceKey, Attempt]) -> Related:
    for instance in listed:
        verdict = _already(instance, policy, now, attempts.get(instance.key))
        if verdict is not None:
            return verdict if verdict.due_ms is not None else _of_another(verdict, listed, policy, now, attempts)
    unsent = {key: attempt for key, attempt in attempts.items() if attempt.outcome is Outcome.NOT_EXECUTED}
    decisions = [decide(instance, policy, now, unsent.get(instance.key)) for instance in listed]
    waiting = [decision for decision in decisions if decision.action is Action.WAIT]
    if waiting:
        first = waiting[0].instance
        return Related(
            Action.SKIPPED,
            f"{len(waiting)} of {len(listed)} instances are in progress (the first: {_name(first)}); a rerun would run into them",
        )
    due = [decision.instance for decision in decisions if decision.action is Action.RETRY]
    if due:
        return Related(
            Action.RETRY, f"{len(due)} of {len(listed)} instances in the window qualify (the first: {_name(due[0])}){_others(listed, due)}"
        )
    settling = next((decision for decision in decisions if decision.action is Action.SETTLING), None)
    if settling is not None:
        return Related(Action.SKIPPED, settling.reason, due_ms=settling.due_ms)
    reasons = "; ".join(dict.fromkeys(decision.reason for decision in decisions[:3]))
    return Related(Action.SKIPPED, f"none of {len(listed)} instances in the window qualifies ({reasons})")


def _of_another(
    verdict: Related, listed: t.Sequence[JobInstance], policy: Policy, now: int, attempts: t.Mapping[InstanceKey, Attempt]
) -> Related:
    """*verdict*, or BLOCKED if qualifying instances are left that its request did not carry: it was another request than the one asked for now."""
    left = [
        instance
        for instance in listed
        if decide(instance, policy, now, None).action is Action.RETRY
        and ((own := of_this_run(instance, policy, attempts.get(instance.key))) is None or own.outcome in NO_EFFECT)
    ]
    if not left:
        return verdict
    number, remedy = counted(len(left), "instance"), "rerun them with task_retrys, or everything with a later since"
    return Related(Action.BLOCKED, f"{verdict.reason}, but that request did not include {number} due for a rerun; {remedy}")


def _despite_rejection(
    instance: JobInstance, policy: Policy, now: int, attempt: Attempt | None, effective: t.Sequence[Attempt]
) -> Decision:
    """Like :func:`decide`, but an earlier rejection counts as no attempt; the next one takes it over."""
    if attempt is None or attempt.outcome is not Outcome.REJECTED or attempt.batch > 1:
        return decide(instance, policy, now, attempt, effective)
    decision = decide(instance, policy, now, None, effective)
    takes_over = decision.action is Action.RETRY and attempt.failure == Failure.of(instance)
    return dataclasses.replace(decision, superseded=attempt) if takes_over else decision


def _others(listed: t.Sequence[JobInstance], due: t.Sequence[JobInstance]) -> str:
    """A note that the request may also rerun instances that nobody asked for. Empty if there are none."""
    known = {instance.key for instance in due}
    counts = collections.Counter(instance.status_text for instance in listed if instance.key not in known)
    words = ", ".join(f"{number} {printable(status, 40)}" for status, number in counts.most_common())
    return f"; the service chooses among all of them, and may rerun the others too: {words}" if words else ""


def _already(instance: JobInstance, policy: Policy, now: int, attempt: Attempt | None) -> Related | None:
    """The verdict on the whole that an attempt for *instance* requires, or None."""
    if attempt is None or attempt.outcome in NO_EFFECT:
        return None
    own = of_this_run(instance, policy, attempt)
    when, due = to_iso(attempt.sent_ms), attempt.settle_window_end(policy.settle_ms)
    if unsettled_until(instance, policy, now, attempt) or (own is not None and now < due):
        return Related(
            Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when}; its outcome is not known before {to_iso(due)}", due_ms=due
        )
    if own is None:
        return None
    if own.outcome is Outcome.ACCEPTED or compare(instance, own) is Comparison.CHANGED:
        return Related(Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when}; it is not sent again")
    if compare(instance, own) is Comparison.UNCLEAR:
        return Related(Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when} and whether it took effect is unknown")
    return None


def _name(instance: JobInstance) -> str:
    return f"job {printable(instance.job_name, 80)}, planned {to_iso(instance.key.plan_time)}, {printable(instance.status_text, 40)}"


def _missing(key: InstanceKey) -> str:
    return (
        f"The service lists no instance with job_id {printable(key.job_id, 40)}, plan_time {key.plan_time} ({to_iso(key.plan_time)}) "
        f"and submit_time {key.submit_time} in workspace {printable(key.workspace_id, 80)}. "
        "Take the three values of one instance from dataarts.factory.job_instance_info."
    )
