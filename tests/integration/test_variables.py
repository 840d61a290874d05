# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory variables and module_defaults reach every module, and null or blank values never remove a limit. In real processes."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
import yaml

from emulator.running import Running
from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import Ansible
from tests.support.scenarios import SECRET_KEY, STUDIO_ID, V2, WORKSPACE_ID
from tests.support.workspace import inventory, token, variables

PLAYBOOK = "dataarts.factory.rerun"
MODULES = {
    "job_dependency_info": {"job_name": "daily_sales"},
    "job_info": {},
    "job_instance_info": {"statuses": "fail"},
    "job_instance_retry": {"job_name": "daily_sales", "task_retrys": "{{ failures }}"},
    "job_rerun": {},
    "job_instance_stop": {"job_name": "daily_sales", "instance_ids": ["500001"], "check_only": True},
    "job_run": {"job_name": "daily_sales", "run_key": "night", "check_only": True},
    "job_schedule": {"state": "paused", "jobs": ["daily_sales"], "check_only": True},
    "rerun_history_info": {},
    "workspace_info": {"studio_instance_ids": [STUDIO_ID]},
}


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def written(tmp_path: Path, hosts: dict[str, t.Any]) -> Path:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps(hosts), encoding="utf-8")
    return path


def test_a_single_question_needs_nothing_but_the_inventory(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    hosts = written(tmp_path, inventory(sales=variables(service, jobs=["nothing"], planned_after="-1s", max_instances=0)))
    outcome = ansible.run("ansible", "sales", "-i", hosts, "-m", "dataarts.factory.job_instance_info", "-a", "statuses=fail").succeeded()
    answer = json.loads(outcome.stdout[outcome.stdout.index("{") :])
    assert {instance["status"] for instance in answer["instances"]} == {"fail"}


@pytest.mark.parametrize("source", whole_plays(["variables", "module_defaults"]))
def test_every_module_has_account_and_workspace_of_the_inventory_or_of_the_play(
    service: Running, ansible: Ansible, tmp_path: Path, source: str
) -> None:
    service.set(**V2, depend_open=True)
    options = variables(service, settle_time=1, jobs=["nothing"], journal=str(tmp_path / "journal"))
    shared = {
        name.removeprefix("dataarts_"): value for name, value in options.items() if name not in ("dataarts_jobs", "dataarts_settle_time")
    }
    plain = {name: value for name, value in options.items() if not name.startswith("dataarts_")}
    times = dict.fromkeys(("plan_time", "submit_time"), "2026-01-01T00:00:00Z")
    play = {
        "hosts": "all",
        "gather_facts": False,
        "collections": ["dataarts.factory"],
        "vars": {"failures": [{"job_id": 1, **times}]},
        # including an option that only some modules have
        **({"module_defaults": {"group/dataarts.factory.api": {**shared, "statuses": None}}} if source == "module_defaults" else {}),
        "tasks": [
            {"name": name, module: args, "check_mode": True, "ignore_errors": True}
            for module, args in MODULES.items()
            for name, module in ((module, module), (module, f"dataarts.factory.{module}"))
        ],
    }
    outcome = ansible.written_playbook([play], "-i", written(tmp_path, inventory(sales=options if source == "variables" else plain)))
    messages = {(line.task, line.action): str(line.result.get("msg", "")) for line in outcome.results if line.event != "recap"}
    assert len(messages) == 2 * len(MODULES)
    failed = {name for (name, dummy), msg in messages.items() if msg.startswith(("Failed", "Unsupported", "missing"))}
    # its instance does not exist; rerun_history_info needs no account
    assert failed == {"job_instance_retry"}, messages
    assert all("not found" in msg or "no instance" in msg for (name, dummy), msg in messages.items() if name in failed), messages


@pytest.mark.long
def test_what_module_defaults_say_of_one_module_is_not_said_of_another(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    service.set(**V2, depend_open=True)
    names = ["dataarts.factory.job_info", "dataarts.factory.workspace_info", "dataarts.factory.job_instance_info"]
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"dataarts.factory.job_instance_info": {"api_version": "v9"}},
        "tasks": [{"name": name, name: {}, "ignore_errors": True} for name in names],
    }
    outcome = ansible.written_playbook([play], "-i", written(tmp_path, inventory(sales=variables(service))))
    failed = [line.task for line in outcome.results if "v9" in str(line.result.get("msg"))]
    assert failed == names[2:]


