# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts about open points of the service's documentation. What decides each point is tested by tests/contract/test_doctor_on_every_switch.py."""

from __future__ import annotations

from ansible_collections.dataarts.factory.plugins.module_utils._models.evidence import Entry, Evidence
from ansible_collections.dataarts.factory.plugins.module_utils._planner.assumptions import measure


def test_what_the_service_says_is_quoted_without_control_characters_and_not_at_length() -> None:
    evidence = Evidence(lists=[[Entry("job", "1", "2", "nul\x00 and \x1b[31m" + "x" * 10_000, 0)]])
    (status_words,) = [assumption for assumption in measure(evidence) if assumption.name == "status_words"]
    assert (status_words.decided, status_words.setting) == (True, "others")
    assert status_words.evidence.startswith("a list has the status nul\\x00 and \\x1b[31m")
    assert len(status_words.evidence) <= 310
