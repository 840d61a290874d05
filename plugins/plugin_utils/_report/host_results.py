# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a play's hosts, the report that is made of them, and its files."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.release import __version__ as ansible_version

from ...module_utils._common.files import write_all
from .._task.registered import FIRST_PART, RESULT, left_out, outcome, workspaces_of
from .._task.repair_results import missing_of, with_missing
from .._task.variables import workspace_id_of
from . import data, summary
from .command import Command
from .junit import junit
from .started import awx_job_id

Vars = t.Mapping[str, t.Any]
Results = t.Dict[str, data.Result]

FILES = {"html": "report.html", "json": "report.json", "junit": "report.xml"}
PLANS = "plans.json"
#: A report shows names and problems of a company's jobs: only the owner and a group may read it.
_MODE = 0o640


def hosts_so_far(task_vars: Vars) -> list[str]:
    """The hosts of the play that were begun; with ``serial``, those of later batches are left out."""
    everywhere = list(map(str, task_vars.get("ansible_play_hosts_all") or ()))
    left, batch = {*task_vars.get("ansible_play_hosts", everywhere)}, {*task_vars.get("ansible_play_batch", everywhere)}
    return [host for host in everywhere if host in batch or host not in left or {RESULT, FIRST_PART} & {*_variables(host, task_vars)}]


def patterns_without_job(task_vars: Vars, hosts: t.Sequence[str] | None = None, variable: str = RESULT) -> list[summary.Unmatched]:
    """The names and patterns that match no job anywhere; none while a later batch, or with strategy ``free`` a further host, may still match.

    :param hosts: None for all hosts of the play.
    """
    known = hosts_so_far(task_vars) if hosts is None else hosts
    later = hosts is None and len(known) < len(task_vars.get("ansible_play_hosts_all") or ())
    results = results_of(known, task_vars, variable)
    going = {*map(str, task_vars.get("ansible_play_hosts") or ())}
    later = later or any(not result and name in going for name, result in results.items())
    return [] if later else summary.unmatched_patterns(results)


def results_of(hosts: t.Iterable[str], task_vars: Vars, variable: str = RESULT) -> Results:
    """Host -> result of its workspace, {} if there is none; the key is the workspace id if a host stands for several.

    See :func:`~.._task.registered.workspaces_of`. Results are read as registered, so that they are never evaluated as templates.

    :raises AnsibleError: the inventory does not have a host.
    """
    results: Results = {}
    runs: set[str] = set()
    for host in hosts:
        variables = _variables(host, task_vars)
        if left_out(variables, variable):
            continue
        kept = outcome(variables, variable)
        run_id = str(kept.get("run_id") or "")
        if run_id and run_id in runs:
            # With run_once, Ansible registers the result for every host of the play.
            if workspace_id_of(task_vars["hostvars"], host) in ("", str(kept.get("workspace_id"))):
                continue
            kept = {}
        runs.add(run_id)
        missing = missing_of(variables) if variable == RESULT else {}
        for name, result in workspaces_of(host, kept).items():
            of_this = missing if name in (host, missing.get("workspace_id")) else {}
            results[name if name not in results else f"{host} {name}"] = with_missing(result, of_this)
    return results


def workspace_ids_of(hosts: t.Iterable[str], task_vars: Vars) -> dict[str, str]:
    """Host -> workspace id, for hosts whose variables have one."""
    ids = {host: workspace_id_of(task_vars["hostvars"], host) for host in hosts}
    return {host: text for host, text in ids.items() if text}


def report_of(
    results: Results, workspace_ids: t.Mapping[str, str], command: Command, task_vars: Vars, *, check_mode: bool, folder: Path | None = None
) -> data.Report:
    """The report of *results*.

    :param folder: where it will be written; None if nowhere.
    """
    run = {
        "user": str(task_vars.get("awx_user_name") or task_vars.get("tower_user_name") or _user()),
        "controller": socket.gethostname(),
        "playbook": command.playbook,
        "ansible_version": ansible_version,
        "awx_job_id": awx_job_id(task_vars),
    }
    checked = check_mode or any(result.get("check_mode") for result in results.values())
    plans_file = "" if folder is None else str(folder / PLANS)
    context = data.ReportContext(command, int(time.time() * 1000), check_mode=checked, plans_file=plans_file, run=run)
    return data.build_report(results, workspace_ids, context)


def write_report(report: data.Report, content: bytes, results: Results, folder: Path, plan_files: t.Container[str] = ()) -> dict[str, str]:
    """Write the report's files and, in check mode, the plans into *folder*.

    :param content: of the page.
    :param plan_files: paths of the plans that the run was bound to; they are not removed, because they are needed to start it again.
    :returns: kind -> path.
    :raises OSError: a file cannot be written.
    """
    contents = {"html": content, "json": file_content(_json(report)), "junit": junit(report)}
    files = {FILES[kind]: content for kind, content in contents.items()}
    if report["next_step"]:
        files[PLANS] = file_content(_json({"dataarts_plans": summary.plans(results)}))
    write_all(folder, files, _MODE)
    if not report["next_step"] and str(folder / PLANS) not in plan_files:
        (folder / PLANS).unlink(missing_ok=True)  # plans of an earlier report do not belong to this one
    return {kind: str(folder / name) for kind, name in FILES.items()}


def failure_text(folder: Path, error: OSError) -> str:
    """The message that the report could not be written."""
    return (
        f"Failed to write the report to {folder}: {error.strerror or error} ({error.filename or folder}). "
        "Nothing of the rerun is lost: its results are in the output above. Make the folder writable, or set another path."
    )


def _variables(host: str, task_vars: Vars) -> Vars:
    hostvars = task_vars.get("hostvars")
    if hostvars is None or host not in hostvars:
        raise AnsibleError(f"Failed to report on {host}: the inventory has no such host. Name hosts of the inventory in hosts.")
    variables: Vars = hostvars.raw_get(host)
    return variables


def _user() -> str:
    """Name of the user who runs Ansible, or its number, because in a container it may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _json(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def file_content(text: str) -> bytes:
    """*text* as UTF-8; what UTF-8 cannot encode becomes backslash escapes."""
    return text.encode("utf-8", "backslashreplace")
