# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal in PostgreSQL 10 or newer, for several controllers. The driver, psycopg 3, is imported only if such a journal is used."""

from __future__ import annotations

import os
import re
import sys
import time
import typing as t

from .._common.errors import JournalError
from .._common.text import printable
from .database import Database
from .schema import Unreadable

_T = t.TypeVar("_T")
#: Seconds to retry the connection to a server that was lost or is starting: a restart takes a few.
PATIENCE = 30.0
_PAUSE = 0.25
_TRIES = 10  # tries of one transaction
#: SQLSTATEs of conflicts with another transaction: serialization, deadlock, and a number that both took at the same moment.
_IN_THE_WAY = ("40001", "40P01", "23505")
#: Key of the advisory lock for creating and migrating the schema: "DAFJ". All writers share the next key.
_LOCK_KEY = 0x4441464A
_WRITERS = _LOCK_KEY + 1
#: Defaults of libpq's parameters. A dead connection is noticed within a minute.
_DEFAULTS = {
    "connect_timeout": "10",
    "application_name": "dataarts.factory",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
#: A transaction takes a few ms. A process that stops within one is disconnected before those waiting for it give up.
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED {access}; SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '30s';"
    " SET LOCAL idle_in_transaction_session_timeout = '15s'; SET LOCAL synchronous_commit = on"
)
#: Cluster and timeline: a promoted standby server, and a restored copy, have another timeline; NULL on a standby server, where it may still change.
_SERVER = (
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE (SELECT system_identifier FROM pg_catalog.pg_control_system())::text"
    " || '/' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END"
)
#: SQLSTATEs of servers that do not say that: not permitted, no such function, not supported.
_NOT_SAID = ("42501", "42883", "0A000", "55000")
#: psycopg's line for each server, if it tried several.
_EACH_SERVER = re.compile("^- host: (.*?), port: (.*?), hostaddr: (?:None|'.*?'): (.*)$", re.MULTILINE)
#: Messages of a server that takes no changes.
_STANDBY = "read-only|hot standby|during recovery"
_CONNECTION = "Check journal and that the server runs and can be reached from here"
#: Pattern for SQLSTATE and message -> remedy.
_REMEDIES = (
    (
        r"^42501 it has schema",
        "Run one task, such as rerun_history_info, as the role that owns the tables; then grant this role SELECT, INSERT, UPDATE and DELETE on them again",
    ),
    (r"pg_hba", "Allow this user and address in pg_hba.conf of the server"),
    (r"password|^28|not permitted to log in", "Check the user in journal and its password: journal_password, PGPASSWORD or ~/.pgpass"),
    (
        r"certificate|ssl|tls",
        "Set sslrootcert in journal to the file of the authority that signed the server's certificate, and sslmode as the server offers",
    ),
    (r"database .* does not exist", "Create the database, or correct its name in journal"),
    (r"role .* does not exist", "Create the role, or correct the user in journal"),
    (
        r"^42501|denied",
        "Grant the role CREATE on the schema, or let another role make the tables and grant SELECT, INSERT, UPDATE and DELETE on them",
    ),
    (r"^3F000", "Set search_path of the role to the schema of the tables dataarts_*, or to one in which it may make them"),
    (
        _STANDBY,
        "Set journal to the primary server, not to a standby; after a failover, wait until one has become primary. Then start again with the same since",
    ),
    (r"^53100|no space", "Free space on the server, then start again with the same since"),
    (r"^55P03|^57014", "Another session holds the tables: wait for it or end it, then start again with the same since"),
    (r"^(08|57P|53)|connect|clos|timeout|translate|resolve|route|host", _CONNECTION),
    (r"", "Check journal, the database and its tables dataarts_*"),
)


