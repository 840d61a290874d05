# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a long table in one test that names every wrong row."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable

_Row = t.TypeVar("_Row")


def failing(rows: Iterable[_Row], check: Callable[[_Row], None], name: Callable[[_Row], str] = str) -> dict[str, str]:
    """Names of the *rows* that fail *check*, with the errors. There must be at least one row.

    :param check: raises an exception for a wrong row.
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
