# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module rerun_history_info: filters, totals and the entries of attempts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.parameters import PASS_VARS

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import KIND_WORDS, OUTCOME_WORDS
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook
from ansible_collections.dataarts.factory.plugins.module_utils._journal.runs import RunBook
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import AttemptKind, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.job_run import KeyedRun
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import MadeBy, Phase
from ansible_collections.dataarts.factory.plugins.modules import rerun_history_info
from tests.support.logic import call
from tests.support.long import whole_plays
from tests.unit._journal.building import WORKSPACE, at, claim

OTHER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> str:
    where = str(tmp_path / "journal.db")
    with Journal(where, password=None, project_id="p") as journal:
        who = {"controller": "awx-1", "user": "jane\x1b", "purpose": "INC-4711", "plan_id": "plan-1"}
        accepted = claim(journal, 1, seconds=1, instance_id="i-1", **who)
        journal.record(accepted, Outcome.ACCEPTED, now_ms=at(2), request_id="r-1")
        claim(journal, 2, seconds=2, job_name="daily_stock", run_id="run-2")
        claim(journal, 3, seconds=3, workspace_id=OTHER)
    with Journal(where, password=None, project_id="q") as journal:
        claim(journal, 4, seconds=4)
    return where


def history(path: str, **options: t.Any) -> t.Any:
    return call("rerun_history_info", {"journal": path, **options})


def test_an_attempt_says_who_sent_what_when_and_why(path: str) -> None:
    result = history(path, outcomes=["accepted"])
    assert result["attempts"] == [
        {
            "workspace_id": WORKSPACE,
            "job_name": "daily_sales",
            "job_id": "868641",
            "instance_id": "i-1",
            "plan_time": at(-7199),
            "plan_time_iso": "2026-11-23T01:00:01Z",
            "submit_time": at(-86_400),
            "status_before": "fail",
            "sent_time": at(1),
            "sent_time_iso": "2026-11-23T03:00:01Z",
            "kind": "rerun",
            "outcome": "accepted",
            "number": 1,
            "batch": 1,
            "request_id": "r-1",
            "message": "",
            "run_id": "run-1",
            "since": at(0),
            "since_iso": "2026-11-23T03:00:00Z",
            "controller": "awx-1",
            "user": "jane\\x1b",
            "purpose": "INC-4711",
            "plan_id": "plan-1",
            "open": True,
        }
    ]
    assert (result["total"], result["outcomes"]["accepted"], result["journal"], result["changed"]) == (1, 1, path, False)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, [4, 3, 2, 1]),
        ({"project_id": "p"}, [3, 2, 1]),
        ({"project_id": "q", "workspace_id": WORKSPACE}, [4]),
        ({"workspace_id": OTHER}, [3]),
        ({"jobs": ["*_stock"]}, [2]),
        ({"run_id": "run-2"}, [2]),
        ({"run_id": "run-3"}, []),
        ({"outcomes": ["intended", "unknown"], "project_id": "p"}, [3, 2]),
        ({"outcomes": []}, [4, 3, 2, 1]),
        ({"made_after": "2026-11-23T03:00:02Z"}, [4, 3, 2]),
        ({"made_before": str(at(2))}, [2, 1]),
        ({"made_after": "2026-11-23T03:00:02Z", "made_before": "2026-11-23T11:00:03+08:00"}, [3, 2]),
        ({"planned_after": str(at(-7197))}, [4, 3]),
        ({"planned_before": str(at(-7198))}, [2, 1]),
        ({"made_after": "-1s"}, []),
    ],
    ids=str,
)
def test_filters(path: str, options: dict[str, t.Any], seconds: list[int]) -> None:
    result = history(path, **options)
    assert [attempt["sent_time"] for attempt in result["attempts"]] == [at(second) for second in seconds]
    assert result["total"] == sum(result["outcomes"].values()) == len(seconds)


