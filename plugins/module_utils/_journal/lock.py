# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one process at a time, by an advisory lock that the kernel releases when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

from .._common.errors import LedgerError

_POLL = 0.05  # seconds between two tries
RERUNNING = ("rerunning instances", "Wait for it, or stop it, and start again with the same since.")


class Lock:
    """An exclusive ``flock`` on a file that stays behind, mode 0600, holding the pid of its last holder.

    :param path: the file; its directory exists.
    :param timeout: seconds to wait for another holder.
    :param what: what is locked, for the message.
    :param busy: what the other holder is doing, and the way out, for the message.
    """

    def __init__(self, path: Path, timeout: float, what: str, busy: tuple[str, str] = RERUNNING) -> None:
        self.path = path
        self.timeout = timeout
        self.what = what
        self.busy = busy
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock.

        :raises LedgerError: if another process still holds it at the end, or the file system cannot lock.
        """
        deadline = time.monotonic() + self.timeout
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            while not self._try():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._busy()
                time.sleep(min(_POLL, left))
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, b"%d\n" % os.getpid(), 0)
        except OSError as error:
            self.release()
            cause = error.strerror or type(error).__name__
            raise LedgerError(
                f"Failed to lock {self.path}: {cause}. Give a directory on a file system that can lock with state_path."
            ) from None
        except LedgerError:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back; harmless if it is not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                return False
            raise
        return True

    def _busy(self) -> LedgerError:
        holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
        who = f"process {holder}" if holder.isdigit() else "another process"
        doing, way_out = self.busy
        return LedgerError(
            f"Failed to lock {self.what}: {who} on this machine is {doing} there and did not finish within {self.timeout:g} seconds "
            f"({self.path}). {way_out}"
        )
