# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management centre: DataArts Studio instances and their workspaces [H-WS][SDK]."""

from __future__ import annotations

from emulator.factory.instances import page
from emulator.service import Answer, Call


def list_studios(call: Call) -> Answer:
    """GET /v1/{project_id}/instances."""
    project_id = call.params["project_id"]
    found = [one for account in call.service.world.accounts for one in account.studios if one.project_id == project_id]
    orders = [
        {
            "project_id": one.project_id,
            "order_id": f"CS{one.studio_id[:16].upper()}",
            "region_id": one.region,
            "resource_id": one.studio_id,
            "resource_name": one.name,
            "resource_type": "hws.resource.type.dayu",
            "resource_spec_code": "dayu.starter",
            "charge_type": "PREPAID",
            "order_type": "BASE",
            "is_auto_renew": 0,
            "status": one.status,
            "eps_id": "0",
            "is_trial_order": 0,
            "work_space_mode": "0",
        }
        for one in page(call, found, limit=20, unit="record")
    ]
    return Answer(payload={"billing_check": False, "count": len(found), "commodity_orders": orders})


def list_workspaces(call: Call) -> Answer:
    """GET /v1/{project_id}/workspaces/{instance_id}: those the caller may see; ``offset`` is a data offset."""
    studio_id, project_id = call.params["instance_id"], call.params["project_id"]
    role_in = call.caller.role_in if call.caller else lambda workspace_id: "none"
    found = [
        one
        for one in call.service.world.workspaces()
        if one.studio_id == studio_id and one.project_id == project_id and role_in(one.workspace_id) != "none"
    ]
    data = [
        {
            "id": one.workspace_id,
            "name": one.name,
            "description": one.description,
            "is_default": one.kind,
            "project_id": one.project_id,
            "instance_id": one.studio_id,
            "eps_id": "0",
            "owner_name": one.owner,
            "create_user": one.owner,
            "member_num": 1,
            "job_log_location_name": f"obs://dlf-log-{one.project_id}/",
            "bad_record_location_name": f"obs://dlf-log-{one.project_id}/",
        }
        for one in page(call, found, limit=20, unit="record")
    ]
    size = max(1, int(call.query.get("limit", 20)))
    return Answer(payload={"count": len(found), "total_page": -(-len(found) // size), "data": data})
