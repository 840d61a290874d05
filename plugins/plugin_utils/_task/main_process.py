# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preparation of Ansible's main process for lines that workers print. Actions are imported there before any worker is forked.

If a line of a worker cannot be printed, because the reader of a pipe is gone or a disk is full, ansible-core ends the thread that receives the
workers' results and then waits for them for ever. And on an interruption it prints only "User interrupted execution".
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import signal
import sys
import threading
import typing as t

from ansible.utils.display import Display

from .interruption import interrupted_text

#: The reader is gone or the disk is full; the stream was closed; there never was a stream (``>&-``).
_UNPRINTABLE = (OSError, ValueError, AttributeError)


def prepare_main_process() -> None:
    """Drop lines of workers that cannot be printed, instead of hanging; and print the last known state if the play is interrupted."""
    display = Display()
    if "display" in vars(display):
        return
    display.display = _losing(display.display)
    main = os.getpid()
    atexit.register(_tell, main)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:  # nohup ignores SIGHUP
                signal.signal(number, functools.partial(_terminated, main, before))


def _losing(print_line: t.Callable[..., None]) -> t.Callable[..., None]:
    @functools.wraps(print_line)
    def losing(*args: t.Any, **more: t.Any) -> None:
        # In the main thread, Ansible handles these errors itself.
        in_main = threading.current_thread() is threading.main_thread()
        with contextlib.nullcontext() if in_main else contextlib.suppress(*_UNPRINTABLE):
            print_line(*args, **more)

    return losing


def _tell(main: int) -> None:
    """Print the last known state, in the main process only. It writes to the file descriptor, because a signal may have interrupted a print."""
    if os.getpid() == main:
        text = interrupted_text()
        with contextlib.suppress(*_UNPRINTABLE, RuntimeError):
            sys.stdout.flush()
        with contextlib.suppress(*_UNPRINTABLE):
            os.write(sys.stderr.fileno(), f"{text}\n".encode(sys.stderr.encoding, "backslashreplace") if text else b"")


def _terminated(main: int, before: t.Any, number: int, frame: t.Any) -> None:
    """Handler of SIGTERM, and of SIGHUP when the terminal is gone: print the last known state, then do what the handler *before* did."""
    _tell(main)
    if callable(before):
        before(number, frame)
        return
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
