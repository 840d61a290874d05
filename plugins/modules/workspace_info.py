#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: workspace_info
short_description: List DataArts Studio instances and their workspaces
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Lists the DataArts Studio instances of a Huawei Cloud project, and the workspaces of each.
options:
  studio_instance_ids:
    description:
      - Only the workspaces of these DataArts Studio instances. If not set, the workspaces of all active instances of the project are
        listed.
      - The id of a DataArts Studio instance is the C(instanceId) in the address of its console page.
    type: list
    elements: str
  names:
    description:
      - Names of workspaces, or shell-style patterns of names with V(*), V(?) and V([abc]).
      - The module fails if one of them matches no workspace, and suggests a similar name. The workspaces that the others match are
        returned.
    type: list
    elements: str
    default: ["*"]
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
seealso:
  - module: dataarts.factory.job_info
"""

EXAMPLES = r"""
- name: List every workspace of the project
  dataarts.factory.workspace_info:
    region: cn-north-4
  register: found

- name: Find the id of a workspace
  ansible.builtin.debug:
    msg: "{{ (found.workspaces | selectattr('name', 'equalto', 'sales') | first).workspace_id }}"
"""

RETURN = r"""
workspaces:
  description: The workspaces, by DataArts Studio instance and name.
  type: list
  elements: dict
  returned: success
  contains:
    workspace_id:
      description: Id of the workspace.
      type: str
      returned: always
      sample: 62fbba734e634c5087656fc3ff7adf34
    name:
      description: Name of the workspace.
      type: str
      returned: always
      sample: sales
    studio_instance_id:
      description: Id of the DataArts Studio instance that the workspace belongs to.
      type: str
      returned: always
      sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
    project_id:
      description: Id of the project, or V(null).
      type: str
      returned: always
      sample: 62099355b894428e8916573ae635f1f9
    kind:
      description: V(private), V(default) or V(public), or V(null).
      type: str
      returned: always
      sample: default
    enterprise_project_id:
      description: Id of the enterprise project, or V(null).
      type: str
      returned: always
      sample: "0"
    owner:
      description: Name of the owner, or V(null).
      type: str
      returned: always
      sample: etl
    description:
      description: Description, or V(null).
      type: str
      returned: always
      sample: Everything about orders
studio_instances:
  description: The DataArts Studio instances of the project. Empty if O(studio_instance_ids) is set, because then they are not read.
  type: list
  elements: dict
  returned: success
  contains:
    studio_instance_id:
      description: Id of the DataArts Studio instance.
      type: str
      returned: always
      sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
    name:
      description: Its name, or V(null).
      type: str
      returned: always
      sample: studio-prod
    region:
      description: Its region, or V(null).
      type: str
      returned: always
      sample: cn-north-4
    project_id:
      description: Id of its project, or V(null).
      type: str
      returned: always
      sample: 62099355b894428e8916573ae635f1f9
    status:
      description: V(1) not yet effective, V(2) active, V(3) deleted, V(4) frozen, V(5) in its grace period, V(6) being deleted, or V(null).
      type: int
      returned: always
      sample: 2
    usable:
      description: Whether its workspaces can be used. The workspaces of unusable instances are not read.
      type: bool
      returned: always
      sample: true
total:
  description: Number of workspaces.
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
from ..module_utils._runner.info import workspace_info


def main() -> None:
    run_module("workspace_info", workspace_info)


if __name__ == "__main__":
    main()
