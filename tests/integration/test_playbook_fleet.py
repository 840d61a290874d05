# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays on several workspaces: approved plans, the second mode of the endpoint, and published artifacts."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._role.options import LIMITS
from emulator.running import Running, running
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import TIMEOUT, Ansible, Outcome
from tests.support.scenarios import SUPPLY_ID, V2, WORKSPACE_ID, small_night, two_workspaces
from tests.support.workspace import inventory, variables


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(two_workspaces(switches={"flow_control": False})) as handle:
        yield handle


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


@pytest.fixture
def hosts(service: Running, tmp_path: Path) -> Path:
    """An inventory of both workspaces without connection variables: the playbooks know that a workspace is not a machine."""
    service.reset(two_workspaces(switches={"flow_control": False}))
    shared = {"poll_interval": 1, "settle_time": 1, "journal": str(tmp_path / "state")}
    data = inventory(sales=variables(service, **shared), supply=variables(service, workspace_id=SUPPLY_ID, **shared))
    del data["all"]["vars"]["ansible_connection"]
    path = tmp_path / "hosts.yml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def reruns(service: Running) -> Counter[tuple[str, str]]:
    """Number of reruns by (workspace, job)."""
    return Counter((instance["workspace_id"], instance["job_name"]) for entry in service.journal() for instance in entry["instances"])


def stats(outcome: Outcome) -> dict[str, t.Any]:
    """Artifact data that the play published."""
    (line,) = outcome.of("rerun_summary")
    return t.cast("dict[str, t.Any]", line.result["ansible_stats"]["data"])


def failures(outcome: Outcome) -> dict[str, str]:
    return outcome.failures


def offered(outcome: Outcome, lead: str) -> list[str]:
    """Words of the command below *lead*."""
    return shlex.split(outcome.stdout.partition(f"{lead}\n")[2].partition("\nok:")[0].replace("\\\n", " "))


@pytest.mark.long
def test_a_pattern_that_matches_a_job_of_one_workspace_is_enough_and_one_that_matches_nowhere_fails(
    service: Running, ansible: Ansible, hosts: Path
) -> None:
    options = ("dataarts.factory.rerun", "-i", hosts, "--check")
    ansible.playbook(*options, variables={"dataarts_jobs": ["daily_*"]}).succeeded()
    outcome = ansible.playbook(*options, variables={"dataarts_jobs": ["daily_*", "stokc_*"]}).ended(2)
    (summary,) = [line.result for line in outcome.of("job_rerun") if line.event == "failed"]
    assert summary["msg"] == "A name or a pattern in jobs matches no job. See below."
    lines = outcome.stdout.splitlines()
    assert lines.count("No job of any workspace matches stokc_*. Did you mean stock_levels?") == 1
    command = next(index for index, line in enumerate(lines) if line.startswith("  ansible-playbook "))
    assert not [line for line in lines[command:] if "stokc" in line and "dataarts_jobs" not in line], "what goes on is the last"
    assert stats(outcome)["dataarts_summary"]["to_rerun"] == 3
    assert service.journal() == []


@pytest.mark.long
@pytest.mark.parametrize("playbook", whole_plays(["rerun", "repair"]))
def test_a_name_that_is_a_job_of_one_workspace_is_enough_and_a_typo_is_never_green(
    service: Running, ansible: Ansible, hosts: Path, playbook: str
) -> None:
    service.reset(two_workspaces(switches={"flow_control": False, "v1_open": True, "v2_open": True, "v2_list_open": True}))
    options = (f"dataarts.factory.{playbook}", "-i", hosts, "--check")
    outcome = ansible.playbook(*options, variables={"dataarts_jobs": ["daily_sales"]}).succeeded()
    assert stats(outcome)["dataarts_summary"]["to_rerun"] == 3
    assert outcome.stdout.splitlines().count("Jobs that only some workspaces have: daily_sales in 1 of 2.") == 1
    outcome = ansible.playbook(*options, variables={"dataarts_jobs": "daily_sales, stokc_levels"}).ended(2)
    assert outcome.stdout.splitlines().count("No job of any workspace matches stokc_levels. Did you mean stock_levels?") == 1
    alone = ansible.playbook(*options, "--limit", "supply", variables={"dataarts_jobs": ["daily_sales"]}).ended(2)
    assert "No job of any workspace matches daily_sales." in alone.stdout
    assert service.journal() == []


@pytest.mark.long
@pytest.mark.parametrize("serial", [1, "50%"])
def test_batches_of_a_play_are_judged_together(service: Running, ansible: Ansible, hosts: Path, serial: t.Any) -> None:
    options = ("dataarts.factory.rerun", "-i", hosts)
    for name, failed, expected in (("stock_levels", False, {(SUPPLY_ID, "stock_levels"): 2}), ("stokc_levels", True, {})):
        service.reset(two_workspaces(switches={"flow_control": False}))
        outcome = ansible.playbook(*options, variables={"dataarts_jobs": [name], "dataarts_serial": serial})
        assert (outcome.rc, reruns(service)) == (2 if failed else 0, expected), outcome.output


def test_plans_of_check_mode_given_back_are_all_that_is_done(service: Running, ansible: Ansible, hosts: Path) -> None:
    """A plan has its window and since, so a later run, even with other options in the inventory, is the same run."""
    checked = stats(ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--check").succeeded())
    assert not service.journal()
    assert checked["dataarts_summary"]["to_rerun"] == 8
    plans = checked["dataarts_plans"]
    assert set(plans) == {"sales", "supply"}
    assert all(set(plan) == {"plan_id", "plan_record", "planned_after", "planned_before", "since"} for plan in plans.values())

    only_sales = {"dataarts_plans": {"sales": plans["sales"]}, "dataarts_planned_after": "-1m", "dataarts_jobs": ["*"]}
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, variables=only_sales).ended(2)
    assert reruns(service) == {(WORKSPACE_ID, "daily_sales"): 3, (WORKSPACE_ID, "hourly_stock"): 2, (WORKSPACE_ID, "weekly_report"): 1}
    assert set(failures(outcome)) == {"sales", "supply"}
    assert failures(outcome)["supply"].startswith("Nothing was sent for supply: dataarts_plans, the approved plans, has no plan for it.")
    assert stats(outcome)["dataarts_summary"]["no_result"] == ["supply"]
    assert stats(outcome)["dataarts_plans"] == {"sales": plans["sales"]}, "the same plan, window and since"

    before = service.journal()
    both = {**only_sales, "dataarts_plans": plans}
    again = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "sales", variables=both).ended(2)
    assert service.journal() == before, "approved twice, done once"
    assert set(stats(again)["dataarts_plans"]) == {"sales", "supply"}, "a later step can still use the other's plan"

    service.add("stock_levels", {"plan_time": "-30m", "status": "fail"}, workspace_id=SUPPLY_ID)
    only_supply = {"dataarts_plans": {"supply": plans["supply"]}}
    refused = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "supply", variables=only_supply).ended(2)
    assert "now there are 3; 1 instance added (stock_levels planned " in failures(refused)["supply"]
    assert service.journal() == before


