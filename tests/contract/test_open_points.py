# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One page of the guides lists every undocumented behaviour that the code depends on, with its switch."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.switches import SWITCHES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "project" / "undocumented.rst"


def test_the_page_names_every_switch_once_and_no_other() -> None:
    first_cells = re.findall(r"^   \* - (``.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"``(.+?)``", cell)]
    assert sorted(named) == sorted(SWITCHES)


def test_each_row_says_what_is_open_and_what_is_done_about_it() -> None:
    rows = re.split(r"^   \* - ", PAGE.read_text(encoding="utf-8").split("Points without a switch")[0], flags=re.MULTILINE)[2:]
    assert rows
    for row in rows:
        cells = [" ".join(cell.split()) for cell in re.split(r"^     - ", row, flags=re.MULTILINE)]
        assert len(cells) == 3, row
        assert all(cell.rstrip(".") != cell for cell in cells[1:]), row
