# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_schedule: states and statuses, pauses, refusals, lost answers, and the journal."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook
from ansible_collections.dataarts.factory.plugins.modules import job_schedule
from tests.support.documented import check_documented
from tests.support.logic import call
from tests.support.playbook import run_module
from tests.support.scenarios import FREE, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

#: Name to status before.
JOBS = {"daily_sales": "SCHEDULING", "daily_stock": "SCHEDULING", "daily_old": "STOPPED", "daily_held": "PAUSED", "report": "SCHEDULING"}
Asked = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def service(emulated: t.Any) -> t.Any:
    """A workspace with jobs in every status."""
    begin(emulated)
    return emulated


def begin(service: t.Any, **switches: t.Any) -> None:
    jobs = [{"name": name, "status": status} for name, status in JOBS.items()] + [{"name": "stream", "job_type": "REAL_TIME"}]
    service.reset(small_night(switches={**FREE, **switches}, jobs=jobs))


@pytest.fixture
def asked(service: t.Any, tmp_path: Path) -> Asked:
    """Function that returns options for the jobs daily_*, with a journal of the test."""

    def make(state: str, **changes: t.Any) -> dict[str, t.Any]:
        return options(
            service,
            **{"state": state, "jobs": ["daily_*"], "journal": str(tmp_path / "state"), "settle_time": 1, "read_timeout": 5, **changes},
        )

    return make


def statuses(service: t.Any) -> dict[str, str]:
    schedules = service.state()["schedules"][WORKSPACE_ID]
    return {name: schedules[name] for name in JOBS}


def writes(service: t.Any) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["job_name"]) for entry in service.journal()]


def check(result: dict[str, t.Any]) -> None:
    """Check that all return values are documented."""
    own = {name: value for name, value in result.items() if name not in ("failed", "msg", "changed", "warnings", "diff")}
    check_documented(own, yaml.safe_load(job_schedule.RETURN), "job_schedule")


def actions(result: dict[str, t.Any]) -> dict[str, str]:
    return {job["job_name"]: job["action"] for job in result["jobs"]}


STATES = {
    "started": ({"daily_old": "start", "daily_held": "start"}, "SCHEDULING"),
    "stopped": ({"daily_sales": "stop", "daily_stock": "stop", "daily_held": "stop"}, "STOPPED"),
    "paused": ({"daily_sales": "pause", "daily_stock": "pause"}, "STOPPED"),
    "resumed": ({}, ""),
}


@pytest.mark.parametrize("state", list(STATES))
def test_a_state_is_reached_once_and_check_mode_tells_it(service: t.Any, asked: Asked, state: str) -> None:
    acts, status = STATES[state]
    planned = call("job_schedule", asked(state), check=True, diff=True)
    assert service.journal() == []
    assert statuses(service) == JOBS
    done = call("job_schedule", asked(state), diff=True)
    for result in (planned, done):
        check(result)
        assert (result["failed"], result["changed"]) == (False, bool(acts))
        assert {name: act for name, act in actions(result).items() if act != "none"} == acts
        assert result["diff"]["after"] == "".join(f"{name}: {status}\n" for name in sorted(acts))
    assert [job | {"reason": ""} for job in planned["jobs"]] == [job | {"reason": ""} for job in done["jobs"]]
    for job in done["jobs"]:
        assert job["reason"].startswith("it was " if job["changed"] else "it is "), job
    assert statuses(service) == {**JOBS, **dict.fromkeys(acts, status)}
    assert sorted(name for _kind, name in writes(service)) == sorted(acts)
    again = call("job_schedule", asked(state), diff=True)
    assert (again["failed"], again["changed"], again["diff"]["before"]) == (False, False, "")
    assert len(writes(service)) == len(acts)


def test_what_was_paused_is_resumed_and_nothing_else(service: t.Any, asked: Asked) -> None:
    assert call("job_schedule", asked("paused", purpose="INC-1"))["changed"]
    planned = call("job_schedule", asked("resumed", jobs=["*"]), check=True)
    assert actions(planned) == {"daily_sales": "resume", "daily_stock": "resume"}
    first = call("job_schedule", asked("resumed", jobs=["daily_sales"]))
    assert actions(first) == {"daily_sales": "resume"}
    assert first["jobs"][0]["paused_by"]
    assert actions(call("job_schedule", asked("resumed", jobs=["*"]))) == {"daily_stock": "resume"}
    assert statuses(service) == JOBS
    assert not call("job_schedule", asked("resumed", jobs=["*"]))["changed"]


