# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP server: one loopback port for each host of the service and one for the control interface."""

from __future__ import annotations

import asyncio
import socket
import typing as t
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from emulator.control.handlers import Control
from emulator.gateway.gateway import Gateway
from emulator.service import Service

Handler = t.Callable[[web.BaseRequest], t.Awaitable[web.StreamResponse]]
#: Long enough for the URLs of hostile names, which the emulator must see and not refuse.
_MAX_LINE = 256 * 1024
#: Maximum size of a signed body [OTC].
_MAX_BODY = 12 * 1024 * 1024


@dataclass(frozen=True)
class Addresses:
    """Base URLs of the hosts, without a trailing slash."""

    endpoint: str
    endpoint_v1: str
    iam_endpoint: str
    control: str
    obs_endpoint: str


def _request(
    message: RawRequestMessage,
    stream: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(message, stream, protocol, writer, task, asyncio.get_running_loop(), client_max_size=_MAX_BODY)


class Door:
    """One listening address. While it is shut, it refuses new connections; open ones stay open."""

    def __init__(self) -> None:
        self._runner: web.ServerRunner | None = None
        self._site: web.SockSite | None = None
        self._opening: asyncio.Task[None] | None = None
        # Bound also while the door is shut, so that no other process gets the port.
        self._socket: socket.socket | None = None

    async def open(self, handler: Handler, port: int) -> str:
        """Listen. Returns the base URL."""
        server = web.Server(handler, request_factory=_request, access_log=None, max_line_size=_MAX_LINE, max_field_size=_MAX_LINE)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await self._runner.setup()
        port = self._bind(port)
        await self._listen()
        return f"http://127.0.0.1:{port}"

    async def shut(self, seconds: float) -> None:
        """Refuse new connections for *seconds*. Does nothing if it is already shut."""
        site, self._site = self._site, None
        if site is not None and self._socket is not None:
            port = self._socket.getsockname()[1]
            await site.stop()  # which closes the socket
            self._bind(port)
            self._opening = asyncio.create_task(self._open_again(seconds))

    async def close(self) -> None:
        """Stop listening and close all connections."""
        if self._opening is not None:
            self._opening.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._socket is not None:
            self._socket.close()

    async def _open_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._listen()

    def _bind(self, port: int) -> int:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        return int(self._socket.getsockname()[1])

    async def _listen(self) -> None:
        if self._runner is not None and self._socket is not None:
            self._site = web.SockSite(self._runner, self._socket)
            await self._site.start()


class Server:
    """All listeners of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._doors: list[Door] = []

    async def start(self, port: int = 0) -> Addresses:
        """Listen on *port* for the v2 host (0: any free port), and on free ports for the others."""
        self._doors = [Door() for dummy in range(5)]
        v2, v1, iam, control, obs = self._doors
        return Addresses(
            await v2.open(Gateway(self._service, "v2", v2.shut).handle, port),
            await v1.open(Gateway(self._service, "v1", v1.shut).handle, 0),
            await iam.open(Gateway(self._service, "iam", iam.shut).handle, 0),
            await control.open(Control(self._service).handle, 0),
            await obs.open(Gateway(self._service, "obs", obs.shut).handle, 0),
        )

    async def stop(self) -> None:
        """Close all listeners and connections."""
        for door in self._doors:
            await door.close()
