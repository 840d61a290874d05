# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists and decisions of a pass of job_rerun: the selected instances, and what depends on those that are rerun."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._api.instance_query import list_selected, names_without_instances, patterns_without_instances
from .._api.service_time import TOLERANCE_MS, timed_window
from .._api.workspace_lists import Listing
from .._common.errors import ApiError, Kind
from .._common.stopwatch import stopwatch
from .._common.text import safe
from .._common.times import Window
from .._models.attempt import Attempt
from .._models.decision import Decision
from .._models.instance import JobInstance, Status
from .._models.run_scope import PassState, RunScope, window_of
from .._models.selection import Selection, select, wanted_statuses
from .._output.downstream import jobs_text
from .._output.messages import unshown_notes
from .._planner.downstream import Knowledge, RerunEarlier, decide_dependants, rerun_earlier, roots_of
from .._planner.hung import STOP_AND_RERUN, StopPolicy, decide_with_stops, first_starts
from .._planner.outcomes import left_to_do
from .._planner.reconcile import Policy, decide_missing
from .ansible_module import ModuleRun
from .downstream import Below
from .name_check import absent_names, unlisted_text
from .snapshot import Listed, Snapshot

#: Problem of a run that looks for dependants while the journal does not know earlier reruns.
_PAST_LOST = (
    "The journal could not be read in the last 24 hours and was set aside, so it is not known what was rerun before, and what depends on that. "
    "Set since to a time before those reruns"
)


