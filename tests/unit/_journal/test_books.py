# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses of jobs and runs by hand, in both databases: of several competitors, only one succeeds."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ClaimLostError, JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook, renew_everywhere
from ansible_collections.dataarts.factory.plugins.module_utils._journal.runs import RunBook
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.job_run import KeyedRun
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import MadeBy, Phase

WHO = ("host", "jane", "INC-1")
RUN = KeyedRun("load", "night", "salt:hash", ("1", "2"), "run", 5, 5, 0, 7, Outcome.INTENDED, "", False, None, "", "host", "jane", "")


def book(journal: t.Any, workspace: str = "w", project: str = "p") -> PauseBook:
    return PauseBook(journal, project, workspace)


def runs(journal: t.Any, job: str = "load") -> RunBook:
    return RunBook(journal, "p", "w", job)


def at_once(place: t.Any, work: t.Callable[[t.Any], t.Any], number: int = 5) -> list[t.Any]:
    """The results of several threads that did *work* at the same time, each with its own journal."""
    results: list[t.Any] = []

    def member() -> None:
        with place.open() as journal:
            results.append(work(journal))

    threads = [threading.Thread(target=member) for dummy in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number
    return results


def begin(journal: t.Any, job: str = "load", run_id: str = "ours") -> t.Any:
    return book(journal).begin(job, MadeBy.RERUN, run_id, WHO, 5, 7)


def test_a_pause_goes_through_its_phases(place: t.Any) -> None:
    with place.open() as journal:
        assert book(journal).read().by_job == {}
        made = begin(journal)
        book(journal).hold(["load"], "ours", 1000)
        read = book(journal).read()
        (hold,) = read.by_job["load"].holds
        assert (hold.run_id, hold.until_ms > read.journal_ms) == ("ours", True)
        assert (made.phase, made.user, made.purpose, made.flight_ms) == (Phase.PAUSING, "jane", "INC-1", 7)
        paused = book(journal).change(made, Phase.PAUSED, run_id="ours", made_by=MadeBy.RERUN)
        assert book(journal).change(made, Phase.PAUSED, run_id="ours", made_by=MadeBy.RERUN) is None
        assert book(journal).read().by_job["load"].phase is Phase.PAUSED
        assert paused is not None
        assert not book(journal).close(made, "too late")
        assert book(journal).close(paused, "started again")
        assert not book(journal).close(paused, "twice")
        assert book(journal).read().by_job == {}
        assert begin(journal).holds == ()
    assert place.rows("SELECT ended FROM dataarts_pause WHERE open IS NULL") == [("started again",)]


def test_a_pause_that_another_run_needs_by_now_is_ended_by_none_that_has_read_it_before(place: t.Any) -> None:
    with place.open() as journal:
        read = begin(journal)
        assert book(journal).adopt(read, "theirs", 1000)
        assert book(journal).change(read, Phase.RESUMING, run_id="ours", made_by=MadeBy.RERUN) is None
        assert not book(journal).close(read, "started again")
        assert not book(journal).adopt(read, "third", 1000), "it is read again first"
        pause = book(journal).read().by_job["load"]
        assert ([hold.run_id for hold in pause.holds], pause.phase) == (["theirs"], Phase.PAUSED)
        resuming = book(journal).change(pause, Phase.RESUMING, run_id="theirs", made_by=MadeBy.RERUN)
        assert resuming is not None
        assert not book(journal).adopt(pause, "third", 1000), "nobody needs what is being ended"


def test_workspaces_and_projects_are_apart(place: t.Any) -> None:
    with place.open() as journal:
        assert begin(journal)
        for other in (book(journal, workspace="v"), book(journal, project="q")):
            assert other.read().by_job == {}
            assert other.begin("load", MadeBy.TASK, "ours", WHO, 5, 7)


def test_holds_are_renewed_and_released(place: t.Any) -> None:
    with place.open() as journal:
        begin(journal)
        book(journal).hold(["load"], "ours", -1000)
        book(journal).hold(["load"], "theirs", 10_000)
        read = book(journal).read()
        assert [hold.run_id for hold in read.by_job["load"].held_by_others("new", read.journal_ms)] == ["theirs"]
        renew_everywhere(journal, ["ours"], 10_000)
        assert len(book(journal).read().by_job["load"].held_by_others("new", read.journal_ms)) == 2
        book(journal).release("theirs")
        assert [hold.run_id for hold in book(journal).read().by_job["load"].holds] == ["ours"]


def test_what_a_run_holds_ends_in_time_where_the_clock_was_set_back(place: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither early nor an hour late, for each kind of record: an interrupted pause, a run that needs it, a run by hand."""
    back, seen = [0], [0.0]
    with place.open() as journal:
        clock_ms = type(journal._database).clock_ms
        monkeypatch.setattr(type(journal._database), "clock_ms", lambda database: clock_ms(database) - back[0])
        monkeypatch.setattr(journal.sightings, "_clock", lambda: seen[0])
        begin(journal)
        book(journal).hold(["load"], "dead", 30_000)
        assert runs(journal).claim(RUN, None)
        assert journal.warnings == []
        back[0] = 3_600_000
        for seconds, needed in ((0, True), (6, True), (29, True), (31, False)):
            seen[0] = seconds
            read, (made, now) = book(journal).read(), runs(journal).read()
            pause = read.by_job["load"]
            assert [hold.run_id for hold in pause.held_by_others("ours", read.journal_ms)] == ["dead"] * needed
            assert (pause.unsettled_until(9_993) or 0) - read.journal_ms == pytest.approx(10_000 - 1000 * seconds, abs=1)
            assert made[0].settle_window_end(10_000) - now == pytest.approx(10_000 - 1000 * seconds, abs=1)
        (warning,) = journal.warnings
        assert "run ours on host had paused job load" in warning
    place.rows("UPDATE dataarts_hold SET lease_ms = 0")  # of an earlier schema: the clock decides
    with place.open() as journal:
        read = book(journal).read()
        assert read.by_job["load"].held_by_others("ours", read.journal_ms)


@pytest.mark.parametrize("dummy", range(3))
def test_of_several_that_pause_a_job_one_gets_it(place: t.Any, dummy: int) -> None:
    with place.open() as journal:
        begin(journal, job="other")
    assert sum(made is not None for made in at_once(place, begin)) == 1


def test_of_several_that_start_it_again_one_gets_it(place: t.Any) -> None:
    with place.open() as journal:
        made = begin(journal)
    claims = at_once(place, lambda journal: book(journal).change(made, Phase.RESUMING, run_id="x", made_by=MadeBy.RERUN, flight_ms=1))
    assert sum(claim is not None for claim in claims) == 1


def test_a_key_is_claimed_once_and_recorded(place: t.Any) -> None:
    with place.open() as journal:
        made = runs(journal).claim(RUN, None)
        assert made is not None
        assert made.known == ("1", "2")
        assert runs(journal).claim(RUN, None) is None
        stamped = runs(journal).stamp(made, 9)
        with pytest.raises(ClaimLostError, match="another task took it over in the meantime"):
            runs(journal).stamp(made, 9)
        assert stamped.last_ms == 9
        accepted = runs(journal).record(stamped, Outcome.ACCEPTED, instance_id="3", request_id="r")
        assert accepted is not None
        assert runs(journal).record(stamped, Outcome.UNKNOWN) is None
        ((read,), now) = runs(journal).read()
        assert (read, read.instance_id, read.read_back) == (accepted, "3", False)
        assert now >= read.journal_ms > 0
        assert runs(journal, "other").read()[0] == []
        assert runs(journal, "other").claim(replace(RUN, job_name="other"), None) is not None


@pytest.mark.parametrize("meanwhile", [{}, {"instance_id": "9", "read_back": True}], ids=["nothing", "another instance"])
def test_the_answer_to_a_request_counts_whatever_was_found_out_before_it_came(place: t.Any, meanwhile: dict[str, t.Any]) -> None:
    """The sending process may be suspended for longer than its request may be in flight."""
    with place.open() as journal:
        made = runs(journal).claim(RUN, None)
        assert made is not None
        assert runs(journal).record(made, Outcome.ACCEPTED if meanwhile else Outcome.UNKNOWN, **meanwhile)
        with pytest.raises(ClaimLostError):
            runs(journal).stamp(made, 9)
        for outcome in (Outcome.NOT_EXECUTED, Outcome.REJECTED):  # no run was started, but an instance that another task follows is kept
            assert (runs(journal).record(made, outcome) is None) is bool(meanwhile)
        assert runs(journal).record(made, Outcome.UNKNOWN) is None
        assert runs(journal).record(made, Outcome.ACCEPTED, instance_id="3", request_id="r")
        ((read,), _now) = runs(journal).read()
        assert (read.outcome, read.instance_id, read.read_back, read.request_id) == (Outcome.ACCEPTED, "3", False, "r")


@pytest.mark.parametrize("dummy", range(3))
def test_of_several_with_one_key_one_gets_it(place: t.Any, dummy: int) -> None:
    with place.open() as journal:
        refused = runs(journal).record(runs(journal).claim(RUN, None), Outcome.REJECTED)  # type: ignore[arg-type]
    assert sum(made is not None for made in at_once(place, lambda journal: runs(journal).claim(RUN, None))) == 0
    assert sum(made is not None for made in at_once(place, lambda journal: runs(journal).claim(RUN, refused))) == 1


def test_nothing_is_written_where_nothing_may_be(place: t.Any) -> None:
    with place.open(read_only=True) as journal:
        assert book(journal).read().by_job == {}
        assert runs(journal).read()[0] == []
        for write in (lambda: begin(journal), lambda: runs(journal).claim(RUN, None)):
            with pytest.raises(JournalError, match="opened for reading only"):
                write()


def test_what_no_version_writes_is_set_aside(sqlite: t.Any) -> None:
    with sqlite.open() as journal:
        begin(journal)
    sqlite.rows("UPDATE dataarts_pause SET phase = 'odd'")
    with sqlite.open() as journal:
        assert book(journal).read().by_job == {}
        assert "set aside" in " ".join(journal.warnings)
