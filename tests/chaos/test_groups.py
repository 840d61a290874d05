# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several controllers that share only a PostgreSQL database: started at the same time, killed, paused, and with restarts of the database."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.conftest import figures_text
from tests.chaos.controllers import Controllers
from tests.chaos.drawing import Json
from tests.chaos.groups import SETTLE_TIME_WITHOUT_CLAIMS, Group, Trouble, excuse, group_case
from tests.chaos.judging import Judgement
from tests.support.postgresql import PASSWORD, PostgresServer, both_servers, postgres_server, standby_server

CHOSEN = os.environ.get("CHAOS_GROUP")
#: Every fifth group has four controllers; the others have two.
FOURS = 5
#: Kills, restarts of the database, and pauses per seed. Variants of the seed are played until all have happened.
KILLS_EACH, RESTARTS_EACH, PAUSES_EACH = 4, 2, 3


def cases(variable: str, number: int, per_seed: int = 1) -> list[int]:
    """Seeds for the number of events in the environment *variable* (default *number*), with *per_seed* events each."""
    return [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get(variable) or number) // per_seed)))


@pytest.fixture
def postgresql(server: PostgresServer) -> Iterator[Callable[[], Json]]:
    """Function that creates an empty database and returns the options for it."""
    names: list[str] = []

    def make() -> Json:
        names.append(server.database())
        return {"journal": server.uri(names[-1]), "journal_password": PASSWORD}

    yield make
    for name in names:
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite(tmp_path: Path) -> Callable[[], Json]:
    """Function that returns the options for a new file."""
    numbers = itertools.count(1)
    return lambda: {"journal": str(tmp_path / f"journal-{next(numbers)}.db")}


class Play:
    """Plays groups and counts what happened."""

    def __init__(self, service: Running, controllers: Controllers, figures: t.Callable[..., None]) -> None:
        self._service, self._controllers, self._figures = service, controllers, figures

    def __call__(self, kind: str, seed: int, members: int, journal: Json, trouble: Trouble | None = None, variant: int = 0) -> None:
        """Play one group with the case of *seed* and *variant*."""
        case = group_case(seed + 1000 * variant)
        if trouble is not None and trouble.loses:
            case = dataclasses.replace(case, options={**case.options, "settle_time": SETTLE_TIME_WITHOUT_CLAIMS})
        group = Group(self._service, case, self._controllers, journal, trouble or Trouble(seed))
        findings = group.play(members)
        self._figures(**group.figures, **({"pairs" if members == 2 else "groups": 1} if trouble is None else {}))
        if not findings.clean:
            again = f"make chaos CHAOS_GROUP={seed} ARGS='-k {kind}'"
            pytest.fail(f"variant {variant}: {findings}\nplay it again: {again}", pytrace=False)

    def until(self, kind: str, seed: int, members: int, journal: Callable[[], Json], trouble: Trouble) -> None:
        """Play groups, each with a new journal, until all of *trouble* has happened."""
        for variant in range(20):
            self(kind, seed, members, journal(), trouble, variant)
            if not trouble.left:
                return
        raise AssertionError(f"{trouble} did not find its moment")


@pytest.fixture
def play(service: Running, controllers: Controllers, figures: t.Callable[..., None]) -> Play:
    """Plays a group."""
    return Play(service, controllers, figures)


def test_a_group(play: Play, postgresql: Callable[[], Json]) -> None:
    play("a_group", 1, 4, postgresql())


def test_what_a_result_cannot_know_is_not_counted_as_wrong() -> None:
    unknown = [f"load (1): {text}, and the journal has 1; None" for text in ("rerun is false", "attempts is 0")]
    judgement = Judgement(wrong=[*unknown, "load (1): rerun is true, and the journal has 0; None"])
    excused = excuse(judgement)
    lines = "\n".join(figures_text({"excused": excused, "wrong": len(judgement.wrong)}))
    assert "2 results that could not know of a rerun whose claim was lost" in lines
    assert "reported wrongly: 1" in lines


@pytest.mark.chaos
@pytest.mark.parametrize("seed", cases("CHAOS_GROUPS", 250))
def test_every_group(play: Play, postgresql: Callable[[], Json], seed: int) -> None:
    play("every_group", seed, 2 if seed % FOURS else 4, postgresql())


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", cases("DB_KILLS", 100, KILLS_EACH))
def test_every_kill_of_a_controller(play: Play, postgresql: Callable[[], Json], seed: int) -> None:
    play.until("every_kill_of_a_controller", seed, 1 + seed % 2, postgresql, Trouble(seed, kills=KILLS_EACH))


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", cases("DB_RESTARTS", 20, RESTARTS_EACH))
def test_every_restart_of_the_database(play: Play, postgresql: Callable[[], Json], server: PostgresServer, seed: int) -> None:
    play.until("every_restart_of", seed, 2, postgresql, Trouble(seed, restarts=RESTARTS_EACH, restart=server.restart))


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("lacks", [False, True])
@pytest.mark.parametrize("seed", cases("FAILOVERS", 8))
def test_every_failover_to_a_standby_server(service: Running, play: Play, seed: int, lacks: bool) -> None:
    """The primary server dies at a drawn moment. The standby server that takes over has all that was committed, or lacks the newest of it."""
    trouble = Trouble(seed, restarts=1, loses=lacks)
    for variant in range(20):
        with postgres_server() as primary:
            database = primary.database()
            with standby_server(primary) as standby:
                trouble.restart = functools.partial(fail_over, service, primary, standby, lacks)
                if not lacks:
                    primary.wait_for_standby()
                play(
                    "every_failover",
                    seed,
                    2,
                    {"journal": both_servers(primary, standby, database), "journal_password": PASSWORD},
                    trouble,
                    variant,
                )
        if not trouble.left:
            return
    raise AssertionError(f"{trouble} did not find its moment")


def fail_over(service: Running, primary: PostgresServer, standby: PostgresServer, lacks: bool, mode: str) -> None:
    """Stop *primary* in *mode* and promote *standby*; if it *lacks* records, after a write or a second that it did not get."""
    if lacks:
        writes, until = len(service.journal()), time.monotonic() + 1
        standby.cut_off()
        while len(service.journal()) == writes and time.monotonic() < until:
            time.sleep(0.01)
    primary.stop(mode)
    standby.promote()


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", cases("PAUSES", 6, PAUSES_EACH))
def test_every_pause_of_a_controller(play: Play, postgresql: Callable[[], Json], sqlite: Callable[[], Json], seed: int) -> None:
    play.until("every_pause", seed, 4, postgresql if seed % 2 else sqlite, Trouble(seed, pauses=PAUSES_EACH))
