# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module supplement_missing: find missing instances and make them by PatchData, before or after the reruns of a repair.

Each PatchData run has the fixed name of its gap, so that ``supplement_data.py``, which sends it, never sends it twice.
"""

from __future__ import annotations

import contextlib
import typing as t
import uuid
from dataclasses import replace

from .._api.base import ScopedClient
from .._api.instance_query import list_job
from .._api.job_query import JobCatalog
from .._api.service_time import timed_window
from .._api.supplement_data import SupplementDataApi
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, JournalError, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import counted, printable, safe
from .._common.times import Window
from .._common.waiting import Waiting
from .._config.argument_spec import supplement_data_spec
from .._journal.journal import Journal
from .._journal.pauses import PauseBook
from .._models.attempt import Slot
from .._models.gap import ALONE, FAILED, MADE, TO_MAKE, Gap
from .._models.instance import JobInstance, JobName
from .._models.patch_data import PatchDataRow
from .._models.pause import MadeBy
from .._models.run_scope import check_durations, window_of
from .._models.selection import Selection, select
from .._planner import repair
from .._planner.limits import Limits
from .._planner.missing import GAP_NAME, schedule_change
from .._planner.patch_data import ListedRuns, listed_before, made_before
from .._planner.quiet_hours import NOT_BETWEEN, QuietHours, QuietSpan, not_sent
from .._planner.repair import AFTER, BEFORE, END, RepairSnapshot
from .._planner.schedules import SCHEDULED_STATUS, perhaps_paused
from .ansible_module import ModuleRun, error_result
from .journal_records import not_reruns
from .missing import ScheduleGaps, find_missing
from .rerun_pauses import RerunPauses, not_started
from .supplement_data import CONTENTS, supplement_data

_NAMED = 3
_CHANGED = "Nothing was made or rerun. Run check mode again and approve what it shows; in AWX launch the workflow again"


def supplement_missing(run: ModuleRun) -> None:
    """The logic of module supplement_missing; see the module's documentation."""
    options = run.options
    run.what = f"Failed to make the missing instances {run.where}"
    check_durations(options)
    if not 1 <= options["parallel"] <= 5:
        raise OptionError(f"parallel is {options['parallel']}. Use 1 to 5.")
    Limits(options["max_instances"])
    QuietHours.of(options[NOT_BETWEEN], run.session.client.clock.now_ms())
    stage, known = options["stage"], options["snapshots"] or {}
    own = known.get(options["workspace_id"])
    if any(RepairSnapshot.of(snapshot) is None for snapshot in known.values()):
        raise OptionError("snapshots has an entry that is not a result of stage find. Use what that stage returned for each workspace.")
    if stage in ("all", "find"):
        _find(run)
    else:
        if own is None:
            raise OptionError(f"snapshots has no entry for this workspace, and stage {stage} needs it. Run stage find first.")
        run.result.update({name: value for name, value in own.items() if name in _CARRIED})
    results = [run.result] if stage == "all" else known.values()
    snapshots = [snapshot for snapshot in map(RepairSnapshot.of, results) if snapshot is not None]
    if stage in ("all", BEFORE):
        _order(run, snapshots, together=stage == "all")
    if stage == AFTER and not run.check_mode:
        late = repair.held_back(snapshots)
        for gap in run.result["gaps"]:
            if gap["state"] == TO_MAKE and gap["name"] in late:
                gap.update(state=FAILED, msg=late[gap["name"]])
    making = _Making(run)
    if stage in ("all", "find") and not run.result.get("failed"):
        making.foresee()
    if stage == END:
        making.end(changed=bool((own or {}).get("changed")))
    elif stage != "find" and not run.result.get("failed"):
        making.make([AFTER] if stage == AFTER else [BEFORE, AFTER] if stage == "all" else [BEFORE])
    _conclude(run, making.pauses.failures, last=stage != BEFORE)


#: Result keys that a stage takes over from stage find.
_CARRIED = (
    *("workspace_id", "gaps", "made_before", "upstream", "failed_jobs", "unreadable", "unread_workspaces", "since", "missing_at"),
    *("planned_after", "planned_before", "options", "approved", "began", "paused_jobs", "pause_id"),
)