@pytest.mark.parametrize(
    ("blank", "place"),
    whole_plays_of(
        [("", "play"), (None, "extra"), ("", "extra"), ("\r\n", "play"), (None, "host"), ("{{ omit }}", "extra"), ("{{ omit }}", "play")]
    ),
)
def test_a_limit_of_the_inventory_is_not_lifted_by_what_says_nothing(
    service: Running, ansible: Ansible, tmp_path: Path, blank: str | None, place: str
) -> None:
    over = {"dataarts_max_instances": blank, "dataarts_since": blank}
    limit = {"dataarts_max_instances": 1, "dataarts_jobs": ["*"]}
    plain = variables(service, settle_time=1, journal=str(tmp_path / "journal"))
    hosts = written(tmp_path, inventory(sales={**plain, **(over if place == "host" else limit)}))
    if place == "host":
        (tmp_path / "group_vars").mkdir()
        (tmp_path / "group_vars" / "all.yml").write_text(json.dumps(limit), encoding="utf-8")
    if place == "play":
        play = {"hosts": "all", "gather_facts": False, "vars": over, "roles": [PLAYBOOK]}
        outcome = ansible.written_playbook([play], "-i", hosts)
    else:
        outcome = ansible.playbook(PLAYBOOK, "-i", hosts, variables=over if place == "extra" else None)
    result = outcome.of("job_rerun")[0].result
    assert result["error"]["kind"] == "limit", outcome.output
    assert service.journal() == []


