# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook awx_setup with the modules of awx.awx 24.6.1 against a double of AWX's API: once each, then nothing; check mode tells the truth."""

from __future__ import annotations

import json
import typing as t
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.awx import definitions
from tests.awx.double import Double
from tests.support.playbook import TREE, Ansible, Outcome
from tools import awx

pytestmark = [pytest.mark.awx, pytest.mark.timeout(1800)]

PLAYBOOK = "dataarts.factory.awx_setup"
EXAMPLE = definitions.ROOT / "examples" / "awx" / "awx.yml"
PLAYBOOKS = ("rerun.yml", "rerun_failed.yml", "rerun_related.yml", "recheck.yml", "gate.yml")
SECRETS = {"RETAIL_SECRET_KEY": "0123456789", "FINANCE_SECRET_KEY": "sk-of-finance-12345"}
KEYS = {"RETAIL_ACCESS_KEY": "AKRETAIL00001", "FINANCE_ACCESS_KEY": "AKFINANCE0002"}
OLDEST, NEWEST = "oldest", "newest"


def setup(
    age: str,
    double: Double,
    directory: Path,
    *arguments: str,
    variables: dict[str, t.Any] | None = None,
    env: dict[str, str] | None = None,
) -> Outcome:
    """Run the playbook with the example's variables."""
    directory.mkdir(exist_ok=True)
    login = {
        "CONTROLLER_HOST": double.url,
        "CONTROLLER_OAUTH_TOKEN": "token",
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
        "ANSIBLE_PIPELINING": "true",
    }
    environment: dict[str, str] = {**login, **KEYS, **SECRETS, **(env or {})}
    ansible = Ansible(
        directory,
        Path(f"{TREE}:{awx.collection()}"),
        environment,
        awx.python(awx.cores()[age]).parent,
    )
    # Behind the file, so that they count.
    more = ["-e", json.dumps(variables)] if variables else []
    return ansible.playbook(PLAYBOOK, "-e", f"@{EXAMPLE}", *more, *arguments, timeout=1500)


def changed(outcome: Outcome) -> list[str]:
    """The tasks that report a change."""
    return sorted({line.task for line in outcome.results if line.event == "ok" and line.result.get("changed")})


def test_everything_is_made_once_and_then_nothing_is_sent(tmp_path: Path) -> None:
    """The example with its two accounts."""
    with Double(PLAYBOOKS) as double:
        first = setup(NEWEST, double, tmp_path / "first", "-vvv").succeeded()
        assert all(method != "PATCH" for method, path, body in double.store.writes)
        made = Counter(
            (path, body.get("name") or body.get("identifier"), body.get("inventory") or body.get("workflow_job_template"))
            for method, path, body in double.store.writes
            if path.count("/") == 4 and ("name" in body or "identifier" in body)
        )
        assert set(made.values()) == {1}
        assert not [secret for secret in SECRETS.values() if secret in first.output]
        judge(double)

        double.store.writes.clear()
        again = setup(NEWEST, double, tmp_path / "again").succeeded()
        assert changed(again) == []
        assert double.store.writes == []


def judge(double: Double) -> None:
    """What stands in AWX after the first run."""
    store = double.store
    (organization,) = [organization for organization in store.things["organizations"].values() if organization["name"] == "DataArts"]
    assert store.names("organizations", store.named("organizations", "DataArts")["id"], "galaxy_credentials") == ["Ansible Galaxy"]
    assert organization
    retail = store.named("credentials", "DataArts retail")
    assert store.secrets[retail["id"]]["secret_key"] == SECRETS["RETAIL_SECRET_KEY"]
    assert retail["inputs"]["secret_key"] == "$encrypted$"
    assert store.named("credential_types", "DataArts account")["injectors"] == definitions.injectors()

    templates = {str(template["name"]): number for number, template in store.things["job_templates"].items()}
    assert len(templates) == 2 * 6 + 2
    for name, number in templates.items():
        template = store.things["job_templates"][number]
        assert (template["allow_simultaneous"], template["use_fact_cache"], template["job_slice_count"]) == (False, False, 1), name
        assert template["ask_variables_on_launch"] is False, name
        assert template["job_type"] == ("check" if name.endswith((": plan", ": recheck")) else "run"), name
        assert len(store.names("job_templates", number, "credentials")) == (0 if name.startswith("DataArts: ") else 1), name
        assert "dataarts" in store.names("job_templates", number, "labels"), name
    assert json.loads(store.named("job_templates", "DataArts retail: rerun plan")["extra_vars"]) == {"dataarts_plan_required": True}
    assert store.surveys["job_templates", templates["DataArts retail: rerun"]] == definitions.surveys()["rerun"]
    assert store.surveys["job_templates", templates["DataArts finance: rerun related"]] == definitions.surveys()["rerun_related"]

    # What was committed counts from the next job on.
    assert store.named("projects", "DataArts reruns")["scm_update_on_launch"] is True
    source = store.named("inventory_sources", "DataArts retail workspaces")
    assert (source["source_path"], source["credential"]) == ("inventory/workspaces.dataarts.yml", retail["id"])

    judge_workflows(double)
    team = store.named("teams", "Data operators")["id"]
    given = store.roles_of("teams", team)
    assert {kind for kind, name, role in given} == {"job_templates", "workflow_job_templates"}
    assert ("workflow_job_templates", "DataArts retail: night", "approval") in given
    assert ("job_templates", "DataArts retail: rerun", "execute") in given
    assert ("job_templates", "DataArts retail: rerun plan", "read") in given
    assert ("job_templates", "DataArts retail: rerun plan", "execute") not in given


