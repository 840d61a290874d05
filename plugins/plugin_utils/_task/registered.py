# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registered results: host variables by which the tasks of role rerun pass results to each other. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ...module_utils._common.text import NO
from .passes import TO_RERUN, Result, message_of

#: Variables with the result of a workspace, and with the result of the first part of the work for the second.
RESULT, FIRST_PART = "dataarts_rerun_result", "__dataarts_sent"
#: Parts of the work that a task of role rerun may do alone; see :class:`Part`.
SEND, WATCH, VERDICT = "send", "watch", "verdict"
#: Key of the instances as text, in a result that one task of the role passes to the next: Ansible copies lists several times, value by value.
AS_TEXT = "instances_as_text"
#: Result keys about the plan; left out if a host stands for several workspaces, because plans are approved by host.
_OF_A_PLAN = frozenset({"plan_id", "plan_record"})


@dataclass(frozen=True)
class Part:
    """The part of the work that a task does.

    A task outside the role does all of it. Role rerun sends in one task and watches in the next, so that with few forks a slow workspace does not
    keep others from being sent. The second task continues the run of the first.

    :param name: ``send``, ``watch``, ``verdict`` (fail if the goal was missed) or "" for everything.
    :param result: variable with the result of the previous part.
    :param fail: whether a bad verdict fails the task.
    :param whole: whether a bad verdict shows its whole message, because no closing lines follow.
    """

    name: str = ""
    result: str = ""
    fail: bool = True
    whole: bool = False

    @classmethod
    def of(cls, args: Result) -> Part:
        """The part in option ``pass_state`` of a task."""
        state = args.get("pass_state")
        known = state if isinstance(state, t.Mapping) else {}
        return cls(
            str(known.get("part") or ""),
            str(known.get("result") or ""),
            fail=str(known.get("fail")).lower() not in NO,
            whole=known.get("whole") is True,
        )


def outcome(variables: t.Mapping[str, t.Any], name: str = RESULT) -> Result:
    """The newest result of a host's tasks, from its *variables*: that in *name*, or the result of the first part.

    If the task that was to continue failed before its action began, Ansible stores that failure in *name*. Then this is the result of the first part,
    with the failure's message.
    """
    newest = _newest(variables, name)
    if AS_TEXT not in newest:
        return newest
    return {**{key: value for key, value in newest.items() if key != AS_TEXT}, "instances": json.loads(newest[AS_TEXT])}


