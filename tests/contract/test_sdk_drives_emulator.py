# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official SDKs' clients, as independent clients, use every API of the emulator."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import huaweicloudsdkdataartsstudio.v1 as dataarts
import huaweicloudsdkdgc.v1 as dgc
import huaweicloudsdkiam.v3 as iam
import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.auth.internal import MetadataAccessor
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from emulator.gateway.routes import ROUTES
from emulator.running import Running
from tests.contract.sdk import USER_AGENT, dataarts_client, dgc_client, iam_client
from tests.support.scenarios import (
    AGENCY_NAME,
    DOMAIN,
    PROJECT_ID,
    REGION,
    STUDIO_ID,
    USER_NAME,
    USER_PASSWORD,
    WORKSPACE_ID,
    WORKSPACE_NAME,
    small_night,
)

HOUR = 3_600_000
Operation = Callable[[Running], None]
#: Operations by the name of the emulator's route.
OPERATIONS: dict[str, list[Operation]] = {}


def drives(route: str) -> Callable[[Operation], Operation]:
    """Decorator: register an operation for *route*."""

    def mark(operation: Operation) -> Operation:
        OPERATIONS.setdefault(route, []).append(operation)
        return operation

    return mark


def begin(service: Running) -> None:
    """Reset the emulator: three jobs, one of which depends on another, and one of which runs; an agency of the account, and one for servers."""
    jobs: list[dict[str, t.Any]] = [
        {"name": "daily_sales", "id": 917567, "submit_time": 1732239754684, "failed": 3, "succeeded": 2, "nodes": ["prepare", "publish"]},
        {"name": "每日 stock/a%b", "id": 917568, "failed": 2, "depends_on": ["daily_sales"]},
        {"name": "long_load", "id": 917569, "instances": [{"plan_time": "-2h", "status": "running", "runs": ["hang"]}]},
    ]
    agencies = [
        {"name": name, "trusted_domain": trusted, "role": "operator"} for name, trusted in ((AGENCY_NAME, DOMAIN), ("ecs", "op_svc_ecs"))
    ]
    scenario = small_night(
        jobs=jobs,
        agencies=agencies,
        speed=1,
        run_seconds=3600,
        switches={"flow_control": False, "baseline_jobs": "id", "baselines_open": True},
    )
    guarded = {"name": "morning", "jobs": ["daily_sales", "每日 stock/a%b"], "sla_time": "2h"}
    scenario["accounts"][0]["workspaces"][0]["baselines"] = [guarded, {**guarded, "name": "off", "enable": False}]
    service.reset(scenario)


def window(service: Running, **changes: t.Any) -> dict[str, t.Any]:
    """Parameters of both lists for the last six days."""
    now = service.now_ms()
    return {"workspace": WORKSPACE_ID, "min_plan_time": now - 144 * HOUR, "max_plan_time": now, "limit": 1000, "offset": 0, **changes}


def same(listed: list[t.Any], service: Running, job_name: str) -> None:
    """Check that the listed instances are the job's, newest first, with correct values in all fields."""
    truth = list(reversed(service.instances(job_name)))
    assert [instance.instance_id for instance in listed] == [instance["instance_id"] for instance in truth]
    for instance, true in zip(listed, truth, strict=True):
        run = true["runs"][-1]
        assert (instance.job_name, instance.job_id, instance.status) == (job_name, true["job_id"], true["status"])
        assert (instance.plan_time, instance.submit_time) == (true["plan_time"], true["submit_time"])
        assert (instance.start_time, instance.end_time) == (run["start"], run["end"])
        assert instance.execute_time == (None if run["end"] is None else run["end"] - run["start"])
        assert (instance.force_success, instance.ignore_success) == (False, False)
        assert isinstance(instance.instance_type, int)
        assert isinstance(instance.version, int)
        assert isinstance(instance.job_instance_name, str)
        assert not instance.job_instance_name.startswith("{")


# v2


