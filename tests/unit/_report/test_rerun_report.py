# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: numbers, texts, commands to go on, the page's data, the JUnit file, and complete files."""

from __future__ import annotations

import dataclasses
import fnmatch
import html
import json
import re
import shlex
import typing as t
from datetime import datetime

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import AttemptKind
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import job_pattern
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.closing import summary_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.junit import junit
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.overview import action_word
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.page import page
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.plain import report_without_script
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import say, translated
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import counts, passes
from tests.support.reports import SINCE, STANDINGS, check_json, check_junit, earlier, instance, result

COMMAND = Command(inventories=("/etc/inventory",), vault=("--ask-vault-pass",), variables={"dataarts_attempts": 2})
WRITTEN = SINCE + 140_000
HERE = str(instance(0)["workspace_id"])
ONE_PAUSED = "{n} job is still paused: nothing schedules it.|{n} jobs are still paused: nothing schedules them."
NO_RESULT: dict[str, t.Any] = {"succeeded": False, "msg": "Failed to rerun anything: no credentials."}


def reported(hosts: t.Mapping[str, t.Mapping[str, t.Any]], command: Command = COMMAND, *, check_mode: bool = False) -> dict[str, t.Any]:
    run = {"user": "operator", "controller": "controller", "playbook": command.playbook, "ansible_version": "2.19.0", "awx_job_id": None}
    report = data.build_report(hosts, {"lost": "ws-lost"}, data.ReportContext(command, SINCE + 140_000, check_mode=check_mode, run=run))
    check_json(report)
    return report


def some(check_mode: bool = False, **standings: int) -> dict[str, t.Any]:
    """The result of a workspace with the given number of instances for each standing."""
    named = [name for name, number in standings.items() for dummy in range(number)]
    return result([instance(number, name) for number, name in enumerate(named)], check_mode=check_mode)


@pytest.mark.parametrize(
    ("hosts", "check_mode", "headline", "succeeded"),
    [
        ({"a": some(succeeded=3), "b": some(succeeded=1, already_done=2)}, False, "All 4 instances succeeded", True),
        ({"a": some(succeeded=1)}, False, "The instance succeeded", True),
        ({"a": some(already_done=2)}, False, "Nothing to rerun", True),
        ({"a": some(succeeded=3), "b": some(failed_again=1)}, False, "1 of 4 instances is still broken", False),
        ({"a": some(succeeded=1, rejected=1, running=2, unknown=1)}, False, "2 of 5 instances are still broken, 2 in progress", False),
        ({"a": some(succeeded=1), "b": some(waiting=1)}, False, "1 of 2 instances is still in progress", True),
        ({"a": some(succeeded=2), "lost": {}}, False, "1 workspace could not be worked on; elsewhere all 2 instances succeeded", False),
        ({"a": some(succeeded=2), "b": {**some(to_rerun=3), "succeeded": False}}, False, "3 of 5 instances are still broken", False),
        ({"a": {**some(already_done=1), "succeeded": False}}, False, "1 of 1 workspace did not succeed", False),
        (
            {"a": some(True, to_rerun=2), "b": some(True, to_rerun=1, already_done=3)},
            True,
            "3 instances would be rerun in 2 workspaces",
            True,
        ),
        ({"a": some(True, already_done=3)}, True, "Nothing to rerun", True),
        ({}, False, "Nothing to rerun", True),
    ],
)
def test_the_headline_says_it_all(hosts: dict[str, t.Any], check_mode: bool, headline: str, succeeded: bool) -> None:
    report = reported(hosts, check_mode=check_mode)
    assert (report["headline"], report["succeeded"]) == (headline, succeeded)


def test_the_numbers_are_those_of_the_recaps() -> None:
    hosts = {"a": some(False, **dict.fromkeys(STANDINGS, 2)), "b": some(succeeded=5), "lost": NO_RESULT}
    report = reported(hosts)
    for name in report["workspaces"][0]["counts"]:
        assert report["totals"][name] == hosts["a"]["recap"][name] + hosts["b"]["recap"][name]
    for name in STANDINGS:
        listed = [instance for workspace in report["workspaces"] for instance in workspace["instances"] if instance["standing"] == name]
        assert len(listed) == report["totals"].get(name, 2)
    assert report["totals"]["selected"] == 2 * len(STANDINGS) + 5
    assert [workspace["state"] for workspace in report["workspaces"]] == ["broken", "succeeded", "no_result"]
    assert [workspace["workspace_id"] for workspace in report["workspaces"]][2] == "ws-lost"
    assert report["workspaces"][2]["counts"] is None


