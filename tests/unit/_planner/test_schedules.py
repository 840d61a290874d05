# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of ``_planner/schedules.py``: from a wanted state, a job's status and its pause to what is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import AttemptKind
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Job
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import Hold, MadeBy, Pause, Phase
from ansible_collections.dataarts.factory.plugins.module_utils._planner.schedules import (
    Moment,
    ScheduleStep,
    decide_schedule,
    left_over,
    of_unknown_pause,
    started_by_others,
    to_adopt,
)
from tests.unit.building import attempt, instance

NOW = 1_732_608_000_000
MOMENT = Moment(NOW, 60_000, "ours")
PAUSE = Pause("daily_sales", MadeBy.RERUN, Phase.PAUSED, "theirs", NOW - 900_000, NOW - 900_000, 65_000, "host", "jane", "", 1, "claim")
FRESH = {"journal_ms": NOW - 100_000}  # its request may be in flight for 65 s, then it settles for 60 s
OLD = {"journal_ms": NOW - 126_000}
ALIVE, DEAD, OWN = Hold("theirs", NOW + 1), Hold("theirs", NOW), Hold("ours", NOW + 9)


def paused(**changes: object) -> Pause:
    return replace(PAUSE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "status", "pause", "step", "ends"),
    [
        ("started", "SCHEDULING", None, ScheduleStep.NONE, False),
        ("started", "SCHEDULING", PAUSE, ScheduleStep.NONE, True),
        ("started", "STOPPED", None, ScheduleStep.START, False),
        ("started", "STOPPED", PAUSE, ScheduleStep.START, True),
        ("started", "PAUSED", None, ScheduleStep.START, False),
        ("started", None, None, ScheduleStep.START, False),
        ("stopped", "STOPPED", None, ScheduleStep.NONE, False),
        ("stopped", "STOPPED", PAUSE, ScheduleStep.NONE, True),
        ("stopped", "SCHEDULING", None, ScheduleStep.STOP, False),
        ("stopped", "SCHEDULING", PAUSE, ScheduleStep.STOP, True),
        ("stopped", "PAUSED", None, ScheduleStep.STOP, False),
        ("paused", "SCHEDULING", None, ScheduleStep.PAUSE, False),
        ("paused", "SCHEDULING", PAUSE, ScheduleStep.PAUSE, False),
        ("paused", "STOPPED", None, ScheduleStep.NONE, False),
        ("paused", "STOPPED", PAUSE, ScheduleStep.NONE, False),
        ("paused", "PAUSED", None, ScheduleStep.NONE, False),
        ("paused", "EXCEPTION", None, ScheduleStep.NONE, False),
        ("resumed", "STOPPED", None, ScheduleStep.NONE, False),
        ("resumed", "SCHEDULING", None, ScheduleStep.NONE, False),
        ("resumed", "STOPPED", PAUSE, ScheduleStep.RESUME, True),
        ("resumed", "STOPPED", paused(made_by=MadeBy.TASK), ScheduleStep.RESUME, True),
        ("resumed", "SCHEDULING", PAUSE, ScheduleStep.NONE, True),
        ("resumed", "PAUSED", PAUSE, ScheduleStep.NONE, True),
        ("resumed", "", PAUSE, ScheduleStep.NONE, True),
        ("resumed", "STOPPED", paused(phase=Phase.PAUSING, **FRESH), ScheduleStep.WAIT, False),
        ("resumed", "SCHEDULING", paused(phase=Phase.PAUSING, **FRESH), ScheduleStep.WAIT, False),
        ("resumed", "SCHEDULING", paused(phase=Phase.RESUMING, **FRESH), ScheduleStep.WAIT, False),
        ("resumed", "STOPPED", paused(phase=Phase.PAUSING, **OLD), ScheduleStep.RESUME, True),
        ("resumed", "SCHEDULING", paused(phase=Phase.PAUSING, **OLD), ScheduleStep.NONE, True),
        ("resumed", "STOPPED", paused(phase=Phase.RESUMING, **OLD), ScheduleStep.RESUME, True),
        ("resumed", "STOPPED", paused(holds=(ALIVE,)), ScheduleStep.WAIT, False),
        ("resumed", "SCHEDULING", paused(holds=(ALIVE,)), ScheduleStep.WAIT, False),
        ("resumed", "STOPPED", paused(holds=(DEAD,)), ScheduleStep.RESUME, True),
        ("resumed", "STOPPED", paused(holds=(OWN,)), ScheduleStep.RESUME, True),
        ("resumed", "STOPPED", paused(holds=(OWN, ALIVE)), ScheduleStep.WAIT, False),
    ],
)
def test_the_table(wanted: str, status: str | None, pause: Pause | None, step: ScheduleStep, ends: bool) -> None:
    decision = decide_schedule(Job("daily_sales", status=status), wanted, pause, MOMENT)
    assert (decision.step, decision.ends_pause) == (step, ends)
    assert decision.reason
    assert (decision.due_ms is not None) == (step is ScheduleStep.WAIT)


