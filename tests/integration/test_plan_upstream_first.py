# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns in the order of dependencies: what is sent when, what is read, and what is reported about the rest."""

from __future__ import annotations

import socket
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.dependency_query import DependencyReader
from ansible_collections.dataarts.factory.plugins.module_utils._runner import rerun as _rerun
from emulator.running import running
from tests.support.logic import call, passes, reruns
from tests.support.scenarios import WORKSPACE_ID, small_night
from tests.support.workspace import options

OTHER_ID = "7c1d0be22f5b4e0c9d3a5c8f6e4b2a10"
#: Only our own order keeps a rerun from starting; both generations of the API are open.
FREE = {
    "flow_control": False,
    "rerun_waits_for_upstream": False,
    "v1_open": True,
    "v2_open": True,
    "v2_list_open": True,
    "v2_retry_open": True,
    "depend_open": True,
}


def job(name: str, *above: t.Any, failed: int = 1, **more: t.Any) -> dict[str, t.Any]:
    """A job with *failed* failed hourly instances, downstream of the jobs *above*."""
    return {"name": name, "failed": failed, "every": "1h", "depends_on": list(above), **more}


def night(*jobs: dict[str, t.Any], other: t.Sequence[dict[str, t.Any]] = (), **switches: t.Any) -> dict[str, t.Any]:
    """A scenario with jobs of the workspace, and *other* jobs of another workspace of the account."""
    scenario = small_night(jobs=list(jobs), switches={**FREE, **switches})
    scenario["accounts"][0]["workspaces"].append({"id": OTHER_ID, "name": "finance", "jobs": list(other)})
    return scenario


@pytest.fixture(scope="module")
def emulated() -> t.Iterator[t.Any]:
    with running(night(job("load"))) as service:
        yield service


