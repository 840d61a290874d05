# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliveries: which failures had an event, kept as notes in the journal.

A source inserts a failure's key before it puts the event; sources that share a journal thus never deliver the same failure twice. It confirms the
key once the event is old enough that somebody must have acted on it. If a source ends in between, the key stays unconfirmed; after its deadline,
the next source that lists the failure inserts the key of another delivery. The journal drops notes when it drops attempts.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ...module_utils._journal.journal import Journal
from ...module_utils._models.instance import FullKey, InstanceKey, InstanceType
from .failures import Delivery, NewFailure, outdated

_CONFIRMED = "confirmed"


class Deliveries:
    """The deliveries of one workspace. Every method raises JournalError if the journal cannot be read or written."""

    def __init__(self, journal: Journal, workspace_id: str) -> None:
        self.newest: dict[FullKey, Delivery] = {}
        self._journal = journal
        self._workspace_id = workspace_id
        self._scope = f"events {workspace_id}"
        self._own: dict[FullKey, NewFailure] = {}
        self._current = False

    def refresh(self, *, force: bool = False) -> None:
        """Read the deliveries of all sources, if they were not read yet or another source was faster at a claim, or with *force*."""
        if self._current and not force:
            return
        notes = self._journal.notes(self._scope)
        self.newest.clear()
        for name, value in notes.items():
            failure_id, number = name.split(" ")
            if number == _CONFIRMED:
                continue
            full_key, delivery = _read(self._workspace_id, value, int(number))
            known = self.newest.get(full_key)
            if known is None or (known.claimed_ms, known.run, known.number) < (delivery.claimed_ms, delivery.run, delivery.number):
                self.newest[full_key] = dataclasses.replace(delivery, confirmed=f"{failure_id} {_CONFIRMED}" in notes)
        self._current = True

    def claim(self, failure: NewFailure, now_ms: int, deadline_ms: int) -> bool:
        """Claim the event of *failure* for this source; False if another source has claimed it meanwhile. Times epoch ms."""
        instance_type = failure.instance.instance_type
        delivery = Delivery(failure.run, now_ms, deadline_ms, failure.number, failure.failed_again, instance_type=instance_type)
        full_key = failure.instance.full_key
        if not self._journal.note(self._scope, f"{failure.id} {failure.number}", _written(full_key, delivery)):
            self._current = False
            return False
        self.newest[full_key] = delivery
        self._own[full_key] = failure
        return True

    def confirm(self, until_ms: int) -> None:
        """Confirm this source's claims up to *until_ms*, the service's time, so that they are never delivered again."""
        for full_key, failure in list(self._own.items()):
            delivery = self.newest[full_key]
            if delivery.claimed_ms <= until_ms:
                self._journal.note(self._scope, f"{failure.id} {_CONFIRMED}", "")
                self.newest[full_key] = dataclasses.replace(delivery, confirmed=True)
                del self._own[full_key]

    def prune(self, window_start: int) -> None:
        """Forget deliveries whose plan times are long before *window_start*, epoch ms; see :func:`outdated`."""
        for full_key in outdated(self.newest, window_start):
            del self.newest[full_key]
            self._own.pop(full_key, None)


def _written(full_key: FullKey, delivery: Delivery) -> str:
    key, instance_id = full_key
    times = [delivery.run, delivery.claimed_ms, delivery.deadline_ms]
    instance_type = None if delivery.instance_type is None else delivery.instance_type.value
    return json.dumps([key.job_id, key.plan_time, key.submit_time, instance_id, *times, delivery.failed_again, instance_type])


def _read(workspace_id: str, text: str, number: int) -> tuple[FullKey, Delivery]:
    job_id, plan_time, submit_time, instance_id, *times, failed_again, type_name = t.cast("list[t.Any]", json.loads(text))
    run, claimed_ms, deadline_ms = times
    instance_type = None if type_name is None else InstanceType(type_name)
    full_key = (InstanceKey(workspace_id, job_id, plan_time, submit_time), instance_id)
    return full_key, Delivery(run, claimed_ms, deadline_ms, number, failed_again, instance_type=instance_type)
