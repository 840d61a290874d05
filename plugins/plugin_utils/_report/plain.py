# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: what a report's page shows where its script does not run: in mails, in the artifact viewers of CI systems.

Pure. What is left to do, with reasons and commands, and a table of the workspaces; no filter, no timeline. Every text is escaped.
"""

from __future__ import annotations

import html
import typing as t

from ...module_utils._common.times import to_iso
from .junit import WORDS
from .next_steps import meant_by

Result = t.Mapping[str, t.Any]

#: Instances that are listed for one kind of trouble in a workspace; report.json has all of them.
LISTED = 25
_TROUBLES = {**WORDS, "in_progress": "in progress", "unsent": "not sent yet", "workspace": "not worked on", "incomplete": "incomplete"}
#: Nothing is wrong with them.
_FINE = ("to_rerun", "in_progress")
_STATES = {"no_result": "not worked on", "broken": "broken", "in_progress": "in progress", "planned": "planned", "succeeded": "succeeded"}
_COLUMNS = ("failed", "rerun", "succeeded", "running", "waiting", "broken")
_PLANNED = ("failed", "to_rerun")


def plain(report: Result) -> str:
    """The HTML of *report* (see ``_report_data.build``) without a script."""
    check_mode = report["check_mode"]
    ways = [_way(way, workspace, check_mode) for workspace in report["workspaces"] for way in workspace["next_steps"]]
    if report["next_step"]:
        ways.insert(0, _way(report["next_step"], None, check_mode))
    title = "How to go on" if check_mode else "What is left to do" if ways else "Nothing is left to do"
    return f"<section><h2>{title}</h2><div class=ways>{''.join(ways)}</div></section>{_workspaces(report)}"


def _way(way: Result, workspace: Result | None, check_mode: bool) -> str:
    place = "" if workspace is None else f"{_name(workspace['host'])}: "
    number = f", {way['instances']:,} {'instance' if way['instances'] == 1 else 'instances'}" if way["instances"] else ""
    parts = [f"<h3><span>{place}{_text(_TROUBLES.get(way['standing'], way['standing']))}{number}</span></h3>"]
    if workspace is not None:
        same = meant_by(way, workspace, check_mode=check_mode)
        left = f"<li>and {len(same) - LISTED:,} more, in report.json</li>" if len(same) > LISTED else ""
        parts.append(
            f"<ul>{''.join(map(_instance, same[:LISTED]))}{left}</ul>" if same else f"<p class=error>{_name(workspace['msg'])}</p>"
        )
    parts.append(f"<p class=text>{_text(way['text'])}</p>")
    if way["command"]:
        parts.append(f"<div class=command><pre><code>{_text(way['command'])}</code></pre></div>")
    return f"<article class=way data-tone={'go' if way['standing'] in _FINE else 'bad'}>{''.join(parts)}</article>"


def _instance(one: Result) -> str:
    said = "".join(
        f" <span class={css}>{_name(one[name])}</span>" for name, css in (("reason", "why"), ("error_message", "error")) if one.get(name)
    )
    return f"<li><strong>{_name(one['job_name'])}</strong> planned {_text(to_iso(one['plan_time']))}{said}</li>"


def _workspaces(report: Result) -> str:
    columns = _PLANNED if report["check_mode"] else _COLUMNS
    head = "".join(f"<th scope=col>{_text(name.replace('_', ' '))}</th>" for name in ("Workspace", "Outcome", *columns, "Message"))
    rows = []
    for one in report["workspaces"]:
        numbers = "".join(f"<td class=number>{'–' if one['counts'] is None else format(one['counts'][name], ',')}</td>" for name in columns)
        said = one["plan"] if report["check_mode"] and one["plan"] else [one["msg"]]
        messages = "".join(f"<p>{_name(text)}</p>" for text in (*said, *one["problems"]))
        rows.append(f"<tr><th scope=row>{_name(one['host'])}</th><td>{_text(_STATES[one['state']])}</td>{numbers}<td>{messages}</td></tr>")
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<section><h2>Workspaces</h2><div class='sheet scroll' role=region aria-label=Workspaces tabindex=0>{table}</div></section>"


def _name(value: t.Any) -> str:
    """A text from outside: its direction of writing changes nothing around it."""
    return f"<bdi>{_text(value)}</bdi>"


def _text(value: t.Any) -> str:
    return html.escape(str(value))
