# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal's attempts and open pauses as modules return them. Pure."""

from __future__ import annotations

import typing as t

from .._common.text import safe
from .._common.times import with_iso
from .._models.attempt import Attempt, AttemptKind
from .._models.pause import Pause

Result = t.Dict[str, t.Any]
#: Kinds for instances; the others have neither an instance's times nor a ``since``.
_OF_INSTANCES = (AttemptKind.RERUN, AttemptKind.STOP, AttemptKind.STOP_AND_RERUN)


def attempt_result(attempt: Attempt) -> Result:
    """*attempt* as modules return it: times in epoch ms, and ``*_iso`` in ISO 8601 UTC."""
    failure = attempt.failure
    result: Result = {
        "workspace_id": failure.workspace_id,
        "job_name": attempt.job_name,
        "job_id": failure.job_id,
        "instance_id": failure.instance_id,
        "plan_time": failure.plan_time,
        "submit_time": failure.submit_time,
        "status_before": failure.status,
        "sent_time": attempt.sent_ms,
        "kind": attempt.kind.value,
        "outcome": attempt.outcome.value,
        "number": attempt.number,
        "batch": attempt.batch,
        "request_id": attempt.request_id,
        "message": attempt.message,
        "run_id": attempt.run_id,
        "since": attempt.since,
        "controller": attempt.controller,
        "user": attempt.user,
        "purpose": attempt.purpose,
        "plan_id": attempt.plan_id,
        "open": attempt.open,
    }
    if attempt.kind not in _OF_INSTANCES:
        result.update(dict.fromkeys(("job_id", "plan_time", "submit_time", "status_before", "since")))
    name = failure.job_id.partition(":")[2]
    if attempt.kind is AttemptKind.PATCH_DATA:  # its dates are stored next to its name
        result.update(patch_data=name, plan_time=failure.submit_time, plan_time_end=failure.end_time)
    elif attempt.kind is AttemptKind.PATCH_DATA_STOP:
        result["patch_data"] = name.partition(":")[2]
    elif attempt.kind is AttemptKind.RUN:
        result["run_key"] = name
    result.update(with_iso(**{key: result[key] for key in ("plan_time", "plan_time_end", "sent_time", "since") if key in result}))
    return t.cast("Result", safe(result))


def pause_result(workspace_id: str, pause: Pause, journal_ms: int) -> Result:
    """An open *pause* of a job; ``needed_by`` are the runs that need it now, by the journal's clock."""
    result: Result = {
        "workspace_id": workspace_id,
        "job_name": pause.job_name,
        "made_by": pause.made_by.value,
        "phase": pause.phase.value,
        **with_iso(sent_time=pause.sent_ms),
        "run_id": pause.run_id,
        "controller": pause.controller,
        "user": pause.user,
        "purpose": pause.purpose,
        "needed_by": [hold.run_id for hold in pause.held_by_others("", journal_ms)],
    }
    return t.cast("Result", safe(result))
