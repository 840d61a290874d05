# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook awx_setup, with the modules of awx.awx 24.6.1, against a test double of AWX's API: it is idempotent, and check mode predicts it."""

from __future__ import annotations

import json
import math
import re
import typing as t
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.awx import definitions, rules
from tests.awx.double import Double, Store
from tests.support.playbook import TREE, Ansible, Outcome
from tools import awx, awx_tasks

pytestmark = [pytest.mark.awx, pytest.mark.timeout(1800)]

PLAYBOOK = "dataarts.factory.awx_setup"
EXAMPLE = definitions.ROOT / "examples" / "awx" / "awx.yml"
PLAYBOOKS = ("rerun.yml", "rerun_failed.yml", "rerun_related.yml", "repair.yml", "recheck.yml", "recheck_repair.yml", "gate.yml")
SECRETS = {"RETAIL_SECRET_KEY": "0123456789", "FINANCE_SECRET_KEY": "sk-of-finance-12345"}
KEYS = {"RETAIL_ACCESS_KEY": "AKRETAIL00001", "FINANCE_ACCESS_KEY": "AKFINANCE0002"}
OLDEST, MIDDLE, NEWEST = "oldest", "middle", "newest"
#: A login with user name and password.
PASSWORD = {"CONTROLLER_OAUTH_TOKEN": "", "CONTROLLER_USERNAME": "admin", "CONTROLLER_PASSWORD": "pw-of-controller"}


def setup(
    age: str,
    double: Double,
    directory: Path,
    *arguments: str,
    variables: dict[str, t.Any] | None = None,
    env: dict[str, str] | None = None,
    playbook: str = PLAYBOOK,
    collections: Path | None = None,
) -> Outcome:
    """Run a playbook with the variables of the example.

    :param age: the ansible-core: OLDEST, MIDDLE or NEWEST.
    :param variables: they replace those of the example.
    :param collections: the folder of the collection with the modules for AWX; None for awx.awx.
    """
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
        Path(f"{TREE}:{collections or awx.collection()}"),
        environment,
        awx.python(awx.cores()[age]).parent,
    )
    # The last -e takes precedence.
    more = ["-e", json.dumps(variables)] if variables else []
    return ansible.playbook(playbook, "-e", f"@{EXAMPLE}", *more, *arguments, timeout=1500)


def changed(outcome: Outcome) -> list[str]:
    """The sorted names of the tasks that reported a change."""
    return sorted({line.task for line in outcome.results if line.event == "ok" and line.result.get("changed")})


def test_everything_is_made_once_and_then_nothing_is_sent(tmp_path: Path) -> None:
    """Set up the example with one account, first in check mode; then with both; then check again, on another ansible-core.

    The first run uses the modules of ansible.controller and the others those of awx.awx, which must accept what it has created.
    """
    accounts = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["dataarts_awx_accounts"]
    retail = {"dataarts_awx_accounts": accounts[:1], "dataarts_awx_team_members": ["lin"]}
    with Double(PLAYBOOKS) as double:
        store = double.store
        dry = setup(NEWEST, double, tmp_path / "dry", "--check", variables=retail).succeeded()
        assert store.writes == []
        product = of_the_product(tmp_path / "product", "4.6")
        place = {"CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX": "/api/"}  # the path of AWX, not that of Automation Platform
        first = setup(NEWEST, double, tmp_path / "first", "-vvv", variables={**retail, **OWN}, env=place, collections=product).succeeded()
        assert changed(dry) == changed(first)
        assert ("teams", "Data operators", "member") in store.roles_of("users", next(iter(store.things["users"])))
        there, made_first = {number for things in store.things.values() for number in things}, list(store.writes)

        store.writes.clear()
        both = setup(MIDDLE, double, tmp_path / "both").succeeded()
        assert [path for method, path, dummy in store.writes if touched(path) in there] == []
        assert not [secret for secret in SECRETS.values() if secret in first.output + both.output]
        made = Counter(
            (path, body.get("name") or body.get("identifier"), body.get("inventory") or body.get("workflow_job_template"))
            for method, path, body in made_first + store.writes
            if path.count("/") == 4 and ("name" in body or "identifier" in body)
        )
        assert set(made.values()) == {1}
        assert {method for method, path, body in made_first + store.writes} == {"POST"}
        assert_objects(double)

        store.writes.clear()
        again = setup(OLDEST, double, tmp_path / "again", "--check").succeeded()
        assert changed(again) == []
        assert store.writes == []


