# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run scope: the times that a run is about, computed once after the first answer; and the state that one pass hands to the next.

Pure. Times epoch ms on the service's clock.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._common.errors import OptionError
from .._common.times import Window, parse_time, to_iso, window
from .attempt import OwnClaim

Options = t.Mapping[str, t.Any]
Carried = t.Mapping[str, t.Any]
#: Fields of a pass state by type: booleans; integers or None; JSON objects.
_FLAGS = ("plan_only", "fleet", "alone", "timed_out", "restore", "options_only")
_NUMBERS = ("deadline", "timeout_ms")
_CARRIED = ("dependencies", "nodes", "reasons", "downstream", "showing", "started", "seen")


class Since(t.NamedTuple):
    """The ``since`` of a run, and what counts as part of the run.

    :param ms: starts and attempts at or after this time belong to the run; if ``since`` was not set, when the run first listed.
    :param given: whether a person set it; also True if the journal that began with it is gone.
    :param fixed: whether it comes from an earlier pass of the run and has been checked.
    :param newest_id: newest attempt id in the journal at the first read; later attempts belong to the run. None while ``ms`` is in the future.
    :param joined: ids of earlier attempts by others that had not ended when the run first listed; they belong to the run too.
    """

    ms: int
    given: bool
    fixed: bool = False
    newest_id: int | None = None
    joined: frozenset[int] = frozenset()

    @classmethod
    def from_option(cls, value: t.Any) -> Since | None:
        """Read the value of :meth:`to_result`, with *fixed* set; None for anything else."""
        if not isinstance(value, t.Mapping) or not isinstance(value.get("ms"), int):
            return None
        newest, joined = value.get("newest_id"), value.get("joined")
        ids = (number for number in (joined if isinstance(joined, list) else ()) if isinstance(number, int))
        return cls(value["ms"], bool(value.get("given")), True, newest if isinstance(newest, int) else None, frozenset(ids))

    def to_result(self) -> dict[str, t.Any]:
        """The value as JSON."""
        return {"ms": self.ms, "given": self.given, "newest_id": self.newest_id, "joined": sorted(self.joined)}


class RunScope(t.NamedTuple):
    """The times of a run.

    :param window: plan times of the selected instances.
    :param hold_off_until: nothing is sent before this time, epoch ms, or None.
    :param clock_slack_ms: a start up to this long before ``since`` counts as after it, where only clocks can decide.
    """

    since: Since
    window: Window
    hold_off_until: int | None = None
    clock_slack_ms: int = 0


@dataclass(frozen=True)
class PassState:
    """State that one pass of job_rerun hands to the next, as option and result ``pass_state``.

    :param run_id: id of the run, which its attempts carry.
    :param since: of the run; None before the first pass.
    :param window: plan times of the selected instances; None before the first pass.
    :param plan_only: whether the pass only plans, so that people see what is to be sent before it is.
    :param planned: how many instances the next pass is to send, after a pass with *plan_only*.
    :param unsent: how many instances were not sent because the list had grown too old or the service asked for a pause.
    :param dependencies: dependencies read so far, see ``dependency_query.py``.
    :param nodes: nodes of jobs read so far, see ``start_node.py``.
    :param reasons: reasons of failures read so far, see ``reason_query.py``.
    :param downstream: dependants of the reruns read so far, see ``downstream_query.py``.
    :param deadline: the option as computed by the first pass, epoch ms; a relative one counts from then.
    :param baselines: deadlines of single jobs, see ``baseline_query.py``; None if they were not read.
    :param showing: how soon its reruns showed, see ``showing.py``.
    :param alone: whether no further pass follows, because the task runs in the background.
    :param timed_out: whether ``wait_timeout`` is over.
    :param timeout_ms: when the first pass after that began, epoch ms.
    :param started: first starts of reruns, see ``hung.py``.
    :param paused: workspace and name of the jobs considered for a pause, see ``rerun_pauses.py``.
    :param stopped: those of them that are paused for this run, as far as it knows.
    :param seen: when records from the future of the journal's clock were first seen, see ``sightings.py``.
    :param restore: whether the pass only resumes paused jobs, because the run is over.
    :param options_only: whether the pass only checks the options, so that a repair makes nothing before reruns whose options are refused.
    :param repair: what a repair creates, see ``made.py``; the action plugin hands it to each pass.
    :param own: the newest claim of the run, which the journal must still have.
    :param fleet: whether the caller has further workspaces, and judges over all of them whether a name or a pattern matches any job.
    """

    run_id: str = ""
    since: Since | None = None
    window: Window | None = None
    plan_only: bool = False
    planned: int = 0
    unsent: int = 0
    dependencies: Carried = field(default_factory=dict)
    nodes: Carried = field(default_factory=dict)
    reasons: Carried = field(default_factory=dict)
    downstream: Carried = field(default_factory=dict)
    showing: Carried = field(default_factory=dict)
    fleet: bool = False
    alone: bool = False
    deadline: int | None = None
    baselines: t.Mapping[str, int] | None = None
    timed_out: bool = False
    timeout_ms: int | None = None
    started: Carried = field(default_factory=dict)
    paused: tuple[tuple[str, str], ...] = ()
    stopped: tuple[tuple[str, str], ...] = ()
    seen: Carried = field(default_factory=dict)
    restore: bool = False
    options_only: bool = False
    repair: Carried = field(default_factory=dict)
    own: OwnClaim | None = None

    @classmethod
    def from_option(cls, value: t.Any) -> PassState:
        """Read the value of :meth:`to_result`; the state of a first pass for anything else."""
        if not isinstance(value, t.Mapping):
            return cls()
        begin, end = value.get("planned_after"), value.get("planned_before")
        known = isinstance(begin, int) and isinstance(end, int) and begin <= end
        parts: dict[str, t.Any] = {name: bool(value.get(name)) for name in _FLAGS}
        parts.update((name, value[name]) for name in _NUMBERS if isinstance(value.get(name), int))
        parts.update((name, value[name]) for name in _CARRIED if isinstance(value.get(name), t.Mapping))
        return cls(
            run_id=str(value.get("run_id") or ""),
            since=Since.from_option(value.get("since")),
            window=Window(t.cast(int, begin), t.cast(int, end)) if known else None,
            baselines=_numbers(value.get("baselines")),
            paused=_jobs(value.get("paused")),
            stopped=_jobs(value.get("stopped")),
            own=_own(value.get("own")),
            repair=value["repair"] if isinstance(value.get("repair"), t.Mapping) else {},
            **parts,
        )

    def after(self, scope: RunScope, **changes: t.Any) -> PassState:
        """The state after a pass with *scope* and *changes*. A pass that did not read dependencies or nodes keeps the earlier ones."""
        changes.update((name, changes.get(name) or getattr(self, name)) for name in ("dependencies", "nodes"))
        return replace(self, since=scope.since, window=scope.window, **changes)

    def to_result(self) -> dict[str, t.Any]:
        """The state as JSON."""
        return {
            **{name: getattr(self, name) for name in ("run_id", "planned", "unsent", "timed_out", "fleet", *_NUMBERS)},
            **{name: dict(getattr(self, name)) for name in _CARRIED},
            "since": None if self.since is None else self.since.to_result(),
            "planned_after": None if self.window is None else self.window.begin,
            "planned_before": None if self.window is None else self.window.end,
            "paused": list(map(list, self.paused)),
            "stopped": list(map(list, self.stopped)),
            "baselines": None if self.baselines is None else dict(self.baselines),
            "own": None if self.own is None else list(self.own),
        }


