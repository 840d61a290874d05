# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closing lines of a play: what is left to do in all its workspaces, worst first, with the causes. Pure.

Workspaces without problems are counted in one line.
"""

from __future__ import annotations

import collections
import itertools
import re
import typing as t

from ...module_utils._common.grouping import grouped_by
from ...module_utils._common.text import printable
from ...module_utils._common.times import duration_text
from ...module_utils._output.expectation import late_lines, minute
from ...module_utils._output.plan_details import detail_lines, paused_text
from .._common.local_times import local_time, localized, option_time, zone_of
from .._common.tables import SCREEN, Line, Tone, lines_of, table_lines, width
from .._task.counts import SHORT_WORDS
from .._task.passes import IN_PROGRESS
from .causes import cause_lines, failure_words
from .downstream import cure_of
from .next_steps import groups_of, would_rerun
from .overview import paused_lines
from .repair import made_here, missing_lines, plan_table, span
from .summary import told_once
from .words import ENGLISH, first_names, say, translated

Result = t.Mapping[str, t.Any]

#: Most rows of the table, and most workspaces in a line; the report has all.
SHOWN_JOBS = 20
_NAMED = 3
#: Longest cause, about three rows, unless lines are verbose; and longest message; characters.
_CAUSE = 220
_WHOLE = 4000
_WORDS = {**SHORT_WORDS, "in_progress": "in progress", "unsent": "not sent"}


#: Request ids in a message.
_REQUEST = re.compile(r"\.(?= \(request id [^()]*\)\.)| \(request id [^()]*\)")
#: Keys of a plan's details about how instances are rerun.
_HOW = ("retry_location", "node_name", "retry_task_version", "ignore_obs_monitor")


class Broken(t.NamedTuple):
    """A row of the table: instances of one job that missed the goal in the same way.

    :param host: whose run reports them.
    :param place: their workspace.
    :param word: their number and standing.
    :param cause: why; *shared_cause* is the cause without details that differ between instances, such as request ids.
    :param plan_times: epoch ms.
    """

    host: str
    place: str
    job_name: str
    word: str
    cause: str
    shared_cause: str
    plan_times: list[int]


def summary_lines(report: Result, *, verbose: bool = False, language: str = ENGLISH) -> list[Line]:
    """The closing lines, the headline first.

    :param report: see :func:`~.data.build_report`.
    :param verbose: whether to show every job and whole causes.
    """
    length = _WHOLE if verbose else _CAUSE
    by_workspace = told_once([workspace["instances"] for workspace in report["workspaces"]])
    here = [{**workspace, "instances": own} for workspace, own in zip(report["workspaces"], by_workspace, strict=True)]
    broken = [row for workspace in here for row in _broken(workspace, length, language, check_mode=report["check_mode"])]
    without_table = {
        workspace["host"]
        for workspace, own in zip(report["workspaces"], by_workspace, strict=True)
        if workspace.get("only_missing") or _number_broken(workspace["instances"]) > _number_broken(own)
    }
    lost = _lost(report, {row.host for row in broken} | without_table)
    troubled = {row.host for row in broken}.union(without_table, *lost.values())
    moving = any(report["totals"][name] for name in IN_PROGRESS)
    tone: Tone = "bad" if troubled or not report["succeeded"] else "busy" if report["check_mode"] or moving else "good"
    return [
        *lines_of(say(language, "{text}.", text=translated(language, report["headline"])), tone),
        *_window_lines(report, language),
        *_cause_lines(report, language, verbose),
        *_downstream_lines(report, language),
        *_how_lines(report, language),
        *_stop_lines(report, language),
        *_paused_lines(report, language),
        *_late_lines(report, language),
        *_lost_lines(lost, language, verbose),
        *_broken_lines(broken, language, verbose),
        *plan_table(report, language),
        *missing_lines(report, verbose=verbose, language=language),
        *_other_lines(report, troubled, language),
        *_left_paused_lines(report, language),
    ]


def _cause_lines(report: Result, language: str, verbose: bool) -> list[Line]:
    """Why the instances to rerun failed, in check mode: one row per reason, unless verbose. After a run, the table shows the causes."""
    lead = f"{say(language, 'Why they failed:')}{' ' if language == ENGLISH else ''}"
    alone = len(report["reasons"]) == 1
    room = _WHOLE if verbose else SCREEN.columns - (width(lead) if alone else 2)
    lines = cause_lines(report["reasons"], language, room) if report["check_mode"] else []
    rows = [("", lead + lines[0])] if alone and lines else [("", lead.rstrip()), *(("  ", line) for line in lines)]
    return [line for indent, text in rows for line in lines_of(text, indent=indent)] if lines else []


def _downstream_lines(report: Result, language: str) -> list[Line]:
    """The effects of the reruns on dependants, and how to rerun those that need it."""
    groups = report["downstream"]
    texts = (say(language, "Downstream: {text}.", text=translated(language, group["text"])) for group in groups)
    lines = [line for text in texts for line in lines_of(text)]
    cure = cure_of(groups)
    since = min((workspace["since"] for workspace in report["workspaces"] if workspace["since"]), default=None)
    # A refused plan may have included them.
    if not cure or since is None or any(workspace["refused"] for workspace in report["workspaces"]):
        return lines
    command = f"-e dataarts_downstream={cure}"
    text = say(language, "Rerun them too with {command}.", command=command)
    if not report["check_mode"]:
        command += f" -e dataarts_since={option_time(since)}"
        text = say(language, "Rerun them too with the same options and {command}.", command=command)
    return [*lines, *lines_of(text)]


def _window_lines(report: Result, language: str) -> list[Line]:
    """The window of a plan, if anything is to be rerun and all workspaces have the same window to the minute."""
    windows = {
        (workspace["planned_after"] // 60_000, workspace["planned_before"] // 60_000)
        for workspace in report["workspaces"]
        if workspace["planned_after"] and workspace["planned_before"]
    }
    if not report["check_mode"] or not any(map(would_rerun, report["workspaces"])) or len(windows) != 1:
        return []
    first, last = (minutes * 60_000 for minutes in windows.pop())
    begin, end = local_time(first, zone=zone_of([last])), local_time(last)
    return [Line(say(language, "Planned from {begin} to {end}.", begin=begin, end=end))]


def _how_lines(report: Result, language: str) -> list[Line]:
    """How the reruns of a plan start, if all workspaces have the same options, and their expected duration: that of the slowest workspace."""
    due = [workspace["plan_details"] for workspace in report["workspaces"] if would_rerun(workspace)]
    planned = [entry for entry in due if entry]
    if not planned or not report["check_mode"]:
        return []
    joined = {
        **planned[0],
        "from_first_node": sum(entry["from_first_node"] for entry in planned),
        "expected_seconds": max((entry["expected_seconds"] for entry in planned if entry["expected_seconds"] is not None), default=None),
        "expected_unknown": sum(entry["expected_unknown"] for entry in planned),
        "expected_end": max((entry["expected_end"] for entry in planned if entry.get("expected_end") is not None), default=None),
    }
    alike = len({tuple(entry[name] for name in _HOW) for entry in planned}) == 1
    start = translated(language, detail_lines(joined)[0].strip()) if alike else ""
    took = _duration(joined, language)
    parts = [part for part in (start, took if start or not took else say(language, "takes {duration}", duration=took)) if part]
    text = say(language, "; ").join(parts)
    return lines_of(say(language, "{text}.", text=f"{text[0].upper()}{text[1:]}")) if text else []


def _stop_lines(report: Result, language: str) -> list[Line]:
    """How many instances a plan stops first."""
    rows = [row for workspace in report["workspaces"] if report["check_mode"] for row in workspace["instances"]]
    number = sum(row.get("stop") == "to_stop" for row in rows)
    text = say(language, "{n} of them is stopped first (running_exception).|{n} of them are stopped first (running_exception).", number)
    return lines_of(text) if number else []


def _left_paused_lines(report: Result, language: str) -> list[Line]:
    """The jobs that a rerun has paused and that no run will start again, and the command that does."""
    left = [pause for pause in report["open_pauses"] if pause["made_by"] == "rerun" and not pause["needed_by"]]
    lines = [Line(text, "bad") for text in paused_lines(left, zone_of(pause["sent_time"] for pause in left), language) if text]
    resume = report["resume"] if left else None
    if resume is None:
        return lines
    return [*lines, Line(say(language, "To end the pauses that no run needs any more:")), Line(resume["command"])]


def _paused_lines(report: Result, language: str) -> list[Line]:
    """The jobs that a plan pauses during the run, by workspace."""
    lines = []
    for workspace in report["workspaces"] if report["check_mode"] else ():
        rerun = (workspace["plan_details"].get("paused_jobs") or ()) if would_rerun(workspace) else ()
        text = paused_text({"paused_jobs": list(dict.fromkeys([*(workspace.get("paused_first") or ()), *rerun]))})
        shown = say(language, "{host}: {text}", host=printable(workspace["host"], 100), text=translated(language, text))
        lines += lines_of(say(language, "{text}.", text=shown)) if text else []
    return lines


def _duration(details: Result, language: str) -> str:
    """Expected duration of a plan's reruns, and when the last of them ends; "" if unknown."""
    seconds, end = details["expected_seconds"], details["expected_end"]
    if seconds is None:
        return ""
    duration, unknown = duration_text(seconds), bool(details["expected_unknown"])
    took = say(language, "{duration} or more" if unknown else "about {duration}", duration=duration)
    # An end within a minute is not shown.
    if end is None or seconds < 60:
        return took
    return say(
        language,
        "{duration}, until at least {time}" if unknown else "{duration}, until about {time}",
        duration=took,
        time=local_time(minute(end)),
    )


