#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_instance_info
short_description: List the job instances of a workspace
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Lists job instances of a Huawei Cloud DataArts Studio workspace by name or pattern of the job, status, type and plan time.
  - The list is complete. Long windows and long lists are read in as many requests as the limits of the service require. A list that does
    not match the service's own count is an error, not a shorter list.
  - A name or a pattern that matches no job at all is an error, so that a mistyped name is not mistaken for a job without failures.
  - Sub-jobs of real-time jobs are listed as V(REAL-TIME JOB_NODE). If only version v2 of the API is open, their nodes are unknown. A
    warning then names each real-time job whose sub-jobs are not in the list. To list these, name the sub-jobs in O(jobs).
  - One list holds at most 200,000 instances.
options:
  job_name:
    description:
      - Exact name of one job, without wildcards. An unknown job is an error.
      - Mutually exclusive with O(jobs).
    type: str
  statuses:
    description:
      - Only instances with one of these statuses. If not set, instances of every status are returned.
      - A success that was set by hand, or that replaces an ignored failure, counts as V(success).
    type: list
    elements: str
    choices: [waiting, running, success, fail, running-exception, pause, manual-stop, skip-by-depend, freeze, waiting-confirm]
  limit:
    description:
      - Return at most this many of the instances, the newest plan time first. RV(total) and RV(statuses) count all of them. With V(0) they
        are only counted.
      - If not set, all instances are returned. The result of a task is in memory several times, on the target and on the controller, which
        matters from about ten thousand instances on.
    type: int
  reasons:
    description:
      - For which failures to read details, which are the reason, the node that failed, its type, its retries and its log. They come from
        the instance detail of version v1 of the API, whichever version listed the instances.
      - V(auto) reads the details of one instance for each reason of each job, the most frequent reasons first, and at most ten for a
        workspace. This takes at most ten seconds.
      - V(all) reads the details of every failed instance, at most thirty a second. V(none) reads no details; reasons then come from the
        messages in the list of v1.
      - If the details cannot be read, the task continues without them.
    type: str
    choices: [auto, all, none]
    default: auto
  log_tail:
    description:
      - How many lines to read from the end of a failed node's log, 0 to 200. A log is an object of OBS, read with the same access key.
      - One log is read for each job, node and message whose details are read (see O(reasons)), at most ten for a workspace, and at most the last 64 KiB of
        each. The lines are in RV(instances[].failure.log_tail); the last five are also shown below each reason.
      - OBS accepts permanent and temporary access keys, but not tokens. The user needs the right C(obs:object:GetObject) on the bucket. If
        a log cannot be read, the task continues without it and says why.
      - A log may contain confidential data, which then appears wherever results are shown.
    type: int
    default: 0
  obs_endpoint:
    description:
      - Address of OBS, for O(log_tail). If not set, it is derived from O(region) and O(cloud_domain), or from an O(endpoint) that begins
        with C(dayu.).
    type: str
  short:
    description:
      - Return RV(lines), one line for each instance, instead of RV(instances) and RV(reasons). This is for use on the command line.
    type: bool
    default: false
  find_missing:
    description:
      - Also find the plan times in the window for which a job's schedule should have created an instance, but no instance of any type or
        status exists.
      - This reads the definition of every job that O(jobs) selects, ten a second, and needs version v1 of the API. A job that is not
        planned by a schedule has no missing instances. If a schedule cannot be read, there is a warning.
      - Cannot be used together with O(job_name).
    type: bool
    default: false
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.selection
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
seealso:
  - module: dataarts.factory.job_rerun
  - module: dataarts.factory.job_instance_retry
  - module: dataarts.factory.job_info
"""

EXAMPLES = r"""
- name: Find what was never made in the last week
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    statuses: [fail]
    planned_after: -7d
    find_missing: true
  register: week

- name: List what failed in the last day
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    statuses: [fail]
  register: failed

# On the command line: ansible sales -m dataarts.factory.job_instance_info -a 'statuses=fail short=true'
- name: List one job over a week
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: daily_sales
    planned_after: -7d

- name: Count the instances of a month by status, and show the newest ten
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    planned_after: -30d
    limit: 10

- name: List instances by patterns in a window of time
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["daily_*", "hourly_[ab]"]
    planned_after: "2026-11-23T00:00:00+08:00"
    planned_before: "2026-11-23T06:00:00+08:00"
