# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closing lines of a play, and the command at their end."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
import re
import shlex
import time
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import parse_point
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, Line, width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.closing import SHOWN_JOBS, message_told, summary_lines
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.go_on import go_on_lines, interrupted_lines
from tests.support.reports import HOUR, SINCE, STANDINGS, instance, result

COMMAND = Command(playbook="/srv/night.yml", inventories=("/srv/hosts.yml",), vault=("--ask-vault-pass",))
WRONG_KEY_OF = "Failed to rerun job instances of workspace ws-{}: APIGW.0301 Incorrect IAM authentication information. Set the right key."
WRONG_KEY: dict[str, t.Any] = {"succeeded": False, "msg": WRONG_KEY_OF}


@pytest.fixture(autouse=True)
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def some(check_mode: bool = False, **standings: int) -> dict[str, t.Any]:
    named = [name for name, number in standings.items() for dummy in range(number)]
    return result([instance(number, name) for number, name in enumerate(named)], check_mode=check_mode)


def made(hosts: t.Mapping[str, t.Mapping[str, t.Any]], command: Command = COMMAND, *, check_mode: bool = False) -> data.Report:
    return data.build_report(hosts, {host: f"ws-{host}" for host in hosts}, data.ReportContext(command, SINCE, check_mode=check_mode))


def rows(lines: t.Iterable[Line]) -> list[str]:
    """The printed rows; none is wider than the terminal, except a single wide word."""
    seen = [row for line in lines for row in line.text.splitlines()]
    assert all(width(row) <= COLUMNS for row in seen if " " in row.strip()), seen
    return seen


def summary(hosts: t.Mapping[str, t.Mapping[str, t.Any]], *, check_mode: bool = False, verbose: bool = False) -> list[str]:
    return rows(summary_lines(made(hosts, check_mode=check_mode), verbose=verbose))


ERROR = "node reconcile: 3 accounts differ"
AGAIN = [instance(number, "failed_again", error_message=ERROR) for number in range(3)]
FLEET = {
    "good": some(succeeded=3),
    "quiet": some(already_done=5),
    "财务": result([*AGAIN, instance(7)]),
    "sales": result([instance(4, "blocked", job_name="weekly_report", reason="waits for a confirmation")]),
    "lost1": {**WRONG_KEY, "msg": WRONG_KEY_OF.format("lost1")},
    "lost2": {**WRONG_KEY, "msg": WRONG_KEY_OF.format("lost2")},
}


def test_what_is_broken_comes_first_and_what_is_good_is_one_line() -> None:
    assert summary(FLEET) == [
        "4 of 8 instances are still broken; 2 workspaces could not be worked on.",
        "lost1, lost2:",
        "  Failed to rerun job instances: APIGW.0301 Incorrect IAM authentication",
        "  information. Set the right key.",
        "workspace  job            what                    planned, times +08:00",
        "财务       daily_sales    3 failed again          2026-11-23 09:00 to 10:00",
        "  node reconcile: 3 accounts differ",
        "sales      weekly_report  1 waiting for a person  2026-11-23 08:00",
        "  waits for a confirmation",
        "1 workspace: all 3 instances succeeded; 1 workspace: nothing to rerun",
    ]


def test_what_has_no_cause_does_not_stand_above_the_cause_of_another() -> None:
    blocked = instance(4, "blocked", job_name="weekly_report", reason="waits for a confirmation")
    said = summary({"sales": result([instance(3, "failed_again", reason=""), blocked])})
    assert [line.split()[1] for line in said[2:]] == ["weekly_report", "for", "daily_sales"]


def test_an_instance_of_which_two_workspaces_tell_counts_once() -> None:
    """One workspace reruns it as a dependant, and its own workspace lists it too."""
    ids = {"workspace_id": "ws-b", "job_name": "daily_mail"}
    for standing, headline in (("failed_again", "2 of 4 instances are still broken."), ("succeeded", "1 of 4 instances is still broken.")):
        below = instance(5, standing, **ids)
        hosts = {
            "a": result([instance(0, "failed_again"), instance(1), {**below, "downstream": "stale"}]),
            "b": result([below, instance(6, **{**ids, "job_name": "other"})]),
            "c": result([{**below, "downstream": "stale"}]),
        }
        said = summary(hosts)
        assert said[0] == headline
        assert sum("daily_mail" in line for line in said) == (standing == "failed_again"), said
        report = made(hosts)
        assert (report["totals"]["succeeded"], report["totals"]["selected"]) == ((2, 4) if standing == "failed_again" else (3, 4))
    again = instance(5, "failed_again", error_message=ERROR, **ids)
    seen = {"a": result([{**again, "downstream": "stale", "error_message": None}]), "b": result([again])}
    assert [line.split()[0] for line in summary(seen)[2:]] == ["b", "node"], "the one that knows why"
    planned_twice = {host: result([{**instance(5, "to_rerun", **ids), "downstream": "stale"}], check_mode=True) for host in "ac"}
    assert summary(planned_twice, check_mode=True)[0] == "1 instance would be rerun in 2 workspaces."


