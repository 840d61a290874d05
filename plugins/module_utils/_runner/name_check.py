# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check of option ``jobs``: does a name or pattern without listed instances match a job at all, and which name was probably meant?"""

from __future__ import annotations

import typing as t

from .._api.job_query import JobCatalog
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.text import printable


class Absent(t.NamedTuple):
    """A name or pattern that matches no job of the workspace.

    :param text: sentence that says so.
    :param suggestion: sentence that names a similar job, or "".
    """

    text: str
    suggestion: str


def absent_names(
    api: WorkspaceApi, names: t.Iterable[str], patterns: t.Iterable[str], errors: t.Mapping[str, ApiError]
) -> tuple[dict[str, Absent], list[str]]:
    """Find out which jobs do not exist; the list of jobs is read only if it is needed.

    :param names: names without listed instances.
    :param patterns: patterns without listed instances.
    :param errors: job name -> why its instances could not be listed.
    :return: the names and patterns that match no job; and sentences about jobs that may exist, because their instances could not be listed or
        their existence could not be read.
    """
    where, catalog = printable(api.workspace_id, 100), JobCatalog(api)
    absent: dict[str, Absent] = {}
    unknown: list[str] = []

    def exists(name: str, ask: t.Callable[[str], bool]) -> bool:
        try:
            return ask(name)
        except ApiError as error:
            unknown.append(f"Whether job {printable(name, 100)} exists could not be read: {printable(error)}.")
            return True

    for name, error in errors.items():
        # NOT_FOUND may also mean that the workspace does not exist or that its address is wrong: only the list of jobs tells.
        if error.kind is Kind.NOT_FOUND and _may_exist(api, name):
            unknown.append(unlisted_text(name, error, error.hint))
        elif error.kind is Kind.NOT_FOUND:
            suggestion = catalog.suggestion(name)
            absent[name] = Absent(unlisted_text(name, error, suggestion or error.hint), suggestion)
    for name in names:
        if not exists(name, api.has_job):
            suggestion = catalog.suggestion(name)
            text = f"Job {printable(name, 100)} does not exist in workspace {where}. {suggestion or 'Check the name in jobs.'}"
            absent[name] = Absent(text, suggestion)
    for pattern in patterns:
        if not exists(pattern, lambda pattern: not catalog.unmatched([pattern])):
            suggestion = catalog.suggestion(pattern)
            text = f"No job of workspace {where} matches {printable(pattern, 100)}. {suggestion or 'Check the pattern in jobs.'}"
            absent[pattern] = Absent(text, suggestion)
    return absent, unknown


def _may_exist(api: WorkspaceApi, name: str) -> bool:
    try:
        return api.has_job(name)
    except ApiError:
        return True  # the error of the list of instances is reported


def unlisted_text(name: str, error: ApiError, remedy: str) -> str:
    """Sentence about a job whose instances could not be listed."""
    return f"Failed to list the instances of job {printable(name, 100)}: {printable(error).rstrip('.')}. {remedy}".rstrip()
