# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the report of a play's reruns on the controller: collects the results of all hosts, has them made into files, and says where they are."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
import typing as t
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.path import unfrackpath
from ansible.utils.vars import load_extra_vars

from ..module_utils._common.text import counted
from ..module_utils._config.argument_spec import rerun_report_spec, rerun_spec
from ..plugin_utils._report import data
from ..plugin_utils._report.files import write_all
from ..plugin_utils._report.junit import junit
from ..plugin_utils._report.next_steps import Command
from ..plugin_utils._report.page import page

Vars = t.Mapping[str, t.Any]

_RESULT = "dataarts_rerun_result"
#: Options that a command to go on has of its own, or that belong to the run that is over.
_OWN = frozenset({"workspace_id", "since", "jobs", "planned_after", "planned_before", "plan_id", "plan_record"})


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.rerun_report``."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One task: read the hosts' results, write the files.

        :param task_vars: variables of any host of the play.
        :returns: what the module documents; ``failed`` with a message if the files could not be written.
        """
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec(rerun_report_spec())
        task_vars = task_vars or {}
        hosts = options["hosts"] if options["hosts"] is not None else list(task_vars.get("ansible_play_hosts_all") or ())
        folder = Path(unfrackpath(options["path"], follow=False))
        results, workspaces = _collected(hosts, task_vars)
        report = data.build_report(
            results, workspaces, self._context(task_vars, checked=any(result.get("check_mode") for result in results.values()))
        )
        result.update(changed=False, headline=report["headline"], totals=report["totals"])
        try:
            files = {
                "html": _encoded(page(report)),
                "json": _encoded(json.dumps(report, ensure_ascii=False, indent=1)),
                "junit": junit(report),
            }
            names = {"html": "report.html", "json": "report.json", "junit": "report.xml"}
            write_all(folder, {names[kind]: content for kind, content in files.items()})
        except OSError as error:
            return {**result, "failed": True, "msg": _failure(folder, error)}
        paths = {kind: str(folder / name) for kind, name in names.items()}
        msg = f"Report of {counted(len(hosts), 'workspace')} ({report['headline']}): {paths['html']}"
        self._display.display(msg)
        return {**result, "paths": paths, "msg": msg}

    def _context(self, task_vars: Vars, *, checked: bool) -> data.ReportContext:
        awx_job = task_vars.get("awx_job_id") or task_vars.get("tower_job_id")
        command = Command(
            playbook=_playbook(),
            inventories=tuple(str(source) for source in task_vars.get("ansible_inventory_sources") or ()),
            vault=tuple(_vault_words()),
            variables=_shown_variables(load_extra_vars(self._loader)),
            limit=context.CLIARGS.get("subset") or None,
            awx=awx_job is not None,
        )
        run = {
            "user": str(task_vars.get("awx_user_name") or task_vars.get("tower_user_name") or _user()),
            "controller": socket.gethostname(),
            "playbook": command.playbook,
            "ansible_version": ansible_version,
            "awx_job_id": None if awx_job is None else str(awx_job),
        }
        return data.ReportContext(command, int(time.time() * 1000), check_mode=bool(self._task.check_mode) or checked, run=run)


def _collected(hosts: t.Sequence[str], task_vars: Vars) -> tuple[dict[str, data.Result], dict[str, str]]:
    """Each host's result, and each host's workspace as far as its variables tell."""
    hostvars = task_vars["hostvars"]
    results: dict[str, data.Result] = {}
    workspace_ids: dict[str, str] = {}
    for host in hosts:
        if host not in hostvars:
            raise AnsibleError(f"Failed to report on {host}: the inventory has no such host. Name hosts of the inventory in hosts.")
        # As registered: it is data, and is never looked at as a template.
        registered = hostvars.raw_get(host).get(_RESULT)
        results[host] = registered if isinstance(registered, t.Mapping) else {}
        workspace_id = _workspace_id(hostvars[host])
        if workspace_id:
            workspace_ids[host] = workspace_id
    return results, workspace_ids


def _workspace_id(variables: Vars) -> str:
    """The id of a host's workspace, or "" if it has none; one that cannot be computed is what the host's own message is about."""
    try:
        return str(variables.get("dataarts_workspace_id") or "")
    except AnsibleError:
        return ""


def _playbook() -> str:
    """The playbook of this run, as it was named on the command line."""
    named = context.CLIARGS.get("args") or ()
    return str(named[0]) if len(named) == 1 and isinstance(named, (list, tuple)) else Command.playbook


def _vault_words() -> t.Iterator[str]:
    """Where passwords of vaults come from, as words of a command line; the passwords themselves are in none of them."""
    for path in context.CLIARGS.get("vault_password_files") or ():
        yield from ("--vault-password-file", str(path))
    for vault_id in context.CLIARGS.get("vault_ids") or ():
        yield from ("--vault-id", str(vault_id))
    if context.CLIARGS.get("ask_vault_pass"):
        yield "--ask-vault-pass"


def _shown_variables(extra: Vars) -> dict[str, t.Any]:
    """Those extra variables that are options of the role, not secret, and plain."""
    names = {f"dataarts_{name}" for name, spec in rerun_spec().items() if not spec.get("no_log") and name not in _OWN}
    return {name: value for name, value in extra.items() if name in names | {"dataarts_hosts", "dataarts_order"} and _plain(value)}


def _plain(value: t.Any) -> bool:
    """Whether a value can be passed again as it is: no encrypted text, no template."""
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, (bool, int, float)) or (
        type(value).__name__ != "EncryptedString" and isinstance(value, str) and "{" not in value
    )


def _user() -> str:
    """Who runs Ansible; a container may not have a name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _failure(folder: Path, error: OSError) -> str:
    return (
        f"Failed to write the report to {folder}: {error.strerror or error} ({error.filename or folder}). "
        "Nothing of the rerun is lost by that: its results are in the output above. Make the folder writable, or set another path."
    )
