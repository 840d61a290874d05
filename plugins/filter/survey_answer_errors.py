# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with variables that arrived as extra variables"""

from __future__ import annotations

DOCUMENTATION = r"""
name: answer_problems
short_description: What is wrong with variables that arrived as extra variables
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Checks variables called C(dataarts_) or C(dataarts_answer_) and an option of this collection, such as the answers of a survey of AWX.
  - An answer of digits, a date, V(yes) or V(null) arrives as a number, a date, a truth value or nothing on ansible-core 2.19 and later.
    Where text is meant its spelling is lost, so it must not be used.
options:
  _input:
    description: Variables by name. Those that stand for no option are not regarded.
    type: dict
    required: true
seealso:
  - plugin: dataarts.factory.credential_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Refuse what was changed on its way
  ansible.builtin.assert:
    that: (answers | dataarts.factory.answer_problems) == []
  vars:
    answers:
      dataarts_jobs: "{{ dataarts_jobs }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, none if there is no problem.
  type: list
  elements: str
  sample: ["dataarts_jobs holds a number instead of text, so that its spelling is lost: quote it in YAML."]
"""

import typing as t

from ..plugin_utils._awx.handover import answer_problems


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"answer_problems": answer_problems}
