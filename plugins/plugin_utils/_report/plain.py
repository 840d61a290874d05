# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page without its script, for mails and the artifact viewers of CI systems. Pure.

It shows what is left to do, with reasons and commands, and tables, but no filters and no timeline. Every text is escaped.
"""

from __future__ import annotations

import html
import typing as t

from .._common.local_times import local_time, zone_of
from .._task.counts import STANDING_WORDS
from .causes import failure_words
from .history import history_words, rerun_before
from .next_steps import instances_of
from .overview import action_word, paused_lines
from .words import ENGLISH

Result = t.Mapping[str, t.Any]

#: Most instances that are listed for one next step in a workspace; report.json has all.
LISTED = 25
_TITLES = {
    **STANDING_WORDS,
    "in_progress": "in progress",
    "unsent": "not sent yet",
    "workspace": "not worked on",
    "incomplete": "incomplete",
}
#: Standings of next steps that are not problems.
_FINE = ("to_rerun", "in_progress")
_STATES = {"no_result": "not worked on", "broken": "broken", "in_progress": "in progress", "planned": "planned", "succeeded": "succeeded"}
_COLUMNS = ("failed", "rerun", "succeeded", "running", "waiting", "broken")
_PLANNED = ("failed", "to_rerun")
#: Steps of a night whose names the page's script translates.
_STEPS = ("plan", "rerun", "recheck")


def report_without_script(report: Result) -> str:
    """The HTML of *report* (see :func:`~.data.build_report`) for readers without scripts."""
    check_mode = report["check_mode"]
    steps = [_next_step(step, workspace, check_mode) for workspace in report["workspaces"] for step in workspace["next_steps"]]
    if report["next_step"]:
        steps.insert(0, _next_step(report["next_step"], None, check_mode))
    title = "How to continue" if check_mode else "What is left to do" if steps else "Nothing is left to do"
    tables = f"{_workspaces(report)}{_causes(report)}{_downstream(report)}{_rerun_before(report)}{_not_reruns(report)}{_paused(report)}"
    return f"<section><h2>{title}</h2><div class=steps>{''.join(steps)}</div></section>{tables}"


def steps_section(report: Result) -> str:
    """The closing lines of each step of a night, oldest first; "" for the report of a single run."""
    parts = [
        f"<article class=step data-tone={'go' if step['succeeded'] else 'bad'}>"
        f"<h3><span><span{_say_step(step)}>{_text(step['step']).capitalize()}</span>, "
        f"<time data-ms='{int(step['written_at'])}'>{_text(local_time(step['written_at']))}</time>: "
        f"<bdi data-message>{_text(step['headline'])}</bdi></span></h3>"
        f"<div class=command><pre>{_text(step['text'])}</pre></div></article>"
        for step in report.get("steps") or ()
    ]
    title = "<h2 data-say=night>The steps of this night</h2>"
    return f"<section class=night>{title}<div class=steps>{''.join(parts)}</div></section>" if parts else ""


def _say_step(step: Result) -> str:
    """HTML attribute with the catalogue's key for the name of a step; "" if the catalogue does not have it."""
    return f" data-say=night-{step['step']}" if step["step"] in _STEPS else ""


def _next_step(step: Result, workspace: Result | None, check_mode: bool) -> str:
    place = "" if workspace is None else f"{_name(workspace['host'])}: "
    number = f", {step['instances']:,} {'instance' if step['instances'] == 1 else 'instances'}" if step["instances"] else ""
    parts = [f"<h3><span>{place}{_text(_TITLES.get(step['standing'], step['standing']))}{number}</span></h3>"]
    if workspace is not None:
        same = instances_of(step, workspace, check_mode=check_mode)
        left = f"<li>and {len(same) - LISTED:,} more, in report.json</li>" if len(same) > LISTED else ""
        parts.append(
            f"<ul>{''.join(map(_instance, same[:LISTED]))}{left}</ul>" if same else f"<p class=error>{_name(workspace['msg'])}</p>"
        )
    parts.append(f"<p class=text>{_text(step['text'])}</p>")
    if step["command"]:
        parts.append(f"<div class=command><pre><code>{_text(step['command'])}</code></pre></div>")
    return f"<article class=step data-tone={'go' if step['standing'] in _FINE else 'bad'}>{''.join(parts)}</article>"


def _instance(instance: Result) -> str:
    texts = ((instance.get("reason"), "why"), (failure_words(instance), "error"), (history_words(instance), "why"))
    said = "".join(f" <span class={css}>{_name(text)}</span>" for text, css in texts if text)
    return f"<li><strong>{_name(instance['job_name'])}</strong> planned {_text(local_time(instance['plan_time']))}{said}</li>"


