# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hung instances, options ``timeout_action`` and ``running_exception``: which are stopped, with what effect, and what follows.

Pure. A step after ``decide``. Input: a decision of ``reconcile.py``, and the stops in the journal. Output: a decision.

| the instance now | and | decision |
|---|---|---|
| waiting, running | ``wait_timeout`` is over, its rerun is this play's or belongs to a set ``since``, ``timeout_action: stop`` | ``stop`` |
| running | the same with ``timeout_action: stop_and_rerun``; not waiting ones, which would only wait again | ``stop`` |
| running-exception | ``running_exception: stop_and_rerun`` | ``stop`` |
| in the state that the stop was for | accepted, or no outcome yet, not settled | ``settling`` |
| the same | accepted, settled | ``wait``; never stopped again by this ``since`` |
| the same | outcome unknown, settled | ``stop``: it provably had no effect |
| the same | refused, or it had gone on by itself | as without a stop, and the reason says so |
| stopped, see below | in order to be rerun | as if its status were in ``statuses``; the stopped run does not count in ``attempts`` |
| the same | without a rerun | ``stopped`` |
| in progress, or running-exception, in a later run | it was stopped by this ``since`` before | never stopped a second time |
| to be rerun | a stop by any run is not settled | ``settling``: a late stop must not hit the rerun |

An instance counts as stopped if it shows manual-stop or fail with the start of the run to be stopped, unless the stop was refused or not sent.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError, OptionError
from .._common.text import printable
from .._common.times import DAY_MS, to_iso
from .._models.attempt import EFFECTIVE, Attempt, AttemptKind, Failure, Outcome
from .._models.decision import Action, Decision
from .._models.instance import InstanceType, JobInstance, Status
from .._models.slotted import replace
from .reconcile import HIDDEN_MS, Policy, decide

NONE, STOP, STOP_AND_RERUN, REPORT = "none", "stop", "stop_and_rerun", "report"


@dataclass(frozen=True)
class StopPolicy:
    """Policy about stops.

    :param timeout_ms: when ``wait_timeout`` was over, epoch ms on the service's clock; None: it is not.
    :param run_id: of the run. Reruns of other runs are stopped only if a person set ``since`` to watch them.
    :param started: attempt id -> first start seen of the rerun that it caused, epoch ms. A later start is somebody else's.
    """

    timeout_action: str = NONE
    running_exception: str = REPORT
    timeout_ms: int | None = None
    run_id: str = ""
    since_given: bool = False
    started: t.Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def check(cls, options: t.Mapping[str, t.Any]) -> None:
        """Refuse options that cannot work together. :raises OptionError: naming them."""
        wanted = [
            f"{name} {options[name]}"
            for name, off in (("timeout_action", NONE), ("running_exception", REPORT))
            if options.get(name) not in (None, off)
        ]
        if wanted and options["api_version"] == "v2":
            raise OptionError(
                f"Only v1 of the API can stop an instance, and api_version is v2 with {wanted[0]}. Set api_version to auto or v1."
            )
        if options.get("timeout_action") not in (None, NONE) and options["wait_timeout"] == 0:
            raise OptionError(
                "wait_timeout is 0, so timeout_action would stop everything as soon as it is sent. "
                "Set wait_timeout to the seconds after which a run counts as hung."
            )

    @property
    def reruns(self) -> bool:
        """Whether stopped instances may be rerun."""
        return STOP_AND_RERUN in (self.timeout_action, self.running_exception)

    @property
    def over(self) -> bool:
        """Whether nothing more is rerun, because the time is over and running instances are only stopped."""
        return self.timeout_action == STOP and self.timeout_ms is not None


def decide_with_stops(
    instance: JobInstance,
    policy: Policy,
    wanted: StopPolicy,
    now: int,
    attempt: Attempt | None,
    effective: t.Sequence[Attempt] = (),
    stops: t.Sequence[Attempt] = (),
) -> Decision:
    """Decide about *instance* like :func:`decide`, and by the table at the top of this file.

    :param stops: stops of the instance by any run, oldest first.
    """
    judged = judged_with_stops(instance, policy, wanted, now, stops, effective) if stops else policy
    return _with_stop(decide(instance, judged, now, attempt, effective), policy, wanted, now, stops)


