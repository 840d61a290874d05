# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of the instances of a job_rerun task by standing, and the result of the task. Pure.

The module determines the standing of each instance; this module only counts.
"""

from __future__ import annotations

import collections
import typing as t

from ...module_utils._common.grouping import grouped_by
from ...module_utils._output.results import summary
from ...module_utils._planner.outcomes import MISSED_WORDS
from ...module_utils._planner.reasons import grouped
from .passes import IN_PROGRESS, INCOMPLETE, TO_RERUN, Passes, Result, error_kind

#: Standings of instances that missed the goal, in the order in which they are shown, with the words for people.
MISSED = {action.value: words for action, words in MISSED_WORDS.items()}
#: The same with shorter words, for the terminal.
SHORT_WORDS = {**MISSED, "rejected": "rejected", "skipped": "skipped"}
#: All standings, worst first; those that needed nothing come last.
STANDINGS = (*MISSED, TO_RERUN, *IN_PROGRESS, "succeeded", "other", "already_done")
#: The words for standings in reports.
STANDING_WORDS = {
    **MISSED,
    "stopped": "stopped, and not rerun",
    "to_rerun": "to be rerun",
    "waiting": "still waiting",
    "running": "still running",
    "skipped": "skipped, an upstream instance is broken",
    "other": "left alone",
}
#: Names of all counts, in the order in which they are shown.
COUNTS = (
    *("failed", "rerun", "to_rerun", "adopted", "succeeded", "running", "waiting", *MISSED, "other", "broken"),
    *("stops", "stop_refused", "moved_on"),
)
#: State of a stop -> the count for it.
_STOP_COUNTS = {"stopped": "stops", "refused": "stop_refused", "moved_on": "moved_on"}
#: Result keys of the last readable pass that the task's result keeps even if a later pass failed.
_SCOPE = (
    "since",
    "since_iso",
    "planned_after",
    "planned_before",
    "plan_id",
    "plan_record",
    "run_id",
    "purpose",
    "downstream",
    "journal_history",
)
_NO_ANSWER = {"status": None, "code": None, "request_id": None, "method": "", "path": "", "hint": ""}


def broken(run: Passes) -> dict[str, list[Result]]:
    """Standing of :data:`MISSED` -> the instances that missed the goal with it."""
    by_standing: dict[str, list[Result]] = {name: [] for name in MISSED}
    for instance in run.instances.values():
        if instance.get("broken"):
            by_standing[str(instance["standing"])].append(instance)
    return by_standing


def sent_here(instance: Result) -> bool:
    """Whether this task sent the instance's rerun; also if its answer was lost and it showed up later."""
    return bool(instance.get("rerun")) and not instance.get("adopted")


def rerun_here(run: Passes) -> list[Result]:
    """The instances that this task reran."""
    return [instance for instance in run.instances.values() if sent_here(instance)]


def changed(run: Passes) -> bool:
    """Whether this task reran anything, may have, or started jobs that another run had left paused; in check mode, whether it would.

    Requests that were all refused changed nothing.
    """
    if run.check or not run.instances or run.base.get("resumed_jobs"):
        return run.changed
    return run.changed and any(map(_may_have_rerun, run.instances.values()))


def _may_have_rerun(instance: Result) -> bool:
    open_end = bool(instance.get("attempts")) and (instance.get("rerun") is None or instance.get("action") in ("settling", "unknown"))
    return (open_end and not instance.get("adopted")) or sent_here(instance) or instance.get("stop") in ("stopping", "stopped", "unknown")


def count(run: Passes, *, over: bool = False) -> dict[str, int]:
    """Number of instances by standing; see :func:`counts`."""
    return counts(run.instances.values(), run.statuses, check=run.check, over=over)


def count_by_job(run: Passes, *, over: bool = False) -> dict[str, dict[str, int]]:
    """The same by job name, without counts that are 0; jobs with nothing to report are left out."""
    tallied = counts_by_job(run.instances.values(), run.statuses, check=run.check, over=over)
    return {name: numbers for name, numbers in tallied.items() if set(numbers) - {"other", "not_rerunnable"} or numbers.get("broken")}


def by_job_name(instances: t.Iterable[Result]) -> dict[str, list[Result]]:
    """Job name -> its instances, in their order. If jobs in several workspaces share a name, dependants' jobs have their workspace in the name."""
    by_job = grouped_by(instances, lambda instance: (str(instance.get("job_name")), str(instance.get("workspace_id"))))
    alike = collections.Counter(name for name, _workspace_id in by_job)
    here = {where for (_name, where), of_job in by_job.items() if not all(instance.get("downstream") for instance in of_job)}
    return {
        name if alike[name] == 1 or where in here else f"{name} (workspace {where})": of_job for (name, where), of_job in by_job.items()
    }


