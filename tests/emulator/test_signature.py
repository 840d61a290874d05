# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification of signatures, compared with the official SDK's signer."""

from __future__ import annotations

import string
import typing as t
from urllib.parse import quote

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from emulator.gateway import signature
from emulator.gateway.errors import Refusal
from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V2, request, retry, retry_body, sdk_date, send, sign
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, WORKSPACE_ID

NAMES = [
    "plain",
    "a b",
    "a/b",
    "a%b",
    "a%2Fb",
    "it's",
    "a+b",
    "a?b#c",
    "每日销售",
    "ü",
    "😀",
    "~tilde-._",
    "&=;,",
    "x" * 3000,
    '"<>\\^`{|}',
    "ends/",
]
PATH = f"{JOBS_V2}/daily_sales/instances/detail"
HEADERS = {"workspace": WORKSPACE_ID, "X-Project-Id": PROJECT_ID}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_accepted_as_the_sdk_signs_it(night: t.Callable[..., Running], name: str) -> None:
    service = night(jobs=[{"name": name, "failed": 1}])
    now = service.now_ms()
    query = {"min_plan_time": now - 10_000_000, "limit": 10, "status": "fail", "odd value": "ä +/%"}
    reply = request(service.endpoint, "GET", f"{JOBS_V2}/{quote(name, safe='~')}/instances/detail", query=query)
    assert reply.status == 200, reply.body
    assert reply.data["instances"][0]["job_name"] == name
    assert retry(service, name, retry_body(reply.data["instances"])).status == 200
    assert service.journal()[0]["job_name"] == name


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
HEADER_VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)
HEADER_NAMES = st.text(string.ascii_lowercase + "-", min_size=2, max_size=12).map(lambda name: f"x-{name}")


@given(
    name=TEXT,
    query=st.dictionaries(TEXT, TEXT | st.integers(), max_size=4),
    headers=st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=3),
    body=st.binary(max_size=50),
)
def test_the_text_to_sign_is_the_sdks(name: str, query: dict[str, t.Any], headers: dict[str, str], body: bytes) -> None:
    path = f"/v2/p/factory/jobs/{quote(name, safe='~')}/x"
    signer = Signer(BasicCredentials("ak", "sk"))
    request = SdkRequest(
        "GET", "https", "host", path, None, list(query.items()), {**headers, "Host": "host", "X-Sdk-Date": "20260101T000000Z"}, body
    )
    request.query_params = list(query.items())
    signed = signer._process_signed_headers(request)
    expected = signer._process_canonical_request(request, signed)
    raw_query = signer._process_canonical_query_string(request)
    lower = {key.lower(): value for key, value in {**headers, "Host": "host", "X-Sdk-Date": "20260101T000000Z"}.items()}
    assert signature.canonical_request("GET", path, raw_query, lower, signed, body) == expected


def _tampered(service: Running, **changes: t.Any) -> str:
    """Sign a valid rerun, replace parts of the request by *changes*, send it, and return ``STATUS CODE`` of the answer."""
    body = b'{"retry_location": "errorNode"}'
    path = f"{JOBS_V2}/daily_sales/instances/retry"
    headers = {**HEADERS, "Content-Type": "application/json", "X-Extra": "one"}
    request = sign(service.endpoint, "POST", path, {"a": "1"}, body, headers)
    parts = {"method": "POST", "uri": request.uri, "body": body, "headers": dict(request.header_params)}
    for name, value in changes.items():
        if isinstance(value, dict):
            parts["headers"].update(value)
        else:
            parts[name] = value
    reply = send(service.endpoint, parts["method"], parts["uri"], parts["body"], parts["headers"])
    return f"{reply.status} {reply.code}"


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b'{"retry_location": "firstNode"}'},
        {"body": b'{"retry_location": "errorNode" }'},
        {"uri": f"{JOBS_V2}/hourly_stock/instances/retry?a=1"},
        {"uri": f"{JOBS_V2}/daily_sales/instances/retry?a=2"},
        {"uri": f"{JOBS_V2}/daily_sales/instances/retry"},
        {"headers": {"X-Extra": "two"}},
        {"headers": {"workspace": "another"}},
        {"headers": {"Authorization": "Bearer nothing"}},
        {"headers": {"Authorization": "SDK-HMAC-SHA256 Access=x"}},
    ],
)
def test_whatever_is_changed_after_signing_is_refused(service: Running, changes: dict[str, t.Any]) -> None:
    assert _tampered(service) == "400 DLF.3051"
    assert _tampered(service, **changes) == "401 APIGW.0301"
    assert service.journal() == []


def test_an_unsigned_header_may_change(service: Running) -> None:
    assert _tampered(service, headers={"X-Not-Signed": "whatever"}) == "400 DLF.3051"


@pytest.mark.parametrize("key", [(ACCESS_KEY, "wrong"), ("AKNOBODY", "wrong"), ("", "")])
def test_a_wrong_key_is_refused(service: Running, key: tuple[str, str]) -> None:
    if key[0]:
        reply = request(service.endpoint, "GET", PATH, key=key)
    else:
        reply = send(service.endpoint, "GET", PATH, headers=HEADERS)
    assert (reply.status, reply.code) == (401, "APIGW.0301")
    assert reply.data["request_id"] == reply.headers["X-Request-Id"]


def test_the_date_must_be_signed(service: Running) -> None:
    headers = dict(sign(service.endpoint, "GET", PATH, headers=HEADERS).header_params)
    headers["Authorization"] = headers["Authorization"].replace(";x-sdk-date", "")
    assert send(service.endpoint, "GET", PATH, headers=headers).status == 401


@pytest.mark.parametrize(("minutes", "status"), [(-16, 401), (-14, 200), (0, 200), (14, 200), (16, 401)])
def test_a_signature_lives_fifteen_minutes_either_way(service: Running, minutes: int, status: int) -> None:
    reply = request(service.endpoint, "GET", PATH, headers={"X-Sdk-Date": sdk_date(service.now_ms() + minutes * 60_000)})
    assert reply.status == status
    assert "Date" in reply.headers
    if status == 401:
        assert reply.code == "APIGW.0303"


def test_the_services_clock_may_be_off(service: Running) -> None:
    service.set(clock_skew_seconds=1200)
    reply = request(service.endpoint, "GET", PATH)
    assert (reply.status, reply.code) == (401, "APIGW.0303")
    assert request(service.endpoint, "GET", PATH, headers={"X-Sdk-Date": sdk_date(service.now_ms())}).status == 200


def test_advancing_the_clock_does_not_spoil_signatures(service: Running) -> None:
    service.advance(86400)
    assert request(service.endpoint, "GET", PATH).status == 200


def test_a_body_that_is_not_json_may_stay_unsigned() -> None:
    headers = {"Content-Type": "text/plain", "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
    assert signature.body_hash(headers, b"text") == "UNSIGNED-PAYLOAD"
    assert signature.body_hash({**headers, "Content-Type": "application/json"}, b"{}") != "UNSIGNED-PAYLOAD"
    assert signature.body_hash({"Content-Type": "text/plain"}, b"text") != "UNSIGNED-PAYLOAD"


def test_an_authorization_header_is_taken_apart() -> None:
    parsed = signature.parse("SDK-HMAC-SHA256 Access=ak, SignedHeaders=host;x-sdk-date, Signature=00ff")
    assert parsed == signature.Signed("ak", ("host", "x-sdk-date"), "00ff")
    with pytest.raises(Refusal):
        signature.parse("AWS4-HMAC-SHA256 Access=ak, SignedHeaders=host, Signature=00")
