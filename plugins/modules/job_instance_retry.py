#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_instance_retry
short_description: Rerun instances of one job, or a job with its upstream and downstream jobs
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Calls the endpoint that reruns job instances of Huawei Cloud DataArts Studio Factory, C(POST
    /v2/{project_id}/factory/jobs/{job_name}/instances/retry), with its own parameter names and in both of its modes.
  - With O(task_retrys) it reruns the instances that are named there.
  - With O(begin_time), O(end_time) and O(jobs) it reruns the instances of the job and of the chosen upstream and downstream jobs in a span
    of time.
  - The service only answers that it has accepted the request. The module does not wait for the reruns to end; for that, see
    M(dataarts.factory.job_rerun).
options:
  job_name:
    description:
      - Name of the job.
    type: str
    required: true
  task_retrys:
    description:
      - The instances to rerun.
      - Mutually exclusive with O(begin_time), O(end_time), O(jobs) and O(concurrent); one of the two modes is required.
      - RV(dataarts.factory.job_instance_info#module:instances[].key) has the three values in the required form.
    type: list
    elements: dict
    suboptions:
      job_id:
        description: Id of the job.
        type: int
        required: true
      plan_time:
        description: Planned time of the instance, 13 digits of epoch milliseconds or ISO 8601 with a time zone.
        type: str
        required: true
      submit_time:
        description: Time of submission of the instance, 13 digits of epoch milliseconds or ISO 8601 with a time zone.
        type: str
        required: true
  begin_time:
    description:
      - Start of the span of time whose instances are rerun, 13 digits of epoch milliseconds or ISO 8601 with a time zone.
      - Requires O(end_time) and O(jobs).
    type: str
  end_time:
    description:
      - End of the span of time, in the same forms as O(begin_time).
    type: str
  jobs:
    description:
      - The upstream and downstream jobs to rerun together with O(job_name).
    type: list
    elements: dict
    suboptions:
      job_name:
        description: Name of the job.
        type: str
        required: true
      workspace_id:
        description: Id of the workspace of the job, which may be another workspace.
        type: str
        required: true
  concurrent:
    description:
      - How many instances the service reruns at the same time, V(1) to V(128). Only together with O(jobs).
      - The default is V(1).
    type: int
  max_instances:
    description:
      - Refuse to rerun anything if more instances than this would be rerun. The message lists them by job.
      - With O(jobs) every instance of the jobs in the span of time counts, whatever its status, because the service chooses among them.
      - There is no limit if it is not set.
    type: int
  only_statuses:
    description:
      - Only instances that have one of these statuses are rerun, the others are skipped with a reason.
      - Together with O(jobs), it only decides whether anything is sent at all; see the notes of M(dataarts.factory.job_instance_retry).
    type: list
    elements: str
    choices: [fail, manual-stop, success]
    default: [fail]
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.retry
  - dataarts.factory.journal
  - dataarts.factory.language
  - dataarts.factory.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin resolves relative paths from the directory in which the command was started.
  check_mode:
    support: full
    details:
      - Reads the instances and decides as in a real run, and sends nothing.
      - It is not checked whether the service would accept the rerun.
  diff_mode:
    support: full
    details:
      - Shows the status of each instance before and after.
  idempotent:
    support: partial
    details:
      - The notes explain what this means here, and its limits.
notes:
  - "Here, idempotent means that the module reads the instances first, and sends only those that have one of the O(only_statuses) and were
    last started before O(since). If that leaves none, nothing is sent and the task reports no change. An instance whose rerun has
    succeeded, is waiting or is running is therefore not rerun again."
  - Within O(settle_time) after a rerun in the journal, the instance is not sent again, whatever its status. A failure whose rerun was
    accepted and does not show yet is not sent again for 15 minutes. Two calls that share a journal never rerun the same failure at the same
    time.
  - "This has limits. Without O(since), each call is independent: an instance that failed again after the rerun of an earlier call, and
    after its O(settle_time), is rerun once more. Set a fixed O(since) to rerun each instance once, however often the play runs.
    With C(until) or C(retries), the tries of a task have one O(since)."
  - Another limit is controllers that do not share the journal. A rerun that another controller sent is unknown until the service shows it.
  - With O(jobs), the service chooses which instances in the span of time it reruns; the API cannot restrict that to certain instances. The
    module reads the instances of O(job_name) and of O(jobs) first, and sends nothing if none of them qualifies, or if any of them is in
    progress. If at least one qualifies, instances that have succeeded may be rerun with it.
  - If the answer to a rerun is lost, the instances are read again for up to O(settle_time) seconds. If the outcome is still not known, the
    instance is reported as V(unknown) with a command that shows it, and the task fails. It is never reported as success, and with O(jobs)
    never sent again.
  - With the older API generation (O(api_version=v1), or if the newer one is not open), each instance is sent in a separate request, and
    O(jobs) is not available.
seealso:
  - name: What exactly once means here
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_exactly_once.rst
    description: What exactly once means here, what it depends on, and what it does not cover.
  - module: dataarts.factory.job_rerun
  - module: dataarts.factory.job_instance_info
  - name: Rerunning a job instance
    description: The page of the endpoint.
    link: https://support.huaweicloud.com/api-dataartsstudio/RetryFactoryJobInstance.html
"""

EXAMPLES = r"""
- name: Rerun one instance from the node that failed
  dataarts.factory.job_instance_retry:
    region: cn-north-4
    project_id: 62099355b894428e8916573ae635f1f9
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: test_job_name
    task_retrys:
      - job_id: 917567
        plan_time: 1732601580000
        submit_time: 1732239754684

- name: Rerun a job and one of its downstream jobs over an hour
  dataarts.factory.job_instance_retry:
    region: cn-north-4
    project_id: 62099355b894428e8916573ae635f1f9
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: test_job_name
    retry_task_version: current_version
    begin_time: "2024-11-26T16:08:40+08:00"
    end_time: "2024-11-26T17:08:40+08:00"
    jobs:
      - job_name: job_test_smn2
        workspace_id: 62fbba734e634c5087656fc3ff7adf34
    concurrent: 2

- name: Find what failed
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: test_job_name
    statuses: [fail]
  register: failed

- name: Rerun it from a node of choice
  dataarts.factory.job_instance_retry:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: test_job_name
    retry_location: specifiedNode
    node_name: load_orders
    task_retrys: "{{ failed.instances | map(attribute='key') | list }}"
  when: failed.instances | length > 0
"""

RETURN = r"""
instances:
  description:
    - Every instance in O(task_retrys), or with O(jobs) every instance that was read.
  type: list
  elements: dict
  returned: when the instances could be read
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
    action:
      description:
        - What was done about the instance.
        - V(retry) was accepted by the service, or would be sent in check mode. V(skipped) was not sent, for the reason in C(reason).
          V(rejected) was rejected by the service. V(blocked) needs a person. V(unknown) may have been rerun or not.
      type: str
      returned: always
      sample: retry
    reason:
      description: Why, in plain words.
      type: str
      returned: always
      sample: fail, last started 2024-11-26T06:13:01Z, before 2024-11-26T08:00:00Z
    status_before:
      description: Status as read before anything was sent.
      type: str
      returned: always
      sample: fail
    start_time_before:
      description: Last start before this call sent a rerun, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601581000
    end_time_before:
      description: Last end before this call sent a rerun, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    sent_time:
      description: When the newest rerun of the instance was sent, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732608005000
    attempts:
      description: How often a rerun of the instance was sent by this call.
      type: int
      returned: always
      sample: 1
    request_id:
      description: The service's id of the request that carried the instance, or V(null).
      type: str
      returned: always
      sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
    rerun:
      description: Whether the state that the service shows, or will show, comes from a rerun that this call sent.
      type: bool
      returned: always
      sample: true
    adopted:
      description: Whether another run sent the rerun of the instance, according to the run ids in the journal.
      type: bool
      returned: always
      sample: false
    history:
      description:
        - Earlier reruns of the instance by other runs that share the journal, newest first, at most ten. Reruns without effect are left
          out.
        - M(dataarts.factory.rerun_history_info) lists everything that the journal holds.
      type: list
      elements: dict
      returned: always
      contains:
        sent_time:
          description: When the rerun was sent, in epoch milliseconds.
          type: int
          returned: always
          sample: 1732522205000
        sent_time_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-25T08:10:05Z"
        outcome:
          description: V(accepted), or V(unknown) or V(intended) if it may have taken effect.
          type: str
          returned: always
          sample: accepted
        run_id:
          description: Id of the run that sent it.
          type: str
          returned: always
          sample: 0a7c3f5e4d2b4c1e8f9a6b7c8d9e0f1a
        user:
          description: Who ran it.
          type: str
          returned: always
          sample: jane
        controller:
          description: Host name of the machine that ran the module.
          type: str
          returned: always
          sample: controller-1
        purpose:
          description: Incident name or ticket that was set, or an empty text.
          type: str
          returned: always
          sample: INC-4711 disk full
    standing:
      description: State of the instance, in the words of M(dataarts.factory.job_rerun).
      type: str
      returned: always
      sample: waiting
    broken:
      description: Whether it was to be rerun and is not, or it is not known whether it was.
      type: bool
      returned: always
      sample: false
statuses:
  description: The statuses to rerun, see O(only_statuses).
  type: list
  elements: str
  returned: when the instances could be read
  sample: [fail]
problems:
  description: What a person should know, for example instances that do not exist, and refusals of the service.
  type: list
  elements: str
  returned: when the instances could be read
  sample: []
run_id:
  description: Id of the run, by which M(dataarts.factory.rerun_history_info) finds its attempts in the journal.
  type: str
  returned: when the instances could be read
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
since:
  description: The time that separates this run from others, in epoch milliseconds. Pass it as O(since) to continue this run.
  type: int
  returned: when it was determined
  sample: 1732608000000
since_iso:
  description: The same in ISO 8601, UTC.
  type: str
  returned: when it was determined
  sample: "2024-11-26T08:00:00Z"
learned:
  description:
    - Points that the service's documentation leaves open and that accepted reruns have settled, and how soon the reruns showed in the
      list. The journal keeps them, and from then on M(dataarts.factory.account_doctor) reports them.
  type: list
  elements: dict
  returned: if an accepted rerun was seen in the list
  contains:
    name:
      description: V(instance_id_after_rerun), V(submit_time_after_rerun) or V(rerun_visible_after), the names of switches of the emulator.
      type: str
      returned: always
      sample: instance_id_after_rerun
    decided:
      description: Whether the point is settled. How soon reruns show is not settled if the lists were more than two seconds apart.
      type: bool
      returned: always
      sample: true
    setting:
      description: V(same), V(new) or a number of seconds. V(null) if the point is not settled.
      type: raw
      returned: always
      sample: same
    evidence:
      description: What was observed.
      type: str
      returned: always
      sample: an instance that was rerun keeps its instance_id
requests:
  description: Number of HTTP requests by method, including retries.
  type: dict
  returned: always
  sample: {GET: 3, POST: 1}
quiet_hours:
  description: What was not sent because of O(not_between), or V(null) if nothing was held back.
  type: dict
  returned: when the instances could be read
  contains:
    window:
      description: The entry of O(not_between) that applies.
      type: str
      returned: always
      sample: 22:00-06:00 Europe/Berlin
    until:
      description: When it may be sent, epoch ms.
      type: int
      returned: always
      sample: 1732600800000
    until_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:00:00Z"
    instances:
      description: How many instances are left to rerun after that time.
      type: int
      returned: always
      sample: 12
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
check_mode:
  description: Whether this was check mode, or O(check_only), so that nothing was sent.
  type: bool
  returned: always
  sample: false
"""

from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.instance_retry import retry


def main() -> None:
    run_module("job_instance_retry", retry)


if __name__ == "__main__":
    main()
