# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the process of a task: the logic of its module, and nothing of another one's."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.inprocess import logic_of

PLUGINS = "ansible_collections.dataarts.factory.plugins"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_its_own_logic(module: str) -> None:
    main = inspect.getsource(importlib.import_module(f"{PLUGINS}.modules.{module}"))
    assert f'run_module("{module}", {logic_of(module).__name__})' in main


def test_an_action_imports_what_its_module_needs_before_a_process_is_forked_and_no_more() -> None:
    """Ansible keeps no compiled files of a collection, so that every play pays for every line that it imports."""
    code = f"import sys, {PLUGINS}.action.job_rerun; print(*(name for name in sys.modules if name.startswith('{PLUGINS}.module_utils._runner.')))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.split()
    files = {name.rpartition(".")[2] for name in names}
    assert {"rerun", "engine", "sender"} <= files
    assert files.isdisjoint({"doctor", "history", "info", "job_run", "supplement_data", "supplement_missing", "retry"})