def test_the_colours_say_what_needs_a_person() -> None:
    tones = [line.tone for line in summary_lines(made(FLEET))]
    assert tones == ["bad", "bad", "", "", "", "bad", "", "bad", "", "good"]
    assert [line.tone for line in summary_lines(made({"a": some(succeeded=2)}))] == ["good"]
    assert summary_lines(made({"a": some(succeeded=1, running=2)}))[0].tone == "busy"


@pytest.mark.parametrize(
    ("hosts", "check_mode", "expected"),
    [
        ({"a": some(succeeded=3), "b": some(succeeded=2)}, False, ["All 5 instances succeeded."]),
        ({"a": some(already_done=3)}, False, ["Nothing to rerun."]),
        (
            {"a": some(succeeded=2), "b": some(already_done=1)},
            False,
            ["All 2 instances succeeded.", "1 workspace: all 2 instances succeeded; 1 workspace: nothing to rerun"],
        ),
        (
            {"a": some(succeeded=1, running=2)},
            False,
            ["2 of 3 instances are still in progress.", "1 workspace: 2 instances in progress, not waited for"],
        ),
        (
            {"a": some(True, to_rerun=2), "b": some(True, already_done=4)},
            True,
            [
                "2 instances would be rerun in 1 workspace.",
                "Planned from 2026-11-22 11:00 to 2026-11-23 11:00 +08:00.",
                "1 workspace: nothing to rerun",
            ],
        ),
        (
            {"a": {**some(running=2, succeeded=1), "succeeded": False, "timed_out": True}},
            False,
            [
                "2 of 3 instances are still in progress.",
                "workspace  job          what           planned, times +08:00",
                "a          daily_sales  2 in progress  2026-11-23 09:30 to 10:00",
            ],
        ),
        (
            {"a": {**some(to_rerun=2), "succeeded": False, "msg": "Refused to rerun 2 instances: max_instances is 1."}},
            False,
            [
                "2 of 2 instances are still broken.",
                "workspace  job          what        planned, times +08:00",
                "a          daily_sales  2 not sent  2026-11-23 09:30 to 10:00",
                "  Refused to rerun 2 instances: max_instances is 1.",
            ],
        ),
        (
            {
                "a": {**some(True, to_rerun=2), "succeeded": False, "msg": "node_name is 'x'.", "error": {"kind": "limit"}},
                "b": some(True, to_rerun=1),
            },
            True,
            [
                "1 instance would be rerun in 1 workspace; 1 workspace refused.",
                "Planned from 2026-11-22 11:00 to 2026-11-23 11:00 +08:00.",
                "a:",
                "  node_name is 'x'.",
            ],
        ),
        (
            {"a": {**some(True, to_rerun=2), "succeeded": False, "msg": "node_name is 'x'.", "error": {"kind": "limit"}}},
            True,
            ["1 workspace refused.", "a:", "  node_name is 'x'."],
        ),
        (
            {"a": {**some(already_done=1), "succeeded": False, "msg": "Failed: job x does not exist."}},
            False,
            ["1 of 1 workspace did not succeed.", "a:", "  Failed: job x does not exist."],
        ),
    ],
)
def test_each_state_of_a_play(hosts: t.Any, check_mode: bool, expected: list[str]) -> None:
    assert summary(hosts, check_mode=check_mode) == expected