def _late_lines(report: Result, language: str) -> list[Line]:
    """The jobs of the play that are late for a deadline."""
    names = {workspace["workspace_id"]: workspace["host"] for workspace in report["workspaces"]}
    jobs = [
        {**job, "workspace_name": names.get(job["workspace_id"], job["workspace_name"])}
        for workspace in report["workspaces"]
        for job in (workspace.get("expected") or {}).get("jobs") or ()
    ]
    texts = (say(language, "{text}.", text=localized(translated(language, text))) for text in late_lines(jobs))
    return [line for text in texts for line in lines_of(text, "bad")]


def _number_broken(instances: t.Iterable[Result]) -> int:
    return sum(bool(instance.get("broken")) for instance in instances)


def _broken(workspace: Result, length: int, language: str, *, check_mode: bool) -> t.Iterator[Broken]:
    """The rows of a workspace. Instances in progress are included only if the run has stopped waiting for them.

    :param length: longest cause, characters.
    """
    own = "" if workspace["timed_out"] else _message(workspace)
    groups = groups_of(workspace, check_mode)
    if check_mode or workspace["succeeded"]:
        groups["in_progress"] = []
    for name, instances in groups.items():
        by_job = grouped_by(instances, lambda instance: (_place(instance, workspace), str(instance.get("job_name"))))
        for (place, job_name), of_job in by_job.items():
            times = [int(instance["plan_time"]) for instance in of_job]
            # Why the run ended is also why these are in progress or unsent.
            if name == "unsent" and workspace["timed_out"]:
                own = _unsent_text(workspace)
            whole, shared = (own, _REQUEST.sub("", own)) if name in ("in_progress", "unsent") else _cause(name, of_job, length)
            word = say(language, "last in progress" if name == "in_progress" and workspace["blind"] else _WORDS[name])
            text = say(language, "{n} {word}", len(of_job), word=word)
            yield Broken(workspace["host"], place, job_name, text, whole, shared, times)


