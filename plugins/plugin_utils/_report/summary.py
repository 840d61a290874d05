# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Summary of a play: what was done in all workspaces, as numbers for programs; :mod:`.closing` says it to people. Pure.

Hosts come in the inventory's order. Numbers are those that the tasks counted; nothing is decided here. Lists are bounded, because a night
may have thousands of instances. Text of the service is data, without a character of a template in what AWX passes on.
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

#: Names that a sentence lists; the rest is counted.
_NAMED = 3
#: Jobs that the numbers list; the rest is counted.
LISTED_JOBS = 500
#: Characters of the closing lines that statistics carry.
TEXT_LENGTH = 4000
#: What a plan is held to when it is passed to a run.
PLAN_KEYS = ("plan_id", "planned_after", "planned_before", "since")
#: Names that YAML takes for text.
_TEXT = re.compile(r"(?!(?:yes|no|true|false|on|off|null|y|n)$)[^-+.~<=!&*0-9]", re.IGNORECASE)


def summarize(results: t.Mapping[str, Result]) -> dict[str, t.Any]:
    """Numbers over all workspaces.

    :param results: by name of the inventory's host, what its task of job_rerun or job_instance_retry returned; empty if it has none.
    :returns: ``workspaces``: host -> :data:`~.._task.counts.COUNTS`; ``jobs``: one dict for each job of a workspace with something to say, with
        workspace, job_name and the counts that are not 0, what is broken first, at most :data:`LISTED_JOBS`; ``more_jobs``: how many more
        there are; ``totals``: counts over all, in which an instance that several workspaces tell of counts once; ``reasons``: why instances
        failed, the most frequent first; ``downstream``: how many instances that depend on what was rerun are concerned, by effect;
        ``no_result``: hosts about which nothing is known; ``to_rerun``, ``broken``: of the totals; ``to_make``: how many missing instances a
        repair is to make;
        ``succeeded``: whether every workspace reached its goal.
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
    """Which of the instances of each workspace another one tells of. What several reruns have as a dependant, and its own workspace lists too, is told
    by one of them: by one that knows why it failed, or else by the first that has it as a dependant.

    :param listed: instances by workspace.
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
    """The instances of each workspace without those that another one tells of; parameter as of :func:`repeated_instances`."""
    by_workspace = zip(listed, repeated_instances(listed), strict=True)
    return [[instance for instance in instances if identity(instance) not in repeated] for instances, repeated in by_workspace]


def _again(result: Result, repeated: t.Container[Identity]) -> Counts:
    """What the counts of *result* have of those of its instances that are *repeated*."""
    check = bool(result.get("check_mode"))
    instances = [instance for instance in result.get("instances") or () if identity(instance) in repeated]
    numbers = counts(instances, result.get("statuses") or (), check=check, over=not (check or result.get("succeeded", True)))
    return {**numbers, **_late(result, numbers)}


def plans(results: t.Mapping[str, Result]) -> dict[str, dict[str, t.Any]]:
    """What an approval is about: :func:`plan_key` of a host -> plan_id, planned_after, planned_before and since (epoch ms), of every host
    that has a plan; plan_record, from which a workspace whose plan is another one by then says what changed; and of a repair what is missing, see
    :func:`repair_plan`."""
    return {
        plan_key(host): {
            **{name: result[name] for name in (*PLAN_KEYS, "plan_record") if name in result},
            **repair_plan(result),
        }
        for host, result in results.items()
        if all(result.get(name) for name in PLAN_KEYS)
    }


def bound_record(result: Result) -> dict[str, t.Any]:
    """What of the record of a plan belongs to it: the instances that it reruns only if they turn out to need it, with the others; {} if it has none."""
    record = result.get("plan_record") or {}
    return {name: str(record[name]) for name in ("instances", "possible")} if record.get("possible") else {}


