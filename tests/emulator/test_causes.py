# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes of failures: one is drawn for each failed instance, and shown in the list, the detail and the failed node."""

from __future__ import annotations

import collections
import re
import typing as t

import pytest

from emulator.running import Running
from emulator.world.scenario import load
from tests.emulator.signed_requests import JOBS_V1, listed_v1, request, retry, retry_body
from tests.support.scenarios import small_night

Night = t.Callable[..., Running]

CAUSES = {
    "no_table": {"error": "Table sales_{number} not found (job {job}, instance {id}, {time})", "node": 0, "retries": 2},
    "no_right": {"error": "OBS: no permission for obs://bucket/{id}", "node": 1},
}


def details(service: Running) -> list[t.Any]:
    """The v1 details of all instances. Key ``listed`` is the message that the list shows."""
    return [
        {
            **request(service.endpoint_v1, "GET", f"{JOBS_V1}/{entry['jobName']}/instances/{entry['instanceId']}").data,
            "listed": entry.get("errorMessage"),
        }
        for entry in listed_v1(service).data["instances"]
    ]


def test_each_failed_instance_has_one_of_the_causes_and_a_message_of_its_own(night: Night) -> None:
    service = night(
        jobs=[{"name": "daily_sales", "nodes": ["read", {"name": "load", "type": "Shell"}], "failed": 20, "succeeded": 2}], causes=CAUSES
    )
    counts: collections.Counter[str] = collections.Counter()
    messages = set()
    for detail in details(service):
        failed = [node for node in detail["nodes"] if node["status"] == "fail"]
        if detail["status"] == "success":
            assert (failed, detail["listed"]) == ([], None)
            continue
        (node,) = failed
        counts[node["nodeName"]] += 1
        messages.add(detail["listed"])
        assert (node["type"], node["retryTimes"], "queue" in node) == {"read": ("DLISQL", 2, True), "load": ("Shell", 0, False)}[
            node["nodeName"]
        ]
        assert re.match(
            {"read": r"Table sales_\d+ not found \(job daily_sales, ", "load": "OBS: no permission"}[node["nodeName"]], detail["listed"]
        )
    assert set(counts) == {"read", "load"}
    assert sum(counts.values()) == len(messages) == 20


def test_the_same_scenario_draws_the_same_causes() -> None:
    scenario = small_night(causes=CAUSES)
    worlds = [load(scenario, 1_795_402_800_000) for _time in range(2)]
    drawn = [[instance.error for instance in world.instances()] for world in worlds]
    assert drawn[0] == drawn[1]
    assert len({text[:5] for text in drawn[0] if text}) == 2


def test_a_cause_or_an_error_that_is_named_is_not_drawn(night: Night) -> None:
    jobs = [
        {"name": "daily_sales", "cause": "no_right", "failed": 3},
        {"name": "hourly_stock", "error": "as written", "failed": 3},
        {"name": "weekly_report", "instances": [{"plan_time": "-2h", "cause": "no_table"}]},
    ]
    by_job: dict[str, set[str]] = collections.defaultdict(set)
    for detail in details(night(jobs=jobs, causes=CAUSES)):
        by_job[detail["jobName"]].add(detail["listed"][:5])
    assert by_job == {"daily_sales": {"OBS: "}, "hourly_stock": {"as wr"}, "weekly_report": {"Table"}}


def test_a_rerun_fails_at_the_node_and_with_the_retries_that_its_fate_says(night: Night) -> None:
    fate = {"status": "fail", "error": "once more", "node": 1, "retries": 3}
    service = night(
        jobs=[{"name": "daily_sales", "nodes": ["a", "b", "c"], "failed": 1, "runs": [fate]}], switches={"detail_error": "node"}
    )
    (entry,) = listed_v1(service).data["instances"]
    body = {"job_id": entry["jobId"], "plan_time": entry["planTime"], "submit_time": entry["submitTime"]}
    assert retry(service, "daily_sales", retry_body([body], retry_location="firstNode")).status == 200
    service.advance(100)
    (detail,) = details(service)
    assert [(node["status"], node["retryTimes"], node.get("errorMessage")) for node in detail["nodes"]] == [
        ("success", 0, None),
        ("fail", 3, "once more"),
        ("waiting", 0, None),
    ]


def test_a_cause_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no such cause: nothing; there are no_table, no_right"):
        load(small_night(jobs=[{"name": "daily_sales", "failed": 1, "cause": "nothing"}], causes=CAUSES), 1_795_402_800_000)
