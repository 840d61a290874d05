# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read-only playbooks: what failed, and who did what. They need only the inventory."""

from __future__ import annotations

import json
import shlex
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.modules import overview
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import shortened, width
from emulator.running import Running, running
from tests.support.documented import check_documented
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import Ansible, Outcome
from tests.support.scenarios import BOTH, FREE, SUPPLY_ID, WORKSPACE_ID, small_night, two_workspaces
from tests.support.workspace import inventory, variables


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(two_workspaces(switches={**FREE, **BOTH})) as emulated:
        yield emulated


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def hosts(service: Running, tmp_path: Path, **changes: t.Any) -> Path:
    """An inventory that also selects what to rerun, with an option of the role that no module here has."""
    shared = {"jobs": ["weekly_*"], "statuses": ["manual-stop"], "max_instances": 1, "journal": str(tmp_path / "journal.db"), **changes}
    data = inventory(sales=variables(service, **shared), supply=variables(service, workspace_id=SUPPLY_ID, **shared))
    path = tmp_path / "hosts.yml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def shown(outcome: Outcome) -> list[str]:
    """Lines of the table."""
    (line,) = outcome.of("overview")
    return t.cast("list[str]", line.result["lines"])


def check(result: dict[str, t.Any]) -> None:
    """Check that all return values are documented."""
    ansibles = {"changed", "failed", "_ansible_verbose_override", "_ansible_no_log"}
    check_documented({name: value for name, value in result.items() if name not in ansibles}, yaml.safe_load(overview.RETURN), "overview")


def test_what_failed_everywhere_in_one_table(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    outcome = ansible.playbook("dataarts.factory.failed", "-i", hosts(service, tmp_path)).succeeded()
    lines = shown(outcome)
    assert lines[0].startswith("8 instances of 4 jobs failed in 2 of 2 workspaces, planned ")
    rows = [line.split() for line in lines if line.startswith(("sales", "supply"))]
    assert [row[:3] for row in rows] == [
        ["sales", "daily_sales", "3"],
        ["sales", "hourly_stock", "2"],
        ["sales", "weekly_report", "1"],
        ["supply", "stock_levels", "2"],
    ]
    assert all(line in outcome.stdout.splitlines() for line in lines), "as it stands, not as JSON"
    assert all(width(line) <= 80 for line in lines)
    (line,) = outcome.of("overview")
    assert {row["host"]: row["instances"] for row in line.result["rows"] if row["job_name"] != "daily_sales"} == {"sales": 1, "supply": 2}
    check(line.result)
    assert service.journal() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "first"),
    whole_plays_of(
        [
            ({"dataarts_jobs": ["daily_*"], "dataarts_statuses": ["success"]}, "2 instances of 1 job failed in 1 of 1 workspace"),
            ({"dataarts_planned_after": "-2m"}, "Nothing failed in 1 workspace"),
        ]
    ),
)
def test_options_narrow_it(service: Running, ansible: Ansible, tmp_path: Path, given: dict[str, t.Any], first: str) -> None:
    path = hosts(service, tmp_path)
    outcome = ansible.playbook("dataarts.factory.failed", "-i", path, "--limit", "sales", variables=given).succeeded()
    assert shown(outcome)[0].startswith(first)