def goes_on(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether a host's tasks left work for another task, by its *variables*."""
    return isinstance(_newest(variables, RESULT).get("pass_state"), t.Mapping)


def left_out(variables: t.Mapping[str, t.Any], name: str = RESULT) -> bool:
    """Whether all tasks of a host were skipped by a condition (``when``), by its *variables*; parameters as for :func:`outcome`."""
    kept = (variables.get(name), variables.get(FIRST_PART) if name == RESULT else None)
    return not _newest(variables, name) and any(isinstance(result, t.Mapping) for result in kept)


def _newest(variables: t.Mapping[str, t.Any], name: str) -> Result:
    known, first = _made(variables.get(name)), _made(variables.get(FIRST_PART)) if name == RESULT else {}
    if not first:
        return known
    if not _own(first):
        return {"succeeded": False, "msg": message_of(first)}
    if _own(known):
        return known if _went_on(known, first) else first
    if not known or not isinstance(first.get("pass_state"), t.Mapping):
        return first
    return {**first, "succeeded": False, "msg": message_of(known), "error": {"kind": "internal"}}


def for_next_task(result: Result) -> dict[str, t.Any]:
    """*result* as a task of the role passes it to the next one, which reads it with :func:`outcome`."""
    rest = {name: value for name, value in result.items() if name != "instances"}
    return {**rest, AS_TEXT: json.dumps(result["instances"])}


def _went_on(result: Result, first: Result) -> bool:
    """Whether *result* continued *first*, for that workspace or another of the same host; otherwise it is older than *first*."""
    run_id, kept = result.get("run_id"), (first.get("others") or {}).values()
    return run_id == first.get("run_id") or any(
        other.get("run_id") == run_id and isinstance(other.get("pass_state"), t.Mapping) for other in kept
    )


def _made(registered: t.Any) -> Result:
    """A *registered* result; {} if there is none, or its task was skipped."""
    result: Result = registered if isinstance(registered, t.Mapping) else {}
    return {} if result.get("skipped") is True and not _own(result) else result


def _own(result: Result) -> bool:
    """Whether *result* comes from an action of the collection, and not from Ansible itself."""
    return bool({"succeeded", "instances", "error"} & {*result})


def reached_goal(result: Result) -> bool:
    """Whether everything selected has succeeded or, in check mode, can be rerun. Results of job_instance_retry, which does not wait, have no
    ``succeeded``."""
    return bool(result.get("succeeded", "instances" in result and "error" not in result))


def before_of(before: t.Any, workspace_id: str) -> Result | None:
    """The result of *workspace_id* in *before*, a variable that also holds results of the host's other workspaces; None if there is none.

    A result without a workspace id, of a task that was refused before it knew the id, counts as that of *workspace_id*.
    """
    if not isinstance(before, t.Mapping):
        return None
    of_newest = before if before.get("workspace_id") in (None, "", workspace_id) else None
    own = (before.get("others") or {}).get(workspace_id, of_newest)
    return {name: value for name, value in own.items() if name != "others"} if isinstance(own, t.Mapping) else None


def left(result: Result) -> bool:
    """Whether a task left work for another one, in any workspace of the host."""
    return any(isinstance(kept.get("pass_state"), t.Mapping) for kept in (result, *(result.get("others") or {}).values()))


def refused(before: t.Mapping[str, t.Any], workspace_id: str, failure: Result, *, watch: bool) -> dict[str, t.Any]:
    """The result of a task that was refused before it began its part: the previous part's result with *failure*.

    :param workspace_id: "" if unknown; then that of *before* is used, if *watch* is set.
    :param watch: whether this part continues what the previous one has sent.
    """
    workspace_id = workspace_id or (str(before.get("workspace_id") or "") if watch else "")
    own = (before_of(before, workspace_id) if watch else None) or {}
    named = {"workspace_id": workspace_id} if workspace_id else {}
    return {**own, **failure, "succeeded": False, **named, **others(before, workspace_id)}


def others(before: t.Any, workspace_id: str) -> dict[str, t.Any]:
    """Key ``others`` (workspace id -> result) for the result of *workspace_id*, which is about to replace *before*; {} if there are none."""
    if not isinstance(before, t.Mapping):
        return {}
    kept = {name: result for name, result in (before.get("others") or {}).items() if name != workspace_id}
    name = before.get("workspace_id")
    if name and name != workspace_id:
        kept[str(name)] = {key: value for key, value in before.items() if key != "others"}
    return {"others": kept} if kept else {}


def all_sent(result: t.Any) -> bool:
    """Whether nothing is left to be sent, by the counts of a task's *result*."""
    recap = result.get("recap") if isinstance(result, t.Mapping) else None
    return isinstance(recap, t.Mapping) and not recap.get(TO_RERUN)


def workspaces_of(host: str, result: Result) -> dict[str, Result]:
    """Name -> result of each workspace in a variable of *host*. The name is the host, or the workspace id if the host stands for several.

    In the latter case, the results have the host as ``inventory_host``.

    :param result: of one workspace, with the others in key ``others``; or of a task with a loop, with key ``results``.
    """
    parts = _parts(result)
    if len(parts) == 1:
        return {host: parts[0]}
    by_name: dict[str, Result] = {}
    for number, part in enumerate(parts, 1):
        workspace_id = _workspace_id(part)
        plain = {name: value for name, value in part.items() if name not in _OF_A_PLAN}
        # In a loop over the jobs of one workspace, each result needs a name of its own.
        name = workspace_id if workspace_id and workspace_id not in by_name else f"{workspace_id or host} ({number})"
        by_name[name] = {**plain, "inventory_host": host, **({"workspace_id": workspace_id} if workspace_id else {})}
    return by_name


def _parts(result: Result) -> list[Result]:
    looped, kept = result.get("results"), result.get("others")
    if isinstance(looped, (list, tuple)) and "instances" not in result:
        return [part for part in looped if isinstance(part, t.Mapping) and not part.get("skipped")] or [{}]
    others = [*kept.values()] if isinstance(kept, t.Mapping) else []
    return [*others, {name: value for name, value in result.items() if name != "others"}]


def _workspace_id(result: Result) -> str:
    """The workspace id in a result; "" if it has none."""
    first: Result = next(iter(result.get("instances") or ()), {})
    return str(result.get("workspace_id") or first.get("workspace_id") or "")
