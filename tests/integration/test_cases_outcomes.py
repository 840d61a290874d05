# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes are reported for each instance, and not better than they are known."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.emulator.signed_requests import restart
from tests.support.journaled import answered, as_soon_as, begin, let_settle, module_options, once, rerun_by_hand, shown_after
from tests.support.logic import Result, by_action, call, passes, reruns
from tests.support.scenarios import WORKSPACE_ID, twins

HOUR_MS = 3_600_000


def rerun_ids(service: Running) -> dict[int, int]:
    """Number of accepted reruns by instance_id before the rerun."""
    counts: dict[int, int] = {}
    for entry in service.journal():
        for instance in entry["instances"]:
            counts[instance["instance_id"]] = counts.get(instance["instance_id"], 0) + 1
    return counts


# A lost rerun with related jobs, and a rerun by hand at the same time (T8).


def related(service: Running, journal: Path, **changes: t.Any) -> dict[str, t.Any]:
    """Options of job_instance_retry: daily_sales and hourly_stock, all instances of the last day."""
    now = service.now_ms()
    jobs = [{"job_name": "hourly_stock", "workspace_id": WORKSPACE_ID}]
    times = {"begin_time": str(now - 24 * HOUR_MS), "end_time": str(now)}
    given = module_options(service, journal, job_name="daily_sales", jobs=jobs, **times, settle_time=2, **changes)
    return {name: value for name, value in given.items() if name != "poll_interval"}


@pytest.mark.parametrize(
    ("fault", "by_hand"),
    [
        ({"kind": "drop", "when": "before_effect"}, 0),
        ({"kind": "drop", "when": "before_effect"}, 1),
        ({"kind": "drop", "when": "before_effect"}, 2),
        ({"kind": "drop", "when": "before_reading"}, 1),
        ({"kind": "gateway_timeout", "when": "before_effect"}, 1),
        ({"kind": "page", "status": 502, "when": "before_effect"}, 1),
        ({"kind": "drop", "when": "after_effect"}, 0),
        ({"kind": "drop", "when": "after_effect"}, 1),
    ],
)
def test_each_instance_of_a_lost_rerun_with_related_jobs_is_told_by_itself(
    service: Running, tmp_path: Path, fault: dict[str, t.Any], by_hand: int
) -> None:
    """Somebody reruns some of the five instances while the answer is lost. Instances that were never rerun are not reported as rerun."""
    begin(service, {"name": "daily_sales", "failed": 3}, {"name": "hourly_stock", "failed": 2})
    service.inject({"route": "v2_retry", **fault})
    took_effect = fault["when"] == "after_effect"

    def person() -> None:
        for number in range(by_hand):
            instance = service.instances("daily_sales")[number]
            # if the lost rerun took effect, the service refuses, or the instance runs once more
            assert restart(service, "daily_sales", instance["instance_id"]).status == 204 or took_effect

    with as_soon_as(lambda: service.requests("v2_retry"), person):
        result = call("job_instance_retry", related(service, tmp_path / "journal"))
    rerun = {key for key, times in reruns(service.journal()).items() if times}
    reported = {(instance["job_name"], instance["plan_time"]): instance for instance in result["instances"]}
    assert set(reported) == set(once(service))
    assert {key for key, instance in reported.items() if instance["rerun"]} <= rerun
    unsaid = {key for key, instance in reported.items() if instance["action"] == "unknown" or instance["rerun"] is None}
    assert rerun <= unsaid | {key for key, instance in reported.items() if instance["rerun"]}
    assert result["failed"] == (rerun != set(reported))
    if not took_effect:
        assert len(rerun) == by_hand


# An undocumented status after an accepted rerun (T12).


@pytest.mark.parametrize("word", ["pending", "SUBMITTING", "待运行", "preparing-resources"])
@pytest.mark.parametrize("lost", [False, True])
def test_an_undocumented_word_after_a_rerun_is_in_progress(service: Running, tmp_path: Path, word: str, lost: bool) -> None:
    begin(service, {"name": "daily_sales", "failed": 2, "starting_status": word}, starting_seconds=60)
    if lost:
        service.inject({"route": "retry", "kind": "drop"})
    results = passes(module_options(service, tmp_path / "journal"))
    shown = [instance for result in results for instance in result["instances"] if instance["status"] not in ("fail", "running", "success")]
    assert {instance["action"] for instance in shown} <= {"wait", "settling"}
    assert shown
    assert (results[-1]["failed"], reruns(service.journal())) == (False, once(service))
    assert by_action(results[-1]).keys() == {"done"}


