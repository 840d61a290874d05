# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of each module, options from an approved plan, and the role's first checks."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.plugin_utils._role.checks import related_problem, rerun_problem
from ansible_collections.dataarts.factory.plugins.plugin_utils._role.options import plan_of, variables_of


@pytest.mark.parametrize("module", list(MODULES))
def test_outside_of_the_role_no_variable_selects_or_limits_anything(module: str) -> None:
    variables = variables_of(module, role=False)
    assert variables == {name: f"dataarts_{name}" for name in variables}
    assert variables.keys() <= MODULES[module]().keys()
    assert not variables.keys() & {"jobs", "planned_after", "statuses", "since", "max_instances", "plan_id", "job_name", "limit", "wait"}
    assert ("workspace_id" in variables) == ("workspace_id" in MODULES[module]())


def test_in_the_role_every_option_that_it_documents_is_a_variable() -> None:
    rerun, related = variables_of("job_rerun", role=True), variables_of("job_instance_retry", role=True)
    assert rerun.keys() == MODULES["job_rerun"]().keys() - {"pass_state"}
    assert rerun["jobs"] == "dataarts_jobs"
    assert related.keys() == MODULES["job_instance_retry"]().keys() - {"task_retrys", "node_name", "pass_state"}
    assert (related["jobs"], related["only_statuses"]) == ("dataarts_related_jobs", "dataarts_statuses")
    assert variables_of("job_info", role=True) == variables_of("job_info", role=False)


PLAN = {"plan_id": "4-1f0c9a", "since": "2026-11-23T00:00:00Z", "planned_after": "-24h", "planned_before": None, "workspace_id": "W"}


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ({"sales": PLAN}, {"plan_id": "4-1f0c9a", "since": "2026-11-23T00:00:00Z", "planned_after": "-24h"}),
        ({"host sales": PLAN}, {"plan_id": "4-1f0c9a", "since": "2026-11-23T00:00:00Z", "planned_after": "-24h"}),
        ({"supply": PLAN}, {}),
        ({"sales": {**PLAN, "plan_id": ""}}, {}),
        ({"sales": "4-1f0c9a"}, {}),
        ({}, {}),
        ([PLAN], {}),
        ("", {}),
        (None, {}),
    ],
)
def test_the_plan_of_a_host(plans: t.Any, expected: dict[str, t.Any]) -> None:
    assert plan_of(plans, "sales") == expected


def test_a_rerun_needs_a_workspace_its_plan_and_no_typo() -> None:
    assert rerun_problem("sales", {"workspace_id": "W"}, without_plan=False, refused=[]) == ""
    everything = rerun_problem("localhost", {}, without_plan=True, refused=["One.", "Two."])
    assert everything.startswith("Nothing was sent for localhost: dataarts_workspace_id is not set.")
    assert "a warning above says why" in everything
    assert "has no plan for it" in everything
    assert everything.endswith("Nothing was sent for localhost: One. Two.")


def test_a_rerun_with_related_jobs_needs_what_it_asks_for() -> None:
    options = {"workspace_id": "W", "job_name": "a", "jobs": [{"job_name": "b"}], "begin_time": "x", "end_time": "y"}
    assert "dataarts_max_reruns_per_day is set" in related_problem("sales", options, limits=["dataarts_max_reruns_per_day"])
    assert related_problem("sales", options) == ""
    assert "dataarts_related_jobs is not set" in related_problem("sales", {**options, "jobs": None})
    assert "dataarts_related_jobs is an empty list" in related_problem("sales", {**options, "jobs": []})
    assert "dataarts_related_jobs and dataarts_end_time are not set" in related_problem(
        "sales", {"workspace_id": "W", "job_name": "a", "begin_time": "x"}
    )
