# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a SQLite file (3.24 or newer), with a rollback journal instead of WAL: home directories may be on network file systems."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import stat
import sys
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

from .._common.errors import JournalError
from .._common.text import printable
from .database import Database
from .schema import Unreadable

try:
    import sqlite3
except ImportError:  # this Python was built without it
    sqlite3 = None  # type: ignore[assignment]

_T = t.TypeVar("_T")
FILE_NAME = "journal.db"
#: Marks a SQLite file as a journal: "DAFJ".
APPLICATION_ID = 0x4441464A
#: Seconds to wait for another writer.
BUSY_SECONDS = 30.0
_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_BROKEN = ("file is not a database", "malformed", "could not decode to utf-8")
_ANOTHER_PATH = "Set journal to a path that this user can write and that every run of this user uses"
#: Files next to the journal: SQLite's own, and the lock for setting the journal aside.
_PARTS = ("-journal", "-wal", "-shm")
_LOCK = ".lock"
#: Pattern for the cause -> remedy. Another path would not know what other users have sent.
_REMEDIES = (
    (
        r"^it has schema.*(readonly|unable to open)",
        "Run one task as a user who can write it, or set journal to a copy that this user can write",
    ),
    (r"locked", "Wait for the process that has held it for {busy:g} seconds or stop it, then start again with the same since"),
    (r"full|no space|quota", "Free space on that file system, then start again with the same since"),
    (r"i/o error", "Check that file system: its space, quota and server. Then start again with the same since"),
    (
        r"user (\S+) may not use .*[^/], which belongs to (?!\1 )",
        "Run as the user it belongs to, or set journal to a PostgreSQL database that both use",
    ),
    (r"", _ANOTHER_PATH),
)


def journal_path(where: str | None, environ: t.Mapping[str, str]) -> Path:
    """The file for option ``journal``: *where*; a file in *where* if that is a directory; by default in ``$XDG_STATE_HOME`` or ``~/.local/state``.

    A relative path counts from the current directory. ``~`` and environment variables are expanded here, as Ansible does for options of type path;
    this option has another type because it may be a database URI, where nothing is expanded.

    :raises JournalError: there is no home directory to put it in.
    """
    if where:
        where = os.path.expanduser(os.path.expandvars(where))
        path = Path(os.path.abspath(where))
        return path / FILE_NAME if where.endswith(os.sep) or os.path.isdir(path) else path
    base = environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        home = environ.get("HOME") or os.path.expanduser("~")
        if not os.path.isabs(home):
            raise JournalError(f"Failed to find a place for the journal: this user has no home directory. {_ANOTHER_PATH}.")
        base = os.path.join(home, ".local", "state")
    return Path(base, "dataarts.factory", FILE_NAME)


