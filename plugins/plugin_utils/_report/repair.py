# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a repair about missing instances: found, planned, made or not. Pure."""

from __future__ import annotations

import collections
import typing as t

from ...module_utils._common.text import printable
from ...module_utils._output.plan_details import paused_text
from ...module_utils._planner.plan_id import possible_number
from .._common.local_times import local_time, localized, zone_of
from .._common.tables import SCREEN, Line, lines_of, shortened, table_lines
from .words import ENGLISH, first_names, say, translated

Result = t.Mapping[str, t.Any]

_UNDER = "    "  # indents the note below a row
_CAUSE = 300
#: Most rows of a table, unless it is verbose; the report has all.
_SHOWN = 20
#: State of the rows -> heading of their table.
_HEADINGS = {
    "failed": "{n} missing instance is not repaired:|{n} missing instances are not repaired:",
    "planned": "{n} missing instance will be made by PatchData:|{n} missing instances will be made by PatchData:",
    "missing": "{n} missing instance was not begun:|{n} missing instances were not begun:",
}


class _Row(t.NamedTuple):
    """A gap of a workspace."""

    host: str
    gap: Result


def snapshot_lines(name: str, result: Result, language: str = ENGLISH) -> list[Line]:
    """The missing instances of a workspace in one line, and the jobs that are paused for them; empty if none are missing.

    :param name: start of the lines, see :func:`~.._task.console.label`.
    :param result: of module supplement_missing.
    """
    # Gaps with 0 instances are those that an earlier repair has begun.
    gaps = [gap for gap in result.get("gaps") or () if gap["state"] != "left_alone" and int(gap["instances"])]
    if not gaps:
        return []
    jobs: collections.Counter[str] = collections.Counter()
    for gap in gaps:
        jobs[printable(gap["job_name"], 100)] += int(gap["instances"])
    text = say(language, "{n} missing, to be made by PatchData", sum(jobs.values()))
    named = say(language, ", ").join(f"{job} {number}" for job, number in sorted(jobs.items()))
    lines = [Line(shortened(f"{name}  {text}  {named}", SCREEN.columns), "busy")]
    paused = "" if result.get("check_mode") else translated(language, paused_text(result))  # check mode names them in its closing lines
    return [*lines, *lines_of(f"{name}  {paused}")] if paused else lines


def stage_line(name: str, doing: str, language: str = ENGLISH) -> Line:
    """Progress line about the missing instances of a workspace.

    :param name: start of the line, see :func:`~.._task.console.label`.
    :param doing: the module's current activity; "" if it has not begun.
    """
    text = translated(language, doing) or say(language, "starting")
    return Line(shortened(say(language, "{host}  missing instances: {text}", host=name, text=text), SCREEN.columns))


def to_make(workspace: Result) -> list[Result]:
    """The gaps of a workspace of a report that are still to be made."""
    return [gap for gap in workspace.get("missing") or () if gap["state"] == "missing"]


def made_here(workspace: Result) -> bool:
    """Whether a workspace of a report has missing instances that were made, are to be made, or could not be made."""
    return any(gap["state"] in ("missing", "made", "failed") for gap in workspace.get("missing") or ())


def is_repair(report: Result) -> bool:
    """Whether *report* is that of a repair."""
    return any("missing" in workspace for workspace in report["workspaces"])


def instances_of_state(report: Result, *states: str) -> int:
    """Number of missing instances in *report* whose gap has one of *states*."""
    gaps = (gap for workspace in report["workspaces"] for gap in workspace.get("missing") or ())
    return sum(int(gap["instances"]) for gap in gaps if gap["state"] in states)


def plan_table(report: Result, language: str = ENGLISH) -> list[Line]:
    """A table of what the plan of a repair does in each workspace, in numbers; empty if it does nothing, or without check mode."""
    if not report["check_mode"] or not is_repair(report):
        return []
    rows = []
    for workspace in report["workspaces"]:
        numbers = [*_reruns(workspace), sum(int(gap["instances"]) for gap in to_make(workspace))]
        if any(numbers):
            rows.append((printable(workspace["host"], 100), *(str(number) if number else "" for number in numbers)))
    head = [say(language, name) for name in ("workspace", "rerun", "stop and rerun", "dependants", "missing")]
    return [Line(line) for line in (table_lines(head, rows, right={1, 2, 3, 4}) if rows else ())]


def _reruns(workspace: Result) -> tuple[int, int, int]:
    """Numbers of planned instances that are rerun, that are stopped first, and that are dependants."""
    due = [instance for instance in workspace["instances"] if instance["standing"] == "to_rerun"] if not workspace["refused"] else []
    below = sum(bool(instance.get("downstream")) for instance in due)
    stops = sum(instance.get("action") == "stop" and not instance.get("downstream") for instance in due)
    return len(due) - below - stops, stops, below


def missing_lines(report: Result, *, verbose: bool = False, language: str = ENGLISH) -> list[Line]:
    """Lines about the missing instances of all workspaces, those that were not made first; empty if the play is not a repair.

    :param verbose: whether to show every row and whole causes.
    """
    rows = [_Row(workspace["host"], gap) for workspace in report["workspaces"] for gap in workspace.get("missing") or ()]
    of_state = {state: [row for row in rows if row.gap["state"] == state] for state in ("failed", "missing", "gone", "left_alone")}
    lines = _gap_table("failed", of_state["failed"], language, verbose=verbose, tone="bad")
    lines += _unreadable_lines(report["workspaces"], language)
    lines += _unread_lines(report["workspaces"], language)
    if report["check_mode"]:
        lines += _gap_table("planned", of_state["missing"], language, verbose=verbose, tone="")
        lines += _foreseen_lines(report["workspaces"], language)
    else:
        lines += _gap_table("missing", of_state["missing"], language, verbose=verbose, tone="bad")
    if of_state["gone"]:
        number = sum(int(row.gap["instances"]) for row in of_state["gone"])
        text = say(
            language,
            "{n} missing instance made by somebody else in the meantime|{n} missing instances made by somebody else in the meantime",
            number,
        )
        lines += lines_of(text, "good")
    return [*lines, *_alone_lines(of_state["left_alone"], language)]


