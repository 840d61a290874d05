# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP server on raw loopback sockets, which can misbehave in ways that no HTTP library allows.

``with HttpServer(reply(200, b"{}"), reset_after_reading()) as server:`` uses the first action for the first request, the second for the
next, and the last one for all others.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

#: Longest wait for the client to disconnect, seconds, so that a failing test ends.
PATIENCE = 60.0


@dataclass(frozen=True)
class Seen:
    """One received request. Names of ``headers`` are in lower case; ``connection`` is the number of the connection."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    raw_head: bytes = field(repr=False, default=b"")


#: Handles one request on its connection. Returns whether the connection stays open.
Action = Callable[[socket.socket, "HttpServer"], bool]


def message(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None, *, length: int | None = None) -> bytes:
    """The bytes of an answer.

    :param length: Content-Length to send instead of the body's; none if negative.
    """
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    announced = len(body) if length is None else length
    if announced >= 0:
        lines.append(f"Content-Length: {announced}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Action:
    """Send a correct answer and keep the connection open."""
    return raw(message(status, body, headers), stay=True)


def raw(data: bytes, *, stay: bool = False) -> Action:
    """Send exactly these bytes, then close the connection unless *stay*."""

    def act(connection: socket.socket, _server: HttpServer) -> bool:
        connection.sendall(data)
        return stay

    return act


def reset_after_reading(data: bytes = b"") -> Action:
    """After reading the request, send *data*, then reset the connection (TCP RST)."""

    def act(connection: socket.socket, _server: HttpServer) -> bool:
        if data:
            connection.sendall(data)
        _reset(connection)
        return False

    return act


def close_after_reading() -> Action:
    """Close the connection normally, without an answer."""
    return raw(b"")


def hang(data: bytes = b"") -> Action:
    """Send *data*, then nothing until the client disconnects."""

    def act(connection: socket.socket, server: HttpServer) -> bool:
        connection.sendall(data)
        server.wait_until_gone(connection)
        return False

    return act


def drip(data: bytes, pause: float = 0.02) -> Action:
    """Send *data*, then single bytes until :data:`PATIENCE` is over, so that no read of the client times out."""

    def act(connection: socket.socket, server: HttpServer) -> bool:
        with contextlib.suppress(OSError):
            connection.sendall(data)
            for _tick in range(int(PATIENCE / pause)):
                if server.stopping.wait(pause):
                    break
                connection.sendall(b"x")
        return False

    return act


class HttpServer:
    """The server.

    :param actions: actions for the requests, in order; the last one repeats.
    :param reset_unread: number of first connections that are reset when data has arrived, before it is read.
    :param greeting: action for each new connection before anything is read.
    :param tls: context for https.
    """

    def __init__(self, *actions: Action, reset_unread: int = 0, greeting: Action | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._actions = list(actions) or [reply(200, b"{}")]
        self._reset_unread = reset_unread
        self._greeting = greeting
        self._tls = tls
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        #: All requests, in order.
        self.seen: list[Seen] = []
        #: Number of accepted connections.
        self.connections = 0
        self.stopping = threading.Event()

    def __enter__(self) -> HttpServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    @property
    def base(self) -> str:
        """``http://127.0.0.1:port`` or, with TLS, ``https://localhost:port``."""
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def wait_for(self, requests: int) -> None:
        """Wait until the server has read that many requests: a client may give up before. Waits at most :data:`PATIENCE`."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.seen) >= requests, PATIENCE)

    def wait_until_gone(self, connection: socket.socket) -> None:
        """Wait until the client disconnects, the server stops, or :data:`PATIENCE` is over."""
        with contextlib.suppress(OSError):
            connection.settimeout(PATIENCE)
            while connection.recv(4096):
                pass

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(connection)
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        plain = connection
        try:
            connection.settimeout(PATIENCE)
            if number <= self._reset_unread:
                connection.recv(1, socket.MSG_PEEK)  # the client must have sent something
                _reset(connection)
                return
            if self._greeting is not None and not self._greeting(connection, self):
                return
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            stay = True
            while stay:
                seen = _read_request(connection, number)
                if seen is None:
                    return
                with self._lock:
                    action = self._actions[min(len(self.seen), len(self._actions) - 1)]
                    self.seen.append(seen)
                    self._arrived.notify_all()
                stay = action(connection, self)
        except OSError:
            pass  # the client disconnected
        finally:
            with self._lock:
                self._open.discard(plain)
            connection.close()


def _read_request(connection: socket.socket, number: int) -> Seen | None:
    stream = connection.makefile("rb")
    head = b"".join(_head_lines(stream.readline))
    if not head.endswith(b"\r\n\r\n"):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    return Seen(method, target, headers, stream.read(int(headers.get("content-length", "0"))), number, head)


def _head_lines(readline: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        line = readline()
        yield line
        if line in (b"", b"\r\n"):
            return


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
