# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection plugin that plays a remote machine which fails while a module runs there."""

from __future__ import annotations

import os
import shutil
import typing as t
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = r"""
name: jump_host
short_description: this machine, played as another one
description:
  - Runs everything here. The folder E(JUMP_HOST) says what happens; a file named like a fault holds the number of the run of a module at which
    it does, counted from one.
options: {}
"""


class Connection(Local):
    """``local`` under another name, with faults."""

    transport = "jump_host"

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> t.Any:
        """Run *cmd*, unless a fault prevents that, or loses the answer."""
        place = Path(os.environ["JUMP_HOST"])
        if (place / "is_gone").exists() or self._due(place / "unreachable_first", 1):
            raise AnsibleConnectionFailure("the jump host does not answer")
        if "AnsiballZ_job_rerun" not in cmd or "python" not in cmd:
            return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        count = place / "runs"
        number = int(count.read_text(encoding="utf-8")) + 1 if count.exists() else 1
        count.write_text(str(number), encoding="utf-8")
        if self._due(place / "folder_vanishes", number):
            shutil.rmtree(os.path.dirname(cmd.split("AnsiballZ_job_rerun")[0].rsplit(" ", 1)[-1].strip("'\"") + "x"), ignore_errors=True)
        answer = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if self._due(place / "killed", number):
            return 137, b"", b"Killed"
        if self._due(place / "goes_away", number):
            (place / "is_gone").touch()
            raise AnsibleConnectionFailure("the connection was lost")
        return answer

    @staticmethod
    def _due(fault: Path, number: int) -> bool:
        """Whether *fault* happens now. Each happens once."""
        due = fault.exists() and int(fault.read_text(encoding="utf-8")) == number
        if due:
            fault.unlink()
        return due
