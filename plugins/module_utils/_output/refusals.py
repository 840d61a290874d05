# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals: requests that the service did not accept, as lines for people. Equal ones share a line with a count."""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError
from .._common.text import counted, listed, printable
from .._models.attempt import Outcome
from .._models.decision import Decision

_NAMED = 5  # jobs named in a line


@dataclass
class _Alike:
    """Requests with the same end: the error of the first, their number, and instances by job."""

    error: ApiError
    requests: int = 0
    jobs: collections.Counter[str] = field(default_factory=collections.Counter)


class Refusals:
    """The unaccepted requests of one pass."""

    def __init__(self) -> None:
        self._alike: dict[tuple[t.Any, ...], _Alike] = {}

    def add(self, after: t.Sequence[Decision], error: ApiError) -> None:
        """Add a request: *after* are the decisions about its instances (of one job), *error* is how it ended."""
        lost = any(decision.attempt is not None and decision.attempt.outcome is Outcome.UNKNOWN for decision in after)
        alike = self._alike.setdefault((lost, error.kind, error.status, error.code, error.message, error.hint), _Alike(error))
        alike.requests += 1
        alike.jobs[after[0].instance.job_name] += len(after)

    def lines(self) -> list[str]:
        """A line for each kind of end."""
        return [_line(alike, lost=bool(key[0])) for key, alike in self._alike.items()]


def _line(alike: _Alike, *, lost: bool) -> str:
    error, number = alike.error, sum(alike.jobs.values())
    names = [printable(name, 100) for name, _instances in alike.jobs.most_common()]
    what = f"The rerun of {counted(number, 'instance')} of {'job' if len(names) == 1 else 'jobs'} {listed(names, _NAMED)}"
    cause = printable(error)
    if alike.requests > 1:
        cause += f", and {counted(alike.requests - 1, 'more request')} with the same answer"
    if lost:
        return f"{what} was not confirmed: {cause}. Its outcome is read back before anything is sent again."
    return f"{what} had no effect: {cause}. {error.hint}".strip()
