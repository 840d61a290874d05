# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes: what those of one job_rerun task add up to, and when the next one is due.

Pure: results of the module and seconds go in; the action plugin does the waiting and the printing. No decision about an instance
is made here, those come with the results; this only puts together what several passes said about the same instance.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ...module_utils._common.grouping import grouped_by

Result = t.Mapping[str, t.Any]
Identity = t.Tuple[str, str, int, int, str]

#: Standings of instances that the service works on, and of those that are still to be sent.
IN_PROGRESS = ("waiting", "running")
TO_RERUN = "to_rerun"
#: Kinds of errors (values of module_utils' Kind) that a later pass need not meet again.
TEMPORARY = frozenset({"unreachable", "throttled", "server", "bad_answer", "ambiguous"})
#: Kinds of a pass that did all it could: not every instance succeeded, or the plan is larger than ``max_instances``.
INCOMPLETE, LIMIT = "incomplete", "limit"
#: Passes in a row that may fail for a temporary reason before the task gives up watching.
MAX_FAILED_PASSES = 10
#: The same for a module that broke, which it may do each time, and for the machine that modules run on while nothing has been read yet.
MAX_BROKEN_PASSES = 3
#: What an instance was before this run, which its newest state does not tell any more.
_AT_FIRST = ("status_before", "start_time_before", "end_time_before")
#: Keys of a result that tell how its task ended.
_OF_THE_END = frozenset(
    {"failed", "succeeded", "msg", "error", "instances", "exception", "timed_out", "unread", "elapsed", "warnings", "deprecations"}
)
#: What is said of a stop whose end is not known yet.
_PENDING_STOPS = frozenset({"to_stop", "stopping", "unknown"})
#: The shortest pause between two passes, seconds: reading is work for the service too.
MIN_PAUSE = 0.2


def identity(instance: Result) -> Identity:
    """What an instance is known by within one pass: (workspace_id, job_id, plan_time ms, submit_time ms, instance_id).

    A rerun may change the last two; :func:`followed` tells which instance of the pass before it is.
    """
    workspace_id, job_id = str(instance.get("workspace_id")), str(instance.get("job_id"))
    plan_time, submit_time = instance.get("plan_time") or 0, instance.get("submit_time") or 0
    return workspace_id, job_id, plan_time, submit_time, str(instance.get("instance_id") or "")


def followed(known: t.Iterable[Identity], listed: t.Iterable[Identity]) -> dict[Identity, Identity]:
    """For each instance of a pass that the passes before do not know, the one of the same job and plan time that is gone instead.

    :param known: instances of the passes before, and *listed* those of this one.
    """
    before, now = set(known), set(listed)
    pairs: dict[Identity, Identity] = {}
    # The same instance_id first, then the same submit_time, then only the same job and plan time.
    for alike in (lambda name: (*name[:3], name[4]), lambda name: name[:4], lambda name: name[:3]):
        gone = grouped_by(sorted(before - now - set(pairs.values())), alike)
        pairs.update({name: gone[alike(name)].pop(0) for name in sorted(now - before - pairs.keys()) if gone.get(alike(name))})
    return pairs


@dataclass(frozen=True)
class Timing:
    """The options that say how long and how often to look, in seconds, with the module's defaults."""

    wait: bool = True
    wait_timeout: float = 3600.0
    poll_interval: float = 10.0
    timeout_action: str = "none"
    settle_time: float = 60.0

    @classmethod
    def of(cls, args: Result) -> Timing:
        """From the options of a task, completed and of their types.

        Not from the ``invocation`` in the module's result, which ansible-core leaves out since 2.20 unless it is verbose.
        """
        return cls(**{name: args[name] for name in cls.__dataclass_fields__ if args.get(name) is not None})


