# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances and decisions as modules return them, counts and differences."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window, to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Slot
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._output.results import decided, diff, statuses, summary
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from ansible_collections.dataarts.factory.tests.unit.building import FAIL, at, attempt, instance, policy

WINDOW = Window(at(-86_400), at(0))


def decision(action: Action, status: Status = Status.FAIL, **changes: t.Any) -> Decision:
    due = changes.pop("due_ms", None)
    return Decision(instance(status, **changes), action, "because", due)


def test_an_instance_before_anything_was_sent() -> None:
    result = decided(decide(instance(Status.FAIL), policy(), at(1), None), FAIL, "run-1")
    assert (result["action"], result["status"], result["status_before"]) == ("retry", "fail", "fail")
    assert (result["rerun"], result["request_id"], result["sent_time"]) == (False, None, None)
    assert (result["standing"], result["adopted"]) == ("to_rerun", False)
    assert (result["start_time_before"], result["end_time_before"]) == (at(-3600), at(-3000))
    assert result["plan_time_iso"].endswith("Z")


def test_an_instance_that_was_rerun_tells_what_it_was_before() -> None:
    record = attempt("accepted", 5, request_id="r-1")
    result = decided(decide(instance(Status.SUCCESS, 10, 20), policy(), at(100), record), FAIL, "run-1")
    assert (result["action"], result["status"], result["status_before"]) == ("done", "success", "fail")
    assert (result["rerun"], result["request_id"], result["attempts"]) == (True, "r-1", 1)
    assert (result["start_time"], result["start_time_before"], result["end_time_before"]) == (at(10), at(-3600), at(-3000))
    assert result["sent_time"] == at(5)
    assert (result["standing"], result["adopted"]) == ("succeeded", False)


def test_what_came_from_the_service_cannot_steer_a_terminal() -> None:
    listed = dataclasses.replace(
        instance(Status.UNKNOWN, status_text="odd\x1b[2J"), job_name="job\x1b]0;x\x07", error_message="bad\r\nworse", instance_id="1\x00"
    )
    result = decided(Decision(listed, Action.UNKNOWN, f"status {listed.status_text}", request_id="id\x1b"), FAIL, "run-1")
    assert not any(char in json.dumps(result, ensure_ascii=False) for char in "\x1b\x07\r\x00")
    assert result["job_name"] == "job\\x1b]0;x\\x07"
    assert result["status_before"] == "odd\\x1b[2J"


def test_earlier_reruns_by_others_are_its_history_newest_first() -> None:
    who: dict[str, t.Any] = {"user": "jane\x1b", "controller": "ctl-1", "purpose": "INC-4711"}
    made = [attempt("accepted", number - 90_000, run_id=f"run-{number % 2}", **who) for number in range(30)]
    seen = decide(instance(Status.FAIL), policy(), at(1), None)
    history = decided(seen, FAIL, "run-1", effective={Slot.of(seen.instance): made})["history"]
    assert [earlier["sent_time"] for earlier in history] == [at(number - 90_000) for number in range(28, 9, -2)]
    assert history[0] == {
        "sent_time": at(28 - 90_000),
        "sent_time_iso": to_iso(at(28 - 90_000)),
        "outcome": "accepted",
        "run_id": "run-0",
        "user": "jane\\x1b",
        "controller": "ctl-1",
        "purpose": "INC-4711",
    }
    assert decided(seen, FAIL, "run-1")["history"] == []


def test_counts() -> None:
    results = [
        decided(decision(action, status), FAIL, "run-1")
        for action, status in ((Action.DONE, Status.SUCCESS), (Action.DONE, Status.SUCCESS), (Action.WAIT, Status.RUNNING))
    ]
    counts = {"total": 3, "already_done": 0, "rerun": 0, "actions": {"done": 2, "wait": 1}, "statuses": {"success": 2, "running": 1}}
    assert summary(results) == counts
    assert summary(results, 4) == {
        **counts,
        "total": 7,
        "already_done": 4,
        "actions": {"done": 6, "wait": 1},
        "statuses": {"success": 6, "running": 1},
    }
    assert statuses([]) == {}


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
    entry = {"action": action, "status": status, "status_before": before, "rerun": rerun, "job_name": "a", "plan_time_iso": "T"}
    difference = diff([entry], check_mode=check_mode)
    expected = ("", "") if shown is None else (f"a planned T: {shown[0]}\n", f"a planned T: {shown[1]}\n")
    assert (difference["before"], difference["after"]) == expected


@pytest.mark.parametrize(
    ("status", "run", "record", "adopted"),
    [
        (Status.SUCCESS, (10, 20), attempt(), True),
        (Status.RUNNING, (10, None), attempt("unknown"), True),
        (Status.SUCCESS, (10, 20), attempt(run_id="run-2"), False),
        (Status.SUCCESS, (10, 20), attempt("rejected"), False),  # somebody's run, but not a rerun by an attempt
        (Status.SUCCESS, (-60, 20), attempt("unknown"), False),  # it is unknown whose it is
        (Status.SUCCESS, (10, 20), None, False),
    ],
)
def test_a_rerun_is_adopted_if_another_run_sent_it(status: Status, run: t.Any, record: t.Any, adopted: bool) -> None:
    """The run id decides: two tasks with one since, or two controllers, each see the other's reruns as adopted."""
    assert decided(decide(instance(status, *run), policy(), at(100), record), FAIL, "run-2")["adopted"] is adopted
