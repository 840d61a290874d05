# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_run: one run for each key, lost answers, refusals, and what is reported about the run."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._journal.runs import RunBook
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from ansible_collections.dataarts.factory.plugins.modules import job_run
from tests.support.documented import check_documented
from tests.support.journaled import wait_for
from tests.support.logic import call
from tests.support.playbook import run_module
from tests.support.scenarios import FREE, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

Asked = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def service(emulated: t.Any) -> t.Any:
    """A job that is run by hand, with earlier instances; and one whose next run fails."""
    begin(emulated)
    return emulated


def begin(service: t.Any, **switches: t.Any) -> None:
    jobs = [
        {"name": "load_by_hand", "schedule": "MANUAL", "succeeded": 2, "every": "10m"},
        {"name": "breaks", "once": [{"status": "fail", "node": 1}], "nodes": ["prepare", "publish"]},
        {"name": "slow", "run_seconds": 360_000},
        {"name": "stream", "job_type": "REAL_TIME"},
    ]
    service.reset(small_night(switches={**FREE, **switches}, jobs=jobs))


@pytest.fixture
def asked(service: t.Any, tmp_path: Path) -> Asked:
    def make(**changes: t.Any) -> dict[str, t.Any]:
        own = {"job_name": "load_by_hand", "run_key": "night", "journal": str(tmp_path / "journal.db"), "settle_time": 1}
        return options(service, **{**own, "wait_timeout": 20, "read_timeout": 5, "max_retries": 1, **changes})

    return make


def runs(service: t.Any) -> list[dict[str, t.Any]]:
    return [entry for entry in service.journal() if entry["kind"] == "run"]


def check(result: dict[str, t.Any]) -> None:
    """Check that all return values are documented."""
    own = {name: value for name, value in result.items() if name not in ("failed", "msg", "changed", "warnings", "diff")}
    check_documented(own, yaml.safe_load(job_run.RETURN), "job_run")


def test_a_key_runs_the_job_once(service: t.Any, asked: Asked) -> None:
    wanted = asked(job_params={"date": 20261128, "full": True}, purpose="INC-1")
    planned = call("job_run", wanted, check=True, diff=True)
    assert (planned["failed"], planned["changed"], planned["action"], planned["instance"]) == (False, True, "run", None)
    assert service.journal() == []
    first = call("job_run", wanted, diff=True)
    (entry,) = runs(service)
    assert (first["failed"], first["changed"], first["action"], first["instance"]["status"]) == (False, True, "run", "success"), first
    assert first["instance"]["instance_id"] == str(entry["instance_id"])
    assert entry["body"] == {"jobParams": [{"name": "date", "value": "20261128"}, {"name": "full", "value": "true"}]}
    assert "run_key night" in first["diff"]["after"]
    again = call("job_run", wanted, diff=True)
    known = call("job_run", wanted, check=True)
    for result in (planned, first, again, known):
        check(result)
    for result in (again, known):
        assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopt")
        assert (result["instance"], result["run_id"], result["purpose"]) == (first["instance"], first["run_id"], "INC-1")
    assert again["diff"]["after"] == ""
    assert len(runs(service)) == 1
    assert call("job_run", asked(run_key="another"))["changed"]
    assert len(runs(service)) == 2


def test_the_same_key_with_other_parameters_is_an_error(service: t.Any, asked: Asked, tmp_path: Path) -> None:
    call("job_run", asked(job_params={"token": "very-secret"}))
    for params in (None, {"token": "other"}, {"token": "very-secret", "more": 1}):
        result = call("job_run", asked(job_params=params))
        assert (result["failed"], result["error"]["kind"]) == (True, "option")
        assert "was used for this job at" in result["msg"]
    assert len(runs(service)) == 1
    assert b"very-secret" not in (tmp_path / "journal.db").read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"job_name": "lod_by_hand"}, ["no batch job matches lod_by_hand", "Did you mean load_by_hand?"]),
        ({"job_name": "stream"}, ["no batch job matches stream"]),
        ({"job_name": " "}, ["job_name is empty"]),
        ({"run_key": " "}, ["run_key is empty"]),
        ({"job_params": {"a" * 65: "1"}}, ["1 to 64 characters"]),
        ({"job_params": {"a": ["1"]}}, ["whose value is not text"]),
        ({"api_version": "v2"}, ["Only v1 of the API can run a job"]),
        ({"wait_timeout": -1}, ["wait_timeout is -1"]),
        ({"settle_time": -1}, ["settle_time is -1"]),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    service: t.Any, asked: Asked, changes: dict[str, t.Any], words: list[str]
) -> None:
    for check_mode in (True, False):
        result = call("job_run", asked(**changes), check=check_mode)
        assert result["failed"]
        assert all(word in result["msg"] for word in words), result["msg"]
    assert service.journal() == []


