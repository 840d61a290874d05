# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of module job_run. A separate file, because a redirect would apply the module_defaults of the other module."""

from __future__ import annotations

from ..plugin_utils._task.module_action import ModuleAction


class ActionModule(ModuleAction):
    """The action behind the task ``dataarts.factory.job_run``."""
