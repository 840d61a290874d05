# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Format text for people, and make text from elsewhere safe to show in a terminal, a log or a result."""

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
#: Longer names are not compared: the time that takes is quadratic in their length.
COMPARED = 200
_SHORTEST_SECRET = 4
#: Accepted forms of a boolean, in lower case.
YES, NO = frozenset({"yes", "true", "on", "y", "t", "1", "1.0"}), frozenset({"no", "false", "off", "n", "f", "0", "0.0"})
#: Types without text; most values of an instance are of these.
_WITHOUT_TEXT = frozenset({int, float, bool, type(None)})
#: Escape sequences that colour a terminal or move its cursor; removed as a whole.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,40}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,300}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]")
#: Control characters that :func:`safe` keeps: those of texts of several lines.
_LAYOUT = "\n\t"


def printable(text: object, limit: int = 500) -> str:
    """*text* as one line that cannot control a terminal.

    Control characters, escapes, line separators, bidirectional overrides, other invisible format characters, lone surrogates
    and non-characters become visible (``\\x1b``, ``\\u202e``); letters of every script stay as they are.

    :param text: anything; bytes are read as UTF-8, everything else through ``str()``.
    :param limit: most characters of the result; a longer text is cut and ends in ``…``.
    :returns: text that can be encoded as UTF-8.
    """
    source = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
    begin = source[: limit + 1]
    if begin.isprintable():  # the usual case
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
    """*value* with the characters that could control a terminal made visible in every text, at any depth.

    Other data and all other texts stay unchanged, so names can still be used as data. Line breaks and tabs stay too.
    """
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_safe_character, value))
    if isinstance(value, (list, tuple)):
        return [safe(item) for item in value]
    if isinstance(value, (dict, Mapping)):
        return {
            key if isinstance(key, str) and key.isprintable() else safe(key): item if type(item) in _WITHOUT_TEXT else safe(item)
            for key, item in value.items()
        }
    return value


def without_escapes(text: str) -> str:
    """*text* without escape sequences, control characters and invisible format characters. Line breaks stay; other white space becomes a blank."""
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
    """Normalize *text* for comparisons that ignore case, white space, colours and the width of characters.

    ``…`` is kept, not turned into three dots: in a reason it stands for the part that differs.
    """
    parts = (unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", part).casefold()) for part in without_escapes(text).split("…"))
    return " ".join("…".join(parts).split())


def maskable(secrets: t.Iterable[t.Any]) -> frozenset[str]:
    """The *secrets* that are masked in everything that is shown: those of four characters or more.

    Masking a shorter one, a single letter for example, would make texts unreadable, and the gaps would reveal it.
    """
    return frozenset(text for secret in secrets if secret and len(text := str(secret)) >= _SHORTEST_SECRET)


def longest_first(secrets: t.Iterable[t.Any]) -> list[str]:
    """The :func:`maskable` ones of *secrets* in the order of masking, so that a secret that contains another one is masked as a whole.

    ansible-core 2.16 masks secrets in the order in which it receives them.
    """
    return sorted(maskable(secrets), key=lambda secret: (-len(secret), secret))


def counted(number: int, noun: str) -> str:
    """``1 instance``, ``2 instances``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: t.Sequence[str], most: int | None = None) -> str:
    """Join at least one name: ``a``, ``a and b``, ``a, b and c``; with more than *most* names, as :func:`first_of`."""
    if most is not None and len(names) > most:
        return first_of(names, most)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def first_of(names: t.Sequence[str], most: int) -> str:
    """Join *names* with commas, the first *most* only: ``a, b and 7 more``."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def closest(word: str, names: t.Iterable[str]) -> str | None:
    """The name most similar to *word*, ignoring case; None if none is similar, or *word* is longer than :data:`COMPARED`."""
    if not word or len(word) > COMPARED:
        return None
    by_folded = {name.casefold(): name for name in names if len(name) <= COMPARED}
    similar = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[similar[0]] if similar else None


def did_you_mean(word: str, names: t.Iterable[str]) -> str:
    """``Did you mean daily_sales?``, or "" if none of *names* is similar to *word*."""
    name = closest(word, names)
    return "" if name is None else f"Did you mean {printable(name, 100)}?"


def type_text(value: object) -> str:
    """The type of *value* in YAML's terms: ``a number``, ``a boolean``, ``null``, ``a list``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, datetime.date):
        return "a date"
    # Ansible's own types of values are subclasses of these.
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