@pytest.fixture
def begin(emulated: t.Any, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    """Function that resets the emulator to a scenario and returns options of job_rerun with order upstream_first."""

    def make(scenario: dict[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
        emulated.reset(scenario)
        given = {"journal": str(tmp_path / "state"), "settle_time": 1, "poll_interval": 1, "order": "upstream_first", **changes}
        return options(emulated, **given)

    return make


def order_sent(service: t.Any) -> list[list[str]]:
    """Job names of each accepted request, oldest first."""
    return [sorted({instance["job_name"] for instance in entry["instances"]}) for entry in service.journal()]


def test_a_chain_is_rerun_one_job_after_the_other(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(
        night(job("report", "sales", failed=3), job("sales", "load", failed=3), job("load", failed=3), job("alone", failed=2))
    )
    results = passes(rerun_options)
    assert not results[-1]["failed"], results[-1]
    assert sorted(reruns(emulated.journal()).values()) == [1] * 11
    for upstream, downstream in (("load", "sales"), ("sales", "report")):
        index_of = {name: index for index, names in enumerate(order_sent(emulated)) for name in names}
        assert index_of[upstream] < index_of[downstream]
    assert order_sent(emulated)[0] in (["alone"], ["load"])
    first = {instance["job_name"]: instance["action"] for instance in results[0]["instances"]}
    assert first == {"report": "wait", "sales": "wait", "load": "retry", "alone": "retry"}
    sales = next(instance for instance in results[0]["instances"] if instance["job_name"] == "sales")
    assert sales["reason"].startswith("waits for job load, planned ")


def test_each_cycle_follows_its_own_upstream_and_no_other(emulated: t.Any, begin: t.Any) -> None:
    """The newest cycle of load fails again, but the older cycles of sales are rerun."""
    load = [{"plan_time": f"-{hours}h", "runs": ["fail"] if hours == 1 else ["success"]} for hours in (1, 2, 3)]
    sales = [{"plan_time": f"-{hours}h"} for hours in (1, 2, 3)]
    rerun_options = begin(
        night(
            {"name": "load", "instances": load},
            {"name": "sales", "depends_on": ["load"], "instances": sales},
            {"name": "report", "depends_on": ["sales"], "instances": sales},
        )
    )
    last = passes(rerun_options)[-1]
    assert last["failed"]
    assert "1 failed again" in last["msg"]
    assert "2 skipped" in last["msg"]
    skipped = [instance for instance in last["instances"] if instance["action"] == "skipped"]
    assert sorted(instance["job_name"] for instance in skipped) == ["report", "sales"]
    assert all("which failed again (order: upstream_first)" in instance["reason"] for instance in skipped)
    counts: dict[str, int] = {}
    for name, _time in reruns(emulated.journal()):
        counts[name] = counts.get(name, 0) + 1
    assert counts == {"load": 3, "sales": 2, "report": 2}


@pytest.mark.parametrize("v1_open", [True, False])
def test_dependencies_are_read_once_and_not_in_every_pass(emulated: t.Any, begin: t.Any, v1_open: bool) -> None:
    """One request per job, then one for each instance furthest downstream, which includes everything upstream; later passes read nothing."""
    jobs = (job("report", "sales", failed=4), job("sales", "load", failed=4), job("load", failed=4), job("alone", failed=4))
    rerun_options = begin(night(*jobs, v1_open=v1_open, v2_open=True, v2_list_open=True, depend_open=True))
    carried: list[int] = []
    results = handed_on(rerun_options, lambda: carried.append(len(emulated.requests("v2_depend_instances"))))
    assert not results[-1]["failed"], results[-1]
    assert len(results) > 3
    assert len(emulated.requests("v1_job")) == (4 if v1_open else len(emulated.requests("v1_job")))
    assert len(emulated.requests("v2_depend_jobs")) == (0 if v1_open else 4)
    assert carried[0] == 4, "report has four failed instances, whose upstream instances are in the same answers"
    assert set(carried) == {4}


def handed_on(rerun_options: dict[str, t.Any], after: t.Callable[[], object], **more: t.Any) -> list[dict[str, t.Any]]:
    """Make passes as the task does, which passes on the dependencies that were read."""
    results: list[dict[str, t.Any]] = []
    given = dict(rerun_options)
    while not results or not results[-1].get("finished"):
        results.append(call("job_rerun", given, **more))
        after()
        if results[-1]["failed"] and results[-1]["error"]["kind"] != "incomplete":
            return results
        given |= {name: str(results[-1][name]) for name in ("since", "planned_after", "planned_before")}
        given["pass_state"] = {"dependencies": results[-1]["pass_state"].get("dependencies")}
    return results


def test_without_dependencies_no_dependency_call_is_needed(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("load", failed=3), job("alone"), depend_open=False))
    assert not passes(rerun_options)[-1]["failed"]
    assert not emulated.requests("v2_depend_instances")


def test_an_api_that_does_not_tell_is_a_clear_error_before_anything_is_sent(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("sales", "load"), job("load"), job("alone"), depend_open=False))
    (refused,) = passes(rerun_options)
    assert refused["error"]["kind"] == "not_published"
    assert refused["msg"].startswith(f"Failed to read what the instances of workspace {WORKSPACE_ID} depend on (order: upstream_first): ")
    assert "Nothing was sent. Set order to parallel to rerun without regard to dependencies." in refused["msg"]
    assert not emulated.journal()
    assert not passes({**rerun_options, "order": "parallel"})[-1]["failed"]


@pytest.mark.parametrize(
    ("order", "named", "hint"),
    [
        ("parallel", "downstream: stale", "Set downstream to ignore to rerun"),
        ("upstream_first", "order: upstream_first, downstream: stale", "Set order to parallel and downstream to ignore to rerun"),
    ],
)
def test_every_option_that_needs_dependencies_is_named(emulated: t.Any, begin: t.Any, order: str, named: str, hint: str) -> None:
    """The service answers requests for downstream instances, but refuses those for upstream ones."""
    rerun_options = begin(night(job("sales", "load"), job("load")), order=order, downstream="stale")
    call("job_rerun", {**rerun_options, "order": "parallel", "downstream": "report"}, check=True)
    reads = len(emulated.requests("v2_depend_instances"))
    emulated.inject({"route": "v2_depend_instances", "kind": "status", "status": 400, "skip": reads, "times": 9})
    (refused,) = passes(rerun_options)
    assert refused["msg"].startswith(f"Failed to read what the instances of workspace {WORKSPACE_ID} depend on ({named}): ")
    assert f"Nothing was sent. {hint} without regard to dependencies." in refused["msg"]
    assert not emulated.journal()


#: Name to a fault that prevents reading v1's job detail for a while; None: nothing listens on its host.
NO_WORD: dict[str, dict[str, t.Any] | None] = {
    "no host": None,
    **{f"page {status}": {"kind": "page", "status": status} for status in (400, 404, 407, 502)},
}


@pytest.mark.parametrize(
    "asked", [{"order": "upstream_first"}, {"order": "parallel", "downstream": "stale"}], ids=lambda asked: asked["order"]
)
@pytest.mark.parametrize("name", NO_WORD)
def test_nothing_is_sent_before_the_service_itself_says_whether_a_job_depends_on_its_previous_cycle(
    emulated: t.Any, begin: t.Any, name: str, asked: dict[str, str]
) -> None:
    """An answer of a proxy, or none, is not the service's own, and would be used for the whole run."""
    rerun_options = begin(night(job("daily", failed=3, self_dependent=True)), max_retries=0, **asked)
    fault = NO_WORD[name]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # reserved, but nothing listens
        closed_v1 = {"endpoint_v1": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        if fault is not None:
            emulated.inject({"route": "v1_job", "times": 2, **fault})
        refused = call("job_rerun", {**rerun_options, **(closed_v1 if fault is None else {})})
    assert (refused["failed"], emulated.journal()) == (True, [])
    assert "Nothing was sent." in refused["msg"]
    assert ("set api_version to v2: then no instance waits for its previous cycle" in refused["msg"]) == (name in ("no host", "page 407"))
    emulated.clear_faults()
    assert not passes(rerun_options)[-1]["failed"]
    assert [len(entry["instances"]) for entry in emulated.journal()] == [1, 1, 1], "one cycle after the other"


def test_without_v1_no_previous_cycle_is_waited_for(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("daily", failed=3, self_dependent=True)), api_version="v2")
    assert not passes(rerun_options)[-1]["failed"]
    assert [len(entry["instances"]) for entry in emulated.journal()] == [3]


def test_a_circle_is_a_clear_error_before_anything_is_sent(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("hen", "egg"), job("egg", "hen"), job("alone")))
    (refused,) = passes(rerun_options)
    assert refused["error"]["kind"] == "option"
    assert "depend on each other in a circle: job " in refused["msg"]
    assert "order: parallel" in refused["msg"]
    assert not emulated.journal()


def test_cycles_that_depend_on_each_other_run_oldest_first_and_stop_where_one_fails(emulated: t.Any, begin: t.Any) -> None:
    cycles = [{"plan_time": f"-{hours}h", "runs": ["fail"] if hours == 2 else ["success"]} for hours in (1, 2, 3, 4)]
    rerun_options = begin(night({"name": "accounts", "self_dependent": True, "instances": cycles}))
    last = passes(rerun_options)[-1]
    plan_times = [instance["plan_time"] for entry in emulated.journal() for instance in entry["instances"]]
    assert plan_times == sorted(plan_times)
    assert len(plan_times) == 3
    assert [len(entry["instances"]) for entry in emulated.journal()] == [1, 1, 1]
    (skipped,) = [instance for instance in last["instances"] if instance["action"] == "skipped"]
    assert skipped["plan_time"] == max(instance["plan_time"] for instance in last["instances"])


def test_a_killed_run_goes_on_with_the_same_since(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("report", "sales", failed=2), job("sales", "load", failed=2), job("load", failed=2)))
    first = call("job_rerun", rerun_options)
    assert order_sent(emulated) == [["load"]]
    since = {**rerun_options, "since": str(first["since"])}
    call("job_rerun", since)  # a pass in between, after which the process is killed
    last = passes(since)[-1]
    assert not last["failed"], last
    assert sorted(reruns(emulated.journal()).values()) == [1] * 6
    before = emulated.journal()
    again = passes(since)
    assert len(again) == 1
    assert not again[0]["failed"]
    assert emulated.journal() == before


