# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of every switch changes what it is documented to change, and the README lists them all."""

from __future__ import annotations

import re
import time
import typing as t
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

import emulator
from emulator.running import Running
from emulator.switches import SWITCHES, Switches, table
from tests.emulator.signed_requests import DAY_MS, JOBS_V1, JOBS_V2, Reply, listed, listed_v1, request, restart, retry, retry_body
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY, STUDIO_ID, WORKSPACE_ID, small_night, twins

JOBS: list[dict[str, t.Any]] = [
    {"name": "daily_sales", "id": 7, "failed": 3, "succeeded": 2, "wait_seconds": 100},
    {
        "name": "odd",
        "instances": [
            {"plan_time": "-1h", "status": "manual-stop"},
            {"plan_time": "-9h", "start_time": "-3d", "status": "running-exception"},
        ],
    },
    {"name": "broken", "failed": 1},
    {
        "name": "cancelled",
        "depends_on": ["broken"],
        "depend_fail_policy": "cancel",
        "instances": [{"plan_time": "-1h", "status": "waiting"}],
    },
    {"name": "behind", "depends_on": ["odd"], "instances": [{"plan_time": "-1h"}]},
    {"name": "shared_key", "instances": twins()},
    {"name": "crowded", "failed": 7},
    {"name": "hours", "instances": [{"plan_time": f"-{number}h", "status": "success"} for number in range(25)]},
    {"name": "held", "instances": [{"plan_time": "-1h", "status": "waiting", "held": True}]},
    {"name": "patched", "cron": "0 0 3 * * ?", "cron_zone": "UTC", "patch_fails": [1793502000000], "instances": []},
]
#: PatchData of job ``patched`` for two days, from one plan time to another. The instance planned on 1 November fails.
PATCH = {
    "name": "week",
    "job_name": "patched",
    "start_date": "2026-10-31T03:00:00 +00",
    "end_date": "2026-11-02T03:00:00 +00",
    "parallel": 1,
    "force": "true",
}
BASELINES = [{"name": "morning", "jobs": ["daily_sales"], "sla_time": "2h"}]
PATCHES = f"/v2/{PROJECT_ID}/factory/supplement-data"
Observe = t.Callable[[Running], t.Any]


def plan_ages(entries: list[dict[str, t.Any]]) -> list[int]:
    """How long before the newest plan time each plan time lies, ms: comparable between scenarios that start at different times."""
    times = [entry["plan_time"] for entry in entries]
    return [max(times, default=0) - entry for entry in times]


def after_rerun(observe: Observe) -> Observe:
    """An observer that reruns one instance of daily_sales first."""

    def act(service: Running) -> t.Any:
        assert retry(service, "daily_sales", retry_body(listed(service).data["instances"][:1])).status in (200, 204)
        return observe(service)

    return act


def rerun_a_batch(service: Running) -> t.Any:
    """Rerun several instances in one request, of which one cannot be rerun: status, and number of accepted writes."""
    reply = retry(service, "odd", retry_body(listed(service, "odd").data["instances"]))
    return reply.status, len(service.journal())


def rerun_twice_at_once(service: Running) -> t.Any:
    """Rerun one instance twice in one request: status, and the runs in the journal."""
    entry = listed(service).data["instances"][0]
    reply = retry(service, "daily_sales", retry_body([entry, entry]))
    return reply.status, [instance["run"] for entry in service.journal() for instance in entry["instances"]]


def hidden_and_shown(service: Running) -> t.Any:
    """Rerun an instance, again while the list does not show the first rerun yet, and again once it does: the three statuses."""
    service.set(rerun_visible_after=500)
    body = retry_body(listed(service).data["instances"][:1])
    first = [retry(service, "daily_sales", body).status, retry(service, "daily_sales", body).status]
    service.advance(501)
    return [*first, retry(service, "daily_sales", body).status]


