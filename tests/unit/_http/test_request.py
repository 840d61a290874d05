# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests before they are sent: names are encoded correctly in URLs, or refused."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import (
    MAX_SEGMENT,
    Answer,
    Request,
    check_base,
    encoded_path,
    encoded_query,
    is_loopback,
)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("daily_sales", "daily_sales"),
        ("a/b", "a%2Fb"),
        ("a%b", "a%25b"),
        ("a%2Fb", "a%252Fb"),
        ("it's", "it%27s"),
        ("a b+c", "a%20b%2Bc"),
        ("what?#&=;", "what%3F%23%26%3D%3B"),
        ("每日", "%E6%AF%8F%E6%97%A5"),
        ("..a", "..a"),
        ("...", "..."),
        ("~", "~"),
        ("../..", "..%2F.."),
        ("{{ 7*7 }}", "%7B%7B%207%2A7%20%7D%7D"),
        ("\\", "%5C"),
    ],
)
def test_a_segment_is_encoded_once(name: str, encoded: str) -> None:
    assert encoded_path("v2", name, "x") == f"/v2/{encoded}/x"


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\x00", "\x7f", "a\x85", "\ud800", "x" * (MAX_SEGMENT + 1), "每" * 1000])
def test_a_segment_that_would_change_the_url_is_refused(name: str) -> None:
    with pytest.raises(OptionError) as caught:
        encoded_path("v2", name)
    text = str(caught.value)
    assert text.startswith("Failed to build the URL: ")
    assert "Use the name" in text
    assert len(text) < 300
    assert "\n" not in text


@given(st.text(min_size=1, max_size=30))
def test_a_name_comes_back_or_is_refused(name: str) -> None:
    try:
        path = encoded_path("jobs", name, "retry")
    except OptionError:
        assert name in (".", "..") or any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F or 0xD800 <= ord(char) <= 0xDFFF for char in name)
        return
    assert path.isascii()
    parts = path.split("/")
    assert len(parts) == 4
    assert unquote(parts[2]) == name
    assert urlsplit("https://host" + path).path == path


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"]))))
)
def test_a_query_comes_back_sorted(query: list[tuple[str, str]]) -> None:
    assert parse_qsl(encoded_query(query), keep_blank_values=True, separator="&") == sorted(query)


def test_url_and_shown_path() -> None:
    made = Request("GET", "https://dayu.example", encoded_path("v2", "p", "a/b \u202e"), "list", query=(("b", "2"), ("a", "x y")))
    assert made.url == "https://dayu.example/v2/p/a%2Fb%20%E2%80%AE?a=x%20y&b=2"
    assert made.shown_path == "/v2/p/a/b \\u202e"


def test_repr_hides_what_may_be_secret() -> None:
    made = Request("POST", "https://iam.example", "/v3", "iam", body={"password": "hunter22"}, headers=(("X-Auth-Token", "hunter23"),))
    answer = Answer(201, {"secret": "hunter24"}, "id", {"x-subject-token": "hunter25"})
    assert "hunter2" not in repr(made) + str(made) + repr(answer) + str(answer)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.255.3.4", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "127.0.0.1.nip.io", "127.1", "2130706433", "0.0.0.0", "10.0.0.1", "::2", "", "notlocalhost"]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "base",
    [
        "https://dayu.eu-west-101.myhuaweicloud.eu",
        "https://10.0.0.1:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:1",
        "http://localhost:9",
    ],
)
def test_base_is_accepted(base: str) -> None:
    check_base(base, allow_http=False)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://dayu.example", "plain http"),
        ("http://localhost.example", "plain http"),
        ("http://127.1", "plain http"),
        ("https://user:hunter2@dayu.example", "a user or a password"),
        ("https://dayu.example@evil.example", "a user or a password"),
        ("ftp://dayu.example", "unknown scheme"),
        ("dayu.example", "not a base URL"),
        ("https://", "no host"),
        ("https://host:99999", "not an address"),
        ("https://host:0", "no usable port"),
        ("https://[::1", "not an address"),
        ("", "no host"),
        ("https://host/", "not a base URL"),
        ("https://host?x=1", "a query"),
        ("https://host#x", "a fragment"),
        ("https://host/a/../b", "a path"),
        ("https://ho st", "blanks"),
        ("https://host\n", "not a base URL"),
        ("https://host\\@evil.example", "backslashes"),
        ("https://höst", "no host"),
    ],
)
def test_base_is_refused(base: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_base(base, allow_http=False)
    assert words in str(caught.value)
    assert any(remedy in str(caught.value) for remedy in ("to https://host", "use the credential options", "Use https"))
    assert "hunter2" not in str(caught.value)


def test_plain_http_elsewhere_only_by_name() -> None:
    check_base("http://dayu.example", allow_http=True)
    with pytest.raises(OptionError):
        check_base("ftp://dayu.example", allow_http=True)
