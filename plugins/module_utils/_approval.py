# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: option ``plan_id`` of job_rerun: a run that may only do what somebody approved.

Pure. The id of a plan is made in every pass; only where one was given back is anything compared.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dataarts.factory.plugins.module_utils._plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._plan_id import plan_changes, plan_digest, plan_members
from ansible_collections.dataarts.factory.plugins.module_utils._reconcile import Action, Decision

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


def plan_id_of(decisions: t.Iterable[Decision], options: t.Mapping[str, t.Any]) -> str:
    """The id of the plan that *decisions*, as :func:`decide` gave them, make with the module's *options*."""
    return plan_digest(plan_members(decisions), _options(options))


def approved(plan: Plan, decisions: t.Sequence[Decision], options: t.Mapping[str, t.Any]) -> Plan:
    """*plan*, refused if ``plan_id`` was given and it is another one by now.

    :param decisions: of every selected instance, as :func:`decide` gave them.
    :raises OptionError: if ``plan_id`` is no plan id.
    """
    if not options["plan_id"]:
        return plan
    changes = plan_changes(options["plan_id"], plan_members(decisions), _options(options))
    # A pass that sends nothing only watches what was approved: it has nothing to refuse.
    if changes is None or not any(one.action is Action.RETRY for one in decisions):
        return plan
    return dataclasses.replace(plan, batches=(), refused=changes)


def _options(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: options[name] for name in _APPROVED}
