# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that count as typos."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.plugin_utils._role.typos import READS, account_variables, cut_value, read_by, typos

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


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dataarts_username", "dataarts_user_name"),
        ("dataarts_userpassword", "dataarts_user_password"),
        ("dataarts_acces_key", "dataarts_access_key"),
        ("dataarts_secretkey", "dataarts_secret_key"),
        ("dataarts_regoin", "dataarts_region"),
        ("dataarts_workspaceid", "dataarts_workspace_id"),
        ("dataarts_workspace", "dataarts_workspace_id"),
        ("dataarts_endpiont", "dataarts_endpoint"),
        ("dataarts_validate_cert", "dataarts_validate_certs"),
    ],
)
def test_a_typo_in_what_says_who_acts_and_where_is_warned_about(name: str, meant: str) -> None:
    assert typos([name]) == ([], [f"{name} is not a variable of this role. Did you mean {meant}? It is ignored."])
    assert typos([name, meant]) == ([], []), "it is somebody's own"
    read = read_by("job_instance_info", role=False, reads=["hosts"])
    asked = typos([name], read=read, reader="playbook", account=account_variables())
    assert asked == ([], [f"{name} is not a variable of this playbook. Did you mean {meant}? It is ignored."])
    assert typos([name], read=["webhook_url"], reader="playbook") == ([], []), "it does not ask the service"


@pytest.mark.parametrize("name", sorted(account_variables()))
def test_each_of_them_is_recognized_without_one_letter(name: str) -> None:
    (sentence,) = typos([f"dataarts_{name[:2]}{name[3:]}"]).warned
    assert f"Did you mean dataarts_{name}?" in sentence


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


def variables_of_playbook(name: str) -> dict[str, t.Any]:
    """The variables of the first play of playbook *name*."""
    plays = yaml.safe_load((ROOT / "playbooks" / f"{name}.yml").read_text(encoding="utf-8"))
    return t.cast("dict[str, t.Any]", plays[0]["vars"])


#: By playbook: the module that looks at its variables, and whether as role rerun.
MODULES = {
    "failed": ("job_instance_info", False),
    "history": ("rerun_history_info", False),
    "doctor": ("account_doctor", False),
    "event_rerun": ("job_rerun", True),
    "event_propose": ("job_rerun", True),
    "event_propose_repair": ("supplement_missing", True),
}


@pytest.mark.parametrize("playbook", MODULES)
def test_a_playbook_names_what_it_reads(playbook: str) -> None:
    """All that it reads, except options that its tasks are completed with anyway, and results that the play itself registers."""
    module, role = MODULES[playbook]
    reads = variables_of_playbook(playbook)[READS]
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8")
    names = set(re.findall(r"(?<![_.{])\bdataarts_([a-z_]+)\b", re.sub(r"(?m)#.*$", "", text)))
    left = {"workspace_id", "failed_result", "history_result", "checkup", "rerun_result", "rerun_summary", "missing_result"}
    itself = read_by(module, role=role) | {"check_only", "max_reruns_per_day"}
    assert set(reads) == names - left - itself


@pytest.mark.parametrize(
    ("playbook", "name", "meant"),
    [
        ("failed", "dataarts_planned_afer", "planned_after"),
        ("failed", "dataarts_planed_before", "planned_before"),
        ("failed", "dataarts_host", "hosts"),
        ("failed", "dataarts_job", "jobs"),
        ("failed", "dataarts_status", "statuses"),
        ("failed", "dataarts_find_mising", "find_missing"),
        ("failed", "dataarts_langauge", "language"),
        ("failed", "planned_after", "planned_after"),
        ("failed", "find_missing", "find_missing"),
        ("history", "dataarts_made_afer", "made_after"),
        ("history", "dataarts_limits", "limit"),
        ("history", "dataarts_kind", "kinds"),
        ("history", "dataarts_jornal", "journal"),
        ("history", "made_after", "made_after"),
        ("doctor", "dataarts_probe_rerty", "probe_retry"),
        ("doctor", "dataarts_report_paht", "report_path"),
        ("doctor", "probe_retry", "probe_retry"),
        ("event_rerun", "dataarts_webhok_url", "webhook_url"),
        ("event_propose", "dataarts_proposal_dir", "proposal_directory"),
        ("event_propose", "dataarts_max_instance", "max_instances"),
        ("event_propose_repair", "dataarts_stoped_jobs", "stopped_jobs"),
    ],
)
def test_a_typo_of_what_a_playbook_reads_is_refused(playbook: str, name: str, meant: str) -> None:
    module, role = MODULES[playbook]
    read = read_by(module, role=role, reads=variables_of_playbook(playbook)[READS])
    (sentence,) = typos([name], {name}, read=read, reader="playbook").refused
    assert sentence.startswith(
        f"{name} is not a variable of this playbook. Did you mean dataarts_{meant}? If it is a variable of your own, "
    )


def test_playbooks_without_a_module_of_ours_name_what_they_read_too() -> None:
    options = yaml.safe_load((ROOT / "roles" / "awx" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"][
        "main"
    ]["options"]
    assert variables_of_playbook("awx_setup")[READS] == sorted(name.removeprefix("dataarts_") for name in options)
    assert variables_of_playbook("event_notify")[READS] == ["webhook_url"]


@pytest.mark.parametrize("name", ["dataarts_max_instance", "dataarts_sinc", "since", "dataarts_job", "dataarts_planned_afer"])
def test_a_typo_of_what_the_playbook_does_not_read_is_left_to_those_that_do(name: str) -> None:
    read = read_by("account_doctor", role=False, reads=variables_of_playbook("doctor")[READS])
    assert typos([name], read=read) == ([], [])


def test_a_rerun_with_related_jobs_reads_variables_of_its_own() -> None:
    read = read_by("job_instance_retry", role=True)
    assert [typos([name], read=read).refused != [] for name in ("dataarts_relatd_jobs", "dataarts_max_instance", "dataarts_begin_tim")] == [
        True
    ] * 3
    assert typos(["dataarts_job_name", "dataarts_jobs", "dataarts_plan_id", "dataarts_max_parallel"], read=read) == ([], [])


@pytest.mark.parametrize(
    ("extra_vars", "name"),
    [
        (["dataarts_purpose=late upstream data"], "dataarts_purpose"),
        (["x=1", "x=1 dataarts_jobs=[daily_sales, daily_orders] dataarts_since=-1h"], "dataarts_jobs"),
        (["dataarts_never_rerun_reasons='no permission' dataarts_jobs=a b c"], "dataarts_jobs"),
        (["own=two words dataarts_purpose=late"], ""),
        (["dataarts_purpose='late upstream data'", 'dataarts_since="2026-11-30 02:00" x=1'], ""),
        (['{"dataarts_purpose": "late upstream data"}', "[a b]", "@late data.yml", "./late data.yml", "/late data.yml"], ""),
        ([], ""),
    ],
)
def test_a_value_that_ansible_cuts_off_is_named(extra_vars: list[str], name: str) -> None:
    sentence = cut_value(extra_vars)
    assert sentence.startswith(f"the value of {name} is cut off") if name else not sentence
    assert not any(word in sentence for word in ("late", "upstream", "daily_sales"))