@pytest.mark.parametrize("timed_out", [False, True])
@pytest.mark.parametrize("check_mode", [False, True])
def test_whether_a_message_is_told_is_what_the_lines_show(check_mode: bool, timed_out: bool) -> None:
    """For every pair of standings."""
    numbers = collections.Counter[bool]()
    for standings in itertools.combinations((*STANDINGS, ""), 2):
        named = {name: 1 for name in standings if name}
        lost = {**some(check_mode, **named), "succeeded": False, "timed_out": timed_out, "msg": "The service is gone."}
        shown = message_told(lost, check_mode=check_mode)
        assert ("The service is gone." in " ".join(summary({"a": lost}, check_mode=check_mode))) is shown, standings
        numbers[shown] += 1
    assert min(numbers.values()) > 5
    assert len(numbers) == 2


def test_many_jobs_fit_on_a_screen_and_all_are_shown_if_asked_for() -> None:
    many = {
        f"workspace{number:02}": result([instance(number, "rejected", job_name=f"job{number}", reason="quota used up")])
        for number in range(40)
    }
    shown = summary(many)
    assert len(shown) == SHOWN_JOBS + 4
    assert shown[-2:] == ["  quota used up", "and 20 more jobs, with -v and in the report"], "equal causes are told once"
    assert len(summary(many, verbose=True)) == 40 + 3


def test_a_long_cause_is_cut_and_shown_as_a_whole_if_asked_for() -> None:
    long = {"a": result([instance(1, "failed_again", error_message="stack trace line " * 60)])}
    assert len(summary(long)) == 6
    assert summary(long)[-1].endswith("…")
    assert len(summary(long, verbose=True)) > 10


def test_text_of_the_service_steers_no_terminal() -> None:
    odd = "\x1b[2J\u202e{{ x }}"
    shown = summary({"a": result([instance(1, "failed_again", job_name=odd, error_message=odd)]), "b": {"succeeded": False, "msg": odd}})
    assert not set("\x1b\u202e") & set("".join(shown))


def command(hosts: t.Any, start: Command = COMMAND, *, check_mode: bool = False, plans_file: str = "") -> tuple[str, list[str]]:
    """The line above the command, and its words as a shell reads them."""
    lines = go_on_lines(made(hosts, start, check_mode=check_mode), start, plans_file)
    if not lines:
        return "", []
    lead, text = " ".join(line.text for line in lines[:-1]), lines[-1].text
    rows(lines)
    return lead, shlex.split(text.replace("\\\n", ""))


def settings(words: list[str]) -> dict[str, str]:
    """Variables in the form name=value."""
    return dict(word.split("=", 1) for word in words if re.match(r"dataarts_\w+=", word))


HOW = {"retry_location": "errorNode", "node_name": None, "retry_task_version": "original_version", "ignore_obs_monitor": True}


def planned(seconds: float | None, unknown: int = 0, number: int = 2, **changes: t.Any) -> dict[str, t.Any]:
    """A workspace in check mode, with its plan's details of how it reruns."""
    numbers = {"to_rerun": number, "from_first_node": 0, "expected_seconds": seconds, "expected_unknown": unknown}
    return {**some(True, to_rerun=number), "plan_details": {**HOW, **numbers, **changes}}


PLANS: list[tuple[dict[str, dict[str, t.Any]], list[str]]] = [
    (
        {"a": planned(60), "b": planned(600, 1)},
        [
            "Each starts at the node that failed, with its original parameters; 10m 00s or",
            "  more.",
        ],
    ),
    (
        {"a": planned(None), "b": planned(5)},
        ["Each starts at the node that failed, with its original parameters; about 5s."],
    ),
    ({"a": planned(None)}, ["Each starts at the node that failed, with its original parameters."]),
    ({"a": planned(5, retry_location="firstNode"), "b": planned(4)}, ["Takes about 5s."]),
    ({"a": planned(5, number=0)}, []),
    ({"a": {**planned(5), "succeeded": False, "msg": "refused", "error": {"kind": "limit"}}}, []),
    ({"a": {**planned(5), "plan_details": {}}}, []),
]


@pytest.mark.parametrize(("number", "line"), [(1, "1 of them is stopped first"), (2, "2 of them are stopped first")])
def test_a_plan_says_what_it_stops_first(number: int, line: str) -> None:
    """Approving the plan includes the stops."""
    rows_of = [instance(place, "to_rerun", stop="to_stop" if place < number else None) for place in range(3)]
    hosts = {"a": {**planned(5), "instances": rows_of}}
    assert f"{line} (running_exception)." in summary(hosts, check_mode=True)
    assert not any("stopped first" in row for row in summary({"a": planned(5)}, check_mode=True) + summary(hosts))