@pytest.mark.long
def test_check_mode_counts_another_attempt_of_the_same_run_as_to_be_rerun(service: Running, ansible: Ansible, hosts: Path) -> None:
    """AWX uses this number to decide whether an approval is needed."""
    options = ("dataarts.factory.rerun", "-i", hosts, "--limit", "sales")
    variables = {"dataarts_jobs": ["weekly_report"], "dataarts_since": service.now_ms()}
    ansible.playbook(*options, variables=variables).ended(2)
    checked = ansible.playbook(*options, "--check", variables={**variables, "dataarts_attempts": 2}).succeeded()
    assert "sales  1 of 1 to rerun  weekly_report 1" in checked.stdout
    summary = stats(checked)["dataarts_summary"]
    assert {name: number for name, number in summary["totals"].items() if number} == {"failed": 1, "to_rerun": 1, "adopted": 1}
    assert summary["to_rerun"] == 1


@pytest.mark.parametrize(
    "plans",
    whole_plays(
        [{}, {"sales": {}}, {"sales": {"plan_id": ""}}, {"sales": {"plan_id": None}}, "approved", ["sales"], None, "", " \n", "{{ omit }}"]
    ),
)
def test_an_approval_without_a_plan_sends_nothing(service: Running, ansible: Ansible, hosts: Path, plans: t.Any) -> None:
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "sales", variables={"dataarts_plans": plans}).ended(2)
    assert "dataarts_plans" in failures(outcome)["sales"]
    assert not service.journal()


@pytest.mark.long
@pytest.mark.parametrize("blank", [None, "", "{{ omit }}"])
def test_an_approved_plan_id_that_is_empty_sends_nothing(service: Running, ansible: Ansible, hosts: Path, blank: str | None) -> None:
    """As a variable of the role, and as an option of the user's own task (in which Ansible drops omitted options)."""
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "sales", variables={"dataarts_plan_id": blank}).ended(2)
    assert failures(outcome)["sales"].startswith("Nothing was sent: dataarts_plan_id must hold the approved plan, but is empty.")
    if blank != "{{ omit }}":
        play = {"hosts": "sales", "gather_facts": False, "tasks": [{"dataarts.factory.job_rerun": {"plan_id": blank}}]}
        own = ansible.written_playbook([play], "-i", hosts).ended(2)
        assert failures(own)["sales"].startswith("Nothing was sent: plan_id must hold the approved plan, but is empty.")
    assert not service.journal()


@pytest.mark.long
def test_the_command_after_an_approved_run_is_held_to_no_plan_and_reruns_what_failed_again(
    service: Running, ansible: Ansible, hosts: Path, tmp_path: Path
) -> None:
    options = ("dataarts.factory.rerun", "-i", hosts, "--limit", "sales")
    plans = stats(ansible.playbook(*options, "--check").succeeded())["dataarts_plans"]
    (tmp_path / "plans.json").write_text(json.dumps({"dataarts_plans": plans}), encoding="utf-8")
    again = ansible.playbook(*options, "-e", f"@{tmp_path / 'plans.json'}").ended(2)
    command = offered(again, "to rerun them once more:")
    assert not any("plans" in word for word in command), command
    ansible.run(*command).succeeded()
    assert reruns(service)[WORKSPACE_ID, "weekly_report"] == 2


@pytest.mark.parametrize(
    "words",
    whole_plays([("--limit", "sales,typo"), ("--limit", "all:!typo"), ("--limit", "sales:sup?"), ("-e", "dataarts_hosts=sales,typo")]),
)
def test_a_name_that_no_host_has_is_refused(service: Running, ansible: Ansible, hosts: Path, words: tuple[str, str]) -> None:
    """Ansible itself only warns and runs the rest."""
    outcome = ansible.playbook("dataarts.factory.rerun_failed", "-i", hosts, *words)
    assert outcome.rc != 0, outcome.output
    name = "dataarts_hosts" if "-e" in words else "--limit"
    wrong = "sup?" if "sales:sup?" in words else "typo"
    assert f"no host or group of the inventory matches {wrong} in {name}" in " ".join(outcome.output.split())
    assert not service.journal()


@pytest.mark.long
def test_with_the_role_alone_too(service: Running, ansible: Ansible, hosts: Path) -> None:
    play = {"hosts": "all", "gather_facts": False, "connection": "local", "roles": ["dataarts.factory.rerun"]}
    outcome = ansible.written_playbook([play], "-i", hosts, "--limit", "sales,typo").ended(2)
    assert "No host or group of the inventory matches typo in --limit" in failures(outcome)["sales"]
    assert not service.journal()


@pytest.mark.long
def test_workspaces_of_later_batches_are_not_called_broken(service: Running, ansible: Ansible, hosts: Path) -> None:
    """A pattern that matches a job in a later batch is valid. If a whole batch fails, Ansible starts no other."""
    play = {"hosts": "supply,sales", "gather_facts": False, "connection": "local", "serial": 1, "roles": ["dataarts.factory.rerun"]}
    play = {**play, "order": "reverse_sorted"}
    outcome = ansible.written_playbook([play], "-i", hosts, variables={"dataarts_jobs": ["stock_*", "daily_*"]}).succeeded()
    assert "could not be worked on" not in outcome.stdout
    assert outcome.stdout.count("1 workspace of later batches not begun yet.") == 1
    assert "All 5 instances succeeded." in outcome.stdout
    failed = ansible.written_playbook([play], "-i", hosts, variables={"dataarts_max_instances": 1, "dataarts_since": service.now_ms()})
    assert "1 workspace of later batches not begun yet." in failed.ended(2).stdout


