# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disguise: consistently replaces a customer's names, ids, addresses and texts by other characters. Pure.

It has a list of what may stay, not of what must go: everything not in ``plain_words.py`` is replaced character by character. A text keeps its length,
punctuation and scripts: a Chinese name still looks like a Chinese name, and a digit becomes another digit. The characters follow from a key. Whoever
has the key can verify guesses, so each file gets its own, which is thrown away.

All times are shifted back by the same whole number of weeks, so that hours, days of the week and intervals stay readable.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
import typing as t
import unicodedata
from urllib.parse import quote, unquote

from .._common.times import DAY_MS
from . import plain_words

#: Unicode categories whose consecutive characters are replaced together, so that a word is disguised alike in every name and text.
_TOGETHER = ("L", "M", "N", "C")
_PICTURES = "So"
_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{8,}|(?=.*[0-9])(?=.*[A-F])[0-9A-F]{8,}")
#: Part of a URL with percent-encoded characters.
_ENCODED = re.compile(r"[\w.~-]*(?:%[0-9A-Fa-f]{2}[\w.~-]*)+")
_AROUND = re.compile(r"""([(\[{"'\u201c\u2018]*)(.*?)([)\]}.,:;!?"'\u201d\u2019…]*)""", re.DOTALL)
_WEEK_MS = 7 * DAY_MS
_WEEKS = 500
#: Large Unicode blocks of one script, whose order reveals nothing.
_WIDE = tuple("".join(map(chr, range(first, last + 1))) for first, last in ((0x4E00, 0x9FA5), (0xAC00, 0xD7A3)))
#: Tries to disguise a word without turning it into another of the customer's words.
_TRIES = 64


class Disguise:
    """One consistent disguise.

    :param key: 32 random bytes, for this disguise alone.
    :param originals: names, ids and other texts known to be the customer's. They are replaced in sentences even if all their words are in
        ``plain_words.py``.
    :param ours: texts to keep: what this collection itself asked for.
    :ivar made: all replacement texts and numbers.
    """

    def __init__(self, key: bytes, originals: t.Iterable[str] = (), ours: t.Collection[str] = ()) -> None:
        self._key = key
        self._ours = frozenset(ours)
        folded = {text.casefold() for text in originals if text}
        self._originals = folded
        self._words = {word for text in folded for word, together in _runs(text) if together}
        plain = sorted((text for text in folded if _is_plain(text)), key=len, reverse=True)
        self._named = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in plain), re.IGNORECASE) if plain else None
        self._shift = -_WEEK_MS * (1 + int.from_bytes(self._bytes("weeks", 4), "big") % _WEEKS)
        self.made: list[str] = []

    def text(self, text: str) -> str:
        """*text* with every letter, digit, picture and control character replaced."""
        if text in self._ours:
            return text
        made = "".join(self._other(part) for part in _parts(text))
        self.made.append(made)
        return made

    def sentence(self, text: str) -> str:
        """*text* with every word replaced that is not from this collection's own messages, or that is the name of something."""
        shown, last = [], 0
        for match in self._named.finditer(text) if self._named is not None else ():
            shown += [self._plain(text[last : match.start()]), self.text(match[0])]
            last = match.end()
        return "".join([*shown, self._plain(text[last:])])

    def names(self, text: str) -> bool:
        """Whether *text* is known to be the customer's."""
        return text.casefold() in self._originals

    def number(self, number: float) -> float:
        """*number* with other digits, as many; the same ones as in a text."""
        digits = str(abs(number))
        value = (float if "." in digits else int)(self.text(digits)) if digits.replace(".", "").isdigit() else 0
        return -value if number < 0 else value

    def time(self, ms: int) -> int:
        """The time *ms* (epoch ms), shifted."""
        self.made.append(str(ms + self._shift))
        return ms + self._shift

    def _plain(self, text: str) -> str:
        return "".join(piece if not piece.strip() else self._token(piece) for piece in re.split(r"(\s+)", text))

    def _token(self, token: str) -> str:
        match = _AROUND.fullmatch(token)
        before, core, after = match.groups() if match is not None else ("", token, "")
        known = core.casefold() not in self._originals and _is_plain_token(core)
        return token if known else f"{before}{self.text(core)}{after}"

    def _other(self, part: str) -> str:
        """*part* disguised; percent-encoded characters are decoded first."""
        if "%" in part and _ENCODED.fullmatch(part):
            try:
                return quote(
                    "".join(self._run(run) if together else run for run, together in _runs(unquote(part, errors="strict"))), safe="~"
                )
            except UnicodeDecodeError:
                pass
        return "".join(self._run(run) if together else run for run, together in _runs(part))

    def _run(self, run: str) -> str:
        for attempt in range(_TRIES):
            made = self._drawn(run, attempt)
            if made.casefold() not in self._words:
                break
        return made

    def _drawn(self, run: str, attempt: int) -> str:
        drawn = self._bytes(f"{attempt} {run.casefold()}", 2 * len(run))
        hexadecimal, number = bool(_HEX.fullmatch(run)), run.isascii() and run.isdigit()
        made = []
        for index, char in enumerate(run):
            candidates = "abcdef" if hexadecimal and char in "abcdef" else "ABCDEF" if hexadecimal and char in "ABCDEF" else _alike(char)
            if number and index == 0 and char != "0" and len(run) > 1:
                candidates = "123456789"
            own = candidates.find(char)  # a character never replaces itself
            chosen = int.from_bytes(drawn[2 * index : 2 * index + 2], "big") % (len(candidates) - (own >= 0))
            made.append(candidates[chosen + (0 <= own <= chosen)])
        return "".join(made)

    def _bytes(self, what: str, length: int) -> bytes:
        message, made = what.encode("utf-8", "surrogatepass"), b""
        while len(made) < length:
            made += hmac.new(self._key, len(made).to_bytes(8, "big") + message, hashlib.sha256).digest()
        return made[:length]