@dataclass(frozen=True)
class Passes:
    """The passes of one task so far.

    :param check: whether nothing is to be sent.
    :param instances: every instance any pass reported, by :func:`identity`, as the newest of them described it.
    :param base: the newest result of a pass that could read the workspace.
    :param plan: lines of the first pass, or of the first that sent something, and *plan_details* the same for programs.
    :param problems: what went wrong without ending the run, each text once, oldest first.
    :param requests: HTTP calls by method, of all passes.
    :param notes: ``warnings`` and ``deprecations`` of all passes, each once.
    :param failed_passes: passes in a row that failed for a temporary reason.
    :param error: the failed result that ended the run, or None.
    :param fleet: whether names and patterns are judged by all workspaces of the play, as the role does at its end.
    :param run_id: id of the run, which its attempts in the journal carry.
    :param language: of the lines for people.
    :param timed_out: whether ``wait_timeout`` is over, and the passes since then stop what hangs.
    :param repair: what the repair makes that it belongs to, see :func:`repair_of`.
    :param unclear: whether the newest pass broke when it may have sent something. A later one tells by the run's id in the journal.
    """

    check: bool = False
    instances: t.Mapping[Identity, Result] = field(default_factory=dict)
    base: Result = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    plan_details: t.Mapping[str, t.Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    requests: t.Mapping[str, int] = field(default_factory=dict)
    notes: t.Mapping[str, tuple[t.Any, ...]] = field(default_factory=dict)
    passes: int = 0
    changed: bool = False
    failed_passes: int = 0
    error: Result | None = None
    fleet: bool = False
    run_id: str = ""
    language: str = "en"
    unclear: bool = False
    timed_out: bool = False
    repair: Result = field(default_factory=dict)

    @staticmethod
    def resumed(begun: Passes, result: Result) -> Passes | None:
        """The run that another task left off with *result*; None if it had come to its end.

        :param begun: a run of this task that has made no pass.
        :param result: what :func:`~.counts.final_result` made; it may be marked as of unknown origin, and is never a template.
        """
        state = result.get("pass_state")
        if not isinstance(state, t.Mapping):
            return None
        return replace(
            begun,
            instances={identity(instance): instance for instance in result.get("instances") or ()},
            base={name: value for name, value in result.items() if name not in _OF_THE_END},
            plan=tuple(result.get("plan") or ()),
            problems=tuple(result.get("problems") or ()),
            requests=dict(result.get("requests") or {}),
            notes={name: tuple(result.get(name) or ()) for name in ("warnings", "deprecations")},
            plan_details=result.get("plan_details") or {},
            passes=int(result.get("passes") or 0),
            changed=bool(result.get("changed")),
            run_id=str(state.get("run_id") or ""),
        )

    def again(self) -> Passes | None:
        """The run of a task that is tried once more (``until``): it goes on, so that what has failed again is not rerun by a ``since`` of its own.
        What it had paused was started again at its end, and is paused anew. None if nothing can have been sent."""
        state = self.base.get("pass_state")
        if self.check or not isinstance(state, t.Mapping) or (self.only_planned and not self.changed and not self.unclear):
            return None
        return replace(self, error=None, failed_passes=0, base={**self.base, "pass_state": {**state, "paused": []}})

    def after(self, result: Result) -> Passes:
        """The run with one more pass.

        A pass that failed as a whole ends the run, unless there is something to watch and the reason is a temporary one: then it
        counts as a problem, and whatever it still found out about instances is kept.
        """
        listed = {identity(instance): instance for instance in result.get("instances") or ()}
        planned = _planned(result)
        # What a pass that broke had sent is told by a later one, by the run's id in the journal.
        sent_here = self.unclear and any(instance.get("rerun") and not instance.get("adopted") for instance in listed.values())
        names = followed(self.instances, listed)
        merged = {key: instance for key, instance in self.instances.items() if key not in names.values()}
        for key, instance in listed.items():
            merged[key] = merged_instance(self.instances.get(names.get(key, key)), instance, planned=planned)
        if not crashed(result):
            merged = {key: instance for key, instance in merged.items() if key in listed or not _only_looked_at(instance)}
        run = self._with(result)
        run = replace(run, instances=merged, passes=self.passes + 1, changed=run.changed or sent_here)
        if not crashed(result):
            first = not self.base or (run.changed and not self.changed)
            # Which patterns match a job is asked in the first pass and in the last one, which another workspace need not wait for.
            patterns = {"job_patterns": self.base["job_patterns"]} if "job_patterns" in self.base else {}
            return replace(run if not first else run._planned_by(result), base={**patterns, **result}, failed_passes=0, unclear=False)
        failures, text = self.failed_passes + 1, message_of(result)
        unclear = self.unclear or (not self.check and bool(self.base) and "instances" not in result and bool(self.unsent))
        run = replace(run, failed_passes=failures, unclear=unclear)
        if failures < self._patience(result, known=bool(self.base or run.changed)):
            if not self.base and "instances" in result:
                run = replace(run._planned_by(result), base=result)
            return replace(run, problems=_union(run.problems, (f"Listed again after: {text}",)))
        return replace(run, error=result, base=self.base or result)

    def restored(self, result: Result) -> Passes:
        """The run after the pass that starts again what was paused. That it could not is a failure of the run."""
        known = {name: result[name] for name in ("journal_history", "resumed_jobs") if name in result}
        run = replace(self._with(result), base={**self.base, **known})
        if result.get("restored") or run.error is not None:
            return run
        text = "; ".join(map(str, result.get("problems") or ())) or message_of(result)
        error = {**run.base, **result, "failed": True, "msg": text, "error": {"kind": INCOMPLETE}}
        return replace(run, error=error, base=run.base or error)

    @staticmethod
    def _patience(result: Result, *, known: bool) -> int:
        """At which failed pass in a row the run ends.

        :param known: whether an earlier pass, or this one before it failed, has read the workspace.
        """
        if host_unreachable(result):
            return MAX_FAILED_PASSES if known else MAX_BROKEN_PASSES
        if not known:
            return 1
        if error_kind(result) in TEMPORARY:
            return MAX_FAILED_PASSES
        return MAX_BROKEN_PASSES if broke(result) else 1

    def _with(self, result: Result) -> Passes:
        """With what adds up over all passes, whatever they are for."""
        requests = result.get("requests") or {}
        return replace(
            self,
            requests={name: self.requests.get(name, 0) + requests.get(name, 0) for name in (*self.requests, *requests)},
            notes={name: _union(self.notes.get(name, ()), result.get(name) or ()) for name in ("warnings", "deprecations")},
            problems=_union(self.problems, result.get("problems") or ()),
            changed=self.changed or bool(result.get("changed")),
        )

    def _planned_by(self, result: Result) -> Passes:
        return replace(self, plan=tuple(result.get("plan") or ()), plan_details=result.get("plan_details") or {})

    @property
    def ended(self) -> bool:
        """Whether no further pass is to be made: everything is where it will stay, or the run cannot go on."""
        if self.error is not None or self.failed_passes:
            return self.error is not None
        refused = error_kind(self.base) == LIMIT and not self.moving
        return refused or bool(self.base.get("finished", True))

    @property
    def since(self) -> int | None:
        """The ``since`` of the first pass, epoch ms; later passes have to be given the same."""
        value = self.base.get("since")
        return value if isinstance(value, int) else None

    @property
    def statuses(self) -> t.Collection[str]:
        """The statuses to rerun."""
        return self.base.get("statuses") or ()

    @property
    def planned(self) -> bool:
        """Whether the newest pass only told what is to be sent, so that the next one is due at once."""
        return self.error is None and not self.failed_passes and self.only_planned

    @property
    def only_planned(self) -> bool:
        """Whether no pass but the first, which only plans where something is to be sent, has read the workspace."""
        return _planned(self.base)

    @property
    def already_done(self) -> int:
        """How many instances are only counted, because they had succeeded before the run began."""
        counts = self.base.get("summary")
        return int(counts.get("already_done") or 0) if isinstance(counts, t.Mapping) else 0

    @property
    def moving(self) -> list[Result]:
        """The instances in progress, as far as is known."""
        return [instance for instance in self.instances.values() if instance.get("standing") in IN_PROGRESS]

    @property
    def unsent(self) -> list[Result]:
        """The instances that are queued, or could not be sent."""
        return [instance for instance in self.instances.values() if instance.get("standing") == TO_RERUN]

    def having(self, actions: t.Collection[str]) -> list[Result]:
        """The instances with one of *actions*, in the order in which they were first seen."""
        return [instance for instance in self.instances.values() if instance.get("action") in actions]


def crashed(result: Result) -> bool:
    """Whether a pass failed as a whole, so that what it says about instances is incomplete."""
    return bool(result.get("failed")) and ("instances" not in result or error_kind(result) not in (None, INCOMPLETE, LIMIT))


def error_kind(result: Result) -> str | None:
    """The kind of error by which a pass failed, or None."""
    error = result.get("error")
    return error.get("kind") if isinstance(error, t.Mapping) else None


def broke(result: Result) -> bool:
    """Whether the module did not end by itself: killed for want of memory, say, or its folder is gone."""
    return bool(result.get("failed")) and not isinstance(result.get("error"), t.Mapping) and "instances" not in result


def host_unreachable(result: Result) -> bool:
    """Whether the machine that modules run on could not be reached."""
    return bool(result.get("unreachable"))


def message_of(result: Result) -> str:
    """The message of a pass that failed as a whole, in one line. A module that ended unexpectedly has none since ansible-core 2.19, but an
    exception; before, it has one of several lines."""
    event = getattr(result.get("exception"), "event", None)
    text = result.get("msg") or f"the module ended unexpectedly: {getattr(event, 'msg', None) or 'see the exception in the result'}"
    return " ".join(str(text).split())


def merged_instance(old: Result | None, new: Result, *, planned: bool = False) -> dict[str, t.Any]:
    """One instance as two passes saw it: the newer state, what it was at first, and everything that was sent for it.

    Its ``failure`` is the newest that is known: of what has succeeded since, the one that it was rerun for.

    Adds ``request_ids`` (all requests that carried it) and ``actions`` (what was decided over the passes, without repetitions).
    """
    before: Result = old or {}
    request_id = new.get("request_id") or before.get("request_id")
    request_ids = (request_id,) if request_id else ()
    return {
        **new,
        **{name: before.get(name, new.get(name)) for name in _AT_FIRST},
        "failure": new.get("failure") or before.get("failure"),
        "rerun": before.get("rerun") or new.get("rerun"),
        "standing": _standing(before, new),
        "attempts": max(int(before.get("attempts") or 0), int(new.get("attempts") or 0)),
        "request_id": request_id,
        "request_ids": list(_union(before.get("request_ids", ()), request_ids)),
        "actions": list(_appended(before.get("actions", ()), None if planned and new.get("action") == "retry" else new.get("action"))),
    }


def _only_looked_at(instance: Result) -> bool:
    """Whether a dependant was not rerun by this run: a pass that no longer has it found it up to date by somebody else's doing."""
    return bool(instance.get("downstream")) and not instance.get("attempts") and not instance.get("rerun")


def _planned(result: Result) -> bool:
    """Whether a pass only told what is to be sent."""
    state = result.get("pass_state")
    return isinstance(state, t.Mapping) and bool(state.get("planned"))


def _standing(before: Result, new: Result) -> t.Any:
    """Where the instance stands. What was seen in progress, and has succeeded since, has not been done all along."""
    done = new.get("standing") == "already_done" and before.get("standing") not in (None, "already_done")
    return "succeeded" if done else new.get("standing")


def next_args(args: Result, run: Passes) -> dict[str, t.Any]:
    """The options of the next pass: those of the task, and what the pass before hands on.

    The first pass only plans, so that people see what is going to be sent before it is.
    """
    state = run.base.get("pass_state") or {"run_id": run.run_id}
    more = {**({"timed_out": True} if run.timed_out else {}), **({"repair": dict(run.repair)} if run.repair else {})}
    return {**args, "pass_state": {**state, "plan_only": not run.base, "fleet": run.fleet, **more}}


def restores(args: Result, run: Passes) -> bool:
    """Whether a run that is over has jobs to start again: the module does it by itself in a pass after which nothing is left."""
    wanted = bool(args.get("pause_schedules") or (run.base.get("pass_state") or {}).get("paused"))
    return wanted and not run.check and bool(run.base) and not (run.error is None and run.base.get("finished"))


def restore_args(args: Result, run: Passes) -> dict[str, t.Any]:
    """The options of the pass that starts again what was paused."""
    state = run.base.get("pass_state") or {"run_id": run.run_id}
    return {**args, "pass_state": {**state, "run_id": run.run_id, "restore": True, "plan_only": False}}


def seconds_to_next_pass(run: Passes, timing: Timing, began: float, elapsed: float) -> float | None:
    """Seconds to wait before the next pass, or None if there is to be none.

    :param began: seconds into the task at which the newest pass began, and *elapsed* those at which it ended.

    The next pass is when the pass said it makes sense. After failed passes the pause doubles, up to a minute. The last pass
    begins when the time is up, so that it tells the last state, also of what the pass before it sent. Where all that is left waits for the end
    of quiet hours, and that is after the time is up, there is nothing to wait for.
    """
    if run.ended or began >= timing.wait_timeout or (run.timed_out and timing.timeout_action == "stop" and not stops_pending(run)):
        return None
    due = run.base.get("due_in")
    wanted = timing.poll_interval if due is None else float(due)
    if run.failed_passes:
        wanted = max(wanted, min(60.0, timing.poll_interval * 2.0 ** (run.failed_passes - 1)))
    elif run.base.get("quiet_hours") and not run.moving and wanted > timing.wait_timeout - elapsed:
        return None
    return max(MIN_PAUSE, min(wanted, timing.wait_timeout - elapsed))


def acts_on_timeout(run: Passes, timing: Timing) -> bool:
    """Whether the time is over, and what still runs is to be stopped now; once in a task."""
    if run.ended or run.timed_out or not timing.wait or timing.timeout_action == "none":
        return False
    return run.base.get("since") is not None and bool(run.moving)


def after_timeout(run: Passes, timing: Timing) -> tuple[Passes, Timing]:
    """The run whose time is over, and how long its further passes may take: what was stopped and rerun has once more as long, and what was only
    stopped as long as the service may take to show it."""
    rest = timing.wait_timeout if timing.timeout_action == "stop_and_rerun" else 2 * timing.settle_time + timing.poll_interval
    return replace(run, timed_out=True), replace(timing, wait_timeout=rest)


def stops_pending(run: Passes) -> bool:
    """Whether anything is still to be stopped, or it is not known yet whether it was."""
    return any(instance.get("stop") in _PENDING_STOPS for instance in run.instances.values())


def seconds_to_next_send(run: Passes, timing: Timing) -> float | None:
    """The same for a task that only sends: None as soon as nothing more may be sent now, whatever is still to be waited for."""
    if run.ended:
        return None
    if run.failed_passes:
        return seconds_to_next_pass(run, timing, 0.0, 0.0) if run.failed_passes < MAX_BROKEN_PASSES else None
    state = run.base.get("pass_state")
    left = isinstance(state, t.Mapping) and bool(state.get("unsent"))
    # Of the last pass: one that could send nothing will not be able to a moment later.
    return MIN_PAUSE if left and run.base.get("changed") else None


def _union(first: t.Iterable[t.Any], other: t.Iterable[t.Any]) -> tuple[t.Any, ...]:
    """Both, each once; by comparison, because warnings of newer ansible-core are not texts."""
    items = list(first)
    items.extend(item for item in other if item not in items)
    return tuple(items)


def _appended(actions: t.Iterable[str], action: str | None) -> list[str]:
    decided = list(actions)
    if action and decided[-1:] != [action]:
        decided.append(action)
    return decided
