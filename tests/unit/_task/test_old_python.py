# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message for ansible-core's recorded results of modules on a Python that is too old."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task.old_python import with_cause

TRACE = 'Traceback (most recent call last):\n  File "/tmp/AnsiballZ_job_info.py", line 6\n'
NO_ANSWER = "Module result deserialization failed: No start of json char found"
OLD: dict[str, dict[str, t.Any]] = {
    "3.6, core 2.16": {"msg": "MODULE FAILURE", "module_stderr": f"{TRACE}SyntaxError: future feature annotations is not defined\n"},
    "2.7, core 2.16": {
        "msg": "MODULE FAILURE",
        "module_stderr": f"{TRACE}    def main() -> None:\n               ^\nSyntaxError: invalid syntax\n",
    },
    "3.6, core 2.21": {"msg": NO_ANSWER, "module_stderr": "SyntaxError: future feature annotations is not defined\n", "module_stdout": ""},
    "over SSH with a terminal": {"msg": NO_ANSWER, "module_stderr": "", "module_stdout": f"{TRACE}SyntaxError: invalid syntax\r\n"},
    "3.8, core 2.21": {"msg": "Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18 (default) [GCC 12.2.0]"},
}
OTHER: dict[str, dict[str, t.Any]] = {
    "killed": {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Killed\n", "rc": 137},
    "no such interpreter": {"failed": True, "msg": "The module interpreter '/nonexistent/python' was not found."},
    "named by the module": {"failed": True, "msg": "SyntaxError: ", "error": {"kind": "invalid"}},
    "good": {"changed": False, "module_stderr": "SyntaxError: "},
}


@pytest.mark.parametrize("result", OLD.values(), ids=OLD)
def test_the_version_is_the_cause(result: dict[str, t.Any]) -> None:
    named = with_cause({"failed": True, **result})
    assert named == {"failed": True, **result, "msg": named["msg"]}
    assert named["msg"].startswith("dataarts.factory needs Python 3.9 or newer: ")
    assert "Set ansible_python_interpreter" in named["msg"]


@pytest.mark.parametrize("result", OTHER.values(), ids=OTHER)
def test_anything_else_stays_as_it_is(result: dict[str, t.Any]) -> None:
    assert with_cause(result) == result
