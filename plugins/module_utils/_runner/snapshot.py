# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshot: listed instances, the time of the list, what the journal knows about them, and the run scope that follows."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .._common.times import DAY_MS
from .._http.server_clock import ServiceClock
from .._journal.journal import Journal, Known
from .._models.attempt import Attempt, Slot
from .._models.instance import InstanceKey, JobInstance
from .._models.run_scope import RunScope, Since, check_past
from .._planner.hold_off import complete_since, dated, hold_off_until, on_both_clocks
from .._planner.identity import effective_attempts, newest_attempts, with_twins
from .._planner.pipeline import History
from .._planner.reconcile import SINCE_AHEAD_MS, had_not_ended

if t.TYPE_CHECKING:
    from .._common.times import Window


class Listed(t.NamedTuple):
    """Instances as the service listed them.

    :param window: plan times of the selection.
    :param asked_ms: the service's time when the oldest part of the list was requested, epoch ms.
    :param asked_at: the same moment on the stopwatch, seconds.
    :param reach: plan times of all listed instances, if that is more than *window*.
    """

    instances: t.Sequence[JobInstance]
    window: Window
    asked_ms: int
    asked_at: float
    reach: Window | None = None


@dataclass(frozen=True)
class Snapshot:
    """Listed instances with what the journal knows about them.

    :param instances: with twins told apart.
    :param missing: attempts for instances that are not listed although their plan time is in the window.
    :param uncovered: whether these workspaces are new to the journal.
    """

    instances: tuple[JobInstance, ...]
    asked_ms: int
    asked_at: float
    scope: RunScope
    history: History
    missing: tuple[Attempt, ...]
    uncovered: bool

    @functools.cached_property
    def effective(self) -> dict[InstanceKey, list[Attempt]]:
        """Instance -> attempts that may have taken effect, oldest first."""
        return effective_attempts(self.instances, self.history.attempts, self.history.effective)

    @functools.cached_property
    def stops(self) -> dict[InstanceKey, list[Attempt]]:
        """Instance -> requests to stop it, oldest first."""
        return effective_attempts(self.instances, self.history.attempts, self.history.stops)


def take(
    listed: Listed,
    since: Since,
    journal: Journal,
    clock: ServiceClock,
    workspaces: t.Collection[str],
    *,
    settle_ms: int,
    clock_slack_ms: int,
    check_mode: bool,
    relative: bool,
    run_id: str,
) -> Snapshot:
    """Make the snapshot of *listed*. The journal is read after the list: each of its attempts either shows in the list or counts as unsettled.

    The scope may hold off sending for a while, see ``hold_off.py``; in check mode it does not, to show what would be sent afterwards.

    :param relative: whether ``since`` is set, and counts back from now.
    :param run_id: of the run. Its ``since`` comes from the journal if an earlier try of its task could not hand it on.
    :raises OptionError: ``since`` is in the future.
    :raises JournalError: the journal cannot be read.
    """
    if since.given and not since.fixed:
        check_since(since.ms, journal, clock)
    newest = journal.newest_id() if since.newest_id is None else None
    known = journal.read(workspaces, listed.reach or listed.window, listed.asked_ms)
    own = [attempt.since for made in known.effective.values() for attempt in made if attempt.run_id == run_id]
    ms = min([since.ms, *own])
    # An earlier pass has covered these workspaces. If they are not covered any more, its journal is lost, and with it what the run has sent.
    given = since.given or (since.fixed and known.complete_since is None)
    complete = complete_since(known.complete_since, listed.asked_ms, ms, since_given=given)
    until = None if check_mode else _hold_off(known, journal, ms, complete, clock.now_ms(), settle_ms)
    slack = clock_slack_ms if given and ms < complete else 0
    instances, now = with_twins(listed.instances), clock.latest_ms()
    begins = since.newest_id is None and ms <= now
    as_said = (since.given and not relative) or ms > now
    since = Since(ms, given, fixed=True, newest_id=newest if begins else since.newest_id, joined=since.joined)
    attempts, effective = _dated(known, now, listed.asked_ms, since, lambda attempt: as_said or attempt.run_id == run_id)
    matched, missing = newest_attempts(instances, attempts)
    since = since._replace(joined=_joined(instances, matched, ms, settle_ms)) if begins and not given else since
    scope = RunScope(since, listed.window, until, slack)
    aside = _set_aside(now + clock_slack_ms, _age(known, journal, known.set_aside_ms))
    history = History(matched, known.reruns, aside, effective, _settled_stops(known, listed.asked_ms))
    return Snapshot(tuple(instances), listed.asked_ms, listed.asked_at, scope, history, tuple(missing), known.complete_since is None)


