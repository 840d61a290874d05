# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes of one job_rerun task: their combined state, and when the next one is due.

Pure: results of the module and seconds go in; the action plugin waits and prints. Decisions about instances come with the results; this module only
merges what several passes report about the same instance.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from ...module_utils._common.grouping import grouped_by

Result = t.Mapping[str, t.Any]
Identity = t.Tuple[str, str, int, int, str]

#: Standings of instances in progress, and the standing of those that are still to be sent.
IN_PROGRESS = ("waiting", "running")
TO_RERUN = "to_rerun"
#: Kinds of errors (values of module_utils' Kind) that a later pass may not meet again.
TEMPORARY = frozenset({"unreachable", "throttled", "server", "bad_answer", "ambiguous"})
#: Error kinds of a pass that read the workspace: not every instance succeeded, or the plan was refused.
INCOMPLETE, LIMIT = "incomplete", "limit"
#: Failed passes in a row, for temporary reasons, after which the task gives up.
MAX_FAILED_PASSES = 10
#: The same if the module crashed, or if the machine that modules run on was never reached.
MAX_BROKEN_PASSES = 3
#: Keys about an instance before this run, which are kept from the first pass.
_AT_FIRST = ("status_before", "start_time_before", "end_time_before")
#: Keys of a task's result about how the task ended.
_OF_THE_END = frozenset(
    {"failed", "succeeded", "msg", "error", "instances", "exception", "timed_out", "unread", "elapsed", "warnings", "deprecations"}
)
#: States of a stop that has not ended yet.
_PENDING_STOPS = frozenset({"to_stop", "stopping", "unknown"})
#: A refusal (``refusals.py``): its beginning, how many further requests had the same answer, the end of its cause, and what differs between passes.
_REFUSED = "The rerun "
_MORE = re.compile(r", and (\d+) more requests? with the same answer| (\d+) more requests? had the same answer\.")
_CAUSE_END = re.compile(r" \(request id [^()]*\)|(?=\. Its outcome is read back )")
_OF_REQUESTS = re.compile(rf" \(request id [^()]*\)|(?<=^The rerun of )\d+ instances?|{_MORE.pattern}")
#: Shortest pause between two passes, seconds, to spare the service.
MIN_PAUSE = 0.2


def identity(instance: Result) -> Identity:
    """Identity of an instance within one pass: (workspace_id, job_id, plan_time ms, submit_time ms, instance_id).

    A rerun may change the last two; :func:`followed` finds the same instance in the previous passes.
    """
    workspace_id, job_id = str(instance.get("workspace_id")), str(instance.get("job_id"))
    plan_time, submit_time = instance.get("plan_time") or 0, instance.get("submit_time") or 0
    return workspace_id, job_id, plan_time, submit_time, str(instance.get("instance_id") or "")


def followed(known: t.Iterable[Identity], listed: t.Iterable[Identity]) -> dict[Identity, Identity]:
    """New identity -> old identity, for instances whose identity changed since the previous passes.

    An instance with a new identity is matched with one of the same job and plan time that is no longer listed.

    :param known: identities of the previous passes.
    :param listed: identities of this pass.
    """
    before, now = set(known), set(listed)
    if not before - now or not now - before:
        return {}
    pairs: dict[Identity, Identity] = {}
    # The same instance_id first, then the same submit_time, then only the same job and plan time.
    for alike in (lambda name: (*name[:3], name[4]), lambda name: name[:4], lambda name: name[:3]):
        gone = grouped_by(sorted(before - now - set(pairs.values())), alike)
        pairs.update({name: gone[alike(name)].pop(0) for name in sorted(now - before - pairs.keys()) if gone.get(alike(name))})
    return pairs


@dataclass(frozen=True)
class Timing:
    """The options about waiting, in seconds, with the module's defaults."""

    wait: bool = True
    wait_timeout: float = 3600.0
    poll_interval: float = 10.0
    timeout_action: str = "none"
    settle_time: float = 60.0

    @classmethod
    def of(cls, args: Result) -> Timing:
        """From a task's completed and typed options.

        The module's result is not used, because since 2.20 ansible-core leaves ``invocation`` out of it unless it is verbose.
        """
        return cls(**{name: args[name] for name in cls.__dataclass_fields__ if args.get(name) is not None})


