# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two strategies of module job_instance_retry have in common: a rerun that was asked for by name, brought to a certain outcome.

There is a second pass only where something is open that time will tell: an answer was lost, or nothing may be sent yet.
"""

from __future__ import annotations

import abc
import typing as t
from dataclasses import replace

from .._api.service_time import timed
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.stopwatch import stopwatch
from .._common.text import counted, printable
from .._common.times import Window, to_iso
from .._models.attempt import Comparison, Outcome, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .._models.rerun_request import RetryOptions
from .._models.run_scope import PassState, RunScope, SinceOption
from .._models.selection import wanted_statuses
from .._output.messages import lookup_hint
from .._output.results import decided, diff, quiet_result
from .._planner.batches import batched
from .._planner.limits import Limits, over_limit
from .._planner.outcomes import NOT_EXECUTED_KINDS, REJECTING_KINDS
from .._planner.plan import Plan
from .._planner.quiet_hours import QuietSpan, not_sent
from .._planner.reconcile import Policy
from .._planner.twins import tell_twins_apart
from .ansible_module import ModuleRun, error_result, failure_result, sentence
from .engine import Strategy
from .sender import RerunExchange
from .snapshot import Listed, Since, Snapshot
from .start_node import StartNode

#: How often one call sends an instance whose answers get lost, before it gives up.
MAX_SENDS = 3
#: Outcomes of a request that time will tell.
_LOST = (Outcome.INTENDED, Outcome.UNKNOWN)


class NamedRequest(Strategy):
    """What both modes have in common: one request that was asked for by name, brought to a certain outcome.

    :cvar sends: how often a call may send an instance.
    :cvar less: how to ask for fewer instances.
    """

    sends = MAX_SENDS
    less = "name less in task_retrys"

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run, PassState())
        options = run.options
        self.workspace_id: str = options["workspace_id"]
        self.job_name: str = options["job_name"]
        self.retry_options = RetryOptions.from_options(options)
        self.limits = Limits(options["max_instances"])
        self.api = WorkspaceApi(run.session, self.workspace_id, options["api_version"])
        self._start_node = StartNode(self.api, self.retry_options)
        self._missing: tuple[str, ...] = ()  # what was asked for and is not listed
        self._own: dict[InstanceKey, Decision] = {}  # what became of what this call sent last
        self._times: dict[InstanceKey, int] = {}  # how often it did
        self._just_lost: set[InstanceKey] = set()  # sent in this pass, answer lost
        self._rejection: ApiError | None = None
        self._quiet_now: QuietSpan | None = None  # the quiet hours that keep the newest plan from being sent
        self._outdated = False  # the list was too old to send anything by it, or another run was faster
        self._claims_lost = 0  # requests in which that was so
        self._since_option = SinceOption.of(options, self.clock.now_ms())
        self._since = Since(self._since_option.ms, self._since_option.ms is not None)
        self._policy(RunScope(self._since.ms or self.clock.now_ms(), False, Window(0, 0)))

    @abc.abstractmethod
    def window(self) -> Window:
        """Plan times of what is meant."""

    @abc.abstractmethod
    def read(self) -> list[JobInstance]:
        """The instances that are meant, as the service lists them now."""

    @abc.abstractmethod
    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], tuple[str, ...]]:
        """One decision per instance, RETRY or SKIPPED with ``due_ms`` where time will tell; and a text for each that is not listed."""

    def workspaces(self) -> t.Collection[str]:
        """The one of the options."""
        return [self.workspace_id]

    def since(self, asked_ms: int) -> Since:
        """The option's, or when this call first listed."""
        return self._since if self._since.fixed else Since(self._since_option.at(asked_ms), self._since.given)

    def list_instances(self) -> Listed:
        """What is meant, each once."""
        self._just_lost.clear()
        self._outdated = False
        asked_at = stopwatch()
        instances, asked_ms = timed(self.clock, self.read)
        return Listed(instances, self.window(), asked_ms, asked_at)

    def plan(self, snapshot: Snapshot) -> Plan:
        """By the table of ``explicit.py``. What the service rejected this call is not sent again by it, nor what was sent often enough."""
        self._since = Since(snapshot.scope.since, self._since.given, fixed=True)
        decisions, self._missing = self.decide(snapshot, self._policy(snapshot.scope))
        plan = Plan(tuple(tell_twins_apart(decisions, by_id=self._by_id(decisions))))
        too_many = self._too_many(plan.decisions)
        if too_many is not None:
            return replace(plan, refused=too_many)
        check = self._start_node.check(plan)
        for text in filter(None, (check.lacking, *check.notes)):
            self.run.warn(text)
        due = replace(check.plan, decisions=tuple(decision for decision in check.plan.decisions if self._due(decision)))
        self._quiet_now = self.quiet_hours() if due.decisions else None
        if self._quiet_now is not None:
            return replace(check.plan, batches=())
        return replace(check.plan, batches=batched(due, max(1, len(due.decisions))).batches)

    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Keep what became of each.

        :raises ApiError: if its reason lies elsewhere than in these instances; nothing was done.
        """
        error, claimed_elsewhere = exchange.error, False
        for decision in exchange.after:
            key = decision.instance.key
            if decision.attempt is None or decision.attempt.run_id != self.run_id:
                claimed_elsewhere = True
                continue
            self._times[key] = self._times.get(key, 0) + 1
            self._own[key] = decision if error is None or error.kind not in REJECTING_KINDS else _rejected(decision, error)
            if error is not None and decision.attempt.outcome is Outcome.UNKNOWN and error.kind not in REJECTING_KINDS:
                self._just_lost.add(key)
        if claimed_elsewhere:
            self._claims_lost += 1
            self._outdated = self._claims_lost <= MAX_SENDS  # the next list is read with the attempt of the run that was first
        if error is not None and error.kind is Kind.STALE:
            self._outdated = True
            return False
        if error is not None and error.kind in NOT_EXECUTED_KINDS:
            raise error
        if error is not None and error.kind in REJECTING_KINDS and error.kind is not Kind.NOTHING_TO_RERUN:
            self._rejection = error
        return True

    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Every instance, and whether anything was rerun."""
        finals, check_mode = self._finals(plan), self.run.check_mode
        statuses, effective = self._policy(snapshot.scope).statuses, snapshot.history.effective
        instances = [decided(decision, statuses, self.run_id, effective=effective, check_mode=check_mode) for decision in finals]
        for instance in instances:
            if instance["action"] == Action.SKIPPED.value:
                instance["standing"] = "other"  # it was named, but there was no reason to rerun it
        for instance, decision in zip(instances, finals):
            if decision.quiet_hours:
                instance["standing"] = "to_rerun"
        acted = any(decision.action is Action.RETRY for decision in finals) or any(
            decision.action is Action.SETTLING for decision in self._own.values()
        )
        self.run.result.update(
            instances=instances,
            problems=[*self._missing, *self.problems],
            api_versions=dict(self.api.api_versions),
            run_id=self.run_id,
            quiet_hours=quiet_result(self._quiet_now, finals),
            since=snapshot.scope.since,
            since_iso=to_iso(snapshot.scope.since),
            changed=acted,
        )
        if self.run.diff_mode:
            self.run.result["diff"] = diff(instances, check_mode=check_mode)

    def anything_left(self, plan: Plan) -> bool:
        """Whether something is to be sent, now or when the hold-off is over."""
        return bool(plan.batches) or self.seconds_left(plan) is not None

    def seconds_left(self, plan: Plan) -> float | None:
        """Seconds until everything that is open is certain, or None if nothing is open."""
        if self.run.check_mode or plan.refused is not None:
            return None
        if self._outdated:
            return 0.0
        taken = self._taken(plan.decisions)
        due = []
        for decision in plan.decisions:
            key = self._name(decision)
            if key in self._just_lost:
                due.append(self.clock.now_ms() + self.settle_ms)
            elif _open(decision) and not self._settled(decision) and key not in taken:
                due.append(t.cast(int, decision.due_ms))
        return max(0.0, (max(due) - self.clock.earliest_ms()) / 1000) if due else None

    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Fail for what was rejected, is unknown, or does not exist."""
        self.report(snapshot, plan)
        finals, result = self._finals(plan), self.run.result
        rejected = [decision for decision in finals if decision.action is Action.REJECTED]
        unknown = [decision for decision in finals if decision.action is Action.UNKNOWN]
        blocked = [decision for decision in finals if decision.action in (Action.BLOCKED, Action.NOT_RERUNNABLE)]
        problems = t.cast("list[str]", result["problems"])
        if plan.refused is not None:
            result.update(failure_result(sentence(self.run.what, plan.refused), "limit"), changed=False)
        elif rejected and self._rejection is not None:
            of_job = f"{counted(len(finals), 'instance')} of job {printable(self.job_name, 100)} {self.run.where}"
            result.update(error_result(self._rejection, f"Failed to retry {len(rejected)} of {of_job}"))
        elif unknown:
            cause = f"{len(unknown)} of {counted(len(finals), 'instance')} may have been rerun or not: {unknown[0].reason}"
            names = sorted({decision.instance.job_name for decision in unknown})
            remedy = f"It was not sent again. {lookup_hint(self.run.options, names, self.window())}"
            result.update(failure_result(sentence(self.run.what, cause, remedy), Kind.AMBIGUOUS.value))
        elif self._quiet_now is not None and result["quiet_hours"] is not None and not self.run.check_mode:
            cause = f"{result['quiet_hours']['instances']} of {counted(len(finals), 'instance')} not sent: {not_sent(self._quiet_now)}"
            result.update(failure_result(sentence(self.run.what, cause, "Run it again when they have ended"), "quiet_hours"))
        elif blocked:
            result.update(failure_result(sentence(self.run.what, blocked[0].reason), blocked[0].action.value))
        elif problems:
            result.update(failure_result(sentence(self.run.what, " ".join(problems)), Kind.NOT_FOUND.value))

    def _policy(self, scope: RunScope) -> Policy:
        return Policy(
            since=scope.since,
            statuses=wanted_statuses(self.run.options["only_statuses"], option="only_statuses"),
            settle_ms=self.settle_ms,
            hold_off_until=scope.hold_off_until,
            clock_slack_ms=scope.clock_slack_ms,
        )

    def _by_id(self, decisions: t.Iterable[Decision]) -> bool:
        twins = any(decision.instance.key.twin and decision.action is Action.RETRY for decision in decisions)
        return twins and self.api.can_restart_by_id()

    def _due(self, decision: Decision) -> bool:
        key = self._name(decision)
        return decision.action is Action.RETRY and self._times.get(key, 0) < self.sends and not self._settled(decision)

    def _too_many(self, decisions: t.Sequence[Decision]) -> str | None:
        """Why ``max_instances`` forbids to send anything, or None. What this call has begun it brings to its end."""
        due, most = [decision for decision in decisions if decision.action is Action.RETRY], self.limits.max_instances
        return over_limit(due, most, self.less) if most is not None and len(due) > most and not self._own else None

    def _name(self, decision: Decision) -> InstanceKey:
        """What this call knows the instance by: the key that it sent, also where its rerun has changed it."""
        key, attempt = decision.instance.key, decision.attempt
        return key if key in self._own or attempt is None or attempt.failure.key not in self._own else attempt.failure.key

    def _settled(self, decision: Decision) -> bool:
        """Whether this call has had a clear answer for it."""
        own = self._own.get(self._name(decision))
        return own is not None and (_outcome(own) is Outcome.ACCEPTED or own.action in (Action.REJECTED, Action.SKIPPED))

    def _taken(self, decisions: t.Iterable[Decision]) -> set[InstanceKey]:
        """What was sent, with a lost answer, and has visibly changed since. Each instance is told by itself."""
        changed = set()
        for decision in decisions:
            own = self._own.get(self._name(decision))
            if own is not None and own.attempt is not None and compare(decision.instance, own.attempt) is Comparison.CHANGED:
                changed.add(self._name(decision))
        return changed

    def _finals(self, plan: Plan) -> list[Decision]:
        """What is reported of each instance."""
        taken = self._taken(plan.decisions)
        return [self._final(decision, taken) for decision in plan.decisions]

    def _final(self, decision: Decision, taken: t.Collection[InstanceKey]) -> Decision:
        own = self._own.get(self._name(decision))
        if own is None:
            return self._untouched(decision)
        if own.action is not Action.SETTLING:
            return replace(own, instance=decision.instance, action=Action.SKIPPED if own.action is Action.WAIT else own.action)
        if self._name(decision) in taken:
            text = "the answer was lost, but the instance has changed since, so the rerun was taken"
            return replace(own, instance=decision.instance, action=Action.RETRY, reason=f"{text} ({decision.reason})")
        return replace(own, instance=decision.instance, action=Action.UNKNOWN)

    def _untouched(self, decision: Decision) -> Decision:
        """An instance that this call has not sent. A skip behind which stands an earlier attempt of unknown outcome is not an answer."""
        attempt = decision.attempt
        if decision.action is Action.RETRY:
            quiet_hours = self._quiet_now if self._due(decision) else None
            reason = f"{decision.reason}; {not_sent(quiet_hours)}" if quiet_hours is not None else decision.reason
            if self.run.check_mode:
                return replace(decision, attempts=0, reason=reason, quiet_hours=quiet_hours is not None)
            if quiet_hours is not None:
                return replace(decision, action=Action.SKIPPED, reason=f"not sent: {not_sent(quiet_hours)}", attempts=0, quiet_hours=True)
            return replace(decision, action=Action.SKIPPED, reason="not sent", attempts=0)
        if attempt is not None and attempt.outcome in _LOST and compare(decision.instance, attempt) is not Comparison.CHANGED:
            return replace(decision, action=Action.UNKNOWN)
        return replace(decision, attempt=None, request_id=None, attempts=0)


def _rejected(decision: Decision, error: ApiError) -> Decision:
    """The service rejected the request: final for this call, whatever is recorded for later ones."""
    if error.kind is Kind.NOTHING_TO_RERUN:
        return replace(decision, action=Action.SKIPPED, reason=f"the service has nothing to rerun: {printable(error)}")
    return replace(decision, action=Action.REJECTED, reason=f"the service rejected it: {printable(error)}")


def _outcome(decision: Decision) -> Outcome | None:
    return None if decision.attempt is None else decision.attempt.outcome


def _open(decision: Decision) -> bool:
    """Whether time will tell: nothing may be sent yet, or what was sent had no answer."""
    return decision.action is Action.SKIPPED and decision.due_ms is not None and _outcome(decision) in (None, *_LOST)


def distinct(instances: t.Iterable[JobInstance]) -> list[JobInstance]:
    """Each instance once, as the later list shows it."""
    return list({instance.full_key: instance for instance in instances}.values())
