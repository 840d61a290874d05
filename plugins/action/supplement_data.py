# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs module supplement_data with what variables say, and says how far it is while it waits."""

from __future__ import annotations

import contextlib
import typing as t

from ..module_utils._common.text import printable
from ..module_utils._runner.ansible_module import ModuleRun
from ..plugin_utils._common.lines import Line
from ..plugin_utils._common.tables import SCREEN, shortened
from ..plugin_utils._task.console import label
from ..plugin_utils._task.heartbeat import Heartbeat
from ..plugin_utils._task.module_action import ModuleAction
from ..plugin_utils._task.screen import show


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.supplement_data``."""

    @contextlib.contextmanager
    def attended(self, args: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> t.Iterator[t.Callable[[ModuleRun], None]]:
        """See :class:`ModuleAction`; with a line whenever the play has been silent for a while."""
        runs: list[ModuleRun] = []
        host = label(str(task_vars.get("inventory_hostname", "localhost")), task_vars.get("ansible_play_hosts_all") or ())

        def line() -> Line:
            doing = runs[-1].waiting_for if runs else "starting"
            return Line(shortened(f"{host}  PatchData {printable(args.get('name'), 100)}: {doing}", SCREEN.columns))

        if self._task.no_log or self._play_context.no_log:
            yield runs.append
            return
        with Heartbeat(lambda text: show(self._display, [text]), line):
            yield runs.append
