# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.decision_table``: copy the decision table of ``_planner/reconcile.py`` into the guide on exactly-once reruns."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_exactly_once.rst"
BEGIN, END = ".. Decision table, written by tools/decision_table.py\n\n", "\n.. End of the decision table\n"
_HEAD = ".. list-table::\n   :header-rows: 1\n   :widths: 30 30 40\n\n"


def rows(docstring: str) -> list[list[str]]:
    """Rows of the table in *docstring*, header first."""
    cells = re.findall(r"^\| *(.*?) *\| *(.*?) *\| *(.*?) *\|$", docstring, re.MULTILINE)
    return [[text.capitalize() for text in cells[0]], *map(list, cells[2:])]


def table(docstring: str) -> str:
    """The table in *docstring* as reStructuredText."""
    return _HEAD + "".join(f"   * - {first}\n{f'     - {second}'.rstrip()}\n     - {third}\n" for first, second, third in rows(docstring))


def written(guide: str, docstring: str) -> str:
    """*guide* with the table of *docstring* between the markers."""
    before, _begin, rest = guide.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}{table(docstring)}{END}{after}"


def main() -> int:
    """Rewrite the guide. Returns the exit status."""
    sys.path.insert(0, str(ROOT / ".cache" / "tree"))
    from ansible_collections.dataarts.factory.plugins.module_utils._planner import reconcile

    GUIDE.write_text(written(GUIDE.read_text(encoding="utf-8"), str(reconcile.__doc__)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
