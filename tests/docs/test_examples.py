# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of every module, filter, inventory plugin and role are run unchanged, against an emulator that has the ids in them."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import typing as t
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from emulator.running import Running, running
from tests.support.cloud import cloud
from tests.support.long import whole_plays
from tests.support.playbook import ROOT, Ansible, Outcome, TaskResult
from tests.support.reader import shifted
from tests.support.scenarios import WORKSPACE_ID

PASSWORD = "the password of the reader"
KEYS = {"access_key": "AKOFTHEEXAMPLES00001", "secret_key": "sk-of-the-examples-0123456789abcdef0123"}
RETAIL = {"access_key": "AKRETAILEXAMPLES0001", "secret_key": "sk-of-retail-0123456789abcdef012345678"}
BOT_PASSWORD = "Pa55-word-of-the-bot!"
ENVIRONMENT = {
    "HW_ACCESS_KEY": KEYS["access_key"],
    "HW_SECRET_KEY": KEYS["secret_key"],
    "RETAIL_AK": RETAIL["access_key"],
    "RETAIL_SK": RETAIL["secret_key"],
    "RETAIL_ACCESS_KEY": RETAIL["access_key"],
    "RETAIL_SECRET_KEY": RETAIL["secret_key"],
    "LOGISTICS_PASSWORD": BOT_PASSWORD,
}
CONTROLLER = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
#: Variables of the hosts of examples that use a host as a workspace, as in the guide's inventory.
OF_THE_INVENTORY = {key: {"dataarts_workspace_id": WORKSPACE_ID, "dataarts_region": "cn-north-4"} for key in ("fail", "overview")}
#: module_defaults that only shorten the waits.
DEFAULTS = {
    "dataarts.factory.job_rerun": {"poll_interval": 1, "settle_time": 1},
    "dataarts.factory.job_instance_retry": {"settle_time": 1},
    "dataarts.factory.supplement_data": {"poll_interval": 1},
    "dataarts.factory.supplement_missing": {"poll_interval": 1, "settle_time": 1},
}


def examples(path: Path) -> str:
    """The text of EXAMPLES in a module or plugin."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "EXAMPLES" for target in node.targets):
            return str(ast.literal_eval(node.value))
    raise LookupError(f"{path} has no EXAMPLES")


EXAMPLES = {path.stem: examples(path) for kind in ("modules", "filter") for path in sorted((ROOT / "plugins" / kind).glob("[a-z]*.py"))}


def scenario(now: datetime) -> dict[str, t.Any]:
    """A scenario with the jobs, instances and workspaces that the examples name. Times in examples are shifted to *now*."""

    def at(text: str) -> int:
        return int(datetime.fromisoformat(shifted(text, now).replace("Z", "+00:00")).timestamp() * 1000)

    jobs = [
        {
            "name": "daily_sales",
            "instances": [
                {"plan_time": "-4h", "id": 1041201},
                {"plan_time": at("2026-11-23T01:00:00+08:00")},
            ],
        },
        {"name": "daily_stock", "failed": 1},
        {"name": "stock_import", "instances": [{"plan_time": "-5h", "status": "running-exception"}]},
        {"name": "load_by_hand", "schedule": "MANUAL", "instances": []},
        *({"name": name, "instances": []} for name in ("morning_report", "orders_eu", "old_report")),
        {"name": "hourly_a", "failed": 2},
        {"name": "monthly_report", "depends_on": ["daily_sales"], "instances": [{"plan_time": "-3h", "parents": [1041201], "status": "waiting"}]},
        {
            "name": "test_job_name",
            "id": 917567,
            "submit_time": 1732239754684,
            "nodes": ["load_orders", "publish"],
            "instances": [
                {"plan_time": int(shifted("1732601580000", now))},
                {"plan_time": at("2024-11-26T16:30:00+08:00")},
                {"plan_time": "-10h"},
            ],
        },
        {"name": "job_test_smn2", "depends_on": ["test_job_name"], "instances": [{"plan_time": at("2024-11-26T16:30:00+08:00")}]},
    ]  # fmt: skip
    project = "62099355b894428e8916573ae635f1f9"
    return {
        "speed": 60,
        "accounts": [
            {
                "domain": "examples",
                "project_id": project,
                "users": [{"name": "operator", **KEYS}],
                "workspaces": [{"id": WORKSPACE_ID, "name": "sales", "kind": 1, "jobs": jobs}],
            },
            {
                "domain": "retail-eu",
                "region": "eu-west-101",
                "users": [{"name": "reader", **RETAIL}],
                "workspaces": [{"name": "sales"}, {"name": "prod_orders"}],
            },
            {
                "domain": "logistics-cloud",
                "region": "ap-southeast-1",
                "projects": [{"name": "ap-southeast-1"}, {"id": "aa" * 16, "name": "ap-southeast-3"}],
                "studios": [{"name": "fleet"}, {"name": "fleet3", "project_id": "aa" * 16, "region": "ap-southeast-3"}],
                "users": [{"name": "rerun-bot", "password": BOT_PASSWORD}],
                "workspaces": [{"name": "routes"}, {"name": "sandbox_1"}, {"name": "depots", "project_id": "aa" * 16}],
            },
        ],
    }


class Ran(t.NamedTuple):
    """The outcome of the play that ran all examples of modules and filters, and the emulator's journal after it."""

    outcome: Outcome
    journal: list[dict[str, t.Any]]


