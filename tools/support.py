# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the README's support table from the results of `make matrix`: `python -m tools.support`.

tests/matrix.json has the latest result of each cell: see :class:`Cell`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "tests" / "matrix.json"
README = ROOT / "README.md"
READMES = (README, ROOT / "README.zh-CN.md")
BEGIN, END = "<!-- support table: begin (written by tools/support.py from tests/matrix.json) -->", "<!-- support table: end -->"


@dataclasses.dataclass(frozen=True)
class Cell:
    """Result of one cell of the matrix.

    :param core: version of ansible-core ("2.19.14").
    :param python: series of the controller's Python ("3.12").
    :param modules: series of the modules' Python.
    :param scope: which tests ran: everything, selection or modules.
    :param passed: number of tests that passed; likewise *failed* and *skipped*.
    :param date: UTC date of the run ("2026-11-25").
    """

    core: str
    python: str
    modules: str
    scope: str
    passed: int
    failed: int
    skipped: int
    date: str

    @property
    def series(self) -> str:
        """Series of ansible-core ("2.19")."""
        return ".".join(self.core.split(".")[:2])

    @property
    def name(self) -> str:
        """Identifies the cell."""
        return f"{self.series} on {self.python}, modules on {self.modules}"

    @property
    def good(self) -> bool:
        """Whether the cell counts as supported."""
        return self.passed > 0 and self.failed == 0


def read() -> list[Cell]:
    """The results so far, in order."""
    return [Cell(**cell) for cell in json.loads(RESULTS.read_text(encoding="utf-8"))] if RESULTS.exists() else []


def keep(cell: Cell) -> None:
    """Save *cell* in place of its previous result."""
    cells = {known.name: known for known in read()} | {cell.name: cell}
    ordered = sorted(cells.values(), key=lambda cell: [version(text) for text in (cell.series, cell.python, cell.modules)])
    RESULTS.write_text(json.dumps([dataclasses.asdict(cell) for cell in ordered], indent=1) + "\n", encoding="utf-8")


def version(text: str) -> tuple[int, ...]:
    """Parse a version for comparison."""
    return tuple(int(part) for part in text.split("."))


def table(cells: list[Cell]) -> str:
    """The table in Markdown: a row for each series of ansible-core with the Pythons on which it passed."""
    good = [cell for cell in cells if cell.good]
    lines = ["| ansible-core | runs on Python | its modules on Python |", "|---|---|---|"]
    for series in sorted({cell.series for cell in good}, key=version):
        row = [cell for cell in good if cell.series == series]
        newest = max((cell.core for cell in row), key=version)
        runs = {cell.python for cell in row if cell.scope != "modules"}
        modules = {cell.modules for cell in row}
        lines.append(f"| {newest} | {' | '.join(', '.join(sorted(pythons, key=version)) or 'not run' for pythons in (runs, modules))} |")
    return "\n".join(lines)


def with_table(text: str, cells: list[Cell]) -> str:
    """The README's *text* with the table between the markers."""
    return re.sub(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: f"{BEGIN}\n{table(cells)}\n{END}", text, flags=re.DOTALL)


def write() -> None:
    """Update both READMEs."""
    for path in READMES:
        path.write_text(with_table(path.read_text(encoding="utf-8"), read()), encoding="utf-8")


if __name__ == "__main__":
    write()
