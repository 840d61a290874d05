# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message in the guide *When something goes wrong* is reproduced, against an emulator on which that goes wrong."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import sqlite3
import typing as t
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import Kind
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import rerun_spec
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import ModuleRun, run_logic
from ansible_collections.dataarts.factory.plugins.module_utils._runner.rerun import rerun
from emulator.running import Running, running
from tests.support.logic import call
from tests.support.pages import blocks
from tests.support.playbook import ROOT, Ansible
from tests.support.postgresql import PostgresServer, postgres_server
from tests.support.reader import without_times
from tests.support.scenarios import SECRET_KEY, USER_NAME, small_night
from tests.support.workspace import inventory, options, variables

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_errors.rst"
#: An address on which nothing listens.
CLOSED = "http://127.0.0.1:1"
ENDLESS = 36_000

Json = dict[str, t.Any]
Recipe = tuple[Json, Json]


def fault(kind: str, route: str = "list", **more: t.Any) -> Json:
    """A scenario in which a fault strikes 99 times."""
    return {"faults": [{"route": route, "kind": kind, "times": 99, **more}]}


def user(**more: t.Any) -> Json:
    """A scenario with one user, to whom the keys in the module options belong."""
    return {"users": [{"name": USER_NAME, "access_key": "AKNIGHTOPERATOR00001", "secret_key": SECRET_KEY, **more}]}


QUICK = {"max_retries": 0}
#: Failures of the first pass: name in the guide -> scenario, options of job_rerun. An option of None is left out.
PASSES: Mapping[str, Recipe] = {
    "no_credentials": ({}, {"access_key": None, "secret_key": None}),
    "half": ({}, {"secret_key": None}),
    "two_kinds": ({}, {"auth_token": "a-token"}),
    "region": ({}, {"region": None, "endpoint": None, "endpoint_v1": None, "iam_endpoint": None}),
    "zone": ({}, {"planned_after": "2026-11-23T03:00:00"}),
    "future": ({}, {"since": "2126-11-23T03:00:00Z"}),
    "no_jobs": ({}, {"jobs": []}),
    "http": ({}, {"endpoint": "http://dayu.example.com"}),
    "too_many": ({}, {"max_instances": 5}),
    "unknown_node": ({}, {"retry_location": "specifiedNode", "node_name": "transfrom"}),
    "unknown_pattern": ({}, {"jobs": ["dialy_*"]}),
    "plan": ({}, {"plan_id": "of five"}),
    "unreachable": ({}, {"endpoint_v1": CLOSED, "endpoint": CLOSED, **QUICK}),
    "tls": ({}, {"endpoint_v1": "https", "endpoint": "https", **QUICK}),
    "redirect": (fault("redirect"), QUICK),
    "credentials": ({}, {"secret_key": "another-secret-key-0123456789abcdef0123"}),
    "expired": ({}, {"access_key": None, "secret_key": None, "auth_token": "MIIFexpired"}),
    "clock": ({"switches": {"clock_skew_seconds": 3600}}, {}),
    "no_permission": (user(role="none"), {}),
    "workspace": ({}, {"workspace_id": "00000000000000000000000000000000"}),
    "throttled": (fault("throttle"), QUICK),
    "not_published": ({"switches": {"v1_open": False, "v2_open": False}}, QUICK),
    "invalid": (fault("status", status=400, code="DLF.3051", message="The request parameter is invalid."), QUICK),
    "bad_answer": (fault("malformed"), QUICK),
    "server": (fault("status", status=500, code="DLF.0001", message="Internal error."), QUICK),
    "journal_link": ({}, {"journal": "a link"}),
    "journal_place": ({}, {"journal": "below a file"}),
    "journal_foreign": ({}, {"journal": "of another program"}),
    "journal_newer": ({}, {"journal": "of a newer version"}),
    "journal_kind": ({}, {"journal": "mysql://reruns@db.example.com/reruns"}),
    "journal_server": ({}, {"journal": "postgresql://reruns@127.0.0.1:1/reruns"}),
    "journal_password": ({}, {"journal": "on a server", "journal_password": "another password"}),
}  # fmt: skip
#: Failures of a whole task, in the same form.
TASKS: Mapping[str, Recipe] = {
    "failed_again": ({}, {"jobs": ["weekly_report"]}),
    "wait_timeout": ({"run_seconds": ENDLESS}, {"jobs": ["daily_sales"], "wait_timeout": 1}),
    "blocked": ({"jobs": [{"name": "month_end", "failed": 1, "confirm": True}]}, {}),
    "not_rerunnable": ({"jobs": [{"name": "by_hand", "failed": 1, "schedule": "MANUAL"}]}, {}),
    "refused": (user(role="viewer"), {"jobs": ["weekly_report"]}),
    "unknown_job": ({}, {"jobs": ["daily_salse"]}),
}
#: Failures that do not depend on the service.
OTHERS = ("requests", "psycopg", "no_workspace", "typo")