@pytest.mark.long
def test_omit_leaves_a_credential_of_the_inventory_out(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """Access keys and a token together are refused. (omit does not remove a limit, see above.)"""
    hosts = written(tmp_path, inventory(sales=variables(service, settle_time=1, journal=str(tmp_path / "journal"))))
    omitted = dict.fromkeys(("dataarts_access_key", "dataarts_secret_key"), "{{ omit }}")
    outcome = ansible.playbook(PLAYBOOK, "--check", "-i", hosts, variables={"dataarts_auth_token": token(service), **omitted})
    result = outcome.succeeded().of("job_rerun")[0].result
    assert "error" not in result
    both = ansible.playbook(PLAYBOOK, "--check", "-i", hosts, variables={"dataarts_auth_token": token(service)}).ended(2)
    assert "error" in both.of("job_rerun")[0].result


#: Variable, value in the inventory file, and words of the error; None: valid.
SAMPLE: list[tuple[str, t.Any, str | None]] = [
    ("jobs", '["daily_sales", "hourly_stock"]', None),
    ("jobs", "daily_sales，hourly_stock", None),
    ("jobs", "['daily_sales']", "dataarts_jobs must be a list"),
    ("jobs", "", "dataarts_jobs must be a list, not empty text"),
    ("jobs", None, "dataarts_jobs must be a list, not null"),
    ("jobs", {"a": 1}, "dataarts_jobs must hold text"),
    ("max_instances", True, "dataarts_max_instances must be a number"),
    ("max_instances", 1.5, "dataarts_max_instances must be a whole number"),
    ("max_instances", "５", "dataarts_max_instances must be a number"),
    ("max_instances", " 500\r\n", None),
    ("max_instances", "9" * 60, "dataarts_max_instances must be a number of at most"),
    ("read_timeout", float("inf"), "dataarts_read_timeout must be a number"),
    ("wait_timeout", [60], "dataarts_wait_timeout must be a number"),
    ("statuses", "fail\n", None),
    ("statuses", "Fail", "dataarts_statuses must be fail or manual-stop or success"),
    ("planned_after", "-24h\n", None),
    ("planned_after", 24, "dataarts_planned_after must be text"),
    ("check_only", "maybe", "dataarts_check_only must be a boolean"),
    ("ca_path", ["a"], "dataarts_ca_path must be text"),
    ("plan_record", "x", "dataarts_plan_record must be a mapping"),
    ("plans", "x", "dataarts_plans must be a mapping"),
    ("fail_on_broken", "perhaps", "dataarts_fail_on_broken must be a boolean"),
    ("purpose", "{{ nobody }}", "dataarts_purpose cannot be evaluated"),
    ("secret_key", "{{ nobody }}", "dataarts_secret_key cannot be evaluated: the cause is not shown"),
    ("secret_key", "kept to itself", "contains blanks"),
    ("secret_key", SECRET_KEY + "\r\n", None),
    ("journal_password", "p\n", None),
    ("since", "2026-11-23", "since: '2026-11-23' is not a time"),
    ("workspace_id", f" {WORKSPACE_ID}\r\n", f" workspace {WORKSPACE_ID}."),
    ("jobs", "{{ 'daily_*' | list }}", "dataarts_jobs is a list of single characters"),
    ("purpose", "night\0", "dataarts_purpose contains a line break or another control character"),
    ("report_path", True, "dataarts_report_path must be text, not a boolean: YAML takes yes, no, on and off for booleans"),
    ("journal", ["a"], "dataarts_journal must be text, not a list: write one text"),
    ("secret_key", b"kept to itself", "dataarts_secret_key must be text, not binary data: write one text"),
    ("jobs", ["daily_sales", "{{ nobody }}"], "dataarts_jobs cannot be evaluated"),
    ("jobs", "{{ dataarts_jobs }}", "dataarts_jobs cannot be evaluated"),
    ("jobs", ["daily_sales", True], "dataarts_jobs must hold text, not a boolean"),
    ("max_instances", "\u00a0500\u00a0", None),
    ("max_instances", "\ufeff500", "dataarts_max_instances must be a number"),
    ("not_between", 1320, "dataarts_not_between must hold text, not a number"),
    ("deadline", datetime.date(2026, 11, 23), "dataarts_deadline must be a time with a time zone"),
    ("report_path", "{{ nobody }}", "dataarts_report_path cannot be evaluated"),
    ("report_token", "{{ nobody }}", "dataarts_report_token cannot be evaluated: the cause is not shown"),
]


@pytest.mark.long
def test_a_sample_of_the_table_of_forms_in_a_real_inventory(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """tests/unit/test_input_forms.py has the whole table; here a real play passes the values, with the ansible-core of this test."""
    good = {"settle_time": 1, "journal": str(tmp_path / "journal")}
    hosts = {
        f"host{number}": {**variables(service, **good), f"dataarts_{name}": value} for number, (name, value, dummy) in enumerate(SAMPLE)
    }
    # YAML, which can express NaN and infinity
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(inventory(**hosts), allow_unicode=True), encoding="utf-8")
    outcome = ansible.playbook(PLAYBOOK, "--check", "-i", path, "--forks", "4").ended(2)
    assert "Traceback" not in outcome.output
    assert "Unexpected Exception" not in outcome.output
    assert "kept to itself" not in outcome.output
    results = {line.host: line.result for line in reversed(outcome.of("job_rerun")) if "msg" in line.result}
    wrong = [
        f"{name} {value!r}: {results[f'host{number}']['msg']}"
        for number, (name, value, said) in enumerate(SAMPLE)
        if (said or "") not in results[f"host{number}"]["msg"]
        or (said is None or said.startswith(" workspace ")) != ("error" not in results[f"host{number}"])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("words", whole_plays([["--vault-password-file", "wrong"], []]))
def test_a_wrong_vault_password_or_none_is_told_as_that(service: Running, ansible: Ansible, tmp_path: Path, words: list[str]) -> None:
    """Whichever variable is vaulted, and whether it is the option itself or used in a template."""
    for name in ("right", "wrong"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    encrypt: list[str | Path] = ["encrypt_string", "--vault-password-file", tmp_path / "right", "--name", "vaulted", SECRET_KEY]
    text = ansible.start("ansible-vault", *encrypt).wait().succeeded().stdout
    good = variables(service, settle_time=1, journal=str(tmp_path / "journal"))
    secrets = {"itself": {"secret_key": "VAULTED"}, "template": {"secret_key": "{{ vaulted }}"}, "no_secret": {"purpose": "VAULTED"}}
    hosts = inventory(**{name: {**good, **{f"dataarts_{key}": value for key, value in own.items()}} for name, own in secrets.items()})
    hosts["all"]["vars"]["vaulted"] = "VAULTED"
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(hosts).replace("VAULTED", text.partition(": ")[2].rstrip()), encoding="utf-8")
    words = [str(tmp_path / word) if word == "wrong" else word for word in words]
    outcome = ansible.playbook(PLAYBOOK, "--check", "-i", path, *words).ended(2)
    messages = {line.host: line.result["msg"] for line in reversed(outcome.of("job_rerun")) if "msg" in line.result}
    assert messages.keys() == secrets.keys()
    for name, own in secrets.items():
        (option,) = own
        assert f"dataarts_{option} cannot be decrypted with the vault passwords of this run. Use --ask-vault-pass" in messages[name]
        assert "in AWX add a vault credential" in messages[name]
    assert SECRET_KEY not in outcome.output


@pytest.mark.parametrize(
    ("extra", "said"),
    whole_plays_of(
        [
            ("dataarts_hosts=", "dataarts_hosts is blank"),
            ('{"dataarts_hosts": {"a": 1}}', "dataarts_hosts must hold text, not a mapping"),
            ("dataarts_serial=some", "dataarts_serial"),
            ("dataarts_jobs=", "dataarts_jobs must be a list, not empty text"),
            ("dataarts_jbos=nothing", "Did you mean dataarts_jobs?"),
        ]
    ),
)
def test_what_says_nothing_or_something_else_on_the_command_line_is_refused_by_name(
    service: Running, ansible: Ansible, tmp_path: Path, extra: str, said: str
) -> None:
    hosts = written(tmp_path, inventory(sales=variables(service, settle_time=1, journal=str(tmp_path / "journal"))))
    outcome = ansible.playbook(PLAYBOOK, "-i", hosts, "-e", extra)
    assert outcome.rc not in (0, 250), outcome.output
    assert said in " ".join(outcome.output.split()), outcome.output
    assert "Unexpected Exception" not in outcome.output
    assert service.journal() == []
