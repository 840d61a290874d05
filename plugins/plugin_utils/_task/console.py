# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Console lines: what a job_rerun task says while it runs, and at its end.

Pure: :class:`Passes` go in, lines of text come out. Text that came from the service goes through ``printable``.
"""

from __future__ import annotations

import json
import shlex
import typing as t
from dataclasses import dataclass

from ...module_utils._common.text import counted, printable
from ...module_utils._common.times import duration_text, to_iso
from ...module_utils._models.selection import job_pattern
from ...module_utils._planner.outcomes import MISSED_WORDS
from .counts import MISSED, broken, count, sent_here
from .passes import IN_PROGRESS, LIMIT, OPEN, TO_RERUN, Passes, Result, error_kind, identity, message_of

#: How many instances a message names; the rest is counted. The closing lines name more, a result all.
NAMED = 3
MOST_LINES = 20

#: How people say what became of an instance that missed the goal, by its standing.
_WORDS = {action.value: words for action, words in MISSED_WORDS.items()}
_REMEDIES = {
    "failed_again": "Correct what their logs in the console show, then run again without since (or with a later one), or raise attempts.",
    "rejected": "The service says: {reason}. Correct that, then run again without since (or with a later one).",
    "not_rerunnable": "Handle them in the console, or leave them out with jobs or instance_types.",
    "blocked": "Confirm or continue them in the console, or bring to success what they depend on; then run again with {prefix}since={since} to see "
    "the end: nothing is sent twice.",
}
#: Options that say where the service is and who asks, as far as they may be shown; secrets are named by their inventory variable instead.
_SHOWN = ("region", "cloud_domain", "project_id", "user_name", "domain_name", "agency_name", "agency_domain_name")
_SHOWN_ENDPOINTS = ("endpoint", "endpoint_v1", "iam_endpoint", "ca_path", "validate_certs", "allow_http", "api_version")
_SECRETS = ("access_key", "secret_key", "security_token", "auth_token", "user_password")


@dataclass(frozen=True)
class TaskRun:
    """Where a task runs, and how it ended.

    :param host: the inventory's name of the workspace.
    :param check_mode: whether nothing was to be sent.
    :param timed_out: whether ``wait_timeout`` ended it.
    :param elapsed: seconds since the task began.
    :param lookup: command that finds out what became of an instance, or "".
    :param prefix: what stands before the name of an option where it is given: ``dataarts_`` with the role.
    """

    host: str
    workspace_id: str
    check_mode: bool = False
    wait: bool = True
    timed_out: bool = False
    elapsed: float = 0.0
    lookup: str = ""
    prefix: str = ""


def plan_on_console(host: str, run: Passes) -> list[str]:
    """The plan of the first pass, each line under the host's name."""
    return [f"{host}: {printable(line)}" for line in run.plan]


