# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expectation: when everything will probably have ended, and which jobs miss a deadline, as data for programs and as lines for people.

Pure. Nothing is said of what is not known.
"""

from __future__ import annotations

import typing as t

from .._common.text import counted, listed, printable, safe
from .._common.times import to_iso
from .._planner.deadline import JobEnd

Result = t.Dict[str, t.Any]
_NAMED = 3  # jobs that a line names


def expectation(jobs: t.Sequence[JobEnd], deadline: int | None) -> Result:
    """What module job_rerun returns as ``expected``.

    :param deadline: the option, epoch ms.
    """
    end = max((job.end for job in jobs if job.end is not None), default=None)
    return {
        "end": end,
        "end_iso": _iso(end),
        "unknown": sum(job.unknown for job in jobs),
        "deadline": deadline,
        "deadline_iso": _iso(deadline),
        "late": sum(job.late for job in jobs),
        "left_to_person": sum(bool(job.person) and job.deadline is not None and not job.late for job in jobs),
        "jobs": [
            {
                "job_name": safe(job.job_name),
                "instances": job.instances,
                "end": job.end,
                "end_iso": _iso(job.end),
                "unknown": job.unknown,
                "deadline": job.deadline,
                "deadline_iso": _iso(job.deadline),
                "late": job.late,
                "left_to_person": job.person,
            }
            for job in jobs
        ],
    }


def late_lines(expected: t.Mapping[str, t.Any] | None, most: int = _NAMED) -> list[str]:
    """Which jobs miss their deadline, and which do unless somebody acts, a line for each deadline; nothing where none does.

    :param expected: what :func:`expectation` returned.
    :param most: how many jobs a line names.
    """
    by_deadline: dict[int, list[str]] = {}
    by_person: dict[int, list[str]] = {}
    for job in (expected or {}).get("jobs") or ():
        if job["late"]:
            left = job["end"] if job["instances"] else None
            about = f" ({'about' if not job['unknown'] else 'not before'} {to_iso(minute(left))})" if left is not None else ""
            by_deadline.setdefault(job["deadline"], []).append(f"{printable(job['job_name'], 100)}{about}")
        elif job["left_to_person"] and job["deadline"] is not None:
            by_person.setdefault(job["deadline"], []).append(printable(job["job_name"], 100))
    late = [
        f"{counted(len(names), 'job')} late for the deadline {to_iso(deadline)}: {_first(names, most)}"
        for deadline, names in sorted(by_deadline.items())
    ]
    left = [
        f"{counted(len(names), 'job')} late for the deadline {to_iso(deadline)} unless a person acts: {_first(names, most)}"
        for deadline, names in sorted(by_person.items())
    ]
    return late + left


def _first(names: t.Sequence[str], most: int) -> str:
    """The first *most* of *names*, and how many more there are."""
    return listed([*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])])


def minute(ms: int) -> int:
    """*ms* (epoch milliseconds) to the minute, which is as much as a forecast can say."""
    return (ms + 30_000) // 60_000 * 60_000


def _iso(ms: int | None) -> str | None:
    return None if ms is None else to_iso(ms)
