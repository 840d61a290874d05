# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that look up jobs, workspaces and dependencies; and error messages of all modules."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.documented import check_documented
from tests.support.logic import call
from tests.support.playbook import SUPPORT, TREE, module_process, run_module
from tests.support.scenarios import (
    ACCESS_KEY,
    BOTH,
    FREE,
    OPEN,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    STUDIO_ID,
    USER_NAME,
    USER_PASSWORD,
    V1,
    V2,
    WORKSPACE_ID,
    WORKSPACE_NAME,
    small_night,
)
from tests.support.workspace import options

#: Switches that the lookup of dependencies needs.
DEPEND = {**V2, "depend_open": True}
CHAIN = [
    {"name": "load", "succeeded": 1},
    {"name": "daily_sales", "failed": 1, "depends_on": ["load"]},
    {"name": "report", "depends_on": ["daily_sales"], "instances": [{"plan_time": "-30m", "status": "waiting"}]},
]


def account(service: t.Any, **changes: t.Any) -> dict[str, t.Any]:
    """Options without a workspace."""
    return {name: value for name, value in options(service, **changes).items() if name not in ("workspace_id",)}


# job_info


@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (None, ["daily_sales", "hourly_stock", "weekly_report"]),
        (["daily_sales"], ["daily_sales"]),
        (["*ly_s*"], ["daily_sales", "hourly_stock"]),
        (["weekly_report", "daily_sales"], ["daily_sales", "weekly_report"]),
    ],
)
def test_jobs_are_listed_by_name_or_pattern(service: t.Any, api_version: str, jobs: list[str] | None, expected: list[str]) -> None:
    service.set(**OPEN[api_version])
    result = call("job_info", options(service, jobs=jobs, api_version=api_version))
    assert (result["failed"], result["changed"]) == (False, False)
    assert [job["name"] for job in result["jobs"]] == expected
    assert result["total"] == len(expected)
    assert all("detail" not in job for job in result["jobs"])


def test_a_definition_is_read_if_asked_for(service: t.Any) -> None:
    service.set(**BOTH)
    result = call("job_info", options(service, jobs=["daily_*"], detail=True))
    detail = result["jobs"][0]["detail"]
    assert detail["name"] == "daily_sales"
    assert [node["name"] for node in detail["nodes"]]
    assert result["api_versions"] == {"jobs": "v2", "job": "v1"}


def test_a_job_that_does_not_exist_is_an_error(service: t.Any) -> None:
    result = call("job_info", options(service, jobs=["daily_sales", "no_such_job"]))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert "no_such_job" in result["msg"]
    assert "daily_sales" not in result["msg"]


@pytest.mark.parametrize(
    ("jobs", "cause", "hint"),
    [
        (["daily_slaes"], "no batch job matches daily_slaes", "Did you mean daily_sales?"),
        (["dayly_*", "weekly_report"], "no batch job matches dayly_*", "Did you mean daily_sales?"),
        (["x*"], "no batch job matches x*", "Check the names of the jobs"),
    ],
)
def test_a_job_or_pattern_that_matches_nothing_fails_with_a_suggestion(service: t.Any, jobs: list[str], cause: str, hint: str) -> None:
    result = call("job_info", options(service, jobs=jobs))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert f"{cause}. " in result["msg"]
    assert hint in result["msg"]


def test_a_workspace_without_jobs_is_listed(service: t.Any) -> None:
    service.reset(small_night(jobs=[], switches=FREE))
    assert call("job_info", options(service))["total"] == 0


# workspace_info


def test_workspaces_and_studio_instances_are_listed(service: t.Any) -> None:
    result = call("workspace_info", account(service))
    assert [instance["studio_instance_id"] for instance in result["studio_instances"]] == [STUDIO_ID]
    assert result["studio_instances"][0]["usable"] is True
    assert [(workspace["workspace_id"], workspace["name"], workspace["studio_instance_id"]) for workspace in result["workspaces"]] == [
        (WORKSPACE_ID, WORKSPACE_NAME, STUDIO_ID)
    ]
    assert (result["total"], result["changed"]) == (1, False)


@pytest.mark.parametrize("names", [["sal*"], ["sales"], ["*"], ["**"], ["sales", "s*"]])
def test_workspaces_are_filtered_by_name(service: t.Any, names: list[str]) -> None:
    result = call("workspace_info", account(service, names=names))
    assert (result["failed"], result["total"]) == (False, 1)


@pytest.mark.parametrize(
    ("names", "unmatched", "suggested", "total"),
    [
        (["finance"], "finance", "", 0),
        (["fin*"], "fin*", "", 0),
        (["saels"], "saels", "Did you mean sales? ", 0),
        (["Sales"], "Sales", "Did you mean sales? ", 0),
        (["slaes*", "sales"], "slaes*", "Did you mean sales? ", 1),
        (["sales", "x", "y*"], "x, y*", "", 1),
    ],
)
def test_a_name_that_no_workspace_has_fails(service: t.Any, names: list[str], unmatched: str, suggested: str, total: int) -> None:
    result = call("workspace_info", account(service, names=names))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert result["msg"].endswith(
        f": no workspace matches {unmatched}. {suggested}Check the names of the workspaces, the region and the project."
    )
    assert (result["total"], len(result["workspaces"])) == (total, total), "what was found is not lost"


