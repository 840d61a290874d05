# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps: consecutive missing instances of a job. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._common.text import printable
from .._common.times import to_iso
from .instance import JobName

#: State of a gap: still to be made; made; not made or not successful; made by somebody else; not to be made.
TO_MAKE, MADE, FAILED, GONE, ALONE = "missing", "made", "failed", "gone", "left_alone"


@dataclass(frozen=True)
class Gap:
    """Consecutive plan times without an instance: the job's schedule has no other plan time, and the job no instance, in between. Times epoch ms.

    :param name: name of the PatchData run that makes them; it identifies workspace, job, first and last plan time.
    :param begin: start of that PatchData run, a second before the first plan time; *end* is a second after the last one.
    :param until: the next plan time after the gap; a day after the gap if there is none within two months.
    :param job_status: the service's word; None or "" if unknown.
    :param earlier_version: whether an earlier version of the job was in force, whose schedule the service no longer shows.
    :param state: :data:`TO_MAKE` to :data:`ALONE`.
    :param times: the plan times; not part of a result.
    """

    workspace_id: str
    job_name: str
    name: str
    instances: int
    begin: int
    end: int
    until: int = 0
    job_status: str | None = None
    earlier_version: bool = False
    state: str = TO_MAKE
    times: tuple[int, ...] = ()

    @classmethod
    def of(cls, result: t.Mapping[str, t.Any]) -> Gap:
        """Read a gap from a result. :raises KeyError, TypeError, ValueError: *result* does not hold one."""
        return cls(
            str(result["workspace_id"]),
            str(result["job_name"]),
            str(result["name"]),
            int(result.get("instances", 0)),
            int(result["start_date"]),
            int(result["end_date"]),
            int(result.get("until") or 0),
            str(result.get("job_status") or ""),
            bool(result.get("earlier_version")),
            str(result.get("state") or TO_MAKE),
        )

    def to_result(self) -> dict[str, t.Any]:
        """The gap as modules return it; dates are epoch ms, as text."""
        return {
            "workspace_id": self.workspace_id,
            "job_name": self.job_name,
            "name": self.name,
            "instances": self.instances,
            "start_date": str(self.begin),
            "end_date": str(self.end),
            "job_status": self.job_status,
            "earlier_version": self.earlier_version,
        }

    @property
    def job(self) -> JobName:
        """The job, by workspace and name."""
        return self.workspace_id, self.job_name

    def text(self) -> str:
        """The gap in words: number of instances, job, first and last plan time."""
        first, last = to_iso(self.begin + 1000), to_iso(self.end - 1000)
        return f"{self.instances} of {printable(self.job_name, 80)} planned {first if first == last else f'{first} to {last}'}"
