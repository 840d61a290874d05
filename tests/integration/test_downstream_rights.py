# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downstream instances in a workspace in which the user has fewer rights: what is sent, and which workspace the messages name."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.journaled import module_options
from tests.support.logic import passes
from tests.support.scenarios import BOTH, FREE, WORKSPACE_ID, small_night

OTHER = "f" * 32


def night(role: str) -> dict[str, t.Any]:
    """A failed job; a self-dependent job that depends on it; and one that depends on it in another workspace, for which the user has *role*."""
    more = {"failed": 0, "succeeded": 2, "run_seconds": 1}
    here = [
        {"name": "top", "failed": 1, "succeeded": 1, "run_seconds": 1},
        {"name": "below", "depends_on": ["top"], "self_dependent": True, **more},
    ]
    there = [{"name": "elsewhere", "depends_on": [{"workspace": WORKSPACE_ID, "job": "top"}], **more}]
    workspaces = [{"id": WORKSPACE_ID, "name": "sales", "jobs": here}, {"id": OTHER, "name": "other", "jobs": there}]
    made = small_night(workspaces=workspaces, switches={**BOTH, **FREE, "depend_open": True}, speed=60)
    for user in made["accounts"][0]["users"]:
        user.update(role="none", roles={WORKSPACE_ID: "operator", OTHER: role})
    return made


@pytest.mark.parametrize(
    ("role", "jobs", "said"),
    [
        ("operator", {"top", "below", "elsewhere"}, ""),
        (
            "viewer",
            {"top"},
            f"The rerun was for workspace {OTHER}, where an instance depends on what is rerun. Assign the user a role there",
        ),
        (
            "none",
            {"top", "below"},
            f"The instances of job elsewhere in workspace {OTHER}, which depends on what is rerun, could not be listed",
        ),
    ],
)
def test_the_workspace_that_lacks_a_right_is_named(service: Running, tmp_path: Path, role: str, jobs: set[str], said: str) -> None:
    service.reset(night(role))
    result = passes(module_options(service, tmp_path / "journal", planned_after="-2d", downstream="stale"))[-1]
    rerun = {entry["job_name"] for entry in service.journal()}
    assert jobs <= rerun
    assert ("elsewhere" in rerun) is (role == "operator")
    assert result["failed"] is bool(said)
    assert said in " ".join([result.get("msg") or "", *result["problems"]])
