# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders of instances, policies and attempts for tests of decisions. Times are given in seconds after T."""

from __future__ import annotations

import typing as t

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Failure, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits, batched, limit, refuse_over_limit
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Policy

#: 2026-11-23T03:00:00Z
T = 1_795_402_800_000
SINCE = T
SETTLE = 60_000
WORKSPACE = "62fbc3de9f3a4a1b8b6e1f0a7c5d2e41"
FAIL = frozenset({Status.FAIL})


def at(seconds: float) -> int:
    """Epoch ms of T plus *seconds*."""
    return T + int(seconds * 1000)


def key(number: int = 1, *, job_id: str = "868641") -> InstanceKey:
    return InstanceKey(WORKSPACE, job_id, at(-7200 + number), at(-86_400))


def instance(
    status: Status = Status.FAIL,
    start: float | None = -3600,
    end: float | None = -3000,
    *,
    number: int = 1,
    job_name: str = "daily_sales",
    job_id: str = "868641",
    instance_type: InstanceType | None = InstanceType.NORMAL,
    status_text: str | None = None,
    instance_id: str | None = None,
    submit: float = -86_400,
) -> JobInstance:
    """Build an instance. *start*, *end* and *submit* are seconds after T; None means that it has no such time."""
    return JobInstance(
        key=key(number, job_id=job_id)._replace(submit_time=at(submit)),
        job_name=job_name,
        status=status,
        status_text=status_text or status.value,
        instance_id=instance_id,
        instance_type=instance_type,
        start_time=None if start is None else at(start),
        end_time=None if end is None else at(end),
    )


def policy(**changes: t.Any) -> Policy:
    return Policy(**{"since": SINCE, "statuses": FAIL, "settle_ms": SETTLE, **changes})


def attempt(
    outcome: str = "accepted",
    when: float = 5,
    *,
    before: JobInstance | None = None,
    number: int = 1,
    batch: int = 1,
    last: float | None = None,
    request_id: str | None = "r-1",
    message: str = "",
    run_id: str = "run-1",
    **more: t.Any,
) -> Attempt:
    """Build an attempt made *when* seconds after T, for the failure that instance *before* was listed with.

    :param last: when it was last updated, in seconds after T; None for *when*.
    """
    seen = before or instance()
    return Attempt(
        failure=Failure.of(seen),
        job_name=seen.job_name,
        run_id=run_id,
        since=SINCE,
        number=number,
        batch=batch,
        sent_ms=at(when),
        last_ms=at(when if last is None else last),
        journal_ms=at(when if last is None else last),
        outcome=Outcome(outcome),
        request_id=request_id,
        message=message,
        **more,
    )


def intent(seen: JobInstance, when: float, *, number: int = 1, batch: int = 1, again: bool | None = False) -> Attempt:
    """Build the claim for *seen*, made *when* seconds after T: the attempt as the journal holds it before the POST."""
    return attempt("intended", when, before=seen, number=number, batch=batch, request_id=None, again=again)


def limited(decisions: t.Iterable[Decision], limits: Limits) -> Plan:
    """Plan *decisions* by limits and batches alone, without the other steps of the pipeline."""
    return batched(limit(refuse_over_limit(Plan(tuple(decisions)), limits), limits), limits.batch_size)
