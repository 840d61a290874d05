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
  - Checks the names of the hosts, the proxy, the connection, the certificates, the clock, the credentials and where they come from, the project,
    the workspace, the calls that reruns use, the journal, and the versions, each after the things that it depends on. Each check is ok, a problem
    with what to do about it, or not known.
  - It only reads, and takes less than ten seconds for one workspace. Only with O(probe_retry) does it also send one rerun request, which
    names nothing that exists.
  - The task does not fail if it finds a problem, because finding problems is its purpose. RV(ready) is false if there is a problem, and
    then the playbook C(dataarts.factory.doctor) fails.
options:
  workspace_id:
    description:
      - Id of the workspace, as M(dataarts.factory.workspace_info) returns it. If it is not set, only the account is checked, and its
        workspaces are listed.
    type: str
    required: false
  probe_retry:
    description:
      - Whether to find out if reruns are open to this account, and if this user may rerun. The module sends a rerun request for an instance
        and a job that cannot exist, because reading shows neither.
      - The request is harmless because it names nothing that exists. The job name has blanks and a colon, which the service does not allow in names, the
        plan time is 2001-09-09, and the instance id is 1. The service can only refuse it. Refusals because of the user or the call differ from a refusal
        because of the job.
      - Nothing is sent in check mode.
    type: bool
    default: false
  measure:
    description:
      - Whether to also measure which open points of the service's documentation this account settles; see RV(assumptions). This takes about
        fifteen further reads, and one read of the statistics, which the service allows once a second.
      - If several hosts of a play share an account, the action plugin measures only for the first of them, unless this option is set.
    type: bool
    default: true
  time_limit:
    description:
      - Seconds within which all requests are made. Checks that have no answer by then are V(not known).
      - Hosts of a play that share an account also share its requests per second, so the action plugin increases the default for each of
        them.
    type: float
    default: 8.0
  report_path:
    description:
      - File for a recording of the checks, to attach to an issue. It contains the checks, RV(assumptions), and the answers of the service behind them.
      - Names, ids, addresses and texts in it are replaced. The replacement has the same length and kind of characters, and is the same wherever the
        text occurs. The key that was used to replace them is discarded. Words of this collection's own messages, of the service's documentation and
        of statuses are kept, as are small numbers, error codes, and a public region. Times are moved back by a whole number of weeks. The guide about
        the doctor says what to check before you send the file.
      - The file is written with mode 0600, completely or not at all, also in check mode. A relative path starts at the directory in which the command was
        started.
      - A path that does not end with C(.json) is a folder, in which the file is C(recording.json). With several hosts in a play, the number of the host is
        added, as in C(recording-2.json), because the host's name could reveal what the file hides.
    type: path
  origins:
    description:
      - The variable from which each option was filled in. The action plugin of this module sets it. Do not set it yourself.
    type: dict
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.journal
  - dataarts.factory.language
  - dataarts.factory.attributes
  - dataarts.factory.attributes.info
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin shows the checks, and resolves relative paths from the directory in which the command was started.
notes:
  - This module uses at most 3 seconds for O(connect_timeout) and at most 1 for O(max_retries), so that it finishes in time if an account
    does not answer.
  - To find the issuer of a host's certificate, the module makes one unverified TLS connection to the host. Nothing is sent over it.
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
  description: A line that says that the account is ready, or what to do first.
  type: str
  returned: success
  sample: >-
    Not ready. First: 62fbba734e634c5087656fc3ff7adf35 is not a workspace of project 62099355b894428e8916573ae635f1f9.
    Did you mean sales (62fbba734e634c5087656fc3ff7adf34)?
checks:
  description: The checks, each after those that it depends on.
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
      description: What was found. For credentials, it names the kind and where they come from, never a value.
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
    - The points that the service's documentation leaves open, each with what this account's answers show. A point is not settled by what is
      merely likely. The guide about what the documentation leaves open explains them.
  type: list
  elements: dict
  returned: if O(measure=true)
  contains:
    name:
      description: Name of the point, which is also the name of a switch of the emulator.
      type: str
      returned: always
      sample: offset_unit
    decided:
      description: Whether the answers settle the point.
      type: bool
      returned: always
      sample: true
    setting:
      description: What the answers show, as a setting of the switch. V(null) can be a setting.
      type: raw
      returned: always
      sample: page
    evidence:
      description: What was observed, or what would settle the point.
      type: str
      returned: always
      sample: offset 1 of the list of jobs begins after the first page
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

from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.doctor import doctor


def main() -> None:
    run_module("account_doctor", doctor)


if __name__ == "__main__":
    main()
