# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The v1 instance detail: an instance with its nodes [OTC-95]. No field for the cause of a failure is documented; see switch ``detail_error``."""

from __future__ import annotations

import typing as t

from emulator.factory.entries import execute_time, status_word
from emulator.factory.lookup import named_instance
from emulator.service import Answer, Request
from emulator.switches import Switches
from emulator.world.clock import Clock
from emulator.world.model import Instance, Run

Json = dict[str, t.Any]
#: Node types that are written in two ways: as in the SDK, and as in the documentation's table and sample.
_APART = {
    "HiveSQL": "Hive SQL",
    "SparkSQL": "Spark SQL",
    "DWSSQL": "DWS SQL",
    "DLISQL": "DLI SQL",
    "DLISpark": "DLI Spark",
    "CDMJob": "CDM Job",
    "OBSManager": "OBS Manager",
    "MRSSpark": "MRS Spark",
}
#: Node types that have a queue [SDK].
_QUEUED = frozenset({"DLISQL", "DLISpark"})


def show_instance(request: Request) -> Answer:
    """GET /v1/{project_id}/jobs/{job_name}/instances/{instance_id}."""
    instance, switches = named_instance(request), request.service.switches
    job = instance.job
    detail: Json = {
        "jobName": job.name,
        "instanceId": instance.instance_id,
        "status": status_word(instance, switches, "v1"),
        "planTime": instance.plan_time,
        "startTime": instance.start_time,
        "endTime": instance.end_time,
        "executeTime": execute_time(instance),
        "total": len(job.nodes),
        "instanceType": instance.instance_type,
        "forceSuccess": instance.force_success,
        "ignoreSuccess": instance.ignore_success,
        "errorMessage": (instance.error or None) if switches["detail_error"] == "instance" else None,
        "nodes": [_node(instance, index, request.service.clock, switches) for index in range(len(job.nodes))],
    }
    return Answer(body={name: value for name, value in detail.items() if value is not None})


def _node(instance: Instance, index: int, clock: Clock, switches: Switches) -> Json:
    node, run = instance.job.nodes[index], _visible_run(instance)
    status, start, end = _progress(instance, index, clock.now_ms())
    failed = status == "fail" and run is not None
    entry: Json = {
        "nodeName": node.name,
        "status": status,
        "type": _APART.get(node.type, node.type) if switches["node_types"] == "apart" else node.type,
        "queue": "default" if node.type in _QUEUED else None,
        "planTime": instance.plan_time,
        "startTime": None if start is None else clock.scheduler_ms(start),
        "endTime": None if end is None else clock.scheduler_ms(end),
        "retryTimes": run.fate.retries if failed and run is not None else 0,
        "instanceId": instance.instance_id,
        "inputRowCount": 0,
        "speed": 0.0,
        "logPath": f"obs://dlf-log-{instance.job.workspace.project_id}/{instance.instance_id}/{index}.log",
        "errorMessage": (run.fate.error or None) if failed and run is not None and switches["detail_error"] == "node" else None,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _visible_run(instance: Instance) -> Run | None:
    shown = [run for run in instance.runs if run.status != "hidden"]
    return shown[-1] if shown else None


def _progress(instance: Instance, index: int, now: int) -> tuple[str, int | None, int | None]:
    """Status, start and end (epoch ms) of one node. The nodes of a run take equal shares of its time, one after the other."""
    run = _visible_run(instance)
    if run is None or run.start is None:
        return "waiting", None, None
    if index < run.from_node:
        return "success", instance.plan_time, instance.plan_time
    nodes = len(instance.job.nodes)
    # a run that fails stops at one node: the nodes after it never start
    failing = instance.job.failing(run.fate) if run.fate.status != "success" and run.fate.status != "hang" else nodes - 1
    failing = max(failing, run.from_node)
    if index > failing:
        return "waiting", None, None
    steps = failing - run.from_node + 1
    total = (run.end or now) - run.start if run.end else int(run.fate.seconds * 1000)
    start = run.start + total * (index - run.from_node) // steps
    end = run.start + total * (index - run.from_node + 1) // steps
    if run.end is not None:
        return (run.status if index == failing and run.status != "success" else "success"), start, end
    return _under_way(run, index, start, end, now)


def _under_way(run: Run, index: int, start: int, end: int, now: int) -> tuple[str, int | None, int | None]:
    if run.fate.status == "hang":
        return ("running", start, None) if index == run.from_node else ("waiting", None, None)
    if now < start:
        return "waiting", None, None
    return ("running", start, None) if now < end else ("success", start, end)
