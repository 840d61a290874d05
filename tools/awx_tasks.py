# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate the tasks of role awx for collection ansible.controller from those for awx.awx: only the names of the modules differ.

    python -m tools.awx_tasks

The name of a module cannot be a variable: Ansible resolves it when it reads the file.
"""

from __future__ import annotations

import re
from pathlib import Path

TASKS = Path(__file__).resolve().parents[1] / "roles" / "awx" / "tasks"
COLLECTION = "ansible.controller"
NOTE = "# Written by `python -m tools.awx_tasks` from the file of this name for awx.awx, which has the comments: change that.\n"
_HEAD = 3
_INCLUDED = re.compile(r"include_tasks: (\w+\.yml)")
_USED = re.compile(r"^ +awx\.awx\.\w+:", re.MULTILINE)


def names() -> list[str]:
    """Task files that use a module of awx.awx. Other files serve both collections."""
    return sorted(path.name for path in TASKS.glob("*.yml") if _USED.search(path.read_text(encoding="utf-8")))


def written(name: str) -> str:
    """Text of task file *name* for ansible.controller."""
    lines = (TASKS / name).read_text(encoding="utf-8").splitlines(keepends=True)
    body = "".join(line for line in lines[_HEAD:] if not line.lstrip().startswith("#")).replace("awx.awx.", f"{COLLECTION}.")
    copied = names()
    # paths relative to the role, where Ansible looks first
    body = _INCLUDED.sub(lambda included: f"include_tasks: {COLLECTION}/{included[1]}" if included[1] in copied else included[0], body)
    return "".join(lines[:_HEAD]) + NOTE + body


def main() -> None:
    """Write all generated files, and remove obsolete ones."""
    folder = TASKS / COLLECTION
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.yml"):
        path.unlink()
    for name in names():
        (folder / name).write_text(written(name), encoding="utf-8")


if __name__ == "__main__":
    main()
