# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run over all workspaces as data, from the results of job_rerun. Pure.

The report is plain JSON data, described by ``docs/report.schema.json``; the page and the JUnit file are made from it. Its numbers come from
:mod:`.summary`, like those of the recap, so that nothing is counted in two ways.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ...module_utils._common.text import safe
from ...module_utils._common.times import to_iso
from ...module_utils._output.expectation import late_lines
from .._report import summary as _summary
from .._task.counts import STANDINGS
from .._task.passes import IN_PROGRESS, INCOMPLETE, LIMIT, error_kind
from .causes import causes_of
from .command import Command
from .downstream import downstream_of
from .go_on import go_on_step
from .headline import headline
from .next_steps import host_of, next_steps_of, step_for_plans
from .overview import attempts, lines_to_resume

Result = t.Mapping[str, t.Any]
Report = t.Dict[str, t.Any]

#: Version of the report's format. Within a version, keys may be added, but none is removed or changes its meaning.
REPORT_VERSION = 1
_COPIED = ("since", "since_iso", "planned_after", "planned_before", "plan_id")
_COPIED_IF_THERE = (
    "inventory_host",
    "quiet_hours",
    "missing",
    "missing_at",
    "missing_options",
    "unreadable",
    "unread_workspaces",
    "only_missing",
    "paused_first",
)
_NO_RESULT = (
    "No result: the host was unreachable, or its task was not run, because the play ended early or because of --tags or --skip-tags. "
    "Nothing is known about its instances."
)


@dataclass(frozen=True)
class ReportContext:
    """Facts about a run for its report.

    :param command: how the run was started, see :class:`Command`.
    :param written_at: epoch ms.
    :param plans_file: file of check mode's plans, for the command that reruns them; "" if they are not written.
    :param run: ``user``, ``controller``, ``playbook``, ``ansible_version``, ``awx_job_id`` (text or None).
    """

    command: Command
    written_at: int
    check_mode: bool = False
    plans_file: str = ""
    run: t.Mapping[str, t.Any] = field(default_factory=dict)


def build_report(hosts: t.Mapping[str, Result], workspace_ids: t.Mapping[str, str], context: ReportContext) -> Report:
    """Build the report.

    :param hosts: inventory host -> result of job_rerun (``dataarts_rerun_result``), in the inventory's order; {} if there is none. If a host stands
        for several workspaces: workspace id -> result.
    :param workspace_ids: inventory host -> id of its workspace, if known.
    """
    counted = _summary.summarize(hosts)
    since = min((result["since"] for result in hosts.values() if result.get("since")), default=None)
    workspaces = [_workspace(host, result, workspace_ids.get(host), counted, context, since) for host, result in hosts.items()]
    listed = [workspace["instances"] for workspace in workspaces]
    twice = sum(map(len, listed)) - sum(map(len, _summary.told_once(listed)))
    totals = {**counted["totals"], "selected": sum(workspace["selected"] for workspace in workspaces) - twice}
    judged = {"workspaces": workspaces, "totals": totals, "check_mode": context.check_mode}
    return {
        "version": REPORT_VERSION,
        "headline": headline(judged, related=context.command.related),
        "succeeded": counted["succeeded"],
        "check_mode": context.check_mode,
        "written_at": context.written_at,
        "written_at_iso": to_iso(context.written_at),
        "elapsed": max((workspace["elapsed"] for workspace in workspaces), default=0.0),
        "run": dict(context.run),
        "totals": totals,
        "next_step": step_for_plans(_summary.plans(hosts), totals["to_rerun"], context.command, context.plans_file)
        if context.check_mode
        else None,
        "go_on": go_on_step(judged, context.command),
        "reasons": causes_of(hosts.values()),
        "downstream": downstream_of(hosts.values()),
        "workspaces": workspaces,
        **_not_reruns(hosts, workspaces, context.command),
    }


def _not_reruns(hosts: t.Mapping[str, Result], workspaces: t.Sequence[Report], command: Command) -> Report:
    """The keys about starts and stops other than reruns since the windows began, as in playbook history, and about open pauses."""
    known = _histories(hosts, workspaces)
    beyond = attempts(known)
    behind = {name: history["behind"] for name, history in known.items() if history["behind"]}
    lines = lines_to_resume(beyond.paused, command, behind=behind)
    return {
        "not_reruns": beyond.rows,
        "not_reruns_left": sum(history["left"] for history in known.values()),
        "open_pauses": [{"host": name, **safe(pause)} for name, history in known.items() for pause in history["open_pauses"]],
        "resume": {"text": lines[1], "command": "\n".join(lines[2:])} if lines else None,
    }


