# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downstream: what reruns mean for the instances that depend on them, and what option ``downstream`` does about these.

Pure. Input: instances and their dependencies. Output: dependants and decisions. As with ``make``, an instance is up to date if it succeeded in a run
that started after everything above it had come up to date; a rerun brings new data with its new end.

| the dependant now | and | effect | ``cancelled`` | ``stale`` |
|---|---|---|---|---|
| waiting, running | | ``waits`` | | |
| running | started before a new end above it | ``waits`` | | waited for, then judged |
| manual-stop | had begun to run | ``by_hand``: only a person stops a running instance | | |
| manual-stop | had not begun | ``cancelled`` | rerun | rerun |
| the same | an earlier run had rerun it after the new ends above it, or a task stopped it | ``cancelled`` | | |
| success | started before a new end above it, or something above it is not up to date | ``stale`` | | rerun |
| the same | a person set it to success | ``by_hand`` | | |
| any other, or up to date | | none | | |

A dependant is rerun only once everything above it is up to date. It is left to a person if that will not happen: something above it is left alone
by ``downstream``, or it depends on itself. The new end above it decides which of its runs counts: one that started at or after it is up to date,
and once a rerun was sent since then, none is sent again.

A run that ended early, or another one, may have rerun selected instances: then only the journal shows it, as nothing is failed any more. What was
rerun before ``since`` is new data too, see :func:`rerun_earlier`. What that run sent for dependants counts as ``reconcile.py`` says.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from dataclasses import dataclass, field

from .._common.times import to_iso
from .._models.attempt import Attempt, AttemptKind, Comparison, Failure, Outcome, compare
from .._models.decision import Action, Decision
from .._models.downstream import CANCELLED, STALE, Dependant, Effect, Graph, Renewal, Root
from .._models.instance import InstanceKey, JobInstance, Status
from .dependency_order import IN_A_CIRCLE, named
from .graph import distances, reversed_edges, topological_order
from .hung import StopPolicy, decide_with_stops, stopped_by
from .reconcile import Policy, decide

#: Status of a dependant that a rerun may answer -> its effect.
_EFFECTS = {Status.MANUAL_STOP.value: Effect.CANCELLED, Status.SUCCESS.value: Effect.STALE}
_STATUSES = {effect: Status(word) for word, effect in _EFFECTS.items()}
#: Value of the option -> effects that join the plan.
_JOINS: dict[str, frozenset[Effect]] = {
    CANCELLED: frozenset({Effect.CANCELLED}),
    STALE: frozenset({Effect.CANCELLED, Effect.STALE}),
}


def joins(mode: str) -> bool:
    """Whether dependants may join the plan with this value of option ``downstream``."""
    return mode in _JOINS


@dataclass(frozen=True)
class Knowledge:
    """Knowledge of a run when it decides about instances and their dependants.

    :param policy: of the run.
    :param now: the service's time when the list was requested, epoch ms.
    :param attempts: the newest attempt for each instance that has one.
    :param effective: for each instance, the attempts that may have taken effect, oldest first.
    :param stops: for each instance, the requests to stop it.
    :param rerun_since: when an earlier run began to rerun what is above, see :class:`RerunEarlier`.
    :param wanted: what the run may stop.
    """

    policy: Policy
    now: int
    attempts: t.Mapping[InstanceKey, Attempt] = field(default_factory=dict)
    effective: t.Mapping[InstanceKey, t.Sequence[Attempt]] = field(default_factory=dict)
    stops: t.Mapping[InstanceKey, t.Sequence[Attempt]] = field(default_factory=dict)
    rerun_since: int | None = None
    wanted: StopPolicy = field(default_factory=StopPolicy)

    def answered(self, instance: JobInstance, attempt: Attempt | None, since: int | None = None) -> Effect | None:
        """The effect that *attempt* for *instance* answered; None if it was a rerun of a selected instance, or older than ``since``.

        An instance stopped in order to be rerun was selected, whatever status the stop left.

        :param since: replaces that of :attr:`policy`.
        """
        if attempt is None or attempt.sent_ms < (self.policy.since if since is None else since):
            return None
        stopped = any(_stopped_for(stop, attempt) for stop in self.stops.get(instance.key, ()))
        if stopped or attempt.failure.status in {status.value for status in self.policy.statuses}:
            return None
        return _EFFECTS.get(attempt.failure.status)

    def newest_answered(self, instance: JobInstance, since: int | None = None) -> Effect | None:
        """Like :meth:`answered`, for the newest attempt that does not follow a stop."""
        stops = self.stops.get(instance.key, ())
        made = [*self.effective.get(instance.key, ()), *filter(None, [self.attempts.get(instance.key)])]
        first = (attempt for attempt in reversed(made) if not any(_stopped_for(stop, attempt) for stop in stops))
        return self.answered(instance, next(first, None), since)


