# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why instances failed, over all workspaces: in the closing lines, the three forms of the report, and the statistics of a play."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data, junit, page, plain, summary
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.causes import failure_words
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.closing import summary_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from tests.support.reports import SINCE, check_json, check_junit, instance, result


def failed(number: int, reason: str, standing: str = "failed_again", **changes: t.Any) -> dict[str, t.Any]:
    failure = {
        "node": "load_orders",
        "node_type": "DLI SQL",
        "retries": 2,
        "message": reason.replace("…", str(number)),
        "reason": reason,
        "log_path": f"obs://b/{number}.log",
        "read": True,
    }
    return instance(number, standing, failure={**failure, **changes}, policy=None)


TABLE, RIGHT = "table … not found", "<b>{{ no permission }}</b> for …"
HOSTS = {
    "sales": result([failed(1, TABLE), failed(2, TABLE, "succeeded"), failed(3, RIGHT, node="copy", node_type="OBS Manager")]),
    "supply": result([failed(4, TABLE), instance(5)]),
}


def report(hosts: t.Mapping[str, t.Any] | None = None, *, check_mode: bool = False) -> dict[str, t.Any]:
    return data.build_report(HOSTS if hosts is None else hosts, {}, data.ReportContext(Command(), SINCE, check_mode))


def test_the_report_has_the_reasons_of_all_workspaces() -> None:
    made = report()
    assert [(cause["text"], cause["count"], cause["broken"], cause["workspaces"]) for cause in made["reasons"]] == [
        (f"3 × node load_orders (DLI SQL): {TABLE}", 3, 2, 1),
        (f"1 × node copy (OBS Manager): {RIGHT.replace('…', '3')}", 1, 1, 1),
    ]
    run = {"user": "jane", "controller": "ctl", "playbook": "p", "ansible_version": "2.19", "awx_job_id": None}
    check_json({**made, "run": run})


def test_rows_of_one_reason_stand_together_under_what_they_share() -> None:
    both = {"sales": result([failed(1, TABLE)]), "supply": result([failed(4, TABLE)])}
    lines = [line.text for line in summary_lines(report(both))]
    assert not any("Why" in line for line in lines)
    assert [line for line in lines if line.startswith("  node")] == [f"  node load_orders (DLI SQL): {TABLE}"]
    alone = [line.text for line in summary_lines(report({"supply": both["supply"]}))]
    assert "  node load_orders (DLI SQL): table 4 not found" in alone


def test_a_plan_says_why_what_it_reruns_failed() -> None:
    plan = {"sales": result([failed(number, f"reason {chr(97 + number % 7)}", "to_rerun") for number in range(14)], check_mode=True)}
    shown = [line.text for line in summary_lines(report(plan, check_mode=True))]
    begin = shown.index("Why they failed:")
    assert shown[begin + 1] == "  2 × node load_orders (DLI SQL): reason a"
    assert shown[begin + 6] == "  4 × 2 other reasons"


@pytest.mark.parametrize("reasons", [1, 2])
def test_a_reason_is_told_with_how_many_workspaces_have_it(reasons: int) -> None:
    reason = f"partition not found: {'see the log of the node ' * 4}and ask its owner"
    planned = [failed(number, text, "to_rerun") for number, text in enumerate([reason, TABLE][:reasons])]
    there = {"sales": result(planned, check_mode=True), "supply": result([{**planned[0], "workspace_id": "ws2"}], check_mode=True)}
    lines = {verbose: [line.text for line in summary_lines(report(there, check_mode=True), verbose=verbose)] for verbose in (False, True)}
    (row,) = (line for line in lines[False] if "2 × node load_orders (DLI SQL): partition" in line)
    assert row.endswith("…, in 2 workspaces")
    assert f"2 × node load_orders (DLI SQL): {reason}, in 2 workspaces" in " ".join(map(str.strip, lines[True]))
    assert max(map(len, [*lines[False], *lines[True]])) <= COLUMNS


@pytest.mark.parametrize(("language", "line"), [("en", "Why they failed: 1 × "), ("zh", "失败原因：1 × ")])
def test_a_single_reason_stands_behind_its_heading(language: str, line: str) -> None:
    plan = report({"sales": result([failed(1, TABLE, "to_rerun")], check_mode=True)}, check_mode=True)
    assert any(shown.text.startswith(line) for shown in summary_lines(plan, language=language))


def test_without_a_reason_nothing_is_said() -> None:
    made = report({"sales": result([instance(1, "failed_again"), instance(2)])})
    assert made["reasons"] == []
    assert not any("Why" in line.text for line in summary_lines(made))
    assert "Why instances failed" not in plain.report_without_script(made)


def test_the_page_shows_them_as_text_with_and_without_its_script() -> None:
    text = plain.report_without_script(report())
    assert "Why instances failed" in text
    assert "&lt;b&gt;{{ no permission }}&lt;/b&gt; for …" in text
    assert "<b>" not in text.replace("<bdi>", "")
    (embedded,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.page(report()), re.DOTALL)
    assert [cause["reason"] for cause in json.loads(embedded)["reasons"]] == [TABLE, RIGHT]


def test_junit_names_the_node() -> None:
    document = junit.junit(report())
    check_junit(document)
    assert "node load_orders (DLI SQL): table 1 not found" in document.decode()


def test_statistics_hold_no_character_of_a_template() -> None:
    (table, right) = summary.summarize(HOSTS)["reasons"]
    assert table == {
        "count": 3,
        "broken": 2,
        "jobs": 1,
        "workspaces": 1,
        "reason": "table ? not found",
        "nodes": ["load_orders"],
        "node_types": ["DLI SQL"],
    }
    assert not set(str(right["reason"])) & set("{}%#<>")


@pytest.mark.parametrize(
    ("failed_instance", "words"),
    [
        ({"failure": None, "error_message": None}, ""),
        ({"error_message": "boom"}, "boom"),
        ({"failure": {"node": "n", "node_type": "Shell", "message": "bang"}, "error_message": "boom"}, "node n (Shell): bang"),
        ({"failure": {"node": "n", "node_type": None, "message": None}, "error_message": "boom"}, "node n: boom"),
        ({"failure": {"node": None, "node_type": None, "message": None}}, ""),
    ],
)
def test_one_failure_in_words(failed_instance: dict[str, t.Any], words: str) -> None:
    assert failure_words(failed_instance) == words


def test_what_a_policy_left_out_has_a_remedy_of_its_own() -> None:
    left = {"option": "never_rerun_reasons", "pattern": "table", "read": True}
    blocked = [{**failed(number, TABLE, "blocked"), "policy": left} for number in (1, 2)]
    (step,) = report({"sales": result(blocked)})["workspaces"][0]["next_steps"]
    assert step["text"] == "What never_rerun_reasons left out: correct the cause, then rerun it without the pattern."
    (step,) = report({"sales": result([*blocked, instance(3, "blocked")])})["workspaces"][0]["next_steps"]
    assert step["text"].startswith("What never_rerun_reasons left out: ")
    assert "Confirm or continue them in the console" in step["text"]
