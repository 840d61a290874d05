# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files, and small JSON files that processes share under a lock."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import typing as t
from pathlib import Path

#: Most bytes that are read from a shared file.
_LARGEST = 1 << 20


def write_all(folder: Path, contents: t.Mapping[str, bytes], mode: int) -> list[Path]:
    """Write the files *contents* (name to bytes) into *folder*, which is created if it is missing.

    All files are written under temporary names and synced before the first one is renamed. So no file is ever incomplete under its name, and
    existing files stay until all new ones are complete. A symbolic link in a file's place is replaced, not followed.

    :param mode: permissions of the files, restricted by the umask.
    :returns: the paths, in the order of *contents*.
    :raises OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in contents:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
    written: list[tuple[Path, Path]] = []
    try:
        for name, content in contents.items():
            written.append((_write_temporary(folder, name, content, mode), folder / name))
        for fresh, path in written:
            os.replace(fresh, path)
    finally:
        for fresh, _path in written:
            fresh.unlink(missing_ok=True)
    return [path for _fresh, path in written]


def read_json(descriptor: int) -> dict[str, t.Any]:
    """The JSON object in a shared file; {} if it is empty, damaged by a killed process, or not ours."""
    try:
        value = json.loads(os.pread(descriptor, _LARGEST, 0))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(descriptor: int, value: t.Mapping[str, t.Any]) -> None:
    """Replace the content of a shared file. A failure, such as a full disk, is ignored: each process then knows only its own part."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, os.pwrite(descriptor, json.dumps(value).encode(), 0))


def _write_temporary(folder: Path, name: str, content: bytes, mode: int) -> Path:
    """Write *content* to a new temporary file in *folder*, synced to disk."""
    descriptor, fresh = tempfile.mkstemp(prefix=f".{name[:20]}.", dir=folder)  # the whole name may leave no room for a suffix
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(descriptor, mode & ~_umask())
            os.fsync(descriptor)
    except BaseException:
        os.unlink(fresh)
        raise
    return Path(fresh)


def _umask() -> int:
    """The process's umask. It can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
