# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator for each test module, reset before each test."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from emulator.running import Running, running
from tests.support.scenarios import small_night
from tests.support.sdk_home import sdk_home

__all__ = ["night", "sdk_home", "service", "shared"]


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """The emulator of the test module, in the state in which the last test left it."""
    with running(small_night()) as service:
        yield service


@pytest.fixture
def service(shared: Running) -> Running:
    """The emulator, reset to the small night without flow control."""
    shared.reset(small_night(switches={"flow_control": False}))
    return shared


@pytest.fixture
def night(shared: Running) -> t.Callable[..., Running]:
    """A function that resets the emulator to the small night with changes: ``night(jobs=[...], switches={...})``. Flow control is off by default."""

    def begin(**changes: t.Any) -> Running:
        changes["switches"] = {"flow_control": False, **changes.get("switches", {})}
        shared.reset(small_night(**changes))
        return shared

    return begin
