# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData: started once, compared by name, waited for, stopped. The emulator's journal is the evidence."""

from __future__ import annotations

import collections
import contextlib
import sqlite3
import typing as t
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.support.journaled import wait_for
from tests.support.logic import Result, call
from tests.support.scenarios import FREE, SUPPLY_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

Json = dict[str, t.Any]
#: 2026-11-02T03:00:00+08:00
SECOND_DAY = 1793559600000
JOBS: list[Json] = [
    {"name": "daily_sales", "cron": "0 0 3 * * ?", "instances": []},
    {"name": "report", "cron": "0 0 4 * * ?", "depends_on": ["daily_sales"], "instances": []},
    {"name": "by_hand", "schedule": "MANUAL", "instances": []},
]
WEEK: Json = {
    "name": "week",
    "job_name": "daily_sales",
    "start_date": "2026-11-01 +08:00",
    "end_date": "2026-11-07 +08:00",
    "parallel": 2,
    "settle_time": 1,
    "poll_interval": 1,
    "wait_timeout": 60,
    "max_retries": 1,
}


def night(jobs: list[Json] | None = None, **switches: t.Any) -> Json:
    """A scenario of daily jobs, at a speed at which runs take almost no time."""
    return small_night(jobs=JOBS if jobs is None else jobs, switches={**FREE, **V1, **V2, **switches}, speed=600)


class Patch:
    """Calls the module."""

    def __init__(self, service: t.Any, directory: Path) -> None:
        self.service = service
        self.journal = str(directory / "state")

    def __call__(self, *, check: bool = False, diff: bool = False, **changes: t.Any) -> Result:
        return call("supplement_data", options(self.service, **{"journal": self.journal, **WEEK, **changes}), check=check, diff=diff)

    def kinds(self) -> dict[str, int]:
        """Accepted writes by kind."""
        return dict(collections.Counter(entry["kind"] for entry in self.service.journal()))


@pytest.fixture
def patch(service: t.Any, tmp_path: Path) -> Patch:
    service.reset(night())
    return Patch(service, tmp_path)


