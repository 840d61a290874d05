# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-process tasks import the logic of their own module only."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.inprocess import _without, logic_of

PLUGINS = "ansible_collections.dataarts.factory.plugins"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_its_own_logic(module: str) -> None:
    main = inspect.getsource(importlib.import_module(f"{PLUGINS}.modules.{module}"))
    assert f'run_module("{module}", {logic_of(module).__name__})' in main


def imported(module: str) -> set[str]:
    """Names of all modules that are loaded in a process after it has imported *module* of the collection."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    code = f"import sys, {PLUGINS}.{module}; print(*sys.modules)"
    return {*subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.split()}


def test_an_action_imports_what_its_module_needs_before_a_process_is_forked_and_no_more() -> None:
    """Ansible keeps no compiled files of a collection, so every play pays for every imported line."""
    runner = f"{PLUGINS}.module_utils._runner."
    files = {name.removeprefix(runner) for name in imported("action.job_rerun") if name.startswith(runner)}
    assert {"rerun", "engine", "sender"} <= files
    assert files.isdisjoint({"doctor", "history", "info", "job_run", "supplement_data", "supplement_missing", "instance_retry"})


def test_a_module_imports_no_reader_of_files_that_few_have() -> None:
    assert imported("modules.job_rerun").isdisjoint({"yaml", "zoneinfo", "psycopg"})


def test_a_result_is_what_json_carries_and_shows_no_secret() -> None:
    result = {
        "instances": [{"reason": "it said p\u00e4ss\u201dwort", "history": []}],
        "pass_state": {"paused": (("a", "b"),)},
        "changed": True,
    }
    assert _without(result, ["other"]) == {**result, "pass_state": {"paused": [["a", "b"]]}}
    masked = _without(result, ["p\u00e4ss\u201dwort"])
    assert masked["instances"][0]["reason"].startswith("it said ***")
    assert masked["changed"] is True


def test_a_secret_of_digits_is_found_in_numbers_too() -> None:
    result = {"instances": [{"plan_time": 1764590400000, "attempts": 2}], "since": 1764590400000}
    masked = _without(result, ["90400"])
    assert "90400" not in json.dumps(masked)
    assert masked["instances"][0]["attempts"] == 2