def _unsent_text(workspace: Result) -> str:
    """Why instances of a workspace were not sent before ``wait_timeout`` was over."""
    hours = workspace.get("quiet_hours")
    if not hours:
        return "wait_timeout was over before they could be sent"
    return f"nothing is sent in the quiet hours {printable(hours['window'], 80)}, until {printable(hours['until_iso'], 40)}"


def _place(instance: Result, workspace: Result) -> str:
    """Name of an instance's workspace: the host of *workspace*, or the other workspace of a dependant."""
    place = instance.get("workspace_id")
    if not instance.get("downstream") or place == workspace["workspace_id"]:
        return str(workspace["host"])
    names = {other.get("workspace_id"): other.get("workspace_name") for other in workspace["downstream"]}
    return str(names.get(place) or place)


def _cause(name: str, instances: t.Sequence[Result], length: int) -> tuple[str, str]:
    """The most frequent cause of *instances*, whole, and without details that differ between instances; "" if unknown."""
    # The reason of an instance that failed again only says so, and its node says why. For others, the node says why they failed before the run.
    again = name == "failed_again"
    shared = [str(failure_words(instance, shared=True) if again else instance.get("reason") or "") for instance in instances]
    ((common, _number),) = collections.Counter(shared).most_common(1)
    whole = {failure_words(instance) for instance, text in zip(instances, shared, strict=True) if text == common} if again else {common}
    return printable(whole.pop() if len(whole) == 1 else common, length), printable(common, length)


