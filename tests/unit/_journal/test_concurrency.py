# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several controllers on one journal, and connections that break at the worst moment. Processes, servers and connections are real."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import socket
import subprocess
import sys
import threading
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ClaimLostError, JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal import postgresql as postgresql_file
from ansible_collections.dataarts.factory.plugins.module_utils._journal.database import Database, Statement
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from tests.support.logic import PATIENCE
from tests.support.postgresql import PASSWORD, PostgresServer, Proxy
from tests.unit._journal.building import ALL, WORKSPACE, T, at, claim, intent
from tests.unit._journal.conftest import Place
from tests.unit._journal.controllers import Controller, Controllers, claims, go

#: Controllers that have read the journal and are about to claim the same failures.
Claiming = t.Callable[..., contextlib.AbstractContextManager[list[Controller]]]


@pytest.fixture
def claiming(controllers: Controllers, place: Place) -> Claiming:
    def at(
        number: int, failures: int, *, supersede: bool = False, differing: bool = False
    ) -> contextlib.AbstractContextManager[list[Controller]]:
        return controllers.at(claims, [(place.where, place.password, run, failures, supersede, differing) for run in range(number)])

    return at


def winners(*controllers: Controller) -> Counter[int]:
    """Let all claim at once; how often each failure was claimed."""
    go(*controllers)
    return Counter(int(number) for controller in controllers for number in controller.said().split())


