# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_instance_stop: which instances are stopped, which are not, and that no stop is sent twice."""

from __future__ import annotations

import re
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.modules import job_instance_stop
from tests.support.documented import check_documented
from tests.support.logic import call
from tests.support.playbook import run_module
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options

STATUSES = ("running-exception", "running", "waiting", "success", "fail", "manual-stop")
Asked = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def service(emulated: t.Any) -> t.Any:
    """One job with an instance of each status, with ids 1 to 6 in the order of STATUSES. Running instances do not end."""
    begin(emulated)
    return emulated


def begin(service: t.Any, **switches: t.Any) -> None:
    instances = [
        {"id": number, "plan_time": f"-{number}h", "status": status, **({"held": True} if status == "waiting" else {})}
        for number, status in enumerate(STATUSES, 1)
    ]
    jobs = [{"name": "daily_sales", "run_seconds": 3600, "instances": instances}, {"name": "daily_stock", "succeeded": 1}]
    service.reset(small_night(switches={**FREE, **switches}, jobs=jobs))


@pytest.fixture
def asked(service: t.Any, tmp_path: Path) -> Asked:
    """Function that returns options, by default for the first three."""

    def make(*ids: int, **changes: t.Any) -> dict[str, t.Any]:
        own = {"job_name": "daily_sales", "instance_ids": [str(number) for number in ids or (1, 2, 3)], "journal": str(tmp_path / "state")}
        return options(service, **{**own, "settle_time": 1, "wait_timeout": 10, "read_timeout": 5, "max_retries": 1, **changes})

    return make


def stops(service: t.Any) -> list[int]:
    return sorted(instance["instance_id"] for entry in service.journal() for instance in entry["instances"])


def actions(result: dict[str, t.Any]) -> list[str]:
    return [instance["action"] for instance in result["instances"]]


def check(result: dict[str, t.Any]) -> None:
    """Check that all return values are documented."""
    own = {name: value for name, value in result.items() if name not in ("failed", "msg", "changed", "warnings", "diff")}
    check_documented(own, yaml.safe_load(job_instance_stop.RETURN), "job_instance_stop")


def test_what_is_in_progress_is_stopped_and_the_rest_left(service: t.Any, asked: Asked) -> None:
    planned = call("job_instance_stop", asked(1, 2, 3, 4, 5, 6), check=True, diff=True)
    assert (planned["changed"], actions(planned)) == (True, ["to_stop"] * 3 + ["ended"] * 3)
    assert planned["diff"]["after"].count("to be stopped") == 3
    assert service.journal() == []
    done = call("job_instance_stop", asked(1, 2, 3, 4, 5, 6), diff=True)
    for result in (planned, done):
        check(result)
    assert (done["failed"], done["changed"], actions(done)) == (False, True, ["stopped"] * 3 + ["ended"] * 3)
    assert [instance["status_before"] for instance in done["instances"]] == list(STATUSES)
    assert done["diff"]["after"].count("manual-stop") == 3
    assert stops(service) == [1, 2, 3]
    again = call("job_instance_stop", asked(1, 2, 3, 4, 5, 6), diff=True)
    assert (again["failed"], again["changed"], actions(again), again["diff"]["before"]) == (False, False, ["ended"] * 6, "")
    for result, who in ((done, "this run"), (again, f"run {done['run_id']}")):
        texts = [re.sub(r"^.*; |at \d\S+ ", "", instance["reason"]) for instance in result["instances"]]
        assert texts == [f"the stop that {who} sent has taken effect"] * 3 + ["there is nothing to stop"] * 3
    assert stops(service) == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instance_ids": ["1", "77"]}, ["instance 77", "does not exist"]),
        ({"instance_ids": ["1"], "job_name": "dayly_sales"}, ["Did you mean daily_sales?"]),
        ({"instance_ids": ["1"], "job_name": "daily_stock"}, ["Job daily_stock has no instance 1, and nothing was stopped."]),
        ({"instance_ids": ["1", "7", "78"]}, ["Job daily_sales has no instance 7, 78, and nothing was stopped."]),
        ({"instance_ids": []}, ["instance_ids is an empty list"]),
        ({"instance_ids": ["1", "../2"]}, ["'../2', which is not the number of an instance"]),
        ({"job_name": " "}, ["job_name is empty"]),
        ({"api_version": "v2"}, ["Only v1 of the API can stop an instance"]),
        ({"wait_timeout": -1}, ["wait_timeout is -1"]),
        ({"settle_time": -1}, ["settle_time is -1"]),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    service: t.Any, asked: Asked, changes: dict[str, t.Any], words: list[str]
) -> None:
    result = call("job_instance_stop", asked(**changes))
    assert result["failed"]
    assert all(word in result["msg"] for word in words), result["msg"]
    assert service.journal() == []