def _is_plain(text: str) -> bool:
    """Whether every word of *text* may stay in a sentence."""
    matches = map(_AROUND.fullmatch, text.split())
    return all(match is not None and _is_plain_token(match[2]) for match in matches)


def _is_plain_token(token: str) -> bool:
    """Whether *token*, without blanks, is a word of our messages, a small number or an error code."""
    if plain_words.CODE.fullmatch(token) or token in plain_words.KNOWN_REGIONS or re.fullmatch(r"[0-9]{0,3}", token):
        return True
    if token in plain_words.VALUES:
        return True
    return all(word.lower() in plain_words.PLAIN for word in re.split(r"[-_'\u2019]", token) if word) and token.isascii()


def _parts(text: str) -> t.Iterator[str]:
    """Split *text* into pieces with percent-encoded characters and the pieces between them."""
    last = 0
    for match in _ENCODED.finditer(text):
        yield text[last : match.start()]
        yield match[0]
        last = match.end()
    yield text[last:]


def _runs(text: str) -> t.Iterator[tuple[str, bool]]:
    """Split *text* into pieces, each with whether its characters are replaced."""
    start, together = 0, False
    for index, char in enumerate(text):
        own = _is_replaced(char)
        if own is not together:
            if index > start:
                yield text[start:index], together
            start, together = index, own
    if len(text) > start:
        yield text[start:], together


def _is_replaced(char: str) -> bool:
    category = unicodedata.category(char)
    return char not in "\n\t\r" and (category[0] in _TOGETHER or category == _PICTURES)


@functools.lru_cache(maxsize=20_000)
def _alike(char: str) -> str:
    """Characters that may replace *char*: at least two, of the same script and kind if possible."""
    if char.isascii() and char.isalnum():
        return "0123456789" if char.isdigit() else "abcdefghijklmnopqrstuvwxyz" if char.islower() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    number, category = ord(char), unicodedata.category(char)
    if category[0] == "C":
        return "\ufffd\ufffc"
    for wide in _WIDE:
        if wide[0] <= char <= wide[-1]:
            return wide
    script = unicodedata.name(char, "").partition(" ")[0]
    block = map(chr, range(number & ~0xFF, (number & ~0xFF) + 256))
    alike = [other for other in block if unicodedata.category(other)[0] == category[0]]
    same = [other for other in alike if unicodedata.category(other) == category and unicodedata.name(other, "").startswith(f"{script} ")]
    return "".join(same if len(same) > 1 else alike if len(alike) > 1 else "xyz")
