# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected end and deadlines: what plan, progress and report say, and what is sent first."""

from __future__ import annotations

import json
import re
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api import baseline_query
from emulator.running import Running
from tests.support.journaled import module_options
from tests.support.logic import call
from tests.support.playbook import Ansible
from tests.support.scenarios import BOTH, FREE, small_night
from tests.support.workspace import inventory, variables


def job(name: str, seconds: float, *, failed: int = 1, succeeded: int = 3, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "run_seconds": seconds, "failed": failed, "succeeded": succeeded, "every": "1h", **more}


def begin(service: Running, *jobs: dict[str, t.Any], speed: float = 1) -> None:
    service.reset(small_night(jobs=list(jobs), speed=speed, switches={**FREE, **BOTH, "depend_open": True, "running_per_job": 5}))


def given(service: Running, tmp_path: Path, **changes: t.Any) -> dict[str, t.Any]:
    return module_options(service, tmp_path / "journal", planned_after="-2d", **changes)


def test_the_expected_end_of_each_job_and_of_the_whole_corrected_while_it_runs(service: Running, tmp_path: Path) -> None:
    begin(service, job("long", 3600), job("many", 600, failed=7), job("new", 60, succeeded=0))
    options = given(service, tmp_path, deadline="+30m")
    first = call("job_rerun", options)
    expected, now = first["expected"], time.time() * 1000
    ends = {entry["job_name"]: entry["end"] for entry in expected["jobs"]}
    assert abs(ends["long"] - now - 3_600_000) < 60_000
    assert abs(ends["many"] - now - 1_200_000) < 60_000
    assert (ends["new"], expected["unknown"], expected["end"]) == (None, 1, ends["long"])
    assert [entry["job_name"] for entry in expected["jobs"] if entry["late"]] == ["long"]
    assert any(line.startswith("  1 job late for the deadline ") and "long (about " in line for line in first["plan"])
    service.advance(1000)  # the seven have two left, and the new one has ended
    later = call("job_rerun", {**options, "since": str(first["since"]), "pass_state": first["pass_state"]})
    assert later["expected"]["deadline"] == expected["deadline"]
    assert later["expected"]["unknown"] == 0
    assert abs(later["expected"]["end"] - expected["end"]) < 60_000
    assert {entry["job_name"]: entry["instances"] for entry in later["expected"]["jobs"]} == {"long": 1, "many": 2, "new": 0}


def test_nothing_is_said_where_nothing_is_known(service: Running, tmp_path: Path) -> None:
    begin(service, job("new", 60, succeeded=0))
    result = call("job_rerun", given(service, tmp_path), check=True)
    assert (result["expected"]["end"], result["plan_details"]["expected_seconds"]) == (None, None)
    assert not any("about" in line for line in result["plan"])


def test_averages_of_the_service_count_where_the_list_has_no_run(service: Running, tmp_path: Path) -> None:
    begin(service, job("above", 600, succeeded=0), job("below", 60, depends_on=["above"]))
    result = call("job_rerun", given(service, tmp_path, order="upstream_first"), check=True)
    assert {entry["job_name"]: entry["run_seconds"] for entry in result["plan_details"]["jobs"]} == {"above": 600.0, "below": 60.0}
    assert result["plan_details"]["expected_seconds"] == pytest.approx(665, abs=10)


def test_the_most_urgent_chain_is_sent_first(service: Running, tmp_path: Path) -> None:
    """Two of three jobs have to wait; the short one is the first in the longest chain."""
    begin(service, job("a_short", 10), job("b_long", 900), job("c_first", 10), job("d_last", 3000, depends_on=["c_first"]))
    first = call("job_rerun", given(service, tmp_path, order="deadline", deadline="+2h", max_parallel=1))
    assert [entry["job_name"] for entry in service.journal()] == ["c_first"]
    service.advance(20)
    call(
        "job_rerun",
        {
            **given(service, tmp_path, order="deadline", deadline="+2h", max_parallel=1),
            "since": str(first["since"]),
            "pass_state": first["pass_state"],
        },
    )
    assert [entry["job_name"] for entry in service.journal()] == ["c_first", "d_last"]


