# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's clock, and how fast things happen on it."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Keeps real time plus whatever it was advanced by; *speed* shortens durations, not the time of day.

    A clock that itself ran faster would drift from the clients' clocks at once and every signature would be refused.
    So a run of 3 emulated seconds at speed 60 is over after 50 ms, while ``Date`` and all timestamps stay real time.

    :param speed: emulated seconds that pass in one second of this clock.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._base_ms = time.time() * 1000 - time.monotonic() * 1000
        self._advanced_ms = 0.0
        self._frozen_ms: int | None = None
        #: How far the service is ahead of real time, seconds.
        self.skew: t.Callable[[], float] = lambda: 0.0
        #: How far the scheduler, which stamps starts and ends of instances, is ahead of the gateway, seconds.
        self.scheduler_skew: t.Callable[[], float] = lambda: 0.0
        #: What something in between adds to the ``Date`` of answers, seconds.
        self.date_offset: t.Callable[[], float] = lambda: 0.0
        self._date_step = 0.0

    def wall_ms(self) -> int:
        """What the age of a signature is measured with, epoch ms: real time plus the skew, but not what tests advanced."""
        if self._frozen_ms is not None:
            return self._frozen_ms
        return int(self._base_ms + time.monotonic() * 1000 + self.skew() * 1000)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """One moment for all that happens in the block: a request takes effect at one time, not over some milliseconds."""
        self._frozen_ms = self.wall_ms()
        try:
            yield
        finally:
            self._frozen_ms = None

    def now_ms(self) -> int:
        """The gateway's time in epoch ms: what ``Date`` says unless it was rewritten, and what is written into the journal."""
        return self.wall_ms() + int(self._advanced_ms)

    def scheduler_ms(self, moment_ms: int) -> int:
        """The gateway's *moment_ms* as the scheduler stamps it on an instance, epoch ms."""
        return moment_ms + int(self.scheduler_skew() * 1000)

    def date_ms(self, offset: float = 0.0) -> int:
        """What the ``Date`` of an answer says, epoch ms; *offset* is added for this one answer, seconds."""
        return self.now_ms() + int((self.date_offset() + self._date_step + offset) * 1000)

    def step_date(self, seconds: float) -> None:
        """Let the ``Date`` of every answer from now on be *seconds* further ahead; nothing else changes."""
        self._date_step += seconds

    def span_ms(self, seconds: float) -> int:
        """How many ms of this clock *seconds* of emulated time take."""
        return int(seconds * 1000 / self.speed)

    def advance(self, seconds: float) -> None:
        """Move the service's time forward by *seconds*; everything due in between happens."""
        self._advanced_ms += seconds * 1000
