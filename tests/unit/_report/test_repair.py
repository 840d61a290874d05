# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closing lines of a repair, its plan, and workspaces whose missing instances were not made."""

from __future__ import annotations

import json
import shlex
import time
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._planner.repair import left_to_make
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data, summary
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.closing import summary_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.go_on import go_on_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.headline import headline
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.repair import snapshot_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import translated
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.repair_results import not_repaired, still_broken, with_missing
from tests.support.reports import HOUR, SINCE, check_json, instance, result

COMMAND = Command(playbook="dataarts.factory.repair", inventories=("/srv/hosts.yml",))
RUN = {"user": "jane", "controller": "ctl-1", "playbook": COMMAND.playbook, "ansible_version": "2.19.0", "awx_job_id": None}
Json = dict[str, t.Any]


@pytest.fixture(autouse=True)
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def gap(job: str = "loads", *, state: str = "missing", number: int = 1, **changes: t.Any) -> Json:
    begin = SINCE - 10 * HOUR
    return {
        "workspace_id": "ws",
        "job_name": job,
        "name": f"repair_{job}",
        "instances": number,
        "start_date": str(begin - 1000),
        "end_date": str(begin + (number - 1) * HOUR + 1000),
        "job_status": "SCHEDULING",
        "stage": "before_reruns",
        "state": state,
        "msg": "",
        **changes,
    }


def missing(*gaps: Json, **changes: t.Any) -> Json:
    """A result of module supplement_missing; with *kind*, a failure of that kind."""
    kind = changes.pop("kind", "")
    failed = {"error": {"kind": kind}, "msg": f"Failed to make the missing instances: {kind}."} if kind else {}
    return {"gaps": list(gaps), "unreadable": [], "missing_at": SINCE - HOUR, "since": SINCE, **failed, **changes}


def report(hosts: dict[str, tuple[Json, Json]], command: Command = COMMAND, *, check_mode: bool = False) -> data.Report:
    """The report of hosts, each with the results of its reruns and of its missing instances."""
    results = {host: with_missing(rerun, absent) for host, (rerun, absent) in hosts.items()}
    return data.build_report(
        results, {host: f"ws-{host}" for host in hosts}, data.ReportContext(command, SINCE, check_mode=check_mode, run=RUN)
    )


def lines_of(made: data.Report) -> list[str]:
    lines = [row for line in summary_lines(made) for row in line.text.splitlines()]
    assert all(width(row) <= COLUMNS for row in lines)
    check_json(made)
    return lines


PLANNED = result(
    [
        instance(0, "to_rerun"),
        instance(1, "to_rerun", action="stop"),
        instance(2, "to_rerun", downstream="stale"),
        instance(3, "to_rerun", downstream="cancelled"),
    ],
    check_mode=True,
)


def test_the_plan_is_numbers_for_each_workspace_and_names_for_what_is_missing() -> None:
    hosts = {
        "sales": (PLANNED, missing(gap(number=3), gap("digest", stage="after_reruns"), gap("closed", state="left_alone", number=2))),
        "supply": (result([], check_mode=True), missing()),
    }
    made = report(hosts, check_mode=True)
    lines = lines_of(made)
    assert lines[lines.index("workspace  rerun  stop and rerun  dependants  missing") :] == [
        "workspace  rerun  stop and rerun  dependants  missing",
        "sales          1               1           2        4",
        "4 missing instances will be made by PatchData:",
        "workspace  job     missing  planned, times +08:00",
        "sales      loads         3  2026-11-23 01:00 to 03:00",
        "    repair_loads, before the reruns",
        "sales      digest        1  2026-11-23 01:00",
        "    repair_digest, after the reruns, as the job depends on what failed",
        "Left alone: 2 missing instances of closed (sales), whose schedule is stopped now",
        "  or may have been different then. They are made too with -e",
        "  dataarts_stopped_jobs=true.",
        "1 workspace: nothing to rerun",
    ]


