# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expectation: when everything will probably have ended, and which jobs miss a deadline, as data and as lines for people.

Pure. Unknown ends are left out.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.text import counted, listed, printable, safe
from .._common.times import to_iso, with_iso
from .._planner.deadline import JobEnd

Result = t.Dict[str, t.Any]
_NAMED = 3  # jobs named in a line


def expectation(jobs: t.Sequence[JobEnd], deadline: int | None, workspaces: t.Mapping[str, str]) -> Result:
    """The result ``expected`` of module job_rerun.

    :param deadline: the option, epoch ms.
    :param workspaces: workspace id -> name, as far as known.
    """
    end = max((job.end for job in jobs if job.end is not None), default=None)
    return {
        **with_iso(end=end, deadline=deadline),
        "unknown": sum(job.unknown for job in jobs),
        "late": sum(job.late for job in jobs),
        "left_to_person": sum(bool(job.person) and job.deadline is not None and not job.late for job in jobs),
        "jobs": [
            {
                "workspace_id": safe(job.workspace_id),
                "workspace_name": safe(workspaces.get(job.workspace_id, "")),
                "job_name": safe(job.job_name),
                "instances": job.instances,
                **with_iso(end=job.end, deadline=job.deadline),
                "unknown": job.unknown,
                "late": job.late,
                "left_to_person": job.person,
            }
            for job in jobs
        ],
    }


def late_lines(jobs: t.Iterable[t.Mapping[str, t.Any]], most: int = _NAMED) -> list[str]:
    """Jobs that miss their deadline, and jobs that will unless somebody acts: a line for each deadline.

    :param jobs: ``jobs`` of :func:`expectation`, of one or several workspaces. Jobs with the same name are shown with their workspaces.
    :param most: how many jobs a line names.
    """
    by_deadline: dict[int, list[str]] = {}
    by_person: dict[int, list[str]] = {}
    concerned: dict[tuple[str, str, int], t.Mapping[str, t.Any]] = {}
    for job in sorted(jobs, key=lambda job: (not job["late"], not job["left_to_person"])):
        if job["deadline"] is not None:  # two hosts may report the same job: the worse report counts
            concerned.setdefault((job["workspace_id"], job["job_name"], job["deadline"]), job)
    places = collections.Counter(name for _where, name in {key[:2] for key in concerned})
    for (where, job_name, deadline), job in concerned.items():
        name = printable(job_name, 100)
        if places[job_name] > 1:
            name += f" (workspace {printable(job['workspace_name'] or where, 100)})"
        if job["late"]:
            left = job["end"] if job["instances"] else None
            about = f" ({'about' if not job['unknown'] else 'not before'} {to_iso(minute(left))})" if left is not None else ""
            by_deadline.setdefault(deadline, []).append(f"{name}{about}")
        elif job["left_to_person"]:
            by_person.setdefault(deadline, []).append(name)
    return [
        f"{counted(len(names), 'job')} late for the deadline {to_iso(deadline)}{unless}: {listed(names, most)}"
        for unless, late in (("", by_deadline), (" unless a person acts", by_person))
        for deadline, names in sorted(late.items())
    ]


def minute(ms: int) -> int:
    """*ms* (epoch ms) rounded to the minute: a forecast is not more exact."""
    return (ms + 30_000) // 60_000 * 60_000
