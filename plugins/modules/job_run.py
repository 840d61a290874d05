#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_run
short_description: Run a job once, now
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Runs a job of a Huawei Cloud DataArts Studio workspace once, now, with C(POST /v1/{project_id}/jobs/{job_name}/run-immediate), and waits
    until the run has ended. Use it for manually scheduled jobs, whose instances cannot be rerun, and for runs outside of a schedule.
  - O(run_key) says what the run is for. The same key never starts a second run of the job, on any controller that shares the journal,
    however often the task runs and whatever interrupts it. If the key was already used, the task waits for the run that used it.
options:
  job_name:
    description:
      - Name of the job.
    type: str
    required: true
  run_key:
    description:
      - What this run is for, such as V(INC-4711) or the date of its data. At most 200 characters.
      - To run the job again, even after a failure, use another key. Keys are deleted after 190 days.
    type: str
    required: true
  job_params:
    description:
      - Parameters of the job, value by name. Names have at most 64 characters, values at most 1024.
      - The same key with other parameters is an error. The journal keeps only a hash of the parameters, not their values.
    type: dict
  wait:
    description:
      - Whether to wait for the end of the run. Without it the task ends once the service has named the instance.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait. The task fails if the run has not ended by then. The run continues, and a task with the same key waits for it
        again.
    type: int
    default: 3600
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
      - The action plugin resolves relative paths from the directory in which the command was started.
  check_mode:
    support: full
    details:
      - Reads the job and the journal, and sends nothing. It indicates a change if no run has the key.
      - It is not checked whether the service would accept the run.
  diff_mode:
    support: full
    details:
      - Shows the run that was, or would be, started.
  idempotent:
    support: full
    details:
      - O(run_key) identifies the run.
notes:
  - Only v1 of the API can run a job, so its host must be reachable.
  - The task fails if the run does not succeed, even if another task started it.
  - If the answer is lost, the instances of the job are listed after O(settle_time). If exactly one manual run of the job has started since
    the request, the task waits for that run, and RV(read_back) is true. Otherwise the outcome is reported as V(unknown) with a command that
    shows the instances, the task fails, and nothing is ever sent again for that key.
  - If somebody else runs the same job in the console during this time, that run cannot be distinguished from the run whose answer was lost.
seealso:
  - module: dataarts.factory.job_rerun
  - module: dataarts.factory.job_schedule
  - module: dataarts.factory.job_instance_info
"""

EXAMPLES = r"""
- name: Run the job of last night once more, for the whole team only once
  dataarts.factory.job_run:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: load_by_hand
    run_key: INC-4711
    job_params:
      date: "20261128"
    wait_timeout: 1800

- name: Once a day, however often the play runs
  dataarts.factory.job_run:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: morning_report
    run_key: "morning {{ now(utc=true).strftime('%Y-%m-%d') }}"
    wait: false
"""

RETURN = r"""
instance:
  description: The run as the service shows it, or V(null) if nothing was started or if that is not known.
  type: dict
  returned: always
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
      sample: load_by_hand
    instance_id:
      description: Id of the instance, as text.
      type: str
      returned: always
      sample: "1041201"
    status:
      description: Status in the service's words, or V(null) while the service does not show it.
      type: str
      returned: always
      sample: success
    plan_time:
      description: Planned time in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601580000
    plan_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:13:00Z"
    start_time:
      description: Start in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601581000
    start_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:13:01Z"
    end_time:
      description: End in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    end_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:14:02Z"
    node:
      description: The node that failed first, or V(null).
      type: str
      returned: always
      sample: load_orders
    log_path:
      description: OBS path of the log of that node, or V(null).
      type: str
      returned: always
      sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/load_by_hand/1041201/load_orders.log
    error_message:
      description: Why it failed, or V(null). On most sites only the log says why.
      type: str
      returned: always
      sample: Node load_orders failed.
action:
  description:
    - What this call did. V(run) requested the run, or would do so in check mode. V(adopt) waited for a run that another task had requested. V(settle)
      means, in check mode, that the outcome of an earlier request is not known yet. V(rejected) was rejected by the service, and nothing was started.
      V(unknown) may have run or not. V(none) sent nothing, because the task failed before that.
  type: str
  returned: always
  sample: run
reason:
  description: Why, in plain words.
  type: str
  returned: when the journal could be read
  sample: it was asked for at 2024-11-26T08:00:05Z, and is instance 1041201
run_key:
  description: The key.
  type: str
  returned: when it could be used
  sample: INC-4711
sent_time:
  description: When the run was requested, in epoch milliseconds, or V(null).
  type: int
  returned: when the journal could be read
  sample: 1732608005000
sent_time_iso:
  description: The same in ISO 8601, UTC.
  type: str
  returned: when the journal could be read
  sample: "2024-11-26T08:00:05Z"
run_id:
  description: Id of the task that requested it.
  type: str
  returned: when the journal could be read
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
user:
  description: Who ran that task, or an empty text.
  type: str
  returned: when the journal could be read
  sample: jane
purpose:
  description: Incident name or ticket of that task, or an empty text.
  type: str
  returned: when the journal could be read
  sample: INC-4711 disk full
read_back:
  description: Whether the instance was found in the list because the answer was lost.
  type: bool
  returned: when the journal could be read
  sample: false
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
check_mode:
  description: Whether this was check mode, or O(check_only), so that nothing was sent.
  type: bool
  returned: always
  sample: false
"""

from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.job_run import job_run


def main() -> None:
    run_module("job_run", job_run)


if __name__ == "__main__":
    main()
