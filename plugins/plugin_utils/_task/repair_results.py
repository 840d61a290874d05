# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: what its steps leave to each other, and to the reruns between them, in the variables of a host. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._planner import repair
from .passes import LIMIT, Result, error_kind, message_of
from .registered import outcome, reached_goal

#: That in which a repair keeps what was missing, and what became of it.
MISSING = "dataarts_missing_result"


def missing_of(variables: t.Mapping[str, t.Any]) -> Result:
    """What a repair left behind about the missing instances of a host, of its *variables*; {} if it was none."""
    known = variables.get(MISSING)
    return known if isinstance(known, t.Mapping) else {}


def not_repaired(missing: Result) -> str:
    """Why nothing is rerun in a repair whose missing instances are *missing*; "" if reruns follow."""
    return "" if repair.reruns_follow(missing) else message_of(missing)


def repair_of(variables: t.Mapping[str, t.Any], of_hosts: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What a repair makes on a host, of its *variables*, for the reruns that go with it: see ``made.py``; {} if it is none.

    :param of_hosts: variables of all hosts that are repaired together.
    """
    missing = missing_of(variables)
    if not missing or not_repaired(missing):
        return {}
    below: dict[str, list[list[str]]] = {}
    names: dict[str, str] = {}
    pauses = [missing.get("pause_id")]
    for host in of_hosts:
        other = missing_of(host)
        pauses.append(other.get("pause_id"))
        names[str(other.get("workspace_id"))] = str(host.get("inventory_hostname"))
        for job, above in (other.get("upstream") or {}).items():
            for where, name in above:
                if where == missing["workspace_id"]:
                    below.setdefault(str(name), []).append([str(other["workspace_id"]), str(job)])
    return {
        "gaps": [dict(gap) for gap in (*missing["gaps"], *missing.get("made_before", ()))],
        "below": below,
        "all_since": not missing.get("approved") or bool(missing.get("check_mode")),
        "names": names,
        "pauses": list(dict.fromkeys(filter(None, pauses))) if pauses[0] else [],
    }


def pauses_jobs(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether a repair may have paused jobs of a host, of its *variables*, which its last step starts again. One that ended early did so itself."""
    missing = missing_of(variables)
    return bool(missing.get("pause_id")) and not not_repaired(missing)


def paused_by_reruns(variables: t.Mapping[str, t.Any]) -> list[list[str]]:
    """Workspace and name of each job that the reruns of a repair have paused for it on a host, of its *variables*, as their last pass knew."""
    pause_id, result = missing_of(variables).get("pause_id"), outcome(variables)
    known = (result, *(result.get("others") or {}).values())
    pauses = [pause for part in known for pause in (part.get("journal_history") or {}).get("open_pauses") or ()]
    ours = {(pause["workspace_id"], pause["job_name"]) for pause in pauses if pause_id in (pause["run_id"], *pause["needed_by"])}
    return sorted(map(list, ours))


def still_broken(of_hosts: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, list[str]]:
    """Workspace id -> its jobs that are broken once a repair has rerun what failed.

    :param of_hosts: variables of all hosts that are repaired together.
    """
    results = ((outcome(variables), missing_of(variables)) for variables in of_hosts)
    missed = (repair.broken_jobs(missing, result.get("instances")) for result, missing in results if not reached_goal(result))
    broken: set[tuple[str, str]] = set().union(*missed)
    return {where: sorted(name for of, name in broken if of == where) for where, _name in broken}


def with_missing(result: Result, missing: Result) -> Result:
    """*result* of the rerun of a host with what was *missing* there, which has to be made too for the goal to be reached."""
    if not missing or not result:
        return result
    if not_repaired(missing):  # for which the reruns were refused, too
        return {**result, "error": {"kind": LIMIT}} if error_kind(missing) == LIMIT else result
    shown = {
        **result,
        "changed": bool(result.get("changed") or missing.get("changed")),
        "missing": [*missing["gaps"]],
        "paused_first": [*(missing.get("paused_jobs") or ())],
        "missing_at": missing.get("missing_at"),
        "missing_options": missing.get("options"),
        "unreadable": [*(missing.get("unreadable") or ())],
        "unread_workspaces": [*(missing.get("unread_workspaces") or ())],
    }
    if "journal_history" in missing:  # of the last step
        shown["journal_history"] = missing["journal_history"]
    if "error" not in missing:
        return shown
    msg, reached = message_of(missing), reached_goal(result)
    return {**shown, "succeeded": False, "msg": msg if reached else f"{result.get('msg') or ''} {msg}".strip(), "only_missing": reached}
