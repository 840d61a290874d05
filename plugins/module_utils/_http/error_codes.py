# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error codes and error bodies of the service, and the kinds of errors that they mean."""

from __future__ import annotations

import re
import typing as t

from .._common.errors import Kind
from .._common.text import printable

#: DLF codes by their last four digits: DLF.0137 and DLF.30137 mean the same, as do 0819 and 20819 [OTC-ERR][H-ERR][H-67][DGC-UG][TF].
_DLF = {
    "0100": Kind.NOT_FOUND,
    "0137": Kind.NOT_FOUND,
    "0819": Kind.NOT_FOUND,
    "1000": Kind.NOT_FOUND,  # the retry endpoint's own example [H-RET]
    "0111": Kind.NOT_RERUNNABLE,
    "0136": Kind.NOT_RERUNNABLE,
    "0107": Kind.ALREADY_RUNNING,
    "6888": Kind.NO_PERMISSION,
}
#: The other documented DLF codes, which refuse the request as it stands.
_DLF_INVALID = frozenset(
    re.findall(
        "[0-9]{4}",
        """
    0101 0102 0103 0104 0105 0106 0109 0110 0113 0114 0115 0116 0117 0118 0119 0120 0121 0122 0123 0124 0125
    0201 0202 0203 0802 0803 0810 0815 1006 1242 2014 2021 3004 3018 3025 3050 3051
    6201 6205 6241 6247 6253 6258 6259 6263 6264 6265 6271 6309 6322 6323 6416 6418 6423
    """,
    )
)
#: The gateway's codes, with either prefix [APIG][SIGN-FAQ][DLM-ERR]. 0201 is missing, because it is not a refusal: the retry policy has a row for it.
_GATEWAY = {
    "0101": Kind.NOT_PUBLISHED,
    "0106": Kind.INVALID,
    "0301": Kind.CREDENTIALS,
    "0303": Kind.CREDENTIALS,
    "0307": Kind.CREDENTIALS,
    "0308": Kind.THROTTLED,
}
_BY_STATUS = {401: Kind.CREDENTIALS, 403: Kind.NO_PERMISSION, 404: Kind.NOT_FOUND, 407: Kind.UNREACHABLE, 429: Kind.THROTTLED}
_DLF_CODE = re.compile(r"DLF\.[23]?([0-9]{4})")
_GATEWAY_CODE = re.compile(r"APIGW?\.([0-9]{4})")
#: The form of error codes of every part of the service. In a successful answer, ``code`` may mean something else.
_CODE = re.compile(r"[A-Za-z]{2,12}\.[0-9]{3,8}")
_ERRORS = ("error_msg", "errorMsg", "error_message", "errorMessage", "error")
_SUCCEEDED = ("is_success", "isSuccess", "success")
_MESSAGES = ("error_msg", "errorMsg", "error_message", "errorMessage", "message", "error_description", "title", "error")
_NOTHING = re.compile(r"no instances? to rerun", re.IGNORECASE)
_NOT_OPEN = re.compile(r"\bAPIs?\b.{0,80}?\bnot\b.{0,20}?\b(published|open|opened|released)\b|invited beta|邀测", re.IGNORECASE | re.DOTALL)
_RUNNING = re.compile(r"\bis (already )?running\b", re.IGNORECASE)
_CLOCK = re.compile(r"time ?stamp|x-sdk-date|\bclock\b|signature (has )?expired|time (skew|difference)", re.IGNORECASE)


class ServiceError(t.NamedTuple):
    """Content of an error body, safe to show.

    :param code: as the service wrote it, or None.
    :param message: the service's message, or "".
    :param request_id: the request id in the body, or None.
    """

    code: str | None
    message: str
    request_id: str | None = None