def counts_by_job(
    instances: t.Iterable[Result], statuses: t.Container[str], *, check: bool = False, over: bool = False
) -> dict[str, dict[str, int]]:
    """:func:`counts` by job name, without counts that are 0."""
    tallied = {name: counts(of_job, statuses, check=check, over=over) for name, of_job in by_job_name(instances).items()}
    return {name: {key: number for key, number in numbers.items() if number} for name, numbers in tallied.items()}


def counts(instances: t.Iterable[Result], statuses: t.Container[str], *, check: bool = False, over: bool = False) -> dict[str, int]:
    """Number of *instances* for each name of :data:`COUNTS`.

    - ``failed``: had one of *statuses*, the requested ones, at first
    - ``rerun``: sent by this task; ``to_rerun``: still to be sent; ``adopted``: sent by another task with the same ``since``
    - ``succeeded``, ``running``, ``waiting`` (also: sent and not visible yet), each of :data:`MISSED`, ``other``: the present standing
    - ``broken``: missed the goal
    - ``stops``: stops that took effect; ``stop_refused``: those that the service refused; ``moved_on``: those that were no longer needed. These
      instances are also counted by their standing.

    Instances that had succeeded before ``since`` are in none of these.

    :param check: whether nothing was to be sent, so that a visible rerun belongs to an earlier attempt.
    :param over: whether the run has ended without reaching its goal, so that instances still to be sent are broken too.
    """
    count = dict.fromkeys(COUNTS, 0)
    for instance in instances:
        count["failed"] += instance.get("status_before") in statuses
        count["rerun"] += not check and sent_here(instance)
        count["adopted"] += bool(instance.get("adopted") or (check and instance.get("rerun")))
        where, stop = str(instance.get("standing")), _STOP_COUNTS.get(str(instance.get("stop")))
        if where in count:
            count[where] += 1
        if stop is not None:
            count[stop] += 1
        count["broken"] += bool(instance.get("broken")) or (over and where == TO_RERUN)
    return count


def policy_remedy(instances: t.Iterable[Result]) -> str:
    """What to do about *instances* that a reason policy left to a person; "" if there are none."""
    options = sorted({str(instance["policy"]["option"]) for instance in instances if instance.get("policy")})
    return f"What {' and '.join(options)} left out: correct the cause, then rerun it without the pattern." if options else ""


def final_result(run: Passes, *, failed: bool, msg: str, timed_out: bool, elapsed: float, left: bool = False) -> dict[str, t.Any]:
    """The result of the task.

    :param elapsed: seconds.
    :param left: whether another task is to continue from here; see :meth:`Passes.resumed`.
    :returns: the newest pass's result with instances, problems and counts of all passes. ``succeeded`` is the opposite of ``failed``, and False
        with *left*; a role that defers the failure to its end needs it.
    """
    last = run.error if run.error is not None else run.base
    over = failed and not run.check
    instances = list(run.instances.values())
    # The exception of a module that failed regularly only repeats its message, which the task's message replaces.
    dropped = {"invocation", "unreachable", *(("exception",) if last.get("msg") else ()), *(() if left else ("due_in", "pass_state"))}
    known = run.error is None or run.error is not run.base or run.changed
    own = failed and error_kind(last) in (None, INCOMPLETE)
    # A pass that failed as a whole does not return these.
    scope = {name: run.base[name] for name in _SCOPE if name in run.base}
    error = {"error": {**_NO_ANSWER, **(last.get("error") or {}), "kind": _kind(run), "message": msg}} if own else {}
    return {
        **scope,
        **{name: value for name, value in last.items() if name not in dropped},
        **error,
        **{name: list(notes) for name, notes in run.notes.items() if notes},
        "failed": failed,
        "succeeded": not failed and not left,
        "msg": msg,
        "changed": changed(run) or run.unclear,
        "instances": instances,
        "reasons": grouped(instances),  # including instances that have succeeded since
        "summary": summary(instances, run.already_done),
        "recap": count(run, over=over) if known else {},
        "recap_by_job": count_by_job(run, over=over) if known else {},
        "plan": list(run.plan),
        "plan_details": dict(run.plan_details),
        "problems": list(run.problems),
        "requests": dict(run.requests),
        "passes": run.passes,
        "finished": run.ended and run.error is None,
        "timed_out": timed_out,
        "unread": bool(run.failed_passes),
        "elapsed": round(elapsed, 1),
    }


def _kind(run: Passes) -> str:
    """The kind of a failure without one: the goal was not reached, or Ansible failed the task instead of the module.

    If Ansible refuses an option, the result has only a message; if the module crashed, it has the module's output or an exception.
    """
    if run.error is None or error_kind(run.error) == INCOMPLETE:
        return INCOMPLETE
    return "internal" if not run.error.get("msg") or "module_stdout" in run.error else "option"
