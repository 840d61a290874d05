# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables over all workspaces: what failed, and who did what."""

from __future__ import annotations

import dataclasses
import shlex
import time
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.overview import attempts, failures, lines_to_resume, rerun_lines
from tests.unit.building import T

HOUR = 3_600_000
Entry = dict[str, t.Any]


@pytest.fixture(autouse=True)
def shanghai(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """The time zone of a terminal in China."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


def failed(job_name: str = "daily_sales", hours: float = 1, **more: t.Any) -> Entry:
    """An instance that was planned *hours* before T and failed a minute later."""
    planned = int(T - hours * HOUR)
    return {"job_name": job_name, "status": "fail", "plan_time": planned, "end_time": planned + 60_000, "error_message": None, **more}


def answer(*instances: Entry) -> Entry:
    return {"instances": list(instances), "planned_after": T - 24 * HOUR, "planned_before": T, "changed": False}


def attempt(job_name: str = "daily_sales", hours: float = 1, **more: t.Any) -> Entry:
    known = {"run_id": "r1", "user": "jane", "controller": "ctl-1", "purpose": "", "outcome": "accepted"}
    return {"job_name": job_name, "plan_time": int(T - hours * HOUR), "sent_time": T, **known, **more}


def history(*listed: Entry, **more: t.Any) -> Entry:
    return {"attempts": list(listed), "total": len(listed), **more}


def test_failures_of_one_job_with_one_cause_are_one_row() -> None:
    cause: Entry = {"error_message": "Node load_orders failed."}
    table = failures(
        {
            "supply": answer(failed("stock", 2)),
            "sales": answer(failed(hours=3, **cause), failed(hours=1, **cause), failed(hours=2)),
            "finance": answer(),
        }
    )
    assert table.lines == [
        "4 instances of 2 jobs failed in 2 of 3 workspaces, planned 2026-11-22 11:00 to",
        "  2026-11-23 11:00. Times are +08:00.",
        "",
        "workspace  job             planned            failed at    node",
        "supply     stock        1  11-23 09:00        11-23 09:01",
        "sales      daily_sales  2  11-23 08:00-10:00  11-23 10:01",
        "    Node load_orders failed.",
        "sales      daily_sales  1  11-23 09:00        11-23 09:01",
    ]
    assert table.unanswered == {}
    first = table.rows[1]
    assert (first["host"], first["instances"], first["planned_from"], first["planned_to"]) == ("sales", 2, T - 3 * HOUR, T - HOUR)
    assert (first["failed_at"], first["status"], first["cause"]) == (T - HOUR + 60_000, "fail", "Node load_orders failed.")


#: an instance -> node and cause of its row
CAUSES: list[tuple[Entry, str, str]] = [
    ({}, "", ""),
    ({"error_message": "no table"}, "", "no table"),
    ({"error_message": "no table", "failure": None}, "", "no table"),
    ({"error_message": "no table a1", "failure": {"node": "load", "message": "no table a1", "reason": "no table …"}}, "load", "no table …"),
    ({"failure": {"node": "load", "message": "no table", "reason": ""}}, "load", "no table"),
    ({"failure": {"node": None, "message": None, "reason": ""}}, "", ""),
    ({"status": "running-exception"}, "", "running-exception"),
    ({"status": "manual-stop", "error_message": "stopped"}, "", "manual-stop: stopped"),
    ({"error_message": "a\x1b[2Jb"}, "", "a\\x1b[2Jb"),
]


@pytest.mark.parametrize(("changes", "node", "cause"), CAUSES)
def test_node_and_cause_as_far_as_they_are_known(changes: Entry, node: str, cause: str) -> None:
    (row,) = failures({"sales": answer(failed(**changes))}).rows
    assert (row["node"], row["cause"]) == (node, cause)


def test_a_cause_that_the_next_row_has_too_stands_once() -> None:
    cause: Entry = {"error_message": "disk full"}
    lines = failures({"sales": answer(failed("a", **cause), failed("b", **cause), failed("c"))}).lines
    assert [line.split()[1] if line.startswith("sales") else line for line in lines if "sales" in line or "disk" in line] == [
        "a",
        "b",
        "    these 2 rows: disk full",
        "c",
    ]


#: What a workspace left that could not be asked -> why
LOST: list[tuple[Entry, str]] = [
    ({}, "it was not reached, or its task was skipped"),
    ({"failed": True, "msg": "Failed to list job instances: no key."}, "Failed to list job instances: no key."),
    ({"failed": True, "instances": [], "msg": "half an answer"}, "half an answer"),
    ({"unreachable": True, "msg": "no route"}, "no route"),
    ({"msg": "MODULE FAILURE\nSee stdout"}, "MODULE FAILURE\\nSee stdout"),
    ({"skipped": True}, "it was not reached, or its task was skipped"),
]


@pytest.mark.parametrize(("result", "why"), LOST)
@pytest.mark.parametrize("table", [failures, attempts])
def test_a_workspace_without_an_answer_is_named_with_the_cause(table: t.Any, result: Entry, why: str) -> None:
    made = table({"sales": result, "supply": {**answer(), **history()}, "finance": result})
    assert made.unanswered == {"sales": why, "finance": why}
    assert " ".join(" ".join(made.lines).split()).endswith(f"2 workspaces could not be asked: sales, finance: {why}")
    assert table({"sales": result}).lines[0] == "", "nothing is said of what nobody answered"


def test_nothing_failed() -> None:
    lines = failures({"sales": answer(), "supply": answer()}).lines
    assert lines == ["Nothing failed in 2 workspaces, planned 2026-11-22 11:00 to 2026-11-23 11:00", "  +08:00."]


def test_attempts_are_one_row_for_each_run_and_job_the_newest_first() -> None:
    table = attempts(
        {
            "sales": history(
                attempt(hours=2, sent_time=T - HOUR),
                attempt(hours=3, sent_time=T - HOUR + 5, outcome="not_executed"),
                attempt(hours=3, run_id="r2", purpose="INC-4711 disk full", user="", controller=""),
            ),
            "supply": history(attempt("stock", run_id="r3", sent_time=T - 2 * HOUR, outcome="rejected"), total=5),
        }
    )
    assert table.lines == [
        "4 attempts in 2 of 2 workspaces, the newest first. Times are +08:00.",
        "",
        "sent         workspace  job             planned / action   by       outcome",
        "11-23 11:00  sales      daily_sales  1  11-23 08:00        unknown  accepted",
        "    INC-4711 disk full, run r2",
        "11-23 10:00  sales      daily_sales  2  11-23 08:00-09:00  jane     different",
        "    1 accepted, 1 not executed, from ctl-1, run r1",
        "11-23 09:00  supply     stock        1  11-23 10:00        jane     rejected",
        "    from ctl-1, run r3",
        "",
        "4 older attempts not shown: narrow the time with dataarts_made_after, or raise",
        "  dataarts_limit.",
    ]
    assert [row["outcomes"] for row in table.rows] == [{"accepted": 1}, {"accepted": 1, "not executed": 1}, {"rejected": 1}]


STARTED = Command("dataarts.factory.failed", ("/srv/hosts.yml",), limit="sales", selection={"dataarts_planned_after": "-3d"})


@pytest.mark.parametrize(
    ("status", "command", "words"),
    [
        ("fail", STARTED, "dataarts.factory.rerun_failed -i /srv/hosts.yml --limit sales -e dataarts_planned_after=-3d --check"),
        (
            "missing",
            dataclasses.replace(STARTED, left_out=("dataarts_find_missing",)),
            "dataarts.factory.repair -i /srv/hosts.yml --limit sales -e dataarts_planned_after=-3d --check",
        ),
        ("running-exception", STARTED, ""),
        ("fail", dataclasses.replace(STARTED, playbook="/srv/own.yml"), ""),
        ("fail", dataclasses.replace(STARTED, awx=True), ""),
    ],
)
def test_the_last_lines_are_the_command_that_plans_the_rerun(status: str, command: Command, words: str) -> None:
    lines = rerun_lines(failures({"sales": answer(failed(status=status))}).rows, command)
    assert " ".join(shlex.split(" ".join(lines[2:]).replace("\\", ""))) == (f"ansible-playbook {words}" if words else "")
    assert all(width(line) <= 80 for line in lines)
    assert rerun_lines([], command) == []


def test_nothing_was_started_or_stopped() -> None:
    assert attempts({"sales": history()}).lines == ["The journal has no starts or stops in 1 workspace at that time."]


def pause(job_name: str, **more: t.Any) -> Entry:
    return {"job_name": job_name, "sent_time": T, "user": "jane", "purpose": "", "needed_by": [], **more}


def test_every_kind_has_a_row_of_its_own_and_what_is_paused_stands_below() -> None:
    none: Entry = {"plan_time": None, "run_id": "r1"}
    listed = [
        attempt(kind="rerun"),
        attempt(kind="stop", outcome="moved_on"),
        attempt(kind="patch_data", patch_data="week", plan_time=T - 24 * HOUR, plan_time_end=T - HOUR),
        attempt(kind="patch_data_stop", patch_data="week", **none),
        attempt(kind="run", run_key="INC-4711", outcome="unknown", **none),
        *(attempt(kind=kind, **none) for kind in ("schedule_start", "schedule_stop", "pause", "resume")),
    ]
    pauses = [pause("daily_sales", purpose="INC-4711"), pause("weekly", needed_by=["r9"])]
    table = attempts({"sales": history(*listed, open_pauses=pauses), "supply": history(open_pauses=[])})
    assert table.lines[2:-4] == [
        "sent         workspace  job             planned / action  by    outcome",
        "11-23 11:00  sales      daily_sales  1  11-23 10:00       jane  accepted",
        "11-23 11:00  sales      daily_sales  1  11-23 10:00       jane  stop moved on",
        "    these 2 rows: from ctl-1, run r1",
        "11-23 11:00  sales      daily_sales  1  PatchData         jane  accepted",
        "    week 11-22 11:00 - 11-23 10:00, from ctl-1, run r1",
        "11-23 11:00  sales      daily_sales  1  PatchData stop    jane  accepted",
        "    week, from ctl-1, run r1",
        "11-23 11:00  sales      daily_sales  1  run               jane  unknown",
        "    INC-4711, from ctl-1, run r1",
        "11-23 11:00  sales      daily_sales  1  schedule start    jane  accepted",
        "11-23 11:00  sales      daily_sales  1  schedule stop     jane  accepted",
        "11-23 11:00  sales      daily_sales  1  pause             jane  accepted",
        "11-23 11:00  sales      daily_sales  1  resume            jane  accepted",
        "    these 4 rows: from ctl-1, run r1",
    ]
    assert table.lines[-4:] == [
        "",
        "2 jobs are still paused: nothing schedules them.",
        "  sales: daily_sales since 11-23 11:00 by jane, INC-4711",
        "  sales: weekly since 11-23 11:00 by jane, run r9 resumes it when it ends",
    ]
    assert all(width(line) <= 80 for line in table.lines)
    lines = lines_to_resume(table.paused, dataclasses.replace(STARTED, left_out=("dataarts_made_after", "dataarts_secret_key")))
    assert shlex.split(" ".join(lines[2:]).replace("\\", "")) == [
        *("ansible", "sales", "-i", "/srv/hosts.yml", "-e", "dataarts_secret_key=<as before>"),
        *("-m", "dataarts.factory.job_schedule", "-a", '{"state": "resumed", "jobs": ["daily_sales"]}'),
    ]
    assert all(width(line) <= 80 for line in lines)
    own = dataclasses.replace(STARTED, playbook="/srv/night.yml", tasks=("--tags", "rerun"), options=("--user", "night"))
    hostile = attempts({"sales": history(open_pauses=[pause("{{ lookup('pipe', 'id') }}*")])}).paused
    assert shlex.split(" ".join(lines_to_resume(hostile, own)[2:]).replace("\\", "")) == [
        *("ansible", "sales", "-i", "/srv/hosts.yml", "--user", "night"),
        *("-m", "dataarts.factory.job_schedule", "-a", """{"state": "resumed", "jobs": ["?? lookup('pipe', 'id') ??[*]"]}"""),
    ], "no option that ansible does not take, and nothing that it evaluates"
    assert lines_to_resume(table.paused, dataclasses.replace(STARTED, awx=True)) == lines_to_resume({"sales": []}, STARTED) == []


def test_everything_fits_a_terminal_of_80_columns() -> None:
    long = {"error_message": "销售订单" * 200, "failure": {"node": "节点" * 30, "reason": "", "message": None}}
    listed = [failed("每日销售" * 20, hours=number * 20.0, **long) for number in range(5)]
    table = failures({"销售工作区" * 5: answer(*listed), "w" * 90: answer(failed("j" * 90, status="running-exception"))})
    assert all(width(line) <= 80 for line in table.lines)
    reruns = attempts({"w" * 90: history(attempt("每日" * 30, user="u" * 50, controller="c" * 60, purpose="p " * 99), total=7)})
    assert all(width(line) <= 80 for line in reruns.lines)


def test_verbose_shows_the_whole_cause() -> None:
    cause = " ".join(f"word{number}" for number in range(100))
    short, whole = (failures({"sales": answer(failed(error_message=cause))}, whole=whole).lines for whole in (False, True))
    assert "word99" not in " ".join(short)
    assert "word99" in " ".join(whole)
    assert len(short) < len(whole)
