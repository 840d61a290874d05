# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes long and seldom fails, mostly whole plays: `make test` runs the first of each kind, `make long` the others.

A play takes more than a second of a processor before it asks anything. What it decides is shown row by row by tests of modules and of
pure functions, in less time; so of a table of plays `make test` runs the first row. A test that is marked as long as a whole stands in a
file with others of its kind that are not, or that `make chaos` runs (`tests/unit/test_house.py`).
"""

from __future__ import annotations

import os
import typing as t
import zlib
from collections.abc import Iterable

import pytest

#: Which part of the long tests is run, as `2/3`; all of them if it is not set. The Makefile sets it by PART.
PART = "LONG_PART"
#: What `make switches` and `make matrix` run, beyond `make test`: the long tests too.
WITH_LONG = "not chaos and not eda and not ecosystem and not awx and not browser"


def whole_plays(values: Iterable[t.Any]) -> list[t.Any]:
    """*values* of one parameter, all but the first marked as long."""
    first, *others = values
    return [first, *(pytest.param(value, marks=pytest.mark.long) for value in others)]


def whole_plays_of(rows: Iterable[tuple[t.Any, ...]]) -> list[t.Any]:
    """The same for rows of several parameters."""
    first, *others = rows
    return [first, *(pytest.param(*row, marks=pytest.mark.long) for row in others)]


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The long ones of *items* that are not in the part which the environment asks for: by their names, so a test is always in the same part."""
    number, _slash, parts = os.environ.get(PART, "").partition("/")
    if not parts:
        return []
    long = [item for item in items if item.get_closest_marker("long") is not None]
    return [item for item in long if zlib.crc32(item.nodeid.encode()) % int(parts) != int(number) % int(parts)]
