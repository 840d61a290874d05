# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the journal says when it cannot be used: one message with cause and remedy, without a password. All failures are real."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import socket
import sqlite3
import sys
import tempfile
import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import JournalError, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._journal import postgresql as postgresql_file
from ansible_collections.dataarts.factory.plugins.module_utils._journal import schema
from ansible_collections.dataarts.factory.plugins.module_utils._journal import sqlite as sqlite_file
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import error_result
from tests.support.certificates import localhost_tls
from tests.support.postgresql import PASSWORD, PostgresServer
from tests.unit._journal.building import ALL, WORKSPACE, T, at, claim
from tests.unit._journal.conftest import Place

Trouble = t.Callable[[Path], t.ContextManager[t.Any]]


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Run the block with an ordinary user's rights, because root may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def refused(journal: Journal, act: t.Callable[[Journal], object], pattern: str) -> str:
    """The message of the JournalError that *act* raises; it must match *pattern*."""
    with journal, pytest.raises(JournalError) as caught:
        act(journal)
    message = str(caught.value)
    assert re.search(pattern, message), message
    assert re.fullmatch(r"Failed to (open|read|write|find a place for) the journal.*: .*[^.]\. [A-Z].*[^.]\.", message), message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    result = error_result(caught.value, "Failed to rerun")
    assert result["error"]["kind"] == "journal"
    assert result["msg"].startswith("Failed to rerun: cannot ")
    return message


def claiming(journal: Journal) -> object:
    return claim(journal, 1)


def reading(journal: Journal) -> object:
    return journal.read([WORKSPACE], ALL, T)


@contextlib.contextmanager
def folder_without_rights(path: Path) -> Iterator[None]:
    path.parent.chmod(0o555)
    with unprivileged():
        yield
    path.parent.chmod(0o755)


@contextlib.contextmanager
def file_without_rights(path: Path) -> Iterator[None]:
    claim(Journal(str(path), password=None, project_id="p"), 9)
    path.chmod(0o000)
    with unprivileged():
        yield


@contextlib.contextmanager
def file_to_read_only(path: Path) -> Iterator[None]:
    claim(Journal(str(path), password=None, project_id="p"), 9)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    with unprivileged():
        yield
    path.parent.chmod(0o755)


@contextlib.contextmanager
def part_without_rights(path: Path, suffix: str = "-journal") -> Iterator[None]:
    """A file of another user's writer that died, or of a program that has the journal open."""
    claim(Journal(str(path), password=None, project_id="p"), 9)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        if suffix == "-wal":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE dataarts_other (a)")
        else:
            path.with_name(f"{path.name}{suffix}").write_bytes(b"x" * 600)
        path.chmod(0o666)
        path.with_name(f"{path.name}{suffix}").chmod(0o000)
        with unprivileged():
            yield


@contextlib.contextmanager
def unreachable_folder(path: Path) -> Iterator[None]:
    path.parent.chmod(0o000)
    with unprivileged():
        yield
    path.parent.chmod(0o755)


@contextlib.contextmanager
def symbolic_link(path: Path) -> Iterator[None]:
    path.with_name("elsewhere.db").touch()
    path.symlink_to("elsewhere.db")
    yield
    assert path.with_name("elsewhere.db").stat().st_size == 0


@contextlib.contextmanager
def dangling_link(path: Path) -> Iterator[None]:
    path.symlink_to("nothing.db")
    yield
    assert not path.with_name("nothing.db").exists()


@contextlib.contextmanager
def pipe(path: Path) -> Iterator[None]:
    os.mkfifo(path)
    yield


