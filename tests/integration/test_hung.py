# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hung instances: which are stopped, which never are, what is rerun afterwards, and what is reported. The emulator's journal is the evidence."""

from __future__ import annotations

import collections
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task import counts, passes
from tests.chaos.processes import wait_until
from tests.support.logic import call
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options

Json = dict[str, t.Any]
#: Passes until wait_timeout is over, and passes after that.
BEFORE, AFTER = 4, 12
HANGS, SUCCEEDS = {"status": "hang"}, {"status": "success", "seconds": 1}
STOP: Json = {"timeout_action": "stop"}
STOP_AND_RERUN: Json = {"timeout_action": "stop_and_rerun"}
EXCEPTION: Json = {"running_exception": "stop_and_rerun"}


def night(*instances: Json, name: str = "daily_sales", **switches: t.Any) -> Json:
    """A scenario of one job with these instances, an hour apart."""
    planned = [{"plan_time": f"-{hour}h", **instance} for hour, instance in enumerate(instances, 1)]
    scenario = small_night(switches={**FREE, **V1, **switches})
    scenario["accounts"][0]["workspaces"][0]["jobs"] = [{"name": name, "instances": planned}]
    return scenario


HUNG = {"status": "fail", "runs": [HANGS, SUCCEEDS]}
FINE = {"status": "fail", "runs": [SUCCEEDS]}
ABNORMAL = {"status": "running-exception", "runs": [SUCCEEDS]}


class Play:
    """Runs a task as its action plugin does, but advances the service's time instead of waiting."""

    def __init__(self, service: t.Any, directory: Path) -> None:
        self.service = service
        self._base = {"journal": str(directory / "state"), "settle_time": 1, "poll_interval": 1, "max_retries": 1}

    def __call__(self, most: int = 60, over: int = BEFORE, **changes: t.Any) -> passes.Passes:
        given = options(self.service, **{**self._base, **changes})
        run, timing = passes.Passes(run_id=f"run-{len(self.service.requests())}"), passes.Timing.of(given)
        for number in range(1, most):
            run = run.after(call("job_rerun", passes.next_args(given, run)))
            elapsed = timing.wait_timeout if number >= over else 0.0
            seconds = passes.seconds_to_next_pass(run, timing, elapsed, elapsed)
            if seconds is None and passes.acts_on_timeout(run, timing):
                (run, timing), over = passes.after_timeout(run, timing), number + AFTER
            elif seconds is None:
                break
            else:
                self.service.advance(seconds)
        return run

    def accepted(self) -> dict[str, int]:
        """Accepted writes by kind. Reruns by v1 and v2 count as one kind."""
        kinds = {"stop": "stop", "retry": "rerun", "restart": "rerun"}
        return dict(collections.Counter(kinds[entry["kind"]] for entry in self.service.journal() for dummy in entry["instances"]))

    def statuses(self) -> list[str]:
        """Statuses of the instances, in the order of the scenario."""
        (jobs,) = self.service.state()["workspaces"].values()
        return [instance["status"] for instances in jobs.values() for instance in instances]


@pytest.fixture
def play(service: t.Any, tmp_path: Path) -> Play:
    """Runs a task."""
    return Play(service, tmp_path)


def standings_of(run: passes.Passes) -> list[tuple[str, t.Any]]:
    """Standing and stop of all instances, newest plan time first."""
    ordered = sorted(run.instances.values(), key=lambda instance: -int(instance["plan_time"]))
    return [(str(instance["standing"]), instance["stop"]) for instance in ordered]


def recap(run: passes.Passes) -> Json:
    """Counts that are not 0."""
    return {name: number for name, number in counts.count(run).items() if number}


