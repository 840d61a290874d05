# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under every setting of every switch, lists are complete and each failed instance is rerun exactly once."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http import rate_limiter
from emulator.running import Running
from emulator.switches import SWITCHES
from tests.emulator.signed_requests import restart
from tests.support.journaled import let_settle
from tests.support.logic import Result, by_action, call, passes, reruns
from tests.support.long import whole_plays
from tests.support.scenarios import DOMAIN, USER_NAME, USER_PASSWORD, WORKSPACE_ID, small_night
from tests.support.workspace import options

#: Switches that are tested with flow control. The others are tested without, so that tests need not wait for it.
PACED = ("flow_control", "retry_after")
#: Settings to test. Defaults are one common service, tested once, and again for switches that need preparation. Third and further settings are long
#: tests.
SETTINGS = [
    pytest.param(name, value, marks=pytest.mark.long if number > 1 else ())
    for name, switch in SWITCHES.items()
    for number, value in enumerate(switch.settings)
    if number or name in (*PACED, "token_lifetime_seconds", next(iter(SWITCHES)))
]
#: Jobs without an instance, so that the list of jobs takes several pages.
EMPTY_JOBS = 120
#: Emulated seconds until a rerun shows: a thousand seconds of the service's clock, far longer than the settle time of these tests.
LONG_HIDDEN = 60_000
ModuleOptions = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def module_options(emulated: Running, tmp_path: Path) -> ModuleOptions:
    """Function that returns options of a module: plan times of nine days, a settle time of one second, and a journal of the test."""

    def make(name: str = "job_rerun", **changes: t.Any) -> dict[str, t.Any]:
        asked: dict[str, t.Any] = {"jobs": ["daily_*", "hourly_stock"], "planned_after": "-9d", "max_retries": 2}
        if name == "job_rerun":
            asked |= {"journal": str(tmp_path / "state"), "settle_time": 1, "poll_interval": 1}
        elif name == "job_info":
            del asked["planned_after"]
        return options(emulated, **{**asked, **changes})

    return make


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """New clients ignore the documented request rates."""
    for route in rate_limiter.RATES:
        monkeypatch.setitem(rate_limiter.RATES, route, 1e6)
    monkeypatch.setattr(rate_limiter, "OTHER_RATE", 1e6)


def begin(service: Running, **switches: t.Any) -> None:
    """Reset the emulator to a busy workspace: five instances of two jobs failed, one of them eight days ago."""
    jobs: list[dict[str, t.Any]] = [
        {"name": "daily_sales", "id": 917567, "submit_time": 1732239754684, "failed": 3, "succeeded": 2},
        {"name": "hourly_stock", "instances": [{"plan_time": "-8d", "status": "fail"}, {"plan_time": "-2h", "status": "fail"}]},
    ]
    jobs += [{"name": f"idle_{number:03}", "instances": []} for number in range(EMPTY_JOBS)]
    service.reset(small_night(jobs=jobs, switches={"flow_control": False, **switches}))


def instances(service: Running) -> list[tuple[str, dict[str, t.Any]]]:
    """All instances, with the names of their jobs."""
    jobs = service.state()["workspaces"][WORKSPACE_ID]
    return [(name, instance) for name, entries in jobs.items() for instance in entries]


def failed(service: Running) -> dict[tuple[str, int], int]:
    """Expected reruns: one for each instance whose first run failed."""
    return {(name, instance["plan_time"]): 1 for name, instance in instances(service) if instance["runs"][0]["status"] == "fail"}


def lose_an_answer(service: Running) -> None:
    """Let the next rerun of hourly_stock take effect, but drop its answer."""
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect", "job_name": "hourly_stock"})


def settle(service: Running, seconds: float = 2) -> t.Callable[[Result], None]:
    """Function that advances the service's clock between two passes by the settle time or more."""
    return lambda result: service.advance(seconds)


def prepare(service: Running, name: str, value: t.Any) -> dict[str, t.Any]:
    """Reset the emulator to a setting, with faults if needed. Returns options that are needed to reach the open point."""
    begin(service, **{"flow_control": name == "flow_control", name: value})
    if name == "retry_after":
        fault = {"kind": "throttle", "times": 1} | ({} if value is None else {"retry_after": value})
        service.inject({"route": "list", **fault})
        service.inject({"route": "retry", **fault})
    if name == "token_lifetime_seconds":
        return {"access_key": None, "secret_key": None, "user_name": USER_NAME, "user_password": USER_PASSWORD, "domain_name": DOMAIN}
    return {}


