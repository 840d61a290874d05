# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the workflow and job templates, run as AWX runs them, against the emulator, on the newest ansible-core and some on older ones."""

from __future__ import annotations

import dataclasses
import json
import re
import time
import typing as t
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import to_iso
from emulator.running import Running, running
from tests.awx import definitions, rules
from tests.awx.job import Job, Launcher
from tests.support.scenarios import ACCESS_KEY, FREE, PROJECT_ID, REGION, SECRET_KEY, SUPPLY_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.storage import Storage
from tests.support.workspace import variables
from tools import awx

pytestmark = [pytest.mark.awx, pytest.mark.timeout(900)]

CREDENTIAL = {"region": REGION, "project_id": PROJECT_ID, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
#: Answers of the workflow's survey, as a person types them. AWX passes them to every step.
ANSWERS = {
    "dataarts_answer_jobs": "daily_*\nhourly_*\nstock_*",
    "dataarts_answer_planned_after": "-24h",
    "dataarts_planned_before": "",
    "dataarts_answer_statuses": ["fail"],
    "dataarts_answer_order": "parallel",
    "dataarts_answer_downstream": "as the inventory says",
    "dataarts_answer_max_instances": 500,
}
Launch = Callable[..., Launcher]


def night() -> dict[str, t.Any]:
    """A scenario with two workspaces. ANSWERS select five of the failed instances in the first one, and both in the second one."""
    scenario = small_night(run_seconds=2)
    supply = {"id": SUPPLY_ID, "name": "supply", "jobs": [{"name": "stock_levels", "id": 917601, "failed": 2}]}
    scenario["accounts"][0]["workspaces"].append(supply)
    return scenario


@pytest.fixture(scope="module")
def emulated() -> Iterator[Running]:
    with running(night()) as service:
        yield service


@pytest.fixture
def service(emulated: Running) -> Running:
    emulated.reset(night())
    return emulated


@pytest.fixture
def storage() -> Iterator[Storage]:
    with Storage() as running_storage:
        yield running_storage


#: Run a test on three series of ansible-core. They read variables differently, so this is for tests of answers and of artifacts between steps.
OTHERS = pytest.mark.parametrize("core", ["oldest", "middle", "newest"], indirect=True)
#: Run a test on the newest and the oldest series, which has the template engine from before 2.19.
OLDEST_TOO = pytest.mark.parametrize("core", ["oldest", "newest"], indirect=True)


@pytest.fixture
def core(request: pytest.FixtureRequest) -> str:
    """The version of ansible-core of the test: the newest, unless the test is parametrized."""
    return awx.cores()[getattr(request, "param", "newest")]


@pytest.fixture
def launch(core: str, service: Running, tmp_path: Path) -> Launch:
    def make(**changes: t.Any) -> Launcher:
        def host(workspace_id: str) -> dict[str, t.Any]:
            own = variables(
                service,
                workspace_id=workspace_id,
                region=None,
                project_id=None,
                access_key=None,
                secret_key=None,
                poll_interval=1,
                settle_time=1,
            )
            return {**own, "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}

        # One host name consists of digits, because such names may arrive changed as keys of mappings.
        hosts = {"sales": host(WORKSPACE_ID), "0777": host(SUPPLY_ID)}
        return Launcher(awx.python(core), tmp_path, hosts, {**CREDENTIAL, **changes})

    return make


def reruns(service: Running) -> Counter[tuple[str, int]]:
    """(job name, plan time) -> how often it was rerun, by the emulator's journal."""
    return Counter((entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"])


def step(launcher: Launcher, playbook: str, before: Job, template: dict[str, t.Any], threshold: int = 50, check: bool = False) -> Job:
    """Run the workflow step after *before*, with its artifacts and, with higher precedence, the workflow's variables."""
    return launcher.run(playbook, {**before.artifacts(), **ANSWERS, "dataarts_threshold": threshold}, template, check)


@OLDEST_TOO
def test_a_night_is_planned_rerun_as_planned_and_rechecked(launch: Launch, service: Running, storage: Storage, tmp_path: Path) -> None:
    launcher = launch()
    folder = tmp_path / "night"
    launcher = dataclasses.replace(
        launcher,
        hosts={name: {**known, "dataarts_report_path": str(folder)} for name, known in launcher.hosts.items()},
        attached={"report": {"url": f"{storage.url}/night/?signature=s3cret", "token": "t0ken"}},
    )
    steps = {kind["name"]: kind.get("variables", {}) for kind in definitions.variables("definitions")["__dataarts_awx_kinds"]}
    plan = launcher.run("rerun.yml", {**ANSWERS, "dataarts_threshold": 50}, steps["plan"], check=True).succeeded()
    assert not service.journal()
    published = plan.artifacts()
    assert published["dataarts_summary"]["to_rerun"] == 7
    assert {name: plan["plan_id"].split("-")[0] for name, plan in published["dataarts_plans"].items()} == {"sales": "5", "host 0777": "2"}

    step(launcher, "gate.yml", plan, {"dataarts_gate": "few"}).succeeded()
    large = step(launcher, "gate.yml", plan, {"dataarts_gate": "few"}, threshold=6).failed()
    assert "7 instances would be rerun, more than the 6 that need no approval" in large.messages()[0]
    step(launcher, "gate.yml", plan, {"dataarts_gate": "many"}, threshold=6).succeeded()

    # A recheck before the approval fails, because nothing has been rerun yet.
    early = step(launcher, "recheck.yml", plan, {"dataarts_plan_required": True}, check=True).failed()
    assert "Not everything has succeeded: 7 not rerun. The table" in " ".join(early.messages()), early.messages()
    assert not service.journal()

    rerun = step(launcher, "rerun.yml", plan, steps["rerun plan"]).succeeded()
    assert sorted(reruns(service).values()) == [1] * 7
    assert rerun.artifacts()["dataarts_summary"]["totals"]["succeeded"] == 7
    assert rerun.artifacts()["dataarts_summary"]["text"].splitlines()[0] == "All 7 instances succeeded."
    # AWX shows progress while the task runs: the lines are events before that of the task's result.
    events = rerun.events()
    results = [
        number
        for number, event in enumerate(events)
        if event["event"] == "runner_on_ok" and event["event_data"]["task_action"].endswith("job_rerun")
    ]
    shown = r"^(sales|0777) +(\d+ of \d+ to rerun|\d+ (succeeded|running|waiting))"
    progress = [number for number, event in enumerate(events) if event["event"] == "verbose" and re.search(shown, event["stdout"])]
    assert progress
    assert progress[0] < results[0]

    before = service.journal()
    recheck = step(launcher, "recheck.yml", rerun, steps["recheck"], check=True).succeeded()
    assert_report(json.loads((folder / "report.json").read_text(encoding="utf-8")), storage, (plan, rerun, recheck))
    step(launcher, "rerun.yml", plan, steps["rerun plan"]).succeeded()
    assert service.journal() == before
    for job in (plan, rerun, recheck):
        output = job.stdout() + str(job.events()) + str(job.artifacts())
        assert not [secret for secret in (SECRET_KEY, "s3cret", "t0ken") if secret in output]


def assert_report(report: dict[str, t.Any], storage: Storage, jobs: tuple[Job, ...]) -> None:
    """Assert that the three steps share one report, in the folder and at the URL, and that it is about the rerun.

    The recheck must not replace it by a report in which nothing is left to do.
    """
    assert (report["headline"], [step["step"] for step in report["steps"]]) == (
        "All 7 instances succeeded",
        ["plan", "rerun", "recheck"],
    )
    urls = {job.artifacts()["dataarts_summary"]["report_url"] for job in jobs}
    (url,) = urls
    assert f"Report: {url}" in jobs[1].stdout()
    whole = storage.pages()[url.removeprefix(storage.url)]
    assert "All 7 instances succeeded | Rerun report" in whole
    assert whole.index(">Plan</span>, ") < whole.index(">Rerun</span>, ") < whole.index(">Recheck</span>, ")
    assert {request.path.partition("?")[2] for request in storage.requests} == {"signature=s3cret"}
    assert {request.headers["Authorization"] for request in storage.requests} == {"Bearer t0ken"}


def damaged(hour: Callable[[int], int], *, loads_missing: tuple[int, ...] = (5,)) -> dict[str, t.Any]:
    """A scenario with something of each kind to repair.

    In sales, orders failed once and mart succeeded on its old data; the instances of loads of *loads_missing* hours ago are missing and board
    succeeded without them; closed is stopped and also misses an instance. In supply, stock failed once.

    :param hour: the plan time that many hours ago, epoch ms.
    """

    def job(name: str, missing: t.Collection[int] = (), failed: t.Collection[int] = (), **more: t.Any) -> dict[str, t.Any]:
        cycles = [{"plan_time": hour(ago), "status": "fail" if ago in failed else "success"} for ago in range(7) if ago not in missing]
        return {"name": name, "instances": cycles, **more}

    sales = [
        job("orders", failed=(3,)),
        job("mart", depends_on=["orders"]),
        job("loads", missing=loads_missing),
        job("board", depends_on=["loads"]),
        job("closed", missing=(1,), status="STOPPED"),
    ]
    workspaces = [
        {"id": WORKSPACE_ID, "name": "sales", "jobs": sales},
        {"id": SUPPLY_ID, "name": "supply", "jobs": [job("stock", failed=(2,))]},
    ]
    return small_night(workspaces=workspaces, speed=600, switches={**FREE, **V1, **V2})


#: Variables that AWX passes to every step of a repair: answers, which replace the inventory's values even if they are "no", and the threshold.
REPAIR = {
    **rules.unanswered(definitions.surveys()["repair"]),
    "dataarts_answer_pause_schedules": "yes",
    "dataarts_answer_stopped_jobs": "no",
    "dataarts_threshold": 0,
}


@OLDEST_TOO
def test_a_repair_is_planned_approved_carried_out_as_planned_and_rechecked(launch: Launch, service: Running, tmp_path: Path) -> None:
    """The plan has missing instances and jobs to pause. If it has changed since, it is refused, and the recheck fails. All is sent once."""
    begun = int(time.time()) // 3600 * 3_600_000

    def hour(ago: int) -> int:
        return begun - ago * 3_600_000

    service.reset(damaged(hour))
    hosts = launch().hosts

    def with_journal(name: str) -> Launcher:
        own = {"dataarts_stopped_jobs": True, "dataarts_jobs": ["none_of_these"], "dataarts_journal": str(tmp_path / name)}
        return dataclasses.replace(launch(), hosts={host: {**known, **own} for host, known in hosts.items()})

    launcher = with_journal("first")
    answers = {
        **REPAIR,
        "dataarts_answer_planned_after": to_iso(hour(6)),
        "dataarts_answer_jobs": "order*\nmar?\nload?\nboar?\nclose?\nst?ck",
    }
    steps = {kind["name"]: kind.get("variables", {}) for kind in definitions.variables("definitions")["__dataarts_awx_kinds"]}
    plan = launcher.run("repair.yml", answers, steps["plan repair"], check=True).succeeded()
    assert not service.journal()
    planned = plan.artifacts()["dataarts_summary"]
    assert (planned["to_rerun"], planned["to_make"]) == (4, 1)
    assert "sales: the schedules of loads, board, mart and orders are stopped first" in " ".join(planned["text"].split())

    def follows(playbook: str, template: dict[str, t.Any], check: bool = False) -> Job:
        return launcher.run(playbook, {**plan.artifacts(), **answers}, template, check)

    few = follows("gate.yml", {"dataarts_gate": "few"}).failed()
    assert "4 instances would be rerun and 1 made by PatchData, more than the 0 that need no approval" in few.messages()[0]
    follows("gate.yml", {"dataarts_gate": "many"}).succeeded()

    service.reset(damaged(hour, loads_missing=(4, 5)))
    other = follows("repair.yml", steps["repair as planned"]).failed()
    assert {entry["workspace_id"] for entry in service.journal()} == {SUPPLY_ID}
    output = " ".join(other.stdout().split())
    assert "in AWX launch the workflow again" in output
    assert "To go on, launch the workflow again: it plans anew what is left" in output
    assert not [words for words in ("launch the job template with", "No job of any workspace matches") if words in output]
    recheck = follows("recheck_repair.yml", steps["recheck repair"], check=True).failed()
    assert "Not everything has succeeded: nothing known of sales" in " ".join(recheck.messages())

    service.reset(damaged(hour))
    launcher = with_journal("second")  # in the first one is what was sent in the other night
    early = follows("recheck_repair.yml", steps["recheck repair"], check=True).failed()
    assert "Not everything has succeeded: 4 not rerun, 1 still missing. The table" in " ".join(early.messages())
    follows("repair.yml", steps["repair as planned"]).succeeded()
    entries = [(entry["kind"], entry["job_name"]) for entry in service.journal()]
    assert Counter(entries) == dict.fromkeys(
        [
            *(("patch_data", "loads"), ("retry", "board"), ("retry", "orders"), ("retry", "mart"), ("retry", "stock")),
            *((f"{what}_schedule", job) for what in ("stop", "start") for job in ("board", "loads", "orders", "mart", "stock")),
        ],
        1,
    )
    before = service.journal()
    follows("recheck_repair.yml", steps["recheck repair"], check=True).succeeded()
    assert service.journal() == before


def test_nobody_answers_and_the_inventory_decides(launch: Launch, service: Running) -> None:
    """With a schedule, the defaults that AWX sets leave the choices and limits of every workspace unchanged. An answer replaces them."""
    launcher = launch()
    own: dict[str, dict[str, t.Any]] = {"sales": {"dataarts_jobs": ["hourly_*"]}, "0777": {"dataarts_max_instances": 1}}
    launcher = dataclasses.replace(launcher, hosts={name: {**known, **own[name]} for name, known in launcher.hosts.items()})
    nobody = rules.unanswered(definitions.surveys()["night"])
    template = {"dataarts_fail_on_broken": False}
    plan = launcher.run("rerun.yml", {**nobody, "dataarts_threshold": 50}, template, check=True).succeeded()
    assert {job["job_name"] for job in plan.artifacts()["dataarts_summary"]["jobs"] if job["workspace"] == "sales"} == {"hourly_stock"}
    assert "max_instances is 1; nothing is sent" in " ".join(plan.stdout().split())

    somebody = {"dataarts_answer_jobs": "?*", "dataarts_answer_max_instances": 6}
    plan = launcher.run("rerun.yml", {**nobody, **somebody, "dataarts_threshold": 50}, template, check=True).succeeded()
    assert {job["job_name"] for job in plan.artifacts()["dataarts_summary"]["jobs"]} == {
        "daily_sales",
        "hourly_stock",
        "weekly_report",
        "stock_levels",
    }
    assert "nothing is sent" not in plan.stdout()


def test_a_step_that_cannot_read_the_plan_leads_neither_to_a_rerun_nor_to_an_approval(launch: Launch, service: Running) -> None:
    launcher = launch()
    nothing = {"dataarts_threshold": 50, **ANSWERS}
    for gate in ("few", "many"):
        job = launcher.run("gate.yml", nothing, {"dataarts_gate": gate}).failed()
        assert "Neither a rerun nor an approval follows" in job.messages()[0]
    small = {**nothing, "dataarts_summary": {"to_rerun": 3}, "dataarts_plans": {"sales": {"plan_id": "3-0-0"}}}
    assert "Nothing is approved or rerun" in launcher.run("gate.yml", small, {"dataarts_gate": "many"}).failed().messages()[0]
    alone = launcher.run("rerun.yml", ANSWERS, {"dataarts_plan_required": True}).failed()
    assert "dataarts_plans has no plan" in alone.messages()[0]
    assert not service.requests()


def test_the_templates_for_any_job_and_for_a_job_with_its_neighbours(launch: Launch, service: Running) -> None:
    """Each template is launched with the answers of its survey, first as a check and then as a run; each instance is rerun once."""
    launcher = launch()
    begin, end = (to_iso(service.now_ms() + shift * 3_600_000) for shift in (-24, 1))
    related = {
        "dataarts_hosts": "sales",
        "dataarts_job_name": "daily_sales",
        "dataarts_related_jobs": f"stock_levels {SUPPLY_ID}",
        "dataarts_begin_time": begin,
        "dataarts_end_time": end,
        "dataarts_concurrent": 2,
    }
    launcher.run("rerun_related.yml", {**related, "dataarts_check_only": "yes"}).succeeded()
    assert not service.journal()
    asked = launcher.run("rerun_related.yml", {**related, "dataarts_check_only": "no"}).succeeded()
    (entry,) = service.journal()
    assert (entry["kind"], {instance["job_name"] for instance in entry["instances"]}) == ("retry_related", {"daily_sales", "stock_levels"})
    assert asked.artifacts()["dataarts_summary"]["succeeded"] is True

    service.reset(night())
    answers = {name: value for name, value in ANSWERS.items() if name not in ("dataarts_answer_jobs", "dataarts_answer_statuses")}
    shown = launcher.run("rerun_failed.yml", {**answers, "dataarts_check_only": "yes"}).succeeded()
    assert shown.artifacts()["dataarts_summary"]["to_rerun"] == 8
    assert not service.journal()
    # weekly_report fails again
    done = launcher.run("rerun_failed.yml", {**answers, "dataarts_check_only": "no"}).failed()
    assert sorted(reruns(service).values()) == [1] * 8
    assert {name: done.artifacts()["dataarts_summary"]["totals"][name] for name in ("succeeded", "failed_again")} == {
        "succeeded": 7,
        "failed_again": 1,
    }


def test_a_missing_or_wrong_field_fails_with_its_label_before_anything_is_asked(launch: Launch, service: Running) -> None:
    for changes, words in (
        ({"secret_key": ""}, "Field 'Secret key (SK)' is empty, and 'Access key (AK)' cannot be used without it"),
        ({"auth_token": "token"}, "'Access key (AK)', 'Secret key (SK)' and 'IAM token' are of different kinds"),
        ({"region": "CN North 4"}, "Field 'Region': region"),
    ):
        job = launch(**changes).run("rerun.yml", ANSWERS, check=True).failed()
        assert words in job.messages()[0]
        assert SECRET_KEY not in job.stdout()
    assert not service.requests()


def vaulted(secret: str) -> dict[str, str]:
    """*secret* as an encrypted value in the inventory of AWX, which has read the inventory file without the vault password."""
    return {"__ansible_vault": VaultLib([("default", VaultSecret(b"pw-of-vault"))]).encrypt(secret).decode()}


@OTHERS
def test_the_other_way_vaulted_keys_in_the_inventory_and_no_credential_of_ours(launch: Launch, service: Running) -> None:
    """The guide's second way: vaulted keys in group variables, and a vault credential with the password."""
    launcher = launch()
    keys = {"dataarts_access_key": vaulted(ACCESS_KEY), "dataarts_secret_key": vaulted(SECRET_KEY)}
    place = {"dataarts_region": REGION, "dataarts_project_id": PROJECT_ID}
    hosts = {name: {**known, **place, **keys} for name, known in launcher.hosts.items()}
    launcher = dataclasses.replace(launcher, hosts=hosts, credential=None, passwords={"Vault password:\\s*?$": "pw-of-vault"})
    plan = launcher.run("rerun.yml", {**ANSWERS, "dataarts_threshold": 50}, {"dataarts_fail_on_broken": False}, check=True).succeeded()
    assert plan.artifacts()["dataarts_summary"]["to_rerun"] == 7
    assert not service.journal()
    assert not [secret for secret in (SECRET_KEY, ACCESS_KEY, "pw-of-vault") if secret in plan.stdout() + str(plan.events())]
    # A person relaunches the step alone, with the same variables: it warns that the workflow does not continue.
    again = launcher.run(
        "rerun.yml",
        {**plan.artifacts(), **ANSWERS, "dataarts_threshold": 50, "awx_job_launch_type": "relaunch"},
        {"dataarts_plan_required": True, "dataarts_awx_workflow": "DataArts retail: night"},
    ).succeeded()
    output = " ".join(again.stdout().split())
    assert "AWX does not go on with the workflow after it" in output
    assert "launch workflow DataArts retail: night." in output
    assert "launched again by itself" not in plan.stdout()
    assert sorted(reruns(service).values()) == [1] * 7


@OTHERS
def test_an_answer_that_became_a_number_is_refused_and_check_only_sends_nothing(launch: Launch, service: Running, core: str) -> None:
    launcher = launch()
    digits = launcher.run("rerun.yml", {**ANSWERS, "dataarts_answer_jobs": "0777"}).failed()
    if tuple(map(int, core.split("."))) < (2, 19):  # the text is kept, and no job has that name
        text = " ".join(digits.stdout().split())  # the output is wrapped
        assert "0777" in text
        assert "No job of any workspace matches 0777" in text
    else:
        assert "dataarts_answer_jobs must hold text, not a number" in digits.messages()[0]
        assert "[0]777" in digits.messages()[0]
    assert not service.journal()
    forgetful = launcher.run("rerun.yml", {**ANSWERS, "dataarts_answer_pause_schedules": "yes"}).failed()
    assert "sales, 0777 have no dataarts_journal, and the journal of this container is lost with it" in forgetful.messages()[0]
    assert not service.journal()
    shown = launcher.run("rerun.yml", {**ANSWERS, "dataarts_check_only": "yes", "dataarts_since": ""}).succeeded()
    assert shown.artifacts()["dataarts_summary"]["to_rerun"] == 7
    assert not service.journal()


def test_a_cancelled_job_ends_cleanly_and_its_restart_finishes_the_work(launch: Launch, service: Running) -> None:
    launcher = launch()
    answers = {**ANSWERS, "dataarts_max_parallel": 1}
    plan = launcher.run("rerun.yml", answers, {"dataarts_fail_on_broken": False}, check=True).succeeded()
    given = {**plan.artifacts(), **answers}
    # The second rerun request is never answered, so that even on a fast machine work is left when the job is cancelled.
    service.inject({"route": "retry", "kind": "hang", "when": "before_effect", "skip": 1, "times": 1000})
    job = launcher.start("rerun.yml", given, {"dataarts_plan_required": True})
    job.until(lambda: bool(reruns(service)))
    assert job.cancel().status == "canceled"
    assert len(reruns(service)) == 1
    service.clear_faults()
    again = launcher.run("rerun.yml", given, {"dataarts_plan_required": True}).succeeded()
    assert "Traceback" not in job.stdout() + again.stdout()
    assert sorted(reruns(service).values()) == [1] * 7


def test_the_slices_of_a_job_rerun_the_plan_together(launch: Launch, service: Running) -> None:
    """A user's own job template may have slices: AWX then runs a job for each part of the hosts, all at once, with the same approved plan."""
    launcher = launch()
    plan = launcher.run("rerun.yml", {**ANSWERS, "dataarts_threshold": 50}, {"dataarts_fail_on_broken": False}, check=True).succeeded()
    given = {**plan.artifacts(), **ANSWERS, "dataarts_threshold": 50}
    hosts = list(launcher.hosts.items())
    jobs = [
        dataclasses.replace(launcher, hosts=dict(hosts[number::2])).start("rerun.yml", given, {"dataarts_plan_required": True})
        for number in range(2)
    ]
    ended = [job.wait() for job in jobs]
    assert sorted(reruns(service).values()) == [1] * 7
    # Each slice publishes the summary of its own hosts.
    assert sorted(job.artifacts()["dataarts_summary"]["totals"]["succeeded"] for job in ended) == [2, 5]
    # Each also fails after its reruns, because a pattern that matches only jobs of other slices looks like a mistake.
    assert [job.status for job in ended] == ["failed", "failed"]
    assert all("A name or a pattern in jobs matches no job" in job.stdout() for job in ended)