#: Plays that end after their first workspace because it fails, and the lines that name the workspaces that were not begun.
ENDED_EARLY: list[tuple[dict[str, t.Any], str]] = [
    ({"serial": 1, "roles": ["dataarts.factory.rerun"]}, "1 workspace of later batches not begun yet."),
    (
        {
            "hosts": "sales",
            "tasks": [
                {
                    "ansible.builtin.include_role": {"name": "dataarts.factory.rerun"},
                    "loop": [WORKSPACE_ID, SUPPLY_ID],
                    "vars": {"dataarts_workspace_id": "{{ item }}"},
                }
            ],
        },
        f"Not started, because a failure ended the loop: {SUPPLY_ID}.",
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(("play", "row"), whole_plays_of(ENDED_EARLY))
def test_the_command_after_a_play_that_ended_early_is_for_what_was_not_begun_too(
    service: Running, ansible: Ansible, hosts: Path, play: dict[str, t.Any], row: str
) -> None:
    """With the window of the run."""
    play = {"hosts": "all", "connection": "local", "gather_facts": False, **play}
    window = {"dataarts_planned_after": "-7h"}
    outcome = ansible.written_playbook([play], "-i", hosts, variables=window).ended(2)
    assert row in " ".join(outcome.stdout.split())
    command = offered(outcome, "When the cause is corrected, to rerun them once more:")
    ansible.run(*command).succeeded()
    assert reruns(service)[SUPPLY_ID, "stock_levels"] == 2
    assert "--limit" not in command


#: Plays that run the role or the module for one host only; exit status; words of the closing lines.
ONCE: list[tuple[dict[str, t.Any], int, str]] = [
    ({"import_role": {"name": "dataarts.factory.rerun"}}, 2, "Nothing was sent: the task has run_once, which would leave out supply."),
    ({"include_role": {"name": "dataarts.factory.rerun"}}, 2, "Nothing was sent: the task has run_once, which would leave out supply."),
    ({"dataarts.factory.job_rerun": {"jobs": ["*"]}}, 2, "Nothing was sent: the task has run_once, which would leave out supply."),
    ({"dataarts.factory.job_rerun": {"jobs": ["*"], "workspace_id": WORKSPACE_ID}}, 0, ""),
    (
        {"import_role": {"name": "dataarts.factory.rerun"}, "vars": {"dataarts_workspace_id": WORKSPACE_ID}, "delegate_to": "localhost"},
        0,
        "6 instances would be rerun in 1 workspace.",
    ),
]


@pytest.mark.parametrize(("task", "code", "text"), whole_plays_of(ONCE))
def test_what_runs_once_does_not_count_for_other_workspaces(
    service: Running, ansible: Ansible, hosts: Path, task: dict[str, t.Any], code: int, text: str
) -> None:
    """Ansible registers the result of such a task for all hosts of the play. In the last case, hosts are machines, as in a deployment."""
    data = json.loads(hosts.read_text(encoding="utf-8"))
    if "vars" in task:
        for host in data["all"]["hosts"].values():
            del host["dataarts_workspace_id"]
    hosts.write_text(json.dumps(data), encoding="utf-8")
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "tasks": [{**task, "run_once": True}]}
    outcome = ansible.written_playbook([play], "-i", hosts, "--check").ended(code)
    assert text in " ".join(outcome.output.split())
    assert not service.journal()


@pytest.mark.long
@pytest.mark.parametrize(("name", "number"), [("sales", 6), ("supply", 2)])
def test_a_workspace_that_a_condition_leaves_out_is_not_called_broken(
    service: Running, ansible: Ansible, hosts: Path, tmp_path: Path, name: str, number: int
) -> None:
    """Even if it is the first host, on which Ansible runs run_once tasks."""
    role = {"role": "dataarts.factory.rerun", "when": f"inventory_hostname == '{name}'"}
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "roles": [role]}
    report = {"dataarts_report_path": str(tmp_path / "report")}
    outcome = ansible.written_playbook([play], "-i", hosts, "--check", variables=report).succeeded()
    assert outcome.stdout.count(f"{number} instances would be rerun in 1 workspace.\n") == 1
    assert len([line for line in outcome.of("rerun_summary") if line.event == "ok"]) == 1
    assert (tmp_path / "report" / "report.html").is_file()
    assert "could not be worked on" not in outcome.stdout
    assert not service.journal()


#: Values of ansible_connection with which a task fails before its action starts: there is no such connection plugin.
LOST = {"sending": "nosuch", "watching": "{{ 'nosuch' if __dataarts_sent is defined else 'local' }}"}


@pytest.mark.long
@pytest.mark.parametrize(("part", "number"), whole_plays_of([("sending", 0), ("watching", 6)]))
def test_a_task_that_ends_before_its_action_takes_no_result_with_it(
    service: Running, ansible: Ansible, hosts: Path, part: str, number: int
) -> None:
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["sales"].update(ansible_connection=LOST[part])
    hosts.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "sales").ended(2)
    assert len([instance for entry in service.journal() for instance in entry["instances"]]) == number
    summary = stats(outcome)["dataarts_summary"]
    assert (summary["succeeded"], summary["totals"]["rerun"]) == (False, number)
    assert "nosuch" in outcome.stdout
    assert ("To go on (nothing is sent twice):" in outcome.stdout) is bool(number)


@pytest.mark.long
def test_workspaces_that_are_refused_for_the_same_reason_are_told_together(service: Running, ansible: Ansible, hosts: Path) -> None:
    """Each with the cause in a line as soon as it is known, and at the end once for all workspaces with the same cause."""
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, variables={"dataarts_secret_key": "wrong"}).ended(2)
    text = " ".join(outcome.stdout.split())
    assert re.search(r"^sales   APIGW.0301 Incorrect IAM", outcome.stdout, re.MULTILINE), outcome.stdout
    assert re.search(r"sales, supply: Failed to rerun job instances: APIGW.0301|supply, sales: Failed", text), outcome.stdout


