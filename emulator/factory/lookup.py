# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the job and the instance that a request names."""

from __future__ import annotations

from emulator.gateway.errors import unknown_instance, unknown_job
from emulator.service import Request
from emulator.world.model import Instance, Job


def jobs_of(request: Request) -> list[Job]:
    """All jobs of the request's workspace."""
    workspace = request.service.world.workspace(request.workspace_id)
    return list(workspace.jobs.values()) if workspace else []


def named_job(request: Request) -> Job:
    """The job with the path's ``job_name`` in the request's workspace.

    :raises Refusal: there is none.
    """
    job = request.service.world.job(request.workspace_id, request.params["job_name"])
    if job is None:
        raise unknown_job()
    return job


def named_instance(request: Request) -> Instance:
    """The instance with the path's ``job_name`` and ``instance_id``.

    :raises Refusal: there is none, or no list shows it yet.
    """
    for instance in named_job(request).instances:
        shown = instance.visible_from <= request.service.clock.now_ms()
        if shown and str(instance.instance_id) == request.params["instance_id"]:
            return instance
    raise unknown_instance()
