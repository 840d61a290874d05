# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written completely or not at all, and small ones that processes share under a lock."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import typing as t
from pathlib import Path

#: Bytes of a shared file that are read.
_LARGEST = 1 << 20


def write_all(folder: Path, contents: t.Mapping[str, bytes], mode: int) -> list[Path]:
    """Write the files *contents* (name to bytes) into *folder*, which is made if it is missing.

    Every file is complete before it takes its name, and none takes its name before all are complete; a file that was there stays until then.
    A link in a file's place is replaced, not followed.

    :param mode: who may read them, or fewer by the umask.
    :returns: the paths, in the order of *contents*.
    :raises OSError: if it cannot be done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in contents:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
    written: list[tuple[Path, Path]] = []
    try:
        for name, content in contents.items():
            written.append((_whole(folder, name, content, mode), folder / name))
        for fresh, path in written:
            os.replace(fresh, path)
    finally:
        for fresh, _path in written:
            fresh.unlink(missing_ok=True)
    return [path for _fresh, path in written]


def read_json(descriptor: int) -> dict[str, t.Any]:
    """What is in a file that processes share; {} if it is empty, torn by a process that was killed, or not what this collection writes."""
    try:
        value = json.loads(os.pread(descriptor, _LARGEST, 0))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(descriptor: int, value: t.Mapping[str, t.Any]) -> None:
    """Replace what is in a file that processes share. Where that fails, as on a full disk, each process knows its own part alone."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, os.pwrite(descriptor, json.dumps(value).encode(), 0))


def _whole(folder: Path, name: str, content: bytes, mode: int) -> Path:
    """A new file next to the one called *name*, with *content* synced to disk."""
    descriptor, fresh = tempfile.mkstemp(prefix=f".{name[:20]}.", dir=folder)  # a name may be as long as the file system allows
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
    """The process's umask, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
