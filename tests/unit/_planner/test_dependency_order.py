# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns in the order of dependencies."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.downstream import Effect
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.dependency_order import Beyond, order_upstream
from tests.unit.building import instance, key

#: One letter per instance in these tables: its decision.
LETTERS = {
    "r": (Action.RETRY, Status.FAIL),
    "w": (Action.WAIT, Status.RUNNING),
    "t": (Action.SETTLING, Status.FAIL),
    "d": (Action.DONE, Status.SUCCESS),
    "b": (Action.BLOCKED, Status.WAITING_CONFIRM),
    "f": (Action.FAILED_AGAIN, Status.FAIL),
    "n": (Action.NOT_RERUNNABLE, Status.RUNNING_EXCEPTION),
    "x": (Action.REJECTED, Status.FAIL),
    "u": (Action.UNKNOWN, Status.FAIL),
    "s": (Action.SKIPPED, Status.FREEZE),
    "S": (Action.SKIPPED, Status.FAIL),
    "R": (Action.RETRY, Status.MANUAL_STOP),
}


def decisions(letters: str) -> list[Decision]:
    made = []
    for number, letter in enumerate(letters):
        if letter != ".":
            action, status = LETTERS[letter]
            made.append(Decision(instance(status, number=number, job_name=f"job{number}"), action, "own reason", attempts=1, alone=True))
    return made


def edges(text: str) -> t.Any:
    """``"1<0 2<01"``: 1 depends on 0, 2 on 0 and 1."""
    return {key(int(entry[0])): frozenset(key(int(number)) for number in entry[2:]) for entry in text.split()}


def letters(made: t.Iterable[Decision]) -> str:
    by_action = {action: letter for letter, (action, status) in LETTERS.items() if letter not in "SR"}
    return "".join(by_action[decision.action] for decision in made)


CASES = [
    ("rr", "", "rr"),
    ("rr", "1<0", "rw"),
    ("rr", "0<1", "wr"),
    ("dr", "1<0", "dr"),
    ("wr", "1<0", "ww"),
    ("tr", "1<0", "tw"),
    ("fr", "1<0", "fs"),
    ("br", "1<0", "bs"),
    ("nr", "1<0", "ns"),
    ("xr", "1<0", "xs"),
    ("ur", "1<0", "us"),
    ("sr", "1<0", "sr"),  # frozen, stopped or skipped by a person: not a failure
    ("Sr", "1<0", "sb"),  # it failed and is not selected: a person has to fix it
    ("Srr", "1<0 2<1", "sbb"),
    ("rrr", "1<0 2<1", "rww"),
    ("drr", "1<0 2<1", "drw"),
    ("ddr", "1<0 2<1", "ddr"),
    ("frr", "1<0 2<1", "fss"),
    ("frrr", "1<0 2<1 3<2", "fsss"),
    ("fdr", "1<0 2<1", "fdr"),  # a success is done, whatever is above it
    ("rrrr", "1<0 2<0 3<12", "rwww"),
    ("dfrr", "2<0 3<12", "dfrs"),
    ("frr", "2<01", "frs"),  # broken takes precedence over waiting
    ("rfr", "2<01", "rfs"),
    ("rw", "1<0", "rw"),  # only retries are changed
    ("rd", "1<0", "rd"),
    ("rf", "1<0", "rf"),
    ("Rr", "1<0", "rw"),
    ("fRr", "1<0 2<1", "fss"),  # skipped behind an instance that failed again, whatever its own status
    ("SRr", "1<0 2<1", "sbb"),
    ("rr", "0<0 1<1", "rr"),  # self-dependencies are ignored
    ("rr", "1<9 9<0", "rw"),  # through an instance that is not selected
    ("fr", "1<9 9<8 8<0", "fs"),
    ("rr", "1<9", "rr"),
    ("wwd", "0<1 1<0", "wwd"),  # a circle without retries does not matter
    ("rdd", "1<2 2<1", "rdd"),
    ("", "", ""),
]


@pytest.mark.parametrize(("given", "depends", "expected"), CASES)
def test_what_is_retried_what_waits_and_what_is_skipped(given: str, depends: str, expected: str) -> None:
    before = decisions(given)
    after = order_upstream(before, edges(depends))
    assert letters(after) == expected
    assert [decision.instance for decision in after] == [decision.instance for decision in before]
    for old, new in zip(before, after):
        if old.action is new.action:
            assert old is new
        else:
            assert (new.attempts, new.alone) == (0, False)
            assert "order: upstream_first" in new.reason


def test_reasons_name_what_is_in_the_way() -> None:
    waiting = order_upstream(decisions("rr"), edges("1<0"))[1]
    assert waiting.reason == "waits for job job0, planned 2026-11-23T01:00:00Z, on which it depends (order: upstream_first)"
    last = order_upstream(decisions("frrr"), edges("1<0 2<1 3<2"))[3]
    assert last.reason == "depends on job job0, planned 2026-11-23T01:00:00Z, which failed again (order: upstream_first)"


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        ("b", "which needs a person"),
        ("x", "which was rejected by the service"),
        ("n", "which cannot be rerun"),
        ("u", "which ended in an unknown way"),
        ("S", "which failed and is not rerun"),
    ],
)
def test_reasons_tell_how_it_ended(letter: str, reason: str) -> None:
    assert reason in order_upstream(decisions(letter + "r"), edges("1<0"))[1].reason


