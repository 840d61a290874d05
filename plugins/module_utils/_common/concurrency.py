# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded parallel map."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

_Item = t.TypeVar("_Item")
_Result = t.TypeVar("_Result")

#: Requests in progress at the same time; they share the rate limit of their route.
THREADS = 4


def in_threads(work: t.Callable[[_Item], _Result], items: t.Sequence[_Item]) -> t.Iterator[_Result]:
    """The results of *work* for *items*, in their order, from at most :data:`THREADS` threads.

    The first exception is raised to the caller; items that no thread has started by then are dropped.
    """
    if len(items) < 2:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(max_workers=min(THREADS, len(items)))
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
