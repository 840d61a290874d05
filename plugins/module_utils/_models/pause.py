# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses: jobs whose scheduling was stopped in order to be started again, as the journal keeps them. Pure.

The service has no call that pauses a job: a pause is a stop that the journal knows of.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .slotted import slotted


class Phase(str, enum.Enum):
    """How far a pause is; the values are what the journal holds."""

    PAUSING = "pausing"  # claimed before the stop; whether that took effect is not recorded
    PAUSED = "paused"
    RESUMING = "resuming"  # claimed before the start; whether that took effect is not recorded


class MadeBy(str, enum.Enum):
    """Who asked for a pause; the values are what the journal holds."""

    RERUN = "rerun"  # option pause_schedules, for as long as the rerun takes
    TASK = "task"  # a task that pauses, until one resumes


class Hold(t.NamedTuple):
    """A run that needs the pause of a job. ``until_ms`` is when it counts as dead unless it says more, epoch ms of the journal's clock; that was
    ``lease_ms`` after it said so, 0 if the journal does not know."""

    run_id: str
    until_ms: int
    lease_ms: int = 0


@slotted
@dataclass(frozen=True)
class Pause:
    """One open pause of a job. Times epoch ms.

    :param run_id: of the run that stopped the job.
    :param sent_ms: when it was claimed, by the clock of the service.
    :param journal_ms: when its newest phase began, by the journal's clock.
    :param flight_ms: how long after that its request may still be in flight.
    :param claim: what the row was changed by last; a change that rests on another one is refused.
    :param holds: the runs that need it.
    """

    job_name: str
    made_by: MadeBy
    phase: Phase
    run_id: str
    sent_ms: int
    journal_ms: int
    flight_ms: int
    controller: str
    user: str
    purpose: str
    pause_id: int
    claim: str
    holds: tuple[Hold, ...] = ()

    def unsettled_until(self, settle_ms: int) -> int | None:
        """Until when a request of it may still take effect, or not show yet, epoch ms of the journal's clock; None if its outcome is recorded."""
        return None if self.phase is Phase.PAUSED else self.journal_ms + self.flight_ms + settle_ms

    def held_by_others(self, run_id: str, now_ms: int) -> t.Tuple[Hold, ...]:
        """The holds of other runs that are alive at *now_ms* of the journal's clock."""
        return tuple(hold for hold in self.holds if hold.run_id != run_id and hold.until_ms > now_ms)
