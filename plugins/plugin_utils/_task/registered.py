# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registered results: what the tasks of role rerun leave to each other in the variables of a host. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ...module_utils._common.text import NO
from .passes import TO_RERUN, Result, message_of

#: Variables in which role rerun keeps what became of a workspace, and what its first part left to the second.
RESULT, FIRST_PART = "dataarts_rerun_result", "__dataarts_sent"
#: Parts of the work that a task of role rerun may do alone; see :class:`Part`.
SEND, WATCH, VERDICT = "send", "watch", "verdict"
#: Key of a result that one task of the role leaves to the next: its instances as text. A list Ansible copies several times, value by value.
AS_TEXT = "instances_as_text"
#: By which a run is held to a plan: plans are approved by host, and this one stands for several.
_OF_A_PLAN = frozenset({"plan_id", "plan_record"})


@dataclass(frozen=True)
class Part:
    """The part of the work that a task does. By itself a task does all of it; role rerun sends in one and watches in the next, so that few forks
    leave no workspace unsent behind a slow one. What the first has sent the second goes on with, as the same run.

    :param name: ``send``, ``watch``, ``verdict`` (fail where the goal was missed) or "" for everything.
    :param result: variable in which the part before left its result.
    :param fail: whether the verdict fails.
    :param whole: whether a verdict that is bad says everything, because no closing lines follow.
    """

    name: str = ""
    result: str = ""
    fail: bool = True
    whole: bool = False

    @classmethod
    def of(cls, args: Result) -> Part:
        """From option ``pass_state`` of a task."""
        state = args.get("pass_state")
        known = state if isinstance(state, t.Mapping) else {}
        return cls(
            str(known.get("part") or ""),
            str(known.get("result") or ""),
            fail=str(known.get("fail")).lower() not in NO,
            whole=known.get("whole") is True,
        )


def outcome(variables: t.Mapping[str, t.Any], name: str = RESULT) -> Result:
    """What the tasks of a host left behind, of its *variables*: the result in *name*, and where the task that was to go on from what was sent ended
    before its action began, what had been sent, with why. Ansible puts such a failure in the place of the result."""
    newest = _newest(variables, name)
    if AS_TEXT not in newest:
        return newest
    return {**{key: value for key, value in newest.items() if key != AS_TEXT}, "instances": json.loads(newest[AS_TEXT])}


def goes_on(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether the tasks of a host left something to another one, by its *variables*."""
    return isinstance(_newest(variables, RESULT).get("pass_state"), t.Mapping)


def left_out(variables: t.Mapping[str, t.Any], name: str = RESULT) -> bool:
    """Whether a condition (``when``) has left out all tasks of a host, by its *variables*; parameters as of :func:`outcome`."""
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
    """*result* as a task of the role leaves it to the next one, which finds it by :func:`outcome`."""
    rest = {name: value for name, value in result.items() if name != "instances"}
    return {**rest, AS_TEXT: json.dumps(result["instances"])}


def _went_on(result: Result, first: Result) -> bool:
    """Whether *result* is that of a task that went on from *first*, with that workspace or with another behind the same host; else it is older."""
    run_id, kept = result.get("run_id"), (first.get("others") or {}).values()
    return run_id == first.get("run_id") or any(
        other.get("run_id") == run_id and isinstance(other.get("pass_state"), t.Mapping) for other in kept
    )


def _made(registered: t.Any) -> Result:
    """What a task has *registered*; {} if none was run, also because of a condition."""
    result: Result = registered if isinstance(registered, t.Mapping) else {}
    return {} if result.get("skipped") is True and not _own(result) else result


def _own(result: Result) -> bool:
    """Whether an action of the collection made *result*, and not Ansible in its place."""
    return bool({"succeeded", "instances", "error"} & {*result})


def reached_goal(result: Result) -> bool:
    """Whether a task's result says that everything selected has succeeded, or in check mode can be rerun. Module job_instance_retry, which does not
    wait, has no word for it."""
    return bool(result.get("succeeded", "instances" in result and "error" not in result))


def before_of(before: t.Any, workspace_id: str) -> Result | None:
    """The result of *workspace_id* in *before*, a variable that also keeps those of other workspaces behind one host; None if there is none.
    One that names no workspace is that of a task that was refused before it could know."""
    if not isinstance(before, t.Mapping):
        return None
    of_newest = before if before.get("workspace_id") in (None, "", workspace_id) else None
    own = (before.get("others") or {}).get(workspace_id, of_newest)
    return {name: value for name, value in own.items() if name != "others"} if isinstance(own, t.Mapping) else None


def left(result: Result) -> bool:
    """Whether a task left something to another one, in any workspace behind the host."""
    return any(isinstance(kept.get("pass_state"), t.Mapping) for kept in (result, *(result.get("others") or {}).values()))


def refused(before: t.Mapping[str, t.Any], workspace_id: str, failure: Result, *, watch: bool) -> dict[str, t.Any]:
    """The result of a task that was refused before it began its part: what the part before it did to the workspace, and *failure*.

    :param workspace_id: "" if it is not known; then it is that of *before*.
    :param watch: whether the part goes on with what the one before had sent.
    """
    workspace_id = workspace_id or (str(before.get("workspace_id") or "") if watch else "")
    own = (before_of(before, workspace_id) if watch else None) or {}
    named = {"workspace_id": workspace_id} if workspace_id else {}
    return {**own, **failure, "succeeded": False, **named, **others(before, workspace_id)}


def others(before: t.Any, workspace_id: str) -> dict[str, t.Any]:
    """The results of other workspaces in *before*, the result that is about to be replaced by that of *workspace_id*: key ``others``, by id."""
    if not isinstance(before, t.Mapping):
        return {}
    kept = {name: result for name, result in (before.get("others") or {}).items() if name != workspace_id}
    name = before.get("workspace_id")
    if name and name != workspace_id:
        kept[str(name)] = {key: value for key, value in before.items() if key != "others"}
    return {"others": kept} if kept else {}


def all_sent(result: t.Any) -> bool:
    """Whether a task left nothing that is still to be sent."""
    recap = result.get("recap") if isinstance(result, t.Mapping) else None
    return isinstance(recap, t.Mapping) and not recap.get(TO_RERUN)


def workspaces_of(host: str, result: Result) -> dict[str, Result]:
    """The result of each workspace in what a variable of *host* holds, by what it is called: its host, or its id where the host stands for several,
    whose results have the host as ``inventory_host``.

    :param result: of one workspace, with those of the others in key ``others``; or of a task with a loop, which Ansible keeps as ``results``.
    """
    parts = _parts(result)
    if len(parts) == 1:
        return {host: parts[0]}
    by_name: dict[str, Result] = {}
    for number, part in enumerate(parts, 1):
        workspace_id = _workspace_id(part)
        plain = {name: value for name, value in part.items() if name not in _OF_A_PLAN}
        # Of a loop over the jobs of one workspace no result replaces another.
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
    """The workspace of a result, "" if nothing in it says so."""
    first: Result = next(iter(result.get("instances") or ()), {})
    return str(result.get("workspace_id") or first.get("workspace_id") or "")
