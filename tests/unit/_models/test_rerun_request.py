# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the retry endpoint: checked options, and the exact bodies of the service's page."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import retry_spec
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import (
    LOCATIONS,
    VERSIONS,
    RelatedJobs,
    RetryOptions,
    body_v1,
    body_v2,
    body_v2_related,
    selected_keys,
    wanted_mode,
)

WORKSPACE = "62fbba734e634c5087656fc3ff7adf34"
#: The two request examples of the page [H-RET], word for word.
SELECTED_EXAMPLE = """{
  "retry_location" : "errorNode",
  "retry_task_version" : "original_version",
  "ignore_obs_monitor" : true,
  "task_retrys" : [ {
    "job_id" : 917567,
    "plan_time" : 1732601580000,
    "submit_time" : 1732239754684
  } ]
}"""
RELATED_EXAMPLE = """{
  "retry_location" : "errorNode",
  "retry_task_version" : "current_version",
  "ignore_obs_monitor" : true,
  "begin_time" : 1732608520000,
  "end_time" : 1732612120000,
  "jobs" : [ {
    "job_name" : "job_test_smn2",
    "workspace_id" : "62fbba734e634c5087656fc3ff7adf34"
  } ],
  "concurrent" : 2
}"""
ENTRY: dict[str, t.Any] = {"job_id": 917567, "plan_time": "1732601580000", "submit_time": "1732239754684"}
JOB = {"job_name": "job_test_smn2", "workspace_id": WORKSPACE}
RELATED: dict[str, t.Any] = {"begin_time": "1732608520000", "end_time": "1732612120000", "jobs": [JOB], "concurrent": 2}


def refused(call: t.Callable[[], object]) -> str:
    with pytest.raises(OptionError) as caught:
        call()
    return str(caught.value)


class TestBodies:
    def test_first_example_of_the_page(self) -> None:
        keys = selected_keys({"task_retrys": [ENTRY]}, WORKSPACE)
        # compared as text: 1 is not true, "1" is not 1, and the fields have the page's order
        assert json.dumps(body_v2(RetryOptions(), keys)) == json.dumps(json.loads(SELECTED_EXAMPLE))

    def test_second_example_of_the_page(self) -> None:
        related = RelatedJobs.from_options(RELATED)
        assert related is not None
        body = body_v2_related(RetryOptions.from_options({"retry_task_version": "current_version"}), related)
        assert json.dumps(body) == json.dumps(json.loads(RELATED_EXAMPLE))

    def test_a_node_is_named_where_one_is_wanted(self) -> None:
        options = RetryOptions("specifiedNode", "current_version", "transform", False)
        body = body_v2(options, [])
        assert body == {
            "retry_location": "specifiedNode",
            "node_name": "transform",
            "retry_task_version": "current_version",
            "ignore_obs_monitor": False,
            "task_retrys": [],
        }

    def test_an_instance_named_twice_is_sent_once(self) -> None:
        instance_key, other = InstanceKey(WORKSPACE, "1", 2, 3), InstanceKey(WORKSPACE, "1", 4, 3)
        assert [entry["plan_time"] for entry in body_v2(RetryOptions(), [instance_key, other, instance_key])["task_retrys"]] == [2, 4]

    def test_twins_that_a_v2_request_cannot_tell_apart_are_named_once(self) -> None:
        twins = [InstanceKey(WORKSPACE, "1", 2, 3, twin) for twin in ("7", "8")]
        assert body_v2(RetryOptions(), twins)["task_retrys"] == [{"job_id": 1, "plan_time": 2, "submit_time": 3}]

    @pytest.mark.parametrize(
        ("options", "body"),
        [
            (RetryOptions(), {"retry_location": "error_node", "job_param_version": "original_version", "ignore_obs_monitor": True}),
            (
                RetryOptions("firstNode", "current_version", None, False),
                {"retry_location": "first_node", "job_param_version": "latest_version", "ignore_obs_monitor": False},
            ),
            (
                RetryOptions("specifiedNode", "original_version", "load"),
                {
                    "retry_location": "specified_node",
                    "node_name": "load",
                    "job_param_version": "original_version",
                    "ignore_obs_monitor": True,
                },
            ),
        ],
    )
    def test_words_of_v1(self, options: RetryOptions, body: dict[str, t.Any]) -> None:
        assert body_v1(options) == body


def test_each_choice_of_the_options_has_a_word_in_v1_and_no_other() -> None:
    """The argument spec alone refuses other words."""
    assert [*LOCATIONS] == retry_spec()["retry_location"]["choices"]
    assert [*VERSIONS] == retry_spec()["retry_task_version"]["choices"]


class TestRetryOptions:
    def test_defaults(self) -> None:
        assert RetryOptions.from_options({}) == RetryOptions("errorNode", "original_version", None, True)
        nothing = dict.fromkeys(("retry_location", "retry_task_version", "node_name", "ignore_obs_monitor"))
        assert RetryOptions.from_options(nothing) == RetryOptions()

    def test_all_given(self) -> None:
        params = {
            "retry_location": "specifiedNode",
            "node_name": "load",
            "retry_task_version": "current_version",
            "ignore_obs_monitor": False,
        }
        assert RetryOptions.from_options(params) == RetryOptions("specifiedNode", "current_version", "load", False)

    @pytest.mark.parametrize(
        ("params", "words"),
        [
            ({"retry_location": "specifiedNode"}, ["node_name is missing", "Set node_name, or use retry_location errorNode or firstNode"]),
            ({"retry_location": "specifiedNode", "node_name": " "}, ["node_name is empty"]),
            ({"node_name": "load"}, ["no effect with retry_location errorNode", "Set retry_location to specifiedNode"]),
        ],
    )
    def test_refused(self, params: dict[str, t.Any], words: list[str]) -> None:
        message = refused(lambda: RetryOptions.from_options(params))
        assert all(word in message for word in words), message

    def test_patterns_of_job_names_are_none_of_its_business(self) -> None:
        assert RetryOptions.from_options({"jobs": ["daily_*"], "node_name": None}) == RetryOptions()


