# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host is reached: name resolution, proxy, and the issuer of its certificate. No request to the service is sent."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
import typing as t
from urllib.parse import unquote, urlsplit

from .._common.text import printable
from .compat import get_environ_proxies, select_proxy
from .request import is_loopback


def name_error(base: str) -> str:
    """Why the host name in *base* cannot be resolved; "" if it can."""
    host = urlsplit(base).hostname or ""
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return printable(error.strerror or type(error).__name__, 100)
    except UnicodeError:
        return "the name is not valid"
    return ""


def proxy_of(base: str) -> str:
    """The proxy for *base* from the environment, with its user and password; "" without one, and for loopback."""
    if is_loopback(urlsplit(base).hostname or ""):
        return ""
    return str(select_proxy(base, dict(get_environ_proxies(base))) or "")


def shown_proxy(proxy: str) -> str:
    """Scheme, host and port of *proxy*, without user and password, even if it is malformed."""
    scheme, _colon, rest = (proxy if "://" in proxy else f"http://{proxy}").partition("://")
    return printable(f"{scheme}://{re.split('[/?#]', rest.rpartition('@')[2])[0]}", 200) if proxy else ""


def issuer(base: str, proxy: str, seconds: float) -> str:
    """Issuer of the certificate of the host in *base*, trusted or not; "" if unknown.

    The connection is closed after the TLS handshake. No credentials of the account are sent over it, so the certificate need not be verified.
    """
    parts = urlsplit(base)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    port = parts.port or 443
    try:
        with socket.create_connection(_first_hop(parts.hostname or "", port, proxy), seconds) as plain:
            if proxy:
                _tunnel(plain, f"{parts.hostname}:{port}", proxy)
            with context.wrap_socket(plain, server_hostname=parts.hostname) as secure:
                return _issuer_name(secure.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def _first_hop(host: str, port: int, proxy: str) -> tuple[str, int]:
    if not proxy:
        return host, port
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or 80


def _tunnel(plain: socket.socket, target: str, proxy: str) -> None:
    """Ask the proxy at the other end of *plain* to connect to *target*. :raises OSError: it refuses."""
    user, at, dummy = urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")
    login = f"Proxy-Authorization: Basic {base64.b64encode(unquote(user).encode()).decode()}\r\n" if at else ""
    plain.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n".encode())
    answer = http.client.HTTPResponse(plain, method="CONNECT")
    answer.begin()
    if answer.status != 200:
        raise OSError(answer.status, "the proxy refused")


def _issuer_name(certificate: bytes) -> str:
    """Common name and organisation of the issuer in a certificate (DER); "" if they cannot be read.

    A certificate is a sequence of version, serial number, algorithm, issuer, and so on.
    """
    try:
        dummy, outer, dummy = _element(certificate, 0)
        dummy, start, dummy = _element(certificate, outer)
        position = start
        if certificate[position] == 0xA0:  # the version, which the oldest certificates do not have
            position = _element(certificate, position)[2]
        position = _element(certificate, _element(certificate, position)[2])[2]
        dummy, begin, end = _element(certificate, position)
        names = dict(_attributes(certificate, begin, end))
    except (IndexError, ValueError):
        return ""
    return printable(", ".join(names[oid] for oid in (b"\x55\x04\x03", b"\x55\x04\x0a") if oid in names), 200)


def _attributes(data: bytes, begin: int, end: int) -> t.Iterator[tuple[bytes, str]]:
    """The attributes of a distinguished name, as object identifier and text."""
    while begin < end:
        dummy, inner, begin = _element(data, begin)
        dummy, pair, dummy = _element(data, inner)
        dummy, oid, value = _element(data, pair)
        dummy, text, last = _element(data, value)
        yield data[oid:value], data[text:last].decode("utf-8", "replace")


def _element(data: bytes, position: int) -> tuple[int, int, int]:
    """The DER element at *position*: its tag, and the start and end of its content."""
    tag, length, begin = data[position], data[position + 1], position + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    if begin + length > len(data):
        raise ValueError("the certificate is cut off")
    return tag, begin, begin + length
