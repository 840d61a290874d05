# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Summary of a play over all workspaces, as numbers for programs; :mod:`.closing` is for people. Pure.

Hosts are in the inventory's order. The tasks have counted; nothing is decided here. Lists are bounded, because a night may have thousands of
instances. In what AWX passes on, texts from the service have no template characters.
"""

from __future__ import annotations

import re
import typing as t

from ...module_utils._common.grouping import grouped_by
from ...module_utils._common.text import first_of, printable
from ...module_utils._models.selection import has_wildcard
from .._common.templates import untemplated, untemplated_lines
from .._task.counts import COUNTS, counts, counts_by_job
from .._task.passes import Identity, identity
from .causes import as_statistics, causes_of
from .downstream import downstream_of
from .words import first_names, say

Result = t.Mapping[str, t.Any]
Counts = t.Dict[str, int]

#: Most names in a sentence; the rest is counted.
_NAMED = 3
#: Most jobs in the summary; the rest is counted.
LISTED_JOBS = 500
#: Longest text of closing lines in statistics, characters.
TEXT_LENGTH = 4000
#: Keys of a plan that bind the run it is passed to.
PLAN_KEYS = ("plan_id", "planned_after", "planned_before", "since")
#: Names that YAML reads as text.
_TEXT = re.compile(r"(?!(?:yes|no|true|false|on|off|null|y|n)$)[^-+.~<=!&*0-9]", re.IGNORECASE)


def summarize(results: t.Mapping[str, Result]) -> dict[str, t.Any]:
    """Numbers over all workspaces.

    :param results: inventory host -> result of job_rerun or job_instance_retry; {} if there is none.
    :returns: ``workspaces``: host -> :data:`~.._task.counts.COUNTS`; ``jobs``: one dict per job of a workspace, with workspace, job_name and the
        counts that are not 0, broken ones first, at most :data:`LISTED_JOBS`; ``more_jobs``: number of further jobs; ``totals``: counts over all,
        in which an instance that several workspaces report counts once; ``reasons``: why instances failed, the most frequent first;
        ``downstream``: effect -> number of dependants; ``no_result``: hosts without counts; ``to_rerun``, ``broken``: of the totals; ``to_make``:
        number of missing instances that a repair is to make; ``succeeded``: whether every workspace reached its goal.
    """
    workspaces: dict[str, Counts] = {}
    jobs: list[dict[str, t.Any]] = []
    for host, result in results.items():
        workspaces[host] = _workspace(result)
        jobs += [{"workspace": host, "job_name": untemplated(name), **numbers} for name, numbers in by_job(result).items()]
    jobs.sort(key=lambda job: (-job.get("broken", 0), job["workspace"], job["job_name"]))
    counted = [result for result in results.values() if has_counts(result)]
    twice = [_again(*pair) for pair in zip(counted, repeated_instances([result.get("instances") or () for result in counted]), strict=True)]
    totals = {name: sum(numbers[name] for numbers in workspaces.values()) - sum(numbers[name] for numbers in twice) for name in COUNTS}
    return {
        "workspaces": workspaces,
        "jobs": jobs[:LISTED_JOBS],
        "more_jobs": max(0, len(jobs) - LISTED_JOBS),
        "totals": totals,
        "no_result": [host for host, result in results.items() if not has_counts(result)],
        "reasons": as_statistics(causes_of(results.values())),
        "downstream": {group["effect"]: group["count"] for group in downstream_of(results.values())},
        "to_rerun": totals["to_rerun"],
        "to_make": sum(
            int(gap["instances"]) for result in results.values() for gap in result.get("missing") or () if gap["state"] == "missing"
        ),
        "broken": totals["broken"],
        "succeeded": all(bool(result.get("succeeded", has_counts(result) and "error" not in result)) for result in results.values()),
    }


def repeated_instances(listed: t.Sequence[t.Iterable[Result]]) -> list[frozenset[Identity]]:
    """For each workspace, the instances that another workspace reports instead.

    A dependant may be in the results of several workspaces, its own included. It is reported by one of them: one that knows why it failed, else the
    first that has it as a dependant.

    :param listed: the instances of each workspace.
    """
    dependants = {identity(instance) for instances in listed for instance in instances if instance.get("downstream")}
    if not dependants:
        return [frozenset() for _instances in listed]
    tellers: dict[Identity, tuple[tuple[bool, bool], int]] = {}
    for number, instances in enumerate(listed):
        for instance in instances:
            key, rank = (
                identity(instance),
                (bool(instance.get("failure") or instance.get("error_message")), bool(instance.get("downstream"))),
            )
            if key not in tellers or rank > tellers[key][0]:
                tellers[key] = rank, number
    return [
        frozenset(key for key in map(identity, instances) if key in dependants and tellers[key][1] != number)
        for number, instances in enumerate(listed)
    ]


def told_once(listed: t.Sequence[t.Sequence[Result]]) -> list[list[Result]]:
    """The instances of each workspace without those that another one reports; parameter as for :func:`repeated_instances`."""
    by_workspace = zip(listed, repeated_instances(listed), strict=True)
    return [[instance for instance in instances if identity(instance) not in repeated] for instances, repeated in by_workspace]


def _again(result: Result, repeated: t.Container[Identity]) -> Counts:
    """The part of *result*'s counts that comes from its *repeated* instances."""
    check = bool(result.get("check_mode"))
    instances = [instance for instance in result.get("instances") or () if identity(instance) in repeated]
    numbers = counts(instances, result.get("statuses") or (), check=check, over=not (check or result.get("succeeded", True)))
    return {**numbers, **_late(result, numbers)}


