# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the gateways and the control address on loopback ports, one port for each host."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from emulator.control import Control
from emulator.gateway import Gateway
from emulator.service import Service

Handler = t.Callable[[web.BaseRequest], t.Awaitable[web.StreamResponse]]
#: Hostile names make long URLs; the emulator must see them rather than refuse them.
_MAX_LINE = 256 * 1024
#: Signed bodies may have 12 MB [OTC].
_MAX_BODY = 12 * 1024 * 1024


@dataclass(frozen=True)
class Addresses:
    """Where the hosts of the service are, without a trailing slash."""

    endpoint: str
    endpoint_v1: str
    iam_endpoint: str
    control: str


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=_MAX_BODY)


class Server:
    """The running listeners of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._runners: list[web.ServerRunner] = []

    async def start(self, port: int = 0) -> Addresses:
        """Listen; *port* is the v2 host's, 0 for any free one, as the others always take."""
        v2 = await self._listen(Gateway(self._service, "v2").handle, port)
        v1 = await self._listen(Gateway(self._service, "v1").handle, 0)
        iam = await self._listen(Gateway(self._service, "iam").handle, 0)
        control = await self._listen(Control(self._service).handle, 0)
        return Addresses(v2, v1, iam, control)

    async def stop(self) -> None:
        """Close every listener and connection."""
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, handler: Handler, port: int) -> str:
        server = web.Server(handler, request_factory=_request, access_log=None, max_line_size=_MAX_LINE, max_field_size=_MAX_LINE)
        runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"
