# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario that most tests start from, and its credentials."""

from __future__ import annotations

import json
import os
import typing as t

#: Environment variable with settings of switches, as JSON, which tests may override; `make switches` sets it.
SWITCHES_VARIABLE = "DATAARTS_TEST_SWITCHES"
REGION = "cn-north-4"
DOMAIN = "acme"
PROJECT_ID = "62099355b894428e8916573ae635f1f9"
WORKSPACE_ID = "62fbba734e634c5087656fc3ff7adf34"
WORKSPACE_NAME = "sales"
#: The second workspace of :func:`two_workspaces`.
SUPPLY_ID = "7c1d0be22f5b4e0c9d3a5c8f6e4b2a10"
USER_NAME = "night-operator"
USER_PASSWORD = "Pa55-word-of-the-night!"
ACCESS_KEY = "AKNIGHTOPERATOR00001"
SECRET_KEY = "sk-of-the-night-operator-0123456789abcdef"
AGENCY_NAME = "rerun-agency"
STUDIO_ID = "b8fb5a0c5d6f4c35a3a7e9d1c2f30417"

#: For tests that are not about flow control.
FREE = {"flow_control": False}
#: For tests that need an API generation: they count its requests, or set api_version.
V1 = {"v1_open": True}
V2 = {"v2_open": True, "v2_list_open": True, "v2_retry_open": True}
BOTH = {**V1, **V2}
#: Value of api_version to the switches that it needs.
OPEN = {"auto": {}, "v1": V1, "v2": V2}
#: The two sample bodies on the page of the rerun endpoint [H-RET].
PAGE_SELECTED: dict[str, t.Any] = {
    "retry_location": "errorNode",
    "retry_task_version": "original_version",
    "ignore_obs_monitor": True,
    "task_retrys": [{"job_id": 917567, "plan_time": 1732601580000, "submit_time": 1732239754684}],
}
PAGE_RELATED: dict[str, t.Any] = {
    "retry_location": "errorNode",
    "retry_task_version": "current_version",
    "ignore_obs_monitor": True,
    "begin_time": 1732608520000,
    "end_time": 1732612120000,
    "jobs": [{"job_name": "job_test_smn2", "workspace_id": WORKSPACE_ID}],
    "concurrent": 2,
}


def switched(**stated: t.Any) -> dict[str, t.Any]:
    """Switches of a scenario: those of ``DATAARTS_TEST_SWITCHES``, overridden by *stated*."""
    return {**json.loads(os.environ.get(SWITCHES_VARIABLE) or "{}"), **stated}


def small_night(**changes: t.Any) -> dict[str, t.Any]:
    """One account, one workspace, three jobs: daily_sales (3 failed, 2 succeeded), hourly_stock (2 failed), weekly_report (1 failed, fails again).

    :param changes: top-level keys of the scenario to replace: ``switches``, ``faults``, ``speed`` (default 60), ``run_seconds`` (default 3);
        ``jobs`` replaces the workspace's jobs, ``workspaces`` the account's workspaces, ``users`` its users, ``agencies`` its agencies.
    """
    jobs = [
        {"name": "daily_sales", "id": 917567, "submit_time": 1732239754684, "failed": 3, "succeeded": 2, "every": "1h"},
        {"name": "hourly_stock", "id": 917568, "failed": 2, "every": "1h"},
        {"name": "weekly_report", "id": 917569, "failed": 1, "runs": ["fail", "success"]},
    ]
    account: dict[str, t.Any] = {
        "domain": DOMAIN,
        "region": REGION,
        "project_id": PROJECT_ID,
        "studios": [{"id": STUDIO_ID, "name": "dataarts-acme"}],
        "users": [{"name": USER_NAME, "password": USER_PASSWORD, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}],
        "workspaces": [{"id": WORKSPACE_ID, "name": WORKSPACE_NAME, "jobs": changes.pop("jobs", jobs)}],
    }
    for name in ("workspaces", "users", "agencies", "projects"):
        if name in changes:
            account[name] = changes.pop(name)
    changes["switches"] = switched(**changes.get("switches", {}))
    return {"accounts": [account], "speed": 60, "run_seconds": 3, **changes}


def twins(plan_time: str = "-1h", **changes: t.Any) -> list[dict[str, t.Any]]:
    """A normal and a PatchData instance of one job with the same job_id, plan_time and submit_time; both failed.

    :param changes: further keys of both instances, as in a scenario.
    """
    return [{"plan_time": plan_time, "status": "fail", "type": number, **changes} for number in (0, 5)]


def two_workspaces(**changes: t.Any) -> dict[str, t.Any]:
    """:func:`small_night` with a second workspace of the account, supply, in which two instances of one job failed."""
    scenario = small_night(**changes)
    scenario["accounts"][0]["workspaces"].append(
        {"id": SUPPLY_ID, "name": "supply", "jobs": [{"name": "stock_levels", "id": 917601, "failed": 2}]}
    )
    return scenario