@pytest.mark.parametrize(
    ("status", "pause", "step", "takes_over"),
    [
        ("STOPPED", PAUSE, ScheduleStep.NONE, True),
        ("STOPPED", paused(holds=(ALIVE,)), ScheduleStep.NONE, True),
        ("PAUSED", PAUSE, ScheduleStep.NONE, True),
        ("STOPPED", paused(made_by=MadeBy.TASK), ScheduleStep.NONE, False),
        ("STOPPED", None, ScheduleStep.NONE, False),
        ("SCHEDULING", PAUSE, ScheduleStep.PAUSE, False),
        ("STOPPED", paused(phase=Phase.PAUSING, **FRESH), ScheduleStep.WAIT, False),
        ("STOPPED", paused(phase=Phase.RESUMING, **FRESH), ScheduleStep.WAIT, False),
        ("STOPPED", paused(phase=Phase.RESUMING, **OLD), ScheduleStep.NONE, True),
    ],
)
def test_what_a_rerun_paused_is_a_tasks_once_that_asks_for_it(
    status: str, pause: Pause | None, step: ScheduleStep, takes_over: bool
) -> None:
    job = Job("daily_sales", status=status)
    decision = decide_schedule(job, "paused", pause, MOMENT._replace(made_by=MadeBy.TASK))
    assert (decision.step, decision.takes_over, decision.ends_pause) == (step, takes_over, False)
    assert decision.changes == (takes_over or step is ScheduleStep.PAUSE)
    assert not decide_schedule(job, "paused", pause, MOMENT).takes_over


@pytest.mark.parametrize(
    ("wanted", "status", "pause", "changes"),
    [
        ("stopped", "STOPPED", PAUSE, True),
        ("stopped", "STOPPED", paused(made_by=MadeBy.TASK), True),
        ("stopped", "STOPPED", None, False),
        ("stopped", "SCHEDULING", PAUSE, True),
        ("started", "SCHEDULING", PAUSE, False),
        ("resumed", "SCHEDULING", PAUSE, False),
        ("resumed", "STOPPED", paused(holds=(ALIVE,)), False),
    ],
)
def test_a_job_that_is_no_longer_started_again_counts_as_changed(wanted: str, status: str, pause: Pause | None, changes: bool) -> None:
    assert decide_schedule(Job("daily_sales", status=status), wanted, pause, MOMENT).changes is changes