def judge_workflows(double: Double) -> None:
    """The steps of each account's night and what follows each; the workflow over both and its schedule."""
    store = double.store
    for name, threshold in (("DataArts retail: night", 50), ("DataArts finance: night", 10)):
        workflow = store.named("workflow_job_templates", name)
        assert json.loads(workflow["extra_vars"]) == {"dataarts_threshold": threshold}
        assert store.names("workflow_job_templates", workflow["id"], "notification_templates_approvals") == ["DataArts webhook"]
        nodes = {
            node["identifier"]: number
            for number, node in store.things["workflow_job_template_nodes"].items()
            if node["workflow_job_template"] == workflow["id"]
        }
        follows = {
            (step, link.removesuffix("_nodes"), following)
            for step, number in nodes.items()
            for link in ("success_nodes", "failure_nodes", "always_nodes")
            for following in store.names("workflow_job_template_nodes", number, link)
        }
        assert follows == {
            ("plan", "success", "few"),
            ("few", "success", "rerun"),
            ("few", "failure", "many"),
            ("many", "success", "approval"),
            ("approval", "success", "rerun"),
            ("rerun", "always", "recheck"),
        }
    fleet = store.named("workflow_job_templates", "DataArts: night of all accounts")
    inner = [
        node["unified_job_template"]
        for node in store.things["workflow_job_template_nodes"].values()
        if node["workflow_job_template"] == fleet["id"]
    ]
    assert inner == [store.named("workflow_job_templates", f"DataArts {name}: night")["id"] for name in ("retail", "finance")]
    schedule = store.named("schedules", "DataArts night")
    assert schedule["unified_job_template"] == fleet["id"]
    assert schedule["rrule"] == yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["dataarts_awx_schedule_rrule"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RETAIL_SECRET_KEY": ""}, "account retail of dataarts_awx_accounts cannot be used. Field 'Secret key (SK)' is empty"),
        ({"FINANCE_ACCESS_KEY": "AK with blanks"}, "account finance of dataarts_awx_accounts cannot be used. Field 'Access key (AK)'"),
    ],
)
def test_a_wrong_field_is_told_by_its_label_before_anything_is_sent(changes: dict[str, str], words: str, tmp_path: Path) -> None:
    with Double(PLAYBOOKS) as double:
        refused = setup(NEWEST, double, tmp_path, env=changes).ended(2)
        assert double.store.writes == []
    assert words in "".join(str(line.result) for line in refused.of("fail"))
    assert not [secret for secret in SECRETS.values() if secret in refused.output]


def test_what_awx_or_the_user_has_wrong_ends_in_one_message(tmp_path: Path) -> None:
    """A credential of another type with our name; a type in use whose fields are others; a rule without a zone; no controller."""
    with Double(PLAYBOOKS) as double:
        store = double.store
        owner = store.create("organizations", {"name": "DataArts"})
        old = {"fields": [{"id": "region", "label": "Region", "type": "string"}]}
        used = store.create("credential_types", {"name": "DataArts account", "kind": "cloud", "inputs": old})
        store.create("credentials", {"name": "other", "credential_type": used, "organization": owner})
        in_use = setup(NEWEST, double, tmp_path / "a").ended(2)
        assert "AWX never changes the fields of a type in use. Set dataarts_awx_prefix to another word" in in_use.stdout
        writes = len(store.writes)
        # The modules look for these by name alone.
        other = store.create("credential_types", {"name": "Other", "kind": "cloud"})
        store.create("credentials", {"name": "DataArts retail", "credential_type": other, "organization": owner})
        elsewhere = store.create("organizations", {"name": "Elsewhere"})
        store.create("inventories", {"name": "DataArts finance", "organization": elsewhere})
        namesake = setup(NEWEST, double, tmp_path / "b").ended(2)
        assert "among its credentials there is DataArts retail already, of type Other" in namesake.stdout
        assert "among its inventories there is DataArts finance already, of organization Elsewhere" in namesake.stdout
        rule = setup(
            NEWEST, double, tmp_path / "c", variables={"dataarts_awx_schedule_rrule": "DTSTART:20260101T060000 RRULE:FREQ=DAILY"}
        ).ended(2)
        assert "It must begin with DTSTART and the time zone" in rule.stdout
        named = setup(
            NEWEST, double, tmp_path / "e", variables={"dataarts_awx_accounts": [{"name": "2024", "credential_name": "x"}]}
        ).ended(2)
        assert "'2024' cannot be the name of an account or of a workspace in AWX" in named.stdout
        assert len(store.writes) == writes
    gone = setup(NEWEST, double, tmp_path / "d").ended(2)
    assert "Failed to ask the controller" in gone.stdout


