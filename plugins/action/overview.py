# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action overview: show the answers of all workspaces of a play in one table. It is not a filter for the same reason as ``rerun_summary``."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._common.text import printable
from ..module_utils._config.argument_spec import overview_spec
from ..plugin_utils._common.tables import Line
from ..plugin_utils._report import overview
from ..plugin_utils._report.started import started_command
from ..plugin_utils._report.words import say
from ..plugin_utils._task.screen import brief, failed_with, read_by_program, show

_TABLES = {"failures": overview.failures, "attempts": overview.attempts}
_NAMED = 10  # hosts that the message names


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.overview``. It only reads registered results."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show the table.

        :param task_vars: variables of the task's host, with those of all hosts in ``hostvars``.
        :returns: the documented result; ``failed`` if a workspace has no answer, or a name or pattern matches no job.
        """
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        dummy, options = self.validate_argument_spec(argument_spec=overview_spec())
        hosts = options["hosts"] if options["hosts"] is not None else task_vars.get("ansible_play_hosts_all", [])
        results = {str(host): _registered(task_vars.get("hostvars"), str(host), options["variable"]) for host in hosts}
        language, failures = options["language"], options["of"] == "failures"
        made = _TABLES[options["of"]](results, whole=self._display.verbosity > 0, language=language)
        command = started_command(task_vars, self._loader)
        further = (
            overview.rerun_lines(made.rows, command, language) if failures else overview.lines_to_resume(made.paused, command, language)
        )
        if not self._task.no_log:
            show(self._display, map(Line, [*made.lines, *further]))
        if made.unmatched and not made.unanswered:
            return failed_with(" ".join(made.unmatched))
        if not made.unanswered:
            return brief({"changed": False, "rows": made.rows, "lines": made.lines, "unanswered": {}}, self._display)
        names = say(language, ", ").join(printable(host, 100) for host in list(made.unanswered)[:_NAMED])
        left = len(made.unanswered) - _NAMED
        # Without what was shown already: Ansible prints a failed result whole.
        msg = say(
            language,
            "{number} of {n} workspace could not be asked: {names}. The lines above say why."
            "|{number} of {n} workspaces could not be asked: {names}. The lines above say why.",
            len(results),
            number=len(made.unanswered),
            names=say(language, "{names}, {n} more", left, names=names) if left > 0 else names,
        )
        return failed_with(msg, **({"unanswered": made.unanswered} if read_by_program(self._task) else {}))


def _registered(hostvars: t.Any, host: str, variable: str) -> t.Mapping[str, t.Any]:
    """The registered *variable* of *host*, read without evaluating templates, because it holds data of the service."""
    variables = hostvars.raw_get(host) if hostvars is not None and host in hostvars else {}
    value = variables.get(variable) if isinstance(variables, t.Mapping) else None
    return value if isinstance(value, t.Mapping) else {}