def test_a_name_is_judged_over_all_workspaces(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """A name that some workspaces do not have is a line, one that none has fails the play. Failures of the other jobs are still shown."""
    path = hosts(service, tmp_path)
    names = ["stock_levels", "daily_sales"]
    outcome = ansible.playbook("dataarts.factory.failed", "-i", path, variables={"dataarts_jobs": names}).succeeded()
    rows = [line.split()[:3] for line in shown(outcome) if line.startswith(("sales", "supply"))]
    assert rows == [["sales", "daily_sales", "3"], ["supply", "stock_levels", "2"]]
    assert "Jobs that only some workspaces have: stock_levels in 1 of 2, daily_sales in 1 of 2." in " ".join(
        " ".join(shown(outcome)).split()
    )
    both = {"dataarts_jobs": [*names, "stokc_*"], "dataarts_find_missing": True}
    outcome = ansible.playbook("dataarts.factory.failed", "-i", path, variables=both).ended(2)
    assert "No job of any workspace matches stokc_*. Did you mean stock_levels?" in outcome.stdout.splitlines()
    assert [line.split()[:3] for line in outcome.stdout.splitlines() if line.startswith(("sales  ", "supply  "))][:2] == rows
    assert "could not be asked" not in outcome.stdout


def test_a_workspace_that_cannot_be_asked_is_an_error_after_the_others_were_shown(
    service: Running, ansible: Ansible, tmp_path: Path
) -> None:
    path = hosts(service, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["all"]["hosts"]["finance"] = {**data["all"]["hosts"]["sales"], "dataarts_workspace_id": "nosuchworkspace"}
    data["all"]["hosts"]["away"] = {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
        "dataarts_workspace_id": "w",
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.failed", "-i", path).ended(2)
    lines = outcome.stdout.splitlines()
    assert any(line.startswith("8 instances of 4 jobs failed in 2 of 2 workspaces") for line in lines)
    assert "2 workspaces could not be asked:" in lines
    (failed,) = [line for line in outcome.of("overview") if line.event == "failed"]
    assert failed.result["msg"] == "2 of 4 workspaces could not be asked: finance, away. The lines above say why."
    why = "finance: Failed to list job instances of workspace nosuchworkspace: DLF."
    assert " ".join(outcome.stdout.split()).count(why) == 1, "it is told once"
    assert "unanswered" not in failed.result
    assert "Traceback" not in outcome.output


@pytest.mark.long
@pytest.mark.parametrize("playbook", whole_plays(["failed", "history"]))
def test_without_an_inventory_it_says_so_and_fails(ansible: Ansible, playbook: str) -> None:
    outcome = ansible.playbook(f"dataarts.factory.{playbook}", "-i", "/nonexistent").ended(2)
    assert "1 workspace could not be asked:" in outcome.stdout
    assert "dataarts_workspace_id" in outcome.stdout
    assert [outcome.output.count(text) for text in ("fatal:", "Origin:", "error was", "<<<")] == [1, 0, 0, 0], "nothing around it"


def test_who_did_what_when_and_why(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset(two_workspaces(switches={**FREE, **BOTH}))
    path = hosts(
        service, tmp_path, jobs=["daily_sales", "stock_levels"], statuses=["fail"], max_instances=5, settle_time=1, poll_interval=1
    )
    purpose = {"dataarts_purpose": "INC-4711 disk full", "dataarts_jobs": ["daily_sales", "stock_*"]}
    ansible.playbook(
        "dataarts.factory.rerun", "-i", path, "--limit", "sales", variables={**purpose, "dataarts_jobs": ["daily_*"]}
    ).succeeded()
    outcome = ansible.playbook("dataarts.factory.history", "-i", path).succeeded()
    lines = shown(outcome)
    assert lines[0].startswith("3 attempts in 1 of 2 workspaces, the newest first.")
    # before three o'clock, the plan times are on two days, whose dates leave less room for the name
    (row,) = [line.split() for line in lines if "daily_sa" in line]
    assert (row[2], row[4], row[-1]) == ("sales", "3", "accepted")
    assert row[3] in ("daily_sales", shortened("daily_sales", len(row[3])))
    assert any(line.startswith("    INC-4711 disk full, from ") for line in lines)
    (line,) = outcome.of("overview")
    check(line.result)


@pytest.mark.long
def test_a_history_without_an_attempt_at_jobs_that_are_asked_for_says_so(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset(two_workspaces(switches={**FREE, **BOTH}))
    path = hosts(service, tmp_path, jobs=["daily_sales"], statuses=["fail"], max_instances=5, settle_time=1, poll_interval=1)

    def check_nothing(**given: t.Any) -> None:
        outcome = ansible.playbook("dataarts.factory.history", "-i", path, variables=given).succeeded()
        assert shown(outcome) == ["The journal has no starts or stops in 2 workspaces at that time."]

    check_nothing()
    ansible.playbook("dataarts.factory.rerun", "-i", path, "--limit", "sales").succeeded()
    check_nothing(dataarts_jobs=["stock_*"])


@pytest.mark.long
def test_the_command_below_the_history_ends_the_pause(ansible: Ansible, tmp_path: Path) -> None:
    planned = {"name": "planned", "status": "SCHEDULING", "cron": "0 0 3 * * ?", "instances": []}
    with running(small_night(switches={**FREE, **BOTH}, jobs=[planned])) as service:
        path = tmp_path / "hosts.yml"
        path.write_text(json.dumps(inventory(sales=variables(service))), encoding="utf-8")
        journal = ("-e", f"dataarts_journal={tmp_path / 'journal.db'}")
        pause = ("-m", "dataarts.factory.job_schedule", "-a", "state=paused jobs=planned purpose=INC-4711")
        ansible.run("ansible", "sales", "-i", path, *journal, *pause).succeeded()
        lines = ansible.playbook("dataarts.factory.history", "-i", path, *journal, "-e", "dataarts_made_after=-1m").succeeded().stdout
        assert "1 job is still paused: nothing schedules it." in lines
        command = shlex.split(lines.partition("no run needs any more:\n")[2].partition("\nok:")[0].replace("\\\n", " "))
        ansible.run(*command).succeeded()
        assert service.state()["schedules"][WORKSPACE_ID]["planned"] == "SCHEDULING"
        assert "still paused" not in ansible.playbook("dataarts.factory.history", "-i", path, *journal).succeeded().stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("playbook", "name"),
    whole_plays_of(
        [
            ("failed", "planned_after"),
            ("failed", "planned_before"),
            ("failed", "find_missing"),
            ("failed", "hosts"),
            ("history", "workspace_id"),
            ("history", "made_after"),
            ("history", "kinds"),
            ("doctor", "report_path"),
        ]
    ),
)
def test_an_option_that_cannot_be_evaluated_is_not_taken_for_its_default(
    service: Running, ansible: Ansible, tmp_path: Path, playbook: str, name: str
) -> None:
    path = hosts(service, tmp_path)
    outcome = ansible.playbook(f"dataarts.factory.{playbook}", "-i", path, "-e", f"dataarts_{name}={{{{ no_such_thing }}}}")
    assert outcome.rc != 0, outcome.output
    assert "'no_such_thing' is undefined" in outcome.output


#: Playbooks with a typo in a variable of each, and the words of the error.
SLIPS = [
    ("failed", "dataarts_planned_afer", "this playbook. Did you mean dataarts_planned_after?"),
    ("history", "dataarts_made_afer", "this playbook. Did you mean dataarts_made_after?"),
    ("doctor", "dataarts_probe_rerty", "this playbook. Did you mean dataarts_probe_retry?"),
    ("rerun_related", "dataarts_begin_tim", "this role. Did you mean dataarts_begin_time?"),
    ("repair", "dataarts_stoped_jobs", "this role. Did you mean dataarts_stopped_jobs?"),
    ("rerun_failed", "dataarts_planned_afer", "this role. Did you mean dataarts_planned_after?"),
    ("event_rerun", "dataarts_webhok_url", "this role. Did you mean dataarts_webhook_url?"),
    ("event_propose", "dataarts_webhok_url", "this role. Did you mean dataarts_webhook_url?"),
    ("event_propose_repair", "dataarts_webhok_url", "this role. Did you mean dataarts_webhook_url?"),
]


@pytest.mark.parametrize(("playbook", "slip", "words"), whole_plays_of(SLIPS))
def test_a_slip_in_the_name_of_a_variable_is_refused_by_every_playbook(
    service: Running, ansible: Ansible, tmp_path: Path, playbook: str, slip: str, words: str
) -> None:
    """Ansible ignores unknown variables: another window would be shown, or another job rerun."""
    given = {slip: "-2h", "dataarts_max_reruns_per_day": 1, "dataarts_proposal_directory": str(tmp_path)}
    requests, writes = len(service.requests()), len(service.journal())
    outcome = ansible.playbook(f"dataarts.factory.{playbook}", "-i", hosts(service, tmp_path), variables=given)
    assert outcome.rc == 2, outcome.output
    assert f"{slip} is not a variable of {words}" in " ".join(outcome.output.split())
    assert "Traceback" not in outcome.output
    assert (len(service.requests()), len(service.journal())) == (requests, writes)
