# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retry policy: how an HTTP attempt ended and what follows.

The client follows :data:`RETRY_POLICY`; the guide on exactly-once reruns shows it.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Mapping
from urllib.parse import urlsplit

from .._common.errors import ApiError, Kind
from .._common.text import printable
from .._common.times import duration_text
from .error_codes import (
    ServiceError,
    blames_clock,
    blames_token,
    is_documented,
    is_gateway,
    is_services_own,
    kind_of,
    obs_error,
    reports_failure,
    service_error,
    without,
)
from .json_body import UnreadableError, parse_json, parse_raw, parse_text
from .request import Answer, Request
from .server_clock import CLOCK_LIMIT, date_ms

#: Seconds of clock difference above which a refused signature is blamed on the clock: a minute less than the gateway's limit, because the
#: difference is not known exactly.
CLOCK_BLAMED = CLOCK_LIMIT - 60
#: Longest wait for a Retry-After, seconds.
MAX_RETRY_AFTER = 60.0
#: The problem of a body that was not complete within read_timeout.
LATE = "did not arrive in time"
_SUCCESS = frozenset((200, 201, 202, 204))
#: 4xx that the gateway documents as answers before any processing, and 428 and 431. 408 is not one of them.
_REFUSALS = frozenset((*range(400, 408), *range(409, 418), 422, 428, 431))


class AttemptOutcome(enum.Enum):
    """How one attempt ended; the guide shows the values."""

    NO_CONNECTION = "no connection: name, route, refused, proxy, connect_timeout"
    TLS = "TLS: certificate or protocol not accepted"
    RESET = "connection lost after sending began, request read or not"
    TIMEOUT = "no complete answer within read_timeout"
    NOT_HTTP = "an answer that is not HTTP, or an undocumented status"
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
    ODD_REFUSAL = "408, or an undocumented 4xx"
    BACKEND_TIMEOUT = "APIGW.0201"
    SERVER = "500, 502, 503, 504, any 5xx"


class Step(enum.Enum):
    """What the client does after an attempt; the guide shows the values."""

    RETURN = "answer"
    RETRY = "retry, then"
    RENEW = "renew once, then"
    VERIFY = "verify first:"
    RAISE = "error:"


class NextStep(t.NamedTuple):
    """What follows an attempt, and the kind of its error; None for the kind that code and status mean."""

    step: Step
    kind: Kind | None = None


_RETURN = NextStep(Step.RETURN)
_BY_CODE = NextStep(Step.RAISE)
_VERIFY = NextStep(Step.VERIFY, Kind.AMBIGUOUS)
_SERVER = NextStep(Step.RETRY, Kind.SERVER)
_BAD_ANSWER = NextStep(Step.RETRY, Kind.BAD_ANSWER)
_UNREACHABLE = NextStep(Step.RETRY, Kind.UNREACHABLE)
_THROTTLED = NextStep(Step.RETRY, Kind.THROTTLED)
_CREDENTIALS = NextStep(Step.RENEW, Kind.CREDENTIALS)
_TLS, _CLOCK, _REDIRECT = (NextStep(Step.RAISE, kind) for kind in (Kind.TLS, Kind.CLOCK, Kind.REDIRECT))

