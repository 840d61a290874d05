# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums up what a play did in all its workspaces.

An action and no filter, because a template that reaches into the results of all hosts evaluates every text of every instance in them
first; here the results are only looked at.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._config.argument_spec import rerun_summary_spec
from ..plugin_utils._report import summary as _summary


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.rerun_summary``; nothing is sent, nothing is changed."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One task.

        :param task_vars: variables of the host it runs on, with those of all others in ``hostvars``.
        :returns: what the module documents.
        """
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        dummy, options = self.validate_argument_spec(argument_spec=rerun_summary_spec())
        hosts = options["hosts"] if options["hosts"] is not None else task_vars.get("ansible_play_hosts_all", [])
        raw = {str(host): _variables(task_vars.get("hostvars"), str(host)) for host in hosts}
        results = {host: _mapping(variables.get(options["variable"])) for host, variables in raw.items()}
        ids = {host: str(variables["dataarts_workspace_id"]) for host, variables in raw.items() if variables.get("dataarts_workspace_id")}
        result = {
            "changed": False,
            "summary": _summary.summarize(results),
            "plans": _summary.plans(results),
            "lines": _summary.summary_lines(results),
        }
        warnings = _summary.shared_workspaces({host: text for host, text in ids.items() if "{{" not in text})
        return {**result, "warnings": warnings} if warnings else result


def _variables(hostvars: t.Any, host: str) -> t.Mapping[str, t.Any]:
    """The variables of *host* as they stand, templates not evaluated."""
    return _mapping(hostvars.raw_get(host)) if hostvars is not None and host in hostvars else {}


def _mapping(value: t.Any) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, t.Mapping) else {}
