# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code blocks of documents in Markdown and reStructuredText, and what a reader does with each.

A reader writes a ``yaml``, ``ini`` or ``cfg`` block to the file that the comment on its first line names, runs a ``shell`` block, and
compares a ``text`` block with the output of the block before it. A comment before a block changes that::

    <!-- docs: fails -->                 the last command of the block fails
    <!-- docs: not run, <reason> -->     the block is not run, written or compared
    <!-- docs: message, <name> -->       a message of tests/docs/test_messages.py, compared there

In reStructuredText, write ``.. docs: fails``.
"""

from __future__ import annotations

import dataclasses
import re
import textwrap
import typing as t
from collections.abc import Iterator
from pathlib import Path

from tests.support.playbook import ROOT

Role = t.Literal["run", "write", "compare", "look at", "unknown"]
FILES = ("yaml", "ini", "cfg")


@dataclasses.dataclass(frozen=True)
class Block:
    """One code block.

    :param line: number of its first line, from 1.
    :param note: text after ``docs:`` in the comment before it, or "".
    """

    page: Path
    line: int
    language: str
    text: str
    note: str = ""

    @property
    def where(self) -> str:
        """Path and line, for editors."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file name in the comment on its first line, or None if the block is not a file."""
        match = re.match(r"# (\S+\.\w+|\S*hosts)(?=[:,\s])", self.text) if self.language in FILES else None
        return match[1] if match else None

    @property
    def role(self) -> Role:
        """What a reader does with the block."""
        if re.match(r"(not run|message), \S", self.note):
            return "look at"
        if self.language == "shell":
            return "run"
        if self.file:
            return "write"
        return "compare" if self.language == "text" else "unknown"

    @property
    def fails(self) -> bool:
        """Whether its last command must fail."""
        return self.note.startswith("fails")


def blocks(page: Path) -> list[Block]:
    """The code blocks of *page*, in order."""
    text = page.read_text(encoding="utf-8")
    return list(_of_rst(page, text.splitlines()) if page.suffix == ".rst" else _of_markdown(page, text.splitlines()))


def _of_markdown(page: Path, lines: list[str]) -> Iterator[Block]:
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if opened is None:
            opened = number, line[3:].strip()
        else:
            body = "".join(f"{line}\n" for line in lines[opened[0] + 1 : number])
            yield Block(page, opened[0] + 1, opened[1], body, _note(lines[: opened[0]], r"<!-- docs: (.*?) -->"))
            opened = None


def _of_rst(page: Path, lines: list[str]) -> Iterator[Block]:
    for number, line in enumerate(lines):
        match = re.fullmatch(r"( *)\.\. code-block:: (\S+)", line)
        if not match:
            continue
        body = []
        for following in lines[number + 1 :]:
            if following.strip() and not following.startswith(f"{match[1]}   "):
                break
            body.append(following)
        while body and (not body[0].strip() or body[0].strip().startswith(":")):
            body.pop(0)
        while body and not body[-1].strip():
            body.pop()
        text = textwrap.dedent("".join(f"{line}\n" for line in body))
        yield Block(page, number + 1, match[2], text, _note(lines[:number], r" *\.\. docs: (.*)"))


def _note(before: list[str], pattern: str) -> str:
    """Text of the comment at the end of *before*, which an empty line may follow; or ""."""
    introduction = [line for line in before[-2:] if line.strip()][-1:]
    match = re.fullmatch(pattern, introduction[0]) if introduction else None
    return match[1] if match else ""
