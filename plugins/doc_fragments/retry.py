# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for how the service reruns instances, and for what keeps a rerun from being sent twice."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  retry_location:
    description:
      - Where a rerun starts. V(errorNode) is the node that failed, V(firstNode) is the first node, V(specifiedNode) is the node in O(node_name).
      - The service always starts at the first node if the number or the names of the nodes have changed, or if the instance had succeeded.
    type: str
    choices: [errorNode, firstNode, specifiedNode]
    default: errorNode
  node_name:
    description:
      - Name of the node to start at.
      - Required with O(retry_location=specifiedNode), and refused otherwise, because it would have no effect.
      - Before anything is sent, the nodes of each job that is to be rerun are read, with one request for each job. If no job has the node,
        nothing is sent. If only some jobs have it, the instances of the other jobs are reported as not rerunnable. If the nodes cannot be
        read, because only the older API generation shows them, the service decides, and a message says so.
    type: str
  retry_task_version:
    description:
      - Which parameters of the job a rerun uses. V(original_version) are those that the instance ran with, V(current_version) are those submitted last.
    type: str
    choices: [original_version, current_version]
    default: original_version
  ignore_obs_monitor:
    description:
      - Whether a rerun ignores the job's monitoring of OBS paths.
    type: bool
    default: true
  since:
    description:
      - The time that separates one run from another. An instance that was started at or after this time counts as rerun, whoever started it, and is not
        rerun again.
      - Set it to the scheduled time of the play, or to the time from which a rerun can succeed. A play that is repeated, or interrupted and
        started again, then reruns each instance once. The failures must be earlier than this time.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time before now such as V(-2h). A relative time is different in
        every run, so it cannot connect a repeated run to the first one.
      - If not set, it is the time of the module's first request, by the clock of the service.
    type: str
  settle_time:
    description:
      - Seconds for which the service may still show an instance unchanged after it has accepted a rerun.
      - Within that time an instance for which a rerun was sent, whatever its outcome, is only read and never sent again.
    type: int
    default: 60
  not_between:
    description:
      - Quiet hours, in which nothing is sent, such as V(22:00-06:00 Europe/Berlin). An entry has the local times at which they begin and
        end every day, and the time zone, which may also be V(UTC) or an offset such as V(+08:00). Times may have seconds.
      - Use a list for several windows. An entry may also be a mapping with C(begin), C(end) and C(zone); quote its times. Windows that
        touch or overlap are merged.
      - Running instances are still watched. If something was not sent, the task fails, and
        RV(dataarts.factory.job_rerun#module:quiet_hours) says what was not sent, why, and when it may be sent.
        M(dataarts.factory.job_rerun) with O(dataarts.factory.job_rerun#module:wait) does not fail if the quiet hours end within its
        O(dataarts.factory.job_rerun#module:wait_timeout). It waits, and sends when they are over.
      - The service's clock counts. Sending stops two seconds before the quiet hours begin. Unless all zones are V(UTC) or offsets, the
        machine that runs the module needs a time zone database, either its own or the Python package C(tzdata).
      - On days on which the clocks change, a time that does not exist means the moment of the change. If a time occurs twice, a window
        begins at the first occurrence and ends at the second.
    type: list
    elements: str
  purpose:
    description:
      - Incident name or ticket. It is recorded with every attempt, and shown in the plan, the report and the history.
    type: str
  clock_slack:
    description:
      - Seconds by which the clock of the scheduler, which sets the start times of instances, may be behind the clock from which O(since)
        was taken.
      - It only matters if O(since) is set and the journal is younger, because then only the start time shows whether an instance was rerun.
        In this case, a start up to this many seconds before O(since) counts as after it, and the plan says so.
    type: int
    default: 10
  check_only:
    description:
      - Whether everything is read and decided but nothing is sent, as in check mode. Use it if a variable decides this, for example from a
        survey.
      - With V(false), check mode decides. The keyword C(check_mode) of a task can use a variable too, but it overrides check mode of the
        play or role, and so could send reruns that should only have been planned.
    type: bool
    default: false
  pass_state:
    description:
      - What a task hands on to its own further passes and tries. Do not set it.
    type: dict
"""