def _instances(rows: t.Iterable[_Row]) -> int:
    return sum(int(row.gap["instances"]) for row in rows)


def _gap_table(what: str, rows: t.Sequence[_Row], language: str, *, verbose: bool, tone: t.Literal["", "bad"]) -> list[Line]:
    """A table of the gaps *rows*, each with the name of its PatchData below it, and why it was not made.

    :param what: key of :data:`_HEADINGS`.
    """
    if not rows:
        return []
    shown = rows if verbose else rows[:_SHOWN]
    times = [(int(row.gap["start_date"]) + 1000, int(row.gap["end_date"]) - 1000) for row in shown]
    zone = zone_of(moment for ends in times for moment in ends)
    cells = [
        (printable(row.host, 100), printable(row.gap["job_name"], 100), str(row.gap["instances"]), span(ends, zone, language))
        for row, ends in zip(shown, times)
    ]
    head = [*(say(language, name) for name in ("workspace", "job", "missing")), say(language, "planned, times {zone}", zone=zone)]
    heading, *lines = table_lines(head, cells, right={2})
    made = [Line(say(language, _HEADINGS[what], _instances(rows))), Line(heading)]
    for row, line in zip(shown, lines):
        made.append(Line(line, tone))
        made += lines_of(_note(row.gap, language, whole=verbose), indent=_UNDER, further="")
    left = len(rows) - len(shown)
    more = say(language, "and {n} more gap, with -v and in the report|and {n} more gaps, with -v and in the report", left)
    return [*made, Line(more)] if left else made


def _note(gap: Result, language: str, *, whole: bool) -> str:
    name = gap["name"]
    if gap["state"] == "failed":
        text = localized(say(language, "{name}: {text}", name=name, text=translated(language, gap["msg"])))
        return text if whole else shortened(text, _CAUSE)
    if gap["stage"] == "after_reruns":
        return say(language, "{name}, after the reruns, as the job depends on what failed", name=name)
    return say(language, "{name}, before the reruns", name=name)


def _foreseen_lines(workspaces: t.Sequence[Result], language: str) -> list[Line]:
    """How many dependants are rerun only if it turns out that they ran on old data."""
    number = sum(possible_number(workspace.get("plan_record")) for workspace in workspaces)
    text = say(
        language,
        "{n} of the dependants may have run on old data. It is rerun only if it did."
        "|{n} of the dependants may have run on old data. Only those that did are rerun.",
        number,
    )
    return lines_of(text) if number else []


def _unreadable_lines(workspaces: t.Sequence[Result], language: str) -> list[Line]:
    lines = []
    for workspace in workspaces:
        for entry in workspace.get("unreadable") or ():
            text = say(
                language,
                "{host}: the missing instances of job {job} are unknown, because its schedule cannot be read: {cause}. "
                "Correct it, or leave the job out with dataarts_jobs.",
                host=printable(workspace["host"], 100),
                job=printable(entry["job_name"], 100),
                cause=translated(language, printable(entry["cause"], 300)),
            )
            lines += lines_of(text, "bad")
    return lines


def _unread_lines(workspaces: t.Sequence[Result], language: str) -> list[Line]:
    """Lines that missing instances depend on workspaces that were not read, so that failures there are unknown."""
    lines = []
    for workspace in workspaces:
        others = [printable(name, 100) for name in workspace.get("unread_workspaces") or ()]
        text = say(
            language,
            "{host}: what is missing depends on jobs of workspace {names}, which was not read. Failures there are unknown. Repair both together."
            "|{host}: what is missing depends on jobs of workspaces {names}, which were not read. Failures there are unknown. Repair all together.",
            len(others),
            host=printable(workspace["host"], 100),
            names=say(language, ", ").join(others[:_SHOWN]),
        )
        lines += lines_of(text, "bad") if others else []
    return lines


def _alone_lines(rows: t.Sequence[_Row], language: str) -> list[Line]:
    if not rows:
        return []
    jobs = list(
        dict.fromkeys(
            say(language, "{job} ({host})", job=printable(row.gap["job_name"], 100), host=printable(row.host, 100)) for row in rows
        )
    )
    text = say(
        language,
        "Left alone: {n} missing instance of {names}, whose schedule is stopped now or may have been different then. "
        "They are made too with -e dataarts_stopped_jobs=true."
        "|Left alone: {n} missing instances of {names}, whose schedule is stopped now or may have been different then. "
        "They are made too with -e dataarts_stopped_jobs=true.",
        _instances(rows),
        names=first_names(language, jobs, _SHOWN),
    )
    return lines_of(text)


def span(times: t.Sequence[int], zone: str, language: str) -> str:
    """``2026-11-23 22:18``, or ``2026-11-23 20:18 to 22:18``."""
    begin, end = local_time(min(times), zone=zone), local_time(max(times), zone=zone)
    if begin == end:
        return begin
    same_day = begin[:10] == end[:10] and len(begin) == len(end)
    return say(language, "{begin} to {end}", begin=begin, end=end[11:] if same_day else end)