def test_a_studio_instance_named_by_its_id_needs_no_list_of_them(service: t.Any) -> None:
    result = call("workspace_info", account(service, studio_instance_ids=[STUDIO_ID]))
    assert (result["total"], result["studio_instances"], result["requests"]) == (1, [], {"GET": 1})


def test_the_project_is_found_by_the_regions_name(service: t.Any) -> None:
    assert call("workspace_info", account(service, project_id=None))["workspaces"][0]["project_id"] == PROJECT_ID


# job_dependency_info


def test_the_jobs_next_to_a_job(service: t.Any) -> None:
    service.reset(small_night(switches={**FREE, **DEPEND}, jobs=CHAIN))
    related = call("job_dependency_info", options(service, job_name="daily_sales"))
    assert {(job["job_name"], job["relation"]) for job in related["related_jobs"]} == {("load", "parent"), ("report", "child")}
    parents = call("job_dependency_info", options(service, job_name="daily_sales", relation="parent"))
    assert [job["job_name"] for job in parents["related_jobs"]] == ["load"]
    assert (parents["total"], parents["api_versions"]) == (1, {"depend": "v2"})


def test_the_instances_around_an_instance(service: t.Any) -> None:
    service.reset(small_night(switches={**FREE, **DEPEND}, jobs=CHAIN))
    first = str(service.instances("load")[0]["instance_id"])
    near = call("job_dependency_info", options(service, instance_id=first, relation="child"))
    far = call("job_dependency_info", options(service, instance_id=first, relation="child", depth=50))
    assert {instance["job_name"] for instance in near["instances"]} == {"daily_sales"}
    assert {instance["job_name"] for instance in far["instances"]} == {"daily_sales", "report"}
    assert near["instances"][0]["workspace_name"] == WORKSPACE_NAME


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "job_name and instance_id"),
        ({"job_name": "a", "instance_id": "1"}, "job_name and instance_id"),
        ({"instance_id": "1", "depth": 0}, "depth"),
        ({"instance_id": "1", "depth": 51}, "depth"),
        ({"job_name": "a", "depth": 2}, "depth"),
        ({"job_name": "a", "latest": False}, "latest"),
        ({"instance_id": "1", "relation": "sibling"}, "relation"),
        ({"instance_id": "../../x"}, ""),
    ],
)
def test_dependency_options_are_refused(service: t.Any, changes: dict[str, t.Any], named: str) -> None:
    result = call("job_dependency_info", options(service, **changes))
    assert result["failed"]
    assert named in result["msg"]
    assert not [request for request in service.requests() if request["status"] == 200]


def test_where_dependencies_are_not_published_the_message_says_so(service: t.Any) -> None:
    service.set(depend_open=False)
    result = call("job_dependency_info", options(service, job_name="daily_sales"))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_published")


# Error messages of all modules

#: Module to the options that it needs to send requests.
LEAST: dict[str, dict[str, t.Any]] = {
    "job_rerun": {},
    "job_instance_retry": {
        "job_name": "daily_sales",
        "task_retrys": [{"job_id": 917567, "plan_time": 1732601580000, "submit_time": 1732239754684}],
    },
    "job_instance_info": {},
    "job_info": {},
    "workspace_info": {"workspace_id": None},
    "job_dependency_info": {"job_name": "daily_sales"},
    "job_instance_stop": {"job_name": "daily_sales", "instance_ids": ["500001"]},
    "job_run": {"job_name": "daily_sales", "run_key": "night"},
    "job_schedule": {"state": "paused", "jobs": ["daily_sales"]},
}

