# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by hand: what to do about a run_key, and which instance a lost answer was about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.job_run import (
    KeyedRun,
    checked_key,
    fingerprint,
    parameters,
    same_parameters,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.job_run import (
    RunStep,
    decide_run,
    lost_after,
    made_by,
    perhaps_made,
    time_of,
)

NOW = 1_732_608_000_000
RUN = KeyedRun(
    *("load", "night", "", ("1", "2"), "run", NOW, NOW, NOW, 65_000, Outcome.UNKNOWN, "", False, None, "", "host", "jane", "", 1, "claim")
)


@pytest.mark.parametrize(
    ("changes", "age", "step"),
    [
        (None, 0, RunStep.RUN),
        ({"outcome": Outcome.REJECTED}, 0, RunStep.RUN),
        ({"outcome": Outcome.NOT_EXECUTED}, 0, RunStep.RUN),
        ({"outcome": Outcome.ACCEPTED, "instance_id": "3"}, 0, RunStep.ADOPT),
        ({"outcome": Outcome.ACCEPTED, "instance_id": "3"}, 10**9, RunStep.ADOPT),
        ({}, 59_999, RunStep.SETTLE),
        ({}, 60_000, RunStep.READ_BACK),
        ({"outcome": Outcome.INTENDED}, 64_999, RunStep.SETTLE),
        ({"outcome": Outcome.INTENDED}, 65_000, RunStep.READ_BACK),
    ],
)
def test_what_a_key_means(changes: dict[str, object] | None, age: int, step: RunStep) -> None:
    known = None if changes is None else replace(RUN, **changes)  # type: ignore[arg-type]
    decision = decide_run(known, NOW + age, 60_000)
    assert decision.step is step
    assert (decision.due_ms is not None) == (step is RunStep.SETTLE)


@pytest.mark.parametrize(
    ("by_journal", "by_service", "passed"),
    [(5, 5, 5), (90_000, 5, 5), (5, 90_000, 5), (90_000, -500, 0), (90_000, -60_000, 0), (90_000, -60_001, 90_000)],
)
def test_the_slower_clock_counts_unless_the_services_was_set_back(by_journal: int, by_service: int, passed: int) -> None:
    assert time_of(RUN, NOW + by_journal, NOW + by_service) == NOW + passed


def test_a_key_that_a_lost_journal_may_have_known_waits_for_what_may_not_show_yet() -> None:
    assert decide_run(None, NOW, 60_000, NOW - 59_999).step is RunStep.SETTLE
    assert decide_run(None, NOW, 60_000, NOW - 60_000).step is RunStep.RUN


@pytest.mark.parametrize(
    ("outcome", "lost_ms", "step"),
    [
        (Outcome.REJECTED, NOW, RunStep.SETTLE),
        (Outcome.NOT_EXECUTED, NOW + 5, RunStep.SETTLE),
        (Outcome.REJECTED, NOW - 1, RunStep.RUN),
        (Outcome.ACCEPTED, NOW, RunStep.ADOPT),
    ],
)
def test_a_request_after_one_that_started_nothing_may_be_lost_too(outcome: Outcome, lost_ms: int, step: RunStep) -> None:
    known = replace(RUN, outcome=outcome, instance_id="3" if step is RunStep.ADOPT else "")
    assert decide_run(known, NOW + 10, 60_000, lost_after(known, lost_ms)).step is step


def listed(number: int, kind: InstanceType | None = InstanceType.MANUAL, plan_time: int = NOW) -> JobInstance:
    return JobInstance(InstanceKey("w", "7", plan_time, NOW), "load", Status.RUNNING, "running", str(number), kind)


OTHER = replace(RUN, run_key="other", record_id=2, outcome=Outcome.ACCEPTED, instance_id="9")


@pytest.mark.parametrize(
    ("instances", "others", "instance_id"),
    [
        ([], [], None),
        ([listed(1), listed(2)], [], None),
        ([listed(1), listed(3)], [], "3"),
        ([listed(3, InstanceType.ONCE)], [], "3"),
        ([listed(3), listed(4)], [], None),
        ([listed(3, InstanceType.NORMAL)], [], None),
        ([listed(3, None)], [], None),
        ([listed(3), listed(4, InstanceType.NORMAL), listed(5, InstanceType.PATCH_DATA)], [], "3"),
        ([listed(3), listed(9)], [OTHER], "3"),
        ([listed(9)], [OTHER], None),
        ([listed(3)], [replace(OTHER, outcome=Outcome.UNKNOWN, instance_id="")], None),
        ([listed(3)], [replace(OTHER, outcome=Outcome.INTENDED, instance_id="")], None),
        ([listed(3)], [replace(OTHER, outcome=Outcome.REJECTED, instance_id="")], "3"),
        ([listed(3, plan_time=NOW - 120_000)], [], "3"),
        ([listed(3, plan_time=NOW - 120_001)], [], None),
    ],
)
def test_which_instance_a_lost_answer_was_about(instances: list[JobInstance], others: list[KeyedRun], instance_id: str | None) -> None:
    answer, reason = made_by(RUN, others, instances)
    assert answer == instance_id
    assert reason


@pytest.mark.parametrize(
    ("value", "params"),
    [
        (None, {}),
        ({}, {}),
        ({"date": 20261128, "full": False, "share": 0.5, "empty": ""}, {"date": "20261128", "full": "false", "share": "0.5", "empty": ""}),
        ({"a": [1]}, None),
        ({"a": {"b": 1}}, None),
        ({"a": None}, None),
        ({"a" * 64: "b" * 1024}, {"a" * 64: "b" * 1024}),
        ({"a" * 65: "b"}, None),
        ({"a": "b" * 1025}, None),
    ],
)
def test_parameters(value: dict[str, object] | None, params: dict[str, str] | None) -> None:
    if params is None:
        with pytest.raises(OptionError, match="job_params has"):
            parameters(value)
    else:
        assert parameters(value) == params


def test_parameters_are_told_apart_and_not_kept() -> None:
    run = replace(RUN, params=fingerprint({"a": "secret", "b": "2"}, "salt"))
    assert same_parameters({"b": "2", "a": "secret"}, run)
    assert not same_parameters({"a": "secret"}, run)
    assert not same_parameters({"a": "secret", "b": "3"}, run)
    assert "secret" not in run.params
    assert fingerprint({}, "one") != fingerprint({}, "another")


@pytest.mark.parametrize("key", ["", " ", "a" * 201, "a\nb"])
def test_keys_that_say_nothing_or_too_much(key: str) -> None:
    with pytest.raises(OptionError, match="run_key"):
        checked_key(key)
    assert checked_key(" INC-4711 ") == "INC-4711"


@pytest.mark.parametrize(
    ("kind", "plan_time", "expected"),
    [
        (InstanceType.MANUAL, NOW - 1, True),
        (InstanceType.ONCE, NOW - 1, True),
        (None, NOW - 1, True),
        (InstanceType.NORMAL, NOW - 1, False),
        (InstanceType.MANUAL, NOW + 200_000, False),
    ],
)
def test_which_run_a_lost_journal_may_have_known(kind: InstanceType | None, plan_time: int, expected: bool) -> None:
    instances = [listed(5, kind, plan_time), listed(9)]
    assert (perhaps_made(NOW, [OTHER], instances) is not None) is expected
