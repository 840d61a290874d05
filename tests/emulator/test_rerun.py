# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns: which are accepted, which are refused with which code, and what the journal records."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

import pytest

from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V1, JOBS_V2, Reply, keys, listed, request, restart, retry, retry_body, send, sign
from tests.support.scenarios import PAGE_RELATED, PAGE_SELECTED, USER_NAME, WORKSPACE_ID, twins

Night = t.Callable[..., Running]
PAGE_JOBS = [
    {
        "name": "test_job_name",
        "id": 917567,
        "submit_time": 1732239754684,
        "instances": [{"plan_time": 1732601580000}, {"plan_time": 1732608520000}, {"plan_time": 1732612120001}],
    },
    {"name": "job_test_smn2", "instances": [{"plan_time": 1732612120000}, {"plan_time": 1732610000000, "status": "freeze"}]},
]


def only(status: str, **more: t.Any) -> list[dict[str, t.Any]]:
    """A scenario's jobs: one job with one instance in *status*."""
    return [{"name": "daily_sales", "instances": [{"plan_time": "-1h", "status": status, **more}], "nodes": ["a", "b", "c"]}]


def outcome(reply: Reply) -> tuple[int, str]:
    """HTTP status and error code."""
    return reply.status, reply.code


def test_the_pages_first_example(night: Night) -> None:
    service = night(jobs=PAGE_JOBS)
    reply = retry(service, "test_job_name", PAGE_SELECTED)
    assert (reply.status, reply.body) == (200, b"")
    (entry,) = service.journal()
    assert (entry["kind"], entry["api"], entry["user"], entry["body"]) == ("retry", "v2", USER_NAME, PAGE_SELECTED)
    assert entry["request_id"] == reply.headers["X-Request-Id"]
    assert (entry["job_name"], entry["workspace_id"]) == ("test_job_name", WORKSPACE_ID)
    (instance,) = entry["instances"]
    assert {name: instance[name] for name in ("job_id", "plan_time", "submit_time")} == PAGE_SELECTED["task_retrys"][0]
    assert (instance["status_before"], instance["run"]) == ("fail", 2)


def test_the_pages_second_example(night: Night) -> None:
    service = night(jobs=PAGE_JOBS)
    assert retry(service, "test_job_name", PAGE_RELATED).status == 200
    (entry,) = service.journal()
    assert entry["kind"] == "retry_related"
    assert [(instance["job_name"], instance["plan_time"]) for instance in entry["instances"]] == [
        ("test_job_name", 1732608520000),
        ("job_test_smn2", 1732612120000),
    ]


def test_the_pages_error(service: Running) -> None:
    reply = retry(service, "unknown", PAGE_SELECTED)
    assert reply.status == 400
    assert reply.data == {"error_code": "DLF.1000", "error_msg": "Failed to find the job."}