def service_error(json_body: t.Any, *, explicit: bool = False, secrets: t.Sequence[str] = ()) -> ServiceError:
    """Code, message and request id of an error body in any of the service's forms.

    The forms are ``{error_code, error_msg}``, ``{errorCode, errorMsg}``, IAM's ``{error: {code, message, title}}`` and ``{code, message}``.

    :param json_body: parsed JSON of any shape.
    :param explicit: for a successful answer: accept the last two forms only with a code in the service's own form.
    :param secrets: masked if the service echoes them; longest first.
    """
    if not isinstance(json_body, dict):
        return ServiceError(None, "")
    inner = json_body.get("error")
    body = inner if isinstance(inner, dict) and (not explicit or _CODE.fullmatch(str(inner.get("code")))) else json_body
    names = ("error_code", "errorCode") if explicit and not _CODE.fullmatch(str(body.get("code"))) else ("error_code", "errorCode", "code")
    message = _first(body, _MESSAGES, 500, secrets)
    return ServiceError(_first(body, names, 40, secrets), message or "", _first(json_body, ("request_id", "requestId"), 80, secrets))


def obs_error(body: bytes, secrets: t.Sequence[str] = ()) -> ServiceError:
    """Code, message and request id of an error body of OBS, which is XML [OBS-ERR]. The XML is searched, not parsed."""
    fields = [
        re.search(f"<{name}>([^<]{{1,500}})</{name}>", body[:20_000].decode("utf-8", "replace"))
        for name in ("Code", "Message", "RequestId")
    ]
    code, message, request_id = (None if match is None else printable(without(match[1].strip(), secrets), 500) for match in fields)
    return ServiceError(code, message or "", request_id)


def reports_failure(json_body: t.Any) -> bool:
    """Whether a successful answer to a write, which should have no body, reports a failure by a message or a flag."""
    if not isinstance(json_body, dict):
        return False
    return any(json_body.get(name) for name in _ERRORS) or any(json_body.get(name) is False for name in _SUCCEEDED)


def without(text: str, secrets: t.Sequence[str]) -> str:
    """*text* with ``***`` in place of every secret."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def is_services_own(code: str | None) -> bool:
    """Whether *code* has the form of the codes of the gateway and of every part of the service (``APIGW.0301``, ``DLF.30137``).

    A proxy or a firewall answers with an HTML page, or with the status as its code.
    """
    return code is not None and _CODE.fullmatch(code) is not None


def is_gateway(code: str | None, number: str) -> bool:
    """Whether *code* is the gateway's code *number*, with either prefix."""
    match = _GATEWAY_CODE.fullmatch(code or "")
    return match is not None and match.group(1) == number


def is_documented(code: str | None, message: str = "") -> bool:
    """Whether *code* or *message* is documented as a refusal, so that it counts even with status 200."""
    return _kind_of_code(code, message) is not None or bool(_NOTHING.search(message))


def kind_of(status: int | None, code: str | None, message: str = "") -> Kind:
    """The kind of error that a refusal means.

    :param status: HTTP status, or None if only a code is known.
    :param code: the service's code in any form, or None.
    :param message: the service's message.
    """
    if _NOTHING.search(message):
        return Kind.NOTHING_TO_RERUN
    kind = _kind_of_code(code, message)
    if kind is not None:
        return kind
    if status is not None and 400 <= status < 500 and status != 401 and _NOT_OPEN.search(message):
        return Kind.NOT_PUBLISHED
    if status is not None and status >= 500:
        return Kind.SERVER
    return _BY_STATUS.get(status or 400, Kind.INVALID)


def blames_clock(message: str) -> bool:
    """Whether the message of a 401 blames the time of the signature."""
    return bool(_CLOCK.search(message))


def blames_token(message: str) -> bool:
    """Whether the message of a refusal says that the token must be renewed [IAM-30], which does not document the status.

    Then the clock is not to blame: requests with a token are not signed.
    """
    return "token must be updated" in message.lower()


def _kind_of_code(code: str | None, message: str) -> Kind | None:
    gateway = _GATEWAY_CODE.fullmatch(code or "")
    if gateway:
        return _GATEWAY.get(gateway.group(1))
    match = _DLF_CODE.fullmatch(code or "")
    if not match:
        return None
    tail = match.group(1)
    if tail == "3051" and _RUNNING.search(message):  # "request parameter invalid", but used for a running job too [GOV2]
        return Kind.ALREADY_RUNNING
    return _DLF.get(tail, Kind.INVALID if tail in _DLF_INVALID else None)


def _first(body: dict[str, t.Any], names: t.Iterable[str], limit: int, secrets: t.Sequence[str]) -> str | None:
    for name in names:
        value = body.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            return printable(without(str(value).strip(), secrets), limit)
    return None
