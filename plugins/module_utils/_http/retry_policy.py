# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: every way a call can end and what follows, as data and pure functions.

:data:`TABLE` is what the client does; its text stands in the client's docstring.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._common.errors import ApiError, Kind
from .._common.remedies import hint_for
from .._common.text import printable
from .error_codes import (
    ServiceError,
    blames_clock,
    blames_token,
    is_documented,
    is_gateway,
    is_services_own,
    kind_of,
    service_error,
    tells_failure,
    without,
)
from .json_body import UnreadableError, parse_payload
from .request import Answer, Call
from .server_clock import CLOCK_LIMIT, date_ms

#: Seconds of difference from which on a refused signature is blamed on the clock; a minute less than the gateway's limit, because the
#: difference is known only so well.
CLOCK_BLAMED = CLOCK_LIMIT - 60
#: Longest wait that a Retry-After can ask for, seconds.
MAX_RETRY_AFTER = 60.0
#: The problem of a body whose end did not come within read_timeout.
LATE = "did not arrive in time"
_SUCCESS = frozenset((200, 201, 202, 204))
#: 4xx that the gateway documents (and 428, 431) as answers before anything was processed. Not among them: 408.
_REFUSALS = frozenset((*range(400, 408), *range(409, 418), 422, 428, 431))


class End(enum.Enum):
    """How one attempt ended; the values are the words of the table."""

    NO_CONNECTION = "no connection: name, route, refused, proxy, connect_timeout"
    TLS = "TLS: certificate or protocol not accepted"
    RESET = "connection lost after sending began, request read or not"
    TIMEOUT = "no complete answer within read_timeout"
    NO_HTTP = "an answer that is no HTTP, or a status nobody documented"
    SUCCESS = "200, 201, 202, 204 with JSON, or (on a write) no body"
    CODE_IN_SUCCESS = "200 with an error body whose code is documented"
    ODD_CODE_IN_SUCCESS = "200 with an error body whose code is not documented"
    UNREADABLE = "200 truncated, malformed, oversized, compressed, not UTF-8"
    REDIRECT = "3xx"
    FOREIGN = "4xx without the service's own error body"
    CLOCK = "401 while this machine's clock is 15 minutes off"
    UNAUTHORIZED = '401 otherwise, or 4xx saying "token must be updated"'
    REFUSED = "400, 402 to 407, 409 to 417, 422, 428, 431"
    CUT_REFUSAL = "one of these whose body breaks off"
    THROTTLED = "429, or APIGW.0308"
    ODD_REFUSAL = "408, or a 4xx nobody documented"
    BACKEND_TIMEOUT = "APIGW.0201"
    SERVER = "500, 502, 503, 504, any 5xx"


class Follow(enum.Enum):
    """What follows; the values are the words of the table."""

    DONE = "answer"
    AGAIN = "again, then"
    RENEW = "renew once, then"
    VERIFY = "verify first:"
    FINAL = "final:"


@dataclass(frozen=True)
class Then:
    """What follows, and the kind of error it ends in; None is the kind that code and status name."""

    follow: Follow
    kind: Kind | None = None

    def __str__(self) -> str:
        if self.follow is Follow.DONE:
            return str(self.follow.value)
        return f"{self.follow.value} {self.kind.value if self.kind else 'by its code'}"


_DONE = Then(Follow.DONE)
_BY_CODE = Then(Follow.FINAL)
_VERIFY = Then(Follow.VERIFY, Kind.AMBIGUOUS)
_THEN_SERVER = Then(Follow.AGAIN, Kind.SERVER)
_THEN_BAD = Then(Follow.AGAIN, Kind.BAD_ANSWER)
_THEN_UNREACHABLE = Then(Follow.AGAIN, Kind.UNREACHABLE)
_THEN_THROTTLED = Then(Follow.AGAIN, Kind.THROTTLED)
_THEN_CREDENTIALS = Then(Follow.RENEW, Kind.CREDENTIALS)

