# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report where people find it: in a folder, at an address, and as what the next job of a workflow goes on with."""

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
    """What became of a report.

    :param paths: of its files, by kind; empty if none was written.
    :param failure: why they could not be written, or "".
    :param url: the address of its page, or "".
    :param warning: why the page could not be sent there, or "".
    :param handed_on: for the next step of a night; "" if the report is neither written nor sent.
    """

    paths: dict[str, str] = dataclasses.field(default_factory=dict)
    failure: str = ""
    url: str = ""
    warning: str = ""
    handed_on: str = ""

    def lines(self, language: str = ENGLISH) -> list[str]:
        """Where it is, for the terminal."""
        written = self.paths.get("html", "")
        return [say(language, "Report: {where}", where=where) for where in (written, self.url) if where]


def folder_of(options: Options, name: str = "report_path") -> Path | None:
    """The folder that option *name* means, None if it is not set."""
    return Path(unfrackpath(options[name], follow=False)) if options[name] else None


def place_of(options: Options) -> ReportPlace | None:
    """The place that the options ``report_url``, ``report_token`` and ``report_link`` mean, or without the first of them the environment
    variables of these names; None if there is none. A token never goes to an address that it was not given with."""
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
    """Write and send *report*, as the next step of the night that was *passed*.

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
    """The night and its page. What was passed and is not a report after all counts as none: an extra variable is what somebody wrote."""
    try:
        night = joined(report, lines, passed)
        return night, host_results.file_content(page(night.report))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        night = joined(report, lines, None)
        return night, host_results.file_content(page(night.report))