def test_what_is_broken_comes_first() -> None:
    (workspace,) = reported({"a": some(already_done=1, succeeded=1, unknown=1, running=1, failed_again=1)})["workspaces"]
    assert [instance["standing"] for instance in workspace["instances"]] == [
        "failed_again",
        "unknown",
        "running",
        "succeeded",
        "already_done",
    ]


def given(way: dict[str, t.Any]) -> tuple[list[str], dict[str, t.Any]]:
    """The words of a next step's command, and its extra variables, with times as epoch ms."""
    words, variables = shlex.split(way["command"]), {}
    while "-e" in words:
        at = words.index("-e")
        _e, extra = words[at : at + 2]
        del words[at : at + 2]
        if extra.startswith("{"):
            variables.update(json.loads(extra))
        else:
            name, _equals, value = extra.partition("=")
            variables[name] = round(datetime.fromisoformat(value).timestamp() * 1000)
    return words, variables


@pytest.mark.parametrize(
    ("standing", "way", "check", "later"),
    [
        ("failed_again", "failed_again", False, True),
        ("rejected", "rejected", False, True),
        ("blocked", "blocked", False, False),
        ("skipped", "skipped", False, False),
        ("unknown", "unknown", True, False),
        ("running", "in_progress", False, False),
        ("waiting", "in_progress", False, False),
        ("to_rerun", "unsent", False, False),
    ],
)
def test_each_trouble_has_its_way_on(standing: str, way: str, check: bool, later: bool) -> None:
    broken = instance(7, standing)
    (step,) = reported({"a": result([broken, instance(8)])})["workspaces"][0]["next_steps"]
    assert (step["standing"], step["instances"], step["limit"]) == (way, 1, "a")
    words, variables = given(step)
    expected = ["ansible-playbook", "dataarts.factory.rerun", "-i", "/etc/inventory", "--ask-vault-pass", "--limit", "a"]
    assert words == expected + ["--check"] * check
    assert variables.pop("dataarts_attempts") == 2
    since = variables.pop("dataarts_since")
    # A new run begins after all times of the last one; going on with the last one needs the same since.
    assert since > max(broken[name] or 0 for name in ("start_time", "end_time", "sent_time")) if later else since == SINCE
    assert variables == {
        "dataarts_jobs": ["daily_sales"],
        "dataarts_planned_after": broken["plan_time"],
        "dataarts_planned_before": broken["plan_time"],
    }


def test_a_workspace_that_was_not_worked_on_has_one_too() -> None:
    report = reported({"a": NO_RESULT, "b": {**NO_RESULT, "since": SINCE, "planned_after": SINCE - 5000, "planned_before": SINCE}})
    first, second = (workspace["next_steps"] for workspace in report["workspaces"])
    assert given(first[0])[1] == {"dataarts_attempts": 2, "dataarts_since": SINCE}, "the run's, so that nothing is sent twice"
    window = {"dataarts_planned_after": SINCE - 5000, "dataarts_planned_before": SINCE}
    assert given(second[0])[1] == {"dataarts_attempts": 2, "dataarts_since": SINCE, **window}


def test_where_nobody_knows_since_when_the_command_only_looks() -> None:
    (way,) = reported({"a": NO_RESULT})["workspaces"][0]["next_steps"]
    words, variables = given(way)
    assert (words[-1], variables) == ("--check", {"dataarts_attempts": 2})


def test_what_a_run_is_about_is_known_though_its_last_pass_broke_off() -> None:
    """Without since, the command would rerun what this run has sent."""
    seen = {"instances": [instance(1, "running")], "since": SINCE, "planned_after": SINCE - 5000, "planned_before": SINCE, "changed": True}
    run = passes.Passes().after(seen).after({"failed": True, "msg": "no connection", "error": {"kind": "credentials"}})
    ended = counts.final_result(run, failed=True, msg="Failed to watch", timed_out=False, elapsed=420.0)
    (workspace,) = reported({"a": ended})["workspaces"]
    assert (workspace["since"], workspace["planned_after"]) == (SINCE, SINCE - 5000)
    assert [given(way)[1]["dataarts_since"] for way in workspace["next_steps"]] == [SINCE]