def depends_on_the_other() -> dict[str, t.Any]:
    """A scenario in which a job of sales depends on one of supply, and both failed."""
    scenario = two_workspaces(switches={"flow_control": False})
    report = {"name": "report", "depends_on": [{"workspace": SUPPLY_ID, "job": "stock_levels"}], "instances": [{"plan_time": "-1m"}]}
    scenario["accounts"][0]["workspaces"][0]["jobs"] = [report]
    return scenario


def test_one_fork_is_enough_for_workspaces_that_depend_on_each_other(service: Running, ansible: Ansible, hosts: Path) -> None:
    """All workspaces send before one is watched."""
    service.reset(depends_on_the_other())
    service.set(**FREE)
    variables = {"dataarts_order": "upstream_first", "dataarts_wait_timeout": 60}
    ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--forks", "1", variables=variables).succeeded()
    order = [instance["job_name"] for entry in service.journal() for instance in entry["instances"]]
    assert order == ["stock_levels", "stock_levels", "report"]


@pytest.mark.long
@pytest.mark.parametrize("playbook", whole_plays(["rerun", "repair"]))
def test_a_workspace_whose_id_cannot_be_evaluated_keeps_nothing_from_the_others(
    service: Running, ansible: Ansible, hosts: Path, playbook: str
) -> None:
    """Even with an order, for which each workspace needs the ids of the others."""
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["supply"]["dataarts_workspace_id"] = "{{ nobody }}"
    hosts.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook(f"dataarts.factory.{playbook}", "-i", hosts, variables={"dataarts_order": "upstream_first"}).ended(2)
    assert sum(len(entry["instances"]) for entry in service.journal() if entry["kind"] == "retry") == 6, outcome.output
    assert "supply: Failed to run job_rerun: dataarts_workspace_id cannot be evaluated: 'nobody'" in " ".join(outcome.stdout.split())


@pytest.mark.long
def test_a_workspace_of_a_later_batch_is_not_waited_for(service: Running, ansible: Ansible, hosts: Path) -> None:
    service.reset(depends_on_the_other())
    service.set(**FREE)
    options = ("dataarts.factory.rerun", "-i", hosts, "--forks", "2")
    variables = {"dataarts_order": "upstream_first", "dataarts_wait_timeout": 60, "dataarts_serial": 1}
    outcome = ansible.playbook(*options, variables=variables).ended(2)
    assert "which failed and is not rerun there at the same time (order: upstream_first); select that too, or bring it" in " ".join(
        outcome.stdout.split()
    )
    assert reruns(service) == {(SUPPLY_ID, "stock_levels"): 2}
    assert not ansible.playbook(*options, variables=variables).succeeded().recap("sales")["failures"]
    assert reruns(service)[WORKSPACE_ID, "report"] == 1


#: Variables of plays that send, by playbook.
SENDING: dict[str, dict[str, t.Any]] = {
    "repair": {},
    "rerun": {"dataarts_jobs": ["*"]},
    "rerun_failed": {},
    "rerun_related": {
        "dataarts_job_name": "daily_sales",
        "dataarts_related_jobs": [{"job_name": "stock_levels", "workspace_id": SUPPLY_ID}],
        "dataarts_begin_time": "2026-11-23T00:00:00Z",
        "dataarts_end_time": "2026-11-24T00:00:00Z",
    },
    "event_rerun": {"dataarts_max_reruns_per_day": 1},
}


@pytest.mark.parametrize("playbook", whole_plays(SENDING))
def test_what_needs_an_approved_plan_sends_nothing_without_one(service: Running, ansible: Ansible, hosts: Path, playbook: str) -> None:
    service.reset(two_workspaces(switches={"flow_control": False, "v1_open": True, "v2_open": True, "v2_list_open": True}))
    play = (f"dataarts.factory.{playbook}", "-i", hosts, "--limit", "sales")
    refused = ansible.playbook(*play, variables={**SENDING[playbook], "dataarts_plan_required": True}).ended(2)
    assert ": dataarts_plan_required is set, and " in " ".join(refused.output.split())
    assert service.journal() == []
    assert service.requests() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("playbook", "lead"),
    [("rerun_failed", "rerun exactly this"), ("repair", "repair exactly this (nothing is sent twice)")],
)
def test_the_command_below_a_plan_that_is_required_has_it(
    service: Running, ansible: Ansible, hosts: Path, playbook: str, lead: str
) -> None:
    """And offers to plan instances that failed again."""
    service.reset(two_workspaces(switches={"flow_control": False, "v1_open": True, "v2_open": True, "v2_list_open": True}))
    play = (f"dataarts.factory.{playbook}", "-i", hosts, "--limit", "sales", "--check")
    checked = ansible.playbook(*play, variables={"dataarts_plan_required": "yes"}).succeeded()
    outcome = ansible.run(*offered(checked, f"To {lead}:"))
    reruns_sent = [instance for entry in service.journal() if entry["kind"] != "patch_data" for instance in entry["instances"]]
    assert len(reruns_sent) == stats(checked)["dataarts_summary"]["to_rerun"]
    assert offered(outcome, "When the cause is corrected, to see first what would be sent:")[-1] == "--check"


@pytest.mark.long
def test_of_several_playbooks_a_command_names_the_one_that_ran(service: Running, ansible: Ansible, hosts: Path, tmp_path: Path) -> None:
    service.reset(two_workspaces(switches={"flow_control": False, "v1_open": True, "v2_open": True, "v2_list_open": True}))
    own = tmp_path / "own.yml"
    own.write_text(json.dumps([{"import_playbook": "dataarts.factory.rerun"}]), encoding="utf-8")
    playbooks = ["dataarts.factory.repair", str(own), "dataarts.factory.rerun_failed"]
    outcome = ansible.playbook(*playbooks, "-i", hosts, "--limit", "supply", "--check").succeeded()
    assert re.findall(r"^  ansible-playbook (?:\\\n +)?(\S+)", outcome.stdout, re.MULTILINE) == playbooks


