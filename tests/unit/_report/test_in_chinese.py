# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, progress, messages and closing lines in Chinese on a terminal of 80 columns: no text stays English, and none is cut."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import KIND_WORDS, OUTCOME_WORDS
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.gap import Gap
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._output.messages import stop_lines
from ansible_collections.dataarts.factory.plugins.module_utils._output.plan_details import paused_text
from ansible_collections.dataarts.factory.plugins.module_utils._output.results import diff
from ansible_collections.dataarts.factory.plugins.module_utils._output.schedules import schedule_diff
from ansible_collections.dataarts.factory.plugins.module_utils._planner.assumptions import POINTS
from ansible_collections.dataarts.factory.plugins.module_utils._planner.diagnosis import diagnose, first_step
from ansible_collections.dataarts.factory.plugins.module_utils._planner.explicit import decide_related
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.missing import Schedule, UnknownScheduleError
from ansible_collections.dataarts.factory.plugins.module_utils._planner.repair import RepairSnapshot, changes, stages
from ansible_collections.dataarts.factory.plugins.module_utils._runner.instance_stop import _diff as stop_diff
from ansible_collections.dataarts.factory.plugins.module_utils._runner.supplement_missing import _CHANGED
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, SCREEN, Line, width, wrapped
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.checkup import checkup_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.closing import summary_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.go_on import go_on_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.overview import attempts, failures, lines_to_resume, rerun_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.repair import missing_lines, snapshot_lines, stage_line
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import translated
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import console, verdict
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.passes import Passes
from tests.support.pages import blocks
from tests.support.reports import SINCE, instance, result
from tests.unit._output import test_messages as plans
from tests.unit._planner import test_diagnosis as diagnoses
from tests.unit._planner import test_explicit as explicits
from tests.unit._report import test_overview as overviews
from tests.unit._report import test_repair as repairs
from tests.unit._report.test_closing import COMMAND, FLEET, made, planned, some
from tests.unit._task.test_passes import entry, failure, passed, place
from tests.unit.building import at, attempt, limited, policy
from tests.unit.building import instance as failed_instance

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "docsite" / "rst" / "guide_errors.rst"
#: Names that are the same in both languages: options, statuses and values, of jobs and workspaces, commands, units, addresses.
NAMES = re.compile(
    r"\b62fb\b|https?://\S+|postgresql://|/[\w./~-]+|\[binary\]|[\w.*-]*_[\w*.-]+|\b(?:since|jobs|attempts|wait|journal|region|endpoint|statuses|"
    r"fork|forks|playbook|play|manual-stop|running-exception|schema|PostgreSQL|DLISQL|AWX|URI|ISO|ID|http|https|HTTP|JSON|TLS|API|NTP|Token|"
    r"Python|psycopg|ansible|reruns|node|PGPASSWORD|weekly|extract|load|report|sales|daily|mysql|eu-west-101|limit|typo|ms|min|false|"
    r"v1|stop|transfrom|transform|w1|hosts|yml|srv|night|ask|vault|pass|env)\b|\d+[smhd]\b|--?\w+|[0-9a-f]{8,}|\bT\d|\d+T"
)
#: What the service, the operating system or a library says, which stays as it is.
FOREIGN = re.compile(
    r"(?:DLF|APIGW)\.\d+ .*?(?=（请求 ID|; 本机)|Connection refused|Not a directory|WRONG_VERSION_NUMBER|No module named '\w+'|"
    r"password authentication failed for user \"reruns\"|GET "
)
#: What a checkup names: hosts, products, environment variables, words of the cases.
CHECKED = re.compile(
    r"(?:[\w-]+\.){2,}\w+|access key|Corporate CA|the cause|refused|set access_key|Or another|Start its server|options|"
    r"me on here|sales|supply|nightly|w\d|p\d|\bnot known|DataArts (?:Studio|Factory)|IAM|PEM|auto|v2|proxy:3128|order"
)
#: How an attempt ended, and what it was for.
OUTCOMES = [(outcome, kind) for outcome in OUTCOME_WORDS for kind in KIND_WORDS]
QUOTED = {block.note.removeprefix("message, "): block.text.strip() for block in blocks(GUIDE) if block.note.startswith("message, ")}


