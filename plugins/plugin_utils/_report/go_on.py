# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one command that goes on with all workspaces of a play, or starts it again after an interruption. Pure.

It has an absolute ``since``, so that what the run has sent is not sent twice.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from types import MappingProxyType

from .._common.local_times import option_time
from .._common.tables import Line, command_lines, lines_of
from .._inventory.names import host_pattern
from .command import Command
from .next_steps import SAME, deadline_option, groups_of, host_of, plans_variables, would_rerun
from .repair import is_repair, to_make
from .summary import plans
from .words import ENGLISH, say, translated

Result = t.Mapping[str, t.Any]

#: Most hosts that a command names; with more, it is for all hosts again.
_HOSTS = 3
#: Next steps that need a rerun with a later ``since``.
_ONCE_MORE = frozenset({"failed_again", "rejected"})
#: Next steps that a run with the same ``since`` does not help: skipped instances are rerun with what they depend on, blocked ones need a person.
_LEFT = frozenset({"skipped", "blocked"})
#: Fewest workspaces with next steps for which the page shows one command for all.
_SEVERAL = 2
_WINDOW = ("planned_after", "planned_before")
_NO_COMMAND = frozenset({"not_rerunnable"})


class _Step(t.NamedTuple):
    """The parts of the command.

    :param lead: line above it.
    :param variables: extra variables as data; *texts*: extra variables in the form ``name=value``.
    :param file: file of further variables.
    :param check: whether it is run in check mode.
    :param unbound: whether it is not bound to the approved plans.
    """

    lead: str
    limit: str | None = None
    variables: t.Mapping[str, t.Any] = MappingProxyType({})
    texts: t.Mapping[str, str] = MappingProxyType({})
    file: str = ""
    check: bool = False
    unbound: bool = False

    def text(self, command: Command) -> str:
        """The shell command; for AWX, the extra variables as JSON."""
        if command.awx:
            check = {"dataarts_check_only": "yes"} if self.check else {}
            return command.line(None, {**self.variables, **self.texts, **check})
        words = (command.unbound() if self.unbound else command).words(
            self.limit, self.variables, texts=self.texts, file=self.file, check=self.check
        )
        return "\n".join(command_lines(words))


def go_on_lines(report: Result, command: Command, plans_file: str = "", language: str = ENGLISH, *, more: bool = False) -> list[Line]:
    """The command to go on after the run of *report*, with a line above it; empty if nothing is left to do.

    :param plans_file: file of the plans that check mode wrote; "" if it wrote none.
    :param more: whether the play has not begun all of its workspaces, so that the command must include these.
    """
    step = _check_mode(report, command, plans_file) if report["check_mode"] else _run(report, command, more=more)
    if step is None:
        return []
    if command.awx and command.approved:
        # A step of an AWX workflow takes only the variables of its workflow.
        text = say(language, "To go on, launch the workflow again: it plans anew what is left, and nothing is sent twice.")
        return lines_of(text)
    lead = translated(language, step.lead)
    lead = say(language, "{lead}, launch the job template with:", lead=lead[:-1]) if command.awx else lead
    return [*lines_of(lead), Line(step.text(command))]


def go_on_step(report: Result, command: Command) -> t.Optional[t.Dict[str, str]]:
    """The same for the page, as ``text`` and ``command``, if several workspaces have next steps; else None."""
    if report["check_mode"] or sum(bool(workspace["next_steps"]) for workspace in report["workspaces"]) < _SEVERAL:
        return None
    step = _run(report, command)
    return None if step is None else {"text": step.lead, "command": step.text(command)}


def interrupted_lines(command: Command, since: int, scope: Result = MappingProxyType({}), language: str = ENGLISH) -> list[Line]:
    """The command to go on after the run was interrupted.

    :param since: the earliest of the run's workspaces, epoch ms.
    :param scope: result of one of them, for its window. The command only has the parts of the window that are the same in all workspaces: those set
        on the command line, and the default start if no variable sets it.
    """
    lead = say(language, "Go on with (nothing is sent twice):")
    texts = {"dataarts_since": option_time(since)}
    chosen = [name for name in _WINDOW if f"dataarts_{name}" in command.selection or (name == "planned_after" and not command.beginning)]
    names = _WINDOW if command.plan else chosen  # failures since then are not part of an approved plan
    texts |= {f"dataarts_{name}": option_time(scope[name]) for name in names if scope.get(name)}
    # Approved plans contain all of this.
    step = _Step(lead, command.limit, _jobs(command), {} if command.approved else texts)
    return [Line(lead), Line(step.text(command))]


def _check_mode(report: Result, command: Command, plans_file: str) -> _Step | None:
    if command.awx or not any(would_rerun(workspace) or to_make(workspace) for workspace in report["workspaces"]):
        return None  # with AWX, its workflow goes on
    if plans_file and not command.related:
        return _Step("To rerun exactly this:", command.limit, _jobs(command), deadline_option(report["workspaces"]), file=plans_file)
    if (is_repair(report) or command.plan_required) and not (command.approved or command.plan or command.related):
        planned = plans_variables(plans({workspace["host"]: workspace for workspace in report["workspaces"]}))
        if not any(planned.values()):  # no workspace has a plan
            return _check_first(command)
        lead = "To repair exactly this (nothing is sent twice):" if is_repair(report) else "To rerun exactly this:"
        return _Step(lead, command.limit, _jobs(command) | planned)
    return _same_since("To rerun this (nothing is sent twice):", report, command)


