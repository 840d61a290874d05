# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A night that AWX divides into slices: plays of the same second in containers without a common home, some of whose workspaces are the same."""

from __future__ import annotations

import json
import typing as t
from collections import Counter
from pathlib import Path

import pytest

from emulator.running import running
from tests.support.playbook import Ansible, Outcome
from tests.support.postgresql import PASSWORD, postgres_server
from tests.support.scenarios import SUPPLY_ID, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

pytestmark = pytest.mark.long

PLACES = {"sales": WORKSPACE_ID, "supply": SUPPLY_ID, "third": "3" * 32}
#: The hosts of each slice; sales is in both.
SLICES = ("sales,supply", "sales,third")


def night() -> dict[str, t.Any]:
    """Three workspaces whose reruns show late."""
    workspaces = [
        {"id": place, "name": name, "jobs": [{"name": f"{name}_{number}", "failed": 2, "run_seconds": 30} for number in range(3)]}
        for name, place in PLACES.items()
    ]
    switches = {"flow_control": False, "rerun_visible_after": 60, "retry_of_active": "accept"}
    return small_night(workspaces=workspaces, speed=60, switches=switches)


def data_of(outcome: Outcome) -> dict[str, t.Any]:
    """What the play published for artifacts."""
    (line,) = outcome.of("rerun_summary")
    return t.cast("dict[str, t.Any]", line.result["ansible_stats"]["data"])


@pytest.mark.parametrize("given", ["plans", "since", "nothing"])
def test_slices_of_the_same_second_rerun_each_instance_once(tmp_path: Path, given: str) -> None:
    with running(night()) as service, postgres_server() as server:
        shared = {"poll_interval": 1, "settle_time": 3, "journal": server.uri(server.database()), "journal_password": PASSWORD}
        hosts = tmp_path / "hosts.yml"
        places = {name: variables(service, workspace_id=place, **shared) for name, place in PLACES.items()}
        hosts.write_text(json.dumps(inventory(**places)), encoding="utf-8")
        options = ("dataarts.factory.rerun", "-i", hosts)
        for name in ("plan", *SLICES):
            (tmp_path / name).mkdir()
        extra: dict[str, t.Any] = {"since": {"dataarts_since": str(service.now_ms())}, "nothing": {}}.get(given, {})
        if given == "plans":
            checked = Ansible(tmp_path / "plan").playbook(*options, "--check").succeeded()
            extra = {"dataarts_plans": data_of(checked)["dataarts_plans"]}
        plays = [
            Ansible(tmp_path / limit).start("ansible-playbook", *options, "--limit", limit, "-e", json.dumps(extra)) for limit in SLICES
        ]
        outcomes = [play.wait().succeeded() for play in plays]
        counts = Counter((entry["job_name"], moment["plan_time"]) for entry in service.journal() for moment in entry["instances"])
        assert sorted(counts.values()) == [1] * 18
        for outcome in outcomes:
            summary = data_of(outcome)["dataarts_summary"]
            assert (summary["totals"]["succeeded"], summary["no_result"]) == (12, [])
            assert PASSWORD not in outcome.output
