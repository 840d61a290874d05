# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site in .cache/docs/html: `make docs`.

Runs in the environment of requirements/docs.txt. antsibull-docs writes a page for each module, plugin and role, and copies the guides of
docs/docsite. docs/project has pages that the artifact does not contain; docs/site has the front page, the settings of Sphinx and the
Chinese guides. Warnings of Sphinx are errors.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from antsibull_docs_parser.dom import PluginIdentifier
from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import playbook_pages, site_links

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "docs" / "site"
PROJECT = ROOT / "docs" / "project"
WORK = ROOT / ".cache" / "docs"
PAGES = WORK / "pages"
COLLECTION = "dataarts.factory"
#: Heading on the front page to the suffix of the pages' names.
REFERENCE = {
    "Playbooks": "_playbook",
    "Roles": "_role",
    "Modules": "_module",
    "Inventory plugins": "_inventory",
    "Filters": "_filter",
    "Lookups": "_lookup",
}


def main() -> int:
    """Build the site. Returns the exit status."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(SITE, WORK)
    PAGES.mkdir(mode=0o700)  # antsibull-docs refuses a folder that others could write to
    written = run("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--no-indexes", "--no-breadcrumbs", "--fail-on-error",
                  "--dest-dir", str(PAGES), COLLECTION)  # fmt: skip
    if written:
        return written
    for name, playbook in playbook_pages.pages().items():
        (PAGES / f"{name}.rst").write_text(playbook_pages.page(playbook, markup), encoding="utf-8")
    shutil.copytree(PROJECT, PAGES / "project")
    shutil.copytree(SITE / "zh", PAGES / "zh")
    for page in PAGES.rglob("*.rst"):
        page.write_text(site_links.inside(page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(SITE / "index.rst", PAGES)
    shutil.copytree(ROOT / "docs" / "docsite" / "rst" / "images", PAGES / "docsite" / "images")  # antsibull-docs takes pages only
    (PAGES / "contents.rst").write_text(contents(), encoding="utf-8")
    built = run("sphinx-build", "-q", "-W", "--keep-going", "-j", "auto", "-b", "html", "-c", str(WORK), "-d", str(WORK / "doctrees"),
                str(PAGES), str(WORK / "html"))  # fmt: skip
    broken = [] if built else site_links.broken(WORK / "html")
    for link in broken:
        print(link, file=sys.stderr)
    if not built and not broken:
        print(WORK / "html" / "index.html")
    return built or int(bool(broken))


def markup(text: str | list[str], role: str, entry: str) -> str:
    """Convert Ansible markup, of an entry point of a role, to reStructuredText in one line."""
    plugin = PluginIdentifier(fqcn=f"{COLLECTION}.{role}", type="role")
    parsed = parse(
        [text] if isinstance(text, str) else text,
        Context(current_plugin=plugin, role_entrypoint=entry),
        errors="exception",
        helpful_errors=True,
    )
    return to_rst(parsed).replace("\n", " ").strip()


def contents() -> str:
    """Tables of contents of the front page: guides in the order of extra-docs.yml, Chinese guides, reference, project."""
    extra = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    parts = [toctree(section["title"], [f"docsite/{name}" for name in section["toctree"]]) for section in extra["sections"]]
    guides = [name for section in extra["sections"] for name in section["toctree"]]
    chinese = sorted((path.stem for path in (SITE / "zh").glob("*.rst")), key=guides.index)
    parts.append(toctree("中文指南", [f"zh/{name}" for name in chinese]))
    pages = sorted(path.stem for path in PAGES.glob("*.rst"))
    for title, end in REFERENCE.items():
        parts.append(toctree(title, [f"{name.removesuffix(end)} <{name}>" for name in pages if name.endswith(end)]))
    parts.append(toctree("Environment", ["Environment variables <environment_variables>"]))
    parts.append(toctree("The project", [f"project/{path.stem}" for path in sorted(PROJECT.glob("*.rst"))]))
    return "\n".join(parts)


def toctree(title: str, pages: list[str]) -> str:
    """A table of contents with a caption."""
    return "\n".join([".. toctree::", "   :maxdepth: 1", f"   :caption: {title}", "", *(f"   {page}" for page in pages), ""])


def run(program: str, *arguments: str) -> int:
    """Run a program of this environment with the checkout as the only collection. Returns its exit status."""
    tools = Path(sys.executable).parent
    env = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "DOCS_VERSION": str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "tree"),
    }
    return subprocess.run([str(tools / program), *arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
