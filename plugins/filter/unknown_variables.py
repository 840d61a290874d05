# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``dataarts.factory.misspelled``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: misspelled
short_description: Which variables look like one of role rerun and are none
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Ansible takes no notice of a variable that nobody reads. With C(dataarts_job) for C(dataarts_jobs) every job would be rerun, and with
    C(dataarts_max_instance) for C(dataarts_max_instances) any number of instances.
  - Role P(dataarts.factory.rerun#role) sends nothing where this finds something.
options:
  _input:
    description: Names of variables, all that a host has but those that are as the role itself sets them. Those that do not begin with
      C(dataarts_), or nearly so, are not regarded, but for C(jobs), C(since) and the like where the variable of that name is not there; nor
      are those that are like no other.
    type: list
    elements: str
    required: true
seealso:
  - plugin: dataarts.factory.answer_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Refuse what nobody would read
  ansible.builtin.assert:
    that: (query('ansible.builtin.varnames', '.') | dataarts.factory.misspelled) == []
"""

RETURN = r"""
_value:
  description: One sentence for each variable, none if there is no problem.
  type: list
  elements: str
  sample:
    - dataarts_job is no variable of the role and would be ignored. Write dataarts_jobs if that is meant; a variable of your own needs another name.
"""

import typing as t

from ..plugin_utils._role.typos import misspelled


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"misspelled": misspelled}