def touched(path: str) -> int | None:
    """The id of the object that a request changes, or on which it grants a role; None if the request creates an object."""
    words = path.removeprefix("/api/v2/").strip("/").split("/")
    number = int(words[1]) if len(words) > 1 else None
    return number if number is None or words[0] != "roles" else number // 1000


def assert_objects(double: Double) -> None:
    """Assert what AWX holds after both accounts were set up."""
    store = double.store
    (organization,) = [organization for organization in store.things["organizations"].values() if organization["name"] == "DataArts"]
    assert store.names("organizations", store.named("organizations", "DataArts")["id"], "galaxy_credentials") == ["Ansible Galaxy"]
    assert organization
    retail = store.named("credentials", "DataArts retail")
    assert store.secrets[retail["id"]]["secret_key"] == SECRETS["RETAIL_SECRET_KEY"]
    assert retail["inputs"]["secret_key"] == "$encrypted$"
    assert store.named("credential_types", "DataArts account")["injectors"] == definitions.injectors()

    templates = {str(template["name"]): number for number, template in store.things["job_templates"].items()}
    assert len(templates) == 2 * 9 + 2
    for name, number in templates.items():
        template = store.things["job_templates"][number]
        gate = name.startswith("DataArts: ")
        assert (template["allow_simultaneous"], template["use_fact_cache"], template["job_slice_count"]) == (gate, False, 1), name
        assert template["ask_variables_on_launch"] is False, name
        assert template["job_type"] == ("check" if name.endswith((": plan", ": recheck", " repair")) else "run"), name
        assert len(store.names("job_templates", number, "credentials")) == (0 if name.startswith("DataArts: ") else 1), name
        assert "dataarts" in store.names("job_templates", number, "labels"), name
        notified = not name.endswith((" plan", ": repair as planned", ": few enough")) or name.endswith(": plan")
        assert bool(store.names("job_templates", number, "notification_templates_error")) == notified, name
    for step, flow in (("rerun plan", "night"), ("repair as planned", "repair"), ("recheck repair", "repair")):
        given = json.loads(store.named("job_templates", f"DataArts retail: {step}")["extra_vars"])
        assert given == {"dataarts_plan_required": True, "dataarts_awx_workflow": f"DataArts retail: {flow}"}
    assert store.surveys["job_templates", templates["DataArts retail: rerun"]] == definitions.surveys()["rerun"]
    assert store.surveys["job_templates", templates["DataArts finance: rerun related"]] == definitions.surveys()["rerun_related"]

    # The project is updated before each job.
    assert store.named("projects", "DataArts reruns")["scm_update_on_launch"] is True
    source = store.named("inventory_sources", "DataArts retail workspaces")
    assert (source["source_path"], source["credential"]) == ("inventory/workspaces.dataarts.yml", retail["id"])

    assert_workflows(double)
    team = store.named("teams", "Data operators")["id"]
    given = store.roles_of("teams", team)
    # The role read on project and inventories shows the team why an update failed.
    assert {kind for kind, name, role in given} == {"job_templates", "workflow_job_templates", "projects", "inventories"}
    assert {role for kind, name, role in given if kind in ("projects", "inventories")} == {"read"}
    for flow in ("night", "repair"):
        assert {("workflow_job_templates", f"DataArts retail: {flow}", role) for role in ("approval", "execute")} <= given
    assert ("job_templates", "DataArts retail: rerun", "execute") in given
    for step in ("rerun plan", "repair as planned"):
        assert {role for kind, name, role in given if name == f"DataArts retail: {step}"} == {"read"}


