# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Console lines of a job_rerun task while it runs; those about its end are in ``verdict.py``.

Pure: :class:`Passes` go in, lines come out. Text from the service goes through ``printable``.
"""

from __future__ import annotations

import collections
import re
import typing as t
from types import MappingProxyType

from ...module_utils._common.text import printable
from ...module_utils._common.times import duration_text
from ...module_utils._output.expectation import minute
from ...module_utils._output.messages import HELD_BACK
from .._common.local_times import local_time, localized, offset, option_time
from .._common.tables import SCREEN, Line, labelled, padded, shortened, width, wrapped
from .._report.command import Command
from .._report.go_on import interrupted_lines
from .._report.words import ENGLISH, say, translated
from .counts import MISSED, SHORT_WORDS, broken, count
from .passes import IN_PROGRESS, TO_RERUN, Passes, Result, Timing

#: Widest label in front of the lines of a workspace, columns.
_LABEL = 24
#: A time in brackets after the event that it belongs to.
_TIME_BEHIND = re.compile(r" \(\d{4}-\d\d-\d\dT[^()]*\)")
#: Separates the job from the plan time in the rows of a diff.
_PLANNED = " planned "
#: Actions of instances that are to be sent now or as soon as possible.
_DUE = frozenset({"retry", "stop"})


def label(host: str, hosts: t.Iterable[str] = ()) -> str:
    """Start of the lines of a workspace: its name, padded to the longest name of the play's *hosts*, so that the lines are aligned."""
    return padded(printable(host, 100), min(_LABEL, max(map(width, (host, *map(str, hosts))))))


def plan_on_console(name: str, run: Passes, *, verbose: bool = False, hold_off: bool = True) -> list[Line]:
    """The plan of the first pass in one line; none if nothing is to be sent.

    :param name: see :func:`label`.
    :param verbose: whether to show all lines of the plan.
    :param hold_off: whether to show what is held back.
    """
    due = [instance for instance in run.instances.values() if instance.get("standing") == TO_RERUN or instance.get("action") in _DUE]
    lines, language = [], run.language
    if due:
        number = collections.Counter(printable(instance.get("job_name", "?"), 100) for instance in due)
        held_back = _held_back_words(run.plan, len(due), language) if hold_off else ""
        text = say(
            language,
            "{number} of {total} to rerun{held_back}",
            number=len(due),
            total=len(run.instances) + run.already_done,
            held_back=held_back,
        )
        text = f"{name}  {text}  "
        lines.append(text + _fitting([f"{job} {many}" for job, many in sorted(number.items())], SCREEN.columns - width(text), language))
    indent = " " * width(name) + "  "
    for line in (line for line in run.plan if verbose and (hold_off or not HELD_BACK.fullmatch(line))):
        text = localized(translated(language, printable(line.lstrip(), 2000)))
        lines += wrapped(text, indent=indent + " " * (len(line) - len(line.lstrip())))
    return [Line("\n".join(lines), "busy")] if lines else []


def held_back_lines(run: Passes) -> list[Line]:
    """Why instances may not be sent yet. Without times, which differ between workspaces, so that a play can show it once for all."""
    reasons = [_TIME_BEHIND.sub("", printable(matched["why"], 2000)) for matched in _held_back(run.plan)]
    texts = [say(run.language, "Held back: {reason}.", reason=translated(run.language, reason)) for reason in reasons]
    return [Line("\n".join(wrapped(text)), "busy") for text in texts]


def _held_back(plan: t.Iterable[str]) -> list[re.Match[str]]:
    return [matched for matched in map(HELD_BACK.fullmatch, plan) if matched]


def _held_back_words(plan: t.Iterable[str], due: int, language: str) -> str:
    """``, 5 held back until 21:33:13``; without the number if all *due* instances are."""
    words = []
    for matched in _held_back(plan):
        time = "".join(localized(matched["until"]).split()[1:2]) or matched["until"]
        if int(matched["number"]) == due:
            words.append(say(language, ", held back until {time}", time=time))
        else:
            words.append(say(language, ", {number} held back until {time}", number=matched["number"], time=time))
    return "".join(words)