def test_the_plan_shows_stages_and_counts_all_of_them(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("report", "sales", failed=2), job("sales", "load", failed=2), job("load", failed=2), job("alone")))
    checked = call("job_rerun", rerun_options, check=True)
    assert not emulated.journal()
    assert {instance["action"] for instance in checked["instances"]} == {"retry"}
    head, *lines, expected, why = checked["plan"]
    assert expected.strip().startswith("takes about 6s, judging by earlier runs, not counting 3 instances of jobs without an earlier run")
    assert why == "  7 × node publish (DLISQL): the node ended with exit code 1"
    assert "7 to rerun in 3 stages, 3 of them at once in 2 requests" in head
    assert [line.strip().split(":")[0] for line in lines] == [
        "stage 1",
        "load",
        "alone",
        "stage 2, when load has succeeded",
        "sales",
        "stage 3, when sales has succeeded",
        "report",
        "each starts at the node that failed, with its original parameters",
    ] or lines[1].strip().startswith("alone")
    details = checked["plan_details"]
    assert {(entry["stage"], entry["job_name"]): entry["instances"] for entry in details["waits_for"]} == {(2, "load"): 2, (3, "sales"): 2}
    assert (details["selected"], details["to_rerun"], details["left"]) == (7, 7, [])
    refused = call("job_rerun", {**rerun_options, "max_instances": 6}, check=True)
    assert (refused["failed"], refused["error"]["kind"]) == (True, "limit")
    assert "Refused to rerun 7 instances: max_instances is 6" in refused["msg"]
    approved = passes({**rerun_options, "plan_id": checked["plan_id"], "max_parallel": 1})[-1]
    assert "the options are not those of the approved plan" in approved["msg"]
    results = passes({**rerun_options, "plan_id": checked["plan_id"]})
    assert not results[-1]["failed"], results[-1]
    assert {result["plan_id"] for result in results} == {checked["plan_id"]}


