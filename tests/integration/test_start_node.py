# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns that start at a node: checks before anything is sent, their cost, and refusals."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.support.logic import call, passes, reruns
from tests.support.scenarios import BOTH, V1, V2, small_night
from tests.support.workspace import options

AT = {"retry_location": "specifiedNode"}
#: daily_sales and hourly_stock have a node transform, weekly_report does not.
JOBS = [
    {"name": "daily_sales", "id": 917567, "failed": 3},
    {"name": "hourly_stock", "id": 917568, "failed": 2, "every": "1h"},
    {"name": "weekly_report", "id": 917569, "failed": 1, "nodes": ["collect", "mail_report"]},
]


@pytest.fixture
def night(service: t.Any, tmp_path: Path) -> t.Any:
    """Function that resets the emulator to jobs with different nodes, and returns options that start at a node."""

    def make(switches: t.Mapping[str, t.Any] | None = None, /, jobs: t.Any = None, **changes: t.Any) -> dict[str, t.Any]:
        service.reset(small_night(jobs=jobs or JOBS, switches={"flow_control": False, **(BOTH if switches is None else switches)}))
        return options(
            service, **{**AT, "journal": str(tmp_path / "journal.db"), "settle_time": 1, "poll_interval": 1, "max_retries": 0, **changes}
        )

    return make


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "run"])
def test_a_node_that_no_job_has_is_refused_by_name_before_anything_is_sent(service: t.Any, night: t.Any, check: bool) -> None:
    result = call("job_rerun", night(node_name="transfrom"), check=check)
    assert (result["failed"], result["error"]["kind"], result["changed"]) == (True, "limit", False)
    assert "none of the 3 jobs to be rerun has a node of that name. Did you mean transform (of job daily_sales)?" in result["msg"]
    assert service.requests("v2_retry") == service.requests("v1_restart") == []
    assert len(service.requests("v1_job")) == 3, "one read for each job"
    assert len(result["instances"]) == 6, "what was found is not lost"


def test_jobs_that_lack_the_node_are_told_apart(service: t.Any, night: t.Any) -> None:
    results = passes(night(node_name="transform"))
    assert {name for name, _time in reruns(service.journal())} == {"daily_sales", "hourly_stock"}
    assert all(entry["body"]["node_name"] == "transform" for entry in service.journal())
    last = results[-1]
    assert (last["failed"], last["error"]["kind"]) == (True, "incomplete"), "not everything that was asked for was done"
    (left,) = [instance for instance in last["instances"] if instance["action"] == "not_rerunnable"]
    assert left["job_name"] == "weekly_report"
    assert "it has collect and mail_report" in left["reason"]
    assert last["summary"]["actions"] == {"done": 5, "not_rerunnable": 1}
    assert "Job weekly_report has no node 'transform', so 1 instance is not rerun." in last["msg"]
    assert len(service.requests("v1_job")) == 3, "one read for each job and run, however many passes it has"


def test_check_mode_says_the_same_as_the_run(service: t.Any, night: t.Any) -> None:
    given = night(node_name="transform")
    planned, done = call("job_rerun", given, check=True), call("job_rerun", given)
    assert planned["failed"] is True
    assert {instance["job_name"] for instance in planned["instances"] if instance["action"] == "retry"} == {"daily_sales", "hourly_stock"}
    assert [text for text in planned["problems"] if "weekly_report" in text] == [
        text for text in done["problems"] if "weekly_report" in text
    ]
    assert {name for name, _time in reruns(service.journal())} == {"daily_sales", "hourly_stock"}


@pytest.mark.parametrize("changes", [{}, {"retry_location": "firstNode"}], ids=["errorNode", "firstNode"])
def test_without_a_node_nothing_is_read(service: t.Any, night: t.Any, changes: dict[str, t.Any]) -> None:
    passes(night(**{"retry_location": None, **changes}))
    assert len(reruns(service.journal())) == 6
    assert service.requests("v1_job") == []


def test_a_run_with_nothing_to_do_reads_nothing(service: t.Any, night: t.Any) -> None:
    result = call("job_rerun", night(node_name="nosuchnode", planned_after="-2m", planned_before="-1m"))
    assert (result["failed"], service.requests("v1_job")) == (False, [])


