# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue of texts for people in English and Chinese, ``assets/texts.json``. Pure except for reading that file.

``page`` (texts of the page's script) and ``headline`` (the report in one sentence) are indexed by keys, ``console`` (lines of a terminal) by the
English text. ``messages`` pairs English patterns of the modules' messages with translations: results stay English and are translated when they are
shown. A text may have two forms, ``one|many``, which ``n`` selects.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from pathlib import Path

from ...module_utils._config.argument_spec import LANGUAGE_WORDS

#: Languages in the order of the catalogue.
LANGUAGES = LANGUAGE_WORDS
ENGLISH, CHINESE = LANGUAGES
_CATALOGUE = Path(__file__).resolve().parent / "assets" / "texts.json"
_TIME, _NUMBER = r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"[\d,]+"
#: Name of a gap -> its regular expression, if the gap is not a part of one sentence (:data:`_PART`).
_GAPS = {
    **dict.fromkeys(("text", "reason", "reruns"), ".+?"),
    "when": r"[\dTZ:+. -]+?",
    **dict.fromkeys(("time", "since", "from"), _TIME),
    **dict.fromkeys(("n", "all"), _NUMBER),
    **dict.fromkeys(("s", "t"), "s?"),
    "are": "is|are|was|were|has|have",
    "status": r"[\w-]+|'[^']*'",
    "id": r"[\w-]+",
    **dict.fromkeys(("user", "controller", "purpose"), "[^;]+?"),
}
_PART = r"(?:(?![;.] ).)+?"
#: Gaps that may hold several sentences, the last with its full stop.
_OPEN_ENDS = ("{text}", "{reason}", "{reruns}")
#: Gaps that hold another message of the catalogue; those that hold a list; those with text from outside, in which lists are not translated.
_NESTED, _LISTS, _FOREIGN = frozenset({"reason", "reruns", "where"}), frozenset({"jobs", "states"}), frozenset({"text", "cause"})
#: Number of leading characters by which the patterns of a message are indexed.
_TOLD_BY = 4
#: A list of names, as in ``access_key, secret_key and 2 more``.
_LISTING = re.compile(r"[^\s,]+(?:, [^\s,]+)* and (?:[^\s,]+|\d+ more(?: jobs?)?)")
#: Values of which one is to be chosen.
_CHOICE = re.compile(r"[\w.-]+(?: or [\w.-]+)+")


@functools.cache
def catalogue() -> dict[str, t.Any]:
    """The whole catalogue."""
    return t.cast("dict[str, t.Any]", json.loads(_CATALOGUE.read_text(encoding="utf-8")))


def headline_text(language: str, key: str, n: int | None = None, **values: t.Any) -> str:
    """A part of the headline in *language*, one of :data:`LANGUAGES`.

    :param n: number that selects one of two forms, and fills ``{n}``.
    :param values: for the text's other gaps; numbers get thousands separators.
    """
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in {"n": n, **values}.items()}
    return _form(catalogue()["headline"][key][LANGUAGES.index(language)], n).format(**shown)


def say(language: str, english: str, n: int | None = None, **values: t.Any) -> str:
    """A text for the terminal in *language*, with its gaps filled. tests/unit/_report/test_words.py checks that the catalogue has all of them.

    :param english: the English text, which is its key in the catalogue.
    :param n: number that selects one of two forms, and fills ``{n}``.
    """
    text = catalogue()["console"].get(english, english) if language == CHINESE else english
    return _form(text, n).format(n=n, **values)


def translated(language: str, message: str) -> str:
    """A module's *message* in *language*: translated as a whole, else sentence by sentence. Unknown text, such as the service's, is unchanged."""
    return _chinese(message) if language == CHINESE and message else message


def in_language(language: str, warnings: t.Iterable[t.Any]) -> list[t.Any]:
    """*warnings* of a result in *language*. Since ansible-core 2.19, warnings of a module's process are objects with a text."""
    return [
        warning if language != CHINESE else translated(language, warning if isinstance(warning, str) else str(warning.event.msg))
        for warning in warnings
    ]


def listing(language: str, text: str) -> str:
    """*text* with the commas of *language*, if it is only a list of names; else *text* unchanged."""
    return _joined(text) if language == CHINESE and _LISTING.fullmatch(text) else text


def first_names(language: str, names: t.Sequence[str], most: int) -> str:
    """The first *most* of *names*, which must be safe to show, in one line, and the number of further ones."""
    shown, left = say(language, ", ").join(names[:most]), len(names) - most
    return say(language, "{names} and {n} more", left, names=shown) if left > 0 else shown


def _form(text: str, n: int | None) -> str:
    singular, several, plural = text.partition("|")
    return plural if several and n != 1 else singular


@functools.lru_cache(maxsize=10_000)
def _chinese(text: str) -> str:
    """Translate the longest known start of *text*, then the rest; skip the first sentence if no start is known."""
    known = _whole(text)
    if known is not None:
        return known
    ends = [end.start() for end in re.finditer(r"[;.] ", text)]
    for end in reversed(ends):
        sentence = text[end] == "."
        begin = _whole(text[: end + sentence])
        if begin is not None:
            return f"{begin}{'' if sentence else '；'}{_chinese(text[end + 2 :])}"
    return text[: ends[0] + 2] + _chinese(text[ends[0] + 2 :]) if ends else text


def _whole(text: str) -> str | None:
    for begin, pattern, translation in _patterns_of(text[:_TOLD_BY]):
        match = pattern.fullmatch(text) if text.startswith(begin) else None
        if match:
            values = match.groupdict()
            stop = "。" if values.pop("stop", "") else ""
            return translation.format(**{name: _value(name, value) for name, value in values.items()}) + stop
    return None


def _value(name: str, value: str) -> str:
    if name in _LISTS or (name not in _NESTED | _FOREIGN and _LISTING.fullmatch(value)):
        return _joined(value)
    if name not in _NESTED and _CHOICE.fullmatch(value):
        return " 或 ".join(value.split(" or "))
    return _chinese(value) if name in _NESTED else value


def _joined(names: str) -> str:
    return "、".join(_whole(entry) or entry for entry in re.split(", and |, | and ", names))


@functools.lru_cache(maxsize=1_000)
def _patterns_of(begin: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Entries of :func:`_patterns` for texts whose first _TOLD_BY characters are *begin*."""
    return [known for known in _patterns() if known[0][:_TOLD_BY] == begin[: len(known[0])]]


@functools.cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """(Start, pattern, translation) of each message."""
    return [(english.partition("{")[0], _compiled(english), chinese) for english, chinese in catalogue()["messages"]]


def _compiled(english: str) -> re.Pattern[str]:
    """The regular expression of a catalogue text; with an optional full stop in group ``stop``, unless the text has its own end."""
    parts = re.split(r"\{(\w+)\}", english)
    pattern = (f"(?P<{part}>{_GAPS.get(part, _PART)})" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    stop = "" if english.endswith((".", *_OPEN_ENDS)) else r"(?P<stop>\.?)"
    return re.compile("".join(pattern) + stop, re.DOTALL)
