# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook doctor as users run it: its output fits the terminal, and its exit status says whether everything is ready."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import width
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.checkup import checkup_lines
from tests.support.playbook import Ansible, Outcome
from tests.support.scenarios import ACCESS_KEY, FREE, SECRET_KEY, SUPPLY_ID, USER_PASSWORD, two_workspaces
from tests.support.workspace import inventory, variables

PLAYBOOK = "dataarts.factory.doctor"


def doctor(service: t.Any, folder: Path, *arguments: str, **workspaces: dict[str, t.Any]) -> Outcome:
    service.reset(two_workspaces(switches=FREE))
    hosts = folder / "hosts.yml"
    hosts.write_text(
        json.dumps(inventory(**{name: variables(service, **changes) for name, changes in workspaces.items()})), encoding="utf-8"
    )
    return Ansible(folder).playbook(PLAYBOOK, "-i", hosts, *arguments)


def ours(outcome: Outcome) -> list[str]:
    """Lines of the checkups, without those of Ansible."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", outcome.stdout).partition("TASK [Check the workspace]")[2].partition("\nPLAY")[0]
    return [line for line in text.splitlines()[1:] if not line.startswith(("ok: ", "<"))]


@pytest.fixture(scope="module")
def ready(emulated: t.Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """A play for a working workspace that writes a recording, and its folder."""
    place = tmp_path_factory.mktemp("ready")
    outcome = doctor(emulated, place, "-e", "dataarts_probe_retry=true", "-e", "dataarts_report_path=account.json", sales={}).succeeded()
    assert emulated.journal() == []
    return outcome, place


def test_a_workspace_that_is_ready(ready: tuple[Outcome, Path]) -> None:
    outcome, _place = ready
    lines = ours(outcome)
    assert lines[0] == "sales:"
    assert "sales: Ready." in lines
    assert any(re.search("right to rerun   the rerun of v[12] is open", line) for line in lines)
    assert any("dataarts_access_key and" in line for line in lines)
    assert [line for line in lines if width(line) > 80 and len(line.split()) > 5] == []


def test_of_several_workspaces_the_one_that_is_not_ready_fails(service: t.Any, tmp_path: Path) -> None:
    workspaces: dict[str, dict[str, t.Any]] = {f"sales_{number}": {} for number in range(3)}
    outcome = doctor(service, tmp_path, "--check", **workspaces, supply={"workspace_id": f"{SUPPLY_ID[:-1]}5"})
    outcome.ended(2)
    assert [outcome.recap(name)["failures"] for name in (*workspaces, "supply")] == [0, 0, 0, 1]
    lines = ours(outcome)
    assert any(line.startswith(f"supply: Not ready. First: {SUPPLY_ID[:-1]}5 is not a") for line in lines)
    assert " ".join(lines).count(f"{SUPPLY_ID[:-1]}5 is not a") == 1, "a single problem is told once"
    measured = {result.host for result in outcome.of("account_doctor") if "assumptions" in result.result}
    assert measured == {"sales_0"}, "one of the workspaces of an account is enough"
    assert "skipping: [" not in outcome.stdout, "a row for each workspace that says nothing"


@pytest.mark.long
def test_no_secret_is_shown(service: t.Any, tmp_path: Path) -> None:
    by_user = {"access_key": None, "secret_key": None, "user_name": "night-operator", "user_password": USER_PASSWORD, "domain_name": "acme"}
    outcome = doctor(service, tmp_path, "-vvvv", keys={}, user=by_user, wrong={"secret_key": "another-secret-key-0123456789abcdef0123"})
    outcome.ended(2)
    shown = outcome.output + json.dumps([result.result for result in outcome.of("account_doctor")])
    assert [secret for secret in (ACCESS_KEY, SECRET_KEY, USER_PASSWORD, "another-secret-key") if secret in shown] == []
    assert "open points of the service's documentation are decided" in outcome.stdout


def test_lines_of_wide_characters() -> None:
    check = {"check": "workspace", "state": "problem", "text": "工作空间" * 4 + " " + "工作空间" * 12, "remedy": "Set workspace_id."}
    lines = checkup_lines("销售", {"checks": [check], "first_step": "Not ready.", "ready": False}, few=True)
    assert lines[0].text == "销售:"
    assert lines[-1] == ("销售: Not ready.", "bad")
    assert lines[1].text.startswith("  problem    workspace        工作空间")
    assert [line for line in lines[1].text.splitlines() if width(line) > 80 and len(line.split()) > 3] == []


@pytest.mark.long
def test_recordings_of_several_workspaces(service: t.Any, tmp_path: Path) -> None:
    arguments = ("--check", "-e", "dataarts_report_path=recordings")
    outcome = doctor(service, tmp_path, *arguments, sales={}, supply={"workspace_id": SUPPLY_ID}).succeeded()
    files = sorted((tmp_path / "recordings").iterdir())
    assert [path.name for path in files] == ["recording-1.json", "recording-2.json"]
    for path, host in zip(files, ("sales", "supply"), strict=True):
        text = path.read_text(encoding="utf-8")
        assert [original for original in (ACCESS_KEY, SECRET_KEY, SUPPLY_ID, "daily_sales", "stock_levels") if original in text] == []
        assert f"{host}: the recording is " in " ".join(ours(outcome))


def test_the_file_of_a_recording(ready: tuple[Outcome, Path]) -> None:
    outcome, place = ready
    assert json.loads((place / "account.json").read_text(encoding="utf-8"))["format"] == "dataarts.factory recording"
    assert outcome.of("account_doctor")[0].result["report_path"] == str(place / "account.json")
