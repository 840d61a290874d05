# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: which missing instances are made before the failed ones are rerun, which after, and whether they are those that were approved. Pure.

Failed instances may read what was never made, so missing instances come first. But below a failed job they would be made from wrong data, and
PatchData runs an instance only once: these come after the reruns. Each step follows from what the steps before left in a workspace.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.grouping import grouped_by
from .._common.text import counted, first_of, printable
from .._models.gap import FAILED, GONE, MADE, TO_MAKE, Gap
from .._models.instance import JobName
from .._models.patch_data import PatchDataRow
from .graph import reachable
from .plan_id import changed_options
from .schedules import SCHEDULED_STATUS

#: When missing instances are made.
BEFORE, AFTER = "before_reruns", "after_reruns"
#: The last step, which resumes what the others have paused.
END = "end"
#: Reason for leaving a gap of a scheduled job alone.
EARLIER = "an earlier version of the job was in force, maybe with another schedule"
#: Options that an approval covers; options that select what is made are covered by the gaps.
_APPROVED = ("parallel", "not_between", "pause_schedules")
_NAMED = 5
_DIGITS = 13  # digits of a time
#: A result of module supplement_missing in any stage; results that Ansible made up have no ``gaps``.
Result = t.Mapping[str, t.Any]
#: Standings that need no action.
_WHOLE = ("succeeded", "already_done", "other")