def test_what_the_file_names_and_awx_does_not_have_is_told_in_check_mode_too(tmp_path: Path) -> None:
    """Not only by the run that stops half-way, and not taken for something that the role makes."""
    settings = {
        "dataarts_awx_accounts": [{"name": "vaulted", "credential_name": "Vualt"}],
        "dataarts_awx_galaxy_credentials": ["Galaxy of ours"],
        "dataarts_awx_instance_groups": ["one at a time"],
        "dataarts_awx_notification_templates": ["Chat"],
        "dataarts_awx_team_members": ["lin", "nil"],
    }
    with Double(PLAYBOOKS) as double:
        refused = setup(NEWEST, double, tmp_path, "--check", variables=settings).ended(2)
        assert double.store.writes == []
    for words in (
        "no credentials called Vualt, which credential_name of an account names",
        "no credentials called Galaxy of ours, which dataarts_awx_galaxy_credentials names",
        "no instance_groups called one at a time, which dataarts_awx_instance_groups names",
        "no notification_templates called Chat, which dataarts_awx_notification_templates names",
        "no users called nil, which dataarts_awx_team_members names",
    ):
        assert words in refused.stdout
    assert "called lin" not in refused.stdout


def test_check_mode_tells_what_is_made_and_another_core_changes_nothing(tmp_path: Path) -> None:
    """One account, with hosts that the role writes; then an account less, and no schedule."""
    workspaces = [{"name": "sales", "workspace_id": "62fbba734e634c5087656fc3ff7adf34", "variables": {"dataarts_max_parallel": 5}}]
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}, "workspaces": workspaces}
    chosen = {"dataarts_awx_accounts": [account], "dataarts_awx_inventory": "hosts", "dataarts_awx_team_members": ["lin"]}
    with Double(PLAYBOOKS) as double:
        store = double.store
        dry = setup(NEWEST, double, tmp_path / "dry", "--check", variables=chosen).succeeded()
        assert store.writes == []
        first = setup(NEWEST, double, tmp_path / "first", variables=chosen).succeeded()
        assert changed(dry) == changed(first)
        assert json.loads(store.named("hosts", "sales")["variables"]) == {
            "dataarts_workspace_id": "62fbba734e634c5087656fc3ff7adf34",
            "dataarts_max_parallel": 5,
        }
        inventory = json.loads(store.named("inventories", "DataArts solo")["variables"])
        assert inventory == {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        # On the workflow over all accounts, so that it needs not move when there are more.
        fleet = store.named("workflow_job_templates", "DataArts: night of all accounts")["id"]
        assert store.named("schedules", "DataArts night")["unified_job_template"] == fleet
        assert ("teams", "Data operators", "member") in store.roles_of("users", next(iter(store.things["users"])))

        store.writes.clear()
        for arguments in ((), ("--check",)):
            again = setup(OLDEST, double, tmp_path / "again", *arguments, variables=chosen).succeeded()
            assert changed(again) == [], arguments
            assert store.writes == [], arguments

        night = store.named("workflow_job_templates", "DataArts solo: night")["id"]
        store.create("workflow_job_template_nodes", {"identifier": "gone", "workflow_job_template": fleet, "unified_job_template": night})
        less = {**chosen, "dataarts_awx_inventory": "file", "dataarts_awx_schedule_rrule": ""}
        setup(OLDEST, double, tmp_path / "less", variables=less).succeeded()
        nodes = store.things["workflow_job_template_nodes"].values()
        assert [node["identifier"] for node in nodes if node["workflow_job_template"] == fleet] == ["solo"]
        assert not store.things["schedules"]
        source = store.named("inventory_sources", "DataArts solo workspaces")
        assert (source["source_path"], source["credential"]) == ("inventory/solo.yml", None)
