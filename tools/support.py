# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's support table, out of what `make matrix` found: `python -m tools.support` writes it between its markers.

tests/matrix.json holds one entry for each cell, from the last time that it ran: see :class:`Cell`.
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
    """What one cell of the matrix found.

    :param core: version of ansible-core ("2.19.14").
    :param python: series of the Python that it ran on ("3.12").
    :param modules: series of the Python that modules ran on.
    :param scope: which tests: everything, selection or modules.
    :param passed: how many of them passed; *failed* and *skipped* likewise.
    :param date: when, by the machine's date ("2026-11-25").
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
        """Of ansible-core ("2.19")."""
        return ".".join(self.core.split(".")[:2])

    @property
    def name(self) -> str:
        """What tells the cell from others."""
        return f"{self.series} on {self.python}, modules on {self.modules}"

    @property
    def good(self) -> bool:
        """Whether it counts as supported."""
        return self.passed > 0 and self.failed == 0


def read() -> list[Cell]:
    """The cells found so far, in order."""
    return [Cell(**cell) for cell in json.loads(RESULTS.read_text(encoding="utf-8"))] if RESULTS.exists() else []


def keep(cell: Cell) -> None:
    """Put *cell* in the place of its predecessor."""
    cells = {known.name: known for known in read()} | {cell.name: cell}
    ordered = sorted(cells.values(), key=lambda cell: [version(text) for text in (cell.series, cell.python, cell.modules)])
    RESULTS.write_text(json.dumps([dataclasses.asdict(cell) for cell in ordered], indent=1) + "\n", encoding="utf-8")


def version(text: str) -> tuple[int, ...]:
    """Versions compare by their numbers."""
    return tuple(int(part) for part in text.split("."))


def table(cells: list[Cell]) -> str:
    """The table in Markdown: a row for each series of ansible-core, with what passed there and nothing else."""
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
    """The README's *text* with the table between its markers."""
    return re.sub(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: f"{BEGIN}\n{table(cells)}\n{END}", text, flags=re.DOTALL)


def write() -> None:
    """Bring the README up to date, in both languages."""
    for path in READMES:
        path.write_text(with_table(path.read_text(encoding="utf-8"), read()), encoding="utf-8")


if __name__ == "__main__":
    write()
