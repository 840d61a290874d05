# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schema of the journal for both databases, and the conversion between attempts and rows.

For missing values, ``start_time`` and ``end_time`` are 0 and ``instance_id`` is '': to a unique index, no NULL equals another.
"""

from __future__ import annotations

import dataclasses
import enum
import operator
import typing as t

from .._models.attempt import Attempt, AttemptKind, Failure, Outcome

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_KINDS = {kind.value: kind for kind in AttemptKind}
#: Columns of a failure, named like its fields, with their values for None. With the project, they are what the unique index compares.
_FAILURE = {name: 0 if name.endswith("_time") else "" for name in Failure._fields}
#: The other columns of an attempt, in the order of its fields.
_NAMES = tuple(field.name for field in dataclasses.fields(Attempt) if field.name not in ("failure", "attempt_id", "open"))
_JOURNAL_MS = _NAMES.index("journal_ms")
_read = operator.attrgetter(*_NAMES)


def columns(*names: str) -> str:
    """*names* as quoted SQL identifiers: ``user`` is a reserved word in PostgreSQL."""
    return ", ".join(map('"{}"'.format, names))


def marks(values: t.Collection[t.Any]) -> str:
    """A ``?`` for each of *values*, or NULL, so that an empty list matches nothing."""
    return ", ".join("?" * len(values)) or "NULL"


#: Columns inserted for an attempt, see :func:`to_row`; columns selected, see :func:`from_row`.
INSERTED = columns("project_id", *_FAILURE, *_NAMES, "open", "claim", "serial")
FAILURE = columns(*_FAILURE)
SELECTED = columns("id", "open", *_FAILURE, *_NAMES)
#: Columns that identify a slot.
SLOT_COLUMNS = ("project_id", "workspace_id", "job_id", "plan_time")
SLOT = " AND ".join(f"{name} = ?" for name in SLOT_COLUMNS)

#: Statements that migrate a journal from version n to n + 1; the first tuple creates version 1. ``{identity}`` is the type of an auto-increment key.
#: Published tuples never change.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE dataarts_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE dataarts_coverage (project_id TEXT NOT NULL, workspace_id TEXT NOT NULL, since_ms BIGINT NOT NULL,
            PRIMARY KEY (project_id, workspace_id))""",
        """CREATE TABLE dataarts_note (project_id TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
            made_ms BIGINT NOT NULL, claim TEXT NOT NULL, PRIMARY KEY (project_id, scope, key))""",
        """CREATE TABLE dataarts_attempt (id {identity}, project_id TEXT NOT NULL, workspace_id TEXT NOT NULL, job_id TEXT NOT NULL,
            plan_time BIGINT NOT NULL, submit_time BIGINT NOT NULL, instance_id TEXT NOT NULL, status TEXT NOT NULL,
            start_time BIGINT NOT NULL, end_time BIGINT NOT NULL, job_name TEXT NOT NULL, run_id TEXT NOT NULL, since BIGINT NOT NULL,
            number INTEGER NOT NULL, batch INTEGER NOT NULL, sent_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, journal_ms BIGINT NOT NULL,
            outcome TEXT NOT NULL, request_id TEXT, message TEXT NOT NULL, again INTEGER, conflict_in_batch INTEGER NOT NULL,
            controller TEXT NOT NULL, "user" TEXT NOT NULL, purpose TEXT NOT NULL, plan_id TEXT NOT NULL,
            open INTEGER, claim TEXT NOT NULL, taken_by TEXT)""",
        # At most one open attempt per failure.
        """CREATE UNIQUE INDEX dataarts_attempt_open ON dataarts_attempt
            (project_id, workspace_id, job_id, plan_time, submit_time, instance_id, status, start_time, end_time) WHERE open = 1""",
        "CREATE INDEX dataarts_attempt_plan ON dataarts_attempt (project_id, workspace_id, plan_time)",
        "CREATE INDEX dataarts_attempt_sent ON dataarts_attempt (sent_ms)",
        "CREATE INDEX dataarts_attempt_claim ON dataarts_attempt (claim)",
    ),
    (
        "ALTER TABLE dataarts_attempt ADD COLUMN flight_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE dataarts_attempt ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
        """UPDATE dataarts_attempt SET serial = (SELECT count(*) FROM dataarts_attempt AS earlier
            WHERE earlier.project_id = dataarts_attempt.project_id AND earlier.workspace_id = dataarts_attempt.workspace_id
            AND earlier.job_id = dataarts_attempt.job_id AND earlier.plan_time = dataarts_attempt.plan_time AND earlier.id <= dataarts_attempt.id)""",
        # The central rule: numbers in a slot are unique, and a claim takes the one after the newest that its run has read.
        "CREATE UNIQUE INDEX dataarts_attempt_serial ON dataarts_attempt (project_id, workspace_id, plan_time, job_id, serial)",
        "DROP INDEX dataarts_attempt_plan",
    ),
    ("ALTER TABLE dataarts_coverage ADD COLUMN journal_ms BIGINT",),
    ("ALTER TABLE dataarts_attempt ADD COLUMN kind TEXT NOT NULL DEFAULT 'rerun'",),
    (
        """CREATE TABLE dataarts_pause (id {identity}, project_id TEXT NOT NULL, workspace_id TEXT NOT NULL, job_name TEXT NOT NULL,
            made_by TEXT NOT NULL, phase TEXT NOT NULL, run_id TEXT NOT NULL, sent_ms BIGINT NOT NULL, journal_ms BIGINT NOT NULL,
            flight_ms BIGINT NOT NULL, controller TEXT NOT NULL, "user" TEXT NOT NULL, purpose TEXT NOT NULL, ended TEXT NOT NULL,
            claim TEXT NOT NULL, open INTEGER)""",
        # A job has one open pause, from the run that was first.
        "CREATE UNIQUE INDEX dataarts_pause_open ON dataarts_pause (project_id, workspace_id, job_name) WHERE open = 1",
        """CREATE TABLE dataarts_hold (project_id TEXT NOT NULL, workspace_id TEXT NOT NULL, job_name TEXT NOT NULL, run_id TEXT NOT NULL,
            until_ms BIGINT NOT NULL, PRIMARY KEY (project_id, workspace_id, job_name, run_id))""",
        """CREATE TABLE dataarts_run (id {identity}, project_id TEXT NOT NULL, workspace_id TEXT NOT NULL, job_name TEXT NOT NULL,
            run_key TEXT NOT NULL, params TEXT NOT NULL, known TEXT NOT NULL, run_id TEXT NOT NULL, sent_ms BIGINT NOT NULL,
            last_ms BIGINT NOT NULL, journal_ms BIGINT NOT NULL, flight_ms BIGINT NOT NULL, outcome TEXT NOT NULL, instance_id TEXT NOT NULL,
            read_back INTEGER NOT NULL, request_id TEXT, message TEXT NOT NULL, controller TEXT NOT NULL, "user" TEXT NOT NULL,
            purpose TEXT NOT NULL, claim TEXT NOT NULL)""",
        # The same key never starts a second run.
        "CREATE UNIQUE INDEX dataarts_run_key ON dataarts_run (project_id, workspace_id, job_name, run_key)",
    ),
    # Further kinds of attempts: an older collection, which does not know them, must refuse the journal.
    (),
    ("ALTER TABLE dataarts_hold ADD COLUMN lease_ms BIGINT NOT NULL DEFAULT 0",),
    # For reading a workspace's latest attempts in each pass; with the slot index, SQLite would scan the whole workspace.
    ("CREATE INDEX dataarts_attempt_made ON dataarts_attempt (project_id, workspace_id, sent_ms)",),
)