@pytest.mark.parametrize(
    ("given", "accepted", "statuses", "standings"),
    [
        ({}, {"rerun": 2}, ["running", "success"], [("running", None), ("succeeded", None)]),
        (STOP, {"rerun": 2, "stop": 1}, ["manual-stop", "success"], [("stopped", "stopped"), ("succeeded", None)]),
        (STOP_AND_RERUN, {"rerun": 3, "stop": 1}, ["success", "success"], [("succeeded", "stopped"), ("succeeded", None)]),
        (
            {**STOP, "statuses": ["fail", "manual-stop"]},
            {"rerun": 2, "stop": 1},
            ["manual-stop", "success"],
            [("stopped", "stopped"), ("succeeded", None)],
        ),
        (
            {**STOP_AND_RERUN, "attempts": 3},
            {"rerun": 3, "stop": 1},
            ["success", "success"],
            [("succeeded", "stopped"), ("succeeded", None)],
        ),
    ],
)
def test_what_this_play_reran_and_still_runs_when_the_time_is_over(
    play: Play, given: Json, accepted: dict[str, int], statuses: list[str], standings: list[t.Any]
) -> None:
    play.service.reset(night(HUNG, FINE))
    run = play(**given)
    assert (play.accepted(), play.statuses(), standings_of(run)) == (accepted, statuses, standings)


def test_an_instance_that_hangs_again_is_not_stopped_twice(play: Play) -> None:
    play.service.reset(night({"status": "fail", "runs": [HANGS, HANGS, SUCCEEDS]}))
    run = play(**STOP_AND_RERUN)
    assert (play.accepted(), play.statuses()) == ({"rerun": 2, "stop": 1}, ["running"])
    assert standings_of(run) == [("running", "stopped")]
    again = play(**STOP_AND_RERUN, since=str(run.since))
    assert (play.accepted(), standings_of(again)) == ({"rerun": 2, "stop": 1}, [("running", "stopped")])


@pytest.mark.parametrize("given", [STOP, STOP_AND_RERUN])
def test_what_nobody_asked_this_play_to_watch_is_left_running(play: Play, given: Json) -> None:
    play.service.reset(night({"status": "running", "runs": [HANGS]}, FINE))
    run = play(**given)
    assert (play.accepted(), play.statuses()) == ({"rerun": 1}, ["running", "success"])
    assert standings_of(run)[0] == ("running", None)


def test_what_an_earlier_play_reran_is_stopped_where_since_asks_to_watch_it(play: Play) -> None:
    play.service.reset(night(HUNG))
    run = play()
    other = play(**STOP)
    assert (play.accepted(), standings_of(other)) == ({"rerun": 1}, [("running", None)]), "without since it is somebody else's"
    play(**STOP, since=str(run.since))
    assert (play.accepted(), play.statuses()) == ({"rerun": 1, "stop": 1}, ["manual-stop"])


@pytest.mark.parametrize(
    ("given", "accepted", "statuses", "standing"),
    [
        ({}, {}, ["running-exception"], ("not_rerunnable", None)),
        (EXCEPTION, {"stop": 1, "rerun": 1}, ["success"], ("succeeded", "stopped")),
        ({**EXCEPTION, "never_rerun_reasons": ["permission"]}, {}, ["running-exception"], ("blocked", None)),
        ({**EXCEPTION, "jobs": ["another"]}, {}, ["running-exception"], None),
        ({**EXCEPTION, "max_instances": 0}, {}, ["running-exception"], None),
        ({**EXCEPTION, "max_reruns_per_day": 1}, {"stop": 1, "rerun": 1}, ["success"], ("succeeded", "stopped")),
        ({**EXCEPTION, "wait": False}, {"stop": 1, "rerun": 1}, ["success"], None),
    ],
)
def test_what_is_in_running_exception(play: Play, given: Json, accepted: dict[str, int], statuses: list[str], standing: t.Any) -> None:
    play.service.reset(night(ABNORMAL))
    run = play(**given)
    play.service.advance(60)
    assert (play.accepted(), play.statuses()) == (accepted, statuses)
    assert standing is None or standings_of(run) == [standing]


