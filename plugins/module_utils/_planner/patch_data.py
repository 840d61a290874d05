# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData: whether a run may be sent, whether a run of the same name is the same, how far it is, and how it ended. Pure."""

from __future__ import annotations

import collections
import json
import typing as t
from datetime import timedelta

from .._common.errors import OptionError
from .._common.times import EPOCH, Window, parse_point, to_iso
from .._models.attempt import EFFECTIVE, Attempt, AttemptKind, Outcome, Slot
from .._models.instance import InstanceType, JobInstance, JobName, Status
from .._models.patch_data import ANY_RUN_TIME, EVERY_INSTANCE, PatchData, PatchDataRow

#: How long an accepted run that is not listed counts as existing, ms: as long as an accepted rerun.
ACCEPTED_MS = 900_000
#: How far the clock that stamps starts may be behind the one that stamps submissions, ms.
SLACK_MS = 60_000
_WORDS = {Status.SUCCESS: "succeeded", Status.FAIL: "failed", Status.RUNNING: "running", Status.WAITING: "waiting"}


class Sendable(t.NamedTuple):
    """Whether a run that is not listed may be sent.

    :param send: whether it may be sent now; otherwise it may be from *due_ms* on, epoch ms on the service's clock.
    :param reason: why not, for people.
    """

    send: bool
    due_ms: int = 0
    reason: str = ""


def sendable(attempt: Attempt | None, now_ms: int, settle_ms: int) -> Sendable:
    """Whether a run that is not listed may be sent.

    :param attempt: the newest attempt for its name by any controller that shares the journal, or None.
    :param now_ms: lower bound of the service's time when the list was read.
    """
    if attempt is None or attempt.outcome not in EFFECTIVE:
        return Sendable(True)
    if attempt.outcome is Outcome.ACCEPTED:
        due, reason = max(attempt.sent_ms, attempt.last_ms) + max(settle_ms, ACCEPTED_MS), "it was accepted, and is not listed yet"
    else:
        due, reason = attempt.settle_window_end(settle_ms), "whether an earlier request took effect is unknown yet"
    return Sendable(now_ms >= due, due, reason)


class ListedRuns(t.NamedTuple):
    """The list of PatchData runs on which the finding "instances are missing" is based.

    :param names: workspace -> names of the runs listed there, for the job's own workspace and for those of the jobs above it, whose PatchData may
        include it.
    :param at_ms: lower bound of the service's time at the list, epoch ms.
    """

    names: t.Mapping[str, t.AbstractSet[str]]
    at_ms: int


def unseen(
    job: JobName, slot: Slot, made: t.Iterable[tuple[Attempt, t.Mapping[str, t.Any] | None]], seen: ListedRuns, settle_ms: int
) -> str:
    """The name of another PatchData run that may fill what seemed missing, and that *seen* did not show yet, or "".

    It is a run of *job*, or of a job above that includes it, and may have been started.

    :param job: workspace and name.
    :param slot: slot of the run that is to be started.
    :param made: the newest attempt of each PatchData slot, in the workspaces of *seen*, with its content from the journal.
    """
    for attempt, content in made:
        workspace_id, name = attempt.failure.workspace_id, _name_of(attempt)
        jobs = {(workspace_id, attempt.job_name)}
        jobs |= {(str(entry.get("workspace_id")), str(entry.get("job_name"))) for entry in (content or {}).get("depend_jobs") or ()}
        other = attempt.kind is AttemptKind.PATCH_DATA and job in jobs and attempt.failure.slot != slot
        if other and name not in seen.names.get(workspace_id, ()) and not sendable(attempt, seen.at_ms, settle_ms).send:
            return name
    return ""


def made_before(attempt: Attempt, content: str, name: str, window: Window) -> dict[str, t.Any] | None:
    """The plan times for which *attempt*, of an earlier task, may have made instances, as an entry of ``made_before``.

    Dependants of these may have run without them. None if it is not a PatchData attempt of a repair, or made nothing in *window*.

    :param content: of the run, from the journal.
    :param name: prefix of the names of those runs.
    """
    if attempt.kind is not AttemptKind.PATCH_DATA or attempt.outcome not in EFFECTIVE or not _name_of(attempt).startswith(name):
        return None
    try:
        body = json.loads(content)
        begin, end = (parse_point(body[option], option=option) for option in ("start_date", "end_date"))
    except (KeyError, TypeError, ValueError, OptionError):
        return None
    return _made((attempt.failure.workspace_id, attempt.job_name), _name_of(attempt), Window(begin, end), window)


def listed_before(row: PatchDataRow, workspace_id: str, name: str, window: Window) -> dict[str, t.Any] | None:
    """Like :func:`made_before`, from a listed *row*: the only trace of an earlier task if the journal is younger or was lost."""
    if len(row.jobs) != 1 or row.begin is None or row.end is None or not row.name.startswith(name):
        return None
    return _made((workspace_id, row.jobs[0]), row.name, Window(row.begin, row.end), window)


