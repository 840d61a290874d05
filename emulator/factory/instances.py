# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two instance lists: windows, filters, order and pages."""

from __future__ import annotations

import random
import typing as t

from emulator.factory.entries import instance_v1, instance_v2, status_word
from emulator.factory.lookup import jobs_of, named_job
from emulator.gateway import parameters
from emulator.gateway.errors import invalid
from emulator.gateway.paging import page, total
from emulator.service import Answer, Request
from emulator.world.model import Instance, Job

_DAY_MS = 86_400_000
V2_WINDOW_MS = 31 * _DAY_MS
V1_WINDOW_MS = 7 * _DAY_MS


def list_v2(request: Request) -> Answer:
    """GET …/factory/jobs/{job_name}/instances/detail [H-208]: the instances of one job, by its exact name."""
    switches = request.service.switches
    wanted = request.query.get("status")
    instances = _in_window(request, [named_job(request)], ("min_plan_time", "max_plan_time"), V2_WINDOW_MS)
    instances = [instance for instance in instances if wanted is None or wanted in (instance.status, status_word(instance, switches, "v2"))]
    instances = _of_type(request, instances, "instance_type")
    if parameters.flag(request, "force_success"):
        instances = [instance for instance in instances if instance.force_success]
    if parameters.flag(request, "ignore_success"):
        instances = [instance for instance in instances if instance.ignore_success]
    shown = page(request, ordered(request, instances))
    return Answer(body={"total": total(request, instances, shown), "instances": [instance_v2(instance, switches) for instance in shown]})


def list_v1(request: Request) -> Answer:
    """GET …/jobs/instances/detail [H-94]: all instances of a workspace, or of jobs by (part of a) name; ``preciseQuery`` needs the whole name."""
    name, precise = request.query.get("jobName"), parameters.flag(request, "preciseQuery")
    jobs = [job for job in jobs_of(request) if name is None or (job.name == name if precise else name in job.name)]
    switches = request.service.switches
    wanted = request.query.get("status")
    instances = _in_window(request, jobs, ("minPlanTime", "maxPlanTime"), V1_WINDOW_MS)
    instances = [instance for instance in instances if wanted is None or wanted in (instance.status, status_word(instance, switches, "v1"))]
    instances = _of_type(request, instances, "instanceType")
    shown = page(request, ordered(request, instances))
    return Answer(body={"total": total(request, instances, shown), "instances": [instance_v1(instance, switches) for instance in shown]})


def ordered(request: Request, instances: list[Instance]) -> list[Instance]:
    """Sort instances as switch ``list_order`` says."""
    order = request.service.switches["list_order"]
    by_time = sorted(instances, key=lambda instance: (instance.plan_time, instance.instance_id), reverse=order == "newest")
    if order == "random":
        random.Random(request.request_id).shuffle(by_time)
    return by_time


def _in_window(request: Request, jobs: t.Iterable[Job], names: tuple[str, str], most: int) -> list[Instance]:
    now = request.service.clock.now_ms()
    zone_ms = int(request.service.switches["today_zone_hours"] * 3_600_000)
    midnight = (now + zone_ms) // _DAY_MS * _DAY_MS - zone_ms
    begin, end = parameters.number(request, names[0], midnight), parameters.number(request, names[1], now)
    if begin > end:
        raise invalid(f"{names[0]} is later than {names[1]}")
    if end - begin > most and request.service.switches["enforce_window"]:
        raise invalid(f"the time range exceeds {most // _DAY_MS} days")
    if request.service.switches["window_compares"] == "start_time":
        within = [instance for job in jobs for instance in job.instances if begin <= (instance.start_time or instance.plan_time) <= end]
    else:
        within = [instance for job in jobs for instance in job.planned(begin, end)]
    return [instance for instance in within if instance.visible_from <= now]


def _of_type(request: Request, instances: list[Instance], name: str) -> list[Instance]:
    if name not in request.query:
        return instances
    wanted = parameters.number(request, name, 0)
    return [instance for instance in instances if instance.instance_type == wanted]
