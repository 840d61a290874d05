# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that a pattern or a limit matches. Ansible only warns about a name that matches no host, and runs on the other hosts."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern

from ...module_utils._common.text import printable

#: Group -> names of its hosts, as in the variable ``groups``.
Groups = t.Mapping[str, t.Iterable[str]]
_BLANK = "{name} is blank, which Ansible takes for all hosts. Name those that you mean, or leave it out for all."
_LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1"})


def matching(loader: t.Any, groups: Groups, pattern: t.Any, limit: t.Any = None) -> list[str]:
    """Names of the hosts that match *pattern*, within *limit*, in the order of the inventory."""
    manager = _manager(loader, groups)
    try:
        manager.subset(limit)
        return [host.name for host in manager.get_hosts(pattern=pattern)]
    except AnsibleError:
        return []


def unmatched(loader: t.Any, groups: Groups, limit: t.Any) -> list[str] | None:
    """The parts of *limit*, a limit or a pattern, that match no host and no group of the inventory, in their order.

    Parts that exclude hosts count too: with a typo, Ansible would work on the hosts that were to be excluded. None if *limit* has no part at all,
    as from an empty shell variable or file, which Ansible takes for all hosts.
    """
    lines = _lines(loader, limit)
    if lines is None:
        return []
    if not lines:
        return None
    known = {"all", *_LOCALHOST, *groups, *(host for hosts in groups.values() for host in hosts)}
    lines = [line for line in lines if line.lstrip("&!") not in known]  # a name with a space would be two
    parts = dict.fromkeys(part.lstrip("&!") for line in lines for part in split_host_pattern(line))
    return [part for part in parts if part and part not in known and not matching(loader, groups, part)]


def blank_limit(loader: t.Any, limit: t.Any) -> str:
    """Sentences that *limit*, the value of ``--limit``, is blank; "" if it is not blank, or is None."""
    return _BLANK.format(name="--limit") if limit is not None and _lines(loader, limit) == [] else ""


def limit_problem(loader: t.Any, groups: Groups, limit: t.Any, name: str = "--limit") -> str:
    """Sentences that *limit* is blank or matches nothing in the inventory; "" if it is fine.

    :param name: the option or variable that people set it with.
    """
    parts = [] if limit is None else unmatched(loader, groups, limit)
    if parts is None:
        return _BLANK.format(name=name)
    if not parts:
        return ""
    shown = printable(", ".join(parts[:5]), 200) + (f" and {len(parts) - 5} more" if len(parts) > 5 else "")
    return f"no host or group of the inventory matches {shown} in {name}. Correct the name, or leave it out."


def _lines(loader: t.Any, limit: t.Any) -> list[str] | None:
    """The lines of *limit* and of the files that it names, [] if all are blank; None if it is an error, for which Ansible itself ends the play."""
    manager = _manager(loader, {})
    try:
        manager.subset(limit)
    except AnsibleError:
        return None
    lines = list(manager._subset or ())
    return lines if any(map(str.strip, lines)) else []


def _manager(loader: t.Any, groups: Groups) -> InventoryManager:
    manager = InventoryManager(loader, parse=False)
    for group, hosts in groups.items():
        manager.add_group(group)
        for host in hosts:
            manager.add_host(host, group=group)
    return manager
