# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quiet hours: nothing is sent in them (by the emulator's journal), and what was not sent is reported and sent later."""

from __future__ import annotations

import json
import time
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.journaled import begin, module_options, once
from tests.support.logic import Result, by_action, call, reruns
from tests.support.playbook import Ansible, Outcome
from tests.support.scenarios import BOTH, FREE, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables


def clock(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%H:%M:%S")


def quiet_hours(first: float, last: float) -> str:
    """Quiet hours from *first* to *last* seconds from now."""
    now = time.time() * 1000
    return f"{clock(now + first * 1000)}-{clock(now + last * 1000)} UTC"


def writes(service: Running) -> list[int]:
    """Times at which reruns reached the service, accepted or not."""
    return [entry["time"] for route in ("v2_retry", "v1_restart") for entry in service.requests(route)]


@pytest.fixture
def night(service: Running) -> Running:
    service.reset(small_night(switches={**FREE, **BOTH}))
    return service


@pytest.mark.parametrize("check", [False, True])
def test_nothing_is_sent_and_the_result_says_what_why_and_until_when(night: Running, tmp_path: Path, check: bool) -> None:
    window = quiet_hours(-60, 300)
    result = call("job_rerun", module_options(night, tmp_path / "journal", not_between=[window], max_parallel=4), check=check)
    assert writes(night) == []
    waiting = result["quiet_hours"]
    assert (waiting["window"], waiting["instances"]) == (window, 6)
    assert clock(waiting["until"]) == window[9:17]
    assert (result["failed"], result["summary"]["total"], {i["standing"] for i in result["instances"]}) == (False, 8, {"to_rerun"})
    assert (f"  held back until {waiting['until_iso']}, then rerun: 6 instances; quiet hours (not_between)") in result["plan"]
    if not check:
        reasons = [i["reason"] for i in result["instances"] if i["action"] == "wait" and "queued" not in i["reason"]]
        assert {"not sent: quiet hours" in reason for reason in reasons} == {True}
        assert 280 < result["due_in"] <= 300


@pytest.mark.parametrize("check", [False, True])
def test_what_hangs_stops_no_schedule_before_they_are_over(service: Running, tmp_path: Path, check: bool) -> None:
    """One instance is to be stopped first, and the other waits: paused jobs would miss their cycles during all that time."""
    states = {"hourly": "fail", "hung": "running-exception"}
    jobs = [
        {"name": name, "status": "SCHEDULING", "instances": [{"plan_time": "-1h", "status": status}]} for name, status in states.items()
    ]
    service.reset(small_night(jobs=jobs, switches={**FREE, **BOTH}))
    given = module_options(service, tmp_path / "journal", pause_schedules=True, running_exception="stop_and_rerun")
    result = call("job_rerun", {**given, "not_between": [quiet_hours(-60, 300)]}, check=check)
    assert (service.journal(), result["quiet_hours"]["instances"]) == ([], 2)
    assert [(i["standing"], i["stop"]) for i in result["instances"]] == [("to_rerun", None), ("to_rerun", "to_stop" if check else None)]
    if not check:
        assert 280 < result["due_in"] <= 300
        service.advance(310)
        call("job_rerun", {**given, "pass_state": result["pass_state"]})
        assert sorted(entry["kind"] for entry in service.journal())[-2:] == ["stop_schedule", "stop_schedule"]
        assert {"stop", "retry"} < {entry["kind"] for entry in service.journal()}


def test_what_was_held_back_is_sent_when_they_are_over_once(night: Running, tmp_path: Path) -> None:
    given = module_options(night, tmp_path / "journal", not_between=[quiet_hours(-60, 300)])
    first = call("job_rerun", given)
    assert (writes(night), first["pass_state"]["planned"]) == ([], 0)
    night.advance(310)
    second = call("job_rerun", {**given, "since": str(first["since"]), "pass_state": first["pass_state"]})
    assert second["quiet_hours"] is None
    assert reruns(night.journal()) == once(night)


def test_what_runs_is_watched(service: Running, tmp_path: Path) -> None:
    begin(
        service,
        {"name": "daily_sales", "run_seconds": 3600, "instances": [{"plan_time": "-2h", "status": "running"}, {"plan_time": "-1h"}]},
    )
    given = module_options(service, tmp_path / "journal", not_between=[quiet_hours(-60, 600)])
    first = call("job_rerun", given)
    assert {action: len(instances) for action, instances in by_action(first).items()} == {"wait": 2}
    assert first["due_in"] <= 1
    service.advance(120)
    second = call("job_rerun", {**given, "since": str(first["since"]), "pass_state": first["pass_state"]})
    assert sorted(i["status"] for i in second["instances"]) == ["fail", "success"]
    assert second["due_in"] > 300
    assert writes(service) == []


def test_a_run_that_crosses_their_beginning_stops_there(service: Running, tmp_path: Path) -> None:
    """Of sixty requests of a second each, some are sent before the quiet hours begin, and none after that."""
    jobs = [{"name": f"job_{number:02}", "failed": 1, "every": "1h"} for number in range(60)]
    faults = [{"route": "retry", "kind": "latency", "seconds": 1, "times": 1000}]
    for lead in (6, 15, 45, 90):  # a loaded machine needs a longer time, in which a fast one would send all
        service.reset(small_night(jobs=jobs, switches={**FREE, **BOTH}, faults=faults))
        begins = time.time() + lead
        window = f"{clock(begins * 1000)}-{clock(begins * 1000 + 600_000)} UTC"
        given = module_options(service, tmp_path / f"journal-{lead}", not_between=[window])
        first = call("job_rerun", given)
        second = call("job_rerun", {**given, "since": str(first["since"]), "pass_state": first["pass_state"]})
        times = writes(service)
        if times:
            break
    assert 0 < len(times) < 60
    assert max(times) < int(begins) * 1000
    assert second["quiet_hours"]["instances"] == 60 - len(times)
    assert set(reruns(service.journal()).values()) == {1}


NAMED: dict[str, t.Callable[[list[Result]], dict[str, t.Any]]] = {
    "named": lambda failed: {"task_retrys": [{name: i[name] for name in ("job_id", "plan_time", "submit_time")} for i in failed]},
    "related": lambda failed: {
        "begin_time": str(failed[0]["plan_time"]),
        "end_time": str(failed[-1]["plan_time"]),
        "jobs": [{"job_name": "hourly_stock", "workspace_id": WORKSPACE_ID}],
    },
}


@pytest.mark.parametrize("mode", NAMED)
def test_job_instance_retry(night: Running, tmp_path: Path, mode: str) -> None:
    failed = [instance for instance in night.instances("daily_sales") if instance["status"] == "fail"]
    asked = {"job_name": "daily_sales", **NAMED[mode](failed)}
    common = {name: value for name, value in module_options(night, tmp_path / "journal").items() if name != "poll_interval"}
    given = {**common, **asked, "not_between": [quiet_hours(-60, 300)]}
    plan = call("job_instance_retry", given, check=True)
    assert (plan["failed"], plan["quiet_hours"]["instances"] >= 3, writes(night)) == (False, True, [])
    result = call("job_instance_retry", given)
    assert (result["failed"], result["error"]["kind"], result["changed"], writes(night)) == (True, "quiet_hours", False, [])
    assert f"not sent: quiet hours {given['not_between'][0]} (not_between) until {result['quiet_hours']['until_iso']}" in result["msg"]
    assert {i["standing"] for i in result["instances"] if i["job_name"] == "daily_sales" and i["status"] == "fail"} == {"to_rerun"}
    night.advance(310)
    late = call("job_instance_retry", given)
    assert (late["failed"], late["quiet_hours"], len(writes(night))) == (False, None, 1)


class Machine:
    """Runs playbooks on the workspace."""

    def __init__(self, directory: Path, service: Running) -> None:
        self.service, self.ansible = service, Ansible(directory)
        self.hosts, self.journal = directory / "hosts.yml", directory / "journal"

    def play(self, name: str, *, hosts: dict[str, dict[str, t.Any]] | None = None, **changes: t.Any) -> Outcome:
        """Run playbook *name* on host sales, or on the given hosts.

        :param hosts: host to further changes.
        :param changes: changes to the inventory variables of all hosts.
        """
        given = {"journal": str(self.journal), "settle_time": 1, "max_retries": 0, "poll_interval": 1, **changes}
        described = {host: variables(self.service, **{**given, **own}) for host, own in (hosts or {"sales": {}}).items()}
        self.hosts.write_text(json.dumps(inventory(**described)), encoding="utf-8")
        return self.ansible.playbook(f"dataarts.factory.{name}", "-i", self.hosts, variables={"dataarts_max_reruns_per_day": 1})


@pytest.fixture
def machine(tmp_path: Path, service: Running) -> Machine:
    jobs = [{"name": "daily_sales", "failed": 3, "every": "1h"}]
    service.reset(small_night(jobs=jobs, switches={**FREE, **BOTH}))
    return Machine(tmp_path, service)


@pytest.mark.long
def test_a_play_does_not_wait_for_an_end_beyond_its_timeout_and_does_not_end_well(machine: Machine) -> None:
    outcome = machine.play(
        "rerun",
        not_between={"begin": clock(time.time() * 1000 - 60_000), "end": quiet_hours(0, 1800)[9:17], "zone": "UTC"},
        wait_timeout=600,
    )
    outcome.ended(2)
    assert writes(machine.service) == []
    result = next(line.result for line in reversed(outcome.of("job_rerun")) if "recap" in line.result)
    assert (result["recap"]["to_rerun"], result["error"]["kind"], result["elapsed"] < 300) == (3, "incomplete", True)
    assert "3 not sent in quiet hours" in result["msg"]
    assert "They may be sent from then on: run again with dataarts_since=" in result["msg"]


@pytest.mark.long
def test_a_play_waits_for_an_end_within_its_timeout(machine: Machine) -> None:
    ends = time.time() + 20
    machine.play("rerun", not_between=f"{clock(time.time() * 1000 - 60_000)}-{clock(ends * 1000)} UTC", wait_timeout=600).succeeded()
    assert min(writes(machine.service)) >= int(ends) * 1000
    assert reruns(machine.service.journal()) == once(machine.service)


@pytest.mark.long
def test_reruns_for_events(machine: Machine) -> None:
    machine.play("event_rerun", not_between=[quiet_hours(-60, 7200)]).ended(2)
    assert writes(machine.service) == []


@pytest.mark.long
def test_what_cannot_be_read_is_refused_before_anything_is_asked(machine: Machine) -> None:
    """Each on its own host of one play."""
    values = {"zone": "22:00-06:00 Europe/Berln", "begin": [{"begin": 1320, "end": "06:00", "zone": "Europe/Berlin"}]}
    outcome = machine.play("rerun", hosts={name: {"not_between": value} for name, value in values.items()}).ended(2)
    assert machine.service.requests() == []
    assert {name: "not_between" in outcome.failures[name] for name in values} == dict.fromkeys(values, True), outcome.output
