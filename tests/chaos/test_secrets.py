# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search everything that a play writes, at the highest verbosity and after failures and crashes, for all its secrets."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from emulator.running import Running, running
from tests.chaos.processes import PATIENCE, descendants, start_module
from tests.support.http_server import HttpServer, message
from tests.support.long import whole_plays
from tests.support.playbook import TREE, Ansible, run_module
from tests.support.playbook import Running as Process
from tests.support.scenarios import (
    AGENCY_NAME,
    DOMAIN,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    USER_NAME,
    USER_PASSWORD,
    WORKSPACE_ID,
    small_night,
)
from tests.support.ways_in import AGENCIES, ASKED_FOR, WAYS, options_left_out
from tests.support.workspace import options

Json = dict[str, t.Any]
OTHER_PROJECT = "a8f25e9b4a0f4d7e8d2d5d0f6b1c3e7a"
KEYS = {"access_key": "AKSEARCHEDFOR0000001", "secret_key": "searched+for/secret=key&0123456789abcdef"}
USER = {"user_name": USER_NAME, "user_password": 'Searched "for" p%40ss {{ w0rd }}', "domain_name": DOMAIN}
AGENCY = {"agency_name": AGENCY_NAME, "agency_domain_name": "other"}
#: All kinds of credentials, including ones that the service refuses, whose errors are searched too.
KINDS: dict[str, Json] = {
    "keys": KEYS,
    "temporary_keys": {**KEYS, "security_token": "searched-for-security-token-" + "s" * 200},
    "token": {"auth_token": "searched-for-token-" + "t" * 400},
    "user": USER,
    "agency_by_keys": {**KEYS, **AGENCY},
    "agency_by_user": {**USER, **AGENCY},
}
SECRET_OPTIONS = ("access_key", "secret_key", "security_token", "auth_token", "user_password")
#: Headers with secrets, including those that IAM issued.
SECRET_HEADERS = ("x-auth-token", "x-security-token")
#: Files in which the test itself writes secrets.
GIVEN = ("stdin", "given.json", "given.yml")


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """An emulator whose users have the secrets above."""
    with running(scenario()) as handle:
        yield handle


def scenario() -> Json:
    night = small_night(
        users=[{"name": USER_NAME, "password": USER["user_password"], **KEYS}],
        faults=[
            {"route": "retry", "kind": "drop", "when": "after_effect"},
            {"route": "retry", "kind": "status", "status": 500},
            {"route": "list", "kind": "malformed"},
        ],
    )
    other = {
        "domain": "other",
        "region": REGION,
        "project_id": OTHER_PROJECT,
        "users": [{"name": "someone", "password": "x", "access_key": "AKOTHER", "secret_key": "sk-other"}],
        "agencies": [{"name": AGENCY_NAME, "trusted_domain": DOMAIN, "role": "operator"}],
        "workspaces": [{"id": "b" * 32, "name": "theirs", "jobs": [{"name": "their_sales", "failed": 2}]}],
    }
    return {**night, "accounts": [*night["accounts"], other]}


def options_of(kind: str, place: Running | HttpServer) -> Json:
    theirs = kind.startswith("agency")
    bases = {name: getattr(place, name, None) or place.base for name in ("endpoint", "endpoint_v1", "iam_endpoint")}  # type: ignore[union-attr]
    return {
        **bases,
        **KINDS[kind],
        "region": REGION,
        "project_id": OTHER_PROJECT if theirs else PROJECT_ID,
        "workspace_id": "b" * 32 if theirs else WORKSPACE_ID,
    }


def secrets_of(kind: str, service: Running) -> set[str]:
    """Secrets that must not be found: options and secrets issued by IAM, plain, URL-encoded, as JSON and in Base64."""
    plain = {value for name, value in KINDS[kind].items() if name in SECRET_OPTIONS}
    for request in service.requests():
        plain |= {value for name, value in request["headers"].items() if name.lower() in SECRET_HEADERS}
    forms = [plain, {quote(secret, safe="") for secret in plain}, {json.dumps(secret)[1:-1] for secret in plain}]
    forms.append({base64.b64encode(secret.encode()).decode().rstrip("=") for secret in plain})
    return set().union(*forms)


