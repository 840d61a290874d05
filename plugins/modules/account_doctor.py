#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: account_doctor
short_description: Check whether an account, its workspace and this machine are set up for reruns
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Checks, in the order in which one thing needs the other, the names of the hosts, the proxy, the connection, the certificates, the clock,
    the credentials and where they come from, the project, the workspace, the calls that reruns use, the journal, and the versions.
    Each check is ok, a problem with what to do about it, or not known.
  - It only reads, and takes less than ten seconds for one workspace. Only with O(probe_retry) it also sends one request for a rerun, of nothing.
  - A problem does not fail the task, because to find it is what the task is for. RV(ready) says whether there is any, and playbook
    C(dataarts.factory.doctor) fails then.
options:
  workspace_id:
    description:
      - Id of the workspace, as M(dataarts.factory.workspace_info) returns it. If it is not set, the account is checked, and the workspaces
        that it has are named.
    type: str
    required: false
  probe_retry:
    description:
      - Whether to find out if reruns are open to this account, and this user may rerun, by a request for a rerun of an instance that cannot
        exist, of a job that cannot exist. Reading does not show either.
      - It is harmless because it names nothing. The name of the job has blanks and a colon, which the service allows in no name, the instance
        is planned on 2001-09-09, and its id is 1. The service can only refuse it. A refusal of the user or of the call is told from one of the job.
      - Nothing is sent in check mode.
    type: bool
    default: false
  measure:
    description:
      - Whether to measure too which of the points that the service's documentation leaves open this account decides, see RV(assumptions).
        It takes about fifteen further reads, and one of the statistics, of which the service allows one a second.
      - Where several hosts of a play share an account, the action plugin does it for the first of them only, unless this is set.
    type: bool
    default: true
  time_limit:
    description:
      - Seconds in which everything is asked. What has not been answered by then is not known.
      - Hosts of a play that share an account share its requests per second, so the action plugin adds to the default for each of them.
    type: float
    default: 8.0
  report_path:
    description:
      - File for a recording of the checkup, to be sent with an issue. It holds the checks, RV(assumptions), and the answers of the service that they rest on.
      - Names, ids, addresses and texts in it are replaced, each by other characters of the same kind and number, the same ones wherever it
        occurs. The key for that is thrown away. What stays are words of this collection's own messages, of the service's documentation, and of
        statuses, small numbers, error codes, and the region if it is a public one. Times are moved back by a whole number of weeks. The
        guide about the doctor says what to look at before it is sent.
      - The file is written with mode 0600, completely or not at all, also in check mode. A relative path is counted from the directory in which the
        command was started.
      - A name that does not end with C(.json) is that of a folder, which gets a file C(recording.json). With several hosts in a play the number of
        the host is added, C(recording-2.json), because its name would tell what the file does not.
    type: path
  origins:
    description:
      - Which variable each option was filled in from. The action plugin of this module sets it. Leave it out.
    type: dict
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.journal
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - It shows the checks, and makes relative paths count from the directory in which the command was started.
notes:
  - O(connect_timeout) and O(max_retries) count as at most 3 seconds and 1 here, so that an account that does not answer is known in time.
  - To name whose certificate a host shows, one TLS connection is made to it that is not verified. Nothing is sent over it.
seealso:
  - module: dataarts.factory.workspace_info
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
- name: Check the account of the environment's credentials
  dataarts.factory.account_doctor:
    region: cn-north-4

- name: Check a workspace, and whether reruns are open
  dataarts.factory.account_doctor:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    probe_retry: true
  register: checkup

- name: Record how the account answers, to send that with an issue
  dataarts.factory.account_doctor:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    report_path: recording.json

- name: Go on only if it is ready
  ansible.builtin.assert:
    that: checkup.ready
    fail_msg: "{{ checkup.first_step }}"
"""

RETURN = r"""
ready:
  description: Whether no check shows a problem.
  type: bool
  returned: success
  sample: false
first_step:
  description: That the account is ready, or what to do first, in one line.
  type: str
  returned: success
  sample: >-
    Not ready. First: 62fbba734e634c5087656fc3ff7adf35 is not a workspace of project 62099355b894428e8916573ae635f1f9.
    Did you mean sales (62fbba734e634c5087656fc3ff7adf34)?
checks:
  description: The checks, in the order in which one needs the other.
  type: list
  elements: dict
  returned: success
  contains:
    check:
      description:
        - One of V(name_resolution), V(proxy), V(connection), V(tls), V(clock), V(credentials), V(project), V(workspace), V(v2_list), V(v1_list),
          V(dependencies), V(job_detail), V(instance_detail), V(statistics), V(right_to_rerun), V(journal), V(requests) and V(versions).
      type: str
      returned: always
      sample: workspace
    state:
      description: V(ok), V(problem) or V(not known).
      type: str
      returned: always
      sample: problem
    text:
      description: What was seen. Of credentials it names the kind and where they come from, never a value.
      type: str
      returned: always
      sample: 62fbba734e634c5087656fc3ff7adf35 is not a workspace of project 62099355b894428e8916573ae635f1f9
    remedy:
      description: What to do about it, or an empty text.
      type: str
      returned: always
      sample: Did you mean sales (62fbba734e634c5087656fc3ff7adf34)?
assumptions:
  description:
    - The points that the service's documentation leaves open, each with what this account's answers say. Nothing is decided by what is merely
      likely. The guide about what the documentation leaves open explains them.
  type: list
  elements: dict
  returned: if O(measure=true)
  contains:
    name:
      description: Name of the point, which is that of a switch of the emulator.
      type: str
      returned: always
      sample: offset_unit
    decided:
      description: Whether the answers decide it.
      type: bool
      returned: always
      sample: true
    setting:
      description: What they say, as a setting of the switch. V(null) can be one.
      type: raw
      returned: always
      sample: page
    evidence:
      description: What shows it, or what it would take.
      type: str
      returned: always
      sample: offset 1 of the list of jobs begins behind the first page
report_path:
  description: The file with the recording.
  type: str
  returned: if O(report_path) is set
  sample: /home/night/recording.json
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

from ..module_utils._config.argument_spec import doctor_spec
from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.doctor import doctor


def main() -> None:
    run_module(doctor_spec(), doctor, "check", "the account")


if __name__ == "__main__":
    main()
