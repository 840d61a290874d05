# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks and delays: old lists are never acted on, steps of clocks never shorten a wait, and clocks do not decide whether an instance was rerun."""

from __future__ import annotations

import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal, Known
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Intent
from ansible_collections.dataarts.factory.plugins.module_utils._runner import write
from emulator.running import Running
from tests.support.journaled import (
    Controller,
    answered,
    as_soon_as,
    begin,
    let_settle,
    module_options,
    once,
    rerun_by_hand,
    shown_after,
    wait_for,
)
from tests.support.logic import PATIENCE, call, passes, reruns
from tests.support.long import whole_plays
from tests.support.scenarios import WORKSPACE_ID
from tests.support.workspace import token

WRITES = ("v2_retry", "v1_restart")
#: Maximum age of a list in these tests, seconds.
FRESH = 1.5
DAYS = 86_400


def succeeded_once(service: Running) -> bool:
    """Whether the newest run of daily_sales's oldest instance has succeeded."""
    (*_others, newest) = service.instances("daily_sales")[0]["runs"]
    return bool(newest["status"] == "success")


def rerun_to_its_end(service: Running, *, api: str = "v1") -> None:
    """Rerun the oldest instance by hand and wait until it has succeeded."""
    rerun_by_hand(service, api=api)
    wait_for(lambda: succeeded_once(service))


def listings(service: Running) -> list[dict[str, t.Any]]:
    """Requests for instance lists so far."""
    return [entry for entry in service.requests() if entry["route"] in ("v1_list", "v2_list")]


# A list may be acted on for a minute (T1, T2).


@pytest.mark.parametrize("api_version", ["v1", "v2"])
@pytest.mark.parametrize("refusal", [{"kind": "throttle"}, {"kind": "status", "status": 429, "code": "DLF.4290"}])
def test_each_attempt_at_the_post_needs_a_fresh_list(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api_version: str, refusal: dict[str, t.Any]
) -> None:
    """Somebody reruns the instance while the request is delayed: with the old list, it would run twice."""
    monkeypatch.setattr(write, "FRESH_SECONDS", FRESH)
    begin(service)
    route, other = ("v1_restart", "v2") if api_version == "v1" else ("v2_retry", "v1")
    service.inject({"route": route, "times": 3, "retry_after": 1, **refusal})
    with as_soon_as(answered(service, route), lambda: rerun_to_its_end(service, api=other)):
        last = passes(module_options(service, tmp_path / "journal", api_version=api_version))[-1]
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["rerun"]) for instance in last["instances"]] == [("done", False)]


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_a_list_is_as_old_as_its_request(service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api_version: str) -> None:
    """The service answered at once, but the answer arrived late."""
    monkeypatch.setattr(write, "FRESH_SECONDS", FRESH)
    begin(service)
    service.inject({"route": "list", "kind": "latency", "seconds": FRESH + 0.5, "when": "after_effect"})
    with as_soon_as(lambda: listings(service), lambda: rerun_to_its_end(service)):
        last = passes(module_options(service, tmp_path / "journal", api_version=api_version))[-1]
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["rerun"]) for instance in last["instances"]] == [("done", False)]


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_a_request_that_was_put_off_for_too_long_is_made_by_a_new_list(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api_version: str
) -> None:
    monkeypatch.setattr(write, "FRESH_SECONDS", FRESH)
    begin(service)
    service.inject({"route": "retry", "kind": "throttle", "retry_after": 1, "times": 2})
    results = passes(module_options(service, tmp_path / "journal", api_version=api_version))
    assert (reruns(service.journal()), results[-1]["failed"]) == (once(service), False)
    (accepted,) = service.journal()
    assert any(accepted["time"] - FRESH * 1000 <= entry["time"] <= accepted["time"] for entry in listings(service))
    (instance,) = results[-1]["instances"]
    assert (instance["rerun"], instance["attempts"]) == (True, 1)


