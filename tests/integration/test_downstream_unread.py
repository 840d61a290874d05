# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refused request for downstream instances does not mean that there are none: the last pass still says so, and the goal is not reached."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.logic import call, passes
from tests.support.scenarios import FREE, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

HOUR_MS = 3_600_000
FORBIDDEN = {"kind": "status", "status": 403, "code": "DLF.6888", "message": "The user has no permission."}
UNKNOWN = {"kind": "status", "status": 400, "code": "DLF.0137", "message": "The job instance does not exist."}
INVALID = {"kind": "status", "status": 400, "code": "DLF.3051", "message": "The request parameter is invalid."}
#: An instance that a person stopped while it ran. It is not rerun, but its downstream instances are read.
BY_HAND = {"plan_time": "-2h", "status": "manual-stop", "start_time": "-119m", "end_time": "-110m"}
JOBS = [
    {"name": "orders", "instances": [{"plan_time": "-2h", "status": "fail"}]},
    {
        "name": "mart",
        "depends_on": ["orders"],
        "self_dependent": True,
        "instances": [BY_HAND, {"plan_time": "-1h", "status": "success", "parents": []}],
    },
]
CYCLES = f"Whether job mart in workspace {WORKSPACE_ID} depends on its own previous cycle, and so needs a rerun too, is not known"
BELOW = f"What depends on job orders in workspace {WORKSPACE_ID} is not known"


def begun(service: Running, tmp_path: Path, downstream: str) -> dict[str, t.Any]:
    """Reset the emulator. Returns options for a rerun of orders."""
    service.reset(small_night(jobs=JOBS, run_seconds=1, switches={**FREE, **V1, **V2, "depend_open": True}, speed=60))
    journal = str(tmp_path / "journal.db")
    return options(service, jobs=["orders"], journal=journal, settle_time=1, poll_interval=1, planned_after="-1d", downstream=downstream)


@pytest.mark.parametrize("downstream", ["report", "cancelled", "stale"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"route": "v1_job", "job_name": "mart", **FORBIDDEN}, CYCLES),
        ({"route": "v2_depend_instances", **UNKNOWN}, BELOW),
        ({"route": "v2_depend_instances", **INVALID}, BELOW),
    ],
)
def test_what_is_refused_is_not_known(service: Running, tmp_path: Path, downstream: str, fault: dict[str, t.Any], said: str) -> None:
    given = begun(service, tmp_path, downstream)
    service.inject({**fault, "rate": 1.0})
    checked = call("job_rerun", given, check=True)
    assert said in " ".join(checked["problems"])
    result = passes(given)[-1]
    assert [entry["job_name"] for entry in service.journal()] == ["orders"]
    assert (said in " ".join(result["problems"]), result["failed"]) == (True, downstream != "report"), result


@pytest.mark.parametrize("downstream", ["report", "stale"])
def test_what_will_depend_on_what_a_repair_makes_is_not_known_either(service: Running, tmp_path: Path, downstream: str) -> None:
    service.reset(small_night(jobs=JOBS, switches={**FREE, **V1, **V2, "depend_open": True}))
    service.inject({"route": "v2_depend_jobs", **FORBIDDEN, "rate": 1.0})
    now = int(time.time() * 1000)
    gap = {
        "workspace_id": WORKSPACE_ID,
        "job_name": "orders",
        "name": "repair_orders",
        "start_date": now - 2 * HOUR_MS,
        "end_date": now - HOUR_MS,
        "until": now,
        "state": "missing",
    }
    repair = {"gaps": [gap], "below": {}, "all_since": False, "names": {WORKSPACE_ID: "sales"}}
    given = options(service, journal=str(tmp_path / "journal.db"), settle_time=1, planned_after="-1d", downstream=downstream)
    result = call("job_rerun", {**given, "pass_state": {"run_id": "r", "plan_only": True, "repair": repair}})
    assert BELOW in " ".join(result["problems"])


@pytest.mark.parametrize(("used", "said"), [({}, False), ({"api_version": "v2"}, True)])
@pytest.mark.parametrize("downstream", ["report", "stale"])
def test_without_v1_it_says_that_later_cycles_are_not_looked_for(
    service: Running, tmp_path: Path, downstream: str, used: dict[str, t.Any], said: bool
) -> None:
    given = begun(service, tmp_path, downstream)
    result = passes({**given, **used})[-1]
    limits = [
        text for text in result["problems"] if text.startswith("Later cycles of jobs that depend on their own previous cycle are not")
    ]
    assert (bool(limits), result["failed"]) == (said, downstream == "stale" and not said), result
