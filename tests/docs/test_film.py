# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The animation of `make demo` in the READMEs: it takes a minute, is small, and shows the demo as it is now."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.support.playbook import ROOT
from tools import film

SVG = "{http://www.w3.org/2000/svg}"


def text_of(picture: str) -> list[str]:
    """The text of each row of an SVG picture."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_the_film_is_a_minute_of_the_demo() -> None:
    picture = film.FILM.read_text(encoding="utf-8")
    assert film.FILM.stat().st_size < 300_000
    rows = "\n".join(text_of(picture))
    for heading in re.findall(r'say\("([^"{]+)"\)', (ROOT / "tools" / "demo.py").read_text(encoding="utf-8")):
        assert f"=== {heading}" in rows
    for line in ("check mode sent 0 of them", "no instance was sent more than once"):
        assert line in rows
    assert "animation:rows 60s step-end infinite" in picture
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work)/", rows), "a path of the machine that it was recorded on"


def test_both_readmes_show_it_and_the_artifact_leaves_it_out() -> None:
    path = film.FILM.relative_to(ROOT).as_posix()
    for name in ("README.md", "README.zh-CN.md"):
        assert f"/raw/main/{path})" in (ROOT / name).read_text(encoding="utf-8")
    assert f"  - {film.FILM.parent.relative_to(ROOT).as_posix()}\n" in (ROOT / "galaxy.yml").read_text(encoding="utf-8")


def test_rows_come_in_their_order_and_colours() -> None:
    wide = "x" * (film.COLUMNS + 5)
    shown = list(film.rows([(0.5, "one\r\n\x1b[0;32mok"), (1.0, "\x1b[0m: <b>\r\n"), (9.0, f"old\rnew\n{wide}\n")]))
    assert [(at, "".join(text for _colour, text in runs)) for at, runs in shown] == [
        (0.5, "one"),
        (1.0, "ok: <b>"),
        (9.0, "new"),
        (9.0, "x" * film.COLUMNS),
        (9.0, "xxxxx"),
    ]
    assert [colour for colour, _text in shown[1][1]] == [film.COLOURS["32"], ""]
    picture = film.picture(shown)
    assert text_of(picture) == ["one", "ok: <b>", "new", "x" * film.COLUMNS, "xxxxx"]
    moments = film.timed(shown)
    assert moments == sorted(moments)
    assert moments[-1] <= film.LENGTH - film.REST + 1e-9
    assert f"100%{{transform:translateY({-5 * film.HIGH}px)}}" in picture
