# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as entries of lists: v2 in snake case, v1 in camel case."""

from __future__ import annotations

import typing as t

from emulator.switches import Switches
from emulator.world.model import Instance
from emulator.world.world import submit_time_of

Json = dict[str, t.Any]
#: The console's status for an instance that has not started [H-UMN]. The API does not document it.
UNDOCUMENTED = "initialized"
_SHORT = {"manual-stop": "manual", "skip-by-depend": "skip"}


def status_word(instance: Instance, switches: Switches, api: str) -> str:
    """The status as this site writes it. v1 has words for forced and ignored outcomes, v2 has flags [KES]."""
    if api == "v1" and instance.force_success:
        return "forceSuccess"
    if api == "v1" and instance.ignore_success:
        return "ignoreSuccess"
    word = "success" if instance.force_success or instance.ignore_success else instance.status
    if word == "waiting" and switches["status_words"] == "others":
        return UNDOCUMENTED
    return _SHORT.get(word, word) if switches["status_spelling"] == "short" else word


def execute_time(instance: Instance) -> int | None:
    """Duration of the last run in ms, or None."""
    if instance.start_time is None or instance.end_time is None:
        return None
    return instance.end_time - instance.start_time


def instance_v2(instance: Instance, switches: Switches) -> Json:
    """An entry of the v2 list [SDK]. It has no error message, and omits missing times."""
    entry = {
        "job_name": instance.job.name,
        "job_id": instance.job.job_id,
        "job_instance_name": _instance_name(instance),
        "status": status_word(instance, switches, "v2"),
        "plan_time": instance.plan_time,
        "start_time": instance.start_time,
        "end_time": instance.end_time,
        "execute_time": execute_time(instance),
        "instance_id": instance.instance_id,
        "instance_type": instance.instance_type,
        "submit_time": submit_time_of(instance, switches),
        "version": instance.version,
        "force_success": instance.force_success,
        "ignore_success": instance.ignore_success,
    }
    return {name: value for name, value in entry.items() if value is not None}


def instance_v1(instance: Instance, switches: Switches) -> Json:
    """An entry of the v1 list [SDK], which includes ``errorMessage``."""
    entry: Json = {
        "jobName": instance.job.name,
        "jobId": job_id_v1(instance.job.job_id, switches),
        "jobInstanceName": _instance_name(instance),
        "status": status_word(instance, switches, "v1"),
        "planTime": instance.plan_time,
        "startTime": instance.start_time,
        "endTime": instance.end_time,
        "executeTime": execute_time(instance),
        "instanceId": instance.instance_id,
        "submitTime": submit_time_of(instance, switches),
        "instanceType": instance.instance_type,
        "version": instance.version,
        "forceSuccess": instance.force_success,
        "ignoreSuccess": instance.ignore_success,
        "errorMessage": instance.error or None,
    }
    return {name: value for name, value in entry.items() if value is not None}


def job_id_v1(job_id: int, switches: Switches) -> int | str:
    """A job id as v1 writes it."""
    form = switches["v1_job_id"]
    if form == "number":
        return job_id
    return f"{job_id}," if form == "text_comma" else str(job_id)


def _instance_name(instance: Instance) -> str:
    return f"{instance.job.name}_{instance.plan_time}"
