# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If any step of a repair refuses the value of an option, nothing is sent by any step.

One play has a workspace for each invalid value: any write to that workspace in the emulator's journal is an error.
"""

from __future__ import annotations

import json
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.plugin_utils._awx.launch_inputs import PREFIX
from ansible_collections.dataarts.factory.plugins.plugin_utils._role.options import OWN, REPAIRS, variables_of
from emulator.running import Running, running
from tests.support.playbook import Ansible
from tests.support.scenarios import FREE as UNLIMITED
from tests.support.scenarios import V1, V2, small_night
from tests.support.workspace import inventory, variables

from .test_missing import whole_hour

Json = dict[str, t.Any]
ROOT = Path(__file__).parents[2]
SPEC: Json = {**OWN, **{option: entry for module in REPAIRS for option, entry in MODULES[module]().items()}}
#: Variables of a repair, by option.
VARIABLES = {
    **{option: PREFIX + option for option in OWN},
    **{option: variable for module in REPAIRS for option, variable in variables_of(module, role=True).items()},
}
#: Invalid values by type; str and path accept any text.
OF_TYPE: Json = {"int": "many", "float": "much", "bool": "perhaps", "dict": "text", "list": {"a": 1}, "str": {"a": 1}, "path": {"a": 1}}
#: Invalid values of the right type, or combinations of variables.
OF_VALUE: dict[str, list[t.Any]] = {
    "attempt_delay": [-1],
    "attempts": [0],
    "batch_size": [0],
    "ca_path": ["/no/such/file"],
    "clock_slack": [-1],
    "connect_timeout": [-1],
    "deadline": ["25:99"],
    "downstream_depth": [0, 99],
    "endpoint": ["ftp://somewhere"],
    "endpoint_v1": ["ftp://somewhere"],
    "iam_endpoint": ["ftp://somewhere"],
    "journal": ["mysql://somewhere/db"],
    "log_tail": [-1, 1_000_000],
    "max_instances": [-1, 0],
    "max_parallel": [0],
    "max_parallel_per_job": [0],
    "max_reruns_per_day": [0],
    "max_retries": [-1],
    "never_rerun_reasons": [[""]],
    "node_name": ["load"],
    "not_between": [["25:00-26:00"]],
    "obs_endpoint": [{"dataarts_obs_endpoint": "ftp://somewhere", "dataarts_log_tail": 3}],
    "parallel": [0, 6],
    "plan_id": ["nonsense"],
    "plans": [{"other": {}}],
    "planned_after": ["yesterday"],
    "planned_before": ["yesterday", "-48h"],
    "poll_interval": [0],
    "read_timeout": [-1],
    "report_link": ["javascript:"],
    "report_token": [chr(10) + "x" + chr(10) + "y"],
    "report_url": ["ftp://somewhere"],
    "rerun_only_reasons": [[""]],
    "retry_location": ["specifiedNode"],
    "settle_time": [-1],
    "since": ["tomorrow", "2099-01-01T00:00:00Z"],
    "timeout_action": [{"dataarts_timeout_action": "stop", "dataarts_wait_timeout": 0}],
    "wait_timeout": [-1],
    "workspace_id": [""],
}
#: Options for which every value of the right type is valid.
FREE = {
    *(
        "access_key",
        "secret_key",
        "security_token",
        "auth_token",
        "user_name",
        "user_password",
        "domain_name",
        "agency_name",
        "agency_domain_name",
    ),
    *("region", "cloud_domain", "project_id", "journal_password", "purpose", "other_workspaces", "report_path", "plan_record"),
}
(OF_PLAYBOOK,) = [
    play["vars"] for play in yaml.safe_load((ROOT / "playbooks" / "repair.yml").read_text(encoding="utf-8")) if play["name"] == "Rerun"
]


def cases(playbook: str) -> Iterator[tuple[str, Json]]:
    """Yields options and invalid variables, without options that *playbook* does not read from the inventory."""
    ignored = OF_PLAYBOOK if playbook == "repair" else ("dataarts_parallel", "dataarts_stopped_jobs")
    for option, entry in SPEC.items():
        if option not in VARIABLES or VARIABLES[option] in ignored:
            continue
        values = [OF_TYPE[entry["type"]], *(["no such word"] if "choices" in entry else []), *OF_VALUE.get(option, ())]
        for value in values:
            together = isinstance(value, dict) and all(name.startswith(PREFIX) for name in value)
            yield option, value if together else {VARIABLES[option]: value}


GOOD = "good"


def workspace_id(number: int) -> str:
    return f"{number:032x}"


def scenario(workspaces: int) -> Json:
    """Workspaces with a failed and a missing instance."""
    now = whole_hour(0)
    cycles = [{"plan_time": now - ago * 3_600_000, "status": "success"} for ago in range(5)]
    orders = [*cycles[:2], {**cycles[2], "status": "fail"}, *cycles[3:]]
    jobs = [{"name": "orders", "instances": orders}, {"name": "loads", "instances": [*cycles[:3], *cycles[4:]]}]
    made = [{"id": workspace_id(number), "name": f"w{number}", "jobs": jobs} for number in range(workspaces)]
    return small_night(workspaces=made, speed=600, switches={**UNLIMITED, **V1, **V2})


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(scenario(1)) as handle:
        yield handle


def hosts_file(service: Running, directory: Path, *cases: tuple[str, Json]) -> list[str]:
    """Write an inventory with a workspace for each of *cases*, and a last one with valid variables. Returns their names."""
    shared = {"poll_interval": 1, "settle_time": 1, "journal": str(directory / "state"), "planned_after": str(whole_hour(4))}
    hosts = {
        f"{number:03d}_{option}": {**variables(service, **shared, workspace_id=workspace_id(number)), **refused}
        for number, (option, refused) in enumerate([*cases, (GOOD, {})])
    }
    (directory / "hosts.yml").write_text(json.dumps(inventory(**hosts)), encoding="utf-8")
    return list(hosts)


def test_every_option_has_a_value_that_is_refused_or_none() -> None:
    known = {option for option, entry in SPEC.items() if entry["type"] in ("bool", "dict") or "choices" in entry}
    assert VARIABLES.keys() - known - OF_VALUE.keys() - {variable[len(PREFIX) :] for variable in OF_PLAYBOOK} == FREE - {"plan_record"}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("playbook", ["repair", "rerun"])
def test_what_any_step_refuses_is_refused_before_anything_is_sent(service: Running, tmp_path: Path, playbook: str) -> None:
    wrong = list(cases(playbook))
    service.reset(scenario(len(wrong) + 1))
    names = hosts_file(service, tmp_path, *wrong)
    outcome = Ansible(tmp_path).playbook(f"dataarts.factory.{playbook}", "-i", tmp_path / "hosts.yml").ended(2)
    by_id = {workspace_id(number): name for number, name in enumerate(names)}
    assert {by_id[entry["workspace_id"]] for entry in service.journal()} == {names[-1]}
    assert [name for name, (option, _refused) in zip(names, wrong, strict=False) if option not in outcome.failures.get(name, "")] == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("dataarts_jobs", [""]), ("dataarts_statuses", ["done"]), ("dataarts_downstream", "all"), ("dataarts_order", "any")),
        *(("dataarts_running_exception", "stop"), ("dataarts_serial", "some"), ("dataarts_hosts", "nowhere")),
    ],
)
def test_so_is_what_is_wrong_in_the_command(service: Running, tmp_path: Path, name: str, value: t.Any) -> None:
    service.reset(scenario(1))
    hosts_file(service, tmp_path)
    outcome = Ansible(tmp_path).playbook("dataarts.factory.repair", "-i", tmp_path / "hosts.yml", variables={name: value})
    assert outcome.rc != 0
    assert name.partition("_")[2] in outcome.output
    assert not service.journal()


@pytest.mark.long
def test_so_it_is_where_the_modules_run_in_processes_of_their_own(service: Running, tmp_path: Path) -> None:
    service.reset(scenario(1))
    hosts_file(service, tmp_path)
    elsewhere = {"ansible_python_interpreter": str(Path(sys.executable).parent / ".." / "bin" / "python"), "dataarts_max_parallel": 0}
    outcome = Ansible(tmp_path).playbook("dataarts.factory.repair", "-i", tmp_path / "hosts.yml", variables=elsewhere).ended(2)
    assert "max_parallel is 0" in outcome.output
    assert not service.journal()
