# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when a run sends nothing, and how settled an attempt is when two clocks may step."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Intent, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import Since
from ansible_collections.dataarts.factory.plugins.module_utils._planner.hold_off import (
    SECOND_MS,
    SET_BACK_MS,
    complete_since,
    dated,
    hold_off_until,
    on_both_clocks,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide, of_this_run
from tests.unit.building import SETTLE, SINCE, WORKSPACE, T, at, attempt, instance, intent, key, policy

NOW = T
HOUR = 3_600_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("known", "since", "given", "expected"),
    [
        (NOW - HOUR, NOW, False, NOW - HOUR),
        (NOW - HOUR, NOW - 2 * HOUR, True, NOW - HOUR),
        (NOW, NOW, False, NOW),
        (NOW + 1, NOW, False, NOW),  # the run that began it a moment ago read a later time from the service
        (NOW + SECOND_MS, NOW, False, NOW),
        (NOW + SECOND_MS + 1, NOW, False, NOW + SECOND_MS + 1),
        (NOW + 1, NOW, True, NOW + 1),
        (None, NOW - HOUR, True, NOW),  # it does not cover the workspace yet: earlier attempts are unknown
        (None, NOW - 5, False, NOW - 5),  # a run that begins now does not need them
    ],
)
def test_from_when_on_the_journal_counts_as_complete(known: int | None, since: int, given: bool, expected: int) -> None:
    assert complete_since(known, NOW, since, since_given=given) == expected


def test_where_a_rerun_shows_at_once_there_is_nothing_to_wait_for() -> None:
    assert hold_off_until(NOW - HOUR, NOW, NOW, 0) == NOW


@pytest.mark.parametrize(
    ("since", "complete", "set_aside_age", "until"),
    [
        (NOW, NOW - HOUR, None, None),
        (NOW - HOUR, NOW - HOUR, None, None),
        (NOW - HOUR, NOW - HOUR + 1, None, NOW - HOUR + 1 + MINUTE + SECOND_MS),
        (NOW - HOUR, NOW, None, NOW + MINUTE + SECOND_MS),
        (NOW + 1, NOW, None, NOW + 1),
        (NOW + 30_000, NOW - HOUR, None, NOW + 30_000),
        # A journal was set aside: attempts of a moment ago by any run are lost with it, whatever since is.
        (NOW, NOW - HOUR, 0, NOW + MINUTE),
        (NOW - 5, NOW - 5, 0, NOW + MINUTE),
        (NOW - 5, NOW - 5, HOUR, NOW + MINUTE - 5),  # the journal's clock stepped ahead
        (NOW - 5, NOW - 5, 24 * HOUR, None),
        (NOW, NOW - HOUR, 59_999, NOW + 1),
        (NOW, NOW - HOUR, 60_000, None),
        (NOW, NOW - HOUR, HOUR, None),
        (NOW, NOW - HOUR, -5, NOW + MINUTE),  # by the journal's clock it has not even happened: at most the settle time
        (NOW - HOUR, NOW - 10_000, 0, NOW + MINUTE),  # the later of two reasons
        (NOW - HOUR, NOW, 30_000, NOW + MINUTE + SECOND_MS),
        (NOW + 5, NOW, 0, NOW + 5),  # the pass after since lists again
    ],
)
def test_until_when_nothing_is_sent(since: int, complete: int, set_aside_age: int | None, until: int | None) -> None:
    assert hold_off_until(since, NOW, complete, MINUTE, lost_age_ms=set_aside_age) == until


@given(st.integers(0, 10 * MINUTE), st.integers(0, 2 * MINUTE), st.integers(1, MINUTE))
def test_a_hold_off_after_a_journal_was_set_aside_does_not_move_on_with_the_passes(since_ago: int, age: int, later: int) -> None:
    """It ends at the same time in a later pass."""
    first = hold_off_until(NOW - since_ago, NOW, NOW - HOUR, MINUTE, lost_age_ms=age)
    then = hold_off_until(NOW - since_ago, NOW + later, NOW - HOUR, MINUTE, lost_age_ms=age + later)
    assert then == (first if age + later < MINUTE else None)


