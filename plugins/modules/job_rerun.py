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
    and was last started before O(since) is rerun once; those that others have started meanwhile are only waited for.
  - The task repeats passes until nothing is left to do. A pass reads the instances, decides for each of them, sends what is due, and
    reports. While it waits, the task shows one line of progress per workspace.
  - A rerun whose outcome is not known, because the answer was lost, is read back first. It is sent again only if the instance provably did
    not move.
  - The failure of one instance, job or request never stops the others. The result lists every instance with its decision and the reason.
options:
  statuses:
    description:
      - Statuses to rerun.
      - V(fail) has failed, V(manual-stop) was cancelled. V(success) reruns what has already succeeded, from its first node.
    type: list
    elements: str
    choices: [fail, manual-stop, success]
    default: [fail]
  reasons:
    description:
      - Which failures to read the reason of, the node that failed, its type, its retries and its log, from the instance detail of version v1 of
        the API, whichever version listed the instances.
      - V(auto) reads the details of one instance for each reason of each job, the most frequent first and at most ten of a workspace, and
        those of up to twenty instances that failed again. It takes ten seconds at most.
      - V(all) reads one for each failed instance, thirty a second at most. V(none) reads none; reasons are then told by the messages in the list
        of v1.
      - Where the details cannot be read, the task goes on without them.
    type: str
    choices: [auto, all, none]
    default: auto
  log_tail:
    description:
      - How many lines to read from the end of a failed node's log, 0 to 200. A log is an object of OBS, read with the same access key.
      - One log is read for each job, node and message of which details are read, see O(reasons), and ten of a workspace at most; of each 64 KiB at
        most. The lines are in RV(instances[].failure.log_tail), and the last five below the reason where reasons are shown.
      - OBS takes access keys, permanent or temporary, but no token. The user needs the right C(obs:object:GetObject) on the bucket. Where a
        log cannot be read, the task goes on without it and says why.
      - A log may hold what nobody else should read, and goes to wherever results go.
    type: int
    default: 0
  obs_endpoint:
    description:
      - Address of OBS, for O(log_tail). It follows from O(region) and O(cloud_domain), or from an O(endpoint) that begins with C(dayu.).
    type: str
  never_rerun_reasons:
    description:
      - Failures that are never rerun, by why they failed. They are reported as V(blocked), for a person.
      - A pattern is looked for, whatever its case, in the message, in the reason as the plan shows it, and in the types of the nodes that failed.
        V(*) stands for any characters, V(?) for one.
      - It needs the reason of every failure, so all of them are read as with O(reasons=all). Where not all of a reason can be read, message and
        type of the node, the failure is not rerun either.
      - What has not failed, because it was cancelled or has succeeded, is not affected.
    type: list
    elements: str
  rerun_only_reasons:
    description:
      - The only failures that are rerun, by why they failed. Patterns are those of O(never_rerun_reasons), which has the last word.
      - All others are reported as V(blocked), also where the reason cannot be read.
    type: list
    elements: str
  max_instances:
    description:
      - Refuse to rerun anything if more instances than this would be rerun. The message lists them by job.
      - It is the limit of one workspace. Of several, each has it for itself.
      - Any number if not set.
    type: int
  max_parallel:
    description:
      - How many of the selected instances may be in progress at once, in one workspace. The others are queued, the oldest plan time first.
      - Any number if not set.
    type: int
  max_parallel_per_job:
    description:
      - How many of the selected instances of one job may be in progress at once. The others are queued, the oldest plan time first.
      - The service runs five instances of a job at once and queues the others by itself, so this is for fewer than five.
      - Any number if not set.
    type: int
  max_reruns_per_day:
    description:
      - How often an instance may be rerun within 24 hours, over all runs that share the journal. One that failed after that
        many reruns is reported as V(failed_again), and left to a person.
      - A failure is then also rerun once only, whatever O(since) is. If the service accepted its rerun and does not show it, the instance
        is reported as V(blocked).
      - Meant for runs that nobody watches, for example by event-driven automation.
      - No limit if not set.
    type: int
  batch_size:
    description:
      - How many instances of one job a single request carries at most.
      - The older API generation takes one instance per request, whatever is set here.
    type: int
    default: 100
  order:
    description:
      - V(parallel) sends everything at once, job by job. What depends on what is the service's matter then.
      - V(upstream_first) reruns an instance only when the failed instances that it depends on have succeeded, in whatever workspace they
        are. Cycles of a job that depends on its own previous cycle are rerun one after the other, the oldest first. What is behind an
        instance that did not succeed is skipped. What is behind one that failed and is not selected is blocked.
      - V(deadline) does the same, and sends the chains with the least time left first, counted from what everything behind an instance will
        probably take until O(deadline). It counts where O(max_parallel) leaves room for some, and for what of a request is sent first. Chains
        without a deadline come last, the longest first.
      - The last two need the dependency calls of the newer API generation for jobs that depend on something. Without them nothing is sent.
    type: str
    choices: [parallel, upstream_first, deadline]
    default: parallel
  deadline:
    description:
      - When everything is to have ended. Plan, progress and result say which jobs will probably miss it. Nothing is sent or left out because of it.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time after the beginning of the run such as V(+4h); also one before it.
    type: str
  other_workspaces:
    description:
      - With O(order=upstream_first) or O(order=deadline), ids of workspaces whose failed instances are being rerun at the same time with the same selection, as
        when a play works on all of them. A failed instance there is waited for, instead of being taken for one that nobody reruns.
      - Let each of them have a process, with C(--forks), because one that waits for another keeps its own. Of workspaces that have to wait for
        a process the role names only those that come before its own, so that no process waits for what cannot begin.
    type: list
    elements: str
  downstream:
    description:
      - What to do about the instances that depend on those that are rerun, in this workspace or another. They are followed as far as
        O(downstream_depth) says, and told apart in RV(downstream).
      - V(ignore) asks nothing about them. It is the default, because every other value costs requests for each rerun, needs the dependency
        calls of the newer API generation, and reads other workspaces.
      - V(report) says what the rerun means for them, in the plan and at the end. Nothing more is rerun. Where they cannot be read, that is
        said, and nothing else changes.
      - V(cancelled) also reruns those that were cancelled because what they waited for had failed. One that shows a run of its own was
        stopped by a person, and is left alone. Whether a person stopped one while it waited, the service does not tell.
      - V(stale) also reruns those that succeeded on old data, in a run that started before the new end of something above them, or behind
        such a one. Each starts at its first node.
      - With V(cancelled) and V(stale) the whole run keeps the order of O(order=upstream_first). A dependant is rerun in its own workspace,
        with the same credentials, when everything above it is up to date. O(max_instances) counts it. What depends on itself in a circle, or
        on something that is left alone, is left to a person. Where dependencies cannot be read, nothing is sent.
    type: str
    choices: [ignore, report, cancelled, stale]
    default: ignore
  downstream_depth:
    description:
      - With O(downstream), how many levels below what is rerun are followed, V(1) to V(50).
    type: int
    default: 50
  plan_id:
    description:
      - The RV(plan_id) that check mode returned and somebody approved. If the instances to rerun, or the options that say how, are others
        by now, nothing more is sent, and the message says what changed.
      - What this run did itself, in an earlier pass or before it was interrupted, is not a change. To go on after an interruption set the
        same O(since) too.
    type: str
  plan_record:
    description:
      - The RV(plan_record) that check mode returned with O(plan_id). With it a refusal names the instances and options that are others now,
        without it only how many instances there were.
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
      - Whether to wait until every instance has come to its end.
      - If V(false), the task ends as soon as everything is sent and no outcome is unknown.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds after which the task stops waiting, and fails with the last state of every instance. What was rerun keeps running, unless
        O(timeout_action) says something else.
    type: int
    default: 3600
    aliases: [timeout]
  timeout_action:
    description:
      - What happens to a rerun that is still in progress when O(wait_timeout) is over.
      - With V(stop) it is stopped, waiting ones too, and nothing more is sent. With V(stop_and_rerun) what runs is stopped and rerun, and waited
        for as long once more; what waits is left alone, because it would only wait again.
      - Only what this play reran is stopped, or what another one reran since the O(since) that is set; never what anybody else started. Also what
        was sent late counts, so set O(wait_timeout) to more than a run may take.
      - An instance is stopped only while it is as it was listed, which is read once more just before the request, and once by runs of the same
        O(since). Its rerun is one of O(max_reruns_per_day) and of all other limits, but not of O(attempts).
      - Only version v1 of the API can stop an instance. Without O(wait) nothing is stopped.
    type: str
    choices: [none, stop, stop_and_rerun]
    default: none
  running_exception:
    description:
      - What happens to a selected instance in status V(running-exception), whoever started it.
      - With V(stop_and_rerun) it is stopped and then rerun, as the service's documentation advises. It counts as one of O(statuses) then, and for
        every limit. One that comes into that status again after its rerun is left to a person.
      - Whether it may be rerun, by O(never_rerun_reasons), O(max_reruns_per_day) and so on, is known before it is stopped. With
        O(never_rerun_reasons), one without a message is left to a person, because its reason cannot be read.
      - Only version v1 of the API can stop an instance.
    type: str
    choices: [report, stop_and_rerun]
    default: report
  pause_schedules:
    description:
      - Whether the jobs of which something is to be rerun are paused before the first request, so that their schedules start nothing while their
        instances are repaired, and started again at the end of the task.
      - No call of the service pauses a job. The jobs that are scheduled are stopped, which the journal keeps, and exactly those are started
        again. A job that somebody has stopped or paused before is left alone.
      - If the task is interrupted, the next rerun in the workspace starts them again when it ends, from whichever controller that shares the
        journal, with or without this option. So does M(dataarts.factory.job_schedule) with C(state=resumed).
      - Nothing is rerun if a job cannot be paused. The task fails if a job cannot be started again.
      - Whether a job that is stopped loses its instances that wait is not documented. What a schedule would have started meanwhile is not started
        later.
      - Only version v1 of the API can stop and start a job. Requires O(wait). Schedules are started again in O(not_between) too.
    type: bool
    default: false
  poll_interval:
    description:
      - Seconds between two passes.
    type: int
    default: 10
    aliases: [interval]
  pass_state:
    description:
      - What an earlier pass of the same task returned as RV(pass_state). The task hands it from pass to pass, so that nothing is read twice.
        Leave it out.
    type: dict
