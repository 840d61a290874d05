# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances are stopped, with what effect, and what follows: the table of ``_planner/hung.py``."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, AttemptKind
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.hung import (
    StopPolicy,
    decide_with_stops,
    judged_with_stops,
    stop_word,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import outcome_of_one
from tests.unit.building import at, attempt, instance, policy

#: Running since T + 10, rerun at T + 5; and hung since the night.
RUNS = instance(Status.RUNNING, 10, None, instance_id="7")
HANGS = instance(Status.RUNNING_EXCEPTION, instance_id="7")
RERUN = attempt(before=instance(instance_id="7"), attempt_id=1)
NOW, OVER = at(4000), at(3600)


def stop(outcome: str = "accepted", when: float = 3600, before: JobInstance = RUNS, kind: str = "stop_and_rerun", **more: t.Any) -> Attempt:
    """A request to stop *before*."""
    return attempt(outcome, when, before=before, kind=AttemptKind(kind), **{"attempt_id": 2, **more})


def decided(
    listed: JobInstance, stops: t.Sequence[Attempt] = (), rerun: Attempt | None = RERUN, now: int = NOW, **wanted: t.Any
) -> Decision:
    """The decision about *listed*, by both tables."""
    asked = StopPolicy(**{"run_id": "run-1", "timeout_ms": OVER, **wanted})
    effective = [] if rerun is None else [rerun]
    return decide_with_stops(listed, policy(), asked, now, rerun, effective, stops)


STOP: t.Any = {"timeout_action": "stop"}
BOTH: t.Any = {"timeout_action": "stop_and_rerun"}
EXCEPTION: t.Any = {"running_exception": "stop_and_rerun"}
WAITS = instance(Status.WAITING, None, None, instance_id="7")
STOPPED = instance(Status.MANUAL_STOP, 10, 3700, instance_id="7")
#: What an earlier run stopped.
RAN, LEFT = instance(Status.RUNNING, -100, None, instance_id="7"), instance(Status.MANUAL_STOP, -100, -80, instance_id="7")

CASES: list[tuple[str, JobInstance, list[Attempt], t.Any, str, str | None]] = [
    ("nothing is asked for", RUNS, [], {}, "wait", None),
    ("the time is over", RUNS, [], STOP, "stop", "to_stop"),
    ("and what is stopped is rerun", RUNS, [], BOTH, "stop", "to_stop"),
    ("the time is not over", RUNS, [], {**STOP, "timeout_ms": None}, "wait", None),
    ("what waits is stopped", WAITS, [], STOP, "stop", "to_stop"),
    ("but not to be rerun", WAITS, [], BOTH, "wait", None),
    ("rerun by another run", RUNS, [], {**STOP, "run_id": "run-2"}, "wait", None),
    ("which since asks to watch", RUNS, [], {**STOP, "run_id": "run-2", "since_given": True}, "stop", "to_stop"),
    ("rerun by nobody", RUNS, [], {**STOP, "rerun": None}, "wait", None),
    ("rerun after the time was over", RUNS, [], {**STOP, "timeout_ms": at(4)}, "wait", None),
    ("a later run than that of the rerun", RUNS, [], {**STOP, "started": {"1": at(9)}}, "wait", None),
    ("the very run of the rerun", RUNS, [], {**STOP, "started": {"1": at(10)}}, "stop", "to_stop"),
    ("without an id", instance(Status.RUNNING, 10, None), [], {**STOP, "rerun": attempt()}, "wait", None),
    ("has ended", instance(Status.SUCCESS, 10, 20, instance_id="7"), [], STOP, "done", None),
    ("hangs, and is reported", HANGS, [], {"rerun": None}, "not_rerunnable", None),
    ("hangs, and is stopped", HANGS, [], {**EXCEPTION, "rerun": None, "timeout_ms": None}, "stop", "to_stop"),
    (
        "hangs, started by hand",
        instance(Status.RUNNING_EXCEPTION, instance_id="7", instance_type=InstanceType.MANUAL),
        [],
        {**EXCEPTION, "rerun": None},
        "not_rerunnable",
        None,
    ),
    ("accepted a moment ago", RUNS, [stop(when=3990)], BOTH, "settling", "stopping"),
    ("accepted, and never shown", RUNS, [stop()], BOTH, "wait", "stopping"),
    ("no answer yet", RUNS, [stop("unknown", 3990)], BOTH, "settling", "unknown"),
    ("no answer, provably without effect", RUNS, [stop("unknown")], BOTH, "stop", "to_stop"),
    ("interrupted, provably without effect", RUNS, [stop("intended")], BOTH, "stop", "to_stop"),
    ("refused", RUNS, [stop("rejected", message="no")], BOTH, "wait", "refused"),
    ("gone on by itself, it was thought", RUNS, [stop("moved_on")], BOTH, "wait", "moved_on"),
    ("not sent", RUNS, [stop("not_executed")], BOTH, "stop", "to_stop"),
    ("stopped, to be rerun", STOPPED, [stop()], BOTH, "retry", "stopped"),
    ("stopped by a request without answer", STOPPED, [stop("unknown")], BOTH, "retry", "stopped"),
    ("stopped by one that was interrupted, settled", STOPPED, [stop("intended")], BOTH, "retry", "stopped"),
    ("and not settled", STOPPED, [stop("intended", 3990, flight_ms=61_000)], BOTH, "settling", "stopped"),
    ("stopped and no more", STOPPED, [stop(kind="stop")], STOP, "stopped", "stopped"),
    ("stopped to be rerun, which nothing asks for any more", STOPPED, [stop()], {}, "stopped", "stopped"),
    ("stopped by somebody else", STOPPED, [], BOTH, "failed_again", None),
    ("failed while it was to be stopped", instance(Status.FAIL, 10, 3700, instance_id="7"), [stop()], BOTH, "retry", "stopped"),
    ("succeeded in spite of the stop", instance(Status.SUCCESS, 10, 3700, instance_id="7"), [stop()], BOTH, "done", "moved_on"),
    (
        "failed before the stop, which was refused",
        instance(Status.FAIL, 10, 3700, instance_id="7"),
        [stop("rejected")],
        BOTH,
        "failed_again",
        "moved_on",
    ),
    ("runs again after the stop", instance(Status.RUNNING, 3800, None, instance_id="7"), [stop()], BOTH, "wait", "stopped"),
    (
        "hangs again after it was stopped and rerun",
        instance(Status.RUNNING_EXCEPTION, 3800, 3900, instance_id="7"),
        [stop(before=HANGS)],
        EXCEPTION,
        "not_rerunnable",
        "stopped",
    ),
    (
        "stopped by an earlier run that ended before it could rerun",
        LEFT,
        [stop(when=-90, before=RAN)],
        {**BOTH, "rerun": None},
        "retry",
        "stopped",
    ),
    ("the same a day ago", LEFT, [stop(when=-90_000, before=RAN)], {**BOTH, "rerun": None}, "skipped", None),
]


@pytest.mark.parametrize(("listed", "stops", "wanted", "action", "word"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_table(listed: JobInstance, stops: list[Attempt], wanted: t.Any, action: str, word: str | None) -> None:
    decision = decided(listed, stops, **wanted)
    assert (decision.action.value, stop_word(decision)) == (action, word), decision.reason


def test_a_stop_takes_the_place_of_the_one_that_had_no_effect() -> None:
    earlier = stop("unknown")
    decision = decided(RUNS, [earlier], **BOTH)
    assert (decision.superseded, decision.then_rerun, decision.by_id) == (earlier, True, True)


@pytest.mark.parametrize("attempts", [1, 3])
def test_the_run_that_was_stopped_is_none_of_the_attempts(attempts: int) -> None:
    judged = judged_with_stops(STOPPED, policy(attempts=attempts), StopPolicy(timeout_action="stop_and_rerun"), NOW, [stop()], [RERUN])
    assert judged.attempts == attempts + 1


def test_what_was_stopped_before_any_attempt_is_none_either() -> None:
    wanted = StopPolicy(running_exception="stop_and_rerun")
    stopped = instance(Status.MANUAL_STOP, -3600, 3700, instance_id="7")
    judged = judged_with_stops(stopped, policy(), wanted, NOW, [stop(before=HANGS)], [])
    assert (judged.attempts, Status.MANUAL_STOP in judged.statuses) == (1, True)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_stop_that_may_have_left_is_never_taken_for_one_that_did_not(kind: Kind) -> None:
    assert (outcome_of_one(kind).value == "unknown") is (kind is Kind.AMBIGUOUS)
