# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible keywords on a task or the role: each failure is rerun once, even if it fails again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import typing as t
from collections import Counter
from pathlib import Path

import pytest

from emulator.running import running
from tests.support.long import whole_plays
from tests.support.playbook import TIMEOUT, Ansible
from tests.support.scenarios import FREE, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

SALES_ID, SUPPLY_ID = f"{1:032x}", f"{2:032x}"
JOB_RERUN, NAMED, ROLE = "dataarts.factory.job_rerun", "dataarts.factory.job_instance_retry", "dataarts.factory.rerun"
#: Enough retries for an instance to fail again and to settle in between.
AGAIN = {"until": "false", "retries": 3, "delay": 2}
FAILURES = (
    "{{ listed.instances | selectattr('job_name', 'eq', 'fails_again') | map('dict2items') "
    "| map('selectattr', 'key', 'in', ['job_id', 'plan_time', 'submit_time']) | map('items2dict') }}"
)
LIST: dict[str, t.Any] = {"dataarts.factory.job_instance_info": {"statuses": ["fail"]}, "register": "listed"}
RETRY: dict[str, t.Any] = {NAMED: {"job_name": "fails_again", "task_retrys": FAILURES, "settle_time": 1}}
RERUN: dict[str, t.Any] = {JOB_RERUN: {"settle_time": 1, "poll_interval": 1}}
INCLUDED: dict[str, t.Any] = {"ansible.builtin.include_role": {"name": ROLE}}
#: Both workspaces in one task on one host.
BOTH: dict[str, t.Any] = {"loop": [SALES_ID, SUPPLY_ID], "vars": {"dataarts_workspace_id": "{{ item }}"}}
WITH_ROLE: dict[str, t.Any] = {"roles": [ROLE]}
#: Refuses the second rerun, also after it is signed again.
REFUSED = {"route": "retry", "kind": "status", "status": 401, "code": "APIGW.0301", "skip": 1, "times": 2}


class Case(t.NamedTuple):
    """A play, by default on both workspaces, further words of the command, the number of reruns of the six failures, and faults.

    It exits with 0 only if it does not wait: two reruns fail again, or nothing is sent.
    """

    play: dict[str, t.Any]
    words: tuple[str, ...] = ()
    reruns: int = 6
    faults: tuple[dict[str, t.Any], ...] = ()
    waits: bool = True


CASES = {
    "until": Case({"tasks": [{**RERUN, **AGAIN}]}),
    "retries": Case({"tasks": [{**RERUN, "retries": 3, "delay": 2}]}),
    "until without waiting": Case({"tasks": [{JOB_RERUN: {"wait": False, "settle_time": 1}, **AGAIN}]}),
    "until after the time is over": Case({"tasks": [{JOB_RERUN: {"wait_timeout": 1, "settle_time": 1, "poll_interval": 1}, **AGAIN}]}),
    "until after an error between two requests": Case({"hosts": "one", "tasks": [{**RERUN, **AGAIN}]}, reruns=3, faults=(REFUSED,)),
    "until, in a loop": Case({"hosts": "one", "tasks": [{**RERUN, **AGAIN, **BOTH}]}),
    "until, named instances": Case({"tasks": [LIST, {**RETRY, **AGAIN}]}, reruns=4),
    "until, named instances, after an error between two requests": Case(
        {"hosts": "one", "tasks": [LIST, {NAMED: {**RETRY[NAMED], "api_version": "v1"}, **AGAIN}]},
        reruns=2,
        faults=({**REFUSED, "route": "v1_restart"},),
    ),
    "until, a module in a process": Case({"tasks": [{**RERUN, **AGAIN, "environment": {"A": "b"}}]}),
    "until, in the background": Case({"tasks": [{**RERUN, **AGAIN, "async": 60, "poll": 1}]}, reruns=0),
    "until, in the background, relative since": Case(
        {"tasks": [{JOB_RERUN: {"settle_time": 1, "since": "-1s"}, **AGAIN, "async": 60, "poll": 1}]}, reruns=0
    ),
    "until, in the background, since": Case(
        {"tasks": [{JOB_RERUN: {"settle_time": 1, "since": "{{ lookup('pipe', 'date -Is') }}"}, **AGAIN, "async": 60, "poll": 1}]}
    ),
    "in the background": Case({"tasks": [{**RERUN, "async": 60, "poll": 1}]}, waits=False),
    "loop": Case({"hosts": "one", "tasks": [{**RERUN, **BOTH}]}),
    "throttle": Case({"tasks": [{**RERUN, "throttle": 1}]}),
    "delegate_to": Case({"tasks": [{**RERUN, "delegate_to": "localhost"}]}),
    "run_once": Case({"tasks": [{**RERUN, "run_once": True}]}, reruns=0),
    "run_once, role": Case({"tasks": [{**INCLUDED, "run_once": True}]}, reruns=0),
    "serial": Case({**WITH_ROLE, "serial": 1}, reruns=3),  # a failure ends the play before the second batch
    "serial, max_fail_percentage": Case({**WITH_ROLE, "serial": 1, "max_fail_percentage": 100}, reruns=3),
    "any_errors_fatal": Case({**WITH_ROLE, "any_errors_fatal": True}),
    "any_errors_fatal, a refused workspace": Case(
        {**WITH_ROLE, "any_errors_fatal": True, "vars": {"dataarts_max_instances": "{{ 0 if inventory_hostname == 'one' else 9 }}"}},
        reruns=3,
    ),
    **{f"strategy {name}": Case({**WITH_ROLE, "strategy": name}) for name in ("free", "host_pinned")},
    "strategy free, until": Case({"strategy": "free", "tasks": [{**RERUN, **AGAIN}]}),
    "include_role, when": Case({"tasks": [{**INCLUDED, "when": "inventory_hostname == 'other'"}]}, reruns=3),
    "include_role, loop, when": Case({"hosts": "one", "tasks": [{**INCLUDED, **BOTH, "when": f"item == '{SUPPLY_ID}'"}]}, reruns=3),
    "start at the second task": Case(WITH_ROLE, ("--start-at-task", "Watch until it has ended")),
    "start at the verdict": Case(WITH_ROLE, ("--start-at-task", "Fail where an instance did not succeed"), reruns=0),
    "timeout": Case({"tasks": [{**RERUN, **AGAIN, "timeout": 3}]}),
}


