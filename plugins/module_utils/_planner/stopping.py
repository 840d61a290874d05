# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping: what to do about an instance that somebody wants stopped, module job_instance_stop.

Pure. Input: the instance as listed, and what the journal knows of stops and reruns of it. Output: a decision.

| the instance now | and | decision |
|---|---|---|
| ended, or frozen | | ``done``: nothing to stop |
| ended | a rerun of this very state has not settled | ``settling``: stopped once the rerun shows |
| anything else | | ``stop`` |
| anything else | a stop of this run of it is not settled and its outcome is missing or unknown | ``settling``: never sent twice |
| anything else | a stop was accepted in the last 15 minutes | ``wait``: never sent twice |
| anything else | the service refused a stop in this task | ``rejected`` |
| anything else | a stop that was not sent, moved on, settled without effect, or was refused in another task | ``stop``, taking it over |
| anything else | this task has asked :data:`MAX_STOPS` times | ``wait`` |
"""

from __future__ import annotations

import typing as t

from .._common.text import printable
from .._common.times import to_iso
from .._models.attempt import EFFECTIVE, Attempt, Failure, Outcome
from .._models.decision import Action, Decision
from .._models.instance import JobInstance, Status
from .._models.reason import InstanceDetail
from .reconcile import HIDDEN_MS

#: How often one task asks to stop an instance that continues by itself, or whose stop could not be sent.
MAX_STOPS = 3
#: Statuses in which there is nothing to stop.
ENDED = frozenset(
    {status for status in Status if status.succeeded} | {Status.FAIL, Status.MANUAL_STOP, Status.SKIP_BY_DEPEND, Status.FREEZE}
)


def decide_stop(
    instance: JobInstance, stops: t.Sequence[Attempt], reruns: t.Sequence[Attempt], *, run_id: str, now: int, settle_ms: int, asked: int = 0
) -> Decision:
    """Decide by the table at the top of this file.

    :param stops: every request to stop an instance of its slot, oldest first.
    :param reruns: the reruns of its slot that may have taken effect, oldest first.
    :param now: the service's time, epoch ms.
    :param asked: how often this task has asked to stop it.
    """
    decision = _by_state(instance, stops, reruns, run_id, now, settle_ms)
    if decision.action is not Action.STOP or asked < MAX_STOPS:
        return decision
    return decision.turned(Action.WAIT, f"{decision.reason}; not sent again by this task")


def _by_state(
    instance: JobInstance, stops: t.Sequence[Attempt], reruns: t.Sequence[Attempt], run_id: str, now: int, settle_ms: int
) -> Decision:
    state = f"{instance.status_text}{f', started {to_iso(instance.start_time)}' if instance.start_time is not None else ''}"
    own = [stop for stop in stops if stop.failure.instance_id in (None, instance.instance_id)]
    newest = own[-1] if own else None
    if instance.status in ENDED:
        pending = [rerun for rerun in reruns if rerun.failure == Failure.of(instance) and now < rerun.settle_window_end(settle_ms)]
        if pending:
            due = pending[-1].settle_window_end(settle_ms)
            reason = f"{state}; a rerun that was sent at {to_iso(pending[-1].sent_ms)} may show until {to_iso(due)}, and is stopped then"
            return Decision(instance, Action.SETTLING, reason, due_ms=due, stop=newest)
        return Decision(instance, Action.DONE, f"{state}; {_ended(instance, newest, run_id)}", stop=newest)
    wanted = Decision(instance, Action.STOP, f"{state}; it is stopped", stop=newest, by_id=True)
    if newest is None or not _same_run(newest, instance):
        return wanted
    return _answered(wanted, newest, state, run_id, now, settle_ms)


def _ended(instance: JobInstance, stop: Attempt | None, run_id: str) -> str:
    """Why there is nothing to stop, and whether *stop* caused the end."""
    if stop is None or stop.outcome not in EFFECTIVE or not _same_run(stop, instance):
        return "there is nothing to stop"
    who = "this run" if stop.run_id == run_id else f"run {printable(stop.run_id, 100)}"
    request = f"the stop that {who} sent at {to_iso(stop.sent_ms)}"
    return f"{request} has taken effect" if _stopped(stop, instance) else f"it ended by itself, in spite of {request}"


def _answered(wanted: Decision, newest: Attempt, state: str, run_id: str, now: int, settle_ms: int) -> Decision:
    instance, same = wanted.instance, newest.failure == Failure.of(wanted.instance) and newest.open
    asked = f"a stop was sent at {to_iso(newest.sent_ms)}"
    due = newest.settle_window_end(settle_ms)
    if newest.outcome is Outcome.ACCEPTED and now < newest.settle_window_end(max(settle_ms, HIDDEN_MS)):
        return Decision(instance, Action.WAIT, f"{state}; {asked} and accepted, and it is not sent twice", stop=newest)
    if newest.outcome in EFFECTIVE and now < due:
        reason = f"{state}; {asked}, and its outcome is not known before {to_iso(due)}"
        return Decision(instance, Action.SETTLING, reason, due_ms=due, stop=newest)
    if newest.outcome is Outcome.REJECTED and newest.run_id == run_id and same:
        return Decision(instance, Action.REJECTED, f"{state}; the service refused to stop it: {printable(newest.message)}", stop=newest)
    return Decision(instance, Action.STOP, wanted.reason, stop=newest, by_id=True, superseded=newest if same else None)


def _same_run(stop: Attempt, instance: JobInstance) -> bool:
    """Whether *stop* was for the run that the instance shows, which may have been waiting then."""
    return stop.failure.start_time in (None, instance.start_time) and stop.failure.submit_time == instance.key.submit_time


def of_another_job(detail: InstanceDetail, job_name: str) -> str:
    """The reason to refuse a stop because *detail* shows an instance of another job than *job_name*, or "".

    Whether the service checks the job name in the path of a request is not documented. "" also if *detail* has no job name.
    """
    if detail.job_name in (None, job_name):
        return ""
    return f"it is an instance of job {printable(detail.job_name, 100)}"


def stop_result(decision: Decision, run_id: str) -> tuple[str, bool]:
    """Result word for an instance that was to be stopped, and whether this task changed it.

    ``to_stop`` (also: not sent), ``stopped`` (by this task), ``stopping`` (a stop was accepted and does not show yet), ``ended`` (by itself, or
    before), ``refused``, ``unknown`` or ``waiting`` (for a rerun that does not show yet).
    """
    stop = decision.stop
    ours = stop is not None and stop.run_id == run_id
    effective = stop is not None and stop.outcome in EFFECTIVE
    if decision.action is Action.STOP or (decision.action is Action.WAIT and not effective):
        return "to_stop", False
    if decision.action is Action.REJECTED:
        return "refused", False
    if decision.instance.status in ENDED and decision.action is Action.DONE:
        effect = stop is not None and ours and effective and _stopped(stop, decision.instance)
        return ("stopped" if effect else "ended"), effect
    if stop is None or not effective:
        return "waiting", False
    return ("stopping" if stop.outcome is Outcome.ACCEPTED else "unknown"), ours and stop.outcome is Outcome.ACCEPTED


def _stopped(stop: Attempt, instance: JobInstance) -> bool:
    """Whether *instance* shows the effect of *stop*. The status after a stop is not documented; a failure meanwhile is as good as a stop."""
    return instance.status in (Status.MANUAL_STOP, Status.FAIL) and _same_run(stop, instance)