#: Attempt outcome -> next step of a read, next step of a write. A read is never FOREIGN: for a read, the status is enough.
RETRY_POLICY: dict[AttemptOutcome, tuple[NextStep | None, NextStep]] = {
    AttemptOutcome.NO_CONNECTION: (_UNREACHABLE, _UNREACHABLE),
    AttemptOutcome.TLS: (_TLS, _TLS),
    AttemptOutcome.RESET: (_SERVER, _VERIFY),
    AttemptOutcome.TIMEOUT: (_SERVER, _VERIFY),
    AttemptOutcome.NOT_HTTP: (_BAD_ANSWER, _VERIFY),
    AttemptOutcome.SUCCESS: (_RETURN, _RETURN),
    AttemptOutcome.CODE_IN_SUCCESS: (_BY_CODE, _BY_CODE),
    AttemptOutcome.ODD_CODE_IN_SUCCESS: (_BAD_ANSWER, _VERIFY),
    AttemptOutcome.UNREADABLE: (_BAD_ANSWER, _VERIFY),
    AttemptOutcome.REDIRECT: (_REDIRECT, _VERIFY),
    AttemptOutcome.FOREIGN: (None, _VERIFY),
    AttemptOutcome.CLOCK: (_CLOCK, _CLOCK),
    AttemptOutcome.UNAUTHORIZED: (_CREDENTIALS, _CREDENTIALS),
    AttemptOutcome.REFUSED: (_BY_CODE, _BY_CODE),
    AttemptOutcome.CUT_REFUSAL: (_BAD_ANSWER, _VERIFY),
    AttemptOutcome.THROTTLED: (_THROTTLED, _THROTTLED),
    AttemptOutcome.ODD_REFUSAL: (_SERVER, _VERIFY),
    AttemptOutcome.BACKEND_TIMEOUT: (_SERVER, _VERIFY),
    AttemptOutcome.SERVER: (_SERVER, _VERIFY),
}


class Verdict(t.NamedTuple):
    """How one attempt ended, with everything that the next step needs.

    :param outcome: the row of the policy.
    :param step: what follows for this request.
    :param answer: set if and only if *step* is RETURN.
    :param error: raised if nothing else follows.
    :param wait: seconds of Retry-After, at most :data:`MAX_RETRY_AFTER`, or None.
    :param services_own: whether the service or its gateway certainly wrote the answer. Any other may come from a proxy, with a clock of its own.
    """

    outcome: AttemptOutcome
    step: Step
    answer: Answer | None = None
    error: ApiError | None = None
    wait: float | None = None
    services_own: bool = False


def judge_failure(request: Request, outcome: AttemptOutcome, cause: str) -> Verdict:
    """Judge an attempt without an answer.

    :param outcome: NO_CONNECTION, TLS, RESET, TIMEOUT or NOT_HTTP.
    :param cause: what happened, safe to show.
    """
    return _failed(request, outcome, ServiceError(None, cause), None)


def judge(
    request: Request,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    problem: str = "",
    skew: float = 0.0,
    secrets: t.Sequence[str] = (),
) -> Verdict:
    """Judge an attempt that brought at least a status.

    :param status: HTTP status.
    :param headers: headers of the answer, names in lower case.
    :param body: the part of the body that could be read.
    :param problem: why the body is incomplete ("broke off before its end", or :data:`LATE`), or "".
    :param skew: seconds, at least, by which the time of the signature was ahead of the answer's ``Date``; 0.0 for an unsigned request.
    :param secrets: secrets in the request, which no message may show, longest first.
    """
    json_body: t.Any = None
    whole, success = not problem, status in _SUCCESS or (request.raw and status == 206)
    if whole:
        try:
            json_body = _body_of(request, status, headers, body, success=success)
        except UnreadableError as exc:
            problem, whole = str(exc), exc.whole
    error = service_error(json_body, explicit=success, secrets=secrets)
    if request.raw and not success:
        error = obs_error(body, secrets)
    own = is_services_own(error.code)
    if request.writes and 400 <= status < 500 and not own:
        outcome = AttemptOutcome.FOREIGN
    elif success and not is_gateway(error.code, "0201") and not is_gateway(error.code, "0308"):
        outcome = _outcome_of_success(error, problem, failed=request.writes and reports_failure(json_body))
    else:
        outcome = _outcome(status, error, skew, whole=whole, clock_known="date" in headers)
    request_id = printable(without(headers.get("x-request-id", "").strip(), secrets), 80) or error.request_id
    if outcome is AttemptOutcome.SUCCESS:
        answer = Answer(status, json_body, request_id, headers)
        return Verdict(outcome, Step.RETURN, answer, services_own=True)
    words = _error_text(outcome, error.message, _host_of(without(headers.get("location", ""), secrets)), problem, skew)
    failure = ServiceError(error.code, words, request_id)
    return _failed(request, outcome, failure, status, wait=retry_after(headers), services_own=own and status < 500)


