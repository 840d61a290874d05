# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clear message for a Python that is too old for modules: before 3.7 it cannot even parse them, and Ansible only reports a module failure. Pure."""

from __future__ import annotations

import re
import typing as t

#: In the output of a module that the Python cannot parse; Python 3.7 and 3.8 can, and the module itself refuses them.
_UNREADABLE = re.compile(r"^SyntaxError: ", re.MULTILINE)
#: ansible-core's message about a Python that is too old for itself.
_REFUSED = re.compile(r"Ansible requires (a minimum of )?Python", re.IGNORECASE)
_TEXT = (
    "dataarts.factory needs Python 3.9 or newer: the one that modules are run with there is older. Set ansible_python_interpreter to Python 3.9 "
    "or newer there."
)


def with_cause(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """*result* of a module, with a message about the Python version if that is why it failed."""
    if not result.get("failed") or "error" in result:
        return result
    # Over SSH with a terminal, both are in module_stdout.
    written = "\n".join(str(result.get(name) or "") for name in ("module_stderr", "module_stdout"))
    old = _UNREADABLE.search(written) or _REFUSED.search(str(result.get("msg") or ""))
    return {**result, "msg": _TEXT} if old else result
