# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of job_rerun in a real ansible-playbook: waiting, timeouts, surviving outages, and progress lines.

One process runs all cases: each host has its own emulator with its own problem.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.modules import job_rerun
from emulator.running import Running, running
from tests.support.documented import check_documented
from tests.support.playbook import Ansible, Outcome
from tests.support.playbook import Running as Process
from tests.support.scenarios import SECRET_KEY, V2, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

#: Duration of a run that does not end during the test.
ENDLESS = 36_000
SALES = {"jobs": ["daily_sales"]}
ALIASES = {"wait_timeout": "timeout", "poll_interval": "interval"}
#: Switches under which each pass lists once, so that a fault can hit the third pass: the first plans, the second sends.
STEADY = {**V2, "clock_skew_seconds": 0}
#: Host to scenario and options of the task.
CASES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "waits": ({"run_seconds": ENDLESS, "switches": {**V2, "request_id_header": True}}, SALES),
    "does_not_wait": ({"run_seconds": ENDLESS}, {**SALES, "wait": False}),
    "gives_up": ({"run_seconds": ENDLESS}, {**SALES, "wait_timeout": 2}),
    "lost_answer": ({"faults": [{"route": "retry", "kind": "drop", "when": "after_effect"}]}, SALES),
    "bad_moment": (
        {
            "speed": 1,
            "switches": {**STEADY, "rerun_visible_after": 0},
            "faults": [{"route": "v2_list", "kind": "status", "status": 503, "skip": 2, "times": 1}],
        },
        {**SALES, "max_retries": 0},
    ),
    "key_revoked": (
        {
            "run_seconds": ENDLESS,
            "switches": STEADY,
            "faults": [{"route": "v2_list", "kind": "status", "status": 401, "code": "APIGW.0301", "skip": 1, "times": 99}],
        },
        SALES,
    ),
    "fails_again": ({}, {}),
    "second_attempt": ({"switches": {"request_id_header": True}}, {"attempts": 2}),
    "too_many": ({}, {"max_instances": 5}),
    "silent": ({}, SALES),
    "looped": ({}, {}),
    "background": ({"run_seconds": ENDLESS}, {**SALES, "max_parallel": 2}),
    "delegated": ({}, SALES),
}
SPECIAL = ("silent", "looped", "background", "delegated")


@dataclasses.dataclass
class Played:
    """Outcome of the ansible-playbook process, with all emulators."""

    outcome: Outcome
    services: dict[str, Running]

    def result(self, host: str) -> dict[str, t.Any]:
        """Result of the host's task."""
        (line,) = self.outcome.of("job_rerun", host)
        return {**line.result, "failed": line.event == "ignored"}

    def reruns(self, host: str) -> Counter[tuple[str, int]]:
        """Number of reruns of each instance in the emulator's journal."""
        return Counter(
            (entry["job_name"], instance["plan_time"]) for entry in self.services[host].journal() for instance in entry["instances"]
        )

    def shown(self, host: str) -> list[str]:
        """Lines printed for the host during its task."""
        before_the_recap = self.outcome.stdout.partition("PLAY RECAP")[0]
        return [line for line in before_the_recap.splitlines() if re.match(rf"{host}:? +\S", line)]


def task(**more: t.Any) -> dict[str, t.Any]:
    options = {
        ALIASES.get(name, name): f"{{{{ dataarts_{name} | default(omit) }}}}"
        for name in (
            "workspace_id",
            "jobs",
            "wait",
            "wait_timeout",
            "max_retries",
            "attempts",
            "max_instances",
            "max_parallel",
            "settle_time",
            "poll_interval",
            "journal",
        )
    }
    return {"name": "Rerun", "dataarts.factory.job_rerun": options, "register": "rerun", "ignore_errors": True, **more}


