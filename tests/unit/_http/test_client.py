# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client on real sockets: every row of the retry policy, with the number of requests that the server received."""

from __future__ import annotations

import gzip
import json
import random
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import typing as t
from email.utils import formatdate
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._http import connection as _connection
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import RateLimiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Answer, Request, encoded_path
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth
from tests.support.certificates import localhost_tls
from tests.support.http_server import Action, HttpServer, close_after_reading, drip, hang, message, raw, reply, reset_after_reading

SECRET = "wJalrXUtnFEMI-not-to-be-seen"
SHORT = 0.5
HEAD = b"HTTP/1.1 200 OK\r\n"
OK = reply(200, b'{"total": 0}')


def error(code: str, words: str = "words of the service") -> bytes:
    return json.dumps({"error_code": code, "error_msg": words}).encode()


class TokenAuth:
    """A token that can be renewed *renewals* times."""

    def __init__(self, renewals: int = 0) -> None:
        self.number = 0
        self.renewals = renewals

    def __call__(self, request: t.Any) -> t.Any:
        request.headers["X-Auth-Token"] = f"{SECRET}-{self.number}"
        return request

    def renew(self) -> bool:
        self.number += 1
        return self.number <= self.renewals


class Pauses:
    """Adds up sleep instead of sleeping, for the client and its rate limiter."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def rate_limiter(self) -> RateLimiter:
        return RateLimiter({}, clock=self.clock, sleep=self.sleep)


def client(pauses: Pauses | None = None, auth: t.Any = None, **settings: t.Any) -> Client:
    pauses = pauses or Pauses()
    return Client(auth or AkSkAuth("AKIDEXAMPLE", SECRET), rate_limiter=pauses.rate_limiter(), sleep=pauses.sleep, **settings)


def request(base: str, *, writes: bool, route: str = "route") -> Request:
    path = encoded_path("v2", "project", "a/b")
    return Request("POST" if writes else "GET", base, path, route, body={"a": 1} if writes else None, writes=writes)


def outcome(http: Client, base: str, *, writes: bool, **more: t.Any) -> Answer | ApiError:
    try:
        result: Answer | ApiError = http.send(request(base, writes=writes), **more)
    except ApiError as exc:
        result = exc
    http.close()
    if isinstance(result, ApiError):
        assert SECRET not in str(result) + repr(result.to_result())
        assert result.hint
        assert result.path == "/v2/project/a/b"
        assert result.__context__ is None
    return result


#: Name -> action of the server; kind of the error (None: success) and number of requests of a read, then of a write, with two retries allowed.
Row = tuple[Action, t.Optional[Kind], int, t.Optional[Kind], int]
AMBIGUOUS = Kind.AMBIGUOUS
ROWS: dict[str, Row] = {
    "success": (OK, None, 1, None, 1),
    "created": (reply(201, b"{}"), None, 1, None, 1),
    "no content": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), None, 1, None, 1),
    "empty 200": (reply(200), Kind.BAD_ANSWER, 3, None, 1),
    "chunked": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), None, 1, None, 1),
    "until close": (raw(HEAD + b"\r\n{}"), None, 1, None, 1),
    "reset after reading": (reset_after_reading(), Kind.SERVER, 3, AMBIGUOUS, 1),
    "closed after reading": (close_after_reading(), Kind.SERVER, 3, AMBIGUOUS, 1),
    "reset in the body": (reset_after_reading(HEAD + b"Content-Length: 9\r\n\r\n{"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "truncated": (raw(message(200, b'{"a": 1', length=8)), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "truncated to nothing": (raw(message(200, b"", length=8)), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "truncated headers": (raw(HEAD + b"X-Req"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "truncated status line": (raw(b"HTTP/1.1 2"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "truncated chunks": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "bad chunks": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "malformed": (reply(200, b'{"a": }'), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "a web page": (reply(200, b"<html>log in</html>"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "not UTF-8": (reply(200, b'{"a": "\xff"}'), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "oversized": (reply(200, b"[" + b" " * (5 * 1024 * 1024) + b"]"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "compressed": (reply(200, gzip.compress(b"{}"), {"Content-Encoding": "gzip"}), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "binary": (raw(bytes(range(256)) * 4), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "too many headers": (
        raw(HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(300)) + b"\r\n{}"),
        Kind.BAD_ANSWER,
        3,
        AMBIGUOUS,
        1,
    ),
    "a header too long": (raw(HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n{}"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "status 299": (reply(299, b"{}"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "status 700": (reply(700, b"{}"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "documented code in 200": (reply(200, error("DLF.30137")), Kind.NOT_FOUND, 1, Kind.NOT_FOUND, 1),
    "odd code in 200": (reply(200, error("DLF.9999")), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "301": (reply(301, b"", {"Location": "https://evil.example/"}), Kind.REDIRECT, 1, AMBIGUOUS, 1),
    "302": (reply(302, b"", {"Location": "https://evil.example/"}), Kind.REDIRECT, 1, AMBIGUOUS, 1),
    "303": (reply(303, b"", {"Location": "https://evil.example/"}), Kind.REDIRECT, 1, AMBIGUOUS, 1),
    "307": (reply(307, b"", {"Location": "https://evil.example/"}), Kind.REDIRECT, 1, AMBIGUOUS, 1),
    "400": (reply(400, error("DLF.1000")), Kind.NOT_FOUND, 1, Kind.NOT_FOUND, 1),
    "400 nothing to rerun": (
        reply(400, error("DLF.3051", "Job a have no instances to rerun")),
        Kind.NOTHING_TO_RERUN,
        1,
        Kind.NOTHING_TO_RERUN,
        1,
    ),
    "400 a web page": (reply(400, b"<html>no</html>"), Kind.INVALID, 1, AMBIGUOUS, 1),
    "400 truncated": (raw(message(400, b'{"error_code": "DLF.01', length=99)), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "400 truncated headers": (raw(b"HTTP/1.1 400 Bad Request\r\nX-Req"), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "404 truncated": (raw(message(404, b'{"error_code": "APIGW', length=99)), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "404 malformed": (reply(404, b'{"error_code": }'), Kind.BAD_ANSWER, 3, AMBIGUOUS, 1),
    "429 truncated": (raw(message(429, b'{"error_code": "APIGW', length=99)), Kind.THROTTLED, 3, AMBIGUOUS, 1),
    "401": (reply(401, error("APIGW.0301")), Kind.CREDENTIALS, 1, Kind.CREDENTIALS, 1),
    "403": (reply(403, error("DLF.6888")), Kind.NO_PERMISSION, 1, Kind.NO_PERMISSION, 1),
    "404": (reply(404, error("APIGW.0101")), Kind.NOT_PUBLISHED, 1, Kind.NOT_PUBLISHED, 1),
    "401 of a proxy": (reply(401, b"<html>sign in</html>"), Kind.CREDENTIALS, 1, AMBIGUOUS, 1),
    "403 of a proxy": (reply(403, b"<html>blocked</html>"), Kind.NO_PERMISSION, 1, AMBIGUOUS, 1),
    "404 of a proxy": (reply(404, b'{"error": "not result"}'), Kind.NOT_FOUND, 1, AMBIGUOUS, 1),
    "405": (reply(405), Kind.INVALID, 1, AMBIGUOUS, 1),
    "408": (reply(408), Kind.SERVER, 3, AMBIGUOUS, 1),
    "413": (reply(413), Kind.INVALID, 1, AMBIGUOUS, 1),
    "429": (reply(429, error("APIGW.0308")), Kind.THROTTLED, 3, Kind.THROTTLED, 3),
    "429 with Retry-After": (reply(429, error("APIGW.0308"), {"Retry-After": "2"}), Kind.THROTTLED, 3, Kind.THROTTLED, 3),
    "429 of a proxy": (reply(429, b"", {"Retry-After": "2"}), Kind.THROTTLED, 3, AMBIGUOUS, 1),
    "500": (reply(500, error("DLF.0100")), Kind.SERVER, 3, AMBIGUOUS, 1),
    "502": (reply(502, b"<html>Bad Gateway</html>"), Kind.SERVER, 3, AMBIGUOUS, 1),
    "503": (reply(503, b"", {"Retry-After": "1"}), Kind.SERVER, 3, AMBIGUOUS, 1),
    "504 of the gateway": (reply(504, error("APIGW.0201", "Backend timeout.")), Kind.SERVER, 3, AMBIGUOUS, 1),
}


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("name", list(ROWS))
def test_rows(name: str, writes: bool) -> None:
    action, read_kind, reads, write_kind, written = ROWS[name]
    kind, seen = (write_kind, written) if writes else (read_kind, reads)
    with HttpServer(action) as server:
        http = client(max_retries=2)
        result = outcome(http, server.base, writes=writes)
    assert (result.kind if isinstance(result, ApiError) else None) == kind
    assert len(server.seen) == seen
    assert http.counts == {"POST" if writes else "GET": seen}


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize(
    "action",
    [hang(), hang(HEAD + b"Content-Length: 9\r\n\r\n{"), drip(b"HTTP/1.1 2"), drip(HEAD + b"X: "), drip(HEAD + b"\r\n{")],
    ids=["silence", "silence in the body", "drip in the status line", "drip in the headers", "drip in the body"],
)
def test_an_attempt_ends_in_time(action: Action, writes: bool) -> None:
    with HttpServer(action) as server:
        result = outcome(client(max_retries=0, read_timeout=SHORT), server.base, writes=writes)
        server.wait_for(1)
    assert isinstance(result, ApiError)
    assert result.kind is (Kind.AMBIGUOUS if writes else Kind.SERVER)
    assert "in time" in result.message or "within 0.5 s" in result.message
    assert len(server.seen) == 1


def test_a_read_is_tried_again_after_a_timeout() -> None:
    with HttpServer(hang(), OK) as server:
        # So many retries, because on a slow machine even an immediate answer may take longer than the timeout.
        result = outcome(client(max_retries=20, read_timeout=1.0), server.base, writes=False)
    assert isinstance(result, Answer)
    assert len(server.seen) >= 2


def test_a_refusal_whose_words_do_not_come_proves_nothing() -> None:
    """A read is sent again to learn the reason of the refusal."""
    actions = (drip(b"HTTP/1.1 403 Forbidden\r\n\r\n"), reply(403, error("DLF.6888")))
    with HttpServer(*actions) as server:
        written = outcome(client(max_retries=2, read_timeout=SHORT), server.base, writes=True)
    assert isinstance(written, ApiError)
    assert (written.kind, len(server.seen)) == (Kind.AMBIGUOUS, 1)
    with HttpServer(*actions) as server:
        read = outcome(client(max_retries=2, read_timeout=SHORT), server.base, writes=False)
    assert isinstance(read, ApiError)
    assert (read.kind, read.status, read.code, len(server.seen)) == (Kind.NO_PERMISSION, 403, "DLF.6888", 2)


class Asked(Pauses):
    """Records the client's ``trouble`` in each pause."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.http: Client | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.heard.append(self.http.trouble if self.http is not None else "")


