# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Group values by a key. Pure."""

from __future__ import annotations

import typing as t

_Key = t.TypeVar("_Key", bound=t.Hashable)
_Value = t.TypeVar("_Value")


def grouped_by(values: t.Iterable[_Value], key: t.Callable[[_Value], _Key]) -> dict[_Key, list[_Value]]:
    """Group *values* by *key*. The groups and their members keep the order of *values*."""
    groups: dict[_Key, list[_Value]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups
