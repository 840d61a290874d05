# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches: which instances go into one request.

Pure.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._common.grouping import grouped_by
from .._models.decision import Action, Decision
from .limits import age
from .plan import Batch, Plan


def batched(plan: Plan, size: int) -> Plan:
    """*plan* with its requests: one per job and *size* instances, the oldest plan time first; none if it is refused."""
    if plan.refused is not None:
        return dataclasses.replace(plan, batches=())
    due = sorted((decision for decision in plan.decisions if decision.action is Action.RETRY), key=age)
    return dataclasses.replace(plan, batches=tuple(_batches(due, size)))


def _batches(due: t.Iterable[Decision], size: int) -> t.Iterator[Batch]:
    """Jobs in the order of their oldest instance, each in slices of *size*; what has to be alone comes as a batch of its own. What joined the
    plan from downstream, perhaps in another workspace, starts elsewhere than what was selected."""

    def job(decision: Decision) -> tuple[str, str, str, bool]:
        key = decision.instance.key
        return decision.instance.job_name, key.job_id, key.workspace_id, decision.downstream is not None

    for (job_name, *_rest), decisions in grouped_by(due, job).items():
        units = _units(decisions)
        together = [unit for unit in units if not unit[0].alone]
        batch: list[Decision] = []
        for unit in together:
            if batch and len(batch) + len(unit) > size:
                yield Batch(job_name, tuple(batch))
                batch = []
            batch += unit
        if batch:
            yield Batch(job_name, tuple(batch))
        for unit in units:
            if unit[0].alone:
                yield Batch(job_name, tuple(unit))


def _units(decisions: t.Iterable[Decision]) -> list[list[Decision]]:
    """What one request can only mean together: twins, unless each is to be rerun by its instance_id; otherwise single instances."""
    return list(grouped_by(decisions, lambda decision: decision.unit).values())
