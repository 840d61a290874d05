#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: supplement_missing
short_description: Make the missing instances of many jobs of one workspace, each once (PatchData)
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Finds instances that the schedules of jobs of a Huawei Cloud DataArts Studio workspace should have created and did not, as
    M(dataarts.factory.job_instance_info) does with O(dataarts.factory.job_instance_info#module:find_missing). Makes them with PatchData, as
    M(dataarts.factory.supplement_data) does.
  - Consecutive plan times form one gap, which one PatchData run fills. The run always has the same name, so it is started once, however often the
    task runs.
  - Waits until the runs have ended, and fails if an instance failed.
  - The playbook C(dataarts.factory.repair) runs it in stages around the reruns of M(dataarts.factory.job_rerun), with one approval for both.
options:
  jobs:
    description:
      - Names of jobs, or shell-style patterns of names with V(*), V(?) and V([abc]).
    type: list
    elements: str
    default: ["*"]
  planned_after:
    description:
      - Only plan times at or after this time.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time before now such as V(-24h).
    type: str
    default: "-24h"
  planned_before:
    description:
      - Only plan times at or before this time, in the same forms. If not set, it is the current time by the clock of the service.
      - An instance that was due in the last ten minutes does not count as missing.
    type: str
  stage:
    description:
      - V(all) finds missing instances and makes them.
      - V(find) only finds them, and compares them with O(approved).
      - V(before_reruns) makes those that do not depend on failed instances, and V(after_reruns) makes the rest. V(end) starts all jobs again that the
        stages, and the reruns between them, have paused. These three stages need O(snapshots).
    type: str
    choices: [all, find, before_reruns, after_reruns, end]
    default: all
  stopped_jobs:
    description:
      - Whether missing instances are also made for jobs whose schedule is stopped or paused now. Somebody may have stopped such a job for good,
        because another job does its work.
      - The option also decides about plan times at which an earlier version of the job was in force, as the versions of the instances around them
        show. The service does not show the schedule of that version, so they may never have been planned.
      - A job that a rerun paused with O(dataarts.factory.job_rerun#module:pause_schedules) counts as scheduled.
    type: bool
    default: false
  pause_schedules:
    description:
      - Whether the jobs of the missing instances are paused while these are made, as with O(dataarts.factory.job_rerun#module:pause_schedules).
        Exactly the paused jobs are started again when the task ends, or with O(stage=end) in a repair. If a task is killed, the next rerun in the
        workspace starts them.
    type: bool
    default: false
  approved:
    description:
      - What was approved for this workspace, its entry in the C(dataarts_plans) that M(dataarts.factory.rerun_summary) returns. C(gaps) are the
        names of the PatchData runs, C(missing_at) is RV(missing_at), and C(options), there C(missing_options), is RV(options).
      - If other instances are missing now, or C(options) are not those of this task, nothing is made, and the message says what differs. A gap that
        was already filled under its approved name is not a difference.
    type: dict
  max_instances:
    description:
      - Refuse to make anything if more instances than this are missing.
      - There is no limit if it is not set.
    type: int
  parallel:
    description: How many instances of a PatchData run may run at once, V(1) to V(5). With V(1), they run one after the other.
    type: int
    default: 1
  not_between:
    description:
      - Quiet hours in which nothing is sent, in the form of O(dataarts.factory.job_rerun#module:not_between).
    type: list
    elements: str
  wait_timeout:
    description: Maximum number of seconds to wait for the end. After that the task fails, and the runs continue.
    type: int
    default: 3600
    aliases: [timeout]
  poll_interval:
    description: Seconds between two lists while waiting.
    type: int
    default: 10
    aliases: [interval]
  snapshots:
    description:
      - The results of O(stage=find) in all workspaces that are repaired together, by workspace id. The role C(dataarts.factory.rerun) sets it. Do
        not set it yourself.
    type: dict
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.sending
  - dataarts.factory.journal
  - dataarts.factory.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - It shows what is missing, and what the module is doing while it waits.
  check_mode:
    support: full
    details:
      - Reads schedules and instances, and sends nothing. It does not check what only the service can refuse.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - An instance of any type and status counts as present, so a second run makes nothing.
notes:
  - The module needs both versions of the API, v1 for the schedules and v2 for PatchData.
  - The gaps of a job are filled one after the other, because the service refuses a second PatchData run of a job while one is still running.
  - The instances of a job are made after those of the jobs that it depends on by its definition.
  - While another PatchData run makes instances of a job between the same dates, nothing is made for that job, and the task fails.
seealso:
  - name: What a rerun cannot repair
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_repair.rst
    description: What a rerun cannot repair.
  - module: dataarts.factory.supplement_data
  - module: dataarts.factory.job_instance_info
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
- name: Show what was never made in the last twelve hours
  dataarts.factory.supplement_missing:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["hourly_*"]
    planned_after: -12h
  check_mode: true
  register: absent

- name: Make exactly that, and nothing else
  dataarts.factory.supplement_missing:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["hourly_*"]
    planned_after: "{{ absent.planned_after }}"
    planned_before: "{{ absent.planned_before }}"
    approved:
      gaps: "{{ absent.gaps | selectattr('state', 'equalto', 'missing') | map(attribute='name') }}"
      missing_at: "{{ absent.missing_at }}"
      options: "{{ absent.options }}"
    purpose: INC-4711
"""

RETURN = r"""
gaps:
  description: The gaps, and what was done about each.
  type: list
  elements: dict
  returned: when the schedules could be read
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
    name:
      description: Name of the PatchData run.
      type: str
      returned: always
      sample: repair_0f3a5b1c9d8e7f6a5b4c
    instances:
      description: Number of plan times in the gap.
      type: int
      returned: always
      sample: 3
    until:
      description: Next plan time of the job after the gap, in epoch milliseconds; a day after the gap if there is none soon.
      type: int
      returned: always
      sample: 1793473200000
    start_date:
      description: First moment of the PatchData run, a second before the first plan time, in epoch milliseconds.
      type: str
      returned: always
      sample: "1793462399000"
    end_date:
      description: Last moment of the PatchData run, a second after the last plan time, in epoch milliseconds.
      type: str
      returned: always
      sample: "1793469601000"
    earlier_version:
      description: Whether an earlier version of the job was in force, so that its schedule then may have been another one.
      type: bool
      returned: always
      sample: false
    job_status:
      description: Status of the job's schedule now, in the service's word; V(SCHEDULING) also while a rerun has paused it.
      type: str
      returned: always
      sample: SCHEDULING
    stage:
      description: Whether it is made V(before_reruns) or V(after_reruns), because the job depends on one that failed.
      type: str
      returned: always
      sample: before_reruns
    state:
      description:
        - V(missing) is not made yet, V(made) has succeeded, V(failed) was not made or did not succeed, V(gone) was made by somebody else, and
          V(left_alone) belongs to a job that is not scheduled now, or to an earlier version of it.
      type: str
      returned: always
      sample: made
    msg:
      description: Why, or an empty text.
      type: str
      returned: always
      sample: ""
upstream:
  description: The jobs that each job depends on, as pairs of workspace and name.
  type: dict
  returned: when the schedules could be read
  sample: {daily_report: [[62fbba734e634c5087656fc3ff7adf34, daily_sales]]}
failed_jobs:
  description: Names of jobs with an instance in the window that failed, hangs, or is being rerun according to the journal.
  type: list
  elements: str
  returned: when the schedules could be read
  sample: [daily_sales]
unreadable:
  description: Jobs whose schedule cannot be read, so their missing instances are unknown. In this case the task fails.
  type: list
  elements: dict
  returned: when the schedules could be read
  contains:
    job_name:
      description: Name of the job.
      type: str
      returned: always
      sample: odd_job
    cause:
      description: What cannot be read.
      type: str
      returned: always
      sample: it names no time zone
made_before:
  description:
    - PatchData runs that earlier tasks have started, according to the journal, for instances that were missing in the window. What depends on these
      instances may have run without them.
  type: list
  elements: dict
  returned: when the schedules could be read
  sample: []
unread_workspaces:
  description: Ids of workspaces that were not read and on whose jobs the missing instances depend. Failures there are unknown.
  type: list
  elements: str
  returned: when the schedules could be read
  sample: []
workspace_id:
  description: Id of the workspace.
  type: str
  returned: when the schedules could be read
  sample: 62fbba734e634c5087656fc3ff7adf34
since:
  description: When the instances were listed, by the service's clock, in epoch milliseconds.
  type: int
  returned: when the schedules could be read
  sample: 1795473351000
missing_at:
  description: The time at which the gaps were missing, by the service's clock, in epoch milliseconds. Instances that become due later do not count
    as a difference from an approved plan.
  type: int
  returned: when the schedules could be read
  sample: 1795473351000
planned_after:
  description: Start of the window, in epoch milliseconds.
  type: int
  returned: when the schedules could be read
  sample: 1795386951000
planned_before:
  description: End of the window, in epoch milliseconds.
  type: int
  returned: when the schedules could be read
  sample: 1795473351000
options:
  description: O(parallel), O(not_between) and O(pause_schedules) of the task, which an approval binds.
  type: dict
  returned: when the schedules could be read
  sample: {parallel: 1, not_between: null, pause_schedules: false}
approved:
  description: Whether the gaps were compared with O(approved).
  type: bool
  returned: when the schedules could be read
  sample: false
paused_jobs:
  description: Names of the jobs that are to be paused before the first instance is made, and later of those that were paused; see O(pause_schedules).
  type: list
  elements: str
  returned: when the schedules could be read
  sample: []
pause_id:
  description: Id under which all stages of a repair pause jobs, or an empty text.
  type: str
  returned: when the schedules could be read
  sample: ""
journal_history:
  description: As RV(dataarts.factory.job_rerun#module:journal_history).
  type: dict
  returned: with O(stage=end)
  sample: {}
began:
  description: Whether there was anything to make.
  type: bool
  returned: when the schedules could be read
  sample: true
check_mode:
  description: Whether nothing may be sent, because of check mode or O(check_only).
  type: bool
  returned: always
  sample: false
requests:
  description: Number of HTTP requests by method, including retries.
  type: dict
  returned: always
  sample: {GET: 3, POST: 1}
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
from ..module_utils._runner.supplement_missing import supplement_missing


def main() -> None:
    run_module("supplement_missing", supplement_missing)


if __name__ == "__main__":
    main()
