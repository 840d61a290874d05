# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what was sent, remembered on this machine's disk.

The service answers a rerun with no id and may show it late or not at all, so a process that dies between sending and reading leaves
no trace that a list could show. The ledger is that trace: before a POST its instances are written and synced to disk, after it the outcome.

One file per workspace, JSON lines, in a directory of mode 0700; beside it a lock file that one process holds from before it looks whether
the ledger is still the one that its list was judged by until its last POST is answered. Nothing secret is in it: ids, times, job names, outcomes.

A line torn by a crash was not synced, so its POST was never sent: it is dropped. A line damaged later, or written by a newer version,
means that the ledger no longer knows all that was sent: it counts as born anew, see :func:`_reading.quiet_until`.
"""

from __future__ import annotations

import os
import threading
import typing as t
from dataclasses import replace
from pathlib import Path

from .._common.errors import LedgerError
from .._common.times import to_iso
from .._models.attempt import OUTCOMES, Sent, following
from .._models.instance import InstanceKey
from .ledger_lines import (
    Contents,
    header_line,
    intent_line,
    merge_outcome,
    outcome_line,
    parse,
    sent_line,
    stamp_line,
)
from .lock import Lock
from .state_files import (
    WAY_OUT,
    Identity,
    make_directory,
    state_directory,
    sync_directory,
)

#: How long a record is kept: the service shows instances for six months [OTC-UMN-C].
KEEP_MS = 190 * 86_400_000
_STAMP_MS = 1_000  # how far a POST's time may drift from its record before it is written again


class Ledger:
    """The record of one workspace, locked from ``__enter__`` to ``__exit__``. Its methods may be called from several threads.

    :param state_path: the option's value, or None for the default directory.
    :param now_ms: the service's time at which this run began, epoch ms; a ledger made now is born then. Give the run's own default
        ``since`` or an earlier time here, so that a new ledger does not make a new run quiet.
    :param lock_timeout: seconds to wait for another process that holds the lock.
    :param read_only: for check mode: nothing is locked, made or written; a ledger that does not exist yet is empty.
    :raises LedgerError: from ``__enter__``, if it cannot be locked, read or written.
    """

    def __init__(
        self, state_path: str | None, identity: Identity, *, now_ms: int, lock_timeout: float = 60.0, read_only: bool = False
    ) -> None:
        self.identity = identity
        self.directory = state_directory(state_path)
        self.path = self.directory / f"{identity.file_stem}.jsonl"
        self.read_only = read_only
        self.warnings: list[str] = []
        self._now_ms = now_ms
        self._lock = Lock(self.directory / f"{identity.file_stem}.lock", lock_timeout, f"workspace {identity.workspace_id}")
        self._contents = Contents(born_ms=now_ms)
        self._fd = -1
        self._size = 0
        self._threads = threading.Lock()

    def __enter__(self) -> Ledger:
        if self.read_only:
            self._load()
            return self
        try:
            make_directory(self.directory)
        except OSError as error:
            raise self._failed("make", self.directory, error) from None
        self._lock.acquire()
        try:
            self._load()
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.release()

    @property
    def born_ms(self) -> int:
        """Since when it knows everything that this machine sent, epoch ms."""
        return self._contents.born_ms

    @property
    def damaged(self) -> bool:
        """Whether a part of it could not be read."""
        return self._contents.damaged > 0

    def all_sent(self) -> dict[InstanceKey, Sent]:
        """The newest record of every instance, by key; a copy."""
        with self._threads:
            return dict(self._contents.sent)

    def record_intent(self, sent: t.Sequence[Sent]) -> None:
        """Write down that the instances of *sent* are about to be sent in one POST; on disk when this returns.

        :raises LedgerError: if it cannot be written; nothing may be sent then.
        """
        if sent:
            self._append(intent_line(sent), sync=True)
            with self._threads:
                self._contents.sent.update((one.key, following(one, self._contents.sent.get(one.key))) for one in sent)

    def stamp(self, keys: t.Iterable[InstanceKey], now_ms: int) -> None:
        """Move the time at which the POST of *keys* may have left to *now_ms*, before it is tried once more; written only if it moved by a second.

        The client's ``before_each_write`` calls it: settling counts from the last attempt, not from the first.
        """
        stale = [
            one for one in map(self._contents.sent.get, keys) if one is not None and now_ms - max(one.sent_ms, one.last_ms) >= _STAMP_MS
        ]
        if stale:
            self._append(stamp_line([one.key for one in stale], now_ms), sync=True)
            with self._threads:
                self._contents.sent.update((one.key, replace(one, last_ms=now_ms)) for one in stale)

    def record_outcome(
        self, keys: t.Sequence[InstanceKey], outcome: str, request_id: str | None = None, *, now_ms: int | None = None, message: str = ""
    ) -> None:
        """Write down how the POST that carried *keys* ended.

        Not synced: losing it leaves the intent, which is verified by reading.

        :param outcome: "accepted", "refused", "active", "unknown" or "not_sent".
        :param now_ms: when the answer came or was given up, epoch ms; with "unknown" settling counts from here.
        :param message: the service's code and words.
        """
        if outcome not in OUTCOMES:
            raise ValueError(f"no outcome: {outcome}")
        if not keys:
            return
        self._append(outcome_line(keys, outcome, request_id, now_ms, message), sync=False)
        with self._threads:
            merge_outcome(self._contents.sent, keys, outcome, request_id, now_ms, message)

    def _append(self, line: bytes, *, sync: bool) -> None:
        if self._fd < 0:
            raise LedgerError("Failed to record a rerun: the record of sent reruns is not open for writing. Nothing was sent.")
        with self._threads:
            try:
                done = 0
                while done < len(line):
                    done += os.write(self._fd, line[done:])
                if sync:
                    os.fsync(self._fd)
                self._size += len(line)
            except OSError as error:
                self._undo()
                raise self._failed("write", self.path, error) from None

    def _undo(self) -> None:
        """Cut off what a failed write left behind, or refuse every further one."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            os.close(self._fd)
            self._fd = -1

    def _load(self) -> None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed("read", self.path, error) from None
        contents = parse(raw, self._now_ms)
        if contents is None:
            raise LedgerError(
                f"Failed to read the record of sent reruns: {self.path} holds something else. Move it away; "
                "the next run then waits for the settle time before it sends anything for an earlier since."
            )
        self._contents = contents
        if contents.damaged:
            self.warnings.append(
                f"{contents.damaged} lines of {self.path} cannot be read; what was sent before {to_iso(contents.born_ms)} counts as not known."
            )
            contents.born_ms += 1  # later than a run that begins now, so that it waits too for what was sent before to show

    def _open(self) -> None:
        """Open for appending; written anew first where it does not exist, is damaged, torn, or mostly out of date."""
        contents = self._contents
        limit = self._now_ms - KEEP_MS
        stale = [key for key, one in contents.sent.items() if one.sent_ms < limit]
        for key in stale:
            del contents.sent[key]
        try:
            if contents.lines == 0 or contents.damaged or contents.torn or stale or contents.lines > 4 * len(contents.sent) + 1000:
                self._rewrite()
            self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            self._size = os.fstat(self._fd).st_size
        except OSError as error:
            raise self._failed("write", self.path, error) from None

    def _rewrite(self) -> None:
        """Replace the file in one step; a crash leaves either the old one or the new one."""
        fresh = self.path.with_suffix(".new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o600)
            file.write(header_line(self._contents.born_ms, self.identity.host, self.identity.project_id, self.identity.workspace_id))
            for one in self._contents.sent.values():
                file.write(sent_line(one))
            file.flush()
            os.fsync(fd)
        os.replace(fresh, self.path)
        sync_directory(self.directory)

    def _failed(self, verb: str, path: Path, error: OSError) -> LedgerError:
        cause = error.strerror or type(error).__name__
        return LedgerError(f"Failed to {verb} the record of sent reruns {path}: {cause}. Nothing is sent without it. {WAY_OUT}.")
