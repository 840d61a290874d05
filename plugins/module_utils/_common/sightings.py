# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minimum age of records whose time is ahead of the journal's clock."""

from __future__ import annotations

import time
import typing as t

_clock = time.monotonic


class Sightings:
    """How long this run has seen records whose time is ahead of the journal's clock.

    Such a record was made before that clock was set back, or by a machine whose clock is ahead, so its age is unknown. But it is at least as
    old as this run has seen it, by a monotonic clock, which never runs too fast and stops only during sleep. So a hold-off that follows from the
    record never ends early, and it ends at the latest once this run has seen the record for the whole duration of the hold-off.

    :param first: :attr:`first` at the end of the previous pass.
    :param clock: monotonic seconds within one boot of one machine.
    :ivar first: when each record was first seen, by *clock*.
    """

    def __init__(self, first: t.Mapping[str, float] | None = None, clock: t.Callable[[], float] | None = None) -> None:
        self.first = dict(first or {})
        self._clock = clock or _clock

    def recorded_ms(self, name: str, recorded_ms: int, clock_ms: int) -> int:
        """The latest time at which the record can have been made, by the journal's clock as it is set now, epoch ms.

        :param name: name of the run that made it, or another name for the record.
        :param recorded_ms: the record's time, epoch ms.
        :param clock_ms: the journal's clock now, epoch ms.
        """
        key = f"{name} {recorded_ms}"
        if recorded_ms <= clock_ms and key not in self.first:
            return recorded_ms
        now = self._clock()
        first = self.first[key] = min(self.first.get(key, now), now)
        return min(recorded_ms, clock_ms - int((now - first) * 1000))
