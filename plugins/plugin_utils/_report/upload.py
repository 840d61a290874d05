# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the report's page where people can open it, by HTTP PUT, with what ansible-core has for it.

A job of AWX runs in a container that is gone with its files. The place may be an object store, with an address that is signed, a
WebDAV folder, or a package registry with a token. What fails here is a warning: the rerun is over, and its result is in the output.
"""

from __future__ import annotations

import typing as t
import urllib.error
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit, urlunsplit

from ansible.module_utils.urls import ConnectionError as AnsibleConnectionError
from ansible.module_utils.urls import NoSSLError, SSLValidationError, open_url

from ...module_utils._common.text import printable

#: In an address: the name of the night's report.
NAME = "{name}"
#: Seconds for connecting, and between two parts of an answer.
_TIMEOUT = 20
_ATTEMPTS = 2
#: Answers after which the same is sent once more: a PUT that arrived twice is as good as one.
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class ReportPlace:
    """Where the page goes.

    :param url: address for the PUT, with :data:`NAME` or a slash at its end where the name of the report goes. May hold a secret.
    :param token: sent as a bearer token; "" for none.
    :param link: the address for people, with :data:`NAME` too; "" for that of *url* without anything that may be secret.
    """

    url: str
    token: str = ""
    link: str = ""

    def problem(self) -> str:
        """Why nothing can be sent there, or ""."""
        for option, address in (("report_url", self.url), ("report_link", self.link)):
            try:
                parts = urlsplit(address)
                usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
            except ValueError:
                usable = False
            if address and not usable:
                return f"{option} is not an address that begins with https:// and a host"
        return "" if self.token.isprintable() and self.token.isascii() else "report_token has a character that no header can hold"

    def target(self, name: str) -> str:
        """The address for the PUT of the report called *name*."""
        parts = urlsplit(self.url)
        if NAME in self.url:
            return self.url.replace(NAME, name)
        return urlunsplit(parts._replace(path=f"{parts.path}{name}.html")) if parts.path.endswith("/") else self.url

    def shown(self, name: str) -> str:
        """The address for people: without user, password, query and fragment, where secrets stand, unless *link* says it."""
        if self.link:
            return self.link.replace(NAME, name)
        parts = urlsplit(self.target(name))
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return urlunsplit((parts.scheme, host if parts.port is None else f"{host}:{parts.port}", parts.path, "", ""))


def put(place: ReportPlace, name: str, content: bytes) -> str:
    """Send *content* as the page of the report called *name*.

    :returns: why it could not be sent, in a sentence without a secret; "" if it was.
    """
    cause = place.problem()
    if cause:
        return _failure(f"{cause}. Correct it")
    headers = {"Content-Type": "text/html; charset=utf-8", **({"Authorization": f"Bearer {place.token}"} if place.token else {})}
    for attempt in range(_ATTEMPTS):
        cause, again = _once(place.target(name), headers, content)
        if not cause:
            return ""
        if not again or attempt == _ATTEMPTS - 1:
            break
    return _failure(f"{place.shown(name)}: {cause}")


def _once(url: str, headers: t.Mapping[str, str], content: bytes) -> tuple[str, bool]:
    """Why one PUT failed or "", and whether another one may be better. Never a text of the library's, which may quote the address."""
    try:
        open_url(
            url, method="PUT", data=content, headers=dict(headers), timeout=_TIMEOUT, follow_redirects="none", http_agent="dataarts.factory"
        ).read()
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}. {_advice(error.code)}", error.code in _AGAIN
    except (SSLValidationError, NoSSLError):
        return "its certificate is not trusted. Install its authority's certificate in the execution environment", False
    except (urllib.error.URLError, AnsibleConnectionError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return f"{printable(getattr(reason, 'strerror', None) or type(reason).__name__, 100)}. Check that this host can reach it", True
    except ValueError:
        return "the address cannot be used. Correct report_url", False
    return "", False


def _advice(status: int) -> str:
    if status in (401, 403):
        return "Set an address or a token that may write there, and that has not expired"
    if 300 <= status < 400:
        return "The redirect was not followed: set the address that accepts the page"
    return "Check report_url, and what that server says about it"


def _failure(cause: str) -> str:
    return f"The report could not be sent to {cause}. Nothing of the rerun is lost: its results are in the output and in the summary."
