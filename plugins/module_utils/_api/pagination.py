# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: complete lists from a service whose ``offset`` nobody can trust.

Whether ``offset`` counts pages or records is documented both ways [H-208][SDK][TF], and beyond the end some lists begin again [TF].
Lists with a time window never need it: :func:`read_windowed` asks for whole windows and divides what does not fit one page. What has no
window, and a single millisecond that overflows a page, is read by :func:`read_paged`, which finds the unit out by comparing.

Either way a list is complete or an error: the entries, each counted once, must be as many as the service's own ``total``. The service
goes on working while it is read, so a count that does not match is read once more before it is believed.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from .._common.errors import ApiError, Kind
from .._common.times import Window

_T = t.TypeVar("_T")

#: Most entries of one page of instances [H-208].
PAGE = 1000
#: Most entries one list may hold; what is larger is refused rather than held in memory.
MAX_ENTRIES = 200_000
#: How often a list whose count does not match is read altogether.
WALKS = 3
#: Pages to plan for by page that a window needs when it is divided: entries are not spread quite evenly.
_ROOM = 1.25
#: Calls for each page of a list in no order: after n·ln(entries) random pages of n all entries were there at least once, most likely.
_SAMPLES = 24

Key = t.Callable[[_T], t.Hashable]


@dataclass(frozen=True)
class Page(t.Generic[_T]):
    """One answer of a list call: how many entries the list has in all, and those of this page."""

    total: int
    entries: t.Sequence[_T]


@dataclass(frozen=True)
class ListLimits:
    """What a list may cost.

    :param page: entries to ask for at once.
    :param slice_ms: longest window of one call, ms.
    :param entries: most entries in all.
    """

    page: int = PAGE
    slice_ms: int = 7 * 86_400_000
    entries: int = MAX_ENTRIES


class _MismatchError(Exception):
    """A walk over a list did not end with as many entries as the service counts."""

    def __init__(self, count: int, total: int) -> None:
        super().__init__(count, total)
        self.count = count
        self.total = total


def read_windowed(
    fetch: t.Callable[[Window, int, int], Page[_T]], window: Window, *, key: Key[_T], what: str, limits: ListLimits | None = None
) -> list[_T]:
    """Every entry of a list with a time window, the oldest slice of the window first.

    :param fetch: one call: the window (both ends included), ``limit``, ``offset``.
    :param key: what an entry is known by.
    :param what: the list, for messages: "instances of job daily_sales".
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if a part of it stays incomplete, naming the window, the count and the total;
        INVALID if it holds more than ``limits.entries``.
    """
    walk = _WindowWalk(fetch, key, what, limits or ListLimits())
    for piece in window.slices(walk.limits.slice_ms):
        walk.read(piece)
    return list(walk.found.values())


def read_whole(fetch: t.Callable[[], Page[_T]], *, key: Key[_T], what: str) -> list[_T]:
    """Every entry of a list that comes in one answer, read again while its count does not match.

    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if the count never matches.
    """
    for walk in range(WALKS):
        page = fetch()
        found = {key(one): one for one in page.entries}
        if len(found) == page.total:
            break
        if walk == WALKS - 1:
            raise _incomplete(what, len(found), page.total)
    return list(found.values())


def read_paged(fetch: t.Callable[[int, int], Page[_T]], *, key: Key[_T], what: str, page: int, most: int = MAX_ENTRIES) -> list[_T]:
    """Every entry of a list that can only be paged by ``offset``, in the order it came.

    :param fetch: one call: ``limit``, ``offset``.
    :param page: entries to ask for at once.
    :param most: most entries in all.
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if it stays incomplete, INVALID if it holds more than *most*.
    """
    for walk in range(WALKS):
        try:
            return _OffsetWalk(fetch, key, page).read(what, most)
        except _MismatchError as mismatch:
            if walk == WALKS - 1:
                raise _incomplete(what, mismatch.count, mismatch.total) from None
    raise ValueError("WALKS is at least 1")


