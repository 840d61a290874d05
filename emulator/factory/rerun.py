# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes on job instances: the v2 rerun in both modes, and v1's restart and stop."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from emulator.factory.lookup import named_instance
from emulator.factory.writes import done, record
from emulator.gateway import parameters
from emulator.gateway.errors import Refusal, invalid, unknown_instance, unknown_job
from emulator.service import Answer, Request
from emulator.switches import Switches
from emulator.world.model import ACTIVE, RERUNNABLE, Fate, Instance, Job
from emulator.world.world import submit_time_of

Json = dict[str, t.Any]
#: job_id, plan_time, submit_time: identify an instance in the v2 rerun [H-RET].
Key = tuple[int, int, int]
_V2_LOCATIONS = ("firstNode", "errorNode", "specifiedNode")
_V2_VERSIONS = ("original_version", "current_version")
_V1_LOCATIONS = {"first_node": "firstNode", "error_node": "errorNode", "specified_node": "specifiedNode"}
_V1_VERSIONS = ("original_version", "latest_version")


@dataclass
class _Write:
    """A parsed write request. ``group`` names the runs of one mode B request, whose parallelism is limited."""

    kind: str
    api: str
    job_name: str
    location: str
    node_name: str | None
    body: Json
    group: str = ""


def retry_v2(request: Request) -> Answer:
    """POST …/factory/jobs/{job_name}/instances/retry [H-RET]."""
    body = parameters.json_body(request, required=True)
    name = request.params["job_name"]
    job = request.service.world.job(request.workspace_id, name)
    if job is None:
        if request.service.switches["unknown_job_at_retry"] == "1000":
            raise Refusal(400, "1000", "Failed to find the job.")
        raise unknown_job()
    location = parameters.choice(body.get("retry_location"), "retry_location", _V2_LOCATIONS)
    parameters.choice(body.get("retry_task_version"), "retry_task_version", _V2_VERSIONS)
    _check_flag(body)
    selected, related = "task_retrys" in body, "jobs" in body
    if selected == related:
        raise invalid("either task_retrys, or begin_time, end_time and jobs are required")
    write = _Write("retry" if selected else "retry_related", "v2", name, location, body.get("node_name"), body)
    if selected:
        _apply(request, write, _selected(request, job, body))
    else:
        _apply_related(request, write, job)
    return done(request, 200)


def restart_v1(request: Request) -> Answer:
    """POST …/jobs/{job_name}/instances/{instance_id}/restart [H-67]. The body is optional."""
    body = parameters.json_body(request, required=False)
    location = parameters.choice(body.get("retry_location"), "retry_location", _V1_LOCATIONS, "first_node")
    parameters.choice(body.get("job_param_version"), "job_param_version", _V1_VERSIONS, "original_version")
    _check_flag(body)
    instance = named_instance(request)
    write = _Write("restart", "v1", instance.job.name, _V1_LOCATIONS[location], body.get("node_name"), body)
    _apply(request, write, [instance])
    return done(request, 204)


def stop_v1(request: Request) -> Answer:
    """POST …/jobs/{job_name}/instances/{instance_id}/stop: waiting, running and abnormal instances [OTC-UMN-I]."""
    instance = named_instance(request)
    if not _stoppable(request, instance):
        raise Refusal(400, "30118", "Failed to stop the job instance: it is not running.")
    write = _Write("stop", "v1", instance.job.name, "", None, {})
    record(request, write.kind, write.api, write.job_name, [_before(request, instance)], write.body)
    request.service.scheduler.stop(instance)
    return done(request, 204)


def _stoppable(request: Request, instance: Instance) -> bool:
    if request.service.scheduler.is_stopping(instance):
        return False
    if request.service.switches["stop_of"] == "running":
        return instance.status == "running"
    return instance.status in ACTIVE | {"running-exception"} or _starting(instance)


def _check_flag(body: Json) -> None:
    # the v1 sample sends the flag as the string "true" [H-67]
    if body.get("ignore_obs_monitor", True) not in (True, False, "true", "false"):
        raise invalid("ignore_obs_monitor must be true or false")


def _selected(request: Request, job: Job, body: Json) -> list[Instance]:
    """Mode A: the instances that ``task_retrys`` names, in its order. Switch ``duplicate_keys`` decides about repetitions."""
    entries = body["task_retrys"]
    if not isinstance(entries, list) or not entries:
        raise invalid("task_retrys must name at least one instance")
    by_key = _by_key(job, request.service.switches)
    chosen: list[Instance] = []
    seen: set[Key] = set()
    for entry in entries:
        if not isinstance(entry, dict):
            raise invalid("task_retrys must be an array of objects")
        key = (
            parameters.integer(entry, "job_id"),
            parameters.milliseconds(entry, "plan_time"),
            parameters.milliseconds(entry, "submit_time"),
        )
        instances = by_key.get(key)
        if instances is None:
            if request.service.switches["batch_refusal"] == "all":
                raise unknown_instance()
            continue
        if key in seen:
            if request.service.switches["duplicate_keys"] == "refuse":
                raise invalid("task_retrys names an instance twice")
            if request.service.switches["duplicate_keys"] == "merge":
                continue
        seen.add(key)
        chosen += instances
    if not chosen:
        raise unknown_instance()
    return chosen