def assert_workflows(double: Double) -> None:
    """Assert the nodes and links of each account's workflows, and the workflow over all accounts with its schedule."""
    store = double.store
    flows = {"retail: night": 50, "finance: night": 10, "retail: repair": 0, "finance: repair": 0}
    for name, threshold in flows.items():
        workflow = store.named("workflow_job_templates", f"DataArts {name}")
        assert store.surveys["workflow_job_templates", workflow["id"]] == definitions.surveys()[name.rpartition(": ")[2]]
        assert json.loads(workflow["extra_vars"]) == {"dataarts_threshold": threshold}
        assert store.names("workflow_job_templates", workflow["id"], "notification_templates_approvals") == ["DataArts webhook"]
        assert store.names("workflow_job_templates", workflow["id"], "notification_templates_error") == []
        nodes = {
            node["identifier"]: number
            for number, node in store.things["workflow_job_template_nodes"].items()
            if node["workflow_job_template"] == workflow["id"]
        }
        runs = {step: store.things["workflow_job_template_nodes"][number]["unified_job_template"] for step, number in nodes.items()}
        steps = ("plan repair", "repair as planned", "recheck repair") if name.endswith("repair") else ("plan", "rerun plan", "recheck")
        account = name.partition(":")[0]
        assert [runs[step] for step in ("plan", "rerun", "recheck")] == [
            store.named("job_templates", f"DataArts {account}: {step}")["id"] for step in steps
        ]
        assert store.things["workflow_approval_templates"][runs["approval"]]["name"] == (
            f"Rerun more instances of {account} than {threshold}" if threshold else f"Repair {account} as planned"
        )
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
    # An open approval of one account must not delay the next night of another one.
    assert fleet["allow_simultaneous"] is True
    (timeout,) = {approval["timeout"] for approval in store.things["workflow_approval_templates"].values()}
    assert 0 < timeout < 86_400
    # Nobody answers the approvals of retail: every night of both accounts still starts on its day.
    assert begins(store, "retail", 3) == {"retail": [0, 1, 2], "finance": [0, 1, 2]}
    inner = [
        node["unified_job_template"]
        for node in store.things["workflow_job_template_nodes"].values()
        if node["workflow_job_template"] == fleet["id"]
    ]
    assert inner == [store.named("workflow_job_templates", f"DataArts {name}: night")["id"] for name in ("retail", "finance")]
    schedule = store.named("schedules", "DataArts night")
    assert schedule["unified_job_template"] == fleet["id"]
    assert schedule["rrule"] == yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["dataarts_awx_schedule_rrule"]


def begins(store: Store, unanswered: str, nights: int) -> dict[str, list[float]]:
    """Simulate daily runs of the workflow over all accounts, and return account -> the days on which its plan starts.

    An approval of account *unanswered* stays open until its timeout. A workflow that does not allow simultaneous runs waits for its last run, which
    ends when everything that it started has ended.
    """
    fleet = store.named("workflow_job_templates", "DataArts: night of all accounts")
    inner = {
        node["identifier"]: store.named("workflow_job_templates", f"DataArts {node['identifier']}: night")
        for node in store.things["workflow_job_template_nodes"].values()
        if node["workflow_job_template"] == fleet["id"]
    }
    (timeout,) = {approval["timeout"] for approval in store.things["workflow_approval_templates"].values()}
    plans: dict[str, list[float]] = {name: [] for name in inner}
    ends = dict.fromkeys((*inner, "fleet"), 0.0)
    for night in range(nights):
        start = night if fleet["allow_simultaneous"] else max(night, ends["fleet"])
        for name, workflow in inner.items():
            plans[name].append(start if workflow["allow_simultaneous"] else max(start, ends[name]))
            ends[name] = plans[name][-1] + (0.01 if name != unanswered else timeout / 86_400 if timeout else math.inf)
        ends["fleet"] = max(ends[name] for name in inner)
    return plans


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


PARTS = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: dataarts.factory.awx, tasks_from: "{{ item }}", rolespec_validate: false}
      loop: "{{ parts }}"
"""


def part(double: Double, directory: Path, parts: t.Sequence[str], variables: dict[str, t.Any], *arguments: str) -> Outcome:
    """Run the task files *parts* of the role, in order."""
    directory.mkdir(exist_ok=True)
    (directory / "part.yml").write_text(PARTS, encoding="utf-8")
    return setup(NEWEST, double, directory, *arguments, variables={"parts": list(parts), **variables}, playbook=str(directory / "part.yml"))


KEYS_OLD = {"access_key": "AKOLD00001", "secret_key": "sk-old-0001"}
KEYS_NEW = {"access_key": "AKNEW00002", "secret_key": "sk-new-0002"}


CHANGES: dict[str, dict[str, str]] = {
    "nothing": {"region": "cn-north-4", **KEYS_OLD},
    "region": {"region": "cn-east-3", **KEYS_OLD},
    "secrets": {"region": "cn-north-4", **KEYS_NEW},
    "both": {"region": "cn-east-3", **KEYS_NEW},
    "region-alone": {"region": "cn-east-3"},
    "another-kind": {"region": "cn-east-3", "auth_token": "t-1"},
    "one-of-two": {"region": "cn-east-3", "access_key": "AKNEW00002"},
}


def stored(store: Store, names: t.Iterable[str]) -> dict[str, int]:
    """Store the credentials of accounts with the old keys, as an earlier run would have left them: name -> id of the credential."""
    owner = store.create("organizations", {"name": "DataArts"})
    fields = {"inputs": definitions.inputs(), "injectors": definitions.injectors()}
    kind = store.create("credential_types", {"name": "DataArts account", "kind": "cloud", **fields})
    made = {
        name: store.create(
            "credentials",
            {
                "name": f"DataArts {name}",
                "description": f"Account {name} of DataArts Studio.",
                "organization": owner,
                "credential_type": kind,
                "inputs": {"region": "cn-north-4", **KEYS_OLD},
            },
        )
        for name in names
    }
    store.writes.clear()
    return made


def credentials(double: Double, directory: Path, names: t.Iterable[str], update: bool) -> Outcome:
    """Run the role's tasks for credentials with the accounts *names* of CHANGES."""
    accounts = [{"name": name, "credential": CHANGES[name]} for name in names]
    settings = {"dataarts_awx_accounts": accounts, "dataarts_awx_update_secrets": update, "dataarts_awx_team": ""}
    return part(double, directory, ("validate", "credentials"), settings)


