# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for a terminal: lines with a tone, tables, wrapped sentences, commands over several lines. Pure.

Widths are columns of a terminal: a Chinese character takes two, a combining mark none. Text from the service must have gone through ``printable``.
"""

from __future__ import annotations

import re
import shlex
import typing as t
import unicodedata

#: Places after which Chinese text without blanks may be broken.
_BREAKS = re.compile("(?<=[，。；：、！？）])(?=.)")
#: Widest and narrowest layout, columns.
COLUMNS, _LEAST = 80, 40
_GAP = "  "
#: Columns in which the beginnings of two names usually differ.
_BEGINNING = 8
#: Start of a cell with a number, a time or a count, but not an id.
_NUMBER = re.compile(r"[\d.,:/+-]+(?!\S)")
#: What a line reports: something that needs a person, something in progress or planned, or something that is as it should be.
Tone = t.Literal["", "bad", "busy", "good"]


class Line(t.NamedTuple):
    """One line, or several that are written at once; its tone chooses the colour on terminals with colours."""

    text: str
    tone: Tone = ""


class Screen:
    """Width of the terminal that lines are made for."""

    columns = COLUMNS

    def fit(self, columns: int) -> None:
        """Make all further lines for a terminal with *columns* columns; 0 if that is unknown."""
        self.columns = max(_LEAST, min(COLUMNS, columns or COLUMNS))


SCREEN = Screen()


def width(text: str) -> int:
    """Columns that a terminal needs for *text*."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def shortened(text: str, columns: int) -> str:
    """*text* in at most *columns* columns; ``…`` replaces the rest."""
    if width(text) <= columns:
        return text
    kept, used = "", 1
    for char in text:
        used += _character_width(char)
        if used > columns:
            break
        kept += char
    return f"{kept.rstrip()}…" if columns > 0 else ""


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """*text* in exactly *columns* columns, aligned left, or *right* as for numbers; shortened if it is wider."""
    fitted = shortened(text, columns)
    blank = " " * (columns - width(fitted))
    return blank + fitted if right else fitted + blank


def table_lines(head: t.Sequence[str], rows: t.Sequence[t.Sequence[str]], *, right: t.Container[int] = ()) -> list[str]:
    """The lines of a table: *head*, then *rows* (at least one), in aligned columns with two blanks between them.

    If the table is wider than the screen, its widest columns are narrowed and their cells shortened, columns of numbers and times last.

    :param right: indexes of the columns that are aligned right.
    """
    room = SCREEN.columns - len(_GAP) * (len(head) - 1)
    widths = _narrowed([max(map(width, column)) for column in zip(head, *rows)], [_least(column) for column in zip(*rows)], room)
    return [
        _GAP.join(padded(cell, widths[index], right=index in right) for index, cell in enumerate(row)).rstrip() for row in (head, *rows)
    ]


def wrapped(text: str, *, indent: str = "", further: str = "  ") -> list[str]:
    """*text* wrapped to the width of the screen, at blanks and after Chinese punctuation.

    A wider word gets a line of its own, or several lines if it is Chinese.

    :param indent: start of every line.
    :param further: follows *indent* in every line except the first.
    """
    lines: list[str] = []
    line = indent
    room = SCREEN.columns - width(indent + further)
    for blank, word in _pieces(text, room):
        joined = line + blank + word if line.strip() else line + word
        if line.strip() and width(joined) > SCREEN.columns:
            lines.append(line)
            line = indent + further + word
        else:
            line = joined
    return [*lines, line] if line.strip() else lines


def lines_of(text: str, tone: Tone = "", *, indent: str = "", further: str = "  ") -> list[Line]:
    """*text* as lines, wrapped by :func:`wrapped`; none for an empty text."""
    return [Line(row, tone) for row in wrapped(text, indent=indent, further=further)]


def _pieces(text: str, room: int) -> t.Iterator[tuple[str, str]]:
    """The pieces of *text* that a line may be broken between, each with the blank in front of it, or ""."""
    for word in text.split():
        blank = " "
        for part in (word,) if word.isascii() else _BREAKS.split(word):
            for piece in (part,) if part.isascii() or width(part) <= room else _wide_pieces(part):
                yield blank, piece
                blank = ""


def _wide_pieces(word: str) -> list[str]:
    """*word* split before each wide character except punctuation."""
    return re.findall(r".+?(?=$|[\u2e80-\u2fff\u3040-\ua4cf\uac00-\ud7a3\uf900-\ufaff])", word)


def labelled(name: str, text: str) -> str:
    """*text*, wrapped, in a column to the right of *name*."""
    indent = " " * width(name) + "  "
    return "\n".join(wrapped(text, indent=indent, further="")).replace(indent, f"{name}  ", 1)


def command_lines(words: t.Sequence[str]) -> list[str]:
    """A shell command that can be pasted, broken with backslashes so that each line fits.

    An option stays with its value. A word wider than a line is not broken.
    """
    parts: list[str] = []
    for word in map(shlex.quote, words):
        if parts and parts[-1].startswith("-") and " " not in parts[-1] and not word.startswith("-"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    lines = ["  "]
    for part in parts:
        joined = f"{lines[-1]} {part}" if lines[-1].strip() else lines[-1] + part
        if lines[-1].strip() and width(joined) > SCREEN.columns - 2:
            lines.append(f"    {part}")
        else:
            lines[-1] = joined
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _least(cells: t.Sequence[str]) -> int:
    """Narrowest width of a column: the beginning is enough for names, but not for numbers and times."""
    widest = max(map(width, cells))
    return widest if all(_NUMBER.match(cell) for cell in cells if cell) else min(widest, _BEGINNING)


def _narrowed(widths: t.Sequence[int], least: t.Sequence[int], room: int) -> list[int]:
    """*widths* reduced to *room* in total: the widest first, below *least* only once all are at their least."""
    narrowed = list(widths)
    for _column in range(max(0, sum(widths) - max(room, len(widths)))):
        wide = [index for index, of_column in enumerate(narrowed) if of_column > least[index]] or range(len(narrowed))
        narrowed[max(wide, key=narrowed.__getitem__)] -= 1
    return narrowed


def _character_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
