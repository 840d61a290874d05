# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-process passes return what the module returns, and are used only if there is no difference."""

from __future__ import annotations

import json
import re
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task.inprocess import run_here, same_place
from emulator.running import running
from tests.support.logic import call
from tests.support.playbook import Ansible, run_module
from tests.support.scenarios import FREE, SECRET_KEY, small_night
from tests.support.workspace import options

HERE: dict[str, t.Any] = {
    "connection": "local",
    "become": False,
    "interpreter": sys.executable,
    "environment": {},
    "kept": False,
    "delegated": False,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"connection": "ssh"}, False),
        ({"become": True}, False),
        ({"interpreter": None}, False),
        ({"interpreter": "auto_silent"}, False),
        ({"interpreter": "/usr/bin/python-of-somebody-else"}, False),
        ({"environment": {"HW_ACCESS_KEY": "AK"}}, False),
        ({"kept": True}, False),
        ({"delegated": True}, False),
    ],
)
def test_where_no_process_is_needed(change: t.Any, expected: t.Any) -> None:
    assert same_place(**{**HERE, **change}) is expected


@pytest.fixture(name="service", scope="module")
def fixture_service() -> t.Iterator[t.Any]:
    with running(small_night(speed=1, run_seconds=3600)) as service:
        yield service


@pytest.fixture(name="given")
def fixture_given(service: t.Any, tmp_path: Path) -> dict[str, t.Any]:
    """Options that do not depend on when a pass starts."""
    service.reset()
    now = service.now_ms()  # clients know it with a precision of a second
    window = {"planned_after": str(now - 86_400_000), "planned_before": str(now)}
    return options(service, journal=str(tmp_path / "state"), since=str(now - 5_000), settle_time=0, validate_certs=False, **window)


