# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault has its documented effect, and the journal shows whether the request took effect, even if its answer was lost."""

from __future__ import annotations

import http.client
import json
import socket
import time
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from emulator.faults.rules import KINDS, Faults
from emulator.running import Running
from tests.emulator.signed_requests import Reply, listed, restart, retry, retry_body
from tests.support.scenarios import WORKSPACE_ID, small_night

Fault = dict[str, t.Any]
#: Exceptions of http.client that mean that no complete answer arrived.
LOST: tuple[type[Exception], ...] = (ConnectionError, http.client.HTTPException, TimeoutError)


@pytest.fixture
def slow(shared: Running) -> Running:
    """The small night with runs of an hour, so that the first rerun is still in progress when a second one is sent."""
    shared.reset(small_night(switches={"flow_control": False}, speed=1, run_seconds=3600))
    return shared


def first_failed(service: Running) -> dict[str, t.Any]:
    """The body of a rerun of the first listed instance."""
    return retry_body(listed(service).data["instances"][:1])


def send_rerun(service: Running, body: t.Any) -> Reply | None:
    """Send a rerun of daily_sales and return the answer, or None if it was lost."""
    try:
        return retry(service, "daily_sales", body)
    except LOST:
        return None


@pytest.mark.parametrize(
    ("fault", "status", "effect"),
    [
        ({"kind": "status", "status": 500}, 500, 0),
        ({"kind": "status", "status": 502, "when": "after_effect"}, 502, 1),
        ({"kind": "status", "status": 503, "when": "before_effect"}, 503, 0),
        ({"kind": "status", "status": 429, "retry_after": 7}, 429, 0),
        ({"kind": "throttle", "retry_after": 2}, 429, 0),
        ({"kind": "throttle"}, 429, 0),
        ({"kind": "gateway_timeout"}, 504, 1),
        ({"kind": "gateway_timeout", "when": "before_effect"}, 504, 0),
        ({"kind": "drop", "when": "before_reading"}, None, 0),
        ({"kind": "drop", "when": "before_effect"}, None, 0),
        ({"kind": "drop", "when": "after_effect"}, None, 1),
        ({"kind": "drop"}, None, 1),
        ({"kind": "drop", "when": "mid_body"}, None, 1),
        ({"kind": "truncated"}, None, 1),
        ({"kind": "truncated", "when": "before_effect"}, None, 0),
        ({"kind": "malformed"}, 200, 1),
        ({"kind": "malformed", "when": "before_effect"}, 200, 0),
        ({"kind": "not_utf8"}, 200, 1),
        ({"kind": "oversized", "bytes": 200_000}, None, 1),
        ({"kind": "empty"}, 200, 1),
        *(({"kind": "page", "status": status, "retry_after": 3}, status, 1) for status in (403, 404, 429, 502)),
        *(({"kind": "page", "status": status, "when": "before_effect"}, status, 0) for status in (403, 404, 429, 502)),
        ({"kind": "page", "body": "json"}, 502, 1),
        ({"kind": "date", "date_seconds": 90}, 200, 1),
        ({"kind": "error_body"}, 200, 0),
        ({"kind": "error_body", "when": "after_effect"}, 200, 1),
        ({"kind": "redirect"}, 302, 0),
        ({"kind": "expired_token"}, 401, 0),
        ({"kind": "latency", "seconds": 0.01}, 200, 1),
        ({"kind": "latency", "seconds": 0.01, "when": "after_effect"}, 200, 1),
        ({"kind": "hang", "seconds": 0.01}, None, 0),
        ({"kind": "hang", "seconds": 0.01, "when": "after_effect"}, None, 1),
        ({"kind": "slow_headers", "seconds": 0.0001}, 200, 1),
        ({"kind": "slow_body", "seconds": 0.0001}, 200, 1),
        ({"kind": "slow_body", "seconds": 0.0001, "when": "before_effect"}, 200, 0),
    ],
)
def test_what_the_client_sees_and_whether_it_took_effect(slow: Running, fault: Fault, status: int | None, effect: int) -> None:
    body = first_failed(slow)
    slow.inject({"route": "retry", **fault})
    reply = send_rerun(slow, body)
    assert (reply.status if reply else None) == status
    assert len(slow.journal()) == effect
    assert slow.requests("v2_retry")[0]["fault"] == fault["kind"]
    if reply and "retry_after" in fault:
        assert reply.headers["Retry-After"] == str(fault["retry_after"])
    # The fault strikes only once.
    again = retry(slow, "daily_sales", body)
    assert again.status == (400 if effect else 200)