def check_since(since_ms: int, journal: Journal, clock: ServiceClock) -> None:
    """Refuse a ``since`` in the future, unless the journal knows a run with this ``since`` or a later one.

    In that case the service's clock was set back in the meantime. That run is continued with its ``since``: without it, what the run has sent
    would be rerun again.

    :raises OptionError: ``since`` is in the future.
    :raises JournalError: the journal cannot be read.
    """
    last_ms = clock.latest_ms() + SINCE_AHEAD_MS
    if since_ms > last_ms:
        check_past(since_ms, now_ms=clock.now_ms(), last_ms=max(last_ms, journal.newest_since()))


def _dated(
    known: Known, now: int, asked_ms: int, since: Since, as_said: t.Callable[[Attempt], bool]
) -> tuple[list[Attempt], dict[Slot, tuple[Attempt, ...]]]:
    """The newest attempts, settled on both clocks, and the effective ones; see :func:`dated`.

    :param as_said: whether ``since`` may come from the wrong clock for this attempt.
    """

    def seen(attempt: Attempt) -> Attempt:
        return dated(attempt, now, known.journal_ms, since, as_said=as_said(attempt))

    attempts = [on_both_clocks(seen(attempt), asked_ms, known.journal_ms) for attempt in known.attempts]
    return attempts, {slot: tuple(map(seen, made)) for slot, made in known.effective.items()}


def _joined(instances: t.Iterable[JobInstance], newest: t.Mapping[InstanceKey, Attempt], since: int, settle_ms: int) -> frozenset[int]:
    """Value for :attr:`Since.joined`."""
    made = ((instance, newest[instance.key]) for instance in instances if instance.key in newest)
    return frozenset(attempt.attempt_id or 0 for instance, attempt in made if had_not_ended(instance, attempt, since, settle_ms))


def _settled_stops(known: Known, asked_ms: int) -> dict[Slot, tuple[Attempt, ...]]:
    return {slot: tuple(on_both_clocks(stop, asked_ms, known.journal_ms) for stop in stops) for slot, stops in known.stops.items()}


def _hold_off(known: Known, journal: Journal, since: int, complete: int, now_ms: int, settle_ms: int) -> int | None:
    """The time of :func:`hold_off_until`, with a warning if it follows from lost records.

    :param complete: see :func:`complete_since`.
    """
    age = _age(known, journal, known.lost_ms)
    covered = None if known.covered_ms is None else known.journal_ms - known.covered_ms
    until = hold_off_until(since, now_ms, complete, settle_ms, covered_age_ms=covered, lost_age_ms=age)
    if until is not None and age is not None and age < DAY_MS and known.lost_ms != known.set_aside_ms:
        journal.tell_lost(known.journal_ms - age)
    return until


def _age(known: Known, journal: Journal, lost_ms: int | None) -> int | None:
    """How long ago the journal lost records at *lost_ms*, in ms of its clock; None for None."""
    return None if lost_ms is None else known.journal_ms - journal.sightings.recorded_ms("lost", lost_ms, known.journal_ms)


def _set_aside(latest_ms: int, age: int | None) -> int | None:
    """Latest time at which a journal was set aside in the last 24 hours, by the clock that stamps starts, epoch ms; else None.

    The reruns that it knew had started by then.

    :param latest_ms: the latest time that this clock may show now.
    :param age: see :func:`_age`.
    """
    return latest_ms - max(0, age) if age is not None and age < DAY_MS else None