@pytest.mark.parametrize(("hosts", "lines"), PLANS)
def test_how_a_plan_reruns_and_how_long_that_takes(hosts: dict[str, dict[str, t.Any]], lines: list[str]) -> None:
    said = summary(hosts, check_mode=True)
    begin = next((number for number, line in enumerate(said) if line.startswith(("Each", "Takes"))), len(said))
    assert said[begin : begin + len(lines)] == lines
    assert not any(line.startswith(("Each", "Takes")) for line in said[begin + len(lines) :])
    assert not any(line.startswith(("Each", "Takes")) for line in summary(hosts, check_mode=False))


def test_a_plan_says_of_each_workspace_which_jobs_it_pauses() -> None:
    hosts = {"a": planned(5, paused_jobs=["daily_sales", "daily_stock"]), "b": planned(5), "c": planned(5, number=0, paused_jobs=["x"])}
    said = " ".join(" ".join(summary(hosts, check_mode=True)).split())
    assert "a: the schedules of daily_sales and daily_stock are stopped first, and started again at the end." in said
    assert said.count("stopped first") == 1
    assert "stopped first" not in " ".join(summary(hosts, check_mode=False))


def test_no_command_repeats_what_was_refused_as_a_whole() -> None:
    refused = {**some(True, to_rerun=2), "succeeded": False, "error": {"kind": "limit"}}
    assert command({"a": refused}, check_mode=True) == ("", [])
    assert command({"a": refused, "b": some(True, to_rerun=1)}, check_mode=True)[1]
    assert command({"a": {**some(to_rerun=2), "succeeded": False, "error": {"kind": "limit"}}}) == ("", [])


def test_after_a_plan_that_was_refused_the_others_go_on() -> None:
    """The same command would be refused there again. If no other workspace goes on, the next step is a new plan."""
    refused = {**some(to_rerun=2), "succeeded": False, "error": {"kind": "limit"}}
    approved = dataclasses.replace(COMMAND, approved=True, plans={"a": {}, "b": {}}, plan_files={"/srv/plans.json": ()})
    for start, limit in ((approved, "all,!a"), (dataclasses.replace(approved, limit="night"), "night,!a")):
        lead, words = command({"a": refused, "b": some(running=1)}, start)
        assert (lead, words[words.index("--limit") + 1]) == ("To go on with the others (nothing is sent twice):", limit)
        assert [word for word in words if "dataarts_plans" in word]
    for hosts in ({"a": refused}, {"a": refused, "b": some(succeeded=1)}):
        lead, words = command(hosts, approved)
        assert (lead, words[words.index("--limit") + 1], words[-1]) == ("To see the plan as it is now, and approve that:", "a", "--check")
        assert not [word for word in words if "plans" in word]
    lost = {"failed": True, "succeeded": False, "msg": "dataarts_plans has no plan for it.", "error": {"kind": "refused"}}
    assert command({"a": refused, "b": lost}, approved)[0] == "When the cause is corrected, to see first what would be sent:"


STARTED = ["ansible-playbook", "/srv/night.yml", "-i", "/srv/hosts.yml", "--ask-vault-pass"]


@pytest.mark.parametrize("standing", ["running", "unknown", "to_rerun"])
def test_what_goes_on_has_the_same_since_and_window(standing: str) -> None:
    """This way, what was sent is found again, and no instance falls out of the window."""
    hosts = {"a": {**some(False, **{standing: 1, "failed_again": 1}), "succeeded": False}, "b": {**some(succeeded=1), "since": SINCE + 250}}
    lead, words = command(hosts)
    assert lead == "To go on (nothing is sent twice):"
    assert words[:5] == STARTED
    assert {name: parse_point(value, option=name) for name, value in settings(words).items()} == {
        "dataarts_since": SINCE,
        "dataarts_planned_after": SINCE - 24 * HOUR,
    }


