#!/usr/bin/python
# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_rerun
short_description: Rerun the failed instances of many jobs of one workspace, each exactly once
version_added: "1.0.0"
author:
  - dataarts.factory contributors (@dataarts-factory)
description:
  - Brings the selected job instances of a Huawei Cloud DataArts Studio workspace to success. Each instance that has one of the O(statuses)
    and was last started before O(since) is rerun once. If somebody else has started an instance in the meantime, the task only waits for
    it.
  - The task repeats passes until nothing is left to do. Each pass reads the instances, decides what to do with each, sends the reruns that
    are due, and reports. While it waits, the task shows one line of progress per workspace.
  - If the outcome of a rerun is unknown because the answer was lost, the instance is read again first. The rerun is sent again only if the
    instance is provably unchanged.
  - The failure of one instance, job or request never stops the others. The result lists every instance with its decision and the reason.
options:
  statuses:
    description:
      - Statuses to rerun.
      - V(fail) selects failed instances, and V(manual-stop) cancelled ones. V(success) reruns instances that have already succeeded, from
        their first node.
    type: list
    elements: str
    choices: [fail, manual-stop, success]
    default: [fail]
  reasons:
    description:
      - For which failures to read details, which are the reason, the node that failed, its type, its retries and its log. They come from
        the instance detail of version v1 of the API, whichever version listed the instances.
      - V(auto) reads the details of one instance for each reason of each job, the most frequent reasons first, and at most ten for a
        workspace. It also reads the details of up to twenty instances that failed again. This takes at most ten seconds.
      - V(all) reads the details of every failed instance, at most thirty a second. V(none) reads no details; reasons then come from the
        messages in the list of v1.
      - If the details cannot be read, the task continues without them.
    type: str
    choices: [auto, all, none]
    default: auto
  log_tail:
    description:
      - How many lines to read from the end of a failed node's log, 0 to 200. A log is an object of OBS, read with the same access key.
      - One log is read for each job, node and message whose details are read (see O(reasons)), at most ten for a workspace, and at most the last 64 KiB of
        each. The lines are in RV(instances[].failure.log_tail); the last five are also shown below each reason.
      - OBS accepts permanent and temporary access keys, but not tokens. The user needs the right C(obs:object:GetObject) on the bucket. If
        a log cannot be read, the task continues without it and says why.
      - A log may contain confidential data, which then appears wherever results are shown.
    type: int
    default: 0
  obs_endpoint:
    description:
      - Address of OBS, for O(log_tail). If not set, it is derived from O(region) and O(cloud_domain), or from an O(endpoint) that begins
        with C(dayu.).
    type: str
  never_rerun_reasons:
    description:
      - Reasons whose failures are never rerun. Such failures are reported as V(blocked), and left to a person.
      - A pattern is searched for in every message about the failure, in the reason as the plan shows it, and in the types of the nodes that
        failed; case, blanks and full-width forms make no difference. V(*) stands for any characters, V(?) for exactly one.
      - This needs the reason of every failure, so the details of all failures are read, as with O(reasons=all). If the message or the type
        of the node cannot be read, or the message is longer than 2000 characters, the failure is not rerun either.
      - Instances that were cancelled or have succeeded are not affected.
    type: list
    elements: str
  rerun_only_reasons:
    description:
      - Reasons whose failures are rerun; no others are. Patterns work as in O(never_rerun_reasons), which takes precedence.
      - All other failures are reported as V(blocked), even if their reason cannot be read. So are instances that have not failed, unless
        they join the plan because of O(downstream).
    type: list
    elements: str
  max_instances:
    description:
      - Refuse to rerun anything if more instances than this would be rerun. The message lists them by job.
      - The limit applies to each workspace separately.
      - There is no limit if it is not set.
    type: int
  max_parallel:
    description:
      - How many of the selected instances may be in progress at once, in one workspace. The others are queued, the oldest plan time first.
      - There is no limit if it is not set.
    type: int
  max_parallel_per_job:
    description:
      - How many of the selected instances of one job may be in progress at once. The others are queued, the oldest plan time first.
      - The service itself runs at most five instances of a job at once and queues the others, so this option is only useful with a value
        below five.
      - There is no limit if it is not set.
    type: int
  max_reruns_per_day:
    description:
      - How often an instance may be rerun within 24 hours, over all runs that share the journal. An instance that failed after that many
        reruns is reported as V(failed_again), and left to a person.
      - With this option, each failure is also rerun only once, whatever O(since) is. If the service accepted the rerun but does not show
        it, the instance is reported as V(blocked).
      - Use it for runs that nobody watches, for example in event-driven automation.
      - There is no limit if it is not set.
    type: int
  batch_size:
    description:
      - Maximum number of instances of one job in a single request.
      - The older API generation accepts only one instance per request, whatever is set here.
    type: int
    default: 100
  order:
    description:
      - V(parallel) sends everything at once, job by job. The service then handles the dependencies.
      - V(upstream_first) reruns an instance only when the failed instances that it depends on have succeeded, in any workspace. If a job
        depends on its own previous cycle, its instances are rerun one after the other, the oldest first. Instances downstream of one whose
        rerun did not succeed are skipped. Instances downstream of one that failed and is not selected are blocked.
      - V(deadline) does the same, and sends the chains with the least time left first. The time left is the time until O(deadline), minus
        what the instance and everything downstream of it will probably take. This order matters if O(max_parallel) does not let all of them
        run at once, and for the order within a request. Chains without a deadline come last, the longest first.
      - For jobs that depend on something, V(upstream_first) and V(deadline) need the dependency calls of the newer API generation. If these
        are not available, nothing is sent.
      - Only the older API generation says which jobs depend on their own previous cycle. Nothing is sent while it cannot be read. Where it is not
        open, or with O(api_version=v2), no instance waits for its previous cycle.
    type: str
    choices: [parallel, upstream_first, deadline]
    default: parallel
  deadline:
    description:
      - The time by which everything should have ended. Plan, progress and result say which jobs will probably miss it. The deadline does not change what
        is sent.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time relative to the start of the run, such as V(+4h). It may be in
        the past.
    type: str
  other_workspaces:
    description:
      - With O(order=upstream_first) or O(order=deadline), ids of workspaces whose failed instances are being rerun at the same time with the same
        selection, for example by the same play. If an instance depends on a failed instance there, it waits for that instance instead of being
        blocked.
      - Set C(--forks) so that each workspace has a process, because a workspace that waits for another keeps its process. If there are
        fewer processes, the role names only the workspaces that come before its own, so that no process waits for a workspace that cannot
        start.
    type: list
    elements: str
  downstream:
    description:
      - What to do about the instances that depend on the rerun instances, in this workspace or another. Dependencies are followed for
        O(downstream_depth) levels. RV(downstream) shows what was found.
      - V(ignore) does not look for them. It is the default, because every other value costs requests for each rerun, needs the dependency
        calls of the newer API generation, and reads other workspaces.
      - V(report) says what the rerun means for them, in the plan and at the end. It does not rerun more. If dependencies cannot be read,
        the result says so, and nothing else changes.
      - V(cancelled) also reruns instances that were cancelled because an instance that they waited for had failed. An instance that shows a
        run of its own was stopped by a person, and is left alone. The service does not tell whether a person stopped an instance while it
        was waiting; if M(dataarts.factory.job_instance_stop) did, the journal knows it, and the instance is left alone too.
      - V(stale) also reruns instances that succeeded on old data. Their run started before an upstream instance ended again, or they are
        downstream of such an instance. Each starts at its first node.
      - With V(cancelled) and V(stale), reruns of an earlier run count too. If an earlier run has rerun a selected instance,
        according to the journal, the instances that depend on it are rerun, unless they have started since.
      - With V(cancelled) and V(stale), the whole run follows O(order=upstream_first). A downstream instance is rerun in its own workspace,
        with the same credentials, when everything upstream of it is up to date. It counts towards O(max_instances). Instances that depend
        on each other in a circle, or on an instance that is left alone, are left to a person. If dependencies cannot be read, nothing is
        sent.
      - Only the older API generation says which jobs depend on their own previous cycle. Where it is not open, or with O(api_version=v2), their
        later cycles are not looked for, and RV(problems) says so.
    type: str
    choices: [ignore, report, cancelled, stale]
    default: ignore
  downstream_depth:
    description:
      - With O(downstream), how many levels of dependencies are followed, V(1) to V(50).
    type: int
    default: 50
  plan_id:
    description:
      - The RV(plan_id) that check mode returned and somebody approved. If the instances to rerun, or the options that affect the rerun,
        have changed since then, nothing more is sent, and the message says what changed.
      - Reruns that this run sent itself, in an earlier pass or before it was interrupted, do not count as a change. To continue after an
        interruption, also set the same O(since).
    type: str
  plan_record:
    description:
      - The RV(plan_record) that check mode returned with O(plan_id). With it, a refusal names the instances and options that have changed;
        without it, a refusal only says how many instances there were.
    type: dict
  attempts:
    description:
      - How often an instance may be rerun in this run, at least V(1). With V(2), an instance whose rerun fails is rerun once more.
    type: int
    default: 1
  attempt_delay:
    description:
      - Seconds between the failure of a rerun and the next attempt.
    type: int
    default: 0
  wait:
    description:
      - Whether to wait until every instance has ended.
      - If V(false), the task ends as soon as everything is sent and no outcome is unknown.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds after which the task stops waiting, and fails with the last state of every instance. The reruns keep running, unless
        O(timeout_action) is set.
    type: int
    default: 3600
    aliases: [timeout]
  timeout_action:
    description:
      - What happens to a rerun that is still in progress when O(wait_timeout) is over.
      - With V(stop), running and waiting instances are stopped, and nothing more is sent. With V(stop_and_rerun), running instances are stopped and rerun,
        and the task waits for the same time again. Waiting instances are left alone, because they would only wait again.
      - Only reruns are stopped, those of this play and, if O(since) is set, those that other plays of this collection sent after it. All other runs
        are never stopped. Reruns that were sent late are stopped too, so set O(wait_timeout) to more than a run may take.
      - An instance is stopped only if it is unchanged; it is read again just before the request. Runs with the same O(since) stop it only
        once. Its rerun counts towards O(max_reruns_per_day) and all other limits, but not towards O(attempts).
      - Only version v1 of the API can stop an instance. Without O(wait) nothing is stopped.
    type: str
    choices: [none, stop, stop_and_rerun]
    default: none
  running_exception:
    description:
      - What happens to a selected instance in status V(running-exception), whoever started it.
      - With V(stop_and_rerun) it is stopped and then rerun, as the service's documentation advises. The status then counts as one of O(statuses), and
        every limit applies. An instance that gets this status again after its rerun is left to a person.
      - An instance is stopped only if O(never_rerun_reasons), O(max_reruns_per_day) and so on allow its rerun. With O(never_rerun_reasons), an
        instance without a message is left to a person, because its reason cannot be read.
      - Only version v1 of the API can stop an instance.
    type: str
    choices: [report, stop_and_rerun]
    default: report
  pause_schedules:
    description:
      - Whether the jobs that have instances to rerun are paused before the first request, so that their schedules start nothing during the
        rerun, and are started again at the end of the task. This includes the jobs of dependants that are rerun in other workspaces
        (O(downstream)). The plan names all of them, also in check mode.
      - The service has no call that pauses a job. Scheduled jobs are stopped, the journal records that, and exactly those jobs are started
        again. A job that somebody had stopped or paused before is left alone.
      - If the task is interrupted, the next rerun in the workspace starts them again when it ends, on any controller that shares the
        journal, with or without this option. So does M(dataarts.factory.job_schedule) with C(state=resumed).
      - Nothing is rerun if a job cannot be paused, in whatever workspace. The task fails if a job cannot be started again.
      - It is not documented whether stopping a job cancels its waiting instances. Instances that the schedule would have started in the meantime are not
        started later.
      - Only version v1 of the API can stop and start a job. Requires O(wait). Schedules are started again even during O(not_between).
    type: bool
    default: false
  poll_interval:
    description:
      - Seconds between two passes.
    type: int
    default: 10
    aliases: [interval]
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.selection
  - dataarts.factory.retry
  - dataarts.factory.journal
  - dataarts.factory.language
  - dataarts.factory.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin repeats the passes, shows the progress and waits.
  async:
    support: partial
    details:
      - Makes a single pass and waits for nothing; see the notes.
  check_mode:
    support: full
    details:
      - Reads and decides as in a real run, and sends nothing. RV(plan) says what would be sent.
      - Everything is read, so credentials, names and permissions to read are checked too. It is not checked whether the service would
        accept a rerun.
  diff_mode:
    support: full
    details:
      - Shows the status of each instance before and after.
  idempotent:
    support: partial
    details:
      - With the same absolute O(since), an instance is rerun once, however often the task runs, is interrupted, or runs twice at the same
        time.
      - Without O(since), or with a relative O(since), every run is independent. An instance that failed again after the rerun of an earlier
        run is then rerun once more, except within O(settle_time) after that rerun. A failure is not rerun either within 15 minutes after a
        rerun that was accepted and does not show yet.
      - With C(until) or C(retries), all tries of a task are one run, so a further try does not rerun what has failed again. To rerun it, set
        O(attempts). Each item of a C(loop) is a run of its own.
      - O(plan_id) fixes the O(since) of the plan, so an approved plan happens once, no matter how many plays use it.
