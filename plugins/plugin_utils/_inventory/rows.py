# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces of an account as rows.

A row is what the service returned about one workspace, as plain JSON: it is what the inventory cache keeps, so it holds no credentials.
"""

from __future__ import annotations

import typing as t

from ...module_utils._api.management import Management
from ...module_utils._http.session import Session

Row = t.Dict[str, t.Any]
#: What a row holds; each becomes the host variable C(dataarts_<name>).
ROW_NAMES = (
    "workspace_id",
    "workspace_name",
    "workspace_kind",
    "workspace_owner",
    "workspace_description",
    "enterprise_project_id",
    "project_id",
    "studio_instance_id",
    "studio_instance_name",
)


def fetch(session: Session, studio_instance_ids: t.Sequence[str]) -> list[Row]:
    """Every workspace of the account in one region, by DataArts Studio instance and name.

    :param studio_instance_ids: DataArts Studio instances to look at; empty for all that are usable.
    :raises ApiError: a call failed, or the account has none of the instances asked for.
    """
    management = Management(session)
    names: dict[str, str | None] = dict.fromkeys(studio_instance_ids)
    if not names:
        names = {instance.studio_instance_id: instance.name for instance in management.studio_instances() if instance.usable}
    rows: dict[str, Row] = {}
    for studio_instance_id, studio_name in names.items():
        for workspace in management.workspaces(studio_instance_id):
            rows[workspace.workspace_id] = {
                "workspace_id": workspace.workspace_id,
                "workspace_name": workspace.name,
                "workspace_kind": workspace.kind,
                "workspace_owner": workspace.owner,
                "workspace_description": workspace.description,
                "enterprise_project_id": workspace.enterprise_project_id,
                "project_id": workspace.project_id or session.project_id,
                "studio_instance_id": studio_instance_id,
                "studio_instance_name": studio_name,
            }
    return sorted(rows.values(), key=lambda row: (row["studio_instance_id"], row["workspace_name"], row["workspace_id"]))


def intact(cached: t.Any) -> dict[str, list[Row]]:
    """What of a *cached* value is rows by fingerprint as :func:`fetch` makes them; an entry of another version, or edited, is left out."""
    entries = cached.items() if isinstance(cached, dict) else ()
    return {
        key: rows
        for key, rows in entries
        if isinstance(rows, list) and all(isinstance(row, dict) and set(row) == set(ROW_NAMES) for row in rows)
    }
