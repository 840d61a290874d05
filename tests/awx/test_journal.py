# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX jobs with a journal credential: each has a home directory of its own, as in a container, and all share a PostgreSQL database."""

from __future__ import annotations

import os
import random
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running, running
from tests.awx import definitions
from tests.awx.job import Launcher
from tests.support.postgresql import OWNER, PASSWORD, PostgresServer, postgres_server
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, SUPPLY_ID, WORKSPACE_ID, small_night
from tests.support.workspace import variables
from tools import awx

pytestmark = [pytest.mark.awx, pytest.mark.timeout(3600)]

CREDENTIAL = {"region": REGION, "project_id": PROJECT_ID, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
ANSWERS = {"dataarts_answer_jobs": "?*", "dataarts_answer_planned_after": "-24h", "dataarts_answer_statuses": ["fail"]}
#: How many jobs are killed, each at another time and followed by one in a new home directory.
KILLS = int(os.environ.get("AWX_KILLS", "2"))
SEED = int(os.environ.get("AWX_SEED", "17"))


def night(run_seconds: int) -> dict[str, t.Any]:
    """A scenario with 28 failed instances of three jobs in two workspaces. All of them succeed when they are rerun."""
    jobs = [{"name": f"daily_{name}", "id": 917567 + number, "failed": 9, "every": "1h"} for number, name in enumerate(("sales", "stock"))]
    supply = {"id": SUPPLY_ID, "name": "supply", "jobs": [{"name": "levels", "id": 917601, "failed": 10, "every": "1h"}]}
    scenario = small_night(run_seconds=run_seconds, jobs=jobs)
    scenario["accounts"][0]["workspaces"].append(supply)
    return scenario


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(night(2)) as handle:
        yield handle


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as handle:
        yield handle


def launcher(service: Running, server: PostgresServer, directory: Path, **options: t.Any) -> Launcher:
    """A launcher with a new, empty journal and its credential."""
    hosts = {
        name: {
            **variables(service, workspace_id=workspace, region=None, project_id=None, access_key=None, secret_key=None, **options),
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        for name, workspace in (("sales", WORKSPACE_ID), ("supply", SUPPLY_ID))
    }
    journal = {"host": "127.0.0.1", "port": str(server.port), "database": server.database(), "user": OWNER, "password": PASSWORD}
    directory.mkdir(exist_ok=True)
    return Launcher(awx.python(awx.cores()["newest"]), directory, hosts, CREDENTIAL, {"journal": journal})


def reruns(service: Running) -> Counter[tuple[str, int]]:
    return Counter((entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"])


#: The variables that the role adds to every job template if a journal is configured.
TEMPLATE = {"dataarts_journal": "postgresql://"}


def test_an_approved_rerun_is_not_held_off(service: Running, server: PostgresServer, tmp_path: Path) -> None:
    """Plan and rerun are jobs in two containers. The journal is older than the plan and knows that nothing was sent, so the rerun need not wait."""
    service.reset(night(2))
    steps = {kind["name"]: kind.get("variables", {}) for kind in definitions.variables("definitions")["__dataarts_awx_kinds"]}
    start = launcher(service, server, tmp_path, poll_interval=1, settle_time=600)
    # An earlier rerun, since which the journal is complete for both workspaces.
    start.run("rerun.yml", {**ANSWERS, "dataarts_answer_planned_after": "-150m"}, {**TEMPLATE, "dataarts_settle_time": 1}).succeeded()
    before = sum(reruns(service).values())
    plan = start.run("rerun.yml", ANSWERS, {**steps["plan"], **TEMPLATE}, check=True).succeeded()
    assert plan.artifacts()["dataarts_summary"]["to_rerun"] == 28 - before < 28
    seen, sent_before = len(service.requests()), len(service.journal())
    rerun = start.run("rerun.yml", {**plan.artifacts(), **ANSWERS}, {**steps["rerun plan"], **TEMPLATE}).succeeded()
    assert sorted(reruns(service).values()) == [1] * 28
    assert rerun.artifacts()["dataarts_summary"]["totals"]["succeeded"] == 28 - before
    # The job does not wait settle_time between its first request and its first rerun.
    begun, first_rerun = service.requests()[seen]["time"], service.journal()[sent_before]["time"]
    ended = service.requests()[-1]["time"]
    print(
        f"from the job's first request to its first rerun: {(first_rerun - begun) / 1000} s, to its last request: {(ended - begun) / 1000} s"
    )
    assert first_rerun - begun < 600_000
    for job in (plan, rerun):
        assert PASSWORD not in job.stdout() + str(job.events())


def kill_after(service: Running, start: Launcher, requests: int) -> None:
    """Start a job and kill it when the emulator has received *requests* requests."""
    job = start.start("rerun.yml", ANSWERS, TEMPLATE)
    while len(service.requests()) < requests and job.process.poll() is None:
        time.sleep(0.002)
    job.kill()


def test_killed_jobs_and_those_that_follow_in_a_fresh_home_send_each_once(service: Running, server: PostgresServer, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    wrong = []
    for number in range(KILLS):
        service.reset(night(rng.choice([1, 2, 5])))
        start = launcher(service, server, tmp_path / str(number), poll_interval=1, settle_time=1)
        last = rng.randint(1, 14)
        kill_after(service, start, last)
        sent_before = sum(reruns(service).values())
        again = start.run("rerun.yml", ANSWERS, TEMPLATE)
        counts = reruns(service)
        twice, lost = sum(count > 1 for count in counts.values()), 28 - len(counts)
        print(f"kill {number}: after {last} requests, {sent_before} sent, then {again.status}; {twice} twice, {lost} lost", flush=True)
        if twice or lost or again.status != "successful":
            wrong.append((number, last, sent_before, again.status, twice, lost, again.stdout()[-2000:]))
    assert wrong == []
