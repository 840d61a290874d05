# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: whether a rerun that was asked for by name is due, in both modes of the retry endpoint [H-RET].

Pure: the instances as listed and what was sent before go in, decisions come out. Every decision is RETRY or SKIPPED, with a reason.
A run of :mod:`_reconcile` insists on its ``since``; here the user names what to rerun, so without ``since`` each call is a run of
its own (give the policy the service's time now as ``since``), and a refusal of an earlier call never forbids another try.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from dataclasses import dataclass

from .._common.text import printable
from .._common.times import to_iso
from .._models.attempt import NOT_SENT, REFUSED, Movement, Sent, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .reconcile import Policy, decide, of_this_run


@dataclass(frozen=True)
class Requested:
    """What is due of the instances that ``task_retrys`` names.

    :param decisions: one per instance that was found, in the order asked for; RETRY or SKIPPED. ``due_ms`` tells a skip that settles from one for good.
    :param problems: one text per instance that the list does not show; the module fails for them after handling the others.
    """

    decisions: tuple[Decision, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Related:
    """Whether the rerun of a job with its related jobs is due, as a whole.

    :param action: RETRY or SKIPPED.
    :param reason: why, in plain words.
    :param due_ms: epoch ms before which asking again is of no use, or None.
    """

    action: Action
    reason: str
    due_ms: int | None = None


def decide_requested(
    requested: t.Iterable[InstanceKey],
    listed: t.Mapping[InstanceKey, JobInstance],
    policy: Policy,
    now: int,
    sent: t.Mapping[InstanceKey, Sent],
) -> Requested:
    """What is due of the instances asked for by key, each judged once.

    :param listed: the instances that the service lists for the job, by key.
    :param policy: ``statuses`` is the option only_statuses.
    :param now: as for :func:`decide`.
    :param sent: the newest record of each instance that has one.
    """
    decisions, problems = [], []
    for key in dict.fromkeys(requested):
        instance = listed.get(key)
        if instance is None:
            problems.append(_missing(key))
            continue
        record = sent.get(key)
        if record is not None and record.outcome == REFUSED and record.batch == 1:
            record = None
        decision = decide(instance, policy, now, record)
        decisions.append(decision if decision.action is Action.RETRY else dataclasses.replace(decision, action=Action.SKIPPED))
    return Requested(tuple(decisions), tuple(problems))


def decide_related(instances: t.Iterable[JobInstance], policy: Policy, now: int, sent: t.Mapping[InstanceKey, Sent]) -> Related:
    """Whether a job is rerun with its related jobs: as a whole if at least one instance of the window qualifies, and never while
    an earlier POST is not settled, or was taken in the same run.

    :param instances: every instance of the jobs in the window, as the service lists them now.
    :param sent: the newest record of each instance that has one; a POST of this mode is recorded for every listed instance.
    """
    every = tuple(instances)
    for instance in every:
        verdict = _already(instance, policy, now, sent.get(instance.key))
        if verdict is not None:
            return verdict
    unsent = {key: one for key, one in sent.items() if one.outcome == NOT_SENT}
    decisions = [decide(one, policy, now, unsent.get(one.key)) for one in every]
    waiting = [one for one in decisions if one.action is Action.WAIT]
    if waiting:
        first = waiting[0].instance
        return Related(
            Action.SKIPPED,
            f"{len(waiting)} of {len(every)} instances are on their way (the first: {_name(first)}); a rerun would run into them",
        )
    due = [one.instance for one in decisions if one.action is Action.RETRY]
    if due:
        return Related(
            Action.RETRY, f"{len(due)} of {len(every)} instances in the window qualify (the first: {_name(due[0])}){_others(every, due)}"
        )
    quiet = next((one for one in decisions if one.action is Action.SETTLING), None)
    if quiet is not None:
        return Related(Action.SKIPPED, quiet.reason, due_ms=quiet.due_ms)
    if not every:
        return Related(Action.SKIPPED, "the service lists no instance in the window")
    reasons = "; ".join(dict.fromkeys(one.reason for one in decisions[:3]))
    return Related(Action.SKIPPED, f"none of {len(every)} instances in the window qualifies ({reasons})")


def _others(every: t.Sequence[JobInstance], due: t.Sequence[JobInstance]) -> str:
    """What the request may do to instances that nobody asked to rerun."""
    known = {one.key for one in due}
    counts = collections.Counter(one.status_text for one in every if one.key not in known)
    words = ", ".join(f"{number} {printable(status, 40)}" for status, number in counts.most_common())
    return f"; the service chooses among all of them, and may rerun the others too: {words}" if words else ""


def _already(instance: JobInstance, policy: Policy, now: int, record: Sent | None) -> Related | None:
    """The verdict that a POST of this run for *instance* imposes on the whole, or None."""
    mine = of_this_run(instance, policy, record)
    if mine is None or mine.outcome in (REFUSED, NOT_SENT):
        return None
    when, due = to_iso(mine.sent_ms), mine.settled_at(policy.settle_ms)
    if now < due:
        return Related(
            Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when}; what came of it can be told from {to_iso(due)}", due_ms=due
        )
    if mine.outcome == "accepted" or compare(instance, mine) is Movement.MOVED:
        return Related(Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when}, in the same run; it is not sent again")
    if compare(instance, mine) is Movement.UNCLEAR:
        return Related(Action.SKIPPED, f"a rerun of {_name(instance)} was sent at {when} and whether it took effect cannot be told")
    return None


def _name(instance: JobInstance) -> str:
    return f"job {printable(instance.job_name, 80)}, planned {to_iso(instance.key.plan_time)}, {printable(instance.status_text, 40)}"


def _missing(key: InstanceKey) -> str:
    return (
        f"The service lists no instance with job_id {printable(key.job_id, 40)}, plan_time {key.plan_time} ({to_iso(key.plan_time)}) "
        f"and submit_time {key.submit_time} in workspace {printable(key.workspace_id, 80)}. "
        "Take the three values of one instance from dataarts.factory.job_instance_info."
    )