notes:
  - Two things ensure that an instance is rerun exactly once. First, an instance that the service shows with a start at or after O(since) is
    never sent. Second, before a request is sent, each failure in it is claimed in the journal, where a unique index allows one open attempt
    per failure. Two runs that share a journal never rerun the same failure, not even on two controllers in the same second.
  - Controllers that do not share a journal do not know about each other. Use a PostgreSQL database as O(journal) for several controllers.
    Otherwise set the same absolute O(since) on all of them and let only one of them run at a time, for example with a job template of AWX
    that does not allow simultaneous jobs.
  - If the journal is younger than O(since), nothing is sent in the first O(settle_time) seconds, because a rerun sent from elsewhere may not
    be visible yet. The same applies after an unreadable journal was set aside, or may have lost its newest
    records, as when a standby server takes over.
  - A list is acted on for at most 60 seconds; time while the machine sleeps counts. After that, the instances are listed again first.
  - With C(async), the task makes a single pass in the background and waits for nothing. If something needs another pass, because it was held back, because
    its answer was lost, or because a minute of sending was over, the task fails and says how much is left and why, and RV(due_in) is not V(null).
    C(finished) in its result comes from Ansible, and means that the background task has ended.
  - If the task runs on the controller, with the local connection and C(ansible_python_interpreter) set to the Python of Ansible itself,
    passes run without a new process, which is many times faster. With C(become), C(environment), C(delegate_to) or
    E(ANSIBLE_KEEP_REMOTE_FILES) the module is started as usual; the result is the same.
  - Called without its action plugin, for example through C(ansible.legacy), the module makes a single pass and does not wait.
