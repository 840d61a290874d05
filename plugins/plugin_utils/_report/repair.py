# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair says of missing instances: that they are there, what is to be made of them, and what was not. Pure."""

from __future__ import annotations

import collections
import typing as t

from ...module_utils._common.text import counted, printable
from .._common.lines import Line
from .._common.local_times import local_time, localized, zone_of
from .._common.tables import COLUMNS, shortened, table_lines, wrapped

Result = t.Mapping[str, t.Any]

_UNDER = "    "  # before what stands below its row
_CAUSE = 300
#: Rows that a table shows unless all of it is asked for; the report has all of them.
_SHOWN = 20


class _Row(t.NamedTuple):
    """A gap of a workspace."""

    host: str
    gap: Result


def snapshot_lines(name: str, result: Result) -> list[Line]:
    """What of a workspace is missing, in one line; none if nothing is.

    :param name: what the lines of the workspace begin with.
    :param result: of module supplement_missing.
    """
    gaps = [gap for gap in result.get("gaps") or () if gap["state"] != "left_alone"]
    if not gaps:
        return []
    jobs: collections.Counter[str] = collections.Counter()
    for gap in gaps:
        jobs[printable(gap["job_name"], 100)] += int(gap["instances"])
    text = f"{name}  {sum(jobs.values())} missing, to be made by PatchData  {', '.join(f'{job} {number}' for job, number in sorted(jobs.items()))}"
    return [Line(shortened(text, COLUMNS), "busy")]


def to_make(workspace: Result) -> list[Result]:
    """What of a workspace of a report is still missing and to be made."""
    return [gap for gap in workspace.get("missing") or () if gap["state"] == "missing"]


def is_repair(report: Result) -> bool:
    """Whether a report is one of a repair."""
    return any("missing" in workspace for workspace in report["workspaces"])


def plan_table(report: Result) -> list[Line]:
    """What the plan of a repair does in each workspace, in numbers; nothing where it does nothing."""
    if not report["check_mode"] or not is_repair(report):
        return []
    rows = []
    for workspace in report["workspaces"]:
        numbers = [*_reruns(workspace), sum(int(gap["instances"]) for gap in to_make(workspace))]
        if any(numbers):
            rows.append((printable(workspace["host"], 100), *(str(number) if number else "" for number in numbers)))
    head = ("workspace", "rerun", "stop and rerun", "dependants", "missing")
    return [Line(line) for line in (table_lines(head, rows, right={1, 2, 3, 4}) if rows else ())]


def _reruns(workspace: Result) -> tuple[int, int, int]:
    """How many failed instances of a plan are rerun, how many are stopped first, and how many depend on others that are rerun."""
    due = [instance for instance in workspace["instances"] if instance["standing"] == "to_rerun"] if not workspace["refused"] else []
    below = sum(bool(instance.get("downstream")) for instance in due)
    stops = sum(instance.get("action") == "stop" and not instance.get("downstream") for instance in due)
    return len(due) - below - stops, stops, below


def missing_lines(report: Result, *, verbose: bool = False) -> list[Line]:
    """What is missing in all workspaces of a *report*: what was not made first. Nothing of a play that is not a repair.

    :param verbose: whether to show every row.
    """
    rows = [_Row(workspace["host"], gap) for workspace in report["workspaces"] for gap in workspace.get("missing") or ()]
    of_state = {state: [row for row in rows if row.gap["state"] == state] for state in ("failed", "missing", "made", "gone", "left_alone")}
    lines = _gap_table("were not made", of_state["failed"], verbose=verbose, tone="bad")
    lines += _unreadable_lines(report["workspaces"])
    if report["check_mode"]:
        lines += _gap_table("will be made by PatchData", of_state["missing"], verbose=verbose, tone="")
    else:
        lines += _gap_table("were not begun", of_state["missing"], verbose=verbose, tone="bad")
    good = [f"{counted(_instances(of_state['made']), 'missing instance')} made by PatchData"] if of_state["made"] else []
    good += [f"{counted(_instances(of_state['gone']), 'missing instance')} made by somebody else meanwhile"] if of_state["gone"] else []
    lines += [Line(line, "good") for line in wrapped("; ".join(good))]
    return [*lines, *_alone_lines(of_state["left_alone"])]


def _instances(rows: t.Iterable[_Row]) -> int:
    return sum(int(row.gap["instances"]) for row in rows)


def _gap_table(what: str, rows: t.Sequence[_Row], *, verbose: bool, tone: t.Literal["", "bad"]) -> list[Line]:
    """The gaps *rows*, with the name of the PatchData below each, and why it was not made."""
    if not rows:
        return []
    shown = rows if verbose else rows[:_SHOWN]
    times = [(int(row.gap["start_date"]) + 1000, int(row.gap["end_date"]) - 1000) for row in shown]
    zone = zone_of(moment for span in times for moment in span)
    number = _instances(rows)
    cells = [
        (printable(row.host, 100), printable(row.gap["job_name"], 100), str(row.gap["instances"]), _span(*span, zone))
        for row, span in zip(shown, times)
    ]
    heading, *lines = table_lines(("workspace", "job", "missing", f"planned, times {zone}"), cells, right={2})
    made = [Line(f"{counted(number, 'missing instance')} {what if number != 1 else _singular(what)}:"), Line(heading)]
    for row, line in zip(shown, lines):
        made.append(Line(line, tone))
        made += [Line(text) for text in wrapped(_note(row.gap), indent=_UNDER, further="")]
    if len(rows) > len(shown):
        made.append(Line(f"and {counted(len(rows) - len(shown), 'more gap')}, with -v and in the report"))
    return made


def _singular(what: str) -> str:
    return what.replace("were", "was")


def _note(gap: Result) -> str:
    when = "after the reruns, as the job depends on what failed" if gap["stage"] == "after_reruns" else "before the reruns"
    if gap["state"] == "failed":
        return shortened(localized(f"{gap['name']}: {gap['msg']}"), _CAUSE)
    return f"{gap['name']}, {when}"


def _unreadable_lines(workspaces: t.Sequence[Result]) -> list[Line]:
    lines = []
    for workspace in workspaces:
        for entry in workspace.get("unreadable") or ():
            job = printable(entry["job_name"], 100)
            text = (
                f"{printable(workspace['host'], 100)}: what of job {job} is missing is not known, because its schedule cannot be read: "
                f"{printable(entry['cause'], 300)}. Correct it, or leave the job out with dataarts_jobs."
            )
            lines += [Line(line, "bad") for line in wrapped(text)]
    return lines


def _alone_lines(rows: t.Sequence[_Row]) -> list[Line]:
    if not rows:
        return []
    jobs = list(dict.fromkeys(f"{printable(row.gap['job_name'], 100)} ({printable(row.host, 100)})" for row in rows))
    more = f" and {len(jobs) - _SHOWN} more" if len(jobs) > _SHOWN else ""
    text = (
        f"Left alone: {counted(_instances(rows), 'missing instance')} of {', '.join(jobs[:_SHOWN])}{more}, whose schedule is stopped now. "
        "They are made too with -e dataarts_stopped_jobs=true."
    )
    return [Line(line) for line in wrapped(text)]


def _span(first: int, last: int, zone: str) -> str:
    """``2026-11-23 22:18``, or ``2026-11-23 20:18 to 22:18``."""
    begin, end = local_time(first, zone=zone), local_time(last, zone=zone)
    if begin == end:
        return begin
    return f"{begin} to {end[11:] if begin[:10] == end[:10] and len(begin) == len(end) else end}"
