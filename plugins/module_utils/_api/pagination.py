# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete lists from a service whose ``offset`` cannot be trusted.

Whether ``offset`` counts pages or records is documented both ways [H-208][SDK][TF], and some lists start again beyond their end [TF].
Lists with a time window do not need it: :func:`read_windowed` asks for whole windows and divides what does not fit one page. Lists
without a window, and a single millisecond that overflows a page, are read by :func:`read_paged`, which compares pages to find the unit.

A list is complete or an error: the entries, each counted once, must be as many as the service's own ``total``. The service continues to
work while the list is read, so a list whose count does not match is read again before it is refused.

Nor can ``total`` be trusted to count more than the page that it comes with, since no page says what it counts: a full page never ends a list,
whatever the total is. A window with a full page is divided, and a list by ``offset`` ends with a page that is short or brings nothing new.
A page may also be full that is smaller than the one that was asked for. So where a short one has as many entries as services like to limit a page
to, and no page of the list had more, it is asked once what comes after it: nothing, where the list is whole. Only what does come makes that the
size of a full page.

A list has a budget, see :class:`.list_budget.ListBudget`: whatever the service answers, memory stays bounded.
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
#: How often a list whose count does not match is read in all.
WALKS = 3
#: Room to leave in each page when a window is divided, because entries are not spread evenly.
_ROOM = 1.25
#: Requests per page of a list in random order: after n·ln(entries) random pages of n every entry was most likely there once.
_SAMPLES = 24

#: To how many entries a service may limit a page, whatever is asked for.
_USUAL_LIMITS = frozenset({10, 20, 50, 100, 200, 500, 1000, *(2**power for power in range(4, 10))})

Key = t.Callable[[_T], t.Hashable]


@dataclass(frozen=True)
class Page(t.Generic[_T]):
    """One answer of a list call: how many entries the list has in all, and those of this page."""

    total: int
    entries: t.Sequence[_T]


