# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes that the journal keeps for people alone: what starts or stops a schedule, or stops PatchData. To send one twice is harmless."""

from __future__ import annotations

import typing as t
import uuid

from .._common.errors import Kind
from .._common.text import printable
from .._http.client import Client
from .._journal.journal import Journal
from .._models.attempt import Attempt, AttemptKind, Failure, Intent, Outcome
from .sender import RunIdentity
from .write import Ending, Write


class Log(t.NamedTuple):
    """Where the writes of one task are kept, and on whose behalf."""

    journal: Journal
    client: Client
    identity: RunIdentity
    workspace_id: str


class About(t.NamedTuple):
    """What a write does; ``name`` is that of the PatchData, or ""."""

    kind: AttemptKind
    job_name: str
    name: str = ""


class RecordedWrite(Write):
    """A request that is an attempt in the journal from before it leaves. Each has a slot of its own, so that none keeps another from being sent."""

    def __init__(self, post: t.Callable[[], str | None], log: Log, about: About) -> None:
        super().__init__(post)
        self.log, self.about = log, about
        self._attempts: list[Attempt] = []
        self._number = 0

    def claim(self) -> bool:
        """Always granted."""
        self._number += 1
        self._attempts = [claimed for claimed in self.log.journal.claim([Intent(self._attempt())]) if claimed is not None]
        return True

    def stamp(self) -> None:
        """As that of a rerun."""
        self.log.journal.stamp(self._attempts, self.log.client.clock.now_ms())

    def outcome_of(self, kind: Kind) -> Outcome:
        """What is not as it was listed any more was not sent."""
        return Outcome.MOVED_ON if kind is Kind.MOVED_ON else super().outcome_of(kind)

    def record(self, ending: Ending) -> None:
        """At once: people may ask at any time."""
        self._record(ending.outcome, ending.request_id, "" if ending.error is None else printable(ending.error, 400))

    def confirm(self) -> None:
        """Its answer was lost, and by what the service shows it took effect."""
        self._record(Outcome.ACCEPTED, None, "its answer was lost; the service shows what it was to bring")

    def _record(self, outcome: Outcome, request_id: str | None, message: str) -> None:
        now = self.log.client.clock.latest_ms()
        self.log.journal.record(self._attempts, outcome, now_ms=now, request_id=request_id, message=message)

    def _attempt(self) -> Attempt:
        log, about = self.log, self.about
        now = log.client.clock.now_ms()
        failure = Failure(log.workspace_id, f"{about.kind.value}:{uuid.uuid4().hex}:{about.name}", 0, 0, None, "", None, None)
        kind, number = about.kind, self._number
        return log.identity.attempt(failure, about.job_name, now, log.client, since=now, number=number, batch=1, kind=kind)
