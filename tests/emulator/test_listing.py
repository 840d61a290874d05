# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance lists: fields (compared with the models of the SDKs), windows, filters and pages."""

from __future__ import annotations

import typing as t

import pytest
from huaweicloudsdkdataartsstudio.v1 import JobInstance as JobInstanceV2
from huaweicloudsdkdgc.v1 import JobInstance as JobInstanceV1

from emulator.running import Running
from tests.emulator.signed_requests import DAY_MS, JOBS_V2, listed, listed_v1, request

Night = t.Callable[..., Running]
TEN = [{"name": "daily_sales", "failed": 6, "succeeded": 4}]


def plan_times(entries: list[dict[str, t.Any]]) -> list[int]:
    """The plan times in an answer, in the order of the list."""
    return [entry.get("plan_time", entry.get("planTime", 0)) for entry in entries]


def test_v2_entries_have_the_sdks_fields(service: Running) -> None:
    reply = listed(service)
    assert reply.data["total"] == 5
    for entry in reply.data["instances"]:
        assert set(entry) == set(JobInstanceV2.attribute_map.values())
    newest = reply.data["instances"][0]
    assert (newest["job_id"], newest["submit_time"], newest["status"]) == (917567, 1732239754684, "fail")
    assert newest["execute_time"] == newest["end_time"] - newest["start_time"] == 3000


def test_v1_entries_have_the_sdks_fields_and_an_error_message(service: Running) -> None:
    reply = listed_v1(service)
    assert reply.data["total"] == 8
    for entry in reply.data["instances"]:
        assert set(entry) | {"errorMessage"} == set(JobInstanceV1.attribute_map.values())
        assert ("errorMessage" in entry) == (entry["status"] == "fail")


def test_an_instance_that_never_ran_has_no_times(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "instances": [{"plan_time": "-1h", "status": "waiting", "held": True}]}])
    entry = listed(service).data["instances"][0]
    assert entry["status"] == "waiting"
    assert not {"start_time", "end_time", "execute_time"} & set(entry)


def test_the_default_window_is_today(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "instances": [{"plan_time": "-25h"}, {"plan_time": "-0s"}]}])
    now = service.now_ms()
    reply = request(service.endpoint, "GET", f"{JOBS_V2}/daily_sales/instances/detail")
    assert all(plan >= now - now % DAY_MS for plan in plan_times(reply.data["instances"]))
    assert listed(service).data["total"] == 2


def test_the_default_page_has_ten_entries(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 12}])
    now = service.now_ms()
    reply = request(service.endpoint, "GET", f"{JOBS_V2}/daily_sales/instances/detail", query={"min_plan_time": now - 2 * DAY_MS})
    assert (reply.data["total"], len(reply.data["instances"])) == (12, 10)


def test_both_ends_of_the_window_belong_to_it(night: Night) -> None:
    service = night(jobs=TEN)
    newest = plan_times(listed(service).data["instances"])
    reply = listed(service, min_plan_time=newest[5], max_plan_time=newest[2])
    assert plan_times(reply.data["instances"]) == newest[2:6]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "many"},
        {"offset": -1},
        {"min_plan_time": 1732601580000},
        {"min_plan_time": 1732601580000, "max_plan_time": 1732601579999},
        {"force_success": "maybe"},
        {"instance_type": "normal"},
    ],
)
def test_what_v2_refuses(service: Running, query: dict[str, t.Any]) -> None:
    reply = listed(service, **query)
    assert (reply.status, reply.code) == (400, "DLF.3051")


def test_windows_are_a_month_in_v2_and_a_week_in_v1(service: Running) -> None:
    now = service.now_ms()
    assert listed(service, min_plan_time=now - 31 * DAY_MS, max_plan_time=now).status == 200
    assert listed(service, min_plan_time=now - 31 * DAY_MS - 1, max_plan_time=now).status == 400
    assert listed_v1(service, minPlanTime=now - 7 * DAY_MS, maxPlanTime=now).status == 200
    assert listed_v1(service, minPlanTime=now - 7 * DAY_MS - 1, maxPlanTime=now).status == 400