@pytest.mark.parametrize(("state", "before"), [("started", "STOPPED"), ("paused", "SCHEDULING")])
def test_what_a_start_would_run_is_left_as_it_is(service: t.Any, asked: Asked, state: str, before: str) -> None:
    jobs = [{"name": "daily_by_hand", "schedule": "MANUAL", "status": before}, {"name": "daily_sales", "status": before}]
    service.reset(small_night(switches=FREE, jobs=jobs))
    for names in (["daily_by_hand"], ["daily_*", "daily_by_hand"]):
        for checked in (True, False):
            refused = call("job_schedule", asked(state, jobs=names), check=checked)
            assert (refused["failed"], refused["changed"]) == (True, False)
            assert "daily_by_hand: it is scheduled to run once, so a start would run it" in refused["msg"]
    assert writes(service) == []
    act = {"started": "start", "paused": "pause"}[state]
    for checked in (True, False):
        assert actions(call("job_schedule", asked(state), check=checked)) == {"daily_by_hand": "none", "daily_sales": act}
    assert [name for _kind, name in writes(service)] == ["daily_sales"]
    call("job_schedule", asked("resumed"))
    assert service.instances("daily_by_hand") == []


def test_what_people_do_in_between_stands(service: t.Any, asked: Asked) -> None:
    """A later resume does not undo what a task has stopped or started."""
    call("job_schedule", asked("paused"))
    call("job_schedule", asked("stopped", jobs=["daily_sales"]))
    call("job_schedule", asked("started", jobs=["daily_stock"]))
    call("job_schedule", asked("stopped", jobs=["daily_stock"]))
    result = call("job_schedule", asked("resumed"))
    assert (result["changed"], result["jobs"]) == (False, [])
    assert [statuses(service)[name] for name in ("daily_sales", "daily_stock")] == ["STOPPED", "STOPPED"]


