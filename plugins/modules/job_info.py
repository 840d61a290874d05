#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_info
short_description: List the jobs of a workspace
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Lists the batch jobs of a Huawei Cloud DataArts Studio workspace, by name or pattern, and optionally reads their definitions.
  - A name or a pattern that matches no batch job is an error.
options:
  jobs:
    description:
      - Names of jobs, or shell-style patterns of names with V(*), V(?) and V([abc]). They are case-sensitive and match the whole name.
      - An empty list is refused, because it usually comes from a mistake in a variable.
    type: list
    elements: str
    default: ["*"]
  detail:
    description:
      - Whether to read the definition of each job too, with its nodes, schedule and parameters. This takes one more request per job.
      - Only version v1 of the API has definitions, so its host must be reachable.
      - A definition contains everything that people have written into the job, possibly passwords in parameters. Consider C(no_log) for the
        task.
    type: bool
    default: false
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
seealso:
  - module: dataarts.factory.job_instance_info
  - module: dataarts.factory.job_dependency_info
"""

EXAMPLES = r"""
- name: List the jobs of a workspace
  dataarts.factory.job_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
  register: found

- name: Read the definition of one job
  dataarts.factory.job_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: [daily_sales]
    detail: true
"""

RETURN = r"""
jobs:
  description: The jobs, by name.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the job.
      type: str
      returned: always
      sample: daily_sales
    job_id:
      description: Id of the job, as text, or V(null).
      type: str
      returned: always
      sample: "917567"
    job_type:
      description: V(BATCH) or V(REAL_TIME), or V(null).
      type: str
      returned: always
      sample: BATCH
    status:
      description: Status of its schedule in the service's words, for example V(SCHEDULING), V(STOPPED) or V(PAUSED).
      type: str
      returned: always
      sample: SCHEDULING
    owner:
      description: Owner, or V(null).
      type: str
      returned: always
      sample: etl
    path:
      description: Folder, or V(null).
      type: str
      returned: always
      sample: /sales
    last_instance_status:
      description: Status of its newest instance, or V(null).
      type: str
      returned: always
      sample: success
    last_instance_end_time:
      description: End of its newest instance in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    start_time:
      description: Start of its schedule in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732239754684
    end_time:
      description: End of its schedule in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1763775754684
    create_time:
      description: Time of creation in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732239754684
    last_update_time:
      description: Time of the last change in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732239754684
    next_plan_time:
      description: Plan time of its next instance in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732687980000
    priority:
      description: Priority, or V(null).
      type: int
      returned: always
      sample: 1
    detail:
      description: The definition as the service returns it.
      type: dict
      returned: with O(detail=true)
      sample: {name: daily_sales, nodes: [{name: load_orders, type: DLISQL}], schedule: {type: CRON}}
total:
  description: Number of jobs.
  type: int
  returned: success
  sample: 1
requests:
  description: Number of HTTP requests by method, including retries.
  type: dict
  returned: always
  sample: {GET: 3, POST: 1}
api_versions:
  description: Version of the API that was used, by route.
  type: dict
  returned: always
  sample: {list: v1, retry: v2}
error:
  description:
    - What went wrong, in a form for use in conditions. C(kind) is a single word.
  type: dict
  returned: on failure
  contains:
    kind:
      description:
        - One of V(not_found), V(nothing_to_rerun), V(not_rerunnable), V(already_running), V(no_permission), V(credentials), V(clock),
          V(throttled), V(not_published), V(invalid), V(unreachable), V(tls), V(redirect), V(bad_answer), V(stale), V(moved_on), V(server)
          and V(ambiguous) for an answer of the service or its absence, V(option) for an option that cannot be used, V(journal) for a
          journal that cannot be used, V(import) for a missing Python library, V(limit) for a plan that is refused as a whole, V(incomplete)
          if the goal was not reached, V(quiet_hours) if nothing was sent in quiet hours, and V(internal) for a defect of the collection.
      type: str
      returned: always
      sample: not_found
    status:
      description: HTTP status, or V(null).
      type: int
      returned: always
      sample: 400
    code:
      description: Code of the service, or V(null).
      type: str
      returned: always
      sample: DLF.1000
    message:
      description: Message of the service, or of the collection if there was no answer.
      type: str
      returned: always
      sample: Failed to find the job.
    request_id:
      description: The service's id of the request, or V(null).
      type: str
      returned: always
      sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
    method:
      description: HTTP method, or an empty text.
      type: str
      returned: always
      sample: GET
    path:
      description: Path of the request, or an empty text.
      type: str
      returned: always
      sample: /v2/62099355b894428e8916573ae635f1f9/factory/jobs/daily_sales/instances/detail
    hint:
      description: What to do about it, or an empty text.
      type: str
      returned: always
      sample: ""
"""

from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.info import job_info


def main() -> None:
    run_module("job_info", job_info)


if __name__ == "__main__":
    main()
