# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what the modules that rerun say of decisions: the plan, what is missing at the end, how to find out more.

Pure. Names come from the service; they are made safe to show.
"""

from __future__ import annotations

import collections
import itertools
import json
import shlex
import typing as t

from .._common.text import counted, printable
from .._common.times import Window, to_iso
from .._models.decision import Action, Decision
from .._models.instance import MAX_NAME, JobInstance, Status
from .._models.selection import job_pattern
from .._planner.limits import Batch
from .._planner.reconcile import Policy

#: Actions that tell that the stated end was missed, and how people say it.
BROKEN = {
    Action.FAILED_AGAIN: "failed again",
    Action.REFUSED: "refused by the service",
    Action.NOT_RERUNNABLE: "not rerunnable",
    Action.BLOCKED: "waiting for a person",
    Action.SKIPPED: "skipped behind one that did not succeed",
    Action.UNKNOWN: "of unknown outcome",
}
_IF_WANTED = (Action.NOT_RERUNNABLE, Action.SKIPPED)
_NAMED_LENGTH = 1500  # characters of jobs that a command names
_PLANNED_JOBS = 50  # jobs that a plan names; the rest is counted
#: Options that a command may repeat: where the service is. Who asks is never repeated.
_WHERE = ("region", "cloud_domain", "project_id", "endpoint", "endpoint_v1", "iam_endpoint", "ca_path", "api_version", "workspace_id")


def plan_lines(
    workspace_id: str, window: Window, decisions: t.Sequence[Decision], batches: t.Sequence[Batch], policy: Policy | None = None
) -> list[str]:
    """The plan as people read it: one line about the workspace, one per job that is rerun, and what is left alone and why.

    With ``order: upstream_first`` the jobs are grouped by stages; the same job is in several where its cycles are.

    :param decisions: of every selected instance.
    :param batches: the POSTs to send; none if the plan is refused.
    :param policy: what the decisions were made by; tells until when some are held back.
    """
    due = [one for batch in batches for one in batch.instances] or [one.instance for one in decisions if one.action is Action.RETRY]
    room = [one.instance for one in decisions if one.stage == 1]
    later = sorted((one for one in decisions if one.stage > 1), key=lambda one: one.stage)
    quiet = _quiet(decisions, policy)
    head = f"Workspace {printable(workspace_id, 100)}, planned {window}: {counted(len(decisions), 'instance')} selected, "
    head += _to_rerun(len(due), len(due) + len(room) + len(later), len(batches), later[-1].stage if later else 1)
    head += " yet" if (quiet or any(one.delayed for one in decisions)) and not due else ""
    return [head, *_stages([*due, *room], later), *_quiet_lines(quiet, policy), *_other_lines(decisions, len(room), quiet, policy)]


def shortfall(decisions: t.Iterable[Decision], wanted: t.Container[Status]) -> str:
    """How many instances ended elsewhere than at success, in words: ``2 failed again, 1 of unknown outcome``; empty if none did.

    What the service does not rerun at all, and what was left alone, counts only if its status was one of those *wanted*.
    """
    counts = collections.Counter(
        one.action for one in decisions if one.action in BROKEN and (one.action not in _IF_WANTED or one.instance.status in wanted)
    )
    return ", ".join(f"{counts[action]} {words}" for action, words in BROKEN.items() if counts[action])


def unshown_notes(decisions: t.Iterable[Decision]) -> list[str]:
    """A sentence for every job of which the service should show an accepted rerun by now and does not. Without a number or a time, which
    would be another one in every pass."""
    return [
        f"The service accepted reruns of job {printable(name, 100)} that it does not show. They are waited for, and not sent again: if the "
        "console shows none either, rerun these instances without since (or with a later one) when 15 minutes have passed."
        for name in dict.fromkeys(one.instance.job_name for one in decisions if one.unshown)
    ]


def lookup_hint(options: t.Mapping[str, t.Any], jobs: t.Sequence[str], window: Window) -> str:
    """The command that shows what became of the instances of *jobs* planned in *window*, as a sentence. No credentials are in it.

    What it holds is a template to Ansible, and names come from the service, so no name can bring one in. With more jobs than fit into a
    message it shows all.
    """
    given: dict[str, t.Any] = {name: options[name] for name in _WHERE if options.get(name) and "{" not in str(options[name])}
    patterns = [job_pattern(printable(name, MAX_NAME)) for name in jobs]
    if sum(map(len, patterns)) <= _NAMED_LENGTH:
        given["jobs"] = patterns
    given.update(planned_after=window.begin, planned_before=window.end)
    arguments = shlex.quote(json.dumps(given, ensure_ascii=False))
    return f"To find out, with the same credentials: ansible localhost -m dataarts.factory.job_instance_info -a {arguments}"


def _to_rerun(due: int, every: int, requests: int, stages: int) -> str:
    if every > due:
        at_once = f"{due} of them at once in {counted(requests, 'request')}" if due else "none of them yet"
        return f"{every} to rerun{f' in {stages} stages' if stages > 1 else ''}, {at_once}"
    if not due:
        return "nothing to rerun"
    return f"{due} to rerun in {counted(requests, 'request')}" if requests else f"{due} to rerun, which is refused"


def _stages(due: t.Sequence[JobInstance], later: t.Sequence[Decision]) -> list[str]:
    if not later:
        return _job_lines(due)
    lines = ["  stage 1:", *_job_lines(due, "    ")] if due else []
    for stage, mine in itertools.groupby(later, key=lambda one: one.stage):
        lines += [
            f"  stage {stage}, when what they depend on has succeeded:",
            *_job_lines([one.instance for one in mine], "    "),
        ]
    return lines


def _job_lines(due: t.Sequence[JobInstance], indent: str = "  ") -> list[str]:
    by_job: dict[str, list[int]] = {}
    for one in due:
        by_job.setdefault(one.job_name, []).append(one.key.plan_time)
    lines = [f"{indent}{printable(name, 100)}: {counted(len(times), 'instance')}, planned {_span(times)}" for name, times in by_job.items()]
    rest = len(lines) - _PLANNED_JOBS
    return lines if rest <= 0 else [*lines[:_PLANNED_JOBS], f"{indent}and {counted(rest, 'more job')}"]


def _span(times: t.Sequence[int]) -> str:
    first, last = min(times), max(times)
    return to_iso(first) if first == last else f"{to_iso(first)} to {to_iso(last)}"


def _quiet(decisions: t.Iterable[Decision], policy: Policy | None) -> int:
    """How many instances are to be rerun as soon as the time comes before which nothing is sent."""
    until = None if policy is None else policy.quiet_until
    return sum(1 for one in decisions if until is not None and one.action is Action.SETTLING and one.due_ms == until)


def _quiet_lines(quiet: int, policy: Policy | None) -> list[str]:
    if not quiet or policy is None or policy.quiet_until is None:
        return []
    until, since = to_iso(policy.quiet_until), to_iso(policy.since)
    why = f"this machine's record of reruns is younger than since ({since}), so one sent from elsewhere may not show yet"
    if policy.quiet_until <= policy.since:
        why = "that is since, which by the service's clock is still to come"
    return [f"  held back until {until}, then rerun: {counted(quiet, 'instance')}; {why}"]


def _other_lines(decisions: t.Sequence[Decision], room: int, quiet: int, policy: Policy | None) -> list[str]:
    """What is not rerun, by decision, except what was fine from the beginning."""
    words = {Action.WAIT: "on their way", Action.SETTLING: "sent before, and read again first", **BROKEN}
    counts = collections.Counter(one.action for one in decisions if not one.stage)
    counts[Action.SETTLING] -= quiet
    delayed = sum(one.delayed for one in decisions)
    counts[Action.WAIT] -= delayed
    others = sum(1 for one in decisions if one.action is Action.SKIPPED and (policy is None or one.instance.status not in policy.statuses))
    counts[Action.SKIPPED] -= others
    lines = [f"  not rerun: {counts[action]} {text}" for action, text in words.items() if counts[action] > 0]
    lines += [f"  not rerun: {others} with other statuses"] if others else []
    turns = {"of them waiting for their turn (max_parallel)": room, "rerun again after attempt_delay": delayed}
    return [*(f"  {text}: {number}" for text, number in turns.items() if number), *lines]