def _broken_lines(broken: t.Sequence[Broken], language: str, verbose: bool) -> list[Line]:
    """The table: rows with the same cause are together, with the cause below them."""
    if not broken:
        return []
    causes: dict[str, set[str]] = {}
    for row in broken:
        causes.setdefault(row.shared_cause, set()).add(row.cause)
    broken = [row._replace(cause=row.shared_cause) if len(causes[row.shared_cause]) > 1 else row for row in broken]
    number = collections.Counter(row.cause for row in broken)
    # Rows without a cause come last, so that a cause of other rows does not seem to be theirs.
    rows = sorted(broken, key=lambda row: (not row.cause, -number[row.cause], row.cause))
    shown = rows if verbose else rows[:SHOWN_JOBS]
    zone = zone_of(time for row in shown for time in row.plan_times)
    head = (*(say(language, name) for name in ("workspace", "job", "what")), say(language, "planned, times {zone}", zone=zone))
    cells = [(printable(row.place, 100), printable(row.job_name, 100), row.word, span(row.plan_times, zone, language)) for row in shown]
    heading, *lines = table_lines(head, cells)
    shown_lines = [Line(heading)]
    for cause, alike in itertools.groupby(zip(shown, lines, strict=True), key=lambda pair: pair[0].cause):
        shown_lines += [Line(line, "bad") for _row, line in alike]
        shown_lines += lines_of(localized(translated(language, cause)), indent="  ", further="")
    left = len(rows) - len(shown)
    more = say(language, "and {n} more job, with -v and in the report|and {n} more jobs, with -v and in the report", left)
    return [*shown_lines, Line(more)] if left else shown_lines


def _lost(report: Result, explained: t.Container[str]) -> dict[str, list[str]]:
    """Message -> hosts, for workspaces that missed their goal although no instance shows why.

    The message does not name the workspace. If messages differ only in their request id, they are one, without it.

    :param explained: hosts that have rows in the table.
    """
    messages = {
        workspace["host"]: _message(workspace)
        for workspace in report["workspaces"]
        if not workspace["succeeded"] and workspace["host"] not in explained
    }
    alike = grouped_by(messages, lambda host: _REQUEST.sub("", messages[host]))
    return {text if len({messages[host] for host in hosts}) > 1 else messages[hosts[0]]: hosts for text, hosts in alike.items()}


def _message(workspace: Result) -> str:
    """The message of a workspace without its name, so that equal messages can be merged."""
    text = str(workspace["msg"])
    for name in (workspace["workspace_id"], workspace["host"]):
        text = text.replace(f" of workspace {name}", "").replace(f" in workspace {name}", "").replace(f" for {name}:", ":")
    return printable(text, _WHOLE)


def message_told(result: Result, *, check_mode: bool) -> bool:
    """Whether the closing lines show the whole message of a workspace that missed its goal.

    They do if no instance shows why, or if the message is why instances are in progress or unsent.

    :param result: of the workspace's task.
    """
    groups = groups_of({"instances": result.get("instances") or ()}, check_mode)
    moving = [] if check_mode else groups["in_progress"]
    if not any(group for name, group in groups.items() if name != "in_progress") and not moving:
        return True
    return not result.get("timed_out") and bool(groups["unsent"] or moving)


def _lost_lines(lost: t.Mapping[str, t.Sequence[str]], language: str, verbose: bool) -> list[Line]:
    lines = []
    for text, hosts in sorted(lost.items(), key=lambda item: -len(item[1])):
        names = first_names(language, [printable(host, 100) for host in hosts], len(hosts) if verbose else _NAMED)
        lines += lines_of(say(language, "{names}:", names=names), "bad")
        # Never shortened, because the end of a message says what to do.
        lines += lines_of(localized(translated(language, text)), indent="  ", further="")
    return lines


def _other_lines(report: Result, troubled: t.Container[str], language: str) -> list[Line]:
    """One line that counts the workspaces without problems: in progress, succeeded, nothing to do."""
    others = [workspace for workspace in report["workspaces"] if workspace["host"] not in troubled and workspace["counts"]]
    moving = [workspace for workspace in others if workspace["state"] == "in_progress"]
    good = [workspace for workspace in others if workspace["state"] == "succeeded" and workspace["counts"]["succeeded"]]
    nothing_to_do = [
        workspace
        for workspace in others
        if workspace not in moving and workspace not in good and not workspace["counts"]["to_rerun"] and not made_here(workspace)
    ]
    parts = []
    if moving:
        number = sum(workspace["counts"][name] for workspace in moving for name in IN_PROGRESS)
        what = say(language, "{n} instance in progress, not waited for|{n} instances in progress, not waited for", number)
        parts.append(_of_workspaces(moving, what, language))
    if good and len(good) < len(report["workspaces"]):
        number = sum(workspace["counts"]["succeeded"] for workspace in good)
        parts.append(_of_workspaces(good, say(language, "the instance succeeded|all {n} instances succeeded", number), language))
    if nothing_to_do and len(nothing_to_do) < len(report["workspaces"]):
        parts.append(_of_workspaces(nothing_to_do, say(language, "nothing to rerun"), language))
    return lines_of(say(language, "; ").join(parts), "busy" if moving else "good")


def _of_workspaces(workspaces: t.Sequence[Result], what: str, language: str) -> str:
    return say(language, "{n} workspace: {what}|{n} workspaces: {what}", len(workspaces), what=what)