class TestModes:
    def test_which(self) -> None:
        assert wanted_mode({"task_retrys": [ENTRY], "jobs": None, "concurrent": None}) == "selected"
        assert wanted_mode(RELATED) == "related"
        assert RelatedJobs.from_options({"task_retrys": [ENTRY]}) is None

    def test_times_and_jobs(self) -> None:
        params = {"begin_time": "2026-11-22T00:00:00+08:00", "end_time": 1795363200000, "jobs": [JOB, {**JOB, "job_name": "other"}, JOB]}
        assert RelatedJobs.from_options(params) == RelatedJobs(
            1795276800000, 1795363200000, (("job_test_smn2", WORKSPACE), ("other", WORKSPACE)), 1
        )

    @pytest.mark.parametrize(
        ("params", "words"),
        [
            ({}, ["Nothing says what to rerun", "Set task_retrys", "begin_time, end_time and jobs"]),
            ({"task_retrys": []}, ["task_retrys is an empty list"]),
            ({"task_retrys": [ENTRY], **RELATED}, ["begin_time, end_time, jobs, concurrent belong to different modes", "not both"]),
            ({"task_retrys": [ENTRY], "concurrent": 2}, ["task_retrys and concurrent belong to different modes"]),
            ({"concurrent": 2}, ["begin_time and end_time and jobs must be set"]),
            ({**RELATED, "jobs": []}, ["jobs is an empty list, which names no job"]),
            ({**RELATED, "end_time": None}, ["end_time must be set"]),
            (
                {**RELATED, "retry_location": "specifiedNode", "node_name": "load"},
                ["selected instances (task_retrys) only", "errorNode or firstNode"],
            ),
            ({**RELATED, "concurrent": 0}, ["concurrent is 0", "from 1 to 128"]),
            ({**RELATED, "concurrent": 129}, ["concurrent is 129", "from 1 to 128"]),
            ({**RELATED, "concurrent": True}, ["concurrent is True"]),
            ({**RELATED, "begin_time": "2026-11-22T00:00:00"}, ["begin_time", "no time zone", "13 digits"]),
            ({**RELATED, "begin_time": "1732608520"}, ["begin_time", "has 10 digits"]),
            ({**RELATED, "begin_time": "-24h"}, ["begin_time", "is not a time"]),
            ({**RELATED, "end_time": "1732608519999"}, ["begin_time", "is after end_time"]),
            ({**RELATED, "jobs": [{"job_name": "a"}]}, ["jobs entry 1 is incomplete", "job_name and workspace_id"]),
            ({**RELATED, "jobs": [JOB, "a"]}, ["jobs entry 2 is incomplete"]),
        ],
    )
    def test_refused(self, params: dict[str, t.Any], words: list[str]) -> None:
        message = refused(lambda: RelatedJobs.from_options(params))
        assert all(word in message for word in words), message

    @pytest.mark.parametrize("concurrent", [1, 128])
    def test_the_ends_of_concurrent(self, concurrent: int) -> None:
        related = RelatedJobs.from_options({**RELATED, "concurrent": concurrent})
        assert related is not None
        assert related.concurrent == concurrent


class TestSelectedKeys:
    def test_times_in_every_form_and_each_instance_once(self) -> None:
        entries = [ENTRY, {"job_id": "917567", "plan_time": "2024-11-26T14:13:00+08:00", "submit_time": 1732239754684}]
        assert selected_keys({"task_retrys": entries}, WORKSPACE) == (InstanceKey(WORKSPACE, "917567", 1732601580000, 1732239754684),)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"job_id": None}, ["task_retrys entry 2 is incomplete", "job_instance_info"]),
            ({"job_id": "daily_sales"}, ["job_id of task_retrys entry 2 is 'daily_sales'"]),
            ({"job_id": 0}, ["job_id of task_retrys entry 2"]),
            ({"job_id": -4}, ["job_id of task_retrys entry 2"]),
            ({"job_id": True}, ["job_id of task_retrys entry 2"]),
            ({"job_id": 2**63}, ["job_id of task_retrys entry 2"]),
            ({"job_id": "9" * 9999}, ["job_id of task_retrys entry 2"]),
            ({"plan_time": 1732601580}, ["plan_time of task_retrys entry 2", "13 digits"]),
            ({"submit_time": "yesterday"}, ["submit_time of task_retrys entry 2", "is not a time"]),
        ],
    )
    def test_refused(self, change: dict[str, t.Any], words: list[str]) -> None:
        message = refused(lambda: selected_keys({"task_retrys": [ENTRY, {**ENTRY, **change}]}, WORKSPACE))
        assert all(word in message for word in words), message
        assert len(message) < 400