@drives("v2_list")
def list_by_name(service: Running) -> None:
    client = dataarts_client(service.endpoint)
    for name in ("daily_sales", "每日 stock/a%b", "long_load"):
        request = dataarts.ListFactoryJobInstancesByNameRequest(job_name=name, **window(service))
        response = client.list_factory_job_instances_by_name(request)
        assert response.total == len(service.instances(name))
        same(response.instances, service, name)


@drives("v2_list")
def list_by_name_filtered(service: Running) -> None:
    request = dataarts.ListFactoryJobInstancesByNameRequest(
        job_name="daily_sales", **window(service, status="fail", instance_type="0", limit=2)
    )
    response = dataarts_client(service.endpoint).list_factory_job_instances_by_name(request)
    assert (response.total, [instance.status for instance in response.instances]) == (3, ["fail", "fail"])


@drives("v2_retry")
def retry_selected(service: Running) -> None:
    client = dataarts_client(service.endpoint)
    listed = client.list_factory_job_instances_by_name(
        dataarts.ListFactoryJobInstancesByNameRequest(job_name="daily_sales", **window(service))
    )
    due = [instance for instance in listed.instances if instance.status == "fail"]
    keys = [
        dataarts.RetryFactoryJobInstanceBodyTaskRetrys(
            job_id=instance.job_id, plan_time=instance.plan_time, submit_time=instance.submit_time
        )
        for instance in due
    ]
    body = dataarts.RetryFactoryJobInstanceBody("errorNode", None, "original_version", True, keys)
    response = client.retry_factory_job_instance(dataarts.RetryFactoryJobInstanceRequest("daily_sales", WORKSPACE_ID, body=body))
    assert (response.status_code, response.raw_content) == (200, b"")
    (entry,) = service.journal()
    assert (entry["kind"], entry["user"], entry["job_name"]) == ("retry", USER_NAME, "daily_sales")
    assert sorted(instance["instance_id"] for instance in entry["instances"]) == sorted(instance.instance_id for instance in due)
    assert {instance["status"] for instance in service.instances("daily_sales")[-3:]} <= {"waiting", "running"}


@drives("v2_retry")
def retry_with_related_jobs(service: Running) -> None:
    times = [instance["plan_time"] for name in ("daily_sales", "每日 stock/a%b") for instance in service.instances(name)]
    body = dataarts.RetryFactoryJobInstanceBody(
        retry_location="firstNode",
        retry_task_version="current_version",
        ignore_obs_monitor=False,
        begin_time=min(times),
        end_time=max(times),
        jobs=[dataarts.RetryFactoryJobInstanceBodyJobs(job_name="每日 stock/a%b", workspace_id=WORKSPACE_ID)],
        concurrent=3,
    )
    request = dataarts.RetryFactoryJobInstanceRequest("daily_sales", WORKSPACE_ID, body=body)
    assert dataarts_client(service.endpoint).retry_factory_job_instance(request).status_code == 200
    (entry,) = service.journal()
    assert (entry["kind"], entry["body"]["concurrent"]) == ("retry_related", 3)
    assert len(entry["instances"]) == 7


@drives("v2_retry")
def retry_refused(service: Running) -> None:
    body = dataarts.RetryFactoryJobInstanceBody("errorNode", None, "original_version", True, [])
    with pytest.raises(ClientRequestException) as caught:
        dataarts_client(service.endpoint).retry_factory_job_instance(
            dataarts.RetryFactoryJobInstanceRequest("unknown", WORKSPACE_ID, body=body)
        )
    error = caught.value
    assert (error.status_code, error.error_code, error.error_msg) == (400, "DLF.1000", "Failed to find the job.")
    assert error.request_id == service.requests("v2_retry")[0]["request_id"]
    assert service.journal() == []


@drives("v2_jobs")
def list_jobs_v2(service: Running) -> None:
    client = dataarts_client(service.endpoint)
    response = client.list_factory_jobs(dataarts.ListFactoryJobsRequest(workspace=WORKSPACE_ID, limit=100, offset=0, job_type="BATCH"))
    assert response.total == 3
    assert sorted(job.name for job in response.jobs) == sorted(service.state()["workspaces"][WORKSPACE_ID])
    assert {job.job_type for job in response.jobs} == {"BATCH"}
    assert {job.name: job.last_instance_status for job in response.jobs}["daily_sales"] == "fail"
    matching = client.list_factory_jobs(dataarts.ListFactoryJobsRequest(workspace=WORKSPACE_ID, job_name="每日"))
    assert [job.name for job in matching.jobs] == ["每日 stock/a%b"]