class Unparsed(t.Sequence[_T]):
    """Entries of a page that are parsed when they are looked at: of a full page of a window only their number counts."""

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

    :param page: entries to ask for at once.
    :param slice_ms: longest window of one request, ms.
    """

    page: int = PAGE
    slice_ms: int = 7 * DAY_MS


class _MismatchError(Exception):
    """A walk over a list ended with another number of entries than the service counts."""

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
    """Every entry of a list with a time window, the oldest slice of the window first.

    :param fetch: one request: the window (both ends included), ``limit``, ``offset``.
    :param key: what an entry is known by.
    :param what: the list, for messages: "instances of job daily_sales".
    :param budget: that of the listing which this list is a part of; its own if None.
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if a part stays incomplete, naming the window, the count and the total;
        INVALID if it exceeds *budget*.
    """
    walk = _WindowWalk(fetch, key, what, limits or ListLimits(), budget or ListBudget(what))
    for span in window.slices(walk.limits.slice_ms):
        walk.read(span)
    return list(walk.entries.values())


def read_whole(fetch: t.Callable[[], Page[_T]], *, key: Key[_T], what: str) -> list[_T]:
    """Every entry of a list that comes in one answer, read again while its count does not match.

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
    """Every entry of a list that can only be paged by ``offset``, in the order it came.

    :param fetch: one request: ``limit``, ``offset``.
    :param page: entries to ask for at once.
    :raises ApiError: whatever *fetch* raises; BAD_ANSWER if it stays incomplete, INVALID if it exceeds *budget*.
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
            # Where the service counts pages only, a second walk that finds the same stands for the count.
            if not walk.uncounted or walk.entries.keys() == before:
                return entries
            mismatch, before = None, set(walk.entries)
        budget.release(walk.entries.values())
    raise _incomplete(what, mismatch.count, mismatch.total) if mismatch is not None else _unsteady(what)


class _WindowWalk(t.Generic[_T]):
    """Reads windows of one list and divides those that overflow a page. ``entries`` holds what was read, by key."""

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
        """Add all entries of a window that one request may span."""
        pending, requests, total = [(window, 0)], 0, 0
        while pending:
            span, around = pending.pop()
            page = self._matching(span)
            requests += 1
            self._longest = max(self._longest, len(page.entries))
            # Each page lies at most one path of divisions deep; a service that claims "more" about every window is not asked for ever.
            total = total or page.total
            pages = max(total, len(self.entries)) // self._full + 1
            self._budget.foresee(page.total)
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
        """*window*, which holds *total* entries, in parts each of which fits a page if they are spread evenly.

        :param around: the total of the window that it is a part of. Where entries crowd in one part, halves find the crowd sooner.
        """
        even = 2 if 2 * total > around > 0 else math.ceil(total * _ROOM / self._full)
        return window.slices(math.ceil(window.length / min(max(2, even), window.length)))

    def _add(self, entries: t.Iterable[_T]) -> None:
        # The later read shows the newer state: where windows are compared with start times, an instance may change windows meanwhile.
        for entry in entries:
            key = self._key(entry)
            self._budget.add(entry, self.entries.get(key))
            self.entries[key] = entry

    def _matching(self, window: Window) -> Page[_T]:
        """The first page of a window, asked for again where it should be the whole window and its entries are not as many as counted."""
        for walk in range(WALKS):
            page = self._fetch(window, self.limits.page, 0)
            if walk == WALKS - 1 or self._is_whole(page) or not self._fits(page):
                break
        return page

    def _fits(self, page: Page[_T]) -> bool:
        """Whether the window fits one page: what fills one may be a part, whatever the total is."""
        return page.total <= self._full and len(page.entries) != self._full

    def _is_whole(self, page: Page[_T]) -> bool:
        """Whether the page is all of its window."""
        return len(page.entries) != self._full and len(self._by_key(page)) == page.total

    def _is_limited(self, window: Window, page: Page[_T]) -> bool:
        """Whether more comes after a page that is not full by what was asked for: then that many entries fill one from now on."""
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
        self._budget.release(entries)  # they are counted again where they join the others
        return entries

    def _by_key(self, page: Page[_T]) -> set[t.Hashable]:
        return {self._key(entry) for entry in page.entries}


class _OffsetWalk(t.Generic[_T]):
    """One walk over a list by ``offset``, whose unit follows from comparing the answers to offset 0 and 1.

    :ivar entries: by key.
    :ivar uncounted: whether the totals turned out to count pages, so that none says how many entries there are.
    """

    def __init__(self, fetch: t.Callable[[int, int], Page[_T]], key: Key[_T], page: int, budget: ListBudget) -> None:
        self.entries: dict[t.Hashable, _T] = {}
        self.uncounted = False
        self._budget = budget
        self._fetch = fetch
        self._key = key
        self._asked = self._limit = page
        self._total = -1
        #: Whether the first page was full, or may have been, and its total no more than that.
        self._doubtful = False

    def read(self) -> list[_T]:
        """All entries. :raises _MismatchError: not as many as counted, or the count changed meanwhile."""
        first = self._take(0)
        if first and (self._doubtful or not self._full):
            # The service may use smaller pages than it was asked for.
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
            self._onwards(2, second, by_records=False)
        elif second[: len(first) - 1] == first[1:]:
            self._onwards(1 + len(second), second, by_records=True)
        if not self._full and self._take(0) != first:
            if self.uncounted:
                raise _MismatchError(len(self.entries), self._total)
            self._sample()

    def _onwards(self, offset: int, taken: list[t.Hashable], *, by_records: bool) -> None:
        """Take page after page until all entries are there and the last page, at first *taken*, was short; or one brings nothing new: it is
        empty, or the list started again."""
        while taken and not (self._full and len(taken) < self._limit):
            before = len(self.entries)
            taken = self._take(offset)
            if len(self.entries) == before:
                return
            offset += len(taken) if by_records else 1

    def _sample(self) -> None:
        """The order differs from request to request: take first pages until every entry was there once."""
        for dummy in range(32 + _SAMPLES * (self._total // self._limit + 1)):
            if self._full:
                return
            self._take(0)

    def _take(self, offset: int) -> list[t.Hashable]:
        """The keys of the page at *offset*, whose entries are kept. :raises _MismatchError: the count is not that of the first page."""
        page = self._fetch(self._limit, offset)
        if self._total == -1:
            self._budget.foresee(page.total)
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