def test_every_kind_is_tried_above() -> None:
    table = test_what_the_client_sees_and_whether_it_took_effect.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {fault["kind"] for fault, _status, _effect in table} == set(KINDS) - {"outage"}


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("html", "text/html; charset=utf-8", b"<h1>Forbidden</h1>"),
        ("json", "application/json", b'{"status": 403, "message": "Forbidden"}'),
        ("empty", "text/plain", b""),
    ],
)
def test_a_page_has_nothing_of_the_service(slow: Running, body: str, content_type: str, text: bytes) -> None:
    slow.inject({"route": "list", "kind": "page", "status": 403, "body": body})
    reply = listed(slow)
    assert (reply.headers["Content-Type"], text in reply.body, b"error_code" in reply.body) == (content_type, True, False)
    assert "X-Request-Id" not in reply.headers
    assert reply.headers["Server"] == "proxy"


def date_of(service: Running, reply: Reply) -> int:
    """How many seconds the Date of an answer is ahead of the emulator's clock, to the nearest ten."""
    return round((parsedate_to_datetime(reply.headers["Date"]).timestamp() * 1000 - service.now_ms()) / 10_000) * 10


def test_the_date_of_some_answers_is_off(slow: Running) -> None:
    slow.inject({"route": "list", "kind": "date", "skip": 1, "date_seconds": -200})
    slow.inject({"route": "retry", "kind": "gateway_timeout", "date_seconds": 90})
    assert [date_of(slow, listed(slow)) for _number in range(3)] == [0, -200, 0]
    reply = retry(slow, "daily_sales", first_failed(slow))
    assert (reply.status, date_of(slow, reply), date_of(slow, listed(slow))) == (504, 90, 0)


@pytest.mark.parametrize("fault", [{"kind": "gateway_timeout"}, {"kind": "status", "status": 503}, {"kind": "page", "status": 429}])
def test_the_date_steps_with_a_failure_and_stays_so(slow: Running, fault: Fault) -> None:
    slow.inject({"route": "retry", **fault, "date_step_seconds": 90})
    before = slow.now_ms()
    assert [date_of(slow, reply) for reply in (listed(slow), retry(slow, "daily_sales", first_failed(slow)), listed(slow))] == [0, 90, 90]
    assert slow.now_ms() - before < 60_000


def test_the_date_is_off_from_some_request_on(slow: Running) -> None:
    slow.inject({"kind": "date", "skip": 2, "times": None, "date_seconds": 172_800})
    assert [date_of(slow, listed(slow)) for _number in range(4)] == [0, 0, 172_800, 172_800]


def test_a_step_goes_with_a_connection_that_is_cut(slow: Running) -> None:
    slow.inject({"route": "retry", "kind": "drop", "date_step_seconds": 90})
    assert send_rerun(slow, first_failed(slow)) is None
    assert date_of(slow, listed(slow)) == 90


@pytest.mark.parametrize("when", ["before_reading", "before_effect"])
def test_a_lost_rerun_with_related_jobs_and_a_person_who_reruns_one(slow: Running, when: str) -> None:
    now, entries = slow.now_ms(), listed(slow).data["instances"]
    body = {
        "retry_location": "errorNode",
        "retry_task_version": "current_version",
        "begin_time": now - 86_400_000,
        "end_time": now,
        "jobs": [{"job_name": "hourly_stock", "workspace_id": WORKSPACE_ID}],
    }
    slow.inject({"route": "retry", "kind": "drop", "when": when})
    assert send_rerun(slow, body) is None
    assert restart(slow, "daily_sales", entries[0]["instance_id"]).status == 204
    assert [(entry["kind"], len(entry["instances"])) for entry in slow.journal()] == [("restart", 1)]
    assert [entry["status"] for entry in listed(slow).data["instances"]].count("fail") == 2


