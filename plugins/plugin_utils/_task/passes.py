# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what the passes of one job_rerun task add up to, and when the next one is due.

Pure: results of the module and seconds go in; the action plugin does the waiting and the printing. No decision about an instance
is made here, those come with the results; this only puts together what several passes said about the same instance.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible.module_utils.parsing.convert_bool import boolean

Result = t.Mapping[str, t.Any]
Identity = t.Tuple[str, str, int, int]

#: Actions that another pass can change.
OPEN = frozenset({"retry", "wait", "settling"})
#: Kinds of errors (values of module_utils' Kind) that a later pass need not meet again.
TEMPORARY = frozenset({"unreachable", "throttled", "server", "bad_answer", "ambiguous"})
#: Kinds of a pass that did all it could: not every instance succeeded, or the plan is larger than ``max_instances``.
INCOMPLETE, LIMIT = "incomplete", "limit"
#: Passes in a row that may fail for a temporary reason before the task gives up watching.
MAX_FAILED_PASSES = 10
#: Seconds after which a progress line is printed although nothing changed.
HEARTBEAT = 30.0
#: What an instance was before this run, which its newest state does not tell any more.
_AT_FIRST = ("status_before", "start_time_before", "end_time_before")
#: The shortest pause between two passes, seconds: reading is work for the service too.
MIN_PAUSE = 0.2


def identity(instance: Result) -> Identity:
    """What an instance is known by: (workspace_id, job_id, plan_time ms, submit_time ms), never its instance_id."""
    return str(instance.get("workspace_id")), str(instance.get("job_id")), instance.get("plan_time") or 0, instance.get("submit_time") or 0


@dataclass(frozen=True)
class Timing:
    """The options that say how long and how often to look, in seconds, with the module's defaults."""

    wait: bool = True
    wait_timeout: float = 3600.0
    poll_interval: float = 10.0

    @classmethod
    def of(cls, args: Result) -> Timing:
        """From the options of a task that the module has accepted, as they were given: ``"60"`` and ``"no"`` too.

        Not from the ``invocation`` in the module's result, which ansible-core leaves out since 2.20 unless it is verbose.
        """
        given = {name: value for name, value in args.items() if value is not None}
        default = cls()
        return cls(
            wait=bool(boolean(given.get("wait", default.wait))),
            wait_timeout=float(given.get("wait_timeout", default.wait_timeout)),
            poll_interval=float(given.get("poll_interval", default.poll_interval)),
        )


def wanted_statuses(args: Result) -> frozenset[str]:
    """The statuses that a task is to rerun, from its options as they were given: a list, or words with commas between."""
    given = args.get("statuses") or ["fail"]
    words = given.split(",") if isinstance(given, str) else given
    return frozenset(str(word).strip() for word in words)


