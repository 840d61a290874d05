# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes of job_rerun: what is sent, what is not, and what is reported."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import parse_point
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from emulator.switches import SWITCHES
from tests.emulator.signed_requests import restart
from tests.support.logic import by_action, call, passes, reruns
from tests.support.long import whole_plays_of
from tests.support.playbook import run_module
from tests.support.scenarios import (
    BOTH,
    DOMAIN,
    FREE,
    OPEN,
    PROJECT_ID,
    SECRET_KEY,
    USER_NAME,
    USER_PASSWORD,
    V1,
    V2,
    WORKSPACE_ID,
    small_night,
)
from tests.support.workspace import options, token

#: Emulated seconds until a rerun shows: a minute of the service's clock, so that it shows only after ``advance``.
HIDDEN = 3600


@pytest.fixture
def rerun_options(service: t.Any, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    """Function that returns options of job_rerun: all instances of the last day, a short settle time, and a journal of the test."""

    def make(**changes: t.Any) -> dict[str, t.Any]:
        return options(service, **{"journal": str(tmp_path / "state"), "settle_time": 1, "poll_interval": 1, "max_retries": 1, **changes})

    return make


def failed_before(service: t.Any) -> dict[tuple[str, int], int]:
    """Expected reruns: one for each instance that had failed when the service was started."""
    jobs = {name: instances for workspace in service.state()["workspaces"].values() for name, instances in workspace.items()}
    return {
        (name, instance["plan_time"]): 1
        for name, instances in jobs.items()
        for instance in instances
        if instance["runs"][0]["status"] == "fail"
    }


def settle(service: t.Any) -> t.Callable[[object], None]:
    """Function that advances the service's clock by the settle time."""
    return lambda result: service.advance(2)


# What is rerun


def test_each_failed_instance_is_rerun_once_and_watched_to_its_end(service: t.Any, rerun_options: t.Any) -> None:
    service.set(**V2, request_id_header=True)
    results = passes(rerun_options())
    assert reruns(service.journal()) == failed_before(service)
    assert len(service.journal()) == 3, "one request per job"
    assert results[0]["changed"] is True
    assert [result["changed"] for result in results[1:]] == [False] * (len(results) - 1)
    last = results[-1]
    assert (last["finished"], last["failed"], last["error"]["kind"]) == (True, True, "incomplete")
    assert {action: len(names) for action, names in by_action(last).items()} == {"done": 5, "failed_again": 1}
    assert "1 failed again" in last["msg"]
    assert WORKSPACE_ID in last["msg"]
    rerun = [instance for instance in last["instances"] if instance["rerun"]]
    assert len(rerun) == 6
    assert all(instance["status_before"] == "fail" and instance["attempts"] == 1 and instance["request_id"] for instance in rerun)
    assert last["summary"] == {
        "total": 8,
        "already_done": 2,
        "rerun": 6,
        "actions": {"done": 7, "failed_again": 1},
        "statuses": {"success": 7, "fail": 1},
    }


def test_request_ids_in_the_result_are_those_of_the_journal(service: t.Any, rerun_options: t.Any) -> None:
    service.set(request_id_header=True)
    first = call("job_rerun", rerun_options())
    ids = {(instance["job_name"], instance["request_id"]) for instance in first["instances"] if instance["action"] == "retry"}
    assert ids == {(entry["job_name"], entry["request_id"]) for entry in service.journal()}


def test_a_second_attempt_is_made_only_if_asked_for(service: t.Any, rerun_options: t.Any) -> None:
    results = passes(rerun_options(attempts=2))
    assert results[-1]["failed"] is False
    expected = failed_before(service)
    expected[next(key for key in expected if key[0] == "weekly_report")] = 2
    assert reruns(service.journal()) == expected
    assert max(instance["attempts"] for instance in results[-1]["instances"]) == 2


def test_again_with_the_same_since_nothing_is_sent(service: t.Any, rerun_options: t.Any) -> None:
    since = str(passes(rerun_options())[0]["since"])
    before = len(service.journal())
    service.advance(30)
    again = passes(rerun_options(since=since))[-1]
    assert len(service.journal()) == before
    assert again["changed"] is False
    assert again["requests"] == {"GET": again["requests"]["GET"]}


def test_nothing_to_do_costs_one_read_and_leaves_nothing_behind(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    service.reset(small_night(switches={**FREE, **V1, "clock_skew_seconds": 0}, jobs=[{"name": "quiet", "succeeded": 5}]))
    result = call("job_rerun", rerun_options())
    assert (result["changed"], result["finished"], result["failed"]) == (False, True, False)
    assert result["requests"] == {"GET": 1}
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"jobs": ["daily_sales"]}, {"daily_sales": 3}),
        ({"jobs": ["*_s*"]}, {"daily_sales": 3, "hourly_stock": 2}),
        ({"jobs": ["hourly_?tock", "weekly_report"]}, {"hourly_stock": 2, "weekly_report": 1}),
        ({"planned_after": "-90m"}, {"daily_sales": 1, "hourly_stock": 1, "weekly_report": 1}),
        ({"planned_before": "-90m"}, {"daily_sales": 2, "hourly_stock": 1}),
        ({"statuses": ["success"], "jobs": ["daily_sales"]}, {"daily_sales": 2}),
        ({"instance_types": ["once"]}, {}),
        ({"batch_size": 2, "jobs": ["daily_sales"]}, {"daily_sales": 3}),
        ({"api_version": "v1", "jobs": ["daily_sales"]}, {"daily_sales": 3}),
        ({"api_version": "v2"}, {"daily_sales": 3, "hourly_stock": 2, "weekly_report": 1}),
    ],
)
def test_what_the_options_select_is_sent(service: t.Any, rerun_options: t.Any, changes: dict[str, t.Any], expected: dict[str, int]) -> None:
    service.set(**OPEN[changes.get("api_version", "auto")])
    result = call("job_rerun", rerun_options(**changes))
    by_job: dict[str, int] = {}
    for name, _plan_time in by_action(result).get("retry", []):
        by_job[name] = by_job.get(name, 0) + 1
    assert by_job == expected
    counted: dict[str, int] = {}
    for (name, _plan_time), times in reruns(service.journal()).items():
        counted[name] = counted.get(name, 0) + times
    assert counted == expected


