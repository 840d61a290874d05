# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's clock and the speed of its runs."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Real time plus the time that tests advanced it by. *speed* shortens durations, not the time of day.

    If the clock itself ran faster, it would drift from the clients' clocks and every signature would be refused. So a run of 3 emulated
    seconds at speed 60 ends after 50 ms, while ``Date`` and all timestamps stay real time.

    :param speed: emulated seconds per second of this clock.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._base_ms = time.time() * 1000 - time.monotonic() * 1000
        self._advanced_ms = 0.0
        self._frozen_ms: int | None = None
        #: Seconds by which the service is ahead of real time.
        self.skew: t.Callable[[], float] = lambda: 0.0
        #: Seconds by which the scheduler, which stamps starts and ends of instances, is ahead of the gateway.
        self.scheduler_skew: t.Callable[[], float] = lambda: 0.0
        #: Seconds that a proxy adds to the ``Date`` of answers.
        self.date_offset: t.Callable[[], float] = lambda: 0.0
        self._date_step = 0.0

    def wall_ms(self) -> int:
        """Time for the age of signatures, epoch ms: real time plus the skew, without the time that tests advanced."""
        if self._frozen_ms is not None:
            return self._frozen_ms
        return int(self._base_ms + time.monotonic() * 1000 + self.skew() * 1000)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the clock in the block, so that everything in a request happens at the same millisecond."""
        self._frozen_ms = self.wall_ms()
        try:
            yield
        finally:
            self._frozen_ms = None

    def now_ms(self) -> int:
        """The gateway's time, epoch ms. It is in the journal, and in ``Date`` unless that is rewritten."""
        return self.wall_ms() + int(self._advanced_ms)

    def scheduler_ms(self, moment_ms: int) -> int:
        """The gateway's *moment_ms* on the scheduler's clock, which stamps instances, epoch ms."""
        return moment_ms + int(self.scheduler_skew() * 1000)

    def date_ms(self, offset: float = 0.0) -> int:
        """Time of the ``Date`` header of one answer, epoch ms, plus *offset* seconds."""
        return self.now_ms() + int((self.date_offset() + self._date_step + offset) * 1000)

    def step_date(self, seconds: float) -> None:
        """Move the ``Date`` of all later answers ahead by *seconds*. Nothing else changes."""
        self._date_step += seconds

    def span_ms(self, seconds: float) -> int:
        """Milliseconds of this clock in *seconds* of emulated time."""
        return int(seconds * 1000 / self.speed)

    def advance(self, seconds: float) -> None:
        """Move the service's time forward by *seconds*. Call :meth:`Scheduler.settle` for what is due in between."""
        self._advanced_ms += seconds * 1000