def search(directory: Path, secrets: set[str], figures: t.Callable[..., None], *texts: str) -> list[str]:
    """Search for *secrets* in the files below *directory* and in *texts*. Returns the places."""
    hits, size = [], 0
    files = [(str(path.relative_to(directory)), path) for path in sorted(directory.rglob("*")) if path.is_file() and path.name not in GIVEN]
    pages = [(name, path.read_bytes()) for name, path in files] + [(f"text {number}", text.encode()) for number, text in enumerate(texts)]
    for name, page in pages:
        size += len(page)
        for secret in secrets:
            at = page.find(secret.encode())
            if at >= 0:
                shown = page[max(0, at - 80) : at].decode("utf-8", "replace")
                hits.append(f"{name}: {shown!r} and then a secret of {len(secret)} characters")
    figures(searched=size, secrets=len(secrets), hits=len(hits))
    return hits


def tasks(state: Path) -> list[Json]:
    """Tasks of several modules, whose results are registered and shown."""
    rerun = {"settle_time": 1, "poll_interval": 1, "wait_timeout": 60, "journal": str(state)}
    show: Json = {"ansible.builtin.debug": {"var": "found"}, "no_log": False}
    keep: Json = {"register": "found", "ignore_errors": True}
    return [
        {"dataarts.factory.job_instance_info": {}, **keep},
        show,
        {"dataarts.factory.job_rerun": rerun, **keep},
        show,
        {"dataarts.factory.job_info": {}, **keep},
        show,
        {"dataarts.factory.job_instance_retry": {"job_name": "daily_sales", "task_retrys": [], "journal": str(state)}, **keep},
        show,
    ]


def play(kind: str, place: Running | HttpServer, tmp_path: Path, chosen: list[Json], *, by_environment: bool) -> str:
    """Run *chosen* tasks with ``-vvvv --diff`` and a log file. Returns the output."""
    given = options_of(kind, place)
    environment = {"ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"), "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true"}
    if by_environment:
        environment |= {f"HW_{name.upper()}": given.pop(name) for name in SECRET_OPTIONS if name in given}
        environment |= {f"HW_{name.upper()}": given.pop(name) for name in ("user_name", "domain_name") if name in given}
    given_file = tmp_path / "given.yml"
    # like vaulted variables: text that is never a template
    given_file.write_text("".join(f"dataarts_{name}: !unsafe {json.dumps(value)}\n" for name, value in given.items()), encoding="utf-8")
    playbook = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/dataarts.factory.api": {name: f"{{{{ dataarts_{name} }}}}" for name in given}},
        "tasks": chosen,
    }
    ansible = Ansible(tmp_path, environment=environment)
    python = {"ansible_python_interpreter": sys.executable}
    outcome = ansible.written_playbook([playbook], "-i", "localhost,", "-vvvv", "--diff", "-e", f"@{given_file}", variables=python)
    outcome.succeeded()
    assert outcome.of("job_rerun"), f"it did not run\n{outcome.output}"
    assert (tmp_path / "ansible.log").stat().st_size > 1000
    return outcome.output


def check_play(
    kind: str, service: Running, tmp_path: Path, figures: t.Callable[..., None], *, by_environment: bool, few: bool = False
) -> None:
    service.reset(scenario())
    chosen = tasks(tmp_path / "state")
    shown = play(kind, service, tmp_path, chosen[2:4] if few else chosen, by_environment=by_environment)
    if "temporary" not in kind and kind != "token":
        assert service.journal(), f"nothing was rerun, so nothing was proved\n{shown}"
    assert search(tmp_path, {WORKSPACE_ID, "b" * 32}, lambda **counts: None, shown), "the search finds nothing at all"
    assert search(tmp_path, secrets_of(kind, service), figures, shown) == []