def test_it_stays_in_progress_for_as_long_as_it_shows(service: Running, tmp_path: Path) -> None:
    begin(service, starting_seconds=10_000_000)
    given = module_options(service, tmp_path / "journal")
    result = call("job_rerun", given)
    for _pass in range(3):
        service.advance(600)
        result = call("job_rerun", {**given, "pass_state": result["pass_state"]})
        assert (result["finished"], set(by_action(result))) == (False, {"wait"})
    afresh = call("job_rerun", given)
    assert (afresh["changed"], reruns(service.journal())) == (False, once(service))


# Two instances that share job_id, plan_time and submit_time (T13).


def said(result: Result) -> dict[str, tuple[str, bool | None]]:
    """Action and rerun of each instance in a result, by instance_id."""
    return {instance["instance_id"]: (instance["action"], instance["rerun"]) for instance in result["instances"]}


@pytest.mark.parametrize("api_version", ["auto", "v1"])
@pytest.mark.parametrize("setting", ["first", "newest", "both"])
def test_each_of_two_twins_is_rerun_and_told_by_itself(service: Running, tmp_path: Path, api_version: str, setting: str) -> None:
    begin(service, {"name": "daily_sales", "instances": [*twins(), {"plan_time": "-2h"}]}, twins_rerun=setting)
    ids = [instance["instance_id"] for instance in service.instances("daily_sales")]
    last = passes(module_options(service, tmp_path / "journal", api_version=api_version))[-1]
    assert rerun_ids(service) == dict.fromkeys(ids, 1)
    assert said(last) == {str(number): ("done", True) for number in ids}
    again = passes(module_options(service, tmp_path / "journal"))[-1]
    assert (again["changed"], again["failed"]) == (False, False)


@pytest.mark.parametrize("setting", ["first", "newest", "both"])
def test_what_became_of_twins_is_said_where_only_v2_is_open(service: Running, tmp_path: Path, setting: str) -> None:
    """v2's key cannot tell them apart: none is rerun twice, and one that was not rerun is not reported as rerun."""
    begin(service, {"name": "daily_sales", "instances": twins()}, twins_rerun=setting, v1_open=False)
    given = module_options(service, tmp_path / "journal")
    last = call("job_rerun", given)
    for _pass in range(4):
        let_settle(service, 0.5)
        last = call("job_rerun", {**given, "pass_state": last["pass_state"]})
    counts = rerun_ids(service)
    assert max(counts.values()) == 1
    truth = {str(instance["instance_id"]): instance for instance in service.instances("daily_sales")}
    assert set(said(last)) == set(truth)
    for number, (action, rerun) in said(last).items():
        assert (action == "done") == (truth[number]["status"] == "success"), "only what succeeded is done"
        assert not (rerun and int(number) not in counts)
    assert (last["finished"] and not last["failed"]) == all(instance["status"] == "success" for instance in truth.values())


@pytest.mark.parametrize("status", ["success", "running", "manual-stop"])
@pytest.mark.parametrize("v1_open", [True, False])
def test_a_twin_that_did_not_fail_is_left_alone(service: Running, tmp_path: Path, status: str, v1_open: bool) -> None:
    """With v1, only the failed one is rerun. v2's key could mean the other one, so nothing is sent."""
    failed, other = twins()
    begin(service, {"name": "daily_sales", "instances": [failed, {**other, "status": status}]}, twins_rerun="both", v1_open=v1_open)
    failed_id, other_id = (instance["instance_id"] for instance in service.instances("daily_sales"))
    last = passes(module_options(service, tmp_path / "journal"))[-1]
    assert rerun_ids(service) == ({failed_id: 1} if v1_open else {})
    assert said(last)[str(failed_id)] == (("done", True) if v1_open else ("blocked", False))
    assert not said(last).get(str(other_id), ("done", False))[1], "one that had succeeded before is left out"
    assert last["failed"] is not v1_open