def test_the_window_of_the_first_pass_is_told_for_the_next(service: t.Any, rerun_options: t.Any) -> None:
    first = call("job_rerun", rerun_options(planned_after="-2h"))
    assert first["planned_before"] - first["planned_after"] == 2 * 3_600_000
    later = call(
        "job_rerun",
        rerun_options(planned_after=str(first["planned_after"]), planned_before=str(first["planned_before"]), since=str(first["since"])),
    )
    assert [later[name] for name in ("planned_after", "planned_before", "since")] == [
        first[name] for name in ("planned_after", "planned_before", "since")
    ]
    assert {instance["plan_time"] for instance in later["instances"]} == {instance["plan_time"] for instance in first["instances"]}


def test_no_more_than_max_parallel_are_in_progress(service: t.Any, rerun_options: t.Any) -> None:
    service.reset(small_night(switches=FREE, run_seconds=3600, jobs=[{"name": "slow", "failed": 5}]))
    largest = 0

    def end_runs(result: dict[str, t.Any]) -> None:
        nonlocal largest
        (jobs,) = service.state()["workspaces"].values()
        largest = max(largest, sum(instance["hidden"] or instance["status"] in ("waiting", "running") for instance in jobs["slow"]))
        service.advance(61)

    results = passes(rerun_options(max_parallel=2), between=end_runs)
    assert largest == 2
    assert [len(by_action(result).get("retry", [])) for result in results if result["changed"]] == [2, 2, 1]
    assert "max_parallel" in next(instance["reason"] for instance in results[0]["instances"] if instance["action"] == "wait")
    assert results[-1]["failed"] is False


# Check mode and guards


