# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixture with one emulator per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.running import Running, running
from tests.support.journal_clock import journal_clock
from tests.support.scenarios import small_night
from tests.support.sdk_home import sdk_home

__all__ = ["emulated", "journal_clock", "sdk_home"]


@pytest.fixture(scope="module")
def emulated() -> Iterator[Running]:
    """The module's emulator."""
    with running(small_night()) as service:
        yield service