LOSSES: dict[str, t.Callable[[Path], object]] = {
    "may lack": lambda journal: journal.write_bytes(b"not a database, but long enough to look like one" * 100),
    "no record": Path.unlink,
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_named_job_whose_pause_was_lost_with_the_journal_is_a_failure(
    service: t.Any, asked: Asked, tmp_path: Path, loss: str, check_mode: bool
) -> None:
    where = {"journal": str(tmp_path / "journal.db")}
    assert call("job_schedule", asked("paused", jobs=["daily_sales", "daily_stock"], **where))["changed"]
    LOSSES[loss](tmp_path / "journal.db")
    assert call("job_schedule", asked("paused", jobs=["report"], **where))["changed"]
    named = ["daily_sales", "daily_held", "report"]
    result = call("job_schedule", asked("resumed", jobs=named, **where), check=check_mode)
    check(result)
    assert (result["failed"], result["error"]["kind"], result["changed"]) == (True, "incomplete", True)
    for words in ("daily_sales: it is STOPPED, and it is unknown whether a run has paused it", loss, "state started"):
        assert words in result["msg"]
    assert actions(result) == {"daily_sales": "failed", "daily_held": "none", "report": "resume"}
    assert statuses(service) == {
        **JOBS, "daily_sales": "STOPPED", "daily_stock": "STOPPED", "report": "STOPPED" if check_mode else "SCHEDULING"
    }  # fmt: skip
    assert call("job_schedule", asked("started", jobs=named[:1], **where))["changed"]
    again = call("job_schedule", asked("resumed", jobs=named[:1], **where))
    assert (again["failed"], again["changed"]) == (False, False)


@pytest.mark.parametrize("loss", LOSSES)
def test_of_jobs_that_a_pattern_matches_it_is_told(service: t.Any, asked: Asked, tmp_path: Path, loss: str) -> None:
    """But not if the journal has pauses: then a stopped job was stopped for good."""
    where = {"jobs": ["daily_*"], "journal": str(tmp_path / "journal.db")}
    call("job_schedule", asked("paused", **{**where, "jobs": ["daily_sales"]}))
    for _time in range(2):
        known = call("job_schedule", asked("resumed", **where))
        assert (known["failed"], known.get("warnings") or []) == (False, [])
    call("job_schedule", asked("paused", **where))
    LOSSES[loss](tmp_path / "journal.db")
    for mode in (True, False):
        result = call("job_schedule", asked("resumed", **where), check=mode)
        assert (result["failed"], result["changed"], result["jobs"]) == (False, False, [])
        start = "daily_old, daily_sales, daily_stock: it is STOPPED, and it is unknown whether a run has paused it"
        assert [loss in text for text in result["warnings"] if text.startswith(start)] == [True]


def test_a_named_job_that_was_stopped_before_stays_so_and_it_is_told(service: t.Any, asked: Asked) -> None:
    named = ["daily_old", "daily_sales"]
    call("job_schedule", asked("paused", jobs=named))
    for _time in range(2):
        result = call("job_schedule", asked("resumed", jobs=named))
        assert not result["failed"], result["msg"]
        assert actions(result)["daily_old"] == "none"
        assert [text.partition(".")[0] for text in result["warnings"]] == [
            "daily_old: it stays STOPPED: it was not scheduled when it should have been paused"
        ]
    assert statuses(service) == JOBS


@pytest.mark.parametrize("more", [[], ["report"]])
def test_a_second_pause_after_the_loss_of_the_first_is_not_taken_for_one(
    service: t.Any, asked: Asked, tmp_path: Path, more: list[str]
) -> None:
    """It finds the job stopped, and cannot know by whom. The later resume says so, and is not a silent success."""
    where = {"journal": str(tmp_path / "journal.db")}
    call("job_schedule", asked("paused", jobs=["daily_sales"], **where))
    LOSSES["no record"](tmp_path / "journal.db")
    second = call("job_schedule", asked("paused", jobs=["daily_sales", *more], **where))
    assert [job["reason"] for job in second["jobs"] if not job["changed"]] == ["it is STOPPED already, and state resumed does not start it"]
    result = call("job_schedule", asked("resumed", jobs=["daily_sales", *more], **where))
    said = [result["msg"]] if result["failed"] else result["warnings"]
    assert any("daily_sales" in text and "state started" in text for text in said), said
    assert (result["failed"], actions(result).get("report")) == (not more, "resume" if more else None)


@pytest.mark.parametrize("state", STATES)
def test_a_task_that_changes_nothing_writes_nothing(service: t.Any, asked: Asked, tmp_path: Path, state: str) -> None:
    named = {"started": ["daily_sales"], "stopped": ["daily_old"], "paused": ["daily_old"], "resumed": ["daily_sales"]}[state]
    result = call("job_schedule", asked(state, jobs=named, journal=str(tmp_path / "none" / "journal.db")))
    assert (result["failed"], result["changed"]) == (False, False)
    assert not (tmp_path / "none").exists()


def test_a_job_that_was_not_scheduled_when_a_new_journal_was_begun_in_place_of_an_unreadable_one_may_be_paused(
    service: t.Any, asked: Asked, tmp_path: Path
) -> None:
    """Also if it is paused again after the loss, which is still unknown."""
    where = {"jobs": ["daily_sales"], "journal": str(tmp_path / "journal.db")}
    call("job_schedule", asked("paused", **where))
    LOSSES["may lack"](tmp_path / "journal.db")
    assert "it is unknown whether a run has paused it" in call("job_schedule", asked("paused", **where))["jobs"][0]["reason"]
    assert call("job_schedule", asked("resumed", **where))["failed"]
    assert not call("job_schedule", asked("started", **where))["failed"]
    assert not call("job_schedule", asked("resumed", **where))["failed"]
    assert statuses(service)["daily_sales"] == "SCHEDULING"


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        (["dayly_sales"], ["no batch job matches dayly_sales", "Did you mean daily_sales?"]),
        (["daily_sales", "nothing_*"], ["no batch job matches nothing_*"]),
        (["stream"], ["no batch job matches stream"]),
        ([], ["jobs is an empty list"]),
        (["[z-a"], ["[z-a"]),
    ],
)
@pytest.mark.parametrize("state", list(STATES))
def test_names_that_match_no_job_are_refused_before_anything_is_sent(
    service: t.Any, asked: Asked, state: str, jobs: list[str], words: list[str]
) -> None:
    result = call("job_schedule", asked(state, jobs=jobs))
    assert result["failed"]
    assert all(word in result["msg"] for word in words), result["msg"]
    assert service.journal() == []


def test_a_limit_refuses_the_whole(service: t.Any, asked: Asked) -> None:
    result = call("job_schedule", asked("stopped", max_jobs=2))
    assert "3 jobs would be changed, and max_jobs is 2: daily_held, daily_sales, daily_stock" in result["msg"]
    assert service.journal() == []
    assert not call("job_schedule", asked("paused", max_jobs=2))["failed"]


