# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module supplement_data: run it, and show its progress while it waits."""

from __future__ import annotations

import typing as t

from ..module_utils._common.text import printable
from ..module_utils._runner.ansible_module import ModuleRun
from ..plugin_utils._common.tables import SCREEN, Line, shortened
from ..plugin_utils._report.words import say, translated
from ..plugin_utils._task.module_action import ModuleAction


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.supplement_data``."""

    def attended(self, args: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> t.ContextManager[t.Callable[[ModuleRun], None]]:
        """See :class:`ModuleAction`."""
        label, language = self.label(task_vars), self.language(task_vars)
        name = say(language, "{host}  PatchData {name}", host=label, name=printable(args.get("name"), 100))

        def line(doing: str) -> Line:
            text = translated(language, doing) or say(language, "starting")
            return Line(shortened(say(language, "{name}: {text}", name=name, text=text), SCREEN.columns))

        return self.with_heartbeat(line)
