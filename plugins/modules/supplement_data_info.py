#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: supplement_data_info
short_description: List PatchData runs of a workspace
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Lists the PatchData runs of a workspace of Huawei Cloud DataArts Studio Factory, newest first. The service keeps them for six months.
options:
  names:
    description:
      - Names of PatchData runs, or shell-style patterns of names with V(*), V(?) and V([abc]).
      - The module fails if a name without wildcards does not exist, and suggests a similar one, unless O(states) is set.
    type: list
    elements: str
    default: ["*"]
  states:
    description: Only runs in these states. If not set, all runs are listed.
    type: list
    elements: str
    choices: [running, success, failed, stopped]
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
notes:
  - Only version v2 of the API has PatchData, whatever O(api_version) is.
seealso:
  - module: dataarts.factory.supplement_data
"""

EXAMPLES = r"""
- name: What is being patched at the moment?
  dataarts.factory.supplement_data_info:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    states: [running]
  register: running
"""

RETURN = r"""
patch_data:
  description: The runs, newest first.
  type: list
  elements: dict
  returned: success
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
total:
  description: How many they are.
  type: int
  returned: success
  sample: 1
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
from ..module_utils._runner.supplement_data import supplement_data_info


def main() -> None:
    run_module("supplement_data_info", supplement_data_info)


if __name__ == "__main__":
    main()
