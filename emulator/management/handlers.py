# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management centre: DataArts Studio instances and their workspaces [H-WS][SDK]."""

from __future__ import annotations

from emulator.gateway.paging import page, total
from emulator.service import Answer, Request


def list_studios(request: Request) -> Answer:
    """GET /v1/{project_id}/instances."""
    project_id = request.params["project_id"]
    studios = [studio for account in request.service.world.accounts for studio in account.studios if studio.project_id == project_id]
    orders = [
        {
            "project_id": studio.project_id,
            "order_id": f"CS{studio.studio_id[:16].upper()}",
            "region_id": studio.region,
            "resource_id": studio.studio_id,
            "resource_name": studio.name,
            "resource_type": "hws.resource.type.dayu",
            "resource_spec_code": "dayu.starter",
            "charge_type": "PREPAID",
            "order_type": "BASE",
            "is_auto_renew": 0,
            "status": studio.status,
            "eps_id": "0",
            "is_trial_order": 0,
            "work_space_mode": "0",
        }
        for studio in page(request, studios, limit=20, unit="record")
    ]
    return Answer(body={"billing_check": False, "count": total(request, studios, orders), "commodity_orders": orders})


def list_workspaces(request: Request) -> Answer:
    """GET /v1/{project_id}/workspaces/{instance_id}: workspaces that the caller may see. ``offset`` counts records."""
    studio_id, project_id = request.params["instance_id"], request.params["project_id"]
    role_in = request.caller.role_in if request.caller else lambda workspace_id: "none"
    workspaces = [
        workspace
        for workspace in request.service.world.workspaces()
        if workspace.studio_id == studio_id and workspace.project_id == project_id and role_in(workspace.workspace_id) != "none"
    ]
    data = [
        {
            "id": workspace.workspace_id,
            "name": workspace.name,
            "description": workspace.description,
            "is_default": workspace.kind,
            "project_id": workspace.project_id,
            "instance_id": workspace.studio_id,
            "eps_id": "0",
            "owner_name": workspace.owner,
            "create_user": workspace.owner,
            "member_num": 1,
            "job_log_location_name": f"obs://dlf-log-{workspace.project_id}/",
            "bad_record_location_name": f"obs://dlf-log-{workspace.project_id}/",
        }
        for workspace in page(request, workspaces, limit=20, unit="record")
    ]
    size = max(1, int(request.query.get("limit", 20)))
    return Answer(body={"count": total(request, workspaces, data), "total_page": -(-len(workspaces) // size), "data": data})
