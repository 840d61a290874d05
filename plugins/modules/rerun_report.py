#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rerun_report
short_description: Write the report of a rerun over all workspaces, as HTML, JSON and JUnit XML
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Writes one report about all workspaces of a play, from the results of M(dataarts.factory.job_rerun) that the role
    P(dataarts.factory.rerun#role) stores in C(dataarts_rerun_result). The report includes hosts that failed or were unreachable.
  - C(report.html) is a page for people in a single file. C(report.json) is for programs and described by C(docs/report.schema.json) in
    the repository of this collection. C(report.xml) is JUnit XML, for CI systems and other tools that show test results.
  - In check mode there is also C(plans.json), with the variables that a run needs to rerun exactly what was planned.
  - The module works on the controller only, and sends no request to the service. Run it once for a play, with C(run_once).
extends_documentation_fragment:
  - dataarts.factory.attributes.controller
options:
  path:
    description:
      - Folder for the files, which is created if it does not exist. A relative path starts at the folder in which Ansible was started.
      - Files of an earlier report are replaced once all new files are complete. To keep earlier reports, put the date into the path.
      - Owner and group can read the files, unless the umask is stricter.
    type: path
    required: true
  hosts:
    description:
      - Hosts (workspaces) to report on.
      - If not set, the report covers all hosts of the play, including those that failed or were unreachable.
    type: list
    elements: str
  report_url:
    description:
      - Address to which the report's page is sent by HTTP PUT, such as a signed address of an object store, or a folder of a web server.
      - C({name}) in the address is replaced with the name of the report, which is made from the start of the run. If the address ends with a slash, the
        name is appended. Without either, each report replaces the previous one.
      - The parts of the address after a question mark or before an at sign are never printed. If a report cannot be sent, there is only a warning.
      - If it is not set, the environment variables E(DATAARTS_REPORT_URL), E(DATAARTS_REPORT_TOKEN) and E(DATAARTS_REPORT_LINK) are used instead of the
        three options.
    type: str
  report_token:
    description:
      - Bearer token that is sent with the page, to O(report_url) only.
    type: str
  report_link:
    description:
      - Address at which people open the page, with C({name}) as in O(report_url). If not set, it is O(report_url) without the parts that
        may be secret.
    type: str
attributes:
  check_mode:
    details:
      - The report is also written in check mode, in which it shows the plan. The module never modifies anything else.
  idempotent:
    support: N/A
    details:
      - A report is output, like a log. Writing it never indicates a change.
seealso:
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
# After role dataarts.factory.rerun, or a task of job_rerun that registers dataarts_rerun_result, on every host
- name: Write the report of all workspaces
  dataarts.factory.rerun_report:
    path: reports/{{ now(utc=true).strftime('%Y-%m-%d') }}
  run_once: true
"""

RETURN = r"""
paths:
  description: Absolute paths of the files.
  type: dict
  returned: success
  sample:
    html: /home/operator/reports/2026-11-23/report.html
    json: /home/operator/reports/2026-11-23/report.json
    junit: /home/operator/reports/2026-11-23/report.xml
report_url:
  description: Address of the report's page for people; empty if it was not sent anywhere.
  type: str
  returned: when the results could be read
  sample: https://obs.example.com/reports/rerun-20261123T060000Z-1c0de77a.html
headline:
  description: The report in one sentence.
  type: str
  returned: when the results could be read
  sample: 1 of 40 instances is still broken
totals:
  description:
    - Counts over all workspaces, the sums of RV(dataarts.factory.job_rerun#module:recap). C(selected) are all selected instances, C(broken)
      those that missed the goal.
  type: dict
  returned: when the results could be read
  sample: {selected: 52, rerun: 40, succeeded: 39, failed_again: 1, broken: 1}
msg:
  description: What was written, with the full path; on failure the cause and what to do.
  type: str
  returned: always
  sample: "Report of 3 workspaces (1 of 40 instances is still broken): /home/operator/reports/2026-11-23/report.html"
"""