RERUN = [
    instance(0),
    instance(1, stop="stopped"),
    *(instance(number, downstream=effect) for number, effect in ((2, "stale"), (3, "cancelled"))),
]
#: Reruns and what was missing; check mode; whether anything was sent; the headline.
HEADLINES: list[tuple[list[Json], list[Json], bool, bool, str, str]] = [
    (
        PLANNED["instances"],
        [gap(number=4)],
        True,
        True,
        "4 instances would be rerun in 1 workspace, 1 after a stop, 2 as dependants; 4 missing instances would be made by PatchData",
        "1 个工作空间中将重跑 4 个实例，1 个先停止，2 个是下游实例；将通过补数据生成 4 个缺失实例",
    ),
    ([], [gap()], True, True, "1 missing instance would be made by PatchData", "将通过补数据生成 1 个缺失实例"),
    ([], [gap(state="left_alone")], True, False, "Nothing to repair", "没有需要修复的实例"),
    ([], [], False, False, "Nothing to repair", "没有需要修复的实例"),
    (
        RERUN,
        [gap(state="made")],
        False,
        True,
        "All 4 instances succeeded, 1 after a stop, 2 as dependants; 1 missing instance made by PatchData",
        "全部 4 个实例运行成功，1 个先停止，2 个是下游实例；已通过补数据生成 1 个缺失实例",
    ),
    (
        RERUN[:1],
        [gap(state="made")],
        False,
        False,
        "The instance succeeded; 1 missing instance made by PatchData; nothing was sent this time",
        "1 个实例运行成功；已通过补数据生成 1 个缺失实例；本次未发送任何请求",
    ),
    (
        RERUN[:1],
        [gap(state="failed")],
        False,
        True,
        "1 missing instance is not repaired; the instance succeeded",
        "1 个缺失实例未能修复；1 个实例运行成功",
    ),
]


@pytest.mark.parametrize(("instances", "gaps", "check_mode", "changed", "english", "in_chinese"), HEADLINES)
def test_the_headline_counts_everything_that_is_repaired(
    instances: list[Json], gaps: list[Json], check_mode: bool, changed: bool, english: str, in_chinese: str
) -> None:
    kind = {"kind": "incomplete"} if any(entry["state"] == "failed" for entry in gaps) else {}
    rerun = {**result(instances, check_mode=check_mode), "changed": changed}
    made = report({"sales": (rerun, missing(*gaps, **kind))}, check_mode=check_mode)
    assert (made["headline"], headline(made, "zh"), translated("zh", english)) == (english, in_chinese, in_chinese)


def test_what_is_rerun_only_if_it_turns_out_to_need_it_is_said_and_bound() -> None:
    record = {"instances": "i0123456789abcdef", "possible": "i01234567", "options": {}}
    made = report({"sales": ({**PLANNED, "plan_record": record}, missing(gap()))}, check_mode=True)
    lines = lines_of(made)
    assert "1 of the dependants may have run on old data. It is rerun only if it did." in lines
    words = shlex.split(go_on_lines(made, COMMAND)[-1].text.replace("\\\n", " "))
    plan = json.loads(words[words.index("-e") + 1])["dataarts_plans"]["sales"]
    assert plan["plan_record"] == {name: record[name] for name in ("instances", "possible")}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_workspace_that_was_not_read_is_named(check_mode: bool) -> None:
    """Because of --limit, or because it was not reached: its failures are unknown, and missing instances are made before the reruns."""
    absent = missing(gap(state="missing" if check_mode else "made"), unread_workspaces=["7c1d0be2"])
    lines = lines_of(report({"sales": (result([], check_mode=check_mode), absent)}, check_mode=check_mode))
    assert "sales: what is missing depends on jobs of workspace 7c1d0be2, which was not" in lines


