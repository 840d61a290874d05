# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The witness: accepted writes, and every request that was seen."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

Entry = dict[str, t.Any]


class Journal:
    """Accepted writes in the order they took effect, whether or not the answer arrived.

    :param path: file that gets one JSON line per entry, on disk before the answer leaves; or None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._path = path

    def add(self, entry: Entry) -> None:
        """Write one accepted write down."""
        self.entries.append(entry)
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


class RequestLog:
    """Every request in the order it arrived. An entry is added on arrival and completed by its answer."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> Entry:
        """Write one request down; the entry is returned so that its answer can complete it."""
        self.entries.append(entry)
        return entry
