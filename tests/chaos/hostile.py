# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random answers of a malicious service, as raw bytes."""

from __future__ import annotations

import gzip
import json
import random
import socket
import threading
import time
import typing as t
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

from tests.support.http_server import Action, HttpServer, close_after_reading, drip, hang, message, raw, reset_after_reading

#: Texts that try to control a terminal, to be a template, to leave their folder, or to be too long.
TEXTS = (
    "\x1b[2J\x1b[31m\x1b]0;owned\x07",
    "\x9b31mred",
    "\u202eevil\u2066",
    "{{ lookup('pipe', 'id') }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "n" * 10_000,
    "\x1b" * 3_000,
    "../..",
    "..",
    ".",
    "",
    " ",
    "%2e%2e%2f",
    "a/b?c=d#e",
    "line\r\nX-Injected: 1",
    "nul\x00byte",
    "\u2028\u2029\u0085",
    "\ufeff\ufffe\U000e0001",
    "!unsafe x",
    "'; touch /tmp/owned; '",
    "😀" * 100,
    "daily_sales",
)
#: Texts that are short enough for a name or a status, so that the answer is not refused as a whole.
SHORT_TEXTS = (*(text for text in TEXTS if text.strip() and len(text) <= 1000), "m" * 1000, "\x1b" * 900)
#: Values of other types and sizes than documented.
VALUES: tuple[t.Any, ...] = (None, True, False, -1, 0, 1, 1.5, 1e308, float("nan"), float("inf"), 10**30, -(2**63), 2**64, [], {}, [[]], [None],
                             {"a": {"b": []}}, "1", " 1 ", "1e5", "NaN", "0x10", "१२३")  # fmt: skip
STATUSES = ("fail", "fail", "fail", "success", "running", "waiting", "manual-stop", "pause", "freeze", "running-exception")
_NOW = int(time.time() * 1000)