#: End of an attempt -> what follows for a read, what follows for a write. A read never ends FOREIGN: sending it again harms nobody, so its
#: status is enough.
TABLE: dict[End, tuple[Then | None, Then]] = {
    End.NO_CONNECTION: (_THEN_UNREACHABLE, _THEN_UNREACHABLE),
    End.TLS: (Then(Follow.FINAL, Kind.TLS), Then(Follow.FINAL, Kind.TLS)),
    End.RESET: (_THEN_SERVER, _VERIFY),
    End.TIMEOUT: (_THEN_SERVER, _VERIFY),
    End.NO_HTTP: (_THEN_BAD, _VERIFY),
    End.SUCCESS: (_DONE, _DONE),
    End.CODE_IN_SUCCESS: (_BY_CODE, _BY_CODE),
    End.ODD_CODE_IN_SUCCESS: (_THEN_BAD, _VERIFY),
    End.UNREADABLE: (_THEN_BAD, _VERIFY),
    End.REDIRECT: (Then(Follow.FINAL, Kind.REDIRECT), _VERIFY),
    End.FOREIGN: (None, _VERIFY),
    End.CLOCK: (Then(Follow.FINAL, Kind.CLOCK), Then(Follow.FINAL, Kind.CLOCK)),
    End.UNAUTHORIZED: (_THEN_CREDENTIALS, _THEN_CREDENTIALS),
    End.REFUSED: (_BY_CODE, _BY_CODE),
    End.CUT_REFUSAL: (_THEN_BAD, _VERIFY),
    End.THROTTLED: (_THEN_THROTTLED, _THEN_THROTTLED),
    End.ODD_REFUSAL: (_THEN_SERVER, _VERIFY),
    End.BACKEND_TIMEOUT: (_THEN_SERVER, _VERIFY),
    End.SERVER: (_THEN_SERVER, _VERIFY),
}


