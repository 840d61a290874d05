# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""job_instance_retry: the page's requests, refusals, idempotence, and lost answers."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Intent, Outcome
from tests.support.journaled import as_soon_as, begin, once, shown_after
from tests.support.logic import by_action, call, reruns
from tests.support.playbook import run_module
from tests.support.scenarios import FREE, PAGE_RELATED, PAGE_SELECTED, PROJECT_ID, SECRET_KEY, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

#: Path of the page's first example.
PAGE_PATH = f"/v2/{PROJECT_ID}/factory/jobs/test_job_name/instances/retry"


@pytest.fixture
def asked(service: t.Any, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    """Function that returns options: the three failed instances of daily_sales, a short settle time, and a journal of the test."""

    def make(**changes: t.Any) -> dict[str, t.Any]:
        return options(
            service,
            **{
                "job_name": "daily_sales",
                "task_retrys": keys(service, "daily_sales", "fail"),
                "journal": str(tmp_path / "state"),
                "settle_time": 1,
                "max_retries": 1,
                **changes,
            },
        )

    return make


def keys(service: t.Any, job_name: str, status: str) -> list[dict[str, t.Any]]:
    """Option task_retrys for the instances of a job with that status."""
    return [
        {name: instance[name] for name in ("job_id", "plan_time", "submit_time")}
        for instance in service.instances(job_name)
        if instance["status"] == status
    ]


def span(service: t.Any, **changes: t.Any) -> dict[str, t.Any]:
    """Options of the second mode for all instances of daily_sales and hourly_stock."""
    times = [instance["plan_time"] for instance in service.instances("daily_sales")]
    jobs = [{"job_name": "hourly_stock", "workspace_id": WORKSPACE_ID}]
    return {"task_retrys": None, "begin_time": times[0], "end_time": times[-1], "jobs": jobs, **changes}


# The page


def page_scenario() -> dict[str, t.Any]:
    """A workspace in which both examples of the page have something to rerun."""
    minute = 60_000
    job = {"name": "test_job_name", "id": 917567, "submit_time": 1732239754684}
    first = {"plan_time": 1732601580000, "start_time": 1732601580000, "end_time": 1732601580000 + minute, "status": "fail"}
    second = {"plan_time": 1732608580000, "start_time": 1732608580000, "end_time": 1732608580000 + minute, "status": "fail"}
    other = {"plan_time": 1732609000000, "start_time": 1732609000000, "end_time": 1732609000000 + minute, "status": "fail"}
    switches = {**FREE, **V2, "submit_time_of": "job"}
    return small_night(switches=switches, jobs=[{**job, "instances": [first, second]}, {"name": "job_test_smn2", "instances": [other]}])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"task_retrys": PAGE_SELECTED["task_retrys"]}, PAGE_SELECTED),
        (PAGE_SELECTED, PAGE_SELECTED),
        ({name: value for name, value in PAGE_RELATED.items() if name not in ("retry_location", "ignore_obs_monitor")}, PAGE_RELATED),
        (
            {**PAGE_RELATED, "begin_time": "2024-11-26T16:08:40+08:00", "end_time": "2024-11-26T09:08:40Z"},
            PAGE_RELATED,
        ),
        ({"task_retrys": [{"job_id": "917567", "plan_time": "2024-11-26T06:13:00Z", "submit_time": "1732239754684"}]}, PAGE_SELECTED),
    ],
    ids=["selected", "selected-all-fields", "related", "related-iso", "selected-iso"],
)
def test_the_examples_of_the_page_arrive_as_they_stand_there(
    service: t.Any, tmp_path: Path, given: dict[str, t.Any], expected: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the page's instances are older than the service keeps them
    monkeypatch.setattr(
        "ansible_collections.dataarts.factory.plugins.module_utils._api.workspace_lists.RETENTION_MS", 100 * 365 * 86_400_000
    )
    service.reset(page_scenario())
    result = call("job_instance_retry", options(service, job_name="test_job_name", journal=str(tmp_path), **given))
    assert result["failed"] is False, result["msg"]
    request = service.requests("v2_retry")[-1]
    assert (request["method"], request["path"]) == ("POST", PAGE_PATH)
    assert json.loads(json.dumps(service.journal()[-1]["body"])) == expected
    headers = {name.lower(): value for name, value in request["headers"].items()}
    assert headers["workspace"] == WORKSPACE_ID
    assert headers["x-project-id"] == PROJECT_ID
    assert headers["content-type"].lower().replace(" ", "") == "application/json;charset=utf-8"
    assert headers["authorization"].startswith("SDK-HMAC-SHA256 Access=")


def test_the_error_of_the_page_names_workspace_job_and_remedy(service: t.Any, asked: t.Any) -> None:
    service.set(**V2)
    result = call("job_instance_retry", asked(job_name="no_such_job"))
    assert result["failed"]
    assert result["error"]["kind"] == "not_found"
    for part in ("Failed to retry", "no_such_job", WORKSPACE_ID, "DLF."):
        assert part in result["msg"]
    assert service.journal() == []


def test_dlf_1000_at_the_rerun_is_told_as_on_the_page(service: t.Any, asked: t.Any) -> None:
    service.set(**V2)
    fault = {"route": "retry", "kind": "status", "status": 400, "code": "DLF.1000", "message": "Failed to find the job."}
    service.inject(fault)
    result = call("job_instance_retry", asked())
    assert "DLF.1000 Failed to find the job." in result["msg"]
    assert result["msg"].startswith(f"Failed to retry 3 of 3 instances of job daily_sales of workspace {WORKSPACE_ID}: ")
    assert (result["error"]["status"], result["error"]["code"], result["error"]["method"]) == (400, "DLF.1000", "POST")
    assert list(by_action(result)) == ["rejected"]
    assert result["changed"] is False


# Refusals

SELECTED = [{"job_id": 917567, "plan_time": 1732601580000, "submit_time": 1732239754684}]
RELATED = {"task_retrys": None, "begin_time": 1732608520000, "end_time": 1732612120000, "jobs": [{"job_name": "a", "workspace_id": "w"}]}
REFUSED: list[tuple[dict[str, t.Any], str]] = [
    ({"task_retrys": None}, "task_retrys"),
    ({"task_retrys": []}, "task_retrys is an empty list"),
    ({"task_retrys": SELECTED, "begin_time": 1732608520000}, "different modes"),
    ({"task_retrys": SELECTED, "concurrent": 2}, "different modes"),
    ({"task_retrys": SELECTED, "jobs": [{"job_name": "a", "workspace_id": "w"}]}, "different modes"),
    ({**RELATED, "begin_time": None}, "begin_time"),
    ({**RELATED, "end_time": None}, "end_time"),
    ({**RELATED, "jobs": None}, "jobs"),
    ({**RELATED, "jobs": []}, "jobs"),
    ({**RELATED, "jobs": [{"job_name": "a"}]}, "workspace_id"),
    ({**RELATED, "jobs": [{"job_name": " ", "workspace_id": "w"}]}, "job_name"),
    ({**RELATED, "concurrent": 0}, "1 to 128"),
    ({**RELATED, "concurrent": 129}, "1 to 128"),
    ({**RELATED, "concurrent": "many"}, "concurrent"),
    ({**RELATED, "begin_time": 1732612120001}, "begin_time"),
    ({**RELATED, "begin_time": 1732608520}, "10 digits"),
    ({**RELATED, "end_time": "2024-11-26 09:08"}, "no time zone"),
    ({**RELATED, "end_time": "-1h"}, "end_time"),
    ({**RELATED, "retry_location": "specifiedNode", "node_name": "n"}, "specifiedNode"),
    ({**RELATED, "api_version": "v1"}, "api_version is v1"),
    ({"retry_location": "specifiedNode"}, "node_name"),
    ({"retry_location": "specifiedNode", "node_name": " "}, "node_name"),
    ({"node_name": "transform"}, "node_name"),
    ({"retry_location": "first_node"}, "retry_location"),
    ({"retry_task_version": "newest"}, "retry_task_version"),
    ({"ignore_obs_monitor": "perhaps"}, "ignore_obs_monitor"),
    ({"task_retrys": [{"job_id": 0, "plan_time": 1732601580000, "submit_time": 1732239754684}]}, "job_id"),
    ({"task_retrys": [{"job_id": "x", "plan_time": 1732601580000, "submit_time": 1732239754684}]}, "job_id"),
    ({"task_retrys": [{"job_id": 1, "plan_time": 1732601580, "submit_time": 1732239754684}]}, "plan_time"),
    ({"task_retrys": [{"job_id": 1, "plan_time": 1732601580000, "submit_time": "2024-11-22T01:42:34"}]}, "submit_time"),
    ({"task_retrys": [{"job_id": 1, "plan_time": 1732601580000}]}, "submit_time"),
    ({"only_statuses": ["running"]}, "only_statuses"),
    ({"only_statuses": []}, "only_statuses is an empty list"),
    ({"since": "noon"}, "since"),
    ({"settle_time": -1}, "settle_time"),
    ({"job_name": None}, "job_name"),
    ({"job_name": ".."}, ".."),
    ({"job_name": ""}, "''"),
    ({"job_name": "a\nb"}, "control characters"),
    ({"workspace_id": "62fb\n"}, "workspace_id"),
]


@pytest.mark.parametrize(("changes", "named"), REFUSED, ids=[json.dumps(changes)[:70] for changes, named in REFUSED])
def test_what_the_api_would_refuse_is_refused_before_anything_is_sent(
    service: t.Any, asked: t.Any, changes: dict[str, t.Any], named: str
) -> None:
    given = {"task_retrys": SELECTED, **changes}
    result = call("job_instance_retry", asked(**given))
    assert result["failed"]
    assert named in result["msg"]
    assert "\n" not in result["msg"]
    assert service.requests() == []


# Idempotence


def test_check_mode_reads_and_sends_nothing(service: t.Any, asked: t.Any, tmp_path: Path) -> None:
    service.set(**V2)
    result = call("job_instance_retry", asked(), check=True, diff=True)
    assert (result["changed"], result["failed"], result["requests"]) == (True, False, {"GET": 1})
    assert len(by_action(result)["retry"]) == 3
    assert result["diff"]["after"].count("to be rerun") == 3
    assert service.journal() == []
    assert not (tmp_path / "state").exists()


def test_all_instances_go_out_in_one_request_and_are_told_with_their_status(service: t.Any, asked: t.Any) -> None:
    service.set(**V2, request_id_header=True)
    result = call("job_instance_retry", asked(), diff=True)
    assert (result["changed"], result["failed"], result["requests"]) == (True, False, {"GET": 1, "POST": 1})
    assert [len(entry["instances"]) for entry in service.journal()] == [3]
    assert {instance["request_id"] for instance in result["instances"]} == {service.journal()[0]["request_id"]}
    assert all(instance["rerun"] and instance["attempts"] == 1 and instance["status_before"] == "fail" for instance in result["instances"])
    assert (result["diff"]["before"].count(": fail\n"), result["diff"]["after"].count(": rerun requested\n")) == (3, 3)
    assert result["api_versions"] == {"list": "v2", "retry": "v2"}


def test_what_has_another_status_or_started_after_since_is_skipped_with_a_reason(service: t.Any, asked: t.Any) -> None:
    selection_keys = [*keys(service, "daily_sales", "fail"), *keys(service, "daily_sales", "success")]
    result = call("job_instance_retry", asked(task_retrys=selection_keys, since=str(selection_keys[-1]["plan_time"]), settle_time=0))
    skipped = {instance["plan_time"]: instance["reason"] for instance in result["instances"] if instance["action"] == "skipped"}
    assert len(skipped) == 5, "all of them started at or after that time"
    assert result["changed"] is False
    assert service.requests("v2_retry") == []
    mixed = call("job_instance_retry", asked(task_retrys=selection_keys))
    assert {action: len(names) for action, names in by_action(mixed).items()} == {"retry": 3, "skipped": 2}
    assert all("success" in instance["reason"] for instance in mixed["instances"] if instance["action"] == "skipped")
    assert mixed["changed"] is True


def test_the_same_call_again_changes_nothing(service: t.Any, asked: t.Any) -> None:
    given = asked()
    assert call("job_instance_retry", given)["changed"] is True
    before = service.journal()
    again = call("job_instance_retry", given, diff=True)
    assert (again["changed"], again["failed"], list(by_action(again))) == (False, False, ["skipped"])
    assert again["diff"]["before"] == again["diff"]["after"] == ""
    assert service.journal() == before


@pytest.mark.parametrize("visible_after", [0, 36_000])
def test_right_after_a_rerun_nothing_is_sent_whatever_the_instance_shows(service: t.Any, asked: t.Any, visible_after: int) -> None:
    """Whether it has failed again, or the rerun does not show yet."""
    service.set(rerun_visible_after=visible_after, date_offset_seconds=0)
    given = asked(job_name="weekly_report", task_retrys=keys(service, "weekly_report", "fail"), settle_time=3000)
    first = call("job_instance_retry", given)
    # an instance that failed again before a run began is a new failure for it, which happens on a slow machine
    again = call("job_instance_retry", given if visible_after else {**given, "since": str(first["since"])})
    assert (first["changed"], again["changed"], again["failed"]) == (True, False, False)
    assert len(service.journal()) == 1


def test_after_the_settle_time_a_call_without_since_is_a_new_one(service: t.Any, asked: t.Any) -> None:
    given = asked(job_name="weekly_report", task_retrys=keys(service, "weekly_report", "fail"))
    first = call("job_instance_retry", given)
    service.advance(10)
    with_since = call("job_instance_retry", {**given, "since": str(first["since"])})
    assert (with_since["changed"], len(service.journal())) == (False, 1)
    assert "after 1 of 1 attempts" in with_since["instances"][0]["reason"]
    assert call("job_instance_retry", given)["changed"] is True
    assert len(service.journal()) == 2


@pytest.mark.parametrize("related", [False, True])
def test_a_further_try_of_one_that_could_not_say_its_since_is_the_same_run(service: t.Any, asked: t.Any, related: bool) -> None:
    """The journal knows the since. An instance that failed again is not rerun, and the task reports changed."""
    jobs = [{"name": "daily_sales", "failed": 2, "runs": ["fail"] * 3}, {"name": "hourly_stock", "failed": 1, "runs": ["fail"] * 3}]
    service.reset(small_night(jobs=jobs, switches={**FREE, **V2}))
    given = asked(pass_state={"run_id": "a task"}, **(span(service) if related else {}))
    killed = call("job_instance_retry", given)
    service.advance(120)
    again = call("job_instance_retry", given)
    assert (again["failed"], again["since"], again["changed"]) == (False, killed["since"], True)
    assert set(reruns(service.journal()).values()) == {1}
    another = call("job_instance_retry", {**given, "pass_state": {"run_id": "another"}})
    assert set(reruns(service.journal()).values()) == {2}, another


def test_so_it_is_where_the_services_clock_was_set_back_meanwhile(service: t.Any, asked: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its since is ahead of the clock."""
    job = {"name": "daily_sales", "failed": 2, "runs": ["fail"] * 3}
    service.reset(small_night(jobs=[job], switches={**FREE, **V2, "date_offset_seconds": 600}))
    given = asked(pass_state={"run_id": "a task"})
    call("job_instance_retry", given)
    service.set(date_offset_seconds=0)
    service.advance(120)
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: time.time_ns() // 1_000_000 + 120_000)
    again = call("job_instance_retry", given)
    assert (again["failed"], again["changed"]) == (False, True)
    assert set(reruns(service.journal()).values()) == {1}


def test_only_statuses_reruns_what_has_succeeded_if_asked_for(service: t.Any, asked: t.Any) -> None:
    result = call("job_instance_retry", asked(task_retrys=keys(service, "daily_sales", "success"), only_statuses=["success"]))
    assert len(by_action(result)["retry"]) == 2
    assert len(reruns(service.journal())) == 2


def test_an_instance_that_does_not_exist_fails_the_task_and_leaves_the_others_rerun(service: t.Any, asked: t.Any) -> None:
    missing = {"job_id": 917567, "plan_time": service.now_ms() - 86_400_123, "submit_time": 1732239754684}
    result = call("job_instance_retry", asked(task_retrys=[*keys(service, "daily_sales", "fail"), missing]))
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "not_found")
    assert str(missing["plan_time"]) in result["msg"]
    assert "job_instance_info" in result["msg"]
    assert len(by_action(result)["retry"]) == 3


def test_nothing_to_rerun_is_neither_a_change_nor_a_failure(service: t.Any, asked: t.Any) -> None:
    text = "Job daily_sales have no instances to rerun"
    service.inject({"route": "retry", "kind": "status", "status": 400, "code": "DLF.30999", "message": text})
    result = call("job_instance_retry", asked())
    assert (result["changed"], result["failed"], list(by_action(result))) == (False, False, ["skipped"])
    assert text in result["instances"][0]["reason"]


def test_the_older_generation_sends_one_by_one_and_one_refusal_leaves_the_others(service: t.Any, asked: t.Any) -> None:
    service.set(**V1)
    service.inject({"route": "retry", "kind": "status", "status": 400, "code": "DLF.0111", "message": "not this one"})
    result = call("job_instance_retry", asked(api_version="v1"))
    assert {action: len(names) for action, names in by_action(result).items()} == {"rejected": 1, "retry": 2}
    assert "Failed to retry 1 of 3 instances" in result["msg"]
    assert [entry["kind"] for entry in service.journal()] == ["restart", "restart"]


def test_where_v2_is_not_open_the_older_generation_takes_over(service: t.Any, asked: t.Any) -> None:
    service.set(**V1, v2_retry_open=False)
    result = call("job_instance_retry", asked())
    assert (result["failed"], len(by_action(result)["retry"]), result["api_versions"]["retry"]) == (False, 3, "v1")


@pytest.mark.parametrize("times", [1, 2])
def test_a_cut_answer_that_v2_is_closed_does_not_refuse_the_instances(service: t.Any, asked: t.Any, times: int) -> None:
    """Each is read back, is unchanged, and is sent again."""
    service.set(**V1, v2_open=True, v2_retry_open=False)
    service.inject({"route": "v2_retry", "kind": "truncated", "times": times})
    result = call("job_instance_retry", asked(max_retries=1))
    assert (result["failed"], len(by_action(result)["retry"])) == (False, 3)
    assert set(reruns(service.journal()).values()) == {1}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("second", "count"), [(False, 3), (True, 7)])
def test_more_than_max_instances_are_refused_before_anything_is_sent(
    service: t.Any, asked: t.Any, check: bool, second: bool, count: int
) -> None:
    """In the second mode, successful instances count too: the service may rerun them."""
    service.set(**V2, window_compares="plan_time")
    given = span(service) if second else {}
    refused = call("job_instance_retry", asked(**given, max_instances=count - 1), check=check)
    assert (refused["failed"], refused["changed"], refused["error"]["kind"], service.journal()) == (True, False, "limit", [])
    assert f"Refused to rerun {count} instances: max_instances is {count - 1}; nothing is sent. By job: 'daily_sales' " in refused["msg"]
    assert not call("job_instance_retry", asked(**given, max_instances=count), check=check)["failed"]
    assert len(service.journal()) == (0 if check else 1)


# The second mode


def test_a_job_with_related_jobs_is_rerun_if_anything_qualifies_and_only_then(service: t.Any, asked: t.Any) -> None:
    service.set(**V2, window_compares="plan_time")
    given = asked(**span(service, concurrent=3))
    planned = call("job_instance_retry", given, check=True)
    assert (planned["changed"], service.journal()) == (True, [])
    assert planned["instances"][0]["reason"].endswith("; the service chooses among all of them, and may rerun the others too: 2 success")
    first = call("job_instance_retry", given)
    assert (first["changed"], first["failed"]) == (True, False)
    assert [entry["kind"] for entry in service.journal()] == ["retry_related"]
    assert service.journal()[0]["body"]["concurrent"] == 3
    right_after = call("job_instance_retry", given)
    service.advance(30)
    later = call("job_instance_retry", given)
    assert (right_after["changed"], later["changed"], len(service.journal())) == (False, False, 1)
    assert "none of 7 instances" in later["instances"][0]["reason"]


@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
def test_a_lost_answer_of_the_second_mode_is_told_or_unknown_and_never_sent_again(service: t.Any, asked: t.Any, when: str) -> None:
    service.set(**V2)
    service.inject({"route": "retry", "kind": "drop", "when": when})
    result = call("job_instance_retry", asked(**span(service)))
    assert len(service.requests("v2_retry")) == 1
    if when == "after_effect":
        assert (result["failed"], list(by_action(result))) == (False, ["retry"])
    else:
        assert (result["failed"], result["error"]["kind"], list(by_action(result))) == (True, "ambiguous", ["unknown"])
        assert "ansible localhost -m dataarts.factory.job_instance_info" in result["msg"]
        assert SECRET_KEY not in json.dumps(result)


def test_jobs_of_another_workspace_are_read_there(service: t.Any, asked: t.Any) -> None:
    other = "0123456789abcdef0123456789abcdef"
    jobs = [{"name": "daily_sales", "id": 917567, "succeeded": 3}]
    theirs = [{"name": "their_job", "failed": 1}]
    service.reset(
        small_night(
            switches={**FREE, **V2},
            workspaces=[{"id": WORKSPACE_ID, "name": "sales", "jobs": jobs}, {"id": other, "name": "finance", "jobs": theirs}],
        )
    )
    result = call("job_instance_retry", asked(**span(service, jobs=[{"job_name": "their_job", "workspace_id": other}])))
    assert (result["failed"], result["changed"]) == (False, True)
    assert {instance["workspace_id"] for instance in result["instances"]} == {WORKSPACE_ID, other}


# Lost answers


@pytest.mark.parametrize(
    ("kind", "when", "times"),
    [
        ("drop", "before_effect", 1),
        ("drop", "before_effect", 2),
        ("drop", "after_effect", 1),
        ("gateway_timeout", "before_effect", 1),
        ("gateway_timeout", "after_effect", 1),
        ("malformed", "after_effect", 1),
    ],
)
def test_a_lost_answer_ends_with_exactly_one_rerun_each(service: t.Any, asked: t.Any, kind: str, when: str, times: int) -> None:
    service.inject({"route": "retry", "kind": kind, "when": when, "times": times})
    result = call("job_instance_retry", asked())
    assert (result["failed"], result["changed"], list(by_action(result))) == (False, True, ["retry"])
    assert set(reruns(service.journal()).values()) == {1}
    assert len(reruns(service.journal())) == 3


def test_what_is_not_known_is_unknown_with_the_command_that_finds_out(service: t.Any, asked: t.Any) -> None:
    service.inject({"route": "retry", "kind": "drop", "when": "before_effect", "times": 50})
    result = call("job_instance_retry", asked())
    assert (result["failed"], result["error"]["kind"], list(by_action(result))) == (True, "ambiguous", ["unknown"])
    assert "ansible localhost -m dataarts.factory.job_instance_info -a '{" in result["msg"]
    assert "daily_sales" in result["msg"]
    assert len(service.requests("v2_retry")) == 3
    assert not any(instance["rerun"] for instance in result["instances"])


@pytest.mark.long
def test_a_journal_that_is_set_aside_while_the_outcome_is_unknown_does_not_end_the_task(
    service: t.Any, asked: t.Any, tmp_path: Path
) -> None:
    begin(service, {"name": "daily_sales", "failed": 3}, rerun_visible_after=shown_after(2), retry_of_active="accept")
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect"})
    journal = tmp_path / "journal.db"

    def unknown() -> list[t.Any]:
        with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as reading:
            return reading.execute("SELECT 1 FROM dataarts_attempt WHERE outcome = 'unknown'").fetchall()

    with as_soon_as(lambda: service.journal() and unknown(), lambda: journal.write_bytes(b"no longer a database" * 500)):
        result = call("job_instance_retry", asked(settle_time=5, journal=str(journal)))
    assert (result["failed"], result["changed"], list(by_action(result))) == (False, True, ["retry"]), result
    assert "was set aside" in result["warnings"][0]
    assert set(reruns(service.journal()).values()) == {1}


def test_a_call_that_follows_a_lost_one_finds_out_first(service: t.Any, asked: t.Any, tmp_path: Path) -> None:
    """The journal has the claim without an outcome, as after a kill."""
    service.inject({"route": "retry", "kind": "drop", "when": "after_effect"})
    given = asked()
    first = call("job_instance_retry", given)
    with contextlib.closing(sqlite3.connect(tmp_path / "state", isolation_level=None)) as journal:
        journal.execute("UPDATE dataarts_attempt SET outcome = 'intended', request_id = NULL")
    again = call("job_instance_retry", {**given, "since": str(first["since"])})
    assert (again["failed"], again["changed"], list(by_action(again))) == (False, False, ["skipped"])
    assert set(reruns(service.journal()).values()) == {1}


def test_what_another_process_sends_while_the_list_is_read_is_looked_at_again(
    service: t.Any, asked: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list does not show it yet, the journal does."""
    service.set(rerun_visible_after=3600)
    given = asked(settle_time=60)
    real = WorkspaceApi.list_instances

    def listed_too_early(factory: WorkspaceApi, *arguments: t.Any, **options: t.Any) -> t.Any:
        listed = real(factory, *arguments, **options)
        monkeypatch.setattr(WorkspaceApi, "list_instances", real)
        assert call("job_instance_retry", given)["changed"] is True
        return listed

    monkeypatch.setattr(WorkspaceApi, "list_instances", listed_too_early)
    planned = call("job_instance_retry", given, check=True)
    assert (planned["changed"], list(by_action(planned))) == (False, ["skipped"])
    assert set(reruns(service.journal()).values()) == {1}


@pytest.mark.parametrize("related", [False, True])
@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.INTENDED, Outcome.NOT_EXECUTED])
def test_what_another_process_claims_first_is_followed(
    service: t.Any, asked: t.Any, monkeypatch: pytest.MonkeyPatch, related: bool, outcome: Outcome
) -> None:
    """Between reading the journal and claiming. If the other process never sends, its claim is taken over."""
    if related:
        service.set(**V2)
    given = asked(read_timeout=2, **(span(service) if related else {}))
    claim = Journal.claim
    claimed: list[Attempt] = []

    def after_another(journal: Journal, intents: list[Intent]) -> list[Attempt | None]:
        if not claimed:
            other = Journal(given["journal"], password=None, project_id=PROJECT_ID)
            taken = claim(other, [intents[0]._replace(attempt=replace(intents[0].attempt, run_id="another"))])
            claimed.extend(attempt for attempt in taken if attempt is not None)
            if outcome is not Outcome.INTENDED:
                other.record(claimed, outcome, now_ms=service.now_ms())
        return claim(journal, intents)

    monkeypatch.setattr(Journal, "claim", after_another)
    result = call("job_instance_retry", given)
    left_out = related and outcome is Outcome.ACCEPTED  # the other due instances were not in the other's request
    assert (result["failed"], "blocked" in by_action(result)) == (left_out, left_out)
    assert "not sent" not in {instance["reason"] for instance in result["instances"]}
    rerun = reruns(service.journal())
    assert set(rerun.values()) <= {1}
    of_job = [key for key in once(service) if key[0] in ("daily_sales", *(["hourly_stock"] if related else []))]
    others = len(of_job) if related else 1
    assert sum(key in rerun for key in of_job) == len(of_job) - (others if outcome is Outcome.ACCEPTED else 0)


