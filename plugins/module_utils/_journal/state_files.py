# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: where this machine remembers what concerns a workspace (option ``state_path``)."""

from __future__ import annotations

import hashlib
import os
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from .._common.errors import LedgerError

#: For messages: what helps where the directory cannot be used.
WAY_OUT = "Give another directory with state_path, one that this user can write and that every run against this workspace uses"


@dataclass(frozen=True)
class Identity:
    """What a file belongs to: a workspace, at a service, in a project.

    :param host: the v2 base URL, also where v1 is used.
    """

    host: str
    project_id: str
    workspace_id: str

    @property
    def file_stem(self) -> str:
        """Name of its files without suffix: the workspace id, readable and harmless, and a digest of all three."""
        readable = re.sub(r"[^0-9A-Za-z-]+", "_", self.workspace_id)[:40] or "workspace"
        digest = hashlib.sha256(
            "\0".join((self.host.rstrip("/"), self.project_id, self.workspace_id)).encode("utf-8", "backslashreplace")
        ).hexdigest()
        return f"{readable}-{digest[:16]}"


def state_directory(state_path: str | None, environ: t.Mapping[str, str] | None = None) -> Path:
    """The directory of the files: *state_path*, or ``$XDG_STATE_HOME/dataarts.factory``, or ``~/.local/state/dataarts.factory``.

    :raises LedgerError: if there is no home directory to put it in.
    """
    env = os.environ if environ is None else environ
    if state_path:
        given = Path(os.path.expanduser(state_path))
        return given if given.is_absolute() else Path.cwd() / given
    base = env.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "dataarts.factory"
    home = env.get("HOME") or os.path.expanduser("~")
    if not os.path.isabs(home):
        raise LedgerError(f"Failed to find a place for the record of sent reruns: this user has no home directory. {WAY_OUT}.")
    return Path(home) / ".local" / "state" / "dataarts.factory"


def make_directory(path: Path) -> None:
    """Make *path*, mode 0700, if it is not there yet. :raises OSError: it cannot be made."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
        path.chmod(0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Bring what was renamed in *path* to the disk. :raises OSError: it cannot be read."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
