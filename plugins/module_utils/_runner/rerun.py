# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_rerun: one pass towards the goal that every selected instance has succeeded since ``since``."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._api.log_query import LogReader
from .._api.reason_query import ReasonReader
from .._common.errors import FATAL_KINDS, ApiError, JournalError, Kind
from .._common.stopwatch import stopwatch
from .._common.text import counted, printable
from .._common.times import Window, to_iso
from .._journal.journal import Journal
from .._models.decision import Decision
from .._models.instance import FullKey, JobName, Status
from .._models.reason import Reason
from .._models.rerun_request import RetryOptions
from .._models.run_scope import PassState, RunScope, Since, SinceOption, check_limit, seconds_of, window_of
from .._output.downstream import downstream_lines, downstream_result
from .._output.expectation import late_lines
from .._output.messages import lookup_hint, plan_lines, stop_lines
from .._output.plan_details import plan_details
from .._output.reasons import policy_lines, policy_result, reason_lines, reason_result
from .._output.refusals import Refusals
from .._output.results import decided, diff, quiet_result, summary
from .._planner.hung import StopPolicy, stop_word, without_reruns
from .._planner.limits import Limits
from .._planner.made import Made
from .._planner.outcomes import SHARED_KINDS, due_in, is_broken, left_to_do, missed, of_unknown_outcome
from .._planner.pipeline import assess, schedule
from .._planner.plan import Batch, Plan
from .._planner.plan_id import approved_since
from .._planner.quiet_hours import QuietSpan
from .._planner.reason_policy import ReasonPolicy
from .._planner.reasons import grouped
from .ansible_module import ModuleRun
from .dependencies import OrderReader
from .downstream import Below
from .engine import Engine, Strategy
from .goal_decisions import GoalDecisions, Problems
from .journal_records import not_reruns
from .outlook import Outlook
from .rerun_pauses import RerunPauses, restore
from .sender import RerunExchange, Sender, open_journal, requests_of
from .snapshot import Listed, Snapshot, check_since
from .standings import Standings
from .start_node import StartNode

#: Planning time after which the pass lists and plans once more before it sends, seconds.
OLD_SECONDS = 5.0
_REMEDY = "The result lists every instance with its reason; correct what the reasons name, and run again with a later since"
#: Remedy if every instance that could be listed has succeeded.
_REMEDY_OF_LISTS = "Correct that, then run again"
#: Remedy for a rerun that the user may not make in another workspace.
_REMEDY_ELSEWHERE = (
    "The rerun was for workspace {workspace_id}, where an instance depends on what is rerun. Assign the user a role there that may operate "
    "job instances (administrator or operator), or set downstream to report."
)


def rerun(run: ModuleRun) -> None:
    """The logic of module job_rerun: one pass. Its action plugin makes the passes of a task; see the module's documentation."""
    goal = Goal(run)
    if goal.state.restore:
        goal.restore()
    elif goal.state.options_only:
        goal.check_since()
    else:
        Engine(goal).run()


