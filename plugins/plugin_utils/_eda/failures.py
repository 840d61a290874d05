# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New failures: which failed instances of a poll get an event. Pure.

The service has no id for a failure. A failure is an instance together with the start of its last run, the only run that the list shows. If an
instance is rerun and fails again, it has another start, which is earlier if the clock that stamps starts was set back: this is another failure.
A failure that the list still shows is not delivered again, because its key is in the journal. The documentation does not say whether a rerun
keeps an instance's submit_time and instance_id, so an instance may come back under another key.
"""

from __future__ import annotations

import collections
import hashlib
import typing as t
from dataclasses import dataclass

from ...module_utils._common.times import DAY_MS
from ...module_utils._models.instance import FullKey, InstanceKey, InstanceType, JobInstance

#: How long deliveries are kept after they have left the window of plan times, ms.
MARGIN_MS = DAY_MS


@dataclass(frozen=True)
class Delivery:
    """The newest event that any source claimed for an instance.

    :param run: when the failed run began, epoch ms; its end if it has no start, 0 if it has neither.
    :param claimed_ms: when it was claimed, epoch ms of the service's clock, like deadline_ms.
    :param deadline_ms: until when its source must confirm it; an unconfirmed event is delivered again after that.
    :param number: number of this delivery of the failure, from 1.
    :param failed_again: whether an earlier failure of the instance had an event.
    :param instance_type: of the instance; None if the service did not list it.
    """

    run: int
    claimed_ms: int
    deadline_ms: int
    number: int = 1
    failed_again: bool = False
    confirmed: bool = False
    instance_type: InstanceType | None = None


@dataclass(frozen=True)
class NewFailure:
    """A failure that is due an event; parameters as of :class:`Delivery`."""

    instance: JobInstance
    failed_again: bool = False
    number: int = 1

    @property
    def run(self) -> int:
        """See :class:`Delivery`."""
        return run_of(self.instance)

    @property
    def repeated(self) -> bool:
        """Whether this failure had an event before that may have been lost, because its source ended."""
        return self.number > 1

    @property
    def id(self) -> str:
        """Id of the failure, the same for every source and poll: 32 hex digits."""
        key, instance_id = self.instance.full_key
        text = "\0".join((key.workspace_id, key.job_id, str(key.plan_time), str(key.submit_time), instance_id, str(self.run)))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def run_of(instance: JobInstance) -> int:
    """When the last run of *instance* began, epoch ms; its end if it has no start, 0 if it has neither."""
    return instance.start_time or instance.end_time or 0


def new_failures(failed: t.Iterable[JobInstance], newest: t.Mapping[FullKey, Delivery], now_ms: int) -> list[NewFailure]:
    """The failures that are due an event, oldest first.

    :param failed: all failed instances of the window, each once.
    :param newest: the newest delivery of each instance.
    :param now_ms: the service's time, epoch ms.
    """
    failed = list(failed)
    gone = _gone(failed, newest)
    failures = []
    for instance in failed:
        delivery = newest.get(instance.full_key)
        if delivery is None or run_of(instance) not in (delivery.run, 0):  # without any time, nothing shows that it ran again
            before = delivery is not None or any(_followed(instance, earlier) for earlier in gone[_slot(instance.key)])
            failures.append(NewFailure(instance, failed_again=before))
        elif run_of(instance) == delivery.run and not delivery.confirmed and now_ms >= delivery.deadline_ms:
            failures.append(NewFailure(instance, delivery.failed_again, delivery.number + 1))
    return sorted(failures, key=lambda failure: (failure.run, failure.instance.full_key))


def _gone(failed: t.Iterable[JobInstance], newest: t.Mapping[FullKey, Delivery]) -> t.Mapping[tuple[str, int], list[Delivery]]:
    """(Job, plan time) -> deliveries of instances that are no longer listed as failed: they succeeded, or came back under another key."""
    listed = {instance.full_key for instance in failed}
    gone: dict[tuple[str, int], list[Delivery]] = collections.defaultdict(list)
    for full_key, delivery in newest.items():
        if full_key not in listed:
            gone[_slot(full_key[0])].append(delivery)
    return gone


def _slot(key: InstanceKey) -> tuple[str, int]:
    """Job and plan time, which a rerun never changes."""
    return key.job_id, key.plan_time


def _followed(instance: JobInstance, delivery: Delivery) -> bool:
    """Whether *instance* may be that of *delivery*, under another key after a rerun. A twin has another type."""
    types = {instance.instance_type, delivery.instance_type} - {None}
    return run_of(instance) > delivery.run and len(types) < 2


def outdated(newest: t.Mapping[FullKey, Delivery], window_start: int) -> list[FullKey]:
    """The instances whose deliveries can be forgotten: planned so long before the window that they are no longer listed."""
    return [full_key for full_key in newest if full_key[0].plan_time < window_start - MARGIN_MS]
