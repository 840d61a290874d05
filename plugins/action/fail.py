# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action fail: fail with a message, without the source lines that ansible-core would show with it."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._config.argument_spec import fail_spec
from ..plugin_utils._report.words import translated
from ..plugin_utils._task.screen import failed_with
from ..plugin_utils._task.variables import language_of


class ActionModule(ActionBase):
    """The action behind the task ``dataarts.factory.fail``."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fail with option ``msg``: return the failure, or raise it, see :func:`failed_with`."""
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec(argument_spec=fail_spec())
        return failed_with(translated(language_of(self._templar, task_vars or {}), options["msg"]))
