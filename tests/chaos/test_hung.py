# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers that stop and rerun hung instances, killed at random moments around the stop and the rerun.

No instance is stopped that had gone on by itself, rerun twice, or left stopped.

The emulator's journal is the evidence. Each instance hangs at most once, in a known run, so a stop of another run or a second stop is
wrong. Excused is an instance that went on between the last read of it and the stop, which nobody can prevent: the emulator knows both
times.
"""

from __future__ import annotations

import collections
import os
import random
import time
import typing as t
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._runner.write import STAMP_SECONDS
from emulator.running import Running
from tests.chaos.controllers import Controllers
from tests.chaos.processes import KilledError
from tests.support.logic import call
from tests.support.postgresql import PASSWORD, PostgresServer
from tests.support.scenarios import FREE, V1, small_night
from tests.support.workspace import options as options_for

Json = dict[str, t.Any]
CHOSEN = os.environ.get("CHAOS_HUNG")
#: Kills per seed. Variants of the seed are played until all have happened.
KILLS_EACH = 2
CASES = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + -(-int(os.environ.get("HUNG_KILLS") or 50) // KILLS_EACH)))
#: Emulated seconds per real second, and instances per case.
SPEED, INSTANCES = 20, 12
#: Most plays of one member, and the longest time of a play in seconds.
PLAYS, PATIENCE = 12, 240.0
_POLL_SECONDS = 0.002
READ_TIMEOUT = 2.0
#: Longest time between the last read of an instance and the stop based on it, emulated ms: how long the read may be acted on, plus a read timeout.
READ_MS = int((STAMP_SECONDS + READ_TIMEOUT) * SPEED * 1000)


class HungCase:
    """A random night of instances that hang once, that do not hang, that are abnormal, that recover by themselves, and that are somebody else's."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"hung {seed}")
        self.rng, hangs = rng, {"status": "hang"}
        fine = {"status": "success", "seconds": 2}
        kinds: list[tuple[str, Json]] = [
            ("hung", {"status": "fail", "runs": [hangs, fine]}),
            ("fine", {"status": "fail", "runs": [fine]}),
            ("abnormal", {"status": "running-exception", "runs": [fine]}),
            ("recovering", {"status": "running-exception", "runs": [fine]}),
            ("foreign", {"status": "running", "runs": [hangs]}),
        ]
        drawn = [rng.choices(kinds, (5, 2, 3, 3, 1))[0] for dummy in range(INSTANCES)]
        self.kinds = {number: kind for number, (kind, dummy) in enumerate(drawn, 1)}
        instances = []
        for number, (kind, instance) in enumerate(drawn, 1):
            recovers = {"recovers": rng.uniform(1, 8) * SPEED} if kind == "recovering" else {}
            instances.append({"plan_time": f"-{number * 60}m", **instance, **recovers})
        late = {"stop_visible_after": rng.choice((0, 0, rng.uniform(0, 2) * SPEED)), "rerun_visible_after": rng.choice((0, 0, SPEED))}
        self.scenario = small_night(speed=SPEED, switches={**FREE, **V1, **late, "stopped_status": rng.choice(("manual-stop", "fail"))})
        self.scenario["accounts"][0]["workspaces"][0]["jobs"] = [{"name": "daily_sales", "instances": instances}]
        self.faults: list[Json] = [
            {"route": "v1_stop", "kind": rng.choice(("drop", "gateway_timeout")), "when": "after_effect", "rate": 0.1, "seed": seed},
            {"route": "v1_stop", "kind": "drop", "when": "before_effect", "rate": 0.1, "seed": seed + 1},
            {"route": "retry", "kind": "drop", "when": rng.choice(("after_effect", "before_effect")), "rate": 0.1, "seed": seed + 2},
            {"route": "v1_instance", "kind": "latency", "seconds": 0.05, "rate": 0.2, "seed": seed + 3},
        ]
        self.options: Json = {
            "timeout_action": "stop_and_rerun",
            "running_exception": "stop_and_rerun",
            "wait_timeout": rng.choice((4, 6)),
            "settle_time": 4,
            "poll_interval": 1,
            "read_timeout": READ_TIMEOUT,
            "max_retries": 1,
            "reasons": "none",
        }