@dataclass(frozen=True)
class Passes:
    """The combined state of a task's passes so far.

    :param check: whether nothing is to be sent.
    :param instances: :func:`identity` -> the instance as the newest pass that listed it described it, see :func:`merged_instance`.
    :param base: the newest result of a pass that could read the workspace.
    :param plan: lines of the plan of the first pass, or of the first that sent something; *plan_details* is the same for programs.
    :param problems: problems that did not end the run, each text once, oldest first.
    :param requests: HTTP method -> number of requests, over all passes.
    :param notes: ``warnings`` and ``deprecations`` of all passes, each once.
    :param failed_passes: passes in a row that failed for a temporary reason.
    :param error: the failed result that ended the run, or None.
    :param fleet: whether names and patterns are judged over all workspaces of the play, at the end of the role.
    :param run_id: id of the run, also in its attempts in the journal.
    :param language: of lines for people.
    :param timed_out: whether ``wait_timeout`` is over, so that further passes only follow its ``timeout_action``.
    :param repair: the repair that the run belongs to, see :func:`repair_of`.
    :param unclear: whether the newest pass crashed when it may have sent something. A later pass finds out by the run's id in the journal.
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
        """Continue the run of another task from its *result*; None if that run has ended.

        :param begun: state of this task, without passes.
        :param result: made by :func:`~.counts.final_result`. Ansible may have marked it as unsafe; it is never evaluated as a template.
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
        """Continue the run for another try of its task (``until``); None if nothing can have been sent.

        With a new ``since``, the next try would rerun instances that have failed again. The jobs that the run had paused were started again at the
        end of the try, and are paused again.
        """
        state = self.base.get("pass_state")
        if self.check or not isinstance(state, t.Mapping) or (self.only_planned and not self.changed and not self.unclear):
            return None
        return replace(self, error=None, failed_passes=0, base={**self.base, "pass_state": {**state, "paused": []}})

    def after(self, result: Result) -> Passes:
        """The state after one more pass.

        A pass that failed as a whole ends the run, unless the reason is temporary and there is something to watch. Then it counts as a problem, and
        what it reports about instances is kept.
        """
        listed = {identity(instance): instance for instance in result.get("instances") or ()}
        planned = _planned(result)
        # Whether a pass that crashed had sent anything shows in a later pass, by the run's id in the journal.
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
            # job_patterns is in the result of the first and the last pass only; it is kept because other workspaces may need it before the last.
            patterns = {"job_patterns": self.base["job_patterns"]} if "job_patterns" in self.base else {}
            return replace(run if not first else run._planned_by(result), base={**patterns, **result}, failed_passes=0, unclear=False)
        failures, text = self.failed_passes + 1, message_of(result)
        unclear = self.unclear or (not self.check and bool(self.base) and "instances" not in result and bool(self.unsent))
        run = replace(run, failed_passes=failures, unclear=unclear)
        if failures < self._patience(result, known=bool(self.base or run.changed)):
            if not self.base and "instances" in result:
                run = replace(run._planned_by(result), base=result)
            run = replace(run, base=_with_claims(run.base, result))
            return replace(run, problems=_union(run.problems, (f"Listed again after: {text}",)))
        return replace(run, error=result, base=self.base or result)

    def restored(self, result: Result) -> Passes:
        """The state after the pass that starts paused jobs again; if it could not start them, the run fails."""
        known = {name: result[name] for name in ("journal_history", "resumed_jobs") if name in result}
        run = replace(self._with(result), base={**self.base, **known})
        if result.get("restored") or run.error is not None:
            return run
        text = "; ".join(map(str, result.get("problems") or ())) or message_of(result)
        error = {**run.base, **result, "failed": True, "msg": text, "error": {"kind": INCOMPLETE}}
        return replace(run, error=error, base=run.base or error)

    @staticmethod
    def _patience(result: Result, *, known: bool) -> int:
        """Number of failed passes in a row at which the run ends.

        :param known: whether the workspace has been read, or something was sent.
        """
        if host_unreachable(result):
            return MAX_FAILED_PASSES if known else MAX_BROKEN_PASSES
        if not known:
            return 1
        if error_kind(result) in TEMPORARY:
            return MAX_FAILED_PASSES
        return MAX_BROKEN_PASSES if broke(result) else 1

    def _with(self, result: Result) -> Passes:
        """The state with the sums and notes that every kind of pass adds to."""
        requests = result.get("requests") or {}
        return replace(
            self,
            requests={name: self.requests.get(name, 0) + requests.get(name, 0) for name in (*self.requests, *requests)},
            notes={name: _union(self.notes.get(name, ()), result.get(name) or ()) for name in ("warnings", "deprecations")},
            problems=_with_problems(self.problems, result.get("problems") or ()),
            changed=self.changed or bool(result.get("changed")),
        )

    def _planned_by(self, result: Result) -> Passes:
        return replace(self, plan=tuple(result.get("plan") or ()), plan_details=result.get("plan_details") or {})

    @property
    def ended(self) -> bool:
        """Whether no further pass is needed, because the run has finished or cannot go on."""
        if self.error is not None or self.failed_passes:
            return self.error is not None
        refused = error_kind(self.base) == LIMIT and not self.moving
        return refused or bool(self.base.get("finished", True))

    @property
    def since(self) -> int | None:
        """The ``since`` of the run, epoch ms; None if unknown."""
        value = self.base.get("since")
        return value if isinstance(value, int) else None

    @property
    def statuses(self) -> t.Collection[str]:
        """The statuses to rerun."""
        return self.base.get("statuses") or ()

    @property
    def planned(self) -> bool:
        """Whether the newest pass only planned, so that the next one is due at once."""
        return self.error is None and not self.failed_passes and self.only_planned

    @property
    def only_planned(self) -> bool:
        """Whether the workspace was read only by a pass that plans."""
        return _planned(self.base)

    @property
    def already_done(self) -> int:
        """Number of instances that had succeeded before the run began; they are only counted."""
        counts = self.base.get("summary")
        return int(counts.get("already_done") or 0) if isinstance(counts, t.Mapping) else 0

    @property
    def moving(self) -> list[Result]:
        """The instances in progress."""
        return [instance for instance in self.instances.values() if instance.get("standing") in IN_PROGRESS]

    @property
    def unsent(self) -> list[Result]:
        """The instances that are still to be sent."""
        return [instance for instance in self.instances.values() if instance.get("standing") == TO_RERUN]

    def having(self, actions: t.Collection[str]) -> list[Result]:
        """The instances with one of *actions*."""
        return [instance for instance in self.instances.values() if instance.get("action") in actions]


