# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upload of the report's page by HTTP PUT, with ansible-core's client, so that people can open it.

An AWX job runs in a container that is removed with its files. The target may be an object store with a signed URL, a WebDAV folder, or a package
registry with a token. A failure is only a warning: the rerun is over, and its result is in the output.
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

#: Placeholder in a URL for the name of the night's report.
NAME = "{name}"
#: Timeout for connecting and for each read, seconds.
_TIMEOUT = 20
_ATTEMPTS = 2
#: HTTP statuses after which the PUT, which is idempotent, is sent once more.
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class ReportPlace:
    """Where the page is uploaded.

    :param url: URL for the PUT. The name of the report replaces :data:`NAME`, or follows a slash at the end. May hold a secret.
    :param token: bearer token; "" for none.
    :param link: URL for people, with :data:`NAME` too; "" for *url* without the parts that may be secret.
    """

    url: str
    token: str = ""
    link: str = ""

    def problem(self) -> str:
        """Why the options are not valid, or ""."""
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
        """The URL for the PUT of report *name*."""
        parts = urlsplit(self.url)
        if NAME in self.url:
            return self.url.replace(NAME, name)
        return urlunsplit(parts._replace(path=f"{parts.path}{name}.html")) if parts.path.endswith("/") else self.url

    def shown(self, name: str) -> str:
        """The URL for people: *link*, else *url* without user, password, query and fragment, which may be secret."""
        if self.link:
            return self.link.replace(NAME, name)
        parts = urlsplit(self.target(name))
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return urlunsplit((parts.scheme, host if parts.port is None else f"{host}:{parts.port}", parts.path, "", ""))


def put(place: ReportPlace, name: str, content: bytes) -> str:
    """Upload *content* as the page of report *name*.

    :returns: why it failed, in a sentence without secrets; "" if it did not.
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
    """Send one PUT; return why it failed or "", and whether to try again. Never a text of the library, which may quote the URL."""
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
