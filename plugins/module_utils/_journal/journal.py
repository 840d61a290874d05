# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: the database of attempts. Only its two unique indexes make sure that a rerun, or a stop, happens once:

- At most one attempt per failure is open.
- The attempts of a slot (one planned run of a job) are numbered without duplicates, and a claim takes the number after the newest that its run has
  read. Of two runs that have read the same, only one gets it, whatever their lists say about status, times, submit_time or instance_id; the other
  has to read again. Retrying a request takes the next number too, so a run does not send what another one has claimed since.

SQLite on this machine, or PostgreSQL shared by several controllers (option ``journal``). It contains no secrets.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import typing as t
import uuid
from dataclasses import dataclass, field

from .._common.errors import ClaimLostError, JournalError, OptionError
from .._common.grouping import grouped_by
from .._common.sightings import Sightings
from .._common.text import printable
from .._common.times import DAY_MS, Window, to_iso
from .._models.attempt import LOST, OF_SCHEDULES, Attempt, AttemptKind, Intent, Outcome, OwnClaim, Slot
from .._models.selection import select
from .._models.slotted import replace
from . import schema
from .database import Database, Statement
from .postgresql import PostgresqlDatabase
from .sqlite import SqliteDatabase, journal_path

#: How long attempts are kept: the service shows instances for six months [OTC-UMN-C].
_KEEP_MS = 190 * DAY_MS
_MESSAGE = 400
_AT_ONCE = 500  # attempts per statement
_PAGE = 1_000  # attempts per page of the history

_T = t.TypeVar("_T")
#: The columns of a slot; the newest number in it, with the claim that took it.
_SlotKey = t.Tuple[t.Any, ...]
_Number = t.Tuple[t.Any, ...]
_Values = t.Callable[[Database], t.Sequence[t.Any]]
#: Attempts of one request, and the columns that record its end.
_Ended = t.Tuple[t.Sequence[Attempt], t.Mapping[str, t.Any]]

_SELECT = f"SELECT {schema.SELECTED} FROM dataarts_attempt WHERE"
_READ = f"SELECT serial, claim, {schema.SELECTED} FROM dataarts_attempt WHERE"
#: Whether the newest attempt of the slot is still the one that was read ('' if there was none).
_STILL = f"COALESCE((SELECT claim FROM dataarts_attempt WHERE {schema.SLOT} ORDER BY serial DESC LIMIT 1), '') = ?"
_CLAIM = f"INSERT INTO dataarts_attempt ({schema.INSERTED}) SELECT {schema.marks(schema.INSERTED.split(','))} WHERE {_STILL}"
_CLAIM_NEW = f"{_CLAIM} ON CONFLICT DO NOTHING"
_CLAIM_SUPERSEDED = f"{_CLAIM} AND EXISTS (SELECT 1 FROM dataarts_attempt WHERE id = ? AND taken_by = ?) ON CONFLICT DO NOTHING"
#: Supersede an attempt only as it was read: not if it has been recorded or retried since.
_SUPERSEDE = (
    f"UPDATE dataarts_attempt SET open = NULL, taken_by = ? WHERE id = ? AND outcome = ? AND last_ms <= ? AND journal_ms = ? AND {_STILL}"
)
_OTHERS = "FROM dataarts_attempt AS other WHERE " + " AND ".join(f"other.{name} = dataarts_attempt.{name}" for name in schema.SLOT_COLUMNS)
_STAMP = (
    f"UPDATE dataarts_attempt SET last_ms = ?, journal_ms = ?, serial = (SELECT max(other.serial) + 1 {_OTHERS}) WHERE id = ? AND run_id = ? AND open = 1"
    f" AND NOT EXISTS (SELECT 1 {_OTHERS} AND other.serial > dataarts_attempt.serial AND other.claim <> dataarts_attempt.claim)"
)
_CLAIMED = f"SELECT id, journal_ms, serial, claim, {schema.FAILURE} FROM dataarts_attempt WHERE claim = "
#: With the run id, because other runs get the same attempt ids in a journal that lost its latest claims.
_RECORD = "UPDATE dataarts_attempt SET {} WHERE run_id = ? AND id IN ({})"
_OWN = "SELECT 1 FROM dataarts_attempt WHERE id = ? AND run_id = ?"
_PRUNE = (
    "DELETE FROM dataarts_attempt WHERE sent_ms < ?",
    "DELETE FROM dataarts_note WHERE made_ms < ?",
    "DELETE FROM dataarts_pause WHERE open IS NULL AND sent_ms < ?",
    "DELETE FROM dataarts_run WHERE sent_ms < ?",
)
_COVER = "INSERT INTO dataarts_coverage (project_id, workspace_id, since_ms, journal_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
#: Noting a fact again renews its date, so that it is pruned later.
_NOTE = (
    "INSERT INTO dataarts_note (project_id, scope, key, value, made_ms, claim) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (project_id, scope, key) DO UPDATE SET made_ms = excluded.made_ms WHERE excluded.made_ms > dataarts_note.made_ms"
)
#: An instance has a plan time; a PatchData attempt has its first date in ``submit_time`` and its last one in ``end_time``.
_PLANNED = f"(plan_time BETWEEN ? AND ? OR kind = '{AttemptKind.PATCH_DATA.value}' AND submit_time <= ? AND end_time >= ?)"
_NEWEST_SINCE = "SELECT since FROM dataarts_attempt WHERE project_id = ? ORDER BY since DESC LIMIT 1"
_NOTES = "SELECT {} FROM dataarts_note WHERE project_id = ? AND scope = ?"
_NEVER = object()
#: Kinds that are recorded only for people, see ``recorded_write.py``.
_BASED_ON_NOTHING = (*OF_SCHEDULES, AttemptKind.PATCH_DATA_STOP)


