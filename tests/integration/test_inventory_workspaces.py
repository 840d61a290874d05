# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin in real ``ansible-inventory`` and ``ansible-playbook`` processes."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emulator.running import Running, running
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import ROOT, Ansible, Outcome
from tests.support.scenarios import small_night, switched
from tests.support.workspace import account as account_options

REGION = "cn-north-4"
RETAIL_PROJECT, LOGISTICS_PROJECT = "a" * 32, "b" * 32
RETAIL_KEY, RETAIL_SECRET = "AKRETAILRETAILRETAIL", "sk-of-retail-0123456789abcdefghij"
LOGISTICS_USER, LOGISTICS_PASSWORD = "rerun-bot", "Pa55-word-of-logistics!"
HOSTILE = "{{ lookup('pipe', 'touch pwned') }}"
SECRETS = (RETAIL_KEY, RETAIL_SECRET, LOGISTICS_PASSWORD)
ENVIRONMENT = {"RETAIL_AK": RETAIL_KEY, "RETAIL_SK": RETAIL_SECRET, "LOGISTICS_PASSWORD": LOGISTICS_PASSWORD}
VAULT_PASSWORD = "the-vault-password"


def scenario() -> dict[str, t.Any]:
    """Account retail: two studios with sales, prod and a workspace with a hostile name, and an unusable studio. Account logistics: prod and all."""
    retail: dict[str, t.Any] = {
        "domain": "retail-cloud",
        "region": REGION,
        "project_id": RETAIL_PROJECT,
        "users": [{"name": "retail-bot", "password": "x", "access_key": RETAIL_KEY, "secret_key": RETAIL_SECRET}],
        "studios": [{"id": "1" * 32, "name": "shops"}, {"id": "2" * 32, "name": "web"}, {"id": "3" * 32, "name": "old", "status": 3}],
        "workspaces": [
            {"id": "1111" + "a" * 28, "name": "sales", "studio_id": "1" * 32, "jobs": [{"name": "daily", "failed": 2, "every": "1h"}]},
            {"id": "2222" + "a" * 28, "name": "prod", "studio_id": "2" * 32, "kind": 1},
            {"id": "3333" + "a" * 28, "name": HOSTILE, "studio_id": "1" * 32},
            {"id": "4444" + "a" * 28, "name": "gone", "studio_id": "3" * 32},
        ],
    }
    logistics = {
        "domain": "logistics-cloud",
        "region": REGION,
        "project_id": LOGISTICS_PROJECT,
        "users": [{"name": LOGISTICS_USER, "password": LOGISTICS_PASSWORD, "access_key": "AKLOGISTICS", "secret_key": "sk-logistics"}],
        "studios": [{"id": "4" * 32, "name": "fleet"}],
        "workspaces": [
            {"id": "5555" + "b" * 28, "name": "prod"},
            {"id": "6666" + "b" * 28, "name": "all", "jobs": [{"name": "tours", "failed": 1}]},
        ],
    }
    return {"accounts": [retail, logistics], "speed": 60, "switches": switched()}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(scenario()) as service:
        yield service


@pytest.fixture
def service(emulator: Running) -> Running:
    emulator.reset(scenario())
    emulator.clear_faults()
    return emulator


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path, environment=ENVIRONMENT)


def accounts(service: Running) -> list[dict[str, t.Any]]:
    """Entries of both accounts: retail with access keys from the environment, logistics with a user."""
    addresses = {name: getattr(service, name) for name in ("endpoint", "endpoint_v1", "iam_endpoint")}
    keys = {
        "access_key": "{{ lookup('ansible.builtin.env', 'RETAIL_AK') }}",
        "secret_key": "{{ lookup('ansible.builtin.env', 'RETAIL_SK') }}",
    }
    password = "{{ lookup('ansible.builtin.env', 'LOGISTICS_PASSWORD') }}"
    user = {"user_name": LOGISTICS_USER, "user_password": password, "domain_name": "logistics-cloud"}
    return [{"name": "retail", "regions": [REGION], **addresses, **keys}, {"name": "logistics", "regions": [REGION], **addresses, **user}]