def _by_key(job: Job, switches: Switches) -> dict[Key, list[Instance]]:
    """The instances that each key of the v2 rerun applies to. Switch ``twins_rerun`` decides where several share a key."""
    sharing: dict[Key, list[Instance]] = {}
    for instance in sorted(job.instances, key=lambda instance: instance.instance_id):
        key = job.job_id, instance.plan_time, submit_time_of(instance, switches)
        sharing.setdefault(key, []).append(instance)
    chosen = {"first": slice(0, 1), "newest": slice(-1, None), "both": slice(None)}[switches["twins_rerun"]]
    return {key: instances[chosen] for key, instances in sharing.items()}


def _apply_related(request: Request, write: _Write, job: Job) -> None:
    """Mode B: rerun all rerunnable instances of the job and of the named jobs whose plan time is in the period."""
    body = write.body
    begin, end = parameters.milliseconds(body, "begin_time"), parameters.milliseconds(body, "end_time")
    if begin > end:
        raise invalid("begin_time is later than end_time")
    if write.location == "specifiedNode":
        raise invalid("specifiedNode is for selected instances only")
    concurrent = parameters.integer(body, "concurrent") if "concurrent" in body else 1
    if not 1 <= concurrent <= 128:
        raise invalid("concurrent must be between 1 and 128")
    jobs = [job]
    for entry in body["jobs"] if isinstance(body["jobs"], list) else [None]:
        if not isinstance(entry, dict):
            raise invalid("jobs must be an array of objects")
        other = request.service.world.job(str(entry.get("workspace_id")), str(entry.get("job_name")))
        if other is None:
            raise Refusal(400, "1000", "Failed to find the job.")
        if other not in jobs:
            jobs.append(other)
    chosen = [
        instance
        for related in jobs
        for instance in related.instances
        if begin <= instance.plan_time <= end and _refusal(request, instance, write) is None
    ]
    if not chosen:
        raise invalid(f"Job {job.name} have no instances to rerun")
    write.group = request.request_id
    request.service.scheduler.limit_group(write.group, concurrent)
    _apply(request, write, sorted(chosen, key=lambda instance: instance.plan_time))


def _apply(request: Request, write: _Write, instances: list[Instance]) -> None:
    """Rerun *instances*. Switch ``batch_refusal`` decides what a refused instance means for the others."""
    refusals = [(instance, _refusal(request, instance, write)) for instance in instances]
    first = next((refusal for _instance, refusal in refusals if refusal), None)
    accepted = [instance for instance, refusal in refusals if refusal is None]
    if first and (request.service.switches["batch_refusal"] == "all" or not accepted):
        raise first
    serial = sorted(accepted, key=lambda instance: instance.plan_time)
    noted = []
    for instance in serial:
        entry = _before(request, instance)
        start = _start_node(instance, write)
        entry["run"] = request.service.scheduler.request(instance, start, request.request_id, write.group).number
        noted.append(entry)
    record(request, write.kind, write.api, write.job_name, noted, write.body)
    if first and request.service.switches["batch_refusal"] == "partial_error":
        raise first


def _refusal(request: Request, instance: Instance, write: _Write) -> Refusal | None:
    """Why this instance cannot be rerun, or None."""
    hidden = instance.current is not None and instance.current.status == "hidden"
    policy = request.service.switches["retry_of_active"]
    if instance.instance_type == 2:
        return Refusal(400, "0111", "A manually scheduled job instance cannot be rerun.")
    if instance.job.job_type != "BATCH":
        return Refusal(400, "0136", "Only batch jobs support this operation.")
    if hidden or instance.status in ACTIVE or _starting(instance):
        allowed = policy == "accept" or (policy == "accept_hidden" and hidden)
        return None if allowed else Refusal(400, "0107", "The job instance is already running.")
    if instance.status not in RERUNNABLE:
        return Refusal(400, "0111", f"A job instance in status {instance.status} cannot be rerun.")
    names = [node.name for node in instance.job.nodes]
    if write.location == "specifiedNode" and write.node_name not in names:
        return Refusal(400, "0125", f"The job does not have the node {write.node_name}.")
    return None


def _starting(instance: Instance) -> bool:
    """Whether its rerun shows the undocumented status of switch ``starting_seconds``."""
    return instance.current is not None and instance.current.status == "starting"


def _start_node(instance: Instance, write: _Write) -> int:
    """Index of the node at which the rerun starts: the first if the instance had succeeded or the job changed [OTC-UMN-I]."""
    if instance.succeeded or instance.version != instance.job.version or write.location == "firstNode":
        return 0
    names = [node.name for node in instance.job.nodes]
    if write.location == "specifiedNode":
        return names.index(str(write.node_name))
    return instance.job.failing(instance.runs[-1].fate if instance.runs else Fate())


def _before(request: Request, instance: Instance) -> Json:
    return {
        "job_id": instance.job.job_id,
        "job_name": instance.job.name,
        "workspace_id": instance.job.workspace.workspace_id,
        "plan_time": instance.plan_time,
        "submit_time": submit_time_of(instance, request.service.switches),
        "instance_id": instance.instance_id,
        "status_before": instance.status,
        "run": len(instance.runs),
    }
