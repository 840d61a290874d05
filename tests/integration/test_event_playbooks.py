# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that rulebooks run: what they do, and that people are notified of anything that prevents it."""

from __future__ import annotations

import json
import shlex
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.http_server import HttpServer, reply
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import Ansible, Outcome
from tests.support.scenarios import FREE, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

from .test_missing import whole_hour


@pytest.fixture
def webhook() -> Iterator[HttpServer]:
    """Server that receives the notifications."""
    with HttpServer(reply(200, b"{}")) as server:
        yield server


class Machine:
    """Runs the playbooks, and has the notifications."""

    def __init__(self, directory: Path, service: Running, webhook: HttpServer) -> None:
        self.service, self.webhook = service, webhook
        self.directory = directory
        self.ansible = Ansible(directory)

    def play(
        self,
        name: str,
        *,
        extra: t.Mapping[str, t.Any] | None = None,
        by_host: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        **changes: t.Any,
    ) -> Outcome:
        """Run playbook *name* on host sales, or on the given hosts.

        :param changes: changes to the inventory variables of all hosts.
        :param by_host: host to further changes.
        """
        given = {
            "journal": str(self.directory / "state"),
            "settle_time": 1,
            "max_retries": 0,
            "webhook_url": self.webhook.base,
            **changes,
        }
        hosts = self.directory / "hosts.yml"
        described = {host: variables(self.service, **{**given, **own}) for host, own in (by_host or {"sales": {}}).items()}
        hosts.write_text(json.dumps(inventory(**described)), encoding="utf-8")
        return self.ansible.playbook(f"dataarts.factory.{name}", "-i", hosts, variables=extra)

    def messages(self) -> list[dict[str, t.Any]]:
        """Notifications, oldest first."""
        return [json.loads(request.body) for request in self.webhook.seen]


@pytest.fixture
def machine(tmp_path: Path, service: Running, webhook: HttpServer) -> Machine:
    """A machine with the emulator reset."""
    return Machine(tmp_path, service, webhook)


def test_what_a_person_left_in_the_inventory_does_not_bind_it(machine: Machine) -> None:
    left: dict[str, t.Any] = {"since": "2026-01-01T00:00:00Z", "planned_before": "2026-01-02T00:00:00Z", "plan_id": "1-aa-bb", "wait": True}
    left["plans"] = {"sales": {"plan_id": "1-aa-bb", "since": 1_700_000_000_000, "planned_after": 1, "planned_before": 2}}
    machine.play("event_rerun", extra={"dataarts_max_reruns_per_day": 1}, **left).succeeded()
    assert sum(len(entry["instances"]) for entry in machine.service.journal()) == 6
    assert machine.messages() == []
    machine.service.advance(60)
    machine.play("event_rerun", extra={"dataarts_max_reruns_per_day": 1}, **left).succeeded()
    assert sum(len(entry["instances"]) for entry in machine.service.journal()) == 6
    (message,) = machine.messages()
    assert [instance["job_name"] for instance in message["instances"]] == ["weekly_report"]


#: Playbook to host to what prevents its action there, and the words of the notification.
OBSTACLES: dict[str, dict[str, tuple[dict[str, t.Any], str]]] = {
    "event_rerun": {
        "keys": ({"secret_key": "sk-wrong-0123456789"}, ".0301"),
        "order": ({"order": "backwards"}, "order"),
        "nameless": ({"workspace_id": None}, "dataarts_workspace_id is not set"),
    },
    "event_propose": {
        "nameless": ({"workspace_id": None}, "dataarts_workspace_id is not set"),
        "times": ({"planned_after": "yesterday"}, "planned_after"),
        "nowhere": ({"proposal_directory": "/dev/null/none"}, "/dev/null/none"),
        "silent": ({"proposal_directory": ""}, "dataarts_proposal_directory is not set"),
    },
}


@pytest.mark.long
@pytest.mark.parametrize("name", whole_plays(OBSTACLES))
def test_people_are_told_what_keeps_it_from_acting_and_it_fails(machine: Machine, name: str) -> None:
    obstacles = OBSTACLES[name]
    by_host = {host: {"proposal_directory": str(machine.directory), **changes} for host, (changes, _words) in obstacles.items()}
    machine.play(name, extra={"dataarts_max_reruns_per_day": 1}, by_host=by_host).ended(2)
    texts = {host: text for host, _colon, text in (message["text"].partition(": ") for message in machine.messages())}
    assert len(machine.messages()) == len(obstacles)
    assert {host: obstacles[host][1] in texts.get(host, "") for host in obstacles} == dict.fromkeys(obstacles, True), texts
    assert machine.service.journal() == []


def test_a_proposal_sends_nothing_and_is_written_down(machine: Machine) -> None:
    machine.play("event_propose", extra={"dataarts_proposal_directory": str(machine.directory)}).succeeded()
    assert machine.service.journal() == []
    (message,) = machine.messages()
    (file,) = machine.directory.glob("sales.*.json")
    assert str(file) in message["text"]
    plans = json.loads(file.read_text(encoding="utf-8"))["dataarts_plans"]
    assert plans["sales"]["plan_id"] == message["plan_id"]
    assert message["plan_id"].startswith("6-")


