# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of modules supplement_data and supplement_data_info.

A PatchData run is identified by workspace and name. It is claimed in the journal before it is sent, so that only one of the controllers that share
the journal sends it. After a lost answer, the list shows whether the run was started; it is sent again only once the list must have shown it.
"""

from __future__ import annotations

import json
import typing as t
import uuid

from .._api.base import ScopedClient
from .._api.instance_query import list_job
from .._api.job_query import JobCatalog, suggestion
from .._api.service_time import timed
from .._api.supplement_data import SupplementDataApi
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import counted, first_of, printable, safe
from .._common.times import DAY_MS, Window, to_iso, with_iso
from .._common.waiting import Waiting
from .._journal.journal import Journal, Known, lately_lost
from .._models.attempt import EFFECTIVE, Attempt, AttemptKind, Failure, Intent, Outcome, Slot
from .._models.instance import InstanceType, JobInstance
from .._models.patch_data import PatchData, PatchDataRow
from .._models.run_scope import check_durations
from .._models.selection import select
from .._planner.hold_off import dated, on_both_clocks
from .._planner.patch_data import SLACK_MS, ListedRuns, by_date, differences, ended, own_instances, sendable, unseen, without_success
from .._planner.quiet_hours import NOT_BETWEEN, QuietHours, QuietSpan, not_sent
from .._planner.schedules import runs_once
from .ansible_module import ModuleRun
from .recorded_write import About, AttemptWrite, Log, RecordedWrite
from .sender import RunIdentity, open_journal
from .write import Basis, Writer

#: How often one invocation sends a start or a stop whose answers get lost.
_TIMES = 3
#: Last digits of error codes: the name is taken, the job is not scheduled, another run of the job is in progress, the run is not running [DGC-UG].
_TAKEN, _NOT_PLANNED, _BUSY, _NOT_RUNNING = "0110", "0111", "0116", "0115"
_HINTS = {
    _NOT_PLANNED: "PatchData accepts only jobs that are scheduled periodically. Run this one once instead.",
    _BUSY: "Wait until the other PatchData of the job has ended, or set force to true if both may run at once.",
}
#: Scope of the journal's notes with the content of a run, by the id of its attempt.
CONTENTS = "patch_data"


def supplement_data(run: ModuleRun, seen: ListedRuns | None = None, alive: t.Callable[[], None] = lambda: None) -> None:
    """The logic of module supplement_data; see the module's documentation.

    :param seen: the lists of runs that showed that this one is needed. It is not started if another run of the job, under another name, may have
        been started since. None to start it whatever other runs there are.
    :param alive: called regularly while the end of the run is waited for.
    """
    run.what = (
        f"Failed to {'stop' if run.options['state'] == 'stopped' else 'start'} PatchData {printable(run.options['name'], 100)} {run.where}"
    )
    check_durations(run.options)
    if not run.options["name"].strip():
        raise OptionError("name is empty. Set it to the name of the PatchData.")
    asked = None if run.options["state"] == "stopped" else PatchData.from_options(run.options)
    with open_journal(run) as journal:
        (_Stopping(run, journal) if asked is None else _Starting(run, asked, journal, seen, alive)).act()


def supplement_data_info(run: ModuleRun) -> None:
    """The logic of module supplement_data_info: ``patch_data``, newest first, and ``total``."""
    options = run.options
    wanted = select(options["names"], Window(0, 0), option="names")
    exact = wanted.exact_names()
    api = SupplementDataApi(ScopedClient(run.session, options["workspace_id"]))
    listed = api.rows(exact[0] if exact is not None and len(exact) == 1 else None)
    states = options["states"]
    rows = [row for row in listed if wanted.names(row.name) and (not states or row.state in states)]
    if exact is not None and not states:
        missing = [name for name in exact if name not in {row.name for row in rows}]
        if missing:
            raise _unknown(missing, api)
    run.result.update(patch_data=[safe(row.to_result()) for row in rows], total=len(rows))


def _unknown(names: t.Sequence[str], api: SupplementDataApi) -> ApiError:
    similar = [suggestion(name, [row.name for row in api.rows()]) for name in names]
    hint = " ".join([*filter(None, similar), "Check the name and workspace_id: PatchData is listed for six months."])
    return ApiError(Kind.NOT_FOUND, f"there is no PatchData {', '.join(printable(name, 100) for name in names)}", hint=hint)


class _Work:
    """Common base of starting and stopping."""

    def __init__(self, run: ModuleRun, journal: Journal) -> None:
        self.run = run
        self.journal = journal
        self.options = run.options
        self.name: str = run.options["name"]
        self.workspace_id: str = run.options["workspace_id"]
        self.client = run.session.client
        self.clock = self.client.clock
        self.api = SupplementDataApi(ScopedClient(run.session, self.workspace_id))
        self.hours = QuietHours.of(run.options[NOT_BETWEEN], self.clock.now_ms())
        self.writer = Writer(self.client)
        self._listed_at = 0.0
        self.run_id = uuid.uuid4().hex
        self.identity = RunIdentity.here(self.run_id, run.options)
        run.result.update(name=safe(self.name), run_id=self.run_id, patch_data=None, dates=[], missed=[])

    def listed(self) -> PatchDataRow | None:
        """The run of that name as it is listed now: the running one, else the newest; None if there is none."""
        self._listed_at = stopwatch()
        rows = self.api.named(self.name)
        row = next((row for row in rows if row.state == "running"), rows[0] if rows else None)
        if row is not None:
            self.run.result["patch_data"] = safe(row.to_result())
        return row

    def basis(self) -> Basis:
        """The basis of a write that follows from the newest list."""
        return Basis(self._listed_at, self.quiet_hours)

    def quiet_hours(self) -> QuietSpan | None:
        """The quiet hours that forbid sending now; None if sending is allowed."""
        return self.hours.at(self.clock.earliest_ms(), self.clock.latest_ms())

    def held_back(self) -> bool:
        """Whether quiet hours keep the request from being sent; if so, the result becomes a failure."""
        span = self.quiet_hours()
        if span is None or self.run.check_mode:
            return False
        self.run.fail("quiet_hours", not_sent(span), "Run it again when they have ended")
        self.run.result["changed"] = False
        return True

    def show_diff(self, before: t.Any, after: t.Any) -> None:
        """Put the diff into the result, in diff mode."""
        if self.run.diff_mode:
            self.run.result["diff"] = {"before": _text(before), "after": _text(after)}


class _Starting(_Work):
    """One invocation with state present."""

    def __init__(self, run: ModuleRun, asked: PatchData, journal: Journal, seen: ListedRuns | None, alive: t.Callable[[], None]) -> None:
        super().__init__(run, journal)
        self._alive = alive
        self.asked = asked
        self.seen = seen
        self.slot = Slot(self.workspace_id, f"patch_data:{self.name}", 0)
        self.sends = 0
        self._lost: int | None = None
        self._checked = False
        self._taken: tuple[ApiError, float] | None = None  # the service's error that the name is taken, and when it came
        run.result.update(differences=[], request_id=None, adopted=False)

    def act(self) -> None:
        """Make sure that the run exists, once; then wait for its end."""
        waiting = Waiting()
        while True:
            self.run.doing = "listing"
            row, asked_ms = timed(self.clock, self.listed)
            attempt = self._newest(asked_ms)
            if row is not None:
                self._there(row, attempt)
                return
            if not self._send_or_wait(attempt, asked_ms, waiting):
                return

    def _newest(self, asked_ms: int) -> Attempt | None:
        """The newest attempt for the name, by any controller."""
        known = self.journal.read([self.workspace_id], Window(0, 0), asked_ms)
        self._lost = self._lately_lost(known, asked_ms)
        made = known.stops.get(self.slot, ())
        return self._dated(made[-1], asked_ms, known) if made else None

    def _dated(self, attempt: Attempt, now_ms: int, known: Known) -> Attempt:
        return on_both_clocks(dated(attempt, self.clock.latest_ms(), known.journal_ms), now_ms, known.journal_ms)

    def _lately_lost(self, known: Known, listed_ms: int) -> int | None:
        """When the journal may have lost PatchData, epoch ms; None if it did not, or if the settle time has passed since.

        Such PatchData may not show yet in a list of *listed_ms*. After the settle time it does.
        """
        lost = lately_lost(self.journal, known.lost_ms, known.journal_ms)
        passed = None if lost is None else known.journal_ms - lost - (self.clock.latest_ms() - listed_ms)
        return None if passed is None or passed >= self.run.settle_ms else lost

    def check_unseen(self) -> None:
        """Check that no other run of the job was started since the lists in :attr:`seen`.

        Called after the name is claimed, so that of two tasks that do this at once, the later one sees the other's claim.

        :raises ApiError: another run of the job may have been started that was not listed.
        """
        if self.seen is None:
            return
        known = self.journal.read(list(self.seen.names), Window(0, 0), self.seen.at_ms)
        now_ms = self.clock.earliest_ms()
        lost = self._lately_lost(known, self.seen.at_ms)
        if lost is not None:
            cause = f"the journal may lack what was recorded before {to_iso(lost)}, and PatchData that was sent before may not show yet"
            raise ApiError(Kind.STALE, cause, hint="Run it again after settle_time.")
        newest = [(self._dated(made[-1], now_ms, known), self._content(made[-1])) for made in known.stops.values()]
        name = unseen((self.workspace_id, self.asked.job_name), self.slot, newest, self.seen, self.run.settle_ms)
        if name:
            cause = f"PatchData {printable(name, 100)} was sent a moment ago, and may make the same instances"
            raise ApiError(Kind.STALE, cause, hint="Run it again when that one has ended.")

    def _send_or_wait(self, attempt: Attempt | None, asked_ms: int, waiting: Waiting) -> bool:
        """Send the run, which is not listed, or wait for the effect of an earlier request. False if this invocation is over.

        :param asked_ms: the service's time of the list. An attempt that need not show in it yet may have taken effect.
        """
        if self._taken is not None:
            if stopwatch() - self._taken[1] > self.run.settle_ms / 1000:
                raise self._taken[0]
            return waiting.pause()
        step = sendable(attempt, asked_ms, self.run.settle_ms)
        own = attempt is not None and attempt.run_id == self.run_id
        if self.run.check_mode:
            return self._would_send(step.send or attempt is None or attempt.outcome is not Outcome.ACCEPTED)
        if step.send and self.seen is None and self._lost is not None:
            self.run.doing = "waiting for what a lost journal may have known to show"
            return waiting.pause()
        if step.send:
            if self.sends >= _TIMES:
                cause = f"its answer was lost {counted(self.sends, 'time')}, and it is not listed"
                raise ApiError(Kind.AMBIGUOUS, cause, hint="Look at the list of PatchData before it is sent again.")
            return not self.held_back() and self._send(attempt)
        if attempt is not None and attempt.outcome is Outcome.ACCEPTED and asked_ms >= attempt.sent_ms + self.run.settle_ms:
            return self._not_listed(attempt, own=own)
        self.run.doing = step.reason
        return waiting.pause((step.due_ms - self.clock.earliest_ms()) / 1000)

    def _would_send(self, sends: bool) -> bool:
        if sends:
            self._check_jobs()
        self.run.result["changed"] = sends
        self.show_diff({}, self.asked.content() if sends else {})
        return False

    def _not_listed(self, attempt: Attempt, *, own: bool) -> bool:
        """Report a run that was accepted and is still not listed after ``settle_time``; always False."""
        until = to_iso(sendable(attempt, 0, self.run.settle_ms).due_ms)
        text = f"it was accepted at {to_iso(attempt.sent_ms)} and is not listed"
        self.run.result.update(changed=own, request_id=attempt.request_id, adopted=not own)
        if own and not self.options["wait"]:
            self.run.warn(f"PatchData {printable(self.name, 100)}: {text}. The same task finds it later.")
            return False
        remedy = f"Run it again: it is found then, and is not sent again before {until}"
        self.run.fail("incomplete", text, remedy)
        return False

    def _check_jobs(self) -> None:
        """Check once what the service would refuse, if v1 shows the jobs.

        :raises ApiError: a job does not exist, or is not scheduled periodically.
        """
        if self._checked:
            return
        self._checked = True
        detail = self._detail(self.asked.job_name, self.workspace_id)
        if runs_once(detail) or detail.get("processType") == "REAL_TIME":
            cause = f"job {printable(self.asked.job_name, 100)} is not scheduled periodically"
            raise ApiError(Kind.NOT_RERUNNABLE, cause, hint=_HINTS[_NOT_PLANNED])
        for name, workspace_id in self.asked.depend_jobs:
            self._detail(name, workspace_id)

    def _detail(self, job_name: str, workspace_id: str) -> dict[str, t.Any]:
        """The definition of a job; empty if it cannot be read, so that the service itself has to refuse.

        :raises ApiError: the job does not exist.
        """
        api = WorkspaceApi(self.run.session, workspace_id)
        try:
            return api.job_detail(job_name)
        except ApiError as error:
            if error.kind is not Kind.NOT_FOUND:
                return {}
            where = f" of workspace {printable(workspace_id, 100)}" if workspace_id != self.workspace_id else ""
            error.message = f"job {printable(job_name, 100)}{where}: {error.message}"
            error.hint = f"{JobCatalog(api).suggestion(job_name)} Check the name of the job and workspace_id.".strip()
            raise

    def _send(self, superseded: Attempt | None) -> bool:
        """Claim the name and send the request. Always True: the next list shows the effect."""
        self._check_jobs()
        self.run.doing = "sending"
        self.sends += 1
        write = _Start(self, Intent(self._attempt(), superseded if superseded is not None and superseded.open else None))
        ending = self.writer.send(write, self.basis())
        if ending is None:
            return True  # another run was faster: the list or the journal shows its run
        accepted = ending.error is None
        self.run.result.update(request_id=ending.request_id if accepted else None, changed=self.run.result["changed"] or accepted)
        self.writer.check()
        if ending.error is not None and ending.outcome is not Outcome.UNKNOWN:
            self._refused(ending.error)
        return True

    def _refused(self, error: ApiError) -> None:
        """Handle a refusal: go on if the next list may show more, because the name is taken or the list was too old.

        :raises ApiError: *error* otherwise.
        """
        tail = (error.code or "")[-4:]
        if tail == _TAKEN:
            error.hint = "PatchData of this name exists, but is not listed. Use another name."
            self._taken = (error, stopwatch())
        elif error.kind is not Kind.STALE or self.sends >= _TIMES:
            error.hint = _HINTS.get(tail, error.hint)
            raise error

    def _attempt(self) -> Attempt:
        now = self.clock.now_ms()
        # The slot is the name alone; the dates of the run are for people who read the history.
        failure = Failure(self.slot.workspace_id, self.slot.job_id, 0, self.asked.begin, None, "", None, self.asked.end)
        kind, name = AttemptKind.PATCH_DATA, self.asked.job_name
        return self.identity.attempt(failure, name, now, self.client, since=now, number=self.sends, batch=1, kind=kind)

    def _there(self, row: PatchDataRow, attempt: Attempt | None) -> None:
        """Report the listed run: made by this invocation, an earlier one with the same content, or one with different content."""
        own = attempt is not None and attempt.run_id == self.run_id and attempt.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        if own and attempt is not None and attempt.outcome is Outcome.UNKNOWN:
            self.journal.record([attempt], Outcome.ACCEPTED, now_ms=self.clock.latest_ms(), message="its answer was lost; it is listed")
        own = own or self.run.result["changed"]  # accepted by this invocation, whose journal may have been set aside since
        different = differences(self.asked, row, self._content(attempt))
        self.run.result.update(changed=own, adopted=not own, differences=safe(different))
        self.show_diff({} if own else self.asked.content(), self.asked.content())
        if different:
            shown = "; ".join(f"{entry['option']} is {_short(entry['actual'])}, not {_short(entry['wanted'])}" for entry in different)
            cause = f"PatchData with this name exists, with different content: {shown}"
            remedy = "Use another name, or the same content"
            self.run.fail("option", cause, remedy)
            return
        if not self.run.check_mode and self.options["wait"]:
            self._wait(row)
        else:
            self._progress(row)

    def _content(self, attempt: Attempt | None) -> t.Mapping[str, t.Any] | None:
        """The content of the run as the journal has it; None if it has none."""
        if attempt is None or attempt.outcome not in EFFECTIVE:
            return None
        text = self.journal.notes(CONTENTS).get(str(attempt.attempt_id))
        try:
            content = json.loads(text) if text else None
        except ValueError:
            return None
        return content if isinstance(content, dict) else None

    def _progress(self, row: PatchDataRow) -> list[JobInstance]:
        """List the instances of the run, and put ``dates`` and ``missed`` into the result."""
        slack = DAY_MS if self.asked.day_granularity else SLACK_MS
        window = Window(self.asked.begin - slack, self.asked.end + slack)
        jobs = [(self.asked.job_name, self.workspace_id), *self.asked.depend_jobs]
        instances: list[JobInstance] = []
        for job_name, workspace_id in jobs:
            api = self.run.api(workspace_id)
            instances += list_job(api, job_name, window, instance_type=InstanceType.PATCH_DATA)
        made = own_instances(instances, row)
        dates = by_date(made, self.asked.offset_hours)
        self.run.result.update(dates=dates, missed=[_missed(instance) for instance in without_success(made)])
        done = sum(date["total"] == date["succeeded"] for date in dates)
        self.run.doing = f"{done} of {counted(len(dates), 'date')} done"
        return made

    def _wait(self, row: PatchDataRow) -> None:
        self.run.what = f"Failed to complete PatchData {printable(self.name, 100)} {self.run.where}"
        interval, over_since = self.options["poll_interval"], None
        waiting = Waiting(interval, interval, timeout=self.options["wait_timeout"])
        while True:
            made = self._progress(row)
            over = ended(row, made)
            if over and row.state == "running":
                # Its status says running, but all its instances have ended: wait until further instances must have shown.
                over_since = over_since or stopwatch()
                over = stopwatch() - over_since >= self.run.settle_ms / 1000
            else:
                over_since = None
            if over:
                self._conclude(row, made)
                return
            if not waiting.pause():
                text = f"it has not ended after {self.options['wait_timeout']} seconds: {self.run.doing}"
                self.run.fail("incomplete", text, "Run it again to continue waiting, or stop it with state stopped")
                return
            self._alive()
            row = self.listed() or row

    def _conclude(self, row: PatchDataRow, made: t.Sequence[JobInstance]) -> None:
        bad = without_success(made)
        if not made:
            self.run.warn(f"PatchData {printable(self.name, 100)} has no instances: its job is not planned between its dates.")
        if row.state == "success" and not bad:
            return
        shown = first_of([f"{instance.job_name} of {to_iso(instance.key.plan_time)} {instance.status_text}" for instance in bad], 5)
        cause = f"it ended as {printable(row.status, 40)}"
        cause += f", {len(bad)} of {counted(len(made), 'instance')} without success: {shown}" if bad else ""
        remedy = "Rerun what failed with dataarts.factory.job_rerun and instance_types patch_data, once the cause is fixed"
        self.run.fail("incomplete", cause, remedy)


class _Start(AttemptWrite):
    """The request that starts a run. It claims an attempt whose slot is the name."""

    def __init__(self, starting: _Starting, intent: Intent) -> None:
        super().__init__(lambda: starting.api.create(starting.asked).request_id, starting.journal, starting.clock)
        self._starting, self._intent = starting, intent

    def claim(self) -> bool:
        """Claim the name, and note the content of the run."""
        if not self.claim_each(self._intent):
            return False
        content = json.dumps(self._starting.asked.content(), ensure_ascii=False, sort_keys=True)
        self._journal.note(CONTENTS, str(self._attempts[0].attempt_id), content)
        return True

    def last_check(self) -> None:
        """Check that no other run is about to make the same instances."""
        self._starting.check_unseen()


class _Stopping(_Work):
    """One invocation with state stopped."""

    def act(self) -> None:
        """Make sure that the run is not running."""
        row = self.listed()
        if row is None:
            raise _unknown([self.name], self.api)
        if row.state == "running":
            self._bring_about(row)
            if self.run.result["changed"]:
                self.show_diff({"state": "running"}, {"state": "stopped"})

    def _bring_about(self, row: PatchDataRow) -> None:
        if self.run.check_mode:
            self.journal.work(lambda _database: None)  # raises if the journal, which a stop needs, cannot be used
            self.run.result["changed"] = True
            return
        if self.held_back():
            return
        log = Log(self.journal, self.client, self.identity, self.workspace_id)
        write = RecordedWrite(
            lambda: self.api.stop(self.name).request_id, log, About(AttemptKind.PATCH_DATA_STOP, row.jobs[0] if row.jobs else "", self.name)
        )
        lost = False
        for _send in range(_TIMES):
            outcome = self._stop(write)
            lost = lost or outcome is Outcome.UNKNOWN
            row = self._until_stopped() or row
            if outcome is Outcome.ACCEPTED or row.state != "running":
                break
        # A run that ended by itself or was stopped by others counts as unchanged, unless a stop whose answer was lost may have stopped it.
        self.run.result["changed"] = outcome is Outcome.ACCEPTED or (lost and row.state == "stopped")
        if outcome is Outcome.UNKNOWN and row.state == "stopped":
            write.confirm()
        if row.state == "running":
            text = (
                "the stop was accepted, and it is still running" if outcome is Outcome.ACCEPTED else "whether a stop took effect is unknown"
            )
            self.run.fail("incomplete", text, "Run it again")

    def _stop(self, write: RecordedWrite) -> Outcome:
        """Send one stop; the outcome is UNKNOWN if its answer is lost, and a rejection if the run is no longer running.

        :raises ApiError: it was refused for another reason.
        """
        self.run.doing = "stopping"
        ending = self.writer.send(write, self.basis())
        if ending is None:
            return Outcome.NOT_EXECUTED
        if ending.error is None:
            self.run.result.update(request_id=ending.request_id, changed=True)
        elif ending.error.kind is not Kind.AMBIGUOUS and not (ending.error.code or "").endswith(_NOT_RUNNING):
            raise ending.error
        self.writer.check()
        return ending.outcome

    def _until_stopped(self) -> PatchDataRow | None:
        """The run as it is listed once it is no longer running, or after ``settle_time``."""
        return Waiting(timeout=self.run.settle_ms / 1000).until(self.listed, lambda row: row is None or row.state != "running")


def _missed(instance: JobInstance) -> dict[str, t.Any]:
    named = {"workspace_id": instance.key.workspace_id, "job_name": instance.job_name, "instance_id": instance.instance_id}
    result = {**named, **with_iso(plan_time=instance.key.plan_time), "status": instance.status_text}
    return t.cast("dict[str, t.Any]", safe(result))


def _short(value: t.Any) -> str:
    if isinstance(value, (list, tuple)):
        return printable(", ".join(map(str, (item for item in value if item is not None))) or "nothing", 200)
    return "nothing" if value is None else printable(value if isinstance(value, str) else json.dumps(value), 200)


def _text(content: t.Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n" if content else ""