def _stopped_for(stop: Attempt, attempt: Attempt) -> bool:
    """Whether *stop* stopped the run that *attempt* answered."""
    return stop.kind is AttemptKind.STOP_AND_RERUN and stop.failure.start_time == attempt.failure.start_time


@dataclass(frozen=True)
class RerunEarlier:
    """Reruns before this run, according to the journal.

    :param roots: the selected instances that were rerun, and have succeeded since or are in progress.
    :param since: when the first of these reruns was sent, epoch ms, or None. Reruns of dependants sent since then belong to them.
    """

    roots: t.Mapping[InstanceKey, Root] = field(default_factory=dict)
    since: int | None = None

    def jobs_above(self, joined: t.Iterable[Decision], dependants: t.Iterable[Dependant]) -> collections.Counter[str]:
        """The jobs of the :attr:`roots` that cause reruns in *joined*, each with the number of those roots."""
        due = {decision.instance.key for decision in joined if decision.action is Action.RETRY}
        above = {dependant.upstream.key: dependant.upstream.job_name for dependant in dependants if dependant.instance.key in due}
        return collections.Counter(name for key, name in above.items() if key in self.roots)


def rerun_earlier(decisions: t.Iterable[Decision], known: Knowledge) -> RerunEarlier:
    """The selected instances that an earlier run has rerun: their dependants may still be as they were."""
    roots: dict[InstanceKey, Root] = {}
    times = []
    for decision in decisions:
        instance = decision.instance
        made = [
            attempt
            for attempt in known.effective.get(instance.key, ())
            if attempt.sent_ms < known.policy.since
            and known.answered(instance, attempt, since=0) is None
            and compare(instance, attempt) is Comparison.CHANGED
        ]
        renewed = instance.succeeded_by_itself and instance.end_time is not None
        if made and (renewed or instance.status.in_progress):
            roots[instance.key] = Root(instance, Renewal.RENEWED if renewed else Renewal.COMING)
            times.append(made[-1].sent_ms)
    return RerunEarlier(roots, min(times, default=None))


def roots_of(decisions: t.Iterable[Decision], known: Knowledge, *, unknown_past: bool = False) -> dict[InstanceKey, Root]:
    """The selected instances that were rerun or are to be, as roots.

    An instance rerun as selected, and again because that rerun had begun on old data, stays a root.

    :param unknown_past: whether the journal does not know what was sent since ``since``. Then every start since counts, as elsewhere.
    """
    roots: dict[InstanceKey, Root] = {}
    for decision in decisions:
        instance, action = decision.instance, decision.action
        asked = decision.rerun is not False or (decision.attempt is not None and decision.attempts > 0)
        to_send = action in (Action.RETRY, Action.SETTLING) or decision.delayed or bool(decision.queued)
        started = unknown_past and decision.attempt is None and known.policy.started_since(instance.start_time)
        joined = known.answered(instance, decision.attempt) is not None and not any(
            attempt.sent_ms >= known.policy.since and known.answered(instance, attempt) is None
            for attempt in known.effective.get(instance.key, ())
        )
        if joined or not (to_send or asked or started):
            continue
        if action.open:
            renewal = Renewal.COMING
        else:
            renewed = action is Action.DONE and instance.succeeded_by_itself and instance.end_time is not None
            renewal = Renewal.RENEWED if renewed else Renewal.MISSED
        roots[instance.key] = Root(instance, renewal)
    return roots