def _find(run: ModuleRun) -> None:
    """Put the gaps into the result; fail if they are not the approved ones."""
    options = run.options
    api, clock = run.api(), run.session.client.clock
    catalog = JobCatalog(api)
    api.ask_time()  # an instance that is not due yet by the service's clock is not missing

    def read(window: Window) -> tuple[ScheduleGaps, int]:
        now_ms = repair.missing_at(options["approved"], clock.earliest_ms())
        selection: Selection = select(options["jobs"], window)
        return find_missing(run, api, catalog, selection, now_ms, absent_too=options["stage"] == "find"), now_ms

    (absent, now_ms), window, asked_ms = timed_window(clock, lambda now_ms: window_of(options, now_ms), read)
    with _journal(run) as journal:
        before = _made_before(run, api, journal, window, now_ms, {gap.job_name for gap in absent.gaps})
        # Jobs that a rerun has paused (option pause_schedules) count as scheduled: it starts them again, or if it was killed, another run does.
        paused = {name for name, pause in _pauses(run, journal).read().by_job.items() if pause.made_by is MadeBy.RERUN}
        being_rerun = _being_rerun(journal, absent.in_progress, window, now_ms)
    missing = [_entry(replace(gap, job_status=SCHEDULED_STATUS) if gap.job_name in paused else gap) for gap in absent.gaps]
    run.result.update(
        workspace_id=options["workspace_id"],
        gaps=safe(missing),
        made_before=safe(before),
        upstream={name: [list(job) for job in jobs] for name, jobs in sorted(absent.above.items()) if jobs},
        failed_jobs=sorted(absent.failed | being_rerun),
        unreadable=safe([{"job_name": name, "cause": cause} for name, cause in sorted(absent.unreadable.items())]),
        since=asked_ms,
        unread_workspaces=[],
        missing_at=now_ms,
        planned_after=window.begin,
        planned_before=window.end,
        options=repair.approved_options(options),
        approved=options["approved"] is not None,
        began=False,
        paused_jobs=[],
        pause_id=uuid.uuid4().hex if options["pause_schedules"] and not run.check_mode else "",
    )
    _compare(run, api)


def _pauses(run: ModuleRun, journal: Journal) -> PauseBook:
    return PauseBook(journal, run.session.project_id, run.options["workspace_id"])


def _made_before(
    run: ModuleRun, api: WorkspaceApi, journal: Journal, window: Window, now_ms: int, gaps: t.Collection[str]
) -> list[dict[str, t.Any]]:
    """``made_before``: PatchData runs of earlier repairs with plan times in *window*; a repair that was interrupted did not rerun the dependants.

    If the journal does not reach back to the start of *window*, runs that only the service lists are included.

    :param now_ms: until when instances count as missing, epoch ms.
    :param gaps: names of the jobs with missing instances.
    """
    where = api.workspace_id
    known = journal.read([where], Window(0, 0), now_ms)
    contents = journal.notes(CONTENTS) if known.stops else {}
    attempts = (attempt for made in known.stops.values() for attempt in made)
    begun = (made_before(attempt, contents.get(str(attempt.attempt_id), ""), GAP_NAME, window) for attempt in attempts)
    before = [gap for gap in begun if gap is not None]
    if known.complete_since is not None and known.complete_since <= window.begin:
        return before
    rows: list[PatchDataRow] = []
    with contextlib.suppress(ApiError):  # without the list, only the journal's runs are known
        rows = _rows(run)
    names = {gap["name"] for gap in before}
    made = (listed_before(row, where, GAP_NAME, window) for row in rows if row.name not in names)
    lost = [gap for gap in made if gap is not None]
    if lost:  # the repair that made them may have paused jobs
        jobs = api.list_jobs()
        text = perhaps_paused(jobs, _pauses(run, journal).unknown([job.name for job in jobs]), lost, gaps)
        run.warn(*([text] if text else ()))
    return [*before, *lost]