@dataclass(frozen=True)
class Run:
    """The passes of one task so far.

    :param wanted: the statuses to rerun.
    :param check: whether nothing is to be sent.
    :param instances: every instance any pass reported, by :func:`identity`, as the newest of them described it.
    :param base: the newest result of a pass that could read the workspace.
    :param plan: lines of the first pass, or of the first that sent something.
    :param problems: what went wrong without ending the run, each text once, oldest first.
    :param requests: HTTP calls by method, of all passes.
    :param notes: ``warnings`` and ``deprecations`` of all passes, each once.
    :param failed_passes: passes in a row that failed for a temporary reason.
    :param error: the failed result that ended the run, or None.
    """

    wanted: frozenset[str] = frozenset({"fail"})
    check: bool = False
    instances: t.Mapping[Identity, Result] = field(default_factory=dict)
    base: Result = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    requests: t.Mapping[str, int] = field(default_factory=dict)
    notes: t.Mapping[str, tuple[t.Any, ...]] = field(default_factory=dict)
    passes: int = 0
    changed: bool = False
    failed_passes: int = 0
    error: Result | None = None

    def after(self, result: Result) -> Run:
        """The run with one more pass.

        A pass that failed as a whole ends the run, unless there is something to watch and the reason is a temporary one: then it
        counts as a problem, and whatever it still found out about instances is kept.
        """
        found = {identity(one): one for one in result.get("instances") or ()}
        planned = _planned(result)
        merged = {**self.instances, **{key: merged_instance(self.instances.get(key), one, planned=planned) for key, one in found.items()}}
        run = replace(
            self,
            instances=merged,
            requests=_added(self.requests, result.get("requests") or {}),
            notes={name: _union(self.notes.get(name, ()), result.get(name) or ()) for name in ("warnings", "deprecations")},
            problems=_union(self.problems, result.get("problems") or ()),
            passes=self.passes + 1,
            changed=self.changed or bool(result.get("changed")),
        )
        if not crashed(result):
            first = not self.base or (run.changed and not self.changed)
            return replace(run, base=result, plan=tuple(result.get("plan") or ()) if first else self.plan, failed_passes=0)
        failures = self.failed_passes + 1
        text = message_of(result)
        if (self.base or run.changed) and temporary(result) and failures < MAX_FAILED_PASSES:
            run = run if self.base else replace(run, base=result, plan=tuple(result.get("plan") or ()))
            return replace(run, failed_passes=failures, problems=_union(run.problems, (f"Looked again after: {text}",)))
        return replace(run, failed_passes=failures, error=result, base=self.base or result)

    @property
    def ended(self) -> bool:
        """Whether no further pass is to be made: everything is where it will stay, or the run cannot go on."""
        if self.error is not None or self.failed_passes:
            return self.error is not None
        refused = kind_of(self.base) == LIMIT and not self.moving
        return refused or bool(self.base.get("finished", True))

    @property
    def since(self) -> int | None:
        """The ``since`` of the first pass, epoch ms; later passes have to be given the same."""
        value = self.base.get("since")
        return value if isinstance(value, int) else None

    @property
    def planned(self) -> bool:
        """Whether the newest pass only told what is to be sent, so that the next one is due at once."""
        return self.error is None and not self.failed_passes and self.only_planned

    @property
    def only_planned(self) -> bool:
        """Whether no pass but the first, which only plans where something is to be sent, has read the workspace."""
        return _planned(self.base)

    @property
    def idle(self) -> int:
        """How many instances are only counted, because they had succeeded before the run began."""
        counts = self.base.get("summary")
        return int(counts.get("idle") or 0) if isinstance(counts, t.Mapping) else 0

    @property
    def moving(self) -> list[Result]:
        """The open instances that are on their way, as far as anybody knows."""
        return [one for one in self.having(OPEN) if on_its_way(one)]

    @property
    def unsent(self) -> list[Result]:
        """The open instances that wait for their turn, or could not be sent."""
        return [one for one in self.having(OPEN) if not on_its_way(one)]

    def having(self, actions: t.Collection[str]) -> list[Result]:
        """The instances with one of *actions*, in the order in which they were first seen."""
        return [one for one in self.instances.values() if one.get("action") in actions]


def on_its_way(instance: Result) -> bool:
    """Whether an open instance is on its way, as far as anybody knows; the others are not sent yet."""
    asked = instance.get("action") == "settling" and bool(instance.get("attempts"))  # without an attempt it is held back
    return bool(instance.get("rerun")) or instance.get("status") in ("waiting", "running") or asked


def crashed(result: Result) -> bool:
    """Whether a pass failed as a whole, so that what it says about instances is incomplete."""
    return bool(result.get("failed")) and ("instances" not in result or kind_of(result) not in (None, INCOMPLETE, LIMIT))


def kind_of(result: Result) -> str | None:
    """The kind of error by which a pass failed, or None."""
    error = result.get("error")
    return error.get("kind") if isinstance(error, t.Mapping) else None


def message_of(result: Result) -> str:
    """The message of a pass that failed as a whole. A module that ended unexpectedly has none since ansible-core 2.19, but an exception."""
    event = getattr(result.get("exception"), "event", None)
    return str(result.get("msg") or f"the module ended unexpectedly: {getattr(event, 'msg', None) or 'see the exception in the result'}")


