# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retry policy: every outcome of an attempt, row by row, without a network."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import FATAL_KINDS, REMEDIES, ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._http.error_codes import is_documented, kind_of, service_error
from ansible_collections.dataarts.factory.plugins.module_utils._http.json_body import MAX_BODY, UnreadableError, parse_json
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Request
from ansible_collections.dataarts.factory.plugins.module_utils._http.retry_policy import (
    LATE,
    RETRY_POLICY,
    AttemptOutcome,
    Step,
    judge,
    judge_failure,
    retry_after,
)
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import outcome_of

READ = Request("GET", "https://dayu.example", "/v2/p/jobs/a%2Fb", "v2.list")
WRITE = Request("POST", "https://dayu.example", "/v2/p/jobs/a%2Fb", "v2.retry", writes=True)
DATE = {"date": "Mon, 23 Nov 2026 03:00:00 GMT"}


def error(code: str, message: str = "words") -> bytes:
    return json.dumps({"error_code": code, "error_msg": message}).encode()


def verdict_of(request: Request, status: int, body: bytes = b"", **more: t.Any) -> t.Any:
    headers = {"content-length": str(len(body)), "x-request-id": "abc", **DATE, **more.pop("headers", {})}
    return judge(request, status, headers, body, **more)


#: Status, body, further arguments, outcome; the same for a read and a write.
CASES: list[tuple[int, bytes, dict[str, t.Any], AttemptOutcome]] = [
    (200, b'{"total": 0}', {}, AttemptOutcome.SUCCESS),
    (200, b"[]", {}, AttemptOutcome.SUCCESS),
    (201, b"{}", {}, AttemptOutcome.SUCCESS),
    (202, b'{"code": 0, "message": "no error code"}', {}, AttemptOutcome.SUCCESS),
    (204, b"", {}, AttemptOutcome.SUCCESS),
    (200, b'{"error_code": ""}', {}, AttemptOutcome.SUCCESS),
    (200, b'{"error_code": null, "total": 1}', {}, AttemptOutcome.SUCCESS),
    (200, error("DLF.0137"), {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, error("DLF.30137"), {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, error("DLF.3051"), {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, error("APIGW.0301"), {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, error("DLF.9999", "Job a have no instances to rerun"), {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, error("DLF.9999"), {}, AttemptOutcome.ODD_CODE_IN_SUCCESS),
    (200, b'{"errorCode": "X"}', {}, AttemptOutcome.ODD_CODE_IN_SUCCESS),
    (200, b'{"code": "DLF.0137", "message": "x"}', {}, AttemptOutcome.CODE_IN_SUCCESS),
    (200, b'{"error": {"code": "APIGW.0201", "message": "x"}}', {}, AttemptOutcome.BACKEND_TIMEOUT),
    (200, b'{"code": 0, "message": "ok"}', {}, AttemptOutcome.SUCCESS),
    (200, b'{"code": "SUCCESS", "message": "ok", "error": null, "is_success": true}', {}, AttemptOutcome.SUCCESS),
    (200, b'{"total": 1', {}, AttemptOutcome.UNREADABLE),
    (200, b"<html>", {}, AttemptOutcome.UNREADABLE),
    (200, b'"text"', {}, AttemptOutcome.UNREADABLE),
    (200, b"null", {}, AttemptOutcome.UNREADABLE),
    (200, b'{"a": "\xff"}', {}, AttemptOutcome.UNREADABLE),
    (200, b"{}", {"headers": {"content-length": "9"}}, AttemptOutcome.UNREADABLE),
    (200, b"{}", {"headers": {"content-length": "2, 3"}}, AttemptOutcome.UNREADABLE),
    (200, b"{}", {"headers": {"content-encoding": "gzip"}}, AttemptOutcome.UNREADABLE),
    (200, b"", {"problem": "broke off before its end"}, AttemptOutcome.UNREADABLE),
    (204, b"", {"problem": "broke off before its end"}, AttemptOutcome.UNREADABLE),
    (200, b"", {"problem": LATE}, AttemptOutcome.TIMEOUT),
    (200, b"{" + b" " * MAX_BODY + b"}", {}, AttemptOutcome.UNREADABLE),
    *((status, b"", {}, AttemptOutcome.REDIRECT) for status in (300, 301, 302, 303, 304, 307, 308)),
    (401, error("APIGW.0301"), {"skew": 1201.0}, AttemptOutcome.CLOCK),
    (401, error("APIGW.0303"), {"skew": -1201.0}, AttemptOutcome.CLOCK),
    (401, error("APIGW.0303", "the timestamp is out of range"), {"headers": {"date": "x"}}, AttemptOutcome.UNAUTHORIZED),
    (401, error("APIGW.0301"), {"skew": 300.0}, AttemptOutcome.UNAUTHORIZED),
    (401, error("APIGW.0301", "The token must be updated"), {"skew": -4000.0}, AttemptOutcome.UNAUTHORIZED),
    (400, error("DLF.0001", "The token must be updated"), {}, AttemptOutcome.UNAUTHORIZED),
    (
        403,
        error("APIGW.0302", "Incorrect IAM authentication information: The token must be updated"),
        {"skew": 1201.0},
        AttemptOutcome.UNAUTHORIZED,
    ),
    (403, error("APIGW.0307"), {}, AttemptOutcome.UNAUTHORIZED),
    (500, error("APIGW.0307", "The token must be updated"), {}, AttemptOutcome.SERVER),
    (400, error("DLF.0137"), {}, AttemptOutcome.REFUSED),
    (403, error("DLF.6888"), {}, AttemptOutcome.REFUSED),
    (404, error("APIGW.0101"), {}, AttemptOutcome.REFUSED),
    (409, error("DAYU.4711"), {}, AttemptOutcome.REFUSED),
    (400, b'{"errorCode": "DLF.0137", "errorMsg": "words"}', {}, AttemptOutcome.REFUSED),
    (429, error("APIGW.0308"), {}, AttemptOutcome.THROTTLED),
    (400, error("APIG.0308"), {}, AttemptOutcome.THROTTLED),
    (503, error("APIGW.0308"), {}, AttemptOutcome.THROTTLED),
    (200, error("APIGW.0308"), {}, AttemptOutcome.THROTTLED),
    *((status, error("DLF.0137"), {}, AttemptOutcome.ODD_REFUSAL) for status in (408, 418, 421, 425, 451, 499)),
    (504, error("APIGW.0201"), {}, AttemptOutcome.BACKEND_TIMEOUT),
    (400, error("APIG.0201"), {}, AttemptOutcome.BACKEND_TIMEOUT),
    (200, error("APIGW.0201"), {}, AttemptOutcome.BACKEND_TIMEOUT),
    (400, error("DLF.0201"), {}, AttemptOutcome.REFUSED),
    *((status, b"", {}, AttemptOutcome.SERVER) for status in (500, 501, 502, 503, 504, 507, 599)),
    (500, error("DLF.0137"), {}, AttemptOutcome.SERVER),
    *((status, b"", {}, AttemptOutcome.NOT_HTTP) for status in (100, 101, 203, 206, 226, 600, 999)),
]
PAGE = b"<html>Blocked by policy</html>"
BROKE_OFF = {"problem": "broke off before its end"}
REFUSALS = (400, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431)
#: 4xx without the service's own error body, perhaps from a proxy: status, body, further arguments, outcome of a read.
FOREIGN: list[tuple[int, bytes, dict[str, t.Any], AttemptOutcome]] = [
    (401, PAGE, {}, AttemptOutcome.UNAUTHORIZED),
    (401, PAGE, {"skew": 1201.0}, AttemptOutcome.CLOCK),
    (401, b"The token must be updated", {}, AttemptOutcome.UNAUTHORIZED),
    (401, b"", BROKE_OFF, AttemptOutcome.UNAUTHORIZED),
    (429, b"", {}, AttemptOutcome.THROTTLED),
    (429, PAGE, {"problem": LATE}, AttemptOutcome.THROTTLED),
    (429, b'{"message": "slow down"}', {"headers": {"retry-after": "30"}}, AttemptOutcome.THROTTLED),
    *((status, b"", {}, AttemptOutcome.REFUSED) for status in REFUSALS),
    *((status, PAGE, {}, AttemptOutcome.REFUSED) for status in REFUSALS),
    *((status, b'{"error": "forbidden", "code": 403, "message": "no"}', {}, AttemptOutcome.REFUSED) for status in REFUSALS),
    (400, b'{"error_code": "403", "error_msg": "a status for a code"}', {}, AttemptOutcome.REFUSED),
    (400, b'{"error_code": "DLF", "error_msg": "no number"}', {}, AttemptOutcome.REFUSED),
    (400, b'{"error_msg": "words alone"}', {}, AttemptOutcome.REFUSED),
    (400, b'["DLF.0137"]', {}, AttemptOutcome.REFUSED),
    (404, b"\xff\xfe", {}, AttemptOutcome.REFUSED),
    (404, error("DLF.0137"), {"headers": {"content-encoding": "gzip"}}, AttemptOutcome.REFUSED),
    *((status, b'{"error_code": "DLF.01', BROKE_OFF, AttemptOutcome.CUT_REFUSAL) for status in REFUSALS),
    (404, b"", {"problem": LATE}, AttemptOutcome.CUT_REFUSAL),
    (400, error("DLF.0137"), {"headers": {"content-length": "999"}}, AttemptOutcome.CUT_REFUSAL),
    (400, b'{"error_code": ', {}, AttemptOutcome.CUT_REFUSAL),
    (404, b'[{"error_code": "APIGW', {}, AttemptOutcome.CUT_REFUSAL),
    (408, b"", BROKE_OFF, AttemptOutcome.ODD_REFUSAL),
    *((status, b"", {}, AttemptOutcome.ODD_REFUSAL) for status in (408, 418, 421, 425, 451, 499)),
]


@pytest.mark.parametrize(("status", "body", "more", "outcome"), FOREIGN)
def test_only_the_services_own_error_proves_that_a_write_was_not_executed(
    status: int, body: bytes, more: dict[str, t.Any], outcome: AttemptOutcome
) -> None:
    written = verdict_of(WRITE, status, body, **dict(more))
    assert (written.outcome, written.step, written.error.kind) == (AttemptOutcome.FOREIGN, Step.VERIFY, Kind.AMBIGUOUS)
    assert written.error.message
    assert verdict_of(READ, status, body, **dict(more)).outcome is outcome


@pytest.mark.parametrize("made", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize(("status", "body", "more", "outcome"), CASES)
def test_every_answer_has_its_row(status: int, body: bytes, more: dict[str, t.Any], outcome: AttemptOutcome, made: Request) -> None:
    verdict = verdict_of(made, status, body, **dict(more))
    assert verdict.outcome is outcome
    next_step = RETRY_POLICY[outcome][1 if made.writes else 0]
    assert next_step is not None
    assert verdict.step is next_step.step
    if next_step.step is Step.RETURN:
        assert verdict.error is None
        assert verdict.answer.status == status
        assert verdict.answer.request_id == "abc"
        return
    assert verdict.answer is None
    assert verdict.error.kind is (next_step.kind or kind_of(status, verdict.error.code, verdict.error.message))
    assert verdict.error.message
    assert verdict.error.hint
    assert (verdict.error.status, verdict.error.request_id) == (status, "abc")
    assert (verdict.error.method, verdict.error.path) == (made.method, "/v2/p/jobs/a/b")


def test_the_cases_cover_every_row_that_an_answer_can_have() -> None:
    without_answer = {AttemptOutcome.NO_CONNECTION, AttemptOutcome.TLS, AttemptOutcome.RESET}
    assert {case[3] for case in (*CASES, *FOREIGN)} | without_answer | {AttemptOutcome.FOREIGN} == set(AttemptOutcome)
    for outcome in without_answer:
        for request in (READ, WRITE):
            verdict = judge_failure(request, outcome, "cause")
            assert verdict.error is not None
            assert verdict.error.message == "cause"
            next_step = RETRY_POLICY[outcome][1 if request.writes else 0]
            assert next_step is not None
            assert verdict.error.kind is next_step.kind


def test_an_empty_body_is_success_only_for_a_write_and_only_where_its_length_is_told() -> None:
    assert verdict_of(WRITE, 200).outcome is AttemptOutcome.SUCCESS
    assert verdict_of(READ, 200).outcome is AttemptOutcome.UNREADABLE
    assert judge(WRITE, 200, {"transfer-encoding": "chunked"}, b"").outcome is AttemptOutcome.SUCCESS
    # The connection may have been lost within the headers.
    assert judge(WRITE, 200, {}, b"").outcome is AttemptOutcome.UNREADABLE
    assert judge(WRITE, 200, {}, b"\n").outcome is AttemptOutcome.UNREADABLE
    assert judge(WRITE, 200, {"transfer-encoding": "identity"}, b"").outcome is AttemptOutcome.UNREADABLE
    assert judge(WRITE, 200, {"transfer-encoding": "identity", "content-length": "9"}, b"{}").outcome is AttemptOutcome.UNREADABLE
    assert judge(WRITE, 204, {}, b"").outcome is AttemptOutcome.SUCCESS
    assert judge(READ, 404, {}, b"").outcome is AttemptOutcome.CUT_REFUSAL
    assert verdict_of(WRITE, 200).answer.body is None


def test_a_clock_can_be_blamed_by_words_only_where_no_date_tells() -> None:
    body = error("APIGW.0303", "signature expired")
    assert judge(READ, 401, {}, body).outcome is AttemptOutcome.CLOCK
    assert judge(READ, 401, DATE, body).outcome is AttemptOutcome.UNAUTHORIZED
    message = verdict_of(READ, 401, body, skew=-1205.0).error.message
    assert message == "signature expired; this machine's clock is 20m 05s behind the service's"


def test_what_a_write_may_not_do() -> None:
    """A write is retried only if the service cannot have begun to process it, and reported as failed only if it was refused."""
    again = {outcome for outcome, (_read, write) in RETRY_POLICY.items() if write.step is Step.RETRY}
    assert again == {AttemptOutcome.NO_CONNECTION, AttemptOutcome.THROTTLED}
    verify = {outcome for outcome, (_read, write) in RETRY_POLICY.items() if write.step is Step.VERIFY}
    assert verify == {
        AttemptOutcome.RESET,
        AttemptOutcome.TIMEOUT,
        AttemptOutcome.NOT_HTTP,
        AttemptOutcome.ODD_CODE_IN_SUCCESS,
        AttemptOutcome.UNREADABLE,
        AttemptOutcome.REDIRECT,
        AttemptOutcome.FOREIGN,
        AttemptOutcome.CUT_REFUSAL,
        AttemptOutcome.ODD_REFUSAL,
        AttemptOutcome.BACKEND_TIMEOUT,
        AttemptOutcome.SERVER,
    }
    for read, write in RETRY_POLICY.values():
        assert (write.step is Step.VERIFY) == (write.kind is Kind.AMBIGUOUS)
        assert read is None or (read.kind is not Kind.AMBIGUOUS and read.step is not Step.VERIFY)


@given(st.integers(100, 999), st.binary(max_size=30), st.booleans(), st.text(max_size=10))
def test_no_answer_escapes_the_table(status: int, body: bytes, writes: bool, problem: str) -> None:
    verdict = judge(WRITE if writes else READ, status, {}, body, problem=problem)
    assert (verdict.answer is None) != (verdict.error is None)
    if verdict.error is not None:
        assert verdict.error.kind is not Kind.AMBIGUOUS or writes
        assert not (writes and status >= 500 and verdict.error.kind is not Kind.AMBIGUOUS)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_remedy(kind: Kind) -> None:
    remedy = REMEDIES[kind]
    assert remedy.endswith(".")
    assert len(remedy) > 30
    assert ApiError(kind, "words").hint == remedy
    assert ApiError(kind, "words", hint="Another.").hint == "Another."


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "DLF.0100", "", Kind.NOT_FOUND),
        (400, "DLF.30100", "", Kind.NOT_FOUND),
        (400, "DLF.0137", "", Kind.NOT_FOUND),
        (400, "DLF.30137", "", Kind.NOT_FOUND),
        (400, "DLF.0819", "", Kind.NOT_FOUND),
        (400, "DLF.20819", "", Kind.NOT_FOUND),
        (400, "DLF.1000", "Failed to find the job.", Kind.NOT_FOUND),
        (400, "DLF.0136", "", Kind.NOT_RERUNNABLE),
        (400, "DLF.30136", "", Kind.NOT_RERUNNABLE),
        (400, "DLF.30111", "", Kind.NOT_RERUNNABLE),
        (400, "DLF.30107", "", Kind.ALREADY_RUNNING),
        (400, "DLF.3051", "The job daily is running.", Kind.ALREADY_RUNNING),
        (400, "DLF.3051", "The request parameter is invalid.", Kind.INVALID),
        (400, "DLF.6888", "", Kind.NO_PERMISSION),
        (400, "DLF.3004", "", Kind.INVALID),
        (400, "DLF.30125", "", Kind.INVALID),
        (400, "DLF.7777", "", Kind.INVALID),
        (400, "DLF.0100x", "", Kind.INVALID),
        (404, "APIGW.0101", "The API does not exist or has not been published in the environment", Kind.NOT_PUBLISHED),
        (404, "APIG.0101", "", Kind.NOT_PUBLISHED),
        (403, None, "This API is not open to your account", Kind.NOT_PUBLISHED),
        (400, None, "the api has not been published", Kind.NOT_PUBLISHED),
        (403, None, "You have no access to the API", Kind.NO_PERMISSION),
        (404, None, "the job does not exist", Kind.NOT_FOUND),
        (401, "APIGW.0301", "", Kind.CREDENTIALS),
        (401, "APIG.0303", "", Kind.CREDENTIALS),
        (401, "APIGW.0307", "The token must be updated", Kind.CREDENTIALS),
        (401, None, "The token must be updated", Kind.CREDENTIALS),
        (401, "IAM.0011", "", Kind.CREDENTIALS),
        (429, None, "", Kind.THROTTLED),
        (400, "APIGW.0308", "", Kind.THROTTLED),
        (400, "APIGW.0106", "", Kind.INVALID),
        (403, None, "", Kind.NO_PERMISSION),
        (404, None, "", Kind.NOT_FOUND),
        (407, None, "", Kind.UNREACHABLE),
        (413, None, "", Kind.INVALID),
        (400, "DLF.3051", "Job daily have no instances to rerun", Kind.NOTHING_TO_RERUN),
        (400, None, "Job daily has no instance to rerun.", Kind.NOTHING_TO_RERUN),
        (500, None, "", Kind.SERVER),
        (None, None, "", Kind.INVALID),
    ],
)
def test_kinds(status: int | None, code: str | None, message: str, kind: Kind) -> None:
    assert kind_of(status, code, message) is kind


@pytest.mark.parametrize(
    "body",
    [
        b'{"error_msg": "boom"}',
        b'{"error": "boom"}',
        b'{"error": {"code": 7}}',
        b'{"isSuccess": false}',
        b'{"is_success": false, "data": 1}',
    ],
)
def test_a_200_that_says_that_a_write_failed_is_not_a_success(body: bytes) -> None:
    """Whatever the message, the outcome is read back. The answer to a read may have such fields itself."""
    assert verdict_of(WRITE, 200, body).outcome is AttemptOutcome.ODD_CODE_IN_SUCCESS
    assert verdict_of(READ, 200, body).outcome is AttemptOutcome.SUCCESS


def test_only_documented_codes_are_believed_with_a_200() -> None:
    documented = ["DLF.0100", "DLF.30100", "DLF.3018", "DLF.6888", "DLF.20810", "DLF.30121", "DLF.6423", "APIG.0101", "APIGW.0303"]
    assert all(is_documented(code) for code in documented)
    assert not any(is_documented(code) for code in ("DLF.9999", "DLF.40137", "DLF.137", "0137", "OK", "0", "SUCCESS", "APIGW.9999", None))


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error_code": "DLF.1000", "error_msg": "Failed to find the job."}, "DLF.1000", "Failed to find the job."),
        ({"errorCode": "DLF.1000", "errorMsg": "words"}, "DLF.1000", "words"),
        ({"error": {"code": 401, "message": "wrong password", "title": "Unauthorized"}}, "401", "wrong password"),
        ({"error": {"code": 401, "title": "Unauthorized"}}, "401", "Unauthorized"),
        ({"code": "X.1", "message": "words"}, "X.1", "words"),
        ({"message": "words"}, None, "words"),
        ({"error": "words"}, None, "words"),
        ({"error_code": None, "error_msg": ["x"]}, None, ""),
        ({"error_code": True}, None, ""),
        ({"error_code": "  "}, None, ""),
        ({"error_code": "\x1b[31m", "error_msg": "a\nb\u202e"}, "\\x1b[31m", "a\\nb\\u202e"),
        ({"error_code": "x" * 1000, "error_msg": "y" * 100_000}, "x" * 39 + "…", "y" * 499 + "…"),
        ([], None, ""),
        (None, None, ""),
    ],
)
def test_error_bodies(body: t.Any, code: str | None, message: str) -> None:
    service_words = service_error(body)
    assert (service_words.code, service_words.message) == (code, message)


def test_the_request_id_of_a_body_is_used_where_no_header_has_one() -> None:
    body = json.dumps({"error_code": "APIGW.0301", "error_msg": "x", "request_id": "from body"}).encode()
    failure = judge(READ, 401, {}, body).error
    assert failure is not None
    assert failure.request_id == "from body"
    assert verdict_of(READ, 401, body).error.request_id == "abc"


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://user:hunter2@evil.example:8443/path?token=hunter2#x", "https://evil.example;"),
        ("//evil.example/x", "https://evil.example;"),
        ("/elsewhere?token=hunter2", "another path;"),
        ("", "another path;"),
        ("https://[hunter2", "an unreadable address;"),
        ("https://\x1b[2Jevil.example/", "https://\\x1b[2jevil.example;"),
    ],
)
def test_a_redirect_names_only_scheme_and_host(location: str, place: str) -> None:
    message = verdict_of(READ, 302, headers={"location": location}).error.message
    assert message.startswith(f"redirected to {place}") or "unreadable address" in message
    assert "hunter2" not in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "3600"}, 60),
        ({"retry-after": "999999999"}, 60),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": "Mon, 23 Nov 2026 03:00:07 GMT", **DATE}, 7),
        ({"retry-after": "Mon, 23 Nov 2026 02:00:00 GMT", **DATE}, 0),
        ({"retry-after": "Mon, 23 Nov 2026 05:00:00 GMT", **DATE}, 60),
        ({"retry-after": "Mon, 23 Nov 2026 03:00:07 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"9" * 1_000_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * 101 + b"]" * 101,
        b"[" * 3000 + b"]" * 3000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b"{'a': 1}",
        b"{} {}",
        b"\x00",
        b"1",
        b"[" + b"[]," * 300_000 + b"[]]",
    ],
)
def test_bodies_that_are_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_json(200, {}, body, may_be_empty=True)
    assert len(str(caught.value)) < 80


