# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents for tests of the journal."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Failure, Intent
from tests.unit.building import WORKSPACE, T, at, instance

__all__ = ["ALL", "WORKSPACE", "T", "at", "attempt", "claim", "intent"]

ALL = Window(0, 9_999_999_999_999)


def attempt(number: int = 1, seconds: float = 1.0, **changes: t.Any) -> Attempt:
    """An attempt for instance *number*, claimed *seconds* after T; *changes* are for it or its failure."""
    failure = {name: changes.pop(name) for name in list(changes) if name in Failure._fields}
    made = Attempt(Failure.of(instance(number=number)), "daily_sales", "run-1", T, 1, 1, at(seconds), at(seconds), 0)
    return replace(made, failure=made.failure._replace(**failure), **changes)


def intent(number: int = 1, seconds: float = 1.0, supersedes: Attempt | None = None, **changes: t.Any) -> Intent:
    return Intent(attempt(number, seconds, **changes), supersedes)


def claim(journal: t.Any, *numbers: int, **changes: t.Any) -> list[t.Any]:
    """The result of claiming the instances *numbers*."""
    return t.cast("list[t.Any]", journal.claim([intent(number, **changes) for number in numbers]))