@pytest.mark.parametrize(
    ("route", "fault", "pause"),
    [
        ("list", {"kind": "latency", "seconds": 3600, "when": "after_effect"}, 2.0),
        ("retry", {"kind": "throttle", "retry_after": 1, "times": 1000}, 2.0),
        ("retry", {"kind": "throttle", "retry_after": 1, "times": 1000}, 4.0),
    ],
)
def test_a_process_that_was_stopped_does_not_act_on_its_old_list(
    service: Running, tmp_path: Path, route: str, fault: dict[str, t.Any], pause: float
) -> None:
    """Like a worker without processor time, or a sleeping machine, between the list and the request."""
    begin(service)
    service.inject({"route": route, **fault})
    controller = Controller(module_options(service, tmp_path / "journal"), tmp_path / "home", fresh_seconds=FRESH).ready()
    controller.go()
    wait_for((lambda: listings(service)) if route == "list" else answered(service, *WRITES))
    controller.stop()
    service.clear_faults()
    rerun_to_its_end(service)
    time.sleep(pause)
    controller.wake()
    result = controller.result()
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["rerun"]) for instance in result["instances"]] == [("done", False)]


# After a lost answer, settle_time passes on two clocks (T3).


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ({"kind": "gateway_timeout"}, 90),
        ({"kind": "gateway_timeout"}, -90),
        ({"kind": "gateway_timeout"}, 3600),
        ({"kind": "drop"}, 90),
        ({"kind": "page", "status": 502}, 90),
        ({"kind": "status", "status": 503, "when": "after_effect"}, 90),
    ],
)
def test_a_step_of_the_services_date_does_not_shorten_settle_time(
    service: Running, tmp_path: Path, fault: dict[str, t.Any], step: int
) -> None:
    begin(service, rerun_visible_after=shown_after(1.5), retry_of_active="accept")
    service.inject({"route": "retry", **fault, "date_step_seconds": step})
    last = passes(module_options(service, tmp_path / "journal", settle_time=3))[-1]
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["attempts"]) for instance in last["instances"]] == [("done", 1)]


@pytest.mark.parametrize("skew", [0, -60])
def test_a_step_back_of_the_services_date_hides_no_rerun_of_this_run(service: Running, tmp_path: Path, skew: int) -> None:
    """Its ``since`` is then ahead of the service's clock."""
    begin(service, scheduler_skew_seconds=skew)
    service.inject({"route": "retry", "kind": "date", "date_step_seconds": -600})
    results = passes(module_options(service, tmp_path / "journal", since=str(service.now_ms())))
    assert reruns(service.journal()) == once(service)
    reported = [(instance["rerun"], instance["attempts"]) for result in results for instance in result["instances"]]
    first = reported.index((True, 1))
    assert set(reported[first:]) == {(True, 1)}, "in every pass that follows"
    assert [instance["action"] for instance in results[-1]["instances"]] == ["done"]


@pytest.mark.parametrize("ends", ["fail", "success"])
@pytest.mark.parametrize("asked", ["job_rerun", "named", "related"])
def test_what_another_run_claimed_meanwhile_counts_though_the_date_was_behind_then(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, ends: str
) -> None:
    """The other run reruns an instance that this run has already listed. By the Date, which steps, its request is older than this run's ``since``."""
    jobs = ({"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": [ends, "success"]}]}, {"name": "hourly", "failed": 1})
    begin(service, *jobs, date_offset_seconds=90)
    given, named, related = _ways(service, tmp_path / "journal")
    claim = Journal.claim
    with Journal(given["journal"], password=None, project_id=given["project_id"]) as known:
        known.cover([WORKSPACE_ID], 1)

    def after_another(journal: Journal, intents: list[Intent]) -> list[Attempt | None]:
        monkeypatch.setattr(Journal, "claim", claim)
        service.set(date_offset_seconds=0)
        assert call("job_instance_retry", named)["changed"]
        wait_for(lambda: [run["status"] for run in service.instances("daily_sales")[0]["runs"]] == ["fail", ends])
        service.set(date_offset_seconds=90)
        return claim(journal, intents)

    monkeypatch.setattr(Journal, "claim", after_another)
    if asked == "job_rerun":
        last = passes({**given, "jobs": ["daily_sales"]})[-1]
    else:
        last = call("job_instance_retry", named if asked == "named" else related)
    assert set(reruns(service.journal()).values()) == {1}
    assert last["failed"] is (asked == "related" or (asked == "job_rerun" and ends == "fail")), last["msg"]
    (standing,) = {(instance["action"], instance["rerun"]) for instance in last["instances"]}
    by_goal = ("done" if ends == "success" else "failed_again", True)
    assert standing == {"job_rerun": by_goal, "named": ("skipped", False), "related": ("blocked", False)}[asked]


