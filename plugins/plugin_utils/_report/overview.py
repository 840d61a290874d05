# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overviews over all workspaces of a play in one table: what failed, or who did what. Pure.

One row holds the instances of a job with the same status, node and cause, or the attempts of one kind for a job in one run.
"""

from __future__ import annotations

import collections
import itertools
import typing as t
from dataclasses import replace
from types import MappingProxyType

from ...module_utils._common.grouping import grouped_by
from ...module_utils._common.text import printable
from ...module_utils._models.selection import job_pattern
from ...module_utils._planner.repair import EARLIER
from .._common.local_times import local_time, offset, zone_of
from .._common.tables import SCREEN, command_lines, shortened, table_lines, wrapped
from .._task.passes import error_kind
from .command import Command
from .summary import jobs_of_some, unmatched_patterns
from .words import ENGLISH, say, translated

Result = t.Mapping[str, t.Any]
Row = t.Dict[str, t.Any]
_FAILED, _RERUN, _REPAIR = (f"dataarts.factory.{name}" for name in ("failed", "rerun_failed", "repair"))
_FIND = "dataarts_find_missing"
#: Kind of an attempt that is not about an instance -> the words shown instead of a plan time.
_ACTIONS = {
    "patch_data": "PatchData",
    "patch_data_stop": "PatchData stop",
    "run": "run",
    "schedule_start": "schedule start",
    "schedule_stop": "schedule stop",
    "pause": "pause",
    "resume": "resume",
}
#: Kind of an attempt other than a rerun -> its words.
_DONE = {**_ACTIONS, "stop": "stop", "stop_and_rerun": "stop, then rerun"}
_NONE: t.Mapping[str, t.Any] = MappingProxyType({})
_UNDER = "    "  # indents the note below a row
_CAUSE = 150  # most columns of a cause, about two lines, unless it is shown whole


class Overview(t.NamedTuple):
    """One table.

    :param rows: for programs.
    :param lines: for people.
    :param unanswered: host -> why it has no answer.
    :param paused: host -> jobs that are still paused without a run that needs it.
    :param unmatched: sentences about names and patterns in ``jobs`` that match no job in any workspace.
    """

    rows: list[Row]
    lines: list[str]
    unanswered: dict[str, str]
    paused: t.Mapping[str, t.Sequence[str]] = {}
    unmatched: t.Sequence[str] = ()


def failures(results: t.Mapping[str, Result], *, whole: bool = False, language: str = ENGLISH) -> Overview:
    """Table of failures: workspace, job, plan times, when they failed, node and cause; missing instances included.

    :param results: host -> result of module job_instance_info; {} if there is none.
    :param whole: whether causes are shown whole.
    """
    answers, unanswered = _answers(results, "instances")
    rows = [row for host, result in answers.items() for row in _failed_rows(host, result["instances"])]
    rows += [row for host, result in answers.items() for row in _missing_rows(host, result.get("gaps") or ())]
    zone = zone_of(time for row in rows for time in (row["planned_to"], row["failed_at"] or 0))
    names = [say(language, name) for name in ("workspace", "job", "planned", "failed at", "node")]
    head = (*names[:2], "", *names[2:])
    cells = [
        (row["host"], row["job_name"], str(row["instances"]), _span(row, zone), _short(row["failed_at"], zone), row["node"]) for row in rows
    ]
    lines = _with_notes(head, cells, [translated(language, row["cause"]) for row in rows], language, whole=whole)
    names = [translated(language, entry.text) for entry in unmatched_patterns(results)]
    of_some = jobs_of_some(results, language)
    lines += ["", *(line for text in filter(None, (of_some, *names)) for line in wrapped(text))] if of_some or names else []
    lines = [*_failed_head(rows, answers, zone, language), *lines, *_unanswered_lines(unanswered, language)]
    return Overview(rows, lines, unanswered, unmatched=names)


def rerun_lines(rows: t.Iterable[Row], command: Command, language: str = ENGLISH) -> list[str]:
    """The command that plans the rerun of failures, or a repair if instances are missing too.

    Empty if there is nothing to rerun, or if the play is not playbook failed of the collection.

    :param command: how the play was started.
    """
    due = {row["status"] for row in rows} & {"fail", "missing"}
    if command.playbook != _FAILED or command.awx or not due:
        return []
    lead = say(language, "To see what a rerun would send (without --check it is sent):")
    if "missing" in due:
        lead = say(language, "To see what a repair would send (without --check it is sent):")
    left_out = tuple(name for name in command.left_out if name != _FIND)
    step = replace(command, playbook=_REPAIR if "missing" in due else _RERUN, left_out=left_out)
    return ["", lead, *command_lines(step.words(command.limit, command.selection, check=True))]


def attempts(results: t.Mapping[str, Result], *, whole: bool = False, language: str = ENGLISH) -> Overview:
    """Table of attempts: who started or stopped what, when and why, newest first; then the open pauses.

    :param results: host -> result of module rerun_history_info; {} if there is none.
    :param whole: whether notes are shown whole.
    """
    answers, unanswered = _answers(results, "attempts")
    rows = [row for host, result in answers.items() for row in _attempt_rows(host, result["attempts"])]
    rows.sort(key=lambda row: (-row["sent"], row["host"], row["job_name"]))
    zone = zone_of(row["sent"] for row in rows)
    names = [say(language, name) for name in ("sent", "workspace", "job", "planned / action", "by", "outcome")]
    head = (*names[:3], "", *names[3:])
    cells = [
        (
            _short(row["sent"], zone),
            row["host"],
            row["job_name"],
            str(row["attempts"]),
            say(language, _ACTIONS[row["kind"]]) if row["kind"] in _ACTIONS else _span(row, zone),
            row["user"] or say(language, "unknown"),
            _outcome(row, language),
        )
        for row in rows
    ]
    lines = _with_notes(head, cells, [_note(row, zone, language) for row in rows], language, whole=whole)
    left = sum(max(0, int(result.get("total") or 0) - len(result["attempts"])) for result in answers.values())
    hidden = say(
        language,
        "{n} older attempt not shown: narrow the time with dataarts_made_after, or raise dataarts_limit."
        "|{n} older attempts not shown: narrow the time with dataarts_made_after, or raise dataarts_limit.",
        left,
    )
    more = ["", *wrapped(hidden)] if left else []
    heading = _attempts_head(rows, answers, zone, language)
    pauses = [{"host": host, **pause} for host, result in answers.items() for pause in result.get("open_pauses") or ()]
    paused = {
        pause["host"]: [job_pattern(str(of["job_name"])) for of in pauses if (of["host"], of["needed_by"]) == (pause["host"], [])]
        for pause in pauses
    }
    still = paused_lines(pauses, zone_of(pause["sent_time"] for pause in pauses), language)
    return Overview(rows, [*heading, *lines, *more, *still, *_unanswered_lines(unanswered, language)], unanswered, paused)


def action_word(kind: str, language: str = ENGLISH) -> str:
    """The words for the *kind* of an attempt other than a rerun."""
    return say(language, _DONE[kind]) if kind in _DONE else kind


def lines_to_resume(
    paused: t.Mapping[str, t.Sequence[str]], command: Command, language: str = ENGLISH, *, behind: t.Mapping[str, t.Tuple[str, str]] = _NONE
) -> list[str]:
    """For each workspace, the command that resumes its paused jobs; empty in AWX, where no command can be typed.

    :param paused: host -> names of jobs that are still paused.
    :param behind: workspace id -> (inventory host, workspace id), for workspaces that are not hosts by themselves.
    """
    due = {host: names for host, names in paused.items() if names}
    if not due or command.awx:
        return []
    lines = ["", say(language, "To end the pauses that no run needs any more:")]
    for host, names in due.items():
        host, workspace_id = behind.get(host, (host, ""))
        named = {"workspace_id": workspace_id} if workspace_id else {}
        lines += command_lines(command.ad_hoc(host, "job_schedule", {"state": "resumed", "jobs": names, **named}))
    return lines


def paused_lines(pauses: t.Sequence[Result], zone: str, language: str) -> list[str]:
    """Lines about jobs that are still paused, and which runs resume them.

    :param pauses: entries of ``open_pauses``, each with its ``host``.
    """
    if not pauses:
        return []
    head = say(language, "{n} job is still paused: nothing schedules it.|{n} jobs are still paused: nothing schedules them.", len(pauses))
    lines = ["", *wrapped(head)]
    for pause in pauses:
        text = say(
            language,
            "{host}: {job} since {time} by {user}",
            host=pause["host"],
            job=printable(pause["job_name"], 200),
            time=_short(pause["sent_time"], zone),
            user=printable(pause["user"], 100) or say(language, "unknown"),
        )
        needed = [say(language, "run {run} resumes it when it ends", run=printable(run, 100)) for run in pause["needed_by"]]
        lines += wrapped(
            say(language, ", ").join(filter(None, (text, printable(pause["purpose"], 200), *needed))), indent="  ", further="  "
        )
    return lines


def _answers(results: t.Mapping[str, Result], key: str) -> tuple[dict[str, Result], dict[str, str]]:
    """The results with an answer under *key*; and host -> why it has none."""
    # A result that only failed because a name in jobs matches no job is an answer: the name may match in another workspace.
    answers = {
        host: result
        for host, result in results.items()
        if isinstance(result.get(key), list) and (not result.get("failed") or _lacks_jobs(result))
    }
    unanswered = {
        host: printable(result.get("msg") or result.get("module_stderr") or "it was not reached, or its task was skipped", 1000)
        for host, result in results.items()
        if host not in answers
    }
    return answers, unanswered


def _lacks_jobs(result: Result) -> bool:
    """Whether a result failed only because a name or pattern in ``jobs`` matches no job."""
    return error_kind(result) == "not_found" and any(entry["matches"] is False for entry in result.get("job_patterns") or ())


def _failed_rows(host: str, instances: t.Iterable[Result]) -> t.Iterator[Row]:
    """The failures of a workspace as rows, ordered by job name and then latest failure first."""

    def kind(instance: Result) -> tuple[str, str, str, str]:
        failure = instance.get("failure") or {}
        cause = failure.get("reason") or failure.get("message") or instance.get("error_message")
        return str(instance.get("job_name")), str(instance.get("status")), str(failure.get("node") or ""), str(cause or "")

    groups = grouped_by(instances, kind)
    for (job_name, status, node, cause), of_group in sorted(groups.items(), key=lambda group: (group[0][0], -_latest(group[1]))):
        times = sorted(int(instance["plan_time"]) for instance in of_group)
        yield {
            "host": host,
            "job_name": printable(job_name, 200),
            "instances": len(of_group),
            "status": printable(status, 100),
            "planned_from": times[0],
            "planned_to": times[-1],
            "failed_at": _latest(of_group) or None,
            "node": printable(node, 200),
            "cause": printable(": ".join(filter(None, ("" if status == "fail" else status, cause))), 1000),
        }


def _missing_rows(host: str, gaps: t.Iterable[Result]) -> t.Iterator[Row]:
    """The missing instances of a workspace: a row for each gap, ordered by job name."""
    for gap in sorted(gaps, key=lambda gap: (str(gap.get("job_name")), int(gap["start_date"]))):
        status = str(gap.get("job_status") or "")
        state = f"; the job is {status.lower()} now" if status not in ("", "SCHEDULING") else ""
        yield {
            "host": host,
            "job_name": printable(gap.get("job_name"), 200),
            "status": "missing",
            "instances": int(gap["instances"]),
            # A gap starts a second before its first plan time and ends a second after its last.
            "planned_from": int(gap["start_date"]) + 1000,
            "planned_to": int(gap["end_date"]) - 1000,
            "failed_at": None,
            "node": "",
            "cause": f"never made{state}{f'; {EARLIER}' if gap.get('earlier_version') else ''}",
        }


def _latest(instances: t.Iterable[Result]) -> int:
    return max(int(instance.get("end_time") or instance.get("start_time") or 0) for instance in instances)


def _attempt_rows(host: str, listed: t.Iterable[Result]) -> t.Iterator[Row]:
    groups = grouped_by(
        listed, lambda attempt: (str(attempt.get("run_id")), str(attempt.get("job_name")), str(attempt.get("kind") or "rerun"))
    )
    for (run_id, job_name, kind), of_group in groups.items():
        ends = [attempt.get(name) for attempt in of_group for name in ("plan_time", "plan_time_end")]
        times = sorted(int(moment) for moment in ends if moment)
        called = dict.fromkeys(str(attempt.get("patch_data") or attempt.get("run_key") or "") for attempt in of_group)
        outcomes = collections.Counter(printable(attempt.get("outcome"), 40).replace("_", " ") for attempt in of_group)
        yield {
            "host": host,
            "job_name": printable(job_name, 200),
            "run_id": printable(run_id, 100),
            "kind": printable(kind, 40),
            "name": printable(", ".join(filter(None, called)), 200),
            "attempts": len(of_group),
            "planned_from": times[0] if times else None,
            "planned_to": times[-1] if times else None,
            "sent": min(int(attempt["sent_time"]) for attempt in of_group),
            "outcomes": dict(outcomes.most_common()),
            **{name: printable(of_group[0].get(name) or "", 200) for name in ("user", "controller", "purpose")},
        }


def _outcome(row: Row, language: str) -> str:
    """Outcome of a row's attempts."""
    word = say(language, "different") if len(row["outcomes"]) > 1 else translated(language, "".join(row["outcomes"]))
    return say(language, "stop {word}", word=word) if row["kind"].startswith("stop") else word