def patch_data_body(**changes: t.Any) -> t.Any:
    """PatchData of daily_sales over four hours."""
    wanted = {
        "name": "four_hours",
        "job_name": "daily_sales",
        "start_date": "2026-11-01T00:00:00 +08",
        "end_date": "2026-11-01T04:00:00 +08",
        "parallel": 2,
        **changes,
    }
    return dataarts.CreateFactorySupplementDataInstanceRequestBody(**wanted)


def made_patch_data(service: Running, **changes: t.Any) -> t.Any:
    """Request PatchData. Returns the SDK's client and the answer."""
    client = dataarts_client(service.endpoint)
    request = dataarts.CreateFactorySupplementDataInstanceRequest(WORKSPACE_ID, patch_data_body(**changes))
    return client, client.create_factory_supplement_data_instance(request)


@drives("supplement")
def patch_data_with_everything(service: Running) -> None:
    _client, response = made_patch_data(
        service,
        depend_jobs=[dataarts.CreateFactorySupplementDataInstanceRequestBodyDependJobs("每日 stock/a%b", WORKSPACE_ID)],
        is_day_granularity=False,
        priority=1,
        is_stop_when_fail=True,
        reverse_order=1,
        supplement_data_run_time=dataarts.CreateFactorySupplementDataInstanceRequestBodySupplementDataRunTime("00:00-23:59", "1,2", "1,3"),
        supplement_data_instance_time=dataarts.CreateFactorySupplementDataInstanceRequestBodySupplementDataInstanceTime(
            ["2026-11-01"], "00:00-23:59"
        ),
        force="true",
    )
    (entry,) = service.journal()
    assert (response.status_code, response.x_request_id) == (200, entry["request_id"])
    assert (entry["kind"], entry["name"], len(entry["instances"])) == ("patch_data", "four_hours", 8)


@drives("supplement")
def patch_data_refused(service: Running) -> None:
    for changes, code in (({"end_date": "2026-11-01"}, "DLF.30121"), ({"job_name": "unknown"}, "DLF.0100"), ({"parallel": 6}, "DLF.3051")):
        with pytest.raises(ClientRequestException) as caught:
            made_patch_data(service, **changes)
        assert (caught.value.status_code, caught.value.error_code) == (400, code)
    assert service.journal() == []


@drives("supplements")
def list_patch_data(service: Running) -> None:
    client, _response = made_patch_data(service)
    request = dataarts.ShowFactorySupplementDataRequest(
        workspace=WORKSPACE_ID, sort="desc", page="0", size="100", name="four_hours", user_name=USER_NAME, status="RUNNING",
        start_date=str(service.now_ms() - 365 * 24 * HOUR), end_date=str(service.now_ms() + 365 * 24 * HOUR),
    )  # fmt: skip
    response = client.show_factory_supplement_data(request)
    assert (response.total, response.success) == (1, True)
    (row,) = response.rows
    assert (row.name, row.job_list, row.status, row.parallel, row.type, row.user_name) == (
        "four_hours", ["daily_sales"], "RUNNING", 2, 0, USER_NAME,
    )  # fmt: skip
    assert row.end_date - row.start_date == 4 * HOUR
    assert abs(row.submitted_date - service.now_ms()) < HOUR
    assert row.supplement_data_run_time.time_of_day == "00:00-00:00"


@drives("supplement_stop")
def stop_patch_data(service: Running) -> None:
    client, _response = made_patch_data(service)
    request = dataarts.StopFactorySupplementDataInstanceRequest("four_hours", WORKSPACE_ID)
    assert client.stop_factory_supplement_data_instance(request).status_code == 200
    with pytest.raises(ClientRequestException) as caught:
        client.stop_factory_supplement_data_instance(request)
    assert caught.value.error_code == "DLF.30115"
    assert [entry["kind"] for entry in service.journal()] == ["patch_data", "patch_data_stop"]