#: Module to the switches that it needs.
NEEDS: dict[str, dict[str, t.Any]] = {"job_dependency_info": DEPEND, "job_instance_stop": V1, "job_run": V1, "job_schedule": V1}


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """An address on which nothing listens, reserved while it is used."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


def check_failure(result: dict[str, t.Any], kind: str, place: str) -> None:
    """Check that the message has verb, object, place, cause and remedy in one line, and no secret or traceback."""
    text = json.dumps(result)
    assert result["failed"], result
    assert result["error"]["kind"] == kind, result["msg"]
    assert re.match(r"Failed to [a-z]+( up)? [\w ]+ of ", result["msg"]), result["msg"]
    assert place in result["msg"]
    assert "\n" not in result["msg"]
    assert result["error"]["hint"]
    assert result["error"]["hint"].rstrip(".") in result["msg"]
    assert "Traceback" not in text
    assert SECRET_KEY not in text


@pytest.mark.parametrize("name", list(LEAST))
@pytest.mark.parametrize("wrong", ["key", "unreachable", "clock", "no_json", "html"])
def test_each_module_ends_with_one_clear_message(service: t.Any, tmp_path: Path, name: str, wrong: str) -> None:
    service.set(**NEEDS.get(name, {}))
    given = options(service, **{"max_retries": 0, **LEAST[name]})
    if name in ("job_rerun", "job_instance_retry", "job_instance_stop", "job_run", "job_schedule"):
        given["journal"] = str(tmp_path / "state")
    place = PROJECT_ID if name == "workspace_info" else WORKSPACE_ID
    if wrong == "key":
        check_failure(call(name, {**given, "secret_key": "not-the-right-one"}), "credentials", place)
    elif wrong == "unreachable":
        with closed_port() as address:
            check_failure(call(name, {**given, "endpoint": address, "endpoint_v1": address}), "unreachable", place)
    elif wrong == "clock":
        service.set(clock_skew_seconds=20 * 60)
        check_failure(call(name, given), "clock", place)
    else:
        service.inject({"route": "*", "kind": "malformed", "text": "<html>proxy" if wrong == "html" else "{", "times": 50})
        check_failure(call(name, given), "bad_answer", place)
    assert service.journal() == []


@pytest.mark.parametrize("name", ["job_rerun", "job_instance_info"])
def test_other_kinds_of_credentials_work_from_the_environment(service: t.Any, name: str) -> None:
    given = options(service, access_key=None, secret_key=None, project_id=None, region=None)
    env = {"HW_REGION_NAME": REGION, "HW_ACCESS_KEY": ACCESS_KEY, "HW_SECRET_KEY": SECRET_KEY, "HW_PROJECT_ID": PROJECT_ID}
    result = run_module(name, given, env=env, check=True)
    assert not result.get("failed"), result["msg"]
    assert SECRET_KEY not in json.dumps(result)


def test_a_secret_of_the_environment_is_masked_even_where_the_service_repeats_it(service: t.Any) -> None:
    given = options(service, access_key=None, secret_key=None)
    env = {"HW_ACCESS_KEY": ACCESS_KEY, "HW_SECRET_KEY": SECRET_KEY}
    service.inject(
        {"route": "*", "kind": "status", "status": 400, "code": "DLF.3051", "message": f"no such thing as {SECRET_KEY}", "times": 9}
    )
    outcome = module_process("job_info", given, env=env)
    assert outcome.rc == 1
    assert SECRET_KEY not in outcome.output


def test_a_user_and_password_are_exchanged_for_a_token(service: t.Any) -> None:
    given = options(service, access_key=None, secret_key=None, user_name=USER_NAME, user_password=USER_PASSWORD, domain_name="acme")
    result = call("job_info", given)
    assert result["total"] == 3
    assert USER_PASSWORD not in json.dumps(result)


def test_without_requests_the_message_names_the_library_and_the_interpreter(service: t.Any) -> None:
    code = "import runpy, sys; sys.modules['requests'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    arguments = {"ANSIBLE_MODULE_ARGS": {**options(service), "_ansible_version": "2.16.0"}}
    done = subprocess.run(
        [sys.executable, "-c", code, str(SUPPORT / "module_process.py"), "job_info"],
        input=json.dumps(arguments),
        env={"PYTHONPATH": str(TREE), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    result = json.loads(done.stdout)
    assert (result["failed"], result["error"]["kind"]) == (True, "import")
    assert "requests" in result["msg"]
    assert sys.executable in result["msg"]
    assert "Traceback" not in done.stdout + done.stderr
    assert service.requests() == []


# Results match the documentation


@pytest.mark.parametrize("name", list(LEAST))
def test_every_key_of_a_result_is_documented(service: t.Any, tmp_path: Path, name: str) -> None:
    module = __import__(f"ansible_collections.dataarts.factory.plugins.modules.{name}", fromlist=["RETURN"])
    documented = yaml.safe_load(module.RETURN)
    service.set(**NEEDS.get(name, {}))
    given = options(service, **LEAST[name])
    if name in ("job_rerun", "job_instance_retry", "job_instance_stop", "job_run", "job_schedule"):
        given["journal"] = str(tmp_path / "state")
    if name == "job_instance_retry":
        given["task_retrys"] = [
            {key: instance[key] for key in ("job_id", "plan_time", "submit_time")} for instance in service.instances("daily_sales")
        ]
    if name == "job_info":
        service.set(**V1)
        given["detail"] = True
    result = call(name, given)
    assert not result["failed"], result["msg"]
    check_documented(
        {key: value for key, value in result.items() if key not in ("changed", "failed", "warnings", "diff")}, documented, name
    )
    broken = call(name, {**given, "secret_key": "wrong"})
    check_documented({"error": broken["error"]}, documented, name)
