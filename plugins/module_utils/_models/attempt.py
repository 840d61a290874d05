# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts: requests as the journal keeps them, to rerun or to stop an instance above all, the failures they answer, and how an instance compares
with its failure. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .instance import InstanceKey, JobInstance
from .slotted import slotted


class Outcome(str, enum.Enum):
    """Outcome of an attempt; the values are what the journal and results hold."""

    INTENDED = "intended"  # claimed before the POST; no outcome was recorded, so the process ended in between
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the service refused it for a reason that lies in the instance or the request; it was not executed
    UNKNOWN = "unknown"  # may have taken effect; also every refused POST of more than one instance
    NOT_EXECUTED = "not_executed"  # provably had no effect, for a reason that does not lie in the instance: no connection, 401, 429
    CONFLICTED = "conflicted"  # it alone was refused because it is already running: somebody else's rerun, which may not show yet
    MOVED_ON = "moved_on"  # a stop, a pause or its end that was not sent: just before it, the instance or the job was not as it was listed


#: Outcomes of requests of which no answer tells what became of them, of those that may have taken effect, and of those that provably did not.
LOST = frozenset({Outcome.INTENDED, Outcome.UNKNOWN})
EFFECTIVE = LOST | {Outcome.ACCEPTED}
NO_EFFECT = frozenset({Outcome.REJECTED, Outcome.NOT_EXECUTED})


class AttemptKind(str, enum.Enum):
    """What a request asks for; the values are what the journal and results hold. All share the unique indexes: a stop answers a state in which
    an instance is in progress or hangs, a rerun one in which it has ended, so no two requests ever answer the same state. Those from
    PATCH_DATA_STOP on are kept for people alone: each has a slot of its own."""

    RERUN = "rerun"
    STOP = "stop"
    STOP_AND_RERUN = "stop_and_rerun"  # a stop after which the instance is to be rerun
    PATCH_DATA = "patch_data"  # a PatchData run is started: its slot is the name of the run, without a plan time
    PATCH_DATA_STOP = "patch_data_stop"
    RUN = "run"  # a job is run by hand; the journal keeps these by their run_key
    SCHEDULE_START = "schedule_start"
    SCHEDULE_STOP = "schedule_stop"
    PAUSE = "pause"  # a schedule is stopped, to be started again
    RESUME = "resume"


#: Kinds of attempts that start or stop the schedule of a job.
OF_SCHEDULES = (AttemptKind.PAUSE, AttemptKind.RESUME, AttemptKind.SCHEDULE_START, AttemptKind.SCHEDULE_STOP)


class Slot(t.NamedTuple):
    """What budgets and history count by: one planned run of a job. A rerun never changes it. ``plan_time`` in epoch ms."""

    workspace_id: str
    job_id: str
    plan_time: int

    @classmethod
    def of(cls, instance: JobInstance) -> Slot:
        """The slot of *instance*."""
        return cls(instance.key.workspace_id, instance.key.job_id, instance.key.plan_time)


class Failure(t.NamedTuple):
    """An instance in the state in which it was listed, that a rerun answers. Times epoch ms; ``status`` is a value of :class:`Status`."""

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
        """The failure that *instance* shows."""
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
        """What a rerun request calls the instance."""
        return InstanceKey(self.workspace_id, self.job_id, self.plan_time, self.submit_time)


@slotted
@dataclass(frozen=True)
class Attempt:
    """One request for one failure, to rerun the instance or to stop it. Times epoch ms on the service's clock, unless named otherwise.

    :param run_id: id of the run (one task of a play) that made it.
    :param since: of that run.
    :param number: which attempt of its run at this instance it is, from 1.
    :param batch: how many instances its request carried.
    :param sent_ms: when it was claimed.
    :param last_ms: the latest time at which its request may have been in flight; settling counts from here.
    :param journal_ms: the same moment on the journal's own clock: this machine's wall clock for SQLite, the server's for PostgreSQL.
    :param request_id: the service's id of the request, or None.
    :param message: the service's code and words where it refused, else "".
    :param again: whether an earlier attempt of the same run had already caused a rerun of the instance; None if unknown.
    :param conflict_in_batch: whether the service refused the request because one of its instances ran already; the outcome is UNKNOWN.
    :param purpose: incident name or ticket that people gave.
    :param plan_id: the approved plan that it belongs to, or "".
    :param flight_ms: how long after ``last_ms`` its request may still be in flight while no outcome is recorded, by its run's ``read_timeout``.
    :param kind: what it asks for.
    :param attempt_id: given by the journal.
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
        """From when on what the service shows is not older than the request, epoch ms. Not before a request without an outcome has ended."""
        in_flight = self.flight_ms if self.outcome is Outcome.INTENDED else 0
        return max(self.sent_ms, self.last_ms) + max(settle_ms, in_flight)


class Intent(t.NamedTuple):
    """What a run wants to claim.

    :param attempt: without id, outcome INTENDED.
    :param supersedes: the attempt for the same failure that the planner saw and decided to take over; None if it saw none.
    """

    attempt: Attempt
    supersedes: Attempt | None = None


class Comparison(enum.Enum):
    """How an instance compares with the failure that an attempt answered."""

    CHANGED = "changed"  # it was started, or ended, anew
    UNCHANGED = "unchanged"  # provably
    UNCLEAR = "unclear"  # neither can be proved


def compare(instance: JobInstance, attempt: Attempt) -> Comparison:
    """How *instance* compares with the failure of *attempt*: another status, or a later start or end, proves that it changed.

    The same status with the same times proves that it is unchanged; without any time, or with one that went backwards or away, nothing is
    proved. No clock is asked: whatever stamps these times, it stamped both.
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