def test_who_waits_reads_what_is_tried_again_and_why() -> None:
    pauses = Asked()
    pauses.http = client(pauses)
    with HttpServer(reply(503, b"{}"), OK, reply(500, b"{}"), OK) as server:
        for dummy in range(2):
            outcome(pauses.http, server.base, writes=False)
            assert pauses.http.trouble == "", "an answer has come"
    causes = [cause for cause in pauses.heard if cause]  # pauses of the rate limiter have none
    assert [cause.rpartition(" ")[2] for cause in causes] == ["503)", "500)"], causes


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_no_connection_is_tried_again(writes: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    pauses = Pauses()
    http = client(pauses, max_retries=3)
    result = outcome(http, f"http://127.0.0.1:{port}", writes=writes)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert result.message == f"no connection to http://127.0.0.1:{port}: Connection refused"
    assert http.counts == {"POST" if writes else "GET": 4}
    # Three pauses of 0.5, 1 and 2 seconds, each shortened by up to a half, and those of the rate limiter.
    assert 1.75 < pauses.now < 4.2


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under .invalid never resolve, and no name server is asked."""
    known = socket.getaddrinfo

    def look_up(host: str, *more: t.Any, **options: t.Any) -> t.Any:
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.usefixtures("nameless")
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_name_that_does_not_exist(writes: bool) -> None:
    result = outcome(client(max_retries=0), "https://name.invalid", writes=writes)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert result.message == "no connection to https://name.invalid: Name or service not known"


@pytest.mark.parametrize(("writes", "seen", "kind"), [(False, 1, None), (True, 0, Kind.AMBIGUOUS)], ids=["read", "write"])
def test_a_reset_before_reading_cannot_be_told_from_one_after(writes: bool, seen: int, kind: Kind | None) -> None:
    with HttpServer(OK, reset_unread=1) as server:
        result = outcome(client(), server.base, writes=writes)
    assert (result.kind if isinstance(result, ApiError) else None) == kind
    assert len(server.seen) == seen


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    context, certificate = localhost_tls(tmp_path_factory.mktemp("tls"))
    return context, str(certificate)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_tls_with_a_trusted_certificate(tls: tuple[ssl.SSLContext, str], writes: bool) -> None:
    with HttpServer(OK, tls=tls[0]) as server:
        assert isinstance(outcome(client(ca_path=tls[1]), server.base, writes=writes), Answer)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("case", ["unknown issuer", "other name", "no TLS"])
def test_tls_that_is_not_accepted_is_final(tls: tuple[ssl.SSLContext, str], case: str, writes: bool) -> None:
    with HttpServer(
        OK, tls=tls[0] if case != "no TLS" else None, greeting=raw(b"HTTP/1.1 400 No\r\n\r\n") if case == "no TLS" else None
    ) as server:
        base = f"https://{'127.0.0.1' if case == 'other name' else 'localhost'}:{server.port}"
        http = client(ca_path=None if case == "unknown issuer" else tls[1])
        result = outcome(http, base, writes=writes)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.TLS
    assert server.seen == []
    assert sum(http.counts.values()) == 1
    assert "was not accepted" in result.message


def test_tls_unverified_only_with_a_warning(tls: tuple[ssl.SSLContext, str]) -> None:
    with HttpServer(OK, tls=tls[0]) as server:
        http = client(validate_certs=False)
        assert isinstance(outcome(http, server.base, writes=False), Answer)
    assert [warning for warning in http.warnings if "not verified" in warning] == http.warnings != []


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_handshake_that_breaks_off_is_not_a_connection(writes: bool) -> None:
    with HttpServer(reset_unread=1000) as server:
        http = client(max_retries=2)
        result = outcome(http, f"https://localhost:{server.port}", writes=writes)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert sum(http.counts.values()) == 3


@pytest.mark.parametrize("greeting", [hang(), drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")], ids=["silence", "drip"])
def test_a_handshake_ends_in_time(greeting: Action) -> None:
    with HttpServer(greeting=greeting) as server:
        http = client(max_retries=1, connect_timeout=SHORT)
        result = outcome(http, f"https://localhost:{server.port}", writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert result.message.endswith("not within 0.5 s")
    assert http.counts == {"POST": 2}


def reset(connection: socket.socket, server: HttpServer) -> bool:
    """Reset the connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


@pytest.mark.parametrize(
    ("greeting", "seconds", "words"),
    [(reset, 30, "Connection reset by peer"), (hang(), SHORT, "not within 0.5 s")],
    ids=["reset", "out of time"],
)
def test_a_connection_that_is_gone_before_tls_begins_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch, greeting: Action, seconds: float, words: str
) -> None:
    """On a busy machine the handshake may begin late."""

    class Late(_connection._TlsConnection):
        def _new_conn(self) -> t.Any:
            connection = super()._new_conn()
            with pytest.raises(OSError):
                while connection.getpeername():
                    time.sleep(0.01)
            return connection

    monkeypatch.setattr(_connection._TlsPool, "ConnectionCls", Late)
    with HttpServer(greeting=greeting) as server:
        result = outcome(client(max_retries=1, connect_timeout=seconds), f"https://localhost:{server.port}", writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert result.message.endswith(words)


@pytest.mark.parametrize("action", [hang(), drip(HEAD + b"X: "), drip(HEAD + b"\r\n{"), reset_after_reading()])
def test_a_write_over_tls_that_breaks_is_ambiguous(tls: tuple[ssl.SSLContext, str], action: Action) -> None:
    with HttpServer(action, tls=tls[0]) as server:
        result = outcome(client(ca_path=tls[1], read_timeout=2 * SHORT), server.base, writes=True)
        server.wait_for(1)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.AMBIGUOUS
    assert len(server.seen) == 1


def test_what_the_server_reads() -> None:
    with HttpServer(reply(200, b"{}", {"X-Request-Id": "id\x1b[2J"})) as server:
        http = client()
        made = Request(
            "POST",
            server.base,
            encoded_path("v2", "p", "factory", "jobs", "a/b 每日?#%2F'", "instances", "retry"),
            "v2.retry",
            query=(("b", "x y"), ("a", "+&")),
            body={"task_retrys": [{"job_id": 917567}], "node_name": "节点"},
            headers=(("workspace", "62fbba734e634c5087656fc3ff7adf34"), ("X-Project-Id", "62099355b894428e8916573ae635f1f9")),
            writes=True,
        )
        answer = http.send(made)
        http.close()
    assert answer.request_id == "id\\x1b[2J"
    assert answer.body == {}
    seen = server.seen[0]
    assert seen.method == "POST"
    assert seen.target == "/v2/p/factory/jobs/a%2Fb%20%E6%AF%8F%E6%97%A5%3F%23%252F%27/instances/retry?a=%2B%26&b=x%20y"
    assert json.loads(seen.body) == made.body
    assert seen.body.isascii()
    assert seen.headers["host"] == server.base.partition("//")[2]
    assert seen.headers["authorization"].startswith(
        "SDK-HMAC-SHA256 Access=AKIDEXAMPLE, SignedHeaders=content-type;host;workspace;x-project-id;x-sdk-date, Signature="
    )
    headers = {name: value for name, value in seen.headers.items() if name not in ("host", "authorization", "x-sdk-date")}
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(seen.body)),
        "content-type": "application/json;charset=UTF-8",
        "user-agent": "ansible-dataarts.factory",
        "workspace": "62fbba734e634c5087656fc3ff7adf34",
        "x-project-id": "62099355b894428e8916573ae635f1f9",
    }
    assert SECRET.encode() not in seen.raw_head


