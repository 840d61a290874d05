# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdict of a job_rerun task: its message and its last lines, with what to do. Pure. Text from the service goes through ``printable``."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass

from ...module_utils._common.text import counted, printable
from ...module_utils._common.times import duration_text, to_iso
from ...module_utils._config.credentials import SECRET_OPTIONS
from ...module_utils._models.selection import job_pattern
from .._common.local_times import localized, option_time
from .._common.tables import SCREEN, Line, shortened, wrapped
from .._report.command import Command
from .._report.words import ENGLISH, say, translated
from .console import progress_text
from .counts import MISSED, broken, count, policy_remedy, rerun_here
from .passes import IN_PROGRESS, INCOMPLETE, LIMIT, TO_RERUN, Passes, Result, error_kind, message_of

#: Most instances that a message names, and that the closing lines name; the rest is counted. The result has all.
NAMED = 3
MOST_LINES = 20
_REMEDIES = {
    "failed_again": "Fix the cause shown in their console logs, then run again without since (or with a later one), or raise attempts.",
    "rejected": "The service says: {reason}. Correct that, then run again without since (or with a later one).",
    "not_rerunnable": "Handle them in the console, or leave them out with jobs or instance_types.",
    "stopped": "Find out why they hung, then run again without since (or with a later one) and with manual-stop in statuses.",
    "blocked": "Confirm or continue them in the console, or bring to success what they depend on; then run again with {prefix}since={since} to see "
    "the end: nothing is sent twice.",
}
#: How the reason of a rejected instance begins, before what the service said.
_REJECTED = re.compile("^the service rejected it(?: at [^ ]+)?: ")
#: Account options that a command may show; secrets appear as their inventory variable instead.
_SHOWN = ("region", "cloud_domain", "project_id", "user_name", "domain_name", "agency_name", "agency_domain_name")
_SHOWN_ENDPOINTS = ("endpoint", "endpoint_v1", "iam_endpoint", "ca_path", "validate_certs", "allow_http", "api_version")


@dataclass(frozen=True)
class TaskRun:
    """Facts about a task for its message.

    :param host: name of the workspace in the inventory.
    :param check_mode: whether nothing was to be sent.
    :param timed_out: whether ``wait_timeout`` ended it.
    :param elapsed: seconds since the task began.
    :param lookup: command that shows the present state of instances with unknown outcome, or "".
    :param prefix: prefix of option names: ``dataarts_`` with the role, else "".
    """

    host: str
    workspace_id: str
    check_mode: bool = False
    wait: bool = True
    timed_out: bool = False
    elapsed: float = 0.0
    lookup: str = ""
    prefix: str = ""


def quiet_text(result: Result) -> str:
    """The quiet hours that kept the newest pass from sending, with their end; "" if there were none."""
    quiet_hours = result.get("quiet_hours")
    if not isinstance(quiet_hours, t.Mapping):
        return ""
    return f"quiet hours {printable(quiet_hours.get('window', ''), 80)}, until {printable(quiet_hours.get('until_iso', ''), 40)}"


def verdict(run: Passes, place: TaskRun) -> tuple[bool, str]:
    """Whether the task failed, and its message: verb, object, cause and what to do, with times in the terminal's zone."""
    failed, msg = _verdict(run, place)
    return failed, localized(msg)


def _verdict(run: Passes, place: TaskRun) -> tuple[bool, str]:
    if run.error is not None:
        return True, _stopped(run, run.error, place)
    own = printable(run.base["msg"], 4000) if run.base.get("failed") and run.base.get("msg") else ""
    if error_kind(run.base) == LIMIT:
        counts = count(run)
        return True, f"{own} Before that, {progress_text(counts)}." if counts["rerun"] else own
    if place.check_mode:
        return bool(own), own or _planned(run, place)
    missed = broken(run)
    waited = place.wait or place.timed_out
    if run.unsent or (run.moving and waited) or any(missed.values()):
        return True, _bad(run, place, missed, run.moving if waited else [])
    return bool(own), own or _good(run, place)


def early_line(name: str, msg: str, workspace_id: str, language: str = ENGLISH) -> Line:
    """Line that a workspace has failed, shortened to one row, as soon as that is known; the whole message follows at the end."""
    lead, colon, cause = msg.replace(f" of workspace {workspace_id}", "").partition(": ")
    msg = cause if colon and lead == "Failed to rerun job instances" else f"{lead}{colon}{cause}"
    return Line(shortened(f"{name}  {translated(language, printable(msg, 1000))}", SCREEN.columns), "bad")


def verdict_line(host: str, msg: str, language: str = ENGLISH) -> Line:
    """Line about the end of a workspace, for results that Ansible does not show as failures."""
    text = localized(translated(language, printable(msg, 4000)))
    return Line("\n".join(wrapped(say(language, "{host}: {text}", host=host, text=text))))


