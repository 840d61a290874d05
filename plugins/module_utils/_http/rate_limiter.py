# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limiter: keeps the documented requests per second of each route, across threads and processes.

The documented limits count per user, and forks of one play, or two plays, act as the same user. So the processes of one account share
their :class:`Reservations` in a small file, which they read and write under a lock of microseconds. Without it a
fleet of ten workspaces takes 15 % longer: half of its requests are refused and repeated.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

from .._common.files import read_json, write_json

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Requests a second that one user may make on each route [H-OV1][H-OV2].
RATES = {
    "v2.list": 10.0,
    "v2.retry": 10.0,
    "v1.list": 30.0,
    "v1.instance": 30.0,
    "v1.restart": 30.0,
    "v1.stop": 30.0,
    "v1.job": 10.0,
    "statistics": 1.0,
}
#: For every route that is not in the table: the lowest of the documented limits but the statistics'.
OTHER_RATE = 10.0
#: Requests leave a little slower than allowed, so that any second holds no more than the limit even at its edges.
_MARGIN = 1.05
#: Where several processes wait, the one that sent last goes first for so many requests, because the others wake so many seconds later:
#: the workspaces finish one after the other, instead of all at the end.
STREAK, _COURTESY = 100, 0.004

#: Route -> monotonic seconds before which no request on it leaves; under :data:`ALL` those before which none at all does.
Times = t.Dict[str, float]
ALL = "*"
#: The furthest that a time may lie ahead, seconds: a Retry-After of a minute. What lies further is from before the last boot.
FURTHEST = 61.0
_TRIES, _PAUSE = 250, 0.002  # to lock the file; a process that was stopped in the middle must not hold up all others


class Reservations:
    """From when on requests may leave: for the threads of this process, and for all processes that name the same file.

    Nothing depends on the file: without a folder that only this user can write, or where it cannot be locked, each process keeps its own
    times, and the service's answer 429 is what is left of the limit between them. All processes of a machine share the monotonic clock
    from boot to boot; a time further ahead than any that is ever written is from another boot.

    :param path: the file, or None; it is made when it is first needed, mode 0600, in a folder of mode 0700.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._times: Times = {}

    @contextlib.contextmanager
    def open(self) -> Iterator[Times]:
        """The times, to read and to change; nobody else reads or changes them within the block."""
        with self._lock:
            fd = -1 if self._path is None else _locked(self._path)
            if fd < 0:
                yield self._times
                return
            try:
                before = read_json(fd)
                self._times = dict(before) if all(isinstance(start, float) for start in before.values()) else {}
                yield self._times
                if self._times != before:
                    write_json(fd, self._times)
            finally:
                os.close(fd)  # which unlocks it


class RateLimiter:
    """Makes threads, and processes, wait so that each route's requests leave evenly spaced, never more than its rate in any second.

    :param rates: requests a second by route; routes it does not name get :data:`OTHER_RATE`; None stands for :data:`RATES`.
    :param clock: monotonic seconds.
    :param sleep: sleeps that many seconds.
    :param reservations: the times that are waited for; those of this object alone if None.
    """

    def __init__(
        self,
        rates: Mapping[str, float] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        reservations: Reservations | None = None,
    ) -> None:
        self._rates = dict(RATES if rates is None else rates)
        self._clock = clock
        self._sleep = sleep
        self._reservations = reservations or Reservations()
        self._latest: dict[str, tuple[float, int]] = {}  # route -> the last reservation of this object, and how many it made in a row

    def wait(self, route: str, deadline: float | None = None) -> bool:
        """Wait until a request on *route* may leave.

        :param deadline: in the clock's seconds, or None.
        :returns: True once it may leave; False at once if that would be after *deadline*; then nothing is reserved.
        """
        interval = _MARGIN / self._rates.get(route, OTHER_RATE)
        while True:
            with self._reservations.open() as times:
                now = self._clock()
                start = start_of(times, route, now)
                if deadline is not None and start >= deadline:
                    return False
                reserved, streak = self._latest.get(route, (times.get(route), 0))
                was_last = times.get(route) == reserved and streak < STREAK
                if start <= now:
                    times[route] = now + interval
                    self._latest[route] = times[route], streak + 1 if was_last else 1
                    return True
            # Nothing is reserved while sleeping: another thread may back everybody off meanwhile, and a process may be killed.
            self._sleep(start - now if was_last else start - now + _COURTESY)

    def back_off(self, seconds: float) -> None:
        """Hold all routes back for *seconds* from now, at most a minute; never shortens a longer one under way."""
        with self._reservations.open() as times:
            times[ALL] = max(start_of(times, ALL, self._clock()), self._clock() + min(seconds, FURTHEST - 1))


def start_of(times: t.Mapping[str, float], route: str, now: float) -> float:
    """From when on a request on *route* may leave, not before *now*; both monotonic seconds."""
    known = (times.get(route, now), times.get(ALL, now))
    return max([now, *(start for start in known if start - now <= FURTHEST)])


def shared_reservations(*account: str) -> Reservations:
    """Those of *account*: the host and who acts on it. Only a digest of it becomes the name of the file."""
    digest = hashlib.sha256("\0".join(account).encode("utf-8", "surrogatepass")).hexdigest()
    return Reservations(shared_folder(os.environ) / f"rate-{digest[:32]}.json")


def shared_folder(environ: t.Mapping[str, str]) -> Path:
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
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
