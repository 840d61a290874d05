# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Chinese guides have the same sections, code, tables, lists and names as the English ones. ``python -m tools.chinese_guides`` copies the code.

They are on the documentation site, but not in the artifact.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.pages import blocks
from tools import chinese_guides

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted(path.name for path in chinese_guides.CHINESE.glob("*.rst"))
UNDERLINES = "=-~"


def text(path: Path) -> str:
    """The text of a page without its code."""
    return chinese_guides.prose(path.read_text(encoding="utf-8"))


def sections(path: Path) -> list[str]:
    """The underline character of each heading, in order: these are the levels of the headings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        line[0]
        for before, line in zip(lines, lines[1:], strict=False)
        if before.strip() and not before.startswith((" ", ".. ")) and re.fullmatch(rf"([{UNDERLINES}])\1{{3,}}", line)
    ]


def tables(path: Path) -> list[list[int]]:
    """The number of cells in each row of each table."""
    shapes: list[list[int]] = []
    for lines in re.findall(r"^\.\. list-table::\n(?:   .*\n|\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        rows = re.split(r"^   \* -", lines, flags=re.MULTILINE)[1:]
        shapes.append([1 + len(re.findall(r"^     -", row, re.MULTILINE)) for row in rows])
    for lines in re.findall(r"^=+  [= ]+\n((?:.+\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        shapes.append([len(re.split(r" {2,}", row.strip())) for row in lines.splitlines() if not row.startswith("=")])
    return shapes


def test_these_guides_are_there_in_chinese() -> None:
    wanted = ("awx", "errors", "exactly_once", "first_rerun", "inventory", "reasons", "repair")
    assert [name for name in wanted if f"guide_{name}.rst" not in GUIDES] == []


@pytest.mark.parametrize("name", GUIDES)
def test_a_chinese_guide_has_the_parts_of_the_english_one(name: str) -> None:
    english, chinese = chinese_guides.ENGLISH / name, chinese_guides.CHINESE / name
    assert sections(chinese) == sections(english) != []
    assert [(block.language, block.text) for block in blocks(chinese)] == [(block.language, block.text) for block in blocks(english)]
    assert sorted(tables(chinese)) == sorted(tables(english))
    for item in (r"^- ", r"^\d+\. "):
        assert len(re.findall(item, text(chinese), re.MULTILINE)) == len(re.findall(item, text(english), re.MULTILINE))
    names = [set(re.findall(r"``(.+?)``", text(path))) for path in (english, chinese)]
    assert names[0] == names[1]
    targets = [set(re.findall(r"(?:docsite\.(?:zh\.)?|docs/project/)([\w.]+)", text(path))) for path in (english, chinese)]
    assert targets[0] == targets[1]


@pytest.mark.parametrize("name", GUIDES)
def test_its_code_is_copied(name: str) -> None:
    """The tool would change nothing in the page."""
    chinese = (chinese_guides.CHINESE / name).read_text(encoding="utf-8")
    assert chinese_guides.written(chinese, (chinese_guides.ENGLISH / name).read_text(encoding="utf-8")) == chinese
    assert (
        chinese_guides.written(chinese, chinese.replace("ansible-playbook", "ansible-play")) != chinese or "ansible-playbook" not in chinese
    )


@pytest.mark.parametrize("name", GUIDES)
def test_it_is_chinese_all_through(name: str) -> None:
    """Every paragraph contains Chinese. Headings may be English, because some quote a message."""
    paragraphs = re.split(r"\n\s*\n", text(chinese_guides.CHINESE / name))[1:]
    prose = [part for part in paragraphs if not re.search(r"^\.\. |^\s*[=~-]{4,}$", part, re.MULTILINE)]
    assert [part for part in prose if not re.search(r"[\u4e00-\u9fff]", part)] == []
    # In reStructuredText, a literal does not end directly before a Chinese opening bracket, and Sphinx does not always warn.
    assert re.findall(r".*``[（「].*", text(chinese_guides.CHINESE / name)) == []


def test_the_artifact_carries_none_of_them() -> None:
    import yaml

    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    assert chinese_guides.CHINESE.relative_to(ROOT).as_posix().startswith(tuple(f"{path}/" for path in ignored if "*" not in path))
