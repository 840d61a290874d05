# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login per account of a play, by the emulator's count of token requests; a refused login is reported for every workspace."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.support.long import whole_plays
from tests.support.playbook import SUPPORT, Ansible, Outcome
from tests.support.scenarios import BOTH, DOMAIN, SUPPLY_ID, USER_NAME, USER_PASSWORD, two_workspaces
from tests.support.workspace import inventory, variables

SWITCHES = {"flow_control": False, "clock_skew_seconds": 0, **BOTH}
LOGIN = {"access_key": None, "secret_key": None, "user_name": USER_NAME, "domain_name": DOMAIN}
WRONG = "Pa55-of-nobody"
HOSTS = 4
#: Variables of hosts with in-process modules, and of others.
HERE: dict[str, t.Any] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
ELSEWHERE: dict[str, t.Any] = {
    "ansible_python_interpreter": "{{ ansible_playbook_python | dirname }}/./{{ ansible_playbook_python | basename }}"
}
RELATED = {
    "dataarts_job_name": "daily_sales",
    "dataarts_related_jobs": [{"job_name": "daily_sales", "workspace_id": SUPPLY_ID}],
    "dataarts_begin_time": "2026-11-01T00:00:00Z",
    "dataarts_end_time": "2026-11-02T00:00:00Z",
}
#: Commands: program and arguments.
COMMANDS: dict[str, tuple[str, ...]] = {
    "rerun": ("ansible-playbook", "dataarts.factory.rerun"),
    "failed": ("ansible-playbook", "dataarts.factory.failed"),
    "doctor": ("ansible-playbook", "dataarts.factory.doctor"),
    "rerun_related": ("ansible-playbook", "dataarts.factory.rerun_related", "-e", json.dumps(RELATED)),
    "ad hoc": ("ansible", "all", "-m", "dataarts.factory.job_instance_info", "-a", "statuses=fail"),
    "ad hoc, another module": ("ansible", "all", "-m", "dataarts.factory.job_info"),
}


@pytest.fixture(name="service", scope="module")
def fixture_service() -> Iterator[Running]:
    with running(two_workspaces(switches=SWITCHES)) as handle:
        yield handle


def run(service: Running, folder: Path, command: str, place: dict[str, t.Any], password: str, **more: t.Any) -> Outcome:
    """Reset the emulator, and run *command* on the hosts of one account with two workspaces."""
    service.reset(two_workspaces(switches={**SWITCHES, **more}, **({"speed": 1, "run_seconds": 10} if more else {})))
    shared = {**LOGIN, "user_password": password, "poll_interval": 1, "settle_time": 1, "journal": str(folder / "state"), "max_retries": 1}
    known = {"sales": {}, "supply": {"workspace_id": SUPPLY_ID}}
    known |= {f"more{number}": {"workspace_id": SUPPLY_ID} for number in range(HOSTS - 2)}
    hosts = {name: {**variables(service, **shared, **own), **place} for name, own in known.items()}
    data = inventory(**{name: {option: value for option, value in own.items() if value is not None} for name, own in hosts.items()})
    data["all"]["vars"] = {name: value for name, value in data["all"].get("vars", {}).items() if name != "ansible_python_interpreter"}
    data["all"]["vars"]["ansible_connection"] = place.get("ansible_connection", "local")
    path = folder / "hosts.yml"
    path.write_text(json.dumps(data), encoding="utf-8")
    program, *arguments = COMMANDS[command]
    jump = {"JUMP_HOST": str(folder / "jump"), "ANSIBLE_CONNECTION_PLUGINS": str(SUPPORT / "connection_plugins")}
    (folder / "jump").mkdir(exist_ok=True)
    return Ansible(folder).run(program, "-i", path, "--forks", str(HOSTS), *arguments, env=jump)


@pytest.mark.parametrize("command", whole_plays(COMMANDS))
def test_a_wrong_password_is_tried_once(service: Running, tmp_path: Path, command: str) -> None:
    tried_once(service, run(service, tmp_path, command, HERE, WRONG))


@pytest.mark.long
@pytest.mark.parametrize("command", ["failed", "ad hoc"])
def test_a_wrong_password_is_tried_once_by_modules_with_processes_of_their_own(service: Running, tmp_path: Path, command: str) -> None:
    tried_once(service, run(service, tmp_path, command, ELSEWHERE, WRONG))


@pytest.mark.long
@pytest.mark.parametrize("command", ["rerun", "ad hoc"])
def test_a_wrong_password_is_tried_once_on_a_jump_host(service: Running, tmp_path: Path, command: str) -> None:
    tried_once(service, run(service, tmp_path, command, {"ansible_connection": "jump_host", **HERE}, WRONG))


def tried_once(service: Running, outcome: Outcome) -> None:
    assert outcome.rc != 0, outcome.output
    assert len(service.requests("tokens")) == 1, outcome.output
    assert service.journal() == []
    assert USER_NAME in outcome.output
    assert WRONG not in outcome.output


@pytest.mark.long
@pytest.mark.parametrize("command", whole_plays(["rerun", "failed", "doctor", "ad hoc, another module"]))
def test_one_login_serves_the_whole_play(service: Running, tmp_path: Path, command: str) -> None:
    outcome = run(service, tmp_path, command, HERE, USER_PASSWORD)
    assert [request["status"] for request in service.requests("tokens")] == [201], outcome.output
    assert not [request for request in service.requests() if request["status"] == 401]
    assert USER_PASSWORD not in outcome.output


@pytest.mark.long
def test_a_corrected_password_is_tried_at_once(service: Running, tmp_path: Path) -> None:
    run(service, tmp_path, "failed", ELSEWHERE, WRONG)
    outcome = run(service, tmp_path, "failed", ELSEWHERE, USER_PASSWORD).succeeded()
    assert {request["status"] for request in service.requests("tokens")} == {201}
    assert "daily_sales" in outcome.output


@pytest.mark.long
def test_tokens_that_end_are_renewed_while_a_play_goes_on(service: Running, tmp_path: Path) -> None:
    """Tokens are valid for six seconds, and reruns take ten. No request is refused, because tokens are renewed before they expire."""
    outcome = run(service, tmp_path, "rerun", HERE, USER_PASSWORD, token_lifetime_seconds=6)
    assert "5 succeeded, 1 failed again" in outcome.output
    assert len(service.requests("tokens")) > 1
    assert not [request for request in service.requests() if request["status"] == 401]
