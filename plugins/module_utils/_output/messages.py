# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the modules that rerun: the plan, and how to find out more.

Pure. Names come from the service and are made safe to show.
"""

from __future__ import annotations

import itertools
import json
import operator
import re
import shlex
import typing as t

from .._common.text import counted, printable
from .._common.times import Window, to_iso
from .._models.decision import Action, Decision
from .._models.instance import MAX_NAME
from .._models.run_scope import RunScope
from .._models.selection import job_pattern
from .._planner.hung import NONE, REPORT, STOP_AND_RERUN
from .._planner.plan import Plan
from .plan_details import detail_lines, job_text, left_lines, stage_text

_NAMED_LENGTH = 1500  # characters of job names in a command
_PLANNED_JOBS = 50  # jobs named in a plan; the rest is counted
#: The plan's line about instances that may not be sent yet: until when (ISO), how many, and why.
HELD_BACK = re.compile(r"  held back until (?P<until>\S+), then rerun: (?P<number>\d+) instances?; (?P<why>.*)")
#: Options that a command may repeat: where the service is, never the credentials.
_WHERE = ("region", "cloud_domain", "project_id", "endpoint", "endpoint_v1", "iam_endpoint", "ca_path", "api_version", "workspace_id")


def plan_lines(workspace_id: str, scope: RunScope, plan: Plan, details: t.Mapping[str, t.Any], purpose: str = "") -> list[str]:
    """The plan for people: a line about the workspace, one for each job to be rerun, and what is left alone and why.

    With ``order: upstream_first``, jobs are grouped by stages; a job may be in several.

    :param details: from :func:`plan_details`.
    :param purpose: incident name or ticket from the option.
    """
    decisions, total = plan.decisions, details["to_rerun"]
    later = sum(bool(decision.queued or decision.quiet_hours) for decision in decisions)
    held_off = _held_off(decisions, scope)
    head = f"Workspace {printable(workspace_id, 100)}, planned {scope.window}: {counted(len(decisions), 'instance')} selected, "
    head += _to_rerun(total - later, total, len(plan.batches), max((job["stage"] for job in details["jobs"]), default=1))
    if not total and (held_off or any(decision.delayed for decision in decisions)):
        head += " yet"
    return [
        head,
        *([f"  purpose: {purpose}"] if purpose else []),
        *_stages(workspace_id, details),
        *detail_lines(details),
        *_held_off_lines(held_off, scope),
        *_quiet_lines(decisions),
        *_slack_lines(decisions, scope),
        *_queued_lines(decisions),
        *left_lines(details),
    ]


def stop_lines(options: t.Mapping[str, t.Any]) -> list[str]:
    """Lines about instances that the run may stop later (``timeout_action``, ``running_exception``); empty by default."""
    lines = []
    if options["timeout_action"] != NONE and options["wait"]:
        followed = " and rerun once more" if options["timeout_action"] == STOP_AND_RERUN else ""
        after = f"{options['wait_timeout']} s (wait_timeout)"
        lines.append(f"  its reruns that still run after {after} are stopped{followed} (timeout_action: {options['timeout_action']})")
    if options["running_exception"] != REPORT:
        lines.append(f"  instances in status running-exception are stopped and rerun (running_exception: {options['running_exception']})")
    return lines


def unshown_notes(decisions: t.Iterable[Decision]) -> list[str]:
    """A sentence for each job with an accepted rerun that the service should show by now but does not.

    It has no numbers or times, which would differ in every pass.
    """
    return [
        f"The service accepted reruns of job {printable(name, 100)} that it does not show. The run waits for them and does not send them "
        "again: if the console does not show them either, rerun these instances after 15 minutes, without since (or with a later one)."
        for name in dict.fromkeys(decision.instance.job_name for decision in decisions if decision.unshown)
    ]


def lookup_hint(options: t.Mapping[str, t.Any], jobs: t.Sequence[str], window: Window) -> str:
    """A sentence with the command that shows what became of the instances of *jobs* planned in *window*. It contains no credentials.

    Ansible evaluates templates in it, and names come from the service, so no name may introduce one. If the jobs do not fit, it shows all.
    """
    given: dict[str, t.Any] = {name: options[name] for name in _WHERE if options.get(name) and "{" not in str(options[name])}
    patterns = [job_pattern(printable(name, MAX_NAME)) for name in jobs]
    if sum(map(len, patterns)) <= _NAMED_LENGTH:
        given["jobs"] = patterns
    given.update(planned_after=window.begin, planned_before=window.end, short=True)
    arguments = shlex.quote(json.dumps(given, ensure_ascii=False))
    return f"To find out, with the same credentials: ansible localhost -m dataarts.factory.job_instance_info -a {arguments}"


def _to_rerun(due: int, total: int, requests: int, stages: int) -> str:
    if total > due:
        at_once = f"{due} of them at once in {counted(requests, 'request')}" if due else "none of them yet"
        return f"{total} to rerun{f' in {stages} stages' if stages > 1 else ''}, {at_once}"
    if not due:
        return "nothing to rerun"
    return f"{due} to rerun in {counted(requests, 'request')}" if requests else f"{due} to rerun, which is refused"


def _stages(workspace_id: str, details: t.Mapping[str, t.Any]) -> list[str]:
    by_stage = {stage: list(jobs) for stage, jobs in itertools.groupby(details["jobs"], key=operator.itemgetter("stage"))}
    if not by_stage.keys() - {1}:
        return _job_lines(workspace_id, details["jobs"], "  ")
    lines = []
    for stage, jobs in by_stage.items():
        waits = "" if stage == 1 else f", {stage_text(details, stage, workspace_id)}"
        lines += [f"  stage {stage}{waits}:", *_job_lines(workspace_id, jobs, "    ")]
    return lines


def _job_lines(workspace_id: str, jobs: t.Sequence[t.Mapping[str, t.Any]], indent: str) -> list[str]:
    lines = [f"{indent}{job_text(job, workspace_id)}: {counted(job['instances'], 'instance')}, planned {_span(job)}" for job in jobs]
    rest = len(lines) - _PLANNED_JOBS
    return lines if rest <= 0 else [*lines[:_PLANNED_JOBS], f"{indent}and {counted(rest, 'more job')}"]


def _span(job: t.Mapping[str, t.Any]) -> str:
    first, last = job["planned_after"], job["planned_before"]
    return to_iso(first) if first == last else f"{to_iso(first)} to {to_iso(last)}"


def _held_off(decisions: t.Iterable[Decision], scope: RunScope) -> int:
    """How many instances are to be rerun once the hold-off is over."""
    until = scope.hold_off_until
    return sum(until is not None and decision.action is Action.SETTLING and decision.due_ms == until for decision in decisions)


def _held_off_lines(held_off: int, scope: RunScope) -> list[str]:
    if not held_off or scope.hold_off_until is None:
        return []
    until, since = to_iso(scope.hold_off_until), to_iso(scope.since.ms)
    why = f"the journal is younger than since ({since}), so a rerun sent from elsewhere may not show yet"
    if scope.hold_off_until <= scope.since.ms:
        why = "the value of since, which is in the future by the service's clock"
    return [f"  held back until {until}, then rerun: {counted(held_off, 'instance')}; {why}"]


def _quiet_lines(decisions: t.Iterable[Decision]) -> list[str]:
    """The line about instances held back by quiet hours."""
    until = [decision.due_ms for decision in decisions if decision.quiet_hours and decision.due_ms is not None]
    if not until:
        return []
    return [f"  held back until {to_iso(max(until))}, then rerun: {counted(len(until), 'instance')}; quiet hours (not_between)"]


def _slack_lines(decisions: t.Iterable[Decision], scope: RunScope) -> list[str]:
    """The line about instances that clock_slack left alone: they started before ``since``, but that counted as after it."""
    slack = scope.clock_slack_ms
    starts = [decision.instance.start_time for decision in decisions if decision.attempt is None and decision.action is Action.FAILED_AGAIN]
    counted_late = sum(start is not None and scope.since.ms - slack <= start < scope.since.ms for start in starts)
    if not counted_late:
        return []
    many = f"{counted(counted_late, 'instance')} that started less than {slack // 1000} seconds before since"
    return [f"  not rerun: {many}; the journal does not know what was sent then, and clocks differ (clock_slack)"]


def _queued_lines(decisions: t.Iterable[Decision]) -> list[str]:
    """The line about instances that have no room yet."""
    queued = [decision for decision in decisions if decision.queued == 1]
    of_job = any(decision.reason.startswith("queued: max_parallel_per_job") for decision in queued)
    return [f"  of them queued (max_parallel{', max_parallel_per_job' if of_job else ''}): {len(queued)}"] if queued else []
