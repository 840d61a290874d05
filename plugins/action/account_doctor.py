# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module account_doctor: run it and show its checks, one line each."""

from __future__ import annotations

import typing as t

from ..plugin_utils._report.checkup import checkup_lines, first_of_account
from ..plugin_utils._report.words import ENGLISH
from ..plugin_utils._role.options import variables_of
from ..plugin_utils._task.module_action import ModuleAction
from ..plugin_utils._task.paths import recording_path

#: Most hosts in the play for which all checks are shown; with more, only problems are.
_FEW = 3
#: Time limit for one host, and addition for each further one, seconds: about ten requests to an account that may make ten per second.
_SECONDS, _SECONDS_EACH = 8.0, 1.5


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.account_doctor``."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run one checkup. See :class:`ModuleAction`."""
        self._said = {name for name, value in self._task.args.items() if value}
        return super().run(tmp, task_vars)

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module, with the origins of options that come from variables, and show its checks."""
        hosts, host = list(task_vars.get("ansible_play_hosts_all") or ()), self.host(task_vars)
        variables = variables_of(self.module, role=False)
        added = {
            "origins": {name: variables[name] for name in self._task.args if name in variables and name not in self._said},
            "measure": first_of_account(host, hosts, task_vars.get("hostvars") or {}),
            "time_limit": _SECONDS + _SECONDS_EACH * max(0, len(hosts) - 1),
        }
        self._task.args = {**added, **self._task.args}
        if self._task.args.get("report_path"):
            number = hosts.index(host) + 1 if len(hosts) > 1 and host in hosts else None
            self._task.args["report_path"] = recording_path(str(self._task.args["report_path"]), number)
        result = super().work(task_vars)
        if "checks" in result:
            verbose = self._display.verbosity > 0
            language = str(self._task.args.get("language") or ENGLISH)
            self.say(*checkup_lines(host, result, few=len(hosts) <= _FEW or verbose, verbose=verbose, language=language))
        return result
