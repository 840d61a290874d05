# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeat: print a line if a play has been silent for long while it waits.

The tasks of a play run in separate processes. The modification time of a shared file says when one of them printed last.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as t

from ansible import constants

from ...module_utils._common.concurrency import signals_blocked
from .._common.tables import Line

#: Seconds of silence of the whole play after which a task prints its progress.
SILENCE = 7.0
_FILE = "dataarts-said"


def note_said() -> None:
    """Record that the play prints something now."""
    now = time.monotonic()  # all processes of a machine share this clock
    with contextlib.suppress(OSError):
        os.close(os.open(_path(), os.O_CREAT | os.O_WRONLY, 0o600))
        os.utime(_path(), (now, now))


def silent_for() -> float:
    """Seconds since any task of the play printed something; infinite if none has."""
    try:
        return time.monotonic() - os.stat(_path()).st_mtime
    except OSError:
        return float("inf")


class Heartbeat:
    """Context manager that prints a task's progress, from a thread, whenever the whole play has been silent for a while.

    :param say: prints a line.
    :param line: returns the line; called in the thread.
    """

    def __init__(self, say: t.Callable[[Line], None], line: t.Callable[[], Line]) -> None:
        self._say = say
        self._line = line
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Heartbeat:
        with signals_blocked():
            self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.5):
            if min(silent_for(), time.monotonic() - self._began) >= SILENCE:
                note_said()  # before printing, so that no other task prints too
                with contextlib.suppress(OSError):
                    self._say(self._line())


def _path() -> str:
    return os.path.join(str(constants.DEFAULT_LOCAL_TMP), _FILE)