def _with_claims(base: Result, failed: Result) -> Result:
    """*base* with the newest claim of a *failed* pass, which the journal must have in the next one."""
    state, newer = base.get("pass_state"), failed.get("pass_state")
    if not isinstance(state, t.Mapping) or not isinstance(newer, t.Mapping) or not newer.get("own"):
        return base
    return {**base, "pass_state": {**state, "own": newer["own"]}}


def crashed(result: Result) -> bool:
    """Whether a pass failed as a whole, so that its instances are incomplete."""
    return bool(result.get("failed")) and ("instances" not in result or error_kind(result) not in (None, INCOMPLETE, LIMIT))


def error_kind(result: Result) -> str | None:
    """The error kind of a failed pass, or None."""
    error = result.get("error")
    return error.get("kind") if isinstance(error, t.Mapping) else None


def broke(result: Result) -> bool:
    """Whether the module crashed: it was killed for lack of memory, say, or its folder was removed."""
    return bool(result.get("failed")) and not isinstance(result.get("error"), t.Mapping) and "instances" not in result


def host_unreachable(result: Result) -> bool:
    """Whether the machine that modules run on could not be reached."""
    return bool(result.get("unreachable"))


def message_of(result: Result) -> str:
    """The message of a failed pass, in one line.

    If the module crashed, ansible-core before 2.19 has a message of several lines; since 2.19 there is only an exception.
    """
    event = getattr(result.get("exception"), "event", None)
    text = result.get("msg") or f"the module ended unexpectedly: {getattr(event, 'msg', None) or 'see the exception in the result'}"
    return " ".join(str(text).split())


