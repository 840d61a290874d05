# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps: missing instances of a job that follow each other. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._common.text import printable
from .._common.times import to_iso
from .instance import JobName

#: What became of a gap: it is still to be made, was made, was not made or did not succeed, was made by somebody else, or is not made at all.
TO_MAKE, MADE, FAILED, GONE, ALONE = "missing", "made", "failed", "gone", "left_alone"


@dataclass(frozen=True)
class Gap:
    """Plan times in a row for which a job has no instance, with no plan time of its schedule and no instance of it in between. Times epoch ms.

    :param name: of the PatchData that makes them; it stands for workspace, job, first and last plan time.
    :param begin: first moment of that PatchData, a second before the first plan time, and *end* the last one, a second after the last.
    :param until: the next plan time after it; a day after it where that is not soon.
    :param job_status: in the service's word; None or "" if it is not known.
    :param earlier_version: whether an earlier version of the job was in force, whose schedule nobody shows any more.
    :param state: :data:`TO_MAKE` to :data:`ALONE`.
    :param times: the plan times; a result does not name them.
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
        """The gap that a result holds. :raises KeyError, TypeError, ValueError: it holds none."""
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
        """As modules return it; dates are epoch ms, as text."""
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
        """The job, of all workspaces."""
        return self.workspace_id, self.job_name

    def text(self) -> str:
        """For people: how many of which job, and when they were planned."""
        first, last = to_iso(self.begin + 1000), to_iso(self.end - 1000)
        return f"{self.instances} of {printable(self.job_name, 80)} planned {first if first == last else f'{first} to {last}'}"
