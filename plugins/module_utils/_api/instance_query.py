# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instances that a selection means."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._common.times import Window
from .._models.instance import InstanceType, JobInstance
from .._models.selection import Selection, has_wildcard
from .job_query import WantedJobs
from .workspace import WorkspaceApi
from .workspace_lists import Listing


def list_selected(
    api: WorkspaceApi,
    selection: Selection,
    *,
    started: Window | None = None,
    until: int | None = None,
    every_type: bool = False,
) -> Listing:
    """All instances that *selection* means: oldest plan time first, then by job name.

    Twins (see :attr:`.JobInstance.full_key`) are all there, each once by its key and instance_id. The list shows the state of some moment
    after the call began, whatever time its requests take: what is decided by it must count its age from before the call. Jobs that
    cannot be listed do not stop the others.

    :param started: a window of start times to list as well, from the run's ``since`` to now. Should the service compare windows with
        start times, as its text says and its parameters' names do not [H-208], a rerun instance leaves the window of its plan time and is
        found there. Costs nothing where it lies within the selection's window.
    :param until: until when what was planned in the window may have started, epoch ms; the end of *started* if None. See :func:`late_starts`.
    :param every_type: whether to return instances of the selected jobs of any type. Twins differ in their type, and whoever reruns one of
        them has to know of the other.
    :raises ApiError: of a kind that ends every job's list.
    """
    first, *rest = _joined(selection.window, started)
    meant = replace(selection, instance_types=frozenset()) if every_type else selection
    types = meant.instance_types
    asked: dict[str, t.Any] = {"statuses": meant.statuses, "instance_type": next(iter(types)) if len(types) == 1 else None}
    wanted = WantedJobs.of(selection)
    parts = [api.list_workspace(first, wanted=wanted, **asked)]
    last = until if until is not None else max((span.end for span in rest), default=first.end)
    late = late_starts(first, parts[0].instances, last)
    parts += [api.list_workspace(span, wanted=wanted, **asked) for span in ([late] if late is not None else rest)]
    instances: t.Iterable[JobInstance] = (instance for part in parts for instance in part.instances if meant.matches(instance))
    if len(parts) > 1:
        # The later list shows the newer state.
        instances = {instance.full_key: instance for instance in instances}.values()
    problems = {name: error for part in parts for name, error in part.problems.items()}
    return Listing(sorted(instances, key=_order), problems, list(dict.fromkeys(note for part in parts for note in part.notes)))


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
    api: WorkspaceApi, name: str, window: Window, *, now_ms: int, since: int | None = None, instance_type: InstanceType | None = None
) -> list[JobInstance]:
    """Every instance of job *name* that is planned in *window*; also those that a service which compares start times shows elsewhere by now.

    :param since: from when on one of them may have been started anew, epoch ms; None: not asked for.
    :param instance_type: the only type to list; None: all.
    """
    listed = api.list_instances(window, job_name=name, instance_type=instance_type)
    later = late_starts(window, listed, now_ms) or (Window(since, now_ms) if since is not None and window.end < since <= now_ms else None)
    listed += api.list_instances(later, job_name=name, instance_type=instance_type) if later is not None else []
    return [instance for instance in listed if instance.key.plan_time in window]


def names_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The names in *selection* (not its patterns) of jobs without an instance, in the order given, without those that *failed*."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [name for name in WantedJobs.of(selection).exact if name not in seen]


def patterns_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The patterns in *selection* (not its names) that no job with an instance matches, and none that *failed*; but none that match any name."""
    seen = {instance.job_name for instance in instances}.union(failed)
    return [pattern for pattern in selection.unmatched(seen) if has_wildcard(pattern) and pattern.strip("*")]


def _joined(window: Window, other: Window | None) -> list[Window]:
    """The two windows, as one where they meet; the part of *other* within *window* is not read twice."""
    if other is None or (window.begin <= other.begin and other.end <= window.end):
        return [window]
    if other.begin <= window.end + 1 and window.begin <= other.end + 1:
        return [Window(min(window.begin, other.begin), max(window.end, other.end))]
    return [window, other]


def _order(instance: JobInstance) -> tuple[int, str, str, int, str]:
    key, instance_id = instance.full_key
    return key.plan_time, instance.job_name, key.job_id, key.submit_time, instance_id
