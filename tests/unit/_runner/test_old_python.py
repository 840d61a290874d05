# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules on a host whose Python is too old for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config import argument_spec

MODULES = Path(str(argument_spec.__file__)).parents[2] / "modules"
PROGRAM = """
import sys
import ansible.module_utils.basic
sys.version_info = (3, 8, 18, "final", 0)
import ansible_collections.dataarts.factory.plugins.modules.{name}
print("imported")
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in MODULES.glob("*.py") if "\nfrom ..module_utils" in path.read_text()))
def test_one_line_names_the_python_that_is_needed(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(MODULES.parents[4])},
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert json.loads(ran.stdout) == {
        "failed": True,
        "msg": f"dataarts.factory needs Python 3.9 or newer: {sys.executable} is Python 3.8. "
        "Set ansible_python_interpreter to Python 3.9 or newer there.",
    }
