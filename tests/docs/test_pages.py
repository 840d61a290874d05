# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated reader follows every document: it writes the files, runs the commands, and compares the outputs with those shown."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from pathlib import Path

import pytest
import requests
import yaml

from emulator.running import Running
from tests.support.long import whole_plays
from tests.support.pages import blocks
from tests.support.playbook import ROOT
from tests.support.reader import Reader, differences

FOLDERS = sorted(path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
PAGES = sorted(
    path for path in (*ROOT.iterdir(), *(path for folder in FOLDERS for path in folder.rglob("*"))) if path.suffix in (".md", ".rst")
)
#: Not followed here: the Chinese README and guides have the commands of the English ones, and test_emulator_page.py tests the emulator's README.
IN_CHINESE = sorted((ROOT / "docs" / "site" / "zh").glob("*.rst"))
FOLLOWED_ELSEWHERE = [*(ROOT / name for name in ("README.zh-CN.md", "emulator/README.md")), *IN_CHINESE]
#: The README comes first, because `make test` runs only the first page.
FOLLOWED = sorted((page for page in PAGES if blocks(page) and page not in FOLLOWED_ELSEWHERE), key=lambda page: page != ROOT / "README.md")
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
KEYS = {"dataarts_access_key": "DEMOAKNORTHWIND00001", "dataarts_secret_key": "demo-secret-key-northwind-0123456789abcd"}


def exported(service: Running) -> dict[str, str]:
    """The reader's environment: credentials of every kind. The token and the temporary keys are fetched from the emulator."""

    def ask(path: str, identity: dict[str, t.Any], **headers: str) -> requests.Response:
        body = {"auth": {"identity": identity, "scope": {"project": {"name": "cn-north-4"}}}}
        answer = requests.post(f"{service.iam_endpoint}{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer

    user = {"name": "night-operator", "password": "demo-Password-1", "domain": {"name": "northwind-retail"}}
    token = ask("/v3/auth/tokens", {"methods": ["password"], "password": {"user": user}}).headers["X-Subject-Token"]
    short = {"methods": ["token"], "token": {"duration_seconds": 900}}
    temporary = ask("/v3.0/OS-CREDENTIAL/securitytokens", short, **{"X-Auth-Token": token}).json()["credential"]
    return {
        "HW_ACCESS_KEY": KEYS["dataarts_access_key"],
        "HW_SECRET_KEY": KEYS["dataarts_secret_key"],
        "FINANCE_PASSWORD": "demo-Password-2",
        "CONTRACTOR_ACCESS_KEY": temporary["access"],
        "CONTRACTOR_SECRET_KEY": temporary["secret"],
        "CONTRACTOR_SECURITY_TOKEN": temporary["securitytoken"],
        "NIGHT_SHIFT_TOKEN": token,
    }


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix().removeprefix("docs/docsite/rst/").removeprefix("docs/project/")


@pytest.mark.parametrize("page", whole_plays(FOLLOWED), ids=name_of)
def test_a_reader_who_follows_the_page_sees_what_it_shows(
    page: Path, service: Running, environment: dict[str, str], tmp_path: Path
) -> None:
    page_blocks = blocks(page)
    reader = Reader(tmp_path, {**environment, **exported(service)}, KEYS)
    for folder in ("emulator", "examples"):  # as in a checkout
        (reader.here / folder).symlink_to(ROOT / folder)
    wrong = differences(page_blocks, reader.follow(page_blocks))
    assert not wrong, "\n\n".join(wrong)
    if page.name == "README.md" and page.parent == ROOT:
        assert_the_readme_reran_each_instance_once(service)


def assert_the_readme_reran_each_instance_once(service: Running) -> None:
    reruns = Counter((entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"])
    assert set(reruns.values()) == {1}
    assert Counter(name for name, _time in reruns) == {"daily_sales": 5, "hourly_orders": 6, "stock_levels": 5}


def linked(page: Path) -> list[tuple[str, str]]:
    """The links of a Markdown page into this repository: (path relative to the checkout, heading or "")."""
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    into = re.compile(rf"{re.escape(REPOSITORY)}/(?:blob|raw|tree)/main/")
    inside = [(into.sub("", link), heading) for link, heading in links if into.match(link)]
    here = page.parent.relative_to(ROOT)
    own = [((here / link).as_posix() if link else page.relative_to(ROOT).as_posix(), heading) for link, heading in links if ":" not in link]
    return inside + own


def test_a_page_that_starts_the_emulator_installs_the_collection_first() -> None:
    """Neither the checkout nor ``make demo`` installs the collection. The tests would not notice, because their reader has it already."""
    commands = {page: "\n".join(block.text for block in blocks(page) if block.role == "run") for page in FOLLOWED}
    starts = {page: text for page, text in commands.items() if "python -m emulator " in text}
    assert [name_of(page) for page in starts if "source .venv/bin/activate" not in page.read_text(encoding="utf-8")] == []
    assert [
        name_of(page) for page, text in starts.items() if "ansible-galaxy collection install" not in text.partition("-m emulator")[0]
    ] == []
    assert starts


def test_a_command_that_is_typed_later_reruns_the_same() -> None:
    """A fixed ``since`` would be older than a reader's failures, all of which would then count as failed again.

    ``ansible-galaxy`` installs a build over another one of the same version only with ``--force``.
    """
    commands = [(name_of(page), block.text) for page in FOLLOWED for block in blocks(page) if block.role == "run"]
    assert [name for name, text in commands if re.search(r"dataarts_since=\d", text)] == []
    assert [name for name, text in commands if re.search(r"collection install (?!--force )\.cache", text)] == []


def test_every_absolute_link_into_the_repository_has_its_address() -> None:
    """The address is that of galaxy.yml, in a form that also works on Galaxy and Automation Hub."""
    links = {
        f"{name_of(page)}: {link}": re.match(rf"{re.escape(REPOSITORY)}/(blob/main/|raw/main/|tree/main/|issues$)", link)
        for page in PAGES
        if page.suffix == ".md"
        for link in re.findall(r"\]\((https://git\.[^)]*)\)", page.read_text(encoding="utf-8"))
    }
    assert len(links) > 5
    assert [link for link, match in links.items() if match is None] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "SECURITY.md", "CODE_OF_CONDUCT.md"])
def test_what_others_show_outside_of_the_repository_has_no_relative_link(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")] == []


#: The sections of the README template for certified collections, in its order, and Communication, which the community requires.
SECTIONS = ["Description", "Requirements", "Installation", "Use cases", "Testing", "Contributing", "Communication", "Support"]
SECTIONS += ["Release notes and roadmap", "Related information", "License information"]


def test_the_readme_has_the_sections_of_the_template() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.search(r"pip install ansible", text) is None
    assert "https://console.redhat.com/ansible/automation-hub" in text
    assert "*Create issue*" in text
    assert "](https://forum.ansible.com/c/help/6)" in text
    assert "requests` 2.25" in text
    assert "requests>=2.25\n" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


#: Modules that only the role needs.
OF_THE_ROLE = {"rerun_report", "rerun_summary"}


def test_the_readme_names_every_module() -> None:
    (row,) = re.findall(r"^\| the modules \| (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"(?:dataarts\.factory\.)?(\w+)`", row))
    assert named == {path.stem for path in (ROOT / "plugins" / "modules").glob("[a-z]*.py")} - OF_THE_ROLE


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_everything_it_points_to_exists(page: Path) -> None:
    """This covers the links of Markdown pages, and paths in backticks on all pages. Sphinx checks the references in the guides."""
    text = page.read_text(encoding="utf-8")
    links = linked(page) if page.suffix == ".md" else []
    assert [link for link, _heading in links if not (ROOT / link).exists()] == []
    named = re.findall(rf"`((?:{'|'.join(folder.name for folder in FOLDERS)})/[\w./*-]+)`", text)
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".md"], ids=name_of)
def test_every_heading_it_points_to_exists(page: Path) -> None:
    for link, heading in ((link, heading) for link, heading in linked(page) if heading):
        headings = re.findall(r"^#+ (.+)$", (ROOT / link).read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_chinese_readme_has_the_same_commands_files_and_links() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert [(block.language, block.text) for block in blocks(ROOT / "README.zh-CN.md")] == [
        (block.language, block.text) for block in blocks(ROOT / "README.md")
    ]
    for part in (r"^(#+) ", r"^(\|)", r"^(- )"):  # sections, rows of tables, points of lists
        assert re.findall(part, chinese, re.MULTILINE) == re.findall(part, english, re.MULTILINE) != []
    table = r"<!-- support table: begin.*?-->\n(.*?)<!-- support table: end -->"
    assert re.findall(table, chinese, re.DOTALL) == re.findall(table, english, re.DOTALL) != []
    languages = {f"{REPOSITORY}/blob/main/{name}" for name in ("README.md", "README.zh-CN.md")}
    links = [set(re.findall(r"\]\(([^)]+)\)", text)) for text in (english, chinese)]
    links[0] = {
        next((link.replace("docsite/rst", "site/zh") for page in IN_CHINESE if link.endswith(f"/docsite/rst/{page.name}")), link)
        for link in links[0]
    }
    assert links[0] - languages == links[1] - languages
    assert [len(part & languages) for part in links] == [1, 1]
    assert (links[0] | links[1]) >= languages
    assert set(re.findall(r"`(dataarts\.factory\.\w+|make \w+)`", english)) <= set(
        re.findall(r"`(dataarts\.factory\.\w+|make \w+)`", chinese)
    )