@pytest.mark.parametrize(
    ("unit", "beyond", "offset", "expected"),
    [
        ("page", "empty", 0, (0, 4)),
        ("page", "empty", 1, (4, 8)),
        ("page", "empty", 2, (8, 10)),
        ("page", "empty", 3, (0, 0)),
        ("page", "first_page", 3, (0, 4)),
        ("record", "empty", 1, (1, 5)),
        ("record", "empty", 8, (8, 10)),
        ("record", "empty", 10, (0, 0)),
        ("record", "first_page", 10, (0, 4)),
    ],
)
def test_pages(night: Night, unit: str, beyond: str, offset: int, expected: tuple[int, int]) -> None:
    service = night(jobs=TEN, switches={"offset_unit": unit, "offset_beyond": beyond})
    newest = plan_times(listed(service).data["instances"])
    reply = listed(service, limit=4, offset=offset, min_plan_time=newest[-1], max_plan_time=newest[0])
    assert reply.data["total"] == 10
    assert plan_times(reply.data["instances"]) == newest[slice(*expected)]
    v1 = listed_v1(service, limit=4, offset=offset)
    assert plan_times(v1.data["instances"]) == newest[slice(*expected)]


MIXED = [
    {
        "name": "daily_sales",
        "instances": [
            {"plan_time": "-1h", "status": "fail"},
            {"plan_time": "-2h", "status": "success"},
            {"plan_time": "-3h", "status": "fail", "force_success": True},
            {"plan_time": "-4h", "status": "fail", "ignore_success": True},
            {"plan_time": "-5h", "status": "manual-stop", "type": 5},
            {"plan_time": "-6h", "status": "skip-by-depend"},
            {"plan_time": "-7h", "status": "freeze", "type": 2},
        ],
    }
]


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"status": "success"}, [2, 3, 4]),
        ({"status": "success", "force_success": True}, [3]),
        ({"status": "success", "ignore_success": True}, [4]),
        ({"status": "manual-stop"}, [5]),
        ({"status": "waiting"}, []),
        ({"instance_type": 0}, [1, 2, 3, 4, 6]),
        ({"instance_type": 5}, [5]),
    ],
)
def test_filters_of_v2(night: Night, query: dict[str, t.Any], hours: list[int]) -> None:
    service = night(jobs=MIXED)
    now = service.now_ms()
    reply = listed(service, **query)
    if query.get("status") == "success" and len(query) == 1:
        assert all(entry["status"] == "success" for entry in reply.data["instances"])
    assert [round((now - plan) / 3_600_000) for plan in plan_times(reply.data["instances"])] == hours


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ({"status": "forceSuccess"}, [3]),
        ({"status": "ignoreSuccess"}, [4]),
        ({"status": "success"}, [2]),
        ({"status": "skip-by-depend"}, [6]),
        ({"instanceType": 2}, [7]),
    ],
)
def test_filters_of_v1(night: Night, query: dict[str, t.Any], hours: list[int]) -> None:
    service = night(jobs=MIXED)
    now = service.now_ms()
    assert [round((now - plan) / 3_600_000) for plan in plan_times(listed_v1(service, **query).data["instances"])] == hours


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"sales", "daily_sales", "sales_eu"}),
        ({"jobName": "sales"}, {"sales", "daily_sales", "sales_eu"}),
        ({"jobName": "sales", "preciseQuery": "true"}, {"sales"}),
        ({"jobName": "eu"}, {"sales_eu"}),
        ({"jobName": "eu", "preciseQuery": "true"}, set()),
    ],
)
def test_v1_names_are_fuzzy_unless_precise(night: Night, query: dict[str, t.Any], names: set[str]) -> None:
    service = night(jobs=[{"name": name, "failed": 1} for name in ("sales", "daily_sales", "sales_eu")])
    assert {entry["jobName"] for entry in listed_v1(service, **query).data["instances"]} == names


def test_v2_names_are_exact(night: Night) -> None:
    service = night(jobs=[{"name": "daily_sales", "failed": 1}])
    assert listed(service, "daily").code == "DLF.0100"


def test_orders(night: Night) -> None:
    service = night(jobs=TEN)
    newest = plan_times(listed(service).data["instances"])
    assert newest == sorted(newest, reverse=True)
    service.set(list_order="oldest")
    assert plan_times(listed(service).data["instances"]) == newest[::-1]
    service.set(list_order="random")
    orders = {tuple(plan_times(listed(service).data["instances"])) for _number in range(10)}
    assert len(orders) > 1
    assert {frozenset(order) for order in orders} == {frozenset(newest)}


def test_the_window_may_mean_the_start_time(night: Night) -> None:
    swapped = [{"name": "daily_sales", "instances": [{"plan_time": "-5h", "start_time": "-1h"}, {"plan_time": "-2h", "start_time": "-4h"}]}]
    for setting, expected in (("plan_time", 2), ("start_time", 1)):
        service = night(jobs=swapped, switches={"window_compares": setting})
        now = service.now_ms()
        reply = listed(service, min_plan_time=now - 3 * 3_600_000, max_plan_time=now)
        assert [round((now - plan) / 3_600_000) for plan in plan_times(reply.data["instances"])] == [2 if expected == 2 else 5]