def _histories(hosts: t.Mapping[str, Result], workspaces: t.Sequence[Report]) -> dict[str, dict[str, t.Any]]:
    """Host -> its journal history other than reruns; the key is the workspace id for a workspace of dependants that is not a host.

    Each has ``attempts``, ``open_pauses``, the number of attempts ``left`` out, and ``behind``: (host, workspace id) if the workspace is not a host
    by itself, else None.
    """
    own = {str(workspace["workspace_id"]) for workspace in workspaces}
    known: dict[str, dict[str, t.Any]] = {}
    for workspace in workspaces:
        history, here = hosts[workspace["host"]].get("journal_history"), str(workspace["workspace_id"] or "")
        if not history:
            continue
        listed = (*history["attempts"], *history["open_pauses"])
        for workspace_id in dict.fromkeys((here, *(str(entry["workspace_id"]) for entry in listed))):
            name = workspace["host"] if workspace_id == here else workspace_id
            if name in known or (workspace_id != here and workspace_id in own):
                continue
            parts = {
                part: [entry for entry in history[part] if entry["workspace_id"] == workspace_id] for part in ("attempts", "open_pauses")
            }
            left = history["total"] - len(history["attempts"]) if workspace_id == here else 0
            alone = "inventory_host" not in workspace and name == workspace["host"]
            known[name] = {**parts, "left": left, "behind": None if alone else (host_of(workspace), workspace_id)}
    return known


def _workspace(host: str, result: Result, workspace_id: str | None, counted: Result, context: ReportContext, since: int | None) -> Report:
    """The report's entry for one workspace; *since* is that of the run, used if the workspace has none."""
    instances = sorted((safe(instance) for instance in result.get("instances") or ()), key=_rank)
    report: Report = {
        "host": host,
        "workspace_id": workspace_id or result.get("workspace_id") or next((str(instance["workspace_id"]) for instance in instances), None),
        "state": "no_result",
        "succeeded": False,
        "msg": safe(str(result.get("msg") or ("" if _summary.has_counts(result) else _NO_RESULT))),
        "changed": bool(result.get("changed")),
        "elapsed": float(result.get("elapsed") or 0.0),
        "timed_out": bool(result.get("timed_out")),
        "purpose": safe(str(result.get("purpose") or "")),
        **{name: result.get(name) for name in _COPIED},
        "counts": None,
        "selected": (result.get("summary") or {}).get("total", len(instances)),
        "refused": error_kind(result) == LIMIT,
        "blind": error_kind(result) not in (None, INCOMPLETE, LIMIT) or bool(result.get("unread")),
        "plan": [safe(str(line)) for line in result.get("plan") or ()],
        "plan_details": safe(result.get("plan_details") or {}),
        "downstream": [safe(dependant) for dependant in result.get("downstream") or ()],
        "expected": safe(result.get("expected") or {}),
        "problems": [
            safe(str(text)) for text in (*(result.get("problems") or ()), *late_lines((result.get("expected") or {}).get("jobs") or (), 20))
        ],
        "requests": dict(result.get("requests") or {}),
        "instances": instances,
    }
    report.update({name: safe(result[name]) for name in _COPIED_IF_THERE if name in result})
    bound = _summary.bound_record(result)
    if bound:
        report["plan_record"] = bound
    if host not in counted["no_result"]:
        report["counts"] = counted["workspaces"][host]
        report["succeeded"] = bool(result.get("succeeded", "error" not in result))
        report["state"] = _state(report, context.check_mode)
    report["next_steps"] = next_steps_of(report, context.command, check_mode=context.check_mode, since=since)
    return report


def _rank(instance: Result) -> tuple[int, str, int]:
    """Sort key of an instance: broken ones first, then by job and plan time."""
    where = str(instance["standing"])
    place = STANDINGS.index(where) if where in STANDINGS else len(STANDINGS)
    return place, str(instance.get("job_name")), int(instance.get("plan_time") or 0)


def _state(workspace: Report, check_mode: bool) -> str:
    if not workspace["succeeded"]:
        return "broken"
    if check_mode:
        return "planned"
    return "in_progress" if any(workspace["counts"][name] for name in IN_PROGRESS) else "succeeded"