def resume_lines(
    since: int, command: Command | None, *, interrupted: bool = False, scope: Result = MappingProxyType({}), language: str = ENGLISH
) -> list[Line]:
    """How to start the play again: option ``since``, or the whole command after an interruption.

    :param since: the earliest of the play's workspaces, epoch ms. It is shown exactly: with an earlier one, failures from just before it would
        count as rerun, and the journal of a new workspace does not reach back that far.
    :param command: how the play was started, if role rerun reads its extra variables; else None.
    :param interrupted: whether the play was interrupted, so that people need the whole command.
    :param scope: a result of the run, for the window in that command.
    """
    if interrupted and command is not None:
        return interrupted_lines(command, since, scope, language)
    option = f"{'since' if command is None else '-e dataarts_since'}={option_time(since)}"
    text = say(language, "Go on with {option}" if interrupted else "If this is interrupted, use {option}", option=option)
    return [Line(text if width(text) <= SCREEN.columns else text.replace(f" {option}", f"\n  {option}"))]


def headed(host: str, diff: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """*diff* with the name of the host in its headers, because it is shown among the lines of other hosts."""
    return {**diff, **{name: f"{host}: {diff[name]}" for name in ("before_header", "after_header") if diff.get(name)}}


def shown_diff(diff: t.Mapping[str, t.Any], language: str = ENGLISH) -> dict[str, t.Any]:
    """*diff* of a module for people: times in the terminal's zone, and the collection's own words in *language*.

    A diff of documents, which has no headers, stays as it is.
    """
    if "before_header" not in diff:
        return dict(diff)
    return {part: "\n".join(_diff_row(row, language) for row in text.split("\n")) for part, text in diff.items()}


def _diff_row(row: str, language: str) -> str:
    name, colon, value = row.rpartition(": ")
    name = translated(language, name) if _PLANNED in name else name  # a job name alone is not translated
    value = translated(language, value) if " " in value else value
    return localized(say(language, "{name}: {text}", name=name, text=value) if colon else value)


def progress_line(name: str, run: Passes, elapsed: float, read_ms: int = 0) -> Line:
    """The progress line of a workspace, *elapsed* seconds after the task began. It names jobs that need a person as soon as that is known.

    :param read_ms: when the workspace was read last, epoch ms; if the newest passes failed, the numbers are from then.
    """
    language, numbers = run.language, count(run)
    text = progress_text(numbers, language)
    troubled = [instance for instances in broken(run).values() for instance in instances]
    jobs = sorted({printable(instance.get("job_name", "?"), 100) for instance in troubled})
    if run.failed_passes:
        since = local_time(read_ms, zone=offset(read_ms), seconds=True)[11:]
        text = say(language, "no answer since {time}; at that time {text}", time=since, text=text)
    quiet_hours = run.base.get("quiet_hours")
    if isinstance(quiet_hours, t.Mapping) and isinstance(quiet_hours.get("until"), int):
        until = local_time(quiet_hours["until"], zone=offset(quiet_hours["until"]))[11:]
        text += say(language, ", quiet hours until {time}", time=until)
    elif not run.failed_passes:
        text += _held_back_words(run.base.get("plan") or (), numbers[TO_RERUN], language)
    text = say(language, "{text}, {duration}", text=text, duration=duration_text(elapsed))
    line = labelled(name, f"{text}{expected_text(run.base, language)}")
    if jobs:
        named = say(language, ", ").join(jobs)
        indent = " " * width(name) + "  "
        fits = width(line) + 2 + width(named) <= SCREEN.columns
        line += f"  {named}" if fits else f"\n{indent}{_fitting(jobs, SCREEN.columns - width(indent), language)}"
    return Line(line, "bad" if run.failed_passes else "")


def news_of(run: Passes) -> tuple[t.Any, ...]:
    """Key of a progress line: it is worth printing a new one if this has changed, because instances ended or the service stopped answering."""
    numbers = count(run)
    return (
        sum(numbers[name] for name in (*IN_PROGRESS, TO_RERUN)),
        *(numbers[name] for name in ("succeeded", *MISSED)),
        bool(run.failed_passes),
        expected_of(run.base).get("late"),
    )


def doing_line(name: str, doing: str, elapsed: float, language: str = ENGLISH) -> Line:
    """Line about a pass that began *elapsed* seconds ago.

    :param doing: its activity in a few words; "" if the pass runs in a process of its own, whose activity is unknown.
    """
    text = translated(language, printable(doing, 200)) or say(language, "asking the service")
    text = say(language, "{text}, {duration}", text=text, duration=duration_text(elapsed))
    return Line(shortened(f"{name}  {text}", SCREEN.columns))


def expected_of(result: Result) -> Result:
    """``expected`` of a result; empty if it has none."""
    expected = result.get("expected")
    return expected if isinstance(expected, t.Mapping) else {}


def expected_text(result: Result, language: str = ENGLISH) -> str:
    """Expected end, late jobs and jobs left to a person, for a progress line: ``, about 04:35``; "" if nothing is known."""
    expected = expected_of(result)
    end, late, person = expected.get("end"), expected.get("late"), expected.get("left_to_person")
    text = ""
    if isinstance(end, int):
        time = local_time(minute(end), zone=offset(end))[11:]
        text = say(language, ", not before {time}" if expected.get("unknown") else ", about {time}", time=time)
    text += say(language, ", {n} job late|, {n} jobs late", late) if isinstance(late, int) and late else ""
    return text + (
        say(language, ", {n} job left to a person|, {n} jobs left to a person", person) if isinstance(person, int) and person else ""
    )


def progress_text(counts: t.Mapping[str, int], language: str = ENGLISH) -> str:
    """``3 succeeded, 2 running, 5 waiting, 4 to rerun``, without numbers that are 0.

    :param counts: as :func:`count` returns them.
    """
    numbers = {
        say(language, "succeeded"): counts["succeeded"],
        say(language, "running"): counts["running"],
        say(language, "waiting"): counts["waiting"],
        say(language, "to rerun"): counts[TO_RERUN],
        **{say(language, SHORT_WORDS[name]): counts[name] for name in MISSED},
    }
    parts = [say(language, "{n} {word}", number, word=word) for word, number in numbers.items() if number]
    return say(language, ", ").join(parts) or say(language, "{n} {word}", 0, word=say(language, "succeeded"))


def timeout_line(name: str, run: Passes, timing: Timing) -> Line:
    """Line that ``wait_timeout`` is over, and what happens to instances in progress."""
    text = say(
        run.language,
        "wait_timeout is over: {n} instance still in progress; what this play reran is stopped, and rerun once"
        "|wait_timeout is over: {n} instances still in progress; what this play reran is stopped, and rerun once"
        if timing.timeout_action == "stop_and_rerun"
        else "wait_timeout is over: {n} instance still in progress; what this play reran is stopped"
        "|wait_timeout is over: {n} instances still in progress; what this play reran is stopped",
        len(run.moving),
    )
    return Line(labelled(name, text), "bad")


def problem_line(name: str, problem: str, language: str = ENGLISH) -> Line:
    """Line about a problem that does not end the run."""
    return Line(labelled(name, localized(translated(language, printable(problem)))), "bad")


def _fitting(words: t.Sequence[str], columns: int, language: str) -> str:
    """As many of *words* as fit into *columns*, with commas between them; the rest is counted."""
    comma = say(language, ", ")
    for number in range(len(words), 0, -1):
        text = comma.join([*words[:number], *([say(language, "{n} more", len(words) - number)] if number < len(words) else [])])
        if width(text) <= columns:
            return text
    return shortened(comma.join(words), columns)
