# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs, instance details, dependencies, statistics and the management centre, compared with the models of the SDKs."""

from __future__ import annotations

import typing as t

import pytest
from huaweicloudsdkdataartsstudio import v1 as studio
from huaweicloudsdkdgc import v1 as dgc

from emulator.running import Running
from tests.emulator.signed_requests import DAY_MS, JOBS_V1, JOBS_V2, Reply, listed, request, retry, retry_body
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY, STUDIO_ID, WORKSPACE_ID, WORKSPACE_NAME

Night = t.Callable[..., Running]
FACTORY = f"/v2/{PROJECT_ID}/factory"
BOTH = [
    {"name": "daily_sales", "id": 11, "failed": 1, "succeeded": 1},
    {"name": "daily_stock", "id": 12, "status": "PAUSED", "succeeded": 1},
    {"name": "stream", "id": 13, "job_type": "REAL_TIME", "status": "NORMAL"},
]


def known(model: t.Any) -> set[str]:
    """The JSON field names of an SDK model."""
    return set(model.attribute_map.values())


def v1_jobs(service: Running, **query: t.Any) -> Reply:
    """Request the v1 job list."""
    return request(service.endpoint_v1, "GET", JOBS_V1, query=query)


def v2_jobs(service: Running, **query: t.Any) -> Reply:
    """Request the v2 job list."""
    return request(service.endpoint, "GET", JOBS_V2, query=query)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["daily_sales", "daily_stock"]),
        ({"jobType": "BATCH"}, ["daily_sales", "daily_stock"]),
        ({"jobType": "REAL_TIME"}, ["stream"]),
        ({"jobName": "sto"}, ["daily_stock"]),
        ({"limit": 1, "offset": 1}, ["daily_stock"]),
    ],
)
def test_v1_job_list(night: Night, query: dict[str, t.Any], names: list[str]) -> None:
    reply = v1_jobs(night(jobs=BOTH), **query)
    assert [job["name"] for job in reply.data["jobs"]] == names
    assert reply.data["total"] == max(len(names), 2 if "limit" in query else 0)
    assert all(set(job) <= known(dgc.JobResult) for job in reply.data["jobs"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["daily_sales", "daily_stock", "stream"]),
        ({"job_type": "BATCH"}, ["daily_sales", "daily_stock"]),
        ({"job_name": "daily"}, ["daily_sales", "daily_stock"]),
        ({"job_id": "11,13"}, ["daily_sales", "stream"]),
        ({"status": "SCHEDULING,NORMAL"}, ["daily_sales", "stream"]),
    ],
)
def test_v2_job_list(night: Night, query: dict[str, t.Any], names: list[str]) -> None:
    reply = v2_jobs(night(jobs=BOTH), **query)
    assert [job["name"] for job in reply.data["jobs"]] == names
    assert all(set(job) <= known(studio.JobResultV2) for job in reply.data["jobs"])


def test_the_last_instance_is_the_newest(night: Night) -> None:
    service = night(jobs=BOTH)
    assert [job.get("last_instance_status") for job in v2_jobs(service).data["jobs"]] == ["fail", "success", None]
    assert [job.get("lastInstanceStatus") for job in v1_jobs(service).data["jobs"]] == ["fail", "success"]


@pytest.mark.parametrize("query", [{"limit": 101}, {"job_id": "a"}, {"job_id": ",".join(["1"] * 51)}])
def test_what_the_v2_job_list_refuses(service: Running, query: dict[str, t.Any]) -> None:
    assert v2_jobs(service, **query).code == "DLF.3051"


def test_v1_job_detail(night: Night) -> None:
    jobs = [
        {"name": "daily_sales", "id": 11, "nodes": ["a", {"name": "b", "type": "Shell"}], "self_dependent": True, "depends_on": ["other"]},
        {"name": "other", "depends_on": []},
        {"name": "once", "schedule": "EXECUTE_ONCE"},
    ]
    service = night(jobs=jobs)
    detail = request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales", query={"dependencies": "true"}).data
    assert set(detail) <= known(dgc.ShowJobResponse)
    assert [(node["name"], node["type"], node["preNodeName"]) for node in detail["nodes"]] == [("a", "DLISQL", []), ("b", "Shell", ["a"])]
    assert all(set(node) <= known(dgc.Node) for node in detail["nodes"])
    assert set(detail["schedule"]["cron"]) <= known(dgc.Cron)
    assert detail["schedule"]["cron"]["dependPrePeriod"] is True
    assert detail["schedule"]["cron"]["dependJobs"]["sameWorkSpaceJobs"] == [{"jobName": "other", "workSpaceId": WORKSPACE_ID}]
    assert (detail["id"], detail["downstreamJobs"]) == (11, [])
    other = request(service.endpoint_v1, "GET", f"{JOBS_V1}/other", query={"dependencies": "true"}).data
    assert [job["name"] for job in other["downstreamJobs"]] == ["daily_sales"]
    assert request(service.endpoint_v1, "GET", f"{JOBS_V1}/once").data["schedule"]["type"] == "EXECUTE_ONCE"
    assert request(service.endpoint_v1, "GET", f"{JOBS_V1}/unknown").code == "DLF.0100"


