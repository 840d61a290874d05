# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the records of several workspaces as one, for a request that reruns instances across workspaces.

Whoever runs in one of the other workspaces looks into the record of that one only. So each instance is written down where it belongs, and
every record is locked while they are read and the request is sent.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._models.attempt import Sent
from .._models.instance import InstanceKey
from .ledger import Ledger


class Ledgers:
    """Used like a :class:`Ledger`; see there for what its methods take and raise.

    :param ledgers: one for each workspace. They are locked in the order of their files, so that two requests never wait for each other.
    """

    def __init__(self, ledgers: t.Iterable[Ledger]) -> None:
        self._ledgers = sorted(ledgers, key=lambda one: one.path)
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Ledgers:
        with contextlib.ExitStack() as opening:
            for one in self._ledgers:
                opening.enter_context(one)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *details: object) -> None:
        self._open.close()

    @property
    def warnings(self) -> list[str]:
        """What the user should know of any of them."""
        return [text for one in self._ledgers for text in one.warnings]

    @property
    def born_ms(self) -> int:
        """Since when all of them know everything that this machine sent, epoch ms; as the one that does not exist yet has it, if there is one."""
        births = [one.born_ms for one in self._ledgers]
        return min(births) if min(births) < 0 else max(births)

    @property
    def damaged(self) -> bool:
        """Whether a part of any of them could not be read."""
        return any(one.damaged for one in self._ledgers)

    def all_sent(self) -> dict[InstanceKey, Sent]:
        """The newest record of every instance of these workspaces, by key."""
        return {key: sent for one in self._ledgers for key, sent in one.all_sent().items() if _belongs(key, one)}

    def record_intent(self, sent: t.Sequence[Sent]) -> None:
        """Write down, each in its own workspace's record, that the instances of *sent* are about to be sent in one POST."""
        for ledger in self._ledgers:
            ledger.record_intent([one for one in sent if _belongs(one.key, ledger)])

    def stamp(self, keys: t.Iterable[InstanceKey], now_ms: int) -> None:
        """Move the time at which the POST of *keys* may have left to *now_ms*."""
        every = list(keys)
        for ledger in self._ledgers:
            ledger.stamp([key for key in every if _belongs(key, ledger)], now_ms)

    def record_outcome(
        self, keys: t.Sequence[InstanceKey], outcome: str, request_id: str | None = None, *, now_ms: int | None = None, message: str = ""
    ) -> None:
        """Write down how the POST that carried *keys* ended. Every record gets all keys: how many they were decides what a refusal means."""
        for ledger in self._ledgers:
            if any(_belongs(key, ledger) for key in keys):
                ledger.record_outcome(keys, outcome, request_id, now_ms=now_ms, message=message)


def _belongs(key: InstanceKey, ledger: Ledger) -> bool:
    return key.workspace_id == ledger.identity.workspace_id
