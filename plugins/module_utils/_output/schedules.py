# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results about schedules of jobs. Pure."""

from __future__ import annotations

import typing as t

from .._common.text import printable
from .._common.times import with_iso
from .._planner.schedules import SCHEDULED_STATUS, STOPPED_STATUS, ScheduleOutcome, ScheduleStep
from .results import difference

Result = t.Dict[str, t.Any]
#: Step -> status that it leads to.
_LEADS_TO = {
    ScheduleStep.START: SCHEDULED_STATUS,
    ScheduleStep.RESUME: SCHEDULED_STATUS,
    ScheduleStep.STOP: STOPPED_STATUS,
    ScheduleStep.PAUSE: STOPPED_STATUS,
}


def schedule_results(outcomes: t.Iterable[ScheduleOutcome], *, check_mode: bool) -> list[Result]:
    """``jobs`` of a result."""
    return [
        {
            "job_name": printable(decision.job_name, 1000),
            "action": "failed" if outcome.error is not None or decision.unknown else decision.step.value,
            "changed": decision.changes if check_mode else outcome.changed,
            "status_before": printable(decision.status, 100),
            "status": _LEADS_TO.get(decision.step, decision.status) if check_mode else printable(outcome.status, 100),
            "reason": printable(outcome.reason),
            **with_iso(paused_time=None if decision.pause is None else decision.pause.sent_ms),
            "paused_by": None if decision.pause is None else printable(decision.pause.run_id, 100),
        }
        for outcome in outcomes
        for decision in [outcome.decision]
    ]


def schedule_diff(results: t.Iterable[Result]) -> dict[str, str]:
    """Status before and after of each job that was, or would be, changed."""
    rows = [(printable(result["job_name"], 200), result["status_before"], result["status"]) for result in results if result["changed"]]
    return difference("scheduling", rows)