def _text_of(make: t.Callable[[Path], t.Any], folder: Path) -> str:
    return str(make(folder))


def resolved(service: Running, folder: Path, server: PostgresServer, recipe: Json) -> Json:
    """Replace the placeholders in the options of a recipe.

    They stand for the emulator's address with https, a plan_id of five of the six instances, and journals that cannot be used.
    """
    words: dict[t.Any, t.Callable[[], str]] = {
        "https": lambda: service.endpoint.replace("http://", "https://"),
        "of five": lambda: re.sub(r"^6-\w{12}", "5-b9eb9e25941d", call("job_rerun", options(service), check=True)["plan_id"]),
        "on a server": lambda: server.uri("reruns", "reruns"),
    }
    words |= {word: functools.partial(_text_of, make, folder) for word, make in JOURNALS.items()}
    return {name: words[value]() if isinstance(value, str) and value in words else value for name, value in recipe.items()}


def link(folder: Path) -> Path:
    (folder / "link.db").symlink_to("elsewhere.db")
    return folder / "link.db"


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "journal.db"


def of_another_program(folder: Path) -> Path:
    with contextlib.closing(sqlite3.connect(folder / "foreign.db")) as connection:
        connection.execute("CREATE TABLE dashboards (title TEXT)")
    return folder / "foreign.db"


def of_a_newer_version(folder: Path) -> Path:
    with Journal(str(folder / "newer.db"), password=None, project_id="p") as journal:
        journal.cover(["w"], 1)
    with contextlib.closing(sqlite3.connect(folder / "newer.db", isolation_level=None)) as connection:
        connection.execute("UPDATE dataarts_meta SET value = '9' WHERE key = 'version'")
    return folder / "newer.db"