@pytest.fixture(autouse=True)
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def english(text: str) -> list[str]:
    """The English words in a text."""
    return re.findall(r"[A-Za-z]{2,}", NAMES.sub("", FOREIGN.sub("", text)))


def rows(lines: t.Iterable[Line]) -> list[str]:
    """The printed rows; none is wider than the terminal."""
    seen = [row for line in lines for row in line.text.splitlines()]
    assert [row for row in seen if width(row) > COLUMNS] == []
    return seen


def summary(hosts: t.Any, *, check_mode: bool = False) -> list[str]:
    report = made(hosts, check_mode=check_mode)
    return rows([*summary_lines(report, language="zh"), *go_on_lines(report, COMMAND, language="zh")])


def test_the_closing_lines() -> None:
    assert summary(FLEET) == [
        "8 个实例中还有 4 个未恢复；2 个工作空间未能处理。",
        "lost1、lost2：",
        "  作业实例重跑失败：APIGW.0301 Incorrect IAM authentication information. Set the",
        "  right key.",
        "工作空间  作业           情况            计划时间（+08:00）",
        "财务      daily_sales    3 个再次失败    2026-11-23 09:00 至 10:00",
        "  节点 reconcile：3 accounts differ",
        "sales     weekly_report  1 个需人工处理  2026-11-23 08:00",
        "  waits for a confirmation",
        "1 个工作空间：全部 3 个实例运行成功；1 个工作空间：没有需要重跑的实例",
        "继续执行（不会重复发送）：",
        "  ansible-playbook /srv/night.yml -i /srv/hosts.yml --ask-vault-pass \\",
        "    -e dataarts_since=2026-11-23T11:00:00+08:00 \\",
        "    -e dataarts_planned_after=2026-11-22T11:00:00+08:00",
    ]


def test_the_closing_lines_of_a_plan() -> None:
    assert summary({"a": planned(60), "b": planned(600, 1), "c": some(True, already_done=2)}, check_mode=True)[:4] == [
        "2 个工作空间中将重跑 4 个实例。",
        "计划时间 2026-11-22 11:00 至 2026-11-23 11:00 +08:00。",
        "均从失败的节点开始，使用原参数；至少需要 10m 00s。",
        "1 个工作空间：没有需要重跑的实例",
    ]


@pytest.mark.parametrize("check_mode", [False, True])
def test_no_standing_has_an_english_word(check_mode: bool) -> None:
    standings = ("failed_again", "rejected", "not_rerunnable", "blocked", "unknown", "running", "to_rerun", "skipped", "succeeded")
    for names in itertools.combinations(standings, 2):
        instances = [instance(number, name, reason="", error_message=None) for number, name in enumerate(names)]
        hosts = {
            "sales": {**result(instances, check_mode=check_mode), "msg": "", "succeeded": False, "timed_out": True},
            "b": some(succeeded=1),
        }
        assert english(" ".join(summary(hosts, check_mode=check_mode))) == [], names


def run_of(*results: dict[str, t.Any]) -> Passes:
    run = Passes(language="zh")
    for of_pass in results:
        run = run.after(of_pass)
    return run


PLAN = [
    plans.decision(Action.RETRY, number=1),
    plans.decision(Action.RETRY, number=2, job_name="weekly_report", job_id="2"),
    plans.decision(Action.WAIT, number=8, due_ms=at(60)),
]


def test_the_plan() -> None:
    held_back = "  held back until 2026-11-23T03:01:00Z, then rerun: 1 instance; quiet hours (not_between)"
    lines = [*plans.lines_of(plans.SCOPE, limited(PLAN, Limits()), policy(), "INC-4711"), held_back]
    run = run_of(passed(*(entry(number, "retry", job_name="daily_sales") for number in range(3)), plan=lines))
    assert rows(console.plan_on_console("sales", run)) == ["sales  3 个实例中待重跑 3 个，其中 1 个暂缓至 11:01  daily_sales 3"]
    assert rows(console.held_back_lines(run)) == ["暂缓发送：静默时段（not_between）。"]
    assert rows(console.plan_on_console("sales", run, verbose=True))[1:] == [
        "       工作空间 62fb，计划时间 2026-11-22 11:00 至 2026-11-23 11:00 +08:00：选中",
        "         3 个实例，待重跑 2 个，共 2 次请求",
        "         事由：INC-4711",
        "         daily_sales：1 个实例，计划时间 2026-11-23 09:00:01 +08:00",
        "         weekly_report：1 个实例，计划时间 2026-11-23 09:00:02 +08:00",
        "         attempt_delay 之后再次重跑：1 个",
        "         暂缓至 2026-11-23 11:01 +08:00，之后重跑：1 个实例；",
        "           静默时段（not_between）",
    ]