class Unreadable(Exception):  # noqa: N818
    """The journal exists but contains what no version writes. The text is the cause."""


def stored(value: t.Any) -> t.Any:
    """*value* as stored in a column. NUL and lone surrogates, which databases refuse in text, become visible."""
    kind = type(value)
    if value is None or kind is int or (kind is str and value.isprintable()):  # the usual case
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str):
        return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
    return int(value)


def failure_key(failure: Failure) -> tuple[t.Any, ...]:
    """The columns that the unique index compares, apart from the project."""
    return tuple(stored(value or default) for value, default in zip(failure, _FAILURE.values()))


def to_row(project_id: str, failure: t.Sequence[t.Any], attempt: Attempt, claim: str, serial: int, journal_ms: int) -> tuple[t.Any, ...]:
    """The values of :data:`INSERTED` for *attempt*: open, claimed by *claim*, with number *serial* in its slot.

    :param failure: its :func:`failure_key`.
    :param journal_ms: time of the claim, epoch ms.
    """
    rest = list(map(stored, _read(attempt)))
    rest[_JOURNAL_MS] = journal_ms
    return (project_id, *failure, *rest, 1, claim, serial)


def from_row(row: t.Sequence[t.Any]) -> Attempt:
    """The attempt in the values of :data:`SELECTED`.

    :raises Unreadable: no version writes such a value.
    """
    attempt_id, is_open, *failure = row[:10]
    workspace_id, job_id, plan_time, submit_time, instance_id, status, start_time, end_time = failure
    job_name, run_id, *times, outcome, request_id, message, again, conflict_in_batch, controller, user, purpose, plan_id, flight, kind = (
        row[10:]
    )
    if (
        outcome not in _OUTCOMES
        or kind not in _KINDS
        or {*map(type, (plan_time, submit_time, start_time, end_time, flight, *times))} != {int}
    ):
        raise Unreadable(f"attempt {attempt_id} is malformed")
    rest = (_OUTCOMES[outcome], request_id, message, None if again is None else again == 1, conflict_in_batch == 1, controller, user)
    return Attempt(
        Failure(workspace_id, job_id, plan_time, submit_time, instance_id or None, status, start_time or None, end_time or None),
        *(job_name, run_id, *times, *rest, purpose, plan_id, flight, _KINDS[kind], attempt_id, is_open == 1),
    )
