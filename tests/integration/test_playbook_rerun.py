# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook and role rerun in real plays: exactly once, and one clear message for each problem."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan_id import plan_digest
from emulator.running import Running, running
from tests.support.playbook import Ansible, Outcome
from tests.support.scenarios import SECRET_KEY, SUPPLY_ID, WORKSPACE_ID, small_night, two_workspaces
from tests.support.workspace import inventory, variables

PLAYBOOK = "dataarts.factory.rerun"
WRONG_KEY = "not-the-secret-key-of-anybody-0123456789"
PASSWORD = "vault-password-of-the-test"


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(two_workspaces()) as handle:
        yield handle


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def quick(service: Running, state: Path, **more: t.Any) -> dict[str, t.Any]:
    """Inventory variables for a service with short runs."""
    return variables(service, poll_interval=1, settle_time=1, journal=str(state), **more)


def written(path: Path, data: dict[str, t.Any]) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def reruns(service: Running) -> Counter[tuple[str, str, int]]:
    """Number of reruns of each instance in the emulator's journal."""
    return Counter(
        (entry["workspace_id"], entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"]
    )


def summed_up(outcome: Outcome) -> list[str]:
    """Closing lines. Checks that they are on the terminal unchanged."""
    (line,) = outcome.of("rerun_summary")
    lines: list[str] = line.result["lines"]
    assert "\n".join(lines) in outcome.stdout
    return lines


def stats(outcome: Outcome) -> dict[str, t.Any]:
    """Artifact data that the play published."""
    (line,) = outcome.of("rerun_summary")
    return t.cast("dict[str, t.Any]", line.result["ansible_stats"]["data"])


def test_a_night_is_rerun_once_and_only_once(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset()
    vaulted = ansible.start(
        "ansible-vault", "encrypt_string", "--vault-password-file", secret_file(tmp_path), "--name", "dataarts_secret_key", SECRET_KEY
    )
    hosts = inventory(
        sales=quick(service, tmp_path / "state", secret_key=None),
        supply=quick(service, tmp_path / "state", secret_key=None, workspace_id=SUPPLY_ID),
    )
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(vaulted.wait().succeeded().stdout, encoding="utf-8")
    options = ("-i", written(tmp_path / "hosts.yml", hosts), "--vault-password-file", secret_file(tmp_path))
    since = service.now_ms()

    checked = ansible.playbook(PLAYBOOK, *options, "--check", "--diff").succeeded()
    assert not service.journal()
    assert checked.recap("sales")["changed"] == checked.recap("supply")["changed"] == 1
    assert "sales   6 of 8 to rerun  daily_sales 3, hourly_stock 2, weekly_report 1" in checked.stdout.splitlines()
    assert "supply  2 of 2 to rerun  stock_levels 2" in checked.stdout.splitlines()
    assert (stats(checked)["dataarts_summary"]["to_rerun"], stats(checked)["dataarts_summary"]["succeeded"]) == (8, True)
    assert stats(checked)["dataarts_plans"].keys() == {"sales", "supply"}
    assert re.search(r"^\+hourly_stock planned .+: to be rerun$", checked.stdout, re.MULTILINE)
    assert "--- before: sales: status before" in checked.stdout.splitlines()
    assert "If this is interrupted" not in checked.stdout

    rerun = ansible.playbook(PLAYBOOK, *options, variables={"dataarts_since": since}).ended(2)
    assert len(re.findall(r"^sales   6 of 8 to rerun\b", rerun.stdout, re.MULTILINE)) == 1, "said once"
    assert sorted(reruns(service).values()) == [1] * 8
    assert Counter(name for _workspace, name, _time in reruns(service)) == {
        "daily_sales": 3,
        "hourly_stock": 2,
        "weekly_report": 1,
        "stock_levels": 2,
    }
    headline, heading, row, cause, good, lead, *command = summed_up(rerun)
    assert (headline, heading) == ("1 of 8 instances is still broken.", "workspace  job            what            planned, times +00:00")
    assert re.fullmatch(r"sales      weekly_report  1 failed again  \d{4}-\d\d-\d\d \d\d:\d\d", row)
    assert cause.startswith("  ")
    assert good == "1 workspace: all 2 instances succeeded"
    assert lead == "When the cause is corrected, to rerun them once more:"
    assert command[0].startswith(f"  ansible-playbook {PLAYBOOK} ")
    summary = stats(rerun)["dataarts_summary"]
    assert (summary["totals"]["rerun"], summary["to_rerun"], summary["broken"], summary["succeeded"]) == (8, 0, 1, False)
    assert summary["jobs"][0] == {
        "workspace": "sales",
        "job_name": "weekly_report",
        "failed": 1,
        "rerun": 1,
        "failed_again": 1,
        "broken": 1,
    }
    (failure,) = [line for line in rerun.results if line.event == "failed"]
    assert (failure.host, failure.result["msg"]) == ("sales", "5 succeeded, 1 failed again. See below.")
    assert (
        rerun.runs("sales")[0]
        .result["msg"]
        .startswith(f"Failed to bring 1 of 6 instances of workspace {WORKSPACE_ID} to success: 1 failed again (weekly_report planned ")
    )
    assert rerun.recap("supply")["failures"] == 0
    # the important part comes last
    assert rerun.stdout.index("FAILED! => ") < rerun.stdout.index(headline)
    assert "If this is interrupted" not in rerun.stdout

    before = service.journal()
    again = ansible.playbook(PLAYBOOK, *options, variables={"dataarts_since": since, "dataarts_fail_on_broken": False}).succeeded()
    assert service.journal() == before
    assert again.recap("sales")["changed"] == again.recap("supply")["changed"] == 0
    assert summed_up(again)[0] == headline
    numbers = stats(again)["dataarts_summary"]["workspaces"]["sales"]
    assert [numbers[name] for name in ("failed", "rerun", "adopted", "succeeded", "failed_again")] == [6, 0, 6, 5, 1]


def test_every_trouble_ends_in_one_clear_message(ansible: Ansible, tmp_path: Path) -> None:
    """Workspaces with one problem each, and one without: everything is shown except secrets."""
    state = tmp_path / "state"
    with contextlib.ExitStack() as stack:
        fine, refusing, skewed, garbled = (stack.enter_context(running(small_night(**more))) for more in services())
        hosts = inventory(
            unreachable=quick(fine, state, max_retries=0, **stack.enter_context(closed())),
            fine=quick(fine, state, jobs=["daily_sales", "hourly_stock"]),
            wrong_key=quick(fine, state, secret_key=WRONG_KEY, max_retries=0),
            unknown_job=quick(fine, state, jobs=["daily_salse"]),
            clock_off=quick(skewed, state, max_retries=0),
            no_json=quick(garbled, state, max_retries=0),
            refused_job=quick(refusing, tmp_path / "of-another-service"),  # another emulator with the same ids
            no_workspace=quick(fine, state, workspace_id=None),
            bad_time=quick(fine, state, since="2026-11-23T03:00:00"),
        )
        path = written(tmp_path / "hosts.yml", hosts)
        outcome = ansible.playbook(PLAYBOOK, "-i", path, "-vvvv", "--forks", "4").ended(2)
        journals = reruns(fine), reruns(refusing)

    messages = outcome.failures
    expected = {
        "wrong_key": ("credentials", ".0301 "),
        "unknown_job": ("no instance matches; check jobs",),
        "unreachable": ("127.0.0.1", "endpoint"),
        "clock_off": ("clock", "minutes"),
        "no_json": ("JSON",),
        "refused_job": ("2 rejected by the service (hourly_stock planned", "DLF.0136 batch jobs only"),
        "no_workspace": ("dataarts_workspace_id is not set", "--limit"),
        "bad_time": ("since", "has no time zone"),
    }
    assert set(messages) == set(expected)
    assert outcome.stdout.splitlines().count("No job of workspace unknown_job matches daily_salse. Did you mean daily_sales?") == 1
    for host, words in expected.items():
        assert all(word.lower() in messages[host].lower() for word in words), (host, messages[host])
        assert WORKSPACE_ID in messages[host] or host == "no_workspace", (host, messages[host])
        assert "\n" not in messages[host]
    assert outcome.recap("fine")["failures"] == 0
    assert outcome.stdout.count("If this is interrupted, use -e dataarts_since=") == 1, "though the first workspace has none"
    # the other jobs of the workspace with a refused job were rerun, listed and counted
    assert Counter(name for _workspace, name, _time in journals[0]) == {"daily_sales": 3, "hourly_stock": 2}
    assert Counter(name for _workspace, name, _time in journals[1]) == {"daily_sales": 3, "weekly_report": 1}
    numbers = stats(outcome)["dataarts_summary"]["workspaces"]["refused_job"]
    assert [numbers[name] for name in ("failed", "rerun", "succeeded")] == [6, 4, 4]
    for word in ("Traceback", SECRET_KEY, WRONG_KEY):
        assert word not in outcome.output


@pytest.mark.long
def test_hosts_can_be_chosen_and_none_is_an_error(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset()
    hosts = inventory(sales=quick(service, tmp_path / "state"), supply=quick(service, tmp_path / "state", workspace_id=SUPPLY_ID))
    path = written(tmp_path / "hosts.yml", hosts)

    limited = ansible.playbook(PLAYBOOK, "-i", path, "--limit", "supply", variables={"dataarts_serial": 1}).succeeded()
    assert {workspace for workspace, _name, _time in reruns(service)} == {SUPPLY_ID}
    assert set(stats(limited)["dataarts_summary"]["workspaces"]) == {"supply"}

    nobody = ansible.playbook(PLAYBOOK, "-i", path, variables={"dataarts_hosts": "nobody"}).ended(2)
    assert "Nothing was sent for localhost: dataarts_workspace_id is not set." in nobody.failures["localhost"]
    assert len(reruns(service)) == 2


def test_what_nobody_would_read_is_refused_before_anything_is_sent(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Ansible would silently ignore the variable, and all jobs would be rerun."""
    service.reset()
    path = written(tmp_path / "hosts.yml", inventory(sales=quick(service, tmp_path / "state", owner="a variable of the user's own")))
    outcome = ansible.playbook(PLAYBOOK, "-i", path, variables={"jobs": ["daily_sales"], "planned_after": "-1h"}).ended(2)
    assert "jobs is not a variable of this role" in outcome.failures["sales"]
    assert "planned_after is not a variable of this role" in outcome.failures["sales"]
    outcome = ansible.playbook(PLAYBOOK, "-i", path, variables={"dataarts_job": ["daily_sales"], "max_instances": 2}).ended(2)
    assert set(outcome.failures.values()) == {
        (
            "Nothing was sent for sales: dataarts_job is not a variable of this role. Did you mean dataarts_jobs? If it is a variable of your own, "
            "rename it. max_instances is not a variable of this role. Did you mean dataarts_max_instances? If it is a variable of your own, "
            "set dataarts_max_instances next to it."
        )
    }
    assert not service.requests("v1_list")
    assert not service.journal()


@pytest.mark.long
def test_variables_that_others_read_are_never_refused(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """The same inventory has documented variables of other playbooks, and the user's own helper variables."""
    service.reset()
    others = {
        "job_name": "daily_sales",
        "related_jobs": [{"job_name": "weekly_report", "workspace_id": WORKSPACE_ID}],
        "begin_time": "-24h",
        "end_time": "-1h",
        "concurrent": 2,
        "webhook_url": "",
        "proposal_directory": "proposals",
        "jobs_finance": ["a"],
        "since_last_night": "-8h",
    }
    path = written(tmp_path / "hosts.yml", inventory(sales=quick(service, tmp_path / "state", **others)))
    outcome = ansible.playbook(PLAYBOOK, "-i", path, "--check").succeeded()
    words = " ".join(outcome.stderr.split())
    assert "dataarts_jobs_finance is not a variable of this role. Did you mean dataarts_jobs? It is ignored." in words
    assert "dataarts_since_last_night is not a variable of this role. Did you mean dataarts_since? It is ignored." in words
    assert words.count("is not a variable of this role") == 2


@pytest.mark.long
def test_a_wrong_value_is_told_in_one_line(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Ansible's own validation of a role's variables would show the role's whole documentation for each workspace."""
    service.reset()
    path = written(tmp_path / "hosts.yml", inventory(sales=quick(service, tmp_path / "state", order="upstream")))
    outcome = ansible.playbook(PLAYBOOK, "-i", path).ended(2)
    assert "dataarts_order must be parallel or upstream_first or deadline, not 'upstream'." in " ".join(
        " ".join(summed_up(outcome)).split()
    )
    assert "argument_spec" not in outcome.output
    assert not service.journal()


@pytest.mark.long
def test_everything_that_failed_is_rerun_if_it_is_the_plan_that_was_approved(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Playbook rerun_failed reruns all jobs, whatever the inventory selects. The role refuses a plan of another selection."""
    service.reset()
    hosts = inventory(supply=quick(service, tmp_path / "state", workspace_id=SUPPLY_ID, jobs=["no_such_job"]))
    path = written(tmp_path / "hosts.yml", hosts)
    everything = "dataarts.factory.rerun_failed"

    another = plan_digest([], {}, service.now_ms()).replace("0-", "1-", 1)
    refused = ansible.playbook(everything, "-i", path, variables={"dataarts_plan_id": another}).ended(2)
    (message,) = refused.failures.values()
    assert "the approved plan had 1 instance, now there are 2" in message
    assert not service.journal()

    (plan_id,) = set(re.findall(rf"is no longer {another} but (\d+-\w{{12}}-\w{{8}}-\w+)", message))
    ansible.playbook(everything, "-i", path, variables={"dataarts_plan_id": plan_id}).succeeded()
    assert Counter(name for _workspace, name, _time in reruns(service)) == {"stock_levels": 2}


@pytest.mark.long
def test_the_role_fails_by_itself_and_leaves_its_result(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.reset()
    path = written(tmp_path / "hosts.yml", inventory(sales=quick(service, tmp_path / "state")))
    show = {
        "ansible.builtin.debug": {
            "msg": "{{ dataarts_rerun_result.recap.failed_again }} {{ dataarts_rerun_result.instances | length > 6 }}"
        }
    }
    role = {"name": "Rerun", "ansible.builtin.include_role": {"name": "dataarts.factory.rerun"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"block": [role], "always": [show]}]}
    outcome = ansible.written_playbook([play], "-i", path, variables={"dataarts_jobs": ["weekly*", "daily*"]}).ended(2)
    assert [line.result["msg"] for line in outcome.of("debug")] == ["1 False"]
    (failure,) = [line for line in outcome.results if line.event == "failed"]
    assert "1 failed again. See below." in failure.result["msg"]
    # the task itself does not fail, so that Ansible does not print its result with all instances
    assert '"instances"' not in outcome.stdout


@pytest.mark.long
def test_the_role_by_itself_says_everything_once(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Including instances that were held back at first, and are sent by the task that watches."""
    service.reset()
    path = written(tmp_path / "hosts.yml", inventory(sales=quick(service, tmp_path / "state")))
    play = {"hosts": "all", "gather_facts": False, "roles": ["dataarts.factory.rerun"]}
    checked = ansible.written_playbook([play], "-i", path, "--check").succeeded()
    assert [checked.stdout.count(text) for text in ("sales  6 of 8 to rerun  daily_sales 3", "Would rerun")] == [1, 0], checked.stdout
    variables = {"dataarts_since": service.now_ms() + 4000, "dataarts_fail_on_broken": False}
    outcome = ansible.written_playbook([play], "-i", path, variables=variables).succeeded()
    (plan,) = re.findall("^sales  .* to rerun.*$", outcome.stdout, re.MULTILINE)
    assert plan.startswith("sales  6 of 8 to rerun, held back until ")
    assert "Failed to bring" not in outcome.stdout
    assert "sales: 5 succeeded, 1 failed again. See below." in outcome.stdout.splitlines()


def secret_file(directory: Path) -> Path:
    path = directory / "vault-password"
    path.write_text(PASSWORD, encoding="utf-8")
    return path


def services() -> list[dict[str, t.Any]]:
    """Changes to the scenario: none; one job's rerun is always refused; clock off by 20 minutes; answers that are not JSON."""
    refuse = {
        "route": "retry",
        "kind": "status",
        "status": 400,
        "code": "DLF.0136",
        "message": "batch jobs only",
        "job_name": "hourly_stock",
        "times": 99,
    }
    weekly = {"name": "weekly_report", "id": 917569, "failed": 1}
    jobs = [{"name": "daily_sales", "id": 917567, "failed": 3}, {"name": "hourly_stock", "id": 917568, "failed": 2}, weekly]
    return [
        {},
        {"faults": [refuse], "jobs": jobs},
        {"switches": {"clock_skew_seconds": 1200}},
        {"faults": [{"route": "*", "kind": "malformed", "text": "<html>out of order</html>", "times": 999}]},
    ]


@contextlib.contextmanager
def closed() -> Iterator[dict[str, str]]:
    """Addresses on which nothing listens: a port that is reserved while it is used."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        yield {"endpoint": address, "endpoint_v1": address, "iam_endpoint": address}