def test_an_explicit_since_on_a_machine_without_a_record_waits_the_settle_time_and_then_sends(service: t.Any, asked: t.Any) -> None:
    result = call("job_instance_retry", asked(since=str(service.now_ms() - 3_000)))
    assert (result["failed"], len(by_action(result)["retry"])) == (False, 3)
    assert set(reruns(service.journal()).values()) == {1}


def test_until_a_since_that_lies_a_moment_ahead_nothing_is_sent(service: t.Any, asked: t.Any) -> None:
    since = service.now_ms() + 2_000
    result = call("job_instance_retry", asked(since=str(since)))
    assert (result["failed"], len(by_action(result)["retry"])) == (False, 3)
    assert all(entry["time"] >= since for entry in service.journal())


# As a process


def test_the_module_as_a_process(service: t.Any, asked: t.Any) -> None:
    given = asked(settle_time=60)
    result = run_module("job_instance_retry", given, diff=True)
    assert (result["changed"], len(by_action(result)["retry"])) == (True, 3)
    assert SECRET_KEY not in json.dumps(result)
    again = run_module("job_instance_retry", given)
    assert (again.get("failed"), again["changed"], list(by_action(again))) == (None, False, ["skipped"])
    refused = run_module("job_instance_retry", asked(task_retrys=None))
    assert refused["failed"]
    assert refused["error"]["kind"] == "option"
    assert refused["msg"].startswith(f"Failed to retry instances of job daily_sales of workspace {WORKSPACE_ID}: ")


