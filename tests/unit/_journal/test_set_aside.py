# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An unreadable file is set aside once, under a name with the time, and the new journal knows it."""

from __future__ import annotations

import os
import re
import sqlite3
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from tests.unit._journal.building import ALL, WORKSPACE, T, at, claim
from tests.unit._journal.conftest import Place
from tests.unit._journal.controllers import Controllers, go, sets_aside

Damage = t.Callable[[Path], object]


def other_words(path: Path) -> None:
    path.write_bytes(b"Dear diary,\n" * 1000)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def torn_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def torn_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def statement(sql: str) -> Damage:
    def damage(path: Path) -> None:
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(sql)
        connection.close()

    return damage


DAMAGES: dict[str, Damage] = {
    "other words": other_words,
    "truncated": truncated,
    "torn header": torn_header,
    "torn middle": torn_middle,
    "an outcome that does not exist": statement("UPDATE dataarts_attempt SET outcome = 'hoped for'"),
    "a time that is none": statement("UPDATE dataarts_attempt SET sent_ms = 'soon'"),
    "text that is none": statement("UPDATE dataarts_attempt SET job_name = CAST(x'ff41' AS TEXT)"),
    "no version": statement("DELETE FROM dataarts_meta"),
}


@pytest.fixture
def place(sqlite: Place) -> Place:
    """A journal with data."""
    with sqlite.open() as journal:
        journal.cover([WORKSPACE], T)
        claim(journal, *range(300))
    return sqlite


def aside(place: Place) -> list[Path]:
    return sorted(path for path in place.path.parent.iterdir() if ".unreadable-" in path.name)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
class TestDamage:
    def test_it_is_set_aside_and_a_new_one_begun_that_says_so(self, place: Place, damage: Damage) -> None:
        damage(place.path)
        content = place.path.read_bytes()
        with place.open() as journal:
            fresh = journal.read([WORKSPACE], ALL, T)
            (warning,) = journal.warnings
            (kept,) = aside(place)
            assert re.fullmatch(r"journal\.db\.unreadable-[0-9]{8}T[0-9]{6}Z", kept.name)
            assert kept.name in warning
            assert kept.read_bytes() == content
            assert (fresh.attempts, fresh.reruns, fresh.complete_since) == ((), {}, None)
            assert fresh.set_aside_ms is not None
            assert 0 <= fresh.journal_ms - fresh.set_aside_ms < 60_000
            assert claim(journal, 1)[0]
        with place.open() as journal:  # the next process knows it too and does not warn
            later = journal.read([WORKSPACE], ALL, T)
            assert later.set_aside_ms == fresh.set_aside_ms
            assert len(later.attempts) == 1
            assert journal.warnings == []
        assert aside(place) == [kept]
        assert place.path.stat().st_mode & 0o777 == 0o600

    def test_check_mode_sees_a_new_one_and_changes_nothing(self, place: Place, damage: Damage) -> None:
        damage(place.path)
        before = place.path.read_bytes()
        with place.open(read_only=True) as journal:
            known = journal.read([WORKSPACE], ALL, T)
            assert (known.attempts, known.complete_since) == ((), None)
            assert known.set_aside_ms is not None
            assert journal.history() == []
            assert journal.read([WORKSPACE], ALL, T).set_aside_ms == known.set_aside_ms
            assert len(journal.warnings) == 1
            assert "The next rerun sets it aside" in journal.warnings[0]
        assert [path.name for path in place.path.parent.iterdir()] == ["journal.db"]
        assert place.path.read_bytes() == before

    def test_two_that_find_it_at_once_set_it_aside_once(self, place: Place, damage: Damage, controllers: Controllers) -> None:
        damage(place.path)
        with controllers.at(sets_aside, [(place.where, number) for number in range(6)]) as started:
            go(*started)
            answers = [controller.said().split() for controller in started]
        assert len({moment for moment, dummy in answers}) == 1, "all of them use the same new one"
        assert sorted(warnings for dummy, warnings in answers) == ["0"] * 5 + ["1"]
        assert len(aside(place)) == 1
        with place.open() as journal:
            assert len(journal.history()) == 6