@pytest.mark.parametrize("clocks", [{"date_offset_seconds": 600}, {"scheduler_skew_seconds": -60}])
@pytest.mark.parametrize("asked", ["job_rerun", "named", "related"])
def test_what_had_not_ended_when_a_run_first_listed_counts_though_by_the_schedulers_clock_it_had(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, clocks: dict[str, int]
) -> None:
    """Another run has claimed it, sends it after this run's list, and it fails again."""
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}, {"name": "hourly", "failed": 1})
    given, named, related = _ways(service, tmp_path / "journal")
    read, exchange, claimed, listed = Journal.read, write.Writer._exchange, threading.Event(), threading.Event()

    def read_and_let_it_go(journal: Journal, *args: t.Any) -> Known:
        known = read(journal, *args)
        monkeypatch.setattr(Journal, "read", read)
        listed.set()
        assert other.result()["changed"]
        wait_for(lambda: [run["status"] for run in service.instances("daily_sales")[0]["runs"]] == ["fail", "fail"])
        return known

    def wait_and_exchange(*args: t.Any) -> write.Ending:
        monkeypatch.setattr(write.Writer, "_exchange", exchange)
        claimed.set()
        assert listed.wait(PATIENCE)
        return exchange(*args)

    monkeypatch.setattr(write.Writer, "_exchange", wait_and_exchange)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(call, "job_instance_retry", named)
        assert claimed.wait(PATIENCE)
        service.set(**clocks)
        monkeypatch.setattr(Journal, "read", read_and_let_it_go)
        last = (
            passes({**given, "jobs": ["daily_sales"]})[-1]
            if asked == "job_rerun"
            else call("job_instance_retry", {"named": named, "related": related}[asked])
        )
    assert set(reruns(service.journal()).values()) == {1}
    (standing,) = {(instance["action"], instance["rerun"]) for instance in last["instances"]}
    assert standing == {"job_rerun": ("failed_again", True), "named": ("skipped", False), "related": ("blocked", False)}[asked]


@pytest.mark.parametrize("checked_first", [False, True])
@pytest.mark.parametrize("earlier", [0, 500])
def test_the_since_of_an_earlier_run_is_taken_again_however_far_it_lies_ahead(
    service: Running, tmp_path: Path, earlier: int, checked_first: bool
) -> None:
    """For several workspaces, the suggested command has the earliest since. Any other ``since`` so far ahead is refused."""
    begin(service, clock_skew_seconds=300)
    service.inject({"route": "retry", "kind": "date", "date_step_seconds": -600})
    asked = module_options(service, tmp_path / "journal", wait=False)
    (first,) = passes(asked)
    again = {**asked, "pass_state": {"options_only": True} if checked_first else {}}
    result = call("job_rerun", {**again, "since": str(first["since"] - earlier)})
    assert not result["failed"], result["msg"]
    assert checked_first or [instance["rerun"] for instance in result["instances"]] == [True]
    later = call("job_rerun", {**again, "since": str(first["since"] + 1)})
    assert "is in the future" in later["msg"]
    assert reruns(service.journal()) == once(service)


@pytest.mark.parametrize("left", [60, 0])
def test_what_was_sent_after_since_is_not_sent_again_though_the_clock_was_set_back(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """The earliest since of a run in several workspaces is set again, and is *left* seconds ahead. A rerun instance has failed again."""
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail", "success"]}]}, date_offset_seconds=90)
    asked = module_options(service, tmp_path / "journal", wait=False)
    with Journal(asked["journal"], password=None, project_id=asked["project_id"]) as journal:
        journal.cover([asked["workspace_id"]], 1)
    (first,) = passes(asked)
    service.set(date_offset_seconds=0)
    since = first["since"] - 20_000
    passing = (since - service.now_ms()) / 1000 - left
    service.advance(passing)
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: time.time_ns() // 1_000_000 + int(passing * 1000))
    last = passes({**asked, "since": str(since)})[-1]
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["rerun"]) for instance in last["instances"]] == [("failed_again", True)]