def rows(path: Path, sql: str) -> list[t.Any]:
    """What *sql* returns, which is done to the journal at *path*."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as journal:
        return journal.execute(sql).fetchall()


def test_a_week_is_patched_once(patch: Patch) -> None:
    first = patch(diff=True)
    assert (first["failed"], first["changed"], first["adopted"]) == (False, True, False), first
    assert [(date["date"], date["succeeded"], date["total"]) for date in first["dates"]] == [
        (f"2026-11-0{day}", 1, 1) for day in range(1, 8)
    ]
    assert first["patch_data"]["state"] == "success"
    assert (first["diff"]["before"], '"parallel": 2' in first["diff"]["after"]) == ("", True)
    (entry,) = patch.service.journal()
    assert (entry["body"]["start_date"], entry["body"]["end_date"]) == ("2026-11-01T00:00:00 +08", "2026-11-07T23:59:59 +08")
    assert first["request_id"] == entry["request_id"]
    again = patch(diff=True)
    assert (again["failed"], again["changed"], again["adopted"], again["differences"]) == (False, False, True, [])
    assert again["diff"]["before"] == again["diff"]["after"]
    assert patch.kinds() == {"patch_data": 1}


@pytest.mark.parametrize("name_taken", ["accept", "refuse"])
def test_what_a_lost_journal_may_have_known_is_waited_for(service: t.Any, tmp_path: Path, name_taken: str) -> None:
    """The first PatchData run is not listed yet when the journal turns out to be unreadable."""
    service.reset(night(patch_visible_after=1800, patch_name_taken=name_taken))
    first, second = Patch(service, tmp_path), Patch(service, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(lambda: first(wait=False, settle_time=6))
        wait_for(service.journal)
        second.journal = str(tmp_path / "second.db")
        Path(second.journal).write_bytes(b"no longer a database" * 500)
        adopting = second(wait=False, settle_time=6)
        result = begun.result()
    assert (result["failed"], result["changed"]) == (False, True)
    assert (adopting["failed"], adopting["changed"], adopting["adopted"]) == (False, False, True)
    assert first.kinds() == {"patch_data": 1}


def test_a_journal_that_loses_the_claim_before_it_is_listed_sends_nothing_twice(service: t.Any, tmp_path: Path) -> None:
    """As where a standby server takes over without the last transactions."""
    service.reset(night(patch_visible_after=3600, patch_name_taken="accept"))
    patch = Patch(service, tmp_path)
    patch.journal = str(tmp_path / "journal.db")
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(lambda: patch(settle_time=20))
        wait_for(lambda: service.journal() and rows(Path(patch.journal), "SELECT 1 FROM dataarts_attempt WHERE outcome = 'accepted'"))
        rows(Path(patch.journal), "DELETE FROM dataarts_attempt")
        result = begun.result()
    assert patch.kinds() == {"patch_data": 1}
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "journal"), result
    assert "no longer contains what this run has claimed in it" in result["msg"]


@pytest.mark.long
def test_a_journal_that_is_set_aside_before_it_is_listed_is_waited_for(service: t.Any, tmp_path: Path) -> None:
    """The request of this task was accepted, so the run is its own."""
    service.reset(night(patch_visible_after=1800, patch_name_taken="accept"))
    patch = Patch(service, tmp_path)
    patch.journal = str(tmp_path / "journal.db")
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(lambda: patch(settle_time=10))
        wait_for(lambda: service.journal() and rows(Path(patch.journal), "SELECT 1 FROM dataarts_attempt WHERE outcome = 'accepted'"))
        Path(patch.journal).write_bytes(b"no longer a database" * 500)
        result = begun.result()
    assert (result["failed"], result["changed"], result["adopted"]) == (False, True, False), result
    assert patch.kinds() == {"patch_data": 1}


def test_check_mode_says_what_would_happen_and_sends_nothing(patch: Patch) -> None:
    assert (patch(check=True, diff=True)["changed"], patch.kinds()) == (True, {})
    patch()
    checked = patch(check=True)
    assert (checked["changed"], checked["failed"], patch.kinds()) == (False, False, {"patch_data": 1})
    assert (patch(check=True, job_name="by_hand", name="other")["failed"], patch(check=True, parallel=3)["failed"]) == (True, True)


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"parallel": 3}, "parallel"),
        ({"start_date": "2026-10-31 +08:00"}, "start_date"),
        ({"end_date": "2026-11-08T00:00:00+08:00"}, "end_date"),
        ({"job_name": "report"}, "job_name and depend_jobs"),
        ({"depend_jobs": [{"job_name": "report", "workspace_id": WORKSPACE_ID}]}, "job_name and depend_jobs"),
        ({"run_between": "01:00-05:00"}, "run_between, run_weekdays and run_month_days"),
        ({"only_days": ["2026-11-01"]}, "only_days and only_between"),
        ({"stop_when_fail": True}, "stop_when_fail"),
        ({"newest_first": True}, "newest_first"),
        ({"priority": 2}, "priority"),
    ],
)
def test_the_same_name_with_another_content_is_an_error(patch: Patch, changes: Json, option: str) -> None:
    patch()
    result = patch(**changes)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "option")
    options_named = [entry["option"] for entry in result["differences"]]
    assert (option in options_named, "job_name" in options_named) == (True, False)  # job_name is reported once, with depend_jobs
    assert option in result["msg"]
    assert patch.kinds() == {"patch_data": 1}


def test_the_same_moment_in_another_zone_is_the_same(patch: Patch) -> None:
    patch()
    result = patch(start_date="2026-10-31T16:00:00Z", end_date="2026-11-07T15:59:59Z", force=True)
    assert (result["failed"], result["changed"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a b"}, "letters, digits, hyphens"),
        ({"name": "x" * 65}, "letters, digits, hyphens"),
        ({"name": ""}, "name is empty"),
        ({"job_name": None}, "job_name"),
        ({"start_date": None, "end_date": None}, "start_date and end_date"),
        ({"start_date": "2026-11-01"}, "such as 2026-11-01 +08:00"),
        ({"start_date": "-7d"}, "start_date"),
        ({"start_date": "2026-11-01T00:00:00.500Z"}, "whole seconds"),
        ({"end_date": "2026-11-01T00:00:01+08:00"}, "two seconds"),
        ({"parallel": 6}, "parallel"),
        ({"parallel": 0}, "parallel"),
        ({"run_between": "25:00-26:00"}, "run_between"),
        ({"only_between": "1-2"}, "only_between"),
        ({"run_weekdays": ["8"]}, "run_weekdays"),
        ({"run_month_days": ["0"]}, "run_month_days"),
        ({"only_days": ["01.11.2026"]}, "only_days"),
        ({"only_days": ["2026-11-1"]}, "only_days"),
        ({"only_days": ["2026-11-31"]}, "only_days"),
        ({"run_between": "00:00-00:00"}, "begins and ends at the same time"),
        ({"only_between": "05:00-05:00"}, "begins and ends at the same time"),
        ({"depend_jobs": [{"job_name": "daily_sales", "workspace_id": WORKSPACE_ID}]}, "the job of job_name"),
        ({"state": "stopped", "name": " "}, "name is empty"),
        ({"depend_jobs": [{"job_name": "report", "workspace_id": WORKSPACE_ID}] * 2}, "twice"),
        ({"depend_jobs": [{"job_name": " ", "workspace_id": WORKSPACE_ID}]}, "depend_jobs"),
        ({"wait_timeout": -1}, "wait_timeout"),
    ],
)
def test_what_is_refused_before_anything_is_asked(patch: Patch, changes: Json, words: str) -> None:
    result = patch(**changes)
    assert (result["failed"], result["error"]["kind"]) == (True, "option"), result
    assert words in result["msg"]
    assert patch.service.requests() == []


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"job_name": "by_hand"}, "not_rerunnable", "not scheduled periodically"),
        ({"job_name": "daily_sale"}, "not_found", "Did you mean daily_sales?"),
        ({"job_name": "daily_sale"}, "not_found", "job daily_sale: "),
        ({"depend_jobs": [{"job_name": "reprt", "workspace_id": WORKSPACE_ID}]}, "not_found", "Did you mean report?"),
        ({"depend_jobs": [{"job_name": "report", "workspace_id": SUPPLY_ID}]}, "not_found", f"job report of workspace {SUPPLY_ID}: "),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_refused_by_the_job_before_it_is_sent(patch: Patch, changes: Json, kind: str, words: str, check_mode: bool) -> None:
    result = patch(check=check_mode, **changes)
    assert (result["failed"], result["error"]["kind"]) == (True, kind)
    assert words in result["msg"]
    assert patch.service.requests("supplement") == []


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("depend_jobs", [{"job_name": name, "workspace_id": WORKSPACE_ID} for name in ("report", "third")]),
        ("only_days", ["2026-11-01", "2026-11-02"]),
        ("run_weekdays", ["1", "7"]),
        ("run_month_days", ["1", "30"]),
    ],
)
def test_lists_are_the_same_in_any_order(patch: Patch, option: str, values: list[t.Any]) -> None:
    patch.service.reset(night([*JOBS, {"name": "third", "cron": "0 0 5 * * ?", "depends_on": ["daily_sales"], "instances": []}]))
    forward: Json = {option: values, "wait": False}
    backward: Json = {option: values[::-1], "wait": False}
    assert patch(**forward)["changed"]
    again = patch(**backward)
    assert (again["failed"], again["changed"], again["differences"]) == (False, False, []), again


def test_without_v1_the_service_refuses_it(patch: Patch) -> None:
    patch.service.set(v1_open=False)
    result = patch(job_name="by_hand")
    assert (result["failed"], result["error"]["code"]) == (True, "DLF.30111")
    assert "scheduled periodically" in result["msg"]
    fine = patch()
    assert (fine["failed"], fine["changed"], len(fine["dates"])) == (False, True, 7)


def test_another_run_of_the_job_is_in_its_place(patch: Patch) -> None:
    patch.service.reset({**night(), "run_seconds": 360_000})
    patch(wait=False)
    result = patch(name="other", wait=False)
    assert (result["failed"], "force" in result["msg"], patch.kinds()) == (True, True, {"patch_data": 1})
    assert patch(name="other", wait=False, force=True)["changed"]


@pytest.mark.parametrize("status", ["FAIL", "RUNNING", "SUCCESS", "CANCEL"])
def test_a_date_that_fails_fails_the_task_whatever_the_status_is(patch: Patch, status: str) -> None:
    patch.service.reset(night([{**JOBS[0], "patch_fails": [SECOND_DAY]}], patch_failed_status=status))
    result = patch()
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "incomplete")
    assert "2026-11-01T19:00:00Z fail" in result["msg"]
    assert [date["failed"] for date in result["dates"]] == [0, 1, 0, 0, 0, 0, 0]
    again = patch()
    assert (again["failed"], again["changed"], patch.kinds()) == (True, False, {"patch_data": 1})


def test_dependent_jobs_of_two_workspaces(patch: Patch) -> None:
    stock = {"name": "stock", "cron": "0 0 5 * * ?", "depends_on": [{"workspace": WORKSPACE_ID, "job": "daily_sales"}], "instances": []}
    scenario = night()
    scenario["accounts"][0]["workspaces"].append({"id": SUPPLY_ID, "name": "supply", "jobs": [stock]})
    patch.service.reset(scenario)
    depends = [{"job_name": "report", "workspace_id": WORKSPACE_ID}, {"job_name": "stock", "workspace_id": SUPPLY_ID}]
    result = patch(depend_jobs=depends, parallel=5)
    assert (result["failed"], [date["succeeded"] for date in result["dates"]]) == (False, [3] * 7)
    assert not patch(depend_jobs=depends, parallel=5)["changed"]


@pytest.mark.parametrize(
    "switches",
    [
        {"patch_visible_after": 600},
        {"patch_row_dates": "swapped"},
        {"patch_end": "included"},
        {"patch_name_taken": "accept"},
        {"v1_open": False},
        {"scheduler_skew_seconds": -30},
        {"window_compares": "start_time"},
        {"offset_beyond": "first_page"},
    ],
    ids=str,
)
def test_whatever_is_undocumented(patch: Patch, switches: Json) -> None:
    patch.service.reset(night(**switches))
    first, again = patch(settle_time=3), patch(settle_time=3)
    assert (first["failed"], first["changed"], again["failed"], again["changed"]) == (False, True, False, False), (first, again)
    assert patch.kinds() == {"patch_data": 1}


@pytest.mark.parametrize("taken", ["refuse", "accept"])
@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
@pytest.mark.parametrize("kind", ["drop", "gateway_timeout", "malformed"])
def test_a_lost_answer_is_read_back(patch: Patch, taken: str, when: str, kind: str) -> None:
    patch.service.reset(night(patch_name_taken=taken))
    patch.service.inject({"route": "supplement", "kind": kind, "when": when})
    result = patch(max_retries=0)
    assert (result["failed"], result["changed"], patch.kinds()) == (False, True, {"patch_data": 1})
    assert not patch()["changed"]


def test_answers_that_are_lost_again_and_again(patch: Patch) -> None:
    patch.service.inject({"route": "supplement", "kind": "drop", "when": "before_effect", "times": None})
    result = patch(settle_time=0, max_retries=0)
    assert (result["failed"], result["error"]["kind"], patch.kinds()) == (True, "ambiguous", {})
    assert len(patch.service.requests("supplement")) == 3


def test_many_at_once_send_one(patch: Patch) -> None:
    patch.service.reset(night(patch_name_taken="accept"))
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda dummy: patch(), range(6)))
    assert [result["failed"] for result in results] == [False] * 6, [result.get("msg") for result in results]
    assert sum(result["changed"] for result in results) == 1
    assert patch.kinds() == {"patch_data": 1}


def test_one_that_does_not_share_the_journal_finds_it(patch: Patch, tmp_path: Path) -> None:
    patch()
    other = patch(journal=str(tmp_path / "other"))
    assert (other["failed"], other["changed"], patch.kinds()) == (False, False, {"patch_data": 1})


def test_accepted_and_not_listed(patch: Patch) -> None:
    patch.service.reset(night(patch_visible_after=600_000))
    first = patch(wait=False)
    assert (first["failed"], first["changed"], "not listed" in first["warnings"][0]) == (False, True, True)
    again = patch()
    assert (again["failed"], again["changed"], again["error"]["kind"], patch.kinds()) == (True, False, "incomplete", {"patch_data": 1})
    assert not patch(check=True)["changed"]


def test_the_end_of_the_wait(patch: Patch) -> None:
    patch.service.reset({**night(), "run_seconds": 3_600_000})
    result = patch(wait_timeout=1)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "incomplete")
    assert "0 of 7 dates done" in result["msg"]


def test_quiet_hours(patch: Patch) -> None:
    now = datetime.now(timezone.utc)
    hours = [f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M} UTC"]
    result = patch(not_between=hours)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "quiet_hours"), result
    assert patch(not_between=hours, check=True)["changed"]
    assert patch.service.requests("supplement") == []
    patch.service.reset({**night(), "run_seconds": 3_600_000})
    patch(wait=False)
    result = patch(not_between=hours, state="stopped", diff=True)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "quiet_hours")
    assert "diff" not in result
    assert patch.service.requests("supplement_stop") == []


def test_a_stop(patch: Patch) -> None:
    patch.service.reset({**night(), "run_seconds": 3_600_000})
    missing = patch(state="stopped")
    assert (missing["failed"], missing["error"]["kind"]) == (True, "not_found")
    patch(wait=False)
    assert (patch(state="stopped", check=True)["changed"], patch.kinds()) == (True, {"patch_data": 1})
    stopped = patch(state="stopped", diff=True)
    assert (stopped["failed"], stopped["changed"], stopped["patch_data"]["state"]) == (False, True, "stopped")
    assert "running" in stopped["diff"]["before"]
    assert "stopped" in stopped["diff"]["after"]
    again = patch(state="stopped")
    assert (again["failed"], again["changed"]) == (False, False)
    assert patch.kinds() == {"patch_data": 1, "patch_data_stop": 1}
    present = patch()
    assert (present["failed"], present["changed"], present["error"]["kind"]) == (True, False, "incomplete")


@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
def test_a_stop_whose_answer_is_lost(patch: Patch, when: str) -> None:
    patch.service.reset({**night(patch_cancelled_status="CANCLE"), "run_seconds": 3_600_000})
    patch(wait=False)
    patch.service.inject({"route": "supplement_stop", "kind": "drop", "when": when})
    result = patch(state="stopped", max_retries=0)
    assert (result["failed"], result["changed"], result["patch_data"]["state"]) == (False, True, "stopped")


def test_the_list(patch: Patch) -> None:
    patch()
    patch(name="other", state="present", start_date="2026-10-01 +08:00", end_date="2026-10-02 +08:00")

    def listed(**changes: t.Any) -> Result:
        return call("supplement_data_info", options(patch.service, **changes))

    assert [row["name"] for row in listed()["patch_data"]] == ["other", "week"]
    assert [row["name"] for row in listed(names=["we*"])["patch_data"]] == ["week"]
    assert listed(states=["running"])["total"] == 0
    (row,) = listed(names=["week"])["patch_data"]
    assert (row["start_date_iso"], row["jobs"], row["parallel"]) == ("2026-10-31T16:00:00Z", ["daily_sales"], 2)
    missing = listed(names=["wek"])
    assert (missing["failed"], "Did you mean week?" in missing["msg"]) == (True, True)


def test_the_history_names_it(patch: Patch) -> None:
    patch(purpose="INC-4711")
    (attempt,) = call("rerun_history_info", {"journal": patch.journal})["attempts"]
    assert (attempt["kind"], attempt["patch_data"], attempt["outcome"], attempt["purpose"]) == (
        "patch_data",
        "week",
        "accepted",
        "INC-4711",
    )
    assert attempt["plan_time_iso"] == "2026-10-31T16:00:00Z"
