# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData: create, list and stop runs of a job for a span of past plan times [SDK][H-199]."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from emulator.factory.writes import record
from emulator.gateway import parameters
from emulator.gateway.errors import Refusal, invalid, unknown_job
from emulator.gateway.paging import total
from emulator.service import Answer, Request
from emulator.world.cron import plan_times
from emulator.world.model import Fate, Instance, Job, Supplement, Workspace

Json = dict[str, t.Any]
#: The only date format that the service understands (observed [KES]).
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2} [+-]\d{2}")
#: Letters, digits, hyphens and underscores. No other characters are documented.
_NAME = re.compile(r"[\w-]{1,128}")
_DAY_MS = 86_400_000
#: Maximum number of instances of one run.
MOST = 2000
_OPTIONAL: dict[str, tuple[type, ...]] = {
    "depend_jobs": (list,),
    "is_day_granularity": (bool,),
    "priority": (int,),
    "is_stop_when_fail": (bool,),
    "reverse_order": (int,),
    "supplement_data_run_time": (dict,),
    "supplement_data_instance_time": (dict,),
    "force": (str,),
}
_REQUIRED = ("name", "job_name", "start_date", "end_date", "parallel")


def create(request: Request) -> Answer:
    """POST …/factory/supplement-data [SDK]."""
    body = parameters.json_body(request, required=True)
    _check_fields(body)
    workspace = _workspace(request)
    if not _NAME.fullmatch(body["name"]):
        raise Refusal(400, "30120", "The PatchData name is invalid.")
    begin, end = _span(body)
    jobs = _jobs(request, body)
    if request.service.switches["patch_name_taken"] == "refuse" and _named(request, body["name"]):
        raise Refusal(400, "30110", "The PatchData name already exists.")
    running = [run for run in workspace.supplements if run.jobs[0] is jobs[0] and status_of(request, run) == "RUNNING"]
    if running and body.get("force") != "true":
        raise Refusal(400, "30116", "PatchData of the job is already running.")
    user = request.caller.name if request.caller else ""
    run = Supplement(body["name"], begin, end, request.service.clock.now_ms(), user, body, jobs)
    _make(request, run)
    workspace.supplements.append(run)
    _record(request, "patch_data", run)
    return Answer(200)


def stop(request: Request) -> Answer:
    """POST …/factory/supplement-data/{instance_name}/stop [SDK]: cancel waiting and running instances."""
    named = _named(request, request.params["instance_name"])
    if not named:
        raise Refusal(400, "30113", "The PatchData does not exist.")
    due = [run for run in named if status_of(request, run) == "RUNNING"]
    if not due:
        raise Refusal(400, "30115", "The PatchData is not running.")
    for run in due:
        cancel(request, run)
        _record(request, "patch_data_stop", run)
    return Answer(200)


def list_supplements(request: Request) -> Answer:
    """GET …/factory/supplement-data [SDK]. Pages are counted from 0, and ``name`` matches parts of names."""
    switches, now = request.service.switches, request.service.clock.now_ms()
    hidden_ms = request.service.clock.span_ms(switches["patch_visible_after"])
    query = request.query
    runs = [run for run in _workspace(request).supplements if now >= run.submitted + hidden_ms]
    runs = [run for run in runs if query.get("name", "") in run.name and query.get("user_name", run.user) == run.user]
    if "status" in query:
        runs = [run for run in runs if status_of(request, run) == query["status"]]
    first, last = parameters.number(request, "start_date", 0), parameters.number(request, "end_date", 10**13)
    runs = [run for run in runs if run.begin <= last and run.end >= first]
    newest = parameters.choice(query.get("sort"), "sort", ("desc", "asc"), "desc") == "desc"
    runs.sort(key=lambda run: run.submitted, reverse=newest)
    page, size = parameters.number(request, "page", 0), parameters.number(request, "size", 10, 1, 1000)
    rows = [_row(request, run) for run in runs[page * size : (page + 1) * size]]
    return Answer(body={"msg": "success", "rows": rows, "success": True, "total": total(request, runs, rows)})


def status_of(request: Request, run: Supplement) -> str:
    """Status of *run* as the list shows it."""
    switches = request.service.switches
    if run.stopped:
        return str(switches["patch_cancelled_status"])
    if any(instance.current is not None for instance in run.instances):
        return "RUNNING"
    failed = any(not instance.succeeded for instance in run.instances)
    return str(switches["patch_failed_status"]) if failed else "SUCCESS"


def cancel(request: Request, run: Supplement) -> None:
    """Cancel the waiting and running instances of *run*."""
    run.stopped = True
    request.service.scheduler.limit_group(run.group, 0)
    for instance in run.instances:
        if instance.current is not None:
            request.service.scheduler.stop(instance)


def _check_fields(body: Json) -> None:
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise invalid(f"{name} is required")
    for name, kinds in _OPTIONAL.items():
        if name in body and (not isinstance(body[name], kinds) or (isinstance(body[name], bool) and bool not in kinds)):
            raise invalid(f"{name} has the wrong type")
    unknown = set(body) - set(_OPTIONAL) - set(_REQUIRED)
    if unknown:
        raise invalid(f"unknown {', '.join(sorted(unknown))}")
    parallel = parameters.integer(body, "parallel")
    if not 1 <= parallel <= 5:
        raise invalid("parallel must be between 1 and 5")
    if body.get("reverse_order", 0) not in (0, 1) or body.get("force", "false") not in ("true", "false"):
        raise invalid("reverse_order must be 0 or 1, force must be true or false")


