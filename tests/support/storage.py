# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Object store on loopback: accepts PUT and keeps every request."""

from __future__ import annotations

import dataclasses
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclasses.dataclass(frozen=True)
class Request:
    """One received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Storage:
    """The server: ``with Storage() as storage: ... storage.url, storage.requests``.

    :ivar answers: HTTP statuses of the next answers; 201 if empty.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[int] = []

    def __enter__(self) -> Storage:
        handler = type("Handler", (_Handler,), {"storage": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def pages(self) -> dict[str, str]:
        """Path without query to the last content that was put there."""
        return {request.path.partition("?")[0]: request.body.decode() for request in self.requests}


class _Handler(BaseHTTPRequestHandler):
    storage: t.ClassVar[Storage]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.storage.requests.append(Request(self.command, self.path, dict(self.headers.items()), body))
        self.send_response(self.storage.answers.pop(0) if self.storage.answers else 201)
        self.send_header("Location", "/elsewhere/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""