def temporary(result: Result) -> bool:
    """Whether the reason for which a pass failed may be gone the next time."""
    return kind_of(result) in TEMPORARY


def merged_instance(old: Result | None, new: Result, *, planned: bool = False) -> dict[str, t.Any]:
    """One instance as two passes saw it: the newer state, what it was at first, and everything that was sent for it.

    Adds ``request_ids`` (every POST that carried it), ``actions`` (what was decided over the passes, without repetitions) and
    ``adopted`` (whether a rerun that an earlier task with the same ``since`` had sent was found).
    """
    before: Result = old or {"adopted": new.get("rerun") and new.get("action") != "retry"}
    request_id = new.get("request_id") or before.get("request_id")
    sent = (request_id,) if request_id else ()
    return {
        **new,
        **{name: before.get(name, new.get(name)) for name in _AT_FIRST},
        "rerun": before.get("rerun") or new.get("rerun"),
        "adopted": bool(before.get("adopted")) or _found_sent(before, new),
        "attempts": max(int(before.get("attempts") or 0), int(new.get("attempts") or 0)),
        "request_id": request_id,
        "request_ids": list(_union(before.get("request_ids", ()), sent)),
        "actions": list(_appended(before.get("actions", ()), None if planned and new.get("action") == "retry" else new.get("action"))),
    }


def _planned(result: Result) -> bool:
    """Whether a pass only told what is to be sent."""
    carried = result.get("carry")
    return isinstance(carried, t.Mapping) and bool(carried.get("planned"))


def _found_sent(before: Result, new: Result) -> bool:
    """Whether the rerun that *new* shows for the first time is not one of this task's, which never sent any for the instance."""
    ours = {"retry", "settling"}
    return not before.get("rerun") and bool(new.get("rerun")) and ours.isdisjoint((*before.get("actions", ()), new.get("action")))


def next_args(args: Result, run: Run) -> dict[str, t.Any]:
    """The options of the next pass: those of the task, and from the second pass on what the first one found them to mean.

    A relative window, or a ``since`` left out, would move on between passes. The first pass only plans, so that people see what is going to
    be sent before it is.
    """
    fixed = {name: run.base[name] for name in ("since", "planned_after", "planned_before") if run.base.get(name) is not None}
    carried = run.base.get("carry") or {}
    return {**args, **fixed, "carry": {"plan_only": not run.base, **{name: carried[name] for name in ("dependencies",) if name in carried}}}


def pause(run: Run, timing: Timing, began: float, elapsed: float) -> float | None:
    """Seconds to wait before the next pass, or None if there is to be none.

    :param began: seconds into the task at which the newest pass began, and *elapsed* those at which it ended.

    The next look is when the pass said it makes sense. After failed passes the pause doubles, up to a minute. The last pass
    begins when the time is up, so that it tells the last state, also of what the pass before it sent.
    """
    if run.ended or began >= timing.wait_timeout:
        return None
    due = run.base.get("due_in")
    wanted = timing.poll_interval if due is None else float(due)
    if run.failed_passes:
        wanted = max(wanted, min(60.0, timing.poll_interval * 2.0 ** (run.failed_passes - 1)))
    return max(MIN_PAUSE, min(wanted, timing.wait_timeout - elapsed))


def _added(one: t.Mapping[str, int], other: t.Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(name for name in other if name not in one))}


def _union(one: t.Iterable[t.Any], other: t.Iterable[t.Any]) -> tuple[t.Any, ...]:
    """Both, each once; by comparison, because warnings of newer ansible-core are no texts."""
    found = list(one)
    found.extend(item for item in other if item not in found)
    return tuple(found)


def _appended(actions: t.Iterable[str], action: str | None) -> list[str]:
    found = list(actions)
    if action and found[-1:] != [action]:
        found.append(action)
    return found
