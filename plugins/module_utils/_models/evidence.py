# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: the service's answers about points that its documentation leaves open. Pure data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError
from .attempt import Failure
from .checkup import Observed


@dataclass(frozen=True)
class Entry:
    """An instance as a list showed it, in the service's own words. Times epoch ms."""

    job_name: str
    job_id: str
    instance_id: str
    status: str
    plan_time: int
    submit_time: int | None = None
    start_time: int | None = None
    instance_type: int | None = None
    error: bool = False


@dataclass
class Evidence:
    """Answers to questions about the open points. A field keeps its default if its question was not asked or not answered.

    :ivar seen: what the checkup has observed as well.
    :ivar job_pages: offset -> names of jobs, from pages of two jobs; ``again`` is offset 0 a second time, ``beyond`` an offset beyond the end.
    :ivar job_total: how many jobs the service counts.
    :ivar totals: name of a list -> for each first page: entries asked for, entries returned, and the total.
    :ivar last_day: instances of the last 25 hours; ``today`` those of a list without a window. None if the answer was incomplete.
    :ivar now_ms: the service's time, epoch ms.
    :ivar lists: the same list of instances several times, each in the order of the answer.
    :ivar other_lists: further lists of instances.
    :ivar accepted: failures whose reruns the service accepted according to the journal, the newest of each planned run.
    :ivar notes: what earlier reruns showed, see ``showing.py``.
    :ivar v1_job_ids: ``jobId`` in v1's lists, unchanged.
    :ivar detail: v1's detail, unchanged, of a failed instance that has an error message in a list; None if there was none.
    :ivar late_start: whether a window of one millisecond at its plan time, and one at its start, listed an instance that started later.
    :ivar long_windows: version -> whether a window of forty days was refused.
    :ivar without_workspace: result of a v2 request without the workspace header: True for an answer, an error, or None if not sent.
    :ivar codes: name of a question that must be refused -> the code of the refusal.
    :ivar request_ids: for each answer, whether it had a request id header.
    :ivar retry_after: the ``Retry-After`` header of each throttled request, "" without one.
    :ivar dates: for each answer, its ``Date`` minus this machine's clock, seconds.
    :ivar token_skew: this machine's clock minus that of the token's issuer, seconds.
    :ivar token_lifetime: lifetime of the token, seconds.
    """

    seen: Observed = field(default_factory=Observed)
    job_pages: dict[str, list[str]] = field(default_factory=dict)
    job_total: int = 0
    totals: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    last_day: list[Entry] | None = None
    today: list[Entry] | None = None
    now_ms: int = 0
    lists: list[list[Entry]] = field(default_factory=list)
    other_lists: list[list[Entry]] = field(default_factory=list)
    accepted: list[Failure] = field(default_factory=list)
    notes: t.Mapping[str, str] = field(default_factory=dict)
    v1_job_ids: list[t.Any] = field(default_factory=list)
    detail: t.Mapping[str, t.Any] | None = None
    late_start: tuple[bool, bool] | None = None
    long_windows: dict[str, bool] = field(default_factory=dict)
    without_workspace: bool | ApiError | None = None
    codes: dict[str, str] = field(default_factory=dict)
    request_ids: list[bool] = field(default_factory=list)
    retry_after: list[str] = field(default_factory=list)
    dates: list[float] = field(default_factory=list)
    token_skew: float | None = None
    token_lifetime: float | None = None

    @property
    def default_workspace(self) -> bool:
        """Whether the project has a default workspace; a request without a workspace addresses it."""
        return any(workspace.kind == "default" for workspace in self.seen.workspaces)

    @property
    def instances(self) -> list[Entry]:
        """The instances of all lists, each as the last list showed it."""
        entries = [entry for entries in (*self.lists, *self.other_lists) for entry in entries]
        return list({(entry.job_name, entry.plan_time, entry.instance_id): entry for entry in entries}.values())
