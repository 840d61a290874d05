# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the journal claims, records and knows, on both databases."""

from __future__ import annotations

import stat
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ClaimLostError, JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import DAY_MS, Window
from ansible_collections.dataarts.factory.plugins.module_utils._journal import journal as journal_file
from ansible_collections.dataarts.factory.plugins.module_utils._journal import schema
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Intent, Outcome, Slot
from ansible_collections.dataarts.factory.plugins.module_utils._runner.journal_records import not_reruns
from tests.unit._journal.building import ALL, WORKSPACE, T, at, attempt, claim, intent
from tests.unit._journal.conftest import Place

OTHER = "0123456789abcdef0123456789abcdef"


def known(place: Place, *workspaces: str, now: int = T, window: Window = ALL, **how: t.Any) -> t.Any:
    with place.open(**how) as journal:
        return journal.read(workspaces or (WORKSPACE,), window, now)


#: What the lists of two runs may show for one failure.
DIFFERENCES: list[dict[str, t.Any]] = [
    {"status": "manual-stop"},
    {"start_time": None},
    {"start_time": at(1)},
    {"end_time": None},
    {"end_time": at(1)},
    {"submit_time": at(1)},
    {"instance_id": "i-1"},
    {"instance_id": "i-1", "submit_time": at(1), "status": "freeze", "start_time": at(2), "end_time": at(3), "job_name": "renamed"},
]


class TestReading:
    def test_a_journal_that_is_not_there_reads_as_empty_and_is_not_made(self, place: Place, tmp_path: Path) -> None:
        empty = known(place)
        assert (empty.attempts, empty.reruns, empty.complete_since, empty.set_aside_ms) == ((), {}, None, None)
        assert empty.journal_ms > T
        with place.open() as journal:
            assert journal.history() == []
            assert journal.notes("plans") == {}
        assert list(tmp_path.iterdir()) == []
        if place.server:
            assert place.rows("SELECT to_regclass('dataarts_meta')") == [(None,)]

    def test_what_was_claimed_is_known_with_all_its_fields(self, place: Place) -> None:
        made = attempt(3, batch=7, again=None, controller="awx-1", user="jane", purpose="INC-4711 ☂", plan_id="p-1", instance_id="i-3")
        made = replace(made, number=2)
        with place.open() as journal:
            (claimed,) = journal.claim([Intent(made)])
        assert claimed == replace(made, attempt_id=claimed.attempt_id, journal_ms=claimed.journal_ms)
        assert claimed.attempt_id > 0
        assert known(place).attempts == (claimed,)

    def test_only_these_workspaces_plan_times_and_this_project(self, place: Place) -> None:
        with place.open() as journal:
            (first, second, third) = claim(journal, 1, 2, 3)
            (other,) = claim(journal, 1, workspace_id=OTHER)
        with place.open("another project") as journal:
            claim(journal, 9)
        assert known(place).attempts == (first, second, third)
        assert known(place, OTHER).attempts == (other,)
        assert known(place, OTHER, WORKSPACE).attempts == (first, second, third, other)
        moment = second.failure.plan_time
        assert known(place, window=Window(moment, moment)).attempts == (second,)
        assert known(place, window=Window(moment, moment + 1000)).attempts == (second, third)

    def test_the_newest_attempt_of_each_instance_oldest_first(self, place: Place) -> None:
        with place.open() as journal:
            claim(journal, 1)
            (second,) = claim(journal, 2)
            (again,) = claim(journal, 1, start_time=at(60), seconds=120)
            (twin,) = claim(journal, 2, instance_id="patch")
        assert known(place).attempts == (second, again, twin)

    def test_what_may_have_rerun_a_slot_within_a_day_counts(self, place: Place) -> None:
        slot = Slot(WORKSPACE, "868641", attempt().failure.plan_time)
        now = at(0) + DAY_MS
        with place.open() as journal:
            for number, (seconds, outcome) in enumerate(
                [
                    (-1, Outcome.ACCEPTED),  # a second more than a day ago
                    (5, Outcome.ACCEPTED),
                    (3, Outcome.ACCEPTED),
                    (6, Outcome.REJECTED),
                    (7, Outcome.NOT_EXECUTED),
                    (8, Outcome.CONFLICTED),
                    (9, Outcome.UNKNOWN),
                ]
            ):
                journal.record(claim(journal, 1, seconds=seconds, start_time=at(number)), outcome, now_ms=at(seconds + 1))
            (intended,) = claim(journal, 1, seconds=10, start_time=at(20))
            assert journal.read([WORKSPACE], ALL, now).reruns == {slot: (at(3), at(5), at(9), at(10))}
            # An attempt that was taken over had no effect, unless it was accepted.
            for seconds, old in ((11, intended), *((12, old) for old in journal.history() if old.outcome is Outcome.UNKNOWN)):
                (new,) = journal.claim([intent(1, seconds, old, start_time=old.failure.start_time)])
                journal.record([new], Outcome.REJECTED, now_ms=at(13))
            known_now = journal.read([WORKSPACE], ALL, now)
            assert known_now.reruns == {slot: (at(3), at(5))}
            assert [attempt.sent_ms for attempt in known_now.effective[slot]] == [at(-1), at(5), at(3)], "whenever, in their order"

    def test_a_changed_submit_time_is_the_same_slot(self, place: Place) -> None:
        with place.open() as journal:
            for number in range(3):
                journal.record(claim(journal, 1, seconds=number, submit_time=at(number)), Outcome.ACCEPTED, now_ms=at(5))
        assert list(known(place, now=at(10)).reruns.values()) == [(at(0), at(1), at(2))]

    def test_since_when_it_knows_everything(self, place: Place) -> None:
        with place.open() as journal:
            journal.cover([WORKSPACE], at(5))
            journal.cover([WORKSPACE, OTHER], at(9))
            journal.cover([WORKSPACE, OTHER], at(1))
        assert known(place).complete_since == at(5)
        assert known(place, OTHER).complete_since == at(9)
        assert known(place, WORKSPACE, OTHER).complete_since == at(9)
        assert known(place, WORKSPACE, "a third").complete_since is None
        with place.open("another project") as journal:
            assert journal.read([WORKSPACE], ALL, T).complete_since is None


