# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the emulator in a thread of the test process."""

from __future__ import annotations

import asyncio
import copy
import threading
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.control import handlers
from emulator.server import Addresses, Server
from emulator.service import Service

Json = dict[str, t.Any]
_T = t.TypeVar("_T")


class Running:
    """Handle of a running emulator. All methods are thread-safe."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop, addresses: Addresses) -> None:
        self._service, self._loop = service, loop
        self.endpoint = addresses.endpoint
        self.endpoint_v1 = addresses.endpoint_v1
        self.iam_endpoint = addresses.iam_endpoint
        self.control = addresses.control
        self.obs_endpoint = addresses.obs_endpoint

    def journal(self) -> list[Json]:
        """Accepted writes, oldest first. README.md describes the entries."""
        return t.cast(list[Json], self._on_loop(lambda: copy.deepcopy(handlers.read(self._service, "journal"))))

    def requests(self, route: str | None = None) -> list[Json]:
        """All requests, or those of one *route*, oldest first."""
        seen = t.cast(list[Json], self._on_loop(lambda: copy.deepcopy(handlers.read(self._service, "requests"))))
        return [entry for entry in seen if route is None or entry["route"] == route]

    def state(self) -> Json:
        """The service's own state: true status and runs of every instance, by workspace and job."""
        return t.cast(Json, self._on_loop(lambda: handlers.read(self._service, "state")))

    def instances(self, job_name: str, workspace_id: str | None = None) -> list[Json]:
        """The instances of one job in :meth:`state`, by plan time."""
        instances = [
            instance
            for key, jobs in self.state()["workspaces"].items()
            if workspace_id in (None, key)
            for instance in jobs.get(job_name, [])
        ]
        return sorted(instances, key=lambda instance: t.cast(int, instance["plan_time"]))

    def now_ms(self) -> int:
        """The service's time, epoch ms."""
        return self._on_loop(self._service.clock.now_ms)

    def set(self, **switches: t.Any) -> None:
        """Set switches.

        :raises ValueError: for an unknown switch or setting.
        """
        self._change("switches", switches)

    def inject(self, fault: Json) -> None:
        """Activate a fault."""
        self._change("faults", fault)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._change("faults", {"clear": True})

    def advance(self, seconds: float) -> None:
        """Move the service's time forward. Everything due in between happens."""
        self._change("advance", {"seconds": seconds})

    def confirm(self, instance_id: int) -> None:
        """Confirm an instance that waits for confirmation, as Execute in the console does."""
        self._change("confirm", {"instance_id": instance_id})

    def add(self, job_name: str, *instances: Json, workspace_id: str) -> list[int]:
        """Create instances of a job now, described as in a scenario. Returns their ids."""
        change = {"workspace_id": workspace_id, "job_name": job_name, "instances": list(instances)}
        return t.cast("list[int]", self._on_loop(lambda: handlers.change(self._service, "instances", change))["ids"])

    def expire_tokens(self) -> None:
        """Expire all tokens issued so far."""
        self._change("expire_tokens", {})

    def reset(self, scenario: Json | Path | None = None) -> None:
        """Start again from the same scenario or another one. The addresses stay the same."""
        self._change("reset", {"scenario": scenario})

    def _change(self, what: str, data: Json) -> None:
        self._on_loop(lambda: handlers.change(self._service, what, data))

    def _on_loop(self, function: t.Callable[[], _T]) -> _T:
        async def act() -> _T:
            return function()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(timeout=120)


@contextmanager
def running(scenario: Json | Path | str, journal_path: Path | None = None) -> Iterator[Running]:
    """Run an emulator while the block runs.

    :param scenario: a dict or the path of a YAML file, see README.md.
    """
    service = Service(scenario, journal_path)
    loop = asyncio.new_event_loop()
    server = Server(service)
    addresses = loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever, name="emulator", daemon=True)
    thread.start()
    try:
        yield Running(service, loop, addresses)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(timeout=60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=60)
        loop.close()