@pytest.mark.parametrize("name", whole_plays(CASES))
def test_each_failure_is_rerun_once(tmp_path: Path, name: str) -> None:
    jobs: list[dict[str, t.Any]] = [
        {"name": "fails_again", "id": 1, "failed": 2, "runs": ["fail", "success"]},
        {"name": "succeeds", "id": 2, "failed": 1},
    ]
    others = [{**job, "id": job["id"] + 2} for job in jobs]
    workspaces = [{"id": SALES_ID, "name": "one", "jobs": jobs}, {"id": SUPPLY_ID, "name": "other", "jobs": others}]
    case = CASES[name]
    with running(small_night(workspaces=workspaces, switches=FREE, run_seconds=1, faults=[*case.faults])) as service:
        options = {"settle_time": 1, "poll_interval": 1, "journal": str(tmp_path / "journal.db")}
        hosts = {host: variables(service, workspace_id=where, **options) for host, where in (("one", SALES_ID), ("other", SUPPLY_ID))}
        (tmp_path / "hosts.yml").write_text(json.dumps(inventory(**hosts)), encoding="utf-8")
        play = {"hosts": "all", "gather_facts": False, **case.play}
        ansible = Ansible(tmp_path, environment={"ANSIBLE_ASYNC_DIR": str(tmp_path / "async")})
        outcome = ansible.written_playbook([play], "-i", tmp_path / "hosts.yml", *case.words)
        reruns = Counter(
            (entry["workspace_id"], entry["job_name"], instance["plan_time"])
            for entry in service.journal()
            for instance in entry["instances"]
        )
    assert set(reruns.values()) <= {1}, outcome.output
    assert len(reruns) == case.reruns, outcome.output
    assert (outcome.rc != 0) is case.waits, outcome.output
    assert "Unexpected Exception" not in outcome.output


@pytest.mark.long
def test_a_further_try_of_a_task_pauses_again_what_it_reruns(tmp_path: Path) -> None:
    """The previous try has resumed the job when it timed out."""
    with running(
        small_night(jobs=[{"name": "daily", "id": 1, "failed": 3, "status": "SCHEDULING"}], switches=FREE, run_seconds=4)
    ) as service:
        options = {"settle_time": 1, "poll_interval": 1, "journal": str(tmp_path / "journal.db")}
        (tmp_path / "hosts.yml").write_text(json.dumps(inventory(one=variables(service, **options))), encoding="utf-8")
        task = {JOB_RERUN: {"pause_schedules": True, "wait_timeout": 1, "max_parallel": 1}, **AGAIN, "retries": 9, "delay": 1}
        outcome = Ansible(tmp_path).written_playbook(
            [{"hosts": "all", "gather_facts": False, "tasks": [task]}], "-i", tmp_path / "hosts.yml"
        )
        kinds = [entry["kind"] for entry in service.journal()]
        statuses = service.state()["schedules"]
    paused = [
        kinds[:index].count("stop_schedule") - kinds[:index].count("start_schedule") for index, kind in enumerate(kinds) if kind == "retry"
    ]
    assert paused == [1, 1, 1], outcome.output
    assert set(statuses[WORKSPACE_ID].values()) == {"SCHEDULING"}


@pytest.mark.long
@pytest.mark.parametrize("clock_skew", [0, -30])
def test_a_further_try_after_one_that_was_killed_reruns_nothing_that_has_failed_again(tmp_path: Path, clock_skew: int) -> None:
    """The module was killed before it could return what it had sent and its since. The service's clock may differ from this machine's."""
    with running(
        small_night(
            jobs=[{"name": "fails_again", "id": 2, "failed": 2, "runs": ["fail"] * 4}],
            switches={**FREE, "clock_skew_seconds": clock_skew},
            run_seconds=1,
        )
    ) as service:
        own = variables(service, settle_time=1, journal=str(tmp_path / "journal.db"))
        (tmp_path / "hosts.yml").write_text(json.dumps(inventory(one=own)), encoding="utf-8")
        play = [{"hosts": "all", "gather_facts": False, "tasks": [LIST, {**RETRY, **AGAIN, "delay": 4, "environment": {"A": "b"}}]}]
        (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
        service.inject({"route": "retry", "kind": "latency", "seconds": 60, "when": "after_effect"})
        process = Ansible(tmp_path).start("ansible-playbook", "-i", tmp_path / "hosts.yml", tmp_path / "play.yml")
        deadline = time.monotonic() + TIMEOUT
        while not service.journal() and time.monotonic() < deadline:
            time.sleep(0.1)
        for number in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{number}/cmdline").read_bytes().decode().split("\0")
                if any(str(tmp_path) in word and word.endswith("AnsiballZ_job_instance_retry.py") for word in words[:2]):
                    os.kill(number, signal.SIGKILL)
        service.clear_faults()
        outcome = process.wait()
        reruns = Counter(instance["plan_time"] for entry in service.journal() for instance in entry["instances"])
    assert sorted(reruns.values()) == [1, 1], outcome.output
    assert outcome.rc != 0
    assert "RETRYING" in outcome.output
