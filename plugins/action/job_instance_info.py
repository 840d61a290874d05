# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every module that needs nothing from the controller but what variables say; meta/runtime.yml names them."""

from __future__ import annotations

from ..plugin_utils._task.module_action import ModuleAction


class ActionModule(ModuleAction):
    """The action behind the tasks ``dataarts.factory.job_instance_info``, ``job_info`` and so on."""