def test_reads_share_a_connection_and_writes_have_their_own() -> None:
    with HttpServer(OK) as server:
        http = client()
        for writes in (False, False, True, False, True, False):
            http.send(request(server.base, writes=writes))
        http.close()
    numbers = [seen.connection for seen in server.seen]
    assert [numbers[index] for index in (0, 1, 3, 5)] == [1, 1, 1, 1]
    assert len({numbers[2], numbers[4], 1}) == 3


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_dying_connection_harms_nobody(writes: bool) -> None:
    # After the first answer the server closes the connection without announcing it.
    with HttpServer(raw(message(200, b"{}")), OK) as server:
        http = client()
        http.send(request(server.base, writes=False))
        assert isinstance(http.send(request(server.base, writes=writes)), Answer)
        http.close()
    assert [seen.method for seen in server.seen] == ["GET", "POST" if writes else "GET"]


@pytest.mark.parametrize(("header", "least", "most"), [({"Retry-After": "7"}, 7, 8), ({"Retry-After": "86400"}, 60, 61), ({}, 0.25, 1)])
def test_throttling_holds_everybody_back(header: dict[str, str], least: float, most: float) -> None:
    pauses = Pauses()
    with HttpServer(reply(429, error("APIGW.0308"), header), OK) as server:
        assert isinstance(outcome(client(pauses), server.base, writes=True), Answer)
    assert len(server.seen) == 2
    assert least <= pauses.now <= most


