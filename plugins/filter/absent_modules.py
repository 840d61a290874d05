# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``dataarts.factory.absent_modules``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: absent_modules
short_description: Modules that no installed collection has
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
requirements:
  - python >= 3.10, which every supported ansible-core needs anyway
description:
  - Asks Ansible's own loader, so that a role which needs another collection can say so before its first task.
options:
  _input:
    description: Names of modules, each with its collection.
    type: list
    elements: str
    required: true
seealso:
  - plugin: dataarts.factory.survey_answer_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name what is not installed, before the first task needs it
  ansible.builtin.debug:
    msg: "{{ absent | join(', ') }} cannot be used: install the collections of their names."
  vars:
    absent: "{{ ['awx.awx.job_template', 'awx.awx.project'] | dataarts.factory.absent_modules }}"
  when: absent | length > 0
"""

RETURN = r"""
_value:
  description: Those of the names that cannot be used, in their order. A module that its collection lists as removed is one of them.
  type: list
  elements: str
  sample: [awx.awx.job_template]
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.loader import module_loader


def absent_modules(names: t.Iterable[str]) -> list[str]:
    """Those of *names* that Ansible's loader does not find."""
    return [name for name in names if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        return bool(module_loader.find_plugin_with_context(name).resolved)
    except AnsibleError:  # its collection lists it as removed
        return False


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"absent_modules": absent_modules}