def test_a_secret_is_sent_only_when_asked_for(tmp_path: Path) -> None:
    """Other fields are changed without sending secrets, even if the secrets are not available."""
    names = ["nothing", "region", "secrets", "both", "region-alone"]
    with Double(PLAYBOOKS) as double:
        ids = stored(double.store, names)
        credentials(double, tmp_path / "kept", names, update=False).succeeded()
        for name, number in ids.items():
            assert double.store.secrets[number] == {"region": CHANGES[name]["region"], **KEYS_OLD}, name
        fields = {path: body["inputs"] for method, path, body in double.store.writes if path.startswith("/api/v2/credentials/")}
        assert set(fields) == {f"/api/v2/credentials/{ids[name]}/" for name in ("region", "both", "region-alone")}
        assert not [secret for secret in (*KEYS_OLD.values(), *KEYS_NEW.values()) if secret in json.dumps(fields)]
    names = ["nothing", "region", "secrets", "both", "another-kind"]
    with Double(PLAYBOOKS) as double:
        ids = stored(double.store, names)
        credentials(double, tmp_path / "sent", names, update=True).succeeded()
        for name, number in ids.items():
            assert double.store.secrets[number] == CHANGES[name], name


@pytest.mark.parametrize(
    ("name", "update", "words"),
    [
        ("another-kind", False, "is set with auth_token, but credential DataArts another-kind in AWX has access_key, secret_key"),
        ("one-of-two", False, "set dataarts_awx_update_secrets=true for one run"),
        ("one-of-two", True, "Field 'Secret key (SK)' is empty"),
        ("region-alone", True, "No credentials"),
    ],
)
def test_secrets_that_cannot_be_kept_or_sent_are_told(name: str, update: bool, words: str, tmp_path: Path) -> None:
    with Double(PLAYBOOKS) as double:
        stored(double.store, [name])
        refused = credentials(double, tmp_path, [name], update).ended(2)
        assert double.store.writes == []
    assert words in " ".join(refused.stdout.split())