def _failed_head(rows: t.Sequence[Row], answers: t.Mapping[str, Result], zone: str, language: str) -> list[str]:
    window = _window(answers, zone, language)
    if not rows:
        text = say(
            language, "Nothing failed in {n} workspace{window}.|Nothing failed in {n} workspaces{window}.", len(answers), window=window
        )
        return wrapped(text) if answers else []
    failed, missing = ([row for row in rows if (row["status"] == "missing") is absent] for absent in (False, True))
    number, jobs = sum(row["instances"] for row in failed), len({(row["host"], row["job_name"]) for row in failed})
    troubled = len({row["host"] for row in failed})
    what = say(
        language,
        "{instances} failed in {troubled} of {n} workspace{window}.|{instances} failed in {troubled} of {n} workspaces{window}.",
        len(answers),
        instances=_of_jobs(number, jobs, language),
        troubled=troubled,
        window=window,
    )
    if not failed:
        what = say(language, "Nothing failed{window}.", window=window)
    absent = sum(row["instances"] for row in missing)
    if absent:
        instances = _of_jobs(absent, len({(row["host"], row["job_name"]) for row in missing}), language)
        what += say(language, " {instances} never made.", instances=instances)
    return wrapped(what + say(language, " Times are {zone}.", zone=zone))


def _of_jobs(instances: int, jobs: int, language: str) -> str:
    of_jobs = say(language, "{n} job|{n} jobs", jobs)
    return say(language, "{n} instance of {jobs}|{n} instances of {jobs}", instances, jobs=of_jobs)


def _attempts_head(rows: t.Sequence[Row], answers: t.Mapping[str, Result], zone: str, language: str) -> list[str]:
    if not rows:
        text = say(
            language,
            "The journal has no starts or stops in {n} workspace at that time."
            "|The journal has no starts or stops in {n} workspaces at that time.",
            len(answers),
        )
        return wrapped(text) if answers else []
    number = say(language, "{n} attempt|{n} attempts", sum(row["attempts"] for row in rows))
    text = say(
        language,
        "{attempts} in {hosts} of {n} workspace, the newest first.|{attempts} in {hosts} of {n} workspaces, the newest first.",
        len(answers),
        attempts=number,
        hosts=len({row["host"] for row in rows}),
    )
    return wrapped(text + say(language, " Times are {zone}.", zone=zone))


def _window(answers: t.Mapping[str, Result], zone: str, language: str) -> str:
    """The window of plan times, to the minute, of the first workspace; those of the others differ by seconds."""
    windows = [(result.get("planned_after"), result.get("planned_before")) for result in answers.values()]
    begin, end = windows[0] if windows else (None, None)
    if not isinstance(begin, int) or not isinstance(end, int):
        return ""
    first, last = local_time(begin, zone=offset(end)), local_time(end, zone=zone)
    return say(language, ", planned {begin} to {end}", begin=first, end=last)


def _with_notes(
    head: t.Sequence[str], cells: t.Sequence[t.Sequence[str]], notes: t.Sequence[str], language: str, *, whole: bool
) -> list[str]:
    """A table with a note below each row; consecutive rows with the same note share it, below the last of them."""
    if not cells:
        return []
    first, *rows = table_lines(head, cells, right={head.index("")})
    lines = ["", first]
    for note, group in itertools.groupby(zip(notes, rows), key=lambda pair: pair[0]):
        alike = [row for _note, row in group]
        lines += alike
        text = note if len(alike) == 1 or not note else say(language, "these {n} rows: {text}", len(alike), text=note)
        wrapped_note = wrapped(text if whole else shortened(text, _CAUSE), indent=_UNDER, further="")
        lines += wrapped_note if whole else [shortened(line, SCREEN.columns) for line in wrapped_note]
    return lines


def _unanswered_lines(unanswered: t.Mapping[str, str], language: str) -> list[str]:
    if not unanswered:
        return []
    lines = ["", say(language, "{n} workspace could not be asked:|{n} workspaces could not be asked:", len(unanswered))]
    for why in dict.fromkeys(unanswered.values()):
        hosts = say(language, ", ").join(printable(host, 100) for host, text in unanswered.items() if text == why)
        lines += wrapped(say(language, "{host}: {text}", host=hosts, text=translated(language, why)), indent="  ", further="")
    return lines


