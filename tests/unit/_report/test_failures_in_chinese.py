# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that end a run have a translation: the texts of errors in the code of the runner, planner and models, and all texts of the packages below
them, with their gaps filled and within the message that shows them."""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import re
import typing as t
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._planner.dependency_order import _ENDED
from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import PURPOSES, error_result
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import catalogue, translated

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
COLLECTION = "ansible_collections.dataarts.factory.plugins"
#: The packages of whose texts those of errors are looked at, and those of which every text is.
ERRORS_OF = ("module_utils/_runner", "module_utils/_planner", "module_utils/_models")
ALL_OF = (
    *(f"module_utils/_{name}" for name in ("api", "common", "config", "http", "journal")),
    *(f"plugin_utils/_{name}" for name in ("common", "report", "role", "task")),
    "action",
)
#: Files whose modules only read, or whose texts nobody sees, or not in a message: those of the page are its script's.
LEFT_OUT = {
    "module_utils/_planner/diagnosis.py",
    "module_utils/_runner/ansible_module.py",
    "module_utils/_runner/doctor.py",
    "module_utils/_runner/info.py",
    "module_utils/_runner/recording.py",
    "plugin_utils/_report/page.py",
    "plugin_utils/_report/plain.py",
}
#: Where what is decided about an instance gets its reason, and what a run adds: every file that decides.
DECIDING = tuple(f"module_utils/_{name}" for name in ("planner", "output", "runner"))
#: Of these, files of whose lines test_in_chinese.py has each, and files of which people see nothing, or only in a file that programs read.
LINES_OF = {
    f"module_utils/_output/{name}.py"
    for name in (
        *("downstream", "expectation", "messages", "plan_details", "reasons", "refusals"),
        *("plain_words", "disguise", "recording"),
    )
}
REASONS_OF = [
    name
    for name in sorted(path.relative_to(PLUGINS).as_posix() for path in PLUGINS.glob("module_utils/_[a-z]*/[a-z]*.py"))
    if name not in LEFT_OUT | LINES_OF and name.rpartition("/")[0] in DECIDING
]
#: Calls that make an error -> which argument is its text; what its remedy, and the beginning of the message, are passed or set as.
ERRORS = {"OptionError": 0, "ApiError": 1, "fail": 1, "warn": 0, "warning": 0}
NAMED = {"hint", "what", "remedy"}
_TIME = "Use ISO 8601 with a zone (2026-11-23T03:00:00+08:00 or 2026-11-23T03:00:00Z) or 13 digits of epoch milliseconds"
#: The name of what stands in a gap, in every file or in one -> what is put there; a number, which is also a name, in any other.
SAMPLES: dict[str, str | tuple[str, ...]] = {
    "to_iso": "2026-11-23T01:00:00Z",
    "total": "3 instances",
    "skew_text": "20m 05s ahead of",
    "client.span": ("20m 05s ahead of", "20m 05s behind"),
    "type_text": "a number",
    "did_you_mean": "Did you mean 3?",
    "where": "of workspace 62fb",
    "upper": "",
    "__name__": "ValueError",
    "list_budget.total": "3",
    "dependency_query.hint": "Run it again.",
    "baseline_query.what": ("baselines", "baseline instances"),
    "baseline_query.replace": ("baselines", "baseline instances"),
    "times.cause": (
        "is not a time",
        "has 3 digits, epoch milliseconds have 13",
        "has no time zone and none is guessed",
        "is not a date, time and zone of the calendar",
        "is outside 2026-11-23T01:00:00Z to 2026-11-23T01:00:00Z",
    ),
    "times.forms": (
        _TIME,
        f"{_TIME}, or a time before now such as -24h, -7d, -30m or -90s",
        f"{_TIME}, or a time after now such as +4h or +90m, or before it",
    ),
    "times.shown": ("2026-11-23", "a number of more than 20 digits"),
    "credentials.instead": ("", ", or use the environment variable 3"),
    "openstack.holder": ("The file 3 has", "No clouds.yaml was found in the usual places or with OS_CLIENT_CONFIG_FILE, and so"),
    "openstack.where": ("the environment", "cloud 3 of 3"),
    "pagination.where": "3",
    "run_scope.least": ("0", "1"),
    "foreign_credentials.where": ("the environment", "cloud 3 of 3", "profile 3 of the configuration file 3, which 3 names,"),
    "shared_config.where": "the configuration file 3, which 3 names,",
    "raw_values.cure": "write the number, or leave it out",
    "raw_values.pattern": ("", " A job name of digits can be written as a pattern: [0]777."),
    "iam.verb": ("get a token for user 3 of account 3", "assume agency 3 of account 3"),
    "iam.count": ("no project", "3 projects (3)"),
    "iam.what": ("no token", "no temporary access key", "no list of projects"),
    "retry_policy.place": ("another path", "an unreadable address", "https://3"),
    "database.verb": ("open", "read", "write", "use", "keep a claim in"),
    "database.name": ("3", "in PostgreSQL at 3:5432, database 3, as 3", "of PostgreSQL service 3"),
    "sqlite.what": ("a symbolic link", "a directory or device"),
    "hung._request": ("the stop sent at 2026-11-23T01:00:00Z was accepted", "the stop sent at 2026-11-23T01:00:00Z was interrupted"),
    "hung.get": ("was accepted", "was interrupted", "has no known outcome"),
    "hung.when": "stopped at 2026-11-23T01:00:00Z",
    "hung.why": "",
    "hung.what": ("it is stopped", "it is stopped, and rerun"),
    "hung.option": ("timeout_action", "running_exception"),
    "hung._state": "running, started 2026-11-23T01:00:00Z",
    "downstream.named": "job 3, planned 2026-11-23T01:00:00Z",
    "downstream.started": ("last started 2026-11-23T01:00:00Z", "no start recorded"),
    "downstream.ended": ("", ", and that one ended again at 2026-11-23T01:00:00Z"),
    "dependency_order.named": "job 3, planned 2026-11-23T01:00:00Z",
    "dependency_order.name": "job 3, planned 2026-11-23T01:00:00Z",
    "dependency_order.where": " in workspace 3",
    "dependency_order.why": ("is not selected", "is not rerun there at the same time"),
    "dependency_order.get": (*_ENDED.values(), "did not succeed"),
    "dependency_order.text": ("job 3, planned 2026-11-23T01:00:00Z", "job 3, planned 2026-11-23T01:00:00Z, which failed again"),
    "dependency_order.upstream_outdated": "job 3, planned 2026-11-23T01:00:00Z",
    "dependency_order.reason": "depends on job 3, planned 2026-11-23T01:00:00Z, which failed again (order: upstream_first)",
    "dependency_order.order": "upstream_first",
    "daily_limit.history": ("rerun once since 2026-11-23T01:00:00Z", "rerun 3 times since 2026-11-23T01:00:00Z"),
    "daily_limit.when": "2026-11-23T01:00:00Z",
    "schedules._made": ("the pause that a rerun made at 2026-11-23T01:00:00Z", "the pause that a task made at 2026-11-23T01:00:00Z"),
    "job_run.asked": "it was asked for at 2026-11-23T01:00:00Z",
    "repair.what": "3 missing instances",
    "repair.join": "not approved: 3",
    "schedules.status": "STOPPED",
    "schedules.shown": ("STOPPED", "in an unknown status"),
    "schedules.reason": "it is STOPPED",
    "schedules.cause": ("the journal has no record of it", "the journal may lack what was recorded before 2026-11-23T01:00:00Z"),
    "schedules.who": ("a rerun", "a task"),
    "stopping.state": ("running", "running, started 2026-11-23T01:00:00Z"),
    "stopping._ended": (
        "there is nothing to stop",
        "the stop that run 3 sent at 2026-11-23T01:00:00Z has taken effect",
        "it ended by itself, in spite of the stop that this run sent at 2026-11-23T01:00:00Z",
    ),
    "stopping.status_text": "running",
    "stopping.asked": "a stop was sent at 2026-11-23T01:00:00Z",
    "stopping.request": ("the stop that run 3 sent at 2026-11-23T01:00:00Z", "the stop that this run sent at 2026-11-23T01:00:00Z"),
    "stopping.who": ("this run", "run 3"),
    "stopping.reason": "running; a stop was sent at 2026-11-23T01:00:00Z and accepted, and it is not sent twice",
    "checks.hint": ("", " If there should be such hosts, a warning above says why the inventory could not be read."),
    "reason_query.what": ("3 instances", "instances"),
    "summary.where": ("any workspace", "workspaces sales and supply"),
    "summary.remedy": ("Check the pattern in jobs.", "Did you mean 3?"),
    "reason_policy.option": ("never_rerun_reasons", "rerun_only_reasons"),
    "reason_policy.shown": ("", " (DLI SQL)"),
    "verdict.progress_text": "3 succeeded",
    "verdict._jobs": "3 jobs",
    "verdict._since": "2026-11-23T01:00:00Z",
    "verdict.prefix": "dataarts_",
    "verdict.text": "Refused.",
    "assumptions.kept_or_new": ("keeps it", "has another one"),
    "assumptions.total": "3",
    "assumptions.day": ("", ", first on 2026-11-23"),
    "assumptions.what": ("instance", "job"),
    "assumptions.requests": "3 throttled requests",
    "assumptions.shown": "3 lists of 3 instances",
    "explicit._name": "job 3, planned 2026-11-23T01:00:00Z, fail",
    "explicit._others": ("", "; the service chooses among all of them, and may rerun the others too: 3 success"),
    "explicit.reason": "a rerun of job 3, planned 2026-11-23T01:00:00Z, fail was sent at 2026-11-23T01:00:00Z; it is not sent again",
    "explicit.number": "3 instances",
    "explicit.remedy": "rerun them with task_retrys, or everything with a later since",
    "explicit.when": "2026-11-23T01:00:00Z",
    "missing.now": ("3 plan times in this gap now, not those that were missing", "no plan time in this gap now"),
    "named_outcomes.text": (
        "the answer was lost, but the instance has changed since, so the rerun was taken",
        "the answer was lost, and another run has sent it again since",
    ),
    "plan_id.now_there": ("now there is 1", "now there is 3, not all the same", "now there are 3, not all the same"),
    "plan_id._others": ", not all the same",
    "reconcile._last": ("fail, last started 2026-11-23T01:00:00Z", "fail, no start recorded"),
    "reconcile._request": (
        "the rerun sent at 2026-11-23T01:00:00Z was accepted",
        "the rerun sent at 2026-11-23T01:00:00Z was interrupted",
        "the rerun sent at 2026-11-23T01:00:00Z has no known outcome",
    ),
    "reconcile._word": ("fail", "'odd'"),
    "reconcile.get": (
        "was accepted",
        "was rejected together with others",
        "was interrupted",
        "was rejected because it is already running",
        "has no known outcome",
    ),
    "reconcile.reason": ("fail, last started 2026-11-23T01:00:00Z, before 2026-11-23T01:00:00Z", "in progress: running, no start recorded"),
    "reconcile.share": ("3 of 3 attempts", "3 attempts (attempts is 3)"),
    "reconcile.text": (
        "fail, last started 2026-11-23T01:00:00Z, after 1 of 3 attempts",
        "fail, last started 2026-11-23T01:00:00Z, after 1 of 3 attempts (not sent by this run, but a start after 2026-11-23T01:00:00Z counts as one)",
        (
            "fail, last started 2026-11-23T01:00:00Z, after 3 attempts (attempts is 1) (not sent by this run, but a start after "
            "2026-11-23T01:00:00Z counts as one)"
        ),
    ),
    "reconcile.until": "2026-11-23T01:00:00Z",
    "reconcile.value": "pause",
    "reconcile.wants": ("someone to continue it", "someone to confirm it (Execute)"),
    "reconcile.why": ("the value of since", "because another machine may have sent it since 2026-11-23T01:00:00Z"),
    "showing.words": ("keeps its", "has another"),
    "showing.name": ("instance_id", "submit_time"),
    "showing.seconds": "3 s",
    "showing.not_yet": ("", ", and one not yet after 3 s"),
    "start_node._no_job_has": (
        "node_name is '3', and job 3 has no node of that name; it has 3. Did you mean 3?",
        "node_name is '3', and none of the 3 jobs to be rerun has a node of that name. Set node_name to a node of the jobs, or select other jobs.",
    ),
    "start_node.what": ("Job 3 has no node '3'", "Jobs 3 have no node '3'"),
    "zone_of_today.between": "what was planned at 2026-11-23T01:00:00Z, not at 2026-11-23T01:00:00Z",
    "passes.requests": ("1 more request", "3 more requests"),
    "module_action.thing": "job instances",
    "module_action.verb": "rerun",
}
#: Texts that are not for people, or stand in one that is looked at elsewhere: test_words.py has the headings, and test_in_chinese.py the verdicts.
NOT_SHOWN = re.compile(
    "no such job: account_doctor|a write needs instances|an endless time|a slice needs at least|too many digits|the proxy refused|"
    "the certificate is cut off|token must be updated|Tunnel connection failed|.* does not exist$|could not decode|the (local|default) [a-z]+$|"
    "Refused. Before that, 3 instances of 3 jobs was|3 more instances were in|stopped, and not rerun|to be rerun|skipped, an upstream|"
    ",|Sent | [(]3 had been rerun|: no instance matches|in progress when|still in progress|possibly not|not sent |the first run's|Listed again"
    r"|\^?it has schema|\^42501|password\|\^28|attempt to write a readonly"
    "|not scheduled when they were to be paused"  # a scope of the journal's notes
)
#: Parts of messages that are looked at as a whole below, names of options, and what a module is doing, which only a message about a defect says.
PARTS = re.compile(
    "max_parallel(_per_job)? is 3 and |select less with jobs|name fewer instances in|Jobs 3 have no node|it (was not sent|is not listed)$|"
    "(job_name and depend_jobs|run_between, run_weekdays and run_month_days|only_days and only_between)$|"
    "(it was accepted, and is not listed yet|whether an earlier request took effect is unknown yet|pauses from other workspaces)$|"
    "waiting for (another run that pauses|what a lost journal)|(Failed to|What|Whether|Left|The instances of) |the service refused it$|"
    "is not shown by the service yet$|3 3 when wait_timeout|3 (of 3|instances of job) |(downstream to ignore|order to parallel)$|3 could not be started|"
    "(3 3 |3 )?Set (3|downstream to ignore) to rerun without|Run it again with since=3|3: one run with run_key|"
    "3 (What was sent is in the result|Check the name of the job)|Run it again: it is found then"
)
#: Calls whose texts are shown in another way: patterns, and lines that have a catalogue of their own.
OTHERS = {"say", "compile", "search", "match", "fullmatch", "sub", "fromisoformat", "counted"}
#: Statements for the journal.
SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|ALTER|CREATE|DROP|PRAGMA|BEGIN|ORDER BY)\b|[?]|CONFLICT")
#: Three English words in a row.
ENGLISH = re.compile(r"[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}")
#: What is the same in both languages.
SAME = re.compile(r"PatchData|pip install tzdata|hcloud configure set")


def filled(node: ast.expr, module: ModuleType) -> list[str]:
    """The text of *node*, with its gaps filled."""
    if isinstance(node, ast.Constant):
        return [re.sub(r"[{]\w+:\w+[}]", "3", str(node.value))]
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in itertools.product(*(filled(part, module) for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return filled(node.value, module)
    if isinstance(node, ast.IfExp):
        return [*filled(node.body, module), *filled(node.orelse, module)]
    if isinstance(node, ast.BinOp):
        return [left + right for left in filled(node.left, module) for right in filled(node.right, module)]
    if isinstance(node, ast.Subscript):
        return filled(node.value, module)
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name == "counted":
            return [f"3 {noun}s" for noun in filled(node.args[1], module)]
    sample = SAMPLES.get(f"{module.__name__.rpartition('.')[2]}.{name}", SAMPLES.get(str(name)))
    if sample is not None:
        return [sample] if isinstance(sample, str) else list(sample)
    value = getattr(module, str(name), None)
    return [value if isinstance(value, str) else "3"]


def texts_of(tree: ast.AST) -> t.Iterator[ast.expr]:
    """The texts of errors and remedies, and the starts of messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", None))
            if name in ERRORS:
                yield from node.args[ERRORS[name] : 3]
                yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMED)
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if getattr(target, "attr", None) in NAMED or getattr(target, "id", None) in ("cause", "hint"):
                yield node.value


