# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forecast: how long the reruns of a plan will probably take, from how long earlier runs of the same jobs took.

Pure. What is not known is not guessed: a job without an earlier run in the list has no duration here. A rerun that starts in the middle is
shorter than a whole run, so the forecast is rather too long than too short; what waits for a free node of the service is not in it.
"""

from __future__ import annotations

import heapq
import statistics
import typing as t
from dataclasses import dataclass, field

from .._models.instance import JobInstance, Status

#: How many instances of one job the service runs at once (user manual).
AT_ONCE = 5


@dataclass(frozen=True)
class Forecast:
    """What is known of the duration of a plan.

    :param seconds: from the first request until the last end, without the instances in *unknown*; None if nothing is known.
    :param by_job: seconds of one run, for each job of which that is known.
    :param unknown: how many instances are to be rerun of jobs without a known duration.
    """

    seconds: float | None = None
    by_job: t.Mapping[str, float] = field(default_factory=dict)
    unknown: int = 0


def durations(instances: t.Iterable[JobInstance]) -> dict[str, float]:
    """Seconds that a run of each job takes: the median of the successful runs among *instances*.

    One that a person set to success has not run to its end, and says nothing.
    """
    known: dict[str, list[float]] = {}
    for instance in instances:
        seconds = _seconds(instance)
        if seconds is not None:
            known.setdefault(instance.job_name, []).append(seconds)
    return {name: statistics.median(seconds) for name, seconds in known.items()}


def forecast(stages: t.Sequence[t.Sequence[str]], by_job: t.Mapping[str, float], max_parallel: int | None = None) -> Forecast:
    """The forecast for reruns that are sent stage by stage.

    :param stages: the job of each instance that is to be rerun, in the order in which they are sent; a stage begins when the one before it
        has ended.
    :param by_job: what :func:`durations` returned.
    :param max_parallel: how many run at once at most; None: any number.
    """
    names = [name for stage in stages for name in stage]
    known = {name: by_job[name] for name in names if name in by_job}
    end = 0.0
    for stage in stages:
        end = _stage_end([(name, by_job[name]) for name in stage if name in by_job], end, max_parallel)
    return Forecast(end if known else None, known, sum(name not in by_job for name in names))


def _stage_end(runs: t.Iterable[tuple[str, float]], begin: float, max_parallel: int | None) -> float:
    """When the last of *runs* (job, seconds) ends, each of which begins as soon as there is room for it."""
    room = None if max_parallel is None else [begin] * max_parallel
    by_job: dict[str, list[float]] = {}
    last = begin
    for name, seconds in runs:
        of_job = by_job.setdefault(name, [begin] * AT_ONCE)
        end = max(of_job[0], begin if room is None else room[0]) + seconds
        heapq.heapreplace(of_job, end)
        if room is not None:
            heapq.heapreplace(room, end)
        last = max(last, end)
    return last


def _seconds(instance: JobInstance) -> float | None:
    if instance.status is not Status.SUCCESS or instance.force_success or instance.ignore_success:
        return None
    start, end = instance.start_time, instance.end_time
    ms = instance.execute_time if instance.execute_time else end - start if start is not None and end is not None else 0
    return ms / 1000 if ms > 0 else None
