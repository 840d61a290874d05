# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker threads that never keep an interrupted process from ending.

Python handles signals in its main thread only. If the system delivers one to another thread while the main thread waits for an answer,
Ctrl-C has no effect until the service answers or the request times out. So all signals are blocked in every worker thread, and workers
are daemon threads.
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

#: Default number of threads, and so of concurrent requests; they share the rate limit of their route.
THREADS = 4
_SIGNALS = signal.valid_signals()


@contextlib.contextmanager
def signals_blocked() -> t.Iterator[None]:
    """Block all signals in this thread while it starts another one, which inherits the signal mask."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begun_in_threads(work: t.Callable[[_Item], _Result], items: t.Sequence[_Item], most: int = THREADS) -> list[Future[_Result]]:
    """Start *work* on each of *items*, in order, in at most *most* threads. A future that is cancelled before its start is skipped."""
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
    """Yield the results of *work* for *items*, in order, computed in at most :data:`THREADS` threads.

    The first exception is raised; items that are not started by then are dropped.
    """
    if len(items) < 2:
        yield from map(work, items)
        return
    futures = begun_in_threads(work, items)
    try:
        for future in futures:
            yield future.result()
    except (Exception, GeneratorExit):  # not KeyboardInterrupt, which must not wait
        wait([future for future in futures if not future.cancel()])
        raise