def test_the_order_holds_within_max_parallel_attempts_and_batches(emulated: t.Any, begin: t.Any) -> None:
    load = [{"plan_time": f"-{hours}h", "runs": ["fail", "success"]} for hours in (1, 2, 3)]
    sales = {"name": "sales", "depends_on": ["load"], "instances": [{"plan_time": f"-{hours}h"} for hours in (1, 2, 3)]}
    rerun_options = begin(night({"name": "load", "instances": load}, sales), max_parallel=2, attempts=2, batch_size=1)
    results = passes(rerun_options)
    assert not results[-1]["failed"], results[-1]
    assert sorted(reruns(emulated.journal()).values()) == [1, 1, 1, 2, 2, 2]
    in_progress = [sum(instance["status"] in ("waiting", "running") for instance in result["instances"]) for result in results]
    assert max(in_progress) <= 2
    time_of = {
        instance["plan_time"]: entry["time"]
        for entry in emulated.journal()
        for instance in entry["instances"]
        if instance["job_name"] == "sales"
    }
    for cycle, upstream in zip(emulated.instances("sales"), emulated.instances("load"), strict=True):
        assert time_of[cycle["plan_time"]] >= upstream["runs"][-1]["end"]


# Instances that are not selected


def test_what_depends_on_a_failure_that_is_not_selected_is_blocked_and_not_sent(emulated: t.Any, begin: t.Any) -> None:
    rerun_options = begin(night(job("report", "sales"), job("sales", "load"), job("load")), jobs=["sales", "report"])
    (only,) = passes(rerun_options)
    assert not emulated.journal()
    assert {instance["action"] for instance in only["instances"]} == {"blocked"}
    assert all("depends on job load, planned " in instance["reason"] for instance in only["instances"])
    assert "which failed and is not selected" in only["instances"][0]["reason"]
    assert only["failed"]


def test_in_another_workspace_too(emulated: t.Any, begin: t.Any) -> None:
    above = {"workspace": OTHER_ID, "job": "accounts"}
    rerun_options = begin(night(job("report", above), other=[job("accounts")]))
    (only,) = passes(rerun_options)
    assert [instance["action"] for instance in only["instances"]] == ["blocked"]
    assert "job accounts, planned " in only["instances"][0]["reason"]
    assert OTHER_ID in only["instances"][0]["reason"]
    assert not emulated.journal()


@pytest.mark.parametrize("v1_open", [True, False])
def test_a_job_below_one_of_the_same_name_in_another_workspace_waits_for_that(emulated: t.Any, begin: t.Any, v1_open: bool) -> None:
    above = {"workspace": OTHER_ID, "job": "daily"}
    rerun_options = begin(night(job("daily", above, failed=2), other=[job("daily", failed=2)], v1_open=v1_open))
    (only,) = passes(rerun_options)
    assert [instance["action"] for instance in only["instances"]] == ["blocked"] * 2
    assert all("depends on job daily, planned " in instance["reason"] for instance in only["instances"])
    assert all(OTHER_ID in instance["reason"] for instance in only["instances"])
    assert not emulated.journal()


