# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the site that `make docs` built to branch gh-pages, in a folder named by its version: `make docs-publish`.

Other versions stay online. `latest` is a copy of the newest one, `versions.html` lists all, and the front page redirects to `latest`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / ".cache" / "docs" / "html"
BRANCH = "gh-pages"
AUTHOR = {"NAME": "dataarts.factory", "EMAIL": "dataarts.factory@users.noreply.github.com"}


def ordered(names: list[str]) -> list[str]:
    """The versions among *names*, newest first. A pre-release comes after its release."""

    def key(name: str) -> tuple[tuple[int, ...], bool, str]:
        number, _dash, rest = name.partition("-")
        return tuple(int(part) for part in number.split(".")), not rest, rest

    return sorted((name for name in names if re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", name)), key=key, reverse=True)


def page(title: str, head: str, body: str) -> str:
    """A complete HTML page."""
    return f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">{head}<title>{title}</title></head>\n<body>{body}</body>\n</html>\n'


def add(site: Path, pages: Path, version: str) -> None:
    """Copy *site* into the folder *pages* as *version*, and update `latest`, the list of versions and the front page."""
    shutil.rmtree(pages / version, ignore_errors=True)
    shutil.copytree(site, pages / version)
    versions = ordered([path.name for path in pages.iterdir() if path.is_dir()])
    shutil.rmtree(pages / "latest", ignore_errors=True)
    shutil.copytree(pages / versions[0], pages / "latest")
    entries = "".join(f'<li><a href="{name}/index.html">{name}</a></li>' for name in versions)
    body = f"<h1>dataarts.factory</h1><ul>{entries}</ul>"
    (pages / "versions.html").write_text(page("Versions of dataarts.factory", "", body), encoding="utf-8")
    forward = '<meta http-equiv="refresh" content="0; url=latest/index.html">'
    (pages / "index.html").write_text(page("dataarts.factory", forward, '<a href="latest/index.html">latest</a>'), encoding="utf-8")
    (pages / ".nojekyll").touch()


def publish(root: Path, site: Path, remote: str) -> int:
    """Commit *site* on top of branch gh-pages of *remote*, and push it. Returns git's exit status.

    Uses the repository of the checkout *root* for its credentials and remotes, but not its index or work tree.
    """
    version = str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "pages"
        pages.mkdir()
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in AUTHOR.items()}
        apart = {"GIT_INDEX_FILE": f"{folder}/index", "GIT_WORK_TREE": str(pages)}

        def git(*words: str) -> subprocess.CompletedProcess[str]:
            own = {} if words[0] in ("fetch", "rev-parse") else {"GIT_DIR": directory, **apart, **who}
            return subprocess.run(["git", *words], cwd=root, env={**os.environ, **own}, stdout=subprocess.PIPE, text=True, check=False)

        directory = git("rev-parse", "--absolute-git-dir").stdout.strip()
        parents: list[str] = []
        if git("fetch", "--quiet", "--depth", "1", remote, BRANCH).returncode == 0:
            parents = ["-p", git("rev-parse", "FETCH_HEAD").stdout.strip()]
            git("read-tree", parents[1])
            git("checkout-index", "--all", f"--prefix={pages}/")
        add(site, pages, version)
        git("add", "--all", ".")
        tree = git("write-tree").stdout.strip()
        commit = git("commit-tree", tree, *parents, "-m", f"Documentation of {version}").stdout.strip()
        return git("push", "--quiet", remote, f"{commit}:refs/heads/{BRANCH}").returncode


def main() -> int:
    """Publish the site to the remote of the command line, by default origin. Returns the exit status."""
    if not (SITE / "index.html").exists():
        print("There is no site in .cache/docs/html: run make docs first.", file=sys.stderr)
        return 1
    return publish(ROOT, SITE, sys.argv[1] if len(sys.argv) > 1 else "origin")


if __name__ == "__main__":
    sys.exit(main())
