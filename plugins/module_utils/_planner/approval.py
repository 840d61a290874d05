# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval, option ``plan_id``: a run that may only do what somebody approved.

Pure. The id of a plan is made in every pass; only where one was passed back is anything compared.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .plan import Plan
from .plan_id import plan_changes, plan_digest, plan_members, plan_record, possible_of

#: Options that an approval is about. Those that only choose instances show in the instances.
_APPROVED = (
    "retry_location",
    "node_name",
    "retry_task_version",
    "ignore_obs_monitor",
    "attempts",
    "attempt_delay",
    "max_parallel",
    "max_parallel_per_job",
    "not_between",
    "pause_schedules",
    "order",
    "downstream",
    "never_rerun_reasons",
    "rerun_only_reasons",
    "timeout_action",
    "running_exception",
)


def approve(plan: Plan, options: t.Mapping[str, t.Any], since: int, possible: t.AbstractSet[InstanceKey] = frozenset()) -> Plan:
    """*plan* with its id and record, those of the approved plan if it is that one; refused if ``plan_id`` is set and it is another by now.

    :param plan: its decisions as ``reconcile`` made them, of every selected instance.
    :param options: the module's.
    :param since: of the run, epoch ms.
    :param possible: instances of which only shows later whether they are to be rerun: they belong to the plan, and may be left out. So do dependants
        that run on old data.
    :raises OptionError: if ``plan_id`` is not a plan id.
    """
    approved, record, chosen = options["plan_id"], options["plan_record"], _options(options)
    members, maybe = _parts(plan.decisions, possible)
    made = plan_record(members, chosen, maybe)
    plan_id = plan_digest(members, chosen, since, possible_of(made))
    if not approved:
        return dataclasses.replace(plan, plan_id=plan_id, plan_record=made)
    changes = _changes(approved, plan.decisions, options, since)
    if changes is None:
        return dataclasses.replace(plan, plan_id=str(approved).strip(), plan_record=record or made)
    # A pass that sends nothing, now or when the hold-off is over, only watches what was approved: it has nothing to refuse.
    sends = any(
        decision.action in (Action.RETRY, Action.STOP) or (decision.action is Action.SETTLING and decision.attempt is None)
        for decision in plan.decisions
    )
    return dataclasses.replace(plan, plan_id=plan_id, plan_record=made, refused=changes if sends else plan.refused)


def _parts(decisions: t.Sequence[Decision], possible: t.AbstractSet[InstanceKey]) -> tuple[list[JobInstance], list[JobInstance]]:
    """The instances that are rerun in any case, and those of which that only shows later."""
    members = plan_members(decisions)
    running = [decision.instance for decision in decisions if decision.downstream is not None and decision.action is Action.WAIT]
    maybe = [instance for instance in members if instance.key in possible]
    maybe += [instance for instance in running if instance not in members]
    return [instance for instance in members if instance.key not in possible], maybe


def _changes(approved: str, decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any], since: int) -> str | None:
    """What is different from the plan with the id *approved*, or None.

    A run that goes on after an interruption may have no journal of what it sent, as in a container of its own for each job of AWX. Then the
    instances that started since may be those that are missing in the plan: they are if with them it has the very id that was approved, so
    that nothing can be sent that was not part of it.
    """
    chosen = _options(options)
    members = plan_members(decisions)
    keys = {instance.key for instance in members}
    others = [decision for decision in decisions if decision.instance.key not in keys]
    listed = [decision.instance for decision in others]
    followed = {decision.instance.key for decision in decisions if decision.action not in (Action.RETRY, Action.STOP, Action.SETTLING)}
    changes = plan_changes(approved, members, chosen, since, record=options["plan_record"], others=listed, followed=followed)
    if changes is None:
        return None
    started = [instance for instance in listed if instance.start_time is not None and instance.start_time >= since]
    moving = [decision.instance for decision in others if decision.action is Action.WAIT and decision.instance not in started]
    for more in (started, [*started, *moving]):
        if more and plan_changes(approved, [*members, *more], chosen, since, record=options["plan_record"]) is None:
            return None
    return changes


def _options(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: options[name] for name in _APPROVED}
