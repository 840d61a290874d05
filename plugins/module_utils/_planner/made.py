# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that a repair makes with PatchData count as new data: dependants that ran without them are stale, as below a rerun. Pure.

Before they exist, the service links nothing to them. Their dependants are predicted from job definitions and plan times, rather too many than too
few: of the predicted instances, only those are rerun that the service then reports as dependent.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.times import DAY_MS
from .._models.downstream import Renewal, Root
from .._models.gap import FAILED, GONE, MADE, TO_MAKE, Gap
from .._models.instance import InstanceKey, InstanceType, JobInstance, JobName, Status


@dataclass(frozen=True)
class Made:
    """The instances that the repair makes in a workspace.

    :param below: job of the workspace -> the jobs that depend on it.
    :param all_since: whether all PatchData instances started since ``since`` count: gaps that an earlier start of the repair filled are no longer in
        *gaps*, unless they were approved.
    :param names: workspace id -> name, of the workspaces repaired together.
    """

    gaps: tuple[Gap, ...] = ()
    below: t.Mapping[str, t.Sequence[JobName]] = field(default_factory=dict)
    all_since: bool = False
    names: t.Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: t.Any) -> Made:
        """Read what the action plugin hands over: gaps as returned by module supplement_missing, and ``below``; empty for anything else."""
        try:
            gaps = tuple(Gap.of(gap) for gap in state["gaps"] if gap["state"] in (TO_MAKE, MADE, FAILED, GONE))
            below = {str(name): [(str(where), str(job)) for where, job in jobs] for name, jobs in state["below"].items()}
            return cls(gaps, below, bool(state["all_since"]), {str(where): str(name) for where, name in state["names"].items()})
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls()

    def made(self, listed: t.Iterable[JobInstance], workspace_id: str, since: int) -> dict[InstanceKey, Root]:
        """The instances among *listed* that the repair made, as roots for what depends on them.

        :param since: of the run, epoch ms.
        """
        roots = {}
        for instance in listed:
            key = instance.key
            of_gap = (
                gap.job_name == instance.job_name and gap.workspace_id == key.workspace_id and gap.begin <= key.plan_time <= gap.end
                for gap in self.gaps
            )
            new = self.all_since and key.workspace_id == workspace_id and instance.start_time is not None and instance.start_time >= since
            if instance.instance_type is InstanceType.PATCH_DATA and (new or any(of_gap)):
                moving = Renewal.COMING if instance.status.in_progress else Renewal.MISSED
                roots[key] = Root(instance, Renewal.RENEWED if instance.status is Status.SUCCESS else moving)
        return roots

    def coming(self) -> list[Gap]:
        """The gaps that are still to be filled."""
        return [gap for gap in self.gaps if gap.state == TO_MAKE]


def virtual(gap: Gap) -> JobInstance:
    """A placeholder for the instances of *gap* until they exist."""
    key = InstanceKey(gap.workspace_id, f"missing:{gap.job_name}", gap.begin + 1000, 0)
    return JobInstance(key, gap.job_name, Status.WAITING, Status.WAITING.value)


def foreseen(gap: Gap, of_job: t.Iterable[JobInstance]) -> list[JobInstance]:
    """The instances in *of_job*, a dependent job, that may depend on *gap*.

    These are the ones planned from the gap's first plan time to before the next cycle. If there are none, as for a job with another period: the
    nearest before and after.
    """
    listed = sorted(of_job, key=lambda instance: instance.key)
    own = [instance for instance in listed if gap.begin < instance.key.plan_time < gap.until]
    if own:
        return own
    before = [instance for instance in listed if gap.begin - DAY_MS <= instance.key.plan_time <= gap.begin]
    after = [instance for instance in listed if instance.key.plan_time >= gap.until]
    return [*before[-1:], *after[:1]]
