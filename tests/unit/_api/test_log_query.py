# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a log: which lines are kept, and how the request is signed."""

from __future__ import annotations

import calendar
import time

import pytest
import requests

from ansible_collections.dataarts.factory.plugins.module_utils._api.log_query import last_lines
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import encoded_path
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import ObsAuth


@pytest.mark.parametrize(
    ("body", "most", "cut", "expected"),
    [
        (b"", 3, False, ()),
        (b"\n \n\n", 3, False, ()),
        (b"one\ntwo\nthree\n", 2, False, ("two", "three")),
        (b"one\ntwo", 5, False, ("one", "two")),
        (b"one\r\ntwo\r\n", 5, False, ("one", "two")),
        (b"ne\ntwo\n", 5, True, ("two",)),  # begins in the middle of a line
        ("数据\ntwo\n".encode()[1:], 5, True, ("two",)),  # begins in the middle of a character
        (b"a single line without an end", 5, True, ("a single line without an end",)),
        (b"\xff\xfe\n", 5, False, ("\ufffd\ufffd",)),
        (b"\x1b[2Jcleared\x07\n", 5, False, ("\\x1b[2Jcleared\\x07",)),
        (b"x" * 5000, 5, False, None),
    ],
)
def test_the_last_lines(body: bytes, most: int, cut: bool, expected: tuple[str, ...] | None) -> None:
    lines = last_lines(body, most, cut=cut)
    if expected is None:
        assert [len(line) <= 1000 for line in lines] == [True]
    elif b"\x1b" in body:
        assert "\x1b" not in lines[0]
        assert "cleared" in lines[0]
    else:
        assert lines == expected


#: Signatures by the official SDK (esdk-obs-python 3.26.6) with these keys; the first request is the first sample in [OBS-SIGN].
KEYS = ["AKEXAMPLE", "secret-example"]
VECTORS = [
    ("bucket", "object.txt", "Sat, 12 Oct 2015 08:12:38 GMT", KEYS, "2WUtTGoSH8COw0ZpCZDQ7WSs9d8="),
    ("dlf-log-1", "日志/a b/x+y~0.log", "Sun, 29 Nov 2026 22:00:00 GMT", KEYS, "0Rc2xmOcGv5YsPRc0s6KvLVKt9Y="),
    ("dlf-log-1", "34765/0.log", "Sun, 29 Nov 2026 22:00:00 GMT", [*KEYS, "TOKEN"], "w65BY7izer7hbaBmdoD0dKSrXDk="),
]


@pytest.mark.parametrize("in_path", [False, True])
@pytest.mark.parametrize(("bucket", "key", "date", "keys", "signature"), VECTORS)
def test_a_request_is_signed_as_the_official_sdk_does(
    bucket: str, key: str, date: str, keys: list[str], signature: str, in_path: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = float(calendar.timegm(time.strptime(date[5:], "%d %b %Y %H:%M:%S GMT")))
    monkeypatch.setattr(
        "ansible_collections.dataarts.factory.plugins.module_utils._http.signing.formatdate", lambda _seconds, usegmt: date
    )  # the sample's day of the week does not fit its date
    segments = key.split("/")
    url = f"https://obs.x.com{encoded_path(bucket, *segments)}" if in_path else f"https://{bucket}.obs.x.com{encoded_path(*segments)}"
    signed = requests.Request("GET", url, auth=ObsAuth(lambda: keys, "obs.x.com", lambda: moment)).prepare()
    assert signed.headers["Authorization"] == f"OBS AKEXAMPLE:{signature}"
    assert signed.headers.get("x-obs-security-token") == (keys[2] if len(keys) > 2 else None)
    assert "secret-example" not in repr(signed.headers) + repr(signed.url)
