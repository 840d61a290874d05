# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login gate: many processes with the same wrong password try it once.

IAM locks a user after a few wrong passwords, and a play has a process for each workspace. The first of them to log in is waited for; what
refused it refuses the others too. Once a login was accepted nobody waits any more. No secret is kept, and nothing outlives the folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import typing as t

from .._common.errors import ApiError, Kind

T = t.TypeVar("T")


class LoginGate:
    """The gate of those who share a folder.

    :param folder: an existing folder that only this user can read, as long-lived as a refusal is to be.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def pass_through(self, key: str, log_in: t.Callable[[], T]) -> T:
        """What *log_in* returns; a refusal of the same *key* that another process has met is raised without trying again.

        :param key: a digest of the account.
        :raises ApiError: IAM gave no credentials.
        """
        try:
            handle = os.open(os.path.join(self._folder, f"dataarts-login-{key[:40]}"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            return log_in()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            known = os.pread(handle, 65536, 0)
            if known.startswith(b"{"):
                raise _read(known)
            if known:
                fcntl.flock(handle, fcntl.LOCK_UN)  # the account is good: all may log in at once
            result = self._tried(handle, log_in)
            if not known:
                os.pwrite(handle, b"accepted", 0)
            return result
        finally:
            os.close(handle)

    @staticmethod
    def _tried(handle: int, log_in: t.Callable[[], T]) -> T:
        try:
            return log_in()
        except ApiError as error:
            if error.kind is Kind.CREDENTIALS:
                os.ftruncate(handle, 0)
                os.pwrite(handle, json.dumps(error.to_result()).encode(), 0)
            raise


def _read(known: bytes) -> ApiError:
    said = json.loads(known.decode("utf-8"))
    return ApiError(Kind(said.pop("kind")), said.pop("message"), **said)