def test_a_play_keeps_its_secrets(service: Running, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    check_play("user", service, tmp_path, figures, by_environment=False, few=True)


@pytest.mark.chaos
@pytest.mark.parametrize("by_environment", [False, True], ids=["options", "environment"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_play_keeps_its_secrets(
    service: Running, kind: str, by_environment: bool, tmp_path: Path, figures: t.Callable[..., None]
) -> None:
    check_play(kind, service, tmp_path, figures, by_environment=by_environment)


def ways_in() -> Json:
    """A scenario for all sources of credentials, with the same faults."""
    return small_night(agencies=AGENCIES, faults=scenario()["faults"])


@pytest.mark.chaos
@pytest.mark.parametrize("name", WAYS)
def test_every_way_in_keeps_its_secrets(
    service: Running, name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, figures: t.Callable[..., None]
) -> None:
    """In the output and log of a play, the doctor's recording and the journal."""
    service.reset(ways_in())
    home = tmp_path_factory.mktemp("home")
    settings = {**WAYS[name][0](service, home), "HOME": str(home)}
    logs = {"ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"), "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true"}
    given = options(service, **options_left_out(name), **ASKED_FOR.get(name, {}))
    doctor: Json = {"report_path": str(tmp_path / "recording.json"), "measure": True}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/dataarts.factory.api": given},
        "tasks": [{"dataarts.factory.account_doctor": doctor, "register": "found"}, *tasks(tmp_path / "state")[1:4]],
    }
    python = {"ansible_python_interpreter": sys.executable}
    ansible = Ansible(tmp_path, environment={**logs, **settings})
    shown = ansible.written_playbook([play], "-i", "localhost,", "-vvvv", "--diff", variables=python).succeeded().output
    assert service.journal(), f"nothing was rerun, so nothing was proved\n{shown}"
    assert (tmp_path / "recording.json").stat().st_size > 1000
    assert [path for path in tmp_path.glob("state*") if path.stat().st_size > 1000], "the journal"
    secrets = {SECRET_KEY, USER_PASSWORD, *(value for name, value in settings.items() if name.endswith(("_KEY", "_TOKEN", "_PASSWORD")))}
    for request in service.requests():
        secrets |= {value for header, value in request["headers"].items() if header.lower() in SECRET_HEADERS}
    forms = secrets | {json.dumps(secret)[1:-1] for secret in secrets} | {quote(secret, safe="") for secret in secrets}
    assert search(tmp_path, {WORKSPACE_ID}, lambda **counts: None, shown), "the search finds nothing at all"
    assert search(tmp_path, forms, figures, shown) == []


def echo(connection: socket.socket, server: HttpServer) -> bool:
    """Send the received headers and body back in an error message."""
    seen = server.seen[-1]
    words = seen.raw_head.decode("latin-1") + seen.body.decode("utf-8", "replace")
    values = " ".join(seen.headers.values())
    body = {"error_code": "DLF.0001", "error_msg": values + words, "error": {"code": "IAM.1", "message": words}}
    connection.sendall(message(400, json.dumps(body).encode(), {"X-Request-Id": seen.headers.get("x-auth-token", "none")}))
    return True


@pytest.mark.parametrize("kind", whole_plays(KINDS))
def test_a_service_that_tells_secrets_back(service: Running, kind: str, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    with HttpServer(echo) as server:
        options = options_of(kind, server)
        result = run_module("job_rerun", {**options, "journal": str(tmp_path / "state"), "max_retries": 0})
    assert result["failed"]
    assert server.seen
    secrets = {value for name, value in KINDS[kind].items() if name in SECRET_OPTIONS}
    assert search(tmp_path, secrets, figures, json.dumps(result), json.dumps(result, ensure_ascii=False)) == []


#: Runs a module whose strategy raises an unexpected exception with all options in its text and frames.
CRASH = """
import sys
from ansible_collections.dataarts.factory.plugins.module_utils._runner.rerun import Goal
def crash(goal):
    secrets = dict(goal.run.options)
    raise RuntimeError(repr(secrets)) from ValueError(str(goal.run.options))
Goal.list_instances = crash
sys.argv = ["module_process.py", "job_rerun"]
sys.path.insert(0, {support!r})
import module_process
module_process.main()
"""


def test_an_unexpected_exception_keeps_secrets(service: Running, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    service.reset(scenario())
    support = str(Path(__file__).resolve().parents[1] / "support")
    arguments = {**options_of("user", service), "access_key": None, "journal": str(tmp_path / "state"), "_ansible_verbosity": 4}
    variables = {**Ansible(tmp_path).variables(), "PYTHONPATH": str(TREE)}
    command = [sys.executable, "-c", CRASH.format(support=support)]
    outcome = Process(command, variables, tmp_path, tmp_path, json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()).wait().ended(1)
    result = json.loads(outcome.stdout)
    assert result["error"]["kind"] == "internal"
    assert "RuntimeError" in result["msg"]
    assert search(tmp_path, secrets_of("user", service), figures, outcome.output) == []


def wait_for_request(service: Running, process: Process) -> None:
    """Wait until *process* has sent a request."""
    deadline = time.monotonic() + PATIENCE
    while not service.requests():
        assert process.process.poll() is None, process.text() + process.text("stderr")
        assert time.monotonic() < deadline, "it sent nothing"
        time.sleep(0.01)


def test_an_aborted_module_keeps_secrets(service: Running, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    service.reset(scenario())
    service.clear_faults()
    service.inject({"route": "*", "kind": "hang", "seconds": 20, "times": 3})
    options = {**options_of("user", service), "journal": str(tmp_path / "state")}
    process = start_module(options, tmp_path, env={"PYTHONFAULTHANDLER": "1"})
    wait_for_request(service, process)
    os.kill(process.process.pid, signal.SIGABRT)
    outcome = process.wait()
    assert outcome.rc == -signal.SIGABRT
    assert "Fatal Python error" in outcome.stderr
    assert search(tmp_path, secrets_of("user", service), figures, outcome.output) == []


#: Process that is aborted to keywords of the task, exit status of the play, and a part of the output.
ABORTED: dict[str, tuple[Json, int, str]] = {
    "worker": ({}, 1, "A worker was found in a dead state"),
    "module": ({"environment": {"FOR_THE_MODULE": "1"}}, 2, "Fatal Python error"),
}


@pytest.mark.chaos
@pytest.mark.parametrize("aborted", ABORTED)
def test_a_play_that_is_aborted_keeps_secrets(service: Running, tmp_path: Path, figures: t.Callable[..., None], aborted: str) -> None:
    keywords, status, words = ABORTED[aborted]
    service.reset(scenario())
    service.clear_faults()
    service.inject({"route": "*", "kind": "hang", "seconds": 20, "times": 3})
    options = {**options_of("keys", service), "journal": str(tmp_path / "state")}
    given = tmp_path / "given.json"
    given.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False,
                                  "tasks": [{"dataarts.factory.job_rerun": options, **keywords}]}]), encoding="utf-8")  # fmt: skip
    environment = {"PYTHONFAULTHANDLER": "1", "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log")}
    python = json.dumps({"ansible_python_interpreter": "{{ ansible_playbook_python }}"})
    process = Ansible(tmp_path, environment=environment).start("ansible-playbook", "-i", "localhost,", "-vvvv", "-e", python, given)
    wait_for_request(service, process)
    os.kill(descendants(process.process.pid)[-1], signal.SIGABRT)
    outcome = process.wait().ended(status)
    assert words in outcome.output
    assert search(tmp_path, secrets_of("keys", service), figures, outcome.output) == []
