# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_instance_info: what is listed, and that it is complete."""

from __future__ import annotations

import typing as t

import pytest

from tests.support.logic import call
from tests.support.playbook import run_module
from tests.support.scenarios import BOTH, FREE, OPEN, small_night
from tests.support.workspace import options


def names(result: dict[str, t.Any]) -> dict[str, int]:
    """Number of listed instances by job."""
    counts: dict[str, int] = {}
    for instance in result["instances"]:
        counts[instance["job_name"]] = counts.get(instance["job_name"], 0) + 1
    return counts


@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"daily_sales": 5, "hourly_stock": 2, "weekly_report": 1}),
        ({"job_name": "daily_sales"}, {"daily_sales": 5}),
        ({"jobs": ["daily_*", "weekly_?eport"]}, {"daily_sales": 5, "weekly_report": 1}),
        ({"jobs": ["hourly_stock"]}, {"hourly_stock": 2}),
        ({"statuses": ["fail"]}, {"daily_sales": 3, "hourly_stock": 2, "weekly_report": 1}),
        ({"statuses": ["success", "running"]}, {"daily_sales": 2}),
        ({"job_name": "daily_sales", "statuses": ["success"]}, {"daily_sales": 2}),
        ({"instance_types": ["normal"], "job_name": "hourly_stock"}, {"hourly_stock": 2}),
        ({"instance_types": ["manual", "once"]}, {}),
        ({"planned_after": "-90m"}, {"daily_sales": 1, "hourly_stock": 1, "weekly_report": 1}),
        ({"planned_before": "-90m", "jobs": ["daily_sales"]}, {"daily_sales": 4}),
        ({"planned_after": "-40d"}, {"daily_sales": 5, "hourly_stock": 2, "weekly_report": 1}),
    ],
)
def test_what_the_options_select_is_listed(service: t.Any, api_version: str, changes: dict[str, t.Any], expected: dict[str, int]) -> None:
    service.set(**OPEN[api_version])
    result = call("job_instance_info", options(service, api_version=api_version, **changes))
    assert result["failed"] is False, result["msg"]
    assert names(result) == expected
    assert result["total"] == sum(expected.values()) == sum(result["statuses"].values())
    assert result["changed"] is False


def test_a_person_who_asks_gets_a_line_for_each_instance(service: t.Any) -> None:
    service.set(**BOTH)
    given = options(service, statuses=["fail"], jobs=["hourly_stock", "daily_sales"])
    short, whole = call("job_instance_info", {**given, "short": True}), call("job_instance_info", given)
    assert "instances" not in short
    assert "reasons" not in short
    assert (short["total"], short["statuses"]) == (whole["total"], whole["statuses"]) == (5, {"fail": 5})
    assert [line.partition(" planned ")[0] for line in short["lines"]] == [instance["job_name"] for instance in whole["instances"]]
    first = whole["instances"][0]
    begin = f"{first['job_name']} planned {first['plan_time_iso']}: fail, ended {first['end_time_iso']}, node publish: "
    assert short["lines"][0] == f"{begin}the node ended with exit code 1"
    assert "lines" not in whole


def test_an_instance_is_told_whole_and_its_key_is_what_a_rerun_takes(service: t.Any) -> None:
    given = options(service, job_name="weekly_report")
    result = call("job_instance_info", given)
    instance = result["instances"][0]
    truth = service.instances("weekly_report")[0]
    assert instance["key"] == {"job_id": "917569", "plan_time": truth["plan_time"], "submit_time": truth["submit_time"]}
    assert (instance["status"], instance["instance_type"], instance["instance_id"]) == ("fail", "normal", str(truth["instance_id"]))
    assert instance["plan_time_iso"].endswith("Z")
    planned = call("job_instance_retry", options(service, job_name="weekly_report", task_retrys=[instance["key"]]), check=True)
    assert [instance["action"] for instance in planned["instances"]] == ["retry"]


def test_the_newest_come_first(service: t.Any) -> None:
    times = [instance["plan_time"] for instance in call("job_instance_info", options(service))["instances"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("limit", [0, 3, 8, 100])
def test_beyond_a_limit_they_are_only_counted(service: t.Any, limit: int) -> None:
    given = options(service, planned_before=str(service.now_ms()))
    everything, some = call("job_instance_info", given), call("job_instance_info", {**given, "limit": limit})
    assert some["instances"] == everything["instances"][:limit]
    assert (some["total"], some["statuses"]) == (everything["total"], everything["statuses"]) == (8, {"fail": 6, "success": 2})


def test_check_mode_lists_the_same(service: t.Any) -> None:
    given = options(service, planned_before=str(service.now_ms()))
    assert call("job_instance_info", given, check=True)["instances"] == call("job_instance_info", given)["instances"]


def test_the_list_is_complete_across_pages(service: t.Any) -> None:
    service.reset(small_night(switches={**FREE, **BOTH}, jobs=[{"name": "every_minute", "succeeded": 2500, "every": "30s"}]))
    for api_version in ("v1", "v2"):
        result = call("job_instance_info", options(service, jobs=["every_*"], api_version=api_version))
        assert result["total"] == 2500
        assert len({instance["plan_time"] for instance in result["instances"]}) == 2500
        assert result["requests"]["GET"] > 2


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_an_unknown_job_is_an_error_and_one_without_instances_is_not(service: t.Any, api_version: str) -> None:
    service.set(**OPEN[api_version])
    unknown = call("job_instance_info", options(service, job_name="no_such_job", api_version=api_version))
    assert (unknown["failed"], unknown["error"]["kind"]) == (True, "not_found")
    assert "Failed to call job_instance_info of workspace" in unknown["msg"]
    empty = call("job_instance_info", options(service, job_name="daily_sales", planned_after="-20s", api_version=api_version))
    assert (empty["failed"], empty["total"]) == (False, 0)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"job_name": "a", "jobs": ["b"]}, "job_name and jobs"),
        ({"job_name": " "}, "job_name is empty"),
        ({"job_name": ".."}, "'..'"),
        ({"jobs": []}, "jobs is an empty list"),
        ({"planned_after": "today"}, "planned_after"),
        ({"planned_before": "2026-11-23T03:00"}, "planned_before"),
        ({"planned_after": "-1h", "planned_before": "-2h"}, "planned_after"),
        ({"statuses": ["failed"]}, "statuses"),
        ({"instance_types": ["daily"]}, "instance_types"),
        ({"limit": -1}, "limit is -1. Use 0 or more"),
    ],
)
def test_options_are_refused_before_anything_is_sent(service: t.Any, changes: dict[str, t.Any], named: str) -> None:
    before = len(service.requests())
    result = call("job_instance_info", options(service, **changes))
    assert result["failed"]
    assert named in result["msg"]
    assert len(service.requests()) == before


