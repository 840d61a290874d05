# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request to the service before it is sent, and its answer."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from .._common.errors import OptionError
from .._common.text import printable
from .._config.regions import base_url

CONTENT_TYPE = "application/json;charset=UTF-8"  # in these letters on the retry endpoint's page [H-RET]
#: Where a machine of the cloud asks about itself; nothing beyond the machine ever gets what is sent there.
METADATA_HOST = "169.254.169.254"
#: Longest percent-encoded segment that is sent. Gateways commonly stop at 8 KiB for the whole request line, and some then just hang up.
MAX_SEGMENT = 6000


@dataclass(frozen=True)
class Request:
    """One request. Its repr shows neither body nor headers, where secrets may stand.

    :param method: HTTP method in capitals.
    :param base: scheme, host and port: ``https://dayu.eu-west-101.myhuaweicloud.eu``.
    :param path: percent-encoded exactly once, see :func:`encoded_path`; encoding it again is refused as APIGW.0301 (OBS [KES]).
    :param route: name of its flow control, see ``rate_limiter.RATES``.
    :param query: decoded names and values; sent sorted.
    :param body: becomes JSON; None sends none.
    :param headers: in addition to those that every request has.
    :param writes: whether it changes something, so that it must not be sent twice without reading back.
    :param text: whether the body of the answer is text, not JSON.
    :param raw: whether the body of the answer is a part of an object of OBS, of any content.
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
        """The URL as it is sent; the query sorted and encoded as the official SDK does [SDKC]."""
        return self.base + self.path + ("?" + encoded_query(self.query) if self.query else "")

    @property
    def shown_path(self) -> str:
        """The decoded path, safe to show."""
        return printable(unquote(self.path))


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    :param status: HTTP status, 200 to 204; 206 of a part of an object.
    :param body: the JSON of the body, a dict or a list, or None where the body was empty; text or bytes where that was asked for.
    :param request_id: the service's id of the request, safe to show, or None.
    :param headers: names in lower case.
    """

    status: int
    body: t.Any = field(repr=False)
    request_id: str | None
    headers: Mapping[str, str] = field(repr=False)


def encoded_path(*segments: str) -> str:
    """``/a/b%2Fc`` for the segments ``a`` and ``b/c``.

    :raises OptionError: for a segment that is empty, ``.`` or ``..`` (they collapse the URL), holds control characters or no valid text, or is too long.
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
    """Whether *host* (no port, no brackets) is this machine: ``localhost``, 127.0.0.0/8 or ``::1``, nothing that would need a lookup."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base(base: str, *, allow_http: bool) -> None:
    """Refuse a base URL that would leak what is sent to it.

    :raises OptionError: unless it is ``scheme://host[:port]`` as :func:`base_url` returns it, and https (or http to this machine, or *allow_http*).
    """
    if base_url(base, "endpoint") != base:
        raise OptionError(
            f"Failed to use the endpoint {printable(base, 200)}: it is not a base URL. Set it to https://host or https://host:port."
        )
    if base.startswith("http:") and not allow_http and not is_loopback(urlsplit(base).hostname or ""):
        raise OptionError(
            f"Failed to use the endpoint {base}: it is plain http, which would show the credentials to the network. Use https, or set allow_http."
        )
