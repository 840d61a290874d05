# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a play: its numbers, also if a workspace failed as a whole, and its commands, which must work."""

from __future__ import annotations

import getpass
import json
import re
import shlex
import signal
import socket
import stat
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.support.playbook import Ansible, Outcome
from tests.support.reports import check_json, check_junit
from tests.support.scenarios import SECRET_KEY, SUPPLY_ID, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

PLAYBOOK = "dataarts.factory.rerun"
FILES = ["report.html", "report.json", "report.xml"]


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    scenario = small_night()
    supply = {"id": SUPPLY_ID, "name": "supply", "jobs": [{"name": "stock_levels", "id": 917601, "failed": 2}]}
    scenario["accounts"][0]["workspaces"].append(supply)
    with running(scenario) as handle:
        yield handle


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def hosts(service: Running, directory: Path, **more: t.Any) -> Path:
    """An inventory of two workspaces and *more* hosts."""
    quick = {"poll_interval": 1, "settle_time": 1, "journal": str(directory / "state")}
    both = {"sales": variables(service, **quick), "supply": variables(service, **quick, workspace_id=SUPPLY_ID)}
    path = directory / "hosts.yml"
    path.write_text(json.dumps(inventory(**both, **more)), encoding="utf-8")
    return path


def reruns(service: Running) -> Counter[str]:
    """Number of reruns by job, in the emulator's journal."""
    return Counter(entry["job_name"] for entry in service.journal() for dummy in entry["instances"])


