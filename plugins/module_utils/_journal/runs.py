# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by hand in the journal. A unique index lets a run_key start only one run: the task that inserts the row sends, all others follow."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

from .._common.errors import ClaimLostError
from .._common.text import printable
from .._models.attempt import NO_EFFECT, Outcome
from .._models.job_run import KeyedRun
from . import schema
from .database import Database
from .journal import Journal, lately_lost, losses

_FIELDS = (
    *("job_name", "run_key", "params", "known", "run_id", "sent_ms", "last_ms", "journal_ms", "flight_ms", "outcome", "instance_id"),
    *("read_back", "request_id", "message", "controller", "user", "purpose"),
)
_COLUMNS = schema.columns(*_FIELDS)
_READ = f"SELECT {_COLUMNS}, id, claim FROM dataarts_run WHERE project_id = ? AND workspace_id = ? AND job_name = ?"
_JOBS = "SELECT DISTINCT project_id, workspace_id, job_name FROM dataarts_run"
_INSERT = (
    f"INSERT INTO dataarts_run (project_id, workspace_id, {_COLUMNS}, claim) VALUES ({schema.marks((*_FIELDS, 1, 2, 3))})"
    " ON CONFLICT DO NOTHING"
)
_SET = ", ".join(f'"{name}" = ?' for name in _FIELDS)
_UPDATE = f"UPDATE dataarts_run SET {_SET}, claim = ? WHERE id = ? AND claim = ?"
#: The sender's own result, which overrides changes by tasks that looked for the instance; "nothing was started" only if they found none.
_ANSWERED = f"UPDATE dataarts_run SET {_SET}, claim = ? WHERE id = ? AND run_id = ?"
_NOT_STARTED = f"{_ANSWERED} AND instance_id = ''"
_MESSAGE = 400


class RunBook:
    """The runs by hand of one job. All methods raise JournalError if the journal cannot be used."""

    def __init__(self, journal: Journal, project_id: str, workspace_id: str, job_name: str) -> None:
        self._journal = journal
        self._where = (schema.stored(project_id), schema.stored(workspace_id), schema.stored(job_name))

    def read(self) -> tuple[list[KeyedRun], int]:
        """Every run of the job, oldest first, and the journal's clock now, epoch ms. Creates nothing."""

        def work(database: Database) -> tuple[list[KeyedRun], int]:
            return [_run(row) for row in database.query(f"{_READ} ORDER BY id", self._where)], database.clock_ms()

        runs, now = self._journal.work(work)
        recorded_ms = self._journal.sightings.recorded_ms
        return [replace(run, journal_ms=recorded_ms(run.run_id, run.journal_ms, now)) for run in runs], now

    def lost_ms(self) -> int | None:
        """When, in the last 24 hours, the journal may have lost runs, epoch ms on the journal's clock, or None."""
        lost, now = self._journal.work(lambda database: (losses(database)[1], database.clock_ms()))
        return lately_lost(self._journal, lost, now)

    def claim(self, run: KeyedRun, instead_of: KeyedRun | None, *, recording: bool = False) -> KeyedRun | None:
        """Claim the key of *run*, durably; None if another task has, or may have on a server that the journal was on when it was read.

        :param instead_of: the journal's earlier run of the key, which provably started nothing.
        :param recording: whether this only records a request that has left.
        """

        def new(database: Database) -> tuple[t.Any, ...]:
            return _row(replace(run, journal_ms=database.clock_ms()))

        if instead_of is not None:
            return self._claimed(_UPDATE, new, (instead_of.record_id, instead_of.claim))
        return self._claimed(_INSERT, lambda database: (*self._where[:2], *new(database)), (), as_read=not recording)

    def stamp(self, run: KeyedRun, now_ms: int) -> KeyedRun:
        """Record, just before it leaves, that the request of *run* may be in flight. Durable on return.

        :raises ClaimLostError: another task has changed the row; the request must not be sent.
        """
        stamped = self._changed(run, last_ms=now_ms)
        if stamped is None:
            raise ClaimLostError(
                "Failed to keep a claim in the journal: another task took it over in the meantime. Start again with the same run_key."
            )
        return stamped

    def record(self, run: KeyedRun, outcome: Outcome, **end: t.Any) -> KeyedRun | None:
        """Record how the request of *run* ended; None if another task has changed the row.

        Two results of the sender override what other tasks have recorded: an instance from the service's answer, and that nothing was started, unless
        another task follows an instance. A lost row is written again.

        :param end: ``instance_id``, ``read_back``, ``request_id``, ``message``, ``last_ms``.
        """
        end["message"] = printable(end.get("message", ""), _MESSAGE)
        recorded = self._changed(run, outcome=outcome, **end)
        # After a failover without the last transactions the server does not know the key: this task, or the next one, would run the job again.
        return recorded or self.claim(replace(run, outcome=outcome, **end), None, recording=True)

    def _changed(self, run: KeyedRun, **changes: t.Any) -> KeyedRun | None:
        sql, rests_on = _UPDATE, run.claim
        if changes.get("instance_id") and not changes.get("read_back"):
            sql, rests_on = _ANSWERED, run.run_id
        elif changes.get("outcome") in NO_EFFECT:
            sql, rests_on = _NOT_STARTED, run.run_id

        def new(database: Database) -> tuple[t.Any, ...]:
            dated = {"journal_ms": max(database.clock_ms(), run.journal_ms)} if "last_ms" in changes else {}
            return _row(replace(run, **{**changes, **dated}))

        return self._claimed(sql, new, (run.record_id, rests_on))

    def _claimed(
        self, change: str, new: t.Callable[[Database], tuple[t.Any, ...]], seen: tuple[t.Any, ...], *, as_read: bool = False
    ) -> KeyedRun | None:
        row = self._journal.claimed(change, new, seen, (_READ, self._where), as_read=as_read)
        return row and _run(row)


def jobs_run(journal: Journal) -> list[tuple[str, str, str]]:
    """(project_id, workspace_id, name) of each job that was run by hand. :raises JournalError: the journal cannot be used."""
    return journal.work(lambda database: sorted(map(tuple, database.query(_JOBS))))


def _row(run: KeyedRun) -> tuple[t.Any, ...]:
    values = [json.dumps(run.known) if name == "known" else getattr(run, name) for name in _FIELDS]
    return tuple(map(schema.stored, values))


def _run(row: t.Sequence[t.Any]) -> KeyedRun:
    values = dict(zip((*_FIELDS, "record_id", "claim"), row))
    try:
        values.update(known=tuple(map(str, json.loads(values["known"]))), outcome=Outcome(values["outcome"]))
    except (ValueError, TypeError):
        raise schema.Unreadable(f"run {values['record_id']} of a job is malformed") from None
    values["read_back"] = values["read_back"] == 1
    return KeyedRun(**values)
