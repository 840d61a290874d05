# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes that are claimed as attempts in the journal before they are sent.

:class:`RecordedWrite` is for starts and stops of schedules and stops of PatchData: harmless if sent twice, and recorded only for people.
"""

from __future__ import annotations

import typing as t
import uuid

from .._common.errors import Kind
from .._common.text import printable
from .._http.client import Client
from .._http.server_clock import ServiceClock
from .._journal.journal import Journal
from .._models.attempt import Attempt, AttemptKind, Failure, Intent, Outcome
from .sender import RunIdentity
from .write import Ending, Write


class Log(t.NamedTuple):
    """What the writes of one task share: journal, client and identity."""

    journal: Journal
    client: Client
    identity: RunIdentity
    workspace_id: str


class About(t.NamedTuple):
    """What a write does, and to which job; ``name`` is the name of the PatchData, or ""."""

    kind: AttemptKind
    job_name: str
    name: str = ""


class AttemptWrite(Write):
    """A write that claims attempts in the journal. Its outcome is recorded at once, because the next read depends on it."""

    def __init__(self, post: t.Callable[[], str | None], journal: Journal, clock: ServiceClock) -> None:
        super().__init__(post)
        self._journal, self._clock = journal, clock
        self._attempts: list[Attempt] = []

    def claim_each(self, *intents: Intent) -> bool:
        """Claim *intents*; whether all of them were claimed."""
        self._attempts = [claimed for claimed in self._journal.claim(intents) if claimed is not None]
        return len(self._attempts) == len(intents)

    def stamp(self) -> None:
        self._journal.stamp(self._attempts, self._clock.now_ms())

    def record(self, ending: Ending) -> None:
        self._record(ending.outcome, ending.request_id, "" if ending.error is None else printable(ending.error, 400))

    def _record(self, outcome: Outcome, request_id: str | None, message: str) -> None:
        self._journal.record(self._attempts, outcome, now_ms=self._clock.latest_ms(), request_id=request_id, message=message)


class RecordedWrite(AttemptWrite):
    """A write that is recorded only for people. Each has a slot of its own, so none keeps another from being sent."""

    def __init__(self, post: t.Callable[[], str | None], log: Log, about: About) -> None:
        super().__init__(post, log.journal, log.client.clock)
        self.log, self.about = log, about
        self._number = 0

    def claim(self) -> bool:
        """Always True, because each claim has a slot of its own."""
        self._number += 1
        self.claim_each(Intent(self._attempt()))
        return True

    def outcome_of(self, kind: Kind) -> Outcome:
        """A write whose last check raised MOVED_ON was not sent."""
        return Outcome.MOVED_ON if kind is Kind.MOVED_ON else super().outcome_of(kind)

    def confirm(self) -> None:
        """Record as accepted a write whose answer was lost and whose effect the service shows."""
        self._record(Outcome.ACCEPTED, None, "its answer was lost; the service shows its effect")

    def _attempt(self) -> Attempt:
        log, about = self.log, self.about
        now = log.client.clock.now_ms()
        failure = Failure(log.workspace_id, f"{about.kind.value}:{uuid.uuid4().hex}:{about.name}", 0, 0, None, "", None, None)
        kind, number = about.kind, self._number
        return log.identity.attempt(failure, about.job_name, now, log.client, since=now, number=number, batch=1, kind=kind)