@dataclass(frozen=True)
class Known:
    """The journal's knowledge about some workspaces, read in one transaction.

    :param attempts: the newest rerun attempt of each (workspace, job_id, plan_time, submit_time, instance_id), oldest first.
    :param stops: all requests to stop instances, oldest first; the other fields do not include them.
    :param effective: rerun attempts that may have taken effect, oldest first: accepted ones, and intended or unknown ones that are still open.
    :param reruns: ``sent_ms`` of those in the 24 h before ``now_ms``, sorted.
    :param complete_since: time from which the journal knows every attempt in all these workspaces (the latest of them), epoch ms on the service's
        clock; None if one of them is not covered yet.
    :param covered_ms: when that was recorded (the latest), epoch ms on the journal's clock; None if unknown.
    :param set_aside_ms: when this journal replaced an unreadable one, epoch ms on the journal's clock, or None.
    :param lost_ms: the same, or when it may have lost its newest records, if that was later.
    :param journal_ms: the journal's clock now, epoch ms.
    """

    attempts: tuple[Attempt, ...]
    effective: t.Mapping[Slot, tuple[Attempt, ...]]
    reruns: t.Mapping[Slot, tuple[int, ...]]
    complete_since: int | None
    covered_ms: int | None
    set_aside_ms: int | None
    lost_ms: int | None
    journal_ms: int
    stops: t.Mapping[Slot, tuple[Attempt, ...]] = field(default_factory=dict)


class _ClaimsGoneError(JournalError):
    """The journal does not have what this run has claimed in it. The text is what could not be done, as in :meth:`.Database.failed`."""