@pytest.mark.parametrize("answers", [True, False])
def test_what_was_in_progress_when_the_service_answered_last_is_not_told_as_current(answers: bool) -> None:
    """wait_timeout is over while the service cannot be reached."""
    seen = {"instances": [instance(1, "running")], "since": SINCE, "changed": True, "finished": False}
    lost = {"failed": True, "msg": "no connection", "error": {"kind": "unreachable"}}
    run = passes.Passes().after(seen).after(seen if answers else lost)
    ended = counts.final_result(run, failed=True, msg="Failed", timed_out=True, elapsed=420.0)
    report = reported({"a": ended})
    assert report["workspaces"][0]["blind"] is not answers
    lines = " ".join((report["headline"], *(line.text for line in summary_lines(report))))
    assert ("last in progress" in lines) is not answers, lines


def test_what_the_service_never_reruns_has_no_command() -> None:
    (way,) = reported({"a": some(not_rerunnable=1)})["workspaces"][0]["next_steps"]
    assert (way["standing"], way["command"]) == ("not_rerunnable", None)
    quiet = result([instance(1, "not_rerunnable", status="running-exception", status_before="running-exception", broken=False)])
    assert reported({"a": {**quiet, "succeeded": True}})["workspaces"][0]["next_steps"] == []


def test_a_plan_is_held_to_what_was_shown() -> None:
    record = {"plan_record": {"options": {}, "instances": "9f86d081" * 2}}  # too long for a command
    report = reported({"a": {**some(True, to_rerun=2), **record}, "b": some(True, already_done=1)}, check_mode=True)
    words, variables = given(report["next_step"])
    assert "--limit" not in words
    assert {host: set(plan) for host, plan in variables["dataarts_plans"].items()} == {
        host: {"plan_id", "planned_after", "planned_before", "since"} for host in "ab"
    }
    assert reported({"a": some(True, already_done=1)}, check_mode=True)["next_step"] is None
    limited = reported({"a": some(True, to_rerun=2)}, dataclasses.replace(COMMAND, limit="a:&night"), check_mode=True)["next_step"]
    assert given(limited)[0][-2:] == ["--limit", "a:&night"], "the other hosts have no plan, and would fail"
    assert limited["limit"] == "a:&night"


def test_a_plan_of_many_workspaces_has_a_short_command() -> None:
    hosts = {f"workspace{number:02}": some(True, to_rerun=5) for number in range(50)}
    command = dataclasses.replace(
        COMMAND, selection={"dataarts_jobs": ["daily_*"], "dataarts_planned_after": "-3d"}, files=("/srv/vars.yml",)
    )
    context = data.ReportContext(command, SINCE, check_mode=True, plans_file="/srv/reports/plans.json")
    step = data.build_report(hosts, {}, context)["next_step"]
    assert step["command"] == (
        "ansible-playbook dataarts.factory.rerun -i /etc/inventory --ask-vault-pass -e @/srv/vars.yml -e @/srv/reports/plans.json "
        """-e '{"dataarts_attempts": 2, "dataarts_jobs": ["daily_*"]}'"""
    ), "the window comes with the plans; the jobs are what the plan was made of"


def test_a_step_after_an_approved_plan_is_not_bound_by_it() -> None:
    """It has its own window and since."""
    command = dataclasses.replace(COMMAND, approved=True, plans={"a": {"plan_id": "6-9f86d081884c-2c26b46b"}})
    (way,) = reported({"a": some(failed_again=1)}, command)["workspaces"][0]["next_steps"]
    assert "dataarts_plans" not in given(way)[1]


def test_awx_is_given_variables_instead_of_a_command() -> None:
    (way,) = reported({"a": some(failed_again=1)}, Command(awx=True))["workspaces"][0]["next_steps"]
    assert json.loads(way["command"])["dataarts_jobs"] == ["daily_sales"]