def test_a_second_exception_after_the_rerun_is_left_to_a_person(play: Play) -> None:
    play.service.reset(night({"status": "running-exception", "runs": [{"status": "running-exception", "seconds": 1}]}))
    run = play(**EXCEPTION)
    assert (play.accepted(), play.statuses(), standings_of(run)) == (
        {"stop": 1, "rerun": 1},
        ["running-exception"],
        [("not_rerunnable", "stopped")],
    )


def test_the_daily_limit_is_asked_before_the_stop(play: Play) -> None:
    play.service.reset(night(HUNG))
    play(**STOP_AND_RERUN, max_reruns_per_day=1)
    assert (play.accepted(), play.statuses()) == ({"rerun": 1}, ["running"])


@pytest.mark.parametrize("given", [STOP, STOP_AND_RERUN])
@pytest.mark.parametrize(
    "switch", [{"stop_visible_after": 5}, {"stopped_status": "fail"}, {"status_spelling": "short"}, {"submit_time_after_rerun": "new"}]
)
def test_other_readings_of_the_documentation(play: Play, given: Json, switch: Json) -> None:
    play.service.reset(night(HUNG, FINE, **switch))
    play(**given)
    after = ["success"] if given is STOP_AND_RERUN else [switch.get("stopped_status", "manual-stop")]
    assert (play.accepted(), play.statuses()) == ({"rerun": 2 + (given is STOP_AND_RERUN), "stop": 1}, [*after, "success"])


@pytest.mark.parametrize(
    ("fault", "stops"),
    [
        ({"kind": "drop", "when": "after_effect"}, 1),
        ({"kind": "drop", "when": "before_effect"}, 1),
        ({"kind": "gateway_timeout", "when": "after_effect"}, 1),
        ({"kind": "page", "when": "after_effect"}, 1),
        ({"kind": "throttle"}, 1),
        ({"kind": "latency", "seconds": 0.5}, 1),
    ],
)
@pytest.mark.parametrize("given", [STOP, STOP_AND_RERUN])
def test_an_answer_that_is_lost_or_late_is_read_back(play: Play, given: Json, fault: Json, stops: int) -> None:
    play.service.reset(night(HUNG, FINE))
    play.service.inject({"route": "v1_stop", **fault})
    run = play(**given)
    assert play.accepted()["stop"] == stops
    assert play.accepted()["rerun"] == 2 + (given is STOP_AND_RERUN)
    assert standings_of(run)[0] == (("succeeded" if given is STOP_AND_RERUN else "stopped"), "stopped")


@pytest.mark.parametrize("given", [STOP, STOP_AND_RERUN])
def test_a_stop_that_is_refused_is_told_and_not_repeated(play: Play, given: Json) -> None:
    play.service.reset(night(HUNG, FINE))
    play.service.inject({"route": "v1_stop", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "times": 9})
    run = play(**given)
    assert (play.accepted(), standings_of(run)[0]) == ({"rerun": 2}, ("running", "refused"))
    assert recap(run)["stop_refused"] == 1
    assert sum(request["route"] == "v1_stop" for request in play.service.requests()) == 1


def test_what_has_gone_on_by_itself_since_it_was_listed_is_never_stopped(play: Play) -> None:
    play.service.reset(night({"status": "running-exception", "runs": [{"status": "success", "seconds": 9}], "recovers": 7200}))
    play.service.inject({"route": "v1_instance", "kind": "latency", "seconds": 1.0})
    with ThreadPoolExecutor(1) as pool:
        going_on = pool.submit(_go_on, play.service)
        run = play(3, **EXCEPTION, reasons="none")
        going_on.result()
    assert play.accepted() == {}
    assert standings_of(run)[0][1] == "moved_on"
    assert recap(run)["moved_on"] == 1
    assert not any(request["route"] == "v1_stop" for request in play.service.requests())