@pytest.mark.long
def test_a_proposed_repair_holds_what_was_never_made_and_is_launched_as_it_is(machine: Machine) -> None:
    sales = {"name": "sales", "instances": [{"plan_time": whole_hour(hours), "status": "success"} for hours in range(12) if hours != 3]}
    failed = {
        "name": "stock",
        "instances": [{"plan_time": whole_hour(hours), "status": "fail" if hours == 2 else "success"} for hours in range(12)],
    }
    machine.service.reset(small_night(jobs=[sales, failed], speed=600, switches={**FREE, **V1, **V2}))
    extra = {"dataarts_proposal_directory": str(machine.directory), "dataarts_planned_after": str(whole_hour(11))}
    machine.play("event_propose_repair", extra=extra).succeeded()
    assert machine.service.journal() == []
    (message,) = machine.messages()
    assert "1 never made. To do it: " in message["text"]
    words = shlex.split(message["text"].split("To do it: ", 1)[1].replace("INVENTORY", str(machine.directory / "hosts.yml")))
    machine.ansible.run(*words).succeeded()
    made = sorted((entry["kind"], instance["plan_time"]) for entry in machine.service.journal() for instance in entry["instances"])
    assert made == [("patch_data", whole_hour(3)), ("retry", whole_hour(2))]


@pytest.mark.long
def test_what_people_were_told_of_is_what_they_launch(machine: Machine) -> None:
    """A second proposal with more instances does not replace the first. Launching the first then sends nothing, and says why."""

    def launch(message: dict[str, t.Any]) -> Outcome:
        words = shlex.split(message["text"].split("To do it: ", 1)[1].replace("INVENTORY", str(machine.directory / "hosts.yml")))
        return machine.ansible.run(*words, "-e", "dataarts_wait=false")

    for number in (1, 2):
        machine.play("event_propose", extra={"dataarts_proposal_directory": str(machine.directory)}).succeeded()
        if number == 1:
            machine.service.add("hourly_stock", {"plan_time": "-1m", "status": "fail"}, workspace_id=WORKSPACE_ID)
    first, second = machine.messages()
    assert (first["plan_id"][:2], second["plan_id"][:2]) == ("6-", "7-")
    outcome = launch(first).ended(2)
    assert machine.service.journal() == []
    assert f"the plan is no longer {first['plan_id']} but 7-" in " ".join(outcome.failures.values())
    launch(second).succeeded()
    assert sum(len(entry["instances"]) for entry in machine.service.journal()) == 7


@pytest.mark.parametrize("pause", whole_plays(["y", True]))
def test_what_is_paused_meanwhile_is_waited_for_and_started_again(machine: Machine, pause: t.Any) -> None:
    """As in the guide. Without a wait, nobody would resume the jobs, so every event was refused."""
    jobs = [{"name": "daily", "id": 1, "failed": 2, "status": "SCHEDULING"}]
    machine.service.reset(small_night(jobs=jobs, switches={**FREE, **V1, **V2}, run_seconds=1))
    machine.play("event_rerun", max_reruns_per_day=1, pause_schedules=pause, poll_interval=1).succeeded()
    kinds = [entry["kind"] for entry in machine.service.journal()]
    assert (kinds[0], len(kinds), kinds[-1]) == ("stop_schedule", 3, "start_schedule")


@pytest.mark.parametrize("limit", whole_plays([{}, {"dataarts_max_reruns_per_day": None}]))
def test_without_a_limit_it_refuses_to_run(machine: Machine, limit: dict[str, None]) -> None:
    outcome = machine.play("event_rerun", extra=limit).ended(2)
    assert "dataarts_max_reruns_per_day is not set" in outcome.stdout
    assert machine.service.journal() == []


@pytest.mark.long
def test_a_plan_that_is_too_large_is_told_and_the_play_does_not_fail(machine: Machine) -> None:
    machine.play("event_rerun", extra={"dataarts_max_reruns_per_day": 1}, max_instances=5).succeeded()
    assert "max_instances is 5" in machine.messages()[0]["text"]
    assert machine.service.journal() == []
    assert machine.messages()[0]["workspace_id"] == WORKSPACE_ID


@pytest.mark.long
@pytest.mark.parametrize(
    ("playbook", "name", "meant", "place"),
    whole_plays_of(
        [
            ("event_notify", "dataarts_webhok_url", "dataarts_webhook_url", "inventory"),
            ("event_notify", "dataarts_webhok_url", "dataarts_webhook_url", "extra"),
            ("awx_setup", "dataarts_awx_acounts", "dataarts_awx_accounts", "extra"),
            ("awx_setup", "dataarts_awx_schedule_rule", "dataarts_awx_schedule_rrule", "extra"),
        ]
    ),
)
def test_a_typo_is_refused_where_no_module_looks_at_variables(tmp_path: Path, playbook: str, name: str, meant: str, place: str) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(json.dumps(inventory(sales={name: "x"} if place == "inventory" else {})), encoding="utf-8")
    extra = {name: "x"} if place == "extra" else None
    outcome = Ansible(tmp_path).playbook(f"dataarts.factory.{playbook}", "-i", hosts, variables=extra)
    assert outcome.rc != 0
    assert f"{name} is not a variable of this playbook. Did you mean {meant}?" in " ".join(outcome.output.split())
    assert "Traceback" not in outcome.output
