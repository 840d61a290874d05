# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: host variables by which its steps, and the reruns between them, pass results to each other. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._planner import repair
from .passes import LIMIT, Result, error_kind, message_of
from .registered import outcome, reached_goal

#: Variable with the result of a repair's newest step about missing instances.
MISSING = "dataarts_missing_result"


def missing_of(variables: t.Mapping[str, t.Any]) -> Result:
    """The result of a repair about the missing instances of a host, from its *variables*; {} if the play is not a repair."""
    known = variables.get(MISSING)
    return known if isinstance(known, t.Mapping) else {}


def not_repaired(missing: Result) -> str:
    """Why nothing is rerun in a repair with the result *missing*; "" if reruns follow."""
    return "" if repair.reruns_follow(missing) else message_of(missing)


def repair_of(variables: t.Mapping[str, t.Any], of_hosts: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """``repair`` in the ``pass_state`` of the reruns of a repair, from a host's *variables*, see ``made.py``; {} if there is no repair.

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
    """Whether a repair may have paused jobs of a host for its last step to start again, by the host's *variables*.

    A repair that ended early has started them itself.
    """
    missing = missing_of(variables)
    return bool(missing.get("pause_id")) and not not_repaired(missing)


def paused_by_reruns(variables: t.Mapping[str, t.Any]) -> list[list[str]]:
    """[workspace id, job name] of each job that the reruns of a repair have paused for it, from a host's *variables*, as of their last pass."""
    pause_id, result = missing_of(variables).get("pause_id"), outcome(variables)
    known = (result, *(result.get("others") or {}).values())
    pauses = [pause for part in known for pause in (part.get("journal_history") or {}).get("open_pauses") or ()]
    ours = {(pause["workspace_id"], pause["job_name"]) for pause in pauses if pause_id in (pause["run_id"], *pause["needed_by"])}
    return sorted(map(list, ours))


def still_broken(of_hosts: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, list[str]]:
    """Workspace id -> its jobs that are still broken after the reruns of a repair.

    :param of_hosts: variables of all hosts that are repaired together.
    """
    results = ((outcome(variables), missing_of(variables)) for variables in of_hosts)
    missed = (repair.broken_jobs(missing, result.get("instances")) for result, missing in results if not reached_goal(result))
    broken: set[tuple[str, str]] = set().union(*missed)
    return {where: sorted(name for of, name in broken if of == where) for where, _name in broken}


def with_missing(result: Result, missing: Result) -> Result:
    """*result* of a host's rerun combined with the repair's result *missing*: the goal is reached only if the missing instances were made too."""
    if not missing or not result:
        return result
    if not_repaired(missing):  # the reruns were refused for the same reason
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
    if "journal_history" in missing:  # only the last step has it
        shown["journal_history"] = missing["journal_history"]
    if "error" not in missing:
        return shown
    msg, reached = message_of(missing), reached_goal(result)
    return {**shown, "succeeded": False, "msg": msg if reached else f"{result.get('msg') or ''} {msg}".strip(), "only_missing": reached}
