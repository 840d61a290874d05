# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for people, and text from elsewhere made safe to show in a terminal, a log or a result."""

from __future__ import annotations

import datetime
import difflib
import functools
import re
import typing as t
import unicodedata
from collections.abc import Mapping

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Joiners that several scripts need inside words; they neither move the cursor nor reorder text.
_KEPT = "\u200c\u200d"
#: Names longer than this are not compared: the time that takes grows with their square.
COMPARED = 200
_SHORTEST_SECRET = 4
#: How people write a boolean.
YES, NO = frozenset({"yes", "true", "on", "y", "t", "1", "1.0"}), frozenset({"no", "false", "off", "n", "f", "0", "0.0"})
#: Types that hold no text, which most values of an instance are of.
_WITHOUT_TEXT = frozenset({int, float, bool, type(None)})
#: What colours a terminal and moves its cursor, to be left out as a whole.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,40}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,300}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]")
#: What a field keeps of control characters: those that a text of several lines is made of.
_LAYOUT = "\n\t"


def printable(text: object, limit: int = 500) -> str:
    """*text* in one line that cannot steer a terminal.

    Control characters, escapes, line separators, bidirectional overrides, other invisible format characters, lone surrogates
    and non-characters become visible (``\\x1b``, ``\\u202e``); letters of every script stay as they are.

    :param text: anything; bytes are read as UTF-8, everything else through ``str()``.
    :param limit: maximum length of the result in characters; a longer one ends in ``…``.
    :returns: text that encodes to UTF-8 without error.
    """
    source = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
    begin = source[: limit + 1]
    if begin.isprintable():  # nearly every text is
        return begin if len(begin) <= limit else begin[: max(0, limit - 1)] + "…"
    shown: list[str] = []
    length = 0
    for char in begin:
        piece = char if char.isprintable() else _visible(char)
        length += len(piece)
        shown.append(piece)
        if length > limit:
            return "".join(shown)[: max(0, limit - 1)] + "…"
    return "".join(shown)


def safe(value: t.Any) -> t.Any:
    """*value* with every text in it, however deep, free of what could steer a terminal; other data as it is.

    A text without such characters stays what it is, so that names can be used as data.
    """
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_safe_character, value))
    if isinstance(value, (list, tuple)):
        return [safe(item) for item in value]
    if isinstance(value, (dict, Mapping)):
        return {safe(key): item if type(item) in _WITHOUT_TEXT else safe(item) for key, item in value.items()}
    return value


def without_escapes(text: str) -> str:
    """*text* as a terminal would show it, in its lines: without colours, other control characters, and format characters that cannot be seen."""
    if text.isprintable():
        return text
    shown = (
        " " if char.isspace() and char != "\n" else char
        for char in _ESCAPES.sub("", text)
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf")
    )
    return "".join(shown)


@functools.lru_cache(maxsize=4096)
def comparable(text: str) -> str:
    """*text* in the form in which people mean the same by it: whatever its case, its blanks, its colours, and the width of its characters.

    ``…`` is not three dots: in a reason it stands for what differs.
    """
    parts = (unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", part).casefold()) for part in without_escapes(text).split("…"))
    return " ".join("…".join(parts).split())


def maskable(secrets: t.Iterable[t.Any]) -> frozenset[str]:
    """Those of *secrets* that are looked for in what is shown; null and "" are none.

    A secret of three characters or fewer is not: to mask a letter in every word makes a text unreadable, and the gaps tell which letter it is.
    """
    return frozenset(text for secret in secrets if secret and len(text := str(secret)) >= _SHORTEST_SECRET)


def longest_first(secrets: t.Iterable[t.Any]) -> list[str]:
    """What is :func:`maskable` of *secrets*, in the order in which it is masked: of one that has another in it nothing is left. ansible-core 2.16
    masks them in the order in which it gets them."""
    return sorted(maskable(secrets), key=lambda secret: (-len(secret), secret))


def counted(number: int, noun: str) -> str:
    """``1 instance``, ``2 instances``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: t.Sequence[str], most: int | None = None) -> str:
    """``a``, ``a and b``, ``a, b and c``; at least one. Of more than *most* the first, and how many more there are: ``a, b and 7 more``."""
    if most is not None and len(names) > most:
        return first_of(names, most)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def first_of(names: t.Sequence[str], most: int) -> str:
    """``a, b``, and of more than *most* the first: ``a, b and 7 more``."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def closest(word: str, names: t.Iterable[str]) -> str | None:
    """The one of *names* that is most like *word*, whatever their case; None if none is like it, or *word* is too long to compare."""
    if not word or len(word) > COMPARED:
        return None
    by_folded = {name.casefold(): name for name in names if len(name) <= COMPARED}
    similar = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[similar[0]] if similar else None


def did_you_mean(word: str, names: t.Iterable[str]) -> str:
    """``Did you mean daily_sales?``, or "" if none of *names* is like *word*."""
    name = closest(word, names)
    return "" if name is None else f"Did you mean {printable(name, 100)}?"


def type_text(value: object) -> str:
    """The type of a value as YAML's readers know it: ``a number``, ``a boolean``, ``null``, ``a list``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, datetime.date):
        return "a date"
    # Values of Ansible's own are of classes derived from these.
    known: tuple[tuple[type, str], ...] = ((str, "text"), (list, "a list"), (dict, "a mapping"), (bytes, "binary data"))
    return next((text for kind, text in known if isinstance(value, kind)), f"a {type(value).__name__}")


def _safe_character(char: str) -> str:
    return char if char in _LAYOUT or char.isprintable() else printable(char)


def _visible(char: str) -> str:
    number = ord(char)
    category = unicodedata.category(char)
    if char in _KEPT or category in ("Zs", "Co") or (category == "Cn" and not _is_non_character(number)):
        return char
    if char in _SHORT:
        return _SHORT[char]
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _is_non_character(number: int) -> bool:
    return 0xFDD0 <= number <= 0xFDEF or number & 0xFFFE == 0xFFFE
