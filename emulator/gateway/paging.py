# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paging of lists by ``limit`` and ``offset``."""

from __future__ import annotations

import typing as t

from emulator.gateway import parameters
from emulator.service import Request

_Item = t.TypeVar("_Item")


def page(request: Request, items: t.Sequence[_Item], limit: int = 10, most: int = 1000, unit: str | None = None) -> t.Sequence[_Item]:
    """One page of *items* by the query's ``limit`` and ``offset``.

    :param unit: what ``offset`` counts: ``page`` or ``record``. Switch ``offset_unit`` decides if it is None.
    """
    limit = parameters.number(request, "limit", limit, 1, most)
    offset = parameters.number(request, "offset", 0)
    first = offset * limit if (unit or request.service.switches["offset_unit"]) == "page" else offset
    if first >= len(items) and request.service.switches["offset_beyond"] == "first_page":
        first = 0
    return items[first : first + limit]


def total(request: Request, items: t.Sequence[t.Any], shown: t.Sequence[t.Any]) -> int:
    """``total`` of a list: the number of *items*, or of *shown* on this page, as switch ``total_of`` says."""
    return len(shown if request.service.switches["total_of"] == "page" else items)