@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
@pytest.mark.parametrize("kind", ["drop", "gateway_timeout"])
def test_a_lost_answer_is_read_back(service: t.Any, asked: Asked, when: str, kind: str) -> None:
    service.inject({"route": "v1_stop", "kind": kind, "when": when, "times": 1})
    result = call("job_instance_stop", asked(2))
    assert (result["failed"], result["changed"], actions(result)) == (False, True, ["stopped"]), result
    assert stops(service) == [2]


def test_a_stop_that_shows_late_is_not_sent_twice(service: t.Any, asked: Asked) -> None:
    service.set(stop_visible_after=5000)
    first = call("job_instance_stop", asked(2, wait=False))
    assert (first["failed"], first["changed"], actions(first)) == (False, True, ["stopping"])
    second = call("job_instance_stop", asked(2, wait=False))
    assert (second["failed"], second["changed"], actions(second)) == (False, False, ["stopping"])
    late = call("job_instance_stop", asked(2, wait_timeout=1))
    assert (late["failed"], late["error"]["kind"]) == (True, "incomplete")
    assert "not sent twice" in late["msg"]
    assert stops(service) == [2]
    service.advance(5000)
    assert actions(call("job_instance_stop", asked(2))) == ["ended"]


def test_two_that_share_a_journal_send_one_stop(service: t.Any, asked: Asked) -> None:
    service.set(stop_visible_after=30)
    results: list[dict[str, t.Any]] = []
    threads = [threading.Thread(target=lambda: results.append(call("job_instance_stop", asked(1, 2, 3)))) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result["failed"] for result in results] == [False] * 3, results
    assert stops(service) == [1, 2, 3]
    assert sum(result["changed"] for result in results) >= 1


def test_a_refusal_is_told_and_the_others_are_stopped(service: t.Any, asked: Asked) -> None:
    service.set(stop_of="running")
    result = call("job_instance_stop", asked(1, 2))
    assert (result["failed"], result["changed"], actions(result)) == (True, True, ["refused", "stopped"]), result
    assert "Failed to stop 1 of 2 instances" in result["msg"]
    assert "DLF.30118" in result["msg"]
    service.set(stop_of="waiting_too")
    assert actions(call("job_instance_stop", asked(1, 2))) == ["stopped", "ended"]


def test_one_that_ends_by_itself_is_not_stopped(service: t.Any, asked: Asked) -> None:
    service.set(stop_visible_after=3000)
    call("job_instance_stop", asked(2, wait=False))
    service.advance(3600)
    result = call("job_instance_stop", asked(2))
    assert (result["failed"], result["changed"], actions(result)) == (False, False, ["ended"])
    assert result["instances"][0]["status"] in ("success", "manual-stop")


@pytest.mark.parametrize("switches", [V1, {"window_compares": "start_time"}, {"stopped_status": "fail"}, {"success_status": 200}])
def test_open_points(service: t.Any, asked: Asked, switches: dict[str, t.Any]) -> None:
    begin(service, **switches)
    assert actions(call("job_instance_stop", asked())) == ["stopped"] * 3
    assert stops(service) == [1, 2, 3]


def test_a_site_without_v1_says_so(service: t.Any, asked: Asked) -> None:
    service.set(v1_open=False, **V2)
    result = call("job_instance_stop", asked())
    assert (result["failed"], result["error"]["kind"]) == (True, "not_published")
    assert service.journal() == []


def test_the_module_runs_as_a_module(service: t.Any, asked: Asked) -> None:
    assert actions(run_module("job_instance_stop", asked(2))) == ["stopped"]
    assert stops(service) == [2]
