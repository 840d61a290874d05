# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standings: the words in which the module says where an instance stands, in the order and the wording of reports. Pure."""

from __future__ import annotations

from .._task.counts import MISSED
from .._task.passes import IN_PROGRESS

#: All of them, worst first; those that nothing was to be done about come last.
STANDINGS = (*MISSED, "to_rerun", *IN_PROGRESS, "succeeded", "other", "already_done")
#: Nothing was to be done, so nothing is reported.
DONE_BEFORE = frozenset({"already_done"})
WORDS = {
    **MISSED,
    "stopped": "stopped, and not rerun",
    "to_rerun": "to be rerun",
    "waiting": "still waiting",
    "running": "still running",
    "skipped": "skipped, an upstream instance is broken",
    "other": "left alone",
}