def test_cycles_do_not_wait_for_each_other_because_a_job_above_has_their_name(emulated: t.Any, begin: t.Any) -> None:
    above = {"workspace": OTHER_ID, "job": "daily"}
    done = [{"plan_time": f"-{hour}h", "status": "success"} for hour in (1, 2)]
    results = passes(begin(night(job("daily", above, failed=2), other=[{"name": "daily", "instances": done}])))
    assert not results[-1]["failed"], results[-1]
    assert [len(entry["instances"]) for entry in emulated.journal()] == [2], "at once"


def test_the_plan_names_the_workspace_of_what_is_waited_for(emulated: t.Any, begin: t.Any) -> None:
    above = {"workspace": OTHER_ID, "job": "accounts"}
    checked = call("job_rerun", begin(night(job("report", above), other=[job("accounts")]), other_workspaces=[OTHER_ID]), check=True)
    (entry,) = checked["plan_details"]["waits_for"]
    assert entry == {"stage": 2, "job_name": "accounts", "workspace_id": OTHER_ID, "workspace_name": "finance", "instances": 1}
    assert "  stage 2, when accounts (workspace finance) has succeeded:" in checked["plan"]


def test_what_another_workspace_of_the_play_reruns_is_waited_for(emulated: t.Any, begin: t.Any) -> None:
    above = {"workspace": OTHER_ID, "job": "accounts"}
    rerun_options = begin(night(job("report", above), other=[job("accounts")]), other_workspaces=[WORKSPACE_ID, OTHER_ID])
    checked = call("job_rerun", rerun_options, check=True)
    assert ([instance["action"] for instance in checked["instances"]], checked["changed"]) == (["retry"], True)
    waiting = call("job_rerun", rerun_options)
    assert [instance["action"] for instance in waiting["instances"]] == ["wait"]
    assert waiting["instances"][0]["reason"].startswith("waits for job accounts, planned ")
    assert not waiting["finished"]
    assert not emulated.journal()
    assert not waiting["problems"]
    emulated.advance(200)
    longer = call("job_rerun", {**rerun_options, "since": str(waiting["since"]), "pass_state": waiting["pass_state"]})
    (problem,) = longer["problems"]
    assert problem.startswith(f"Instances wait for job accounts in workspace {OTHER_ID}, which is to be rerun there but has not been yet.")
    given = {**rerun_options, "since": str(waiting["since"]), "pass_state": waiting["pass_state"]}

    assert not passes({**rerun_options, "workspace_id": OTHER_ID, "order": "parallel"})[-1]["failed"]
    asked = len(emulated.requests("v2_depend_instances"))
    last = passes(given)[-1]
    assert (last["failed"], last["problems"]) == (False, []), last
    assert len(emulated.requests("v2_depend_instances")) > asked, "what it waited for was looked at again"
    assert [entry["workspace_id"] for entry in emulated.journal()] == [OTHER_ID, WORKSPACE_ID]


@pytest.mark.parametrize(
    ("seconds", "action", "reason"), [(10, "wait", "may be rerun there again"), (100, "skipped", "which failed again")]
)
def test_what_failed_there_is_waited_for_a_while_if_attempts_are_left(
    emulated: t.Any, begin: t.Any, seconds: int, action: str, reason: str
) -> None:
    accounts = {"name": "accounts", "instances": [{"plan_time": "-3h", "runs": ["fail", "success"]}]}
    scenario = night(job("report", {"workspace": OTHER_ID, "job": "accounts"}), other=[accounts])
    rerun_options = begin(scenario, other_workspaces=[OTHER_ID], attempts=2, settle_time=0)
    first = call("job_rerun", rerun_options)
    rerun_options["since"] = str(first["since"])
    there = {**rerun_options, "workspace_id": OTHER_ID, "order": "parallel"}
    emulated.advance(2)
    assert call("job_rerun", there)["changed"]
    emulated.advance(seconds)
    then = call("job_rerun", {**rerun_options, "pass_state": first["pass_state"]})
    (report,) = then["instances"]
    assert (report["action"], reason in report["reason"]) == (action, True), report
    assert not passes(there)[-1]["failed"]
    assert not passes({**rerun_options, "pass_state": first["pass_state"]})[-1]["failed"], (
        "what it had not waited for is told by the next run with this since"
    )
    assert len(emulated.journal()) == 3