def check_lists(service: Running, module_options: ModuleOptions, changes: dict[str, t.Any]) -> None:
    """Check that lists have everything exactly once."""
    jobs = call("job_info", module_options("job_info", **{**changes, "jobs": ["*"]}))
    assert sorted(job["name"] for job in jobs["jobs"]) == sorted(service.state()["workspaces"][WORKSPACE_ID])
    result = call("job_instance_info", module_options("job_instance_info", **{**changes, "jobs": ["daily_*", "hourly_*"]}))
    assert not result["failed"], result["msg"]
    listed = sorted(
        (instance["job_name"], instance["plan_time"], instance["instance_id"], instance["status"]) for instance in result["instances"]
    )
    assert listed == sorted(
        (name, instance["plan_time"], str(instance["instance_id"]), instance["status"]) for name, instance in instances(service)
    )


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_complete_and_once(
    emulated: Running, module_options: ModuleOptions, request: pytest.FixtureRequest, name: str, value: t.Any
) -> None:
    if name not in PACED:
        request.getfixturevalue("unpaced")
    changes = prepare(emulated, name, value)
    check_lists(emulated, module_options, changes)
    expected = failed(emulated)
    assert len(expected) == 5
    lose_an_answer(emulated)

    def between(result: Result) -> None:
        # a token with a lifetime of an hour expires in between; everything that waits for some time goes on
        emulated.advance(4000 if name == "token_lifetime_seconds" else 2)

    results = passes(module_options(**changes), between=between)
    assert reruns(emulated.journal()) == expected
    last = results[-1]
    assert (last.get("finished"), last["failed"]) == (True, False), last.get("msg")
    assert {action: len(keys) for action, keys in by_action(last).items()} == {"done": 5}
    assert {instance["status"] for _name, instance in instances(emulated)} == {"success"}

    again = passes(module_options(**changes, since=str(results[0]["since"])))[-1]
    afresh = passes(module_options(**changes))[-1]
    assert [(result["changed"], result["failed"]) for result in (again, afresh)] == [(False, False)] * 2
    assert reruns(emulated.journal()) == expected


@pytest.mark.usefixtures("unpaced")
@pytest.mark.parametrize("closed", whole_plays([{}, {"v1_open": False}, {"v2_open": False}]))
@pytest.mark.parametrize("offset_beyond", ["empty", pytest.param("first_page", marks=pytest.mark.long)])
@pytest.mark.parametrize("offset_unit", SWITCHES["offset_unit"].settings)
def test_a_total_that_counts_the_page_hides_nothing(
    emulated: Running, module_options: ModuleOptions, offset_unit: str, offset_beyond: str, closed: dict[str, bool]
) -> None:
    """Failures are after a full first page whose total claims that it is everything: of instances, and of jobs."""
    quiet = [{"plan_time": f"-{3 * number}m", "status": "success"} for number in range(1000)]
    jobs: list[dict[str, t.Any]] = [{"name": f"idle_{number:03}", "instances": []} for number in range(2 * 100 - 2)]
    jobs.append({"name": "daily_sales", "instances": [{"plan_time": "-1d", "status": "success"}]})
    jobs.append({"name": "hourly_stock", "instances": [*quiet, {"plan_time": "-3d", "status": "fail"}]})
    switches = {"flow_control": False, "total_of": "page", "offset_unit": offset_unit, "offset_beyond": offset_beyond, **closed}
    emulated.reset(small_night(jobs=jobs, switches=switches))
    check_lists(emulated, module_options, {})
    expected = failed(emulated)
    assert len(expected) == 1
    assert passes(module_options(), between=settle(emulated))[-1]["failed"] is False
    assert reruns(emulated.journal()) == expected


def test_the_throttled_calls_were_throttled(emulated: Running, module_options: ModuleOptions) -> None:
    """The test of ``retry_after`` really meets a 429."""
    prepare(emulated, "retry_after", 1)
    call("job_rerun", module_options())
    assert [entry["status"] for entry in emulated.requests() if entry["fault"] == "throttle"] == [429, 429]
    assert reruns(emulated.journal()) == failed(emulated)