@pytest.mark.parametrize(
    ("run", "goes_on"),
    [
        ("night.yml", "night.yml"),
        ("dataarts.factory.rerun_failed", "dataarts.factory.rerun_failed"),
        ("dataarts.factory.rerun_related", "dataarts.factory.rerun_related"),
    ],
)
def test_the_playbook_that_goes_on_is_the_one_that_was_run(run: str, goes_on: str) -> None:
    (way,) = reported({"a": some(failed_again=1)}, Command(playbook=run))["workspaces"][0]["next_steps"]
    assert given(way)[0][1] == goes_on


def test_many_jobs_are_not_named_one_by_one() -> None:
    many = result([instance(number, "failed_again", job_name=f"job_{number}") for number in range(30)])
    (way,) = reported({"a": many})["workspaces"][0]["next_steps"]
    assert "dataarts_jobs" not in given(way)[1]


@pytest.mark.parametrize(
    "name", ["daily", "{{ lookup('pipe', 'id') }}", "{% x %}", "a*b", "what?", "[a-z]", 'it\'s "so"', "日报", "c:\\new", "x\\x1b[2J"]
)
def test_a_name_becomes_a_pattern_without_a_template_in_it(name: str) -> None:
    pattern = job_pattern(name)
    assert "{" not in pattern
    assert fnmatch.fnmatchcase(name, pattern)
    assert not fnmatch.fnmatchcase(name + "2", pattern)


HOSTILE = "</script><script>alert(1)</script><!-- \"' & \u2028 \u202e"


def test_the_pages_data_cannot_end_its_element() -> None:
    report = reported({HOSTILE: result([instance(1, "failed_again", job_name=HOSTILE, error_message=HOSTILE)])})
    text = page(report)
    embedded = text.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(embedded)
    embedded_report = json.loads(embedded)
    assert embedded_report["workspaces"][0]["host"] == HOSTILE
    # Characters that change the writing direction were made visible when the report was built.
    assert HOSTILE.replace("\u2028", "\\u2028").replace("\u202e", "\\u202e") in embedded_report["texts"]
    assert text.count("<script") == 2
    assert not re.search(r"@[A-Z]+@", text.replace("@media", ""))
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text)


@pytest.mark.parametrize("name", ["@DATA@", "@SCRIPT@", "\\1 @PLAIN@"])
def test_a_name_stays_out_of_the_page(name: str) -> None:
    text = page(reported({name: result([instance(1, "failed_again", job_name=name)])}))
    assert text.count('"columns":') == 1
    assert text.count("<script") == 2
    assert f"<strong><bdi>{name}</bdi></strong>" in text


def test_without_a_script_everything_that_is_left_to_do_is_there() -> None:
    hosts = {"a": some(False, **dict.fromkeys(STANDINGS, 2)), HOSTILE: some(failed_again=30), "lost": {**NO_RESULT, "msg": HOSTILE}}
    report = reported(hosts)
    shown = report_without_script(report)
    for way in (way for workspace in report["workspaces"] for way in workspace["next_steps"]):
        assert html.escape(way["text"]) in shown
        assert way["command"] is None or html.escape(way["command"]) in shown
    assert shown.count("<article") == sum(len(workspace["next_steps"]) for workspace in report["workspaces"])
    assert "and 5 more, in report.json" in shown
    assert not re.search("<script|<!--|alert\\(1\\)<", shown)
    assert html.escape(HOSTILE) in shown
    assert "Nothing is left to do" in report_without_script(reported({"a": some(succeeded=1)}))
    planned = reported({"a": some(True, to_rerun=2)}, check_mode=True)
    assert html.escape(planned["next_step"]["command"]) in report_without_script(planned)


def test_rows_of_the_page_are_the_instances() -> None:
    report = reported({"a": some(succeeded=2), "b": some(failed_again=1)})
    embedded = json.loads(page(report).split('id="data">')[1].split("</script>")[0])
    rows = [dict(zip(embedded["columns"], row)) for row in embedded["rows"]]
    instances = [instance for workspace in report["workspaces"] for instance in workspace["instances"]]
    assert [row["workspace"] for row in rows] == [0, 0, 1]
    for row, embedded_instance in zip(rows, instances):
        for name in embedded["columns"][1:]:
            value = embedded["texts"][row[name]] if name in embedded["shared"] and row[name] is not None else row[name]
            assert value == (embedded_instance[name] or None if name == "history" else embedded_instance[name])


