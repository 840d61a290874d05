# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs module job_instance_retry with paths that count from the directory in which the command was started."""

from __future__ import annotations

from ..plugin_utils._task.paths import PathsAction


class ActionModule(PathsAction):
    """The action behind the task ``dataarts.factory.job_instance_retry``."""

    MODULE = "dataarts.factory.job_instance_retry"
