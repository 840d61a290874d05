# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the errors it raises, and the kinds that code can act on."""

from __future__ import annotations

import enum
import typing as t


class Kind(enum.Enum):
    """What a failed call means for whoever has to decide what comes next.

    Every kind but :attr:`AMBIGUOUS` says that a write took no effect.
    """

    NOT_FOUND = "not_found"  # the job, instance or workspace does not exist: DLF 0100, 0137, 0819, 1000
    NOTHING_TO_RERUN = "nothing_to_rerun"  # "have no instances to rerun" [OTC-UMN-I]
    NOT_RERUNNABLE = "not_rerunnable"  # DLF 0111, 0136: manually scheduled, or not a batch job
    ALREADY_RUNNING = "already_running"  # DLF 0107
    NO_PERMISSION = "no_permission"  # HTTP 403, DLF 6888
    CREDENTIALS = "credentials"  # HTTP 401: wrong key, bad signature, dead token
    CLOCK = "clock"  # HTTP 401 because this machine's clock is more than 15 minutes off [SIGN-FAQ]
    THROTTLED = "throttled"  # HTTP 429 and APIGW.0308, after the last attempt
    NOT_PUBLISHED = "not_published"  # APIGW.0101, or an API that is not open to this account
    INVALID = "invalid"  # any other 4xx: the service refused the request as it stands
    UNREACHABLE = "unreachable"  # no connection was made: name, route, port, timeout while connecting
    TLS = "tls"  # the certificate was not accepted
    REDIRECT = "redirect"  # 3xx; never followed
    BAD_ANSWER = "bad_answer"  # a read was answered with something that cannot be understood, or a write refused with it
    STALE = "stale"  # a write that was not sent, because what it rests on was listed too long ago
    SERVER = "server"  # a read failed with 5xx, a reset or a timeout until its last attempt
    AMBIGUOUS = "ambiguous"  # a write whose outcome is not known: it may have taken effect


#: Kinds that make every other call with the same account or workspace useless too.
FATAL_KINDS = frozenset({Kind.CREDENTIALS, Kind.CLOCK, Kind.NO_PERMISSION, Kind.UNREACHABLE, Kind.TLS, Kind.REDIRECT})


class ApiError(Exception):
    """One failed call.

    :param kind: what it means, see :class:`Kind`.
    :param message: the service's words, or ours where there was no answer; printable, at most 500 characters.
    :param status: HTTP status, or None where no answer came.
    :param code: the service's error code as it spelled it ("DLF.30137", "APIGW.0301"), or None.
    :param request_id: the service's id of the request, or None.
    :param method: HTTP method.
    :param path: decoded path of the URL without its query.
    :param hint: what the user can do about it, one sentence, or "".
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
        self.hint = hint

    def __str__(self) -> str:
        parts = [f"{self.code} {self.message}" if self.code else self.message]
        if self.status is not None and not self.code:
            parts.append(f"(HTTP {self.status})")
        if self.request_id:
            parts.append(f"(request id {self.request_id})")
        return " ".join(parts)

    def to_result(self) -> dict[str, t.Any]:
        """The error as a module returns it beside its message: kind, status, code, message, request_id, method, path, hint."""
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
    """An option that cannot be used as given; raised before anything is sent. The text names the option, the cause and the way out."""


class LedgerError(Exception):
    """The record of sent reruns on this machine cannot be read, written or locked; nothing is sent without it."""


class JournalError(Exception):
    """The journal cannot be read, written or reached; nothing is sent without a claim. The text names the journal, the cause and what to do."""