def test_a_journal_and_a_place_for_reports_have_credentials_of_their_own(tmp_path: Path) -> None:
    """Password, URL and token are sent again only if requested. The job templates have all credentials and do not contain the URL."""
    journal: dict[str, t.Any] = {
        "host": "db.example.com",
        "port": 5433,
        "database": "reruns",
        "user": "reruns",
        "password": "pw-of-journal-1",
    }
    place = {"url": "https://obs.example.com/reruns/?signature=s3cret", "token": "t0ken", "link": "https://reports.example.com/{name}.html"}
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}}
    settings: dict[str, t.Any] = {
        "dataarts_awx_accounts": [account],
        "dataarts_awx_journal": journal,
        "dataarts_awx_report": place,
        "dataarts_awx_team": "",
    }
    with Double(PLAYBOOKS) as double:
        store = double.store
        create_objects(store, ["solo"])
        first = part(double, tmp_path / "first", ("validate", "credentials", "templates"), settings, "-vvv").succeeded()
        assert not [secret for secret in ("pw-of-journal-1", "s3cret", "t0ken") if secret in first.output]
        keeps, reports = (store.named("credentials", f"DataArts {name}")["id"] for name in ("journal", "report"))
        assert store.secrets[keeps] == {**journal, "port": "5433"}
        environment = rules.rendered(definitions.injectors("journal_"), store.secrets[keeps], definitions.inputs("journal_"))
        assert environment == {
            "PGHOST": "db.example.com", "PGPORT": "5433", "PGDATABASE": "reruns", "PGUSER": "reruns",
            "PGPASSWORD": "pw-of-journal-1", "PGSSLMODE": "prefer",
        }  # fmt: skip
        assert store.secrets[reports] == place
        assert rules.rendered(definitions.injectors("report_"), store.secrets[reports], definitions.inputs("report_")) == {
            f"DATAARTS_REPORT_{name.upper()}": value for name, value in place.items()
        }
        for kind in [kind["name"] for kind in definitions.variables("definitions")["__dataarts_awx_kinds"]]:
            template = store.named("job_templates", f"DataArts solo: {kind}")
            assert json.loads(template["extra_vars"])["dataarts_journal"] == "postgresql://"
            assert store.names("job_templates", template["id"], "credentials") == ["DataArts journal", "DataArts report", "DataArts solo"]
        store.writes.clear()
        without = {
            **settings,
            "dataarts_awx_journal": {**journal, "user": "other", "password": ""},
            "dataarts_awx_report": {"link": place["link"]},
        }
        part(double, tmp_path / "again", ("validate", "credentials"), without).succeeded()
        assert store.secrets[keeps] == {**journal, "port": "5433", "user": "other"}
        assert store.secrets[reports] == place
        assert [path for method, path, body in store.writes] == [f"/api/v2/credentials/{keeps}/"]
        half = {**settings, "dataarts_awx_journal": {"host": "db.example.com"}}
        refused = part(double, tmp_path / "half", ("validate",), half).ended(2)
        assert "dataarts_awx_journal needs host, database and user, or credential_name" in refused.stdout
        wrong = {**settings, "dataarts_awx_prefix": "Other", "dataarts_awx_report": {"url": "obs/x"}}
        refused = part(double, tmp_path / "wrong", ("validate",), wrong).ended(2)
        assert "dataarts_awx_report needs a url that begins with https://" in refused.stdout


def create_objects(store: Store, names: t.Iterable[str]) -> None:
    """Create the objects that the role creates for accounts, with only their required fields, for tests of one part of the role."""
    kinds, gates, flows = (definitions.variables("definitions")[f"__dataarts_awx_{name}"] for name in ("kinds", "gates", "workflows"))
    owner = store.create("organizations", {"name": "DataArts"})
    own = {"organization": owner}
    for label in ("dataarts", *names):
        store.create("labels", {"name": label, **own})
    store.create("execution_environments", {"name": "DataArts reruns", "image": "i", **own})
    project = store.create("projects", {"name": "DataArts reruns", **own})
    webhook = {"url": "https://hooks.example.com/x", "headers": {}}
    store.create(
        "notification_templates",
        {"name": "DataArts webhook", "notification_type": "webhook", "notification_configuration": webhook, **own},
    )
    runs = {"project": project, "playbook": "rerun.yml", **own}
    empty = store.create("inventories", {"name": "DataArts: gates", **own})
    for gate in gates:
        store.create("job_templates", {"name": f"DataArts: {gate['name']}", "inventory": empty, **runs})
    for name in names:
        inventory = store.create("inventories", {"name": f"DataArts {name}", **own})
        for kind in kinds:
            store.create("job_templates", {"name": f"DataArts {name}: {kind['name']}", "inventory": inventory, **runs})
        for flow in flows:
            store.create("workflow_job_templates", {"name": f"DataArts {name}: {flow['name']}", **own})
    store.create("workflow_job_templates", {"name": "DataArts: night of all accounts", **own})


