# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection: the job instances that options describe. Pure: nothing here reads a clock, a file or the network."""

from __future__ import annotations

import fnmatch
import functools
import re
import typing as t
from dataclasses import dataclass, replace

from .._common.errors import OptionError
from .._common.times import Window
from .instance import InstanceType, JobInstance, Status

_WILDCARDS = frozenset("*?[")
#: Replacements for characters of a name that a pattern or a template would act on; a pattern's ? matches any one character.
_WILD = {"*": "[*]", "?": "[?]", "[": "[[]", "{": "?", "}": "?"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")


@dataclass(frozen=True)
class Selection:
    """Which instances are selected. :func:`select` makes it from options and checks them.

    :param patterns: job names or shell-style patterns (``*``, ``?``, ``[ab]``), case-sensitive; an instance matches if any of them does.
    :param statuses: statuses to keep; empty keeps every status. A rerun selects with an empty set, because it still has to follow an
        instance whose status has changed; the planner decides which statuses are rerun.
    :param instance_types: types to keep; empty keeps every type, undocumented ones included.
    :param window: plan times to keep, both ends included.
    """

    patterns: tuple[str, ...]
    statuses: frozenset[Status]
    instance_types: frozenset[InstanceType]
    window: Window

    def matches(self, instance: JobInstance) -> bool:
        """Whether all four criteria match *instance*."""
        if self.statuses and instance.status not in self.statuses:
            return False
        if self.instance_types and instance.instance_type not in self.instance_types:
            return False
        return self.covers(instance.job_name, instance.key.plan_time)

    def covers(self, job_name: str, plan_time: int) -> bool:
        """Whether name and plan time (epoch ms) match, whatever the status and type."""
        return plan_time in self.window and self.names(job_name)

    def names(self, job_name: str) -> bool:
        """Whether any pattern matches *job_name*."""
        exact, compiled = self._matcher
        return job_name in exact or any(pattern.match(job_name) is not None for pattern in compiled)

    def unmatched(self, names: t.Collection[str]) -> list[str]:
        """The patterns that match none of the jobs *names*, each once, in their order."""
        return [pattern for pattern in dict.fromkeys(self.patterns) if not any(map(replace(self, patterns=(pattern,)).names, names))]

    def exact_names(self) -> list[str] | None:
        """The names of the jobs, each once, in their order; None if any pattern has a wildcard, so that jobs have to be listed."""
        if any(map(has_wildcard, self.patterns)):
            return None
        return list(dict.fromkeys(self.patterns))

    @functools.cached_property
    def _matcher(self) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
        exact = frozenset(pattern for pattern in self.patterns if not has_wildcard(pattern))
        return exact, tuple(_compiled(pattern, "jobs") for pattern in self.patterns if has_wildcard(pattern))


def select(
    jobs: t.Iterable[str],
    window: Window,
    *,
    statuses: t.Collection[str] | None = None,
    instance_types: t.Collection[str] | None = None,
    option: str = "jobs",
) -> Selection:
    """The selection that options describe.

    :param jobs: names or patterns. An empty list is refused, because it is what a wrong variable leaves; every job is ``*``.
    :param statuses: the service's status words, see :func:`parse_statuses`; None for all; an empty list is refused.
    :param instance_types: words of :class:`InstanceType`; None for all; an empty list is refused.
    :param option: option that *jobs* came from, for messages; with another option, the names need not be those of jobs.
    :raises OptionError: naming the option, the value and what to use instead.
    """
    patterns = tuple(jobs)
    if not patterns and option != "jobs":
        raise OptionError(f"{option} is an empty list, which selects nothing. Use names or patterns, or leave it out for all.")
    if not patterns:
        raise OptionError("jobs is an empty list, which selects no job. Use names or patterns, or '*' for every job of the workspace.")
    for pattern in patterns:
        if not isinstance(pattern, str) or not pattern.strip():
            raise OptionError(f"{option} contains an empty name. Use a name or a pattern such as 'daily_*'.")
        if has_wildcard(pattern):
            _compiled(pattern, option)
    for name, words in (("statuses", statuses), ("instance_types", instance_types)):
        if words is not None and not words:
            raise OptionError(f"{name} is an empty list, which selects nothing. Use words from its documentation, or leave it out for all.")
    return Selection(patterns, parse_statuses(statuses or ()), parse_types(instance_types or ()), window)


def has_wildcard(pattern: str) -> bool:
    """Whether *pattern* has a shell-style wildcard and so can match more than one job."""
    return not _WILDCARDS.isdisjoint(pattern)


def job_pattern(name: str) -> str:
    """A pattern that matches the job *name*, for a command that people copy. It contains no template, and no wildcard of the name itself.

    :param name: as results show it: characters that could control a terminal are escapes, such as ``\\x1b``.
    """
    return "".join(_WILD.get(char, char) for char in _ESCAPE.sub("\0", name)).replace("\0", "*")


def parse_statuses(words: t.Iterable[str], *, option: str = "statuses") -> frozenset[Status]:
    """The statuses that *words* name [H-208][SDK].

    :raises OptionError: a word is not a status.
    """
    known = [status.value for status in Status if status is not Status.UNKNOWN]
    statuses = set()
    for word in words:
        status = Status.parse(str(word))
        if status is Status.UNKNOWN:
            raise OptionError(f"{option} contains {_shown(word)}, which is not a status. Use any of {', '.join(known)}.")
        statuses.add(status)
    return frozenset(statuses)


def wanted_statuses(words: t.Iterable[str], *, option: str) -> frozenset[Status]:
    """Like :func:`parse_statuses`, for the statuses that are rerun. There must be at least one: an empty list is what a wrong variable leaves.

    :raises OptionError: there is none, or a word is not a status.
    """
    statuses = parse_statuses(words, option=option)
    if not statuses:
        raise OptionError(f"{option} is an empty list, so nothing could ever be rerun. Set it to fail, or leave it out.")
    return statuses


def parse_types(words: t.Iterable[str]) -> frozenset[InstanceType]:
    """The instance types that *words* name [H-208].

    :raises OptionError: a word is not a type.
    """
    by_word = {instance_type.value: instance_type for instance_type in InstanceType}
    types = set()
    for word in words:
        if str(word) not in by_word:
            raise OptionError(f"instance_types contains {_shown(word)}, which is not a type. Use any of {', '.join(by_word)}.")
        types.add(by_word[str(word)])
    return frozenset(types)


def _compiled(pattern: str, option: str) -> re.Pattern[str]:
    try:
        return re.compile(fnmatch.translate(pattern))
    except (re.error, OverflowError, RecursionError):  # Python before 3.9.13 translates [z-a] unchanged
        raise OptionError(
            f"{option} contains {_shown(pattern)}, which is not a pattern. Use shell-style wildcards: *, ?, [abc] or [a-z]."
        ) from None


def _shown(word: object) -> str:
    text = repr(word)
    return text if len(text) <= 80 else text[:79] + "…"
