# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run was started, for commands: without secrets, and never such that the command would rerun more."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import rerun_spec
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import started
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import AS_BEFORE, Command
from tests.support.playbook import ROOT


def words(monkeypatch: pytest.MonkeyPatch, extra: dict[str, t.Any], **variables: t.Any) -> list[str]:
    """The words after the playbook in the command of a run with the extra variables *extra*."""
    cliargs = {"args": ["dataarts.factory.rerun"], "extra_vars": [json.dumps(extra)]}
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(cliargs))
    monkeypatch.setattr(started, "load_extra_vars", lambda loader: extra)
    return started.started_command(extra, None).words(None, variables)[2:]


@pytest.mark.parametrize(
    "extra",
    [
        {"dataarts_jobs": "{{ my_jobs }}"},
        {"dataarts_max_instances": "{{ 1 + 1 }}"},
        {"dataarts_secret_key": "sk-of-somebody"},
        {"my_jobs": ["daily_sales"]},
        {"dataarts_journal": "postgresql://journal:hunter23@db/journal"},
        {"dataarts_journal": "postgresql://db/journal?user=journal&password=hunter23"},
        {"dataarts_journal": "host=db password = hunter23"},
    ],
)
def test_what_cannot_be_repeated_is_named_with_a_value_that_is_refused(monkeypatch: pytest.MonkeyPatch, extra: dict[str, t.Any]) -> None:
    (name,) = extra
    assert words(monkeypatch, extra) == ["-e", f"{name}={AS_BEFORE}"]


@pytest.mark.parametrize(
    ("extra", "shown"),
    [
        ({"dataarts_attempts": 2}, ["-e", '{"dataarts_attempts": 2}']),
        ({"dataarts_journal": "postgresql://journal@db/journal"}, ["-e", "dataarts_journal=postgresql://journal@db/journal"]),
        ({"dataarts_max_instances": None, "dataarts_purpose": ""}, []),
        ({"dataarts_order": "x", "_raw_params": "before>"}, ["-e", "dataarts_order=x"]),
        ({"dataarts_since": "2026-11-23T07:30:00+08:00", "dataarts_planned_after": "-3d"}, []),
        (
            {"dataarts_plan_id": "1-x", "dataarts_plan_record": {"a": None}},
            ["-e", '{"dataarts_plan_record": {"a": null}}', "-e", "dataarts_plan_id=1-x"],
        ),
        # The command after a plan sends the reruns.
        *(({"dataarts_check_only": value}, ["-e", "dataarts_check_only=no"]) for value in (True, "yes", "true", "no")),
    ],
)
def test_what_can_be_repeated_is_and_what_a_command_has_of_its_own_is_not(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, t.Any], shown: list[str]
) -> None:
    assert words(monkeypatch, extra) == shown


def test_a_command_after_a_plan_of_awx_sends_and_one_for_another_plan_does_not() -> None:
    planned = Command(awx=True, only_checked=True, variables={"dataarts_check_only": "yes"})
    assert json.loads(planned.line(None, {})) == {"dataarts_check_only": "no"}
    assert json.loads(planned.line(None, {}, check=True)) == {"dataarts_check_only": "yes"}
    assert dataclasses.replace(planned, awx=False).words(None, {}, check=True)[2:] == ["-e", "dataarts_check_only=yes", "--check"]


def test_a_command_with_jobs_of_its_own_needs_none_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    own = words(monkeypatch, {"dataarts_jobs": "{{ my_jobs }}"}, dataarts_jobs=["daily_sales"])
    assert own == ["-e", '{"dataarts_jobs": ["daily_sales"]}']