class PostgresqlDatabase(Database):
    """The journal's database in PostgreSQL.

    :param uri: with libpq's parameters; a password in it appears in no message.
    :param password: overrides the one in *uri*; None leaves it to libpq.
    :raises JournalError: psycopg is missing, or *uri* cannot be read.
    """

    identity = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    # Not with to_regclass(): its cache may miss what was committed while this session waited for the lock.
    tables_exist = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'dataarts_meta' AND pg_catalog.pg_table_is_visible(oid)"
    tables_elsewhere = (
        "SELECT nspname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relname = 'dataarts_meta'"
    )
    exclude_others = f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"

    def __init__(self, uri: str, password: str | None, read_only: bool) -> None:
        self._psycopg = _driver()
        given = self._read(uri)
        self._several = len(_places(given)) > 1
        takes_changes = {"target_session_attrs": os.environ.get("PGTARGETSESSIONATTRS") or "read-write"} if self._several else {}
        self._parameters: dict[str, t.Any] = {**_DEFAULTS, **takes_changes, **given, **({"password": password} if password else {})}
        super().__init__(_name(given), read_only)
        self._patience = 0.0
        self._says_server = True

    def _read(self, uri: str) -> dict[str, t.Any]:
        """Parse *uri*. With a bare ``@`` or ``/`` in a password, libpq would take the rest for the host or the database, which messages name."""
        authority, _slash, path = uri.partition("://")[2].partition("?")[0].partition("/")
        try:
            if authority.count("@") > 1 or "@" in path:
                raise self._psycopg.ProgrammingError
            return t.cast("dict[str, t.Any]", self._psycopg.conninfo.conninfo_to_dict(uri))
        except self._psycopg.Error:  # its text contains the URI
            raise JournalError(
                "Failed to open the journal: the PostgreSQL URI in journal cannot be read. "
                "Write postgresql://user@host:5432/database and percent-encode what is special in it."
            ) from None

    def await_writers(self) -> None:
        self._execute(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    def clock_ms(self) -> int:
        return int(self._rows("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")[0][0])

    def _execute(self, sql: str, values: t.Sequence[t.Any] = ()) -> t.Any:
        return self._connection.execute(sql.replace("?", "%s").encode(), tuple(values) or None)

    def _many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> t.Any:
        cursor = self._connection.cursor()
        cursor.executemany(sql.replace("?", "%s").encode(), rows)
        return cursor

    def _in_one_go(self) -> t.ContextManager[t.Any]:
        return (
            t.cast("t.ContextManager[t.Any]", self._connection.pipeline())
            if self._psycopg.Pipeline.is_supported()
            else super()._in_one_go()
        )

    def _transact(self, work: t.Callable[[Database], _T], write: bool) -> _T:
        verb = "write" if write else "read"
        left = _TRIES
        while True:
            left -= 1
            try:
                return self._once(work, write)
            except Unreadable as error:
                raise self.failed(verb, str(error), "Repair or drop its tables dataarts_*") from None
            except self._psycopg.Error as error:
                lost = self._connection is None or self._connection.closed
                if lost:
                    self.close()
                if not left or not (lost or error.sqlstate in _IN_THE_WAY):
                    raise self._refusal(verb, error) from None

    def _refusal(self, verb: str, error: t.Any) -> JournalError:
        """The error for users: the server's or libpq's words in one line, without the password."""
        cause = _cause(str(error.diag.message_primary or error)) or type(error).__name__
        cause, self._outdated = f"{self._outdated}{cause}", ""
        secret = self._parameters.get("password")
        if secret:
            cause = cause.replace(secret, "***")
        remedy = next(
            remedy for pattern, remedy in _REMEDIES if re.search(pattern, f"{error.sqlstate or ''} {cause}".strip(), re.IGNORECASE)
        )
        return self.failed(verb, printable(cause, 300), f"Nothing is sent without it. {remedy}")

    def _connect(self, write: bool) -> bool:  # noqa: ARG002
        """See :class:`Database`. Never returns False: without a server it raises."""
        deadline = time.monotonic() + (self._patience or PATIENCE)
        while self._connection is None:
            try:
                self._connection = self._psycopg.connect(**self._parameters, autocommit=True, prepare_threshold=None)
            except self._psycopg.Error as error:
                # Where several servers are named, one that takes no changes may be about to become the primary server.
                starting = re.search(f"starting up|shutting down|recovery{f'|{_STANDBY}' if self._several else ''}", str(error))
                if not (self._patience or starting) or time.monotonic() >= deadline:
                    self._patience = 0.0  # later writes do not wait again
                    raise self._refusal("open", error) from None
                time.sleep(_PAUSE)
        self._patience = PATIENCE
        return True

    def _check_elsewhere(self) -> None:
        schemas = ", ".join(sorted(printable(row[0], 100) for row in self._rows(self.tables_elsewhere)))
        text = (
            f"The journal {self.name} has tables dataarts_* in a schema that is not in search_path of this role: {schemas}. Reruns recorded there"
            " are unknown to runs of this role. If both are to share a journal, set search_path of the role to that schema."
        )
        if schemas and text not in self.warnings:
            self.warnings.append(text)

    def _begin(self, write: bool) -> None:
        shared = f"; SELECT pg_advisory_xact_lock_shared({_WRITERS})"
        self.server = self._begun(f"{_BEGIN.format(access='READ WRITE')}{shared}" if write else _BEGIN.format(access="READ ONLY"))

    def _begun(self, begin: str) -> str | None:
        """Begin a transaction with the statements *begin*. Returns :attr:`server`, asked together with them, because a pooler may change it."""
        if self._says_server:
            try:
                cursor = self._execute(f"{begin}; {_SERVER}")
                while cursor.nextset():
                    pass
                return t.cast("str | None", cursor.fetchone()[0])
            except self._psycopg.Error as error:
                if self._connection.closed or error.sqlstate not in _NOT_SAID:
                    raise
            self._execute("ROLLBACK")
        self._execute(begin)
        self._says_server = False
        return None


def _driver() -> t.Any:
    try:
        import psycopg
    except ImportError as error:
        cause = printable(str(error).partition("\n")[0], 100)
        raise JournalError(
            f"Failed to open the journal: psycopg 3 cannot be imported by {sys.executable} ({cause}). "
            "Install psycopg[binary] for this Python, or leave journal out."
        ) from None
    return psycopg


def _cause(text: str) -> str:
    """The cause in *text*, an error of psycopg, in one line; of several servers the cause of each, unless it is the same."""
    servers = {f"{host}:{port}".replace("'", ""): _cause(line) for host, port, line in _EACH_SERVER.findall(text)}
    if len({*servers.values()}) > 1:
        return "; ".join(map(": ".join, servers.items()))
    return re.sub(r"^.*failed: +(?:FATAL: +)?", "", text.partition("\n")[0])


def _places(given: t.Mapping[str, t.Any]) -> list[str]:
    """``host:port`` of each server in the parameters *given*."""
    hosts = str(given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST") or "the local socket").split(",")
    ports = str(given.get("port") or os.environ.get("PGPORT") or "5432").split(",")
    return [f"{host}:{port or 5432}" for host, port in zip(hosts, ports if len(ports) > 1 else ports * len(hosts))]


def _name(given: t.Mapping[str, t.Any]) -> str:
    """Server, database and user of a connection, for messages."""
    if given.get("service"):
        return f"of PostgreSQL service {printable(given['service'], 100)}"
    user = given.get("user") or os.environ.get("PGUSER") or "the default user"
    database = given.get("dbname") or os.environ.get("PGDATABASE") or "the default database"
    return printable(f"in PostgreSQL at {', '.join(_places(given))}, database {database}, as {user}", 300)
