# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limiter, with a clock that advances only during sleep."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import (
    OTHER_RATE,
    RATES,
    STREAK,
    RateLimiter,
    Reservations,
)


class Time:
    """A clock that only sleep advances."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        with self._lock:
            self.now += seconds


def rate_limiter(time: Time, rates: dict[str, float] | None = None) -> RateLimiter:
    return RateLimiter(RATES if rates is None else rates, clock=time, sleep=time.sleep)


@pytest.mark.parametrize("route", [*RATES, "anything else"])
def test_no_second_holds_more_than_the_budget(route: str) -> None:
    time = Time()
    limiter = rate_limiter(time)
    left: list[float] = []
    for _request in range(100):
        assert limiter.wait(route)
        left.append(time.now)
    rate = RATES.get(route, OTHER_RATE)
    for begin in left:
        assert sum(begin <= moment <= begin + 1 for moment in left) <= rate
    # ... and at least nine tenths of the rate are used.
    assert 99 / (left[-1] - left[0]) > 0.9 * rate


def test_is_even_from_the_first_request() -> None:
    time = Time()
    limiter = rate_limiter(time, {"list": 10.0})
    left = []
    for _request in range(20):
        limiter.wait("list")
        left.append(time.now)
    gaps = [after - before for before, after in zip(left, left[1:])]
    assert min(gaps) > 0.1
    assert max(gaps) < 0.11


def test_idle_time_is_not_saved_up() -> None:
    time = Time()
    limiter = rate_limiter(time, {"list": 10.0})
    limiter.wait("list")
    time.now += 3600
    begin = time.now
    for _request in range(11):
        limiter.wait("list")
    assert time.now - begin > 1


def test_routes_have_budgets_of_their_own() -> None:
    time = Time()
    limiter = rate_limiter(time, {"slow": 1.0, "fast": 100.0})
    limiter.wait("slow")
    begin = time.now
    for _request in range(10):
        limiter.wait("fast")
    assert time.now - begin < 0.2
    limiter.wait("slow")
    assert time.now - begin > 1


def test_documented_limits() -> None:
    assert RATES["v2.list"] == RATES["v2.retry"] == RATES["v1.job"] == 10
    assert RATES["v1.list"] == RATES["v1.restart"] == RATES["v1.instance"] == 30
    assert RATES["statistics"] == 1


def test_back_off_holds_every_route_and_never_shortens() -> None:
    time = Time()
    limiter = rate_limiter(time)
    limiter.back_off(30)
    limiter.back_off(5)
    begin = time.now
    limiter.wait("v2.list")
    assert time.now - begin == pytest.approx(30)
    limiter.wait("v1.list")
    assert time.now - begin < 30.2


def test_back_off_reaches_a_thread_that_already_waits() -> None:
    time = Time()
    throttled = [True]

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if throttled:
            throttled.pop()
            limiter.back_off(50)

    limiter = RateLimiter({"list": 1.0}, clock=time, sleep=sleep)
    limiter.wait("list")
    begin = time.now
    limiter.wait("list")
    assert time.now - begin > 50


def test_deadline_spends_nothing() -> None:
    time = Time()
    limiter = rate_limiter(time, {"list": 1.0})
    assert limiter.wait("list", time.now + 5)
    begin = time.now
    assert not limiter.wait("list", begin + 0.5)
    assert not limiter.wait("list", begin - 1)
    assert time.now == begin
    assert limiter.wait("list", begin + 5)
    assert time.now - begin == pytest.approx(1.05)
    limiter.back_off(100)
    assert not limiter.wait("other", time.now + 50)


def test_who_took_the_last_turn_looks_first_for_a_while() -> None:
    time = Time()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    reservations = Reservations()
    limiter = RateLimiter({"list": 1.0}, clock=time, sleep=sleep, reservations=reservations)
    other = RateLimiter({"list": 1.0}, clock=time, sleep=time.sleep, reservations=reservations)
    for _request in range(STREAK):
        limiter.wait("list")
    assert max(slept) == pytest.approx(1.05)
    limiter.wait("list")
    assert slept[-1] > 1.051, "after so many the others may be first"
    limiter.wait("list")
    assert slept[-1] == pytest.approx(1.05)
    other.wait("list")
    limiter.wait("list")
    assert 1.051 < slept[-1] < 1.06


def test_threads_share_one_budget() -> None:
    limiter = RateLimiter({"list": 200.0})
    left: list[float] = []
    clock = limiter._clock

    def work() -> None:
        for _request in range(10):
            limiter.wait("list")
            left.append(clock())

    begin = clock()
    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Forty requests at 200 per second take at least 39 intervals, however the threads are scheduled.
    assert len(left) == 40
    assert max(left) - begin >= 39 / 200