def _body_of(request: Request, status: int, headers: Mapping[str, str], body: bytes, *, success: bool) -> t.Any:
    """Read the body in the form that *request* expects, JSON by default. :raises UnreadableError: it has another form."""
    if request.raw:
        return parse_raw(status, headers, body)
    if request.text and success:
        return parse_text(status, headers, body)
    return parse_json(status, headers, body, may_be_empty=request.writes or status == 204)


def _outcome_of_success(error: ServiceError, problem: str, *, failed: bool) -> AttemptOutcome:
    if problem:
        return AttemptOutcome.TIMEOUT if problem == LATE else AttemptOutcome.UNREADABLE
    if error.code is None:
        return AttemptOutcome.ODD_CODE_IN_SUCCESS if failed else AttemptOutcome.SUCCESS
    return AttemptOutcome.CODE_IN_SUCCESS if is_documented(error.code, error.message) else AttemptOutcome.ODD_CODE_IN_SUCCESS


def _outcome(status: int, error: ServiceError, skew: float, *, whole: bool, clock_known: bool) -> AttemptOutcome:
    if is_gateway(error.code, "0201"):
        return AttemptOutcome.BACKEND_TIMEOUT
    if status == 429 or is_gateway(error.code, "0308"):
        return AttemptOutcome.THROTTLED
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECT
    if not 400 <= status < 500:
        return AttemptOutcome.SERVER if 500 <= status < 600 else AttemptOutcome.NOT_HTTP
    if status == 401:
        off = abs(skew) > CLOCK_BLAMED or (not clock_known and blames_clock(error.message))
        return AttemptOutcome.CLOCK if off and not blames_token(error.message) else AttemptOutcome.UNAUTHORIZED
    if blames_token(error.message) or is_gateway(error.code, "0307"):
        return AttemptOutcome.UNAUTHORIZED
    if status not in _REFUSALS:
        return AttemptOutcome.ODD_REFUSAL
    return AttemptOutcome.REFUSED if whole else AttemptOutcome.CUT_REFUSAL


def _error_text(outcome: AttemptOutcome, message: str, place: str, problem: str, skew: float) -> str:
    """The text of the error: the service's *message*, or our own if there is none or it does not name the cause. Never empty."""
    if outcome is AttemptOutcome.REDIRECT:
        return f"redirected to {place}; redirects are not followed"
    if outcome is AttemptOutcome.UNREADABLE:
        return f"the answer cannot be understood: its body {problem}"
    if outcome is AttemptOutcome.TIMEOUT:
        return "the answer did not arrive in time"
    if outcome is AttemptOutcome.CLOCK and skew:
        return f"{message or 'the signature was refused'}; this machine's clock is {skew_text(skew)} the service's"
    return message or "no message from the service" + (f": the body {problem}" if problem else "")


def _failed(
    request: Request,
    outcome: AttemptOutcome,
    error: ServiceError,
    status: int | None,
    *,
    wait: float | None = None,
    services_own: bool = False,
) -> Verdict:
    next_step = RETRY_POLICY[outcome][1 if request.writes else 0] or _BY_CODE
    failure = ApiError(
        next_step.kind or kind_of(status, error.code, error.message),
        printable(error.message),
        status=status,
        code=error.code,
        request_id=error.request_id,
        method=request.method,
        path=request.shown_path,
    )
    return Verdict(outcome, next_step.step, error=failure, wait=wait, services_own=services_own)


def skew_text(skew: float) -> str:
    """``20m 05s ahead of`` or ``3s behind``, for the seconds by which a clock is ahead."""
    return f"{duration_text(round(abs(skew)))} {'ahead of' if skew > 0 else 'behind'}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of ``Retry-After``, 0 to :data:`MAX_RETRY_AFTER`, from a number or from a date compared with ``Date``; None if unknown."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return min(float(value), MAX_RETRY_AFTER)
    until, now = date_ms(value), date_ms(headers.get("date"))
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now) / 1000), MAX_RETRY_AFTER)


def _host_of(location: str) -> str:
    """Scheme and host of a Location; the rest may contain secrets."""
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return "an unreadable address"
    if not host:
        return "another path"
    return printable(f"{parts.scheme or 'https'}://{host}", 120)
