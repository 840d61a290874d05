# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read complete lists from a service whose ``offset`` and ``total`` cannot be trusted.

``offset`` is documented both as a number of pages and of records [H-208][SDK][TF], and some lists start again beyond their end [TF]. Lists
with a time window do not need it: :func:`read_windowed` reads whole windows and divides those that do not fit into one page. Lists without a
window, and a single millisecond that does not fit, are read by :func:`read_paged`, which compares pages to find the unit of ``offset``.

A list is complete or an error: the number of distinct entries must equal the service's ``total``. Entries may change while the list is read,
so a list whose count does not match is read again before it is refused.

``total`` may count only the page that it comes with, because its meaning is not documented. So a full page never ends a list: a window with a
full page is divided, and a list by ``offset`` ends with a page that is short or has nothing new. The service may also limit pages to fewer
entries than requested. So if a short page has the size of a common limit, and no page of the list was larger, the entries after it are
requested once. If there are any, that size counts as a full page from then on.

Each list has a budget, see :class:`.list_budget.ListBudget`: memory stays limited whatever the service answers.
"""

from __future__ import annotations

import functools
import math
import typing as t
from dataclasses import dataclass

from .._common.errors import ApiError, Kind
from .._common.times import DAY_MS, Window
from .list_budget import ListBudget

_T = t.TypeVar("_T")

#: Most entries of one page of instances [H-208].
PAGE = 1000
#: Most attempts to read a list whose count does not match.
WALKS = 3
#: Spare room in each page when a window is divided, because entries are not spread evenly.
_ROOM = 1.25
#: Samples per page of a list in random order: with n pages, every entry has most likely been there after n·ln(entries) random ones.
_SAMPLES = 24

#: Common limits of the entries in a page, whatever is requested.
_USUAL_LIMITS = frozenset({10, 20, 50, 100, 200, 500, 1000, *(2**power for power in range(4, 10))})

Key = t.Callable[[_T], t.Hashable]


@dataclass(frozen=True)
class Page(t.Generic[_T]):
    """One answer of a list: the total number of entries, and the entries of this page."""

    total: int
    entries: t.Sequence[_T]


class Unparsed(t.Sequence[_T]):
    """Entries of a page that are parsed on first access. Of a full page of a window, only the number of entries is needed."""

    def __init__(self, number: int, parse: t.Callable[[], t.Sequence[_T]]) -> None:
        self._number, self._parsed = number, functools.lru_cache(None)(parse)

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> t.Iterator[_T]:
        return iter(self._parsed())

    def __getitem__(self, index: t.Any) -> t.Any:
        return self._parsed()[index]


class ListLimits(t.NamedTuple):
    """How a windowed list is read.

    :param page: page size.
    :param slice_ms: longest window of one request, ms.
    """

    page: int = PAGE
    slice_ms: int = 7 * DAY_MS


class _MismatchError(Exception):
    """A walk over a list ended with another number of entries than the service's total."""

    def __init__(self, count: int, total: int) -> None:
        super().__init__(count, total)
        self.count = count
        self.total = total


def read_windowed(
    fetch: t.Callable[[Window, int, int], Page[_T]],
    window: Window,
    *,
    key: Key[_T],
    what: str,
    limits: ListLimits | None = None,
    budget: ListBudget | None = None,
) -> list[_T]:
    """Read every entry of a list with a time window, the oldest slice of the window first.

    :param fetch: one request: the window (both ends included), ``limit``, ``offset``.
    :param key: identity of an entry.
    :param what: the list, for messages: "instances of job daily_sales".
    :param budget: budget of the listing to which this list belongs; None for a budget of its own.
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if a part remains incomplete, naming the window, the count and the total;
        INVALID if the list exceeds *budget*.
    """
    walk = _WindowWalk(fetch, key, what, limits or ListLimits(), budget or ListBudget(what))
    for span in window.slices(walk.limits.slice_ms):
        walk.read(span)
    return list(walk.entries.values())


def read_whole(fetch: t.Callable[[], Page[_T]], *, key: Key[_T], what: str) -> list[_T]:
    """Read every entry of a list that comes in one answer, again while its count does not match.

    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if the count never matches.
    """
    for walk in range(WALKS):
        page = fetch()
        entries = {key(entry): entry for entry in page.entries}
        if len(entries) == page.total:
            break
        if walk == WALKS - 1:
            raise _incomplete(what, len(entries), page.total)
    return list(entries.values())


