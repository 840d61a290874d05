# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""v1 writes on jobs: start or stop scheduling, run immediately [OTC-92][OTC-64][OTC-91]. The API cannot pause a job, only the console can."""

from __future__ import annotations

import typing as t

from emulator.factory.lookup import named_job
from emulator.factory.writes import done, record
from emulator.gateway import parameters
from emulator.gateway.errors import Refusal, invalid
from emulator.service import Answer, Request
from emulator.world.model import ACTIVE, Fate, Instance, Job

Json = dict[str, t.Any]
#: Instance types, by the settings of switch ``run_instance_type``.
_TYPES = {"manual": 2, "normal": 0, "once": 7}
#: Maximum lengths of a parameter's name and value [OTC-91].
_NAME, _VALUE = 64, 1024
#: Schedule types of jobs that a start runs once instead of scheduling them [SDK].
_ONCE = ("MANUAL", "EXECUTE_ONCE")
#: Status of a scheduled job, by job type.
_STARTED = {"BATCH": "SCHEDULING", "REAL_TIME": "NORMAL"}


def start_v1(request: Request) -> Answer:
    """POST …/jobs/{job_name}/start: schedule the job from now on [OTC-92]. A job with a run-once schedule also runs now."""
    job, body = named_job(request), parameters.json_body(request, required=False)
    _parameters(body)
    started = _STARTED.get(job.job_type, "SCHEDULING")
    if job.status == started and request.service.switches["schedule_twice"] == "refuse":
        raise Refusal(400, "3051", f"The request parameter is invalid: job {job.name} is running.")
    job.status = started
    made = {"instance_id": _instance(request, job).instance_id} if job.schedule in _ONCE else {}
    record(request, "start_schedule", "v1", job.name, [], body, **made)
    return done(request, 204)


def stop_v1(request: Request) -> Answer:
    """POST …/jobs/{job_name}/stop: stop scheduling the job [OTC-64]. Switch ``stopped_job_cancels`` decides about its waiting instances."""
    job = named_job(request)
    if job.status == "STOPPED" and request.service.switches["schedule_twice"] == "refuse":
        raise Refusal(400, "0118", f"Failed to stop the job: job {job.name} is not scheduled.")
    job.status = "STOPPED"
    record(request, "stop_schedule", "v1", job.name, [], {})
    if request.service.switches["stopped_job_cancels"]:
        for instance in [instance for instance in job.instances if instance.status == "waiting" and instance.current is not None]:
            request.service.scheduler.stop(instance)
    return done(request, 204)


def run_v1(request: Request) -> Answer:
    """POST …/jobs/{job_name}/run-immediate: run one instance now. The answer has its id [OTC-91]."""
    job, body = named_job(request), parameters.json_body(request, required=False)
    params = _parameters(body)
    if job.job_type != "BATCH":
        raise Refusal(400, "0136", "Only batch jobs support this operation.")
    busy = any(instance.status in ACTIVE for instance in job.instances)
    if busy and request.service.switches["run_of_running"] == "refuse":
        raise Refusal(400, "0107", "The job is already running.")
    instance = _instance(request, job)
    record(request, "run", "v1", job.name, [], {"jobParams": params} if params else {}, instance_id=instance.instance_id)
    return Answer(body={"instanceId": instance.instance_id})


def _instance(request: Request, job: Job) -> Instance:
    service = request.service
    now = service.clock.now_ms()
    instance = Instance(
        job=job,
        instance_id=service.world.new_id(),
        plan_time=now,
        status="waiting",
        instance_type=_TYPES[service.switches["run_instance_type"]],
        version=job.version,
        visible_from=now + service.clock.span_ms(service.switches["run_visible_after"]),
        parents=[],
    )
    instance.fates.append(job.once.popleft() if job.once else Fate("success", job.run_seconds))
    job.instances.append(instance)
    service.scheduler.begin_new(instance, request.request_id)
    return instance


def _parameters(body: Json) -> list[Json]:
    """Read ``jobParams``: names of at most 64 characters, values of at most 1,024 [OTC-91]."""
    params = body.get("jobParams", [])
    if not isinstance(params, list) or not all(isinstance(param, dict) for param in params):
        raise invalid("jobParams must be an array of objects")
    for param in params:
        name, value = param.get("name"), param.get("value")
        if not isinstance(name, str) or not 0 < len(name) <= _NAME:
            raise invalid(f"the name of a parameter must have 1 to {_NAME} characters")
        if not isinstance(value, str) or len(value) > _VALUE:
            raise invalid(f"the value of parameter {name} must have at most {_VALUE} characters")
    return params
