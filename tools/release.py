# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a release tag against the collection, and write the release notes: `make release TAG=v1.0.0`."""

from __future__ import annotations

import re
import sys
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
NOTES = Path(".cache") / "release" / "notes.md"


def problems(root: Path, tag: str) -> list[str]:
    """Reasons why the checkout *root* cannot be released as *tag*, one sentence each."""
    version = str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", version):
        return [f"galaxy.yml: {version} is not a semantic version."]
    refusals = (
        [] if tag == f"v{version}" else [f"The tag is {tag or 'not set'}, but galaxy.yml says {version}: the tag must be v{version}."]
    )
    source = root / "plugins" / "module_utils" / "_common" / "version.py"
    if f'VERSION = "{version}"' not in source.read_text(encoding="utf-8"):
        refusals.append(f"{source.relative_to(root)} says another version than galaxy.yml, {version}.")
    if version not in releases(root):
        refusals.append(f"changelogs/changelog.yaml has no release {version}: run antsibull-changelog release.")
    waiting = sorted(path.name for path in (root / "changelogs" / "fragments").glob("[!.]*.y*ml"))
    if waiting:
        refusals.append(f"Fragments of the changelog belong to no release: {', '.join(waiting)}. Run antsibull-changelog release.")
    return refusals


def releases(root: Path) -> dict[str, dict[str, t.Any]]:
    """Releases in the changelog of the checkout *root*, by version."""
    changelog = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))
    return dict(changelog["releases"])


def notes(root: Path, version: str) -> str:
    """The changes of *version* by section, in Markdown."""
    parts = []
    for section, entries in releases(root)[version].get("changes", {}).items():
        lines = [entries] if isinstance(entries, str) else [f"- {line}" for line in entries if isinstance(entries, list)]
        title = section.replace("_", " ").capitalize()
        parts.append("\n".join([] if section == "release_summary" else [f"## {title}", ""]) + "\n".join(lines).strip())
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Check the tag of the command line and write the notes. Returns 1 if it cannot be released."""
    tag = sys.argv[1] if len(sys.argv) > 1 else ""
    refusals = problems(ROOT, tag)
    for problem in refusals:
        print(problem, file=sys.stderr)
    if refusals:
        return 1
    target = ROOT / NOTES
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(notes(ROOT, tag.removeprefix("v")), encoding="utf-8")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
