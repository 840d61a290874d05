# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion of options: precedence of the levels, and which values count as set."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.variables import accepted, by_name, filled, said

BLANKS = [None, "", " ", "\n", "\r\n", "\t ", "\u3000"]
#: Stands for "nothing there at all".
NONE = object()


@pytest.mark.parametrize("value", BLANKS)
def test_null_and_blank_text_say_nothing(value: t.Any) -> None:
    assert not said(value)


@pytest.mark.parametrize("value", [0, False, 0.0, [], {}, "0", "no", "null", "*", " x "])
def test_anything_else_is_said(value: t.Any) -> None:
    assert said(value)


def result(module: str, task: t.Any = NONE, default: t.Any = NONE, variable: t.Any = NONE, *, option: str) -> t.Any:
    """The value of *option* for the given values of each level; NONE if it is left out."""
    defaults = {} if default is NONE else {option: default}
    args = {**defaults, **({} if task is NONE else {option: task})}
    variables = {} if variable is NONE else {option: f"dataarts_{option}"}
    values = {f"dataarts_{option}": variable}
    return filled(MODULES[module](), args, variables, defaults.get, values.__getitem__).get(option, NONE)


@pytest.mark.parametrize(
    ("task", "default", "variable", "expected"),
    [
        (5, 6, 7, 5),
        (NONE, 6, 7, 6),
        (NONE, NONE, 7, 7),
        (NONE, NONE, NONE, NONE),
        (0, 6, 7, 0),
        (NONE, 0, 7, 0),
        *((blank, 6, 7, 6) for blank in BLANKS),
        *((blank, blank, 7, 7) for blank in BLANKS),
        *((blank, NONE, 7, 7) for blank in BLANKS),
        *((blank, blank, blank, NONE) for blank in BLANKS),
        *((NONE, blank, 7, 7) for blank in BLANKS),
        *((NONE, NONE, blank, NONE) for blank in BLANKS),
    ],
)
def test_the_first_level_that_says_anything_counts(task: t.Any, default: t.Any, variable: t.Any, expected: t.Any) -> None:
    assert result("job_rerun", task, default, variable, option="max_instances") is expected


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("module", ["job_rerun", "job_instance_info", "job_info", "rerun_history_info"])
def test_jobs_that_are_blank_on_every_level_are_left_to_the_module_to_refuse(module: str, blank: t.Any) -> None:
    assert result(module, variable=blank, option="jobs") == blank
    assert result(module, task=blank, option="jobs") == blank
    assert result(module, task=blank, variable=["a"], option="jobs") == ["a"]
    assert result(module, task=["a"], variable=blank, option="jobs") == ["a"]
    assert result("job_instance_retry", task=blank, option="jobs") is NONE


KEYS = {"access_key": "A", "secret_key": "S"}


@pytest.mark.parametrize(
    ("task", "variables", "expected"),
    [
        ({}, {**KEYS, "security_token": "T"}, {**KEYS, "security_token": "T"}),
        ({"auth_token": "T"}, KEYS, {"auth_token": "T"}),
        ({"auth_token": "T"}, {"agency_name": "G", "agency_domain_name": "D"}, {"auth_token": "T"}),
        (KEYS, {"auth_token": "T"}, KEYS),
        ({"access_key": "A"}, KEYS, KEYS),
        ({"access_key": "B"}, KEYS, {"access_key": "B"}),
        ({"access_key": "B", "secret_key": "S2"}, {**KEYS, "security_token": "T"}, {"access_key": "B", "secret_key": "S2"}),
        ({"access_key": "A"}, {"secret_key": "S", "security_token": "T"}, {"access_key": "A", "secret_key": "S"}),
        (
            {"user_name": "U", "user_password": "P"},
            {**KEYS, "domain_name": "D"},
            {"user_name": "U", "user_password": "P", "domain_name": "D"},
        ),
        ({"domain_name": "D"}, KEYS, {**KEYS, "domain_name": "D"}),
        (KEYS, {"region": "cn-north-4"}, {**KEYS, "region": "cn-north-4"}),
    ],
)
def test_credentials_are_completed_as_a_whole_kind(task: dict[str, str], variables: dict[str, str], expected: dict[str, str]) -> None:
    names = {name: name for name in variables}
    assert filled(MODULES["job_info"](), task, names, lambda option: None, variables.__getitem__) == expected


def test_what_another_module_takes_hurts_none_where_the_defaults_of_the_group_say_it() -> None:
    known = {name for options in MODULES.values() for name in options()}
    spec = MODULES["workspace_info"]()
    args = {"workspace_id": "W", "region": "R", "max_instances": 3, "typo": 1}
    defaults = {"workspace_id": "W", "region": "R", "typo": 1}
    # An option that no module has stays in the task for Ansible to refuse.
    assert accepted(args, spec, known, defaults.get) == {"region": "R", "max_instances": 3, "typo": 1}


@pytest.mark.parametrize(
    ("args", "defaults", "expected"),
    [
        ({"timeout": 60}, {}, {"wait_timeout": 60}),
        ({"interval": 5, "timeout": "60"}, {}, {"poll_interval": 5, "wait_timeout": "60"}),
        ({"wait_timeout": 60}, {}, {"wait_timeout": 60}),
        ({"wait_timeout": 60, "timeout": None}, {}, {"wait_timeout": 60}),
        ({"wait_timeout": "", "timeout": 60}, {}, {"wait_timeout": 60}),
        ({"wait_timeout": 60, "timeout": 90}, {"wait_timeout": 60}, {"wait_timeout": 90}),
        ({"wait_timeout": 60, "timeout": 90}, {"timeout": 90}, {"wait_timeout": 60}),
        ({"wait_timeout": 60, "timeout": 90}, {}, "timeout is another name of wait_timeout, and both are set"),
        ({"timeout": 60, "jobs": ["a"]}, {}, {"wait_timeout": 60, "jobs": ["a"]}),
    ],
)
def test_aliases(args: dict[str, t.Any], defaults: dict[str, t.Any], expected: dict[str, t.Any] | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(OptionError, match=expected):
            by_name(args, MODULES["job_rerun"](), defaults.get)
    else:
        assert by_name(args, MODULES["job_rerun"](), defaults.get) == expected
