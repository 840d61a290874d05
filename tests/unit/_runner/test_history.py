# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module rerun_history_info: filters, totals, and what each attempt says."""

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

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import OUTCOME_WORDS
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.modules import rerun_history_info
from tests.support.logic import call
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
    ["postgresql://u:s3cret%40x@127.0.0.1:1/d", "postgresql://127.0.0.1:1/d?user=u&password=s3cret%40x", "mysql://u:s3cret%40x@h/d"],
)
def test_a_password_in_the_uri_is_not_in_the_result_of_a_real_module(journal: str) -> None:
    """Ansible returns the options of a module in its result; from ansible-core 2.20 on only where it is told to."""
    told = {"_ansible_verbosity": 3, **({"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {})}
    arguments = {"ANSIBLE_MODULE_ARGS": {"journal": journal, "journal_password": "0ther-secret", **told}}
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
    assert set(result["attempts"][0]) == set(returns["attempts"]["contains"]) - {"patch_data"}
    assert set(history(path, limit=-1)["error"]) == set(returns["error"]["contains"])
    assert [outcome.value for outcome in Outcome] == list(OUTCOME_WORDS)
