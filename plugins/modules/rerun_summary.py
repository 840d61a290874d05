#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rerun_summary
short_description: Sum up what a play reran in all its workspaces, and show what is left to do
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Adds up the results that M(dataarts.factory.job_rerun) or M(dataarts.factory.job_instance_retry) left in a variable of each host, in
    numbers for programs and in lines for people. Asks no service for anything.
  - Prints the lines, what is broken first. The last of them are the command that goes on, which reruns nothing twice, and the path of the report.
  - Run it once for the play, with C(run_once), after the last workspace. The playbooks of the collection end with it.
  - Fails if a pattern in C(jobs) matches no job of any workspace. One that matches in some of them is as it was meant. A task
    that fails so returns RV(msg) and RV(paths) alone, because Ansible prints the whole of a result that failed.
  - Warns of hosts that stand for the same workspace.
extends_documentation_fragment:
  - dataarts.factory.attributes.controller
options:
  hosts:
    description:
      - Names of the hosts to sum up. All hosts of the play if not set, also those that failed or were not reached.
    type: list
    elements: str
  variable:
    description:
      - Name of the variable in which each host has its result.
    type: str
    default: dataarts_rerun_result
  report_path:
    description:
      - Folder for the report, as M(dataarts.factory.rerun_report) writes it. No report is written if it is not set.
      - The task fails if it cannot be written; everything else is done before.
    type: path
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
  publish:
    description:
      - Whether plans and summary become statistics of the play, as C(ansible.builtin.set_stats) makes them. A job of AWX keeps them as artifacts,
        C(dataarts_plans) and C(dataarts_summary), for the next job of its workflow. C(dataarts_summary) also has C(text), the closing lines
        of at most 4000 characters, for notifications, and C(report_url).
      - Where the report is written or sent, C(dataarts_report) is passed on too, as one text of at most 65,536 characters. The next step makes one
        report of both.
      - The plan of a workspace that could not be read stays the one that was passed as C(dataarts_plans).
    type: bool
    default: false
attributes:
  check_mode:
    details:
      - The report is written in check mode too, for it is the plan then. Nothing else is ever modified.
  idempotent:
    support: full
    details:
      - A report is output, as a log is. Writing it never indicates a change.
seealso:
  - module: dataarts.factory.job_rerun
"""

EXAMPLES = r"""
# After role dataarts.factory.rerun, or a task of job_rerun that registers dataarts_rerun_result, on every host
- name: Sum up
  dataarts.factory.rerun_summary:
  run_once: true
  register: rerun_summary

- name: Sum up, write the report, and pass the plans to the next job of an AWX workflow
  dataarts.factory.rerun_summary:
    report_path: reports/{{ now(utc=true).strftime('%Y-%m-%d') }}
    publish: true
  run_once: true
"""

RETURN = r"""
lines:
  description:
    - What was printed. A headline, what is left to do by workspace and job with its cause, and one line that counts what is good.
    - Where there are many, jobs that do not fit are counted.
  type: list
  elements: str
  returned: always
  sample:
    - "1 of 8 instances is still broken."
    - "workspace  job            what            planned, times +08:00"
    - "sales      weekly_report  1 failed again  2026-11-23 22:18"
    - "  node reconcile: 3 accounts differ"
    - "1 workspace: all 2 instances succeeded"
paths:
  description: Absolute paths of the report's files; empty if none was written.
  type: dict
  returned: always
  sample:
    html: /home/operator/reports/2026-11-23/report.html
    json: /home/operator/reports/2026-11-23/report.json
    junit: /home/operator/reports/2026-11-23/report.xml
report_url:
  description: Address of the report's page for people; empty if it was not sent anywhere.
  type: str
  returned: always
  sample: https://obs.example.com/reports/rerun-20261123T060000Z-1c0de77a.html
msg:
  description: Why the report could not be written, and what to do.
  type: str
  returned: failure
  sample: "Failed to write the report to /srv/night: Permission denied (/srv/night). Nothing of the rerun is lost by that: ..."
plans:
  description:
    - What an approval is about, by host. Passed to role P(dataarts.factory.rerun#role) as C(dataarts_plans), each workspace does this
      or nothing.
    - A host whose name YAML takes for a number or the like is called C(host 0777), because AWX passes the plans on in YAML.
    - By its C(plan_record) a workspace that refuses can say what changed.
  type: dict
  returned: always
  sample:
    sales:
      plan_id: 2-9f86d081884c-2c26b46b-mwty50ol
      plan_record: {options: {attempts: 1, order: parallel}, instances: i2c26b46b9f86d081}
      planned_after: 1732521600000
      planned_before: 1732608000000
      since: 1732608000000
summary:
  description: The numbers.
  type: dict
  returned: always
  contains:
    workspaces:
      description:
        - Counts by host. C(failed) instances stood at one of the statuses asked for, C(rerun) were sent by this play and C(to_rerun) would
          be (check mode) or were not, because the run failed before, C(adopted) had been sent by an earlier play with the same C(since).
        - Now, C(succeeded), C(running) and C(waiting) are where they say. C(failed_again), C(rejected), C(not_rerunnable), C(blocked), which
          need a person, C(skipped), which stand behind one that did not succeed, and C(unknown) together with what was not sent by a run that
          failed, and what was still in progress when the time was up, are C(broken). C(other) were not meant.
      type: dict
      returned: always
      sample: {sales: {failed: 6, rerun: 6, succeeded: 5, failed_again: 1, broken: 1}}
    reasons:
      description:
        - Why instances failed, over all workspaces, the most frequent first, at most 50. Keys as in
          RV(dataarts.factory.job_rerun#module:reasons), without sample and log.
        - Characters that a template could be made of are question marks, because a job of AWX passes them on as templates.
      type: list
      elements: dict
      returned: always
      sample: [{reason: "Table ? not found", count: 38, broken: 2, jobs: 3, workspaces: 2, nodes: [load_orders], node_types: [DLI SQL]}]
    downstream:
      description:
        - With O(dataarts.factory.job_rerun#module:downstream), how many instances that depend on what is rerun are concerned, by
          C(effect) of RV(dataarts.factory.job_rerun#module:downstream).
      type: dict
      returned: always
      sample: {stale: 3, waits: 1}
    jobs:
      description: The same for each job with something to say, as far as it is not 0, what is broken first. At most 500 jobs.
      type: list
      elements: dict
      returned: always
      sample: [{workspace: sales, job_name: weekly_report, failed: 1, rerun: 1, failed_again: 1}]
    more_jobs:
      description: How many jobs are not in C(jobs).
      type: int
      returned: always
      sample: 0
    totals:
      description: The counts of all workspaces together.
      type: dict
      returned: always
      sample: {failed: 8, rerun: 8, succeeded: 7, failed_again: 1, broken: 1}
    no_result:
      description: Hosts about which nothing is known, because they could not be worked on.
      type: list
      elements: str
      returned: always
      sample: []
    to_rerun:
      description: How many instances would be rerun.
      type: int
      returned: always
      sample: 0
    broken:
      description: How many instances are not where they should be.
      type: int
      returned: always
      sample: 1
    succeeded:
      description: Whether every workspace is where it should be.
      type: bool
      returned: always
      sample: false
"""
