# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependants of the reruns over all workspaces, for the report, the recap and the closing lines. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import safe
from ...module_utils._output.downstream import EFFECT_WORDS, UNSURE, downstream_groups, jobs_text

Result = t.Mapping[str, t.Any]
#: Effect on a dependant that a rerun repairs -> the value of option ``downstream`` that reruns it.
_CURES = {"stale": "stale", "cancelled": "cancelled"}


def returned_dependants(results: t.Iterable[Result]) -> list[Result]:
    """The dependants in all results of job_rerun, each once, although it may be downstream of several workspaces' reruns.

    A dependant that has joined the plan of one workspace counts as joined.
    """
    dependants: dict[tuple[t.Any, ...], Result] = {}
    for result in results:
        for dependant in result.get("downstream") or ():
            key = tuple(str(dependant.get(name)) for name in ("workspace_id", "job_id", "plan_time", "instance_id"))
            known = dependants.get(key)
            dependants[key] = dependant if known is None or dependant.get("joined") else known
    return list(dependants.values())


def downstream_of(results: t.Iterable[Result]) -> list[dict[str, t.Any]]:
    """One entry per effect: effect, count, joined (number that are part of a plan), jobs (number of jobs), and text for people."""
    dependants = returned_dependants(results)
    joined = [dependant for dependant in dependants if dependant.get("joined")]
    parts = {effect: number for effect, number, _jobs in downstream_groups(joined)}
    return [
        {
            "effect": effect,
            "count": number,
            "joined": parts.get(effect, 0),
            "jobs": len(jobs),
            "text": safe(
                f"{number} {EFFECT_WORDS[effect][number != 1]}: {jobs_text(jobs)}{f'; {UNSURE}' if effect == 'cancelled' else ''}"
            ),
        }
        for effect, number, jobs in downstream_groups(dependants)
    ]


def cure_of(groups: t.Iterable[Result]) -> str:
    """The value of option ``downstream`` that reruns dependants in *groups* which have not joined a plan; "" if there are none."""
    left = {str(group["effect"]) for group in groups if group["count"] > group["joined"]}
    return next((_CURES[effect] for effect in _CURES if effect in left), "")