def test_a_window_in_a_file_is_chosen_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A command that repeats the file must set the window absolutely, because ``-1h`` would move."""
    file = tmp_path / "vars.yml"
    file.write_text(json.dumps({"dataarts_planned_before": "-1h", "dataarts_jobs": ["daily_sales"]}), encoding="utf-8")
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": ["dataarts.factory.rerun"], "extra_vars": [f"@{file}"]}))
    load_extra_vars.__dict__.pop("extra_vars", None)
    command = started.started_command({}, DataLoader())
    load_extra_vars.__dict__.pop("extra_vars", None)
    assert command.selection == {"dataarts_planned_before": "-1h"}
    assert command.words(None, {})[2:] == ["-e", f"@{file}"]


@pytest.mark.parametrize(
    ("cliargs", "own", "ours"),
    [
        ({"tags": ("all",), "skip_tags": (), "start_at_task": None, "connection": "ssh", "become_method": "sudo"}, [], []),
        ({"tags": ["rerun", "plan"], "skip_tags": ["deploy"]}, ["--tags", "rerun,plan", "--skip-tags", "deploy"], []),
        ({"start_at_task": "Rerun what failed"}, ["--start-at-task", "Rerun what failed"], []),
        *(
            (dict.fromkeys(names, value), words, words)
            for names, value, words in [
                (["remote_user"], "night", ["--user", "night"]),
                (["ask_pass", "become", "become_ask_pass"], True, ["--ask-pass", "--become", "--ask-become-pass"]),
                (["become_user"], "dataarts", ["--become-user", "dataarts"]),
                (["connection"], "paramiko", ["--connection", "paramiko"]),
            ]
        ),
    ],
)
def test_a_command_runs_the_same_tasks_and_reaches_the_same_hosts(
    monkeypatch: pytest.MonkeyPatch, cliargs: dict[str, t.Any], own: list[str], ours: list[str]
) -> None:
    """Without ``--tags``, the user's whole playbook would run."""
    monkeypatch.setattr(started, "load_extra_vars", lambda loader: {})
    for playbook, words in (("site.yml", own), ("dataarts.factory.rerun", ours)):
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": [playbook], **cliargs}))
        assert started.started_command({}, None).words(None, {})[2:] == words


@pytest.mark.parametrize(
    ("subset", "limit"),
    [("@rerun.retry", "@{here}/rerun.retry"), ("all,!@/srv/a.retry,@b", "all,!@/srv/a.retry,@{here}/b"), ("sales", "sales"), (None, None)],
)
def test_a_file_of_hosts_is_found_from_any_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subset: str | None, limit: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": ["dataarts.factory.rerun"], "subset": subset}))
    monkeypatch.setattr(started, "load_extra_vars", lambda loader: {})
    assert started.started_command({}, None).limit == (limit and limit.format(here=tmp_path))


def test_an_inventory_that_does_not_exist_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is Ansible's default, and the run's host was the implicit localhost."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": ["dataarts.factory.rerun"]}))
    monkeypatch.setattr(started, "load_extra_vars", lambda loader: {})
    hosts = tmp_path / "hosts.yml"
    hosts.touch()
    sources = [str(tmp_path / "etc" / "hosts"), str(hosts), "sales,supply"]
    command = started.started_command({"ansible_inventory_sources": sources}, None)
    assert command.words(None, {})[2:] == ["-i", str(hosts), "-i", "sales,supply"]


@pytest.mark.parametrize("entry", ["main", "related", "missing", "recap"])
def test_every_variable_of_the_role_can_be_repeated_but_secrets_and_what_a_command_says_itself(entry: str) -> None:
    documented = yaml.safe_load((ROOT / "roles" / "rerun" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    names = {*documented["argument_specs"][entry]["options"], "dataarts_serial", "dataarts_hosts"}
    secrets = {f"dataarts_{name}" for name, option in rerun_spec().items() if option.get("no_log")}
    own = {f"dataarts_{name}" for name in started._OWN} | {"dataarts_plans", "dataarts_report_url", "dataarts_report_token"}
    assert started._shown_variables(dict.fromkeys(names, 1)).keys() == names - secrets - own