class SqliteDatabase(Database):
    """The journal's database in a SQLite file. An unreadable file is set aside and replaced by a new one.

    :param path: absolute.
    """

    identity = "INTEGER PRIMARY KEY AUTOINCREMENT"
    tables_exist = "SELECT 1 FROM sqlite_master WHERE name = 'dataarts_meta'"
    exclude_others = f"PRAGMA application_id = {APPLICATION_ID}"  # BEGIN IMMEDIATE has excluded others already; this marks the file

    def __init__(self, path: Path, read_only: bool) -> None:
        super().__init__(printable(path), read_only)
        self.path = path
        self._inode: tuple[int, int] | None = None

    @property
    def exists(self) -> bool:
        """Whether the file exists. :raises JournalError: it is not a regular file."""
        return self._file() is not None

    def clock_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def _execute(self, sql: str, values: t.Sequence[t.Any] = ()) -> t.Any:
        return self._connection.execute(sql, values)

    def _many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> t.Any:
        return self._connection.executemany(sql, rows)

    def _transact(self, work: t.Callable[[Database], _T], write: bool) -> _T:
        if sqlite3 is None:
            raise self.failed("open", f"{sys.executable} was built without sqlite3", "Use a Python that has it, or a PostgreSQL journal")
        verb = "write" if write else "read"
        try:
            try:
                return self._once(work, write)
            except (Unreadable, sqlite3.Error) as error:
                if not _is_broken(error):
                    raise
                self._set_aside(printable(error, 200))
                if write:
                    raise self.failed(verb, printable(error, 200), "It was set aside, so start again") from None
            return work(self) if self.read_only else self._once(work, False)
        except (Unreadable, sqlite3.Error) as error:
            raise self._refusal(verb, printable(error, 200)) from None
        except (OSError, ValueError) as error:  # ValueError: an impossible path
            raise self._refusal(verb, getattr(error, "strerror", None) or printable(error, 200)) from None

    def _refusal(self, verb: str, cause: str) -> JournalError:
        cause, self._outdated = self._explained(f"{self._outdated}{cause}"), ""
        remedy = next(remedy for pattern, remedy in _REMEDIES if re.search(pattern, cause.lower()))
        if self.read_only and cause == "attempt to write a readonly database":  # a process died while writing; only a writer can undo that
            remedy = "Run once without check mode"
        return self.failed(verb, cause, f"Nothing is sent without it. {remedy.format(busy=BUSY_SECONDS)}")

    def _explained(self, cause: str) -> str:
        """*cause*, plus the file or directory that this user may not use, if SQLite does not name it."""
        beside = [Path(f"{self.path}{suffix}") for suffix in (*_PARTS, _LOCK)]
        parts = [self.path, *beside, self.path.parent] if re.search("unable to open|readonly|denied", cause) else []
        for part in parts:
            with contextlib.suppress(OSError):
                status = part.stat()
                if os.statvfs(part).f_flag & os.ST_RDONLY:
                    return f"{cause}: its file system is mounted read-only"
                if not os.access(part, os.R_OK | os.W_OK | (os.X_OK if part == self.path.parent else 0), effective_ids=True):
                    name = printable(part.name if os.path.lexists(self.path) else f"{part.name}/")
                    owner, mode = _name_of(status.st_uid), stat.S_IMODE(status.st_mode)
                    return f"{cause}: user {_name_of(os.geteuid())} may not use {name}, which belongs to {owner} and has mode {mode:04o}"
        return cause

    def _connect(self, write: bool) -> bool:
        if self._connection is not None:
            return True
        uri = f"{self.path.as_uri()}?mode={'ro' if self.read_only else 'rw'}"
        while self._connection is None:
            self._inode = self._file() or (self._make(self.path) if write else None)
            if self._inode is None and not write:
                return False
            connection = sqlite3.connect(uri, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
            if self._file() == self._inode:
                self._connection = connection
            else:  # another process has set the file aside: it is unknown which of the two was opened
                connection.close()
        # EXTRA also syncs the directory after a commit; otherwise a power failure could undo the last one.
        self._execute("PRAGMA synchronous = EXTRA")
        # In this order, because the transaction that creates the tables also marks the file.
        if self._rows("SELECT 1 FROM sqlite_master LIMIT 1") and self._rows("PRAGMA application_id") != [(APPLICATION_ID,)]:
            self.close()
            raise self.failed("open", "the file is the database of another program", "Move it away, or set journal to another path")
        return True

    def _begin(self, write: bool) -> None:
        if write and self._file() != self._inode:
            raise self.failed("write", "the file was replaced or removed while it was in use", "Start again with the same since")
        self._execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def _file(self) -> tuple[int, int] | None:
        """Device and inode of the file, or None.

        :raises JournalError: it is not a regular file. It is not opened to check that: closing it would drop SQLite's locks on it.
        """
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISREG(status.st_mode):
            return status.st_dev, status.st_ino
        what = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "a directory or device"
        raise self.failed("open", f"it is {what}, not a file", "Set journal to the file itself")

    def _make(self, path: Path) -> tuple[int, int] | None:
        """Durably create an empty file (mode 0600) and its directory (0700), unless another process was faster; return :meth:`_file`."""
        directory = path.parent
        if not directory.is_dir():
            directory.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                directory.mkdir(mode=0o700)
                _sync(directory.parent)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            _sync(directory)
        return self._file()

    def _set_aside(self, cause: str) -> None:
        """Replace the unreadable journal by a new one, and keep it under a name with the time.

        The replacement is atomic, and only done if the file is still the one that was read: another process may have replaced it. The new
        journal knows when it was begun.
        """
        unreadable = self._inode
        self.close()
        now = self.clock_ms()
        if "not a database" in cause and self.path.suffix not in _SUFFIXES:  # a typo in the path must not move other files
            raise self.failed(
                "read", f"{cause}, and it is not named like one ({', '.join(_SUFFIXES)})", "Move it away, or set another path"
            )
        if self.read_only:
            if self.set_aside_ms is None:
                self.set_aside_ms = now
                self.warnings.append(
                    f"The journal {self.name} cannot be read ({cause}). The next rerun sets it aside and begins a new one."
                )
            return
        aside = self.path.with_name(f"{self.path.name}.unreadable-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now / 1000))}")
        with self._exclusive():
            if self._file() != unreadable:
                return
            fresh = self.path.with_name(f"{self.path.name}.new")
            _begin_anew(fresh, now)
            for suffix in _PARTS:  # first, because SQLite would apply it to the new one
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{self.path}{suffix}", f"{aside}{suffix}")
            try:
                os.link(self.path, aside)
            except OSError:  # no hard links on this file system, or a second time within a second
                aside = aside.with_name(f"{aside.name}-{os.getpid()}")
                os.rename(self.path, aside)
            os.replace(fresh, self.path)
            _sync(self.path.parent)
        self.warnings.append(
            f"The journal {self.name} could not be read ({cause}) and was set aside as {aside.name}."
            " What was sent or paused before now is unknown to the new one."
        )

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Exclude other processes from setting this journal aside; the kernel releases the lock if this process ends."""
        lock = os.open(f"{self.path}{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _begin_anew(path: Path, now: int) -> None:
    """Create a journal at *path* that knows that it replaces one set aside at *now* (epoch ms)."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    database = SqliteDatabase(path, False)
    note = ("INSERT INTO dataarts_meta (key, value) VALUES ('set_aside_ms', ?)", (str(now),))
    database.transact(lambda anew: anew.change([note]), write=True)
    database.close()


def _name_of(uid: int) -> str:
    with contextlib.suppress(KeyError):  # a user in a container may have no name
        return pwd.getpwuid(uid).pw_name
    return str(uid)


def _is_broken(error: Exception) -> bool:
    return isinstance(error, Unreadable) or any(part in str(error).lower() for part in _BROKEN)


def _sync(directory: Path) -> None:
    """Sync the entries of *directory* to the disk."""
    fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