@pytest.mark.parametrize("aside", [None, NOW - 5])
@pytest.mark.parametrize(
    ("status", "pause", "recorded", "noted", "doubt"),
    [
        ("STOPPED", None, False, False, "unknown"),
        ("STOPPED", None, False, True, "left"),
        ("STOPPED", None, True, False, ""),
        ("STOPPED", None, True, True, ""),
        ("STOPPED", PAUSE, False, True, ""),
        ("SCHEDULING", None, False, True, ""),
        ("PAUSED", None, False, True, ""),
    ],
)
def test_whether_anybody_knows_that_a_job_has_no_pause(
    status: str, pause: Pause | None, recorded: bool, noted: bool, doubt: str, aside: int | None
) -> None:
    decision = decide_schedule(Job("daily_sales", status=status), "resumed", pause, MOMENT)
    names = {"daily_sales"}
    (judged,) = of_unknown_pause([decision], () if recorded else names, names if noted else (), aside)
    assert (judged.unknown, judged.left) == (doubt == "unknown", doubt == "left")
    assert ("has paused it: the journal " in judged.reason, "lost with another journal" in judged.reason) == (judged.unknown, judged.left)
    assert judged._replace(reason="", unknown=False, left=False) == decision._replace(reason="")


def test_what_waits_waits_for_a_time_that_is_still_to_come() -> None:
    pause = paused(phase=Phase.PAUSING, **FRESH)
    assert decide_schedule(Job("daily_sales", status="STOPPED"), "resumed", pause, MOMENT).due_ms == NOW + 25_000
    needed = paused(holds=(ALIVE, Hold("another", NOW + 7)))
    assert decide_schedule(Job("daily_sales", status="STOPPED"), "resumed", needed, MOMENT).due_ms == NOW + 7


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("ours pause", False),
        ("ours pause, theirs resume", True),
        ("ours pause, theirs schedule_start", True),
        ("ours pause, theirs resume, theirs pause", True),
        ("ours pause, theirs resume, ours resume", True),
        ("ours pause, theirs schedule_stop, theirs schedule_start", False),  # a person's stop is theirs
        ("ours pause, ours resume, theirs schedule_start", False),
        ("theirs pause, theirs resume", False),
        ("theirs resume, ours pause", False),
        ("ours pause, theirs rejected resume", False),
        ("ours rejected pause, theirs resume", False),
    ],
)
def test_what_others_started_before_the_run_that_paused_it(made: str, named: bool) -> None:
    attempts = []
    for number, text in enumerate(made.split(", ")):
        who, *outcome, kind = text.split()
        attempts.append(
            attempt(outcome[0] if outcome else "accepted", number, before=instance(job_name="load"), run_id=who, kind=AttemptKind(kind))
        )
    assert [entry.run_id for entry in started_by_others(reversed(attempts), "ours")] == ["theirs"] * named


def test_a_run_ends_its_own_pauses_and_those_of_dead_reruns() -> None:
    pauses = [paused(pause_id=1, holds=(OWN,)), paused(pause_id=2, holds=(DEAD,)), paused(pause_id=3, holds=(ALIVE, OWN))]
    pauses += [paused(pause_id=4, made_by=MadeBy.TASK), paused(pause_id=5)]
    assert [pause.pause_id for pause in left_over(pauses, "ours", NOW)] == [1, 2, 5]


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize(
    ("pause", "adopted"),
    [
        (paused(), (True, True)),
        (paused(holds=(DEAD,)), (True, True)),
        (paused(holds=(ALIVE,)), (True, False)),  # needed by both, or by the other alone
        (paused(holds=(DEAD, OWN)), (False, False)),
        (paused(made_by=MadeBy.TASK), (False, False)),
        (paused(phase=Phase.PAUSING, holds=(DEAD,), **FRESH), (False, False)),
        (paused(phase=Phase.RESUMING, holds=(DEAD,), **FRESH), (False, False)),
        (paused(phase=Phase.PAUSING, holds=(DEAD,), **OLD), (True, True)),
        (paused(phase=Phase.RESUMING, holds=(DEAD,), **OLD), (True, True)),
    ],
)
def test_a_run_that_goes_on_takes_on_the_pauses_of_what_it_follows_and_of_dead_runs(
    pause: Pause, adopted: tuple[bool, bool], followed: bool
) -> None:
    names = [pause.job_name] if followed else []
    assert to_adopt([pause], names, MOMENT) == ([pause] if adopted[not followed] else [])