@drives("v2_depend_jobs")
def related_jobs(service: Running) -> None:
    request = dataarts.ShowFactoryJobDependInstancesRequest(workspace=WORKSPACE_ID, job_name="daily_sales", relation="both")
    (job,) = dataarts_client(service.endpoint).show_factory_job_depend_instances(request).body
    assert (job.job_name, job.depend_layer, job.workspace_name) == ("每日 stock/a%b", "child", WORKSPACE_NAME)
    assert isinstance(job.job_path, str)
    assert isinstance(job.owner, str)


@drives("v2_depend_instances")
def related_instances(service: Running) -> None:
    newest = service.instances("每日 stock/a%b")[-1]
    request = dataarts.ShowFactoryDependInstancesRequest(
        workspace=WORKSPACE_ID, instance_id=newest["instance_id"], relation="parent", depth=2, latest=True
    )
    response = dataarts_client(service.endpoint).show_factory_depend_instances(request)
    assert response.total == 1
    (instance,) = response.depend_instances_info
    upstream = service.instances("daily_sales")[-1]
    assert (instance.id, instance.job_id, instance.job_name, instance.status) == (upstream["instance_id"], 917567, "daily_sales", "fail")
    assert (instance.plan_time, instance.submit_time) == (upstream["plan_time"], upstream["submit_time"])
    assert (instance.workspace_id, instance.workspace_name) == (WORKSPACE_ID, WORKSPACE_NAME)
    assert (instance.force_success, instance.ignore_success, instance.parent_instance_ids) == (False, False, [])


@drives("baselines")
def baselines(service: Running) -> None:
    request = dataarts.ListSearchFactoryBaselinesRequest(instance_id=STUDIO_ID, workspace_id=WORKSPACE_ID, enable=True, offset=1, limit=100)
    response = dataarts_client(service.endpoint).list_search_factory_baselines(request)
    assert response.total == 1
    (baseline,) = response.baselines
    assert (baseline.name, baseline.type, baseline.sla_task_ids, baseline.enable) == ("morning", "DAY", ["917567", "917568"], True)


@drives("baseline_instances")
def baseline_instances(service: Running) -> None:
    now = service.now_ms()
    request = dataarts.ListFactorySearchBaselineInstancesRequest(
        instance_id=STUDIO_ID, workspace_id=WORKSPACE_ID, start_time=now, end_time=now + 24 * HOUR, offset=1, limit=100
    )
    response = dataarts_client(service.endpoint).list_factory_search_baseline_instances(request)
    (instance,) = response.baseline_instances
    assert (response.total, instance.baseline_name, instance.finish_status) == (1, "morning", "UNFINISH")
    assert now < instance.sla_time <= now + 24 * HOUR


@drives("overview")
def statistics(service: Running) -> None:
    request = dataarts.ListFactoryTaskOverviewRequest(workspace=WORKSPACE_ID, query_days="all")
    response = dataarts_client(service.endpoint).list_factory_task_overview(request)
    counts = (response.total_count, response.fail_count, response.success_count, response.running_count, response.waiting_confirm_count)
    assert counts == (8, 5, 2, 1, 0)


@drives("completion")
def completion_by_hour(service: Running) -> None:
    response = dataarts_client(service.endpoint).list_factory_task_completion(
        dataarts.ListFactoryTaskCompletionRequest(workspace=WORKSPACE_ID)
    )
    assert (len(response.yesterday), len(response.average)) == (24, 24)
    finished = sum(hour.task_completion_num for hour in [*response.yesterday, *response.today])
    assert finished == 7
    assert all(hour.record_time % HOUR == 0 for hour in response.today)


# v1