@pytest.mark.parametrize("goes_on", [False, True])
def test_what_had_no_effect_is_sent_once_settled_though_the_clock_was_set_back(service: Running, tmp_path: Path, goes_on: bool) -> None:
    """A play is killed, its request is lost, and the service's clock was ten minutes ahead. With its ``since``, and without."""
    begin(service, date_offset_seconds=600)
    service.inject({"route": "retry", "kind": "drop", "when": "before_effect", "times": 20})
    asked = module_options(service, tmp_path / "journal")
    first = call("job_rerun", {**asked, "max_retries": 0})
    assert [instance["action"] for instance in first["instances"]] == ["settling"]
    service.clear_faults()
    service.set(date_offset_seconds=0)
    since = str(first["since"] - 610_000) if goes_on else None
    results = passes({**asked, "since": since})
    assert reruns(service.journal()) == once(service)
    assert [instance["action"] for instance in results[-1]["instances"]] == ["done"]


@pytest.mark.parametrize("step", [90.0, -90.0])
def test_a_step_of_this_machines_clock_does_not_shorten_it(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    begin(service, rerun_visible_after=shown_after(1.5), retry_of_active="accept")
    service.inject({"route": "retry", "kind": "drop"})
    steady = time.time

    def set_clock(_result: object) -> None:
        monkeypatch.setattr(time, "time", lambda: steady() + step)

    last = passes(module_options(service, tmp_path / "journal", settle_time=3), between=set_clock)[-1]
    assert reruns(service.journal()) == once(service)
    assert [instance["action"] for instance in last["instances"]] == ["done"]


# A machine with an empty clock battery starts in another year. An empty list because of that must not count as nothing to do.


@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
@pytest.mark.parametrize(("ahead", "days"), [(40, 3), (40, 20), (400, 3), (-400, 3)])
def test_a_clock_that_is_far_off_hides_nothing_of_a_window(
    service: Running, tmp_path: Path, api_version: str, ahead: int, days: int
) -> None:
    begin(service, clock_skew_seconds=ahead * DAYS)
    window = {"planned_after": str(service.now_ms() - days * DAYS * 1000), "planned_before": str(service.now_ms())}
    login = {"access_key": None, "secret_key": None, "auth_token": token(service)}
    results = passes(module_options(service, tmp_path / "journal", api_version=api_version, **window, **login))
    assert reruns(service.journal()) == once(service)
    assert [instance["action"] for instance in results[-1]["instances"]] == ["done"]
    refused = call("job_instance_info", {**_listing(service), "api_version": api_version, **window})
    assert (refused["failed"], refused["error"]["kind"]) == (True, "clock")


@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
def test_a_user_who_may_not_list_jobs_is_told_the_time_by_that_refusal(service: Running, api_version: str) -> None:
    begin(service)
    service.inject({"route": "jobs", "kind": "status", "status": 403, "code": "DLF.3051", "times": None})
    window = {"planned_after": str(service.now_ms() - 400 * DAYS * 1000), "planned_before": str(service.now_ms())}
    asked = {**_listing(service), "api_version": api_version, "jobs": ["daily_sales"], **window}
    listed = call("job_instance_info", asked)
    assert (listed.get("msg"), listed["failed"], listed.get("total")) == (None, False, 1)


# The clock that stamps instances is not the gateway's (T4, T5).


@pytest.mark.parametrize("skew", [-30, 30, -90])
@pytest.mark.parametrize("lost", [False, True])
def test_that_an_instance_was_rerun_is_seen_whatever_the_schedulers_clock_says(
    service: Running, tmp_path: Path, skew: int, lost: bool
) -> None:
    begin(service, scheduler_skew_seconds=skew)
    if lost:
        service.inject({"route": "retry", "kind": "drop"})
    results = passes(module_options(service, tmp_path / "journal"))
    assert reruns(service.journal()) == once(service)
    assert results[0]["changed"]
    (instance,) = results[-1]["instances"]
    assert (results[-1]["failed"], instance["action"]) == (False, "done")
    assert instance["rerun"] is not False, "where the answer was lost, whose rerun it was may be unknown"
    assert instance["rerun"] is True or lost


@pytest.mark.parametrize("pause", whole_plays([0.0, 1.5]))
@pytest.mark.parametrize(("skew", "slack"), [(-5, {}), (-30, {"clock_slack": 60}), (5, {})])
def test_without_a_shared_journal_a_start_shortly_before_since_counts(
    service: Running, tmp_path: Path, skew: int, slack: dict[str, int], pause: float
) -> None:
    """A play in a container is killed after its request, and started again with the printed since; the rerun failed again."""
    daily = {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}
    begin(service, daily, scheduler_skew_seconds=skew)
    since = str(call("job_rerun", module_options(service, tmp_path / "first"))["since"])
    service.add("daily_sales", {"plan_time": "-3h", "status": "fail", "runs": ["success"]}, workspace_id=_workspace(service))
    let_settle(service, pause)
    results = passes(module_options(service, tmp_path / "second", since=since, **slack))
    assert reruns(service.journal()) == once(service), "each once: the first by the play that was killed, the other by the second"
    by_action = {instance["action"]: instance for instance in results[-1]["instances"]}
    assert set(by_action) == {"failed_again", "done"}
    assert "not sent by this run, but a start after" in by_action["failed_again"]["reason"]


@pytest.mark.parametrize("skew", [-5, -90])
def test_with_a_shared_journal_no_slack_is_needed(service: Running, tmp_path: Path, skew: int) -> None:
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}, scheduler_skew_seconds=skew)
    since = str(call("job_rerun", module_options(service, tmp_path / "journal"))["since"])
    last = passes(module_options(service, tmp_path / "journal", since=since, clock_slack=0))[-1]
    assert reruns(service.journal()) == once(service)
    assert [(instance["action"], instance["rerun"]) for instance in last["instances"]] == [("failed_again", True)]