@pytest.mark.parametrize("setting", ["first", "newest"])
@pytest.mark.parametrize("status", ["success", "fail"])
@pytest.mark.parametrize("v1_open", [True, False])
def test_a_twin_of_a_type_that_is_not_meant_is_left_alone(
    service: Running, tmp_path: Path, setting: str, status: str, v1_open: bool
) -> None:
    """instance_types selects one of the two, but v2's key could mean the other one."""
    meant, other = twins()
    begin(service, {"name": "daily_sales", "instances": [meant, {**other, "status": status}]}, twins_rerun=setting, v1_open=v1_open)
    meant_id, _other_id = (instance["instance_id"] for instance in service.instances("daily_sales"))
    last = passes(module_options(service, tmp_path / "journal", instance_types=["normal"]))[-1]
    assert rerun_ids(service) == ({meant_id: 1} if v1_open else {})
    assert said(last) == {str(meant_id): ("done", True) if v1_open else ("blocked", False)}
    assert last["failed"] is not v1_open


@pytest.mark.parametrize("type_number", [0, 5])
def test_a_twin_that_fails_again_is_told_apart_from_the_one_that_succeeds(service: Running, tmp_path: Path, type_number: int) -> None:
    instances = [{**twin, "runs": ["fail" if twin["type"] == type_number else "success"]} for twin in twins()]
    begin(service, {"name": "daily_sales", "instances": instances})
    ids = [instance["instance_id"] for instance in service.instances("daily_sales")]
    last = passes(module_options(service, tmp_path / "journal"))[-1]
    assert rerun_ids(service) == dict.fromkeys(ids, 1)
    expected = [("failed_again", True), ("done", True)] if type_number == 0 else [("done", True), ("failed_again", True)]
    assert [said(last)[str(number)] for number in ids] == expected


# An answer to a write that is not from the service (T15).

PAGES: list[dict[str, t.Any]] = [
    *({"kind": "page", "status": status, "body": "html"} for status in (400, 403, 404, 413, 429, 502)),
    *({"kind": "page", "status": status, "body": "json"} for status in (403, 404, 429)),
    {"kind": "page", "status": 403, "body": "empty"},
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page['status']}-{page['body']}")
@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
def test_a_page_of_something_in_between_proves_nothing(service: Running, tmp_path: Path, page: dict[str, t.Any], when: str) -> None:
    """The play is started again immediately with the same since, while the possibly accepted rerun does not show."""
    begin(service, rerun_visible_after=shown_after(1), retry_of_active="accept")
    service.inject({"route": "retry", **page, "when": when})
    given = module_options(service, tmp_path / "journal", settle_time=2)
    first = call("job_rerun", given)
    assert first["changed"], "whether it was rerun is unknown"
    again = call("job_rerun", {**given, "since": str(first["since"])})
    assert [instance["action"] for instance in again["instances"]] == ["settling"]
    last = passes({**given, "since": str(first["since"])}, between=lambda result: let_settle(service))[-1]
    assert (reruns(service.journal()), last["failed"]) == (once(service), False)


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission"},
        {"kind": "status", "status": 404, "code": "APIGW.0101", "message": "not published"},
        {"kind": "throttle", "times": 9},
    ],
)
def test_the_services_own_error_body_proves_that_nothing_happened(service: Running, tmp_path: Path, answer: dict[str, t.Any]) -> None:
    begin(service, v1_open=answer.get("code") != "APIGW.0101")
    service.inject({"route": "retry", **answer})
    given = module_options(service, tmp_path / "journal", max_retries=1, api_version="v2")
    refused = call("job_rerun", given)
    assert (refused["changed"], service.journal()) == (False, [])
    service.clear_faults()
    later = call("job_rerun", {**given, **({"since": str(refused["since"])} if "since" in refused else {})})
    assert (later["changed"], reruns(service.journal())) == (True, once(service)), "at once, not after settle_time"


