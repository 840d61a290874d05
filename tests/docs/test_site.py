# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site: it has a page for each playbook, generated from the playbook and its roles, and its links work.

`make docs` builds the site with warnings as errors, and checks every link of every page.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import ROOT, Ansible
from tools import playbook_pages, site_links

PAGES = playbook_pages.pages()
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]


CHINESE = sorted((ROOT / "docs" / "site" / "zh").glob("*.rst"))


def plain(text: str | list[str], role: str, entry: str) -> str:
    """A stand-in for the conversion of Ansible's markup: the unchanged text, with its role and entry point in front."""
    return f"{role}/{entry}: {text if isinstance(text, str) else ' '.join(text)}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_every_variable_and_shows_an_example(name: str) -> None:
    playbook = PAGES[name]
    page = playbook_pages.page(playbook, plain)
    assert page.startswith(f".. _ansible_collections.dataarts.factory.{name}:\n\ndataarts.factory.{playbook.name} playbook\n===")
    explained = set(re.findall(r"^   \* - ``(dataarts_\w+)``\n(?:     - .+\n?)+", page, re.MULTILINE))
    assert playbook.used <= explained
    for role, entry in playbook.roles:
        assert set(playbook_pages.options(role, entry)) <= explained
    assert f"dataarts.factory.{playbook.name}" in page.partition("Example\n-------\n")[2].partition("\n\n")[2].split("\n\n")[0]
    assert not re.search(r":\n\n(Example|Variables)", page)


def test_a_page_says_what_the_comment_says(tmp_path: Path) -> None:
    path = tmp_path / "rerun_all.yml"
    path.write_text(
        """---
# SPDX-License-Identifier: GPL-3.0-or-later

# Rerun all of it:
#
#   ansible-playbook dataarts.factory.rerun_all -i inventory
#
# dataarts_hosts, dataarts_more  pattern of hosts,
#                  default all; dataarts_less where it ends
# and every variable of role dataarts.factory.rerun

# A second thought about dataarts_hosts.

- name: Nothing
  hosts: "{{ dataarts_hosts }}"
  tasks:
    - name: Run
      ansible.builtin.import_role:
        name: dataarts.factory.rerun
        tasks_from: ask
      register: dataarts_kept
""",
        encoding="utf-8",
    )
    playbook = playbook_pages.read(path)
    assert playbook.text == [
        "Rerun all of it.",
        "In addition: every variable of role dataarts.factory.rerun",
        "A second thought about dataarts_hosts.",
    ]
    assert playbook.example == "ansible-playbook dataarts.factory.rerun_all -i inventory"
    assert playbook.variables == {
        "dataarts_hosts": "pattern of hosts, default all; dataarts_less where it ends",
        "dataarts_more": "pattern of hosts, default all; dataarts_less where it ends",
        "dataarts_less": "where it ends",
    }
    assert (playbook.roles, playbook.used) == ([("rerun", "related")], {"dataarts_hosts"})


def test_the_examples_of_the_pages_are_commands_that_ansible_takes(tmp_path: Path) -> None:
    """Each command starts its own playbook. Ansible checks the syntax of rerun_related with the variables file of its page."""
    ansible = Ansible(tmp_path)
    for playbook in PAGES.values():
        command, _blank, file = playbook.example.partition("\n\n")
        if not command.startswith("ansible-playbook "):
            continue
        for name in re.findall(r"@(\w+\.yml)", command):
            (tmp_path / name).write_text(file.partition("\n")[2] or "{}", encoding="utf-8")
        assert command.split()[1] == f"dataarts.factory.{playbook.name}"
    names = sorted(playbook.name for playbook in PAGES.values())
    assert names == sorted(path.stem for path in (ROOT / "playbooks").glob("[!_]*.yml"))
    ansible.run("ansible-playbook", "--syntax-check", "-i", "sales,", "dataarts.factory.rerun_related", "-e", "@incident.yml").succeeded()


