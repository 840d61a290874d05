# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role rerun checks before anything is asked or sent. Pure."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import listed
from ...module_utils._models.run_scope import is_relative
from .._awx.launch_inputs import PREFIX
from .._report.upload import ReportPlace
from .options import variables_of

#: What entry point related asks for by itself.
_NEEDED = ("workspace_id", "job_name", "jobs", "begin_time", "end_time")

#: Hosts that a message names.
_NAMED = 3


def rerun_problem(host: str, options: t.Mapping[str, t.Any], *, without_plan: bool, refused: t.Sequence[str]) -> str:
    """Why nothing is rerun for *host*, in sentences; "" if nothing is wrong.

    :param options: options of job_rerun, completed.
    :param without_plan: whether plans were approved, and none of them is this workspace's.
    :param refused: sentences about variables that are most likely a typo.
    """
    problems = []
    if "workspace_id" not in options:
        hint = " If there should be such hosts, a warning above says why the inventory could not be read." if host == "localhost" else ""
        problems.append(
            f"Nothing was sent for {host}: dataarts_workspace_id is not set. A host of the inventory is a workspace. "
            f"Set it there, or choose other hosts with -i, --limit or dataarts_hosts.{hint}"
        )
    if without_plan:
        problems.append(
            f"Nothing was sent for {host}: dataarts_plans, the approved plans, has no plan for it. Run check mode for it too and approve what "
            "that shows, or exclude it with --limit or dataarts_hosts."
        )
    return " ".join([*problems, *([f"Nothing was sent for {host}:", *refused] if refused else [])])


def asking_problem(refused: t.Sequence[str]) -> str:
    """Why a playbook that only asks does not ask, in the same words for every host; "" if nothing is wrong. Parameter as of :func:`rerun_problem`."""
    return " ".join(["Nothing was asked:", *refused] if refused else [])


def repair_problem(*, approved: bool, unfit: str) -> str:
    """Why nothing is repaired, before it is known what is missing; "" if nothing is wrong.

    :param approved: whether a plan was approved by its id alone, which says nothing of missing instances.
    :param unfit: why an option of the reruns that follow cannot be used, or "".
    """
    if approved:
        return (
            "Nothing was sent: dataarts_plan_id covers reruns only, not missing instances. Set dataarts_plans, which check mode of "
            "playbook dataarts.factory.repair returns, or use playbook dataarts.factory.rerun."
        )
    return unfit


def unapproved_problem(host: str) -> str:
    """Why nothing is rerun for *host* where it may only be rerun by a plan that was approved."""
    return (
        f"Nothing was sent for {host}: dataarts_plan_required is set, and no plan was approved. Run check mode and approve what that shows, or leave "
        "it out to rerun without an approval."
    )


def repair_plan_problem(host: str) -> str:
    """Why nothing is rerun for *host* outside of a repair: its plan makes missing instances, too, and what is rerun was approved with them."""
    return (
        f"Nothing was sent for {host}: its plan in dataarts_plans is one of playbook dataarts.factory.repair, which makes missing instances too. "
        "Use that playbook, or the plan that check mode of this one returns."
    )


def report_problem(options: t.Mapping[str, t.Any]) -> str:
    """Why the page of the report could be sent nowhere at the end; "" if nothing is wrong.

    :param options: of the role alone.
    """
    place = ReportPlace(*(str(options.get(f"report_{name}") or "").strip() for name in ("url", "token", "link")))
    cause = place.problem()
    return f"Nothing was sent: {PREFIX}{cause}. Correct it, or leave it out." if cause else ""


def empty_approval(names: t.Sequence[str], variables: t.Mapping[str, str]) -> str:
    """That an approval is set, and says nothing; "" if none is.

    :param names: options of :data:`~.options.APPROVALS` that are set and say nothing, and *variables* those in which they are.
    """
    if not names:
        return ""
    name = variables.get(names[0], names[0])
    return (
        f"Nothing was sent: {name} must hold the approved plan, but is empty. Set it to what check mode returned, or leave it out to rerun without "
        "an approval."
    )


def run_once_problem(others: t.Sequence[str]) -> str:
    """Why a task that Ansible runs for one host alone sends nothing, "" without *others*: hosts of the play that are workspaces too, for which its
    result would count."""
    if not others:
        return ""
    return (
        f"Nothing was sent: the task has run_once, which would leave out {listed(others, _NAMED)}. A host of the inventory is a workspace. "
        "Leave run_once out, or limit the play to one host."
    )


def tries_problem(options: t.Mapping[str, t.Any]) -> str:
    """Why a task is not tried several times in the background, "" if it may be: no try knows of what the one before it sent.

    :param options: of the module, completed.
    """
    if "plan_id" in options or not is_relative(options.get("since", "-0s")):
        return ""
    return (
        "Nothing was sent: the task has async, and until or retries, so each try would rerun what failed again in the try before. "
        "Set since to a fixed time, or leave out async."
    )


def related_problem(
    host: str,
    options: t.Mapping[str, t.Any],
    *,
    approved: t.Sequence[str] = (),
    limits: t.Sequence[str] = (),
    refused: t.Sequence[str] = (),
) -> str:
    """As :func:`rerun_problem`, for options of job_instance_retry in its second mode.

    :param approved: variables that say what was approved.
    :param limits: variables that leave failures to a person.
    """
    if approved:
        return (
            f"Nothing was sent for {host}: {approved[0]} holds the approved plan, and a rerun of a job with its related jobs has no plan, because "
            "the service chooses what it reruns. Leave it out, or use playbook dataarts.factory.rerun."
        )
    if refused:
        return " ".join([f"Nothing was sent for {host}:", *refused])
    if limits:
        return (
            f"Nothing was sent for {host}: {limits[0]} is set, and a rerun of a job with its related jobs cannot keep to it, because the service "
            "chooses what it reruns. Use playbook dataarts.factory.rerun, or a task of your own with module job_instance_retry, which has no such "
            "limit."
        )
    called = variables_of("job_instance_retry", role=True)
    if options.get("jobs") == []:
        return (
            f"Nothing was sent for {host}: {called['jobs']} is an empty list, which names no job. Name the related jobs, or use playbook "
            "dataarts.factory.rerun for the job alone."
        )
    missing = [called[name] for name in _NEEDED if options.get(name) is None]
    if not missing:
        return ""
    return (
        f"Nothing was sent for {host}: {listed(missing)} {'is' if len(missing) == 1 else 'are'} not set. A host of the inventory is a workspace. "
        "The job, its related jobs and the span of time come as variables: see playbook dataarts.factory.rerun_related."
    )
