# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Abnormal ends of a pass, a play or its output: no rerun is lost, nothing hangs, and machine-readable output stays clean."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import ROOT, SUPPORT, TIMEOUT, Ansible, Outcome
from tests.support.reports import check_json
from tests.support.scenarios import DOMAIN, SUPPLY_ID, USER_NAME, V2, small_night, two_workspaces
from tests.support.terminal import shown
from tests.support.workspace import inventory, variables

PLAYBOOK = "dataarts.factory.rerun"
SWITCHES = {"flow_control": False, "clock_skew_seconds": 0, **V2}


@pytest.fixture(name="service", scope="module")
def fixture_service() -> Iterator[Running]:
    with running(two_workspaces(switches=SWITCHES)) as handle:
        yield handle


@pytest.fixture(name="ansible")
def fixture_ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def hosts(service: Running, folder: Path, **more: t.Any) -> Path:
    """Reset the emulator, and write an inventory of both workspaces."""
    service.reset(two_workspaces(switches=SWITCHES, **more))
    shared = {"poll_interval": 1, "settle_time": 1, "journal": str(folder / "state")}
    data = inventory(sales=variables(service, **shared), supply=variables(service, workspace_id=SUPPLY_ID, **shared))
    path = folder / "hosts.yml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def reruns(service: Running) -> int:
    """Number of reruns."""
    return sum(len(entry["instances"]) for entry in service.journal())


def over_a_jump_host(service: Running, folder: Path, fault: str, number: int) -> tuple[Outcome, dict[str, t.Any]]:
    """Run the playbook on workspace supply with a jump host on which *fault* happens. Returns its outcome and the workspace in the report."""
    path, place = hosts(service, folder), folder / "jump"
    place.mkdir()
    (place / fault).write_text(str(number), encoding="utf-8")
    settings = {"JUMP_HOST": str(place), "ANSIBLE_CONNECTION_PLUGINS": str(SUPPORT / "connection_plugins")}
    more = {"ansible_connection": "jump_host", "dataarts_report_path": str(folder / "report"), "dataarts_wait_timeout": 20}
    outcome = Ansible(folder).playbook(PLAYBOOK, "-i", path, "--limit", "supply", variables=more, env=settings)
    assert not [name for name in ("folder_vanishes", "killed", "goes_away", "unreachable_first") if (place / name).exists()], outcome.output
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    (workspace,) = report["workspaces"]
    return outcome, workspace


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "number"),
    whole_plays_of([("unreachable_first", 1), ("folder_vanishes", 2), ("folder_vanishes", 3), ("killed", 2), ("killed", 3)]),
)
def test_what_a_pass_had_sent_is_told_however_it_ended(service: Running, tmp_path: Path, fault: str, number: int) -> None:
    """The second run of the module sends."""
    outcome, workspace = over_a_jump_host(service, tmp_path, fault, number)
    outcome.succeeded()
    assert reruns(service) == 2
    assert (workspace["changed"], workspace["counts"]["rerun"], workspace["counts"]["succeeded"]) == (True, 2, 2)
    assert not workspace["counts"]["adopted"], "recognized by the run's id in the journal"


def test_a_machine_that_is_gone_for_good_takes_no_result_with_it(service: Running, tmp_path: Path) -> None:
    outcome, workspace = over_a_jump_host(service, tmp_path, "goes_away", 2)
    outcome.ended(2)
    assert reruns(service) == 2
    assert (workspace["changed"], workspace["succeeded"], len(workspace["instances"])) == (True, False, 2)
    assert "2 possibly not sent" in workspace["msg"]
    assert "does not answer" in workspace["msg"]
    assert "dataarts_since=" in workspace["msg"], "how to go on"
    assert "Traceback" not in outcome.output


