# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rerun reports which open points it has decided, and the doctor then knows them from the journal, in SQLite and in PostgreSQL."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.logic import call, passes
from tests.support.long import whole_plays, whole_plays_of
from tests.support.postgresql import PASSWORD, postgres_server
from tests.support.scenarios import BOTH, FREE, small_night
from tests.support.workspace import options

MOST_NIGHTS = 8
KEPT = ("instance_id_after_rerun", "submit_time_after_rerun")


@pytest.fixture(scope="module")
def server() -> Iterator[t.Any]:
    with postgres_server() as running:
        yield running


@pytest.fixture(params=whole_plays(["sqlite", "postgresql"]))
def journals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, t.Any]]:
    """Iterator of options for new, empty journals."""
    if request.param == "sqlite":
        return ({"journal": str(tmp_path / f"journal-{number}.db")} for number in itertools.count())
    running = request.getfixturevalue("server")
    return ({"journal": running.uri(running.database()), "journal_password": PASSWORD} for _number in itertools.count())


@pytest.fixture
def journal(journals: Iterator[dict[str, t.Any]]) -> dict[str, t.Any]:
    return next(journals)


def begin(service: Running, **switches: t.Any) -> None:
    """Reset the emulator. Each run takes 30 s of the service's clock, so that lists can show it."""
    service.reset(small_night(speed=1, run_seconds=30, switches={**FREE, **BOTH, "starting_seconds": 0, "v1_job_id": "number", **switches}))


def rerun(service: Running, journal: dict[str, t.Any], step: float) -> list[t.Any]:
    asked = options(service, **journal, jobs=["daily_sales"], planned_after="-9d", settle_time=1, poll_interval=1)
    results = passes(asked, between=lambda dummy: service.advance(step))
    assert not results[-1]["failed"], results[-1]["msg"]
    return results


def named(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {point["name"]: point["setting"] for point in result.get("assumptions", result.get("learned", ())) if point["decided"]}


def evidence(result: dict[str, t.Any], name: str) -> str:
    return next((str(point["evidence"]) for point in result.get("assumptions", result.get("learned", ())) if point["name"] == name), "")


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("value", ["same", "new"])
def test_what_a_rerun_keeps(emulated: Running, journal: dict[str, t.Any], name: str, value: str) -> None:
    begin(emulated, rerun_visible_after=0, **{**dict.fromkeys(KEPT, "same"), name: value})
    expected = {**dict.fromkeys(KEPT, "same"), name: value}
    results = rerun(emulated, journal, 15)
    assert {point: named(results[-1]).get(point) for point in KEPT} == expected
    assert named(results[0]) == {}
    # another night: lists no longer show it, but the journal knows it
    emulated.reset(small_night(jobs=[], switches={**FREE, **BOTH, **expected}))
    after = call("account_doctor", options(emulated, **journal))
    assert {point: named(after).get(point) for point in KEPT} == expected
    assert "according to the journal, " in evidence(after, name)
    assert ", first on 20" in evidence(after, name)


@pytest.mark.parametrize(("hidden", "step"), whole_plays_of([(20, 1), (0, 1)]))
def test_seconds_until_a_rerun_shows(emulated: Running, journals: Iterator[dict[str, t.Any]], hidden: int, step: float) -> None:
    """Repeats the night if it decides nothing: on a busy machine, lists may be too far apart, and Date has whole seconds only."""
    for journal in itertools.islice(journals, MOST_NIGHTS):
        begin(emulated, rerun_visible_after=hidden)
        setting = named(rerun(emulated, journal, step)[-1]).get("rerun_visible_after")
        if setting is not None:
            break
    assert setting is not None
    assert hidden - 2 <= setting <= hidden + 3
    after = call("account_doctor", options(emulated, **journal))
    assert named(after)["rerun_visible_after"] == setting


def test_lists_far_apart_leave_the_seconds_open_and_say_what_they_show(emulated: Running, journal: dict[str, t.Any]) -> None:
    begin(emulated, rerun_visible_after=20)
    results = rerun(emulated, journal, 12)
    assert "rerun_visible_after" not in named(results[-1])
    assert "not yet after 1" in evidence(results[-1], "rerun_visible_after")
    after = call("account_doctor", options(emulated, **journal))
    assert "rerun_visible_after" not in named(after)
    assert "reruns showed within 2" in evidence(after, "rerun_visible_after")


def test_check_mode_keeps_nothing(emulated: Running, tmp_path: Path) -> None:
    begin(emulated, rerun_visible_after=0)
    where = {"journal": str(tmp_path / "none.db")}
    call("job_rerun", options(emulated, **where, jobs=["daily_sales"]), check=True)
    assert not (tmp_path / "none.db").exists()