@dataclass(frozen=True)
class RepairSnapshot:
    """State of one workspace for a repair.

    :param missing: gaps to be filled.
    :param above: job -> the jobs that it depends on, as far as its definition was read.
    :param failed: jobs with failed instances.
    """

    workspace_id: str
    missing: tuple[Gap, ...] = ()
    above: t.Mapping[str, t.Sequence[JobName]] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, result: t.Any) -> RepairSnapshot | None:
        """Read the snapshot from a result of module supplement_missing; None if it has none."""
        try:
            above = {str(name): [(str(where), str(job)) for where, job in jobs] for name, jobs in result["upstream"].items()}
            return cls(
                str(result["workspace_id"]),
                tuple(Gap.of(gap) for gap in result.get("gaps") or () if gap.get("state") == TO_MAKE),
                above,
                frozenset(map(str, result.get("failed_jobs") or ())),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Stages:
    """When the gaps are filled.

    :param stage: name of the PatchData run -> :data:`BEFORE` or :data:`AFTER`.
    :param refused: workspace -> why one repair cannot order it correctly.
    """

    stage: t.Mapping[str, str]
    refused: t.Mapping[str, str]


def left_alone(gap: Gap, *, stopped_jobs: bool) -> str:
    """Why the missing instances of a gap are not made, or "".

    A job whose schedule somebody stopped may have been stopped for good, and another job may do its work now. What an earlier version of a job
    planned is unknown.

    :param stopped_jobs: whether to fill such gaps anyway.
    """
    if stopped_jobs:
        return ""
    if gap.job_status and gap.job_status != SCHEDULED_STATUS:
        return f"the job is {printable(gap.job_status.lower(), 40)} now"
    return EARLIER if gap.earlier_version else ""


def stages(snapshots: t.Sequence[RepairSnapshot]) -> Stages:
    """When the missing instances of each workspace are made.

    :param snapshots: of all workspaces repaired together.
    """
    graph = _graph(snapshots)
    failed = {(snapshot.workspace_id, name) for snapshot in snapshots for name in snapshot.failed}
    due = [gap for snapshot in snapshots for gap in snapshot.missing]
    absent = {gap.job for gap in due}
    above = {job: reachable(graph, [job]) for job in absent | failed}
    late = {job for job in absent if above[job] & failed or any(other[0] != job[0] for other in above[job] & absent)}
    return Stages({gap.name: AFTER if gap.job in late else BEFORE for gap in due}, _refused(late, failed, absent, above))


def _refused(
    late: t.AbstractSet[JobName],
    failed: t.AbstractSet[JobName],
    absent: t.AbstractSet[JobName],
    above: t.Mapping[JobName, t.AbstractSet[JobName]],
) -> dict[str, str]:
    """Workspace -> why one repair cannot order it.

    Two cases: a failed job below instances made after the reruns, and such instances that depend on others of their kind in another workspace.
    """
    refused: dict[str, str] = {}
    for job in sorted(failed):
        for gap in sorted(above[job] & late - {job}):
            first = ", ".join(printable(name, 80) for _where, name in sorted(above[gap] & (failed | absent))[:_NAMED])
            text = (
                f"job {printable(job[1], 80)} failed and depends on missing instances of {printable(gap[1], 80)}, which themselves depend on {first}. "
                "One repair cannot do these in the right order. Repair in two steps: first with dataarts_jobs set to "
                f"{first}, then without it"
            )
            refused.setdefault(job[0], text)
            refused.setdefault(gap[0], text)
    for job in sorted(late):
        for gap in sorted(above[job] & late):
            if gap[0] != job[0]:
                text = (
                    f"the missing instances of job {printable(job[1], 80)} depend on those of job {printable(gap[1], 80)} in workspace "
                    f"{printable(gap[0], 100)}, which are also made after the reruns. Repair that workspace first, with --limit, then this one"
                )
                refused.setdefault(job[0], text)
    return refused


def held_back(snapshots: t.Sequence[RepairSnapshot]) -> dict[str, str]:
    """Name of the PatchData run -> why it is not made after the reruns: a job above it is still broken, so it would run on wrong data.

    :param snapshots: of all workspaces repaired together; ``failed`` has the jobs that are broken after the reruns.
    """
    graph = _graph(snapshots)
    broken = {(snapshot.workspace_id, name) for snapshot in snapshots for name in snapshot.failed}
    late: dict[str, str] = {}
    for gap in (gap for snapshot in snapshots for gap in snapshot.missing):
        causes = sorted(reachable(graph, [gap.job]) & broken)
        if causes:
            names = ", ".join(printable(name, 80) for _where, name in causes[:_NAMED])
            late[gap.name] = f"the job depends on {names}, which did not succeed. Run the repair again when the cause is corrected"
    return late


def waves(missing: t.Iterable[Gap], above: t.Mapping[str, t.Sequence[JobName]]) -> list[list[Gap]]:
    """*missing*, of one workspace, in consecutive waves: a job comes after those that it depends on.

    A wave has one gap of each job, oldest first, because the service refuses a second PatchData run of a job while one is running [DGC-UG].

    :param above: see :class:`RepairSnapshot`.
    """
    by_job = grouped_by(sorted(missing, key=lambda gap: (gap.begin, gap.job_name)), lambda gap: gap.job)
    here = next(iter(by_job), ("", ""))[0]
    graph = {(here, name): tuple(jobs) for name, jobs in above.items()}
    below = {job: (reachable(graph, [job]) - {job}) & by_job.keys() for job in by_job}
    ordered: list[list[Gap]] = []
    left = dict(by_job)
    while left:
        # A circle of jobs has no first one: all of them start.
        ready = [job for job in left if not below[job] & left.keys()] or list(left)
        number = max(len(left[job]) for job in ready)
        ordered += [[left[job][index] for job in ready if index < len(left[job])] for index in range(number)]
        left = {job: gaps for job, gaps in left.items() if job not in ready}
    return ordered


def made_meanwhile(gap: Gap, plan_times: t.Iterable[int]) -> tuple[str, str]:
    """New state of *gap* since it was listed, with a text; ("", "") if unchanged.

    :param plan_times: of all instances of its job now, epoch ms.
    """
    more = len({moment // 1000 for moment in plan_times if gap.begin <= moment <= gap.end})
    if not more:
        return "", ""
    if more >= gap.instances:
        return GONE, "somebody else made them in the meantime"
    return FAILED, "some of them were made in the meantime. Run the repair again for the others"


def being_made(gap: Gap, listed: t.Mapping[str, t.Iterable[PatchDataRow]]) -> str:
    """The name of another running PatchData run that makes instances of *gap*'s job for its plan times, or "".

    A run is listed in the workspace of its own job, and names its jobs without workspaces. So a run in another workspace with a single job concerns
    that workspace's job, even one of the same name; with several jobs, any of them may be *gap*'s.

    :param listed: workspace id -> runs listed there.
    """
    for where, row in ((where, row) for where, rows in listed.items() for row in rows):
        overlaps = row.begin is None or row.end is None or (row.begin <= gap.end and row.end >= gap.begin)
        names = row.jobs if where == gap.workspace_id or len(row.jobs) > 1 else ()
        if (where, row.name) != (gap.workspace_id, gap.name) and row.state == "running" and gap.job_name in names and overlaps:
            return row.name
    return ""


def workspaces_above(missing: t.Iterable[Gap], snapshots: t.Sequence[RepairSnapshot]) -> set[str]:
    """Ids of the workspaces of all jobs that those of *missing* depend on: PatchData there may include them, and is listed only there."""
    graph = _graph(snapshots)
    return {where for where, _name in reachable(graph, (gap.job for gap in missing))}


def approved_names(plan: t.Mapping[str, t.Any]) -> frozenset[str]:
    """Names of the PatchData runs approved for one workspace, from its entry of approved plans. Entries of playbook rerun have none."""
    names = plan.get("gaps")
    return frozenset(map(str, names)) if isinstance(names, (list, tuple)) else frozenset()


def approved_options(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The *options* of supplement_missing that an approval covers."""
    return {name: options[name] for name in _APPROVED}


def made_otherwise(plan: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> str:
    """How *options* differ from those of the approved *plan*, as one text for people.

    "" if they do not, if the plan makes nothing, or if it has no options because a person wrote it.
    """
    before = plan.get("options")
    if not isinstance(before, t.Mapping) or not approved_names(plan):
        return ""
    changed = changed_options(before, approved_options(options))
    return f"what is missing would be made otherwise than it was approved: {changed}" if changed else ""


def missing_at(plan: t.Mapping[str, t.Any] | None, now_ms: int) -> int:
    """The time at which plan times count as due, epoch ms on the service's clock.

    With an approval it is when the approved *plan* was made, so that plan times due since then are not a change; otherwise *now_ms*.
    """
    text = "" if plan is None else str(plan.get("missing_at") or "")
    return min(int(text), now_ms) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else now_ms


def changes(due: t.Sequence[Gap], approved: t.AbstractSet[str], made: t.Container[str]) -> str:
    """The differences between what is missing and what was approved, as one text for people, or "".

    :param due: what would be made now.
    :param approved: approved names.
    :param made: names of existing PatchData runs: an approved one that exists is not a change.
    """
    added = [gap for gap in due if gap.name not in approved]
    gone = sorted(name for name in approved - {gap.name for gap in due} if name not in made)
    texts = []
    if added:
        texts.append(f"not approved: {first_of([gap.text() for gap in added], _NAMED)}")
    if gone:
        texts.append(f"approved, but no longer missing: PatchData {first_of([printable(name, 80) for name in gone], _NAMED)}")
    if not texts:
        return ""
    what = counted(sum(gap.instances for gap in due), "missing instance")
    return f"what is missing differs from what was approved, now {what}; {'; '.join(texts)}"


def _graph(snapshots: t.Iterable[RepairSnapshot]) -> dict[JobName, tuple[JobName, ...]]:
    """Job -> the jobs that it depends on, over all workspaces."""
    return {(snapshot.workspace_id, name): tuple(jobs) for snapshot in snapshots for name, jobs in snapshot.above.items()}


def reruns_follow(missing: Result) -> bool:
    """Whether the failed instances are rerun next.

    Not if what is missing is unknown, was not approved, or cannot be ordered. Unsuccessful PatchData does not prevent it.
    """
    error = missing.get("error")
    kind = error.get("kind") if isinstance(error, t.Mapping) else None
    return "gaps" in missing and kind in (None, "incomplete")


def left_to_make(missing: Result, *, late: bool = False) -> bool:
    """Whether something is still to be made.

    :param late: count only what is made after the reruns; in check mode, nothing.
    """
    if not reruns_follow(missing) or (late and missing.get("check_mode")):
        return False
    return any(gap.get("state") == TO_MAKE and (not late or gap.get("stage") == AFTER) for gap in missing["gaps"])


def made_late(missing: Result) -> bool:
    """Whether something was made after the reruns, so that its dependants are due now."""
    if not reruns_follow(missing) or missing.get("check_mode"):
        return False
    return any(gap.get("state") == MADE and gap.get("stage") == AFTER for gap in missing["gaps"])


def broken_jobs(missing: Result, instances: t.Iterable[t.Mapping[str, t.Any]] | None) -> set[JobName]:
    """The jobs that are still broken after the reruns, including dependants in other workspaces.

    :param instances: their standings after the reruns; None if unknown: then all jobs that had failed count.
    """
    here = str(missing.get("workspace_id"))
    if instances is None:
        return {(here, str(name)) for name in missing.get("failed_jobs") or ()}
    left = (instance for instance in instances if instance.get("standing") not in _WHOLE)
    return {(str(instance.get("workspace_id") or here), str(instance["job_name"])) for instance in left}
