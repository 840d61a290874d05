# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: decisions become POSTs, within the limits that were asked for.

Pure: decisions go in, batches come out.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from dataclasses import dataclass

from .._common.errors import OptionError
from .._common.text import printable
from .._models.attempt import ACTIVE, NOT_SENT, REFUSED
from .._models.decision import Action, Decision
from .._models.instance import JobInstance

_NAMED = 20  # jobs that a refusal names; the rest is counted


@dataclass(frozen=True)
class Limits:
    """The guards of a run.

    :param max_instances: instances a run may rerun at most; more refuse the plan as a whole. None: any number.
    :param max_parallel: instances that may be on their way at once; the rest is held for a later pass. None: any number.
    :param batch_size: instances per POST, at least 1; what the factory's ``batch_limit`` says.
    """

    max_instances: int | None = None
    max_parallel: int | None = None
    batch_size: int = 100

    def __post_init__(self) -> None:
        if self.max_instances is not None and self.max_instances < 0:
            raise OptionError(f"max_instances is {self.max_instances}. Give 0 or more, or leave it out for no limit.")
        if self.max_parallel is not None and self.max_parallel < 1:
            raise OptionError(f"max_parallel is {self.max_parallel}. Give 1 or more, or leave it out for no limit.")
        if self.batch_size < 1:
            raise OptionError(f"batch_size is {self.batch_size}. Give 1 or more.")


@dataclass(frozen=True)
class Batch:
    """One POST: instances of one job, oldest plan time first."""

    job_name: str
    decisions: tuple[Decision, ...]

    @property
    def instances(self) -> tuple[JobInstance, ...]:
        """The instances it carries."""
        return tuple(decision.instance for decision in self.decisions)


@dataclass(frozen=True)
class Plan:
    """What a pass sends.

    :param batches: the POSTs in the order to send them; empty if the plan is refused.
    :param refused: why nothing may be sent, or None.
    :param decisions: every decision in the order given; those held back by ``max_parallel`` have turned from retry to wait.
    """

    batches: tuple[Batch, ...]
    refused: str | None
    decisions: tuple[Decision, ...]


def plan(decisions: t.Iterable[Decision], limits: Limits) -> Plan:
    """The POSTs that *decisions* ask for: one per job and ``batch_size`` instances, the oldest plan time first.

    :param decisions: of every selected instance, not only those to retry: what is on its way counts for ``max_parallel``, and what
        this run sent before counts for ``max_instances``.
    """
    every = tuple(decisions)
    due = sorted((one for one in every if one.action is Action.RETRY), key=_age)
    refused = _refused(every, due, limits.max_instances)
    if refused is not None:
        return Plan((), refused, every)
    going, held = due, []
    if limits.max_parallel is not None:
        busy = sum(map(_busy, every))
        room = max(0, limits.max_parallel - busy)
        going, held = due[:room], [_held(one, limits.max_parallel, busy) for one in due[room:]]
    by_key = {one.instance.key: one for one in held}
    final = tuple(by_key.get(one.instance.key, one) for one in every)
    return Plan(tuple(_batches(going, limits.batch_size)), None, final)


def _age(decision: Decision) -> tuple[int, str, str, int]:
    key = decision.instance.key
    return key.plan_time, decision.instance.job_name, key.job_id, key.submit_time


def _busy(decision: Decision) -> bool:
    """Whether it takes one of the ``max_parallel`` places: on its way, or sent and not visible yet."""
    if decision.stage or decision.parked:
        return False
    if decision.action is Action.WAIT:
        return decision.instance.status.in_progress or (decision.sent is not None and decision.due_ms is None)
    return decision.action is Action.SETTLING and decision.sent is not None


def _held(decision: Decision, most: int, busy: int) -> Decision:
    reason = f"waits for its turn: max_parallel is {most} and {busy} were on their way ({decision.reason})"
    return dataclasses.replace(decision, action=Action.WAIT, reason=reason, attempt=decision.attempt - 1, alone=False, stage=1)


def _batches(due: t.Iterable[Decision], size: int) -> t.Iterator[Batch]:
    """Jobs in the order of their oldest instance, each in slices of *size*; what has to be alone comes as a batch of its own."""
    by_job: dict[tuple[str, str], list[Decision]] = {}
    for decision in due:
        by_job.setdefault((decision.instance.job_name, decision.instance.key.job_id), []).append(decision)
    for (job_name, _job_id), mine in by_job.items():
        together = [one for one in mine if not one.alone]
        for begin in range(0, len(together), size):
            yield Batch(job_name, tuple(together[begin : begin + size]))
        for one in mine:
            if one.alone:
                yield Batch(job_name, (one,))


def _refused(every: t.Sequence[Decision], due: t.Sequence[Decision], most: int | None) -> str | None:
    if most is None or not due:
        return None
    before = sum(
        1
        for one in every
        if one.action is not Action.RETRY and one.sent is not None and one.sent.outcome not in (REFUSED, NOT_SENT, ACTIVE)
    )
    if len(due) + before <= most:
        return None
    already = f" and this run sent {before} before" if before else ""
    return over_limit(due, f"{most}{already}", "select less with jobs, planned_after or planned_before")


def over_limit(due: t.Sequence[Decision], most: int | str, less: str) -> str:
    """Why none of *due* is sent: they are more than ``max_instances``.

    :param most: the limit, in words.
    :param less: how to ask for less.
    """
    counts = collections.Counter(one.instance.job_name for one in due)
    named = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    by_job = ", ".join(f"'{printable(name, 80)}' {count}" for name, count in named[:_NAMED])
    more = f" and {len(named) - _NAMED} more jobs" if len(named) > _NAMED else ""
    return (
        f"Refused to rerun {len(due)} instances: max_instances is {most}; nothing is sent. By job: {by_job}{more}. "
        f"Raise max_instances, or {less}."
    )