class Journal:
    """The journal. Opened on first use, closed by :meth:`close` or the end of its ``with`` block. Thread-safe.

    :param where: option ``journal``: None, a path, or a PostgreSQL URI.
    :param password: option ``journal_password``.
    :param project_id: the project of the workspaces; with "" the history covers all projects.
    :param read_only: for check mode: nothing is created, written or set aside.
    :ivar sightings: of records from the future of its clock.
    :ivar name: where it is, for messages; without a password.
    :ivar own: newest claim of this run, which :meth:`read` requires; callers may set that of an earlier pass.
    :ivar warnings: what the user should know, such as that a journal was set aside.
    :raises OptionError: *where* names an unsupported kind of database.
    :raises JournalError: from all methods: it cannot be read, written or reached, so nothing may be sent.
    """

    def __init__(
        self,
        where: str | None,
        *,
        password: str | None,
        project_id: str,
        read_only: bool = False,
        environ: t.Mapping[str, str] | None = None,
        sightings: Sightings | None = None,
    ) -> None:
        self.sightings = sightings or Sightings()
        self._project_id = schema.stored(project_id)
        self._database = _database(where, password, read_only, os.environ if environ is None else environ)
        self.name = self._database.name
        self.warnings = self._database.warnings
        self.own: OwnClaim | None = None
        #: The newest claim of this object, with its time on the journal's clock. A journal begun since by another run is another journal.
        self._claimed: tuple[OwnClaim, int] | None = None
        self._read_on: t.Any = _NEVER  # the servers of the newest read() and work(): a claim is not based on what was read from another one
        self._worked_on: t.Any = _NEVER
        self._pruned = False
        self._lock = threading.RLock()
        self._newest: dict[_SlotKey, _Number] = {}
        self._last: dict[int | None, int] = {}  # attempt id -> ``last_ms`` as read, because hold_off.py changes it in the attempts
        self._later: list[_Ended] = []  # ends to be recorded with the next write

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal if it is open; the next use opens it again. Ends that cannot be recorded stay unrecorded, see :meth:`flush`."""
        with contextlib.suppress(JournalError):
            self.flush()
        self._database.close()

    @property
    def exists(self) -> bool:
        """See :attr:`.Database.exists`."""
        return self._database.exists

    def read(self, workspace_ids: t.Collection[str], plan_times: Window, now_ms: int) -> Known:
        """Read the journal's knowledge about instances planned in *plan_times*. Later claims are based on it.

        Creates nothing: a journal that does not exist reads as empty.

        :raises JournalError: it should have the newest claim of this run, by the time since which it is complete, but does not.
        """
        self.flush()
        workspaces = [schema.stored(workspace_id) for workspace_id in dict.fromkeys(workspace_ids)]
        where = f"project_id = ? AND workspace_id IN ({schema.marks(workspaces)})"
        values = (self._project_id, *workspaces)

        def work(database: Database) -> tuple[Known, list[t.Any], dict[int | None, int]]:
            rows = database.query(f"{_READ} {where} AND plan_time BETWEEN ? AND ? ORDER BY id", (*values, plan_times.begin, plan_times.end))
            covered = database.query(f"SELECT since_ms, journal_ms FROM dataarts_coverage WHERE {where}", values)
            attempts = [schema.from_row(row[2:]) for row in rows]
            aside_ms, lost = losses(database)
            known = Known(
                *_by_instance([attempt for attempt in attempts if attempt.kind is AttemptKind.RERUN], now_ms),
                complete_since=max(row[0] for row in covered) if covered and len(covered) == len(workspaces) else None,
                covered_ms=max((row[1] for row in covered if row[1] is not None), default=None),
                set_aside_ms=aside_ms,
                lost_ms=lost,
                journal_ms=database.clock_ms(),
                stops=_by_slot(attempt for attempt in attempts if attempt.kind is not AttemptKind.RERUN),
            )
            self._check_own(database, lost, min((row[0] for row in covered), default=None))
            return known, rows, {attempt.attempt_id: attempt.last_ms for attempt in attempts}

        with self._lock, self._lost_is_marked():
            known, rows, self._last = self._database.transact(work)
            self._read_on = self._database.server
            self._newest.clear()
            self._know((row[4:7], row[:2]) for row in rows)
        return known

    def _check_own(self, database: Database, lost_ms: int | None, began_ms: int | None) -> None:
        """Check that the newest claim of this run is there.

        :param lost_ms: when the journal may have lost records; reruns wait then, see ``hold_off.py``.
        :param began_ms: earliest time since which it is complete for any of the workspaces, or None. A journal begun after the claim need not have it.
        :raises JournalError: see :meth:`read`.
        """
        own = self.own
        if own is None:
            return
        if self._claimed is not None and own == self._claimed[0]:
            excused = lost_ms is not None and lost_ms >= self._claimed[1]
        else:
            excused = began_ms is None or began_ms > own.sent_ms
        if not excused and not _has(database, own):
            raise _ClaimsGoneError("use")

    def tell_lost(self, lost_ms: int) -> None:
        """Warn that the newest records may be lost, since *lost_ms*."""
        text = (
            f"The journal {self.name} may have lost its newest records at {to_iso(lost_ms)}, as when a standby server takes over or a copy is"
            " restored. Nothing is sent until settle_time has passed since then."
        )
        if text not in self.warnings:
            self.warnings.append(text)

    def newest_id(self) -> int:
        """The newest attempt id, or 0: later claims get greater ones."""

        def work(database: Database) -> int:
            database.await_writers()
            newest = database.query("SELECT max(id) FROM dataarts_attempt")
            return newest[0][0] or 0 if newest else 0

        return self.work(work)

    def cover(self, workspace_ids: t.Collection[str], since_ms: int) -> None:
        """Record that the journal knows every attempt in these workspaces from *since_ms* on, unless it covers them already. Creates the journal."""
        names = [schema.stored(workspace_id) for workspace_id in sorted(set(workspace_ids))]

        def work(database: Database) -> OwnClaim | None:
            now = database.clock_ms()
            database.change([(_COVER, (self._project_id, name, since_ms, now)) for name in names])
            return self.own if self.own is not None and _has(database, self.own) else None

        self.own = self._write(work)  # None if the claim was in a journal that is gone: this one says since when it is complete

    def claim(self, intents: t.Sequence[Intent]) -> list[Attempt | None]:
        """Claim failures in one transaction, durable on return.

        Returns for each intent the attempt with its id, or None if another run has claimed the failure, or anything in its slot since :meth:`read`.
        """
        if not intents:
            return []
        token = uuid.uuid4().hex
        keys = [schema.failure_key(intent.attempt.failure) for intent in intents]

        def work(database: Database) -> list[t.Any]:
            if self._another_server(database, intents[0].attempt):
                return []
            now, newest = database.clock_ms(), dict(self._newest)
            statements: list[Statement] = []
            for index in sorted(range(len(keys)), key=keys.__getitem__):  # sorted, so that two claims never deadlock
                serial, seen = newest.get(keys[index][:3], (0, ""))
                newest[keys[index][:3]] = serial + 1, token
                row = schema.to_row(self._project_id, keys[index], intents[index].attempt, token, serial + 1, now)
                old = intents[index].supersedes
                as_read = old and replace(old, last_ms=self._last.get(old.attempt_id, old.last_ms))
                statements += _claim(row, (*row[:4], seen), as_read, token)
            if not self._pruned:
                statements += [(sql, (min(now, intents[0].attempt.sent_ms) - _KEEP_MS,)) for sql in _PRUNE]
            database.change(statements)
            # Queried instead of counted: an earlier try of this transaction may have committed although its answer was lost.
            return database.query(f"{_CLAIMED}?", (token,))

        with self._lock:
            rows = self._write(work)
            self._know((row[4:7], row[2:4]) for row in rows)
        self._pruned = True
        ours = {tuple(row[4:]): row for row in rows}
        claimed = [ours.pop(key, None) for key in keys]
        made = [(*row[:2], intent.attempt) for intent, row in zip(intents, claimed) if row]
        if made:
            newest, journal_ms, attempt = max(made, key=lambda own: own[0])
            self.own = OwnClaim(newest, attempt.run_id, attempt.sent_ms)
            self._claimed = self.own, journal_ms
        return [row and replace(intent.attempt, attempt_id=row[0], journal_ms=row[1]) for intent, row in zip(intents, claimed)]

    def stamp(self, attempts: t.Sequence[Attempt], now_ms: int) -> None:
        """Move ``last_ms`` and ``journal_ms`` of *attempts* before their request is retried. Durable on return.

        :raises ClaimLostError: another run has taken one of them over, or claimed something else in its slot; the request must not be sent.
        """

        def work(database: Database) -> list[t.Any]:
            now = database.clock_ms()
            of_another = self._another_server(database, attempts[0])
            stamped = (
                0 if of_another else database.change([(_STAMP, (now_ms, now, attempt.attempt_id, attempt.run_id)) for attempt in attempts])
            )
            if stamped != len(attempts):
                cause = "another database server took over" if of_another else "another run took it over in the meantime"
                raise ClaimLostError(str(database.failed("keep a claim in", cause, "Start again with the same since")))
            return database.query(f"{_CLAIMED}(SELECT claim FROM dataarts_attempt WHERE id = ?)", (attempts[0].attempt_id,))

        with self._lock:
            self._know((row[4:7], row[2:4]) for row in self._write(work))

    def _another_server(self, database: Database, attempt: Attempt) -> bool:
        """Whether another server has the journal since what *attempt* is based on was read."""
        return attempt.kind not in _BASED_ON_NOTHING and self._read_on not in (_NEVER, database.server)

    def record(
        self,
        attempts: t.Sequence[Attempt],
        outcome: Outcome,
        *,
        now_ms: int,
        request_id: str | None = None,
        message: str = "",
        conflict_in_batch: bool = False,
        later: bool = False,
    ) -> list[Attempt]:
        """Record how the request of *attempts* ended, and return them with the new values.

        ACCEPTED and UNKNOWN also move ``last_ms``, because the request may have been in flight until now; UNKNOWN moves ``journal_ms`` too.

        :param later: whether it may be recorded with the next write, at the latest by :meth:`flush`; UNKNOWN never is. Until then the journal has
            INTENDED, as if this process had ended: nobody sends it again before it has settled.
        """
        end: dict[str, t.Any] = {
            "outcome": outcome,
            "request_id": request_id,
            "message": printable(message, _MESSAGE),
            "conflict_in_batch": conflict_in_batch,
        }
        if outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            end["last_ms"] = max(now_ms, *(attempt.last_ms for attempt in attempts))

        def work(database: Database) -> None:
            if outcome is Outcome.UNKNOWN:
                end["journal_ms"] = max(database.clock_ms(), *(attempt.journal_ms for attempt in attempts))
            _record(database, [(attempts, end)])

        if later and outcome is not Outcome.UNKNOWN:
            with self._lock:
                self._later.append((attempts, end))
        else:
            self._write(work)
        return [replace(attempt, **end) for attempt in attempts]

    def flush(self) -> None:
        """Record the postponed ends. Durable on return."""
        if self._later:
            self._write(lambda dummy: None)

    def work(self, work: t.Callable[[Database], _T], *, write: bool = False) -> _T:
        """Run *work* in one transaction, for the other books in the same database. See :meth:`.database.Database.transact`."""
        with self._lock:
            if write:
                return self._write(work)
            result = self._database.transact(work)
            self._worked_on = self._database.server
            return result

    def claimed(
        self,
        change: str,
        new: _Values,
        seen: t.Sequence[t.Any],
        read: Statement,
        extra: t.Callable[[Database], t.Any] | None = None,
        *,
        as_read: bool = False,
    ) -> t.Any:
        """Execute *change* durably and return the row that it inserted or updated; None if another run was faster.

        :param change: takes the *new* values, a claim token, and the values *seen* before, which must still be there.
        :param read: statement that selects the row, apart from its claim.
        :param extra: done in the same transaction if there is a row.
        :param as_read: whether the row must still be missing where :meth:`work` has missed it: None too if another server has the journal since.
        """
        token = uuid.uuid4().hex

        def work(database: Database) -> list[t.Any]:
            if as_read and self._worked_on not in (_NEVER, database.server):
                return []
            database.change([(change, (*new(database), token, *seen))])
            # Queried instead of counted: an earlier try of this transaction may have committed although its answer was lost.
            rows = database.query(f"{read[0]} AND claim = ?", (*read[1], token))
            if rows and extra is not None:
                extra(database)
            return rows

        return next(iter(self._write(work)), None)

    def _write(self, work: t.Callable[[Database], _T]) -> _T:
        """Run *work* in one transaction, together with the postponed ends."""

        def both(database: Database) -> _T:
            if self._later:
                _record(database, self._later)
            return work(database)

        with self._lock, self._lost_is_marked():
            result = self._database.transact(both, write=True)
            self._later.clear()
            return result

    @contextlib.contextmanager
    def _lost_is_marked(self) -> t.Iterator[None]:
        """If claims of this run are gone, record that before the error ends the run: then no run sends anything too early."""
        try:
            yield
        except _ClaimsGoneError as error:
            remedy = "Wait until settle_time has passed, then start again with the same since"
            with contextlib.suppress(JournalError):
                self._database.transact(lambda database: database.mark_lost(), write=True)
                remedy = "Start again with the same since: nothing is sent before settle_time has passed"
            cause = "it no longer contains what this run has claimed in it, as if a copy had been restored"
            raise self._database.failed(str(error), cause, remedy) from None

    def _know(self, numbers: t.Iterable[tuple[t.Sequence[t.Any], t.Sequence[t.Any]]]) -> None:
        """Keep the number and claim of the newest attempt of each slot that this run has read or made."""
        for slot, number in numbers:
            self._newest[tuple(slot)] = max(tuple(number), self._newest.get(tuple(slot), (0, "")))

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
        kinds: t.Collection[AttemptKind] | None = None,
        limit: int | None = 100,
    ) -> list[Attempt]:
        """Attempts, newest first, without runs by hand (see :class:`.runs.RunBook`). None means no filter.

        *jobs* are names or patterns (fnmatch). *plan_times* also selects PatchData whose dates overlap it. *made_after* and *made_before* filter by
        ``sent_ms``.
        """
        conditions: list[tuple[str, t.Collection[t.Any] | None]] = [
            ("project_id = ?", [self._project_id] if self._project_id else None),
            (f"workspace_id IN ({schema.marks(workspace_ids or ())})", workspace_ids),
            (f"outcome IN ({schema.marks(outcomes or ())})", None if outcomes is None else [outcome.value for outcome in outcomes]),
            (f"kind IN ({schema.marks(kinds or ())})", None if kinds is None else [kind.value for kind in kinds]),
            (_PLANNED, None if plan_times is None else [max(1, plan_times.begin), plan_times.end, plan_times.end, plan_times.begin]),
            ("run_id = ?", None if run_id is None else [run_id]),
            ("sent_ms >= ?", None if made_after is None else [made_after]),
            ("sent_ms <= ?", None if made_before is None else [made_before]),
        ]
        used = [(sql, values) for sql, values in conditions if values is not None]
        sql = " ".join([_SELECT, *(f"{sql} AND" for sql, dummy in used), f"id < ? ORDER BY id DESC LIMIT {_PAGE}"])
        values = [value for dummy, values in used for value in values]
        self.flush()
        named = select(["*"] if jobs is None else jobs, plan_times or Window(0, 0)).names
        attempts: list[Attempt] = []
        before: int | None = 2**63 - 1
        while before is not None and (limit is None or len(attempts) < limit):
            page = self._page(sql, (*values, before))
            attempts += [attempt for attempt in page if named(attempt.job_name)]
            before = page[-1].attempt_id if len(page) == _PAGE else None
        return attempts[:limit]

    def newest_since(self) -> int:
        """The latest ``since`` of a run that made an attempt in any workspace of the project, epoch ms; 0 if there is none."""
        rows = self._database.transact(lambda database: database.query(_NEWEST_SINCE, (self._project_id,)))
        return int(rows[0][0]) if rows else 0

    def _page(self, sql: str, values: t.Sequence[t.Any]) -> list[Attempt]:
        return self._database.transact(lambda database: [schema.from_row(row) for row in database.query(sql, values)])

    def notes(self, scope: str) -> dict[str, str]:
        """The facts of *scope*, as key -> value."""
        sql, values = _NOTES.format("key, value"), (self._project_id, schema.stored(scope))
        return dict(self._database.transact(lambda database: database.query(sql, values)))

    def note(self, scope: str, key: str, value: str) -> bool:
        """Keep one fact durably; False if the key existed already, with any value."""
        named = (self._project_id, schema.stored(scope), schema.stored(key))
        read = f"{_NOTES.format('1')} AND key = ?", named
        return self.claimed(_NOTE, lambda database: (*named, schema.stored(value), database.clock_ms()), (), read) is not None


def losses(database: Database) -> tuple[int | None, int | None]:
    """When this journal replaced an unreadable one, and when it last may have lost records at all; epoch ms on the journal's clock, or None."""
    rows = dict(database.query("SELECT key, value FROM dataarts_meta WHERE key IN ('set_aside_ms', 'lost_ms')"))
    aside = int(rows["set_aside_ms"]) if "set_aside_ms" in rows else database.set_aside_ms
    lost = [aside, database.lost_ms, int(rows["lost_ms"]) if "lost_ms" in rows else None]
    return aside, max((moment for moment in lost if moment is not None), default=None)


