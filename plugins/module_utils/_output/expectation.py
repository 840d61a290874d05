# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expectation: when everything will probably have ended, and which jobs miss a deadline, as data for programs and as lines for people.

Pure. Nothing is said of what is not known.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.text import counted, listed, printable, safe
from .._common.times import to_iso, with_iso
from .._planner.deadline import JobEnd

Result = t.Dict[str, t.Any]
_NAMED = 3  # jobs that a line names


def expectation(jobs: t.Sequence[JobEnd], deadline: int | None, workspaces: t.Mapping[str, str]) -> Result:
    """What module job_rerun returns as ``expected``.

    :param deadline: the option, epoch ms.
    :param workspaces: id of a workspace -> its name, as far as it is known.
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
    """Which jobs miss their deadline, and which do unless somebody acts, a line for each deadline; nothing where none does.

    :param jobs: those of what :func:`expectation` returned, of one workspace or of several. Where two have the same name, their workspace is named.
    :param most: how many jobs a line names.
    """
    by_deadline: dict[int, list[str]] = {}
    by_person: dict[int, list[str]] = {}
    concerned: dict[tuple[str, str, int], t.Mapping[str, t.Any]] = {}
    for job in sorted(jobs, key=lambda job: (not job["late"], not job["left_to_person"])):
        if job["deadline"] is not None:  # two hosts may have to do with one job: the one that is worse off says it
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
    """*ms* (epoch milliseconds) to the minute, which is as much as a forecast can say."""
    return (ms + 30_000) // 60_000 * 60_000
