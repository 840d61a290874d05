# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the modules that rerun: the plan, reruns that do not show, how to find out."""

from __future__ import annotations

import dataclasses
import json
import shlex
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import RetryOptions
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import RunScope, Since
from ansible_collections.dataarts.factory.plugins.module_utils._output.messages import lookup_hint, plan_lines, unshown_notes
from ansible_collections.dataarts.factory.plugins.module_utils._output.plan_details import detail_lines, plan_details
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import Forecast
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Policy, decide
from ansible_collections.dataarts.factory.tests.unit.building import SINCE, WORKSPACE, at, attempt, instance, limited, policy

WINDOW = Window(at(-86_400), at(0))
SCOPE = RunScope(Since(SINCE, given=True), WINDOW)


def decision(action: Action, status: Status = Status.FAIL, **changes: t.Any) -> Decision:
    due = changes.pop("due_ms", None)
    return Decision(instance(status, **changes), action, "because", due)


def lines_of(scope: RunScope, plan: Plan, wanted: Policy, purpose: str = "") -> list[str]:
    """The lines of a plan without its details, with a short workspace id."""
    details = plan_details(plan, Forecast(), wanted.statuses, RetryOptions(), at(0), hold_off_until=scope.hold_off_until)
    without = detail_lines(details)
    lines = plan_lines(WORKSPACE, scope, plan, details, purpose)
    return [line.replace(WORKSPACE, "62fb") for line in lines if line not in without]


def test_a_plan_names_jobs_and_what_is_left_alone() -> None:
    decisions = [
        *(decision(Action.RETRY, number=number) for number in (1, 2, 3)),
        decision(Action.RETRY, number=4, job_name="weekly\x1b[0m", job_id="2"),
        decision(Action.WAIT, Status.RUNNING, number=5),
        decision(Action.BLOCKED, Status.WAITING_CONFIRM, number=6),
        decision(Action.DONE, Status.SUCCESS, number=7),
        decision(Action.WAIT, number=8, due_ms=at(60)),
    ]
    lines = lines_of(SCOPE, limited(decisions, Limits(max_parallel=4)), policy())
    assert "8 instances selected, 4 to rerun, 3 of them at once in 1 request" in lines[0]
    assert lines[1].startswith("  daily_sales: 3 instances, planned ")
    assert lines[2].startswith("  weekly")
    assert lines[3:] == [
        "  of them queued (max_parallel): 1",
        "  rerun again after attempt_delay: 1",
        "  not rerun: 1 in progress",
        "  not rerun: 1 waiting for a person",
    ]
    assert lines_of(SCOPE, Plan(tuple(decisions[-1:])), policy())[0].endswith("1 instance selected, nothing to rerun yet")
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (60, "the journal is younger than since (2026-11-23T03:00:00Z), so a rerun sent from elsewhere may not show yet"),
        (0, "the value of since, which is in the future by the service's clock"),
    ],
)
def test_a_plan_says_what_is_held_back_until_when_and_why(until: int, why: str) -> None:
    wanted = policy(hold_off_until=at(until))
    records = [None, None, attempt("accepted", 1)]
    decisions = [decide(instance(number=number), wanted, at(-1), record) for number, record in enumerate(records, 1)]
    scope = SCOPE._replace(hold_off_until=at(until))
    lines = lines_of(scope, Plan(tuple(decisions)), wanted)
    assert lines[0].endswith("3 instances selected, nothing to rerun yet")
    shown = f"2026-11-23T03:0{until // 60}:00Z"
    assert lines[1:] == [f"  held back until {shown}, then rerun: 2 instances; {why}", "  not rerun: 1 sent before, and listed again first"]


def test_a_plan_of_nothing_is_one_line_and_a_large_one_stays_readable() -> None:
    assert len(lines_of(SCOPE, Plan(()), policy())) == 1
    many = [decision(Action.RETRY, number=number, job_name=f"job_{number:03}", job_id=str(number)) for number in range(1, 201)]
    lines = lines_of(SCOPE, limited(many, Limits()), policy())
    assert len(lines) == 52
    assert lines[-1] == "  and 150 more jobs"


def test_a_plan_that_is_refused_says_so() -> None:
    lines = lines_of(SCOPE, limited([decision(Action.RETRY), decision(Action.RETRY, number=2)], Limits(max_instances=1)), policy())
    assert lines[0].endswith("2 instances selected, 2 to rerun, which is refused")


