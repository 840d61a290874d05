# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare results with RETURN documentation."""

from __future__ import annotations

import typing as t


def check_documented(value: dict[str, t.Any], documented: dict[str, t.Any], where: str) -> None:
    """Check that each key of *value*, including nested ones, is documented, with the right type."""
    types: dict[str, tuple[type, ...]] = {
        "str": (str,),
        "int": (int,),
        "float": (float, int),
        "bool": (bool,),
        "list": (list,),
        "dict": (dict,),
        "raw": (str, int, float),
    }
    for name, item in value.items():
        assert name in documented, f"{where}.{name} is not documented"
        entry = documented[name]
        assert item is None or isinstance(item, types[entry["type"]]), f"{where}.{name} is {type(item).__name__}"
        for inner in item if isinstance(item, list) else [item]:
            if "contains" in entry and isinstance(inner, dict):
                check_documented(inner, entry["contains"], f"{where}.{name}")