def test_the_page_has_the_chinese_of_what_it_says_and_of_nothing_else() -> None:
    """The catalogue is ten times as large as what one page can say."""
    report = reported({"a": some(failed_again=1, rejected=1), "b": {"msg": "something nobody has translated"}})
    report["workspaces"][0]["problems"] = ["constructor", "sales: 1 of 1 instances did not succeed"]
    embedded = json.loads(page(report).split('id="data">')[1].split("</script>")[0])
    texts = {report["headline"], *embedded["texts"]}
    for workspace in report["workspaces"]:
        texts |= {workspace["msg"], *workspace["problems"], *(step["text"] for step in workspace["next_steps"])}
    assert embedded["chinese"] == {
        text: translated("zh", text) for text in texts | set(embedded["chinese"]) if translated("zh", text) != text
    }
    assert {step["text"] for step in report["workspaces"][0]["next_steps"]} <= set(embedded["chinese"])
    shown = json.dumps({**report, "texts": embedded["texts"]})
    assert [text for text in embedded["chinese"] if json.dumps(text)[1:-1] not in shown] == []


def test_several_workspaces_have_one_command_for_all_of_them() -> None:
    """With twelve broken workspaces, nobody copies twelve commands."""
    assert reported({"a": some(failed_again=1), "b": some(succeeded=1)})["go_on"] is None
    assert reported({"a": some(True, to_rerun=1), "b": some(True, to_rerun=1)}, check_mode=True)["go_on"] is None
    report = reported({"a": some(failed_again=1), "b": some(failed_again=1), "c": some(succeeded=1)})
    assert report["go_on"]["text"] == "When the cause is corrected, to rerun them once more:"
    words, variables = given({"command": report["go_on"]["command"].replace("\\\n", " ")})
    assert words == ["ansible-playbook", "dataarts.factory.rerun", "-i", "/etc/inventory", "--ask-vault-pass", "--limit", "a,b"]
    known = [
        instance[name] or 0
        for workspace in report["workspaces"]
        for instance in workspace["instances"]
        for name in ("start_time", "end_time")
    ]
    assert variables["dataarts_since"] > max(known)
    mixed = reported({"a": some(failed_again=1), "b": some(running=1)})
    assert mixed["go_on"]["text"] == "To go on (nothing is sent twice):"


REPEATED = [earlier(1), earlier(20, user="joe", purpose="", outcome="unknown"), earlier(30), earlier(40), earlier(50)]
IN_UTC = [  # the page shows times in the reader's zone
    "rerun once before: 2026-11-23T02:00:00Z by jane on ctl-1 for INC-4711",
    (
        "rerun 5 times before: 2026-11-23T02:00:00Z by jane on ctl-1 for INC-4711; 2026-11-22T07:00:00Z by joe on ctl-1 (outcome unknown); "
        "2026-11-21T21:00:00Z by jane on ctl-1 for INC-4711; and 2 more"
    ),
]
ONCE = "rerun once before: 2026-11-23 02:00 +00:00 by jane on ctl-1 for INC-4711"
OFTEN = (
    "rerun 5 times before: 2026-11-23 02:00 +00:00 by jane on ctl-1 for INC-4711; 2026-11-22 07:00 +00:00 by joe on ctl-1 (outcome unknown); "
    "2026-11-21 21:00 +00:00 by jane on ctl-1 for INC-4711; and 2 more"
)