@pytest.mark.long
@pytest.mark.parametrize("playbook", whole_plays(["event_rerun", "event_propose", "event_propose_repair"]))
def test_what_an_event_starts_keeps_to_the_hosts_that_were_named(
    service: Running, ansible: Ansible, hosts: Path, tmp_path: Path, playbook: str
) -> None:
    variables = {"dataarts_hosts": "supply", "dataarts_max_reruns_per_day": 1, "dataarts_proposal_directory": str(tmp_path)}
    outcome = ansible.playbook(f"dataarts.factory.{playbook}", "-i", hosts, variables=variables).succeeded()
    assert {line.host for line in outcome.of("job_rerun")} == {"supply"}


@pytest.mark.long
def test_a_job_is_rerun_with_its_related_jobs_in_one_request(service: Running, ansible: Ansible, hosts: Path) -> None:
    service.set(**V2)
    variables = {
        "dataarts_job_name": "daily_sales",
        "dataarts_related_jobs": [{"job_name": "stock_levels", "workspace_id": SUPPLY_ID}],
        "dataarts_begin_time": service.now_ms() - 86_400_000,
        "dataarts_end_time": service.now_ms(),
        "dataarts_concurrent": 2,
    }
    options = ("dataarts.factory.rerun_related", "-i", hosts, "--limit", "sales")
    checked = ansible.playbook(*options, "--check", variables=variables).succeeded()
    assert not service.journal()
    assert "Would ask for the rerun of job daily_sales and its related jobs: 5 of 7 instances" in " ".join(checked.stdout.split())
    assert "Up to 7 instances would be rerun in 1 workspace." in checked.stdout, "the service chooses among them"
    assert stats(checked)["dataarts_summary"]["to_rerun"] > 0

    outcome = ansible.playbook(*options, variables=variables).succeeded()
    (entry,) = service.journal()
    assert (entry["kind"], entry["body"]["concurrent"]) == ("retry_related", 2)
    assert {instance["job_name"] for instance in entry["instances"]} == {"daily_sales", "stock_levels"}
    assert stats(outcome)["dataarts_summary"]["succeeded"] is True

    words = offered(outcome, "To see where it stands:")
    assert (words[1], words[-1]) == ("dataarts.factory.rerun_related", "--check")
    shown = ansible.run(*words).succeeded()
    assert "Nothing was asked for: " in shown.stdout
    assert re.search(r"The instances of the span are now: \d+ ", " ".join(shown.stdout.split()))

    again = ansible.playbook(
        *options, variables={**variables, "dataarts_since": stats_since(outcome), "dataarts_never_rerun_reasons": []}
    ).succeeded()
    assert len(service.journal()) == 1
    assert "Nothing was asked for: " in again.stdout

    for approved in ({"dataarts_plans": {"sales": {"plan_id": "3-0-0"}}}, {"dataarts_plan_id": "3-0-0"}, {"dataarts_plans": None}):
        refused = ansible.playbook(*options, variables={**variables, **approved}).ended(2)
        assert failures(refused)["sales"].startswith(f"Nothing was sent for sales: {next(iter(approved))} holds the approved plan")
    for limit in LIMITS:
        refused = ansible.playbook(*options, variables={**variables, f"dataarts_{limit}": "3"}).ended(2)
        assert failures(refused)["sales"].startswith(
            f"Nothing was sent for sales: dataarts_{limit} is set, and a rerun of a job with its related"
        )
    alone = {
        "hosts": "sales",
        "gather_facts": False,
        "connection": "local",
        "tasks": [
            {
                "import_role": {"name": "dataarts.factory.rerun", "tasks_from": "related"},
                "vars": {**variables, "dataarts_job_name": "daily_salse"},
            }
        ],
    }
    assert "daily_salse" in failures(ansible.written_playbook([alone], "-i", hosts).ended(2))["sales"]
    limited = ansible.playbook(
        *options, "--check", variables={**variables, "dataarts_max_instances": 6, "dataarts_statuses": ["success"]}
    ).ended(2)
    assert "Refused to rerun 7 instances: max_instances is 6" in failures(limited)["sales"]
    missing = ansible.playbook(*options, variables={"dataarts_job_name": "daily_sales"}).ended(2)
    assert "dataarts_related_jobs, dataarts_begin_time and dataarts_end_time are not set" in failures(missing)["sales"]
    unknown = ansible.playbook(*options, variables={**variables, "dataarts_job_name": "daily_salse"}).ended(2)
    assert "daily_salse" in failures(unknown)["sales"]
    assert len(service.journal()) == 1


#: Variables of a host with which its task fails early, and the message.
SHORT: list[tuple[dict[str, t.Any], str]] = [
    ({"dataarts_concurrent": "many"}, "concurrent"),
    ({"ansible_python_interpreter": "/bin/false"}, "Module result|MODULE FAILURE"),
    ({"dataarts_begin_time": "yesterday"}, "cannot read begin_time"),
]


@pytest.fixture(scope="module")
def short(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A play in which every host's task fails early, so that nothing is sent."""
    service.reset(two_workspaces(switches={"flow_control": False}))
    job = {
        "dataarts_job_name": "daily_sales",
        "dataarts_related_jobs": [{"job_name": "weekly_report", "workspace_id": WORKSPACE_ID}],
        "dataarts_begin_time": service.now_ms() - 86_400_000,
        "dataarts_end_time": service.now_ms(),
    }
    directory = tmp_path_factory.mktemp("short")
    shared = variables(service, poll_interval=1, settle_time=1, journal=str(directory / "state"))
    data = inventory(**{f"sales{number}": {**shared, **job, **change} for number, (change, _cause) in enumerate(SHORT)})
    del data["all"]["vars"]["ansible_connection"]
    path = directory / "hosts.yml"
    path.write_text(json.dumps(data), encoding="utf-8")
    outcome = Ansible(directory).playbook("dataarts.factory.rerun_related", "-i", path).ended(2)
    assert not service.journal()
    return outcome


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(SHORT)))
def test_the_cause_of_a_short_result_is_shown(short: Outcome, number: int) -> None:
    """A task that failed early does not return check_mode, changed or instances."""
    assert "has no attribute" not in short.output
    assert re.search(SHORT[number][1], failures(short)[f"sales{number}"])


