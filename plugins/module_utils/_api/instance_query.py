# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instances that a selection means."""

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

#: A window that ends so shortly before the last moment at which something may have started, ms, is listed up to that at once.
_NEAR_MS = 2 * CLOCK_LIMIT_MS


def list_selected(api: WorkspaceApi, selection: Selection, *, since: int | None = None, every_type: bool = False) -> Listing:
    """All instances that *selection* means: oldest plan time first, then by job name.

    Twins (see :attr:`.JobInstance.full_key`) are all there, each once by its key and instance_id. The list shows the state of some moment
    after the call began, whatever time its requests take: what is decided by it must count its age from before the call. Jobs that
    cannot be listed do not stop the others.

    :param since: from when on what is meant may have been started anew, epoch ms; None: not asked for.
    :param every_type: whether to return instances of the selected jobs of any type. Twins differ in their type, and whoever reruns one of
        them has to know of the other.
    :raises ApiError: of a kind that ends every job's list.
    """
    meant = replace(selection, instance_types=frozenset()) if every_type else selection
    types = meant.instance_types
    asked: dict[str, t.Any] = {"statuses": meant.statuses, "instance_type": next(iter(types)) if len(types) == 1 else None}
    wanted = WantedJobs.of(selection)
    parts = _listed(api, selection.window, since, lambda span: api.list_workspace(span, wanted=wanted, **asked))
    problems = {name: error for part in parts for name, error in part.problems.items()}
    return Listing(_newest(parts, meant.matches), problems, list(dict.fromkeys(note for part in parts for note in part.notes)))


def late_starts(window: Window, instances: t.Iterable[JobInstance], until: int) -> Window | None:
    """The window to list next to *window*, should the service compare windows with start times: what was planned in *window* and
    started after its end is shown there only.

    :param instances: what was listed for *window*. An instance that was planned in it and did not start in it proves that plan times count.
    :param until: epoch ms.
    :returns: the time from the end of *window* until then; None if that is empty, or nothing can be in it.
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
    """Every instance of job *name* that is planned in *window*: oldest plan time first.

    :param since: see :func:`list_selected`.
    :param statuses: None or empty for all.
    :param instance_type: the only type to list; None: all.
    """

    def read(span: Window) -> Listing:
        return Listing(api.list_instances(span, job_name=name, statuses=statuses, instance_type=instance_type))

    parts = _listed(api, window, since, read)
    return _newest(parts, lambda instance: instance.key.plan_time in window)


def names_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The names in *selection* (not its patterns) of jobs without an instance, in the order given, without those that *failed*."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [name for name in WantedJobs.of(selection).exact if name not in seen]


def patterns_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The patterns in *selection* (not its names) that no job with an instance matches, and none that *failed*; but none that match any name."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [pattern for pattern in selection.unmatched(seen) if has_wildcard(pattern) and pattern.strip("*")]


def _listed(api: WorkspaceApi, window: Window, since: int | None, read: t.Callable[[Window], Listing]) -> list[Listing]:
    """What *read* returns for *window*, and for the times at which what was planned in it may have started.

    Should the service compare windows with start times, as its text says and its parameters' names do not [H-208], a late or rerun instance
    leaves the window of its plan time and is found there only. Costs nothing where one window holds both.
    """
    clock, begun = api.session.client.clock, stopwatch()
    first, *rest = windows_to_list(window, since, last_start_ms(clock))
    parts = [read(first)]
    last = last_start_ms(clock) - math.ceil((stopwatch() - begun) * 1000)  # as it was then, by what the answer has told of the time
    late = late_starts(first, parts[0].instances, last) if first.end <= window.end or last > first.end + TOLERANCE_MS else None
    return parts + [read(span) for span in ([late] if late is not None else rest)]


def windows_to_list(window: Window, since: int | None, last: int) -> list[Window]:
    """*window* and the time from *since* to *last*, as one where they meet. A window that ends about now goes on to *last* anyway."""
    if since is None:
        return [replace(window, end=max(window.end, last))] if last - window.end <= _NEAR_MS else [window]
    started = Window(since, max(since + CLOCK_LIMIT_MS, last))
    if started.begin <= window.end + 1 and window.begin <= started.end + 1:
        return [Window(min(window.begin, started.begin), max(window.end, started.end))]
    return [window, started]


def _newest(parts: t.Iterable[Listing], meant: t.Callable[[JobInstance], bool]) -> list[JobInstance]:
    """The instances that are *meant*, each once, by the later list, which shows the newer state."""
    return sorted({instance.full_key: instance for part in parts for instance in part.instances if meant(instance)}.values(), key=_order)


def _order(instance: JobInstance) -> tuple[int, str, str, int, str]:
    key, instance_id = instance.full_key
    return key.plan_time, instance.job_name, key.job_id, key.submit_time, instance_id