seealso:
  - name: What exactly once means here
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_exactly_once.rst
    description: What exactly once means here, what it depends on, and what it does not cover.
  - name: When something goes wrong
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_errors.rst
    description: When something goes wrong, by message.
  - module: dataarts.factory.job_instance_retry
  - module: dataarts.factory.job_instance_info
"""

EXAMPLES = r"""
- name: Show what would be rerun
  dataarts.factory.job_rerun:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["daily_*"]
  check_mode: true
  register: preview

- name: Print the plan
  ansible.builtin.debug:
    var: preview.plan

- name: Rerun exactly what was shown, and nothing else
  dataarts.factory.job_rerun:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: ["daily_*"]
    planned_after: "{{ preview.planned_after }}"
    planned_before: "{{ preview.planned_before }}"
    plan_id: "{{ preview.plan_id }}"
    plan_record: "{{ preview.plan_record }}"

- name: Rerun what failed since yesterday and wait for it
  dataarts.factory.job_rerun:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs:
      - daily_sales
      - hourly_*

- name: Rerun a failed night once, however often this play runs
  dataarts.factory.job_rerun:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    planned_after: "2026-11-23T00:00:00+08:00"
    planned_before: "2026-11-23T06:00:00+08:00"
    since: "2026-11-23T07:30:00+08:00"
    order: upstream_first
    max_instances: 500
    max_parallel: 50
    wait_timeout: 7200
  register: night

