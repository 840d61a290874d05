# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headline: the report in one sentence, in each language of the catalogue. Pure."""

from __future__ import annotations

import functools
import typing as t

from .._task.passes import IN_PROGRESS
from .next_steps import would_rerun
from .repair import instances_of_state, is_repair
from .summary import told_once
from .words import headline_text

Result = t.Mapping[str, t.Any]


def headline(report: Result, language: str = "en", *, related: bool = False) -> str:
    """The headline of *report*, from its workspaces, totals and check_mode.

    :param related: whether the service chooses among the planned instances, so that their number is a maximum.
    """
    workspaces = report["workspaces"]
    say = functools.partial(headline_text, language)
    lost = sum(1 for workspace in workspaces if workspace["state"] == "no_result")
    also = [say("lost", workspaces=say("workspaces", lost))] if lost else []
    made = _missing(report, say) if is_repair(report) else []
    if report["check_mode"]:
        planned = [*_plan(workspaces, say, related=related), *made, *_refused(workspaces, say), *also]
        return _joined(say, planned or [say("nothing-to-repair" if is_repair(report) else "nothing")])
    also = [*made, *also]
    in_progress = sum(report["totals"][name] for name in IN_PROGRESS)
    broken = report["totals"]["to_rerun"] + sum(bool(instance.get("broken")) for instance in _once(workspaces))
    meant = report["totals"]["succeeded"] + in_progress + broken
    if broken:
        text = say("broken", broken, some=broken, instances=say("instances", meant))
        text = say("and-in-progress", in_progress, text=text) if in_progress else text
        return _joined(say, [_unseen(text, workspaces, say), *also])
    if in_progress:
        text = say("in-progress", in_progress, some=in_progress, instances=say("instances", meant))
        return _joined(say, [_unseen(text, workspaces, say), *also])
    if is_repair(report):
        return _repaired(report, meant, also, say)
    return _ended(workspaces, meant, lost, say)


def _once(workspaces: t.Sequence[Result]) -> list[Result]:
    """The instances of *workspaces*, each once, see :func:`told_once`."""
    return [instance for instances in told_once([workspace["instances"] for workspace in workspaces]) for instance in instances]


def _plan(workspaces: t.Sequence[Result], say: t.Callable[..., str], *, related: bool) -> list[str]:
    due = [workspace for workspace in workspaces if would_rerun(workspace)]
    if not due:
        return []
    planned = [instance for instance in _once(due) if instance["standing"] == "to_rerun"]
    twice = sum(instance["standing"] == "to_rerun" for workspace in due for instance in workspace["instances"]) - len(planned)
    number = sum(workspace["counts"]["to_rerun"] for workspace in due) - twice
    text = say("plan-at-most" if related else "plan", instances=say("instances", number), workspaces=say("workspaces", len(due)))
    repair = any("missing" in workspace for workspace in workspaces)
    return [_with_kinds(text, planned, say) if repair else text]


def _with_kinds(text: str, instances: t.Iterable[Result], say: t.Callable[..., str]) -> str:
    """*text* about *instances* of a repair, with the numbers of those that are stopped first and of dependants."""
    rerun = list(instances)
    dependants = sum(bool(instance.get("downstream")) for instance in rerun)
    stops = sum(bool(instance.get("stop") or instance.get("action") == "stop") and not instance.get("downstream") for instance in rerun)
    text = say("stops", stops, text=text) if stops else text
    return say("dependants", dependants, text=text) if dependants else text


def _missing(report: Result, say: t.Callable[..., str]) -> list[str]:
    """The missing instances that a repair is to make or has not made, then those that it has made."""
    made, left = instances_of_state(report, "made"), instances_of_state(report, "missing", "failed")
    texts = [say("to-make" if report["check_mode"] else "unmade", left)] if left else []
    return [*texts, say("made", made)] if made else texts


def _repaired(report: Result, meant: int, also: t.Sequence[str], say: t.Callable[..., str]) -> str:
    """Headline of a repair without broken reruns or reruns in progress."""
    workspaces = report["workspaces"]
    ended = [instance for instance in _once(workspaces) if instance["standing"] not in ("already_done", "other", "skipped")]
    meant = len(ended) if ended else meant
    succeeded = _with_kinds(say("one-succeeded") if meant == 1 else say("all-succeeded", meant), ended, say)
    known = [workspace for workspace in workspaces if workspace["state"] != "no_result"]
    bad, unmade = sum(not workspace["succeeded"] for workspace in known), instances_of_state(report, "missing", "failed")
    # Problems come first.
    texts = [*also[:1], succeeded, *also[1:]] if unmade else [f"{succeeded[0].upper()}{succeeded[1:]}", *also]
    texts = texts if meant else [*also]
    unexplained = bad and not unmade
    texts += [say("bad", some=bad, workspaces=say("workspaces", len(workspaces)))] if unexplained else []
    unchanged = texts and len(known) == len(workspaces) and not bad and not any(workspace["changed"] for workspace in workspaces)
    return _joined(say, [*texts, *([say("unchanged")] if unchanged else [])] or [say("nothing-to-repair")])


def _refused(workspaces: t.Sequence[Result], say: t.Callable[..., str]) -> list[str]:
    refused = sum(workspace["refused"] for workspace in workspaces)
    return [say("refused", workspaces=say("workspaces", refused))] if refused else []


def _ended(workspaces: t.Sequence[Result], meant: int, lost: int, say: t.Callable[..., str]) -> str:
    """Headline of a run without broken instances or instances in progress."""
    succeeded = say("one-succeeded") if meant == 1 else say("all-succeeded", meant)
    bad = sum(1 for workspace in workspaces if not workspace["succeeded"])
    if bad and bad == lost:
        text = say("lost", workspaces=say("workspaces", lost))
        return say("elsewhere", text=text, more=succeeded) if meant else text
    if bad:
        return say("bad", some=bad, workspaces=say("workspaces", len(workspaces)))
    return succeeded.capitalize() if meant else say("nothing")


def _unseen(text: str, workspaces: t.Sequence[Result], say: t.Callable[..., str]) -> str:
    """*text*, and if a workspace could no longer be read, how many of the instances in progress are its last known ones."""
    unseen = sum(
        workspace["counts"][name] for workspace in workspaces if workspace["blind"] and workspace["counts"] for name in IN_PROGRESS
    )
    return say("unseen", unseen, text=text) if unseen else text


def _joined(say: t.Callable[..., str], texts: t.Sequence[str]) -> str:
    return functools.reduce(lambda all_of_it, part: say("also", text=all_of_it, more=part), texts)
