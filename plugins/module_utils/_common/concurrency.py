# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads: none of ours keeps a process from ending when somebody interrupts it.

Python acts on a signal in its main thread. Where the system delivers one to another thread, a main thread that waits for an answer
goes on waiting: Ctrl-C would have no effect until the service answers or the timeout of the request is over. So signals are blocked in
every thread, and the end of the process waits for none.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import typing as t
from collections import deque
from concurrent.futures import Future, wait

_Item = t.TypeVar("_Item")
_Result = t.TypeVar("_Result")

#: Requests in progress at the same time; they share the rate limit of their route.
THREADS = 4


@contextlib.contextmanager
def signals_blocked() -> t.Iterator[None]:
    """While a thread is started, which inherits it: signals are delivered to other threads."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begun_in_threads(work: t.Callable[[_Item], _Result], items: t.Sequence[_Item], most: int = THREADS) -> list[Future[_Result]]:
    """*work* on each of *items*, begun in their order, by *most* threads at most. One that is cancelled is not begun."""
    futures: list[Future[_Result]] = [Future() for dummy in items]
    left = deque(zip(futures, items))

    def run() -> None:
        with contextlib.suppress(IndexError):
            while True:
                _work(left.popleft(), work)

    with signals_blocked():
        for dummy in range(min(most, len(items))):
            threading.Thread(target=run, daemon=True).start()
    return futures


def _work(piece: tuple[Future[_Result], _Item], work: t.Callable[[_Item], _Result]) -> None:
    future, item = piece
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work(item))
    except BaseException as error:
        future.set_exception(error)


def in_threads(work: t.Callable[[_Item], _Result], items: t.Sequence[_Item]) -> t.Iterator[_Result]:
    """The results of *work* for *items*, in their order, from at most :data:`THREADS` threads.

    The first exception is raised to the caller; items that no thread has started by then are dropped.
    """
    if len(items) < 2:
        yield from map(work, items)
        return
    futures = begun_in_threads(work, items)
    try:
        for future in futures:
            yield future.result()
    except (Exception, GeneratorExit):  # an interruption waits for nothing
        wait([future for future in futures if not future.cancel()])
        raise
