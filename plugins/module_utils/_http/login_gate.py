# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login gate: the many processes of a play log in to an account once.

IAM locks a user after a few wrong passwords, and a play has a process for each workspace. The first of them to log in is waited for: what
refused it refuses the others too. What was granted to it serves the others where they share memory with it; where they do not, all may log
in at once as soon as the account is known to be good. No secret is written, and nothing outlives the folder.
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
#: Seconds for which a refusal holds: the longest for which IAM counts wrong passwords before it locks the user [IAM-LOGIN].
REFUSAL_SECONDS = 3600.0
_HEADER = 8


class SharedMemory:
    """Texts by name, in memory that a process shares with those that are forked from it later, and with nobody else. It is on no disk.

    :param size: bytes; what does not fit is not kept.
    """

    def __init__(self, size: int = 1 << 20) -> None:
        self._bytes = mmap.mmap(-1, size)

    def read(self) -> dict[str, str]:
        """Everything that is kept. The caller sees to it that nobody writes meanwhile, here and below."""
        length = int.from_bytes(self._bytes[:_HEADER], "big")
        return t.cast("dict[str, str]", json.loads(self._bytes[_HEADER : _HEADER + length])) if length else {}

    def keep(self, name: str, text: str) -> None:
        """Keep *text*; where there is no room for it and the others, it alone."""
        for texts in ({**self.read(), name: text}, {name: text}, {}):
            data = json.dumps(texts).encode()
            if len(data) <= len(self._bytes) - _HEADER:
                self._bytes[: _HEADER + len(data)] = len(data).to_bytes(_HEADER, "big") + data
                return


class LoginGate:
    """The gate of those who share a folder.

    :param folder: an existing folder that only this user can read, as long-lived as a refusal is to be.
    :param salt: the same for all of them, and written nowhere: without it the name of a file could tell which password was tried.
    :param shared: what those share who were forked from the process that made it; None for any other.
    """

    def __init__(self, folder: str, salt: bytes = b"", shared: SharedMemory | None = None) -> None:
        self._folder = folder
        self._salt = salt
        self._shared = shared

    def pass_through(self, key: str, log_in: t.Callable[[], T], *, who: str = "", stale: Lease | None = None) -> T:
        """A lease: one that another process has got, or what *log_in* returns. Without shared memory that may be anything.

        :param key: what the lease depends on, a digest.
        :param who: whose password or key is tried, a digest; *key* if it is empty.
        :param stale: credentials that the service does not accept any more.
        :raises ApiError: IAM gave no credentials, to this process or to another one that tried the same.
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
        """The file of *who*, open and locked; None where that cannot be, so that all log in."""
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
            fcntl.flock(handle, fcntl.LOCK_UN)  # the account is good, and the lease is for this process alone: all may log in at once
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
        """Held for reading and writing what all accounts share."""
        handle = self._locked("shared")
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)


def _scope(error: ApiError, key: str) -> str:
    """Whom *error* concerns: the whole account (""), or those alone who want the same of it."""
    of_account = error.status is None or error.status in (401, 429) or error.status >= 500
    return "" if of_account else key


def _failure(state: t.Mapping[str, t.Any], key: str, arrived: float) -> ApiError | None:
    """How the login of another process ended that stands for this one: a refusal for a while, anything else for those who waited for it."""
    for name in ("", key):
        ended = state.get("ended", {}).get(name)
        if ended is None:
            continue
        lasts = REFUSAL_SECONDS if ended["error"]["kind"] == Kind.CREDENTIALS.value else 0.0
        if arrived <= ended["at"] + lasts:
            said = dict(ended["error"])
            return ApiError(Kind(said.pop("kind")), said.pop("message"), **said)
    return None
