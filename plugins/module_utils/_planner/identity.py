# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity: which listed instance an attempt was made for, even after a rerun changed its submit_time or instance_id.

Pure. Whether a rerun keeps them is not documented. An attempt whose key is no longer listed is matched to an instance of the same job and plan
time that started later.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.grouping import grouped_by
from .._models.attempt import Attempt, Slot
from .._models.instance import InstanceKey, JobInstance, Status

#: Statuses of an instance that has not ended. If its failure was listed before, it was started anew.
_NOT_ENDED = frozenset({Status.WAITING, Status.RUNNING, Status.PAUSE, Status.WAITING_CONFIRM, Status.UNKNOWN})
#: How far the clock that stamps starts may be behind the one that stamps requests, ms. No limit is documented, so this is the widest one used.
CLOCKS_APART_MS = 900_000


def with_twins(instances: t.Sequence[JobInstance]) -> list[JobInstance]:
    """*instances*; those that share workspace, job, plan time and submit time get their instance_id as ``key.twin``."""
    counts = collections.Counter(instance.key for instance in instances)
    return [instance.as_twin() if counts[instance.key] > 1 else instance for instance in instances]


def listed_key(listed: t.Iterable[InstanceKey]) -> t.Callable[[InstanceKey], InstanceKey]:
    """Return a function from an instance's key to the key under which it is listed now, as a rerun may have changed its submit_time.

    A key stays as it is if its slot has no listed instance, or more than one.
    """
    by_slot = grouped_by(set(listed), lambda key: (key.workspace_id, key.job_id, key.plan_time))

    def name(key: InstanceKey) -> InstanceKey:
        alike = by_slot.get((key.workspace_id, key.job_id, key.plan_time), [])
        return alike[0] if len(alike) == 1 else key

    return name


def newest_attempts(instances: t.Iterable[JobInstance], attempts: t.Iterable[Attempt]) -> tuple[dict[InstanceKey, Attempt], list[Attempt]]:
    """The newest attempt for each instance that has one, and the attempts whose instance is not listed.

    :param attempts: the newest for each failure's instance, oldest first.
    """
    by_slot = grouped_by(attempts, lambda attempt: attempt.failure.slot)
    if not by_slot:
        return {}, []
    matched: dict[InstanceKey, Attempt] = {}
    missing: list[Attempt] = []
    listed = _at(by_slot, instances)
    for slot, of_slot in by_slot.items():
        missing += _match(listed.get(slot, []), of_slot, matched)
    return matched, missing


def effective_attempts(
    instances: t.Iterable[JobInstance], newest: t.Mapping[InstanceKey, Attempt], effective: t.Mapping[Slot, t.Sequence[Attempt]]
) -> dict[InstanceKey, list[Attempt]]:
    """Group *effective*, the attempts of each slot, by the listed instance that each was made for.

    :param newest: the newest attempt for each instance that has one; other attempts with the same key and instance_id belong to the same instance.
    """
    if not effective:
        return {}
    names = {(attempt.failure.key, attempt.failure.instance_id): key for key, attempt in newest.items()}
    made: dict[InstanceKey, list[Attempt]] = collections.defaultdict(list)
    for slot, of_slot in _at(effective, instances).items():
        for attempt in effective[slot]:
            key = names.get((attempt.failure.key, attempt.failure.instance_id)) or _best_match(of_slot, attempt)
            if key is not None:
                made[key].append(attempt)
    return dict(made)


def _at(slots: t.Container[Slot], instances: t.Iterable[JobInstance]) -> dict[Slot, list[JobInstance]]:
    """The instances at each of *slots* that has any."""
    listed: dict[Slot, list[JobInstance]] = {}
    for instance in instances:
        slot = Slot.of(instance)
        if slot in slots:
            listed.setdefault(slot, []).append(instance)
    return listed


def _best_match(instances: t.Sequence[JobInstance], attempt: Attempt) -> InstanceKey | None:
    for matches in _match_tests():
        candidates = [instance for instance in instances if matches(instance, attempt)]
        if candidates:
            return max(candidates, key=lambda instance: _likelihood(instance, attempt)).key
    return None


def _match_tests() -> tuple[t.Callable[[JobInstance, Attempt], bool], ...]:
    """Tests whether an instance may be the one of an attempt, most certain first."""
    return _same, _same_instance_id, _same_submit_time, _followed


def _match(instances: list[JobInstance], attempts: list[Attempt], matched: dict[InstanceKey, Attempt]) -> list[Attempt]:
    """Fill *matched*, most certain matches first; return the attempts that belong to no listed instance."""
    left = sorted(
        attempts, key=lambda attempt: (attempt.attempt_id or 0, attempt.sent_ms), reverse=True
    )  # not by time, because clocks step
    for matches in _match_tests():
        still = []
        for attempt in left:
            candidates = [instance for instance in instances if matches(instance, attempt)]
            free = [instance for instance in candidates if instance.key not in matched]
            if free:
                matched[max(free, key=lambda instance: _likelihood(instance, attempt)).key] = attempt
            elif not candidates:
                still.append(attempt)
            # If every candidate has a newer attempt, that attempt followed this one.
        left = still
    return left


def _same(instance: JobInstance, attempt: Attempt) -> bool:
    failure = attempt.failure
    ids = (instance.instance_id, failure.instance_id)
    return instance.key.submit_time == failure.submit_time and (None in ids or ids[0] == ids[1])


def _same_submit_time(instance: JobInstance, attempt: Attempt) -> bool:
    """Whether it may be the same instance under another instance_id, and not a twin that was never rerun."""
    failure = attempt.failure
    as_it_was = instance.status.value == failure.status and instance.start_time == failure.start_time
    return instance.key.submit_time == failure.submit_time and (as_it_was or _followed(instance, attempt))


def _same_instance_id(instance: JobInstance, attempt: Attempt) -> bool:
    return instance.instance_id is not None and instance.instance_id == attempt.failure.instance_id


def _followed(instance: JobInstance, attempt: Attempt) -> bool:
    """Whether it may be the instance of *attempt* under another submit_time and instance_id: it started later, or has not ended.

    An instance that ended and started long before the request, by any clock, is another one.
    """
    start, before = instance.start_time, attempt.failure.start_time
    if instance.status in _NOT_ENDED or start is None:
        return instance.status in _NOT_ENDED
    return start > max(before or 0, attempt.sent_ms - CLOCKS_APART_MS)


def _likelihood(instance: JobInstance, attempt: Attempt) -> tuple[bool, bool, int, InstanceKey]:
    """Sort key: how likely *instance* is the result of *attempt*.

    The newest start is the likeliest; an earlier one may be a run of another instance that nobody has rerun yet.
    """
    return _followed(instance, attempt), instance.start_time is None, instance.start_time or 0, instance.key
