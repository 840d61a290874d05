# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option ``pause_schedules``: pause the jobs whose instances are rerun before the first request, start them again at the end of the run.

The jobs of dependants in other workspaces are paused too: a cycle that started there in between would run on half-repaired data.

Each pass of a run renews its pauses. A run that has not renewed them for a while counts as dead. Every run that ends also starts the jobs that
dead runs of its workspace have left paused, there or in other workspaces; the journal knows which those are. A run that continues a killed one
may have nothing to send. It adopts the pauses of the jobs that it follows, so that no other run ends them first.

A repair has one pause for all its steps: each step pauses with the id of the repair, and only the last one ends the pauses. Until then every
pass, in any workspace of the play, renews the pauses of all workspaces.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._common.errors import ApiError, JournalError, OptionError
from .._common.sightings import Sightings
from .._common.stopwatch import stopwatch
from .._common.text import printable
from .._common.times import to_iso
from .._common.waiting import Waiting
from .._journal.journal import Journal
from .._journal.pauses import PauseBook, paused_workspaces, renew_everywhere
from .._models.attempt import OF_SCHEDULES
from .._models.instance import Job, JobName
from .._models.pause import MadeBy, Pause
from .._output.downstream import jobs_text
from .._planner.schedules import (
    PAUSED,
    RESUMED,
    STOPPED_STATUS,
    Moment,
    ScheduleDecision,
    ScheduleStep,
    changed_by_hand,
    left_over,
    started_by_others,
    to_adopt,
    worth_waiting,
)
from .ansible_module import ModuleRun
from .schedules import JobSchedules
from .sender import RunIdentity, open_journal

#: Scope of the journal's notes ``<workspace of a run>/<other workspace in which it has paused jobs>``.
_PAUSED_FROM = "pauses from other workspaces"
#: Seconds between checks of whether a job can be paused or started again yet.
_PAUSE = 0.5
#: Shortest time without renewal after which a run counts as dead, ms.
_LEAST_LEASE_MS = 5_000