def dependants_of(roots: t.Mapping[InstanceKey, Root], graph: Graph) -> list[Dependant]:
    """Every instance within ``graph.depth`` levels below *roots*, by level; also roots that succeeded anew on old data of another root."""
    layout = _Layout(roots, graph)
    dependants = []
    for key, level in layout.levels.items():
        root = roots.get(key)
        outdated = key in layout.outdated
        if root is not None and not outdated:
            continue
        ends = [end for end in map(layout.new_end, layout.above(key)) if end is not None]
        coming = any(map(layout.to_come, layout.above(key)))
        instance = graph.instances[key]
        dependants.append(
            Dependant(
                instance,
                _effect(instance, outdated),
                level or layout.root_levels[key],
                layout.cause(key),
                outdated,
                max(ends) if ends and not coming else None,
                coming,
                key in layout.circles,
            )
        )
    return sorted(dependants, key=lambda dependant: (dependant.level, dependant.instance.key))


def _effect(instance: JobInstance, outdated: bool) -> Effect | None:
    if instance.status.in_progress:
        return Effect.WAITS
    if instance.status is Status.MANUAL_STOP:
        return Effect.BY_HAND if _was_running(instance) else Effect.CANCELLED
    if instance.status.succeeded and outdated:
        return Effect.STALE if instance.succeeded_by_itself else Effect.BY_HAND
    return None


def _was_running(instance: JobInstance) -> bool:
    """Whether *instance* was running when it was stopped. Some services may stamp a cancelled one with a start time equal to its end."""
    return instance.start_time is not None and (instance.end_time is None or instance.end_time > instance.start_time)


class _Layout:
    """The graph as seen from the roots.

    :ivar levels: instance -> levels below the nearest root; 0 for a root.
    :ivar outdated: instances that are not up to date because of reruns.
    :ivar circles: the outdated ones that depend on themselves, or on one that does.
    """

    def __init__(self, roots: t.Mapping[InstanceKey, Root], graph: Graph) -> None:
        self._roots, self._graph = roots, graph
        self._children = reversed_edges(graph.parents)
        self.levels = distances(self._children, roots, graph.depth)
        sources = [key for key, root in roots.items() if root.renewal is not Renewal.MISSED]
        self._reached = distances(self._children, sources, within=self.levels)
        #: Root that succeeded anew -> levels below the nearest other root.
        self.root_levels = {key: level for key, level in map(self._below_others, roots) if level and roots[key].renewal is Renewal.RENEWED}
        self.outdated: set[InstanceKey] = set()
        self._find_outdated()
        self.circles = self._in_circles()

    def above(self, key: InstanceKey) -> list[InstanceKey]:
        """The instances directly above it, within the graph's levels."""
        return sorted(parent for parent in self._graph.parents.get(key, ()) if parent != key and parent in self.levels)

    def to_come(self, key: InstanceKey) -> bool:
        """Whether new data is still to come from it."""
        root = self._roots.get(key)
        if root is not None and root.renewal is Renewal.COMING:
            return True
        return key in self._reached and (key in self.outdated or self._graph.instances[key].status.in_progress)

    def new_end(self, key: InstanceKey) -> int | None:
        """When it brought new data, epoch ms, or None."""
        root = self._roots.get(key)
        if key not in self._reached or (root is not None and root.renewal is not Renewal.RENEWED):
            return None
        instance = self._graph.instances[key]
        return instance.end_time if instance.succeeded_by_itself else None

    def cause(self, key: InstanceKey) -> JobInstance:
        """The instance directly above it that best explains why it is affected."""
        return self._graph.instances[max(self.above(key), key=lambda parent: (self._news(parent, key), parent in self._roots, parent))]

    def _below_others(self, root: InstanceKey) -> tuple[InstanceKey, int | None]:
        above = any(parent in self.levels for parent in self._graph.parents.get(root, ()))
        others = [key for key in self._roots if key != root] if above else []
        return root, distances(self._children, others, self._graph.depth).get(root)

    def _news(self, parent: InstanceKey, key: InstanceKey) -> bool:
        """Whether *parent* has, or will have, data that the last run of *key* did not see."""
        if self.to_come(parent) or (parent in self.outdated and parent in self._reached):
            return True
        end, start = self.new_end(parent), self._graph.instances[key].start_time
        return end is not None and (start is None or start < end)

    def _find_outdated(self) -> None:
        """Compute the least set of instances with news from above, or without success behind such news."""
        left = collections.deque(key for key in self.levels if self.above(key))
        while left:
            key = left.popleft()
            if key in self.outdated or (key in self._roots and key not in self.root_levels):
                continue
            instance = self._graph.instances[key]
            behind = any(parent in self._reached for parent in self.above(key))
            without_success = not instance.succeeded_by_itself and not instance.status.in_progress
            if behind and (without_success or any(self._news(parent, key) for parent in self.above(key))):
                self.outdated.add(key)
                left.extend(child for child in self._children.get(key, ()) if child in self.levels)

    def _in_circles(self) -> set[InstanceKey]:
        """The outdated instances in a circle, and those below one."""
        return set(
            topological_order({key: [child for child in self._children.get(key, ()) if child in self.outdated] for key in self.outdated})[1]
        )