def verdict_text(result: Result, msg: str, *, shown_below: bool = False, language: str = ENGLISH) -> str:
    """The message about a workspace above the closing lines: a few words if those show the rest, else the whole *msg*.

    :param result: of the workspace's task.
    :param shown_below: whether the closing lines show the whole message, see ``closing.message_told``.
    """
    counts = result.get("recap")
    counts = counts if isinstance(counts, t.Mapping) else {}
    if shown_below and error_kind(result) == LIMIT:
        return say(language, "Refused. See below.")
    if shown_below and not counts.get("rerun") and not result.get("changed"):
        return say(language, "Nothing was rerun. See below.")
    by_table = error_kind(result) == INCOMPLETE and counts.get("broken") and not result.get("problems")
    if counts and (shown_below or by_table):
        return say(language, "{text}. See below.", text=progress_text(counts, language))
    return translated(language, msg)


def sent_message(run: Passes, place: TaskRun) -> str:
    """The message of a task that has sent all that can be sent now and leaves the rest to the next task."""
    unsent = f", {len(run.unsent)} to be sent later" if run.unsent else ""
    return f"Sent {counted(len(rerun_here(run)), 'instance')} in workspace {place.workspace_id}; {len(run.moving)} in progress{unsent}."


def closing_lines(run: Passes, place: TaskRun, msg: str) -> list[Line]:
    """The last lines of a task outside the role; none in the role, which prints closing lines for all workspaces.

    They are the message, unless Ansible shows it as a failure, and a line for each instance that missed the goal, unless the run could not tell.
    """
    if place.prefix:
        return []
    failed, language = verdict(run, place)[0], run.language
    text = say(language, "{host}: {text}", host=place.host, text=translated(language, msg))
    lines = [] if failed else [Line("\n".join(wrapped(text)), "busy" if place.check_mode else "good")]
    if run.error is not None:
        return lines
    troubled = [instance for instances in broken(run).values() for instance in instances]
    if place.timed_out:
        troubled += [*run.moving, *run.unsent]
    lines += [_trouble_line(place.host, instance, language) for instance in troubled[:MOST_LINES]]
    if len(troubled) > MOST_LINES:
        lines.append(Line(say(language, "{host}:   and {n} more", len(troubled) - MOST_LINES, host=place.host)))
    return lines


def _trouble_line(host: str, instance: Result, language: str) -> Line:
    error = f" ({printable(instance['error_message'], 200)})" if instance.get("error_message") else ""
    reason = translated(language, printable(instance.get("reason", ""), 300))
    word, name = translated(language, printable(_word(instance))), translated(language, instance_name(instance))
    text = say(language, "{host}:   {word}: {name}: {reason}", host=host, word=word, name=name, reason=reason)
    return Line("\n".join(wrapped(localized(text + error), further="    ")), "bad")


def _word(instance: Result) -> str:
    """The word for an instance's standing. An instance in progress whose status does not show the rerun yet is "sent" or "waiting"."""
    where, status = str(instance.get("standing")), str(instance.get("status"))
    if where in IN_PROGRESS and status not in IN_PROGRESS:
        return "sent" if instance.get("action") != "wait" and instance.get("attempts") else "waiting"
    return "to rerun" if where == TO_RERUN else MISSED.get(where, status)


def instance_name(instance: Result) -> str:
    """An instance for people: its job and its plan time."""
    plan_time = instance.get("plan_time")
    when = f" planned {to_iso(plan_time)}" if isinstance(plan_time, int) else ""
    return f"{printable(instance.get('job_name', '?'), 100)}{when}"


def lookup_command(host: str, command: Command, args: Result, names: t.Iterable[str]) -> str:
    """The ad-hoc command that lists the instances of jobs *names*.

    :param command: how the play was started.
    :param args: the task's options. Secrets are replaced by their inventory variable ``dataarts_<option>``. So are values that could be templates,
        because Ansible would evaluate them and names come from the service.
    """
    options: dict[str, t.Any] = {"workspace_id": args.get("workspace_id"), "jobs": sorted(set(map(job_pattern, names))), "short": True}
    options.update(
        {name: args[name] for name in (*_SHOWN, *_SHOWN_ENDPOINTS, "planned_after", "planned_before") if args.get(name) not in (None, "")}
    )
    referred = [name for name in SECRET_OPTIONS if args.get(name)] + [name for name, value in options.items() if "{" in str(value)]
    options.update({name: f"{{{{ dataarts_{name} }}}}" for name in referred})
    return shlex.join(command.ad_hoc(host, "job_instance_info", options))


def _stopped(run: Passes, error: Result, place: TaskRun) -> str:
    """The message of a run that cannot go on: the module's own, and what earlier passes had achieved."""
    text = printable(message_of(error), 4000)
    nothing_sent = not run.moving and not any(instance.get("rerun") for instance in run.instances.values())
    if run.base is error or run.only_planned or nothing_sent:
        ours = rerun_here(run)
        if not ours:
            return text
        return (
            f"{text} Before that, {counted(len(ours), 'instance')} of {_jobs(ours)} {'was' if len(ours) == 1 else 'were'} rerun; "
            f"run again with {place.prefix}since={_since(run)} to go on: nothing is sent twice."
        )
    return (
        f"Failed to watch {counted(len(run.instances), 'instance')} of workspace {place.workspace_id} to the end: {text} "
        f"Before that, {progress_text(count(run))}. "
        f"What was sent goes on by itself; run again with {place.prefix}since={_since(run)} to see the end: nothing is sent twice."
    )


