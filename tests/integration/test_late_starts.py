# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that started after the window in which they were planned are found, whether the service compares windows with plan or start times."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from emulator.running import Running, running
from emulator.switches import SWITCHES
from tests.support.logic import call, passes, reruns
from tests.support.scenarios import OPEN, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options, token

#: Two instances planned between 12 and 8 hours ago, one of which started three hours after that window.
JOB = {"name": "late", "instances": [{"plan_time": "-11h", "status": "fail"}, {"plan_time": "-10h", "start_time": "-5h", "status": "fail"}]}
WINDOW = {"planned_after": "-12h", "planned_before": "-8h"}
SETTINGS = pytest.mark.parametrize("compares", SWITCHES["window_compares"].settings)
VERSIONS = pytest.mark.parametrize("api_version", ["v1", "v2"])


@pytest.fixture(scope="module")
def emulated() -> t.Iterator[Running]:
    with running(small_night()) as service:
        yield service


@pytest.fixture
def service(emulated: Running, compares: str) -> Running:
    """The emulator with only this job."""
    emulated.reset(small_night(jobs=[JOB], switches={**V2, **OPEN["v1"], "flow_control": False, "window_compares": compares}))
    return emulated


@SETTINGS
@VERSIONS
@pytest.mark.parametrize("jobs", [["late"], ["*"]])
def test_it_is_rerun(service: Running, tmp_path: Path, api_version: str, jobs: list[str]) -> None:
    given = options(service, **WINDOW, jobs=jobs, api_version=api_version, journal=str(tmp_path), settle_time=1, poll_interval=1)
    last = passes(given, between=lambda result: service.advance(2))[-1]
    assert (last["failed"], last["summary"]["total"]) == (False, 2)
    assert list(reruns(service.journal()).values()) == [1, 1]


@SETTINGS
@VERSIONS
def test_the_first_plan_shows_it(service: Running, tmp_path: Path, api_version: str) -> None:
    checked = call("job_rerun", options(service, **WINDOW, jobs=["late"], api_version=api_version, journal=str(tmp_path)), check=True)
    assert (checked["summary"]["total"], checked["plan_id"].split("-")[0]) == (2, "2")


@SETTINGS
@VERSIONS
def test_what_was_just_rerun_is_there_where_the_schedulers_clock_is_ahead(service: Running, tmp_path: Path, api_version: str) -> None:
    """By that clock, it starts in a minute, after the end of any window that ends now."""
    service.set(scheduler_skew_seconds=60)
    about = {"planned_after": "-12h", "api_version": api_version}
    given = options(service, **about, jobs=["late"], journal=str(tmp_path), settle_time=1, poll_interval=1)
    assert not passes(given, between=lambda result: service.advance(2))[-1]["failed"]
    before = service.journal()
    again = call("job_rerun", given)
    assert (again["finished"], again["failed"], again["summary"]["total"]) == (True, False, 2)
    assert call("job_instance_info", options(service, **about, jobs=["late"]))["total"] == 2
    listed = call("job_instance_info", options(service, **about, job_name="late"))["instances"]
    named = {"job_name": "late", "instance_ids": [instance["instance_id"] for instance in listed]}
    stopped = call("job_instance_stop", options(service, **named, journal=str(tmp_path)))
    assert (len(listed), stopped["failed"], stopped["changed"]) == (2, False, False)
    assert service.journal() == before


@SETTINGS
@VERSIONS
def test_it_is_found_where_this_machines_clock_is_behind(service: Running, compares: str, api_version: str) -> None:
    """By that clock, the window ends about now, and the time after it is in the future."""
    late = {"name": "late", "instances": [{"plan_time": "-52m", "start_time": "-20m", "status": "fail"}]}
    service.reset(small_night(jobs=[late], switches={**V2, **OPEN["v1"], "window_compares": compares, "clock_skew_seconds": 3600}))
    window = {"planned_after": str(service.now_ms() - 7_200_000), "planned_before": str(service.now_ms() - 3_000_000)}
    login = {"access_key": None, "secret_key": None, "auth_token": token(service)}
    listed = call("job_instance_info", options(service, **window, **login, jobs=["late"], api_version=api_version))
    assert listed["total"] == 1


@SETTINGS
@VERSIONS
@pytest.mark.parametrize("named", [{"job_name": "late"}, {"jobs": ["l*"]}])
def test_it_is_listed(service: Running, api_version: str, named: dict[str, t.Any]) -> None:
    assert call("job_instance_info", options(service, **WINDOW, **named, api_version=api_version))["total"] == 2


@SETTINGS
def test_it_makes_a_rerun_with_related_jobs_due(service: Running, tmp_path: Path, compares: str) -> None:
    late = {**JOB, "instances": JOB["instances"][1:]}
    service.reset(small_night(jobs=[late], switches={**V2, "flow_control": False, "window_compares": compares}))
    begin, end = (str(service.now_ms() - hours * 3_600_000) for hours in (12, 8))
    jobs = [{"job_name": "late", "workspace_id": WORKSPACE_ID}]
    given = options(service, job_name="late", begin_time=begin, end_time=end, jobs=jobs, journal=str(tmp_path), settle_time=1)
    assert call("job_instance_retry", given)["changed"]


@pytest.mark.parametrize("compares", ["plan_time"])
def test_where_the_list_proves_that_plan_times_count_nothing_else_is_asked_for(service: Running) -> None:
    service.set(clock_skew_seconds=0)
    call("job_instance_info", options(service, **WINDOW, job_name="late", api_version="v2"))
    assert len(service.requests("v2_list")) == 1
