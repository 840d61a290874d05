# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option find_missing: the schedules of jobs are read (v1 only), and compared with the instances that there are."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._api.instance_query import list_selected
from .._api.job_query import JobCatalog
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.text import printable, safe
from .._common.times import to_iso
from .._models.instance import Job, JobInstance
from .._models.selection import Selection
from .._planner.missing import Schedule, UnknownScheduleError, gaps, missing_times
from .ansible_module import ModuleRun

#: Most plan times that a result names; the gaps name all.
MOST_NAMED = 10_000


def missing_result(
    run: ModuleRun, api: WorkspaceApi, catalog: JobCatalog, selection: Selection, until: int, now_ms: int
) -> dict[str, t.Any]:
    """``missing`` and ``gaps`` of the jobs that *selection* means; its statuses and types do not count, because any instance is one.

    :param until: as for :func:`list_selected`.
    :raises ApiError: the schedules, or the instances, cannot be read.
    """
    jobs = [job for job in catalog.batch_jobs if selection.names(job.name)]
    there: dict[str, list[JobInstance]] = {}
    for instance in list_selected(api, replace(selection, statuses=frozenset(), instance_types=frozenset()), until=until):
        there.setdefault(instance.job_name, []).append(instance)
    missing: list[dict[str, t.Any]] = []
    rows: list[dict[str, t.Any]] = []
    for number, job in enumerate(jobs):
        run.doing = f"reading the schedule of job {number + 1} of {len(jobs)}"
        schedule = _schedule(run, api, job)
        if schedule is None:
            continue
        times = missing_times(schedule, selection.window, there.get(job.name, ()), now_ms)
        missing += [_named(api.workspace_id, job, moment) for moment in times]
        rows += [{**gap.to_result(), "job_status": job.status} for gap in gaps(api.workspace_id, job.name, schedule, times)]
    missing.sort(key=lambda entry: (-entry["plan_time"], entry["job_name"]))
    return {"missing": safe(missing[:MOST_NAMED]), "missing_total": len(missing), "gaps": safe(rows)}


def _schedule(run: ModuleRun, api: WorkspaceApi, job: Job) -> Schedule | None:
    """The schedule of *job*; None if it has none, or one that cannot be read, which is a warning."""
    try:
        return Schedule.of(api.job_detail(job.name))
    except UnknownScheduleError as error:
        run.warn(f"Missing instances of job {printable(job.name, 100)} cannot be found: its schedule cannot be read, {error}.")
    except ApiError as error:
        if error.kind is Kind.NOT_FOUND:
            return None  # deleted meanwhile
        if error.kind is Kind.NOT_PUBLISHED:
            error.hint = "Missing instances are found by the schedules of jobs, which only v1 of the API shows. Leave find_missing out."
        raise
    return None


def _named(workspace_id: str, job: Job, moment: int) -> dict[str, t.Any]:
    return {
        "workspace_id": workspace_id,
        "job_name": job.name,
        "job_status": job.status,
        "plan_time": moment,
        "plan_time_iso": to_iso(moment),
    }