def _run(report: Result, command: Command, *, more: bool = False) -> _Step | None:
    # Workspaces that were refused would be refused again.
    going = [workspace for workspace in report["workspaces"] if not workspace["refused"]]
    # A host that also stands for a workspace that goes on cannot be left out.
    hosts = {host_of(workspace) for workspace in going}
    refused = list(dict.fromkeys(host for host in map(host_of, report["workspaces"]) if host not in hosts))
    steps = {step["standing"] for workspace in going for step in workspace["next_steps"]} - _NO_COMMAND
    if not steps:
        if not refused or not command.approved:
            return None
        limit = ",".join(map(host_pattern, refused)) if len(refused) <= _HOSTS else command.limit
        texts = _window(report, command)  # the window of the plan
        return _Step("To see the plan as it is now, and approve that:", limit, _jobs(command), texts, check=True, unbound=True)
    if steps & _ONCE_MORE and steps <= _ONCE_MORE | _LEFT:
        return _once_more(report, command, whole=more or not steps <= _ONCE_MORE)
    if command.related and steps == {"in_progress"}:
        return _same_since("To see where it stands:", report, command, check=True)
    if not any(workspace["since"] for workspace in going):
        # It is unknown what was sent, and a refused plan would be refused again.
        return _check_first(command)
    if not refused:
        corrected = "When the cause is corrected, to go on (nothing is sent twice):"
        return _same_since(corrected if steps == {"incomplete"} else "To go on (nothing is sent twice):", report, command)
    others = f"{command.limit or 'all'}{''.join(f',!{host_pattern(host)}' for host in refused)}"
    return _same_since("To go on with the others (nothing is sent twice):", {**report, "workspaces": going}, replace(command, limit=others))


def _check_first(command: Command) -> _Step:
    lead = "When the cause is corrected, to see first what would be sent:"
    return _Step(lead, command.limit, {} if command.related else command.selection, check=True, unbound=True)


def _same_since(lead: str, report: Result, command: Command, *, check: bool = False) -> _Step:
    since = min((workspace["since"] for workspace in report["workspaces"] if workspace["since"]), default=None)
    texts = {"dataarts_since": option_time(since)} if since else {}
    # Approved plans contain both.
    texts = {} if command.approved else texts | _window(report, command)
    texts |= {} if command.related else deadline_option(report["workspaces"])
    return _Step(lead, command.limit, _jobs(command), texts, check=check)


def _window(report: Result, command: Command) -> dict[str, str]:
    """The window of the run as absolute options, if it was the same in all workspaces: a relative window would move."""
    texts = {}
    for name in _WINDOW:
        times = [workspace[name] for workspace in report["workspaces"] if workspace[name]]
        # planned_before is left out if the window ended when the run began, as is the default; it ended earlier if the inventory set it.
        early = all((workspace["since"] or 0) - workspace[name] > SAME for workspace in report["workspaces"] if workspace[name])
        meant = name == "planned_after" or f"dataarts_{name}" in command.selection or early or command.plan
        if times and meant and not command.related and max(times) - min(times) <= SAME:
            texts[f"dataarts_{name}"] = option_time(min(times) if name == "planned_after" else max(times))
    return texts


def _once_more(report: Result, command: Command, *, whole: bool) -> _Step:
    """The command that reruns broken instances once more, and only once however often it is run: its ``since`` is later than all their times.

    :param whole: whether it is for the whole scope of the run, because other instances or workspaces are left too.
    """
    hosts, times, planned = [], [0], []
    for workspace in report["workspaces"]:
        groups = groups_of(workspace, report["check_mode"])
        instances = [instance for name in _ONCE_MORE for instance in groups[name]]
        hosts += [host_of(workspace)] if instances and host_of(workspace) not in hosts else []
        times += [int(instance.get(name) or 0) for instance in instances for name in ("start_time", "end_time", "sent_time")]
        times += [workspace["since"] or 0] if instances else []
        planned += [int(instance["plan_time"]) for instance in instances]
    limit = command.limit if whole or len(hosts) > _HOSTS else ",".join(map(host_pattern, hosts))
    texts = {"dataarts_since": option_time(max(times) + 1)}
    if not command.related:
        texts |= _window(report, command) | ({} if whole else {"dataarts_planned_after": option_time(min(planned))})
        texts |= deadline_option(report["workspaces"])
    check = command.plan_required
    lead = (
        "When the cause is corrected, to see first what would be sent:"
        if check
        else "When the cause is corrected, to rerun them once more:"
    )
    return _Step(lead, limit, _jobs(command), texts, check=check, unbound=True)


def _jobs(command: Command) -> dict[str, t.Any]:
    return {} if command.related else {"dataarts_jobs": command.selection.get("dataarts_jobs")}
