# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop, pause and resume the schedules of jobs, one request each, by the decisions of ``_planner/schedules.py``.

A pause is claimed in the journal before the stop, and closed only once the start that ends it is known to have worked. If this process dies in
between, the journal tells the next run which jobs to start again. The status of the job shows whether a start or stop worked.
"""

from __future__ import annotations

import typing as t

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, ClaimLostError, JournalError, Kind
from .._common.text import printable
from .._common.waiting import Waiting
from .._journal.pauses import OpenPauses, PauseBook
from .._models.attempt import AttemptKind, Outcome
from .._models.instance import Job
from .._models.pause import MadeBy, Pause, Phase
from .._planner.outcomes import SHARED_KINDS
from .._planner.schedules import (
    SCHEDULED_STATUS,
    STOPPED_STATUS,
    Moment,
    ScheduleDecision,
    ScheduleOutcome,
    ScheduleStep,
    decide_schedule,
    gone,
    left_as_it_is,
    runs_once,
)
from .ansible_module import ModuleRun
from .recorded_write import About, Log, RecordedWrite
from .sender import RunIdentity
from .write import Basis, Writer, flight_ms

#: First pause before the status of a job is read again after a lost answer, seconds.
_FIRST_PAUSE = 0.2
#: How often one invocation sends a start or a stop whose answers get lost.
_MAX_SENDS = 3


class JobSchedules:
    """The schedules of the jobs of one workspace.

    :param made_by: what kind of run pauses jobs.
    :param lease_ms: how long a pause lasts unless the run renews it; None if it lasts until somebody resumes the job.
    """

    def __init__(
        self, run: ModuleRun, api: WorkspaceApi, book: PauseBook, identity: RunIdentity, made_by: MadeBy, lease_ms: int | None = None
    ) -> None:
        self._run, self._api, self._book, self._identity = run, api, book, identity
        self._made_by, self._lease_ms = made_by, lease_ms
        self._client, self._writer = run.session.client, Writer(run.session.client)
        self._log = Log(book.journal, self._client, identity, api.workspace_id)

    def read(self) -> tuple[list[Job], OpenPauses]:
        """A consistent view of jobs and pauses: lists the jobs until the journal is the same before and after.

        Otherwise a job that another run pauses in between would show as scheduled and paused, and its pause would count as over.
        """
        pauses = self._book.read()
        while True:
            jobs, before = self._api.list_jobs(), pauses
            pauses = self._book.read()
            if pauses.claims == before.claims:
                return jobs, pauses

    def decide(self, jobs: t.Iterable[Job], wanted: str, pauses: OpenPauses) -> list[ScheduleDecision]:
        """One decision for each of *jobs*, in the order of their names. :raises ApiError: a job's definition is needed and cannot be read."""
        moment = Moment(pauses.journal_ms, self._run.settle_ms, self._identity.run_id, pauses.lost_ms, self._made_by)
        decisions = [decide_schedule(job, wanted, pauses.by_job.get(job.name), moment) for job in sorted(jobs, key=lambda job: job.name)]
        starts = (ScheduleStep.START, ScheduleStep.PAUSE)  # a paused job is started later
        return [
            left_as_it_is(decision) if decision.step in starts and runs_once(self._api.job_detail(decision.job_name)) else decision
            for decision in decisions
        ]

    def note_left(self, decisions: t.Iterable[ScheduleDecision], pauses: OpenPauses) -> None:
        """Record in the journal which jobs were not scheduled when others were paused, unless a lost pause may be the reason."""
        if pauses.lost_ms is None:
            self._book.note_left(
                [decision.job_name for decision in decisions if decision.step is ScheduleStep.NONE and decision.pause is None]
            )

    @staticmethod
    def gone(pauses: t.Iterable[Pause]) -> list[ScheduleDecision]:
        """Decisions about paused jobs that no longer exist."""
        return [gone(pause) for pause in sorted(pauses, key=lambda pause: pause.job_name)]

    def perform(self, decision: ScheduleDecision) -> ScheduleOutcome:
        """Carry out *decision*.

        :raises ApiError: of a kind that every other request would meet too; nothing was sent for this job.
        :raises JournalError: the journal cannot be used; nothing was sent for this job, or whether it took effect is unknown.
        """
        self.check()
        try:
            return self._performed(decision)
        except ApiError as error:
            if error.kind in SHARED_KINDS:
                raise
            return ScheduleOutcome(decision, decision.status, error=error, reason=printable(error))

    def write_again(self, name: str) -> bool:
        """Write the pause of a job into a journal that has lost it; False if the journal has one."""
        who = self._identity
        pause = self._book.begin(name, self._made_by, who.run_id, (who.controller, who.user, who.purpose), self._client.clock.now_ms(), 0)
        if pause is not None:  # else another run has written it
            self._change(pause, Phase.PAUSED, self._made_by)
        if self._lease_ms is not None:
            self._book.hold([name], who.run_id, self._lease_ms)
        return pause is not None

    def check(self) -> None:
        """Call this once the outcome of :meth:`perform` is in the result; see :meth:`.write.Writer.check`.

        :raises JournalError: the outcome could not be recorded.
        """
        self._writer.check()

    def _performed(self, decision: ScheduleDecision) -> ScheduleOutcome:
        pause = decision.pause
        if decision.step is ScheduleStep.PAUSE:
            return self._pause(decision)
        if decision.step is ScheduleStep.RESUME and pause is not None:
            return self._resume(decision, pause)
        if decision.step is ScheduleStep.START:
            outcome = self._until_shown(decision, self._write(AttemptKind.SCHEDULE_START, decision.job_name), SCHEDULED_STATUS)
            if outcome.error is None and pause is not None:
                return self._closed(outcome, pause, "started by a task")
            return outcome
        if pause is not None and decision.takes_over:
            kept = self._book.change(pause, Phase.PAUSED, run_id=pause.run_id, made_by=self._made_by)
            return _contested(decision) if kept is None else _settled(decision)
        if pause is not None and decision.ends_pause:
            # Before the stop, so that a job which people stop is never started again, whatever happens next.
            ended = "ended by a task" if decision.step is ScheduleStep.STOP else printable(decision.reason, 200)
            if not self._book.close(pause, ended):
                return _contested(decision)
        if decision.step is ScheduleStep.STOP:
            return self._until_shown(decision, self._write(AttemptKind.SCHEDULE_STOP, decision.job_name), STOPPED_STATUS)
        return _settled(decision)

    def _write(self, kind: AttemptKind, name: str) -> RecordedWrite:
        send = self._api.start_schedule if kind in (AttemptKind.SCHEDULE_START, AttemptKind.RESUME) else self._api.stop_schedule
        return RecordedWrite(lambda: send(name), self._log, About(kind, name))

    def _pause(self, decision: ScheduleDecision) -> ScheduleOutcome:
        name, who, client = decision.job_name, self._identity, self._client

        def claim(pause: Pause | None) -> Pause | None:
            if pause is None:
                people = (who.controller, who.user, who.purpose)
                claimed = self._book.begin(name, self._made_by, who.run_id, people, client.clock.now_ms(), flight_ms(client))
            else:
                claimed = self._change(pause, Phase.PAUSING, self._made_by, flight_ms(client))
            if claimed is not None and self._lease_ms is not None:
                self._book.hold([name], who.run_id, self._lease_ms)
            return claimed

        def check() -> None:
            self._check_status(name, SCHEDULED_STATUS, ", and is not started again")

        write = _PauseWrite(self._write(AttemptKind.PAUSE, name), decision.pause, claim, check)
        outcome, pause, known = self._until_shown(decision, write, STOPPED_STATUS), write.pause, decision.pause
        # A run that changed the pause meanwhile may have started the job by now.
        if pause is not None and not self._recorded(lambda: self._paused(pause, known, outcome)):
            return outcome._replace(contested=True)
        return outcome

    def _paused(self, pause: Pause, known: Pause | None, outcome: ScheduleOutcome) -> object:
        """Record what the stop that ended in *outcome* made of *pause*, which was claimed in place of *known*.

        :return: false if another run has changed the pause.
        """
        if outcome.error is None and outcome.changed:
            kept = self._change(pause, Phase.PAUSED, self._made_by)
            return kept or (self._book.lost(pause) and self.write_again(pause.job_name))
        if outcome.error is not None and outcome.error.kind is Kind.AMBIGUOUS:
            return True
        if known is not None:
            # Restore the earlier pause: the stop of the run that made it may have taken effect, and that run needs it to start the job again.
            return self._change(pause, known.phase, known.made_by, known.flight_ms)
        return self._book.close(pause, "stopped by somebody else first" if outcome.error is None else "the stop was refused")

    def _resume(self, decision: ScheduleDecision, known: Pause) -> ScheduleOutcome:
        def claim(pause: Pause | None) -> Pause | None:
            return self._change(pause or known, Phase.RESUMING, known.made_by, flight_ms(self._client))

        name = decision.job_name
        write = _PauseWrite(self._write(AttemptKind.RESUME, name), known, claim, lambda: self._check_status(name, STOPPED_STATUS))
        outcome, pause = self._until_shown(decision, write, SCHEDULED_STATUS), write.pause or known
        if outcome.error is None:
            return self._closed(outcome, pause, "started again" if outcome.changed else "somebody else changed it")
        if outcome.error.kind is not Kind.AMBIGUOUS:
            self._recorded(lambda: self._change(pause, Phase.PAUSED, known.made_by))
        return outcome

    def _closed(self, outcome: ScheduleOutcome, pause: Pause, ended: str) -> ScheduleOutcome:
        """Close *pause* after the start that ended in *outcome*, unless another run has changed the pause since."""
        if self._recorded(lambda: self._book.close(pause, ended)):
            return outcome
        return outcome._replace(reason=f"{outcome.reason}, and another run has changed its pause since")

    def _recorded(self, work: t.Callable[[], object]) -> bool:
        """Record the outcome of a request; False if another run has changed its pause since.

        A JournalError is raised only by the next :meth:`check`, so that it does not hide what was sent.
        """
        try:
            return bool(work())
        except JournalError as error:
            self._writer.fail(error)
            return True

    def _change(self, pause: Pause, phase: Phase, made_by: MadeBy, flight: int = 0) -> Pause | None:
        return self._book.change(pause, phase, run_id=self._identity.run_id, made_by=made_by, flight_ms=flight)

    def _check_status(self, name: str, expected: str, consequence: str = "") -> None:
        """Check that the job still has the status that the decision is based on. :raises ApiError: MOVED_ON, it does not."""
        status = self._status(name)
        if status != expected:
            raise ApiError(Kind.MOVED_ON, f"somebody else changed it: it is {status or 'gone'}{consequence}")

    def _until_shown(self, decision: ScheduleDecision, write: RecordedWrite, wanted: str) -> ScheduleOutcome:
        """Send until the job has the status *wanted* or the service refuses.

        If the service refuses and the job has that status, somebody else changed it.
        """
        was = decision.reason if decision.step is ScheduleStep.RESUME else f"it was {decision.status or 'in an unknown status'}"
        name, done = decision.job_name, ScheduleOutcome(decision, wanted, changed=True, reason=was)
        lost: ApiError | None = None
        for _number in range(_MAX_SENDS):
            ending = self._writer.send(write, Basis())
            if ending is None:
                return _contested(decision)
            error = ending.error
            if error is None:
                return done
            if error.kind in SHARED_KINDS:
                raise error
            if ending.outcome is Outcome.UNKNOWN:
                lost = error
                lost.hint = "It may have taken effect: the status of the job shows it. Run it again: it reads the status first."
                if self._reaches(name, wanted):
                    self._recorded(write.confirm)
                    return done
                continue
            status = self._status(name)
            if status == wanted:
                return done._replace(changed=lost is not None, reason=f"it is {wanted} by now")
            if error.kind is Kind.MOVED_ON:
                return ScheduleOutcome(decision, status, reason=error.message)
            refusal = "it was not sent" if error.kind is Kind.STALE else "the service refused it"
            return ScheduleOutcome(decision, status, error=error, reason=f"{refusal}: {printable(error)}")
        return ScheduleOutcome(decision, decision.status, error=lost, reason=f"whether it took effect is unknown: {printable(lost)}")

    def _reaches(self, name: str, wanted: str) -> bool:
        """Whether the job shows the status *wanted* within ``settle_time``."""
        waiting = Waiting(_FIRST_PAUSE, timeout=self._run.settle_ms / 1000)
        return waiting.until(lambda: self._status(name), lambda status: status == wanted) == wanted

    def _status(self, name: str) -> str:
        """The status of the job now; "" if it does not exist."""
        jobs = self._api.list_jobs(name)
        return (jobs[0].status or "") if jobs else ""


