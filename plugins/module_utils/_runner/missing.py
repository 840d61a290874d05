# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find missing instances: read the schedules of jobs (v1 only) and compare them with the existing instances."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._api.dependency_query import upstream_jobs
from .._api.instance_query import list_selected
from .._api.job_query import JobCatalog
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.grouping import grouped_by
from .._common.text import printable, safe
from .._common.times import with_iso
from .._models.gap import Gap
from .._models.instance import Job, JobInstance, Status
from .._models.selection import Selection
from .._planner.missing import Schedule, UnknownScheduleError, gaps, missing_times
from .ansible_module import ModuleRun

#: Most plan times in ``missing`` of a result; ``gaps`` covers all.
MOST_NAMED = 10_000
_FAILED = (Status.FAIL, Status.RUNNING_EXCEPTION)


class ScheduleGaps(t.NamedTuple):
    """The gaps in the schedules of the selected jobs, and the state of their instances.

    :param gaps: the gaps of each job, oldest first.
    :param above: job -> (workspace id, name) of the jobs that it depends on.
    :param unreadable: job whose schedule cannot be read -> why.
    :param failed: jobs with a failed or hung instance.
    :param in_progress: the instances that wait or run.
    """

    gaps: list[Gap]
    above: dict[str, list[tuple[str, str]]]
    unreadable: dict[str, str]
    failed: set[str]
    in_progress: list[JobInstance]


def find_missing(
    run: ModuleRun, api: WorkspaceApi, catalog: JobCatalog, selection: Selection, now_ms: int, *, absent_too: bool = False
) -> ScheduleGaps:
    """Find the missing instances of the jobs in *selection*, whose statuses and types are ignored: any instance fills its plan time.

    :param now_ms: plan times after this are not due yet, epoch ms.
    :param absent_too: whether to ignore names that no job has, because the caller checks names itself.
    :raises ApiError: the schedules or the instances cannot be read.
    """
    jobs = [job for job in catalog.batch_jobs if selection.names(job.name)]
    listing = list_selected(api, replace(selection, statuses=frozenset(), instance_types=frozenset()))
    for name, error in listing.problems.items():
        if not (absent_too and error.kind is Kind.NOT_FOUND):
            raise _of_job(error, name, catalog)
    there = grouped_by(listing.instances, lambda instance: instance.job_name)
    failed = {name for name, listed in there.items() if any(instance.status in _FAILED for instance in listed)}
    in_progress = [instance for listed in there.values() for instance in listed if instance.status.in_progress]
    absent = ScheduleGaps([], {}, {}, failed, in_progress)
    for number, job in enumerate(jobs):
        run.doing = f"reading the schedule of job {number + 1} of {len(jobs)}"
        detail = _detail(api, job)
        absent.above[job.name] = upstream_jobs(detail, api.workspace_id)
        try:
            schedule = Schedule.of(detail)
        except UnknownScheduleError as error:
            absent.unreadable[job.name] = str(error)
            continue
        if schedule is not None:
            own = there.get(job.name, ())
            times = missing_times(schedule, selection.window, own, now_ms)
            absent.gaps.extend(gaps(api.workspace_id, job.name, schedule, times, own, job.status))
    return absent


def missing_result(run: ModuleRun, api: WorkspaceApi, catalog: JobCatalog, selection: Selection, now_ms: int) -> dict[str, t.Any]:
    """``missing``, ``missing_total`` and ``gaps`` of the jobs in *selection*. Raises as :func:`find_missing`."""
    absent = find_missing(run, api, catalog, selection, now_ms, absent_too=True)
    for name, cause in absent.unreadable.items():
        run.warn(f"Missing instances of job {printable(name, 100)} cannot be found: its schedule cannot be read, {cause}.")
    missing = [
        {"workspace_id": gap.workspace_id, "job_name": gap.job_name, "job_status": gap.job_status, **with_iso(plan_time=moment)}
        for gap in absent.gaps
        for moment in gap.times
    ]
    missing.sort(key=lambda entry: (-entry["plan_time"], entry["job_name"]))
    rows = [gap.to_result() for gap in absent.gaps]
    return {"missing": safe(missing[:MOST_NAMED]), "missing_total": len(missing), "gaps": safe(rows)}


def _of_job(error: ApiError, name: str, catalog: JobCatalog) -> ApiError:
    """*error* with the job's name in its message; if the job does not exist, with a hint that suggests a similar name."""
    error.message = f"job {printable(name, 100)}: {error.message}"
    if error.kind is Kind.NOT_FOUND:
        error.hint = catalog.suggestion(name) or "Check the name in jobs."
    return error


def _detail(api: WorkspaceApi, job: Job) -> t.Mapping[str, t.Any]:
    """The definition of *job*; an empty one if it was deleted meanwhile."""
    try:
        return api.job_detail(job.name)
    except ApiError as error:
        if error.kind is Kind.NOT_FOUND:
            return {}
        if error.kind is Kind.NOT_PUBLISHED:
            error.hint = (
                "Only v1 of the API shows schedules. Leave find_missing out; instead of a repair, rerun what failed with playbook "
                "dataarts.factory.rerun_failed."
            )
        raise
