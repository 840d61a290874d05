# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option log_tail: the end of a failed node's log is read from OBS with one request per reason, or a message says why not."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.support.http_server import HttpServer, reply
from tests.support.logic import Result, call
from tests.support.scenarios import ACCESS_KEY, BOTH, FREE, SECRET_KEY, small_night
from tests.support.workspace import options, token

HOSTILE = "\x1b[2J{{ lookup('pipe', 'id') }} Table 'x' not found"
JOBS = [
    {"name": "daily_sales", "cause": "table", "failed": 30, "every": "20m"},
    {"name": "hourly_stock", "cause": "right", "failed": 2},
]
CAUSES = {"table": {"error": HOSTILE, "node": 1}, "right": {"error": "no permission", "node": 0}}


@pytest.fixture(scope="module")
def emulated() -> t.Iterator[Running]:
    with running(small_night()) as service:
        yield service


@pytest.fixture
def night(emulated: Running, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    """Function that resets the emulator and returns options."""

    def begin(role: str = "operator", **changes: t.Any) -> dict[str, t.Any]:
        night = small_night(jobs=JOBS, causes=CAUSES, switches={**BOTH, **FREE})
        for user in night["accounts"][0]["users"]:
            user.update(role=role, roles={workspace["id"]: "operator" for workspace in night["accounts"][0]["workspaces"]})
        emulated.reset(night)
        given = {"journal": str(tmp_path / "journal.db"), "log_tail": 3, "obs_endpoint": emulated.obs_endpoint, **changes}
        return options(emulated, **given)

    return begin


def tails(result: Result) -> dict[str, list[list[str]]]:
    """Log lines by job."""
    shown: dict[str, list[list[str]]] = {}
    for instance in result["instances"]:
        if instance["failure"]["log_tail"] is not None:
            shown.setdefault(instance["job_name"], []).append(instance["failure"]["log_tail"])
    return shown


@pytest.mark.parametrize("module", ["job_rerun", "job_instance_info"])
def test_the_end_of_one_log_is_read_for_each_reason(emulated: Running, night: t.Any, module: str) -> None:
    given = night()
    if module == "job_instance_info":
        given = {**{name: value for name, value in given.items() if name != "journal"}, "statuses": ["fail"]}
    result = call(module, given, check=True)
    assert not result["failed"], result.get("msg")
    assert {job: len(lines) for job, lines in tails(result).items()} == {"daily_sales": 1, "hourly_stock": 1}
    (lines,) = tails(result)["daily_sales"]
    assert len(lines) == 3
    assert "step 1500" in lines[0]
    assert "{{ lookup('pipe', 'id') }}" in lines[1], "data, whatever it looks like"
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)
    assert lines[2] == "ERROR the node ended with exit code 1"
    assert [group["log_tail"] is not None for group in result["reasons"]] == [True, True]
    logs = emulated.requests("obs_object")
    assert [entry["headers"]["Range"] for entry in logs] == ["bytes=-65536"] * 2
    assert {entry["status"] for entry in logs} == {206}
    if module == "job_rerun":
        assert "    | ERROR the node ended with exit code 1" in result["plan"]


@pytest.mark.parametrize("api_version", ["v1", "auto"])
@pytest.mark.parametrize("module", ["job_rerun", "job_instance_info"])
def test_no_secret_of_a_message_or_a_log_is_in_a_result(emulated: Running, night: t.Any, module: str, api_version: str) -> None:
    """Not from the list, the node or its log, nor in the pass state."""
    secrets = ("Hunter2", "abcDEF0123456789abcDEF01", "HPUAXYZ1234567890ABC")
    text = "jdbc:mysql://h:3306/db?user=root&password={} refused\\nAuthorization: Bearer {}\\nfs.obs.access.key={}".replace("\\n", "\n")
    given = night(api_version=api_version)
    emulated.reset(
        small_night(
            jobs=[{**JOBS[0], "cause": "secret"}], causes={"secret": {"error": text.format(*secrets), "node": 1}}, switches={**BOTH, **FREE}
        )
    )
    if module == "job_instance_info":
        given = {**{name: value for name, value in given.items() if name != "journal"}, "statuses": ["fail"]}
    result = call(module, given, check=True)
    shown = json.dumps(result, ensure_ascii=False)
    assert tails(result)["daily_sales"], result["problems"]
    assert "user=root&password=*** refused" in shown
    assert not [secret for secret in secrets if secret in shown]