- name: Rerun also what was cancelled, or succeeded on old data, because of what failed
  dataarts.factory.job_rerun:
    region: cn-north-4
    workspace_id: 62fbba734e634c5087656fc3ff7adf34
    jobs: [daily_sales]
    planned_after: "2026-11-23T00:00:00+08:00"
    planned_before: "2026-11-23T06:00:00+08:00"
    since: "2026-11-23T07:30:00+08:00"
    downstream: stale
    max_instances: 500
    wait_timeout: 7200

- name: List the jobs of which something failed again
  ansible.builtin.debug:
    msg: "{{ night.instances | selectattr('action', 'equalto', 'failed_again') | map(attribute='job_name') | unique }}"

- name: Set the credentials once, for several tasks
  module_defaults:
    group/dataarts.factory.api:
      region: cn-north-4
      access_key: "{{ dataarts_access_key }}"
      secret_key: "{{ dataarts_secret_key }}"
  block:
    - name: Find the workspace
      dataarts.factory.workspace_info:
        names: [sales]
      register: found

    - name: Rerun what failed there in the last three days, and do not wait for it
      dataarts.factory.job_rerun:
        workspace_id: "{{ found.workspaces[0].workspace_id }}"
        planned_after: -3d
        wait: false
"""

RETURN = r"""
instances:
  description:
    - Every selected instance, whatever its outcome, except those that had succeeded before RV(since). These are only counted, as C(already_done) in
      RV(summary).
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
    policy:
      description:
        - The option that leaves the instance to a person, O(never_rerun_reasons) or O(rerun_only_reasons). V(null) for all others.
      type: dict
      returned: always
      contains:
        option:
          description: Name of the option.
          type: str
          returned: always
          sample: never_rerun_reasons
        pattern:
          description: The pattern that matched, or V(null) if none did.
          type: str
          returned: always
          sample: no permission
        read:
          description: Whether the reason was known.
          type: bool
          returned: always
          sample: true
    downstream:
      description:
        - Why the instance was added to the plan although it was not selected, V(cancelled) or V(stale); see RV(downstream). V(null) for all
          others.
      type: str
      returned: always
      sample: stale
    stop:
      description:
        - Outcome of the request to stop the instance. V(null) if there was none.
        - One of V(to_stop) (would be stopped, or is still to be stopped), V(stopping) (accepted, and not shown yet), V(stopped), V(refused) by the
          service, V(moved_on) (its state had changed by itself, so nothing was stopped) and V(unknown).
      type: str
      returned: always
      sample: stopped
    stop_time:
      description: When that request was claimed in the journal, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732605200000
    failure:
      description:
        - Why the instance failed, as far as it was read (see O(reasons)). V(null) if the instance has not failed. If it has succeeded since,
          this is the failure for which it was rerun. All texts come from the service.
      type: dict
      returned: always
      contains:
        node:
          description: Name of the node that failed first, or V(null).
          type: str
          returned: always
          sample: load_orders
        node_type:
          description: Its type in the service's words, or V(null).
          type: str
          returned: always
          sample: DLI SQL
        retries:
          description: How often the service retried the node by itself, or V(null).
          type: int
          returned: always
          sample: 2
        message:
          description: What the service says, cut after 500 characters, or V(null).
          type: str
          returned: always
          sample: Table 'ods.orders_20261123' not found
        reason:
          description: The message without the parts that differ from instance to instance, such as ids, numbers, times, paths and quoted
            names. An empty text if there is no message.
          type: str
          returned: always
          sample: Table … not found
        log_path:
          description: Path of the node's log, an OBS object, or V(null).
          type: str
          returned: always
          sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/daily_sales/2026-11-23_06_13_00.000/load_orders/load_orders.job
        log_tail:
          description: The last lines of that log, with O(log_tail), or V(null). They come from outside; control sequences for a terminal are removed.
          type: list
          elements: str
          returned: always
          sample: ["ERROR Table 'ods.orders_20261123' not found"]
        read:
          description: Whether the details of this instance itself were read. Otherwise C(node), C(node_type) and C(retries) are those of
            another instance of the job with the same reason, or V(null).
          type: bool
          returned: always
          sample: true
    action:
      description:
        - What is to be done about the instance, or its outcome.
        - V(retry) was sent in this pass, or would be in check mode. V(wait) is in progress, or queued. V(settling) was sent, and what the
          service shows may be outdated. V(done) has succeeded. V(failed_again) failed after its rerun. V(blocked) needs a person, or
          depends on an instance that does. V(not_rerunnable) is not rerun by the service. V(rejected) was rejected by the service.
          V(skipped) has none of the O(statuses), or depends on an instance that did not succeed. V(unknown) is never counted as success.
      type: str
      returned: always
      sample: retry
    reason:
      description: Why, in plain words.
      type: str
      returned: always
      sample: fail, last started 2024-11-26T06:13:01Z, before 2024-11-26T08:00:00Z
    status_before:
      description: Status before this run sent a rerun.
      type: str
      returned: always
      sample: fail
    start_time_before:
      description: Last start before this run sent a rerun, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601581000
    end_time_before:
      description: Last end before this run sent a rerun, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    sent_time:
      description: When the newest rerun of the instance was sent, in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732608005000
    attempts:
      description: How often a rerun of the instance was sent in this run.
      type: int
      returned: always
      sample: 1
    request_id:
      description: The service's id of the newest request that carried the instance, or V(null).
      type: str
      returned: always
      sample: 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4
    rerun:
      description:
        - Whether the state that the service shows, or will show, comes from a rerun that this run sent.
        - V(null) if that is not known. The outcome of the request is then unknown, and the instance has changed since, but something else may have
          changed it. Signs of that are a start long before the request, a rejection because an instance of the request was already running, or a
          success that a person has set.
      type: bool
      returned: always
      sample: true
    adopted:
      description: Whether another run sent the rerun of the instance, according to the run ids in the journal.
      type: bool
      returned: always
      sample: false
    history:
      description:
        - Earlier reruns of the instance by other runs that share the journal, newest first, at most ten. Reruns without effect are left
          out.
        - M(dataarts.factory.rerun_history_info) lists everything that the journal holds.
      type: list
      elements: dict
      returned: always
      contains:
        sent_time:
          description: When the rerun was sent, in epoch milliseconds.
          type: int
          returned: always
          sample: 1732522205000
        sent_time_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-25T08:10:05Z"
        outcome:
          description: V(accepted), or V(unknown) or V(intended) if it may have taken effect.
          type: str
          returned: always
          sample: accepted
        run_id:
          description: Id of the run that sent it.
          type: str
          returned: always
          sample: 0a7c3f5e4d2b4c1e8f9a6b7c8d9e0f1a
        user:
          description: Who ran it.
          type: str
          returned: always
          sample: jane
        controller:
          description: Host name of the machine that ran the module.
          type: str
          returned: always
          sample: controller-1
        purpose:
          description: Incident name or ticket that was set, or an empty text.
          type: str
          returned: always
          sample: INC-4711 disk full
    request_ids:
      description: The service's ids of every request that carried the instance.
      type: list
      elements: str
      returned: by the task
      sample: [8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4]
    actions:
      description: The decisions about the instance in all passes, without repetitions.
      type: list
      elements: str
      returned: by the task
      sample: [retry, wait, done]
    standing:
      description:
        - State of the instance, as RV(recap) counts it.
        - One of V(succeeded), V(running), V(waiting), V(to_rerun) (would be sent, or is still to be sent), V(failed_again), V(rejected),
          V(not_rerunnable), V(blocked), V(stopped), V(skipped), V(unknown), V(other) for one with none of the statuses asked for, and V(already_done)
          for one that succeeded without a rerun of this run.
      type: str
      returned: always
      sample: succeeded
    broken:
      description:
        - Whether the instance missed the goal. An instance that is V(not_rerunnable) or V(skipped) missed it only if it was to be rerun.
      type: bool
      returned: always
      sample: false