def test_the_plan_ends_with_the_command_that_is_held_to_all_of_it() -> None:
    absent = missing(gap(), gap("closed", state="left_alone"))
    lead, command = (line.text for line in go_on_lines(report({"sales": (PLANNED, absent)}, check_mode=True), COMMAND))
    assert lead == "To repair exactly this (nothing is sent twice):"
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:2] == ["ansible-playbook", "dataarts.factory.repair"]
    plan = json.loads(words[words.index("-e") + 1])["dataarts_plans"]["sales"]
    assert (plan["gaps"], plan["missing_at"], plan["since"]) == (["repair_loads"], SINCE - HOUR, SINCE)
    assert (plan["plan_id"], plan["planned_after"]) == (PLANNED["plan_id"], PLANNED["planned_after"])
    assert summary.plans({"sales": with_missing(PLANNED, absent)})["sales"]["gaps"] == ["repair_loads"]


def test_a_plan_of_missing_instances_alone_has_a_command_and_one_of_nothing_has_none() -> None:
    nothing = result([], check_mode=True)
    assert go_on_lines(report({"sales": (nothing, missing(gap()))}, check_mode=True), COMMAND)
    assert not go_on_lines(report({"sales": (nothing, missing())}, check_mode=True), COMMAND)


def test_where_nothing_could_be_planned_the_command_is_held_to_no_plan() -> None:
    refused = {"failed": True, "succeeded": False, "msg": "Set it to 1 or more.", "error": {"kind": "option"}}
    lead, command = (line.text for line in go_on_lines(report({"sales": (refused, missing(gap()))}, check_mode=True), COMMAND))
    assert lead == "When the cause is corrected, to see first what would be sent:"
    assert "dataarts_plans" not in command
    assert command.endswith("--check")


def test_what_was_not_made_says_why_and_the_play_fails() -> None:
    cause = "Failed to complete PatchData repair_loads: it ended as FAIL. Rerun what failed."
    broken = missing(gap(state="failed", number=2, msg=cause), gap("digest", state="made"), kind="incomplete")
    made = report(
        {"sales": (result([instance(0)]), broken), "supply": (result([instance(1)]), missing(gap("parts", state="made", number=3)))}
    )
    lines = lines_of(made)
    assert not made["succeeded"]
    assert lines == [
        "2 missing instances are not repaired; all 2 instances succeeded; 4 missing",
        "  instances made by PatchData.",
        "2 missing instances are not repaired:",
        "workspace  job    missing  planned, times +08:00",
        "sales      loads        2  2026-11-23 01:00 to 02:00",
        "    repair_loads: Failed to complete PatchData repair_loads: it ended as FAIL.",
        "    Rerun what failed.",
        "1 workspace: the instance succeeded",
    ]
    assert " ".join(line.text for line in go_on_lines(made, COMMAND)).startswith(
        "When the cause is corrected, to go on (nothing is sent twice):"
    )


def test_verbose_output_says_to_the_end_why_it_was_not_made() -> None:
    cause = f"Failed to complete PatchData repair_loads: {'it ended as FAIL, ' * 20}. Rerun what failed."
    made = report({"sales": (result([instance(0)]), missing(gap(state="failed", msg=cause), kind="incomplete"))})
    whole = [line.text.strip() for line in summary_lines(made, verbose=True)]
    assert "Rerun what failed." in " ".join(whole)
    assert "Rerun what failed." not in " ".join(lines_of(made))


def test_a_schedule_that_cannot_be_read_is_told() -> None:
    absent = missing(unreadable=[{"job_name": "odd", "cause": "it names no time zone"}], kind="incomplete")
    made = report({"sales": (result([instance(0)]), absent)})
    text = " ".join(" ".join(lines_of(made)).split())
    assert "sales: the missing instances of job odd are unknown, because its schedule cannot be read: it names no time zone." in text
    assert not made["succeeded"]


def test_a_play_that_is_not_a_repair_says_nothing_of_it() -> None:
    made = data.build_report({"sales": PLANNED}, {"sales": "ws"}, data.ReportContext(COMMAND, SINCE, check_mode=True))
    assert not any("missing" in line.text for line in summary_lines(made))
    assert with_missing(PLANNED, {}) is PLANNED
    assert "gaps" not in summary.plans({"sales": PLANNED})["sales"]


