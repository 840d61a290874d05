# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that arrive with the wrong type are refused with a remedy; lines of a survey become a list."""

from __future__ import annotations

import datetime
import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import parse_point
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import rerun_spec
from ansible_collections.dataarts.factory.plugins.module_utils._config.raw_values import as_lines, fitted
from ansible_collections.dataarts.factory.plugins.plugin_utils._awx.launch_inputs import (
    credential_errors,
    jobs_of_lines,
    survey_answer_errors,
)

FIELDS = [
    {"id": "region", "label": "Region"},
    {"id": "access_key", "label": "Access key (AK)"},
    {"id": "secret_key", "label": "Secret key (SK)"},
    {"id": "security_token", "label": "Security token"},
    {"id": "auth_token", "label": "IAM token"},
    {"id": "user_name", "label": "IAM user name"},
    {"id": "user_password", "label": "IAM user password"},
    {"id": "domain_name", "label": "Account name"},
]

ARRIVED: list[tuple[str, t.Any, str]] = [
    ("project_id", 42798, "project_id must be text, not a number.*HW_PROJECT_ID"),
    ("secret_key", 1.1, "secret_key must be text, not a number.*Quote it.*HW_SECRET_KEY"),
    ("access_key", True, "access_key must be text, not a boolean"),
    ("workspace_id", 511, "workspace_id must be text, not a number"),
    ("since", 754, "since must be text, not a number"),
    ("planned_after", True, "planned_after must be text, not a boolean"),
    ("jobs", 511, r"jobs must hold text, not a number.*\[0\]777"),
    ("jobs", ["daily", datetime.date(2024, 1, 2)], "jobs must hold text, not a date"),
    ("since", datetime.datetime(2026, 11, 23, 7, 30), "since must be a time with a time zone, not a date without one: write it like"),
    ("planned_after", datetime.date(2025, 1, 2), "planned_after must be a time with a time zone, not a date without one"),
    ("workspace_id", datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc), "workspace_id must be text, not a date"),
    ("jobs", True, "jobs must hold text, not a boolean"),
    ("jobs", None, r"jobs must be a list, not null"),
    ("instance_types", [1], "instance_types must hold text, not a number"),
]


@pytest.mark.parametrize(
    ("value", "instead"),
    [
        (["mart"], "but entry 1 is text."),
        ([{"job_name": "mart"}, 3], "but entry 2 is a number."),
        ("mart", "not text."),
        ({"job_name": "mart"}, "not a mapping."),
    ],
)
def test_a_list_of_mappings_names_the_entry_that_is_none(value: t.Any, instead: str) -> None:
    spec = {"jobs": {"type": "list", "elements": "dict", "options": {"job_name": {"type": "str"}, "workspace_id": {"type": "str"}}}}
    problem = fitted(spec, {"jobs": value})[1]
    assert problem is not None
    assert f"jobs must be a list of mappings with job_name and workspace_id, {instead}" in problem


@pytest.mark.parametrize("written", ["2026-11-23T07:30:00+08:00", "2026-11-23T07:30:00Z", "2026-11-23 07:30:00.250 +08:00"])
def test_a_time_that_yaml_read_with_its_zone_is_the_time_that_was_written(written: str) -> None:
    """A survey answer arrives like this on ansible-core 2.19 and later."""
    value = yaml.safe_load(written)
    options, problem = fitted(rerun_spec(), {"since": value})
    assert problem is None
    assert datetime.datetime.fromtimestamp(parse_point(options["since"], option="since") / 1000, datetime.timezone.utc) == value


