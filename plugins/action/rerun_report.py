# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action rerun_report: write the report of a play's reruns, from the results of all hosts, on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._common.text import counted
from ..module_utils._config.argument_spec import rerun_report_spec
from ..plugin_utils._common.tables import Line
from ..plugin_utils._report import host_results
from ..plugin_utils._report.publication import folder_of, place_of, publish
from ..plugin_utils._report.started import started_command
from ..plugin_utils._task.screen import show
from ..plugin_utils._task.variables import language_of


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.rerun_report``."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Read the hosts' results and write the files.

        :param task_vars: variables of any host of the play.
        :returns: the documented result; ``failed`` with a message if the files could not be written.
        """
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec(rerun_report_spec())
        task_vars = task_vars or {}
        hosts = options["hosts"] if options["hosts"] is not None else host_results.hosts_so_far(task_vars)
        folder = folder_of(options, "path")
        results = host_results.results_of(hosts, task_vars)
        command = started_command(task_vars, self._loader)
        report = host_results.report_of(
            results,
            host_results.workspace_ids_of(hosts, task_vars),
            command,
            task_vars,
            check_mode=bool(self._task.check_mode),
            folder=folder,
        )
        result.update(changed=False, headline=report["headline"], totals=report["totals"])
        published = publish(report, results, [report["headline"]], None, folder, place_of(options), command.plan_files)
        if published.failure:
            return {**result, "failed": True, "msg": published.failure, "report_url": published.url}
        msg = f"Report of {counted(len(hosts), 'workspace')} ({report['headline']}): {published.paths['html']}"
        show(self._display, [Line(text) for text in published.lines(language_of(self._templar, task_vars))])
        result |= {"warnings": [published.warning]} if published.warning else {}
        return {**result, "paths": published.paths, "report_url": published.url, "msg": msg}