def _being_rerun(journal: Journal, in_progress: t.Sequence[JobInstance], window: Window, now_ms: int) -> set[str]:
    """Jobs with an instance *in_progress* that the journal has a rerun of: they failed before, so they are incomplete until it has ended."""
    if not in_progress:
        return set()
    workspaces = {instance.key.workspace_id for instance in in_progress}
    rerun = {attempt.failure.slot for attempt in journal.read(workspaces, window, now_ms).attempts}
    return {instance.job_name for instance in in_progress if Slot.of(instance) in rerun}


def _journal(run: ModuleRun, *, read_only: bool = True) -> Journal:
    options = run.options
    return Journal(options["journal"], password=options["journal_password"], project_id=run.session.project_id, read_only=read_only)


def _rows(run: ModuleRun) -> list[PatchDataRow]:
    """The PatchData runs of the workspace."""
    return SupplementDataApi(ScopedClient(run.session, run.options["workspace_id"])).rows()


def _compare(run: ModuleRun, api: WorkspaceApi) -> None:
    """Compare the gaps with what may be made and what was approved.

    Gaps that are not to be made get state ``ALONE``. Approved runs that have begun are added. The result becomes a failure if there are more
    instances than ``max_instances``, or if the gaps differ from the approved ones.
    """
    approved = None if run.options["approved"] is None else repair.approved_names(run.options["approved"])
    gaps = run.result["gaps"]
    due = []
    for gap in gaps:
        missing = Gap.of(gap)
        alone = repair.left_alone(missing, stopped_jobs=run.options["stopped_jobs"])
        if alone:
            gap.update(state=ALONE, msg=alone)
        else:
            due.append(missing)
    most = run.options["max_instances"]
    number = sum(gap.instances for gap in due)
    if most is not None and number > most:
        text = f"{counted(number, 'instance')} missing, and max_instances is {most}: {', '.join(gap.text() for gap in due[:_NAMED])}"
        run.fail("limit", text, "Nothing was made. Choose fewer jobs or a shorter window, or raise the limit")
        return
    if approved is None:
        return
    rows = _rows(run) if approved - {gap.name for gap in due} else []
    made = [row for row in rows if row.name in approved and len(row.jobs) == 1 and row.begin is not None and row.end is not None]
    different = repair.made_otherwise(run.options["approved"], run.options) or repair.changes(due, approved, {row.name for row in made})
    if different:
        run.fail("limit", different, _CHANGED)
        return
    listed = {gap["name"] for gap in gaps}
    # Runs begun by an earlier start of this repair, whose end is waited for; in check mode only those that have not ended.
    begun = [row for row in made if row.name not in listed and (row.state == "running" or not run.check_mode)]
    gaps += [_of_row(run, row, api) for row in begun]


def _of_row(run: ModuleRun, row: PatchDataRow, api: WorkspaceApi) -> dict[str, t.Any]:
    number, begin, end = 0, row.begin or 0, row.end or 0  # the number of instances is read when the run has ended
    if run.check_mode:
        number = max(1, len(list_job(api, row.jobs[0], Window(begin, end))))
    gap = Gap(run.options["workspace_id"], row.jobs[0], row.name, number, begin, end, until=end, job_status="")
    return t.cast("dict[str, t.Any]", safe(_entry(gap)))


def _entry(gap: Gap) -> dict[str, t.Any]:
    """An entry of ``gaps`` in the result, still to be made."""
    return {**gap.to_result(), "until": gap.until, "stage": BEFORE, "state": TO_MAKE, "msg": ""}


def _order(run: ModuleRun, snapshots: t.Sequence[RepairSnapshot], *, together: bool) -> None:
    """Set the stage of each gap; fail if there is no valid order.

    :param together: whether nothing is rerun, so that all gaps are made in one stage.
    """
    made = repair.stages(
        [RepairSnapshot(snapshot.workspace_id, snapshot.missing, snapshot.above) for snapshot in snapshots] if together else snapshots
    )
    for gap in run.result["gaps"]:
        if gap["state"] == TO_MAKE:
            gap["stage"] = made.stage.get(gap["name"], BEFORE)
    due = [gap for snapshot in snapshots if snapshot.workspace_id == run.options["workspace_id"] for gap in snapshot.missing]
    run.result["unread_workspaces"] = sorted(
        safe(list(repair.workspaces_above(due, snapshots) - {snapshot.workspace_id for snapshot in snapshots}))
    )
    refused = made.refused.get(run.options["workspace_id"])
    if refused:
        here = any(gap["state"] == TO_MAKE for gap in run.result["gaps"])
        run.fail("limit", refused, what=run.what if here else f"Failed to repair workspace {printable(run.options['workspace_id'], 100)}")


