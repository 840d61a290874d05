# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A journal on a primary server and a standby server that takes over, for real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ClaimLostError, JournalError
from ansible_collections.dataarts.factory.plugins.module_utils._journal import postgresql as postgresql_file
from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook
from ansible_collections.dataarts.factory.plugins.module_utils._journal.runs import RunBook
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import AttemptKind, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import MadeBy, Phase
from tests.support.postgresql import PASSWORD, PostgresServer, both_servers, postgres_server, standby_server
from tests.unit._journal.building import ALL, WORKSPACE, T, at, claim
from tests.unit._journal.conftest import Place
from tests.unit._journal.test_books import RUN

pytestmark = pytest.mark.long

Pair = tuple[PostgresServer, PostgresServer, Place]
NO_PRIMARY = (
    "Nothing is sent without it. Set journal to the primary server, not to a standby; after a failover, wait until one has become primary"
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary and a standby server, and the journal that names both."""
    with postgres_server() as primary:
        database = primary.database()
        with standby_server(primary) as standby:
            yield primary, standby, Place(both_servers(primary, standby, database), PASSWORD, primary, database)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_file, "PATIENCE", 1.0)


def test_a_standby_server_is_not_written_to(pair: Pair) -> None:
    primary, standby, place = pair
    with place.open() as journal:
        claim(journal, 1)
    standby.catch_up(primary)
    for wanted in ("any", "read-write", "primary"):
        with (
            Place(standby.uri(place.database, target_session_attrs=wanted), PASSWORD).open() as alone,
            pytest.raises(JournalError, match=NO_PRIMARY),
        ):
            claim(alone, 2)
    with Place(standby.uri(place.database), PASSWORD).open(read_only=True) as reading:
        assert len(reading.history()) == 1


@pytest.mark.parametrize("lacks", [False, True])
def test_what_was_read_before_a_failover_is_not_a_basis_for_a_claim(pair: Pair, lacks: bool) -> None:
    """Another run may have claimed the same, and sent it, a moment before. All runs then wait as with a new journal, and one of them says so."""
    primary, standby, place = pair
    with place.open() as journal, place.open() as other:
        journal.cover([WORKSPACE], T)
        earlier = claim(journal, 9)
        for reading in (journal, other):
            assert reading.read([WORKSPACE], ALL, T).lost_ms is None
        standby.catch_up(primary)
        if lacks:
            standby.cut_off()
        assert claim(other, 1)[0]
        if not lacks:
            standby.catch_up(primary)
        primary.stop("immediate")
        standby.promote()
        assert claim(journal, 1) == [None]
        with pytest.raises(ClaimLostError, match="another database server took over"):
            journal.stamp(earlier, at(8))
        journal.record(earlier, Outcome.ACCEPTED, now_ms=at(9))
        after = journal.read([WORKSPACE], ALL, T)
        assert (len(after.attempts), after.complete_since, after.set_aside_ms) == (1 if lacks else 2, None, None)
        assert 0 <= after.journal_ms - after.lost_ms < 60_000
        journal.cover([WORKSPACE], at(20))
        assert claim(journal, 2)[0]
    with place.open() as later:
        assert (later.read([WORKSPACE], ALL, T).complete_since, later.read([WORKSPACE], ALL, T).lost_ms) == (at(20), after.lost_ms)


@pytest.mark.parametrize("lacks", [False, True])
def test_what_was_sent_before_a_failover_is_recorded_after_it(pair: Pair, lacks: bool) -> None:
    """A run by hand keeps its key, a pause its job, and the start of a schedule is written down. A key that seemed free is looked for again."""
    primary, standby, place = pair
    with place.open() as journal:
        journal.cover([WORKSPACE], T)
        pauses, runs = PauseBook(journal, "p", "w"), RunBook(journal, "p", "w", "load")
        journal.read([WORKSPACE], ALL, T)
        paused, dummy = pauses.read().by_job, runs.read()
        standby.catch_up(primary)
        if lacks:
            standby.cut_off()
        run = runs.claim(RUN, None)
        pause = pauses.begin("load", MadeBy.RERUN, "ours", ("host", "jane", ""), 5, 7)
        (earlier,) = claim(journal, 8, kind=AttemptKind.PAUSE)
        if not lacks:
            standby.catch_up(primary)
        primary.stop("immediate")
        standby.promote()
        assert run is not None
        assert pause is not None
        assert (paused, runs.claim(replace(RUN, run_key="free"), None)) == ({}, None)
        recorded = runs.record(run, Outcome.ACCEPTED, instance_id="3")
        assert recorded is not None
        assert (recorded.run_key, recorded.instance_id) == ("night", "3")
        assert (pauses.change(pause, Phase.PAUSED, run_id="ours", made_by=MadeBy.RERUN) is None) is lacks
        (start,) = claim(journal, 9, kind=AttemptKind.RESUME)
        journal.stamp([start] if lacks else [start, earlier], at(8))
        assert journal.record([start], Outcome.ACCEPTED, now_ms=at(9))
        assert [made.run_key for made in runs.read()[0]] == ["night"]
        assert runs.claim(replace(RUN, run_key="free"), None) is not None


@pytest.mark.parametrize("stopped", ["fast", "immediate"])
def test_a_run_goes_on_where_the_standby_server_has_everything(pair: Pair, monkeypatch: pytest.MonkeyPatch, stopped: str) -> None:
    """It waits until the standby server is the primary one; so does a run that begins meanwhile."""
    primary, standby, place = pair
    with place.open() as journal, place.open() as other:
        claimed = claim(journal, 1)
        standby.catch_up(primary)
        primary.stop(stopped)
        refused = f"127.0.0.1:{primary.port}: Connection refused; 127.0.0.1:{standby.port}: session is read-only. {NO_PRIMARY}"
        for act in (lambda: claim(journal, 2), lambda: other.read([WORKSPACE], ALL, T)):
            with pytest.raises(JournalError) as caught:
                act()
            assert refused in str(caught.value)
            assert PASSWORD not in str(caught.value)
        monkeypatch.setattr(postgresql_file, "PATIENCE", 60.0)
        promoting = threading.Timer(0.5, standby.promote)
        promoting.start()
        assert other.read([WORKSPACE], ALL, T).attempts == tuple(claimed)
        journal.record(claimed, Outcome.ACCEPTED, now_ms=at(9))
        assert claim(other, 3)[0]
        promoting.join()


def test_a_run_fails_where_the_standby_server_lacks_the_claim_that_it_is_sending(pair: Pair) -> None:
    """Another run gets the id of that claim, and keeps it."""
    primary, standby, place = pair
    with place.open() as journal:
        journal.cover([WORKSPACE], T)
        claim(journal, 1, run_id="earlier")
        standby.catch_up(primary)
        standby.cut_off()
        (lost,) = claim(journal, 2)
        primary.stop("immediate")
        standby.promote()
        with place.open() as other:
            ids: list[int] = []
            while not ids or ids[-1] < lost.attempt_id:  # a server counts on a little later than where it stopped
                ids += [claimed.attempt_id for claimed in claim(other, 100 + len(ids), run_id="other")]
            with pytest.raises(JournalError, match="no longer contains what this run has claimed"):
                journal.record([lost], Outcome.ACCEPTED, now_ms=at(9))
            journal.close()
            assert journal.read([WORKSPACE], ALL, T).complete_since is None, "it may go on as with a new journal"
            assert {attempt.outcome for attempt in other.history()} == {Outcome.INTENDED}
