# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence for tests: a journal of accepted writes and a log of all requests."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

Entry = dict[str, t.Any]


class Journal:
    """Accepted writes in the order in which they took effect, whether or not the client received the answer.

    :param path: file that gets one JSON line per entry, synced to disk before the answer is sent; or None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._path = path

    def add(self, entry: Entry) -> None:
        """Add one accepted write."""
        self.entries.append(entry)
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


class RequestLog:
    """All requests in order of arrival. An entry is added on arrival and completed when the request is answered."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> Entry:
        """Add one request. Returns the entry, which the answer completes."""
        self.entries.append(entry)
        return entry
