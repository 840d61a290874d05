# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option pause_schedules: what is paused and when, and that exactly that is resumed, however the run ends. The emulator's journal is the evidence."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common import sightings
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.waiting import Waiting
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import Phase
from ansible_collections.dataarts.factory.plugins.module_utils._runner import rerun_pauses
from ansible_collections.dataarts.factory.plugins.module_utils._runner.recorded_write import AttemptWrite
from tests.support.journaled import before_change
from tests.support.logic import call, passes, reruns
from tests.support.playbook import Ansible
from tests.support.scenarios import FREE, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, options, variables

#: Name to status before, of jobs that failed and one that did not.
JOBS = {"daily_sales": "SCHEDULING", "daily_stock": "SCHEDULING", "daily_old": "STOPPED", "daily_held": "PAUSED", "fine": "SCHEDULING"}
Asked = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def service(emulated: t.Any) -> t.Any:
    begin(emulated)
    return emulated


def begin(service: t.Any, **changes: t.Any) -> None:
    jobs = [{"name": name, "status": status, **({"succeeded": 1} if name == "fine" else {"failed": 2})} for name, status in JOBS.items()]
    service.reset(small_night(switches=FREE, jobs=jobs, **changes))


@pytest.fixture
def asked(service: t.Any, tmp_path: Path) -> Asked:
    def make(**changes: t.Any) -> dict[str, t.Any]:
        own = {"journal": str(tmp_path / "journal.db"), "settle_time": 1, "poll_interval": 1, "max_retries": 1, "read_timeout": 2}
        return options(service, **{**own, "pause_schedules": True, **changes})

    return make


def statuses(service: t.Any) -> dict[str, str]:
    return dict(service.state()["schedules"][WORKSPACE_ID])


def kinds(service: t.Any) -> list[str]:
    """Kinds of the accepted writes in order, without repetitions."""
    seen: list[str] = []
    for entry in service.journal():
        kind = "rerun" if entry["kind"] in ("retry", "restart") else entry["kind"]
        seen += [kind] if seen[-1:] != [kind] else []
    return seen


def changed_jobs(service: t.Any) -> set[str]:
    return {entry["job_name"] for entry in service.journal() if entry["kind"].endswith("_schedule")}


def test_what_is_rerun_is_paused_meanwhile(service: t.Any, asked: Asked) -> None:
    during: list[dict[str, str]] = []
    results = passes(asked(), between=lambda dummy: during.append(statuses(service)))
    assert not results[-1]["failed"], results[-1]
    assert kinds(service) == ["stop_schedule", "rerun", "start_schedule"]
    assert changed_jobs(service) == {"daily_sales", "daily_stock"}
    assert any(seen["daily_sales"] == seen["daily_stock"] == "STOPPED" for seen in during)
    assert statuses(service) == JOBS


def test_check_mode_says_who_is_paused_and_a_run_with_nothing_to_do_changes_no_schedule(service: t.Any, asked: Asked) -> None:
    checked = call("job_rerun", asked(), check=True)
    assert checked["changed"]
    assert checked["plan_details"]["paused_jobs"] == ["daily_sales", "daily_stock"]
    assert "  the schedules of daily_sales and daily_stock are stopped first, and started again at the end" in checked["plan"]
    assert call("job_rerun", asked(pass_state={"plan_only": True}))["plan_details"]["paused_jobs"] == ["daily_sales", "daily_stock"]
    assert call("job_rerun", asked(pause_schedules=False), check=True)["plan_details"]["paused_jobs"] == []
    assert service.journal() == []
    assert not passes(asked(jobs=["fine"]))[-1]["failed"]
    assert service.journal() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"wait": False}, "pause_schedules needs wait"), ({"api_version": "v2"}, "Only v1 of the API can stop and start a job")],
)
def test_what_cannot_work_is_refused(service: t.Any, asked: Asked, changes: dict[str, t.Any], words: str) -> None:
    result = call("job_rerun", asked(**changes))
    assert (result["failed"], result["error"]["kind"]) == (True, "option")
    assert words in result["msg"]
    assert service.journal() == []


