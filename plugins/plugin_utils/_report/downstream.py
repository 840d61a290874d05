# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What depends on what was rerun, over all workspaces: told apart in the report, the recap and the closing lines. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import safe
from ...module_utils._output.downstream import EFFECT_WORDS, UNSURE, downstream_groups, jobs_text

Result = t.Mapping[str, t.Any]
#: Effects that a rerun answers, and the value of option ``downstream`` with which it is sent.
_CURES = {"stale": "stale", "cancelled": "cancelled"}


def returned_dependants(results: t.Iterable[Result]) -> list[Result]:
    """Every dependant that the tasks of job_rerun returned, each once: an instance may be below what several workspaces rerun. What one of them
    has made a part of its plan is so for all."""
    dependants: dict[tuple[t.Any, ...], Result] = {}
    for result in results:
        for dependant in result.get("downstream") or ():
            key = tuple(str(dependant.get(name)) for name in ("workspace_id", "job_id", "plan_time", "instance_id"))
            known = dependants.get(key)
            dependants[key] = dependant if known is None or dependant.get("joined") else known
    return list(dependants.values())


def downstream_of(results: t.Iterable[Result]) -> list[dict[str, t.Any]]:
    """One entry for each effect: effect, count, joined (how many of them are part of a plan), jobs (how many), and text for people."""
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
    """The value of option ``downstream`` that reruns what is left of *groups*; "" if nothing is."""
    left = {str(group["effect"]) for group in groups if group["count"] > group["joined"]}
    return next((_CURES[effect] for effect in _CURES if effect in left), "")