class Hostile:
    """Draws an answer to each request, in the same order for the same seed.

    :param faith: share of believable answers to reads; if 0, the share alternates between 0 and 0.9 every ten answers.
    :ivar answers: number of answers so far.
    """

    def __init__(self, seed: int, faith: float = 0.0) -> None:
        self._faith = faith
        self._rng = random.Random(f"hostile {seed}")
        self._lock = threading.Lock()
        self.answers = 0

    def __call__(self, connection: socket.socket, server: HttpServer) -> bool:
        """Answer one request; the action of an :class:`HttpServer`."""
        seen = server.seen[-1]
        with self._lock:
            self.answers += 1
            # alternate between a service that is broken everywhere and one whose reads are believable
            share = self._faith or (0.9 if self.answers // 10 % 2 else 0.0)
            believable = seen.method == "GET" and self._rng.random() < share
            action = _answer(self._rng, _believable(self._rng, seen.target)) if believable else self._draw()
        return action(connection, server)

    def _draw(self) -> Action:
        rng = self._rng
        if rng.random() < 0.72:  # passes the first check, so that later code is reached too
            return _answer(rng, _shaped(rng))
        makers: tuple[tuple[int, Callable[[random.Random], Action]], ...] = (
            (10, _status_line),
            (10, _headers),
            (8, _lengths),
            (6, _compressed),
            (6, _chunks),
            (10, _odd_json),
            (8, _not_text),
            (8, _redirect),
            (10, _error),
            (6, _cut),
            (3, _silent),
            (4, _large),
        )
        make = rng.choices([maker for dummy, maker in makers], [weight for weight, dummy in makers])[0]
        return make(rng)


def _answer(rng: random.Random, answer: t.Any, status: int = 200) -> Action:
    headers = {"X-Request-Id": rng.choice(("8c3f0b7a", "\x1b[31mred", "i" * 9_000))} if rng.random() < 0.3 else {}
    if rng.random() < 0.2:
        headers["Date"] = rng.choice(("Mon, 01 Jan 9999 00:00:00 GMT", "yesterday", "\x1b[2J", "Thu, 01 Jan 1970 00:00:00 GMT", "9" * 500))
    return raw(message(status, json.dumps(answer).encode(), headers))


def _text(rng: random.Random, good: t.Any) -> t.Any:
    return rng.choice(TEXTS) if rng.random() < 0.5 else good


def _field(rng: random.Random, good: t.Any, share: float) -> t.Any:
    draw = rng.random()
    if draw < share / 2:
        return rng.choice(TEXTS)
    return rng.choice(VALUES) if draw < share else good


def _shaped(rng: random.Random) -> t.Any:
    """An answer that fits every list API of both generations, with some values spoiled."""
    share = rng.choice((0, 0, 0, 0, 0.01, 0.03, 0.1, 0.3))
    count = rng.choice((0, 1, 2, 3, 8, 20))
    things = [_thing(rng, share, number) for number in range(count)]
    names = ("instances", "jobs", "workspaces", "commodity_orders", "nodes", "depend_instances", "depend_jobs", "projects")
    lists = {name: _field(rng, things, share / 4) for name in names}
    totals = {
        name: _field(rng, count if rng.random() < 0.9 else rng.choice((count + 1, 0, 10**6)), share)
        for name in ("total", "count", "total_count")
    }
    return {**lists, **totals}


def _believable(rng: random.Random, target: str) -> t.Any:
    """A valid list whose texts are hostile: names, statuses, messages and ids."""
    path, _mark, query = target.partition("?")
    asked = dict(parse_qsl(query)).get("jobName") or (unquote(path.split("/")[-3]) if path.endswith("/instances/detail") else "")
    things = []
    for number in range(rng.choice((1, 2, 5, 20))):
        instance = _thing(rng, 0, number)
        name = asked if asked and asked != "jobs" else rng.choice(SHORT_TEXTS)
        instance |= dict.fromkeys(("job_name", "jobName", "name"), name)
        instance |= {
            "resource_id": f"studio{number}",
            **{text: rng.choice(SHORT_TEXTS) for text in ("errorMessage", "createBy", "description", "owner")},
        }
        instance |= dict.fromkeys(("job_instance_name", "jobInstanceName", "workspace_id", "workspaceId"), rng.choice(SHORT_TEXTS))
        instance["status"] = 2 if path.endswith("/instances") else rng.choice((*STATUSES, *STATUSES, rng.choice(SHORT_TEXTS)))
        things.append(instance)
    lists = dict.fromkeys(("instances", "jobs", "workspaces", "commodity_orders", "nodes", "depend_instances", "depend_jobs"), things)
    return {**lists, **dict.fromkeys(("total", "count", "total_count"), len(things))}


def _thing(rng: random.Random, share: float, number: int) -> t.Any:
    if rng.random() < share / 3:
        return rng.choice(VALUES)
    plan = _NOW - number * 3_600_000 - 60_000
    good: dict[str, t.Any] = {
        **dict.fromkeys(("job_name", "jobName", "name"), _text(rng, "daily_sales")),
        **dict.fromkeys(("job_id", "jobId", "id"), rng.choice((917567, "917567", "917567,"))),
        **dict.fromkeys(("plan_time", "planTime"), plan),
        **dict.fromkeys(("submit_time", "submitTime"), 1732239754684),
        **dict.fromkeys(("start_time", "startTime"), plan + 1000),
        **dict.fromkeys(("end_time", "endTime"), plan + 9000),
        **dict.fromkeys(("instance_id", "instanceId"), 500_000 + number),
        **dict.fromkeys(("instance_type", "instanceType"), 0),
        **dict.fromkeys(("job_instance_name", "jobInstanceName"), _text(rng, "daily_sales_1")),
        "status": rng.choice(STATUSES) if rng.random() < 0.9 else rng.choice(TEXTS),
        "errorMessage": _text(rng, "node failed"),
        **dict.fromkeys(("workspace_id", "workspaceId"), _text(rng, "62fbba734e634c5087656fc3ff7adf34")),
        "description": _text(rng, "x"),
        "owner": _text(rng, "me"),
        "version": 1,
    }
    return {name: _field(rng, value, share) for name, value in good.items()}


def _status_line(rng: random.Random) -> Action:
    lines = ("HTTP/9.9 abc", "HTTP/1.1 99999 x", "HTTP/1.1 -1 x", "HTTP/1.1", "ICY 200 OK", "\x1b[31mHTTP", "HTTP/1.1 200 \x1b[2J", "", "\x00" * 50,
             "HTTP/1.1 2OO OK", "SSH-2.0-OpenSSH", "x" * 70_000, "HTTP/1.1 199 odd", "HTTP/1.1 600 odd")  # fmt: skip
    tail = rng.choice(("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n{}", "\n\n{}", ""))
    return raw((rng.choice(lines) + tail).encode("latin-1"))


def _headers(rng: random.Random) -> Action:
    floods = (
        "".join(f"X-{number}: {'y' * 100}\r\n" for number in range(500)),
        f"X-Long: {'y' * 200_000}\r\n",
        "no colon at all\r\n",
        ": no name\r\n",
        "X-Esc: \x1b[2J\x1b]0;owned\x07\r\n",
        " folded\r\n\tmore\r\n" * 50,
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Set-Cookie: a=b\r\nWWW-Authenticate: Basic realm=x\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" * 200,
        "Content-Type: \x1b[31m; charset=utf-7\r\n",
    )
    if rng.random() < 0.1:
        return raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000)
    return raw(f"HTTP/1.1 200 OK\r\n{rng.choice(floods)}\r\n{{}}".encode("latin-1"))


def _lengths(rng: random.Random) -> Action:
    length = rng.choice(("0", "1", "99999", "-1", "abc", "1" * 40, "2, 2", "1e3", " "))
    return raw(f'HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{"total": 0, "instances": [], "jobs": []}}'.encode())


