# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option ``pause_schedules``: the jobs whose instances are rerun are paused before the first request, and started again at the end of the run. So are
those of dependants in other workspaces: a cycle that starts there in between runs on data that is half repaired.

Every run that ends also starts what a dead one of its workspace has left paused, there or elsewhere: the journal knows in which other workspaces runs of
this one have paused jobs. A run is dead when it has not said for a while that it needs its pauses: it says so in each pass. A run that goes on where
another one was killed may find nothing to send: it takes on the pauses of the jobs that it follows, so that nobody ends them before it does.

A repair has one pause for all of its steps: each of them pauses by the id of the repair, and ends nothing. The last one does. Until then every pass, in
whichever workspace of the play, says that the pauses of all of them are needed.
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

#: Scope of the journal's facts about workspaces in which runs of another one have paused jobs: ``<its id>/<that of the other>``.
_PAUSED_FROM = "pauses from other workspaces"
#: How often it is read whether a job can be started again yet, seconds.
_PAUSE = 0.5
#: The shortest time after which a run that says nothing counts as dead, ms.
_LEAST_LEASE_MS = 5_000


class RerunPauses:
    """The pauses of one run.

    :param considered: the jobs that earlier passes have paused, or left as they were; none is paused twice. Without the option those whose pauses
        they have taken on.
    :ivar stopped: the jobs that are paused for this run, by its own knowledge, which outlasts a journal that is lost.
    :param repair: the ids by which a repair pauses, that of this workspace first; its last step ends them, and not this run.
    :ivar failures: sentences about jobs that could not be started again.
    :ivar notes: the same about what other runs had paused, and about jobs that others have started too early.
    :ivar resumed: the jobs that other runs had paused and this one has started again, those of other workspaces with theirs.
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
        """Whether somebody is there at the end; modules that always wait have no option for it."""
        return bool(self._run.options.get("wait", True))

    def _schedules(self, book: PauseBook, workspace_id: str) -> JobSchedules:
        identity = RunIdentity.here(self._id, self._run.options)
        return JobSchedules(self._run, self._run.api(workspace_id), book, identity, MadeBy.RERUN, self._lease_ms())

    def _lease_ms(self) -> int:
        options, due = self._run.options, self._run.result.get("due_in") or 0
        self._silence = max(self._silence, stopwatch() - self._said_at)  # a service that took so long to answer may take as long again
        return max(_LEAST_LEASE_MS, int((3 * options["poll_interval"] + options["settle_time"] + due + 2 * self._silence) * 1000))

    def _book(self, journal: Journal, workspace_id: str) -> PauseBook:
        return PauseBook(journal, self._run.session.project_id, workspace_id)

    def foreseen(self, journal: Journal, jobs: t.Collection[JobName]) -> list[JobName]:
        """Those of the jobs that :meth:`pause` pauses, or keeps paused where another rerun has: they are started again at the end.

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
        """Pause those of the jobs that are scheduled and that this run has not considered before.

        :raises ApiError: one of them cannot be paused; what was paused is started again, and nothing may be sent.
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
            # What another run is pausing, or starting again, at this moment is decided anew when it has done so.
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
        """Many jobs take long to pause: the first of them is needed until the last one is paused, and longer."""
        lease_ms = self._lease_ms()
        if (stopwatch() - self._said_at) * 4000 < lease_ms:
            return
        renew_everywhere(journal, [self._id], lease_ms)
        self._said_at = stopwatch()

    @contextlib.contextmanager
    def _about(self, workspace_id: str) -> t.Iterator[None]:
        """Errors within name another workspace, and say how to do without it."""
        try:
            yield
        except ApiError as error:
            if workspace_id != self._here:
                error.message = f"what depends on it in workspace {printable(workspace_id, 100)} could not be paused: {error.message}"
                error.hint = f"{error.hint} Set downstream to report, or leave pause_schedules out.".strip()
            raise

    def _paused(self, book: PauseBook, schedules: JobSchedules, decision: ScheduleDecision, journal_ms: int) -> bool:
        """Whether *decision* stands, and is carried out."""
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
        """This run is alive: it needs what it has paused, and takes on what others have paused of the jobs *followed*, and what dead runs have here."""
        if not self._waits or self._run.options["api_version"] == "v2":
            return  # nobody would start the jobs again, or could
        with contextlib.suppress(ApiError):  # the next pass tries again, and the end does
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
        # With the option what is still to be sent may have to be paused anew, see pause().
        if book.adopt(pause, self._id, self._lease_ms()):
            self.stopped.add((workspace_id, pause.job_name))
            if not self.wanted:
                self.considered.add((workspace_id, pause.job_name))

    def _write_again(self, journal: Journal) -> None:
        """What the journal knew of this run's pauses before it was lost, so that somebody ends them."""
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
        """Whoever comes after this run is to know where it needs pauses."""
        if workspace_id != self._here:
            journal.note(_PAUSED_FROM, f"{self._here}/{workspace_id}", "")

    def finish(self, journal: Journal, *, kept: bool = True) -> None:
        """Start again what this run has paused, and what dead runs of this workspace have, whatever goes wrong with one workspace.

        :param kept: whether what a repair has paused stays so until its last step.
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
        """Tell which jobs others have started meanwhile: another run that took this one for dead, or a person's task."""
        for workspace_id in sorted(self.workspaces(journal)) if self.wanted else ():
            made = journal.history(workspace_ids=[workspace_id], kinds=OF_SCHEDULES, limit=None)
            for attempt in started_by_others(made, self._id):
                name, who = printable(attempt.job_name, 100), printable(f"{attempt.user} on {attempt.controller}", 200)
                self._note_early(
                    f"Job {name} was paused and {who} started it again at {to_iso(attempt.sent_ms)} (run {printable(attempt.run_id, 100)}),"
                    " before this run was over. What it has run since may have read data that was half repaired: check it"
                )

    def tell(self) -> None:
        """Put into the result what other runs had paused and this one has started again, if there is anything."""
        if self.resumed:
            self._run.result.update(changed=True, resumed_jobs=list(self.resumed))
            self._run.warn(f"Started again what another run had paused: {jobs_text([(name, 1) for name in self.resumed])}.")

    def _note_early(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def workspaces(self, journal: Journal) -> set[str]:
        """That of this run, and those in which it, or another run of it, has paused jobs."""
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
                " What it has run since may have read data that was half repaired: check it"
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
    """A sentence about *what* could not be started again."""
    return f"{what} could not be started again: {printable(error)}. Start it with job_schedule, state resumed"


def _of_rerun(decision: ScheduleDecision) -> bool:
    """Whether a rerun has paused the job."""
    return decision.pause is not None and decision.pause.made_by is MadeBy.RERUN


def restore(run: ModuleRun, pauses: RerunPauses, sightings: Sightings) -> None:
    """The pass that ends a run which is over before its goal: it lists and reruns nothing, and starts again what was paused."""
    try:
        with open_journal(run, sightings) as journal:
            pauses.finish(journal)
    except (ApiError, JournalError) as error:
        pauses.failures.append(not_started(error))
    run.result.update(changed=pauses.changed, problems=[*pauses.failures, *pauses.notes], restored=not pauses.failures)
    pauses.tell()