@contextlib.contextmanager
def other_program(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE dashboards (title TEXT)")
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before


@contextlib.contextmanager
def full_disk(path: Path) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def other_writer(path: Path) -> Iterator[None]:
    claim(Journal(str(path), password=None, project_id="p"), 9)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def lasting_reader(path: Path) -> Iterator[None]:
    claim(Journal(str(path), password=None, project_id="p"), 9)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM dataarts_attempt").fetchone()
        yield


#: Message about a part of the journal that this user may not use: it belongs to another user, unless the tests run without root's rights.
OF_ANOTHER = r": user (\S+) may not use {}, which belongs to " + (
    r"(?!\1 )\S+ and has mode {}\. Nothing is sent without it. Run as the user it belongs to, or set journal to a PostgreSQL database that both use"
    if os.geteuid() == 0
    else r"\1 and has mode {}\. Nothing is sent without it. Set journal to a path"
)
#: The same for its folder.
OF_FOLDER = r": user \S+ may not use home/, which belongs to \S+ and has mode {}\. Nothing is sent without it. Set journal to a path that this user can"

FILES: dict[str, tuple[Trouble, str]] = {
    "folder without rights": (
        folder_without_rights,
        f"Permission denied{OF_FOLDER.format('0555')}",
    ),
    "file without rights": (file_without_rights, f"unable to open database file{OF_ANOTHER.format('journal.db', '0000')}"),
    "file to read only": (file_to_read_only, f"attempt to write a readonly database{OF_ANOTHER.format('journal.db', '0444')}"),
    "its rollback journal without rights": (part_without_rights, OF_ANOTHER.format("journal.db-journal", "0000")),
    "its WAL without rights": (lambda path: part_without_rights(path, "-wal"), OF_ANOTHER.format("journal.db-wal", "0000")),
    "unreachable folder": (
        unreachable_folder,
        f"Permission denied{OF_FOLDER.format('0000')}",
    ),
    "symbolic link": (symbolic_link, "it is a symbolic link, not a file. Set journal to the file itself"),
    "dangling link": (dangling_link, "it is a symbolic link"),
    "pipe": (pipe, "it is a directory or device"),
    "database of another program": (other_program, "the database of another program. Move it away, or set journal to another path"),
    "full disk": (full_disk, "(disk I/O error|is full). Nothing is sent without it. (Check that|Free space on)"),
    "locked for longer than it waits": (
        other_writer,
        r"database is locked. .* for 0.2 seconds or stop it, then start again with the same since",
    ),
    "read for longer than it waits": (lasting_reader, "database is locked"),
}


class TestSqlite:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.2)

    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that every user can reach; pytest's own are only for root."""
        with tempfile.TemporaryDirectory(prefix="journal-") as name:
            os.chmod(name, 0o777)
            yield Path(name)

    @pytest.mark.parametrize(("trouble", "pattern"), FILES.values(), ids=FILES)
    def test_it_cannot_be_claimed_in(self, open_folder: Path, trouble: Trouble, pattern: str) -> None:
        place = Place(str(open_folder / "home" / "journal.db"))
        place.path.parent.mkdir()
        place.path.parent.chmod(0o777)
        with trouble(place.path):
            message = refused(place.open(), claiming, pattern)
        assert str(place.path) in message
        if trouble in (full_disk, other_writer, lasting_reader, folder_without_rights):
            place.path.parent.chmod(0o777)
            with place.open() as journal:
                assert claim(journal, 1)[0], "it works once the trouble is over"

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_file_of_an_earlier_schema_that_may_only_be_read(
        self, open_folder: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
    ) -> None:
        place = Place(str(open_folder / "home" / "journal.db"))
        place.path.parent.mkdir(mode=0o777)
        with monkeypatch.context() as patch, file_to_read_only(place.path):
            more = ("ALTER TABLE dataarts_attempt ADD COLUMN colour TEXT",)
            patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, more))
            for act in (reading, lambda journal: journal.history()):
                refused(
                    place.open(read_only=read_only),
                    act,
                    r"it has schema 8 and has to be brought to 9: attempt to write a readonly database: user .* Nothing is sent without it. "
                    "Run one task as a user who can write it, or set journal to a copy that this user can write",
                )
        assert len(place.open(read_only=True).history()) == 1

    def test_a_disk_that_is_full_in_the_middle(self, sqlite: Place) -> None:
        with sqlite.open() as journal:
            claimed = claim(journal, *range(20))
            pages = journal._database._rows("PRAGMA page_count")[0][0]
            journal._database._rows(f"PRAGMA max_page_count = {pages}")
            with pytest.raises(JournalError, match=r"database or disk is full. Nothing is sent without it. Free space on that file system"):
                claim(journal, *range(100, 400))
            assert journal.read([WORKSPACE], ALL, T).attempts == tuple(claimed)
            journal._database._rows("PRAGMA max_page_count = 1000000")
            assert all(claim(journal, *range(100, 400)))

    def test_a_file_in_the_place_of_its_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        refused(Place(str(tmp_path / "file" / "journal.db")).open(), claiming, "Not a directory")

    def test_a_user_without_a_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(JournalError, match=r"no home directory\. Set journal to a path"):
            Journal(None, password=None, project_id="p", environ={"HOME": "~nobody"})

    def test_a_journal_that_is_removed_or_replaced_in_the_middle(self, sqlite: Place, tmp_path: Path) -> None:
        with sqlite.open() as journal:
            claimed = claim(journal, 1)
            sqlite.path.rename(tmp_path / "away.db")
            refused(journal, claiming, "the file was replaced or removed while it was in use. Start again with the same since")
            claim(Journal(sqlite.where, password=None, project_id="p"), 1)
        with Place(str(tmp_path / "away.db")).open() as journal:
            assert journal.history() == claimed

    def test_a_python_without_sqlite(self, sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_file, "sqlite3", None)
        refused(sqlite.open(), reading, re.escape(f"{sys.executable} was built without sqlite3. Use a Python that has it"))

    @pytest.mark.parametrize("name", ["a\0b.db", "\ud800.db", "x" * 300 + ".db"])
    def test_a_name_that_no_file_can_have(self, tmp_path: Path, name: str) -> None:
        for act in (reading, claiming):
            refused(Place(str(tmp_path / name)).open(), act, "(null|surrogates|too long).*Set journal to a path that this user can write")

    def test_check_mode_after_a_writer_died(self, sqlite: Place) -> None:
        """Only a user who can write can roll back a hot journal."""
        with sqlite.open() as journal:
            claim(journal, *range(50))
        code = (
            "import sqlite3, os, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('PRAGMA cache_size = 1');"
            "c.execute('BEGIN'); c.execute('UPDATE dataarts_attempt SET purpose = hex(randomblob(400))'); os.kill(os.getpid(), 9)"
        )
        os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", code, sqlite.where)
        assert sqlite.path.with_name("journal.db-journal").stat().st_size > 0
        refused(sqlite.open(read_only=True), reading, "Run once without check mode")
        with sqlite.open() as journal:
            assert {entry.purpose for entry in journal.read([WORKSPACE], ALL, T).attempts} == {""}
        reading(sqlite.open(read_only=True))


