# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: from when on requests may leave, kept for one process or for all processes of this machine.

The documented limits count per user, and forks of one play, or two plays, act as the same user. So the processes of one account keep
their times in one small file, which they read and write under a lock of microseconds. Times are ``time.monotonic()`` seconds, which
all processes of a machine share from boot to boot; a time that lies further ahead than any that is ever written is from another boot.

Nothing depends on the file: without a folder that only this user can write, or where it cannot be locked, each process keeps its own
times, and the service's answer 429 is what is left of the budget between them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

#: Route -> monotonic seconds before which no request on it leaves; under :data:`ALL` those before which none at all does.
Times = t.Dict[str, float]
ALL = "*"
#: The furthest that a time may lie ahead, seconds: a Retry-After of a minute. What lies further is from before the last boot.
FURTHEST = 61.0
_TRIES, _PAUSE = 250, 0.002  # to lock the file; a process that was stopped in the middle must not hold up all others
_LARGEST = 65_536  # bytes


def start_of(times: t.Mapping[str, float], route: str, now: float) -> float:
    """From when on a request on *route* may leave, not before *now*; both monotonic seconds."""
    known = (times.get(route, now), times.get(ALL, now))
    return max([now, *(one for one in known if one - now <= FURTHEST)])


class Turns:
    """The times of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: Times = {}

    @contextlib.contextmanager
    def open(self) -> Iterator[Times]:
        """The times, to read and to change; nobody else reads or changes them within the block."""
        with self._lock:
            yield self._times


class SharedTurns(Turns):
    """The times of all processes that give the same file.

    :param path: the file; it is made when it is first needed, mode 0600, in a folder of mode 0700.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @contextlib.contextmanager
    def open(self) -> Iterator[Times]:
        """As the parent's, across processes; the times of this process alone where the file cannot be used."""
        with self._lock:
            fd = _locked(self._path)
            if fd < 0:
                yield self._times
                return
            try:
                before = _read(fd)
                self._times = dict(before)
                yield self._times
                if self._times != before:
                    _write(fd, self._times)
            finally:
                os.close(fd)  # which unlocks it


def shared_turns(*who: str) -> Turns:
    """The budget of the account that *who* describes: the host and who acts on it. Only a digest of it becomes the name of the file."""
    digest = hashlib.sha256("\0".join(who).encode("utf-8", "surrogatepass")).hexdigest()
    return SharedTurns(folder(os.environ) / f"turns-{digest[:32]}.json")


def folder(environ: t.Mapping[str, str]) -> Path:
    """Where this user's processes meet: below ``$XDG_RUNTIME_DIR``, or the folder for temporary files."""
    base = environ.get("XDG_RUNTIME_DIR", "")
    return Path(base if os.path.isabs(base) else tempfile.gettempdir()) / f"dataarts.factory-{os.geteuid()}"


def _locked(path: Path) -> int:
    """The file, open and locked; -1 if it cannot be, or is not this user's alone."""
    try:
        if not _own_folder(path.parent):
            return -1
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return -1
    for dummy in range(_TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            break
    os.close(fd)
    return -1


def _own_folder(path: Path) -> bool:
    """Whether *path*, made if it does not exist, is a folder that nobody else can write. The place for temporary files is everybody's."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _read(fd: int) -> Times:
    """The times in the file; none if it is empty, torn by a process that was killed, or not what this collection writes."""
    try:
        found = json.loads(os.pread(fd, _LARGEST, 0))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or not all(isinstance(one, float) for one in found.values()):
        return {}
    return found


def _write(fd: int, times: t.Mapping[str, float]) -> None:
    with contextlib.suppress(OSError):  # a full disk; the next process then finds nothing, and only this one waits
        os.ftruncate(fd, os.pwrite(fd, json.dumps(times).encode("ascii"), 0))
