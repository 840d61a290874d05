# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run with a plan_id carries out only the plan that check mode showed."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from tests.support.logic import PATIENCE, call, passes, reruns
from tests.support.scenarios import WORKSPACE_ID
from tests.support.workspace import options


@pytest.fixture
def rerun_options(service: t.Any, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    def make(**changes: t.Any) -> dict[str, t.Any]:
        return options(service, **{"journal": str(tmp_path / "state"), "settle_time": 1, "poll_interval": 1, **changes})

    return make


def test_the_approved_plan_is_carried_out_in_many_passes_and_after_a_restart(service: t.Any, rerun_options: t.Any) -> None:
    checked = call("job_rerun", rerun_options(max_parallel=2, attempts=2), check=True)
    assert checked["plan_id"].startswith("6-")
    assert not service.journal()
    results = passes(rerun_options(max_parallel=2, attempts=2, plan_id=checked["plan_id"]))
    assert not results[-1]["failed"], results[-1]
    assert {result["plan_id"] for result in results} == {checked["plan_id"]}
    assert sorted(reruns(service.journal()).values()) == [1, 1, 1, 1, 1, 2]
    before = service.journal()
    again = passes(rerun_options(max_parallel=2, attempts=2, plan_id=checked["plan_id"], since=str(results[0]["since"])))[-1]
    assert not again["failed"]
    assert service.journal() == before


def test_the_approved_plan_goes_on_after_an_interruption_without_a_record(service: t.Any, rerun_options: t.Any, tmp_path: Path) -> None:
    """As in AWX, where each job has its own container and journal. Unapproved instances are still refused."""
    daily = {"jobs": ["daily_sales"], "max_parallel": 1}
    checked = call("job_rerun", rerun_options(**daily), check=True)
    window = {name: str(checked[name]) for name in ("since", "planned_after", "planned_before")}
    approved = {**window, "plan_id": checked["plan_id"], "max_parallel": 1}
    interrupted(service, rerun_options(**approved, jobs=["daily_sales"]))
    assert 0 < len(reruns(service.journal())) < 3
    elsewhere = {**approved, "journal": str(tmp_path / "another")}
    refused = passes(rerun_options(**elsewhere))[-1]
    assert "the plan is no longer" in refused["msg"]
    assert 0 < len(reruns(service.journal())) < 3
    result = passes(rerun_options(**elsewhere, jobs=["daily_sales"]))[-1]
    assert not result["failed"], result
    assert sorted(reruns(service.journal()).values()) == [1] * 3
    assert result["plan_id"] == checked["plan_id"]


def interrupted(service: t.Any, options: dict[str, t.Any]) -> None:
    """Make passes until something was sent."""
    deadline = time.monotonic() + PATIENCE
    while not service.journal():
        assert time.monotonic() < deadline
        call("job_rerun", options)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"jobs": ["daily_sales"]}, "the approved plan had 6 instances, now there are 3"),
        ({"retry_location": "firstNode"}, "the options are not those of the approved plan"),
        ({"attempts": 2}, "the options are not those of the approved plan"),
    ],
)
def test_another_plan_is_refused_before_anything_is_sent(service: t.Any, rerun_options: t.Any, changes: t.Any, text: str) -> None:
    plan_id = call("job_rerun", rerun_options(), check=True)["plan_id"]
    refused = call("job_rerun", rerun_options(plan_id=plan_id, **changes))
    assert refused["failed"]
    assert refused["error"]["kind"] == "limit"
    assert text in refused["msg"]
    assert not service.journal()


def test_the_record_tells_what_changed(service: t.Any, rerun_options: t.Any) -> None:
    """Between the approval and the run, one instance failed, and somebody reran another one by hand."""
    checked = call("job_rerun", rerun_options(), check=True)
    service.add("daily_sales", {"plan_time": "-30m", "status": "fail"}, workspace_id=WORKSPACE_ID)
    assert call(
        "job_rerun", rerun_options(jobs=["hourly_stock"], max_parallel=1, journal=str(rerun_options()["journal"]) + "-of-a-person")
    )["changed"]
    service.advance(60)
    before = service.journal()
    given = {"plan_id": checked["plan_id"], "plan_record": checked["plan_record"], "planned_after": str(checked["planned_after"])}
    refused = call("job_rerun", rerun_options(**given, attempts=2))
    assert "1 instance added (daily_sales planned " in refused["msg"]
    assert "1 instance gone, now success (hourly_stock planned " in refused["msg"]
    assert "attempts was 1 and is 2" in refused["msg"]
    assert service.journal() == before


def test_what_is_not_a_plan_id_is_an_option_error(service: t.Any, rerun_options: t.Any) -> None:
    refused = call("job_rerun", rerun_options(plan_id="yes"))
    assert refused["error"]["kind"] == "option"
    assert "plan_id is 'yes', which is not a plan id" in refused["msg"]
    assert not service.journal()
