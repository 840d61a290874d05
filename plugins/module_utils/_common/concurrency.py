# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: calls that do not wait for each other."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

_S = t.TypeVar("_S")
_T = t.TypeVar("_T")

#: Calls that are on their way at the same time; the flow control of their route is shared all the same.
THREADS = 4


def in_threads(work: t.Callable[[_S], _T], things: t.Sequence[_S]) -> t.Iterator[_T]:
    """What *work* makes of each of *things*, in their order; the first exception ends it, and what has not begun is not begun any more."""
    if len(things) < 2:
        yield from map(work, things)
        return
    pool = ThreadPoolExecutor(max_workers=min(THREADS, len(things)))
    try:
        yield from pool.map(work, things)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