@pytest.mark.parametrize("scheduler", [0, -30])
def test_what_fails_again_there_is_not_waited_for_whatever_clock_stamps_its_start(emulated: t.Any, begin: t.Any, scheduler: int) -> None:
    """By the scheduler's clock, its start may be before since, but it is later than the start that was read first."""
    accounts = {"name": "accounts", "instances": [{"plan_time": "-3h", "runs": ["fail"]}]}
    scenario = night(job("report", {"workspace": OTHER_ID, "job": "accounts"}), other=[accounts], scheduler_skew_seconds=scheduler)
    rerun_options = begin(scenario, other_workspaces=[OTHER_ID], settle_time=0)
    first = call("job_rerun", rerun_options)
    rerun_options["since"] = str(first["since"])
    emulated.advance(2)
    assert call("job_rerun", {**rerun_options, "workspace_id": OTHER_ID, "order": "parallel"})["changed"]
    emulated.advance(10)
    (report,) = call("job_rerun", {**rerun_options, "pass_state": first["pass_state"]})["instances"]
    assert (report["action"], "which failed again" in report["reason"]) == ("skipped", True), report


# Reruns that wait in the service for something that will not happen


@pytest.mark.parametrize("selected", [["sales"], ["sales", "load"]])
def test_with_any_order_a_rerun_that_waits_for_what_will_not_come_is_blocked(emulated: t.Any, begin: t.Any, selected: list[str]) -> None:
    load = {"name": "load", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}
    sales = {"name": "sales", "depends_on": ["load"], "instances": [{"plan_time": "-1h"}]}
    rerun_options = begin(night(load, sales, rerun_waits_for_upstream=True), order="parallel", jobs=selected)
    results = passes(rerun_options, between=lambda result: emulated.advance(60))
    last = results[-1]
    (stuck,) = [instance for instance in last["instances"] if instance["job_name"] == "sales"]
    assert (stuck["action"], stuck["status"], stuck["rerun"]) == ("blocked", "waiting", True)
    why = "which failed and is not selected" if selected == ["sales"] else "which failed again"
    assert stuck["reason"].startswith("its rerun waits in the service for job load, planned ")
    assert why in stuck["reason"]
    assert "1 waiting for a person" in last["msg"]


@pytest.mark.parametrize("between", [[], ["middle"]])
def test_what_waits_in_the_service_for_what_is_not_sent_yet_keeps_no_place_from_it(
    emulated: t.Any, begin: t.Any, between: list[str]
) -> None:
    """With max_parallel and the same plan time, the downstream instance is sent first, by its name."""
    same = {"instances": [{"plan_time": "-1h"}]}
    chain = [{"name": name, "depends_on": ["upstream"], **same} for name in between]
    jobs = [{"name": "downstream", "depends_on": between or ["upstream"], **same}, *chain, {"name": "upstream", **same}]
    rerun_options = begin(night(*jobs, rerun_waits_for_upstream=True), order="parallel", max_parallel=1)
    results = passes(rerun_options, between=lambda result: emulated.advance(60))
    assert not results[-1]["failed"], results[-1]
    assert sorted(reruns(emulated.journal()).values()) == [1] * len(jobs)


def test_a_service_that_does_not_tell_is_waited_for_as_before(emulated: t.Any, begin: t.Any) -> None:
    scenario = night(job("sales", "load"), job("load"), rerun_waits_for_upstream=True, depend_open=False)
    rerun_options = begin(scenario, order="parallel", jobs=["sales"])
    first = call("job_rerun", rerun_options)
    emulated.advance(600)
    waiting = call("job_rerun", {**rerun_options, "since": str(first["since"])})
    assert ([instance["action"] for instance in waiting["instances"]], waiting["finished"], waiting["failed"]) == (["wait"], False, False)
    asked = len(emulated.requests())
    again = call("job_rerun", {**rerun_options, "since": str(first["since"]), "pass_state": waiting["pass_state"]})
    assert not again["failed"]
    assert {request["route"] for request in emulated.requests()[asked:]} <= {"v1_list", "v2_list"}, "not asked for again"


# Upstream instances that are upstream in several ways, and invisible ones