def _settled(decision: ScheduleDecision) -> ScheduleOutcome:
    """Outcome of a *decision* that needed no request, once the journal has it."""
    return ScheduleOutcome(decision, decision.status, decision.changes, decision.reason)


def _contested(decision: ScheduleDecision) -> ScheduleOutcome:
    return ScheduleOutcome(decision, decision.status, reason="another run is pausing or starting it at this moment", contested=True)


class _PauseWrite(RecordedWrite):
    """The write that begins or ends a pause. It also claims the pause, and is sent only while the job has the expected status.

    :param write: the same request without the claim of the pause.
    :param pause: the journal's pause, or None.
    :param claim: creates the pause or changes its phase; returns None if another run has changed it.
    :param check: raises unless the job has the expected status.
    :ivar pause: the pause as last claimed.
    """

    def __init__(
        self,
        write: RecordedWrite,
        pause: Pause | None,
        claim: t.Callable[[Pause | None], Pause | None],
        check: t.Callable[[], None],
    ) -> None:
        super().__init__(write.post, write.log, write.about)
        self.pause, self._claim, self._check = pause, claim, check

    def claim(self) -> bool:
        """Claim the pause, then the attempt."""
        return self._pause_claimed() and super().claim()

    def stamp(self) -> None:
        super().stamp()
        if not self._pause_claimed():
            raise ClaimLostError(
                "Failed to keep the claim of a pause in the journal: another run took it over in the meantime. Run it again."
            )

    def last_check(self) -> None:
        """Check that the job still has the expected status."""
        self._check()

    def _pause_claimed(self) -> bool:
        claimed = self._claim(self.pause)
        self.pause = claimed or self.pause
        return claimed is not None
