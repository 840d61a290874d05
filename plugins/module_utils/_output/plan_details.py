# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan details: what a plan says in addition to its numbers, as data for programs and reports, and as lines for people.

Where each rerun starts and with which parameters, why other instances are not rerun, what a later stage waits for, and how long it will probably
take. Pure. Names come from the service and are made safe to show.
"""

from __future__ import annotations

import collections
import typing as t
from types import MappingProxyType

from .._common.grouping import grouped_by
from .._common.text import counted, listed, printable, safe
from .._common.times import duration_text, to_iso
from .._models.decision import Action, Decision
from .._models.instance import JobName, Status
from .._models.rerun_request import RetryOptions
from .._planner.forecast import Forecast
from .._planner.outcomes import MISSED_WORDS
from .._planner.plan import Plan
from .expectation import minute

Result = t.Dict[str, t.Any]
_NAMED = 3  # jobs named in a line
_NO_NAMES: t.Mapping[str, str] = MappingProxyType({})
_PAUSED = 20  # paused jobs named: whoever approves a plan has to know them
_STARTS = {"errorNode": "at the node that failed", "firstNode": "at the first node"}
_PARAMETERS = {"original_version": "its original parameters", "current_version": "the parameters submitted last"}
_AGAIN = "rerun again after attempt_delay"
_STATUS = "status "
_LEFT = {
    Action.WAIT: "in progress",
    Action.STOP: "stopped first",
    Action.SETTLING: "sent before, and listed again first",
    Action.DONE: "succeeded since",
    **MISSED_WORDS,
}


def plan_details(
    plan: Plan,
    expected: Forecast,
    statuses: t.Container[Status],
    options: RetryOptions,
    now_ms: int,
    *,
    hold_off_until: int | None = None,
    paused_jobs: t.Sequence[str] = (),
    workspace_names: t.Mapping[str, str] = _NO_NAMES,
) -> Result:
    """The result ``plan_details`` of module job_rerun.

    :param expected: forecast for *plan*, counted from *now_ms*, the service's time, epoch ms.
    :param statuses: those to rerun.
    :param hold_off_until: of the run, epoch ms.
    :param paused_jobs: jobs that ``pause_schedules`` pauses meanwhile.
    :param workspace_names: id -> name of other workspaces, as far as known.
    """
    stages = _stages(plan)
    due = [decision for stage in stages.values() for decision in stage]
    return {
        "retry_location": options.retry_location,
        "node_name": options.node_name,
        "retry_task_version": options.retry_task_version,
        "ignore_obs_monitor": options.ignore_obs_monitor,
        "from_first_node": sum(decision.instance.status.succeeded for decision in due),
        "selected": len(plan.decisions),
        "to_rerun": len(due),
        "left": _left(plan.decisions, {id(decision) for decision in due}, statuses, hold_off_until),
        "jobs": [
            _job(number, job, of_job, expected, workspace_names)
            for number, stage in stages.items()
            for job, of_job in grouped_by(stage, lambda decision: decision.instance.job).items()
        ],
        "waits_for": [entry for number, stage in stages.items() for entry in _waits_for(number, stage)],
        "expected_end": None if expected.seconds is None else now_ms + round(expected.seconds * 1000),
        "expected_seconds": None if expected.seconds is None else round(expected.seconds, 1),
        "expected_unknown": expected.unknown,
        "paused_jobs": safe(list(paused_jobs)),
    }


def detail_lines(details: t.Mapping[str, t.Any]) -> list[str]:
    """Where the reruns start, how long they will probably take, and which jobs are paused meanwhile; empty if nothing is rerun."""
    if not details.get("to_rerun"):
        return []
    return [_start_line(details), *_expected_lines(details), *(f"  {text}" for text in [paused_text(details)] if text)]


def left_lines(details: t.Mapping[str, t.Any]) -> list[str]:
    """Lines about instances that are not rerun and why, except those that were fine from the beginning."""
    left = {entry["reason"]: entry["instances"] for entry in details["left"]}
    others = sum(number for reason, number in left.items() if reason.startswith(_STATUS))
    texts = [text for text in (_LEFT[Action.WAIT], _LEFT[Action.SETTLING], *MISSED_WORDS.values()) if text in left]
    return [
        *([f"  {_AGAIN}: {left[_AGAIN]}"] if _AGAIN in left else []),
        *(f"  not rerun: {left[text]} {text}" for text in texts),
        *([f"  not rerun: {others} with other statuses"] if others else []),
    ]


def paused_text(details: t.Mapping[str, t.Any]) -> str:
    """Which jobs are paused while their instances are made or rerun, or ""."""
    names = [printable(name, 100) for name in details.get("paused_jobs") or ()]
    if not names:
        return ""
    what = "the schedule of {names} is" if len(names) == 1 else "the schedules of {names} are"
    return f"{what.format(names=listed(names, _PAUSED))} stopped first, and started again at the end"


def stage_text(details: t.Mapping[str, t.Any], stage: int, workspace_id: str) -> str:
    """What a stage waits for: ``when daily_sales has succeeded``.

    :param workspace_id: the workspace of the plan; others are named.
    """
    entries = [entry for entry in details.get("waits_for", ()) if entry["stage"] == stage]
    if not entries:
        return "when what they depend on has succeeded"
    names = [job_text(entry, workspace_id) for entry in entries]
    return f"when {listed(names, _NAMED)} {'has' if len(entries) == 1 else 'have'} succeeded"


def _start_line(details: t.Mapping[str, t.Any]) -> str:
    location = details["retry_location"]
    where = _STARTS.get(location) or f"at node {printable(details['node_name'], 100)}"
    text = f"  each starts {where}, with {_PARAMETERS[details['retry_task_version']]}"
    if not details["ignore_obs_monitor"]:
        text += ", and watches its OBS paths"
    first = details["from_first_node"]
    if first and location != "firstNode":
        text += f"; {counted(first, 'instance')} that had succeeded {'starts' if first == 1 else 'start'} at the first node"
    return text


def _expected_lines(details: t.Mapping[str, t.Any]) -> list[str]:
    seconds, unknown = details["expected_seconds"], details["expected_unknown"]
    if seconds is None:
        return []
    without = f", not counting {counted(unknown, 'instance')} of jobs without an earlier run" if unknown else ""
    end = details.get("expected_end")
    until = "" if end is None else f", until {'about' if not unknown else 'at least'} {to_iso(minute(end))}"
    return [f"  takes about {duration_text(seconds)}, judging by earlier runs{without}{until}"]


def _stages(plan: Plan) -> dict[int, list[Decision]]:
    """The instances to rerun, by stage; those queued by max_parallel or held back by quiet hours come last in the first stage."""
    batched = [decision for batch in plan.batches for decision in batch.decisions]
    at_once = batched or [decision for decision in plan.decisions if decision.action is Action.RETRY]
    room = [decision for decision in plan.decisions if decision.queued == 1 or (decision.quiet_hours and not decision.queued)]
    later = grouped_by((decision for decision in plan.decisions if decision.queued > 1), lambda decision: decision.queued)
    return {1: [*at_once, *room], **{stage: later[stage] for stage in sorted(later)}}


def _left(
    decisions: t.Iterable[Decision], due: t.Container[int], statuses: t.Container[Status], hold_off_until: int | None
) -> list[Result]:
    """Why the other selected instances are not rerun: the number for each reason, most frequent first."""
    counts = collections.Counter(_why(decision, statuses, hold_off_until) for decision in decisions if id(decision) not in due)
    return [{"reason": reason, "instances": number} for reason, number in counts.most_common()]


def _why(decision: Decision, statuses: t.Container[Status], hold_off_until: int | None) -> str:
    if decision.already_done:
        return "succeeded before"
    if decision.delayed:
        return _AGAIN
    if decision.action is Action.SETTLING and hold_off_until is not None and decision.due_ms == hold_off_until:
        return "held back until it is certain that nothing was sent for it"
    if decision.action is Action.SKIPPED and decision.instance.status not in statuses:
        return f"{_STATUS}{printable(decision.instance.status_text, 100)}"
    return _LEFT.get(decision.action, decision.action.value)


def _job(stage: int, job: JobName, decisions: t.Sequence[Decision], expected: Forecast, names: t.Mapping[str, str]) -> Result:
    workspace_id, name = job
    times = [decision.instance.key.plan_time for decision in decisions]
    return {
        "stage": stage,
        "job_name": safe(name),
        "workspace_id": safe(workspace_id),
        "workspace_name": safe(names.get(workspace_id, "")),
        "instances": len(decisions),
        "planned_after": min(times),
        "planned_before": max(times),
        "run_seconds": expected.by_job.get(job),
    }


def _waits_for(stage: int, decisions: t.Iterable[Decision]) -> list[Result]:
    counts = collections.Counter(decision.waits_for for decision in decisions if decision.waits_for is not None)
    return [
        {
            "stage": stage,
            "job_name": safe(above.job_name),
            "workspace_id": safe(above.workspace_id),
            "workspace_name": safe(above.workspace_name),
            "instances": number,
        }
        for above, number in counts.most_common()
    ]


def job_text(entry: t.Mapping[str, t.Any], workspace_id: str) -> str:
    """The job of *entry*, with its workspace if that differs from the plan's."""
    name, place = printable(entry["job_name"], 100), entry["workspace_id"]
    return name if place in ("", workspace_id) else f"{name} (workspace {printable(entry['workspace_name'] or place, 100)})"
