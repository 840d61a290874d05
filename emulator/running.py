# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator inside a test's own process, in a thread."""

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
    """Handle on a running emulator; every method is safe to call from any thread."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop, addresses: Addresses) -> None:
        self._service, self._loop = service, loop
        self.endpoint = addresses.endpoint
        self.endpoint_v1 = addresses.endpoint_v1
        self.iam_endpoint = addresses.iam_endpoint
        self.control = addresses.control
        self.obs_endpoint = addresses.obs_endpoint

    def journal(self) -> list[Json]:
        """Accepted writes, oldest first; see README.md for the entries."""
        return t.cast(list[Json], self._on_loop(lambda: copy.deepcopy(handlers.read(self._service, "journal"))))

    def requests(self, route: str | None = None) -> list[Json]:
        """Every request seen, oldest first; with *route* those of one route alone."""
        seen = t.cast(list[Json], self._on_loop(lambda: copy.deepcopy(handlers.read(self._service, "requests"))))
        return [entry for entry in seen if route is None or entry["route"] == route]

    def state(self) -> Json:
        """What the service knows: true status and runs of every instance, by workspace and job."""
        return t.cast(Json, self._on_loop(lambda: handlers.read(self._service, "state")))

    def instances(self, job_name: str, workspace_id: str | None = None) -> list[Json]:
        """The instances of one job out of :meth:`state`, oldest plan time first."""
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
        """Turn switches.

        :raises ValueError: for one that does not exist or cannot be set so.
        """
        self._change("switches", switches)

    def inject(self, fault: Json) -> None:
        """Put a fault in force."""
        self._change("faults", fault)

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._change("faults", {"clear": True})

    def advance(self, seconds: float) -> None:
        """Move the service's time forward; what is due in between happens."""
        self._change("advance", {"seconds": seconds})

    def confirm(self, instance_id: int) -> None:
        """Press Execute on an instance that waits for confirmation."""
        self._change("confirm", {"instance_id": instance_id})

    def add(self, job_name: str, *instances: Json, workspace_id: str) -> list[int]:
        """Let instances of a job come into being now, described as in a scenario; returns their ids."""
        change = {"workspace_id": workspace_id, "job_name": job_name, "instances": list(instances)}
        return t.cast("list[int]", self._on_loop(lambda: handlers.change(self._service, "instances", change))["ids"])

    def expire_tokens(self) -> None:
        """Kill every token handed out so far."""
        self._change("expire_tokens", {})

    def reset(self, scenario: Json | Path | None = None) -> None:
        """Begin again, from the same scenario or another one; addresses stay."""
        self._change("reset", {"scenario": scenario})

    def _change(self, what: str, data: Json) -> None:
        self._on_loop(lambda: handlers.change(self._service, what, data))

    def _on_loop(self, function: t.Callable[[], _T]) -> _T:
        async def act() -> _T:
            return function()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(timeout=120)


@contextmanager
def running(scenario: Json | Path | str, journal_path: Path | None = None) -> Iterator[Running]:
    """Run an emulator for as long as the block lasts.

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