def table_text() -> str:
    """The table as three columns of text."""
    rows = [("how an attempt ends", "a read", "a write")]
    rows += [(end.value, str(read or "by its status, see below"), str(write)) for end, (read, write) in TABLE.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rule = tuple("=" * width for width in widths)
    lines = [rule, rows[0], rule, *rows[1:], rule]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


@dataclass(frozen=True)
class Verdict:
    """What one attempt came to.

    :param end: the row of the table.
    :param follow: what follows for this call.
    :param answer: set exactly where *follow* is DONE.
    :param error: what to raise if nothing else follows.
    :param wait: seconds the service asked to wait (Retry-After, at most :data:`MAX_RETRY_AFTER`), or None.
    :param services_own: whether the service or its gateway wrote the answer; another may come from something in between, with a clock of its own.
    """

    end: End
    follow: Follow
    answer: Answer | None = None
    error: ApiError | None = None
    wait: float | None = None
    services_own: bool = False


def judge_failure(call: Call, end: End, cause: str) -> Verdict:
    """The verdict on an attempt that brought no answer.

    :param end: NO_CONNECTION, TLS, RESET, TIMEOUT or NO_HTTP.
    :param cause: what happened, safe to show.
    """
    return _verdict(call, end, ServiceError(None, cause), None, None)


def judge(
    call: Call,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    problem: str = "",
    skew: float = 0.0,
    secrets: t.Sequence[str] = (),
) -> Verdict:
    """The verdict on an attempt that brought at least a status.

    :param status: HTTP status.
    :param headers: of the answer, names in lower case.
    :param body: what could be read of it.
    :param problem: why the body is not whole ("broke off before its end", or :data:`LATE`), or "".
    :param skew: by how many seconds the time of the signature was ahead of the answer's ``Date``, at least; 0.0 for a request without one.
    :param secrets: what the request carried and no message may show, longest first.
    """
    payload: t.Any = None
    whole = not problem
    if whole:
        try:
            payload = parse_payload(status, headers, body, may_be_empty=call.writes or status == 204)
        except UnreadableError as exc:
            problem, whole = str(exc), exc.whole
    error = service_error(payload, explicit=status in _SUCCESS, secrets=secrets)
    failed = call.writes and tells_failure(payload)
    end = _end(status, error, problem, skew, whole=whole, clock_known="date" in headers, failed=failed)
    if call.writes and 400 <= status < 500 and not is_services_own(error.code):
        end = End.FOREIGN
    request_id = printable(without(headers.get("x-request-id", "").strip(), secrets), 80) or error.request_id
    if end is End.SUCCESS:
        return Verdict(end, Follow.DONE, Answer(status, payload, request_id, date_ms(headers.get("date")), headers), services_own=True)
    place = _place(without(headers.get("location", ""), secrets))
    words = _words(end, error.message, place, problem, skew)
    own = is_services_own(error.code) and status < 500
    return _verdict(call, end, ServiceError(error.code, words, request_id), status, retry_after(headers), own)


def _end(status: int, error: ServiceError, problem: str, skew: float, *, whole: bool, clock_known: bool, failed: bool) -> End:
    if is_gateway(error.code, "0201"):
        return End.BACKEND_TIMEOUT
    if status == 429 or is_gateway(error.code, "0308"):
        return End.THROTTLED
    if status in _SUCCESS:
        if problem:
            return End.TIMEOUT if problem == LATE else End.UNREADABLE
        if error.code is None:
            return End.ODD_CODE_IN_SUCCESS if failed else End.SUCCESS
        return End.CODE_IN_SUCCESS if is_documented(error.code, error.message) else End.ODD_CODE_IN_SUCCESS
    if 300 <= status < 400:
        return End.REDIRECT
    if status == 401:
        off = abs(skew) > CLOCK_BLAMED or (not clock_known and blames_clock(error.message))
        return End.CLOCK if off and not blames_token(error.message) else End.UNAUTHORIZED
    if 400 <= status < 500 and (blames_token(error.message) or is_gateway(error.code, "0307")):
        return End.UNAUTHORIZED
    if status in _REFUSALS and not whole:
        return End.CUT_REFUSAL
    if 400 <= status < 500:
        return End.REFUSED if status in _REFUSALS else End.ODD_REFUSAL
    return End.SERVER if 500 <= status < 600 else End.NO_HTTP


def _words(end: End, message: str, place: str, problem: str, skew: float) -> str:
    """The service's *message* or, where it has none or it is not the point, our words; never empty."""
    if end is End.REDIRECT:
        return f"redirected to {place}; redirects are not followed"
    if end is End.UNREADABLE:
        return f"the answer cannot be understood: its body {problem}"
    if end is End.TIMEOUT:
        return "the answer did not arrive in time"
    if end is End.CLOCK and skew:
        return f"{message or 'the signature was refused'}; this machine's clock is {skew_text(skew)} the service's"
    return message or "no message from the service" + (f": the body {problem}" if problem else "")


def _verdict(call: Call, end: End, error: ServiceError, status: int | None, wait: float | None, own: bool = False) -> Verdict:
    then = TABLE[end][1 if call.writes else 0] or _BY_CODE
    kind = then.kind or kind_of(status, error.code, error.message)
    failure = ApiError(
        kind,
        printable(error.message),
        status=status,
        code=error.code,
        request_id=error.request_id,
        method=call.method,
        path=call.shown_path,
        hint=hint_for(kind),
    )
    return Verdict(end, then.follow, error=failure, wait=wait, services_own=own)


def skew_text(skew: float) -> str:
    """``20 min 5 s ahead of`` or ``3 s behind`` for seconds ahead."""
    minutes, seconds = divmod(round(abs(skew)), 60)
    span = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{span} {'ahead of' if skew > 0 else 'behind'}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks for, 0 to :data:`MAX_RETRY_AFTER`, given as seconds or as a date beside ``Date``; None without one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return min(float(value), MAX_RETRY_AFTER)
    until, now = date_ms(value), date_ms(headers.get("date"))
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now) / 1000), MAX_RETRY_AFTER)


def _place(location: str) -> str:
    """Scheme and host of a Location, nothing that may hold a secret."""
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return "an unreadable address"
    if not host:
        return "another path"
    return printable(f"{parts.scheme or 'https'}://{host}", 120)
