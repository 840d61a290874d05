# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts: requests about one instance as the journal keeps them, the failures they answer, and how an instance compares with its failure. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .instance import InstanceKey, JobInstance
from .slotted import slotted


class Outcome(str, enum.Enum):
    """Outcome of an attempt; the values are what the journal and results hold."""

    INTENDED = "intended"  # claimed before the POST; the process ended before it recorded an outcome
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # refused because of the instance or the request itself; not executed
    UNKNOWN = "unknown"  # may have taken effect; also every refused POST of more than one instance
    NOT_EXECUTED = "not_executed"  # provably had no effect, and the instance is not the cause: no connection, 401, 429
    CONFLICTED = "conflicted"  # sent alone and refused because the instance already runs: somebody else's rerun, which may not show yet
    MOVED_ON = "moved_on"  # a stop, pause or resume that was not sent: just before it, the instance or job was no longer as listed


#: Outcomes of requests whose result is unknown; of those that may have taken effect; of those that provably had none.
LOST = frozenset({Outcome.INTENDED, Outcome.UNKNOWN})
EFFECTIVE = LOST | {Outcome.ACCEPTED}
NO_EFFECT = frozenset({Outcome.REJECTED, Outcome.NOT_EXECUTED})


class AttemptKind(str, enum.Enum):
    """Kind of a request; the values are what the journal and results hold.

    All kinds share the unique indexes. A stop answers a state in which an instance is in progress or hangs, a rerun one in which it has ended, so
    two requests never answer the same state. Kinds from PATCH_DATA_STOP on claim nothing: each attempt has a slot of its own.
    """

    RERUN = "rerun"
    STOP = "stop"
    STOP_AND_RERUN = "stop_and_rerun"  # a stop that a rerun is to follow
    PATCH_DATA = "patch_data"  # starts a PatchData run; its slot is the name of the run, without a plan time
    PATCH_DATA_STOP = "patch_data_stop"
    RUN = "run"  # runs a job by hand; the journal keeps these by their run_key
    SCHEDULE_START = "schedule_start"
    SCHEDULE_STOP = "schedule_stop"
    PAUSE = "pause"  # stops a schedule that is to be started again
    RESUME = "resume"


#: Kinds of attempts that start or stop the schedule of a job.
OF_SCHEDULES = (AttemptKind.PAUSE, AttemptKind.RESUME, AttemptKind.SCHEDULE_START, AttemptKind.SCHEDULE_STOP)


class Slot(t.NamedTuple):
    """One planned run of a job, by which budgets and history count; a rerun never changes it. ``plan_time`` in epoch ms."""

    workspace_id: str
    job_id: str
    plan_time: int

    @classmethod
    def of(cls, instance: JobInstance) -> Slot:
        return cls(instance.key.workspace_id, instance.key.job_id, instance.key.plan_time)


class Failure(t.NamedTuple):
    """An instance in the state in which it was listed, which a rerun answers. Times epoch ms; ``status`` is a value of :class:`Status`."""

    workspace_id: str
    job_id: str
    plan_time: int
    submit_time: int
    instance_id: str | None
    status: str
    start_time: int | None
    end_time: int | None

    @classmethod
    def of(cls, instance: JobInstance) -> Failure:
        """The state in which *instance* was listed."""
        key = instance.key
        return cls(
            key.workspace_id,
            key.job_id,
            key.plan_time,
            key.submit_time,
            instance.instance_id,
            instance.status.value,
            instance.start_time,
            instance.end_time,
        )

    @property
    def slot(self) -> Slot:
        """The planned run that failed."""
        return Slot(self.workspace_id, self.job_id, self.plan_time)

    @property
    def key(self) -> InstanceKey:
        """The key by which a rerun request names the instance."""
        return InstanceKey(self.workspace_id, self.job_id, self.plan_time, self.submit_time)


