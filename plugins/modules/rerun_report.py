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
  - Writes one report of what M(dataarts.factory.job_rerun) found and did in all workspaces of a play, from the results that the role
    P(dataarts.factory.rerun#role) leaves in C(dataarts_rerun_result). Hosts that failed or were unreachable are in it too.
  - C(report.html) is a page for people in a single file. C(report.json) is for programs and described by C(docs/report.schema.json) of this
    collection. C(report.xml) is JUnit XML, for CI systems and whatever else shows test results.
  - In check mode C(plans.json) stands next to them, the variables that a run needs to do exactly what was planned.
  - Everything happens on the controller, and nothing is asked of the service. Run it once for a play, with C(run_once).
extends_documentation_fragment:
  - dataarts.factory.attributes.controller
options:
  path:
    description:
      - Folder for the files, which is made if it is missing. A relative path counts from the folder in which Ansible was started.
      - Files of an earlier report are replaced, each as a whole, once all are complete. Have the date in the path to keep them.
      - The files can be read by their owner and group, or fewer by the umask.
    type: path
    required: true
  hosts:
    description:
      - Hosts (workspaces) to report on.
      - All hosts of the play if not set, whatever became of them.
    type: list
    elements: str
  report_url:
    description:
      - Address to which the report's page is sent by HTTP PUT, such as a signed address of an object store, or a folder of a web server.
      - C({name}) in it becomes the name of the report, by when the night began; so does a slash at its end. Without either, each report
        takes the place of the last.
      - What stands behind a question mark or in front of an at sign is never printed. A report that cannot be sent is a warning and nothing else.
      - The environment variables E(DATAARTS_REPORT_URL), E(DATAARTS_REPORT_TOKEN) and E(DATAARTS_REPORT_LINK) take the place of the three options
        if it is not set.
    type: str
  report_token:
    description:
      - Sent with the page as a bearer token, to O(report_url) alone.
    type: str
  report_link:
    description:
      - Address at which people open the page, with C({name}) as in O(report_url). That of O(report_url) if not set, without what may be secret.
    type: str
attributes:
  check_mode:
    details:
      - The report is written in check mode too, for it is the plan then. Nothing else is ever modified.
  idempotent:
    support: N/A
    details:
      - A report is output, as a log is. Writing it never indicates a change.
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
    - Counts over all workspaces, those of RV(dataarts.factory.job_rerun#module:recap) added up. C(selected) are all selected instances,
      C(broken) those that missed the goal.
  type: dict
  returned: when the results could be read
  sample: {selected: 52, rerun: 40, succeeded: 39, failed_again: 1, broken: 1}
msg:
  description: What was written, with the full path; on failure the cause and what to do.
  type: str
  returned: always
  sample: "Report of 3 workspaces (1 of 40 instances is still broken): /home/operator/reports/2026-11-23/report.html"
"""
