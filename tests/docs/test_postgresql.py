# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL with which the guide sets up a PostgreSQL journal is sufficient, and grants only the necessary rights."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Iterator

import psycopg
import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from tests.support.pages import blocks
from tests.support.playbook import ROOT
from tests.support.postgresql import PostgresServer, postgres_server
from tests.unit._journal.building import claim

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_exactly_once.rst"
MAKE, SHARE = ([line for line in block.text.splitlines() if line.strip()] for block in blocks(GUIDE) if block.language == "sql")
PASSWORD = "a-long-random-text"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server set up as in the guide, with two more roles. Role ``other`` was granted access after the first claim; ``stranger`` was not."""
    with pytest.MonkeyPatch.context() as patch, postgres_server() as running:
        for name in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(name)
        running.sql(*MAKE, *(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'" for user in ("other", "stranger")))
        with journal(running, "reruns") as owner:
            assert all(claim(owner, 1, 2))
        execute(running, "reruns", *SHARE)
        yield running


def journal(server: PostgresServer, user: str) -> Journal:
    return Journal(server.uri("reruns", user), password=PASSWORD, project_id="p")


def execute(server: PostgresServer, user: str, *statements: str) -> None:
    with psycopg.connect(server.uri("reruns", user), password=PASSWORD, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_it_takes_as_few_lines_as_the_guide_says() -> None:
    assert (len(MAKE), len(SHARE)) == (3, 2)
    assert all(line.endswith(";") for line in (*MAKE, *SHARE))


def test_a_second_role_shares_the_claims(server: PostgresServer) -> None:
    with journal(server, "reruns") as owner, journal(server, "other") as other:
        before, after = claim(other, 2, 3)
        assert before is None, "the owner has it"
        assert after in owner.history()
        assert other.history() == owner.history()


def test_nobody_else_can_open_it(server: PostgresServer) -> None:
    for act in (lambda strange: strange.history(), lambda strange: claim(strange, 9)):
        with journal(server, "stranger") as strange, pytest.raises(JournalError, match="permission denied for database"):
            act(strange)


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("reruns", "CREATE DATABASE more"),
        ("reruns", "CREATE ROLE more"),
        ("other", "CREATE TABLE more (x TEXT)"),
        ("other", "TRUNCATE dataarts_attempt"),
        ("other", "DROP TABLE dataarts_attempt"),
        ("other", "DROP DATABASE reruns"),
    ],
)
def test_the_roles_have_no_other_right(server: PostgresServer, user: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(server, user, statement)


def test_the_address_in_the_guide_names_that_role_and_database() -> None:
    (address,) = re.findall(r"^   dataarts_journal: (postgresql://\S+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    parts = urllib.parse.urlsplit(address)
    assert f"CREATE DATABASE {parts.path[1:]} OWNER {parts.username};" in MAKE
    assert parts.password is None
