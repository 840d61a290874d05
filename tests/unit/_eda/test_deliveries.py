# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source, deliveries in the journal: across restarts and sources, confirmed or past their deadline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.deliveries import Deliveries
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.failures import Delivery, NewFailure, new_failures
from tests.support.postgresql import PASSWORD, PostgresServer, postgres_server
from tests.unit.building import WORKSPACE, at, instance, key

Source = Callable[..., Deliveries]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """A factory of event sources that share one journal."""
    journals: list[Journal] = []
    where, password = str(tmp_path / "journal.db"), None
    if request.param == "postgresql":
        running: PostgresServer = request.getfixturevalue("server")
        where, password = running.uri(running.database()), PASSWORD

    def make(workspace_id: str = WORKSPACE) -> Deliveries:
        journals.append(Journal(where, password=password, project_id="0f3c9e", environ={}))
        deliveries = Deliveries(journals[-1], workspace_id)
        deliveries.refresh()
        return deliveries

    yield make
    for journal in journals:
        journal.close()


def failure(number: int = 1, start: int = -3600, delivery: int = 1, *, failed_again: bool = False) -> NewFailure:
    return NewFailure(instance(Status.FAIL, start, start + 60, number=number), failed_again, delivery)


def test_what_was_delivered_and_confirmed_is_known_after_a_restart(source: Source) -> None:
    first = source()
    for number in (1, 2):
        assert first.claim(failure(number), at(number), at(60))
    first.confirm(at(2))
    assert first.claim(NewFailure(dataclasses.replace(failure(3).instance, instance_type=None)), at(3), at(60))
    assert first.claim(failure(1, -60, failed_again=True), at(9), at(70))
    again = source()
    assert again.newest == first.newest
    assert {full_key[0]: delivery for full_key, delivery in again.newest.items()} == {
        key(1): Delivery(at(-60), at(9), at(70), failed_again=True, instance_type=InstanceType.NORMAL),
        key(2): Delivery(at(-3600), at(2), at(60), confirmed=True, instance_type=InstanceType.NORMAL),
        key(3): Delivery(at(-3600), at(3), at(60), instance_type=None),
    }


def test_two_sources_that_share_a_journal_never_deliver_the_same_failure_twice(source: Source) -> None:
    first, second = source(), source()
    assert first.claim(failure(), at(0), at(60))
    assert not second.claim(failure(), at(0), at(60))
    second.refresh()
    assert second.newest == first.newest
    assert second.claim(failure(2), at(0), at(60))
    assert not first.claim(failure(2), at(0), at(60))


def test_a_claim_after_a_lost_one_is_a_claim_all_the_same(source: Source) -> None:
    first, second = source(), source()
    assert first.claim(failure(1), at(0), at(60))
    assert not second.claim(failure(1), at(0), at(60))
    assert second.claim(failure(2), at(0), at(60)), "before what the other one did is read"


def test_past_its_deadline_an_unconfirmed_delivery_is_made_once_more_by_one_source(source: Source) -> None:
    source().claim(failure(), at(0), at(60))
    second, third = source(), source()
    failed = [failure().instance]
    assert new_failures(failed, second.newest, at(59)) == []
    (repeated,) = new_failures(failed, second.newest, at(60))
    assert (repeated.repeated, repeated.id) == (True, failure().id)
    assert second.claim(repeated, at(60), at(120))
    assert not third.claim(repeated, at(60), at(120))
    third.refresh()
    assert new_failures(failed, third.newest, at(119)) == []
    (once_more,) = new_failures(failed, third.newest, at(120))
    assert once_more.number == 3


def test_what_was_confirmed_meanwhile_is_not_repeated(source: Source) -> None:
    first = source()
    first.claim(failure(), at(0), at(60))
    second = source()
    first.confirm(at(0))
    assert new_failures([failure().instance], second.newest, at(60)) != []
    second.refresh(force=True)
    assert new_failures([failure().instance], second.newest, at(60)) == []


def test_what_an_older_list_shows_is_refused_by_its_key_and_the_newest_delivery_stands(source: Source) -> None:
    first = source()
    assert first.claim(failure(1, -3600), at(0), at(60))
    assert first.claim(failure(1, -60, failed_again=True), at(9), at(70))
    assert not first.claim(failure(1, -3600, failed_again=True), at(10), at(71))
    for deliveries in (first, source()):
        deliveries.refresh()
        assert [delivery.run for delivery in deliveries.newest.values()] == [at(-60)]


def test_the_newest_delivery_is_the_one_claimed_last_whatever_the_clock_of_starts_says(source: Source) -> None:
    first = source()
    assert first.claim(failure(1, -60), at(0), at(60))
    assert first.claim(failure(1, -3600, failed_again=True), at(9), at(70))
    (again,) = new_failures([failure(1, -3600).instance], source().newest, at(70))
    assert (again.repeated, again.failed_again) == (True, True)


def test_workspaces_are_apart(source: Source) -> None:
    assert source().claim(failure(), at(0), at(60))
    assert source("another").newest == {}


def test_what_has_left_the_window_is_forgotten_a_day_later(source: Source) -> None:
    deliveries = source()
    deliveries.claim(failure(), at(0), at(60))
    deliveries.prune(key(1).plan_time + 86_400_000)
    assert len(deliveries.newest) == 1
    deliveries.prune(key(1).plan_time + 86_400_001)
    assert deliveries.newest == {}
    deliveries.confirm(at(999))
