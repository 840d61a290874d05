# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_schedule: start, stop, pause or resume the schedules of jobs."""

from __future__ import annotations

import typing as t
import uuid

from .._api.job_query import JobCatalog
from .._common.errors import OptionError
from .._common.text import counted, first_of, printable
from .._common.times import Window
from .._common.waiting import Waiting
from .._journal.journal import Journal
from .._journal.pauses import OpenPauses, PauseBook
from .._models.instance import Job
from .._models.pause import MadeBy
from .._models.run_scope import check_durations, check_limit
from .._models.selection import Selection, select
from .._output.schedules import schedule_diff, schedule_results
from .._planner.schedules import (
    RESUMED,
    STOPPED_STATUS,
    ScheduleDecision,
    ScheduleOutcome,
    ScheduleStep,
    of_unknown_pause,
    worth_waiting,
)
from .ansible_module import ModuleRun, error_result
from .info import must_match
from .schedules import JobSchedules
from .sender import RunIdentity, open_journal

#: Seconds between checks of whether a job can be started again yet.
_PAUSE = 1.0
_VERBS = {"started": "start", "stopped": "stop", "paused": "pause", "resumed": "resume"}


#: What to do about jobs that may or may not be paused.
_NEXT_STEP = "Use state started for the jobs that are to be scheduled, and leave out those that are to stay stopped"


def job_schedule(run: ModuleRun) -> None:
    """The logic of module job_schedule; see :class:`ModuleRun` and the module's documentation."""
    options = run.options
    run.what = f"Failed to {_VERBS[options['state']]} the scheduling of jobs {run.where}"
    if options["api_version"] == "v2":
        raise OptionError("Only v1 of the API can start and stop a job, and api_version is v2. Set api_version to auto or v1.")
    check_limit("max_jobs", options["max_jobs"])
    check_durations(options)
    with open_journal(run) as journal:
        _Task(run, journal).work()


