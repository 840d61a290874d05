# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control interface for tests: reads the emulator's state and changes its behaviour. Loopback only, no authentication."""

from __future__ import annotations

import json
import typing as t

from aiohttp import web

from emulator.service import Service

Json = dict[str, t.Any]


def read(service: Service, what: str) -> t.Any:
    """Return ``journal``, ``requests``, ``switches`` or ``state``.

    :raises ValueError: for anything else.
    """
    if what == "journal":
        return list(service.journal.entries)
    if what == "requests":
        return list(service.requests.entries)
    if what == "switches":
        return service.switches.to_dict()
    if what == "state":
        return service.state()
    raise ValueError(f"nothing to read at {what}")


def change(service: Service, what: str, data: Json) -> t.Any:
    """Change ``switches``, ``faults`` (add one, or ``{"clear": true}``) or ``instances``; ``advance``, ``confirm``, ``expire_tokens`` or ``reset``.

    Returns the ids of new instances, otherwise the service's time (epoch ms).

    :raises ValueError: for an unknown *what* or invalid *data*.
    """
    if what == "switches":
        service.switches.set(data)
    elif what == "faults":
        if data.get("clear"):
            service.faults.clear()
        else:
            service.faults.add(data)
    elif what == "advance":
        service.clock.advance(float(data["seconds"]))
        service.scheduler.settle()
    elif what == "confirm":
        instance = service.world.instance(int(data["instance_id"]))
        if instance is None or not service.scheduler.confirm(instance):
            raise ValueError(f"no instance {data['instance_id']} waits for confirmation")
    elif what == "instances":
        return {"ids": service.add(data["workspace_id"], data["job_name"], data["instances"])}
    elif what == "expire_tokens":
        service.tokens.expire_all()
    elif what == "reset":
        service.reset(data.get("scenario"))
    else:
        raise ValueError(f"nothing to change at {what}")
    return {"now": service.clock.now_ms()}


class Control:
    """HTTP front end of :func:`read` (GET) and :func:`change` (POST)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. An invalid request gets 400 and the error text."""
        what = request.path.strip("/")
        try:
            if request.method == "GET":
                return web.json_response(read(self._service, what))
            data = json.loads(await request.read() or b"{}")
            return web.json_response(change(self._service, what, data))
        except (ValueError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