def _go_on(service: t.Any) -> None:
    """Advance the service's time during the read just before the stop."""
    wait_until(lambda: any(request["route"] == "v1_instance" for request in service.requests()))
    service.advance(7300)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"timeout_action": "stop", "api_version": "v2"}, "Only v1 of the API can stop an instance"),
        ({"running_exception": "stop_and_rerun", "api_version": "v2"}, "Only v1 of the API can stop an instance"),
        ({"timeout_action": "stop", "wait_timeout": 0}, "wait_timeout is 0"),
        ({"timeout_action": "kill"}, "timeout_action"),
    ],
)
def test_options_that_cannot_do_what_they_say_are_refused_before_anything_is_asked(play: Play, given: Json, message: str) -> None:
    play.service.reset(night(HUNG))
    result = call("job_rerun", options(play.service, **given))
    assert result["failed"]
    assert message in result["msg"]
    assert not play.service.requests()


def test_check_mode_says_what_would_be_stopped(play: Play) -> None:
    play.service.reset(night(ABNORMAL, FINE))
    result = call("job_rerun", options(play.service, **EXCEPTION, journal="/nowhere/state"), check=True)
    assert [(instance["standing"], instance["stop"]) for instance in result["instances"] if instance["stop"]] == [("to_rerun", "to_stop")]
    assert result["changed"]
    assert play.accepted() == {}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({}, []),
        ({"timeout_action": "stop"}, ["  its reruns that still run after 5400 s (wait_timeout) are stopped (timeout_action: stop)"]),
        ({"timeout_action": "stop", "wait": False}, []),
        (
            {"timeout_action": "stop_and_rerun", "running_exception": "stop_and_rerun"},
            [
                "  its reruns that still run after 5400 s (wait_timeout) are stopped and rerun once more (timeout_action: stop_and_rerun)",
                "  instances in status running-exception are stopped and rerun (running_exception: stop_and_rerun)",
            ],
        ),
    ],
)
def test_a_plan_says_what_may_be_stopped_later(play: Play, given: dict[str, t.Any], lines: list[str]) -> None:
    play.service.reset(night(FINE))
    result = call("job_rerun", options(play.service, **given, wait_timeout=5400, journal="/nowhere/state"), check=True)
    assert [line for line in result["plan"] if "stopped" in line] == lines


@pytest.mark.parametrize("jobs", [["daily_sales"], ["*"]])
@pytest.mark.parametrize("given", [STOP, STOP_AND_RERUN])
def test_a_dependant_that_this_play_reran_is_stopped_too(service: t.Any, play: Play, given: Json, jobs: list[str]) -> None:
    switches: Json = {**V2, "depend_open": True}
    scenario = night(FINE, **switches)
    ran = {"plan_time": "-1h", "status": "success", "runs": [HANGS, SUCCEEDS]}
    scenario["accounts"][0]["workspaces"][0]["jobs"].append({"name": "report", "depends_on": ["daily_sales"], "instances": [ran]})
    service.reset(scenario)
    run = play(**given, downstream="stale", jobs=jobs, over=8)
    again = given is STOP_AND_RERUN
    kinds = [(entry["kind"], entry["job_name"]) for entry in service.journal()]
    assert kinds == [("retry", "daily_sales"), ("retry", "report"), ("stop", "report"), *([("retry", "report")] if again else [])]
    assert {(i["job_name"], i["standing"], i["stop"]) for i in run.instances.values()} == {
        ("daily_sales", "succeeded", None),
        ("report", "succeeded" if again else "stopped", "stopped"),
    }


def test_what_depends_on_what_was_stopped_to_be_rerun_is_rerun_after_it(service: t.Any, play: Play) -> None:
    scenario = night(ABNORMAL)
    jobs = scenario["accounts"][0]["workspaces"][0]["jobs"]
    ran = {"plan_time": "-1h", "status": "success", "runs": [SUCCEEDS]}
    jobs.append({"name": "report", "depends_on": ["daily_sales"], "instances": [ran]})
    service.reset(scenario)
    play(**EXCEPTION, downstream="stale")
    assert [(entry["kind"], entry["job_name"]) for entry in service.journal()] == [
        ("stop", "daily_sales"),
        ("retry", "daily_sales"),
        ("retry", "report"),
    ]
