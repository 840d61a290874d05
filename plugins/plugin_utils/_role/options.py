# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as variables: the variable of each option, and the options that an approved plan sets. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._config.argument_spec import MODULES, Spec, account_spec, journal_spec, language_spec, workspace_spec
from .._awx.launch_inputs import PREFIX
from .._task.variables import said

#: Full name of the role, as in ``ansible_role_name``.
ROLE = "dataarts.factory.rerun"
#: Options of a module that the role does not have: those that its action uses internally, and those of its other mode.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "job_rerun": ("pass_state",),
    "job_instance_retry": ("task_retrys", "node_name", "pass_state"),
    "supplement_missing": ("stage", "approved", "snapshots"),
}
#: Options whose variables have another name: because job_rerun has that name already, or has an option with the same meaning.
RENAMED: dict[str, dict[str, str]] = {"job_instance_retry": {"jobs": "related_jobs", "only_statuses": "statuses"}}
#: Modules that follow an approved plan.
REPAIRS = ("job_rerun", "supplement_missing")
#: Options of the role that no module has.
OWN: Spec = {
    "plans": {"type": "dict"},
    "plan_required": {"type": "bool"},
    "fail_on_broken": {"type": "bool"},
    "report_path": {"type": "path"},
    "report_url": {"type": "str", "no_log": True},
    "report_token": {"type": "str", "no_log": True},
    "report_link": {"type": "str"},
}
#: Options that approve a plan; if one is set but empty, nothing is sent.
APPROVALS = ("plans", "plan_id")
#: Limits of job_rerun that a rerun with related jobs cannot keep, because the service chooses what it reruns.
LIMITS = ("never_rerun_reasons", "rerun_only_reasons", "max_reruns_per_day")
#: Variable in which a playbook names options that it does not read from variables.
WITHOUT = "__dataarts_without"
#: Options that an approved plan sets: its reruns have the same window and belong to the same run.
_WINDOW = ("planned_after", "planned_before")
_PLANNED = ("planned_after", "planned_before", "since", "plan_id", "plan_record")


def variables_of(module: str, *, role: bool) -> dict[str, str]:
    """Option of *module* -> the host variable that may set it.

    :param role: whether the task is one of role rerun. In other tasks, variables only set the account, workspace, journal and language options;
        what is selected, and how much, must be in the task itself.
    """
    spec = MODULES[module]()
    shared = {**account_spec(), **workspace_spec(), **journal_spec(), **language_spec()}
    left_out = LEFT_OUT.get(module)
    names = [name for name in spec if (name not in left_out if role and left_out is not None else name in shared)]
    renamed = RENAMED.get(module, {}) if role else {}
    return {name: PREFIX + renamed.get(name, name) for name in names}


def is_repair_plan(plans: t.Any, host: str) -> bool:
    """Whether the plan approved for *host* is that of a repair."""
    return "gaps" in _entry(plans, host)


def _entry(plans: t.Any, host: str) -> t.Mapping[str, t.Any]:
    entries = plans if isinstance(plans, t.Mapping) else {}
    own = entries.get(host) or entries.get(f"host {host}")
    return own if isinstance(own, t.Mapping) else {}


def plan_of(plans: t.Any, host: str, module: str = "job_rerun") -> dict[str, t.Any]:
    """The plan approved for *host*, as options of job_rerun or supplement_missing; {} if *plans* has none.

    :param plans: value of ``dataarts_plans``: host -> plan. A key may start with ``host ``, because AWX drops keys that are names of variables.
    """
    own = _entry(plans, host)
    if not said(own.get("plan_id")):
        return {}
    if module == "supplement_missing":
        return {
            "approved": {"gaps": own.get("gaps") or [], "missing_at": own.get("missing_at"), "options": own.get("missing_options")},
            **{name: own[name] for name in _WINDOW if said(own.get(name))},
        }
    return {name: own[name] for name in _PLANNED if said(own.get(name))}