def decide_dependants(dependants: t.Sequence[Dependant], mode: str, known: Knowledge, graph: Graph) -> list[Decision]:
    """A decision for each dependant that joins the plan, or joined it in an earlier pass, by the table at the top of this file."""
    rerun = _JOINS.get(mode, frozenset())
    if not rerun:
        return []
    joining = {dependant.instance.key: _effect_to_answer(dependant, rerun, known) for dependant in dependants}
    left_alone = {
        dependant.instance.key: dependant
        for dependant in dependants
        if joining[dependant.instance.key] is None
        and dependant.outdated
        and dependant.effect in (Effect.BY_HAND, Effect.STALE, Effect.CANCELLED)
    }
    decisions = []
    for dependant in dependants:
        effect = joining[dependant.instance.key]
        if effect is not None:
            obstacle = next((left_alone[key] for key in sorted(graph.parents.get(dependant.instance.key, ())) if key in left_alone), None)
            decisions.append(_decided(dependant, effect, obstacle, known, graph))
        elif mode == STALE and dependant.outdated and dependant.instance.status is Status.RUNNING:
            decision = decide(dependant.instance, _policy(dependant, Effect.STALE, known), known.now, None)
            reason = f"in progress, on old data of {named(dependant.upstream)}; it is looked at again when it has ended"
            decisions.append(dataclasses.replace(decision, reason=reason, downstream=Effect.STALE))
    return decisions


def _effect_to_answer(dependant: Dependant, rerun: frozenset[Effect], known: Knowledge) -> Effect | None:
    if dependant.effect in rerun:
        return None if _stopped_since(dependant, known) else dependant.effect
    answered = known.newest_answered(dependant.instance)
    if answered is not None or known.rerun_since is None:
        return answered
    # An earlier run sent it and may not have seen its end. What is up to date does not concern this run, nor does what a person stopped.
    unfinished = dependant.instance.status.in_progress or dependant.instance.status is Status.FAIL
    answered = known.newest_answered(dependant.instance, since=known.rerun_since) if unfinished else None
    return answered if answered in rerun else None


def _stopped_since(dependant: Dependant, known: Knowledge) -> bool:
    """Whether a person stopped it.

    Either with a task, and no run has rerun it since; or after an earlier run had rerun it on the new data, when nothing above it was failed.
    """
    instance, made = dependant.instance, known.effective.get(dependant.instance.key, ())
    if dependant.effect is not Effect.CANCELLED:
        return False
    stop = stopped_by(instance, known.stops.get(instance.key, ()))
    if stop is not None and stop.kind is AttemptKind.STOP and all(_before(attempt, stop) for attempt in made):
        return known.newest_answered(instance) is None
    return dependant.since is not None and any(
        dependant.since <= attempt.sent_ms < known.policy.since and compare(instance, attempt) is Comparison.CHANGED for attempt in made
    )


def _before(attempt: Attempt, stop: Attempt) -> bool:
    """Whether *attempt* was made before *stop* by another run. A run's own timeout_action stops what it has rerun itself."""
    return (attempt.attempt_id or 0) < (stop.attempt_id or 0) and attempt.run_id != stop.run_id


