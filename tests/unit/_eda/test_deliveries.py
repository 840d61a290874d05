# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source, the record of what was told: over restarts, torn by a crash, damaged, foreign, locked."""

from __future__ import annotations

import json
import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import LedgerError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.state_files import Identity
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.cursor import Cursor
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.failures import Failure, Seen
from tests.unit.building import WORKSPACE, at, instance, key

WHO = Identity("https://dayu.example.com", "0f3c9e", WORKSPACE)


def opened(path: t.Any, who: t.Any = WHO) -> t.Any:
    cursor = Cursor(str(path), who)
    cursor.open()
    return cursor


def failure(number: t.Any = 1, start: t.Any = -3600) -> t.Any:
    return Failure(instance(Status.FAIL, start, start + 60, number=number))


def test_what_was_told_and_settled_is_there_the_next_time(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path / "state")
    for number in (1, 2, 3):
        cursor.take(failure(number), at(number))
    cursor.settle(at(2))
    cursor.take(failure(1, -60), at(9))
    cursor.close()
    again = opened(tmp_path / "state")
    assert again.told == cursor.told == {key(1): Seen(at(-60), at(9)), key(2): Seen(at(-3600), at(2)), key(3): Seen(at(-3600), at(3))}
    assert again.settled == at(2)
    again.close()
    assert stat.S_IMODE(os.stat(again.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(again.path.parent).st_mode) == 0o700


def test_nothing_is_written_where_nothing_settles(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    cursor.take(failure(1), at(5))
    size = cursor.path.stat().st_size
    cursor.settle(at(4))
    assert (cursor.path.stat().st_size, cursor.settled) == (size, 0)
    cursor.settle(at(5))
    assert cursor.settled == at(5)
    cursor.settle(at(90))
    assert cursor.settled == at(5)
    cursor.close()


def test_what_was_told_after_what_settled_is_in_doubt(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    for number in (1, 2, 3):
        cursor.take(failure(number), at(number))
    assert cursor.doubtful(at(9)) == {key(1), key(2), key(3)}
    cursor.settle(at(2))
    assert cursor.doubtful(at(9)) == {key(3)}
    cursor.close()


def test_a_time_from_the_future_settles_nothing(tmp_path: t.Any) -> None:
    """A clock that was wrong for a moment must not make everything that is told from now on count as acted on."""
    cursor = opened(tmp_path)
    cursor.take(failure(1), at(1))
    cursor.settle(at(10**8))
    cursor.take(failure(2), at(5))
    cursor.close()
    again = opened(tmp_path)
    assert again.doubtful(at(9)) == {key(1), key(2)}
    again.settle(at(2))
    again.close()
    once_more = opened(tmp_path)
    assert once_more.doubtful(at(9)) == {key(2)}
    once_more.close()


def test_a_line_torn_by_a_crash_is_dropped_at_every_length(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    cursor.take(failure(1), at(1))
    whole = cursor.path.read_bytes()
    cursor.take(failure(2), at(2))
    cursor.close()
    full = cursor.path.read_bytes()
    for length in range(len(whole), len(full)):
        cursor.path.write_bytes(full[:length])
        again = opened(tmp_path)
        assert set(again.told) == {key(1)}
        again.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"garbage\n", "line 1 is damaged"),
        (b'{"events":1}\n', "the record of another workspace, or of another version"),
        (b"[1]\n", "line 1 is damaged"),
        (b"@header@\n{}\n", "line 2 is damaged"),
        (b'@header@\n{"told":[1]}\n', "line 2 is damaged"),
        (b'@header@\n{"settled":"x"}\n', "line 2 is damaged"),
        (b"@header@\n\xff\xfe\n", "line 2 is damaged"),
        (b"@header@\n" + b"[" * 100_000 + b"\n", "line 2 is damaged"),
    ],
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: t.Any, text: t.Any, words: t.Any) -> None:
    cursor = opened(tmp_path)
    cursor.close()
    header = cursor.path.read_bytes().split(b"\n")[0]
    broken = text.replace(b"@header@", header)
    cursor.path.write_bytes(broken)
    for dummy in range(2):
        with pytest.raises(LedgerError) as caught:
            opened(tmp_path)
        assert str(cursor.path) in str(caught.value)
        assert words in str(caught.value)
        assert "move it away" in str(caught.value)
    assert cursor.path.read_bytes() == broken


def test_the_file_of_another_project_is_another_file_and_cannot_be_mistaken(tmp_path: t.Any) -> None:
    cursor, other = Cursor(str(tmp_path), WHO), Cursor(str(tmp_path), Identity(WHO.host, "other", WORKSPACE))
    assert cursor.path != other.path
    cursor.open()
    cursor.close()
    os.replace(cursor.path, other.path)
    with pytest.raises(LedgerError, match="another workspace"):
        other.open()


def test_one_source_at_a_time(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    with pytest.raises(LedgerError) as caught:
        opened(tmp_path)
    assert f"process {os.getpid()} on this machine is watching the failures there" in str(caught.value)
    assert "state_path" in str(caught.value)
    cursor.close()
    opened(tmp_path).close()


def test_a_file_that_grew_is_written_anew(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    for number in range(1100):
        cursor.take(failure(1, number), at(number))
    cursor.forget(0)
    assert len(cursor.path.read_bytes().splitlines()) == 3
    cursor.take(failure(2), at(2))
    cursor.close()
    again = opened(tmp_path)
    assert set(again.told) == {key(1), key(2)}
    again.forget(key(2).plan_time + 86_400_000 + 1)
    assert again.told == {}
    again.close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: t.Any) -> None:
    blocked = Path(tmp_path, "file")
    blocked.write_text("")
    with pytest.raises(LedgerError, match="Give a directory that this user can write with state_path"):
        opened(blocked / "state")


def test_nothing_but_ids_and_times_is_in_the_file(tmp_path: t.Any) -> None:
    cursor = opened(tmp_path)
    cursor.take(failure(1), at(1))
    cursor.close()
    rows = [json.loads(line) for line in cursor.path.read_text().splitlines()]
    assert rows[-1] == {"told": ["868641", key(1).plan_time, key(1).submit_time, at(-3600), at(1)]}
    assert "daily_sales" not in cursor.path.read_text()
