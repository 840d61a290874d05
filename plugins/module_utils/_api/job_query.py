# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of jobs: which jobs to list for a selection, which of its names and patterns match no job, and suggestions for typos.

Instances of sub-jobs of a real-time job are listed as ``<real-time job>_<node>`` [H-208]; no list of jobs contains sub-jobs.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError
from .._common.text import COMPARED, closest, printable
from .._common.times import Window
from .._models.instance import InstanceType, Job
from .._models.selection import Selection, has_wildcard, job_pattern, select


class JobLists(t.Protocol):
    """Lists jobs; :class:`.workspace.WorkspaceApi` does."""

    def list_jobs(self, name: str | None = None, *, job_type: str = "BATCH") -> list[Job]:
        """See :meth:`.workspace.WorkspaceApi.list_jobs`."""
        raise NotImplementedError


class WantedJobs(t.NamedTuple):
    """Which jobs of a workspace to list.

    :param name: whether a job with this name is wanted.
    :param prefix: whether some name with this prefix may be wanted.
    :param exact: names to list even if no list of jobs contains them.
    :param only_exact: whether no other job is wanted.
    """

    name: t.Callable[[str], bool] = lambda dummy: True
    prefix: t.Callable[[str], bool] = lambda dummy: True
    exact: t.Sequence[str] = ()
    only_exact: bool = False

    @classmethod
    def of(cls, selection: Selection) -> WantedJobs:
        """The jobs in *selection*; without sub-jobs if it excludes their instances by type."""
        exact = tuple(dict.fromkeys(pattern for pattern in selection.patterns if not has_wildcard(pattern)))
        sub_jobs = not selection.instance_types or InstanceType.SUB_JOB in selection.instance_types

        def prefix(start: str) -> bool:
            return sub_jobs and any(may_match(pattern, start) for pattern in selection.patterns)

        return cls(selection.names, prefix, exact, not any(map(has_wildcard, selection.patterns)))


@dataclass
class JobNames:
    """The names of all wanted jobs, for listing them one by one.

    :ivar problems: real-time job -> error by which its definition could not be read.
    :ivar notes: sentences about real-time jobs whose sub-jobs cannot be listed.
    """

    names: list[str] = field(default_factory=list)
    problems: dict[str, ApiError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def listed_names(
    wanted: WantedJobs, batch: t.Iterable[Job], real_time: t.Iterable[Job], nodes: t.Callable[[str], list[str] | ApiError | None]
) -> JobNames:
    """The names of the wanted batch jobs and of the wanted sub-jobs.

    :param nodes: returns the names of a real-time job's nodes, or an error; None if only v2 is open, which has no definitions of jobs.
    """
    result = JobNames([*wanted.exact, *(job.name for job in batch if wanted.name(job.name))])
    for name in (job.name for job in real_time if wanted.prefix(f"{job.name}_")):
        named = nodes(name)
        if isinstance(named, ApiError):
            result.problems[name] = named
        elif named is None:
            shown = printable(name, 100)
            result.notes.append(
                f"The sub-jobs of real-time job {shown} cannot be listed: v1 of the API, which names its nodes, is not open here. "
                f"Name the sub-jobs in jobs, each as {shown}_<node>."
            )
        else:
            result.names += [sub_job for sub_job in (f"{name}_{node}" for node in named) if wanted.name(sub_job)]
    result.names = list(dict.fromkeys(result.names))
    return result


def may_match(pattern: str, prefix: str) -> bool:
    """Whether some name with *prefix* may match *pattern*, judging by the part of the pattern before its first wildcard."""
    if not has_wildcard(pattern):
        return pattern.startswith(prefix)
    literal = _literal_start(pattern)
    return literal.startswith(prefix) or prefix.startswith(literal)


class JobCatalog:
    """All jobs of a workspace, listed when they are first needed. Its methods raise ApiError.

    :param real_time: include real-time jobs and their sub-jobs.
    """

    def __init__(self, api: JobLists, *, real_time: bool = True) -> None:
        self._api = api
        self._with_real_time = real_time

    @functools.cached_property
    def batch_jobs(self) -> list[Job]:
        """The batch jobs."""
        return self._api.list_jobs()

    @functools.cached_property
    def _batch(self) -> list[str]:
        return [job.name for job in self.batch_jobs]

    @functools.cached_property
    def _real_time(self) -> list[str]:
        return [job.name for job in self._api.list_jobs(job_type="REAL_TIME")] if self._with_real_time else []

    def has(self, name: str) -> bool:
        """Whether there is a job called *name*. A sub-job ``<real-time job>_<node>`` exists if its real-time job does [H-208]."""
        return name in self._batch or name in self._real_time or any(name.startswith(f"{job}_") for job in self._real_time)

    def unmatched(self, patterns: t.Iterable[str]) -> list[str]:
        """The names and patterns that match no job, in order. ``*`` is never one of them."""
        return [pattern for pattern in dict.fromkeys(patterns) if pattern.strip("*") and not self._matches(pattern)]

    def suggestion(self, pattern: str) -> str:
        """As :func:`suggestion` among all jobs; "" if they cannot be listed, which is not the problem to report."""
        return suggestion(pattern, self._names)

    @functools.cached_property
    def _names(self) -> list[str]:
        try:
            return [*self._batch, *self._real_time]
        except ApiError:
            return []

    def _matches(self, pattern: str) -> bool:
        if not has_wildcard(pattern):
            return self.has(pattern)
        matches = select([pattern], Window(0, 0)).names
        if any(map(matches, self._batch)) or any(map(matches, self._real_time)):
            return True
        return any(may_match(pattern, f"{job}_") for job in self._real_time)


def suggestion(pattern: str, names: t.Iterable[str]) -> str:
    """``Did you mean daily_sales?`` for the most similar of *names*; "" if none is similar.

    Of a pattern, the part before its first wildcard is compared with as many characters of each name.
    """
    literal = _literal_start(pattern) if has_wildcard(pattern) else pattern
    short = [name for name in names if len(name) <= COMPARED]
    compared = {name[: len(literal)] if has_wildcard(pattern) else name: name for name in reversed(short)}
    similar = closest(literal, compared)
    if similar is None:
        return ""
    name = compared[similar]
    # A name with wildcard characters would be read as a pattern, so a pattern that matches only it is suggested.
    return f"Did you mean {printable(job_pattern(name) if has_wildcard(name) else name, 100)}?"


def _literal_start(pattern: str) -> str:
    return pattern[: next((index for index, char in enumerate(pattern) if char in "*?["), len(pattern))]
