# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection of slow tests that seldom fail, mostly whole plays: `make test` runs the first of each kind, `make long` the others.

A play takes more than a second of processor time before its first request. Tests of modules and of pure functions cover every row of a
table faster, so `make test` runs only the first row of a table of plays. A test that is marked long as a whole must be in a file with
others of its kind that are not, or that `make chaos` runs (`tests/unit/test_house.py` checks that).
"""

from __future__ import annotations

import os
import typing as t
import zlib
from collections.abc import Iterable

import pytest

#: Environment variable with the part of the long tests to run, such as `2/3`; by default all. The Makefile sets it from PART.
PART = "LONG_PART"
#: Marker expression of `make switches` and `make matrix`: as `make test`, plus the long tests.
WITH_LONG = "not chaos and not eda and not ecosystem and not awx and not browser"


def whole_plays(values: Iterable[t.Any]) -> list[t.Any]:
    """*values* of one parameter, all except the first marked as long."""
    first, *others = values
    return [first, *(pytest.param(value, marks=pytest.mark.long) for value in others)]


def whole_plays_of(rows: Iterable[tuple[t.Any, ...]]) -> list[t.Any]:
    """The same for rows of several parameters."""
    first, *others = rows
    return [first, *(pytest.param(*row, marks=pytest.mark.long) for row in others)]


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Long tests that are not in the selected part. The part depends on the test's name, so a test is always in the same one."""
    number, _slash, parts = os.environ.get(PART, "").partition("/")
    if not parts:
        return []
    long = [item for item in items if item.get_closest_marker("long") is not None]
    return [item for item in long if zlib.crc32(item.nodeid.encode()) % int(parts) != int(number) % int(parts)]