@pytest.mark.parametrize(
    ("given", "depends", "circle"),
    [
        ("rr", "0<1 1<0", "2 instances that depend on each other in a circle: job job0, planned 2026-11-23T01:00:00Z -> job job1,"),
        ("rrr", "0<1 1<2 2<0", "3 instances"),
        ("rdd", "0<1 1<2 2<1", "2 instances"),  # behind a circle
        ("rr", "0<9 9<0", "job 868641, planned 2026-11-23T01:00:09Z"),  # through an instance that is not selected
        ("rrrrrrrr", "0<1 1<2 2<3 3<4 4<5 5<6 6<7 7<0", "-> … -> job job0"),
    ],
)
def test_a_circle_is_refused_with_its_names_and_the_option_to_fall_back_on(given: str, depends: str, circle: str) -> None:
    with pytest.raises(OptionError) as caught:
        order_upstream(decisions(given), edges(depends))
    assert circle in str(caught.value)
    assert "Rerun them with order: parallel" in str(caught.value)


def test_a_chain_of_ten_thousand_cycles_of_one_job_runs_oldest_first() -> None:
    count = 10_000
    made = [Decision(instance(number=number), Action.RETRY, "own reason", attempts=1) for number in reversed(range(count))]
    depends = {key(number): frozenset([key(number - 1)]) for number in range(1, count)}
    after = order_upstream(made, depends)
    assert [decision.instance.key for decision in after if decision.action is Action.RETRY] == [key(0)]


def test_passes_bring_a_diamond_to_its_end() -> None:
    """Nothing is retried before its upstream is done, and in the end everything is done."""
    depends = edges("1<0 2<0 3<12")
    state, passes = list("rrrr"), []
    while "r" in state:
        due = letters(order_upstream(decisions("".join(state)), depends))
        passes.append("".join(str(number) for number, letter in enumerate(due) if letter == "r"))
        state = ["d" if letter == "r" else old for letter, old in zip(due, state)]
    assert passes == ["0", "12", "3"]


def test_an_instance_that_a_rerun_gave_another_submit_time_is_still_what_others_depend_on() -> None:
    """Dependencies are read once, so they may use the old key; or they were read after the list and use the new one."""
    (retry,) = decisions(".r")
    for letter, wanted in (("w", "ww"), ("f", "fs"), ("d", "dr")):
        (upper,) = decisions(letter)
        other = instance(Status.MANUAL_STOP, number=0, submit=-4)
        beyond = Beyond({other.key: other})
        assert letters(order_upstream([upper, retry], {key(1): frozenset({other.key})}, beyond)) == wanted


def test_what_depends_on_something_is_held_back_under_its_new_submit_time_too() -> None:
    (upper, retry) = decisions("wr")
    before = instance(number=1, submit=-4)
    assert letters(order_upstream([upper, retry], {before.key: frozenset({key(0)})})) == "ww"


def test_instances_that_share_a_plan_time_are_not_taken_for_each_other() -> None:
    listed = [instance(number=0, submit=submit) for submit in (-5, -3)]
    made = [Decision(upper, Action.WAIT, "own reason") for upper in listed]
    gone = instance(number=0, submit=-4)
    assert letters(order_upstream([*made, *decisions(".r")], {key(1): frozenset({gone.key})}))[-1] == "r"


def dependants(given: str, **more: t.Any) -> list[Decision]:
    """Like :func:`decisions`, all of them joined from downstream."""
    return [dataclasses.replace(decision, downstream=Effect.STALE, **more) for decision in decisions(given)]


@pytest.mark.parametrize(
    ("given", "depends", "expected"),
    [
        ("rr", "0<1 1<0", "bb"),
        ("rrr", "0<1 1<0 2<1", "bbs"),  # nothing behind a circle becomes up to date either
        ("rrrr", "0<1 1<0 2<1 3<2", "bbss"),
        ("rrr", "0<9 9<0 1<0 2<1", "bss"),  # a circle through an instance outside the plan
    ],
)
def test_nothing_is_sent_behind_a_circle(given: str, depends: str, expected: str) -> None:
    assert letters(order_upstream(dependants(given), edges(depends), strict=False)) == expected


def test_what_nothing_brings_up_to_date_is_not_sent_and_neither_is_what_is_behind_it() -> None:
    """Without this, a rerun on old data would be outdated again and be sent in every pass."""
    above = dependants("r", upstream_outdated="job gone, planned 2026-11-23T01:00:00Z")
    after = order_upstream([*above, *dependants(".r")], edges("1<0"), strict=False)
    assert letters(after) == "bs"
    assert after[0].reason == (
        "own reason; job gone, planned 2026-11-23T01:00:00Z, above it, is not up to date, and this run does not rerun it; fix that first"
    )
    assert (after[0].attempts, after[0].alone) == (0, False)
    waits = order_upstream([*decisions("w"), *dependants(".r", upstream_outdated="job job0")], edges("1<0"), strict=False)
    assert letters(waits) == "ww", "it comes"
