#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_instance_stop
short_description: Stop job instances
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Stops instances of one job of a Huawei Cloud DataArts Studio workspace that wait, run or hang, and waits until the service shows that
    they have stopped.
  - An instance that has ended is left as it is. If a stop was sent before, by this controller or by another one that shares the journal,
    the module waits for its effect, and does not send a second stop.
  - To stop instances that hang and rerun them, see O(dataarts.factory.job_rerun#module:running_exception) and
    O(dataarts.factory.job_rerun#module:timeout_action).
options:
  job_name:
    description:
      - Name of the job.
    type: str
    required: true
  instance_ids:
    description:
      - Ids of the instances, as in RV(dataarts.factory.job_instance_info#module:instances[].instance_id).
      - If the job does not have an instance with one of these ids, the task fails and nothing is sent.
      - An empty list is refused, because it usually comes from a mistake in a variable.
    type: list
    elements: str
    required: true
  wait:
    description:
      - Whether to wait until the instances have ended. Without it the task ends once the service has accepted the stops.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait. The task fails if an instance has not ended by then.
    type: int
    default: 300
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
      - Reads the instances and decides as in a real run, and sends nothing.
      - It is not checked whether the service would accept the stop.
  diff_mode:
    support: full
    details:
      - Shows the status of each instance before and after.
  idempotent:
    support: full
notes:
  - Only v1 of the API can stop an instance, so its host must be reachable.
  - Just before a stop is sent, the instance is read once more. If its state has changed since it was listed, the stop is not sent, and the
    module decides again.
  - The service does not document the status after a stop. The module takes V(manual-stop) and V(fail) as stopped.
  - If the answer to a stop is lost, the instance is read again. If it is still in progress after O(settle_time), the stop is sent again.
seealso:
  - module: dataarts.factory.job_instance_info
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
- name: Find what hangs
  dataarts.factory.job_instance_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: stock_import
    statuses: [running-exception]
  register: hung

- name: Stop it
  dataarts.factory.job_instance_stop:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    job_name: stock_import
    instance_ids: "{{ hung.instances | map(attribute='instance_id') | list }}"
    purpose: INC-4711
  when: hung.instances | length > 0
"""

RETURN = r"""
instances:
  description: The instances, in the order of O(instance_ids).
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
        - The outcome. V(stopped) was stopped by this call. V(ended) had ended before, or ended by itself. V(stopping) means that a stop was
          accepted and does not show yet. V(to_stop) would be stopped in check mode, or was not sent. V(refused) was refused by the service. V(unknown) may
          be stopped or not. V(waiting) was rerun a moment ago, and the rerun does not show yet.
      type: str
      returned: always
      sample: stopped
    changed:
      description: Whether this call stopped the instance, or would stop it in check mode.
      type: bool
      returned: always
      sample: true
    reason:
      description: Why, in plain words.
      type: str
      returned: always
      sample: running, started 2024-11-26T06:13:01Z; it is stopped
    status_before:
      description: Status as read before this call sent anything.
      type: str
      returned: always
      sample: running
    stop_time:
      description: When the last stop of the instance was sent by any run that shares the journal, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732608005000
    stopped_by:
      description: Id of the run that sent that stop, or V(null).
      type: str
      returned: always
      sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
    request_id:
      description: The service's id of that request, or V(null).
      type: str
      returned: always
      sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
problems:
  description: What a person should know.
  type: list
  elements: str
  returned: when the instances could be read
  sample: []
run_id:
  description: Id of the run, by which M(dataarts.factory.rerun_history_info) finds its stops in the journal.
  type: str
  returned: when the instances could be read
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
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
from ..module_utils._runner.instance_stop import instance_stop


def main() -> None:
    run_module("job_instance_stop", instance_stop)


if __name__ == "__main__":
    main()
