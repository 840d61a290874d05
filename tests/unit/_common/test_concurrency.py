# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker threads never keep a process from ending: they block all signals, and the exit does not wait for them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.concurrency import in_threads
from ansible_collections.dataarts.factory.plugins.module_utils._http.connection import Exchange
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import Line
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.heartbeat import Heartbeat

ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
PLUGINS = Path(__file__).parents[3] / "plugins"


def blocked_in(thread: int | None) -> set[int]:
    """The signals that the thread with this id blocks."""
    status = Path(f"/proc/self/task/{thread}/status").read_text(encoding="utf-8")
    mask = int(re.findall(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)[0], 16)
    return {number for number in ENDING if mask >> (number - 1) & 1}


@contextlib.contextmanager
def deadline_of_a_request() -> t.Iterator[None]:
    here, there = socket.socketpair()
    with here, there, Exchange(60, 60) as exchange:
        exchange.prepare(here)
        yield


def workers(number: int) -> set[int]:
    """The signals blocked in the thread that processes an item."""
    return blocked_in(threading.get_native_id())


def test_pieces_of_work_in_threads() -> None:
    assert list(in_threads(workers, range(8))) == [ENDING] * 8


@pytest.mark.parametrize("started", [deadline_of_a_request, lambda: Heartbeat(lambda line: None, lambda: Line(""))])
def test_threads_that_watch(started: t.Callable[[], contextlib.AbstractContextManager[t.Any]]) -> None:
    before = set(threading.enumerate())
    with started():
        (thread,) = set(threading.enumerate()) - before
        assert blocked_in(thread.native_id) == ENDING
        assert not blocked_in(threading.get_native_id()), "the main thread takes them as before"


def test_work_that_hangs_does_not_hold_the_end_of_the_process() -> None:
    """Ctrl-C while an inventory is read: an exception that is not ours."""
    text = (
        "import threading\n"
        "from ansible_collections.dataarts.factory.plugins.module_utils._common.concurrency import begun_in_threads\n"
        "(future,) = begun_in_threads(lambda dummy: threading.Event().wait(), [0])\n"
        "assert not future.done()\n"
        "raise KeyboardInterrupt\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False, env=environment)
    assert (ended.returncode, "KeyboardInterrupt" in ended.stderr) == (-signal.SIGINT, True), ended.stderr


def test_the_first_exception_drops_what_has_not_begun_and_waits_for_what_has() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise ValueError("the second")
        time.sleep(0.01)
        return number

    made = in_threads(work, range(100))
    assert next(made) == 0
    with pytest.raises(ValueError, match="the second"):
        list(made)
    assert len(begun) < 100


def test_nothing_starts_a_thread_that_would() -> None:
    """Except asyncio, which runs the event source: a signal in any thread wakes it."""
    texts = {path: path.read_text(encoding="utf-8") for path in PLUGINS.rglob("*.py") if path.parent.name != "_eda"}
    starting = {path for path, text in texts.items() if re.search(r"threading\.(Thread|Timer)\b", text)}
    assert starting
    assert not [path for path in starting if "with signals_blocked()" not in texts[path]]
    assert not [path for path, text in texts.items() if "PoolExecutor" in text], "the end of a process waits for its threads"
