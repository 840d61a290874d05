# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator for a whole module, begun again before each test; the SDKs write into HOME, so they get one of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.support.scenarios import small_night


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The SDKs write ~/.huaweicloud."""
    path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(path))
        yield path


@pytest.fixture(scope="module")
def emulated() -> Iterator[Running]:
    """The module's emulator."""
    with running(small_night()) as service:
        yield service
