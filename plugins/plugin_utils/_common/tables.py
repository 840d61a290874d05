# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for a terminal: lines and how they are meant, tables, wrapped sentences, commands over several lines. Pure.

Widths are those of a terminal: a Chinese character takes two columns, a mark above another character none. Text of the service goes through
``printable`` before it comes here.
"""

from __future__ import annotations

import re
import shlex
import typing as t
import unicodedata

#: What Chinese text may be broken behind, where it has no blank.
_BREAKS = re.compile("(?<=[，。；：、！？）])(?=.)")
#: Columns that everything of ours is made for, and fewer on a terminal that has fewer, down to the least.
COLUMNS, _LEAST = 80, 40
_GAP = "  "
#: Columns in which the beginning of a name can be told from another.
_BEGINNING = 8
#: What a number, a time, or a count of something begins with; an id does not.
_NUMBER = re.compile(r"[\d.,:/+-]+(?!\S)")
#: What a line is about: something that needs a person, that is in progress or would be done, or that is as it should be.
Tone = t.Literal["", "bad", "busy", "good"]


class Line(t.NamedTuple):
    """One line, or several that belong together and are written at once; the tone chooses its colour, where the terminal has colours."""

    text: str
    tone: Tone = ""


class Screen:
    """The terminal, as wide as the person's: whoever writes to it sets that."""

    columns = COLUMNS

    def fit(self, columns: int) -> None:
        """Everything from here on is made for a terminal of so many *columns*; 0 if nobody knows."""
        self.columns = max(_LEAST, min(COLUMNS, columns or COLUMNS))


SCREEN = Screen()


def width(text: str) -> int:
    """How many columns a terminal needs for *text*."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def shortened(text: str, columns: int) -> str:
    """*text* in at most *columns* columns; what does not fit is replaced by ``…``."""
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
    """*text* in exactly *columns* columns, to the left, or to the *right* as numbers are; shortened where it is wider."""
    fitted = shortened(text, columns)
    blank = " " * (columns - width(fitted))
    return blank + fitted if right else fitted + blank


def table_lines(head: t.Sequence[str], rows: t.Sequence[t.Sequence[str]], *, right: t.Container[int] = ()) -> list[str]:
    """The lines of a table: *head*, then *rows*, at least one, each cell below the others of its column, two blanks in between.

    Where it would be wider than the screen, the widest of its columns are narrowed, and what does not fit is shortened; numbers and times last.

    :param right: numbers of the columns that stand to the right, the first is 0.
    """
    room = SCREEN.columns - len(_GAP) * (len(head) - 1)
    widths = _narrowed([max(map(width, column)) for column in zip(head, *rows)], [_least(column) for column in zip(*rows)], room)
    return [
        _GAP.join(padded(cell, widths[index], right=index in right) for index, cell in enumerate(row)).rstrip() for row in (head, *rows)
    ]


def wrapped(text: str, *, indent: str = "", further: str = "  ") -> list[str]:
    """*text* in lines as wide as the screen, broken at blanks, and behind Chinese punctuation; a word that is wider has a line of its own, or several
    if it is Chinese.

    :param indent: what every line begins with, and *further* what each but the first has after that.
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
    """*text* as :func:`wrapped` breaks it; nothing for an empty one."""
    return [Line(row, tone) for row in wrapped(text, indent=indent, further=further)]


def _pieces(text: str, room: int) -> t.Iterator[tuple[str, str]]:
    """What a line of *text* may be broken before: each piece with the blank in front of it, if there is one."""
    for word in text.split():
        blank = " "
        for part in (word,) if word.isascii() else _BREAKS.split(word):
            for piece in (part,) if part.isascii() or width(part) <= room else _wide_pieces(part):
                yield blank, piece
                blank = ""


def _wide_pieces(word: str) -> list[str]:
    """*word* broken before each wide character except punctuation."""
    return re.findall(r".+?(?=$|[\u2e80-\u2fff\u3040-\ua4cf\uac00-\ud7a3\uf900-\ufaff])", word)


def labelled(name: str, text: str) -> str:
    """*text* in lines behind *name*, each as far to the right as the first."""
    indent = " " * width(name) + "  "
    return "\n".join(wrapped(text, indent=indent, further="")).replace(indent, f"{name}  ", 1)


def command_lines(words: t.Sequence[str]) -> list[str]:
    """A command for a shell, broken with backslashes so that each line fits, and that can be pasted as it is.

    An option stays with its value. A word that is wider than a line is not broken.
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
    """What a column needs at least: of names a beginning is enough, but not of numbers and times."""
    widest = max(map(width, cells))
    return widest if all(_NUMBER.match(cell) for cell in cells if cell) else min(widest, _BEGINNING)


def _narrowed(widths: t.Sequence[int], least: t.Sequence[int], room: int) -> list[int]:
    """*widths* that together take no more than *room*: the widest first, below what they need at *least* only where all others are, too."""
    narrowed = list(widths)
    for _column in range(max(0, sum(widths) - max(room, len(widths)))):
        wide = [index for index, of_column in enumerate(narrowed) if of_column > least[index]] or range(len(narrowed))
        narrowed[max(wide, key=narrowed.__getitem__)] -= 1
    return narrowed


def _character_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