statuses:
  description: The statuses to rerun, and V(running-exception) if such instances are stopped first and then rerun.
  type: list
  elements: str
  returned: when the instances could be read
  sample: [fail]
reasons:
  description: Why instances failed, grouped by reason, the most frequent reason first.
  type: list
  elements: dict
  returned: when the instances could be read
  contains:
    reason:
      description: The reason, as in RV(instances[].failure.reason). An empty text if none is known; then there is an entry for each node.
      type: str
      returned: always
      sample: Table … not found
    count:
      description: Number of instances that failed for this reason.
      type: int
      returned: always
      sample: 38
    broken:
      description: How many of them are still broken.
      type: int
      returned: always
      sample: 2
    jobs:
      description: Number of jobs that these instances belong to.
      type: int
      returned: always
      sample: 3
    workspaces:
      description: Number of workspaces that these instances belong to.
      type: int
      returned: always
      sample: 1
    nodes:
      description: The nodes that failed, the most frequent first.
      type: list
      elements: str
      returned: always
      sample: [load_orders]
    node_types:
      description: Their types.
      type: list
      elements: str
      returned: always
      sample: [DLI SQL]
    sample:
      description: The message of one of the instances, or V(null).
      type: str
      returned: always
      sample: Table 'ods.orders_20261123' not found
    log_path:
      description: Path of the log of one of them, or V(null).
      type: str
      returned: always
      sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/daily_sales/2026-11-23_06_13_00.000/load_orders/load_orders.job
    log_tail:
      description: The last lines of the log of one of them, with O(log_tail), or V(null). They come from outside; control sequences for a
        terminal are removed.
      type: list
      elements: str
      returned: always
      sample: ["ERROR Table 'ods.orders_20261123' not found"]
