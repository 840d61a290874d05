# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of role rerun before the first request. Pure. Each returns sentences about a problem, or ""."""

from __future__ import annotations

import typing as t

from ...module_utils._common.text import listed
from ...module_utils._models.run_scope import is_relative
from .._awx.launch_inputs import PREFIX
from .._report.upload import ReportPlace
from .options import variables_of

#: Options that entry point related requires.
_NEEDED = ("workspace_id", "job_name", "jobs", "begin_time", "end_time")

#: Most hosts that a message names.
_NAMED = 3


def rerun_problem(host: str, options: t.Mapping[str, t.Any], *, without_plan: bool, refused: t.Sequence[str]) -> str:
    """Why nothing is rerun for *host*.

    :param options: options of job_rerun, completed.
    :param without_plan: whether plans were approved, but none for this workspace.
    :param refused: sentences about variables that are probably typos.
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
    """Why a playbook that only reads does not run, in the same words for every host. Parameter as for :func:`rerun_problem`."""
    return " ".join(["Nothing was asked:", *refused] if refused else [])


def repair_problem(*, approved: bool, unfit: str) -> str:
    """Why nothing is repaired; checked before missing instances are looked for.

    :param approved: whether a plan was approved by its id alone, which does not cover missing instances.
    :param unfit: why an option of the reruns that follow is not valid, or "".
    """
    if approved:
        return (
            "Nothing was sent: dataarts_plan_id covers reruns only, not missing instances. Set dataarts_plans, which check mode of "
            "playbook dataarts.factory.repair returns, or use playbook dataarts.factory.rerun."
        )
    return unfit


def unapproved_problem(host: str) -> str:
    """Why nothing is rerun for *host*: it needs an approved plan and there is none."""
    return (
        f"Nothing was sent for {host}: dataarts_plan_required is set, and no plan was approved. Run check mode and approve what that shows, or leave "
        "it out to rerun without an approval."
    )


def repair_plan_problem(host: str) -> str:
    """Why nothing is rerun for *host* outside a repair: its approved plan also makes missing instances, and the reruns were approved with them."""
    return (
        f"Nothing was sent for {host}: its plan in dataarts_plans is one of playbook dataarts.factory.repair, which makes missing instances too. "
        "Use that playbook, or the plan that check mode of this one returns."
    )


def report_problem(options: t.Mapping[str, t.Any]) -> str:
    """Why the report could not be uploaded at the end of the play.

    :param options: options that only the role has.
    """
    place = ReportPlace(*(str(options.get(f"report_{name}") or "").strip() for name in ("url", "token", "link")))
    cause = place.problem()
    return f"Nothing was sent: {PREFIX}{cause}. Correct it, or leave it out." if cause else ""


def empty_approval(names: t.Sequence[str], variables: t.Mapping[str, str]) -> str:
    """Why an approval that is set but empty is refused.

    :param names: options of :data:`~.options.APPROVALS` that are set but empty.
    :param variables: option -> the variable that sets it.
    """
    if not names:
        return ""
    name = variables.get(names[0], names[0])
    return (
        f"Nothing was sent: {name} must hold the approved plan, but is empty. Set it to what check mode returned, or leave it out to rerun without "
        "an approval."
    )


def run_once_problem(others: t.Sequence[str]) -> str:
    """Why a task with run_once sends nothing.

    :param others: other hosts of the play that are workspaces, for which the result would count too.
    """
    if not others:
        return ""
    return (
        f"Nothing was sent: the task has run_once, which would leave out {listed(others, _NAMED)}. A host of the inventory is a workspace. "
        "Leave run_once out, or limit the play to one host."
    )


def tries_problem(options: t.Mapping[str, t.Any]) -> str:
    """Why an async task with retries is refused: no try would know what the previous one has sent, unless ``since`` or a plan is fixed.

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
    """As :func:`rerun_problem`, for job_instance_retry in its second mode.

    :param approved: variables with an approved plan, which this mode cannot follow.
    :param limits: variables with limits, which this mode cannot keep.
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