JOURNALS = {
    "a link": link,
    "below a file": below_a_file,
    "of another program": of_another_program,
    "of a newer version": of_a_newer_version,
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name of each recipe -> the message with which it fails."""
    folder = tmp_path_factory.mktemp("messages")
    with postgres_server() as server:
        return {name: message(folder, server, *recipe) for name, recipe in PASSES.items()} | task_messages(folder)


def message(folder: Path, server: PostgresServer, scenario: Json, changes: Json) -> str:
    """The message of one pass of job_rerun with *changes* to its options."""
    FetchedAuth._leases.clear()
    with running(small_night(**scenario)) as service:
        wanted = options(service, **{"settle_time": 1, "journal": str(folder / "state"), **resolved(service, folder, server, changes)})
        run = ModuleRun(ArgumentSpecValidator(rerun_spec()).validate(wanted).validated_parameters)
        run_logic(run, rerun, "rerun", "job instances")  # as in main() of the module
    return str(run.result["msg"])


def task_messages(folder: Path) -> dict[str, str]:
    """Run the tasks of TASKS and OTHERS in one playbook, each on a host of its own, and return host -> message."""
    task = {
        "dataarts.factory.job_rerun": {
            name: f"{{{{ dataarts_{name} | default(omit) }}}}"
            for name in ("endpoint", "endpoint_v1", "iam_endpoint", "region", "project_id", "access_key", "secret_key", "workspace_id",
                         "jobs", "wait_timeout", "poll_interval", "settle_time", "journal")
        },
        "ignore_errors": True,
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        services = {name: stack.enter_context(running(small_night(**scenario))) for name, (scenario, _changes) in TASKS.items()}
        hosts = {
            name: variables(service, poll_interval=1, settle_time=1, journal=str(folder / name), **TASKS[name][1])
            for name, service in services.items()
        }
        (folder / "lacking").mkdir()
        (folder / "lacking" / "requests.py").write_text("raise ImportError", encoding="utf-8")
        lacking = {**task, "environment": {"PYTHONPATH": str(folder / "lacking")}}
        (folder / "without").mkdir()
        (folder / "without" / "psycopg.py").write_text("raise ImportError(\"No module named 'psycopg'\")", encoding="utf-8")
        without = {**task, "environment": {"PYTHONPATH": str(folder / "without")}}
        role = {"ansible.builtin.include_role": {"name": "dataarts.factory.rerun"}, "ignore_errors": True}
        hosts["psycopg"] = {**hosts["failed_again"], "dataarts_journal": "postgresql://reruns@db.example.com/reruns"}
        hosts |= {"requests": {}, "no_workspace": {}, "typo": {"dataarts_workspace_id": "x", "dataarts_job": ["daily_sales"]}}
        (folder / "hosts.yml").write_text(json.dumps(inventory(**hosts)), encoding="utf-8")
        plays = [
            {"hosts": ":".join(TASKS), "gather_facts": False, "tasks": [task]},
            {"hosts": "requests", "gather_facts": False, "tasks": [{**lacking, "vars": {"dataarts_workspace_id": "x"}}]},
            {"hosts": "psycopg", "gather_facts": False, "tasks": [without]},
            {"hosts": "no_workspace:typo", "gather_facts": False, "tasks": [role]},
        ]
        outcome = Ansible(folder).written_playbook(plays, "-i", folder / "hosts.yml", "--forks", "4")
    said = {line.host: str(line.result["msg"]) for line in (*outcome.of("job_rerun"), *outcome.of("fail"))}
    return {host: outcome.failures[host] if text.endswith("See below.") else text for host, text in said.items()}


QUOTED = (
    {block.note.removeprefix("message, "): block for block in blocks(GUIDE) if block.note.startswith("message, ")} if GUIDE.exists() else {}
)


@pytest.mark.parametrize("name", [*PASSES, *TASKS, *OTHERS])
def test_the_guide_quotes_the_message_word_for_word(messages: dict[str, str], name: str) -> None:
    assert name in QUOTED, f"the guide does not have {name}: {messages[name]}"
    assert comparable(QUOTED[name].text) == comparable(messages[name])


def test_the_guide_quotes_nothing_else() -> None:
    assert set(QUOTED) == {*PASSES, *TASKS, *OTHERS}


def test_the_guide_has_every_kind_of_error() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [kind.value for kind in Kind if f"``{kind.value}``" not in text] == []


def comparable(text: str) -> str:
    """*text* in one line, with placeholders for the parts that differ between runs."""
    line = re.sub(r"\(requests\) on \S+ Python \S+\.( |$)", "(requests) on HOST Python PYTHON. ", without_times(" ".join(text.split())))
    line = re.sub(r"the journal /[^:]+:", "the journal PATH:", line)
    line = re.sub(r"imported by \S+ \(", "imported by PYTHON (", line)
    return re.sub(r"\b[0-9a-f]{12}-[0-9a-f]{8}(?:-[0-9a-z]+)?\b", "PLAN", line)
