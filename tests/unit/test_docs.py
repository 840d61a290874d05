# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables and lists in the guides match the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import ENVIRONMENT
from ansible_collections.dataarts.factory.plugins.module_utils._http.retry_policy import RETRY_POLICY
from ansible_collections.dataarts.factory.plugins.module_utils._planner import reconcile as _reconcile
from tests.unit.test_vocabulary import CHECKOUT, files, prose_of
from tools import decision_table
from tools.retry_policy import table, written

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"


def test_the_guide_shows_the_retry_policy() -> None:
    guide = (GUIDES / "guide_exactly_once.rst").read_text(encoding="utf-8")
    assert table(RETRY_POLICY) in guide
    assert written(guide, RETRY_POLICY) == guide, "run python -m tools.retry_policy"
    assert len(table(RETRY_POLICY).splitlines()) == len(RETRY_POLICY) + 4


def test_the_guide_shows_the_decision_table() -> None:
    guide = (GUIDES / "guide_exactly_once.rst").read_text(encoding="utf-8")
    table_of_code = str(_reconcile.__doc__)
    assert decision_table.written(guide, table_of_code) == guide, "run python -m tools.decision_table"
    shown = guide.partition(decision_table.BEGIN)[2].partition(decision_table.END)[0]
    cells = re.findall(r"^   (?:\* -|  -) ?(.*)$", shown, re.MULTILINE)
    assert [cells[index : index + 3] for index in range(0, len(cells), 3)] == decision_table.rows(table_of_code)
    assert len(cells) // 3 == len([line for line in table_of_code.splitlines() if line.startswith("| ")]) >= 13


def test_the_guide_names_the_environment_variables_of_every_option_in_their_order() -> None:
    text = (GUIDES / "guide_inventory.rst").read_text(encoding="utf-8")
    for option, variables in ENVIRONMENT.items():
        names = ", ".join(f"``{name}``" for name in variables)
        assert f"   * - ``{option}``\n     - {names}\n" in text, option


def test_every_source_tag_has_an_entry() -> None:
    """A tag is a word of capitals in square brackets, in a comment, a docstring or a guide. Entries that nothing uses are found too."""
    tag = re.compile(r"\[((?!A-Z)[A-Z]{2,}[0-9]*(?:-[A-Z0-9]+)*|(?!A-Z)[A-Z](?:-[A-Z0-9]+)+)\]")
    page = CHECKOUT / "docs" / "project" / "sources.rst"
    used: set[str] = set()
    for path in files():
        if path.relative_to(CHECKOUT).parts[0] in ("plugins", "emulator", "docs") and path != page:
            text = path.read_text(encoding="utf-8")
            prose = [part for part, dummy in prose_of(text, list(ast.walk(ast.parse(text))))] if path.suffix == ".py" else [text]
            used |= {name for part in prose for name in tag.findall(part)}
    entries = set(re.findall(r"``\[([A-Z0-9-]+)\]``", page.read_text(encoding="utf-8")))
    assert sorted(used ^ entries) == []
