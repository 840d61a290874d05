# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the measurements as a page of the documentation, and find those that miss their targets."""

from __future__ import annotations

import os
import platform
import typing as t
from dataclasses import dataclass

from tools.bench.contenders import Measured
from tools.bench.measure import Cost
from tools.bench.nights import LATENCY, PAGE, V1_LIST, V2_RETRY, Night
from tools.bench.service import Seen
from tools.bench.start import TIMES, Start

#: Targets: wall time divided by the floor, speed-up over the SDK and over uri tasks, peak memory (MiB), and processor time per instance in the larger
#: window divided by that in the smaller one.
FLOOR, BY_SDK, BY_URI, PEAK, GROWTH = 1.3, 20.0, 50.0, 150.0, 1.2


@dataclass(frozen=True)
class Row:
    """One night, rerun in all three ways."""

    night: Night
    sdk: Measured
    uri: Measured
    ours: Measured

    @property
    def by_floor(self) -> float:
        """Wall time from the first request on, divided by the floor."""
        return (self.ours.wall - self.ours.start) / self.night.floor


@dataclass(frozen=True)
class NothingToDo:
    """Workspaces in which nothing failed."""

    forks: int
    uri: Measured
    ours: Measured


@dataclass(frozen=True)
class Large:
    """A module with a large window.

    :param what: the module and its options.
    :param judged: whether its memory has a target; not if it returns all instances.
    """

    what: str
    judged: bool
    night: Night
    cost: Cost
    seen: Seen

    @property
    def micros(self) -> float:
        """Microseconds of processor time per instance in the window."""
        return self.cost.cpu / self.night.listed * 1e6


def rendered(
    rows: t.Sequence[Row], nothing_to_do: t.Sequence[NothingToDo], large: t.Sequence[Large], starts: t.Sequence[Start]
) -> tuple[str, list[str]]:
    """The page, and a sentence for each target that is missed."""
    parts = [
        _HEAD.format(
            machine=f"Python {platform.python_version()}, {os.cpu_count()} processors, load average {os.getloadavg()[2]:.1f} over the last 15 minutes",
            latency=round(LATENCY * 1000),
        )
    ]
    parts.append(_table("Instances|Floor|(a) SDK|(b) uri tasks|(c) collection|(a)/(c)|(b)/(c)|(c)/floor", [_night(row) for row in rows]))
    parts.append(_NIGHTS.format(retry=V2_RETRY, list=V1_LIST, page=PAGE))
    parts.append(
        _table(
            "Instances|Way|Start|Wall|Processor|Requests|GET of lists|POST of reruns|Refused",
            [cost for row in rows for cost in _costs(row)],
        )
    )
    parts.append(_NOTHING_TO_DO)
    parts.append(
        _table("Workspaces|Forks|uri: wall|uri: processor|(c): wall|(c): processor|(c)/uri", [_quiet(row) for row in nothing_to_do])
    )
    parts.append(_LARGE)
    parts.append(_table("Module|Instances|Requests|Pages|Wall|Processor|Each|Memory", [_window(row) for row in large]))
    parts.append(_START.format(times=TIMES))
    parts.append(
        _table("Imported|Processor|Memory", [[start.what, f"{start.cost.cpu:.2f} s", f"{start.cost.peak:.0f} MiB"] for start in starts])
    )
    parts.append(_HOW)
    return "\n".join(parts), [*_missed(rows, nothing_to_do, large), *_heavy(starts)]


def _night(row: Row) -> list[str]:
    return [
        f"{row.night.instances:,}",
        _seconds(row.night.floor),
        _guess(row.sdk),
        _guess(row.uri),
        _seconds(row.ours.wall),
        f"{row.sdk.wall / row.ours.wall:.1f}",
        f"{row.uri.wall / row.ours.wall:.1f}",
        f"{row.by_floor:.2f}",
    ]


def _costs(row: Row) -> t.Iterator[list[str]]:
    for name, way in (("(a)", row.sdk), ("(b)", row.uri), ("(c)", row.ours)):
        routes = way.seen.routes
        yield [
            f"{way.part:,} of {row.night.instances:,}",
            name,
            _seconds(way.start),
            _seconds(way.cost.wall),
            _seconds(way.cost.cpu),
            str(way.seen.requests),
            str(routes["v1_list"] + routes["v2_list"]),
            str(routes["v2_retry"] + routes["v1_restart"]),
            str(way.seen.throttled),
        ]


def _quiet(row: NothingToDo) -> list[str]:
    costs = (row.uri.cost.wall, row.uri.cost.cpu, row.ours.cost.wall, row.ours.cost.cpu)
    return [str(row.ours.night.workspaces), str(row.forks), *map(_seconds, costs), f"{row.ours.cost.wall / row.uri.cost.wall:.2f}"]


def _window(row: Large) -> list[str]:
    return [
        row.what,
        f"{row.night.listed:,}",
        str(row.seen.requests),
        str(row.night.pages),
        _seconds(row.cost.wall),
        _seconds(row.cost.cpu),
        f"{row.micros:.0f} µs",
        f"{row.cost.peak:.0f} MiB",
    ]


