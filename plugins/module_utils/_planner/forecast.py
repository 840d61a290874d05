# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forecast: when reruns will probably end, from how long earlier runs of the same jobs took.

Pure. It simulates the run: dependants wait, the run's own limits queue instances here, and the service runs five instances of a job at once
[H-UMN] and queues the rest. Nothing is guessed: a job without an earlier run has no duration, and nothing behind it has an end. A rerun that
starts in the middle is shorter than a whole run, so the forecast is rather too long than too short until enough reruns of the job have ended in
this run, which then count alone. Waiting for a free node of the service is not included.
"""

from __future__ import annotations

import collections
import heapq
import itertools
import statistics
import typing as t
from dataclasses import dataclass, field

from .._common.grouping import grouped_by
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance, JobName, Status
from .dependency_order import Depends
from .graph import reversed_edges
from .limits import sending_order

#: How many instances of one job the service runs at once [H-UMN].
AT_ONCE = 5
#: When this many reruns of a job have ended in this run, only they count.
ENOUGH = 3
#: A run that has taken longer than any before takes this part of its elapsed time in addition.
_OVERDUE = 0.1

#: Job (workspace id and name) -> seconds that its runs took.
Runs = t.Mapping[JobName, t.Sequence[float]]


class Room(t.NamedTuple):
    """Limits on how much runs at once.

    :param max_parallel: instances in progress; None: any number.
    :param max_parallel_per_job: the same for each job.
    :param at_once: instances of a job that the service runs at once.
    :param lag: seconds until this run notices that something has ended.
    :param opens: function from a time to the next time at which sending is allowed, both in seconds from now; None: always allowed.
    """

    max_parallel: int | None = None
    max_parallel_per_job: int | None = None
    at_once: int = AT_ONCE
    lag: float = 0.0
    opens: t.Callable[[float], float] | None = None


class Item(t.NamedTuple):
    """An instance that is to end. Times in seconds from now.

    :param job: workspace id and name.
    :param after: indexes of the items that must end before it is sent.
    :param in_service: whether the service has it.
    :param elapsed: how long it has been running; None if it has not begun.
    :param begin: earliest time to send it.
    :param blind: whether it waits for something about which nothing is known.
    """

    job: JobName
    after: tuple[int, ...] = ()
    in_service: bool = False
    elapsed: float | None = None
    begin: float = 0.0
    blind: bool = False


@dataclass(frozen=True)
class Forecast:
    """Expected end of a plan.

    :param seconds: seconds from now until the last known end, or None.
    :param by_job: job -> seconds of one run, where known.
    :param unknown: number of open instances whose end is unknown.
    :param ends: open instance -> seconds from now until its end; None: unknown.
    """

    seconds: float | None = None
    by_job: t.Mapping[JobName, float] = field(default_factory=dict)
    unknown: int = 0
    ends: t.Mapping[InstanceKey, float | None] = field(default_factory=dict)


def runs_of(
    instances: t.Iterable[JobInstance], since: int, averages: t.Mapping[JobName, float] | None = None
) -> dict[JobName, tuple[float, ...]]:
    """Job -> seconds that its successful runs among *instances* took, sorted.

    An instance that a person set to success is ignored.

    :param since: of the run, epoch ms: runs that began since then are reruns.
    :param averages: seconds of a run by job, from the dependency requests [H-DEP]; used for jobs without a listed run.
    """
    before: dict[JobName, list[float]] = {}
    reruns: dict[JobName, list[float]] = {}
    for instance in instances:
        seconds = _seconds(instance)
        if seconds is not None:
            of_run = instance.start_time is not None and instance.start_time >= since
            (reruns if of_run else before).setdefault(instance.job, []).append(seconds)
    known: dict[JobName, tuple[float, ...]] = {name: (seconds,) for name, seconds in (averages or {}).items() if seconds > 0}
    for name in {*before, *reruns}:
        own = reruns.get(name, [])
        known[name] = tuple(sorted(own if len(own) >= ENOUGH else [*before.get(name, ()), *own]))
    return known


def running_at_once(instances: t.Iterable[JobInstance]) -> int:
    """How many instances of a job the service runs at once: the documented number, or more if more are seen."""
    running = collections.Counter(instance.key.job_id for instance in instances if instance.status is Status.RUNNING)
    return max((AT_ONCE, *running.values()))


def foresee(decisions: t.Iterable[Decision], depends: Depends, runs: Runs, room: Room, now_ms: int) -> Forecast:
    """When each open instance will end, and the whole plan.

    :param decisions: of a plan, or after it was sent.
    :param depends: dependencies that this run waits for; intermediate instances need not be in *decisions*.
    :param runs: from :func:`runs_of`.
    :param now_ms: the service's time, epoch ms.
    """
    left = sorted((decision for decision in decisions if decision.action.open), key=sending_order)
    number = {decision.instance.key: index for index, decision in enumerate(left)}
    items = [_item(decision, nearest_above(decision.instance.key, number, depends), now_ms) for decision in left]
    item_ends = ends(items, runs, room)
    names = {item.job for item in items}
    known = [end for end in item_ends if end is not None]
    return Forecast(
        max(known, default=None),
        {name: statistics.median(seconds) for name, seconds in runs.items() if name in names},
        len(item_ends) - len(known),
        {decision.instance.key: end for decision, end in zip(left, item_ends)},
    )


def ends(items: t.Sequence[Item], runs: Runs, room: Room) -> list[float | None]:
    """Seconds from now until the end of each of *items*, which are sent in their order as soon as there is room; None: unknown."""
    return _Simulation(items, _durations(items, runs), room).run()


class _Simulation:
    """Discrete-event simulation of the items."""

    def __init__(self, items: t.Sequence[Item], seconds: t.Sequence[float | None], room: Room) -> None:
        self._items, self._seconds, self._room = items, seconds, room
        self._ends: list[float | None] = [None] * len(items)
        self._left = [len(item.after) for item in items]
        self._below = reversed_edges({index: item.after for index, item in enumerate(items)})
        self._events: list[tuple[float, int, t.Callable[[int, float], None], int]] = []
        self._order = itertools.count()
        self._ready: list[int] = []
        self._without_room: dict[JobName, collections.deque[int]] = collections.defaultdict(collections.deque)
        self._by_job: collections.Counter[JobName] = collections.Counter()
        self._busy = 0
        self._running: collections.Counter[JobName] = collections.Counter()
        self._queue: dict[JobName, collections.deque[int]] = collections.defaultdict(collections.deque)

    def run(self) -> list[float | None]:
        """Run the simulation; return the end of each item, or None."""
        # Running items take their places before waiting ones.
        for index, item in sorted(enumerate(self._items), key=lambda pair: pair[1].elapsed is None):
            if self._seconds[index] is None or item.blind:
                continue
            if item.in_service:
                self._by_job[item.job] += 1
                self._busy += 1
                step = self._begin if item.elapsed is not None else self._arrive
                step(index, 0.0)
            elif not item.after:
                self._at(item.begin, self._release, index)
        while self._events:
            now = self._events[0][0]
            while self._events and self._events[0][0] == now:
                _time, _number, act, index = heapq.heappop(self._events)
                act(index, now)
            self._send(now)
        return self._ends

    def _release(self, index: int, dummy_now: float) -> None:
        heapq.heappush(self._ready, index)

    def _send(self, now: float) -> None:
        """Send what there is room for. After time 0, a pass has to notice first, which adds the lag."""
        most, of_job, opens = self._room.max_parallel, self._room.max_parallel_per_job, self._room.opens
        if self._ready and opens is not None and opens(now) > now:
            self._at(opens(now), lambda _index, _now: None, 0)
            return
        while self._ready and (most is None or self._busy < most):
            index = heapq.heappop(self._ready)
            job = self._items[index].job
            if of_job is not None and self._by_job[job] >= of_job:
                self._without_room[job].append(index)
                continue
            self._by_job[job] += 1
            self._busy += 1
            self._at(now + (self._room.lag if now else 0.0), self._arrive, index)

    def _arrive(self, index: int, now: float) -> None:
        job = self._items[index].job
        if self._running[job] < self._room.at_once:
            self._begin(index, now)
        else:
            self._queue[job].append(index)

    def _begin(self, index: int, now: float) -> None:
        self._running[self._items[index].job] += 1
        self._at(now + t.cast(float, self._seconds[index]), self._end, index)

    def _end(self, index: int, now: float) -> None:
        job = self._items[index].job
        self._ends[index] = now
        self._running[job] -= 1
        self._by_job[job] -= 1
        self._busy -= 1
        if self._queue[job] and self._running[job] < self._room.at_once:
            self._begin(self._queue[job].popleft(), now)
        if self._without_room[job]:
            heapq.heappush(self._ready, self._without_room[job].popleft())
        for below in self._below.get(index, ()):
            self._left[below] -= 1
            if not self._left[below] and self._seconds[below] is not None and not self._items[below].blind:
                self._at(max(now, self._items[below].begin), self._release, below)

    def _at(self, time: float, act: t.Callable[[int, float], None], index: int) -> None:
        heapq.heappush(self._events, (time, next(self._order), act, index))


def _item(decision: Decision, after: tuple[int, ...], now_ms: int) -> Item:
    instance, due_ms = decision.instance, decision.due_ms
    if instance.status is Status.RUNNING and decision.action is Action.WAIT and not decision.queued:
        return Item(instance.job, in_service=True, elapsed=max(0.0, (now_ms - (instance.start_time or now_ms)) / 1000))
    if decision.in_progress and not decision.queued and not decision.delayed and decision.action is not Action.RETRY:
        return Item(instance.job, in_service=True)
    begin = 0.0 if due_ms is None else max(0.0, (due_ms - now_ms) / 1000)
    return Item(instance.job, after, begin=begin, blind=decision.queued > 1 and not after)


def nearest_above(key: InstanceKey, number: t.Mapping[InstanceKey, int], depends: Depends) -> tuple[int, ...]:
    """Indexes of the nearest instances in *number* that *key* depends on, looking through instances that are not in it."""
    seen, near = {key}, set()
    left = [key]
    while left:
        for above in depends.get(left.pop(), ()):
            if above in seen:
                continue
            seen.add(above)
            if above in number:
                near.add(number[above])
            else:
                left.append(above)
    return tuple(sorted(near))


def _durations(items: t.Sequence[Item], runs: Runs) -> list[float | None]:
    """Remaining seconds of each item; None: unknown.

    With the median for every instance, the last of many would end too early, so they are spread evenly between the shortest and the longest run.
    """
    seconds: list[float | None] = [None] * len(items)
    by_job = grouped_by((index for index, item in enumerate(items) if item.job in runs), lambda index: items[index].job)
    for job, indexes in by_job.items():
        known = runs[job]
        fresh = [index for index in indexes if items[index].elapsed is None]
        for index, part in zip(fresh, _spread(len(fresh))):
            seconds[index] = _quantile(known, part)
        for index in indexes:
            elapsed = items[index].elapsed
            if elapsed is not None:
                longer = [run for run in known if run > elapsed]
                seconds[index] = statistics.median(longer) - elapsed if longer else elapsed * _OVERDUE
    return seconds


def _spread(count: int) -> list[float]:
    """*count* evenly spaced numbers between 0 and 1, in an order in which each stretch is spread too."""
    bits = max(1, (count - 1).bit_length())
    order = sorted(range(count), key=lambda index: int(f"{index:0{bits}b}"[::-1], 2))
    return [(place + 0.5) / count for place in order]


def _quantile(known: t.Sequence[float], part: float) -> float:
    """The *part* quantile of the sorted list *known*."""
    place = part * len(known) - 0.5
    low = min(max(int(place), 0), len(known) - 1)
    high = min(low + 1, len(known) - 1)
    return known[low] + (known[high] - known[low]) * min(1.0, max(0.0, place - low))


def _seconds(instance: JobInstance) -> float | None:
    if not instance.succeeded_by_itself:
        return None
    start, end = instance.start_time, instance.end_time
    ms = instance.execute_time if instance.execute_time else end - start if start is not None and end is not None else 0
    return ms / 1000 if ms > 0 else None
