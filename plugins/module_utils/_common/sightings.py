# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sightings: how old a record is at least whose clock was set back."""

from __future__ import annotations

import time
import typing as t

_clock = time.monotonic


class Sightings:
    """For how long a run has seen records that lie ahead of the journal's clock.

    Such a record was made before that clock was set back, or on a machine whose clock is ahead. How long ago that was, no clock tells. But it is at
    least as long as this run has seen it, by a clock that nobody sets and that may only stop, in sleep. So what the record holds back never ends
    early, and at the latest when this run has seen it for as long as it was to last.

    :param first: what :attr:`first` was at the end of the pass before.
    :param clock: seconds; of one boot of one machine, and never set.
    :ivar first: when each record was seen first.
    """

    def __init__(self, first: t.Mapping[str, float] | None = None, clock: t.Callable[[], float] | None = None) -> None:
        self.first = dict(first or {})
        self._clock = clock or _clock

    def recorded_ms(self, name: str, recorded_ms: int, clock_ms: int) -> int:
        """When the record was made at the latest, in the time of the journal's clock as it is set now.

        :param name: of the run that made it, or another word for it.
        :param recorded_ms: what it says, epoch ms, and *clock_ms* what the clock says now.
        """
        key = f"{name} {recorded_ms}"
        if recorded_ms <= clock_ms and key not in self.first:
            return recorded_ms
        now = self._clock()
        first = self.first[key] = min(self.first.get(key, now), now)
        return min(recorded_ms, clock_ms - int((now - first) * 1000))
