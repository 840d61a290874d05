# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by hand, module job_run: what is to be done about a key, and which instance a request made whose answer was lost.

Pure.

| the journal knows of the key | what is done |
|---|---|
| nothing | the job is run |
| nothing, and it took the place of one that was set aside within a day | waited for what may not show yet; run only if the job has no run by hand that day |
| a request that provably started nothing | the job is run |
| an instance | it is followed; nothing is sent |
| a request without a known outcome, not settled | it is waited for |
| the same, settled, and one instance can only be its | that one is followed |
| the same, settled, and nothing tells | unknown; never sent again |
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .._common.times import to_iso
from .._models.attempt import LOST, NO_EFFECT
from .._models.instance import InstanceType, JobInstance
from .._models.job_run import KeyedRun
from .hold_off import SET_BACK_MS

#: How far the clock that stamps plan times may be behind the service's, ms.
CLOCK_SLACK_MS = 120_000
#: Types of instances that no schedule makes; any other may be a scheduled one.
_BY_HAND = frozenset({InstanceType.MANUAL, InstanceType.ONCE})


class RunStep(enum.Enum):
    """What is done about a key."""

    RUN = "run"
    ADOPT = "adopt"
    SETTLE = "settle"
    READ_BACK = "read_back"


@dataclass(frozen=True)
class RunDecision:
    """What is to be done about a key.

    :param known: what the journal has of it, or None.
    :param due_ms: with SETTLE, from when on it can be read back, epoch ms of the journal's clock.
    """

    step: RunStep
    reason: str
    known: KeyedRun | None = None
    due_ms: int | None = None


def decide_run(known: KeyedRun | None, journal_ms: int, settle_ms: int, set_aside_ms: int | None = None) -> RunDecision:
    """By the table at the top of this file; whether it can be read back is :func:`made_by`'s, and what a lost journal knew :func:`perhaps_made`'s."""
    if known is None and set_aside_ms is not None and journal_ms < set_aside_ms + settle_ms:
        due = set_aside_ms + settle_ms
        reason = f"the journal was unreadable and set aside at {to_iso(set_aside_ms)}, and what was asked for before may not show before {to_iso(due)}"
        return RunDecision(RunStep.SETTLE, reason, due_ms=due)
    if known is None:
        return RunDecision(RunStep.RUN, "no run has this key")
    asked = f"it was asked for at {to_iso(known.sent_ms)}"
    if known.outcome in NO_EFFECT:
        return RunDecision(RunStep.RUN, f"{asked}, and nothing was started", known)
    if known.instance_id:
        return RunDecision(RunStep.ADOPT, f"{asked}, and is instance {known.instance_id}", known)
    due = known.settle_window_end(settle_ms)
    if journal_ms < due:
        return RunDecision(RunStep.SETTLE, f"{asked}, and its outcome is not known before {to_iso(due)}", known, due)
    return RunDecision(RunStep.READ_BACK, f"{asked}, and its answer was lost", known)


def time_of(known: KeyedRun, journal_ms: int, service_ms: int) -> int:
    """The journal's time, put back so far that no more has passed since the request of *known* than by the service's clock: a step of one of them
    settles nothing. A clock of the service that was set back does not count.

    :param service_ms: what the service's clock has certainly reached, at the same moment.
    """
    passed = service_ms - known.last_ms
    return journal_ms if passed < -SET_BACK_MS else min(journal_ms, known.journal_ms + max(0, passed))


def perhaps_made(set_aside_ms: int, runs: t.Iterable[KeyedRun], instances: t.Iterable[JobInstance]) -> JobInstance | None:
    """A run by hand that a lost journal may have had under any key; None if there is none.

    :param runs: those that the journal knows by now.
    :param instances: those of the job that are listed from a day before it was set aside.
    """
    known = {run.instance_id for run in runs}
    until = set_aside_ms + CLOCK_SLACK_MS
    by_hand = [instance for instance in instances if instance.instance_type is None or instance.instance_type in _BY_HAND]
    return next((instance for instance in by_hand if instance.instance_id not in known and instance.key.plan_time <= until), None)


def made_by(run: KeyedRun, others: t.Iterable[KeyedRun], instances: t.Iterable[JobInstance]) -> tuple[str | None, str]:
    """The id of the instance that the request of *run* made, and why that is known, or is not.

    :param others: the other runs of the job.
    :param instances: those of the job that are listed now.
    """
    taken = {*run.known, *(other.instance_id for other in others if other is not run)}
    rivals = [other for other in others if other.run_key != run.run_key and other.outcome in LOST and not other.instance_id]
    began = run.sent_ms - CLOCK_SLACK_MS
    new = [instance for instance in instances if instance.instance_id not in taken and instance.key.plan_time >= began]
    by_hand = [instance for instance in new if instance.instance_type in _BY_HAND]
    if rivals:
        return None, f"run_key {rivals[0].run_key} of the same job is not settled either"
    if len(by_hand) == 1:
        return by_hand[0].instance_id, f"instance {by_hand[0].instance_id} is the only run of the job by hand since then"
    if by_hand:
        return None, f"{len(by_hand)} runs of the job by hand began since then"
    if new:
        return None, f"{len(new)} runs of the job began since then, which may be scheduled ones"
    return None, "no run of the job is listed that began since then"