def judged_with_stops(
    instance: JobInstance, policy: Policy, wanted: StopPolicy, now: int, stops: t.Sequence[Attempt], effective: t.Sequence[Attempt]
) -> Policy:
    """*policy*, adjusted for *instance*: an instance stopped in order to be rerun is to be rerun, and the stopped run does not count as an attempt.

    :param stops: stops of the instance by any run, oldest first; at least one.
    :param effective: its reruns that may have taken effect, oldest first.
    """
    spent = sum(_spent(stop, instance, policy, effective) for stop in stops)
    owed = _owed(stops[-1], instance, wanted, now)
    if not spent and not owed:
        return policy
    return replace(policy, attempts=policy.attempts + spent, statuses=policy.statuses | {instance.status} if owed else policy.statuses)


def _with_stop(decision: Decision, policy: Policy, wanted: StopPolicy, now: int, stops: t.Sequence[Attempt]) -> Decision:
    instance, newest = decision.instance, stops[-1] if stops else None
    if newest is not None:
        due = _unsettled_until(newest, instance, policy, now)
        if decision.action is Action.RETRY and due is not None:
            reason = f"{_request(newest)}, and its outcome is not known before {to_iso(due)}"
            return decision.turned(Action.SETTLING, reason, due_ms=due, stop=newest)
        if _belongs(newest, instance, policy, wanted, now):
            decision = replace(decision, stop=newest)
            answered = _answered(decision, newest, policy, wanted, now)
            if answered is not None:
                return answered
    if not _may_stop(decision, wanted):
        return decision
    return _to_stop(decision, policy, wanted, now, stops)


def without_reruns(decisions: t.Iterable[Decision]) -> t.Iterator[Decision]:
    """*decisions* of a run whose time is over: nothing more is rerun."""
    for decision in decisions:
        if decision.action is Action.RETRY:
            reason = f"not sent: wait_timeout is over, and timeout_action is stop ({decision.reason})"
            yield decision.turned(Action.WAIT, reason)
        else:
            yield decision


def first_starts(decisions: t.Iterable[Decision], known: t.Mapping[str, int]) -> dict[str, int]:
    """*known*, plus the starts, seen for the first time in this pass, of reruns that this run may have to stop."""
    seen = dict(known)
    for decision in decisions:
        attempt, start = decision.attempt, decision.instance.start_time
        if attempt is not None and start is not None and decision.instance.status is Status.RUNNING and decision.rerun:
            seen.setdefault(str(attempt.attempt_id), start)
    return seen


def not_stopped(decision: Decision, why: str) -> Decision:
    """Decision for a stop that a guard forbids: the instance stays as it is."""
    action = Action.WAIT if decision.instance.status.in_progress else Action.NOT_RERUNNABLE
    return decision.turned(action, f"{decision.reason}; not stopped: {why}")


def after_stop(decision: Decision, stop: Attempt, error: ApiError | None) -> Decision:
    """Decision about an instance after its stop was sent; it is listed again in any case.

    :param stop: as recorded.
    """
    texts = {
        Outcome.ACCEPTED: "the service accepted the stop",
        Outcome.REJECTED: f"the service refused to stop it: {printable(error)}",
        Outcome.MOVED_ON: f"not stopped: {printable(error)}",
        Outcome.NOT_EXECUTED: f"not stopped yet: {printable(error)}",
    }
    reason = texts.get(stop.outcome, f"whether the stop took effect is unknown ({printable(error)})")
    return decision.turned(Action.SETTLING, f"{reason}; it is listed again", stop=stop)


def stop_word(decision: Decision) -> str | None:
    """Result of the stop of an instance, or None if none was to be made, or it is to be tried again.

    ``to_stop``, ``stopping`` (accepted, and not shown yet), ``stopped``, ``refused``, ``moved_on`` or ``unknown``.
    """
    if decision.action is Action.STOP:
        return "to_stop"
    stop, instance = decision.stop, decision.instance
    if stop is None or stop.outcome is Outcome.NOT_EXECUTED:
        return None
    if stop.outcome is Outcome.MOVED_ON:
        return "moved_on"
    unmoved = stop.failure == Failure.of(instance)
    if stop.outcome is Outcome.REJECTED:
        return "refused" if unmoved else "moved_on"
    if unmoved:
        return "stopping" if stop.outcome is Outcome.ACCEPTED else "unknown"
    return "stopped" if _took_effect(stop, instance, [decision.attempt] if decision.attempt else []) else "moved_on"


