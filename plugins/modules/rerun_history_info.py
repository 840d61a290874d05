#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rerun_history_info
short_description: List what was rerun, started and stopped
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Lists everything that the modules of this collection started or stopped, with the time, the user, the purpose and the outcome of each
    attempt. These are reruns and stops of instances, PatchData, runs by hand, and schedules. It reads the journal that these modules keep.
  - Names the pauses that are still open, in RV(open_pauses). M(dataarts.factory.job_schedule) ends them, with
    O(dataarts.factory.job_schedule#module:state=resumed).
  - It reads only the journal and sends no request to the service, so it needs no credentials of an account.
options:
  project_id:
    description:
      - Id of a project. If not set, attempts in all projects of the journal are listed.
    type: str
  workspace_id:
    description:
      - Id of a workspace. If not set, attempts in all workspaces are listed.
    type: str
  jobs:
    description:
      - Names of jobs, or shell-style patterns of names with V(*), V(?) and V([abc]). They are case-sensitive and match the whole name.
      - An empty list is refused, because it usually comes from a mistake in a variable.
    type: list
    elements: str
    default: ["*"]
  planned_after:
    description:
      - Only instances with a plan time at or after this time, and PatchData whose dates end at or after it. Attempts of the other kinds have no
        plan time, so they do not match.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time before now such as V(-24h) or V(-7d).
    type: str
  planned_before:
    description:
      - Only instances with a plan time at or before this time, and PatchData whose dates start at or before it, in the forms of O(planned_after).
    type: str
  made_after:
    description:
      - Only attempts made at or after this time, in the forms of O(planned_after).
    type: str
  made_before:
    description:
      - Only attempts made at or before this time, in the forms of O(planned_after).
    type: str
  run_id:
    description:
      - Only attempts of this run, which is one task of a play. The modules that rerun return it.
    type: str
  kinds:
    description:
      - Only attempts of these kinds. If not set, all are listed.
      - V(rerun) and V(stop) of an instance. V(stop_and_rerun) is a stop after which the instance is rerun. V(patch_data) starts PatchData and
        V(patch_data_stop) stops it. V(run) is a run of M(dataarts.factory.job_run), one for each V(run_key). V(schedule_start) and V(schedule_stop) are those
        of M(dataarts.factory.job_schedule). V(pause) stops a schedule that is to be started again, and V(resume) starts it again.
    type: list
    elements: str
    choices: [rerun, stop, stop_and_rerun, patch_data, patch_data_stop, run, schedule_start, schedule_stop, pause, resume]
  outcomes:
    description:
      - Only attempts with one of these outcomes. If not set, all are listed.
      - V(accepted) was accepted by the service. V(rejected) was refused because of the instance or the request. V(conflicted) was refused
        because the instance was already running. V(not_executed) did not reach the service, or was refused for another reason. V(unknown)
        may have taken effect. V(intended) means that the run ended before it knew the outcome. V(moved_on) was not sent, because the state of
        the instance, or of the job, had changed by itself.
    type: list
    elements: str
    choices: [intended, accepted, rejected, unknown, not_executed, conflicted, moved_on]
  limit:
    description:
      - Maximum number of attempts to return. RV(total), RV(outcomes) and RV(kinds) count all matching attempts.
    type: int
    default: 100
requirements:
  - python >= 3.9 for the interpreter that runs the module
extends_documentation_fragment:
  - dataarts.factory.journal
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin resolves relative paths from the directory in which the command was started.
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying anything.
    support: full
    details:
      - This module only reads, so it does the same in check mode.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - This module only reads.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: full
  platform:
    description: Target operating systems that this module runs on. It reads the journal from the host it runs on, normally the controller.
    support: full
    platforms: posix
seealso:
  - module: dataarts.factory.job_rerun
  - module: dataarts.factory.job_instance_retry
  - module: dataarts.factory.job_schedule
"""

EXAMPLES = r"""
- name: List what was done in the last day
  dataarts.factory.rerun_history_info:
    made_after: -24h
  register: history

- name: Show by whom and why
  ansible.builtin.debug:
    msg: "{{ history.total }} attempts by {{ history.attempts | map(attribute='user') | unique | join(', ') }} for
      {{ history.attempts | map(attribute='purpose') | unique | join(', ') }}"

- name: List the attempts at one job that the service did not answer
  dataarts.factory.rerun_history_info:
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: [daily_sales]
    outcomes: [intended, unknown]
    planned_after: -7d
"""

RETURN = r"""
attempts:
  description: The attempts, newest first.
  type: list
  elements: dict
  returned: success
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
      description: Id of the job, as text. V(null), like the other values of an instance, if the attempt is not about an instance.
      type: str
      returned: always
      sample: "917567"
    instance_id:
      description: Id of the instance, or V(null).
      type: str
      returned: always
      sample: "500001"
    plan_time:
      description: Plan time of the instance, or start of the dates of PatchData, in epoch milliseconds. V(null) for the other kinds.
      type: int
      returned: always
      sample: 1732576440000
    plan_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-25T23:14:00Z"
    submit_time:
      description: Submit time of the instance in epoch milliseconds.
      type: int
      returned: always
      sample: 1732569240000
    status_before:
      description: Status of the instance before the attempt.
      type: str
      returned: always
      sample: fail
    sent_time:
      description: When the attempt was made, by the clock of the service, in epoch milliseconds.
      type: int
      returned: always
      sample: 1732601642000
    sent_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:14:02Z"
    kind:
      description: What the request asked for, one of the choices of O(kinds).
      type: str
      returned: always
      sample: rerun
    patch_data:
      description: Name of the PatchData run.
      type: str
      returned: if RV(attempts[].kind) is V(patch_data) or V(patch_data_stop)
      sample: week_44
    plan_time_end:
      description: End of its dates in epoch milliseconds.
      type: int
      returned: if RV(attempts[].kind) is V(patch_data)
      sample: 1732636800000
    plan_time_end_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: if RV(attempts[].kind) is V(patch_data)
      sample: "2024-11-26T16:00:00Z"
    run_key:
      description: Key of the run. If a key was used again because nothing had been started, only the newest attempt is listed.
      type: str
      returned: if RV(attempts[].kind) is V(run)
      sample: INC-4711
    outcome:
      description: One of the choices of O(outcomes).
      type: str
      returned: always
      sample: accepted
    number:
      description: Number of the attempt among those of its run for this instance, starting at 1.
      type: int
      returned: always
      sample: 1
    batch:
      description: Number of instances in its request.
      type: int
      returned: always
      sample: 2
    request_id:
      description: The service's id of the request, or V(null).
      type: str
      returned: always
      sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
    message:
      description: Code and message of the service if it refused the request, or an empty text.
      type: str
      returned: always
      sample: ""
    run_id:
      description: Id of the run that made it.
      type: str
      returned: always
      sample: 2f6f2a0c9f5b4c1f8a5e0f3f6f0f7c11
    since:
      description: The O(dataarts.factory.job_rerun#module:since) of that run in epoch milliseconds. V(null) if the attempt is not about an instance.
      type: int
      returned: always
      sample: 1732600000000
    since_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T05:46:40Z"
    controller:
      description: Host on which the run was started.
      type: str
      returned: always
      sample: awx-1
    user:
      description: User that started it.
      type: str
      returned: always
      sample: jane
    purpose:
      description: Incident name or ticket that was set as O(dataarts.factory.job_rerun#module:purpose), or an empty text.
      type: str
      returned: always
      sample: INC-4711
    plan_id:
      description: The approved plan that it belongs to, or an empty text.
      type: str
      returned: always
      sample: ""
    open:
      description: Whether the attempt still claims its failure. V(false) after a later attempt took over.
      type: bool
      returned: always
      sample: true
total:
  description: How many attempts match.
  type: int
  returned: success
  sample: 1
outcomes:
  description: How many attempts match, by outcome.
  type: dict
  returned: success
  sample: {intended: 0, accepted: 1, rejected: 0, unknown: 0, not_executed: 0, conflicted: 0}
kinds:
  description: How many attempts match, by kind.
  type: dict
  returned: success
  sample: {rerun: 1, stop: 0}
open_pauses:
  description:
    - The jobs of O(workspace_id) and O(jobs) that are paused now, whatever the other filters are. Nothing schedules them until they are resumed.
  type: list
  elements: dict
  returned: success
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
    made_by:
      description: V(rerun) for a rerun with C(pause_schedules), V(task) for a task that paused the job.
      type: str
      returned: always
      sample: rerun
    phase:
      description: V(paused), or V(pausing) or V(resuming) if the outcome of the newest request is not recorded.
      type: str
      returned: always
      sample: paused
    sent_time:
      description: When the pause was made, by the clock of the service, in epoch milliseconds.
      type: int
      returned: always
      sample: 1732601642000
    sent_time_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:14:02Z"
    run_id:
      description: Id of the run that changed the pause last.
      type: str
      returned: always
      sample: 2f6f2a0c9f5b4c1f8a5e0f3f6f0f7c11
    controller:
      description: Host on which the pause was made.
      type: str
      returned: always
      sample: awx-1
    user:
      description: User that made it.
      type: str
      returned: always
      sample: jane
    purpose:
      description: Incident name or ticket, or an empty text.
      type: str
      returned: always
      sample: INC-4711
    needed_by:
      description: Ids of the runs that need the pause at this moment, and resume the job when they end.
      type: list
      elements: str
      returned: always
      sample: []
journal:
  description: The journal that was read, in the form that messages use.
  type: str
  returned: success
  sample: /home/jane/.local/state/dataarts.factory/journal.db
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
from ..module_utils._runner.history import history_info


def main() -> None:
    run_module("rerun_history_info", history_info)


if __name__ == "__main__":
    main()
