# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say how the service reruns instances, and how long this machine remembers what it sent."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  retry_location:
    description:
      - Where a rerun starts. V(errorNode) is the node that failed, V(firstNode) the first one, V(specifiedNode) the one in O(node_name).
      - The service starts at the first node anyway if the number or the names of the nodes have changed since, or if the instance had succeeded.
    type: str
    choices: [errorNode, firstNode, specifiedNode]
    default: errorNode
  node_name:
    description:
      - Name of the node to start at.
      - Required with O(retry_location=specifiedNode), and refused otherwise, because it would have no effect.
    type: str
  retry_task_version:
    description:
      - Which parameters of the job a rerun uses. V(original_version) are those the instance ran with, V(current_version) the latest submitted ones.
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
      - The time that tells runs apart. An instance that was started at or after it has had its rerun, whoever started it, and is not sent again.
      - Give the scheduled time of the play, or the time from which on a rerun could succeed, so that a play that is repeated, or was
        interrupted and is started again, reruns each instance once. The failures have to lie before it.
      - ISO 8601 with a time zone, epoch milliseconds of 13 digits, or a time before now such as V(-2h). Relative times move with every
        run, so they do not tell runs apart.
      - If not set, it is the time by the clock of the service at which the module makes its first read.
    type: str
  settle_time:
    description:
      - Seconds for which the service may go on showing an instance as it was although a rerun of it has been accepted.
      - Inside that time an instance for which a rerun was sent, with whatever outcome, is read again and never sent again.
    type: int
    default: 60
  state_path:
    description:
      - Directory for the record of the reruns that this machine has sent. It is what keeps an interrupted play, or two plays at
        once, from sending a rerun twice while the service does not show it yet.
      - It is locked while reruns are sent, and must be on a file system that supports locks.
      - C($XDG_STATE_HOME/dataarts.factory) or C(~/.local/state/dataarts.factory) if not set.
    type: path
  check_only:
    description:
      - Whether everything is read and decided and nothing is sent, as in check mode. It is for answers that come as a variable, from a survey
        for example.
      - V(false) leaves it to check mode. The keyword C(check_mode) of a task takes a variable too, but replaces what the play or the role around
        the task said, and so could send what was only to be looked at.
    type: bool
    default: false
"""