@pytest.mark.usefixtures("unpaced")
class TestOneInstanceSpoilsTheBatch:
    """Somebody else reran one of the instances a moment ago. That does not show yet, and the service refuses to rerun it."""

    @pytest.fixture
    def culprit(self, emulated: Running) -> tuple[str, int]:
        begin(emulated, rerun_visible_after=LONG_HIDDEN)
        (chosen,) = [instance for instance in emulated.instances("daily_sales") if instance["status"] == "fail"][1:2]
        assert restart(emulated, "daily_sales", chosen["instance_id"]).status == 204
        emulated.set(rerun_visible_after=0)
        return "daily_sales", chosen["plan_time"]

    @pytest.mark.parametrize("setting", ["all", "partial_error"])
    def test_a_refusal(self, emulated: Running, module_options: ModuleOptions, culprit: tuple[str, int], setting: str) -> None:
        """It may be for all or for one: no changed instance is sent again; the culprit is sent alone, already runs, and is followed to its end."""
        emulated.set(batch_refusal=setting)

        def between(result: Result) -> None:
            """Advance the clock. After the service has refused the culprit alone as already running, far enough that its rerun shows."""
            alone = any("of 1 instance" in problem and "already" in problem for problem in result["problems"])
            emulated.advance(LONG_HIDDEN / 60 if alone else 2)

        results = passes(module_options(), between=between)
        assert reruns(emulated.journal()) == failed(emulated)
        by_name = {(instance["job_name"], instance["plan_time"]): instance for instance in results[-1]["instances"]}
        assert (by_name[culprit]["action"], by_name[culprit]["rerun"]) == ("done", False)
        assert all(instance["action"] == "done" for instance in by_name.values())
        assert any("already" in problem for result in results for problem in result["problems"])
        assert results[-1]["failed"] is False

    def test_a_success_for_the_others(self, emulated: Running, module_options: ModuleOptions, culprit: tuple[str, int]) -> None:
        """The answer does not mention the culprit: it counts as accepted, is never sent again, and ends as the other rerun does."""
        emulated.set(batch_refusal="partial")
        results = passes(module_options(), between=settle(emulated, 400))
        assert reruns(emulated.journal()) == failed(emulated)
        assert results[-1]["failed"] is False
        assert {action: len(keys) for action, keys in by_action(results[-1]).items()} == {"done": 5}


@pytest.mark.usefixtures("unpaced")
class TestAnInstanceInProgress:
    """The collection never reruns an instance in progress, whether the service would refuse it or run it twice."""

    @pytest.mark.parametrize("setting", SWITCHES["retry_of_active"].settings)
    def test_a_lost_answer_and_a_rerun_that_shows_late(self, emulated: Running, module_options: ModuleOptions, setting: str) -> None:
        begin(emulated, retry_of_active=setting, rerun_visible_after=20)
        lose_an_answer(emulated)
        results = passes(module_options(), between=settle(emulated))
        assert (results[-1]["failed"], reruns(emulated.journal())) == (False, failed(emulated))

    @pytest.mark.parametrize("setting", SWITCHES["retry_of_active"].settings)
    def test_a_rerun_that_never_shows(self, emulated: Running, module_options: ModuleOptions, setting: str) -> None:
        """An accepted rerun is reported as in progress, never as done, and never sent again."""
        begin(emulated, retry_of_active=setting, rerun_visible_after=10_000_000)
        result = call("job_rerun", module_options())
        expected = failed(emulated)
        for _pass in range(3):
            let_settle(emulated)
            emulated.advance(100)
            result = call("job_rerun", module_options(since=str(result["since"])))
            assert (result["finished"], result["changed"]) == (False, False)
            assert set(by_action(result)["wait"]) == set(expected)
        assert all("does not show it yet" in instance["reason"] for instance in result["instances"] if instance["action"] == "wait")
        assert reruns(emulated.journal()) == expected

    @pytest.mark.parametrize("setting", SWITCHES["retry_of_active"].settings)
    def test_a_play_that_is_stopped_and_run_again_without_since(
        self, emulated: Running, module_options: ModuleOptions, setting: str
    ) -> None:
        """It lists the failures as before, because the accepted reruns show later than settle_time. None is rerun twice."""
        begin(emulated, retry_of_active=setting, rerun_visible_after=LONG_HIDDEN / 2)
        call("job_rerun", module_options())
        emulated.advance(300)
        results = passes(module_options(), between=settle(emulated, 200))
        assert (results[-1]["failed"], reruns(emulated.journal())) == (False, failed(emulated))

    def test_an_answer_lost_and_a_settle_time_that_is_too_short(self, emulated: Running, module_options: ModuleOptions) -> None:
        """The rerun is sent again, and the service refuses it, so that the instance still runs once."""
        begin(emulated, retry_of_active="refuse", rerun_visible_after=LONG_HIDDEN)
        lose_an_answer(emulated)

        def show_once_asked_again() -> None:
            let_settle(emulated)
            emulated.advance(LONG_HIDDEN / 60 if len(emulated.requests("v2_retry")) > 2 else 2)

        passes(module_options(), between=lambda result: show_once_asked_again())
        assert len(emulated.requests("v2_retry")) > 2, "it was asked again"
        assert reruns(emulated.journal()) == failed(emulated)

    @pytest.mark.parametrize("setting", SWITCHES["retry_of_active"].settings)
    def test_what_another_machine_has_started(self, emulated: Running, module_options: ModuleOptions, tmp_path: Path, setting: str) -> None:
        """Visible reruns are waited for, not sent again."""
        begin(emulated, retry_of_active=setting)
        first = call("job_rerun", module_options(journal=str(tmp_path / "elsewhere")))
        results = passes(module_options(since=str(first["since"])), between=settle(emulated))
        assert (results[-1]["failed"], reruns(emulated.journal())) == (False, failed(emulated))