class TestClaims:
    def test_with_which_since_the_newest_run_began(self, place: Place) -> None:
        with place.open() as journal:
            assert journal.newest_since() == 0
            claim(journal, 1, since=at(7))
            claim(journal, 2, since=at(3))
            assert journal.newest_since() == at(7)
        with place.open("another") as journal:
            assert journal.newest_since() == 0

    def test_a_failure_is_claimed_once(self, place: Place) -> None:
        with place.open() as one_run, place.open() as other_run:
            first = claim(one_run, 1, 2)
            second = claim(other_run, 3, 2, 1, 4, run_id="run-2")
            assert [bool(claimed) for claimed in first + second] == [True, True, True, False, False, True]
            assert {claimed.run_id for claimed in known(place).attempts} == {"run-1", "run-2"}
            assert claim(one_run, 1, 2, 3, 4) == [None] * 4

    @pytest.mark.parametrize(
        "change",
        [
            {"status": "manual-stop"},
            {"start_time": at(1)},
            {"end_time": at(1)},
            {"submit_time": at(1)},
            {"instance_id": "twin"},
            {"job_id": "7"},
            {"workspace_id": OTHER},
            {"start_time": None},
            {"end_time": None},
        ],
        ids=str,
    )
    def test_an_instance_in_another_state_is_another_failure(self, place: Place, change: dict[str, t.Any]) -> None:
        with place.open() as journal:
            assert claim(journal, 1)[0]
            assert claim(journal, 1, **change)[0]
            assert claim(journal, 1, **change) == [None]

    @pytest.mark.parametrize("change", [{}, *DIFFERENCES], ids=str)
    def test_of_two_that_have_read_the_same_one_claims_whatever_their_lists_say(self, place: Place, change: dict[str, t.Any]) -> None:
        with place.open() as first, place.open() as second:
            for journal in (first, second):
                journal.read([WORKSPACE], ALL, T)
            assert claim(first, 1)[0]
            assert [bool(entry) for entry in claim(second, 1, 2, run_id="run-2", **change)] == [False, True]
            assert second.read([WORKSPACE], ALL, T).attempts[0].run_id == "run-1"
            assert claim(second, 1, run_id="run-2", **change) == [None] if not change else claim(second, 1, run_id="run-2", **change)[0]

    @pytest.mark.parametrize("change", [{}, *DIFFERENCES], ids=str)
    def test_so_it_is_where_an_attempt_is_taken_over(self, place: Place, change: dict[str, t.Any]) -> None:
        """One of them claims a failure of its own in the slot where the other takes over."""
        with place.open() as first, place.open() as second:
            (old,) = first.record(claim(first, 1), Outcome.NOT_EXECUTED, now_ms=at(2))
            second.read([WORKSPACE], ALL, T)
            assert first.claim([intent(1, 5, old)])[0]
            taking_over = None if change else old
            assert second.claim([intent(1, 6, taking_over, run_id="run-2", **change)]) == [None]
            assert [entry.open for entry in first.history()] == [True, False]

    def test_without_having_read_nothing_is_claimed_that_anybody_has_claimed(self, place: Place) -> None:
        with place.open() as first, place.open() as second:
            claim(first, 1)
            assert [bool(entry) for entry in claim(second, 1, 2, end_time=at(1))] == [False, True]

    def test_what_a_run_has_claimed_itself_it_has_read(self, place: Place) -> None:
        with place.open() as journal:
            (first,) = claim(journal, 1, instance_id="twin-a")
            (second,) = claim(journal, 1, instance_id="twin-b")
            assert all(journal.claim([intent(1, 9, first, instance_id="twin-a"), intent(1, 9, second, instance_id="twin-b")]))
            assert place.rows("SELECT serial FROM dataarts_attempt ORDER BY id") == [(1,), (2,), (3,), (4,)]

    def test_of_twins_whose_planned_run_another_has_claimed_neither_is_claimed(self, place: Place) -> None:
        with place.open() as first, place.open() as second:
            claim(first, 1, instance_id="twin-a")
            twins = [intent(1, 2, instance_id=name) for name in ("twin-a", "twin-b", "twin-c")]
            assert second.claim([*twins, intent(2, 2)])[:3] == [None] * 3
            second.read([WORKSPACE], ALL, T)
            assert [bool(entry) for entry in second.claim(twins[1:])] == [True, True]

    def test_what_is_sent_once_more_is_claimed_by_nobody_that_read_before(self, place: Place) -> None:
        with place.open() as first, place.open() as second:
            claimed = claim(first, 1, 2)
            second.read([WORKSPACE], ALL, T)
            first.stamp(claimed, at(3))
            assert claim(second, 1, 2, run_id="run-2", end_time=at(1)) == [None, None]
            assert claim(first, 1, end_time=at(1))[0], "the run itself knows"

    def test_what_another_run_has_claimed_since_is_not_sent_once_more(self, place: Place) -> None:
        """The other run saw the instance in another state, so it did not take over."""
        with place.open() as first, place.open() as second:
            claimed = claim(first, 1, 2)
            second.read([WORKSPACE], ALL, T)
            assert claim(second, 1, run_id="run-2", start_time=at(30))[0]
            before = first.history()
            with pytest.raises(ClaimLostError, match=r"another run took it over"):
                first.stamp(claimed, at(91))
            assert first.history() == before, "none of the request is"
            first.stamp(claimed[1:], at(92))

    def test_twins_of_one_request_are_sent_once_more_together(self, place: Place) -> None:
        with place.open() as journal:
            twins = journal.claim([intent(1, 2, instance_id=name) for name in ("twin-a", "twin-b")])
            for moment in (3, 4):
                journal.stamp(twins, at(moment))
            assert claim(journal, 1, instance_id="twin-c")[0]

    def test_what_an_old_attempt_held_is_free_once_that_is_deleted(self, place: Place) -> None:
        day = DAY_MS // 1000
        with place.open() as journal, place.open() as reader:
            claim(journal, 1, seconds=-190 * day - 1)
            reader.read([WORKSPACE], ALL, T)
            with place.open() as another:
                claim(another, 2, seconds=0)
            assert claim(reader, 1, end_time=at(1)) == [None], "what it has read is not there any more"
            reader.read([WORKSPACE], ALL, T)
            assert claim(reader, 1)[0]

    def test_the_same_failure_twice_in_one_claim_is_claimed_once(self, place: Place) -> None:
        with place.open() as journal:
            first, second, third = claim(journal, 1, 2, 1)
            assert (bool(first), bool(second), third) == (True, True, None)

    def test_the_name_of_the_service_does_not_belong_to_it_but_the_project_is(self, place: Place) -> None:
        with place.open() as journal, place.open("another project") as other:
            assert claim(journal, 1)[0]
            assert claim(other, 1)[0]

    def test_what_was_seen_is_taken_over_once(self, place: Place) -> None:
        with place.open() as journal:
            (old,) = journal.record(claim(journal, 1), Outcome.NOT_EXECUTED, now_ms=at(2))
            (new,) = journal.claim([intent(1, 5, old, run_id="run-2")])
            assert new is not None
            assert journal.claim([intent(1, 6, old, run_id="run-3")]) == [None]
            assert known(place).attempts == (new,)
            assert [(entry.run_id, entry.open) for entry in journal.history()] == [("run-2", True), ("run-1", False)]

    @pytest.mark.parametrize("counted", [-3600, 3600])
    @pytest.mark.parametrize("once_more", [False, True])
    def test_so_it_is_however_the_reader_counts_its_time(self, place: Place, counted: int, once_more: bool) -> None:
        """After a step of the service's clock, attempts settle by the journal's clock: the reader's ``last_ms`` may be before or after the stored one."""
        with place.open() as other, place.open() as journal:
            (made,) = claim(other, 1)
            (old,) = journal.read([WORKSPACE], ALL, at(2)).attempts
            if once_more:
                other.stamp([made], at(9))
            (new,) = journal.claim([intent(1, 5, replace(old, last_ms=at(1 + counted)), run_id="run-2")])
            assert (new is None) == once_more

    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda journal, old: journal.record([old], Outcome.ACCEPTED, now_ms=at(9)),
            lambda journal, old: journal.stamp([old], at(9)),
            lambda journal, old: journal.claim([intent(1, 8, old)]),
        ],
        ids=["recorded", "sent once more", "taken over"],
    )
    def test_what_changed_since_it_was_seen_is_not_taken_over(self, place: Place, meanwhile: t.Any) -> None:
        with place.open() as journal:
            (old,) = claim(journal, 1)
            meanwhile(journal, old)
            before = journal.history()
            assert journal.claim([intent(1, 10, old, run_id="run-2"), intent(2, 10)])[0] is None
            assert journal.history()[1:] == before

    def test_who_was_taken_over_cannot_send_once_more_but_can_still_say_how_it_ended(self, place: Place) -> None:
        with place.open() as journal:
            old, other = claim(journal, 1, 2)
            journal.claim([intent(1, 90, old, run_id="run-2")])
            with pytest.raises(JournalError, match=r"another run took it over"):
                journal.stamp([old, other], at(91))
            journal.record([old], Outcome.ACCEPTED, now_ms=at(92))
            assert [entry.outcome for entry in journal.history() if entry.run_id == "run-1"] == [Outcome.INTENDED, Outcome.ACCEPTED]
            assert claim(journal, 1) == [None]

    def test_a_hundred_at_once_and_none(self, place: Place) -> None:
        with place.open() as journal:
            assert journal.claim([]) == []
            assert all(claim(journal, *range(100)))
            assert claim(journal, *range(50, 150)) == [None] * 50 + [entry for entry in known(place).attempts if entry.attempt_id > 100]

    def test_old_entries_go_once_for_each_opened_journal(self, place: Place) -> None:
        day = DAY_MS // 1000
        with place.open() as journal:
            claim(journal, 1, seconds=-190 * day - 1)
            claim(journal, 2, seconds=-190 * day)
            assert len(journal.history()) == 2
            claim(journal, 3, seconds=0)
            assert len(journal.history()) == 3
        with place.open() as journal:
            claim(journal, 4, seconds=0)
            assert [entry.sent_ms for entry in journal.history()] == [at(0), at(0), at(-190 * day)]
        with (
            place.open() as journal
        ):  # a service whose clock is a year ahead must not prune records that are recent by this machine's clock
            now = known(place).journal_ms
            claim(journal, 5, sent_ms=now)
            claim(journal, 6, sent_ms=now + 365 * DAY_MS)
        with place.open() as journal:
            claim(journal, 7, sent_ms=now + 365 * DAY_MS)
            assert len(journal.history(made_after=now)) == 3


