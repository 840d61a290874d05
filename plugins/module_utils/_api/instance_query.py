# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the instances that a selection means, by the route that costs the fewest calls."""

from __future__ import annotations

import typing as t

from .._common.errors import ApiError
from .._common.text import printable
from .._common.times import Window, to_iso
from .._models.instance import InstanceKey, InstanceType, JobInstance, Status
from .._models.selection import Selection
from .v1 import MAX_WINDOW_MS as V1_WINDOW_MS
from .v2 import MAX_WINDOW_MS as V2_WINDOW_MS
from .workspace import Listing, WorkspaceApi

#: Jobs up to which each is listed by itself, whatever a walk over the workspace would cost: it carries every other job too.
FEW_NAMES = 5


def list_selected(
    factory: WorkspaceApi,
    selection: Selection,
    deadline: float | None = None,
    *,
    failed: dict[str, ApiError] | None = None,
    notes: list[str] | None = None,
    started: Window | None = None,
    until: int | None = None,
    distinct_keys: bool = False,
) -> list[JobInstance]:
    """The instances that *selection* means, complete: oldest plan time first, then by job name.

    Twins (see :func:`.instance.twins`) are all there, each once by its key and instance_id.

    :param failed: filled with the jobs that could not be listed, name -> error; they do not stop the others. None: the first one is raised.
    :param notes: with *distinct_keys*, gets a sentence for each key that the service listed for several instances.
    :param started: a window of start times to ask for as well, from the run's ``since`` to now. Should the service compare windows with
        start times, as its text says and its parameters' names do not [H-208], an instance leaves the window of its plan time when it is
        rerun, and is found there. Costs nothing where it lies within the selection's window.
    :param until: until when what was planned in the window may have started, epoch ms; the end of *started* if None. See :func:`late_starts`.
    :param distinct_keys: let the newest of several instances that share a key stand for all of them, see :func:`distinct`.
    :raises ApiError: of a kind that ends every job's list.
    """
    first, *rest = _joined(selection.window, started)
    parts = [_listed(factory, selection, first, deadline)]
    last = until if until is not None else max((span.end for span in rest), default=first.end)
    late = late_starts(first, parts[0].instances, last)
    parts += [_listed(factory, selection, span, deadline) for span in ([late] if late is not None else rest)]
    problems = {name: error for part in parts for name, error in part.problems.items()}
    if failed is None:
        for error in problems.values():
            raise error
    else:
        failed.update(problems)
    meant: t.Iterable[JobInstance] = (one for part in parts for one in part.instances if selection.matches(one))
    if len(parts) > 1:
        # The later list shows the newer state.
        meant = {instance.full_key: instance for instance in meant}.values()
    if not distinct_keys:
        return sorted(meant, key=_order)
    unique, twins = distinct(meant)
    if notes is not None:
        notes.extend(twins)
    return sorted(unique, key=_order)


def late_starts(window: Window, found: t.Iterable[JobInstance], until: int) -> Window | None:
    """What has to be listed beside *window*: should the service compare windows with start times, what was planned in it and started after
    its end is shown there only.

    :param found: what was listed for *window*. One instance that was planned in it and did not start in it proves that plan times count.
    :param until: epoch ms.
    :returns: the time from the end of *window* until then; None if there is none, or nothing to look for in it.
    """
    by_plan_time = any(one.key.plan_time in window and one.start_time is not None and one.start_time not in window for one in found)
    return None if by_plan_time or until <= window.end else Window(window.end + 1, until)


def names_without_instances(selection: Selection, instances: t.Iterable[JobInstance], failed: t.Collection[str] = ()) -> list[str]:
    """The names in the selection (not its patterns) of which no instance was found, in the order given, without those that *failed*."""
    seen = {one.job_name for one in instances}.union(failed)
    return [name for name in selection.exact_names() or [] if name not in seen]


def distinct(instances: t.Iterable[JobInstance]) -> tuple[list[JobInstance], list[str]]:
    """Each key once: the service reruns by key, so that instances that share one cannot be told apart there.

    :returns: for each key the instance that is on its way, else the one started last; and a sentence for each key that had several.
    """
    by_key: dict[InstanceKey, JobInstance] = {}
    several: dict[InstanceKey, int] = {}
    for one in instances:
        other = by_key.setdefault(one.key, one)
        if other is not one:
            several[one.key] = several.get(one.key, 1) + 1
            by_key[one.key] = max(other, one, key=_newness)
    twins = [
        f"Job {printable(by_key[key].job_name, 200)} has {count} instances planned {to_iso(key.plan_time)} that the service reruns as one; "
        "the one on its way, or else the one started last, stands for them."
        for key, count in several.items()
    ]
    return list(by_key.values()), twins


def _listed(factory: WorkspaceApi, selection: Selection, span: Window, deadline: float | None) -> Listing:
    statuses: t.Collection[Status] = selection.statuses
    kinds: t.Collection[InstanceType] = selection.instance_types
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    names = selection.exact_names()
    if names is not None and _named_is_cheaper(factory, len(names), span):
        return factory.list_named(names, span, statuses=statuses, instance_type=kind, deadline=deadline)
    return factory.list_workspace(span, wanted=selection.names, statuses=statuses, instance_type=kind, deadline=deadline)


def _named_is_cheaper(factory: WorkspaceApi, names: int, span: Window) -> bool:
    if names <= FEW_NAMES or not factory.walks_workspace:
        return True
    return names * len(span.slices(V2_WINDOW_MS)) <= len(span.slices(V1_WINDOW_MS))


def _joined(one: Window, other: Window | None) -> list[Window]:
    """The two windows, as one where they meet; the part of *other* within *one* is not read twice."""
    if other is None or (one.begin <= other.begin and other.end <= one.end):
        return [one]
    if other.begin <= one.end + 1 and one.begin <= other.end + 1:
        return [Window(min(one.begin, other.begin), max(one.end, other.end))]
    return [one, other]


def _order(one: JobInstance) -> tuple[int, str, str, int, str]:
    return one.key.plan_time, one.job_name, one.key.job_id, one.key.submit_time, one.instance_id or ""


def _newness(one: JobInstance) -> tuple[bool, int, int, str]:
    # One that waits may show no start yet; it counts first, because a rerun of its key would run into it.
    number = one.instance_id or ""
    return one.status.on_its_way, one.start_time or 0, len(number), number