def _span(row: Row, zone: str) -> str:
    """The plan times of a row: ``11-23 14:18`` or ``11-23 14:18-22:18``."""
    if row["planned_from"] is None:
        return ""
    first, last = _short(row["planned_from"], zone), _short(row["planned_to"], zone)
    if first == last:
        return first
    day, dummy, time = last.partition(" ")
    return f"{first}-{time}" if first.startswith(f"{day} ") else f"{first} - {last}"


def _short(ms: int | None, zone: str) -> str:
    """*ms* without its year, because the rows of an overview are at most a few months old."""
    return "" if not ms else local_time(ms, zone=zone)[5:]


def _note(row: Row, zone: str, language: str) -> str:
    """Note of a row of attempts: purpose, outcomes if they differ, name of the run or PatchData, machine, and run id."""
    numbers = row["outcomes"].items() if len(row["outcomes"]) > 1 else ()
    outcomes = [say(language, "{n} {word}", number, word=translated(language, word)) for word, number in numbers]
    where = say(language, "from {controller}", controller=row["controller"]) if row["controller"] else ""
    run = say(language, "run {run}", run=row["run_id"])
    dates = _span(row, zone) if row["kind"] == "patch_data" else ""
    return say(language, ", ").join(filter(None, (row["purpose"], *outcomes, f"{row['name']} {dates}".strip(), where, run)))
