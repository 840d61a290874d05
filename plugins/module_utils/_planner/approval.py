# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: option ``plan_id`` of job_rerun: a run that may only do what somebody approved.

Pure. The id of a plan is made in every pass; only where one was given back is anything compared.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._models.decision import Action, Decision
from .limits import Plan
from .plan_id import plan_changes, plan_digest, plan_members, plan_record

#: Options that an approval is about. Those that only choose instances show in the instances. ``since`` is not among them: a run that
#: is continued has to be given the one it began with, which check mode could not know.
_APPROVED = (
    "retry_location",
    "node_name",
    "retry_task_version",
    "ignore_obs_monitor",
    "attempts",
    "attempt_delay",
    "max_parallel",
    "order",
)


def plan_of(decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any], since: int) -> tuple[str, dict[str, t.Any]]:
    """The id and the record of the plan that *decisions*, as :func:`decide` gave them, make with the module's *options*: the approved ones,
    if they are of it.

    :param since: of the run, epoch ms.
    """
    given, record = options["plan_id"], options["plan_record"]
    members = plan_members(decisions)
    made = plan_record(members, _options(options))
    if given and _changes(given, decisions, options, since) is None:
        return str(given).strip(), record or made
    return plan_digest(members, _options(options)), made


def approved(plan: Plan, decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any], since: int) -> Plan:
    """*plan*, refused if ``plan_id`` was given and it is another one by now.

    :param decisions: of every selected instance, as :func:`decide` gave them.
    :param since: of the run, epoch ms.
    :raises OptionError: if ``plan_id`` is no plan id.
    """
    if not options["plan_id"]:
        return plan
    changes = _changes(options["plan_id"], decisions, options, since)
    # A pass that sends nothing only watches what was approved: it has nothing to refuse.
    if changes is None or not any(one.action is Action.RETRY for one in decisions):
        return plan
    return dataclasses.replace(plan, batches=(), refused=changes)


def _changes(given: str, decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any], since: int) -> str | None:
    """What is different from the plan with the id *given*, or None.

    A run that goes on after an interruption may have no record of what it sent, as in a container of its own for each job of AWX. Then the
    instances that started since may be those that are missing in the plan: they are if with them it has the very id that was approved, so
    that nothing can be sent that was not part of it.
    """
    members = plan_members(decisions)
    known = {instance.key for instance in members}
    others = [one for one in decisions if one.instance.key not in known]
    listed = (one.instance for one in others)
    changes = plan_changes(given, members, _options(options), record=options["plan_record"], others=listed)
    if changes is None:
        return None
    started = [one.instance for one in others if one.instance.start_time is not None and one.instance.start_time >= since]
    moving = [one.instance for one in others if one.action is Action.WAIT and one.instance not in started]
    for more in (started, [*started, *moving]):
        if more and plan_changes(given, [*members, *more], _options(options)) is None:
            return None
    return changes


def _options(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: options[name] for name in _APPROVED}
