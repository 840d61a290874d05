# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_run: run a job once for each key, and follow the run to its end."""

from __future__ import annotations

import typing as t
import uuid

from .._api.job_query import JobCatalog
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import printable, safe
from .._common.times import DAY_MS, Window, to_iso, with_iso
from .._common.waiting import Waiting
from .._http.server_clock import ServiceClock
from .._journal.journal import Journal
from .._journal.runs import RunBook
from .._models.attempt import Outcome
from .._models.instance import Status
from .._models.job_run import KeyedRun, checked_key, fingerprint, parameters, same_parameters
from .._models.reason import InstanceDetail
from .._models.run_scope import check_durations
from .._output.messages import lookup_hint
from .._planner.job_run import CLOCK_SLACK_MS, RunDecision, RunStep, decide_run, lost_after, made_by, perhaps_made, time_of
from .._planner.outcomes import outcome_of_one
from .._planner.stopping import ENDED
from .ansible_module import ModuleRun, error_result
from .info import must_match
from .sender import RunIdentity, open_journal
from .write import Basis, Ending, Write, Writer, flight_ms

#: Margin before and after the request, ms: instances of the job with plan times in this window are listed.
_AROUND_MS = 3_600_000
#: Statuses that do not change until a person acts.
_NEEDS_A_PERSON = frozenset({Status.RUNNING_EXCEPTION, Status.PAUSE, Status.WAITING_CONFIRM})


def job_run(run: ModuleRun) -> None:
    """The logic of module job_run; see :class:`ModuleRun` and the module's documentation."""
    options = run.options
    run.what = f"Failed to run job {printable(options['job_name'], 100)} {run.where}"
    if options["api_version"] == "v2":
        raise OptionError("Only v1 of the API can run a job, and api_version is v2. Set api_version to auto or v1.")
    if not options["job_name"].strip():
        raise OptionError("job_name is empty. Set it to the name of the job to run.")
    check_durations(options)
    with open_journal(run) as journal:
        _Task(run, journal).work()


