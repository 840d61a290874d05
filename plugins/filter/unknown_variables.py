# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``dataarts.factory.unknown_variables``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variables
short_description: Variables that look like an option of role rerun and are not one
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Ansible ignores a variable that nobody reads. With C(dataarts_job) for C(dataarts_jobs) every job would be rerun, and with
    C(dataarts_max_instance) for C(dataarts_max_instances) any number of instances.
  - Role P(dataarts.factory.rerun#role) sends nothing where this returns anything.
  - A variable that begins like an option and goes on with another word, such as C(dataarts_jobs_finance), may be a helper variable. It is
    not returned. A warning names it.
options:
  _input:
    description: Names of variables, all that a host has except those that the role itself has set. Only names that begin with C(dataarts_),
      or nearly so, are checked, and C(jobs), C(since) and the like where the variable with the prefix is not set.
    type: list
    elements: str
    required: true
seealso:
  - plugin: dataarts.factory.survey_answer_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Refuse what nobody would read
  ansible.builtin.assert:
    that: (query('ansible.builtin.varnames', '.') | dataarts.factory.unknown_variables) == []
"""

RETURN = r"""
_value:
  description: One sentence for each variable, none if there is no error.
  type: list
  elements: str
  sample:
    - dataarts_job is not a variable of this role. Did you mean dataarts_jobs? If it is a variable of your own, rename it.
"""

import typing as t

from ansible.utils.display import Display

from ..plugin_utils._role.typos import typos


def unknown_variables(names: t.Iterable[str]) -> list[str]:
    """Sentences about the variables in *names* that are refused; warns about those that may be somebody's own."""
    refused, warned = typos(names)
    for sentence in warned:
        Display().warning(sentence)
    return refused


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"unknown_variables": unknown_variables}
