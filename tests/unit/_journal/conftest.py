# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real databases for tests of the journal."""

from __future__ import annotations

import dataclasses
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from tests.support.postgresql import PASSWORD, PostgresServer, postgres_server
from tests.unit._journal.controllers import Controllers


@dataclasses.dataclass
class Place:
    """Where a test's journal goes; empty at first."""

    where: str
    password: str | None = None
    server: PostgresServer | None = None
    database: str = ""

    @property
    def path(self) -> Path:
        return Path(self.where)

    def open(self, project_id: str = "p", *, read_only: bool = False) -> t.Any:
        return Journal(self.where, password=self.password, project_id=project_id, read_only=read_only)

    def rows(self, sql: str) -> list[t.Any]:
        """Rows of the journal, read with a connection of the test's own."""
        if self.server is not None:
            return self.server.sql(sql, database=self.database)
        import sqlite3

        connection = sqlite3.connect(self.where)
        with connection:
            rows = connection.execute(sql).fetchall()
        connection.close()
        return rows


@pytest.fixture(autouse=True)
def _nothing_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql() -> t.Any:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def controllers() -> t.Any:
    made = Controllers()
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "journal.db"))


@pytest.fixture
def postgres(postgresql: PostgresServer) -> Place:
    database = postgresql.database()
    return Place(postgresql.uri(database), PASSWORD, postgresql, database)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    return t.cast("Place", request.getfixturevalue(request.param))