class _Task:
    """One invocation of the module."""

    def __init__(self, run: ModuleRun, journal: Journal) -> None:
        self._run, options = run, run.options
        self._name: str = options["job_name"]
        self._key = checked_key(options["run_key"])
        self._params = parameters(options["job_params"])
        self._until = stopwatch() + options["wait_timeout"]
        self._api = run.api()
        self._book = RunBook(journal, run.session.project_id, options["workspace_id"], self._name)
        self._who = RunIdentity.here(uuid.uuid4().hex, options)
        self._client = run.session.client
        self._writer = Writer(self._client)
        run.result.update(run_key=self._key, action="none", instance=None)

    def work(self) -> None:
        """Start the run or adopt the one of an earlier request, then wait for its end if ``wait`` is set."""
        self._check_job()
        waiting, decision = Waiting(), self._decided()
        self._report(decision)
        if self._run.check_mode:
            if decision.step is RunStep.ADOPT and decision.known is not None:
                self._show(decision.known, self._detail(decision.known))
            return
        while decision.step is not RunStep.ADOPT:
            if decision.step is RunStep.RUN:
                self._start(decision.known)
            elif decision.step is RunStep.READ_BACK and decision.known is not None and not self._read_back(decision.known):
                return
            else:
                waiting.pause(self._seconds_to(decision))
            if "error" in self._run.result:
                return
            decision = self._decided()
            self._report(decision)
        if decision.known is not None:
            self._watch(decision.known)

    def _seconds_to(self, decision: RunDecision) -> float | None:
        return None if decision.due_ms is None else (decision.due_ms - self._now(decision.known, self._book.read()[1])) / 1000

    def _now(self, known: KeyedRun | None, journal_ms: int) -> int:
        return journal_ms if known is None else time_of(known, journal_ms, self._client.clock.earliest_ms())

    def _check_job(self) -> None:
        """Check that the job exists, before anything is claimed. :raises ApiError: it does not."""
        if not self._api.list_jobs(self._name):
            catalog = JobCatalog(self._api, real_time=False)
            must_match(catalog.unmatched([self._name]) or ([] if catalog.has(self._name) else [self._name]), catalog, "batch job")

    def _decided(self) -> RunDecision:
        """The planner's decision for the key. :raises OptionError: the key was used with other parameters."""
        runs, journal_ms = self._book.read()
        known = next((run for run in runs if run.run_key == self._key), None)
        lost_ms = lost_after(known, self._book.lost_ms())
        # Check mode shows what would happen after the wait that lost records require.
        settle_ms = 0 if lost_ms is not None and self._run.check_mode else self._run.settle_ms
        decision = decide_run(known, self._now(known, journal_ms), settle_ms, lost_ms)
        if lost_ms is not None and decision.step is RunStep.RUN:
            self._check_lost(lost_ms, runs)
        if known is not None and decision.step is not RunStep.RUN and not same_parameters(self._params, known):
            raise OptionError(
                f"run_key {printable(self._key, 200)} was used for this job at {to_iso(known.sent_ms)} with other job_params. "
                "Use another key for another run."
            )
        return decision

    def _check_lost(self, lost_ms: int, runs: t.Sequence[KeyedRun]) -> None:
        """Check that no instance can come from a request that only the lost journal knew.

        :param lost_ms: when the journal may have lost runs, epoch ms.
        :param runs: the runs of the job in the present journal.
        :raises ApiError: one can.
        """
        listed = self._api.list_instances(Window(lost_ms - DAY_MS, self._client.clock.latest_ms() + _AROUND_MS), job_name=self._name)
        instance = perhaps_made(lost_ms, runs, listed)
        if instance is None:
            return
        self._run.result["action"] = "unknown"
        raise ApiError(
            Kind.AMBIGUOUS,
            f"the journal may lack what was recorded before {to_iso(lost_ms)}, and it is unknown whether the run by hand of "
            f"{to_iso(instance.key.plan_time)} was for run_key {self._key}",
            hint="Look at the runs of the job. If it is still to be run, start it in the console, or set journal to another path.",
        )

    def _start(self, instead_of: KeyedRun | None) -> None:
        """Request the run, unless another task has claimed the key.

        :param instead_of: the journal's row of the key, whose request provably started nothing; None if there is none.
        """
        now = self._client.clock.now_ms()
        listed = self._api.list_instances(Window(now - _AROUND_MS, now + _AROUND_MS), job_name=self._name)
        now, who = self._client.clock.now_ms(), self._who
        wanted = KeyedRun(
            job_name=self._name,
            run_key=self._key,
            params=fingerprint(self._params, uuid.uuid4().hex),
            known=tuple(sorted(instance.instance_id for instance in listed if instance.instance_id)),
            run_id=who.run_id,
            sent_ms=now,
            last_ms=now,
            journal_ms=0,
            flight_ms=flight_ms(self._client),
            controller=who.controller,
            user=who.user,
            purpose=who.purpose,
        )
        self._request(_Request(self._api, self._book, self._client.clock, wanted, instead_of, self._params))

    def _request(self, request: _Request) -> None:
        """Send *request* and report its outcome. It depends only on the claim of its key, so it cannot become outdated."""
        ending = self._writer.send(request, Basis())
        if ending is None:
            if request.claimed:
                self._writer.check()
                cause = "the request was not sent: another task took its claim over in the meantime"
                self._run.fail(Kind.STALE.value, cause, f"Run it again with run_key {self._key}, unless somebody has run the job since")
                self._run.result["action"] = "none"
            return
        self._run.result["changed"] = ending.outcome is Outcome.ACCEPTED
        self._run.result["instance"] = {"instance_id": request.instance_id} if request.instance_id else None
        self._writer.check()
        if ending.error is not None and ending.outcome is not Outcome.UNKNOWN:
            self._run.result.update(error_result(ending.error, self._run.what), action="rejected")

    def _read_back(self, known: KeyedRun) -> bool:
        """Look for the instance of a request whose answer was lost; False if that stays unknown, in which case the task has failed."""
        now = self._client.clock.latest_ms()
        window = Window(known.sent_ms - _AROUND_MS, max(now, known.sent_ms) + _AROUND_MS)
        listed = self._api.list_instances(window, job_name=self._name)
        runs, dummy = self._book.read()  # after the list: every listed run of another key was claimed before that
        instance_id, reason = made_by(known, [run for run in runs if run.run_key != known.run_key], listed)
        if instance_id is not None:
            # Another task may have recorded it first; the caller reads the journal again anyway.
            self._book.record(known, Outcome.ACCEPTED, instance_id=instance_id, read_back=True, message=reason)
            return True
        if known.outcome is not Outcome.UNKNOWN and self._book.record(known, Outcome.UNKNOWN, message=reason) is None:
            return True  # the task that sent it has recorded the outcome meanwhile
        cause = f"it was asked for at {to_iso(known.sent_ms)}, its answer was lost, and {reason}"
        span = Window(known.sent_ms - CLOCK_SLACK_MS, max(now, known.sent_ms))
        hint = f"It is never sent again for run_key {self._key}: check whether it ran, and use another key if it did not. "
        hint += lookup_hint(self._run.options, [self._name], span)
        self._run.fail(Kind.AMBIGUOUS.value, cause, hint)
        self._run.result.update(action="unknown", reason=printable(cause))
        return False

    def _watch(self, known: KeyedRun) -> None:
        """Put the run into the result; with ``wait``, wait for its end and fail if it did not succeed."""

        def read() -> InstanceDetail | None:
            detail = self._detail(known)
            self._show(known, detail)
            return detail

        def done(detail: InstanceDetail | None) -> bool:
            ended = detail is not None and (detail.status in ENDED or detail.status in _NEEDS_A_PERSON)
            return ended or not self._run.options["wait"]

        self._conclude(known, Waiting(timeout=self._until - stopwatch()).until(read, done))

    def _conclude(self, known: KeyedRun, detail: InstanceDetail | None) -> None:
        run, name = self._run, f"instance {printable(known.instance_id, 100)}"
        if not run.options["wait"] or (detail is not None and detail.status.succeeded):
            return
        if detail is None or (detail.status not in ENDED and detail.status not in _NEEDS_A_PERSON):
            shown = "is not shown by the service yet" if detail is None else f"is {detail.status.value}"
            cause, hint = f"{name} {shown} when wait_timeout was over", "Run it again with the same run_key to continue waiting"
        else:
            failed = detail.failed_nodes
            at = f" at node {printable(failed[0].name, 100)}" if failed else ""
            cause = (
                f"{name} ended as {detail.status.value}{at}"
                if detail.status in ENDED
                else f"{name} is {detail.status.value}, and needs a person"
            )
            hint = "Correct what the log of the job names, then use another run_key to run it again"
        run.fail("incomplete", cause, hint)

    def _detail(self, known: KeyedRun) -> InstanceDetail | None:
        """The instance now; None while the service does not show it."""
        try:
            return self._api.detail_of(self._name, known.instance_id)
        except ApiError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return None

    def _show(self, known: KeyedRun, detail: InstanceDetail | None) -> None:
        seen = detail or InstanceDetail(Status.UNKNOWN, None)
        failed = seen.failed_nodes
        message = (failed[0].message if failed else None) or seen.message
        self._run.result["instance"] = {
            "workspace_id": self._api.workspace_id,
            "job_name": safe(self._name),
            "instance_id": known.instance_id,
            "status": None if detail is None else seen.status.value,
            **with_iso(plan_time=seen.plan_time, start_time=seen.start_time, end_time=seen.end_time),
            "node": safe(failed[0].name) if failed else None,
            "log_path": safe(failed[0].log_path) if failed else None,
            "error_message": None if message is None else printable(message),
        }
        self._run.result["api_versions"] = dict(self._api.api_versions)

    def _report(self, decision: RunDecision) -> None:
        known, run = decision.known, self._run
        ours = known is not None and known.run_id == self._who.run_id
        action = "run" if ours or decision.step is RunStep.RUN else "adopt" if decision.step is RunStep.ADOPT else "settle"
        run.result.update(
            action=action,
            reason=printable(decision.reason),
            changed=run.result["changed"] or (ours and decision.step is RunStep.ADOPT) or (run.check_mode and action == "run"),
            **with_iso(sent_time=None if known is None else known.sent_ms),
            run_id=self._who.run_id if known is None else printable(known.run_id, 100),
            user="" if known is None else printable(known.user, 100),
            purpose="" if known is None else printable(known.purpose, 200),
            read_back=known is not None and known.read_back,
            api_versions=dict(self._api.api_versions),
        )
        if run.diff_mode:
            after = f"{printable(self._name, 200)}: one run with run_key {self._key}\n" if run.result["changed"] else ""
            run.result["diff"] = {"before_header": "runs before", "after_header": "runs after", "before": "", "after": after}