def read_paged(
    fetch: t.Callable[[int, int], Page[_T]], *, key: Key[_T], what: str, page: int, budget: ListBudget | None = None
) -> list[_T]:
    """Read every entry of a list that can only be paged by ``offset``, in the order in which they came.

    :param fetch: one request: ``limit``, ``offset``.
    :param page: page size.
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if the list remains incomplete, INVALID if it exceeds *budget*.
    """
    budget = budget or ListBudget(what)
    before: set[t.Hashable] = set()
    mismatch: _MismatchError | None = None
    for dummy in range(WALKS):
        walk = _OffsetWalk(fetch, key, page, budget)
        try:
            entries = walk.read()
        except _MismatchError as error:
            mismatch = None if walk.uncounted else error
        else:
            # If totals count only pages, a second walk with the same entries takes the place of the count.
            if not walk.uncounted or walk.entries.keys() == before:
                return entries
            mismatch, before = None, set(walk.entries)
        budget.release(walk.entries.values())
    raise _incomplete(what, mismatch.count, mismatch.total) if mismatch is not None else _unsteady(what)


class _WindowWalk(t.Generic[_T]):
    """Reads windows of one list, and divides those that do not fit into one page. ``entries`` holds the entries so far, by key."""

    def __init__(
        self, fetch: t.Callable[[Window, int, int], Page[_T]], key: Key[_T], what: str, limits: ListLimits, budget: ListBudget
    ) -> None:
        self.limits = limits
        self.entries: dict[t.Hashable, _T] = {}
        self._full = limits.page  # entries of a full page
        self._longest = 0  # entries of the longest page so far
        self._budget = budget
        self._fetch = fetch
        self._key = key
        self._what = what

    def read(self, window: Window) -> None:
        """Add all entries of *window*, which may be as long as one request allows."""
        pending, requests, total = [(window, 0)], 0, 0
        while pending:
            span, around = pending.pop()
            page = self._matching(span)
            requests += 1
            self._longest = max(self._longest, len(page.entries))
            # The limit below: at most one path of divisions per page, so a service that reports "more" for every window is not asked forever.
            total = total or page.total
            pages = max(total, len(self.entries)) // self._full + 1
            self._budget.check_total(page.total)
            if self._is_whole(page) and not self._is_limited(span, page):
                self._add(page.entries)
            elif self._fits(page) or requests >= 64 + 4 * pages * window.length.bit_length():
                where, count = (span, len(self._by_key(page))) if self._fits(page) else (window, len(self.entries))
                raise _incomplete(f"{self._what} from {where}", count, page.total)
            elif span.length == 1:
                self._add(self._millisecond(span))
            else:
                pending.extend((part, page.total) for part in reversed(self._parts(span, page.total, around)))

    def _parts(self, window: Window, total: int, around: int) -> list[Window]:
        """Split *window*, which has *total* entries, into parts that fit into a page if the entries are spread evenly.

        :param around: total of the window that contains *window*, or 0. If most of its entries are in *window*, halves find the crowd sooner.
        """
        even = 2 if 2 * total > around > 0 else math.ceil(total * _ROOM / self._full)
        return window.slices(math.ceil(window.length / min(max(2, even), window.length)))

    def _add(self, entries: t.Iterable[_T]) -> None:
        # The later read has the newer state: if windows are compared with start times, an instance may move between windows meanwhile.
        for entry in entries:
            key = self._key(entry)
            self._budget.add(entry, self.entries.get(key))
            self.entries[key] = entry

    def _matching(self, window: Window) -> Page[_T]:
        """The first page of *window*, read again if it should be the whole window but the number of its entries is not the total."""
        for walk in range(WALKS):
            page = self._fetch(window, self.limits.page, 0)
            if walk == WALKS - 1 or self._is_whole(page) or not self._fits(page):
                break
        return page

    def _fits(self, page: Page[_T]) -> bool:
        """Whether the window fits into one page. A full page may be only a part, whatever the total is."""
        return page.total <= self._full and len(page.entries) != self._full

    def _is_whole(self, page: Page[_T]) -> bool:
        """Whether the page contains all of its window."""
        return len(page.entries) != self._full and len(self._by_key(page)) == page.total

    def _is_limited(self, window: Window, page: Page[_T]) -> bool:
        """Whether more entries follow a page shorter than requested; if so, its size counts as a full page from now on."""
        count = len(page.entries)
        if (
            count not in _USUAL_LIMITS
            or count < self._longest
            or self._by_key(self._fetch(window, self.limits.page, 1)) <= self._by_key(page)
        ):
            return False
        self._full = min(self._full, count)
        return True

    def _millisecond(self, window: Window) -> list[_T]:
        entries = read_paged(
            lambda limit, offset: self._fetch(window, limit, offset),
            key=self._key,
            what=f"{self._what} from {window}",
            page=self._full,
            budget=self._budget,
        )
        self._budget.release(entries)  # _add counts them again
        return entries

    def _by_key(self, page: Page[_T]) -> set[t.Hashable]:
        return {self._key(entry) for entry in page.entries}


