# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of ``_planner/stopping.py``: from an instance and its known stops and reruns to a decision."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, AttemptKind, Failure, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.reason import InstanceDetail
from ansible_collections.dataarts.factory.plugins.module_utils._planner.stopping import MAX_STOPS, decide_stop, of_another_job, stop_result

NOW = 1_732_608_000_000
SETTLE = 60_000
RUNNING = JobInstance(
    InstanceKey("w", "7", NOW - 3_600_000, NOW - 9_000_000), "daily_sales", Status.RUNNING, "running", "1", None, NOW - 3_500_000
)


def shown(status: Status, **changes: t.Any) -> JobInstance:
    return replace(RUNNING, status=status, status_text=status.value, **changes)


def attempt(outcome: Outcome, age: int, of: JobInstance = RUNNING, **changes: t.Any) -> Attempt:
    made = NOW - age
    own = {"kind": AttemptKind.STOP, "outcome": outcome, "flight_ms": 65_000, "attempt_id": 1, **changes}
    return replace(Attempt(Failure.of(of), "daily_sales", "theirs", made, 1, 1, made, made, made), **own)


RERUN: dict[str, t.Any] = {"kind": AttemptKind.RERUN}


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAIL, Status.MANUAL_STOP, Status.SKIP_BY_DEPEND, Status.FREEZE])
def test_what_has_ended_is_left(status: Status) -> None:
    assert _decided(shown(status)).action is Action.DONE


@pytest.mark.parametrize(
    ("status", "stop", "reason"),
    [
        (Status.MANUAL_STOP, None, "there is nothing to stop"),
        (Status.MANUAL_STOP, {"run_id": "ours"}, "the stop that this run sent at {at} has taken effect"),
        (Status.FAIL, {"run_id": "ours"}, "the stop that this run sent at {at} has taken effect"),
        (Status.MANUAL_STOP, {"run_id": "ours", "outcome": Outcome.UNKNOWN}, "the stop that this run sent at {at} has taken effect"),
        (Status.MANUAL_STOP, {}, "the stop that run theirs sent at {at} has taken effect"),
        (Status.SUCCESS, {"run_id": "ours"}, "it ended by itself, in spite of the stop that this run sent at {at}"),
        (Status.SUCCESS, {}, "it ended by itself, in spite of the stop that run theirs sent at {at}"),
        (Status.MANUAL_STOP, {"run_id": "ours", "outcome": Outcome.REJECTED}, "there is nothing to stop"),
        (Status.MANUAL_STOP, {"run_id": "ours", "of": "another run"}, "there is nothing to stop"),
    ],
)
def test_the_reason_says_what_a_stop_has_to_do_with_the_end(status: Status, stop: dict[str, t.Any] | None, reason: str) -> None:
    stops = []
    if stop is not None:
        of = replace(RUNNING, start_time=NOW - 9) if "of" in stop else RUNNING
        stops = [attempt(stop.get("outcome", Outcome.ACCEPTED), 1000, of, run_id=stop.get("run_id", "theirs"))]
    said = _decided(shown(status), *stops).reason
    assert said.endswith(f"; {reason.format(at=to_iso(NOW - 1000))}"), said


@pytest.mark.parametrize(
    "status", [Status.WAITING, Status.RUNNING, Status.RUNNING_EXCEPTION, Status.PAUSE, Status.WAITING_CONFIRM, Status.UNKNOWN]
)
def test_everything_else_is_stopped(status: Status) -> None:
    decision = _decided(shown(status))
    assert (decision.action, decision.by_id, decision.superseded) == (Action.STOP, True, None)


def _decided(instance: JobInstance, *stops: Attempt, reruns: t.Sequence[Attempt] = ()) -> t.Any:
    return decide_stop(instance, stops, reruns, run_id="ours", now=NOW, settle_ms=SETTLE)


@pytest.mark.parametrize(
    ("outcome", "age", "run_id", "action", "supersedes"),
    [
        (Outcome.ACCEPTED, 0, "theirs", Action.WAIT, False),
        (Outcome.ACCEPTED, 899_999, "theirs", Action.WAIT, False),
        (Outcome.ACCEPTED, 900_000, "theirs", Action.STOP, True),
        (Outcome.UNKNOWN, 59_999, "theirs", Action.SETTLING, False),
        (Outcome.UNKNOWN, 60_000, "theirs", Action.STOP, True),
        (Outcome.INTENDED, 64_999, "theirs", Action.SETTLING, False),
        (Outcome.INTENDED, 65_000, "theirs", Action.STOP, True),
        (Outcome.REJECTED, 0, "theirs", Action.STOP, True),
        (Outcome.REJECTED, 0, "ours", Action.REJECTED, False),
        (Outcome.NOT_EXECUTED, 0, "ours", Action.STOP, True),
        (Outcome.MOVED_ON, 0, "ours", Action.STOP, True),
    ],
)
def test_a_stop_of_the_same_state(outcome: Outcome, age: int, run_id: str, action: Action, supersedes: bool) -> None:
    stop = attempt(outcome, age, run_id=run_id)
    decision = _decided(RUNNING, stop)
    assert decision.action is action
    assert (decision.superseded == stop) == supersedes
    assert (decision.due_ms is not None) == (action is Action.SETTLING)


