# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: the database of attempts. At most one open attempt per failure; a unique index guards that, and nothing else.

SQLite on this machine, or PostgreSQL where several controllers share one (option ``journal``). Nothing secret is in it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._common.times import Window
from .._models.attempt import Attempt, Intent, Outcome, Slot


@dataclass(frozen=True)
class Known:
    """What the journal knows of some workspaces, read in one go.

    :param attempts: the newest attempt of each (workspace, job_id, plan_time, submit_time, instance_id), oldest first.
    :param reruns: ``sent_ms`` of the attempts in the 24 h before ``now_ms`` that may have taken effect, oldest first: those accepted, and those
        intended or unknown that are still open.
    :param complete_since: from when on the journal knows every attempt of all these workspaces, epoch ms of the service's clock (the latest of
        them); None if one of them is not in it yet.
    :param set_aside_ms: when an unreadable journal was set aside and this one begun in its place, epoch ms of the journal's clock, else None.
    :param journal_ms: the journal's clock now, epoch ms.
    """

    attempts: tuple[Attempt, ...]
    reruns: t.Mapping[Slot, tuple[int, ...]]
    complete_since: int | None
    set_aside_ms: int | None
    journal_ms: int


class Journal:
    """Opened when it is first used, closed by :meth:`close` or the end of its ``with`` block. Its methods may be called from several threads.

    :param where: option ``journal``: None, a path, or a PostgreSQL URI.
    :param password: option ``journal_password``.
    :param project_id: the project whose workspaces are meant; "" reads the history of all.
    :param read_only: for check mode: nothing is made, written or set aside.
    :ivar warnings: what the user should know, such as a journal that was set aside.
    :raises OptionError: *where* names a kind of database that is not supported.
    :raises JournalError: from its methods.
    """

    def __init__(
        self,
        where: str | None,
        *,
        password: str | None,
        project_id: str,
        read_only: bool = False,
        environ: t.Mapping[str, str] | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self._given = (where, password, project_id, read_only, environ)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; harmless if it is not open. The next use opens it again."""
        raise NotImplementedError

    def read(self, workspace_ids: t.Collection[str], plan_times: Window, now_ms: int) -> Known:
        """What it knows of the instances with a plan time in *plan_times*. Creates nothing: a journal that does not exist reads as empty."""
        raise NotImplementedError

    def cover(self, workspace_ids: t.Collection[str], since_ms: int) -> None:
        """The journal knows every attempt in these workspaces from *since_ms* on. Kept as it is for those it knows already; creates the journal."""
        raise NotImplementedError

    def claim(self, intents: t.Sequence[Intent]) -> list[Attempt | None]:
        """Claim failures in one transaction, durable when this returns: the attempt with its id, or None where another run has the failure."""
        raise NotImplementedError

    def stamp(self, attempts: t.Sequence[Attempt], now_ms: int) -> None:
        """The request of *attempts* is about to be tried once more: their ``last_ms`` and ``journal_ms`` move. Durable when this returns.

        :raises JournalError: also if one of them was taken over by another run meanwhile; it must not be sent then.
        """
        raise NotImplementedError

    def record(
        self,
        attempts: t.Sequence[Attempt],
        outcome: Outcome,
        *,
        now_ms: int,
        request_id: str | None = None,
        message: str = "",
        conflict_in_batch: bool = False,
    ) -> list[Attempt]:
        """Record how the request of *attempts* ended, and return them as they are now. UNKNOWN also moves ``last_ms`` and ``journal_ms``."""
        raise NotImplementedError

    def history(
        self,
        *,
        workspace_ids: t.Collection[str] | None = None,
        jobs: t.Sequence[str] | None = None,
        plan_times: Window | None = None,
        run_id: str | None = None,
        made_after: int | None = None,
        made_before: int | None = None,
        outcomes: t.Collection[Outcome] | None = None,
        limit: int | None = 100,
    ) -> list[Attempt]:
        """Attempts, newest first. *jobs* are names or patterns (fnmatch); *made_after* and *made_before* compare ``sent_ms``; None filters nothing."""
        raise NotImplementedError

    def notes(self, scope: str) -> dict[str, str]:
        """The facts of *scope*, value by key."""
        raise NotImplementedError

    def note(self, scope: str, key: str, value: str) -> bool:
        """Keep one fact, durably; False if the key was there already, whatever its value."""
        raise NotImplementedError
