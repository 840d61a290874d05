# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that is paused at any line between its claim and the first byte of its request, and continued later.

The pause is simulated: at that line the stopwatch jumps, and whatever is to happen meanwhile happens. Connections, TLS and journals are real.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import linecache
import socket
import ssl
import sys
import types
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common import stopwatch as stopwatch_file
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import RateLimiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Request
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Failure, Intent
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import RunScope, Since
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import History
from ansible_collections.dataarts.factory.plugins.module_utils._runner import sender
from ansible_collections.dataarts.factory.plugins.module_utils._runner.snapshot import Snapshot
from tests.support.certificates import localhost_tls
from tests.support.http_server import HttpServer, reply
from tests.support.long import whole_plays
from tests.unit.building import SINCE, WORKSPACE, T, instance

#: Whose lines count: what claims, connects and sends.
_FILES = ("/_runner/sender.py", "/_runner/write.py", "/_http/client.py", "/_http/connection.py")
#: The call that hands the bytes to the system. A process that is stopped there can do nothing any more.
LAST = "send(data)"
ANSWER = reply(200, b"{}")
THROTTLED = reply(429, b'{"error_code": "APIGW.0308", "error_msg": "too many"}', {"Retry-After": "1"})


class Clock:
    """A stopwatch that jumps when a test says so."""

    def __init__(self, real: Callable[[], float]) -> None:
        self.real, self.offset = real, 0.0

    def __call__(self) -> float:
        return self.real() + self.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(stopwatch_file._clock)
    monkeypatch.setattr(stopwatch_file, "_clock", made)
    return made


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    context, certificate = localhost_tls(tmp_path_factory.mktemp("tls"))
    return context, str(certificate)


class Run:
    """One run that sends one rerun to a server, and pauses at one line.

    :ivar paused: the text of the line at which it paused; "" if it ended before.
    """

    def __init__(self, server: HttpServer, path: Path, clock: Clock, ca_path: str | None, number: int) -> None:
        self._server, self._clock = server, clock
        self._path, self._number = str(path), number
        self.journal = self._open()
        self._client = Client(None, ca_path=ca_path, rate_limiter=RateLimiter({}, clock=clock, sleep=self._sleep), sleep=self._sleep)
        self.listed = instance(number=number, instance_id=str(number))
        self.paused = ""

    def _open(self) -> Journal:
        return Journal(self._path, password=None, project_id="p")

    def _sleep(self, seconds: float) -> None:
        """Advance the stopwatch instead of sleeping."""
        self._clock.offset += seconds

    def take_over(self) -> None:
        """Let another run read the journal and claim the failure."""
        with self._open() as other:
            known = other.read([WORKSPACE], self._window, T).attempts
            made = Attempt(Failure.of(self.listed), "daily_sales", "run-2", SINCE, 1, 1, T, T, 0)
            assert other.claim([Intent(made, known[0] if known else None)]) != [None]

    @property
    def _window(self) -> Window:
        return Window(self.listed.key.plan_time, self.listed.key.plan_time)

    def play(self, happens: Callable[[], None], last_check: Callable[[], None] | None = None) -> sender.RerunExchange:
        """Send, and call *happens* at the numbered line after the list. Lines in a transaction do not count: nobody else can claim there."""
        scope = RunScope(Since(SINCE, given=False), Window(0, T))
        snapshot = Snapshot((), T, stopwatch(), scope, History({}, {}), (), uncovered=False)
        sending = sender.Sender(self.journal, self._client, snapshot, sender.RunIdentity("run-1", "here", "me"))
        self.journal.read([WORKSPACE], self._window, T)
        left = itertools.count(-self._number)

        def trace(frame: types.FrameType, event: str, _argument: t.Any) -> t.Any:
            if not any(part in frame.f_code.co_filename for part in _FILES):
                return None
            if event == "line" and not self._in_transaction() and next(left) == 0:
                sys.settrace(None)
                self.paused = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
                happens()
                return None
            return None if self.paused else trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return sending.send([Decision(self.listed, Action.RETRY, "failed", attempts=1)], self._post, last_check=last_check)
        finally:
            sys.settrace(before)
            self.journal.close()
            self._client.close()

    def _post(self, _instances: t.Sequence[JobInstance]) -> str | None:
        body = {"name": "x" * 500}
        self._client.send(Request("POST", self._server.base, "/v2/p/retry", "v2.retry", body=body, writes=True))
        return "r-1"

    def _in_transaction(self) -> bool:
        connection = t.cast("t.Any", self.journal)._database._connection
        return connection is not None and connection.in_transaction


