# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deadlines: which jobs are late, and with ``order: deadline`` which chains are sent first.

Pure. The urgency of an instance is the last moment at which it may begin so that it and everything behind it in the run meet their deadlines.
Chains without a deadline come after those with one, the longest first.
"""

from __future__ import annotations

import math
import statistics
import typing as t
from dataclasses import dataclass, field, replace

from .._common.times import parse_time
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance, JobName, Status
from .dependency_order import Depends
from .forecast import Forecast, Runs, nearest_above
from .graph import topological_order
from .limits import sending_order
from .outcomes import is_broken
from .plan import Plan

DEADLINE = "deadline"


@dataclass(frozen=True)
class Deadlines:
    """When jobs must have ended, epoch ms.

    :param of_all: deadline of all jobs, or None.
    :param by_job: job id or name -> deadline, for single jobs of one workspace.
    :param workspace_id: id of that workspace.
    """

    of_all: int | None = None
    by_job: t.Mapping[str, int] = field(default_factory=dict)
    workspace_id: str = ""

    def of(self, instance: JobInstance) -> int | None:
        """The earliest deadline of *instance*, or None."""
        names = (instance.key.job_id, instance.job_name) if instance.key.workspace_id == self.workspace_id else ()
        own = map(self.by_job.get, names)
        return min((ms for ms in (self.of_all, *own) if ms is not None), default=None)


class JobEnd(t.NamedTuple):
    """When a job ends, epoch ms, and whether that is late.

    :param instances: how many have not ended.
    :param end: expected end of the last one; None if none is left, or nothing is known.
    :param unknown: of how many the end is unknown.
    :param late: whether it misses *deadline*: an instance ended or will probably end after it, or did not succeed.
    :param person: how many instances wait for a person. They make the job late only once *deadline* has passed, because somebody may act before.
    """

    workspace_id: str
    job_name: str
    instances: int
    end: int | None
    unknown: int
    deadline: int | None
    late: bool
    person: int = 0


class Urgency(t.NamedTuple):
    """Input of :func:`by_urgency`."""

    deadlines: Deadlines
    runs: Runs
    depends: Depends


def deadline_of(options: t.Mapping[str, t.Any], now_ms: int) -> int | None:
    """The option ``deadline``, epoch ms, or None.

    :param now_ms: the service's time, from which a relative deadline counts.
    :raises OptionError: it is not a time.
    """
    value = options.get(DEADLINE)
    return None if value is None else parse_time(value, now_ms=now_ms, option=DEADLINE, ahead=True)


def job_ends(
    decisions: t.Iterable[Decision], forecast: Forecast, deadlines: Deadlines, wanted: t.Collection[Status], now_ms: int
) -> list[JobEnd]:
    """Expected ends of all jobs with instances that concern this run: late ones first, then the latest end first.

    :param wanted: the statuses to rerun.
    """
    by_job: dict[tuple[JobName, str], list[Decision]] = {}
    for decision in decisions:
        concerns = decision.action.open or is_broken(decision, wanted) or (decision.action is Action.DONE and not decision.already_done)
        if concerns:
            by_job.setdefault((decision.instance.job, decision.instance.key.job_id), []).append(decision)
    ends = [_job_end(of_job, forecast, deadlines, now_ms) for of_job in by_job.values()]
    return sorted(ends, key=lambda job: (not job.late, -(job.end or 0), job.job_name, job.workspace_id))


def by_urgency(plan: Plan, urgency: Urgency | None) -> Plan:
    """*plan* with the ranks by which instances are sent; unchanged without *urgency*."""
    if urgency is None or plan.refused is not None:
        return plan
    left = sorted((decision for decision in plan.decisions if decision.action.open), key=sending_order)
    number = {decision.instance.key: index for index, decision in enumerate(left)}
    above = [nearest_above(decision.instance.key, number, urgency.depends) for decision in left]
    seconds = [_seconds(urgency.runs.get(decision.instance.job, ())) for decision in left]
    last_end = [_or_never(urgency.deadlines.of(decision.instance)) for decision in left]
    chain = list(seconds)
    order, circles = topological_order(dict(enumerate(above)))
    for index in (*order, *circles):
        for upper in above[index]:
            last_end[upper] = min(last_end[upper], last_end[index] - seconds[index] * 1000)
            chain[upper] = max(chain[upper], seconds[upper] + chain[index])
    ranked = sorted(range(len(left)), key=lambda index: (last_end[index] - seconds[index] * 1000, -chain[index], index))
    rank: dict[InstanceKey, int] = {left[index].instance.key: place for place, index in enumerate(ranked)}
    return replace(plan, decisions=tuple(replace(decision, rank=rank.get(decision.instance.key, 0)) for decision in plan.decisions))


def _job_end(decisions: t.Sequence[Decision], forecast: Forecast, deadlines: Deadlines, now_ms: int) -> JobEnd:
    first, deadline = decisions[0].instance, deadlines.of(decisions[0].instance)
    left = [forecast.ends.get(decision.instance.key) for decision in decisions if decision.action.open]
    known = [now_ms + round(end * 1000) for end in left if end is not None]
    ended = [decision.instance.end_time or 0 for decision in decisions if decision.action is Action.DONE]
    person = sum(decision.action is Action.BLOCKED for decision in decisions)
    lost = len(decisions) - len(left) - len(ended) - person
    late = deadline is not None and (lost > 0 or max([*known, *ended, *([now_ms] if left or person else [])], default=0) > deadline)
    return JobEnd(*first.job, len(left), max(known, default=None), len(left) - len(known), deadline, late, person)


def _seconds(runs: t.Sequence[float]) -> float:
    return statistics.median(runs) if runs else 0.0


def _or_never(ms: int | None) -> float:
    return math.inf if ms is None else float(ms)