class TestOutcomes:
    def test_an_outcome_is_recorded_for_all_of_its_request(self, place: Place) -> None:
        with place.open() as journal:
            first, second, third = claim(journal, 1, 2, 3)
            ended = journal.record(
                [first, second], Outcome.UNKNOWN, now_ms=at(9), request_id="r-1", message="DLF.0107 busy", conflict_in_batch=True
            )
            assert [(entry.outcome, entry.request_id, entry.last_ms) for entry in ended] == [(Outcome.UNKNOWN, "r-1", at(9))] * 2
            assert all(entry.journal_ms >= first.journal_ms for entry in ended)
            assert known(place).attempts == (*ended, third)

    @pytest.mark.parametrize("later", [True, False])
    def test_that_a_claim_is_gone_is_noticed_when_its_outcome_is_recorded(self, place: Place, later: bool) -> None:
        """As after a failover to a standby without the last transactions. Nothing else is written then."""
        with place.open() as journal:
            first, second = claim(journal, 1, 2)
            place.rows(f"DELETE FROM dataarts_attempt WHERE id = {second.attempt_id} RETURNING id")
            with pytest.raises(
                JournalError,
                match=r"no longer contains what this run has claimed in it.*\. Start again with the same since: nothing is sent before",
            ):
                journal.record([first, second], Outcome.ACCEPTED, now_ms=at(9), later=later)
                journal.claim([intent(3)])
        assert [entry.outcome for entry in known(place).attempts] == [Outcome.INTENDED]

    @pytest.mark.parametrize("later", [True, False])
    def test_the_claim_of_another_run_that_has_got_its_id_is_not_taken_for_it(self, place: Place, later: bool) -> None:
        """A server that lost the last claims counts on from before them."""
        with place.open() as journal:
            (claimed,) = claim(journal, 1)
            place.rows("UPDATE dataarts_attempt SET run_id = 'another', claim = 'x' RETURNING id")
            with pytest.raises(ClaimLostError, match="took it over"):
                journal.stamp([claimed], at(9))
            with pytest.raises(JournalError, match="no longer contains what this run has claimed"):
                journal.record([claimed], Outcome.ACCEPTED, now_ms=at(9), later=later)
                journal.flush()
        assert [(entry.outcome, entry.last_ms) for entry in known(place).attempts] == [(Outcome.INTENDED, claimed.last_ms)]

    @pytest.mark.parametrize(
        "gone", ["DELETE FROM dataarts_attempt WHERE id = {}", "UPDATE dataarts_attempt SET run_id = 'x' WHERE id = {}"]
    )
    def test_that_the_newest_claim_is_gone_is_noticed_when_it_is_read_again(self, place: Place, gone: str) -> None:
        """Also by the next pass, which knows it from the one before. The journal tells later runs, and those that share it, so that they wait."""
        with place.open() as journal:
            journal.cover([WORKSPACE], T)
            claim(journal, 1)
            journal.record(claim(journal, 2), Outcome.ACCEPTED, now_ms=at(9))
            reading = place.open()
            reading.own = journal.own
            for again in (journal, reading):
                assert len(again.read([WORKSPACE], ALL, T).attempts) == 2
            place.rows(f"{gone.format(journal.own.attempt_id)} RETURNING id")
            assert (known(place).complete_since, known(place).lost_ms) == (T, None)
            with pytest.raises(
                JournalError, match=r"Failed to use .* no longer contains .*. Start again with the same since: nothing is sent"
            ):
                reading.read([WORKSPACE], ALL, T)
            for again in (reading, journal, place.open()):
                seen = again.read([WORKSPACE], ALL, T)
                assert (seen.complete_since, seen.set_aside_ms) == (None, None)
                assert 0 <= seen.journal_ms - seen.lost_ms < 60_000
                again.close()

    @pytest.mark.parametrize("further", [[], ["uncovered"]])
    def test_it_is_noticed_after_a_workspace_has_joined(self, place: Place, further: list[str]) -> None:
        """As where dependants in another workspace are to be rerun too."""
        with place.open() as journal:
            journal.cover([WORKSPACE], T)
            claim(journal, 1)
        with place.open() as following:
            following.own = journal.own
            following.cover([WORKSPACE, "joined"], at(9))
            assert following.own == journal.own
            assert following.read([WORKSPACE, "joined"], ALL, T).complete_since == at(9)
            place.rows("DELETE FROM dataarts_attempt RETURNING id")
            with pytest.raises(JournalError, match="no longer contains what this run has claimed"):
                following.read([WORKSPACE, "joined", *further], ALL, T)
            following.cover([WORKSPACE, "joined", "another"], at(9))
            assert following.own is None

    @pytest.mark.parametrize("later", [True, False])
    @pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.UNKNOWN])
    def test_only_one_that_may_have_taken_effect_moves_the_time_from_which_settling_counts(
        self, place: Place, outcome: Outcome, later: bool
    ) -> None:
        with place.open() as journal:
            (claimed,) = claim(journal, 1)
            (ended,) = journal.record([claimed], outcome, now_ms=at(9), later=later)
            journal.flush()
            last = at(9) if outcome is Outcome.ACCEPTED else claimed.last_ms
            assert (ended.last_ms, ended.journal_ms) == (last, claimed.journal_ms)
            assert known(place).attempts == (ended,)

    def test_an_outcome_never_moves_it_back(self, place: Place) -> None:
        with place.open() as journal:
            assert journal.record(claim(journal, 1), Outcome.UNKNOWN, now_ms=at(0))[0].last_ms == at(1)

    def test_another_try_moves_it(self, place: Place) -> None:
        with place.open() as journal:
            claimed = claim(journal, 1, 2)
            journal.stamp(claimed, at(2))
            stamped = known(place).attempts
            assert [(entry.last_ms, entry.sent_ms) for entry in stamped] == [(at(2), at(1))] * 2
            assert stamped[0].journal_ms >= claimed[0].journal_ms

    def test_what_the_service_says_is_printable_and_short(self, place: Place) -> None:
        with place.open() as journal:
            (entry,) = journal.record(claim(journal, 1), Outcome.REJECTED, now_ms=at(2), message="\x1b[31m\0\ud800" + "x" * 500)
            assert entry.message.startswith("\\x1b[31m\\x00\\ud800xxx")
            assert len(entry.message) == 400
            assert journal.history() == [entry]

    def test_a_name_that_no_database_takes_becomes_visible(self, place: Place) -> None:
        with place.open() as journal:
            assert claim(journal, 1, job_name="a\0b\ud800", instance_id="i\0", purpose="line\nbreak")[0]
            assert claim(journal, 1, job_name="a\0b\ud800", instance_id="i\0") == [None]
            (entry,) = journal.history()
        assert (entry.job_name, entry.failure.instance_id, entry.purpose) == ("a\\x00b\\ud800", "i\\x00", "line\nbreak")