extends_documentation_fragment:
  - dataarts.factory.account
  - dataarts.factory.workspace
  - dataarts.factory.selection
  - dataarts.factory.retry
  - dataarts.factory.journal
  - dataarts.factory.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - It repeats the passes, shows the progress and waits.
  async:
    support: partial
    details:
      - Makes a single pass and waits for nothing; see the notes.
  check_mode:
    support: full
    details:
      - Reads and decides as in a real run, and sends nothing. RV(plan) says what would be sent.
      - Everything is read, so credentials, names and permissions to read are checked too. Whether the service would accept a rerun is not.
  diff_mode:
    support: full
    details:
      - Shows the status of each instance before and after.
  idempotent:
    support: partial
    details:
      - With the same absolute O(since), an instance is rerun once, however often the task runs, is interrupted, or runs twice at the same
        time.
      - Without O(since), or with a relative one, every run is a run of its own. An instance that failed again after the rerun of an earlier
        run is then rerun once more. Inside O(settle_time) of that rerun it is not. Nor is the same failure within 15 minutes of a rerun that was
        accepted and does not show yet.
      - O(plan_id) binds the O(since) of the plan, so an approved plan happens once, in however many plays it is used.
notes:
  - Exactly once is kept by two things. An instance that shows a start at or after O(since) is never sent (the service's own record). And
    before a request leaves, each failure that it answers is claimed in the journal, where a unique index allows one open attempt per failure.
    Two runs that share a journal never send the same failure, also from two controllers in the same second.
  - Controllers that do not share a journal know nothing of each other. Use a PostgreSQL database as O(journal) for several of them. Otherwise
    pass both the same absolute O(since) and let only one of them run at a time, for example with a job template of AWX that does not allow
    simultaneous jobs.
  - If the journal is younger than O(since), nothing is sent in the first O(settle_time) seconds, because a rerun sent from elsewhere may not
    be visible yet. The same holds after a journal that could not be read was set aside.
  - What was listed is acted on for 60 seconds at most, which also pass while the machine sleeps. After that it is listed again first.
  - With C(async) a single pass is made in the background, which waits for nothing. Where something needs a second look, because it was held back, its
    answer was lost, or a minute of sending was over, the task fails, says how much is left and why, and RV(due_in) is not V(null);
    C(finished) is Ansible's own word there, which tells that the task in the background has ended.
  - Where the task runs on the controller, with the local connection and C(ansible_python_interpreter) set to that of Ansible itself, no
    process is started for a pass, which makes it many times faster. With C(become), C(environment), C(delegate_to) or
    E(ANSIBLE_KEEP_REMOTE_FILES) the module is started as usual; the result is the same.
  - Called without its action plugin, for example through C(ansible.legacy), the module makes a single pass and does not wait.
seealso:
  - name: What exactly once means here
    link: https://git.example.org/dataarts/factory/blob/main/docs/docsite/rst/guide_exactly_once.rst
    description: What exactly once means here, what it rests on, and where it ends.
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
    - Every selected instance, whatever became of it, except those that had succeeded before RV(since). They are only counted, as C(already_done) in
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
        one and one of PatchData; this id tells them apart. It is not documented whether a rerun changes it.
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
        - By what the instance is left to a person, O(never_rerun_reasons) or O(rerun_only_reasons). V(null) for all others.
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
        - Why the instance joined the plan although it was not selected, V(cancelled) or V(stale), see RV(downstream). V(null) for all others.
      type: str
      returned: always
      sample: stale
    stop:
      description:
        - What became of the request to stop the instance. V(null) where none was made.
        - One of V(to_stop) (would be stopped, or is still to be stopped), V(stopping) (accepted, and not shown yet), V(stopped), V(refused) by the
          service, V(moved_on) (it had gone on by itself, so that nothing was stopped) and V(unknown).
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
        - Why the instance failed, as far as O(reasons) lets it be read. V(null) where it has not failed. Of an instance that has succeeded since
          it is the failure that it was rerun for. Every text in it is the service's.
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
          description: How often the node was tried again by itself, or V(null).
          type: int
          returned: always
          sample: 2
        message:
          description: What the service says, cut after 500 characters, or V(null).
          type: str
          returned: always
          sample: Table 'ods.orders_20261123' not found
        reason:
          description: The same without what differs from instance to instance, such as ids, numbers, times, paths and quoted names. An empty text
            if there is none.
          type: str
          returned: always
          sample: Table … not found
        log_path:
          description: Path of the node's log, an OBS object, or V(null).
          type: str
          returned: always
          sample: obs://dlf-log-62099355b894428e8916573ae635f1f9/daily_sales/2026-11-23_06_13_00.000/load_orders/load_orders.job
        log_tail:
          description: The last lines of that log, with O(log_tail), or V(null). They come from outside; what a terminal would obey is taken out.
          type: list
          elements: str
          returned: always
          sample: ["ERROR Table 'ods.orders_20261123' not found"]
        read:
          description: Whether the details of this very instance were read. Otherwise C(node), C(node_type) and C(retries) are those of another
            instance of the job with the same reason, or V(null).
          type: bool
          returned: always
          sample: true
    action:
      description:
        - What is to be done about the instance, or has become of it.
        - V(retry) was sent in this pass, or would be in check mode. V(wait) is in progress, or queued. V(settling) was sent, and what the
          service shows may be outdated. V(done) has succeeded. V(failed_again) failed after its rerun. V(blocked) needs a person, or
          depends on what does. V(not_rerunnable) is not rerun by the service. V(rejected) was rejected by the service. V(skipped) has none
          of the statuses asked for, or depends on what did not succeed. V(unknown) is never counted as success.
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
        - Whether a rerun that was sent in this run stands behind what is shown, or will be shown, of the instance.
        - V(null) where that is unknown. The outcome of the request that carried it is not known, the instance has changed since, and somebody
          else may have rerun it - it started long before the request, or the service rejected the request because one of its instances ran
          already.
      type: bool
      returned: always
      sample: true
    adopted:
      description: Whether another run sent the rerun of the instance, by the run ids in the journal.
      type: bool
      returned: always
      sample: false
    history:
      description:
        - Earlier reruns of the instance by other runs that share the journal, newest first, at most ten. Those that took no effect are left out.
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
      description: What was decided about the instance over the passes, without repetitions.
      type: list
      elements: str
      returned: by the task
      sample: [retry, wait, done]
    standing:
      description:
        - Where the instance stands, as RV(recap) counts it.
        - One of V(succeeded), V(running), V(waiting), V(to_rerun) (would be sent, or is still to be sent), V(failed_again), V(rejected),
          V(not_rerunnable), V(blocked), V(stopped), V(skipped), V(unknown), V(other) for one with none of the statuses asked for, and V(already_done)
          for one that succeeded without a rerun of this run.
      type: str
      returned: always
      sample: succeeded
reasons:
  description: Why instances failed, those with the same reason together, the most frequent first.
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
      description: Instances that failed for it.
      type: int
      returned: always
      sample: 38
    broken:
      description: How many of them are not where they should be now.
      type: int
      returned: always
      sample: 2
    jobs:
      description: In how many jobs.
      type: int
      returned: always
      sample: 3
    workspaces:
      description: In how many workspaces.
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
      description: The last lines of the log of one of them, with O(log_tail), or V(null). They come from outside; what a terminal would obey is taken out.
      type: list
      elements: str
      returned: always
      sample: ["ERROR Table 'ods.orders_20261123' not found"]
downstream:
  description: With O(downstream), the instances that depend on those that are rerun and are concerned by that.
  type: list
  elements: dict
  returned: when the instances could be read
  contains:
    workspace_id:
      description: Id of the workspace of the dependant.
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
        - V(stale) succeeded on old data, or in a plan will have. V(cancelled) was cancelled and needs a rerun of its own. V(waits) is in
          progress and goes on by itself. V(by_hand) was stopped while it ran, or set to success, by a person, and is left alone.
      type: str
      returned: always
      sample: stale
    certain:
      description: V(false) with V(cancelled), which looks like one that a person stopped while it waited.
      type: bool
      returned: always
      sample: true
    level:
      description: How many levels below what is rerun it is.
      type: int
      returned: always
      sample: 1
    joined:
      description: Whether it is part of the plan, so that it is in RV(instances) too.
      type: bool
      returned: always
      sample: false
    upstream:
      description: The instance directly above it that this comes from.
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
  description: How many instances there are, in numbers.
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
    - When what is left will probably have ended, by how long earlier runs took, as far as that is known.
    - A job without an earlier run in the window, or an average that the service told, has no end here, and nothing behind it.
  type: dict
  returned: when the instances could be read
  contains:
    end:
      description: When the last one ends of which anything is known, epoch ms, or V(null) if nothing is.
      type: int
      returned: always
      sample: 1732603200000
    end_iso:
      description: The same in ISO 8601, UTC.
      type: str
      returned: always
      sample: "2024-11-26T06:40:00Z"
    unknown:
      description: Of how many instances nothing is known.
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
    jobs:
      description: The jobs that the run has to do with, late ones first.
      type: list
      elements: dict
      returned: always
      contains:
        job_name:
          description: Name of the job.
          type: str
          returned: always
          sample: daily_sales
        instances:
          description: How many have not come to their end.
          type: int
          returned: always
          sample: 3
        end:
          description: When the last of them will, epoch ms, or V(null).
          type: int
          returned: always
          sample: 1732603200000
        end_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-26T06:40:00Z"
        unknown:
          description: Of how many of them nothing is known.
          type: int
          returned: always
          sample: 0
        deadline:
          description: When the job is to have ended, epoch ms, or V(null).
          type: int
          returned: always
          sample: 1732600800000
        deadline_iso:
          description: The same in ISO 8601, UTC.
          type: str
          returned: always
          sample: "2024-11-26T06:00:00Z"
        late:
          description: Whether it misses it, because an instance did not succeed, or ended or will probably end after it.
          type: bool
          returned: always
          sample: true
quiet_hours:
  description: What was not sent because of O(not_between), or V(null) if nothing was held back.
  type: dict
  returned: when the instances could be read
  contains:
    window:
      description: The entry of O(not_between) that it is about.
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
      description: How many instances are to be rerun then.
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
  description: The same plan, and what it is made by, for programs.
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
      description: How many instances start at the first node whatever RV(plan_details.retry_location) is, because they had succeeded.
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
      description: Why the others are not, how many for each C(reason), the most frequent first.
      type: list
      elements: dict
      returned: always
      sample: [{reason: succeeded before, instances: 7}, {reason: in progress, instances: 1}]
    jobs:
      description:
        - What is rerun of each job, by stage. With O(order=parallel) there is one stage only.
        - C(planned_after) and C(planned_before) are the first and the last plan time in epoch milliseconds. C(run_seconds) is how long a run
          of the job takes, by the successful runs in the list, or V(null) where there is none.
      type: list
      elements: dict
      returned: always
      sample:
        - {stage: 1, job_name: daily_sales, instances: 5, planned_after: 1732601580000, planned_before: 1732605180000, run_seconds: 61.0}
    waits_for:
      description:
        - What the instances of a later stage wait for, with O(order=upstream_first), and how many instances do.
        - C(workspace_name) is an empty text where the service did not tell it.
      type: list
      elements: dict
      returned: always
      sample:
        - {stage: 2, job_name: daily_sales, workspace_id: 62fbba734e634c5087656fc3ff7adf34, workspace_name: "", instances: 3}
    expected_end:
      description: When all that is planned will probably have ended, epoch ms, or V(null) if nothing is known.
      type: int
      returned: always
      sample: 1732603200000
    expected_seconds:
      description:
        - How long the reruns will probably take, from how long successful runs of the same jobs took, five instances of a job at once, at most
          O(max_parallel), and stage by stage. V(null) where nothing is known.
        - A rerun that starts in the middle is shorter than a whole run. What waits for a free place in the service takes longer.
      type: float
      returned: always
      sample: 340.0
    expected_unknown:
      description: How many instances are not part of that, because no earlier run of their job is listed.
      type: int
      returned: always
      sample: 0
plan_id:
  description: Short id of the plan, made of the instances to rerun and of the options that say how. Pass it as O(plan_id) to allow
    exactly this plan.
  type: str
  returned: when the instances could be read
  sample: 40-9f86d081884c-2c26b46b-mwty50ol
plan_record:
  description: What the plan is made of. Pass it as O(plan_record), so that a refusal can say what changed. It is for programs; its
    instances can be recognised by it, and not read from it. A plan of more than 2000 instances is recorded without them.
  type: dict
  returned: when the instances could be read
  sample: {options: {attempts: 1, order: parallel}, instances: i2c26b46b9f86d081}
job_patterns:
  description:
    - Each pattern in O(jobs), whether it matches a job of the workspace, and otherwise C(suggestion), a sentence that names a similar job,
      or an empty text. A pattern that matches no job fails the task, except in role P(dataarts.factory.rerun#role), which fails where it
      matches none in any workspace of the play.
  type: list
  elements: dict
  returned: when the names were checked
  sample: [{pattern: "dialy_*", matches: false, suggestion: "Did you mean daily_sales?"}]
problems:
  description: What a person should know, for example names that match no job, and refusals of the service.
  type: list
  elements: str
  returned: when the instances could be read
  sample: ["Job daily_salse does not exist in workspace 62fbba734e634c5087656fc3ff7adf34. Did you mean daily_sales?"]
finished:
  description: Whether nothing is left to do.
  type: bool
  returned: when the instances could be read
  sample: true
workspace_id:
  description: The workspace. Role P(dataarts.factory.rerun#role) needs it where several of them stand behind one host.
  type: str
  returned: in role P(dataarts.factory.rerun#role)
  sample: 62fbba734e634c5087656fc3ff7adf34
others:
  description: By id, the results of other workspaces behind the same host, over which the role was looped before.
  type: dict
  returned: in role P(dataarts.factory.rerun#role), where there are any
  sample: {}
pass_state:
  description: What the next pass needs to know, for O(pass_state).
  type: dict
  returned: by a single pass
  sample: {planned: 0}
due_in:
  description: Seconds until the next pass makes sense, or V(null).
  type: float
  returned: when the instances could be read
  sample: 12.5
run_id:
  description: Id of the run, which its attempts in the journal carry. M(dataarts.factory.rerun_history_info) lists them by it.
  type: str
  returned: when the instances could be read
  sample: 5f0c6f0e8d5b4c0e9a4f3b1f2a7d9c11
purpose:
  description: The O(purpose) of the run, or an empty text.
  type: str
  returned: when the instances could be read
  sample: INC-4711 disk full
since:
  description: The time that tells runs apart, epoch milliseconds. Pass it back as O(since) to continue this run.
  type: int
  returned: when it was determined
  sample: 1732608000000
since_iso:
  description: The same in ISO 8601, UTC.
  type: str
  returned: when it was determined
  sample: "2024-11-26T08:00:00Z"
planned_after:
  description: Begin of the window of plan times that was read, epoch milliseconds.
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
  description: The opposite of a failure, for a role that reports it at its end.
  type: bool
  returned: by the task
  sample: true
recap:
  description: How many instances stand where, in the words of the progress line. V(stops), V(stop_refused) and V(moved_on) count what became of stops.
  type: dict
  returned: by the task
  sample: {failed: 2, rerun: 2, succeeded: 2, running: 0, waiting: 0, failed_again: 0, broken: 0}
recap_by_job:
  description: The same by job name, without what is 0.
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
elapsed:
  description: Seconds that the task took.
  type: float
  returned: by the task
  sample: 65.2
learned:
  description:
    - Points that the service's documentation leaves open and that accepted reruns have decided, and how soon they showed in the list.
      They are kept in the journal, and M(dataarts.factory.account_doctor) names them from then on.
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
      description: Whether it is decided. How soon reruns show is not, where lists are further apart than two seconds.
      type: bool
      returned: always
      sample: true
    setting:
      description: V(same), V(new) or seconds. V(null) if it is not decided.
      type: raw
      returned: always
      sample: same
    evidence:
      description: What shows it.
      type: str
      returned: always
      sample: an instance that was rerun keeps its instance_id
requests:
  description: Number of HTTP requests by method, repeated ones included.
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
    - What went wrong, in a form for conditions. Its C(kind) is one word.
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
  description: Whether nothing was to be sent, in check mode or by O(check_only).
  type: bool
  returned: always
  sample: false
"""

from ..module_utils._config.argument_spec import rerun_spec
from ..module_utils._runner.ansible_module import run_module
from ..module_utils._runner.rerun import rerun


def main() -> None:
    run_module(rerun_spec(), rerun, "rerun", "job instances")


if __name__ == "__main__":
    main()
