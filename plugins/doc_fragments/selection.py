# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that select job instances."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  jobs:
    description:
      - Names of jobs, or shell-style patterns of names with V(*), V(?) and V([abc]). They are case-sensitive and match the whole name.
      - An instance is selected if any of them matches the name of its job. V(*) selects every job of the workspace.
      - An empty list is refused, because it usually comes from a mistake in a variable.
    type: list
    elements: str
    default: ["*"]
  planned_after:
    description:
      - Only instances whose plan time is at or after this time.
      - ISO 8601 with a time zone such as V(2026-11-23T03:00:00+08:00), epoch milliseconds of 13 digits, or a time before now
        such as V(-24h), V(-7d) or V(-90m). A time without a zone is refused, not guessed. The service's clock counts.
    type: str
    default: "-24h"
  planned_before:
    description:
      - Only instances whose plan time is at or before this time, in the same forms as O(planned_after).
      - If not set, it is the current time by the clock of the service.
    type: str
  instance_types:
    description:
      - Only instances of these types. If not set, instances of every type are selected.
      - V(normal) is scheduled, V(manual) was started by hand on a manually scheduled job, V(patch_data) belongs to a PatchData run,
        V(sub_job) to a node of a real-time or parent job, and V(once) to a job that runs once.
    type: list
    elements: str
    choices: [normal, manual, patch_data, sub_job, once]
"""