@pytest.mark.parametrize("standing", ["blocked", "skipped"])
def test_what_failed_again_is_rerun_once_more_with_what_is_left_because_of_it(standing: str) -> None:
    """With the same since, nothing would be sent again. The window stays, so that no instance is left out."""
    hosts = {"a": {**some(False, **{standing: 1, "failed_again": 1}), "succeeded": False}, "b": some(succeeded=1), "c": some(blocked=1)}
    lead, words = command(hosts)
    assert lead == "When the cause is corrected, to rerun them once more:"
    assert words[:5] == STARTED
    assert "--limit" not in words
    chosen = {name: parse_point(value, option=name) for name, value in settings(words).items()}
    assert chosen.pop("dataarts_since") > SINCE
    assert chosen == {"dataarts_planned_after": SINCE - 24 * HOUR}
    assert command({"a": some(False, **{standing: 1})})[0] == "To go on (nothing is sent twice):"


@pytest.mark.parametrize("selection", [{"dataarts_planned_before": "-1h"}, {}])
@pytest.mark.parametrize("standings", [{"running": 1}, {"failed_again": 1}, {"failed_again": 1, "skipped": 1}])
def test_an_end_of_the_window_that_was_chosen_stays_in_whatever_goes_on(standings: dict[str, t.Any], selection: dict[str, str]) -> None:
    """Without it, the command would also rerun instances planned since then; also if the inventory sets it."""
    of_run = {**some(**standings), "planned_before": SINCE - HOUR}
    chosen = settings(command({"a": of_run}, dataclasses.replace(COMMAND, selection=selection))[1])
    assert parse_point(chosen["dataarts_planned_before"], option="x") == of_run["planned_before"]


def test_a_relative_deadline_goes_on_as_the_time_that_it_was() -> None:
    """In every command: an hour later, +2h would be an hour later too."""
    start = dataclasses.replace(COMMAND, variables={"dataarts_deadline": "+2h"})
    until = {"expected": {"deadline": SINCE + 2 * HOUR, "jobs": []}}
    for name, check_mode, plans_file in (
        ("running", False, ""),
        ("failed_again", False, ""),
        ("to_rerun", True, ""),
        ("to_rerun", True, "/p.json"),
    ):
        hosts = {"a": {**some(check_mode, **{name: 1}), **until}, "b": {**some(check_mode, **{name: 1}), **until}}
        words = command(hosts, start, check_mode=check_mode, plans_file=plans_file)[1]
        assert parse_point(settings(words)["dataarts_deadline"], option="deadline") == SINCE + 2 * HOUR
        steps = [
            step["command"] or ""
            for workspace in made(hosts, start, check_mode=check_mode)["workspaces"]
            for step in workspace["next_steps"]
        ]
        assert not [step for step in steps if "+2h" in step]
    others = {"a": {**some(running=1), **until}, "b": {**some(running=1), "expected": {"deadline": SINCE + 5 * HOUR, "jobs": []}}}
    assert "dataarts_deadline" not in settings(command(others)[1]), "the inventory's, host by host"


def test_windows_that_differ_by_workspace_are_the_inventorys() -> None:
    hosts = {"a": some(running=1), "b": {**some(running=1), "planned_after": SINCE - 72 * HOUR}}
    assert set(settings(command(hosts)[1])) == {"dataarts_since"}
    until = dataclasses.replace(COMMAND, selection={"dataarts_planned_before": "-1h", "dataarts_jobs": ["daily_*"]})
    words = command({"a": some(running=1)}, until)[1]
    assert set(settings(words)) == {"dataarts_since", "dataarts_planned_after", "dataarts_planned_before"}
    assert '{"dataarts_jobs": ["daily_*"]}' in words


def test_what_failed_again_is_rerun_once_more_with_a_later_since() -> None:
    hosts = {"a": some(failed_again=1, rejected=1, not_rerunnable=1), "b": some(succeeded=1)}
    lead, words = command(hosts)
    assert lead == "When the cause is corrected, to rerun them once more:"
    assert words[5:7] == ["--limit", "a"]
    since = parse_point(settings(words)["dataarts_since"], option="since")
    broken = [instance for instance in hosts["a"]["instances"] if instance["standing"] in ("failed_again", "rejected")]
    assert since > max(instance[name] or 0 for instance in broken for name in ("start_time", "end_time", "sent_time"))
    assert parse_point(settings(words)["dataarts_planned_after"], option="x") == min(instance["plan_time"] for instance in broken)
    many = {f"ws{number}": some(failed_again=1) for number in range(9)}
    assert "--limit" not in command(many)[1]
    approved = dataclasses.replace(COMMAND, approved=True, plans={"a": {}})
    assert not any("dataarts_plans" in word for word in command(hosts, approved)[1]), "its since would win"


