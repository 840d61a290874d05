#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overview
short_description: Show the results of all workspaces of a play in one table
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Shows one table, which fits a terminal of 80 columns. Its rows are the results of M(dataarts.factory.job_instance_info) or
    M(dataarts.factory.rerun_history_info), which each host has in a variable. It sends no request to the service.
  - Run it once for the play, with C(run_once), after the last workspace. The playbooks C(dataarts.factory.failed) and
    C(dataarts.factory.history) run it at their end.
  - If a workspace has no result, the task fails after it has shown the others. It then returns only a message, because Ansible prints the whole result of a
    failed task; the other results are in the variables of their hosts.
extends_documentation_fragment:
  - dataarts.factory.language
  - dataarts.factory.attributes.controller
options:
  of:
    description:
      - What the results are. V(failures) are results of M(dataarts.factory.job_instance_info), V(attempts) are results of
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
      - Names of the hosts to show. If not set, all hosts of the play are shown, including those that failed or were not reached.
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
    - The table, and how many workspaces could not be read and why. Times are in the terminal's time zone.
    - Causes and purposes are below their rows. Long ones are shortened, unless Ansible is verbose.
    - For attempts, the jobs that are still paused follow. The command that resumes them is only printed, and is not in these lines.
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
    - The rows. Instances of one job that failed with the same status at the same node for the same cause are one row, and so are the attempts of one
      kind that one run made for one job. All times are epoch milliseconds.
    - The keys for failures are C(host), C(job_name), number of C(instances), C(status), C(planned_from), C(planned_to), C(failed_at) (the latest), C(node)
      and C(cause). Unknown values are an empty text.
    - The keys for attempts are C(host), C(job_name), C(run_id), C(kind), C(name) (of PatchData, or the key of a run), number of C(attempts),
      C(planned_from), C(planned_to), C(sent) (the first), C(outcomes), C(user), C(controller) and C(purpose).
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
  description: Why a workspace has no result, by host.
  type: dict
  returned: success, and on failure if a program reads the output or the task is in a block with C(rescue)
  sample: {}
msg:
  description: How many workspaces could not be read, and which.
  type: str
  returned: on failure
  sample: "1 of 3 workspaces could not be asked: finance. The lines above say why."
"""