@slotted
@dataclass(frozen=True)
class Attempt:
    """One request for one failure, to rerun the instance or to stop it. Times are epoch ms on the service's clock, unless stated otherwise.

    :param run_id: id of the run (one task of a play) that made it.
    :param since: of that run.
    :param number: number of this attempt among those of its run for the instance, from 1.
    :param batch: how many instances its request carried.
    :param sent_ms: when it was claimed.
    :param last_ms: latest time at which its request may have been in flight; the settle window counts from here.
    :param journal_ms: the same moment on the journal's own clock: this machine's wall clock for SQLite, the server's for PostgreSQL.
    :param request_id: the service's id of the request, or None.
    :param message: code and words of the service's refusal, or "".
    :param again: whether an earlier attempt of the same run had already caused a rerun of the instance; None if unknown.
    :param conflict_in_batch: whether the service refused the request because one of its instances was running already; the outcome is UNKNOWN.
    :param purpose: incident name or ticket from option ``purpose``.
    :param plan_id: the approved plan that it belongs to, or "".
    :param flight_ms: from the run's ``read_timeout``: how long after ``last_ms`` the request may be in flight while no outcome is recorded.
    :param kind: what it asks for.
    :param attempt_id: set by the journal.
    :param open: whether it holds its failure; False once another attempt took over.
    """

    failure: Failure
    job_name: str
    run_id: str
    since: int
    number: int
    batch: int
    sent_ms: int
    last_ms: int
    journal_ms: int
    outcome: Outcome = Outcome.INTENDED
    request_id: str | None = None
    message: str = ""
    again: bool | None = False
    conflict_in_batch: bool = False
    controller: str = ""
    user: str = ""
    purpose: str = ""
    plan_id: str = ""
    flight_ms: int = 0
    kind: AttemptKind = AttemptKind.RERUN
    attempt_id: int | None = None
    open: bool = True

    def settle_window_end(self, settle_ms: int) -> int:
        """End of the settle window, epoch ms: from then on, the service shows a state no older than the request.

        A request without an outcome has ended by then too.
        """
        in_flight = self.flight_ms if self.outcome is Outcome.INTENDED else 0
        return max(self.sent_ms, self.last_ms) + max(settle_ms, in_flight)


class Intent(t.NamedTuple):
    """An attempt that a run wants to claim.

    :param attempt: without id, outcome INTENDED.
    :param supersedes: the attempt for the same failure that the planner decided to take over, or None if it saw none.
    """

    attempt: Attempt
    supersedes: Attempt | None = None


class OwnClaim(t.NamedTuple):
    """The newest claim of a run. While the journal has it, it has all earlier claims of the run too: a standby or a copy lacks only the latest data.

    :param sent_ms: when the attempt was claimed, epoch ms.
    """

    attempt_id: int
    run_id: str
    sent_ms: int


class Comparison(enum.Enum):
    """How an instance compares with the failure that an attempt answered."""

    CHANGED = "changed"  # it started or ended anew
    UNCHANGED = "unchanged"  # provably
    UNCLEAR = "unclear"  # neither can be proved


def compare(instance: JobInstance, attempt: Attempt) -> Comparison:
    """Compare *instance* with the failure of *attempt*.

    Another status, or a later start or end, proves a change. The same status with the same times proves that nothing changed. Without any
    time, or with one that went backwards or disappeared, nothing is proved. Clocks do not matter: the same one stamped both times.
    """
    failure = attempt.failure
    pairs = ((failure.start_time, instance.start_time), (failure.end_time, instance.end_time))
    if instance.status.value != failure.status:
        return Comparison.CHANGED
    if any(new is not None and old is not None and new > old for old, new in pairs) or (
        failure.start_time is None and instance.start_time is not None
    ):
        return Comparison.CHANGED
    if all(old is None and new is None for old, new in pairs) or any(old != new for old, new in pairs):
        return Comparison.UNCLEAR
    return Comparison.UNCHANGED