def test_the_files_of_an_approved_plan_are_left_out_of_what_is_not_held_to_it() -> None:
    files = ("/srv/vars.yml", "/srv/plans.json", "/srv/both.yml")
    plan_files = {"/srv/plans.json": (), "/srv/both.yml": ("dataarts_secret_key", "dataarts_attempts")}
    approved = dataclasses.replace(
        COMMAND, approved=True, files=files, plan_files=plan_files, variables={"dataarts_attempts": 2}, left_out=("mine",)
    )
    words = command({"a": some(failed_again=1)}, approved)[1]
    assert [word for word in words if word.startswith("@")] == ["@/srv/vars.yml"]
    assert [word for word in words if word.endswith("=<as before>")] == ["dataarts_secret_key=<as before>", "mine=<as before>"]
    assert [word for word in command({"a": some(running=1)}, approved)[1] if word.startswith("@")] == [f"@{path}" for path in files]


def test_where_nothing_is_known_the_check_is_not_held_to_the_plan_that_was_refused() -> None:
    refused = {"failed": True, "succeeded": False, "msg": "No plan of this workspace.", "error": {"kind": "unreachable"}}
    approved = dataclasses.replace(COMMAND, approved=True, plan_files={"/srv/plans.json": ()}, files=("/srv/plans.json",))
    for start in (approved, dataclasses.replace(approved, left_out=("dataarts_plans",), plan_files={}, files=())):
        lead, words = command({"a": refused}, start)
        assert (lead, words[-1]) == ("When the cause is corrected, to see first what would be sent:", "--check")
        assert not [word for word in words if "plans" in word]


def test_what_could_not_be_read_any_more_is_not_called_in_progress() -> None:
    dead = {**some(running=2), "succeeded": False, "msg": "Failed to watch.", "error": {"kind": "unreachable"}}
    lines = summary({"a": dead, "b": some(running=1)})
    assert lines[:2] == ["3 of 3 instances are still in progress, as far as is known: 2 could no longer be", "  read."]
    assert next(line for line in lines if line.startswith("a ")).split()[2:6] == ["2", "last", "in", "progress"]
    assert command({"a": dead})[0] == "To go on (nothing is sent twice):"


@pytest.mark.parametrize(("name", "shown"), [("supply", "supply"), ("", "7c1d0be2")])
def test_an_instance_of_another_workspace_is_not_taken_for_one_of_this(name: str, shown: str) -> None:
    below = [{"workspace_id": "7c1d0be2", "workspace_name": name, "job_name": "mirror", "effect": "stale"}]
    own = instance(1, "failed_again")
    there = {**instance(2, "failed_again", job_name="mirror", downstream="stale"), "workspace_id": "7c1d0be2"}
    table = [line.split()[:2] for line in summary({"sales": result([own, there], downstream=below)}) if "failed again  " in line]
    assert sorted(table) == sorted([["sales", own["job_name"]], [shown, "mirror"]])


def test_a_message_that_is_the_same_but_for_the_request_is_one_sentence() -> None:
    lost = {
        name: {**WRONG_KEY, "msg": f"Failed to list: DLF.0100 The job does not exist. (request id {name}). Check the name."}
        for name in "ab"
    }
    assert "  Failed to list: DLF.0100 The job does not exist. Check the name." in summary(lost)


def test_a_message_is_one_sentence_too_where_instances_were_not_sent_because_of_it() -> None:
    text = "Failed to rerun: APIGW.0301 The token has expired. (request id {}). Set the right key."
    said = summary({name: {**some(to_rerun=2), "succeeded": False, "msg": text.format(name)} for name in "ab"})
    assert [line for line in said if "APIGW" in line] == ["  Failed to rerun: APIGW.0301 The token has expired. Set the right key."]


def test_what_was_not_sent_when_the_time_was_over_says_why() -> None:
    late = {**some(to_rerun=2, running=1), "succeeded": False, "timed_out": True, "msg": "Failed to bring 3 of 3 instances to success."}
    assert "  wait_timeout was over before they could be sent" in summary({"a": late})
    hours = {"window": "22:00-06:00 Asia/Shanghai", "until": SINCE, "until_iso": "2026-11-23T22:00:00Z", "instances": 2}
    assert summary({"a": {**late, "quiet_hours": hours}})[-3:-1] == [
        "  nothing is sent in the quiet hours 22:00-06:00 Asia/Shanghai, until 2026-11-24",
        "  06:00 +08:00",
    ]


