# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier reruns of an instance by other runs, in words. Pure."""

from __future__ import annotations

import typing as t

from .._common.local_times import local_time

Result = t.Mapping[str, t.Any]

#: Most earlier reruns that are named; report.json has all that the module returned.
SHOWN_RERUNS = 3


def history_words(instance: Result, moment: t.Callable[[int], str] = local_time) -> str:
    """How often, when, by whom and for what *instance* was rerun before; "" if it was not.

    :param moment: formats a time (epoch ms).
    """
    history = instance.get("history") or ()
    if not history:
        return ""
    times = "once" if len(history) == 1 else f"{len(history)} times"
    left = f"; and {len(history) - SHOWN_RERUNS} more" if len(history) > SHOWN_RERUNS else ""
    return f"rerun {times} before: {'; '.join(_rerun(earlier, moment) for earlier in history[:SHOWN_RERUNS])}{left}"


def _rerun(earlier: Result, moment: t.Callable[[int], str]) -> str:
    purpose = f" for {earlier['purpose']}" if earlier.get("purpose") else ""
    outcome = "" if earlier.get("outcome") == "accepted" else " (outcome unknown)"
    return f"{moment(earlier['sent_time'])} by {earlier.get('user') or 'unknown'} on {earlier.get('controller') or 'unknown'}{purpose}{outcome}"


def rerun_before(report: Result) -> list[dict[str, t.Any]]:
    """The instances of *report* that other runs had rerun before, as rows of a table; those with most reruns first.

    Keys: host, job_name, plan_time (epoch ms), number of ``reruns``, ``last`` (epoch ms), ``users`` and ``purposes``, newest first, each once.
    """
    rows = [
        {
            "host": workspace["host"],
            "job_name": instance["job_name"],
            "plan_time": instance["plan_time"],
            "reruns": len(instance["history"]),
            "last": instance["history"][0]["sent_time"],
            "users": _texts(instance["history"], "user"),
            "purposes": _texts(instance["history"], "purpose"),
        }
        for workspace in report["workspaces"]
        for instance in workspace["instances"]
        if instance.get("history")
    ]
    return sorted(rows, key=lambda row: (-row["reruns"], -row["last"], str(row["job_name"]), row["plan_time"]))


def _texts(history: t.Sequence[Result], name: str) -> str:
    return ", ".join(dict.fromkeys(str(earlier[name]) for earlier in history if earlier.get(name)))
