# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are taken for a spelling mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._role.typos import misspelled

ROOT = Path(__file__).resolve().parents[3]
#: A variable of playbook rerun_related, which makes no difference to role rerun; and the mistake that the guide shows.
MISTAKES = {"dataarts_job_name", "dataarts_job"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dataarts_job", "dataarts_jobs"),
        ("dataarts_job_name", "dataarts_jobs"),
        ("dataarts_job_names", "dataarts_jobs"),
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
    ],
)
def test_what_is_most_likely_a_mistake_is_told(name: str, meant: str) -> None:
    (sentence,) = misspelled([name, "dataarts_since", "dataarts_jobs", "ansible_host", "jobs", "order"])
    assert sentence == (
        f"{name} is no variable of the role and would be ignored. Write {meant} if that is meant; a variable of your own needs another name."
    )


@pytest.mark.parametrize("name", ["since", "max_instances", "planned_before", "plan_id", "planned_after"])
def test_an_option_without_its_prefix_is_told_unless_the_variable_is_there_too(name: str) -> None:
    (sentence,) = misspelled([name, "dataarts_jobs"])
    assert f"{name} is no variable of the role and would be ignored. Write dataarts_{name} if that is meant" in sentence
    assert misspelled([name, f"dataarts_{name}"]) == []
    assert len(misspelled([name, "jobs"])) == 2


@pytest.mark.parametrize(
    "name",
    ["dataarts_owner", "dataarts_environment", "dataarts_team", "dataarts_start_time", "dataarts_regions", "job", "data_jobs", "order"],
)
def test_a_variable_of_the_users_own_is_left_alone(name: str) -> None:
    assert misspelled([name]) == []


def test_no_variable_of_the_collection_is_taken_for_a_mistake() -> None:
    folders = ("roles", "playbooks", "plugins/modules", "plugins/inventory", "docs/docsite", "examples", "extensions/eda")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".rst", ".md", ".py")]
    names = {name for path in files for name in re.findall(r"\bdataarts_[a-z0-9_]*[a-z0-9]\b", path.read_text(encoding="utf-8"))}
    assert {"dataarts_max_instances", "dataarts_serial", "dataarts_rerun_result", "dataarts_proposal_directory"} <= names
    assert misspelled(names - MISTAKES) == []
