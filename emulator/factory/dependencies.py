# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies of jobs and of instances, across workspaces [H-DEP][SDK]."""

from __future__ import annotations

import typing as t

from emulator.factory.entries import status_word
from emulator.factory.lookup import named_job
from emulator.gateway import parameters
from emulator.gateway.errors import unknown_instance
from emulator.service import Answer, Request
from emulator.world.model import Instance, Job
from emulator.world.world import submit_time_of

Json = dict[str, t.Any]
_RELATIONS = ("parent", "child", "both")
_MAX_DEPTH = 50


def list_jobs(request: Request) -> Answer:
    """GET …/factory/jobs/{job_name}/depend: a bare array of the direct upstream and downstream jobs."""
    job = named_job(request)
    relation = parameters.choice(request.query.get("relation"), "relation", _RELATIONS, "both")
    entries: list[Json] = []
    if relation in ("parent", "both"):
        entries += [_job_entry(upstream, "parent") for upstream in request.service.world.upstream(job)]
    if relation in ("child", "both"):
        entries += [_job_entry(downstream, "child") for downstream in request.service.world.downstream(job)]
    return Answer(body=entries)


def list_instances(request: Request) -> Answer:
    """GET …/factory/instances/{instance_id}/depend-instances: related instances, nearest first, up to ``depth`` levels each way."""
    text = request.params["instance_id"]
    instance = request.service.world.instance(int(text)) if text.isdigit() else None
    if instance is None or instance.job.workspace.workspace_id != request.workspace_id:
        raise unknown_instance()
    relation = parameters.choice(request.query.get("relation"), "relation", _RELATIONS, "both")
    depth, latest = parameters.number(request, "depth", 1, 1, _MAX_DEPTH), parameters.flag(request, "latest", True)
    world = request.service.world
    related: list[Instance] = []
    if relation in ("parent", "both"):
        related += _levels(instance, world.parents, depth)
    if relation in ("child", "both"):
        related += [child for child in _levels(instance, world.children, depth) if not any(child is other for other in related)]
    if latest:
        related = _newest_per_job(related)
    return Answer(body={"depend_instances_info": [_instance_entry(request, neighbour) for neighbour in related], "total": len(related)})


def _levels(instance: Instance, step: t.Callable[[Instance], list[Instance]], depth: int) -> list[Instance]:
    """All instances within *depth* steps, nearest first, without duplicates."""
    within: list[Instance] = []
    level = [instance]
    for _level in range(depth):
        reached = [neighbour for reached_before in level for neighbour in step(reached_before)]
        level = []
        for neighbour in reached:
            if neighbour is not instance and not any(neighbour is other for other in within):
                within.append(neighbour)
                level.append(neighbour)
    return within


def _newest_per_job(instances: list[Instance]) -> list[Instance]:
    newest: dict[int, Instance] = {}
    for instance in instances:
        known = newest.get(id(instance.job))
        if known is None or _ended(instance) > _ended(known):
            newest[id(instance.job)] = instance
    return list(newest.values())


def _ended(instance: Instance) -> tuple[int, int]:
    return instance.end_time or 0, instance.plan_time


def _job_entry(job: Job, layer: str) -> Json:
    return {
        "job_name": job.name,
        "job_path": job.path,
        "depend_layer": layer,
        "workspace_name": job.workspace.name,
        "owner": job.owner,
    }


def _instance_entry(request: Request, instance: Instance) -> Json:
    job = instance.job
    clock = request.service.clock
    ended = instance.end_time or clock.scheduler_ms(clock.now_ms())
    running = ended - instance.start_time if instance.start_time is not None else None
    entry: Json = {
        "id": instance.instance_id,
        "job_id": job.job_id,
        "job_name": job.name,
        "directory_path": job.path,
        "force_success": instance.force_success,
        "ignore_success": instance.ignore_success,
        "parent_instance_ids": [parent.instance_id for parent in request.service.world.parents(instance)],
        "plan_time": instance.plan_time,
        "running_time": running,
        "start_time": instance.start_time,
        "end_time": instance.end_time,
        "status": status_word(instance, request.service.switches, "v2"),
        "submit_time": submit_time_of(instance, request.service.switches),
        "version": instance.version,
        "workspace_id": job.workspace.workspace_id,
        "workspace_name": job.workspace.name,
        "avg_execute_time_ms": int(job.run_seconds * 1000),
    }
    return {name: value for name, value in entry.items() if value is not None}