@pytest.mark.parametrize(
    "playbook", whole_plays(["rerun", "rerun_failed", "rerun_related", "event_rerun", "event_propose", "awx_recheck", "awx_recheck_repair"])
)
def test_a_play_without_hosts_is_an_error(ansible: Ansible, hosts: Path, playbook: str) -> None:
    """Ansible itself would skip the play and exit with 0."""
    no_inventory = ansible.playbook(f"dataarts.factory.{playbook}", "-i", "/nonexistent", "--limit", "sales")
    assert no_inventory.rc != 0
    assert "no host of the inventory matches both all and the limit sales" in " ".join(no_inventory.output.split())


@pytest.mark.parametrize("limit", whole_plays(["", "@{folder}/empty.retry"]))
def test_a_limit_that_is_blank_is_not_taken_for_all(service: Running, ansible: Ansible, hosts: Path, tmp_path: Path, limit: str) -> None:
    """As from an unset shell variable. Ansible itself would run the play on all hosts."""
    (tmp_path / "empty.retry").write_text("\n", encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", limit.format(folder=tmp_path))
    assert outcome.rc != 0
    assert "--limit is blank, which Ansible takes for all hosts" in " ".join(outcome.output.split())
    assert not service.requests()


@pytest.mark.parametrize("playbook", whole_plays(["dataarts.factory.rerun", "dataarts.factory.failed", "own"]))
def test_a_value_that_ansible_cuts_off_is_refused(service: Running, ansible: Ansible, hosts: Path, tmp_path: Path, playbook: str) -> None:
    """Ansible itself would go on with the first word and say nothing."""
    (tmp_path / "own").write_text("[{hosts: sales, gather_facts: false, tasks: [{dataarts.factory.job_rerun: {}}]}]", encoding="utf-8")
    name = "dataarts_never_rerun_reasons"
    outcome = ansible.playbook(tmp_path / "own" if playbook == "own" else playbook, "-i", hosts, "-e", f"{name}=no permission")
    assert outcome.rc != 0
    assert f"the value of {name} is cut off" in " ".join(outcome.output.split())
    assert not service.requests()


SENDING_TASKS: list[dict[str, t.Any]] = [
    {"job_rerun": {"wait": False}},
    {"job_instance_retry": {"job_name": "daily_sales", "task_retrys": [{"job_id": "1", "plan_time": "1", "submit_time": "1"}]}},
    {"job_run": {"job_name": "daily_sales", "run_key": "once"}},
    {"job_schedule": {"jobs": ["daily_sales"], "state": "stopped"}},
    {"job_instance_stop": {"job_name": "daily_sales", "instance_ids": ["1"]}},
    {"supplement_data": {"name": "again", "job_name": "daily_sales", "start_date": "-2d", "end_date": "-1d"}},
    {"supplement_missing": {}},
]


@pytest.mark.long
def test_nor_by_a_task_of_ones_own(service: Running, ansible: Ansible, hosts: Path) -> None:
    """In plays with several hosts. Read-only modules may run, and so may all modules in a play with one host."""
    tasks = [{f"dataarts.factory.{name}": options, "ignore_errors": True} for task in SENDING_TASKS for name, options in task.items()]
    plays = [{"hosts": where, "gather_facts": False, "connection": "local", "tasks": tasks} for where in ("all", "sales:supply")]
    outcome = ansible.written_playbook(plays, "-i", hosts, "--limit", "").succeeded()
    refused = [line.result["msg"] for line in outcome.results if line.event == "ignored"]
    assert len(refused) == 2 * 2 * len(SENDING_TASKS)
    assert {text[:58] for text in refused} == {"Nothing was sent: --limit is blank, which Ansible takes fo"}
    assert not service.requests()
    asks: list[dict[str, t.Any]] = [{"dataarts.factory.job_info": {}}]
    reruns: list[dict[str, t.Any]] = [{"dataarts.factory.job_rerun": {"check_only": True}}]
    plays = [
        {"hosts": where, "gather_facts": False, "connection": "local", "tasks": own} for where, own in (("all", asks), ("sales", reruns))
    ]
    ansible.written_playbook(plays, "-i", hosts, "--limit", "").succeeded()


@pytest.mark.long
def test_a_limit_that_is_not_blank_gets_no_warning(service: Running, ansible: Ansible, hosts: Path) -> None:
    """Its hosts are in the inventory, so nothing says that they cannot be matched."""
    task = {"dataarts.factory.job_rerun": {"check_only": True}}
    play = {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [task]}
    outcome = ansible.written_playbook([play], "-i", hosts, "--limit", "sal*,supply").succeeded()
    assert "Could not match" not in outcome.output


@pytest.mark.long
def test_with_the_role_for_related_jobs_too(service: Running, ansible: Ansible, hosts: Path) -> None:
    task = {"ansible.builtin.import_role": {"name": "dataarts.factory.rerun", "tasks_from": "related"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    outcome = ansible.written_playbook([play], "-i", hosts, "--limit", "").ended(2)
    assert "--limit is blank" in failures(outcome)["sales"]
    assert not service.requests()


@pytest.mark.long
def test_a_limit_that_leaves_no_host_is_an_error(service: Running, ansible: Ansible, hosts: Path) -> None:
    outcome = ansible.playbook("dataarts.factory.rerun_failed", "-i", hosts, "--limit", "sales", variables={"dataarts_hosts": "supply"})
    assert outcome.rc != 0
    assert "no host of the inventory matches both supply and the limit sales" in " ".join(outcome.output.split())
    assert not service.journal()


@pytest.mark.long
@pytest.mark.parametrize("limit", [(), ("--limit", "sales")])
def test_what_awx_launched_a_job_with_is_checked_whatever_its_limit(ansible: Ansible, hosts: Path, limit: tuple[str, ...]) -> None:
    """Ansible skips a play on localhost if a limit names other hosts."""
    play: tuple[str | Path, ...] = ("dataarts.factory.awx_prepare", "-i", hosts, *limit)
    outcome = ansible.playbook(*play, variables={"dataarts_plan_required": True}).ended(2)
    assert ["dataarts_plans has no plan" in line.result["msg"] for line in outcome.of("fail") if line.event == "failed"] == [True]
    ansible.playbook(*play, variables={"dataarts_plan_required": True, "dataarts_plans": {"sales": {"plan_id": "1-0-0"}}}).succeeded()


@pytest.mark.long
def test_a_variable_of_one_workspace_that_cannot_be_evaluated_keeps_no_awx_job_from_the_others(
    service: Running, ansible: Ansible, hosts: Path
) -> None:
    """The rerun of that workspace refuses the variable by its name."""
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["sales"]["dataarts_max_instances"] = "{{ nobody }}"
    hosts.write_text(json.dumps(data), encoding="utf-8")
    playbooks = ("dataarts.factory.awx_prepare", "dataarts.factory.rerun_failed")
    outcome = ansible.playbook(*playbooks, "-i", hosts, "--limit", "sales,supply").ended(2)
    assert {workspace for workspace, _job in reruns(service)} == {SUPPLY_ID}
    assert "dataarts_max_instances cannot be evaluated" in " ".join(outcome.stdout.split())


@pytest.mark.long
def test_an_awx_job_has_a_limit_and_keeps_one_of_the_inventory_whatever_it_says(ansible: Ansible, hosts: Path) -> None:
    data = json.loads(hosts.read_text(encoding="utf-8"))
    own = {"template": "{{ nobody }}", "zero": 0, "number": "7", "blank": " ", "null": None}
    data["all"]["hosts"] = {"unset": {}, **{host: {"dataarts_max_instances": value} for host, value in own.items()}}
    hosts.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.awx_prepare", "-i", hosts).succeeded()
    limited = {line.host for line in outcome.of("set_fact") if line.result.get("ansible_facts") == {"dataarts_max_instances": 500}}
    assert limited == {"unset", "blank", "null"}


def stats_since(outcome: Outcome) -> int:
    (line,) = outcome.of("job_instance_retry")
    return int(line.result["since"])


def test_a_workspace_that_two_hosts_stand_for_is_told(service: Running, ansible: Ansible, hosts: Path) -> None:
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["twin"] = data["all"]["hosts"]["supply"]
    hosts.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "supply,twin", "--forks", "2").succeeded()
    assert reruns(service) == {(SUPPLY_ID, "stock_levels"): 2}
    (line,) = outcome.of("rerun_summary")
    assert f"Hosts supply, twin represent the same workspace {SUPPLY_ID}." in str(line.result["warnings"])


@pytest.mark.parametrize("serial", whole_plays([{}, {"dataarts_serial": 1}]))
def test_what_cannot_be_reached_is_summed_up_and_keeps_nothing_from_the_others(
    service: Running, ansible: Ansible, hosts: Path, serial: dict[str, t.Any]
) -> None:
    """A batch with only unreachable hosts would end the play without a summary."""
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["sales"].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)
    hosts.write_text(json.dumps(data), encoding="utf-8")
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, variables=serial).ended(2)
    assert reruns(service) == {(SUPPLY_ID, "stock_levels"): 2}
    assert "Failed to connect to the host via ssh" in failures(outcome)["sales"]
    summary = stats(outcome)["dataarts_summary"]
    assert (summary["no_result"], summary["succeeded"], summary["totals"]["succeeded"]) == (["sales"], False, 2)


