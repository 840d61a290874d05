# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that know how far an HTTP exchange got, and that end in time whatever the server does.

``requests`` lacks three things without which a write could be sent twice: whether any byte of the request had been sent when an attempt
failed, a timeout for the whole attempt instead of for each read, and a last check before the first byte. Each attempt has an
:class:`Exchange` that provides them; the connection classes here report to it. A request is sent in one piece: if a process were stopped
between its head and its body, it would complete the request after waking up, without another check.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import typing as t

from .._common.concurrency import signals_blocked
from .._common.stopwatch import stopwatch
from .compat import (
    HTTPAdapter,
    HTTPConnection,
    HTTPConnectionPool,
    HTTPSConnection,
    HTTPSConnectionPool,
)

_current = threading.local()


class Exchange:
    """One attempt at a request: a context manager around everything that uses its connection.

    :param connect_seconds: limit for the time between the connection and the first byte of the request. A socket's own timeout does not cover a
        slow TLS handshake.
    :param read_seconds: limit for everything after that: sending, waiting, and the whole answer.
    :param before_sending: called on the open connection, before the first byte of the request is sent. It returns a limit for the time of that
        byte, by the stopwatch (None: no limit), and is called again if the limit passes first. If it raises, the request is not sent, and
        the exception is in :attr:`refusal`.
    """

    def __init__(self, connect_seconds: float, read_seconds: float, before_sending: t.Callable[[], float | None] | None = None) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._before_sending = before_sending
        self._lock = threading.Lock()
        self._guard: socket.socket | None = None
        self._timer: threading.Timer | None = None
        #: Whether any byte of the request may have been sent.
        self.sending_began = False
        #: Whether time ran out and the connection was cut.
        self.expired = False
        #: The exception that *before_sending* raised.
        self.refusal: Exception | None = None

    def __enter__(self) -> Exchange:
        _current.exchange = self
        return self

    def __exit__(self, *exc_info: object) -> None:
        _current.exchange = None
        with self._lock:
            self._release()

    def connected(self, sock: socket.socket) -> None:
        """Report a new TCP connection, on which a TLS handshake may follow."""
        self._watch(sock, self._connect_seconds)

    def prepare(self, sock: socket.socket) -> float:
        """Call *before_sending*, and start the timeout of the exchange. The caller checks the stopwatch last.

        :returns: the limit for the time of the first byte, by the stopwatch.
        :raises socket.timeout: the time for connecting has run out.
        """
        self.sending_began = False
        until = None
        if self._before_sending is not None:
            try:
                until = self._before_sending()
            except Exception as exc:
                self.refusal = exc
                raise
        self._watch(sock, self._read_seconds)
        if self.expired:
            raise socket.timeout("the connection was cut before anything was sent")
        self.sending_began = True
        return float("inf") if until is None else until

    def _watch(self, sock: socket.socket, seconds: float) -> None:
        with self._lock:
            self._release()
            # A second handle on the same connection: TLS takes over the socket object, and http.client drops it early.
            self._guard = socket.socket(fileno=os.dup(sock.fileno()))
            self._timer = threading.Timer(seconds, self._expire)
            self._timer.daemon = True
            with signals_blocked():
                self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            if threading.current_thread() is self._timer and self._guard is not None:
                self.expired = True
                with contextlib.suppress(OSError):
                    self._guard.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._guard is not None:
            self._guard.close()
        self._timer = self._guard = None


class _Reporting:
    """Mix-in for urllib3's connections: reports to the exchange of the current thread, and sends a request in one piece."""

    _pieces: list[bytes] | None = None

    def _new_conn(self) -> t.Any:
        sock = super()._new_conn()  # type: ignore[misc]
        exchange = getattr(_current, "exchange", None)
        if exchange is not None:
            exchange.connected(sock)
        return sock

    def request(self, *args: t.Any, **kwargs: t.Any) -> None:
        self._pieces = []
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
            data = b"".join(self._pieces)
        finally:
            self._pieces = None
        this = t.cast(t.Any, self)
        if this.sock is None:
            this.connect()
        exchange, send = getattr(_current, "exchange", None), this.sock.sendall
        # The stopwatch is checked last, directly before the system call that takes the bytes.
        while exchange is not None and exchange.prepare(this.sock) <= stopwatch():
            pass
        send(data)

    def send(self, data: t.Any) -> None:
        if self._pieces is None:
            super().send(data)  # type: ignore[misc]  # CONNECT to a proxy, which is not the request
        else:
            self._pieces.append(data)


class _PlainConnection(_Reporting, HTTPConnection):
    pass


class _TlsConnection(_Reporting, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        # Python skips the handshake if the connection is already closed by the time TLS would begin.
        if t.cast(t.Any, self).sock.version() is None:
            raise OSError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """A connection pool that never resends by itself: urllib3's own retries are off."""

    def __init__(self, connections: int = 8) -> None:
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Use the connection classes of this module."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: t.Any, **kwargs: t.Any) -> t.Any:
        """Use the connection classes of this module."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
