# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory limits of one listing: most entries, and most bytes of text, whatever the service answers."""

from __future__ import annotations

import functools
import operator
import sys
import threading
import typing as t
from dataclasses import fields

from .._common.errors import ApiError, Kind

#: Most entries of a listing: 200,000 instances take about 130 MB, without the characters of their texts.
MAX_ENTRIES = 200_000
#: Most bytes of characters in a listing, counted as if its entries shared no texts.
MAX_TEXT_BYTES = 64 * 1024 * 1024
#: Size of an empty str.
_EMPTY = sys.getsizeof("")


class ListBudget:
    """The memory limits of one listing, shared by all its pages, windows and jobs. Thread-safe.

    :param what: the listing in messages, such as "instances".
    :param entries: most entries.
    :param text_bytes: most bytes of the entries' texts.
    :ivar exceeded: whether the listing was refused.
    """

    def __init__(self, what: str = "entries", entries: int = MAX_ENTRIES, text_bytes: int = MAX_TEXT_BYTES) -> None:
        self.what = what
        self._most = entries
        self._most_bytes = text_bytes
        self.exceeded = False
        self._entries = 0
        self._bytes = 0
        self._lock = threading.Lock()

    def check_total(self, total: int) -> None:
        """Check the service's *total* of a part of the listing before that part is read. :raises ApiError: INVALID, it is too large."""
        if self._entries + total > self._most:
            raise self._too_large(f"there are {self._entries + total} {self.what}, more than the {self._most} that one list may hold")

    def add(self, entry: object, replaced: object = None) -> None:
        """Count *entry*, which replaces *replaced* (None: nothing). :raises ApiError: INVALID, the listing is too large."""
        added = text_bytes(entry) - (0 if replaced is None else text_bytes(replaced))
        with self._lock:
            self._entries += replaced is None
            self._bytes += added
        self.check_total(0)
        if self._bytes > self._most_bytes:
            most = self._most_bytes // (1024 * 1024)
            raise self._too_large(f"the texts of the {self.what} take more than the {most} MiB that one list may hold")

    def release(self, entries: t.Iterable[object]) -> None:
        """Stop counting *entries*, which the caller drops."""
        for entry in entries:
            with self._lock:
                self._entries -= 1
                self._bytes -= text_bytes(entry)

    def _too_large(self, cause: str) -> ApiError:
        self.exceeded = True
        return ApiError(Kind.INVALID, cause, hint="Narrow the time window (planned_after, planned_before) or name fewer jobs.")


def text_bytes(entry: object) -> int:
    """Bytes of the characters in the text fields of a dataclass with several fields; 0 for anything else."""
    values = _fields_of(t.cast(t.Any, type(entry)))
    return sum(sys.getsizeof(value) - _EMPTY for value in values(entry) if isinstance(value, str)) if values is not None else 0


@functools.lru_cache(maxsize=32)
def _fields_of(kind: t.Any) -> t.Callable[[object], tuple[object, ...]] | None:
    names = [field.name for field in fields(kind)] if hasattr(kind, "__dataclass_fields__") else []
    # With only one name, attrgetter would return the value itself instead of a tuple.
    return t.cast("t.Callable[[object], tuple[object, ...]]", operator.attrgetter(*names)) if len(names) > 1 else None