def test_pauses_grow_and_end() -> None:
    pauses = Pauses()
    with HttpServer(reply(500)) as server:
        outcome(client(pauses, max_retries=9), server.base, writes=False)
    assert len(server.seen) == 10
    # 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30, each shortened by up to a half, and a little for the rate limiter.
    assert 60 < pauses.now < 124


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_nothing_is_sent_after_the_deadline(writes: bool) -> None:
    with HttpServer(OK) as server:
        http = Client(None, rate_limiter=RateLimiter({}))
        result = outcome(http, server.base, writes=writes, deadline=time.monotonic() - 1)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.THROTTLED
    assert server.seen == []
    assert http.counts == {}


def test_nothing_is_waited_for_after_the_deadline() -> None:
    with HttpServer(reply(429, error("APIGW.0308"), {"Retry-After": "50"})) as server:
        http = Client(None, rate_limiter=RateLimiter({}))
        result = outcome(http, server.base, writes=True, deadline=time.monotonic() + 40)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.THROTTLED
    assert len(server.seen) == 1


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_nothing_is_read_after_the_deadline(writes: bool) -> None:
    with HttpServer(drip(HEAD + b"X: ")) as server:
        http = Client(None, rate_limiter=RateLimiter({}), read_timeout=3600)
        result = outcome(http, server.base, writes=writes, deadline=time.monotonic() + 1)
    assert isinstance(result, ApiError)
    # On a very slow machine the deadline passes before anything is sent.
    lost = Kind.AMBIGUOUS if writes else Kind.SERVER
    assert result.kind is (lost if http.counts else Kind.THROTTLED)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize(
    ("renewals", "answers", "seen", "kind"),
    [
        (1, [401, 200], 2, None),
        (1, [401, 401, 200], 2, Kind.CREDENTIALS),
        (9, [401, 401, 200], 2, Kind.CREDENTIALS),
        (0, [401, 200], 1, Kind.CREDENTIALS),
        (1, [403, 200], 1, Kind.NO_PERMISSION),
    ],
)
def test_an_expired_token_is_renewed_once(renewals: int, answers: list[int], seen: int, kind: Kind | None, writes: bool) -> None:
    body = {200: b"{}", 401: error("APIGW.0307", "The token must be updated"), 403: error("DLF.6888")}
    with HttpServer(*(reply(status, body[status]) for status in answers)) as server:
        result = outcome(client(auth=TokenAuth(renewals), max_retries=0), server.base, writes=writes)
    assert (result.kind if isinstance(result, ApiError) else None) == kind
    assert len(server.seen) == seen
    assert [seen.headers["x-auth-token"] for seen in server.seen] == [f"{SECRET}-{number}" for number in range(seen)]