def test_nothing_is_rerun_where_a_job_cannot_be_paused(service: t.Any, asked: Asked) -> None:
    service.inject({"route": "v1_stop_job", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "skip": 1, "times": 9})
    result = passes(asked())[-1]
    assert result["failed"]
    assert "job daily_stock could not be paused: no" in result["msg"]
    assert kinds(service) == ["stop_schedule", "start_schedule"]
    assert statuses(service) == JOBS


def test_a_job_that_somebody_stops_meanwhile_is_known_by_the_task_that_did(service: t.Any, asked: Asked) -> None:
    stop = {name: value for name, value in asked().items() if name not in ("pause_schedules", "poll_interval", "planned_after")}
    stop |= {"state": "stopped", "jobs": ["daily_sales"]}
    done: list[bool] = []

    def between(dummy: dict[str, t.Any]) -> None:
        if not done and "rerun" in kinds(service):
            done.append(call("job_schedule", stop)["failed"])

    assert not passes(asked(), between=between)[-1]["failed"]
    assert done == [False]
    assert statuses(service) == {**JOBS, "daily_sales": "STOPPED"}


def test_a_job_that_somebody_pauses_meanwhile_stays_paused_until_it_is_resumed(service: t.Any, asked: Asked) -> None:
    done: list[dict[str, t.Any]] = []

    def between(dummy: dict[str, t.Any]) -> None:
        if not done and "rerun" in kinds(service):
            pause = {**_schedule(asked()), "state": "paused", "jobs": ["daily_sales"]}
            done.extend(call("job_schedule", pause, check=check) for check in (True, False, True, False))

    assert not passes(asked(), between=between)[-1]["failed"]
    # It sends nothing, and changes who starts the job again.
    assert [(result["failed"], result["changed"]) for result in done] == [(False, True), (False, True), (False, False), (False, False)]
    assert [result["jobs"][0]["action"] for result in done] == ["none"] * 4
    assert "goes on until state resumed" in done[0]["jobs"][0]["reason"]
    assert statuses(service) == {**JOBS, "daily_sales": "STOPPED"}
    assert not passes(asked(jobs=["fine"]))[-1]["failed"]
    assert statuses(service) == {**JOBS, "daily_sales": "STOPPED"}
    assert call("job_schedule", {**_schedule(asked()), "state": "resumed", "jobs": ["*"]})["changed"]
    assert statuses(service) == JOBS


def test_what_a_task_has_paused_is_not_started_while_a_rerun_needs_it(service: t.Any, asked: Asked) -> None:
    begin(service, run_seconds=3600)
    assert call("job_schedule", {**_schedule(asked()), "state": "paused", "jobs": ["daily_sales"]})["changed"]
    state = call("job_rerun", asked(settle_time=60))["pass_state"]
    resumed = {**_schedule(asked()), "state": "resumed", "jobs": ["daily_sales"]}
    (job,) = call("job_schedule", resumed, check=True)["jobs"]
    assert (job["action"], job["reason"]) == ("wait", f"run {state['run_id']} needs its pause")
    service.advance(3600)
    assert not passes(asked(pass_state=state))[-1]["failed"]
    assert statuses(service) == {**JOBS, "daily_sales": "STOPPED"}
    assert call("job_schedule", resumed)["changed"]
    assert statuses(service) == JOBS


