# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management API (host dayu): DataArts Studio instances and their workspaces."""

from __future__ import annotations

import typing as t

from .._models.instance import StudioInstance, Workspace
from .base import ScopedClient
from .pagination import Page, read_paged
from .parsing import Fields

if t.TYPE_CHECKING:
    from .._http.session import Session

#: Page size; the default is 20, and no maximum is documented [H-WS].
STUDIO_PAGE = 100
_KINDS = {0: "private", 1: "default", 2: "public"}


class Management:
    """The project's DataArts Studio instances. Every method raises ApiError, and takes ``deadline``: time.monotonic() seconds, or None."""

    def __init__(self, session: Session) -> None:
        self._client = ScopedClient(session)

    def studio_instances(self, deadline: float | None = None) -> list[StudioInstance]:
        """GET /v1/{project_id}/instances [SDK]: every DataArts Studio instance, even if it is not in use, see ``usable``."""

        def fetch(limit: int, offset: int) -> Page[StudioInstance]:
            request = self._client.management("instances", "instances", query={"limit": limit, "offset": offset})
            return self._client.read(request, _studio_page, deadline)

        return read_paged(fetch, key=lambda studio: studio.studio_instance_id, what="DataArts Studio instances", page=STUDIO_PAGE)

    def workspaces(self, studio_instance_id: str, deadline: float | None = None) -> list[Workspace]:
        """GET /v1/{project_id}/workspaces/{instance_id} [H-WS]: every workspace of one DataArts Studio instance.

        The documentation describes ``count`` as a number of users; it is taken for the number of workspaces, as by Terraform [TF].
        """

        def fetch(limit: int, offset: int) -> Page[Workspace]:
            request = self._client.management("workspaces", "workspaces", studio_instance_id, query={"limit": limit, "offset": offset})
            return self._client.read(request, lambda body: _workspace_page(body, studio_instance_id), deadline)

        what = f"workspaces of DataArts Studio instance {studio_instance_id}"
        return read_paged(fetch, key=lambda workspace: workspace.workspace_id, what=what, page=STUDIO_PAGE)


def _studio_page(body: t.Any) -> Page[StudioInstance]:
    fields = Fields(body, "the list of DataArts Studio instances")
    entries = enumerate(fields.entries("commodity_orders"), 1)
    return Page(fields.count("count"), [_studio(entry, f"DataArts Studio instance {number}") for number, entry in entries])


def _studio(value: t.Any, what: str) -> StudioInstance:
    fields = Fields(value, what)
    return StudioInstance(
        studio_instance_id=fields.required_id("resource_id"),
        name=fields.text("resource_name"),
        region=fields.text("region_id"),
        project_id=fields.text("project_id"),
        status=fields.optional_number("status"),
    )


def _workspace_page(body: t.Any, studio_instance_id: str) -> Page[Workspace]:
    fields = Fields(body, "the list of workspaces")
    entries = enumerate(fields.entries("data"), 1)
    return Page(fields.count("count"), [_workspace(entry, studio_instance_id, f"workspace {number}") for number, entry in entries])


def _workspace(value: t.Any, studio_instance_id: str, what: str) -> Workspace:
    fields = Fields(value, what)
    return Workspace(
        workspace_id=fields.required_id("id"),
        name=fields.name("name"),
        studio_instance_id=fields.identifier("instance_id") or studio_instance_id,
        project_id=fields.text("project_id"),
        kind=_KINDS.get(t.cast(int, fields.optional_number("is_default"))),
        enterprise_project_id=fields.text("eps_id"),
        owner=fields.text("owner_name"),
        description=fields.text("description"),
    )