NOW = datetime.now(timezone.utc)


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(scenario(NOW)) as handle:
        yield handle


@pytest.fixture(scope="module")
def ansible(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ansible]:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "vault-password").write_text(PASSWORD, encoding="utf-8")
    with cloud(service, folder) as variables:
        yield Ansible(folder, environment={**variables, **ENVIRONMENT, "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "vault-password")})


@pytest.fixture(scope="module")
def ran(service: Running, ansible: Ansible) -> Ran:
    """Run the examples of each module and filter in a play and on a host of their own, so that a failure does not stop the others."""
    plays = [
        f"- hosts: {name}\n  gather_facts: false\n  module_defaults: {DEFAULTS!r}\n  vars: {OF_THE_INVENTORY.get(name, {})!r}\n  tasks:\n"
        + textwrap.indent(shifted(EXAMPLES[name], NOW), "    ")
        for name in EXAMPLES
    ]
    path = ansible.directory / "examples.yml"
    path.write_text("\n".join(plays), encoding="utf-8")
    keys = {f"dataarts_{name}": value for name, value in KEYS.items()}
    outcome = ansible.playbook("-i", ",".join([*EXAMPLES, ""]), path, variables={**CONTROLLER, **keys, "dataarts_jobs": ["daily_*"]})
    return Ran(outcome, service.journal())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_plugin_work(ran: Ran, name: str) -> None:
    entries = yaml.safe_load(EXAMPLES[name])
    tasks = [task for entry in entries for task in entry.get("block", [entry])]
    results = [result for result in ran.outcome.results if result.host == name and result.event != "recap"]
    events = ["skipped" if "dataarts.factory.fail" in task else "ok" for task in tasks]  # its condition is not met
    assert [result.event for result in results] == events, ran.outcome.output
    assert [result.task for result in results] == [task["name"] for task in tasks]


def test_the_examples_that_rerun_reran_what_they_say(ran: Ran) -> None:
    reruns = sorted(
        (entry["kind"], instance["job_name"]) for entry in ran.journal if "retry" in entry["kind"] for instance in entry["instances"]
    )
    assert reruns == [
        ("retry", "daily_sales"),  # the approved plan
        ("retry", "daily_sales"),  # the failures of the night
        ("retry", "daily_stock"),  # the approved plan
        ("retry", "hourly_a"),
        ("retry", "hourly_a"),
        ("retry", "test_job_name"),  # the named instance
        ("retry", "test_job_name"),  # from a named node
        ("retry_related", "job_test_smn2"),
        ("retry_related", "test_job_name"),
    ]


def test_the_examples_that_list_found_something(ran: Ran) -> None:
    def results(name: str) -> list[TaskResult]:
        return ran.outcome.of(name, name)

    for name in ("job_dependency_info", "job_info", "job_instance_info", "workspace_info"):
        assert [result.result["total"] > 0 for result in results(name)] == [True] * len(results(name)) != [], name


ROLE = yaml.safe_load((ROOT / "roles" / "rerun" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]


@pytest.mark.long
def test_the_examples_of_the_role_work(ran: Ran, service: Running, ansible: Ansible) -> None:
    """The plays run one after the other: the last ones sum up and report what the first ones reran."""
    service.reset(scenario(NOW))
    path = ansible.directory / "role.yml"
    path.write_text("\n".join(shifted(entry["examples"], NOW) for entry in ROLE.values()), encoding="utf-8")
    place = {"dataarts_region": "cn-north-4", "dataarts_workspace_id": WORKSPACE_ID}
    quick = {f"dataarts_{name}": 1 for name in ("poll_interval", "settle_time")}
    # A journal of its own: that of the modules' examples has reruns of these instances, which the reset emulator has forgotten.
    apart = {"dataarts_journal": str(ansible.directory / "role-state")}
    outcome = ansible.playbook("-i", "sales,", path, variables={**CONTROLLER, **place, **quick, **apart}).succeeded()
    attempts = sorted((entry["kind"], instance["job_name"]) for entry in service.journal() for instance in entry["instances"])
    made, reruns = ([pair for pair in attempts if (pair[0] == "patch_data") is patch_data] for patch_data in (True, False))
    assert set(made) == {("patch_data", "orders_eu")}
    assert len(made) in (47, 48)  # hourly, for two days; the newest counts as missing only when it is ten minutes late
    assert reruns == [
        ("retry", "daily_sales"),  # the other failure is older than the window
        ("retry", "daily_stock"),
        ("retry", "hourly_a"),
        ("retry", "hourly_a"),
        ("retry_related", "job_test_smn2"),
        ("retry_related", "test_job_name"),
    ], outcome.output
    assert outcome.of("rerun_summary")[-1].result["lines"][-1] == f"Report: {ansible.directory / 'report' / 'report.html'}"
    assert {path.name for path in (ansible.directory / "report").iterdir()} == {"report.html", "report.json", "report.xml"}


INVENTORIES = {
    "plugins/inventory/workspaces.py": {"retail-sales", "retail-prod_orders", "logistics-routes", "logistics-depots"},
    "examples/inventory/fleet.dataarts.yml": {"retail-sales", "retail-prod_orders", "logistics-routes", "logistics-depots"},
}


@pytest.mark.parametrize("name", whole_plays(INVENTORIES))
def test_the_examples_of_the_inventory_plugin_work(ansible: Ansible, name: str) -> None:
    path = ROOT / name
    text = examples(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")
    file = ansible.directory / f"{path.stem}.dataarts.yml"
    file.write_text(vaulted(text), encoding="utf-8")
    shown = ansible.run("ansible-inventory", "-i", file, "--graph").succeeded().stdout
    assert set(re.findall(r"\|--([\w.-]+)$", shown, re.MULTILINE)) == INVENTORIES[name], shown
    assert "@production:\n  |  |--retail-prod_orders" in shown


IN_AWX = {"examples/awx/inventory/workspaces.dataarts.yml": {"sales"}, "examples/awx/inventory/retail.yml": {"sales", "supply"}}


@pytest.mark.parametrize("name", whole_plays(IN_AWX))
def test_the_inventories_of_the_project_for_awx_work(ansible: Ansible, name: str) -> None:
    """They are read with environment variables, as AWX sets them for the credential."""
    shown = ansible.run("ansible-inventory", "-i", ROOT / name, "--list", env={"HW_REGION_NAME": "cn-north-4"}).succeeded().stdout
    variables = json.loads(shown)["_meta"]["hostvars"]
    assert {host: variables_of_host["dataarts_workspace_id"] for host, variables_of_host in variables.items() if host == "sales"} == {
        "sales": WORKSPACE_ID
    }
    assert set(variables) == IN_AWX[name]


def vaulted(text: str) -> str:
    """Replace the shortened ciphertext of the documentation in *text* by a real one."""
    vault = VaultLib(secrets=[("default", VaultSecret(PASSWORD.encode()))])
    lines = vault.encrypt(BOT_PASSWORD).decode().splitlines()
    return re.sub(
        r"^( +)\$ANSIBLE_VAULT;.*\n +[0-9a-f]+$", lambda match: "\n".join(match[1] + line for line in lines), text, flags=re.MULTILINE
    )