class Goal(Strategy):
    """Strategy of one pass towards the goal. ``pass_state`` carries over what the next pass of the task needs."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run, PassState.from_option(run.options["pass_state"]))
        options, now = run.options, self.clock.now_ms()
        self._workspace_id: str = options["workspace_id"]
        self._retry_options = RetryOptions.from_options(options)
        self._limits = Limits(options["max_instances"], options["max_parallel"], options["batch_size"], options["max_parallel_per_job"])
        check_limit("max_reruns_per_day", options["max_reruns_per_day"])
        for name in ("wait_timeout", "clock_slack"):
            seconds_of(options, name, 0)
        StopPolicy.check(options)
        self._poll_interval = seconds_of(options, "poll_interval", 1)
        self._problems = Problems()
        self._below = Below(run, self.state.downstream, Made.of(self.state.repair))
        self._deciding = GoalDecisions(run, self.state, self.run_id, self._below, self._problems)
        window = self.state.window or window_of(options, now)
        self._deciding.selection(window)
        self._since = SinceOption.of(options if self.state.since is None else {}, now)  # used only by the first pass of a run
        self._deciding.policy(RunScope(self.since(now), window))
        self._pauses = RerunPauses(run, self.run_id, self.state.paused, self.state.repair.get("pauses") or ())
        self._pauses.stopped.update(self.state.stopped)
        self._paused_jobs: list[JobName] = []  # jobs that the run will pause; filled by foresee()
        self._order = OrderReader(run, self.state.dependencies)
        self._start_node = StartNode(self.api, self._retry_options, self.state.nodes)
        mode = "all" if ReasonPolicy.of(options).needs_reasons else options["reasons"]
        self._reader = ReasonReader(self.api, mode, self.state.reasons, LogReader.of(lambda: run.session, options))
        self._failures: dict[FullKey, dict[str, t.Any] | None] = {}  # why instances failed, as results hold it
        self._outlook = Outlook(run, self.state, self._limits, self.hours, self._poll_interval)
        self._standings = Standings(check_mode=run.check_mode, plan_only=self.state.plan_only)
        self._refusals = Refusals()
        self._quiet_now: QuietSpan | None = None  # the quiet hours that keep the newest plan from being sent

    def check_since(self) -> None:
        """Check that the option ``since`` is not in the future, by the service's time as known now. :raises OptionError: it is."""
        if self._since.ms is not None:
            with open_journal(self.run) as journal:
                check_since(self._since.ms, journal, self.clock)

    def workspaces(self) -> t.Collection[str]:
        """The workspace in the options, and those whose dependants may be rerun."""
        return [self._workspace_id, *sorted(self._below.workspaces() - {self._workspace_id})]

    def since(self, asked_ms: int) -> Since:
        """The ``since`` of the previous pass; else the option's, or the one in an approved plan's id."""
        if self.state.since is not None:
            return self.state.since
        since, plan_id = self._since.since(asked_ms), self.run.options["plan_id"]
        return Since(approved_since(plan_id), given=True) if plan_id and not since.given else since

    def list_instances(self) -> Listed:
        self._problems.clear()
        self._standings.clear()
        since = self.since(self.clock.now_ms())
        return self._deciding.list_instances(since.ms if since.given or since.fixed else None)

    def further(self, listed: Listed, snapshot: Snapshot) -> Listed | None:
        return self._deciding.further(listed, snapshot)

    def plan(self, snapshot: Snapshot) -> Plan:
        """Plan the decisions of :class:`GoalDecisions` with all steps of the pipeline."""
        scope, asked_ms = snapshot.scope, snapshot.asked_ms
        deciding = self._deciding
        decisions = deciding.decide(snapshot)
        began = stopwatch() - deciding.reading_seconds
        reasons = self._read_reasons(decisions)
        possible, by_id = self._below.possible(), self.by_id(decisions)
        plan = assess(decisions, snapshot.history, self.run.options, scope.since.ms, by_id=by_id, reasons=reasons, possible=possible)
        if plan.refused is None and self._retry_options.node_name is not None:
            plan = self._at_node(plan)
        if deciding.stops.over:
            plan = replace(plan, decisions=tuple(without_reruns(plan.decisions)))
        if plan.refused is not None:
            return schedule(plan, None, self._limits)
        policy, selection = deciding.policy(scope), deciding.selection(scope.window)
        order = self._order.read(plan.decisions, policy, selection, asked_ms, deciding.unlisted, self._below.graph)
        self.outdated = not self.outdated and stopwatch() - began >= OLD_SECONDS  # at most one second list
        self._quiet_now = self.quiet_hours()
        self._problems.note(*self._outlook.read_baselines())
        depends = order.depends if order is not None and order.upstream_first else {}
        self._outlook.learn(snapshot.instances, scope.since.ms, self._order.known.averages, depends)
        plan = schedule(plan, order, self._limits, self._quiet_now, self._outlook.urgency())
        self._problems.note(*self._order.overdue(asked_ms - scope.since.ms))
        return plan

    def restore(self) -> None:
        """Only start the paused jobs again."""
        restore(self.run, self._pauses, self.sightings)
        with contextlib.suppress(JournalError), open_journal(self.run, self.sightings) as journal:
            self._recall(self.state.window, journal)

    def recall(self, snapshot: Snapshot, journal: Journal) -> None:
        """Add ``journal_history``: starts and stops since the window's begin, and open pauses; not in a pass that only plans."""
        if not self.state.plan_only:
            self._recall(snapshot.scope.window, journal)

    def _recall(self, window: Window | None, journal: Journal) -> None:
        if window is not None:
            workspaces = {*self.workspaces(), *(workspace_id for workspace_id, _name in self._pauses.considered)}
            self.run.result["journal_history"] = not_reruns(journal, self.run.session.project_id, workspaces, window.begin)

    def foresee(self, plan: Plan, journal: Journal) -> None:
        """Find out which jobs would be paused, in check mode or a pass that only plans."""
        if self.run.check_mode or self.state.plan_only:
            self._paused_jobs = self._pauses.foreseen(journal, self._jobs_to_pause(plan))

    def before_send(self, plan: Plan, journal: Journal) -> None:
        """Pause the jobs that have instances to rerun or to follow."""
        self._pauses.pause(journal, self._jobs_to_pause(plan))

    @staticmethod
    def _jobs_to_pause(plan: Plan) -> set[JobName]:
        return {decision.instance.job for decision in plan.decisions if decision.action.open}

    def _names_of_paused(self) -> list[str]:
        """The jobs that the run will pause, each of another workspace with the workspace's name."""
        names = self._below.graph.names
        return [
            name if where == self._workspace_id else f"{name} (workspace {printable(names.get(where) or where, 100)})"
            for where, name in self._paused_jobs
        ]

    def after_pass(self, plan: Plan, journal: Journal) -> None:
        """Renew the pauses while something is left to do; start the jobs again once nothing is."""
        if self.anything_left(plan):
            self._pauses.renew(journal, self._jobs_to_pause(plan))
            return
        self._pauses.finish(journal)
        self._problems.miss(*self._pauses.failures)
        self._problems.note(*self._pauses.notes)

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """One request with v2, one for each instance with v1. Dependants that joined the plan are rerun from their first node."""
        options = self._retry_options.from_first_node() if batch.downstream else self._retry_options
        return requests_of(batch, sender, self.run.api(batch.workspace_id), options)

    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Keep the outcome for each instance; report a rejection and go on. Also report why the pass could send nothing at all."""
        first = not self._standings.after
        self._standings.take(exchange)
        error = exchange.error
        if error is None:
            return True
        if error.kind is Kind.STALE and first and self.quiet_hours() is None:
            self._problems.note(f"Nothing was sent yet: {printable(error)}. {error.hint}")
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
        """Fill ``plan`` and ``plan_details``, once per invocation."""
        if "plan" in self.run.result:
            return
        statuses = self._deciding.wanted(snapshot.scope)
        failures = (
            {
                "failure": failure,
                "workspace_id": decision.instance.key.workspace_id,
                "job_name": decision.instance.job_name,
                "broken": is_broken(decision, statuses),
            }
            for decision in self._standings.current(plan)
            if not decision.already_done and (failure := self._failures.get(decision.instance.full_key)) is not None
        )
        forecast, now_ms = self._outlook.forecast(plan, self._standings.current(plan))
        purpose = printable(self.run.options["purpose"] or "", 200)
        details = plan_details(
            plan,
            forecast,
            statuses,
            self._retry_options,
            now_ms,
            hold_off_until=snapshot.scope.hold_off_until,
            paused_jobs=self._names_of_paused(),
            workspace_names=self._below.graph.names,
        )
        self.run.result["plan_details"] = details
        self.run.result["plan"] = [
            *plan_lines(self._workspace_id, snapshot.scope, plan, details, purpose),
            *map("  {}".format, late_lines(self._expected(plan, statuses)["jobs"])),
            *stop_lines(self.run.options),
            *policy_lines(plan.decisions),
            *reason_lines(failures),
            *downstream_lines(self._downstream_results(plan), self._workspace_id),
        ]

    def shown(self) -> None:
        """Show the plan, then go on as the next pass would, with this pass's ``pass_state``. The rest of the result is filled again or stays true."""
        if self.run.show is not None:
            self.run.show()
        self.state = replace(PassState.from_option(self.run.result.pop("pass_state")), repair=self.state.repair)
        self._standings = Standings(check_mode=self.run.check_mode, plan_only=False)

    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Report every instance except those that were already done, counts, the plan, and when the next pass is due."""
        self.foretell(snapshot, plan)
        standing, scope = self._standings.standing(plan), snapshot.scope
        statuses, check_mode = self._deciding.wanted(scope), self.run.check_mode
        effective, purpose = snapshot.history.effective, printable(self.run.options["purpose"] or "", 200)
        instances = [
            {
                **decided(decision, statuses, self.run_id, effective=effective, check_mode=check_mode),
                "policy": policy_result(decision.left_out),
                "failure": self._failures.get(decision.instance.full_key),
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
            problems=[*self._problems.texts, *self._refusals.lines()],
            api_versions=dict(self.api.api_versions),
            run_id=self.run_id,
            purpose=purpose,
            since=scope.since.ms,
            since_iso=to_iso(scope.since.ms),
            planned_after=scope.window.begin,
            planned_before=scope.window.end,
            expected=self._expected(plan, statuses),
            quiet_hours=quiet_result(self._quiet_now, standing),
            finished=False,
            due_in=due_in(standing, self.clock.now_ms(), self._poll_interval) or (self._poll_interval if self._deciding.blind else None),
            changed=self._standings.changed(plan),
        )
        if self.run.diff_mode:
            result["diff"] = diff(instances, check_mode=check_mode)

    def anything_left(self, plan: Plan) -> bool:
        if self.run.check_mode:
            return False
        wait = self.run.options["wait"]
        return self._deciding.blind or any(left_to_do(decision, wait=wait) for decision in self._standings.current(plan))

    def seconds_left(self, dummy_plan: Plan) -> float | None:
        """None: the action plugin starts the next pass."""
        return None

    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Decide whether this was the last pass, and if so whether the goal was reached.

        A refused plan fails in check mode too: otherwise check mode would promise reruns that are never sent.
        """
        result, scope = self.run.result, snapshot.scope
        if plan.refused is not None:
            self.run.fail("limit", plan.refused, what=f"Failed to rerun job instances {self.run.where}")
        if self.state.since is None or not self.anything_left(plan):  # in the first and in the last pass
            result["job_patterns"] = self._deciding.check_names()
        result["problems"] = [*self._problems.texts, *self._refusals.lines()]
        result["api_versions"] = dict(self.api.api_versions)
        due = 0 if self.run.check_mode else sum(len(batch.decisions) for batch in plan.batches) + len(plan.stops)
        self._pauses.tell()
        planned, unsent = (due, 0) if self.state.plan_only else (0, max(0, due - len(self._standings.after)))
        result["pass_state"] = self.state.after(
            scope,
            run_id=self.run_id,
            planned=planned,
            unsent=unsent,
            deadline=self._outlook.deadline,
            baselines=self._outlook.baselines,
            dependencies=self._order.carried(),
            nodes=self._start_node.carried(),
            reasons=self._reader.carried(),
            downstream=self._below.carried(),
            timeout_ms=self._deciding.stops.timeout_ms,
            started=self._deciding.stops.started,
            paused=tuple(sorted(self._pauses.considered)),
            stopped=tuple(sorted(self._pauses.stopped)),
            seen=self.sightings.first,
        ).to_result()
        if result.get("failed") or self.anything_left(plan):
            if self.state.alone and not result.get("failed"):
                self._left_behind(plan)
            return
        result.update(finished=True, due_in=None)
        standing = self._standings.standing(plan)
        short = "" if self.run.check_mode else missed(standing, self._deciding.wanted(scope))
        causes = "; ".join(text.rstrip(".") for text in (short, *self._problems.missed) if text)
        if causes:
            unknown = sorted({decision.instance.job_name for decision in of_unknown_outcome(standing)})
            remedy = _REMEDY if short else _REMEDY_OF_LISTS
            remedy = f"{remedy}. {lookup_hint(self.run.options, unknown, scope.window)}" if unknown else remedy
            self.run.fail("incomplete", causes, remedy, what=f"Failed to bring every instance {self.run.where} to success")

    def _left_behind(self, plan: Plan) -> None:
        """Fail for what the single pass of an async task left to do, because no further pass will report it."""
        decisions = [decision for decision in self._standings.standing(plan) if left_to_do(decision, wait=False)]
        reasons = "; ".join(dict.fromkeys(printable(decision.reason, 200) for decision in decisions[:3])) or "not every job could be listed"
        what = f"Left {counted(len(decisions), 'instance')} {self.run.where} to another pass, and with async there is none"
        since = to_iso(self.state.since.ms if self.state.since is not None else int(self.run.result["since"]))
        remedy = f"Run it again with since={since}, which sends nothing twice, or without async"
        self.run.fail("incomplete", reasons, remedy, what=what)

    def _expected(self, plan: Plan, wanted: t.Collection[Status]) -> dict[str, t.Any]:
        return self._outlook.expected(plan, self._standings.current(plan), wanted, self._below.graph.names)

    def _downstream_results(self, plan: Plan) -> list[dict[str, t.Any]]:
        """``downstream`` of the result: the dependants that the reruns affect."""
        joined = {decision.instance.key for decision in plan.decisions if decision.downstream is not None}
        concerned = [dependant for dependant in self._below.dependants if dependant.effect is not None]
        return [downstream_result(dependant, self._below.graph.names, joined) for dependant in concerned]

    def _note_stop(self, decision: Decision, error: ApiError) -> bool:
        """Report a stop that was not accepted; return whether another may be tried."""
        if error.kind is not Kind.STALE:
            name = printable(decision.instance.job_name, 100)
            self._problems.note(
                f"Failed to stop an instance of job {name}, planned {to_iso(decision.instance.key.plan_time)}: {printable(error)}."
            )
        return error.kind not in (Kind.THROTTLED, Kind.STALE, *FATAL_KINDS)

    def _at_node(self, plan: Plan) -> Plan:
        """*plan* without jobs that lack the node in ``node_name``; dependants that joined stay, as they start at their first node."""
        selected = replace(plan, decisions=tuple(decision for decision in plan.decisions if decision.downstream is None))
        check = self._start_node.check(selected)
        self._problems.note(*check.notes)
        if check.lacking:
            self._problems.miss(check.lacking)
        joined = tuple(decision for decision in plan.decisions if decision.downstream is not None)
        return replace(check.plan, decisions=(*check.plan.decisions, *joined))

    def _read_reasons(self, decisions: t.Sequence[Decision]) -> dict[FullKey, Reason]:
        """Read why the instances of this workspace failed."""
        here = [decision for decision in decisions if decision.instance.key.workspace_id == self._workspace_id]
        again = [decision.instance for decision in here if decision.failed_again]
        reasons = self._reader.read([decision.instance for decision in here], again)
        # Most instances share one reason, and so one result of it.
        unique = {id(reason): reason for reason in reasons.values()}
        results = {number: reason_result(reason) for number, reason in unique.items()}
        self._failures = {key: results[id(reason)] for key, reason in reasons.items()}
        self._problems.note(*self._reader.notes)
        return reasons