def plans(results: t.Mapping[str, Result]) -> dict[str, dict[str, t.Any]]:
    """The plans to approve, for every host that has one: :func:`plan_key` of the host -> plan.

    A plan has plan_id, planned_after, planned_before and since (epoch ms); plan_record, by which a workspace whose plan differs later can say what
    changed; and in a repair the keys of :func:`repair_plan`.
    """
    return {
        plan_key(host): {
            **{name: result[name] for name in (*PLAN_KEYS, "plan_record") if name in result},
            **repair_plan(result),
        }
        for host, result in results.items()
        if all(result.get(name) for name in PLAN_KEYS)
    }


def bound_record(result: Result) -> dict[str, t.Any]:
    """The binding part of a plan's record: its instances, and those that it reruns only if it turns out that they need it; {} without the latter."""
    record = result.get("plan_record") or {}
    return {name: str(record[name]) for name in ("instances", "possible")} if record.get("possible") else {}


def repair_plan(result: Result) -> dict[str, t.Any]:
    """Further keys of a repair's plan; {} if *result* is not of a repair.

    ``gaps``: names of the PatchData runs that it makes or has made; ``missing_at``: the time at which instances counted as missing, epoch ms;
    ``missing_options``: how they are made.

    :param result: of a host, or its workspace in a report.
    """
    if "missing" not in result:
        return {}
    names = [str(gap["name"]) for gap in result["missing"] if gap.get("state") in ("missing", "made", "failed")]
    return {"gaps": names, **{name: result.get(name) for name in ("missing_at", "missing_options")}}


def statistics_text(lines: t.Sequence[str]) -> str:
    """The closing *lines* as one text for statistics, without templates and at most :data:`TEXT_LENGTH` characters.

    It is for notifications, and for people who read a job's artifacts and not its output.
    """
    text = untemplated_lines("\n".join(lines))
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def plan_key(host: str) -> str:
    """The key of *host* in plans: with prefix ``host `` if YAML would not read the name as text.

    AWX passes plans in YAML, in which ansible-core 2.19 and later read ``0777`` as 511.
    """
    return host if _TEXT.match(host) else f"host {host}"


def shared_workspaces(workspace_ids: t.Mapping[str, str]) -> list[str]:
    """A warning for each workspace that several inventory hosts stand for.

    :param workspace_ids: host -> workspace id.
    """
    hosts = grouped_by(workspace_ids, workspace_ids.__getitem__)
    return [
        f"Hosts {', '.join(several)} represent the same workspace {printable(workspace_id, 100)}. Each instance is still rerun once, but counted for each "
        "host, and limits such as max_parallel apply to each host separately. Keep one of the hosts, or set different jobs for them."
        for workspace_id, several in hosts.items()
        if len(several) > 1
    ]


class Unmatched(t.NamedTuple):
    """A name or pattern in ``jobs`` that matches no job in any of the workspaces *hosts*, which have the same ``jobs``; *text* is the message."""

    hosts: tuple[str, ...]
    text: str


