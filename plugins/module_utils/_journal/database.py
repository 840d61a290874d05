# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Common part of the SQLite and PostgreSQL journals: one connection, transactions, creation and migration of the schema."""

from __future__ import annotations

import contextlib
import itertools
import operator
import threading
import typing as t

from .._common.errors import JournalError
from . import schema

_T = t.TypeVar("_T")
#: A statement with ``?`` for each of its values.
Statement = t.Tuple[str, t.Sequence[t.Any]]
_META = "SELECT value FROM dataarts_meta WHERE key"
_SET, _UNSET = "INSERT INTO dataarts_meta (key, value) VALUES (?, ?)", "DELETE FROM dataarts_meta WHERE key = ?"
_TAKE_OVER = "UPDATE dataarts_meta SET value = ? WHERE key = 'server' AND value = ?"
_UNCOVER = "DELETE FROM dataarts_coverage"


class Database:
    """One connection to the journal's database, opened on first use, used by one thread at a time.

    :param read_only: nothing is created, written or set aside; an earlier schema is migrated all the same, or it could not be read.
    :ivar name: for messages; without a password.
    :ivar warnings: what the user should know.
    :ivar set_aside_ms: when this object found the journal unreadable, epoch ms on the journal's clock, or None.
    :ivar lost_ms: the same, if it only read and found that the journal may have lost its newest records.
    :ivar server: which database server the newest transaction was on; None if the server does not say, takes no changes, or there is none.
    """

    #: SQL of each kind of database: the type of an auto-increment key, whether there are tables, and what excludes others from creating or migrating
    #: them until the transaction ends.
    identity: str
    tables_exist: str
    exclude_others: str

    @property
    def exists(self) -> bool:
        """Whether the journal exists; a reachable server counts."""
        return True

    def __init__(self, name: str, read_only: bool) -> None:
        self.name = name
        self.read_only = read_only
        self.warnings: list[str] = []
        self.set_aside_ms: int | None = None
        self.lost_ms: int | None = None
        self.server: str | None = None
        self._checked: str | None = None  # the server that is known to be the one in the journal
        self._connection: t.Any = None
        self._guard = threading.RLock()
        self._there = False  # whether the connection's schema is known to be of this version
        self._outdated = ""  # for error messages during a migration: which schema the journal has

    def transact(self, work: t.Callable[[Database], _T], *, write: bool = False) -> _T:
        """Return the result of *work*, done in one transaction.

        :param work: may be called again, even after its transaction took effect, if the answer to a commit is lost; its result must be the same then.
        :param write: whether it changes something; then the journal is created, and the changes are durable on return.
        :raises JournalError: the journal cannot be read, written or reached; nothing was changed, or it is unknown whether anything was.
        """
        if write and self.read_only:
            raise self.failed("write", "it is opened for reading only", "Run without check mode")
        with self._guard:
            return self._transact(work, write)

    def close(self) -> None:
        """Close the connection; harmless without one."""
        with self._guard:
            connection, self._connection, self._there = self._connection, None, False
            if connection is not None:
                connection.close()

    def query(self, sql: str, values: t.Sequence[t.Any] = ()) -> list[t.Any]:
        """The rows that *sql* (with ``?``) selects; none if there is no journal yet."""
        return self._rows(sql, values) if self._there else []

    def change(self, statements: t.Sequence[Statement]) -> int:
        """Execute *statements* in order and return how many rows they changed. Consecutive ones with the same SQL are executed together."""
        with self._in_one_go():
            cursors = [self._many(sql, [row[1] for row in group]) for sql, group in itertools.groupby(statements, operator.itemgetter(0))]
        return sum(max(0, cursor.rowcount) for cursor in cursors)

    def await_writers(self) -> None:
        """Wait until all other writers have committed, and block new ones until this transaction ends; a no-op if only one can write at a time."""

    def clock_ms(self) -> int:
        """The journal's clock now, epoch ms."""
        raise NotImplementedError

    def mark_lost(self) -> None:
        """Record that the newest records may be lost, so that no run sends anything before they must show, whatever its since."""
        self.change([(_UNSET, ("lost_ms",)), (_SET, ("lost_ms", str(self.clock_ms()))), (_UNCOVER, ())])

    def failed(self, verb: str, cause: str, remedy: str) -> JournalError:
        """``Failed to <verb> the journal <name>: <cause>. <remedy>.``"""
        return JournalError(f"Failed to {verb} the journal {self.name}: {cause.rstrip().rstrip('.')}. {remedy}.")

    def _transact(self, work: t.Callable[[Database], _T], write: bool) -> _T:
        """:meth:`_once` with the database's own error handling; errors become :class:`JournalError`."""
        raise NotImplementedError

    def _connect(self, write: bool) -> bool:
        """Connect if necessary; False if there is nothing to connect to and *write* is false."""
        raise NotImplementedError

    def _begin(self, write: bool) -> None:
        raise NotImplementedError

    def _execute(self, sql: str, values: t.Sequence[t.Any] = ()) -> t.Any:
        """Execute one statement; return a DB-API cursor."""
        raise NotImplementedError

    def _many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> t.Any:
        """Execute *sql* for the values of each of *rows*; return a cursor that counts changed rows."""
        raise NotImplementedError

    def _in_one_go(self) -> t.ContextManager[t.Any]:
        """Context in which statements may be sent together; errors and counts are known at its end."""
        return contextlib.nullcontext()

    def _rows(self, sql: str, values: t.Sequence[t.Any] = ()) -> list[t.Any]:
        return t.cast("list[t.Any]", self._execute(sql, values).fetchall())

    def _once(self, work: t.Callable[[Database], _T], write: bool) -> _T:
        """One try of :meth:`transact`. Errors are the driver's, or :class:`~.schema.Unreadable`."""
        if not self._connect(write):
            return work(self)
        self._begin(write)
        before = self._there
        try:
            self._there = before or self._prepare(write)
            if self._there:
                self._check_server(write)
            result = work(self)
            self._execute("COMMIT")
        except BaseException as error:
            self._there, self._checked = before, None
            try:
                self._execute("ROLLBACK")
            except Exception:  # the connection is broken; closing it ends the transaction
                self.close()
            if not isinstance(error, _Outdated):
                raise
        else:
            return result
        if not self.read_only:
            return self._once(work, True)
        self._upgrade()
        return self._once(work, False)

    def _upgrade(self) -> None:
        """Migrate an earlier schema although this object is read-only, with a connection of its own."""
        self.close()
        self.read_only = False
        try:
            self._once(lambda dummy: None, True)
        finally:
            self.read_only = True
            self.close()

    def _prepare(self, write: bool) -> bool:
        """Bring the schema to this version; False if there is none and none may be created.

        :raises JournalError: a later version made it.
        """
        latest, version = len(schema.MIGRATIONS), self._version()
        if not version:
            self._check_elsewhere()
        self._outdated = f"it has schema {version} and has to be brought to {latest}: " if 0 < version < latest else ""
        if version < latest and write:
            self._execute(self.exclude_others)
            version = self._version()
            self._migrate(version)
            self._outdated, version = "", max(version, latest)
        if version > latest:
            raise self.failed(
                "use",
                f"a newer version of this collection made it (schema {version}; this one knows {latest})",
                "Update the collection on this controller, or set another journal",
            )
        if 0 < version < latest:
            raise _Outdated
        return version == latest

    def _version(self) -> int:
        if not self._rows(self.tables_exist):
            return 0
        rows = self._rows(f"{_META} = 'version'")
        if not rows or not rows[0][0].isdigit():
            raise schema.Unreadable("it does not say its version")
        return int(rows[0][0])

    def _check_server(self, write: bool) -> None:
        """Compare the server with the one in the journal. A standby server that took over, or a restored copy, may lack the newest records.

        :raises _Outdated: it is another one, and that is to be recorded.
        """
        if self.server in (None, self._checked):
            return
        rows = self._rows(f"{_META} = 'server'")
        if not rows:
            if not write:
                return
            self.change([(f"{_SET} ON CONFLICT DO NOTHING", ("server", self.server))])
        elif rows[0][0] != self.server:
            if not write and not self.read_only:
                raise _Outdated
            if not write:
                self.lost_ms = self.clock_ms()
            elif self.change([(_TAKE_OVER, (self.server, rows[0][0]))]):  # else another run was faster
                self.mark_lost()
        self._checked = self.server

    def _check_elsewhere(self) -> None:
        """Warn if somebody else may have made the tables where this connection does not see them."""

    def _migrate(self, version: int) -> None:
        for number, statements in enumerate(schema.MIGRATIONS[version:], version + 1):
            for statement in statements:
                self._execute(statement.format(identity=self.identity))
            self.change(
                [
                    (_UNSET, ("version",)),
                    (_SET, ("version", str(number))),
                ]
            )


class _Outdated(Exception):  # noqa: N818
    """The schema is of an earlier version, or another server has the journal, but the transaction does not write."""