def _compressed(rng: random.Random) -> Action:
    name = rng.choice(("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "\x1b[31m"))
    body = rng.choice((_bomb(), gzip.compress(b'{"total": 0, "instances": []}'), b"no such thing"))
    return raw(message(200, body, {"Content-Encoding": name}))


def _bomb() -> bytes:
    return gzip.compress(b"[" + b" " * (20 * 1024 * 1024), compresslevel=1)


def _chunks(rng: random.Random) -> Action:
    bodies = ("zz\r\n{}\r\n0\r\n\r\n", "-5\r\n{}\r\n", "FFFFFFFFFFFFFFFF\r\n{}", "2;" + "x" * 100_000 + "\r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n", "2\r\n{}",
              "0\r\n" + "T: x\r\n" * 500 + "\r\n", "1\r\n{\r\n" * 2000)  # fmt: skip
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rng.choice(bodies).encode())


def _odd_json(rng: random.Random) -> Action:
    bodies: tuple[Callable[[], str], ...] = (
        lambda: "[" * 100_000,
        lambda: '{"a":' * 50_000 + "1" + "}" * 50_000,
        lambda: '{"instances": ' + "[" * 900 + "]" * 900 + "}",
        lambda: '{"total": NaN, "instances": [Infinity, -Infinity]}',
        lambda: '{"total": ' + "9" * 200_000 + ', "instances": []}',
        lambda: '{"total": 1e999, "instances": []}',
        lambda: '{"total": 1, "total": 2, "instances": [], "instances": [1]}',
        lambda: "\ufeff{}",
        lambda: '{"total": 1, "instances": [{"job_name": "\\ud800"}]}',
        lambda: "null",
        lambda: "true",
        lambda: '"\\u001b[2J"',
        lambda: "[]",
        lambda: "{}{}",
        lambda: '{"error_code": {"a": []}, "error_msg": ["\\u001b[31m"]}',
        lambda: '{"\\u001b[31m": "' + "k" * 100_000 + '"}',
        lambda: '{"total": 3, "instances": [null, 1, "x"], "jobs": [null, 1, "x"]}',
    )
    return raw(message(200, rng.choice(bodies)().encode()))


def _not_text(rng: random.Random) -> Action:
    body = rng.choice(
        (rng.randbytes(2_000), b"\xff\xfe{}", '{"total": 0}'.encode("utf-16"), b"<html>\x1b[31m</html>", b"\x00" * 5_000, b'{"a": "\xff"}')
    )
    return raw(message(rng.choice((200, 200, 500, 404)), body))


def _redirect(rng: random.Random) -> Action:
    place = rng.choice(
        (
            "https://elsewhere.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "//\x1b[31m/",
            "/../..",
            "http://[::1",
            "x" * 20_000,
            "",
        )
    )
    return raw(message(rng.choice((300, 301, 302, 303, 304, 307, 308, 399)), b"", {"Location": place}))


def _error(rng: random.Random) -> Action:
    code = rng.choice(("DLF.30137", "APIGW.0101", "APIGW.0201", "APIGW.0308", "DLF.0107", "X\x1b[31m", "9" * 5_000, "", None, 5, ["x"]))
    text = rng.choice((*TEXTS, 5, None, {"a": 1}))
    status = rng.choice((400, 401, 403, 404, 405, 408, 409, 418, 422, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 599, 200, 204))
    bodies: tuple[t.Any, ...] = ({"error_code": code, "error_msg": text}, {"error": {"code": code, "message": text}}, {"errorCode": code, "message": text},
                                 text)  # fmt: skip
    headers = {"Retry-After": rng.choice(("0", "-5", "NaN", "abc", "1e9", "\x1b[31m", ""))} if status in (429, 503) else {}
    return raw(message(status, json.dumps(rng.choice(bodies)).encode(), headers))


def _cut(rng: random.Random) -> Action:
    return rng.choice(
        (
            close_after_reading(),
            reset_after_reading(),
            reset_after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
            raw(b"HTTP/1.1 20"),
        )
    )


def _silent(rng: random.Random) -> Action:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    return rng.choice((hang(), hang(head), hang(b"HTTP/1.1 200"), drip(head), drip(b"HTTP/1.1 200 OK\r\nX: "), drip(b"")))


def _large(rng: random.Random) -> Action:
    """An answer near or above the size limit of the client. Many small values need the most memory when they are parsed."""
    size = rng.choice((4_900_000, 5_200_000, 12_000_000))
    unit = rng.choice(("{},", "[],", '{"a":1},', '"x",', "1,", "[[[]]],", '{"job_name":"a","status":"fail","plan_time":1795473351000},'))
    name = rng.choice(("instances", "jobs", "workspaces", "other"))
    body = f'{{"total": 1, "{name}": [' + unit * (size // len(unit)) + "1]}"
    return raw(message(200, body.encode()))
