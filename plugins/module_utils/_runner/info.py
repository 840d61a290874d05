# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the logic of the modules that only read."""

from __future__ import annotations

import typing as t

from .._api.instance_query import late_starts, list_selected
from .._api.management import Management
from .._api.v2 import MAX_DEPTH
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind, OptionError
from .._common.text import printable, safe
from .._common.times import Window
from .._models.instance import Job, JobInstance
from .._models.selection import Selection, select
from .._output.results import statuses, with_key
from .ansible_module import ModuleRun
from .reading import CLOCK_LIMIT_MS, read_window, window_of

_ANY = ["*"]


def instance_info(run: ModuleRun) -> None:
    """The logic of module job_instance_info: ``instances``, ``total``, ``statuses`` and the window that was read."""
    options, job_name = run.options, run.options["job_name"]
    _check_instance_options(options)
    factory, clock = _factory(run), run.connection.client.clock

    def selection(window: Window) -> Selection:
        return select(options["jobs"], window, statuses=options["statuses"] or (), instance_types=options["instance_types"] or ())

    def until(window: Window) -> int:
        return window.end if options["planned_before"] is None else clock.latest_ms() + CLOCK_LIMIT_MS

    def read(window: Window) -> list[JobInstance]:
        if job_name is None:
            return list_selected(factory, selection(window), until=until(window))
        return _of_job(factory, job_name, selection(window), lambda: until(window))

    selection(window_of(options, clock.now_ms()))
    instances, window, _asked = read_window(clock, options, read)
    if job_name is not None and not instances:
        _must_exist(factory, job_name)
    newest = sorted(instances, key=lambda one: (-one.key.plan_time, one.job_name, one.key))[: options["limit"]]
    run.result.update(
        instances=[with_key(one) for one in newest],
        total=len(instances),
        statuses=statuses(instances),
        planned_after=window.begin,
        planned_before=window.end,
        api_versions=dict(factory.api_versions),
    )


def _check_instance_options(options: t.Mapping[str, t.Any]) -> None:
    job_name, limit = options["job_name"], options["limit"]
    if job_name is not None and list(options["jobs"]) != _ANY:
        raise OptionError(
            "job_name and jobs exclude each other. Give job_name for one job by its exact name, or jobs for names and patterns."
        )
    if job_name is not None and not job_name.strip():
        raise OptionError("job_name is empty. Give the name of a job, or leave it out.")
    if limit is not None and limit < 0:
        raise OptionError(f"limit is {limit}. Give 0 or more, or leave it out for no limit.")


def _of_job(factory: WorkspaceApi, job_name: str, wanted: Selection, until: t.Callable[[], int]) -> list[JobInstance]:
    """The instances of the job of exactly that name that *wanted* means, whatever its patterns are.

    :param until: as for :func:`list_selected`; asked when the list is there, which teaches the service's time.
    """

    def listed(span: Window) -> list[JobInstance]:
        return factory.list_instances(span, job_name=job_name, statuses=wanted.statuses)

    found = listed(wanted.window)
    late = late_starts(wanted.window, found, until())
    unique = {instance.full_key: instance for instance in (*found, *(listed(late) if late is not None else ()))}
    types = wanted.instance_types
    return [one for one in unique.values() if one.key.plan_time in wanted.window and (not types or one.instance_type in types)]


def job_info(run: ModuleRun) -> None:
    """The logic of module job_info: ``jobs`` and ``total``."""
    wanted = select(run.options["jobs"], Window(0, 0))
    factory = _factory(run)
    names = wanted.exact_names()
    found: list[Job] = []
    for name in names if names is not None and len(names) == 1 else [None]:
        found += factory.list_jobs(name)
    jobs = sorted((job for job in found if wanted.names(job.name)), key=lambda job: job.name)
    missing = sorted(set(names or ()) - {job.name for job in jobs})
    if missing:
        raise ApiError(
            Kind.NOT_FOUND,
            f"there is no batch job {', '.join(printable(name, 100) for name in missing)}",
            hint="Check the names in jobs, and workspace_id.",
        )
    results: list[dict[str, t.Any]] = []
    run.result.update(jobs=results, total=len(jobs), api_versions=factory.api_versions)
    for job in jobs:
        detail = {"detail": safe(factory.job_detail(job.name))} if run.options["detail"] else {}
        results.append({**safe(job.to_result()), **detail})


def workspace_info(run: ModuleRun) -> None:
    """The logic of module workspace_info: ``workspaces``, ``studio_instances`` and ``total``."""
    wanted = select(run.options["names"], Window(0, 0), option="names")
    management = Management(run.connection)
    ids = run.options["studio_instance_ids"]
    studios = management.studio_instances() if ids is None else []
    run.result["studio_instances"] = [safe({**vars(one), "usable": one.usable}) for one in studios]
    found = []
    for one in dict.fromkeys(ids if ids is not None else [studio.studio_instance_id for studio in studios if studio.usable]):
        found += [workspace for workspace in management.workspaces(one) if wanted.names(workspace.name)]
    found.sort(key=lambda workspace: (workspace.studio_instance_id, workspace.name, workspace.workspace_id))
    run.result.update(workspaces=[safe(workspace.to_result()) for workspace in found], total=len(found))


def dependency_info(run: ModuleRun) -> None:
    """The logic of module job_dependency_info: ``related_jobs`` or ``instances``, and ``total``."""
    options = run.options
    job_name, instance_id = options["job_name"], options["instance_id"]
    if bool(job_name) == bool(instance_id):
        raise OptionError(
            "Exactly one of job_name and instance_id is needed. Give job_name for the jobs next to a job, or instance_id for an instance's."
        )
    if not 1 <= options["depth"] <= MAX_DEPTH:
        raise OptionError(f"depth is {options['depth']}. Give 1 to {MAX_DEPTH}.")
    if job_name and (options["depth"] != 1 or not options["latest"]):
        raise OptionError("depth and latest have no effect with job_name. Leave them out, or give instance_id.")
    factory = _factory(run)
    if job_name:
        found: list[dict[str, t.Any]] = [safe(one.to_result()) for one in factory.depend_jobs(job_name, options["relation"])]
        run.result["related_jobs"] = found
    else:
        related = factory.depend_instances(instance_id, options["relation"], options["depth"], options["latest"])
        found = [safe(one.to_result()) for one in related]
        run.result["instances"] = found
    run.result.update(total=len(found), api_versions=dict(factory.api_versions))


def _factory(run: ModuleRun) -> WorkspaceApi:
    return WorkspaceApi(run.connection, run.options["workspace_id"], run.options["api_version"])


def _must_exist(factory: WorkspaceApi, job_name: str) -> None:
    """v1 answers with an empty list for a job that does not exist.

    :raises ApiError: NOT_FOUND.
    """
    if not factory.has_job(job_name):
        raise ApiError(Kind.NOT_FOUND, f"there is no job {printable(job_name, 100)}", hint="Check job_name and workspace_id.")
