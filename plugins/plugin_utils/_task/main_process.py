# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the main process of Ansible needs while tasks say something: their actions are imported there before any worker is forked.

ansible-core ends the thread that takes what workers return as soon as one of their lines cannot be printed, because the reader of a pipe
is gone or a disk is full, and then waits for their results for ever. And it says no more than "User interrupted execution".
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

#: The reader is gone or the disk full; the stream was closed; there was none from the beginning (``>&-``).
_UNPRINTABLE = (OSError, ValueError, AttributeError)


def prepare_main_process() -> None:
    """From here on a line of a worker that cannot be printed is lost, and nothing else is; and somebody who ends the play reads what stands."""
    display = Display()
    if "display" in vars(display):
        return
    display.display = _losing(display.display)
    main = os.getpid()
    atexit.register(_tell, main)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:  # nohup goes on without a terminal
                signal.signal(number, functools.partial(_terminated, main, before))


def _losing(print_line: t.Callable[..., None]) -> t.Callable[..., None]:
    @functools.wraps(print_line)
    def losing(*args: t.Any, **more: t.Any) -> None:
        # In the main thread Ansible itself knows what to do about it.
        in_main = threading.current_thread() is threading.main_thread()
        with contextlib.nullcontext() if in_main else contextlib.suppress(*_UNPRINTABLE):
            print_line(*args, **more)

    return losing


def _tell(main: int) -> None:
    """Show what stands, in the main process alone, and once; past what it was writing when a signal came, which cannot be written to then."""
    if os.getpid() == main:
        text = interrupted_text()
        with contextlib.suppress(*_UNPRINTABLE, RuntimeError):
            sys.stdout.flush()
        with contextlib.suppress(*_UNPRINTABLE):
            os.write(sys.stderr.fileno(), f"{text}\n".encode(sys.stderr.encoding, "backslashreplace") if text else b"")


def _terminated(main: int, before: t.Any, number: int, frame: t.Any) -> None:
    """SIGTERM, or SIGHUP of a terminal that is gone while somebody keeps a log: show what stands, then do what was done about the signal before."""
    _tell(main)
    if callable(before):
        before(number, frame)
        return
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
