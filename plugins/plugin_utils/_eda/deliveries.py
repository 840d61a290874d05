# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: how far the event source has told of the failures of one workspace, on disk.

JSON lines, mode 0600, bound to host, project and workspace by the file's name and its first line. A line is added once an event was taken,
and synced before the next event goes out, so a crash costs at most the line of the event that was just taken. A file that has grown is
written anew beside itself and renamed. A torn last line is what a crash leaves, and is dropped; anything else that cannot be read is an
error: guessing would lose events or tell them twice.
"""

from __future__ import annotations

import json
import os
import typing as t

from ...module_utils._common.errors import LedgerError
from ...module_utils._journal.lock import Lock
from ...module_utils._journal.state_files import Identity, make_directory, state_directory, sync_directory
from ...module_utils._models.instance import InstanceKey
from ...module_utils._planner.reconcile import AHEAD_MS
from .failures import Failure, Seen, forgotten

VERSION = 1
#: Lines beyond what is remembered after which the file is written anew.
_SPARE = 1000
_WATCHING = ("watching the failures", "Stop it, or give this source a state_path of its own.")
_WAY_OUT = "Restore it, or move it away: every failure in the window is then told again; each is rerun once all the same"


class Cursor:
    """What was told of one workspace; one process at a time, from ``open`` to ``close``.

    :param state_path: the option's value, or None for the default directory.
    """

    def __init__(self, state_path: str | None, identity: Identity) -> None:
        directory = state_directory(state_path)
        self.path = directory / f"{identity.file_stem}.events.jsonl"
        self.told: dict[InstanceKey, Seen] = {}
        #: What was told up to then counts as acted on, epoch ms.
        self.settled = 0
        self._identity = identity
        self._lock = Lock(directory / f"{identity.file_stem}.events.lock", 0.0, f"workspace {identity.workspace_id}", _WATCHING)
        self._lines = 0
        self._fd = -1

    def open(self) -> None:
        """Take the lock and read the file.

        :raises LedgerError: another process has it, or it cannot be read, understood or written.
        """
        try:
            make_directory(self.path.parent)
            self._lock.acquire()
            self._load()
            self._rewrite()
        except OSError as error:
            self.close()
            raise self._failed("open", error) from None
        except LedgerError:
            self.close()
            raise

    def close(self) -> None:
        """Give everything back; harmless if it is not open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.release()

    def take(self, failure: Failure, now_ms: int) -> None:
        """Remember that *failure* was told at *now_ms*. :raises LedgerError: it cannot be written."""
        seen = Seen(failure.run, now_ms)
        self._append(_told_line(failure.instance.key, seen))
        self.told[failure.instance.key] = seen

    def settle(self, upto_ms: int) -> None:
        """Remember that what was told up to *upto_ms* counts as acted on. :raises LedgerError: it cannot be written."""
        if any(self.settled < one.told <= upto_ms for one in self.told.values()):
            self.settled = upto_ms
            self._append({"settled": upto_ms})

    def doubtful(self, now_ms: int) -> frozenset[InstanceKey]:
        """The instances of which nobody may have acted on what was told last, for whoever starts at *now_ms*, the service's time."""
        if self.settled > now_ms + AHEAD_MS:
            self.settled = 0  # learned from a clock that was wrong for a while
        return frozenset(key for key, seen in self.told.items() if seen.told > self.settled)

    def forget(self, window_begin: int) -> None:
        """Drop what has left the window, and write a file anew that has grown far beyond what it says. :raises LedgerError: it cannot be written."""
        for key in forgotten(self.told, window_begin):
            del self.told[key]
        if self._lines > 2 * len(self.told) + _SPARE:
            try:
                self._rewrite()
            except OSError as error:
                raise self._failed("write", error) from None

    def _append(self, row: dict[str, t.Any]) -> None:
        try:
            size = os.fstat(self._fd).st_size
            try:
                _write(self._fd, _line(row))
                os.fsync(self._fd)
            except OSError:
                os.ftruncate(self._fd, size)
                raise
        except OSError as error:
            raise self._failed("write", error) from None
        self._lines += 1

    def _load(self) -> None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        pieces = raw.split(b"\n")[:-1]
        rows = [self._read(piece, number) for number, piece in enumerate(pieces, 1)]
        if rows and rows[0] != self._header():
            raise LedgerError(f"Failed to read {self.path}: it is the record of another workspace, or of another version. {_WAY_OUT}.")
        for number, row in enumerate(rows[1:], 2):
            try:
                self._apply(row)
            except (KeyError, ValueError, TypeError):
                raise self._broken(number) from None

    def _apply(self, row: dict[str, t.Any]) -> None:
        if "settled" in row:
            self.settled = int(row["settled"])
            return
        job_id, plan_time, submit_time, run, told = row["told"]
        key = InstanceKey(self._identity.workspace_id, str(job_id), int(plan_time), int(submit_time))
        self.told[key] = Seen(int(run), int(told))

    def _read(self, piece: bytes, number: int) -> dict[str, t.Any]:
        try:
            row = json.loads(piece)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise self._broken(number)
        return row

    def _header(self) -> dict[str, t.Any]:
        one = self._identity
        return {"events": VERSION, "host": one.host, "project": one.project_id, "workspace": one.workspace_id}

    def _rewrite(self) -> None:
        """Replace the file in one step; a crash leaves either the old one or the new one."""
        fresh = self.path.with_suffix(".new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.fchmod(fd, 0o600)
            rows = [self._header(), {"settled": self.settled}, *(_told_line(key, seen) for key, seen in self.told.items())]
            _write(fd, b"".join(map(_line, rows)))
            os.fsync(fd)
            os.replace(fresh, self.path)
            sync_directory(self.path.parent)
        except BaseException:
            os.close(fd)
            raise
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._lines = fd, len(rows)

    def _broken(self, number: int) -> LedgerError:
        return LedgerError(f"Failed to read {self.path}: line {number} is damaged. {_WAY_OUT}.")

    def _failed(self, verb: str, error: OSError) -> LedgerError:
        cause = error.strerror or type(error).__name__
        return LedgerError(f"Failed to {verb} {self.path}: {cause}. Give a directory that this user can write with state_path.")


def _told_line(key: InstanceKey, seen: Seen) -> dict[str, t.Any]:
    return {"told": [key.job_id, key.plan_time, key.submit_time, seen.run, seen.told]}


def _line(row: t.Mapping[str, t.Any]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"


def _write(fd: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += os.write(fd, data[done:])
