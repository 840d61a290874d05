# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option ``pause_schedules``: the jobs whose instances are rerun are paused before the first request, and started again at the end of the run.

Every run that ends also starts what a dead one has left paused. A run is dead when it has not said for a while that it needs its pauses: it says
so in each pass. A run that goes on where another one was killed may find nothing to send: it takes on the pauses of the jobs that it follows, so
that nobody ends them before it does.
"""

from __future__ import annotations

import typing as t

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, JournalError, OptionError
from .._common.sightings import Sightings
from .._common.text import printable
from .._common.waiting import Waiting
from .._journal.journal import Journal
from .._journal.pauses import PauseBook
from .._models.instance import Job
from .._models.pause import MadeBy
from .._planner.schedules import PAUSED, RESUMED, Moment, ScheduleDecision, ScheduleStep, left_over, to_adopt, worth_waiting
from .ansible_module import ModuleRun
from .schedules import JobSchedules
from .sender import RunIdentity, open_journal

#: How often it is read whether a job can be started again yet, seconds.
_PAUSE = 0.5
#: The shortest time after which a run that says nothing counts as dead, ms.
_LEAST_LEASE_MS = 5_000


class RerunPauses:
    """The pauses of one run.

    :param considered: the jobs that earlier passes have paused, or left as they were; none is paused twice. Without the option those whose pauses
        they have taken on.
    :ivar failures: sentences about jobs that could not be started again.
    :ivar notes: the same about what other runs had paused.
    """

    def __init__(self, run: ModuleRun, api: WorkspaceApi, run_id: str, considered: t.Iterable[str]) -> None:
        self._run, self._api, self._id = run, api, run_id
        self.wanted = bool(run.options["pause_schedules"])
        self.considered = set(considered)
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.changed = False
        if self.wanted and not run.options["wait"]:
            raise OptionError(
                "pause_schedules needs wait: nobody would start the jobs again at the end. Set wait to true, or leave it out."
            )
        if self.wanted and run.options["api_version"] == "v2":
            raise OptionError(
                "Only v1 of the API can stop and start a job, and api_version is v2 with pause_schedules. Set api_version to auto or v1."
            )

    def _schedules(self, book: PauseBook) -> JobSchedules:
        return JobSchedules(self._run, self._api, book, RunIdentity.here(self._id, self._run.options), MadeBy.RERUN, self._lease_ms())

    def _lease_ms(self) -> int:
        options, due = self._run.options, self._run.result.get("due_in") or 0
        return max(_LEAST_LEASE_MS, int((3 * options["poll_interval"] + options["settle_time"] + due) * 1000))

    def _book(self, journal: Journal) -> PauseBook:
        return PauseBook(journal, self._run.session.project_id, self._api.workspace_id)

    def foreseen(self, journal: Journal, job_names: t.Collection[str]) -> list[str]:
        """The names of those of the jobs that :meth:`pause` pauses, or keeps paused where another rerun has: they are started again at the end.

        :raises ApiError: the jobs cannot be listed.
        """
        if not self.wanted or not job_names:
            return []
        schedules = self._schedules(self._book(journal))
        listed, pauses = schedules.read()
        decisions = schedules.decide([job for job in listed if job.name in job_names], PAUSED, pauses)
        return [decision.job_name for decision in decisions if decision.step is ScheduleStep.PAUSE or _of_rerun(decision)]

    def pause(self, journal: Journal, job_names: t.Collection[str]) -> None:
        """Pause those of the jobs that are scheduled and that this run has not considered before.

        :raises ApiError: one of them cannot be paused; what was paused is started again, and nothing may be sent.
        """
        new = set(job_names) - self.considered
        if not self.wanted or not new:
            return
        self.considered |= new
        book, waiting = self._book(journal), Waiting(_PAUSE, _PAUSE)
        schedules = self._schedules(book)
        while new:
            listed, pauses = schedules.read()
            decisions = schedules.decide([job for job in listed if job.name in new], PAUSED, pauses)
            # What another run is pausing, or starting again, at this moment is decided anew when it has done so.
            new = {decision.job_name for decision in decisions if not self._paused(journal, schedules, decision, pauses.journal_ms)}
            if new:
                self._run.doing = "waiting for another run that pauses or starts a job"
                waiting.pause()

    def _paused(self, journal: Journal, schedules: JobSchedules, decision: ScheduleDecision, journal_ms: int) -> bool:
        """Whether *decision* stands, and is carried out."""
        pause = decision.pause
        if decision.step is ScheduleStep.PAUSE:
            self._run.doing = f"pausing {printable(decision.job_name, 100)}"
            outcome = schedules.perform(decision)
            self.changed = self.changed or outcome.changed
            schedules.check()
            if outcome.error is not None:
                self.finish(journal)
                outcome.error.message = f"job {printable(decision.job_name, 100)} could not be paused: {outcome.error.message}"
                raise outcome.error
            return not outcome.contested
        if pause is None or not _of_rerun(decision):
            return True
        unsettled = pause.unsettled_until(int(self._run.options["settle_time"]) * 1000)
        return (unsettled is None or journal_ms >= unsettled) and self._book(journal).adopt(pause, self._id, self._lease_ms())

    def renew(self, journal: Journal, followed: t.Collection[str]) -> None:
        """This run is alive: it needs what it has paused, and takes on what others have paused of the jobs *followed*, and what dead runs have."""
        if not self._run.options["wait"] or self._run.options["api_version"] == "v2":
            return  # nobody would start the jobs again, or could
        book = self._book(journal)
        pauses = book.read()
        if any(hold.run_id == self._id for pause in pauses.by_job.values() for hold in pause.holds):
            book.renew(self._id, self._lease_ms())
        moment = Moment(pauses.journal_ms, int(self._run.options["settle_time"]) * 1000, self._id)
        for pause in to_adopt(pauses.by_job.values(), followed, moment):
            # With the option what is still to be sent may have to be paused anew, see pause().
            if book.adopt(pause, self._id, self._lease_ms()) and not self.wanted:
                self.considered.add(pause.job_name)

    def finish(self, journal: Journal) -> None:
        """Start again what this run has paused, and what dead runs have."""
        book = self._book(journal)
        if not book.read().by_job:
            return
        book.release(self._id)
        schedules, waiting, first = self._schedules(book), Waiting(_PAUSE, _PAUSE), t.cast("dict[str, int]", {})
        while True:
            decisions = self._decisions(book, schedules)
            for decision in decisions:
                if decision.step is not ScheduleStep.WAIT:
                    self._end(schedules, decision)
            if not any(decision.step is ScheduleStep.WAIT and worth_waiting(decision, first) for decision in decisions):
                return
            self._run.doing = "waiting for a pause that was interrupted"
            waiting.pause()

    def _decisions(self, book: PauseBook, schedules: JobSchedules) -> list[ScheduleDecision]:
        pauses = book.read()
        made = {name: pause for name, pause in pauses.by_job.items() if pause.made_by is MadeBy.RERUN}
        if not made:
            return []
        jobs: list[Job] = self._api.list_jobs()
        names = {job.name for job in jobs}
        ours = {pause.job_name for pause in left_over(made.values(), self._id, pauses.journal_ms)}
        gone = schedules.gone(pause for name, pause in made.items() if name in ours and name not in names)
        return schedules.decide([job for job in jobs if job.name in made], RESUMED, pauses) + gone

    def _end(self, schedules: JobSchedules, decision: ScheduleDecision) -> None:
        name = printable(decision.job_name, 100)
        self._run.doing = f"starting {name} again"
        ours = decision.pause is not None and decision.pause.run_id == self._id
        try:
            outcome = schedules.perform(decision)
            error = outcome.error
            self.changed = self.changed or outcome.changed
            schedules.check()
        except ApiError as failure:
            error = failure
        if error is not None:
            text = f"Job {name} was paused and could not be started again: {printable(error)}. Start it with job_schedule, state resumed"
            texts = self.failures if ours else self.notes
            if text not in texts:
                texts.append(text)


def _of_rerun(decision: ScheduleDecision) -> bool:
    """Whether a rerun has paused the job."""
    return decision.pause is not None and decision.pause.made_by is MadeBy.RERUN


def restore(run: ModuleRun, pauses: RerunPauses, sightings: Sightings) -> None:
    """The pass that ends a run which is over before its goal: it lists and reruns nothing, and starts again what was paused."""
    try:
        with open_journal(run, sightings) as journal:
            pauses.finish(journal)
    except (ApiError, JournalError) as error:
        pauses.failures.append(f"What was paused could not be started again: {printable(error)}. Start it with job_schedule, state resumed")
    run.result.update(changed=pauses.changed, problems=[*pauses.failures, *pauses.notes], restored=not pauses.failures)