def _planned(run: Passes, place: TaskRun) -> str:
    due = run.having({"retry"})
    if not due:
        return f"Nothing to rerun in workspace {place.workspace_id}{_no_match(run)}."
    return f"Would rerun {counted(len(due), 'instance')} of {_jobs(due)} in workspace {place.workspace_id}."


def _good(run: Passes, place: TaskRun) -> str:
    ours, adopted = rerun_here(run), sum(bool(instance.get("adopted")) for instance in run.instances.values())
    in_progress = len(run.moving)
    what = f"Reran {counted(len(ours), 'instance')} of {_jobs(ours)}" if ours else "Nothing to rerun"
    what += f" in workspace {place.workspace_id}"
    if adopted:
        what += f" ({adopted} had been rerun before, since {to_iso(run.since or 0)})"
    if in_progress:
        return f"{what}; {'1 is' if in_progress == 1 else f'{in_progress} are'} in progress, not waited for."
    return f"{what}: all succeeded, {duration_text(place.elapsed)}." if ours or adopted else f"{what}{_no_match(run)}."


def _no_match(run: Passes) -> str:
    """What may be wrong if the run found no instance at all, not even one that has succeeded."""
    return (
        "" if run.instances or run.already_done else ": no instance matches; check jobs, planned_after, planned_before and instance_types"
    )


def _bad(run: Passes, place: TaskRun, missed: t.Mapping[str, list[Result]], moving: list[Result]) -> str:
    parts = [f"{len(instances)} {MISSED[name]} ({_named(instances)})" for name, instances in missed.items() if instances]
    after = f"after {duration_text(place.elapsed)}"
    if moving:
        word = "in progress when the service answered last," if run.failed_passes else "still in progress"
        parts.append(f"{len(moving)} {word} {after} ({_named(moving)})")
    quiet_hours = quiet_text(run.base)
    if run.unsent:
        word = "possibly not sent" if run.unclear else f"not sent in {quiet_hours}" if quiet_hours else "not sent yet"
        parts.append(f"{len(run.unsent)} {word}{'' if quiet_hours else f' {after}'} ({_named(run.unsent)})")
    remedies = [_remedy(run, place, name, instances) for name, instances in missed.items() if instances and name in _REMEDIES]
    if run.unsent and quiet_hours and not moving:
        remedies.append(
            f"They may be sent from then on: run again with {place.prefix}since={_since(run)}, nothing is sent twice; or raise wait_timeout."
        )
    elif moving or run.unsent:
        remedies.append(
            f"What was sent goes on by itself: run again with {place.prefix}since={_since(run)} to see the end, nothing is sent twice; or raise wait_timeout."
        )
    if missed["unknown"] and place.lookup:
        remedies.append(f"See what became of the unknown ones with: {place.lookup}")
    remedies += _reasons(run, late=bool(moving or run.unsent))
    remedies += [printable(run.problems[-1])] if run.failed_passes and run.problems else []
    bad = sum(map(len, missed.values())) + len(moving) + len(run.unsent)
    meant = sum(instance.get("standing") not in ("already_done", "other") for instance in run.instances.values())
    what = f"Failed to bring {bad} of {counted(meant, 'instance')} of workspace {place.workspace_id} to success"
    return f"{what}: {'; '.join(parts)}. {' '.join(remedies)}"


def _remedy(run: Passes, place: TaskRun, name: str, instances: list[Result]) -> str:
    by_policy = policy_remedy(instances)
    if by_policy and all(instance.get("policy") for instance in instances):
        return by_policy
    reason = _REJECTED.sub("", printable(instances[0].get("reason", ""), 300)).rstrip(".")
    return _REMEDIES[name].replace("{prefix}", place.prefix).replace("{since}", _since(run)).replace("{reason}", reason)


def _reasons(run: Passes, *, late: bool) -> list[str]:
    """Problems that failed the module but show at no instance, such as jobs that could not be listed; if *late*, all of the newest pass.

    :param late: whether instances are unfinished or unsent, which any problem may explain.
    """
    msg = str(run.base.get("msg", "")) if run.base.get("failed") else ""
    return [printable(problem) for problem in run.base.get("problems") or () if late or str(problem).rstrip(".") in msg][:NAMED]


def _named(instances: list[Result]) -> str:
    names = [instance_name(instance) for instance in instances[:NAMED]]
    if len(instances) > NAMED:
        names.append(f"and {len(instances) - NAMED} more")
    return ", ".join(names)


def _since(run: Passes) -> str:
    return option_time(run.since) if run.since is not None else "the first run's since"


def _jobs(instances: list[Result]) -> str:
    return counted(len({instance.get("job_name") for instance in instances}), "job")
