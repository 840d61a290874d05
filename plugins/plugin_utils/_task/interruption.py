# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interruption: what stands when somebody ends the play, and what to type.

A task notes where its workspace stands in a small file of Ansible's own temporary folder, while there is something to go on with. The main
process shows them as the last thing when it is interrupted. Where it is killed at once, nobody can.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t
from pathlib import Path

from ansible import constants

_PREFIX = "dataarts-open-"
#: Workspaces that are shown; the rest is counted.
_SHOWN = 10


class Note:
    """What one workspace stands at.

    :param host: its name in the inventory.
    """

    def __init__(self, host: str) -> None:
        self._path = Path(str(constants.DEFAULT_LOCAL_TMP), _PREFIX + hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:32])

    def write(self, since: int, standing: str, command: str) -> None:
        """Note it.

        :param since: of the run, epoch ms.
        :param standing: a line that says where the instances stand.
        :param command: lines that say what to type.
        """
        content = json.dumps({"since": since, "standing": standing, "command": command})
        with contextlib.suppress(OSError):
            made = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            made.write_text(content, encoding="utf-8")
            made.replace(self._path)

    def remove(self) -> None:
        """There is nothing to go on with."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def interrupted_text() -> str:
    """What people read when the play is interrupted; "" where nothing is to be gone on with."""
    notes: list[dict[str, t.Any]] = []
    for path in Path(str(constants.DEFAULT_LOCAL_TMP)).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            notes.append(json.loads(path.read_text(encoding="utf-8")))
    if not notes:
        return ""
    notes.sort(key=lambda note: str(note["standing"]))
    more = [f"and {len(notes) - _SHOWN} more workspaces"] if len(notes) > _SHOWN else []
    first = min(notes, key=lambda note: int(note["since"]))
    standing = [str(note["standing"]) for note in notes[:_SHOWN]]
    return "\n".join(["Interrupted. What was sent goes on by itself:", *standing, *more, str(first["command"])])
