# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The times of a run, and the state that one pass hands to the next."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import OwnClaim
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import (
    PassState,
    RunScope,
    Since,
    SinceOption,
    check_past,
    seconds_of,
    window_of,
)

NOW = 1_795_402_800_000
HOUR = 3_600_000
DAY = Window(NOW - 24 * HOUR, NOW)


def test_a_window_counts_from_the_services_now() -> None:
    assert window_of({"planned_after": "-24h", "planned_before": None}, NOW) == DAY
    assert window_of({"planned_after": str(NOW - 5), "planned_before": "-1s"}, NOW + 1000) == Window(NOW - 5, NOW)


@pytest.mark.parametrize("options", [{"planned_after": "x", "planned_before": None}, {"planned_after": "-1h", "planned_before": "-2h"}])
def test_a_window_that_is_none_is_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(OptionError, match="planned_after"):
        window_of(options, NOW)


def test_since_may_be_left_out() -> None:
    assert SinceOption.of({}, NOW - 5).since(NOW) == Since(NOW, given=False)
    assert SinceOption.of({"since": None}, NOW - 5).since(NOW) == Since(NOW, given=False)
    assert SinceOption.of({"since": str(NOW)}, NOW - 5).since(NOW + 7) == Since(NOW, given=True)
    relative = SinceOption.of({"since": "-2h"}, NOW - 5).since(NOW)
    assert relative == Since(NOW - 2 * HOUR, given=True), "it counts from the first list"


@pytest.mark.parametrize(
    ("ahead", "refused"), [(-HOUR, False), (0, False), (30_000, False), (60_000, False), (60_001, True), (120_000, True)]
)
def test_a_since_that_lies_ahead_is_refused(ahead: int, refused: bool) -> None:
    if not refused:
        check_past(NOW + ahead, now_ms=NOW, last_ms=NOW + 60_000)
        return
    with pytest.raises(OptionError, match="in the future: by the service's clock it is 2026-11-23T03:00:00Z"):
        check_past(NOW + ahead, now_ms=NOW, last_ms=NOW + 60_000)


def test_durations_are_checked() -> None:
    assert seconds_of({"poll_interval": 3}, "poll_interval", 1) == 3.0
    with pytest.raises(OptionError, match=r"poll_interval is 0\. Set it to a number of seconds, 1 or more"):
        seconds_of({"poll_interval": 0}, "poll_interval", 1)


TIMES = st.integers(0, 2**53)


SINCES = st.builds(Since, TIMES, st.booleans(), st.just(True), st.none() | st.integers(0, 2**60), st.frozensets(st.integers(1, 2**60)))


@given(SINCES, TIMES, TIMES, st.text(), st.integers(0, 9), st.dictionaries(st.text(), st.integers(), max_size=2))
def test_what_a_pass_hands_on_is_what_the_next_one_gets(
    since: Since, begin: int, length: int, run_id: str, planned: int, dependencies: dict[str, int]
) -> None:
    """Through JSON: the result becomes an option."""
    scope = RunScope(since, Window(begin, begin + length), hold_off_until=5, clock_slack_ms=7)
    own = OwnClaim(planned, run_id, begin)
    state = PassState(own=own).after(scope, run_id=run_id, planned=planned, dependencies=dependencies, reasons=dependencies)
    assert (state.since, state.window, state.run_id) == (since, scope.window, run_id)
    result = state.to_result()
    assert result["planned"] == planned
    assert PassState.from_option(json.loads(json.dumps({**result, "planned": 0}))) == PassState.from_option(result)
    after = PassState.from_option(json.loads(json.dumps(result)))
    assert after.to_result() == {**result, "planned": 0}
    assert (after.since, after.own) == (since, own)


def test_a_pass_that_read_no_dependencies_hands_on_those_that_were_read_before() -> None:
    scope = RunScope(Since(NOW, given=False), DAY)
    first = PassState().after(scope, run_id="r", planned=0, dependencies={"keys": [1]}, reasons={"x": [1]})
    second = first.after(scope, run_id="r", planned=0, dependencies={}, reasons={})
    assert (second.dependencies, second.reasons) == ({"keys": [1]}, {})
    assert first.after(scope, run_id="r", planned=0, dependencies={"keys": [2]}, reasons={}).dependencies == {"keys": [2]}


@pytest.mark.parametrize("value", [None, {}, [], "", "x", 5, True, b"x", [("since", 5)], {"since": None}, {"sinc": 5}])
def test_anything_else_is_a_first_pass(value: t.Any) -> None:
    assert PassState.from_option(value) == PassState()
    assert PassState.from_option(value).since is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"run_id": "r"}, PassState(run_id="r")),
        ({"plan_only": True}, PassState(plan_only=True)),
        (
            {"run_id": "r", "plan_only": False, "planned": 4},
            PassState(run_id="r"),
        ),  # the number planned before does not count for this pass
        ({"since": NOW}, PassState()),
        ({"since": {"ms": str(NOW), "given": True}}, PassState()),
        ({"since": {"ms": NOW}}, PassState(since=Since(NOW, given=False, fixed=True))),
        ({"since": {"ms": NOW, "newest_id": "7", "joined": 5}}, PassState(since=Since(NOW, given=False, fixed=True))),
        ({"since": {"ms": NOW, "joined": ["x", 5]}}, PassState(since=Since(NOW, given=False, fixed=True, joined=frozenset({5})))),
        ({"planned_after": 5, "planned_before": 9}, PassState(window=Window(5, 9))),
        ({"planned_after": 9, "planned_before": 9}, PassState(window=Window(9, 9))),
        ({"planned_after": 9, "planned_before": 5}, PassState()),
        ({"planned_after": 9}, PassState()),
        ({"planned_after": "1", "planned_before": "2"}, PassState()),
        ({"dependencies": [1]}, PassState()),
        ({"own": [7, "r", NOW]}, PassState(own=OwnClaim(7, "r", NOW))),
        ({"own": [7, "r"]}, PassState()),
        ({"own": ["7", "r", NOW]}, PassState()),
        ({"own": {"attempt_id": 7}}, PassState()),
        ({"dependencies": {"keys": []}}, PassState(dependencies={"keys": []})),
    ],
)
def test_a_state_that_is_not_whole_says_what_it_can(value: dict[str, t.Any], expected: PassState) -> None:
    assert PassState.from_option(value) == expected


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
        lambda inner: st.dictionaries(
            st.sampled_from(["run_id", "since", "ms", "joined", "planned_after", "planned_before", "dependencies", "own", "x"]),
            inner,
            max_size=7,
        ),
    )
)
def test_whatever_is_passed_in_a_state_can_be_handed_on(value: t.Any) -> None:
    state = PassState.from_option(value)
    assert PassState.from_option(state.to_result()) == PassState.from_option({**state.to_result(), "plan_only": False})
    assert state.window is None or state.window.begin <= state.window.end
    assert state.since is None or isinstance(state.since.ms, int)