def test_the_plan_of_a_repair() -> None:
    gaps = (
        repairs.gap(number=3),
        repairs.gap("日报", stage="after_reruns"),
        repairs.gap("closed", state="left_alone", number=2),
    )
    made = repairs.report({"sales": (repairs.PLANNED, repairs.missing(*gaps))}, check_mode=True)
    lines = rows(summary_lines(made, language="zh"))
    assert lines[lines.index("工作空间  重跑  停止后重跑  下游  缺失") :] == [
        "工作空间  重跑  停止后重跑  下游  缺失",
        "sales        1           1     2     4",
        "将通过补数据生成 4 个缺失实例：",
        "工作空间  作业   缺失  计划时间（+08:00）",
        "sales     loads     3  2026-11-23 01:00 至 03:00",
        "    repair_loads，在重跑之前生成",
        "sales     日报      1  2026-11-23 01:00",
        "    repair_日报，在重跑之后生成，因为该作业依赖失败的作业",
        "不处理 2 个缺失实例，因为作业目前已停止调度，或当时的调度可能不同：",
        "  closed（sales）。如需一并生成，请加上 -e dataarts_stopped_jobs=true 。",
    ]
    lead = rows(go_on_lines(made, repairs.COMMAND, "plans.json", language="zh"))[0], rows(go_on_lines(made, COMMAND, language="zh")[:1])[0]
    assert lead == ("严格按此计划重跑：", "严格按此计划修复（不会重复发送）：")
    assert rows(snapshot_lines("sales", repairs.missing(*gaps), "zh")) == ["sales  缺失 4 个实例，将通过补数据生成  loads 3、日报 1"]


def test_what_a_repair_made_and_what_not() -> None:
    broken = "Failed to complete PatchData repair_loads of workspace 62fb: it has not ended after 60 seconds: 1 of 2 dates done."
    gaps = [
        repairs.gap(state="failed", msg=broken, number=2),
        repairs.gap("load", state="missing"),
        repairs.gap("extract", state="made", number=2),
        repairs.gap("mysql", state="gone"),
        *(repairs.gap("report", state="missing", end_date=str(SINCE + number)) for number in range(30)),
    ]
    absent = repairs.missing(*gaps, unreadable=[{"job_name": "weekly", "cause": "it names no time zone"}], kind="incomplete")
    made = repairs.report({"sales": (result([instance(0)]), absent)})
    lines = rows(missing_lines(made, language="zh"))
    assert lines[:4] == [
        "2 个缺失实例未能修复：",
        "工作空间  作业   缺失  计划时间（+08:00）",
        "sales     loads     2  2026-11-23 01:00 至 02:00",
        "    repair_loads：工作空间 62fb 的补数据 repair_loads 未能完成：60",
    ]
    assert lines[-2:] == ["另有 11 段缺失，加 -v 或在报告中查看", "1 个缺失实例在此期间已由他人生成"]
    assert english(" ".join(lines).replace("  loads  ", "  ")) == []


