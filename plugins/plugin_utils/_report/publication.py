# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publication of the report: in a folder, at a URL, and as a variable for the next job of a workflow."""

from __future__ import annotations

import dataclasses
import os
import typing as t
from pathlib import Path

from ansible.utils.path import unfrackpath

from . import host_results
from .data import Report
from .night import Night, handed_on, joined
from .page import page
from .upload import ReportPlace, put
from .words import ENGLISH, say

Options = t.Mapping[str, t.Any]

_PLACE = ("url", "token", "link")


@dataclasses.dataclass
class Published:
    """Where a report was published.

    :param paths: kind -> path of its files; empty if none was written.
    :param failure: why they could not be written, or "".
    :param url: URL of the page, or "".
    :param warning: why the page could not be uploaded, or "".
    :param handed_on: the report for the next step of a night; "" if it is neither written nor uploaded.
    """

    paths: dict[str, str] = dataclasses.field(default_factory=dict)
    failure: str = ""
    url: str = ""
    warning: str = ""
    handed_on: str = ""

    def lines(self, language: str = ENGLISH) -> list[str]:
        """Lines for the terminal that say where the report is."""
        written = self.paths.get("html", "")
        return [say(language, "Report: {where}", where=where) for where in (written, self.url) if where]


def folder_of(options: Options, name: str = "report_path") -> Path | None:
    """The folder in option *name*; None if it is not set."""
    return Path(unfrackpath(options[name], follow=False)) if options[name] else None


def place_of(options: Options) -> ReportPlace | None:
    """The target in options ``report_url``, ``report_token`` and ``report_link``; None if there is none.

    Without ``report_url``, all three come from environment variables of these names, so that a token is never sent to a URL of another source.
    """
    if (options.get("report_url") or "").strip():
        named = {name: options.get(f"report_{name}") for name in _PLACE}
    else:
        named = {name: os.environ.get(f"DATAARTS_REPORT_{name.upper()}") for name in _PLACE}
    url, token, link = ((named[name] or "").strip() for name in _PLACE)
    return ReportPlace(url, token, link) if url else None


def publish(
    report: Report,
    results: host_results.Results,
    lines: t.Sequence[str],
    passed: t.Any,
    folder: Path | None,
    place: ReportPlace | None,
    plan_files: t.Container[str] = (),
) -> Published:
    """Write and upload *report* as the next step of the night in *passed*.

    :param lines: the closing lines of this step.
    :param plan_files: see :func:`~.host_results.write_report`.
    """
    published = Published()
    if folder is None and place is None:
        return published
    night, content = _night(report, lines, passed)
    published.handed_on = handed_on(night)
    if folder is not None:
        try:
            published.paths = host_results.write_report(night.report, content, results, folder, plan_files)
        except OSError as error:
            published.failure = host_results.failure_text(folder, error)
    if place is not None:
        published.warning = put(place, night.name, content)
        published.url = "" if published.warning else place.shown(night.name)
    return published


def _night(report: Report, lines: t.Sequence[str], passed: t.Any) -> tuple[Night, bytes]:
    """The night and its page. If *passed* is not a report after all, it is ignored: extra variables can hold anything."""
    try:
        night = joined(report, lines, passed)
        return night, host_results.file_content(page(night.report))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        night = joined(report, lines, None)
        return night, host_results.file_content(page(night.report))
