# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses: jobs whose schedule was stopped in order to be started again, as the journal keeps them. Pure.

The service has no request to pause a job: a pause is a stop that the journal knows of.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .slotted import slotted


class Phase(str, enum.Enum):
    """Progress of a pause; the values are what the journal holds."""

    PAUSING = "pausing"  # claimed before the stop; whether the stop took effect is not recorded
    PAUSED = "paused"
    RESUMING = "resuming"  # claimed before the start; whether the start took effect is not recorded


class MadeBy(str, enum.Enum):
    """Who asked for a pause; the values are what the journal holds."""

    RERUN = "rerun"  # option pause_schedules, while the rerun lasts
    TASK = "task"  # a task that pauses, until another one resumes


class Hold(t.NamedTuple):
    """A run that needs the pause of a job.

    :param until_ms: when the run counts as dead unless it renews the hold, epoch ms on the journal's clock.
    :param lease_ms: how long the hold was valid when it was renewed, ms; 0 if the journal does not know.
    """

    run_id: str
    until_ms: int
    lease_ms: int = 0


@slotted
@dataclass(frozen=True)
class Pause:
    """One open pause of a job. Times epoch ms.

    :param run_id: of the run that stopped the job.
    :param sent_ms: when it was claimed, on the service's clock.
    :param journal_ms: when its current phase began, on the journal's clock.
    :param flight_ms: how long after that its request may still be in flight.
    :param claim: token of the row's last change; a change based on an older token is refused.
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
        """Until when its request may still take effect or not show yet, epoch ms on the journal's clock; None in phase PAUSED."""
        return None if self.phase is Phase.PAUSED else self.journal_ms + self.flight_ms + settle_ms

    def held_by_others(self, run_id: str, now_ms: int) -> t.Tuple[Hold, ...]:
        """Holds of other runs that are alive at *now_ms* on the journal's clock."""
        return tuple(hold for hold in self.holds if hold.run_id != run_id and hold.until_ms > now_ms)
