# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions as results, plans as text, counts and diffs."""

from __future__ import annotations

import dataclasses
import json
import shlex
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._model import Status
from ansible_collections.dataarts.factory.plugins.module_utils._plan import Limits, plan
from ansible_collections.dataarts.factory.plugins.module_utils._reconcile import decide
from ansible_collections.dataarts.factory.plugins.module_utils._report import (
    counted,
    decided,
    diff,
    due_in,
    lookup_hint,
    plan_lines,
    safe,
    shortfall,
    statuses,
    summary,
)
from ansible_collections.dataarts.factory.plugins.module_utils._times import Window
from ansible_collections.dataarts.factory.tests.unit.building import at, instance, policy, sent

WINDOW = Window(at(-86_400), at(0))


def decision(action: Action, status: Status = Status.FAIL, **changes: t.Any) -> Decision:
    due = changes.pop("due_ms", None)
    return Decision(instance(status, **changes), action, "because", due)


def test_safe_leaves_names_alone_and_makes_control_characters_visible() -> None:
    assert safe("日次 集計 {{ x }}") == "日次 集計 {{ x }}"
    assert safe("a\x1b[31mb\u202ec\x9b") == "a\\x1b[31mb\\u202ec\\x9b"
    assert safe({"k\x07": ["line one\n\tline two\r", 5, None, True]}) == {"k\\x07": ["line one\n\tline two\\r", 5, None, True]}


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_nothing_that_is_safe_can_steer_a_terminal_or_break_the_output(value: t.Any) -> None:
    text = json.dumps(safe(value), ensure_ascii=False)
    text.encode("utf-8")
    assert not any(
        char < " " or "\x7f" <= char <= "\x9f" or char in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2028\u2029" for char in text
    )


def test_an_instance_before_anything_was_sent() -> None:
    result = decided(decide(instance(Status.FAIL), policy(), at(1), None))
    assert (result["action"], result["status"], result["status_before"]) == ("retry", "fail", "fail")
    assert (result["rerun"], result["request_id"], result["sent_time"]) == (False, None, None)
    assert (result["start_time_before"], result["end_time_before"]) == (at(-3600), at(-3000))
    assert result["plan_time_iso"].endswith("Z")


def test_an_instance_that_was_rerun_tells_what_it_was_before() -> None:
    record = sent("accepted", 5, request_id="r-1")
    result = decided(decide(instance(Status.SUCCESS, 10, 20), policy(), at(100), record))
    assert (result["action"], result["status"], result["status_before"]) == ("done", "success", "fail")
    assert (result["rerun"], result["request_id"], result["attempts"]) == (True, "r-1", 1)
    assert (result["start_time"], result["start_time_before"], result["end_time_before"]) == (at(10), at(-3600), at(-3000))
    assert result["sent_time"] == at(5)


def test_what_came_from_the_service_cannot_steer_a_terminal() -> None:
    one = dataclasses.replace(
        instance(Status.UNKNOWN, status_text="odd\x1b[2J"), job_name="job\x1b]0;x\x07", error_message="bad\r\nworse", instance_id="1\x00"
    )
    result = decided(Decision(one, Action.UNKNOWN, f"status {one.status_text}", request_id="id\x1b"))
    assert not any(char in json.dumps(result, ensure_ascii=False) for char in "\x1b\x07\r\x00")
    assert result["job_name"] == "job\\x1b]0;x\\x07"
    assert result["status_before"] == "odd\\x1b[2J"


def test_counts() -> None:
    results = [
        decided(decision(action, status))
        for action, status in ((Action.DONE, Status.SUCCESS), (Action.DONE, Status.SUCCESS), (Action.WAIT, Status.RUNNING))
    ]
    counts = {"total": 3, "idle": 0, "rerun": 0, "actions": {"done": 2, "wait": 1}, "statuses": {"success": 2, "running": 1}}
    assert summary(results) == counts
    assert summary(results, 4) == {
        **counts,
        "total": 7,
        "idle": 4,
        "actions": {"done": 6, "wait": 1},
        "statuses": {"success": 6, "running": 1},
    }
    assert statuses([]) == {}
    assert (counted(1, "instance"), counted(0, "request")) == ("1 instance", "0 requests")


def test_a_plan_names_jobs_and_what_is_left_alone() -> None:
    decisions = [
        *(decision(Action.RETRY, number=number) for number in (1, 2, 3)),
        decision(Action.RETRY, number=4, job_name="weekly\x1b[0m", job_id="2"),
        decision(Action.WAIT, Status.RUNNING, number=5),
        decision(Action.BLOCKED, Status.WAITING_CONFIRM, number=6),
        decision(Action.DONE, Status.SUCCESS, number=7),
    ]
    made = plan(decisions, Limits(max_parallel=4))
    lines = plan_lines("62fb", WINDOW, made.decisions, made.batches)
    assert "7 instances selected, 3 to rerun in 1 request" in lines[0]
    assert lines[1].startswith("  daily_sales: 3 instances, planned ")
    assert lines[2:] == ["  waiting for their turn: 1", "  not rerun: 1 on their way", "  not rerun: 1 waiting for a person"]
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize(
    ("quiet", "why"),
    [
        (60, "this machine's record of reruns is younger than since (2026-11-23T03:00:00Z), so one sent from elsewhere may not show yet"),
        (0, "that is since, which by the service's clock is still to come"),
    ],
)
def test_a_plan_says_what_is_held_back_until_when_and_why(quiet: int, why: str) -> None:
    wanted = policy(quiet_until=at(quiet))
    records = [None, None, sent("accepted", 1)]
    decisions = [decide(instance(number=number), wanted, at(-1), record) for number, record in enumerate(records, 1)]
    lines = plan_lines("62fb", WINDOW, decisions, [], wanted)
    assert lines[0].endswith("3 instances selected, nothing to rerun yet")
    until = f"2026-11-23T03:0{quiet // 60}:00Z"
    assert lines[1:] == [f"  held back until {until}, then rerun: 2 instances; {why}", "  not rerun: 1 sent before, and read again first"]


