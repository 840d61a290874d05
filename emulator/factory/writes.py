# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted writes: their entry in the journal, and their answer."""

from __future__ import annotations

import typing as t

from emulator.service import Answer, Request

Json = dict[str, t.Any]


def record(request: Request, kind: str, api: str, job_name: str, instances: list[Json], body: Json, **more: t.Any) -> None:
    """Add an accepted write to the journal.

    :param more: further keys of the entry, or other values for the common ones.
    """
    entry = {
        "time": request.service.clock.now_ms(),
        "kind": kind,
        "api": api,
        "workspace_id": request.workspace_id,
        "job_name": job_name,
        "instances": instances,
        "request_id": request.request_id,
        "user": request.caller.name if request.caller else "",
        "body": body,
    }
    request.service.journal.add({**entry, **more})


def done(request: Request, documented: int) -> Answer:
    """The answer to an accepted write: the *documented* status, or what switches ``success_status`` and ``success_body`` say."""
    wanted = request.service.switches["success_status"]
    status = documented if wanted == "documented" else int(wanted)
    return Answer(status, {} if status == 200 and request.service.switches["success_body"] == "object" else None)