class TestPlace:
    @pytest.mark.parametrize(
        ("where", "environ", "path"),
        [
            (None, {"HOME": "/home/jane"}, "/home/jane/.local/state/dataarts.factory/journal.db"),
            ("", {"HOME": "/home/jane", "XDG_STATE_HOME": "/state"}, "/state/dataarts.factory/journal.db"),
            (None, {"HOME": "/home/jane", "XDG_STATE_HOME": "state"}, "/home/jane/.local/state/dataarts.factory/journal.db"),
            ("reruns.db", {}, "{cwd}/reruns.db"),
            ("there/", {}, "{cwd}/there/journal.db"),
            ("there", {}, "{cwd}/there/journal.db"),
            ("../x/./a b?#%41.db", {}, "{cwd}/../x/a b?#%41.db"),
            ("~/reruns.db", {}, "{home}/reruns.db"),
            ("$HOME/reruns.db", {}, "{home}/reruns.db"),
            ("${HOME}/../cwd/$THERE", {}, "{cwd}/there/journal.db"),
            ("$UNSET_ANYWHERE.db", {}, "{cwd}/$UNSET_ANYWHERE.db"),
            ("/x/there.db", {}, "/x/there.db"),
        ],
    )
    def test_which_file_is_meant(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str | None, environ: dict[str, str], path: str
    ) -> None:
        (tmp_path / "cwd" / "there").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "cwd")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("THERE", "there/")
        meant = os.path.normpath(path.format(cwd=tmp_path / "cwd", home=tmp_path / "home"))
        assert Journal(where, password=None, project_id="p", environ=environ).name == meant

    def test_a_name_with_everything_that_is_special_in_a_uri(self, tmp_path: Path) -> None:
        place = Place(str(tmp_path / "a b?mode=memory#%41é\udcff.db"))
        with place.open() as journal:
            claim(journal, 1)
        assert [file.name for file in tmp_path.iterdir()] == [place.path.name]
        with place.open(read_only=True) as journal:
            assert len(journal.history()) == 1

    @pytest.mark.parametrize(
        "where", ["mysql://u:s3cret@h/d", "sqlite:///tmp/x", "POSTGRESQL://u:s3cret@h/d", "file:/tmp/x", "postgresql:/u:s3cret@h"]
    )
    def test_a_uri_of_another_kind(self, where: str) -> None:
        with pytest.raises(OptionError, match=r"which is not supported. Set a path, or a URI that begins with postgresql://") as caught:
            Journal(where, password=None, project_id="p")
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize(
        "where",
        ["host=h dbname=d user=u password=s3cret", "user=u password=s3cret host = h", "/home/u/dbname=d password=s3cret", " service=x"],
    )
    def test_libpq_s_other_form_makes_no_file(self, where: str) -> None:
        with pytest.raises(
            OptionError, match=r"form of key=value, which is not supported. Set a URI that begins with postgresql://"
        ) as caught:
            Journal(where, password=None, project_id="p")
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize("where", ["reruns:s3cret@db.example.com/reruns", "/home/u/reruns:s3c:ret@db:5432/reruns", " u:s3cret@h"])
    def test_an_address_without_its_scheme_makes_no_file(self, where: str) -> None:
        with pytest.raises(OptionError, match=r"without postgresql:// in front of it. Set a URI that begins with postgresql://") as caught:
            Journal(where, password=None, project_id="p")
        assert "s3c" not in str(caught.value)

    @pytest.mark.parametrize("where", ["me@work/journal.db", "12:30/journal.db", "a:b/c/me@work.db"])
    def test_a_path_with_some_of_its_characters(self, tmp_path: Path, where: str) -> None:
        assert Journal(str(tmp_path / where), password=None, project_id="p").name == str(tmp_path / where)

    def test_blanks_around_a_uri_make_no_file_of_it(self) -> None:
        assert Journal(" postgresql://u@h/d\n", password=None, project_id="p").name == "in PostgreSQL at h:5432, database d, as u"

    def test_blanks_alone_name_the_default(self, tmp_path: Path) -> None:
        journal = Journal("  ", password=None, project_id="p", environ={"XDG_STATE_HOME": str(tmp_path)})
        assert journal.name == str(tmp_path / "dataarts.factory" / "journal.db")


