# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every document is followed by a reader: its files are written, its commands are run, what it shows is compared with what is printed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.pages import blocks
from tests.support.playbook import ROOT
from tests.support.reader import Reader, told_otherwise

GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
OTHERS = [ROOT / name for name in ("README.md", "roles/rerun/README.md", "CONTRIBUTING.md", "SECURITY.md")]
#: What the reader has in the environment, as the documents advise.
EXPORTED = {"HW_ACCESS_KEY": "DEMOAKNORTHWIND00001", "HW_SECRET_KEY": "demo-secret-key-northwind-0123456789abcd"}
#: What the documents have their reader type.
TYPED = {"dataarts_access_key": EXPORTED["HW_ACCESS_KEY"], "dataarts_secret_key": EXPORTED["HW_SECRET_KEY"]}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix().removeprefix("docs/docsite/rst/")


@pytest.mark.parametrize("page", [page for page in (*OTHERS, *GUIDES) if page.exists()], ids=name_of)
def test_a_reader_who_follows_the_page_sees_what_it_shows(
    page: Path, service: Running, environment: dict[str, str], tmp_path: Path
) -> None:
    found = blocks(page)
    reader = Reader(tmp_path, {**environment, **EXPORTED}, TYPED)
    wrong = told_otherwise(found, reader.follow(found))
    assert not wrong, "\n\n".join(wrong)
    if page.name == "README.md" and page.parent == ROOT:
        assert_the_readme_reran_each_instance_once(service)


def assert_the_readme_reran_each_instance_once(service: Running) -> None:
    sent = Counter((entry["job_name"], one["plan_time"]) for entry in service.journal() for one in entry["instances"])
    assert set(sent.values()) == {1}
    assert Counter(name for name, _time in sent) == {"daily_sales": 5, "hourly_orders": 6, "stock_levels": 5}


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=name_of)
def test_every_file_it_points_to_exists(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (ROOT / link).exists(), f"{page.name} points to {link}"