@drives("v1_list")
def list_workspace_v1(service: Running) -> None:
    response = dgc_client(service.endpoint_v1).list_job_instances(dgc.ListJobInstancesRequest(**window(service)))
    names = ("daily_sales", "每日 stock/a%b", "long_load")
    assert response.total == sum(len(service.instances(name)) for name in names)
    for name in names:
        listed = [instance for instance in response.instances if instance.job_name == name]
        same(listed, service, name)
        assert [bool(instance.error_message) for instance in listed] == [instance.status == "fail" for instance in listed]


@drives("v1_list")
def list_one_job_v1(service: Running) -> None:
    client = dgc_client(service.endpoint_v1)
    for name, precise, total in (("sales", False, 5), ("sales", True, 0), ("每日 stock/a%b", True, 2)):
        request = dgc.ListJobInstancesRequest(**window(service, job_name=name, precise_query=precise, instance_type="0"))
        assert client.list_job_instances(request).total == total


@drives("v1_instance")
def instance_with_nodes(service: Running) -> None:
    true = service.instances("daily_sales")[-1]
    request = dgc.ShowJobInstanceRequest(workspace=WORKSPACE_ID, job_name="daily_sales", instance_id=str(true["instance_id"]))
    response = dgc_client(service.endpoint_v1).show_job_instance(request)
    assert (response.job_name, response.instance_id, response.status) == ("daily_sales", true["instance_id"], "fail")
    assert (response.plan_time, response.start_time, response.end_time) == (
        true["plan_time"],
        true["runs"][0]["start"],
        true["runs"][0]["end"],
    )
    assert (response.execute_time, response.total, response.instance_type) == (response.end_time - response.start_time, 2, 0)
    assert [(node.node_name, node.status) for node in response.nodes] == [("prepare", "success"), ("publish", "fail")]
    assert all(node.log_path.startswith("obs://") and node.retry_times == 0 and node.start_time <= node.end_time for node in response.nodes)
    assert all(node.type == "DLISQL" and node.queue == "default" and node.instance_id == true["instance_id"] for node in response.nodes)


@drives("v1_instance")
def unknown_instance(service: Running) -> None:
    request = dgc.ShowJobInstanceRequest(workspace=WORKSPACE_ID, job_name="daily_sales", instance_id="1")
    with pytest.raises(ClientRequestException) as caught:
        dgc_client(service.endpoint_v1).show_job_instance(request)
    assert (caught.value.status_code, caught.value.error_code) == (400, "DLF.30137")


@drives("v1_restart")
def restart(service: Running) -> None:
    true = service.instances("每日 stock/a%b")[0]
    request = dgc.RestoreJobInstanceRequest(workspace=WORKSPACE_ID, job_name="每日 stock/a%b", instance_id=str(true["instance_id"]))
    assert dgc_client(service.endpoint_v1).restore_job_instance(request).status_code == 204
    (entry,) = service.journal()
    assert (entry["kind"], entry["api"], entry["body"]) == ("restart", "v1", {})
    assert [(instance["instance_id"], instance["run"]) for instance in entry["instances"]] == [(true["instance_id"], 2)]


@drives("v1_stop")
def stop(service: Running) -> None:
    (true,) = service.instances("long_load")
    request = dgc.StopJobInstanceRequest(workspace=WORKSPACE_ID, job_name="long_load", instance_id=str(true["instance_id"]))
    assert dgc_client(service.endpoint_v1).stop_job_instance(request).status_code == 204
    assert [(entry["kind"], entry["job_name"]) for entry in service.journal()] == [("stop", "long_load")]
    assert service.instances("long_load")[0]["status"] == "manual-stop"


@drives("v1_start_job")
@drives("v1_stop_job")
def schedule(service: Running) -> None:
    client = dgc_client(service.endpoint_v1)
    start = dgc.StartJobRequest(workspace=WORKSPACE_ID, job_name="daily_sales")
    stop = dgc.StopJobRequest(workspace=WORKSPACE_ID, job_name="daily_sales")
    seen = []
    for call, request in ((client.stop_job, stop), (client.start_job, start)):
        assert call(request).status_code == 204
        seen.append(service.state()["schedules"][WORKSPACE_ID]["daily_sales"])
        with pytest.raises(ClientRequestException) as caught:
            call(request)
        assert caught.value.status_code == 400
    assert seen == ["STOPPED", "SCHEDULING"]
    assert [(entry["kind"], entry["job_name"]) for entry in service.journal()] == [
        ("stop_schedule", "daily_sales"),
        ("start_schedule", "daily_sales"),
    ]
    for call, kind in ((client.stop_job, dgc.StopJobRequest), (client.start_job, dgc.StartJobRequest)):
        with pytest.raises(ClientRequestException) as caught:
            call(kind(workspace=WORKSPACE_ID, job_name="unknown"))
        assert (caught.value.status_code, caught.value.error_code) == (400, "DLF.0100")