def test_a_duration_below_zero_is_refused(service: t.Any, asked: Asked) -> None:
    result = call("job_schedule", asked("paused", settle_time=-1))
    assert "settle_time is -1" in result["msg"]
    assert service.requests() == []


def test_only_v1_can_do_it(service: t.Any, asked: Asked) -> None:
    result = call("job_schedule", asked("stopped", api_version="v2"))
    assert "Only v1 of the API can start and stop a job" in result["msg"]
    service.set(v1_open=False, **V2)
    result = call("job_schedule", asked("stopped"))
    assert (result["failed"], result["error"]["kind"]) == (True, "not_published")
    assert "Only v1 of the API has this call" in result["msg"]


@pytest.mark.parametrize("state", ["started", "stopped", "paused"])
@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
def test_a_lost_answer_is_read_back(service: t.Any, asked: Asked, state: str, when: str) -> None:
    service.inject({"route": "write", "kind": "drop", "when": when, "times": 1})
    result = call("job_schedule", asked(state))
    acts, status = STATES[state]
    assert (result["failed"], result["changed"]) == (False, True), result
    assert statuses(service) == {**JOBS, **dict.fromkeys(acts, status)}
    assert len(writes(service)) == len(acts)


def test_a_job_whose_stop_is_refused_does_not_keep_the_others_from_being_stopped(service: t.Any, asked: Asked) -> None:
    service.inject({"route": "v1_stop_job", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "times": 1})
    result = call("job_schedule", asked("paused"))
    check(result)
    assert actions(result)["daily_sales"] == "failed"
    assert actions(result)["daily_stock"] == "pause"
    assert "Failed to pause 1 of 4 jobs" in result["msg"]
    assert "DLF.30118" in result["msg"]
    # the job that could not be paused is not resumed
    assert actions(call("job_schedule", asked("resumed", jobs=["*"]))) == {"daily_stock": "resume"}


def test_a_pause_whose_end_is_not_known_is_settled_by_the_next(service: t.Any, asked: Asked) -> None:
    service.inject({"route": "v1_stop_job", "kind": "gateway_timeout", "when": "after_effect", "times": 1})
    service.inject({"route": "jobs", "kind": "status", "status": 503, "skip": 2, "times": 30})
    result = call("job_schedule", asked("paused", jobs=["daily_sales"], max_retries=0, read_timeout=0.5))
    assert result["failed"], result
    service.clear_faults()
    assert statuses(service)["daily_sales"] == "STOPPED"
    resumed = call("job_schedule", asked("resumed", read_timeout=0.5))
    assert actions(resumed) == {"daily_sales": "resume"}
    assert statuses(service) == JOBS


def test_what_was_sent_is_in_the_result_where_the_journal_fails_after_it(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*dummy: t.Any, **named: t.Any) -> None:
        raise JournalError("Failed to write to the journal: database or disk is full.")

    monkeypatch.setattr(PauseBook, "change", fails)
    result = call("job_schedule", asked("paused", jobs=["daily_sales", "daily_stock"], read_timeout=0.5))
    monkeypatch.undo()
    assert (result["failed"], result["changed"], writes(service)) == (True, True, [("stop_schedule", "daily_sales")])
    assert [(job["job_name"], job["changed"]) for job in result["jobs"]] == [("daily_sales", True), ("daily_stock", False)]
    assert "What was sent is in the result; the next run settles it." in result["msg"]
    assert actions(call("job_schedule", asked("resumed"))) == {"daily_sales": "resume"}
    assert statuses(service) == JOBS


def test_the_module_runs_as_a_module(service: t.Any, asked: Asked) -> None:
    outcome = run_module("job_schedule", asked("paused"))
    assert outcome["changed"]
    assert statuses(service)["daily_sales"] == "STOPPED"


@pytest.mark.parametrize("switches", [{"schedule_twice": "accept"}, {"success_status": 200, "success_body": "object"}, V2])
def test_open_points(service: t.Any, asked: Asked, switches: dict[str, t.Any]) -> None:
    begin(service, **switches)
    for state in ("paused", "paused", "resumed", "stopped", "started"):
        assert not call("job_schedule", asked(state))["failed"]
    assert statuses(service) == dict.fromkeys(JOBS, "SCHEDULING")
