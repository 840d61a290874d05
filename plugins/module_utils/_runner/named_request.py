# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Common base of the two strategies of job_instance_retry: rerun named instances until every outcome is known.

A second pass follows only if time will settle something: an answer was lost, or nothing may be sent yet.
"""

from __future__ import annotations

import abc
import typing as t
from dataclasses import replace

from .._api.service_time import last_start_ms, timed
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.stopwatch import stopwatch
from .._common.text import counted, printable
from .._common.times import DAY_MS, Window, to_iso
from .._http.request import encoded_path
from .._http.server_clock import ServiceClock
from .._models.decision import Decision
from .._models.instance import InstanceKey, JobInstance
from .._models.rerun_request import RetryOptions
from .._models.run_scope import PassState, RunScope, Since, SinceOption
from .._models.selection import wanted_statuses
from .._output.messages import lookup_hint
from .._output.results import decided, diff, quiet_result
from .._planner.limits import Limits, batched, over_limit
from .._planner.named_outcomes import Asked, asked_of, due, due_again, failing, final, left_unsent, reran, standing_of
from .._planner.outcomes import NOT_EXECUTED_KINDS, REJECTING_KINDS
from .._planner.plan import Plan
from .._planner.quiet_hours import QuietSpan, not_sent
from .._planner.reconcile import Policy
from .._planner.twins import tell_twins_apart
from .ansible_module import ModuleRun, error_result
from .engine import Strategy
from .sender import RerunExchange
from .snapshot import Listed, Snapshot
from .start_node import StartNode

#: How often one invocation sends a rerun of an instance whose answers get lost.
MAX_SENDS = 3
#: Plan times no further apart than this are listed in one window, ms.
_NEAR_MS = DAY_MS
_Name = t.TypeVar("_Name", bound=t.Hashable)


class NamedRequest(Strategy):
    """Strategy that reruns named instances until every outcome is known.

    :cvar sends: how often one invocation may send a rerun of an instance.
    :cvar less: how to ask for fewer instances, for a message.
    """

    sends = MAX_SENDS
    less = "name fewer instances in task_retrys"

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run, PassState.from_option(run.options["pass_state"]))
        options = run.options
        self.workspace_id: str = options["workspace_id"]
        self.job_name: str = options["job_name"]
        encoded_path(self.job_name)  # refuse a name that cannot be part of a URL before anything is sent
        self.retry_options = RetryOptions.from_options(options)
        self.limits = Limits(options["max_instances"])
        self._start_node = StartNode(self.api, self.retry_options)
        self._missing: list[str] = []  # sentences about requested instances that are not listed
        self._asked: dict[InstanceKey, Asked] = {}  # what this invocation has sent
        self._rejection: ApiError | None = None
        self._quiet_now: QuietSpan | None = None  # the quiet hours that keep the newest plan from being sent
        self._outdated = False  # the list was too old to act on, or another run had claimed an instance
        self._claims_lost = 0  # requests in which another run had claimed an instance
        self._since_option = SinceOption.of(options, self.clock.now_ms())
        self._since: Since | None = None  # set by the first plan
        self._policy(RunScope(self.since(self.clock.now_ms()), Window(0, 0)))

    @abc.abstractmethod
    def window(self) -> Window:
        """The window of the plan times of the requested instances."""

    @abc.abstractmethod
    def read(self) -> list[JobInstance]:
        """The requested instances, as the service lists them now."""

    @abc.abstractmethod
    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], list[str]]:
        """One decision per instance, with ``due_ms`` if time will settle it; and a sentence for each instance that is not listed."""

    def since(self, asked_ms: int) -> Since:
        """The option ``since``, or the time of this invocation's first list."""
        return self._since or self._since_option.since(asked_ms)

    def list_instances(self) -> Listed:
        self._asked = {key: replace(asked, just_lost=False) for key, asked in self._asked.items()}
        self._outdated = False
        asked_at = stopwatch()
        instances, asked_ms = timed(self.clock, self.read)
        return Listed(instances, self.window(), asked_ms, asked_at)

    def plan(self, snapshot: Snapshot) -> Plan:
        """Plan by the table of ``explicit.py``, without instances that this invocation had rejected or has sent often enough."""
        self._since = snapshot.scope.since._replace(given=self._since_option.ms is not None)
        decisions, self._missing = self.decide(snapshot, self._policy(snapshot.scope))
        plan = Plan(tuple(tell_twins_apart(decisions, by_id=self.by_id(decisions))))
        too_many = self._too_many(plan.decisions)
        if too_many is not None:
            return replace(plan, refused=too_many)
        check = self._start_node.check(plan)
        self.run.warn(*filter(None, (check.lacking, *check.notes)))
        now = replace(check.plan, decisions=tuple(decision for decision in check.plan.decisions if self._due(decision)))
        self._quiet_now = self.quiet_hours() if now.decisions else None
        if self._quiet_now is not None:
            return replace(check.plan, batches=())
        return replace(check.plan, batches=batched(now, max(1, len(now.decisions))).batches)

    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Keep the outcome for each instance.

        :raises ApiError: the error has nothing to do with these instances, and nothing was rerun.
        """
        error, claimed_elsewhere = exchange.error, False
        for before, decision in zip(exchange.before, exchange.after):
            key = decision.instance.key
            if decision.attempt is before.attempt:
                claimed_elsewhere = True
                continue
            self._asked[key] = self._asked.get(key, Asked()).after(decision, error)
        if claimed_elsewhere:
            self._claims_lost += 1
            self._outdated = self._claims_lost <= MAX_SENDS  # the next snapshot includes the other run's attempt
        if error is not None and error.kind is Kind.STALE:
            self._outdated = True
            return False
        if error is not None and error.kind in NOT_EXECUTED_KINDS:
            raise error
        if error is not None and error.kind in REJECTING_KINDS and error.kind is not Kind.NOTHING_TO_RERUN:
            self._rejection = error
        return True

    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Report every instance, and whether anything was rerun."""
        finals, check_mode = self._finals(plan), self.run.check_mode
        statuses, effective = self._policy(snapshot.scope).statuses, snapshot.history.effective
        runs = {attempt.run_id for made in effective.values() for attempt in made}  # also an earlier try of the task
        instances = [decided(decision, statuses, self.run_id, effective=effective, check_mode=check_mode) for decision in finals]
        for instance, decision in zip(instances, finals):
            word = standing_of(decision)
            instance.update({} if word is None else {"standing": word, "broken": False})
        self.run.result.update(
            instances=instances,
            statuses=sorted(status.value for status in statuses),
            problems=self._missing,
            api_versions=dict(self.api.api_versions),
            run_id=self.run_id,
            quiet_hours=quiet_result(self._quiet_now, finals),
            since=snapshot.scope.since.ms,
            since_iso=to_iso(snapshot.scope.since.ms),
            changed=reran(finals, self._asked.values()) or (not check_mode and self.run_id in runs),
        )
        if self.run.diff_mode:
            self.run.result["diff"] = diff(instances, check_mode=check_mode)

    def anything_left(self, plan: Plan) -> bool:
        """Whether something is to be sent, now or when the hold-off is over."""
        return bool(plan.batches) or self.seconds_left(plan) is not None

    def seconds_left(self, plan: Plan) -> float | None:
        """Seconds until all open outcomes are certain; None if none is open."""
        if self.run.check_mode or plan.refused is not None:
            return None
        if self._outdated:
            return 0.0
        again = (due_again(decision, self._known(decision), self.clock.now_ms(), self.run.settle_ms) for decision in plan.decisions)
        times = [due_ms for due_ms in again if due_ms is not None]
        return max(0.0, (max(times) - self.clock.earliest_ms()) / 1000) if times else None

    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Fail for instances that were rejected, not sent or do not exist, and for unknown outcomes."""
        self.report(snapshot, plan)
        finals, result = self._finals(plan), self.run.result
        rejected, unknown, blocked = failing(finals)
        pairs = () if self.run.check_mode else zip(finals, plan.decisions)
        unsent = [ended for ended, decision in pairs if left_unsent(decision, self._known(decision))]
        problems = t.cast("list[str]", result["problems"])
        if plan.refused is not None:
            self.run.fail("limit", plan.refused)
            result["changed"] = False
        elif rejected and self._rejection is not None:
            of_job = f"{counted(len(finals), 'instance')} of job {printable(self.job_name, 100)} {self.run.where}"
            result.update(error_result(self._rejection, f"Failed to retry {len(rejected)} of {of_job}"))
        elif unknown:
            cause = f"{len(unknown)} of {counted(len(finals), 'instance')} may have been rerun or not: {unknown[0].reason}"
            names = sorted({decision.instance.job_name for decision in unknown})
            remedy = f"It was not sent again. {lookup_hint(self.run.options, names, self.window())}"
            self.run.fail(Kind.AMBIGUOUS.value, cause, remedy)
        elif self._quiet_now is not None and result["quiet_hours"] is not None and not self.run.check_mode:
            cause = f"{result['quiet_hours']['instances']} of {counted(len(finals), 'instance')} not sent: {not_sent(self._quiet_now)}"
            self.run.fail("quiet_hours", cause, "Run it again when they have ended")
        elif blocked:
            self.run.fail(blocked[0].action.value, blocked[0].reason)
        elif unsent:
            self.run.fail(
                "incomplete", f"{len(unsent)} of {counted(len(finals), 'instance')} not rerun: {unsent[0].reason}", "Run it again"
            )
        elif problems:
            self.run.fail(Kind.NOT_FOUND.value, " ".join(problems))

    def _policy(self, scope: RunScope) -> Policy:
        return Policy(
            since=scope.since.ms,
            statuses=wanted_statuses(self.run.options["only_statuses"], option="only_statuses"),
            settle_ms=self.run.settle_ms,
            hold_off_until=scope.hold_off_until,
            clock_slack_ms=scope.clock_slack_ms,
            joined=scope.since.joined,
        )

    def _due(self, decision: Decision) -> bool:
        return due(decision, self._known(decision), self.sends)

    def _too_many(self, decisions: t.Sequence[Decision]) -> str | None:
        """Why ``max_instances`` forbids sending, or None; it is not checked again once something was sent."""
        asks, most = [decision for decision in decisions if decision.asks_rerun], self.limits.max_instances
        return over_limit(asks, most, self.less) if most is not None and len(asks) > most and not self._asked else None

    def _known(self, decision: Decision) -> Asked:
        """What this invocation has sent for the instance of *decision*."""
        return self._asked.get(asked_of(decision, self._asked), Asked())

    def _finals(self, plan: Plan) -> list[Decision]:
        """The decision to report for each instance."""
        quiet_hours, check_mode = self._quiet_now, self.run.check_mode
        return [
            final(decision, self._known(decision), due_now=self._due(decision), quiet_hours=quiet_hours, check_mode=check_mode)
            for decision in plan.decisions
        ]


def distinct(instances: t.Iterable[JobInstance]) -> list[JobInstance]:
    """Each instance once, as it was listed last."""
    return list({instance.full_key: instance for instance in instances}.values())


def listed_at(
    api: WorkspaceApi,
    job_name: str,
    clock: ServiceClock,
    wanted: t.Mapping[_Name, int],
    name_of: t.Callable[[JobInstance], _Name],
) -> list[JobInstance]:
    """List the *wanted* instances of a job.

    It lists windows around their plan times, so that two instances a month apart do not list the whole month. Instances that are missing there
    are looked for up to now, because a service that compares windows with start times lists them there [H-208].

    :param wanted: name of an instance -> its plan time, epoch ms.
    :param name_of: returns the name of an instance, as in *wanted*.
    """

    def listed(windows: t.Iterable[Window], names: t.Collection[_Name]) -> list[JobInstance]:
        return [instance for window in windows for instance in api.list_instances(window, job_name=job_name) if name_of(instance) in names]

    instances = listed(_clusters(set(wanted.values())), wanted)
    missing = wanted.keys() - set(map(name_of, instances))
    if missing:
        begin = min(wanted[name] for name in missing)
        instances += listed([Window(begin, max(begin, last_start_ms(clock)))], missing)
    return distinct(instances)


def _clusters(times: t.Collection[int]) -> list[Window]:
    """Windows that cover *times* (epoch ms), one for each group of times that are close to each other."""
    windows: list[Window] = []
    for plan_time in sorted(times):
        if windows and plan_time - windows[-1].end <= _NEAR_MS:
            windows[-1] = Window(windows[-1].begin, plan_time)
        else:
            windows.append(Window(plan_time, plan_time))
    return windows