@pytest.mark.parametrize(
    "changes",
    [
        {"retry_location": None},
        {"retry_location": "error_node"},
        {"retry_task_version": None},
        {"retry_task_version": "latest_version"},
        {"ignore_obs_monitor": "perhaps"},
        {"task_retrys": []},
        {"task_retrys": "all"},
        {"task_retrys": ["one"]},
        {"task_retrys": [{"job_id": 1, "plan_time": 1732601580000}]},
        {"task_retrys": [{"job_id": "1", "plan_time": 1732601580000, "submit_time": 1732239754684}]},
        {"task_retrys": [{"job_id": 1, "plan_time": 1732601580, "submit_time": 1732239754684}]},
        {"jobs": []},
    ],
)
def test_what_mode_a_refuses(service: Running, changes: dict[str, t.Any]) -> None:
    body = {**PAGE_SELECTED, **changes}
    assert outcome(retry(service, "daily_sales", {name: value for name, value in body.items() if value is not None})) == (400, "DLF.3051")
    assert service.journal() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"retry_location": "specifiedNode", "node_name": "x"}, "DLF.3051"),
        ({"concurrent": 0}, "DLF.3051"),
        ({"concurrent": 129}, "DLF.3051"),
        ({"concurrent": "2"}, "DLF.3051"),
        ({"begin_time": None}, "DLF.3051"),
        ({"end_time": 1732608519999}, "DLF.3051"),
        ({"jobs": "all"}, "DLF.3051"),
        ({"jobs": [{"job_name": "unknown", "workspace_id": WORKSPACE_ID}]}, "DLF.1000"),
        ({"jobs": [{"job_name": "job_test_smn2", "workspace_id": "unknown"}]}, "DLF.1000"),
        ({"jobs": None}, "DLF.3051"),
    ],
)
def test_what_mode_b_refuses(night: Night, changes: dict[str, t.Any], code: str) -> None:
    service = night(jobs=PAGE_JOBS)
    body = {name: value for name, value in {**PAGE_RELATED, **changes}.items() if value is not None}
    assert outcome(retry(service, "test_job_name", body)) == (400, code)
    assert service.journal() == []


def test_mode_b_with_nothing_in_the_period(night: Night) -> None:
    service = night(jobs=PAGE_JOBS)
    reply = retry(service, "test_job_name", {**PAGE_RELATED, "begin_time": 1000000000000, "end_time": 1000000000001})
    assert reply.status == 400
    assert "have no instances to rerun" in reply.data["error_msg"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_not_an_object_is_refused(service: Running, body: bytes) -> None:
    path = f"{JOBS_V2}/daily_sales/instances/retry"
    headers = {"workspace": WORKSPACE_ID, "Content-Type": "application/json"}
    request = sign(service.endpoint, "POST", path, None, body, headers)
    assert outcome(send(service.endpoint, "POST", path, body, request.header_params)) == (400, "DLF.3051")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("fail", ""),
        ("success", ""),
        ("manual-stop", ""),
        ("running", "DLF.30107"),
        ("waiting", "DLF.30107"),
        ("waiting-confirm", "DLF.30107"),
        ("running-exception", "DLF.30111"),
        ("pause", "DLF.30111"),
        ("freeze", "DLF.30111"),
        ("skip-by-depend", "DLF.30111"),
    ],
)
@pytest.mark.parametrize("api", ["v2", "v1"])
def test_which_statuses_can_be_rerun(night: Night, api: str, status: str, code: str) -> None:
    service = night(jobs=only(status, held=status == "waiting"), run_seconds=3600)
    entry = listed(service).data["instances"][0]
    reply = retry(service, "daily_sales", retry_body([entry])) if api == "v2" else restart(service, "daily_sales", entry["instance_id"])
    success = 200 if api == "v2" else 204
    assert outcome(reply) == ((400, code) if code else (success, ""))
    assert len(service.journal()) == (0 if code else 1)


@pytest.mark.parametrize(
    ("changes", "code"), [({"schedule": "MANUAL"}, "DLF.30111"), ({"type": 2}, "DLF.30111"), ({"job_type": "REAL_TIME"}, "DLF.0136")]
)
def test_which_jobs_cannot_be_rerun(night: Night, changes: dict[str, t.Any], code: str) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1, **changes}])
    assert retry(service, "daily_sales", retry_body(listed(service).data["instances"])).code == code
    assert service.journal() == []


@pytest.mark.parametrize("name", ["job_id", "plan_time", "submit_time"])
def test_an_instance_is_known_by_all_three_of_its_key(service: Running, name: str) -> None:
    body = retry_body(listed(service).data["instances"][:1])
    body["task_retrys"][0][name] += 1
    assert outcome(retry(service, "daily_sales", body)) == (400, "DLF.30137")


