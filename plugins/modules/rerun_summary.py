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
  - Adds up the results that M(dataarts.factory.job_rerun) or M(dataarts.factory.job_instance_retry) left in a variable of each host, as numbers for
    programs and as lines for people. It sends no request to the service.
  - Prints the lines, broken instances first. The last lines are the command to continue with, which reruns nothing twice, and the path of the report.
  - Run it once for the play, with C(run_once), after the last workspace. The playbooks of the collection run it at their end.
  - Fails if a name or a pattern in C(jobs) matches no job in any of the workspaces that have the same C(jobs). It is not an error if it
    matches jobs in only some of them; a line names such jobs. A task that fails for this reason returns only RV(msg) and RV(paths), because
    Ansible prints the whole result of a failed task.
  - Warns if several hosts represent the same workspace.
extends_documentation_fragment:
  - dataarts.factory.language
  - dataarts.factory.attributes.controller
options:
  hosts:
    description:
      - Names of the hosts to sum up. If not set, all hosts of the play are included, also those that failed or were not reached.
    type: list
    elements: str
  variable:
    description:
      - Name of the variable in which each host has its result. If one host stands for several workspaces, because a play loops over role
        P(dataarts.factory.rerun#role) or over a task of M(dataarts.factory.job_rerun), each of them is summed up under its id.
    type: str
    default: dataarts_rerun_result
  report_path:
    description:
      - Folder for the report, as M(dataarts.factory.rerun_report) writes it. No report is written if it is not set.
      - If the report cannot be written, the task fails after it has done everything else.
    type: path
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
  publish:
    description:
      - Whether plans and summary become statistics of the play, as C(ansible.builtin.set_stats) makes them. A job of AWX keeps them as artifacts,
        C(dataarts_plans) and C(dataarts_summary), for the next job of its workflow. C(dataarts_summary) also has C(text), the closing lines
        of at most 4000 characters, for notifications, and C(report_url).
      - If the report is written or sent, C(dataarts_report) is published too, as one text of at most 65,536 characters. The next step combines both
        reports into one.
      - If a workspace could not be read, its plan in C(dataarts_plans) is kept.
    type: bool
    default: false
attributes:
  check_mode:
    details:
      - The report is also written in check mode, in which it shows the plan. The module never modifies anything else.
  idempotent:
    support: full
    details:
      - A report is output, like a log. Writing it never indicates a change.
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
    - What was printed. A headline, what is left to do by workspace and job with its cause, and one line that counts the instances that
      succeeded.
    - If there are many jobs, those that do not fit are only counted.
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
  sample: "Failed to write the report to /srv/night: Permission denied (/srv/night). Nothing of the rerun is lost: ..."
plans:
  description:
    - The plans to approve, by host. If they are passed to the role P(dataarts.factory.rerun#role) as C(dataarts_plans), each workspace reruns
      exactly its plan, or nothing.
    - A host whose name YAML reads as a number or another type is called C(host 0777), because AWX passes the plans on in YAML.
    - With C(plan_record), a workspace that refuses can say what changed.
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
        - Counts by host. C(failed) instances had one of the selected statuses before. C(rerun) were sent by this play. C(to_rerun) would be
          sent (check mode), or were not sent because the run failed first. C(adopted) had been sent by an earlier play with the same
          C(since).
        - C(succeeded), C(running) and C(waiting) are the current states. C(broken) is the sum of C(failed_again), C(rejected),
          C(not_rerunnable), C(blocked) (which need a person), C(skipped) (downstream of an instance that did not succeed), C(unknown),
          instances that a failed run did not send, and instances that were still in progress when the time was up. C(other) were not
          selected.
      type: dict
      returned: always
      sample: {sales: {failed: 6, rerun: 6, succeeded: 5, failed_again: 1, broken: 1}}
    reasons:
      description:
        - Why instances failed, over all workspaces, the most frequent first, at most 50. Keys as in
          RV(dataarts.factory.job_rerun#module:reasons), without sample and log.
        - Characters that could form a template are replaced with question marks, because AWX passes these texts on as templates.
      type: list
      elements: dict
      returned: always
      sample: [{reason: "Table ? not found", count: 38, broken: 2, jobs: 3, workspaces: 2, nodes: [load_orders], node_types: [DLI SQL]}]
    downstream:
      description:
        - With O(dataarts.factory.job_rerun#module:downstream), how many instances downstream of the reruns are affected, by C(effect) of
          RV(dataarts.factory.job_rerun#module:downstream).
      type: dict
      returned: always
      sample: {stale: 3, waits: 1}
    jobs:
      description: The same counts for each relevant job, without zeros, broken jobs first. At most 500 jobs.
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
      description: Hosts without a result, because they could not be worked on.
      type: list
      elements: str
      returned: always
      sample: []
    to_rerun:
      description: How many instances would be rerun.
      type: int
      returned: always
      sample: 0
    to_make:
      description: How many missing instances playbook C(dataarts.factory.repair) would make.
      type: int
      returned: always
      sample: 0
    broken:
      description: Number of broken instances.
      type: int
      returned: always
      sample: 1
    succeeded:
      description: Whether every workspace reached the goal.
      type: bool
      returned: always
      sample: false
"""
