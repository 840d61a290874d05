# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: which of the listed failures are new. Pure.

A failure is one run of an instance that failed. It is known by the instance's key and by when that run began: the service tells of an
instance only its last run, so one that was rerun and failed again is another failure of the same instance, with a later start.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass

from ...module_utils._models.instance import InstanceKey, JobInstance

#: How long what has left the window of plan times is remembered, ms.
MARGIN_MS = 86_400_000


@dataclass(frozen=True)
class Seen:
    """The newest failure of an instance that was told.

    :param run: when the run that failed began, epoch ms; its end where no start was recorded, 0 where neither was.
    :param told: when it was told, epoch ms on the service's clock.
    """

    run: int
    told: int


@dataclass(frozen=True)
class Failure:
    """One failure to tell.

    :param again: whether an earlier failure of the same instance was told.
    :param repeated: whether this very failure was told before, shortly before the source ended, so that nobody may have acted on it.
    """

    instance: JobInstance
    again: bool = False
    repeated: bool = False

    @property
    def run(self) -> int:
        """See :class:`Seen`."""
        return run_of(self.instance)

    @property
    def id(self) -> str:
        """The same for the same failure, whoever sees it and whenever: 32 hex digits."""
        key = self.instance.key
        text = "\0".join((key.workspace_id, key.job_id, str(key.plan_time), str(key.submit_time), str(self.run)))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


Told = t.Mapping[InstanceKey, Seen]


def run_of(instance: JobInstance) -> int:
    """When the last run of *instance* began, epoch ms; its end where no start was recorded, 0 where neither was."""
    return instance.start_time or instance.end_time or 0


def new_failures(failed: t.Iterable[JobInstance], told: Told, doubtful: t.Collection[InstanceKey] = ()) -> list[Failure]:
    """The failures to tell, the oldest first.

    :param failed: every instance of the window that has failed, each key once.
    :param told: what was told before.
    :param doubtful: of which, after a start, nobody may have acted on what was told before: that is told again if it still stands.
    """
    found = []
    for one in failed:
        seen = told.get(one.key)
        if seen is None or run_of(one) > seen.run:
            found.append(Failure(one, again=seen is not None))
        elif one.key in doubtful and run_of(one) == seen.run:
            found.append(Failure(one, repeated=True))
    return sorted(found, key=lambda failure: (failure.run, failure.instance.key))


def forgotten(told: Told, window_begin: int) -> list[InstanceKey]:
    """The instances that need not be remembered: planned so long before the window that they are not listed any more."""
    return [key for key in told if key.plan_time < window_begin - MARGIN_MS]