def every_text(node: ast.AST) -> t.Iterator[ast.expr]:
    """The texts below *node* that people may read, without docstrings, texts of the guide and SQL statements."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "enum.Enum" for base in node.bases):
        return
    if isinstance(node, ast.Call) and (getattr(node.func, "attr", None) or getattr(node.func, "id", None)) in OTHERS:
        return
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        if not SQL.search(ast.unparse(node)):
            yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from every_text(child)


FILES = [
    path.relative_to(PLUGINS).as_posix() for package in (*ERRORS_OF, *ALL_OF) for path in sorted((PLUGINS / package).glob("[a-z]*.py"))
]


@functools.cache
def said(name: str) -> dict[tuple[str, str], None]:
    """Place -> text, for all texts of the file *name*."""
    module = importlib.import_module(f"{COLLECTION}.{name.removesuffix('.py').replace('/', '.')}")
    collect = texts_of if name.rpartition("/")[0] in ERRORS_OF else every_text
    return {
        (f"{name}:{node.lineno}", text): None
        for node in collect(ast.parse((PLUGINS / name).read_text(encoding="utf-8")))
        if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp))
        for text in filled(node, module)
        if re.search("[a-z]{2} [a-z]", text) and (collect is texts_of or ENGLISH.search(text))
    }


def test_the_texts_are_there() -> None:
    texts = [place for name in FILES if name not in LEFT_OUT for place, _text in said(name)]
    assert {*ERRORS_OF, *ALL_OF} - {place.rpartition("/")[0] for place in texts} == {"plugin_utils/_common"}
    assert len(texts) > 500


SAID_ELSEWHERE = {form for text in catalogue()["console"] for form in (text, *text.split("|"))}


def shown(place: str, text: str) -> str:
    """The message that shows *text*: what the module was to do, and the error; for an error of the service, with all its parts."""
    text = f"{text} refused" if text.startswith("Nothing was ") and text.endswith(":") else text
    if place.startswith(tuple(ERRORS_OF[:1])) or not place.startswith("module_utils/"):
        # The start of a message comes before its cause.
        return f"{text}: refused" if text.startswith("Failed to ") and ": " not in text else text.strip()
    what = "Failed to rerun job instances of workspace 62fb"
    if re.search(r"_http/(?:iam|metadata)\.py", place) and text.startswith("Failed to "):
        return f"{what}: {text}"
    option = f"jobs{text}" if text.startswith(" must ") else text.strip()
    return str(error_result(OptionError(option), what)["msg"])


@pytest.mark.parametrize("name", [name for name in FILES if name not in LEFT_OUT])
def test_what_a_module_fails_with_is_translated(name: str) -> None:
    english = []
    for place, text in said(name):
        inside = any(text in whole and text != whole for _place, whole in said(name))
        if not inside and text not in SAID_ELSEWHERE and not NOT_SHOWN.match(text):
            chinese = translated("zh", shown(place, text))
            english += [(place, chinese)] if ENGLISH.search(SAME.sub("", chinese)) else []
    assert english == []


@pytest.mark.parametrize("name", REASONS_OF)
def test_what_is_decided_about_an_instance_is_translated(name: str) -> None:
    module = importlib.import_module(f"{COLLECTION}.{name.removesuffix('.py').replace('/', '.')}")
    texts = {text for node in every_text(ast.parse((PLUGINS / name).read_text(encoding="utf-8"))) for text in filled(node, module)}
    refused = {text for dummy, text in (said(name) if name.startswith(ERRORS_OF) else ())}  # looked at above
    shown_to_people = {
        text
        for text in texts
        if ENGLISH.search(text)
        and not re.match(f"{NOT_SHOWN.pattern}|{PARTS.pattern}", text)
        and text not in refused
        and not any(text in whole and text != whole for whole in texts)
    }
    assert {text: chinese for text in shown_to_people if ENGLISH.search(chinese := translated("zh", text))} == {}


FAILED = "fail, last started 2026-11-23T01:00:00Z, before 2026-11-23T01:00:00Z"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("module_utils/_planner/limits.py", f"queued: max_parallel is 3 and 3 were in progress ({FAILED})"),
        ("module_utils/_planner/limits.py", f"queued: max_parallel_per_job is 3 and 3 of its job were in progress ({FAILED})"),
        ("module_utils/_planner/start_node.py", "its job has no node '3', where the rerun is to start; it has 3 and 3"),
        ("module_utils/_planner/start_node.py", "Job 3 has no node '3', so 3 instances are not rerun. Rerun them with another node_name."),
        (
            "module_utils/_runner/start_node.py",
            "Whether job 3 has a node '3' could not be checked: 3. The service decides once the rerun is sent.",
        ),
        ("module_utils/_api/reason_query.py", "Why 3 instances failed could not be read from v1's instance detail: 3."),
        ("module_utils/_runner/outlook.py", "No baselines could be read: 3. Only deadline says what is urgent."),
        (
            "module_utils/_runner/rerun_pauses.py",
            "Job 3 was paused and could not be started again: 3. Start it with job_schedule, state resumed",
        ),
        ("module_utils/_planner/schedules.py", "it was not scheduled when it should have been paused"),
        ("module_utils/_planner/schedules.py", "If an earlier pause was lost with another journal, this one does not know it."),
        ("module_utils/_planner/schedules.py", "it is STOPPED, and it is unknown whether a run has paused it: 3"),
        ("module_utils/_planner/schedules.py", "3: STOPPED now, and the journal does not know the repair that made PatchData 3."),
        ("module_utils/_planner/schedules.py", "If its journal was lost, it may have stopped them only for the time of the repair."),
        ("module_utils/_planner/schedules.py", "Start what is to be scheduled with job_schedule, state started."),
        (
            "module_utils/_planner/repair.py",
            "the job depends on 3, which did not succeed. Run the repair again when the cause is corrected",
        ),
        (
            "module_utils/_api/job_query.py",
            "The sub-jobs of real-time job 3 cannot be listed: v1 of the API, which names its nodes, is not open here.",
        ),
        ("module_utils/_api/job_query.py", "Name the sub-jobs in jobs, each as 3_<node>."),
        ("module_utils/_journal/sqlite.py", "The journal 3 cannot be read (3). The next rerun sets it aside and begins a new one."),
        ("module_utils/_runner/write.py", "Nothing is sent without it. What was sent is in the result; the next run settles it."),
        ("module_utils/_output/messages.py", "To find out, with the same credentials: ansible localhost -m 3"),
    ],
)
def test_what_a_module_adds_is_translated(name: str, text: str) -> None:
    """These are notes, problems and warnings, which are collected in lists."""
    source = (PLUGINS / name).read_text(encoding="utf-8")
    parts = [part.strip("() ;:'.") for part in re.split("3|STOPPED|[.] |instances ", text.replace(FAILED, "3"))]
    assert any(part in source for part in parts if len(part) > 10), "as the module says it"
    assert ENGLISH.search(re.sub("ansible localhost.*|(Only|.*) deadline", "", translated("zh", text))) is None


#: Whole messages as modules put them together.
WHOLE = (
    "Failed to run job_rerun: dataarts_statuses must be fail or manual-stop or success, not 'odd'.",
    "the service rejected it: DLF.30137 refused (request id 3)",
    (
        "Failed to rerun job instances of workspace 62fb: DLF.30118 job orders could not be paused: refused (request id 3). Correct what the "
        "message names; the request was refused as it stands and nothing was changed."
    ),
    (
        "Failed to read what depends on the instances of workspace 62fb (downstream: stale): refused. Set downstream to ignore to rerun "
        "without regard to what depends on it."
    ),
    (
        "Failed to read what the instances of workspace 62fb depend on (order: upstream_first): refused. Set order to parallel and downstream "
        "to ignore to rerun without regard to dependencies."
    ),
    "What a run had paused in workspace 3 could not be started again: refused. Start it with job_schedule, state resumed",
    "Failed to run job daily of workspace 62fb: instance 3 is not shown by the service yet when wait_timeout was over.",
    (
        "Failed to rerun job instances of workspace 62fb: Refused to rerun anything: the plan is no longer 3-a but 4-b: the approved plan had 3 "
        "instances, now there are 3, not all the same; 1 instance added (daily planned 2026-11-23T01:00:00Z); 1 instance gone, and no longer "
        "selected; it was approved for since 2026-11-23T01:00:00Z, and since is 2026-11-23T02:00:00Z. Nothing was sent. Run check mode again "
        "and approve the plan_id it returns; in AWX launch the workflow again."
    ),
    (
        "Failed to resume the scheduling of jobs of workspace 62fb: daily: it is STOPPED, and it is unknown whether a run has paused it: "
        "the journal has no record of it."
    ),
    (
        "Failed to start the scheduling of jobs of workspace 62fb: once: it is scheduled to run once, so a start would run it. Leave it "
        "out; dataarts.factory.job_run runs a job."
    ),
    ("Failed to pause the scheduling of jobs of workspace 62fb: no batch job matches dayly. Check the names of the jobs and workspace_id."),
    "Failed to pause the scheduling of jobs of workspace 62fb: settle_time is -1. Set it to a number of seconds, 0 or more.",
    "Failed to pause 1 of 1 job of workspace 62fb, daily first: 6888. Run it again.",
    (
        "Failed to resume the scheduling of jobs of workspace 62fb: 1 of 1 job not started yet: run 3 needs its pause. Run it again when "
        "that has ended."
    ),
    (
        "Failed to stop instances of job daily of workspace 62fb: 1 of 1 instance not stopped when wait_timeout was over: running, started "
        "2026-11-23T01:00:00Z; a stop was sent at 2026-11-23T01:00:00Z and accepted, and it is not sent twice. Run it again to continue "
        "waiting."
    ),
    (
        "Failed to run job daily of workspace 62fb: instance 3 is running when wait_timeout was over. Run it again with the same run_key to"
        " continue waiting."
    ),
    (
        "Failed to run job daily of workspace 62fb: instance 3 ended as fail at node load. Correct what the log of the job names, then use "
        "another run_key to run it again."
    ),
)


@pytest.mark.parametrize("text", WHOLE)
def test_a_message_is_translated_as_a_whole(text: str) -> None:
    assert not re.search("[A-Za-z]{2,} [a-z]{2,}", translated("zh", text)), translated("zh", text)


@pytest.mark.parametrize("where", ["", " of workspace 62fb"])
@pytest.mark.parametrize("module", PURPOSES)
def test_what_a_module_was_to_do_is_translated(module: str, where: str) -> None:
    assert not translated("zh", f"Failed to {' '.join(PURPOSES[module][:2])}{where}: refused").startswith("Failed")


COLLECTION_ROOT = PLUGINS.parent
#: What a gap of a message in a playbook is filled with; a gap with two texts is one of them.
GAP_OF_YAML, TWO_TEXTS = re.compile(r"{{(.*?)}}", re.DOTALL), re.compile(r"'([^']+)' if .* else (?:'([^']+)'|(\w+)) *$")


def fail_tasks(node: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """The tasks below *node* that fail with a message of their own."""
    if isinstance(node, dict) and "dataarts.factory.fail" in node:
        yield node
    elif isinstance(node, (dict, list)):
        for part in node.values() if isinstance(node, dict) else node:
            yield from fail_tasks(part)


def messages_of(task: dict[str, t.Any]) -> list[str]:
    """The messages with which a task may fail."""
    parts = GAP_OF_YAML.split(str(task["dataarts.factory.fail"]["msg"]))
    filled_in = [parts[:1]]
    for gap, text in zip(parts[1::2], parts[2::2]):
        choice = TWO_TEXTS.search(gap)
        either = [choice[1], choice[2] or str(task["vars"][choice[3]])] if choice else ["3"]
        filled_in += [either, [text]]
    return ["".join(chosen) for chosen in itertools.product(*filled_in)]


@pytest.mark.parametrize(
    "path", sorted([*COLLECTION_ROOT.glob("playbooks/*.yml"), *COLLECTION_ROOT.glob("roles/*/tasks/**/*.yml")]), ids=lambda path: path.stem
)
def test_what_a_playbook_fails_with_is_translated(path: Path) -> None:
    messages = [text.strip() for task in fail_tasks(yaml.safe_load(path.read_text(encoding="utf-8"))) for text in messages_of(task)]
    assert [text for text in messages if len(text) > 20 and ENGLISH.search(SAME.sub("", translated("zh", text)))] == []
