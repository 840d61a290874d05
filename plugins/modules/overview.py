#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overview
short_description: Show what all workspaces of a play were asked for in one table
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Puts the results that M(dataarts.factory.job_instance_info) or M(dataarts.factory.rerun_history_info) left in a variable of each host into
    one table that fits a terminal of 80 columns. Asks no service for anything.
  - Run it once for the play, with C(run_once), after the last workspace. The playbooks C(dataarts.factory.failed) and
    C(dataarts.factory.history) end with it.
  - Fails if a workspace has no answer, after it has shown the others. Then it returns only which those are, because Ansible prints the whole of
    a result that failed; what the others answered is in their variables.
extends_documentation_fragment:
  - dataarts.factory.attributes.controller
options:
  of:
    description:
      - What the results are. V(failures) are those of M(dataarts.factory.job_instance_info), V(attempts) those of
        M(dataarts.factory.rerun_history_info).
    type: str
    choices: [failures, attempts]
    required: true
  variable:
    description:
      - Name of the variable in which each host has its result.
    type: str
    required: true
  hosts:
    description:
      - Names of the hosts to show. All hosts of the play if not set, also those that failed or were not reached.
    type: list
    elements: str
attributes:
  check_mode:
    details:
      - It only reads variables, so it does the same in check mode.
  idempotent:
    support: full
    details:
      - It only reads variables and never indicates a change.
seealso:
  - module: dataarts.factory.job_instance_info
  - module: dataarts.factory.rerun_history_info
  - module: dataarts.factory.rerun_summary
"""

EXAMPLES = r"""
- name: Ask every workspace what did not succeed
  dataarts.factory.job_instance_info:
    statuses: [fail, manual-stop]
    planned_after: -12h
  register: not_succeeded
  failed_when: false

- name: Show it in one table
  dataarts.factory.overview:
    of: failures
    variable: not_succeeded
  run_once: true
"""

RETURN = r"""
lines:
  description:
    - The table, and how many workspaces could not be asked and why. Times are those of the terminal's zone.
    - Causes and purposes stand below their rows. Long ones are shortened, unless Ansible is verbose.
  type: list
  elements: str
  returned: success
  sample:
    - "6 instances of 2 jobs failed in 1 of 3 workspaces. Times are +08:00."
    - ""
    - "workspace  job            planned            failed at    node"
    - "sales      daily_sales  5  11-23 14:18-22:18  11-23 22:19  load_orders"
    - "    Node load_orders failed."
rows:
  description:
    - The rows. Instances of one job that failed with the same status at the same node for the same cause are one row, and so are the attempts
      of one run at one job. All times are epoch milliseconds.
    - Of failures, C(host), C(job_name), number of C(instances), C(status), C(planned_from), C(planned_to), C(failed_at) (the latest), C(node) and
      C(cause). What is not known is an empty text.
    - Of attempts, C(host), C(job_name), C(run_id), number of C(attempts), C(planned_from), C(planned_to), C(sent) (the first), C(outcomes),
      C(user), C(controller) and C(purpose).
  type: list
  elements: dict
  returned: success
  sample:
    - host: sales
      job_name: daily_sales
      instances: 5
      status: fail
      planned_from: 1732601580000
      planned_to: 1732630380000
      failed_at: 1732630442000
      node: load_orders
      cause: Node load_orders failed.
unanswered:
  description: Why a workspace has no answer, by host.
  type: dict
  returned: always
  sample: {}
msg:
  description: How many workspaces could not be asked, and which.
  type: str
  returned: on failure
  sample: "1 of 3 workspaces could not be asked: finance. The lines above say why."
"""
