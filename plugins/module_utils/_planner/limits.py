# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: how many instances a run may rerun, how many may be in progress at once, and how many go into a request. Pure."""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from dataclasses import dataclass

from .._common.errors import OptionError
from .._common.grouping import grouped_by
from .._common.text import printable
from .._models.attempt import NO_EFFECT, Outcome
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey
from .._models.run_scope import check_limit
from .plan import Batch, Plan

_NAMED = 20  # jobs named in a refusal; the rest is counted


@dataclass(frozen=True)
class Limits:
    """The limits of a run. None means no limit.

    :param max_instances: instances a run may rerun; a plan with more is refused as a whole.
    :param max_parallel: instances that may be in progress at once; the rest is queued for a later pass.
    :param batch_size: instances per request, at least 1.
    :param max_parallel_per_job: like *max_parallel*, for the instances of each job.
    """

    max_instances: int | None = None
    max_parallel: int | None = None
    batch_size: int = 100
    max_parallel_per_job: int | None = None

    def __post_init__(self) -> None:
        check_limit("max_instances", self.max_instances, 0)
        check_limit("max_parallel", self.max_parallel)
        check_limit("max_parallel_per_job", self.max_parallel_per_job)
        if self.batch_size < 1:
            raise OptionError(f"batch_size is {self.batch_size}. Set it to 1 or more.")


def refuse_over_limit(plan: Plan, limits: Limits) -> Plan:
    """Refuse *plan* if it reruns more than ``max_instances``, including what any run has sent since ``since``.

    It comes before the order, which only changes when each instance is sent.
    """
    due = [decision for decision in plan.decisions if decision.reruns]
    return dataclasses.replace(plan, refused=plan.refused or _refusal(plan.decisions, due, limits.max_instances))


def limit(plan: Plan, limits: Limits) -> Plan:
    """Queue what ``max_parallel`` and ``max_parallel_per_job`` leave no room for; the oldest plan time goes first.

    Instances in progress take up room. A refused plan is unchanged.
    """
    if plan.refused is not None:
        return plan
    due = sorted((decision for decision in plan.decisions if decision.action is Action.RETRY), key=sending_order)
    why = _without_room(due, [decision for decision in plan.decisions if _busy(decision)], limits)

    def queued(decision: Decision) -> Decision:
        waits = decision.action is Action.RETRY and decision.unit in why
        return _queued(decision, why[decision.unit]) if waits else decision

    return dataclasses.replace(plan, decisions=tuple(map(queued, plan.decisions)))


def _without_room(due: t.Iterable[Decision], busy: t.Sequence[Decision], limits: Limits) -> dict[InstanceKey, str]:
    """Instances without room, by :attr:`Decision.unit`, and why.

    Twins that one request addresses are sent together or not at all, even if they alone exceed the limit.
    """
    of_job = collections.Counter(map(_job, busy))
    before, total = dict(of_job), len(busy)
    why: dict[InstanceKey, str] = {}
    for unit, decisions in grouped_by(due, lambda decision: decision.unit).items():
        job, number = _job(decisions[0]), len(decisions)
        if limits.max_parallel is not None and total and total + number > limits.max_parallel:
            why[unit] = f"max_parallel is {limits.max_parallel} and {len(busy)} were in progress"
        elif limits.max_parallel_per_job is not None and of_job[job] and of_job[job] + number > limits.max_parallel_per_job:
            why[unit] = f"max_parallel_per_job is {limits.max_parallel_per_job} and {before.get(job, 0)} of its job were in progress"
        else:
            of_job[job] += number
            total += number
    return why


def _job(decision: Decision) -> tuple[str, str]:
    return decision.instance.key.workspace_id, decision.instance.key.job_id


def sending_order(decision: Decision) -> tuple[int, int, str, str, int, str]:
    """Sort key for sending: rank, then the oldest plan time."""
    key = decision.instance.key
    return decision.rank, key.plan_time, decision.instance.job_name, key.job_id, key.submit_time, key.twin


def over_limit(due: t.Sequence[Decision], most: int | str, less: str) -> str:
    """The message that none of *due* is sent because they are more than ``max_instances``.

    :param most: the limit, in words.
    :param less: how to select less.
    """
    counts = collections.Counter(decision.instance.job_name for decision in due)
    named = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    by_job = ", ".join(f"'{printable(name, 80)}' {count}" for name, count in named[:_NAMED])
    more = f" and {len(named) - _NAMED} more jobs" if len(named) > _NAMED else ""
    return (
        f"Refused to rerun {len(due)} instances: max_instances is {most}; nothing is sent. By job: {by_job}{more}. "
        f"Raise max_instances, or {less}."
    )


def _busy(decision: Decision) -> bool:
    """Whether it takes up room: in progress, or sent and not visible yet."""
    if decision.queued or decision.behind_unsent:
        return False
    if decision.action in (Action.WAIT, Action.STOP):
        return decision.instance.status.in_progress or (decision.attempt is not None and decision.due_ms is None)
    return decision.action is Action.SETTLING and decision.attempt is not None


def _queued(decision: Decision, why: str) -> Decision:
    return decision.turned(Action.WAIT, f"queued: {why} ({decision.reason})", queued=1)


def _refusal(decisions: t.Sequence[Decision], due: t.Sequence[Decision], most: int | None) -> str | None:
    if most is None or not due:
        return None
    before = sum(
        not decision.reruns and decision.attempt is not None and decision.attempt.outcome not in (*NO_EFFECT, Outcome.CONFLICTED)
        for decision in decisions
    )
    if len(due) + before <= most:
        return None
    already = f", with {before} sent before" if before else ""
    return over_limit(due, f"{most}{already}", "select less with jobs, planned_after or planned_before")


def batched(plan: Plan, size: int) -> Plan:
    """Add the requests to *plan*: at most *size* instances of one job each, oldest plan time first; none if it is refused."""
    if plan.refused is not None:
        return dataclasses.replace(plan, batches=())
    due = sorted((decision for decision in plan.decisions if decision.action is Action.RETRY), key=sending_order)
    return dataclasses.replace(plan, batches=tuple(_batches(due, size)))


def _batches(due: t.Iterable[Decision], size: int) -> t.Iterator[Batch]:
    """Jobs in the order of their oldest instance, in slices of *size*; an instance that must be alone gets its own batch.

    Dependants that joined the plan, perhaps in another workspace, are not mixed with selected instances: their reruns start at another node.
    """

    def job(decision: Decision) -> tuple[str, str, str, bool]:
        key = decision.instance.key
        return decision.instance.job_name, key.job_id, key.workspace_id, decision.downstream is not None

    for (job_name, *_rest), decisions in grouped_by(due, job).items():
        units = _units(decisions)
        together = [unit for unit in units if not unit[0].alone]
        batch: list[Decision] = []
        for unit in together:
            if batch and len(batch) + len(unit) > size:
                yield Batch(job_name, tuple(batch))
                batch = []
            batch += unit
        if batch:
            yield Batch(job_name, tuple(batch))
        for unit in units:
            if unit[0].alone:
                yield Batch(job_name, tuple(unit))


def _units(decisions: t.Iterable[Decision]) -> list[list[Decision]]:
    """Group instances that one request addresses together: twins, unless each is rerun by its instance_id; otherwise single instances."""
    return list(grouped_by(decisions, lambda decision: decision.unit).values())