def test_a_window_meant_by_the_services_clock_is_read_again_if_this_machines_is_off(service: t.Any) -> None:
    service.set(clock_skew_seconds=90)
    result = call("job_instance_info", options(service))
    assert abs(result["planned_before"] - service.now_ms()) < 60_000
    assert result["total"] == 8


def test_the_module_as_a_process(service: t.Any) -> None:
    result = run_module("job_instance_info", options(service, statuses=["fail"]))
    assert (result["total"], result["changed"]) == (6, False)


@pytest.mark.parametrize("api_version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("changes", "cause", "hint"),
    [
        ({"jobs": ["daily_slaes"]}, "daily_slaes", "Did you mean daily_sales?"),
        ({"job_name": "daily_slaes"}, "", "Did you mean daily_sales?"),
        ({"jobs": ["Daily*"]}, "no job matches Daily*", "Did you mean daily_sales?"),
        ({"jobs": ["daily_*", "huorly_*"]}, "no job matches huorly_*", "Did you mean hourly_stock?"),
        ({"jobs": ["daily_*", "hourly_stok"]}, "no job matches hourly_stok", "Did you mean hourly_stock?"),
        ({"jobs": ["unlike*"]}, "no job matches unlike*", "Check the names of the jobs"),
    ],
)
def test_a_name_or_pattern_that_matches_no_job_fails_with_a_suggestion(
    service: t.Any, api_version: str, changes: dict[str, t.Any], cause: str, hint: str
) -> None:
    """S10: a success for a mistyped name would be wrong."""
    service.set(**OPEN[api_version])
    result = call("job_instance_info", options(service, api_version=api_version, statuses=["fail"], **changes))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert cause in result["msg"]
    assert hint in result["msg"]
    assert "?." not in result["msg"]


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_what_failed_of_the_other_jobs_is_returned_with_it(service: t.Any, api_version: str) -> None:
    service.set(**OPEN[api_version])
    result = call("job_instance_info", options(service, api_version=api_version, statuses=["fail"], jobs=["daily_sales", "daily_slaes"]))
    assert (result["failed"], {instance["job_name"] for instance in result["instances"]}) == (True, {"daily_sales"})
    assert [(entry["pattern"], entry["matches"]) for entry in result["job_patterns"]] == [("daily_sales", True), ("daily_slaes", False)]


@pytest.mark.parametrize("jobs", [["*"], ["**"], ["daily_*"], ["weekly_report", "daily_*"]])
def test_a_job_that_has_no_such_instance_is_not_missing(service: t.Any, jobs: list[str]) -> None:
    result = call("job_instance_info", options(service, jobs=jobs, statuses=["pause"]))
    assert (result["failed"], result["total"]) == (False, 0)


def test_sub_jobs_that_cannot_be_listed_are_a_warning(service: t.Any) -> None:
    """T17: only v1 has the names of a real-time job's sub-jobs."""
    jobs = [{"name": "daily_sales", "failed": 2}, {"name": "stream", "job_type": "REAL_TIME"}]
    service.reset(small_night(jobs=jobs, switches={**FREE, **OPEN["v2"], "v1_open": False}))
    result = call("job_instance_info", options(service))
    assert (result["failed"], result["total"]) == (False, 2)
    assert any("sub-jobs of real-time job stream cannot be listed" in warning for warning in result["warnings"])
    assert call("job_instance_info", options(service, jobs=["stream_*"]))["failed"] is False


def test_twins_are_listed(service: t.Any) -> None:
    """T13: a normal and a PatchData instance with the same job id, plan time and submit time."""
    instances = [{"plan_time": "-3h", "status": "fail", "type": kind} for kind in (0, 5)]
    service.reset(small_night(jobs=[{"name": "mixed", "instances": instances}], switches=FREE))
    for wanted in ({"job_name": "mixed"}, {"jobs": ["mix*"]}):
        result = call("job_instance_info", options(service, **wanted))
        assert {instance["instance_type"] for instance in result["instances"]} == {"normal", "patch_data"}
        assert len({str(instance["key"]) for instance in result["instances"]}) == 1
