# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New failures: which failed instances of a poll get an event. Pure.

The service has no id for a failure. It is an instance together with the start of the run that failed: the list shows for each instance only
its last run, so one that was rerun and failed again is another failure of the same instance, with another start: an earlier one, where the
clock that stamps starts was set back. What a list shows late is not delivered again, because its key is in the journal. Whether a rerun keeps an
instance's submit_time and instance_id is not documented, so an instance may come back under another key.
"""

from __future__ import annotations

import collections
import hashlib
import typing as t
from dataclasses import dataclass

from ...module_utils._common.times import DAY_MS
from ...module_utils._models.instance import FullKey, InstanceKey, InstanceType, JobInstance

#: How long what has left the window of plan times is kept, ms.
MARGIN_MS = DAY_MS


@dataclass(frozen=True)
class Delivery:
    """The newest event that some source claimed for an instance.

    :param run: when the run that failed began, epoch ms; its end where no start was recorded, 0 where neither was.
    :param claimed_ms: when it was claimed, epoch ms of the service's clock, as deadline_ms.
    :param deadline_ms: when a source that is alive has confirmed it; unconfirmed after that, it is delivered once more.
    :param number: which delivery of this failure it is, from 1.
    :param failed_again: whether the instance had an earlier failure with an event.
    :param instance_type: of the instance; None where the service did not list it.
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
    """A failure that an event is due for.

    :param failed_again: whether an earlier failure of the same instance had an event.
    :param number: which delivery of this failure it is, from 1.
    """

    instance: JobInstance
    failed_again: bool = False
    number: int = 1

    @property
    def run(self) -> int:
        """See :class:`Delivery`."""
        return run_of(self.instance)

    @property
    def repeated(self) -> bool:
        """Whether this very failure had an event before, of which nobody may have taken notice, because its source ended."""
        return self.number > 1

    @property
    def id(self) -> str:
        """The same for the same failure, whichever source polls it and whenever: 32 hex digits."""
        key, instance_id = self.instance.full_key
        text = "\0".join((key.workspace_id, key.job_id, str(key.plan_time), str(key.submit_time), instance_id, str(self.run)))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def run_of(instance: JobInstance) -> int:
    """When the last run of *instance* began, epoch ms; its end where no start was recorded, 0 where neither was."""
    return instance.start_time or instance.end_time or 0


def new_failures(failed: t.Iterable[JobInstance], newest: t.Mapping[FullKey, Delivery], now_ms: int) -> list[NewFailure]:
    """The failures that an event is due for, the oldest first.

    :param failed: every instance of the window that has failed, each once.
    :param newest: the newest delivery of each instance.
    :param now_ms: the service's time.
    """
    failed = list(failed)
    gone = _gone(failed, newest)
    failures = []
    for instance in failed:
        delivery = newest.get(instance.full_key)
        if delivery is None or run_of(instance) not in (delivery.run, 0):  # without any time nothing says that it ran again
            before = delivery is not None or any(_followed(instance, earlier) for earlier in gone[_slot(instance.key)])
            failures.append(NewFailure(instance, failed_again=before))
        elif run_of(instance) == delivery.run and not delivery.confirmed and now_ms >= delivery.deadline_ms:
            failures.append(NewFailure(instance, delivery.failed_again, delivery.number + 1))
    return sorted(failures, key=lambda failure: (failure.run, failure.instance.full_key))


def _gone(failed: t.Iterable[JobInstance], newest: t.Mapping[FullKey, Delivery]) -> t.Mapping[tuple[str, int], list[Delivery]]:
    """By job and plan time, the deliveries of instances that are not listed as failed any more: each may have succeeded, or come back renamed."""
    listed = {instance.full_key for instance in failed}
    gone: dict[tuple[str, int], list[Delivery]] = collections.defaultdict(list)
    for full_key, delivery in newest.items():
        if full_key not in listed:
            gone[_slot(full_key[0])].append(delivery)
    return gone


def _slot(key: InstanceKey) -> tuple[str, int]:
    """Job and plan time: what a rerun never changes."""
    return key.job_id, key.plan_time


def _followed(instance: JobInstance, delivery: Delivery) -> bool:
    """Whether *instance* may be the one of *delivery*, renamed by a rerun. A twin is of another type."""
    types = {instance.instance_type, delivery.instance_type} - {None}
    return run_of(instance) > delivery.run and len(types) < 2


def outdated(newest: t.Mapping[FullKey, Delivery], window_start: int) -> list[FullKey]:
    """The instances that need not be kept: planned so long before the window that they are not listed any more."""
    return [full_key for full_key in newest if full_key[0].plan_time < window_start - MARGIN_MS]
