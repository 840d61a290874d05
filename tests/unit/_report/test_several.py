# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several workspaces of one host: each has its own entry, and commands name both workspace and host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.data import ReportContext, build_report
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.go_on import go_on_step
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.registered import workspaces_of
from tests.support.reports import SINCE, check_json, instance, result

FAILED = {"failed": True, "msg": "Failed to rerun anything: no credentials."}


def of(workspace_id: str, standing: str = "failed_again", **more: t.Any) -> dict[str, t.Any]:
    return {**result([instance(1, standing)]), "workspace_id": workspace_id, "msg": f"about {workspace_id}", **more}


#: What the variable holds, and what each of its workspaces is called, with the message of its entry.
CASES: dict[str, tuple[dict[str, t.Any], dict[str, str]]] = {
    "one": (of("a"), {"localhost": "about a"}),
    "nothing": ({}, {"localhost": ""}),
    "a loop over the role": ({**of("c"), "others": {"a": of("a"), "b": of("b")}}, {"a": "about a", "b": "about b", "c": "about c"}),
    "the last refused before its workspace was known": (
        {**FAILED, "others": {"a": of("a")}},
        {"a": "about a", "localhost (2)": str(FAILED["msg"])},
    ),
    "a loop over the task": ({"results": [of("a"), of("b")], "changed": True}, {"a": "about a", "b": "about b"}),
    "a loop with one item": ({"results": [of("a")]}, {"localhost": "about a"}),
    "a loop without items": ({"results": []}, {"localhost": ""}),
    "a loop with an item that was skipped": ({"results": [of("a"), {"skipped": True}, of("b")]}, {"a": "about a", "b": "about b"}),
    "a loop with an item that failed": ({"results": [of("a"), FAILED]}, {"a": "about a", "localhost (2)": str(FAILED["msg"])}),
    "a loop over jobs of one workspace": ({"results": [of("a"), of("a", msg="more")]}, {"a": "about a", "a (2)": "more"}),
}


@pytest.mark.parametrize(("kept", "expected"), CASES.values(), ids=CASES)
def test_each_workspace_has_an_entry(kept: dict[str, t.Any], expected: dict[str, str]) -> None:
    entries = workspaces_of("localhost", kept)
    assert {name: entry.get("msg", "") for name, entry in entries.items()} == expected
    several = len(entries) > 1
    assert all(entry.get("inventory_host") == ("localhost" if several else None) for entry in entries.values())
    # A workspace of a host that stands for several has no plan to approve.
    assert all(("plan_id" in entry) is not several for entry in entries.values() if "instances" in entry)


def test_commands_name_the_host_once_and_the_workspace() -> None:
    results = workspaces_of("localhost", {**of("b", "rejected"), "others": {"a": of("a")}})
    run = {"user": "operator", "controller": "here", "playbook": "own.yml", "ansible_version": "2.19.0", "awx_job_id": None}
    report = build_report(results, {}, ReportContext(Command(), SINCE + 1, run=run))
    check_json(report)
    for entry, name in zip(report["workspaces"], ("a", "b"), strict=True):
        assert (entry["host"], entry["workspace_id"], entry["inventory_host"]) == (name, name, "localhost")
        (step,) = entry["next_steps"]
        assert "--limit localhost -e" in step["command"]
        assert f"-e dataarts_workspace_id={name} " in step["command"]
    step = go_on_step(report, Command())
    assert step is not None
    assert "--limit localhost" in step["command"]
    assert "workspace_id" not in step["command"]
