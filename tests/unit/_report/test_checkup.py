# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a checkup: aligned in one column, within the width of the terminal."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.checkup import State
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.checkup import checkup_lines


def test_times_are_those_of_the_terminal() -> None:
    text = "j.db, complete since 2026-11-01T00:00:00Z"
    checkup = {"checks": [{"check": "journal", "state": "ok", "text": text, "remedy": ""}], "first_step": text, "ready": True}
    assert [line.text.rpartition("since ")[2] for line in checkup_lines("sales", checkup, few=True)[1:]] == ["2026-11-01 00:00 +00:00"] * 2


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("check", ["tls", "v1_list", "name_resolution", "instance_detail"])
def test_text_and_remedy_stand_in_one_column_that_fits(check: str, state: State) -> None:
    words = " ".join("word"[: 1 + number % 4] for number in range(90))
    finding = {"check": check, "state": state.value, "text": words, "remedy": f"Do {words}."}
    (line,) = checkup_lines("sales", {"checks": [finding], "first_step": "Ready.", "ready": True}, few=True)[1:-1]
    first, *others = line.text.splitlines()
    assert len(others) > 5
    column = first.index(" w wo wor ") + 1
    assert {len(other) - len(other.lstrip()) for other in others} == {column}
    assert max(width(row) for row in (first, *others)) <= COLUMNS
