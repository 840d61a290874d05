# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that is too old for a module: one before 3.7 cannot even read it, and ansible-core says no more than that there was no answer. Pure."""

from __future__ import annotations

import re
import typing as t

#: In what a module has written that this Python cannot read; those that can, up to 3.8, are refused by the module itself.
_UNREADABLE = re.compile(r"^SyntaxError: ", re.MULTILINE)
#: How ansible-core refuses what is too old for itself.
_REFUSED = re.compile(r"Ansible requires (a minimum of )?Python", re.IGNORECASE)
_TEXT = (
    "dataarts.factory needs Python 3.9 or newer: the one that modules are run with there is older. Set ansible_python_interpreter to Python 3.9 "
    "or newer there."
)


def with_cause(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """*result* of a module, with the version of Python as its message where that is why it failed."""
    if not result.get("failed") or "error" in result:
        return result
    # Over SSH with a terminal both are one.
    written = "\n".join(str(result.get(name) or "") for name in ("module_stderr", "module_stdout"))
    old = _UNREADABLE.search(written) or _REFUSED.search(str(result.get("msg") or ""))
    return {**result, "msg": _TEXT} if old else result
