# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the ledger of the workspace that a module reruns in, or those of several: read without a lock, or held to send."""

from __future__ import annotations

import contextlib
import time
import typing as t
from collections.abc import Iterator

from .._journal.ledger import Ledger
from .._journal.ledgers import Ledgers
from .._journal.state_files import Identity
from .._models.attempt import Sent
from .._models.instance import InstanceKey
from .ansible_module import ModuleRun

_T = t.TypeVar("_T")
_K = t.TypeVar("_K")
SentByKey = t.Mapping[InstanceKey, Sent]

#: Seconds to wait for another process of this machine that sends reruns in the same workspace.
LOCK_TIMEOUT = 300.0
#: After waiting so many seconds for it, what was seen before is too old to send anything by it.
OLD_SECONDS = 5.0
#: The birth, instead of an epoch ms, of a ledger that does not exist yet, and of one that is damaged.
UNBORN, DAMAGED = -1, -2
#: How far two runs may be apart in what they take for the service's time, ms: it tells whole seconds.
APART_MS = 1000
#: Looks that are taken at most while another process goes on sending; after them it takes its turn at the lock, or the next one looks.
LOOKS = 4


def birth(born_ms: int, asked_ms: int, since: int, *, given: bool) -> int:
    """Since when a ledger counts as knowing everything, epoch ms.

    One that does not exist yet has nothing to say of what was sent before it was asked for. A run that begins now does not ask for that,
    unless the ledger is damaged: then what it had to say of the last minute is lost.

    :param born_ms: epoch ms, :data:`UNBORN` or :data:`DAMAGED`.
    :param asked_ms: when the instances were asked for, epoch ms.
    :param since: of the run, epoch ms.
    :param given: whether *since* was given, and not the time at which the run first asked.
    """
    if born_ms == DAMAGED:
        return max(asked_ms, since) + 1
    if born_ms == UNBORN:
        return asked_ms if given else since
    # The run that made it a moment ago may have taken the service's time for a later one than this run does.
    return since if not given and 0 < born_ms - since <= APART_MS else born_ms


def born(ledger: Ledger | Ledgers) -> int:
    """Since when *ledger* knows everything: epoch ms, or :data:`DAMAGED`."""
    return DAMAGED if ledger.damaged else ledger.born_ms


class Memory:
    """What this machine remembers of the workspace in the options of *run*.

    :param workspaces: tells the ids of several workspaces whose ledgers are used as one.
    :raises LedgerError: by its methods; the ledger cannot be read, locked or written.
    :raises ApiError: by its methods; the project had to be looked up, which failed.
    """

    def __init__(self, run: ModuleRun, workspaces: t.Callable[[], t.Collection[str]] | None = None) -> None:
        self._run = run
        self._workspaces = workspaces
        self._waited = 0.0

    def read(self) -> tuple[SentByKey, int]:
        """The newest record of every instance, and since when the ledger knows everything: epoch ms, :data:`UNBORN` or :data:`DAMAGED`.
        Nothing is locked or made."""
        with self._ledger(UNBORN, read_only=True) as ledger:
            return ledger.all_sent(), born(ledger)

    @contextlib.contextmanager
    def held(self, now_ms: int) -> Iterator[Ledger | Ledgers]:
        """The ledger, locked and open for writing within the block; made, and born at *now_ms* (epoch ms), where there is none."""
        began = time.monotonic()
        with self._ledger(now_ms) as ledger:
            self._waited = time.monotonic() - began
            for text in ledger.warnings:
                self._run.warn(text)
            yield ledger

    def outdated(self, ledger: Ledger | Ledgers, known: SentByKey) -> bool:
        """Whether what was seen by *known*, before *ledger* was held, has to be looked at again: others have sent something meanwhile, or
        it took so long that anybody, on any machine, may have."""
        return ledger.all_sent() != known or self._waited >= OLD_SECONDS

    def _ledger(self, now_ms: int, *, read_only: bool = False) -> Ledger | Ledgers:
        if self._workspaces is None:
            return self._of(self._run.options["workspace_id"], now_ms, read_only)
        return Ledgers(self._of(one, now_ms, read_only) for one in self._workspaces())

    def _of(self, workspace_id: str, now_ms: int, read_only: bool) -> Ledger:
        session, state_path = self._run.session, self._run.options["state_path"]
        identity = Identity(session.hosts.v2, session.project_id, workspace_id)
        return Ledger(state_path, identity, now_ms=now_ms, lock_timeout=LOCK_TIMEOUT, read_only=read_only)


def steady(remember: t.Callable[[], _K], look: t.Callable[[_K], _T]) -> tuple[_T, _K]:
    """What *look* sees by what *remember* knows of sent reruns, without the lock that keeps others from sending.

    The record is read before the list. Whatever another process sends in between shows in the list already, and only the record tells whose
    it is; so as long as the record has changed meanwhile, it is looked once more.

    :returns: what was seen, and the record that it was judged by.
    """
    known = remember()
    for dummy in range(LOOKS):
        seen = look(known)
        latest = remember()
        if latest == known:
            return seen, known
        known = latest
    return look(known), known