def verdicts_of_repairs() -> Iterator[str]:
    """Messages of module supplement_missing: why a repair made nothing, or not all."""
    failed, hanging = "Failed to make the missing instances of workspace 62fb: ", "2 of extract planned 2026-11-23T01:00:00Z: "
    gaps = [Gap("62fb", name, f"repair_{name}", 2, SINCE, SINCE + 7_200_000) for name in ("extract", "load", "report", "sales")]
    yield failed + changes(gaps, {"repair_weekly", "repair_load"}, set()) + f". {_CHANGED}."
    reads: dict[str, list[tuple[str, str]]] = {"weekly": [("62fb", "extract")], "extract": [("62fb", "daily")]}
    yield from (
        failed + text for text in stages([RepairSnapshot("62fb", tuple(gaps), reads, frozenset({"weekly", "daily"}))]).refused.values()
    )
    yield (
        failed
        + f"1 instance not repaired: {hanging}PatchData repair_x is still running and makes them. Run the repair again when it has ended."
    )
    yield failed + (
        f"5 instances not repaired: {hanging}some of them were made in the meantime. Run the repair again for the others; 3 of load planned "
        "2026-11-23T01:00:00Z to 2026-11-23T03:00:00Z: Failed to complete PatchData repair_load of workspace 62fb: it ended as FAIL, 1 of 3 "
        "instances without success: load of 2026-11-23T01:00:00Z fail. Rerun what failed with dataarts.factory.job_rerun and instance_types "
        "patch_data, once the cause is fixed; 2 more."
    )
    yield failed + (
        f"7 instances missing, and max_instances is 3: {gaps[0].text()}, {gaps[1].text()}. Nothing was made. "
        "Choose fewer jobs or a shorter window, or raise the limit."
    )
    for expression in ("0 0", "0 0 0 1 * 2", "0 0 0/x * * ?", "0 0 99 * * ?"):
        with pytest.raises(UnknownScheduleError) as unknown:
            Schedule.of({"schedule": {"type": "CRON", "cron": {"expression": expression, "expressionTimeZone": "GMT+8"}}})
        yield failed + (
            f"the schedule of job weekly cannot be read, {unknown.value}, so its missing instances are unknown. Leave the job out with jobs."
        )


def test_the_message_of_a_repair() -> None:
    messages = list(verdicts_of_repairs())
    assert len(messages) > 8
    assert {text: rest for text in messages if (rest := english(translated("zh", text).replace("FAIL", "").replace("状态 fail", "")))} == {}


DIFFERENCES: dict[str, tuple[t.Callable[..., dict[str, str]], dict[str, t.Any]]] = {
    "planned": (diff, {"action": "retry", "rerun": False}),
    "asked for": (diff, {"action": "retry", "rerun": True}),
    "ended": (diff, {"action": "done", "rerun": True}),
    "stop": (stop_diff, {"action": "stopping", "changed": True}),
}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference(name: str, check_mode: bool) -> None:
    made, fields = DIFFERENCES[name]
    result = {"job_name": "running", "plan_time_iso": "2026-11-23T01:00:00Z", "status_before": "fail", "status": "success", **fields}
    shown = console.shown_diff(console.headed("销售", made([result], check_mode=check_mode)), "zh")
    assert (shown["before_header"], shown["after_header"]) == ("销售：之前的状态", "销售：之后的状态")
    assert shown["before"] == "running 计划时间 2026-11-23 09:00 +08:00：fail\n"
    assert english(re.sub("running|success", "", shown["after"])) == []


def test_a_difference_of_schedules_and_of_runs_and_of_documents() -> None:
    """A job named like a word of the catalogue keeps its name, and statuses are the service's words."""
    result = {"job_name": "waiting", "status_before": "SCHEDULING", "status": "STOPPED", "changed": True}
    shown = console.shown_diff(schedule_diff([result]), "zh")
    assert shown == {
        "before_header": "之前的调度",
        "after_header": "之后的调度",
        "before": "waiting：SCHEDULING\n",
        "after": "waiting：STOPPED\n",
    }
    runs = {"before_header": "runs before", "after_header": "runs after", "before": "", "after": "waiting: one run with run_key k1\n"}
    assert english(" ".join(console.shown_diff(runs, "zh").values()).replace("k1", "").replace("waiting", "")) == []
    assert console.shown_diff(runs) == runs
    document = {"before": "{}\n", "after": '{\n  "name": "to be rerun"\n}\n'}
    assert console.shown_diff(document, "zh") == document


@pytest.mark.parametrize(
    "text",
    [
        "the rerun had no effect (request id 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4), and 11 more requests with the same answer",
        "another instance of the job has the same plan_time and submit_time (not selected), and a v2 request cannot tell them apart",
    ],
)
def test_what_a_message_holds_is_translated(text: str) -> None:
    assert not {"request", "selected"} & set(english(translated("zh", text)))