def lately_lost(journal: Journal, lost_ms: int | None, now_ms: int) -> int | None:
    """When the journal may have lost records, corrected for steps of its clock, see :class:`.Sightings`; None after a day."""
    if lost_ms is None:
        return None
    recorded_ms = journal.sightings.recorded_ms("lost", lost_ms, now_ms)
    return recorded_ms if now_ms - recorded_ms < DAY_MS else None


def _database(where: str | None, password: str | None, read_only: bool, environ: t.Mapping[str, str]) -> Database:
    """The database that *where* names. A mistyped URI is refused: it must not create a local file instead of a shared database."""
    where = (where or "").strip()
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresqlDatabase(where, password, read_only)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):/", where)
    if scheme is not None:
        raise OptionError(
            f"journal is a URI of kind {printable(scheme[1], 40)}, which is not supported. Set a path, or a URI that begins with postgresql://."
        )
    if re.search(r"(?:^|[\s/])(?:host|hostaddr|dbname|service) *=", where):
        raise OptionError("journal has libpq's form of key=value, which is not supported. Set a URI that begins with postgresql://.")
    if re.search(r"(?:^|/)[^/:@\s]+:[^/]+@", where):
        raise OptionError(
            "journal is the address of a database without postgresql:// in front of it. Set a URI that begins with postgresql://."
        )
    return SqliteDatabase(journal_path(where, environ), read_only)