@pytest.mark.parametrize(("history", "words", "in_utc"), [([], "", ""), (REPEATED[:1], ONCE, IN_UTC[0]), (REPEATED, OFTEN, IN_UTC[1])])
def test_earlier_reruns_are_told_by_whom_and_what_for(history: list[dict[str, t.Any]], words: str, in_utc: str) -> None:
    report = reported({"a": {**result([instance(1, "failed_again", history=history)]), "purpose": "INC-4712 <b>"}})
    embedded = json.loads(page(report).split('id="data">')[1].split("</script>")[0])
    (row,) = [dict(zip(embedded["columns"], row)) for row in embedded["rows"]]
    assert (row["history"] is None) is (words == "")
    assert (in_utc or embedded["texts"][0]) in embedded["texts"]
    plain = report_without_script(report)
    assert words in plain
    assert ("before:" in plain) is bool(words)
    root = check_junit(junit(report))
    (failure,) = root.iter("failure")
    assert str(failure.text).endswith(words or "Z")
    assert report["workspaces"][0]["purpose"] == embedded["workspaces"][0]["purpose"] == "INC-4712 <b>"
    assert "<p><bdi>Purpose: INC-4712 &lt;b&gt;</bdi></p>" in plain
    assert root.find(".//property[@name='purpose']").attrib["value"] == "INC-4712 <b>"  # type: ignore[union-attr]


def test_what_was_rerun_before_is_a_table_most_often_first() -> None:
    histories = [REPEATED[:1], [], REPEATED, REPEATED[1:3]]
    report = reported({HOSTILE: result([instance(number, history=history) for number, history in enumerate(histories)])})
    embedded = json.loads(page(report).split('id="data">')[1].split("</script>")[0])
    rows = embedded["rerun_before"]
    assert [(row["reruns"], row["users"], row["purposes"]) for row in rows] == [
        (5, "jane, joe", "INC-4711"),
        (2, "joe, jane", "INC-4711"),
        (1, "jane", "INC-4711"),
    ]
    assert [row["last"] for row in rows] == [earlier(hours)["sent_time"] for hours in (1, 20, 1)]
    plain = report_without_script(report)
    assert plain.count("<td><bdi>joe, jane</bdi></td>") == 1
    assert not re.search("<script|<!--|alert\\(1\\)<", plain)
    many = reported({"a": result([instance(number, history=REPEATED[:1]) for number in range(30)])})
    assert "and 5 more, in report.json" in report_without_script(many)
    assert "Rerun before" not in report_without_script(reported({"a": some(succeeded=1)}))


def beyond(**changes: t.Any) -> dict[str, t.Any]:
    """An attempt that is not a rerun."""
    made = {
        "workspace_id": HERE,
        "sent_time": WRITTEN - 60_000,
        "job_name": "daily_sales",
        "kind": "pause",
        "outcome": "accepted",
        "run_id": "r-1",
        "plan_time": None,
    }
    return {**made, "user": "jane", "controller": "ctl-1", "purpose": "INC-1 <b>", **changes}


def open_pause(**changes: t.Any) -> dict[str, t.Any]:
    """An open pause."""
    made = {
        "workspace_id": HERE,
        "job_name": HOSTILE,
        "made_by": "rerun",
        "phase": "paused",
        "sent_time": WRITTEN - 60_000,
        "run_id": "r-1",
    }
    return {**made, "controller": "ctl-1", "user": "jane", "purpose": "INC-1", "needed_by": [], **changes}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_started_and_stopped_beyond_reruns_is_shown_in_the_words_of_the_history(language: str) -> None:
    kinds = [kind.value for kind in AttemptKind if kind is not AttemptKind.RERUN]
    listed = [beyond(kind=kind, job_name=HOSTILE, run_key="k-1", outcome="moved_on") for kind in kinds]
    pauses = [open_pause(), open_pause(job_name="needed", needed_by=["r-9"]), open_pause(job_name="by hand", made_by="task")]
    history = {"attempts": listed, "total": 60, "open_pauses": pauses}
    report = reported({"a": {**some(succeeded=1), "journal_history": history}, "b": some(succeeded=1)})
    check_json(report)
    assert [row["kind"] for row in report["not_reruns"]] == kinds
    assert report["not_reruns_left"] == 60 - len(kinds)
    assert [(pause["host"], pause["job_name"]) for pause in report["open_pauses"]][1] == ("a", "needed")
    assert '"state": "resumed"' in report["resume"]["command"]
    assert "needed" not in report["resume"]["command"]
    embedded = json.loads(page(report).split('id="data">')[1].split("</script>")[0])
    assert {kind: embedded["actions"][kind][language] for kind in kinds} == {kind: action_word(kind, language) for kind in kinds}
    assert {kind for kind in kinds if not action_word(kind, language).isascii()} == (set(kinds) if language == "zh" else set())
    plain = report_without_script(report)
    assert all(f"<td>{action_word(kind)}</td>" in plain for kind in kinds)
    assert "3 jobs are still paused: nothing schedules them." in plain
    assert "run r-9 resumes it when it ends" in plain
    assert "INC-1 &lt;b&gt;, k-1" in plain
    assert not re.search("<script|<!--|alert\\(1\\)<", plain)
    lines = "\n".join(line.text for line in summary_lines(report, language=language))
    assert ("1 job is still paused" if language == "en" else say("zh", ONE_PAUSED, 1)) in lines
    assert report["resume"]["command"] in lines