def _workspaces(report: Result) -> str:
    columns = _PLANNED if report["check_mode"] else _COLUMNS
    rows = []
    for workspace in report["workspaces"]:
        numbers = "".join(
            f"<td class=number>{'–' if workspace['counts'] is None else format(workspace['counts'][name], ',')}</td>" for name in columns
        )
        said = workspace["plan"] if report["check_mode"] and workspace["plan"] else [workspace["msg"]]
        purpose = [f"Purpose: {workspace['purpose']}"] if workspace["purpose"] else []
        messages = "".join(f"<p>{_name(text)}</p>" for text in (*said, *purpose, *workspace["problems"]))
        rows.append(
            f"<tr><th scope=row>{_name(workspace['host'])}</th><td>{_text(_STATES[workspace['state']])}</td>{numbers}<td>{messages}</td></tr>"
        )
    return _titled_table("Workspaces", ("Workspace", "Outcome", *(name.replace("_", " ") for name in columns), "Message"), "".join(rows))


def _causes(report: Result) -> str:
    """A table of why instances failed; "" if no reason is known."""
    body = "".join(
        f"<tr><td class=number>{cause['count']:,}</td><th scope=row>{_name(cause['reason'] or 'unknown')}</th>"
        f"<td>{_name('; '.join(filter(None, (', '.join(cause['nodes']), ', '.join(cause['node_types'])))))}</td>"
        f"<td class=number>{cause['jobs']:,}</td><td class=number>{cause['workspaces']:,}</td><td>{_name(cause['log_path'] or '')}</td></tr>"
        for cause in report["reasons"]
        if cause["reason"] or cause["nodes"]
    )
    return _titled_table("Why instances failed", ("Instances", "Reason", "Nodes", "Jobs", "Workspaces", "Log of one instance"), body)


def _downstream(report: Result) -> str:
    """A table of the effects of the reruns on dependants; "" if there are none."""
    body = "".join(
        f"<tr><td class=number>{group['count']:,}</td><td class=number>{group['joined']:,}</td><th scope=row>{_name(group['text'])}</th></tr>"
        for group in report["downstream"]
    )
    return _titled_table("Downstream instances", ("Instances", "Part of the plan", "What"), body)


def _rerun_before(report: Result) -> str:
    """A table of instances that other runs had rerun before; "" if there are none."""
    rows = rerun_before(report)
    body = "".join(
        f"<tr><th scope=row>{_name(row['host'])}</th><td>{_name(row['job_name'])}</td><td>{_text(local_time(row['plan_time']))}</td>"
        f"<td class=number>{row['reruns']}</td><td>{_text(local_time(row['last']))}</td><td>{_name(row['users'])}</td><td>{_name(row['purposes'])}</td></tr>"
        for row in rows[:LISTED]
    )
    left = f"<p>and {len(rows) - LISTED:,} more, in report.json</p>" if len(rows) > LISTED else ""
    return _titled_table("Rerun before", ("Workspace", "Job", "Planned", "Reruns", "Last", "By", "For"), body, left)


def _not_reruns(report: Result) -> str:
    """A table of starts and stops other than reruns; "" if there are none."""
    rows = report.get("not_reruns") or ()
    body = "".join(
        f"<tr><td>{_text(local_time(row['sent']))}</td><th scope=row>{_name(row['host'])}</th><td>{_name(row['job_name'])}</td>"
        f"<td>{_text(action_word(row['kind']))}</td><td class=number>{row['attempts']}</td><td>{_name(row['user'])}</td>"
        f"<td>{_name(', '.join(row['outcomes']))}</td><td>{_name(', '.join(filter(None, (row['purpose'], row['name']))))}</td></tr>"
        for row in rows[:LISTED]
    )
    left = len(rows[LISTED:]) + report["not_reruns_left"] if rows else 0
    more = f"<p>and {left:,} more, by playbook dataarts.factory.history</p>" if left else ""
    return _titled_table("Also started or stopped", ("Sent", "Workspace", "Job", "Action", "Attempts", "By", "Outcome", "For"), body, more)


def _paused(report: Result) -> str:
    """The paused jobs, and the command that resumes them; "" if there are none."""
    pauses = report.get("open_pauses") or ()
    lines = paused_lines(pauses, zone_of(pause["sent_time"] for pause in pauses), ENGLISH)
    resume = report["resume"] if pauses else None
    items = "".join(f"<p>{_name(line.strip())}</p>" for line in lines if line)
    command = f"<p>{_text(resume['text'])}</p><div class=command><pre>{_text(resume['command'])}</pre></div>" if resume else ""
    return f"<section><h2>Paused jobs</h2>{items}{command}</section>" if pauses else ""


def _titled_table(title: str, columns: t.Iterable[str], body: str, more: str = "") -> str:
    """A section with *title* and a table of the rows *body*; "" without rows."""
    head = "".join(f"<th scope=col>{name}</th>" for name in columns)
    rows = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    sheet = f"<div class='sheet scroll' role=region aria-label='{title}' tabindex=0>{rows}</div>"
    return f"<section><h2>{title}</h2>{sheet}{more}</section>" if body else ""


def _name(value: t.Any) -> str:
    """A text from outside, isolated so that its writing direction does not affect the text around it."""
    return f"<bdi>{_text(value)}</bdi>"


def _text(value: t.Any) -> str:
    return html.escape(str(value))
