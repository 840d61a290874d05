# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says in addition to its numbers."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision, Upstream
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import RetryOptions
from ansible_collections.dataarts.factory.plugins.module_utils._output.plan_details import (
    detail_lines,
    left_lines,
    paused_text,
    plan_details,
    stage_text,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.forecast import Forecast, Room, foresee, runs_of
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from tests.unit.building import FAIL, SINCE, WORKSPACE, at, attempt, instance, limited

Details = dict[str, t.Any]


def decision(
    action: Action = Action.RETRY, status: Status = Status.FAIL, *, number: int = 1, job_name: str = "a", **more: t.Any
) -> Decision:
    return Decision(instance(status, number=number, job_name=job_name), action, "because", **more)


def details(*decisions: Decision, options: RetryOptions | None = None, max_parallel: int | None = None) -> Details:
    plan = limited(list(decisions), Limits(max_parallel=max_parallel))
    runs = runs_of([made.instance for made in decisions], SINCE)
    expected = foresee(plan.decisions, {}, runs, Room(max_parallel), at(0))
    return plan_details(plan, expected, FAIL, options or RetryOptions(), at(0), hold_off_until=at(60))


LEFT: list[tuple[Decision, str]] = [
    (decision(Action.DONE, Status.SUCCESS, already_done=True), "succeeded before"),
    (decision(Action.DONE, Status.SUCCESS), "succeeded since"),
    (decision(Action.WAIT, Status.RUNNING), "in progress"),
    (decision(Action.STOP, Status.RUNNING), "stopped first"),
    (decision(Action.STOPPED, Status.MANUAL_STOP), "stopped"),
    (decision(Action.WAIT, due_ms=at(60)), "rerun again after attempt_delay"),
    (decision(Action.SETTLING, attempt=attempt()), "sent before, and listed again first"),
    (decision(Action.SETTLING, due_ms=at(60)), "held back until it is certain that nothing was sent for it"),
    (decision(Action.SKIPPED, Status.MANUAL_STOP), "status manual-stop"),
    (decision(Action.SKIPPED), "skipped downstream of one that did not succeed"),
    (decision(Action.NOT_RERUNNABLE), "not rerunnable"),
    (decision(Action.FAILED_AGAIN), "failed again"),
    (decision(Action.BLOCKED), "waiting for a person"),
    (decision(Action.REJECTED), "rejected by the service"),
    (decision(Action.UNKNOWN), "of unknown outcome"),
]


@pytest.mark.parametrize(("left", "reason"), LEFT)
def test_why_the_rest_is_not_rerun(left: Decision, reason: str) -> None:
    made = details(decision(number=2), left, dataclasses.replace(left, instance=instance(left.instance.status, number=3)))
    assert made["left"] == [{"reason": reason, "instances": 2}]
    assert (made["selected"], made["to_rerun"]) == (3, 1)
    (line,) = left_lines(made) or [""]
    # Instances that were fine from the beginning, are stopped first or are held off have no such line.
    fine = reason.startswith(("succeeded", "stopped first", "held back"))
    words = "with other statuses" if reason.startswith("status ") else reason
    assert line.strip() in ([""] if fine else [f"not rerun: 2 {words}", f"{words}: 2"])


def test_every_action_that_is_not_a_rerun_has_a_reason_in_words() -> None:
    assert {made.action for made, _reason in LEFT} == set(Action) - {Action.RETRY}


STARTS: list[tuple[RetryOptions, Status, str]] = [
    (RetryOptions(), Status.FAIL, "  each starts at the node that failed, with its original parameters"),
    (RetryOptions("firstNode"), Status.FAIL, "  each starts at the first node, with its original parameters"),
    (
        RetryOptions("specifiedNode", "current_version", "load\x1b"),
        Status.FAIL,
        "  each starts at node load\\x1b, with the parameters submitted last",
    ),
    (
        RetryOptions(ignore_obs_monitor=False),
        Status.FAIL,
        "  each starts at the node that failed, with its original parameters, and watches its OBS paths",
    ),
    (
        RetryOptions(),
        Status.SUCCESS,
        "  each starts at the node that failed, with its original parameters; 1 instance that had succeeded starts at the first node",
    ),
    (RetryOptions("firstNode"), Status.SUCCESS, "  each starts at the first node, with its original parameters"),
]


@pytest.mark.parametrize(("options", "status", "line"), STARTS)
def test_where_the_reruns_start(options: RetryOptions, status: Status, line: str) -> None:
    made = details(decision(status=status), options=options)
    assert detail_lines(made)[0] == line
    assert made["retry_location"] == options.retry_location
    assert made["node_name"] == options.node_name


def test_nothing_is_said_where_nothing_is_rerun() -> None:
    assert detail_lines(details(decision(Action.WAIT, Status.RUNNING))) == []
    assert detail_lines({}) == []


@pytest.mark.parametrize(
    ("jobs", "text"),
    [
        ([], ""),
        (["a"], "the schedule of a is stopped first, and started again at the end"),
        (["a", "b\x1b"], "the schedules of a and b\\x1b are stopped first, and started again at the end"),
        ([f"j{number}" for number in range(23)], "j19 and 3 more are stopped"),
    ],
)
def test_which_jobs_are_paused_meanwhile(jobs: list[str], text: str) -> None:
    made = plan_details(Plan((decision(),)), Forecast(), FAIL, RetryOptions(), at(0), paused_jobs=jobs)
    assert len(made["paused_jobs"]) == len(jobs)
    assert text in paused_text(made)
    assert [line for line in detail_lines(made) if "stopped first" in line] == ([f"  {paused_text(made)}"] if jobs else [])


def succeeded(job_name: str, number: int = 9) -> Decision:
    """A successful run of ten minutes."""
    return decision(Action.DONE, Status.SUCCESS, number=number, job_name=job_name, already_done=True)


@pytest.mark.parametrize(
    ("more", "max_parallel", "seconds", "lines"),
    [
        ((), None, None, []),
        ((succeeded("a"),), None, 600.0, ["  takes about 10m 00s, judging by earlier runs, until about 2026-11-23T03:10:00Z"]),
        ((succeeded("a"),), 1, 1200.0, ["  takes about 20m 00s, judging by earlier runs, until about 2026-11-23T03:20:00Z"]),
        (
            (succeeded("a"), decision(number=3, job_name="b")),
            None,
            600.0,
            [
                (
                    "  takes about 10m 00s, judging by earlier runs, not counting 1 instance of jobs without an earlier run, until at least "
                    "2026-11-23T03:10:00Z"
                )
            ],
        ),
    ],
)
def test_how_long_it_will_take(more: tuple[Decision, ...], max_parallel: int | None, seconds: float | None, lines: list[str]) -> None:
    made = details(decision(), decision(number=2), *more, max_parallel=max_parallel)
    assert made["expected_seconds"] == seconds
    assert detail_lines(made)[1:] == lines
    assert {entry["job_name"]: entry["run_seconds"] for entry in made["jobs"]}["a"] == (600.0 if more else None)


def stages(*above: Upstream | None) -> Details:
    later = [decision(Action.WAIT, number=number, queued=2, waits_for=name) for number, name in enumerate(above, 2)]
    return plan_details(Plan((decision(), *later)), Forecast(), FAIL, RetryOptions(), at(0))


HERE, THERE = Upstream("daily_sales", WORKSPACE), Upstream("stock", "7c1d", "supply")
WAITS: list[tuple[tuple[Upstream | None, ...], str]] = [
    ((HERE,), "when daily_sales has succeeded"),
    ((HERE, HERE), "when daily_sales has succeeded"),
    ((THERE,), "when stock (workspace supply) has succeeded"),
    ((Upstream("stock", "7c1d"),), "when stock (workspace 7c1d) has succeeded"),
    ((HERE, HERE, THERE), "when daily_sales and stock (workspace supply) have succeeded"),
    (tuple(Upstream(f"j{number}", WORKSPACE) for number in range(5)), "when j0, j1, j2 and 2 more have succeeded"),
    ((Upstream("\x1b[2J", WORKSPACE),), "when \\x1b[2J has succeeded"),
    ((None,), "when what they depend on has succeeded"),
]


@pytest.mark.parametrize(("above", "text"), WAITS)
def test_what_a_later_stage_waits_for(above: tuple[Upstream | None, ...], text: str) -> None:
    made = stages(*above)
    assert stage_text(made, 2, WORKSPACE) == text
    assert [entry["stage"] for entry in made["jobs"]] == [1, 2]
    assert sum(entry["instances"] for entry in made["waits_for"]) == sum(name is not None for name in above)