def _made(job: JobName, name: str, dates: Window, window: Window) -> dict[str, t.Any] | None:
    if dates.end < window.begin or dates.begin > window.end:
        return None
    times = {"start_date": str(dates.begin), "end_date": str(dates.end), "until": dates.end, "state": "made"}
    return {"workspace_id": job[0], "job_name": job[1], "name": name, **times}


def _name_of(attempt: Attempt) -> str:
    return attempt.failure.job_id.partition(":")[2]


def differences(asked: PatchData, row: PatchDataRow, known: t.Mapping[str, t.Any] | None) -> list[dict[str, t.Any]]:
    """How a listed run differs from the requested run of the same name: ``option``, ``wanted`` and ``actual`` of each difference.

    :param known: content of the listed run in the journal, as a row does not have all of it; None if another controller or a person started it.
    """
    seen: dict[str, tuple[t.Any, t.Any]] = {}
    if row.jobs:
        names = [asked.job_name, *(name for name, _workspace in asked.depend_jobs)]
        seen["job_name and depend_jobs"] = (sorted(names), sorted(row.jobs))
    if row.begin is not None and row.end is not None and not asked.day_granularity:
        seen["start_date"] = (to_iso(asked.begin), to_iso(row.begin))
        seen["end_date"] = (to_iso(asked.end), to_iso(row.end))
    if row.parallel is not None:
        seen["parallel"] = (asked.parallel, row.parallel)
    if row.run_time not in (None, ANY_RUN_TIME) or asked.run_time != ANY_RUN_TIME:
        seen["run_between, run_weekdays and run_month_days"] = (asked.run_time, row.run_time or ANY_RUN_TIME)
    if row.instance_time not in (None, EVERY_INSTANCE) or asked.instance_time != EVERY_INSTANCE:
        seen["only_days and only_between"] = (asked.instance_time, row.instance_time or EVERY_INSTANCE)
    if known is not None:
        wanted = asked.content()
        for name in sorted({*wanted, *known} - {"start_date", "end_date", "parallel", "name"}):
            seen.setdefault(_OPTIONS.get(name, name), (wanted.get(name), known.get(name)))
    return [{"option": option, "wanted": wanted, "actual": actual} for option, (wanted, actual) in seen.items() if wanted != actual]


#: Field of a request -> options that it comes from.
_OPTIONS = {
    "job_name": "job_name and depend_jobs",
    "is_day_granularity": "day_granularity",
    "is_stop_when_fail": "stop_when_fail",
    "reverse_order": "newest_first",
    "supplement_data_run_time": "run_between, run_weekdays and run_month_days",
    "supplement_data_instance_time": "only_days and only_between",
}


def own_instances(instances: t.Iterable[JobInstance], row: PatchDataRow) -> list[JobInstance]:
    """The instances that the run in *row* probably made. The service does not say to which run an instance belongs.

    These are, for each job and plan time, the newest PatchData instance that neither started nor ended before the run was submitted.
    """
    since = (row.submitted or 0) - SLACK_MS
    newest: dict[tuple[JobName, int], JobInstance] = {}
    for instance in instances:
        moments = [moment for moment in (instance.start_time, instance.end_time) if moment is not None]
        if instance.instance_type is not InstanceType.PATCH_DATA or (moments and max(moments) < since):
            continue
        if instance.start_time is not None and instance.start_time < since:
            continue
        key = (instance.job, instance.key.plan_time)
        other = newest.get(key)
        if other is None or _age(instance) > _age(other):
            newest[key] = instance
    return sorted(newest.values(), key=lambda instance: (instance.key.plan_time, instance.job_name, instance.key.workspace_id))


def _age(instance: JobInstance) -> tuple[int, int]:
    instance_id = instance.instance_id or ""
    return int(instance_id) if instance_id.isdecimal() else 0, instance.start_time or 0


def by_date(instances: t.Iterable[JobInstance], offset_hours: int) -> list[dict[str, t.Any]]:
    """Progress by date, oldest first: ``date`` in the zone of *offset_hours*, ``total``, and the numbers of succeeded, failed, running, waiting and
    other instances.
    """
    dates: dict[str, collections.Counter[str]] = {}
    for instance in instances:
        moment = EPOCH + timedelta(milliseconds=instance.key.plan_time, hours=offset_hours)
        counts = dates.setdefault(moment.strftime("%Y-%m-%d"), collections.Counter())
        counts["total"] += 1
        counts[_WORDS.get(instance.status, "other")] += 1
    words = ("total", *_WORDS.values(), "other")
    return [{"date": date, **{word: dates[date][word] for word in words}} for date in sorted(dates)]


def without_success(instances: t.Iterable[JobInstance]) -> list[JobInstance]:
    """The instances that ended or hang without success."""
    return [instance for instance in instances if instance.status is not Status.SUCCESS and not instance.status.in_progress]


def ended(row: PatchDataRow, instances: t.Sequence[JobInstance]) -> bool:
    """Whether nothing of the run is left in progress.

    The run's status when an instance has failed is not documented: with nothing in progress it counts as ended, whatever the status.
    """
    if row.state != "running":
        return True
    return bool(without_success(instances)) and not any(instance.status.in_progress for instance in instances)
