# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator under the service's real host names, so that commands in documents run unchanged.

A proxy on loopback answers ``CONNECT dayu.cn-north-4.myhuaweicloud.com:443``, speaks TLS as that host with a test certificate, and forwards
everything to the emulator's port for that host. Other hosts cannot be reached through it.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
import typing as t
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from emulator.running import Running
from tests.support.certificates import tls

REGIONS = {
    "cn-north-4": "myhuaweicloud.com",
    "ap-southeast-1": "myhuaweicloud.com",
    "ap-southeast-3": "myhuaweicloud.com",
    "eu-west-101": "myhuaweicloud.eu",
}


class Proxy(socketserver.ThreadingTCPServer):
    """The CONNECT proxy.

    :param ports: first label of a host name to the loopback port that plays the host.
    :param context: TLS context with the certificate of the hosts.
    """

    daemon_threads = True

    def __init__(self, ports: dict[str, int], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.ports, self.context = ports, context


class Connection(socketserver.StreamRequestHandler):
    """One connection of a client."""

    server: Proxy

    def handle(self) -> None:
        method, target = self.rfile.readline().decode().split()[:2]
        while self.rfile.readline().strip():
            pass
        port = self.server.ports.get(target.split(".")[0])
        if method != "CONNECT" or port is None or not target.endswith(":443"):
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            contextlib.suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection(("127.0.0.1", port)) as host,
        ):
            back = threading.Thread(target=_pass_on, args=(host, client), daemon=True)
            back.start()
            _pass_on(client, host)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Forward data until the end of *source*, then close *target* for writing."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cloud(service: Running, folder: Path) -> Iterator[dict[str, str]]:
    """Yields the environment variables with which a process reaches *service* under the real host names."""
    context, certificate = tls(folder, [f"*.{region}.{domain}" for region, domain in REGIONS.items()])
    addresses = {"dayu": service.endpoint, "dayu-dlf": service.endpoint_v1, "iam": service.iam_endpoint}
    ports = {name: t.cast(int, urllib.parse.urlsplit(url).port) for name, url in addresses.items()}
    with Proxy(ports, context) as proxy:
        threading.Thread(target=proxy.serve_forever, name="cloud", daemon=True).start()
        try:
            yield {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}", "REQUESTS_CA_BUNDLE": str(certificate)}
        finally:
            proxy.shutdown()