@pytest.mark.parametrize(("kind", "another_first"), [("drop", False), ("gateway_timeout", False), ("drop", True)])
def test_an_answer_that_was_lost_after_the_run_began_is_read_back(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch, kind: str, another_first: bool
) -> None:
    """Even if another task found the run first, it is this task's run."""
    record = RunBook.record

    def recorded(book: RunBook, *args: t.Any, **end: t.Any) -> t.Any:
        if end.get("read_back") and another_first:
            assert record(book, *args, **end)
        return record(book, *args, **end)

    monkeypatch.setattr(RunBook, "record", recorded)
    service.inject({"route": "v1_run", "kind": kind, "when": "after_effect", "times": 1})
    result = call("job_run", asked())
    check(result)
    (entry,) = runs(service)
    assert (result["failed"], result["changed"], result["read_back"]) == (False, True, True), result
    assert result["instance"]["instance_id"] == str(entry["instance_id"])
    again = call("job_run", asked())
    assert (again["failed"], again["changed"], again["read_back"]) == (False, False, True)
    assert len(runs(service)) == 1


def test_an_answer_that_was_lost_before_anything_began_is_unknown_for_ever(service: t.Any, asked: Asked) -> None:
    service.inject({"route": "v1_run", "kind": "drop", "when": "before_effect", "times": 1})
    for dummy in range(2):
        result = call("job_run", asked())
        check(result)
        assert (result["failed"], result["changed"], result["action"], result["error"]["kind"]) == (True, False, "unknown", "ambiguous")
        assert "It is never sent again for run_key night" in result["msg"]
        assert "no run of the job is listed" in result["msg"]
        assert "dataarts.factory.job_instance_info" in result["msg"]
    assert runs(service) == []
    assert call("job_run", asked(run_key="night 2"))["changed"]


def test_what_another_key_runs_while_it_is_read_back_is_not_taken_for_ours(service: t.Any, asked: Asked) -> None:
    service.inject({"route": "v1_run", "kind": "drop", "when": "before_effect"})
    others: list[dict[str, t.Any]] = []

    def other_key() -> None:
        wait_for(lambda: service.requests("v1_run"))
        lists = len(service.requests("v1_list"))
        service.inject({"route": "v1_list", "kind": "latency", "seconds": 60, "when": "before_effect"})
        wait_for(lambda: len(service.requests("v1_list")) > lists)
        others.append(call("job_run", asked(run_key="morning", api_version="v1")))
        service.clear_faults()

    thread = threading.Thread(target=other_key)
    thread.start()
    result = call("job_run", asked(max_retries=0, read_timeout=60, api_version="v1"))
    thread.join()
    (entry,) = runs(service)
    assert others[0]["instance"]["instance_id"] == str(entry["instance_id"])
    assert (result["failed"], result["action"], result["instance"]) == (True, "unknown", None), result


@pytest.mark.parametrize("setting", ["manual", "normal", "once"])
def test_what_may_be_a_scheduled_run_is_never_taken_for_ours(service: t.Any, asked: Asked, setting: str) -> None:
    begin(service, run_instance_type=setting)
    service.inject({"route": "v1_run", "kind": "drop", "when": "after_effect", "times": 1})
    result = call("job_run", asked())
    assert (result["action"] == "unknown") == (setting == "normal"), result
    call("job_run", asked())
    assert len(runs(service)) == 1


