# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of the modules that only read."""

from __future__ import annotations

import json
import typing as t

from .._api.instance_query import list_job, list_selected, names_without_instances, patterns_without_instances
from .._api.job_query import JobCatalog, suggestion
from .._api.log_query import LogReader
from .._api.management import Management
from .._api.reason_query import ReasonReader
from .._api.service_time import timed_window
from .._api.v2 import MAX_DEPTH
from .._api.workspace import WorkspaceApi
from .._api.workspace_lists import Listing
from .._common.errors import ApiError, Kind, OptionError
from .._common.text import printable, safe
from .._common.times import Window
from .._models.instance import JobInstance, Workspace
from .._models.run_scope import window_of
from .._models.selection import Selection, select
from .._output.reasons import reason_result
from .._output.results import instance_line, statuses, with_key
from .._planner.reasons import grouped
from .ansible_module import ModuleRun
from .missing import missing_result

_ANY = ["*"]
#: Most characters that the job definitions in one result may have.
MAX_DETAIL = 50_000_000


def instance_info(run: ModuleRun) -> None:
    """The logic of module job_instance_info: ``instances``, ``total``, ``statuses`` and the window that was read."""
    options, job_name = run.options, run.options["job_name"]
    _check_instance_options(options)
    logs = LogReader.of(lambda: run.session, options)
    api, clock = run.api(), run.session.client.clock

    def selection(window: Window) -> Selection:
        return select(options["jobs"], window, statuses=options["statuses"], instance_types=options["instance_types"])

    def read(window: Window) -> Listing:
        if job_name is None:
            return list_selected(api, selection(window))
        return Listing(_of_job(api, job_name, selection(window)))

    selection(window_of(options, clock.now_ms()))
    catalog = JobCatalog(api)
    try:
        listing, window, _asked = timed_window(clock, lambda now_ms: window_of(options, now_ms), read)
    except ApiError as error:
        if job_name is not None:
            suggested(error, catalog, [job_name])
        raise
    instances = listing.instances
    run.warn(*listing.notes)
    _check_jobs(catalog, job_name, instances, listing.problems)
    newest = sorted(instances, key=lambda instance: (-instance.key.plan_time, instance.job_name, instance.key))[: options["limit"]]
    run.result.update(
        _listed_result(run, api, newest, logs),
        total=len(instances),
        statuses=statuses(instances),
        planned_after=window.begin,
        planned_before=window.end,
    )
    if options["find_missing"]:
        run.result.update(missing_result(run, api, catalog, selection(window), clock.earliest_ms()))
    run.result["api_versions"] = dict(api.api_versions)
    if job_name is None:
        _check_names(run, catalog, selection(window), listing)


def _listed_result(run: ModuleRun, api: WorkspaceApi, listed: t.Sequence[JobInstance], logs: LogReader | None) -> dict[str, t.Any]:
    """``instances`` with their failures, and ``reasons``; with option ``short``, ``lines`` instead."""
    reader = ReasonReader(api, run.options["reasons"], logs=logs)
    reasons = reader.read(listed)
    run.warn(*reader.notes)
    shown = [{**with_key(instance), "failure": reason_result(reasons.get(instance.full_key))} for instance in listed]
    if run.options["short"]:
        return {"lines": list(map(instance_line, shown))}
    return {"instances": shown, "reasons": grouped(shown)}


def _check_instance_options(options: t.Mapping[str, t.Any]) -> None:
    job_name, limit = options["job_name"], options["limit"]
    if job_name is not None and list(options["jobs"]) != _ANY:
        raise OptionError(
            "job_name and jobs exclude each other. Use job_name for one job by its exact name, or jobs for names and patterns."
        )
    if job_name is not None and options["find_missing"]:
        raise OptionError("find_missing has no effect with job_name. Use jobs, for names and patterns, to find missing instances.")
    if job_name is not None and not job_name.strip():
        raise OptionError("job_name is empty. Set it to the name of a job, or leave it out.")
    if limit is not None and limit < 0:
        raise OptionError(f"limit is {limit}. Use 0 or more, or leave it out for no limit.")


def _of_job(api: WorkspaceApi, job_name: str, wanted: Selection) -> list[JobInstance]:
    """The instances of the job with exactly that name in the window, statuses and types of *wanted*, whose patterns are ignored."""
    types = wanted.instance_types
    listed = list_job(api, job_name, wanted.window, statuses=wanted.statuses)
    return [instance for instance in listed if not types or instance.instance_type in types]


def _check_jobs(catalog: JobCatalog, job_name: str | None, instances: list[JobInstance], failed: t.Mapping[str, ApiError]) -> None:
    """Check that every job could be listed and that *job_name* exists. :func:`_check_names` judges names in option ``jobs`` that do not exist.

    :raises ApiError: the error of a job that could not be listed; NOT_FOUND with a suggestion if there is no *job_name*, for which v1 answers
        with an empty list.
    """
    for name, error in failed.items():
        if job_name is None and error.kind is Kind.NOT_FOUND:
            continue
        error.message = f"job {printable(name, 100)}: {error.message}"
        raise suggested(error, catalog, [name])
    if job_name is not None:
        must_match([] if instances or catalog.has(job_name) else [job_name], catalog)