def test_check_mode_reads_decides_and_sends_nothing(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    planned = call("job_rerun", rerun_options(), check=True, diff=True)
    assert service.journal() == []
    assert not service.requests("v2_retry")
    assert not (tmp_path / "state").exists()
    assert (planned["changed"], planned["finished"], planned["failed"]) == (True, True, False)
    assert len(by_action(planned)["retry"]) == 6
    assert "6 to rerun in 3 requests" in planned["plan"][0]
    assert planned["diff"]["before"].count(": fail\n") == planned["diff"]["after"].count(": to be rerun\n") == 6
    real = call("job_rerun", rerun_options())
    assert by_action(real) == by_action(planned)
    # both calculate the expected end from their own time, which may be in different minutes
    of_real, of_planned = ([re.sub(r"until at least \S+", "until then", line) for line in result["plan"][1:]] for result in (real, planned))
    assert of_real == of_planned


def test_diff_shows_status_before_and_after(service: t.Any, rerun_options: t.Any) -> None:
    first = call("job_rerun", rerun_options(jobs=["daily_sales"]), diff=True)
    assert first["diff"]["after"].count("rerun requested") == 3
    later = passes(rerun_options(jobs=["daily_sales"], since=str(first["since"])))[-1]
    shown = call("job_rerun", rerun_options(jobs=["daily_sales"], since=str(first["since"])), diff=True)["diff"]
    assert later["finished"]
    assert (shown["before"].count(": fail\n"), shown["after"].count(": success\n")) == (3, 3)


def test_max_instances_refuses_the_plan_before_the_first_write(service: t.Any, rerun_options: t.Any) -> None:
    result = call("job_rerun", rerun_options(max_instances=5))
    assert (result["failed"], result["error"]["kind"], result["changed"]) == (True, "limit", False)
    assert "max_instances is 5" in result["msg"]
    assert "'daily_sales' 3" in result["msg"]
    assert service.journal() == []
    assert (len(result["instances"]), result["summary"]["already_done"]) == (6, 2), "what had succeeded before is only counted"
    assert "retry" not in by_action(result)


REFUSED: list[tuple[dict[str, t.Any], str]] = [
    ({"planned_after": "yesterday"}, "planned_after"),
    ({"planned_after": "2026-11-23T03:00:00"}, "no time zone"),
    ({"planned_after": "-1h", "planned_before": "-2h"}, "planned_before"),
    ({"since": "2026-11-23"}, "since"),
    ({"since": 1732601580}, "10 digits"),
    ({"jobs": []}, "jobs is an empty list"),
    ({"jobs": [""]}, "empty name"),
    ({"retry_location": "specifiedNode"}, "node_name"),
    ({"node_name": "transform"}, "node_name"),
    ({"retry_location": "error_node"}, "retry_location"),
    ({"retry_task_version": "latest_version"}, "retry_task_version"),
    ({"statuses": ["running"]}, "statuses"),
    ({"instance_types": ["hourly"]}, "instance_types"),
    ({"attempts": 0}, "attempts"),
    ({"attempt_delay": -1}, "attempt_delay"),
    ({"settle_time": -1}, "settle_time"),
    ({"batch_size": 0}, "batch_size"),
    ({"max_parallel": 0}, "max_parallel"),
    ({"statuses": []}, "statuses is an empty list"),
    ({"max_instances": -1}, "max_instances"),
    ({"poll_interval": 0}, "poll_interval"),
    ({"wait_timeout": -1}, "wait_timeout"),
    ({"workspace_id": "two words"}, "workspace_id"),
    ({"workspace_id": None}, "workspace_id"),
    ({"api_version": "v3"}, "api_version"),
    ({"endpoint": "http://dayu.example.com"}, "http"),
    ({"access_key": None}, "secret_key without access_key"),
    ({"auth_token": "t0k3n"}, "different kinds"),
    ({"connect_timeout": 0}, "connect_timeout"),
    ({"max_retries": -1}, "max_retries"),
    ({"ca_path": "/nowhere/ca.pem"}, "ca_path"),
]


@pytest.mark.parametrize(("changes", "named"), REFUSED, ids=[json.dumps(changes) for changes, named in REFUSED])
def test_options_are_refused_before_anything_is_sent(service: t.Any, rerun_options: t.Any, changes: dict[str, t.Any], named: str) -> None:
    result = call("job_rerun", rerun_options(**changes))
    assert result["failed"]
    assert named in result["msg"]
    assert SECRET_KEY not in json.dumps(result)
    assert service.requests() == []


def test_since_in_the_future_is_refused_because_nothing_could_ever_be_after_it(service: t.Any, rerun_options: t.Any) -> None:
    result = call("job_rerun", rerun_options(since=str(service.now_ms() + 600_000)))
    assert result["failed"]
    assert "since" in result["msg"]
    assert "future" in result["msg"]
    assert service.journal() == []


def test_until_a_since_that_lies_a_moment_ahead_nothing_is_sent_and_then_each_once(service: t.Any, rerun_options: t.Any) -> None:
    """A rerun sent before since would not count as this run's, so an instance that fails fast would be sent in every pass."""
    service.reset(small_night(switches=FREE, jobs=[{"name": "broken_for_good", "failed": 2, "every": "1h", "runs": ["fail"] * 9}]))
    since = service.now_ms() + 40_000
    results = passes(rerun_options(since=str(since)), between=lambda result: service.advance(5))
    assert "in the future by the service's clock" in results[0]["plan"][1]
    assert set(reruns(service.journal()).values()) == {1}
    assert all(entry["time"] >= since for entry in service.journal())
    assert len(by_action(results[-1])["failed_again"]) == 2


# One failure does not affect the others


def test_a_job_that_does_not_exist_leaves_the_others_rerun(service: t.Any, rerun_options: t.Any) -> None:
    results = passes(rerun_options(jobs=["daily_sales", "no_such_job"]))
    assert len(reruns(service.journal())) == 3
    last = results[-1]
    assert last["failed"]
    assert "no_such_job" in last["msg"]
    assert any("no_such_job" in text for text in results[0]["problems"])
    assert by_action(last) == {"done": by_action(last)["done"]}


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_a_name_without_instances_is_not_a_failure(service: t.Any, rerun_options: t.Any, api_version: str) -> None:
    service.set(**OPEN[api_version])
    result = call("job_rerun", rerun_options(jobs=["daily_sales"], planned_after="-20s", api_version=api_version))
    assert (result["failed"], result["finished"], result["instances"], result["problems"]) == (False, True, [], [])


def test_a_job_whose_rerun_is_refused_leaves_the_others_rerun_listed_and_counted(service: t.Any, rerun_options: t.Any) -> None:
    fault = {
        "route": "retry",
        "job_name": "daily_sales",
        "kind": "status",
        "status": 400,
        "code": "DLF.3051",
        "message": "not like this",
        "times": 50,
    }
    service.inject(fault)
    results = passes(rerun_options(), between=settle(service))
    expected = {key: times for key, times in failed_before(service).items() if key[0] != "daily_sales"}
    assert reruns(service.journal()) == expected
    last = results[-1]
    counts = {action: len(names) for action, names in by_action(last).items()}
    assert counts == {"done": 2, "failed_again": 1, "rejected": 3}
    assert "3 rejected by the service" in last["msg"]
    assert all("not like this" in instance["reason"] for instance in last["instances"] if instance["action"] == "rejected")
    assert any("daily_sales" in text and "not like this" in text for text in results[0]["problems"])
    again = call("job_rerun", rerun_options(since=str(last["since"])))
    assert len(by_action(again)["rejected"]) == 3
    assert "POST" not in again["requests"]


def test_one_culprit_in_a_batch_does_not_keep_the_others(service: t.Any, rerun_options: t.Any) -> None:
    service.inject(
        {"route": "retry", "job_name": "daily_sales", "kind": "status", "status": 400, "code": "DLF.3051", "message": "no", "times": 1}
    )
    results = passes(rerun_options(jobs=["daily_sales"]), between=settle(service))
    assert results[-1]["failed"] is False
    assert reruns(service.journal()) == {key: 1 for key in failed_before(service) if key[0] == "daily_sales"}
    assert all(len(entry["instances"]) == 1 for entry in service.journal()), "after a refusal each is sent alone"


def test_a_job_that_cannot_be_listed_leaves_the_others_rerun(service: t.Any, rerun_options: t.Any) -> None:
    service.set(**V2)
    service.inject({"route": "v2_list", "job_name": "daily_sales", "kind": "status", "status": 500, "times": 50})
    result = call("job_rerun", rerun_options(jobs=["daily_sales", "hourly_stock"], api_version="v2"))
    assert {name for name, _plan_time in reruns(service.journal())} == {"hourly_stock"}
    assert any("daily_sales" in text for text in result["problems"])


def test_without_permission_the_pass_ends_with_what_was_reached(service: t.Any, rerun_options: t.Any) -> None:
    service.inject(
        {
            "route": "retry",
            "job_name": "hourly_stock",
            "kind": "status",
            "status": 403,
            "code": "DLF.6888",
            "message": "no permission",
            "times": 9,
        }
    )
    result = call("job_rerun", rerun_options())
    assert (result["failed"], result["error"]["kind"], result["error"]["code"]) == (True, "no_permission", "DLF.6888")
    assert result["changed"] is True
    assert {entry["job_name"] for entry in service.journal()} == {name for name, _plan_time in by_action(result)["retry"]}
    assert {"not sent" in instance["reason"] for instance in result["instances"] if instance["action"] == "wait"} == {True}
    assert "administrator or operator" in result["msg"]


# Exactly once


LOST: list[dict[str, t.Any]] = [
    {"kind": "drop", "when": "before_effect"},
    {"kind": "drop", "when": "after_effect"},
    {"kind": "drop", "when": "before_reading"},
    {"kind": "drop", "when": "mid_body"},
    {"kind": "gateway_timeout", "when": "before_effect"},
    {"kind": "gateway_timeout", "when": "after_effect"},
    {"kind": "status", "status": 500, "when": "after_effect"},
    {"kind": "status", "status": 503, "when": "before_effect"},
    {"kind": "malformed", "when": "after_effect"},
    {"kind": "truncated", "when": "before_effect"},
    {"kind": "not_utf8", "when": "after_effect"},
    {"kind": "throttle"},
    {"kind": "redirect"},
]


@pytest.mark.parametrize("fault", LOST, ids=["-".join(map(str, fault.values())) for fault in LOST])
def test_a_lost_answer_ends_with_exactly_one_rerun_each(service: t.Any, rerun_options: t.Any, fault: dict[str, t.Any]) -> None:
    service.inject(
        {"route": "retry", "times": 3, "retry_after": 0, **fault}
        if fault["kind"] == "throttle"
        else {"route": "retry", "times": 3, **fault}
    )
    results = passes(rerun_options(jobs=["daily_sales", "hourly_stock"], max_retries=4), between=settle(service))
    expected = {key: times for key, times in failed_before(service).items() if key[0] != "weekly_report"}
    assert reruns(service.journal()) == expected
    assert results[-1]["failed"] is False, results[-1]
    assert by_action(results[-1]) == {"done": sorted(expected)}


@pytest.mark.parametrize("times", [1, 3, 9])
def test_a_cut_answer_that_v2_is_closed_does_not_refuse_the_instances(service: t.Any, rerun_options: t.Any, times: int) -> None:
    service.set(**V1, v2_open=True, v2_retry_open=False)
    service.inject({"route": "v2_retry", "kind": "truncated", "times": times})
    results = passes(rerun_options(max_retries=1), between=settle(service))
    assert reruns(service.journal()) == failed_before(service)
    assert {entry["kind"] for entry in service.journal()} == {"restart"}
    assert {action: len(names) for action, names in by_action(results[-1]).items()} == {"done": 5, "failed_again": 1}
    assert max(instance["attempts"] for instance in results[-1]["instances"]) == 1, "what was refused by the gateway is not an attempt"


def test_a_cut_refusal_may_mean_that_it_runs_already_so_it_is_read_back_first(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    """Another controller's rerun does not show yet, and the service's answer that it runs already is lost."""
    service.set(**V2, rerun_visible_after=HIDDEN, retry_of_active="refuse")
    service.inject({"route": "v2_retry", "kind": "truncated", "skip": 1, "times": 1})
    assert call("job_rerun", rerun_options(jobs=["hourly_stock"], journal=str(tmp_path / "other")))["changed"]
    first = call("job_rerun", rerun_options(jobs=["hourly_stock"], settle_time=90))
    assert [entry["status"] for entry in service.requests("v2_retry")][-1] is None
    assert len(by_action(first)["settling"]) == 2
    results = passes(
        rerun_options(jobs=["hourly_stock"], settle_time=90, since=str(first["since"])), between=lambda result: service.advance(30)
    )
    assert (results[-1]["failed"], set(reruns(service.journal()).values())) == (False, {1})


@pytest.mark.parametrize("taken", [True, False])
def test_a_process_that_died_between_sending_and_reading_is_continued(
    service: t.Any, rerun_options: t.Any, tmp_path: Path, taken: bool
) -> None:
    """The journal has the claim without an outcome, as after a kill."""
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect" if taken else "before_effect"})
    first = call("job_rerun", rerun_options(jobs=["hourly_stock"], settle_time=30, read_timeout=20))
    with contextlib.closing(sqlite3.connect(tmp_path / "state", isolation_level=None)) as journal:
        journal.execute("UPDATE dataarts_attempt SET outcome = 'intended', request_id = NULL")
    since = str(first["since"])
    second = call("job_rerun", rerun_options(jobs=["hourly_stock"], settle_time=30, since=since))
    assert "POST" not in second["requests"]
    service.advance(31)
    results = passes(rerun_options(jobs=["hourly_stock"], settle_time=30, since=since))
    assert reruns(service.journal()) == {key: 1 for key in failed_before(service) if key[0] == "hourly_stock"}
    assert results[-1]["failed"] is False


def test_two_runs_at_the_same_time_rerun_each_instance_once(service: t.Any, rerun_options: t.Any) -> None:
    service.reset(
        small_night(switches={**FREE, "rerun_visible_after": 6}, jobs=[{"name": f"job_{number}", "failed": 3} for number in range(6)])
    )
    service.inject({"route": "v1_list", "kind": "latency", "seconds": 0.2, "times": 2})
    results: list[list[dict[str, t.Any]]] = []
    threads = [
        threading.Thread(target=lambda: results.append(passes(rerun_options(settle_time=5), between=settle(service))))
        for _plan_time in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert reruns(service.journal()) == failed_before(service)
    assert [passes[-1]["failed"] for passes in results] == [False, False]


def test_check_mode_shows_an_attempt_that_is_due_later(service: t.Any, rerun_options: t.Any) -> None:
    service.set(**V1, node_types="joined")  # v1 has the reason
    last = passes(rerun_options(jobs=["weekly_report"]))[-1]
    later = rerun_options(jobs=["weekly_report"], since=str(last["since"]), attempts=2, attempt_delay=600)
    checked = call("job_rerun", later, check=True)
    assert ([instance["action"] for instance in checked["instances"]], checked["changed"]) == (["retry"], True)
    assert checked["plan"][0].endswith("nothing to rerun yet")
    assert checked["plan"][1:] == [
        "  rerun again after attempt_delay: 1",
        "  1 × node publish (DLISQL): the node ended with exit code 1",
    ]
    waiting = call("job_rerun", later)
    assert ([instance["action"] for instance in waiting["instances"]], waiting["changed"]) == (["wait"], False)


def test_a_rerun_that_shows_late_is_not_sent_again(service: t.Any, rerun_options: t.Any) -> None:
    service.set(rerun_visible_after=3600, date_offset_seconds=0)
    first = call("job_rerun", rerun_options(jobs=["daily_sales"]))
    since = str(first["since"])
    assert by_action(call("job_rerun", rerun_options(jobs=["daily_sales"], since=since, settle_time=60))).keys() == {"settling"}
    service.advance(5)
    late = call("job_rerun", rerun_options(jobs=["daily_sales"], since=since))
    assert len(by_action(late)["wait"]) == 3
    assert "does not show it yet" in next(instance["reason"] for instance in late["instances"] if instance["action"] == "wait")
    (problem,) = late["problems"]
    assert problem.startswith("The service accepted reruns of job daily_sales that it does not show.")
    service.advance(120)
    last = passes(rerun_options(jobs=["daily_sales"], since=since))[-1]
    assert (last["failed"], last["problems"]) == (False, [])
    assert sorted(reruns(service.journal()).values()) == [1, 1, 1]


def test_an_explicit_since_on_a_machine_without_a_record_waits_before_it_sends(service: t.Any, rerun_options: t.Any) -> None:
    service.set(date_offset_seconds=0)
    since = str(service.now_ms() - 3_600_000)
    first = call("job_rerun", rerun_options(since=since, settle_time=20, clock_slack=0))
    assert service.journal() == []
    assert (first["finished"], first["failed"], first["changed"]) == (False, False, False)
    assert len(by_action(first)["settling"]) == 6
    assert "nothing to rerun yet" in first["plan"][0]
    assert "held back until" in first["plan"][1]
    assert "then rerun: 6 instances; the journal is younger than since" in first["plan"][1]
    assert 10 < first["due_in"] <= 21
    service.advance(23)  # the hold-off must also pass on the journal's clock, which is read just after the list
    second = call("job_rerun", rerun_options(since=since, settle_time=20, clock_slack=0))
    assert len(by_action(second)["retry"]) == 6
    assert reruns(service.journal()) == failed_before(service)


@pytest.mark.parametrize("module", ["job_rerun", "job_instance_retry"])
def test_a_damaged_record_holds_back_a_run_without_since_too(service: t.Any, rerun_options: t.Any, tmp_path: Path, module: str) -> None:
    """The unreadable record may have been a recent rerun, which the service does not show yet."""
    service.set(rerun_visible_after=HIDDEN, retry_of_active="accept")
    journal = tmp_path / "journal.db"
    first = call("job_rerun", rerun_options(jobs=["weekly_report"], journal=str(journal)))
    journal.write_bytes(b"\0" * 512 + journal.read_bytes()[512:])
    if module == "job_rerun":
        second = call("job_rerun", rerun_options(jobs=["weekly_report"], journal=str(journal), settle_time=100))
        assert (list(by_action(second)), second["changed"]) == (["settling"], False)
        third = call("job_rerun", rerun_options(jobs=["weekly_report"], journal=str(journal), settle_time=100, since=str(second["since"])))
        assert (list(by_action(third)), third["changed"]) == (["settling"], False)
    else:
        key = {name: str(first["instances"][0][name]) for name in ("job_id", "plan_time", "submit_time")}
        given = rerun_options(job_name="weekly_report", task_retrys=[key], journal=str(journal), settle_time=60)
        del given["poll_interval"]
        threading.Timer(0.5, service.advance, [100]).start()  # the first rerun shows while it waits
        assert call("job_instance_retry", given)["instances"][0]["action"] == "skipped"
    assert list(reruns(service.journal()).values()) == [1]


@pytest.mark.parametrize("module", ["job_rerun", "job_instance_retry"])
def test_a_list_that_is_older_than_a_minute_is_not_acted_on(
    service: t.Any, rerun_options: t.Any, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """The machine slept between list and request, and somebody has rerun the instance in the console meanwhile, with success."""
    (instance,) = service.instances("weekly_report")
    key = {name: str(instance[name]) for name in ("job_id", "plan_time", "submit_time")}
    given = rerun_options(jobs=["weekly_report"]) if module == "job_rerun" else rerun_options(job_name="weekly_report", task_retrys=[key])
    if module == "job_instance_retry":
        del given["poll_interval"]
    service.set(**V1, instance_id_after_rerun="same", rerun_visible_after=0)
    writes = "ansible_collections.dataarts.factory.plugins.module_utils._runner.write"

    def asleep() -> float:
        for dummy in range(2):  # the first rerun fails
            assert restart(service, "weekly_report", instance["instance_id"]).status in (200, 204)
            service.advance(30)
        monkeypatch.setattr(f"{writes}.stopwatch", stopwatch)
        return stopwatch() + 75

    monkeypatch.setattr(f"{writes}.stopwatch", asleep)
    result = call(module, given)
    assert [entry["kind"] for entry in service.journal()] == ["restart", "restart"]
    if module == "job_rerun":
        assert (result["finished"], result["instances"][0]["standing"]) == (False, "to_rerun")
    else:
        assert (result["failed"], result["instances"][0]["action"]) == (False, "skipped")


def test_a_pass_sends_no_more_by_what_it_saw_long_ago(service: t.Any, rerun_options: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service.set(**V2)
    writes = "ansible_collections.dataarts.factory.plugins.module_utils._runner.write"
    with monkeypatch.context() as asleep:
        asleep.setattr(f"{writes}.stopwatch", lambda: stopwatch() + 75 * bool(service.journal()))
        first = call("job_rerun", rerun_options())
    assert (len(service.requests("v2_retry")), first["finished"], first["failed"]) == (1, False, False)
    later = passes(rerun_options(since=str(first["since"])), between=settle(service))
    assert len(later) >= 2
    assert reruns(service.journal()) == failed_before(service)


def test_a_run_without_since_that_has_to_look_twice_holds_nothing_back(
    service: t.Any, rerun_options: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If reading dependencies takes long, instances are listed again; the journal is complete since the time of the first list."""
    service.set(**BOTH)
    monkeypatch.setattr("ansible_collections.dataarts.factory.plugins.module_utils._runner.rerun.OLD_SECONDS", 0.0)
    given = rerun_options(order="upstream_first", settle_time=3600)
    planned = call("job_rerun", {**given, "pass_state": {"plan_only": True}})
    second = call("job_rerun", {**given, **{name: str(planned[name]) for name in ("since", "planned_after", "planned_before")}})
    assert [list(by_action(result)) for result in (planned, second)] == [["retry"]] * 2
    assert reruns(service.journal()) == failed_before(service)


def test_without_since_nothing_is_held_back_also_if_the_first_pass_had_nothing_to_send(service: t.Any, rerun_options: t.Any) -> None:
    job = {"name": "slow", "runs": ["fail", "success"], "instances": [{"plan_time": "-1h", "status": "running"}]}
    service.reset(small_night(switches=FREE, jobs=[job], run_seconds=3600))
    service.advance(20)
    results = passes(rerun_options(settle_time=3600), between=lambda result: service.advance(30))
    assert list(by_action(results[0])) == ["wait"]
    assert list(by_action(results[-1])) == ["done"]
    assert set(reruns(service.journal()).values()) == {1}


def test_a_rerun_whose_outcome_cannot_be_written_down_is_told_and_is_the_last(
    service: t.Any, rerun_options: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: t.Any, **named: t.Any) -> t.Any:
        raise JournalError("Failed to write to the journal: database or disk is full.")

    service.set(**V2)
    monkeypatch.setattr(Journal, "record", full)
    result = call("job_rerun", rerun_options())
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "journal")
    assert "disk is full" in result["msg"]
    assert "What was sent is in the result; the next run settles it." in result["msg"]
    (job,) = {name for name, _time in reruns(service.journal())}
    assert {instance["job_name"] for instance in result["instances"] if instance["rerun"]} == {job}
    assert {instance["action"] for instance in result["instances"] if instance["job_name"] != job} <= {"wait", "done"}


def test_a_rerun_for_which_iam_gave_no_token_was_not_sent(service: t.Any, rerun_options: t.Any) -> None:
    """The first request was refused and the second was never sent: nothing has to be read back, and nothing has changed."""
    service.set(**V2)
    service.inject({"route": "retry", "kind": "expired_token", "times": 1})
    service.inject({"route": "tokens", "kind": "status", "status": 500, "skip": 1, "times": 2})
    user = {"access_key": None, "secret_key": None, "user_name": USER_NAME, "user_password": USER_PASSWORD, "domain_name": DOMAIN}
    result = call("job_rerun", rerun_options(**user, jobs=["hourly_stock"]))
    assert (list(by_action(result)), result["changed"], service.journal()) == (["wait"], False, [])
    assert result["instances"][0]["reason"].startswith("not sent: DLF.0001 Failed to get a token for user")
    assert passes(rerun_options(**user, jobs=["hourly_stock"], since=str(result["since"])), between=settle(service))[-1]["failed"] is False
    assert list(reruns(service.journal()).values()) == [1, 1]


def test_check_mode_with_an_explicit_since_shows_what_will_be_sent(service: t.Any, rerun_options: t.Any) -> None:
    planned = call("job_rerun", rerun_options(since=str(service.now_ms() - 3_600_000), clock_slack=0), check=True)
    assert len(by_action(planned)["retry"]) == 6


def test_what_others_have_started_is_waited_for_and_not_sent(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    service.set(rerun_visible_after=0)
    other = call("job_rerun", rerun_options(jobs=["daily_sales"], journal=str(tmp_path / "elsewhere")))
    passes(rerun_options(since=str(other["since"]), jobs=["daily_sales"]), between=settle(service))
    assert sorted(reruns(service.journal()).values()) == [1, 1, 1]


def test_what_runs_already_by_the_services_answer_is_read_back_and_waited_for(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    """Another machine was faster, and its rerun does not show yet: the run must not give up because of such a refusal."""
    service.set(rerun_visible_after=HIDDEN)
    call("job_rerun", rerun_options(jobs=["hourly_stock"], planned_after="-90m", journal=str(tmp_path / "elsewhere")))
    fault = {"route": "retry", "kind": "status", "status": 400, "code": "DLF.30107", "message": "The job instance is already running."}
    service.inject(fault)
    results = passes(
        rerun_options(jobs=["hourly_stock"], planned_after="-90m", settle_time=300), between=lambda result: service.advance(30)
    )
    assert list(by_action(results[0])) == ["settling"]
    assert "already running" in results[0]["instances"][0]["reason"]
    assert (results[-1]["failed"], list(by_action(results[-1]))) == (False, ["done"])
    assert len(service.journal()) == 1
    assert [instance["rerun"] for instance in results[-1]["instances"]] == [False]


@pytest.mark.parametrize("refusal", ["all", "partial_error"])
def test_whose_rerun_it_was_is_not_claimed_where_one_of_several_ran_already(
    service: t.Any, rerun_options: t.Any, tmp_path: Path, refusal: str
) -> None:
    """Both meanings of such a refusal look the same: the instance changed, and started after the request."""
    service.set(**V2, rerun_visible_after=HIDDEN, retry_of_active="refuse", batch_refusal=refusal, date_offset_seconds=0)
    call("job_rerun", rerun_options(jobs=["hourly_stock"], planned_after="-90m", journal=str(tmp_path / "elsewhere")))
    [culprit] = list(reruns(service.journal()))
    results = passes(rerun_options(jobs=["hourly_stock"], settle_time=90), between=lambda result: service.advance(30))
    assert (results[-1]["failed"], reruns(service.journal())) == (
        False,
        {key: 1 for key in failed_before(service) if key[0] == "hourly_stock"},
    )
    by_key = {(instance["job_name"], instance["plan_time"]): instance for instance in results[-1]["instances"]}
    assert by_key.pop(culprit)["rerun"] is None
    assert "it is unknown whose rerun that is" in next(
        instance["reason"] for instance in results[-1]["instances"] if instance["rerun"] is None
    )
    assert [instance["rerun"] for instance in by_key.values()] == [True if refusal == "all" else None]


def test_without_waiting_a_pass_is_finished_when_everything_is_sent(service: t.Any, rerun_options: t.Any) -> None:
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect", "job_name": "daily_sales"})
    results = passes(rerun_options(wait=False), between=settle(service))
    assert [result["finished"] for result in results] == [False] * (len(results) - 1) + [True]
    assert len(results) > 1, "an outcome that is not known has to be read back"
    assert reruns(service.journal()) == failed_before(service)
    service.reset(small_night(switches=FREE, run_seconds=36000))
    assert call("job_rerun", rerun_options(wait=False, journal=f"{rerun_options()['journal']}-other"))["finished"] is True


SETTINGS = [
    (name, value)
    for name, switch in SWITCHES.items()
    for value in switch.settings[1:]
    if name not in ("flow_control", "v1_open", "v2_open", "v2_list_open", "token_lifetime_seconds", "retry_of_active")
]


#: tests/contract/test_every_switch.py also tests each of these switches.
@pytest.mark.parametrize(("name", "value"), [("v1_open", False), ("v2_open", False), ("v2_list_open", False), *whole_plays_of(SETTINGS)])
def test_each_instance_once_under_every_setting_of_every_switch(service: t.Any, rerun_options: t.Any, name: str, value: t.Any) -> None:
    service.set(**{**BOTH, name: value})
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect", "job_name": "hourly_stock"})
    results = passes(rerun_options(jobs=["daily_*", "hourly_*"]), between=settle(service))
    expected = {key: times for key, times in failed_before(service).items() if key[0] != "weekly_report"}
    assert reruns(service.journal()) == expected
    assert results[-1]["failed"] is False, results[-1]["msg"]


def test_where_v2_is_not_open_each_instance_is_sent_by_itself(service: t.Any, rerun_options: t.Any) -> None:
    service.set(**V1, v2_retry_open=False)
    result = call("job_rerun", rerun_options())
    assert result["api_versions"] == {"list_workspace": "v1", "instance": "v1", "retry": "v1"}
    assert [entry["kind"] for entry in service.journal()] == ["restart"] * 6
    assert len(by_action(result)["retry"]) == 6


# What users see


HOSTILE = ["../..", "..", "{{ lookup('pipe','id') }}", "a/b?c#d%2F", "\x1b[31mred", "rtl\u202egnp", "日次 集計"]


@pytest.mark.parametrize(("api_version", "needs"), [("auto", V1), ("v2", V2)])
def test_hostile_names_neither_change_the_url_nor_reach_the_terminal(
    service: t.Any, rerun_options: t.Any, api_version: str, needs: dict[str, bool]
) -> None:
    service.reset(small_night(switches={**FREE, **needs}, jobs=[{"name": name, "failed": 1} for name in HOSTILE]))
    result = passes(rerun_options(api_version=api_version), between=settle(service))[-1]
    shown = json.dumps({name: value for name, value in result.items() if name != "diff"}, ensure_ascii=False)
    assert not any(char in shown for char in "\x1b\u202e")
    assert {name for name, _plan_time in reruns(service.journal())} == {name for name in HOSTILE if name not in ("..", "\x1b[31mred")}
    assert result["failed"]
    if api_version == "auto":
        assert {name for name, _plan_time in by_action(result)["rejected"]} == {"..", "\\x1b[31mred"}
    else:
        assert sum("cannot be part of it" in text or "control characters" in text for text in result["problems"]) == 2
    assert all(request["path"].startswith(("/v1/", "/v2/")) for request in service.requests())


def test_when_throttled_the_rest_is_left_to_the_next_pass(service: t.Any, rerun_options: t.Any) -> None:
    service.inject({"route": "retry", "kind": "throttle", "retry_after": 0, "times": 2})
    first, *_others = passes(rerun_options(max_retries=1), between=settle(service))
    assert by_action(first).keys() == {"wait"}
    assert all("not sent" in instance["reason"] for instance in first["instances"] if instance["action"] == "wait")
    assert (first["changed"], first["failed"]) == (False, False)
    assert reruns(service.journal()) == failed_before(service)


def test_times_are_the_services(service: t.Any, rerun_options: t.Any) -> None:
    service.set(clock_skew_seconds=90, date_offset_seconds=0)
    first = call("job_rerun", rerun_options())
    assert abs(first["since"] - service.now_ms()) < 60_000
    assert any("clock" in text for text in first["warnings"])
    assert passes(rerun_options(since=str(first["since"])))[-1]["summary"]["actions"]["done"] == 7


def test_the_module_as_a_process(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    first = run_module("job_rerun", rerun_options(), diff=True)
    assert (first["changed"], first["finished"]) == (True, False)
    # ansible-core 2.20 and later omit it unless verbose
    shown = first.get("invocation", {"module_args": {"secret_key": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}})
    assert shown["module_args"]["secret_key"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert SECRET_KEY not in json.dumps(first)
    assert PROJECT_ID not in first["plan"][0]
    deadline = time.monotonic() + 60
    later = first
    while not later["finished"] and time.monotonic() < deadline:
        later = run_module("job_rerun", rerun_options(since=str(first["since"])))
    assert (later["failed"], later["changed"], later["error"]["kind"]) == (True, False, "incomplete")
    assert reruns(service.journal()) == failed_before(service)


# Limits


def test_an_instance_that_always_fails_is_rerun_as_often_a_day_as_allowed(service: t.Any, rerun_options: t.Any) -> None:
    broken = {"name": "broken_for_good", "failed": 2, "runs": ["fail"]}
    service.reset(small_night(switches={**FREE, "date_offset_seconds": 0}, jobs=[broken, {"name": "daily_sales", "failed": 1}]))
    limited = {"max_reruns_per_day": 2, "planned_after": "-3d", "settle_time": 1, "access_key": None, "secret_key": None}
    for dummy in range(6):
        last = passes(rerun_options(**limited, auth_token=token(service)))[-1]
        service.advance(600)
    assert sorted(reruns(service.journal()).values()) == [1, 2, 2]
    assert {action: len(ones) for action, ones in by_action(last).items()} == {"failed_again": 2}
    assert all("rerun 2 times since" in instance["reason"] for instance in last["instances"] if instance["action"] == "failed_again")
    service.advance(86_400)
    passes(rerun_options(**limited, auth_token=token(service)))
    assert sorted(reruns(service.journal()).values()) == [1, 3, 3], "another day, another try"


def test_a_budget_below_one_is_refused(rerun_options: t.Any) -> None:
    result = call("job_rerun", rerun_options(max_reruns_per_day=0))
    assert result["failed"]
    assert "max_reruns_per_day is 0. Set it to 1 or more" in result["msg"]


# Names and patterns that match no job

#: Option jobs to whether the task fails, and its message.
NAMED: dict[tuple[str, ...], tuple[bool, str]] = {
    ("dialy_*",): (True, f"No job of workspace {WORKSPACE_ID} matches dialy_*. Did you mean daily_sales?"),
    ("daily_sales", "dialy_*"): (True, f"No job of workspace {WORKSPACE_ID} matches dialy_*. Did you mean daily_sales?"),
    ("zzz*",): (True, f"No job of workspace {WORKSPACE_ID} matches zzz*. Check the pattern in jobs."),
    ("Daily_Sales",): (True, f"Job Daily_Sales does not exist in workspace {WORKSPACE_ID}. Did you mean daily_sales?"),
    ("daily_salse",): (True, f"Job daily_salse does not exist in workspace {WORKSPACE_ID}. Did you mean daily_sales?"),
    ("zzz",): (True, f"Job zzz does not exist in workspace {WORKSPACE_ID}. Check the name in jobs."),
    ("daily_*",): (False, ""),
    ("idle_*",): (False, ""),
    ("idle_job",): (False, ""),
    ("*",): (False, ""),
    ("**",): (False, ""),
}


@pytest.mark.parametrize("jobs", NAMED)
@pytest.mark.parametrize("check", [True, False], ids=["check mode", "run"])
def test_a_name_or_a_pattern_that_matches_no_job_fails(service: t.Any, rerun_options: t.Any, jobs: tuple[str, ...], check: bool) -> None:
    quiet = {"name": "idle_job", "id": 917570}
    service.reset(small_night(switches={**FREE, **BOTH}, jobs=[{"name": "daily_sales", "id": 917567, "failed": 1}, quiet]))
    failed, text = NAMED[jobs]
    result = call("job_rerun", rerun_options(jobs=list(jobs), wait=False, api_version="v1"), check=check)
    assert (result["failed"], result["problems"]) == (failed, [text] if text else [])
    assert (text in result.get("msg", "")) is True
    known = {"daily_sales", "daily_*", "idle_*", "idle_job", "*", "**"}
    assert [(entry["pattern"], entry["matches"]) for entry in result["job_patterns"]] == [(name, name in known) for name in jobs]


@pytest.mark.parametrize("fleet", [False, True])
@pytest.mark.parametrize("name", ["daily_salse", "dialy_*"])
def test_a_typo_is_not_a_success_where_the_jobs_cannot_be_read(service: t.Any, rerun_options: t.Any, name: str, fleet: bool) -> None:
    service.set(**BOTH)
    service.inject({"route": "v1_jobs", "kind": "status", "status": 400, "code": "DLF.3051", "message": "no"})
    given = rerun_options(jobs=[name], pass_state={"fleet": fleet}, api_version="v1", max_retries=0)
    result = call("job_rerun", given, check=True)
    assert result["failed"]
    assert f"Whether job {name} exists could not be read: DLF.3051 no" in result["msg"]
    service.clear_faults()


@pytest.mark.parametrize(("name", "remedy"), [("daily_salse", "Did you mean daily_sales?"), ("zzz", "Check the name and that region")])
def test_where_the_service_says_that_a_job_does_not_exist_a_similar_one_is_suggested(
    service: t.Any, rerun_options: t.Any, name: str, remedy: str
) -> None:
    service.set(**V2)
    results = passes(rerun_options(jobs=[name, "hourly_stock"], api_version="v2"))
    texts = [text for result in results for text in result["problems"] if name in text]
    assert len({re.sub(r"request id \w+", "", text) for text in texts}) == 1, "told once, in the first pass and in the last"
    assert texts[0].startswith(f"Failed to list the instances of job {name}: DLF.")
    assert remedy in texts[0]
    assert remedy in results[-1]["msg"]
    assert len(reruns(service.journal())) == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("jobs", [["daily_sales"], ["daily_sales", "!zzz"], ["daily_*"], ["*"]])
def test_where_the_play_judges_by_all_workspaces_one_that_does_not_exist_is_an_error(
    service: t.Any, rerun_options: t.Any, jobs: list[str], version: str
) -> None:
    """The service answers as for an unknown job."""
    service.set(**BOTH)
    nowhere = rerun_options(jobs=jobs, pass_state={"fleet": True}, api_version=version, workspace_id="f" * 32)
    result = call("job_rerun", nowhere, check=True)
    assert result["failed"]
    assert "DLF.20819 The workspace does not exist" in result["msg"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", ["dialy_*", "daily_salse"])
def test_where_the_play_judges_by_all_workspaces_what_no_job_has_is_told_and_no_failure(
    service: t.Any, rerun_options: t.Any, name: str, version: str
) -> None:
    service.set(**BOTH)
    result = call("job_rerun", rerun_options(jobs=[name], pass_state={"fleet": True}, api_version=version), check=True)
    assert (result["failed"], result["problems"]) == (False, [])
    assert result["job_patterns"] == [{"pattern": name, "matches": False, "suggestion": "Did you mean daily_sales?"}]
    assert result["pass_state"]["fleet"] is True


def test_jobs_are_listed_only_where_a_pattern_has_no_instance(service: t.Any, rerun_options: t.Any) -> None:
    service.set(**BOTH)
    call("job_rerun", rerun_options(jobs=["daily_*", "hourly_*"]), check=True)
    assert service.requests("v2_jobs") == service.requests("v1_jobs") == []


# What the plan says


def test_the_plan_says_where_reruns_start_and_how_long_they_take(service: t.Any, rerun_options: t.Any) -> None:
    result = call("job_rerun", rerun_options(jobs=["daily_sales", "hourly_stock"]), check=True)
    details = result["plan_details"]
    assert (details["retry_location"], details["selected"], details["to_rerun"]) == ("errorNode", 7, 5)
    assert details["left"] == [{"reason": "succeeded before", "instances": 2}]
    assert {entry["job_name"]: entry["run_seconds"] for entry in details["jobs"]} == {"daily_sales": 3.0, "hourly_stock": None}
    assert (details["expected_seconds"], details["expected_unknown"]) == (3.0, 2), "nothing is known of hourly_stock"
    (line,) = [row for row in result["plan"] if row.startswith("  takes about ")]
    takes, _comma, end = line.partition(", until at least ")
    assert takes == "  takes about 3s, judging by earlier runs, not counting 2 instances of jobs without an earlier run"
    assert abs(parse_point(end, option="end") - details["expected_end"]) <= 30_000, "to the minute, and of no more than what is known"
    assert service.journal() == []
