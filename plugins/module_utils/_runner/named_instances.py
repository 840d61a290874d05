# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first mode of the retry endpoint [H-RET]: the instances that ``task_retrys`` names."""

from __future__ import annotations

import typing as t

from .._api.service_time import last_start_ms
from .._common.times import DAY_MS, Window
from .._models.attempt import Slot
from .._models.decision import Decision
from .._models.instance import JobInstance
from .._models.rerun_request import selected_keys
from .._planner.explicit import decide_requested
from .._planner.plan import Batch
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun
from .named_request import NamedRequest, distinct
from .sender import RerunExchange, Sender, requests_of
from .snapshot import Snapshot

#: Plan times that are this close to each other are listed in one window, ms.
NEAR_MS = DAY_MS


class NamedInstances(NamedRequest):
    """The first mode: the instances that ``task_retrys`` names."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run)
        self._keys = selected_keys(run.options, self.workspace_id)

    def window(self) -> Window:
        """Plan times of what is named."""
        times = [key.plan_time for key in self._keys]
        return Window(min(times), max(times))

    def read(self) -> list[JobInstance]:
        """Windows around the plan times asked for, so that a rerun of two instances a month apart does not list the month.

        What is missing there is looked for up to now: should the service compare windows with start times, it is listed there [H-208].
        """
        wanted = {Slot(key.workspace_id, key.job_id, key.plan_time) for key in self._keys}
        instances = self._listed(clusters({slot.plan_time for slot in wanted}), wanted)
        missing = wanted - set(map(Slot.of, instances))
        if missing:
            begin = min(slot.plan_time for slot in missing)
            instances += self._listed([Window(begin, max(begin, last_start_ms(self.clock)))], missing)
        return distinct(instances)

    def decide(self, snapshot: Snapshot, policy: Policy) -> tuple[list[Decision], tuple[str, ...]]:
        """See :func:`decide_requested`."""
        attempts, now = snapshot.history.attempts, snapshot.asked_ms
        requested = decide_requested(self._keys, snapshot.instances, policy, now, attempts, snapshot.effective)
        return list(requested.decisions), requested.problems

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """All of them in one request where the API generation can; otherwise a rejected one does not stop the next."""
        return requests_of(batch, sender, self.api, self.retry_options)

    def _listed(self, spans: t.Iterable[Window], wanted: t.Collection[Slot]) -> list[JobInstance]:
        return [
            instance for span in spans for instance in self.api.list_instances(span, job_name=self.job_name) if Slot.of(instance) in wanted
        ]


def clusters(times: t.Collection[int]) -> list[Window]:
    """Windows that hold *times* (epoch ms), one for all that are close to each other."""
    windows: list[Window] = []
    for plan_time in sorted(times):
        if windows and plan_time - windows[-1].end <= NEAR_MS:
            windows[-1] = Window(windows[-1].begin, plan_time)
        else:
            windows.append(Window(plan_time, plan_time))
    return windows