def of_the_product(directory: Path, version: str) -> Path:
    """Make a collections path in which awx.awx is renamed to ansible.controller, with the differences that matter to the role.

    :param version: 4.5 or 4.6. 4.6 has no token module, and its token option is called ``aap_token``.
    """
    source = awx.collection() / "ansible_collections" / "awx" / "awx"
    made = directory / "ansible_collections" / "ansible" / "controller"
    names = [("awx.awx", "ansible.controller"), ('_COLLECTION_TYPE = "awx"', '_COLLECTION_TYPE = "controller"')]
    names += (
        [("controller_oauthtoken", "aap_token"), ("oauth_token:", "aap_token:"), ("'oauth_token'", "'aap_token'")]
        if version == "4.6"
        else []
    )
    for path in [*(source / "plugins").rglob("*.py"), *(source / "meta").rglob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        for before, after in names:
            text = text.replace(before, after)
        copy = made / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    if version == "4.6":
        (made / "plugins" / "modules" / "token.py").unlink()
    return directory


PRODUCT = {"CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX": "/api/controller/"}
OWN = {"dataarts_awx_collection": "ansible.controller"}


def test_the_product_behind_its_gateway_with_either_collection(tmp_path: Path) -> None:
    """The modules of awx.awx warn that they are made for AWX; those of ansible.controller do not. A variable sets the path of the API for both."""
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}}
    settings: dict[str, t.Any] = {"dataarts_awx_accounts": [account], "dataarts_awx_team": "", "dataarts_awx_schedule_rrule": ""}
    parts = {"parts": ["organization", "validate", "credentials"]}
    (tmp_path / "part.yml").write_text(PARTS, encoding="utf-8")
    with Double(PLAYBOOKS, "Red Hat Ansible Automation Platform") as double:
        made = setup(
            NEWEST, double, tmp_path, variables={**settings, **parts}, env=PRODUCT, playbook=str(tmp_path / "part.yml")
        ).succeeded()
        assert "connecting to Red Hat Ansible Automation Platform" in made.output
        assert double.store.named("credentials", "DataArts solo")

        product = of_the_product(tmp_path / "product", "4.6")
        parts["parts"] = [f"ansible.controller/{name}" if f"{name}.yml" in awx_tasks.names() else name for name in parts["parts"]]
        double.store.writes.clear()
        playbook, variables = str(tmp_path / "part.yml"), {**settings, **parts, **OWN}
        own = setup(NEWEST, double, tmp_path / "own", variables=variables, env=PRODUCT, collections=product, playbook=playbook).succeeded()
        assert "connecting to Red Hat Ansible Automation Platform" not in own.output
        assert (changed(own), double.store.writes, double.store.tokens) == ([], [], {})


@pytest.mark.parametrize("age", [OLDEST, NEWEST])
def test_an_older_collection_of_the_product_makes_one_token_too(age: str, tmp_path: Path) -> None:
    settings = {**OWN, "dataarts_awx_accounts": [{"name": "vaulted", "credential_name": "Vualt"}]}
    product = of_the_product(tmp_path / "product", "4.5")
    with Double(PLAYBOOKS, "Red Hat Ansible Automation Platform") as double:
        refused = setup(age, double, tmp_path / "run", variables=settings, env={**PASSWORD, **PRODUCT}, collections=product).ended(2)
        assert "no credentials called Vualt" in refused.stdout
        assert 1 < len(double.store.tokens) <= 3
        assert not any(double.store.tokens.values())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "awx.awx",
            'collection awx.awx is not installed, or has no module credential, credential_type, .* Install it with "ansible-galaxy',
        ),
        (
            "ansible.controller",
            "collection ansible.controller is not installed.* Install it from Automation Hub, which needs a subscription",
        ),
        ("community.awx", "value of dataarts_awx_collection must be one of: awx.awx, ansible.controller, got: community.awx"),
    ],
)
def test_a_collection_that_is_not_there_is_told_before_anything_is_asked(name: str, words: str, tmp_path: Path) -> None:
    with Double(PLAYBOOKS) as double:
        settings = {"dataarts_awx_collection": name}
        for age in (OLDEST, NEWEST):
            refused = setup(age, double, tmp_path / age, variables=settings, env=PASSWORD, collections=tmp_path / "empty").ended(2)
            assert re.search(words, " ".join(refused.failures["localhost"].split())), refused.output
        assert (double.requests, double.store.writes) == (0, [])


def test_a_project_whose_update_failed_is_updated_again_and_says_why(tmp_path: Path) -> None:
    """A playbook that is new in the repository is found too, without a manual sync of the project."""
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}}
    settings = {"dataarts_awx_accounts": [account], "dataarts_awx_team": ""}
    parts = ("project",)
    with Double(PLAYBOOKS) as double:
        store = double.store
        store.create("organizations", {"name": "DataArts"})
        store.update_error = "TASK [fetch galaxy collections]\n\x1b[0;31mERROR! Failed to find collection dataarts.factory\x1b[0m\n\n"
        failed = part(double, tmp_path / "a", parts, settings).ended(2)
        assert "ERROR! Failed to find collection dataarts.factory Correct dataarts_awx_project" in " ".join(failed.stdout.split())
        assert len(store.updates) == 2
        store.update_error = ""
        part(double, tmp_path / "b", parts, settings).succeeded()
        assert [update["status"] for update in store.updates] == ["failed", "failed", "successful"]
        store.writes.clear()
        part(double, tmp_path / "c", parts, settings).succeeded()
        assert store.writes == []

        more = {**settings, "dataarts_awx_playbooks": {"rerun": "rerun.yml", "gate": "new.yml"}}
        absent = part(double, tmp_path / "d", parts, more).ended(2)
        assert "has no new.yml, which dataarts_awx_playbooks names" in " ".join(absent.stdout.split())
        store.playbooks |= {"new.yml"}
        part(double, tmp_path / "e", parts, more).succeeded()
        assert "new.yml" in store.checkouts[store.named("projects", "DataArts reruns")["id"]]