@pytest.mark.parametrize(("name", "value", "pattern"), ARRIVED)
def test_what_lost_its_form_is_refused_with_the_cure(name: str, value: t.Any, pattern: str) -> None:
    options, problem = fitted(rerun_spec(), {name: value, "_ansible_check_mode": True})
    assert problem is not None
    assert re.search(pattern, problem), problem
    assert str(value) not in problem or value is True or value is None
    assert options["_ansible_check_mode"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "1732608000000"),
        ("project_id", "0123456"),
        ("project_id", None),
        ("statuses", ["fail"]),
        ("max_instances", 5),
        ("wait", False),
        ("instance_types", None),
    ],
)
def test_what_is_meant_passes_unchanged(name: str, value: t.Any) -> None:
    assert fitted(rerun_spec(), {name: value}) == ({name: value}, None)


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("since", 1732608000000, "1732608000000"),
        ("max_instances", " 5\n", 5),
        ("wait", "No", False),
        ("order", "upstream_first\r\n", "upstream_first"),
        ("journal_password", " p \r\n", " p "),
        ("secret_key", "S\n", "S"),
        ("read_timeout", "2.5", 2.5),
    ],
)
def test_what_is_meant_becomes_the_type_of_its_option(name: str, value: t.Any, made: t.Any) -> None:
    options, problem = fitted(rerun_spec(), {name: value})
    assert (options, problem) == ({name: made}, None)
    assert type(options[name]) is type(made)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ('["a", "b[0]"]', ["a", "b[0]"]),
        ("a，b、c", ["a", "b", "c"]),
        ("[0]777", ["[0]777"]),
        ("daily_*\nhourly_stock\n", ["daily_*", "hourly_stock"]),
        ("daily_*, hourly_stock", ["daily_*", "hourly_stock"]),
        ("*", ["*"]),
        (" \r\n ", []),
        ("", []),
        (["a\nb", "c,d"], ["a", "b", "c,d"]),
        (["a", "b"], ["a", "b"]),
        (7, 7),
    ],
)
def test_lines_of_a_survey_are_a_list(given: t.Any, made: t.Any) -> None:
    assert as_lines(given) == made


@pytest.mark.parametrize("written", ["['a', 'b']", "[a, b]", '["a", "b"', '{"a", "b"}', "[a-z],[0-9]", "- a\n- b"])
def test_what_looks_like_a_list_and_is_none_never_becomes_a_pattern(written: str) -> None:
    options, problem = fitted(rerun_spec(), {"jobs": written})
    assert problem == 'jobs must be a list, or names with commas between, not text that looks like a list: write ["a", "b"], or a,b.'
    assert "jobs" not in options


def test_answers_are_judged_by_the_option_they_stand_for() -> None:
    good: dict[str, t.Any] = {
        "dataarts_jobs": "daily_*\nhourly_*",
        "dataarts_planned_before": None,
        "dataarts_statuses": ["fail"],
        "dataarts_check_only": False,
        "dataarts_max_instances": 500,
        "dataarts_threshold": "50",
        "dataarts_answer_order": "as the inventory says",
        "dataarts_answer_downstream": "as the inventory says",
        "dataarts_plans": {},
        "dataarts_rerun_result": 3,
        "other": 3,
    }
    assert survey_answer_errors(good) == []
    bad = {
        "dataarts_job_name": 511,
        "dataarts_check_only": "maybe",
        "dataarts_max_instances": "many",
        "dataarts_concurrent": True,
        "dataarts_plans": "{{ x }}",
        "dataarts_jobs_of_lines": "a b",
    }
    texts = survey_answer_errors(bad)
    assert [text.split()[0] for text in texts] == list(bad)[:-1]
    assert "dataarts_check_only must be a boolean: write true or false." in texts
    answers: dict[str, t.Any] = {
        "dataarts_answer_jobs": 511,
        "dataarts_answer_planned_after": 754,
        "dataarts_answer_order": None,
        "dataarts_answer_max_instances": "",
        "dataarts_answer_job_name": " ",
        "dataarts_answer_statuses": [],
        "dataarts_answer_downstream": "as the inventory says",
        "dataarts_answer_pause_schedules": "as the inventory says",
        "dataarts_answer_stopped_jobs": False,
    }
    assert [text.split()[0] for text in survey_answer_errors(answers)] == ["dataarts_answer_jobs", "dataarts_answer_planned_after"]
    left = {"dataarts_order": "as the inventory says", "dataarts_answer_downstream": "all", "dataarts_answer_stopped_jobs": "some"}
    assert [text.split()[0] for text in survey_answer_errors(left)] == list(left)