def _answered(decision: Decision, stop: Attempt, policy: Policy, wanted: StopPolicy, now: int) -> Decision | None:
    """Decision that follows from a stop of this run; None if the instance may be stopped."""
    instance = decision.instance
    if _shown(stop, instance):
        return _stopped(decision, stop, policy, wanted)
    if stop.failure != Failure.of(instance):
        # Another run than the one to be stopped, or a later state of the same run.
        return _once_only(decision, stop) if stop.outcome in EFFECTIVE else None
    due = stop.settle_window_end(policy.settle_ms)
    if stop.outcome in EFFECTIVE and now < due:
        return decision.turned(Action.SETTLING, f"{_request(stop)}; the service may show it until {to_iso(due)}", due_ms=due)
    if stop.outcome is Outcome.ACCEPTED:
        return decision.turned(Action.WAIT, f"{_request(stop)}, and the service does not show it; it is not stopped again")
    if stop.outcome is Outcome.REJECTED:
        return replace(
            decision, reason=f"{decision.reason}; the service refused to stop it: {printable(stop.message) or 'no reason recorded'}"
        )
    if stop.outcome is Outcome.MOVED_ON:
        return replace(decision, reason=f"{decision.reason}; not stopped: {printable(stop.message)}")
    return None


def _stopped(decision: Decision, stop: Attempt, policy: Policy, wanted: StopPolicy) -> Decision:
    when = f"stopped at {to_iso(stop.sent_ms)}"
    if stop.kind is AttemptKind.STOP_AND_RERUN and wanted.reruns:
        return replace(decision, reason=f"{when}, to be rerun; {decision.reason}") if decision.action.open else decision
    if stop.sent_ms < policy.since and decision.action is Action.RETRY:
        return decision
    why = "" if stop.kind is AttemptKind.STOP else ", and no option asks to rerun it"
    return decision.turned(Action.STOPPED, f"{when}{why}")


def _once_only(decision: Decision, stop: Attempt) -> Decision:
    if decision.instance.status is not Status.RUNNING_EXCEPTION:
        return decision
    return replace(decision, reason=f"{decision.reason}; it was stopped at {to_iso(stop.sent_ms)} before, and is not stopped twice")


def _may_stop(decision: Decision, wanted: StopPolicy) -> bool:
    instance = decision.instance
    if instance.status is Status.RUNNING_EXCEPTION:
        return wanted.running_exception == STOP_AND_RERUN and decision.action is Action.NOT_RERUNNABLE
    if wanted.timeout_ms is None or wanted.timeout_action == NONE or decision.action is not Action.WAIT:
        return False
    stoppable = {Status.RUNNING} if wanted.timeout_action == STOP_AND_RERUN else {Status.RUNNING, Status.WAITING}
    return instance.status in stoppable and _ours(decision, wanted, wanted.timeout_ms)


def _ours(decision: Decision, wanted: StopPolicy, timeout_ms: int) -> bool:
    """Whether the running rerun was sent before the time was over, by this play or by one that a set ``since`` watches."""
    attempt, start = decision.attempt, decision.instance.start_time
    if attempt is None or decision.rerun is not True or attempt.last_ms >= timeout_ms:
        return False
    first = wanted.started.get(str(attempt.attempt_id))
    own = attempt.run_id == wanted.run_id or wanted.since_given
    return own and (first is None or start is None or decision.instance.status is Status.WAITING or start <= first)


def _to_stop(decision: Decision, policy: Policy, wanted: StopPolicy, now: int, stops: t.Sequence[Attempt]) -> Decision:
    instance = decision.instance
    hung = instance.status is Status.RUNNING_EXCEPTION
    then_rerun = hung or wanted.timeout_action == STOP_AND_RERUN
    what = "it is stopped, and rerun" if then_rerun else "it is stopped"
    option = "running_exception" if hung else "timeout_action"
    reason = f"{_state(instance)}{'' if hung else ' when wait_timeout was over'}; {what} ({option})"
    decision = replace(decision, reason=reason)
    if not instance.instance_id:
        return not_stopped(decision, "the service listed it without an instance id")
    if then_rerun and instance.instance_type is InstanceType.MANUAL:
        return not_stopped(decision, "manually scheduled jobs cannot be rerun")
    until = policy.hold_off_until
    if until is not None and now < until:
        return decision.turned(Action.SETTLING, f"{reason}; nothing is sent before {to_iso(until)}", due_ms=until)
    same = [stop for stop in stops if stop.open and stop.failure == Failure.of(instance)]
    superseded = same[-1] if same else None
    return decision.turned(Action.STOP, reason, superseded=superseded, then_rerun=then_rerun, by_id=True)