def test_a_schedule_that_a_person_paused_stays_paused(tmp_path: Path) -> None:
    parts = ("schedule",)
    with Double(PLAYBOOKS) as double:
        store = double.store
        owner = store.create("organizations", {"name": "DataArts"})
        store.create("workflow_job_templates", {"name": "DataArts: night of all accounts", "organization": owner})
        part(double, tmp_path / "a", parts, {}).succeeded()
        schedule = store.named("schedules", "DataArts night")
        assert schedule["enabled"] is True
        store.update("schedules", schedule["id"], {"enabled": False})
        store.writes.clear()
        kept = part(double, tmp_path / "b", parts, {}).succeeded()
        assert "is paused in AWX and stays so" in " ".join(kept.stdout.split())
        assert store.writes == []
        part(double, tmp_path / "c", parts, {"dataarts_awx_schedule_enabled": True}).succeeded()
        assert store.named("schedules", "DataArts night")["enabled"] is True
        part(double, tmp_path / "d", parts, {"dataarts_awx_schedule_enabled": False}).succeeded()
        assert store.named("schedules", "DataArts night")["enabled"] is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataarts_awx_approval_timeout": 0}, "an approval may stay open for 0 seconds"),
        ({"dataarts_awx_approval_timeout": 86400}, "the schedule starts the next night after 86400"),
        (
            {"dataarts_awx_schedule_rrule": "DTSTART;TZID=Asia/Shanghai:20260101T060000 RRULE:FREQ=HOURLY;INTERVAL=4"},
            "the schedule starts the next night after 14400",
        ),
        ({"dataarts_awx_schedule_rrule": "", "dataarts_awx_approval_timeout": 0}, ""),
        ({"dataarts_awx_schedule_rrule": "DTSTART;TZID=Asia/Shanghai:20260101T060000 RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO"}, ""),
    ],
)
def test_an_approval_ends_before_the_next_night(changes: dict[str, t.Any], words: str, tmp_path: Path) -> None:
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}}
    with Double(PLAYBOOKS) as double:
        outcome = part(double, tmp_path, ("validate",), {"dataarts_awx_accounts": [account], "dataarts_awx_team": "", **changes})
        assert double.store.writes == []
    outcome.ended(2 if words else 0)
    assert words in " ".join(outcome.stdout.split())


def test_another_team_may_approve(tmp_path: Path) -> None:
    """The team that launches workflows then loses its right to approve."""
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}}
    settings: dict[str, t.Any] = {"dataarts_awx_accounts": [account], "dataarts_awx_team": "Data operators"}
    approvals = {("workflow_job_templates", f"DataArts solo: {flow}", "approval") for flow in ("night", "repair")}
    with Double(PLAYBOOKS) as double:
        store = double.store
        create_objects(store, ["solo"])
        organization = store.named("organizations", "DataArts")["id"]
        launchers, others = (
            store.create("teams", {"name": name, "organization": organization}) for name in ("Data operators", "Data owners")
        )
        part(double, tmp_path / "a", ("access",), settings).succeeded()
        assert approvals <= store.roles_of("teams", launchers)
        # The role read shows why an update failed.
        assert {("projects", "DataArts reruns", "read"), ("inventories", "DataArts solo", "read")} <= store.roles_of("teams", launchers)
        both = {**settings, "dataarts_awx_approval_team": "Data owners"}
        part(double, tmp_path / "b", ("access",), both).succeeded()
        owners = store.roles_of("teams", others)
        assert approvals <= owners
        assert {role for kind, name, role in owners} == {"approval", "read"}
        assert not approvals & store.roles_of("teams", launchers)
        store.writes.clear()
        part(double, tmp_path / "c", ("access",), both).succeeded()
        assert store.writes == []