downstream:
  description: With O(downstream), the instances that depend on rerun instances and are affected by the rerun.
  type: list
  elements: dict
  returned: when the instances could be read
  contains:
    workspace_id:
      description: Id of the workspace of the instance.
      type: str
      returned: always
      sample: 62fbba734e634c5087656fc3ff7adf34
    workspace_name:
      description: Name of that workspace, or an empty text.
      type: str
      returned: always
      sample: finance
    job_name:
      description: Name of the job.
      type: str
      returned: always
      sample: daily_report
    job_id:
      description: Id of the job, as text.
      type: str
      returned: always
      sample: "917570"
    instance_id:
      description: Id of the instance, as text.
      type: str
      returned: always
      sample: "1041300"
    status:
      description: Status in the service's words.
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
    start_time:
      description: Last start in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601581000
    start_time_iso:
      description: The same in ISO 8601, UTC, or V(null).
      type: str
      returned: always
      sample: "2024-11-26T06:13:01Z"
    end_time:
      description: Last end in epoch milliseconds, or V(null).
      type: int
      returned: always
      sample: 1732601642000
    end_time_iso:
      description: The same in ISO 8601, UTC, or V(null).
      type: str
      returned: always
      sample: "2024-11-26T06:14:02Z"
    effect:
      description:
        - V(stale) succeeded on old data, or in check mode will have succeeded on old data. V(cancelled) was cancelled and needs a rerun of
          its own. V(waits) is in progress and continues by itself. V(by_hand) was stopped while it ran, or set to success, by a person, and
          is left alone.
      type: str
      returned: always
      sample: stale
    certain:
      description: V(false) with V(cancelled), because an instance that a person stopped while it waited looks the same.
      type: bool
      returned: always
      sample: true
    level:
      description: Number of levels downstream of the rerun instance.
      type: int
      returned: always
      sample: 1
    joined:
      description: Whether the instance is part of the plan, and so also in RV(instances).
      type: bool
      returned: always
      sample: false
    upstream:
      description: The directly upstream instance that causes the effect.
      type: dict
      returned: always
      contains:
        workspace_id:
          description: Id of its workspace.
          type: str
          returned: always
          sample: 62fbba734e634c5087656fc3ff7adf34
        job_name:
          description: Name of its job.
          type: str
          returned: always
          sample: load_orders
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
        end_time:
          description: Last end in epoch milliseconds, or V(null). The new one, once it has been rerun.
          type: int
          returned: always
          sample: 1732605242000
summary:
  description: Counts of the instances.
  type: dict
  returned: when the instances could be read
  contains:
    total:
      description: Selected instances.
      type: int
      returned: always
      sample: 40
    already_done:
      description: How many of them had succeeded before RV(since). They are not in RV(instances).
      type: int
      returned: always
      sample: 28
    rerun:
      description: Instances that this run has rerun.
      type: int
      returned: always
      sample: 38
    actions:
      description: Instances by RV(instances[].action).
      type: dict
      returned: always
      sample: {done: 37, failed_again: 1, skipped: 2}
    statuses:
      description: Instances by RV(instances[].status).
      type: dict
      returned: always
      sample: {success: 37, fail: 1, running: 2}
expected:
  description:
    - When the remaining instances will probably have ended, based on how long earlier runs took, as far as that is known.
    - There is no forecast for a job that has neither an earlier run in the window nor an average from the service, nor for what depends on it.
  type: dict
  returned: when the instances could be read
  contains:
    end:
      description: When the last instance with a forecast will end, epoch ms, or V(null) if there is no forecast.
      type: int
      returned: always
      sample: 1732603200000
    end_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:40:00Z"
    unknown:
      description: Number of instances without a forecast.
      type: int
      returned: always
      sample: 0
    deadline:
      description: The O(deadline), epoch ms, or V(null).
      type: int
      returned: always
      sample: 1732600800000
    deadline_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:00:00Z"
    late:
      description: How many jobs miss their deadline.
      type: int
      returned: always
      sample: 1
    left_to_person:
      description: How many other jobs miss their deadline unless a person acts, because an instance of them needs one.
      type: int
      returned: always
      sample: 0
    jobs:
      description: The jobs in this run, late ones first.
      type: list
      elements: dict
      returned: always
      contains:
        workspace_id:
          description: Id of the workspace of the job.
          type: str
          returned: always
          sample: 62fbba734e634c5087656fc3ff7adf34
        workspace_name:
          description: Name of that workspace, as far as it is known.
          type: str
          returned: always
          sample: ""
        job_name:
          description: Name of the job.
          type: str
          returned: always
          sample: daily_sales
        instances:
          description: Number of instances that have not ended.
          type: int
          returned: always
          sample: 3
        end:
          description: When the last of them will end, epoch ms, or V(null).
          type: int
          returned: always
          sample: 1732603200000
        end_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-26T06:40:00Z"
        unknown:
          description: Number of them without a forecast.
          type: int
          returned: always
          sample: 0
        deadline:
          description: Deadline of the job, epoch ms, or V(null).
          type: int
          returned: always
          sample: 1732600800000
        deadline_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-26T06:00:00Z"
        late:
          description:
            - Whether the job misses its deadline, because an instance did not succeed, or because it ended or will probably end after the
              deadline. An instance that needs a person makes it late once the deadline is over.
          type: bool
          returned: always
          sample: true
        left_to_person:
          description: How many of its instances need a person.
          type: int
          returned: always
          sample: 0