def test_a_node_must_exist_to_start_at(night: Night) -> None:
    service = night(jobs=only("fail"))
    entries = listed(service).data["instances"]
    for node, code in (("nowhere", "DLF.30125"), (None, "DLF.30125"), ("b", "")):
        assert retry(service, "daily_sales", retry_body(entries, retry_location="specifiedNode", node_name=node)).code == code


@pytest.mark.parametrize(
    ("job", "location", "started"),
    [
        (only("fail"), "errorNode", ["c"]),
        (only("fail"), "firstNode", ["a", "b", "c"]),
        (only("fail"), "specifiedNode", ["b", "c"]),
        (only("success"), "errorNode", ["a", "b", "c"]),
        (only("fail", version=2), "errorNode", ["a", "b", "c"]),
    ],
)
def test_where_a_rerun_starts(night: Night, job: list[dict[str, t.Any]], location: str, started: list[str]) -> None:
    service = night(jobs=job)
    entry = listed(service).data["instances"][0]
    assert retry(service, "daily_sales", retry_body([entry], retry_location=location, node_name="b")).status == 200
    service.advance(10)
    detail = request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/{entry['instance_id']}").data
    assert [node["nodeName"] for node in detail["nodes"] if node["startTime"] > entry["plan_time"]] == started
    assert {node["status"] for node in detail["nodes"]} == {"success"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 204),
        ({}, 204),
        ({"retry_location": "error_node", "job_param_version": "latest_version", "ignore_obs_monitor": "true"}, 204),
        ({"retry_location": "errorNode"}, 400),
        ({"job_param_version": "current_version"}, 400),
        ({"retry_location": "specified_node", "node_name": "nowhere"}, 400),
    ],
)
def test_restart_of_v1(service: Running, body: t.Any, status: int) -> None:
    entry = listed(service).data["instances"][0]
    reply = restart(service, "daily_sales", entry["instance_id"], body)
    assert reply.status == status
    journal = service.journal()
    if status == 400:
        assert journal == []
        return
    assert (journal[0]["kind"], journal[0]["api"], journal[0]["instances"][0]["plan_time"]) == ("restart", "v1", entry["plan_time"])


def test_v1_names_job_and_instance(service: Running) -> None:
    entry = listed(service).data["instances"][0]
    assert outcome(restart(service, "unknown", entry["instance_id"])) == (400, "DLF.0100")
    assert outcome(restart(service, "daily_sales", 1)) == (400, "DLF.30137")
    assert outcome(restart(service, "hourly_stock", entry["instance_id"])) == (400, "DLF.30137")


@pytest.mark.parametrize(
    ("status", "accepted"), [("running", True), ("waiting", True), ("running-exception", True), ("fail", False), ("success", False)]
)
def test_stop_of_v1(night: Night, status: str, accepted: bool) -> None:
    service = night(jobs=only(status, held=status == "waiting"), run_seconds=3600)
    entry = listed(service).data["instances"][0]
    reply = request(service.endpoint_v1, "POST", f"{JOBS_V1}/{quote('daily_sales')}/instances/{entry['instance_id']}/stop")
    assert reply.status == (204 if accepted else 400)
    assert [entry["kind"] for entry in service.journal()] == (["stop"] if accepted else [])
    service.advance(3600)
    assert listed(service).data["instances"][0]["status"] == ("manual-stop" if accepted else status)


def test_one_refused_instance_refuses_the_batch(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 2, "instances": [{"plan_time": "-9h", "status": "freeze"}]}])
    assert outcome(retry(service, "daily_sales", retry_body(listed(service).data["instances"]))) == (400, "DLF.30111")
    assert service.journal() == []


@pytest.mark.parametrize(("setting", "status"), [("partial", 200), ("partial_error", 400)])
def test_or_the_others_run(night: Night, setting: str, status: int) -> None:
    job = {"name": "daily_sales", "failed": 2, "instances": [{"plan_time": "-9h", "status": "freeze"}]}
    service = night(jobs=[job], switches={"batch_refusal": setting})
    assert retry(service, "daily_sales", retry_body(listed(service).data["instances"])).status == status
    assert [instance["status_before"] for instance in service.journal()[0]["instances"]] == ["fail", "fail"]