class TestAcrossWorkspaces:
    """The second mode reruns instances of other workspaces, which somebody else may rerun at the same time."""

    OTHER = "0123456789abcdef0123456789abcdef"

    @pytest.fixture
    def given(self, service: t.Any, asked: t.Callable[..., dict[str, t.Any]]) -> dict[str, t.Any]:
        """Options for daily_sales and their_job in another workspace, each with one failed instance. Reruns show late."""
        jobs = {WORKSPACE_ID: "daily_sales", self.OTHER: "their_job"}
        workspaces = [{"id": workspace_id, "name": name, "jobs": [{"name": name, "failed": 1}]} for workspace_id, name in jobs.items()]
        hidden = {"rerun_visible_after": 600, "retry_of_active": "accept"}
        service.reset(small_night(switches={**FREE, **V2, **hidden}, workspaces=workspaces))
        return asked(**span(service, jobs=[{"job_name": "their_job", "workspace_id": self.OTHER}]))

    @staticmethod
    def rerun(service: t.Any, given: dict[str, t.Any]) -> dict[str, t.Any]:
        there = options(service, workspace_id=TestAcrossWorkspaces.OTHER, journal=given["journal"], settle_time=60)
        return call("job_rerun", there)

    def test_what_it_sent_there_is_known_there(self, service: t.Any, given: dict[str, t.Any]) -> None:
        assert call("job_instance_retry", given)["changed"]
        result = self.rerun(service, given)
        assert [(instance["action"], instance["rerun"]) for instance in result["instances"]] == [("settling", True)]
        assert set(reruns(service.journal()).values()) == {1}

    def test_what_was_sent_there_is_known_to_it(self, service: t.Any, given: dict[str, t.Any]) -> None:
        assert self.rerun(service, given)["changed"]
        result = call("job_instance_retry", given)
        assert (result["changed"], result["failed"], result["error"]["kind"]) == (False, True, "blocked"), "daily_sales is left"
        assert "was sent at" in result["instances"][0]["reason"]
        assert "that request did not include 1 instance due for a rerun; rerun them with task_retrys" in result["msg"]
        assert set(reruns(service.journal()).values()) == {1}