quiet_hours:
  description: What was not sent because of O(not_between), or V(null) if nothing was held back.
  type: dict
  returned: when the instances could be read
  contains:
    window:
      description: The entry of O(not_between) that applies.
      type: str
      returned: always
      sample: 22:00-06:00 Europe/Berlin
    until:
      description: When it may be sent, epoch ms.
      type: int
      returned: always
      sample: 1732600800000
    until_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:00:00Z"
    instances:
      description: How many instances are left to rerun after that time.
      type: int
      returned: always
      sample: 12
plan:
  description: What this pass sends, or would send in check mode, as lines of text for people.
  type: list
  elements: str
  returned: when the instances could be read
  sample:
    - "Workspace 62fbba734e634c5087656fc3ff7adf34: 2 of 12 instances to rerun in 1 request, instances planned 2024-11-25T08:00:00Z to
      2024-11-26T08:00:00Z"
    - "  daily_sales: 2 instances, planned 2024-11-26T06:13:00Z to 2024-11-26T07:13:00Z"
plan_details:
  description: The same plan, and the values that it is based on, for programs.
  type: dict
  returned: when the instances could be read
  contains:
    retry_location:
      description: Where each rerun starts, see O(retry_location).
      type: str
      returned: always
      sample: errorNode
    node_name:
      description: The node at which each rerun starts, or V(null).
      type: str
      returned: always
      sample: load_orders
    retry_task_version:
      description: Which parameters the reruns use, see O(retry_task_version).
      type: str
      returned: always
      sample: original_version
    ignore_obs_monitor:
      description: Whether the reruns ignore the monitoring of OBS paths.
      type: bool
      returned: always
      sample: true
    from_first_node:
      description: How many instances start at the first node regardless of RV(plan_details.retry_location), because they had succeeded.
      type: int
      returned: always
      sample: 0
    selected:
      description: Selected instances.
      type: int
      returned: always
      sample: 19
    to_rerun:
      description: How many of them are rerun, now or later.
      type: int
      returned: always
      sample: 11
    left:
      description: Why the others are not rerun, with the number for each C(reason), the most frequent first.
      type: list
      elements: dict
      returned: always
      sample: [{reason: succeeded before, instances: 7}, {reason: in progress, instances: 1}]
    jobs:
      description:
        - The reruns of each job, by stage. With O(order=parallel) there is only one stage.
        - C(planned_after) and C(planned_before) are the first and the last plan time in epoch milliseconds. C(run_seconds) is how long a
          run of the job takes, based on the successful runs in the list, or V(null) if there are none.
        - C(workspace_name) is an empty text if it is that of the plan, or the service did not return it.
      type: list
      elements: dict
      returned: always
      sample:
        - {stage: 1, job_name: daily_sales, workspace_id: 62fbba734e634c5087656fc3ff7adf34, workspace_name: "", instances: 5,
           planned_after: 1732601580000, planned_before: 1732605180000, run_seconds: 61.0}
    waits_for:
      description:
        - What the instances of a later stage wait for, with O(order=upstream_first), and how many instances wait.
        - C(workspace_name) is an empty text if the service did not return it.
      type: list
      elements: dict
      returned: always
      sample:
        - {stage: 2, job_name: daily_sales, workspace_id: 62fbba734e634c5087656fc3ff7adf34, workspace_name: "", instances: 3}
    expected_end:
      description: When all planned reruns will probably have ended, epoch ms, or V(null) if there is no forecast.
      type: int
      returned: always
      sample: 1732603200000
    expected_seconds:
      description:
        - How long the reruns will probably take, judging by successful runs of the same jobs. It is assumed that five instances of a job run at
          once, that at most O(max_parallel) run in all, and that the stages follow each other. V(null) if nothing is known.
        - A rerun that starts in the middle is shorter than a whole run. Waiting for a free slot in the service takes longer.
      type: float
      returned: always
      sample: 340.0
    expected_unknown:
      description: How many instances are not included, because no earlier run of their job is listed.
      type: int
      returned: always
      sample: 0
    paused_jobs:
      description: The jobs that are paused during the rerun and started again at the end, see O(pause_schedules).
      type: list
      elements: str
      returned: always
      sample: []
plan_id:
  description: Short id of the plan, derived from the instances to rerun and from the options that affect the rerun. Pass it as O(plan_id)
    to allow exactly this plan.
  type: str
  returned: when the instances could be read
  sample: 40-9f86d081884c-2c26b46b-mwty50ol