#: Seconds since the attempt by the service's clock, by the journal's; the seconds that count.
ELAPSED = [
    (61, 61, 61),
    (61, 5, 5),  # the service's clock stepped ahead
    (5, 61, 5),  # the journal's did, or the machine slept
    (61, -5, -5),  # the journal's was set back
    (61, -60, -60),
    (61, -60.001, 61),  # so far that it is ignored
    (61, -360_000, 61),
    (5, -3600, 5),
    (-5, 61, -5),
    (-5, -7, -7),
]


@pytest.mark.parametrize(("by_service", "by_journal", "counts"), ELAPSED)
def test_an_attempt_is_as_old_as_the_slower_of_two_clocks_says(by_service: float, by_journal: float, counts: float) -> None:
    made = attempt("unknown", 100)
    seen = on_both_clocks(made, at(100 + by_service), at(100 + by_journal))
    assert at(100 + by_service) - seen.last_ms == round(counts * 1000)
    assert (seen.sent_ms, seen.journal_ms, seen.failure) == (made.sent_ms, made.journal_ms, made.failure)


@pytest.mark.parametrize("outcome", ["unknown", "intended"])
@pytest.mark.parametrize(("by_service", "by_journal", "action"), [(60, 60, "retry"), (600, 59.999, "settling"), (59.999, 600, "settling")])
def test_nothing_is_sent_again_before_the_settle_time_has_passed_on_both_clocks(
    outcome: str, by_service: float, by_journal: float, action: str
) -> None:
    made = on_both_clocks(attempt(outcome, 5), at(5 + by_service), at(5 + by_journal))
    assert decide(instance(), policy(), at(5 + by_service), made).action is Action(action)


@given(st.integers(-3 * HOUR, 3 * HOUR), st.integers(-3 * HOUR, 3 * HOUR), st.integers(0, 2 * MINUTE))
def test_a_step_of_either_clock_never_makes_an_attempt_settled_earlier(by_service: int, by_journal: int, settle: int) -> None:
    made = attempt("unknown", 5)
    now, journal = made.last_ms + by_service, made.journal_ms + by_journal
    seen = on_both_clocks(made, now, journal)
    assert seen.settle_window_end(settle) >= made.settle_window_end(settle)
    if by_journal >= -SET_BACK_MS:
        assert (seen.settle_window_end(settle) <= now) is (min(by_service, by_journal) >= settle)
    assert on_both_clocks(seen, now, journal) == seen


@pytest.mark.parametrize("ahead", [-5000, -1, 0, 1, 5000])
def test_what_was_found_settled_later_can_still_be_taken_over(tmp_path: Path, ahead: int) -> None:
    """Two clocks never agree to the millisecond; a claim must find the attempt it takes over all the same."""
    window = Window(key().plan_time, key().plan_time)
    with Journal(str(tmp_path / "journal.db"), password=None, project_id="p") as journal:
        (claimed,) = journal.claim([Intent(intent(instance(), 5))])
        assert claimed is not None
        journal.record([claimed], Outcome.UNKNOWN, now_ms=at(6))
        known = journal.read([WORKSPACE], window, at(100))
        elapsed = known.journal_ms - known.attempts[0].journal_ms
        seen = on_both_clocks(known.attempts[0], at(6) + elapsed + ahead, known.journal_ms)
        assert (seen.last_ms > at(6)) is (ahead > 0)
        (newer,) = journal.claim([Intent(intent(instance(), 100, number=2), seen)])
        assert newer is not None
        assert journal.claim([Intent(intent(instance(), 101, number=2), seen)]) == [None], "and only once"


def test_the_clocks_of_an_attempt_that_was_stamped_later_count_from_there() -> None:
    made = attempt("unknown", 5, last=50)
    assert on_both_clocks(made, at(110), at(110)).settle_window_end(SETTLE) == at(110)
    assert on_both_clocks(made, at(110), at(60)).settle_window_end(SETTLE) == at(160)


@pytest.mark.parametrize(
    ("by_service", "by_journal", "left"),
    [
        (10, 10, 51),
        (90, 10, 51),  # the service's clock stepped ahead
        (10, 90, 51),  # the journal's did
        (90, 90, None),
        (10, -5, 61),  # the journal's was set back: at most from now
        (10, -7200, 51),  # so far that it is ignored
        (10, None, 51),  # an earlier version wrote it
    ],
)
def test_a_young_journal_holds_back_until_the_slower_of_two_clocks_says_so(
    by_service: int, by_journal: int | None, left: int | None
) -> None:
    now = T + by_service * 1000
    until = hold_off_until(T - HOUR, now, T, MINUTE, covered_age_ms=None if by_journal is None else by_journal * 1000)
    assert until is not None
    assert (until - now if until > now else None) == (None if left is None else left * 1000)