def read(folder: Path, *, plans: bool = False) -> dict[str, t.Any]:
    """Check all files of the report in *folder*, with *plans* in check mode. Returns its JSON."""
    assert sorted(path.name for path in folder.iterdir()) == [*(["plans.json"] if plans else []), *FILES]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o640 for path in folder.iterdir())
    assert not any(SECRET_KEY in path.read_text(encoding="utf-8") for path in folder.iterdir())
    report: dict[str, t.Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    check_json(report)
    check_junit((folder / "report.xml").read_bytes())
    return report


def written(outcome: Outcome) -> list[str]:
    """Paths of the reports that the last lines of a run name."""
    paths = [line.result["paths"]["html"] for line in outcome.of("rerun_summary") if line.event == "ok"]
    assert all(f"Report: {path}" in outcome.stdout.splitlines() for path in paths)
    return paths


def test_a_report_leads_from_the_plan_to_the_last_instance(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Runs only commands from reports: after the plan the rerun, then what failed again, and the last one once more."""
    service.reset()
    path = hosts(service, tmp_path, other=variables(service, workspace_id="00000000000000000000000000000bad"))

    def go_on(command: str, folder: str) -> Outcome:
        """Run *command* in another folder than the first run."""
        program, *words = shlex.split(command)
        more = {"dataarts_report_path": str(tmp_path / folder), "dataarts_purpose": f"INC-4711 {folder}"}
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        return ansible.run(program, *words, "-e", json.dumps(more), cwd=tmp_path / "elsewhere")

    words = ("--check", "--limit", "sales,supply")  # the third is left out
    checked = ansible.playbook(PLAYBOOK, "-i", path, *words, variables={"dataarts_report_path": "plan"}).succeeded()
    plan = read(tmp_path / "plan", plans=True)
    assert written(checked) == [f"{tmp_path / 'plan' / 'report.html'}"]
    assert (plan["check_mode"], plan["totals"]["to_rerun"], plan["next_step"]["instances"]) == (True, 8, 8)
    assert not service.journal()
    plans = json.loads((tmp_path / "plan" / "plans.json").read_text(encoding="utf-8"))["dataarts_plans"]
    assert all(kept["plan_record"]["instances"] for kept in plans.values()), "from which a refusal says what has changed"

    rerun = go_on(plan["next_step"]["command"], "night").ended(2)
    report = read(tmp_path / "night")
    assert reruns(service) == {"daily_sales": 3, "hourly_stock": 2, "weekly_report": 1, "stock_levels": 2}
    (statistics,) = [line.result["ansible_stats"]["data"]["dataarts_summary"] for line in rerun.of("rerun_summary")]
    assert {name: report["totals"][name] for name in statistics["totals"]} == statistics["totals"]
    assert {workspace["host"]: workspace["counts"] for workspace in report["workspaces"]} == statistics["workspaces"]
    assert report["headline"] == "1 of 8 instances is still broken"
    sales, supply = report["workspaces"]
    assert (sales["state"], supply["state"], sales["workspace_id"]) == ("broken", "succeeded", WORKSPACE_ID)
    assert sales["instances"][0]["job_name"] == "weekly_report"
    for instance in (instance for instance in [*sales["instances"], *supply["instances"]] if instance["rerun"]):
        assert instance["start_time_before"] < instance["end_time_before"] < report["written_at"]
        assert instance["end_time_before"] < instance["sent_time"]
        assert instance["end_time_before"] < instance["start_time"] < instance["end_time"]

    (way,) = sales["next_steps"]
    assert (way["standing"], way["instances"], way["limit"], supply["next_steps"]) == ("failed_again", 1, "sales", [])
    go_on(way["command"], "last").succeeded()
    assert reruns(service)["weekly_report"] == 2
    last = read(tmp_path / "last")
    assert last["headline"] == "The instance succeeded"
    assert (last["workspaces"][0]["purpose"], "  purpose: INC-4711 last" in last["workspaces"][0]["plan"]) == ("INC-4711 last", True)
    assert {text for instance in sales["instances"] for text in instance["history"]} == set()
    ((earlier,),) = [instance["history"] for instance in last["workspaces"][0]["instances"]]
    assert (earlier["sent_time"], earlier["purpose"]) == (sales["instances"][0]["sent_time"], "INC-4711 night")
    assert (earlier["user"], earlier["controller"]) == (getpass.getuser(), socket.gethostname())
    assert f"rerun once before: {earlier['sent_time_iso']} " in (tmp_path / "last" / "report.html").read_text(encoding="utf-8")
    go_on(way["command"], "last").succeeded()
    assert reruns(service) == {"daily_sales": 3, "hourly_stock": 2, "weekly_report": 2, "stock_levels": 2}


@pytest.fixture
def slow() -> Iterator[Running]:
    """A service whose reruns take long enough to kill a run meanwhile."""
    with running(small_night(run_seconds=300, switches={"clock_skew_seconds": 0})) as handle:
        yield handle


@pytest.mark.long
def test_a_run_that_was_killed_leaves_no_report_and_the_next_one_is_of_both(slow: Running, ansible: Ansible, tmp_path: Path) -> None:
    given = {"dataarts_since": slow.now_ms(), "dataarts_report_path": "night"}
    words = (PLAYBOOK, "-i", hosts(slow, tmp_path), "--limit", "sales", "-e", json.dumps(given))
    killed = ansible.start("ansible-playbook", *words, cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(reruns(slow)) < 3:
        assert time.monotonic() < deadline, killed.text()
        assert killed.process.poll() is None, killed.text()
        time.sleep(0.05)
    killed.send(signal.SIGKILL)
    killed.process.wait()
    assert not (tmp_path / "night").exists()
    ansible.run("ansible-playbook", *words, cwd=tmp_path).ended(2)
    report = read(tmp_path / "night")
    assert reruns(slow) == {"daily_sales": 3, "hourly_stock": 2, "weekly_report": 1}
    assert report["headline"] == "1 of 6 instances is still broken"
    assert report["totals"]["adopted"] > 0
    assert report["totals"]["adopted"] + report["totals"]["rerun"] == 6
    for instance in report["workspaces"][0]["instances"]:
        assert instance["end_time_before"] < instance["sent_time"] < report["written_at"]


@pytest.mark.long
def test_what_failed_as_a_whole_is_in_it(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset()
    troubled = {
        "wrong_key": variables(service, secret_key="wrong", max_retries=0),
        "no_workspace": variables(service, workspace_id=None),
        "far_away": {**variables(service), "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
    }
    path = hosts(service, tmp_path, **troubled)
    ansible.playbook(PLAYBOOK, "-i", path, variables={"dataarts_report_path": "night", "dataarts_jobs": ["stock*", "daily*"]}).ended(2)
    report = read(tmp_path / "night")
    states = {workspace["host"]: workspace["state"] for workspace in report["workspaces"]}
    assert states == {
        "sales": "succeeded",
        "supply": "succeeded",
        "wrong_key": "no_result",
        "no_workspace": "no_result",
        "far_away": "no_result",
    }
    messages = {workspace["host"]: workspace["msg"] for workspace in report["workspaces"]}
    assert ".0301" in messages["wrong_key"]
    assert "dataarts_workspace_id is not set" in messages["no_workspace"]
    assert messages["far_away"]
    assert report["headline"] == "3 workspaces could not be worked on; elsewhere all 5 instances succeeded"
    assert not report["succeeded"]


@pytest.mark.long
def test_a_folder_that_cannot_be_written_loses_nothing(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset()
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    path = hosts(service, tmp_path)
    outcome = ansible.playbook(PLAYBOOK, "-i", path, "--limit", "sales", variables={"dataarts_report_path": "file/night"}).ended(2)
    messages = [line.result["msg"] for line in outcome.results if line.event == "failed"]
    assert re.search(r"^sales +weekly_report +1 failed again ", outcome.stdout, re.MULTILINE)
    assert any(msg.startswith(f"Failed to write the report to {tmp_path / 'file' / 'night'}: Not a directory") for msg in messages)
    assert max(map(len, outcome.stdout.splitlines())) < 800, "nothing but the message"
    assert "Traceback" not in outcome.output
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


@pytest.mark.long
def test_the_role_writes_it_by_itself(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """In the user's own play, once for all hosts, even if one of them fails."""
    service.reset()
    path = hosts(service, tmp_path)
    play = {"hosts": "all", "gather_facts": False, "roles": ["dataarts.factory.rerun"]}
    outcome = ansible.written_playbook([play], "-i", path, variables={"dataarts_report_path": "night"}).ended(2)
    assert len(written(outcome)) == 1
    report = read(tmp_path / "night")
    assert [workspace["state"] for workspace in report["workspaces"]] == ["broken", "succeeded"]
    assert report["run"]["playbook"].endswith(".yml")
