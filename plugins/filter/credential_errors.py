# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``dataarts.factory.credential_errors``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: credential_errors
short_description: Errors in the fields of an account's credential
version_added: 1.0.0
author:
  - dataarts.factory contributors (@dataarts-factory)
requirements:
  - python >= 3.10, which every supported ansible-core needs anyway
description:
  - Checks the values of a credential as AWX passes them to a job, or before they are sent to AWX.
  - Names fields by their label in AWX's form. No value is repeated.
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
    description: Ids of the fields that must always be filled in.
    type: list
    elements: str
    default: []
seealso:
  - plugin: dataarts.factory.survey_answer_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check an account
  ansible.builtin.assert:
    that: (account | dataarts.factory.credential_errors(fields)) == []
  vars:
    account: {access_key: AK, secret_key: SK}
    fields:
      - {id: access_key, label: Access key (AK)}
      - {id: secret_key, label: Secret key (SK)}
"""

RETURN = r"""
_value:
  description: One sentence for each error, none if there is no error.
  type: list
  elements: str
  sample: ["Field 'Secret key (SK)' is empty, and 'Access key (AK)' cannot be used without it: fill it in."]
"""

import typing as t

from ..plugin_utils._awx.launch_inputs import credential_errors


class FilterModule:
    """The filter, as ansible-core looks it up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"credential_errors": credential_errors}