def plays() -> list[dict[str, t.Any]]:
    account = ("endpoint", "endpoint_v1", "iam_endpoint", "region", "project_id", "access_key", "secret_key")
    common = {
        "gather_facts": False,
        "module_defaults": {"group/dataarts.factory.api": {name: f"{{{{ dataarts_{name} }}}}" for name in account}},
    }
    loop = {"loop": ["daily_sales", "hourly_stock"], "vars": {"dataarts_jobs": ["{{ item }}"]}}
    return [
        {"hosts": ":".join(host for host in CASES if host not in SPECIAL), "tasks": [task()], **common},
        {"hosts": "silent", "tasks": [task(no_log=True)], **common},
        {"hosts": "looped", "tasks": [task(**loop)], **common},
        {"hosts": "background", "tasks": [{**task(poll=1), "async": 120}], **common},
        {"hosts": "delegated", "tasks": [task(delegate_to="silent")], **common},
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    directory = tmp_path_factory.mktemp("action")
    with contextlib.ExitStack() as stack:
        services = {host: stack.enter_context(running(small_night(**dict(scenario)))) for host, (scenario, _options) in CASES.items()}
        hosts = {host: settings(services[host], directory / "state" / host, options) for host, (_scenario, options) in CASES.items()}
        (directory / "hosts.yml").write_text(json.dumps(inventory(**hosts)), encoding="utf-8")
        (directory / "plays.yml").write_text(json.dumps(plays()), encoding="utf-8")
        ansible = Ansible(directory, environment={"ANSIBLE_ASYNC_DIR": str(directory / "async")})
        process = ansible.start("ansible-playbook", directory / "plays.yml", "-i", directory / "hosts.yml", "--forks", "4", "--diff")
        end_when_shown(services["waits"], process)
        yield Played(process.wait().succeeded(), services)


def end_when_shown(service: Running, process: Process) -> None:
    """End the endless runs of host `waits` when its progress line has shown them running."""
    deadline = time.monotonic() + 180
    while process.process.poll() is None and time.monotonic() < deadline:
        if re.search(r"^waits +3 running, ", process.text(), re.MULTILINE):
            break
        time.sleep(0.1)
    service.advance(ENDLESS)


def settings(service: Running, state: Path, options: dict[str, t.Any]) -> dict[str, t.Any]:
    return variables(service, poll_interval=1, settle_time=1, journal=str(state), **options)


def test_it_waits_over_several_passes_and_merges_them(played: Played) -> None:
    result = played.result("waits")
    assert (result["failed"], result["changed"], result["finished"], result["succeeded"]) == (False, True, True, True)
    assert result["passes"] > 2
    rerun = [instance for instance in result["instances"] if instance["rerun"]]
    assert len(rerun) == 3
    for instance in rerun:
        assert (instance["status_before"], instance["status"], instance["action"], instance["attempts"]) == ("fail", "success", "done", 1)
        assert instance["actions"][0] == "retry"
        assert instance["request_ids"] == [played.services["waits"].journal()[0]["request_id"]]
    assert result["recap"]["rerun"] == result["recap"]["succeeded"] == 3
    assert result["msg"].startswith(f"Reran 3 instances of 1 job in workspace {WORKSPACE_ID}: all succeeded")
    assert played.reruns("waits") == Counter(dict.fromkeys(played.reruns("waits"), 1))


def test_progress_is_shown_while_it_waits(played: Played) -> None:
    lines = played.shown("waits")
    assert re.fullmatch(r"waits +3 of 5 to rerun  daily_sales 3", lines[0])
    until = r"(, (about|not before) \d\d:\d\d)?"
    assert re.fullmatch(rf"waits +3 waiting, \d+s{until}", lines[1])
    assert any(re.fullmatch(rf"waits +3 running, \d+s{until}", line) for line in lines)
    assert lines[-1].startswith("waits: Reran 3 instances")
    text = played.outcome.stdout
    assert 1 <= len(re.findall("^If this is interrupted, ", text, re.MULTILINE)) <= len(re.findall(r"^PLAY \[", text, re.MULTILINE))


def test_without_waiting_it_ends_once_everything_is_sent(played: Played) -> None:
    result = played.result("does_not_wait")
    assert (result["failed"], result["changed"], result["finished"], result["passes"]) == (False, True, True, 2)
    assert result["msg"].endswith("; 3 are in progress, not waited for.")
    assert len(played.reruns("does_not_wait")) == 3


def test_a_timeout_ends_with_the_last_state_of_every_instance(played: Played) -> None:
    result = played.result("gives_up")
    assert (result["failed"], result["timed_out"], result["finished"], result["changed"]) == (True, True, False, True)
    assert [instance["status"] for instance in result["instances"] if instance["rerun"]] == ["running"] * 3
    assert "3 still in progress after" in result["msg"]
    assert "daily_sales planned" in result["msg"]
    assert f"since={result['since_iso'].replace('Z', '+00:00')}" in result["msg"]


def test_a_lost_answer_is_read_back_and_not_sent_again(played: Played) -> None:
    result = played.result("lost_answer")
    assert (result["failed"], result["changed"], result["recap"]["rerun"], result["recap"]["succeeded"]) == (False, True, 3, 3)
    assert sorted(played.reruns("lost_answer").values()) == [1, 1, 1]
    assert any("read back" in problem for problem in result["problems"])


def test_a_bad_moment_of_the_service_is_ridden_out_and_reported(played: Played) -> None:
    result = played.result("bad_moment")
    assert (result["failed"], result["finished"], result["recap"]["succeeded"]) == (False, True, 3)
    assert result["passes"] >= 4
    assert any(problem.startswith("Failed to list the instances of job daily_sales") for problem in result["problems"])
    assert any("Failed to list the instances of job daily_sales" in line for line in played.shown("bad_moment"))


def test_a_fatal_error_ends_with_what_earlier_passes_had_reached(played: Played) -> None:
    result = played.result("key_revoked")
    assert (result["failed"], result["changed"], result["finished"], result["error"]["kind"]) == (
        True,
        True,
        False,
        "credentials",
    )
    assert len([instance for instance in result["instances"] if instance["rerun"]]) == 3
    assert "Before that, 3 waiting." in result["msg"]


def test_what_fails_again_is_named_and_the_others_are_done(played: Played) -> None:
    result = played.result("fails_again")
    assert (result["failed"], result["succeeded"], result["finished"]) == (True, False, True)
    assert {name: result["recap"][name] for name in ("rerun", "succeeded", "failed_again")} == {
        "rerun": 6,
        "succeeded": 5,
        "failed_again": 1,
    }
    assert "Failed to bring 1 of 6 instances" in result["msg"]
    assert "1 failed again (weekly_report planned " in result["msg"]
    assert any(line.startswith("fails_again: failed again: weekly_report planned ") for line in played.shown("fails_again"))


def test_a_second_attempt_is_made_once_the_first_failed(played: Played) -> None:
    result = played.result("second_attempt")
    assert (result["failed"], result["recap"]["succeeded"]) == (False, 6)
    (report,) = [instance for instance in result["instances"] if instance["job_name"] == "weekly_report"]
    assert report["attempts"] == 2
    assert len(report["request_ids"]) == 2
    assert Counter(name for name, _time in played.reruns("second_attempt").elements()) == {
        "daily_sales": 3,
        "hourly_stock": 2,
        "weekly_report": 2,
    }


def test_a_plan_above_the_limit_is_refused_as_a_whole(played: Played) -> None:
    result = played.result("too_many")
    assert (result["failed"], result["changed"], result["passes"]) == (True, False, 1)
    assert "max_instances is 5" in result["msg"]
    assert not played.services["too_many"].journal()


def test_no_log_shows_nothing(played: Played) -> None:
    assert played.shown("silent") == []
    assert played.result("silent")["changed"]
    assert len(played.reruns("silent")) == 3


def test_in_a_loop_every_item_is_a_run(played: Played) -> None:
    (line,) = played.outcome.of("job_rerun", "looped")
    assert [item["recap"]["succeeded"] for item in line.result["results"]] == [3, 2]


def test_in_the_background_one_pass_is_made(played: Played) -> None:
    result = played.result("background")
    assert (result["changed"], result["finished"]) == (True, True), "finished is Ansible's own word about the background"
    assert len(played.reruns("background")) == 2
    assert result["due_in"] is not None, "one was held back"


def test_delegated_it_runs_elsewhere_for_the_same_workspace(played: Played) -> None:
    assert played.result("delegated")["recap"]["succeeded"] == 3
    assert played.shown("delegated")[-1].startswith("delegated: Reran 3 instances")


def test_no_secret_and_no_traceback_is_shown(played: Played) -> None:
    assert SECRET_KEY not in played.outcome.output
    assert "Traceback" not in played.outcome.output


def test_what_tasks_return_is_documented_and_what_is_documented_is_returned(played: Played) -> None:
    documented = yaml.safe_load(job_rerun.RETURN)
    ansibles = {"_ansible_no_log", "_ansible_verbose_override", "changed", "diff", "exception", "failed", "warnings"}
    results = {host: played.result(host) for host in CASES if host not in SPECIAL}
    for host, result in results.items():
        check_documented({name: value for name, value in result.items() if name not in ansibles}, documented, host)
    of_a_part = {"pass_state", "due_in", "workspace_id", "others"}  # passed on by a pass or by the role's first task
    of_others = {"resumed_jobs"}  # what another run had paused, see test_pause_schedules.py
    assert set(documented) - {name for result in results.values() for name in result} == of_a_part | of_others
    instances = [instance for result in results.values() for instance in result["instances"]]
    assert set(documented["instances"]["contains"]) == {name for instance in instances for name in instance}