@pytest.mark.parametrize(
    ("absent", "goes_on"),
    [
        (missing(), True),
        (missing(gap()), True),
        (missing(gap(state="failed"), kind="incomplete"), True),
        (missing(gap(), kind="limit"), False),
        (missing(gap(), kind="journal"), False),
        ({"msg": "No connection.", "error": {"kind": "unreachable"}}, False),
        ({"msg": "Task failed: a defect", "failed": True}, False),
        ({"msg": "unreachable", "unreachable": True}, False),
    ],
)
def test_reruns_follow_only_what_could_be_looked_for_and_was_approved(absent: Json, goes_on: bool) -> None:
    assert bool(not_repaired(absent)) != goes_on
    if not goes_on:
        known = with_missing(PLANNED, absent)
        assert {**known, "error": None} == {**PLANNED, "error": None}
        assert ("error" in known) is ((absent.get("error") or {}).get("kind") == "limit")
        assert not left_to_make(absent or {})


@pytest.mark.parametrize(
    ("absent", "before", "after"),
    [
        (None, False, False),
        (missing(), False, False),
        (missing(gap(state="made"), gap(state="left_alone")), False, False),
        (missing(gap()), True, False),
        (missing(gap(stage="after_reruns")), True, True),
        (missing(gap(stage="after_reruns", state="made")), False, False),
        (missing(gap(stage="after_reruns"), check_mode=True), True, False),
    ],
)
def test_what_is_left_to_make(absent: Json | None, before: bool, after: bool) -> None:
    assert (left_to_make(absent or {}), left_to_make(absent or {}, late=True)) == (before, after)


@pytest.mark.parametrize(
    ("rerun", "jobs"),
    [
        ({"succeeded": True, "instances": []}, []),
        ({"succeeded": False, "msg": "No connection."}, ["orders"]),
        ({}, ["orders"]),
        (
            {
                "succeeded": False,
                "instances": [
                    {"job_name": f"job_{standing}", "standing": standing}
                    for standing in ("succeeded", "already_done", "other", "failed_again", "to_rerun", "skipped", "running")
                ],
            },
            ["job_failed_again", "job_running", "job_skipped", "job_to_rerun"],
        ),
    ],
)
def test_jobs_that_are_broken_after_the_reruns(rerun: Json, jobs: list[str]) -> None:
    absent = {"gaps": [], "failed_jobs": ["orders"], "workspace_id": "sales_id"}
    broken = still_broken([{"dataarts_rerun_result": rerun, "dataarts_missing_result": absent}])
    assert broken == ({"sales_id": jobs} if jobs else {})


def test_a_broken_dependant_is_broken_in_its_own_workspace() -> None:
    """It does not matter which host reran it, and whether others have jobs of the same name."""
    broken = {"workspace_id": "finance_id", "job_name": "daily", "standing": "failed_again"}
    good = {"workspace_id": "sales_id", "job_name": "daily", "standing": "succeeded"}
    sales = {
        "dataarts_rerun_result": {"succeeded": False, "instances": [good, broken]},
        "dataarts_missing_result": {"gaps": [], "workspace_id": "sales_id", "failed_jobs": ["daily"]},
    }
    finance = {
        "dataarts_rerun_result": {"succeeded": True, "instances": []},
        "dataarts_missing_result": {"gaps": [], "workspace_id": "finance_id", "failed_jobs": []},
    }
    assert still_broken([sales, finance]) == {"finance_id": ["daily"]}


def test_what_is_missing_is_one_line_as_soon_as_it_is_known() -> None:
    (line,) = snapshot_lines("sales", missing(gap(number=2), gap("digest"), gap(state="left_alone")))
    assert line.text == "sales  3 missing, to be made by PatchData  digest 1, loads 2"
    assert snapshot_lines("sales", missing(gap(state="left_alone"))) == []
    assert snapshot_lines("sales", missing(gap(number=0))) == []  # begun by an earlier repair
    assert snapshot_lines("sales", {"msg": "No connection."}) == []
