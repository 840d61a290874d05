# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: what a wanted state of a job's schedule means, given the job's status and its pause in the journal.

Pure. The service can start and stop a job; a pause is a stop that the journal knows of, so that only paused jobs are started again.

| wanted | the job now | its pause in the journal | what is done |
|---|---|---|---|
| started | not SCHEDULING | any | start; the pause is over |
| stopped | not STOPPED | any | stop; the pause is over |
| stopped | STOPPED | one | nothing; the pause is over, so that nothing starts the job again |
| paused | SCHEDULING | none, or an old one | pause: claimed in the journal, then stopped |
| paused | anything else | none | nothing: we never start it |
| paused | anything else | one | nothing; it is kept. If a task asks, a rerun's pause becomes the task's, and does not end with the rerun |
| paused, by a task | anything else | a rerun's, with a request that may still take effect | wait |
| started, paused | to be started or stopped, and scheduled to run once | any | nothing: a start would run it |
| resumed | STOPPED | one | start; the pause is over |
| resumed | SCHEDULING | one, settled | nothing; somebody started it, and the pause is over |
| resumed | PAUSED, or another word | one | nothing; somebody paused it in the console, and the pause is over |
| resumed | any | one with a request that may still take effect | wait |
| resumed | any | one that another run needs | wait for that run |
| resumed | any | none | nothing |

