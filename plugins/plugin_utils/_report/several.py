# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several workspaces behind one host, as a loop over role rerun leaves them: their results as one. Pure."""

from __future__ import annotations

import typing as t

Result = t.Mapping[str, t.Any]

_LISTS = ("instances", "plan", "problems", "job_patterns")
#: Of one workspace alone: nothing can be approved or held to a plan by it.
_OWN = frozenset({"others", "plan_id", "plan_record", "plan_details", "workspace_id"})


def whole(result: Result) -> Result:
    """*result* with those of the other workspaces in it, key ``others``; itself if there are none."""
    kept = result.get("others")
    if not isinstance(kept, t.Mapping) or not kept:
        return result
    parts = [*kept.values(), result]
    recaps = [part["recap"] for part in parts if part.get("recap")]
    jobs = [part.get("recap_by_job") or {} for part in parts]
    bad = [str(part["msg"]) for part in parts if part.get("msg") and not part.get("succeeded")]
    since = [part["since"] for part in parts if isinstance(part.get("since"), int)]
    return {
        **{name: value for name, value in result.items() if name not in _OWN},
        **{name: [item for part in parts for item in part.get(name) or ()] for name in _LISTS},
        "msg": " ".join(bad) or str(result.get("msg") or ""),
        "changed": any(part.get("changed") for part in parts),
        "succeeded": all(part.get("succeeded") for part in parts),
        "timed_out": any(part.get("timed_out") for part in parts),
        "elapsed": sum(float(part.get("elapsed") or 0.0) for part in parts),
        "recap": _added(recaps),
        "recap_by_job": {name: _added([part[name] for part in jobs if name in part]) for part in jobs for name in part},
        "summary": {"total": sum(int((part.get("summary") or {}).get("total") or 0) for part in parts)},
        "requests": _added([part.get("requests") or {} for part in parts]),
        "since": min(since) if since else None,
    }


def _added(parts: t.Sequence[t.Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: sum(int(part.get(name) or 0) for part in parts) for name in names}