def _jobs(value: t.Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(where), str(name)) for where, name in value or ())


def _own(value: t.Any) -> OwnClaim | None:
    if not isinstance(value, list) or len(value) != len(OwnClaim._fields) or not all(map(isinstance, value, (int, str, int))):
        return None
    attempt_id, run_id, sent_ms = value
    return OwnClaim(int(attempt_id), str(run_id), int(sent_ms))


def _numbers(value: t.Any) -> dict[str, int] | None:
    if not isinstance(value, t.Mapping):
        return None
    return {str(name): number for name, number in value.items() if isinstance(number, int)}


def window_of(options: Options, now_ms: int) -> Window:
    """The window of plan times between ``planned_after`` and ``planned_before`` (now, if that is not set).

    :param now_ms: the service's time, epoch ms, from which relative times count.
    :raises OptionError: a time cannot be read, or the window begins after its end.
    """
    begin = parse_time(options["planned_after"], now_ms=now_ms, option="planned_after")
    end = options.get("planned_before")
    last = now_ms if end is None else parse_time(end, now_ms=now_ms, option="planned_before")
    return window(begin, last, options=("planned_after", "planned_before"))


class SinceOption(t.NamedTuple):
    """The option ``since``, parsed once. A relative time counts from the service's time, which is known only after the first answer.

    :param ms: epoch ms, a relative time counted from *now_ms*; None if the option is not set.
    :param now_ms: assumed time of the service when the option was parsed.
    """

    ms: int | None
    relative: bool
    now_ms: int

    @classmethod
    def of(cls, options: Options, now_ms: int) -> SinceOption:
        """Read the option from *options*. :raises OptionError: it is not a time."""
        value = options.get("since")
        ms = None if value is None else parse_time(value, now_ms=now_ms, option="since")
        return cls(ms, is_relative(value), now_ms)

    def since(self, asked_ms: int) -> Since:
        """The ``since`` of a run that first listed at *asked_ms*."""
        if self.ms is None:
            return Since(asked_ms, given=False)
        return Since(self.ms + asked_ms - self.now_ms if self.relative else self.ms, given=True)


def is_relative(since: t.Any) -> bool:
    """Whether *since* counts back from now, so that it differs in each run."""
    return isinstance(since, str) and since.strip().startswith("-")


def check_past(since: int, *, now_ms: int, last_ms: int) -> None:
    """Refuse a *since* in the future: a rerun could never count as started after it, so each pass would send it again.

    :param now_ms: the service's time; *last_ms* is the latest allowed ``since``.
    :raises OptionError: naming both times.
    """
    if since > last_ms:
        raise OptionError(
            f"since ({to_iso(since)}) is in the future: by the service's clock it is {to_iso(now_ms)}. Use a time that has passed, or leave it out."
        )


def seconds_of(options: Options, name: str, least: int) -> float:
    """The option *name*, a duration in seconds.

    :raises OptionError: it is below *least*.
    """
    value = options[name]
    if value < least:
        raise OptionError(f"{name} is {value}. Set it to a number of seconds, {least} or more.")
    return float(value)


def check_limit(name: str, value: int | None, least: int = 1) -> None:
    """Check an optional limit. :raises OptionError: the option *name* is below *least*."""
    if value is not None and value < least:
        raise OptionError(f"{name} is {value}. Set it to {least} or more, or leave it out for no limit.")


def check_durations(options: Options) -> None:
    """Check the durations among the options of a task that waits.

    :raises OptionError: one is too short.
    """
    for name, least in (("wait_timeout", 0), ("settle_time", 0), ("poll_interval", 1)):
        if name in options:
            seconds_of(options, name, least)
