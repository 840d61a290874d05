#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: supplement_data
short_description: Run a job for plan times of the past (PatchData)
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Starts PatchData of Huawei Cloud DataArts Studio Factory, C(POST /v2/{project_id}/factory/supplement-data), which creates an instance of
    a job for each of its plan times between two dates, even if one existed before. Use it for instances that were never created, which a
    rerun cannot help.
  - A PatchData run is identified by its name in its workspace. The same name with the same content is started once, however often the task
    runs.
  - The module waits until the run has ended, and fails if one of its instances failed.
options:
  name:
    description:
      - Name of the PatchData run. With O(state=present) 1 to 64 letters, digits, hyphens and underscores, beginning with a letter or a digit.
      - A name cannot be used again for another run, because PatchData runs cannot be deleted.
    type: str
    required: true
  state:
    description:
      - V(present) starts the run, unless a run with that name exists. If that run has different content, the module fails and says what
        differs.
      - V(stopped) stops the instances of the run that wait or run. A run that has ended is left as it is. It is an error if no run with
        that name exists.
    type: str
    choices: [present, stopped]
    default: present
  job_name:
    description:
      - Name of the job. It has to be scheduled periodically.
      - Required with O(state=present).
    type: str
  start_date:
    description:
      - Start of the span of plan times. A day with a time zone such as V(2026-11-01 +08:00), which means its first second; a time in ISO
        8601 with a zone; or 13 digits of epoch milliseconds. Whole seconds.
      - Required with O(state=present). The module converts it into the form that the service understands.
    type: str
  end_date:
    description:
      - End of the span, in the same forms. A day means its last second. At least two seconds after O(start_date).
      - It is not documented whether a plan time at the very end belongs to the span.
      - Required with O(state=present).
    type: str
  parallel:
    description: How many instances run at once, V(1) to V(5). With V(1), they run one after the other.
    type: int
    default: 1
  depend_jobs:
    description: Jobs that depend on O(job_name), directly or indirectly, for which instances are created too.
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
  day_granularity:
    description:
      - Whether whole days are patched (C(is_day_granularity)). The service does not document what exactly that does.
    type: bool
    default: false
  priority:
    description: Priority of the instances, in the service's numbers. If not set, the service chooses it.
    type: int
  stop_when_fail:
    description: Whether the run stops after an instance has failed (C(is_stop_when_fail)).
    type: bool
    default: false
  newest_first:
    description: Whether the newest plan times run first (C(reverse_order)).
    type: bool
    default: false
  run_between:
    description: Span of the day in which instances may start, such as V(22:00-23:30) (C(time_of_day)). If not set, they may start at any
      time.
    type: str
  run_weekdays:
    description: Days of the week on which instances may start, V(1) to V(7) (C(day_of_week)). If not set, they may start on every day.
    type: list
    elements: str
  run_month_days:
    description: Days of the month on which instances may start, V(1) to V(31) (C(day_of_month)). If not set, they may start on every day.
    type: list
    elements: str
  only_days:
    description: Only plan times of these days, such as V(2026-11-23) (C(days)). If not set, all plan times between the dates are used.
    type: list
    elements: str
  only_between:
    description: Only plan times in this span of the day, such as V(00:00-06:00). If not set, all plan times are used.
    type: str
  force:
    description: Whether the run is started even if another PatchData run of the job is still running.
    type: bool
    default: false
  settle_time:
    description:
      - Seconds that the service may take to list a run that it has accepted. If an answer was lost, the request is sent again only after
        this time, and only if the run is not listed.
    type: int
    default: 60
  not_between:
    description:
      - Quiet hours in which nothing is sent, such as V(22:00-06:00 Europe/Berlin); in the form of O(dataarts.factory.job_rerun#module:not_between).
    type: list
    elements: str
  purpose:
    description: What the run is for, such as the name of an incident. It is kept in the journal.
    type: str
  wait:
    description: Whether to wait for the end of the run.
    type: bool
    default: true
  wait_timeout:
    description: Maximum number of seconds to wait for the end. After that the task fails, and the run continues.
    type: int
    default: 3600
    aliases: [timeout]
  poll_interval:
    description: Seconds between two lists while waiting.
    type: int
    default: 10
    aliases: [interval]
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.journal
  - dataarts.factory.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin shows how many dates are done while the module waits.
  check_mode:
    support: full
    details:
      - Reads the list and the job, and sends nothing. It does not check what only the service can refuse.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - The same name with the same content indicates no change. The module fails each time as long as an instance of the run did not succeed.
notes:
  - Only version v2 of the API has PatchData. O(api_version) only affects the lists of instances.
  - Tasks that share a journal never start a run with the same name twice, even if they run at the same time, are interrupted, or lose an
    answer. Tasks that do not share a journal rely on the list, and on the service, which is said to refuse a name that exists.
  - An instance does not say to which PatchData run it belongs. The counts for the dates include the instances of type C(patch_data) that
    were planned between the dates and did not start before the run was submitted.
seealso:
  - name: What a rerun cannot repair
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_repair.rst
    description: What a rerun cannot repair.
  - module: dataarts.factory.supplement_data_info
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
- name: Run a job for a week in which its schedule was stopped
  dataarts.factory.supplement_data:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    name: daily_sales_week_44
    job_name: daily_sales
    start_date: "2026-11-01 +08:00"
    end_date: "2026-11-07 +08:00"
    parallel: 2
    stop_when_fail: true
    purpose: INC-4711

- name: With a job that depends on it, which may be in another workspace, the newest day first
  dataarts.factory.supplement_data:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    name: daily_sales_with_report
    job_name: daily_sales
    start_date: "2026-11-01 +08:00"
    end_date: "2026-11-02 +08:00"
    depend_jobs:
      - job_name: monthly_report
        workspace_id: 62fbba734e634c5087656fc3ff7adf34
    newest_first: true
    force: true

- name: Stop it
  dataarts.factory.supplement_data:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    name: daily_sales_week_44
    state: stopped
"""

RETURN = r"""
name:
  description: Name of the run.
  type: str
  returned: always
  sample: week_44
patch_data:
  description: The run as the service lists it, or V(null) if it is not listed.
  type: dict
  returned: when the list could be read
  contains:
    name:
      description: Name of the run.
      type: str
      returned: always
      sample: week_44
    status:
      description: Status in the service's word, for example V(RUNNING), V(SUCCESS) or V(CANCEL).
      type: str
      returned: always
      sample: SUCCESS
    state:
      description: Meaning of the status, V(running), V(success), V(failed) or V(stopped). An undocumented status counts as running.
      type: str
      returned: always
      sample: success
    jobs:
      description: Names of the job and of the jobs that depend on it. The service does not name their workspaces.
      type: list
      elements: str
      returned: always
      sample: [daily_sales]
    parallel:
      description: How many instances run at once, or V(null).
      type: int
      returned: always
      sample: 2
    user_name:
      description: Who started it, or V(null).
      type: str
      returned: always
      sample: night-operator
    start_date:
      description: First moment of its dates in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1793462400000
    start_date_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2026-10-31T16:00:00Z"
    end_date:
      description: Last moment of its dates in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1794067199000
    end_date_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2026-11-07T15:59:59Z"
    submitted_date:
      description: When it was started, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1795473351000
    submitted_date_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2026-11-23T22:35:51Z"
    run_time:
      description: When its instances may start, in the service's words, or V(null).
      type: dict
      returned: always
      sample: {time_of_day: null, day_of_week: null, day_of_month: null}
    instance_time:
      description: The selected plan times, in the service's words, or V(null).
      type: dict
      returned: always
      sample: {days: [], time_of_day: null}
dates:
  description: Progress of each date, the oldest first, in the zone of O(start_date). Only with O(state=present).
  type: list
  elements: dict
  returned: when the list could be read
  contains:
    date:
      description: The date.
      type: str
      returned: always
      sample: "2026-11-01"
    total:
      description: Instances of all jobs on that date.
      type: int
      returned: always
      sample: 24
    succeeded:
      description: Instances that have succeeded.
      type: int
      returned: always
      sample: 23
    failed:
      description: Those that have failed.
      type: int
      returned: always
      sample: 1
    running:
      description: Those that are running.
      type: int
      returned: always
      sample: 0
    waiting:
      description: Those that wait.
      type: int
      returned: always
      sample: 0
    other:
      description: Instances with any other status, for example stopped ones.
      type: int
      returned: always
      sample: 0
missed:
  description: The instances that have ended without success.
  type: list
  elements: dict
  returned: when the list could be read
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
    instance_id:
      description: Id of the instance.
      type: str
      returned: always
      sample: "1041201"
    plan_time:
      description: Planned time in epoch milliseconds.
      type: int
      returned: always
      sample: 1793473200000
    plan_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2026-10-31T19:00:00Z"
    status:
      description: Status in the service's word.
      type: str
      returned: always
      sample: fail
differences:
  description: How an existing run with the same name differs from the options. Only with O(state=present).
  type: list
  elements: dict
  returned: when the list could be read
  contains:
    option:
      description: The option.
      type: str
      returned: always
      sample: parallel
    wanted:
      description: What it asks for.
      type: raw
      returned: always
      sample: 2
    actual:
      description: What the run has.
      type: raw
      returned: always
      sample: 3
adopted:
  description: Whether another call started the run. Only with O(state=present).
  type: bool
  returned: when the list could be read
  sample: false
run_id:
  description: Id of this call in the journal.
  type: str
  returned: when the options can be used
  sample: 0a7c3f5e4d2b4c1e8f9a6b7c8d9e0f1a
request_id:
  description: The service's id of the request, or V(null).
  type: str
  returned: when a request was sent
  sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
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
from ..module_utils._runner.supplement_data import supplement_data


def main() -> None:
    run_module("supplement_data", supplement_data)


if __name__ == "__main__":
    main()
