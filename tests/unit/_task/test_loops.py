# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks, includes and loops around a task."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task.loops import once


@pytest.mark.parametrize(
    ("around", "expected"),
    [([True], True), ([False], False), ([False, False, True], True), ([False, None, True], True), ([False, None, False], False)],
)
def test_a_task_is_run_once_if_anything_around_it_is(around: list[bool | None], expected: bool) -> None:
    """*around* starts with the task; None stands for a part without ``run_once``, such as a role."""
    task = None
    for once_here in reversed(around):
        task = SimpleNamespace(_parent=task, **({} if once_here is None else {"run_once": once_here}))
    assert once(task) is expected
