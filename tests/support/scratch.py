# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary files in memory, where the machine has a folder for it.

A journal writes each commit through to the disk, which takes some milliseconds, and tests make thousands of commits: that is most of the
time of a test that reruns something.
"""

from __future__ import annotations

import os

#: Where Linux keeps files in memory, and how many bytes must be left there. In a container there may be 64 MB, in which nothing can be run.
MEMORY, ROOM = "/dev/shm", 2 << 30


def suits(folder: str, room: int = ROOM) -> bool:
    """Whether temporary files can stand in *folder*: it exists, has *room* bytes left, and programs in it can be run."""
    try:
        state = os.statvfs(folder)
    except (AttributeError, OSError):
        return False
    runs = not state.f_flag & getattr(os, "ST_NOEXEC", 0)
    return runs and state.f_bavail * state.f_frsize >= room and os.access(folder, os.W_OK | os.X_OK)