def resume_line(host: str, run: Passes, prefix: str = "") -> str:
    """With what the play can be started again, where nobody gave a ``since``: that of its first workspace, which began before the others."""
    since = to_iso((run.since or 0) // 1000 * 1000)
    return f"{host}:   no since was given: if this is interrupted, start it again with {prefix}since={since}, and nothing is sent twice"


def headed(host: str, diff: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """*diff* with the name of the host in its headers: it is shown among the lines of other hosts."""
    return {**diff, **{name: f"{host}: {diff[name]}" for name in ("before_header", "after_header") if diff.get(name)}}


def progress_line(host: str, counts: t.Mapping[str, int], elapsed: float) -> str:
    """The live line of a workspace, *elapsed* seconds after the task began."""
    return f"{host}: {progress_text(counts)}, {duration_text(elapsed)}"


def progress_text(counts: t.Mapping[str, int]) -> str:
    """``3 succeeded, 2 running, 5 waiting, 0 failed again``; what is rarer is named only where it happened.

    :param counts: what :func:`count` returns.
    """
    parts = [
        f"{counts['succeeded']} succeeded",
        f"{counts['running']} running",
        f"{counts['waiting'] + counts['to_rerun']} waiting",
        f"{counts['failed_again']} failed again",
    ]
    parts += [f"{counts[name]} {_WORDS[name]}" for name in MISSED if name != "failed_again" and counts[name]]
    return ", ".join(parts)


def problem_line(host: str, problem: str) -> str:
    """Something that went wrong without ending the run, when it is first seen."""
    return f"{host}: {printable(problem)}"


def verdict(run: Passes, place: TaskRun) -> tuple[bool, str]:
    """Whether the task failed, and its message: the verb, the object, the cause and what to do."""
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


def closing_lines(run: Passes, place: TaskRun, msg: str) -> list[str]:
    """What is printed at the end of a task: its message, then a line for each instance that is not where it should be, unless the run
    ended before it could know."""
    lines = [f"{place.host}: {msg}"]
    if run.error is not None:
        return lines
    troubled = [instance for instances in broken(run).values() for instance in instances]
    if place.timed_out:
        troubled += run.having(OPEN)
    lines += [_trouble_line(place.host, instance) for instance in troubled[:MOST_LINES]]
    if len(troubled) > MOST_LINES:
        lines.append(f"{place.host}:   and {len(troubled) - MOST_LINES} more")
    return lines


def trouble_lines(host: str, run: Passes, shown: set[t.Any]) -> list[str]:
    """A line for each instance that will not succeed without a person, as soon as it is known, while the others are still watched.

    :param shown: which were shown before; added to. Beyond :data:`MOST_LINES` they are only counted, by the progress.
    """
    lines = []
    for instance in (instance for instances in broken(run).values() for instance in instances):
        what = (*identity(instance), instance.get("action"))
        if what not in shown and len(shown) < MOST_LINES:
            shown.add(what)
            lines.append(_trouble_line(host, instance))
    return lines


def _trouble_line(host: str, instance: Result) -> str:
    error = f" ({printable(instance['error_message'], 200)})" if instance.get("error_message") else ""
    return f"{host}:   {printable(_word(instance))}: {instance_name(instance)}: {printable(instance.get('reason', ''), 300)}{error}"


def _word(instance: Result) -> str:
    """Where an instance stands, for a line about it. What is in progress and shows no rerun yet has the status of what was before."""
    where, status = str(instance.get("standing")), str(instance.get("status"))
    if where in IN_PROGRESS and status not in IN_PROGRESS:
        return "sent" if instance.get("action") != "wait" and instance.get("attempts") else "waiting"
    return "waiting" if where == TO_RERUN else _WORDS.get(where, status)


def instance_name(instance: Result) -> str:
    """An instance as people know it: its job and the time it was planned for."""
    plan_time = instance.get("plan_time")
    when = f" planned {to_iso(plan_time)}" if isinstance(plan_time, int) else ""
    return f"{printable(instance.get('job_name', '?'), 100)}{when}"


def lookup_command(host: str, inventories: t.Sequence[str], args: Result, names: t.Iterable[str]) -> str:
    """The ad-hoc command that shows what became of the instances of jobs *names*.

    :param inventories: sources of the inventory; given with ``-i``.
    :param args: the task's options. A secret is never copied: its place takes the inventory variable ``dataarts_<option>``. Nor is what
        could be a template, which Ansible would evaluate: names and ids come from the service.
    """
    options: dict[str, t.Any] = {"workspace_id": args.get("workspace_id"), "jobs": sorted(set(map(job_pattern, names)))}
    options.update(
        {name: args[name] for name in (*_SHOWN, *_SHOWN_ENDPOINTS, "planned_after", "planned_before") if args.get(name) not in (None, "")}
    )
    referred = [name for name in _SECRETS if args.get(name)] + [name for name, value in options.items() if "{" in str(value)]
    options.update({name: f"{{{{ dataarts_{name} }}}}" for name in referred})
    sources = [word for source in inventories for word in ("-i", source)]
    words = [
        "ansible",
        host,
        *sources,
        "-m",
        "dataarts.factory.job_instance_info",
        "-a",
        json.dumps(options, ensure_ascii=False, default=str),
    ]
    return shlex.join(words)


def _stopped(run: Passes, error: Result, place: TaskRun) -> str:
    """The message of a run that cannot go on: the module's own, and what earlier passes had reached."""
    text = printable(message_of(error), 4000)
    nothing_sent = not run.moving and not any(instance.get("rerun") for instance in run.instances.values())
    if run.base is error or run.only_planned or nothing_sent:
        rerun_here = [instance for instance in run.instances.values() if sent_here(instance)]
        if not rerun_here:
            return text
        return (
            f"{text} Before that, {counted(len(rerun_here), 'instance')} of {_jobs(rerun_here)} {'was' if len(rerun_here) == 1 else 'were'} rerun; "
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
    rerun_here = [instance for instance in run.instances.values() if sent_here(instance)]
    adopted = [instance for instance in run.instances.values() if instance.get("adopted")]
    in_progress = len(run.moving)
    what = f"Reran {counted(len(rerun_here), 'instance')} of {_jobs(rerun_here)}" if rerun_here else "Nothing to rerun"
    what += f" in workspace {place.workspace_id}"
    if adopted:
        what += f" ({len(adopted)} had been rerun before, since {_since(run)})"
    if in_progress:
        return f"{what}; {'1 is' if in_progress == 1 else f'{in_progress} are'} in progress, not waited for."
    return f"{what}: all succeeded, {duration_text(place.elapsed)}." if rerun_here or adopted else f"{what}{_no_match(run)}."


def _no_match(run: Passes) -> str:
    """What may be wrong where not even an instance that succeeded was found."""
    return (
        "" if run.instances or run.already_done else ": no instance matches; check jobs, planned_after, planned_before and instance_types"
    )


def _bad(run: Passes, place: TaskRun, missed: t.Mapping[str, list[Result]], moving: list[Result]) -> str:
    parts = [f"{len(instances)} {_WORDS[name]} ({_named(instances)})" for name, instances in missed.items() if instances]
    after = f"after {duration_text(place.elapsed)}"
    if moving:
        parts.append(f"{len(moving)} still in progress {after} ({_named(moving)})")
    if run.unsent:
        parts.append(f"{len(run.unsent)} not sent yet {after} ({_named(run.unsent)})")
    remedies = [_remedy(run, place, name, instances) for name, instances in missed.items() if instances and name in _REMEDIES]
    if moving or run.unsent:
        remedies.append(
            f"What was sent goes on by itself: run again with {place.prefix}since={_since(run)} to see the end, nothing is sent twice; or raise wait_timeout."
        )
    if missed["unknown"] and place.lookup:
        remedies.append(f"See what became of the unknown ones with: {place.lookup}")
    remedies += _reasons(run, late=bool(moving or run.unsent))
    bad = sum(map(len, missed.values())) + len(moving) + len(run.unsent)
    meant = sum(instance.get("standing") not in ("already_done", "other") for instance in run.instances.values())
    what = f"Failed to bring {bad} of {counted(meant, 'instance')} of workspace {place.workspace_id} to success"
    return f"{what}: {'; '.join(parts)}. {' '.join(remedies)}"


def _remedy(run: Passes, place: TaskRun, name: str, instances: list[Result]) -> str:
    reason = printable(instances[0].get("reason", ""), 300).rstrip(".")
    return _REMEDIES[name].replace("{prefix}", place.prefix).replace("{since}", _since(run)).replace("{reason}", reason)


def _reasons(run: Passes, *, late: bool) -> list[str]:
    """Problems for which the module failed although no instance shows them, as jobs that do not exist or could not be listed; and, where
    something is *late*, all that the newest pass had: they may be why."""
    msg = str(run.base.get("msg", "")) if run.base.get("failed") else ""
    return [printable(problem) for problem in run.base.get("problems") or () if late or str(problem).rstrip(".") in msg][:NAMED]


def _named(instances: list[Result]) -> str:
    names = [instance_name(instance) for instance in instances[:NAMED]]
    if len(instances) > NAMED:
        names.append(f"and {len(instances) - NAMED} more")
    return ", ".join(names)


def _since(run: Passes) -> str:
    return to_iso(run.since) if run.since is not None else "the first run's since"


def _jobs(instances: list[Result]) -> str:
    return counted(len({instance.get("job_name") for instance in instances}), "job")