class _Task:
    """One invocation of the module."""

    def __init__(self, run: ModuleRun, journal: Journal) -> None:
        self._run, options = run, run.options
        self._wanted: str = options["state"]
        self._selection: Selection = select(options["jobs"], Window(0, 0))
        self._api = run.api()
        self._book = PauseBook(journal, run.session.project_id, options["workspace_id"])
        identity = RunIdentity.here(uuid.uuid4().hex, options)
        self._schedules = JobSchedules(run, self._api, self._book, identity, MadeBy.TASK)
        self._outcomes: dict[str, ScheduleOutcome] = {}
        run.result["run_id"] = identity.run_id

    def work(self) -> None:
        """List, decide, send; repeat while a job cannot be started again yet, or if another run has changed a pause since it was read."""
        waiting, first = Waiting(_PAUSE, _PAUSE), t.cast("dict[str, int]", {})
        while True:
            decisions = self._decisions()
            self._check_number(decisions)
            for decision in decisions:
                known = self._outcomes.get(decision.job_name)
                if known is None or known.contested or known.decision.step is ScheduleStep.WAIT:
                    changed = known is not None and known.changed
                    self._outcomes[decision.job_name] = ScheduleOutcome(decision, decision.status, changed, decision.reason)
            self._report()
            if self._run.check_mode:
                break
            self._perform([decision for decision in decisions if self._outcomes[decision.job_name].decision is decision])
            waits = [decision for decision in decisions if decision.step is ScheduleStep.WAIT and worth_waiting(decision, first)]
            if not waits and not any(self._outcomes[decision.job_name].contested for decision in decisions):
                break
            waiting.pause()
        self._conclude()

    def _perform(self, decisions: t.Sequence[ScheduleDecision]) -> None:
        for decision in decisions:
            if decision.step is ScheduleStep.WAIT or (
                decision.step is ScheduleStep.NONE and not decision.ends_pause and not decision.takes_over
            ):
                continue
            self._run.doing = f"{decision.step.value} {printable(decision.job_name, 100)}"
            changed, outcome = self._outcomes[decision.job_name].changed, self._schedules.perform(decision)
            self._outcomes[decision.job_name] = outcome._replace(changed=changed or outcome.changed)
            self._report()
            self._schedules.check()

    def _decisions(self) -> list[ScheduleDecision]:
        jobs, pauses = self._schedules.read()
        meant = [job for job in jobs if self._selection.names(job.name)]
        lost = self._gone(jobs, pauses)
        self._check_names(meant, {decision.job_name for decision in lost})
        decisions = self._schedules.decide(meant, self._wanted, pauses) + lost
        once = [decision for decision in decisions if decision.once and decision.job_name in self._selection.patterns]
        if once:
            raise OptionError(f"{_listed(once)}: {once[0].reason}. Leave it out; dataarts.factory.job_run runs a job.")
        if any(decision.step is ScheduleStep.PAUSE for decision in decisions) and not self._run.check_mode:
            self._schedules.note_left(decisions, pauses)  # a task that changes nothing writes nothing
        if self._wanted != RESUMED:
            return decisions
        names = [decision.job_name for decision in decisions]
        unrecorded, left = self._book.unknown(names), self._book.left_unscheduled(names)
        decisions = of_unknown_pause(decisions, unrecorded, left, pauses.lost_ms)
        self._tell_of_unknown(decisions, unrecorded - left, aside=pauses.lost_ms is not None)
        return [decision for decision in decisions if decision.pause is not None or decision.job_name in self._selection.patterns]

    def _tell_of_unknown(self, decisions: t.Sequence[ScheduleDecision], unrecorded: t.Collection[str], *, aside: bool) -> None:
        """Warn of jobs that stay stopped without making the task fail.

        These are named jobs that were stopped already when they were to be paused, and jobs that only a pattern matches. Many of the latter are
        stopped for good, so there is no warning about them if the journal has records of other jobs that the patterns match.

        :param unrecorded: the jobs of which the journal has no record.
        :param aside: whether the journal was set aside lately.
        """
        as_they_were = [decision for decision in decisions if decision.left and decision.job_name in self._selection.patterns]
        if as_they_were:
            self._run.warn(f"{_listed(as_they_were)}: it stays {STOPPED_STATUS}: {as_they_were[0].reason}. {_NEXT_STEP}.")
        matched = [decision for decision in decisions if decision.job_name not in self._selection.patterns]
        unknown = [decision for decision in matched if decision.unknown]
        if unknown and (aside or not any(decision.job_name not in unrecorded for decision in matched)):
            self._run.warn(f"{_listed(unknown)}: {unknown[0].reason}. {_NEXT_STEP}.")

    def _gone(self, jobs: t.Iterable[Job], pauses: OpenPauses) -> list[ScheduleDecision]:
        names = {job.name for job in jobs}
        lost = [pause for name, pause in pauses.by_job.items() if name not in names and self._selection.names(name)]
        return self._schedules.gone(lost) if self._wanted == RESUMED else []

    def _check_names(self, meant: t.Iterable[Job], lost: t.Iterable[str]) -> None:
        """Check that every name and pattern matches a job. :raises ApiError: one matches none."""
        matched = {*lost, *(job.name for job in meant)}
        silent = self._selection.unmatched(matched)
        if silent:
            catalog = JobCatalog(self._api, real_time=False)
            must_match(catalog.unmatched(silent), catalog, "batch job")

    def _check_number(self, decisions: t.Iterable[ScheduleDecision]) -> None:
        """Check ``max_jobs``, before anything is sent. :raises OptionError: more jobs would be changed."""
        most, due = self._run.options["max_jobs"], [decision for decision in decisions if decision.changes]
        if most is not None and len(due) > most and not self._outcomes:
            self._run.result["changed"] = False
            raise OptionError(
                f"{counted(len(due), 'job')} would be changed, and max_jobs is {most}: {_listed(due)}. Name fewer jobs, or raise it."
            )

    def _report(self) -> None:
        run = self._run
        results = schedule_results(self._outcomes.values(), check_mode=run.check_mode)
        run.result.update(
            jobs=results,
            total=len(results),
            changed=any(result["changed"] for result in results),
            api_versions=dict(self._api.api_versions),
        )
        if run.diff_mode:
            run.result["diff"] = schedule_diff(results)

    def _conclude(self) -> None:
        self._report()
        run = self._run
        failed = [outcome for outcome in self._outcomes.values() if outcome.error is not None]
        unknown = [outcome.decision for outcome in self._outcomes.values() if outcome.decision.unknown]
        late = [outcome for outcome in self._outcomes.values() if outcome.decision.step is ScheduleStep.WAIT]
        if failed and failed[0].error is not None:
            jobs = f"{len(failed)} of {counted(len(self._outcomes), 'job')} {run.where}"
            what = f"Failed to {_VERBS[self._wanted]} {jobs}, {printable(failed[0].decision.job_name, 100)} first"
            run.result.update(error_result(failed[0].error, what))
        elif unknown:
            run.fail("incomplete", f"{_listed(unknown)}: {unknown[0].reason}", _NEXT_STEP)
        elif late and not run.check_mode:
            step = "started" if self._wanted == RESUMED else "paused"
            cause = f"{len(late)} of {counted(len(self._outcomes), 'job')} not {step} yet: {late[0].reason}"
            run.fail("incomplete", cause, "Run it again when that has ended")


def _listed(decisions: t.Sequence[ScheduleDecision]) -> str:
    """The names of the jobs, for a message; at most ten."""
    return first_of([printable(decision.job_name, 100) for decision in decisions], 10)