@drives("v1_run")
def run_once(service: Running) -> None:
    client = dgc_client(service.endpoint_v1)
    params = dgc.StartJobReq([dgc.JobParam(name="aaa", value="111"), dgc.JobParam(name="每日", value="")])
    answer = client.run_once(dgc.RunOnceRequest(WORKSPACE_ID, "daily_sales", params))
    assert isinstance(answer.instance_id, int)
    detail = client.show_job_instance(dgc.ShowJobInstanceRequest(WORKSPACE_ID, "daily_sales", str(answer.instance_id)))
    assert (detail.instance_id, detail.status) in [(answer.instance_id, word) for word in ("waiting", "running", "success")]
    (entry,) = service.journal()
    assert (entry["kind"], entry["job_name"], entry["instance_id"]) == ("run", "daily_sales", answer.instance_id)
    assert entry["body"]["jobParams"] == [{"name": "aaa", "value": "111"}, {"name": "每日", "value": ""}]


@drives("v1_run")
def run_refused(service: Running) -> None:
    client = dgc_client(service.endpoint_v1)
    long = dgc.StartJobReq([dgc.JobParam(name="a" * 65, value="1")])
    wide = dgc.StartJobReq([dgc.JobParam(name="a", value="1" * 1025)])
    for name, body, code in (("unknown", None, "DLF.0100"), ("daily_sales", long, "DLF.3051"), ("daily_sales", wide, "DLF.3051")):
        with pytest.raises(ClientRequestException) as caught:
            client.run_once(dgc.RunOnceRequest(WORKSPACE_ID, name, body))
        assert (caught.value.status_code, caught.value.error_code) == (400, code)
    assert service.journal() == []


@drives("v1_stop")
def stop_refused(service: Running) -> None:
    (true,) = service.instances("long_load")
    client = dgc_client(service.endpoint_v1)
    known, unknown = (
        dgc.StopJobInstanceRequest(workspace=WORKSPACE_ID, job_name="long_load", instance_id=name)
        for name in (str(true["instance_id"]), "1")
    )
    client.stop_job_instance(known)
    for request, code in ((known, "DLF.30118"), (unknown, "DLF.30137")):
        with pytest.raises(ClientRequestException) as caught:
            client.stop_job_instance(request)
        assert (caught.value.status_code, caught.value.error_code) == (400, code)
    assert len(service.journal()) == 1


@drives("v1_jobs")
def list_jobs_v1(service: Running) -> None:
    client = dgc_client(service.endpoint_v1)
    response = client.list_jobs(dgc.ListJobsRequest(workspace=WORKSPACE_ID, limit=100, offset=0, job_type="BATCH"))
    assert response.total == 3
    assert sorted(job.name for job in response.jobs) == sorted(service.state()["workspaces"][WORKSPACE_ID])
    job = next(job for job in response.jobs if job.name == "daily_sales")
    assert (job.job_type, job.status, job.last_instance_status) == ("BATCH", "SCHEDULING", "fail")


@drives("v1_job")
def job_definition(service: Running) -> None:
    request = dgc.ShowJobRequest(workspace=WORKSPACE_ID, job_name="daily_sales", get_job_submit_version=True)
    response = dgc_client(service.endpoint_v1).show_job(request)
    assert (response.name, response.id, response.process_type) == ("daily_sales", 917567, "BATCH")
    assert [node.name for node in response.nodes] == ["prepare", "publish"]
    assert response.schedule.type == "CRON"