def test_a_plan_of_nothing_is_one_line_and_a_large_one_stays_readable() -> None:
    assert len(plan_lines("62fb", WINDOW, [], [])) == 1
    many = [decision(Action.RETRY, number=number, job_name=f"job_{number:03}", job_id=str(number)) for number in range(1, 201)]
    made = plan(many, Limits())
    lines = plan_lines("62fb", WINDOW, many, made.batches)
    assert len(lines) == 52
    assert lines[-1] == "  and 150 more jobs"


@pytest.mark.parametrize(
    ("action", "status", "before", "rerun", "check_mode", "shown"),
    [
        ("retry", "fail", "fail", False, True, ("fail", "to be rerun")),
        ("retry", "fail", "fail", True, False, ("fail", "rerun requested")),
        ("done", "success", "fail", True, False, ("fail", "success")),
        ("failed_again", "fail", "fail", True, False, None),
        ("done", "success", "success", False, False, None),
        ("skipped", "success", "fail", False, False, None),
    ],
)
def test_a_difference_shows_what_changes(
    action: str, status: str, before: str, rerun: bool, check_mode: bool, shown: tuple[str, str] | None
) -> None:
    one = {"action": action, "status": status, "status_before": before, "rerun": rerun, "job_name": "a", "plan_time_iso": "T"}
    found = diff([one], check_mode=check_mode)
    expected = ("", "") if shown is None else (f"a planned T: {shown[0]}\n", f"a planned T: {shown[1]}\n")
    assert (found["before"], found["after"]) == expected


def test_shortfall_counts_what_ended_elsewhere_than_at_success() -> None:
    every = [
        decision(Action.FAILED_AGAIN),
        decision(Action.FAILED_AGAIN),
        decision(Action.UNKNOWN),
        decision(Action.REFUSED),
        decision(Action.BLOCKED, Status.PAUSE),
        decision(Action.NOT_RERUNNABLE, Status.RUNNING_EXCEPTION),
        decision(Action.NOT_RERUNNABLE, Status.FAIL),
        decision(Action.DONE, Status.SUCCESS),
        decision(Action.SKIPPED, Status.FREEZE),
    ]
    text = shortfall(every, {Status.FAIL})
    assert text == "2 failed again, 1 refused by the service, 1 not rerunnable, 1 waiting for a person, 1 of unknown outcome"
    assert shortfall(every[-2:], {Status.FAIL}) == ""


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], None),
        ([decision(Action.DONE)], None),
        ([decision(Action.WAIT, Status.RUNNING)], 10.0),
        ([decision(Action.SETTLING, due_ms=at(25))], 25.0),
        ([decision(Action.SETTLING, due_ms=at(-5))], 0.0),
        ([decision(Action.SETTLING, due_ms=at(25)), decision(Action.WAIT, Status.RUNNING)], 10.0),
        ([dataclasses.replace(decision(Action.SETTLING, due_ms=at(25)), sent=sent("unknown"))], 10.0),
        ([dataclasses.replace(decision(Action.SETTLING, due_ms=at(2.04)), sent=sent("unknown"))], 2.1),
    ],
)
def test_when_another_pass_makes_sense(decisions: list[Decision], expected: float | None) -> None:
    assert due_in(decisions, at(0), 10.0) == expected


def test_the_command_that_finds_out_holds_no_credentials_and_is_one_shell_word() -> None:
    options = {
        "workspace_id": "62fb",
        "region": "cn-north-4",
        "secret_key": "s3cret",
        "access_key": "AK",
        "endpoint": None,
        "user_password": "pw",
    }
    text = lookup_hint(options, ["it's; rm -rf /", "b\x1b", "x" * 128], WINDOW)
    assert "s3cret" not in text
    assert "AK" not in text
    assert "pw" not in text
    command = text.partition(": ")[2]
    words = shlex.split(command)
    assert words[:5] == ["ansible", "localhost", "-m", "dataarts.factory.job_instance_info", "-a"]
    assert json.loads(words[5]) == {
        "region": "cn-north-4",
        "workspace_id": "62fb",
        "jobs": ["it's; rm -rf /", "b*", "x" * 128],
        "planned_after": WINDOW.begin,
        "planned_before": WINDOW.end,
    }


def test_the_command_that_finds_out_holds_nothing_that_ansible_would_evaluate() -> None:
    template = "{{ lookup('pipe', 'id') }}"
    options = {"workspace_id": template, "project_id": template, "region": "cn-north-4"}
    found = json.loads(shlex.split(lookup_hint(options, [template, "{% raw %}", "a*"], WINDOW))[-1])
    assert found == {
        "region": "cn-north-4",
        "jobs": ["?? lookup('pipe', 'id') ??", "?% raw %?", "a[*]"],
        "planned_after": WINDOW.begin,
        "planned_before": WINDOW.end,
    }


def test_the_command_that_finds_out_is_whole_however_many_jobs_there_are() -> None:
    found = json.loads(shlex.split(lookup_hint({"workspace_id": "62fb"}, ["x" * 128] * 40, WINDOW))[-1])
    assert found == {"workspace_id": "62fb", "planned_after": WINDOW.begin, "planned_before": WINDOW.end}