class _Making:
    """Makes the gaps of a stage, wave by wave."""

    def __init__(self, run: ModuleRun) -> None:
        self.run = run
        self.options = run.options
        self._begun = stopwatch()
        self._too_late: QuietSpan | None = None  # quiet hours that end after wait_timeout: nothing was paused, so nothing may be sent later
        own = str(run.result.get("pause_id") or uuid.uuid4().hex)
        others = (str(snapshot.get("pause_id") or "") for snapshot in (self.options["snapshots"] or {}).values())
        of_repair = dict.fromkeys((own, *filter(None, others))) if self.options["stage"] in (BEFORE, AFTER) else ()
        self.pauses = RerunPauses(run, own, repair=tuple(of_repair))
        if self.options["stage"] in (AFTER, END):  # jobs that earlier steps have paused, in case the journal was lost since
            here, known = self.options["workspace_id"], (self.options["snapshots"] or {}).get(self.options["workspace_id"]) or {}
            self.pauses.stopped.update((here, str(name)) for name in known.get("paused_jobs") or ())
            self.pauses.stopped.update((str(where), str(name)) for where, name in known.get("paused_by_reruns") or ())

    def foresee(self) -> None:
        """Fill ``paused_jobs``: the jobs that would be paused because of their gaps."""
        jobs = self._jobs()
        if jobs and self.pauses.wanted:
            with _journal(self.run) as journal:
                self.run.result["paused_jobs"] = safe([name for _where, name in self.pauses.foreseen(journal, jobs)])

    def end(self, *, changed: bool) -> None:
        """Last step of a repair: start again the jobs that any of its steps has paused.

        :param changed: whether an earlier step changed anything.
        """
        self.run.what = f"Failed to repair workspace {printable(self.options['workspace_id'], 100)}"
        with _journal(self.run, read_only=False) as journal:
            try:
                self.pauses.finish(journal)
            except ApiError as error:
                self.pauses.failures.append(not_started(error))
            workspaces, begin = self.pauses.workspaces(journal), int(self.run.result["planned_after"])
            self.run.result["journal_history"] = not_reruns(journal, self.run.session.project_id, workspaces, begin)
        self.run.warn(*self.pauses.notes)
        self.run.result["changed"] = changed or self.pauses.changed

    def _alive(self) -> None:
        """Renew the pauses."""
        if self.pauses.wanted:
            with _journal(self.run, read_only=False) as journal:
                self.pauses.renew(journal, self.pauses.considered)

    def make(self, meant: t.Sequence[str]) -> None:
        """Make the gaps of the stages *meant*."""
        due = {gap["name"]: gap for gap in self.run.result["gaps"] if gap["state"] == TO_MAKE and gap["stage"] in meant}
        if self.run.check_mode:
            self.run.result["changed"] = bool(due)
            return
        # Jobs whose gaps are made only after the reruns are paused now too, before anything is made.
        jobs = self._jobs()
        if not due and not (jobs and self.pauses.wanted):
            self.run.result["changed"] = False
            return
        self._cover()
        done = False
        try:
            self.run.api().ask_time()
            self._too_late = self._after_quiet_hours()
            if self._too_late is None:
                with _journal(self.run, read_only=False) as journal:
                    self.pauses.pause(journal, jobs)
            here = self.options["workspace_id"]
            self.run.result["paused_jobs"] = safe(sorted(name for where, name in self.pauses.stopped if where == here))
            self._make(due)
            done = True
        finally:
            if self.pauses.wanted:
                with _journal(self.run, read_only=False) as journal:
                    self.pauses.finish(journal, kept=done)

    def _jobs(self) -> set[JobName]:
        """The jobs with gaps that are still to be made."""
        return {Gap.of(gap).job for gap in self.run.result["gaps"] if gap["state"] == TO_MAKE}

    def _make(self, due: t.Mapping[str, dict[str, t.Any]]) -> None:
        above = {name: [(str(where), str(job)) for where, job in jobs] for name, jobs in self.run.result["upstream"].items()}
        for number, missing in enumerate(ordered := repair.waves(map(Gap.of, due.values()), above), 1):
            self._after_quiet_hours()
            self.run.doing = f"PatchData, wave {number} of {len(ordered)}"
            at_ms, listed = self.run.session.client.clock.earliest_ms(), self._listed(missing)
            seen = ListedRuns({where: frozenset(row.name for row in rows) for where, rows in listed.items()}, at_ms)
            begun = [gap for gap in missing if self._begin(gap, due[gap.name], listed, seen)]
            for gap in begun:
                self._end(gap, due[gap.name], seen)

    def _after_quiet_hours(self) -> QuietSpan | None:
        """Wait for the end of quiet hours if ``wait_timeout`` allows it; return them if they end too late, else None.

        The reruns that follow wait for that end too, and need the instances that are made here.
        """
        clock, waiting = self.run.session.client.clock, Waiting()
        hours = QuietHours.of(self.options[NOT_BETWEEN], clock.now_ms())
        while (span := hours.at(clock.earliest_ms(), clock.latest_ms())) is not None:
            seconds = (span.until - clock.earliest_ms()) / 1000
            if seconds > self._seconds_left():
                break
            self.run.doing = not_sent(span)
            waiting.pause(seconds)
            self._alive()
        return span

    def _seconds_left(self) -> float:
        return max(0.0, float(self.options["wait_timeout"]) - (stopwatch() - self._begun))

    def _listed(self, missing: t.Sequence[Gap]) -> dict[str, list[PatchDataRow]]:
        """Workspace id -> its PatchData runs, for each workspace whose runs may make instances of the jobs in *missing*.

        :raises ApiError: one of them cannot be listed.
        """
        own = self.options["workspace_id"]
        known = {str(snapshot["workspace_id"]): snapshot for snapshot in (self.options["snapshots"] or {}).values()}
        snapshots = [snapshot for snapshot in map(RepairSnapshot.of, {**known, own: self.run.result}.values()) if snapshot is not None]
        try:
            others = sorted(repair.workspaces_above(missing, snapshots) - {own})
            return {where: SupplementDataApi(ScopedClient(self.run.session, where)).rows() for where in (own, *others)}
        except ApiError as error:
            error.hint = f"A PatchData run there may make the same instances. Nothing more was made. {error.hint}".strip()
            raise

    def _cover(self) -> None:
        """Record that the journal is complete for the workspace since the list, also for the reruns that follow; and that the repair began."""
        options = self.options
        with _journal(self.run, read_only=False) as journal:
            if not self.run.result["approved"]:
                journal.cover([options["workspace_id"]], self.run.result["since"])
            self.run.warn(*journal.warnings)
        self.run.result["began"] = True

    def _begin(self, gap: Gap, shown: dict[str, t.Any], listed: t.Mapping[str, t.Sequence[PatchDataRow]], seen: ListedRuns) -> bool:
        """Start the PatchData run of *gap*, unless its instances exist by now; whether to wait for its end.

        :param shown: the gap's entry in the result.
        :param listed: workspace id -> its PatchData runs.
        :param seen: the names of these runs.
        """
        other = repair.being_made(gap, listed)
        if other:
            cause = f"PatchData {printable(other, 80)} is still running and makes them. Run the repair again when it has ended"
            shown.update(state=FAILED, msg=cause)
            return False
        try:
            if gap.name not in seen.names[gap.workspace_id]:
                there = list_job(self.run.api(), gap.job_name, Window(gap.begin, gap.end))
                state, cause = repair.made_meanwhile(gap, [instance.key.plan_time for instance in there])
                if state:
                    shown.update(state=state, msg=cause)
                    return False
                changed = self._stopped_since(gap) or schedule_change(self.run.api().job_detail(gap.job_name), gap)
                if changed:
                    shown.update(state=FAILED, msg=changed)
                    return False
                if self._too_late is not None:
                    shown.update(state=FAILED, msg=f"{not_sent(self._too_late)}. Run it again when they have ended")
                    return False
            return self._took(shown, self._asked(gap, seen, wait=False, timeout=0), end=False)
        except (ApiError, JournalError, OptionError) as error:
            shown.update(state=FAILED, msg=printable(error, 1000))
            return False

    def _stopped_since(self, gap: Gap) -> str:
        """Why *gap* is left alone now, because a person stopped its job after it was planned, or ""."""
        status = next((job.status for job in self.run.api().list_jobs(gap.job_name) if job.name == gap.job_name), None)
        alone = repair.left_alone(replace(gap, job_status=status), stopped_jobs=self.options["stopped_jobs"])
        if not alone or gap.job in self.pauses.stopped:
            return ""
        with _journal(self.run) as journal:
            pause = _pauses(self.run, journal).read().by_job.get(gap.job_name)
        return "" if pause is not None and pause.made_by is MadeBy.RERUN else f"{alone}. Run the repair again"

    def _end(self, gap: Gap, shown: dict[str, t.Any], seen: ListedRuns) -> None:
        self._took(shown, self._asked(gap, seen, wait=True, timeout=int(self._seconds_left())), end=True)

    def _asked(self, gap: Gap, seen: ListedRuns, *, wait: bool, timeout: int) -> dict[str, t.Any]:
        """Run the logic of module supplement_data for *gap* and return its result."""
        defaults = {name: option.get("default") for name, option in supplement_data_spec().items()}
        own = {name: value for name, value in self.options.items() if name in defaults}
        named = {"name": gap.name, "job_name": gap.job_name, "start_date": str(gap.begin), "end_date": str(gap.end)}
        part = self.run.part({**defaults, **own, **named, "wait": wait, "wait_timeout": timeout})
        try:
            supplement_data(part, seen, self._alive)
        except (ApiError, JournalError, OptionError) as error:
            part.result.update(error_result(error, part.what))
        self.run.warn(*part.warnings)
        return part.result

    def _took(self, shown: dict[str, t.Any], result: t.Mapping[str, t.Any], *, end: bool) -> bool:
        """Copy a *result* of supplement_data into the gap's entry *shown*; False if it failed."""
        self.run.result["changed"] = bool(self.run.result["changed"] or result.get("changed"))
        if result.get("failed"):
            shown.update(state=FAILED, msg=printable(result["msg"], 1000))
            return False
        if end:
            made = sum(date["total"] for date in result["dates"])
            shown.update(state=MADE, msg="", instances=shown["instances"] or made)
        return True


def _conclude(run: ModuleRun, not_resumed: t.Sequence[str], *, last: bool) -> None:
    """Fail if gaps could not be found or made, or paused jobs not started again.

    :param not_resumed: sentences about jobs that were paused and could not be started again.
    :param last: whether to report unreadable schedules; otherwise a later stage does, unless a gap failed.
    """
    if run.result.get("failed"):
        return
    broken = [gap for gap in run.result["gaps"] if gap["state"] == FAILED]
    causes = [f"{Gap.of(gap).text()}: {gap['msg']}" for gap in broken[:_NAMED]]
    causes += [f"{len(broken) - _NAMED} more"] if len(broken) > _NAMED else []
    if last or broken:
        causes += [
            f"the schedule of job {printable(entry['job_name'], 80)} cannot be read, {entry['cause']}, so its missing instances are unknown. "
            "Leave the job out with jobs"
            for entry in run.result["unreadable"]
        ]
    causes += not_resumed
    if causes:
        number = counted(sum(gap["instances"] for gap in broken), "instance")
        cause = f"{number} not repaired: {'; '.join(causes)}" if broken else "; ".join(causes)
        run.fail("incomplete", cause)
