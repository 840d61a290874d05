# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lists after an accepted rerun show: tables of lists and notes."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.showing import (
    Showing,
    learned,
    notes_of,
    settings_in,
    visible_in,
)
from tests.unit.building import at, attempt, instance

BEFORE = instance(instance_id="7")


def decision(now: JobInstance, made: Attempt | None) -> Decision:
    return Decision(now, Action.WAIT, "", attempt=made)


def made(outcome: str = "accepted", when: float = 5, number: int = 1, before: JobInstance = BEFORE) -> Attempt:
    return attempt(outcome, when, before=before, attempt_id=number)


def shown(**changes: t.Any) -> JobInstance:
    """The instance once its rerun shows."""
    return instance(Status.RUNNING, start=20, end=None, **{"instance_id": "7", **changes})


#: What each list shows (seconds after T, and whether each attempt's rerun shows) -> least and most seconds.
LISTS: dict[str, tuple[list[tuple[float, dict[int, bool]]], tuple[float | None, float | None]]] = {
    "at once": ([(6, {1: True})], (None, 1)),
    "not at first": ([(7, {1: False}), (15, {1: True})], (2, 10)),
    "later lists say nothing new": ([(7, {1: False}), (15, {1: True}), (600, {1: True})], (2, 10)),
    "never": ([(7, {1: False}), (90, {1: False})], (85, None)),
    "the slowest counts": ([(7, {1: True, 2: False}), (20, {1: True, 2: True})], (2, 15)),
    "sent between two lists": ([(4, {}), (9, {1: True})], (None, 4)),
    "shown before anybody looked": ([(4000, {1: True})], (None, None)),
    "a list before the request": ([(2, {1: False})], (None, None)),
}


@pytest.mark.parametrize("name", LISTS)
def test_how_soon_reruns_show(name: str) -> None:
    lists, (least, most) = LISTS[name]
    showing = Showing()
    for seconds, by_number in lists:
        decisions = [decision(shown() if seen else BEFORE, made(number=number)) for number, seen in by_number.items()]
        showing = Showing.of(json.loads(json.dumps(showing.after(decisions, at(seconds)).to_result())))
    assert showing.at_least == (None if least is None else least * 1000)
    assert showing.at_most == (None if most is None else most * 1000)


@pytest.mark.parametrize("outcome", ["rejected", "unknown", "not_executed", "conflicted", "intended"])
def test_only_accepted_reruns_say_anything(outcome: str) -> None:
    decisions = [decision(shown(), made(outcome)), decision(shown(), None)]
    showing = Showing().after(decisions, at(9))
    assert (showing.at_least, showing.at_most) == (None, None)
    assert learned(decisions, [shown()], showing) == []


#: What is listed -> point and what is learned about it.
NOW: dict[str, tuple[list[JobInstance], dict[str, str]]] = {
    "it kept both": ([shown()], {"instance_id_after_rerun": "same", "submit_time_after_rerun": "same"}),
    "another id": ([shown(instance_id="8")], {"instance_id_after_rerun": "new", "submit_time_after_rerun": "same"}),
    "another submit time": ([shown(submit=5)], {"instance_id_after_rerun": "same", "submit_time_after_rerun": "new"}),
    "no id": ([shown(instance_id=None)], {"submit_time_after_rerun": "same"}),
    "not started yet": ([instance(Status.WAITING, start=None, end=None, instance_id="7")], {}),
    "as before": ([BEFORE], {}),
    "next to another one of its plan time": ([shown(), shown(instance_id="9")], {}),
}


@pytest.mark.parametrize("name", NOW)
def test_what_a_rerun_keeps(name: str) -> None:
    instances, expected = NOW[name]
    points = learned([decision(instances[0], made())], instances, Showing())
    assert {point.name: point.setting for point in points} == expected


def test_twins_and_contradictions_decide_nothing() -> None:
    twin = dataclasses.replace(shown(), key=shown().key._replace(twin="7"))
    assert learned([decision(twin, made())], [twin], Showing()) == []
    second = instance(number=2, instance_id="8")
    other = instance(Status.RUNNING, start=20, end=None, number=2, instance_id="88")
    points = learned([decision(shown(), made()), decision(other, made(number=2, before=second))], [shown(), other], Showing())
    assert {point.name for point in points} == {"submit_time_after_rerun"}


@pytest.mark.parametrize(
    ("bounds", "decided", "setting", "words"),
    [
        ([(0, 800)], True, 0, "within 1 s"),
        ([(19_000, 20_400)], True, 20, "within 21 s"),
        ([(0, 10_000)], False, None, "within 10 s"),
        ([(3_000, 10_000)], False, None, "not yet after 3 s"),
        ([(0, 500), (11_000, 12_000)], True, 12, "2 runs"),
    ],
)
def test_seconds_are_decided_only_where_lists_came_close_together(
    bounds: list[tuple[int, int]], decided: bool, setting: int | None, words: str
) -> None:
    visible = visible_in({f"rerun_visible_after run-{number}": json.dumps(pair) for number, pair in enumerate(bounds)})
    assert visible is not None
    assert (visible.decided, visible.setting) == (decided, setting)
    assert words in visible.evidence


def test_notes_can_be_read_back() -> None:
    showing = Showing().after([decision(shown(), made())], at(6))
    points = learned([decision(shown(), made())], [shown()], showing)
    notes = notes_of(points, showing, "run-1", "2026-11-23")
    assert settings_in(notes, "instance_id_after_rerun") == {"same": "2026-11-23"}
    visible = visible_in(notes)
    assert visible is not None
    assert visible.setting == 0
    assert visible_in({}) is None
    assert visible_in({"rerun_visible_after run-1": "broken", "rerun_visible_after run-2": "5"}) is None


@pytest.mark.parametrize("carried", [None, "x", {}, {"unshown": "x", "at_least": "y"}, {"unshown": [None, "z"]}, []])
def test_a_broken_state_is_a_first_pass(carried: t.Any) -> None:
    assert Showing.of(carried) == Showing()
