#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fail
short_description: Fail with a message and nothing else
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Fails as M(ansible.builtin.fail) does, with the message alone. ansible-core 2.19 and newer show the message of M(ansible.builtin.fail) twice, with lines of
    the file that the task is in. The playbooks and roles of the collection use this where their own lines would explain nothing.
extends_documentation_fragment:
  - dataarts.factory.attributes.controller
options:
  msg:
    description:
      - The message, which says what happened, why, and what to do.
    type: str
    required: true
attributes:
  check_mode:
    details:
      - It also fails in check mode.
  idempotent:
    support: full
    details:
      - It never changes anything.
seealso:
  - module: ansible.builtin.fail
"""

EXAMPLES = r"""
- name: Check the workspace of the host
  dataarts.factory.account_doctor:
  register: checkup

- name: Fail where the workspace is not set up for reruns
  dataarts.factory.fail:
    msg: "{{ inventory_hostname }} is not ready. Run dataarts.factory.doctor to see what to do."
  when: not checkup.ready
"""

RETURN = r"""
msg:
  description: The message.
  type: str
  returned: on failure
  sample: sales is not ready. Run dataarts.factory.doctor to see what to do.
"""
