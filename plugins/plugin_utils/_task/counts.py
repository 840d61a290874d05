# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: where the instances of a job_rerun task stand, counted, and the result of the task.

Pure, like ``_watch``.
"""

from __future__ import annotations

import collections
import typing as t

from .passes import INCOMPLETE, OPEN, Result, Run, kind_of, on_its_way

#: Statuses that need nothing.
SUCCEEDED = frozenset({"success", "forceSuccess", "ignoreSuccess"})
#: Actions at which an instance missed the stated end, in the order in which people are told.
BROKEN = ("failed_again", "refused", "not_rerunnable", "blocked", "skipped", "unknown")
#: Everything that is counted, in the order in which it is shown.
COUNTS = ("failed", "rerun", "to_rerun", "adopted", "succeeded", "running", "waiting", *BROKEN, "other", "broken")
#: Actions that count as broken only where the status of the instance was one of those asked for.
_IF_WANTED = frozenset({"not_rerunnable", "skipped"})
_NO_ANSWER = {"status": None, "code": None, "request_id": None, "method": "", "path": "", "hint": ""}


def broken(run: Run) -> dict[str, list[Result]]:
    """The instances that ended elsewhere than at success, by each of :data:`BROKEN`, as the module counts them: what the service
    does not rerun at all, and what was left alone, is only missed if its status was one of those asked for."""
    found = {name: run.having({name}) for name in BROKEN}
    for name in _IF_WANTED:
        found[name] = [one for one in found[name] if one.get("status") in run.wanted]
    return found


def idle(instance: Result, wanted: t.Container[str]) -> bool:
    """Whether there was nothing to do for it from the beginning: it had succeeded, or was not meant by the statuses *wanted*."""
    if instance.get("action") == "skipped":
        return instance.get("status") not in wanted
    waited = not OPEN.isdisjoint(instance.get("actions", ()))
    return instance.get("action") == "done" and not waited and not instance.get("rerun") and instance.get("status_before") in SUCCEEDED


def sent_here(instance: Result) -> bool:
    """Whether this task sent the rerun that stands behind the instance; also one whose answer was lost and that showed up later."""
    return bool(instance.get("rerun")) and not instance.get("adopted") and not {"retry", "settling"}.isdisjoint(instance.get("actions", ()))


def standing(instance: Result, wanted: t.Container[str] = frozenset({"fail"}), *, check: bool = False, over: bool = False) -> str:
    """Where an instance stands: ``to_rerun``, ``succeeded``, ``running``, ``waiting``, one of :data:`BROKEN`, ``other`` for one that has
    none of the statuses *wanted*, or ``idle`` for one that had succeeded before.

    :param check: whether nothing was to be sent; a rerun that shows is an earlier attempt's then.
    :param over: whether the run has ended without reaching its end, so that what waits to be sent waits for nothing: it is to be rerun.
    """
    action = str(instance.get("action"))
    if (action == "retry" and (check or not instance.get("rerun"))) or (over and action in OPEN and not on_its_way(instance)):
        return "to_rerun"
    if action in OPEN:
        return "running" if instance.get("status") == "running" else "waiting"
    if idle(instance, wanted):
        return "idle" if action == "done" else "other"
    return "succeeded" if action == "done" else action


def tally(run: Run, *, over: bool = False) -> dict[str, int]:
    """How many instances stand where; see :func:`counts`."""
    return counts(run.instances.values(), run.wanted, check=run.check, over=over)


def tally_by_job(run: Run, *, over: bool = False) -> dict[str, dict[str, int]]:
    """The same by job name, without what is 0; jobs of which there is nothing to say are left out."""
    by_job: dict[str, list[Result]] = {}
    for one in run.instances.values():
        by_job.setdefault(str(one.get("job_name")), []).append(one)
    found = {
        name: {key: number for key, number in counts(mine, run.wanted, check=run.check, over=over).items() if number}
        for name, mine in by_job.items()
    }
    return {name: mine for name, mine in found.items() if set(mine) - {"other", "not_rerunnable"} or mine.get("broken")}


def counts(instances: t.Iterable[Result], wanted: t.Container[str], *, check: bool = False, over: bool = False) -> dict[str, int]:
    """How many of *instances* stand where, by each of :data:`COUNTS`.

    ``failed`` had one of the statuses *wanted* at first. ``rerun`` was sent by this task, ``to_rerun`` would be (check mode), or was not
    because the run ended before (*over*), ``adopted`` was sent by an earlier task with the same ``since``. ``succeeded``, ``running``,
    ``waiting`` (also: sent and not yet visible), each of :data:`BROKEN`, and ``other``, of other statuses than those wanted, are where they
    are now; ``broken`` are those that missed the stated end. What had succeeded before ``since`` is in none of these.
    """
    count = dict.fromkeys(COUNTS, 0)
    for one in instances:
        count["failed"] += one.get("status_before") in wanted
        count["rerun"] += not check and sent_here(one)
        count["adopted"] += bool(one.get("adopted") or (check and one.get("rerun")))
        where = standing(one, wanted, check=check, over=over)
        if where in count:
            count[where] += 1
        if where in BROKEN or (over and where == "to_rerun"):
            count["broken"] += where not in _IF_WANTED or one.get("status") in wanted
    return count


def summary(run: Run) -> dict[str, t.Any]:
    """Counts over all instances, as the module gives them for one pass: ``total``, ``idle``, ``rerun``, ``actions`` and final ``statuses``."""
    actions = collections.Counter(str(one.get("action")) for one in run.instances.values())
    statuses = collections.Counter(str(one.get("status")) for one in run.instances.values())
    if run.idle:
        actions["done"] += run.idle
        statuses["success"] += run.idle
    return {
        "total": len(run.instances) + run.idle,
        "idle": run.idle,
        "rerun": sum(1 for one in run.instances.values() if one.get("rerun")),
        "actions": dict(actions),
        "statuses": dict(statuses),
    }


def final_result(run: Run, *, failed: bool, msg: str, timed_out: bool, elapsed: float) -> dict[str, t.Any]:
    """The result of the task.

    :param elapsed: seconds.
    :returns: the newest pass's result with instances, problems and counts of all passes. ``succeeded`` repeats the opposite of
        ``failed``, so that a role can keep the failure for its end.
    """
    last = run.error if run.error is not None else run.base
    over = failed and not run.check
    instances = [{**one, "standing": standing(one, run.wanted, check=run.check, over=over)} for one in run.instances.values()]
    # The exception of a module that failed in good order is its message, which the task's replaces.
    dropped = ("due_in", "carry", "invocation", "exception") if last.get("msg") else ("due_in", "carry", "invocation")
    known = run.error is None or run.error is not run.base or run.changed
    own = failed and kind_of(last) in (None, INCOMPLETE)
    error = {"error": {**_NO_ANSWER, **(last.get("error") or {}), "kind": _kind(run), "message": msg}} if own else {}
    return {
        **{name: value for name, value in last.items() if name not in dropped},
        **error,
        **{name: list(found) for name, found in run.notes.items() if found},
        "failed": failed,
        "succeeded": not failed,
        "msg": msg,
        "changed": run.changed,
        "instances": instances,
        "summary": summary(run),
        "recap": tally(run, over=over) if known else {},
        "recap_by_job": tally_by_job(run, over=over) if known else {},
        "plan": list(run.plan),
        "problems": list(run.problems),
        "requests": dict(run.requests),
        "passes": run.passes,
        "finished": run.ended and run.error is None,
        "timed_out": timed_out,
        "elapsed": round(elapsed, 1),
    }


def _kind(run: Run) -> str:
    """The kind of a failure that has none: the end was not reached, or the module was never in charge.

    An option that Ansible itself refuses for it comes with a message alone; a module that broke, with what it printed or an exception.
    """
    if run.error is None or kind_of(run.error) == INCOMPLETE:
        return INCOMPLETE
    return "internal" if not run.error.get("msg") or "module_stdout" in run.error else "option"
