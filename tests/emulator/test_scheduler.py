# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler: how and when instances run, in which order, under which limits, and what a rerun shows while it waits."""

from __future__ import annotations

import typing as t

import pytest

from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V1, listed, request, retry, retry_body
from tests.support.scenarios import WORKSPACE_ID

Night = t.Callable[..., Running]
SLOW = {"speed": 1, "run_seconds": 100}


def rerun_all(service: Running, name: str = "daily_sales", status: str = "fail") -> None:
    """Rerun all instances of a job that have *status*, in one request."""
    assert retry(service, name, retry_body(listed(service, name, status=status).data["instances"])).status == 200


def statuses(service: Running, name: str = "daily_sales") -> list[str]:
    """The listed statuses of a job's instances, oldest plan time first."""
    return [entry["status"] for entry in listed(service, name).data["instances"]][::-1]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (["success"], ["success", "success"]),
        (["fail", "success"], ["fail", "success"]),
        (["fail"], ["fail", "fail"]),
        (["running-exception"], ["running-exception"]),
        ([{"status": "fail", "seconds": 500}], ["running"]),
        (["hang"], ["running"]),
    ],
)
def test_fates(night: Night, runs: list[t.Any], expected: list[str]) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1, "runs": runs}], **SLOW)
    seen = []
    for _step in expected:
        body = retry_body(listed(service).data["instances"])
        assert retry(service, "daily_sales", body).status == 200
        assert statuses(service) == ["running"]
        service.advance(101)
        seen += statuses(service)
    assert seen == expected


def test_a_run_takes_its_time_whenever_somebody_looks(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], **SLOW)
    rerun_all(service)
    service.advance(5000)
    entry = listed(service).data["instances"][0]
    assert entry["execute_time"] == 100_000
    assert entry["start_time"] == service.journal()[0]["time"]


def test_speed_shortens_runs(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], speed=100, run_seconds=100)
    rerun_all(service)
    service.advance(1)
    assert listed(service).data["instances"][0]["execute_time"] == 1000


def test_a_rerun_waits_before_it_runs(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1, "wait_seconds": 50}], **SLOW)
    rerun_all(service)
    assert statuses(service) == ["waiting"]
    service.advance(51)
    assert statuses(service) == ["running"]


@pytest.mark.parametrize("setting", ["none", "old", "new"])
def test_what_start_time_shows_while_a_rerun_waits(night: Night, setting: str) -> None:
    job = {"name": "daily_sales", "failed": 1, "wait_seconds": 50}
    service = night(jobs=[job], switches={"waiting_start_time": setting}, **SLOW)
    before = listed(service).data["instances"][0]
    rerun_all(service)
    entry = listed(service).data["instances"][0]
    expected = {"none": None, "old": before["start_time"], "new": service.journal()[0]["time"]}[setting]
    assert entry.get("start_time") == expected
    assert "end_time" not in entry


def test_a_rerun_may_show_late(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], switches={"rerun_visible_after": 200}, **SLOW)
    before = listed(service).data["instances"]
    rerun_all(service)
    service.advance(100)
    assert listed(service).data["instances"] == before
    assert service.instances("daily_sales")[0]["hidden"] is True
    service.advance(101)
    assert statuses(service) == ["running"]
    service.advance(100)
    assert statuses(service) == ["success"]


def test_a_rerun_may_get_a_new_id(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], switches={"instance_id_after_rerun": "new"}, **SLOW)
    before = listed(service).data["instances"][0]
    rerun_all(service)
    after = listed(service).data["instances"]
    assert len(after) == 1
    assert after[0]["instance_id"] != before["instance_id"]
    assert after[0]["plan_time"] == before["plan_time"]
    assert request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/{before['instance_id']}").code == "DLF.30137"


