# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit that the processes of one account share, with real files and real processes."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import stat
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http import rate_limiter as _rate_limiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import (
    ALL,
    FURTHEST,
    RateLimiter,
    Reservations,
    shared_folder,
    shared_reservations,
    start_of,
)


@pytest.fixture(name="path")
def fixture_path(tmp_path: Path) -> Path:
    return tmp_path / "own" / "rate.json"


@pytest.mark.parametrize(
    ("times", "start"),
    [
        ({}, 100.0),
        ({"list": 100.5}, 100.5),
        ({"list": 99.0}, 100.0),
        ({"other": 130.0}, 100.0),
        ({ALL: 130.0}, 130.0),
        ({ALL: 101.0, "list": 102.0}, 102.0),
        ({ALL: 103.0, "list": 102.0}, 103.0),
        ({"list": 100.0 + FURTHEST}, 100.0 + FURTHEST),
        # the clock of another boot
        ({"list": 100.1 + FURTHEST}, 100.0),
        ({ALL: 5e6, "list": 101.0}, 101.0),
        ({ALL: 130.0, "list": 5e6}, 130.0),
        ({ALL: float("nan"), "list": float("inf")}, 100.0),
    ],
)
def test_from_when_on_a_request_may_leave(times: t.Any, start: t.Any) -> None:
    assert start_of(times, "list", 100.0) == start


def spent(path: Path, route: str = "list", at: float = 100.0) -> None:
    with Reservations(path).open() as times:
        times[route] = at


def known(path: Path) -> dict[str, float]:
    with Reservations(path).open() as times:
        return dict(times)


def test_what_one_object_spends_another_one_sees(path: Path) -> None:
    assert known(path) == {}
    spent(path)
    spent(path, "retry", 7.0)
    assert known(path) == {"list": 100.0, "retry": 7.0}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{", '{"list": "1"}', '{"list": 1}', "[]", "null", "[" * 60_000, '{"list": 1.0}garbage', "\x00\xff"])
def test_a_file_that_cannot_be_read_counts_as_empty_and_is_written_anew(path: Path, text: str) -> None:
    spent(path)
    path.write_text(text, encoding="latin-1")
    assert known(path) == {}
    spent(path, at=7.0)
    assert known(path) == {"list": 7.0}


def test_a_shorter_text_leaves_nothing_of_a_longer_one(path: Path) -> None:
    spent(path, "a long name of a route", 123456.75)
    with Reservations(path).open() as times:
        times.clear()
    assert json.loads(path.read_text()) == {}


def test_without_a_place_each_process_has_times_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    readable = tmp_path / "readable"
    readable.mkdir(mode=0o755)
    readable.chmod(0o755)
    linked = tmp_path / "linked"
    linked.symlink_to(tmp_path)
    for place in (tmp_path / "file", tmp_path / "no" / "such", readable, linked):
        limiter = Reservations(place / "rate.json")
        for number in range(2):
            with limiter.open() as times:
                assert times.get("list", 0) == number
                times["list"] = number + 1
        assert not (place / "rate.json").exists()


def test_a_link_in_the_place_of_the_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    spent(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_process_that_holds_the_lock_for_ever_holds_nobody_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spent(path)
    monkeypatch.setattr(_rate_limiter, "_TRIES", 3)
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert known(path) == {}
    assert known(path) == {"list": 100.0}


def test_the_name_of_the_file_tells_nothing_and_is_the_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for who in (("https://dayu", "AKEXAMPLE"), ("https://dayu", "AKEXAMPLE"), ("https://dayu", "another"), ("https://other", "AKEXAMPLE")):
        with shared_reservations(*who).open() as times:
            times["list"] = times.get("list", 0.0) + 1.0
    files = sorted(shared_folder(os.environ).iterdir())
    assert shared_folder(os.environ).parent == tmp_path
    assert sorted(json.loads(file.read_text())["list"] for file in files) == [1.0, 1.0, 2.0]
    assert not any("AKEXAMPLE" in file.name or "AKEXAMPLE" in file.read_text() for file in files)


def test_a_relative_runtime_directory_is_not_used() -> None:
    assert shared_folder({"XDG_RUNTIME_DIR": "relative"}) == shared_folder({})


def _work(path: Path, requests: int, left: t.Any) -> None:
    moments = [0.0]

    def clock() -> float:
        moments.append(time.monotonic())
        return moments[-1]

    limiter = RateLimiter({"list": 100.0}, clock=clock, reservations=Reservations(path))
    for _request in range(requests):
        limiter.wait("list")
        left.put(moments[-1])  # the time of the last request, read under the lock


def test_processes_share_one_budget_also_when_one_of_them_is_killed(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    left = context.Queue()
    victim = context.Process(target=_work, args=(path, 10_000, context.Queue()))
    workers = [context.Process(target=_work, args=(path, 10, left)) for _worker in range(4)]
    for process in (victim, *workers):
        process.start()
    moments = [left.get(timeout=60) for _number in range(20)]
    os.kill(t.cast(int, victim.pid), signal.SIGKILL)
    moments += [left.get(timeout=60) for _number in range(20)]
    for process in (victim, *workers):
        process.join(timeout=60)
    moments.sort()
    assert min(after - before for before, after in zip(moments, moments[1:])) >= 0.01
