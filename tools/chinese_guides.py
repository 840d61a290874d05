# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.chinese_guides``: copy the code blocks of the English guides into the Chinese ones in ``docs/site/zh``.

So both languages have the commands, files and messages that the tests compare with real runs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = ROOT / "docs" / "docsite" / "rst"
CHINESE = ROOT / "docs" / "site" / "zh"
_OPENED = re.compile(r"( *)\.\. code-block:: \S+")


def parts(page: str) -> list[tuple[bool, list[str]]]:
    """Split *page* into parts: (whether it is a code block including its options, its lines)."""
    pieces: list[tuple[bool, list[str]]] = [(False, [])]
    indent = ""
    for line in page.splitlines():
        opened = _OPENED.fullmatch(line)
        if opened:
            indent = opened[1]
            pieces.append((True, []))
        elif pieces[-1][0] and line.strip() and not line.startswith(f"{indent}   "):
            pieces.append((False, []))
        pieces[-1][1].append(line)
    return pieces


def prose(page: str) -> str:
    """*page* without its code blocks."""
    return "\n".join("\n".join(lines) for is_code, lines in parts(page) if not is_code)


def written(chinese: str, english: str) -> str:
    """The page *chinese* with the code blocks of the page *english*.

    :raises ValueError: their numbers of code blocks differ.
    """
    blocks = [lines for is_code, lines in parts(english) if is_code]
    places = sum(is_code for is_code, _lines in parts(chinese))
    if len(blocks) != places:
        raise ValueError(f"{len(blocks)} code blocks in English, {places} in Chinese")
    copies = iter(blocks)
    return "\n".join("\n".join(next(copies) if is_code else lines) for is_code, lines in parts(chinese)).rstrip() + "\n"


def main() -> int:
    """Rewrite the guides. Returns the exit status."""
    status = 0
    for page in sorted(CHINESE.glob("*.rst")):
        try:
            page.write_text(written(page.read_text(encoding="utf-8"), (ENGLISH / page.name).read_text(encoding="utf-8")), encoding="utf-8")
        except ValueError as error:
            print(f"{page.relative_to(ROOT)}: {error}. Bring its sections in line with the English guide first.", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
