# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login gate: the processes of a play try a login only once.

IAM locks a user after a few wrong passwords, and a play has a process for each workspace. So all processes wait for the first one to log in.
If that is refused, the others are refused too. If it succeeds, the others use its credentials if they share memory with it; otherwise
they all may log in at once, since the account is known to be good. No secret is written to a file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import mmap
import os
import typing as t

from .._common.errors import ApiError, Kind
from .._common.files import read_json, write_json
from .._common.stopwatch import stopwatch
from .lease import Lease

T = t.TypeVar("T")
#: Seconds for which a refusal stays valid: the longest period over which IAM counts wrong passwords before it locks the user [IAM-LOGIN].
REFUSAL_SECONDS = 3600.0
_HEADER = 8


class SharedMemory:
    """Texts by name, in memory that a process shares only with its later forks. Nothing is written to disk.

    :param size: bytes. Texts that do not fit are not kept.
    """

    def __init__(self, size: int = 1 << 20) -> None:
        self._bytes = mmap.mmap(-1, size)

    def read(self) -> dict[str, str]:
        """All texts. As for :meth:`keep`, the caller must hold a lock."""
        length = int.from_bytes(self._bytes[:_HEADER], "big")
        return t.cast("dict[str, str]", json.loads(self._bytes[_HEADER : _HEADER + length])) if length else {}

    def keep(self, name: str, text: str) -> None:
        """Keep *text*, and drop the others if there is not enough room."""
        for texts in ({**self.read(), name: text}, {name: text}, {}):
            data = json.dumps(texts).encode()
            if len(data) <= len(self._bytes) - _HEADER:
                self._bytes[: _HEADER + len(data)] = len(data).to_bytes(_HEADER, "big") + data
                return


class LoginGate:
    """The login gate of all processes that use the same folder.

    :param folder: existing folder that only this user can read. Refusals last no longer than the folder.
    :param salt: the same for all processes, and never written: without it, passwords could be guessed from the names of files.
    :param shared: memory shared with other processes; None if this process was not forked from the one that created it.
    """

    def __init__(self, folder: str, salt: bytes = b"", shared: SharedMemory | None = None) -> None:
        self._folder = folder
        self._salt = salt
        self._shared = shared

    def pass_through(self, key: str, log_in: t.Callable[[], T], *, who: str = "", stale: Lease | None = None) -> T:
        """Return the lease of another process, or log in. Without shared memory, *log_in* may return anything.

        :param key: digest of everything that the lease depends on.
        :param who: digest of the login (the user's password or key); *key* if it is empty.
        :param stale: credentials that the service no longer accepts.
        :raises ApiError: the login failed, in this process or in another one that tried the same.
        """
        arrived = stopwatch()
        handle = self._locked(who or key)
        if handle is None:
            return log_in()
        try:
            state = read_json(handle)
            failure = _failure(state, key, arrived)
            if failure is not None:
                raise failure
            lease = self._kept(key, stale)
            return t.cast(T, lease) if lease is not None else self._logged_in(handle, state, key, log_in)
        finally:
            os.close(handle)

    def _locked(self, who: str) -> int | None:
        """The open and locked file of *who*; None if that is impossible, in which case each process logs in by itself."""
        name = hmac.new(self._salt, who.encode(), hashlib.sha256).hexdigest()[:40]
        handle = -1
        with contextlib.suppress(OSError):
            handle = os.open(os.path.join(self._folder, f"dataarts-login-{name}"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            return handle
        if handle >= 0:
            os.close(handle)
        return None

    def _kept(self, key: str, stale: Lease | None) -> Lease | None:
        if self._shared is None:
            return None
        with self._shared_lock():
            text = self._shared.read().get(key)
        lease = Lease.of_text(text) if text else None
        return lease if lease is not None and stopwatch() < lease.good_until and not lease.same_credentials(stale) else None

    def _logged_in(self, handle: int, state: dict[str, t.Any], key: str, log_in: t.Callable[[], T]) -> T:
        if state.get("accepted") and self._shared is None:
            fcntl.flock(handle, fcntl.LOCK_UN)  # the account is good and leases are not shared, so all processes may log in at once
        try:
            lease = log_in()
        except ApiError as error:
            fcntl.flock(handle, fcntl.LOCK_EX)
            state = read_json(handle)
            ended = {**state.get("ended", {}), _scope(error, key): {"at": stopwatch(), "error": error.to_result()}}
            write_json(handle, {**state, "ended": ended})
            raise
        if not state.get("accepted"):
            write_json(handle, {"accepted": True})
        if self._shared is not None and isinstance(lease, Lease):
            with self._shared_lock():
                self._shared.keep(key, lease.to_text())
        return lease

    @contextlib.contextmanager
    def _shared_lock(self) -> t.Iterator[None]:
        """Lock the memory that all accounts share."""
        handle = self._locked("shared")
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)


def _scope(error: ApiError, key: str) -> str:
    """Which logins *error* concerns: all of the user (""), or only those with the same *key*."""
    of_account = error.status is None or error.status in (401, 429) or error.status >= 500
    return "" if of_account else key


def _failure(state: t.Mapping[str, t.Any], key: str, arrived: float) -> ApiError | None:
    """The error of another process's login that applies to this one: a refusal for a while, any other error if this process waited for it."""
    for name in ("", key):
        ended = state.get("ended", {}).get(name)
        if ended is None:
            continue
        lasts = REFUSAL_SECONDS if ended["error"]["kind"] == Kind.CREDENTIALS.value else 0.0
        if arrived <= ended["at"] + lasts:
            said = dict(ended["error"])
            return ApiError(Kind(said.pop("kind")), said.pop("message"), **said)
    return None