def verdicts_of_related_jobs() -> Iterator[str]:
    """Lines about the rerun of a job with its related jobs, or why there is none."""
    failed, fine = failed_instance(number=1), failed_instance(Status.SUCCESS, number=2)
    running = failed_instance(Status.RUNNING, number=3)
    cases: list[tuple[list[JobInstance], dict[InstanceKey, Attempt], float]] = [
        ([failed], {}, 40),
        ([failed, fine], {}, 40),
        ([failed, running], {}, 40),
        ([fine], {}, 40),
        *(
            ([failed, *more], {failed.key: attempt(outcome, 39, before=failed)}, now)
            for outcome in ("accepted", "unknown")
            for now in (40, 4000)
            for more in ([], [failed_instance(number=4)])
        ),
    ]
    for listed, made_before, now in cases:
        yield from (decision.reason for decision in decide_related(listed, explicits.NOW, at(now), made_before))


def test_why_a_job_is_rerun_with_its_related_jobs_or_not() -> None:
    reasons = set(verdicts_of_related_jobs())
    assert len(reasons) > 5
    shown = {text: english(re.sub("fail|success|running", "", translated("zh", text))) for text in reasons}
    assert {text: words for text, words in shown.items() if words} == {}


@pytest.mark.parametrize("doing", ["", "reading the schedule of job 3 of 12", "PatchData, wave 1 of 2"])
def test_the_progress_of_a_repair(doing: str) -> None:
    assert english(stage_line("sales", doing, "zh").text) == []


def all_plan_lines() -> Iterator[str]:
    """The lines of plans with each decision, with and without stages and limits."""
    for action in Action:
        decisions = [plans.decision(Action.RETRY), plans.decision(action, number=2)]
        yield from plans.lines_of(plans.SCOPE, limited(decisions, Limits()), policy())
    yield from plans.lines_of(plans.SCOPE, limited(PLAN, Limits(max_instances=1)), policy())
    yield from plans.lines_of(plans.SCOPE, limited(PLAN, Limits(max_parallel=1)), policy())
    many = [plans.decision(Action.RETRY, number=number, job_name=f"job_{number}", job_id=str(number)) for number in range(1, 60)]
    yield from plans.lines_of(plans.SCOPE, limited(many, Limits()), policy())
    for timeout_action, exception in (("stop", "report"), ("stop_and_rerun", "stop_and_rerun")):
        options = {"timeout_action": timeout_action, "wait": True, "wait_timeout": 60, "running_exception": exception}
        yield from stop_lines(options)
    yield from (paused_text({"paused_jobs": [f"job_{name}" for name in range(number)]}) for number in (1, 2, 22))


def test_every_line_of_a_plan_has_a_translation() -> None:
    lines = {line.strip() for line in all_plan_lines()}
    assert len(lines) > 20
    assert {line: words for line in sorted(lines) if (words := english(translated("zh", line)))} == {}


def test_the_progress() -> None:
    done, moving, again = entry(1, "done", "success", rerun=True), entry(2, "wait", "running", rerun=True), entry(3, "failed_again")
    run = run_of(passed(done, moving, {**again, "job_name": "日报销售"}))
    assert rows([console.progress_line("sales", run, 65.0)]) == ["sales  1 个成功、1 个运行中、1 个再次失败，已用 1m 05s  日报销售"]
    lost = run.after(failure("unreachable"))
    assert rows([console.progress_line("sales", lost, 65.0, SINCE)]) == [
        "sales  11:00:00 起无响应；当时 1 个成功、1 个运行中、1 个再次失败，已用 1m 05s",
        "       日报销售",
    ]
    assert rows([console.doing_line("sales", "sending 100 of 240", 9, "zh")]) == ["sales  正在发送：已发 100 个，共 240 个，已用 9s"]
    assert rows([console.doing_line("sales", "", 9, "zh")]) == ["sales  正在请求服务，已用 9s"]
    assert rows(console.resume_lines(SINCE, COMMAND, language="zh")) == [
        "如果中断，请加上 -e dataarts_since=2026-11-23T11:00:00+08:00 再次执行"
    ]