def merged_instance(old: Result | None, new: Result, *, planned: bool = False) -> dict[str, t.Any]:
    """Merge what two passes report about one instance: the newer state, the state before the run, and all that was sent for it.

    ``failure`` is the newest known one; an instance that has succeeded since keeps the failure that it was rerun for. Adds ``request_ids``, of all
    requests that included it, and ``actions``, the decisions of all passes without repetitions.
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
    """Whether *instance* is a dependant that this run has not rerun: if a pass no longer lists it, somebody else brought it up to date."""
    return bool(instance.get("downstream")) and not instance.get("attempts") and not instance.get("rerun")


def _planned(result: Result) -> bool:
    """Whether the pass only planned, and something is to be sent."""
    state = result.get("pass_state")
    return isinstance(state, t.Mapping) and bool(state.get("planned"))


def _standing(before: Result, new: Result) -> t.Any:
    """The standing; an instance that was seen in another one before and now has succeeded is not "already done"."""
    done = new.get("standing") == "already_done" and before.get("standing") not in (None, "already_done")
    return "succeeded" if done else new.get("standing")


def next_args(args: Result, run: Passes) -> dict[str, t.Any]:
    """The options of the next pass: those of the task, with the previous pass's ``pass_state``.

    The first pass only plans, so that people see the plan before anything is sent.
    """
    state = run.base.get("pass_state") or {"run_id": run.run_id}
    more = {**({"timed_out": True} if run.timed_out else {}), **({"repair": dict(run.repair)} if run.repair else {})}
    return {**args, "pass_state": {**state, "plan_only": not run.base, "fleet": run.fleet, **more}}


def restores(args: Result, run: Passes) -> bool:
    """Whether a run that is over may have paused jobs to start again. A pass after which nothing is left has started them itself."""
    wanted = bool(args.get("pause_schedules") or (run.base.get("pass_state") or {}).get("paused"))
    return wanted and not run.check and bool(run.base) and not (run.error is None and run.base.get("finished"))


def restore_args(args: Result, run: Passes) -> dict[str, t.Any]:
    """The options of the pass that only starts the paused jobs again."""
    state = run.base.get("pass_state") or {"run_id": run.run_id}
    return {**args, "pass_state": {**state, "run_id": run.run_id, "restore": True, "plan_only": False}}


def seconds_to_next_pass(run: Passes, timing: Timing, began: float, elapsed: float) -> float | None:
    """Seconds until the next pass; None if there is none.

    The next pass is due when the newest one said so (``due_in``). After failed passes the pause doubles, up to a minute. The last pass begins when
    ``wait_timeout`` is over, so that it shows the final state. There is none if all that is left waits for quiet hours that end after that.

    :param began: when the newest pass began, seconds since the start of the task.
    :param elapsed: when it ended, seconds since the start of the task.
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
    """Whether ``timeout_action`` is due, called when ``wait_timeout`` is over: once in a task, and only if instances are in progress."""
    if run.ended or run.timed_out or not timing.wait or timing.timeout_action == "none":
        return False
    return run.base.get("since") is not None and bool(run.moving)


def after_timeout(run: Passes, timing: Timing) -> tuple[Passes, Timing]:
    """The state and timing for the passes after ``wait_timeout``.

    Instances that are stopped and rerun get the same time again; for instances that are only stopped, it is as long as the service may take to show
    the stop.
    """
    rest = timing.wait_timeout if timing.timeout_action == "stop_and_rerun" else 2 * timing.settle_time + timing.poll_interval
    return replace(run, timed_out=True), replace(timing, wait_timeout=rest)


def stops_pending(run: Passes) -> bool:
    """Whether a stop is still to be sent, or its effect is not known yet."""
    return any(instance.get("stop") in _PENDING_STOPS for instance in run.instances.values())


def seconds_to_next_send(run: Passes, timing: Timing) -> float | None:
    """The same for a task that only sends: None as soon as nothing more can be sent now, even if instances are in progress."""
    if run.ended:
        return None
    if run.failed_passes:
        return seconds_to_next_pass(run, timing, 0.0, 0.0) if run.failed_passes < MAX_BROKEN_PASSES else None
    state = run.base.get("pass_state")
    left = isinstance(state, t.Mapping) and bool(state.get("unsent"))
    # If the newest pass could send nothing, the next one a moment later could not either.
    return MIN_PAUSE if left and run.base.get("changed") else None


def problem_key(problem: str) -> str:
    """The part of *problem* that is the same when later passes meet the same refusal again."""
    return _OF_REQUESTS.sub("", problem)


def _with_problems(known: t.Iterable[str], new: t.Iterable[str]) -> tuple[str, ...]:
    """*known* problems and *new* ones; equal refusals become one problem with the number of requests."""
    by_key = {problem_key(problem): problem for problem in known}
    for problem in map(str, new):
        key = problem_key(problem)
        by_key[key] = _counted(by_key[key], problem) if key in by_key else problem
    return tuple(by_key.values())


def _counted(first: str, problem: str) -> str:
    """*first* with the requests of *problem* added to its count; unchanged if it is not a refusal.

    The count follows the cause. If the end of the cause is unknown, a sentence at the end has it.
    """
    if not first.startswith(_REFUSED):
        return first
    more = 1 + sum(int(match[1] or match[2]) for match in map(_MORE.search, (first, problem)) if match is not None)
    requests, bare = f"{more} more request{'s' if more > 1 else ''}", _MORE.sub("", first)
    place, phrase, sentence = _CAUSE_END.search(bare), f", and {requests} with the same answer", f"{requests} had the same answer."
    return f"{bare} {sentence}" if place is None else bare[: place.end()] + phrase + bare[place.end() :]


def _union(first: t.Iterable[t.Any], other: t.Iterable[t.Any]) -> tuple[t.Any, ...]:
    """The items of both, each once; not by hash, because warnings of newer ansible-core are not strings."""
    items = list(first)
    items.extend(item for item in other if item not in items)
    return tuple(items)


def _appended(actions: t.Iterable[str], action: str | None) -> list[str]:
    decided = list(actions)
    if action and decided[-1:] != [action]:
        decided.append(action)
    return decided