def test_what_lies_between_and_had_succeeded_opens_no_way_past_what_is_next_above(emulated: t.Any, begin: t.Any) -> None:
    clean = {"name": "clean", "depends_on": ["load"], "instances": [{"plan_time": "-3h", "status": "success"}]}
    load = {"name": "load", "instances": [{"plan_time": "-4h"}]}
    rerun_options = begin(night(job("sales", "clean", "load"), clean, load))
    first = call("job_rerun", rerun_options)
    assert order_sent(emulated) == [["load"]], first["instances"]
    assert not passes({**rerun_options, "since": str(first["since"])})[-1]["failed"]
    assert order_sent(emulated) == [["load"], ["sales"]]


def test_nothing_is_sent_behind_what_is_selected_and_cannot_be_listed(emulated: t.Any, begin: t.Any) -> None:
    """A cancelled instance that is not rerun blocks nothing; one that is to be rerun does, even if its job cannot be listed."""
    load = {"name": "load", "instances": [{"plan_time": "-3h", "status": "manual-stop"}]}
    rerun_options = begin(
        night(job("sales", "load"), load), jobs=["load", "sales"], statuses=["fail", "manual-stop"], max_retries=0, api_version="v2"
    )
    emulated.set(clock_skew_seconds=0)  # with a wrong clock, the pass lists again, and that list is complete
    emulated.inject({"route": "v2_list", "job_name": "load", "kind": "status", "status": 500, "times": 1})
    first = call("job_rerun", rerun_options)
    assert not emulated.journal()
    assert [(instance["job_name"], instance["action"]) for instance in first["instances"]] == [("sales", "blocked")]
    assert "which could not be listed" in first["instances"][0]["reason"]
    assert "Failed to list the instances of job load" in first["msg"]
    assert not passes({**rerun_options, "since": str(first["since"])})[-1]["failed"]
    assert order_sent(emulated) == [["load"], ["sales"]]


def test_what_was_stopped_in_another_workspace_and_is_rerun_there_is_waited_for(emulated: t.Any, begin: t.Any) -> None:
    accounts = {"name": "accounts", "instances": [{"plan_time": "-3h", "status": "manual-stop"}]}
    scenario = night(job("report", {"workspace": OTHER_ID, "job": "accounts"}), other=[accounts])
    rerun_options = begin(scenario, other_workspaces=[OTHER_ID], statuses=["fail", "manual-stop"])
    waiting = call("job_rerun", rerun_options)
    assert [instance["action"] for instance in waiting["instances"]] == ["wait"], waiting["instances"]
    assert not emulated.journal()


def test_an_api_that_does_not_tell_any_more_is_told_with_what_was_sent(emulated: t.Any, begin: t.Any) -> None:
    scenario = night(job("report", {"workspace": OTHER_ID, "job": "accounts"}), job("alone"), other=[job("accounts")])
    rerun_options = begin(scenario, other_workspaces=[OTHER_ID])
    first = call("job_rerun", rerun_options)
    assert order_sent(emulated) == [["alone"]]
    emulated.set(depend_open=False)
    then = call("job_rerun", {**rerun_options, "since": str(first["since"]), "pass_state": first["pass_state"]})
    assert then["error"]["kind"] == "not_published"
    assert "Nothing more was sent. Set order to parallel" in then["msg"]


def test_what_was_listed_before_dependencies_were_read_for_long_is_listed_again(
    emulated: t.Any, begin: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the dependencies of thousands of instances takes long, and somebody may rerun one of them meanwhile, even with success."""
    rerun_options = begin(night(job("sales", "load"), job("load"), job("alone")))
    monkeypatch.setattr(_rerun, "OLD_SECONDS", 0.0)
    read = DependencyReader.read

    def slow(upstream: DependencyReader, instances: t.Any) -> None:
        if not emulated.journal():
            assert call("job_rerun", {**rerun_options, "order": "parallel", "jobs": ["alone"]})["changed"]
            emulated.advance(600)
        read(upstream, instances)

    monkeypatch.setattr(DependencyReader, "read", slow)
    result = call("job_rerun", {**rerun_options, "journal": rerun_options["journal"] + "-of-another-machine"})
    assert order_sent(emulated) == [["alone"], ["load"]], "alone is not sent twice"
    (alone,) = [instance for instance in result["instances"] if instance["job_name"] == "alone"]
    assert (alone["action"], alone["rerun"]) == ("done", False)
