# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The goal of module job_rerun: every selected instance of a workspace succeeds in a run that started since ``since``. One pass."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._api.baseline_query import baseline_deadlines
from .._api.instance_query import list_selected, names_without_instances, patterns_without_instances
from .._api.log_query import LogReader
from .._api.reason_query import ReasonReader
from .._api.service_time import CLOCK_LIMIT_MS, TOLERANCE_MS, timed_window
from .._api.workspace import WorkspaceApi
from .._api.workspace_lists import Listing
from .._common.errors import FATAL_KINDS, ApiError, JournalError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import counted, printable, safe
from .._common.times import Window, to_iso
from .._journal.journal import Journal
from .._models.attempt import Attempt, Outcome
from .._models.decision import Decision
from .._models.instance import FullKey, InstanceKey, JobInstance, Status
from .._models.reason import Reason
from .._models.rerun_request import RetryOptions
from .._models.run_scope import PassState, RunScope, SinceOption, check_past, seconds_of, window_of
from .._models.selection import Selection, select, wanted_statuses
from .._output.downstream import downstream_lines, downstream_result, jobs_text
from .._output.expectation import expectation, late_lines
from .._output.messages import lookup_hint, plan_lines, stop_lines, unshown_notes
from .._output.plan_details import plan_details
from .._output.reasons import policy_lines, policy_result, reason_lines, reason_result
from .._output.refusals import Refusals
from .._output.results import decided, diff, quiet_result, summary
from .._planner.deadline import Deadlines, Urgency, deadline_of, job_ends
from .._planner.dependency_order import Depends
from .._planner.downstream import Knowledge, RerunEarlier, decide_dependants, rerun_earlier, roots_of
from .._planner.forecast import Forecast, Room, Runs, foresee, running_at_once, runs_of
from .._planner.hung import STOP_AND_RERUN, StopPolicy, decide_with_stops, first_starts, stop_word, without_reruns
from .._planner.limits import Limits
from .._planner.made import Made
from .._planner.outcomes import SHARED_KINDS, due_in, is_broken, left_to_do, missed, of_unknown_outcome, unsent
from .._planner.pipeline import assess, schedule
from .._planner.plan import Batch, Plan
from .._planner.plan_id import approved_since
from .._planner.quiet_hours import QuietSpan
from .._planner.reason_policy import ReasonPolicy
from .._planner.reasons import grouped
from .._planner.reconcile import SINCE_AHEAD_MS, Policy, decide_missing
from .ansible_module import ModuleRun
from .dependencies import OrderReader
from .downstream import Below
from .engine import Engine, Strategy
from .journal_records import not_reruns
from .name_check import NameCheck, unlisted_text
from .rerun_pauses import RerunPauses, restore
from .sender import RerunExchange, Sender, open_journal, requests_of
from .snapshot import Listed, Since, Snapshot
from .start_node import StartNode

#: After how long what was listed is too old to send anything by it, if it can be listed again, seconds.
OLD_SECONDS = 5.0
_REMEDY = "The result lists every instance with its reason; correct what the reasons name, and run again with a later since"
#: The same where every instance that could be listed has succeeded.
_REMEDY_OF_LISTS = "Correct that, then run again"
#: What a run that looks for dependants says where the journal does not know what was rerun before it.
_PAST_LOST = (
    "The journal could not be read in the last 24 hours and was set aside, so it is not known what was rerun before, and what depends on that. "
    "Set since to a time before those reruns"
)
#: What is done about a rerun that another workspace does not allow.
_REMEDY_ELSEWHERE = (
    "The rerun was for workspace {workspace_id}, where an instance depends on what is rerun. Assign the user a role there that may operate "
    "job instances (administrator or operator), or set downstream to report."
)


def rerun(run: ModuleRun) -> None:
    """The logic of module job_rerun: one pass; see :class:`ModuleRun` and the module's documentation."""
    goal = Goal(run)
    if goal.state.restore:
        goal.restore()
    elif goal.state.options_only:
        goal.check_since()
    else:
        Engine(goal).run()


