# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Next steps after a run: for each kind of problem in a workspace, what to do and the command for it. Pure.

A command can be pasted into a shell, and running it twice does no harm, because its window and ``since`` are absolute. It holds no secret. Ansible
evaluates extra variables as templates, so names of jobs, which come from the service, are written so that they cannot be one.
"""

from __future__ import annotations

import dataclasses
import shlex
import typing as t

from ...module_utils._models.selection import job_pattern
from .._common.local_times import option_time
from .._inventory.names import host_pattern
from .._task.counts import MISSED, policy_remedy
from .._task.passes import IN_PROGRESS
from .command import Command
from .summary import PLAN_KEYS, bound_record

#: Standings of instances that are only rerun with a later ``since``.
ONCE_MORE = frozenset({"failed_again", "rejected", "stopped"})
#: Further variables for the rerun of stopped instances.
_CANCELLED = {"dataarts_statuses": ["manual-stop"]}
Result = t.Mapping[str, t.Any]
NextStep = t.Dict[str, t.Any]

#: Largest difference between times of workspaces that count as the same, ms.
SAME = 60_000
#: Most jobs that a command names; with more, the selection stays as it was.
_JOBS = 20
_TEXTS = {
    "failed_again": "Fix the cause shown in their console logs, then rerun them once more.",
    "rejected": "Fix what the service objects to, then rerun them.",
    "not_rerunnable": "The service does not rerun them. Handle them in the console, or leave them out with jobs or instance_types.",
    "blocked": "Confirm or continue them in the console, then check how they ended. Nothing is sent twice.",
    "stopped": "They were stopped, because wait_timeout was over. Find out why they hung, then rerun them.",
    "skipped": "They depend on a broken instance. Bring that to success first, then go on.",
    "unknown": "List them again, without sending anything: the service's answer was lost or is not clear.",
    "in_progress": "They go on by themselves. Check how they ended; nothing is sent twice.",
    "unsent": "They were not sent. If the message names a cause, fix it, then go on; nothing is sent twice.",
    "workspace": "Fix the cause that the message names, then run again. What may have been sent is read back first, and nothing is sent twice.",
    "incomplete": "Fix the cause that the message names, then run again. Nothing is sent twice.",
}


def would_rerun(workspace: Result) -> bool:
    """Whether a run would rerun anything in a workspace, by the plan of check mode."""
    return not workspace["refused"] and bool(workspace["counts"] and workspace["counts"]["to_rerun"])


def next_steps_of(workspace: Result, command: Command, *, check_mode: bool, since: int | None = None) -> list[NextStep]:
    """The next steps in *workspace*, an entry of the report so far; worst first, empty if nothing is to be done.

    :param since: of the run, epoch ms, for a workspace without a ``since`` because it has no result. If that is None too, the command only checks,
        because it is unknown what the run had sent.
    :returns: ``standing`` (one of MISSED, ``in_progress``, ``unsent``, ``workspace``, ``incomplete``), ``instances`` (how
        many), ``text``, ``command`` (or None) and ``limit`` (the host).
    """
    if workspace["since"] is None:
        check_mode = check_mode or since is None
        workspace = {**workspace, "since": since}
    if workspace["state"] == "no_result":
        return [_next_step("workspace", workspace, [], command, check=check_mode)]
    groups = groups_of(workspace, check_mode)
    steps = [_next_step(name, workspace, group, command, check=name == "unknown") for name, group in groups.items() if group]
    if not steps and not workspace["succeeded"]:
        steps.append(_next_step("incomplete", workspace, [], command, check=check_mode))
    return steps


def host_of(workspace: Result) -> str:
    """The inventory host of a workspace, which may stand for several workspaces."""
    return str(workspace.get("inventory_host", workspace["host"]))


def plans_variables(plans: t.Mapping[str, Result]) -> dict[str, t.Any]:
    """The extra variables that bind a run to *plans*, see :func:`~.summary.plans`; without the parts of the record that are only for messages."""
    return {
        "dataarts_plans": {
            host: {
                **{name: plan[name] for name in (*PLAN_KEYS, "gaps", "missing_at", "missing_options") if name in plan},
                **({"plan_record": bound} if (bound := bound_record(plan)) else {}),
            }
            for host, plan in plans.items()
        }
    }


def step_for_plans(plans: t.Mapping[str, Result], to_rerun: int, command: Command, file: str = "") -> NextStep | None:
    """The next step that sends exactly what check mode planned; None if nothing is to be sent.

    :param file: file with the variables of the plans; with AWX, the command holds them itself.
    """
    if not to_rerun or not plans:
        return None
    text = "Rerun exactly this plan. A workspace whose instances have changed by then sends nothing and says what changed."
    # The window comes with the plan.
    jobs = {"dataarts_jobs": command.selection.get("dataarts_jobs")}
    if file and not command.awx:
        line = shlex.join(dataclasses.replace(command, plans=None).words(command.limit, jobs, file=file))
    else:
        line = command.line(command.limit, jobs | plans_variables(plans))
    return {"standing": "to_rerun", "instances": to_rerun, "text": text, "command": line, "limit": command.limit}


def instances_of(step: Result, workspace: Result, *, check_mode: bool) -> list[Result]:
    """The instances of *workspace* that a next step is about; empty if it is about the workspace as a whole."""
    return groups_of(workspace, check_mode).get(step["standing"], [])


def groups_of(workspace: Result, check_mode: bool) -> dict[str, list[Result]]:
    """Next step -> the instances of a workspace that need it: by standing, ``in_progress`` or ``unsent``."""
    groups: dict[str, list[Result]] = {name: [] for name in (*MISSED, "in_progress", "unsent")}
    for instance in workspace["instances"]:
        where = instance["standing"]
        if where in IN_PROGRESS:
            groups["in_progress"].append(instance)
        elif where == "to_rerun" and not check_mode:
            groups["unsent"].append(instance)
        elif instance.get("broken"):
            groups[where].append(instance)
    return groups


def _next_step(name: str, workspace: Result, instances: list[Result], command: Command, *, check: bool) -> NextStep:
    variables = _variables(name, workspace, instances, related=command.related)
    host = host_of(workspace)
    line = (
        None
        if variables is None
        else command.line(host_pattern(host), variables, check=check or (command.related and name == "in_progress"))
    )
    return {"standing": name, "instances": len(instances), "text": _text(name, instances), "command": line, "limit": host}


def _text(name: str, instances: t.Sequence[Result]) -> str:
    """What to do about *instances*; blocked ones may be so by a reason policy or by the service."""
    by_policy = policy_remedy(instances) if name == "blocked" else ""
    others = not all(instance.get("policy") for instance in instances) or not by_policy
    return " ".join(filter(None, (by_policy, _TEXTS[name] if others else "")))


def deadline_option(workspaces: t.Iterable[Result]) -> dict[str, str]:
    """The deadline as an absolute option, if *workspaces* had the same one: a relative one (``+2h``) would move."""
    deadlines = [deadline for workspace in workspaces if (deadline := (workspace.get("expected") or {}).get("deadline")) is not None]
    same = deadlines and max(deadlines) - min(deadlines) <= SAME
    return {"dataarts_deadline": option_time(min(deadlines))} if same else {}


def _variables(name: str, workspace: Result, instances: list[Result], *, related: bool) -> dict[str, t.Any] | None:
    """The extra variables for the role to go on with *instances*; None if it cannot.

    :param related: whether the run reran a job with its related jobs, whose own variables say what is selected.
    """
    if name == "not_rerunnable":
        return None
    since = workspace["since"]
    if name in ONCE_MORE:
        # Later than all known times of the instances: they are due again, but only once, however often the command is run.
        known = [int(instance.get(key) or 0) for instance in instances for key in ("start_time", "end_time", "sent_time")]
        since = 1 + max([since or 0, *known])
    variables: dict[str, t.Any] = {
        # In a loop over the workspaces of one host, this makes every item this workspace, which is sent once.
        **({"dataarts_workspace_id": workspace["workspace_id"]} if "inventory_host" in workspace else {}),
        "dataarts_since": None if since is None else option_time(since),
        **(_CANCELLED if name == "stopped" else {}),
    }
    if related:
        return variables
    variables.update(deadline_option([workspace]))
    if not instances:
        window = {key: workspace[key] for key in ("planned_after", "planned_before")}
        return variables | {f"dataarts_{key}": ms if ms is None else option_time(ms) for key, ms in window.items()}
    times = [int(instance["plan_time"]) for instance in instances]
    names = sorted({job_pattern(str(instance["job_name"])) for instance in instances})
    jobs = {"dataarts_jobs": names} if len(names) <= _JOBS else {}
    return variables | jobs | {"dataarts_planned_after": option_time(min(times)), "dataarts_planned_before": option_time(max(times))}
