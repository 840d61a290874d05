# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run whose instances were already rerun, by a killed run or another controller.

Both together bring the downstream instances up to date, each once, or the second one fails. The emulator's journal is the evidence.
"""

from __future__ import annotations

import collections
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task import passes
from tests.support.logic import call
from tests.support.long import whole_plays, whole_plays_of
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options

Json = dict[str, t.Any]
RUN_SECONDS = 30


def begin(service: t.Any, **switches: t.Any) -> None:
    """Reset the emulator: orders failed, board was cancelled because of that, and mart and its downstream job sheet succeeded on old data."""
    jobs = [
        {"name": "orders", "instances": [{"plan_time": "-1h", "status": "fail"}]},
        {"name": "board", "depends_on": ["orders"], "instances": [{"plan_time": "-1h", "status": "manual-stop", "cancelled": True}]},
        {"name": "mart", "depends_on": ["orders"], "instances": [{"plan_time": "-1h", "status": "success"}]},
        {"name": "sheet", "depends_on": ["mart"], "instances": [{"plan_time": "-1h", "status": "success"}]},
    ]
    service.reset(small_night(jobs=jobs, run_seconds=RUN_SECONDS, switches={**FREE, **V1, **V2, "depend_open": True, **switches}))


def play(service: t.Any, given: Json, run_id: str, most: int = 40) -> Json:
    """Make up to *most* passes of a run without ``since``. Fewer than it needs means that it was killed. Returns the last result."""
    run = passes.Passes(run_id=run_id)
    result: Json = {}
    for _number in range(most):
        result = call("job_rerun", passes.next_args(given, run))
        run = run.after(result)
        if run.ended:
            break
        service.advance(RUN_SECONDS / 2)
    return result


def rerun(service: t.Any) -> dict[str, int]:
    """Number of reruns by job."""
    return dict(collections.Counter(instance["job_name"] for entry in service.journal() for instance in entry["instances"]))


@pytest.mark.parametrize("jobs", whole_plays([["orders"], ["*"]]))
@pytest.mark.parametrize(
    ("downstream", "expected"), whole_plays_of([("stale", ["orders", "board", "mart", "sheet"]), ("cancelled", ["orders", "board"])])
)
def test_two_runs_bring_it_to_its_end_wherever_the_first_ends(
    service: t.Any, tmp_path: Path, jobs: list[str], downstream: str, expected: list[str]
) -> None:
    for most in range(9):
        begin(service)
        journal = str(tmp_path / f"{most}.db")
        given = options(service, jobs=jobs, journal=journal, settle_time=1, poll_interval=1, downstream=downstream)
        play(service, given, "first", most)
        last = play(service, given, "second")
        assert (last.get("failed", False), last["finished"], rerun(service)) == (False, True, dict.fromkeys(expected, 1)), most
        again = play(service, given, "third")
        assert (again["finished"], again["changed"], rerun(service)) == (True, False, dict.fromkeys(expected, 1)), most


@pytest.mark.parametrize("downstream", ["cancelled", "stale"])
def test_what_a_task_stopped_while_it_waited_is_not_rerun(service: t.Any, tmp_path: Path, downstream: str) -> None:
    jobs = [
        {"name": "orders", "instances": [{"plan_time": "-1h", "status": "fail"}]},
        {"name": "board", "depends_on": ["orders"], "instances": [{"plan_time": "-1h", "status": "waiting"}]},
        {"name": "sheet", "depends_on": ["board"], "instances": [{"plan_time": "-1h", "status": "success"}]},
    ]
    service.reset(small_night(jobs=jobs, run_seconds=RUN_SECONDS, switches={**FREE, **V1, **V2, "depend_open": True}))
    given = options(service, jobs=["orders"], journal=str(tmp_path / "journal.db"), settle_time=1, poll_interval=1, downstream=downstream)
    (board,) = service.instances("board")
    ids = {"job_name": "board", "instance_ids": [str(board["instance_id"])]}
    stopped = call("job_instance_stop", options(service, **ids, journal=given["journal"], settle_time=1))
    assert [instance["action"] for instance in stopped["instances"]] == ["stopped"]
    last = play(service, given, "after")
    assert rerun(service) == {"orders": 1, "board": 1}, "the stop, and no rerun of what was stopped"
    assert [entry["kind"] for entry in service.journal()] == ["stop", "retry"]
    assert {i["job_name"]: i["action"] for i in last["instances"]} == {
        "orders": "done",
        **({"sheet": "blocked"} if downstream == "stale" else {}),
    }


def test_what_was_rerun_without_regard_to_dependants_is_followed_by_them(service: t.Any, tmp_path: Path) -> None:
    begin(service)
    given = options(service, jobs=["orders"], journal=str(tmp_path / "journal.db"), settle_time=1, poll_interval=1)
    play(service, given, "first")
    assert play(service, {**given, "downstream": "report"}, "second")["changed"] is False
    said = "An earlier run has rerun orders. What depends on it and has not succeeded since then is rerun too."
    checked = call("job_rerun", {**given, "downstream": "stale"}, check=True)
    assert (said in checked["problems"], [instance["action"] for instance in checked["instances"]].count("retry")) == (True, 3)
    assert play(service, {**given, "downstream": "stale"}, "third")["finished"]
    again = call("job_rerun", {**given, "downstream": "stale"}, check=True)
    assert (said in again["problems"], again["changed"]) == (False, False)
    assert rerun(service) == dict.fromkeys(["orders", "board", "mart", "sheet"], 1)


@pytest.mark.parametrize("downstream", ["cancelled", "stale"])
def test_where_it_cannot_be_known_the_run_fails(service: t.Any, tmp_path: Path, downstream: str) -> None:
    begin(service)
    given = options(service, jobs=["orders"], journal=str(tmp_path / "journal.db"), settle_time=1, poll_interval=1, max_retries=0)
    play(service, given, "first")
    service.inject({"route": "v2_depend_instances", "kind": "status", "status": 404})
    last = play(service, {**given, "downstream": downstream}, "second")
    assert last["failed"]
    assert "depends on" in last["msg"]
    assert rerun(service) == {"orders": 1}
