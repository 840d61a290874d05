#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_schedule
short_description: Start, stop, pause and resume the scheduling of jobs
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Starts and stops the scheduling of batch jobs of a Huawei Cloud DataArts Studio workspace, by name or pattern.
  - It reads the status of the jobs first, and sends nothing for a job that already has the requested state.
  - The service has no call that pauses a job. With O(state=paused), the module stops the jobs that are scheduled, and the journal records
    them. O(state=resumed) starts exactly those jobs again, from any controller that shares the journal.
options:
  state:
    description:
      - The requested state of the jobs.
      - V(started) means scheduled. If the schedule of a job is to run once, starting it would run the job. V(started) and V(paused) leave such a job
        as it is, and the task fails before anything is sent if O(jobs) names it without a wildcard. M(dataarts.factory.job_run) runs a job.
      - V(stopped) means not scheduled. It also ends a pause of the job, and nothing starts the job again.
      - V(paused) means not scheduled until it is resumed. A job that somebody else stopped or paused before is left alone, and V(resumed)
        never starts it again. A job that a rerun has paused is not started again when that rerun ends.
      - V(resumed) starts those of O(jobs) that V(paused), or the option O(dataarts.factory.job_rerun#module:pause_schedules) of a rerun, has
        stopped. A job that a rerun in progress has paused is left to that rerun, and one whose pause it needs is not started yet. If a job
        that O(jobs) names is stopped and the journal has no record of its schedule, a pause of it may have been lost with another journal.
        Then the task fails, after it has started the others. If the journal knows that the job was already stopped when it should have been
        paused, there is only a warning. For jobs that only a pattern
        matches, there is a warning if the journal may have lost records in the last 24 hours or knows none of them.
    type: str
    choices: [started, stopped, paused, resumed]
    required: true
  jobs:
    description:
      - Names of jobs, or shell-style patterns of names with V(*), V(?) and V([abc]). They are case-sensitive and match the whole name.
      - If a name or a pattern matches no batch job, the task fails and nothing is sent.
      - An empty list is refused, because it usually comes from a mistake in a variable.
    type: list
    elements: str
    required: true
  max_jobs:
    description:
      - Refuse to change anything if more jobs than this would be changed. The message names them.
      - There is no limit if it is not set.
    type: int
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
      - Reads the jobs and decides as in a real run, and sends nothing.
      - It is not checked whether the service would accept the requests.
  diff_mode:
    support: full
    details:
      - Shows the status of each job that was, or would be, changed.
  idempotent:
    support: full
notes:
  - Only v1 of the API can start and stop a job, so its host must be reachable.
  - It is not documented whether stopping a job also cancels its waiting instances. Check these before you stop a job for a long time.
  - Instances that a schedule would have created while its job is stopped are not created later.
  - If an answer is lost, the status of the job is read for up to O(settle_time) seconds, and the request is sent again if it shows no effect.
seealso:
  - module: dataarts.factory.job_info
  - module: dataarts.factory.job_rerun
  - module: dataarts.factory.job_run
"""

EXAMPLES = r"""
- name: Pause all jobs of a source that is being repaired
  dataarts.factory.job_schedule:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["orders_*"]
    state: paused
    purpose: INC-4711
    max_jobs: 20

- name: Start exactly those again
  dataarts.factory.job_schedule:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["orders_*"]
    state: resumed

- name: Stop a job for good
  dataarts.factory.job_schedule:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: [old_report]
    state: stopped
"""

RETURN = r"""
jobs:
  description: The jobs, by name. With O(state=resumed) those that were paused, and those that O(jobs) names without a wildcard.
  type: list
  elements: dict
  returned: when the jobs could be read
  contains:
    job_name:
      description: Name of the job.
      type: str
      returned: always
      sample: daily_sales
    action:
      description:
        - What was sent, or would be sent in check mode. V(start), V(stop), V(pause), V(resume), V(none), V(wait) for a job that could not
          be started again yet, or V(failed).
      type: str
      returned: always
      sample: pause
    changed:
      description:
        - Whether this call changed the scheduling of the job, or would change it in check mode. It does without a request if a paused job is
          no longer started again by a rerun or by O(state=resumed).
      type: bool
      returned: always
      sample: true
    status_before:
      description: Status of the job as it was listed, in the service's words.
      type: str
      returned: always
      sample: SCHEDULING
    status:
      description: Status of the job now, as far as is known, or in check mode as it would be.
      type: str
      returned: always
      sample: STOPPED
    reason:
      description: Why, in plain words.
      type: str
      returned: always
      sample: it was SCHEDULING
    paused_time:
      description: When the job was paused, in epoch milliseconds. V(null) if it was not paused.
      type: int
      returned: always
      sample: 1732608000000
    paused_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T08:00:00Z"
    paused_by:
      description: Id of the run that paused it, or V(null).
      type: str
      returned: always
      sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
total:
  description: Number of jobs in RV(jobs).
  type: int
  returned: when the jobs could be read
  sample: 4
run_id:
  description: Id of the run, which the journal records with its pauses.
  type: str
  returned: when the journal could be used
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
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
from ..module_utils._runner.job_schedule import job_schedule


def main() -> None:
    run_module("job_schedule", job_schedule)


if __name__ == "__main__":
    main()