def test_an_outage_refuses_connections_for_a_while(slow: Running) -> None:
    body = first_failed(slow)
    slow.inject({"route": "retry", "kind": "outage", "seconds": 0.5})
    assert retry(slow, "daily_sales", body).status == 200
    with pytest.raises(ConnectionRefusedError):
        retry(slow, "daily_sales", body)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", urlsplit(slow.endpoint).port))
    deadline = time.monotonic() + 60
    while True:
        try:
            assert retry(slow, "daily_sales", body).status == 400
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert len(slow.journal()) == 1


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"kind": "malformed", "text": "<html>"}, lambda body: body == b"<html>"),
        (
            {"kind": "error_body", "code": "DLF.0999", "message": "no"},
            lambda body: json.loads(body) == {"error_code": "DLF.0999", "error_msg": "no"},
        ),
        ({"kind": "empty"}, lambda body: body == b""),
        ({"kind": "slow_body", "seconds": 0.00001}, lambda body: json.loads(body)["total"] == 5),
        (
            {"kind": "status", "status": 504, "code": "X.1", "message": "why"},
            lambda body: json.loads(body) == {"error_code": "X.1", "error_msg": "why"},
        ),
    ],
)
def test_bodies(service: Running, fault: Fault, check: t.Callable[[bytes], bool]) -> None:
    service.inject({"route": "list", **fault})
    assert check(listed(service).body)


def test_a_malformed_body_ends_in_the_middle(service: Running) -> None:
    service.inject({"route": "list", "kind": "malformed"})
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(listed(service).body)


def test_bytes_that_are_not_utf8(service: Running) -> None:
    service.inject({"route": "list", "kind": "not_utf8"})
    with pytest.raises(UnicodeDecodeError):
        listed(service).body.decode("utf-8")


def test_a_truncated_body_announces_its_whole_length(service: Running) -> None:
    service.inject({"route": "list", "kind": "truncated"})
    with pytest.raises(http.client.IncompleteRead) as cut:
        listed(service)
    assert cut.value.expected is not None
    assert abs(len(cut.value.partial) - cut.value.expected) <= 1


def test_a_redirect_leads_elsewhere(service: Running) -> None:
    service.inject({"route": "list", "kind": "redirect", "location": "http://127.0.0.1:1/x", "status": 307})
    reply = listed(service)
    assert (reply.status, reply.headers["Location"]) == (307, "http://127.0.0.1:1/x")


def test_latency_is_real_time(service: Running) -> None:
    service.inject({"route": "list", "kind": "latency", "seconds": 0.2})
    begin = time.monotonic()
    assert listed(service).status == 200
    assert time.monotonic() - begin >= 0.19


def drawn(fault: Fault, count: int = 60, params: dict[str, str] | None = None) -> list[bool]:
    """For each of *count* v2 list requests, whether *fault* strikes it."""
    faults = Faults()
    faults.add(fault)
    return [faults.pick("v2_list", params or {}) is not None for _number in range(count)]


def test_how_often() -> None:
    assert drawn({"kind": "drop"}, 4) == [True, False, False, False]
    assert drawn({"kind": "drop", "times": 2}, 4) == [True, True, False, False]
    assert drawn({"kind": "drop", "skip": 2}, 4) == [False, False, True, False]
    assert drawn({"kind": "drop", "route": "v2_retry"}, 4) == [False] * 4
    assert drawn({"kind": "drop", "route": "list"}, 2) == [True, False]
    assert drawn({"kind": "drop", "job_name": "a"}, 1, {"job_name": "b"}) == [False]
    assert drawn({"kind": "drop", "job_name": "a"}, 1, {"job_name": "a"}) == [True]
    assert drawn({"kind": "drop", "rate": 1.0}) == [True] * 60
    assert drawn({"kind": "drop", "rate": 0.5, "times": 3}).count(True) == 3


def test_the_same_seed_hits_the_same_requests() -> None:
    hits = drawn({"kind": "drop", "rate": 0.3, "seed": 7})
    assert hits == drawn({"kind": "drop", "rate": 0.3, "seed": 7})
    assert hits != drawn({"kind": "drop", "rate": 0.3, "seed": 8})
    assert 5 < hits.count(True) < 35


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "page", "body": "picture"},
        {"kind": "magic"},
        {"kind": "drop", "route": "nowhere"},
        {"kind": "drop", "colour": "red"},
        {"kind": "drop", "when": "never"},
    ],
)
def test_a_fault_that_does_not_exist(service: Running, fault: Fault) -> None:
    with pytest.raises(ValueError, match=r"fault|route|when|body"):
        service.inject(fault)


def test_faults_of_the_scenario_and_clearing(shared: Running) -> None:
    shared.reset(small_night(faults=[{"route": "list", "kind": "throttle", "times": 100}]))
    assert listed(shared).status == 429
    shared.clear_faults()
    assert listed(shared).status == 200