@pytest.mark.parametrize(("ahead", "kind"), [(1205, Kind.CLOCK), (-1205, Kind.CLOCK), (300, Kind.CREDENTIALS)])
def test_a_wrong_clock_is_named(ahead: int, kind: Kind) -> None:
    date = formatdate(time.time() - ahead, usegmt=True)
    with HttpServer(reply(401, error("APIGW.0303", "refused"), {"Date": date})) as server:
        http = client()
        result = outcome(http, server.base, writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is kind
    assert len(server.seen) == 1
    if kind is Kind.CLOCK:
        assert "this machine's clock is 20m " in result.message
        assert ("ahead of" if ahead > 0 else "behind") in result.message
        assert "NTP" in result.hint
        assert http.warnings == []
    else:
        assert len(http.warnings) == 1
        assert "clock" in http.warnings[0]


def test_no_clock_is_blamed_where_nothing_is_signed() -> None:
    date = formatdate(time.time() - 86_400, usegmt=True)
    with HttpServer(reply(401, error("APIGW.0301", "decrypt token fail"), {"Date": date})) as server:
        result = outcome(client(auth=TokenAuth()), server.base, writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.CREDENTIALS


@pytest.mark.parametrize("days", [2, -2])
@pytest.mark.parametrize("body", [b"{}", error("DLF.0137")])
def test_a_date_that_the_accepted_signature_contradicts_is_not_believed(days: int, body: bytes) -> None:
    date = formatdate(time.time() + days * 86_400, usegmt=True)
    with HttpServer(reply(400 if b"DLF" in body else 200, body, {"Date": date})) as server:
        http = client()
        for _request in range(3):
            outcome(http, server.base, writes=False)
    assert not http.clock.learned
    assert abs(http.clock.now_ms() / 1000 - time.time()) < 60
    assert len(http.warnings) == 1
    assert re.fullmatch(
        rf"The Date of {server.base} is not believed: it is (1d 23h 59m|2d 00h 00m) {'ahead of' if days > 0 else 'behind'} the time at which "
        r"the service accepts requests, so something in between writes it\. Times are taken from this machine's clock\.",
        http.warnings[0],
    )


@pytest.mark.parametrize(("issued", "believed"), [(None, True), (-86_400.0, True), (0.0, False)])
def test_the_date_next_to_a_token_is_held_against_its_issuing(issued: float | None, believed: bool) -> None:
    """A ``Date`` a day behind this machine's clock; the token was issued by the same clock, by another one, or by an unknown one."""
    now = time.time() - 86_400

    class IssuedToken(TokenAuth):
        def issuing_time(self) -> float | None:
            return None if issued is None else time.time() + issued

    with HttpServer(reply(200, b"{}", {"Date": formatdate(now, usegmt=True)})) as server:
        http = client(auth=IssuedToken())
        outcome(http, server.base, writes=False)
    assert http.clock.learned is believed
    assert abs(http.clock.seconds() - (now if believed else time.time())) < 60
    assert len(http.warnings) == 1


def test_the_service_clock_is_learned_and_a_skew_warned_of_once() -> None:
    now = time.time() - 600
    with HttpServer(reply(200, b"{}", {"Date": formatdate(now, usegmt=True)})) as server:
        http = client()
        http.send(request(server.base, writes=False))
        http.send(request(server.base, writes=False))
        http.close()
    assert http.clock.learned
    assert abs(http.clock.now_ms() / 1000 - now) < 120
    assert len(http.warnings) == 1
    assert "ahead of" in http.warnings[0]


def test_a_proxys_error_page_teaches_no_time() -> None:
    with HttpServer(reply(502, b"", {"Date": "Mon, 23 Nov 2020 03:00:00 GMT"}), reply(200, b"{}")) as server:
        http = client()
        http.send(request(server.base, writes=False))
        http.close()
    assert not http.clock.learned
    assert http.warnings == []


def test_a_redirect_is_not_followed_and_no_token_leaves() -> None:
    with HttpServer(OK) as other:
        with HttpServer(reply(307, b"x" * 100, {"Location": f"{other.base}/?token={SECRET}"})) as server:
            result = outcome(client(auth=TokenAuth()), server.base, writes=False)
        assert isinstance(result, ApiError)
        assert result.message == "redirected to http://127.0.0.1; redirects are not followed"
    assert other.connections == 0
    assert len(server.seen) == 1


def test_an_endless_redirect_is_not_read() -> None:
    with HttpServer(drip(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")) as server:
        result = outcome(client(read_timeout=SHORT), server.base, writes=False)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.REDIRECT


def test_the_guard_is_asked_before_each_attempt_at_a_write() -> None:
    asked: list[int] = []
    throttled = reply(429, error("APIGW.0308"))
    with HttpServer(throttled, throttled, OK) as server:
        http = client()
        with http.guarded(lambda: asked.append(len(server.seen))):
            http.send(request(server.base, writes=True))
            http.send(request(server.base, writes=False))
        http.close()
    assert asked == [0, 1, 2]


@pytest.mark.parametrize("reason", [RuntimeError("stop"), OSError("stop"), ApiError(Kind.STALE, "the list is older than 60 seconds")])
def test_what_the_guard_raises_ends_the_call_unsent(reason: Exception) -> None:
    def stop() -> None:
        raise reason

    with HttpServer(OK) as server:
        http = client(max_retries=4)
        with pytest.raises(type(reason)) as caught, http.guarded(stop):
            http.send(request(server.base, writes=True))
        http.send(request(server.base, writes=True))
        http.close()
    assert caught.value is reason
    assert len(server.seen) == 1


class Freshness:
    """The guard of a run: a list may be acted on for one minute."""

    def __init__(self, pauses: Pauses) -> None:
        self.pauses = pauses

    def __call__(self) -> None:
        if self.pauses.now >= 60:
            raise ApiError(Kind.STALE, f"the list is {self.pauses.now:.0f} s old", path="/v2/project/a/b")


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_no_wait_of_a_throttled_write_leads_past_the_age_of_the_list(writes: bool) -> None:
    pauses = Pauses()
    throttled = reply(429, error("APIGW.0308"), {"Retry-After": "30"})
    with HttpServer(throttled, throttled, throttled, OK) as server:
        http = client(pauses)
        with http.guarded(Freshness(pauses)):
            result = outcome(http, server.base, writes=writes)
    if writes:
        assert isinstance(result, ApiError)
        assert result.kind is Kind.STALE
        assert len(server.seen) == 2
    else:
        assert isinstance(result, Answer)


def test_a_list_grows_old_while_the_connection_is_made_or_a_token_renewed() -> None:
    pauses = Pauses()

    class SlowRenewal(TokenAuth):
        def renew(self) -> bool:
            pauses.sleep(61)
            return super().renew()

    with HttpServer(reply(401, error("APIGW.0307", "The token must be updated")), OK) as server:
        http = client(pauses, auth=SlowRenewal(1))
        with http.guarded(Freshness(pauses)):
            result = outcome(http, server.base, writes=True)
    assert isinstance(result, ApiError)
    assert (result.kind, len(server.seen)) == (Kind.STALE, 1)


def test_a_write_that_may_have_been_executed_stays_unknown_whatever_the_guard_says() -> None:
    pauses = Pauses()
    with HttpServer(reset_after_reading()) as server:
        http = client(pauses)
        asked: list[None] = []

        def once() -> None:
            if asked:
                raise ApiError(Kind.STALE, "the list is too old")
            asked.append(None)

        with http.guarded(once):
            result = outcome(http, server.base, writes=True)
    assert isinstance(result, ApiError)
    assert (result.kind, len(server.seen)) == (Kind.AMBIGUOUS, 1)


def test_an_echoed_secret_is_cut_out() -> None:
    echo = error("APIGW.0301", f"bad token {SECRET}-0 for password hunter2222")
    with HttpServer(reply(400, echo)) as server:
        http = client(auth=TokenAuth())
        with pytest.raises(ApiError) as caught:
            http.send(Request("POST", server.base, "/v3", "iam", body={"auth": [{"user": {"password": "hunter2222"}}]}))
        http.close()
    assert caught.value.message == "bad token *** for password ***"


def test_a_token_that_cannot_be_sent_is_not_shown() -> None:
    with pytest.raises(OptionError) as caught:
        client().send(Request("GET", "https://service.invalid", "/x", "r", headers=(("X-Auth-Token", SECRET + "\n"),)))
    assert "as X-Auth-Token" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_long_token_is_cut_out_before_the_message_is_shortened() -> None:
    class LongToken:
        def __call__(self, request: t.Any) -> t.Any:
            request.headers["X-Auth-Token"] = "MIIT" + "secret" * 600
            return request

    echo = reply(400, error("MIIT" + "secret" * 600, "bad token MIIT" + "secret" * 600), {"X-Request-Id": "MIIT" + "secret" * 600})
    with HttpServer(echo) as server:
        result = outcome(client(auth=LongToken()), server.base, writes=True)
    assert isinstance(result, ApiError)
    assert (result.code, result.message, result.request_id) == ("***", "bad token ***", "***")


def test_terminal_escapes_are_shown_not_sent() -> None:
    with HttpServer(reply(400, error("DLF.\x1b[1m", "\x1b]0;owned\x07{{ lookup('pipe', 'id') }}"), {"X-Request-Id": "\x1b[2J"})) as server:
        result = outcome(client(), server.base, writes=True)
    assert isinstance(result, ApiError)
    assert str(result) == "DLF.\\x1b[1m \\x1b]0;owned\\x07{{ lookup('pipe', 'id') }} (request id \\x1b[2J)"


def test_no_cookies_and_no_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password hunter2\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with HttpServer(reply(200, b"{}", {"Set-Cookie": "session=1; Path=/"})) as server:
        http = Client(None, rate_limiter=RateLimiter({}))
        http.send(request(server.base, writes=False))
        http.send(request(server.base, writes=False))
        http.close()
    assert len(server.seen) == 2
    for seen in server.seen:
        assert "cookie" not in seen.headers
        assert "authorization" not in seen.headers


@pytest.mark.usefixtures("nameless")
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer(OK) as proxy, HttpServer(OK) as server:
        monkeypatch.setenv(variable, f"http://user:hunter2@127.0.0.1:{proxy.port}")
        assert isinstance(outcome(client(), server.base, writes=False), Answer)
        assert proxy.seen == []
        assert isinstance(outcome(client(allow_http=True), "http://service.invalid", writes=True), Answer)
        monkeypatch.setenv("NO_PROXY", "service.invalid")
        refused = outcome(client(allow_http=True, max_retries=0), "http://service.invalid", writes=True)
    assert isinstance(refused, ApiError)
    assert refused.kind is Kind.UNREACHABLE
    assert [seen.target for seen in proxy.seen] == ["http://service.invalid/v2/project/a%2Fb"]
    assert proxy.seen[0].headers["host"] == "service.invalid"


@pytest.mark.parametrize("action", [reply(407), reply(502), reset_after_reading(), raw(b"HTTP/1.1 200 OK\r\n\r\n")])
def test_what_a_proxy_refuses_was_never_sent(action: Action, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer(action) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{proxy.port}")
        http = client(max_retries=1)
        result = outcome(http, "https://service.invalid", writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.UNREACHABLE
    assert "hunter2" not in str(result)
    assert [seen.method for seen in proxy.seen] == ["CONNECT", "CONNECT"]
    assert SECRET.encode() not in b"".join(seen.raw_head for seen in proxy.seen)


def test_a_socks_proxy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5h://user:hunter2@127.0.0.1:1")
    with pytest.raises(OptionError) as caught:
        client().send(request("https://service.invalid", writes=True))
    assert "SOCKS" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("nameless")
@pytest.mark.parametrize(
    "made",
    [
        Request("GET", "http://service.invalid", "/x", "r"),
        Request("GET", "https://user:hunter2@service.invalid", "/x", "r"),
        Request("GET", "https://service.invalid", "/x", "r", headers=(("workspace", "a\r\nX-Evil: 1"),)),
        Request("GET", "https://service.invalid", "/x", "r", headers=(("workspace", ""),)),
        Request("GET", "https://service.invalid", "/x", "r", headers=(("workspace", "é"),)),
        Request("POST", "https://service.invalid", "/x", "r", body={"a": float("nan")}, writes=True),
        Request("POST", "https://service.invalid", "/x", "r", body={"a": object()}, writes=True),
        Request("GET", "https://" + "a" * 70 + ".invalid", "/x", "r"),
    ],
)
def test_what_cannot_be_sent_is_refused_before(made: Request) -> None:
    http = client(max_retries=0)
    with pytest.raises((OptionError, ApiError)) as caught:
        http.send(made)
    if isinstance(caught.value, ApiError):  # no resolver accepts the name
        assert caught.value.kind is Kind.UNREACHABLE
    else:
        assert str(caught.value).startswith(("Failed to ", "endpoint holds a user"))
        assert http.counts == {}
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"read_timeout": -1}, "read_timeout"),
        ({"read_timeout": float("nan")}, "read_timeout"),
        ({"read_timeout": float("inf")}, "read_timeout"),
        ({"max_retries": -1}, "max_retries"),
        ({"ca_path": "/does/not/exist.pem"}, "ca_path"),
    ],
)
def test_settings_that_cannot_be_used(settings: dict[str, t.Any], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        client(**settings)
    assert f"Failed to use {option}: " in str(caught.value)


def test_a_ca_file_without_certificates_is_a_tls_error(tmp_path: Path, tls: tuple[ssl.SSLContext, str]) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n", encoding="utf-8")
    with HttpServer(OK, tls=tls[0]) as server:
        result = outcome(client(ca_path=str(empty)), server.base, writes=True)
    assert isinstance(result, ApiError)
    assert result.kind is Kind.TLS
    assert server.seen == []


def test_the_environment_may_name_the_certificates(tls: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls[1])
    with HttpServer(OK, tls=tls[0]) as server:
        assert isinstance(outcome(client(), server.base, writes=False), Answer)


def test_threads_share_a_client() -> None:
    with HttpServer(OK) as server:
        http = Client(AkSkAuth("AKIDEXAMPLE", SECRET), rate_limiter=RateLimiter({"route": 1000.0}))
        failures: list[BaseException] = []

        def work(writes: bool) -> None:
            try:
                for _request in range(25):
                    http.send(request(server.base, writes=writes))
            except BaseException as exc:
                failures.append(exc)

        threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        http.close()
    assert failures == []
    assert http.counts == {"GET": 50, "POST": 50}
    assert len(server.seen) == 100


def hostile(seed: int) -> bytes:
    """A plausible answer, damaged in one to three places."""
    chance = random.Random(seed)
    body = chance.choice([b"{}", b'{"total": 1, "instances": []}', error("DLF.0137"), b"", b"[" * 5000, b'{"a":' * 900])
    headers = chance.choice(
        [{}, {"Date": "Mon, 23 Nov 2026 03:00:00 GMT"}, {"Content-Encoding": "br"}, {"Retry-After": "-1"}, {"Location": "http://["}]
    )
    data = bytearray(message(chance.choice([200, 204, 302, 400, 401, 429, 500]), body, headers))
    for _damage in range(chance.randint(1, 3)):
        place = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            del data[place:]
        elif kind == 1:
            data[place:place] = chance.randbytes(chance.randint(1, 8))
        elif kind == 2:
            data[place : place + 8] = chance.choice([b"\r\n", b"\x00", b"\x1b[2J", b"\xff\xfe", b": ", b"99999999999999999999"])
        else:
            data[place:place] = data[: chance.randint(0, len(data))]
    return bytes(data)


def test_damaged_answers_end_as_answers_or_errors() -> None:
    seeds = range(400)
    with HttpServer(*(raw(hostile(seed)) for seed in seeds)) as server:
        http = client(max_retries=0, read_timeout=30)
        for seed in seeds:
            writes = seed % 2 == 0
            result = outcome(http, server.base, writes=writes)
            if isinstance(result, ApiError):
                assert result.kind is not Kind.AMBIGUOUS or writes, seed
                assert "\x1b" not in str(result), seed
            else:
                assert result.body is None or isinstance(result.body, (dict, list)), seed
    assert len(server.seen) == 400


MEMORY = """
import sys
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Request
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError
kinds = []
for number in range(int(sys.argv[2])):
    try:
        Client(None, max_retries=0, read_timeout=60).send(Request("GET", sys.argv[1], "/", "r"))
        kinds.append("answer")
    except ApiError as exc:
        kinds.append(exc.kind.value)
with open("/proc/self/status", encoding="ascii") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(*kinds, peak)
"""


def test_a_bomb_takes_little_memory() -> None:
    size = 5 * 1024 * 1024 - 20
    endless = HEAD + b"\r\n" + b"[" * (64 * 1024 * 1024)
    bombs = [
        b"[" * size,
        b'{"a":' * (size // 5),
        b"[" + b"[]," * (size // 3 - 1) + b"0]",
        b"{" + b",".join(b'"%x":0' % number for number in range(size // 10)) + b"}",
        b"[" + b"1," * (size // 2 - 1) + b"1]",
        b'["' + b"a" * (size - 20) + "😀".encode() + b'"]',
        gzip.compress(b"[" + b"0," * 50_000_000 + b"0]", 1),
    ]
    actions = [reply(200, bomb, {"Content-Encoding": "gzip"} if bomb[:2] == b"\x1f\x8b" else {}) for bomb in bombs]
    with HttpServer(*actions, raw(endless)) as server:
        ran = subprocess.run(
            [sys.executable, "-c", MEMORY, server.base, str(len(bombs) + 1)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(Path(str(sys.modules[Client.__module__].__file__)).parents[6])},  # above ansible_collections
        )
    *kinds, peak = ran.stdout.split()
    assert kinds == ["bad_answer"] * 5 + ["answer"] + ["bad_answer"] * 2
    assert int(peak) < 200 * 1024
    assert ran.stderr == ""