def test_what_was_asked_for_wrongly_has_to_be_corrected_first() -> None:
    """A job name that does not exist is in the command to go on, too."""
    wrong = {**some(succeeded=1), "succeeded": False, "msg": "Did you mean daily_sales?", "error": {"kind": "incomplete"}}
    assert command({"a": wrong})[0] == "When the cause is corrected, to go on (nothing is sent twice):"
    assert command({"a": wrong, "b": some(running=1)})[0] == "To go on (nothing is sent twice):"


def test_what_to_type_after_an_interruption() -> None:
    start = dataclasses.replace(COMMAND, selection={"dataarts_jobs": ["daily_*"]}, limit="sales")
    assert rows(interrupted_lines(start, SINCE + 250)) == [
        "Go on with (nothing is sent twice):",
        "  ansible-playbook /srv/night.yml -i /srv/hosts.yml --ask-vault-pass \\",
        '    --limit sales -e \'{"dataarts_jobs": ["daily_*"]}\' \\',
        "    -e dataarts_since=2026-11-23T11:00:00.250+08:00",
    ]


@pytest.mark.parametrize("typed", [(), ("planned_after",), ("planned_before",), ("planned_after", "planned_before")])
def test_what_goes_on_after_an_interruption_selects_what_the_command_line_selected(typed: tuple[str, ...]) -> None:
    """Without the window of the run, the command would rerun instances that were not selected."""
    start = dataclasses.replace(COMMAND, selection={f"dataarts_{name}": "-4h" for name in typed})
    (dummy, line) = interrupted_lines(start, SINCE, some(running=1))
    chosen = {name: parse_point(value, option=name) for name, value in settings(shlex.split(line.text.replace("\\\n", ""))).items()}
    scope = some(running=1)
    assert chosen == {"dataarts_since": SINCE, **{f"dataarts_{name}": scope[name] for name in typed}}
    approved = dataclasses.replace(start, approved=True, plan_files={"/srv/plans.json": ()}, files=("/srv/plans.json",))
    (dummy, line) = interrupted_lines(approved, SINCE, some(running=1))
    assert shlex.split(line.text.replace("\\\n", "")) == [*STARTED, "-e", "@/srv/plans.json"], "each plan has its own"


def test_what_looks_first_selects_what_was_selected() -> None:
    selection = {"dataarts_jobs": ["daily_*"], "dataarts_planned_after": "-4h", "dataarts_planned_before": "-1h"}
    words = command({"a": WRONG_KEY}, dataclasses.replace(COMMAND, selection=selection))[1]
    assert settings(words) == {"dataarts_planned_after": "-4h", "dataarts_planned_before": "-1h"}
    assert '{"dataarts_jobs": ["daily_*"]}' in words
    refused = {**some(to_rerun=2), "succeeded": False, "error": {"kind": "limit"}}
    words = command({"a": refused}, dataclasses.replace(COMMAND, approved=True, plans={"a": {}}))[1]
    assert {name: parse_point(value, option=name) for name, value in settings(words).items()} == {
        "dataarts_planned_after": SINCE - 24 * HOUR
    }


@pytest.mark.parametrize(("standing", "bound"), [("running", True), ("to_rerun", True), ("failed_again", False)])
def test_what_goes_on_is_held_to_a_plan_that_was_approved_by_its_id(standing: str, bound: bool) -> None:
    """Failures since then were not approved; instances that failed again need another since, and were not part of that plan."""
    approved = dataclasses.replace(COMMAND, plan={"dataarts_plan_id": "1-x", "dataarts_plan_record": {"instances": "i1"}})
    words = command({"a": {**some(False, **{standing: 1}), "succeeded": False}}, approved)[1]
    assert (settings(words).get("dataarts_plan_id"), any("dataarts_plan_record" in word for word in words)) == (
        "1-x" if bound else None,
        bound,
    )
    assert "dataarts_planned_before" in settings(words)
    (dummy, line) = interrupted_lines(approved, SINCE, some(running=1))
    assert {"dataarts_plan_id", "dataarts_planned_before"} <= {*settings(shlex.split(line.text.replace("\\\n", "")))}