@contextlib.contextmanager
def tls_in_front(server: PostgresServer, folder: Path) -> Iterator[tuple[int, Path]]:
    """A TLS port with a self-signed certificate, in PostgreSQL's protocol, in front of *server*, which has no TLS."""
    context, certificate = localhost_tls(folder)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.recv(8)  # SSLRequest
            client.sendall(b"S")
            with context.wrap_socket(client, server_side=True) as secured, socket.create_connection(("127.0.0.1", server.port)) as behind:
                threading.Thread(target=pump, args=(behind, secured), daemon=True).start()
                pump(secured, behind)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], certificate
    listener.close()


class TestPostgresql:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgresql_file, "PATIENCE", 0.3)
        short = postgresql_file._BEGIN.replace("'30s'", "'300ms'")
        monkeypatch.setattr(postgresql_file, "_BEGIN", short)

    @pytest.mark.parametrize(
        ("changes", "password", "pattern"),
        [
            ({"port": 1}, PASSWORD, r"Connection refused. Nothing is sent without it. Check journal and that the server runs"),
            ({}, "wr0ng", r"password authentication failed for user .journal.. .* Check the user in journal and its password"),
            ({}, None, r"no password supplied. .* Check the user in journal and its password: journal_password, PGPASSWORD or ~/.pgpass"),
            ({"user": "stranger"}, "wr0ng", r"password authentication failed for user .stranger."),
            ({"database": "nowhere"}, PASSWORD, r"database .nowhere. does not exist. .* Create the database, or correct its name"),
            ({"sslmode": "require"}, PASSWORD, r"does not support SSL, but SSL was required. .*sslmode as the server offers"),
            ({"host": "nowhere.invalid"}, PASSWORD, r"nowhere.invalid.*(resolve|translate|known).*\. .*Check journal and that the server"),
            ({"port": 1, "host": "127.0.0.1,127.0.0.1"}, PASSWORD, r"at 127.0.0.1:1, 127.0.0.1:1, .*as journal: Connection refused\. "),
            ({"port": 1, "host": "127.0.0.1,nowhere.invalid"}, PASSWORD, r"at 127.0.0.1:1, nowhere.invalid:1, .*: Connection refused\. "),
            ({"port": "port"}, PASSWORD, "invalid integer value .port. .*Check journal"),
        ],
        ids=str,
    )
    def test_it_cannot_be_opened(self, postgresql: PostgresServer, changes: dict[str, t.Any], password: str | None, pattern: str) -> None:
        journal = Place(postgresql.uri(**changes), password).open()
        message = refused(journal, reading, pattern)
        assert message.startswith("Failed to open the journal in PostgreSQL at ")
        assert f"database {changes.get('database', 'postgres')}, as {changes.get('user', 'journal')}" in message
        assert password is None or password not in message

    def test_a_server_that_does_not_answer(self, postgresql: PostgresServer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            uri = postgresql.uri(port=silent.getsockname()[1], connect_timeout="2")
            refused(
                Place(uri, PASSWORD).open(),
                reading,
                "timeout expired. .*Check journal and that the server runs and can be reached from here",
            )

    def test_a_role_without_rights(self, postgres: Place) -> None:
        assert postgres.server is not None
        postgres.server.sql("CREATE ROLE poor LOGIN PASSWORD 'p00r'")
        poor = Place(postgres.server.uri(postgres.database, "poor"), "p00r")
        refused(
            poor.open(),
            claiming,
            r"permission denied for schema public. .* Grant the role CREATE on the schema, or let another role make the tables",
        )
        with postgres.open() as journal:
            claim(journal, 1)
        refused(poor.open(), reading, r"permission denied for table dataarts_\w+. .* grant SELECT, INSERT, UPDATE and DELETE on them")

    @pytest.mark.parametrize("function", ["pg_walfile_name(pg_lsn)", "pg_control_system()"])
    def test_a_role_that_may_not_see_which_server_it_is_on(self, postgres: Place, function: str) -> None:
        """Then a failover is not noticed; all else works."""
        assert postgres.server is not None
        postgres.server.sql(f"CREATE ROLE blind_{postgres.database} LOGIN PASSWORD 'bl1nd'")
        postgres.rows(f"GRANT CREATE ON SCHEMA public TO blind_{postgres.database}; SELECT 1")
        postgres.rows(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC; SELECT 1")
        with Place(postgres.server.uri(postgres.database, f"blind_{postgres.database}"), "bl1nd").open() as journal:
            reading(journal)
            claimed = claim(journal, 1)
            journal.record(claimed, Outcome.ACCEPTED, now_ms=at(9))
            assert journal.read([WORKSPACE], ALL, T).lost_ms is None
        assert not postgres.rows("SELECT 1 FROM dataarts_meta WHERE key = 'server'")

    def test_a_copy_on_another_server_says_so_to_every_run(self, postgres: Place) -> None:
        """Check mode writes nothing."""
        with postgres.open() as journal:
            journal.cover([WORKSPACE], T)
        ((server,),) = postgres.rows("SELECT value FROM dataarts_meta WHERE key = 'server'")
        assert re.fullmatch(r"\d+/00000001", server)
        postgres.rows("UPDATE dataarts_meta SET value = '1/00000007' WHERE key = 'server' RETURNING 1")
        for dummy in range(2):
            with postgres.open(read_only=True) as journal:
                known = journal.read([WORKSPACE], ALL, T)
                assert (known.complete_since, known.lost_ms is None) == (T, False)
        for dummy in range(2):
            with postgres.open() as journal:
                known = journal.read([WORKSPACE], ALL, T)
                assert (known.complete_since, known.lost_ms is None) == (None, False)
        assert postgres.rows("SELECT value FROM dataarts_meta WHERE key = 'server'") == [(server,)]

    def test_a_role_that_may_not_log_in(self, postgres: Place) -> None:
        assert postgres.server is not None
        postgres.server.sql("DROP ROLE IF EXISTS locked", "CREATE ROLE locked PASSWORD 'l0cked'")
        locked = Place(postgres.server.uri(postgres.database, "locked"), "l0cked")
        refused(locked.open(), reading, "is not permitted to log in. .* Check the user in journal and its password")

    def test_a_role_that_looks_for_its_tables_in_no_schema(self, postgres: Place) -> None:
        nowhere = Place(f"{postgres.where}?options=-csearch_path%3Dnowhere", PASSWORD)
        refused(
            nowhere.open(), claiming, "no schema has been selected to create in. .* Set search_path of the role to the schema of the tables"
        )

    def test_tables_in_another_schema(self, postgres: Place) -> None:
        """Two roles that share a database need not share the journal. Each run says so until its tables are made."""
        with postgres.open() as journal:
            claim(journal, 1)
            reading(journal)
            assert not journal.warnings
        postgres.rows("CREATE SCHEMA other; SELECT 1")
        other = Place(f"{postgres.where}?options=-csearch_path%3Dother,public", PASSWORD)
        with other.open() as journal:
            assert not claim(journal, 1)[0]
            assert not journal.warnings, "they are in the second one"
        other = Place(f"{postgres.where}?options=-csearch_path%3Dother", PASSWORD)
        with other.open() as journal:
            reading(journal)
            assert claim(journal, 1)[0]
            (warning,) = journal.warnings
            assert "has tables dataarts_* in a schema that is not in search_path of this role: public. Reruns recorded there" in warning
        with other.open() as journal:
            reading(journal)
            assert not journal.warnings

    def test_tables_of_another_kind_under_its_names(self, postgres: Place) -> None:
        with postgres.open() as journal:
            claim(journal, 1)
        postgres.rows("ALTER TABLE dataarts_attempt DROP COLUMN purpose")
        refused(postgres.open(), reading, r"column .purpose. does not exist. .* Check journal, the database and its tables dataarts_\*")
        postgres.rows("UPDATE dataarts_meta SET value = 'x'")
        refused(postgres.open(), reading, r"it does not say its version. Repair or drop its tables dataarts_\*")

    def test_tls_that_does_not_verify(self, postgres: Place, tmp_path: Path) -> None:
        assert postgres.server is not None
        with tls_in_front(postgres.server, tmp_path) as (port, certificate):

            def place(**more: str) -> Place:
                uri = postgres.server and postgres.server.uri(postgres.database, port=port, host="localhost", sslmode="verify-full", **more)
                return Place(str(uri), PASSWORD)

            (tmp_path / "other").mkdir()
            other = localhost_tls(tmp_path / "other")[1]
            for root in (str(other), "/nonexistent/root.crt", "system"):
                refused(place(sslrootcert=root).open(), reading, "(?i)certificate.*Set sslrootcert in journal to the file of the authority")
            with place(sslrootcert=str(certificate)).open() as journal:
                assert claim(journal, 1)[0]

    def test_a_table_that_somebody_else_holds(self, postgres: Place) -> None:
        import psycopg

        with postgres.open() as journal:
            claim(journal, 1)
            with psycopg.connect(postgres.where, password=PASSWORD) as connection:
                connection.execute("LOCK TABLE dataarts_attempt")
                for act in (claiming, reading):
                    refused(
                        journal, act, r"canceling statement due to lock timeout. .* Another session holds the tables: wait for it or end it"
                    )
            assert claim(journal, 2)[0]

    def test_a_database_that_may_only_be_read(self, postgres: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on a standby."""
        with postgres.open() as journal:
            claim(journal, 1)
        monkeypatch.setattr(postgresql_file, "_BEGIN", postgresql_file._BEGIN.replace("{access}", "READ ONLY"))
        refused(postgres.open(), lambda journal: claim(journal, 2), "read-only transaction. .* Set journal to the primary server")

    @pytest.mark.parametrize(
        "uri",
        [
            "postgresql://u:s3cret@h/d?wat=1",
            "postgresql://u:s3cret%zz@h/d",
            "postgresql://u:s3cret@[::1/d",
            "postgresql://u:pass@s3cret@127.0.0.1/d",
            "postgresql://u:s3cret/word@127.0.0.1/d",
            "postgresql://u:1/s3cret@127.0.0.1/d?sslmode=disable",
        ],
    )
    def test_a_uri_that_cannot_be_read(self, uri: str) -> None:
        with pytest.raises(JournalError, match=r"cannot be read. Write postgresql://user@host:5432/database") as caught:
            Journal(uri, password=None, project_id="p")
        assert "s3cret" not in repr(caught.value)

    def test_a_password_in_the_uri_works_and_is_never_shown(self, postgres: Place) -> None:
        assert postgres.server is not None
        host = f"@127.0.0.1:{postgres.server.port}/{postgres.database}"
        with Journal(f"postgresql://journal:owner-%24ecret%401{host}", password=None, project_id="p") as journal:
            assert claim(journal, 1)[0]
            assert "ecret" not in f"{journal!r} {journal.name} {journal._database!r}"
        with Journal(f"postgresql://journal:s3cret{host}", password=PASSWORD, project_id="p") as journal:
            assert len(journal.history()) == 1, "journal_password goes first"
        message = refused(
            Journal(f"postgres://journal:s3cret{host}", password=None, project_id="p"), reading, "password authentication failed"
        )
        assert "s3cret" not in message

    @pytest.mark.parametrize("way", ["PGPASSWORD", "PGPASSFILE", "service"])
    def test_passwords_in_the_ways_of_libpq(self, postgres: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        assert postgres.server is not None
        file, where = tmp_path / "file", postgres.where
        if way == "PGPASSWORD":
            monkeypatch.setenv(way, PASSWORD)
        elif way == "PGPASSFILE":
            file.write_text(f"127.0.0.1:*:*:journal:{PASSWORD}\n", encoding="utf-8")
            monkeypatch.setenv(way, str(file))
        else:
            words = {
                "host": "127.0.0.1",
                "port": postgres.server.port,
                "user": "journal",
                "password": PASSWORD,
                "dbname": postgres.database,
            }
            file.write_text("[reruns]\n" + "".join(f"{name}={word}\n" for name, word in words.items()), encoding="utf-8")
            monkeypatch.setenv("PGSERVICEFILE", str(file))
            where = "postgresql://?service=reruns"
        file.touch()
        file.chmod(0o600)
        with Place(where).open() as journal:
            assert claim(journal, 1)[0]
            assert journal.name == "of PostgreSQL service reruns" or way != "service"

    @pytest.mark.parametrize("cause", ["No module named 'psycopg'", "no pq wrapper available"])
    def test_without_its_driver(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cause: str) -> None:
        (tmp_path / "psycopg.py").write_text(f'raise ImportError("""{cause}\nmore""")\n', encoding="utf-8")
        for name in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.syspath_prepend(str(tmp_path))
        with pytest.raises(JournalError) as caught:
            Journal("postgresql://h/d", password=None, project_id="p")
        assert str(caught.value) == (
            f"Failed to open the journal: psycopg 3 cannot be imported by {sys.executable} ({cause}). "
            "Install psycopg[binary] for this Python, or leave journal out."
        )
