# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one report of a run over all workspaces, made of what job_rerun left behind for each of them.

Pure. The report is a mapping of plain JSON data, described by ``docs/report.schema.json``; the page and the JUnit file are made of it.
Its numbers are those of ``_summary``, which the recap shows too: nothing is counted in two ways.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ...module_utils._common.text import safe
from ...module_utils._common.times import to_iso
from .._report import summary as _summary
from .._task.counts import BROKEN, standing
from .next_steps import MOVING, Command, missed, overall, ways_of

Result = t.Mapping[str, t.Any]
Report = t.Dict[str, t.Any]

#: Version of the report's shape. Keys may be added within a version; none is taken away or given another meaning.
VERSION = 1
#: Where an instance of a report can stand; those that nothing was meant for come last.
STANDINGS = (*BROKEN, "to_rerun", *MOVING, "succeeded", "other", "idle")
_COPIED = ("since", "since_iso", "planned_after", "planned_before", "plan_id")
_NO_RESULT = "No result: the host was unreachable, or the play ended before it was its turn. Nothing is known of its instances."


@dataclass(frozen=True)
class Scene:
    """Where and when a run took place.

    :param command: how the run was started, see :class:`Command`.
    :param written_at: epoch ms.
    :param run: what the report says of the run: ``user``, ``controller``, ``playbook``, ``ansible_version``, ``awx_job_id`` (text or None).
    """

    command: Command
    written_at: int
    check_mode: bool = False
    run: t.Mapping[str, t.Any] = field(default_factory=dict)


def build(hosts: t.Mapping[str, Result], workspace_ids: t.Mapping[str, str], scene: Scene) -> Report:
    """The report.

    :param hosts: inventory host to the result of job_rerun (``dataarts_rerun_result``), in the inventory's order; empty if there is none.
    :param workspace_ids: inventory host to the id of its workspace, as far as known.
    """
    counted = _summary.summary(hosts)
    workspaces = [_workspace(host, result, workspace_ids.get(host), counted, scene) for host, result in hosts.items()]
    totals = {**counted["totals"], "selected": sum(one["selected"] for one in workspaces)}
    return {
        "version": VERSION,
        "headline": _headline(workspaces, totals, scene.check_mode),
        "succeeded": counted["succeeded"],
        "check_mode": scene.check_mode,
        "written_at": scene.written_at,
        "written_at_iso": to_iso(scene.written_at),
        "elapsed": max((one["elapsed"] for one in workspaces), default=0.0),
        "run": dict(scene.run),
        "totals": totals,
        "next_step": overall(_summary.plans(hosts), totals["to_rerun"], scene.command) if scene.check_mode else None,
        "workspaces": workspaces,
    }


def _workspace(host: str, result: Result, workspace_id: str | None, counted: Result, scene: Scene) -> Report:
    instances = sorted((_instance(one, scene.check_mode) for one in result.get("instances") or ()), key=_rank)
    report: Report = {
        "host": host,
        "workspace_id": workspace_id or next((str(one["workspace_id"]) for one in instances), None),
        "state": "no_result",
        "succeeded": False,
        "msg": safe(str(result.get("msg") or ("" if _summary.known(result) else _NO_RESULT))),
        "changed": bool(result.get("changed")),
        "elapsed": float(result.get("elapsed") or 0.0),
        "timed_out": bool(result.get("timed_out")),
        **{name: result.get(name) for name in _COPIED},
        "counts": None,
        "selected": (result.get("summary") or {}).get("total", len(instances)),
        "plan": [safe(str(line)) for line in result.get("plan") or ()],
        "problems": [safe(str(text)) for text in result.get("problems") or ()],
        "requests": dict(result.get("requests") or {}),
        "instances": instances,
    }
    if host not in counted["no_result"]:
        report["counts"] = counted["workspaces"][host]
        report["succeeded"] = bool(result.get("succeeded", "error" not in result))
        report["state"] = _state(report, scene.check_mode)
    report["next_steps"] = ways_of(report, scene.command, check_mode=scene.check_mode)
    return report


def _instance(instance: Result, check_mode: bool) -> Report:
    # Only the task knows which statuses were asked for; a module that does not wait was asked for what failed.
    return {**safe(instance), "standing": instance.get("standing") or standing(instance, check=check_mode)}


def _rank(instance: Result) -> tuple[int, str, int]:
    """What is broken first; within that by job and planned time."""
    where = str(instance["standing"])
    place = STANDINGS.index(where) if where in STANDINGS else len(STANDINGS)
    return place, str(instance.get("job_name")), int(instance.get("plan_time") or 0)


def _state(workspace: Report, check_mode: bool) -> str:
    if not workspace["succeeded"]:
        return "broken"
    if check_mode:
        return "planned"
    return "in_progress" if any(workspace["counts"][name] for name in MOVING) else "succeeded"


def _headline(workspaces: t.Sequence[Report], totals: t.Mapping[str, int], check_mode: bool) -> str:
    """The report in one sentence."""
    lost = sum(1 for one in workspaces if one["state"] == "no_result")
    also = f"; {_counted(lost, 'workspace')} could not be worked on" if lost else ""
    if check_mode:
        due, places = totals["to_rerun"], sum(1 for one in workspaces if one["counts"] and one["counts"]["to_rerun"])
        return (f"{_counted(due, 'instance')} would be rerun in {_counted(places, 'workspace')}" if due else "Nothing to rerun") + also
    moving = sum(totals[name] for name in MOVING)
    broken = totals["to_rerun"] + sum(sum(map(missed, one["instances"])) for one in workspaces)
    meant = totals["succeeded"] + moving + broken
    if broken:
        return f"{_of(broken, meant)} still broken{f', {moving:,} on the way' if moving else ''}{also}"
    if moving:
        return f"{_of(moving, meant)} still on the way{also}"
    bad = sum(1 for one in workspaces if not one["succeeded"])
    if bad and bad == lost:
        return f"{_counted(lost, 'workspace')} could not be worked on" + (f"; elsewhere {_all(meant)}" if meant else "")
    if bad:
        return f"{bad} of {_counted(len(workspaces), 'workspace')} did not succeed"
    return _all(meant).capitalize() if meant else "Nothing to rerun"


def _all(meant: int) -> str:
    return "the instance succeeded" if meant == 1 else f"all {meant:,} instances succeeded"


def _of(some: int, every: int) -> str:
    return f"{some:,} of {_counted(every, 'instance')} {'is' if some == 1 else 'are'}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
