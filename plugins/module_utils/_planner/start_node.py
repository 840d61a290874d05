# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start node, option ``node_name``: which jobs have the node at which reruns are to start.

Pure. The service would reject each instance of a job without it, one by one, with DLF.30125; this check comes before anything is sent.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._common.text import closest, counted, listed, printable
from .._models.decision import Action, Decision
from .._models.instance import JobNodes
from .hung import not_stopped
from .plan import Plan

_NAMED = 10  # jobs or nodes named in a text


class NodeCheck(t.NamedTuple):
    """Result of checking a plan for a start node.

    :param plan: refused if no job to be rerun has the node; if only some lack it, their instances are not rerun.
    :param lacking: a sentence about the jobs that lack it, or "".
    :param notes: sentences about instances that only the service can judge.
    """

    plan: Plan
    lacking: str = ""
    notes: tuple[str, ...] = ()


def due_jobs(plan: Plan) -> list[str]:
    """The jobs whose instances *plan* reruns, each once."""
    return list(dict.fromkeys(decision.instance.job_name for decision in plan.decisions if decision.reruns))


def start_at(node: str, plan: Plan, nodes: t.Mapping[str, JobNodes | None], *, original: bool) -> NodeCheck:
    """Check *plan* for *node*.

    :param nodes: for each of :func:`due_jobs` its current nodes, or None if they cannot be read.
    :param original: whether instances are rerun with their own version of the job. If that is another version than that of *nodes*, it is
        unknown whether it has the node; the service decides.
    """
    due = [decision for decision in plan.decisions if decision.reruns]
    without = [decision for decision in due if _lacks(node, decision, nodes, original=original)]
    lacking = set(map(id, without))
    notes = _other_versions(node, [decision for decision in due if id(decision) not in lacking], nodes) if original else ()
    if not without:
        return NodeCheck(plan, notes=notes)
    jobs = list(dict.fromkeys(decision.instance.job_name for decision in without))
    begun = any(decision.attempts and not decision.reruns for decision in plan.decisions)
    if len(without) == len(due) and not begun:
        return NodeCheck(replace(plan, refused=f"{_no_job_has(node, jobs, nodes)} Nothing is sent."))
    reasons = {name: _reason(node, name, nodes) for name in jobs}
    decisions = tuple(
        _without_node(decision, reasons[decision.instance.job_name]) if id(decision) in lacking else decision for decision in plan.decisions
    )
    return NodeCheck(replace(plan, decisions=decisions), _lacking(node, len(without), jobs, nodes), notes)


def _without_node(decision: Decision, reason: str) -> Decision:
    if decision.action is Action.STOP:
        return not_stopped(decision, reason)
    return decision.turned(Action.NOT_RERUNNABLE, reason)


def _lacks(node: str, decision: Decision, nodes: t.Mapping[str, JobNodes | None], *, original: bool) -> bool:
    known = nodes.get(decision.instance.job_name)
    return known is not None and node not in known.names and not (original and _of_other_version(decision, known))


def _of_other_version(decision: Decision, known: JobNodes) -> bool:
    version = decision.instance.version
    return version is not None and known.version is not None and version != known.version


def _other_versions(node: str, decisions: t.Iterable[Decision], nodes: t.Mapping[str, JobNodes | None]) -> tuple[str, ...]:
    """One sentence for each job of which only an earlier version may have the node."""
    jobs: dict[str, int] = {}
    for decision in decisions:
        known = nodes.get(decision.instance.job_name)
        if known is not None and node not in known.names:
            jobs[decision.instance.job_name] = jobs.get(decision.instance.job_name, 0) + 1
    return tuple(
        f"Job {printable(name, 100)} has no node '{printable(node, 100)}' now, but {counted(number, 'instance')} of it ran in another version. "
        "Only the service knows the nodes of that version, so it decides."
        for name, number in jobs.items()
    )


def _reason(node: str, job: str, nodes: t.Mapping[str, JobNodes | None]) -> str:
    return f"its job has no node '{printable(node, 100)}', where the rerun is to start; it has {_nodes_of(nodes.get(job))}"


def _no_job_has(node: str, jobs: t.Sequence[str], nodes: t.Mapping[str, JobNodes | None]) -> str:
    shown = f"'{printable(node, 100)}'"
    if len(jobs) == 1:
        text = f"node_name is {shown}, and job {printable(jobs[0], 100)} has no node of that name; it has {_nodes_of(nodes.get(jobs[0]))}."
    else:
        text = f"node_name is {shown}, and none of the {len(jobs)} jobs to be rerun has a node of that name."
    return f"{text} {_meant(node, jobs, nodes) or 'Set node_name to a node of the jobs, or select other jobs.'}"


def _lacking(node: str, instances: int, jobs: t.Sequence[str], nodes: t.Mapping[str, JobNodes | None]) -> str:
    named = listed([printable(job, 100) for job in jobs], _NAMED)
    shown = printable(node, 100)
    what = f"Job {named} has no node '{shown}'" if len(jobs) == 1 else f"Jobs {named} have no node '{shown}'"
    text = f"{what}, so {counted(instances, 'instance')} {'is' if instances == 1 else 'are'} not rerun."
    return " ".join(filter(None, (text, _meant(node, jobs, nodes), f"Rerun {'it' if instances == 1 else 'them'} with another node_name.")))


def _meant(node: str, jobs: t.Iterable[str], nodes: t.Mapping[str, JobNodes | None]) -> str:
    """``Did you mean load_orders (of job daily_sales)?``, or "" if no node has a similar name."""
    owners: dict[str, str] = {}
    for job in jobs:
        known = nodes.get(job)
        for name in known.names if known is not None else ():
            owners.setdefault(name, job)
    meant = closest(node, owners)
    return "" if meant is None else f"Did you mean {printable(meant, 100)} (of job {printable(owners[meant], 100)})?"


def _nodes_of(known: JobNodes | None) -> str:
    names = [printable(name, 100) for name in known.names] if known is not None else []
    return listed(names, _NAMED) if names else "no nodes"