def _span(body: Json) -> tuple[int, int]:
    moments = []
    for name in ("start_date", "end_date"):
        text = body[name]
        if not isinstance(text, str) or not _DATE.fullmatch(text):
            moments.append(0)  # the service reads every date it does not understand as the same time (observed [KES])
            continue
        try:
            moments.append(int(datetime.fromisoformat(text.replace(" ", "") + ":00").timestamp() * 1000))
        except ValueError:
            moments.append(0)
    begin, end = moments
    if not begin or end < begin + 2000:
        raise Refusal(400, "30121", "The end time should be at least 2 second later than the start time.")
    return begin, end


def _jobs(request: Request, body: Json) -> list[Job]:
    """The job and its ``depend_jobs``. All must be scheduled batch jobs."""
    named = [(request.workspace_id, body["job_name"])]
    for entry in body.get("depend_jobs", ()):
        if not isinstance(entry, dict) or set(entry) != {"job_name", "workspace_id"}:
            raise invalid("depend_jobs must be objects of job_name and workspace_id")
        named.append((entry["workspace_id"], entry["job_name"]))
    jobs = [request.service.world.job(*name) for name in named]
    if None in jobs:
        raise unknown_job()
    planned = t.cast("list[Job]", jobs)
    if any(job.schedule != "CRON" or job.job_type != "BATCH" for job in planned):
        raise Refusal(400, "30111", "The job is not scheduled periodically.")
    return planned


def _make(request: Request, run: Supplement) -> None:
    """Create the instances of *run*.

    An instance of a dependent job waits for the newest instance of each upstream job at or before its own plan time.
    """
    body, service = run.body, request.service
    begin, end = run.begin, run.end + (1 if service.switches["patch_end"] == "included" else 0)
    if body.get("is_day_granularity"):
        zone_ms = int(str(body["start_date"])[-3:]) * 3_600_000
        begin = (begin + zone_ms) // _DAY_MS * _DAY_MS - zone_ms
        end = -(-(run.end + zone_ms) // _DAY_MS) * _DAY_MS - zone_ms
    run.group = f"supplement {request.workspace_id} {len(_workspace(request).supplements)}"
    service.scheduler.limit_group(run.group, int(t.cast(int, body["parallel"])))
    sign = -1 if body.get("reverse_order") == 1 else 1
    times = [(job, plan) for job in run.jobs for plan in plan_times(job.cron, job.cron_zone, begin, end)]
    if len(times) > MOST:
        raise Refusal(400, "30114", "The PatchData has too many instances.")
    for job, plan in times:
        made = Instance(job, service.world.new_id(), plan, "waiting", instance_type=5, version=job.version)
        made.fates.append(_fate(job, plan))
        made.parents = [] if job is run.jobs[0] else _above(run, job, plan)
        run.instances.append(made)
    for instance in sorted(run.instances, key=lambda made: sign * made.plan_time):
        instance.job.instances.append(instance)
        service.scheduler.make(instance, run.group, sign * instance.plan_time)


def _fate(job: Job, plan: int) -> Fate:
    """Outcome of the instance of a plan time."""
    return Fate("fail", job.run_seconds, "the node ended with exit code 1") if plan in job.patch_fails else Fate(seconds=job.run_seconds)


def _above(run: Supplement, job: Job, plan: int) -> list[int]:
    upstream = [other for other in run.jobs if (other.workspace.workspace_id, other.name) in job.depends_on]
    newest = [
        max((made for made in run.instances if made.job is other and made.plan_time <= plan), key=_plan, default=None) for other in upstream
    ]
    return [instance.instance_id for instance in newest if instance is not None]


def _plan(instance: Instance) -> int:
    return instance.plan_time


def _row(request: Request, run: Supplement) -> Json:
    dates = {"start_date": run.begin, "end_date": run.end}
    if request.service.switches["patch_row_dates"] == "swapped":
        dates = {"start_date": run.end, "end_date": run.begin}
    row: Json = {
        "name": run.name,
        "job_list": [job.name for job in run.jobs],
        "parallel": run.body["parallel"],
        **dates,
        "status": status_of(request, run),
        "submitted_date": run.submitted,
        "supplement_data_run_time": run.body.get("supplement_data_run_time", {"time_of_day": "00:00-00:00"}),
        "supplement_data_instance_time": run.body.get("supplement_data_instance_time", {}),
        "type": 0,
        "user_name": run.user,
    }
    return row


def _named(request: Request, name: str) -> list[Supplement]:
    return [run for run in _workspace(request).supplements if run.name == name]


def _workspace(request: Request) -> Workspace:
    workspace = request.service.world.workspace(request.workspace_id)
    if workspace is None:
        raise Refusal(400, "0819", "The workspace does not exist.")
    return workspace


def _record(request: Request, kind: str, run: Supplement) -> None:
    instances = [
        {
            "job_id": instance.job.job_id,
            "job_name": instance.job.name,
            "workspace_id": instance.job.workspace.workspace_id,
            "plan_time": instance.plan_time,
            "instance_id": instance.instance_id,
        }
        for instance in run.instances
    ]
    body = run.body if kind == "patch_data" else {}
    record(request, kind, "v2", run.jobs[0].name, instances, body, name=run.name, user=run.user)
