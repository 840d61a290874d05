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
      - The service starts at the first node anyway if the number or the names of the nodes have changed, or if the instance had succeeded.
    type: str
    choices: [errorNode, firstNode, specifiedNode]
    default: errorNode
  node_name:
    description:
      - Name of the node to start at.
      - Required with O(retry_location=specifiedNode). Refused otherwise, because it would have no effect.
      - Before anything is sent the nodes of each job that is to be rerun are read, with one request for each job. Nothing is sent if no job
        has the node; where only some have it, the instances of the others are reported as not rerunnable. Where the nodes cannot be read,
        because only the older API generation names them, the service judges, and a message says so.
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
      - The time that tells runs apart. An instance that was started at or after it has had its rerun, whoever started it, and is not rerun again.
      - Set it to the scheduled time of the play, or to the time from which on a rerun can succeed. A play that is repeated, or interrupted
        and started again, then reruns each instance once. The failures must be earlier than this time.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time before now such as V(-2h). Relative times move with every
        run, so they do not tell runs apart.
      - If not set, it is the time of the module's first request, by the clock of the service.
    type: str
  settle_time:
    description:
      - Seconds for which the service may continue to show an instance as it was although it accepted a rerun of it.
      - Within that time an instance for which a rerun was sent, whatever its outcome, is only read and never sent again.
    type: int
    default: 60
  not_between:
    description:
      - Quiet hours, in which nothing is sent, such as V(22:00-06:00 Europe/Berlin). When they begin and end by the clock on the wall there,
        every day, and the name of the time zone; V(UTC) and an offset such as V(+08:00) do too. Times may have seconds.
      - Several are a list. An entry may also be a mapping with C(begin), C(end) and C(zone); quote its times. Windows that touch or overlap are
        one.
      - What runs is watched. RV(dataarts.factory.job_rerun#module:quiet_hours) says what was not sent, why, and when it may be sent; the task
        fails then. Only if M(dataarts.factory.job_rerun) waits anyway and the quiet hours end within its
        O(dataarts.factory.job_rerun#module:wait_timeout), it sends when they are over.
      - The clock is the service's. Nothing is sent in the two seconds before either. The machine that runs the module needs a database of time
        zones, its own or Python's package C(tzdata), unless zones are V(UTC) or offsets.
      - On the days on which clocks are changed, a time that the day does not have is the moment of the change; of a time that it has twice, a
        window begins at the first and ends at the second.
    type: list
    elements: str
  purpose:
    description:
      - Incident name or ticket. It is recorded with every attempt, and shown in the plan, the report and the history.
    type: str
  clock_slack:
    description:
      - Seconds by which the clock that stamps the start of instances may be behind the one that O(since) was taken from.
      - It only counts where O(since) is set and the journal is younger, so that nothing else tells whether an instance was rerun since then. A
        start up to so many seconds before O(since) counts as after it then, and the plan says so.
    type: int
    default: 10
  check_only:
    description:
      - Whether everything is read and decided but nothing is sent, as in check mode. Use it where the answer is in a variable, for example
        from a survey.
      - With V(false), check mode decides. The keyword C(check_mode) of a task takes a variable too, but it replaces the setting of the play or
        the role around the task, and so could send reruns that were only to be planned.
    type: bool
    default: false
"""
