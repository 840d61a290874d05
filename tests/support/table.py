# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long table as one test, which names every row that is wrong."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable

_Row = t.TypeVar("_Row")


def failing(rows: Iterable[_Row], check: Callable[[_Row], None], name: Callable[[_Row], str] = str) -> dict[str, str]:
    """Which of *rows*, at least one, fail *check*, by *name*, and why.

    :param check: a test of one row.
    """
    checked = list(rows)
    assert checked
    wrong: dict[str, str] = {}
    for row in checked:
        try:
            check(row)
        except Exception as error:
            wrong[name(row)] = f"{type(error).__name__}: {error}"
    return wrong
