# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists are complete or an error, whatever ``offset`` means, in any order, even if they change while they are read."""

from __future__ import annotations

import random
import typing as t

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._api.list_budget import ListBudget
from ansible_collections.dataarts.factory.plugins.module_utils._api.pagination import (
    ListLimits,
    Page,
    Unparsed,
    read_paged,
    read_whole,
    read_windowed,
)
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window

T = 1_795_402_800_000
Entry = tuple[int, int]  # time, number


class Service:
    """A list as the service may implement it.

    :param unit: unit of offset, ``page`` or ``record``.
    :param beyond: page after the end, ``empty`` or the ``first`` one.
    :param order: ``newest``, ``oldest``, ``stable`` (unordered, but always the same) or ``random`` (different in each answer).
    :param most: most entries of a page, whatever is requested.
    :param total: whether the total counts the ``list`` or the ``page``.
    """

    def __init__(
        self,
        entries: t.Sequence[Entry],
        *,
        unit: str = "page",
        beyond: str = "empty",
        order: str = "newest",
        most: int = 1000,
        total: str = "list",
    ) -> None:
        self.entries = list(entries)
        self.unit, self.beyond, self.order, self.most = unit, beyond, order, most
        self.total = total
        self.calls: list[tuple[Window | None, int, int]] = []
        self.before_call: t.Callable[[int], None] = lambda number: None
        self.wrong_total = 0
        self._random = random.Random(7)

    def page(self, window: Window | None, limit: int, offset: int) -> Page[Entry]:
        self.calls.append((window, limit, offset))
        self.before_call(len(self.calls))
        listed = [entry for entry in self.entries if window is None or entry[0] in window]
        listed.sort(reverse=self.order == "newest")
        if self.order == "stable":
            random.Random(3).shuffle(listed)
        elif self.order == "random":
            self._random.shuffle(listed)
        size = min(limit, self.most)
        first = offset * size if self.unit == "page" else offset
        if first >= len(listed) and self.beyond == "first":
            first = 0
        shown = listed[first : first + size]
        return Page(len(listed if self.total == "list" else shown) + self.wrong_total, shown)

    def pages(self, limit: int, offset: int) -> Page[Entry]:
        return self.page(None, limit, offset)

    def read_windowed(self, window: Window, limits: ListLimits, most: int = 200_000) -> list[Entry]:
        what = "instances of job daily_sales"
        return read_windowed(self.page, window, key=lambda entry: entry, what=what, limits=limits, budget=ListBudget(what, most))

    def read_paged(self, page: int, most: int = 200_000) -> list[Entry]:
        return read_paged(self.pages, key=lambda entry: entry, what="jobs", page=page, budget=ListBudget("jobs", most))


UNITS = st.sampled_from(["page", "record"])
BEYOND = st.sampled_from(["empty", "first"])
ORDERS = st.sampled_from(["newest", "oldest", "stable", "random"])
TOTALS = st.sampled_from(["list", "page"])
#: Common limits of a page, as far as the tests have more entries than that.
LIMITED = [10, 16, 20, 32, 50, 64]
LIMITS = st.sampled_from(LIMITED)