class TestControllers:
    def test_eight_claim_the_same_failures_and_each_goes_to_one(self, place: Place, claiming: Claiming) -> None:
        with claiming(8, 50) as started:
            won = winners(*started)
        assert won == dict.fromkeys(range(50), 1)
        assert len(place.rows("SELECT 1 FROM dataarts_attempt")) == 50

    def test_eight_that_make_the_journal_at_once_need_one_try_each(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgresql_file, "_TRIES", 1)
        ready = threading.Barrier(8)

        def make(number: int) -> None:
            with place.open() as journal:
                ready.wait()
                journal.cover([WORKSPACE], at(number))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(make, range(8))) == [None] * 8
        assert place.rows("SELECT count(*) FROM dataarts_coverage") == [(1,)]

    def test_of_eight_that_take_over_the_same_attempts_one_wins_each(self, place: Place, claiming: Claiming) -> None:
        with place.open() as journal:
            journal.record(claim(journal, *range(20)), Outcome.NOT_EXECUTED, now_ms=at(2))
        with claiming(8, 20, supersede=True) as started:
            won = winners(*started)
        assert won == dict.fromkeys(range(20), 1)
        assert place.rows("SELECT count(*) FROM dataarts_attempt WHERE open = 1") == [(20,)]
        assert place.rows("SELECT count(*) FROM dataarts_attempt") == [(40,)]

    def test_what_is_being_claimed_when_the_newest_is_asked_for_is_not_newer_than_it_unread(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of two claims, the one with the lower ids may commit last."""
        claimed, asked = threading.Event(), threading.Event()

        def commit_late(database: Database, statements: t.Sequence[Statement]) -> int:
            changed = change(database, statements)
            monkeypatch.setattr(Database, "change", change)
            claimed.set()
            asked.wait(1)  # or until it is answered, if it does not have to wait for this
            return changed

        change = Database.change
        with place.open() as slow, place.open() as fast, place.open() as reader, ThreadPoolExecutor(3) as pool:
            claim(fast, 0)
            monkeypatch.setattr(Database, "change", commit_late)
            late = pool.submit(claim, slow, 1)
            assert claimed.wait(PATIENCE)
            others = pool.submit(claim, fast, 2)
            if place.server is not None:  # with SQLite it waits for the other one
                others.result()
            newest = reader.newest_id()
            read = {entry.attempt_id for entry in reader.read([WORKSPACE], ALL, T).attempts}
            asked.set()
            ids = {entry.attempt_id for entry in (*late.result(), *others.result())}
        assert {number for number in ids - read if number <= newest} == set()

    def test_eight_whose_lists_differ_do_not_claim_the_same_instance_twice(self, place: Place, claiming: Claiming) -> None:
        with claiming(8, 50, differing=True) as started:
            won = winners(*started)
        assert won == dict.fromkeys(range(50), 1)
        assert place.rows("SELECT count(*), max(serial) FROM dataarts_attempt") == [(50, 1)]

    def test_who_takes_over_and_whose_list_differs_do_not_both_get_it(self, place: Place, claiming: Claiming) -> None:
        with place.open() as journal:
            journal.record(claim(journal, *range(20)), Outcome.NOT_EXECUTED, now_ms=at(2))
        with claiming(4, 20, supersede=True) as aware, claiming(4, 20, differing=True) as differing:
            won = winners(*aware, *differing)
        assert won == dict.fromkeys(range(20), 1)
        assert place.rows("SELECT count(*), max(serial) FROM dataarts_attempt") == [(40, 2)]

    def test_of_who_sends_once_more_and_who_claims_one_wins(self, place: Place) -> None:
        for number in range(12):
            with place.open() as first, place.open() as second, ThreadPoolExecutor(2) as pool:
                claimed = claim(first, *range(number * 5, number * 5 + 5))
                second.read([WORKSPACE], ALL, T)
                start = threading.Barrier(2)

                def try_again(journal: t.Any = first, claimed: t.Any = claimed, start: threading.Barrier = start) -> bool:
                    start.wait()
                    with contextlib.suppress(ClaimLostError):
                        journal.stamp(claimed, at(9))
                        return True
                    return False

                trying = pool.submit(try_again)
                start.wait()
                others = claim(second, *range(number * 5, number * 5 + 5), run_id="run-2", start_time=at(5))
            assert trying.result() is not any(others)

    def test_who_takes_over_and_who_saw_nothing_do_not_block_each_other(self, place: Place, claiming: Claiming) -> None:
        with claiming(3, 30) as unaware, place.open() as journal:
            journal.record(claim(journal, *range(0, 30, 2)), Outcome.NOT_EXECUTED, now_ms=at(2))
            with claiming(3, 1, supersede=True) as aware:
                won = winners(*unaware, *aware)
        assert won == {0: 1, **dict.fromkeys(range(1, 30, 2), 1)}

    def test_one_that_is_killed_after_its_claim_leaves_what_the_others_see_and_take_over(self, place: Place, claiming: Claiming) -> None:
        with claiming(1, 3) as (controller,):
            go(controller)
            assert controller.said() == "0 1 2"
            controller.end(kill=True)
        with place.open() as journal:
            left = journal.read([WORKSPACE], ALL, T).attempts
            assert [(entry.outcome, entry.open, entry.run_id) for entry in left] == [(Outcome.INTENDED, True, "run-0")] * 3
            assert claim(journal, 0, 1, 2) == [None] * 3
            assert all(journal.claim([intent(number, 200, entry) for number, entry in enumerate(left)]))

    def test_one_that_is_killed_within_its_claim_leaves_nothing(self, place: Place, claiming: Claiming) -> None:
        for delay in (0.0, 0.001, 0.002, 0.003, 0.005, 0.008):
            with claiming(1, 400) as (controller,):
                go(controller)
                time.sleep(delay)  # not a wait for anything: this sets the moment of the kill
                controller.end(kill=True)
            with place.open() as journal:
                assert len(journal.history(limit=None)) in (0, 400)
                left = [entry.attempt_id for entry in journal.history(limit=None)]
                place.rows("DELETE FROM dataarts_attempt" if left else "SELECT 1")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop waiting for a lost server early."""
    monkeypatch.setattr(postgresql_file, "PATIENCE", 2.0)


class TestRestart:
    @pytest.mark.parametrize("mode", ["fast", "immediate"])
    def test_a_server_that_is_restarted_between_claim_and_record(self, postgres: Place, mode: str) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claimed = claim(journal, 1, 2)
            postgres.server.restart(mode)
            ended = journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2))
            postgres.server.restart(mode)
            assert journal.read([WORKSPACE], ALL, T).attempts == tuple(ended)
            postgres.server.restart(mode)
            assert claim(journal, 1, 2, 3)[2]

    def test_a_claim_waits_for_a_server_that_is_just_being_restarted(self, postgres: Place) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claim(journal, 1)
            postgres.server.stop("immediate")
            starting = threading.Timer(0.5, postgres.server.start)
            starting.start()
            assert claim(journal, 2)[0]
            starting.join()

    def test_crashes_while_four_claim_lose_nothing_and_double_nothing(self, postgres: Place) -> None:
        assert postgres.server is not None
        over = threading.Event()

        def controller(number: int) -> list[t.Any]:
            rng = random.Random(number)
            got: list[t.Any] = []
            with postgres.open() as journal:
                while not over.is_set():
                    numbers = rng.sample(range(2000), 20)
                    claimed = [entry for entry in claim(journal, *numbers, run_id=f"run-{number}") if entry]
                    got += journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2)) if claimed else []
            return got

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(controller, number) for number in range(4)]
            for dummy in range(4):
                time.sleep(0.3)  # not a wait for anything: this sets the moments of the crashes
                postgres.server.restart("immediate")
            over.set()
            claims = [entry for done in running for entry in done.result()]
        with postgres.open() as journal:
            kept = journal.history(limit=None)
        assert {entry.attempt_id for entry in claims} == {entry.attempt_id for entry in kept}
        assert len({entry.failure for entry in claims}) == len(claims) > 50
        assert sorted(claims, key=lambda entry: -entry.attempt_id) == kept

    def test_a_server_that_does_not_come_back(self, postgres: Place, brief: None) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claimed = claim(journal, 1)
            postgres.server.stop()
            try:
                began = time.monotonic()
                with pytest.raises(JournalError, match=r"^Failed to open the journal .*refused"):
                    journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2))
                assert time.monotonic() - began >= 2
                began = time.monotonic()
                with pytest.raises(JournalError):
                    journal.read([WORKSPACE], ALL, T)
                assert time.monotonic() - began < 1.5, "patience is for the first loss only"
            finally:
                postgres.server.start()
            assert journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2))[0].outcome is Outcome.ACCEPTED


