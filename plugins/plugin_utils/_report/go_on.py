# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one command to type next, over all workspaces of a play: to go on, or to start again after an interruption. Pure.

It holds an absolute ``since``: what the run sent is found again, and not sent twice.
"""

from __future__ import annotations

import typing as t

from .._common.lines import Line
from .._common.local_times import option_time
from .._common.tables import command_lines, wrapped
from .command import Command
from .next_steps import groups_of, would_rerun

Result = t.Mapping[str, t.Any]

#: Hosts that a command names; with more of them it is for all hosts again.
_HOSTS = 3
#: So far apart, milliseconds, may the windows of workspaces begin that were meant to begin at the same time.
_SAME = 60_000
#: Next steps after which a rerun of their own is due, with a later ``since``.
_ONCE_MORE = frozenset({"failed_again", "rejected"})
_NO_COMMAND = frozenset({"not_rerunnable"})


def go_on_lines(report: Result, command: Command, plans_file: str = "") -> list[Line]:
    """What to type next, after the run of *report*; nothing if nothing is left to do.

    :param plans_file: file of the plans that check mode wrote; "" if it wrote none.
    """
    lead, words = _check_mode(report, command, plans_file) if report["check_mode"] else _run(report, command)
    if not words:
        return []
    if command.awx:
        return []  # the report shows variables for the job template; what AWX runs next is its workflow's matter
    return [*(Line(line) for line in wrapped(lead)), Line("\n".join(command_lines(words)))]


def interrupted_lines(command: Command, since: int, *, interrupted: bool = False) -> list[Line]:
    """What to type if the run is, or was, *interrupted*.

    :param since: of the run's first workspace, epoch ms; rounded down to the second, as others may have begun a moment before.
    """
    words = command.words(command.limit, _jobs(command), texts={"dataarts_since": option_time(since // 1000 * 1000)})
    head = "Go on with (nothing is sent twice):" if interrupted else "If this is interrupted, go on with (nothing is sent twice):"
    return [Line(head), Line("\n".join(command_lines(words)))]


def _check_mode(report: Result, command: Command, plans_file: str) -> tuple[str, list[str]]:
    if command.related or not any(would_rerun(workspace) for workspace in report["workspaces"]):
        return "", []
    if plans_file:
        return "To rerun exactly this:", command.words(command.limit, _jobs(command), file=plans_file)
    return "To rerun this (nothing is sent twice):", _same_since(report, command, command.limit)


def _run(report: Result, command: Command) -> tuple[str, list[str]]:
    # What was refused as a whole would be again.
    going = [workspace for workspace in report["workspaces"] if not workspace["refused"]]
    steps = {step["standing"] for workspace in going for step in workspace["next_steps"]} - _NO_COMMAND
    if not steps:
        return "", []
    if steps <= _ONCE_MORE:
        return "When the cause is corrected, to rerun them once more:", _once_more(report, command)
    if not any(workspace["since"] for workspace in report["workspaces"]):
        # Nobody knows what was sent.
        return "When the cause is corrected, see first what would be sent:", command.words(command.limit, _jobs(command), check=True)
    words = _same_since(report, command, command.limit)
    return "To go on (nothing is sent twice):", [*words, "--check"] if command.related else words


def _same_since(report: Result, command: Command, limit: str | None) -> list[str]:
    since = min((workspace["since"] for workspace in report["workspaces"] if workspace["since"]), default=None)
    texts = {"dataarts_since": option_time(since)} if since else {}
    if command.approved:
        texts = {}  # both come with the plans
    else:
        texts |= _window(report, command)
    return command.words(limit, _jobs(command), texts=texts)


def _window(report: Result, command: Command) -> dict[str, str]:
    """The window of the run as options, where it was the same in all workspaces: a relative one is another one by then."""
    texts = {}
    for name in ("planned_after", "planned_before"):
        times = [workspace[name] for workspace in report["workspaces"] if workspace[name]]
        # Left out, the window ends when the command is run.
        meant = name == "planned_after" or f"dataarts_{name}" in command.selection or command.related
        if times and meant and max(times) - min(times) <= _SAME:
            texts[f"dataarts_{name}"] = option_time(min(times) if name == "planned_after" else max(times))
    return texts


def _once_more(report: Result, command: Command) -> list[str]:
    """The command that reruns what is broken once more, however often it is run: its ``since`` is later than all that is known of it."""
    hosts, times, planned = [], [0], []
    for workspace in report["workspaces"]:
        groups = groups_of(workspace, report["check_mode"])
        instances = [instance for name in _ONCE_MORE for instance in groups[name]]
        hosts += [workspace["host"]] if instances else []
        times += [int(instance.get(name) or 0) for instance in instances for name in ("start_time", "end_time", "sent_time")]
        times += [workspace["since"] or 0] if instances else []
        planned += [int(instance["plan_time"]) for instance in instances]
    limit = ",".join(hosts) if len(hosts) <= _HOSTS else command.limit
    texts = {"dataarts_since": option_time(max(times) + 1), "dataarts_planned_after": option_time(min(planned))}
    variables = {**_jobs(command), **({"dataarts_plans": ""} if command.approved else {})}
    return command.words(limit, variables, texts=texts)


def _jobs(command: Command) -> dict[str, t.Any]:
    return {"dataarts_jobs": command.selection.get("dataarts_jobs")}