def test_a_field_that_awx_wants_in_any_case_is_missed_by_its_label() -> None:
    problems = credential_errors({"auth_token": "T"}, FIELDS, ["region"])
    assert problems == ["Field 'Region' is empty, and nothing can be launched without it: fill it in."]
    assert credential_errors({"auth_token": "T", "region": "cn-north-4"}, FIELDS, ["region"]) == []
    assert len(credential_errors({"auth_token": "T", "region": "CN 4"}, FIELDS, ["region"])) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"region": "cn-north-4", "access_key": "A", "secret_key": "S"}, []),
        ({"region": "cn-north-4", "access_key": "A", "secret_key": "S", "domain_name": "acme", "auth_token": ""}, []),
        ({"auth_token": "T"}, []),
        ({"user_name": "u", "user_password": " p ", "domain_name": "d"}, []),
        (
            {"region": "cn-north-4", "access_key": "A"},
            ["Field 'Secret key (SK)' is empty, and 'Access key (AK)' cannot be used without it"],
        ),
        ({"user_name": "u", "domain_name": "d"}, ["Field 'IAM user password' is empty"]),
        ({}, ["No credentials: fill in 'Access key (AK)' and 'Secret key (SK)'; or 'IAM token'; or 'IAM user name', "]),
        (
            {"access_key": "A", "secret_key": "S", "auth_token": "T"},
            ["'Access key (AK)', 'Secret key (SK)' and 'IAM token' are of different kinds"],
        ),
        ({"access_key": "A", "secret_key": "S S"}, ["Field 'Secret key (SK)': secret_key contains blanks"]),
        ({"access_key": "A", "secret_key": 123}, ["Field 'Secret key (SK)': secret_key must be text, not a number"]),
        ({"region": "CN North", "auth_token": "T"}, ["Field 'Region': region"]),
        (
            {"acess_key": "A", "auth_token": "T"},
            ["There is no field acess_key: the fields are region ('Region'), access_key ('Access key (AK)'), "],
        ),
    ],
)
def test_a_credential_is_judged_by_the_labels_of_its_form(values: dict[str, t.Any], words: list[str]) -> None:
    texts = credential_errors(values, FIELDS)
    assert len(texts) == len(words), texts
    assert all(word in text for word, text in zip(words, texts)), texts


def test_the_jobs_of_a_chain_are_read_from_lines() -> None:
    assert jobs_of_lines("daily_sales 62fb\n\n report, 7c1d \n") == [
        {"job_name": "daily_sales", "workspace_id": "62fb"},
        {"job_name": "report", "workspace_id": "7c1d"},
    ]
    assert jobs_of_lines([{"job_name": "a", "workspace_id": "b"}]) == [{"job_name": "a", "workspace_id": "b"}]
    with pytest.raises(OptionError) as refusal:
        jobs_of_lines("daily_sales")
    assert str(refusal.value).startswith("'daily_sales' is not a job name, a blank, and a workspace id")


#: Option, a value that is not among its choices, pattern of the message.
WORDS: list[tuple[str, t.Any, str]] = [
    ("statuses", ["failed"], r"statuses must be fail or manual-stop or success, not 'failed'\. Did you mean fail\?$"),
    ("statuses", ["fail", "manual_stop"], r"not 'manual_stop'\. Did you mean manual-stop\?$"),
    ("instance_types", ["patchdata"], r"Did you mean patch_data\?$"),
    ("retry_location", "error_node", r"Did you mean errorNode\?$"),
    ("order", "random", r"order must be parallel or upstream_first or deadline, not 'random'\.$"),
    ("order", "deadlines", r"not 'deadlines'\. Did you mean deadline\?$"),
]


@pytest.mark.parametrize(("name", "value", "said"), WORDS)
def test_a_word_like_the_one_that_is_meant_is_suggested(name: str, value: t.Any, said: str) -> None:
    _options, problem = fitted(rerun_spec(), {name: value})
    assert problem is not None
    assert re.search(said, problem)