def rerun_types(service: Running) -> list[int]:
    """The ``instance_type`` of every instance in the journal, in order."""
    types = {entry["instance_id"]: entry["instance_type"] for entry in listed(service).data["instances"]}
    return [types[instance["instance_id"]] for entry in service.journal() for instance in entry["instances"]]


@pytest.mark.parametrize(("setting", "types"), [("first", [0]), ("newest", [5]), ("both", [0, 5])])
@pytest.mark.parametrize("submit_time_of", ["job", "instance"])
def test_which_of_two_instances_a_shared_key_means(night: Night, submit_time_of: str, setting: str, types: list[int]) -> None:
    jobs = [{"name": "daily_sales", "instances": [*twins(), {"plan_time": "-2h"}]}]
    service = night(jobs=jobs, switches={"twins_rerun": setting, "submit_time_of": submit_time_of})
    entries = listed(service).data["instances"][:2]
    assert keys(entries[:1]) == keys(entries[1:])
    assert retry(service, "daily_sales", retry_body(entries)).status == 200
    assert rerun_types(service) == types


@pytest.mark.parametrize("number", [0, 1])
def test_v1_reruns_the_one_of_two_that_it_names(night: Night, number: int) -> None:
    service = night(jobs=[{"name": "daily_sales", "instances": twins()}])
    entry = listed(service).data["instances"][number]
    assert restart(service, "daily_sales", entry["instance_id"]).status == 204
    assert rerun_types(service) == [entry["instance_type"]]
    service.advance(60)
    assert sorted(entry["status"] for entry in listed(service).data["instances"]) == ["fail", "success"]


def test_one_of_two_that_runs_refuses_both(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "instances": twins()}], switches={"twins_rerun": "both"}, run_seconds=3600)
    entries = listed(service).data["instances"]
    assert restart(service, "daily_sales", entries[0]["instance_id"]).status == 204
    assert outcome(retry(service, "daily_sales", retry_body(entries[:1]))) == (400, "DLF.30107")


@pytest.mark.parametrize(("setting", "runs"), [("merge", [2]), ("refuse", None), ("twice", [2, 3])])
def test_the_same_instance_twice_in_one_request(night: Night, setting: str, runs: list[int] | None) -> None:
    service = night(jobs=only("fail"), switches={"duplicate_keys": setting})
    entry = listed(service).data["instances"][0]
    reply = retry(service, "daily_sales", retry_body([entry, entry]))
    assert reply.status == (400 if runs is None else 200)
    assert [instance["run"] for entry in service.journal() for instance in entry["instances"]] == (runs or [])
    service.advance(60)
    assert len(service.instances("daily_sales")[0]["runs"]) == 1 + len(runs or [])


@pytest.mark.parametrize(
    ("setting", "while_hidden", "once_shown"), [("refuse", 400, 400), ("accept", 200, 200), ("accept_hidden", 200, 400)]
)
def test_a_rerun_of_what_is_in_progress(night: Night, setting: str, while_hidden: int, once_shown: int) -> None:
    service = night(jobs=only("fail"), speed=1, run_seconds=1000, switches={"retry_of_active": setting, "rerun_visible_after": 500})
    body = retry_body(listed(service).data["instances"])
    assert retry(service, "daily_sales", body).status == 200
    assert retry(service, "daily_sales", body).status == while_hidden
    service.advance(600)
    assert retry(service, "daily_sales", body).status == once_shown
    runs = 1 + [200, while_hidden, once_shown].count(200)
    assert [instance["run"] for entry in service.journal() for instance in entry["instances"]] == list(range(2, runs + 1))
    service.advance(20_000)
    assert len(service.instances("daily_sales")[0]["runs"]) == runs