def repair_plan(result: Result) -> dict[str, t.Any]:
    """What the plan of a repair says in addition: gaps, the names of the PatchData of what it makes or has made, missing_at, when it was missing, and
    missing_options, how it is made.

    :param result: of a host, or its workspace in a report; {} if it is not one of a repair.
    """
    if "missing" not in result:
        return {}
    names = [str(gap["name"]) for gap in result["missing"] if gap.get("state") in ("missing", "made", "failed")]
    return {"gaps": names, **{name: result.get(name) for name in ("missing_at", "missing_options")}}


def statistics_text(lines: t.Sequence[str]) -> str:
    """The closing *lines* as one text for statistics, in which nothing is a template, at most :data:`TEXT_LENGTH` characters: for a
    notification, and for whoever reads a job's artifacts and not its output."""
    text = untemplated_lines("\n".join(lines))
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def plan_key(host: str) -> str:
    """The name of *host* in plans: with a word before it if YAML would take it for something else than text, as AWX hands plans over in
    YAML and ansible-core 2.19 and later take 511 for ``0777``."""
    return host if _TEXT.match(host) else f"host {host}"


def shared_workspaces(workspace_ids: t.Mapping[str, str]) -> list[str]:
    """A sentence for each workspace that several hosts of the inventory stand for.

    :param workspace_ids: by host.
    """
    hosts = grouped_by(workspace_ids, workspace_ids.__getitem__)
    return [
        f"Hosts {', '.join(several)} represent the same workspace {printable(workspace_id, 100)}. Each instance is still rerun once, but counted for each "
        "host, and limits such as max_parallel apply to each host separately. Keep one of the hosts, or set different jobs for them."
        for workspace_id, several in hosts.items()
        if len(several) > 1
    ]


class Unmatched(t.NamedTuple):
    """A name or a pattern in ``jobs`` that matches no job in any of the workspaces *hosts*, which have the same ``jobs``; *text* says so."""

    hosts: tuple[str, ...]
    text: str


def unmatched_patterns(results: t.Mapping[str, Result]) -> list[Unmatched]:
    """What in ``jobs`` matches no job in any of the workspaces that have the same ``jobs``.

    What matches somewhere is as it was meant: whoever asks many workspaces for the same jobs does not know the jobs of each. Where ``jobs`` differ,
    they were written for their workspaces. Where one of them was refused before its jobs were looked for, it may match there, and nothing is said;
    likewise where it is not known what one was asked for.
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
    """One line about the jobs in ``jobs`` that some of the workspaces do not have, as nobody may have meant that; "" if there is none."""
    texts = [
        say(language, "{job} in {n} of {all}", match.matched, job=printable(name, 100), all=match.asked)
        for hosts in _asked_together(results)
        for name, match in _matches(hosts.values()).items()
        if not has_wildcard(name) and 0 < match.matched < match.asked
    ]
    names = first_names(language, texts, _NAMED)
    return say(language, "Jobs that only some workspaces have: {names}.", names=names) if texts else ""


class _Match(t.NamedTuple):
    """Of how many of the workspaces that were *asked* a name or a pattern *matched* a job, in how many nobody looked, and what one of the others suggests."""

    matched: int = 0
    asked: int = 0
    unknown: int = 0
    suggestion: str = ""


def _asked_together(results: t.Mapping[str, Result]) -> list[dict[str, Result]]:
    """The results, by host, of the workspaces that have the same ``jobs``."""
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
    """Whether the task got so far that it could count. That of job_rerun always has a recap, an empty one if it did not."""
    return bool(result.get("recap", "instances" in result))


def by_job(result: Result) -> dict[str, Counts]:
    """Counts by job name, without zeros: those of job_rerun, or made of the instances that job_instance_retry returns."""
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
    """What was in progress when the time was up has missed the goal too."""
    late = numbers.get("running", 0) + numbers.get("waiting", 0) if result.get("timed_out") else 0
    return {"broken": numbers.get("broken", 0) + late} if late else {}
