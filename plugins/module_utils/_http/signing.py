# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures for access keys as ``requests`` auth classes: SDK-HMAC-SHA256 of the service [SIGN][SDKC], and that of OBS [OBS-SIGN]."""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import re
import time
import typing as t
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .._common.errors import OptionError
from .compat import AuthBase
from .request import encoded_query

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest

ALGORITHM = "SDK-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%SZ"
#: Headers that the transport or a proxy on the way may set or change; signing them could only break the signature.
_UNSIGNED = frozenset(
    (
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "expect",
        "proxy-authorization",
        "transfer-encoding",
        "user-agent",
    )
)


class AkSkAuth(AuthBase):
    """Signs a request with an access key, permanent or temporary.

    Signed are host, x-sdk-date, content-type and every other header that the request carries on purpose (workspace, x-project-id,
    x-security-token, …), except names with ``_`` [SDKC] and those in the list above. One key, no date scope. Every body is JSON, which is
    signed by its hash.

    :param access_key: AK.
    :param secret_key: SK; never leaves this object.
    :param security_token: of a temporary key; sent as X-Security-Token, added before signing [SIGN-TMP].
    :param clock: epoch seconds to sign with; the gateway refuses more than 15 minutes of difference to its own [SIGN-FAQ].
    :raises OptionError: if a value is empty or could not stand in a header.
    """

    def __init__(self, access_key: str, secret_key: str, security_token: str | None = None, clock: Callable[[], float] = time.time) -> None:
        for option, value in (("access_key", access_key), ("security_token", security_token)):
            if value is not None and not re.fullmatch("[!-~]+", value):
                raise OptionError(
                    f"Failed to use {option}: it is empty or holds characters other than printable ASCII. Set it as it was issued."
                )
        try:
            self._secret = secret_key.encode("utf-8")
        except UnicodeEncodeError:
            raise OptionError("Failed to use secret_key: it is not valid text. Set it as it was issued.") from None
        if not self._secret:
            raise OptionError("Failed to use secret_key: it is empty. Set it as it was issued.")
        self._access_key = access_key
        self._security_token = security_token
        self._clock = clock

    def parts(self) -> list[str]:
        """Access key, secret key and, of a temporary key, security token. Secrets."""
        return [self._access_key, self._secret.decode("utf-8"), *([self._security_token] if self._security_token else [])]

    def __repr__(self) -> str:
        return "AkSkAuth(***)"

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign *r* in place: sets Host, X-Sdk-Date, Authorization and, for a temporary key, X-Security-Token."""
        stamp = time.strftime(_STAMP, time.gmtime(self._clock()))
        parts = urlsplit(str(r.url))
        r.headers["Host"] = parts.netloc
        r.headers["X-Sdk-Date"] = stamp
        if self._security_token is not None:
            r.headers["X-Security-Token"] = self._security_token
        headers = {name.lower(): str(value).strip() for name, value in r.headers.items()}
        signed = sorted(name for name in headers if name not in _UNSIGNED and "_" not in name)
        request = "\n".join(
            (
                str(r.method).upper(),
                canonical_path(parts.path),
                encoded_query(parse_qsl(parts.query, keep_blank_values=True)),
                "".join(f"{name}:{headers[name]}\n" for name in signed),
                ";".join(signed),
                hashlib.sha256(t.cast("bytes | None", r.body) or b"").hexdigest(),
            )
        )
        to_sign = f"{ALGORITHM}\n{stamp}\n{hashlib.sha256(request.encode('utf-8')).hexdigest()}"
        signature = hmac.new(self._secret, to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
        r.headers["Authorization"] = f"{ALGORITHM} Access={self._access_key}, SignedHeaders={';'.join(signed)}, Signature={signature}"
        return r


class ObsAuth(AuthBase):
    """Signs a request for an object of OBS, which takes access keys alone: HMAC-SHA1 over date and object [OBS-SIGN].

    :param keys: the keys of the moment: access key, secret key and, of a temporary key, security token.
    :param endpoint: host and port of OBS. In front of it stands the bucket; where nothing does, the path begins with the bucket.
    :param clock: epoch seconds to sign with; OBS refuses more than 15 minutes of difference to its own.
    """

    def __init__(self, keys: Callable[[], t.Sequence[str]], endpoint: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._endpoint = endpoint
        self._clock = clock

    def __repr__(self) -> str:
        return "ObsAuth(***)"

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign *r* in place: sets Host, Date, Authorization and, for a temporary key, x-obs-security-token. :raises ApiError: no key was to be had."""
        access_key, secret_key, *token = self._keys()
        parts = urlsplit(str(r.url))
        bucket = "" if parts.netloc == self._endpoint else "/" + parts.netloc[: -len(self._endpoint) - 1]
        r.headers["Host"] = parts.netloc
        r.headers["Date"] = formatdate(self._clock(), usegmt=True)
        if token:
            r.headers["x-obs-security-token"] = token[0]
        own = "".join(f"x-obs-security-token:{value}\n" for value in token)
        to_sign = f"{str(r.method).upper()}\n\n{r.headers.get('Content-Type', '')}\n{r.headers['Date']}\n{own}{bucket}{parts.path}"
        digest = hmac.new(secret_key.encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha1).digest()
        r.headers["Authorization"] = f"OBS {access_key}:{base64.b64encode(digest).decode('ascii')}"
        return r


def signing_time(request: PreparedRequest) -> float | None:
    """When *request* was signed, epoch seconds, a whole second; None if it is not signed."""
    stamp = request.headers.get("X-Sdk-Date")
    return None if stamp is None else float(calendar.timegm(time.strptime(str(stamp), _STAMP)))


def canonical_path(url_path: str) -> str:
    """What is signed for the path *url_path*: decoded as a whole, split at ``/``, every segment encoded again, with a trailing ``/``.

    So ``/jobs/a%2Fb`` is signed as ``/jobs/a/b/``: that is what the official SDK signs and what the gateway checks [SDKC].
    """
    path = "/".join(quote(segment, safe="~") for segment in unquote(url_path).split("/"))
    return path if path.endswith("/") else path + "/"
