# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why instances failed: groups by reason over all workspaces of a play, and one instance in words. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import safe
from ...module_utils._output.reasons import SHOWN_REASONS
from ...module_utils._planner.reasons import with_texts
from .._common.tables import shortened, width
from .._common.templates import untemplated
from .words import say, translated

Result = t.Mapping[str, t.Any]

#: Most reasons that a report and a summary list; the rarest are left out.
LISTED_REASONS = 50


def causes_of(results: t.Iterable[Result]) -> list[dict[str, t.Any]]:
    """The groups of :func:`grouped` over all workspaces, each with ``text`` for people; at most :data:`LISTED_REASONS`.

    :param results: of the tasks of job_rerun.
    """
    groups = with_texts((instance for result in results for instance in result.get("instances") or ()), LISTED_REASONS)
    return [safe({**group, "text": text}) for group, text in groups[:LISTED_REASONS]]


def as_statistics(causes: t.Iterable[Result]) -> list[dict[str, t.Any]]:
    """*causes* without characters of templates, for places that evaluate any text, such as the statistics that AWX passes on."""
    return [
        {
            **{name: cause[name] for name in ("count", "broken", "jobs", "workspaces")},
            "reason": untemplated(cause["reason"]),
            **{name: [untemplated(word) for word in cause[name]] for name in ("nodes", "node_types")},
        }
        for cause in causes
    ]


def cause_lines(causes: t.Sequence[Result], language: str, columns: int) -> list[str]:
    """A line of at most *columns* for each of the most frequent reasons, and one that counts the others; none if no reason is known."""
    if not any(cause["reason"] or cause["nodes"] for cause in causes):
        return []
    rest = causes[SHOWN_REASONS:]
    lines = [_cause_line(cause, language, columns) for cause in causes[:SHOWN_REASONS]]
    more = say(
        language, "{number} × {n} other reason|{number} × {n} other reasons", len(rest), number=sum(cause["count"] for cause in rest)
    )
    return [*lines, *([more] if rest else [])]


def failure_words(instance: Result, *, shared: bool = False) -> str:
    """Why one instance failed, as ``node load_orders (DLI SQL): table sales_7 not found``; "" if nothing is known.

    :param shared: whether to show the reason, which is the same for similar instances, instead of the message.
    """
    failure = instance.get("failure") or {}
    kind = f" ({failure['node_type']})" if failure.get("node_type") else ""
    node = f"node {failure['node']}{kind}" if failure.get("node") else ""
    message = failure.get("message") or instance.get("error_message")
    return ": ".join(filter(None, (node, (failure.get("reason") or message) if shared else message)))


def _cause_line(cause: Result, language: str, columns: int) -> str:
    where = say(language, "{text}, in {n} workspaces", cause["workspaces"], text="") if cause["workspaces"] > 1 else ""
    return shortened(translated(language, cause["text"]), columns - width(where)) + where
