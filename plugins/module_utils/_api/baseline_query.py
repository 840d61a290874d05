# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baselines: times by which users have committed themselves to complete jobs [H-BASE].

A baseline names its jobs; each of its instances has a committed time, epoch ms. Both lists belong to a DataArts Studio instance. Which one a
workspace belongs to is shown only by the lists of all workspaces, so instead every Studio instance is asked for the workspace.
"""

from __future__ import annotations

import time
import typing as t

from .._common.errors import ApiError, Kind
from .._common.times import DAY_MS, Window
from .base import ScopedClient
from .management import Management
from .pagination import Page
from .parsing import Fields, bad_answer

if t.TYPE_CHECKING:
    from .._http.session import Session

#: Entries per page (the most that is allowed), and most pages that are read.
_LIMIT, _PAGES = 100, 50
#: Seconds that all lists may take, because a plan waits for them.
BASELINE_SECONDS = 20.0
#: Committed times up to this far before and after now are considered, ms.
_REACH_MS = DAY_MS

_T = t.TypeVar("_T")


def baseline_deadlines(session: Session, workspace_id: str, now_ms: int) -> dict[str, int]:
    """The committed time of each job with a baseline, epoch ms, by the id or name of the job in the baseline.

    For each baseline that is in force, the next committed time, or the latest one if all within a day have passed. For a job with several
    baselines, the earliest of these.

    :param now_ms: the service's time, epoch ms.
    :raises ApiError: the baselines cannot be read.
    """
    baselines = Baselines(session)
    deadlines: dict[str, int] = {}
    for studio in Management(session).studio_instances():
        if not studio.usable:
            continue
        jobs = dict(baselines.definitions(studio.studio_instance_id, workspace_id))
        if not jobs:
            continue
        span = Window(now_ms - _REACH_MS, now_ms + _REACH_MS)
        times: dict[str, list[int]] = {}
        for name, committed in baselines.instances(studio.studio_instance_id, workspace_id, span):
            times.setdefault(name, []).append(committed)
        for baseline, named in jobs.items():
            ahead = [committed for committed in times.get(baseline, ()) if committed >= now_ms]
            if ahead or times.get(baseline):
                due = min(ahead) if ahead else max(times[baseline])
                deadlines.update({job: min(due, deadlines.get(job, due)) for job in named})
    return deadlines


class Baselines:
    """The project's baselines. Every method raises ApiError, also when :data:`BASELINE_SECONDS` have passed since the object was created."""

    def __init__(self, session: Session) -> None:
        self._client = ScopedClient(session)
        self._deadline = time.monotonic() + BASELINE_SECONDS

    def definitions(self, studio_instance_id: str, workspace_id: str) -> list[tuple[str, tuple[str, ...]]]:
        """GET …/factory/aiops/{instance_id}/baseline [H-BASE]: id of each baseline in force, and ids or names of its jobs."""
        query = {"workspace_id": workspace_id, "enable": True}
        return self._pages("baselines", studio_instance_id, "baseline", query, _definition)

    def instances(self, studio_instance_id: str, workspace_id: str, span: Window) -> list[tuple[str, int]]:
        """GET …/factory/aiops/{instance_id}/baselineinstance [SDK]: pairs of a baseline's id and a committed time in *span*, epoch ms."""
        query = {"workspace_id": workspace_id, "start_time": span.begin, "end_time": span.end}
        return self._pages("baseline_instances", studio_instance_id, "baselineinstance", query, _instance)

    def _pages(self, route: str, studio: str, resource: str, query: t.Mapping[str, t.Any], parse: t.Callable[[Fields], _T]) -> list[_T]:
        """All entries of a list, whose ``offset`` counts pages from 1."""
        client, entries = self._client, t.cast("list[_T]", [])
        for number in range(1, _PAGES + 1):
            asked = {**query, "offset": number, "limit": _LIMIT}
            request = client.request("GET", client.session.hosts.v2, route, "v2", "factory", "aiops", studio, resource, query=asked)
            page = client.read(request, lambda body: _page(body, route, parse), self._deadline)
            # A full page never ends the list, because the total may count only the page: that is not documented.
            if list(page.entries) == entries[: len(page.entries)]:  # an empty page, or the first one again
                return entries
            entries += page.entries
            if len(page.entries) < _LIMIT and len(entries) >= page.total:
                return entries
        raise ApiError(Kind.INVALID, f"the list of {route.replace('_', ' ')} has more than {_LIMIT * _PAGES} entries")


def _page(body: t.Any, name: str, parse: t.Callable[[Fields], _T]) -> Page[_T]:
    what = name.replace("_", " ")
    fields = Fields(body, f"the list of {what}")
    parsed = [parse(Fields(entry, f"entry {number} of the {what}")) for number, entry in enumerate(fields.entries(name), 1)]
    return Page(fields.count("total"), parsed)


def _definition(fields: Fields) -> tuple[str, tuple[str, ...]]:
    """A baseline's id, and the ids or names of its jobs."""
    jobs = fields.entries("sla_task_ids")
    if not all(isinstance(job, (str, int)) and not isinstance(job, bool) for job in jobs):
        raise bad_answer("sla_task_ids of a baseline holds something that is not an id")
    return fields.required_id("id"), tuple(str(job)[:1000] for job in jobs)


def _instance(fields: Fields) -> tuple[str, int]:
    """A baseline's id, and one committed time."""
    return fields.required_id("baseline_id"), fields.required_time("sla_time")