def test_approved_plans_are_passed_on() -> None:
    approved = dataclasses.replace(COMMAND, approved=True, plans={"a": {"plan_id": "1-x"}})
    words = command({"a": some(running=1)}, approved)[1]
    assert words[5:] == ["-e", '{"dataarts_plans": {"a": {"plan_id": "1-x"}}}']


def test_where_nobody_knows_what_was_sent_the_command_only_looks() -> None:
    assert command({"a": WRONG_KEY})[1][-1] == "--check"
    lead, words = command({"a": WRONG_KEY, "b": some(succeeded=1)})
    assert (lead, words[-1]) == ("To go on (nothing is sent twice):", f"dataarts_planned_after={'2026-11-22T11:00:00+08:00'}")


@pytest.mark.parametrize("hosts", [{"a": some(succeeded=1)}, {"a": some(not_rerunnable=1)}, {"a": some(already_done=1)}])
def test_nothing_to_do_has_no_command(hosts: t.Any) -> None:
    assert command(hosts) == ("", [])


def test_after_check_mode() -> None:
    hosts = {"a": some(True, to_rerun=2)}
    lead, words = command(hosts, check_mode=True, plans_file="/srv/reports/plans.json")
    assert (lead, words) == ("To rerun exactly this:", [*STARTED, "-e", "@/srv/reports/plans.json"])
    lead, words = command(hosts, check_mode=True)
    assert (lead, set(settings(words))) == ("To rerun this (nothing is sent twice):", {"dataarts_since", "dataarts_planned_after"})
    assert "--check" not in words
    assert command({"a": some(True, already_done=2)}, check_mode=True) == ("", [])


def test_a_run_of_related_jobs_goes_on_as_itself() -> None:
    related = dataclasses.replace(COMMAND, playbook="dataarts.factory.rerun_related")
    lead, words = command({"a": some(running=1)}, related)
    assert (lead, words[1], words[-1]) == ("To see where it stands:", "dataarts.factory.rerun_related", "--check")
    assert set(settings(words)) == {"dataarts_since"}, "it has neither jobs nor a window"
    lead, words = command({"a": some(True, to_rerun=1)}, related, check_mode=True)
    assert (lead, words[1], set(settings(words))) == (
        "To rerun this (nothing is sent twice):",
        "dataarts.factory.rerun_related",
        {"dataarts_since"},
    )
    assert "--check" not in words
    lead, words = command({"a": some(rejected=1)}, related)
    assert (words[1], set(settings(words))) == ("dataarts.factory.rerun_related", {"dataarts_since"})


def test_awx_shows_variables_instead_of_a_command() -> None:
    awx = Command(awx=True, variables={"dataarts_order": "upstream_first"})
    lead, text = (line.text for line in go_on_lines(made({"a": some(running=1)}, awx), awx))
    assert lead == "To go on (nothing is sent twice), launch the job template with:"
    assert json.loads(text) == {
        "dataarts_order": "upstream_first",
        "dataarts_since": "2026-11-23T11:00:00+08:00",
        "dataarts_planned_after": "2026-11-22T11:00:00+08:00",
    }
    assert json.loads(go_on_lines(made({"a": WRONG_KEY}, awx), awx)[-1].text) == {
        "dataarts_order": "upstream_first",
        "dataarts_check_only": "yes",
    }
    assert go_on_lines(made({"a": some(True, to_rerun=1)}, awx, check_mode=True), awx) == []


def test_a_step_of_a_workflow_of_awx_names_the_workflow_and_no_variables() -> None:
    step = Command(awx=True, approved=True)
    for hosts in ({"a": some(running=1)}, {"a": some(failed_again=1)}, {"a": WRONG_KEY}):
        text = " ".join(line.text for line in go_on_lines(made(hosts, step), step))
        assert " ".join(text.split()) == "To go on, launch the workflow again: it plans anew what is left, and nothing is sent twice."
    assert go_on_lines(made({"a": some(succeeded=1)}, step), step) == []


def test_settings_that_were_found_by_the_directory_are_named() -> None:
    words = command({"a": some(running=1)}, dataclasses.replace(COMMAND, settings="/srv/my night/ansible.cfg"))[1]
    assert words[:3] == ["env", "ANSIBLE_CONFIG=/srv/my night/ansible.cfg", "ansible-playbook"]