@pytest.mark.parametrize(
    "fault", [{"kind": "throttle", "times": 9}, {"kind": "status", "status": 403, "code": "DLF.6888", "message": "no"}]
)
def test_what_was_refused_frees_the_key(service: t.Any, asked: Asked, fault: dict[str, t.Any]) -> None:
    service.inject({"route": "v1_run", **fault})
    refused = call("job_run", asked(max_retries=0))
    check(refused)
    assert (refused["failed"], refused["changed"], refused["action"]) == (True, False, "rejected")
    service.clear_faults()
    assert call("job_run", asked(), check=True)["changed"]
    assert call("job_run", asked())["changed"]
    assert len(runs(service)) == 1


def test_a_site_that_runs_no_job_twice_at_once_says_so(service: t.Any, asked: Asked) -> None:
    service.set(run_of_running="refuse")
    assert not call("job_run", asked(job_name="slow", wait=False))["failed"]
    result = call("job_run", asked(job_name="slow", run_key="second", wait=False))
    assert (result["failed"], result["error"]["kind"]) == (True, "already_running")


def test_a_run_that_fails_fails_the_task_each_time(service: t.Any, asked: Asked) -> None:
    for dummy in range(2):
        result = call("job_run", asked(job_name="breaks"))
        check(result)
        assert (result["failed"], result["error"]["kind"], result["instance"]["node"]) == (True, "incomplete", "publish")
        assert "ended as fail at node publish" in result["msg"]
        assert "use another run_key" in result["msg"]
    assert len(runs(service)) == 1
    assert not call("job_run", asked(job_name="breaks", run_key="again"))["failed"]


def test_a_run_that_takes_too_long_is_followed_again(service: t.Any, asked: Asked) -> None:
    started = call("job_run", asked(job_name="slow", wait=False))
    assert (started["failed"], started["changed"]) == (False, True)
    late = call("job_run", asked(job_name="slow", wait_timeout=1))
    assert (late["failed"], late["changed"], late["error"]["kind"]) == (True, False, "incomplete")
    assert "with the same run_key to continue waiting" in late["msg"]
    service.advance(360_000)
    assert call("job_run", asked(job_name="slow"))["instance"]["status"] == "success"


def test_a_run_that_shows_late_is_waited_for(service: t.Any, asked: Asked) -> None:
    service.set(run_visible_after=60)
    result = call("job_run", asked())
    assert (result["failed"], result["instance"]["status"]) == (False, "success"), result


@pytest.mark.parametrize("step", [3600, -3600])
def test_a_step_of_the_journals_clock_does_not_shorten_how_long_a_lost_run_may_show_late(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    service.set(run_visible_after=60)
    service.inject({"route": "v1_run", "kind": "drop", "when": "after_effect", "times": 1})
    record, clock_ms, ahead = RunBook.record, SqliteDatabase.clock_ms, [0]

    def recorded(book: RunBook, *args: t.Any, **end: t.Any) -> t.Any:
        row = record(book, *args, **end)
        ahead[0] = step * 1000
        return row

    monkeypatch.setattr(RunBook, "record", recorded)
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: clock_ms(database) + ahead[0])
    result = call("job_run", asked(settle_time=3))
    assert (result["failed"], result["read_back"], result["action"]) == (False, True, "run"), result


@pytest.mark.parametrize("step", [600, -600])
def test_a_step_of_the_services_date_does_not_either(service: t.Any, asked: Asked, step: int) -> None:
    service.set(run_visible_after=60)
    service.inject({"route": "v1_run", "kind": "drop", "when": "after_effect", "times": 1, "date_step_seconds": step})
    result = call("job_run", asked(settle_time=3))
    assert (result["failed"], result["read_back"], result["action"]) == (False, True, "run"), result


@pytest.mark.parametrize("ran", [True, False])
def test_a_key_that_a_lost_journal_may_have_known_starts_no_second_run(service: t.Any, asked: Asked, tmp_path: Path, ran: bool) -> None:
    call("job_run", asked(job_name="slow" if ran else "breaks", wait=False))
    before = len(runs(service))
    (tmp_path / "journal.db").write_bytes(b"no longer a database" * 500)
    planned = call("job_run", asked(job_name="slow"), check=True)
    assert (planned["failed"], planned["changed"], planned["action"]) == ((True, False, "unknown") if ran else (False, True, "run")), (
        planned
    )
    result = call("job_run", asked(job_name="slow", wait=False))
    if not ran:
        assert (result["failed"], result["changed"], len(runs(service))) == (False, True, before + 1), result
        return
    assert (result["failed"], result["changed"], result["action"], result["error"]["kind"]) == (True, False, "unknown", "ambiguous")
    assert "and it is unknown whether the run by hand of" in result["msg"]
    assert "start it in the console, or set journal to another path" in result["msg"]
    another = call("job_run", asked(job_name="slow", run_key="another", wait=False))
    assert (another["failed"], len(runs(service))) == (True, before), "nobody knows which keys were used"