def served(server: HttpServer) -> int:
    """Number of requests that took effect."""
    return sum(1 for seen, action in zip(server.seen, t.cast("t.Any", server)._actions) if action is ANSWER and seen.method == "POST")


@dataclasses.dataclass(frozen=True)
class Way:
    """How the request reaches its first byte.

    :param handshake: seconds, by the stopwatch, for which the server holds the connection before it does anything, TLS included.
    :param throttled: whether it is the second transmission, after an answer 429.
    """

    secure: bool
    handshake: float
    throttled: bool = False


WAYS = {
    "at once": Way(secure=False, handshake=0),
    "after 429, and tls is held": Way(secure=True, handshake=6, throttled=True),
}


@pytest.fixture
def play(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, tls: tuple[ssl.SSLContext, str]) -> Callable[..., Iterator[Run]]:
    """Play a run for each line until the request of one leaves; return the runs, and how often the request took effect."""
    way = WAYS[request.param]

    def hold(_connection: socket.socket, _server: HttpServer) -> bool:
        clock.offset += way.handshake
        return True

    def plays(happens: Callable[[Run], None], last_check: Callable[[], None] | None = None) -> Iterator[Run]:
        actions = [THROTTLED, ANSWER] if way.throttled else [ANSWER]
        for number in itertools.count():
            clock.offset = 0.0
            with HttpServer(*actions, greeting=hold, tls=tls[0] if way.secure else None) as server:
                run = Run(server, tmp_path / "journal.db", clock, tls[1] if way.secure else None, number)
                run.play(functools.partial(happens, run), last_check)
                yield run
                if served(server):
                    return

    return plays


@pytest.mark.parametrize("play", whole_plays(WAYS), indirect=True)
def test_nothing_leaves_by_a_list_that_grew_old_before_the_first_byte(play: t.Any, clock: Clock) -> None:
    def sleep(_run: Run) -> None:
        clock.offset += 70

    runs = list(play(sleep))
    assert (len(runs) > 50, runs[-1].paused) == (True, LAST)


@pytest.mark.parametrize("play", whole_plays(WAYS), indirect=True)
def test_nothing_leaves_once_another_run_has_taken_over(play: t.Any, clock: Clock) -> None:
    def sleep(run: Run) -> None:
        clock.offset += 20
        run.take_over()

    runs = list(play(sleep))
    assert (len(runs) > 50, runs[-1].paused) == (True, LAST)


@pytest.mark.parametrize("play", whole_plays(WAYS), indirect=True)
def test_nothing_leaves_by_a_check_that_grew_old_before_the_first_byte(play: t.Any, clock: Clock) -> None:
    """The instance to stop changes by itself while the process is paused; the claim still stands."""
    gone_on = False

    def go_on(_run: Run) -> None:
        nonlocal gone_on
        gone_on = True
        clock.offset += 20

    def check() -> None:
        if gone_on:
            raise ApiError(Kind.MOVED_ON, "its state had changed by itself")

    runs = []
    for run in play(go_on, check):
        runs.append(run)
        gone_on = False
    assert (len(runs) > 50, runs[-1].paused) == (True, LAST)


def test_a_check_that_always_comes_late_ends_the_request_and_not_the_task(tmp_path: Path, clock: Clock) -> None:
    checks = []

    def check() -> None:
        checks.append(1)
        clock.offset += 6

    with HttpServer(ANSWER) as server:
        exchange = Run(server, tmp_path / "journal.db", clock, None, 1_000_000).play(lambda: None, check)
        assert (served(server), len(checks)) == (0, 3)
    assert (exchange.error is not None and exchange.error.kind, exchange.after[0].action) == (Kind.STALE, Action.WAIT)
    assert "the service took 5 seconds or more, 3 times" in str(exchange.error)
