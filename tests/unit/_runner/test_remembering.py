# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of sent reruns, read while other processes go on."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._runner.remembering import APART_MS, DAMAGED, LOOKS, UNBORN, birth, steady

NOW = 1_795_402_800_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("records", "judged_by", "looks"),
    [
        ("aa", "a", 1),
        ("abb", "b", 2),
        ("abcc", "c", 3),
        ("aba", "a", 3),
        ("abcdefgh", "e", LOOKS + 1),
    ],
)
def test_it_is_looked_again_as_long_as_the_record_changes_meanwhile(records: str, judged_by: str, looks: int) -> None:
    given = iter(records + records[-1] * 9)
    seen: list[str] = []

    def look(known: str) -> str:
        seen.append(known)
        return known.upper()

    assert steady(lambda: next(given), look) == (judged_by.upper(), judged_by)
    assert len(seen) == looks


@pytest.mark.parametrize(
    ("born", "since", "given", "expected"),
    [
        (NOW - HOUR, NOW, False, NOW - HOUR),
        (NOW - HOUR, NOW - 2 * HOUR, True, NOW - HOUR),
        (NOW + APART_MS, NOW, False, NOW),
        (NOW + APART_MS + 1, NOW, False, NOW + APART_MS + 1),
        (NOW + 1, NOW, True, NOW + 1),
        (UNBORN, NOW - HOUR, True, NOW),
        (UNBORN, NOW - 5, False, NOW - 5),
        (DAMAGED, NOW - 5, False, NOW + 1),
        (DAMAGED, NOW - HOUR, True, NOW + 1),
        (DAMAGED, NOW + 5, True, NOW + 6),
    ],
)
def test_since_when_a_record_knows_everything(born: int, since: int, given: bool, expected: int) -> None:
    assert birth(born, NOW, since, given=given) == expected
