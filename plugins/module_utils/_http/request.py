# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request to the service, its answer, and the encoding of URLs."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from .._common.errors import OptionError
from .._common.text import printable
from .._config.regions import base_url

CONTENT_TYPE = "application/json;charset=UTF-8"  # exactly as on the retry endpoint's page [H-RET]
#: Link-local address of the metadata service of a cloud machine; requests to it never leave that machine's host.
METADATA_HOST = "169.254.169.254"
#: Longest percent-encoded segment. Gateways commonly limit the request line to 8 KiB, and some just close the connection then.
MAX_SEGMENT = 6000


@dataclass(frozen=True)
class Request:
    """One request. Its repr shows neither body nor headers, which may contain secrets.

    :param method: HTTP method in capitals.
    :param base: scheme, host and port: ``https://dayu.eu-west-101.myhuaweicloud.eu``.
    :param path: percent-encoded exactly once, see :func:`encoded_path`; the gateway refuses double encoding as APIGW.0301 (OBS [KES]).
    :param route: name of its rate limit, see ``rate_limiter.RATES``.
    :param query: decoded names and values; sent sorted.
    :param body: sent as JSON; None for no body.
    :param headers: in addition to those of every request.
    :param writes: whether it changes something and so must not be sent again without reading back.
    :param text: whether the body of the answer is text, not JSON.
    :param raw: whether the body of the answer is part of an OBS object, of any content.
    """

    method: str
    base: str
    path: str
    route: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, t.Any] | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    writes: bool = False
    text: bool = False
    raw: bool = False

    @property
    def url(self) -> str:
        """The URL as it is sent, with the query sorted and encoded as by the official SDK [SDKC]."""
        return self.base + self.path + ("?" + encoded_query(self.query) if self.query else "")

    @property
    def shown_path(self) -> str:
        """The decoded path, safe to show."""
        return printable(unquote(self.path))


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    :param status: HTTP status, 200 to 204; 206 for part of an OBS object.
    :param body: JSON (a dict or a list, or None for an empty body); text or bytes if requested.
    :param request_id: the service's id of the request, safe to show, or None.
    :param headers: names in lower case.
    """

    status: int
    body: t.Any = field(repr=False)
    request_id: str | None
    headers: Mapping[str, str] = field(repr=False)


def encoded_path(*segments: str) -> str:
    """``/a/b%2Fc`` for the segments ``a`` and ``b/c``.

    :raises OptionError: a segment is empty, ``.`` or ``..`` (which would collapse the URL), too long, not valid text, or has control characters.
    """
    return "".join("/" + _encoded_segment(segment) for segment in segments)


def encoded_query(query: t.Iterable[tuple[str, str]]) -> str:
    """Decoded names and values as a query string: sorted, every reserved character percent-encoded, a space as ``%20`` [SDKC]."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query))


def _encoded_segment(segment: str) -> str:
    if segment in ("", ".", ".."):
        raise OptionError(f"Failed to build the URL: {segment!r} cannot be part of it. Use the name or id that the console shows.")
    if any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in segment):
        raise OptionError(f"Failed to build the URL: '{printable(segment, 80)}' holds control characters. Use the name without them.")
    try:
        encoded = quote(segment, safe="~")
    except UnicodeEncodeError:
        raise OptionError(f"Failed to build the URL: '{printable(segment, 80)}' is not valid text. Use the name in UTF-8.") from None
    if len(encoded) > MAX_SEGMENT:
        raise OptionError(
            f"Failed to build the URL: '{printable(segment, 40)}' takes {len(encoded)} characters in a URL, and at most {MAX_SEGMENT} are sent. "
            "Use the name that the console shows."
        )
    return encoded


def is_loopback(host: str) -> bool:
    """Whether *host* (without port and brackets) is ``localhost``, in 127.0.0.0/8 or ``::1``. Other names are not resolved."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base(base: str, *, allow_http: bool) -> None:
    """Refuse a base URL that would leak credentials.

    :raises OptionError: it is not ``scheme://host[:port]`` as :func:`base_url` returns it, or it is http to another machine without *allow_http*.
    """
    if base_url(base, "endpoint") != base:
        raise OptionError(
            f"Failed to use the endpoint {printable(base, 200)}: it is not a base URL. Set it to https://host or https://host:port."
        )
    if base.startswith("http:") and not allow_http and not is_loopback(urlsplit(base).hostname or ""):
        raise OptionError(
            f"Failed to use the endpoint {base}: it is plain http, which would show the credentials to the network. Use https, or set allow_http."
        )