@pytest.mark.parametrize("waited", [False, True])
@pytest.mark.parametrize(
    "action", ["failed_again", "rejected", "not_rerunnable", "blocked", "stopped", "skipped", "unknown", "retry", "wait", "done"]
)
def test_the_message_of_a_verdict(action: str, waited: bool) -> None:
    run = run_of(passed(*(entry(number, action, "success" if action == "done" else "fail", rerun=action == "done") for number in range(5))))
    where = place(wait=waited, timed_out=waited and action in ("retry", "wait"), prefix="dataarts_")
    failed, msg = verdict.verdict(run, where)
    text = translated("zh", msg)
    assert english(text.replace("because", "")) == [], (failed, msg)
    assert english(" ".join(rows([verdict.verdict_line("sales", msg, "zh")])).replace("because", "")) == []
    closing = rows(verdict.closing_lines(run, place(wait=waited, timed_out=where.timed_out), msg))
    assert english(" ".join(closing).replace("because", "")) == []


@pytest.mark.parametrize("name", sorted(set(QUOTED) - {"requests"}))
def test_a_message_of_the_guide_is_translated(name: str) -> None:
    """All except the message of ansible-core itself."""
    assert english(translated("zh", QUOTED[name])) == []


def test_the_table_of_what_failed() -> None:
    cause = {"error_message": "表 ods.orders 不存在"}
    gap = {"job_name": "daily_stock", "start_date": SINCE, "end_date": SINCE + 7_200_000, "instances": 3, "job_status": "STOPPED"}
    results = {
        "销售": overviews.answer(overviews.failed(hours=3, **cause), overviews.failed(hours=2), overviews.failed("周报", 1)),
        "supply": {**overviews.answer(), "gaps": [gap]},
        "lost": {"failed": True, "msg": "Failed to list job instances of workspace w9: jobs is an empty list, which selects no job."},
    }
    table = failures(results, language="zh")
    lines = [*table.lines, *rerun_lines(table.rows, dataclasses.replace(COMMAND, playbook="dataarts.factory.failed"), "zh")]
    assert [line for line in lines if width(line) > COLUMNS] == []
    assert lines[:2] == [
        "2 个工作空间中有 1 个出现失败：2 个作业的 3 个实例，计划时间 2026-11-22 11:00 至",
        "  2026-11-23 11:00。从未生成：1 个作业的 3 个实例。时间均为 +08:00。",
    ]
    assert lines[3] == "工作空间  作业            计划时间           失败时间     节点"
    assert "    表 ods.orders 不存在" in lines
    assert "  lost：无法查询工作空间 w9 的作业实例：jobs 是空列表，没有选中任何作业。" in lines
    assert (
        english(
            " ".join(lines)
            .replace("ods.orders", "")
            .replace("dataarts.factory.repair", "")
            .replace("supply", "")
            .replace("lost", "")
            .replace("w9", "")
        )
        == []
    )
    assert english(" ".join(failures({"a": overviews.answer()}, language="zh").lines)) == []


def test_the_table_of_the_history() -> None:
    listed = [overviews.attempt(outcome=outcome, hours=number, kind=kind) for number, (outcome, kind) in enumerate(OUTCOMES)]
    pauses = [overviews.pause("daily_sales", needed_by=["r2"]), overviews.pause("daily_sales")]
    results = {
        "sales": overviews.history(*listed, total=140, open_pauses=pauses),
        "b": overviews.history(overviews.attempt("weekly", run_id="r2")),
        "c": {"skipped": True},
    }
    table = attempts(results, language="zh")
    lines = [*table.lines, *lines_to_resume(table.paused, COMMAND, "zh")[:2]]
    assert [line for line in lines if width(line) > COLUMNS] == []
    assert lines[0] == "共 71 条记录，涉及 2 个工作空间中的 2 个，最新的在前。时间均为 +08:00。"
    assert english(" ".join(lines).replace("jane", "").replace("ctl-1", "")) == []
    assert english(" ".join(attempts({"a": overviews.history()}, language="zh").lines)) == []