A STOPPED job without a pause may have one in a journal that was lost. If this journal replaced an unreadable one, or has no record of the job, nobody
knows; a task that names such a job to resume it is told so. That the job was already STOPPED when it was to be paused is a record, but no proof: the
journal may have been lost before that.
"""

from __future__ import annotations

import enum
import typing as t

from .._common.errors import ApiError
from .._common.text import listed, printable
from .._common.times import to_iso
from .._models.attempt import Attempt, AttemptKind, Outcome
from .._models.instance import Job
from .._models.pause import MadeBy, Pause, Phase

STARTED, STOPPED, PAUSED, RESUMED = "started", "stopped", "paused", "resumed"
#: Moments closer than this are the same: records from the future of the journal's clock are dated by another clock, see ``sightings.py``.
_ALIKE_MS = 1000
_AS_IT_WAS = (
    "it was not scheduled when it should have been paused. If an earlier pause was lost with another journal, this one does not know it"
)
_ONCE = "it is scheduled to run once, so a start would run it"
#: The service's status words for a batch job [SDK].
SCHEDULED_STATUS, STOPPED_STATUS = "SCHEDULING", "STOPPED"


class ScheduleStep(enum.Enum):
    """Action for the schedule of a job; the values are those of results."""

    NONE = "none"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    WAIT = "wait"

    @property
    def sends(self) -> bool:
        """Whether a request follows."""
        return self not in (ScheduleStep.NONE, ScheduleStep.WAIT)


class ScheduleDecision(t.NamedTuple):
    """Decision about the schedule of one job.

    :param reason: why, in plain words.
    :param pause: the job's pause, or None.
    :param ends_pause: whether *pause* is over then.
    :param takes_over: whether *pause*, made by a rerun, becomes a task's.
    :param stays_stopped: whether a job that is STOPPED already is no longer started again, because *pause* is over.
    :param due_ms: with WAIT, when to check again at the latest, epoch ms on the journal's clock.
    :param unknown: whether the job is STOPPED and its pause may have been lost with the journal that knew it.
    :param once: whether a start would run the job, so that it is left as it is.
    :param left: whether the job is STOPPED, was already not scheduled when it was to be paused, and nothing else is known.
    """

    job_name: str
    status: str
    step: ScheduleStep
    reason: str
    pause: Pause | None = None
    ends_pause: bool = False
    due_ms: int | None = None
    unknown: bool = False
    left: bool = False
    once: bool = False
    takes_over: bool = False
    stays_stopped: bool = False

    @property
    def changes(self) -> bool:
        """Whether the scheduling changes: now, by a request, or later, because a rerun or a task no longer starts the job again."""
        return self.step.sends or self.takes_over or self.stays_stopped


class ScheduleOutcome(t.NamedTuple):
    """Outcome of a decision.

    :param status: status of the job, as far as known; the listed one until something is sent.
    :param changed: whether this run changed its scheduling, see :attr:`ScheduleDecision.changes`.
    :param error: why it failed, or None.
    :param contested: whether another run is pausing or starting the job right now.
    """

    decision: ScheduleDecision
    status: str
    changed: bool = False
    reason: str = ""
    error: ApiError | None = None
    contested: bool = False


class Moment(t.NamedTuple):
    """When, and for whom, it is decided.

    :param journal_ms: the journal's clock, epoch ms.
    :param settle_ms: how long a request may not show, ms.
    :param run_id: of the run that asks.
    :param lost_ms: when, in the last 24 hours, the journal may have lost pauses, epoch ms on its clock, or None.
    :param made_by: who asks for a pause.
    """

    journal_ms: int
    settle_ms: int
    run_id: str
    lost_ms: int | None = None
    made_by: MadeBy = MadeBy.RERUN


def decide_schedule(job: Job, wanted: str, pause: Pause | None, moment: Moment) -> ScheduleDecision:
    """Decide by the table at the top of this file."""
    status = job.status or ""
    if wanted == PAUSED:
        return _paused(job.name, status, pause, moment)
    if wanted == RESUMED:
        return _resumed(job.name, status, pause, moment)
    there = status == (SCHEDULED_STATUS if wanted == STARTED else STOPPED_STATUS)
    step = ScheduleStep.NONE if there else ScheduleStep.START if wanted == STARTED else ScheduleStep.STOP
    reason = f"it is {status or 'in an unknown status'}"
    stays = there and wanted == STOPPED and pause is not None
    if stays and pause is not None:
        reason = f"{reason}, and nothing starts it again: {_made(pause)} is over"
    return ScheduleDecision(job.name, status, step, reason, pause, ends_pause=pause is not None, stays_stopped=stays)


def runs_once(detail: t.Mapping[str, t.Any]) -> bool:
    """Whether a start would run the job instead of scheduling it, by its v1 definition [SDK]."""
    schedule = detail.get("schedule")
    return isinstance(schedule, t.Mapping) and schedule.get("type") == "EXECUTE_ONCE"


def left_as_it_is(decision: ScheduleDecision) -> ScheduleDecision:
    """*decision*, changed to do nothing, because a start would run the job."""
    return decision._replace(step=ScheduleStep.NONE, reason=_ONCE, ends_pause=False, once=True)


def gone(pause: Pause) -> ScheduleDecision:
    """Decision if the job of *pause* no longer exists."""
    return ScheduleDecision(
        pause.job_name, "", ScheduleStep.NONE, f"the job does not exist any more, and {_made(pause)} is over", pause, True
    )


def _paused(name: str, status: str, pause: Pause | None, moment: Moment) -> ScheduleDecision:
    if status == SCHEDULED_STATUS:
        return ScheduleDecision(name, status, ScheduleStep.PAUSE, f"it is {status}", pause)
    if pause is not None and pause.made_by is MadeBy.RERUN and moment.made_by is MadeBy.TASK:
        reason = f"{_made(pause)} goes on until state resumed"
        return _unsettled(name, status, pause, moment) or ScheduleDecision(name, status, ScheduleStep.NONE, reason, pause, takes_over=True)
    if pause is not None:
        return ScheduleDecision(name, status, ScheduleStep.NONE, f"{_made(pause)} goes on", pause)
    if status == STOPPED_STATUS and moment.lost_ms is not None:
        return ScheduleDecision(name, status, ScheduleStep.NONE, _nobody_knows(moment.lost_ms))
    shown = status or "in an unknown status"
    return ScheduleDecision(name, status, ScheduleStep.NONE, f"it is {shown} already, and state resumed does not start it")


def _resumed(name: str, status: str, pause: Pause | None, moment: Moment) -> ScheduleDecision:
    if pause is None:
        return ScheduleDecision(name, status, ScheduleStep.NONE, "no run has paused it")
    others = pause.held_by_others(moment.run_id, moment.journal_ms)
    if others:
        last = max(others, key=lambda hold: hold.until_ms)
        reason = f"run {last.run_id} needs its pause{', and starts it again when it is done' if pause.made_by is MadeBy.RERUN else ''}"
        return ScheduleDecision(name, status, ScheduleStep.WAIT, reason, pause, due_ms=last.until_ms)
    unsettled = _unsettled(name, status, pause, moment)
    if unsettled is not None:
        return unsettled
    if status == STOPPED_STATUS:
        return ScheduleDecision(name, status, ScheduleStep.RESUME, f"{_made(pause)} is over", pause, ends_pause=True)
    reason = f"somebody else changed it: it is {status or 'in an unknown status'}, and {_made(pause)} is over"
    return ScheduleDecision(name, status, ScheduleStep.NONE, reason, pause, ends_pause=True)


def _unsettled(name: str, status: str, pause: Pause, moment: Moment) -> ScheduleDecision | None:
    due = pause.unsettled_until(moment.settle_ms)
    if due is None or moment.journal_ms >= due:
        return None
    reason = f"{_made(pause)} was interrupted, and its outcome is not known before {to_iso(due)}"
    return ScheduleDecision(name, status, ScheduleStep.WAIT, reason, pause, due_ms=due)


def of_unknown_pause(
    decisions: t.Iterable[ScheduleDecision], unrecorded: t.Collection[str], left: t.Collection[str], lost_ms: int | None
) -> list[ScheduleDecision]:
    """*decisions*; those about STOPPED jobs without a pause say whether a pause may have been lost.

    :param unrecorded: jobs whose schedule has no record in the journal.
    :param left: jobs that were already not scheduled when they were to be paused.
    :param lost_ms: see :class:`Moment`.
    """

    def judged(decision: ScheduleDecision) -> ScheduleDecision:
        if decision.pause is not None or decision.status != STOPPED_STATUS or decision.job_name not in unrecorded:
            return decision
        if decision.job_name in left:
            return decision._replace(reason=_AS_IT_WAS, left=True)
        return decision._replace(reason=_nobody_knows(lost_ms), unknown=True)

    return [judged(decision) for decision in decisions]


def perhaps_paused(
    jobs: t.Iterable[Job], unrecorded: t.Collection[str], lost: t.Sequence[t.Mapping[str, t.Any]], gaps: t.Collection[str]
) -> str:
    """A sentence about jobs that a repair may have paused before it was killed and its journal was lost, or "".

    :param jobs: of the workspace.
    :param unrecorded: jobs whose schedule has no record in the journal.
    :param lost: PatchData of repairs that the journal does not know, from :func:`.patch_data.listed_before`.
    :param gaps: jobs with missing instances, some of which such a repair may have paused in advance.
    """
    concerned = {str(made["job_name"]) for made in lost} | ({*gaps} if lost else set())
    names = sorted(job.name for job in jobs if job.status == STOPPED_STATUS and job.name in concerned and job.name in unrecorded)
    if not names:
        return ""
    return (
        f"{listed([printable(name, 100) for name in names])}: {STOPPED_STATUS} now, and the journal does not know the repair that made PatchData"
        f" {printable(lost[0]['name'], 80)}. If its journal was lost, it may have stopped them only for the time of the repair."
        " Start what is to be scheduled with job_schedule, state started."
    )


def _nobody_knows(lost_ms: int | None) -> str:
    cause = "the journal has no record of it" if lost_ms is None else f"the journal may lack what was recorded before {to_iso(lost_ms)}"
    return f"it is {STOPPED_STATUS}, and it is unknown whether a run has paused it: {cause}"


def _made(pause: Pause) -> str:
    who = "a rerun" if pause.made_by is MadeBy.RERUN else "a task"
    return f"the pause that {who} made at {to_iso(pause.sent_ms)}"


def worth_waiting(decision: ScheduleDecision, first: dict[str, int]) -> bool:
    """Whether to go on waiting as *decision* says.

    For another run's need, only until that run may be dead: a run that renews its hold is alive and starts the job itself.

    :param first: job -> when it was first expected to be free, epoch ms on the journal's clock; filled in here.
    """
    due = decision.due_ms or 0
    return due <= first.setdefault(decision.job_name, due) + _ALIKE_MS


def left_over(pauses: t.Iterable[Pause], run_id: str, journal_ms: int) -> list[Pause]:
    """The pauses of reruns that this run has to end: its own, and those of dead runs."""
    return [pause for pause in pauses if pause.made_by is MadeBy.RERUN and not pause.held_by_others(run_id, journal_ms)]


def started_by_others(attempts: t.Iterable[Attempt], run_id: str) -> list[Attempt]:
    """The requests by which others started what this run had paused, before it did so itself.

    :param attempts: of kinds ``OF_SCHEDULES`` in a workspace, newest first.
    """
    paused: set[str] = set()
    started: dict[str, Attempt] = {}
    for attempt in reversed(list(attempts)):
        name, ours = attempt.job_name, attempt.run_id == run_id
        if attempt.outcome is not Outcome.ACCEPTED:
            continue
        if attempt.kind is AttemptKind.PAUSE:
            paused |= {name} if ours else set()
            continue
        if name in paused and not ours and attempt.kind is not AttemptKind.SCHEDULE_STOP:
            started[name] = attempt
        paused.discard(name)
    return [started[name] for name in sorted(started)]


def changed_by_hand(decision: ScheduleDecision) -> bool:
    """Whether the job is no longer stopped although its pause is open: nobody who shares the journal started it."""
    pause = decision.pause
    return decision.ends_pause and pause is not None and pause.phase is Phase.PAUSED and decision.status not in ("", STOPPED_STATUS)


def to_adopt(pauses: t.Iterable[Pause], followed: t.Collection[str], moment: Moment) -> list[Pause]:
    """The pauses that a continuing run adopts: those of reruns for the jobs *followed*, and those of dead runs.

    Not those it holds already, nor those with a request that may still take effect: these are checked again later.
    """
    pauses = list(pauses)
    dead = {pause.job_name for pause in left_over(pauses, moment.run_id, moment.journal_ms)}
    return [
        pause
        for pause in pauses
        if pause.made_by is MadeBy.RERUN
        and (pause.job_name in dead or pause.job_name in followed)
        and all(hold.run_id != moment.run_id for hold in pause.holds)
        and (pause.unsettled_until(moment.settle_ms) or 0) <= moment.journal_ms
    ]