@pytest.mark.long
def test_play_and_report(service: Running, tmp_path: Path) -> None:
    begin(service, job("slow", 600), job("quick", 2), speed=60)
    options = variables(service, journal=str(tmp_path / "journal"), settle_time=1, poll_interval=1, planned_after="-2d", deadline="+2m")
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(json.dumps(inventory(sales=options)), encoding="utf-8")
    ansible = Ansible(tmp_path)
    plan = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--check").succeeded()
    assert re.search(r"Each starts at the node .*until about \d{4}-\d\d-\d\d \d\d:\d\d", " ".join(plan.stdout.split()))
    assert re.search(r"1 job late for the deadline .*: slow \(about \d{4}-\d\d-\d\d \d\d:\d\d", " ".join(plan.stdout.split()))
    report = tmp_path / "report"
    done = ansible.playbook("dataarts.factory.rerun", "-i", hosts, variables={"dataarts_report_path": str(report)}).succeeded()
    assert re.search(r"running.*, about \d\d:\d\d, 1 job late", done.stdout)
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert {entry["job_name"]: entry["instances"] for entry in data["workspaces"][0]["expected"]["jobs"]} == {"slow": 0, "quick": 0}


@pytest.mark.parametrize("value", ["06:00", "soon"])
def test_a_deadline_that_cannot_be_read_is_refused_before_anything_is_asked(service: Running, tmp_path: Path, value: str) -> None:
    begin(service, job("a", 10))
    result = call("job_rerun", given(service, tmp_path, deadline=value))
    assert (result["failed"], result["error"]["kind"], service.requests()) == (True, "option", [])
    assert "deadline" in result["msg"]


def with_baselines(*baselines: dict[str, t.Any], **switches: t.Any) -> dict[str, t.Any]:
    """A scenario with three jobs of ten seconds each and *baselines*."""
    jobs = [job(name, 10) for name in ("a", "b", "c")]
    scenario = small_night(jobs=jobs, speed=1, switches={**FREE, **BOTH, "depend_open": True, "baselines_open": True, **switches})
    scenario["accounts"][0]["workspaces"][0]["baselines"] = list(baselines)
    return scenario


@pytest.mark.parametrize("named", ["id", "name"])
def test_committed_times_of_baselines_are_deadlines(service: Running, tmp_path: Path, named: str) -> None:
    early, late = {"name": "early", "jobs": ["c"], "sla_time": "2h"}, {"name": "late", "jobs": ["b", "c"], "sla_time": "3h"}
    off = {"name": "off", "jobs": ["a"], "sla_time": "1h", "enable": False}
    service.reset(with_baselines(late, off, early, baseline_jobs=named))
    options = given(service, tmp_path, order="deadline", max_parallel=2)
    result = call("job_rerun", options)
    assert [entry["job_name"] for entry in service.journal()] == ["c", "b"]
    hours = {
        entry["job_name"]: entry["deadline"] and round((entry["deadline"] / 1000 - time.time()) / 3600)
        for entry in result["expected"]["jobs"]
    }
    assert hours == {"a": None, "b": 3, "c": 2}
    asked = len(service.requests("baselines"))
    call("job_rerun", {**options, "since": str(result["since"]), "pass_state": result["pass_state"]})
    assert len(service.requests("baselines")) == asked


@pytest.mark.parametrize("order", ["parallel", "upstream_first"])
def test_baselines_are_read_for_that_order_only(service: Running, tmp_path: Path, order: str) -> None:
    service.reset(with_baselines({"name": "early", "jobs": ["c"], "sla_time": "2h"}))
    call("job_rerun", given(service, tmp_path, order=order, deadline="+1h"))
    assert service.requests("baselines") == []


def test_baselines_that_take_too_long_are_gone_without(service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service.reset(with_baselines({"name": "early", "jobs": ["c"], "sla_time": "2h"}))
    monkeypatch.setattr(baseline_query, "BASELINE_SECONDS", 0.0)
    result = call("job_rerun", given(service, tmp_path, order="deadline", deadline="+1h"), check=True)
    assert (result["failed"], [text.partition(":")[0] for text in result["problems"]]) == (False, ["No baselines could be read"])
    assert service.requests("baselines") == []


def test_without_baselines_the_deadline_counts_and_people_are_told(service: Running, tmp_path: Path) -> None:
    service.reset(with_baselines(baselines_open=False))
    result = call("job_rerun", given(service, tmp_path, order="deadline", deadline="+1h"), check=True)
    assert (result["failed"], [text.partition(":")[0] for text in result["problems"]]) == (False, ["No baselines could be read"])
    service.reset(with_baselines())
    result = call("job_rerun", given(service, tmp_path, order="deadline"), check=True)
    assert result["problems"] == [
        "No deadline is known: deadline is not set, and no baseline names a job. The longest chains are sent first."
    ]