def _belongs(stop: Attempt, instance: JobInstance, policy: Policy, wanted: StopPolicy, now: int) -> bool:
    """Whether *stop* belongs to this run.

    It does if it was made since ``since``, if its rerun is still owed, or if it was accepted a while ago for the very state still shown.
    """
    if stop.sent_ms >= policy.since or _owed(stop, instance, wanted, now):
        return True
    hidden = max(policy.settle_ms, HIDDEN_MS) if stop.outcome is Outcome.ACCEPTED else policy.settle_ms
    return stop.outcome in EFFECTIVE and stop.failure == Failure.of(instance) and now < stop.settle_window_end(hidden)


def _owed(stop: Attempt, instance: JobInstance, wanted: StopPolicy, now: int) -> bool:
    """Whether *instance* was stopped in the last day in order to be rerun, and that is still wanted. The run that stopped it may have ended first."""
    asked = stop.kind is AttemptKind.STOP_AND_RERUN and wanted.reruns
    return asked and stop.sent_ms > now - DAY_MS and _shown(stop, instance)


def stopped_by(instance: JobInstance, stops: t.Iterable[Attempt]) -> Attempt | None:
    """The newest of *stops* (oldest first) whose effect *instance* shows, or None."""
    return next((stop for stop in reversed(tuple(stops)) if _shown(stop, instance)), None)


def _shown(stop: Attempt, instance: JobInstance) -> bool:
    """Whether *instance* shows that the run which *stop* was for was stopped.

    The status after a stop is not documented; a failure meanwhile is as good as a stop.
    """
    if stop.outcome not in EFFECTIVE or not _same_run(stop, instance):
        return False
    return instance.status in (Status.MANUAL_STOP, Status.FAIL)


def _same_run(stop: Attempt, instance: JobInstance) -> bool:
    failure = stop.failure
    ids = (failure.instance_id, instance.instance_id)
    named = failure.submit_time == instance.key.submit_time and (None in ids or ids[0] == ids[1])
    return named and failure.start_time == instance.start_time


def _took_effect(stop: Attempt, instance: JobInstance, effective: t.Iterable[Attempt]) -> bool:
    """Whether *stop* stopped a run: accepted, shown now, or shown to the run that reran the instance after it."""
    if stop.outcome not in EFFECTIVE:
        return False
    if stop.outcome is Outcome.ACCEPTED:
        return not (instance.status.succeeded and _same_run(stop, instance))
    answered = (
        attempt.failure.start_time == stop.failure.start_time and (attempt.attempt_id or 0) > (stop.attempt_id or 0)
        for attempt in effective
    )
    return _shown(stop, instance) or any(answered)


def _spent(stop: Attempt, instance: JobInstance, policy: Policy, effective: t.Sequence[Attempt]) -> bool:
    """Whether *stop* ended a run that counts as an attempt of this ``since``."""
    if stop.sent_ms < policy.since or stop.kind is not AttemptKind.STOP_AND_RERUN or not _took_effect(stop, instance, effective):
        return False
    before = (attempt.sent_ms >= policy.since and (attempt.attempt_id or 0) < (stop.attempt_id or 0) for attempt in effective)
    return policy.started_since(stop.failure.start_time) or any(before)


def _unsettled_until(stop: Attempt, instance: JobInstance, policy: Policy, now: int) -> int | None:
    """Until when *stop*, by any run, prevents reruns, epoch ms; None if it has settled or shows."""
    due = stop.settle_window_end(policy.settle_ms)
    if now >= due or stop.outcome not in EFFECTIVE:
        return None
    later = instance.start_time is not None and instance.start_time > (stop.failure.start_time or 0)
    return None if stop.outcome is not Outcome.INTENDED and (later or _shown(stop, instance)) else due


def _state(instance: JobInstance) -> str:
    started = f", started {to_iso(instance.start_time)}" if instance.start_time is not None else ""
    return f"{instance.status.value}{started}"


def _request(stop: Attempt) -> str:
    what = {Outcome.ACCEPTED: "was accepted", Outcome.INTENDED: "was interrupted"}
    return f"the stop sent at {to_iso(stop.sent_ms)} {what.get(stop.outcome, 'has no known outcome')}"
