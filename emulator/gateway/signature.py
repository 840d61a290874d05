# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verification of SDK-HMAC-SHA256 signatures, byte for byte [SIGN][SDKC]. Written from the documents, not from the collection's signer."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from emulator.gateway.errors import Refusal, bad_signature

ALGORITHM = "SDK-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
#: Largest accepted difference between the signature's time and the gateway's clock [SIGN-FAQ].
MAX_SKEW_MS = 15 * 60 * 1000


@dataclass(frozen=True)
class Signed:
    """The parts of an Authorization header."""

    access_key: str
    headers: tuple[str, ...]
    signature: str


def parse(authorization: str) -> Signed:
    """Parse ``SDK-HMAC-SHA256 Access=…, SignedHeaders=a;b, Signature=…``.

    :raises Refusal: 401 for anything else.
    """
    scheme, _sep, rest = authorization.partition(" ")
    parts: dict[str, str] = {}
    for part in rest.split(","):
        name, _sep, value = part.strip().partition("=")
        parts[name] = value
    if scheme != ALGORITHM or set(parts) != {"Access", "SignedHeaders", "Signature"}:
        raise bad_signature("authorization header malformed")
    return Signed(parts["Access"], tuple(parts["SignedHeaders"].split(";")), parts["Signature"])


def canonical_path(raw_path: str) -> str:
    """Unquote the whole path, quote each segment again and end with a slash, as the official Python client does."""
    path = "/".join(quote(segment, safe="~") for segment in unquote(raw_path).split("/"))
    return path if path.endswith("/") else path + "/"


def canonical_query(raw_query: str) -> str:
    """The query sorted by name and value, each percent-encoded once. A ``+`` is a plus, never a space."""
    pairs = []
    for part in raw_query.split("&"):
        if part:
            name, _sep, value = part.partition("=")
            pairs.append((unquote(name), unquote(value)))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(pairs))


def body_hash(headers: t.Mapping[str, str], body: bytes) -> str:
    """SHA-256 of the body, or UNSIGNED-PAYLOAD if the client says so and the content type is not JSON."""
    content_type = headers.get("Content-Type", "application/json")
    if body and headers.get("X-Sdk-Content-Sha256") == UNSIGNED and not content_type.startswith(("application/json", "application/bson")):
        return UNSIGNED
    return hashlib.sha256(body).hexdigest()


def canonical_request(
    method: str, raw_path: str, raw_query: str, headers: t.Mapping[str, str], signed: t.Sequence[str], body: bytes
) -> str:
    """The canonical request, whose hash is signed."""
    lines = [method.upper(), canonical_path(raw_path), canonical_query(raw_query)]
    lines += [f"{name}:{headers[name].strip()}" for name in signed]
    lines += ["", ";".join(signed), body_hash(headers, body)]
    return "\n".join(lines)


def moment(headers: t.Mapping[str, str]) -> int:
    """The X-Sdk-Date header in epoch ms."""
    try:
        when = datetime.strptime(headers["X-Sdk-Date"], "%Y%m%dT%H%M%SZ")
    except (KeyError, ValueError) as error:
        raise bad_signature("x-sdk-date missing or malformed") from error
    return int(when.replace(tzinfo=timezone.utc).timestamp() * 1000)


def verify(
    secret_key: str, signed: Signed, method: str, raw_path: str, raw_query: str, headers: t.Mapping[str, str], body: bytes, now_ms: int
) -> None:
    """Check the signature, and that its time is within 15 minutes of *now_ms*.

    :param headers: case-insensitive.
    :raises Refusal: 401 otherwise.
    """
    if "x-sdk-date" not in signed.headers:
        raise bad_signature("x-sdk-date is not signed")
    if tuple(sorted(signed.headers)) != signed.headers or any(name not in headers for name in signed.headers):
        raise bad_signature("signed headers missing or out of order")
    if abs(moment(headers) - now_ms) > MAX_SKEW_MS:
        raise Refusal(401, "APIGW.0303", "Incorrect app authentication information: signature expired, check the clock of the client")
    text = canonical_request(method, raw_path, raw_query, headers, signed.headers, body)
    to_sign = f"{ALGORITHM}\n{headers['X-Sdk-Date']}\n{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"
    expected = hmac.new(secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signed.signature):
        raise bad_signature("verify signature fail")
