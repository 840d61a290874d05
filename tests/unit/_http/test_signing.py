# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SDK-HMAC-SHA256, compared with the official SDK's signer."""

from __future__ import annotations

import re
import typing as t

import pytest
import requests
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Request, encoded_path
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth, canonical_path
from ansible_collections.dataarts.factory.plugins.module_utils._http.transport import prepare

AK, SK = "AKIDEXAMPLE0123456", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
WHEN = 1_795_402_800.9


class _Credentials:
    ak, sk = AK, SK


def signed_headers(authorization: str) -> list[str]:
    match = re.fullmatch(rf"SDK-HMAC-SHA256 Access={AK}, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{{64}}", authorization)
    assert match
    return match.group(1).split(";")


def official(request: requests.PreparedRequest, path: str, query: list[tuple[str, str]]) -> str:
    """The Authorization header that the SDK computes for the same method, path, query, body and signed headers."""
    names = signed_headers(request.headers["Authorization"])
    headers = {name: value for name, value in request.headers.items() if name.lower() in names}
    sdk = SdkRequest(
        method=request.method,
        schema="https",
        host=request.headers["Host"],
        resource_path=path,
        query_params=query,
        header_params=headers,
        body=request.body or "",
    )
    return str(Signer(_Credentials()).sign(sdk).header_params["Authorization"])


def sign(call: Request, token: str | None = None) -> requests.PreparedRequest:
    return prepare(call, AkSkAuth(AK, SK, token, clock=lambda: WHEN))


def test_fixed_vector() -> None:
    call = Request(
        "POST",
        "https://dayu.cn-north-4.myhuaweicloud.com",
        encoded_path("v2", "62099355b894428e8916573ae635f1f9", "factory", "jobs", "a/b 每日", "instances", "retry"),
        "v2.retry",
        body={"retry_location": "errorNode"},
        headers=(("workspace", "62fbba734e634c5087656fc3ff7adf34"), ("X-Project-Id", "62099355b894428e8916573ae635f1f9")),
        writes=True,
    )
    request = sign(call)
    assert request.headers["X-Sdk-Date"] == "20261123T030000Z"
    assert request.headers["Host"] == "dayu.cn-north-4.myhuaweicloud.com"
    assert signed_headers(request.headers["Authorization"]) == ["content-type", "host", "workspace", "x-project-id", "x-sdk-date"]
    assert request.headers["Authorization"].endswith("Signature=d4f5afefc1bbcef3b19ff72deafe0c07765ddc63de11b31cff256cdd1c67d165")
    assert request.headers["Authorization"] == official(request, call.path, [])


@pytest.mark.parametrize(
    ("path", "signed"),
    [
        ("/v2/p/a%2Fb/x", "/v2/p/a/b/x/"),
        ("/v2/p/a%252Fb", "/v2/p/a%252Fb/"),
        ("/v2/it's", "/v2/it%27s/"),
        ("/v2/a+b", "/v2/a%2Bb/"),
        ("/", "/"),
        ("", "/"),
        ("/x/", "/x/"),
        ("/%E6%AF%8F~", "/%E6%AF%8F~/"),
    ],
)
def test_canonical_path(path: str, signed: str) -> None:
    assert canonical_path(path) == signed


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40) | st.sampled_from(
    ["a/b", "/", "a%b", "a%2Fb", "what?", "#1", "it's", "a b", "a+b", "~", "每日 销售", "..x", "a" * 200, "{{ 7*7 }}", "&=;,@$!*()"]
)
HEADER = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@settings(max_examples=200)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    st.lists(TEXT, min_size=1, max_size=5),
    st.lists(st.tuples(TEXT, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), max_size=5),
    st.none() | st.dictionaries(st.text(max_size=8), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["workspace", "X-Project-Id", "X-Language", "X_Odd", "X-Domain-Id"]), HEADER, max_size=4),
    st.none() | HEADER,
    st.sampled_from(["https://dayu.example", "https://dayu.example:8443", "http://127.0.0.1:8080/prefix"]),
)
def test_same_signature_as_the_official_signer(
    method: str,
    segments: list[str],
    query: list[tuple[str, str]],
    body: dict[str, t.Any] | None,
    headers: dict[str, str],
    token: str | None,
    base: str,
) -> None:
    assume(not {".", ".."} & set(segments))
    path = encoded_path(*segments)
    request = sign(Request(method, base, path, "any", tuple(query), body, tuple(headers.items())), token)
    authorization = request.headers["Authorization"]
    prefix = "/prefix" if base.endswith("/prefix") else ""
    assert authorization == official(request, prefix + path, query)
    names = set(signed_headers(authorization))
    assert {"host", "x-sdk-date"} <= names
    assert {name.lower() for name in headers if "_" not in name} <= names
    assert "x_odd" not in names
    assert ("x-security-token" in names) == (token is not None)
    assert ("content-type" in names) == (method != "GET")
    assert SK not in repr(request.headers)


def test_every_attempt_is_signed_at_its_own_time() -> None:
    times = iter((WHEN, WHEN + 30))
    auth = AkSkAuth(AK, SK, clock=lambda: next(times))
    call = Request("GET", "https://dayu.example", "/v2", "any")
    first, second = prepare(call, auth), prepare(call, auth)
    assert first.headers["X-Sdk-Date"] == "20261123T030000Z"
    assert second.headers["X-Sdk-Date"] == "20261123T030030Z"
    assert first.headers["Authorization"] != second.headers["Authorization"]


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("", SK), "access_key"),
        (("A K", SK), "access_key"),
        (("AK\n", SK), "access_key"),
        (("ÄK", SK), "access_key"),
        ((AK, ""), "secret_key"),
        ((AK, "\ud800"), "secret_key"),
        ((AK, SK, ""), "security_token"),
        ((AK, SK, "a\r\nX-Evil: 1"), "security_token"),
    ],
)
def test_keys_that_cannot_be_used(arguments: tuple[t.Any, ...], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        AkSkAuth(*arguments)
    assert f"Failed to use {option}: " in str(caught.value)
    assert "Set it" in str(caught.value)


def test_repr_shows_no_key() -> None:
    text = repr(AkSkAuth(AK, SK, "TOKEN"))
    assert AK not in text
    assert SK not in text
    assert "TOKEN" not in text
