# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of modules that send other requests than reruns."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  settle_time:
    description:
      - Seconds for which the service may still show the state before a request that it has accepted.
      - If an answer is lost, the module checks for this time whether the request took effect.
    type: int
    default: 60
  purpose:
    description:
      - Incident name or ticket. It is recorded in the journal with what is sent.
    type: str
  check_only:
    description:
      - Whether everything is read and decided but nothing is sent, as in check mode. Use it if a variable decides this, for example from a
        survey.
      - With V(false), check mode decides.
    type: bool
    default: false
"""