def piped(service: Running, folder: Path, shell: str) -> subprocess.CompletedProcess[str]:
    """Run a line of *shell*, in which ``$AP`` is the command of the playbook."""
    ansible = Ansible(folder)
    command = f"{ansible.bin_directory / 'ansible-playbook'} {PLAYBOOK} -i {hosts(service, folder)}"
    return subprocess.run(
        ["bash", "-c", shell],
        env={**ansible.variables(), "AP": command},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


#: A tee that is killed when the plan has been written.
TEE_THAT_IS_KILLED = """
mkfifo pipe
tee log < pipe > shown & tee=$!
{ until grep -q "to rerun" log; do sleep 0.1; done; kill -9 $tee; } 2> /dev/null &
$AP > pipe
"""


@pytest.mark.parametrize(
    "shell",
    whole_plays(
        [
            "$AP | head -1; exit ${PIPESTATUS[0]}",
            "$AP > /dev/full",
            "$AP > >(sleep 1; exec true)",
            TEE_THAT_IS_KILLED,
        ]
    ),
)
def test_output_that_nobody_takes_ends_the_play_with_the_status_of_its_work(service: Running, tmp_path: Path, shell: str) -> None:
    ended = piped(service, tmp_path, shell)
    assert ended.returncode == 2, (ended.stdout, ended.stderr)  # weekly_report fails again
    assert reruns(service) == 8
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_without_any_output_it_ends_as_a_plain_play_does(service: Running, tmp_path: Path) -> None:
    """ansible-core fails when it writes its next line, but its results must still be read, or it would wait forever."""
    ended = piped(service, tmp_path, "$AP >&-")
    # up to 2.18, it reports the error on stdout and fails again
    assert ended.returncode in (1, 250), (ended.stdout, ended.stderr)
    assert "Exception in thread" not in ended.stderr


def test_a_program_that_reads_the_output_finds_what_the_callback_prints_and_nothing_else(service: Running, tmp_path: Path) -> None:
    settings = {"ANSIBLE_STDOUT_CALLBACK": "one_document"}
    outcome = Ansible(tmp_path).playbook(PLAYBOOK, "-i", hosts(service, tmp_path), "--limit", "supply", env=settings).succeeded()
    assert json.loads(outcome.stdout)["supply"]["ok"] >= 2
    assert "supply  2 of 2 to rerun  stock_levels 2" in outcome.stderr


@pytest.mark.parametrize("number", whole_plays([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
def test_who_interrupts_a_play_reads_what_stands_and_the_one_command_that_goes_on(
    service: Running, tmp_path: Path, number: signal.Signals
) -> None:
    path = hosts(service, tmp_path, speed=1, run_seconds=3600)
    ansible = Ansible(tmp_path)
    process = ansible.start("ansible-playbook", PLAYBOOK, "-i", path)
    deadline = time.monotonic() + TIMEOUT
    while " running, " not in process.text() and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(process.process.pid, number)
    outcome = process.wait()
    assert outcome.rc != 0
    assert outcome.stderr.count("Interrupted. What was sent goes on by itself. The last known state, with what was not sent yet:") == 1
    assert "supply  2 " in outcome.stderr
    (since,) = {part.split()[0] for part in outcome.stderr.split("dataarts_since=")[1:]}
    assert outcome.stderr.count("-e dataarts_planned_after=") == 1, "a window that nobody chose is another one by then"
    service.advance(7200)
    again = ansible.playbook(PLAYBOOK, "-i", path, variables={"dataarts_since": since}).ended(2)
    assert reruns(service) == 8, again.output


@pytest.mark.long
def test_who_interrupts_a_repair_while_it_makes_instances_reads_the_command_too(service: Running, tmp_path: Path) -> None:
    path = hosts(service, tmp_path, speed=1)
    job = {"name": "hourly_orders", "failed": 2, "succeeded": 2, "every": "1h"}
    service.reset(small_night(workspaces=[{"id": SUPPLY_ID, "name": "supply", "jobs": [job]}], switches=SWITCHES, run_seconds=3600))
    process = Ansible(tmp_path).start("ansible-playbook", "dataarts.factory.repair", "-i", path, "--limit", "supply")
    deadline = time.monotonic() + TIMEOUT
    while not service.journal() and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(process.process.pid, signal.SIGTERM)
    outcome = process.wait()
    assert {entry["kind"] for entry in service.journal()} == {"patch_data"}
    assert "supply  missing instances: making them" in outcome.stderr, outcome.output
    assert "Go on with (nothing is sent twice):" in outcome.stderr
    assert "dataarts_since=" in outcome.stderr


@pytest.mark.long
def test_what_failed_again_before_another_workspace_began_is_not_sent_once_more(service: Running, tmp_path: Path) -> None:
    """The suggested since is that of the first workspace, even if that has ended."""
    path, scenario = hosts(service, tmp_path), two_workspaces(switches=SWITCHES)
    sales, supply = scenario["accounts"][0]["workspaces"]
    sales["jobs"] = [{"name": "daily_sales", "failed": 2, "run_seconds": 200, "runs": ["fail"] * 4}]
    supply["jobs"] = [{"name": "stock_levels", "failed": 1, "run_seconds": 9000}]
    service.reset(scenario)
    ansible = Ansible(tmp_path)
    process = ansible.start("ansible-playbook", PLAYBOOK, "-i", path, "-e", "dataarts_serial=1")
    deadline = time.monotonic() + TIMEOUT
    while reruns(service) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(process.process.pid, signal.SIGINT)
    outcome = process.wait()
    since = outcome.stderr.split("dataarts_since=")[1].split()[0]
    again = ansible.playbook(PLAYBOOK, "-i", path, "--limit", "sales", variables={"dataarts_since": since}).ended(2)
    assert reruns(service) == 3, again.output


@pytest.mark.long
def test_a_service_that_dies_leaves_a_person_with_what_stands_and_the_command(tmp_path: Path) -> None:
    """The service ends while reruns are running."""
    with running(two_workspaces(switches=SWITCHES)) as mortal:
        path = hosts(mortal, tmp_path, speed=1, run_seconds=3600)
        process = Ansible(tmp_path).start("ansible-playbook", PLAYBOOK, "-i", path, "--limit", "supply", "-e", "dataarts_wait_timeout=15")
        deadline = time.monotonic() + TIMEOUT
        while not any(entry["instances"] for entry in mortal.journal()) and time.monotonic() < deadline:
            time.sleep(0.2)
        while " running, " not in process.text() and time.monotonic() < deadline:
            time.sleep(0.2)
    outcome = process.wait().ended(2)
    assert re.search(r"^supply  no answer since \d\d:\d\d:\d\d; at that time 2 running, ", outcome.stdout, re.MULTILINE), outcome.stdout
    assert "2 in progress when the service answered last" in outcome.failures["supply"]
    closing = outcome.stdout.partition("Sum up all workspaces")[2]
    assert "2 of 2 instances are still in progress, as far as is known: 2 could no longer be read" in " ".join(closing.split())
    assert "To go on (nothing is sent twice):" in closing
    assert "dataarts_since=" in closing
    assert "Traceback" not in outcome.output


@pytest.mark.long
@pytest.mark.parametrize("form", whole_plays(["include", "roles", "task"]))
def test_workspaces_behind_one_host_are_reported_each_by_itself(service: Running, tmp_path: Path, form: str) -> None:
    """A loop over the role, the role twice, and a loop over the module's task."""
    path = hosts(service, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))["all"]
    shared = {**data["vars"], **data["hosts"]["sales"]}
    sales, supply = (data["hosts"][name]["dataarts_workspace_id"] for name in ("sales", "supply"))
    own = {"vars": {"dataarts_workspace_id": "{{ item }}"}, "loop": [sales, supply]}
    del shared["dataarts_workspace_id"]
    # each pattern matches a job in one of the workspaces
    shared.update(dataarts_jobs=["daily_*", "hourly_*", "weekly_*", "stock_*"], dataarts_fail_on_broken=False)
    shared.update(dataarts_report_path=str(tmp_path / "report"))
    task = {"name": "Rerun", "dataarts.factory.job_rerun": None, "register": "dataarts_rerun_result", "failed_when": False, **own}
    summary = {"name": "Sum up", "dataarts.factory.rerun_summary": {"report_path": str(tmp_path / "report")}}
    forms: dict[str, dict[str, t.Any]] = {
        "include": {"tasks": [{"name": "Rerun", "ansible.builtin.include_role": {"name": "dataarts.factory.rerun"}, **own}]},
        "roles": {"roles": [{"role": "dataarts.factory.rerun", "dataarts_workspace_id": name} for name in (sales, supply)]},
        "task": {"tasks": [task, summary]},
    }
    outcome = Ansible(tmp_path).written_playbook([{"hosts": "localhost", "gather_facts": False, "vars": shared, **forms[form]}]).succeeded()
    numbers = outcome.of("rerun_summary")[-1].result["summary"]
    assert (numbers["totals"]["rerun"], numbers["totals"]["succeeded"], numbers["totals"]["failed_again"]) == (8, 7, 1)
    assert {(job["workspace"], job["job_name"]) for job in numbers["jobs"]} == {
        *((sales, name) for name in ("daily_sales", "hourly_stock", "weekly_report")),
        (supply, "stock_levels"),
    }
    assert reruns(service) == 8
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    check_json(report)
    of_sales, of_supply = report["workspaces"]
    for workspace, name, number in ((of_sales, sales, 6), (of_supply, supply, 2)):
        assert (workspace["host"], workspace["workspace_id"], workspace["inventory_host"]) == (name, name, "localhost")
        assert (workspace["counts"]["rerun"], name in workspace["msg"]) == (number, True), workspace["msg"]
        assert {instance["workspace_id"] for instance in workspace["instances"]} == {name}
    assert (of_sales["state"], of_supply["state"]) == ("broken", "succeeded")
    (step,) = of_sales["next_steps"]
    assert (step["limit"], f"-e dataarts_workspace_id={sales}" in step["command"]) == ("localhost", True), step["command"]
    suites = ET.parse(tmp_path / "report" / "report.xml").getroot()
    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [(sales, "1"), (supply, "0")]
    closing = outcome.of("rerun_summary")[-1].result["lines"]
    assert any(line.startswith(sales[:20]) and "weekly_report  1 failed again" in line for line in closing), closing
    assert "1 workspace: all 2 instances succeeded" in closing, closing


@pytest.mark.parametrize("goes_on", whole_plays([False, True]))
def test_a_loop_that_a_failure_ends_names_what_is_not_begun(service: Running, tmp_path: Path, goes_on: bool) -> None:
    """An instance of sales fails again. A rescue gets the whole message, which the terminal shows in the closing lines."""
    data = json.loads(hosts(service, tmp_path).read_text(encoding="utf-8"))["all"]
    names = ["sales", "supply", "finance", "marketing", "stock"] if not goes_on else ["sales", "supply"]
    role = {
        "name": "Rerun",
        "ansible.builtin.include_role": {"name": "dataarts.factory.rerun"},
        "loop": "{{ names }}",
        "loop_control": {"loop_var": "workspace"},
        "vars": {"dataarts_workspace_id": "{{ ids[workspace] }}"},
    }
    ids = {name: data["hosts"]["supply" if name == "supply" else "sales"]["dataarts_workspace_id"] for name in names}
    settings = {**data["vars"], **data["hosts"]["sales"], "names": names, "ids": ids, "dataarts_fail_on_broken": not goes_on}
    del settings["dataarts_workspace_id"]
    fallback = {"name": "Tell", "ansible.builtin.fail": {"msg": "Rescued: {{ ansible_failed_result.msg }}"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": "Night", "block": [role], "rescue": [fallback]}],
        "vars": settings,
    }
    outcome = Ansible(tmp_path).written_playbook([play]).ended(0 if goes_on else 2)
    rescued = [line.result["msg"] for line in outcome.results if line.task == "Tell"]
    cause = f"Rescued: Failed to bring 1 of 6 instances of workspace {ids['sales']} to success: 1 failed again (weekly_report planned "
    assert [text.startswith(cause) for text in rescued] == ([] if goes_on else [True]), rescued
    words = "Not started, because a failure ended the loop: supply, finance, marketing and 1 more. To go on with them, set dataarts_fail_on_broken to false."
    assert (words in " ".join(outcome.stdout.split())) is not goes_on
    assert ("Not started" in outcome.stdout) is not goes_on
    assert reruns(service) == (8 if goes_on else 6)


@pytest.mark.long
def test_what_was_sent_is_watched_as_the_run_that_sent_it_and_kept_where_that_is_refused(service: Running, tmp_path: Path) -> None:
    """Two workspaces on one host, with a variable of the second that cannot be evaluated any more after the reruns were sent."""
    path = hosts(service, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))["all"]
    ids = [data["hosts"][name]["dataarts_workspace_id"] for name in ("sales", "supply")]

    def role(part: str, number: int, **more: str) -> dict[str, t.Any]:
        included = {"name": "dataarts.factory.rerun", "tasks_from": part}
        return {"ansible.builtin.include_role": included, "vars": {"dataarts_workspace_id": ids[number], **more}}

    gone = {"dataarts_purpose": f"{{{{ lookup('ansible.builtin.file', '{tmp_path / 'nowhere'}') }}}}"}
    tasks = [role("send", 0), role("send", 1), role("wait_for_end", 0), role("wait_for_end", 1, **gone)]
    shared = {**data["vars"], **data["hosts"]["sales"]}
    del shared["dataarts_workspace_id"]
    outcome = Ansible(tmp_path).written_playbook([{"hosts": "localhost", "gather_facts": False, "tasks": tasks, "vars": shared}])
    sent_sales, sent_supply, sales, supply = (line.result for line in outcome.succeeded().of("job_rerun"))
    assert (sales["workspace_id"], sales["since"]) == (ids[0], sent_sales["since"])
    assert len(sales["instances"]) == len(json.loads(sent_sales["instances_as_text"]))
    assert (supply["workspace_id"], supply["since"], supply["succeeded"]) == (ids[1], sent_supply["since"], False)
    assert "dataarts_purpose cannot be evaluated" in supply["msg"]
    assert supply["instances"] == json.loads(sent_supply["instances_as_text"])
    assert supply["others"][ids[0]]["msg"] == sales["msg"]
    assert reruns(service) == 8


@pytest.mark.long
@pytest.mark.parametrize(("limit", "expected"), whole_plays_of([({"max_parallel": 1}, 1), ({}, 2)]))
def test_a_task_in_the_background_says_what_it_left(service: Running, tmp_path: Path, limit: dict[str, int], expected: int) -> None:
    data = json.loads(hosts(service, tmp_path).read_text(encoding="utf-8"))["all"]
    task = {
        "name": "In the background",
        "dataarts.factory.job_rerun": limit,
        "vars": {**data["vars"], **data["hosts"]["supply"]},
        "async": 60,
        "poll": 1,
    }
    ansible = Ansible(tmp_path, environment={"ANSIBLE_ASYNC_DIR": str(tmp_path / "async")})
    outcome = ansible.written_playbook([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    assert reruns(service) == expected
    assert outcome.rc == (2 if limit else 0), outcome.output
    assert ("Left 1 instance " in outcome.stdout) is bool(limit)


@pytest.mark.long
def test_a_wrong_password_is_tried_once_however_many_workspaces_there_are(service: Running, tmp_path: Path) -> None:
    """IAM locks a user after a few wrong passwords."""
    path = hosts(service, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))
    login = {"dataarts_user_name": USER_NAME, "dataarts_user_password": "Pa55-of-nobody", "dataarts_domain_name": DOMAIN}
    for name in ("sales", "supply"):
        place = data["all"]["hosts"][name]
        data["all"]["hosts"][name] = {key: value for key, value in place.items() if not key.endswith(("access_key", "secret_key"))} | login
    data["all"]["hosts"] |= {f"more{number}": data["all"]["hosts"]["supply"] for number in range(3)}
    path.write_text(json.dumps(data), encoding="utf-8")
    outcome = Ansible(tmp_path).playbook(PLAYBOOK, "-i", path).ended(2)
    assert len(service.requests("tokens")) == 1
    assert len(outcome.failures) == 5
    assert {USER_NAME in text for text in outcome.failures.values()} == {True}
    assert "Pa55-of-nobody" not in outcome.output


@pytest.mark.long
def test_a_slow_service_is_never_waited_for_in_silence(service: Running, tmp_path: Path) -> None:
    """There is output while a list arrives byte by byte, and while reruns are running."""
    slow = {"route": "list", "kind": "slow_body", "seconds": 0.03, "when": "after_effect", "times": 1}
    path = hosts(service, tmp_path, speed=1, run_seconds=20, faults=[slow])
    process = Ansible(tmp_path).start("ansible-playbook", PLAYBOOK, "-i", path, "--limit", "supply")
    heard, silent, length = time.monotonic(), 0.0, 0
    while process.process.poll() is None:
        time.sleep(0.1)
        if (now := len(process.text())) != length:
            heard, length = time.monotonic(), now
        silent = max(silent, time.monotonic() - heard)
    outcome = process.wait().succeeded()
    assert silent <= 10, (silent, outcome.stdout)
    assert "supply  2 running, " in outcome.stdout
    assert "supply  listing, " in outcome.stdout, outcome.stdout


#: Row in the guide's table of exit statuses to further words of the command line and the status.
STATUSES: dict[str, tuple[tuple[str, ...], int]] = {
    "nothing was rerun": (("--tags", "nothing"), 2),
    "the inventory cannot be read": (("-i", "/nonexistent"), 2),
    "``--limit`` matches no host": (("--limit", "nobody"), 1),
    "an address": (("-e", "dataarts_endpoint=http://127.0.0.1:9 dataarts_endpoint_v1=http://127.0.0.1:9 dataarts_max_retries=0"), 2),
    "matches no job": (("-e", '{"dataarts_jobs": ["no_such_*"]}', "--check"), 2),
    "the plan can be carried out": (("--check",), 0),
}


@pytest.mark.parametrize("words", whole_plays(STATUSES))
def test_a_play_that_did_not_do_what_was_asked_never_ends_well(service: Running, tmp_path: Path, words: str) -> None:
    table = " ".join((ROOT / "docs" / "docsite" / "rst" / "guide_errors.rst").read_text(encoding="utf-8").split())
    row = next(row for row in table.split(" * - ")[1:] if words in row)
    more, status = STATUSES[words]
    assert str(status) in row.split(" - ")[0]
    inventory_of_all = () if "-i" in more else ("-i", str(hosts(service, tmp_path)))
    before = reruns(service)
    outcome = Ansible(tmp_path).playbook(PLAYBOOK, *inventory_of_all, *more).ended(status)
    assert reruns(service) == before
    assert "--tags" not in more or "because of --tags" in " ".join(outcome.output.split()), outcome.output


@pytest.mark.long
@pytest.mark.parametrize(("tags", "status"), whole_plays_of([([], 0), (["always"], 2)]))
def test_tags_leave_out_the_role_of_a_playbook_of_ones_own_unless_it_is_always_run(
    service: Running, tmp_path: Path, tags: list[str], status: int
) -> None:
    play = {"hosts": "all", "gather_facts": False, "roles": [{"role": "dataarts.factory.rerun", "tags": tags}]}
    more = {"dataarts_jobs": ["no_such_*"]}
    Ansible(tmp_path).written_playbook([play], "-i", hosts(service, tmp_path), "--tags", "other", variables=more).ended(status)


@pytest.mark.long
@pytest.mark.parametrize(("more", "most"), whole_plays_of([(("--check",), 20), ((), 28)]))
def test_ansible_takes_few_rows_of_the_screen(service: Running, tmp_path: Path, more: tuple[str, ...], most: int) -> None:
    """For two workspaces. The recap takes two rows for each, and no task only shows that it was skipped."""
    path, ansible = hosts(service, tmp_path), Ansible(tmp_path)
    command = [str(ansible.bin_directory / "ansible-playbook"), PLAYBOOK, "-i", path.name, *more]
    env = {name: value for name, value in ansible.variables().items() if name != "COLUMNS"}
    screen = shown(command, {**env, "CAPTURE_FILE": str(tmp_path / "results")}, tmp_path)
    rows = screen.rows
    recap = next(number for number, row in enumerate(rows) if row.startswith("PLAY RECAP"))
    words = ("PLAY", "TASK", "ok:", "changed:", "skipping:", "fatal:")
    of_ansible = [row for row in rows[:recap] if not row or row.startswith(words)] + rows[recap:]
    assert len(of_ansible) <= most, "\n".join(screen.rows)
    assert not [line for line in screen.lines if line.startswith("skipping: [")]