CLOSED = {
    "v1 is not open": ({**V2, "v1_open": False}, {}, None, "only v1 of the API names nodes"),
    "v2 is asked for": (BOTH, {"api_version": "v2"}, None, "only v1 of the API names nodes"),
    "forbidden": (BOTH, {}, {"status": 403, "code": "DLF.6888", "message": "No permission."}, "DLF.6888 No permission"),
    "out of order": (BOTH, {}, {"status": 500, "code": "DLF.9999", "message": "Internal error."}, "DLF.9999 Internal error"),
}


@pytest.mark.parametrize("case", CLOSED)
def test_where_nodes_cannot_be_read_the_service_judges_and_people_are_told(service: t.Any, night: t.Any, case: str) -> None:
    switches, changes, fault, why = CLOSED[case]
    given = night(switches, node_name="transform", **changes)
    if fault is not None:
        service.inject({"route": "v1_job", "kind": "status", "times": 99, **fault})
    results = passes(given)
    last = results[-1]
    (note,) = [text for result in results for text in result["problems"] if "could not be checked" in text]
    assert note.startswith("Whether 3 jobs have a node 'transform' could not be checked: ")
    assert why in note
    assert {name for name, _time in reruns(service.journal())} == {"daily_sales", "hourly_stock"}
    (refused,) = [instance for instance in last["instances"] if instance["action"] == "rejected"]
    assert refused["job_name"] == "weekly_report"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_equal_refusals_are_one_line_with_a_count_and_no_change(service: t.Any, night: t.Any, version: str) -> None:
    """If nodes cannot be read, every request is refused, each with a different request id."""
    jobs = [{"name": "daily_sales", "id": 917567, "failed": 40, "every": "30m"}]
    given = night({"v1": V1, "v2": V2}[version], jobs, node_name="nosuchnode", api_version=version, batch_size=100)
    service.inject({"route": "v1_job", "kind": "status", "status": 403, "code": "DLF.6888", "message": "No permission.", "times": 99})
    results = passes(given)
    last = results[-1]
    (line,) = [text for result in results for text in result["problems"] if "had no effect" in text]
    assert line.startswith("The rerun of 40 instances of job daily_sales had no effect: ")
    assert "and 39 more requests with the same answer" in line
    assert last["changed"] is False
    assert service.journal() == []


def test_an_instance_of_an_earlier_version_is_left_to_the_service(service: t.Any, night: t.Any) -> None:
    instances = [{"plan_time": "-2h", "status": "fail", "version": 2}, {"plan_time": "-1h", "status": "fail", "version": 3}]
    jobs = [{"name": "weekly_report", "id": 917569, "version": 3, "nodes": ["collect"], "instances": instances}]
    first = call("job_rerun", night(BOTH, jobs, node_name="transform"), check=True)
    assert {instance["version"]: instance["action"] for instance in first["instances"]} == {2: "retry", 3: "not_rerunnable"}
    assert any("1 instance of it ran in another version" in text for text in first["problems"])
    newest = call("job_rerun", night(BOTH, jobs, node_name="transform", retry_task_version="current_version"), check=True)
    assert newest["error"]["kind"] == "limit"


def named(service: t.Any, given: dict[str, t.Any], job: str) -> list[dict[str, t.Any]]:
    listed = call("job_instance_info", {name: value for name, value in given.items() if name in options(service)} | {"job_name": job})
    return [instance["key"] for instance in listed["instances"]]


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "run"])
def test_named_instances_too(service: t.Any, night: t.Any, check: bool) -> None:
    given = night(node_name="mail_reprot", job_name="weekly_report")
    given = {name: value for name, value in given.items() if name != "poll_interval"}
    keys = named(service, given, "weekly_report")
    result = call("job_instance_retry", {**given, "task_retrys": keys}, check=check)
    assert (result["failed"], result["error"]["kind"], result["changed"]) == (True, "limit", False)
    assert "Did you mean mail_report (of job weekly_report)?" in result["msg"]
    assert service.journal() == []
    right = call("job_instance_retry", {**given, "task_retrys": keys, "node_name": "mail_report"}, check=check)
    assert (right["failed"], right["changed"]) == (False, True)
    assert len(service.journal()) == (0 if check else 1)