class TestMoments:
    def test_a_claim_in_it_is_refused_and_the_next_run_knows_why(self, place: Place) -> None:
        with place.open() as journal:
            journal.notes("nothing")
            torn_middle(place.path)
            with pytest.raises(JournalError, match=r"malformed. It was set aside, so start again."):
                claim(journal, 400)
            assert journal.read([WORKSPACE], ALL, T).set_aside_ms is not None
            assert claim(journal, 400)[0]
        assert len(aside(place)) == 1

    def test_it_breaks_while_it_is_used(self, place: Place) -> None:
        with place.open() as journal:
            assert len(journal.history(limit=None)) == 300
            other_words(place.path)
            known = journal.read([WORKSPACE], ALL, T)
            assert (known.attempts, len(journal.warnings)) == ((), 1)
            assert known.set_aside_ms is not None

    def test_a_run_whose_claims_were_in_it_goes_on(self, place: Place) -> None:
        """It lacks them because it is new. One that was set aside before they were claimed has to have them."""
        with place.open() as journal:
            assert claim(journal, 400)[0]
            other_words(place.path)
            assert journal.read([WORKSPACE], ALL, T).set_aside_ms is not None
            assert journal.read([WORKSPACE], ALL, T).attempts == ()
            journal.cover([WORKSPACE], T)
            assert journal.read([WORKSPACE], ALL, T).attempts == ()
            assert claim(journal, 400)[0]
            place.rows("DELETE FROM dataarts_attempt RETURNING id")
            with pytest.raises(JournalError, match="no longer contains what this run has claimed"):
                journal.read([WORKSPACE], ALL, T)

    def test_what_another_process_put_in_its_place_is_not_touched(self, place: Place) -> None:
        with place.open() as slow, place.open() as other:
            slow.notes("nothing")
            other_words(place.path)
            other.read([WORKSPACE], ALL, T)
            claimed = claim(other, 1)
            assert slow.read([WORKSPACE], ALL, T).attempts == tuple(claimed)
            assert slow.warnings == []
        assert len(aside(place)) == 1

    def test_it_is_set_aside_while_another_opens_it(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        connect = sqlite3.connect

        def late(*arguments: t.Any, **options: t.Any) -> sqlite3.Connection:
            monkeypatch.setattr(sqlite3, "connect", connect)
            other_words(place.path)
            with place.open() as other:
                other.read([WORKSPACE], ALL, T)
                claim(other, 1)
            return t.cast(sqlite3.Connection, connect(*arguments, **options))

        with place.open() as journal:
            monkeypatch.setattr(sqlite3, "connect", late)
            assert len(journal.read([WORKSPACE], ALL, T).attempts) == 1
            claim(journal, 2)
            assert len(journal.read([WORKSPACE], ALL, T).attempts) == 2
        assert len(aside(place)) == 1

    def test_one_that_goes_on_with_the_old_one_claims_nothing_more(self, place: Place) -> None:
        with place.open() as unaware:
            claimed = claim(unaware, 400)
            damaged = place.path.with_name("damaged.db")
            other_words(damaged)
            damaged.replace(place.path)
            with place.open() as other:
                other.read([WORKSPACE], ALL, T)
            with pytest.raises(JournalError, match=r"replaced or removed while it was in use"):
                claim(unaware, 401)
            with pytest.raises(JournalError, match=r"replaced or removed while it was in use"):
                unaware.record(claimed, Outcome.ACCEPTED, now_ms=at(9))

    def test_a_rollback_journal_is_not_left_to_the_new_one(self, place: Place) -> None:
        """The old pages, applied to the new journal, would destroy it."""
        rollback = place.path.with_name("journal.db-journal")
        other_words(place.path)
        rollback.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
        with place.open() as journal:
            journal.read([WORKSPACE], ALL, T)
            assert not rollback.exists()
            assert claim(journal, 1)[0]
            assert len(journal.history()) == 1

    def test_a_file_of_another_kind_by_a_slip_of_the_pen(self, tmp_path: Path) -> None:
        inventory = tmp_path / "hosts.yml"
        inventory.write_text("all: {}\n" * 100, encoding="utf-8")

        def read(journal: Journal) -> None:
            journal.read([WORKSPACE], ALL, T)

        acts: list[tuple[t.Callable[[Journal], t.Any], bool]] = [(read, False), (read, True), (lambda journal: claim(journal, 1), False)]
        for act, read_only in acts:
            with (
                Place(str(inventory)).open(read_only=read_only) as journal,
                pytest.raises(JournalError, match=r"it is not named like one .*Move it away"),
            ):
                act(journal)
        assert list(tmp_path.iterdir()) == [inventory]

    def test_an_empty_file_is_a_new_journal(self, sqlite: Place) -> None:
        sqlite.path.touch()
        with sqlite.open(read_only=True) as journal:
            assert journal.read([WORKSPACE], ALL, T).set_aside_ms is None
        with sqlite.open() as journal:
            assert journal.history() == []
            assert claim(journal, 1)[0]
            assert journal.warnings == []

    def test_a_file_system_without_hard_links(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*dummy: object, **unused: object) -> None:
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", refuse)
        other_words(place.path)
        with place.open() as journal:
            assert journal.read([WORKSPACE], ALL, T).set_aside_ms is not None
        (kept,) = aside(place)
        assert kept.read_bytes().startswith(b"Dear diary")
