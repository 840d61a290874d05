# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a failure to the finished rerun without a person, in a real ansible-rulebook. The emulator's journal shows what was sent."""

from __future__ import annotations

import json
import os
import signal
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import running
from tests.eda.rulebooks import Setup, end, end_plays, wait_until
from tests.integration.test_playbook_repair import Night, writes
from tests.support.http_server import HttpServer, reply
from tests.support.scenarios import FREE, SECRET_KEY, SUPPLY_ID, WORKSPACE_ID, small_night

#: Seconds after which an unconfirmed event is delivered again: repeat_within, two polls and a minute, and some seconds for clocks.
UNCONFIRMED = 370

pytestmark = [pytest.mark.eda, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def emulated() -> Iterator[t.Any]:
    """The emulator for all tests of this file."""
    with running(small_night(switches=FREE)) as service:
        yield service


@pytest.fixture
def webhook() -> Iterator[HttpServer]:
    """The webhook to which notifications of people are sent."""
    with HttpServer(reply(200, b"{}")) as server:
        yield server


@pytest.fixture
def new_setup(emulated: t.Any, webhook: HttpServer, tmp_path: Path) -> Iterator[t.Callable[..., Setup]]:
    """``new_setup(night={...})`` resets the emulator to the small night with these changes, and returns a Setup. Other keywords are those of Setup."""

    def make(*, places: t.Any = None, night: t.Any = None, **changes: t.Any) -> Setup:
        emulated.reset(small_night(switches=FREE, **(night or {})))
        return Setup(tmp_path, emulated, webhook, places, **changes)

    yield make
    end_plays(tmp_path)


def test_a_night_ends_without_a_person_and_a_name_stays_a_name(new_setup: t.Any, tmp_path: Path) -> None:
    """The failures happen before and after the start, in two workspaces. One job always fails, and its name is a template that would run a command."""
    mark = tmp_path / "pwned"
    attack = "{{ lookup('pipe', 'touch " + str(mark) + "') }}"
    sales = [
        {"name": "daily_sales", "failed": 3, "succeeded": 2},
        {"name": attack, "failed": 1, "runs": ["fail"], "error": attack},
    ]
    night = {
        "workspaces": [
            {"id": WORKSPACE_ID, "name": "sales", "jobs": sales},
            {"id": SUPPLY_ID, "name": "supply", "jobs": [{"name": "stock", "failed": 2}, {"name": "quiet"}]},
        ]
    }
    setup = new_setup(places={"sales": WORKSPACE_ID, "supply": SUPPLY_ID}, night=night)
    process = setup.start("rerun_failed")
    try:
        wait_until(process, "what had failed is rerun", lambda: len(setup.reruns()) == 6)
        setup.service.add("quiet", {"plan_time": "-1m", "status": "fail"}, workspace_id=SUPPLY_ID)
        wait_until(process, "what failed meanwhile is rerun", lambda: len(setup.reruns()) == 7)
        wait_until(process, "people are told of what failed again and again", setup.messages)
    finally:
        end(process)
    counts = setup.reruns()
    assert {key: count for key, count in counts.items() if key[0] != attack} == {key: 1 for key in counts if key[0] != attack}
    assert [count for key, count in counts.items() if key[0] == attack] == [2]
    assert sorted(set(setup.statuses().values())) == ["fail", "success"]
    message = setup.messages()[0]
    (broken,) = message["instances"]
    assert (message["host"], broken["job_name"], broken["action"]) == ("sales", attack, "failed_again")
    assert "rerun 2 times since" in broken["reason"]
    assert not mark.exists()
    assert SECRET_KEY not in process.text() + process.text("stderr")


@pytest.mark.parametrize("rulebook", ["rerun_failed", "propose_reruns"])
def test_by_its_full_name_it_watches_as_the_guide_says(new_setup: t.Any, rulebook: str) -> None:
    """The rulebook is found in the collection and runs with default values, including the default journal."""
    setup = new_setup()
    process = setup.start(f"dataarts.factory.{rulebook}", journal=None, poll_interval=None, proposal_directory=str(setup.directory))
    try:
        wait_until(process, "all events are taken", lambda: setup.events() == 6)
    finally:
        end(process)
    assert len(setup.service.requests("v1_list")) == 1


def test_events_are_seen_within_two_polls(new_setup: t.Any) -> None:
    setup = new_setup(night={"jobs": [{"name": "daily_sales"}], "run_seconds": 0.1})
    process = setup.start("rerun_failed")
    try:
        wait_until(process, "a first poll", lambda: setup.service.requests("v1_list"))
        begun = len(setup.service.requests())
        setup.service.add("daily_sales", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        wait_until(process, "the event is taken", lambda: setup.events() == 1)
        polls = [request["route"] for request in setup.service.requests()[begun:]]
        assert polls.count("v1_list") <= 2
    finally:
        end(process)


@pytest.mark.parametrize("moment", ["taken", "sent"])
def test_events_taken_before_a_kill_are_acted_on_once(new_setup: t.Any, moment: str) -> None:
    """ansible-rulebook is killed while the rules gather events, or while its playbook runs on. Reruns do not end before the second start."""
    setup = new_setup(night={"speed": 1, "run_seconds": 3600})
    process = setup.start("rerun_failed")
    try:
        if moment == "taken":
            wait_until(process, "all events are taken", lambda: setup.events() == 6)
            assert setup.reruns() == {}
        else:
            wait_until(process, "a rerun is accepted", setup.service.journal)
        os.kill(process.process.pid, signal.SIGKILL)
    finally:
        if moment == "taken":
            end(process)
            setup.service.advance(UNCONFIRMED)
    again = setup.start("rerun_failed")
    try:
        wait_until(again, "everything is rerun", lambda: len(setup.reruns()) == 6)
        setup.service.add("weekly_report", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        wait_until(again, "it goes on after the restart", lambda: len(setup.reruns()) == 7)
    finally:
        end(again)
        end(process)
    assert set(setup.reruns().values()) == {1}


def test_a_service_that_is_stopped_as_systemd_stops_it_goes_on_where_it_was(new_setup: t.Any, tmp_path: Path) -> None:
    """ansible-rulebook gets SIGTERM, and its playbook SIGKILL, just after a rerun was accepted, which may not have been recorded yet."""
    setup = new_setup(night={"speed": 1, "run_seconds": 3600, "jobs": [{"name": f"job_{number}", "failed": 2} for number in range(8)]})
    process = setup.start("rerun_failed")
    try:
        wait_until(process, "a rerun is accepted", setup.service.journal)
        process.send(signal.SIGTERM)
        end_plays(tmp_path)
        process.process.wait()
        setup.service.advance(UNCONFIRMED)
        again = setup.start("rerun_failed")
        try:
            wait_until(again, "everything is rerun", lambda: len(setup.reruns()) == 16)
            setup.service.add("job_1", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
            wait_until(again, "it goes on after the restart", lambda: len(setup.reruns()) == 17)
        finally:
            end(again)
    finally:
        end(process)
    assert set(setup.reruns().values()) == {1}


def test_the_budget_holds_over_a_thousand_failures_and_a_restart(new_setup: t.Any) -> None:
    """500 instances always fail, with one rerun a day allowed: after 1000 failures and 500 reruns, people are notified and nothing more is sent."""
    setup = new_setup(night={"jobs": [{"name": "hopeless", "failed": 500, "every": "1m", "runs": ["fail"]}], "run_seconds": 0.1})
    process = setup.start("rerun_failed", max_reruns_per_day=1)
    try:
        wait_until(process, "people are told of all", lambda: any(len(message["instances"]) == 500 for message in setup.messages()))
        wait_until(process, "all events are taken", lambda: setup.events() == 1000)
    finally:
        end(process)
    assert set(setup.reruns().values()) == {1}
    assert len(setup.reruns()) == 500
    setup.service.advance(UNCONFIRMED)
    again = setup.start("rerun_failed", max_reruns_per_day=1)
    try:
        polls = len(setup.service.requests("v1_list"))
        messages = len(setup.messages())
        wait_until(again, "the same failures are told again", lambda: len(setup.messages()) > messages)
        wait_until(again, "some more polls", lambda: len(setup.service.requests("v1_list")) > polls + 5)
    finally:
        end(again)
    assert set(setup.reruns().values()) == {1}


def test_an_outage_and_its_end_are_told_once_and_what_failed_meanwhile_is_rerun(new_setup: t.Any) -> None:
    setup = new_setup(night={"jobs": [{"name": "daily_sales"}]})
    process = setup.start("rerun_failed")
    try:
        wait_until(process, "a first poll", setup.service.requests)
        setup.service.inject({"route": "*", "kind": "status", "status": 503, "times": 1000})
        setup.service.add("daily_sales", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
        wait_until(process, "the outage is told", setup.messages)
        setup.service.clear_faults()
        wait_until(process, "what failed meanwhile is rerun", setup.reruns)
        wait_until(process, "the end of the outage is told", lambda: len(setup.messages()) == 2)
    finally:
        end(process)
    assert [message["kind"] for message in setup.messages()] == ["outage", "restored"]
    assert "Service Unavailable" in setup.messages()[0]["text"]
    assert list(setup.reruns().values()) == [1]


def test_a_wrong_credential_ends_it_with_one_line_and_people_are_told(new_setup: t.Any) -> None:
    setup = new_setup()
    outcome = setup.start("rerun_failed", source={"secret_key": "sk-wrong-0123456789"}).wait()
    lines = [line for line in outcome.output.splitlines() if "ERROR" in line]
    assert len(lines) == 1, outcome.output
    assert f"Stopped watching workspace {WORKSPACE_ID}: APIGW.0301" in lines[0]
    assert "Traceback" not in outcome.output
    assert "sk-wrong" not in outcome.output
    assert outcome.rc == 0
    assert [(message["kind"], message["text"].split(":")[0]) for message in setup.messages()] == [
        ("ended", f"Stopped watching workspace {WORKSPACE_ID}")
    ]


def test_a_proposal_reruns_nothing_and_a_person_launches_exactly_it(new_setup: t.Any, tmp_path: Path) -> None:
    setup = new_setup()
    proposals = tmp_path / "proposals"
    proposals.mkdir()
    process = setup.start("propose_reruns", proposal_directory=str(proposals))
    try:
        wait_until(process, "people are told", setup.messages)
    finally:
        end(process)
    assert setup.reruns() == {}
    (message,) = setup.messages()
    (file,) = proposals.glob("sales.*.json")
    plan = json.loads(file.read_text(encoding="utf-8"))["dataarts_plans"]["sales"]
    assert plan["plan_id"] == message["plan_id"]
    assert message["plan_id"].startswith("6-")
    assert str(file) in message["text"]
    launched = setup.ansible.playbook(
        "dataarts.factory.rerun_failed",
        "-i",
        setup.inventory,
        "--limit",
        "sales",
        "-e",
        f"@{file}",
        variables={"dataarts_poll_interval": 1},
    )
    assert len(setup.reruns()) == 6, launched.output
    assert set(setup.reruns().values()) == {1}


def test_a_repair_is_proposed_to_people_and_what_they_launch_is_exactly_that(new_setup: t.Any, tmp_path: Path) -> None:
    night = Night()
    setup = new_setup(places={"sales": WORKSPACE_ID, "supply": SUPPLY_ID}, planned_after=str(night.hour(6)), poll_interval=1)
    setup.service.reset(night.damaged())
    proposals = tmp_path / "proposals"
    proposals.mkdir()
    process = setup.start("propose_repairs", proposal_directory=str(proposals))
    try:
        wait_until(
            process, "people are told of both workspaces", lambda: {name(proposal) for proposal in proposals.iterdir()} == {*setup.places}
        )
        wait_until(process, "each with a message", lambda: len(setup.messages()) == len([*proposals.iterdir()]))
    finally:
        end(process)
    assert setup.service.journal() == []
    # The plan of sales also repairs instances in supply that depend on it. The plan of supply must still count as unchanged.
    for file in sorted(proposals.iterdir()):
        setup.ansible.playbook("dataarts.factory.repair", "-i", setup.inventory, "--limit", name(file), "-e", f"@{file}").succeeded()
    assert writes(setup.service) == night.everything()


def name(proposal: Path) -> str:
    """The host to which a proposal's file belongs."""
    return proposal.name.partition(".")[0]