def test_a_limit_leaves_the_totals_alone(path: str) -> None:
    result = history(path, limit=1)
    assert [attempt["sent_time"] for attempt in result["attempts"]] == [at(4)]
    assert (result["total"], result["outcomes"]) == (4, {**dict.fromkeys(OUTCOME_WORDS, 0), "accepted": 1, "intended": 3})
    assert (history(path, limit=0)["attempts"], history(path, limit=0)["total"]) == ([], 4)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"limit": -1}, "option", "limit is -1. Use 0 or more."),
        ({"jobs": []}, "option", "jobs"),
        ({"made_after": "yesterday"}, "option", "made_after"),
        ({"made_after": "-1h", "made_before": "-2h"}, "option", "made_after (2"),
        ({"outcomes": ["lost"]}, "specification", "outcomes"),
        ({"journal": "mysql://h/d"}, "option", "journal is a URI of kind mysql"),
        ({"journal": "/dev/null"}, "journal", "cannot open the journal /dev/null: it is a directory or device"),
        ({"journal": "postgresql://h:1/d?host=127.0.0.1", "journal_password": "s3cret"}, "journal", "Connection refused"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(path: str, options: dict[str, t.Any], kind: str, message: str) -> None:
    result = history(path, **options)
    assert (result["failed"], result["error"]["kind"]) == (True, kind)
    assert message in result["msg"]
    assert "s3cret" not in str(result)


@pytest.mark.parametrize(
    "journal",
    whole_plays(
        [
            "postgresql://u:s3cret%40x@127.0.0.1:1/d",
            "postgresql://127.0.0.1:1/d?user=u&password=s3cret%40x",
            "mysql://u:s3cret%40x@h/d",
            "postgresql://u:password@s3cret@127.0.0.1:1/d",
            "postgresql://u:password/s3cret@127.0.0.1:1/d",
            "mysql://u:password@s3cret@h/d",
            "u:s3cret%40x@127.0.0.1:1/d",
            "/home/me/u:s3cret@127.0.0.1:1/d",
        ]
    ),
)
def test_a_password_in_the_uri_is_not_in_the_result_of_a_real_module(journal: str) -> None:
    """Ansible returns the options of a module in its result; since ansible-core 2.20 only in verbose runs."""
    settings = {"_ansible_verbosity": 3, **({"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {})}
    arguments = {"ANSIBLE_MODULE_ARGS": {"journal": journal, "journal_password": "0ther-secret", **settings}}
    done = subprocess.run(
        [sys.executable, "-m", rerun_history_info.__name__],
        input=json.dumps(arguments),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    result = json.loads(done.stdout)
    assert result["failed"]
    assert "127.0.0.1" in str(result["invocation"]) or "mysql" in str(result["invocation"])
    assert not [secret for secret in ("s3cret", "0ther") if secret in done.stdout + done.stderr], done.stdout


def test_a_journal_that_is_not_there_is_empty_and_not_made(tmp_path: Path) -> None:
    result = history(str(tmp_path / "none.db"))
    assert (result["attempts"], result["total"]) == ([], 0)
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_read_is_warned_of_and_stays(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("words " * 100, encoding="utf-8")
    assert "The next rerun sets it aside" in history(str(tmp_path))["warnings"][0]
    assert [file.name for file in tmp_path.iterdir()] == ["journal.db"]


def test_what_it_returns_is_documented(path: str) -> None:
    returns = yaml.safe_load(rerun_history_info.RETURN)
    result = history(path)
    assert set(result) - {"failed", "warnings", "changed"} == set(returns) - {"error"}
    assert set(result["attempts"][0]) == set(returns["attempts"]["contains"]) - {
        *("patch_data", "plan_time_end", "plan_time_end_iso", "run_key")
    }
    with Journal(path, password=None, project_id="p") as journal:
        pause(journal, "daily_sales")
    assert set(history(path)["open_pauses"][0]) == set(returns["open_pauses"]["contains"])
    assert [kind.value for kind in AttemptKind] == list(KIND_WORDS)
    assert set(history(path, limit=-1)["error"]) == set(returns["error"]["contains"])
    assert [outcome.value for outcome in Outcome] == list(OUTCOME_WORDS)


def pause(journal: Journal, job_name: str, project: str = "p", workspace: str = WORKSPACE) -> PauseBook:
    book = PauseBook(journal, project, workspace)
    assert book.begin(job_name, MadeBy.RERUN, "run-1", ("awx-1", "jane", "INC-4711"), at(0), 7)
    return book


def run_by_hand(journal: Journal, second: int, job_name: str = "daily_sales", project: str = "p", **changes: t.Any) -> None:
    known: dict[str, t.Any] = {"run_key": f"key-{second}", "run_id": "run-9", "outcome": Outcome.ACCEPTED, "instance_id": "i-9", **changes}
    rest: dict[str, t.Any] = {
        "read_back": False,
        "request_id": "r-9",
        "message": "",
        "controller": "awx-1",
        "user": "joe",
        "purpose": "INC-9",
    }
    moments: dict[str, t.Any] = {"sent_ms": at(second), "last_ms": at(second), "journal_ms": 0, "flight_ms": 7}
    made = KeyedRun(job_name=job_name, params="salt:hash", known=(), **moments, **rest, **known)
    assert RunBook(journal, project, WORKSPACE, job_name).claim(made, None)


def test_runs_by_hand_are_in_it(path: str) -> None:
    with Journal(path, password=None, project_id="p") as journal:
        run_by_hand(journal, 5)
        run_by_hand(journal, 6, "weekly", outcome=Outcome.UNKNOWN)
        run_by_hand(journal, 7, project="q")
    result = history(path, project_id="p")
    assert [attempt["sent_time"] for attempt in result["attempts"]] == [at(second) for second in (6, 5, 3, 2, 1)]
    run = result["attempts"][1]
    assert (run["kind"], run["run_key"], run["instance_id"], run["run_id"], run["purpose"]) == ("run", "key-5", "i-9", "run-9", "INC-9")
    assert {run[name] for name in ("job_id", "plan_time", "plan_time_iso", "submit_time", "status_before", "since", "since_iso")} == {None}
    assert (result["kinds"]["run"], result["kinds"]["rerun"], result["outcomes"]["unknown"]) == (2, 3, 1)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"kinds": ["run"]}, [7, 6, 5]),
        ({"kinds": ["rerun", "pause"]}, [4, 3, 2, 1]),
        ({"kinds": []}, [7, 6, 5, 4, 3, 2, 1]),
        ({"workspace_id": OTHER}, [3]),
        ({"jobs": ["weekly", "daily_stock"]}, [6, 2]),
        ({"run_id": "run-9", "project_id": "p"}, [6, 5]),
        ({"outcomes": ["unknown"]}, [6]),
        ({"made_after": str(at(3)), "made_before": str(at(5))}, [5, 4, 3]),
        ({"planned_before": str(at(0))}, [4, 3, 2, 1]),
    ],
    ids=str,
)
def test_filters_of_runs_by_hand(path: str, options: dict[str, t.Any], seconds: list[int]) -> None:
    with Journal(path, password=None, project_id="p") as journal:
        run_by_hand(journal, 5)
        run_by_hand(journal, 6, "weekly", outcome=Outcome.UNKNOWN)
    with Journal(path, password=None, project_id="q") as journal:
        run_by_hand(journal, 7, project="q", run_id="run-7")
    assert [attempt["sent_time"] for attempt in history(path, **options)["attempts"]] == [at(second) for second in seconds]


def test_pauses_are_named_until_they_end_whatever_else_is_asked_for(path: str) -> None:
    with Journal(path, password=None, project_id="p") as journal:
        pause(journal, "weekly").hold(["weekly"], "run-2", 600_000)
        book = pause(journal, "daily_sales")
        pause(journal, "daily_sales", workspace=OTHER)
        pause(journal, "daily_sales", project="q")
        listed = history(path, project_id="p", workspace_id=WORKSPACE, made_after="-1s", kinds=["run"], limit=0)["open_pauses"]
        assert [(entry["job_name"], entry["phase"], entry["user"], entry["purpose"], entry["needed_by"]) for entry in listed] == [
            ("daily_sales", Phase.PAUSING.value, "jane", "INC-4711", []),
            ("weekly", "pausing", "jane", "INC-4711", ["run-2"]),
        ]
        assert [len(history(path, **options)["open_pauses"]) for options in ({}, {"jobs": ["week*"]}, {"project_id": "q"})] == [4, 1, 1]
        assert book.close(book.read().by_job["daily_sales"], "started again")
        assert [entry["job_name"] for entry in history(path, project_id="p", workspace_id=WORKSPACE)["open_pauses"]] == ["weekly"]


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({}, 1),
        ({"planned_after": str(at(100)), "planned_before": str(at(200))}, 1),
        ({"planned_before": str(at(0))}, 1),
        ({"planned_before": str(at(-1))}, 0),
        ({"planned_after": str(at(900))}, 1),
        ({"planned_after": str(at(901))}, 0),
    ],
    ids=str,
)
def test_patch_data_is_asked_for_by_its_dates(tmp_path: Path, options: dict[str, t.Any], number: int) -> None:
    where = str(tmp_path / "journal.db")
    with Journal(where, password=None, project_id="p") as journal:
        dates = {"plan_time": 0, "submit_time": at(0), "end_time": at(900), "job_id": "patch_data:week_44"}
        claim(journal, 1, kind=AttemptKind.PATCH_DATA, **dates)
        claim(journal, 2, kind=AttemptKind.PAUSE, plan_time=0, submit_time=0, end_time=None, job_id="pause:token:")
    result = history(where, kinds=["patch_data"], **options)
    assert [(entry["plan_time"], entry["plan_time_end"], entry["patch_data"]) for entry in result["attempts"]] == [
        (at(0), at(900), "week_44")
    ] * number
    assert history(where, **options)["total"] == number + (not options)


def test_a_journal_that_is_not_there_is_told_from_one_without_entries(path: str, tmp_path: Path) -> None:
    absent = str(tmp_path / "journal.bd")
    assert any(absent in text for text in call("rerun_history_info", {"journal": absent, "project_id": "p"})["warnings"])
    assert not call("rerun_history_info", {"journal": path, "project_id": "other"})["warnings"]