class TestWindows:
    @settings(max_examples=200)
    @given(
        st.lists(st.one_of(st.integers(0, 3000), st.sampled_from([0, 500, 501, 3000])), max_size=120),
        UNITS,
        BEYOND,
        ORDERS,
        st.integers(1, 12),
        st.integers(1, 4000),
        TOTALS,
    )
    @example([500] * 40 + [501] * 11 + [3000], "record", "first", "random", 5, 1000, "list")
    @example([500] * 40 + [501] * 11 + [0], "page", "first", "newest", 10, 3001, "list")
    @example([500] * 40 + [501] * 10 + [0], "page", "first", "newest", 10, 3001, "page")
    def test_every_entry_once(self, times: list[int], unit: str, beyond: str, order: str, page: int, slice_ms: int, total: str) -> None:
        if total == "page" and order == "random":
            order = "stable"  # without an order and a count, it would be an error, see below
        service = Service([(T + time, number) for number, time in enumerate(times)], unit=unit, beyond=beyond, order=order, total=total)
        # In a random order, pages of one or two entries would need too many samples. The service's pages have up to a thousand entries.
        listed = service.read_windowed(Window(T, T + 3000), ListLimits(page=page if order != "random" else page + 4, slice_ms=slice_ms))
        assert sorted(listed) == sorted(service.entries)
        assert len(listed) == len(set(listed))

    @settings(max_examples=200)
    @given(
        st.lists(st.one_of(st.integers(0, 3000), st.sampled_from([0, 500, 501])), max_size=120),
        UNITS,
        BEYOND,
        LIMITS,
        st.integers(50, 4000),
    )
    @example([5] * 50, "record", "first", 10, 4000)
    @example([5] * 10 + [6] * 10, "page", "empty", 10, 4000)
    def test_a_page_that_is_smaller_than_the_one_asked_for_makes_no_list_shorter(
        self, times: list[int], unit: str, beyond: str, most: int, slice_ms: int
    ) -> None:
        service = Service([(T + time, number) for number, time in enumerate(times)], unit=unit, beyond=beyond, most=most, total="page")
        assert sorted(service.read_windowed(Window(T, T + 3000), ListLimits(slice_ms=slice_ms))) == sorted(service.entries)

    @given(st.integers(0, 99), UNITS, BEYOND)
    def test_an_honest_window_of_one_page_takes_one_request_more_at_most(self, count: int, unit: str, beyond: str) -> None:
        service = Service([(T, number) for number in range(count)], unit=unit, beyond=beyond)
        assert sorted(service.read_windowed(Window(T, T), ListLimits(page=100))) == service.entries
        assert len(service.calls) == 1 + (count in LIMITED)

    @pytest.mark.parametrize("part", LIMITED)
    def test_a_part_is_not_taken_for_limited_where_another_page_had_more(self, part: int) -> None:
        service = Service([(T + number * 10, number) for number in range(2 * part)])
        assert len(service.read_windowed(Window(T, T + 20 * part - 1), ListLimits(page=2 * part))) == 2 * part
        assert len(service.calls) == 3

    def test_of_a_full_page_nothing_is_parsed(self) -> None:
        service = Service([(T + number, number) for number in range(30)])
        parsed: list[int] = []

        def fetch(window: Window, limit: int, offset: int) -> Page[Entry]:
            page = service.page(window, limit, offset)

            def entries() -> t.Sequence[Entry]:
                parsed.append(len(page.entries))
                return page.entries

            return Page(page.total, Unparsed(len(page.entries), entries))

        listed = read_windowed(fetch, Window(T, T + 100), key=lambda entry: entry, what="instances", limits=ListLimits(page=10))
        assert sorted(listed) == service.entries
        assert sum(parsed) == 30
        assert len(parsed) < len(service.calls)

    def test_the_window_is_inclusive_and_nothing_outside_it_is_asked_for(self) -> None:
        service = Service([(T - 1, 0), (T, 1), (T + 10, 2), (T + 11, 3)])
        assert sorted(service.read_windowed(Window(T, T + 10), ListLimits())) == [(T, 1), (T + 10, 2)]
        assert [call[0] for call in service.calls] == [Window(T, T + 10)]

    def test_slices_do_not_overlap_and_are_no_longer_than_allowed(self) -> None:
        service = Service([(T + 1000 * number, number) for number in range(30)])
        service.read_windowed(Window(T, T + 29_000), ListLimits(slice_ms=7000))
        windows = [t.cast(Window, call[0]) for call in service.calls]
        assert [(window.begin - T, window.end - T) for window in windows] == [
            (0, 6999),
            (7000, 13999),
            (14000, 20999),
            (21000, 27999),
            (28000, 29000),
        ]

    def test_offset_is_only_used_within_one_millisecond(self) -> None:
        service = Service([(T + number // 3, number) for number in range(90)])
        service.read_windowed(Window(T, T + 1000), ListLimits(page=4))
        assert {call[2] for call in service.calls} == {0}
        service = Service([(T + 5, number) for number in range(10)], unit="record")
        service.read_windowed(Window(T, T + 1000), ListLimits(page=3))
        assert {call[0] for call in service.calls if call[2]} == {Window(T + 5, T + 5)}

    @pytest.mark.parametrize(("pages", "calls"), [(2, 4), (10, 14), (100, 140)])
    def test_calls_grow_with_pages(self, pages: int, calls: int) -> None:
        step = 7 * 86_400_000 // (pages * 100)
        service = Service([(T + step * number, number) for number in range(pages * 100)])
        assert len(service.read_windowed(Window(T, T + 7 * 86_400_000 - 1), ListLimits(page=100))) == pages * 100
        assert len(service.calls) <= calls

    @pytest.mark.parametrize("before", [0, 500])
    def test_a_crowd_in_one_moment_is_found_by_halves(self, before: int) -> None:
        crowd = [(T + 40_000_000, number) for number in range(450)]
        service = Service([*crowd, *((T + 60_000 * number, 1000 + number) for number in range(before))])
        assert len(service.read_windowed(Window(T, T + 86_400_000 - 1), ListLimits(page=100))) == 450 + before
        assert len(service.calls) <= 80

    def test_a_list_that_grows_while_it_is_read_is_read_once_more(self) -> None:
        service = Service([(T + number, number) for number in range(8)])
        service.wrong_total = 1  # counted already, but not listed yet

        def grow(number: int) -> None:
            if number == 2:
                service.entries.append((T + 100, 100))
                service.wrong_total = 0

        service.before_call = grow
        assert len(service.read_windowed(Window(T, T + 1000), ListLimits(page=10))) == 9
        assert len(service.calls) == 2

    @pytest.mark.parametrize("change", [1, -1, 5])
    def test_a_count_that_stays_wrong_is_an_error_with_window_count_and_total(self, change: int) -> None:
        service = Service([(T + number, number) for number in range(8)])
        service.wrong_total = change
        with pytest.raises(ApiError) as caught:
            service.read_windowed(Window(T, T + 1000), ListLimits(page=20))
        assert caught.value.kind is Kind.BAD_ANSWER
        assert str(caught.value) == (
            f"the service counts {8 + change} instances of job daily_sales from 2026-11-23T03:00:00Z to 2026-11-23T03:00:01Z but lists 8"
        )
        assert "narrow the time window" in caught.value.hint
        assert len(service.calls) == 3

    def test_an_entry_listed_twice_counts_once(self) -> None:
        page = Page(2, [(T, 1), (T, 1)])
        with pytest.raises(ApiError) as caught:
            read_windowed(lambda window, limit, offset: page, Window(T, T), key=lambda entry: entry, what="instances")
        assert caught.value.kind is Kind.BAD_ANSWER

    def test_a_service_that_always_says_more_is_not_asked_for_ever(self) -> None:
        calls = 0

        def lies(window: Window, limit: int, offset: int) -> Page[Entry]:
            nonlocal calls
            calls += 1
            return Page(1001, [])

        with pytest.raises(ApiError) as caught:
            read_windowed(lies, Window(T, T + 7 * 86_400_000), key=lambda entry: entry, what="instances")
        assert caught.value.kind is Kind.BAD_ANSWER
        assert calls < 500

    def test_more_than_may_be_held_is_refused_at_once_with_a_hint(self) -> None:
        service = Service([(T + number, number) for number in range(50)])
        with pytest.raises(ApiError) as caught:
            service.read_windowed(Window(T, T + 1000), ListLimits(page=5), most=49)
        assert caught.value.kind is Kind.INVALID
        assert "50 instances of job daily_sales, more than the 49" in str(caught.value)
        assert "planned_after" in caught.value.hint
        assert len(service.calls) == 1

    def test_more_than_may_be_held_over_several_slices(self) -> None:
        service = Service([(T + 100 * number, number) for number in range(50)])
        with pytest.raises(ApiError) as caught:
            service.read_windowed(Window(T, T + 4999), ListLimits(page=5, slice_ms=500), most=20)
        assert caught.value.kind is Kind.INVALID

    def test_a_service_that_ignores_the_limit_is_believed(self) -> None:
        service = Service([(T, number) for number in range(12)])
        everything = read_windowed(
            lambda window, limit, offset: service.page(window, 100, 0),
            Window(T, T),
            key=lambda entry: entry,
            what="instances",
            limits=ListLimits(page=5),
        )
        assert len(everything) == 12
        assert len(service.calls) == 1

    def test_what_the_call_raises_is_passed_on(self) -> None:
        def fails(window: Window, limit: int, offset: int) -> Page[Entry]:
            raise ApiError(Kind.NO_PERMISSION, "no")

        with pytest.raises(ApiError) as caught:
            read_windowed(fails, Window(T, T), key=lambda entry: entry, what="instances")
        assert caught.value.kind is Kind.NO_PERMISSION


class TestPages:
    @settings(max_examples=200)
    @given(st.integers(0, 130), UNITS, BEYOND, st.sampled_from(["newest", "oldest", "stable"]), st.integers(1, 50), TOTALS)
    @example(100, "page", "empty", "newest", 100, "page")
    @example(101, "record", "first", "newest", 100, "page")
    @example(200, "page", "first", "oldest", 100, "page")
    @example(200, "record", "first", "oldest", 100, "list")
    def test_a_total_that_counts_the_page_makes_no_list_shorter(
        self, count: int, unit: str, beyond: str, order: str, page: int, total: str
    ) -> None:
        service = Service([(T, number) for number in range(count)], unit=unit, beyond=beyond, order=order, total=total)
        assert sorted(service.read_paged(page)) == service.entries
        assert len(service.calls) <= (1 if total == "list" else 2) * (count // page + 4)

    @settings(max_examples=200)
    @given(st.integers(0, 130), UNITS, BEYOND, st.sampled_from(["newest", "oldest", "stable"]), LIMITS, TOTALS)
    @example(50, "record", "first", "newest", 50, "page")
    @example(51, "page", "first", "stable", 50, "page")
    @example(100, "page", "empty", "newest", 10, "page")
    def test_a_page_that_is_smaller_than_the_one_asked_for_makes_no_list_shorter_whatever_the_total_counts(
        self, count: int, unit: str, beyond: str, order: str, most: int, total: str
    ) -> None:
        service = Service([(T, number) for number in range(count)], unit=unit, beyond=beyond, order=order, most=most, total=total)
        assert sorted(service.read_paged(100)) == service.entries
        assert len(service.calls) <= 2 * (count // most + 4)

    @given(st.integers(0, 99), UNITS, BEYOND, st.sampled_from(["newest", "oldest", "stable", "random"]))
    def test_an_honest_list_of_one_page_takes_one_request_more_at_most(self, count: int, unit: str, beyond: str, order: str) -> None:
        service = Service([(T, number) for number in range(count)], unit=unit, beyond=beyond, order=order)
        assert sorted(service.read_paged(100)) == service.entries
        assert len(service.calls) == 1 + (count in LIMITED)

    @pytest.mark.parametrize("unit", ["page", "record"])
    def test_neither_a_count_nor_an_order_is_an_error(self, unit: str) -> None:
        service = Service([(T, number) for number in range(60)], unit=unit, order="random", total="page")
        with pytest.raises(ApiError) as caught:
            service.read_paged(10)
        assert caught.value.kind is Kind.BAD_ANSWER

    @pytest.mark.parametrize("at_call", [2, 3, 4])
    def test_a_list_without_a_count_that_shrinks_on_the_way_is_walked_again(self, at_call: int) -> None:
        service = Service([(T, number) for number in range(45)], total="page", order="oldest")
        service.before_call = lambda number: service.entries.remove((T, 3)) if number == at_call else None
        assert sorted(service.read_paged(10)) == service.entries

    def test_a_list_without_a_count_that_never_rests_is_an_error(self) -> None:
        service = Service([(T, number) for number in range(45)], total="page")
        service.before_call = lambda number: service.entries.append((T, 1000 + number))
        with pytest.raises(ApiError) as caught:
            service.read_paged(10)
        assert str(caught.value) == "the service's count of jobs is too low, and each list shows others"

    def test_a_total_that_ends_early_is_an_error(self) -> None:
        """The service counts only to a hundred, as some searches do."""
        service = Service([(T, number) for number in range(130)])
        service.wrong_total = -30
        with pytest.raises(ApiError) as caught:
            service.read_paged(50)
        assert str(caught.value).startswith("the service counts 100 jobs but lists 1")

    @settings(max_examples=200)
    @given(st.integers(0, 130), UNITS, BEYOND, st.sampled_from(["newest", "oldest", "stable"]), st.integers(1, 50), st.integers(1, 50))
    @example(101, "record", "first", "stable", 100, 100)
    @example(100, "page", "first", "newest", 50, 50)
    @example(6, "page", "first", "oldest", 5, 5)
    @example(6, "record", "empty", "oldest", 5, 5)
    def test_every_entry_once(self, count: int, unit: str, beyond: str, order: str, page: int, most: int) -> None:
        """The service may limit pages to *most* entries, fewer than requested."""
        service = Service([(T, number) for number in range(count)], unit=unit, beyond=beyond, order=order, most=most)
        listed = service.read_paged(page)
        assert sorted(listed) == service.entries
        size = min(page, most)
        assert len(service.calls) <= count // size + 3

    @pytest.mark.parametrize("unit", ["page", "record"])
    @pytest.mark.parametrize("count", [11, 20, 35, 60])
    def test_an_order_that_differs_from_call_to_call(self, unit: str, count: int) -> None:
        service = Service([(T, number) for number in range(count)], unit=unit, order="random")
        assert sorted(service.read_paged(10)) == service.entries

    @pytest.mark.parametrize("unit", ["page", "record"])
    @pytest.mark.parametrize("at_call", [2, 3, 4])
    @pytest.mark.parametrize("change", ["grows", "shrinks"])
    def test_a_list_that_changes_on_the_way_is_walked_once_more(self, unit: str, at_call: int, change: str) -> None:
        service = Service([(T, number) for number in range(45)], unit=unit)

        def happen(number: int) -> None:
            if number == at_call and change == "grows":
                service.entries.append((T, 1000))
            elif number == at_call:
                service.entries.remove((T, 44))

        service.before_call = happen
        assert sorted(service.read_paged(10)) == service.entries

    def test_a_list_that_never_rests_is_an_error(self) -> None:
        service = Service([(T, number) for number in range(45)])
        service.before_call = lambda number: service.entries.append((T, 1000 + number))
        with pytest.raises(ApiError) as caught:
            service.read_paged(10)
        assert caught.value.kind is Kind.BAD_ANSWER
        assert "jobs but lists" in str(caught.value)

    @pytest.mark.parametrize("unit", ["page", "record"])
    @pytest.mark.parametrize("beyond", ["empty", "first"])
    def test_a_total_that_is_never_reached_ends_with_an_error(self, unit: str, beyond: str) -> None:
        service = Service([(T, number) for number in range(25)], unit=unit, beyond=beyond)
        service.wrong_total = 7
        with pytest.raises(ApiError) as caught:
            service.read_paged(10)
        assert str(caught.value) == "the service counts 32 jobs but lists 25"
        assert len(service.calls) <= 18

    def test_an_empty_page_that_counts_entries_is_an_error(self) -> None:
        with pytest.raises(ApiError) as caught:
            read_paged(lambda limit, offset: Page(3, []), key=lambda entry: entry, what="jobs", page=10)
        assert str(caught.value) == "the service counts 3 jobs but lists 0"

    def test_more_than_may_be_held_is_refused_at_once(self) -> None:
        service = Service([(T, number) for number in range(45)])
        with pytest.raises(ApiError) as caught:
            service.read_paged(10, most=44)
        assert caught.value.kind is Kind.INVALID
        assert len(service.calls) == 1

    def test_a_huge_total_in_no_order_ends(self) -> None:
        numbers = iter(range(10**9))

        def lies(limit: int, offset: int) -> Page[int]:
            return Page(50, [0, next(numbers) % 7, 1])

        with pytest.raises(ApiError) as caught:
            read_paged(lies, key=lambda entry: entry, what="jobs", page=3)
        assert caught.value.kind is Kind.BAD_ANSWER


class TestOnce:
    def test_a_whole_list(self) -> None:
        assert read_whole(lambda: Page(2, [1, 2]), key=lambda entry: entry, what="things") == [1, 2]

    def test_read_again_while_the_count_does_not_match(self) -> None:
        answers = [Page(3, [1, 2]), Page(3, [1, 2, 3])]
        assert read_whole(lambda: answers.pop(0), key=lambda entry: entry, what="things") == [1, 2, 3]

    def test_an_error_if_it_never_does(self) -> None:
        with pytest.raises(ApiError) as caught:
            read_whole(lambda: Page(3, [1, 2, 2]), key=lambda entry: entry, what="things")
        assert str(caught.value) == "the service counts 3 things but lists 2"