class _OffsetWalk(t.Generic[_T]):
    """One walk over a list by ``offset``, whose unit is found by comparing the answers to offset 0 and 1.

    :ivar entries: the entries so far, by key.
    :ivar uncounted: whether each total turned out to count only its page, so that the number of all entries is unknown.
    """

    def __init__(self, fetch: t.Callable[[int, int], Page[_T]], key: Key[_T], page: int, budget: ListBudget) -> None:
        self.entries: dict[t.Hashable, _T] = {}
        self.uncounted = False
        self._budget = budget
        self._fetch = fetch
        self._key = key
        self._asked = self._limit = page
        self._total = -1
        #: Whether the first page was or may have been full, and its total counted no other entries.
        self._doubtful = False

    def read(self) -> list[_T]:
        """Read all entries. :raises _MismatchError: their number is not the total, or the total changed."""
        first = self._take(0)
        if first and (self._doubtful or not self._full):
            # The service may use smaller pages than requested.
            self._limit = min(self._limit, len(first))
            self._rest(first)
        if not self.uncounted and len(self.entries) != self._total:
            raise _MismatchError(len(self.entries), self._total)
        return list(self.entries.values())

    @property
    def _full(self) -> bool:
        return not self.uncounted and len(self.entries) >= self._total

    def _rest(self, first: list[t.Hashable]) -> None:
        second = self._take(1)
        if not set(first) & set(second):
            self._read_on(2, second, by_records=False)
        elif second[: len(first) - 1] == first[1:]:
            self._read_on(1 + len(second), second, by_records=True)
        if not self._full and self._take(0) != first:
            if self.uncounted:
                raise _MismatchError(len(self.entries), self._total)
            self._sample()

    def _read_on(self, offset: int, taken: list[t.Hashable], *, by_records: bool) -> None:
        """Take pages from *offset* on, until all entries are there and the last page was short, or a page has nothing new.

        A page without new entries is empty, or the list has started again.

        :param taken: keys of the page before.
        """
        while taken and not (self._full and len(taken) < self._limit):
            before = len(self.entries)
            taken = self._take(offset)
            if len(self.entries) == before:
                return
            offset += len(taken) if by_records else 1

    def _sample(self) -> None:
        """Take first pages until every entry has been there once: the order differs from request to request."""
        for dummy in range(32 + _SAMPLES * (self._total // self._limit + 1)):
            if self._full:
                return
            self._take(0)

    def _take(self, offset: int) -> list[t.Hashable]:
        """Store the entries of the page at *offset*, and return their keys. :raises _MismatchError: the total is not that of the first page."""
        page = self._fetch(self._limit, offset)
        if self._total == -1:
            self._budget.check_total(page.total)
            full = len(page.entries) == self._asked or len(page.entries) in _USUAL_LIMITS
            self._total, self._doubtful = page.total, full and page.total == len(page.entries)
        keys = [self._key(entry) for entry in page.entries]
        for key, entry in zip(keys, page.entries):
            self._budget.add(entry, self.entries.get(key))
            self.entries[key] = entry
        if page.total != self._total or len(self.entries) > self._total:
            if not (self._doubtful and page.total == len(page.entries)):
                raise _MismatchError(len(self.entries), page.total)
            self.uncounted = True
        return keys


def _incomplete(what: str, count: int, total: int) -> ApiError:
    return ApiError(
        Kind.BAD_ANSWER,
        f"the service counts {total} {what} but lists {count}",
        hint="An incomplete list is not used. Run it again; if that does not help, narrow the time window or name fewer jobs.",
    )


def _unsteady(what: str) -> ApiError:
    return ApiError(
        Kind.BAD_ANSWER,
        f"the service's count of {what} is too low, and each list shows others",
        hint="An incomplete list is not used. Run it again; if that does not help, name fewer jobs.",
    )
