# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by hand, module job_run: what to do about a run_key, and which instance a request created whose answer was lost.

Pure.

| what the journal knows of the key | what is done |
|---|---|
| nothing | run the job |
| nothing, and it may have lost records within a day | wait for earlier requests to show; run only if the job has no run by hand that day |
| a request that provably started nothing | run the job; if records made after it may be lost, as in the row before |
| an instance | follow it; send nothing |
| a request without a known outcome, not settled | wait |
| the same, settled, and only one instance can be its result | follow that one |
| the same, settled, and nothing decides | unknown; never sent again |
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

#: How far the clock that stamps plan times may be behind the service's clock, ms.
CLOCK_SLACK_MS = 120_000
#: Types of instances that schedules never create; any other type may be a scheduled instance.
_BY_HAND = frozenset({InstanceType.MANUAL, InstanceType.ONCE})


class RunStep(enum.Enum):
    """Next step for a run_key."""

    RUN = "run"
    ADOPT = "adopt"
    SETTLE = "settle"
    READ_BACK = "read_back"


@dataclass(frozen=True)
class RunDecision:
    """The decision about a run_key.

    :param known: the journal's entry, or None.
    :param due_ms: with SETTLE, when it can be read back, epoch ms on the journal's clock.
    """

    step: RunStep
    reason: str
    known: KeyedRun | None = None
    due_ms: int | None = None


def decide_run(known: KeyedRun | None, journal_ms: int, settle_ms: int, lost_ms: int | None = None) -> RunDecision:
    """Decide by the table at the top of this file.

    Rows about reading back need :func:`made_by`; those about a lost journal need :func:`perhaps_made`.

    :param lost_ms: as :func:`lost_after` returns it.
    """
    if lost_ms is not None and journal_ms < lost_ms + settle_ms:
        due = lost_ms + settle_ms
        reason = f"the journal may lack what was recorded before {to_iso(lost_ms)}, which may not show before {to_iso(due)}"
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


def lost_after(known: KeyedRun | None, lost_ms: int | None) -> int | None:
    """*lost_ms*, when the journal may have lost runs, if a request for the key may be among them; else None. Epoch ms."""
    if lost_ms is None or known is None or (known.outcome in NO_EFFECT and known.journal_ms <= lost_ms):
        return lost_ms
    return None


def time_of(known: KeyedRun, journal_ms: int, service_ms: int) -> int:
    """The journal's time, reduced so that no more time has passed since the request of *known* than on the service's clock.

    So a step of one clock settles nothing. A service clock that was set back is ignored.

    :param service_ms: a lower bound of the service's clock at the same moment.
    """
    passed = service_ms - known.last_ms
    return journal_ms if passed < -SET_BACK_MS else min(journal_ms, known.journal_ms + max(0, passed))


def perhaps_made(lost_ms: int, runs: t.Iterable[KeyedRun], instances: t.Iterable[JobInstance]) -> JobInstance | None:
    """A run by hand that a lost journal may have known under any key, or None.

    :param lost_ms: when the journal may have lost runs, epoch ms.
    :param runs: those that the journal knows now.
    :param instances: the job's instances listed from a day before that.
    """
    known = {run.instance_id for run in runs}
    until = lost_ms + CLOCK_SLACK_MS
    by_hand = [instance for instance in instances if instance.instance_type is None or instance.instance_type in _BY_HAND]
    return next((instance for instance in by_hand if instance.instance_id not in known and instance.key.plan_time <= until), None)


def made_by(run: KeyedRun, others: t.Iterable[KeyedRun], instances: t.Iterable[JobInstance]) -> tuple[str | None, str]:
    """The id of the instance that the request of *run* created, or None, and the reason.

    :param others: the other runs of the job.
    :param instances: the job's instances as listed now.
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
