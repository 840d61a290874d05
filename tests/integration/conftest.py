# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures with the emulator that most tests here use."""

from __future__ import annotations

import typing as t

import pytest

from emulator.running import running
from tests.support.journal_clock import journal_clock
from tests.support.scenarios import FREE, small_night

__all__ = ["emulated", "journal_clock", "service"]


@pytest.fixture(scope="module")
def emulated() -> t.Iterator[t.Any]:
    """One emulator per module."""
    with running(small_night(switches=FREE)) as service:
        yield service


@pytest.fixture
def service(emulated: t.Any) -> t.Any:
    """The emulator, reset to :func:`small_night`."""
    emulated.reset(small_night(switches=FREE))
    return emulated