def test_a_stop_of_what_waited_then_holds_for_what_runs_now() -> None:
    waited = shown(Status.WAITING, start_time=None)
    assert _decided(RUNNING, attempt(Outcome.ACCEPTED, 0, waited)).action is Action.WAIT
    late = _decided(RUNNING, attempt(Outcome.UNKNOWN, 60_000, waited))
    assert (late.action, late.superseded) == (Action.STOP, None)


@pytest.mark.parametrize(
    "changes",
    [{"start_time": NOW - 9}, {"key": RUNNING.key._replace(submit_time=NOW)}, {"instance_id": "2"}],
    ids=["start", "submit", "id"],
)
def test_a_stop_of_another_run_says_nothing(changes: dict[str, t.Any]) -> None:
    decision = _decided(replace(RUNNING, **changes), attempt(Outcome.ACCEPTED, 0))
    assert (decision.action, decision.superseded) == (Action.STOP, None)


@pytest.mark.parametrize(("age", "action"), [(59_999, Action.SETTLING), (60_000, Action.DONE)])
def test_a_rerun_that_may_still_show_is_waited_for(age: int, action: Action) -> None:
    failed = shown(Status.FAIL)
    assert _decided(failed, reruns=[attempt(Outcome.ACCEPTED, age, failed, **RERUN)]).action is action
    assert _decided(failed, reruns=[attempt(Outcome.ACCEPTED, 0, shown(Status.FAIL, start_time=1), **RERUN)]).action is Action.DONE


@pytest.mark.parametrize(
    ("instance", "stop", "word", "changed"),
    [
        (RUNNING, None, "to_stop", False),
        (RUNNING, attempt(Outcome.ACCEPTED, 0, run_id="ours"), "stopping", True),
        (RUNNING, attempt(Outcome.ACCEPTED, 0), "stopping", False),
        (RUNNING, attempt(Outcome.UNKNOWN, 0, run_id="ours"), "unknown", False),
        (RUNNING, attempt(Outcome.REJECTED, 0, run_id="ours"), "refused", False),
        (shown(Status.MANUAL_STOP), attempt(Outcome.ACCEPTED, 0, run_id="ours"), "stopped", True),
        (shown(Status.FAIL), attempt(Outcome.UNKNOWN, 0, run_id="ours"), "stopped", True),
        (shown(Status.MANUAL_STOP), attempt(Outcome.ACCEPTED, 0), "ended", False),
        (shown(Status.SUCCESS), attempt(Outcome.ACCEPTED, 0, run_id="ours"), "ended", False),
        (shown(Status.MANUAL_STOP), attempt(Outcome.REJECTED, 0, run_id="ours"), "ended", False),
        (shown(Status.SUCCESS), None, "ended", False),
    ],
)
def test_what_is_told(instance: JobInstance, stop: Attempt | None, word: str, changed: bool) -> None:
    assert stop_result(_decided(instance, *([stop] if stop else [])), "ours") == (word, changed)


@pytest.mark.parametrize(
    ("asked", "action"), [(0, Action.STOP), (MAX_STOPS - 1, Action.STOP), (MAX_STOPS, Action.WAIT), (MAX_STOPS + 1, Action.WAIT)]
)
def test_a_call_asks_so_often_and_then_waits(asked: int, action: Action) -> None:
    decision = decide_stop(RUNNING, (), (), run_id="ours", now=NOW, settle_ms=SETTLE, asked=asked)
    assert decision.action is action
    assert ("not sent again by this task" in decision.reason) is (action is Action.WAIT)


def test_what_has_ended_is_done_however_often_it_was_asked_for() -> None:
    assert decide_stop(shown(Status.SUCCESS), (), (), run_id="ours", now=NOW, settle_ms=SETTLE, asked=MAX_STOPS).action is Action.DONE


@pytest.mark.parametrize(
    ("name", "text"), [("daily_sales", ""), (None, ""), ("daily_stock", "it is an instance of job daily_stock"), ("Daily_sales", "it is")]
)
def test_an_instance_of_another_job_is_not_meant(name: str | None, text: str) -> None:
    """Where the service shows an instance whatever job is named with its id."""
    other = of_another_job(InstanceDetail(Status.RUNNING, None, job_name=name), "daily_sales")
    assert other.startswith(text) if text else not other