def test_a_person_next_to_an_answer_that_is_not_the_services_own(service: Running, tmp_path: Path) -> None:
    """A proxy answered instead of the service, and somebody reruns the instance before it is read back."""
    begin(service)
    service.inject({"route": "v2_retry", "kind": "page", "status": 403, "when": "before_effect"})
    with as_soon_as(answered(service, "v2_retry"), lambda: rerun_by_hand(service)):
        last = passes(module_options(service, tmp_path / "journal"))[-1]
    assert (reruns(service.journal()), set(by_action(last))) == (once(service), {"done"})


# A job that depends on its own previous cycle (T16).


def chain(before: str, **changes: t.Any) -> dict[str, t.Any]:
    """A job with two cycles; the earlier one has status *before* and is outside the window of a day."""
    cycles = [{"plan_time": "-30h", "status": before}, {"plan_time": "-6h", "status": "fail"}]
    return {"name": "daily_sales", "self_dependent": True, "instances": cycles, **changes}


@pytest.mark.parametrize("before", ["fail"])
def test_a_cycle_behind_a_failed_one_outside_the_window_is_blocked(service: Running, tmp_path: Path, before: str) -> None:
    begin(service, chain(before))
    last = passes(module_options(service, tmp_path / "journal", order="upstream_first"))[-1]
    assert (service.journal(), last["failed"]) == ([], True)
    assert [(instance["action"], instance["plan_time"]) for instance in last["instances"]] == [
        ("blocked", service.instances("daily_sales")[1]["plan_time"])
    ]


def test_a_cycle_behind_one_that_succeeded_is_rerun(service: Running, tmp_path: Path) -> None:
    begin(service, chain("success"))
    last = passes(module_options(service, tmp_path / "journal", order="upstream_first"))[-1]
    assert (list(reruns(service.journal()).values()), last["failed"]) == ([1], False)


def test_both_cycles_in_the_window_are_rerun_in_their_order(service: Running, tmp_path: Path) -> None:
    begin(service, chain("fail"), rerun_waits_for_upstream=False)
    last = passes(module_options(service, tmp_path / "journal", order="upstream_first", planned_after="-40h"))[-1]
    assert (reruns(service.journal()), last["failed"]) == (once(service), False)
    planned = [instance["plan_time"] for entry in service.journal() for instance in entry["instances"]]
    assert planned == sorted(planned)


def test_a_chain_whose_oldest_cycle_fails_again_is_left_behind_it(service: Running, tmp_path: Path) -> None:
    cycles = [{"plan_time": f"-{hours}h", "status": "fail", "runs": ["fail"] if hours == 9 else ["success"]} for hours in (9, 6, 3)]
    begin(service, {"name": "daily_sales", "self_dependent": True, "instances": cycles})
    last = passes(module_options(service, tmp_path / "journal", order="upstream_first"))[-1]
    assert [instance["action"] for instance in sorted(last["instances"], key=lambda instance: instance["plan_time"])] == [
        "failed_again",
        "skipped",
        "skipped",
    ]
    assert len(service.journal()) == 1


@pytest.mark.parametrize("renamed", ["submit_time_after_rerun", "instance_id_after_rerun"])
@pytest.mark.parametrize("runs", ["success", "fail"])
@pytest.mark.parametrize("status", ["fail", "manual-stop"])
def test_what_depends_on_an_instance_follows_it_to_its_new_key(
    service: Running, tmp_path: Path, renamed: str, runs: str, status: str
) -> None:
    upper: dict[str, t.Any] = {"name": "up", "instances": [{"plan_time": "-2h", "status": status, "runs": [runs]}]}
    lower: dict[str, t.Any] = {"name": "down", "depends_on": ["up"], "instances": [{"plan_time": "-1h"}]}
    begin(service, upper, lower, rerun_waits_for_upstream=False, **{renamed: "new"})
    options = module_options(service, tmp_path / "journal", order="upstream_first", statuses=["fail", "manual-stop"])
    last = passes(options)[-1]
    actions = {instance["job_name"]: instance["action"] for instance in last["instances"]}
    assert actions == ({"up": "done", "down": "done"} if runs == "success" else {"up": "failed_again", "down": "skipped"})
    assert [entry["job_name"] for entry in service.journal()] == (["up", "down"] if runs == "success" else ["up"])
