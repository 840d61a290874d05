# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the fields of an account's credential"""

from __future__ import annotations

DOCUMENTATION = r"""
name: credential_problems
short_description: What is wrong with the fields of an account's credential
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Checks the values of a credential as AWX hands them over, or as they are about to be given to AWX.
  - Says what is missing or wrong in the words of the form in which somebody filled it in. No value is repeated.
positional: fields, required
options:
  _input:
    description: Values by the ids of the fields. Empty text counts as not filled in.
    type: dict
    required: true
  fields:
    description: Fields of the credential type, each with its C(id) and C(label).
    type: list
    elements: dict
    required: true
  required:
    description: Ids of the fields that must be filled in, whatever the others are.
    type: list
    elements: str
    default: []
seealso:
  - plugin: dataarts.factory.answer_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check an account
  ansible.builtin.assert:
    that: (account | dataarts.factory.credential_problems(fields)) == []
  vars:
    account: {access_key: AK, secret_key: SK}
    fields:
      - {id: access_key, label: Access key (AK)}
      - {id: secret_key, label: Secret key (SK)}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, none if there is no problem.
  type: list
  elements: str
  sample: ["Field 'Secret key (SK)' is empty, and 'Access key (AK)' cannot be used without it: fill it in."]
"""

import typing as t

from ..plugin_utils._awx.handover import credential_problems


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"credential_problems": credential_problems}
