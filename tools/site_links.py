# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of the repository as one of the documentation site: what leads to a guide or a picture leads to its copy here, and nothing leads nowhere."""

from __future__ import annotations

import re
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

#: A guide in the repository, in reStructuredText.
GUIDE = re.compile(r"`([^`<]+?)\s*<https?://[^>\s]+/docs/(?:docsite/rst|project)/(\w+)\.rst(?:#[\w-]+)?>`__?")
#: A picture in the repository, which the artifact does not carry.
PICTURE = re.compile(r"^( *\.\. (?:figure|image):: )https?://\S+/docs/docsite/rst/(images/\S+)$", re.MULTILINE)
#: A table of contents, which the theme shows next to every page. One in the page it calls an error, in red.
CONTENTS = re.compile(r"^\.\. contents::\n(?:   .*\n)+", re.MULTILINE)
#: What is printed in one long line. The rest is in columns: it is read in one piece, or scrolled.
MESSAGE = re.compile(r"^( *)\.\. code-block:: text\n(?=\n\1   .{100})", re.MULTILINE)
#: What stands above a version of the site, once it is published.
ABOVE = {"../versions.html"}


def inside(text: str) -> str:
    """*text* of a page, with the links to guides in the repository as references to the pages of the site, its pictures as the site's, and messages
    marked as such, for site.css; without its table of contents."""
    text = MESSAGE.sub(r"\g<0>\1   :class: message\n", CONTENTS.sub("", text))
    return PICTURE.sub(r"\1\2", GUIDE.sub(r":ref:`\1 <ansible_collections.dataarts.factory.docsite.\2>`", text))


class Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- as the base class calls it
        """Keep what a tag names and what it leads to."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.links.append(value)


def read(path: Path) -> Links:
    """The links and the anchors of the page in the file *path*."""
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


def broken(site: Path) -> list[str]:
    """The links of the pages below *site* that lead nowhere there, a sentence each. Links to other sites are not followed."""
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
