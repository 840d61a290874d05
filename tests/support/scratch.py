# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep temporary files in memory, if the machine can.

A journal syncs each commit to disk, which takes some milliseconds: most of the time of a test that reruns something.
"""

from __future__ import annotations

import os

#: Linux's folder for files in memory, and the bytes that must be free. Containers often have only 64 MB, without permission to execute.
MEMORY, ROOM = "/dev/shm", 2 << 30


def suits(folder: str, room: int = ROOM) -> bool:
    """Whether *folder* can be used for temporary files: it exists, is writable, has *room* bytes free, and allows execution."""
    try:
        state = os.statvfs(folder)
    except (AttributeError, OSError):
        return False
    runs = not state.f_flag & getattr(os, "ST_NOEXEC", 0)
    return runs and state.f_bavail * state.f_frsize >= room and os.access(folder, os.W_OK | os.X_OK)