@pytest.mark.parametrize(
    ("link", "lost"),
    [
        ("other.html", None),
        ("other.html#here", None),
        ("#top", None),
        ("https://example.com/nothing", None),
        ("../versions.html", None),
        ("below/deep.html", None),
        ("nothing.html", "leads nowhere"),
        ("other.html#there", "leads to a heading that does not exist"),
        ("#there", "leads to a heading that does not exist"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, lost: str | None, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "deep.html").write_text('<a href="../other.html#here"></a>', encoding="utf-8")
    (tmp_path / "other.html").write_text('<h1 id="here"></h1>', encoding="utf-8")
    (tmp_path / "index.html").write_text(f'<p id="top"><a href="{link}">a link</a></p>', encoding="utf-8")
    expected = [f"index.html: {link} {lost}."] if lost else []
    assert site_links.broken(tmp_path) == expected


@pytest.mark.parametrize("page", ["docsite/rst/guide_errors", "project/undocumented"])
def test_a_page_in_the_repository_is_a_page_of_the_site(page: str) -> None:
    link = f"`What it says <https://git.example.org/dataarts/factory/blob/main/docs/{page}.rst>`__"
    label = f"ansible_collections.dataarts.factory.docsite.{Path(page).name}"
    assert site_links.inside(f"See {link}.") == f"See :ref:`What it says <{label}>`."
    assert (ROOT / "docs" / f"{page}.rst").read_text(encoding="utf-8").count(f"\n.. _{label}:\n") == 1
    elsewhere = "`the emulator <https://git.example.org/dataarts/factory/tree/main/emulator>`__"
    assert site_links.inside(elsewhere) == elsewhere


@pytest.mark.parametrize("page", [*GUIDES, *CHINESE], ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_guide_has_no_contents_of_its_own_there_and_only_messages_wrap(page: Path) -> None:
    """The theme shows the contents next to the page, and rejects a directive ``contents``. Only lines of 100 or more characters are wrapped."""
    text = site_links.inside(page.read_text(encoding="utf-8"))
    assert ".. contents::" not in text
    shown = re.findall(r"^( *)\.\. code-block:: text\n((?: +:class: message\n)?)\n\1   (.+)", text, re.MULTILINE)
    assert [line for _indent, marked, line in shown if bool(marked) != (len(line) >= 100)] == []


def test_a_picture_in_the_repository_is_one_of_the_site() -> None:
    pictures = {
        link for path in GUIDES for link in re.findall(r"^ *\.\. (?:figure|image):: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert pictures, "the artifact carries no picture, so a guide links it"
    for link in pictures:
        assert link.startswith(f"{REPOSITORY}/raw/main/docs/docsite/rst/")
        assert (
            site_links.inside(f"Below:\n\n.. figure:: {link}\n   :alt: a\n")
            == f"Below:\n\n.. figure:: images/{Path(link).name}\n   :alt: a\n"
        )
        assert (ROOT / "docs" / "docsite" / "rst" / "images" / Path(link).name).exists()


SEE_ALSO = [path for folder in ("plugins", "roles") for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".yml")]


def test_see_also_leads_somewhere_for_ansible_doc_too() -> None:
    """``ansible-doc`` turns a ``ref`` into a link to docs.ansible.com, which has no page of this collection. So ``seealso`` uses links."""
    text = {path: path.read_text(encoding="utf-8") for path in SEE_ALSO}
    assert [str(path) for path, content in text.items() if "ref: ansible_collections.dataarts.factory" in content] == []
    links = {link for content in text.values() for link in re.findall(r"^ +link: \S+/blob/main/(\S+)$", content, re.MULTILINE)}
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def brightness(colour: str) -> float:
    """The relative luminance of a colour such as #1b6d6f, as WCAG 2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("theme", "text"), [(0, "#000000"), (1, "#cfd0d0")], ids=["light", "dark"])
def test_a_reference_page_can_be_read_in_both_themes(theme: int, text: str) -> None:
    """The contrast between texts and their backgrounds is at least 4.5, for the theme's text colour and the configured ones."""
    source = (ROOT / "docs" / "site" / "conf.py").read_text(encoding="utf-8")
    (value,) = (node.value for node in ast.parse(source).body if isinstance(node, ast.Assign) and "COLOURS" in ast.unparse(node.targets[0]))
    colours = {name: pair[theme] for name, pair in ast.literal_eval(value).items()}
    sheets = {name: colour for name, colour in colours.items() if "background" in name and not name.startswith("links")}
    written = {"text": text} | {name: colour for name, colour in colours.items() if name.startswith(("option-", "attribute-"))}
    cells = [(name, sheet) for sheet in sheets for name in written if name == "text" or not sheet.endswith("header")]
    pairs = [(name, sheet, written[name], sheets[sheet]) for name, sheet in cells]
    pairs += [("links-text", name, colours["links-text"], colours[name]) for name in ("links-background", "links-background-active")]
    assert len(pairs) > 30
    low = []
    for name, sheet, colour, paper in pairs:
        bright, dim = sorted((brightness(colour), brightness(paper)), reverse=True)
        if (bright + 0.05) / (dim + 0.05) < 4.5:
            low.append((name, sheet))
    assert low == []
