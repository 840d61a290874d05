#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_dependency_info
short_description: Look up what a job or a job instance depends on, and what depends on it
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Looks up which jobs a job depends on and which depend on it, or the same for one of its instances, also across workspaces.
  - Only version v2 of the API provides dependencies, and not on every site.
options:
  job_name:
    description:
      - Exact name of a job, to look up its direct upstream and downstream jobs.
      - Exactly one of this and O(instance_id) is required.
    type: str
  instance_id:
    description:
      - Id of a job instance, to look up the instances that it depends on and that depend on it.
    type: str
  relation:
    description:
      - V(parent) looks up what the job or instance depends on, V(child) looks up what depends on it, and V(both) looks up both.
    type: str
    choices: [both, parent, child]
    default: both
  depth:
    description:
      - Number of levels of instances to look up, V(1) to V(50). Only with O(instance_id).
    type: int
    default: 1
  latest:
    description:
      - Whether to return only the newest instance of each job. Only with O(instance_id).
    type: bool
    default: true
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
seealso:
  - module: dataarts.factory.job_info
  - module: dataarts.factory.job_instance_info
"""

EXAMPLES = r"""
- name: Look up the jobs next to a job
  dataarts.factory.job_dependency_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: daily_sales
  register: related

- name: Look up every instance that waits for a failed one
  dataarts.factory.job_dependency_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    instance_id: "1041201"
    relation: child
    depth: 50
"""

RETURN = r"""
related_jobs:
  description: The direct upstream and downstream jobs of O(job_name).
  type: list
  elements: dict
  returned: with O(job_name)
  contains:
    job_name:
      description: Name of the job.
      type: str
      returned: always
      sample: monthly_report
    relation:
      description: V(parent) if O(job_name) depends on it, V(child) if it depends on O(job_name).
      type: str
      returned: always
      sample: child
    workspace_name:
      description: Name of its workspace, or V(null).
      type: str
      returned: always
      sample: finance
    path:
      description: Folder, or V(null).
      type: str
      returned: always
      sample: /reports
    owner:
      description: Owner, or V(null).
      type: str
      returned: always
      sample: etl
instances:
  description:
    - The instances that O(instance_id) depends on, and those that depend on it.
  type: list
  elements: dict
  returned: with O(instance_id)
  contains:
    workspace_id:
      description: Id of the workspace.
      type: str
      returned: always
      sample: 62fbba734e634c5087656fc3ff7adf34
    job_name:
      description: Name of the job.
      type: str
      returned: always
      sample: daily_sales
    job_id:
      description: Id of the job, as text.
      type: str
      returned: always
      sample: "917567"
    instance_id:
      description: Id of the instance, as text. Two instances may have the same job id, plan time and submission time, for example a normal
        instance and one of PatchData; this id distinguishes them. It is not documented whether a rerun changes it.
      type: str
      returned: always
      sample: "1041201"
    instance_name:
      description: Name of the instance, or V(null).
      type: str
      returned: always
      sample: daily_sales_20261123
    instance_type:
      description: One of V(normal), V(manual), V(patch_data), V(sub_job) and V(once), or V(null) for an undocumented type.
      type: str
      returned: always
      sample: normal
    status:
      description: Status in the service's words, for example V(success), V(fail), V(running) or V(waiting).
      type: str
      returned: always
      sample: success
    plan_time:
      description: Planned time in epoch milliseconds.
      type: int
      returned: always
      sample: 1732601580000
    plan_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:13:00Z"
    submit_time:
      description: Submission time in epoch milliseconds.
      type: int
      returned: always
      sample: 1732239754684
    submit_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-22T01:42:34.684Z"
    start_time:
      description: Last start in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601581000
    start_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:13:01Z"
    end_time:
      description: Last end in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    end_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:14:02Z"
    execute_time:
      description: Duration of the last run in milliseconds, or V(null).
      type: int
      returned: always
      sample: 61000
    version:
      description: Version of the job that ran, or V(null).
      type: int
      returned: always
      sample: 3
    force_success:
      description: Whether someone set the status to success by hand.
      type: bool
      returned: always
      sample: false
    ignore_success:
      description: Whether the instance counts as successful because its failure was ignored.
      type: bool
      returned: always
      sample: false
    error_message:
      description: Why the last run failed, cut after 500 characters, or V(null). Only version v1 of the API returns it.
      type: str
      returned: always
      sample: Node load_orders failed.
    workspace_name:
      description: Name of the workspace, or V(null).
      type: str
      returned: always
      sample: finance
    parent_instance_ids:
      description: Ids of the instances on which it directly depends.
      type: list
      elements: str
      returned: always
      sample: ["1041200"]
total:
  description: Number of jobs or instances.
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
from ..module_utils._runner.info import dependency_info


def main() -> None:
    run_module("job_dependency_info", dependency_info)


if __name__ == "__main__":
    main()