def _claim(row: t.Sequence[t.Any], still: t.Sequence[t.Any], supersedes: Attempt | None, token: str) -> list[Statement]:
    """The statements that claim the failure of *row*, on condition that the newest attempt of its slot is *still* the one that was read."""
    if supersedes is None:
        return [(_CLAIM_NEW, (*row, *still))]
    seen = (supersedes.attempt_id, supersedes.outcome.value, supersedes.last_ms, supersedes.journal_ms)
    return [(_SUPERSEDE, (token, *seen, *still)), (_CLAIM_SUPERSEDED, (*row, *still, supersedes.attempt_id, token))]


def _record(database: Database, ended: t.Sequence[_Ended]) -> None:
    """Record how requests ended. :raises JournalError: an attempt has disappeared although its claim was durable."""
    statements = [statement for attempts, end in ended for statement in _recorded(attempts, end)]
    if database.change(statements) != sum(len(attempts) for attempts, _end in ended):
        raise _ClaimsGoneError("write")


def _has(database: Database, own: OwnClaim) -> bool:
    return bool(database.query(_OWN, (own.attempt_id, own.run_id)))


def _recorded(attempts: t.Sequence[Attempt], end: t.Mapping[str, t.Any]) -> list[Statement]:
    """The statements that set the columns *end* of *attempts*."""
    columns, values = ", ".join(f"{name} = ?" for name in end), [schema.stored(value) for value in end.values()]
    ids = [attempt.attempt_id for attempt in attempts]
    pages = [ids[begin : begin + _AT_ONCE] for begin in range(0, len(ids), _AT_ONCE)]
    return [(_RECORD.format(columns, schema.marks(page)), (*values, attempts[0].run_id, *page)) for page in pages]


def _by_slot(attempts: t.Iterable[Attempt]) -> dict[Slot, tuple[Attempt, ...]]:
    return {slot: tuple(made) for slot, made in grouped_by(attempts, lambda attempt: attempt.failure.slot).items()}


def _by_instance(
    attempts: t.Sequence[Attempt], now_ms: int
) -> tuple[tuple[Attempt, ...], dict[Slot, tuple[Attempt, ...]], dict[Slot, tuple[int, ...]]]:
    """The first three fields of :class:`Known` from *attempts*, oldest first."""
    newest: dict[tuple[t.Any, ...], Attempt] = {}
    for attempt in attempts:
        key = attempt.failure[:5]
        newest.pop(key, None)
        newest[key] = attempt
    effective = _by_slot(
        attempt for attempt in attempts if attempt.outcome is Outcome.ACCEPTED or (attempt.outcome in LOST and attempt.open)
    )
    lately = {
        slot: tuple(sorted(attempt.sent_ms for attempt in made if attempt.sent_ms > now_ms - DAY_MS)) for slot, made in effective.items()
    }
    return tuple(newest.values()), effective, {slot: times for slot, times in lately.items() if times}