def test_a_report_without_anything_beyond_reruns_says_nothing_of_it() -> None:
    nothing = {"attempts": [], "total": 0, "open_pauses": []}
    for host in (some(succeeded=1), {**some(succeeded=1), "journal_history": nothing}):
        report = reported({"a": host})
        assert (report["not_reruns"], report["open_pauses"], report["resume"]) == ([], [], None)
        plain = report_without_script(report)
        assert "Also started or stopped" not in plain
        assert "Paused" not in plain


def test_what_is_paused_behind_one_host_or_among_dependants_is_resumed_in_its_workspace() -> None:
    """A workspace of dependants that two hosts report is shown once; what one host reports about another host's workspace is shown there."""
    pauses = [open_pause(job_name="load"), open_pause(job_name="below", workspace_id="ws-3")]
    history = {"attempts": [beyond(), beyond(workspace_id="ws-3")], "total": 2, "open_pauses": pauses}
    fleet = {**some(succeeded=1), "inventory_host": "fleet", "journal_history": history}
    theirs = {"attempts": [beyond()], "total": 1, "open_pauses": [*pauses, open_pause(job_name="alone", workspace_id="ws-2")]}
    alone = {**result([instance(1, "succeeded", workspace_id="ws-2")]), "journal_history": theirs}
    report = reported({"ws-1": fleet, "b": alone})
    assert [(pause["host"], pause["job_name"]) for pause in report["open_pauses"]] == [("ws-1", "load"), ("ws-3", "below"), ("b", "alone")]
    assert sorted(row["host"] for row in report["not_reruns"]) == ["ws-1", "ws-3"]
    commands = [json.loads(words[-1]) for words in map(shlex.split, report["resume"]["command"].replace("\\\n", " ").split("\n"))]
    assert commands == [
        {"state": "resumed", "jobs": ["load"], "workspace_id": HERE},
        {"state": "resumed", "jobs": ["below"], "workspace_id": "ws-3"},
        {"state": "resumed", "jobs": ["alone"]},
    ]
    assert [line.split()[1] for line in report["resume"]["command"].split("\n") if line.split()[0] == "ansible"] == ["fleet", "fleet", "b"]


def test_junit_has_a_suite_for_each_workspace() -> None:
    running = {**some(succeeded=1, running=1), "timed_out": True, "succeeded": False}
    hosts = {
        "a": some(succeeded=2, failed_again=1, other=1, already_done=4),
        "b": NO_RESULT,
        "c": running,
        "d": some(succeeded=1, waiting=1),
    }
    root = check_junit(junit(reported(hosts)))
    numbers = [tuple(int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")) for suite in root]
    assert numbers == [(4, 1, 0, 1), (1, 0, 1, 0), (2, 1, 0, 0), (2, 0, 0, 1)]
    (failure,) = root[0].iter("failure")
    assert failure.attrib["type"] == "failed_again"
    assert failure.attrib["message"].startswith("failed again: fail, last started 2026-11-23T03:00:")
    (error,) = root[1].iter("error")
    assert error.text == NO_RESULT["msg"]


def test_junit_takes_any_text() -> None:
    odd = "a\x00b\ud800c\uffffd<&>\"'"
    root = check_junit(junit(reported({odd: {**result([instance(1, "rejected", job_name=odd)]), "msg": odd}})))
    assert root[0].attrib["name"] == "a\ufffdb\ufffdc\ufffdd<&>\"'"