def _missed(rows: t.Sequence[Row], nothing_to_do: t.Sequence[NothingToDo], large: t.Sequence[Large]) -> t.Iterator[str]:
    last = rows[-1]
    if last.by_floor > FLOOR:
        yield f"{last.night.instances:,} instances took {last.by_floor:.2f} times the floor, more than {FLOOR}"
    for name, other, times in (("SDK", last.sdk, BY_SDK), ("uri tasks", last.uri, BY_URI)):
        if other.wall / last.ours.wall < times:
            yield f"the {name} took only {other.wall / last.ours.wall:.1f} times as long, less than {times:.0f}"
    for quick in nothing_to_do:
        if quick.ours.cost.wall > quick.uri.cost.wall:
            yield f"with {quick.forks} forks nothing to do took {quick.ours.cost.wall / quick.uri.cost.wall:.2f} times as long as a uri task each"
    for row in large:
        if row.judged and row.cost.peak > PEAK:
            yield f"{row.what} took {row.cost.peak:.0f} MiB for {row.night.listed:,} instances, more than {PEAK:.0f}"
    for small, big in zip(large[::2], large[1::2], strict=True):
        if big.micros > GROWTH * small.micros:
            yield f"{big.what} took {big.micros:.0f} µs for each of {big.night.listed:,} instances, {small.micros:.0f} for each of {small.night.listed:,}"


def _heavy(starts: t.Sequence[Start]) -> t.Iterator[str]:
    basic, requests, ours, _sdk = (start.cost.cpu for start in starts)
    if ours - requests > requests - basic:
        yield f"to import the collection takes {ours - requests:.2f} s, more than requests with {requests - basic:.2f} s"


def _guess(measured: Measured) -> str:
    return _seconds(measured.wall) if measured.whole else f"≈ {_seconds(measured.wall)}"


def _seconds(value: float) -> str:
    return f"{value:,.1f} s" if value < 100 else f"{value:,.0f} s"


def _table(head: str, rows: t.Iterable[t.Sequence[str]]) -> str:
    lines = [head.split("|"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    ruler = "  ".join("=" * width for width in widths)
    first, *others = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([ruler, first, ruler, *others, ruler, ""])


_HEAD = """\
.. Copyright (c) 2026 dataarts.factory contributors
.. SPDX-License-Identifier: GPL-3.0-or-later
.. Written by `make bench`.

.. _ansible_collections.dataarts.factory.docsite.benchmarks:

How long a rerun takes
======================

``make bench`` wrote this page: every figure is from one run on one machine ({machine}), against the emulator in a separate process, which
answers after {latency} ms and enforces the documented flow control. The seconds depend on the machine; compare the ratios.

Failed instances in ten workspaces of one account
-------------------------------------------------

(a) works as the page of the endpoint shows: the official Python SDK lists each job by name and reruns one instance after the other. (b) is a playbook of
``ansible.builtin.uri`` tasks that does the same, with a fork for each workspace. (c) is the playbook ``dataarts.factory.rerun``, with a fork
for each workspace and a pass every second; it also waits until every instance has succeeded, which (a) and (b) do not. For (c), the faster of
two runs is shown. ≈ marks a value that was measured only in part; the rest is extrapolated from the pace of its reruns.
"""
_NIGHTS = """\
The floor is the time that no client can beat: one page for each workspace before and after ({list} a second), one POST for each job
({retry} a second and user, the first {retry} at once), three round trips and the last run. (c)/floor is the wall time from the
first request on, divided by the floor.

The next table shows the measured cost of each way. *Start* is the time until the first request. A page holds {page} instances.
"""
_NOTHING_TO_DO = """\
Nothing to do
-------------

Here nothing failed in any workspace. The playbook is compared with one ``ansible.builtin.uri`` task that reads each workspace's list. Each value is the
faster of two runs.
"""
_LARGE = """\
A large window
--------------

Each module ran in the process that Ansible starts, on one workspace with a thousand failed instances among successful ones. *Each* is the
processor time per instance in the window, *Memory* the peak of the process. ``job_rerun`` returns the instances that had not
succeeded before and counts the others. ``job_instance_info`` returns all instances that it lists, and a result is in memory several times
while Ansible's module code makes it safe to print. For a large window, select ``statuses`` or set ``limit``.
"""
_START = """\
The start of a module
---------------------

This is the cost of a module process before it does anything, compared with the SDK. Each value is the cheapest of {times} starts.
"""
_HOW = """\
Why it is fast
--------------

- v1 reads a thousand instances of a workspace per request. If only v2 is open, jobs are read one by one.
- v2 reruns all instances of a job in one POST (at most ``batch_size``).
- All threads and processes on one machine that act as the same user share the documented limit of that user evenly, by a small file below
  ``$XDG_RUNTIME_DIR`` or the folder for temporary files. Without that file each counts for itself, and repeats requests that were answered with 429.
- A pass of ``job_rerun`` needs no new process if the module would run on the controller, as the same user, with the Python
  of Ansible itself and without ``environment``. The inventory plugin sets ``ansible_python_interpreter`` for this.
"""