class TestHistory:
    @pytest.fixture
    def journal(self, place: Place) -> t.Any:
        with place.open() as journal:
            claim(journal, 1, job_name="daily_sales", seconds=1)
            journal.record(claim(journal, 2, job_name="daily_stock", seconds=2, run_id="run-2"), Outcome.ACCEPTED, now_ms=at(9))
            claim(journal, 3, job_name="[x]", seconds=3, workspace_id=OTHER)
            yield journal

    @pytest.mark.parametrize(
        ("filters", "numbers"),
        [
            ({}, [3, 2, 1]),
            ({"limit": 2}, [3, 2]),
            ({"limit": 0}, []),
            ({"limit": None}, [3, 2, 1]),
            ({"workspace_ids": [WORKSPACE]}, [2, 1]),
            ({"workspace_ids": []}, []),
            ({"jobs": ["daily_*"]}, [2, 1]),
            ({"jobs": ["daily_*"], "limit": 1}, [2]),
            ({"jobs": ["daily_stock", "[[]x]"]}, [3, 2]),
            ({"jobs": None}, [3, 2, 1]),
            ({"plan_times": Window(at(-7200 + 2), at(-7200 + 3))}, [3, 2]),
            ({"run_id": "run-2"}, [2]),
            ({"made_after": at(2)}, [3, 2]),
            ({"made_before": at(2)}, [2, 1]),
            ({"outcomes": [Outcome.INTENDED]}, [3, 1]),
            ({"outcomes": []}, []),
            ({"outcomes": [Outcome.ACCEPTED, Outcome.UNKNOWN], "jobs": ["*"], "run_id": "run-2", "made_after": at(0)}, [2]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("page", [2, 1000])
    def test_filters(
        self, journal: t.Any, monkeypatch: pytest.MonkeyPatch, page: int, filters: dict[str, t.Any], numbers: list[int]
    ) -> None:
        monkeypatch.setattr(journal_file, "_PAGE", page)
        assert [(entry.sent_ms - T) // 1000 for entry in journal.history(**filters)] == numbers

    def test_what_a_pass_reads_of_it_is_found_by_its_time(self, sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not by scanning the workspace: SQLite does not know how large that is."""
        asked: list[tuple[str, t.Any]] = []
        query = SqliteDatabase.query

        def noted(database: SqliteDatabase, sql: str, values: t.Sequence[t.Any] = ()) -> list[t.Any]:
            asked.append((sql, values))
            return query(database, sql, values)

        with sqlite.open() as journal:
            claim(journal, 1)
            monkeypatch.setattr(SqliteDatabase, "query", noted)
            not_reruns(journal, "p", [WORKSPACE, OTHER], T)
            ((sql, values),) = [(sql, values) for sql, values in asked if "ORDER BY id DESC" in sql]
            steps = journal.work(lambda database: query(database, f"EXPLAIN QUERY PLAN {sql}", values))
        assert any("project_id=? AND workspace_id=? AND sent_ms>?" in step[-1] for step in steps)

    def test_without_a_project_it_is_that_of_all(self, place: Place, journal: t.Any) -> None:
        with place.open("another project") as other:
            claim(other, 1)
            assert len(other.history()) == 1
        with place.open("") as every_project:
            assert len(every_project.history()) == 4


class TestNotes:
    def test_a_fact_is_kept_once(self, place: Place) -> None:
        with place.open() as journal, place.open() as other:
            assert journal.note("plans", "a", "run-1") is True
            assert other.note("plans", "a", "run-2") is False
            assert journal.note("plans", "a", "run-1") is False
            assert other.note("plans", "b", "x\0") is True
            assert journal.note("cursor", "a", "") is True
            assert journal.notes("plans") == {"a": "run-1", "b": "x\\x00"}
        with place.open("another project") as journal:
            assert journal.notes("plans") == {}

    def test_one_that_is_noted_again_is_as_young_as_that(self, place: Place) -> None:
        """A run notes what the next run needs before that one's first claim prunes old notes."""
        with place.open() as journal:
            assert journal.note("plans", "again", "run-1")
            assert journal.note("plans", "once", "run-1")
        place.rows(f"UPDATE dataarts_note SET made_ms = made_ms - {191 * DAY_MS}")
        with place.open() as journal:
            assert not journal.note("plans", "again", "run-2")
            claim(journal, 1, seconds=(known(place).journal_ms - T) / 1000)
            assert journal.notes("plans") == {"again": "run-1"}


class TestCheckMode:
    def test_it_reads_and_never_writes(self, place: Place) -> None:
        with place.open() as journal:
            claimed = claim(journal, 1)
        before = place.path.read_bytes() if not place.server else b""
        with place.open(read_only=True) as journal:
            assert journal.read([WORKSPACE], ALL, T).attempts == tuple(claimed)
            assert journal.history() == claimed
            for write in (
                lambda: claim(journal, 2),
                lambda: journal.cover([WORKSPACE], T),
                lambda: journal.stamp(claimed, at(9)),
                lambda: journal.record(claimed, Outcome.ACCEPTED, now_ms=T),
                lambda: journal.note("a", "b", "c"),
            ):
                with pytest.raises(JournalError, match=r"opened for reading only. Run without check mode"):
                    write()
        assert not place.server or place.rows("SELECT count(*) FROM dataarts_attempt") == [(1,)]
        assert place.server or place.path.read_bytes() == before

    def test_it_makes_nothing(self, place: Place, tmp_path: Path) -> None:
        assert known(place, read_only=True).attempts == ()
        assert list(tmp_path.iterdir()) == []


class TestSchema:
    MORE = ("ALTER TABLE dataarts_attempt ADD COLUMN colour TEXT", "UPDATE dataarts_attempt SET colour = 'red'")

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_journal_of_an_earlier_version_is_migrated_with_what_is_in_it(
        self, place: Place, monkeypatch: pytest.MonkeyPatch, read_only: bool
    ) -> None:
        """Readers migrate it too: the first task after an update may be the history, or check mode."""
        with place.open() as journal:
            (claimed,) = claim(journal, 1)
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, self.MORE, ("CREATE TABLE dataarts_shape (side INTEGER)",)))
        assert known(place, read_only=read_only).attempts == (claimed,)
        assert place.rows("SELECT colour FROM dataarts_attempt") == [("red",)]
        assert place.rows("SELECT value FROM dataarts_meta WHERE key = 'version'") == [("10",)]
        assert known(place, read_only=not read_only).attempts == (claimed,)

    def test_one_of_schema_1_gets_its_numbers(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """The schema before attempts were numbered, with data."""
        with monkeypatch.context() as patch, place.open() as journal:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
            journal.note("scope", "key", "")
        place.rows(f"INSERT INTO dataarts_coverage (project_id, workspace_id, since_ms) VALUES ('p', '{WORKSPACE}', {at(1)})")
        names = [name for name in schema.INSERTED.replace('"', "").split(", ") if name not in ("flight_ms", "serial", "kind")]
        made = [attempt(1), attempt(2), attempt(1, end_time=at(1))]
        for number, entry in enumerate(made):
            row = dict(
                zip(
                    schema.INSERTED.replace('"', "").split(", "),
                    schema.to_row("p", schema.failure_key(entry.failure), entry, f"claim-{number}", 0, entry.journal_ms),
                )
            )
            values = ", ".join("NULL" if row[name] is None else repr(row[name]) for name in names)
            place.rows(f"INSERT INTO dataarts_attempt ({schema.columns(*names)}) VALUES ({values})")
        with place.open() as journal:
            assert [replace(entry, attempt_id=None) for entry in journal.read([WORKSPACE], ALL, T).attempts] == made[1:]
            assert place.rows("SELECT serial, kind FROM dataarts_attempt ORDER BY id") == [(1, "rerun"), (1, "rerun"), (2, "rerun")]
            assert (known(place).complete_since, known(place).covered_ms) == (at(1), None)
            assert claim(journal, 1, end_time=at(2))[0]
        with pytest.raises(Exception, match=r"(?i)unique"):
            place.rows("UPDATE dataarts_attempt SET serial = 1")

    def test_a_migration_that_fails_changes_nothing(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        with place.open() as journal:
            (claimed,) = claim(journal, 1)
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (*self.MORE, "DROP TABLE dataarts_nothing")))
            with place.open() as journal, pytest.raises(JournalError, match=r"dataarts_nothing"):
                claim(journal, 2)
        assert known(place).attempts == (claimed,)

    def test_a_journal_of_a_later_version_is_refused_and_stays(self, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, self.MORE))
            with place.open() as journal:
                claim(journal, 1)
        for read_only in (True, False):
            with pytest.raises(
                JournalError, match=r"a newer version of this collection made it .schema 9; this one knows 8.. Update the collection"
            ):
                known(place, read_only=read_only)
        with place.open() as journal, pytest.raises(JournalError, match=r"Update the collection"):
            claim(journal, 2)
        assert len(place.rows("SELECT 1 FROM dataarts_attempt")) == 1
        assert len(list(tmp_path.iterdir())) <= 1

    @pytest.mark.parametrize("version", range(len(schema.MIGRATIONS)))
    def test_many_make_it_or_bring_it_up_to_date_at_once(self, place: Place, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
        """Readers among them."""
        if version:
            with monkeypatch.context() as patch, place.open() as journal:
                patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
                journal.note("scope", "key", "value")
        start = threading.Barrier(8)

        def use(number: int) -> t.Any:
            with place.open(read_only=bool(number % 2)) as journal:
                start.wait()
                return journal.notes("scope") == ({"key": "value"} if version else {}) if number % 2 else claim(journal, number)[0]

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(use, range(8)))
        assert len(known(place).attempts) == 4


class TestUse:
    def test_several_threads_share_one(self, place: Place) -> None:
        with place.open() as journal, ThreadPoolExecutor(8) as pool:

            def work(number: int) -> t.Any:
                claimed = [entry for entry in claim(journal, number % 20, number) if entry]
                return journal.record(claimed, Outcome.ACCEPTED, now_ms=at(2)) if claimed else []

            claims = [entry for entries in pool.map(work, range(60)) for entry in entries]
        assert len(claims) == 60
        assert known(place).attempts == tuple(sorted(claims, key=lambda entry: entry.attempt_id))

    def test_it_opens_again_after_its_end(self, place: Place) -> None:
        journal = place.open()
        journal.close()
        claim(journal, 1)
        journal.close()
        journal.close()
        assert len(journal.history()) == 1
        journal.close()

    def test_reading_writes_nothing(self, sqlite: Place) -> None:
        with sqlite.open() as journal:
            claim(journal, 1)
        before = sqlite.path.read_bytes(), sqlite.path.stat().st_mtime_ns
        with sqlite.open() as journal:
            journal.read([WORKSPACE], ALL, T)
            journal.history()
        assert (sqlite.path.read_bytes(), sqlite.path.stat().st_mtime_ns) == before

    def test_a_role_that_may_only_read_can_read(self, postgres: Place) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claim(journal, 1)
        postgres.rows("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
        postgres.server.sql("CREATE ROLE reader LOGIN PASSWORD 'r'")
        reader = Place(postgres.server.uri(postgres.database, "reader"), "r")
        assert len(known(reader).attempts) == 1

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_role_that_does_not_own_the_tables_says_who_brings_them_up_to_date(
        self, postgres: Place, monkeypatch: pytest.MonkeyPatch, read_only: bool
    ) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claim(journal, 1)
        role = f"other_{read_only}".lower()
        postgres.server.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'an-0ther'")
        granted = f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        postgres.rows(granted)
        other = Place(postgres.server.uri(postgres.database, role), "an-0ther")
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, TestSchema.MORE))
        for dummy in range(2):
            with other.open(read_only=read_only) as journal, pytest.raises(JournalError) as caught:
                journal.history()
            text = str(caught.value)
            assert (
                "it has schema 8 and has to be brought to 9: must be owner of table dataarts_attempt. Nothing is sent without it." in text
            )
            assert "as the role that owns the tables; then grant this role" in text
        assert len(known(postgres, read_only=True).attempts) == 1
        postgres.rows(granted)
        assert len(known(other, read_only=read_only).attempts) == 1

    def test_a_role_that_may_not_create_works_on_tables_of_another(self, postgres: Place) -> None:
        assert postgres.server is not None
        with postgres.open() as journal:
            claim(journal, 1)
        postgres.server.sql("CREATE ROLE worker LOGIN PASSWORD 'w'")
        postgres.rows("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker")
        with Place(postgres.server.uri(postgres.database, "worker"), "w").open() as journal:
            (claimed,) = claim(journal, 2)
            journal.record(journal.claim([intent(2, 5, claimed)]), Outcome.ACCEPTED, now_ms=at(9))
            assert journal.note("a", "b", "c")
            journal.cover([WORKSPACE], T)
            assert len(journal.history()) == 3

    def test_the_schema_of_the_connection_is_used(self, postgres: Place) -> None:
        postgres.rows("CREATE SCHEMA team")
        assert postgres.server is not None
        team = Place(postgres.server.uri(postgres.database, options="-csearch_path=team"), postgres.password)
        with team.open() as journal:
            claim(journal, 1)
        assert postgres.rows("SELECT count(*) FROM team.dataarts_attempt") == [(1,)]
        assert known(postgres).attempts == ()

    def test_a_session_setting_that_would_lose_a_claim_is_overruled(self, postgres: Place) -> None:
        postgres.rows(f"ALTER DATABASE {postgres.database} SET synchronous_commit = off")
        postgres.rows(f"ALTER DATABASE {postgres.database} SET default_transaction_isolation = 'serializable'")
        with postgres.open() as journal:
            shown = journal._database.transact(
                lambda database: [
                    database._rows(f"SHOW {name}")[0][0] for name in ("synchronous_commit", "transaction_isolation", "application_name")
                ],
                write=True,
            )
        assert shown == ["on", "read committed", "dataarts.factory"]

    def test_a_file_and_its_folder_belong_to_the_user_alone(self, tmp_path: Path) -> None:
        place = Place(str(tmp_path / "a" / "b" / "journal.db"))
        with place.open() as journal:
            claim(journal, 1)
            # A rollback journal, synced with its folder at each commit.
            assert journal._database._rows("PRAGMA journal_mode") == [("delete",)]
            assert journal._database._rows("PRAGMA synchronous") == [(3,)]
        assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