def written(ansible: Ansible, entries: list[dict[str, t.Any]], name: str = "my.dataarts.yml", **options: t.Any) -> Path:
    """Write an inventory file with *entries* as accounts."""
    path = ansible.directory / name
    content = {"plugin": "dataarts.factory.workspaces", "accounts": entries, **options}
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def listed(ansible: Ansible, *arguments: str | Path, **env: str) -> tuple[dict[str, t.Any], Outcome]:
    """Run ``ansible-inventory --list``. Returns its data and the outcome."""
    outcome = ansible.run("ansible-inventory", "--list", *arguments, env=env).succeeded()
    # with -v, other lines come before the data
    return t.cast("dict[str, t.Any]", json.loads(outcome.stdout[outcome.stdout.index("{\n") :])), outcome


def hosts_of(inventory: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return t.cast("dict[str, dict[str, t.Any]]", inventory["_meta"]["hostvars"])


@pytest.mark.long
def test_the_graph_shows_accounts_regions_and_workspaces(service: Running, ansible: Ansible) -> None:
    path = written(ansible, accounts(service))
    outcome = ansible.run("ansible-inventory", "-i", path, "--graph").succeeded()
    graph: dict[str, set[str]] = {}
    for line in outcome.stdout.splitlines():
        name = line.strip(" |-")
        if name.startswith("@"):
            members = graph.setdefault(name.strip("@:"), set())
        else:
            members.add(name)
    retail, logistics = {"lookup_pipe_touch_pwned", "sales", "prod-2222aaaa"}, {"all-6666bbbb", "prod-5555bbbb"}
    assert graph == {
        "all": set(),
        "ungrouped": set(),
        "dataarts": set(),
        "dataarts_account_retail": retail,
        "dataarts_account_logistics": logistics,
        "dataarts_region_cn_north_4": retail | logistics,
    }
    assert "prod is the name of 2 workspaces; a suffix is added" in " ".join(outcome.stderr.split())
    assert "all is the name of something else in the inventory" in " ".join(outcome.stderr.split())
    assert not (ansible.directory / "pwned").exists()
    assert service.journal() == []


def test_the_variables_of_a_host_and_its_account(service: Running, ansible: Ansible) -> None:
    inventory, outcome = listed(ansible, "-vvvv", "-i", written(ansible, accounts(service)))
    hosts = hosts_of(inventory)
    assert hosts["sales"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "dataarts_access_key": "{{ lookup('ansible.builtin.env', 'RETAIL_AK') }}",
        "dataarts_account": "retail",
        "dataarts_endpoint": service.endpoint,
        "dataarts_endpoint_v1": service.endpoint_v1,
        "dataarts_enterprise_project_id": "0",
        "dataarts_iam_endpoint": service.iam_endpoint,
        "dataarts_project_id": RETAIL_PROJECT,
        "dataarts_region": REGION,
        "dataarts_secret_key": "{{ lookup('ansible.builtin.env', 'RETAIL_SK') }}",
        "dataarts_studio_instance_id": "1" * 32,
        "dataarts_studio_instance_name": "shops",
        "dataarts_workspace_description": hosts["sales"]["dataarts_workspace_description"],
        "dataarts_workspace_id": "1111" + "a" * 28,
        "dataarts_workspace_kind": "private",
        "dataarts_workspace_name": "sales",
        "dataarts_workspace_owner": hosts["sales"]["dataarts_workspace_owner"],
    }
    assert hosts["prod-2222aaaa"]["dataarts_workspace_kind"] == "default"
    assert hosts["all-6666bbbb"]["dataarts_user_name"] == LOGISTICS_USER
    assert HOSTILE in json.dumps(hosts["lookup_pipe_touch_pwned"]["dataarts_workspace_name"])
    assert not [secret for secret in SECRETS if secret in outcome.output]
    assert not (ansible.directory / "pwned").exists()


def test_texts_of_the_service_steer_no_terminal(ansible: Ansible) -> None:
    """``--graph --vars`` prints values of variables unchanged."""
    night = small_night(workspaces=[{"id": "a" * 32, "name": "sales\x1b[31m", "description": "\x1b]0;owned\x07 \u202eevil", "jobs": []}])
    with running(night) as service:
        entry = {"name": "acme", "regions": [REGION], **account_options(service, region=None)}
        path = written(
            ansible, [entry], keyed_groups=[{"key": "dataarts_workspace_description"}], compose={"more": "dataarts_workspace_name"}
        )
        shown = ansible.run("ansible-inventory", "-i", path, "--graph", "--vars").succeeded()
    assert "owned" in shown.stdout
    assert not set("\x1b\x07\u202e") & set(shown.output)


def test_a_play_gets_the_credentials_and_texts_of_the_service_stay_texts(service: Running, ansible: Ansible) -> None:
    names = ("access_key", "secret_key", "user_password", "workspace_name", "max")
    seen = {name: f"{{{{ (dataarts_{name} | default('')) | b64encode }}}}" for name in names}
    tasks = [
        {"name": "See", "ansible.builtin.set_fact": {**seen, "interpreter": "{{ ansible_python_interpreter }}"}},
        {"name": "Run", "ansible.builtin.ping": {}},
    ]
    path = written(ansible, accounts(service), compose={"dataarts_max": "dataarts_workspace_name"})
    outcome = ansible.written_playbook([{"hosts": "dataarts", "gather_facts": False, "tasks": tasks}], "-i", path).succeeded()

    def facts(host: str) -> dict[str, str]:
        (result,) = outcome.of("set_fact", host)
        known = result.result["ansible_facts"]
        return {name: base64.b64decode(known[name]).decode() for name in names}

    empty = dict.fromkeys(names, "")
    assert facts("sales") == {**empty, "access_key": RETAIL_KEY, "secret_key": RETAIL_SECRET, "workspace_name": "sales", "max": "sales"}
    assert facts("all-6666bbbb") == {**empty, "user_password": LOGISTICS_PASSWORD, "workspace_name": "all", "max": "all"}
    assert facts("lookup_pipe_touch_pwned")["workspace_name"] == HOSTILE
    assert facts("lookup_pipe_touch_pwned")["max"] == HOSTILE
    assert {result.event for result in outcome.of("ping")} == {"ok"}
    (result,) = outcome.of("set_fact", "sales")
    assert Path(result.result["ansible_facts"]["interpreter"]).parent.samefile(ansible.bin_directory)
    assert not list(ansible.directory.rglob("pwned"))


@pytest.mark.long
@pytest.mark.parametrize("how", whole_plays(["vaulted value", "vaulted file", "plain text"]))
def test_secrets_in_the_file(service: Running, ansible: Ansible, how: str) -> None:
    """Vaulted text stays vaulted, and plain text is read from the file when it is used. --list shows neither, a play gets both."""
    (ansible.directory / "vault-password").write_text(VAULT_PASSWORD, encoding="utf-8")
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": str(ansible.directory / "vault-password")}
    entry = accounts(service)[0]
    entry.update(access_key=RETAIL_KEY, secret_key="@@@" if how == "vaulted value" else RETAIL_SECRET, workspaces=["sales"])
    path = written(ansible, [entry])
    if how == "vaulted value":
        value = ansible.run("ansible-vault", "encrypt_string", RETAIL_SECRET, env=vault).succeeded().stdout
        path.write_text(path.read_text(encoding="utf-8").replace("'@@@'", value.replace("\n  ", "\n      ")), encoding="utf-8")
        # not every ansible-core accepts plain and vaulted text in one file
        path.write_text(path.read_text(encoding="utf-8").replace(RETAIL_KEY, "\"{{ lookup('env', 'RETAIL_AK') }}\""), encoding="utf-8")
    if how == "vaulted file":
        ansible.run("ansible-vault", "encrypt", path, env=vault).succeeded()
    inventory, outcome = listed(ansible, "-vvvv", "-i", path, **vault)
    assert list(hosts_of(inventory)) == ["sales"]
    if how == "vaulted value":
        assert hosts_of(inventory)["sales"]["dataarts_secret_key"]["__ansible_vault"].startswith("$ANSIBLE_VAULT")
    assert not [secret for secret in SECRETS if secret in outcome.output]
    seen = {"seen": "{{ dataarts_access_key ~ ' ' ~ dataarts_secret_key }}"}
    play = {"hosts": "sales", "gather_facts": False, "tasks": [{"ansible.builtin.set_fact": seen}]}
    outcome = ansible.written_playbook([play], "-i", path, env=vault).succeeded()
    assert outcome.of("set_fact")[0].result["ansible_facts"]["seen"] == f"{RETAIL_KEY} {RETAIL_SECRET}"


@pytest.mark.long
def test_the_playbook_reruns_what_failed_in_every_workspace(service: Running, ansible: Ansible) -> None:
    """The inventory names only accounts, no workspaces: one with access keys, one with a user."""
    path = written(ansible, accounts(service))
    variables = {"dataarts_planned_after": "-2d", "dataarts_poll_interval": 1, "dataarts_settle_time": 5}
    outcome = ansible.playbook("-i", path, "dataarts.factory.rerun", variables=variables).succeeded()
    assert Counter((entry["user"], entry["job_name"]) for entry in service.journal() for instance in entry["instances"]) == {
        ("rerun-bot", "tours"): 1,
        ("retail-bot", "daily"): 2,
    }
    assert not [secret for secret in SECRETS if secret in outcome.output]


@pytest.mark.long
def test_extra_variables_in_templates(service: Running, ansible: Ansible) -> None:
    entry, _other = accounts(service)
    entry.update(regions=["{{ region }}"], workspaces="{{ wanted }}")
    path = written(ansible, [entry])
    inventory, _outcome = listed(ansible, "-i", path, "-e", json.dumps({"region": REGION, "wanted": ["sales", "prod"]}))
    assert sorted(hosts_of(inventory)) == ["prod", "sales"]


def test_filters_names_and_constructed_groups(service: Running, ansible: Ansible) -> None:
    first, second = accounts(service)
    first.update(studio_instance_ids=["1" * 32], exclude_workspaces=["*lookup*"])
    options: dict[str, t.Any] = {
        "hostname": "dataarts_account ~ '-' ~ dataarts_workspace_name",
        "keyed_groups": [
            {"key": "dataarts_studio_instance_name", "prefix": "studio"},
            {"key": "dataarts_workspace_kind", "prefix": "kind"},
        ],
        "groups": {"production": "dataarts_workspace_name == 'prod'"},
        "compose": {"dataarts_max_instances": "7 if dataarts_workspace_name == 'prod' else 70"},
    }
    inventory, outcome = listed(ansible, "-i", written(ansible, [first, second], **options))
    hosts = hosts_of(inventory)
    assert sorted(hosts) == ["logistics-all", "logistics-prod", "retail-sales"]
    assert {name: int(values["dataarts_max_instances"]) for name, values in hosts.items()} == {
        "logistics-all": 70,
        "logistics-prod": 7,
        "retail-sales": 70,
    }
    assert inventory["production"]["hosts"] == ["logistics-prod"]
    assert sorted(inventory["studio_fleet"]["hosts"]) == ["logistics-all", "logistics-prod"]
    # listed ids are not looked up, so the studio's name is unknown, and there is no group for it
    assert "studio_shops" not in inventory
    assert sorted(inventory["kind_private"]["hosts"]) == ["logistics-all", "logistics-prod", "retail-sales"]
    assert "suffix" not in outcome.stderr


@pytest.mark.long
def test_strict(service: Running, ansible: Ansible) -> None:
    path = written(ansible, accounts(service)[:1], compose={"broken": "no_such_variable.x"})
    inventory, _outcome = listed(ansible, "-i", path)
    assert "broken" not in hosts_of(inventory)["sales"]
    path = written(ansible, accounts(service)[:1], compose={"broken": "no_such_variable.x"}, strict=True)
    outcome = ansible.run("ansible-inventory", "-i", path, "--list", env={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"})
    assert outcome.rc != 0
    assert "Could not set broken for host" in " ".join(outcome.stderr.split())


def test_a_limit_is_not_lost_without_a_word(service: Running, ansible: Ansible) -> None:
    """Since 2.19, ansible-core drops values from compose that are not text, and all versions drop those that cannot be evaluated."""
    compose = {"dataarts_max_instances": 50, "dataarts_wait": False, "dataarts_journal": "/tmp/state"}
    inventory, outcome = listed(ansible, "-i", written(ansible, accounts(service)[:1], compose=compose))
    sales = hosts_of(inventory)["sales"]
    # on 2.16, compose turns numbers into text
    assert {name: str(sales.get(name)) for name in compose} == {
        "dataarts_max_instances": "50",
        "dataarts_wait": "False",
        "dataarts_journal": "None",
    }
    (warning,) = [line for line in outcome.stderr.split("[WARNING]: ") if "compose" in line]
    assert " ".join(warning.split()).startswith("compose could not set dataarts_journal, so it is not set: Could not set")


def test_the_cache_saves_calls_and_keeps_no_secret(service: Running, ansible: Ansible) -> None:
    cache = ansible.directory / "cache"
    options: dict[str, t.Any] = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(cache)}
    path = written(ansible, accounts(service), **options)
    first, _outcome = listed(ansible, "-i", path)
    asked = len(service.requests())
    again, _outcome = listed(ansible, "-i", path)
    assert len(service.requests()) == asked
    assert again == first
    (kept,) = [path for path in cache.iterdir() if path.is_file()]
    content = kept.read_text(encoding="utf-8")
    assert "1111" + "a" * 28 in content
    assert not [secret for secret in SECRETS if secret in content]
    assert HOSTILE in json.dumps(hosts_of(again)["lookup_pipe_touch_pwned"]["dataarts_workspace_name"])
    # a new account is read without reading the first one again; --flush-cache reads all
    path = written(ansible, accounts(service)[:1], **options)
    listed(ansible, "-i", path)
    assert len(service.requests()) == asked
    play: list[dict[str, t.Any]] = [{"hosts": "dataarts", "gather_facts": False, "tasks": []}]
    ansible.written_playbook(play, "-i", path, "--flush-cache").succeeded()
    assert len(service.requests()) > asked
    assert not list(ansible.directory.rglob("pwned"))


def failing(service: Running) -> list[dict[str, t.Any]]:
    """Both accounts, the first with a wrong key."""
    first, second = accounts(service)
    return [{**first, "secret_key": "{{ lookup('env', 'WRONG') }}"}, second]


def test_one_failing_account_fails_the_inventory(service: Running, ansible: Ansible) -> None:
    path = written(ansible, failing(service))
    strict = {"WRONG": "another-secret-of-nobody", "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    outcome = ansible.run("ansible-inventory", "-i", path, "--list", env=strict)
    assert outcome.rc != 0
    said = " ".join(outcome.stderr.split())
    assert "Failed to read the workspaces in" in said
    assert f"account retail in region {REGION}: " in said
    assert re.search(r"APIGW?\.0301", said)
    assert "Traceback" not in outcome.output
    assert not [secret for secret in (*SECRETS, "another-secret-of-nobody") if secret in outcome.output]


def test_one_failing_account_left_out(service: Running, ansible: Ansible) -> None:
    path = written(ansible, failing(service), on_error="warn")
    inventory, outcome = listed(ansible, "-i", path, WRONG="another-secret-of-nobody")
    assert sorted(hosts_of(inventory)) == ["all-6666bbbb", "prod"]
    assert f"Left out account retail in region {REGION}: " in " ".join(outcome.stderr.split())


@pytest.mark.parametrize(
    ("change", "message"),
    whole_plays_of(
        [
            ({"accounts": "{{ everything }}"}, "accounts must be a list with at least one account"),
            ({"accounts": [{"name": "a", "regions": ["eu-de"], "acess_key": "x"}]}, "account a has the unknown option acess_key"),
            (
                {"accounts": [{"name": "a", "regions": ["eu-de"], "access_key": 123456, "secret_key": "x"}]},
                "access_key must be text, not a number",
            ),
            ({"accounts": [{"name": "a", "auth_token": "{{ nothing_of_that_name }}"}]}, "entry 1 of accounts cannot be evaluated"),
            (
                {"accounts": [{"name": "a.b", "auth_token": "x"}, {"name": "a-b", "auth_token": "x"}]},
                "account a.b has the group dataarts_account_a_b",
            ),
        ]
    ),
)
def test_a_file_that_cannot_be_used(ansible: Ansible, change: dict[str, t.Any], message: str) -> None:
    path = written(ansible, entries=change["accounts"])
    outcome = ansible.run("ansible-inventory", "-i", path, "--list", env={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"})
    assert outcome.rc != 0
    assert message in " ".join(outcome.stderr.split())
    assert "123456" not in outcome.output


@pytest.mark.long
def test_a_file_of_another_name_is_not_read(service: Running, ansible: Ansible) -> None:
    path = written(ansible, accounts(service), name="fleet.yml")
    ansible.run("ansible-inventory", "-i", path, "--list").succeeded()
    assert service.requests() == []


@pytest.mark.long
def test_two_files_with_workspaces_of_one_name(service: Running, ansible: Ansible) -> None:
    """A host of one file never becomes a workspace of the other."""
    first, second = (written(ansible, [account], name=f"{account['name']}.dataarts.yml") for account in accounts(service))
    inventory, _outcome = listed(ansible, "-i", first, "-i", second)
    hosts = hosts_of(inventory)
    assert hosts["prod"]["dataarts_workspace_id"] == "2222" + "a" * 28
    assert hosts["prod-5555bbbb"]["dataarts_workspace_id"] == "5555" + "b" * 28


@pytest.mark.long
def test_the_example_is_understood(ansible: Ansible) -> None:
    """Without the network: each account of the example is found, evaluated, and left out with a warning."""
    env = dict.fromkeys(("RETAIL_ACCESS_KEY", "RETAIL_SECRET_KEY", "LOGISTICS_PASSWORD"), "x")
    content = (ROOT / "examples" / "inventory" / "fleet.dataarts.yml").read_text(encoding="utf-8")
    data = yaml.safe_load(content)
    for account in data["accounts"]:
        # one region each, on a local port without a server, so that no name is resolved
        account.update(regions=account["regions"][:1], endpoint="http://127.0.0.1:9", iam_endpoint="http://127.0.0.1:9", max_retries=0)
    path = ansible.directory / "example.dataarts.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    inventory, outcome = listed(ansible, "-i", path, **env)
    said = " ".join(outcome.stderr.split())
    assert "Left out account retail in region eu-west-101: " in said
    assert "Left out account logistics in region ap-southeast-1: " in said
    assert sorted(inventory["dataarts"]["children"]) == ["dataarts_account_logistics", "dataarts_account_retail"]


@pytest.mark.long
def test_the_documentation_renders(ansible: Ansible) -> None:
    outcome = ansible.run("ansible-doc", "-t", "inventory", "-j", "dataarts.factory.workspaces").succeeded()
    doc = json.loads(outcome.stdout)["dataarts.factory.workspaces"]["doc"]
    assert {"accounts", "hostname", "on_error", "cache", "keyed_groups", "strict"} <= set(doc["options"])
