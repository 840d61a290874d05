# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers around an HTTP exchange: signed request, proxies and certificates before it; body and cause of failure after it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import typing as t
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from .._common.errors import OptionError
from .._common.text import longest_first, printable
from .compat import get_environ_proxies, requests, select_proxy, urllib3
from .connection import Exchange
from .json_body import MAX_BODY
from .request import CONTENT_TYPE, METADATA_HOST, Request, is_loopback
from .retry_policy import AttemptOutcome

if t.TYPE_CHECKING:
    from requests import PreparedRequest
    from requests.auth import AuthBase

USER_AGENT = "ansible-dataarts.factory"
_CHUNK = 65536
#: Headers and body fields whose values are masked if the service's messages echo them.
_SECRET_HEADERS = ("authorization", "x-auth-token", "x-security-token", "x-obs-security-token", "x-metadata-token")
_SECRET_FIELDS = ("password", "secret")
#: Types without nested values; most values of a body are of these.
_SCALARS = frozenset({str, int, float, bool, type(None)})


def prepare(request: Request, auth: AuthBase | None) -> PreparedRequest:
    """Sign *request*, adding only the headers below.

    :raises OptionError: a header or the body cannot be sent as it is.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    if request.method != "GET":
        headers["Content-Type"] = CONTENT_TYPE  # without it the gateway answers APIGW.0106, even to a request without a body (OBS [KES])
    if request.writes:
        headers["Connection"] = "close"
    for name, value in request.headers:
        if not value or value != value.strip() or any(not " " <= char <= "~" for char in value):
            shown = "the value" if name.lower() in _SECRET_HEADERS else f"'{printable(value, 60)}'"
            raise OptionError(f"Failed to use {shown} as {name}: it is empty or not plain ASCII. Use the id that the console shows.")
        headers[name] = value
    prepared = requests.PreparedRequest()
    body = _body(request)
    try:
        # Without auth, requests would use a user in the URL; check_base has refused those.
        prepared.prepare(method=request.method, url=request.url, headers=headers, data=body, auth=auth)
    except (requests.RequestException, ValueError) as exc:
        raise OptionError(
            f"Failed to build the request for {printable(request.base, 200)}: {type(exc).__name__}. Check the endpoint."
        ) from None
    return prepared


def _body(request: Request) -> bytes | None:
    if request.body is None:
        return None
    try:
        return json.dumps(request.body, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError):
        raise OptionError(
            f"Failed to build the request body of {request.shown_path}: a value in it is not JSON. Use plain text and numbers."
        ) from None


def proxies_for(url: str) -> dict[str, str]:
    """The proxies for *url* from the environment (HTTPS_PROXY, NO_PROXY, …); none for loopback and the metadata service.

    :raises OptionError: a SOCKS proxy, over which the progress of an exchange cannot be observed.
    """
    host = urlsplit(url).hostname or ""
    if is_loopback(host) or host == METADATA_HOST:
        return {}
    proxies = dict(get_environ_proxies(url))
    if str(select_proxy(url, proxies) or "").lower().startswith("socks"):
        raise OptionError(
            "Failed to use the proxy that the environment names: SOCKS proxies are not supported. "
            "Set HTTPS_PROXY to an http proxy, or add the endpoint's host to NO_PROXY."
        )
    return proxies


def ca_bundle(ca_path: str | None, validate_certs: bool) -> bool | str:
    """The argument ``verify`` of ``requests``.

    *ca_path*, else the path in REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, else True for the bundle of ``requests``; False without *validate_certs*.

    :raises OptionError: the file or directory does not exist.
    """
    if not validate_certs:
        return False
    named = (
        (ca_path, "ca_path"),
        (os.environ.get("REQUESTS_CA_BUNDLE"), "REQUESTS_CA_BUNDLE"),
        (os.environ.get("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE"),
    )
    for path, option in named:
        if path:
            if not os.path.exists(path):
                raise OptionError(f"Failed to use {option}: {printable(path, 200)} does not exist. Set it to a file of PEM certificates.")
            return path
    return True


def read_body(response: requests.Response) -> bytes:
    """The raw body, not decompressed. Reading stops after the chunk that exceeds :data:`MAX_BODY`, so that the caller sees the excess."""
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_BODY:
        chunk = response.raw.read(_CHUNK, decode_content=False)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def lower_headers(response: requests.Response) -> dict[str, str]:
    """Headers of the answer, with names in lower case."""
    return {str(name).lower(): str(value) for name, value in response.headers.items()}


def secrets_of(prepared: PreparedRequest, request: Request) -> list[str]:
    """Every secret in *prepared*, longest first."""
    secrets = [str(prepared.headers[name]) for name in _SECRET_HEADERS if name in prepared.headers]
    secrets += [value.rpartition("Signature=")[2] for value in secrets if "Signature=" in value]
    secrets += list(_secret_fields(request.body))
    return longest_first(secrets)


def _secret_fields(value: t.Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in _SECRET_FIELDS and isinstance(inner, str):
                yield inner
            elif type(inner) not in _SCALARS:
                yield from _secret_fields(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _secret_fields(inner)


def failure(exc: BaseException, exchange: Exchange, place: str, connect: float, read: float) -> tuple[AttemptOutcome, str]:
    """Outcome and cause of an attempt that raised *exc*. The cause quotes only messages of the system and of TLS.

    :param exchange: shows how far the attempt got.
    :param place: scheme, host and port.
    :param connect: seconds allowed for connecting.
    :param read: seconds allowed after that.
    """
    causes = list(_causes(exc))
    late = exchange.expired or _timed_out(causes)
    if not exchange.sending_began:
        # urllib3 1.26 compares host names itself and raises its own CertificateError, which is not an SSLError.
        refusal = next((cause for cause in causes if isinstance(cause, ssl.SSLError) or type(cause).__name__ == "CertificateError"), None)
        if refusal is not None and not late and not isinstance(refusal, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return AttemptOutcome.TLS, f"the TLS connection to {place} was not accepted: {_tls_words(refusal)}"
        words = f"not within {connect:g} s" if late else _cause_text(causes)
        return AttemptOutcome.NO_CONNECTION, f"no connection to {place}: {words}"
    if late:
        return AttemptOutcome.TIMEOUT, f"no complete answer from {place} within {read:g} s"
    if any(
        isinstance(cause, (OSError, ssl.SSLError, http.client.RemoteDisconnected)) and not isinstance(cause, requests.RequestException)
        for cause in causes
    ):
        return AttemptOutcome.RESET, f"the connection to {place} was lost before the answer came: {_cause_text(causes)}"
    return AttemptOutcome.NOT_HTTP, f"{place} answered with something that is not HTTP ({_cause_text(causes)})"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """*exc* and all exceptions that it wraps, each once."""
    seen: set[int] = set()
    waiting = [exc]
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen or len(seen) > 50:
            continue
        seen.add(id(cause))
        yield cause
        inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(item for item in inner if isinstance(item, BaseException))


def _timed_out(causes: t.Iterable[BaseException]) -> bool:
    # ConnectTimeoutError does not count: in urllib3 1.26 every failure to connect is a subclass of it.
    return any(isinstance(cause, (socket.timeout, urllib3.exceptions.ReadTimeoutError)) for cause in causes)


def _tls_words(error: BaseException) -> str:
    words = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error
    return printable(words, 200)


def _cause_text(causes: t.Iterable[BaseException]) -> str:
    """The first of the system's messages among *causes*, or the last cause's class: other texts may quote the URL or a proxy's password."""
    name = ""
    for cause in causes:
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            if cause.errno is not None and cause.strerror:
                return printable(cause.strerror, 200)
            if str(cause).startswith("Tunnel connection failed"):
                return printable(str(cause), 100)
        if isinstance(cause, http.client.RemoteDisconnected):
            return "closed by the other side"
        if isinstance(cause, UnicodeError):
            return "the name is not valid"
        name = type(cause).__name__
    return name