LOSSES: dict[str, Callable[[Path], object]] = {
    "damaged": lambda journal: journal.write_bytes(b"not a database, but long enough to look like one" * 100),
    "removed": Path.unlink,
}


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_journal_that_is_lost_meanwhile_leaves_nothing_paused(
    service: t.Any, asked: Asked, tmp_path: Path, loss: str, killed: bool
) -> None:
    """The run knows what it has paused, and records it in the new journal, for itself and for a run after it was killed."""
    begin(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for number in range(20):
        result = call("job_rerun", asked(pass_state={**state, "plan_only": not state}))
        state = result["pass_state"]
        if number == 1:
            assert statuses(service) == {**JOBS, "daily_sales": "STOPPED", "daily_stock": "STOPPED"}
            LOSSES[loss](tmp_path / "journal.db")
        if result["finished"] or (killed and number == 2):
            break
        if number > 1:
            service.advance(3600)
    assert result["finished"] is not killed
    if killed:
        service.advance(3600)
        passes(asked(jobs=["fine"], pause_schedules=False))
    assert statuses(service) == JOBS
    assert changed_jobs(service) == {"daily_sales", "daily_stock"}


@pytest.mark.parametrize("lost", ["the pause", "its request too"])
def test_a_journal_that_loses_a_pause_after_its_commit_leaves_nothing_stopped(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """As after a failover to a standby without the last transactions, while the job is stopped."""
    record, tables = AttemptWrite.record, ["dataarts_pause", "dataarts_hold", *(["dataarts_attempt"] if lost == "its request too" else [])]

    def recorded(*args: t.Any) -> None:
        while tables:
            change_journal(asked()["journal"], f"DELETE FROM {tables.pop()}")
        record(*args)

    monkeypatch.setattr(AttemptWrite, "record", recorded)
    result = passes(asked(jobs=["daily_sales"]))[-1]
    assert result["failed"] == (lost == "its request too"), result
    assert kinds(service)[0] == "stop_schedule"
    dead(asked()["journal"])
    assert not passes(asked())[-1]["failed"]
    assert statuses(service) == JOBS


@pytest.mark.parametrize("after", [pytest.param("stop_schedule", marks=pytest.mark.long), "start_schedule"])
def test_another_server_of_the_journal_while_jobs_are_paused_leaves_nothing_stopped(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """As after a failover to a standby server that has everything, which happens once the first job is stopped, or started again."""
    begun = SqliteDatabase._begin

    def on_server(database: SqliteDatabase, write: bool) -> None:
        begun(database, write)
        database.server = "2" if after in kinds(service) else "1"

    monkeypatch.setattr(SqliteDatabase, "_begin", on_server)
    result = passes(asked(jobs=["daily_sales", "daily_stock"]))[-1]
    assert not result["failed"], result
    assert statuses(service) == JOBS
    assert len(reruns(service.journal())) == 4


@pytest.mark.parametrize("option", [True, False])
def test_the_next_run_starts_again_what_a_dead_one_left(service: t.Any, asked: Asked, option: bool) -> None:
    begin(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2):  # the first pass plans, the second sends; then the process is gone
        result = call("job_rerun", asked(pass_state={**state, "plan_only": not state}))
        state = result["pass_state"]
    assert statuses(service) == {**JOBS, "daily_sales": "STOPPED", "daily_stock": "STOPPED"}
    service.advance(3600)
    result = passes(asked(jobs=["fine"], pause_schedules=option))[-1]
    assert not result["failed"], result
    assert statuses(service) == JOBS
    assert (result["changed"], sorted(result["resumed_jobs"])) == (True, ["daily_sales", "daily_stock"])
    assert [text for text in result["warnings"] if "Started again what another run had paused: daily_s" in text]
    assert "resumed_jobs" not in passes(asked(jobs=["daily_sales"], since="-1s"))[-1], "its own pauses are expected"


def test_the_pass_that_ends_a_run_early_tells_what_a_dead_one_left(service: t.Any, asked: Asked) -> None:
    begin(service, run_seconds=3600)
    state = call("job_rerun", asked(jobs=["fine"]))["pass_state"]
    killed(asked)
    result = call("job_rerun", asked(jobs=["fine"], pass_state={**state, "restore": True}))
    assert (result["restored"], result["changed"], sorted(result["resumed_jobs"])) == (True, True, ["daily_sales", "daily_stock"])
    assert [text for text in result["warnings"] if "Started again what another run had paused: daily_s" in text]


def killed(asked: Asked, **changes: t.Any) -> str:
    """Make passes that pause jobs and send, then count the run as dead. Returns its ``since``."""
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        result = call("job_rerun", asked(pass_state={**state, "plan_only": not state}, **changes))
        state = result["pass_state"]
    dead(asked()["journal"])
    return str(result["since"])


def starts(service: t.Any) -> list[str]:
    return sorted(entry["job_name"] for entry in service.journal() if entry["kind"] == "start_schedule")


@pytest.mark.parametrize("jobs", [["*"], ["daily_sales"]])
@pytest.mark.parametrize("option", [True, False])
def test_a_run_that_only_follows_takes_on_the_pauses_of_a_dead_one(service: t.Any, asked: Asked, option: bool, jobs: list[str]) -> None:
    begin(service, run_seconds=3600)
    since, steps = killed(asked), list[set[str]]()

    def between(dummy: dict[str, t.Any]) -> None:
        if not steps:
            resumed = call("job_schedule", {**_schedule(asked()), "state": "resumed", "jobs": ["*"]}, check=True)
            steps.append({job["action"] for job in resumed["jobs"]})
            service.advance(3600)

    result = passes(asked(since=since, pause_schedules=option, jobs=jobs, settle_time=60), between=between)[-1]
    assert not result["failed"], result
    assert (steps, statuses(service), starts(service)) == ([{"wait"}], JOBS, ["daily_sales", "daily_stock"])
    assert call("rerun_history_info", {"journal": asked()["journal"]})["open_pauses"] == []


def test_what_a_killed_run_holds_ends_in_time_where_the_clock_was_set_back_by_half_an_hour(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pause ends after the 5 s for which it may be alive, not earlier and not half an hour later; a lost rerun is sent again, once."""
    begin(service, run_seconds=1)
    service.inject({"route": "retry", "kind": "drop", "when": "before_effect", "times": 2})
    service.inject({"route": "v1_restart", "kind": "drop", "when": "before_effect", "times": 2})
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        result = call("job_rerun", asked(pass_state={**state, "plan_only": not state}))
        state = result["pass_state"]
    assert {attempt["outcome"] for attempt in call("rerun_history_info", {"journal": asked()["journal"]})["attempts"]} >= {"unknown"}
    clock_ms = SqliteDatabase.clock_ms
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: clock_ms(database) - 1_800_000)
    began = time.monotonic()
    results = passes(asked(since=str(result["since"]), pause_schedules=False))
    took = time.monotonic() - began
    assert not results[-1]["failed"], results[-1]
    assert 5 <= took < 60
    assert f"after run {result['run_id']} on " in " ".join(text for seen in results for text in seen["warnings"])
    assert (statuses(service), starts(service)) == (JOBS, ["daily_sales", "daily_stock"])
    assert set(reruns(service.journal()).values()) == {1}
    assert len(reruns(service.journal())) == 8


@pytest.mark.long
@pytest.mark.parametrize("option", [True, False])
def test_a_playbook_that_only_follows_and_whose_time_is_over_ends_the_pauses_once(
    service: t.Any, asked: Asked, tmp_path: Path, option: bool
) -> None:
    begin(service, run_seconds=3600)
    outcome = play(service, tmp_path, wait_timeout=3, since=killed(asked), pause_schedules=option)
    assert outcome.rc == 2, outcome.stdout
    assert (kinds(service), statuses(service)) == (["stop_schedule", "rerun", "start_schedule"], JOBS)
    assert starts(service) == ["daily_sales", "daily_stock"]


def test_a_run_that_is_alive_keeps_its_pause(service: t.Any, asked: Asked) -> None:
    begin(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        result = call("job_rerun", asked(pass_state={**state, "plan_only": not state}, settle_time=60))
        state = result["pass_state"]
    resumed = call("job_schedule", {**_schedule(asked()), "state": "resumed", "jobs": ["*"]}, check=True)
    assert {job["action"] for job in resumed["jobs"]} == {"wait"}
    service.advance(3600)
    result = passes(asked(pass_state=state))[-1]
    assert (result["failed"], statuses(service)) == (False, JOBS)


@pytest.mark.parametrize("by", ["a run that took it for dead", "a task"])
def test_who_starts_it_again_too_early_is_named_by_the_run_that_paused_it(service: t.Any, asked: Asked, by: str) -> None:
    begin(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        state = call("job_rerun", asked(pass_state={**state, "plan_only": not state}))["pass_state"]
    if by == "a task":
        early = call("job_schedule", {**_schedule(asked()), "state": "started", "jobs": ["daily_sales"]})
        started = ["daily_sales"]
    else:
        dead(asked()["journal"])
        early = passes(asked(jobs=["fine"]))[-1]
        started = ["daily_sales", "daily_stock"]
    assert not early["failed"]
    assert not early.get("problems")
    assert starts(service) == started
    service.advance(3600)
    result = passes(asked(pass_state=state))[-1]
    assert (result["failed"], statuses(service)) == (False, JOBS)
    assert [text.split()[1] for text in result["problems"] if "before this run was over" in text] == started
    assert not passes(asked())[-1]["problems"]


@pytest.mark.parametrize("repeated", [False, True], ids=["once", "after a pass that followed"])
def test_a_start_in_the_console_is_told_by_the_run_that_paused_the_job(
    service: t.Any, asked: Asked, tmp_path: Path, repeated: bool
) -> None:
    begin(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2 + repeated):
        state = call("job_rerun", asked(pass_state={**state, "plan_only": not state}))["pass_state"]
    by_hand = {**_schedule(asked(journal=str(tmp_path / "another.db"))), "state": "started", "jobs": ["daily_sales"]}
    assert call("job_schedule", by_hand)["changed"]
    service.advance(3600)
    result = passes(asked(pass_state=state))[-1]
    assert (result["failed"], statuses(service)) == (False, JOBS)
    (problem,) = [text for text in result["problems"] if "before this run was over" in text]
    assert problem.startswith("Job daily_sales was paused and somebody else changed it before this run was over: it is SCHEDULING.")
    assert not passes(asked())[-1]["problems"]


def test_a_slow_service_makes_a_pause_needed_for_longer(service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the first pause would expire before the last job is paused."""
    begin(service, run_seconds=3600)
    slept = [0.0]
    monkeypatch.setattr(rerun_pauses, "stopwatch", lambda: stopwatch() + sum(slept))
    before_change(monkeypatch, "begin", lambda: slept.append(100))
    call("job_rerun", asked())
    leases = [lease for (lease,) in change_journal(asked()["journal"], "SELECT lease_ms FROM dataarts_hold")]
    assert len(leases) == 2
    assert min(leases) >= 200_000


def _schedule(given: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in given.items() if name not in ("pause_schedules", "poll_interval", "planned_after")}


def play(service: t.Any, tmp_path: Path, **changes: t.Any) -> t.Any:
    """Run the playbook with one workspace."""
    own = {"journal": str(tmp_path / "journal.db"), "settle_time": 1, "poll_interval": 1, "pause_schedules": True, "read_timeout": 2}
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps(inventory(sales=variables(service, **{**own, **changes}))), encoding="utf-8")
    return Ansible(tmp_path).playbook("dataarts.factory.rerun", "-i", hosts)


def test_the_playbook_starts_again_what_it_paused_and_its_report_says_what_else_was_done(
    service: t.Any, asked: Asked, tmp_path: Path
) -> None:
    """A job that a person paused before stays paused, and the report says how to resume it."""
    assert not call("job_schedule", {**_schedule(asked()), "state": "paused", "jobs": ["fine"], "purpose": "INC-4711"})["failed"]
    play(service, tmp_path, report_path=str(tmp_path / "report")).succeeded()
    assert kinds(service) == ["stop_schedule", "rerun", "start_schedule"]
    assert statuses(service) == {**JOBS, "fine": "STOPPED"}
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert sorted((row["kind"], row["job_name"], row["purpose"]) for row in report["not_reruns"]) == [
        *[("pause", name, "") for name in ("daily_sales", "daily_stock")],
        ("pause", "fine", "INC-4711"),
        *[("resume", name, "") for name in ("daily_sales", "daily_stock")],
    ]
    assert [(pause["host"], pause["job_name"], pause["needed_by"]) for pause in report["open_pauses"]] == [("sales", "fine", [])]
    assert "-m dataarts.factory.job_schedule" in report["resume"]["command"]
    assert "Paused jobs" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_playbook_whose_time_is_over_starts_again_what_it_paused(service: t.Any, tmp_path: Path) -> None:
    begin(service, run_seconds=3600)
    outcome = play(service, tmp_path, wait_timeout=3, report_path=str(tmp_path / "report"))
    assert outcome.rc == 2, outcome.stdout
    assert kinds(service) == ["stop_schedule", "rerun", "start_schedule"]
    assert statuses(service) == JOBS
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert (report["open_pauses"], {row["kind"] for row in report["not_reruns"]}) == ([], {"pause", "resume"})


@pytest.mark.long
def test_a_playbook_that_loses_the_service_says_what_is_to_be_started(service: t.Any, tmp_path: Path) -> None:
    begin(service, run_seconds=3600)
    service.inject({"route": "v1_start_job", "kind": "status", "status": 400, "code": "DLF.30117", "message": "no", "times": 99})
    outcome = play(service, tmp_path, wait_timeout=3)
    assert outcome.rc == 2, outcome.stdout
    assert "was paused and could not be started again: DLF.30117 no" in outcome.output, outcome.output
    assert "2 jobs are still paused: nothing schedules them." in outcome.output, outcome.output
    assert "-m dataarts.factory.job_schedule" in outcome.output, outcome.output
    service.clear_faults()
    assert statuses(service)["daily_sales"] == "STOPPED"
    more = options(service, journal=str(tmp_path / "journal.db"), settle_time=1, read_timeout=2, state="resumed", jobs=["*"])
    assert not call("job_schedule", _schedule(more))["failed"]
    assert statuses(service) == JOBS


# Downstream jobs in another workspace

FINANCE = "7c1d0be22f5b4e0c9d3a5c8f6e4b2a10"
#: Jobs of finance: name to status before. The first two depend on daily_sales of the other workspace.
THERE = {"daily_sales": "SCHEDULING", "ledger": "STOPPED", "fine": "SCHEDULING"}
ACROSS = {"v1_open": True, "v2_open": True, "v2_list_open": True, "v2_retry_open": True, "depend_open": True}


def begin_across(service: t.Any, **changes: t.Any) -> None:
    """Reset the emulator: daily_sales failed, and its downstream jobs in finance succeeded on old data."""
    hours = [{"plan_time": f"-{hour}h"} for hour in (1, 2)]
    done = [{**hour, "status": "success"} for hour in hours]
    above = [{"workspace": WORKSPACE_ID, "job": "daily_sales"}]
    scenario = small_night(
        switches={**FREE, **ACROSS}, jobs=[{"name": "daily_sales", "status": "SCHEDULING", "instances": hours}], **changes
    )
    there = [
        {"name": name, "status": status, "instances": done, **({"depends_on": above} if name != "fine" else {})}
        for name, status in THERE.items()
    ]
    scenario["accounts"][0]["workspaces"].append({"id": FINANCE, "name": "finance", "jobs": there})
    service.reset(scenario)


def there(service: t.Any) -> dict[str, str]:
    return dict(service.state()["schedules"][FINANCE])


def test_what_depends_on_it_in_another_workspace_is_paused_too(service: t.Any, asked: Asked) -> None:
    begin_across(service)
    checked = call("job_rerun", asked(downstream="stale"), check=True)
    assert checked["plan_details"]["paused_jobs"] == ["daily_sales", "daily_sales (workspace finance)"]
    during: list[dict[str, str]] = []
    results = passes(asked(downstream="stale"), between=lambda dummy: during.append(there(service)))
    assert not results[-1]["failed"], results[-1]
    assert any(seen["daily_sales"] == "STOPPED" for seen in during)
    assert all(seen["fine"] == "SCHEDULING" for seen in during)
    assert kinds(service) == ["stop_schedule", "rerun", "start_schedule"]
    writes = [(entry["workspace_id"], entry["job_name"]) for entry in service.journal() if entry["kind"] == "start_schedule"]
    assert sorted(writes) == sorted([(WORKSPACE_ID, "daily_sales"), (FINANCE, "daily_sales")])
    assert there(service) == THERE


def test_nothing_is_rerun_where_what_depends_on_it_cannot_be_paused(service: t.Any, asked: Asked) -> None:
    begin_across(service)
    denied = {"status": 403, "code": "DLF.3051", "message": "no"}
    service.inject({"route": "v1_stop_job", "kind": "status", **denied, "skip": 1, "times": 9})
    result = passes(asked(downstream="stale"))[-1]
    assert result["failed"]
    assert f"what depends on it in workspace {FINANCE} could not be paused: job daily_sales could not be paused: " in result["msg"]
    assert "Set downstream to report, or leave pause_schedules out." in result["msg"]
    assert kinds(service) == ["stop_schedule", "start_schedule"]
    assert (statuses(service), there(service)) == ({"daily_sales": "SCHEDULING"}, THERE)


@pytest.mark.parametrize("downstream", ["stale", "ignore"])
def test_the_next_run_starts_again_what_a_dead_one_left_elsewhere(service: t.Any, asked: Asked, downstream: str) -> None:
    begin_across(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        state = call("job_rerun", asked(downstream="stale", pass_state={**state, "plan_only": not state}))["pass_state"]
    assert (statuses(service), there(service)) == ({"daily_sales": "STOPPED"}, {**THERE, "daily_sales": "STOPPED"})
    service.advance(3600)
    own = asked(downstream=downstream, pause_schedules=downstream == "stale")
    results = passes(own, between=lambda dummy: service.advance(3600))
    assert not results[-1]["failed"], results[-1]
    assert (statuses(service), there(service)) == ({"daily_sales": "SCHEDULING"}, THERE)


def test_a_run_of_another_workspace_leaves_them_alone(service: t.Any, asked: Asked) -> None:
    begin_across(service, run_seconds=3600)
    state: dict[str, t.Any] = {}
    for dummy in range(2):
        state = call("job_rerun", asked(downstream="stale", pass_state={**state, "plan_only": not state}))["pass_state"]
    assert not passes(asked(workspace_id=FINANCE, jobs=["fine"]))[-1]["failed"]
    assert statuses(service) == {"daily_sales": "STOPPED"}, "by a run of finance, whose own jobs alone are its concern"


def change_journal(path: str, statement: str) -> list[t.Any]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


def dead(path: str) -> None:
    """Let the leases of all pauses expire, as if their runs were dead."""
    change_journal(path, "UPDATE dataarts_hold SET until_ms = 1")


def test_a_pause_that_a_run_needs_by_now_is_not_ended_by_one_that_has_read_that_nobody_does(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(service, run_seconds=3600)
    call("job_rerun", asked(jobs=["daily_sales"], max_parallel=1))
    dead(asked()["journal"])
    before_change(monkeypatch, "change", lambda: call("job_rerun", asked(jobs=["daily_sales"])), Phase.RESUMING)
    assert not passes(asked(jobs=["fine"]))[-1]["failed"]
    assert statuses(service)["daily_sales"] == "STOPPED"
    dead(asked()["journal"])
    assert not passes(asked(jobs=["fine"]))[-1]["failed"]
    assert statuses(service) == JOBS


def test_a_pause_that_another_run_begins_at_the_same_moment_is_needed_by_both(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(service, run_seconds=3600)
    before_change(monkeypatch, "begin", lambda: call("job_rerun", asked(jobs=["daily_sales"])))
    call("job_rerun", asked(jobs=["daily_sales"]))
    (pause,) = call("rerun_history_info", {"journal": asked()["journal"]})["open_pauses"]
    assert (pause["job_name"], len(pause["needed_by"])) == ("daily_sales", 2)


def test_a_run_does_not_wait_for_an_interrupted_pause_as_long_as_the_clock_was_set_back(
    service: t.Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(service, run_seconds=3600)
    call("job_rerun", asked(jobs=["daily_sales"], max_parallel=1))
    pausing = f"UPDATE dataarts_pause SET phase = '{Phase.PAUSING.value}', flight_ms = 7000, journal_ms = journal_ms + 3600000"
    change_journal(asked()["journal"], pausing)
    clock, slept = sightings._clock, [0.0]
    monkeypatch.setattr(sightings, "_clock", lambda: clock() + sum(slept))

    def pause(waiting: Waiting) -> bool:
        slept.append(0.5)
        assert sum(slept) < 20, "its request was answered or lost after 8 seconds"
        return True

    monkeypatch.setattr(Waiting, "pause", pause)
    began = sightings._clock()
    assert not call("job_rerun", asked(jobs=["daily_sales"]))["failed"]
    assert sightings._clock() - began >= 8
    (left,) = call("rerun_history_info", {"journal": asked()["journal"]})["open_pauses"]
    assert (left["job_name"], len(left["needed_by"])) == ("daily_sales", 2)