def unmatched_patterns(results: t.Mapping[str, Result]) -> list[Unmatched]:
    """The names and patterns in ``jobs`` that match no job in any of the workspaces with the same ``jobs``.

    A name that matches in one of them is fine: with the same ``jobs`` for many workspaces, not each workspace has every job. Different ``jobs`` were
    written for their workspaces and are judged separately. Nothing is reported if a workspace failed before its names were checked, or if its
    ``jobs`` are unknown, because the name may match there.
    """
    if any(result and "job_patterns" not in result for result in results.values()):
        return []
    asked, unmatched = _asked_together(results), []
    for group in asked:
        hosts = tuple(group)
        where = _workspaces(hosts) if len(asked) > 1 else "any workspace"
        for name, match in _matches(group.values()).items():
            if not match.matched and not match.unknown:
                remedy = printable(match.suggestion, 200) or f"Check the {'pattern' if has_wildcard(name) else 'name'} in jobs."
                unmatched.append(Unmatched(hosts, f"No job of {where} matches {printable(name, 100)}. {remedy}"))
    return unmatched


def jobs_of_some(results: t.Mapping[str, Result], language: str) -> str:
    """One line about jobs in ``jobs`` that only some of the workspaces have, which may be a mistake; "" if there are none."""
    texts = [
        say(language, "{job} in {n} of {all}", match.matched, job=printable(name, 100), all=match.asked)
        for hosts in _asked_together(results)
        for name, match in _matches(hosts.values()).items()
        if not has_wildcard(name) and 0 < match.matched < match.asked
    ]
    names = first_names(language, texts, _NAMED)
    return say(language, "Jobs that only some workspaces have: {names}.", names=names) if texts else ""


class _Match(t.NamedTuple):
    """How a name or pattern matches in several workspaces.

    :param matched: number of workspaces in which it matches a job.
    :param asked: number of workspaces in which it was checked.
    :param unknown: number of workspaces in which it was not checked.
    :param suggestion: the first suggestion of a similar name, or "".
    """

    matched: int = 0
    asked: int = 0
    unknown: int = 0
    suggestion: str = ""


def _asked_together(results: t.Mapping[str, Result]) -> list[dict[str, Result]]:
    """The results grouped by ``jobs``: one dict, host -> result, for each different value."""
    asked = {host: frozenset(str(entry["pattern"]) for entry in result.get("job_patterns") or ()) for host, result in results.items()}
    return [{host: results[host] for host in hosts} for patterns, hosts in grouped_by(asked, asked.__getitem__).items() if patterns]


def _matches(results: t.Iterable[Result]) -> dict[str, _Match]:
    by_name: dict[str, _Match] = {}
    for entry in (entry for result in results for entry in result["job_patterns"]):
        match = by_name.get(str(entry["pattern"]), _Match())
        suggestion = match.suggestion or str(entry.get("suggestion") or "")
        known = entry["matches"] is not None
        by_name[str(entry["pattern"])] = _Match(
            match.matched + bool(entry["matches"]), match.asked + known, match.unknown + (not known), suggestion
        )
    return by_name


def _workspaces(hosts: t.Sequence[str]) -> str:
    if len(hosts) == 1:
        return f"workspace {printable(hosts[0], 100)}"
    return f"workspaces {first_of([printable(host, 100) for host in hosts], _NAMED)}"


def has_counts(result: Result) -> bool:
    """Whether the result has counts. Results of job_rerun always have a recap, which is empty if nothing could be counted."""
    return bool(result.get("recap", "instances" in result))


def by_job(result: Result) -> dict[str, Counts]:
    """Job name -> counts that are not 0: those in the result of job_rerun, or counted from the instances of job_instance_retry."""
    recaps = result.get("recap_by_job")
    if recaps is not None:
        return {str(name): {**numbers, **_late(result, numbers)} for name, numbers in recaps.items()}
    recounted = counts_by_job(result.get("instances") or (), result.get("statuses") or (), check=bool(result.get("check_mode")))
    return {name: numbers for name, numbers in recounted.items() if numbers.keys() - {"other"}}


def _workspace(result: Result) -> Counts:
    total = dict.fromkeys(COUNTS, 0)
    for numbers in [result["recap"]] if result.get("recap") else by_job(result).values():
        for name in COUNTS:
            total[name] += numbers.get(name, 0)
    return {**total, **(_late(result, total) if result.get("recap") else {})}


def _late(result: Result, numbers: t.Mapping[str, int]) -> Counts:
    """Count instances in progress as broken too, if the task ended because of ``wait_timeout``."""
    late = numbers.get("running", 0) + numbers.get("waiting", 0) if result.get("timed_out") else 0
    return {"broken": numbers.get("broken", 0) + late} if late else {}