def _check_names(run: ModuleRun, catalog: JobCatalog, wanted: Selection, listing: Listing) -> None:
    """Fill ``job_patterns``: which names and patterns in option ``jobs`` match a job.

    :raises ApiError: NOT_FOUND with a suggestion, if one matches none. The result is complete by then, for callers that ask many workspaces for
        the same jobs and judge by all of them.
    """
    silent = [*names_without_instances(wanted, listing.instances), *patterns_without_instances(wanted, listing.instances)]
    unmatched = set(catalog.unmatched(silent))
    run.result["job_patterns"] = [
        {"pattern": safe(name), "matches": name not in unmatched, "suggestion": catalog.suggestion(name) if name in unmatched else ""}
        for name in dict.fromkeys(run.options["jobs"])
    ]
    must_match([name for name in silent if name in unmatched], catalog)
    for name, error in listing.problems.items():
        raise suggested(error, catalog, [name])


def must_match(unmatched: t.Sequence[str], catalog: JobCatalog, kind: str = "job") -> None:
    """:raises ApiError: NOT_FOUND, if there are any *unmatched* names or patterns."""
    if unmatched:
        shown = ", ".join(printable(pattern, 100) for pattern in unmatched)
        raise suggested(ApiError(Kind.NOT_FOUND, f"no {kind} matches {shown}"), catalog, unmatched)


def suggested(error: ApiError, catalog: JobCatalog, patterns: t.Iterable[str]) -> ApiError:
    """*error*; if its kind is NOT_FOUND, with a hint that suggests names similar to *patterns*."""
    if error.kind is Kind.NOT_FOUND:
        error.hint = " ".join([*filter(None, map(catalog.suggestion, patterns)), "Check the names of the jobs and workspace_id."])
    return error


def job_info(run: ModuleRun) -> None:
    """The logic of module job_info: ``jobs`` and ``total``."""
    wanted = select(run.options["jobs"], Window(0, 0))
    api = run.api()
    names = wanted.exact_names()
    catalog = JobCatalog(api, real_time=False)
    listed = api.list_jobs(names[0]) if names is not None and len(names) == 1 else catalog.batch_jobs
    jobs = sorted((job for job in listed if wanted.names(job.name)), key=lambda job: job.name)
    must_match(catalog.unmatched(wanted.unmatched({job.name for job in jobs})), catalog, "batch job")
    results: list[dict[str, t.Any]] = []
    run.result.update(jobs=results, total=len(jobs), api_versions=api.api_versions)
    room = MAX_DETAIL
    for job in jobs:
        result = safe(job.to_result())
        if run.options["detail"]:
            result["detail"] = safe(api.job_detail(job.name))
            room -= len(json.dumps(result["detail"]))
        if room < 0:
            hint = "Name fewer jobs, or set detail to false."
            raise ApiError(Kind.INVALID, f"the definitions of the jobs have more than {MAX_DETAIL:,} characters", hint=hint)
        results.append(result)


def workspace_info(run: ModuleRun) -> None:
    """The logic of module workspace_info: ``workspaces``, ``studio_instances`` and ``total``."""
    wanted = select(run.options["names"], Window(0, 0), option="names")
    management = Management(run.session)
    ids = run.options["studio_instance_ids"]
    studios = management.studio_instances() if ids is None else []
    run.result["studio_instances"] = [safe({**vars(studio), "usable": studio.usable}) for studio in studios]
    workspaces: list[Workspace] = []
    seen: list[str] = []
    for studio_id in dict.fromkeys(ids if ids is not None else [studio.studio_instance_id for studio in studios if studio.usable]):
        listed = management.workspaces(studio_id)
        seen += [workspace.name for workspace in listed]
        workspaces += [workspace for workspace in listed if wanted.names(workspace.name)]
    workspaces.sort(key=lambda workspace: (workspace.studio_instance_id, workspace.name, workspace.workspace_id))
    run.result.update(workspaces=[safe(workspace.to_result()) for workspace in workspaces], total=len(workspaces))
    silent = [pattern for pattern in wanted.unmatched(seen) if pattern.strip("*")]
    if silent:
        suggestions = [suggestion(pattern, seen) for pattern in silent]
        hint = " ".join([*filter(None, suggestions), "Check the names of the workspaces, the region and the project."])
        raise ApiError(Kind.NOT_FOUND, f"no workspace matches {', '.join(printable(pattern, 100) for pattern in silent)}", hint=hint)


def dependency_info(run: ModuleRun) -> None:
    """The logic of module job_dependency_info: ``related_jobs`` or ``instances``, and ``total``."""
    options = run.options
    job_name, instance_id = options["job_name"], options["instance_id"]
    if bool(job_name) == bool(instance_id):
        raise OptionError(
            "Exactly one of job_name and instance_id is needed. Use job_name for the jobs next to a job, or instance_id for the instances "
            "next to an instance."
        )
    if not 1 <= options["depth"] <= MAX_DEPTH:
        raise OptionError(f"depth is {options['depth']}. Use 1 to {MAX_DEPTH}.")
    if job_name and (options["depth"] != 1 or not options["latest"]):
        raise OptionError("depth and latest have no effect with job_name. Leave them out, or use instance_id.")
    api = run.api()
    if job_name:
        related = [safe(job.to_result()) for job in api.depend_jobs(job_name, options["relation"])]
        run.result["related_jobs"] = related
    else:
        instances = api.depend_instances(instance_id, options["relation"], options["depth"], options["latest"])
        related = [safe(instance.to_result()) for instance in instances]
        run.result["instances"] = related
    run.result.update(total=len(related), api_versions=dict(api.api_versions))