def test_a_hundred_levels_are_read() -> None:
    assert parse_json(200, {}, b"[" * 100 + b"]" * 100, may_be_empty=False)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        json_body = parse_json(200, {}, body, may_be_empty=True)
    except UnreadableError:
        return
    assert json_body is None or isinstance(json_body, (dict, list))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.booleans())
def test_json_comes_back(value: dict[str, t.Any], plain: bool) -> None:
    body = json.dumps(value, ensure_ascii=plain).encode("utf-8")
    assert parse_json(200, {"content-length": str(len(body))}, body, may_be_empty=False) == value


def test_of_a_key_that_occurs_twice_the_last_counts() -> None:
    assert parse_json(200, {}, b'{"a": 1, "a": 2}', may_be_empty=False) == {"a": 2}


def test_what_is_fatal_is_never_a_lone_instances_fault() -> None:
    assert not FATAL_KINDS & {Kind.AMBIGUOUS, Kind.NOT_FOUND, Kind.NOTHING_TO_RERUN, Kind.THROTTLED}


@pytest.mark.parametrize("kind", Kind)
def test_only_an_ambiguous_rerun_may_have_taken_effect(kind: Kind) -> None:
    assert (outcome_of(kind, 1)[0] is Outcome.UNKNOWN) is (kind is Kind.AMBIGUOUS)
