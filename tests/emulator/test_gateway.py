# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that the gateway refuses before they reach the service."""

from __future__ import annotations

import typing as t

import pytest

from emulator.gateway.errors import Refusal
from emulator.gateway.flow_control import PER_USER, FlowControl
from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V1, JOBS_V2, listed, request, retry, retry_body
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY, USER_NAME, WORKSPACE_ID, small_night

LIST_V2 = f"{JOBS_V2}/daily_sales/instances/detail"
OTHER_PROJECT = "f" * 32


@pytest.mark.parametrize(
    ("host", "method", "path"),
    [
        ("endpoint_v1", "GET", LIST_V2),
        ("endpoint", "GET", f"{JOBS_V1}/instances/detail"),
        ("iam_endpoint", "GET", LIST_V2),
        ("endpoint", "POST", LIST_V2),
        ("endpoint", "GET", f"{JOBS_V2}/daily_sales/instances/nothing"),
        ("endpoint", "GET", f"{JOBS_V2}//instances/detail"),
        ("endpoint", "GET", "/"),
    ],
)
def test_what_is_not_published_at_a_host_is_not_found(service: Running, host: str, method: str, path: str) -> None:
    reply = request(getattr(service, host), method, path)
    assert (reply.status, reply.code) == (404, "APIGW.0101")


def test_a_missing_workspace_header_is_refused(service: Running) -> None:
    for base, path in ((service.endpoint, LIST_V2), (service.endpoint_v1, f"{JOBS_V1}/instances/detail")):
        reply = request(base, "GET", path, workspace=None)
        assert (reply.status, reply.code) == (400, "APIGW.0106")


def test_v1_falls_back_to_the_default_workspace(night: t.Callable[..., Running]) -> None:
    service = night(
        workspaces=[{"id": "private", "name": "a"}, {"id": "default", "name": "b", "kind": 1, "jobs": [{"name": "theirs", "failed": 1}]}]
    )
    reply = request(service.endpoint_v1, "GET", JOBS_V1, workspace=None)
    assert [job["name"] for job in reply.data["jobs"]] == ["theirs"]


def test_a_post_without_content_type_is_refused(service: Running) -> None:
    body = retry_body(listed(service).data["instances"])
    reply = retry(service, "daily_sales", body, headers={"Content-Type": ""})
    assert (reply.status, reply.code) == (400, "APIGW.0106")


@pytest.mark.parametrize(("workspace", "code"), [("unknown", "DLF.20819"), ("elsewhere", "DLF.20819")])
def test_a_workspace_must_exist_in_the_project(night: t.Callable[..., Running], workspace: str, code: str) -> None:
    projects = [{"id": PROJECT_ID, "name": "cn-north-4"}, {"id": OTHER_PROJECT, "name": "eu-west-101"}]
    service = night(projects=projects, workspaces=[{"id": "elsewhere", "name": "b", "project_id": OTHER_PROJECT}])
    reply = request(service.endpoint, "GET", LIST_V2, workspace=workspace)
    assert (reply.status, reply.code) == (400, code)


def test_a_project_of_another_account_is_refused(service: Running) -> None:
    for path, header in ((LIST_V2.replace(PROJECT_ID, OTHER_PROJECT), OTHER_PROJECT), (LIST_V2, OTHER_PROJECT)):
        reply = request(service.endpoint, "GET", path, headers={"X-Project-Id": header})
        assert (reply.status, reply.code) == (403, "APIGW.0302")


def test_x_project_id_is_required_where_there_are_several(night: t.Callable[..., Running]) -> None:
    projects = [{"id": PROJECT_ID, "name": "cn-north-4"}, {"id": OTHER_PROJECT, "name": "cn-north-4_prod"}]
    service = night(projects=projects)
    assert request(service.endpoint, "GET", LIST_V2, headers={"X-Project-Id": ""}).code == "APIGW.0106"
    assert request(service.endpoint, "GET", LIST_V2).status == 200
    service = night()
    assert request(service.endpoint, "GET", LIST_V2, headers={"X-Project-Id": ""}).status == 200


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [("admin", 200, 200), ("operator", 200, 200), ("developer", 200, 403), ("viewer", 200, 403), ("none", 403, 403)],
)
def test_roles(night: t.Callable[..., Running], role: str, read: int, write: int) -> None:
    jobs = [{"name": "daily_sales", "id": 7, "submit_time": 1732239754684, "instances": [{"plan_time": 1732601580000, "status": "fail"}]}]
    body = retry_body([{"job_id": 7, "plan_time": 1732601580000, "submit_time": 1732239754684}])
    user = {"name": USER_NAME, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "role": "none", "roles": {WORKSPACE_ID: role}}
    service = night(users=[user], jobs=jobs)
    assert listed(service).status == read
    reply = retry(service, "daily_sales", body)
    assert reply.status == write
    assert len(service.journal()) == (1 if write == 200 else 0)
    if write == 403:
        assert reply.code == "DLF.6888"


@pytest.mark.parametrize("route", sorted(PER_USER))
def test_each_limited_route_admits_its_documented_rate(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    now = [100.0]
    monkeypatch.setattr("emulator.gateway.flow_control.time.monotonic", lambda: now[0])
    flow = FlowControl()
    for _second in range(3):
        for _request in range(PER_USER[route]):
            flow.admit("one", route)
        with pytest.raises(Refusal) as refused:
            flow.admit("one", route)
        assert (refused.value.status, refused.value.code) == (429, "APIGW.0308")
        flow.admit("two", route)
        now[0] += 1.0
    flow.admit("one", "workspaces")


def test_all_users_together_have_ten_times_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.gateway.flow_control.time.monotonic", lambda: 100.0)
    flow = FlowControl()
    for user in range(10):
        for _request in range(10):
            flow.admit(f"user {user}", "v2_retry")
    with pytest.raises(Refusal, match="policy api"):
        flow.admit("another", "v2_retry")


def test_too_many_requests_are_answered_with_429_and_take_no_effect(shared: Running) -> None:
    shared.reset(small_night(users=[{"name": "a", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}], switches={"retry_after": 1}))
    overview = f"/v2/{PROJECT_ID}/factory/monitor/task-statistics-overview"
    replies = [request(shared.endpoint, "GET", overview) for _number in range(30)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert {reply.code for reply in refused} == {"APIGW.0308"}
    assert {reply.headers["Retry-After"] for reply in refused} == {"1"}
    assert "limit:1,time:1 second" in refused[0].data["error_msg"]


def test_every_request_is_noted_with_its_answer(service: Running) -> None:
    request(service.endpoint, "GET", LIST_V2)
    request(service.endpoint, "GET", "/nowhere", headers={"X-Mark": "here"})
    first, second = service.requests()
    assert (first["route"], first["status"], first["user"], first["host"]) == ("v2_list", 200, USER_NAME, "v2")
    assert (second["route"], second["status"], second["error_code"], second["headers"]["X-Mark"]) == (None, 404, "APIGW.0101", "here")
    assert service.requests("v2_list") == [first]


def test_a_body_of_many_instances_is_read(service: Running) -> None:
    many = [{"job_id": 1, "plan_time": 1732601580000 + number, "submit_time": 1732239754684} for number in range(20_000)]
    assert retry(service, "daily_sales", retry_body(many)).code == "DLF.30137"


def test_a_very_long_name_is_read_not_cut(service: Running) -> None:
    reply = request(service.endpoint, "GET", f"{JOBS_V2}/{'n' * 10_000}/instances/detail")
    assert (reply.status, reply.code) == (400, "DLF.0100")
    assert service.requests()[0]["path"].count("n") > 10_000