@pytest.mark.long
def test_what_cannot_be_reached_is_summed_up_by_itself_too(ansible: Ansible, hosts: Path) -> None:
    data = json.loads(hosts.read_text(encoding="utf-8"))
    data["all"]["hosts"]["sales"].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)
    hosts.write_text(json.dumps(data), encoding="utf-8")
    alone = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--limit", "sales").ended(2)
    assert stats(alone)["dataarts_summary"]["no_result"] == ["sales"]


@pytest.mark.long
def test_all_workspaces_are_summed_up_once_whatever_the_strategy(service: Running, ansible: Ansible, hosts: Path) -> None:
    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--check", env={"ANSIBLE_STRATEGY": "free"}).succeeded()
    assert stats(outcome)["dataarts_summary"]["to_rerun"] == 8
    assert outcome.stdout.count("8 instances would be rerun in 2 workspaces") == 1
    assert not service.journal()


# Orders and guards


FREE = {
    "flow_control": False,
    "rerun_waits_for_upstream": False,
    "v1_open": True,
    "v2_open": True,
    "v2_retry_open": True,
    "depend_open": True,
}


def across_workspaces() -> dict[str, t.Any]:
    """A scenario in which finance's report depends on two jobs of sales; all failed, and one load fails again."""
    hours = [{"plan_time": f"-{hour}h"} for hour in (1, 2)]
    again = [{"plan_time": f"-{hour}h", "runs": ["fail" if hour == 1 else "success"]} for hour in (1, 2)]
    scenario = small_night(
        jobs=[{"name": "load", "instances": again}, {"name": "clean", "depends_on": ["load"], "instances": hours}], switches=FREE
    )
    above = [{"workspace": WORKSPACE_ID, "job": "clean"}]
    scenario["accounts"][0]["workspaces"].append(
        {"id": SUPPLY_ID, "name": "finance", "jobs": [{"name": "report", "depends_on": above, "instances": hours}]}
    )
    return scenario


@pytest.mark.long
def test_workspaces_of_a_play_wait_for_each_other_and_stop_behind_a_failure(service: Running, ansible: Ansible, hosts: Path) -> None:
    service.reset(across_workspaces())
    variables = {"dataarts_order": "upstream_first", "dataarts_since": service.now_ms()}
    checked = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--check", "-v", "--forks", "2", variables=variables).succeeded()
    assert "4 to rerun in 2 stages, 2 of them at once in 1 request" in " ".join(checked.stdout.split())
    assert stats(checked)["dataarts_summary"]["to_rerun"] == 6
    assert not service.journal()

    outcome = ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--forks", "2", variables=variables).ended(2)
    order = [instance["job_name"] for entry in service.journal() for instance in entry["instances"]]
    assert order == ["load", "load", "clean", "report"]
    totals = stats(outcome)["dataarts_summary"]["totals"]
    assert {name: totals[name] for name in ("failed", "rerun", "succeeded", "failed_again", "skipped", "broken")} == {
        "failed": 6,
        "rerun": 4,
        "succeeded": 3,
        "failed_again": 1,
        "skipped": 2,
        "broken": 3,
    }
    before = service.journal()
    ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--forks", "2", variables=variables).ended(2)
    assert service.journal() == before


