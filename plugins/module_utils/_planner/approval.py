# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval, option ``plan_id``: a run that may do only what somebody approved.

Pure. Every pass computes the id of its plan; it is compared only if an id was passed.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .plan import Plan
from .plan_id import plan_changes, plan_digest, plan_members, plan_record, possible_of

#: Options that an approval covers. Options that only select instances are covered by the instances themselves.
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
    """*plan* with its id and record: those of the approved plan if it is still the same; refused if ``plan_id`` is set and the plan has changed.

    :param plan: with the decisions about every selected instance before any limit.
    :param options: the module's.
    :param since: of the run, epoch ms.
    :param possible: instances of which it shows only later whether they are rerun. They belong to the plan and may be left out, as may
        dependants that are running on old data.
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
    # A pass that sends nothing, now or after the hold-off, only watches what was approved: there is nothing to refuse.
    sends = any(
        decision.action in (Action.RETRY, Action.STOP) or (decision.action is Action.SETTLING and decision.attempt is None)
        for decision in plan.decisions
    )
    return dataclasses.replace(plan, plan_id=plan_id, plan_record=made, refused=changes if sends else plan.refused)


def _parts(decisions: t.Sequence[Decision], possible: t.AbstractSet[InstanceKey]) -> tuple[list[JobInstance], list[JobInstance]]:
    """The instances that are certainly rerun, and those of which that shows only later."""
    members = plan_members(decisions)
    running = [decision.instance for decision in decisions if decision.downstream is not None and decision.action is Action.WAIT]
    maybe = [instance for instance in members if instance.key in possible]
    maybe += [instance for instance in running if instance not in members]
    return [instance for instance in members if instance.key not in possible], maybe


def _changes(approved: str, decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any], since: int) -> str | None:
    """The differences from the plan with the id *approved*, or None.

    A run that continues after an interruption may have no journal of its attempts, as in AWX, where each job runs in a new container. The
    instances that started since then may be those that the plan lacks: if adding them results in the approved id, nothing can be sent that
    was not part of the approved plan.
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
