# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are taken for a typo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._role.typos import typos

ROOT = Path(__file__).resolve().parents[3]
#: The typo that the documentation shows, and the helper variable.
SHOWN = {"dataarts_job", "dataarts_jobs_finance", "dataarts_max_instance"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dataarts_job", "dataarts_jobs"),
        ("dataarts_joblist", "dataarts_jobs"),
        ("dataarts_max_instance", "dataarts_max_instances"),
        ("dataarts_max_paralel", "dataarts_max_parallel"),
        ("dataarts_planned_afer", "dataarts_planned_after"),
        ("dataarts_plannedafter", "dataarts_planned_after"),
        ("dataarts_status", "dataarts_statuses"),
        ("dataarts_sinc", "dataarts_since"),
        ("dataarts_planid", "dataarts_plan_id"),
        ("dataarts_plan", "dataarts_plans"),
        ("dataarts_host", "dataarts_hosts"),
        ("dataart_jobs", "dataarts_jobs"),
        ("datarts_max_instances", "dataarts_max_instances"),
        ("dataarts_jbos", "dataarts_jobs"),
        ("dataarts_jods", "dataarts_jobs"),
        ("dataarts_Jobs", "dataarts_jobs"),
        ("DATAARTS_MAX_INSTANCES", "dataarts_max_instances"),
        ("dataarts_max_instances_", "dataarts_max_instances"),
        ("dataarts_plans_id", "dataarts_plan_id"),
        ("dataarts_palns", "dataarts_plans"),
    ],
)
def test_a_typo_is_refused(name: str, meant: str) -> None:
    refused, warned = typos([name, "dataarts_since", "dataarts_jobs", "ansible_host", "jobs", "order"])
    assert refused == [f"{name} is not a variable of this role. Did you mean {meant}? If it is a variable of your own, rename it."]
    assert warned == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dataarts_jobs_finance", "dataarts_jobs"),
        ("dataarts_job_names", "dataarts_jobs"),
        ("dataarts_since_last_night", "dataarts_since"),
        ("dataarts_max_instances_default", "dataarts_max_instances"),
        ("dataarts_planned_after_weekend", "dataarts_planned_after"),
        ("dataarts_wait_time", "dataarts_wait_timeout"),
        ("dataarts_max_reruns_per_day_sales", "dataarts_max_reruns_per_day"),
        ("dataarts_plan_record_file", "dataarts_plan_record"),
    ],
)
def test_a_helper_variable_that_begins_like_an_option_is_warned_about(name: str, meant: str) -> None:
    assert typos([name]) == ([], [f"{name} is not a variable of this role. Did you mean {meant}? It is ignored."])


@pytest.mark.parametrize("name", ["since", "max_instances", "planned_before", "plan_id", "planned_after"])
def test_an_option_without_its_prefix_is_refused_unless_the_variable_is_there_too(name: str) -> None:
    (sentence,) = typos([name, "dataarts_jobs"]).refused
    assert f"{name} is not a variable of this role. Did you mean dataarts_{name}?" in sentence
    assert typos([name, f"dataarts_{name}"]) == ([], [])
    assert len(typos([name, "jobs"]).refused) == 2
    assert f"set dataarts_{name} next to it." in sentence


@pytest.mark.parametrize("name", ["jobs", "since", "max_instances"])
def test_what_somebody_has_typed_is_not_ignored_for_what_the_inventory_says(name: str) -> None:
    assert len(typos([name, f"dataarts_{name}"], {name}).refused) == 1
    assert typos([name, f"dataarts_{name}"], {name, f"dataarts_{name}"}) == ([], [])
    assert typos([name, f"dataarts_{name}"], {"jbos"}) == ([], [])


@pytest.mark.parametrize(
    "name",
    ["dataarts_owner", "dataarts_environment", "dataarts_team", "dataarts_start_time", "dataarts_regions", "job", "data_jobs", "order"],
)
def test_a_variable_of_the_users_own_is_left_alone(name: str) -> None:
    assert typos([name]) == ([], [])


def test_no_variable_of_the_collection_is_taken_for_a_typo() -> None:
    folders = ("roles", "playbooks", "plugins/modules", "plugins/inventory", "docs/docsite", "docs/project", "examples", "extensions/eda")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".rst", ".md", ".py")]
    names = {name for path in files for name in re.findall(r"\bdataarts_[a-z0-9_]*[a-z0-9]\b", path.read_text(encoding="utf-8"))}
    assert {"dataarts_max_instances", "dataarts_serial", "dataarts_rerun_result", "dataarts_proposal_directory"} <= names
    assert typos(names - SHOWN) == ([], [])
