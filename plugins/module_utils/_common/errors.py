# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions of the collection, the kinds of API errors, and a remedy for each kind."""

from __future__ import annotations

import enum
import typing as t


class Kind(enum.Enum):
    """What a failed request means for the caller's next step.

    Every kind except :attr:`AMBIGUOUS` means that a write had no effect.
    """

    NOT_FOUND = "not_found"  # the job, instance or workspace does not exist: DLF 0100, 0137, 0819, 1000
    NOTHING_TO_RERUN = "nothing_to_rerun"  # "have no instances to rerun" [OTC-UMN-I]
    NOT_RERUNNABLE = "not_rerunnable"  # DLF 0111, 0136: manually scheduled, or not a batch job
    ALREADY_RUNNING = "already_running"  # DLF 0107
    NO_PERMISSION = "no_permission"  # HTTP 403, DLF 6888
    CREDENTIALS = "credentials"  # HTTP 401: wrong key, bad signature, expired token
    CLOCK = "clock"  # HTTP 401 because this machine's clock is more than 15 minutes off [SIGN-FAQ]
    THROTTLED = "throttled"  # HTTP 429 and APIGW.0308, after the last attempt
    NOT_PUBLISHED = "not_published"  # APIGW.0101, or an API that is not open to this account
    INVALID = "invalid"  # any other 4xx: the service refused the request as it stands
    UNREACHABLE = "unreachable"  # no connection was made: name, route, port, timeout while connecting
    TLS = "tls"  # the certificate was not accepted
    REDIRECT = "redirect"  # 3xx; never followed
    BAD_ANSWER = "bad_answer"  # a read was answered with something that cannot be understood
    STALE = "stale"  # a write that was not sent: its list was too old, or quiet hours had begun
    MOVED_ON = "moved_on"  # a stop that was not sent: the instance had changed since it was listed
    SERVER = "server"  # every attempt at a read ended in 5xx, a reset or a timeout
    AMBIGUOUS = "ambiguous"  # a write whose outcome is unknown: it may have taken effect


#: Kinds that any other request with the same account or workspace would fail with too.
FATAL_KINDS = frozenset({Kind.CREDENTIALS, Kind.CLOCK, Kind.NO_PERMISSION, Kind.UNREACHABLE, Kind.TLS, Kind.REDIRECT})

#: What the user can do about each kind of error.
REMEDIES = {
    Kind.NOT_FOUND: "Check the name and that region, project_id and workspace_id belong together, then list again.",
    Kind.NOTHING_TO_RERUN: "No action is needed: no instance of the job can be rerun in that period.",
    Kind.NOT_RERUNNABLE: "Only instances of periodically scheduled batch jobs can be rerun; start this job by hand in the console.",
    Kind.ALREADY_RUNNING: "Wait until the job's current run ends, then look at its status.",
    Kind.NO_PERMISSION: "Assign the user a role of the workspace that may operate job instances (administrator or operator), or use another user.",
    Kind.CREDENTIALS: "Check the credentials: that the key is active, belongs to this site and project, and that a token or temporary key has not expired.",
    Kind.CLOCK: "Set the clock of the machine that runs the task (NTP) and try again; the gateway accepts at most 15 minutes of difference.",
    Kind.THROTTLED: "Try again in a minute, with fewer forks or a higher max_retries; the limit is per user and shared with everything else that user runs.",
    Kind.NOT_PUBLISHED: "Check the endpoint. If this API is not open to the account, use api_version v1, or ask the service's support to open it.",
    Kind.INVALID: "Correct what the message names; the request was refused as it stands and nothing was changed.",
    Kind.UNREACHABLE: "Check region or endpoint, the name resolution, the proxy variables and the route from the machine that runs the task.",
    Kind.TLS: "Set ca_path to the issuing certificate, or correct the endpoint's name; use validate_certs: false only for a test.",
    Kind.REDIRECT: "Set the endpoint that the service documents for the region; a redirect usually comes from a portal or proxy in between.",
    Kind.BAD_ANSWER: "Check that the endpoint is the service's own and not a proxy's page; if it is, report the request id to its support.",
    Kind.STALE: "Nothing was sent. Run again: the instances are listed again before anything is rerun.",
    Kind.MOVED_ON: "Nothing was sent. Check the current state of the instance.",
    Kind.SERVER: "Try again later; if it lasts, report the request id to the service's support.",
    Kind.AMBIGUOUS: "The request may have taken effect: look at the instances' status and start time before sending it again.",
}


class ApiError(Exception):
    """A request that failed.

    :param kind: what it means, see :class:`Kind`.
    :param message: the service's message, or our own if it sent none; printable, at most 500 characters.
    :param status: HTTP status, or None without an answer.
    :param code: error code exactly as the service wrote it ("DLF.30137", "APIGW.0301"), or None.
    :param request_id: the service's id of the request, or None.
    :param method: HTTP method.
    :param path: decoded path of the URL without its query.
    :param hint: what the user can do about it; empty for the kind's entry in :data:`REMEDIES`.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        method: str = "",
        path: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.method = method
        self.path = path
        self.hint = hint or REMEDIES[kind]

    def __str__(self) -> str:
        parts = [f"{self.code} {self.message}" if self.code else self.message]
        if self.status is not None and not self.code:
            parts.append(f"(HTTP {self.status})")
        if self.request_id:
            parts.append(f"(request id {self.request_id})")
        return " ".join(parts).rstrip(".")  # messages that quote it add their own full stop

    def to_result(self) -> dict[str, t.Any]:
        """The error as a module returns it: kind, status, code, message, request_id, method, path, hint."""
        return {
            "kind": self.kind.value,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "hint": self.hint,
        }


class OptionError(Exception):
    """An option or a name that cannot be used, found before it is sent. The text names the option, the cause and what to set."""


class JournalError(Exception):
    """The journal cannot be read, written or reached, so nothing may be sent. The text names the journal, the cause and what to do."""


class ClaimLostError(JournalError):
    """Another run took over a claim before its request was sent; this run follows that run's rerun instead."""