def instance_detail(service: Running, instance_id: int) -> Reply:
    """Request the v1 detail of an instance of daily_sales."""
    return request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/{instance_id}")


def test_v1_instance_detail_follows_the_run(night: Night) -> None:
    job = {"name": "daily_sales", "failed": 1, "nodes": ["a", "b", "c", "d"], "fail_node": 1, "runs": ["success"]}
    service = night(jobs=[job], speed=1, run_seconds=300)
    entry = listed(service).data["instances"][0]

    def nodes() -> list[str]:
        detail = instance_detail(service, entry["instance_id"]).data
        assert set(detail) <= known(dgc.ShowJobInstanceResponse)
        assert all(set(node) <= known(dgc.NodeInstance) for node in detail["nodes"])
        assert detail["total"] == 4
        return [node["status"] for node in detail["nodes"]]

    assert nodes() == ["success", "fail", "waiting", "waiting"]
    assert retry(service, "daily_sales", retry_body([entry])).status == 200
    seen = []
    for _step in range(4):
        seen.append(nodes())
        service.advance(100)
    assert seen == [
        ["success", "running", "waiting", "waiting"],
        ["success", "success", "running", "waiting"],
        ["success", "success", "success", "running"],
        ["success", "success", "success", "success"],
    ]


def test_v1_instance_detail_of_what_does_not_exist(service: Running) -> None:
    assert instance_detail(service, 1).code == "DLF.30137"
    entry = listed(service).data["instances"][0]
    assert request(service.endpoint_v1, "GET", f"{JOBS_V1}/unknown/instances/{entry['instance_id']}").code == "DLF.0100"


TREE = [
    {
        "id": WORKSPACE_ID,
        "name": WORKSPACE_NAME,
        "jobs": [
            {"name": "raw", "instances": [{"id": 1, "plan_time": "-2h"}, {"id": 2, "plan_time": "-1h"}]},
            {"name": "clean", "instances": [{"id": 3, "plan_time": "-2h"}, {"id": 4, "plan_time": "-1h"}], "depends_on": ["raw"]},
        ],
    },
    {
        "id": "w2",
        "name": "reports",
        "jobs": [
            {"name": "report", "instances": [{"id": 5, "plan_time": "-1h"}], "depends_on": [{"workspace": WORKSPACE_ID, "job": "clean"}]},
            {"name": "side", "instances": [{"id": 6, "plan_time": "-3h", "parents": [1]}]},
        ],
    },
]


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("parent", [("raw", "parent", WORKSPACE_NAME)]),
        ("child", [("report", "child", "reports")]),
        ("both", [("raw", "parent", WORKSPACE_NAME), ("report", "child", "reports")]),
    ],
)
def test_job_dependencies(night: Night, relation: str, expected: list[tuple[str, str, str]]) -> None:
    service = night(workspaces=TREE)
    reply = request(service.endpoint, "GET", f"{JOBS_V2}/clean/depend", query={"relation": relation})
    assert [(job["job_name"], job["depend_layer"], job["workspace_name"]) for job in reply.data] == expected
    assert all(set(job) == known(studio.ShowFactoryJobDependInstancesResponseBody) for job in reply.data)


@pytest.mark.parametrize(
    ("instance_id", "query", "expected"),
    [
        (4, {"relation": "parent"}, [2]),
        (4, {"relation": "child"}, [5]),
        (4, {}, [2, 5]),
        (2, {"relation": "child", "depth": 1}, [4]),
        (2, {"relation": "child", "depth": 2}, [4, 5]),
        (1, {"relation": "child", "depth": 50}, [3, 6]),
        (5, {"relation": "parent", "depth": 2}, [4, 2]),
    ],
)
def test_instance_dependencies(night: Night, instance_id: int, query: dict[str, t.Any], expected: list[int]) -> None:
    service = night(workspaces=TREE)
    workspace = "w2" if instance_id > 4 else WORKSPACE_ID
    reply = request(service.endpoint, "GET", f"{FACTORY}/instances/{instance_id}/depend-instances", query=query, workspace=workspace)
    assert [entry["id"] for entry in reply.data["depend_instances_info"]] == expected
    assert reply.data["total"] == len(expected)
    assert all(
        set(entry) == known(studio.ShowFactoryDependInstancesRespDependInstancesInfo) for entry in reply.data["depend_instances_info"]
    )


