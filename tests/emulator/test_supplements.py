# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData: which instances are created, in which order they run, and which requests are refused with which code."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pytest

from emulator.running import Running
from emulator.world.cron import plan_times
from tests.emulator.signed_requests import Reply, request
from tests.support.scenarios import PROJECT_ID, SUPPLY_ID, USER_NAME, WORKSPACE_ID

Night = t.Callable[..., Running]
Json = dict[str, t.Any]
PATH = f"/v2/{PROJECT_ID}/factory/supplement-data"
HOUR = 3_600_000
JOBS: list[Json] = [
    {"name": "daily_sales", "cron": "0 0 3 * * ?", "instances": []},
    {"name": "report", "cron": "0 0 4 * * ?", "depends_on": ["daily_sales"], "instances": []},
    {"name": "by_hand", "schedule": "MANUAL", "instances": []},
    {"name": "on_event", "schedule": "EVENT", "instances": []},
]
WEEK = {
    "name": "week",
    "job_name": "daily_sales",
    "start_date": "2026-11-01T00:00:00 +08",
    "end_date": "2026-11-08T00:00:00 +08",
    "parallel": 2,
}


def ms(text: str) -> int:
    """Epoch ms."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def create(service: Running, **changes: t.Any) -> Reply:
    body = {name: value for name, value in {**WEEK, **changes}.items() if value is not None}
    return request(service.endpoint, "POST", PATH, body=body)


def rows(service: Running, **query: t.Any) -> list[Json]:
    return list(request(service.endpoint, "GET", PATH, query={"size": 100, **query}).data["rows"])


def test_a_week_is_seven_instances_that_run_two_at_once(night: Night) -> None:
    service = night(jobs=JOBS, run_seconds=600)
    reply = create(service)
    assert (reply.status, reply.body) == (200, b"")
    planned = [instance["plan_time"] for instance in service.instances("daily_sales")]
    assert planned == [ms(f"2026-11-0{day}T03:00:00+08:00") for day in range(1, 8)]
    service.advance(1)
    assert [instance["status"] for instance in service.instances("daily_sales")] == ["running"] * 2 + ["waiting"] * 5
    (row,) = rows(service, name="wee")
    assert (row["name"], row["status"], row["parallel"], row["user_name"]) == ("week", "RUNNING", 2, USER_NAME)
    assert (row["job_list"], row["start_date"], row["end_date"]) == (
        ["daily_sales"],
        ms("2026-11-01T00:00:00+08:00"),
        ms("2026-11-08T00:00:00+08:00"),
    )
    for _half in range(4):
        service.advance(10)
    assert {instance["status"] for instance in service.instances("daily_sales")} == {"success"}
    assert [row["status"] for row in rows(service)] == ["SUCCESS"]


def test_the_newest_first(night: Night) -> None:
    service = night(jobs=JOBS, run_seconds=600)
    create(service, reverse_order=1, parallel=1)
    service.advance(1)
    assert [instance["status"] for instance in service.instances("daily_sales")] == ["waiting"] * 6 + ["running"]


def test_a_failure_stops_the_rest_if_it_is_to(night: Night) -> None:
    failing = [{**JOBS[0], "patch_fails": [ms("2026-11-02T03:00:00+08:00")]}]
    for stops, statuses in ((True, ["success", "fail"] + ["manual-stop"] * 5), (False, ["success", "fail"] + ["success"] * 5)):
        service = night(jobs=failing)
        create(service, parallel=1, is_stop_when_fail=stops)
        service.advance(60)
        assert [instance["status"] for instance in service.instances("daily_sales")] == statuses
        assert [row["status"] for row in rows(service)] == ["FAIL"]


def test_dependent_jobs_of_another_workspace_wait_for_the_job(night: Night) -> None:
    service = night(jobs=JOBS)
    other = {"name": "stock", "cron": "0 0 4 * * ?", "depends_on": [{"workspace": WORKSPACE_ID, "job": "daily_sales"}], "instances": []}
    workspaces = [{"id": WORKSPACE_ID, "name": "sales", "jobs": JOBS}, {"id": SUPPLY_ID, "name": "supply", "jobs": [other]}]
    service = night(workspaces=workspaces, run_seconds=600)
    depends = [{"job_name": "report", "workspace_id": WORKSPACE_ID}, {"job_name": "stock", "workspace_id": SUPPLY_ID}]
    assert create(service, depend_jobs=depends, parallel=5).status == 200
    service.advance(1)
    assert {instance["status"] for name in ("report", "stock") for instance in service.instances(name)} == {"waiting"}
    for _part in range(12):
        service.advance(10)
    assert len(service.instances("stock")) == len(service.instances("report")) == 7
    assert {instance["status"] for name in ("report", "stock") for instance in service.instances(name)} == {"success"}
    (entry,) = service.journal()
    assert (entry["kind"], entry["name"], len(entry["instances"])) == ("patch_data", "week", 21)


def test_whole_days(night: Night) -> None:
    service = night(jobs=JOBS)
    create(service, start_date="2026-11-01T12:00:00 +08", end_date="2026-11-02T02:00:00 +08", is_day_granularity=True)
    assert [instance["plan_time"] for instance in service.instances("daily_sales")] == [
        ms(f"2026-11-0{day}T03:00:00+08:00") for day in (1, 2)
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "DLF.3051"),
        ({"name": "a b"}, "DLF.30120"),
        ({"job_name": "unknown"}, "DLF.0100"),
        ({"job_name": "by_hand"}, "DLF.30111"),
        ({"job_name": "on_event"}, "DLF.30111"),
        ({"depend_jobs": [{"job_name": "unknown", "workspace_id": WORKSPACE_ID}]}, "DLF.0100"),
        ({"depend_jobs": [{"job_name": "report"}]}, "DLF.3051"),
        ({"end_date": "2026-11-01T00:00:01 +08"}, "DLF.30121"),
        ({"end_date": "2026-10-01T00:00:00 +08"}, "DLF.30121"),
        ({"start_date": "2026-11-01", "end_date": "2026-11-08"}, "DLF.30121"),
        ({"start_date": "2026-11-01T00:00:00+08:00"}, "DLF.30121"),
        ({"parallel": 0}, "DLF.3051"),
        ({"parallel": 6}, "DLF.3051"),
        ({"parallel": None}, "DLF.3051"),
        ({"is_stop_when_fail": "true"}, "DLF.3051"),
        ({"reverse_order": 2}, "DLF.3051"),
        ({"force": True}, "DLF.3051"),
        ({"other": 1}, "DLF.3051"),
    ],
)
def test_what_is_refused(night: Night, changes: Json, code: str) -> None:
    service = night(jobs=JOBS)
    reply = create(service, **changes)
    assert (reply.status, reply.code) == (400, code)
    assert service.journal() == []
    assert service.instances("daily_sales") == []


def test_a_name_and_a_job_are_refused_twice(night: Night) -> None:
    service = night(jobs=JOBS, run_seconds=600)
    assert create(service).status == 200
    assert create(service).code == "DLF.30110"
    assert create(service, name="other").code == "DLF.30116"
    assert create(service, name="other", force="true").status == 200
    assert [row["name"] for row in rows(service, sort="asc")] == ["week", "other"]
    assert [row["name"] for row in rows(service, sort="desc", page=1, size=1)] == ["week"]


def test_a_stop(night: Night) -> None:
    service = night(jobs=JOBS, run_seconds=600)
    assert request(service.endpoint, "POST", f"{PATH}/week/stop").code == "DLF.30113"
    create(service)
    service.advance(1)
    assert request(service.endpoint, "POST", f"{PATH}/week/stop").status == 200
    assert {instance["status"] for instance in service.instances("daily_sales")} == {"manual-stop"}
    assert [row["status"] for row in rows(service, status="CANCEL")] == ["CANCEL"]
    assert request(service.endpoint, "POST", f"{PATH}/week/stop").code == "DLF.30115"
    assert [entry["kind"] for entry in service.journal()] == ["patch_data", "patch_data_stop"]


def test_a_viewer_may_not(night: Night) -> None:
    service = night(users=[{"name": USER_NAME, "access_key": "AKVIEWER", "secret_key": "sk", "role": "viewer"}])
    assert request(service.endpoint, "POST", PATH, body=WEEK, key=("AKVIEWER", "sk")).code == "DLF.6888"


@pytest.mark.parametrize(
    ("expression", "zone", "begin", "end", "expected"),
    [
        (
            "0 15 10 * * ?",
            "GMT+8",
            "2026-11-01T00:00:00+08:00",
            "2026-11-03T00:00:00+08:00",
            ["2026-11-01T10:15+08:00", "2026-11-02T10:15+08:00"],
        ),
        (
            "0 0 0 L * ?",
            "UTC",
            "2026-01-01T00:00:00+00:00",
            "2026-04-01T00:00:00+00:00",
            ["2026-01-31T00:00Z", "2026-02-28T00:00Z", "2026-03-31T00:00Z"],
        ),
        ("0 0 0 31 * ?", "UTC", "2026-03-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00", ["2026-03-31T00:00Z", "2026-05-31T00:00Z"]),
        ("0 0 9 ? * 2", "UTC", "2026-11-01T00:00:00+00:00", "2026-11-10T00:00:00+00:00", ["2026-11-02T09:00Z", "2026-11-09T09:00Z"]),
        ("0 0 9 ? * MON#1", "UTC", "2026-11-01T00:00:00+00:00", "2026-12-31T00:00:00+00:00", ["2026-11-02T09:00Z", "2026-12-07T09:00Z"]),
        ("0 0 9 15W * ?", "UTC", "2026-11-01T00:00:00+00:00", "2026-11-30T00:00:00+00:00", ["2026-11-16T09:00Z"]),
        (
            "0 30 2 * * ?",
            "Europe/Berlin",
            "2026-03-28T00:00:00+00:00",
            "2026-03-31T00:00:00+00:00",
            ["2026-03-28T01:30Z", "2026-03-30T00:30Z"],
        ),
        (
            "0 30 2 * * ?",
            "Europe/Berlin",
            "2026-10-24T12:00:00+00:00",
            "2026-10-26T12:00:00+00:00",
            ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
        ),
        (
            "0 0/30 8-9 * * ?",
            "UTC",
            "2026-11-01T00:00:00+00:00",
            "2026-11-02T00:00:00+00:00",
            [f"2026-11-01T0{clock}Z" for clock in ("8:00", "8:30", "9:00", "9:30")],
        ),
    ],
)
def test_plan_times(expression: str, zone: str, begin: str, end: str, expected: list[str]) -> None:
    assert plan_times(expression, zone, ms(begin), ms(end)) == [ms(text.replace("Z", "+00:00")) for text in expected]
