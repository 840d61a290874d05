# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reason of a failure, from a detail, a list, or both."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.reason import InstanceDetail, NodeRun, Reason
from tests.unit.building import at, instance

SEEN = instance(Status.FAIL, -3600)
LISTED = dataclasses.replace(SEEN, error_message="of the list")
NODES = (
    NodeRun("first", Status.SUCCESS, "Shell", 0, end_time=1),
    NodeRun("late", Status.FAIL, "DLI SQL", 1, end_time=9),
    NodeRun("early", Status.FAIL, "OBS Manager", 2, end_time=5, log_path="obs://b/early.log"),
)


def detail(nodes: tuple[NodeRun, ...] = NODES, message: str | None = None, **changes: t.Any) -> InstanceDetail:
    return InstanceDetail(**{"status": Status.FAIL, "start_time": at(-3600), "nodes": nodes, "message": message, **changes})


def test_the_node_that_failed_first_with_the_message_of_the_list() -> None:
    reason = Reason.of(LISTED, detail())
    assert reason == Reason("of the list", "early", ("OBS Manager", "DLI SQL"), 2, "obs://b/early.log", True)


@pytest.mark.parametrize(
    ("node_message", "message", "listed", "expected"),
    [
        ("of the node", "of the detail", "of v1", "of the node"),
        (None, "of the detail", "of v1", "of the detail"),
        (None, None, "of v1", "of v1"),
        (None, None, None, None),
    ],
)
def test_the_message_nearest_to_the_failure_counts(node_message: t.Any, message: t.Any, listed: t.Any, expected: t.Any) -> None:
    nodes = (NODES[1]._replace(message=node_message),)
    reason = Reason.of(SEEN, detail(nodes, message), listed)
    assert reason.message == expected
    assert {reason.message, *reason.others} - {None} == {node_message, message, listed} - {None}


def test_a_message_of_any_node_that_failed_is_kept() -> None:
    nodes = [node._replace(message=f"of {node.name}") for node in NODES]
    reason = Reason.of(LISTED, detail(tuple(nodes), "of the list"))
    assert (reason.message, reason.others) == ("of early", ("of the list", "of late"))
    assert Reason.of(SEEN, detail((NODES[2], nodes[1]))).message == "of late"
    assert Reason.from_pass_state(json.loads(json.dumps(reason.to_pass_state()))) == reason


def test_without_a_detail_only_the_message_is_known() -> None:
    assert Reason.of(LISTED, None) == Reason("of the list")
    assert Reason.of(SEEN, None, "of v1") == Reason("of v1")


def test_an_instance_may_fail_without_a_node() -> None:
    assert Reason.of(LISTED, detail(NODES[:1])) == Reason("of the list", read=True)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"start_time": None}, True),
        ({"start_time": at(-60)}, False),
        ({"status": Status.RUNNING}, False),
        ({"status": Status.SUCCESS}, False),
    ],
)
def test_a_later_run_says_nothing_about_the_failure_that_was_listed(changes: dict[str, t.Any], same: bool) -> None:
    assert detail(**changes).describes(SEEN) is same


def test_what_was_read_goes_from_pass_to_pass() -> None:
    reason = Reason.of(LISTED, detail())
    assert Reason.from_pass_state(json.loads(json.dumps(reason.to_pass_state()))) == reason
    for damaged in (None, 7, [], ["x"] * 5, [None, None, "no list", None, None, True]):
        assert Reason.from_pass_state(damaged) is None