class _Request(Write):
    """The request that runs a job once. It claims the journal's row for the key.

    :param wanted: the row to write.
    :param instead_of: the row that it replaces, whose request provably started nothing; None if there is none.
    :ivar instance_id: of the instance that was made, or "".
    :ivar claimed: whether the key was claimed.
    """

    def __init__(
        self,
        api: WorkspaceApi,
        book: RunBook,
        clock: ServiceClock,
        wanted: KeyedRun,
        instead_of: KeyedRun | None,
        params: t.Mapping[str, str],
    ) -> None:
        super().__init__(self._run_job)
        self._api, self._book, self._clock = api, book, clock
        self._row, self._instead_of, self._params = wanted, instead_of, params
        self.instance_id, self.claimed = "", False

    def claim(self) -> bool:
        claimed = self._book.claim(self._row, self._instead_of)
        self._row, self.claimed = claimed or self._row, claimed is not None
        return self.claimed

    def stamp(self) -> None:
        self._row = self._book.stamp(self._row, self._clock.now_ms())

    def _run_job(self) -> str | None:
        started = self._api.run_job(self._row.job_name, self._params)
        self.instance_id = started.instance_id
        return started.request_id

    def outcome_of(self, kind: Kind) -> Outcome:
        """A refusal counts as final: another attempt would be refused too."""
        return outcome_of_one(kind)

    def record(self, ending: Ending) -> None:
        """Record the outcome with the instance's id, if it is known."""
        end: dict[str, t.Any] = {"instance_id": self.instance_id} if self.instance_id else {"message": str(ending.error)}
        if ending.outcome is Outcome.UNKNOWN:
            end["last_ms"] = max(self._row.last_ms, self._clock.latest_ms())
        self._book.record(self._row, ending.outcome, request_id=ending.request_id, **end)