def test_latest_keeps_one_instance_for_each_job(night: Night) -> None:
    jobs = [
        {"name": "up", "instances": [{"id": 1, "plan_time": "-9h"}]},
        {"name": "down", "depends_on": ["up"], "instances": [{"id": 2, "plan_time": "-2h"}, {"id": 3, "plan_time": "-1h"}]},
    ]
    service = night(jobs=jobs)
    path = f"{FACTORY}/instances/1/depend-instances"
    for latest, expected in (({}, [3]), ({"latest": "true"}, [3]), ({"latest": "false"}, [2, 3])):
        reply = request(service.endpoint, "GET", path, query=latest)
        assert [entry["id"] for entry in reply.data["depend_instances_info"]] == expected


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (f"{FACTORY}/instances/99/depend-instances", {}, "DLF.30137"),
        (f"{FACTORY}/instances/abc/depend-instances", {}, "DLF.30137"),
        (f"{FACTORY}/instances/5/depend-instances", {}, "DLF.30137"),
        (f"{FACTORY}/instances/4/depend-instances", {"depth": 51}, "DLF.3051"),
        (f"{FACTORY}/instances/4/depend-instances", {"relation": "sibling"}, "DLF.3051"),
        (f"{JOBS_V2}/unknown/depend", {}, "DLF.0100"),
        (f"{JOBS_V2}/clean/depend", {"relation": "sibling"}, "DLF.3051"),
    ],
)
def test_what_the_dependency_calls_refuse(night: Night, path: str, query: dict[str, t.Any], code: str) -> None:
    assert request(night(workspaces=TREE).endpoint, "GET", path, query=query).code == code


def test_overview(night: Night) -> None:
    midday = "-0s"
    jobs = [
        {"name": "a", "instances": [{"plan_time": midday, "status": "fail"}, {"plan_time": midday, "status": "success"}]},
        {
            "name": "b",
            "instances": [{"plan_time": "-25h", "status": "fail"}, {"plan_time": midday, "status": "fail", "force_success": True}],
        },
    ]
    service = night(jobs=jobs)

    def counts(**query: t.Any) -> dict[str, int]:
        data = request(service.endpoint, "GET", f"{FACTORY}/monitor/task-statistics-overview", query=query).data
        assert set(data) == known(studio.ListFactoryTaskOverviewResponse)
        return {name: value for name, value in data.items() if value}

    assert counts(query_days="all") == {"fail_count": 2, "success_count": 1, "force_success_count": 1, "total_count": 4}
    assert (
        request(service.endpoint, "GET", f"{FACTORY}/monitor/task-statistics-overview", query={"query_days": "tomorrow"}).code == "DLF.3051"
    )


def test_completion(service: Running) -> None:
    data = request(service.endpoint, "GET", f"{FACTORY}/monitor/task-completion-data").data
    assert set(data) == known(studio.ListFactoryTaskCompletionResponse)
    assert len(data["yesterday"]) == len(data["average"]) == 24
    finished = sum(hour["task_completion_num"] for hour in data["today"] + data["yesterday"])
    assert finished == 8
    assert data["today"][0]["record_time"] - data["yesterday"][0]["record_time"] == DAY_MS


def test_studios(service: Running) -> None:
    data = request(service.endpoint, "GET", f"/v1/{PROJECT_ID}/instances", workspace=None).data
    (order,) = data["commodity_orders"]
    assert (data["count"], order["resource_id"], order["status"], order["project_id"]) == (1, STUDIO_ID, 2, PROJECT_ID)
    assert set(order) <= known(studio.ApigCommodityOrder)


def test_workspaces(night: Night) -> None:
    user = {"name": "u", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "roles": {"w3": "none"}}
    service = night(users=[user], workspaces=[{"id": f"w{number}", "name": f"n{number}", "kind": number % 3} for number in range(5)])
    path = f"/v1/{PROJECT_ID}/workspaces/{STUDIO_ID}"
    data = request(service.endpoint, "GET", path, workspace=None).data
    assert [(workspace["id"], workspace["is_default"]) for workspace in data["data"]] == [("w0", 0), ("w1", 1), ("w2", 2), ("w4", 1)]
    assert all(set(workspace) <= known(studio.Workspacebody) for workspace in data["data"])
    page = request(service.endpoint, "GET", path, workspace=None, query={"limit": 2, "offset": 2}).data
    assert (page["count"], page["total_page"], [workspace["id"] for workspace in page["data"]]) == (4, 2, ["w2", "w4"])
    assert request(service.endpoint, "GET", f"/v1/{PROJECT_ID}/workspaces/unknown", workspace=None).data["data"] == []
