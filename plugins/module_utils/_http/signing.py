# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures with access keys as ``requests`` auth classes: the service's SDK-HMAC-SHA256 [SIGN][SDKC], and that of OBS [OBS-SIGN]."""

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
#: Headers that the transport or a proxy may set or change, which would break the signature.
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

    All headers are signed (host, x-sdk-date, content-type, workspace, x-project-id, x-security-token, …), except those whose names contain
    ``_`` [SDKC] and those in the list above. The key is used directly, not derived per date. The body is signed by its hash.

    :param access_key: AK.
    :param secret_key: SK; never sent.
    :param security_token: for a temporary key; sent as X-Security-Token, and signed [SIGN-TMP].
    :param clock: epoch seconds for the signature; the gateway refuses a difference of more than 15 minutes [SIGN-FAQ].
    :raises OptionError: a value is empty, or cannot be part of a header.
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
        """The secrets: access key, secret key and, for a temporary key, security token."""
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
    """Signs a request for an OBS object, by HMAC-SHA1 over method, content type, date and object [OBS-SIGN]. OBS accepts only access keys.

    :param keys: returns the current access key, secret key and, for temporary keys, security token.
    :param endpoint: host and port of OBS. A request's host is the bucket's name before it, or the endpoint itself if the path begins with the bucket.
    :param clock: epoch seconds for the signature; OBS refuses a difference of more than 15 minutes.
    """

    def __init__(self, keys: Callable[[], t.Sequence[str]], endpoint: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._endpoint = endpoint
        self._clock = clock

    def __repr__(self) -> str:
        return "ObsAuth(***)"

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign *r* in place: sets Host, Date, Authorization and, for a temporary key, x-obs-security-token. :raises ApiError: there is no key."""
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
    """Time of the signature, epoch seconds, a whole second; None for an unsigned request."""
    stamp = request.headers.get("X-Sdk-Date")
    return None if stamp is None else float(calendar.timegm(time.strptime(str(stamp), _STAMP)))


def canonical_path(url_path: str) -> str:
    """Canonical form of a path for the signature: decoded, split at ``/``, each segment encoded again, with a trailing ``/``.

    So ``/jobs/a%2Fb`` is signed as ``/jobs/a/b/``, as the official SDK signs it and the gateway expects it [SDKC].
    """
    path = "/".join(quote(segment, safe="~") for segment in unquote(url_path).split("/"))
    return path if path.endswith("/") else path + "/"
