# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as variables: what an option of a module is called in the inventory, and what an approved plan says in its place. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._config.argument_spec import MODULES, Spec, account_spec, journal_spec, language_spec, workspace_spec
from .._awx.launch_inputs import PREFIX
from .._task.variables import said

#: Full name of the role, as ansible-core has it in ``ansible_role_name``.
ROLE = "dataarts.factory.rerun"
#: Options of a module that the role does not have: the way in which its action hands on what it knows; its other mode.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "job_rerun": ("pass_state",),
    "job_instance_retry": ("task_retrys", "node_name", "pass_state"),
    "supplement_missing": ("stage", "approved", "snapshots"),
}
#: Options whose variables have another name, because job_rerun's has it, or the same meaning.
RENAMED: dict[str, dict[str, str]] = {"job_instance_retry": {"jobs": "related_jobs", "only_statuses": "statuses"}}
#: Modules that the role repairs by, each held to what was approved.
REPAIRS = ("job_rerun", "supplement_missing")
#: What the role takes that no module has.
OWN: Spec = {
    "plans": {"type": "dict"},
    "plan_required": {"type": "bool"},
    "fail_on_broken": {"type": "bool"},
    "report_path": {"type": "path"},
    "report_url": {"type": "str", "no_log": True},
    "report_token": {"type": "str", "no_log": True},
    "report_link": {"type": "str"},
}
#: What says that something was approved: set and empty, nothing was, and nothing is sent.
APPROVALS = ("plans", "plan_id")
#: Limits of a rerun, options of job_rerun, that its second mode cannot keep to: the service chooses what it reruns.
LIMITS = ("never_rerun_reasons", "rerun_only_reasons", "max_reruns_per_day")
#: Variable in which a playbook names the options for which it asks no variable: those of somebody's own run.
WITHOUT = "__dataarts_without"
#: What a plan that was approved holds in addition to the instances: it acts on the same window and is the same run.
_WINDOW = ("planned_after", "planned_before")
_PLANNED = ("planned_after", "planned_before", "since", "plan_id", "plan_record")


def variables_of(module: str, *, role: bool) -> dict[str, str]:
    """The variable of each option of *module* that a variable of the host may say.

    :param role: whether the task is one of role rerun. Everywhere else only the options are filled in that say where the service is, who acts,
        which workspace, which journal and which language: what is selected, or how much of it, is the task's own.
    """
    spec = MODULES[module]()
    shared = {**account_spec(), **workspace_spec(), **journal_spec(), **language_spec()}
    left_out = LEFT_OUT.get(module)
    names = [name for name in spec if (name not in left_out if role and left_out is not None else name in shared)]
    renamed = RENAMED.get(module, {}) if role else {}
    return {name: PREFIX + renamed.get(name, name) for name in names}


def is_repair_plan(plans: t.Any, host: str) -> bool:
    """Whether what was approved for *host* is the plan of a repair."""
    return "gaps" in _entry(plans, host)


def _entry(plans: t.Any, host: str) -> t.Mapping[str, t.Any]:
    entries = plans if isinstance(plans, t.Mapping) else {}
    own = entries.get(host) or entries.get(f"host {host}")
    return own if isinstance(own, t.Mapping) else {}


def plan_of(plans: t.Any, host: str, module: str = "job_rerun") -> dict[str, t.Any]:
    """What was approved for *host*, as options of job_rerun or supplement_missing; {} if *plans* has no plan of it.

    :param plans: value of ``dataarts_plans``, by host. AWX keeps no key that is a variable's name, so it may begin with ``host ``.
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