def comparable(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The parts of a result that do not depend on how the pass was started: without warnings, invocation, request ids and times of the pass."""
    kept = {name: value for name, value in result.items() if name not in ("expected", "invocation", "warnings", "failed")}
    text = re.sub(r'("(?:asked_ms|expected_end)": )[0-9]+|(about|at least) [-0-9T:]+Z?', r"\1\2then", json.dumps(kept))
    return t.cast("dict[str, t.Any]", json.loads(re.sub(r"\b[0-9a-f]{32}\b", "id", text.replace(": then", ': "then"'))))


@pytest.mark.parametrize(
    ("check", "change"), [(True, {}), (True, {"max_instances": 2}), (True, {"jobs": ["no_such_job"]}), (True, {"since": "x"})]
)
def test_the_result_is_the_modules(given: t.Any, check: t.Any, change: t.Any) -> None:
    own_result = run_here("job_rerun", {**given, **change}, check_mode=check, diff_mode=True)
    assert own_result is not None
    theirs = run_module("job_rerun", {**given, **change}, check=check, diff=True)
    assert comparable(own_result) == comparable(theirs)
    assert bool(own_result.get("failed")) == bool(theirs.get("failed"))
    assert any("validate_certs" in text for text in own_result["warnings"])


def test_it_sends_what_the_module_would_and_the_module_goes_on_from_there(service: t.Any, given: t.Any) -> None:
    first_result = run_here("job_rerun", given, check_mode=False, diff_mode=False)
    assert first_result is not None
    before = service.journal()
    assert (first_result["changed"], sum(len(entry["instances"]) for entry in before)) == (True, 6)
    after = run_module("job_rerun", given)
    assert (after["changed"], service.journal()) == (False, before)
    assert {instance["action"] for instance in after["instances"]} <= {"wait", "settling"}, "settling where a rerun does not show at once"


def test_a_pass_that_plans_and_goes_on_returns_what_two_passes_return(emulated: t.Any, tmp_path: Path) -> None:
    """Including what is learned from an earlier rerun."""
    emulated.reset(small_night(switches=FREE, jobs=[{"name": "daily", "failed": 4}], run_seconds=1))
    given = options(emulated, journal=str(tmp_path / "state"), max_parallel=1, settle_time=0)
    given["since"] = str(call("job_rerun", given)["since"])
    emulated.advance(60)
    plan = call("job_rerun", {**given, "pass_state": {"plan_only": True}})
    theirs = call("job_rerun", {**given, "pass_state": plan["pass_state"]})
    emulated.advance(60)
    shown: list[dict[str, t.Any]] = []
    both = run_here("job_rerun", {**given, "pass_state": {"plan_only": True}}, check_mode=False, diff_mode=False, planned=shown.append)
    assert both is not None
    assert [(result["pass_state"]["planned"], "instances" in result) for result in shown] == [(1, True)]
    assert {*both} == {*theirs, "job_patterns"} - {"failed"}, "names are judged with the plan"
    assert {*both["pass_state"]} == {*theirs["pass_state"]}
    assert (both["pass_state"]["planned"], both["changed"], len(emulated.journal())) == (0, True, 3)


def test_what_the_specification_refuses_is_left_to_the_module(given: t.Any) -> None:
    for change in ({"no_such_option": 1}, {"statuses": ["waiting"]}, {"attempts": "many"}, {"jobs": object()}):
        assert run_here("job_rerun", {**given, **change}, check_mode=True, diff_mode=False) is None


def test_no_secret_leaves_it(given: t.Any) -> None:
    result = run_here("job_rerun", {**given, "jobs": [SECRET_KEY]}, check_mode=True, diff_mode=True)
    assert result is not None
    assert re.search(r"\b[Jj]ob (VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|\*{8})", result["msg"])
    assert SECRET_KEY not in repr(result)


@pytest.mark.parametrize("apart", [False, True])
def test_a_secret_of_one_letter_hides_no_words(given: t.Any, apart: bool) -> None:
    """A copying mistake: if every e were masked, the message would be unreadable, and the gaps would reveal the letter."""
    wrong = {**given, "secret_key": "e"}
    result = run_module("job_rerun", wrong) if apart else run_here("job_rerun", wrong, check_mode=True, diff_mode=False)
    assert result is not None
    assert "Incorrect IAM authentication information: verify signature fail" in result["msg"]
    assert "********" not in repr(result)
    shown = (result.get("invocation") or {}).get("module_args", {})
    assert shown.get("secret_key", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER") == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


@pytest.mark.long
def test_a_play_starts_the_module_where_it_has_an_environment_of_its_own(service: t.Any, given: t.Any, tmp_path: Path) -> None:
    given["jobs"] = "{{ names }}"
    tasks = [
        {"name": "direct", "dataarts.factory.job_rerun": given},
        {"name": "apart", "dataarts.factory.job_rerun": given, "environment": {"ANY": "thing"}},
    ]
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}
    # names that are templates: a module must get them as JSON after all are resolved
    names = {"names": ["{{ kind }}_sales", "hourly_{{ thing }}"], "kind": "daily", "thing": "stock"}
    play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **names}
    outcome = Ansible(tmp_path).written_playbook([play], "-vvv", "--check").succeeded()
    assert outcome.stdout.count("Using module file") == 1
    first, second = (result.result for result in outcome.of("job_rerun"))
    assert first["instances"] == second["instances"]
    assert {instance["job_name"] for instance in first["instances"]} == {"daily_sales", "hourly_stock"}
    assert "Certificates are not verified" in outcome.output


@pytest.mark.long
def test_a_relative_path_means_the_same_with_a_process_and_without(service: t.Any, given: t.Any, tmp_path: Path) -> None:
    """It is relative to the folder in which the command was started, not to the playbook. Two journals would cause two reruns."""
    arguments = {**given, "journal": "journal.db", "wait": False}
    tasks = [
        {"name": "direct", "dataarts.factory.job_rerun": arguments},
        {"name": "apart", "dataarts.factory.job_rerun": arguments, "environment": {"ANY": "thing"}},
    ]
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    ansible = Ansible(tmp_path)
    ansible.run("ansible-playbook", folder / "play.yml").succeeded()
    assert list(tmp_path.rglob("journal.db")) == [tmp_path / "journal.db"]
