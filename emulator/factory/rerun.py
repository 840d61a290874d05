# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes on job instances: the v2 rerun in both modes, v1 restart and stop."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from emulator.gateway import parameters as read
from emulator.gateway.errors import Refusal, invalid, unknown_instance, unknown_job
from emulator.service import Answer, Call
from emulator.switches import Switches
from emulator.world.model import ACTIVE, RERUNNABLE, Instance, Job
from emulator.world.world import submit_time_of

Json = dict[str, t.Any]
#: job_id, plan_time, submit_time: what names an instance in the v2 rerun [H-RET].
Key = tuple[int, int, int]
_V2_LOCATIONS = ("firstNode", "errorNode", "specifiedNode")
_V2_VERSIONS = ("original_version", "current_version")
_V1_LOCATIONS = {"first_node": "firstNode", "error_node": "errorNode", "specified_node": "specifiedNode"}
_V1_VERSIONS = ("original_version", "latest_version")


@dataclass
class _Request:
    """One write as it was understood. ``group`` bounds the parallel runs of mode B."""

    kind: str
    api: str
    job_name: str
    location: str
    node_name: str | None
    body: Json
    group: str = ""


def retry_v2(call: Call) -> Answer:
    """POST …/factory/jobs/{job_name}/instances/retry, the page this collection grew from [H-RET]."""
    body = read.json_body(call, required=True)
    name = call.params["job_name"]
    job = _job(call, call.workspace_id, name)
    if job is None:
        if call.service.switches["unknown_job_at_retry"] == "1000":
            raise Refusal(400, "1000", "Failed to find the job.")
        raise unknown_job()
    location = read.choice(body.get("retry_location"), "retry_location", _V2_LOCATIONS)
    read.choice(body.get("retry_task_version"), "retry_task_version", _V2_VERSIONS)
    _check_flag(body)
    selected, related = "task_retrys" in body, "jobs" in body
    if selected == related:
        raise invalid("either task_retrys, or begin_time, end_time and jobs are required")
    request = _Request("retry" if selected else "retry_related", "v2", name, location, body.get("node_name"), body)
    if selected:
        _write(call, request, _selected(call, job, body))
    else:
        _write_related(call, request, job)
    return _done(call, 200)


def restart_v1(call: Call) -> Answer:
    """POST …/jobs/{job_name}/instances/{instance_id}/restart [H-67]; the body is optional."""
    body = read.json_body(call, required=False)
    location = read.choice(body.get("retry_location"), "retry_location", _V1_LOCATIONS, "first_node")
    read.choice(body.get("job_param_version"), "job_param_version", _V1_VERSIONS, "original_version")
    _check_flag(body)
    instance = _v1_instance(call)
    request = _Request("restart", "v1", instance.job.name, _V1_LOCATIONS[location], body.get("node_name"), body)
    _write(call, request, [instance])
    return _done(call, 204)


def stop_v1(call: Call) -> Answer:
    """POST …/jobs/{job_name}/instances/{instance_id}/stop: waiting, running and abnormal instances [OTC-UMN-I]."""
    instance = _v1_instance(call)
    if instance.status not in ACTIVE | {"running-exception"} and not _starting(instance):
        raise Refusal(400, "30118", "Failed to stop the job instance: it is not running.")
    request = _Request("stop", "v1", instance.job.name, "", None, {})
    _record(call, request, [_before(call, instance)])
    call.service.engine.stop(instance)
    return _done(call, 204)


def _v1_instance(call: Call) -> Instance:
    job = _job(call, call.workspace_id, call.params["job_name"])
    if job is None:
        raise unknown_job()
    instance = next((candidate for candidate in job.instances if str(candidate.instance_id) == call.params["instance_id"]), None)
    if instance is None:
        raise unknown_instance()
    return instance


def _job(call: Call, workspace_id: str, name: str) -> Job | None:
    workspace = call.service.world.workspace(workspace_id)
    return workspace.jobs.get(name) if workspace else None


def _check_flag(body: Json) -> None:
    # the v1 sample sends the flag as the string "true" [H-67]
    if body.get("ignore_obs_monitor", True) not in (True, False, "true", "false"):
        raise invalid("ignore_obs_monitor must be true or false")


def _selected(call: Call, job: Job, body: Json) -> list[Instance]:
    """Mode A: the instances that task_retrys names, in its order, repetitions as the switch says."""
    entries = body["task_retrys"]
    if not isinstance(entries, list) or not entries:
        raise invalid("task_retrys must name at least one instance")
    by_key = _by_key(job, call.service.switches)
    chosen: list[Instance] = []
    seen: set[Key] = set()
    for entry in entries:
        if not isinstance(entry, dict):
            raise invalid("task_retrys must be an array of objects")
        key = read.integer(entry, "job_id"), read.milliseconds(entry, "plan_time"), read.milliseconds(entry, "submit_time")
        instances = by_key.get(key)
        if instances is None:
            if call.service.switches["batch_refusal"] == "all":
                raise unknown_instance()
            continue
        if key in seen:
            if call.service.switches["duplicate_keys"] == "refuse":
                raise invalid("task_retrys names an instance twice")
            if call.service.switches["duplicate_keys"] == "merge":
                continue
        seen.add(key)
        chosen += instances
    if not chosen:
        raise unknown_instance()
    return chosen