class RerunPauses:
    """The pauses of one run.

    :param considered: jobs that earlier passes have paused or decided not to pause; none is paused twice. Without the option, the jobs whose
        pauses they have adopted.
    :param repair: pause ids of a repair, that of this workspace first; the repair's last step ends these pauses, not this run.
    :ivar stopped: jobs that are paused for this run, kept apart from the journal in case that is lost.
    :ivar failures: sentences about jobs that could not be started again.
    :ivar notes: the same for pauses of other runs, and sentences about jobs that others have started too early.
    :ivar resumed: jobs that other runs had paused and this run has started again; each of another workspace with that workspace.
    """

    def __init__(self, run: ModuleRun, run_id: str, considered: t.Iterable[JobName] = (), repair: t.Sequence[str] = ()) -> None:
        self._run = run
        self._here: str = run.options["workspace_id"]
        self.wanted = bool(run.options["pause_schedules"])
        self._repair = tuple(repair) if self.wanted else ()
        self._id = (*self._repair, run_id)[0]
        self.considered = set(considered)
        self.stopped: set[JobName] = set()
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.resumed: list[str] = []
        self.changed = False
        self._said_at, self._silence = stopwatch(), 0.0
        if self.wanted and not self._waits:
            raise OptionError(
                "pause_schedules needs wait: nobody would start the jobs again at the end. Set wait to true, or leave it out."
            )
        if self.wanted and run.options["api_version"] == "v2":
            raise OptionError(
                "Only v1 of the API can stop and start a job, and api_version is v2 with pause_schedules. Set api_version to auto or v1."
            )

    @property
    def _waits(self) -> bool:
        """Whether the run waits for its end and can start the jobs again; modules that always wait have no option ``wait``."""
        return bool(self._run.options.get("wait", True))

    def _schedules(self, book: PauseBook, workspace_id: str) -> JobSchedules:
        identity = RunIdentity.here(self._id, self._run.options)
        return JobSchedules(self._run, self._run.api(workspace_id), book, identity, MadeBy.RERUN, self._lease_ms())

    def _lease_ms(self) -> int:
        options, due = self._run.options, self._run.result.get("due_in") or 0
        self._silence = max(self._silence, stopwatch() - self._said_at)  # a service that was this slow may be as slow again
        return max(_LEAST_LEASE_MS, int((3 * options["poll_interval"] + options["settle_time"] + due + 2 * self._silence) * 1000))

    def _book(self, journal: Journal, workspace_id: str) -> PauseBook:
        return PauseBook(journal, self._run.session.project_id, workspace_id)

    def foreseen(self, journal: Journal, jobs: t.Collection[JobName]) -> list[JobName]:
        """The jobs that :meth:`pause` would pause, or that another rerun has paused; they are started again at the end.

        :raises ApiError: the jobs cannot be listed.
        """
        known: list[JobName] = []
        for workspace_id, names in _by_workspace(jobs if self.wanted else ()).items():
            schedules = self._schedules(self._book(journal, workspace_id), workspace_id)
            with self._about(workspace_id):
                listed, pauses = schedules.read()
            decisions = schedules.decide([job for job in listed if job.name in names], PAUSED, pauses)
            meant = [decision for decision in decisions if decision.step is ScheduleStep.PAUSE or _of_rerun(decision)]
            known += [(workspace_id, decision.job_name) for decision in meant]
        return sorted(known, key=lambda job: (job[0] != self._here, job))

    def pause(self, journal: Journal, jobs: t.Collection[JobName]) -> None:
        """Pause the jobs that are scheduled and that this run has not considered before.

        :raises ApiError: one cannot be paused; those that were paused have been started again, and no rerun may be sent.
        """
        new = set(jobs) - self.considered if self.wanted else set()
        self.considered |= new
        for workspace_id, names in _by_workspace(new).items():
            self._note(journal, workspace_id)
            try:
                with self._about(workspace_id):
                    self._pause_of(journal, workspace_id, names)
            except ApiError:
                self.finish(journal)
                raise

    def _pause_of(self, journal: Journal, workspace_id: str, names: set[str]) -> None:
        waiting, schedules = Waiting(_PAUSE, _PAUSE), self._schedules(self._book(journal, workspace_id), workspace_id)
        while names:
            listed, pauses = schedules.read()
            decisions = schedules.decide([job for job in listed if job.name in names], PAUSED, pauses)
            schedules.note_left(decisions, pauses)
            # Jobs that another run is pausing or starting right now are decided again once it has finished.
            names = {
                decision.job_name
                for decision in decisions
                if not self._paused(self._book(journal, workspace_id), schedules, decision, pauses.journal_ms)
            }
            self.stopped |= {
                (workspace_id, decision.job_name)
                for decision in decisions
                if decision.job_name not in names and (decision.step is ScheduleStep.PAUSE or _of_rerun(decision))
            }
            if names:
                self._run.doing = "waiting for another run that pauses or starts a job"
                waiting.pause()

    def _say_again(self, journal: Journal) -> None:
        """Renew the pauses while many jobs are being paused, so that the first ones do not expire before the last ones are paused."""
        lease_ms = self._lease_ms()
        if (stopwatch() - self._said_at) * 4000 < lease_ms:
            return
        renew_everywhere(journal, [self._id], lease_ms)
        self._said_at = stopwatch()

    @contextlib.contextmanager
    def _about(self, workspace_id: str) -> t.Iterator[None]:
        """Context manager: an ApiError raised inside names *workspace_id* and how to do without it, if that is another workspace."""
        try:
            yield
        except ApiError as error:
            if workspace_id != self._here:
                error.message = f"what depends on it in workspace {printable(workspace_id, 100)} could not be paused: {error.message}"
                error.hint = f"{error.hint} Set downstream to report, or leave pause_schedules out.".strip()
            raise

    def _paused(self, book: PauseBook, schedules: JobSchedules, decision: ScheduleDecision, journal_ms: int) -> bool:
        """Carry out *decision*; False if another run interferes, so that it must be decided again."""
        pause = decision.pause
        if decision.step is ScheduleStep.PAUSE:
            self._run.doing = f"pausing {printable(decision.job_name, 100)}"
            outcome = schedules.perform(decision)
            self.changed = self.changed or outcome.changed
            schedules.check()
            self._say_again(book.journal)
            if outcome.error is not None:
                outcome.error.message = f"job {printable(decision.job_name, 100)} could not be paused: {outcome.error.message}"
                raise outcome.error
            return not outcome.contested
        if pause is None:
            return True
        unsettled = pause.unsettled_until(self._run.settle_ms)
        return (unsettled is None or journal_ms >= unsettled) and book.adopt(pause, self._id, self._lease_ms())

    def renew(self, journal: Journal, followed: t.Collection[JobName]) -> None:
        """Renew the pauses of this run. Adopt pauses that others have of the jobs *followed*, and pauses of dead runs in this workspace."""
        if not self._waits or self._run.options["api_version"] == "v2":
            return  # this run will not, or cannot, start the jobs again
        with contextlib.suppress(ApiError):  # the next pass and the end of the run try again
            self._write_again(journal)
        if self._repair:
            renew_everywhere(journal, self._repair, self._lease_ms())
        by_workspace = {self._here: set(), **_by_workspace({*followed, *self.considered})}
        for workspace_id in by_workspace:
            names = {name for where, name in followed if where == workspace_id}
            book = self._book(journal, workspace_id)
            pauses = book.read()
            if any(hold.run_id == self._id for pause in pauses.by_job.values() for hold in pause.holds):
                renew_everywhere(journal, [self._id], self._lease_ms())
            moment = Moment(pauses.journal_ms, self._run.settle_ms, self._id)
            for pause in to_adopt(pauses.by_job.values(), names, moment):
                if workspace_id == self._here or pause.job_name in names:
                    self._adopt(journal, book, workspace_id, pause)
        self._said_at = stopwatch()

    def _adopt(self, journal: Journal, book: PauseBook, workspace_id: str, pause: Pause) -> None:
        self._note(journal, workspace_id)
        # With the option, an adopted job may have to be paused again before its reruns, so pause() must still consider it.
        if book.adopt(pause, self._id, self._lease_ms()):
            self.stopped.add((workspace_id, pause.job_name))
            if not self.wanted:
                self.considered.add((workspace_id, pause.job_name))

    def _write_again(self, journal: Journal) -> None:
        """Write this run's pauses into the journal again if it was lost, so that some run ends them."""
        for workspace_id, names in _by_workspace(self.stopped).items():
            book = self._book(journal, workspace_id)
            unknown = book.unknown(names)
            jobs = self._run.api(workspace_id).list_jobs() if unknown else []
            lost = sorted(job.name for job in jobs if job.name in unknown and job.status == STOPPED_STATUS)
            if lost:
                self._note(journal, workspace_id)
            for name in lost:
                self._schedules(book, workspace_id).write_again(name)

    def _note(self, journal: Journal, workspace_id: str) -> None:
        """Note in the journal that this run has pauses in another workspace, for the runs that come after it."""
        if workspace_id != self._here:
            journal.note(_PAUSED_FROM, f"{self._here}/{workspace_id}", "")

    def finish(self, journal: Journal, *, kept: bool = True) -> None:
        """Start again the jobs that this run or dead runs of this workspace have paused. An error in one workspace does not stop the others.

        :param kept: whether the pauses of a repair last until its last step.
        :raises ApiError: in this workspace, or another in which the run considered jobs.
        """
        self._write_again(journal)
        if self._repair and kept:
            self.renew(journal, self.considered)
            return
        open_in = {workspace_id for project_id, workspace_id in paused_workspaces(journal) if project_id == self._run.session.project_id}
        known = {self._here, *_by_workspace(self.considered)}
        if open_in - known:
            known |= self.workspaces(journal)
        self._tell_of_others(journal)
        broken: list[ApiError] = []
        for workspace_id in sorted(open_in & known, key=lambda where: (where != self._here, where)):
            try:
                self._finish(self._book(journal, workspace_id), workspace_id)
            except ApiError as error:
                if workspace_id in {self._here, *_by_workspace(self.considered)}:
                    broken.append(error)
                else:
                    self.notes.append(not_started(error, f"What a run had paused in workspace {printable(workspace_id, 100)}"))
        if broken:
            raise broken[0]

    def _tell_of_others(self, journal: Journal) -> None:
        """Note which jobs others have started before this run was over: a run that took this one for dead, or a person's task."""
        for workspace_id in sorted(self.workspaces(journal)) if self.wanted else ():
            made = journal.history(workspace_ids=[workspace_id], kinds=OF_SCHEDULES, limit=None)
            for attempt in started_by_others(made, self._id):
                name, who = printable(attempt.job_name, 100), printable(f"{attempt.user} on {attempt.controller}", 200)
                self._note_early(
                    f"Job {name} was paused and {who} started it again at {to_iso(attempt.sent_ms)} (run {printable(attempt.run_id, 100)}),"
                    " before this run was over. Instances of it that have run since then may have read half-repaired data: check them"
                )

    def tell(self) -> None:
        """Put :attr:`resumed` into the result, if there are any."""
        if self.resumed:
            self._run.result.update(changed=True, resumed_jobs=list(self.resumed))
            self._run.warn(f"Started again what another run had paused: {jobs_text([(name, 1) for name in self.resumed])}.")

    def _note_early(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def workspaces(self, journal: Journal) -> set[str]:
        """The workspace of this run, and those in which it or another run of this workspace has paused jobs."""
        notes = (key.partition("/") for key in journal.notes(_PAUSED_FROM))
        return {self._here, *(there for here, _slash, there in notes if here == self._here)}

    def _finish(self, book: PauseBook, workspace_id: str) -> None:
        book.release(self._id)
        schedules, waiting, first = self._schedules(book, workspace_id), Waiting(_PAUSE, _PAUSE), t.cast("dict[str, int]", {})
        while True:
            decisions = self._decisions(book, schedules, workspace_id)
            for decision in decisions:
                if decision.step is not ScheduleStep.WAIT:
                    self._end(schedules, decision, workspace_id)
            if not any(decision.step is ScheduleStep.WAIT and worth_waiting(decision, first) for decision in decisions):
                return
            self._run.doing = "waiting for a pause that was interrupted"
            waiting.pause()

    def _decisions(self, book: PauseBook, schedules: JobSchedules, workspace_id: str) -> list[ScheduleDecision]:
        pauses = book.read()
        made = {name: pause for name, pause in pauses.by_job.items() if pause.made_by is MadeBy.RERUN}
        if not made:
            return []
        jobs: list[Job] = self._run.api(workspace_id).list_jobs()
        names = {job.name for job in jobs}
        ours = {pause.job_name for pause in left_over(made.values(), self._id, pauses.journal_ms)}
        gone = schedules.gone(pause for name, pause in made.items() if name in ours and name not in names)
        return schedules.decide([job for job in jobs if job.name in made], RESUMED, pauses) + gone

    def _end(self, schedules: JobSchedules, decision: ScheduleDecision, workspace_id: str) -> None:
        name = printable(decision.job_name, 100)
        name += f" of workspace {printable(workspace_id, 100)}" if workspace_id != self._here else ""
        self._run.doing = f"starting {name} again"
        ours = decision.pause is not None and decision.pause.run_id == self._id
        if changed_by_hand(decision) and (ours or (workspace_id, decision.job_name) in self.stopped):
            self._note_early(
                f"Job {name} was paused and somebody else changed it before this run was over: it is {printable(decision.status, 40)}."
                " Instances of it that have run since then may have read half-repaired data: check them"
            )
        try:
            outcome = schedules.perform(decision)
            error = outcome.error
            self.changed = self.changed or outcome.changed
            self.resumed += [name] if outcome.changed and not ours else []
            schedules.check()
        except ApiError as failure:
            error = failure
        if error is not None:
            text = not_started(error, f"Job {name} was paused and")
            texts = self.failures if ours else self.notes
            if text not in texts:
                texts.append(text)


def _by_workspace(jobs: t.Iterable[JobName]) -> dict[str, set[str]]:
    """The names of *jobs* by workspace."""
    by_workspace: dict[str, set[str]] = {}
    for workspace_id, name in sorted(jobs):
        by_workspace.setdefault(workspace_id, set()).add(name)
    return by_workspace


def not_started(error: Exception, what: str = "What was paused") -> str:
    """Sentence that *what* could not be started again."""
    return f"{what} could not be started again: {printable(error)}. Start it with job_schedule, state resumed"


def _of_rerun(decision: ScheduleDecision) -> bool:
    """Whether the job was paused by a rerun."""
    return decision.pause is not None and decision.pause.made_by is MadeBy.RERUN


def restore(run: ModuleRun, pauses: RerunPauses, sightings: Sightings) -> None:
    """Only start the paused jobs again: the pass that ends a run which did not reach its goal."""
    try:
        with open_journal(run, sightings) as journal:
            pauses.finish(journal)
    except (ApiError, JournalError) as error:
        pauses.failures.append(not_started(error))
    run.result.update(changed=pauses.changed, problems=[*pauses.failures, *pauses.notes], restored=not pauses.failures)
    pauses.tell()
