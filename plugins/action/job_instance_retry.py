# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module job_instance_retry: run it, and show the request if the task is one of role rerun."""

from __future__ import annotations

import typing as t
import uuid

from ..plugin_utils._role.options import ROLE
from ..plugin_utils._task.module_action import TRIED, ModuleAction
from ..plugin_utils._task.related import asked_line


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.job_instance_retry``."""

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module. Ansible, or the role's verdict, shows failures."""
        # With a fixed run id, a further try after one that was killed before it returned its since is the same run in the journal.
        self._task.args = {"pass_state": {"run_id": uuid.uuid4().hex}, **self._task.args}
        result = super().work(task_vars)
        since = result.get("since")
        if isinstance(since, int) and not self._task.check_mode:
            # With this since, a further try of the task does not rerun instances that have failed again after this one.
            self._task.args = {**self._task.args, "since": str(since)}
            result = {**result, "changed": bool(result.get("changed") or getattr(self._task, TRIED, False))}
            setattr(self._task, TRIED, result["changed"])
        if task_vars.get("ansible_role_name") == ROLE and "instances" in result and "error" not in result:
            name, language = str(self._task.args.get("job_name")), self.language(task_vars)
            self.say(asked_line(self.label(task_vars), result, name, check_mode=bool(self._task.check_mode), language=language))
        return result
