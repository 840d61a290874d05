# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair makes by PatchData, as new data for what depends on it: instances that ran without it are stale, as below a rerun. Pure.

Until it is made the service ties nothing to it. What will depend on it is foreseen by the definitions of jobs and by plan times, with more rather than
fewer: of what is foreseen only that is rerun which the service then says depends on it, and nothing else is.
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
    """What the repair makes in a workspace.

    :param below: job of the workspace -> the jobs that depend on it.
    :param all_since: whether everything counts that PatchData made since ``since``: what an earlier start of the repair made is not among the gaps, unless
        they were approved.
    :param names: of the workspaces that are repaired together, by id.
    """

    gaps: tuple[Gap, ...] = ()
    below: t.Mapping[str, t.Sequence[JobName]] = field(default_factory=dict)
    all_since: bool = False
    names: t.Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: t.Any) -> Made:
        """What the action of the task hands over: gaps as module supplement_missing returns them, and ``below``; nothing if it is anything else."""
        try:
            gaps = tuple(Gap.of(gap) for gap in state["gaps"] if gap["state"] in (TO_MAKE, MADE, FAILED, GONE))
            below = {str(name): [(str(where), str(job)) for where, job in jobs] for name, jobs in state["below"].items()}
            return cls(gaps, below, bool(state["all_since"]), {str(where): str(name) for where, name in state["names"].items()})
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls()

    def made(self, listed: t.Iterable[JobInstance], workspace_id: str, since: int) -> dict[InstanceKey, Root]:
        """The instances among *listed* that were made, as roots of what follows.

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
        """What is still to be made."""
        return [gap for gap in self.gaps if gap.state == TO_MAKE]


def virtual(gap: Gap) -> JobInstance:
    """What stands for the instances of *gap* until there are any."""
    key = InstanceKey(gap.workspace_id, f"missing:{gap.job_name}", gap.begin + 1000, 0)
    return JobInstance(key, gap.job_name, Status.WAITING, Status.WAITING.value)


def foreseen(gap: Gap, of_job: t.Iterable[JobInstance]) -> list[JobInstance]:
    """Those of *of_job*, the instances of a job that depends on it, that may depend on *gap*: planned from the first on and before the next cycle;
    where there are none, as of a job with another period, the nearest before and after."""
    listed = sorted(of_job, key=lambda instance: instance.key)
    own = [instance for instance in listed if gap.begin < instance.key.plan_time < gap.until]
    if own:
        return own
    before = [instance for instance in listed if gap.begin - DAY_MS <= instance.key.plan_time <= gap.begin]
    after = [instance for instance in listed if instance.key.plan_time >= gap.until]
    return [*before[-1:], *after[:1]]