def test_the_plan_is_shown_before_anything_is_sent(service: Running, ansible: Ansible, hosts: Path) -> None:
    """The rerun request hangs, and the plan is already on the terminal."""
    hang = {"route": "retry", "kind": "hang", "seconds": 3600, "when": "before_effect"}
    service.reset(small_night(switches=FREE, faults=[hang]))
    variables = json.dumps({"dataarts_jobs": ["daily_sales"], "dataarts_read_timeout": 3600})
    process = ansible.start("ansible-playbook", "dataarts.factory.rerun", "-i", hosts, "--limit", "sales", "-e", variables)
    deadline = time.monotonic() + TIMEOUT / 4
    while "\nsales  3 of 5 to rerun  daily_sales 3\n" not in process.text() and time.monotonic() < deadline:
        time.sleep(0.2)
    shown, executed = process.text(), service.journal()
    process.send(signal.SIGINT)
    process.wait()
    assert "\nsales  3 of 5 to rerun  daily_sales 3\n" in shown
    assert not executed


@pytest.mark.long
@pytest.mark.parametrize("check", [False, True])
def test_what_would_be_refused_fails_in_check_mode_too(service: Running, ansible: Ansible, hosts: Path, check: bool) -> None:
    options = ("dataarts.factory.rerun", "-i", hosts, "--limit", "sales", *(("--check",) if check else ()))
    outcome = ansible.playbook(*options, variables={"dataarts_max_instances": 5}).ended(2)
    assert (
        "Refused to rerun 6 instances: max_instances is 5; nothing is sent. By job: 'daily_sales' 3, 'hourly_stock' 2"
        in failures(outcome)["sales"]
    )
    assert "sales  6 of 8 to rerun  daily_sales 3, hourly_stock 2, weekly_report 1" in outcome.stdout.splitlines()
    assert not service.journal()


@pytest.mark.long
def test_instances_that_wait_for_a_person_are_told_at_once(service: Running, ansible: Ansible, hosts: Path) -> None:
    """While another instance would run for another hour."""
    jobs = [
        {"name": "careful", "confirm": True, "failed": 1},
        {"name": "report", "depends_on": ["careful"], "failed": 1},
        {"name": "slow", "failed": 1, "run_seconds": 216_000},
    ]
    service.reset(small_night(jobs=jobs, switches=FREE))
    variables = json.dumps({"dataarts_order": "upstream_first", "dataarts_wait_timeout": 3600})
    process = ansible.start("ansible-playbook", "dataarts.factory.rerun", "-i", hosts, "--limit", "sales", "-e", variables)
    deadline = time.monotonic() + TIMEOUT / 4
    said = re.compile(r"^sales  1 running, 1 waiting for a person, 1 skipped, \d+s  careful, report$", re.MULTILINE)
    while (expected := bool(said.search(process.text()))) is False and time.monotonic() < deadline:
        time.sleep(0.2)
    service.advance(3600)
    outcome = process.wait().ended(2)
    assert expected, outcome.stdout
    assert "1 waiting for a person (careful planned" in outcome.runs("sales")[0].result["msg"]
    assert len(service.journal()) == 2


@pytest.mark.long
def test_every_way_to_ask_for_check_mode_sends_nothing(service: Running, ansible: Ansible, hosts: Path) -> None:
    """The keyword at each level around the role, and the option, for survey answers; a "no" in it does not turn --check off."""
    now = service.now_ms()
    related = {
        "dataarts_job_name": "daily_sales",
        "dataarts_related_jobs": [{"job_name": "stock_levels", "workspace_id": SUPPLY_ID}],
        "dataarts_begin_time": now - 86_400_000,
        "dataarts_end_time": now,
    }
    role: dict[str, t.Any] = {"name": "dataarts.factory.rerun"}
    tasks = [
        {"name": "by include", "ansible.builtin.include_role": {**role, "apply": {"check_mode": True}}},
        {"name": "by import", "ansible.builtin.import_role": role, "check_mode": True},
        {"name": "by block", "check_mode": True, "block": [{"name": "in it", "ansible.builtin.import_role": role}]},
        {"name": "by option", "ansible.builtin.import_role": role, "vars": {"dataarts_check_only": "yes"}},
    ]
    second = {**role, "tasks_from": "related"}
    tasks += [
        {"name": "related by import", "ansible.builtin.import_role": second, "check_mode": True, "vars": related},
        {"name": "related by option", "ansible.builtin.import_role": second, "vars": {**related, "dataarts_check_only": True}},
    ]
    plays = [
        {"name": "by task", "hosts": "sales", "connection": "local", "gather_facts": False, "tasks": tasks},
        {"name": "by play", "hosts": "sales", "connection": "local", "gather_facts": False, "check_mode": True, "roles": [role["name"]]},
    ]
    outcome = ansible.written_playbook(plays, "-i", hosts).succeeded()
    assert not service.journal()
    plans = [result.result for result in (*outcome.of("job_rerun"), *outcome.of("job_instance_retry")) if "check_mode" in result.result]
    assert len(plans) >= 7
    assert {(plan["check_mode"], plan["changed"]) for plan in plans} == {(True, True)}
    assert outcome.stdout.count("Would ask for the rerun of job daily_sales") == 2

    ansible.playbook("dataarts.factory.rerun", "-i", hosts, "--check", variables={"dataarts_check_only": "no"}).succeeded()
    assert not service.journal()


@pytest.mark.long
def test_a_refusal_that_several_passes_meet_is_told_once(service: Running, ansible: Ansible, hosts: Path) -> None:
    service.inject({"route": "retry", "kind": "gateway_timeout", "when": "before_effect", "times": 4})
    words = ("dataarts.factory.rerun", "-i", hosts, "--limit", "sales")
    outcome = ansible.playbook(*words, variables={"dataarts_jobs": ["daily_sales"], "dataarts_settle_time": 1}).succeeded()
    assert " ".join(outcome.output.split()).count("was not confirmed") == 1
    (problem,) = outcome.runs("sales")[-1].result["problems"]
    assert ", and 3 more requests with the same answer. Its outcome is read back" in problem