"""

RETURN = r"""
instances:
  description:
    - The instances, the newest plan time first, at most O(limit) of them.
  type: list
  elements: dict
  returned: unless O(short=true)
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
    failure:
      description:
        - Why the instance failed, as far as it was read (see O(reasons)). V(null) if the instance has not failed. If it has succeeded since,
          this is the failure for which it was rerun. All texts come from the service.
      type: dict
      returned: always
      contains:
        node:
          description: Name of the node that failed first, or V(null).
          type: str
          returned: always
          sample: load_orders
        node_type:
          description: Its type in the service's words, or V(null).
          type: str
          returned: always
          sample: DLI SQL
        retries:
          description: How often the service retried the node by itself, or V(null).
          type: int
          returned: always
          sample: 2
        message:
          description: What the service says, cut after 500 characters, or V(null).
          type: str
          returned: always
          sample: Table 'ods.orders_20261123' not found
        reason:
          description: The message without the parts that differ from instance to instance, such as ids, numbers, times, paths and quoted
            names. An empty text if there is no message.
          type: str
          returned: always
          sample: Table … not found
        log_path:
          description: Path of the node's log, an OBS object, or V(null).
          type: str
          returned: always
          sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/daily_sales/2026-11-23_06_13_00.000/load_orders/load_orders.job
        log_tail:
          description: The last lines of that log, with O(log_tail), or V(null). They come from outside; control sequences for a terminal are removed.
          type: list
          elements: str
          returned: always
          sample: ["ERROR Table 'ods.orders_20261123' not found"]
        read:
          description: Whether the details of this instance itself were read. Otherwise C(node), C(node_type) and C(retries) are those of
            another instance of the job with the same reason, or V(null).
          type: bool
          returned: always
          sample: true
    key:
      description: The instance as an element of O(dataarts.factory.job_instance_retry#module:task_retrys).
      type: dict
      returned: always
      sample: {job_id: "917567", plan_time: 1732601580000, submit_time: 1732239754684}
reasons:
  description: Why instances failed, grouped by reason, the most frequent reason first.
  type: list
  elements: dict
  returned: when the instances could be read
  contains:
    reason:
      description: The reason, as in RV(instances[].failure.reason). An empty text if none is known; then there is an entry for each node.
      type: str
      returned: always
      sample: Table … not found
    count:
      description: Number of instances that failed for this reason.
      type: int
      returned: always
      sample: 38
    broken:
      description: How many of them are still broken.
      type: int
      returned: always
      sample: 2
    jobs:
      description: Number of jobs that these instances belong to.
      type: int
      returned: always
      sample: 3
    workspaces:
      description: Number of workspaces that these instances belong to.
      type: int
      returned: always
      sample: 1
    nodes:
      description: The nodes that failed, the most frequent first.
      type: list
      elements: str
      returned: always
      sample: [load_orders]
    node_types:
      description: Their types.
      type: list
      elements: str
      returned: always
      sample: [DLI SQL]
    sample:
      description: The message of one of the instances, or V(null).
      type: str
      returned: always
      sample: Table 'ods.orders_20261123' not found
    log_path:
      description: Path of the log of one of them, or V(null).
      type: str
      returned: always
      sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/daily_sales/2026-11-23_06_13_00.000/load_orders/load_orders.job
    log_tail:
      description: The last lines of the log of one of them, with O(log_tail), or V(null). They come from outside; control sequences for a
        terminal are removed.
      type: list
      elements: str
      returned: always
      sample: ["ERROR Table 'ods.orders_20261123' not found"]
lines:
  description: Each instance in one line for people, the newest plan time first.
  type: list
  elements: str
  returned: with O(short=true)
  sample: ["daily_sales planned 2024-11-26T06:13:00Z: fail, ended 2024-11-26T06:14:02Z, node load_orders: Table not found."]
missing:
  description:
    - The plan times without an instance, the newest first, 10,000 at most. Plan times of the last ten minutes are not included, because the
      instance may still be created. A local time that does not exist because clocks change is not included either.
  type: list
  elements: dict
  returned: with O(find_missing)
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
    job_status:
      description: Status of the job in the service's words, or V(null). If the schedule was stopped, it shows why the instance is missing.
      type: str
      returned: always
      sample: STOPPED
    plan_time:
      description: The plan time in epoch milliseconds.
      type: int
      returned: always
      sample: 1732601580000
    plan_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:13:00Z"
missing_total:
  description: Number of plan times without an instance.
  type: int
  returned: with O(find_missing)
  sample: 1
gaps:
  description:
    - The same, with consecutive plan times of a job combined into one gap, and with what M(dataarts.factory.supplement_data) needs to fill
      it.
  type: list
  elements: dict
  returned: with O(find_missing)
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
    earlier_version:
      description: Whether an earlier version of the job was in force at that time, so that its schedule may have been different.
      type: bool
      returned: always
      sample: false
    job_status:
      description: Status of the job, as above.
      type: str
      returned: always
      sample: STOPPED
    name:
      description: Name for the PatchData run, always the same for the same gap.
      type: str
      returned: always
      sample: repair_0f3b1c9a7d5e2f4b6a8c
    instances:
      description: Number of plan times in the gap.
      type: int
      returned: always
      sample: 1
    start_date:
      description: A second before its first plan time, in epoch milliseconds, as text.
      type: str
      returned: always
      sample: "1732601579000"
    end_date:
      description: A second after its last plan time, in epoch milliseconds, as text.
      type: str
      returned: always
      sample: "1732601581000"
total:
  description: Number of instances that match, including those beyond O(limit).
  type: int
  returned: success
  sample: 1
statuses:
  description: Number of matching instances by status.
  type: dict
  returned: success
  sample: {fail: 1}
planned_after:
  description: Start of the window of plan times that was read, in epoch milliseconds.
  type: int
  returned: success
  sample: 1732521600000
planned_before:
  description: End of the window, in epoch milliseconds.
  type: int
  returned: success
  sample: 1732608000000
job_patterns:
  description:
    - Each name and pattern in O(jobs). C(matches) says whether it matches a job of the workspace, V(null) if the task failed before that was
      known. C(suggestion) is a sentence that names a similar job, or an empty text. If one matches no job, the task fails, and returns what it
      found of the others.
  type: list
  elements: dict
  returned: with O(jobs), when the names were checked, or the task failed before that
  sample: [{pattern: "dialy_*", matches: false, suggestion: "Did you mean daily_sales?"}]
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
from ..module_utils._runner.info import instance_info


def main() -> None:
    run_module("job_instance_info", instance_info)


if __name__ == "__main__":
    main()