class _WindowWalk(t.Generic[_T]):
    """Reads windows of one list, dividing them while they overflow a page. ``found`` are the entries by key."""

    def __init__(self, fetch: t.Callable[[Window, int, int], Page[_T]], key: Key[_T], what: str, limits: ListLimits) -> None:
        self.limits = limits
        self.found: dict[t.Hashable, _T] = {}
        self._fetch = fetch
        self._key = key
        self._what = what

    def read(self, window: Window) -> None:
        """Add every entry of a window that one call may span."""
        pending, calls, most_calls = [(window, 0)], 0, 0
        while pending:
            piece, around = pending.pop()
            page = self._fetch(piece, self.limits.page, 0)
            calls += 1
            # Each page of the list lies at most one path of divisions deep; a service that says "more" about every window is not asked for ever.
            most_calls = most_calls or 64 + 2 * (page.total // self.limits.page + 1) * window.length.bit_length()
            if len(self.found) + page.total > self.limits.entries:
                raise too_many(self._what, len(self.found) + page.total, self.limits.entries)
            if page.total <= self.limits.page or len(self._by_key(page)) == page.total:
                self._add(self._checked(piece, page))
            elif piece.length == 1:
                self._add(self._millisecond(piece))
            elif calls >= most_calls:
                raise _incomplete(f"{self._what} from {window}", len(self.found), page.total)
            else:
                pending.extend((part, page.total) for part in reversed(self._parts(piece, page.total, around)))

    def _parts(self, window: Window, total: int, around: int) -> list[Window]:
        """*window*, which holds *total* entries, in parts each of which fits a page if they are spread evenly.

        :param around: the total of the window that it is a part of. Where they crowd in one part, halves find the crowd with fewer calls.
        """
        even = 2 if 2 * total > around > 0 else math.ceil(total * _ROOM / self.limits.page)
        return window.slices(math.ceil(window.length / min(max(2, even), window.length)))

    def _add(self, entries: t.Iterable[_T]) -> None:
        # A later read replaces an earlier one: where a window is compared with start times, an instance may move on meanwhile.
        self.found.update((self._key(one), one) for one in entries)

    def _checked(self, window: Window, page: Page[_T]) -> list[_T]:
        """The entries of a window that fits one page, read again where they are not as many as counted."""
        first = [page]
        return read_whole(
            lambda: first.pop() if first else self._fetch(window, self.limits.page, 0), key=self._key, what=f"{self._what} from {window}"
        )

    def _millisecond(self, window: Window) -> list[_T]:
        return read_paged(
            lambda limit, offset: self._fetch(window, limit, offset),
            key=self._key,
            what=f"{self._what} from {window}",
            page=self.limits.page,
            most=self.limits.entries,
        )

    def _by_key(self, page: Page[_T]) -> set[t.Hashable]:
        return {self._key(one) for one in page.entries}


class _OffsetWalk(t.Generic[_T]):
    """One walk over a list by ``offset``; what the unit is follows from comparing the answers to offset 0 and 1."""

    def __init__(self, fetch: t.Callable[[int, int], Page[_T]], key: Key[_T], page: int) -> None:
        self._fetch = fetch
        self._key = key
        self._limit = page
        self._total = -1
        self._found: dict[t.Hashable, _T] = {}

    def read(self, what: str, most: int) -> list[_T]:
        """All entries. :raises _MismatchError: not as many as counted, or the count changed on the way."""
        first = self._take(0)
        if self._total > most:
            raise too_many(what, self._total, most)
        if first and not self._full:
            # The service may know a smaller page than was asked for.
            self._limit = min(self._limit, len(first))
            self._rest(first)
        if len(self._found) != self._total:
            raise _MismatchError(len(self._found), self._total)
        return list(self._found.values())

    @property
    def _full(self) -> bool:
        return len(self._found) >= self._total

    def _rest(self, first: list[t.Hashable]) -> None:
        second = self._take(1)
        if not set(first) & set(second):
            self._onwards(2, by_records=False)
        elif second[: len(first) - 1] == first[1:]:
            self._onwards(1 + len(second), by_records=True)
        if not self._full and self._take(0) != first:
            self._sample()

    def _onwards(self, offset: int, *, by_records: bool) -> None:
        """Take page after page until all are there, or one brings nothing new: it was empty, or the list began again."""
        while not self._full:
            before = len(self._found)
            taken = self._take(offset)
            if len(self._found) == before:
                return
            offset += len(taken) if by_records else 1

    def _sample(self) -> None:
        """The order differs from call to call: take first pages until all were there once."""
        for _call in range(32 + _SAMPLES * (self._total // self._limit + 1)):
            if self._full:
                return
            self._take(0)

    def _take(self, offset: int) -> list[t.Hashable]:
        """The keys of the page at *offset*, which joins the entries. :raises _MismatchError: the count is not that of the first page."""
        page = self._fetch(self._limit, offset)
        if self._total not in (-1, page.total):
            raise _MismatchError(len(self._found), page.total)
        self._total = page.total
        keys = [self._key(one) for one in page.entries]
        self._found.update(zip(keys, page.entries))
        return keys


def _incomplete(what: str, count: int, total: int) -> ApiError:
    return ApiError(
        Kind.BAD_ANSWER,
        f"the service counts {total} {what} but lists {count}",
        hint="Nothing is concluded from an incomplete list. Run it again; if it stays, narrow the time window or ask for fewer jobs.",
    )


def too_many(what: str, count: int, most: int) -> ApiError:
    """The error of a list that is larger than what may be held, *count* entries instead of *most*."""
    return ApiError(
        Kind.INVALID,
        f"there are {count} {what}, more than the {most} that one list may hold",
        hint="Narrow the time window (planned_after, planned_before) or name fewer jobs.",
    )