plan_record:
  description: The content of the plan. Pass it as O(plan_record), so that a refusal can say what changed. It is for programs; instances can
    be compared with it, but not read from it. A plan of more than 2000 instances is recorded without them.
  type: dict
  returned: when the instances could be read
  sample: {options: {attempts: 1, order: parallel}, instances: i2c26b46b9f86d081}
job_patterns:
  description:
    - Each name and pattern in O(jobs). C(matches) says whether it matches a job of the workspace, V(null) if the task failed before that was
      known. C(suggestion) is a sentence that names a similar job, or an empty text. If one matches no job, the task fails. In role
      P(dataarts.factory.rerun#role) the play fails only if it matches no job in any of the workspaces that share these O(jobs).
  type: list
  elements: dict
  returned: when the names were checked, or the task failed before that
  sample: [{pattern: "dialy_*", matches: false, suggestion: "Did you mean daily_sales?"}]
problems:
  description: What a person should know, for example names that match no job, and refusals of the service.
  type: list
  elements: str
  returned: when the instances could be read
  sample: ["Job daily_salse does not exist in workspace 62fbba734e634c5087656fc3ff7adf34. Did you mean daily_sales?"]
resumed_jobs:
  description: The jobs that another run had paused, because of O(pause_schedules), and that this one has started again.
  type: list
  elements: str
  returned: when there are any
  sample: [daily_sales]
journal_history:
  description: What the journal has, other than reruns, since O(planned_after), for the workspace and those of its dependants. The report shows it.
  type: dict
  returned: when the instances could be read, except in a pass that only plans
  contains:
    attempts:
      description: The newest 50, as RV(dataarts.factory.rerun_history_info#module:attempts) of that module.
      type: list
      elements: dict
      returned: always
      sample: []
    total:
      description: How many there are.
      type: int
      returned: always
      sample: 0
    open_pauses:
      description: The jobs that are paused now, as RV(dataarts.factory.rerun_history_info#module:open_pauses) of that module.
      type: list
      elements: dict
      returned: always
      sample: []
finished:
  description: Whether nothing is left to do.
  type: bool
  returned: when the instances could be read
  sample: true
workspace_id:
  description: The workspace. The role P(dataarts.factory.rerun#role) needs it if one host represents several workspaces.
  type: str
  returned: in role P(dataarts.factory.rerun#role)
  sample: 62fbba734e634c5087656fc3ff7adf34
others:
  description: The results of other workspaces of the same host, by id, from earlier iterations of a loop over the role.
  type: dict
  returned: in role P(dataarts.factory.rerun#role), where there are any
  sample: {}
pass_state:
  description: What the next pass needs to know, for O(pass_state).
  type: dict
  returned: by a single pass
  sample: {planned: 0}
due_in:
  description: Seconds until the next pass is useful, or V(null).
  type: float
  returned: when the instances could be read
  sample: 12.5
run_id:
  description: Id of the run, by which M(dataarts.factory.rerun_history_info) finds its attempts in the journal.
  type: str
  returned: when the instances could be read
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
purpose:
  description: The O(purpose) of the run, or an empty text.
  type: str
  returned: when the instances could be read
  sample: INC-4711 disk full
since:
  description: The time that separates this run from others, in epoch milliseconds. Pass it as O(since) to continue this run.
  type: int
  returned: when it was determined
  sample: 1732608000000
since_iso:
  description: The same in ISO 8601, UTC.
  type: str
  returned: when it was determined
  sample: "2024-11-26T08:00:00Z"
planned_after:
  description: Start of the window of plan times that was read, epoch milliseconds.
  type: int
  returned: when it was determined
  sample: 1732521600000
planned_before:
  description: End of the window, epoch milliseconds.
  type: int
  returned: when it was determined
  sample: 1732608000000
msg:
  description: What happened, in one sentence; on failure with the cause and what to do.
  type: str
  returned: by the task, and on failure
  sample: "Reran 2 instances of 1 job in workspace 62fbba734e634c5087656fc3ff7adf34: all succeeded, 1m 05s."
succeeded:
  description: V(false) if the task failed. The role uses it, because it reports a failure only at its end.
  type: bool
  returned: by the task
  sample: true
recap:
  description: Number of instances in each state, in the words of the progress line. V(stops), V(stop_refused) and V(moved_on) count the outcomes of stops.
  type: dict
  returned: by the task
  sample: {failed: 2, rerun: 2, succeeded: 2, running: 0, waiting: 0, failed_again: 0, broken: 0}
recap_by_job:
  description:
    - The same by job name, without zeros. Where a dependant in another workspace has the same name as a job here, its name is followed by
      the id of that workspace.
  type: dict
  returned: by the task
  sample: {daily_sales: {failed: 2, rerun: 2, succeeded: 2}}
passes:
  description: How many passes the task made.
  type: int
  returned: by the task
  sample: 3
timed_out:
  description: Whether O(wait_timeout) ended the task.
  type: bool
  returned: by the task
  sample: false
unread:
  description: Whether the newest pass could not read the workspace, so that instances and counts are those of an earlier one.
  type: bool
  returned: by the task
  sample: false
elapsed:
  description: Duration of the task in seconds.
  type: float
  returned: by the task
  sample: 65.2
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
from ..module_utils._runner.rerun import rerun


def main() -> None:
    run_module("job_rerun", rerun)


if __name__ == "__main__":
    main()