# The management centre


@drives("studios")
def studio_instances(service: Running) -> None:
    response = dataarts_client(service.endpoint).list_data_arts_studio_instances(
        dataarts.ListDataArtsStudioInstancesRequest(limit=10, offset=0)
    )
    (order,) = response.commodity_orders
    assert (response.count, order.resource_id, order.resource_name) == (1, STUDIO_ID, "dataarts-acme")
    assert (order.project_id, order.region_id, order.status) == (PROJECT_ID, REGION, 2)


@drives("workspaces")
def workspaces(service: Running) -> None:
    response = dataarts_client(service.endpoint).list_manager_work_spaces(
        dataarts.ListManagerWorkSpacesRequest(STUDIO_ID, limit=10, offset=0)
    )
    (workspace,) = response.data
    assert (response.count, response.total_page) == (1, 1)
    assert (workspace.id, workspace.name, workspace.instance_id, workspace.project_id, workspace.is_default) == (
        WORKSPACE_ID,
        WORKSPACE_NAME,
        STUDIO_ID,
        PROJECT_ID,
        0,
    )


# IAM


def password_identity() -> t.Any:
    user = iam.PwdPasswordUser(domain=iam.PwdPasswordUserDomain(name=DOMAIN), name=USER_NAME, password=USER_PASSWORD)
    return iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user=user))


def with_token(service: Running, token: str) -> t.Any:
    """A client that sends *token* instead of a signature."""

    def replace_signature(request: requests.PreparedRequest) -> requests.PreparedRequest:
        del request.headers["Authorization"]
        request.headers["X-Auth-Token"] = token
        return request

    client = dataarts_client(service.endpoint)
    client.get_http_client()._session.auth = replace_signature
    return client


@drives("tokens")
def token_by_password(service: Running) -> None:
    auth = iam.PwdAuth(identity=password_identity(), scope=iam.AuthScope(project=iam.AuthScopeProject(name=REGION)))
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=auth)
    client = iam_client(service.iam_endpoint)
    response = client.keystone_create_user_token_by_password(iam.KeystoneCreateUserTokenByPasswordRequest(nocatalog="true", body=body))
    assert (response.status_code, response.token.methods, response.token.user.name) == (201, ["password"], USER_NAME)
    assert (response.token.project.id, response.token.project.name, response.token.catalog) == (PROJECT_ID, REGION, None)
    assert response.token.user.domain.name == DOMAIN
    assert response.token.issued_at < response.token.expires_at
    assert response.x_subject_token
    # the token is accepted, another one is not
    listing = dataarts.ListDataArtsStudioInstancesRequest(limit=10, offset=0)
    assert with_token(service, response.x_subject_token).list_data_arts_studio_instances(listing).count == 1
    with pytest.raises(ClientRequestException) as caught:
        with_token(service, "another").list_data_arts_studio_instances(listing)
    assert caught.value.status_code == 401


@drives("tokens")
def token_by_agency(service: Running) -> None:
    role = iam.AgencyTokenAssumerole(domain_name=DOMAIN, agency_name=AGENCY_NAME)
    scope = iam.AgencyTokenScope(project=iam.AgencyTokenScopeProject(id=PROJECT_ID))
    auth = iam.AgencyTokenAuth(identity=iam.AgencyTokenIdentity(methods=["assume_role"], assume_role=role), scope=scope)
    body = iam.KeystoneCreateAgencyTokenRequestBody(auth=auth)
    response = iam_client(service.iam_endpoint).keystone_create_agency_token(
        iam.KeystoneCreateAgencyTokenRequest(nocatalog="true", body=body)
    )
    assert (response.status_code, response.token.methods, response.token.project.id) == (201, ["assume_role"], PROJECT_ID)
    assert response.token.user.name == f"{DOMAIN}/{AGENCY_NAME}"
    assert response.x_subject_token