@pytest.mark.parametrize(("visible_after", "skew"), [(0, 0), (200, 0), (0, -30)])
def test_a_rerun_may_get_a_new_submit_time(night: Night, visible_after: int, skew: int) -> None:
    switches = {"submit_time_after_rerun": "new", "rerun_visible_after": visible_after, "scheduler_skew_seconds": skew}
    service = night(jobs=[{"name": "daily_sales", "failed": 2}], switches=switches, **SLOW)
    entries = listed(service).data["instances"]
    body = retry_body(entries[:1])
    assert retry(service, "daily_sales", body).status == 200
    service.advance(visible_after)
    renamed, other = listed(service).data["instances"]
    assert renamed["submit_time"] == service.journal()[0]["time"] + skew * 1000
    assert other == entries[1]
    assert [renamed[name] for name in ("job_id", "plan_time", "instance_id")] == [
        entries[0][name] for name in ("job_id", "plan_time", "instance_id")
    ]
    service.advance(101)
    assert (retry(service, "daily_sales", body).code, statuses(service)) == ("DLF.30137", ["fail", "success"])
    assert retry(service, "daily_sales", retry_body([renamed])).status == 200


def test_a_rerun_may_show_a_word_that_no_document_has(night: Night) -> None:
    jobs = [{"name": "daily_sales", "failed": 1, "wait_seconds": 50}, {"name": "other", "failed": 1, "starting_status": "submitting"}]
    service = night(jobs=jobs, switches={"starting_seconds": 20}, **SLOW)
    body = retry_body(listed(service).data["instances"])
    rerun_all(service)
    rerun_all(service, "other")
    assert (statuses(service), statuses(service, "other")) == (["pending"], ["submitting"])
    assert retry(service, "daily_sales", body).code == "DLF.30107"
    seen = []
    for seconds in (21, 50, 100):
        service.advance(seconds)
        seen.append(statuses(service)[0])
    assert seen == ["waiting", "running", "success"]
    assert listed(service, "other").data["instances"][0]["execute_time"] == 100_000


def test_what_shows_that_word_can_be_stopped(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], switches={"starting_seconds": 20}, **SLOW)
    rerun_all(service)
    instance_id = service.instances("daily_sales")[0]["instance_id"]
    assert request(service.endpoint_v1, "POST", f"{JOBS_V1}/daily_sales/instances/{instance_id}/stop").status == 204
    service.advance(1000)
    assert statuses(service) == ["manual-stop"]


@pytest.mark.parametrize("skew", [-30, -0.5, 90])
def test_the_schedulers_clock_is_another_one(night: Night, skew: float) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}], switches={"scheduler_skew_seconds": skew}, **SLOW)
    before = listed(service).data["instances"][0]
    assert before["start_time"] == before["plan_time"]
    rerun_all(service)
    service.advance(101)
    accepted, entry = service.journal()[0]["time"], listed(service).data["instances"][0]
    assert (entry["start_time"], entry["end_time"]) == (accepted + skew * 1000, accepted + 100_000 + skew * 1000)
    nodes = request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/{entry['instance_id']}").data["nodes"]
    assert nodes[-1]["endTime"] == entry["end_time"]
    assert service.instances("daily_sales")[0]["runs"][-1]["start"] == accepted


@pytest.mark.parametrize("most", [1, 5])
def test_so_many_instances_of_a_job_run_at_once(night: Night, most: int) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 7}, {"name": "other", "failed": 1}], switches={"running_per_job": most}, **SLOW)
    rerun_all(service)
    rerun_all(service, "other")
    running = []
    while "waiting" in (now := statuses(service)):
        running.append(now.count("running"))
        assert statuses(service, "other")[0] != "waiting"
        service.advance(100)
    assert set(running) == {most}
    service.advance(100)
    assert statuses(service) == ["success"] * 7


def test_a_batch_runs_at_once(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 4}], **SLOW)
    rerun_all(service)
    assert statuses(service) == ["running"] * 4


def test_a_self_dependent_job_runs_one_after_another_oldest_first(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 3, "self_dependent": True, "runs": ["fail"]}], **SLOW)
    rerun_all(service)
    seen = [statuses(service)]
    for _step in range(3):
        service.advance(100)
        seen.append(statuses(service))
    assert seen == [
        ["running", "waiting", "waiting"],
        ["fail", "running", "waiting"],
        ["fail", "fail", "running"],
        ["fail", "fail", "fail"],
    ]


