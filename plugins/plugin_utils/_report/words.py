# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue of the report's texts, ``assets/texts.json``: each one in English and in Chinese. Pure except for reading that file.

``page`` has what the page's script says and ``headline`` the report in one sentence, both by a key. ``messages`` has what modules say, an English
pattern and its translation. A text may have two forms, ``one|many``; which of them is meant ``n`` says.
"""

from __future__ import annotations

import functools
import json
import typing as t
from pathlib import Path

#: In the order in which the catalogue has them.
LANGUAGES = ("en", "zh")
_CATALOGUE = Path(__file__).resolve().parent / "assets" / "texts.json"


@functools.cache
def catalogue() -> dict[str, t.Any]:
    """The whole catalogue."""
    return t.cast("dict[str, t.Any]", json.loads(_CATALOGUE.read_text(encoding="utf-8")))


def headline_text(language: str, key: str, n: int | None = None, **values: t.Any) -> str:
    """A part of the headline in a *language* of :data:`LANGUAGES`.

    :param n: the number that decides between two forms, and ``{n}`` in the text.
    :param values: for the text's other gaps; numbers get a separator of thousands.
    """
    singular, several, plural = catalogue()["headline"][key][LANGUAGES.index(language)].partition("|")
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in {"n": n, **values}.items()}
    text: str = plural if several and n != 1 else singular
    return text.format(**shown)