class Killer:
    """Kills still to make, each at a random moment: around a stop, and before the rerun after it.

    :ivar left: their number.
    """

    def __init__(self, seed: int, number: int) -> None:
        self._rng, self.left = random.Random(f"murders {seed}"), number

    def around(self, service: Running, play: Future[Json], kill: Callable[[], None]) -> bool:
        """Call *kill* at the next random moment. False if *play* ended first."""
        stops, writes = _count(service, "stop"), len(service.journal())
        requests = len(service.requests())
        kind, number = self._rng.choice(("read", "stop", "stop", "stop", "write")), self._rng.choice((1, 1, 2, 3))
        while not play.done():
            new = service.requests()[requests:]
            come = {
                "read": sum(request["route"] == "v1_instance" for request in new) >= number,
                "stop": _count(service, "stop") >= stops + number,
                "write": len(service.journal()) >= writes + number,
            }[kind]
            if come:
                time.sleep(self._rng.choice((0, 0, 0.002, 0.01, 0.05, 0.3, 1.0)))
                if play.done():
                    return False
                kill()
                self.left -= 1
                return True
            time.sleep(_POLL_SECONDS)
        return False


def _count(service: Running, kind: str) -> int:
    return sum(len(entry["instances"]) for entry in service.journal() if entry["kind"] == kind)


class Night:
    """Plays one case on controllers that continue with the same ``since`` after each kill."""

    def __init__(self, service: Running, case: HungCase, controllers: Controllers, journal: Callable[[int], Json]) -> None:
        self._service, self._case, self._controllers, self._journal = service, case, controllers, journal

    def play(self, killer: Killer, members: int) -> list[str]:
        """Play, and return what was wrong."""
        service, case = self._service, self._case
        service.reset(case.scenario)
        for fault in case.faults:
            service.inject(fault)
        options = {**options_for(service), **case.options, "since": str(service.now_ms())}
        with ThreadPoolExecutor(members) as pool:
            list(pool.map(lambda number: self._member(options, killer if number == 0 else Killer(0, 0), number), range(members)))
        service.clear_faults()
        end = self._play({**options, "read_timeout": 60.0, "max_retries": 6, "wait_timeout": 20}, Killer(0, 0), 0)
        return [*self._judge(), *([] if end["error"] is None else [f"the last play ended with {end['error']}"])]

    def _member(self, options: Json, killer: Killer, number: int) -> None:
        for dummy in range(PLAYS):
            try:
                self._play(options, killer, number)
            except KilledError:
                continue
            if not killer.left:
                return

    def _play(self, options: Json, killer: Killer, number: int) -> Json:
        (controller,) = self._controllers.take(1)
        controller.ready()
        with ThreadPoolExecutor(1) as pool:
            play = pool.submit(controller.play, {**options, **self._journal(number)})
            if killer.left:
                killer.around(self._service, play, controller.kill)
            end = play.result(PATIENCE)
        self._controllers.give_back(controller)
        return end

    def _judge(self) -> list[str]:
        (jobs,) = self._service.state()["workspaces"].values()
        (instances,) = jobs.values()
        stops: dict[int, list[Json]] = collections.defaultdict(list)
        reruns: collections.Counter[int] = collections.Counter()
        for entry in self._service.journal():
            for instance in entry["instances"]:
                if entry["kind"] == "stop":
                    stops[instance["plan_time"]].append({**instance, "time": entry["time"]})
                else:
                    reruns[instance["plan_time"]] += 1
        ordered = sorted(instances, key=lambda instance: -int(instance["plan_time"]))
        return [
            text for number, instance in enumerate(ordered, 1) for text in self._of_one(self._case.kinds[number], instance, stops, reruns)
        ]

    def _of_one(self, kind: str, instance: Json, stops: t.Mapping[int, list[Json]], reruns: t.Mapping[int, int]) -> Iterator[str]:
        plan = instance["plan_time"]
        name, made, rerun = f"{kind} {plan}", stops.get(plan, []), reruns.get(plan, 0)
        hanging = {"hung": ("running", 2), "abnormal": ("running-exception", 1), "recovering": ("running-exception", 1)}.get(kind)
        for stop in made:
            if (stop["status_before"], stop["run"]) != hanging and not self._went_on_in_between(stop, instance):
                yield f"stopped although it had gone on: {name}: {stop}"
        if len(made) > 1:
            yield f"stopped twice: {name}: {made}"
        most = {"hung": 1, "fine": 1}.get(kind, 0) + len(made)
        if rerun > most:
            yield f"rerun twice: {name}: {rerun} reruns, {len(made)} stops"
        if kind != "foreign" and instance["status"] != "success" and not (kind == "hung" and not made):
            yield f"lost: {name} ended as {instance['status']} after {rerun} reruns and {len(made)} stops"
        if kind == "foreign" and instance["status"] != "running":
            yield f"somebody else's was stopped: {name}"

    def _went_on_in_between(self, stop: Json, instance: Json) -> bool:
        runs = {run["number"]: run for run in instance["runs"]}
        reads = [
            request["time"]
            for request in self._service.requests()
            if request["route"] == "v1_instance" and request["path"].endswith(f"/{stop['instance_id']}")
        ]
        return went_on_in_between(stop["time"], reads, runs[stop["run"]]["resumed"])


