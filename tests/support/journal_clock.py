# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixture that advances the journal's clock together with the service's: an attempt must settle on both."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from emulator.running import Running


@pytest.fixture(autouse=True)
def journal_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """:meth:`Running.advance` also advances the clock of SQLite journals in this process."""
    advance, ahead = Running.advance, [0]

    def both(service: Running, seconds: float) -> t.Any:
        ahead[0] += int(seconds * 1000)
        return advance(service, seconds)

    monkeypatch.setattr(Running, "advance", both)
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: time.time_ns() // 1_000_000 + ahead[0])