def _by_key(job: Job, switches: Switches) -> dict[Key, list[Instance]]:
    """The instances that each key of the v2 rerun means: one, or what the switch says where two share it."""
    sharing: dict[Key, list[Instance]] = {}
    for instance in sorted(job.instances, key=lambda instance: instance.instance_id):
        key = job.job_id, instance.plan_time, submit_time_of(instance, switches)
        sharing.setdefault(key, []).append(instance)
    chosen = {"first": slice(0, 1), "newest": slice(-1, None), "both": slice(None)}[switches["twins_rerun"]]
    return {key: instances[chosen] for key, instances in sharing.items()}


def _write_related(call: Call, request: _Request, job: Job) -> None:
    """Mode B: everything rerunnable of the job and the named ones, planned within the period."""
    body = request.body
    begin, end = read.milliseconds(body, "begin_time"), read.milliseconds(body, "end_time")
    if begin > end:
        raise invalid("begin_time is later than end_time")
    if request.location == "specifiedNode":
        raise invalid("specifiedNode is for selected instances only")
    concurrent = read.integer(body, "concurrent") if "concurrent" in body else 1
    if not 1 <= concurrent <= 128:
        raise invalid("concurrent must be between 1 and 128")
    jobs = [job]
    for entry in body["jobs"] if isinstance(body["jobs"], list) else [None]:
        if not isinstance(entry, dict):
            raise invalid("jobs must be an array of objects")
        other = _job(call, str(entry.get("workspace_id")), str(entry.get("job_name")))
        if other is None:
            raise Refusal(400, "1000", "Failed to find the job.")
        if other not in jobs:
            jobs.append(other)
    chosen = [
        instance
        for related in jobs
        for instance in related.instances
        if begin <= instance.plan_time <= end and _refusal(call, instance, request) is None
    ]
    if not chosen:
        raise invalid(f"Job {job.name} have no instances to rerun")
    request.group = call.request_id
    call.service.engine.limit_group(request.group, concurrent)
    _write(call, request, sorted(chosen, key=lambda instance: instance.plan_time))


def _write(call: Call, request: _Request, instances: list[Instance]) -> None:
    """Rerun what can be; a refused instance spoils the request as the switch says."""
    refusals = [(instance, _refusal(call, instance, request)) for instance in instances]
    first = next((refusal for _instance, refusal in refusals if refusal), None)
    accepted = [instance for instance, refusal in refusals if refusal is None]
    if first and (call.service.switches["batch_refusal"] == "all" or not accepted):
        raise first
    serial = sorted(accepted, key=lambda instance: instance.plan_time)
    noted = []
    for instance in serial:
        entry = _before(call, instance)
        start = _start_node(instance, request)
        entry["run"] = call.service.engine.request(instance, start, call.request_id, request.group).number
        noted.append(entry)
    _record(call, request, noted)
    if first and call.service.switches["batch_refusal"] == "partial_error":
        raise first


def _refusal(call: Call, instance: Instance, request: _Request) -> Refusal | None:
    """Why this instance cannot be rerun, or None."""
    hidden = instance.current is not None and instance.current.status == "hidden"
    policy = call.service.switches["retry_of_active"]
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
    if request.location == "specifiedNode" and request.node_name not in names:
        return Refusal(400, "0125", f"The job does not have the node {request.node_name}.")
    return None


def _starting(instance: Instance) -> bool:
    """Whether its rerun shows the word that no document has."""
    return instance.current is not None and instance.current.status == "starting"


def _start_node(instance: Instance, request: _Request) -> int:
    """Index of the node the rerun starts at: the first if the instance had succeeded or the job changed [OTC-UMN-I]."""
    if instance.succeeded or instance.version != instance.job.version or request.location == "firstNode":
        return 0
    names = [node.name for node in instance.job.nodes]
    if request.location == "specifiedNode":
        return names.index(str(request.node_name))
    return max(0, instance.job.fail_node if instance.job.fail_node >= 0 else len(names) + instance.job.fail_node)


def _before(call: Call, instance: Instance) -> Json:
    return {
        "job_id": instance.job.job_id,
        "job_name": instance.job.name,
        "workspace_id": instance.job.workspace.workspace_id,
        "plan_time": instance.plan_time,
        "submit_time": submit_time_of(instance, call.service.switches),
        "instance_id": instance.instance_id,
        "status_before": instance.status,
        "run": len(instance.runs),
    }


def _record(call: Call, request: _Request, instances: list[Json]) -> None:
    call.service.journal.add(
        {
            "time": call.service.clock.now_ms(),
            "kind": request.kind,
            "api": request.api,
            "workspace_id": call.workspace_id,
            "job_name": request.job_name,
            "instances": instances,
            "request_id": call.request_id,
            "user": call.caller.name if call.caller else "",
            "body": request.body,
        }
    )


def _done(call: Call, documented: int) -> Answer:
    wanted = call.service.switches["success_status"]
    status = documented if wanted == "documented" else int(wanted)
    return Answer(status, {} if status == 200 and call.service.switches["success_body"] == "object" else None)