def _ways(service: Running, journal: Path) -> tuple[dict[str, t.Any], dict[str, t.Any], dict[str, t.Any]]:
    """Options that rerun the instance of daily_sales: of job_rerun, of job_instance_retry by its key, and of job_instance_retry with job hourly."""
    (failed,), given = service.instances("daily_sales"), module_options(service, journal, read_timeout=2)
    common = {name: given[name] for name in given if name != "poll_interval"} | {"job_name": "daily_sales"}
    named = {**common, "task_retrys": [{name: failed[name] for name in ("job_id", "plan_time", "submit_time")}]}
    times = {"begin_time": failed["plan_time"] - DAYS * 1000, "end_time": failed["plan_time"] + DAYS * 1000}
    return given, named, {**common, **times, "jobs": [{"job_name": "hourly", "workspace_id": WORKSPACE_ID}]}


def _workspace(service: Running) -> str:
    (workspace_id,) = service.state()["workspaces"]
    return str(workspace_id)


# A Date that a proxy rewrites (T7).


@pytest.mark.parametrize("offset", [2 * DAYS, -2 * DAYS, 1200, -1200])
@pytest.mark.parametrize("from_request", [0, 1])
def test_a_rewritten_date_moves_no_window(service: Running, tmp_path: Path, offset: int, from_request: int) -> None:
    """From the first answer, or from one in the middle of a run."""
    plan_times = [{"plan_time": moment} for moment in ("-1h", "-23h", "-26h")]
    begin(service, {"name": "daily_sales", "instances": plan_times})
    service.inject({"kind": "date", "skip": from_request, "times": None, "date_seconds": offset})
    listed = call("job_instance_info", {**_listing(service), "statuses": ["fail"]})
    assert listed["total"] == 2
    last = passes(module_options(service, tmp_path / "journal"))[-1]
    oldest, *younger = service.instances("daily_sales")
    assert reruns(service.journal()) == {("daily_sales", instance["plan_time"]): 1 for instance in younger}
    assert len(oldest["runs"]) == 1
    assert (last["failed"], [instance["action"] for instance in last["instances"]]) == (False, ["done", "done"])


def _listing(service: Running) -> dict[str, t.Any]:
    given = module_options(service, "")
    return {name: value for name, value in given.items() if name not in ("journal", "settle_time", "poll_interval")}
