# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report for the steps of a night: what each adds, what is passed on, and inputs that are not reports."""

from __future__ import annotations

import base64
import json
import typing as t
import zlib

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data, night
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.page import page
from tests.support.reports import SINCE, check_json, instance, result


def report(standings: t.Sequence[str], *, check_mode: bool = False, hosts: t.Sequence[str] = ("sales",)) -> dict[str, t.Any]:
    run = {"user": "lin", "controller": "c", "playbook": "p", "ansible_version": "2.19.0", "awx_job_id": "7"}
    context = data.ReportContext(Command(), SINCE + 1000, check_mode=check_mode, run=run)
    instances = [instance(number, name) for number, name in enumerate(standings)]
    return data.build_report({host: result(instances, check_mode=check_mode) for host in hosts}, {}, context)


PLAN = report(["to_rerun"] * 3, check_mode=True)
RERUN = report(["succeeded"] * 3)
RECHECK = report(["already_done"] * 3, check_mode=True)
LEFT = report(["to_rerun", "already_done"], check_mode=True)


def steps(*given: tuple[dict[str, t.Any], str]) -> night.Night:
    """The night of these steps, each of which gets the text of the previous one."""
    passed: t.Any = None
    for number, (step, line) in enumerate(given):
        last = night.joined(step, [line], passed)
        if number:
            check_json(last.report)
        passed = night.handed_on(last)
    return last


def test_the_recheck_keeps_the_report_of_the_rerun() -> None:
    whole = steps((PLAN, "3 would be rerun"), (RERUN, "All <3> succeeded"), (RECHECK, "Nothing to rerun"))
    assert [(step["step"], step["text"]) for step in whole.steps] == [
        ("plan", "3 would be rerun"),
        ("rerun", "All <3> succeeded"),
        ("recheck", "Nothing to rerun"),
    ]
    assert (whole.report["headline"], whole.report["check_mode"]) == ("All 3 instances succeeded", False)
    assert len(whole.report["workspaces"][0]["instances"]) == 3
    shown = page(whole.report)
    assert shown.index(">Plan</span>, ") < shown.index(">Rerun</span>, ") < shown.index(">Recheck</span>, ")
    assert "All &lt;3&gt; succeeded" in shown


def test_a_recheck_that_finds_something_says_so_in_the_headline() -> None:
    whole = steps((PLAN, ""), (RERUN, ""), (LEFT, ""))
    assert whole.report["headline"] == "All 3 instances succeeded; recheck: 1 instance would be rerun in 1 workspace"
    assert whole.report["succeeded"] is False


def test_a_rerun_that_left_nothing_behind_leaves_the_recheck_its_own_report() -> None:
    whole = steps((PLAN, ""), (LEFT, ""))
    assert [step["step"] for step in whole.steps] == ["plan", "recheck"]
    assert whole.report["headline"] == "1 instance would be rerun in 1 workspace"


def test_one_run_has_no_steps_and_the_same_report() -> None:
    alone = night.joined(RERUN, ["x"], None)
    assert alone.report == RERUN
    assert "<section class=night>" not in page(alone.report)


def test_a_night_keeps_its_name_and_others_have_others() -> None:
    name = steps((PLAN, "")).name
    assert steps((PLAN, ""), (RERUN, ""), (RECHECK, "")).name == name
    assert night.joined(report(["succeeded"], hosts=("supply",)), [], None).name != name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzTZ0123456789-")


def test_what_is_handed_on_is_short_and_no_yaml_but_text() -> None:
    many = report(["failed_again"] * 3 + ["succeeded"] * 9000)
    for number, entry in enumerate(many["workspaces"][0]["instances"]):
        entry["request_id"] = base64.b64encode(zlib.compress(str(number * 7919).encode())).decode()
    text = night.handed_on(night.joined(many, ["x" * 9000], None))
    assert 0 < len(text) <= night.HANDED_ON
    assert yaml.safe_load(text) == text
    kept = night.read(text)
    assert kept is not None
    (workspace,) = kept.report["workspaces"]
    assert [entry["standing"] for entry in workspace["instances"][:3]] == ["failed_again"] * 3
    assert f"{9003 - len(workspace['instances']):,} more instances were" in workspace["problems"][-1]
    assert len(kept.steps[0]["text"]) == 4000


def packed(value: t.Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


@pytest.mark.parametrize(
    "passed",
    [None, "", "x", 5, [], {"a": 1}, "eJ", packed([]), packed({"name": "n", "steps": [], "report": {}}), packed({"name": "n", "steps": 5}),
     packed({"name": "n", "steps": [{}], "report": RERUN}), base64.b64encode(b"not compressed").decode()],
)  # fmt: skip
def test_what_is_not_a_report_begins_a_night(passed: t.Any) -> None:
    assert night.read(passed) is None
    assert night.joined(PLAN, [], passed).steps[0]["step"] == "plan"


def test_a_name_that_was_passed_leads_nowhere_else() -> None:
    other = night.read(packed({"name": "../../x?y#z/\u00e9", "steps": [], "report": RERUN}))
    assert other is not None
    assert other.name == "xyz"