def test_concurrent_bounds_a_rerun_with_related_jobs(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 3}, {"name": "other", "failed": 2}], **SLOW)
    body = {
        "retry_location": "errorNode",
        "retry_task_version": "current_version",
        "begin_time": service.now_ms() - 86_400_000,
        "end_time": service.now_ms(),
        "jobs": [{"job_name": "other", "workspace_id": WORKSPACE_ID}],
        "concurrent": 2,
    }
    assert retry(service, "daily_sales", body).status == 200
    running = []
    for _step in range(4):
        running.append((statuses(service) + statuses(service, "other")).count("running"))
        service.advance(100)
    assert running == [2, 2, 1, 0]


CHAIN = [
    {"name": "upstream", "instances": [{"plan_time": "-1h", "status": "fail", "runs": ["fail", "success"]}]},
    {"name": "daily_sales", "instances": [{"plan_time": "-1h", "status": "fail"}], "depends_on": ["upstream"]},
]


def test_an_instance_waits_while_its_upstream_has_failed(night: Night) -> None:
    service = night(jobs=CHAIN, **SLOW)
    rerun_all(service)
    service.advance(1000)
    assert statuses(service) == ["waiting"]
    rerun_all(service, "upstream")
    service.advance(101)
    assert (statuses(service, "upstream"), statuses(service)) == (["fail"], ["waiting"])
    rerun_all(service, "upstream")
    service.advance(101)
    assert (statuses(service, "upstream"), statuses(service)) == (["success"], ["running"])
    service.advance(100)
    assert statuses(service) == ["success"]


@pytest.mark.parametrize("flag", ["force_success", "ignore_success"])
def test_a_forced_upstream_holds_nobody_up(night: Night, flag: str) -> None:
    upstream = {"name": "upstream", "instances": [{"plan_time": "-1h", "status": "fail", flag: True}]}
    service = night(jobs=[upstream, CHAIN[1]], **SLOW)
    rerun_all(service)
    assert statuses(service) == ["running"]


def test_an_upstream_that_is_rerun_too_goes_first(night: Night) -> None:
    service = night(jobs=[{**CHAIN[0], "instances": [{"plan_time": "-1h"}]}, CHAIN[1]], **SLOW)
    rerun_all(service, "upstream")
    rerun_all(service)
    seen = []
    for _step in range(3):
        seen.append((*statuses(service, "upstream"), *statuses(service)))
        service.advance(100)
    assert seen == [("running", "waiting"), ("success", "running"), ("success", "success")]


def test_a_job_with_confirmation_waits_for_a_person(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1, "confirm": True}], **SLOW)
    rerun_all(service)
    service.advance(10_000)
    assert statuses(service) == ["waiting-confirm"]
    instance_id = service.instances("daily_sales")[0]["instance_id"]
    service.confirm(instance_id)
    assert statuses(service) == ["running"]
    with pytest.raises(ValueError, match="waits for confirmation"):
        service.confirm(instance_id)


def test_what_was_in_progress_at_the_start_goes_on(night: Night) -> None:
    instances = [
        {"plan_time": "-1h", "status": "waiting", "runs": ["fail"]},
        {"plan_time": "-2h", "status": "running", "runs": ["success"]},
        {"plan_time": "-3h", "status": "waiting", "held": True},
    ]
    service = night(jobs=[{"name": "daily_sales", "instances": instances}], **SLOW)
    assert statuses(service) == ["waiting", "running", "running"]
    service.advance(100)
    assert statuses(service) == ["waiting", "success", "fail"]
    assert len(service.journal()) == 0


def test_reset_begins_again(service: Running) -> None:
    rerun_all(service)
    service.set(list_order="oldest")
    service.inject({"kind": "throttle", "times": 100})
    service.advance(86_400)
    service.reset()
    assert (service.journal(), service.requests(), service.state()["switches"]["list_order"]) == ([], [], "newest")
    assert statuses(service) == ["success", "success", "fail", "fail", "fail"]