def test_what_awx_or_the_user_has_wrong_ends_in_one_message(tmp_path: Path) -> None:
    """The cases: our name is taken by an object of another kind; the fields of a type in use differ; a rule has no time zone; AWX is down."""
    with Double(PLAYBOOKS) as double:
        store = double.store
        owner = store.create("organizations", {"name": "DataArts"})
        old = {"fields": [{"id": "region", "label": "Region", "type": "string"}]}
        used = store.create("credential_types", {"name": "DataArts account", "kind": "cloud", "inputs": old})
        store.create("credentials", {"name": "other", "credential_type": used, "organization": owner})
        in_use = setup(NEWEST, double, tmp_path / "a").ended(2)
        assert "AWX never changes the fields of a type in use. Set dataarts_awx_prefix to another word" in in_use.stdout
        writes = len(store.writes)
        # The modules find credentials and inventories by name alone.
        other = store.create("credential_types", {"name": "Other", "kind": "cloud"})
        store.create("credentials", {"name": "DataArts retail", "credential_type": other, "organization": owner})
        elsewhere = store.create("organizations", {"name": "Elsewhere"})
        store.create("inventories", {"name": "DataArts finance", "organization": elsewhere})
        namesake = setup(NEWEST, double, tmp_path / "b").ended(2)
        assert "it already has DataArts retail among its credentials, of type Other" in namesake.stdout
        assert "it already has DataArts finance among its inventories, of organization Elsewhere" in namesake.stdout
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


@pytest.mark.parametrize("age", [OLDEST, MIDDLE, NEWEST])
def test_a_user_name_and_a_password_leave_no_token_behind(age: str, tmp_path: Path) -> None:
    """Modules and lookups share one token, which is deleted even if the run fails."""
    settings = {"dataarts_awx_accounts": [{"name": "vaulted", "credential_name": "Vualt"}]}
    with Double(PLAYBOOKS) as double:
        refused = setup(age, double, tmp_path, "-vvv", variables=settings, env=PASSWORD).ended(2)
        assert "no credentials called Vualt" in refused.stdout
        # The two calls of the token module, which create and delete it, may get a token of their own for their login.
        assert 1 < len(double.store.tokens) <= 3
        assert not any(double.store.tokens.values())
        assert not [secret for secret in ("pw-of-controller", "of-the-double") if secret in refused.output]


def test_what_the_file_names_and_awx_does_not_have_is_told_in_check_mode_too(tmp_path: Path) -> None:
    """Check mode reports names that do not exist in AWX. It must not expect the role to create them."""
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


def test_hosts_that_the_role_writes_and_what_is_not_listed_any_more(tmp_path: Path) -> None:
    """Set up an account whose workspaces are listed in the variables; then remove an account, change the kind of inventory, remove the schedule."""
    workspaces = [{"name": "sales", "workspace_id": "62fbba734e634c5087656fc3ff7adf34", "variables": {"dataarts_max_parallel": 5}}]
    account = {"name": "solo", "credential": {"region": "cn-north-4", "auth_token": "token"}, "workspaces": workspaces}
    chosen = {"dataarts_awx_accounts": [account], "dataarts_awx_inventory": "hosts"}
    with Double(PLAYBOOKS) as double:
        store = double.store
        create_objects(store, ["solo"])
        part(double, tmp_path / "first", ("inventories", "schedule"), chosen).succeeded()
        assert json.loads(store.named("hosts", "sales")["variables"]) == {
            "dataarts_workspace_id": "62fbba734e634c5087656fc3ff7adf34",
            "dataarts_max_parallel": 5,
        }
        inventory = json.loads(store.named("inventories", "DataArts solo")["variables"])
        assert inventory == {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        # It starts the workflow over all accounts even if there is only one, so it need not change when an account is added.
        fleet = store.named("workflow_job_templates", "DataArts: night of all accounts")["id"]
        assert store.named("schedules", "DataArts night")["unified_job_template"] == fleet
        store.writes.clear()
        again = part(double, tmp_path / "again", ("inventories", "schedule"), chosen, "--check").succeeded()
        assert (changed(again), store.writes) == ([], [])

        night = store.named("workflow_job_templates", "DataArts solo: night")["id"]
        store.create("workflow_job_template_nodes", {"identifier": "gone", "workflow_job_template": fleet, "unified_job_template": night})
        less = {**chosen, "dataarts_awx_inventory": "file", "dataarts_awx_schedule_rrule": ""}
        part(double, tmp_path / "less", ("inventories", "workflows", "schedule"), less).succeeded()
        nodes = store.things["workflow_job_template_nodes"].values()
        assert [node["identifier"] for node in nodes if node["workflow_job_template"] == fleet] == ["solo"]
        assert not store.things["schedules"]
        source = store.named("inventory_sources", "DataArts solo workspaces")
        assert (source["source_path"], source["credential"]) == ("inventory/solo.yml", None)