def _decided(dependant: Dependant, effect: Effect, obstacle: Dependant | None, known: Knowledge, graph: Graph) -> Decision:
    key = dependant.instance.key
    attempt = known.attempts.get(key)
    policy = _policy(dependant, effect, known)
    decision = decide_with_stops(
        dependant.instance, policy, known.wanted, known.now, attempt, known.effective.get(key, ()), known.stops.get(key, ())
    )
    decision = dataclasses.replace(decision, downstream=effect, already_done=False)
    if decision.action is Action.RETRY and attempt is not None and _answered(dependant.instance, attempt, known.policy):
        # Sent for this very state, though by a clock that may be behind the one that stamps ends. As everywhere: never again by this since.
        reason = f"the rerun sent at {to_iso(attempt.sent_ms)} was accepted, but the service does not show it yet; it is not sent again"
        return decision.turned(Action.WAIT, reason, attempts=max(1, decision.attempts - 1), attempt=attempt)
    if decision.action is not Action.RETRY and not (decision.action is Action.SETTLING and decision.attempt is None):
        return decision
    reason = _why(dependant, effect)
    if decision.action is Action.SETTLING:
        return dataclasses.replace(decision, reason=f"{reason}; {decision.reason}")
    hindrance = _hindrance(dependant, obstacle, graph)
    if hindrance:
        return decision.turned(Action.BLOCKED, f"{reason}; {hindrance}")
    return dataclasses.replace(decision, reason=reason, upstream_outdated=named(dependant.upstream) if dependant.coming else "")


def _answered(instance: JobInstance, attempt: Attempt, policy: Policy) -> bool:
    return attempt.outcome is Outcome.ACCEPTED and attempt.sent_ms >= policy.since and attempt.failure == Failure.of(instance)


def _policy(dependant: Dependant, effect: Effect, known: Knowledge) -> Policy:
    """The policy by which the run of a stale dependant is judged: it counts if it started at or after the new end above it. One clock stamps both.

    If that end is still to come, no run counts, and the order holds the rerun back until then. A cancelled dependant has not run at all. If the end
    came before this run, an earlier run's reruns count as long as elsewhere, see ``reconcile.py``.
    """
    since = known.policy.since
    if effect is Effect.STALE and dependant.since is not None:
        since = max(since, dependant.since)
    elif effect is Effect.STALE and dependant.coming:
        since = max(known.now, (dependant.instance.start_time or 0) + 1)
    statuses = {_STATUSES[effect]}
    if known.newest_answered(dependant.instance, since=known.rerun_since) is not None:
        statuses.add(Status.FAIL)
    joined = (
        known.policy.joined if since == known.policy.since else frozenset()
    )  # a run that began before read the old data, whoever sent it
    return dataclasses.replace(known.policy, since=since, statuses=frozenset(statuses), clock_slack_ms=0, joined=joined)


def _hindrance(dependant: Dependant, obstacle: Dependant | None, graph: Graph) -> str:
    """Why a dependant that should be rerun is left to a person, or ""."""
    if dependant.circle:
        return IN_A_CIRCLE
    unlisted = graph.unlisted.get(dependant.instance.key)
    if unlisted:
        return f"its state could not be read, so it is not sent: {unlisted}"
    if obstacle is None:
        return ""
    name = named(obstacle.instance)
    if obstacle.effect is Effect.STALE:
        return f"it depends on {name}, which succeeded on old data and is not rerun (downstream: cancelled); set downstream to stale"
    return f"it depends on {name}, which a person stopped or set to success; rerun that first, if it is to run at all"


def _why(dependant: Dependant, effect: Effect) -> str:
    upstream = named(dependant.upstream)
    if effect is Effect.CANCELLED:
        return f"was cancelled downstream of {upstream}; the service does not tell whether a person stopped it while it waited"
    instance = dependant.instance
    started = f"last started {to_iso(instance.start_time)}" if instance.start_time is not None else "no start recorded"
    if instance.status is not Status.SUCCESS:
        return f"is rerun after new data of {upstream}: {instance.status.value}, {started}"
    ended = f", and that one ended again at {to_iso(dependant.since)}" if dependant.since is not None else ""
    return f"succeeded on old data of {upstream}: {started}{ended}"
