# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that rerun say: the plan, what is missing, how to find out."""

from __future__ import annotations

import json
import shlex
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._output.messages import lookup_hint, plan_lines, shortfall
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits, plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from ansible_collections.dataarts.factory.tests.unit.building import at, instance, policy, sent

WINDOW = Window(at(-86_400), at(0))


def decision(action: Action, status: Status = Status.FAIL, **changes: t.Any) -> Decision:
    due = changes.pop("due_ms", None)
    return Decision(instance(status, **changes), action, "because", due)


def test_a_plan_names_jobs_and_what_is_left_alone() -> None:
    decisions = [
        *(decision(Action.RETRY, number=number) for number in (1, 2, 3)),
        decision(Action.RETRY, number=4, job_name="weekly\x1b[0m", job_id="2"),
        decision(Action.WAIT, Status.RUNNING, number=5),
        decision(Action.BLOCKED, Status.WAITING_CONFIRM, number=6),
        decision(Action.DONE, Status.SUCCESS, number=7),
        decision(Action.WAIT, number=8, due_ms=at(60)),
    ]
    made = plan(decisions, Limits(max_parallel=4))
    lines = plan_lines("62fb", WINDOW, made.decisions, made.batches)
    assert "8 instances selected, 4 to rerun, 3 of them at once in 1 request" in lines[0]
    assert lines[1].startswith("  daily_sales: 3 instances, planned ")
    assert lines[2].startswith("  weekly")
    assert lines[3:] == [
        "  of them waiting for their turn (max_parallel): 1",
        "  rerun again after attempt_delay: 1",
        "  not rerun: 1 on their way",
        "  not rerun: 1 waiting for a person",
    ]
    assert plan_lines("62fb", WINDOW, decisions[-1:], [])[0].endswith("1 instance selected, nothing to rerun yet")
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
