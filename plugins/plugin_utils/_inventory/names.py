# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names for workspaces. Pure."""

from __future__ import annotations

import collections
import hashlib
import re
import typing as t
import unicodedata

#: Names that a host must not have: groups that always exist, and the implicit localhost.
RESERVED = frozenset({"all", "ungrouped", "localhost", "dataarts"})

#: A text that Ansible reads as one host name, if a comma shows that its spaces do not separate names.
_PLAIN = re.compile(r"\w(?:[\w. -]*\w)?")


def host_names(wanted: t.Sequence[tuple[str, str, str]], taken: t.Container[str] = RESERVED) -> tuple[list[str], list[str]]:
    """A unique host name for each workspace.

    :param wanted: (wanted name, workspace id, account) of each workspace.
    :param taken: names that belong to something else.
    :returns: the host names in the order of *wanted*, and a warning for each name that is taken or that several workspaces want.

    All workspaces that want the same name get a suffix, not only the later ones. Otherwise a name could pass to another workspace when an
    account is added, because the order would change.
    """
    names = [safe_name(name) or safe_name(f"workspace-{workspace_id[:8]}") for name, workspace_id, account in wanted]
    warnings = []
    for suffixes in (
        [workspace_id[:8] for dummy, workspace_id, account in wanted],
        [account for dummy, workspace_id, account in wanted],
        [workspace_id for dummy, workspace_id, account in wanted],
        [hashlib.sha256("\n".join(workspace).encode("utf-8", "surrogatepass")).hexdigest()[:12] for workspace in wanted],
    ):
        counts = collections.Counter(names)
        crowded = {name for name in counts if counts[name] > 1 or name in taken}
        if not crowded:
            break
        for name in sorted(crowded):
            why = f"is the name of {counts[name]} workspaces" if counts[name] > 1 else "is the name of something else in the inventory"
            warnings.append(f"{name} {why}; a suffix is added to the name of the host.")
        names = [f"{name}-{safe_name(str(suffix))}" if name in crowded else name for name, suffix in zip(names, suffixes)]
    return names, warnings


def host_pattern(host: str) -> str:
    """An Ansible pattern that matches exactly this host: its name, unless Ansible would read that otherwise, for instance as two names."""
    if _PLAIN.fullmatch(host):
        return f"{host}," if " " in host else host  # with a comma, spaces do not separate names
    escaped = re.sub(r"\W", lambda match: f"\\U{ord(match[0]):08x}", host)
    return f"~^{escaped}$"


def safe_name(text: str) -> str:
    """*text* as a host name that ``--limit`` can name: letters and digits of any script, ``_``, ``-``, ``.``; at most 100 characters; may be ""."""
    return re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", text)).strip("_.-")[:100]