@drives("tokens")
def token_refused(service: Running) -> None:
    identity = password_identity()
    identity.password.user.password = "wrong"
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=iam.PwdAuth(identity=identity))
    with pytest.raises(ClientRequestException) as caught:
        iam_client(service.iam_endpoint).keystone_create_user_token_by_password(iam.KeystoneCreateUserTokenByPasswordRequest(body=body))
    assert caught.value.status_code == 401
    assert "wrong" in str(caught.value.error_msg)


@drives("projects")
def projects(service: Running) -> None:
    client = iam_client(service.iam_endpoint)
    (project,) = client.keystone_list_projects(iam.KeystoneListProjectsRequest(name=REGION)).projects
    assert (project.id, project.name, project.enabled, project.is_domain) == (PROJECT_ID, REGION, True, False)
    assert client.keystone_list_projects(iam.KeystoneListProjectsRequest(name="elsewhere")).projects == []


def opens_the_service(service: Running, credential: t.Any) -> None:
    """Check that the service accepts a request signed with the temporary keys."""
    credentials = BasicCredentials(credential.access, credential.secret, PROJECT_ID).with_security_token(credential.securitytoken)
    builder = dataarts.DataArtsStudioClient.new_builder().with_credentials(credentials).with_endpoint(service.endpoint)
    assert builder.build().list_data_arts_studio_instances(dataarts.ListDataArtsStudioInstancesRequest(limit=10, offset=0)).count == 1
    assert service.requests("studios")[-1]["headers"]["X-Security-Token"] == credential.securitytoken


@drives("security_tokens")
def temporary_keys_by_agency(service: Running) -> None:
    role = iam.IdentityAssumerole(agency_name=AGENCY_NAME, domain_name=DOMAIN, duration_seconds=3600)
    auth = iam.AgencyAuth(identity=iam.AgencyAuthIdentity(methods=["assume_role"], assume_role=role))
    body = iam.CreateTemporaryAccessKeyByAgencyRequestBody(auth=auth)
    response = iam_client(service.iam_endpoint).create_temporary_access_key_by_agency(
        iam.CreateTemporaryAccessKeyByAgencyRequest(body=body)
    )
    assert response.status_code == 201
    opens_the_service(service, response.credential)


@drives("security_tokens")
def temporary_keys_by_token(service: Running) -> None:
    identity = iam.TokenAuthIdentity(methods=["token"], token=iam.IdentityToken(duration_seconds=900))
    body = iam.CreateTemporaryAccessKeyByTokenRequestBody(auth=iam.TokenAuth(identity=identity))
    response = iam_client(service.iam_endpoint).create_temporary_access_key_by_token(iam.CreateTemporaryAccessKeyByTokenRequest(body=body))
    assert (response.status_code, len(response.credential.expires_at)) == (201, 27)
    opens_the_service(service, response.credential)


@drives("machine_token")
@drives("machine_keys")
def temporary_keys_of_a_machine(service: Running) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MetadataAccessor, "_METADATA_ENDPOINT", service.iam_endpoint)
        credential: t.Any = MetadataAccessor().get_credential()
    credential.securitytoken = credential.security_token
    opens_the_service(service, credential)


CASES = [pytest.param(route, case, id=case.__name__) for route, several in OPERATIONS.items() for case in several]


@pytest.mark.parametrize(("route", "operation"), CASES)
def test_the_sdk_understands_every_answer(emulated: Running, route: str, operation: Operation) -> None:
    begin(emulated)
    operation(emulated)
    assert emulated.requests(route), "the operation never called its own route"
    # the SDK uses plain requests for the metadata service, with that library's User-Agent
    names = {True: "python-requests/", False: USER_AGENT}
    assert all(names[request["route"].startswith("machine_")] in request["headers"]["User-Agent"] for request in emulated.requests())
    assert all(request["fault"] is None and request["status"] for request in emulated.requests())


def test_every_route_is_driven_and_succeeds(emulated: Running) -> None:
    succeeded: set[str] = set()
    for operations in OPERATIONS.values():
        for operation in operations:
            begin(emulated)
            operation(emulated)
            succeeded |= {request["route"] for request in emulated.requests() if request["status"] < 300}
    assert succeeded == {route.name for route in ROUTES if route.host != "obs"}  # OBS has its own SDK