def test_without_the_option_nothing_is_asked_of_obs(emulated: Running, night: t.Any) -> None:
    result = call("job_rerun", night(log_tail=0), check=True)
    assert tails(result) == {}
    assert emulated.requests("obs_object") == []


def test_where_rights_lack_the_run_goes_on_and_says_so_after_one_request(emulated: Running, night: t.Any) -> None:
    result = call("job_rerun", night(role="none"), check=True)
    assert not result["failed"]
    assert tails(result) == {}
    (problem,) = [text for text in result["problems"] if "log_tail" in text]
    assert "AccessDenied" in problem
    assert "Grant the user obs:object:GetObject on the bucket of the logs" in problem
    assert len(emulated.requests("obs_object")) == 1
    assert SECRET_KEY not in json.dumps(result)
    assert ACCESS_KEY not in json.dumps(result["problems"])


def test_obs_takes_no_token_and_that_is_said_before_anything_is_asked(emulated: Running, night: t.Any) -> None:
    given = {**night(), "access_key": None, "secret_key": None, "auth_token": token(emulated)}
    before = len(emulated.requests())
    result = call("job_rerun", given, check=True)
    assert result["failed"]
    assert "log_tail reads logs from OBS, which takes access keys, and the login is a token" in result["msg"]
    assert len(emulated.requests()) == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"log_tail": 201}, "log_tail is 201. Set it to the number of lines, 0 to 200."),
        ({"log_tail": -1}, "log_tail is -1."),
        ({"reasons": "none"}, "reasons: none reads none"),
        ({"obs_endpoint": None}, "Set obs_endpoint too"),
        ({"obs_endpoint": "ftp://obs"}, "obs_endpoint"),
    ],
)
@pytest.mark.parametrize("module", ["job_rerun", "job_instance_info"])
def test_what_cannot_be_is_refused_before_anything_is_asked(
    emulated: Running, night: t.Any, module: str, changes: dict[str, t.Any], words: str
) -> None:
    given = night(**changes)
    if module == "job_instance_info":
        given = {name: value for name, value in given.items() if name != "journal"}
    result = call(module, given, check=True)
    assert result["failed"]
    assert words in result["msg"]
    assert emulated.requests() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "drop"},
        {"kind": "truncated"},
        {"kind": "status", "status": 403},
        {"kind": "redirect"},
        {"kind": "expired_token"},
        {"kind": "oversized"},
    ],
    ids=lambda fault: "_".join(map(str, fault.values())),
)
def test_trouble_with_obs_stops_nothing(emulated: Running, night: t.Any, fault: dict[str, t.Any]) -> None:
    given = night()
    emulated.inject({"route": "obs_object", "times": 20, **fault})
    result = call("job_rerun", given, check=True)
    assert not result["failed"]
    assert result["summary"]["actions"]["retry"] == 32
    assert tails(result) == {}
    assert sum("(log_tail)" in text for text in result["problems"]) == 1, "said once"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(206, b"\x00\xff\xfe\x1b[2J\x80" * 2000, {"Content-Range": "bytes 9-12008/12009"}), 1),
        (reply(200, b"line\n" * 100_000), 3),
        (reply(416), 0),
        (reply(307, headers={"Location": "http://127.0.0.1:1/elsewhere"}), None),
        (reply(200, b"x" * 1000, {"Content-Encoding": "gzip"}), None),
    ],
    ids=["binary", "whole_object", "empty", "redirect", "compressed"],
)
def test_whatever_obs_answers_is_shown_safely_or_named(emulated: Running, night: t.Any, answer: t.Any, expected: int | None) -> None:
    with HttpServer(answer) as server:
        result = call("job_rerun", night(obs_endpoint=server.base, jobs=["hourly_stock"]), check=True)
        requests = server.seen
    assert not result["failed"]
    problems = [text for text in result["problems"] if "log_tail" in text]
    assert len({request.target for request in requests}) == 1
    if expected is None:
        assert (tails(result), len(problems)) == ({}, 1)
        return
    (lines,) = tails(result)["hourly_stock"]
    assert (len(lines), problems) == (expected, [])
    assert all(character.isprintable() for line in lines for character in line)