class Problems:
    """Sentences for people about the newest snapshot and what followed it, each once.

    :ivar missed: those that mean that the goal was not reached.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.missed: list[str] = []

    def note(self, *texts: str) -> None:
        """Add *texts*, which leave the goal reachable."""
        self.texts += [text for text in dict.fromkeys(texts) if text not in self.texts]

    def miss(self, *texts: str) -> None:
        """Add *texts*, which mean that the goal was not reached."""
        self.missed += [text for text in dict.fromkeys(texts) if text not in self.missed]
        self.note(*texts)

    def clear(self) -> None:
        """Forget all, for a new snapshot."""
        self.texts.clear()
        self.missed.clear()


class GoalDecisions:
    """Lists instances and decides about them, for one pass.

    :ivar below: reads what depends on the reruns.
    :ivar stops: policy for stopping hung instances.
    :ivar unlisted: job name -> why its instances could not be listed.
    :ivar blind: whether this run reran an instance of such a job, so that its end is not known.
    :ivar reading_seconds: how long it took to read the dependants.
    """

    def __init__(self, run: ModuleRun, state: PassState, run_id: str, below: Below, problems: Problems) -> None:
        self._run, self._state, self._run_id, self._api = run, state, run_id, run.api()
        self._clock = run.session.client.clock
        self._problems = problems
        self.below = below
        self.stops = StopPolicy()
        self.unlisted: dict[str, ApiError] = {}
        self.blind = False
        self.reading_seconds = 0.0
        self._earlier = RerunEarlier()
        #: The newest snapshot, its selected instances, and its decisions.
        self._judged: tuple[Snapshot, list[JobInstance], list[Decision]] | None = None
        self._silent: tuple[list[str], list[str]] = ([], [])  # names and patterns in option jobs that match no listed instance

    def selection(self, window: Window) -> Selection:
        """The selection in the options. :raises OptionError: it is not valid."""
        options = self._run.options
        return select(options["jobs"], window, instance_types=options["instance_types"])

    def policy(self, scope: RunScope) -> Policy:
        """The planner's policy for *scope*. :raises OptionError: ``statuses`` is not valid."""
        options = self._run.options
        return Policy(
            since=scope.since.ms,
            statuses=wanted_statuses(options["statuses"], option="statuses"),
            settle_ms=self._run.settle_ms,
            attempts=options["attempts"],
            attempt_delay_ms=options["attempt_delay"] * 1000,
            hold_off_until=scope.hold_off_until,
            clock_slack_ms=scope.clock_slack_ms,
            joined=scope.since.joined,
        )

    def wanted(self, scope: RunScope) -> frozenset[Status]:
        """The statuses to rerun, or to stop and rerun; an instance that ends in one of them missed the goal."""
        hung = {Status.RUNNING_EXCEPTION} if self._run.options["running_exception"] == STOP_AND_RERUN else set()
        return self.policy(scope).statuses | hung

    def list_instances(self, since: int | None) -> Listed:
        """Every selected instance in any status, because a rerun in progress must be followed too; of any type, because twins differ in type."""
        asked_at = stopwatch()
        fixed = self._state.window

        def read(window: Window) -> Listing:
            # Before the first answer, "now" is this machine's time, which may be behind. A window that ends now could then end before since
            # and miss what was started in between.
            began = None if since is None else since - TOLERANCE_MS
            return list_selected(self._api, self.selection(window), since=began, every_type=True)

        listing, window, asked_ms = timed_window(self._clock, lambda now_ms: fixed or window_of(self._run.options, now_ms), read)
        self.unlisted = listing.problems
        self._problems.note(*listing.notes)
        for name, error in self.unlisted.items():
            if error.kind is not Kind.NOT_FOUND:
                self._problems.miss(unlisted_text(name, error, error.hint))
        return Listed(listing.instances, window, asked_ms, asked_at)

    def further(self, listed: Listed, snapshot: Snapshot) -> Listed | None:
        """*listed* with the dependants that may join the plan, here and in other workspaces; None if there are none."""
        if not self.below.wanted:
            return None
        decisions, policy = self._selected(snapshot), self.policy(snapshot.scope)
        unknown_past = self.below.unknown_past(first=snapshot.scope.since.given and (snapshot.uncovered or policy.clock_slack_ms > 0))
        known = self._known(snapshot, policy)
        roots = roots_of(decisions, known, unknown_past=unknown_past)
        if self.below.joins:
            self._earlier = rerun_earlier(decisions, known)
            roots = {**self._earlier.roots, **roots}
        last = not any(left_to_do(decision, wait=self._run.options["wait"]) for decision in decisions)
        so_far = "Nothing more was sent." if any(decision.attempt is not None for decision in decisions) else "Nothing was sent."
        began = stopwatch()
        more = self.below.read(roots, snapshot.instances, self._clock.latest_ms(), since=policy.since, last=last, so_far=so_far)
        self.reading_seconds = stopwatch() - began
        if not more:
            return None
        times = [instance.key.plan_time for instance in more]
        reach = Window(min(listed.window.begin, *times), max(listed.window.end, *times))
        return listed._replace(instances=[*listed.instances, *more], reach=reach)

    def decide(self, snapshot: Snapshot) -> list[Decision]:
        """One decision per instance, by the tables of ``reconcile.py``, ``hung.py`` and ``downstream.py``."""
        scope = snapshot.scope
        decisions = self._selected(snapshot)
        if self.below.wanted:
            decisions = self._with_dependants(snapshot, decisions)
        self._problems.note(*unshown_notes(decisions))
        selection, instances = self.selection(scope.window), self._judge(snapshot)[0]
        self._silent = (
            names_without_instances(selection, instances, self.unlisted),
            patterns_without_instances(selection, instances, self.unlisted),
        )
        self.blind = any(self._of_run(attempt, scope) and attempt.job_name in self.unlisted for attempt in snapshot.missing)
        return decisions

    def check_names(self) -> list[dict[str, t.Any]]:
        """``job_patterns`` of the result. Checks whether names and patterns without instances in the window match a job at all."""
        absent, unknown = absent_names(self._api, *self._silent, self.unlisted)
        self._problems.miss(*unknown, *(text for text, _suggestion in absent.values() if not self._state.fleet))
        return [
            {"pattern": safe(name), "matches": name not in absent, "suggestion": absent[name].suggestion if name in absent else ""}
            for name in dict.fromkeys(self._run.options["jobs"])
        ]

    def _selected(self, snapshot: Snapshot) -> list[Decision]:
        """One decision for each selected instance, and for each that this run has sent and that is no longer listed."""
        return self._judge(snapshot)[1]

    def _judge(self, snapshot: Snapshot) -> tuple[list[JobInstance], list[Decision]]:
        """The selected instances and their decisions, computed once for each snapshot."""
        if self._judged is None or self._judged[0] is not snapshot:
            policy, selection, here = self.policy(snapshot.scope), self.selection(snapshot.scope.window), self._api.workspace_id
            meant = [instance for instance in snapshot.instances if instance.key.workspace_id == here and selection.matches(instance)]
            decisions = self._with_stops(meant, snapshot, policy)
            decisions += [decide_missing(attempt, policy, snapshot.asked_ms) for attempt in self._vanished(snapshot)]
            self._judged = (snapshot, meant, decisions)
        return self._judged[1:]

    def _with_stops(self, instances: t.Sequence[JobInstance], snapshot: Snapshot, policy: Policy) -> list[Decision]:
        """One decision for each of *instances*, by the tables of ``reconcile.py`` and ``hung.py``."""
        now, attempts = snapshot.asked_ms, snapshot.history.attempts
        options, asks = self._run.options, self._state.timed_out
        self.stops = StopPolicy(
            timeout_action=options["timeout_action"],
            running_exception=options["running_exception"],
            timeout_ms=self._state.timeout_ms if self._state.timeout_ms is not None or not asks else now,
            run_id=self._run_id,
            since_given=snapshot.scope.since.given,
            started=t.cast("t.Mapping[str, int]", self._state.started),
        )
        effective, stops = snapshot.effective, snapshot.stops
        decisions = [
            decide_with_stops(
                instance,
                policy,
                self.stops,
                now,
                attempts.get(instance.key),
                effective.get(instance.key, ()),
                stops.get(instance.key, ()),
            )
            for instance in instances
        ]
        if options["timeout_action"] != "none":
            self.stops = replace(self.stops, started=first_starts(decisions, self.stops.started))
        return decisions

    def _vanished(self, snapshot: Snapshot) -> t.Iterator[Attempt]:
        """Attempts of this run whose instances are no longer listed; none with ``instance_types``, as their types are unknown."""
        if self._run.options["instance_types"]:
            return
        selection = self.selection(snapshot.scope.window)
        for attempt in snapshot.missing:
            of_run = self._of_run(attempt, snapshot.scope) and attempt.job_name not in self.unlisted
            if of_run and selection.covers(attempt.job_name, attempt.failure.plan_time):
                yield attempt

    def _of_run(self, attempt: Attempt, scope: RunScope) -> bool:
        return attempt.sent_ms >= scope.since.ms and attempt.failure.workspace_id == self._api.workspace_id

    def _with_dependants(self, snapshot: Snapshot, decisions: t.Sequence[Decision]) -> list[Decision]:
        """*decisions* with those about dependants that join the plan."""
        below = self.below
        below.judge(snapshot.instances)
        (self._problems.miss if below.joins else self._problems.note)(*below.notes)
        self._problems.note(*below.hints)
        if below.joins and snapshot.history.set_aside_ms is not None and not snapshot.scope.since.given:
            self._problems.miss(_PAST_LOST)
        known = self._known(snapshot, self.policy(snapshot.scope))
        joined = decide_dependants(below.dependants, below.mode, known, below.graph)
        jobs = self._earlier.jobs_above(joined, below.dependants)
        if jobs:  # these dependants join although nothing upstream of them failed
            shown = jobs_text(jobs.most_common())
            self._problems.note(f"An earlier run has rerun {shown}. What depends on it and has not succeeded since then is rerun too.")
        early = set() if self._run.check_mode else below.too_early()
        by_key = {decision.instance.key: decision for decision in joined if decision.instance.key not in early}
        return [by_key.pop(decision.instance.key, decision) for decision in decisions] + list(by_key.values())

    def _known(self, snapshot: Snapshot, policy: Policy) -> Knowledge:
        attempts, effective, stops = snapshot.history.attempts, snapshot.effective, snapshot.stops
        return Knowledge(policy, snapshot.asked_ms, attempts, effective, stops, self._earlier.since, self.stops)
