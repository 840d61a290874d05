# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module supplement_missing: pass it the snapshots of all workspaces, run it, and show what is missing."""

from __future__ import annotations

import typing as t

from ..module_utils._runner.ansible_module import ModuleRun, failure_result
from ..plugin_utils._report.repair import snapshot_lines, stage_line
from ..plugin_utils._report.started import started_command
from ..plugin_utils._role.options import ROLE
from ..plugin_utils._task import inprocess
from ..plugin_utils._task.console import resume_lines
from ..plugin_utils._task.interruption import Note
from ..plugin_utils._task.module_action import ModuleAction
from ..plugin_utils._task.passes import INCOMPLETE, error_kind, message_of
from ..plugin_utils._task.repair_results import missing_of, paused_by_reruns, repair_of, still_broken

# A repair also runs job_rerun to check the reruns that follow, see ModuleAction; import its logic before Ansible forks.
inprocess.logic_of("job_rerun")


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.supplement_missing``."""

    def work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the task's stage with the snapshots of all workspaces of the play."""
        stage = str(self._task.args.get("stage") or "all")
        if stage not in ("all", "find") and task_vars.get("ansible_role_name") == ROLE:
            hostvars = task_vars["hostvars"]
            after, part = stage == "after_reruns", stage != "before_reruns"  # these stages run in plays without some of the workspaces
            of_hosts = [hostvars.raw_get(host) for host in (hostvars if part else task_vars.get("ansible_play_hosts_all") or ())]
            broken = still_broken(of_hosts) if after else None
            known = [_carried(variables, broken) for variables in of_hosts if "gaps" in missing_of(variables)]
            self._task.args = {**self._task.args, "snapshots": {snapshot["workspace_id"]: snapshot for snapshot in known}}
            refused = {} if part else self._reruns_refused(task_vars, of_hosts)
            if refused:
                return refused
            if stage != "end":
                self._note(missing_of(task_vars), task_vars)
        result = super().work(task_vars)
        if stage in ("all", "find"):
            self.say(*snapshot_lines(self.label(task_vars), result, self.language(task_vars)))
        return result

    def attended(self, args: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> t.ContextManager[t.Callable[[ModuleRun], None]]:
        """See :class:`ModuleAction`."""
        del args
        name, language = self.label(task_vars), self.language(task_vars)
        return self.with_heartbeat(lambda doing: stage_line(name, doing, language))

    def _reruns_refused(self, task_vars: dict[str, t.Any], of_hosts: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
        """A failure if the following reruns would be refused once instances are made, because they were not approved, say, or are too many; else {}.

        A job that cannot be listed does not keep the others from being repaired.
        """
        state = {"fleet": True, "repair": repair_of(task_vars, of_hosts)}
        result = self.ask("job_rerun", self.reruns, state, task_vars, check_mode=True)
        if not result.get("failed") or error_kind(result) == INCOMPLETE:
            return {}
        return {**missing_of(task_vars), **failure_result(message_of(result), error_kind(result) or "internal"), "changed": False}

    def _note(self, missing: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> None:
        """Write a note for an interruption of the play from here on. Going on is safe: the names of PatchData keep it from being made twice."""
        since, language = missing.get("since"), self.language(task_vars)
        if not isinstance(since, int) or self._task.check_mode or self._task.no_log:
            return
        command = started_command(task_vars, self._loader)
        lines = resume_lines(since, command, interrupted=True, scope=missing, language=language)
        standing = stage_line(self.label(task_vars), "making them", language).text
        Note(self.host(task_vars)).write(since, standing, "\n".join(line.text for line in lines), language)


def _carried(variables: t.Mapping[str, t.Any], broken: t.Mapping[str, list[str]] | None) -> dict[str, t.Any]:
    """The snapshot of a host, from its *variables*, without the keys that Ansible adds to a result.

    :param broken: after the reruns, workspace id -> jobs that are still broken; only these count as failed then.
    """
    snapshot = {
        str(name): value
        for name, value in missing_of(variables).items()
        if name not in ("failed", "failed_when_result", "warnings", "msg", "error", "requests")
    }
    snapshot["paused_by_reruns"] = paused_by_reruns(variables)
    return snapshot if broken is None else {**snapshot, "failed_jobs": broken.get(str(snapshot["workspace_id"]), [])}