def before_it(client: socket.socket, server: socket.socket, data: bytes) -> None:
    """The connection breaks before the COMMIT reaches the server."""


def after_it(client: socket.socket, server: socket.socket, data: bytes) -> None:
    """The COMMIT takes effect, but its answer is lost."""
    client.shutdown(socket.SHUT_RDWR)
    server.sendall(data)
    server.settimeout(10)
    # The server closes the connection once it has committed.
    server.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        while server.recv(65536):
            pass


def much_later(client: socket.socket, server: socket.socket, data: bytes) -> None:
    """The client has lost its connection and retries before the COMMIT arrives."""
    client.shutdown(socket.SHUT_RDWR)
    time.sleep(0.7)  # the transaction blocks the retry all that time
    server.sendall(data)
    time.sleep(0.1)


LOSSES = [before_it, after_it, much_later]


@pytest.fixture(params=LOSSES, ids=lambda loss: loss.__name__)
def losing(request: pytest.FixtureRequest, postgres: Place) -> Iterator[Place]:
    """A journal whose connection breaks at the next COMMIT."""
    assert postgres.server is not None
    with postgres.open() as journal:
        journal.cover(["made"], T)
    proxy = Proxy(postgres.server.port, request.param)
    yield dataclasses.replace(postgres, where=postgres.server.uri(postgres.database, port=proxy.port))
    proxy.close()
    assert proxy.connections == 2


class TestLostAnswers:
    def test_a_claim_is_ours_exactly_if_the_journal_says_so(self, losing: Place) -> None:
        with losing.open() as journal:
            claimed = claim(journal, 1, 2, 3)
            assert all(claimed)
            assert journal.history() == claimed[::-1]

    def test_so_is_one_that_takes_over(self, losing: Place) -> None:
        assert losing.server is not None
        with Place(losing.server.uri(losing.database), PASSWORD).open() as journal:
            old = claim(journal, 1, 2)
        with losing.open() as journal:
            assert journal.read([WORKSPACE], ALL, T).attempts == tuple(old)
            claimed = journal.claim([intent(number, 99, entry, run_id="run-2") for number, entry in enumerate(old, 1)])
            assert all(claimed)
            assert [entry for entry in journal.history() if entry.open] == claimed[::-1]

    def test_what_another_run_has_is_not_ours(self, losing: Place) -> None:
        assert losing.server is not None
        with Place(losing.server.uri(losing.database), PASSWORD).open() as other:
            claim(other, 2, run_id="run-2")
        with losing.open() as journal:
            assert [bool(entry) for entry in claim(journal, 1, 2, 3)] == [True, False, True]

    def test_an_outcome_is_recorded(self, losing: Place) -> None:
        assert losing.server is not None
        with Place(losing.server.uri(losing.database), PASSWORD).open() as journal:
            claimed = claim(journal, 1)
        with losing.open() as journal:
            ended = journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2))
            assert journal.history() == ended

    def test_a_fact_is_kept_by_who_kept_it(self, losing: Place) -> None:
        with losing.open() as journal:
            assert journal.note("plans", "a", "b") is True
            assert journal.note("plans", "a", "b") is False


class TestPauses:
    def test_one_that_stops_within_its_claim_is_cut_off_and_claims_anew(self, postgres: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgresql_file, "_BEGIN", postgresql_file._BEGIN.replace("'15s'", "'200ms'"))
        with postgres.open() as journal, postgres.open() as other:
            journal.cover([WORKSPACE], T)
            database = journal._database
            clock, slow = database.clock_ms, iter([True])

            def clock_that_stops() -> int:
                if next(slow, False):
                    time.sleep(1)
                return int(clock())

            monkeypatch.setattr(database, "clock_ms", clock_that_stops)
            assert all(claim(journal, 1, 2))
            assert claim(other, 1, 2) == [None, None]

    def test_a_session_that_an_administrator_ends_is_opened_again(self, postgres: Place) -> None:
        with postgres.open() as journal:
            claimed = claim(journal, 1)
            for number in range(2, 5):
                postgres.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dataarts.factory'")
                assert claim(journal, number)[0]
            assert journal.read([WORKSPACE], ALL, T).attempts[0] == claimed[0]


def test_the_server_of_the_tests_ends_with_them(postgresql: PostgresServer) -> None:
    """Even if the process that started it is killed, nothing is left."""
    code = "from tests.support.postgresql import PostgresServer as S; import sys; s = S(); s.make(); print(s.folder, s.port, flush=True); sys.stdin.read()"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    folder, port = process.stdout.readline().split()
    assert os.path.isdir(folder)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while os.path.isdir(folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(port)), 1)
