# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependants of reruns, in results and as lines for people.

Pure. Names come from the service and are made safe to show.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.text import counted, listed, safe
from .._common.times import with_iso
from .._models.downstream import Dependant, Effect
from .._models.instance import InstanceKey
from .plan_details import job_text
from .results import instance_result

Result = t.Dict[str, t.Any]
_SHOWN = (
    *("workspace_id", "job_name", "job_id", "instance_id", "status", "plan_time", "plan_time_iso"),
    *("start_time", "start_time_iso", "end_time", "end_time_iso"),
)
_NAMED = 4  # jobs named in a line
#: Effect -> words for one dependant and for several, in display order.
EFFECT_WORDS = {
    Effect.STALE.value: ("succeeded on old data", "succeeded on old data"),
    Effect.CANCELLED.value: ("was cancelled and needs a rerun of its own", "were cancelled and need a rerun of their own"),
    Effect.WAITS.value: ("waits or runs, and goes on by itself", "wait or run, and go on by themselves"),
    Effect.BY_HAND.value: (
        "was stopped or set to success by a person, and is left alone",
        "were stopped or set to success by a person, and are left alone",
    ),
}
#: A caveat about cancelled dependants.
UNSURE = "the service does not say whether a person stopped them while they waited"


def downstream_result(dependant: Dependant, names: t.Mapping[str, str], joined: t.Container[InstanceKey]) -> Result:
    """One dependant: its identity, status and times, and workspace_name, effect, certain, level, joined, upstream.

    :param names: workspace id -> name.
    :param joined: the dependants that are part of the plan.
    """
    instance, upstream = dependant.instance, dependant.upstream
    effect = None if dependant.effect is None else dependant.effect.value
    known = instance_result(instance)
    return {
        **{name: known[name] for name in _SHOWN},
        "workspace_name": safe(names.get(instance.key.workspace_id, "")),
        "effect": effect,
        "certain": dependant.effect is not Effect.CANCELLED,
        "level": dependant.level,
        "joined": instance.key in joined,
        "upstream": {
            "workspace_id": safe(upstream.key.workspace_id),
            "job_name": safe(upstream.job_name),
            **with_iso(plan_time=upstream.key.plan_time),
            "end_time": upstream.end_time,
        },
    }


def downstream_lines(dependants: t.Sequence[Result], workspace_id: str) -> list[str]:
    """A line for each effect with its jobs; none without dependants.

    :param dependants: from :func:`downstream_result`.
    :param workspace_id: of the run; other workspaces are named.
    """
    lines = []
    for effect, number, jobs in downstream_groups(dependants, workspace_id):
        words = EFFECT_WORDS[effect][number != 1]
        unsure = f"; {UNSURE}" if effect == Effect.CANCELLED.value else ""
        lines.append(f"  downstream: {number} {words}: {jobs_text(jobs)}{unsure}")
    return lines


def downstream_groups(
    dependants: t.Iterable[t.Mapping[str, t.Any]], workspace_id: str = ""
) -> t.Iterator[tuple[str, int, list[tuple[str, int]]]]:
    """Each effect with the number of its dependants, and its jobs with theirs, most first."""
    by_effect: dict[str, collections.Counter[str]] = {}
    for dependant in dependants:
        by_effect.setdefault(str(dependant.get("effect")), collections.Counter())[job_text(dependant, workspace_id)] += 1
    for effect in EFFECT_WORDS:
        if effect in by_effect:
            jobs = by_effect[effect]
            yield effect, sum(jobs.values()), jobs.most_common()


def jobs_text(jobs: t.Sequence[tuple[str, int]]) -> str:
    """The jobs with the most dependants, with their numbers; the others are counted."""
    named = [f"{name} {number}" if number > 1 else name for name, number in jobs[:_NAMED]]
    return listed([*named, counted(len(jobs) - _NAMED, "more job")] if len(jobs) > _NAMED else named)
