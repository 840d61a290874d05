# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run processes on a pseudo-terminal with a given width, and read the rows that a user would see."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.playbook import TIMEOUT

COLUMNS = 80
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclasses.dataclass(frozen=True)
class Shown:
    """Output of a process on its terminal.

    :param text: everything, including colour codes.
    """

    rc: int
    text: str
    columns: int = COLUMNS

    @property
    def lines(self) -> list[str]:
        """Lines without colours, and without text that was overwritten after a carriage return."""
        plain = _STYLE.sub("", self.text).replace("\r\n", "\n").rstrip("\n")
        return [line.rsplit("\r", 1)[-1].rstrip() for line in plain.split("\n")]

    @property
    def rows(self) -> list[str]:
        """Rows of the screen. A line that is wider than the screen takes several."""
        return [row for line in self.lines for row in _rows(line, self.columns)]


def shown(command: Sequence[str], env: Mapping[str, str], cwd: Path, *, columns: int = COLUMNS, timeout: float = TIMEOUT) -> Shown:
    """Run *command* to its end on a new terminal.

    :raises AssertionError: it does not end within *timeout* seconds.
    """
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(command, env=dict(env), cwd=cwd, stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    parts: list[bytes] = []
    end = time.monotonic() + timeout
    try:
        while time.monotonic() < end:
            if not select.select([main], [], [], 1)[0]:
                continue
            try:
                part = os.read(main, 65536)
            except OSError:  # on Linux: the other side is closed
                part = b""
            if not part:
                return Shown(process.wait(timeout=10), b"".join(parts).decode("utf-8", "replace"), columns)
            parts.append(part)
        raise AssertionError(f"{' '.join(command)} did not end within {timeout:.0f} s\n{b''.join(parts).decode('utf-8', 'replace')}")
    finally:
        os.close(main)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _rows(line: str, columns: int) -> list[str]:
    rows, used = [""], 0
    for char in line:
        wide = 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used + wide > columns:
            rows.append("")
            used = 0
        rows[-1] += char
        used += wide
    return rows
