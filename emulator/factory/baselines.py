# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baselines: the times by which jobs must have ended, in all workspaces of a DataArts Studio instance [H-BASE][SDK]."""

from __future__ import annotations

import typing as t

from emulator.gateway import parameters
from emulator.gateway.paging import total
from emulator.service import Answer, Request
from emulator.world.model import Baseline, Workspace

Json = dict[str, t.Any]
_DAY_MS = 86_400_000


def list_baselines(request: Request) -> Answer:
    """GET …/factory/aiops/{instance_id}/baseline: the definitions. ``offset`` is a page number, from 1."""
    enable = parameters.flag(request, "enable") if "enable" in request.query else None
    entries = [_definition(request, *pair) for pair in _baselines(request) if enable in (None, pair[1].enable)]
    shown = _page(request, entries)
    return Answer(body={"total": total(request, entries, shown), "baselines": shown})


def list_baseline_instances(request: Request) -> Answer:
    """GET …/factory/aiops/{instance_id}/baselineinstance: one entry per enabled baseline and day whose committed time is in the requested span.

    Only days from a week ago to a week ahead have instances.
    """
    now = request.service.clock.now_ms()
    begin = parameters.number(request, "start_time", now // _DAY_MS * _DAY_MS)
    end = parameters.number(request, "end_time", begin + _DAY_MS - 1)
    entries = [
        _instance(request, workspace, baseline, baseline.sla_time + days * _DAY_MS)
        for workspace, baseline in _baselines(request)
        if baseline.enable
        for days in range(-7, 8)
        if begin <= baseline.sla_time + days * _DAY_MS <= end
    ]
    shown = _page(request, entries)
    return Answer(body={"total": total(request, entries, shown), "baseline_instances": shown})


def _baselines(request: Request) -> t.Iterator[tuple[Workspace, Baseline]]:
    """Baselines of the studio that the caller may see, with their workspaces. The query can select one workspace."""
    studio, wanted = request.params["instance_id"], request.query.get("workspace_id")
    role_in = request.caller.role_in if request.caller else lambda workspace_id: "none"
    for workspace in request.service.world.workspaces():
        of_studio = workspace.studio_id == studio and workspace.project_id == request.params["project_id"]
        if of_studio and wanted in (None, workspace.workspace_id) and role_in(workspace.workspace_id) != "none":
            for baseline in workspace.baselines:
                yield workspace, baseline


def _page(request: Request, entries: list[Json]) -> t.Sequence[Json]:
    number = parameters.number(request, "offset", 1, 1)
    limit = parameters.number(request, "limit", 10, 1, 100)
    return entries[(number - 1) * limit : number * limit]


def _definition(request: Request, workspace: Workspace, baseline: Baseline) -> Json:
    by_name = request.service.switches["baseline_jobs"] == "name"
    minutes = baseline.sla_time % _DAY_MS // 60_000
    return {
        "id": baseline.baseline_id,
        "name": baseline.name,
        "version": 1,
        "type": "DAY",
        "owner_name": workspace.owner,
        "project_id": workspace.project_id,
        "instance_id": workspace.studio_id,
        "workspace_id": workspace.workspace_id,
        "sla_task_ids": [name if by_name else str(workspace.jobs[name].job_id) for name in baseline.jobs],
        "priority": baseline.priority,
        "sla_hour": minutes // 60,
        "sla_min": minutes % 60,
        "buffer": 0,
        "enable": baseline.enable,
    }


def _instance(request: Request, workspace: Workspace, baseline: Baseline, sla_time: int) -> Json:
    now = request.service.clock.now_ms()
    return {
        "id": f"{baseline.baseline_id}-{sla_time // _DAY_MS}",
        "baseline_id": baseline.baseline_id,
        "baseline_name": baseline.name,
        "baseline_version": 1,
        "priority": baseline.priority,
        "status": "OVER" if now > sla_time else "SAFE",
        "finish_status": "UNFINISH",
        "project_id": workspace.project_id,
        "instance_id": workspace.studio_id,
        "workspace_id": workspace.workspace_id,
        "sla_time": sla_time,
        "expect_time": sla_time,
        "instance_type": "DAY",
    }