@pytest.mark.parametrize("name", diagnoses.CASES)
def test_a_checkup(name: str) -> None:
    findings = diagnose(diagnoses.well(**diagnoses.CASES[name][0]))
    checks = [
        {"check": finding.check, "state": finding.state.value, "text": finding.text, "remedy": finding.remedy} for finding in findings
    ]
    checkup = {"checks": checks, "first_step": first_step(findings), "ready": False, "report_path": "/srv/recording.json"}
    lines = [row for line in checkup_lines("sales", checkup, few=True, language="zh") for row in line.text.splitlines()]
    assert [row for row in lines if width(row) > COLUMNS and " " in row[30:]] == []
    said = " ".join(" ".join(lines).split())
    assert english(CHECKED.sub("", said)) == []


#: What the doctor observed, one of each form; and names in it.
EVIDENCE = [
    *dict.fromkeys(judge if isinstance(judge, str) else str(judge.__doc__).partition("\n")[0].rstrip(".") for judge in POINTS.values()),
    "on a page with 2 of 5 jobs, the total is 5",
    "3 lists of 5 instances begin with the newest plan time",
    "a window of 40 days is refused by v1_list, v2_list and statistics",
    "12 instances of daily_sales, planned over more than a day, share it",
    "according to the journal, an instance that was rerun keeps it, first on 2026-11-23",
    "the call is refused for another reason (DLF.3051)",
    "the code for a job that does not exist is DLF.0100, for a workspace DLF.20819",
    "1 throttled request came back without it",
    "15 answers with it",
    "a list without a window has what was planned at 2026-11-22T16:00:00Z, not at 2026-11-22T15:00:00Z",
    "an instance that was rerun has another submit_time",
    "reruns showed within 4 s, and one not yet after 2 s; the lists were too far apart to tell",
    "reruns showed within 1 s, by the lists of 2 runs",
]
OBSERVED = re.compile(r"Date|IAM|token|offset|probe_retry|total|DLF|v2|submit_time|HTTP")


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_what_the_doctor_observed(evidence: str) -> None:
    result = {"assumptions": [{"name": "p1", "decided": False, "setting": None, "evidence": evidence}], "first_step": ""}
    (_head, *point), *_others = (
        [row.strip() for row in line.text.splitlines()] for line in checkup_lines("w1", result, few=True, verbose=True, language="zh")
    )
    said = "".join(point)
    assert said.startswith("p1：未定。")
    assert english(OBSERVED.sub("", said.removeprefix("p1"))) == []


def test_jobs_of_other_workspaces_are_named_alike_whatever_their_number() -> None:
    text = translated("zh", "6 succeeded on old data: feed (workspace sales) 2, paper 2, mart (workspace sales) and 1 more job")
    assert text == "6 个用旧数据运行成功：feed（工作空间 sales）2、paper 2、mart（工作空间 sales）、另外 1 个作业"


def test_lists_of_names_have_chinese_commas() -> None:
    without = translated("zh", "access_key, user_name and 2 more without secret_key: set secret_key (or HW_SECRET_KEY) too")
    assert "access_key、user_name、另外 2 个" in without
    check = {"check": "connection", "state": "ok", "text": "dayu.example.com, iam.example.com and obs.example.com", "remedy": ""}
    line = checkup_lines("w1", {"checks": [check]}, few=True, language="zh")[1].text
    assert "dayu.example.com、iam.example.com、" in line
    assert " and " not in line
    # The service's text stays as it is.
    assert "this and that" in translated("zh", "the service rejected it: this and that")


def test_chinese_text_is_broken_where_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "请在控制台查看日志，排除故障后再重跑一次。"
    monkeypatch.setattr(SCREEN, "columns", 44)
    assert wrapped(sentence * 2) == [sentence, f"  {sentence}"]
    monkeypatch.setattr(SCREEN, "columns", 40)
    lines = wrapped("工作空间" * 30)
    assert "".join(line.strip() for line in lines) == "工作空间" * 30
    assert max(map(width, lines)) <= 40
    monkeypatch.setattr(SCREEN, "columns", 12)
    assert wrapped("日报销售 日报库存") == ["日报销售", "  日报库存"], "a name that fits stays whole"
