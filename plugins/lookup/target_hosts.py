# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup ``dataarts.factory.target_hosts``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: target_hosts
short_description: Hosts pattern of a play that must not end without a host
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - A play without hosts is skipped, and C(ansible-playbook) exits with status 0. After a typo in the path of the inventory, or with a limit
    that excludes every host, a scheduled rerun would do nothing and nobody would know. The playbooks of this collection use this lookup
    as their C(hosts), which fails instead.
  - Returns the pattern if a host of the inventory matches it within C(--limit).
  - Without C(--limit) it returns V(localhost) where no host matches. Role P(dataarts.factory.rerun#role) then says what is missing.
options:
  _terms:
    description: The pattern.
    type: str
    required: true
seealso:
  - plugin: ansible.builtin.inventory_hostnames
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Rerun failed job instances
  hosts: "{{ lookup('dataarts.factory.target_hosts', dataarts_hosts | default('all')) }}"
  gather_facts: false
  roles:
    - role: dataarts.factory.rerun
"""

RETURN = r"""
_raw:
  description: The pattern, or V(localhost).
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase

_LOCALHOST = "localhost"


class LookupModule(LookupBase):
    """The lookup, as ansible-core finds it."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:  # noqa: ARG002 -- the name is the base class's
        """The pattern in *terms*, or localhost. :raises AnsibleError: no host matches it within the limit."""
        variables = variables or {}
        pattern, limit = (terms or ["all"])[0], variables.get("ansible_limit")
        matching = self._matching(pattern, variables)
        # A limit from a file (@failed.retry) is left to Ansible.
        limited = set() if limit is None else self._matching(limit, variables)
        if matching and (limit is None or "@" in limit or matching & limited):
            return [pattern]
        if limit is None or limit == _LOCALHOST:
            return [_LOCALHOST]
        shown = pattern if isinstance(pattern, str) else ",".join(map(str, pattern))
        raise AnsibleError(
            f"Nothing was rerun: no host of the inventory matches both {shown} and the limit {limit}. Correct -i, --limit or dataarts_hosts; "
            "if the inventory could not be read, a warning above tells why."
        )

    def _matching(self, pattern: t.Any, variables: dict[str, t.Any]) -> set[str]:
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in variables.get("groups", {}).items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        try:
            return {host.name for host in manager.get_hosts(pattern=pattern)}
        except AnsibleError:
            return set()
