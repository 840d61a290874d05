# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the instances of a selection, however the service compares its time windows."""

from __future__ import annotations

import math
import typing as t
from dataclasses import replace

from .._common.stopwatch import stopwatch
from .._common.times import Window
from .._models.instance import InstanceType, JobInstance, Status
from .._models.selection import Selection, has_wildcard
from .job_query import WantedJobs
from .service_time import CLOCK_LIMIT_MS, TOLERANCE_MS, last_start_ms
from .workspace import WorkspaceApi
from .workspace_lists import Listing

#: A window that ends at most this long before the latest possible start, ms, is extended to that start.
_NEAR_MS = 2 * CLOCK_LIMIT_MS


def list_selected(api: WorkspaceApi, selection: Selection, *, since: int | None = None, every_type: bool = False) -> Listing:
    """List all instances in *selection*: oldest plan time first, then by job name.

    Twins (see :attr:`.JobInstance.full_key`) are all included, each once by its key and instance_id. Each state dates from some time after the
    call began, so decisions must count the list's age from before the call. A job that cannot be listed does not stop the others.

    :param since: time since which the instances may have been rerun, epoch ms; None if that does not matter.
    :param every_type: return instances of the selected jobs of every type. Twins differ in type, and a rerun of one must consider the other.
    :raises ApiError: a kind of error that ends the lists of all jobs.
    """
    meant = replace(selection, instance_types=frozenset()) if every_type else selection
    types = meant.instance_types
    asked: dict[str, t.Any] = {"statuses": meant.statuses, "instance_type": next(iter(types)) if len(types) == 1 else None}
    wanted = WantedJobs.of(selection)
    parts = _listed(api, selection.window, since, lambda span: api.list_workspace(span, wanted=wanted, **asked))
    problems = {name: error for part in parts for name, error in part.problems.items()}
    return Listing(_newest(parts, meant.matches), problems, list(dict.fromkeys(note for part in parts for note in part.notes)))


def late_starts(window: Window, instances: t.Iterable[JobInstance], until: int) -> Window | None:
    """The window to list in addition to *window*, in case the service compares windows with start times.

    Then an instance that was planned in *window* but started after its end is found only there.

    :param instances: the list for *window*. An instance in it that was planned but not started in *window* proves that plan times are compared.
    :param until: end of the additional window, epoch ms.
    :returns: the time between the end of *window* and *until*; None if it is empty, or plan times are compared.
    """
    by_plan_time = any(
        instance.key.plan_time in window and instance.start_time is not None and instance.start_time not in window for instance in instances
    )
    return None if by_plan_time or until <= window.end else Window(window.end + 1, until)


def list_job(
    api: WorkspaceApi,
    name: str,
    window: Window,
    *,
    since: int | None = None,
    statuses: t.Collection[Status] | None = None,
    instance_type: InstanceType | None = None,
) -> list[JobInstance]:
    """List every instance of job *name* that is planned in *window*, oldest plan time first.

    :param since: see :func:`list_selected`.
    :param statuses: None or empty for all.
    :param instance_type: None for all.
    """

    def read(span: Window) -> Listing:
        return Listing(api.list_instances(span, job_name=name, statuses=statuses, instance_type=instance_type))

    parts = _listed(api, window, since, read)
    return _newest(parts, lambda instance: instance.key.plan_time in window)


def names_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The names in *selection* (not its patterns) of jobs without an instance, in order, except jobs in *failed*."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [name for name in WantedJobs.of(selection).exact if name not in seen]


def patterns_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The patterns in *selection* (not its names, and not ``*``) that match no job with an instance and no job in *failed*."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [pattern for pattern in selection.unmatched(seen) if has_wildcard(pattern) and pattern.strip("*")]


def _listed(api: WorkspaceApi, window: Window, since: int | None, read: t.Callable[[Window], Listing]) -> list[Listing]:
    """Read *window*, and the times at which instances planned in it may have started.

    The service may compare windows with start times, as its text says, or with plan times, as the names of the parameters say [H-208]. By start
    times, a late or rerun instance leaves the window of its plan time. If one window covers both, no additional request is made.
    """
    clock, begun = api.session.client.clock, stopwatch()
    first, *rest = windows_to_list(window, since, last_start_ms(clock))
    parts = [read(first)]
    last = last_start_ms(clock) - math.ceil((stopwatch() - begun) * 1000)  # before the request, by the clock that its answer has set
    late = late_starts(first, parts[0].instances, last) if first.end <= window.end or last > first.end + TOLERANCE_MS else None
    return parts + [read(span) for span in ([late] if late is not None else rest)]


def windows_to_list(window: Window, since: int | None, last: int) -> list[Window]:
    """*window* and the time from *since* to *last*, merged if they touch. Without *since*, a *window* that ends about now is extended to *last*."""
    if since is None:
        return [replace(window, end=max(window.end, last))] if last - window.end <= _NEAR_MS else [window]
    started = Window(since, max(since + CLOCK_LIMIT_MS, last))
    if started.begin <= window.end + 1 and window.begin <= started.end + 1:
        return [Window(min(window.begin, started.begin), max(window.end, started.end))]
    return [window, started]


def _newest(parts: t.Iterable[Listing], meant: t.Callable[[JobInstance], bool]) -> list[JobInstance]:
    """The instances accepted by *meant*, each once, in the state of the last list that has it, which is the newest."""
    return sorted({instance.full_key: instance for part in parts for instance in part.instances if meant(instance)}.values(), key=_order)


def _order(instance: JobInstance) -> tuple[int, str, str, int, str]:
    key, instance_id = instance.full_key
    return key.plan_time, instance.job_name, key.job_id, key.submit_time, instance_id
