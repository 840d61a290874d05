# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapt pages of the repository to the documentation site: links to guides and pictures lead to the site's copies. Also finds broken links."""

from __future__ import annotations

import re
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

#: A link to a guide in the repository.
GUIDE = re.compile(r"`([^`<]+?)\s*<https?://[^>\s]+/docs/(?:docsite/rst|project)/(\w+)\.rst(?:#[\w-]+)?>`__?")
#: A picture in the repository, which the artifact does not contain.
PICTURE = re.compile(r"^( *\.\. (?:figure|image):: )https?://\S+/docs/docsite/rst/(images/\S+)$", re.MULTILINE)
#: A table of contents. The theme shows one next to every page, and reports another in the page as an error.
CONTENTS = re.compile(r"^\.\. contents::\n(?:   .*\n)+", re.MULTILINE)
#: A code block with a long line, a message, which the site may wrap. Other blocks have columns and scroll.
MESSAGE = re.compile(r"^( *)\.\. code-block:: text\n(?=\n\1   .{100})", re.MULTILINE)
#: Links to pages above a version's folder, which exist once the site is published.
ABOVE = {"../versions.html"}


def inside(text: str) -> str:
    """*text* of a page with links to guides and pictures of the site, messages marked for site.css, and without its table of contents."""
    text = MESSAGE.sub(r"\g<0>\1   :class: message\n", CONTENTS.sub("", text))
    return PICTURE.sub(r"\1\2", GUIDE.sub(r":ref:`\1 <ansible_collections.dataarts.factory.docsite.\2>`", text))


class Links(HTMLParser):
    """Collects the links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- as the base class calls it
        """Collect the anchors and links of a tag."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.links.append(value)


def read(path: Path) -> Links:
    """Read the links and anchors of the page in the file *path*."""
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


def broken(site: Path) -> list[str]:
    """Broken links in the pages below *site*, one sentence each. Links to other sites are not checked."""
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    lost: list[str] = []
    for page, content in pages.items():
        for link in content.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc or link in ABOVE:
                continue
            target = (page.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else page.resolve()
            anchor = urllib.parse.unquote(parts.fragment)
            if not target.exists():
                lost.append(f"{page.relative_to(site)}: {link} leads nowhere.")
            elif anchor and target.suffix == ".html" and anchor not in pages[site / target.relative_to(site.resolve())].anchors:
                lost.append(f"{page.relative_to(site)}: {link} leads to a heading that does not exist.")
    return lost
