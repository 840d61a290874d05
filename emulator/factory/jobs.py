# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job lists of both generations and the v1 job detail [SDK][OTC]."""

from __future__ import annotations

import typing as t

from emulator.factory.entries import status_word
from emulator.factory.lookup import jobs_of, named_job
from emulator.gateway import parameters
from emulator.gateway.errors import invalid
from emulator.gateway.paging import page, total
from emulator.service import Answer, Request
from emulator.world.model import Job

Json = dict[str, t.Any]
#: What a job does after an upstream failure: our policy to v1's word [SDK].
_FAIL_POLICIES = {"suspend": "SUSPEND", "cancel": "FAIL", "continue": "IGNORE"}
#: Most jobs on one page [OTC].
MOST = 100


def list_v1(request: Request) -> Answer:
    """GET /v1/{project_id}/jobs: batch jobs by default. ``jobName`` matches parts of names [TF]."""
    kind = parameters.choice(request.query.get("jobType"), "jobType", ("BATCH", "REAL_TIME"), "BATCH")
    jobs = [job for job in jobs_of(request) if job.job_type == kind and request.query.get("jobName", "") in job.name]
    shown = page(request, jobs, most=MOST)
    return Answer(body={"total": total(request, jobs, shown), "jobs": [_entry_v1(request, job) for job in shown]})


def list_v2(request: Request) -> Answer:
    """GET /v2/{project_id}/factory/jobs: filters by type, part of a name, ids and status."""
    jobs = [job for job in jobs_of(request) if request.query.get("job_name", "") in job.name]
    if "job_type" in request.query:
        jobs = [job for job in jobs if job.job_type == request.query["job_type"]]
    if "job_id" in request.query:
        ids = request.query["job_id"].split(",")
        if len(ids) > 50 or not all(number.strip().isdigit() for number in ids):
            raise invalid("job_id takes at most 50 numbers")
        jobs = [job for job in jobs if str(job.job_id) in [number.strip() for number in ids]]
    if "status" in request.query:
        jobs = [job for job in jobs if job.status in request.query["status"].split(",")]
    shown = page(request, jobs, most=MOST)
    return Answer(body={"total": total(request, jobs, shown), "jobs": [_entry_v2(request, job) for job in shown]})


def show_v1(request: Request) -> Answer:
    """GET /v1/{project_id}/jobs/{job_name}: nodes, schedule, basic configuration."""
    job = named_job(request)
    detail: Json = {
        "id": job.job_id,
        "name": job.name,
        "nodes": _nodes(job),
        "schedule": _schedule(job),
        "params": [],
        "directory": job.path,
        "processType": job.job_type,
        "createTime": job.submit_time,
        "singleNodeJobFlag": len(job.nodes) == 1,
        "lastUpdateUser": job.owner,
        "logPath": f"obs://dlf-log-{job.workspace.project_id}/",
        "basicConfig": {"owner": job.owner, "isIgnoreWaiting": 0, "priority": job.priority, "executeUser": "", "instanceTimeout": 0},
        "cleanOverdueDays": 60,
        "emptyRunningJob": "0",
        "version": str(job.version),
    }
    if parameters.flag(request, "dependencies"):
        detail["downstreamJobs"] = [
            {"name": downstream.name, "path": downstream.path, "params": {}} for downstream in request.service.world.downstream(job)
        ]
    return Answer(body=detail)


def _last(request: Request, job: Job, api: str) -> tuple[str | None, int | None]:
    """Status word and end (epoch ms) of the job's newest instance."""
    if not job.instances:
        return None, None
    newest = max(job.instances, key=lambda instance: instance.plan_time)
    return status_word(newest, request.service.switches, api), newest.end_time


def _entry_v1(request: Request, job: Job) -> Json:
    status, ended = _last(request, job, "v1")
    entry: Json = {
        "name": job.name,
        "jobType": job.job_type,
        "owner": job.owner,
        "priority": job.priority,
        "status": job.status,
        "createUser": job.owner,
        "createTime": job.submit_time,
        "startTime": job.submit_time,
        "lastInstanceStatus": status,
        "lastInstanceEndTime": ended,
        "lastUpdateTime": job.submit_time,
        "lastUpdateUser": job.owner,
        "path": job.path,
        "singleNodeJobFlag": len(job.nodes) == 1,
        "alarms": [],
    }
    return {name: value for name, value in entry.items() if value is not None}


def _entry_v2(request: Request, job: Job) -> Json:
    status, ended = _last(request, job, "v2")
    entry: Json = {
        "name": job.name,
        "job_type": job.job_type,
        "status": job.status,
        "create_user": job.owner,
        "create_time": job.submit_time,
        "start_time": job.submit_time,
        "last_instance_status": status,
        "last_instance_end_time": ended,
        "owner": job.owner,
        "last_update_user": job.owner,
        "last_update_time": job.submit_time,
        "priority": job.priority,
        "path": job.path,
        "single_node_job_flag": len(job.nodes) == 1,
        "alarms": [] if parameters.flag(request, "need_alarms") else None,
        "empty_running_job": "0",
        "next_plan_time": str(request.service.clock.now_ms() + 3_600_000) if job.status == "SCHEDULING" else None,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _nodes(job: Job) -> list[Json]:
    return [
        {
            "name": node.name,
            "type": node.type,
            "location": {"x": str(100 * (index + 1)), "y": "100"},
            "preNodeName": [job.nodes[index - 1].name] if index else [],
            "conditions": [],
            "properties": [],
            "pollingInterval": 20,
            "execTimeOutRetry": "false",
            "maxExecutionTime": 360,
            "retryTimes": 0,
            "retryInterval": 120,
            "failPolicy": "FAIL_CHILD",
        }
        for index, node in enumerate(job.nodes)
    ]


def _schedule(job: Job) -> Json:
    if job.schedule != "CRON":
        return {"type": "EXECUTE_ONCE" if job.schedule == "MANUAL" else job.schedule}
    here = job.workspace.workspace_id
    cron: Json = {
        "startTime": job.cron_start,
        **({"endTime": job.cron_end} if job.cron_end else {}),
        "expression": job.cron,
        "expressionTimeZone": job.cron_zone,
        "dependPrePeriod": job.self_dependent,
        "dependJobs": {
            "jobs": [name for _workspace, name in job.depends_on],
            "dependPeriod": "SAME_PERIOD",
            "dependFailPolicy": _FAIL_POLICIES[job.depend_fail_policy],
            "sameWorkSpaceJobs": [{"jobName": name, "workSpaceId": where} for where, name in job.depends_on if where == here],
            "otherWorkSpaceJobs": [{"jobName": name, "workSpaceId": where} for where, name in job.depends_on if where != here],
        },
    }
    return {"type": "CRON", "cron": cron}
