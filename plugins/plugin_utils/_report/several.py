# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several workspaces behind one host, as a loop over role rerun or over a task of job_rerun leaves them: the result of each. Pure."""

from __future__ import annotations

import typing as t

Result = t.Mapping[str, t.Any]

#: By which a run is held to a plan: plans are approved by host, and this one stands for several.
_OF_A_PLAN = frozenset({"plan_id", "plan_record"})


def workspaces_of(host: str, result: Result) -> dict[str, Result]:
    """The result of each workspace in what a variable of *host* holds, by what it is called: its host, or its id where the host stands for several,
    whose results have the host as ``inventory_host``.

    :param result: of one workspace, with those of the others in key ``others``; or of a task with a loop, which Ansible keeps as ``results``.
    """
    parts = _parts(result)
    if len(parts) == 1:
        return {host: parts[0]}
    by_name: dict[str, Result] = {}
    for number, part in enumerate(parts, 1):
        workspace_id = _workspace_id(part)
        plain = {name: value for name, value in part.items() if name not in _OF_A_PLAN}
        # Of a loop over the jobs of one workspace no result replaces another.
        name = workspace_id if workspace_id and workspace_id not in by_name else f"{workspace_id or host} ({number})"
        by_name[name] = {**plain, "inventory_host": host, **({"workspace_id": workspace_id} if workspace_id else {})}
    return by_name


def _parts(result: Result) -> list[Result]:
    looped, kept = result.get("results"), result.get("others")
    if isinstance(looped, (list, tuple)) and "instances" not in result:
        return [part for part in looped if isinstance(part, t.Mapping) and not part.get("skipped")] or [{}]
    others = [*kept.values()] if isinstance(kept, t.Mapping) else []
    return [*others, {name: value for name, value in result.items() if name != "others"}]


def _workspace_id(result: Result) -> str:
    """The workspace of a result, "" if nothing in it says so."""
    first: Result = next(iter(result.get("instances") or ()), {})
    return str(result.get("workspace_id") or first.get("workspace_id") or "")