class Goal(Strategy):
    """One pass towards the goal. The passes of a task are made by its action; ``pass_state`` is what they hand on."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run, PassState.from_option(run.options["pass_state"]))
        options, now = run.options, self.clock.now_ms()
        self._workspace_id: str = options["workspace_id"]
        self._retry_options = RetryOptions.from_options(options)
        self._limits = Limits(options["max_instances"], options["max_parallel"], options["batch_size"], options["max_parallel_per_job"])
        if options["max_reruns_per_day"] is not None and options["max_reruns_per_day"] < 1:
            raise OptionError(f"max_reruns_per_day is {options['max_reruns_per_day']}. Set it to 1 or more, or leave it out for no limit.")
        for name in ("wait_timeout", "clock_slack"):
            seconds_of(options, name, 0)
        StopPolicy.check(options)
        self._poll_interval = seconds_of(options, "poll_interval", 1)
        window = self.state.window or window_of(options, now)
        self._select(window)
        self._since = SinceOption.of(options if self.state.since is None else {}, now)  # once in a run
        self._policy(RunScope(self.since(now).ms or now, False, window))
        self._apis = {self._workspace_id: self.api}
        self._pauses = RerunPauses(run, self._api_of, self.run_id, self.state.paused, self.state.repair.get("pauses") or ())
        self._pauses.stopped.update(self.state.stopped)
        self._paused_jobs: list[tuple[str, str]] = []  # those that are paused meanwhile, as far as was asked
        self._earlier = RerunEarlier()
        self._below = Below(run, self._api_of, self.state.downstream, Made.of(self.state.repair))
        self._order = OrderReader(run, self._api_of, self.state.dependencies)
        self._start_node = StartNode(self.api, self._retry_options, self.state.nodes)
        self._refusals = Refusals()
        mode = "all" if ReasonPolicy.of(options).needs_reasons else options["reasons"]
        self._reader = ReasonReader(self.api, mode, self.state.reasons, LogReader.of(lambda: run.session, options))
        self._reasons: dict[FullKey, Reason] = {}
        self._missed: list[str] = []  # problems that leave the goal unreached
        self._unlisted: dict[str, ApiError] = {}  # jobs that could not be listed, by name
        self._stops = StopPolicy()
        self._judged: tuple[Snapshot, list[Decision]] | None = None  # what was decided by the newest snapshot
        self._after: dict[InstanceKey, Decision] = {}  # what became of a decision that was sent
        self._stands: tuple[Plan, list[Decision]] | None = None  # the decisions of the newest plan as they stand
        self._foreseen: tuple[Plan, int, Forecast] | None = None  # when they will end, by then
        self._nameless: list[str] = []  # names in jobs, and patterns, of which nothing is listed
        self._silent: list[str] = []
        self._deadline = self.state.deadline or deadline_of(options, now)
        self._baselines = self.state.baselines
        self._runs: Runs = {}  # how long runs of each job took
        self._depends: Depends = {}  # what waits for what in this run
        self._quiet_now: QuietSpan | None = None  # the quiet hours by which the newest plan holds back
        self._blind = False  # a job could not be listed that this run has rerun, so that its end is not known
        self._reading = 0.0  # how long it took to read what is downstream, seconds

    def check_since(self) -> None:
        """Refuse the option ``since`` if it lies ahead by what is known of the service's time now. :raises OptionError: naming it."""
        if self._since.ms is not None:
            check_past(self._since.ms, now_ms=self.clock.now_ms(), last_ms=self.clock.latest_ms() + SINCE_AHEAD_MS)

    def workspaces(self) -> t.Collection[str]:
        """The one of the options, and those in which something that depends on it may be rerun."""
        return [self._workspace_id, *sorted(self._below.workspaces() - {self._workspace_id})]

    def since(self, asked_ms: int) -> Since:
        """That of the pass before; else the option's, or the one that an approved plan binds."""
        if self.state.since is not None:
            return Since(self.state.since, self.state.since_given, fixed=True)
        since, plan_id = self._since.at(asked_ms), self.run.options["plan_id"]
        if since is None and plan_id:
            since = approved_since(plan_id)
        return Since(since, since is not None)

    def list_instances(self) -> Listed:
        """Every selected instance of whatever status: one that has gone on still has to be brought to the goal. Also those of types that are
        not meant: twins differ in their type."""
        for notes in (self.problems, self._missed, self._after):
            notes.clear()
        self._stands = self._foreseen = None
        asked_at = stopwatch()
        fixed, since = self.state.window, self.since(self.clock.now_ms()).ms

        def read(window: Window) -> Listing:
            # Before the first answer the time is this machine's, which may be behind, and a window that ends now ends a moment before
            # since: what was started meanwhile must not be missed.
            started = None if since is None else Window(since - TOLERANCE_MS, max(since, self.clock.latest_ms()) + CLOCK_LIMIT_MS)
            return list_selected(self.api, self._select(window), started=started, every_type=True)

        listing, window, asked_ms = timed_window(self.clock, lambda now_ms: fixed or window_of(self.run.options, now_ms), read)
        self._unlisted = listing.problems
        for text in listing.notes:
            self.note(text)
        for name, error in self._unlisted.items():
            if error.kind is not Kind.NOT_FOUND:
                self._miss(unlisted_text(name, error, error.hint))
        return Listed(listing.instances, window, asked_ms, asked_at)

    def further(self, listed: Listed, snapshot: Snapshot) -> Listed | None:
        """What depends on what is rerun, here and in other workspaces."""
        if not self._below.wanted:
            return None
        decisions, policy = self._decided(snapshot), self._policy(snapshot.scope)
        unknown_past = self._below.unknown_past(first=snapshot.scope.since_given and (snapshot.uncovered or policy.clock_slack_ms > 0))
        roots = roots_of(decisions, policy, snapshot.effective, snapshot.stops, unknown_past=unknown_past)
        if self._below.joins:
            self._earlier = rerun_earlier(decisions, policy, snapshot.effective, snapshot.stops)
            roots = {**self._earlier.roots, **roots}
        last = not any(left_to_do(decision, wait=self.run.options["wait"]) for decision in decisions)
        so_far = "Nothing more was sent." if any(decision.attempt is not None for decision in decisions) else "Nothing was sent."
        began = stopwatch()
        more = self._below.read(roots, snapshot.instances, self.clock.latest_ms(), since=policy.since, last=last, so_far=so_far)
        self._reading = stopwatch() - began
        if not more:
            return None
        times = [instance.key.plan_time for instance in more]
        reach = Window(min(listed.window.begin, *times), max(listed.window.end, *times))
        return listed._replace(instances=[*listed.instances, *more], reach=reach)

    def _decided(self, snapshot: Snapshot) -> list[Decision]:
        """One decision for each selected instance, and each that this run has sent and that is not listed any more, by the table of ``reconcile.py``."""
        if self._judged is not None and self._judged[0] is snapshot:
            return self._judged[1]
        policy, selection = self._policy(snapshot.scope), self._select(snapshot.scope.window)
        instances = [instance for instance in snapshot.instances if self._meant(instance, selection)]
        decisions = self._with_stops(instances, snapshot, policy)
        decisions += [decide_missing(attempt, policy, snapshot.asked_ms) for attempt in self._vanished(snapshot, selection)]
        self._judged = (snapshot, decisions)
        return decisions

    def _with_dependants(self, snapshot: Snapshot, decisions: t.Sequence[Decision]) -> list[Decision]:
        """*decisions*, and those about what joins the plan because it depends on what is rerun."""
        self._below.judge(snapshot.instances)
        for text in self._below.notes:
            (self._miss if self._below.joins else self.note)(text)
        if self._below.joins and snapshot.history.set_aside_ms is not None and not snapshot.scope.since_given:
            self._miss(_PAST_LOST)
        known = Knowledge(
            self._policy(snapshot.scope),
            snapshot.asked_ms,
            snapshot.history.attempts,
            snapshot.effective,
            snapshot.stops,
            self._earlier.since,
        )
        joined = decide_dependants(self._below.dependants, self._below.mode, known, self._below.graph)
        self._note_earlier(joined)
        early = set() if self.run.check_mode else self._below.too_early()
        by_key = {decision.instance.key: decision for decision in joined if decision.instance.key not in early}
        return [by_key.pop(decision.instance.key, decision) for decision in decisions] + list(by_key.values())

    def _note_earlier(self, joined: t.Iterable[Decision]) -> None:
        """Why something is to be rerun although nothing above it failed."""
        jobs = self._earlier.jobs_above(joined, self._below.dependants)
        if jobs:
            shown = jobs_text(jobs.most_common())
            self.note(f"An earlier run has rerun {shown}. What depends on it and has not succeeded since then is rerun too.")

    def _meant(self, instance: JobInstance, selection: Selection) -> bool:
        return instance.key.workspace_id == self._workspace_id and selection.matches(instance)

    def plan(self, snapshot: Snapshot) -> Plan:
        """By the table of ``reconcile.py``, that of ``downstream.py``, and every step of the pipeline."""
        scope, policy, options = snapshot.scope, self._policy(snapshot.scope), self.run.options
        selection = self._select(scope.window)
        instances = [instance for instance in snapshot.instances if self._meant(instance, selection)]
        decisions = self._decided(snapshot)
        if self._below.wanted:
            decisions = self._with_dependants(snapshot, decisions)
        for text in unshown_notes(decisions):
            self.note(text)
        self._nameless = names_without_instances(selection, instances, self._unlisted)
        self._silent = patterns_without_instances(selection, instances, self._unlisted)
        self._blind = any(self._of_run(attempt, scope) and attempt.job_name in self._unlisted for attempt in snapshot.missing)
        began = stopwatch() - self._reading
        self._read_reasons(decisions)
        possible, by_id = self._below.possible(), self.by_id(decisions)
        plan = assess(decisions, snapshot.history, options, scope.since, by_id=by_id, reasons=self._reasons, possible=possible)
        if plan.refused is None and self._retry_options.node_name is not None:
            plan = self._at_node(plan)
        if self._stops.over:
            plan = replace(plan, decisions=tuple(without_reruns(plan.decisions)))
        if plan.refused is not None:
            return schedule(plan, None, self._limits)
        order = self._order.read(plan.decisions, policy, selection, snapshot.asked_ms, self._unlisted, self._below.graph)
        self.outdated = not self.outdated and stopwatch() - began >= OLD_SECONDS
        self._quiet_now = self.quiet_hours()
        waits = order is not None and order.upstream_first
        self._depends = order.depends if order is not None and waits else {}
        self._read_baselines()
        averages = {(self._workspace_id, name): average / 1000 for name, average in self._order.known.averages.items()}
        self._runs = runs_of(snapshot.instances, scope.since, averages)
        urgency = Urgency(self._deadlines(), self._runs, self._depends) if options["order"] == "deadline" else None
        plan = schedule(plan, order, self._limits, self._quiet_now, urgency)
        for text in self._order.overdue(snapshot.asked_ms - scope.since):
            self.note(text)
        return plan

    def restore(self) -> None:
        """Start again what was paused, and nothing else."""
        restore(self.run, self._pauses, self.sightings)
        with contextlib.suppress(JournalError), open_journal(self.run, self.sightings) as journal:
            self._recall(self.state.window, journal)

    def recall(self, snapshot: Snapshot, journal: Journal) -> None:
        """What was started and stopped since the window begins, and what is paused now; once there is something to report."""
        if not self.state.plan_only:
            self._recall(snapshot.scope.window, journal)

    def _recall(self, window: Window | None, journal: Journal) -> None:
        if window is not None:
            workspaces = {*self.workspaces(), *(workspace_id for workspace_id, _name in self._pauses.considered)}
            self.run.result["journal_history"] = not_reruns(journal, self.run.session.project_id, workspaces, window.begin)

    def foresee(self, plan: Plan, journal: Journal) -> None:
        """Which jobs are paused, in a pass that only tells what is to be done."""
        if self.run.check_mode or self.state.plan_only:
            self._paused_jobs = self._pauses.foreseen(journal, self._jobs_to_pause(plan))

    def before_send(self, plan: Plan, journal: Journal) -> None:
        """Pause the jobs of which something is to be rerun."""
        self._pauses.pause(journal, self._jobs_to_pause(plan))

    @staticmethod
    def _jobs_to_pause(plan: Plan) -> set[tuple[str, str]]:
        due = (decision.instance for decision in plan.decisions if decision.action.open)
        return {(instance.key.workspace_id, instance.job_name) for instance in due}

    def _names_of_paused(self) -> list[str]:
        """The jobs that are paused meanwhile, those of other workspaces with the name of theirs."""
        names = self._below.graph.names
        return [
            name if where == self._workspace_id else f"{name} (workspace {printable(names.get(where) or where, 100)})"
            for where, name in self._paused_jobs
        ]

    def after_pass(self, plan: Plan, journal: Journal) -> None:
        """Say that what was paused is still needed, by whichever run; start it again where nothing is left to do."""
        if self.anything_left(plan):
            self._pauses.renew(journal, self._jobs_to_pause(plan))
            return
        self._pauses.finish(journal)
        for text in self._pauses.failures:
            self._miss(text)
        for text in self._pauses.notes:
            self.note(text)

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """In one request, or where only v1 is open in one for each instance. What joined from downstream is rerun as a whole."""
        options = self._retry_options.from_first_node() if batch.downstream else self._retry_options
        return requests_of(batch, sender, self._api_of(batch.workspace_id), options)

    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Keep what became of each; a rejection is told, and does not stop the next request. So is what keeps a whole pass from sending anything."""
        first = not self._after
        self._after.update((before.instance.key, after) for before, after in zip(exchange.before, exchange.after))
        self._stands = self._foreseen = None
        error = exchange.error
        if error is None:
            return True
        if error.kind is Kind.STALE and first and self.quiet_hours() is None:
            self.note(f"Nothing was sent yet: {printable(error)}. {error.hint}")
        if any(decision.asks_stop for decision in exchange.before):
            return self._note_stop(exchange.before[0], error)
        if error.kind in SHARED_KINDS:
            place = exchange.before[0].instance.key.workspace_id
            if error.kind is Kind.NO_PERMISSION and place != self._workspace_id:
                error.hint = _REMEDY_ELSEWHERE.format(workspace_id=place)
            raise error
        if error.kind is not Kind.STALE:
            self._refusals.add(exchange.after, error)
        return error.kind not in (Kind.THROTTLED, Kind.STALE)

    def foretell(self, snapshot: Snapshot, plan: Plan) -> None:
        """The plan's lines and details, once in a call."""
        if "plan" in self.run.result:
            return
        statuses = self._wanted(snapshot.scope)
        failures = (
            {
                "failure": reason_result(reason),
                "workspace_id": decision.instance.key.workspace_id,
                "job_name": decision.instance.job_name,
                "broken": is_broken(decision, statuses),
            }
            for decision in self._current(plan)
            if not decision.already_done and (reason := self._reasons.get(decision.instance.full_key)) is not None
        )
        forecast, now_ms = self._forecast(plan, snapshot)
        purpose = printable(self.run.options["purpose"] or "", 200)
        details = plan_details(
            plan,
            forecast,
            statuses,
            self._retry_options,
            now_ms,
            paused_jobs=self._names_of_paused(),
            workspace_names=self._below.graph.names,
        )
        self.run.result["plan_details"] = details
        self.run.result["plan"] = [
            *plan_lines(self._workspace_id, snapshot.scope, plan, self._policy(snapshot.scope), details, purpose),
            *map("  {}".format, late_lines(self._expected(plan, snapshot)["jobs"])),
            *stop_lines(self.run.options),
            *policy_lines(plan.decisions),
            *reason_lines(grouped(failures)),
            *downstream_lines(self._downstream_results(plan), self._workspace_id),
        ]

    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Every instance but those that were fine from the beginning, counts, the plan's lines, and when another pass makes sense."""
        self.foretell(snapshot, plan)
        standing, scope = self._standing(plan), snapshot.scope
        statuses, check_mode = self._wanted(scope), self.run.check_mode
        effective, purpose = snapshot.history.effective, printable(self.run.options["purpose"] or "", 200)
        instances = [
            {
                **decided(decision, statuses, self.run_id, effective=effective, check_mode=check_mode),
                "policy": policy_result(decision.left_out),
                "failure": reason_result(self._reasons.get(decision.instance.full_key)),
                "downstream": None if decision.downstream is None else decision.downstream.value,
                "stop": stop_word(decision),
                "stop_time": None if decision.stop is None else decision.stop.sent_ms,
            }
            for decision in standing
            if not decision.already_done
        ]
        result = self.run.result
        result.update(
            instances=instances,
            statuses=sorted(status.value for status in statuses),
            reasons=grouped(instances),
            downstream=self._downstream_results(plan),
            summary=summary(instances, sum(decision.already_done for decision in standing)),
            plan_id=plan.plan_id,
            plan_record=dict(plan.plan_record),
            problems=[*self.problems, *self._refusals.lines()],
            api_versions=dict(self.api.api_versions),
            run_id=self.run_id,
            purpose=purpose,
            since=scope.since,
            since_iso=to_iso(scope.since),
            planned_after=scope.window.begin,
            planned_before=scope.window.end,
            expected=self._expected(plan, snapshot),
            quiet_hours=quiet_result(self._quiet_now, standing),
            finished=False,
            due_in=due_in(standing, self.clock.now_ms(), self._poll_interval) or (self._poll_interval if self._blind else None),
            changed=self._changed(plan),
        )
        if self.run.diff_mode:
            result["diff"] = diff(instances, check_mode=check_mode)

    def anything_left(self, plan: Plan) -> bool:
        """Whether another pass has anything to do."""
        if self.run.check_mode:
            return False
        wait = self.run.options["wait"]
        return self._blind or any(left_to_do(decision, wait=wait) for decision in self._current(plan))

    def seconds_left(self, dummy_plan: Plan) -> float | None:
        """None: the next pass is the task's."""
        return None

    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Whether this was the last pass, and if so whether the goal was reached. A refused plan fails in check mode too, which would promise
        too much otherwise."""
        result, scope = self.run.result, snapshot.scope
        if plan.refused is not None:
            self.run.fail("limit", plan.refused, what=f"Failed to rerun job instances {self.run.where}")
        self._check_names(plan)
        result["problems"] = [*self.problems, *self._refusals.lines()]
        result["api_versions"] = dict(self.api.api_versions)
        due = 0 if self.run.check_mode else sum(len(batch.decisions) for batch in plan.batches) + len(plan.stops)
        planned, unsent = (due, 0) if self.state.plan_only else (0, max(0, due - len(self._after)))
        result["pass_state"] = self.state.after(
            scope,
            run_id=self.run_id,
            planned=planned,
            unsent=unsent,
            deadline=self._deadline,
            baselines=self._baselines,
            dependencies=self._order.carried(),
            nodes=self._start_node.carried(),
            reasons=self._reader.carried(),
            downstream=self._below.carried(),
            timeout_ms=self._stops.timeout_ms,
            started=self._stops.started,
            paused=tuple(sorted(self._pauses.considered)),
            stopped=tuple(sorted(self._pauses.stopped)),
            seen=self.sightings.first,
        ).to_result()
        if result.get("failed") or self.anything_left(plan):
            if self.state.alone and not result.get("failed"):
                self._left_behind(plan)
            return
        result.update(finished=True, due_in=None)
        standing = self._standing(plan)
        short = "" if self.run.check_mode else missed(standing, self._wanted(scope))
        causes = "; ".join(text.rstrip(".") for text in (short, *self._missed) if text)
        if causes:
            unknown = sorted({decision.instance.job_name for decision in of_unknown_outcome(standing)})
            remedy = _REMEDY if short else _REMEDY_OF_LISTS
            remedy = f"{remedy}. {lookup_hint(self.run.options, unknown, scope.window)}" if unknown else remedy
            self.run.fail("incomplete", causes, remedy, what=f"Failed to bring every instance {self.run.where} to success")

    def _left_behind(self, plan: Plan) -> None:
        """What the only pass of a task in the background left to do, as a failure: nobody else tells of it."""
        decisions = [decision for decision in self._standing(plan) if left_to_do(decision, wait=False)]
        reasons = "; ".join(dict.fromkeys(printable(decision.reason, 200) for decision in decisions[:3])) or "not every job could be listed"
        what = f"Left {counted(len(decisions), 'instance')} {self.run.where} to another pass, and with async there is none"
        since = to_iso(self.state.since if self.state.since is not None else int(self.run.result["since"]))
        remedy = f"Run it again with since={since}, which sends nothing twice, or without async"
        self.run.fail("incomplete", reasons, remedy, what=what)

    def _forecast(self, plan: Plan, snapshot: Snapshot) -> tuple[Forecast, int]:
        """When the instances will end, as far as what is listed tells it, and the service's time from which that counts, epoch ms."""
        if self._foreseen is None or self._foreseen[0] is not plan:
            now_ms = self.clock.now_ms()
            self._foreseen = (plan, now_ms, self._foresee(plan, snapshot, now_ms))
        return self._foreseen[2], self._foreseen[1]

    def _current(self, plan: Plan) -> list[Decision]:
        """The decisions of *plan*, with what became of those that were sent."""
        return [self._after.get(decision.instance.key, decision) for decision in plan.decisions] if self._after else list(plan.decisions)

    def _foresee(self, plan: Plan, snapshot: Snapshot, now_ms: int) -> Forecast:
        if plan.refused is not None:
            return Forecast()
        limits = self._limits

        def opens(seconds: float) -> float:
            return (self.hours.opens(now_ms + round(seconds * 1000)) - now_ms) / 1000

        room = Room(
            limits.max_parallel,
            limits.max_parallel_per_job,
            running_at_once(snapshot.instances),
            self._poll_interval / 2,
            opens if self.hours.windows else None,
        )
        return foresee(self._current(plan), self._depends, self._runs, room, now_ms)

    def _expected(self, plan: Plan, snapshot: Snapshot) -> dict[str, t.Any]:
        """When everything will probably have ended, and which jobs are late."""
        forecast, now_ms = self._forecast(plan, snapshot)
        ends = job_ends(self._current(plan), forecast, self._deadlines(), self._wanted(snapshot.scope), now_ms)
        return expectation(ends, self._deadline, self._below.graph.names)

    def _downstream_results(self, plan: Plan) -> list[dict[str, t.Any]]:
        """What depends on what is rerun, and is concerned by it."""
        joined = {decision.instance.key for decision in plan.decisions if decision.downstream is not None}
        concerned = [dependant for dependant in self._below.dependants if dependant.effect is not None]
        return [downstream_result(dependant, self._below.graph.names, joined) for dependant in concerned]

    def _deadlines(self) -> Deadlines:
        return Deadlines(self._deadline, self._baselines or {}, self._workspace_id)

    def _read_baselines(self) -> None:
        """The deadlines of single jobs, once in a run, where the order goes by them."""
        if self.run.options["order"] != "deadline" or self._baselines is not None:
            return
        try:
            self._baselines = baseline_deadlines(self.run.session, self._workspace_id, self.clock.now_ms())
        except ApiError as error:
            self._baselines = {}
            self.note(f"No baselines could be read: {printable(error, 300).rstrip('.')}. Only deadline says what is urgent.")
        if self._deadline is None and not self._baselines:
            self.note("No deadline is known: deadline is not set, and no baseline names a job. The longest chains are sent first.")

    def _with_stops(self, instances: t.Sequence[JobInstance], snapshot: Snapshot, policy: Policy) -> list[Decision]:
        """One decision for each of *instances*, by the tables of ``reconcile.py`` and ``hung.py``."""
        now, attempts = snapshot.asked_ms, snapshot.history.attempts
        options, asks = self.run.options, self.state.timed_out
        self._stops = StopPolicy(
            timeout_action=options["timeout_action"],
            running_exception=options["running_exception"],
            timeout_ms=self.state.timeout_ms if self.state.timeout_ms is not None or not asks else now,
            run_id=self.run_id,
            since_given=snapshot.scope.since_given,
            started=t.cast("t.Mapping[str, int]", self.state.started),
        )
        effective, stops = snapshot.effective, snapshot.stops
        decisions = [
            decide_with_stops(
                instance,
                policy,
                self._stops,
                now,
                attempts.get(instance.key),
                effective.get(instance.key, ()),
                stops.get(instance.key, ()),
            )
            for instance in instances
        ]
        if options["timeout_action"] != "none":
            self._stops = replace(self._stops, started=first_starts(decisions, self._stops.started))
        return decisions

    def _note_stop(self, decision: Decision, error: ApiError) -> bool:
        """Tell once for each job that a stop was not accepted; whether another one may be tried."""
        if error.kind is not Kind.STALE:
            name = printable(decision.instance.job_name, 100)
            self.note(f"Failed to stop an instance of job {name}, planned {to_iso(decision.instance.key.plan_time)}: {printable(error)}.")
        return error.kind not in (Kind.THROTTLED, Kind.STALE, *FATAL_KINDS)

    def _at_node(self, plan: Plan) -> Plan:
        """*plan* as far as its jobs have the node in ``node_name``."""
        selected = replace(plan, decisions=tuple(decision for decision in plan.decisions if decision.downstream is None))
        check = self._start_node.check(selected)
        for text in check.notes:
            self.note(text)
        if check.lacking:
            self._miss(check.lacking)
        joined = tuple(decision for decision in plan.decisions if decision.downstream is not None)
        return replace(check.plan, decisions=(*check.plan.decisions, *joined))

    def _select(self, window: Window) -> Selection:
        return select(self.run.options["jobs"], window, instance_types=self.run.options["instance_types"] or ())

    def _policy(self, scope: RunScope) -> Policy:
        options = self.run.options
        return Policy(
            since=scope.since,
            statuses=wanted_statuses(options["statuses"], option="statuses"),
            settle_ms=self.settle_ms,
            attempts=options["attempts"],
            attempt_delay_ms=options["attempt_delay"] * 1000,
            hold_off_until=scope.hold_off_until,
            clock_slack_ms=scope.clock_slack_ms,
            since_given=scope.since_given,
        )

    def _wanted(self, scope: RunScope) -> frozenset[Status]:
        """The statuses to rerun, and the one to stop first: an instance that is in one of them at the end missed the goal."""
        hung = {Status.RUNNING_EXCEPTION} if self.run.options["running_exception"] == STOP_AND_RERUN else set()
        return self._policy(scope).statuses | hung

    def _read_reasons(self, decisions: t.Sequence[Decision]) -> None:
        """Why the instances failed, as far as it can be read."""
        here = [decision for decision in decisions if decision.instance.key.workspace_id == self._workspace_id]
        again = [decision.instance for decision in here if decision.failed_again]
        self._reasons = self._reader.read([decision.instance for decision in here], again)
        for text in self._reader.notes:
            self.note(text)

    def _vanished(self, snapshot: Snapshot, selection: Selection) -> t.Iterator[Attempt]:
        """Attempts of this run whose instances are not listed any more. With a filter by type it is not known whether they were meant."""
        if self.run.options["instance_types"]:
            return
        for attempt in snapshot.missing:
            of_run = self._of_run(attempt, snapshot.scope) and attempt.job_name not in self._unlisted
            if of_run and selection.covers(attempt.job_name, attempt.failure.plan_time):
                yield attempt

    def _of_run(self, attempt: Attempt, scope: RunScope) -> bool:
        return attempt.sent_ms >= scope.since and attempt.failure.workspace_id == self._workspace_id

    def _api_of(self, workspace_id: str) -> WorkspaceApi:
        """The API of a workspace of the same project."""
        if workspace_id not in self._apis:
            self._apis[workspace_id] = WorkspaceApi(self.run.session, workspace_id, self.run.options["api_version"])
        return self._apis[workspace_id]

    def _check_names(self, plan: Plan) -> None:
        """A name or a pattern of which nothing is listed in the window may match no job at all. Asked in the first and in the last pass."""
        if self.state.since is not None and self.anything_left(plan):
            return
        names = NameCheck(self.api)
        absent = names.absent(self._nameless, self._silent, self._unlisted)
        for text in (*names.unknown, *(text for text, _suggestion in absent.values() if not self.state.fleet)):
            self._miss(text)
        self.run.result["job_patterns"] = [
            {"pattern": safe(name), "matches": name not in absent, "suggestion": absent[name].suggestion if name in absent else ""}
            for name in dict.fromkeys(self.run.options["jobs"])
        ]

    def _standing(self, plan: Plan) -> list[Decision]:
        """The decisions as they stand: what was sent as it became, what was not as waiting; an attempt counts once it is made."""
        if self._stands is None or self._stands[0] is not plan:
            after, check_mode, plan_only = self._after, self.run.check_mode, self.state.plan_only
            standing = [
                after.get(decision.instance.key) or unsent(decision, check_mode=check_mode, plan_only=plan_only)
                for decision in plan.decisions
            ]
            self._stands = (plan, standing)
        return self._stands[1]

    def _changed(self, plan: Plan) -> bool:
        """Whether anything was, or may have been, rerun; in check mode whether anything would be."""
        if self.run.check_mode:
            return plan.refused is None and any(decision.asks_rerun or decision.asks_stop for decision in self._standing(plan))
        stops = {decision.instance.key for decision in plan.stops}
        made = [after.stop if key in stops else after.attempt for key, after in self._after.items()]
        outcomes = {attempt.outcome for attempt in made if attempt is not None}
        return not outcomes.isdisjoint((Outcome.ACCEPTED, Outcome.UNKNOWN))

    def _miss(self, text: str) -> None:
        """*text* is a problem that leaves the goal unreached."""
        if text not in self._missed:
            self._missed.append(text)
        self.note(text)