@pytest.mark.parametrize(("age", "left"), [(0, 61), (60, 1), (61, None)])
def test_a_journal_that_began_by_a_clock_that_was_set_back_holds_back_by_its_own(age: int, left: int | None) -> None:
    until = hold_off_until(T - HOUR, T, T + 10 * HOUR, MINUTE, covered_age_ms=age * 1000)
    assert (until if until is not None and until > T else None) == (None if left is None else T + left * 1000)


class TestMadeAhead:
    """The service's clock was 90 s ahead when an attempt was made at 5, and is right again. The rerun failed at 15."""

    MADE = dataclasses.replace(attempt("accepted", 95), journal_ms=at(5))
    FAILED = instance(start=6, end=15)

    @pytest.mark.parametrize(
        ("since", "as_said", "action"),
        [(20, False, "retry"), (15.5, False, "retry"), (4, False, "failed_again"), (20, True, "failed_again"), (94, True, "failed_again")],
    )
    def test_it_is_of_no_run_that_began_after_it(self, since: float, as_said: bool, action: str) -> None:
        """Unless that is unknown: a ``since`` set by a person may come from the wrong clock, and nothing is sent twice because of it."""
        seen = dated(self.MADE, at(25), at(25), Since(at(since), given=True), as_said=as_said)
        assert seen.sent_ms == at(since if as_said else 5)
        assert decide(self.FAILED, policy(since=at(since)), at(25), on_both_clocks(seen, at(25), at(25)), [seen]).action is Action(action)

    @pytest.mark.parametrize(("since", "made_at"), [(10, 10), (40, 5), (95, 5)])
    def test_it_stays_one_of_its_own_run(self, since: float, made_at: float) -> None:
        """But not because of a ``since`` that was ahead too."""
        assert dated(dataclasses.replace(self.MADE, since=at(since)), at(25), at(25)).sent_ms == at(made_at)

    @pytest.mark.parametrize("outcome", ["unknown", "intended"])
    @pytest.mark.parametrize("since", [0, 4])
    @pytest.mark.parametrize(("now", "action"), [(64, "settling"), (66, "retry")])
    def test_it_settles_by_the_clock_that_was_not_set_back(self, outcome: str, now: int, action: str, since: int) -> None:
        made = dataclasses.replace(attempt(outcome, 7200), journal_ms=at(5))
        unchanged = instance()
        seen = on_both_clocks(dated(made, at(now), at(now), Since(at(since), given=True), as_said=bool(since)), at(now), at(now))
        assert decide(unchanged, policy(since=at(since or now - 1)), at(now), seen).action is Action(action)

    @pytest.mark.parametrize(("now", "journal"), [(94, 94), (100, 100), (25, 4)])
    def test_without_proof_it_keeps_its_time(self, now: int, journal: int) -> None:
        assert dated(self.MADE, at(now), at(journal)) == self.MADE


@pytest.mark.parametrize(
    ("when", "newest_id", "since"),
    [(-60, 7, 0), (-60, 8, -60), (-60, 9, -60), (-60, None, -60), (5, 7, 5), (5, 9, 5)],
)
@pytest.mark.parametrize("ends", [Status.FAIL, Status.SUCCESS, Status.RUNNING])
def test_what_the_journal_did_not_have_when_the_run_began_is_of_this_run(
    when: int, newest_id: int | None, since: int, ends: Status
) -> None:
    """By the service's clock, which was behind then, it was sent and had settled before."""
    made = dataclasses.replace(attempt("accepted", when), attempt_id=8)
    seen = dated(made, at(90), at(90), Since(SINCE, given=False, newest_id=newest_id))
    assert seen == dataclasses.replace(made, sent_ms=at(since))
    rerun = instance(ends, -50, -40)
    assert (of_this_run(rerun, policy(settle_ms=0), seen) is None) == (since < 0)