def status_with_old_token(service: Running) -> t.Any:
    """The status of a request with a token that is two hours old."""
    user = {"name": "u", "password": "p", "domain": {"name": "acme"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": {"id": PROJECT_ID}}}}
    token = request(service.iam_endpoint, "POST", "/v3/auth/tokens", body=body).headers["X-Subject-Token"]
    service.advance(7200)
    return request(service.endpoint, "GET", JOBS_V2, token=token).status


def many_requests(service: Running) -> t.Any:
    """Whether any of thirty quick requests, to an API that allows one a second, is refused with 429, and the Retry-After of the first refusal."""
    replies = [request(service.endpoint, "GET", f"/v2/{PROJECT_ID}/factory/monitor/task-statistics-overview") for _number in range(30)]
    refused = [reply for reply in replies if reply.status == 429]
    return bool(refused), refused[0].headers.get("Retry-After") if refused else None


def rerun_by_viewer(service: Running) -> t.Any:
    """The status of a rerun by a user without permission."""
    return retry(service, "daily_sales", retry_body(listed(service).data["instances"]), key=("AKVIEWER", "sk")).status


def rerun_behind_a_failure(service: Running) -> t.Any:
    """The status of an instance some time after its rerun, if its upstream instance has not succeeded."""
    assert retry(service, "behind", retry_body(listed(service, "behind").data["instances"])).status in (200, 204)
    service.advance(100)
    return listed(service, "behind").data["instances"][0]["status"]


def cancelled(service: Running) -> t.Any:
    """Whether an instance that was cancelled, because the one it waited for had failed, has a start time and an end time."""
    service.advance(1)
    (entry,) = listed(service, "cancelled").data["instances"]
    assert entry["status"] == "manual-stop"
    return ["start_time" in entry, "end_time" in entry]


def scheduler_skew(service: Running) -> t.Any:
    """The start of a rerun minus the time at which it was accepted, in half minutes, rounded."""
    assert retry(service, "crowded", retry_body(listed(service, "crowded").data["instances"][:1])).status in (200, 204)
    return round((listed(service, "crowded").data["instances"][0]["start_time"] - service.journal()[0]["time"]) / 30_000)


def date_offset(service: Running) -> t.Any:
    """How many days the Date of an answer is ahead of the emulator's clock, rounded."""
    said = parsedate_to_datetime(listed(service).headers["Date"]).timestamp() * 1000
    return round((said - service.now_ms()) / DAY_MS)


def rerun_of_twins(service: Running) -> t.Any:
    """Which of two instances that share a key are rerun: the distance of each from the smaller instance_id."""
    entries = listed(service, "shared_key").data["instances"]
    assert retry(service, "shared_key", retry_body(entries[:1])).status in (200, 204)
    return [instance["instance_id"] - min(entry["instance_id"] for entry in entries) for instance in service.journal()[0]["instances"]]


def crowd(service: Running) -> t.Any:
    """How many of seven reruns of a job run at the same time."""
    assert retry(service, "crowded", retry_body(listed(service, "crowded").data["instances"])).status in (200, 204)
    return [entry["status"] for entry in listed(service, "crowded").data["instances"]].count("running")


def patch_data(service: Running) -> int:
    """Create PatchData and return the HTTP status."""
    return request(service.endpoint, "POST", PATCHES, body=PATCH).status


def patch_rows(service: Running) -> list[dict[str, t.Any]]:
    """Create PatchData and return the rows of its list."""
    assert patch_data(service) == 200
    return list(request(service.endpoint, "GET", PATCHES).data["rows"])


def failed_patch(service: Running) -> str:
    """The status of PatchData with a failed instance."""
    patch_data(service)
    service.advance(5000)
    return str(request(service.endpoint, "GET", PATCHES).data["rows"][0]["status"])


def stopped_patch(service: Running) -> str:
    """The status of PatchData that was stopped."""
    patch_data(service)
    request(service.endpoint, "POST", f"{PATCHES}/week/stop")
    return str(request(service.endpoint, "GET", PATCHES).data["rows"][0]["status"])


OBSERVERS: dict[str, Observe] = {
    "patch_visible_after": lambda service: len(patch_rows(service)),
    "patch_name_taken": lambda service: [patch_data(service), patch_data(service)],
    "patch_row_dates": lambda service: next(row["start_date"] < row["end_date"] for row in patch_rows(service)),
    "patch_end": lambda service: (patch_data(service), len(service.instances("patched"))),
    "patch_failed_status": failed_patch,
    "patch_cancelled_status": stopped_patch,
    "offset_unit": lambda service: (
        plan_ages(listed(service, limit=2, offset=1).data["instances"])
        and [entry["status"] for entry in listed(service, limit=2, offset=1).data["instances"]]
    ),
    "offset_beyond": lambda service: len(listed(service, limit=2, offset=99).data["instances"]),
    "total_of": lambda service: (
        listed(service, limit=2).data["total"],
        listed_v1(service, limit=2).data["total"],
        request(service.endpoint_v1, "GET", JOBS_V1, query={"limit": 1}).data["total"],
        request(service.endpoint, "GET", JOBS_V2, query={"limit": 1}).data["total"],
    ),
    "today_zone_hours": lambda service: (
        request(service.endpoint, "GET", f"{JOBS_V2}/hours/instances/detail").data["total"],
        request(service.endpoint_v1, "GET", f"{JOBS_V1}/instances/detail", query={"jobName": "hours"}).data["total"],
    ),
    "status_words": lambda service: [entry["status"] for entry in listed(service, "held").data["instances"]],
    "list_order": lambda service: {tuple(plan_ages(listed(service).data["instances"])) for _number in range(8)},
    "window_compares": lambda service: listed(service, "odd", min_plan_time=service.now_ms() - 86_400_000).data["total"],
    "enforce_window": lambda service: listed(service, min_plan_time=1_000_000_000_000).status,
    "success_status": lambda service: (
        retry(service, "daily_sales", retry_body(listed(service).data["instances"][:1])).status,
        restart(service, "daily_sales", listed(service).data["instances"][1]["instance_id"]).status,
    ),
    "success_body": lambda service: retry(service, "daily_sales", retry_body(listed(service).data["instances"][:1])).body,
    "instance_id_after_rerun": after_rerun(lambda service: listed(service).data["instances"][0]["instance_id"] < 500_008),
    "submit_time_after_rerun": after_rerun(lambda service: len({entry["submit_time"] for entry in listed(service).data["instances"]})),
    "starting_seconds": after_rerun(lambda service: listed(service).data["instances"][0]["status"]),
    "rerun_visible_after": after_rerun(lambda service: listed(service).data["instances"][0]["status"]),
    "waiting_start_time": after_rerun(
        lambda service: (
            "start_time" in (entry := listed(service).data["instances"][0]),
            entry.get("start_time", 0) > service.now_ms() - 3_000_000,
        )
    ),
    "submit_time_of": lambda service: len({entry["submit_time"] for entry in listed(service).data["instances"]}),
    "v2_open": lambda service: [request(service.endpoint, "GET", JOBS_V2).status, listed(service).status, listed_v1(service).status],
    "v2_list_open": lambda service: [request(service.endpoint, "GET", JOBS_V2).status, listed(service).status],
    "v2_retry_open": lambda service: [retry(service, "daily_sales", {}).code, listed(service).status],
    "v2_workspace": lambda service: request(service.endpoint, "GET", JOBS_V2, workspace=None).status,
    "v1_open": lambda service: [listed_v1(service).status, request(service.endpoint_v1, "GET", JOBS_V1).status, listed(service).status],
    "rerun_waits_for_upstream": rerun_behind_a_failure,
    "cancelled_times": cancelled,
    "depend_open": lambda service: request(service.endpoint, "GET", f"{JOBS_V2}/daily_sales/depend").status,
    "baselines_open": lambda service: [baselines(service).status, baselines(service, "baselineinstance").status],
    "baseline_jobs": lambda service: baselines(service).data["baselines"][0]["sla_task_ids"],
    "code_spelling": lambda service: [
        request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/1").code,
        request(service.endpoint_v1, "GET", f"{JOBS_V1}/unknown").code,
        request(service.endpoint, "GET", JOBS_V2, workspace="unknown").code,
        retry(service, "daily_sales", {}).code,
    ],
    "gateway_prefix": lambda service: request(service.endpoint, "GET", "/nowhere").code,
    "unknown_job_at_retry": lambda service: retry(service, "unknown", {}).code,
    "no_permission_status": rerun_by_viewer,
    "batch_refusal": rerun_a_batch,
    "duplicate_keys": rerun_twice_at_once,
    "retry_of_active": hidden_and_shown,
    "stop_of": lambda service: stopped(service, "odd", "running-exception")[0],
    "stop_visible_after": lambda service: stopped(service, "odd", "running-exception")[1] != "running-exception",
    "stopped_status": lambda service: stopped(service, "odd", "running-exception")[1],
    "schedule_twice": lambda service: [job_call(service, name).status for name in ("start", "stop", "stop", "start")],
    "stopped_job_cancels": lambda service: [after_calls(service, "run-immediate", "stop")["status"]],
    "run_instance_type": lambda service: after_calls(service, "run-immediate")["instance_type"],
    "run_of_running": lambda service: [job_call(service, "run-immediate").status for _number in range(2)],
    "run_visible_after": lambda service: after_calls(service, "run-immediate")["status"],
    "twins_rerun": rerun_of_twins,
    "running_per_job": crowd,
    "status_spelling": lambda service: {entry["status"] for entry in listed(service, "odd").data["instances"]},
    "v1_job_id": lambda service: listed_v1(service, jobName="daily_sales").data["instances"][0]["jobId"],
    "detail_error": lambda service: [
        "errorMessage" in failed_detail(service),
        ["errorMessage" in node for node in failed_detail(service)["nodes"]],
    ],
    "node_types": lambda service: {node["type"] for node in failed_detail(service)["nodes"]},
    "request_id_header": lambda service: "X-Request-Id" in listed(service).headers,
    "retry_after": many_requests,
    "flow_control": many_requests,
    "clock_skew_seconds": lambda service: service.now_ms() - time.time() * 1000 > 45_000,
    "scheduler_skew_seconds": scheduler_skew,
    "date_offset_seconds": date_offset,
    "token_lifetime_seconds": status_with_old_token,
}


def stopped(service: Running, name: str, status: str) -> tuple[int, str]:
    """Stop the instance of a job that has *status*, and return the HTTP status and the instance's status afterwards."""
    (instance_id,) = [entry["instance_id"] for entry in listed(service, name).data["instances"] if entry["status"] == status]
    reply = request(service.endpoint_v1, "POST", f"{JOBS_V1}/{name}/instances/{instance_id}/stop")
    return reply.status, next(entry["status"] for entry in listed(service, name).data["instances"] if entry["instance_id"] == instance_id)


def job_call(service: Running, what: str, name: str = "daily_sales") -> Reply:
    """Send a v1 request that acts on a job, such as ``start`` or ``run-immediate``."""
    return request(service.endpoint_v1, "POST", f"{JOBS_V1}/{name}/{what}")


def after_calls(service: Running, *calls: str) -> dict[str, t.Any]:
    """Send requests as :func:`job_call`, all of which must be accepted, and return the first listed instance of daily_sales."""
    assert all(job_call(service, what).status in (200, 204) for what in calls)
    return t.cast("dict[str, t.Any]", listed(service).data["instances"][0])


def baselines(service: Running, resource: str = "baseline") -> Reply:
    """Request the list of baselines, or of their instances."""
    return request(service.endpoint, "GET", f"/v2/{PROJECT_ID}/factory/aiops/{STUDIO_ID}/{resource}")


def failed_detail(service: Running) -> t.Any:
    """The v1 detail of a failed instance of daily_sales."""
    (instance_id, *_others) = [entry["instance_id"] for entry in listed(service).data["instances"] if entry["status"] == "fail"]
    return request(service.endpoint_v1, "GET", f"{JOBS_V1}/daily_sales/instances/{instance_id}").data


#: Setting of ``code_spelling`` -> the codes that its observer returns: unknown instance, job and workspace, wrong parameter.
CODE_FORMS = {
    "documented": ["DLF.30137", "DLF.0100", "DLF.20819", "DLF.3051"],
    "old": ["DLF.0137", "DLF.0100", "DLF.0819", "DLF.3051"],
    "new": ["DLF.30137", "DLF.30100", "DLF.20819", "DLF.3051"],
}


def observed(shared: Running, name: str, value: t.Any) -> t.Any:
    """Start the scenario with switch *name* set to *value*, and return what its observer returns."""
    users = [
        {"name": "u", "password": "p", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY},
        {"name": "v", "access_key": "AKVIEWER", "secret_key": "sk", "role": "viewer"},
    ]
    switches = {"flow_control": name in ("flow_control", "retry_after"), name: value}
    workspaces = [{"id": WORKSPACE_ID, "name": "sales", "kind": 1, "jobs": JOBS, "baselines": BASELINES}]
    shared.reset(small_night(workspaces=workspaces, users=users, speed=1, run_seconds=1000, switches=switches))
    return OBSERVERS[name](shared)


def test_every_switch_has_an_observer() -> None:
    assert set(OBSERVERS) == set(SWITCHES)


@pytest.mark.parametrize("name", list(SWITCHES))
def test_each_setting_is_seen(shared: Running, name: str) -> None:
    seen = [observed(shared, name, value) for value in SWITCHES[name].settings]
    assert all(setting != other for index, setting in enumerate(seen) for other in seen[:index]), seen


@pytest.mark.parametrize("setting", list(CODE_FORMS))
def test_code_forms(shared: Running, setting: str) -> None:
    assert observed(shared, "code_spelling", setting) == CODE_FORMS[setting]


def test_a_closed_api_answers_apigw_0101(shared: Running) -> None:
    assert observed(shared, "v2_retry_open", False) == ["APIGW.0101", 200]
    assert observed(shared, "v2_open", False) == [404, 404, 200]
    assert observed(shared, "v1_open", False) == [404, 404, 200]


@pytest.mark.parametrize(
    "changes",
    [{"colour": "red"}, {"offset_unit": "line"}, {"flow_control": 1}, {"rerun_visible_after": "soon"}, {"rerun_visible_after": True}],
)
def test_a_setting_that_does_not_exist_changes_nothing(changes: dict[str, t.Any]) -> None:
    switches = Switches()
    with pytest.raises(ValueError, match="switch"):
        switches.set({"list_order": "oldest", **changes})
    assert switches["list_order"] == "newest"


def test_a_number_may_be_any(shared: Running) -> None:
    switches = Switches({"rerun_visible_after": 0.5, "clock_skew_seconds": -1200, "retry_after": 3})
    assert (switches["rerun_visible_after"], switches["clock_skew_seconds"], switches["retry_after"]) == (0.5, -1200, 3)


def test_the_readme_lists_every_switch_as_it_is() -> None:
    text = (Path(emulator.__file__).parent / "README.md").read_text(encoding="utf-8")
    listed_switches = re.search(r"<!-- switches: begin[^\n]*-->\n(.*?)\n<!-- switches: end -->", text, re.DOTALL)
    assert listed_switches
    assert listed_switches.group(1) == table()
