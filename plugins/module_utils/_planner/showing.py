# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn from listed reruns which undocumented behaviours the service has. Pure.

Does a rerun keep an instance's instance_id and submit_time, and how many seconds pass before the list shows it? The journal keeps the answers
as notes, for module account_doctor.
"""

from __future__ import annotations

import collections
import json
import typing as t
from dataclasses import dataclass, replace

from .._common.text import counted
from .._models.attempt import Attempt, Comparison, Outcome, Slot, compare
from .._models.checkup import Assumption
from .._models.decision import Decision
from .._models.instance import JobInstance

#: Scope of the notes, and the point that has one note for each run.
NOTES = "open points"
VISIBLE_AFTER = "rerun_visible_after"
#: Lists later than this after the request do not count for how soon it showed, ms.
_SOON_MS = 900_000
#: Bounds this close count as one figure, ms: a list takes a moment.
_CLOSE_MS = 2_000
_POINTS = {"instance_id_after_rerun": "instance_id", "submit_time_after_rerun": "submit_time"}


@dataclass(frozen=True)
class Showing:
    """How soon accepted reruns showed, over the passes of a run. ms on the service's clock.

    :param asked_ms: when the previous list was requested; None before the first.
    :param unshown: ids of the attempts that it did not show.
    :param at_least: longest time after which a rerun did not show yet, or None.
    :param at_most: longest time until the first list that showed a rerun, or None.
    """

    asked_ms: int | None = None
    unshown: frozenset[int] = frozenset()
    at_least: int | None = None
    at_most: int | None = None

    @classmethod
    def of(cls, carried: t.Any) -> Showing:
        """Read the value of :meth:`to_result`; empty for anything else."""
        values = carried if isinstance(carried, t.Mapping) else {}
        times = [values.get(name) if isinstance(values.get(name), int) else None for name in ("asked_ms", "at_least", "at_most")]
        unshown = values.get("unshown")
        ids = frozenset(number for number in unshown if isinstance(number, int)) if isinstance(unshown, (list, tuple)) else frozenset()
        return cls(times[0], ids, times[1], times[2])

    def to_result(self) -> dict[str, t.Any]:
        """The value as JSON."""
        return {"asked_ms": self.asked_ms, "unshown": sorted(self.unshown), "at_least": self.at_least, "at_most": self.at_most}

    def after(self, decisions: t.Iterable[Decision], asked_ms: int) -> Showing:
        """The value after one more list, requested at *asked_ms*, on which *decisions* are based."""
        at_least, at_most, unshown = self.at_least, self.at_most, set()
        for decision, attempt in _accepted(decisions):
            waited, number = asked_ms - attempt.sent_ms, attempt.attempt_id
            comparison = compare(decision.instance, attempt)
            if not 0 <= waited <= _SOON_MS or number is None:
                continue
            if comparison is Comparison.UNCHANGED:
                unshown.add(number)
                at_least = max(waited, at_least or 0)
            elif comparison is Comparison.CHANGED and self._is_first(attempt):
                at_most = max(waited, at_most or 0)
        return replace(self, asked_ms=asked_ms, unshown=frozenset(unshown), at_least=at_least, at_most=at_most)

    def _is_first(self, attempt: Attempt) -> bool:
        """Whether this is the first list that could show the rerun, or the previous one did not."""
        return self.asked_ms is None or attempt.sent_ms >= self.asked_ms or attempt.attempt_id in self.unshown


def learned(decisions: t.Sequence[Decision], instances: t.Iterable[JobInstance], showing: Showing) -> list[Assumption]:
    """The points that the reruns in *decisions* decide, and how soon they showed, as far as known.

    :param instances: everything that was listed. Instances that share their slot are left out.
    """
    alone = collections.Counter(map(Slot.of, instances))
    anew = [pair for pair in _accepted(decisions) if alone[Slot.of(pair[0].instance)] == 1 and _started_anew(*pair)]
    points = []
    for point, name in _POINTS.items():
        kept = {same for same in (_kept(name, decision, attempt) for decision, attempt in anew) if same is not None}
        if len(kept) == 1:
            setting, words = ("same", "keeps its") if kept.pop() else ("new", "has another")
            points.append(Assumption(point, True, setting, f"an instance that was rerun {words} {name}"))
    visible = visible_after([(showing.at_least or 0, showing.at_most)] if showing.at_most is not None else [])
    return points if visible is None else [*points, visible]


def visible_after(bounds: t.Sequence[tuple[int, int | None]]) -> Assumption | None:
    """How soon reruns showed, from the bounds (ms) of several runs; decided if they are close together. None without an upper bound."""
    most = [latest for dummy, latest in bounds if latest is not None]
    if not most:
        return None
    latest, earliest = max(most), max(earliest for earliest, dummy in bounds)
    seconds = f"{-(-latest // 1000)} s"
    if latest - earliest > _CLOSE_MS:
        not_yet = f", and one not yet after {earliest // 1000} s" if earliest else ""
        return Assumption(VISIBLE_AFTER, False, None, f"reruns showed within {seconds}{not_yet}; the lists were too far apart to tell")
    setting = 0 if latest <= _CLOSE_MS else round(latest / 1000)
    return Assumption(VISIBLE_AFTER, True, setting, f"reruns showed within {seconds}, by the lists of {counted(len(most), 'run')}")


def notes_of(points: t.Iterable[Assumption], showing: Showing, run_id: str, day: str) -> dict[str, str]:
    """The notes that keep *points*, as key -> value: one for each observed setting of a point, and one for each run about how soon reruns showed.

    :param day: ISO 8601 date.
    """
    notes = {f"{point.name}={point.setting}": day for point in points if point.name in _POINTS and point.decided}
    if showing.at_most is not None:
        notes[f"{VISIBLE_AFTER} {run_id}"] = json.dumps([showing.at_least or 0, showing.at_most])
    return notes


def settings_in(notes: t.Mapping[str, str], point: str) -> dict[str, str]:
    """The settings of *point* in *notes*, each with the day on which a rerun first showed it."""
    return {key.partition("=")[2]: day for key, day in notes.items() if key.partition("=")[0] == point}


def visible_in(notes: t.Mapping[str, str]) -> Assumption | None:
    """How soon reruns showed according to *notes*, or None."""
    bounds = []
    for key, value in notes.items():
        if key.startswith(f"{VISIBLE_AFTER} "):
            try:
                earliest, latest = json.loads(value)
                bounds.append((int(earliest), int(latest)))
            except (ValueError, TypeError):
                continue
    return visible_after(bounds)


def _accepted(decisions: t.Iterable[Decision]) -> t.Iterator[tuple[Decision, Attempt]]:
    """Decisions with an accepted rerun, without twins: a v2 request cannot say which of them it means."""
    for decision in decisions:
        attempt = decision.attempt
        if attempt is not None and attempt.outcome is Outcome.ACCEPTED and not decision.instance.key.twin:
            yield decision, attempt


def _started_anew(decision: Decision, attempt: Attempt) -> bool:
    start, before = decision.instance.start_time, attempt.failure.start_time
    return start is not None and before is not None and start > before


def _kept(name: str, decision: Decision, attempt: Attempt) -> bool | None:
    old = getattr(attempt.failure, name)
    new = decision.instance.key.submit_time if name == "submit_time" else decision.instance.instance_id
    return None if not old or not new else bool(old == new)
