# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the service, played by the emulator: what documents say is run as it stands there, with no address replaced.

A proxy on loopback answers ``CONNECT dayu.cn-north-4.myhuaweicloud.com:443``, speaks TLS as that host with a certificate of the
test's own, and passes everything on to the emulator's port for that host. No other host is reachable through it.
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
    """See above.

    :param ports: first label of a host's name -> the port on loopback that plays the host.
    :param context: what the hosts show as their certificate.
    """

    daemon_threads = True

    def __init__(self, ports: dict[str, int], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.ports, self.context = ports, context


class Connection(socketserver.StreamRequestHandler):
    """One connection of a client, from its CONNECT to its end."""

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
    """Pass on what comes until it ends, and the end with it."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cloud(service: Running, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which a process finds *service* under the service's own names, while the block lasts."""
    context, certificate = tls(folder, [f"*.{region}.{domain}" for region, domain in REGIONS.items()])
    addresses = {"dayu": service.endpoint, "dayu-dlf": service.endpoint_v1, "iam": service.iam_endpoint}
    ports = {name: t.cast(int, urllib.parse.urlsplit(url).port) for name, url in addresses.items()}
    with Proxy(ports, context) as proxy:
        threading.Thread(target=proxy.serve_forever, name="cloud", daemon=True).start()
        try:
            yield {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}", "REQUESTS_CA_BUNDLE": str(certificate)}
        finally:
            proxy.shutdown()