def went_on_in_between(stop: int, reads: t.Iterable[int], resumed: int | None) -> bool:
    """Whether the instance went on, at *resumed*, between the last of *reads* and the *stop* based on it. Times in epoch ms."""
    last = max((read for read in reads if read <= stop), default=None)
    return last is not None and resumed is not None and last <= resumed <= stop <= last + READ_MS


@pytest.mark.parametrize(
    ("reads", "resumed", "excused"),
    [
        ([99_000], 99_500, True),
        ([50_000, 99_000], 99_500, True),
        ([], 99_500, False),  # never read
        ([99_000], None, False),  # never hung, or still hangs
        ([99_600], 99_500, False),  # the read showed it
        ([50_000, 99_600], 99_500, False),
        ([99_999 - READ_MS], 99_500, False),  # too long ago
        ([100_001], 99_500, False),  # after the stop
    ],
)
def test_only_what_nobody_could_know_is_excused(reads: list[int], resumed: int | None, excused: bool) -> None:
    assert went_on_in_between(100_000, reads, resumed) is excused


@pytest.mark.parametrize("reads", [True, False])
def test_a_stop_that_rests_on_the_list_alone_is_found(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """A hung instance goes on just before the stop arrives: after the last read of it, or without a read since the list."""
    case, last_check = HungCase(1), WorkspaceApi.check_unmoved
    instance = {"plan_time": "-60m", "status": "running-exception", "recovers": 60, "runs": [{"status": "success", "seconds": 900}]}
    case.kinds = {1: "recovering"}
    case.scenario["speed"] = 1
    case.scenario["accounts"][0]["workspaces"][0]["jobs"][0]["instances"] = [instance]
    service.reset(case.scenario)

    def check(api: WorkspaceApi, listed: t.Any) -> None:
        if reads:
            last_check(api, listed)
        service.advance(61)

    monkeypatch.setattr(WorkspaceApi, "check_unmoved", check)
    call("job_rerun", {**options_for(service), **case.options, "journal": str(tmp_path / "journal.db"), "timeout_action": "none"})
    findings = Night(service, case, t.cast("t.Any", None), t.cast("t.Any", None))._judge()
    assert _count(service, "stop") == 1
    assert sum("gone on" in text for text in findings) == (not reads)


def play_killed(
    service: Running,
    seed: int,
    controllers: Controllers,
    journal: Callable[[int], Callable[[int], Json]],
    figures: t.Callable[..., None],
    kills: int,
) -> None:
    """Play variants of *seed* until *kills* controllers were killed."""
    killer = Killer(seed, kills)
    for variant in range(10):
        before = killer.left
        findings = Night(service, HungCase(seed + 1000 * variant), controllers, journal(variant)).play(killer, 1 + seed % 2)
        stops = _count(service, "stop")
        figures(
            kills=before - killer.left,
            stops=stops,
            stopped_wrongly=sum("gone on" in text or "stopped twice" in text or "somebody" in text for text in findings),
            twice=sum(text.startswith("rerun twice") for text in findings),
            lost=sum(text.startswith("lost") for text in findings),
            reruns=_count(service, "retry") + _count(service, "restart"),
        )
        if findings:
            pytest.fail(f"variant {variant}: " + "\n".join([*findings, f"play it again: make chaos CHAOS_HUNG={seed}"]), pytrace=False)
        if not killer.left:
            return
    raise AssertionError(f"{killer.left} of {kills} kills did not find their moment")


@pytest.fixture
def postgresql(server: PostgresServer) -> Iterator[Callable[[int], Callable[[int], Json]]]:
    """Function that creates a database for all controllers and returns a function from controller number to options."""
    names: list[str] = []

    def make(dummy: int) -> Callable[[int], Json]:
        names.append(server.database())
        own = {"journal": server.uri(names[-1]), "journal_password": PASSWORD}
        return lambda member: own

    yield make
    for name in names:
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def in_a_file(directory: Path) -> Callable[[int], Callable[[int], Json]]:
    """The same with a file for all controllers."""
    return lambda variant: lambda member: {"journal": str(directory / f"journal-{variant}.db")}


@pytest.mark.long
def test_a_killed_controller_that_stops_what_hangs(
    service: Running, controllers: Controllers, tmp_path: Path, figures: t.Callable[..., None]
) -> None:
    play_killed(service, 2, controllers, in_a_file(tmp_path), figures, 1)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", CASES)
def test_every_hung_kill(
    service: Running,
    controllers: Controllers,
    tmp_path: Path,
    postgresql: Callable[[int], Callable[[int], Json]],
    figures: t.Callable[..., None],
    seed: int,
) -> None:
    play_killed(service, seed, controllers, in_a_file(tmp_path) if seed % 3 else postgresql, figures, KILLS_EACH)
