# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces of an account as rows: the service's data about one workspace as plain JSON, for the inventory cache; no credentials."""

from __future__ import annotations

import typing as t

from ...module_utils._api.management import Management
from ...module_utils._http.session import Session

Row = t.Dict[str, t.Any]
#: Keys of a row; each becomes the host variable C(dataarts_<name>).
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
    """All workspaces of the account in one region, ordered by DataArts Studio instance and name.

    :param studio_instance_ids: DataArts Studio instances to read; empty for all usable ones.
    :raises ApiError: a request failed.
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
    """Fingerprint -> rows, from a *cached* value. Entries with other keys, from another version or edited, are left out."""
    entries = cached.items() if isinstance(cached, dict) else ()
    return {
        key: rows
        for key, rows in entries
        if isinstance(rows, list) and all(isinstance(row, dict) and set(row) == set(ROW_NAMES) for row in rows)
    }
