# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``dataarts.factory.survey_answer_errors``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: survey_answer_errors
short_description: Errors in survey answers and other extra variables
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
requirements:
  - python >= 3.10, which every supported ansible-core needs anyway
description:
  - Checks variables whose name is C(dataarts_) or C(dataarts_answer_) followed by an option of this collection, such as the answers of an
    AWX survey.
  - On ansible-core 2.19 and later an answer of digits, a date, V(yes) or V(null) becomes a number, a date, a boolean or nothing. If text is
    expected, the text that was typed is lost, so the value must not be used.
options:
  _input:
    description: Variables by name. Names that are not an option are ignored.
    type: dict
    required: true
seealso:
  - plugin: dataarts.factory.credential_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Refuse answers that are not text any more
  ansible.builtin.assert:
    that: (answers | dataarts.factory.survey_answer_errors) == []
  vars:
    answers:
      dataarts_jobs: "{{ dataarts_jobs }}"
"""

RETURN = r"""
_value:
  description: One sentence for each error, none if there is no error.
  type: list
  elements: str
  sample: ["dataarts_jobs must hold text, not a number, which may not be what was written: quote it in YAML."]
"""

import typing as t

from ..plugin_utils._awx.launch_inputs import survey_answer_errors


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"survey_answer_errors": survey_answer_errors}
