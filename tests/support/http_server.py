# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback HTTP server on raw sockets that does what a test tells it, also what no HTTP library would do.

``with HttpServer(reply(200, b"{}"), reset_after_reading()) as server:`` answers the first request with the first action, the
next with the second, and every further one with the last.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

#: No action waits longer than this for the client to go away, so that a failing test ends.
PATIENCE = 60.0


@dataclass(frozen=True)
class Seen:
    """One request as the server read it: ``headers`` with lower-case names, ``connection`` a number per connection."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    raw_head: bytes = field(repr=False, default=b"")


#: What to do with one request, given its connection; returns whether the connection stays open.
Action = Callable[[socket.socket, "HttpServer"], bool]


def message(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None, *, length: int | None = None) -> bytes:
    """The bytes of an answer; *length* is announced instead of the body's own, and below 0 none is."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    announced = len(body) if length is None else length
    if announced >= 0:
        lines.append(f"Content-Length: {announced}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Action:
    """A proper answer; the connection stays open."""
    return raw(message(status, body, headers), stay=True)


def raw(data: bytes, *, stay: bool = False) -> Action:
    """Exactly these bytes; then the connection is closed, unless it is to *stay*."""

    def act(connection: socket.socket, _server: HttpServer) -> bool:
        connection.sendall(data)
        return stay

    return act


def reset_after_reading(data: bytes = b"") -> Action:
    """Send *data* (nothing by default), then a TCP reset: the request was read."""

    def act(connection: socket.socket, _server: HttpServer) -> bool:
        if data:
            connection.sendall(data)
        _reset(connection)
        return False

    return act


def close_after_reading() -> Action:
    """Close in good order without an answer."""
    return raw(b"")


def hang(data: bytes = b"") -> Action:
    """Send *data* and then nothing more, until the client goes away."""

    def act(connection: socket.socket, server: HttpServer) -> bool:
        connection.sendall(data)
        server.wait_until_gone(connection)
        return False

    return act


def drip(data: bytes, pause: float = 0.02) -> Action:
    """Send *data* and then single letters for ever, each before any single wait for a byte could time out."""

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
    """See the module.

    :param actions: what to do with each request, in order; the last one repeats.
    :param reset_unread: how many first connections are reset as soon as something has arrived, before anything is read.
    :param greeting: what to do with every connection before anything is read from it.
    :param tls: a context to serve https with.
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
        #: Every request read, in order.
        self.seen: list[Seen] = []
        #: How many connections were accepted.
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
        """Wait until that many requests were read, at most :data:`PATIENCE`: a client that gave up may be ahead of the server."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.seen) >= requests, PATIENCE)

    def wait_until_gone(self, connection: socket.socket) -> None:
        """Wait until the client closes its end, the server stops, or :data:`PATIENCE` is over."""
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
                connection.recv(1, socket.MSG_PEEK)  # so that something has left the client
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
            pass  # the client went away
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
