# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what is remembered of a rerun that was sent, and how the instance compares with it.

Pure. The ledger writes these records down; every decision reads them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from .instance import InstanceKey, JobInstance
from .slotted import slotted

INTENDED = "intended"  # written before the POST; no answer was recorded, so the process ended in between
ACCEPTED = "accepted"  # the service took it
REFUSED = "refused"  # the service refused it, for a reason that lies in the instance or the request
UNKNOWN = "unknown"  # it may have taken effect; also every refused POST of more than one instance
NOT_SENT = "not_sent"  # it provably took no effect, for a reason that does not lie in the instance: no connection, 401, 403, 429
ACTIVE = "active"  # it alone was refused because it runs already: somebody else's rerun, which may not show yet
OUTCOMES = frozenset({INTENDED, ACCEPTED, REFUSED, UNKNOWN, NOT_SENT, ACTIVE})
#: How much earlier than its POST a run must have begun to be no effect of it, ms: the service's time is known by its answers' dates, which
#: come in whole seconds and late.
CLOCK_SLACK_MS = 10_000
#: The day in which reruns of an instance are counted, ms.
DAY_MS = 86_400_000


class Outcome(str, enum.Enum):
    """Outcome of an attempt; the values are what the journal and results hold."""

    INTENDED = "intended"  # claimed before the POST; no outcome was recorded, so the process ended in between
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the service refused it for a reason that lies in the instance or the request; it was not executed
    UNKNOWN = "unknown"  # may have taken effect; also every refused POST of more than one instance
    NOT_EXECUTED = "not_executed"  # provably took no effect, for a reason that does not lie in the instance: no connection, 401, 429
    CONFLICTED = "conflicted"  # it alone was refused because it runs already: somebody else's rerun, which may not show yet


@slotted
@dataclass(frozen=True, order=True)
class Slot:
    """What budgets and history count by: one planned run of a job. A rerun never changes it. ``plan_time`` in epoch ms."""

    workspace_id: str
    job_id: str
    plan_time: int


@slotted
@dataclass(frozen=True)
class Failure:
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


@slotted
@dataclass(frozen=True)
class Attempt:
    """One rerun request for one failure. Times epoch ms on the service's clock, unless named otherwise.

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
    attempt_id: int | None = None
    open: bool = True


@slotted
@dataclass(frozen=True)
class Intent:
    """What a run wants to claim.

    :param attempt: without id, outcome INTENDED.
    :param supersedes: the attempt for the same failure that the planner saw and decided to take over; None if it saw none.
    """

    attempt: Attempt
    supersedes: Attempt | None = None


@dataclass(frozen=True)
class Sent:
    """What is remembered of the newest POST that carried an instance. Times epoch ms, on the service's clock.

    :param sent_ms: when it was about to be sent.
    :param outcome: one of :data:`OUTCOMES`.
    :param start_time: the instance's last start as read before sending, or None.
    :param status: value of the instance's :class:`Status` as read before sending.
    :param request_id: the service's id of the POST, or None.
    :param attempt: which send of its run it was, from 1.
    :param batch: how many instances that POST carried.
    :param end_time: the instance's last end as read before sending, or None.
    :param last_ms: the latest time at which the POST may have been on its way; settling counts from here (0: from sent_ms).
    :param job_name: name of the job.
    :param message: the service's code and words where it refused, else "".
    :param again: whether an earlier POST of the same run had already caused a rerun of it; None where that cannot be told.
    :param overtaken: that the service refused the POST because one of its instances ran already; the outcome is UNKNOWN.
    :param earlier: when other POSTs may have rerun it in the day before this one, epoch ms, oldest first; see :func:`following`.
    """

    key: InstanceKey
    sent_ms: int
    outcome: str
    start_time: int | None
    status: str
    request_id: str | None = None
    attempt: int = 1
    batch: int = 1
    end_time: int | None = None
    last_ms: int = 0
    job_name: str = ""
    message: str = ""
    again: bool | None = False
    overtaken: bool = False
    earlier: tuple[int, ...] = ()

    @classmethod
    def of(cls, instance: JobInstance, now: int, *, attempt: int, batch: int, again: bool | None = False) -> Sent:
        """The intent to send *instance* at *now* in a POST of *batch* instances, as it has to be recorded before the POST."""
        return cls(
            key=instance.key,
            sent_ms=now,
            outcome=INTENDED,
            start_time=instance.start_time,
            status=instance.status.value,
            attempt=attempt,
            batch=batch,
            end_time=instance.end_time,
            last_ms=now,
            job_name=instance.job_name,
            again=again,
        )

    def settled_at(self, settle_ms: int) -> int:
        """From when on what the service shows can be trusted, epoch ms."""
        return max(self.sent_ms, self.last_ms) + settle_ms


def remembered(outcome: str, batch: int) -> tuple[str, bool]:
    """How the *outcome* of a POST that carried *batch* instances is remembered of each of them: ``outcome`` and ``overtaken`` of :class:`Sent`.

    A refused POST of several instances is UNKNOWN: whether a refusal is all or nothing is not documented.
    """
    if batch > 1 and outcome in (REFUSED, ACTIVE):
        return UNKNOWN, outcome == ACTIVE
    return outcome, False


class Movement(enum.Enum):
    """How an instance compares with what was recorded of it before it was sent."""

    MOVED = "moved"  # it was started, or ended, anew
    STAYED = "stayed"  # provably as it was
    UNCLEAR = "unclear"  # neither can be proved


def compare(instance: JobInstance, sent: Sent) -> Movement:
    """Whether *instance* moved since *sent* was recorded: another status, or a later start or end, proves that it did.

    The same status with the same times proves that it stayed; without any time, or with one that went backwards or away, nothing is proved.
    """
    pairs = ((sent.start_time, instance.start_time), (sent.end_time, instance.end_time))
    if instance.status.value != sent.status:
        return Movement.MOVED
    if any(new is not None and old is not None and new > old for old, new in pairs) or (
        sent.start_time is None and instance.start_time is not None
    ):
        return Movement.MOVED
    if all(old is None and new is None for old, new in pairs) or any(old != new for old, new in pairs):
        return Movement.UNCLEAR
    return Movement.STAYED


def began_before(instance: JobInstance, sent: Sent) -> bool:
    """Whether *instance* shows a run that is newer than the record and had begun before the POST: somebody else's rerun."""
    start = instance.start_time
    return start is not None and start != sent.start_time and start < sent.sent_ms - CLOCK_SLACK_MS


def reruns(sent: Sent | None, now: int, *, stayed: bool = False) -> tuple[int, ...]:
    """When the instance that *sent* remembers was rerun in the day before *now*, epoch ms, oldest first.

    :param stayed: whether the instance is still as it was before the newest POST; one whose answer was lost took no effect then.
    """
    if sent is None:
        return ()
    counts = sent.outcome == ACCEPTED or (sent.outcome in (INTENDED, UNKNOWN) and not stayed)
    times = (*sent.earlier, sent.sent_ms) if counts else sent.earlier
    return tuple(one for one in times if one > now - DAY_MS)


def following(sent: Sent, before: Sent | None) -> Sent:
    """*sent*, the record of a new rerun, with the times of those that the record *before* it knows of."""
    same = before is not None and (before.status, before.start_time, before.end_time) == (sent.status, sent.start_time, sent.end_time)
    return replace(sent, earlier=reruns(before, sent.sent_ms, stayed=same and sent.start_time is not None))