def test_a_second_request_for_a_key_that_was_refused_may_be_lost_too(service: t.Any, asked: Asked, tmp_path: Path) -> None:
    """The journal has the refusal, and lacks the run that another task has started since."""
    journal, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    service.inject({"route": "v1_run", "kind": "status", "status": 400, "code": "DLF.0100", "message": "no", "times": 1})
    assert call("job_run", asked(job_name="slow", wait=False))["action"] == "rejected"
    shutil.copy(journal, copy)
    assert call("job_run", asked(job_name="slow", wait=False))["action"] == "run"
    shutil.copy(copy, journal)
    with Journal(str(journal), password=None, project_id="p") as damaged:
        damaged.work(lambda database: database.mark_lost(), write=True)
    result = call("job_run", asked(job_name="slow", wait=False))
    assert (result["failed"], result["changed"], result["action"], len(runs(service))) == (True, False, "unknown", 1), result


@pytest.mark.parametrize("answer", ["comes", "is lost"])
def test_a_journal_that_loses_the_key_after_its_commit_starts_no_second_run(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str
) -> None:
    """As after a failover to a standby without the last transactions: the task knows what it sent, and records it again."""
    record, left = RunBook.record, ["DELETE FROM dataarts_run"]

    def recorded(*args: t.Any, **end: t.Any) -> t.Any:
        while left:
            with contextlib.closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as database:
                database.execute(left.pop())
        return record(*args, **end)

    monkeypatch.setattr(RunBook, "record", recorded)
    if answer == "is lost":
        service.inject({"route": "v1_run", "kind": "drop", "when": "after_effect", "times": 1})
    first, again = call("job_run", asked()), call("job_run", asked())
    assert len(runs(service)) == 1
    assert [(result["failed"], result["changed"], result["action"]) for result in (first, again)] == [
        (False, True, "run"),
        (False, False, "adopt"),
    ]
    assert first["instance"] == again["instance"]


def test_many_that_share_a_journal_start_one_run(service: t.Any, asked: Asked) -> None:
    results: list[dict[str, t.Any]] = []
    threads = [threading.Thread(target=lambda: results.append(call("job_run", asked()))) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs(service)) == 1
    assert [result["failed"] for result in results] == [False] * 4, results
    assert sum(result["changed"] for result in results) == 1
    assert len({result["instance"]["instance_id"] for result in results}) == 1


def test_a_task_that_was_killed_after_its_claim_is_settled_by_the_next(service: t.Any, asked: Asked, tmp_path: Path) -> None:
    call("job_run", asked(wait=False))
    with sqlite3.connect(tmp_path / "journal.db") as database:
        database.execute("UPDATE dataarts_run SET outcome = 'intended', instance_id = '', journal_ms = journal_ms - 60000")
    result = call("job_run", asked())
    assert (result["failed"], result["changed"], result["read_back"]) == (False, False, True), result
    assert len(runs(service)) == 1


@pytest.mark.parametrize(
    "switches", [V1, {"code_spelling": "old"}, {"window_compares": "start_time"}, {"detail_error": "node"}, {"scheduler_skew_seconds": -30}]
)
def test_open_points(service: t.Any, asked: Asked, switches: dict[str, t.Any]) -> None:
    begin(service, **switches)
    service.inject({"route": "v1_run", "kind": "drop", "when": "after_effect", "times": 1})
    assert call("job_run", asked())["instance"]["status"] == "success"


def test_a_site_without_v1_says_so(service: t.Any, asked: Asked) -> None:
    service.set(v1_open=False, **V2)
    result = call("job_run", asked())
    assert (result["failed"], result["error"]["kind"]) == (True, "not_published")


def test_the_module_runs_as_a_module(service: t.Any, asked: Asked) -> None:
    assert run_module("job_run", asked())["instance"]["workspace_id"] == WORKSPACE_ID
    assert len(runs(service)) == 1