def test_a_plan_with_an_order_is_told_stage_by_stage() -> None:
    decisions = [
        decision(Action.RETRY, number=1, job_name="extract"),
        dataclasses.replace(decision(Action.WAIT, number=2, job_name="report"), queued=3),
        dataclasses.replace(decision(Action.WAIT, number=3, job_name="load"), queued=2),
        dataclasses.replace(decision(Action.WAIT, number=4, job_name="extract"), queued=1),
    ]
    lines = lines_of(SCOPE, limited(decisions, Limits()), policy())
    assert lines[0].endswith("4 to rerun in 3 stages, 1 of them at once in 1 request")
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "  stage 1",
        "    extract",
        "  stage 2, when what they depend on has succeeded",
        "    load",
        "  stage 3, when what they depend on has succeeded",
        "    report",
        "  of them queued (max_parallel)",
    ]


def test_a_plan_of_which_everything_is_queued_and_held_back_says_so_once() -> None:
    scope = SCOPE._replace(hold_off_until=at(60))
    decisions = [
        decision(Action.SETTLING, number=1, due_ms=at(60)),
        dataclasses.replace(decision(Action.WAIT, number=2), queued=2),
        dataclasses.replace(decision(Action.WAIT, number=3), queued=1),
    ]
    lines = lines_of(scope, limited(decisions, Limits()), policy(hold_off_until=at(60)))
    assert lines[0].endswith("3 instances selected, 2 to rerun in 2 stages, none of them yet")


@pytest.mark.parametrize(
    ("start", "slack", "known", "shown"),
    [
        (-20, 30_000, False, True),
        (-30, 30_000, False, True),
        (-30.001, 30_000, False, False),  # it is rerun
        (0, 30_000, False, False),  # it started after since by either clock
        (-20, 0, False, False),
        (-20, 30_000, True, False),  # the journal knows it as a rerun of this run
    ],
)
def test_a_plan_says_what_only_the_clock_slack_keeps_from_being_rerun(start: float, slack: int, known: bool, shown: bool) -> None:
    wanted = policy(clock_slack_ms=slack)
    record = attempt("accepted", 1, before=instance(Status.FAIL, -3600, -3000)) if known else None
    made = decide(instance(Status.FAIL, start, 10), wanted, at(100), record)
    lines = lines_of(SCOPE._replace(clock_slack_ms=slack), limited([made], Limits()), wanted)
    note = "  not rerun: 1 instance that started less than 30 seconds before since; the journal does not know what was sent then, and clocks differ"
    assert any(line.startswith(note) for line in lines) is shown


def test_a_job_whose_accepted_rerun_does_not_show_is_named_once() -> None:
    decisions = [decide(instance(number=number), policy(), at(100), attempt("accepted", 1)) for number in (1, 2)]
    (note,) = unshown_notes(decisions)
    assert note.startswith(
        "The service accepted reruns of job daily_sales that it does not show. The run waits for them and does not send them again"
    )
    assert unshown_notes([decide(instance(), policy(), at(30), attempt("accepted", 1)), decision(Action.WAIT, Status.RUNNING)]) == []


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
        "short": True,
    }


def test_the_command_that_finds_out_holds_nothing_that_ansible_would_evaluate() -> None:
    template = "{{ lookup('pipe', 'id') }}"
    options = {"workspace_id": template, "project_id": template, "region": "cn-north-4"}
    variables = json.loads(shlex.split(lookup_hint(options, [template, "{% raw %}", "a*"], WINDOW))[-1])
    assert variables == {
        "region": "cn-north-4",
        "jobs": ["?? lookup('pipe', 'id') ??", "?% raw %?", "a[*]"],
        "planned_after": WINDOW.begin,
        "planned_before": WINDOW.end,
        "short": True,
    }


def test_the_command_that_finds_out_is_whole_however_many_jobs_there_are() -> None:
    variables = json.loads(shlex.split(lookup_hint({"workspace_id": "62fb"}, ["x" * 128] * 40, WINDOW))[-1])
    assert variables == {"workspace_id": "62fb", "planned_after": WINDOW.begin, "planned_before": WINDOW.end, "short": True}


def test_jobs_of_one_name_in_two_workspaces_have_a_line_each() -> None:
    here = decision(Action.RETRY)
    there = Decision(dataclasses.replace(here.instance, key=here.instance.key._replace(workspace_id="w9")), Action.RETRY, "because")
    plan = limited([here, there], Limits())
    details = plan_details(plan, Forecast(), policy().statuses, RetryOptions(), at(0), workspace_names={"w9": "finance"})
    lines = [line for line in plan_lines(WORKSPACE, SCOPE, plan, details) if ", planned 2026" in line and "instance," in line]
    assert [line.partition(":")[0] for line in lines] == ["  daily_sales", "  daily_sales (workspace finance)"]
    assert [(job["workspace_id"], job["instances"]) for job in details["jobs"]] == [(WORKSPACE, 1), ("w9", 1)]
