# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limiter: keeps to the documented requests per second of each route, across threads and processes.

The limits are per user, and the forks of a play, or two plays, may act as the same user. So the processes of an account share their
:class:`Reservations` in a small file, which they lock for microseconds. Without it, ten workspaces take 15 % longer, because half of the
requests are refused and repeated.
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

#: Requests per second that one user may send on each route [H-OV1][H-OV2].
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
#: Rate of every other route: the lowest documented limit, except that of the statistics.
OTHER_RATE = 10.0
#: Requests are sent a little slower than allowed, so that no second contains more than the limit.
_MARGIN = 1.05
#: If several processes wait, the one that sent last stays first for up to STREAK requests, because the others sleep _COURTESY seconds longer. So
#: the workspaces finish one after the other, not all at the end.
STREAK, _COURTESY = 100, 0.004

#: Route -> monotonic seconds before which no request on it may be sent; :data:`ALL` -> the same for all routes.
Times = t.Dict[str, float]
ALL = "*"
#: Times further ahead than this, seconds, are from before the last boot: the longest wait is a Retry-After of a minute.
FURTHEST = 61.0
_TRIES, _PAUSE = 250, 0.002  # for locking the file: a process that is stopped while it holds the lock must not block the others


class Reservations:
    """Times from which requests may be sent, shared by the threads of this process and by all processes with the same file.

    The file is optional. If it cannot be locked, or others can write to its folder, each process keeps times of its own, and only the service's
    answer 429 limits them together. Within one boot, all processes of a machine have the same monotonic clock.

    :param path: the file, or None. It is created when it is first needed, with mode 0600, in a folder with mode 0700.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._times: Times = {}

    @contextlib.contextmanager
    def open(self) -> Iterator[Times]:
        """The times, for exclusive reading and writing within the block."""
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
                os.close(fd)  # also unlocks it


class RateLimiter:
    """Makes threads and processes wait, so that the requests of each route are evenly spaced and never exceed its rate.

    :param rates: requests per second by route, :data:`OTHER_RATE` for any other route; None for :data:`RATES`.
    :param clock: monotonic seconds.
    :param sleep: sleeps for a number of seconds.
    :param reservations: the times shared with other limiters; None for times of its own.
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
        self._latest: dict[str, tuple[float, int]] = {}  # route -> the latest reservation of this object, and how many it made in a row

    def wait(self, route: str, deadline: float | None = None) -> bool:
        """Wait until a request on *route* may be sent.

        :param deadline: seconds of the clock, or None.
        :returns: True when it may be sent; False, without waiting further, if that would not be before *deadline*.
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
            # Nothing is reserved during sleep: another thread may call back_off meanwhile, and a process may be killed.
            self._sleep(start - now if was_last else start - now + _COURTESY)

    def back_off(self, seconds: float) -> None:
        """Block all routes for *seconds* from now, at most a minute; never shortens a longer block."""
        with self._reservations.open() as times:
            times[ALL] = max(start_of(times, ALL, self._clock()), self._clock() + min(seconds, FURTHEST - 1))


def start_of(times: t.Mapping[str, float], route: str, now: float) -> float:
    """The time from which a request on *route* may be sent, not before *now*; monotonic seconds."""
    known = (times.get(route, now), times.get(ALL, now))
    return max([now, *(start for start in known if start - now <= FURTHEST)])


def shared_reservations(*account: str) -> Reservations:
    """The reservations of *account*: the host and the acting user. The file's name contains only a digest of it."""
    digest = hashlib.sha256("\0".join(account).encode("utf-8", "surrogatepass")).hexdigest()
    return Reservations(shared_folder(os.environ) / f"rate-{digest[:32]}.json")


def shared_folder(environ: t.Mapping[str, str]) -> Path:
    """Folder for files that this user's processes share, in ``$XDG_RUNTIME_DIR`` or the folder for temporary files."""
    base = environ.get("XDG_RUNTIME_DIR", "")
    return Path(base if os.path.isabs(base) else tempfile.gettempdir()) / f"dataarts.factory-{os.geteuid()}"


def _locked(path: Path) -> int:
    """Descriptor of the file, open and locked; -1 if that is impossible, or its folder is not this user's alone."""
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
    """Whether only this user can access the folder *path*, which is created if missing: everybody can write to the folder for temporary files."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
